"""Holdings of a whole graph as columns: read from rows with their dates, every row that cannot be used reported."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import count, islice
from typing import Any

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from penstock.terms.dates import parse_date
from penstock.terms.errors import BadDate, BadDocument
from penstock.terms.suggest import nearest

__all__ = ["COLUMNS", "WHOLE", "Holdings", "RowFault", "read_holdings"]

COLUMNS = ("owner", "owned", "basis_points", "from", "until")
WHOLE = 10_000  # the whole, in basis points
_OPEN = -1  # a share that is not known
_CHUNK = 1 << 14
_FAULTS_MAX = 1000


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
    owner: NDArray[np.int32]
    owned: NDArray[np.int32]
    share: NDArray[np.int32]
    faults: tuple[RowFault, ...] = ()
    left_out: int = 0
    other_days: int = 0
    numbers: dict[str, int] = field(factory=dict, repr=False)

    def number(self, name: str) -> int | None:
        """Return the position of a name, None where no row names it."""
        return self.numbers.get(name)


class _Reader:
    """Rows to columns, in chunks: a chunk in which every row is plain is taken at once, any other row by row."""

    def __init__(self, places: Sequence[int | None], on: dt.date) -> None:
        self.places, self.on = places, on
        self.numbers: dict[str, int] = defaultdict(count().__next__)
        self.columns: list[NDArray[np.int32]] = []
        self.faults: list[RowFault] = []
        self.left_out = self.other_days = 0

    def fault(self, line: int, code: str, message: str, value: str = "", *, left_out: bool = True) -> None:
        self.left_out += left_out
        if len(self.faults) < _FAULTS_MAX:
            self.faults.append(RowFault(line, code, message, value[:200]))

    def take(self, rows: list[list[str]], first: int) -> None:
        kept = self._plain(rows)
        if kept is None:
            usable = [one for i, row in enumerate(rows) if (one := self._one(row, first + i)) is not None]
            kept = tuple(zip(*usable, strict=True)) if usable else ((), (), ())
        number = self.numbers.__getitem__
        owner, owned = (np.fromiter(map(number, names), np.int32, len(names)) for names in kept[:2])
        for row in np.flatnonzero(owner == owned).tolist():
            self.fault(first + row, "conflicting_facts", "an entity cannot count toward its own ownership", kept[0][row])
        apart = owner != owned
        self.columns.append(np.stack([owner[apart], owned[apart], np.asarray(kept[2], np.int32)[apart]]))

    def _plain(self, rows: list[list[str]]) -> tuple[Sequence[Any], ...] | None:
        """Return the three columns of rows that need no second look, None where one does."""
        owner, owned, share, start, end = self.places
        if len(set(map(len, rows))) != 1 or owner is None or owned is None or share is None:
            return None
        columns = list(zip(*rows, strict=True))
        if max(owner, owned, share, start or 0, end or 0) >= len(columns):
            return None
        if any(place is not None and any(columns[place]) for place in (start, end)) or not all(
            map(str.isdecimal, columns[share])
        ):
            return None
        points = list(map(int, columns[share]))
        left, right = list(map(str.strip, columns[owner])), list(map(str.strip, columns[owned]))
        return (left, right, points) if all(left) and all(right) and max(points) <= WHOLE else None

    def _one(self, row: list[str], line: int) -> tuple[str, str, int] | None:
        """Return one row as owner, owned and basis points, or None with a fault."""
        if not any(cell.strip() for cell in row):
            return None
        owner, owned, share, start, end = (row[p].strip() if p is not None and p < len(row) else "" for p in self.places)
        if not owner or not owned:
            self.fault(line, "missing_required", f"the row names no {'owned entity' if owner else 'owner'}")
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
            return _OPEN
        if text.isascii() and text.isdigit() and len(text) <= 5 and int(text) <= WHOLE:
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
    reader = _Reader(_places(next(lines, [])), on)
    line = 2
    for chunk in _chunks(lines):
        reader.take(chunk, line)
        line += len(chunk)
    table = np.concatenate(reader.columns, axis=1) if reader.columns else np.empty((3, 0), np.int32)
    names = list(reader.numbers)
    owner, owned, share = _distinct(table, names, reader)
    return Holdings(names, owner, owned, share, tuple(reader.faults), reader.left_out, reader.other_days,
                    dict(reader.numbers))  # fmt: skip


def _places(header: list[str]) -> list[int | None]:
    words = [word.strip().lstrip("\ufeff").casefold() for word in header]
    places = [words.index(name) if name in words else None for name in COLUMNS]
    for name, place in zip(COLUMNS[:3], places, strict=False):
        if place is None:
            raise BadDocument(f"The graph has no column {name!r}", at=name, value=",".join(header)[:200],
                              nearest=nearest(name, words), allowed=COLUMNS,
                              hint="The first line names the columns: owner,owned,basis_points,from,until.")  # fmt: skip
    return places


def _chunks(rows: Iterator[list[str]]) -> Iterator[list[list[str]]]:
    while chunk := list(islice(rows, _CHUNK)):
        yield chunk


def _distinct(table: NDArray[np.int32], names: list[str], reader: _Reader) -> NDArray[np.int32]:
    """Leave out rows that repeat a holding in full; two different stakes of one owner in one entity add up."""
    owner, owned, share = table
    key = (owner.astype(np.int64) * max(1, len(names)) + owned) * (WHOLE + 2) + (share + 1)
    order = np.argsort(key, kind="stable")
    ordered = key[order]
    again = order[1:][ordered[1:] == ordered[:-1]]
    if not len(again):
        return table
    for i in np.sort(again)[:_FAULTS_MAX].tolist():
        said = "no known share" if share[i] < 0 else f"{share[i]} basis points"
        what = f"{names[owner[i]]} holds {said} of {names[owned[i]]}: given more than once, counted once"
        reader.fault(0, "duplicate_row", what, left_out=False)
    keep = np.ones(table.shape[1], bool)
    keep[again] = False
    return table[:, keep]
