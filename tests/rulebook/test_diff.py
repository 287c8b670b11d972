"""What changed between two days, as a lawyer would list it."""

from __future__ import annotations

import datetime as dt

import pytest

from penstock.decision.library import book
from penstock.rulebook.diff import Change, diff_laws


def changes(a: str, b: str, kind: str = "", known: str = "") -> list[Change]:
    seen = dt.date.fromisoformat(known) if known else None
    laws = [book().law(dt.date.fromisoformat(day), seen) for day in (a, b)]
    return [change for change in diff_laws(*laws) if kind in ("", change.kind)]


def test_a_law_does_not_differ_from_itself() -> None:
    assert changes("2025-06-01", "2025-06-01") == []
    assert changes("2025-06-01", "2025-06-30") == []


def test_the_diffusion_rule_adds_requirements_exceptions_and_tables() -> None:
    """90 FR 4544 on 2025-01-13."""
    found = {(change.what, change.kind, change.id) for change in changes("2025-01-12", "2025-01-13")}
    assert {
        ("added", "instrument", "90-FR-4544"),
        ("added", "requirement", "worldwide_a"),
        ("changed", "requirement", "headquarters"),
        ("added", "authorization", "LPP"),
        ("changed", "authorization", "ACA"),
        ("removed", "review", "case_by_case_2024"),
        ("added", "table", "LPP_ANNUAL_TPP"),
        ("added", "table", "SUPP5A"),
    } <= found


def test_compliance_and_non_enforcement_change_how_provisions_stand() -> None:
    """2025-05-13 and 2025-05-15."""
    (announced,) = [change for change in changes("2025-05-12", "2025-05-13", "requirement") if change.id == "worldwide_a"]
    assert "not enforced" not in announced.before
    assert "not enforced (BIS press release 2025-05-13" in announced.after
    (due,) = [change for change in changes("2025-05-14", "2025-05-15", "requirement") if change.id == "worldwide_a"]
    assert "compliance due 2025-05-15" in due.before
    assert "compliance due" not in due.after


def test_members_gained_and_lost_are_named() -> None:
    """91 FR 43034: the UAE out of D:3 and D:4, into A:5."""
    found = {change.id: change.after for change in changes("2026-07-09", "2026-07-10", "table")}
    assert found["A5"] == "+ AE"
    assert found["D4"] == "- AE"
    assert "D5" not in found


def test_a_diff_backwards_removes_what_it_added() -> None:
    forth, back = changes("2026-01-14", "2026-01-15"), changes("2026-01-15", "2026-01-14")
    added = {change.id for change in forth if change.what == "added"}
    assert added
    assert added == {change.id for change in back if change.what == "removed"}


ACTS = sorted(
    {day for act in book().instruments.values() if not act.proposed for day in act.dates if day >= dt.date(2022, 10, 7)}
)


@pytest.mark.parametrize("day", ACTS, ids=str)
def test_every_date_of_an_act_changes_something_that_is_cited(day: dt.date) -> None:
    found = diff_laws(book().law(day - dt.timedelta(days=1)), book().law(day))
    assert found
    for change in found:
        assert change.cite.strip()
        assert change.text.strip()
