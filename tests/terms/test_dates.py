"""Calendar days as ISO text."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.terms.dates import parse_date, quarter
from penstock.terms.errors import BadDate


@given(st.dates())
def test_a_date_is_read_as_it_is_written(day: dt.date) -> None:
    assert parse_date(day.isoformat(), "on") == day
    assert parse_date(day, "on") == day
    assert parse_date(dt.datetime.combine(day, dt.time(12)), "on") == day


@pytest.mark.parametrize(
    ("written", "nearest"),
    [
        ("2025-02-29", "2025-02-28"),
        ("2024-02-30", "2024-02-29"),
        ("2025-04-31", "2025-04-30"),
        ("2025-13-01", None),
        ("2025-00-10", None),
        ("0000-01-01", None),
    ],
)
def test_a_day_too_many_gets_the_last_of_the_month(written: str, nearest: str | None) -> None:
    with pytest.raises(BadDate) as refused:
        parse_date(written, "on")
    assert (refused.value.at, refused.value.nearest) == ("on", nearest)


@pytest.mark.parametrize(
    "written",
    [
        "",
        "2025",
        "2025-6-1",
        "01.06.2025",
        "2025-06-01T00:00",
        "2025-06-01\n",
        " 2025-06-01",
        "２０２５-06-01",
        None,
        20250601,
        True,
        [],
    ],
)
def test_other_forms_are_refused(written: object) -> None:
    """Contract, head: dates ISO."""
    with pytest.raises(BadDate):
        parse_date(written, "on")


@pytest.mark.parametrize(("day", "expected"), [("2026-03-31", "2026Q1"), ("2026-04-01", "2026Q2"), ("2026-12-31", "2026Q4")])
def test_quarters(day: str, expected: str) -> None:
    assert quarter(dt.date.fromisoformat(day)) == expected
