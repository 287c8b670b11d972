"""The first schema: all tables, and an event log that can only grow."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_SMALL = sa.SmallInteger().with_variant(sa.Integer(), "sqlite")
_RESERVED = sa.text("state = 0 AND until IS NOT NULL")


def upgrade() -> None:
    """Make the tables and the guards of the log."""
    _quota()
    _log()
    guard = _GUARD_SQLITE if op.get_bind().dialect.name == "sqlite" else _GUARD_POSTGRES
    for statement in guard:
        op.execute(statement)


def _quota() -> None:
    op.create_table("ledger_meta", _text("name", primary_key=True), _text("value"), sqlite_strict=True)
    op.create_table(
        "ledger_writer", _key("id", _SMALL), _whole("token"), _text("holder"), _whole("seq"), _bytes("head"), _whole("time"),
        sa.CheckConstraint("id = 1", name="ledger_one_writer"), sqlite_strict=True,
    )  # fmt: skip
    op.create_table(
        "ledger_bucket", _key("number"), _text("name", unique=True), _whole("cap", nullable=True), _text("cite"),
        _whole("share_of", nullable=True), _whole("share_in", nullable=True), _text("basis"), _whole("reserved"),
        _whole("committed"), sa.Column("closed", _SMALL, nullable=False), _whole("breach_seq", nullable=True), _whole("version"),
        sa.CheckConstraint("reserved >= 0 AND committed >= 0 AND cap >= 0", name="ledger_no_negative"),
        sa.CheckConstraint("cap IS NULL OR breach_seq IS NOT NULL OR reserved + committed <= cap", name="ledger_within_cap"),
        sqlite_strict=True, postgresql_with={"fillfactor": 50},
    )  # fmt: skip
    op.create_table(
        "ledger_basis", _text("name", primary_key=True), _whole("total"), _text("as_of"), _text("document_sha256"),
        _whole("seq"), sqlite_strict=True,
    )  # fmt: skip


def _log() -> None:
    op.create_table(
        "ledger_op", sa.Column("id", sa.LargeBinary, primary_key=True), _whole("seq"), _whole("last"),
        sa.Column("state", _SMALL, nullable=False), _whole("until", nullable=True), sqlite_strict=True, sqlite_with_rowid=False,
    )  # fmt: skip
    op.create_index("ledger_op_due", "ledger_op", ["until"], sqlite_where=_RESERVED, postgresql_where=_RESERVED)
    op.create_table("ledger_event", _key("seq"), _bytes("entry"), sqlite_strict=True)
    op.create_table("ledger_tile", _key("level", _SMALL), _key("number"), _bytes("hashes"), _bytes("root"), sqlite_strict=True)
    op.create_table("ledger_checkpoint", _key("size"), _text("note"), sqlite_strict=True)
    op.create_table("ledger_record", _text("sha256", primary_key=True), _bytes("document"), sqlite_strict=True)


def _key(name: str, type: sa.types.TypeEngine[int] = _WHOLE) -> sa.Column[int]:
    return sa.Column(name, type, primary_key=True, autoincrement=False)


def _whole(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, _WHOLE, nullable=nullable)


def _text(name: str, *, primary_key: bool = False, unique: bool | None = None) -> sa.Column[str]:
    return sa.Column(name, sa.Text, primary_key=primary_key, unique=unique, nullable=False)


def _bytes(name: str) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary, nullable=False)


_GUARD_SQLITE = [
    f"CREATE TRIGGER ledger_event_no_{verb} BEFORE {verb} ON ledger_event "
    "BEGIN SELECT RAISE(ABORT, 'the log of a ledger only grows'); END"
    for verb in ("update", "delete")
]
_GUARD_POSTGRES = [
    "CREATE FUNCTION ledger_only_grows() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION 'the log of a ledger only grows'; END $$",
    "CREATE TRIGGER ledger_event_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_event "
    "FOR EACH STATEMENT EXECUTE FUNCTION ledger_only_grows()",
]
