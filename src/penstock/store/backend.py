"""What the ledger asks of a database: one transaction per batch, guarded by the fencing token, and plain reads."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

from attrs import field, frozen

from penstock.ledger.state import Basis, Bucket, Op

__all__ = [
    "MIGRATION",
    "Backend",
    "Batch",
    "Head",
    "no_failpoint",
]

MIGRATION = "0001"
"""The revision of the schema this version reads and writes."""


@frozen
class Head:
    """Where the log stands: the token of its writer, the next sequence number, the last hash and ledger time."""

    token: int
    seq: int
    head: bytes
    time: int


@frozen
class Batch:
    """Everything one transaction writes.

    ``balances`` are what to add to the balances of each bucket of which nothing else may have changed, ``terms`` what to set in
    each other bucket; both close with its number and the version it was read at.
    """

    before: Head
    after: Head
    entries: Sequence[tuple[int, bytes]]
    ops: Sequence[tuple[bytes, Op]]
    changed_ops: Sequence[tuple[bytes, Op]]
    new_buckets: Sequence[Bucket]
    balances: Sequence[tuple[int, int, int, int]]
    terms: Sequence[tuple[Any, ...]]
    bases: Sequence[Basis]
    tiles: Sequence[tuple[int, int, bytes, bytes]]
    records: Sequence[tuple[str, bytes]] = field(default=())


def no_failpoint(place: str) -> None:
    """Stand for the places at which a test may stop the process."""


class Backend(Protocol):
    """A database that holds one ledger. Methods raise LedgerUnavailable for whatever the database reports."""

    def acquire(self, holder: str, *, take_over: bool) -> Head:
        """Become the writer under a new token, or raise WriterPresent."""

    def release(self) -> None:
        """Stop being the writer."""

    def write(self, batch: Batch, failpoint: Callable[[str], None]) -> None:
        """Write a batch in one durable transaction, or nothing; raise Fenced or StaleCache."""

    def head(self) -> Head:
        """Return where the log stands."""

    def buckets(self) -> list[Bucket]:
        """Return every bucket in order of number."""

    def bases(self) -> list[Basis]:
        """Return every denominator."""

    def ops(self, ids: Sequence[bytes]) -> dict[bytes, Op]:
        """Return those of some operations that exist, without their amounts."""

    def due(self, time: int, limit: int) -> list[tuple[bytes, int]]:
        """Return id and first event of reservations whose time has run out, oldest first."""

    def next_due(self) -> int | None:
        """Return when the next reservation runs out."""

    def entry(self, seq: int) -> bytes:
        """Return one entry."""

    def entries(self, first: int, end: int) -> Iterator[bytes]:
        """Yield entries ``[first, end)`` in order."""

    def tile(self, level: int, number: int) -> bytes | None:
        """Return a full tile, or None while it is not full."""

    def tile_roots(self, level: int, first: int, end: int) -> list[bytes]:
        """Return the roots of the full tiles ``[first, end)`` of a level."""

    def record(self, sha256: str) -> bytes | None:
        """Return a document an event refers to."""

    def meta(self) -> dict[str, str]:
        """Return the ledger's own settings: origin, verifier key, schema revision."""

    def put_checkpoint(self, size: int, note: str) -> None:
        """Keep a signed checkpoint."""

    def checkpoint(self, size: int | None = None) -> str | None:
        """Return the checkpoint of a size, or the newest."""

    def close(self) -> None:
        """Close the connection."""

    def reconnect(self) -> None:
        """Open a new connection after a failure."""
