"""The solver backend: the same graph as the scalar one, as formulas over unknown facts for the theorem prover z3.

A truth value is two formulas, possible and certain, as a scalar truth value is two bits: 0 neither, 1 possible, 3 both.
A number is exact, with a formula for whether it is known; a text, place or code is one formula per value it may take.
Where every fact is stated both formulas of a truth value are one, and a proof is about ordinary logic.

Two things may be wider than the law, never narrower, so that what is proved holds: questions over the rows of a list
are free where :class:`Unknowns` gives lists no rows, and a product of two unknown numbers is only bounded and monotone.
"""

from __future__ import annotations

import datetime as dt
import operator
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import reduce
from typing import Any, NamedTuple

from penstock.rulebook.ir import FALSE, TRUE, UNKNOWN, Graph, Node
from penstock.rulebook.unknowns import (
    Fact,
    Formula,
    Unknowns,
    alike,
    conj,
    constant,
    denies,
    disj,
    either,
    holds,
    neg,
    number_in,
    z3,
)
from penstock.rulebook.values import absence, heading, pattern_memo, value_of

__all__ = ["Choice", "Encoding", "Many", "Quantity", "Truth", "value_in"]

_COMPARE: Mapping[str, Callable[[Any, Any], Any]] = {
    ">=": operator.ge, ">": operator.gt, "<=": operator.le, "<": operator.lt, "==": operator.eq,
}  # fmt: skip
_PLAIN: Mapping[str, Callable[[Any, Any], Any]] = {"add": operator.add, "sub": operator.sub, "mul": operator.mul}


class Truth(NamedTuple):
    """A three-valued truth: whether it may hold, and whether it does."""

    possible: Formula
    certain: Formula


class Choice(NamedTuple):
    """A text, place or code: a formula per value; None is not known."""

    cases: Mapping[Any, Formula]


class Quantity(NamedTuple):
    """A number, or a date as the ordinal of its day."""

    known: Formula
    value: Any


class Many(NamedTuple):
    """A list: a formula per member, or for objects per row; ``alias`` and ``of`` name the rows."""

    known: Formula
    members: Any
    alias: str = ""
    of: str = ""


Term = Truth | Choice | Quantity | Many


