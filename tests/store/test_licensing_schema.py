"""The schema of license cases: an older database is brought to this version with its cases, a later one is refused."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

import pytest

from penstock.store.create import is_postgres, migrate
from penstock.store.licensing_engine import open_engine
from penstock.store.licensing_schema import HEAD, MIGRATIONS, VERSION_TABLE
from penstock.terms.errors import FileUnusable
from tests.licensing.acts import act, approved, issued, tell
from tests.store.test_licensing_store import store_at, tell_to

_PARTS_SQLITE = "SELECT type, name, tbl_name FROM sqlite_master WHERE tbl_name LIKE 'license%' ORDER BY 1, 2"
_COLUMNS_SQLITE = "SELECT m.name, p.name, p.type, p.\"notnull\", p.pk FROM sqlite_master m, pragma_table_info(m.name) p WHERE m.name LIKE 'license%' ORDER BY 1, 2"
_PARTS_POSTGRES = """SELECT 'constraint', conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = current_schema()::regnamespace AND conname LIKE 'license%'
UNION ALL SELECT 'index', indexname, replace(indexdef, current_schema(), '') FROM pg_indexes WHERE schemaname = current_schema() AND indexname LIKE 'license%'
UNION ALL SELECT 'trigger', tgname, '' FROM pg_trigger JOIN pg_class c ON c.oid = tgrelid WHERE c.relnamespace = current_schema()::regnamespace AND tgname LIKE 'license%'
ORDER BY 1, 2"""
_COLUMNS_POSTGRES = "SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns WHERE table_schema = current_schema() AND table_name LIKE 'license%' ORDER BY 1, 2"


@pytest.fixture
def older(new_ledger: Callable[[], str]) -> str:
    """Return the address of a database as the version before migrations left it, with one case, beside a ledger."""
    place = new_ledger()
    store = store_at(place)
    tell_to(store, approved(), facts={"item": "H200"})
    store.close()
    run(place, f"DROP TABLE {VERSION_TABLE}")
    run(place, "CREATE TABLE license_schema (version TEXT PRIMARY KEY)")
    run(place, "INSERT INTO license_schema VALUES ('penstock.licensing/1')")
    return place


def run(place: str, *statements: str) -> None:
    engine = open_engine(place)
    try:
        with engine.transaction() as work:
            for statement in statements:
                work.run(statement)
    finally:
        engine.close()


def parts(place: str) -> list[Any]:
    """Return what the schema is made of."""
    engine = open_engine(place)
    queries = (_PARTS_POSTGRES, _COLUMNS_POSTGRES) if is_postgres(place) else (_PARTS_SQLITE, _COLUMNS_SQLITE)
    with engine.transaction() as work:
        found = [row for query in queries for row in work.connection.execute(query).fetchall()]
    engine.close()
    return found


def test_an_older_database_is_migrated_with_its_cases(older: str) -> None:
    for _ in range(2):
        store = store_at(older)
        assert store.case("L-1") == tell(*approved())[0]
        assert store.facts("L-1") == {"item": "H200"}
        assert store.verify() == []
        store.close()
    store = store_at(older)
    assert store.append("L-1", issued()[-1])[0].status == "issued"
    store.close()
    assert "license_schema" not in str(parts(older))
    with pytest.raises(Exception, match="never changed"):
        run(older, "DELETE FROM license_event")


def test_what_migrations_make_is_what_a_new_database_gets(older: str, new_ledger: Callable[[], str]) -> None:
    new, empty = new_ledger(), new_ledger()
    store_at(new).close()
    store_at(older).close()
    migrate(empty, MIGRATIONS)
    wanted = parts(new)
    assert len(wanted) > 15
    assert parts(older) == wanted
    assert parts(empty) == wanted


def test_a_database_of_a_later_version_is_refused_and_left_alone(new_ledger: Callable[[], str]) -> None:
    place = new_ledger()
    store_at(place).close()
    run(place, f"UPDATE {VERSION_TABLE} SET version_num = '9999'")
    with pytest.raises(FileUnusable, match=f"of schema 9999, and this version knows {HEAD}") as caught:
        store_at(place)
    assert caught.value.exit_code == 5


def test_a_file_that_migration_finds_in_use_is_one_clear_error(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    place = str(tmp_path / "cases.db")
    store = store_at(place)
    store.open("L-1", act("registered", 0, "Applicant"))
    store.close()
    run(place, f"DROP TABLE {VERSION_TABLE}")
    other = sqlite3.connect(place, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    monkeypatch.setattr("penstock.store.licensing_sqlite._BUSY_MS", 1)
    with pytest.raises(FileUnusable, match="locked"):
        store_at(place)
    other.execute("ROLLBACK")
    other.close()
