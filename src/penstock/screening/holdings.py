"""Holdings of a whole graph as columns: read from rows with their dates, every row that cannot be used reported."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import count, islice
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from penstock.screening.spelled import Spelled, first_of
from penstock.terms.dates import parse_date
from penstock.terms.errors import BadDate, BadDocument
from penstock.terms.suggest import nearest

__all__ = ["CHUNK", "COLUMNS", "OPEN", "WHOLE", "Holdings", "RowFault", "RowReader", "places_of", "read_holdings", "settled"]

COLUMNS = ("owner", "owned", "basis_points", "from", "until")
WHOLE = 10_000  # the whole, in basis points
OPEN = -1  # a share that is not known
CHUNK = 1 << 14  # rows: names are numbered chunk by chunk, the owners of each before what they own
_FAULTS_MAX = 1000
_NAMES_AT_ONCE = 40_000_000  # a pair of names and a share are one 64-bit number up to here

Numbers = NDArray[np.int32]


@frozen
class RowFault:
    """A row that was not used, or used with a remark: its line in the file, what is wrong and the value."""

    line: int
    code: str
    message: str
    value: str = ""

    def document(self) -> dict[str, object]:
        """Return the fault as plain data."""
        return {"line": self.line, "code": self.code, "message": self.message, "value": self.value}


@frozen(eq=False)
class Holdings:
    """Every holding that stands on a day, as columns over numbered names.

    ``owner`` and ``owned`` are positions in ``names``; ``share`` is in basis points, -1 where it is not known.  ``faults``
    are the rows left out or remarked upon, at most 1,000 of them, ``left_out`` counts all that were left out.
    """

    names: Sequence[str]
    owner: Numbers
    owned: Numbers
    share: Numbers
    faults: tuple[RowFault, ...] = ()
    left_out: int = 0
    other_days: int = 0

    @cached_property
    def numbers(self) -> dict[str, int]:
        """Return the position of every name."""
        return {name: number for number, name in enumerate(self.names)}

    def find(self, names: Iterable[str]) -> dict[str, int]:
        """Return the positions of those names that a row names."""
        if isinstance(self.names, Spelled):
            return self.names.find(names)
        return {name: self.numbers[name] for name in names if name in self.numbers}


class RowReader:
    """What is read of rows for one day: each row as owner, owned and basis points, or a fault with its line."""

    def __init__(self, places: Sequence[int | None], on: dt.date) -> None:
        self.places, self.on = places, on
        self.faults: list[RowFault] = []
        self.left_out = self.other_days = 0

    def fault(self, line: int, code: str, message: str, value: str = "", *, left_out: bool = True) -> None:
        """Keep a fault, of the first thousand; count the row as left out."""
        self.left_out += left_out
        if len(self.faults) < _FAULTS_MAX:
            self.faults.append(RowFault(line, code, message, value[:200]))

    def plain(self, rows: list[list[str]]) -> tuple[Sequence[Any], ...] | None:
        """Return the three columns of rows that need no second look, None where one does."""
        owner, owned, share, start, end = self.places
        if len(set(map(len, rows))) != 1 or owner is None or owned is None or share is None:
            return None
        columns = list(zip(*rows, strict=True))
        if max(owner, owned, share, start or 0, end or 0) >= len(columns):
            return None
        if any(place is not None and any(columns[place]) for place in (start, end)) or not all(map(_is_points, columns[share])):
            return None
        points = list(map(int, columns[share]))
        left, right = list(map(str.strip, columns[owner])), list(map(str.strip, columns[owned]))
        return (left, right, points) if all(left) and all(right) and max(points) <= WHOLE else None

    def one(self, row: list[str], line: int) -> tuple[str, str, int] | None:
        """Return one row as owner, owned and basis points, or None with a fault, or for another day."""
        if not any(cell.strip() for cell in row):
            return None
        owner, owned, share, start, end = (row[p].strip() if p is not None and p < len(row) else "" for p in self.places)
        if not owner or not owned:
            self.fault(line, "missing_required", "the row names no owned entity" if owner else "the row names no owner")
            return None
        points = self._points(share, line)
        stands = self._stands(start, end, line) if points is not None else None
        if points is None or stands is None:
            return None
        if not stands:
            self.other_days += 1
            return None
        return owner, owned, points

    def _points(self, text: str, line: int) -> int | None:
        if not text:
            return OPEN
        if _is_points(text) and int(text) <= WHOLE:
            return int(text)
        self.fault(line, "bad_number", f"basis_points: {text[:40]!r} is no whole number from 0 to {WHOLE:,}", text)
        return None

    def _stands(self, start: str, end: str, line: int) -> bool | None:
        """Say whether a holding stands on the day; dates are half-open."""
        try:
            since = parse_date(start, "from") if start else None
            until = parse_date(end, "until") if end else None
        except BadDate as error:
            self.fault(line, error.code, error.message, str(error.value))
            return None
        if since and until and since >= until:
            self.fault(line, "conflicting_facts", "until is not after from", f"{start}..{end}")
            return None
        return (since is None or since <= self.on) and (until is None or self.on < until)


def _is_points(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 5


def read_holdings(rows: Iterable[list[str]], *, on: dt.date) -> Holdings:
    """Return the holdings of CSV rows that stand on a day; the first row names the columns.

    Columns are ``owner,owned,basis_points,from,until`` in any order, the last two may be missing; an empty
    ``basis_points`` is a share that is not known, dates are half-open and an empty one is open.  A row that cannot be used
    is reported with its line and left out, a row that says nothing new is reported; the rest loads.
    Raises BadDocument where a needed column is missing.

    >>> rows = [["owner", "owned", "basis_points"], ["L", "A", "5000"], ["A", "B", ""], ["A", "C", "12000"]]
    >>> found = read_holdings(rows, on=dt.date(2025, 10, 20))
    >>> found.names, found.share.tolist(), [(fault.line, fault.code) for fault in found.faults]
    (['L', 'A', 'B'], [5000, -1], [(4, 'bad_number')])
    """
    lines = iter(rows)
    reader = RowReader(places_of(next(lines, [])), on)
    numbers: dict[str, int] = defaultdict(count().__next__)
    columns = [np.empty((4, 0), np.int32)]
    line = 2
    while chunk := list(islice(lines, CHUNK)):
        columns.append(_taken(chunk, line, reader, numbers))
        line += len(chunk)
    owner, owned, share, at = np.concatenate(columns, axis=1)
    return settled(list(numbers), owner, owned, share, at, reader)


def _taken(rows: list[list[str]], first: int, reader: RowReader, numbers: dict[str, int]) -> Numbers:
    """Return a chunk of rows as columns: owner, owned, share and line; all at once where every row is plain."""
    kept = reader.plain(rows)
    lines: Sequence[int] = range(first, first + len(rows))
    if kept is None:
        read = [(one, line) for row, line in zip(rows, lines, strict=True) if (one := reader.one(row, line)) is not None]
        kept = tuple(zip(*(one for one, _ in read), strict=True)) if read else ((), (), ())
        lines = [line for _, line in read]
    number = numbers.__getitem__
    owner, owned = (np.fromiter(map(number, names), np.int32, len(names)) for names in kept[:2])
    return np.stack([owner, owned, np.asarray(kept[2], np.int32), np.asarray(lines, np.int32)])


def places_of(header: list[str]) -> list[int | None]:
    """Return where the columns stand, None for one that is not there; BadDocument where a needed one is missing."""
    words = [word.strip().lstrip("\ufeff").casefold() for word in header]
    places = [words.index(name) if name in words else None for name in COLUMNS]
    for name, place in zip(COLUMNS[:3], places, strict=False):
        if place is None:
            raise BadDocument(f"The graph has no column {name!r}", at=name, value=",".join(header)[:200],
                              nearest=nearest(name, words), allowed=COLUMNS,
                              hint="The first line names the columns: owner,owned,basis_points,from,until.")  # fmt: skip
    return places


def settled(names: Sequence[str], owner: Numbers, owned: Numbers, share: Numbers, line: Numbers, reader: RowReader) -> Holdings:
    """Return rows as holdings: an entity's stake in itself is left out, and a row that repeats another in full counts once."""
    apart = owner != owned
    own = np.flatnonzero(~apart)
    reader.left_out += len(own)
    what = "an entity cannot count toward its own ownership"
    faults = [RowFault(int(line[row]), "conflicting_facts", what, names[int(owner[row])][:200]) for row in own[:_FAULTS_MAX]]
    keep = apart & _first(owner, owned, share, len(names))
    for row in np.flatnonzero(apart & ~keep)[:_FAULTS_MAX].tolist():
        said = "no known share" if share[row] < 0 else f"{share[row]} basis points"
        what = f"{names[int(owner[row])]} holds {said} of {names[int(owned[row])]}: given more than once, counted once"
        faults.append(RowFault(int(line[row]), "duplicate_row", what))
    faults = sorted([*reader.faults, *faults], key=lambda fault: fault.line)[:_FAULTS_MAX]
    if not keep.all():
        owner, owned, share = owner[keep], owned[keep], share[keep]
    return Holdings(names, owner, owned, share, tuple(faults), reader.left_out, reader.other_days)


def _first(owner: Numbers, owned: Numbers, share: Numbers, names: int) -> NDArray[np.bool_]:
    """Flag the rows that no earlier row repeats in full; two different stakes of one owner in one entity add up."""
    pair = owner.astype(np.uint64) * np.uint64(max(1, names)) + owned.astype(np.uint64)
    if names > _NAMES_AT_ONCE:
        pair = first_of(pair).astype(np.uint64)
    first = first_of(pair * np.uint64(WHOLE + 2) + (share + 1).astype(np.uint64))
    flags: NDArray[np.bool_] = first == np.arange(len(first), dtype=first.dtype)
    return flags