class Encoding:
    """The nodes of one graph as formulas; several encodings may share their unknowns.

    ``rename`` gives the variable that stands for a fact, where a copy differs in it; ``on`` is the day of the act, a
    number of the day's ordinal.
    """

    def __init__(self, graph: Graph, unknowns: Unknowns, on: Any, rename: Callable[[str], str] = str) -> None:
        self.graph = graph
        self.unknowns = unknowns
        self._on_day = on
        self._rename = rename
        self._terms: dict[tuple[int, Any], Term] = {}
        self._depends: dict[int, bool] = {}
        self._shapes: dict[int, str] = {}
        self._here: tuple[str, int, str] | None = None

    def of(self, node: Node) -> Any:
        """Return what a node comes to: a Truth, Choice, Quantity or Many."""
        key = (node.id, self._here if self._here and self._of_row(node) else None)
        if key not in self._terms:
            self._terms[key] = getattr(self, f"_{node.op}")(node)
        return self._terms[key]

    def _of_row(self, node: Node) -> bool:
        if node.id not in self._depends:
            self._depends[node.id] = node.op == "row" or any(map(self._of_row, node.args))
        return self._depends[node.id]

    def _absent(self, node: Node) -> Formula:
        """Return whether a condition may hold when what it reads is absent."""
        kind = absence(node)
        return bool(kind) if isinstance(kind, int) else self.unknowns.role(kind)

    def _test(self, read: Node, known: Formula, holds: Formula) -> Truth:
        """Return a test of what was read; where that is absent, what its absence comes to."""
        certain = conj([known, holds])
        missing = self._absent(read)
        if known is True or missing is False or denies(neg(known), missing):
            return Truth(certain, certain)
        return Truth(disj([certain, conj([neg(known), missing])]), certain)

    # ---- reads

    def _constant(self, node: Node) -> Term:
        value = value_of(node)
        if node.type.kind == "bool":
            return Truth(value != FALSE, value == TRUE)
        if node.type.kind in ("number", "date"):
            return Quantity(value is not None, value.toordinal() if isinstance(value, dt.date) else value or 0)
        return Choice({value: True})

    _const = _table = _constant

    def _on(self, node: Node) -> Quantity:
        return Quantity(True, self._on_day)

    def _rule(self, node: Node) -> Any:
        return self.of(node.args[0])

    def _fact(self, node: Node) -> Term:
        alias = self._rename(node.data)
        return self._term(self.unknowns.fact(node.data, alias), node, alias)

    _paper = _fact

    def _row(self, node: Node) -> Term:
        assert self._here is not None
        return self._term(self.unknowns.field(*self._here, node.data[1]), node, "")

    def _term(self, fact: Fact, node: Node, alias: str) -> Term:
        if node.type.kind == "list":
            return Many(fact.known, fact.value, alias, node.type.of)
        if node.type.kind in ("number", "date"):
            return Quantity(fact.known, fact.value)
        if node.type.kind == "bool":
            return Truth(fact.known, fact.value)  # a raw read: whether it is stated, and as what
        absent = {None: neg(fact.known)} if fact.known is not True else {}
        return Choice({**absent, **{value: conj([fact.known, held]) for value, held in fact.value.items()}})

    def _truth(self, node: Node) -> Truth:
        raw = self.of(node.args[0])
        return self._test(node.args[0], raw.possible, raw.certain)

    def _present(self, node: Node) -> Truth:
        held = self.unknowns.role("+" + node.data.rpartition(".")[2])
        return Truth(held, held)

    def _stated(self, node: Node) -> Truth:
        known = self._known(node.args[0])
        return Truth(known, known)

    def _known(self, node: Node) -> Formula:
        term = self.of(node)
        if isinstance(term, Truth):
            return term.possible
        return neg(term.cases.get(None, False)) if isinstance(term, Choice) else term.known

    def _heading(self, node: Node) -> Choice:
        return _gathered((heading(value), held) for value, held in self.of(node.args[0]).cases.items())

    # ---- atoms

    def _in(self, node: Node) -> Truth:
        return self._member(node, lambda value: value in node.data[0])

    def _matches(self, node: Node) -> Truth:
        memo = pattern_memo(node.data[0])
        return self._member(node, lambda value: memo[value] == TRUE)

    def _member(self, node: Node, test: Callable[[Any], bool]) -> Truth:
        cases = self.of(node.args[0]).cases
        inside = disj(held for value, held in cases.items() if value is not None and test(value))
        return self._test(node.args[0], neg(cases.get(None, False)), inside)

    def _meets(self, node: Node) -> Truth:
        many = self.of(node.args[0])
        met = disj(held for member, held in many.members.items() if member in node.data[0])
        return self._test(node.args[0], many.known, met)

    def _holds(self, node: Node) -> Truth:
        cases, many = self.of(node.args[0]).cases, self.of(node.args[1])
        both = conj([neg(cases.get(None, False)), many.known])
        held = disj(conj([cases[member], inside]) for member, inside in many.members.items() if member in cases)
        return _where(both, held)

    def _same(self, node: Node) -> Truth:
        a, b = (self.of(arg).cases for arg in node.args)
        both = neg(disj([a.get(None, False), b.get(None, False)]))
        return _where(both, disj(conj([a[value], b[value]]) for value in a if value is not None and value in b))

    def _cmp(self, node: Node) -> Truth:
        a, b = (self.of(arg) for arg in node.args)
        return self._test(node, conj([a.known, b.known]), _compared(node.data, a.value, b.value))

    # ---- logic

    def _and(self, node: Node) -> Truth:
        return _joined([self.of(arg) for arg in node.args], conj)

    def _or(self, node: Node) -> Truth:
        return _joined([self.of(arg) for arg in node.args], disj)

    def _not(self, node: Node) -> Truth:
        return _negated(self.of(node.args[0]))

    def _sure(self, node: Node) -> Truth:
        certain = self.of(node.args[0]).certain
        return Truth(certain, certain)

    def _if(self, node: Node) -> Term:
        c, a, b = (self.of(arg) for arg in node.args)
        open_ = False if c.possible is c.certain else conj([c.possible, neg(c.certain)])
        if isinstance(a, Quantity):
            alike = conj([open_, a.known, b.known, _compared("==", a.value, b.value)])
            known = disj([conj([c.certain, a.known]), conj([neg(c.possible), b.known]), alike])
            return Quantity(
                either(c.certain, a.known, b.known) if open_ is False else known, _picked(c.certain, a.value, b.value)
            )
        chosen = [(value, conj([c.certain, held])) for value, held in a.cases.items()]
        chosen += [(value, conj([neg(c.possible), held])) for value, held in b.cases.items()]
        if open_ is not False:
            alike = disj(conj([held, b.cases[value]]) for value, held in a.cases.items() if value in b.cases)
            chosen += [(value, conj([open_, held, b.cases[value]])) for value, held in a.cases.items() if value in b.cases]
            chosen += [(None, conj([open_, neg(alike)]))]
        return _gathered(chosen)

    def _given(self, node: Node) -> Term:
        a, b = (self.of(arg) for arg in node.args)
        known = self._known(node.args[0].args[0] if node.args[0].op == "truth" else node.args[0])
        if isinstance(a, Truth):
            stated = self.of(node.args[0].args[0]).certain  # where the fact is known it is what it is stated as
            return _chosen(known, Truth(stated, stated), b)
        if isinstance(a, Quantity):
            return Quantity(disj([known, b.known]), _picked(known, a.value, b.value))
        cases = [(value, held) for value, held in a.cases.items() if value is not None]
        return _gathered([*cases, *((value, conj([neg(known), held])) for value, held in b.cases.items())])

    def _first(self, node: Node) -> Choice:
        *rows, otherwise, unknown = node.args
        out: list[tuple[Any, Formula]] = []
        left: Formula = True
        for condition, code in zip(rows[::2], rows[1::2], strict=True):
            c = self.of(condition)
            out += [(value, conj([left, c.certain, held])) for value, held in self.of(code).cases.items()]
            if c.possible is not c.certain:
                reached = conj([left, c.possible, neg(c.certain)])
                out += [(value, conj([reached, held])) for value, held in self.of(unknown).cases.items()]
            left = conj([left, neg(c.possible)])
        return _gathered([*out, *((value, conj([left, held])) for value, held in self.of(otherwise).cases.items())])

    def _worst(self, node: Node) -> Choice:
        parts = [self.of(arg).cases for arg in node.args]
        codes = sorted({code for cases in parts for code in cases})
        below: Formula = False
        out: dict[Any, Formula] = {}
        for code in codes:
            upto = conj(disj(held for value, held in cases.items() if value <= code) for cases in parts)
            out[code] = conj([upto, neg(below)])
            below = upto
        return Choice(out)

    def _mask(self, node: Node) -> Quantity:
        bits = [either(self.of(arg).certain, 1 << shift, 0) for arg, shift in zip(node.args, node.data, strict=True)]
        return Quantity(True, reduce(_plus, bits, 0))

    # ---- numbers

    def _arithmetic(self, node: Node) -> Quantity:
        terms = [self.of(arg) for arg in node.args]
        value = reduce(lambda a, b: self._operated(node.op, a, b), (term.value for term in terms))
        return Quantity(conj(term.known for term in terms), value)

    _add = _sub = _mul = _arithmetic

    def _operated(self, op: str, a: Any, b: Any) -> Any:
        plain = isinstance(a, (int, Fraction)), isinstance(b, (int, Fraction))
        if all(plain):
            return _PLAIN[op](a, b)
        if op == "mul" and not any(plain):
            return self.unknowns.product("mul", a, b)
        return _PLAIN[op](constant(a), constant(b))

    def _div(self, node: Node) -> Quantity:
        a, b = (self.of(arg) for arg in node.args)
        if isinstance(b.value, (int, Fraction)):
            value = self._operated("mul", a.value, Fraction(1, b.value)) if b.value else 0
            return Quantity(conj([a.known, b.known, b.value != 0]), value)
        return Quantity(conj([a.known, b.known, b.value != 0]), self.unknowns.product("div", constant(a.value), b.value))

    def _days(self, node: Node) -> Quantity:
        a, b = (self.of(arg) for arg in node.args)
        return Quantity(conj([a.known, b.known]), self._operated("sub", a.value, b.value))

    # ---- rows of lists

    def _each(self, node: Node, body: int, condition: int) -> list[tuple[Formula, Any, Truth]]:
        """Return, per row a list may have: whether it has it, what is asked of it, and whether it counts."""
        many = self.of(node.args[0])
        outer, out = self._here, []
        for i, exists in enumerate(many.members):
            self._here = (many.alias, i, many.of)
            out.append((exists, self.of(self.graph.nodes[body]), self.of(self.graph.nodes[condition])))
        self._here = outer
        return out

    def _quantified(self, node: Node) -> Truth:
        word, body, condition, _ = node.data
        many = self.of(node.args[0])
        if self.unknowns.rows is None:
            inside = Truth(*self.unknowns.free_truth(*self._question(node), two_valued=self._stated_rows(many)))
        else:
            rows = self._each(node, body, condition)
            each = [_joined([Truth(exists, exists), asked, counts], conj) for exists, asked, counts in rows]
            if word == "all":
                each = [_joined([Truth(neg(e), neg(e)), asked, _negated(counts)], disj) for e, asked, counts in rows]
            inside = _joined(each, disj if word == "any" else conj)
        missing = self._unlisted(node)
        absent = Truth(missing, False) if word == "any" else Truth(True, neg(missing))
        return _chosen(many.known, inside, absent)

    def _reaches(self, node: Node) -> Truth:
        _, word, body, condition, limit, _ = node.data
        many, bound = self.of(node.args[0]), self.of(self.graph.nodes[limit])
        if self.unknowns.rows is None:
            inside = Truth(*self.unknowns.free_truth(*self._question(node), two_valued=self._stated_rows(many)))
        else:
            rows = self._each(node, body, condition)
            counted = [conj([exists, c.certain, asked.known]) for exists, asked, c in rows]
            each = [_picked(n, asked.value, 0) for n, (_, asked, _) in zip(counted, rows, strict=True)]
            reached = _compared(word, reduce(_plus, each, 0), bound.value)
            rest = disj(conj([e, c.possible, neg(n)]) for n, (e, _, c) in zip(counted, rows, strict=True))
            inside = _chosen(bound.known, Truth(disj([reached, rest]), reached), Truth(True, False))
        return _chosen(many.known, inside, Truth(self._unlisted(node), False))

    def _best(self, node: Node) -> Quantity:
        _, body, condition, _ = node.data
        many = self.of(node.args[0])
        if self.unknowns.rows is None:
            known, value = self.unknowns.free_number(*self._question(node), two_valued=self._stated_rows(many))
            return Quantity(conj([many.known, known]), value)
        rows = self._each(node, body, condition)
        sure = [(conj([e, c.certain, asked.known]), asked.value) for e, asked, c in rows]
        perhaps = [(conj([e, c.possible, neg(c.certain), asked.known]), asked.value) for e, asked, c in rows]
        hidden = disj(conj([e, c.possible, neg(asked.known)]) for e, asked, c in rows)
        beaten = conj(disj([neg(p), *(conj([s, _compared(">=", best, value)]) for s, best in sure)]) for p, value in perhaps)
        highest = reduce(lambda a, b: _picked(conj([b[0], _compared(">", b[1], a)]), b[1], a), sure, 0)
        return Quantity(conj([many.known, neg(hidden), disj(s for s, _ in sure), beaten]), highest)

    def _unlisted(self, node: Node) -> Formula:
        """Return whether a question over rows may hold where there is no list."""
        missing = self._absent(node.args[0])
        return False if alike(missing, self.of(node.args[0]).known) else missing

    def _stated_rows(self, many: Many) -> bool:
        return self.unknowns.states_rows(many.alias)

    def _question(self, node: Node) -> tuple[tuple[Any, ...], Any]:
        """Return what identifies a question over rows, in every graph: its words and what else it depends on."""
        outer = [self.of(arg) for arg in node.args[1:]]
        words = [self._shape(self.graph.nodes[part]) if isinstance(part, int) else part for part in node.data[:-1]]
        return (*words, self.of(node.args[0]).alias, *map(_identity, outer)), outer

    def _shape(self, node: Node) -> str:
        """Return the words of a node, down to what does not depend on the row: of that, its kind alone."""
        if node.id not in self._shapes:
            data = sorted(node.data[0]) if node.op in ("in", "meets", "matches") else node.data
            args = ", ".join(map(self._shape, node.args)) if self._of_row(node) else ""
            self._shapes[node.id] = args if node.op == "rule" else f"{node.op} {data!r} ({args})"
        return self._shapes[node.id]


