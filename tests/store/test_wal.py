"""The write-ahead log is copied beside the writer, starts anew when it is, and is never needed to be."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from penstock.store.wal import Checkpoints

WRITES = 300


@pytest.fixture
def connect(tmp_path: Path) -> Callable[[], sqlite3.Connection]:
    def open_() -> sqlite3.Connection:
        db = sqlite3.connect(tmp_path / "a.db", isolation_level=None, check_same_thread=False)
        db.execute("PRAGMA wal_autocheckpoint = 0")
        return db

    with open_() as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("CREATE TABLE a (n INTEGER PRIMARY KEY, text TEXT)")
    return open_


def _write(db: sqlite3.Connection, checkpoints: Checkpoints, wait: bool = False) -> int:
    """Write a page or two at a time and return how long the log has become, in bytes."""
    path = Path(db.execute("PRAGMA database_list").fetchone()[2] + "-wal")
    for n in range(WRITES):
        db.execute("INSERT INTO a VALUES (?, ?)", (n, "x" * 5_000))
        checkpoints.wrote(db, 1)
        if wait and checkpoints._thread is not None:
            checkpoints._thread.join()
    checkpoints.stop()
    return path.stat().st_size


def test_the_log_starts_anew_once_it_is_copied(connect: Callable[[], sqlite3.Connection]) -> None:
    db = connect()
    size = _write(db, Checkpoints(connect, 20), wait=True)
    assert size < 2 * 22 * 5 * 4_200
    assert db.execute("SELECT count(*) FROM a").fetchone() == (WRITES,)


def test_a_copy_beside_the_writer_loses_nothing(connect: Callable[[], sqlite3.Connection]) -> None:
    db = connect()
    _write(db, Checkpoints(connect, 5))
    db.close()
    assert connect().execute("SELECT count(*), sum(n) FROM a").fetchone() == (WRITES, WRITES * (WRITES - 1) // 2)


def test_a_copy_that_fails_leaves_a_longer_log(connect: Callable[[], sqlite3.Connection]) -> None:
    def refused() -> sqlite3.Connection:
        raise sqlite3.OperationalError("unable to open database file")

    db = connect()
    reader = connect()
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM a").fetchone()
    size = _write(db, Checkpoints(refused, 20), wait=True)
    assert size > WRITES * 5_000
    assert db.execute("SELECT count(*) FROM a").fetchone() == (WRITES,)
