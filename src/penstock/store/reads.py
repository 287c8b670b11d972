"""The reads that are the same in both databases: each is one named statement, and rows become values here."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any, ClassVar

from penstock.ledger.state import Basis, Bucket
from penstock.store.backend import Head
from penstock.store.rows import basis_from, bucket_from
from penstock.terms.errors import LedgerUnavailable

__all__ = ["Reads"]


class Reads:
    """Reads of one ledger; a database says how a named statement is run and how its errors are told."""

    _db: Any
    _put_checkpoint: ClassVar[str]

    def _rows(self, read: str, *values: Any) -> list[Any]:
        raise NotImplementedError

    def _errors(self) -> AbstractContextManager[None]:
        raise NotImplementedError

    def head(self) -> Head:
        return Head(*self._rows("head")[0])

    def buckets(self) -> list[Bucket]:
        return [bucket_from(row) for row in self._rows("buckets")]

    def bases(self) -> list[Basis]:
        return [basis_from(row) for row in self._rows("bases")]

    def due(self, time: int, limit: int) -> list[tuple[bytes, int]]:
        return [(id, seq) for id, seq in self._rows("due", time, limit)]

    def next_due(self) -> int | None:
        found: int | None = self._rows("next_due")[0][0]
        return found

    def entry(self, seq: int) -> bytes:
        rows = self._rows("entry", seq)
        if not rows:
            raise LedgerUnavailable(f"The ledger has no event {seq}", value=seq)
        found: bytes = rows[0][0]
        return found

    def tile(self, level: int, number: int) -> bytes | None:
        rows = self._rows("tile", level, number)
        return rows[0][0] if rows else None

    def tile_roots(self, level: int, first: int, end: int) -> list[bytes]:
        return [root for (root,) in self._rows("tile_roots", level, first, end)]

    def record(self, sha256: str) -> bytes | None:
        rows = self._rows("record", sha256)
        return rows[0][0] if rows else None

    def meta(self) -> dict[str, str]:
        return dict(self._rows("meta"))

    def put_checkpoint(self, size: int, note: str) -> None:
        with self._errors():
            self._db.execute(self._put_checkpoint, (size, note))

    def checkpoint(self, size: int | None = None) -> str | None:
        rows = self._rows("newest_checkpoint") if size is None else self._rows("checkpoint", size)
        return rows[0][0] if rows else None
