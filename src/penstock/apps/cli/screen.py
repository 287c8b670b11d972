"""``penstock screen``: one party or a file of them against a list."""

from __future__ import annotations

import csv
import datetime as dt
import gc
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from io import StringIO
from itertools import islice
from multiprocessing import get_context
from typing import Any

import click
from attrs import frozen

from penstock.apps.cli.language import code, t, told
from penstock.apps.cli.list_files import list_title, load_list
from penstock.apps.files import open_text, whole_text
from penstock.screening.clearances import Clearance, party_digest, suppress
from penstock.screening.lists import csv_rows
from penstock.screening.screener import Entry, Hit, Screener
from penstock.terms.dates import parse_date
from penstock.terms.errors import BadDocument
from penstock.terms.suggest import nearest

__all__ = ["COLUMNS", "Asked", "default_workers", "screen_batch", "screen_one", "tell_hits"]

COLUMNS = ("id", "rank", "entry_id", "entry_name", "score", "why")
_CHUNK = 256
_PARALLEL_FROM = 2000
_WHY_MAX, _NAME_MAX = 300, 1000
_REPLACED = "\ufffd"
_UNREAD = "; some characters could not be read: write the file as UTF-8"
_TOLD_EVERY = 10_000


@frozen
class Asked:
    """A party to screen: its name, country and address as given."""

    name: str
    country: str = ""
    address: str = ""

    @property
    def digest(self) -> str:
        """Return what clearances know it by."""
        return party_digest(self.name, self.country, self.address)


def screen_one(asked: Asked, *, list_path: str | None, on: str | None, top: int, clearances: str | None = None) -> dict[str, Any]:
    """Return the hits for one party, with the date of the list and what the answer is not."""
    loaded = load_list(list_path, on)
    hits = _ready(loaded.entries).screen(asked.name, country=asked.country, address=asked.address, top=top)
    cleared: list[tuple[Hit, Clearance]] = []
    if clearances is not None:
        from penstock.store.clearances import ClearanceStore

        day = parse_date(on, "--on") if on else dt.date.today()
        hits, cleared = suppress(hits, asked.digest, ClearanceStore(clearances).of(asked.digest), day)
    return {
        "name": asked.name or asked.address,
        "list": loaded.title,
        "data_date": loaded.date,
        "entries": len(loaded.entries),
        "hits": [hit.document() for hit in hits],
        "cleared": [{"entry_id": hit.entry.id, "entry_name": hit.entry.title, "score": hit.score, "by": c.by, "why": c.why,
                     "until": c.until} for hit, c in cleared],
        "rows": [fault.document() for fault in loaded.faults],
        "assumptions": ["Absence from a list is no clearance.", "A score is the chance that both names are one party's."],
    }  # fmt: skip


def tell_hits(document: dict[str, Any], floor: float) -> None:
    """Print the hits from a score on, likeliest first; where there are none, the nearest and its score."""
    parts = {
        "name": document["name"],
        "list": list_title(document["list"]),
        "date": document["data_date"] or t("an unknown date"),
    }
    click.echo(t("{name} against {list} of {date} ({entries} entries):", **parts, entries=f"{document['entries']:,}"))
    shown = [hit for hit in document["hits"] if hit["score"] >= floor]
    for hit in shown:
        name = hit["entry_name"]
        if hit["matched"] != name:
            name = t("{name} (as {matched})", name=name, matched=hit["matched"])
        click.echo(f"  {hit['score']:.3f}  {name} [{hit['entry_id']}]")
        click.echo("         " + t("{what}: {value}", what=code("tie", hit["by"]), value=_why(hit["by"], hit["why"])))
        for cite in hit.get("citations", ()):
            click.echo(f"         {cite}")
    if not shown:
        click.echo("  " + _nearest(document["hits"], f"{floor:g}"))
    for row in document["cleared"]:
        click.echo("  " + t("cleared: {entry_name} [{entry_id}] by {by} until {until}: {why}", **row))
    for row in document["rows"][:20]:
        click.echo("  - " + t("line {line} of the list: {message}", line=row["line"], message=told(row["message"])))
    click.echo("  " + t("Absence from a list is no clearance."))


def _why(by: str, why: str) -> str:
    """Return why a hit is one: of an address how far it is the same, and the words that are."""
    kind, mark, words = why.partition(": ")
    return t("{what}: {value}", what=told(kind), value=words) if by == "address" and mark else told(why)


def _nearest(hits: Sequence[Mapping[str, Any]], floor: str) -> str:
    if not hits:
        return t("no entry from {floor} on", floor=floor)
    best = {"name": hits[0]["entry_name"], "score": f"{hits[0]['score']:.3f}"}
    return t("no entry from {floor} on; the nearest is {name} at {score}", floor=floor, **best)


def _ready(entries: Sequence[Entry]) -> Screener:
    """Return a screener whose million small objects the garbage collector leaves alone: they live as long as the process."""
    gc.disable()
    try:
        return Screener(entries)
    finally:
        gc.freeze()
        gc.enable()


