"""What-if: flips that flip, nothing smaller that does as well, and no advice to split an order."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pytest
from hypothesis import given, settings

from penstock.decision import decide, decide_facts
from penstock.decision.again import Again, Change
from penstock.decision.changes import fact_changes, is_number, measured_after, other_days
from penstock.decision.determination import Determination
from penstock.decision.whatif import minimal_flips, what_if
from penstock.decision.witness import sample_transactions
from penstock.rulebook import STANCES
from penstock.terms.documents import Facts, read_facts
from tests.strategies import Asked, Flat, complete_facts, laws, nested, partial_facts
from tests.transactions import chips, export, party

Flip = Mapping[str, Any]
BETTER = {"not_subject": 0, "no_license_required": 0, "authorization_available": 1, "unknown": 2, "license_required": 2,
          "prohibited": 3}  # fmt: skip


def flips(document: Mapping[str, Any], on: str, stance: str = "codified", **options: Any) -> dict[tuple[str, str], Flip]:
    return {(flip["id"], flip["then"]): flip for flip in what_if(decide(document, on=on, **options))[stance]}


# ---- examples


def test_a_quantity_above_the_yearly_limit_flips_at_the_limit_with_a_warning() -> None:
    # 740.29(d): a consignee may receive 26,900,000 TPP in a calendar year
    found = flips(export("BR"), "2025-06-01")["item.aggregate_tpp", "authorization_available"]
    assert found == {"id": "item.aggregate_tpp", "to": 26_900_000, "then": "authorization_available", "reading": "lawful",
                     "warning": "structuring"}  # fmt: skip


def test_more_of_an_item_is_no_structuring() -> None:
    found = flips(export("BR", chips(aggregate_tpp=26_900_000)), "2025-06-01")["item.aggregate_tpp", "license_required"]
    assert (found["to"], found["reading"], "warning" in found) == (26_900_001, "lawful", False)


def test_the_total_follows_the_quantity() -> None:
    item = chips(tpp=15_832, quantity=2_000, aggregate_tpp=31_664_000)
    del item["eccn"]
    found = flips(export("BR", item), "2025-06-01")
    fewer = found["item.quantity", "authorization_available"]
    assert (fewer["to"], fewer["follows"]) == (26_900_000 // 15_832, {"item.aggregate_tpp": 1_699 * 15_832})
    assert not any(fact == "item.aggregate_tpp" for fact, _ in found)


def test_a_threshold_is_tried_in_the_last_digit_it_is_written_in() -> None:
    # 3A090.a.2: performance density of at least 5.92
    item = {"kind": "integrated_circuit", "tpp": 3_000, "performance_density": 6, "datacenter": True, "quantity": 1}
    found = flips(export("SA", item), "2026-06-15", "enforced")
    assert str(found["item.performance_density", "no_license_required"]["to"]) == "159/100"  # 3A090.b.1: at least 1.6


def test_what_a_number_is_divided_by_flips_where_the_quotient_does() -> None:
    item = {"kind": "integrated_circuit", "tpp": 2_000, "die_area_mm2": 400, "datacenter": True, "quantity": 1}
    found = flips(export("SA", item), "2026-06-15", "enforced")
    assert found["item.die_area_mm2", "no_license_required"]["to"] == 626  # 3A090.b.2: 2,000 / 626 < 3.2


def test_a_parent_in_china_is_a_counterfactual() -> None:
    # 744.23(a)(3)(i): the headquarters rule is enforced also after 2025-05-13
    found = flips(export("SG", consignee=party("SG", parent="CN")), "2025-06-01", "enforced")
    parent = found["parties.ultimate_consignee.parent_headquarters", "no_license_required"]
    assert (parent["to"], parent["reading"], "warning" in parent) == ("SG", "counterfactual", False)


def test_a_country_the_transaction_names_stands_for_its_treatment() -> None:
    consignee = party("SG", headquarters="JP", parent="CN")
    found = flips(export("SG", consignee=consignee), "2025-06-01", "enforced")
    assert found["parties.ultimate_consignee.parent_headquarters", "no_license_required"]["to"] in ("JP", "SG")


@pytest.mark.parametrize(("on", "to", "then"), [
    ("2025-05-14", dt.date(2025, 5, 15), "license_required"),  # 90 FR 4544: compliance due 2025-05-15
    ("2025-05-15", dt.date(2025, 5, 14), "no_license_required"),
])  # fmt: skip
def test_the_day_before_and_after_a_change_of_law(on: str, to: dt.date, then: str) -> None:
    found = flips(export("BR"), on)["on", then]
    assert (found["to"], found["reading"]) == (to, "lawful")


def test_a_paper_not_relied_on_yet_is_tried() -> None:
    # 736.2(b)(10): with proof of the authorization there is no violation to deal with
    document = {"activity": {"type": "dealing"}, "item": {"chip": "Ascend 910C"}}
    found = flips(document, "2025-06-01", "enforced")
    assert found["documents.bis_authorization", "no_license_required"]["to"] is True


def test_a_refused_notification_flips_when_accepted() -> None:
    # 740.8(c): BIS answers a notification, or wants an application
    item = chips(eccn="3A090.b")
    document = export("CN", item, documents={"nac": {"response": "license_application_required"}})
    found = flips(document, "2026-06-15")["documents.nac.response", "authorization_available"]
    assert (found["to"], found["reading"]) == ("accepted", "lawful")


def test_a_screening_result_is_toggled() -> None:
    # 744.11(a): a license is required when a party is on the Entity List
    clear = flips(export("JP", chips("3A090.b")), "2026-06-15", "enforced")
    assert clear["parties.ultimate_consignee.lists", "license_required"]["to"] == ["entity_list"]
    listed = flips(export("JP", chips("3A090.b"), party("JP", lists=["entity_list"])), "2026-06-15", "enforced")
    assert listed["parties.ultimate_consignee.lists", "no_license_required"]["to"] == []


def test_one_end_use_more_opens_acm() -> None:
    # 740.28(a): development, production or storage before delivery
    found = flips(export("BR", end_use={"types": ["datacenter_operation"], "onward_destinations": ["US"]}), "2025-06-01")
    changed = found["end_use.types", "authorization_available"]
    assert changed["to"] == ["datacenter_operation", "development"]
    assert changed["reading"] == "counterfactual"


def test_another_kind_of_act_is_restructuring() -> None:
    found = flips(export("CN"), "2026-06-15", "enforced")["activity.type", "no_license_required"]
    assert (found["reading"], found["warning"]) == ("counterfactual", "structuring")


def test_a_class_that_the_numbers_contradict_is_not_proposed() -> None:
    # an asserted 3A090.a and a TPP below the limits of 3A090.a cannot both be given
    document = export("CN", chips(tpp=15_832, performance_density=20, quantity=1_900, aggregate_tpp=None))
    free = {key: value for key, value in document["item"].items() if key != "eccn"}
    assert ("item.tpp", "no_license_required") in flips({**document, "item": free}, "2026-06-15")
    assert ("item.tpp", "no_license_required") not in flips(document, "2026-06-15")


def test_two_facts_together() -> None:
    consignee = party("SG", parent="CN", lists=["entity_list"])
    answer = decide(export("SG", consignee=consignee), on="2025-06-01")
    pairs = [[change["id"] for change in flip["changes"]] for flip in minimal_flips(answer, "enforced")]
    assert ["parties.ultimate_consignee.lists", "parties.ultimate_consignee.parent_headquarters"] in pairs
    assert all(len(flip["changes"]) == 1 for flip in minimal_flips(answer, "enforced", facts_max=1))


def test_two_numbers_of_one_limit_are_measured_together() -> None:
    # 740.29(d): the year's balance and this shipment count together; each alone is over the limit
    counters = {"lpp_tpp_received_this_year": 30_000_000, "licensed_tpp_destination_since_2025": 0}
    answer = decide(export("BR", counters=counters), on="2025-06-01")
    found = minimal_flips(answer, "codified", outcome="authorization_available")
    together = [flip for flip in found if {c["id"] for c in flip["changes"]} ==
                {"counters.lpp_tpp_received_this_year", "item.aggregate_tpp"}]  # fmt: skip
    assert sum(change["to"] for change in together[0]["changes"]) == 26_900_000
    assert together[0]["warning"] == "structuring"


def test_one_outcome_may_be_asked_for() -> None:
    answer = decide(export("BR"), on="2025-06-01")
    assert {flip["then"] for flip in minimal_flips(answer, "codified", outcome="no_license_required")} == {"no_license_required"}


def test_nothing_is_better_than_no_license_required() -> None:
    answer = decide(export("JP", chips("EAR99")), on="2026-06-15")
    assert minimal_flips(answer, "enforced") == []


def test_facts_that_never_count_are_not_tried() -> None:
    document = export("BR", counters={"lpp_tpp_received_last_year": 26_900_000, "lpp_tpp_received_this_year": 0})
    assert not any(fact == "counters.lpp_tpp_received_last_year" for fact, _ in flips(document, "2025-06-01"))


# ---- all at once, against one by one


def one_by_one(case: Again) -> Iterator[tuple[Change, ...]]:
    """Yield every single change worth trying, and every two of different facts, numbers of one comparison measured together."""
    days = [("on", day) for day in other_days(case)]
    single = fact_changes(case)
    yield from ((change,) for change in (*single, *days))
    for i, first in enumerate(single):
        beside = sorted({fact for fact, _ in single[i + 1 :] if fact != first[0] and compared(case, first[0], fact)})
        yield from ((first, other) for other in single[i + 1 :] if other[0] not in (first[0], *beside))
        yield from measured_after(case, [first], {first[0]: beside})
    for day in days:
        yield from ((change, day) for change in fact_changes(case, day[1]))


def compared(case: Again, one: str, other: str) -> bool:
    at = case.told_apart.comparisons
    return is_number(one) and is_number(other) and not set(at.get(one, ())).isdisjoint(at.get(other, ()))


def asked_one_by_one(answer: Determination, stance: str) -> dict[tuple[tuple[str, ...], str], tuple[Change, ...]]:
    """Return the minimal flips found by asking about one combination after the other."""
    case = Again.of(answer)
    found: dict[tuple[tuple[str, ...], str], tuple[Change, ...]] = {}
    best: dict[str, int] = {}
    for changes in one_by_one(case):
        then, facts = case.outcomes(*changes)[stance], tuple(fact for fact, _ in changes)
        rank = BETTER[then]
        smaller = len(facts) > 1 and any(best.get(fact, 9) <= rank for fact in facts)
        if then == "unknown" or rank >= BETTER[case.base[stance]] or smaller or not case.holds(*changes):
            continue
        found.setdefault((facts, then), changes)
        if len(facts) == 1:
            best[facts[0]] = min(rank, best.get(facts[0], rank))
    return found


def written(changes: Iterable[Change], then: str) -> str:
    return f"{[(fact, list(to) if isinstance(to, tuple) else to) for fact, to in changes]} {then}"


def tried_documents() -> list[Mapping[str, Any]]:
    listed = party("SG", parent="CN", lists=["entity_list"])
    units = {"kind": "integrated_circuit", "tpp": 15_832, "die_area_mm2": 814, "quantity": 2_000, "aggregate_tpp": 31_664_000}
    counters = {"lpp_tpp_received_this_year": 30_000_000, "licensed_tpp_destination_since_2025": 0}
    own = [export("SG", consignee=listed), export("BR", counters=counters), export("BR", {**units, "datacenter": True})]
    return [*own, *list(sample_transactions())[3::1000]]


@pytest.mark.parametrize("on", ["2024-06-01", "2025-06-01", "2026-06-15"])
def test_flips_found_all_at_once_are_those_found_one_by_one(on: str) -> None:
    sizes: list[int] = []
    for document in tried_documents():
        answer = decide(document, on=on)
        found = minimal_flips(answer, "codified")
        shown = {written([(change["id"], change["to"]) for change in flip["changes"]], flip["then"]) for flip in found}
        assert shown == {written(changes, then) for (_, then), changes in asked_one_by_one(answer, "codified").items()}
        sizes += [len(flip["changes"]) for flip in found]
    assert {1, 2} <= set(sizes)


# ---- properties


def asked(facts: Flat, law: Asked) -> tuple[Facts, Determination]:
    on, regime, switches = law
    read = read_facts(nested(facts))
    return read, decide_facts(read, on, None, regime, switches)


def again(facts: Facts, law: Asked, changes: list[Flip]) -> Determination:
    """Return the answer to the transaction as it would be written down with the changes made."""
    on, regime, switches = law
    for change in changes:
        to: Any = tuple(change["to"]) if isinstance(change["to"], list) else change["to"]
        if change["id"] == "on":
            on = to
        else:
            facts = facts.with_({change["id"]: to, **change.get("follows", {})})
    return decide_facts(facts, on, None, regime, switches)


@settings(max_examples=40)
@given(partial_facts(), laws())
def test_a_flip_really_flips(drawn: Flat, law: Asked) -> None:
    facts, answer = asked(drawn, law)
    for stance, found in what_if(answer).items():
        for flip in found:
            then = again(answer.prepared.facts if "item.chip" in drawn else facts, law, [flip]).verdicts[stance].outcome
            assert then == flip["then"] != answer.verdicts[stance].outcome


def check_minimal(facts: Facts, law: Asked, answer: Determination) -> list[int]:
    """Check that every flip found flips, and that no part of it does as well; return of how many changes they are."""
    sizes: list[int] = []
    for stance in STANCES:
        found = minimal_flips(answer, stance)
        best = {flip["changes"][0]["id"]: BETTER[flip["then"]] for flip in found if len(flip["changes"]) == 1}
        for flip in found:
            assert again(facts, law, flip["changes"]).verdicts[stance].outcome == flip["then"]
            assert BETTER[flip["then"]] < BETTER[answer.verdicts[stance].outcome]
            if len(flip["changes"]) == 2:
                assert all(best.get(change["id"], 9) > BETTER[flip["then"]] for change in flip["changes"])
                for change in flip["changes"]:
                    alone = again(facts, law, [change]).verdicts[stance].outcome if possible(facts, law, change) else "prohibited"
                    assert alone == "unknown" or BETTER[alone] > BETTER[flip["then"]]
            sizes.append(len(flip["changes"]))
    return sizes


@settings(max_examples=15)
@given(complete_facts(), laws())
def test_a_combination_flips_and_no_part_of_it_does_as_well(drawn: Flat, law: Asked) -> None:
    facts, answer = asked(drawn, law)
    check_minimal(facts, law, answer)


@pytest.mark.parametrize("on", ["2024-06-01", "2025-06-01"])
def test_of_two_changes_together_neither_does_as_well_alone(on: str) -> None:
    law: Asked = (dt.date.fromisoformat(on), "actual", {})
    sizes: list[int] = []
    for facts in map(read_facts, tried_documents()[:2]):
        sizes += check_minimal(facts, law, decide_facts(facts, law[0]))
    assert {1, 2} <= set(sizes)


def possible(facts: Facts, law: Asked, change: Flip) -> bool:
    """Say whether a change alone agrees with the other facts."""
    from penstock.terms.errors import FactError

    try:
        again(facts, law, [change])
    except FactError:
        return False
    return True


@settings(max_examples=40)
@given(complete_facts(), laws())
def test_less_of_an_item_is_never_proposed_without_the_warning(drawn: Flat, law: Asked) -> None:
    facts, answer = asked(drawn, law)
    for stance, found in what_if(answer).items():
        for flip in found:
            smaller = flip["id"] in ("item.quantity", "item.aggregate_tpp") and flip["to"] < facts.values[flip["id"]]
            better = BETTER[flip["then"]] < BETTER[answer.verdicts[stance].outcome]
            assert (flip.get("warning") == "structuring") == (smaller or (flip["id"] == "activity.type" and better))


@settings(max_examples=40)
@given(partial_facts(), laws())
def test_lawful_changes_come_first_and_no_flip_twice(drawn: Flat, law: Asked) -> None:
    _, answer = asked(drawn, law)
    for found in what_if(answer).values():
        readings = [flip["reading"] for flip in found]
        assert readings == sorted(readings, reverse=True)
        assert len({(flip["id"], flip["then"]) for flip in found}) == len(found)
