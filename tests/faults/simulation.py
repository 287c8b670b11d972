"""Simulated operations by the million: the machine against the model, invariants after every one of them."""

from __future__ import annotations

import random
from concurrent.futures import ProcessPoolExecutor

from penstock.ledger import Attest, Carry, Close, Commit, Correct, Expire, Open, Recap, Request, Reserve, State, Void, apply
from tests.ledger.worlds import CITE, Model, agree

__all__ = ["simulate", "simulate_many"]

_KEYS = 25
_WORLD = 250  # operations before a world ends and another begins


def simulate(operations: int, seed: int) -> tuple[int, int]:
    """Run so many operations through machine and model; return how many and how many were refused. Any difference raises."""
    dice = random.Random(seed)
    done = refused = 0
    while done < operations:
        state, model = _world()
        wall = 1_000_000
        for number in range(min(_WORLD, operations - done)):
            wall += dice.choice((-50_000, 0, 0, 1, 700, 6_000))
            request = _request(dice, number)
            step = apply(state, request, wall)
            granted = model.grants(request, state.time)
            assert step.event["ok"] == granted, (seed, done, request)
            for n in step.numbers:
                bucket = state.buckets[n]
                bucket.check()
                assert bucket.cap is None or bucket.breach_seq is not None or bucket.used <= bucket.cap
            refused += not granted
            if number % 50 == 49:
                agree(model, state)
            done += 1
        agree(model, state)
    return done, refused


def _world() -> tuple[State, Model]:
    state, model = State(), Model()
    opened: list[Request] = [Open("bis", f"o{n}", f"b{n}", cap, CITE) for n, cap in enumerate((600, 400, None, 300))]
    opened.append(Open("bis", "share", "share", None, CITE, (7, 100), "group"))
    for request in opened:
        apply(state, request, 0)
        model.grants(request, 0)
    return state, model


def _request(dice: random.Random, number: int) -> Request:
    kind, key = dice.random(), f"n{number}"
    of = ("a", f"n{dice.randint(max(0, number - _KEYS), number)}")
    if kind < 0.55:
        legs = tuple((b, dice.randint(1, 25)) for b in sorted(dice.sample(range(5), dice.choice((1, 1, 2, 3)))))
        return Reserve("a", key, legs, dice.choice((None, 5, 60)))
    if kind < 0.72:
        return Commit("a", key, of, None if dice.random() < 0.6 else ((dice.randint(0, 4), dice.randint(0, 30)),))
    if kind < 0.86:
        return Void("a", key, of) if dice.random() < 0.6 else Expire("a", key, of)
    if kind < 0.93:
        return Correct("a", key, of, ((dice.randint(0, 5), dice.randint(0, 30)),), "restated")
    if kind < 0.96:
        return Recap("bis", key, dice.randint(0, 5), dice.choice((None, 100, 300, 600)), CITE)
    if kind < 0.999:
        return Attest("a", key, "group", dice.randint(0, 4000), f"2026-{dice.randint(1, 12):02d}-01", "ab")
    if kind < 0.9995:
        source = dice.randint(0, 5)
        return Carry("bis", key, source, (source + dice.randint(1, 5)) % 6, CITE)
    return Close("bis", key, dice.randint(0, 3), CITE)


def simulate_many(operations: int, processes: int, seed: int = 0) -> tuple[int, int]:
    """Run the simulation in several processes; return how many operations and how many of them were refused."""
    parts = 10 * processes
    with ProcessPoolExecutor(processes) as pool:
        found = list(pool.map(simulate, [-(-operations // parts)] * parts, range(seed, seed + parts)))
    return sum(done for done, _ in found), sum(refused for _, refused in found)
