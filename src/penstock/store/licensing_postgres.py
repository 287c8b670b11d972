"""License cases in PostgreSQL, through psycopg (extra ``postgres``)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from penstock.store.licensing_engine import Work
from penstock.store.licensing_schema import bring
from penstock.store.licensing_sql import GUARD
from penstock.terms.errors import FileUnusable

__all__ = ["Postgres"]

_HAS = "SELECT to_regclass(?) IS NOT NULL"
_APPEND_ONLY = (
    """CREATE OR REPLACE FUNCTION license_event_is_append_only() RETURNS trigger LANGUAGE plpgsql AS
       $$ BEGIN RAISE EXCEPTION 'events are never changed'; END $$""",
    """CREATE OR REPLACE TRIGGER license_event_append_only BEFORE UPDATE OR DELETE ON license_event
       FOR EACH ROW EXECUTE FUNCTION license_event_is_append_only()""",
)


class Postgres:
    """One connection to a PostgreSQL database; a transaction locks the row of the case it writes to."""

    def __init__(self, address: str) -> None:
        self._address = address
        try:
            import psycopg
        except ImportError:
            raise FileUnusable("PostgreSQL needs psycopg", at=address, hint="Install `penstock[postgres]`.") from None
        try:
            self._connection = psycopg.connect(address, autocommit=True)
        except psycopg.Error as error:
            raise FileUnusable(f"The database cannot be reached: {str(error).strip()}", at=_without_password(address)) from None

    def prepare(self) -> None:
        """Bring the database to the schema of this version."""
        bring(self, self._address, _HAS, _APPEND_ONLY)

    @contextmanager
    def transaction(self) -> Iterator[Work]:
        """Open a transaction that is written whole at the end, or not at all where an error leaves it."""
        from psycopg import OperationalError

        try:
            with self._connection.transaction():
                yield Work(self._connection, lock=" FOR UPDATE", mark="%s", guard=GUARD)
        except OperationalError as error:
            raise FileUnusable(f"The database cannot be used: {str(error).strip()}", at="--store") from None

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def _without_password(address: str) -> str:
    head, _, host = address.rpartition("@")
    return f"{head.split('://')[0]}://…@{host}" if head else address
