"""What a store of license cases asks of a database: transactions in which a case is locked, and plain statements."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

__all__ = ["Engine", "Work", "open_engine"]


class Work:
    """One open transaction: statements with ``?`` for values, and the connection for others who take part in it."""

    def __init__(self, connection: Any, lock: str = "", mark: str = "?", guard: str = "") -> None:
        self.connection = connection
        self._lock = lock
        self._mark = mark
        self._guard = guard

    def guard(self) -> None:
        """Let nobody else open a case before this transaction ends."""
        if self._guard:
            self.connection.execute(self._guard)

    def run(self, sql: str, values: Sequence[Any] = ()) -> int:
        """Run a statement and return how many rows it changed."""
        return int(self.connection.execute(sql.replace("?", self._mark), values).rowcount)

    def all(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        """Return the rows of a query."""
        return list(self.connection.execute(sql.replace("?", self._mark), values).fetchall())

    def one(self, sql: str, values: Sequence[Any] = (), *, lock: bool = False) -> Any:
        """Return the first row of a query, or None; ``lock`` keeps others from changing it before this transaction ends."""
        return self.connection.execute(sql.replace("?", self._mark) + (self._lock if lock else ""), values).fetchone()


class Engine(Protocol):
    """One connection to a database that keeps license cases."""

    @contextmanager
    def transaction(self) -> Iterator[Work]:
        """Open a transaction that is written whole at the end, or not at all where an error leaves it."""
        raise NotImplementedError

    def prepare(self) -> None:
        """Bring the database to the schema of this version."""

    def close(self) -> None:
        """Close the connection."""


def open_engine(address: str) -> Engine:
    """Return the engine for an address: ``postgresql://…``, or the path of a SQLite file.

    Raises FileUnusable where the database cannot be reached.
    """
    if address.startswith(("postgresql://", "postgres://")):
        from penstock.store.licensing_postgres import Postgres

        return Postgres(address)
    from penstock.store.licensing_sqlite import Sqlite

    return Sqlite(address)
