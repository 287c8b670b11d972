"""Two stances differ only where an instrument has taken something out of enforcement, or compliance is not yet due."""

from __future__ import annotations

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from penstock import Determination, decide
from penstock.decision.library import book
from penstock.terms.numbers import dump_json
from tests.strategies import Flat, complete_facts, nested, partial_facts

DIFFUSION = dt.date(2025, 1, 13)
ANNOUNCED = dt.date(2025, 5, 13)
ANY = st.one_of(complete_facts(), partial_facts())


def assert_one_answer(answer: Determination) -> None:
    assert not answer.stances_differ
    first, second = (dump_json(dict(answer.stance(name).block)) for name in ("codified", "enforced"))
    assert first == second


@given(ANY, st.dates(book().first_day, DIFFUSION - dt.timedelta(days=1)))
def test_before_the_diffusion_rule_both_stances_are_one(facts: Flat, on: dt.date) -> None:
    """No instrument before 90 FR 4544 left a text unenforced."""
    assert_one_answer(decide(nested(facts), on=on))


@given(ANY, st.dates(DIFFUSION, ANNOUNCED - dt.timedelta(days=1)))
def test_before_the_announcement_both_stances_require_the_same(facts: Flat, on: dt.date) -> None:
    """Until 2025-05-13 both stances ask the same of everyone; contract 4 lets only the review policy differ."""
    answer = decide(nested(facts), on=on)
    codified, enforced = answer.verdicts["codified"], answer.verdicts["enforced"]
    assert (codified.license_required, codified.outcome, codified.path) == (
        enforced.license_required,
        enforced.outcome,
        enforced.path,
    )


@given(ANY, st.dates(dt.date(2025, 5, 15), dt.date(2028, 12, 31)))
def test_who_does_not_know_of_the_announcement_sees_one_law(facts: Flat, on: dt.date) -> None:
    """Known up to 2025-05-12 and compliance due: the text and what is enforced are the same."""
    assert_one_answer(decide(nested(facts), on=on, known=ANNOUNCED - dt.timedelta(days=1)))


@given(ANY, st.dates(DIFFUSION, dt.date(2028, 12, 31)).filter(lambda day: day < dt.date(2025, 5, 13)))
def test_under_the_rule_as_written_both_stances_are_one(facts: Flat, on: dt.date) -> None:
    """The design reads 90 FR 4544 as required and enforced from its first day."""
    assert_one_answer(decide(nested(facts), on=on, regime="diffusion-as-written"))


@given(ANY, st.dates(dt.date(2022, 10, 7), dt.date(2028, 12, 31)))
def test_what_is_enforced_never_asks_more_than_the_text(facts: Flat, on: dt.date) -> None:
    """Enforcement is a part of the text: no requirement binds as enforced that does not bind as codified."""
    answer = decide(nested(facts), on=on)
    codified, enforced = (
        {entry["id"] for entry in answer.stance(name).block["requirements"] if entry["binding"]}
        for name in ("codified", "enforced")
    )
    assert enforced <= codified
