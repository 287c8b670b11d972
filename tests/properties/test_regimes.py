"""A proposed regime is an instrument like any other: before its first day it changes nothing, to the byte."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock import decide
from penstock.decision.library import book
from penstock.terms.numbers import dump_json
from tests.strategies import Flat, complete_facts, epochs, nested, partial_facts

DESIGN = "diffusion-as-written"
DESIGNS = book().regimes[1:]
START = book().instruments[DESIGN].effective


def test_the_design_starts_with_the_rule_it_reads() -> None:
    """90 FR 4544 took effect on 2025-01-13, and so does the design that reads it as written."""
    assert dt.date(2025, 1, 13) == START


@pytest.mark.parametrize("design", DESIGNS)
def test_the_law_before_a_design_starts_is_identical(design: str) -> None:
    start = book().instruments[design].effective
    before = [day for day in [*epochs(), start - dt.timedelta(days=1)] if day < start]
    assert before
    for day in before:
        actual, proposed = (book().law(day, None, regime) for regime in ("actual", design))
        assert actual.content == proposed.content
        assert actual.hash == proposed.hash


@pytest.mark.parametrize("design", DESIGNS)
def test_a_design_changes_the_law_once_it_has_started(design: str) -> None:
    """A design that changed nothing would be a file that says nothing."""
    start = book().instruments[design].effective
    days = [start, *(day for day in epochs() if day > start)]
    assert any(book().law(day, None, "actual").hash != book().law(day, None, design).hash for day in days)


@given(st.one_of(complete_facts(), partial_facts()), st.dates(book().first_day, START - dt.timedelta(days=1)))
def test_answers_before_a_design_starts_are_byte_identical(facts: Flat, on: dt.date) -> None:
    actual, proposed = (
        dump_json(decide(nested(facts), on=on, regime=regime).document(what_if=False) | {"regime": ""})
        for regime in ("actual", DESIGN)
    )
    assert actual == proposed


@given(complete_facts(), st.sampled_from(epochs()[::4]))
def test_a_design_known_later_changes_nothing_known_earlier(facts: Flat, on: dt.date) -> None:
    """With knowledge that ends the day before its start, the design is not among the instruments."""
    eve = START - dt.timedelta(days=1)
    actual, proposed = (book().law(on, eve, regime) for regime in ("actual", DESIGN))
    assert actual.hash == proposed.hash
    one, other = (decide(nested(facts), on=on, known=eve, regime=regime) for regime in ("actual", DESIGN))
    assert one.verdicts == other.verdicts


def _answer(regime: str) -> dict[str, Any]:
    document = nested({"activity.type": "export", "origin.country": "US", "destination.country": "PT", "item.eccn": "3A090.a"})
    return decide(document, on="2025-06-01", regime=regime).document(what_if=False)


def test_the_regime_printed_is_the_one_asked_for_whatever_was_asked_before() -> None:
    """Contract 7: same input, same bytes. Two names for one set of designs must not answer for each other."""
    first = _answer(DESIGN)
    assert _answer(f"actual+{DESIGN}")["regime"] == f"actual+{DESIGN}"
    assert _answer(DESIGN) == first