def _identity(term: Any) -> Any:
    if isinstance(term, Mapping):
        return tuple((key, _identity(part)) for key, part in term.items())
    if isinstance(term, tuple):
        return tuple(map(_identity, term))
    return ("term", term.get_id()) if hasattr(term, "get_id") else term


def _gathered(cases: Any) -> Choice:
    """Return a choice from (value, formula) pairs, those of one value joined."""
    found: dict[Any, list[Formula]] = {}
    for value, held in cases:
        if held is not False:
            found.setdefault(value, []).append(held)
    return Choice({value: disj(parts) for value, parts in found.items()})


def _joined(terms: list[Any], join: Callable[[Any], Formula]) -> Truth:
    certain = join(term.certain for term in terms)
    if all(term.possible is term.certain for term in terms):
        return Truth(certain, certain)
    return Truth(join(term.possible for term in terms), certain)


def _negated(term: Truth) -> Truth:
    possible = neg(term.certain)
    return Truth(possible, possible if term.possible is term.certain else neg(term.possible))


def _where(known: Formula, holds: Formula) -> Truth:
    """Return a truth that is unknown where what it rests on is not known."""
    certain = conj([known, holds])
    return Truth(certain if known is True else disj([certain, neg(known)]), certain)


def _chosen(condition: Formula, yes: Truth, no: Truth) -> Truth:
    if condition is True:
        return yes
    certain = either(condition, yes.certain, no.certain)
    if alike(yes.possible, yes.certain) and alike(no.possible, no.certain):
        return Truth(certain, certain)
    return Truth(either(condition, yes.possible, no.possible), certain)


def _picked(condition: Formula, a: Any, b: Any) -> Any:
    """Return one of two numbers."""
    plain = isinstance(a, (int, Fraction)) and isinstance(b, (int, Fraction))
    if isinstance(condition, bool) or (plain and a == b):
        return a if condition is not False else b
    return z3().If(condition, constant(a), constant(b))


def _compared(word: str, a: Any, b: Any) -> Formula:
    plain = isinstance(a, (int, Fraction)) and isinstance(b, (int, Fraction))
    return _COMPARE[word](a, b) if plain else _COMPARE[word](constant(a), constant(b))


def _plus(a: Any, b: Any) -> Any:
    return a + b if isinstance(a, (int, Fraction)) and isinstance(b, (int, Fraction)) else constant(a) + constant(b)


def value_in(term: Term, model: Any) -> Any:
    """Return what a term comes to in a model, as the scalar backend says it: 0, 1 or 3, a value, or None."""
    if isinstance(term, Truth):
        return TRUE if holds(model, term.certain) else UNKNOWN if holds(model, term.possible) else FALSE
    if isinstance(term, Choice):
        return next(value for value, held in term.cases.items() if holds(model, held))
    if isinstance(term, Many) or not holds(model, term.known):
        return None
    return number_in(model, term.value)
