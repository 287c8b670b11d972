"""License cases in PostgreSQL, through psycopg (extra ``postgres``)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from penstock.store.licensing_engine import Work
from penstock.store.licensing_sql import SCHEMA, SCHEMA_VERSION, SET_VERSION
from penstock.terms.errors import FileUnusable

__all__ = ["Postgres"]

_SCHEMA_LOCK = 7_480_750  # two that create the schema at once wait for each other, and so do two that open a case
_GUARD = f"SELECT pg_advisory_xact_lock({_SCHEMA_LOCK})"
_APPEND_ONLY = (
    """CREATE OR REPLACE FUNCTION license_event_is_append_only() RETURNS trigger LANGUAGE plpgsql AS
       $$ BEGIN RAISE EXCEPTION 'events are never changed'; END $$""",
    """CREATE OR REPLACE TRIGGER license_event_append_only BEFORE UPDATE OR DELETE ON license_event
       FOR EACH ROW EXECUTE FUNCTION license_event_is_append_only()""",
)


class Postgres:
    """One connection to a PostgreSQL database; a transaction locks the row of the case it writes to."""

    def __init__(self, address: str) -> None:
        try:
            import psycopg
        except ImportError:
            raise FileUnusable("PostgreSQL needs psycopg", at=address, hint="Install `penstock[postgres]`.") from None
        try:
            self._connection = psycopg.connect(address, autocommit=True)
        except psycopg.Error as error:
            raise FileUnusable(f"The database cannot be reached: {str(error).strip()}", at=_without_password(address)) from None

    def prepare(self) -> None:
        """Create what is missing of the schema."""
        with self.transaction() as work:
            work.guard()
            for statement in (*SCHEMA, *_APPEND_ONLY):
                work.run(statement)
            work.run(SET_VERSION, (SCHEMA_VERSION,))

    @contextmanager
    def transaction(self) -> Iterator[Work]:
        """Open a transaction that is written whole at the end, or not at all where an error leaves it."""
        from psycopg import OperationalError

        try:
            with self._connection.transaction():
                yield Work(self._connection, lock=" FOR UPDATE", mark="%s", guard=_GUARD)
        except OperationalError as error:
            raise FileUnusable(f"The database cannot be used: {str(error).strip()}", at="--store") from None

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def _without_password(address: str) -> str:
    head, _, host = address.rpartition("@")
    return f"{head.split('://')[0]}://…@{host}" if head else address
