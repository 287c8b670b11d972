"""Clearances kept in SQLite: appended, never changed; the last word on a pair counts."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from penstock.screening.clearances import Clearance
from penstock.store.local import LocalFile

__all__ = ["ClearanceStore"]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS clearance (
    number INTEGER PRIMARY KEY,
    party TEXT NOT NULL CHECK (length(party) = 64),
    entry_id TEXT NOT NULL,
    entry TEXT NOT NULL CHECK (length(entry) = 64),
    cleared_by TEXT NOT NULL CHECK (cleared_by <> ''),
    why TEXT NOT NULL CHECK (why <> ''),
    cleared_on TEXT NOT NULL,
    until TEXT NOT NULL CHECK (until > cleared_on)
);
CREATE INDEX IF NOT EXISTS clearance_party ON clearance (party);
"""
_COLUMNS = "party, entry_id, entry, cleared_by, why, cleared_on, until"


class ClearanceStore:
    """Clearances in one file; made where it is not there yet.

    Raises FileUnusable where the file cannot be used or is no such file.
    """

    def __init__(self, path: str | Path) -> None:
        self.file = LocalFile(path, _SCHEMA, "clearances")

    def add(self, clearance: Clearance) -> None:
        """Keep a clearance."""
        c = clearance
        row = (c.party, c.entry_id, c.entry, c.by, c.why, c.on.isoformat(), c.until.isoformat())
        with self.file.open() as db:
            db.execute(f"INSERT INTO clearance ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)", row)

    def of(self, party: str) -> list[Clearance]:
        """Return the clearances of a party's digest, the newest first."""
        with self.file.open() as db:
            rows = db.execute(f"SELECT {_COLUMNS} FROM clearance WHERE party = ? ORDER BY number DESC", (party,)).fetchall()
        return [_clearance(row) for row in rows]

    def all(self) -> list[Clearance]:
        """Return every clearance, the newest first."""
        with self.file.open() as db:
            return [_clearance(row) for row in db.execute(f"SELECT {_COLUMNS} FROM clearance ORDER BY number DESC").fetchall()]


def _clearance(row: tuple[str, ...]) -> Clearance:
    *words, on, until = row
    party, entry_id, entry, by, why = words
    return Clearance(party, entry_id, entry, by, why, dt.date.fromisoformat(on), dt.date.fromisoformat(until))
