"""License events and the quota they draw on, in one database: written together or not at all, whatever happens in between."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import penstock.store.licensing_ledger as module
from penstock.ledger import Open, Void
from penstock.licensing import Event
from penstock.store.clock import GAP_MAX_MS, wall_ms
from penstock.store.create import is_postgres, open_backend
from penstock.store.licensing_ledger import CLIENT, LedgerQuota, check_same_database
from penstock.store.licensing_store import LicensingStore
from penstock.store.verify import verify
from penstock.terms.errors import EventRefused, FileUnusable, LedgerUnavailable, MissingRequired, WriterPresent
from tests.faults.world import fork
from tests.ledger.test_quota import H200_TPP, document
from tests.licensing.acts import act, approved, intent, issued, recommends, referred, registered, tell
from tests.store.places import Clock, asked, engine_at
from tests.store.test_licensing_store import store_at, tell_to

BUCKET = "country_allocation/MY/2025-2027@actual"
EACH = 2 * H200_TPP
"""What one application asks for."""
CITE = "742.6(b)(10)(iii)(B)(1)"
PLACES = {"begin", "fenced", "events", "operations", "buckets", "tiles", "committed", "answered"}


def facts(reserve: bool = True, **more: Any) -> dict[str, Any]:
    asked_for = document(2000, **more)
    del asked_for["counters"]
    return {"transaction": asked_for, "quota": {"stance": "codified", "reserve": reserve}}


@pytest.fixture
def opened(place: str) -> Iterator[Callable[..., LicensingStore]]:
    """Return a way to open stores of cases in the database of a ledger that has room for one application and a half."""
    engine = engine_at(place, Clock(wall_ms()))
    assert asked(engine, Open("bis", "open", BUCKET, EACH * 3 // 2, CITE)) == [True]
    engine.close()
    stores: list[LicensingStore] = []

    def open_one(**more: Any) -> LicensingStore:
        stores.append(store_at(place, quota=LedgerQuota(**more)))
        return stores[-1]

    yield open_one
    for store in stores:
        store.close()


def balance(place: str) -> tuple[int, int]:
    backend = open_backend(place, read_only=True)
    try:
        found = next(bucket for bucket in backend.buckets() if bucket.name == BUCKET)
        assert verify(backend).faults == ()
        return found.reserved, found.committed
    finally:
        backend.close()


# ---- reserved, committed, void


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        pytest.param([registered(), referred()], (EACH, 0), id="reserved while pending"),
        pytest.param(issued(), (0, EACH), id="committed on issue"),
        pytest.param([*issued(), act("revoked", 40, "Commerce", text="x")], (0, EACH), id="a revocation returns nothing by itself"),
        pytest.param([registered(), act("returned", 3, "Commerce", ground="deficiency")], (0, 0), id="void on return"),
        pytest.param([registered(), act("withdrawn", 3, "Applicant")], (0, 0), id="void on withdrawal"),
        pytest.param([*intent(), act("tick", 60, "Clock")], (0, 0), id="void on denial"),
        pytest.param([*intent(), act("appeal_filed", 60, "Applicant", text="x"), act("decided", 90, "Under Secretary", decision="approve")],
                     (EACH, 0), id="reserved again on appeal"),
        pytest.param(issued(quantity=500), (0, EACH // 4), id="a license for less commits less"),
    ],
)  # fmt: skip
def test_quota_moves_with_the_case(
    opened: Callable[..., LicensingStore], place: str, events: list[Event], expected: tuple[int, int]
) -> None:
    store = opened()
    tell_to(store, events, facts=facts())
    assert balance(place) == expected
    assert store.verify() == []


def test_without_reserving_only_an_issue_takes_quota(opened: Callable[..., LicensingStore], place: str) -> None:
    store = opened()
    tell_to(store, [registered(), referred()], "L-2", facts=facts(reserve=False))
    assert balance(place) == (0, 0)
    tell_to(store, issued(), facts=facts(reserve=False))
    store.append("L-2", act("withdrawn", 20, "Applicant"))
    assert balance(place) == (0, EACH)
    assert store.verify() == []


def test_a_quota_that_does_not_hold_refuses_the_event_with_it(opened: Callable[..., LicensingStore], place: str) -> None:
    store = opened()
    store.open("L-1", registered(), facts())
    with pytest.raises(EventRefused, match=f"{EACH // 2:,} TPP left, {EACH:,} are asked.*742.6") as caught:
        store.open("L-2", registered(), facts())
    assert caught.value.exit_code == 3
    assert store.ids() == ["L-1"]
    assert balance(place) == (EACH, 0)
    store.append("L-1", act("withdrawn", 3, "Applicant"))
    assert store.open("L-2", registered(), facts()).status == "registered"  # what was refused left no key behind
    assert store.verify() == []


def test_a_license_for_more_than_was_applied_for_is_refused(opened: Callable[..., LicensingStore], place: str) -> None:
    store = opened()
    tell_to(store, approved(), facts=facts())
    with pytest.raises(EventRefused, match=r"2001 are more than the 2000 applied for \(750.7\(a\)\(1\)\)"):
        store.append("L-1", issued(quantity=2001)[-1])
    assert store.case("L-1").status == "approved"
    assert balance(place) == (EACH, 0)


def test_a_case_that_draws_on_nothing_is_told_so(opened: Callable[..., LicensingStore]) -> None:
    store = opened()
    with pytest.raises(MissingRequired, match="draws on no quota by the law of 2026-01-05 as enforced"):
        store.open("L-1", registered(), facts() | {"quota": {"stance": "enforced", "reserve": True}})
    assert store.ids() == []


def test_a_case_that_draws_on_a_ledger_is_not_moved_without_it(opened: Callable[..., LicensingStore], place: str) -> None:
    tell_to(opened(), [registered(), referred()], facts=facts())
    without = store_at(place)
    assert without.append("L-1", recommends("State", 12, "approve"))[0].version == 3
    with pytest.raises(FileUnusable, match="draws on a ledger"):
        without.append("L-1", act("withdrawn", 13, "Applicant"))
    without.close()
    assert balance(place) == (EACH, 0)


def test_a_ledger_that_was_changed_behind_the_case_is_found(opened: Callable[..., LicensingStore], place: str) -> None:
    store = opened()
    tell_to(store, approved(), facts=facts())
    engine = engine_at(place, Clock(wall_ms()))
    assert asked(engine, Void(CLIENT, "by hand", (CLIENT, "L-1 1"))) == [True]
    engine.close()
    assert store.verify() == ["L-1: the ledger holds nothing for it, and it should be reserved"]


# ---- other writers


def test_beside_a_writer_at_work_the_event_is_refused_whole(
    opened: Callable[..., LicensingStore], place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_WAIT_S", 0.0)
    store = opened()
    rival = engine_at(place)
    with pytest.raises(WriterPresent):
        store.open("L-1", registered(), facts())
    rival.close()
    assert store.ids() == []
    assert store.open("L-1", registered(), facts()).version == 1


def test_applicants_that_file_at_once_wait_for_each_other(opened: Callable[..., LicensingStore], place: str) -> None:
    told: list[str] = []
    ready = threading.Barrier(4)

    def file(id: str, store: LicensingStore) -> None:
        ready.wait()
        try:
            store.open(id, registered(), facts())
            told.append("held")
        except EventRefused:
            told.append("no room")

    threads = [threading.Thread(target=file, args=(f"L-{n}", opened())) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == ["held", "no room", "no room", "no room"]
    assert balance(place) == (EACH, 0)
    assert opened().verify() == []


def test_a_clock_far_from_the_last_event_is_believed_only_when_told(place: str) -> None:
    engine = engine_at(place, Clock(wall_ms() - 2 * GAP_MAX_MS))
    assert asked(engine, Open("bis", "open", BUCKET, EACH, CITE)) == [True]
    engine.close()
    for accepted in (False, True):
        store = store_at(place, quota=LedgerQuota(gap_accepted=accepted))
        if accepted:
            assert store.open("L-1", registered(), facts()).version == 1
        else:
            with pytest.raises(LedgerUnavailable, match="62 days have passed") as caught:
                store.open("L-1", registered(), facts())
            assert "--accept-gap" in str(caught.value.hint)
        store.close()


# ---- killed in between


def killed_at(place: str, where: str, effect: str, events: list[Event]) -> None:
    """Tell a case in a process of its own that is killed at a place of the ledger's write, once an effect has begun."""

    def work(_: Any) -> None:
        begun: list[str] = []

        def failpoint(name: str) -> None:
            begun.append(name)
            if name == where and (effect in begun or not effect):
                os.kill(os.getpid(), signal.SIGKILL)

        store = store_at(place, quota=LedgerQuota(failpoint=failpoint))
        tell_to(store, events, facts=facts())
        os.kill(os.getpid(), signal.SIGKILL)

    lines, status = fork(work)
    assert os.WIFSIGNALED(status), lines


