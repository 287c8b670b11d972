"""A real PostgreSQL for the tests of the store, one per run, and ledgers on both databases."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from penstock.store.create import create
from tests.store.places import OPENED
from tests.store.servers import server_in

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
ORIGIN = "example.org/ledger"
_numbers = itertools.count()


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Yield a PostgreSQL server that lives as long as the tests do; it need not survive the loss of power."""
    with server_in(tmp_path_factory.mktemp("pg"), durable=False) as server:
        yield server


@pytest.fixture(params=["sqlite", "postgres"])
def new_ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], str]:
    """Return a function that makes an empty ledger and returns its place, on each database."""
    if request.param == "sqlite":
        return lambda: new_sqlite(tmp_path)
    server = request.getfixturevalue("postgres")
    return lambda: new_schema(server)


def new_sqlite(folder: Path) -> str:
    """Return the place of a ledger in a file of its own."""
    place = str(folder / f"ledger{next(_numbers)}.db")
    create_empty(place)
    return place


def create_empty(place: str) -> None:
    """Make an empty ledger under the key of the tests."""
    create(place, ORIGIN, KEY)


def new_schema(server: Any) -> str:
    """Return the place of a ledger in a schema of its own."""
    import psycopg

    name = f"ledger{next(_numbers)}"
    with psycopg.connect(server.get_uri(), autocommit=True) as db:
        db.execute(f"CREATE SCHEMA {name}")
    place = f"{server.get_uri()}&options=-csearch_path%3D{name}"
    create(place, ORIGIN, KEY)
    return place


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    """Close what a test has opened."""
    yield
    while OPENED:
        OPENED.pop().close()


@pytest.fixture
def place(new_ledger: Callable[[], str]) -> str:
    """Return the place of an empty ledger, on each database."""
    return new_ledger()
