"""The only place with SQL: ledgers in SQLite and PostgreSQL, their one writer, their readers, and what proves them."""

from penstock.store.create import create, open_backend
from penstock.store.engine import Answer, Engine

__all__ = ["Answer", "Engine", "create", "open_backend"]
