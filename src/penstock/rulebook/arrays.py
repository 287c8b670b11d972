"""Values of many transactions at once: dictionary codes, and exact numbers as 64-bit fixed point.

A value that is the same in every row is kept as the plain Python value and costs nothing.  A number is ``num / den``
with a whole ``num`` per row, so that every comparison is one of whole numbers; a row whose number does not fit
into 64 bits is handed to a :class:`Spill` and decided elsewhere, never rounded.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from penstock.terms.numbers import Exact

__all__ = [
    "Array",
    "Codes",
    "Numbers",
    "Spill",
    "Words",
    "arithmetic",
    "compare",
    "distinct",
    "divide",
    "exact_numbers",
    "pick_numbers",
    "pick_text",
    "same_text",
]

Array = NDArray[Any]
_INT64_MAX = 2**63 - 1
_WIDE = 9.2e18  # a product computed in floating point below this is certainly below 2**63
_TABLE_MAX = 1 << 22
_MIRRORED = {">=": "<=", ">": "<", "<=": ">=", "<": ">", "==": "=="}
_COMPARE = {">=": np.greater_equal, ">": np.greater, "<=": np.less_equal, "<": np.less, "==": np.equal}
_BOUND = {">=": math.ceil, ">": math.floor, "<=": math.floor, "<": math.ceil, "==": math.floor}
_ARITHMETIC: dict[str, Any] = {"add": np.add, "sub": np.subtract, "max": np.maximum, "min": np.minimum}


class Spill:
    """The rows of a chunk that 64-bit fixed point cannot decide exactly."""

    __slots__ = ("rows", "size")

    def __init__(self, size: int) -> None:
        self.size = size
        self.rows: Array | None = None

    def mark(self, rows: Array | None = None) -> None:
        """Add rows, or all of them."""
        found = np.ones(self.size, bool) if rows is None else rows
        self.rows = found if self.rows is None else self.rows | found


class Words:
    """A dictionary of values, with lookup tables over it that are made once and kept."""

    __slots__ = ("_memo", "values")

    def __init__(self, values: Sequence[Any]) -> None:
        self.values = tuple(values)
        self._memo: dict[Hashable, Any] = {}

    def kept(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """Return what ``make`` gives, made once per key."""
        if key not in self._memo:
            self._memo[key] = make()
        return self._memo[key]

    def truths(self, key: Hashable, test: Callable[[Any], int]) -> Array:
        """Return the truth value of each word, and unknown at the end, where the code of an absent value points."""
        return self.kept(key, lambda: np.array([*map(test, self.values), 1], np.uint8))  # type: ignore[no-any-return]

    def mapped(self, key: Hashable, change: Callable[[Any], Any]) -> Words:
        """Return the dictionary of the changed words, in the same order."""
        return self.kept(key, lambda: Words([change(value) for value in self.values]))  # type: ignore[no-any-return]

    def followed_by(self, other: Words) -> Words:
        """Return the dictionary of both, this one first."""
        return self.kept(("+", other), lambda: Words(self.values + other.values))  # type: ignore[no-any-return]

    def numbered(self, other: Words) -> tuple[Array, Array]:
        """Return, for each word of both, one number per distinct value."""

        def make() -> tuple[Array, Array]:
            ids: dict[Any, int] = {}
            both = [[ids.setdefault(value, len(ids)) for value in words.values] for words in (self, other)]
            return np.array([*both[0], -1], np.int64), np.array([*both[1], -2], np.int64)

        return self.kept(("=", other), make)  # type: ignore[no-any-return]


@frozen(eq=False)
class Codes:
    """Texts or lists, one code per row into a dictionary; -1 is absent."""

    codes: Array
    words: Words

    def take(self, rows: Any) -> Codes:
        """Return some of the rows, by index or slice."""
        return Codes(self.codes[rows], self.words)

    @property
    def given(self) -> Array:
        """Return which rows hold a value."""
        return np.greater_equal(self.codes, 0)

    def value(self, row: int) -> Any:
        """Return the value of a row, or None."""
        code = self.codes[row]
        return self.words.values[code] if code >= 0 else None


@frozen(eq=False)
class Numbers:
    """Exact numbers, ``num / den``; ``den`` is positive, and an array only in a quotient.

    ``known`` is None where every row is known; the ``num`` of an unknown row is 0.  ``peak`` bounds ``abs(num)``.
    Dates are numbers too: their ordinals.
    """

    num: Array
    den: Any = 1
    known: Array | None = None
    peak: int = _INT64_MAX

    def take(self, rows: Any) -> Numbers:
        """Return some of the rows, by index or slice."""
        den = self.den[rows] if isinstance(self.den, np.ndarray) else self.den
        return Numbers(self.num[rows], den, None if self.known is None else self.known[rows], self.peak)

    @property
    def given(self) -> Array:
        """Return which rows hold a value."""
        return np.ones(len(self.num), bool) if self.known is None else self.known

    def value(self, row: int) -> Exact | None:
        """Return the number of a row, or None."""
        if self.known is not None and not self.known[row]:
            return None
        found = Fraction(int(self.num[row]), int(self.den[row] if isinstance(self.den, np.ndarray) else self.den))
        return found.numerator if found.denominator == 1 else found


def distinct(keys: Array, radix: int) -> tuple[Array, Array]:
    """Return one row per distinct key, and for every row the position of its key among them.

    Keys are whole numbers from 0 up to, but not including, ``radix``.

    >>> [found.tolist() for found in distinct(np.array([7, 3, 7]), 8)]
    [[1, 2], [1, 0, 1]]
    """
    if radix > _TABLE_MAX:
        _, rows, places = np.unique(keys, return_index=True, return_inverse=True)
        return rows, places
    row_of = np.full(radix, -1, np.int64)
    row_of[keys] = np.arange(len(keys))
    present = np.flatnonzero(row_of >= 0)
    place_of = np.zeros(radix, np.int64)
    place_of[present] = np.arange(len(present))
    return row_of[present], place_of[keys]


# ---- exact numbers


def exact_numbers(values: Sequence[Exact | None]) -> tuple[Numbers, Array | None]:
    """Return exact values as a column, and which of them 64 bits at a common scale cannot hold (None: all are held).

    >>> held, lost = exact_numbers([Fraction(148, 25), None, 7])
    >>> held.num.tolist(), held.den, lost
    ([148, 0, 175], 25, None)
    """
    known = np.array([value is not None for value in values], bool)
    den = math.lcm(*(Fraction(value).denominator for value in values if value is not None))
    lost = np.zeros(len(values), bool)
    if den > _TABLE_MAX and den * max((abs(value) for value in values if value is not None), default=0) > _INT64_MAX:
        den = 10_000
    num = np.zeros(len(values), np.int64)
    for row, value in enumerate(values):
        scaled = Fraction(value or 0) * den
        if scaled.denominator != 1 or abs(scaled) > _INT64_MAX:
            lost[row] = True
        else:
            num[row] = int(scaled)
    peak = int(np.abs(num).max(initial=0))
    return Numbers(num, den, None if known.all() else known, peak), lost if lost.any() else None


def _times(x: Array, x_peak: int, y: Any, y_peak: int, spill: Spill) -> tuple[Array, int]:
    """Return products, and a bound on them; rows where they do not fit are spilled."""
    if x_peak * y_peak <= _INT64_MAX:
        return x * y, x_peak * y_peak
    if not isinstance(y, np.ndarray) and y_peak > _INT64_MAX:
        spill.mark(x != 0)
        return np.zeros_like(x), 0
    wide = np.abs(x.astype(np.float64) * y) > _WIDE
    if wide.any():
        spill.mark(wide)
        x = np.where(wide, 0, x)
    return x * y, _INT64_MAX


def _at(value: Any, den: int, spill: Spill) -> tuple[Any, int]:
    """Return a column or constant as whole numbers over a denominator, and a bound on them."""
    if isinstance(value, Numbers):
        factor = den // value.den
        return (value.num, value.peak) if factor == 1 else _times(value.num, value.peak, factor, factor, spill)
    whole = int(value * den)
    if abs(whole) > _INT64_MAX:
        spill.mark()
        return 0, 0
    return whole, abs(whole)


def _den(value: Any) -> Any:
    return value.den if isinstance(value, Numbers) else Fraction(value).denominator


def _both(a: Any, b: Any) -> Array | None:
    """Return which rows are known on both sides, None for all."""
    known = [side.known for side in (a, b) if isinstance(side, Numbers) and side.known is not None]
    return None if not known else known[0] if len(known) == 1 else known[0] & known[1]


def _zero(x: Array, known: Array | None) -> Array:
    return x if known is None else x * known


def _ratio(a: Any, b: Any) -> bool:
    return isinstance(_den(a), np.ndarray) or isinstance(_den(b), np.ndarray)


def arithmetic(op: str, a: Any, b: Any, spill: Spill) -> Numbers:
    """Return ``add``, ``sub``, ``mul``, ``max`` or ``min`` of two columns, or of a column and a constant."""
    known = _both(a, b)
    if _ratio(a, b):  # no rule calculates with a quotient; should one, its rows are decided one by one
        spill.mark(known)
        return Numbers(np.zeros(spill.size, np.int64), 1, known, 0)
    if op == "mul":
        x, y = (a, b) if isinstance(a, Numbers) else (b, a)
        factor = y.num if isinstance(y, Numbers) else Fraction(y).numerator
        num, peak = _times(x.num, x.peak, factor, y.peak if isinstance(y, Numbers) else abs(factor), spill)
        return Numbers(num, _den(a) * _den(b), known, peak)
    den = math.lcm(_den(a), _den(b))
    (left, left_peak), (right, right_peak) = _at(a, den, spill), _at(b, den, spill)
    peak = max(left_peak, right_peak) if op in ("max", "min") else left_peak + right_peak
    if peak > _INT64_MAX and op in ("add", "sub"):
        wide = np.abs(_ARITHMETIC[op](np.asarray(left, np.float64), np.asarray(right, np.float64))) > _WIDE
        spill.mark(wide)
        left, right = np.where(wide, 0, left), np.where(wide, 0, right)
    return Numbers(_zero(_ARITHMETIC[op](left, right), known), den, known, min(peak, _INT64_MAX))


def divide(a: Any, b: Any, spill: Spill) -> Numbers:
    """Return quotients; unknown where the divisor is zero."""
    known = _both(a, b)
    if _ratio(a, b) or not isinstance(b, Numbers):
        spill.mark(known)
        return Numbers(np.zeros(spill.size, np.int64), 1, known, 0)
    nonzero = b.num != 0
    known = nonzero if known is None else known & nonzero
    top = (a.num, a.peak) if isinstance(a, Numbers) else _at(Fraction(a).numerator, 1, spill)
    if not isinstance(a, Numbers):
        top = (np.full(spill.size, top[0], np.int64), top[1])
    num, num_peak = _times(*top, b.den, b.den, spill)
    den, _ = _times(b.num, b.peak, _den(a), _den(a), spill)
    if (den < 0).any():
        spill.mark(den < 0)
    return Numbers(_zero(num, known), np.where(known & (den > 0), den, 1), known, num_peak)


def compare(word: str, a: Any, b: Any, spill: Spill) -> tuple[Array, Array | None]:
    """Return the truth of a comparison per row, and which rows are known (None: all)."""
    if not isinstance(a, Numbers):
        return compare(_MIRRORED[word], b, a, spill)
    if not isinstance(b, Numbers) and not isinstance(a.den, np.ndarray):
        return _compare_constant(word, a, b), a.known
    if not _ratio(a, b):
        den = math.lcm(a.den, b.den)
        return _COMPARE[word](_at(a, den, spill)[0], _at(b, den, spill)[0]), _both(a, b)
    b_num, b_peak = (b.num, b.peak) if isinstance(b, Numbers) else _at(Fraction(b).numerator, 1, spill)
    left = _times(a.num, a.peak, _den(b), _peak(_den(b)), spill)[0]
    if isinstance(a.den, np.ndarray):
        right = _times(a.den, _peak(a.den), b_num, b_peak, spill)[0]
    else:
        right = _times(b_num, b_peak, a.den, a.den, spill)[0]
    return _COMPARE[word](left, right), _both(a, b)


def _peak(den: Any) -> int:
    return int(den.max(initial=1)) if isinstance(den, np.ndarray) else int(den)


def _compare_constant(word: str, a: Numbers, limit: Exact) -> Array:
    """Compare with the whole number next to the limit: exact at any scale, without a product."""
    scaled = Fraction(limit) * a.den
    bound = _BOUND[word](scaled)
    if word == "==" and bound != scaled:
        return np.zeros(len(a.num), bool)
    if abs(bound) > _INT64_MAX:
        holds = word != "==" and (bound < 0) == (word in (">=", ">"))
        return np.full(len(a.num), holds)
    return _COMPARE[word](a.num, bound)


# ---- one of two columns, by row


def pick_numbers(first: Array, a: Any, b: Any, spill: Spill) -> Numbers:
    """Return the rows of ``a`` where ``first`` holds, else those of ``b``; either may be a constant or None."""
    sides = [0 if side is None else side for side in (a, b)]
    known = [side is not None if not isinstance(side, Numbers) else side.given for side in (a, b)]
    both = np.where(first, *known)
    held = None if both.all() else both
    if _ratio(*sides):
        parts = [side if isinstance(side, Numbers) else Numbers(*_at_own(side, spill)) for side in sides]
        num, den = (np.where(first, *(getattr(part, name) for part in parts)) for name in ("num", "den"))
        return Numbers(num, den, held, max(part.peak for part in parts))
    den = math.lcm(*map(_den, sides))
    (left, left_peak), (right, right_peak) = (_at(side, den, spill) for side in sides)
    num = np.where(first, np.asarray(left, np.int64), np.asarray(right, np.int64))
    return Numbers(num, den, held, max(left_peak, right_peak))


def _at_own(value: Exact, spill: Spill) -> tuple[Array, int, None, int]:
    den = Fraction(value).denominator
    whole, peak = _at(value, den, spill)
    return np.full(spill.size, whole, np.int64), den, None, peak


def _as_codes(value: Any, constants: Words, size: int) -> Codes:
    if isinstance(value, Codes):
        return value
    words = constants.kept(("constant", value), lambda: Words(() if value is None else (value,)))
    return Codes(np.full(size, -1 if value is None else 0, np.int32), words)


def pick_text(first: Array, a: Any, b: Any, constants: Words) -> Codes:
    """Return the rows of ``a`` where ``first`` holds, else those of ``b``; either may be a constant or None.

    ``constants`` keeps the dictionaries of constants, so that lookup tables over them are made once.
    """
    left, right = (_as_codes(side, constants, len(first)) for side in (a, b))
    if left.words is right.words or not right.words.values:
        return Codes(np.where(first, left.codes, right.codes), left.words)
    if not left.words.values:
        return Codes(np.where(first, left.codes, right.codes), right.words)
    moved = np.where(right.codes >= 0, right.codes + np.int32(len(left.words.values)), np.int32(-1))
    return Codes(np.where(first, left.codes, moved), left.words.followed_by(right.words))


def same_text(a: Any, b: Any, constants: Words, size: int) -> tuple[Array, Array]:
    """Return per row whether two texts are equal, and whether both are known."""
    left, right = (_as_codes(side, constants, size) for side in (a, b))
    left_ids, right_ids = left.words.numbered(right.words)
    return left_ids[left.codes] == right_ids[right.codes], left.given & right.given
