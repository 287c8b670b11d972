"""Stacks of designs: what of two designs contradicts, and that it is only said, never decided otherwise."""

from __future__ import annotations

import itertools

import pytest

from penstock import decide
from penstock.decision.library import book
from penstock.rulebook import ACTUAL
from tests.transactions import export

ON = "2026-06-15"
DESIGNS = [name for name in book().regimes if name != ACTUAL]


@pytest.mark.parametrize(
    ("stack", "said"),
    [
        (
            "repeal-to-embargo-only+south-east-asia-patch",
            "repeal-to-embargo-only and south-east-asia-patch both change ADVANCED_COMPUTING_SCOPE "
            "[742.6(a)(6)(iii) as of 88 FR 73458; (iii)(B) since 90 FR 4544]. "
            "Where they contradict each other, south-east-asia-patch counts, which is named last.",
        ),
        (
            "bilateral-deals+use-based",
            "bilateral-deals and use-based both change country_group [742.6(a)(6)(iii)]. "
            "Where they contradict each other, use-based counts, which is named last.",
        ),
        (
            "carnegie-no-seven-percent-rule+us-monopoly",
            "us-monopoly sets aside text that carnegie-no-seven-percent-rule builds on: UVEU [748.15(a)(2)(ii)]. "
            "What carnegie-no-seven-percent-rule says of it stands alone or has no effect.",
        ),
        (
            "global-permits-2026-draft+bilateral-deals",
            "global-permits-2026-draft and bilateral-deals each add a license requirement of their own: "
            "global_permit [draft sent for review 2026-02-26, as reported]; no_agreement [Carnegie Endowment, May 2025, option 4]. "
            "Each binds beside the other.",
        ),
    ],
)
def test_what_contradicts_is_named(stack: str, said: str) -> None:
    assert said in book().clashes(stack)


@pytest.mark.parametrize(
    "stack",
    [
        ACTUAL,
        "us-monopoly",
        "us-monopoly+us-monopoly",
        "repeal-to-pre-2025+us-monopoly",  # which starts from it
        "us-monopoly+chip-security",
        "south-east-asia-patch+carnegie-wider-favored-list",
        "diffusion-as-written+carnegie-promotion-path",
        "carnegie-revised-tiers+carnegie-no-seven-percent-rule",
        "actual+use-based",
    ],
)
def test_what_goes_together_is_not(stack: str) -> None:
    assert book().clashes(stack) == ()


def test_the_order_of_the_stack_decides_which_counts_and_not_what_clashes() -> None:
    """The scope of the requirement: an expression named last takes the place of members added before, not the other way."""
    there, back = ("repeal-to-embargo-only+south-east-asia-patch", "south-east-asia-patch+repeal-to-embargo-only")
    assert book().clashes(there)[0].startswith("repeal-to-embargo-only and south-east-asia-patch both change")
    assert book().clashes(back)[0].endswith("repeal-to-embargo-only counts, which is named last.")
    outcomes = [decide(export("MY"), on=ON, regime=stack).enforced.outcome for stack in (there, back)]
    assert outcomes == ["license_required", "no_license_required"]


@pytest.mark.parametrize("first", DESIGNS)
def test_what_clashes_does_not_depend_on_the_order(first: str) -> None:
    for second in DESIGNS:
        here, there = book().clashes(f"{first}+{second}"), book().clashes(f"{second}+{first}")
        assert len(here) == len(there)
        assert sum("sets aside" in text for text in here) == sum("sets aside" in text for text in there)


def test_an_answer_says_what_clashes_from_the_day_on_which_both_hold() -> None:
    stack = "bilateral-deals+global-permits-2026-draft"
    (said,) = book().clashes(stack)
    assert said in decide(export("MY"), on=ON, regime=stack).notes
    assert said not in decide(export("MY"), on="2026-02-25", regime=stack).notes  # the draft begins on the next day
    assert said not in decide(export("MY"), on=ON, regime="bilateral-deals").notes


def test_three_designs_are_compared_pair_by_pair() -> None:
    found = book().clashes("bilateral-deals+use-based+us-monopoly")
    pairs = [
        book().clashes("+".join(pair)) for pair in itertools.combinations(("bilateral-deals", "use-based", "us-monopoly"), 2)
    ]
    assert found == tuple(itertools.chain(*pairs))
