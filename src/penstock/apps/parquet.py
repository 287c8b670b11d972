"""Parquet in, Parquet out: one row of facts, one row of answers, in the same order.

It needs the extra ``bulk``.
"""

from __future__ import annotations

import datetime as dt
import os
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from attrs import frozen

from penstock.decision.bulk import Days, decide_columns
from penstock.decision.fact_columns import FactColumn, name_errors
from penstock.rulebook import ACTUAL
from penstock.terms.dates import parse_date
from penstock.terms.errors import FileUnusable, PenstockError, UnknownFact, first_of
from penstock.terms.suggest import nearest
from penstock.terms.vocabulary import vocabulary

__all__ = ["decide_parquet"]

_ID = "id"
_ROWS = 1 << 18


@frozen(eq=False)
class _Part:
    """Some rows of the file, read and checked."""

    columns: list[FactColumn]
    on: dt.date | Days
    ids: Any
    size: int


def decide_parquet(
    source: str | Path, target: str | Path, on: dt.date | str, known: dt.date | None = None, regime: str = ACTUAL,
    switches: Mapping[str, Any] | None = None, *, workers: int = 2,
) -> int:  # fmt: skip
    """Write the answers to a Parquet file of transactions and return how many rows they are.

    Columns are dotted fact names and an optional ``id``; ``on`` is one day, as a date or ISO text, or the name of a
    column of days.  Raises UnknownFact or BadType before work starts, for all columns that cannot be used; FileUnusable
    when a file cannot be read or written.  The target appears whole or not at all.
    """
    pq, arrow = _arrow()
    schema = _read(source, lambda: pq.read_schema(source))
    on = _day_or_column(on, schema.names)
    _check(schema, on, arrow)
    ids = schema.field(_ID).type if _ID in schema.names else None
    texts = [name for name in schema.names if name != _ID and str(schema.field(name).type) in ("string", "large_string")]
    answers = arrow.answer_schema(ids)
    with _read(source, lambda: pq.ParquetFile(source, read_dictionary=texts)) as file, _whole(target) as part:
        statistics = [] if ids is None else [_ID]
        with pq.ParquetWriter(part, answers, write_statistics=statistics) as writer, _progress(file.metadata.num_rows) as advance:
            for rows in _ahead(_part(batch, on, arrow) for batch in _batches(source, file)):
                found = decide_columns(rows.columns, rows.on, known, regime, switches, workers=workers, size=rows.size)
                writer.write_table(arrow.answer_table(found, answers, rows.ids), rows.size)
                advance(rows.size)
        return int(file.metadata.num_rows)


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


def _batches(source: str | Path, file: Any) -> Iterator[Any]:
    batches = file.iter_batches(_ROWS)
    while (batch := _read(source, lambda: next(batches, None))) is not None:
        yield batch


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
def _whole(target: str | Path) -> Iterator[Path]:
    """Give a path beside the target to write to, and put what was written in its place when all went well."""
    final = Path(target)
    part = final.with_name(f".{final.name}.{os.getpid()}.part")
    try:
        yield part
        os.replace(part, final)
    except OSError as error:
        raise FileUnusable(f"{target} cannot be written: {error.strerror or error}", value=str(target)) from None
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def _progress(rows: int) -> Iterator[Any]:
    """Give a function to call with the rows done; it shows them where standard error is a terminal."""
    if not sys.stderr.isatty():
        yield lambda done: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Deciding", total=rows)
        yield lambda done: bar.advance(task, done)
