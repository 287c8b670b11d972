"""License cases in one SQLite file."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from penstock.store.licensing_engine import Work
from penstock.store.licensing_schema import bring
from penstock.terms.errors import FileUnusable

__all__ = ["Sqlite"]

_BUSY_MS = 30_000
_HAS = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = ?"
_APPEND_ONLY = tuple(
    f"""CREATE TRIGGER IF NOT EXISTS license_event_no_{what.lower()} BEFORE {what} ON license_event
        BEGIN SELECT RAISE(ABORT, 'events are never changed'); END"""
    for what in ("UPDATE", "DELETE")
)


class Sqlite:
    """One connection to a SQLite file; a transaction takes the write lock at its beginning, so writers wait for each other."""

    def __init__(self, path: str) -> None:
        self._path = path
        try:
            self._connection = sqlite3.connect(path, timeout=_BUSY_MS / 1000, isolation_level=None, check_same_thread=False)
            self._connection.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = FULL")
            self._connection.execute("PRAGMA foreign_keys = ON")
        except sqlite3.Error as error:
            raise FileUnusable(f"{path} cannot be used as a store: {error}", at=path) from None

    def prepare(self) -> None:
        """Bring the file to the schema of this version."""
        bring(self, self._path, _HAS, _APPEND_ONLY)

    @contextmanager
    def transaction(self) -> Iterator[Work]:
        """Open a transaction that is written whole at the end, or not at all where an error leaves it."""
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            yield Work(self._connection)
            self._connection.execute("COMMIT")
        except sqlite3.OperationalError as error:
            self._undo()
            raise FileUnusable(f"The store cannot be used: {error}", at="--store", hint="Nothing was written.") from None
        except BaseException:
            self._undo()
            raise

    def _undo(self) -> None:
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()
