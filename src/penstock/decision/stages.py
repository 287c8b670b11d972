"""What each question of a law depends on, and where it is therefore answered.

A condition that reads one column of few distinct values is answered once per value; one that reads the item alone, once
per item; only what is left is answered row by row.  What joins them is logic over bit planes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from attrs import field, frozen

from penstock.decision.implied import CONSIGNEE, END_USER, OF_THE_TRANSACTION
from penstock.rulebook.columns import Columns
from penstock.rulebook.ir import Graph, Node
from penstock.rulebook.planes import LOGIC
from penstock.rulebook.values import absence, facts_below
from penstock.terms.vocabulary import vocabulary

__all__ = ["DAY", "ITEM", "NOTHING", "Atom", "Layout", "Stages"]

ITEM, DAY, NOTHING = "#item", "#day", "#nothing"
_ROLE = "#role:"
_MIXED = "#mixed"
_ASKS_ABSENCE = frozenset({"truth", "in", "matches", "meets", "cmp"})
_BY_ROW = frozenset({"quantified", "reaches", "best", "holds"})
_ARITHMETIC = frozenset({"add", "sub", "days", "mul", "div"})
_ACT = "activity.type"
_CHOICES = frozenset({"first", "worst", "mask"})


@frozen
class Layout:
    """Which facts come in columns of few distinct values, and which in columns of numbers, True where rows may lack them.

    ``parties`` are the roles of which facts come, True where every row gives one.
    """

    coded: tuple[str, ...]
    numbers: tuple[tuple[str, bool], ...]
    parties: tuple[tuple[str, bool], ...]
    by_day: bool

    @property
    def names(self) -> tuple[str, ...]:
        """Return all facts that are held."""
        return (*self.coded, *(name for name, _ in self.numbers))

    @property
    def item(self) -> tuple[str, ...]:
        """Return the facts that say what the item is."""
        return tuple(name for name in self.coded if of_the_item(name))

    def given(self, role: str) -> bool | None:
        """Say whether every row, or no row, gives a fact of a party; None where rows differ."""
        always = dict(self.parties)
        return (always[role] or None) if role in always else False


def of_the_item(name: str) -> bool:
    """Say whether a fact says what the item is, whatever the transaction."""
    return name.startswith("item.") and name not in OF_THE_TRANSACTION


@frozen(eq=False)
class Atom:
    """A truth value that is no logic: where it is answered, and the role that decides what absence comes to, or ''."""

    node: Node
    source: str
    role: str = ""


@frozen(eq=False)
class Stages:
    """The questions of a law over a layout: atoms by what answers them, what is left for each row.

    ``choices`` are nodes that are one thing where another node holds, and something else elsewhere.
    """

    graph: Graph
    layout: Layout
    atoms: dict[int, Atom] = field(factory=dict)
    rest: dict[int, Node] = field(factory=dict)
    choices: dict[int, Node] = field(factory=dict)
    _reads: dict[int, frozenset[str]] = field(factory=dict)
    _roles: dict[int, Mapping[str, int]] = field(factory=dict)

    def visit(self, outputs: Iterable[Node]) -> None:
        """Take apart output nodes: codes, masks and truth values."""
        for node in outputs:
            if node.op in _CHOICES or (node.op == "rule" and node.type.kind == "code"):
                self.visit(node.args)
            elif node.type.kind == "bool":
                self._place(node)

    def _place(self, node: Node) -> None:
        if node.op == "const" or node.id in self.atoms or node.id in self.rest or node.id in self.choices:
            return
        if node.op == "given" and len(self.split(node)[0]) > 1:
            value, other = node.args
            self.choices[node.id] = stated = self.graph.make("stated", (value.args[0] if value.op == "truth" else value,))
            for part in (stated, value, other):
                self._place(part)
            return
        sources, roles = self.split(node)
        if len(sources) <= 1 and len(roles) <= 1 and not sources & self._by_row:
            self.atoms[node.id] = Atom(node, next(iter(sources), NOTHING), next(iter(roles), ""))
        elif node.op in LOGIC:
            for arg in node.args:
                self._place(arg)
        else:
            self.rest[node.id] = node

    @property
    def _by_row(self) -> frozenset[str]:
        return frozenset({_MIXED, *(name for name, _ in self.layout.numbers)})

    def split(self, node: Node) -> tuple[frozenset[str], frozenset[str]]:
        """Return what a node reads, and the roles it asks about."""
        reads = self._read(node)
        roles = frozenset(name for name in reads if name.startswith(_ROLE))
        return reads - roles, frozenset(role.removeprefix(_ROLE) for role in roles)

    def ready(self, nodes: Iterable[Node]) -> Iterator[Node]:
        """Yield, below nodes that are left for each row, the largest that the item alone decides."""
        seen: set[int] = set()
        stack = list(nodes)
        while stack:
            node = stack.pop()
            if node.id in seen or node.op in ("const", "table"):
                continue
            seen.add(node.id)
            if self._read(node) == {ITEM} and node.op != "rule":
                yield node
            else:
                stack.extend(node.args)

    def columns(self, source: str, more: Iterable[Node] = ()) -> Columns:
        """Return the atoms of one source, and more nodes after them, to be evaluated once per value."""
        return Columns(self.graph, (*(atom.node for atom in self.of(source)), *more))

    def of(self, source: str) -> list[Atom]:
        """Return the atoms of one source."""
        return [atom for atom in self.atoms.values() if atom.source == source]

    def _read(self, node: Node) -> frozenset[str]:
        if node.id not in self._reads:
            known = not (node.op == "cmp" and any(self._absent(arg) for arg in node.args)) and not self._listless(node)
            found = set().union(*(self._read(arg) for arg in node.args)) if node.args and known else set()
            if node.op in ("fact", "paper"):
                found |= self._of_fact(node.data)
            elif node.op == "on" and self.layout.by_day:
                found.add(DAY)
            elif node.op == "present":
                found |= self._of_role("+" + node.data.rpartition(".")[2])
            elif node.op in _BY_ROW:
                for name in facts_below(node):
                    found |= self._of_role(vocabulary().facts[name].role)
            elif node.op in _ASKS_ABSENCE:
                kind = absence(node if node.op == "cmp" else node.args[0])
                found |= self._of_role(kind) if isinstance(kind, str) else set()
            self._reads[node.id] = frozenset(found)
        return self._reads[node.id]

    def _absent(self, node: Node) -> bool:
        """Say whether no row has a number, since none gives a fact it is made of."""
        if node.op == "fact":
            return not self._of_fact(node.data)
        if node.op == "rule":
            return self._absent(node.args[0])
        if node.op == "given":
            return all(self._absent(arg) for arg in node.args)
        return node.op in _ARITHMETIC and any(self._absent(arg) for arg in node.args)

    def _listless(self, node: Node) -> bool:
        """Say whether a node walks over the rows of a list that no transaction gives: then only roles matter."""
        rows = node.args[0] if node.op in _BY_ROW and node.op != "holds" else None
        return rows is not None and rows.op in ("fact", "paper") and not self._of_fact(rows.data)

    def _of_fact(self, name: str) -> set[str]:
        held = set(self.layout.names)
        if of_the_item(name):
            return {ITEM} if self.layout.item else set()
        if name.startswith(END_USER):
            given, twin = self.layout.given("end_user"), CONSIGNEE + name.removeprefix(END_USER)
            if given is None:
                return {_MIXED, *({name, twin} & held)} if {name, twin} & held else set()
            name = name if given else twin
        return {name} & held

    def _of_role(self, role: str) -> set[str]:
        return {_ROLE + role} if role and self.varies(role) else set()

    def varies(self, role: str) -> bool:
        """Say whether rows differ in what an absent fact of a role comes to; after a plus sign, in whether it is named."""
        return self._constant(role) is None

    def roles(self, varying: int) -> Mapping[str, int]:
        """Return what an absent fact of each role comes to, with one value for all roles in which rows differ."""
        if varying not in self._roles:
            self._roles[varying] = found = {}
            for name in (sign + role for role in vocabulary().roles for sign in ("", "+")):
                constant = self._constant(name)
                found[name] = (varying if constant is None else int(constant)) * (3 if name.startswith("+") else 1)
        return self._roles[varying]

    def _constant(self, role: str) -> bool | None:
        """Say whether a party exists, or is named, in every row or in none; None where rows differ."""
        name = role.removeprefix("+")
        given = self.layout.given(name)
        moves = None if _ACT in self.layout.coded else False
        if given is True:
            return True
        if role == "ultimate_consignee":
            return given if moves is False else None
        if name == "end_user":
            consignee = self.layout.given("ultimate_consignee")
            return True if consignee is True else None if None in (given, consignee, moves) else bool(consignee)
        return given
