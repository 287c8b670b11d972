"""Rows of holdings read from plain bytes, block by block: whole columns at once, and only lines that are not plain one by one.

The answer is that of ``read_holdings`` row for row; text in which lines cannot be told apart without reading every cell, that
is with quotes, other line ends or bytes that are no UTF-8, is left to it.
"""

from __future__ import annotations

import codecs
import datetime as dt
from collections.abc import Iterator
from typing import Any

import numpy as np
from attrs import define, field, frozen
from numpy.typing import NDArray

from penstock.screening.holdings import CHUNK, OPEN, WHOLE, Holdings, RowReader, places_of, settled
from penstock.screening.spelled import Bytes, Spelled, Words, first_of, keys_of, words_of

__all__ = ["read_plain"]

_BLOCK = 1 << 21
_PAD = 16
_DIGITS_MAX = 5
_BLANKS = (b"\xc2\x85", b"\xc2\xa0", b"\xe1\x9a\x80", b"\xe2\x80", b"\xe2\x81\x9f", b"\xe3\x80\x80")  # blanks beyond ASCII

Places = NDArray[np.int64]
Flags = NDArray[np.bool_]


@define(eq=False)
class _Table:
    """Rows that stand on the day: where the names of owner and owned are, their shares and their lines, from 0 on."""

    start: Places
    size: Places
    share: NDArray[np.int32]
    line: NDArray[np.int32]
    rows: int = 0

    @classmethod
    def room(cls, rows: int, size: int) -> _Table:
        """Return room for so many rows of a text of so many bytes."""
        narrow = np.int32 if size < 1 << 31 else np.int64
        return cls(np.empty((2, rows), narrow), np.empty((2, rows), narrow), np.empty(rows, np.int32), np.empty(rows, np.int32))

    def add(self, start: Places, size: Places, share: NDArray[Any], line: NDArray[Any]) -> None:
        """Write more rows."""
        to = slice(self.rows, self.rows + len(line))
        self.start[:, to], self.size[:, to], self.share[to], self.line[to] = start, size, share, line
        self.rows = to.stop


@frozen(eq=False)
class _Text:
    """The bytes of a table with what lies before its rows read: the places of its columns and how many there are."""

    data: Bytes
    words: Words
    end: int
    columns: int
    places: tuple[int | None, ...]
    returns: bool
    reader: RowReader
    odd: list[tuple[int, int, int]] = field(factory=list)


def read_plain(data: bytearray, *, on: dt.date) -> Holdings | None:
    r"""Return the holdings of a CSV text that stand on a day, None where it is not plain enough to be read this way.

    ``data`` is used up.  Raises BadDocument where a needed column is missing.

    >>> found = read_plain(bytearray(b"owner,owned,basis_points\nL,A,5000\nA,B,\nA,C,12000\n"), on=dt.date(2025, 10, 20))
    >>> list(found.names), found.share.tolist(), [(fault.line, fault.code) for fault in found.faults]
    (['L', 'A', 'B'], [5000, -1], [(4, 'bad_number')])
    >>> read_plain(bytearray(b'owner,owned,basis_points\n"L, Ltd",A,5000\n'), on=dt.date(2025, 10, 20)) is None
    True
    """
    if not _is_plain(data):
        return None
    if not data.endswith(b"\n"):
        data += b"\n"
    end, after = len(data), data.index(b"\n") + 1
    returns = b"\r" in data
    header = data[:after].decode("utf-8-sig").rstrip("\r\n").split(",")
    data += bytes(_PAD)
    places = places_of(header)
    array = np.frombuffer(data, np.uint8)
    text = _Text(array, words_of(array), end, len(header), tuple(places), returns, RowReader(places, on))
    table, line = _Table.room(data.count(b"\n", after, end), end), 0
    for first, last in _blocks(data, after, end):
        line += _read_block(text, table, first, last, line)
    return _holdings(text, table)


def _is_plain(data: bytearray) -> bool:
    if not data or data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b'"' in data or b"\0" in data:
        return False
    if b"\r" in data and data.count(b"\r") != data.count(b"\r\n"):
        return False
    return data.isascii() or (_is_utf8(data) and not any(blank in data for blank in _BLANKS))


def _is_utf8(data: bytearray) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    with memoryview(data) as view:
        try:
            for at in range(0, len(view), _BLOCK):
                decoder.decode(view[at : at + _BLOCK])
            decoder.decode(b"", True)
        except UnicodeDecodeError:
            return False
    return True


