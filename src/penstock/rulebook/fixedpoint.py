"""Exact numbers of many transactions at once, as 64-bit fixed point.

A number is ``num / den`` with a whole ``num`` per row, so that every comparison is one of whole numbers; a row whose
number does not fit into 64 bits is handed to a :class:`Spill` and decided elsewhere, never rounded.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from penstock.terms.numbers import Exact, exact

__all__ = ["Array", "Numbers", "Spill", "arithmetic", "compare", "divide", "exact_numbers", "pick_numbers", "rows_of"]

Array = NDArray[Any]
_INT64_MAX = 2**63 - 1
_WIDE = 9.2e18  # what is computed below this in floating point is certainly below 2**63
_LARGE = 2**31  # products of smaller numbers fit
_DEN_USUAL = 10_000
_MIRRORED = {">=": "<=", ">": "<", "<=": ">=", "<": ">", "==": "=="}
_COMPARE: dict[str, Any] = {
    ">=": np.greater_equal, ">": np.greater, "<=": np.less_equal, "<": np.less, "==": np.equal,
}  # fmt: skip
_BOUND = {">=": math.ceil, ">": math.floor, "<=": math.floor, "<": math.ceil, "==": math.floor}
_ARITHMETIC: dict[str, Any] = {"add": np.add, "sub": np.subtract}


def rows_of(values: Array, rows: Array | slice) -> Array:
    """Return some rows of an array, by slice or by index, -1 being the last."""
    return values[rows] if isinstance(rows, slice) else values.take(rows)


class Spill:
    """The rows of a chunk that 64-bit fixed point cannot decide exactly."""

    __slots__ = ("rows", "size")

    def __init__(self, size: int) -> None:
        self.size = size
        self.rows: Array | None = None

    def mark(self, rows: Array | None = None) -> None:
        """Add rows, or all of them."""
        found = np.ones(self.size, bool) if rows is None else rows
        if found.any():
            self.rows = found if self.rows is None else self.rows | found


@frozen(eq=False)
class Numbers:
    """Exact numbers, ``num / den``; ``den`` is positive, a fraction where numbers are huge, an array only in a quotient.

    ``known`` is None where every row is known; the ``num`` of an unknown row is 0.  ``peak`` bounds ``abs(num)``.
    Dates are numbers too: their ordinals.
    """

    num: Array
    den: Any = 1
    known: Array | None = None
    peak: int = _INT64_MAX

    def take(self, rows: Any) -> Numbers:
        """Return some of the rows, by index or slice."""
        den = rows_of(self.den, rows) if isinstance(self.den, np.ndarray) else self.den
        return Numbers(rows_of(self.num, rows), den, None if self.known is None else rows_of(self.known, rows), self.peak)

    @property
    def given(self) -> Array:
        """Return which rows hold a value."""
        return np.ones(len(self.num), bool) if self.known is None else self.known

    def value(self, row: int) -> Exact | None:
        """Return the number of a row, or None."""
        if self.known is not None and not self.known[row]:
            return None
        return exact(
            Fraction(int(self.num[row])) / Fraction(int(self.den[row]) if isinstance(self.den, np.ndarray) else self.den)
        )


def exact_numbers(values: Sequence[Exact | None]) -> tuple[Numbers, Array | None]:
    """Return exact values as a column, and which of them 64 bits at a common scale cannot hold (None: all are held).

    >>> held, lost = exact_numbers([Fraction(148, 25), None, 7])
    >>> held.num.tolist(), held.den, lost
    ([148, 0, 175], 25, None)
    """
    known = np.array([value is not None for value in values], bool)
    den = Fraction(_scale([Fraction(value) for value in values if value]))
    scaled = [(value or 0) * den for value in values]
    lost = np.array([whole.denominator != 1 or abs(whole) > _INT64_MAX for whole in scaled], bool)
    num = np.array([0 if gone else int(whole) for whole, gone in zip(scaled, lost, strict=True)], np.int64)
    held = Numbers(num, exact(den), None if known.all() else known, int(np.abs(num).max(initial=0)))
    return held, lost if lost.any() else None


def _scale(values: list[Fraction]) -> Fraction | int:
    """Return the number that makes all values whole, and large ones small, or a usual one where none makes them fit."""
    den = math.lcm(*(value.denominator for value in values))
    top = max((abs(value) for value in values), default=0)
    if top * den <= _LARGE:
        return den
    shared = Fraction(den, math.gcd(*(int(value * den) for value in values)))
    return shared if top * shared <= _INT64_MAX else _DEN_USUAL


# ---- scales


def _lcm(dens: Iterable[Fraction | int]) -> Fraction | int:
    """Return the smallest positive number that each of the given ones divides a whole number of times."""
    parts = [Fraction(den) for den in dens] or [Fraction(1)]
    return exact(Fraction(math.lcm(*(p.numerator for p in parts)), math.gcd(*(p.denominator for p in parts))))


def _common(a: Any, b: Any) -> Fraction | int:
    """Return a denominator over which two columns or constants are whole."""
    return _lcm(side.den if isinstance(side, Numbers) else 1 / abs(Fraction(side)) for side in (a, b) if _counts(side))


def _counts(side: Any) -> bool:
    return isinstance(side, Numbers) or side != 0


def _times(x: Array, x_peak: int, y: Any, y_peak: int, spill: Spill) -> tuple[Array, int]:
    """Return products, and a bound on them; rows where they do not fit are spilled."""
    if x_peak * y_peak <= _INT64_MAX:
        return x * y, x_peak * y_peak
    if not isinstance(y, np.ndarray) and y_peak > _INT64_MAX:
        spill.mark(x != 0)
        return np.zeros_like(x), 0
    wide = np.abs(x.astype(np.float64) * y) > _WIDE
    spill.mark(wide)
    return np.where(wide, 0, x) * y, _INT64_MAX


def _at(value: Any, den: Fraction | int, spill: Spill, rows: Array | None) -> tuple[Any, int]:
    """Return a column or constant as whole numbers over a denominator, and a bound; ``rows`` are those it is for."""
    if isinstance(value, Numbers):
        factor = int(den / Fraction(value.den))
        return (value.num, value.peak) if factor == 1 else _times(value.num, value.peak, factor, factor, spill)
    whole = int(value * den)
    if abs(whole) > _INT64_MAX:
        spill.mark(rows)
        return 0, 0
    return whole, abs(whole)


def _ratio(value: Any, spill: Spill) -> tuple[Any, int, Any, int]:
    """Return a column or constant as a quotient of whole numbers, each with a bound."""
    if not isinstance(value, Numbers):
        number = Fraction(value)
        return number.numerator, abs(number.numerator), number.denominator, number.denominator
    if isinstance(value.den, np.ndarray):
        return value.num, value.peak, value.den, int(value.den.max(initial=1))
    den = Fraction(value.den)
    num, peak = _times(value.num, value.peak, den.denominator, den.denominator, spill)
    return num, peak, den.numerator, den.numerator


def _is_ratio(*sides: Any) -> bool:
    return any(isinstance(side, Numbers) and isinstance(side.den, np.ndarray) for side in sides)


def _both(a: Any, b: Any) -> Array | None:
    """Return which rows are known on both sides, None for all."""
    known = [side.known for side in (a, b) if isinstance(side, Numbers) and side.known is not None]
    return None if not known else known[0] if len(known) == 1 else known[0] & known[1]


# ---- operations; at least one side is a column, the other may be a constant


def arithmetic(op: str, a: Any, b: Any, spill: Spill) -> Numbers:
    """Return ``add``, ``sub`` or ``mul``, row by row."""
    known = _both(a, b)
    if _is_ratio(a, b):  # no rule calculates with a quotient; should one, its rows are decided one by one
        spill.mark(known)
        return Numbers(np.zeros(spill.size, np.int64), 1, known, 0)
    if op == "mul":
        return _product(a, b, known, spill)
    den = _common(a, b)
    (left, left_peak), (right, right_peak) = _at(a, den, spill, known), _at(b, den, spill, known)
    peak = left_peak + right_peak
    if peak > _INT64_MAX:
        wide = np.abs(_ARITHMETIC[op](np.asarray(left, np.float64), np.asarray(right, np.float64))) > _WIDE
        spill.mark(wide)
        left, right = np.where(wide, 0, left), np.where(wide, 0, right)
    num = _ARITHMETIC[op](left, right)
    return Numbers(num if known is None else num * known, den, known, min(peak, _INT64_MAX))


def _product(a: Any, b: Any, known: Array | None, spill: Spill) -> Numbers:
    if isinstance(a, Numbers) and isinstance(b, Numbers):
        num, peak = _times(a.num, a.peak, b.num, b.peak, spill)
        return Numbers(num, exact(Fraction(a.den) * b.den), known, peak)
    column, factor = (a, Fraction(b)) if isinstance(a, Numbers) else (b, Fraction(a))
    if factor > 0:  # only the scale changes
        return Numbers(column.num, exact(column.den / factor), known, column.peak)
    num, peak = _times(column.num, column.peak, factor.numerator, abs(factor.numerator), spill)
    return Numbers(num, column.den * factor.denominator, known, peak)


def divide(a: Any, b: Any, spill: Spill) -> Numbers:
    """Return quotients; unknown where the divisor is zero. A constant divisor is not zero."""
    if not isinstance(b, Numbers):
        return arithmetic("mul", a, 1 / Fraction(b), spill)
    known = b.num != 0
    both = _both(a, b)
    known = known if both is None else known & both
    if _is_ratio(a, b) or (b.num < 0).any():
        spill.mark(known)
        return Numbers(np.zeros(spill.size, np.int64), 1, known, 0)
    top = a if isinstance(a, Numbers) else _constant(a, spill.size)
    scale = Fraction(b.den) / top.den
    num, peak = _times(top.num, top.peak, scale.numerator, scale.numerator, spill)
    den, _ = _times(b.num, b.peak, scale.denominator, scale.denominator, spill)
    return Numbers(num * known, np.where(known & (den > 0), den, 1), known, peak)


def _constant(value: Exact, size: int) -> Numbers:
    sign = (value > 0) - (value < 0)
    return Numbers(np.full(size, sign, np.int64), 1 / abs(Fraction(value)) if value else 1, None, 1)


def compare(word: str, a: Any, b: Any, spill: Spill) -> tuple[Array, Array | None]:
    """Return the truth of a comparison per row, and which rows are known (None: all)."""
    if not isinstance(a, Numbers):
        return compare(_MIRRORED[word], b, a, spill)
    if _is_ratio(a, b):
        a_num, a_peak, a_den, a_den_peak = _ratio(a, spill)
        b_num, b_peak, b_den, b_den_peak = _ratio(b, spill)
        left = _times(a_num, a_peak, b_den, b_den_peak, spill)[0]
        if isinstance(a_den, np.ndarray):
            right = _times(a_den, a_den_peak, b_num, b_peak, spill)[0]
        else:
            right = _times(b_num, b_peak, a_den, a_den_peak, spill)[0]
        return _COMPARE[word](left, right), _both(a, b)
    if not isinstance(b, Numbers):
        return _compare_constant(word, a, b), a.known
    den = _common(a, b)
    return _COMPARE[word](_at(a, den, spill, None)[0], _at(b, den, spill, None)[0]), _both(a, b)


def _compare_constant(word: str, a: Numbers, limit: Exact) -> Array:
    """Compare with the whole number next to the limit: exact at any scale, without a product."""
    scaled = Fraction(limit) * a.den
    bound = _BOUND[word](scaled)
    if word == "==" and bound != scaled:
        return np.zeros(len(a.num), bool)
    if abs(bound) > _INT64_MAX:
        holds = word != "==" and (bound < 0) == (word in (">=", ">"))
        return np.full(len(a.num), holds)
    found: Array = _COMPARE[word](a.num, bound)
    return found


def pick_numbers(first: Array, a: Any, b: Any, spill: Spill) -> Numbers:
    """Return the rows of ``a`` where ``first`` holds, else those of ``b``; either may be a constant or None."""
    given = [side.given if isinstance(side, Numbers) else side is not None for side in (a, b)]
    both = np.where(first, *given)
    known = None if both.all() else both
    sides = [0 if side is None else side for side in (a, b)]
    if _is_ratio(*sides):
        (a_num, a_peak, a_den, _), (b_num, b_peak, b_den, _) = (_ratio(side, spill) for side in sides)
        return Numbers(np.where(first, a_num, b_num), np.where(first, a_den, b_den), known, max(a_peak, b_peak))
    den = _common(*sides)
    left, left_peak = _at(sides[0], den, spill, first)
    right, right_peak = _at(sides[1], den, spill, ~first)
    num = np.where(first, np.asarray(left, np.int64), np.asarray(right, np.int64))
    return Numbers(num, den, known, max(left_peak, right_peak))
