"""The ledger in PostgreSQL: the same rows and rules, one writer by advisory lock and token (extra ``postgres``)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from penstock.ledger.state import Op
from penstock.store.backend import MIGRATION, Batch, Head
from penstock.store.reads import Reads
from penstock.store.rows import bucket_row, op_from, op_rows
from penstock.store.statements import FENCE, READS, TABLES, TOKEN
from penstock.terms.errors import Fenced, LedgerUnavailable, StaleCache, WriterPresent

if TYPE_CHECKING:
    import psycopg

__all__ = ["PostgresBackend"]

_COPY = {name: f"COPY {name} ({', '.join(columns)}) FROM STDIN (FORMAT BINARY)" for name, columns in TABLES.items()}
_TYPES = {
    "ledger_event": ("int8", "bytea"),
    "ledger_op": ("bytea", "int8", "int8", "int2", "int8"),
    "ledger_bucket": ("int8", "text", "int8", "text", "int8", "int8", "text", "int8", "int8", "int2", "int8", "int8"),
    "ledger_tile": ("int2", "int8", "bytea", "bytea"),
}
_ADD = """UPDATE ledger_bucket b
SET reserved = b.reserved + u.reserved, committed = b.committed + u.committed, version = b.version + 1
FROM unnest(%s::int8[], %s::int8[], %s::int8[], %s::int8[]) AS u (reserved, committed, number, version)
WHERE b.number = u.number AND b.version = u.version"""
_CHANGE = """UPDATE ledger_bucket b SET reserved = b.reserved + u.reserved, committed = b.committed + u.committed, cap = u.cap,
cite = u.cite, closed = u.closed, breach_seq = u.breach_seq, version = b.version + 1
FROM unnest(%s::int8[], %s::int8[], %s::int8[], %s::text[], %s::int2[], %s::int8[], %s::int8[], %s::int8[])
  AS u (reserved, committed, cap, cite, closed, breach_seq, number, version)
