"""Backends and engines of the tests, closed when a test ends."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from penstock.ledger import Open, Request
from penstock.store.backend import Backend
from penstock.store.create import open_backend
from penstock.store.engine import Answer, Engine
from penstock.terms.errors import PenstockError
from tests.ledger.worlds import CITE

OPENED: list[Backend] = []


class Clock:
    """A clock that stands until it is set."""

    def __init__(self, now: int = 1_000_000) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now


def backend_at(place: str, *, read_only: bool = True) -> Backend:
    """Return a backend that is closed when the test ends."""
    backend = open_backend(place, read_only=read_only)
    OPENED.append(backend)
    return backend


def engine_at(place: str, clock: Callable[[], int] | None = None, **more: Any) -> Engine:
    return Engine(backend_at(place, read_only=False), clock or Clock(), "test", **more)


def granted(answers: Sequence[Answer | PenstockError]) -> list[Answer]:
    """Return answers none of which is an error."""
    assert all(isinstance(answer, Answer) for answer in answers), answers
    return [answer for answer in answers if isinstance(answer, Answer)]


def asked(engine: Engine, *requests: Request) -> list[bool]:
    """Return whether each request was granted."""
    return [answer.ok for answer in granted(engine.run(requests))]


def with_buckets(place: str, *caps: int | None, **more: Any) -> Engine:
    """Return an engine whose ledger has a bucket for each cap."""
    engine = engine_at(place, **more)
    asked(engine, *(Open("bis", f"open-{n}", f"bucket-{n}", cap, CITE) for n, cap in enumerate(caps)))
    return engine
