"""Histories of concurrent requests, and two ways to judge them: against the order of the log, and against every order there is."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from functools import cache

from attrs import frozen

from penstock.ledger import Request, State, apply
from penstock.store.engine import Answer
from penstock.store.writer import Writer
from penstock.terms.errors import PenstockError

__all__ = ["Call", "linearizable", "record", "strictly_serializable"]


@frozen
class Call:
    """One request as its asker saw it: when it was sent, when it was answered, and the answer."""

    sent: int
    returned: int
    request: Request
    answer: Answer


def record(writer: Writer, scripts: Sequence[Sequence[Request]]) -> list[Call]:
    """Run each script in a thread of its own, all at once, and return every call."""
    calls: list[Call] = []
    start = threading.Barrier(len(scripts))

    def run(script: Sequence[Request]) -> None:
        start.wait()
        for request in script:
            sent = time.monotonic_ns()
            try:
                answer = writer.ask(request, timeout=60)
            except PenstockError:
                continue  # a conflict records nothing
            calls.append(Call(sent, time.monotonic_ns(), request, answer))

    threads = [threading.Thread(target=run, args=(script,)) for script in scripts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return calls


def strictly_serializable(calls: Sequence[Call], opened: Callable[[], State]) -> list[str]:
    """Return what is wrong with a history: an order of the log against real time, or an answer the model would not give."""
    faults = []
    first = {call.answer.seq: call for call in sorted(calls, key=lambda call: call.returned, reverse=True)}
    placed = sorted(first.values(), key=lambda call: call.answer.seq)
    latest_sent = -1
    for call in placed:
        if call.returned < latest_sent:
            faults.append(f"event {call.answer.seq} was answered before an earlier one was sent")
        latest_sent = max(latest_sent, call.sent)
    state = opened()
    for call in placed:
        step = apply(state, call.request, int(call.answer.event["at"]))
        if step.event["ok"] != call.answer.ok:
            faults.append(f"event {call.answer.seq}: granted {call.answer.ok}, the model {step.event['ok']}")
    answers = {(call.request.client, call.request.key): call.answer.event for call in calls}
    faults += [f"{call.request.key}: two answers" for call in calls
               if answers[call.request.client, call.request.key] != call.answer.event]  # fmt: skip
    return faults


def linearizable(calls: Sequence[tuple[int, int, int, bool]], cap: int) -> bool:
    """Say whether some order of reservations (sent, returned, amount, granted) explains every answer; tries them all.

    An order must keep what real time has ordered: who was answered before another was sent comes first.
    """

    @cache
    def explained(left: frozenset[int], used: int) -> bool:
        if not left:
            return True
        soonest = min(calls[i][1] for i in left)
        for i in left:
            sent, _, amount, granted = calls[i]
            possible = sent <= soonest and granted == (used + amount <= cap)
            if possible and explained(left - {i}, used + amount if granted else used):
                return True
        return False

    return explained(frozenset(range(len(calls))), 0)
