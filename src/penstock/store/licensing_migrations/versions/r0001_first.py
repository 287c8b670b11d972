"""The first schema: cases, their events, and guards of the events; a database that was made before migrations has it already."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables and the guards where they are missing."""
    guards = _GUARDS_SQLITE if op.get_bind().dialect.name == "sqlite" else _GUARDS_POSTGRES
    for statement in (*_TABLES, *guards):
        op.execute(statement)


# The tables as they were then, frozen: a later change is a migration of its own, and licensing_sql.SCHEMA is the sum.
_TABLES = (
    "CREATE TABLE IF NOT EXISTS license_schema (version TEXT PRIMARY KEY)",
    """CREATE TABLE IF NOT EXISTS license_case (
        id TEXT PRIMARY KEY,
        kind TEXT NOT NULL,
        transaction_key TEXT NOT NULL,
        facts TEXT NOT NULL,
        state TEXT NOT NULL,
        status TEXT NOT NULL,
        final INTEGER NOT NULL,
        version BIGINT NOT NULL CHECK (version > 0),
        next_due BIGINT NOT NULL
    )""",
    """CREATE TABLE IF NOT EXISTS license_event (
        case_id TEXT NOT NULL REFERENCES license_case (id),
        seq BIGINT NOT NULL CHECK (seq > 0),
        event_id TEXT NOT NULL,
        body TEXT NOT NULL,
        law_hash TEXT NOT NULL,
        hash TEXT NOT NULL,
        PRIMARY KEY (case_id, seq),
        UNIQUE (case_id, event_id)
    )""",
    "CREATE INDEX IF NOT EXISTS license_case_open ON license_case (final, next_due)",
    """CREATE UNIQUE INDEX IF NOT EXISTS license_case_one_at_a_time
        ON license_case (transaction_key) WHERE final = 0 AND transaction_key <> ''""",
)
_GUARDS_SQLITE = tuple(
    f"""CREATE TRIGGER IF NOT EXISTS license_event_no_{what.lower()} BEFORE {what} ON license_event
        BEGIN SELECT RAISE(ABORT, 'events are never changed'); END"""
    for what in ("UPDATE", "DELETE")
)
_GUARDS_POSTGRES = (
    """CREATE OR REPLACE FUNCTION license_event_is_append_only() RETURNS trigger LANGUAGE plpgsql AS
       $$ BEGIN RAISE EXCEPTION 'events are never changed'; END $$""",
    """CREATE OR REPLACE TRIGGER license_event_append_only BEFORE UPDATE OR DELETE ON license_event
       FOR EACH ROW EXECUTE FUNCTION license_event_is_append_only()""",
)
