"""The SQL of license cases, written out: what both engines share; ``?`` marks a value."""

from __future__ import annotations

__all__ = ["ADD_CASE", "ADD_EVENT", "ALL_CASES", "CASE", "EVENTS", "EVENT_WITH_ID", "GUARD", "LAST_HASH", "OPEN_CASES",
           "PENDING_TWIN", "SCHEMA", "SET_CASE"]  # fmt: skip

# PostgreSQL: two that make the schema at once wait for each other, and so do two that open a case
GUARD = "SELECT pg_advisory_xact_lock(7480750)"

# the newest schema, which the migrations of licensing_migrations come to as well
SCHEMA = (
    """CREATE TABLE IF NOT EXISTS license_version (
        version_num VARCHAR(32) NOT NULL,
        CONSTRAINT license_version_pkc PRIMARY KEY (version_num)
    )""",
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
    # no second application for the same transaction while one is pending (748.4(f))
    """CREATE UNIQUE INDEX IF NOT EXISTS license_case_one_at_a_time
        ON license_case (transaction_key) WHERE final = 0 AND transaction_key <> ''""",
)

CASE = "SELECT state, version, facts FROM license_case WHERE id = ?"
PENDING_TWIN = "SELECT id FROM license_case WHERE transaction_key = ? AND final = 0"
ADD_CASE = """INSERT INTO license_case (id, kind, transaction_key, facts, state, status, final, version, next_due)
              VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"""
SET_CASE = "UPDATE license_case SET state = ?, status = ?, final = ?, version = ?, next_due = ? WHERE id = ? AND version = ?"
ADD_EVENT = "INSERT INTO license_event (case_id, seq, event_id, body, law_hash, hash) VALUES (?, ?, ?, ?, ?, ?)"
LAST_HASH = "SELECT hash FROM license_event WHERE case_id = ? AND seq = ?"
EVENT_WITH_ID = "SELECT seq FROM license_event WHERE case_id = ? AND event_id = ?"
EVENTS = "SELECT seq, event_id, body, law_hash, hash FROM license_event WHERE case_id = ? ORDER BY seq"
OPEN_CASES = "SELECT state FROM license_case WHERE final = 0 AND next_due <= ? ORDER BY next_due, id"
ALL_CASES = "SELECT id FROM license_case ORDER BY id"
