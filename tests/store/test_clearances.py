"""Clearances: one suppresses its pair until the entry or the party changes or its time is over, and is kept in a file."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest
from attrs import evolve

from penstock.screening.clearances import clear, party_digest, suppress
from penstock.screening.screener import Entry, Hit
from penstock.store.clearances import ClearanceStore
from penstock.terms.errors import BadDate, FileUnusable, MissingRequired
from tests.fuzz.test_documents import run

ON, UNTIL = dt.date(2026, 6, 1), dt.date(2027, 6, 1)
HIT = Hit(Entry("EL-1", "Acme Trading", ("Akme",)), "Acme Trading", 0.8, "acme", "name")
PARTY = party_digest("ACME Trading Services", "SG")
CLEARED = clear(HIT, PARTY, by="a reviewer", why="another registration number", on=ON, until=UNTIL)


def test_a_clearance_suppresses_its_pair_while_it_holds() -> None:
    assert suppress([HIT], PARTY, [CLEARED], ON) == ([], [(HIT, CLEARED)])
    assert suppress([HIT], PARTY, [CLEARED], UNTIL) == ([HIT], [])
    assert suppress([HIT], PARTY, [CLEARED], ON - dt.timedelta(days=1)) == ([HIT], [])
    assert suppress([HIT], party_digest("ACME Trading Services", "MY"), [CLEARED], ON) == ([HIT], [])
    changed = evolve(HIT, entry=evolve(HIT.entry, aliases=("Akme", "ACM")))
    assert suppress([changed], PARTY, [CLEARED], ON) == ([changed], [])


def test_who_and_why_are_needed() -> None:
    with pytest.raises(MissingRequired):
        clear(HIT, PARTY, by=" ", why="x", on=ON, until=UNTIL)
    with pytest.raises(BadDate):
        clear(HIT, PARTY, by="x", why="x", on=ON, until=ON)


def test_the_store_keeps_them(tmp_path: Path) -> None:
    store = ClearanceStore(tmp_path / "clearances.db")
    store.add(CLEARED)
    again = ClearanceStore(tmp_path / "clearances.db")
    assert (again.of(PARTY), again.of(party_digest("x")), again.all()) == ([CLEARED], [], [CLEARED])
    (tmp_path / "text.db").write_text("no database at all, only words " * 50, "utf-8")
    with pytest.raises(FileUnusable):
        ClearanceStore(tmp_path / "text.db")


def test_on_the_command_line(tmp_path: Path) -> None:
    store = str(tmp_path / "clearances.db")
    asked = ["screen", "Huawei Tech Trading", "--on", "2026-07-01", "--clearances", store, "--json"]
    first = json.loads(run(asked, "")[1])["hits"][0]
    add = ["clearances", "add", store, "Huawei Tech Trading", "--entry", first["entry_id"], "--by", "a reviewer",
           "--why", "another firm", "--on", "2026-06-01", "--until", "2027-06-01"]  # fmt: skip
    assert run(add, "")[0] == 0
    answer = json.loads(run(asked, "")[1])
    assert first["entry_id"] not in {hit["entry_id"] for hit in answer["hits"]}
    assert [row["entry_id"] for row in answer["cleared"]] == [first["entry_id"]]
    assert json.loads(run(["clearances", "list", store, "--json"], "")[1])["clearances"][0]["why"] == "another firm"
    assert "another firm" in run(["clearances", "list", store], "")[1]
    assert run([*add[:5], "EL-999", *add[6:]], "")[0] == 3