@pytest.mark.parametrize("where", sorted(PLACES | {"reserve"}))
def test_killed_while_it_registers_neither_is_there(opened: Callable[..., LicensingStore], place: str, where: str) -> None:
    killed_at(place, where, "reserve", issued())
    store = opened()
    assert store.ids() == []
    assert balance(place) == (0, 0)
    tell_to(store, issued(), facts=facts())
    assert balance(place) == (0, EACH)
    assert store.case("L-1") == tell(*issued())[0]
    assert store.verify() == []


@pytest.mark.parametrize("where", sorted(PLACES | {"commit"}))
def test_killed_while_it_issues_the_case_is_as_before(opened: Callable[..., LicensingStore], place: str, where: str) -> None:
    killed_at(place, where, "commit", issued())
    store = opened()
    assert store.case("L-1") == tell(*approved())[0]
    assert balance(place) == (EACH, 0)
    assert store.verify() == []
    assert store.append("L-1", issued()[-1])[0] == tell(*issued())[0]
    assert balance(place) == (0, EACH)
    assert store.verify() == []


@pytest.mark.parametrize("count", [1, len(issued())])
def test_killed_after_the_event_both_are_there(opened: Callable[..., LicensingStore], place: str, count: int) -> None:
    killed_at(place, "", "", issued()[:count])
    store = opened()
    assert store.case("L-1") == tell(*issued()[:count])[0]
    assert balance(place) == ((EACH, 0) if count == 1 else (0, EACH))
    assert store.verify() == []


# ---- two databases


def test_a_ledger_elsewhere_is_refused(new_ledger: Callable[[], str]) -> None:
    one, two = new_ledger(), new_ledger()
    check_same_database(one, one)
    if is_postgres(one):
        check_same_database(one, one.replace("options=", "application_name=cases&options="))
    for store, ledger in ((one, two), (one, "postgresql://user:secret@127.0.0.1:1/none"), ("none.db", two)):
        with pytest.raises(FileUnusable) as caught:
            check_same_database(store, ledger)
        assert caught.value.at == "--ledger"
        assert "secret" not in str(caught.value.document())
