"""Values of many transactions at once: a plain value for all rows, truth values, dictionary codes or exact numbers.

A value that is the same in every row is kept as the plain Python value and costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

import numpy as np
from attrs import field, frozen

from penstock.rulebook.fixedpoint import Array, Numbers, Spill, exact_numbers, rows_of

__all__ = [
    "Array",
    "Chunk",
    "Codes",
    "Held",
    "Memo",
    "Words",
    "alike",
    "column_of",
    "distinct",
    "given_rows",
    "pick_text",
    "same_text",
    "take_rows",
]

Held = Any  # a plain Python value for all rows, a uint8 array of truth values, Codes or Numbers
_TABLE_MAX = 1 << 22
_SLOT_BITS = 18
_MIXED = np.uint64(0x9E3779B97F4A7C15)


class Memo:
    """Things made once and kept, as long as the memo itself."""

    __slots__ = ("_kept",)

    def __init__(self) -> None:
        self._kept: dict[Hashable, Any] = {}

    def kept(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """Return what ``make`` gives, made once per key."""
        if key not in self._kept:
            self._kept[key] = make()
        return self._kept[key]


class Words(Memo):
    """A dictionary of values, with the lookup tables made over it."""

    __slots__ = ("values",)

    def __init__(self, values: Sequence[Any]) -> None:
        super().__init__()
        self.values = tuple(values)

    @property
    def known(self) -> Array:
        """Return the code of each word, -1 where it is absent, and -1 at the end, where the code of an absent value points."""
        codes = (-1 if value is None else code for code, value in enumerate(self.values))
        return self.kept("known", lambda: np.array([*codes, -1], np.int32))  # type: ignore[no-any-return]

    def truths(self, key: Hashable, test: Callable[[Any], int]) -> Array:
        """Return the truth value of each word, and unknown at the end, where the code of an absent value points."""
        return self.kept(key, lambda: np.array([*map(test, self.values), 1], np.uint8))  # type: ignore[no-any-return]

    def mapped(self, key: Hashable, change: Callable[[Any], Any]) -> Words:
        """Return the dictionary of the changed words, in the same order."""
        return self.kept(key, lambda: Words([change(value) for value in self.values]))  # type: ignore[no-any-return]


@frozen(eq=False)
class Codes:
    """Texts or lists, one code per row into a dictionary; -1 is absent."""

    codes: Array
    words: Words

    def take(self, rows: Any) -> Codes:
        """Return some of the rows, by index or slice."""
        return Codes(rows_of(self.codes, rows), self.words)

    @property
    def given(self) -> Array:
        """Return which rows hold a value."""
        return np.greater_equal(self.codes, 0)

    def value(self, row: int) -> Any:
        """Return the value of a row, or None."""
        code = self.codes[row]
        return self.words.values[code] if code >= 0 else None


@frozen(eq=False)
class Chunk:
    """Some transactions as columns: facts by name (missing or None: absent in all), roles, days of the act, size.

    A bool fact is an array of truth values, 1 where it is absent; a date is the ordinal of its day.  Chunks that
    share their dictionaries may share a memo.
    """

    facts: Mapping[str, Held]
    roles: Mapping[str, Held]
    on: Held
    size: int
    memo: Memo = field(factory=Memo)
    spill: Spill = field(init=False)

    @spill.default
    def _no_spill(self) -> Spill:
        return Spill(self.size)


def given_rows(held: Held) -> Array | bool:
    """Return which rows of a column hold a value; one bool where the column is one value."""
    if isinstance(held, (Codes, Numbers)):
        return held.given
    if isinstance(held, np.ndarray):
        return np.not_equal(held, 1)
    return held is not None


def column_of(values: Sequence[Any], type: str) -> tuple[Held, Array | None]:
    """Return checked values (None: absent) as a column, and which rows it cannot hold exactly (None: holds all).

    ``type`` is the fact type of the vocabulary.
    """
    if all(value is None for value in values):
        return None, None
    if type == "bool":
        return np.array([1 if value is None else 3 if value else 0 for value in values], np.uint8), None
    if type == "date":
        return exact_numbers([None if value is None else value.toordinal() for value in values])
    if type in ("int", "number"):
        return exact_numbers(values)
    ids: dict[Any, int] = {None: -1}
    codes = np.array([ids.setdefault(value, len(ids) - 1) for value in values], np.int32)
    return Codes(codes, Words([value for value in ids if value is not None])), None


def take_rows(held: Held, rows: Any) -> Held:
    """Return some rows of a column, by index or slice."""
    return (
        held.take(rows) if isinstance(held, (Codes, Numbers)) else rows_of(held, rows) if isinstance(held, np.ndarray) else held
    )


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


def alike(columns: Sequence[Array]) -> tuple[Array, Array]:
    """Return the first row of each distinct combination of whole numbers, in order, and for every row its combination's place.

    >>> [found.tolist() for found in alike([np.array([7, 3, 7, 7]), np.array([0, 0, 0, 1])])]
    [[0, 1, 3], [0, 1, 0, 2]]
    """
    total = np.zeros(len(columns[0]), np.uint64)
    for column in columns:
        total = (total ^ column.astype(np.uint64)) * _MIXED
        total ^= total >> np.uint64(29)
    slots = (total >> np.uint64(64 - _SLOT_BITS)).astype(np.int64)
    row_of = np.empty(1 << _SLOT_BITS, np.int64)  # only slots that a row has are read
    numbers = np.arange(len(total))
    row_of[slots[::-1]] = numbers[::-1]
    stands = row_of[slots]
    if all((column[stands] == column).all() for column in columns):
        rows = np.flatnonzero(stands == numbers)
        row_of[slots[rows]] = numbers[: len(rows)]
        return rows, row_of[slots]
    _, first, places = np.unique(np.stack(columns), axis=1, return_index=True, return_inverse=True)  # two share a slot
    order = np.argsort(first)
    place_of = np.empty(len(first), np.int64)
    place_of[order] = np.arange(len(first))
    return first[order], place_of[places.reshape(-1)]


def _as_codes(value: Any, memo: Memo, size: int) -> Codes:
    if isinstance(value, Codes):
        return value
    words = memo.kept(("constant", value), lambda: Words(() if value is None else (value,)))
    return Codes(np.full(size, -1 if value is None else 0, np.int32), words)


def pick_text(first: Array, a: Any, b: Any, memo: Memo) -> Codes:
    """Return the rows of ``a`` where ``first`` holds, else those of ``b``; either may be a constant or None."""
    left, right = (_as_codes(side, memo, len(first)) for side in (a, b))
    if left.words is right.words or not right.words.values:
        return Codes(np.where(first, left.codes, right.codes), left.words)
    if not left.words.values:
        return Codes(np.where(first, left.codes, right.codes), right.words)
    words = memo.kept(("both", left.words, right.words), lambda: Words(left.words.values + right.words.values))
    moved = np.where(right.codes >= 0, right.codes + np.int32(len(left.words.values)), np.int32(-1))
    return Codes(np.where(first, left.codes, moved), words)


def same_text(a: Any, b: Any, memo: Memo, size: int) -> tuple[Array, Array]:
    """Return per row whether two texts are equal, and whether both are known."""
    left, right = (_as_codes(side, memo, size) for side in (a, b))
    left_ids, right_ids = memo.kept(("same", left.words, right.words), lambda: _numbered(left.words, right.words))
    return left_ids.take(left.codes) == right_ids.take(right.codes), left.given & right.given


def _numbered(*dictionaries: Words) -> list[Array]:
    """Return, for each word of each dictionary, one number per distinct value."""
    ids: dict[Any, int] = {}
    return [np.array([*(ids.setdefault(v, len(ids)) for v in words.values), -1]) for words in dictionaries]
