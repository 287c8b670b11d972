"""A question to the solver about one or several laws: what is taken for granted about the transaction it is asked of.

Every answer that names a transaction can be checked: the transaction is a plain document, and the scalar backend
answers it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from attrs import field, frozen

from penstock.decision.prepare import MOVES, Prepared, prepare
from penstock.decision.program import Program
from penstock.rulebook.domains import Domains
from penstock.rulebook.ir import Graph, Node
from penstock.rulebook.solver import Encoding
from penstock.rulebook.unknowns import ROLE, Formula, Unknowns, conj, disj, neg, z3
from penstock.rulebook.values import facts_below, value_of
from penstock.terms.documents import Facts
from penstock.terms.vocabulary import vocabulary

__all__ = [
    "Finding",
    "Inquiry",
    "Span",
    "fully_stated",
    "model_of",
    "open_facts",
    "prepared_of",
    "smallest",
    "underived",
    "without_dates",
]

Span = tuple[dt.date, dt.date]  # half-open
Policy = Callable[[str], Any]
_CLOSED = ("knowledge", "not_relied_on")
_CONSIGNEE, _END_USER = "ultimate_consignee", "end_user"
_CHIP_FACTS = ("item.tpp", "item.performance_density")
_CLASS, _AREA = "item.eccn", "item.die_area_mm2"
_ROWS_MAX = 2


def fully_stated(program: Program, absent: Iterable[str] = ()) -> Policy:
    """Return the policy of a transaction that states every fact, so that every question has an answer.

    A fact that the applicant may leave out without leaving a question open (own papers, knowledge) may be left out; a
    class or status that the law derives may be given or derived; a computed number is given.
    """
    left_out, derived, words = frozenset(absent), _derived(program.complete()), vocabulary()

    def stated(name: str) -> Any:
        if name in left_out or "[]" in name:
            return name not in left_out
        spec = words.facts[name]
        if spec.absent in _CLOSED:
            return None
        if spec.absent == "computed" and spec.item_type not in ("int", "number") and name in derived:
            return None
        return ROLE if spec.role else True

    return stated


def open_facts(*programs: Program, exact: bool) -> Policy:
    """Return the policy of a transaction of which any fact may be unknown: for proofs over every transaction.

    With ``exact``, for transactions to be shown, the facts that numbers are computed from by multiplication or division
    are left out; the computed number may be stated.
    """
    factors = {name for program in programs for name in _factors(program.complete())} if exact else set()

    def stated(name: str) -> Any:
        if name == "activity.type":
            return True
        if name.partition("[].")[2] and vocabulary().facts[name.partition("[]")[0]].type.startswith("map<"):
            return True  # an entry of a map has a key and a value
        return False if name in factors else None

    return stated


def without_dates(stated: Policy) -> Policy:
    """Return a policy under which no fact is a date, nor any field of a row."""

    def dated(name: str) -> bool:
        rows, _, field = name.partition("[].")
        facts = vocabulary().objects[vocabulary().facts[rows].object] if field else vocabulary().facts
        return not name.endswith("[]") and facts[field or name].type == "date"

    return lambda name: False if dated(name) else stated(name)


def underived(program: Program) -> list[str]:
    """Return the facts that are computed when absent, by their description, and that no rule of this law derives."""
    found: set[str] = set()
    derived = _derived(program.graph)
    for node in program.graph.reachable(program.outputs):
        for arg in () if node.op == "truth" else node.args[1:] if node.op in ("given", "stated") else node.args:
            read = arg.args[0] if arg.op == "truth" else arg
            if read.op == "fact" and vocabulary().facts[read.data].absent == "computed" and read.data not in derived:
                found.add(read.data)
    return sorted(found)


def _derived(graph: Graph) -> frozenset[str]:
    """Return the facts that every rule reads as given, else as a definition of the law derives them."""
    return frozenset(node.data for node in graph.nodes if node.op == "given" and node.data)


def _factors(graph: Graph) -> set[str]:
    """Return the numbers, and lists of them, that something unknown is multiplied with or divided by."""
    out: set[str] = set()
    for node in graph.nodes:
        if node.op in ("quantified", "reaches", "best"):
            inner = graph.reachable([graph.nodes[i] for i in node.data[1:-1] if isinstance(i, int)])
            if any(map(_multiplies, inner)):
                out |= facts_below(node.args[0])
        elif _multiplies(node):
            facts = vocabulary().facts
            out |= {name for name in facts_below(node.args[1]) if facts[name].item_type in ("int", "number")}
    return out


def _multiplies(node: Node) -> bool:
    return node.op in ("mul", "div") and all(value_of(arg) is None for arg in node.args)


@frozen
class Finding:
    """Something a proof came upon: about which provision, where it stands, and whether the proof fails by it.

    ``example`` is a transaction that shows it: its facts, its day, and what a second transaction changes.
    """

    text: str
    provision: str = ""
    cite: str = ""
    fails: bool = False
    example: Mapping[str, Any] = field(factory=dict)


@frozen(eq=False)
class Inquiry:
    """The unknown facts that some laws share, and the day of the act: a variable, and what it may be."""

    unknowns: Unknowns
    on: Any
    days: Formula

    @classmethod
    def of(cls, programs: Iterable[Program], stated: Policy, spans: Iterable[Span], *, rows: bool) -> Inquiry:
        """Return an inquiry; with ``rows`` lists have up to two rows, else questions over rows are free."""
        unknowns = Unknowns(Domains(program.complete() for program in programs), stated, _ROWS_MAX if rows else None)
        on = z3().Int("on")
        days = disj(z3().And(on >= first.toordinal(), on < last.toordinal()) for first, last in spans)
        return cls(unknowns, on, days)

    def encoding(self, program: Program, rename: Callable[[str], str] = str, on: Any = None) -> Encoding:
        """Return a law over the unknown facts; ``rename`` tells copies of a fact apart."""
        return Encoding(program.graph, self.unknowns, self.on if on is None else on, rename)

    def solver(self) -> Any:
        """Return a solver that knows what is taken for granted about all facts read so far."""
        solver = z3().Solver()
        granted = [self.days, *self._parties(), *self._item()]
        solver.add(*(part for part in (*granted, *self.unknowns.constraints) if part is not True))
        return solver

    def _parties(self) -> list[Formula]:
        """Return who is in a transaction: one who ships has a consignee, stated or not, and somebody is the end user."""
        act = self.unknowns.fact("activity.type", "activity.type").value
        moves = disj(act[move] for move in MOVES)
        role, implies = self.unknowns.role, z3().Implies
        out = [role(party) == role("+" + party) for party in vocabulary().roles if party != _CONSIGNEE]
        out.append(role(_CONSIGNEE) == disj([moves, role("+" + _CONSIGNEE)]))
        out.append(implies(role(_CONSIGNEE), role("+" + _END_USER)))
        facts = self.unknowns.facts.values()
        return out + [
            implies(fact.known, role("+" + spec.role)) for _, spec, fact in facts if spec.role and fact.known is not False
        ]

    def _item(self) -> list[Formula]:
        """Return that a die has an area; and, of a transaction to be shown, that it can be written down.

        Then a class asserted does not meet chip facts that it might contradict, and a map has one entry at most, so that
        no two have the same key.
        """
        facts = self.unknowns.facts
        out = [facts[_AREA][2].value > 0] if _AREA in facts else []
        if self.unknowns.rows is None:
            return out
        if _CLASS in facts:
            numbers = disj(facts[name][2].known for name in _CHIP_FACTS if name in facts)
            out.append(neg(conj([facts[_CLASS][2].known, numbers])))
        maps = (fact.value for _, spec, fact in facts.values() if spec.type.startswith("map<"))
        return out + [neg(entry) for rows in maps for entry in rows[1:]]

    def document(self, model: Any, rename: Callable[[str], str] = str) -> tuple[dict[str, Any], dt.date]:
        """Return the transaction of a model, and its day."""
        values = self.unknowns.facts_of(model, rename)
        named = {vocabulary().facts[name].role for name in values} - {""}
        for role in sorted(self.unknowns.roles_of(model)):
            if role.startswith("+") and role[1:] not in named:
                values[f"parties.{role[1:]}.name"] = "Party"
        return values, dt.date.fromordinal(model.eval(self.on, model_completion=True).as_long())


def model_of(solver: Any, formula: Formula) -> Any:
    """Return a model in which a formula holds besides what the solver knows, or None."""
    if formula is False:
        return None
    solver.push()
    solver.add(formula)
    answer = solver.check()
    assert answer != z3().unknown, "the questions put to the solver are decidable"
    found = solver.model() if answer == z3().sat else None
    solver.pop()
    return found


def prepared_of(values: Mapping[str, Any]) -> Prepared:
    """Return plain facts as the scalar backend takes them."""
    return prepare(Facts(values))


def smallest(values: Mapping[str, Any], holds: Callable[[Mapping[str, Any]], bool]) -> dict[str, Any]:
    """Return as few of the facts, and as short lists, as still show something.

    >>> smallest({"activity.type": "export", "a": 1, "b": (1, 2, 3)}, lambda facts: 2 in facts.get("b", ()))
    {'activity.type': 'export', 'b': (2,)}
    """
    kept = dict(values)
    for name in sorted(values, reverse=True):
        fewer = {other: value for other, value in kept.items() if other != name}
        if name != "activity.type" and holds(fewer):
            kept = fewer
            continue
        for item in kept[name] if isinstance(kept[name], tuple) else ():
            shorter = {**kept, name: tuple(other for other in kept[name] if other is not item)}
            kept = shorter if holds(shorter) else kept
    return kept