def _blocks(data: bytearray, first: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the bounds of blocks of whole lines."""
    while first < end:
        last = data.rfind(b"\n", first, first + _BLOCK) + 1 if first + _BLOCK < end else end
        last = last or data.index(b"\n", first + _BLOCK) + 1  # one line longer than a block
        yield first, last
        first = last


# ---- one block


def _read_block(text: _Text, table: _Table, first: int, last: int, line: int) -> int:
    """Write the plain rows of a block; return how many lines it has; lines that are not plain are noted as odd."""
    block = text.data[first:last]
    stops = np.flatnonzero((block == 44) | (block == 10)) + first
    ends = text.data[stops] == 10
    columns = text.columns
    if len(stops) % columns == 0 and np.count_nonzero(ends) * columns == len(stops) and ends[columns - 1 :: columns].all():
        cells = stops.reshape(-1, columns)
        begin, lines, number = np.concatenate(([first], cells[:-1, -1] + 1)), len(cells), None
    else:
        cells, begin, number, lines = _regular(text, stops, ends, first, line)
    start, size = _columns(text, cells, begin)
    plain, share, stands = _values(text, start, size)
    at = np.arange(lines) if number is None else number
    for row in np.flatnonzero(~plain).tolist():
        text.odd.append((line + int(at[row]), int(begin[row]), int(cells[row, -1])))
    keep = plain & stands
    text.reader.other_days += int(np.count_nonzero(plain & ~stands))
    if keep.all():
        table.add(start[:2], size[:2], share, at + line)
    else:
        table.add(start[:2, keep], size[:2, keep], share[keep], at[keep] + line)
    return lines


def _regular(text: _Text, stops: Places, ends: Flags, first: int, line: int) -> tuple[Places, Places, Places, int]:
    """Return the cells of the lines that have as many as the header, their first bytes and their numbers in the block."""
    last = np.flatnonzero(ends)
    before = np.concatenate(([0], last[:-1] + 1))
    begin = np.concatenate(([first], stops[last[:-1]] + 1))
    regular = last - before + 1 == text.columns
    for row in np.flatnonzero(~regular).tolist():
        text.odd.append((line + row, int(begin[row]), int(stops[last[row]])))
    cells = stops[before[regular][:, None] + np.arange(text.columns)]
    return cells, begin[regular], np.flatnonzero(regular), len(last)


def _columns(text: _Text, cells: Places, begin: Places) -> tuple[Places, Places]:
    """Return where owner, owned, share, from and until begin in each row and how long they are; 0 for a column not there."""
    start, size = (np.zeros((len(text.places), len(cells)), np.int64) for _ in range(2))
    for column, place in enumerate(text.places):
        if place is not None:
            start[column] = cells[:, place - 1] + 1 if place else begin
            size[column] = cells[:, place] - start[column]
            if text.returns and place == text.columns - 1:
                size[column] -= (size[column] > 0) & (text.data[cells[:, place] - 1] == 13)
    return start, size


def _values(text: _Text, start: Places, size: Places) -> tuple[Flags, NDArray[np.int32], Flags]:
    """Return which rows are plain, their shares, and which of them stand on the day."""
    plain = size[2] <= _DIGITS_MAX
    for side in (0, 1):
        first, last = text.data[start[side]], text.data[start[side] + np.maximum(size[side] - 1, 0)]
        plain &= (size[side] > 0) & (first > 32) & (last > 32)
    share, whole = _whole_numbers(text.words[start[2]], np.minimum(size[2], 8))
    plain &= whole & (share <= WHOLE)
    stands = np.ones(start.shape[1], bool)
    day = text.reader.on.year * 10_000 + text.reader.on.month * 100 + text.reader.on.day
    dated = np.flatnonzero((size[3] > 0) | (size[4] > 0))
    if len(dated):
        since, until = (_days(text, start[side, dated], size[side, dated]) for side in (3, 4))
        since, until = np.where(size[3, dated] > 0, since, 0), np.where(size[4, dated] > 0, until, 99_999_999)
        plain[dated] &= (since >= 0) & (until >= 0) & (since < until)
        stands[dated] = (since <= day) & (day < until)
    return plain, np.where(size[2] > 0, share, OPEN).astype(np.int32), stands


def _whole_numbers(word: NDArray[np.uint64], size: Places) -> tuple[Places, Flags]:
    """Return the numbers that up to eight figures at the start of eight bytes make, and whether they are figures."""
    bits = (size * 8).astype(np.uint64)
    word = (word << (np.uint64(64) - bits)) | (np.uint64(0x3030303030303030) >> bits)
    word = np.where(size == 0, np.uint64(0x3030303030303030), word)
    high, six = np.uint64(0xF0F0F0F0F0F0F0F0), np.uint64(0x0606060606060606)
    zeros = np.uint64(0x3030303030303030)
    figures = ((word & high) == zeros) & (((word + six) & high) == zeros)
    word = ((word & np.uint64(0x0F0F0F0F0F0F0F0F)) * np.uint64(2561)) >> np.uint64(8)
    word = ((word & np.uint64(0x00FF00FF00FF00FF)) * np.uint64(6553601)) >> np.uint64(16)
    word = ((word & np.uint64(0x0000FFFF0000FFFF)) * np.uint64(42949672960001)) >> np.uint64(32)
    return word.astype(np.int64), figures


def _days(text: _Text, start: Places, size: Places) -> Places:
    """Return dates as YYYYMMDD, -1 for what is no date."""
    cells = np.lib.stride_tricks.as_strided(text.data, (len(text.data) - 9, 10), (1, 1))[start]
    figures = cells[:, [0, 1, 2, 3, 5, 6, 8, 9]].astype(np.int64) - 48
    value = figures @ (10 ** np.arange(7, -1, -1))
    year, month, day = value // 10_000, value // 100 % 100, value % 100
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    days = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])[np.where(month <= 12, month, 0)]
    good = (size == 10) & (cells[:, 4] == 45) & (cells[:, 7] == 45) & ((figures >= 0) & (figures <= 9)).all(axis=1)
    good &= (year > 0) & (day > 0) & (day <= days + (leap & (month == 2)))
    return np.where(good, value, -1)


# ---- all blocks


def _holdings(text: _Text, table: _Table) -> Holdings:
    """Put the plain rows and the odd lines that can be used after all together, and number the names."""
    data = _add_odd(text, table)
    start, size = table.start[:, : table.rows], table.size[:, : table.rows]
    share, line = table.share[: table.rows], table.line[: table.rows]
    if data is not text.data:
        order = np.argsort(line, kind="stable")
        start, size, share, line = start[:, order], size[:, order], share[order], line[order]
    sides = _sides(line)
    where, long = start.ravel()[sides], size.ravel()[sides]
    del start, size
    table.start = table.size = np.empty((2, 0), np.int32)
    names = Spelled.of(data, where, long)
    rep = first_of(keys_of(names), names)
    del names
    own = np.flatnonzero(rep == np.arange(len(rep), dtype=rep.dtype))
    number = np.empty(len(rep), np.int32)
    number[own] = np.arange(len(own), dtype=np.int32)
    numbers = np.empty(len(rep), np.int32)
    numbers[sides] = number[rep]
    owner, owned = numbers.reshape(2, -1)
    return settled(Spelled.of(data, where[own], long[own]), owner, owned, share.copy(), line + 2, text.reader)


def _sides(line: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return the order in which names are numbered: of every chunk of lines the owners, then what they own."""
    rows = len(line)
    bounds = np.searchsorted(line, np.arange(0, (line[-1] if rows else -1) + 1 + CHUNK, CHUNK))
    spans = zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True)
    pieces = [np.arange(a + side, b + side, dtype=np.int32) for a, b in spans for side in (0, rows)]
    return np.concatenate([*pieces, np.empty(0, np.int32)])


def _add_odd(text: _Text, table: _Table) -> Bytes:
    """Read the odd lines one by one and write those that can be used; return the bytes with their names."""
    found, extra = [], bytearray()
    for line, first, last in sorted(text.odd):
        row = bytes(text.data[first:last]).decode().rstrip("\r").split(",")
        one = text.reader.one(row, line + 2)
        if one is not None:
            owner, owned = (name.encode() for name in one[:2])
            at = len(text.data) + len(extra)
            found.append((at, at + len(owner), len(owner), len(owned), one[2], line))
            extra += owner + owned
    if not found:
        return text.data
    rows = np.array(found, np.int64).T
    table.add(rows[0:2], rows[2:4], rows[4], rows[5])
    return np.concatenate((text.data, np.frombuffer(bytes(extra) + bytes(_PAD), np.uint8)))
