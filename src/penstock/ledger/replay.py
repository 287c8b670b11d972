"""Replaying a log from zero: every event is made again and compared with the bytes that were kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from attrs import field, frozen

from penstock.ledger.entries import parse_entry
from penstock.ledger.machine import apply, legs_after
from penstock.ledger.merkle import Frontier
from penstock.ledger.requests import Commit, Correct, Expire, Request, Void, op_id, parse_request
from penstock.ledger.state import OpState, State
from penstock.terms.errors import PenstockError

__all__ = ["Fault", "Replay", "replay"]


@frozen
class Fault:
    """A place where a log is not what the machine makes of it."""

    seq: int
    what: str


@frozen
class Replay:
    """The state a log comes to, its tree, and the first fault found, if any."""

    state: State
    frontier: Frontier
    fault: Fault | None = None
    checked: int = field(default=0)


def replay(entries: Iterable[bytes], load: Callable[[int], bytes]) -> Replay:
    """Replay entries from the first one; ``load`` gives an earlier entry again, for what an operation held.

    Stops at the first fault.

    >>> replay([b"0" * 64 + b" {}"], lambda seq: b"").fault
    Fault(seq=0, what='no request')
    """
    state, frontier = State(), Frontier()
    for seq, entry in enumerate(entries):
        what = _step(state, entry, load)
        if what is not None:
            return Replay(state, frontier, Fault(seq, what), seq)
        frontier.add(state.head)
    return Replay(state, frontier, None, state.seq)


def _step(state: State, entry: bytes, load: Callable[[int], bytes]) -> str | None:
    """Apply the request of an entry and return what is wrong with the entry, or None."""
    try:
        prev, event = parse_entry(entry)
        at = event["at"]
        request = parse_request(event["do"])
    except KeyError:
        return "no request"
    except (ValueError, PenstockError) as error:
        return f"not an event: {error}"
    if prev != state.head:
        return "does not point to the entry before"
    if type(at) is not int or at < state.time:
        return "ledger time goes back"
    if request.id in state.ops:
        return "a key is used twice"
    _bring_in(state, request, load)
    step = apply(state, request, at)
    if step.entry != entry:
        return f"the machine makes another event of it: {step.entry[65:].decode()}"
    _forget(state, request)
    return None


def _bring_in(state: State, request: Request, load: Callable[[int], bytes]) -> None:
    if isinstance(request, (Commit, Void, Expire, Correct)):
        op = state.ops.get(op_id(*request.of))
        if op is not None and op.legs is None and op.state in (OpState.RESERVED, OpState.COMMITTED):
            op.legs = legs_after(parse_entry(load(op.last))[1])


def _forget(state: State, request: Request) -> None:
    """Drop the amounts of an operation again, so that memory grows by no more than a key per event."""
    touched = [request.id]
    if isinstance(request, (Commit, Void, Expire, Correct)):
        touched.append(op_id(*request.of))
    for id in touched:
        if id in state.ops:
            state.ops[id].legs = None
