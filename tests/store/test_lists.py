"""Lists kept version by version: who was listed on a day, what changed, what is refused."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from pathlib import Path

import pytest

from penstock.screening.lists import ListFile
from penstock.screening.screener import Entry
from penstock.store.lists import ListStore
from penstock.terms.errors import BadDate, BadEnum, ConflictingFacts, FileUnusable
from tests.fuzz.test_documents import run

HEAD = "entry_id,name,aliases,country,addresses\n"
ACME = Entry("1", "Acme Chips", ("Akme",), ("CN",), ("1 Main St",), "Entity List", {"citations": ["84 FR 1"]})
BORG, CORP = Entry("2", "Borg"), Entry("3", "Corp")


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def kept(path: Path, *versions: tuple[str, list[Entry]]) -> ListStore:
    store = ListStore(path)
    for as_of, entries in versions:
        store.add("own", ListFile("own", None, tuple(entries)), as_of=day(as_of), source="file", allow_shrink=True)
    return store


def test_the_version_in_force_on_a_day(tmp_path: Path) -> None:
    store = kept(tmp_path / "s.db", ("2025-06-01", [BORG, CORP]), ("2025-01-01", [ACME, BORG]))
    (version,) = store.in_force(day("2025-05-31"))
    assert store.entries(version) == (ACME, BORG)
    assert [store.in_force(on)[0].as_of for on in (day("2025-06-01"), None)] == [day("2025-06-01")] * 2
    with pytest.raises(BadDate) as refused:
        store.in_force(day("2024-12-31"))
    assert refused.value.nearest == day("2025-01-01")
    with pytest.raises(BadEnum) as unknown:
        store.in_force(None, "owm")
    assert unknown.value.nearest == "own"


def test_an_entry_is_stored_once_and_a_later_word_on_a_day_counts(tmp_path: Path) -> None:
    store = kept(tmp_path / "s.db", ("2025-01-01", [ACME, BORG]), ("2025-02-01", [ACME, BORG]), ("2025-02-01", [ACME, CORP]))
    with sqlite3.connect(tmp_path / "s.db") as db:
        assert [db.execute(f"SELECT count(*) FROM list_{what}").fetchone()[0] for what in ("entry", "content", "version")] == [
            3,
            4,
            3,
        ]
    db.close()
    assert store.entries(store.in_force(day("2025-02-01"))[0]) == (ACME, CORP)
    assert store.standing(BORG, "own") == [(day("2025-01-01"), day("2025-02-01"))]


def test_from_when_until_when(tmp_path: Path) -> None:
    store = kept(
        tmp_path / "s.db", ("2025-01-01", [ACME]), ("2025-02-01", [BORG]), ("2025-03-01", [ACME]), ("2025-04-01", [ACME, BORG])
    )
    assert store.standing(ACME, "own") == [(day("2025-01-01"), day("2025-02-01")), (day("2025-03-01"), None)]


def test_a_version_that_shrank_is_refused(tmp_path: Path) -> None:
    many = [Entry(str(i), f"Party {i}") for i in range(10)]
    store = kept(tmp_path / "s.db", ("2025-01-01", many))
    with pytest.raises(ConflictingFacts):
        store.add("own", ListFile("own", None, tuple(many[:8])), as_of=day("2025-02-01"), source="cut.csv")
    assert len(store.versions()) == 1
    store.add("own", ListFile("own", None, tuple(many[:9])), as_of=day("2025-02-01"), source="nine.csv")
    store.add("other", ListFile("other", None, ()), as_of=day("2025-02-01"), source="another list")


def test_a_file_that_is_no_store_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("not a database, only long enough to be taken for one" * 20, "utf-8")
    with pytest.raises(FileUnusable):
        ListStore(tmp_path / "x")


def test_on_the_command_line(tmp_path: Path) -> None:
    store, old, new = (str(tmp_path / name) for name in ("lists.db", "old.csv", "new.csv"))
    Path(old).write_text(f"{HEAD}1,Acme Chips,,CN,\n2,Borg Semiconductor,,HK,\n", "utf-8")
    Path(new).write_text(f"{HEAD}2,Borg Semiconductor,Borg Semi,HK,\n3,Corp,,HK,\n,,,,\n", "utf-8")
    assert json.loads(run(["lists", "add", store, old, "--json"], "")[1])["error"]["code"] == "missing_required"
    assert run(["lists", "add", store, old, "--name", "own", "--as-of", "2025-01-01"], "")[0] == 0
    code, out, _ = run(["lists", "add", store, new, "--name", "own", "--as-of", "2025-06-01", "--json"], "")
    assert (code, json.loads(out)["rows"][0]["line"]) == (0, 4)
    assert [row["as_of"] for row in json.loads(run(["lists", "versions", store, "--json"], "")[1])["versions"]] == [
        "2025-01-01",
        "2025-06-01",
    ]
    assert "own of 2025-06-01: 2 entries" in run(["lists", "versions", store], "")[1]
    found = json.loads(run(["lists", "diff", f"{store}@2025-05-31", f"{store}#own", "--json"], "")[1])
    assert ([e["id"] for e in found["added"]], [e["id"] for e in found["removed"]]) == (["3"], ["1"])
    shown = json.loads(run(["lists", "show", "--list", store, "--on", "2025-03-01", "--json"], "")[1])
    assert (shown["data_date"], [party["id"] for party in shown["parties"]]) == ("2025-01-01", ["1", "2"])
    answers = {
        on: json.loads(run(["screen", "Acme Chips", "--list", store, "--on", on, "--json"], "")[1])
        for on in ("2025-03-01", "2025-07-01")
    }
    assert [(a["data_date"], a["hits"][0]["score"] > 0.9 if a["hits"] else False) for a in answers.values()] == [
        ("2025-01-01", True), ("2025-06-01", False),
    ]  # fmt: skip
    code, out, _ = run(["lists", "on", "2025-03-01", "Acme Chips", "--list", store, "--json"], "")
    hit = json.loads(out)["hits"][0]
    assert (code, hit["entry_id"], hit["data_date"], hit["stood"]) == (
        0,
        "1",
        "2025-01-01",
        [{"from": "2025-01-01", "until": "2025-06-01"}],
    )
    assert "from 2025-01-01 until 2025-06-01" in run(["lists", "on", "2025-03-01", "Acme Chips", "--list", f"{store}#own"], "")[1]
    assert "not listed by that name" in run(["lists", "on", "2025-07-01", "Acme Chips", "--list", store], "")[1]
    assert run(["screen", "x", "--list", store, "--on", "2024-01-01"], "")[0] == 3
