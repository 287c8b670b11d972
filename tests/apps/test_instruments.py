"""Instruments of one's own, end to end: a letter of BIS changes the answers of every verb, and of this process only."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from penstock.apps.cli.main import cli, main
from penstock.decision.bulk import decide_columns
from penstock.decision.determination import decide
from penstock.decision.library import book, with_instruments
from tests.transactions import export

LETTER = Path("examples/letters/h20.yaml")
TEXT = LETTER.read_text("utf-8")
ON = "2025-05-01"
H20: dict[str, Any] = {
    "activity": {"type": "export"},
    "origin": "US",
    "destination": "CN",
    "item": {"chip": "h20", "quantity": 100},
    "consignee": {"name": "C", "country": "CN", "headquarters": "CN", "parent_headquarters": "CN", "lists": []},
    "end_use": {"types": ["datacenter_operation"]},
}
SECOND = """
id: letter-two
title: "A second letter, on L20"
cite: "letter of 2025-04-20 to the addressee"
kind: letter
force: is_informed
effective: 2025-04-20
source: own files
confidence: high
rules: |
  @requirement("744.23(b); letter of 2025-04-20 to the addressee", widens="is_informed")
  def l20_by_letter(t: Transaction):
      "A license is required for L20 to China, Macau, D:5 and parties headquartered there."
      return moves_subject_item(t) and stated(t.item.chip) and t.item.chip == "l20" and to_d5_or_macau_or_headquartered(t)
"""
OWN_DESIGN = """
id: own-design
title: "Nothing to Brazil"
cite: "a note of our own"
kind: design
force: proposed
effective: 2026-01-01
source: own files
confidence: low
tables:
- id: ADVANCED_COMPUTING_SCOPE
  cells:
  - {add: [BR], cite: "a note of our own", confidence: low}
