"""Decide, take and record in one step; and what is published can be checked by those who share no code with us."""

from __future__ import annotations

import datetime as dt
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from penstock.ledger import Attest, Carry, Close, Commit, Correct, Open, Recap, Reserve, Void
from penstock.ledger.merkle import verify_consistency, verify_inclusion
from penstock.store.clock import ledger_clock
from penstock.store.create import read_key
from penstock.store.desk import Desk, short_of
from penstock.store.history import Books, shipments
from penstock.store.publish import prove_consistency, prove_inclusion, publish, sign_head, static_file
from penstock.store.verify import verify
from penstock.store.writer import Writer
from penstock.terms.errors import BadDocument, BadEnum, BadNumber, ConflictingFacts, FileUnusable, LedgerUnavailable
from tests.ledger.test_quota import H200_TPP, ON, document
from tests.ledger.worlds import CITE
from tests.store.conftest import KEY
from tests.store.places import Clock, asked, backend_at, engine_at, with_buckets

LPP = "lpp_calendar_year/example data sdn bhd/2026@actual"
CHECKER = Path(__file__).parents[2] / "docs" / "verify_ledger.py"


def plain(quantity: int = 1000, **more: Any) -> dict[str, Any]:
    """Return a shipment whose counters the ledger knows."""
    asked = document(quantity, **more)
    del asked["counters"]
    return asked


@pytest.fixture
def desk(place: str) -> Iterator[Desk]:
    with Writer(engine_at(place)) as writer:
        yield Desk(writer)


# ---- ship


def test_a_shipment_is_decided_taken_and_recorded(desk: Desk) -> None:
    done = desk.ship(plain(), "acme", "PO-1", "codified", ON)
    assert done.recorded
    assert done.record is not None
    assert (done.record.document["path"], done.record.document["debits"]) == ("LPP", [[LPP, H200_TPP]])
    assert desk.bucket(LPP).committed == H200_TPP
    over = desk.ship(plain(), "acme", "PO-2", "codified", ON)
    assert over.determination is not None
    assert (over.recorded, over.determination.codified.outcome) == (False, "license_required")
    assert desk.bucket(LPP).used == H200_TPP


def test_the_same_shipment_is_taken_once(desk: Desk) -> None:
    first, again = (desk.ship(plain(), "acme", "PO-1", "codified", ON) for _ in range(2))
    assert [answer.event for answer in again.answers] == [answer.event for answer in first.answers]
    assert again.recorded
    assert desk.bucket(LPP).committed == H200_TPP
    with pytest.raises(ConflictingFacts, match="another shipment"):
        desk.ship(plain(10), "acme", "PO-1", "codified", ON)


def test_a_shipment_that_was_cut_off_is_finished_by_asking_again(desk: Desk) -> None:
    """The process ended between the reservation and its commit."""
    done = desk.ship(plain(100), "acme", "PO-0", "codified", ON)
    assert done.record is not None
    record = done.record
    desk.writer.ask(Reserve("acme", "PO-1", ((0, H200_TPP),), None, record.sha256))
    with pytest.raises(ConflictingFacts):
        desk.ship(plain(), "acme", "PO-1", "codified", ON)
    again = desk.ship(plain(100), "acme", "PO-1", "codified", ON)
    assert [answer.ok for answer in again.answers] == [True, True]
    assert desk.bucket(LPP).reserved == 0


@pytest.mark.parametrize(
    ("more", "may"),
    [
        ({"destination": {"country": "CN"}}, "stop"),
        ({"consignee": {"first_advanced_ic_order_on": "2024-03-01"}}, "hold"),
        ({"documents": {"lpp_certification": False}}, "with_conditions"),
    ],
)  # fmt: skip
def test_nothing_is_taken_when_the_decision_does_not_allow_it(desk: Desk, more: dict[str, Any], may: str) -> None:
    done = desk.ship(plain(**more), "acme", "PO-1", "codified", ON)
    assert done.determination is not None
    assert (done.recorded, done.answers, done.determination.codified.may_proceed) == (False, (), may)
    assert desk.state.seq == 0


