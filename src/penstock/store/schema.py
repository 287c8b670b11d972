"""The tables of a ledger, once, for both databases; migrations bring a database to them.

Amounts and times are 64-bit integers.  The caps are guarded by the database itself: a bucket cannot be written with more in
use than its cap, unless the event that opened a breach stands beside it.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    text,
)

__all__ = ["METADATA"]

METADATA = MetaData()
_WHOLE = BigInteger().with_variant(Integer(), "sqlite")
_SMALL = SmallInteger().with_variant(Integer(), "sqlite")
_RESERVED = text("state = 0 AND until IS NOT NULL")

Table("ledger_meta", METADATA, Column("name", Text, primary_key=True), Column("value", Text, nullable=False), sqlite_strict=True)

Table(
    "ledger_writer",
    METADATA,
    Column("id", _SMALL, primary_key=True, autoincrement=False),
    Column("token", _WHOLE, nullable=False),
    Column("holder", Text, nullable=False),
    Column("seq", _WHOLE, nullable=False),
    Column("head", LargeBinary, nullable=False),
    Column("time", _WHOLE, nullable=False),
    CheckConstraint("id = 1", name="ledger_one_writer"),
    sqlite_strict=True,
)

Table(
    "ledger_bucket",
    METADATA,
    Column("number", _WHOLE, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False, unique=True),
    Column("cap", _WHOLE),
    Column("cite", Text, nullable=False),
    Column("share_of", _WHOLE),
    Column("share_in", _WHOLE),
    Column("basis", Text, nullable=False),
    Column("reserved", _WHOLE, nullable=False),
    Column("committed", _WHOLE, nullable=False),
    Column("closed", _SMALL, nullable=False),
    Column("breach_seq", _WHOLE),
    Column("version", _WHOLE, nullable=False),
    CheckConstraint("reserved >= 0 AND committed >= 0 AND cap >= 0", name="ledger_no_negative"),
    CheckConstraint("cap IS NULL OR breach_seq IS NOT NULL OR reserved + committed <= cap", name="ledger_within_cap"),
    sqlite_strict=True,
    postgresql_with={"fillfactor": 50},
)

Table(
    "ledger_basis",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("total", _WHOLE, nullable=False),
    Column("as_of", Text, nullable=False),
    Column("document_sha256", Text, nullable=False),
    Column("seq", _WHOLE, nullable=False),
    sqlite_strict=True,
)

_op = Table(
    "ledger_op",
    METADATA,
    Column("id", LargeBinary, primary_key=True),
    Column("seq", _WHOLE, nullable=False),
    Column("last", _WHOLE, nullable=False),
    Column("state", _SMALL, nullable=False),
    Column("until", _WHOLE),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)
Index("ledger_op_due", _op.c.until, sqlite_where=_RESERVED, postgresql_where=_RESERVED)

Table(
    "ledger_event",
    METADATA,
    Column("seq", _WHOLE, primary_key=True, autoincrement=False),
    Column("entry", LargeBinary, nullable=False),
    sqlite_strict=True,
)

Table(
    "ledger_tile",
    METADATA,
    Column("level", _SMALL, primary_key=True, autoincrement=False),
    Column("number", _WHOLE, primary_key=True, autoincrement=False),
    Column("hashes", LargeBinary, nullable=False),
    Column("root", LargeBinary, nullable=False),
    sqlite_strict=True,
)

Table(
    "ledger_checkpoint",
    METADATA,
    Column("size", _WHOLE, primary_key=True, autoincrement=False),
    Column("note", Text, nullable=False),
    sqlite_strict=True,
)

Table(
    "ledger_record",
    METADATA,
    Column("sha256", Text, primary_key=True),
    Column("document", LargeBinary, nullable=False),
    sqlite_strict=True,
)
