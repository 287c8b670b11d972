"""The schema of license cases: made in one go where there is none, brought to this version where it is older.

A new database gets the newest schema at once and needs nothing beyond the core; an older one is migrated by Alembic (extra
``ledger``), under a version table of its own, so that cases and a ledger live in one database.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from penstock.store.licensing_engine import Engine
from penstock.store.licensing_sql import SCHEMA
from penstock.terms.errors import FileUnusable

__all__ = ["HEAD", "MIGRATIONS", "VERSION_TABLE", "bring"]

HEAD = "0002"
"""The revision of the schema this version reads and writes."""
VERSION_TABLE = "license_version"
MIGRATIONS = Path(__file__).parent / "licensing_migrations"
_OLDER = ("", "0001")


def bring(engine: Engine, address: str, has: str, guards: Sequence[str]) -> None:
    """Bring a database to the schema of this version; FileUnusable where it is of a later one.

    ``has`` is the query that says whether there is a table, ``guards`` what keeps events from being changed.
    """
    with engine.transaction() as work:
        found = work.one(f"SELECT version_num FROM {VERSION_TABLE}") if work.one(has, (VERSION_TABLE,))[0] else None
        if found is None and not work.one(has, ("license_case",))[0]:
            work.guard()
            for statement in (*SCHEMA, *guards):
                work.run(statement)
            work.run(f"INSERT INTO {VERSION_TABLE} (version_num) VALUES (?) ON CONFLICT DO NOTHING", (HEAD,))
            return
    revision = found[0] if found else ""
    if revision == HEAD:
        return
    if revision not in _OLDER:
        raise FileUnusable(f"The cases are of schema {revision}, and this version knows {HEAD}", at="--store", value=revision,
                           hint="Update penstock.")  # fmt: skip
    from penstock.store.create import migrate

    migrate(address, MIGRATIONS)