"""


def run(*arguments: str) -> Any:
    return CliRunner().invoke(cli, arguments, catch_exceptions=False)


def document(tmp_path: Path, facts: dict[str, Any] = H20) -> str:
    path = tmp_path / "facts.json"
    path.write_text(json.dumps(facts), "utf-8")
    return str(path)


def outcome(*arguments: str) -> str:
    return str(json.loads(run("decide", *arguments, "--stance", "enforced", "--json").stdout)["outcome"])


def test_a_letter_binds_where_it_is_loaded_and_only_there(tmp_path: Path) -> None:
    file = document(tmp_path)
    assert outcome(file, "--on", ON) == "no_license_required"
    assert outcome(file, "--on", ON, "--instrument", str(LETTER)) == "license_required"
    assert outcome(file, "--on", ON) == "no_license_required"
    assert not any(act.private for act in book().instruments.values())


def test_a_letter_binds_from_its_day_and_from_when_it_is_known(tmp_path: Path) -> None:
    file, letter = document(tmp_path), ("--instrument", str(LETTER))
    assert outcome(file, "--on", "2025-04-08", *letter) == "no_license_required"
    assert outcome(file, "--on", "2025-04-09", *letter) == "license_required"
    assert outcome(file, "--on", ON, "--known", "2025-04-08", *letter) == "no_license_required"


def test_the_answer_names_the_letter_with_its_force(tmp_path: Path) -> None:
    answer = json.loads(run("decide", document(tmp_path), "--on", ON, "--instrument", str(LETTER), "--json").output)
    (requirement,) = (r for r in answer["enforced"]["requirements"] if r["binding"] and r["scope_met"] is True)
    assert (requirement["id"], requirement["force"]) == ("is_informed", "is_informed")
    assert requirement["instrument"] == "letter of 2025-04-09 to the addressee"
    assert ("744.23(b); letter of 2025-04-09 to the addressee", "is_informed") in {
        (c["cite"], c["force"]) for c in answer["enforced"]["citations"]
    }
    assert any(note.startswith("Own instrument in use: Letter of 2025-04-09") for note in answer["assumptions"])


def test_an_exception_does_not_lift_what_a_letter_requires() -> None:
    item = {"kind": "integrated_circuit", "eccn": "3A090.b", "datacenter": True, "memory_bandwidth_gbps": 4000, "quantity": 1}
    facts = {**H20, "item": item}
    assert decide(facts, on=ON).codified.path == "NAC"
    with with_instruments([("letter.yaml", TEXT)]):
        answer = decide(facts, on=ON).codified
    assert answer.path == "LICENSE"
    assert {"NAC": ["part_744"]}.items() <= {
        entry["id"]: entry["reasons"] for entry in answer.block["authorizations"]["unavailable"]
    }.items()


def test_a_folder_of_letters_holds_side_by_side(tmp_path: Path) -> None:
    folder = tmp_path / "letters"
    folder.mkdir()
    (folder / "one.yaml").write_text(TEXT, "utf-8")
    (folder / "two.yml").write_text(SECOND, "utf-8")
    for chip in ("h20", "l20"):
        facts = {**H20, "item": {"chip": chip, "quantity": 1}}
        assert outcome(document(tmp_path, facts), "--on", ON, "--instrument", str(folder)) == "license_required"
    with with_instruments([("one", TEXT), ("two", SECOND)]):
        block = decide({**H20, "item": {"chip": "h20", "quantity": 1}}, on=ON).enforced.block
        assert [c["cite"] for c in block["citations"] if c["force"] == "is_informed" and "letter of" in c["cite"]] == [
            "744.23(b); letter of 2025-04-09 to the addressee"
        ]
        stated = decide(
            {**H20, "item": {"chip": "l2", "quantity": 1}, "activity": {"type": "export", "is_informed_notice": True}}, on=ON
        )
        assert stated.enforced.outcome == "license_required"


def test_a_letter_works_in_bulk(tmp_path: Path) -> None:
    rows = {
        "activity.type": ["export"] * 3,
        "origin.country": ["US"] * 3,
        "destination.country": ["CN", "CN", "BR"],
        "item.chip": ["h20", "l2", "h20"],
        "item.quantity": [10, 10, 10],
        "parties.ultimate_consignee.country": ["CN", "CN", "BR"],
        "parties.ultimate_consignee.headquarters": ["CN", "CN", "BR"],
        "parties.ultimate_consignee.parent_headquarters": ["CN", "CN", "BR"],
        "parties.ultimate_consignee.lists": ["[]"] * 3,
    }
    source, target = tmp_path / "in.parquet", tmp_path / "out.parquet"
    pq.write_table(pa.table(rows), source)
    for letter, wanted in ((str(LETTER), "license_required"), (None, "no_license_required")):
        option = ("--instrument", letter) if letter else ()
        assert run("bulk", str(source), str(target), "--on", ON, *option).exit_code == 0
        found = pq.read_table(target).column("enforced_outcome").to_pylist()
        assert found == [wanted, "no_license_required", "no_license_required"]


def test_many_rows_see_the_letter_on_every_thread() -> None:
    size = 140_000
    columns = {
        "activity.type": ["export"] * size, "origin.country": ["US"] * size, "destination.country": ["CN"] * size,
        "item.chip": ["h20"] * size, "item.quantity": [1] * size,
        "parties.ultimate_consignee.country": ["CN"] * size, "parties.ultimate_consignee.headquarters": ["CN"] * size,
        "parties.ultimate_consignee.parent_headquarters": ["CN"] * size,
        "parties.ultimate_consignee.lists": [()] * size,
    }  # fmt: skip
    with with_instruments([("letter.yaml", TEXT)]):
        found = decide_columns(columns, on=ON, workers=2)
    assert set(found.texts("enforced_outcome")) == {"license_required"}


def test_law_diff_and_show_know_the_letter() -> None:
    changes = json.loads(run("law", "diff", "2025-04-08", "2025-04-09", "--instrument", str(LETTER), "--json").output)["changes"]
    assert {change["id"] for change in changes} == {
        "letter-2025-04-09", "is_informed", "LETTER_MEMORY_BANDWIDTH", "LETTER_INTERCONNECT_BANDWIDTH"
    }  # fmt: skip
    shown = run("law", "show", "is_informed", "--on", ON, "--instrument", str(LETTER)).output
    assert "Letter of 2025-04-09" in shown
    assert "Letter of 2025-04-09" not in run("law", "show", "is_informed", "--on", ON).output


def test_a_design_of_ones_own_waits_to_be_named(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(OWN_DESIGN, "utf-8")
    file, own = document(tmp_path, export("BR")), ("--on", "2026-06-01", "--instrument", str(path))
    assert outcome(file, *own) == "no_license_required"
    assert outcome(file, *own, "--regime", "own-design") == "license_required"
    assert outcome(file, *own, "--regime", "own-design+repeal-to-embargo-only") == "no_license_required"


def test_another_thread_does_not_see_what_is_in_use_here() -> None:
    seen: list[bool] = []
    with with_instruments([("letter.yaml", TEXT)]):
        thread = threading.Thread(target=lambda: seen.append("letter-2025-04-09" in book().instruments))
        thread.start()
        thread.join()
    assert seen == [False]


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ('widens="is_informed"', 'widens="is_informd"', 27, "Did you mean is_informed?"),
        ("t.item.io_bandwidth_gbps", "t.item.io_bandwith_gbps", 34, "item.io_bandwith_gbps is not a fact"),
        ("LETTER_MEMORY_BANDWIDTH\n              or", "LETTER_MEMORY\n              or", 33, "nothing is called 'LETTER_MEMORY'"),
        ("t.item.memory_bandwidth_gbps >=", "t.item.tpp >=", 33, "cannot be compared"),
        ("force: is_informed", "force: informed", 7, "'informed' is no legal force"),
        ("effective: 2025-04-09", "effective: 9 April", 8, "9 April"),
        ('{value: 4000, cite: "letter of 2025-04-09 to the addressee: H20", confidence: medium}', "{value: 4000}", 18, "no citation"),
        ("id: letter-2025-04-09", "id: EAR", 3, "EAR is an instrument already"),
        ("kind: letter", "kind: [letter", 7, ""),
    ],
)  # fmt: skip
def test_a_mistake_in_a_letter_is_refused_with_file_and_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, line: int, said: str
) -> None:
    assert old in TEXT
    path = tmp_path / "letter.yaml"
    path.write_text(TEXT.replace(old, new, 1), "utf-8")
    with pytest.raises(SystemExit) as left:
        main(["decide", document(tmp_path), "--on", ON, "--instrument", str(path)])
    error = capsys.readouterr().err
    assert left.value.code == 3
    assert f"{path}:{line}:" in error
    assert said in error


@pytest.mark.parametrize("name", ["missing.yaml", "empty"])
def test_a_file_or_folder_that_holds_nothing_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(SystemExit) as left:
        main(["decide", document(tmp_path), "--on", ON, "--instrument", str(tmp_path / name)])
    assert left.value.code == 5
