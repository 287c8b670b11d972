"""Comparisons of sums of products of numbers, such as a counter and an amount with a limit, made ready for compiled loops.

What is compared is brought to one side and to whole numbers, so that a row is decided by additions and products of 64 bits;
where their bounds do not fit, or more than sums of products is asked, there is nothing to make ready.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from attrs import frozen

from penstock.rulebook.arrays import Array
from penstock.rulebook.columns import cut_name
from penstock.rulebook.fixedpoint import Numbers
from penstock.rulebook.ir import Node
from penstock.rulebook.values import absence, value_of

__all__ = ["Compared", "Comparison", "Sums", "comparison"]

_INT64_MAX = 2**63 - 1
_WORDS = {"<=": (-1, 0), "<": (-1, 1), "==": (0, 0), ">=": (1, 0), ">": (1, -1)}  # how compared with 0, and what is added first
_FACTORS_MAX = 2
Terms = dict[tuple[str, ...], Fraction]  # the factors of each product, and what it is multiplied by


@frozen(eq=False)
class Comparison:
    """A sum of products compared with zero; ``unknown`` is what it comes to where a number is absent, a truth value or a role."""

    word: str
    terms: Terms
    unknown: int | str

    @property
    def factors(self) -> tuple[str, ...]:
        """Return the names of the numbers it is made of."""
        return tuple(dict.fromkeys(name for names in self.terms for name in names))


def comparison(node: Node, ready: Collection[Node], given: Callable[[str], bool | None]) -> Comparison | None:
    """Return a node as a comparison of sums of products, None where it is something else.

    ``ready`` are nodes whose values are handed in; ``given`` says whether every row, or no row, gives a fact, None where
    rows differ.
    """
    while node.op == "rule":
        node = node.args[0]
    if node.op != "cmp":
        return None
    made = _Sum({other.id for other in ready}, given)
    left, right = (made.of(arg) for arg in node.args)
    terms = None if left is None or right is None else _added(left, right, -1)
    return None if terms is None or set(terms) <= {()} else Comparison(node.data, terms, absence(node))


class _Sum:
    """Numbers as sums of products."""

    def __init__(self, ready: Collection[int], given: Callable[[str], bool | None]) -> None:
        self._ready = ready
        self._given = given

    def of(self, node: Node) -> Terms | None:
        """Return a node as a sum of products, None where it is none."""
        if node.id in self._ready:
            return {(cut_name(node),): Fraction(1)}
        if node.op == "rule":
            return self.of(node.args[0])
        if node.op in ("const", "table"):
            value = value_of(node)
            return {(): Fraction(value)} if isinstance(value, (int, Fraction)) else None
        if node.op == "fact":
            return {(node.data,): Fraction(1)} if self._given(node.data) is not False else None
        if node.op == "given" and node.args[0].op == "fact":
            always = self._given(node.args[0].data)
            return None if always is None else self.of(node.args[0 if always else 1])
        join = {"add": _added, "sub": _subtracted, "days": _subtracted, "mul": _multiplied}.get(node.op)
        return None if join is None else self._joined(node.args, join)

    def _joined(self, args: Sequence[Node], join: Callable[[Terms, Terms], Terms | None]) -> Terms | None:
        total = self.of(args[0])
        for arg in args[1:]:
            other = self.of(arg)
            if total is None or other is None:
                return None
            total = join(total, other)
        return total


def _added(left: Terms, right: Terms, by: int = 1) -> Terms:
    found = dict(left)
    for names, factor in right.items():
        found[names] = found.get(names, Fraction(0)) + by * factor
    return found


def _subtracted(left: Terms, right: Terms) -> Terms:
    return _added(left, right, -1)


def _multiplied(left: Terms, right: Terms) -> Terms | None:
    found: Terms = {}
    for a, by in left.items():
        for b, factor in right.items():
            names = tuple(sorted(a + b))
            if len(names) > _FACTORS_MAX:
                return None
            found[names] = found.get(names, Fraction(0)) + by * factor
    return found


@frozen(eq=False)
class Compared:
    """A comparison over some rows: numbers in columns, which are known, the sum, and how it is compared with zero."""

    columns: Array
    known: Array
    terms: Array
    constant: int
    word: int
    unknown: int


@frozen(eq=False)
class Sums:
    """Comparisons over columns of which the scales and bounds are known."""

    factors: tuple[str, ...]
    made: tuple[tuple[Array, int, int, int], ...]  # terms, constant, word, unknown

    @classmethod
    def of(cls, asked: Sequence[Comparison], columns: Mapping[str, Any]) -> Sums | None:
        """Return comparisons ready for columns of numbers; None where 64 bits may not do, or rows differ in what is unknown."""
        factors = tuple(dict.fromkeys(name for one in asked for name in one.factors))
        if not all(isinstance(columns[name], Numbers) and not isinstance(columns[name].den, np.ndarray) for name in factors):
            return None
        made = []
        for one in asked:
            scaled = _scaled(one.terms, columns)
            lacking = any(columns[name].known is not None for name in one.factors)
            if scaled is None or (lacking and isinstance(one.unknown, str)):
                return None
            terms, constant = scaled
            word, more = _WORDS[one.word]
            places = [[by, *(factors.index(n) for n in names), *[-1] * (2 - len(names))] for names, by in terms]
            unknown = one.unknown if isinstance(one.unknown, int) else 0
            made.append((np.array(places, np.int64).reshape(-1, 3), constant + more, word, unknown))
        return cls(factors, tuple(made))

    def over(self, columns: Array, known: Array) -> list[Compared]:
        """Return the comparisons over rows; arrays have a row per factor, one of ``known`` that starts with 2 being all known."""
        return [Compared(columns, known, *one) for one in self.made]


def _scaled(terms: Terms, columns: Mapping[str, Numbers]) -> tuple[list[tuple[tuple[str, ...], int]], int] | None:
    """Return whole factors of products of what stands in columns, and the constant; None where 64 bits may not do."""
    by = {names: factor / math.prod(Fraction(columns[name].den) for name in names) for names, factor in terms.items()}
    scale = math.lcm(*(factor.denominator for factor in by.values()))
    whole = {names: int(factor * scale) for names, factor in by.items()}
    bound = sum(abs(factor) * math.prod(max(columns[name].peak, 1) for name in names) for names, factor in whole.items())
    if bound >= _INT64_MAX:
        return None
    return [(names, factor) for names, factor in whole.items() if names], whole.get((), 0)
