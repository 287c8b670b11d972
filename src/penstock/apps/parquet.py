"""Parquet in, Parquet out: one row of facts, one row of answers, in the same order.

It needs the extra ``bulk``.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

from attrs import frozen

from penstock.apps.cli.language import t
from penstock.apps.files import whole_file
from penstock.apps.journal import Journal
from penstock.decision.answers import Decisions
from penstock.decision.bulk import Days, decide_columns
from penstock.decision.fact_columns import FactColumn, name_errors
from penstock.decision.library import book
from penstock.rulebook import ACTUAL
from penstock.terms.dates import parse_date
from penstock.terms.errors import FileUnusable, PenstockError, UnknownFact, first_of
from penstock.terms.suggest import nearest
from penstock.terms.vocabulary import vocabulary

__all__ = ["Asked", "Work", "decide_parquet", "in_progress"]

_ID = "id"
_ROWS = 1 << 20
_LAST = dt.date(2100, 1, 1)


@frozen(eq=False)
class _Part:
    """Some rows of the file, read and checked."""

    columns: list[FactColumn]
    on: dt.date | Days
    ids: Any
    size: int


@frozen
class Asked:
    """What is asked of every row, and on how many threads."""

    known: dt.date | None
    regime: str
    switches: Mapping[str, Any] | None
    workers: int


class Work:
    """One file in work: read ahead, decided, and written behind, each on a thread of its own."""

    @classmethod
    def of(cls, source: str | Path, on: dt.date | str, asked: Asked) -> Work:
        """Return the work on a file; what is wrong with its columns is raised here."""
        pq, arrow = _arrow()
        schema = _read(source, lambda: pq.read_schema(source))
        on = _day_or_column(on, schema.names)
        _check(schema, on, arrow)
        return cls(source, pq, arrow, schema, on, asked)

    def __init__(self, source: str | Path, pq: Any, arrow: Any, schema: Any, on: dt.date | str, asked: Asked) -> None:
        self._source = source
        self._pq = pq
        self._arrow = arrow
        self._on = on
        self._asked = asked
        self._id = schema.field(_ID).type if _ID in schema.names else None
        texts = [name for name in schema.names if str(schema.field(name).type) in ("string", "large_string")]
        self._texts = [name for name in texts if name != _ID]
        self._answers = arrow.answer_schema(self._id)

    @contextmanager
    def opened(self, groups: Sequence[int] | None = None) -> Iterator[None]:
        """Have the file, or some of its row groups, open."""
        with _read(self._source, lambda: self._pq.ParquetFile(self._source, read_dictionary=self._texts)) as self._file:
            metadata = self._file.metadata
            self.runs = list(_runs(metadata, range(metadata.num_row_groups) if groups is None else groups))
            self.rows = sum(rows for _, rows in self.runs)
            yield

    @property
    def mark(self) -> bytes:
        """Return what tells this work from any other: the file, the question, the law and the version of Penstock."""
        stat = Path(self._source).stat()
        asked = (self._on, self._asked.known, self._asked.regime, sorted((self._asked.switches or {}).items()))
        days = [self._on] if isinstance(self._on, dt.date) else book().change_days(book().first_day, _LAST, self._asked.regime)
        law = [book().law(day, self._asked.known, self._asked.regime, self._asked.switches).hash for day in days]
        said = repr((version("penstock"), _ROWS, stat.st_size, stat.st_mtime_ns, self.runs, str(self._answers), asked, law))
        return hashlib.sha256(said.encode()).digest()

    def write(self, part: Path, journal: Journal | None) -> None:
        """Write the answers of all rows, those the journal has already from there."""
        statistics = [] if self._id is None else [_ID]
        plain = {_ID: "DELTA_BINARY_PACKED"} if str(self._id) in ("int32", "int64") else None
        dictionaries = [name for name in self._answers.names if name != _ID]
        options = {"write_statistics": statistics, "use_dictionary": dictionaries, "column_encoding": plain}
        with (
            self._pq.ParquetWriter(part, self._answers, **options) as writer,
            in_progress(self.rows) as advance,
            ThreadPoolExecutor(1) as behind,
        ):
            writing: Future[None] | None = None
            for found, ids, size in self._decided(journal):
                if writing is not None:
                    writing.result()
                table = self._arrow.answer_table(found, self._answers, ids)
                writing = behind.submit(writer.write_table, table, size)
                advance(size)
            if writing is not None:
                writing.result()

    def _decided(self, journal: Journal | None) -> Iterator[tuple[Decisions, Any, int]]:
        done = self._done(journal)
        if journal is not None and done:
            ids = self._batches(self.runs[:done], [_ID] if self._id is not None else [])
            for record, batch in zip(journal.records(), ids, strict=True):
                found = Decisions.unpacked(record)
                yield found, batch.column(_ID) if self._id is not None else None, len(found.columns["error_code"])
        parts = (_part(batch, self._on, self._arrow) for batch in self._batches(self.runs[done:]))
        asked = self._asked
        for rows in _ahead(parts):
            found = decide_columns(
                rows.columns, rows.on, asked.known, asked.regime, asked.switches,
                workers=asked.workers, size=rows.size, coming=self.rows,
            )  # fmt: skip
            if journal is not None:
                journal.add(found.packed())
            yield found, rows.ids, rows.size

    def _done(self, journal: Journal | None) -> int:
        """Return how many runs of row groups the journal has in full, and drop from it what it has of the next."""
        kept = done = 0
        if journal is not None:
            for _, rows in self.runs:
                if kept + -(-rows // _ROWS) > len(journal):
                    break
                kept, done = kept + -(-rows // _ROWS), done + 1
            journal.cut(kept)
        return done

    def _batches(self, runs: Sequence[tuple[tuple[int, ...], int]], columns: list[str] | None = None) -> Iterator[Any]:
        """Yield the rows of some row groups, ``_ROWS`` at a time, whatever pieces the file gives them in."""
        for groups, rows in runs:
            pieces = self._file.iter_batches(_ROWS, row_groups=list(groups), columns=columns)
            held: list[Any] = []
            for size in [_ROWS] * (rows // _ROWS) + [rows % _ROWS] * (rows % _ROWS > 0):
                while sum(piece.num_rows for piece in held) < size:
                    held.append(_read(self._source, partial(next, pieces)))
                found = self._arrow.joined(held)
                yield found.slice(0, size)
                held = [found.slice(size)]


def _runs(metadata: Any, of: Iterable[int]) -> Iterator[tuple[tuple[int, ...], int]]:
    """Yield consecutive row groups of about ``_ROWS`` rows together, and their number of rows."""
    groups: list[int] = []
    rows = 0
    for i in of:
        count = metadata.row_group(i).num_rows
        if groups and rows + count > _ROWS:
            yield tuple(groups), rows
            groups, rows = [], 0
        groups.append(i)
        rows += count
    if groups:
        yield tuple(groups), rows


@contextmanager
def _journal(work: Work, target: Path) -> Iterator[Journal | None]:
    """Give the journal of a run that is long enough to need one; it stays where the run is cut short."""
    if work.rows <= _ROWS:
        yield None
        return
    with Journal(target.with_name(f".{target.name}.resume"), work.mark) as journal:
        if len(journal):
            print(t("Going on where an earlier run was cut short, after {n} parts", n=len(journal)), file=sys.stderr)
        yield journal


def decide_parquet(
    source: str | Path, target: str | Path, on: dt.date | str, known: dt.date | None = None, regime: str = ACTUAL,
    switches: Mapping[str, Any] | None = None, *, workers: int = 2, groups: Sequence[int] | None = None,
) -> int:  # fmt: skip
    """Write the answers to a Parquet file of transactions and return how many rows they are; ``groups`` are row groups.

    Columns are dotted fact names and an optional ``id``; ``on`` is one day, as a date or ISO text, or the name of a
    column of days.  Raises UnknownFact or BadType before work starts, for all columns that cannot be used; FileUnusable
    when a file cannot be read or written.  The target appears whole or not at all; a run that was cut short goes on, when
    the same is asked again, and gives the same bytes as if it had not been.
    """
    work = Work.of(source, on, Asked(known, regime, switches, workers))
    with work.opened(groups), _journal(work, Path(target)) as journal, whole_file(target, alone=journal is not None) as part:
        work.write(part, journal)
        return work.rows


def _arrow() -> tuple[Any, Any]:
    """Return pyarrow.parquet and the module that turns its columns into facts."""
    try:
        import pyarrow.parquet as pq
    except ImportError:
        raise FileUnusable("Reading Parquet needs pyarrow", hint="pip install 'penstock[bulk]'") from None
    from penstock.decision import arrow

    return pq, arrow


def _day_or_column(on: dt.date | str, columns: list[str]) -> dt.date | str:
    """Return the day a text names, unless it names a column."""
    if isinstance(on, str) and on not in columns and on[:1].isdigit():
        return parse_date(on, "on")
    return on


def _read(source: str | Path, make: Any) -> Any:
    """Return what reading a file gives; FileUnusable where it cannot be read as Parquet."""
    try:
        return make()
    except OSError as error:
        raise FileUnusable(f"{source} cannot be read: {error.strerror or error}", value=str(source)) from None
    except ValueError as error:  # pyarrow's own error for what is no Parquet
        raise FileUnusable(f"{source} is not a Parquet file: {error}", value=str(source)) from None


def _check(schema: Any, on: dt.date | str, arrow: Any) -> None:
    """Raise what is wrong with the columns, all of it, in their order."""
    facts = vocabulary().facts
    days = on if isinstance(on, str) else None
    names = [name for name in schema.names if name != _ID and (name != days or name in facts)]
    errors: list[PenstockError] = []
    for place, name in enumerate(names):
        errors += name_errors(name, names[:place]) or arrow.type_errors(name, schema.field(name).type)
    if days is not None and days not in schema.names:
        near, hint = nearest(days, schema.names), "Give a day, such as 2026-06-15, or the name of a column."
        errors.append(UnknownFact(f"The file has no column {days}", at=days, nearest=near, hint=hint))
    elif days is not None:
        errors += arrow.day_errors(days, schema.field(days).type)
    if errors:
        raise first_of(errors)


def _part(batch: Any, on: dt.date | str, arrow: Any) -> _Part:
    facts = vocabulary().facts
    columns = [arrow.arrow_column(name, batch.column(name)) for name in batch.schema.names if name in facts]
    days = arrow.arrow_days(batch.column(on)) if isinstance(on, str) else on
    ids = batch.column(_ID) if _ID in batch.schema.names else None
    return _Part(columns, days, ids, batch.num_rows)


def _ahead(parts: Iterator[_Part]) -> Iterator[_Part]:
    """Yield parts, the next one being read on a thread of its own meanwhile."""
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(next, parts, None)
        while (part := coming.result()) is not None:
            coming = pool.submit(next, parts, None)
            yield part


@contextmanager
def in_progress(rows: int) -> Iterator[Any]:
    """Give a function to call with the rows done; it shows them where standard error is a terminal."""
    if not sys.stderr.isatty():
        yield lambda done: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Deciding", total=rows)
        yield lambda done: bar.advance(task, done)
