"""The open case files of the contract: right answers with their sources, one test for each file."""

from __future__ import annotations

from pathlib import Path

import pytest

from penstock.decision.cases import Case, read_cases, run_case
from penstock.terms.documents import parse_document

OPEN = Path(__file__).parents[2] / "../shared/contract/cases/open"
ELSEWHERE = ("clock", "ownership")  # kinds answered by licensing and screening, and tested with them
FILES = sorted(OPEN.glob("*.yaml"))


def cases_of(file: Path) -> list[Case]:
    return [case for case in read_cases(parse_document(file.read_text("utf-8"))) if case.kind not in ELSEWHERE]


def complaints(cases: list[Case]) -> list[str]:
    """Return one line for each difference, as ``penstock cases run`` prints it."""
    return [
        f"{case.id} ({case.confidence}) | {found.path} | {found.expected} | {found.got}"
        for case in cases
        for found in run_case(case)
    ]


@pytest.mark.skipif(not FILES, reason="the case files of the contract are not part of this repository")
@pytest.mark.parametrize("file", FILES or [Path("none")], ids=lambda file: file.stem)
def test_every_case_of_a_file_is_answered_right(file: Path) -> None:
    cases = cases_of(file)
    if not cases:
        pytest.skip(f"{file.stem} holds only kinds that are tested elsewhere")
    assert complaints(cases) == []


@pytest.mark.skipif(not FILES, reason="the case files of the contract are not part of this repository")
def test_case_ids_are_unique() -> None:
    ids = [case.id for file in FILES for case in cases_of(file)]
    assert len(ids) == len(set(ids))
