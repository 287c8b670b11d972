"""The ledger in SQLite: one file in WAL mode, every commit synced to the disk, one writer by file lock and token."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from penstock.ledger.state import Op
from penstock.store.backend import MIGRATION, Batch, Head
from penstock.store.reads import Reads
from penstock.store.rows import bucket_row, op_from, op_rows
from penstock.store.statements import FENCE, READS, TABLES, TOKEN
from penstock.store.wal import Checkpoints
from penstock.terms.errors import Fenced, LedgerUnavailable, StaleCache, WriterPresent

__all__ = ["SqliteBackend"]

_INSERT = {name: f"INSERT INTO {name} VALUES ({', '.join('?' * len(columns))})" for name, columns in TABLES.items()}
_ADD = """UPDATE ledger_bucket SET reserved = reserved + ?, committed = committed + ?, version = version + 1
WHERE number = ? AND version = ?"""
_CHANGE = """UPDATE ledger_bucket SET reserved = reserved + ?, committed = committed + ?, cap = ?, cite = ?, closed = ?,
breach_seq = ?, version = version + 1 WHERE number = ? AND version = ?"""
_MOVE = "UPDATE ledger_op SET last = ?, state = ? WHERE id = ?"
_BASIS = "INSERT OR REPLACE INTO ledger_basis VALUES (?, ?, ?, ?, ?)"
_RECORD = "INSERT OR IGNORE INTO ledger_record VALUES (?, ?)"
_CHECKPOINT = "INSERT OR IGNORE INTO ledger_checkpoint VALUES (?, ?)"
_OPS = "SELECT seq, last, state, until, id FROM ledger_op WHERE id IN ({})"
_IDS_MAX = 500
_PAGES_MAX = 64_000  # where a commit itself brings the log into the database, should nothing else have done so


class SqliteBackend(Reads):
    """One ledger in one file; a writer and any number of readers, each with a backend of its own."""

    _put_checkpoint = _CHECKPOINT

    def __init__(self, path: str | Path, *, read_only: bool = False) -> None:
        self.path = Path(path)
        self._read_only = read_only
        self._lock: int | None = None
        self._lock_file = self.path.with_name(self.path.name + ".lock")
        self._checkpoints = Checkpoints(self._connect)
        self._open()

    def _open(self) -> None:
        if not self.path.is_file():
            raise LedgerUnavailable(f"{self.path} is no ledger", value=str(self.path), hint="penstock ledger create PATH")
        with self._errors():
            self._db = self._connect()
            if not self._read_only:
                self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA cache_size = -65536")
        self._check_revision()

    def _check_revision(self) -> None:
        with self._errors():
            found = self._db.execute(READS["revision"]).fetchone()
        if found != (MIGRATION,):
            raise LedgerUnavailable(f"{self.path} has schema {found}, not {MIGRATION}", hint="penstock ledger upgrade PATH")

    def _connect(self) -> sqlite3.Connection:
        uri = f"{self.path.resolve().as_uri()}?mode={'ro' if self._read_only else 'rw'}"
        db = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False, timeout=10)
        db.execute("PRAGMA synchronous = FULL")
        db.execute(f"PRAGMA wal_autocheckpoint = {_PAGES_MAX}")
        return db

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise LedgerUnavailable(f"{self.path} cannot be used: {error}", value=str(self.path)) from error

    # ---- the one writer

    def acquire(self, holder: str, *, take_over: bool = False) -> Head:
        if self._lock is None:
            self._lock = self._file_lock(take_over)
        elif not self._still_locked():
            raise Fenced(f"{self.path} was taken over by another writer")
        with self._errors():
            self._begin()
            row = self._db.execute(TOKEN, (holder,)).fetchone()
            self._commit()
        return Head(*row)

    def _begin(self) -> None:
        self._db.execute("BEGIN IMMEDIATE")

    def _commit(self) -> None:
        self._db.execute("COMMIT")

    def _undo(self) -> None:
        """Leave nothing open of a transaction that failed."""
        if self._db.in_transaction:
            with suppress(sqlite3.Error):
                self._db.execute("ROLLBACK")

    def _file_lock(self, take_over: bool) -> int:
        """Return the descriptor of the locked lock file; one that is taken over is left to its owner and made anew."""
        place = self._lock_file
        if take_over:
            place.unlink(missing_ok=True)
        while True:
            file = os.open(place, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                os.close(file)
                holder = self._rows("holder")[0][0]
                raise WriterPresent(f"{self.path} has a writer: {holder}", value=holder,
                                    hint="Send requests to it, or replace it with --take-over.") from None  # fmt: skip
            if _is_file_at(file, place):
                return file
            os.close(file)

    def _still_locked(self) -> bool:
        """Say whether the lock file is still the one this writer has locked."""
        return self._lock is not None and _is_file_at(self._lock, self._lock_file)

    def release(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def write(self, batch: Batch, failpoint: Callable[[str], None]) -> None:
        db = self._db
        try:
            failpoint("begin")
            self._begin()
            after, before = batch.after, batch.before
            if db.execute(FENCE, (after.seq, after.head, after.time, before.token, before.seq)).rowcount != 1:
                raise self._displaced(before)
            failpoint("fenced")
            self._insert("ledger_event", batch.entries)
            failpoint("events")
            self._insert("ledger_op", op_rows(batch.ops))
            if batch.changed_ops:
                db.executemany(_MOVE, [(op.last, int(op.state), id) for id, op in batch.changed_ops])
            failpoint("operations")
            self._insert("ledger_bucket", [bucket_row(bucket) for bucket in batch.new_buckets])
            for statement, rows in ((_ADD, batch.balances), (_CHANGE, batch.terms)):
                if rows and db.executemany(statement, rows).rowcount != len(rows):
                    raise StaleCache("The balances in memory are not those of the ledger; nothing was written")
            failpoint("buckets")
            self._rest(batch)
            failpoint("tiles")
            self._commit()
        except sqlite3.Error as error:
            raise LedgerUnavailable(f"{self.path} cannot be written: {error}", value=str(self.path)) from error
        finally:
            self._undo()
        failpoint("committed")
        self._checkpoints.wrote(db, len(batch.entries) + len(batch.ops) + len(batch.balances))

    def _rest(self, batch: Batch) -> None:
        self._insert("ledger_tile", batch.tiles)
        for basis in batch.bases:
            self._db.execute(_BASIS, (basis.name, basis.total, basis.as_of, basis.document_sha256, basis.seq))
        if batch.records:
            self._db.executemany(_RECORD, batch.records)

    def _insert(self, table: str, rows: Sequence[tuple[Any, ...]]) -> None:
        if rows:
            self._db.executemany(_INSERT[table], rows)

    def _displaced(self, before: Head) -> LedgerUnavailable:
        now = Head(*self._db.execute(READS["head"]).fetchone())
        if now.token != before.token:
            return Fenced(f"Writer {before.token} was replaced by writer {now.token}; nothing was written")
        return StaleCache(f"The log stands at {now.seq}, not at {before.seq}; nothing was written")

    # ---- reads

    def _rows(self, read: str, *values: Any) -> list[Any]:
        with self._errors():
            rows: list[Any] = self._db.execute(READS[read], values).fetchall()
        return rows

    def ops(self, ids: Sequence[bytes]) -> dict[bytes, Op]:
        found: dict[bytes, Op] = {}
        with self._errors():
            for first in range(0, len(ids), _IDS_MAX):
                some = ids[first : first + _IDS_MAX]
                rows = self._db.execute(_OPS.format(", ".join("?" * len(some))), some)
                found.update((row[4], op_from(row)) for row in rows)
        return found

    def entries(self, first: int, end: int) -> Iterator[bytes]:
        with self._errors():
            for (entry,) in self._db.execute(READS["entries"], (first, end)):
                yield entry

    def close(self) -> None:
        self._checkpoints.stop()
        self._db.close()
        self.release()

    def reconnect(self) -> None:
        self._checkpoints.stop()
        self._db.close()
        self._open()


def _is_file_at(file: int, place: Path) -> bool:
    try:
        return os.stat(place).st_ino == os.fstat(file).st_ino
    except OSError:
        return False
