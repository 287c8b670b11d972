"""Facts of many transactions as columns: read and checked by the very functions that read one document.

What is plainly right (a whole number that is not negative, text without a pattern) is taken as it is; every other
distinct value goes through :func:`penstock.terms.documents.read_facts` once, which decides what it is or what is wrong.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
from attrs import frozen

from penstock.rulebook.arrays import Array, Codes, Held, Words, column_of, given_rows, take_rows
from penstock.rulebook.fixedpoint import Numbers, Spill, exact_numbers, pick_numbers, rows_of
from penstock.terms.documents import read_facts
from penstock.terms.errors import BadDocument, PenstockError, UnknownFact
from penstock.terms.suggest import nearest
from penstock.terms.vocabulary import FactSpec, vocabulary

__all__ = [
    "ERROR_CODES",
    "NO_ERROR",
    "Coding",
    "FactColumn",
    "coded_column",
    "document",
    "fact_column",
    "first_faults",
    "float_column",
    "name_errors",
    "truth_column",
    "whole_column",
]

ERROR_CODES: tuple[str, ...] = vocabulary().output_enums["error_code"]
NO_ERROR = -1
_DIGITS = 1e15  # a double with at most fifteen digits is the decimal that prints as it
_LARGE, _THOUSAND = 1 << 31, 1_000
_INT64_MAX = 2**63 - 1
_PLACES = (0, 1, 2, 4)
_LOOK = 1 << 20  # rows looked at at a time for one that has no value
_PLACES_MAX = 22  # ten to this power is the largest that a double holds exactly


@frozen(eq=False)
class Coding:
    """Values given by codes: one per row, -1 where it is absent, into values of which the last is the absent one.

    ``faults`` and ``lost`` are those of the values.
    """

    codes: Array
    values: Held
    faults: Array | None = None
    lost: Array | None = None

    @property
    def size(self) -> int:
        """Return how many values there are, with the absent one."""
        found: int = len(self.values if isinstance(self.values, np.ndarray) else self.values.given)
        return found


@frozen(eq=False)
class FactColumn:
    """One fact for all rows: values, which rows are at fault (a place in ``ERROR_CODES``, or -1) or too long to hold.

    ``raw`` gives the value of a row as a document would; ``coding`` is there where few distinct values occur.
    """

    name: str
    size: int
    raw: Callable[[int], Any]
    plain: Held = None
    plain_faults: Array | None = None
    plain_lost: Array | None = None
    coding: Coding | None = None

    def held(self, rows: Any) -> Held:
        """Return the values of some rows, by index or slice."""
        if self.coding is None:
            return take_rows(self.plain, rows)
        return take_rows(self.coding.values, rows_of(self.coding.codes, rows))

    @property
    def faults(self) -> Array | None:
        """Return which rows are at fault, None where none is."""
        if self.coding is None:
            return self.plain_faults
        return None if self.coding.faults is None else self.coding.faults[self.coding.codes]

    def lost(self, rows: Any) -> Array | None:
        """Return which of some rows are too long to hold, None where none is."""
        if self.coding is None:
            return None if self.plain_lost is None else rows_of(self.plain_lost, rows)
        return None if self.coding.lost is None else self.coding.lost[rows_of(self.coding.codes, rows)]

    @property
    def absent(self) -> bool:
        """Say whether no row has a value."""
        return self.coding is None and self.plain is None

    @property
    def faulty(self) -> bool:
        """Say whether a row may be at fault."""
        return (self.plain_faults if self.coding is None else self.coding.faults) is not None

    @cached_property
    def lacking(self) -> bool:
        """Say whether a row may have no value."""
        if self.coding is None:
            return not isinstance(self.plain, Numbers) or self.plain.known is not None
        if not np.all(given_rows(self.coding.values)[:-1]):  # type: ignore[index]
            return True
        codes = self.coding.codes
        return any(codes[start : start + _LOOK].min() < 0 for start in range(0, len(codes), _LOOK))


def name_errors(name: str, before: Sequence[str]) -> list[PenstockError]:
    """Return what is wrong with the name of a column: it is no fact, or was given ``before``."""
    words = vocabulary()
    if name not in words.facts:
        near = nearest(name, words.facts) or nearest(words.shorthands.get(name, name), words.facts)
        return [UnknownFact(f"{name} is not a fact", at=name, nearest=near, hint="`penstock facts` lists every name.")]
    return [BadDocument(f"The column {name} is given twice", at=name)] if name in before else []


def fact_column(name: str, values: Any) -> FactColumn:
    """Return the column of a fact from a sequence (None: absent), a numpy array or :class:`Codes` over raw values."""
    spec = vocabulary().facts[name]
    if isinstance(values, FactColumn):
        return values
    if isinstance(values, Codes):
        return coded_column(spec, values.codes, values.words.values)
    kind = values.dtype.kind if isinstance(values, np.ndarray) else "O"
    if kind == "b" and spec.type == "bool":
        return truth_column(spec, values.view(np.int8), lambda row: bool(values[row]))
    if kind in "iu" and spec.type in ("int", "number") and values.dtype != np.uint64:
        return whole_column(spec, values.astype(np.int64, copy=False), 1, None, lambda row: int(values[row]))
    if kind == "f" and values.dtype == np.float64 and spec.type in ("int", "number"):
        return float_column(spec, values, None, lambda row: float(values[row]))
    return coded_column(spec, *_dictionary(values.tolist() if isinstance(values, np.ndarray) else values))


def _dictionary(values: Sequence[Any]) -> tuple[Array, list[Any]]:
    """Return one code per value into the distinct values; -1 where a value is None."""
    ids: dict[Any, int] = {}
    raws: list[Any] = []
    codes = np.full(len(values), -1, np.int32)
    for row, value in enumerate(values):
        if value is not None:
            key = (type(value), value if isinstance(value, (str, int, float, Fraction, dt.date)) else repr(value))
            if key not in ids:
                ids[key] = len(raws)
                raws.append(value)
            codes[row] = ids[key]
    return codes, raws


def _read(name: str, raw: Any) -> tuple[Any, int]:
    """Return the checked value of a fact and no error, or None and the error."""
    try:
        return read_facts({name: raw}).values.get(name), NO_ERROR
    except PenstockError as error:
        return None, ERROR_CODES.index(error.code)


def truth_column(spec: FactSpec, codes: Array, raw: Callable[[int], Any]) -> FactColumn:
    """Return the column of a bool fact given by codes: 0 false, 1 true, -1 absent."""
    return FactColumn(spec.name, len(codes), raw, coding=Coding(codes, np.array([0, 3, 1], np.uint8)))


def coded_column(spec: FactSpec, codes: Array, raws: Sequence[Any]) -> FactColumn:
    """Return the column of a fact given by codes (-1: absent) into raw values, each read once."""

    def raw(row: int) -> Any:
        return raws[codes[row]] if codes[row] >= 0 else None

    if spec.type == "string" and not spec.pattern and set(map(type, raws)) <= {str}:
        texts = Codes(np.append(np.arange(len(raws), dtype=np.int32), np.int32(-1)), Words(raws))
        return FactColumn(spec.name, len(codes), raw, coding=Coding(codes, texts) if raws else None)
    pairs = [_read(spec.name, value) for value in raws]
    values, found = [value for value, _ in pairs], np.array([error for _, error in pairs], np.int8)
    held, lost = column_of([*values, None], spec.type)
    faults = None if (found == NO_ERROR).all() else np.append(found, np.int8(NO_ERROR))
    if held is None:  # no value is there, or none that could be read
        return FactColumn(spec.name, len(codes), raw, plain_faults=None if faults is None else faults[codes])
    return FactColumn(spec.name, len(codes), raw, coding=Coding(codes, held, faults, lost))


def whole_column(spec: FactSpec, num: Array, den: Any, known: Array | None, raw: Callable[[int], Any]) -> FactColumn:
    """Return the column of numbers ``num / den``, with 0 where ``known`` says that a row is absent."""
    faults = None
    peak = int(num.view(np.uint64).max(initial=0))  # a number below zero shows as a very large one
    if (odd := _odd(spec, num, den, below=peak > _INT64_MAX)) is not None:
        values, places = np.unique(num[odd], return_inverse=True)
        found = np.array([_read(spec.name, Fraction(int(value)) / den)[1] for value in values], np.int8)
        faults = np.full(len(num), NO_ERROR, np.int8)
        faults[odd] = found[places]
        num = np.where(odd, 0, num)
        peak = int(num.max(initial=0))
    held = _shortened(Numbers(num, den, known, peak))
    return FactColumn(spec.name, len(num), raw, held if known is None or known.any() else None, faults)


def _odd(spec: FactSpec, num: Array, den: Any, *, below: bool) -> Array | None:
    """Return the rows whose number the fact may not have, None where there is none; ``below`` says that one is below zero."""
    found = []
    if below:
        found.append(num < 0)
    if spec.unit == "fraction":
        found.append(num > math.floor(den))
    if spec.type == "int" and den != 1:
        found.append(num % Fraction(den).numerator != 0)
    odd: Array | None = np.logical_or.reduce(found) if found else None
    return odd if odd is not None and odd.any() else None


def _shortened(numbers: Numbers) -> Numbers:
    """Return large round numbers without the zeros they share, so that products of them still fit."""
    while numbers.peak > _LARGE and not (numbers.num % _THOUSAND).any():
        den = Fraction(numbers.den, _THOUSAND)
        numbers = Numbers(numbers.num // _THOUSAND, den, numbers.known, numbers.peak // _THOUSAND)
    return numbers


def float_column(spec: FactSpec, values: Array, known: Array | None, raw: Callable[[int], Any]) -> FactColumn:
    """Return the column of numbers that doubles stand for: each its shortest decimal."""
    filled = values if known is None else np.where(known, values, 0.0)
    num, den, clear = _decimals(filled)
    plain = whole_column(spec, num, den, known, raw)
    if clear.all():
        return plain
    unclear, places = np.unique(filled[~clear], return_inverse=True)
    pairs = [_read(spec.name, float(value)) for value in unclear]
    numbers, too_long = exact_numbers([value for value, _ in pairs])
    place_of = np.zeros(len(values), np.int64)
    place_of[~clear] = places
    faults = np.full(len(values), NO_ERROR, np.int8) if plain.plain_faults is None else plain.plain_faults
    faults[~clear] = np.array([error for _, error in pairs], np.int8)[places]
    lost = Spill(len(values))
    if too_long is not None:
        lost.mark(~clear & too_long[place_of])
    held = pick_numbers(clear, plain.plain, numbers.take(place_of), lost)
    return FactColumn(spec.name, len(values), raw, held, faults, lost.rows)


def _decimals(values: Array) -> tuple[Array, Any, Array]:
    """Return doubles as whole numbers over a power of ten, that power, and the rows where that is the shortest decimal."""
    finite = np.isfinite(values)
    safe = values if finite.all() else np.where(finite, values, 0.0)
    top = float(np.abs(safe).max(initial=0.0))
    places = [*_PLACES, min(max(math.floor(14.9 - math.log10(top)), -_PLACES_MAX), _PLACES_MAX) if top else 0]
    best: tuple[Array, int, Array] | None = None
    for place in places:
        power = 10.0 ** abs(place)
        whole = np.rint(safe * power if place >= 0 else safe / power)
        back = whole / power if place >= 0 else whole * power
        clear = finite & (back == safe) & (np.abs(whole) < _DIGITS)
        if best is None or np.count_nonzero(clear) > np.count_nonzero(best[2]):
            best = whole, place, clear
        if clear.all():
            break
    assert best is not None
    whole, place, clear = best
    num = np.where(clear, whole, 0).astype(np.int64)
    return num, 10**place if place >= 0 else Fraction(1, 10**-place), clear


def first_faults(columns: Sequence[FactColumn], size: int) -> Array:
    """Return the first error of each row in the order of the columns, or -1."""
    errors = np.full(size, NO_ERROR, np.int8)
    for column in columns:
        if column.faults is not None:
            errors = np.where(errors == NO_ERROR, column.faults, errors)
    return errors


def document(columns: Sequence[FactColumn], row: int) -> Mapping[str, Any]:
    """Return a row as a document of dotted names."""
    found = ((column.name, column.raw(row)) for column in columns)
    return {name: value for name, value in found if value is not None}
