"""Reports over a ledger, for readers: what happened, and the papers behind it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from penstock.ledger.entries import parse_entry
from penstock.ledger.records import Record
from penstock.ledger.state import Basis, Bucket
from penstock.store.backend import Backend

__all__ = ["Books", "events", "shipments"]


class Books:
    """The balances of a ledger at one moment, by name: what a decision may read its counters from."""

    def __init__(self, backend: Backend) -> None:
        self._buckets: Mapping[str, Bucket] = {bucket.name: bucket for bucket in backend.buckets()}
        self.bases: Mapping[str, Basis] = {basis.name: basis for basis in backend.bases()}

    def bucket(self, name: str) -> Bucket | None:
        """Return a bucket, or None."""
        return self._buckets.get(name)

    @property
    def buckets(self) -> list[Bucket]:
        """Return every bucket, in order of number."""
        return list(self._buckets.values())


def events(backend: Backend, first: int = 0, end: int | None = None) -> Iterator[dict[str, Any]]:
    """Yield events ``[first, end)`` as documents."""
    for entry in backend.entries(first, backend.head().seq if end is None else end):
        yield parse_entry(entry)[1]


def shipments(backend: Backend) -> list[Record]:
    """Return the records of what was shipped: committed with a record, or noted as drawing on no quota."""
    found = []
    for event in events(backend):
        do = event["do"]
        if event["ok"] and do["kind"] in ("commit", "note") and do["record"]:
            content = backend.record(do["record"])
            if content is not None:
                found.append(Record.read(content))
    return found
