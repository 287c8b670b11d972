"""Lists of parties kept in SQLite, version by version: every entry is stored once, whatever the number of versions it stands in.

A version is never changed; one of the same list and the same day that is added later takes the place of the earlier.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from attrs import asdict, frozen

from penstock.screening.differences import shrunk
from penstock.screening.lists import ListFile
from penstock.screening.screener import Entry
from penstock.store.local import LocalFile
from penstock.terms.errors import BadDate, BadEnum, ConflictingFacts
from penstock.terms.suggest import nearest

__all__ = ["ListStore", "ListVersion"]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS list_entry (digest BLOB PRIMARY KEY CHECK (length(digest) = 32), entry TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS list_content (
    content BLOB NOT NULL CHECK (length(content) = 32),
    place INTEGER NOT NULL,
    digest BLOB NOT NULL REFERENCES list_entry (digest),
    PRIMARY KEY (content, place)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS list_version (
    number INTEGER PRIMARY KEY,
    list TEXT NOT NULL CHECK (list <> ''),
    as_of TEXT NOT NULL CHECK (as_of GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]'),
    title TEXT NOT NULL,
    source TEXT NOT NULL,
    entries INTEGER NOT NULL,
    left_out INTEGER NOT NULL,
    content BLOB NOT NULL CHECK (length(content) = 32)
);
CREATE INDEX IF NOT EXISTS list_version_day ON list_version (list, as_of, number);
"""
_COLUMNS = "number, list, as_of, title, source, entries, left_out, content"


@frozen
class ListVersion:
    """One version of a list: from which day on it holds, what it was read from, and how many rows could not be used."""

    number: int
    list: str
    as_of: dt.date
    title: str
    source: str
    entries: int
    left_out: int
    content: bytes

    def document(self) -> dict[str, Any]:
        """Return the version as plain data."""
        return {"number": self.number, "list": self.list, "as_of": self.as_of, "title": self.title, "source": self.source,
                "entries": self.entries, "rows_left_out": self.left_out, "content": self.content.hex()}  # fmt: skip


class ListStore:
    """Versions of lists in one file; made where it is not there yet.

    Raises FileUnusable where the file cannot be used or is no such file.
    """

    def __init__(self, path: str | Path) -> None:
        self.file = LocalFile(path, _SCHEMA, "lists")

    def add(self, name: str, found: ListFile, *, as_of: dt.date, source: str, allow_shrink: bool = False) -> ListVersion:
        """Keep a version of a list that holds from a day on; return it.

        Raises ConflictingFacts where it is more than 10 percent smaller than the version in force the day it begins, unless
        that is allowed.
        """
        before = self._in_force(name, as_of)
        if before and shrunk(before.entries, len(found.entries)) and not allow_shrink:
            raise ConflictingFacts(
                f"{source} has {len(found.entries):,} entries, more than 10 percent fewer than the {before.entries:,} of "
                f"{name} of {before.as_of}", at="NEW", value=len(found.entries),
                hint="It may be cut short. If it is right, say --allow-shrink.")  # fmt: skip
        rows = [(hashlib.sha256(text.encode()).digest(), text) for text in map(_text, found.entries)]
        content = hashlib.sha256(b"".join(digest for digest, _ in rows)).digest()
        row = (name, as_of.isoformat(), found.title, source, len(rows), len(found.faults), content)
        with self.file.open() as db:
            db.executemany("INSERT OR IGNORE INTO list_entry VALUES (?, ?)", rows)
            db.executemany("INSERT OR IGNORE INTO list_content VALUES (?, ?, ?)",
                           [(content, place, digest) for place, (digest, _) in enumerate(rows)])  # fmt: skip
            number = db.execute(f"INSERT INTO list_version ({_COLUMNS}) VALUES (NULL, ?, ?, ?, ?, ?, ?, ?)", row).lastrowid
        assert number is not None
        return ListVersion(number, name, as_of, found.title, source, len(rows), len(found.faults), content)

    def versions(self, name: str | None = None) -> list[ListVersion]:
        """Return the versions of a list, or of all, by list and day; those that another of the same day replaced as well."""
        where, values = ("WHERE list = ?", (name,)) if name else ("", ())
        with self.file.open() as db:
            rows = db.execute(f"SELECT {_COLUMNS} FROM list_version {where} ORDER BY list, as_of, number", values).fetchall()
        return [_version(row) for row in rows]

    def in_force(self, on: dt.date | None, name: str | None = None) -> list[ListVersion]:
        """Return the version of a list, or of each, that held on a day, the newest where no day is given.

        Raises BadEnum for a list that is not kept, BadDate for a day before the first version of all of them.
        """
        kept = self.versions()
        names = sorted({version.list for version in kept})
        if name is not None and name not in names:
            raise BadEnum(f"{self.file.path} holds no list {name!r}", at="list", value=name, nearest=nearest(name, names),
                          allowed=tuple(names))  # fmt: skip
        if not kept:
            raise BadEnum(f"{self.file.path} holds no list yet", at="list", value=self.file.path, hint="penstock lists add")
        wanted = [name] if name else names
        found = [version for one in wanted if (version := self._in_force(one, on or dt.date.max)) is not None]
        if not found:
            first = min(version.as_of for version in kept if version.list in wanted)
            raise BadDate(f"No version is kept that held on {on}; the first is of {first}", at="--on", value=on, nearest=first)
        return found

    def entries(self, version: ListVersion) -> tuple[Entry, ...]:
        """Return the entries of a version, in the order of its file."""
        sql = "SELECT entry FROM list_content JOIN list_entry USING (digest) WHERE content = ? ORDER BY place"
        with self.file.open() as db:
            rows = db.execute(sql, (version.content,)).fetchall()
        return tuple(_entry(text) for (text,) in rows)

    def standing(self, entry: Entry, name: str) -> list[tuple[dt.date, dt.date | None]]:
        """Return from when until when an identifier stood on a list, by its versions; None where it still does."""
        sql = ("SELECT DISTINCT content FROM list_content JOIN list_entry USING (digest) "
               "WHERE json_extract(entry, '$.id') = ?")  # fmt: skip
        with self.file.open() as db:
            holding = {content for (content,) in db.execute(sql, (entry.id,))}
        out: list[tuple[dt.date, dt.date | None]] = []
        for version in self._days(name):
            stands, open_ = version.content in holding, bool(out) and out[-1][1] is None
            if stands and not open_:
                out.append((version.as_of, None))
            elif open_ and not stands:
                out[-1] = (out[-1][0], version.as_of)
        return out

    def _days(self, name: str) -> Sequence[ListVersion]:
        """Return the version of each day on which one begins."""
        return list({version.as_of: version for version in self.versions(name)}.values())

    def _in_force(self, name: str, on: dt.date) -> ListVersion | None:
        sql = f"SELECT {_COLUMNS} FROM list_version WHERE list = ? AND as_of <= ? ORDER BY as_of DESC, number DESC LIMIT 1"
        with self.file.open() as db:
            row = db.execute(sql, (name, on.isoformat())).fetchone()
        return _version(row) if row else None


def _version(row: tuple[Any, ...]) -> ListVersion:
    number, name, as_of, *rest = row
    return ListVersion(number, name, dt.date.fromisoformat(as_of), *rest)


def _text(entry: Entry) -> str:
    return json.dumps(asdict(entry), ensure_ascii=False, sort_keys=True, default=str)


def _entry(text: str) -> Entry:
    row = json.loads(text)
    several = {name: tuple(row[name]) for name in ("aliases", "countries", "addresses")}
    return Entry(**{**row, **several})
