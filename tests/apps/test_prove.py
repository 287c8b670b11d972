"""``penstock law prove``, ``witness`` and ``coverage`` as people and programs use them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from penstock import decide
from penstock.apps.cli.main import main
from penstock.decision import proofs
from penstock.decision.inquiry import Finding

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Return a function that runs ``penstock law`` and gives exit code, standard output and standard error."""

    def held(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as left:
            main(["law", *arguments])
        said = capsys.readouterr()
        return int(left.value.code or 0), said.out, said.err

    return held


def test_prove_prints_each_proof_with_its_time_and_what_it_came_upon(run: Run) -> None:
    code, out, err = run("prove", "--on", "2024-06-01")
    assert code == 0
    assert err == ""
    lines = out.splitlines()
    marked = [line.split()[:2] for line in lines if line.startswith(("✓", "✗"))]
    assert marked == [["✓", name] for name in (*proofs.LAW_PROOFS, *proofs.BOOK_PROOFS)]
    reason = "approval_elsewhere never decides the review of headquarters: denial_d5_or_macau always goes first"
    assert f"    note: {reason} [742.6(b)(10)(iii), (iv)(A)]" in lines
    assert lines[-1].startswith(f"All of {len(marked)} proofs hold, ")


def test_prove_as_json_is_one_document_and_the_same_every_time(run: Run) -> None:
    code, out, _ = run("prove", "--on", "2024-06-01", "--json")
    assert code == 0
    document = json.loads(out)
    assert document["holds"] is True
    assert {proof["id"] for proof in document["proofs"]} == {*proofs.LAW_PROOFS, *proofs.BOOK_PROOFS}
    assert run("prove", "--on", "2024-06-01", "--json")[1] == out


def failing(*_: object) -> list[Finding]:
    example = {"on": "2024-06-01", "facts": {"item.tpp": 4800, "activity.type": "export"}, "changes": {"item.tpp": [4800, 5000]}}
    return [Finding("codified: the strict becomes lax", "a_row", "742.6(b)(10)", True, example)]


def test_a_proof_that_fails_ends_with_1_and_shows_the_transaction(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proofs, "LAW_PROOFS", {"more_tpp": ("More TPP is never treated more laxly.", failing)})
    code, out, _ = run("prove", "--on", "2024-06-01")
    assert code == 1
    assert "✗ more_tpp" in out
    assert "    failure: codified: the strict becomes lax [742.6(b)(10)]" in out
    assert "        activity.type: export" in out
    assert "        item.tpp: 4,800 becomes 5,000" in out
    assert out.splitlines()[-1].startswith("Not all of ")
    code, out, _ = run("prove", "--on", "2024-06-01", "--json")
    assert code == 1
    assert json.loads(out)["holds"] is False


def test_prove_all_has_a_line_per_law_and_says_each_thing_once(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proofs, "LAW_PROOFS", {"more_tpp": ("More TPP is never treated more laxly.", failing)})
    code, out, _ = run("prove", "--all")
    assert code == 1
    lines = out.splitlines()
    assert lines[0].startswith("2022-01-01  ✗ more_tpp ")
    assert len([line for line in lines if line.startswith("20")]) > 20
    assert out.count("the strict becomes lax") == 1
    assert "from 2022-01-01, more_tpp: codified" in out
    assert "h200_lane: the declared exception excuses nothing" in out


def test_prove_takes_a_design(run: Run) -> None:
    code, out, _ = run("prove", "--on", "2025-03-01", "--regime", "diffusion-as-written")
    assert code == 0
    assert "approval_elsewhere never decides the review of worldwide_a: allocation_exhausted always goes first" in out


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("prove", "--on", "2021-01-01"), 4),
        (("prove", "--on", "yesterday"), 3),
        (("prove", "--regime", "no-such"), 4),
        (("witness", "2025-01-01"), 2),
        (("coverage", "--against", "no-such-file"), 5),
    ],
)
def test_what_cannot_be_asked_ends_with_the_code_of_the_contract(run: Run, arguments: tuple[str, ...], code: int) -> None:
    assert run(*arguments)[0] == code


def test_witness_prints_facts_that_decide_takes_and_both_answers(run: Run) -> None:
    code, out, _ = run("witness", "2025-09-28", "2025-09-29", "--json")
    assert code == 0
    document = json.loads(out)
    assert document["found"] == "solver"
    for day, side in (("2025-09-28", "before"), ("2025-09-29", "after")):
        stance = decide(document["facts"], on=day).codified
        assert (stance.outcome, stance.path) == tuple(document["answers"][side]["codified"][key] for key in ("outcome", "path"))


def test_witness_in_words(run: Run) -> None:
    code, out, _ = run("witness", "2025-05-14", "2025-06-01/diffusion-as-written")
    assert code == 0
    assert out.startswith("A transaction that the two laws answer differently:\n{\n")
    assert "\n2025-06-01/diffusion-as-written, codified: authorization_available, path " in out


def test_witness_says_when_there_is_none(run: Run) -> None:
    assert run("witness", "2024-09-29", "2024-09-30")[1].startswith("Proved equal")
    assert run("witness", "2025-06-01@2025-05-01", "2025-06-01")[1].startswith("A transaction")


def test_coverage_by_part_with_cases_and_what_is_missing(run: Run, tmp_path: Path) -> None:
    cases = tmp_path / "cases.yaml"
    cases.write_text('format: penstock-cases/1\ncases:\n- {id: X1, source: "740.29(d); a note"}\n', "utf-8")
    wanted = tmp_path / "wanted.txt"
    wanted.write_text("# what a reader expects\n740.29(d)\n740.28(f)\n", "utf-8")
    code, out, _ = run("coverage", str(cases), "--against", str(wanted))
    assert code == 0
    lines = out.splitlines()
    assert any(line.startswith("15 CFR part 740: ") for line in lines)
    assert next(line for line in lines if line.startswith("  740.29(d) ")).endswith("1 case")
    assert lines[-1] == "missing: 740.28(f) (within 740.28)"
    wanted.write_text("740.29(d)\n", "utf-8")
    assert run("coverage", "--against", str(wanted))[1].endswith("Nothing is missing.\n")


def test_coverage_as_json(run: Run) -> None:
    code, out, _ = run("coverage", "--json")
    assert code == 0
    document = json.loads(out)
    assert document["missing"] == []
    part = next(part for part in document["parts"] if part["part"] == 740)
    assert {"cite": "740.29(e)", "rules": ["lpp"], "cells": 0, "cases": []} in part["citations"]