WHERE b.number = u.number AND b.version = u.version"""
_MOVE = """UPDATE ledger_op o SET last = u.last, state = u.state
FROM unnest(%s::int8[], %s::int2[], %s::bytea[]) AS u (last, state, id) WHERE o.id = u.id"""
_BASIS = """INSERT INTO ledger_basis VALUES (%s, %s, %s, %s, %s) ON CONFLICT (name) DO UPDATE
SET total = excluded.total, as_of = excluded.as_of, document_sha256 = excluded.document_sha256, seq = excluded.seq"""
_RECORD = "INSERT INTO ledger_record VALUES (%s, %s) ON CONFLICT DO NOTHING"
_CHECKPOINT = "INSERT INTO ledger_checkpoint VALUES (%s, %s) ON CONFLICT DO NOTHING"
_OPS = "SELECT seq, last, state, until, id FROM ledger_op WHERE id = ANY(%b)"
_LOCK = "SELECT pg_try_advisory_lock(hashtext('penstock ledger'), hashtext(current_schema()))"
_UNLOCK = "SELECT pg_advisory_unlock(hashtext('penstock ledger'), hashtext(current_schema()))"
_END_HOLDER = """SELECT pg_terminate_backend(pid, 5000) FROM pg_locks WHERE locktype = 'advisory' AND granted
AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
AND classid::int8 = hashtext('penstock ledger')::int8 & 4294967295
AND objid::int8 = hashtext(current_schema())::int8 & 4294967295"""
_ROWS_AT_ONCE = 10_000


def _marked(statement: str) -> str:
    return statement.replace("?", "%s")


def _columns(rows: Sequence[tuple[Any, ...]]) -> list[Any]:
    """Return the columns of some rows, those of whole numbers as the text of an array: quicker than a list."""
    columns = list(zip(*rows, strict=True))
    whole = [all(type(value) is int for value in column) for column in columns]
    return ["{" + ",".join(map(str, c)) + "}" if w else list(c) for c, w in zip(columns, whole, strict=True)]


class PostgresBackend(Reads):
    """One ledger in one schema of a database; a writer and any number of readers, each with a backend of its own."""

    _put_checkpoint = _CHECKPOINT

    def __init__(self, url: str, *, read_only: bool = False) -> None:
        self.url = url
        self._read_only = read_only
        self._open()

    def _open(self) -> None:
        try:
            import psycopg
        except ImportError:
            raise LedgerUnavailable("PostgreSQL needs psycopg", hint="pip install 'penstock[postgres]'") from None
        self._error: type[Exception] = psycopg.Error
        with self._errors():
            self._db: psycopg.Connection[Any] = psycopg.connect(self.url, autocommit=True)
            self._db.execute("SET synchronous_commit = on")
            self._db.execute("SET plan_cache_mode = force_generic_plan")  # by index, however many rows a batch has
            if self._read_only:
                self._db.execute("SET default_transaction_read_only = on")
        self._check_revision()

    def _check_revision(self) -> None:
        with self._errors():
            found = self._db.execute(READS["revision"]).fetchone()
        if found != (MIGRATION,):
            raise LedgerUnavailable(f"The database has schema {found}, not {MIGRATION}", hint="penstock ledger upgrade URL")

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except self._error as error:
            said = " ".join(str(error).split()) or type(error).__name__
            raise LedgerUnavailable(f"PostgreSQL says: {said}") from error

    # ---- the one writer

    def acquire(self, holder: str, *, take_over: bool = False) -> Head:
        with self._errors():
            if take_over:
                self._db.execute(_END_HOLDER)
            row = self._db.execute(_LOCK).fetchone()
            if row != (True,):
                named = self._rows("holder")[0][0]
                raise WriterPresent(f"The ledger has a writer: {named}", value=named,
                                    hint="Send requests to it, or replace it with --take-over.")  # fmt: skip
            return Head(*self._db.execute(_marked(TOKEN), (holder,)).fetchone())  # type: ignore[misc]

    def release(self) -> None:
        with suppress(self._error):
            self._db.execute(_UNLOCK)

    def write(self, batch: Batch, failpoint: Callable[[str], None]) -> None:
        with self._errors():
            failpoint("begin")
            with self._db.transaction(), self._db.cursor() as cursor:
                self._fence(cursor, batch)
                failpoint("fenced")
                self._copy(cursor, "ledger_event", batch.entries)
                failpoint("events")
                self._copy(cursor, "ledger_op", op_rows(batch.ops))
                if batch.changed_ops:
                    moved = [(op.last, int(op.state), id) for id, op in batch.changed_ops]
                    cursor.execute(_MOVE, _columns(moved))
                failpoint("operations")
                self._copy(cursor, "ledger_bucket", [bucket_row(bucket) for bucket in batch.new_buckets])
                self._balances(cursor, batch)
                failpoint("buckets")
                self._rest(cursor, batch)
                failpoint("tiles")
            failpoint("committed")

    def _fence(self, cursor: psycopg.Cursor[Any], batch: Batch) -> None:
        after, before = batch.after, batch.before
        cursor.execute(_marked(FENCE), (after.seq, after.head, after.time, before.token, before.seq))
        if cursor.rowcount == 1:
            return
        now = Head(*cursor.execute(READS["head"]).fetchone())  # type: ignore[misc]
        if now.token != before.token:
            raise Fenced(f"Writer {before.token} was replaced by writer {now.token}; nothing was written")
        raise StaleCache(f"The log stands at {now.seq}, not at {before.seq}; nothing was written")

    def _balances(self, cursor: psycopg.Cursor[Any], batch: Batch) -> None:
        for statement, rows in ((_ADD, batch.balances), (_CHANGE, batch.terms)):
            if rows and cursor.execute(statement, _columns(rows)).rowcount != len(rows):
                raise StaleCache("The balances in memory are not those of the ledger; nothing was written")

    def _copy(self, cursor: psycopg.Cursor[Any], table: str, rows: Sequence[tuple[Any, ...]]) -> None:
        if rows:
            with cursor.copy(_COPY[table]) as copy:
                copy.set_types(_TYPES[table])
                for row in rows:
                    copy.write_row(row)

    def _rest(self, cursor: psycopg.Cursor[Any], batch: Batch) -> None:
        self._copy(cursor, "ledger_tile", batch.tiles)
        for basis in batch.bases:
            cursor.execute(_BASIS, (basis.name, basis.total, basis.as_of, basis.document_sha256, basis.seq))
        if batch.records:
            cursor.executemany(_RECORD, batch.records)

    # ---- reads

    def _rows(self, read: str, *values: Any) -> list[Any]:
        with self._errors():
            return self._db.execute(_marked(READS[read]), values, binary=True).fetchall()

    def ops(self, ids: Sequence[bytes]) -> dict[bytes, Op]:
        with self._errors():
            rows = self._db.execute(_OPS, (list(ids),), binary=True).fetchall()
        return {row[4]: op_from(row) for row in rows}

    def entries(self, first: int, end: int) -> Iterator[bytes]:
        for start in range(first, end, _ROWS_AT_ONCE):
            for (entry,) in self._rows("entries", start, min(end, start + _ROWS_AT_ONCE)):
                yield entry

    def close(self) -> None:
        with suppress(self._error):
            self._db.close()

    def reconnect(self) -> None:
        self.close()
        self._open()
