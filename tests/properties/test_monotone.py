"""More of what the controls are about never needs less: processing performance, quantity, a Macau or D:5 headquarters.

The order of outcomes, from the freest to the strictest: not subject to the EAR, no license required, a license required but
an authorization is available, a license required, prohibited.  An undecided answer has no place in it.  Review policies are
compared in the order of the contract only where the text is meant to be monotone: the case-by-case lane for China and Macau
is open to .a items alone, and a country whose allocation is exhausted meets a policy of denial that D:5 never reaches.
"""

from __future__ import annotations

import datetime as dt

from hypothesis import assume, given
from hypothesis import strategies as st

from penstock import Determination, decide
from penstock.decision.library import book
from penstock.decision.program import POLICIES
from penstock.rulebook import STANCES
from tests.strategies import PLACES, Asked, Flat, complete_facts, item_by_parameters, laws, nested

OUTCOMES = ("not_subject", "no_license_required", "authorization_available", "license_required", "prohibited")
CHINA = ("CN", "HK", "MO")
LANE_FROM = dt.date(2026, 1, 15)


def strictness(answer: Determination) -> tuple[int, int]:
    """Return the places of both outcomes in the order; ValueError for an undecided one."""
    codified, enforced = (OUTCOMES.index(answer.verdicts[stance].outcome) for stance in STANCES)
    return codified, enforced


def assert_not_laxer(one: Determination, more: Determination) -> None:
    for less, other in zip(strictness(one), strictness(more), strict=True):
        assert less <= other


def assert_no_better_policy(one: Determination, more: Determination, stance: str) -> None:
    less, other = (POLICIES.index(each.verdicts[stance].review_policy) for each in (one, more))
    assert less <= other


def decide_under(facts: Flat, asked: Asked) -> Determination:
    on, regime, switches = asked
    return decide(nested(facts), on=on, regime=regime, switches=switches)


@given(complete_facts(), laws())
def test_a_complete_transaction_is_decided(facts: Flat, asked: Asked) -> None:
    """Totality: where everything is stated, license requirement, outcome, path and review policy are all decided."""
    answer = decide_under(facts, asked)
    for stance in STANCES:
        verdict = answer.verdicts[stance]
        assert verdict.license_required in (True, False)
        assert "unknown" not in (verdict.outcome, verdict.path.lower(), verdict.review_policy)
        assert not answer.stance(stance).block["missing_facts"]


@given(complete_facts(item_by_parameters()), laws(), st.integers(1, 40_000))
def test_more_performance_is_never_treated_more_laxly(facts: Flat, asked: Asked, tpp: int) -> None:
    """3A090: with die area, quantity and all else equal, a higher TPP never gets a freer outcome.

    742.6(b)(10): outside the lane of 91 FR 1684 it never meets a more favorable policy either, as enforced.
    """
    low, high = sorted((facts["item.tpp"], tpp))
    one, more = (decide_under({**facts, "item.tpp": value}, asked) for value in (low, high))
    assert_not_laxer(one, more)
    in_lane = asked[0] >= LANE_FROM and facts["destination.country"] in CHINA
    if asked[1] == "actual" and not in_lane and one.verdicts["enforced"].license_required:
        assert_no_better_policy(one, more, "enforced")


@given(
    complete_facts(item_by_parameters()),
    laws(),
    st.sampled_from([("none", "3A090.b"), ("3A090.b", "3A090.a"), ("none", "3A090.a")]),
)
def test_by_class_none_is_freest_and_a_strictest(facts: Flat, asked: Asked, classes: tuple[str, str]) -> None:
    """742.6(a)(6)(iii): all else equal, an item in no class is at most as strict as one of .b, and .b as one of .a."""
    bare = {name: value for name, value in facts.items() if name not in ("item.tpp", "item.die_area_mm2", "item.quantity")}
    shipped = {**bare, "item.datacenter": True, "item.aggregate_tpp": 30_000_000}
    one, more = (decide_under({**shipped, "item.eccn": eccn}, asked) for eccn in classes)
    assert_not_laxer(one, more)


@given(complete_facts(item_by_parameters()), laws(), st.integers(1, 2_000_000))
def test_more_chips_never_need_less(facts: Flat, asked: Asked, quantity: int) -> None:
    """740.29(d), 748.15(a)(2)(iii)(B), 742.6(b)(10)(iii)(B): a larger order never gets a freer outcome or a better policy."""
    low, high = sorted((facts["item.quantity"], quantity))
    one, more = (decide_under({**facts, "item.quantity": value}, asked) for value in (low, high))
    assert_not_laxer(one, more)
    for stance in STANCES:
        if one.verdicts[stance].license_required:
            assert_no_better_policy(one, more, stance)


@given(
    complete_facts(),
    laws(),
    st.sampled_from([("headquarters",), ("parent_headquarters",), ("headquarters", "parent_headquarters")]),
    st.sampled_from(["CN", "HK", "MO", "RU", "IR"]),
    st.sampled_from(PLACES),
)
def test_a_d5_or_macau_headquarters_is_never_treated_more_laxly(
    facts: Flat, asked: Asked, seats: tuple[str, ...], embargoed: str, other: str
) -> None:
    """742.6(a)(6)(iii)(A), 744.23(a)(3): all else equal, a seat in Macau or D:5 never gets a freer outcome than another."""
    on, regime, switches = asked
    assume(other not in book().law(on, None, regime, switches).members("D5_OR_MACAU") | {"HK"})
    role = "end_user" if "parties.end_user.country" in facts else "ultimate_consignee"
    one, more = (
        decide_under({**facts, **{f"parties.{role}.{seat}": place for seat in seats}}, asked) for place in (other, embargoed)
    )
    assert_not_laxer(one, more)
    if regime == "actual" and one.verdicts["enforced"].license_required:
        assert_no_better_policy(one, more, "enforced")
