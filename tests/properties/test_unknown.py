"""Unknown is sound: what is decided without a fact stays decided, the same way, whatever the fact turns out to be."""

from __future__ import annotations

import datetime as dt

from hypothesis import given, settings
from hypothesis import strategies as st

from penstock import Determination, decide
from penstock.rulebook import STANCES
from penstock.terms.vocabulary import vocabulary
from tests.strategies import Asked, Flat, complete_facts, days, laws, nested

MOVES_AND_RELEASES = ("export", "reexport", "transfer_in_country", "deemed_export", "deemed_reexport")

# Facts whose absence the contract reads in a way of its own, so that stating them may change a decided answer.
READ_OTHERWISE = {
    "item.copackaged_with_logic": "a stack that is not said to be co-packaged is memory (section 6, HBM)",
    "item.eccn": "computed from the parameters",
    "item.subject_to_ear": "computed from origin and make",
    "item.tpp": "computed from the rates",
}


def removable(facts: Flat) -> list[str]:
    """Return the facts whose absence means unknown."""
    words = vocabulary().facts
    return sorted(
        name for name in facts if words[name].absent == "unknown" and name not in READ_OTHERWISE and name != "activity.type"
    )


def said(outcome: str) -> str:
    """Return an outcome as the contract tells them apart while facts are missing.

    An item for which no license is required may still turn out not to be subject to the EAR: the same freedom, path NLR.
    """
    return "no_license_required" if outcome == "not_subject" else outcome


def assert_sound(before: Determination, after: Determination) -> None:
    for stance in STANCES:
        less, more = before.verdicts[stance], after.verdicts[stance]
        if less.license_required != "unknown":
            assert less.license_required == more.license_required
        if less.outcome != "unknown":
            assert said(less.outcome) == said(more.outcome)
        if less.path != "UNKNOWN":
            assert less.path == more.path


@settings(max_examples=400)
@given(st.data(), complete_facts(kinds=MOVES_AND_RELEASES), laws())
def test_restoring_one_fact_never_overturns_a_decided_answer(data: st.DataObject, facts: Flat, asked: Asked) -> None:
    """Contract 0.1: absent is unknown, never false. One fact is removed, and given back."""
    gone = data.draw(st.sampled_from(removable(facts)), label="removed")
    without = {name: value for name, value in facts.items() if name != gone}
    on, regime, switches = asked
    assert_sound(*(decide(nested(each), on=on, regime=regime, switches=switches) for each in (without, facts)))


@settings(max_examples=250)
@given(st.data(), complete_facts(kinds=MOVES_AND_RELEASES), laws())
def test_restoring_facts_never_overturns_a_decided_answer(data: st.DataObject, facts: Flat, asked: Asked) -> None:
    """Contract 0.1: the same with many facts removed at once."""
    gone = data.draw(st.sets(st.sampled_from(removable(facts)), min_size=2, max_size=15), label="removed")
    without = {name: value for name, value in facts.items() if name not in gone}
    on, regime, switches = asked
    assert_sound(*(decide(nested(each), on=on, regime=regime, switches=switches) for each in (without, facts)))


@given(st.data(), complete_facts(), days())
def test_an_undecided_answer_names_a_fact_that_was_removed(data: st.DataObject, facts: Flat, on: dt.date) -> None:
    """Contract 2: an unknown that matters names the facts that would decide it, and those are facts that are not there."""
    gone = data.draw(st.sets(st.sampled_from(removable(facts)), max_size=8), label="removed")
    without = {name: value for name, value in facts.items() if name not in gone}
    answer = decide(nested(without), on=on)
    for stance in STANCES:
        block = answer.stance(stance).block
        named = {entry["id"] for entry in block["missing_facts"]}
        assert (block["outcome"] == "unknown") <= bool(named)
        assert not named & set(without)
