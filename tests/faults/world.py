"""A small ledger under attack: what its writers ask for, how they acknowledge, and what must hold afterwards."""

from __future__ import annotations

import json
import os
import random
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from attrs import define, field

from penstock.ledger import Commit, Open, Request, Reserve, Void
from penstock.store.create import open_backend
from penstock.store.engine import Answer, Engine
from penstock.store.verify import Verified, verify
from tests.ledger.worlds import CITE

__all__ = ["CAPS", "Acknowledged", "Checked", "batches", "check", "engine_at", "fork", "open_buckets"]

CAPS = (60_000, 9_000, None, 40_000)
_HOLD_S = 40


def open_buckets(place: str) -> None:
    """Open the buckets that are fought over."""
    engine = engine_at(place)
    engine.run([Open("bis", f"open-{n}", f"bucket-{n}", cap, CITE) for n, cap in enumerate(CAPS)])
    engine.close()


def engine_at(place: str, clock: Callable[[], int] | None = None, **more: Any) -> Engine:
    """Return a writer; its clock stands where the log does unless another is given."""
    backend = open_backend(place)
    last = backend.head().time
    return Engine(backend, clock or (lambda: last + 1), f"writer {os.getpid()}", **more)


def batches(seed: int) -> Iterator[list[Request]]:
    """Yield batches without end: reservations over several buckets, commits, voids and repeated keys."""
    dice = random.Random(seed)
    number = 0
    while True:
        batch: list[Request] = []
        for _ in range(dice.randint(1, 12)):
            number += 1
            of = (f"client{seed}", f"k{dice.randint(max(1, number - 20), number)}")
            kind = dice.random()
            if kind < 0.7:
                legs = tuple((b, dice.randint(1, 20)) for b in sorted(dice.sample(range(len(CAPS)), dice.randint(1, 4))))
                batch.append(Reserve(f"client{seed}", f"k{number}", legs, dice.choice([None, _HOLD_S])))
            elif kind < 0.85:
                batch.append(Commit(f"client{seed}", f"c{number}", of))
            elif kind < 0.95 or not batch:
                batch.append(Void(f"client{seed}", f"v{number}", of))
            else:
                batch.append(dice.choice(batch))
        yield batch


@define
class Acknowledged:
    """Every answer that some asker has heard, by client and key."""

    events: dict[tuple[str, str], tuple[int, bool]] = field(factory=dict)

    def hear(self, line: str) -> None:
        """Take note of one line of acknowledgements."""
        for client, key, seq, ok in json.loads(line):
            heard = self.events.setdefault((client, key), (seq, ok))
            assert heard == (seq, ok), f"{client}/{key} was answered {heard} and then {(seq, ok)}"

    def note(self, batch: Iterable[Request], answers: Iterable[Any]) -> None:
        """Take note of the answers to a batch."""
        for request, answer in zip(batch, answers, strict=True):
            if isinstance(answer, Answer):
                heard = self.events.setdefault((request.client, request.key), (answer.seq, answer.ok))
                assert heard == (answer.seq, answer.ok), f"{request.client}/{request.key} was answered {heard} and then otherwise"


@define
class Checked:
    """What a ledger was found to hold against what was acknowledged."""

    acknowledged: int
    lost: list[str]
    over: list[str]
    faults: tuple[str, ...]
    events: int

    @property
    def sound(self) -> bool:
        return not self.lost and not self.over and not self.faults


def check(place: str, heard: Acknowledged) -> Checked:
    """Look for every acknowledged event, sum up every cap, and replay the log from zero."""
    backend = open_backend(place, read_only=True)
    lost = []
    for (client, key), (seq, ok) in heard.events.items():
        kept: Mapping[str, Any] = json.loads(backend.entry(seq)[65:]) if seq < backend.head().seq else {}
        if not kept or (kept["do"]["client"], kept["do"]["key"], kept["ok"]) != (client, key, ok):
            lost.append(f"{client}/{key}")
    over = [b.name for b in backend.buckets() if b.cap is not None and b.breach_seq is None and b.used > b.cap]
    done: Verified = verify(backend)
    backend.close()
    return Checked(len(heard.events), lost, over, done.faults, done.events)


def fork(work: Callable[[Callable[[list[Request], list[Any]], None]], None]) -> tuple[list[str], int]:
    """Run work in a process of its own; return the lines it acknowledged and how it ended.

    The work gets a function that acknowledges a batch: one line, written at once, as an answer sent to an asker is.
    """
    out, into = os.pipe()
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        os.close(out)
        code = 1
        try:
            work(lambda batch, answers: _acknowledge(into, batch, answers))
            code = 0
        except BaseException:
            os.write(into, b"!" + traceback.format_exc().replace("\n", " | ").encode() + b"\n")
        finally:
            os._exit(code)
    os.close(into)
    with os.fdopen(out, encoding="utf-8") as lines:
        said = lines.read()
    _, status = os.waitpid(child, 0)
    return said.split("\n")[:-1], status


def _acknowledge(into: int, batch: list[Request], answers: list[Any]) -> None:
    rows = [[request.client, request.key, answer.seq, answer.ok]
            for request, answer in zip(batch, answers, strict=True) if isinstance(answer, Answer)]  # fmt: skip
    os.write(into, json.dumps(rows).encode() + b"\n")
