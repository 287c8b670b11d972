"""Signal 9 at every place around a write, at any instant, and to the whole database server."""

from __future__ import annotations

import itertools
import os
import random
import signal
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from penstock.ledger import Request
from penstock.store.engine import Engine
from penstock.terms.errors import PenstockError, WriterPresent
from tests.faults.world import Acknowledged, Checked, batches, check, engine_at, fork
from tests.store.servers import kill, start, until_ready

__all__ = ["kill_at_failpoints", "kill_server"]

_Acknowledge = Callable[[list[Request], list[Any]], None]


def kill_at_failpoints(place: str, points: int, seed: int = 0, check_every: int = 100) -> tuple[Checked, set[str]]:
    """Start a writer ``points`` times and kill each at its own failpoint; return the last check and the places hit."""
    heard, places, dice = Acknowledged(), set(), random.Random(seed)
    for n in range(points):
        out, told = os.pipe()
        lines, status = fork(partial(_doomed, place, dice.randint(1, 40), told, seed * 1_000_000 + n))
        os.close(told)
        with os.fdopen(out, encoding="utf-8") as where:
            places.add(where.read().strip())
        assert os.WIFSIGNALED(status), lines[-1]
        for line in lines:
            heard.hear(line)
        if n % check_every == check_every - 1:
            assert check(place, heard).sound
    return check(place, heard), places


def _doomed(place: str, steps: int, told: int, seed: int, acknowledge: _Acknowledge) -> None:
    """Write until the failpoint has been passed so many times, then be killed there."""
    left = itertools.count(steps, -1)

    def failpoint(where: str) -> None:
        if next(left) <= 0:
            os.write(told, where.encode() + b"\n")
            os.kill(os.getpid(), signal.SIGKILL)

    engine = _successor(place, failpoint)
    for batch in batches(seed):
        acknowledge(batch, engine.run(batch))


def _successor(place: str, failpoint: Callable[[str], None], seconds: float = 30) -> Engine:
    """Return the next writer, once the database has noticed that the one before is gone."""
    end = time.monotonic() + seconds
    while True:
        try:
            return engine_at(place, failpoint=failpoint)
        except WriterPresent:
            if time.monotonic() > end:
                raise
            time.sleep(0.01)


def kill_server(server: Any, place: str, times: int, seed: int = 0) -> Checked:
    """Kill a database server with all its processes while a writer works, start it again, and let the writer recover."""
    heard, dice = Acknowledged(), random.Random(seed)
    for n in range(times):
        lines, status = fork(partial(_until_killed, server, place, dice.uniform(0.2, 0.8), seed * 1_000_000 + n))
        assert status == 0, lines[-1]
        server.get_postmaster_info().process.wait(30)
        server._instances.pop(server.pgdata, None)
        server = start(server.pgdata)
        until_ready(server)
        for line in lines:
            heard.hear(line)
    return check(place, heard)


def _until_killed(server: Any, place: str, seconds: float, seed: int, acknowledge: _Acknowledge) -> None:
    """Write, have the server killed after a while, and stop at the first request that fails."""
    engine = engine_at(place)
    killer = threading.Timer(seconds, kill, [server])
    killer.start()
    for batch in batches(seed):
        try:
            acknowledge(batch, engine.run(batch))
        except PenstockError:
            break
    killer.join()
