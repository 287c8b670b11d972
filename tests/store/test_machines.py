"""A state machine that drives an engine through requests, clocks, restarts and rival writers, with the model beside it."""

from __future__ import annotations

import itertools
import shutil
import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from penstock.ledger import Open, Request, parse_entry, parse_request
from penstock.store.clock import ledger_clock
from penstock.store.create import create, open_backend
from penstock.store.engine import Engine
from penstock.store.verify import verify
from penstock.terms.errors import ConflictingFacts, Fenced, LedgerUnavailable, WriterPresent
from tests.ledger.worlds import CAPS, CITE, Model, agree, requests

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
DAY = 86_400_000
YEAR = 365 * DAY


@cache
def _empty() -> Path:
    """Return an empty ledger, made once and copied."""
    place = Path(tempfile.mkdtemp()) / "empty.db"
    create(str(place), "example.org/ledger", KEY)
    return place


class Crash(BaseException):
    """The process stops here, as far as the engine can tell."""


class Ledger(RuleBasedStateMachine):
    """The engine must answer as the model does, whatever happens around it."""

    @initialize()
    def start(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.place = str(self.folder / "ledger.db")
        shutil.copy(_empty(), self.place)
        self.wall, self.steady = 1_700_000_000_000, 0
        self.armed: str | None = None
        self.model = Model()
        self.seen: dict[tuple[str, str], tuple[Request, bool]] = {}
        self.names = itertools.count()
        self.engine = self.open()
        self.send([Open("bis", f"open-{n}", f"bucket-{n}", cap, CITE) for n, cap in enumerate(CAPS)])
        self.send([Open("bis", "open-share", "share", None, CITE, (7, 100), "group")])

    def open(self, take_over: bool = False) -> Engine:
        backend = open_backend(self.place)
        clock = ledger_clock(backend.head().time, wall=lambda: self.wall, steady=lambda: self.steady, gap_accepted=True)
        return Engine(backend, clock, f"writer{next(self.names)}", take_over=take_over, failpoint=self.failpoint)

    def failpoint(self, place: str) -> None:
        if place == self.armed:
            self.armed = None
            raise Crash

    def send(self, batch: list[Request]) -> None:
        """Send a batch, then tell the model what was recorded, in order."""
        before = self.engine.state.seq
        answers = self.engine.run(batch)
        self.replay_new(before)
        for request, answer in zip(batch, answers, strict=True):
            first, granted = self.seen[request.client, request.key]
            if isinstance(answer, ConflictingFacts):
                assert first.document() != request.document()
            else:
                assert not isinstance(answer, Exception)
                assert (answer.ok, first) == (granted, request)

    def replay_new(self, before: int) -> None:
        """Give the model every event recorded since, the ledger's own included, and compare what was granted."""
        reader = open_backend(self.place, read_only=True)
        for entry in reader.entries(before, reader.head().seq):
            event = parse_entry(entry)[1]
            request = parse_request(event["do"])
            assert (request.client, request.key) not in self.seen
            assert self.model.grants(request, event["at"]) == event["ok"]
            self.seen[request.client, request.key] = (request, event["ok"])
        reader.close()

    # ---- what happens

    @rule(batch=st.lists(requests(), min_size=1, max_size=6))
    def ask(self, batch: list[Request]) -> None:
        self.send(batch)

    @rule(tick=st.integers(0, 90_000))
    def time_passes(self, tick: int) -> None:
        self.wall += tick
        self.steady += tick

    @rule(jump=st.sampled_from([-YEAR, -DAY, DAY, YEAR]))
    def the_clock_jumps(self, jump: int) -> None:
        self.wall += jump

    @rule()
    def restart(self) -> None:
        self.engine.close()
        self.engine = self.open()

    @rule(batch=st.lists(requests(), min_size=1, max_size=4),
          place=st.sampled_from(["begin", "fenced", "events", "operations", "buckets", "tiles", "committed", "answered"]))  # fmt: skip
    def crash(self, batch: list[Request], place: str) -> None:
        """Stop at one of the places around a write; what was written counts, whatever the asker heard."""
        before = self.engine.state.seq
        self.armed = place
        with suppress(Crash):
            self.engine.run(batch)
        self.armed = None
        self.engine._backend.close()
        self.engine = self.open()
        self.replay_new(before)

    @rule()
    def a_second_writer_comes(self) -> None:
        backend = open_backend(self.place)
        try:
            Engine(backend, lambda: 0, "by mistake")
        except WriterPresent:
            backend.close()
        else:
            raise AssertionError("two writers")

    @rule(batch=st.lists(requests(), min_size=1, max_size=3))
    def a_new_writer_takes_over(self, batch: list[Request]) -> None:
        """The old one, alive and with its own idea of the balances, must write nothing any more."""
        old, self.engine = self.engine, self.open(take_over=True)
        before = self.engine.state.seq
        with suppress(Fenced, LedgerUnavailable):
            old.run([request for request in batch if (request.client, request.key) not in self.seen])
        reader = open_backend(self.place, read_only=True)
        assert reader.head().seq == before
        reader.close()
        old.close()

    # ---- what always holds

    @invariant()
    def the_books_are_the_model(self) -> None:
        if hasattr(self, "engine"):
            agree(self.model, self.engine.state)

    def teardown(self) -> None:
        if hasattr(self, "engine"):
            self.engine.close()
            reader = open_backend(self.place, read_only=True)
            assert verify(reader).faults == ()
            reader.close()
            shutil.rmtree(self.folder)


TestLedger = Ledger.TestCase
TestLedger.settings = settings(max_examples=15, stateful_step_count=25, deadline=None, derandomize=True)
