"""Bringing the write-ahead log of SQLite into the database while the writer goes on.

SQLite does this inside a commit, which then takes as long as a hundred others.  Here a thread with a connection of its own copies
what the log holds, again and again until little is left, and the writer copies that little, after which the log starts anew.
A log that is not copied, because the disk is full or a reader holds it, is longer and no less safe.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing, suppress

__all__ = ["Checkpoints"]

_ROWS_BETWEEN = 16_000
_FRAMES_LEFT = 400
_PASSES = 6
_COPY = "PRAGMA wal_checkpoint(PASSIVE)"


class Checkpoints:
    """The checkpoints of one writer: told of every batch, it decides when to copy and where."""

    def __init__(self, connect: Callable[[], sqlite3.Connection], rows_between: int = _ROWS_BETWEEN) -> None:
        self._connect = connect
        self._rows_between = rows_between
        self._rows = 0
        self._thread: threading.Thread | None = None

    def wrote(self, db: sqlite3.Connection, rows: int) -> None:
        """Take note of a batch that was written through the writer's connection."""
        self._rows += rows
        if self._rows < self._rows_between:
            return
        if self._thread is None:
            self._thread = threading.Thread(target=self._copy, name="ledger checkpoint", daemon=True)
            self._thread.start()
        elif not self._thread.is_alive():
            self._thread, self._rows = None, 0
            with suppress(sqlite3.Error):
                db.execute(_COPY).fetchall()

    def _copy(self) -> None:
        """Copy until a pass finds little that the pass before had not copied."""
        before = 0
        with suppress(sqlite3.Error), closing(self._connect()) as db:
            for _ in range(_PASSES):
                _, _, copied = db.execute(_COPY).fetchone()
                if copied - before < _FRAMES_LEFT:
                    return
                before = copied

    def stop(self) -> None:
        """Wait for a copy that is under way."""
        if self._thread is not None:
            self._thread.join()
        self._thread, self._rows = None, 0
