"""What the log comes to: buckets with what is reserved and committed, denominators, and the operations in hand."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from typing import Any

from attrs import define, field, frozen

from penstock.ledger.entries import ZERO_HASH
from penstock.ledger.requests import Legs

__all__ = ["Basis", "Bucket", "Op", "OpState", "State"]


class OpState(enum.IntEnum):
    """Where an operation stands; only a reservation moves on, and only once."""

    RESERVED = 0
    COMMITTED = 1
    VOIDED = 2
    EXPIRED = 3
    DONE = 4  # any other request, and every one that was refused


@define
class Bucket:
    """One quota: a cap in whole TPP (None for no limit), what is reserved in it and what is committed."""

    number: int
    name: str
    cap: int | None
    cite: str
    share: tuple[int, int] | None = None
    basis: str = ""
    reserved: int = 0
    committed: int = 0
    closed: bool = False
    breach_seq: int | None = None
    version: int = 0
    carried: bool = False
    """Closed, and what it holds counts in another bucket too."""

    @property
    def used(self) -> int:
        """Return what is reserved and committed together."""
        return self.reserved + self.committed

    @property
    def headroom(self) -> int | None:
        """Return what can still be reserved, never below zero; None where there is no limit."""
        return None if self.cap is None else max(0, self.cap - self.used)

    def check(self) -> None:
        """Assert what can never be otherwise."""
        assert self.reserved >= 0, self
        assert self.committed >= 0, self
        assert self.cap is None or self.cap >= 0, self
        assert self.closed or not self.carried, self
        assert (self.breach_seq is not None) == (self.cap is not None and self.used > self.cap), self

    def document(self) -> dict[str, Any]:
        """Return the bucket as a plain document."""
        return {"number": self.number, "bucket": self.name, "cap_tpp": self.cap, "reserved_tpp": self.reserved,
                "committed_tpp": self.committed, "headroom_tpp": self.headroom, "closed": self.closed, "carried": self.carried,
                "breach_since_event": self.breach_seq, "cite": self.cite, "basis": self.basis or None,
                "share": None if self.share is None else list(self.share)}  # fmt: skip


@frozen
class Basis:
    """A denominator as attested: its total in whole TPP, the day it speaks of and the document behind it."""

    name: str
    total: int
    as_of: str
    document_sha256: str
    seq: int


@define
class Op:
    """An operation: the event that made it, the last that changed it, and while it matters the amounts it holds."""

    seq: int
    last: int
    state: OpState
    until: int | None = None
    legs: Legs | None = None


@define
class State:
    """Everything an answer depends on.

    ``ops`` holds the operations of the batch in hand; the store brings in those a batch speaks of and takes them out after.
    ``time`` is ledger time in milliseconds since 1970: the latest instant ever seen, which never goes back.
    """

    seq: int = 0
    head: bytes = ZERO_HASH
    time: int = 0
    buckets: list[Bucket] = field(factory=list)
    numbers: dict[str, int] = field(factory=dict)
    bases: dict[str, Basis] = field(factory=dict)
    ops: dict[bytes, Op] = field(factory=dict)

    def bucket(self, name: str) -> Bucket | None:
        """Return the bucket of a name, or None."""
        number = self.numbers.get(name)
        return None if number is None else self.buckets[number]

    def add(self, bucket: Bucket) -> None:
        """Add a bucket under the next number."""
        assert bucket.number == len(self.buckets), "bucket numbers have no gap"
        assert bucket.name not in self.numbers, "bucket names are unique"
        self.buckets.append(bucket)
        self.numbers[bucket.name] = bucket.number

    def balances(self) -> list[dict[str, Any]]:
        """Return every bucket as a document, in the order of their numbers: what two replays are compared by."""
        return [bucket.document() for bucket in self.buckets]

    def check(self, numbers: Iterable[int]) -> None:
        """Assert the invariants of some buckets."""
        for number in numbers:
            self.buckets[number].check()
