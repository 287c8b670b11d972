"""Checking a ledger against its log: replay from zero, byte for byte, then everything that is kept beside the log."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from attrs import frozen

from penstock.ledger.entries import leaf_hash
from penstock.ledger.merkle import Frontier, consistency_proof, root_of, verify_consistency
from penstock.ledger.notes import Checkpoint, open_note
from penstock.ledger.replay import Fault, Replay, replay
from penstock.ledger.state import OpState
from penstock.store.backend import Backend, Head
from penstock.store.tiles import split, tile_reader
from penstock.terms.errors import BadDocument

__all__ = ["Verified", "chain", "verify"]


@frozen
class Verified:
    """What a check of a ledger found: how many events, the root over them, and every fault."""

    events: int
    root: bytes
    faults: tuple[str, ...]
    checkpoint: int | None

    @property
    def ok(self) -> bool:
        """Say whether there is no fault."""
        return not self.faults


def verify(backend: Backend, against: str | None = None) -> Verified:
    """Replay a ledger from zero and compare log, balances, operations, tiles and checkpoints.

    ``against`` is a checkpoint from an earlier day, kept elsewhere: the log of today must contain it as a prefix.
    """
    head = backend.head()
    done = replay(backend.entries(0, head.seq), backend.entry)
    faults = [] if done.fault is None else [_said(done.fault)]
    if done.fault is None:
        faults += [*_head(done, head), *_balances(done, backend), *_operations(done, backend)]
        faults += _tiles(done.frontier, backend)
    newest = backend.checkpoint()
    notes = [note for note in (newest, against) if note is not None]
    faults += [fault for note in notes for fault in _checkpoint(note, done, backend)]
    size = None if newest is None else int(newest.splitlines()[1])
    return Verified(done.checked, done.frontier.root(), tuple(faults), size)


def _said(fault: Fault) -> str:
    return f"event {fault.seq}: {fault.what}"


def _head(done: Replay, head: Head) -> Iterator[str]:
    state = done.state
    if (state.seq, state.head, state.time) != (head.seq, head.head, head.time):
        yield f"the head stands at event {head.seq}, the log at {state.seq}"


def _balances(done: Replay, backend: Backend) -> Iterator[str]:
    kept = {bucket.number: bucket.document() for bucket in backend.buckets()}
    made = {bucket.number: bucket.document() for bucket in done.state.buckets}
    for number in sorted(kept.keys() | made.keys()):
        if kept.get(number) != made.get(number):
            yield f"bucket {number}: kept {kept.get(number)}, replayed {made.get(number)}"
    if {basis.name: basis for basis in backend.bases()} != done.state.bases:
        yield "the denominators kept are not those of the log"


def _operations(done: Replay, backend: Backend) -> Iterator[str]:
    """Yield the operations whose state is not the one replayed, a thousand at a time."""
    ids = list(done.state.ops)
    for first in range(0, len(ids), 1000):
        some = ids[first : first + 1000]
        kept = backend.ops(some)
        for id in some:
            op, made = kept.get(id), done.state.ops[id]
            if op is None or (op.seq, op.last, op.state, op.until) != (made.seq, made.last, made.state, made.until):
                yield f"event {made.seq}: its operation is kept as {op}, replayed as {OpState(made.state).name}"


def _tiles(frontier: Frontier, backend: Backend) -> Iterator[str]:
    """Yield the full tiles that are not the hashes of the log."""
    fresh = Frontier()
    for entry in backend.entries(0, frontier.size):
        for level, number, hashes in fresh.add(leaf_hash(entry)):
            kept = backend.tile(level, number)
            if kept is None or split(kept) != hashes or backend.tile_roots(level, number, number + 1) != [root_of(hashes)]:
                yield f"tile {level}/{number} is not that of the log"


def _checkpoint(note: str, done: Replay, backend: Backend) -> Iterator[str]:
    try:
        seen = open_note(note, backend.meta()["vkey"])
    except BadDocument as error:
        yield error.message
        return
    yield from _prefix(seen, done, backend)


def _prefix(seen: Checkpoint, done: Replay, backend: Backend) -> Iterator[str]:
    size = done.frontier.size
    if seen.size > size:
        yield f"the checkpoint speaks of {seen.size} events, the log has {size}"
        return
    proof = consistency_proof(seen.size, size, tile_reader(backend, size))
    if not verify_consistency(seen.size, size, seen.root, done.frontier.root(), proof):
        yield f"the log does not contain the checkpoint of {seen.size} events"


def chain(backend: Backend) -> tuple[int, bytes]:
    """Follow the hash chain over all entries and return how many there are and the last hash; BadDocument where it breaks.

    Much quicker than a replay: this is what a restart may do before it trusts a log.
    """
    head = backend.head()
    last, seq, sha256 = b"0" * 64, 0, hashlib.sha256
    for entry in backend.entries(0, head.seq):
        if entry[:64] != last:
            raise BadDocument(f"Event {seq} does not point to the event before", at="event", value=seq)
        last = sha256(b"\0" + entry).hexdigest().encode()
        seq += 1
    hash = bytes.fromhex(last.decode())
    if (seq, hash) != (head.seq, head.head):
        raise BadDocument(f"The log ends at event {seq}, the head stands at {head.seq}", at="event", value=seq)
    return seq, hash
