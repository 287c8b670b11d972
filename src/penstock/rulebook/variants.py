"""One transaction in many variants, decided at once: a whole number holds one bit per variant, however many they are.

A truth value is two such numbers: the variants where it is *possible* (not false) and those where it is *certain* (true).
Any other value is its parts: each value with the variants that have it.  Nodes are evaluated when asked for, so that what
no variant rests on is never looked at.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction
from typing import Any

from penstock.rulebook.ir import TRUE, UNKNOWN, Graph, Node
from penstock.rulebook.values import absence, heading, pattern_memo, value_of

__all__ = ["Parts", "Truth", "Variants", "bits", "parted"]

Truth = tuple[int, int]  # the variants where it is possible, and where it is certain
Parts = tuple[tuple[Any, int], ...]  # each value and the variants that have it; every variant is in one part
_READS = frozenset({"fact", "paper", "row"})
_TEST = {">=": operator.ge, ">": operator.gt, "<=": operator.le, "<": operator.lt, "==": operator.eq}


class Variants:
    """The nodes of a graph for many variants of one transaction.

    ``every`` has the bit of each variant; ``facts`` and ``roles`` are what the scalar backend reads, ``varied`` the parts of
    the facts and roles that are not the same in all variants.

    >>> graph = Graph()
    >>> us_person = graph.make("truth", (graph.make("fact", data="activity.us_person"),))
    >>> two = Variants(graph, 0b11, {}, {}, None, {"activity.us_person": ((True, 0b01), (False, 0b10))})
    >>> two.truth(us_person), two.truth(graph.negate(us_person))
    ((1, 1), (2, 2))
    """

    def __init__(
        self, graph: Graph, every: int, facts: Mapping[str, Any], roles: Mapping[str, int], on: Any, varied: Mapping[str, Parts]
    ) -> None:
        self._graph = graph
        self._every = every
        self._facts = facts
        self._roles = roles
        self._on = on
        self._varied = varied
        self._row: Mapping[str, Any] = {}
        self._held: dict[int, Any] = {}

    def truth(self, node: Node) -> Truth:
        """Return where a condition is possible, and where it is certain."""
        found: Truth | None = self._held.get(node.id)
        if found is None:
            found = self._held[node.id] = _TRUTHS[node.op](self, node)
        return found

    def parts(self, node: Node) -> Parts:
        """Return the values of a node that is no condition."""
        found: Parts | None = self._held.get(node.id)
        if found is None:
            found = self._held[node.id] = _PARTS[node.op](self, node)
        return found

    # ---- reads

    def _fact(self, node: Node) -> Parts:
        return self._varied.get(node.data) or ((self._facts.get(node.data), self._every),)

    def _row_field(self, node: Node) -> Parts:
        return ((self._row.get(node.data[1]), self._every),)

    def _constant(self, node: Node) -> Parts:
        return ((value_of(node), self._every),)

    def _day(self, node: Node) -> Parts:
        return ((self._on, self._every),)

    def _heading(self, node: Node) -> Parts:
        return tuple((heading(value), where) for value, where in self.parts(node.args[0]))

    def _code(self, code: int) -> Truth:
        return (self._every if code else 0), (self._every if code == TRUE else 0)

    def _role(self, name: str) -> Truth:
        if name not in self._varied:
            return self._code(self._roles[name])
        parts = self._varied[name]
        return _any(where for code, where in parts if code), _any(where for code, where in parts if code == TRUE)

    def _missing(self, node: Node) -> Truth:
        """Return what an atom comes to where a fact it reads is absent."""
        kind = absence(node)
        return self._role(kind) if isinstance(kind, str) else self._code(kind)

    def _known(self, node: Node) -> Truth:
        return self._code(value_of(node))

    def _present(self, node: Node) -> Truth:
        return self._role("+" + node.data.rpartition(".")[2])

    # ---- atoms

    def _tested(self, node: Node, test: Callable[[Any], Any]) -> Truth:
        """Return where a test of the value read holds."""
        possible = certain = 0
        for value, where in self.parts(node.args[0]):
            if value is None:
                missing = self._missing(node.args[0])
                possible, certain = possible | missing[0] & where, certain | missing[1] & where
            elif test(value):
                possible, certain = possible | where, certain | where
        return possible, certain

    def _truth(self, node: Node) -> Truth:
        return self._tested(node, bool)

    def _in(self, node: Node) -> Truth:
        return self._tested(node, node.data[0].__contains__)

    def _matches(self, node: Node) -> Truth:
        return self._tested(node, pattern_memo(node.data[0]).__getitem__)

    def _meets(self, node: Node) -> Truth:
        return self._tested(node, lambda rows: not node.data[0].isdisjoint(rows))

    def _stated(self, node: Node) -> Truth:
        given = _any(where for value, where in self.parts(node.args[0]) if value is not None)
        return given, given

    def _compared(self, node: Node, test: Callable[[Any, Any], Any], missing: Truth) -> Truth:
        """Return where a test of two values holds."""
        possible = certain = 0
        right = self.parts(node.args[1])
        for a, here in self.parts(node.args[0]):
            for b, there in right:
                where = here & there
                if not where:
                    continue
                if a is None or b is None:
                    possible, certain = possible | missing[0] & where, certain | missing[1] & where
                elif test(a, b):
                    possible, certain = possible | where, certain | where
        return possible, certain

    def _cmp(self, node: Node) -> Truth:
        return self._compared(node, _TEST[node.data], self._missing(node))

    def _same(self, node: Node) -> Truth:
        return self._compared(node, operator.eq, self._code(UNKNOWN))

    def _holds(self, node: Node) -> Truth:
        return self._compared(node, lambda value, rows: value in rows, self._code(UNKNOWN))

    # ---- logic

    def _named(self, node: Node) -> Any:
        return self._of_kind(node.args[0])

    def _and(self, node: Node) -> Truth:
        possible = certain = self._every
        for arg in node.args:
            other = self.truth(arg)
            possible &= other[0]
            if not possible:
                return 0, 0
            certain &= other[1]
        return possible, certain

    def _or(self, node: Node) -> Truth:
        possible = certain = 0
        for arg in node.args:
            other = self.truth(arg)
            possible, certain = possible | other[0], certain | other[1]
            if certain == self._every:
                break
        return possible, certain

    def _not(self, node: Node) -> Truth:
        possible, certain = self.truth(node.args[0])
        return self._every ^ certain, self._every ^ possible

    def _sure(self, node: Node) -> Truth:
        certain = self.truth(node.args[0])[1]
        return certain, certain

    def _given(self, node: Node) -> Any:
        value, other = node.args
        read = value.args[0] if value.op == "truth" else value
        absent = _any(where for held, where in self.parts(read) if held is None)
        if not absent or absent == self._every:
            return self._of_kind(other if absent else value)
        there = self._every ^ absent
        if node.type.kind != "bool":
            return _merged([*_within(self.parts(value), there), *_within(self.parts(other), absent)])
        taken, instead = self.truth(value), self.truth(other)
        return taken[0] & there | instead[0] & absent, taken[1] & there | instead[1] & absent

    def _if(self, node: Node) -> Parts:
        possible, certain = self.truth(node.args[0])
        if certain == self._every or not possible:
            return self.parts(node.args[1 if possible else 2])
        yes, no = self.parts(node.args[1]), self.parts(node.args[2])
        open_ = possible ^ certain
        either = [(a if a == b else None, here & there & open_) for a, here in yes for b, there in no] if open_ else []
        return _merged([*_within(yes, certain), *_within(no, self._every ^ possible), *_within(either, open_)])

    def _first(self, node: Node) -> Parts:
        *rows, otherwise, unknown = node.args
        left = self._every
        out: list[tuple[Any, int]] = []
        for condition, code in zip(rows[::2], rows[1::2], strict=True):
            possible, certain = self.truth(condition)
            if certain & left:
                out += _within(self.parts(code), certain & left)
            if (possible ^ certain) & left:
                out += _within(self.parts(unknown), (possible ^ certain) & left)
            left ^= possible & left
            if not left:
                return _merged(out)
        return _merged([*out, *_within(self.parts(otherwise), left)])

    # ---- numbers

    def _arithmetic(self, node: Node, join: Callable[[Any, Any], Any]) -> Parts:
        total, *rest = map(self.parts, node.args)
        for parts in rest:
            total = _joined(total, parts, join)
        return total

    def gaps(self, node: Node) -> Parts:
        """Return left minus right of a comparison, for dates in days; None where a side is unknown."""
        kind = node.args[0].type.kind
        return self._arithmetic(node, _days if kind == "date" else operator.sub)

    # ---- rows of lists

    def _each(self, node: Node, rows: Iterable[Any]) -> Iterator[None]:
        """Go over the rows of a list: what depends on the row is evaluated anew for each."""
        outer, row = self._held, self._row
        captured = {arg.id: outer[arg.id] for arg in node.args[1:]}
        for self._row in rows:
            self._held = dict(captured)
            yield
        self._held, self._row = outer, row

    def _over_rows(self, node: Node) -> Iterator[tuple[Any, int]]:
        """Yield each value of the list a node walks over, with the variants that have it, once all it captures is known."""
        for arg in node.args[1:]:
            self._of_kind(arg)
        yield from self.parts(node.args[0])

    def _of_kind(self, node: Node) -> Any:
        return self.truth(node) if node.type.kind == "bool" and node.op not in _READS else self.parts(node)

    def _quantified(self, node: Node) -> Truth:
        word, body, condition, _ = node.data
        test, filter = self._graph.nodes[body], self._graph.nodes[condition]
        out = (0, 0)
        for rows, where in self._over_rows(node):
            if rows is None:
                found = self._missing(node.args[0])
                found = found if word == "any" else self._opposite(found)
            else:
                each = [self._both(self.truth(test), self.truth(filter), word) for _ in self._each(node, rows)]
                found = _any(p for p, _ in each), _any(c for _, c in each)
                found = found if word == "any" else self._opposite(found)
            out = out[0] | found[0] & where, out[1] | found[1] & where
        return out

    def _both(self, test: Truth, filter: Truth, word: str) -> Truth:
        """Return where a row is one that makes *any* true, or *all* false."""
        test = test if word == "any" else self._opposite(test)
        return test[0] & filter[0], test[1] & filter[1]

    def _opposite(self, truth: Truth) -> Truth:
        return self._every ^ truth[1], self._every ^ truth[0]

    def _reaches(self, node: Node) -> Truth:
        _, word, body, condition, _, _ = node.data
        number, filter = self._graph.nodes[body], self._graph.nodes[condition]
        test, limit = _TEST[word], node.args[1]
        possible = certain = 0
        for rows, where in self._over_rows(node):
            if rows is None:
                missing = self._missing(node.args[0])
                possible, certain = possible | missing[0] & where, certain | missing[1] & where
                continue
            total: Parts = ((0, where),)
            rest = 0
            for _ in self._each(node, rows):
                counted, unsure = self._counted(number, filter)
                total, rest = _joined(total, counted, operator.add), rest | unsure
            for k, here in self.parts(limit):
                over = _any(there for sum_, there in total if k is not None and test(sum_, k)) & here
                unsure = where & here if k is None else rest & where & here
                possible, certain = possible | over | unsure, certain | over
        return possible, certain

    def _counted(self, number: Node, filter: Node) -> tuple[Parts, int]:
        """Return what a row adds, and where it may add something unknown."""
        possible, certain = self.truth(filter)
        parts = self.parts(number)
        sure = [(value, where & certain) for value, where in parts if value is not None]
        taken = _any(where for _, where in sure)
        return _merged([*_within(sure, certain), *_within([(0, self._every ^ taken)], self._every)]), possible ^ taken

    def _best(self, node: Node) -> Parts:
        _, body, condition, _ = node.data
        number, filter = self._graph.nodes[body], self._graph.nodes[condition]
        out: list[tuple[Any, int]] = []
        for rows, where in self._over_rows(node):
            if rows is None:
                out.append((None, where))
                continue
            sure: Parts = ((None, where),)
            perhaps: Parts = ((None, where),)
            hidden = 0
            for _ in self._each(node, rows):
                possible, certain = self.truth(filter)
                parts = self.parts(number)
                known = _any(held for value, held in parts if value is not None)
                hidden |= possible & ~known
                sure = _joined(sure, _masked(parts, certain, self._every), _larger, absorbing=False)
                perhaps = _joined(perhaps, _masked(parts, possible ^ certain, self._every), _larger, absorbing=False)
            found = _joined(sure, perhaps, _surely, absorbing=False)
            out += [*_within(found, where & ~hidden), *_within([(None, where)], hidden)]
        return _merged(out)


def bits(number: int) -> Iterator[int]:
    """Yield the variants of a set of them, lowest first.

    >>> list(bits(0b1010))
    [1, 3]
    """
    while number:
        low = number & -number
        yield low.bit_length() - 1
        number ^= low


def parted(otherwise: Any, every: int, held: Iterable[tuple[Any, int]]) -> Parts:
    """Return the parts of a value: of what is held where, the last counts, and elsewhere it is something else.

    >>> parted("a", 0b111, [("b", 0b011), ("c", 0b001)])
    (('c', 1), ('b', 2), ('a', 4))
    """
    left = every
    out: list[tuple[Any, int]] = []
    for value, where in reversed(list(held)):
        out += _within([(value, where)], left)
        left &= ~where
    return (*out, *_within([(otherwise, left)], left))


def _any(sets: Iterable[int]) -> int:
    out = 0
    for each in sets:
        out |= each
    return out


def _within(parts: Iterable[tuple[Any, int]], where: int) -> Iterator[tuple[Any, int]]:
    """Yield the parts that some of the variants have, as far as these have them."""
    return ((value, held & where) for value, held in parts if held & where)


def _merged(parts: list[tuple[Any, int]]) -> Parts:
    """Return parts with equal values as one part; lists, which nothing is computed from, may stay apart."""
    if len(parts) < 2:
        return tuple(parts)
    out: dict[Any, int] = {}
    try:
        for value, where in parts:
            out[value] = out.get(value, 0) | where
    except TypeError:
        return tuple(parts)
    return tuple(out.items())


def _masked(parts: Parts, where: int, every: int) -> Parts:
    """Return parts that hold nothing outside of some variants."""
    return _merged([*_within(parts, where), *_within([(None, every ^ where)], every)])


def _joined(left: Parts, right: Parts, join: Callable[[Any, Any], Any], *, absorbing: bool = True) -> Parts:
    """Return what two values come to, once per pair of them that some variant has; with ``absorbing`` unknown stays unknown."""
    out: dict[Any, int] = {}
    for a, here in left:
        for b, there in right:
            where = here & there
            if where:
                value = None if absorbing and (a is None or b is None) else join(a, b)
                out[value] = out.get(value, 0) | where
    return tuple(out.items())


def _larger(a: Any, b: Any) -> Any:
    return a if b is None or (a is not None and a >= b) else b


def _surely(sure: Any, perhaps: Any) -> Any:
    return None if sure is None or (perhaps is not None and perhaps > sure) else sure


def _days(a: Any, b: Any) -> int:
    days: int = (a - b).days
    return days


def _divided(a: Any, b: Any) -> Any:
    return Fraction(a) / b if b else None


_NUMBERS: Mapping[str, Callable[[Any, Any], Any]] = {
    "add": operator.add, "sub": operator.sub, "mul": operator.mul, "div": _divided, "days": _days, "worst": max,
}  # fmt: skip


def _arithmetic(join: Callable[[Any, Any], Any]) -> Callable[[Variants, Node], Parts]:
    return lambda variants, node: variants._arithmetic(node, join)


_PARTS: Mapping[str, Callable[[Variants, Node], Parts]] = {
    "fact": Variants._fact, "paper": Variants._fact, "row": Variants._row_field, "const": Variants._constant,
    "table": Variants._constant, "on": Variants._day, "heading": Variants._heading, "rule": Variants._named,
    "given": Variants._given, "if": Variants._if, "first": Variants._first, "best": Variants._best,
    **{op: _arithmetic(join) for op, join in _NUMBERS.items()},
}  # fmt: skip
_TRUTHS: Mapping[str, Callable[[Variants, Node], Truth]] = {
    "const": Variants._known, "present": Variants._present, "truth": Variants._truth, "in": Variants._in,
    "matches": Variants._matches, "meets": Variants._meets, "stated": Variants._stated, "cmp": Variants._cmp,
    "same": Variants._same, "holds": Variants._holds, "rule": Variants._named, "and": Variants._and, "or": Variants._or,
    "not": Variants._not, "sure": Variants._sure, "given": Variants._given, "quantified": Variants._quantified,
    "reaches": Variants._reaches,
}  # fmt: skip
