"""The one writer: takes requests in batches, applies them to the state it remembers, and writes each batch in one transaction.

A batch is answered only when the database has it on the disk.  What the writer remembers is safe to rely on because every
write is conditional: on the writer's token and place in the log, and on the version of each bucket it touches.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from attrs import frozen

from penstock.ledger.entries import canonical, parse_entry
from penstock.ledger.machine import Step, apply, legs_after
from penstock.ledger.merkle import Frontier, root_of
from penstock.ledger.requests import Commit, Correct, Expire, Request, Void, op_id
from penstock.ledger.state import OpState, State
from penstock.store.backend import Backend, Batch, Head, no_failpoint
from penstock.store.rows import terms_row
from penstock.store.tiles import tile_reader
from penstock.terms.errors import BadEnum, ConflictingFacts, LedgerUnavailable, PenstockError

__all__ = ["SYSTEM_CLIENT", "Answer", "Engine"]

SYSTEM_CLIENT = "ledger"
_SWEEP_MAX = 1000
_Written = tuple[int, int, int]
_TERMS = ("open", "recap", "attest", "close", "carry")
_SPEAKS_OF = (Commit, Void, Expire, Correct)


@frozen
class Answer:
    """What a request came to: the event that records it; ``repeated`` when it was recorded before."""

    event: Mapping[str, Any]
    repeated: bool = False

    @property
    def ok(self) -> bool:
        """Say whether the request was granted."""
        return bool(self.event["ok"])

    @property
    def seq(self) -> int:
        """Return the place of the event in the log."""
        return int(self.event["seq"])


class Engine:
    """The writer of one ledger. Not for several threads at once; :class:`penstock.store.writer.Writer` is."""

    def __init__(
        self,
        backend: Backend,
        clock: Callable[[], int],
        holder: str,
        *,
        take_over: bool = False,
        failpoint: Callable[[str], None] = no_failpoint,
    ) -> None:
        self._backend = backend
        self._clock = clock
        self._holder = holder
        self._failpoint = failpoint
        self._load(backend.acquire(holder, take_over=take_over))

    def _load(self, head: Head) -> None:
        """Read everything there is to remember: balances, denominators, the edge of the tree."""
        state = State(head.seq, head.head, head.time)
        for bucket in self._backend.buckets():
            bucket.check()
            state.add(bucket)
        state.bases = {basis.name: basis for basis in self._backend.bases()}
        self.state = state
        self.token = head.token
        self.frontier = Frontier.read(head.seq, tile_reader(self._backend, head.seq))
        self._written: list[_Written] = [(b.reserved, b.committed, b.version) for b in state.buckets]
        self._next_due = self._backend.next_due()
        self.usable = True

    def recover(self) -> None:
        """Connect anew after a failure, under a new token, and forget whatever was not written."""
        self._backend.reconnect()
        self._load(self._backend.acquire(self._holder, take_over=False))

    def close(self) -> None:
        """Stop being the writer."""
        self.usable = False
        self._backend.release()
        self._backend.close()

    def run(self, requests: Sequence[Request], records: Sequence[tuple[str, bytes]] = ()) -> list[Answer | PenstockError]:
        """Answer requests in order, durably; on LedgerUnavailable nothing is known of them, and the engine must recover.

        A key that was used before gives the event it got then; with another body it gives ConflictingFacts.
        """
        if not self.usable:
            raise LedgerUnavailable("The writer failed and has not recovered")
        before = Head(self.token, self.state.seq, self.state.head, self.state.time)
        now = self._clock()
        try:
            steps = self._sweep(now)
            answers = self._answer(requests, now, steps)
            if steps:
                self._write(before, steps, records)
            self._failpoint("answered")
        except BaseException:
            self.usable = False
            raise
        finally:
            self.state.ops.clear()
        return answers

    def event_of(self, client: str, key: str) -> Mapping[str, Any] | None:
        """Return the event a key was used for first, or None."""
        op = self._backend.ops([op_id(client, key)]).get(op_id(client, key))
        return None if op is None else self._event(op.seq)

    def record(self, sha256: str) -> bytes | None:
        """Return a document kept beside the log."""
        return self._backend.record(sha256)

    def _answer(self, requests: Sequence[Request], now: int, steps: list[Step]) -> list[Answer | PenstockError]:
        self._bring_in(requests)
        made: dict[int, Mapping[str, Any]] = {}
        answers: list[Answer | PenstockError] = []
        state = self.state
        for request in requests:
            first = state.ops.get(request.id)
            if first is not None:
                answers.append(_again(made.get(first.seq) or self._event(first.seq), request))
            elif request.client == SYSTEM_CLIENT:
                answers.append(_reserved_name())
            else:
                step = apply(state, request, now)
                steps.append(step)
                made[step.seq] = step.event
                answers.append(Answer(step.event))
        return answers

    def _event(self, seq: int) -> Mapping[str, Any]:
        return parse_entry(self._backend.entry(seq))[1]

    def _bring_in(self, requests: Sequence[Request]) -> None:
        """Read the operations that requests speak of into the state, with the amounts they hold."""
        targets = {op_id(*request.of) for request in requests if isinstance(request, _SPEAKS_OF)}
        wanted = list({request.id for request in requests} | targets - self.state.ops.keys())
        found = self._backend.ops(wanted) if wanted else {}
        for id in targets & found.keys():
            op = found[id]
            if op.state in (OpState.RESERVED, OpState.COMMITTED):
                op.legs = legs_after(self._event(op.last))
        self.state.ops.update((id, op) for id, op in found.items() if id not in self.state.ops)

    def _sweep(self, now: int) -> list[Step]:
        """Release the reservations whose time has run out, oldest first."""
        time = max(now, self.state.time)
        if self._next_due is None or self._next_due > time:
            return []
        requests = []
        for _, seq in self._backend.due(time, _SWEEP_MAX):
            do = self._event(seq)["do"]
            requests.append(Expire(SYSTEM_CLIENT, f"expire/{seq}", (do["client"], do["key"])))
        self._bring_in(requests)
        return [apply(self.state, request, now) for request in requests]

    # ---- writing

    def _write(self, before: Head, steps: Sequence[Step], records: Sequence[tuple[str, bytes]]) -> None:
        state, ops = self.state, self.state.ops
        frontier = self.frontier.copy()
        full = frontier.extend([step.hash for step in steps])
        others = [step for step in steps if step.event["do"]["kind"] != "reserve"]
        moved = {step.target for step in others if step.target is not None}
        attested = {step.event["do"]["basis"] for step in others if step.event["do"]["kind"] == "attest" and step.event["ok"]}
        new_buckets = state.buckets[len(self._written) :]
        self._written.extend((0, 0, 0) for _ in new_buckets)
        touched = sorted(set().union(*[step.numbers for step in steps]))
        balances, terms = self._changes(touched, {number for step in others if _sets_terms(step) for number in step.numbers})
        batch = Batch(
            before=before,
            after=Head(self.token, state.seq, state.head, state.time),
            entries=[(step.seq, step.entry) for step in steps],
            ops=[(step.id, ops[step.id]) for step in steps],
            changed_ops=[(id, ops[id]) for id in moved if ops[id].seq < before.seq],
            new_buckets=new_buckets,
            balances=balances,
            terms=terms,
            bases=[state.bases[name] for name in sorted(attested)],
            tiles=[(level, number, b"".join(row), root_of(row)) for level, number, row in full],
            records=records,
        )
        self._backend.write(batch, self._failpoint)
        self._remember(batch, touched, frontier)

    def _changes(self, touched: Sequence[int], with_terms: set[int]) -> tuple[list[tuple[int, int, int, int]], list[Any]]:
        """Return what was done to each bucket since it was written: to its balances only, or to its terms too."""
        balances, terms = [], []
        for number in touched:
            bucket = self.state.buckets[number]
            reserved, committed, version = self._written[number]
            if number in with_terms:
                terms.append(terms_row(bucket, reserved, committed, version))
            else:
                balances.append((bucket.reserved - reserved, bucket.committed - committed, number, version))
        return balances, terms

    def _remember(self, batch: Batch, touched: Sequence[int], frontier: Frontier) -> None:
        """Take note that a batch is on the disk."""
        for number in touched:
            bucket = self.state.buckets[number]
            bucket.version += 1
            self._written[number] = (bucket.reserved, bucket.committed, bucket.version)
        self.frontier = frontier
        if self._next_due is not None and self._next_due <= batch.after.time:
            self._next_due = self._backend.next_due()
        ends = [op.until for _, op in batch.ops if op.until is not None]
        if ends:
            self._next_due = min(ends) if self._next_due is None else min(self._next_due, *ends)


def _sets_terms(step: Step) -> bool:
    """Say whether a step may have changed more of its buckets than their balances."""
    event = step.event
    return event["do"]["kind"] in _TERMS or "breach" in event or "healed" in event


def _again(event: Mapping[str, Any], request: Request) -> Answer | PenstockError:
    """Return the answer a key got the first time, or a conflict when it was used for something else."""
    if canonical(event["do"]) == canonical(request.document()):
        return Answer(event, repeated=True)
    return ConflictingFacts(
        f"The key {request.key!r} of {request.client} was used for another request, event {event['seq']}",
        at="key", value=request.key, hint="A new request needs a new key.",
    )  # fmt: skip


def _reserved_name() -> PenstockError:
    return BadEnum(f"{SYSTEM_CLIENT!r} is the ledger itself and no client", at="client", value=SYSTEM_CLIENT)