def test_a_shipment_that_draws_on_nothing_is_recorded(desk: Desk, place: str) -> None:
    done = desk.ship(plain(), "acme", "PO-1", "enforced", ON)
    assert (done.recorded, done.debits, desk.state.buckets) == (True, (), [])
    assert [record.document["path"] for record in shipments(backend_at(place))] == ["NLR"]


def test_many_exporters_share_one_limit(desk: Desk) -> None:
    """The limit is counted per ultimate consignee across all exporters, whoever asks at once."""
    done: list[bool] = []

    def ship(n: int) -> None:
        try:
            done.append(desk.ship(plain(200), f"exporter-{n}", "PO", "codified", ON).recorded)
        except ConflictingFacts:  # the bucket was opened by two at the same time
            done.append(False)

    threads = [threading.Thread(target=ship, args=(n,)) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(done) == 26_900_000 // (H200_TPP // 5)
    assert desk.bucket(LPP).used == sum(done) * H200_TPP // 5


def test_what_was_taken_is_carried_into_another_regime(desk: Desk) -> None:
    desk.ship(plain(), "acme", "PO-1", "codified", ON)
    answer = desk.carry(LPP, "diffusion-as-written", ON, "the successor rule", "bis", "carry-1")
    new = LPP.replace("@actual", "@diffusion-as-written")
    assert (answer.ok, desk.bucket(new).committed, desk.bucket(LPP).carried) == (True, H200_TPP, True)
    found = desk.decide(plain(), ON, None, "diffusion-as-written")
    assert found.prepared.values["counters.lpp_tpp_received_this_year"] == H200_TPP
    assert desk.carry(LPP, "diffusion-as-written", ON, "the successor rule", "bis", "carry-2").event["why"] == "carried"


def test_a_shipment_to_another_site_is_another_shipment(desk: Desk) -> None:
    first, again = (desk.ship(plain(10), "acme", "PO-1", "codified", ON, site="Johor 1") for _ in range(2))
    assert first.record is not None
    assert (first.record.document["site"], again.answers[0].repeated) == ("Johor 1", True)
    with pytest.raises(ConflictingFacts, match="another shipment"):
        desk.ship(plain(10), "acme", "PO-1", "codified", ON, site="Johor 2")


def test_what_is_not_there_is_named(desk: Desk) -> None:
    desk.ship(plain(), "acme", "PO-1", "codified", ON)
    with pytest.raises(BadEnum) as caught:
        desk.bucket(LPP.replace("2026", "2027"))
    assert caught.value.nearest == LPP


def test_a_refusal_names_the_bucket_and_the_room(desk: Desk) -> None:
    desk.writer.ask(Open("bis", "o", "agreement/MY/2026@actual", 10, "agreement"))
    refused = desk.writer.ask(Reserve("acme", "a", ((0, 11),)))
    assert short_of(refused, desk.state) == [{"bucket": "agreement/MY/2026@actual", "headroom_tpp": 10, "asked_tpp": 11}]


def test_books_are_read_beside_the_writer(desk: Desk, place: str) -> None:
    desk.ship(plain(), "acme", "PO-1", "codified", ON)
    found = Books(backend_at(place)).bucket(LPP)
    assert found is not None
    assert found.committed == H200_TPP


def test_a_writer_recovers_by_itself_after_a_failure(desk: Desk) -> None:
    desk.ship(plain(10), "acme", "PO-1", "codified", ON)
    token = desk.writer.engine.token
    desk.writer.engine.usable = False
    assert desk.ship(plain(10), "acme", "PO-2", "codified", ON).recorded
    assert desk.writer.engine.token == token + 1


def test_a_writer_that_was_replaced_stays_stopped(desk: Desk, place: str) -> None:
    desk.ship(plain(10), "acme", "PO-1", "codified", ON)
    new = engine_at(place, take_over=True)
    for _ in range(2):
        with pytest.raises(LedgerUnavailable):
            desk.ship(plain(10), "acme", "PO-2", "codified", ON)
    assert asked(new, Void("acme", "v", ("acme", "none"))) == [False]


def test_a_closed_writer_says_so(place: str) -> None:
    writer = Writer(engine_at(place))
    writer.close()
    with pytest.raises(LedgerUnavailable):
        writer.ask(Void("acme", "v", ("acme", "a")))
    with pytest.raises(LedgerUnavailable):
        writer.event("acme", "a")


class _Late(queue.SimpleQueue[Any]):
    """A queue into which a thread puts what it holds only after the writer has stopped."""

    writer: Writer

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
        if item is not None:
            closing = threading.Thread(target=self.writer.close)
            closing.start()
            closing.join()
        super().put(item, block, timeout)


@pytest.mark.parametrize("ask", [lambda w: w.ask(Void("acme", "v", ("acme", "a")), timeout=20), lambda w: w.event("acme", "a")])
def test_what_is_handed_in_while_a_writer_closes_is_turned_away(place: str, ask: Callable[[Writer], Any]) -> None:
    late = _Late()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("penstock.store.writer.queue.SimpleQueue", lambda: late)
        late.writer = writer = Writer(engine_at(place))
    with pytest.raises(LedgerUnavailable, match="closed"):
        ask(writer)


# ---- time


def test_a_long_gap_must_be_accepted() -> None:
    year = 365 * 86_400_000
    with pytest.raises(LedgerUnavailable, match="365 days"):
        ledger_clock(1_000, wall=lambda: year + 1_000, steady=lambda: 0)
    assert ledger_clock(1_000, wall=lambda: year + 1_000, steady=lambda: 0, gap_accepted=True)() == year + 1_000
    assert ledger_clock(year, wall=lambda: 1_000, steady=lambda: 0)() == year


# ---- proofs and publication


def varied(place: str) -> None:
    """Fill a ledger with every kind of event, granted and refused, over more than one tile."""
    clock = Clock()
    engine = with_buckets(place, 100_000, 50, None, clock=clock)
    asked(engine, Open("bis", "s", "share", None, CITE, (7, 100), "group"), Attest("x", "t", "group", 1000, "2025-02-01", "ab"))
    asked(engine, *(Reserve("acme", f"k{n}", ((0, 30 + n), (2, 1)), 60) for n in range(300)))
    asked(engine, *(Commit("acme", f"c{n}", ("acme", f"k{n}"), ((0, n),) if n % 2 else None) for n in range(100)))
    asked(engine, *(Void("acme", f"v{n}", ("acme", f"k{n}")) for n in range(90, 110)))
    asked(engine, *(Correct("acme", f"x{n}", ("acme", f"k{n}"), ((0, 5), (1, n)), "miscounted") for n in range(60)))
    clock.now += 61_000
    asked(
        engine,
        Reserve("acme", "z", ((3, 70),)),
        Attest("x", "t2", "group", 900, "2025-08-01", "cd"),
        Reserve("acme", "y", ((3, 1),)),
    )
    asked(engine, Recap("bis", "r", 1, 3, CITE), Close("bis", "q", 2, CITE), Reserve("acme", "w", ((2, 1),)))
    asked(
        engine,
        Carry("bis", "m", 1, 0, CITE),
        Carry("bis", "m2", 3, 2, CITE),
        Carry("bis", "m3", 1, 3, CITE),
        Correct("bis", "m4", ("bis", "m"), ((0, 2),), "lost"),
    )
    engine.close()


def test_proofs_are_checked_by_their_own_rules(place: str) -> None:
    import base64

    varied(place)
    backend = backend_at(place)
    size = backend.head().seq
    assert size > 600
    for seq in (0, 255, 256, 500, size - 1):
        proof = prove_inclusion(backend, seq)
        hashes = [base64.b64decode(hash) for hash in proof["proof"]]
        assert verify_inclusion(seq, size, base64.b64decode(proof["leaf"]), hashes, base64.b64decode(proof["root"]))
    prefix = prove_consistency(backend, 300)
    hashes = [base64.b64decode(hash) for hash in prefix["proof"]]
    assert verify_consistency(300, size, base64.b64decode(prefix["old_root"]), base64.b64decode(prefix["root"]), hashes)
    with pytest.raises(BadNumber):
        prove_inclusion(backend, size)
    with pytest.raises(BadNumber):
        prove_consistency(backend, size + 1)


def test_a_checkpoint_kept_elsewhere_binds_the_log(place: str, new_ledger: Any) -> None:
    engine = with_buckets(place, 100)
    old = sign_head(backend_at(place, read_only=False), KEY)
    asked(engine, Reserve("acme", "a", ((0, 60),)))
    assert verify(backend_at(place), against=old).ok
    other = new_ledger()
    with_buckets(other, 101)
    assert verify(backend_at(other), against=old).faults == ("the log does not contain the checkpoint of 1 events",)
    assert "no good signature" in verify(backend_at(place), against=old.replace("1\n", "2\n", 1)).faults[0]


def checked(folder: Path, vkey: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-I", str(CHECKER), str(folder), vkey], capture_output=True, text=True, check=False)


def test_the_independent_verifier_agrees_and_finds_what_is_wrong(place: str, tmp_path: Path) -> None:
    varied(place)
    backend = backend_at(place, read_only=False)
    note, vkey = sign_head(backend, KEY), backend.meta()["vkey"]
    assert publish(backend, tmp_path, note) > 4
    done, said = verify(backend), checked(tmp_path, vkey)
    assert (said.returncode, said.stderr) == (0, "")
    used = sum(bucket.used for bucket in backend.buckets())
    assert said.stdout == f"Sound: {done.events} events, 4 buckets, {used} TPP in use, root {done.root.hex()}\n"
    bundle = tmp_path / "tile" / "entries" / "001"
    for old, new in ((b'"ok":true', b'"ok":null'), (b'"legs":[[0,3', b'"legs":[[0,4')):
        kept = bundle.read_bytes()
        bundle.write_bytes(kept.replace(old, new, 1))
        assert checked(tmp_path, vkey).returncode == 1
        bundle.write_bytes(kept)
    assert "NOT SOUND" in checked(tmp_path, vkey[:-1] + ("A" if vkey[-1] != "A" else "B")).stderr


def test_the_independent_verifier_is_short_and_shares_no_code() -> None:
    text = CHECKER.read_text("utf-8")
    assert len(text.splitlines()) <= 100
    assert not [line for line in text.splitlines() if "import" in line.split() and "penstock" in line]


def test_static_files_are_those_of_the_tree(place: str, tmp_path: Path) -> None:
    varied(place)
    backend = backend_at(place, read_only=False)
    note = sign_head(backend, KEY)
    size = int(note.splitlines()[1])
    public = tmp_path / "public"
    publish(backend, public, note)
    files = [path for path in public.rglob("*") if path.is_file() and path.name != "checkpoint"]
    assert len(files) == 7
    for path in files:
        assert static_file(backend, str(path.relative_to(public)), size) == path.read_bytes()
    for none in ("tile/0/009", "tile/0/000.p/300", "tile/7/000", "tile/entries/x000/000", "tile/0/000.p/0", "other"):
        assert static_file(backend, none, size) is None
    asked(engine_at(place), Void("acme", "later", ("acme", "k0")))
    assert publish(backend, public, sign_head(backend, KEY)) == 3


def test_a_key_file_is_read_or_named(tmp_path: Path) -> None:
    with pytest.raises(FileUnusable):
        read_key(tmp_path / "none.pem")
    (tmp_path / "bad.pem").write_text("no key")
    with pytest.raises(BadDocument):
        read_key(tmp_path / "bad.pem")


def test_a_place_without_a_ledger_is_named(tmp_path: Path) -> None:
    with pytest.raises(LedgerUnavailable, match="is no ledger"):
        backend_at(str(tmp_path / "none.db"))
    (tmp_path / "text.db").write_text("no database, but a file")
    with pytest.raises(LedgerUnavailable):
        backend_at(str(tmp_path / "text.db"))
    assert dt.date(2026, 6, 15) == ON
