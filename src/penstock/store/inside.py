"""The ledger's two databases through a connection whose transaction somebody else has opened, and will end."""

from __future__ import annotations

import sqlite3
from typing import Any

from penstock.store.postgres import PostgresBackend
from penstock.store.sqlite import SqliteBackend

__all__ = ["InPostgres", "InSqlite"]


class InSqlite(SqliteBackend):
    """The ledger of a file through a connection whose transaction is open: it neither begins nor ends one."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        super().__init__(next(row[2] for row in connection.execute("PRAGMA database_list") if row[1] == "main"))

    def _open(self) -> None:
        self._db = self._connection
        self._check_revision()

    def _begin(self) -> None:
        pass

    _commit = _undo = _begin

    def close(self) -> None:
        self.release()


class InPostgres(PostgresBackend):
    """The ledger of a schema through a connection whose transaction is open; its own are savepoints in it."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        super().__init__("")

    def _open(self) -> None:
        import psycopg

        self._error = psycopg.Error
        self._db = self._connection
        self._check_revision()

    def close(self) -> None:
        pass
