"""Rows to values and back, the same for both databases."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from penstock.ledger.state import Basis, Bucket, Op, OpState
from penstock.store.backend import BucketChange

__all__ = ["balance_rows", "basis_from", "bucket_from", "bucket_row", "op_from", "op_rows", "terms_rows"]


def bucket_from(row: Sequence[Any]) -> Bucket:
    """Return the bucket of a row."""
    number, name, cap, cite, share_of, share_in, basis, reserved, committed, closed, breach_seq, version = row
    share = None if share_of is None else (share_of, share_in)
    return Bucket(number, name, cap, cite, share, basis, reserved, committed, bool(closed), breach_seq, version)


def bucket_row(bucket: Bucket) -> tuple[Any, ...]:
    """Return the row of a bucket as it is opened: nothing reserved or committed yet, version 0."""
    share = bucket.share or (None, None)
    return (bucket.number, bucket.name, bucket.cap, bucket.cite, *share, bucket.basis, 0, 0, 0, None, 0)


def balance_rows(changes: Iterable[BucketChange]) -> list[tuple[int, int, int, int]]:
    """Return what to add to the balances of each bucket of which nothing else changed, with number and version."""
    return [(reserved, committed, b.number, version) for b, reserved, committed, version, terms in changes if not terms]


def terms_rows(changes: Iterable[BucketChange]) -> list[tuple[Any, ...]]:
    """Return what to set in each bucket whose terms may have changed, closing with number and version."""
    return [
        (reserved, committed, b.cap, b.cite, int(b.closed), b.breach_seq, b.number, version)
        for b, reserved, committed, version, terms in changes
        if terms
    ]


def op_from(row: Sequence[Any]) -> Op:
    """Return the operation of a row that starts with first and last event, state and end."""
    return Op(row[0], row[1], OpState(row[2]), row[3])


def op_rows(ops: Iterable[tuple[bytes, Op]]) -> list[tuple[Any, ...]]:
    """Return the rows of new operations."""
    return [(id, op.seq, op.last, int(op.state), op.until) for id, op in ops]


def basis_from(row: Sequence[Any]) -> Basis:
    """Return the denominator of a row."""
    return Basis(*row)
