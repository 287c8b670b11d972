"""The ledger itself: one request, applied to the state, makes one event. Nothing else ever changes a balance.

The event is a function of the state, the request and the ledger time, so that a log replayed from zero gives the same bytes.
A refusal is an event too, with its reason and the headroom of every bucket that was too small.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from penstock.ledger.entries import ENTRY_BYTES_MAX, encode_entry, leaf_hash
from penstock.ledger.requests import (
    AMOUNT_MAX,
    Attest,
    Carry,
    Close,
    Commit,
    Correct,
    Expire,
    Legs,
    Note,
    Open,
    Recap,
    Request,
    Reserve,
    Void,
    op_id,
)
from penstock.ledger.state import Basis, Bucket, Op, OpState, State

__all__ = ["Step", "apply", "legs_after", "share_cap"]

_Outcome = dict[str, Any]
_Short = tuple[tuple[int, int, int], ...]


class Step(NamedTuple):
    """What one request came to: its event, the entry that holds it, and what of the state it touched."""

    seq: int
    event: Mapping[str, Any]
    entry: bytes
    hash: bytes
    id: bytes
    numbers: tuple[int, ...] = ()
    target: bytes | None = None


def apply(state: State, request: Request, now: int) -> Step:
    """Apply a request at an instant in milliseconds, change the state, and return the step.

    Ledger time is the latest instant ever seen: a clock that goes back changes nothing.

    >>> state = State()
    >>> _ = apply(state, Open("bis", "o", "country_allocation/MY/2025-2027@actual", 100, "742.6(b)(10)(iii)(B)(1)"), 0)
    >>> [apply(state, Reserve("acme", key, ((0, 60),)), 0).event["ok"] for key in ("a", "b")]
    [True, False]
    """
    at = state.time if state.time > now else now
    seq = state.seq
    outcome, numbers, target = _RULES[type(request)](state, request, seq, at)
    event = {"at": at, "do": request.document(), **outcome}
    entry = encode_entry(state.head, event)
    assert len(entry) <= ENTRY_BYTES_MAX, "requests are bounded"
    state.time = at
    state.seq = seq + 1
    state.head = leaf_hash(entry)
    return Step(seq, event, entry, state.head, request.id, numbers, target)


def legs_after(event: Mapping[str, Any]) -> Legs:
    """Return the amounts an operation holds after the last event that changed it."""
    legs = event["legs"] if "legs" in event else event["do"]["legs"]
    return tuple(legs)


_Result = tuple[_Outcome, tuple[int, ...], bytes | None]


def _refused(state: State, request: Request, seq: int, why: str, short: _Short | None = None) -> _Result:
    state.ops[request.id] = Op(seq, seq, OpState.DONE)
    body = {"ok": False, "seq": seq} | ({} if short is None else {"short": short}) | {"why": why}
    return body, (), None


def _done(state: State, request: Request, seq: int, numbers: tuple[int, ...] = (), **more: Any) -> _Result:
    """Return the outcome of a request that changed caps: breaches opened and healed stand in it."""
    state.ops[request.id] = Op(seq, seq, OpState.DONE)
    return _sorted({"ok": True, "seq": seq, **more, **_settle(state, numbers, seq)}), numbers, None


def _sorted(outcome: _Outcome) -> _Outcome:
    return dict(sorted(outcome.items()))


def _settle(state: State, numbers: tuple[int, ...], seq: int) -> _Outcome:
    """Open a breach in each bucket that is now above its cap, heal each that is no longer; say which."""
    opened, healed = [], []
    for number in numbers:
        bucket = state.buckets[number]
        over = bucket.cap is not None and bucket.used > bucket.cap
        if over and bucket.breach_seq is None:
            bucket.breach_seq = seq
            opened.append(number)
        elif not over and bucket.breach_seq is not None:
            bucket.breach_seq = None
            healed.append(number)
    state.check(numbers)
    return ({"breach": tuple(opened)} if opened else {}) | ({"healed": tuple(healed)} if healed else {})


# ---- reserve


def _reserve(state: State, request: Reserve, seq: int, at: int) -> _Result:
    buckets, legs = state.buckets, request.legs
    if legs[-1][0] >= len(buckets):
        return _refused(state, request, seq, "unknown_bucket")
    for number, amount in legs:
        bucket = buckets[number]
        limit = AMOUNT_MAX if bucket.cap is None else bucket.cap
        if bucket.closed or bucket.reserved + bucket.committed + amount > limit:
            return _refused(state, request, seq, *_shortfall(state, legs))
    for number, amount in legs:
        buckets[number].reserved += amount
    until = None if request.hold_s is None else at + 1000 * request.hold_s
    state.ops[request.id] = Op(seq, seq, OpState.RESERVED, until, legs)
    return {"ok": True, "seq": seq, "until": until}, tuple([number for number, _ in legs]), None


def _shortfall(state: State, legs: Legs) -> tuple[str, _Short]:
    """Return why a reservation fails and, for every bucket that fails it, its number, headroom and what was asked."""
    closed = tuple((number, 0, amount) for number, amount in legs if state.buckets[number].closed)
    if closed:
        return "closed", closed
    rooms = [(number, _room(state.buckets[number]), amount) for number, amount in legs]
    return "over_quota", tuple((number, room, amount) for number, room, amount in rooms if amount > room)


def _room(bucket: Bucket) -> int:
    headroom = bucket.headroom
    return AMOUNT_MAX - bucket.used if headroom is None else headroom


# ---- what becomes of a reservation


def _held(state: State, of: tuple[str, str]) -> tuple[bytes, Op | None]:
    id = op_id(*of)
    return id, state.ops.get(id)


_NOT_RESERVED = {
    OpState.COMMITTED: "committed",
    OpState.VOIDED: "voided",
    OpState.EXPIRED: "lapsed",
    OpState.DONE: "not_a_reservation",
}


def _release(state: State, op: Op, kept: Legs, into: OpState, seq: int) -> None:
    """Move a reservation into its last state: what is kept is committed, the rest released."""
    assert op.legs is not None, "the store brings in the amounts of what a batch speaks of"
    assert op.state is OpState.RESERVED
    for number, amount in op.legs:
        state.buckets[number].reserved -= amount
    for number, amount in kept:
        state.buckets[number].committed += amount
    op.state, op.last, op.legs = into, seq, kept


def _commit(state: State, request: Commit, seq: int, at: int) -> _Result:
    id, op = _held(state, request.of)
    if op is None:
        return _refused(state, request, seq, "unknown_operation")
    if op.state is not OpState.RESERVED:
        return _refused(state, request, seq, _NOT_RESERVED[op.state])
    if op.until is not None and at >= op.until:
        return _refused(state, request, seq, "lapsed")
    assert op.legs is not None
    held = dict(op.legs)
    wanted = op.legs if request.legs is None else request.legs
    if any(amount > held.get(number, 0) for number, amount in wanted):
        short = tuple((number, held.get(number, 0), amount) for number, amount in wanted if amount > held.get(number, 0))
        return _refused(state, request, seq, "more_than_reserved", short)
    kept = tuple((number, amount) for number, amount in wanted if amount)
    _release(state, op, kept, OpState.COMMITTED, seq)
    return _settled(state, request, seq, id, tuple(held), legs=kept)


def _settled(state: State, request: Request, seq: int, id: bytes, numbers: tuple[int, ...], **more: Any) -> _Result:
    outcome, touched, _ = _done(state, request, seq, numbers, **more)
    return outcome, touched, id


def _void(state: State, request: Void, seq: int, at: int) -> _Result:
    return _given_up(state, request, seq, OpState.VOIDED)


def _expire(state: State, request: Expire, seq: int, at: int) -> _Result:
    return _given_up(state, request, seq, OpState.EXPIRED, due=at)


def _given_up(state: State, request: Void | Expire, seq: int, into: OpState, due: int | None = None) -> _Result:
    """Release a whole reservation; where an instant is given, only if its time has run out by then."""
    id, op = _held(state, request.of)
    if op is None:
        return _refused(state, request, seq, "unknown_operation")
    if op.state is not OpState.RESERVED:
        return _refused(state, request, seq, _NOT_RESERVED[op.state])
    if due is not None and (op.until is None or due < op.until):
        return _refused(state, request, seq, "not_due")
    assert op.legs is not None
    numbers = tuple(number for number, _ in op.legs)
    _release(state, op, (), into, seq)
    return _settled(state, request, seq, id, numbers)


def _correct(state: State, request: Correct, seq: int, at: int) -> _Result:
    id, op = _held(state, request.of)
    if op is None:
        return _refused(state, request, seq, "unknown_operation")
    if op.state is not OpState.COMMITTED:
        return _refused(state, request, seq, "not_committed")
    if request.legs[-1][0] >= len(state.buckets):
        return _refused(state, request, seq, "unknown_bucket")
    assert op.legs is not None
    now = dict(op.legs)
    more = tuple((n, amount - now.get(n, 0)) for n, amount in request.legs if amount > now.get(n, 0))
    short = tuple((n, _room(state.buckets[n]), extra) for n, extra in more if extra > _room(state.buckets[n]))
    if short:
        return _refused(state, request, seq, "over_quota", short)
    for number, amount in request.legs:
        state.buckets[number].committed += amount - now.get(number, 0)
        now[number] = amount
    op.legs = tuple(sorted((number, amount) for number, amount in now.items() if amount))
    op.last = seq
    return _settled(state, request, seq, id, tuple(number for number, _ in request.legs), legs=op.legs)


# ---- buckets and their caps


def share_cap(total: int, share: tuple[int, int]) -> int:
    """Return the cap a share of a denominator comes to, rounded down: ``n * x <= d * total`` holds exactly up to it.

    >>> share_cap(1_000_001, (7, 100))
    70000
    """
    return total * share[0] // share[1]


def _open(state: State, request: Open, seq: int, at: int) -> _Result:
    if request.bucket in state.numbers:
        return _refused(state, request, seq, "exists")
    cap = request.cap
    if request.share is not None:
        basis = state.bases.get(request.basis)
        cap = 0 if basis is None else share_cap(basis.total, request.share)
    number = len(state.buckets)
    state.add(Bucket(number, request.bucket, cap, request.cite, request.share, request.basis))
    return _done(state, request, seq, (number,), bucket=number, cap=cap)


def _recap(state: State, request: Recap, seq: int, at: int) -> _Result:
    if request.bucket >= len(state.buckets):
        return _refused(state, request, seq, "unknown_bucket")
    bucket = state.buckets[request.bucket]
    if bucket.share is not None:
        return _refused(state, request, seq, "follows_denominator")
    bucket.cap, bucket.cite = request.cap, request.cite
    return _done(state, request, seq, (bucket.number,))


def _attest(state: State, request: Attest, seq: int, at: int) -> _Result:
    before = state.bases.get(request.basis)
    if before is not None and request.as_of < before.as_of:
        return _refused(state, request, seq, "older_than_attested")
    state.bases[request.basis] = Basis(request.basis, request.total, request.as_of, request.document_sha256, seq)
    caps = []
    for bucket in state.buckets:
        if bucket.share is not None and bucket.basis == request.basis:
            bucket.cap = share_cap(request.total, bucket.share)
            caps.append((bucket.number, bucket.cap))
    return _done(state, request, seq, tuple(number for number, _ in caps), caps=tuple(caps))


def _close(state: State, request: Close, seq: int, at: int) -> _Result:
    if request.bucket >= len(state.buckets):
        return _refused(state, request, seq, "unknown_bucket")
    state.buckets[request.bucket].closed = True
    return _done(state, request, seq, (request.bucket,))


def _carry(state: State, request: Carry, seq: int, at: int) -> _Result:
    if max(request.source, request.bucket) >= len(state.buckets):
        return _refused(state, request, seq, "unknown_bucket")
    source, bucket = state.buckets[request.source], state.buckets[request.bucket]
    amount = source.used
    if source.carried:
        return _refused(state, request, seq, "carried")
    if bucket.closed or bucket.used + amount > AMOUNT_MAX:
        why, room = ("closed", 0) if bucket.closed else ("over_quota", AMOUNT_MAX - bucket.used)
        return _refused(state, request, seq, why, ((bucket.number, room, amount),))
    source.closed = source.carried = True
    bucket.committed += amount
    legs = ((bucket.number, amount),) if amount else ()
    outcome = _done(state, request, seq, (source.number, bucket.number), legs=legs)
    state.ops[request.id] = Op(seq, seq, OpState.COMMITTED, None, legs)
    return outcome


def _note(state: State, request: Note, seq: int, at: int) -> _Result:
    return _done(state, request, seq)


_RULES: Mapping[type[Request], Callable[[State, Any, int, int], _Result]] = {
    Open: _open,
    Reserve: _reserve,
    Commit: _commit,
    Void: _void,
    Expire: _expire,
    Recap: _recap,
    Attest: _attest,
    Close: _close,
    Carry: _carry,
    Correct: _correct,
    Note: _note,
}
