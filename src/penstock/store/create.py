"""Making a ledger and bringing it to the schema of this version (extra ``ledger``: SQLAlchemy and Alembic)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from penstock.ledger.entries import ZERO_HASH
from penstock.ledger.notes import verifier_key
from penstock.store.backend import Backend
from penstock.terms.errors import BadDocument, FileUnusable, LedgerUnavailable

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from sqlalchemy import Engine

__all__ = ["create", "is_postgres", "migrate", "new_key", "open_backend", "read_key", "upgrade"]

_MIGRATIONS = Path(__file__).parent / "migrations"


def is_postgres(place: str) -> bool:
    """Say whether a ledger is in PostgreSQL rather than in a file of SQLite.

    >>> is_postgres("postgresql://localhost/quota"), is_postgres("quota.db")
    (True, False)
    """
    return place.startswith(("postgresql://", "postgres://"))


def open_backend(place: str, *, read_only: bool = False) -> Backend:
    """Return the database a ledger is in: a URL of PostgreSQL, or else a path."""
    if is_postgres(place):
        from penstock.store.postgres import PostgresBackend

        return PostgresBackend(place, read_only=read_only)
    from penstock.store.sqlite import SqliteBackend

    return SqliteBackend(place, read_only=read_only)


def _needs_extra(error: ImportError) -> LedgerUnavailable:
    return LedgerUnavailable(f"This needs {error.name}", value=error.name, hint="pip install 'penstock[ledger]'")


# ---- keys


def new_key(path: str | Path) -> Ed25519PrivateKey:
    """Write a new signing key to a file only its owner can read, and return it; FileUnusable when the file exists."""
    try:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
    except ImportError as error:
        raise _needs_extra(error) from None
    key = Ed25519PrivateKey.generate()
    text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise FileUnusable(f"{path} cannot be made: {error.strerror}", value=str(path)) from None
    with os.fdopen(file, "wb") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    return key


def read_key(path: str | Path) -> Ed25519PrivateKey:
    """Return the signing key in a file."""
    try:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives.serialization import load_pem_private_key
    except ImportError as error:
        raise _needs_extra(error) from None
    try:
        key = load_pem_private_key(Path(path).read_bytes(), None)
    except OSError as error:
        raise FileUnusable(f"{path} cannot be read: {error.strerror}", value=str(path)) from None
    except (TypeError, ValueError):
        raise BadDocument(f"{path} holds no private key", value=str(path)) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise BadDocument(f"{path} holds no Ed25519 key", value=str(path))
    return key


# ---- the database


def _engine(place: str) -> Engine:
    try:
        from sqlalchemy import create_engine
        from sqlalchemy.pool import NullPool
    except ImportError as error:
        raise _needs_extra(error) from None
    if not is_postgres(place):
        return create_engine(f"sqlite:///{Path(place).resolve()}", poolclass=NullPool)
    url = "postgresql+psycopg://" + place.partition("://")[2]
    return create_engine(url, poolclass=NullPool)


def create(place: str, origin: str, key: Ed25519PrivateKey) -> None:
    """Make a new, empty ledger in a file or database that has none; ``origin`` names its log in every checkpoint."""
    from sqlalchemy import inspect
    from sqlalchemy.exc import SQLAlchemyError

    _check_origin(origin)
    if not is_postgres(place):
        _new_file(place)
    settings = {"origin": origin, "vkey": verifier_key(origin, key)}
    try:
        with _engine(place).begin() as db:
            if inspect(db).has_table("ledger_writer"):
                raise LedgerUnavailable("There is a ledger already", value=origin)
            _migrate(db)
            _first_rows(db, settings)
    except SQLAlchemyError as error:
        raise LedgerUnavailable(f"No ledger can be made: {' '.join(str(error).split())[:200]}") from error


def _check_origin(origin: str) -> None:
    if not origin or "+" in origin or any(sign.isspace() for sign in origin):
        raise BadDocument("The origin of a log is a name without spaces and plus signs", at="origin", value=origin,
                          nearest="".join(origin.replace("+", "-").split()) or "example.org/ledger")  # fmt: skip


def _new_file(place: str) -> None:
    try:
        os.close(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except OSError as error:
        raise FileUnusable(f"{place} cannot be made: {error.strerror}", value=place) from None


def _first_rows(db: Any, settings: dict[str, str]) -> None:
    from penstock.store.schema import METADATA

    meta, writer = METADATA.tables["ledger_meta"], METADATA.tables["ledger_writer"]
    db.execute(meta.insert(), [{"name": name, "value": value} for name, value in settings.items()])
    db.execute(writer.insert(), {"id": 1, "token": 0, "holder": "", "seq": 0, "head": ZERO_HASH, "time": 0})


def _migrate(db: Any, migrations: Path = _MIGRATIONS) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(migrations).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = db
    command.upgrade(config, "head")


def upgrade(place: str) -> None:
    """Bring an existing ledger to the schema of this version."""
    if not is_postgres(place) and not Path(place).is_file():
        raise LedgerUnavailable(f"{place} is no ledger", value=place, hint="penstock ledger create PATH")
    with _engine(place).begin() as db:
        _migrate(db)


def migrate(place: str, migrations: Path) -> None:
    """Bring a database to the newest revision of the migrations in a folder; LedgerUnavailable where it cannot be."""
    engine = _engine(place)
    from sqlalchemy.exc import SQLAlchemyError

    try:
        with engine.begin() as db:
            _migrate(db, migrations)
    except SQLAlchemyError as error:
        raise LedgerUnavailable(f"The schema cannot be brought up: {' '.join(str(error).split())[:200]}") from error
