"""Coverage of a folder of facts: what each names, what in the book stands for it, what is missing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from penstock.apps.cli.main import cli, main
from penstock.decision.coverage import coverage
from penstock.decision.library import book
from penstock.decision.provisions import Named, named_provisions, stands_for

FACTS = """
license_exceptions_740_8:
  items: [x]
  NAC: {cite: "740.8(a)(1)", text: "notified"}
rules:
  - {id: LR-1, cite: "2023: 744.23(a)(3); since 2025 742.6(a)(6)(iii)(A)", trigger: "headquarters"}
  - {id: KYC-28, text: "a flag"}
  - {id: wider_favored_list, change: "a toggle of a design"}
  - {id: DD-03, text: "an act of due diligence"}
  - {id: O4, about: "an open point"}
  - {id: X-1, cite: "746.2", text: "embargo"}
  - {id: X-2, text: "Dutch rule", legal_force: foreign_law}
fdp_734_9:
  - {para: "(h)", name: "Advanced computing"}
"""
SHARED = Path("../shared/facts")


@pytest.fixture
def folder(tmp_path: Path) -> str:
    (tmp_path / "law.yaml").write_text(FACTS, "utf-8")
    return str(tmp_path)


def stands(name: str, *cites: str, text: str = "") -> Any:
    return stands_for(Named("x.yaml", 1, name, text, cites), coverage(book()), book())


def test_a_provision_is_found_by_its_citation() -> None:
    assert "nac_notification" in stands("x", "740.8(c)(1)").rules
    assert "LPP_ANNUAL_TPP" in stands("x", "740.29(d)").tables
    assert stands("x", "15 CFR part 740 supp. 1").tables >= {"D5", "A5"}
    assert "country_group" in stands("x", "2023-11-17: 742.6(a)(6)(iii) and later").rules


def test_a_provision_is_found_by_its_name() -> None:
    assert stands("KYC-28").rules == {"KYC-28"}
    assert "carnegie-wider-favored-list" in stands("wider_favored_list").other
    assert stands("S10-14").other == {"S10-14"}
    assert "ACT-03" in stands("DD-03").other
    assert stands("O4").rules == {"point_o4"}


def test_a_broader_citation_is_shown_where_nothing_closer_is_found() -> None:
    found = stands("x", "750.2(a)(1)")
    assert (found.within, found.written, found.found) == ({"750.2(a)"}, False, True)


def test_what_the_book_does_not_have_is_missing() -> None:
    assert not stands("x", "746.2").found
    assert not stands("nothing-like-it").found


def test_cases_that_cite_it_are_named() -> None:
    cases = [{"id": "C1", "source": "740.29(d); a note"}, {"id": "C2", "source": "GP-1"}]
    found = coverage(book(), cases)
    assert "C1" in stands_for(Named("x", 1, "x", "", ("740.29",)), found, book(), cases).cases
    assert stands_for(Named("x", 1, "GP-1", "", ()), found, book(), cases).cases == {"C2"}


def test_a_citation_comes_down_to_what_stands_below_it() -> None:
    named = {p.name: p.cites for p in named_provisions({"fdp_734_9": {"rules": [{"id": "h", "para": "(h)"}]}}, "x")}
    assert named["h"] == ("734.9(h)",)


def test_the_command_lists_what_stands_and_what_is_missing(folder: str) -> None:
    told = CliRunner().invoke(cli, ["law", "coverage", "--facts", folder], catch_exceptions=False).output
    assert "Missing: 2 of 10" in told
    assert "law.yaml:11 X-1 [746.2] embargo" in told
    assert "X-2 (foreign law) Dutch rule" in told
    document = json.loads(CliRunner().invoke(cli, ["law", "coverage", "--facts", folder, "--json"]).output)
    assert {p["name"] for p in document["provisions"] if not p["found"]} == {"X-1", "X-2"}
    assert {p["name"]: p["line"] for p in document["provisions"]}["LR-1"] == 6


def test_a_folder_without_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as left:
        main(["law", "coverage", "--facts", str(tmp_path)])
    assert left.value.code == 5


@pytest.mark.skipif(not SHARED.exists(), reason="the facts are not here")
def test_of_the_facts_only_foreign_law_and_reports_are_missing() -> None:
    told = json.loads(CliRunner().invoke(cli, ["law", "coverage", "--facts", str(SHARED), "--json"]).output)
    missing = {p["force"] for p in told["provisions"] if not p["found"]}
    assert missing <= {"foreign_law", "report", "license", "practice", "political_commitment", "policy_statement"}
