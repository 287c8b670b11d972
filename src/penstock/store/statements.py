"""The statements of the hot path and of the reads, the same on both databases.

SQLite takes them as they stand; PostgreSQL has ``%s`` for ``?``.  What the two say differently is in their own modules.
"""

from __future__ import annotations

__all__ = ["FENCE", "READS", "TABLES", "TOKEN"]

FENCE = "UPDATE ledger_writer SET seq = ?, head = ?, time = ? WHERE id = 1 AND token = ? AND seq = ?"
TOKEN = "UPDATE ledger_writer SET token = token + 1, holder = ? WHERE id = 1 RETURNING token, seq, head, time"

READS = {
    "head": "SELECT token, seq, head, time FROM ledger_writer WHERE id = 1",
    "holder": "SELECT holder FROM ledger_writer WHERE id = 1",
    "buckets": "SELECT number, name, cap, cite, share_of, share_in, basis, reserved, committed, closed, breach_seq, version "
    "FROM ledger_bucket ORDER BY number",
    "bases": "SELECT name, total, as_of, document_sha256, seq FROM ledger_basis ORDER BY name",
    "due": "SELECT id, seq FROM ledger_op WHERE state = 0 AND until IS NOT NULL AND until <= ? ORDER BY until, seq LIMIT ?",
    "next_due": "SELECT min(until) FROM ledger_op WHERE state = 0 AND until IS NOT NULL",
    "entry": "SELECT entry FROM ledger_event WHERE seq = ?",
    "entries": "SELECT entry FROM ledger_event WHERE seq >= ? AND seq < ? ORDER BY seq",
    "tile": "SELECT hashes FROM ledger_tile WHERE level = ? AND number = ?",
    "tile_roots": "SELECT root FROM ledger_tile WHERE level = ? AND number >= ? AND number < ? ORDER BY number",
    "record": "SELECT document FROM ledger_record WHERE sha256 = ?",
    "meta": "SELECT name, value FROM ledger_meta",
    "revision": "SELECT version_num FROM alembic_version",
    "checkpoint": "SELECT note FROM ledger_checkpoint WHERE size = ?",
    "newest_checkpoint": "SELECT note FROM ledger_checkpoint ORDER BY size DESC LIMIT 1",
}

TABLES = {
    "ledger_event": ("seq", "entry"),
    "ledger_op": ("id", "seq", "last", "state", "until"),
    "ledger_bucket": (
        "number", "name", "cap", "cite", "share_of", "share_in", "basis",
        "reserved", "committed", "closed", "breach_seq", "version",
    ),
    "ledger_tile": ("level", "number", "hashes", "root"),
}  # fmt: skip