# ---- files of parties


def screen_batch(
    source: str, list_path: str | None, target: str, *, on: str | None, top: int, workers: int
) -> tuple[int, int, int]:
    """Screen every row of a CSV file and write the hits; return how many rows, hits and unusable rows there were.

    A row that cannot be used keeps its place in the output: one line without an entry that says what is wrong.
    """
    loaded = load_list(list_path, on)
    for fault in loaded.faults:
        click.echo(t("list, line {line}: {message}", line=fault.line, message=told(fault.message)), err=True)
    global _screener
    _screener = _ready(loaded.entries)
    rows = hits = bad = shown = 0
    with open_text(source) as file, whole_text(target) as out:
        write = csv.writer(out, lineterminator="\n")
        write.writerow(COLUMNS)
        for text, *counts in _answers(_parties(file), top, workers):
            out.write(text)
            rows, hits, bad = (a + b for a, b in zip((rows, hits, bad), counts, strict=True))
            shown = _progress(rows, shown)
    return rows, hits, bad


_screener: Screener | None = None
Party = tuple[str, str, str, str, str]
Answer = tuple[str, int, int, int]  # lines of CSV; how many parties, hits and unusable rows they hold


def _parties(file: Any) -> Iterator[Party]:
    """Yield identifier, name, country and address of each row, and what is wrong with it."""
    reader = csv_rows(file)
    header = [word.strip().lstrip("\ufeff").casefold() for word in next(reader, (0, []))[1]]
    for needed in ("id", "name"):
        if needed not in header:
            raise BadDocument(f"The file of parties has no column {needed!r}", at=needed, value=",".join(header)[:200],
                              nearest=nearest(needed, header), allowed=("id", "name", "country", "address"),
                              hint="The first line names the columns: id,name and perhaps country,address.")  # fmt: skip
    places = [header.index(name) if name in header else None for name in ("id", "name", "country", "address")]
    for line, row in reader:
        if not row:
            continue
        id, name, country, address = (row[p].strip() if p is not None and p < len(row) else "" for p in places)
        wrong = "" if name or address else f"row {line} has no name and no address"
        yield id, name, country.upper(), address, wrong


def _answers(parties: Iterator[Party], top: int, workers: int) -> Iterator[Answer]:
    head = list(islice(parties, _PARALLEL_FROM))
    chunks = _chunked(head, parties)
    if workers < 2 or len(head) < _PARALLEL_FROM or sys.platform == "win32":
        yield from (_screen_chunk(chunk, top) for chunk in chunks)
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("fork")) as pool:
        waiting: list[Any] = []
        for chunk in chunks:
            waiting.append(pool.submit(_screen_chunk, chunk, top))
            if len(waiting) >= 4 * workers:
                yield waiting.pop(0).result()
        for done in waiting:
            yield done.result()


def _chunked(head: list[Party], rest: Iterator[Party]) -> Iterator[list[Party]]:
    for at in range(0, len(head), _CHUNK):
        yield head[at : at + _CHUNK]
    while chunk := list(islice(rest, _CHUNK)):
        yield chunk


def _screen_chunk(parties: list[Party], top: int) -> Answer:
    assert _screener is not None
    text = StringIO()
    write = csv.writer(text, lineterminator="\n")
    some = [(name, country, address) for _, name, country, address, wrong in parties if not wrong]
    found = iter(_screener.screen_many(some, top=top))
    count = 0
    for id, name, _, address, wrong in parties:
        if wrong:
            write.writerow((id, "", "", "", "", wrong))
            continue
        hits = next(found)
        count += len(hits)
        write.writerows(_line(id, rank, hit) for rank, hit in enumerate(hits, 1))
        if not hits:
            unread = _UNREAD if _REPLACED in name or _REPLACED in address else ""
            write.writerow((id, 0, "", "", "", f"no entry comes near{unread}"))
    return text.getvalue(), len(parties), count, len(parties) - len(some)


def _line(id: str, rank: int, hit: Hit) -> Sequence[Any]:
    why = hit.why if hit.name == hit.entry.title else f"{hit.why} | as: {hit.name}"
    return (id, rank, hit.entry.id, hit.entry.title[:_NAME_MAX], f"{hit.score:.4f}", f"{hit.by}: {why}"[:_WHY_MAX])


def _progress(rows: int, told: int) -> int:
    """Say how many parties are done: at once on a terminal, every ten thousand elsewhere; return what was said last."""
    if sys.stderr.isatty():
        click.echo("\r" + t("{rows} parties", rows=f"{rows:,}"), nl=False, err=True)
    elif rows // _TOLD_EVERY > told // _TOLD_EVERY:
        click.echo(t("{rows} parties", rows=f"{rows:,}"), err=True)
    return rows


def default_workers() -> int:
    """Return how many processes screen a file: as many as there are cores, at most 8."""
    return max(1, min(8, os.cpu_count() or 1))
