"""Rows to values and back, the same for both databases."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from penstock.ledger.state import Basis, Bucket, Op, OpState

__all__ = ["basis_from", "bucket_from", "bucket_row", "op_from", "op_rows", "terms_row"]

_CARRIED = 2  # in the column ``closed``: closed, and carried into another bucket


def bucket_from(row: Sequence[Any]) -> Bucket:
    """Return the bucket of a row."""
    number, name, cap, cite, share_of, share_in, basis, reserved, committed, closed, breach_seq, version = row
    share = None if share_of is None else (share_of, share_in)
    state = (bool(closed), breach_seq, version, closed == _CARRIED)
    return Bucket(number, name, cap, cite, share, basis, reserved, committed, *state)


def bucket_row(bucket: Bucket) -> tuple[Any, ...]:
    """Return the row of a bucket as it is opened: nothing reserved or committed yet, version 0."""
    share = bucket.share or (None, None)
    return (bucket.number, bucket.name, bucket.cap, bucket.cite, *share, bucket.basis, 0, 0, 0, None, 0)


def terms_row(bucket: Bucket, reserved: int, committed: int, version: int) -> tuple[Any, ...]:
    """Return what to set in a bucket whose terms may have changed, closing with its number and the version it was read at."""
    terms = (bucket.cap, bucket.cite, _CARRIED if bucket.carried else int(bucket.closed), bucket.breach_seq)
    return (bucket.reserved - reserved, bucket.committed - committed, *terms, bucket.number, version)


def op_from(row: Sequence[Any]) -> Op:
    """Return the operation of a row that starts with first and last event, state and end."""
    return Op(row[0], row[1], OpState(row[2]), row[3])


def op_rows(ops: Iterable[tuple[bytes, Op]]) -> list[tuple[Any, ...]]:
    """Return the rows of new operations."""
    return [(id, op.seq, op.last, int(op.state), op.until) for id, op in ops]


def basis_from(row: Sequence[Any]) -> Basis:
    """Return the denominator of a row."""
    return Basis(*row)
