"""The interview: asks only what decides, the cheapest of what decides most often first, and comes to an end."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.decision import decide_facts
from penstock.decision.interview import Question, answered, next_question
from penstock.decision.witness import sample_transactions
from penstock.rulebook import STANCES
from penstock.terms.documents import Facts, read_facts
from penstock.terms.errors import BadEnum, BadNumber, ConflictingFacts, DateOutOfRange
from penstock.terms.vocabulary import vocabulary
from tests.strategies import Asked, Flat, complete_facts, laws, nested
from tests.transactions import chips, export, party

DAYS = (dt.date(2024, 6, 1), dt.date(2025, 6, 1), dt.date(2026, 6, 15))
QUESTIONS_MAX = 24
# what the sample transactions leave out and any exporter could tell
TOLD = {"item.foreign_produced": False, "item.direct_product": False, "item.weights_published": False,
        "end_use.onward_destinations": ()}  # fmt: skip


def hold(
    told: Facts, on: dt.date, stance: str | None = None, known: Facts | None = None
) -> tuple[list[Question], Facts, set[str]]:
    """Hold an interview with somebody who can tell the facts given; return the questions, what was said and what was not."""
    facts, skipped, asked = known or Facts(), set[str](), []
    while (question := next_question(facts, on, stance=stance, skipped=skipped)) is not None:
        asked.append(question)
        assert len(asked) <= 80, "the interview does not end"
        value = told.values.get(question.id)
        if value is None:
            skipped.add(question.id)
        else:
            facts = facts.with_({question.id: value})
    return asked, facts, skipped


def open_facts(facts: Facts) -> Facts:
    """Return the facts that leave a question open when they are absent; the others count only when they are stated."""
    words = vocabulary().facts
    return Facts({name: value for name, value in facts.values.items() if words[name].absent in ("unknown", "computed", "role")})


def missing(facts: Facts, on: dt.date, stances: tuple[str, ...] = STANCES) -> set[str]:
    answer = decide_facts(facts, on)
    return {entry["id"] for stance in stances for entry in answer.stance(stance).block["missing_facts"]}


# ---- examples


def test_the_act_comes_first_and_decides_everything() -> None:
    question = next_question(Facts(), DAYS[-1])
    assert question is not None
    assert question.id == "activity.type"
    assert question.decides == ("license_required", "outcome", "path", "review_policy")
    assert question.why[0].cite


def test_a_question_says_why_with_the_citation_and_what_it_decides() -> None:
    # 91 FR 43034: from 2026-07-10 the status of the recipient decides in the United Arab Emirates
    consignee = {key: value for key, value in party("AE").items() if key != "uae_status"}
    question = next_question(read_facts(export("AE", consignee=consignee)), dt.date(2026, 7, 20), stance="enforced")
    assert question is not None
    assert question.id == "parties.ultimate_consignee.uae_status"
    assert question.enum == vocabulary().facts[question.id].enum
    assert question.question.startswith("ultimate consignee: ")
    assert [reason.cite for reason in question.why] == ["Supp. No. 8 to part 740; 91 FR 43034"]
    assert question.decides[0] == "license_required"
    assert question.document()["why"][0]["cite"] == "Supp. No. 8 to part 740; 91 FR 43034"


def test_a_product_is_asked_for_by_name_before_its_class() -> None:
    given = {"activity": {"type": "export"}, "origin": "US", "destination": "SA", "item": {"kind": "integrated_circuit"}}
    facts = read_facts({**given, "consignee": {"lists": []}})
    question = next_question(facts, DAYS[-1], stance="enforced")
    assert question is not None
    assert question.id == "item.chip"
    after = next_question(facts.with_({"item.chip": "h200-sxm"}), DAYS[-1], stance="enforced")
    assert after is not None
    assert after.id not in ("item.chip", *vocabulary().facts["item.eccn"].inputs, "item.eccn")


def test_the_entry_is_asked_where_the_class_is_known_and_not_asked_twice() -> None:
    """744.23(a)(1) names entries: that a circuit is no advanced computing item does not tell its entry, nor does none."""
    document = export("CN", {"kind": "integrated_circuit", "tpp": 100, "datacenter": False})
    facts = read_facts({**document, "end_use": {"types": ["supercomputer"], "knowledge": True}})
    question = next_question(facts, DAYS[-1])
    assert question is not None
    assert (question.id, question.why[0].cite) == ("item.eccn", "744.23(a)(1)")
    assert next_question(facts.with_({"item.eccn": "none"}), DAYS[-1]) is None
    settled = decide_facts(facts.with_({"item.eccn": "EAR99"}), DAYS[-1])
    assert settled.enforced.outcome == "no_license_required"


def test_what_follows_from_a_chip_is_not_asked() -> None:
    asked, _, _ = hold(read_facts({**export("BR"), "item": {"chip": "h200-sxm", "quantity": 5000}}), DAYS[1])
    assert not {"item.eccn", "item.tpp", "item.datacenter", "item.aggregate_tpp"} & {question.id for question in asked}


def test_a_conclusion_of_law_is_asked_only_of_one_who_cannot_tell_the_facts() -> None:
    # 734.3: whether an item is subject to the EAR follows from where it comes from and how it was made
    asked, _, _ = hold(
        read_facts(nested({"activity.type": "reexport", "destination.country": "SA", "item.eccn": "3A090.a"})), DAYS[-1]
    )
    names = [question.id for question in asked]
    assert "item.subject_to_ear" in names
    assert names.index("item.foreign_produced") < names.index("item.subject_to_ear")


def test_of_a_total_the_missing_part_is_asked() -> None:
    # 740.29(d): the amount of this shipment counts
    item = {key: value for key, value in chips(tpp=15_832).items() if key not in ("eccn", "aggregate_tpp")}
    asked, _, _ = hold(read_facts(export("BR", {**item, "quantity": 10})), DAYS[1], known=read_facts(export("BR", item)))
    assert "item.quantity" in [question.id for question in asked]
    assert "item.aggregate_tpp" not in [question.id for question in asked]


def test_an_end_user_who_is_not_given_is_asked_about_as_the_consignee() -> None:
    asked, _, _ = hold(Facts(), DAYS[-1], known=read_facts({"activity": {"type": "export"}, "item": {"eccn": "3A090.a"}}))
    assert not [question.id for question in asked if question.id.startswith("parties.end_user.")]


def test_nothing_is_asked_when_it_is_settled() -> None:
    assert next_question(read_facts(export("JP", chips("EAR99"))), DAYS[-1]) is None


def test_one_stance_asks_no_more_than_both() -> None:
    told = read_facts(export("BR"))
    both, one = (hold(told, DAYS[1], stance)[0] for stance in (None, "enforced"))
    assert {question.id for question in one} <= {question.id for question in both}
    assert len(one) < len(both)


def test_answers_are_checked_as_documents_are() -> None:
    with pytest.raises(BadEnum) as wrong:
        answered(Facts(), "activity.type", "re-export")
    assert wrong.value.nearest == "reexport"
    with pytest.raises(BadNumber) as percent:
        answered(Facts(), "end_use.fine_tune_share", 60)
    assert str(percent.value.nearest) == "0.6"


def test_facts_that_contradict_each_other_and_days_outside_the_book_are_errors() -> None:
    facts = read_facts(export("BR", chips(tpp=10, performance_density=1)))
    with pytest.raises(ConflictingFacts):
        next_question(facts, DAYS[-1])
    with pytest.raises(DateOutOfRange):
        next_question(Facts(), dt.date(2020, 1, 1))


# ---- properties


@pytest.mark.parametrize("on", DAYS)
def test_the_sample_transactions_are_settled_in_few_questions(on: dt.date) -> None:
    for document in list(sample_transactions())[::61]:
        told = open_facts(read_facts(document).with_(TOLD))
        asked, facts, _ = hold(told, on)
        assert len(asked) <= QUESTIONS_MAX
        said, whole = decide_facts(facts, on), decide_facts(told, on)
        for stance in STANCES:
            short, full = said.verdicts[stance], whole.verdicts[stance]
            assert short.outcome in (full.outcome, "unknown")
            assert (short.outcome == "unknown") <= bool(missing(facts, on))


@settings(max_examples=25)
@given(complete_facts(), laws())
def test_it_asks_only_what_is_missing_once_and_ends_settled(drawn: Flat, law: Asked) -> None:
    on = law[0]
    told = read_facts(nested(drawn))
    facts, skipped, asked = Facts(), set[str](), list[str]()
    while (question := next_question(facts, on, skipped=skipped)) is not None:
        assert question.id not in asked
        if question.id not in ("activity.type", "item.chip"):
            assert question.id in missing(facts, on)
        asked.append(question.id)
        value: Any = told.values.get(question.id)
        if value is None:
            skipped.add(question.id)
        else:
            facts = facts.with_({question.id: value})
    assert missing(facts, on) <= skipped | {"item.eccn"}  # a product that cannot be named stands for its class


@settings(max_examples=10)
@given(st.sampled_from(vocabulary().facts["activity.type"].enum), st.sampled_from(DAYS))
def test_it_ends_when_nobody_can_tell_anything(act: str, on: dt.date) -> None:
    asked, facts, skipped = hold(Facts(), on, known=read_facts({"activity": {"type": act}}))
    assert {question.id for question in asked} == skipped
    assert list(facts.values) == ["activity.type"]


@settings(max_examples=15)
@given(complete_facts(), laws())
def test_the_question_depends_on_the_facts_alone(drawn: Flat, law: Asked) -> None:
    on, regime, switches = law
    facts = read_facts(nested({name: value for name, value in drawn.items() if not name.startswith("item.")}))
    first, second = (next_question(facts, on, None, regime, switches) for _ in range(2))
    assert first == second
    assert first is None or first.document() == (second.document() if second else None)
