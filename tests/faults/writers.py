"""Writers by mistake, writers that slept, and askers who repeat themselves."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections.abc import Callable
from typing import Any

from attrs import define

from penstock.ledger import Commit, Request, Reserve
from penstock.store.clock import ledger_clock
from penstock.store.create import open_backend
from penstock.store.engine import Answer, Engine
from penstock.store.writer import Writer
from penstock.terms.errors import ConflictingFacts, Fenced, LedgerUnavailable, PenstockError, WriterPresent
from tests.faults.world import Acknowledged, Checked, batches, check, engine_at, fork

__all__ = ["clock_jumps", "same_keys", "stale_writers", "writers_by_mistake"]

YEAR = 365 * 86_400_000
_Acknowledge = Callable[[list[Request], list[Any]], None]


def writers_by_mistake(place: str, rivals: int, seed: int = 0) -> tuple[int, Checked]:
    """Start rivals while a writer works; return how many were refused and the check."""
    heard, refused = Acknowledged(), 0
    engine = engine_at(place)
    for n, batch in zip(range(rivals), batches(seed), strict=False):

        def work(acknowledge: _Acknowledge, n: int = n) -> None:
            try:
                rival = engine_at(place)
            except WriterPresent:
                os._exit(7)
            rival.run(next(batches(seed + 1 + n)))

        _, status = fork(work)
        refused += os.WIFEXITED(status) and os.WEXITSTATUS(status) == 7
        heard.note(batch, engine.run(batch))
    engine.close()
    return refused, check(place, heard)


def stale_writers(place: str, rounds: int, seed: int = 0) -> tuple[int, Checked]:
    """Stop a writer in its sleep, let another take over and write, wake the first: it must be fenced each time."""
    heard, fenced = Acknowledged(), 0
    for n in range(rounds):
        ready, told = os.pipe()
        go, wake = os.pipe()
        child = os.fork()
        if child == 0:
            os._exit(_sleeper(place, seed * 1_000 + n, told, go))
        os.read(ready, 1)
        os.kill(child, signal.SIGSTOP)
        os.waitpid(child, os.WUNTRACED)
        engine = engine_at(place, take_over=True)
        batch = next(batches(seed * 1_000 + 500 + n))
        heard.note(batch, engine.run(batch))
        os.write(wake, b"!")
        os.kill(child, signal.SIGCONT)
        _, status = os.waitpid(child, 0)
        fenced += os.WIFEXITED(status) and os.WEXITSTATUS(status) == 7
        engine.close()
        for end in (ready, told, go, wake):
            os.close(end)
    return fenced, check(place, heard)


def _sleeper(place: str, seed: int, told: int, go: int) -> int:
    try:
        engine = engine_at(place)
        batch = batches(seed)
        engine.run(next(batch))
        os.write(told, b"!")
        os.read(go, 1)
        try:
            engine.run(next(batch))
        except (Fenced, LedgerUnavailable):
            return 7
    except BaseException:
        return 2
    return 3


def same_keys(place: str, rounds: int, askers: int) -> tuple[int, int, Checked]:
    """Let many send one key at once, half of them with another body, commits before what they commit, everything twice.

    Return how many keys were granted to one body, how many askers were told of a conflict, and the check.
    """
    heard, conflicts, single = Acknowledged(), 0, 0
    with Writer(engine_at(place, clock=lambda: time.time_ns() // 1_000_000), batch_max=5) as writer:
        for n in range(rounds):
            seen: list[Answer | PenstockError] = []
            start = threading.Barrier(askers)

            def ask(i: int, n: int = n, seen: list[Answer | PenstockError] = seen, start: Any = start) -> None:
                start.wait()
                early = writer.submit(Commit("dup", f"commit{n}", ("dup", f"key{n}")))
                for _ in range(2):
                    try:
                        seen.append(writer.ask(Reserve("dup", f"key{n}", ((0, 1 + i % 2),))))
                    except ConflictingFacts as error:
                        seen.append(error)
                early.result()

            threads = [threading.Thread(target=ask, args=(i,)) for i in range(askers)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            answers = [answer for answer in seen if isinstance(answer, Answer)]
            single += len({answer.seq for answer in answers}) == 1 and len(answers) > 0
            conflicts += len(seen) - len(answers)
            heard.events[("dup", f"key{n}")] = (answers[0].seq, answers[0].ok)
    return single, conflicts, check(place, heard)


@define
class Times:
    """Two clocks: one that anybody can set, one that nobody can."""

    wall: int = 1_700_000_000_000
    steady: int = 0

    def clock(self, last: int) -> Callable[[], int]:
        return ledger_clock(last, wall=lambda: self.wall, steady=lambda: self.steady)


def clock_jumps(place: str, starts: int, seed: int = 0) -> tuple[int, int, Checked]:
    """Let the wall clock jump a year either way between batches and restarts.

    Return how often ledger time ran ahead of the steady clock, how many starts were refused for too long a gap, and the check.
    """
    heard, dice, times, script = Acknowledged(), random.Random(seed), Times(), batches(seed)
    early = refused = 0
    for _ in range(starts):
        backend = open_backend(place)
        last = backend.head().time
        try:
            clock = times.clock(last)
        except LedgerUnavailable:  # the start lies too far from the last event: someone sets the clock
            refused += 1
            times.wall = last
            clock = times.clock(last)
        engine = Engine(backend, clock, "jumping")
        for batch in (next(script) for _ in range(5)):
            before, steady = engine.state.time, times.steady
            times.steady += dice.randint(0, 2_000)
            times.wall += dice.choice((-YEAR, YEAR))
            heard.note(batch, engine.run(batch))
            early += before > last and engine.state.time - before > times.steady - steady
        engine.close()
    return early, refused, check(place, heard)
