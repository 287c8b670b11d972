"""15 CFR 748.15 and Supp. No. 10 to part 748: the data center validated end user."""

from __future__ import annotations

from typing import Any

import pytest

from tests.transactions import Document, binding, chips, codified, enforced, export, party, reasons

ON = "2025-06-01"  # second quarter of 2025: 949,500,000 TPP


def nveu(amount: int = 10**9, installed: int = 0, **changes: Any) -> Document:
    held = {"type": "NVEU", "holder": "Buyer", "countries": ["BR"], **changes.pop("held", {})}
    counters = {"nveu_installed_tpp": installed, "lpp_tpp_received_this_year": 0, "licensed_tpp_destination_since_2025": 0}
    return export("BR", chips(aggregate_tpp=amount), authorizations_held=[held], counters=counters, **changes)


def uveu(outside: float = 0, us: float = 0, country: float = 0, headquarters: str = "US", **changes: Any) -> Document:
    held = {"type": "UVEU", "holder": "Buyer", **changes.pop("held", {})}
    shares = {"uveu_share_outside_supp5a": outside, "uveu_share_outside_us": us, "uveu_share_by_country": {"BR": country}}
    counters = {**shares, "lpp_tpp_received_this_year": 0, "licensed_tpp_destination_since_2025": 0}
    return export(
        "BR", chips(aggregate_tpp=10**9), party("BR", headquarters), authorizations_held=[held], counters=counters, **changes
    )


# ---- national


@pytest.mark.parametrize(
    ("on", "total", "path"),
    [
        ("2025-06-30", 949_500_000, "NVEU"),
        ("2025-06-30", 949_500_001, "LICENSE"),
        ("2025-07-01", 949_500_001, "NVEU"),
        ("2026-03-31", 1_899_000_001, "LICENSE"),
        ("2026-04-01", 1_899_000_001, "NVEU"),
        ("2027-12-31", 5_064_000_000, "NVEU"),
        ("2028-06-01", 5_064_000_000, "NVEU"),
        ("2028-06-01", 5_064_000_001, "LICENSE"),
    ],
)
def test_installed_base_by_quarter(on: str, total: int, path: str) -> None:
    """748.15(a)(2)(iii)(B), Table 1: inclusive limits, by the calendar quarter; the last row stays."""
    assert codified(nveu(amount=total - 1_000, installed=1_000), on).path == path


def test_installed_base_leaves_out_attrition() -> None:
    """748.15(a)(2)(iii)(B): what was lost, damaged, moved or resold does not count."""
    document = nveu(amount=949_500_000)
    document["counters"] = {"nveu_gross_shipped_tpp": 500, "nveu_attrition_tpp": 500, "lpp_tpp_received_this_year": 0}
    assert codified(document, ON).path == "NVEU"
    document["counters"]["nveu_attrition_tpp"] = 499
    assert "installed_base_exceeded" in reasons(codified(document, ON), "NVEU")


@pytest.mark.parametrize(
    ("held", "reason"),
    [({"holder": "Another"}, "holder_mismatch"), ({"countries": ["AR"]}, "wrong_country"), ({"type": "UVEU"}, "not_held")],
)
def test_an_nveu_is_for_one_holder_and_one_country(held: dict[str, Any], reason: str) -> None:
    """748.15(a)(2)(iii)(A), (d)."""
    assert reasons(codified(nveu(held=held, amount=10**8), ON), "NVEU") == {reason}


@pytest.mark.parametrize(("last", "available"), [("2025-06-01", True), ("2025-05-31", False)])
@pytest.mark.parametrize("type", ["NVEU", "UVEU"])
def test_an_authorization_is_good_to_its_last_day(type: str, last: str, available: bool) -> None:
    """748.15(e): an authorization given with a last day is valid on it and not after it."""
    document = nveu(held={"valid_until": last}, amount=10**8) if type == "NVEU" else uveu(held={"valid_until": last})
    found = reasons(codified(document, ON), type)
    assert found == (set() if available else {"not_in_force"})


@pytest.mark.parametrize("build", [nveu, uveu])
@pytest.mark.parametrize(
    ("operator", "held_by", "expected"),
    [("Buyer", "Buyer", set()), ("Operator", "Operator", set()), ("Operator", "Another", {"holder_mismatch"})],
)
def test_an_operator_other_than_the_owner_holds_its_own(build: Any, operator: str, held_by: str, expected: set[str]) -> None:
    """748.15(a)(2)(ii)(A), (iii)(A): the operator itself has the authorization."""
    document = build()
    document["item"]["aggregate_tpp"] = 10**8
    (held,) = document["authorizations_held"]
    document["authorizations_held"] = [held, {**held, "holder": held_by}]
    document["parties"] = {**document["parties"], "operator": {**party("BR"), "name": operator}}
    assert reasons(codified(document, ON), held["type"]) == expected


@pytest.mark.parametrize(
    ("document", "type"),
    [
        (nveu(amount=10**8, held={"holder": "Another"}), "NVEU"),
        (nveu(amount=10**8, held={"countries": ["AR"]}), "NVEU"),
        (nveu(amount=10**8, held={"valid_until": "2025-05-31"}), "NVEU"),
        (uveu(held={"valid_until": "2025-05-31"}), "UVEU"),
    ],
)
def test_one_authorization_meets_every_condition(document: Document, type: str) -> None:
    """748.15, Note 1 to paragraph (d): what one authorization lacks another, which lacks something else, does not supply."""
    other = {"type": type, "holder": "Buyer", "countries": ["BR"]}
    (held,) = document["authorizations_held"]
    lacking = {"holder": "Third"} if held["holder"] == "Buyer" else {"countries": ["AR"]}
    document["authorizations_held"] = [held, {**other, **lacking}]
    assert reasons(codified(document, ON), type) == {"not_held"}
    document["authorizations_held"] = [held, other]
    assert reasons(codified(document, ON), type) == set()


@pytest.mark.parametrize(("arrangement", "expected"), [(True, set()), (None, set()), (False, {"government_arrangement_missing"})])
def test_an_nveu_outside_supp_5a_needs_a_government_arrangement(arrangement: bool | None, expected: set[str]) -> None:
    """Supp. No. 10 to part 748, para. 12: stated missing it bars, not mentioned it is an open condition."""
    documents = {} if arrangement is None else {"g2g_arrangement": arrangement}
    answer = codified(nveu(amount=10**8, documents=documents), ON)
    assert reasons(answer, "NVEU") == expected


def test_only_a_items_count_for_the_installed_base() -> None:
    """748.15(a)(2)(iii)(B), reading O6: the base is measured in items at the .a level; .b never counts."""
    document = nveu(amount=949_500_000, installed=949_500_000)
    document["item"] |= {"eccn": "3A090.b"}
    document["destination"] = {"country": "SA"}
    document["authorizations_held"][0]["countries"] = ["SA"]
    assert "NVEU" in {entry["id"] for entry in codified(document, ON).block["authorizations"]["available"]}


@pytest.mark.parametrize(("place", "headquarters", "expected"), [("BR", "BR", True), ("MO", "US", False), ("BR", "CN", False)])
def test_who_may_become_an_nveu(place: str, headquarters: str, expected: bool) -> None:
    """748.15(b)(2)(ii); Supp. No. 10, para. 13: never in Macau or D:5, nor seated there."""
    answer = codified(export(place, consignee=party(place, headquarters)), ON)
    assert answer.block["veu_eligibility"]["NVEU"] is expected


# ---- universal


@pytest.mark.parametrize(
    ("shares", "expected"),
    [
        ({"outside": 0.25, "us": 0.5, "country": 0.07}, set()),
        ({"outside": 0.2501}, {"outside_supp5a_25pct"}),
        ({"us": 0.5001}, {"outside_us_50pct"}),
        ({"country": 0.0701}, {"single_country_7pct:BR"}),
        ({"outside": 0.3, "us": 0.6, "country": 0.1}, {"outside_supp5a_25pct", "outside_us_50pct", "single_country_7pct:BR"}),
    ],
)
def test_uveu_shares_are_at_most(shares: dict[str, Any], expected: set[str]) -> None:
    """Supp. No. 10 to part 748, para. 6: 25 percent outside 5(a), 7 in one country, 50 outside the United States."""
    answer = codified(uveu(**shares), ON)
    found = [entry for entry in answer.block["authorizations"]["unavailable"] if entry["id"] == "UVEU"]
    assert {violation for entry in found for violation in entry.get("violations", ())} == expected
    assert ("UVEU" in {entry["id"] for entry in answer.block["authorizations"]["available"]}) is (not expected)


def test_the_home_rule_is_for_holders_seated_in_the_united_states() -> None:
    """Supp. No. 10 to part 748, para. 6: 50 percent at home binds US-headquartered holders only."""
    assert codified(uveu(us=0.9, headquarters="NL"), ON).path == "UVEU"


def test_the_seven_percent_are_per_country_outside_supp_5a() -> None:
    """Supp. No. 10 to part 748, para. 6: a share in a 5(a) country has no such limit."""
    document = uveu()
    document["counters"]["uveu_share_by_country"] = {"JP": 0.4, "BR": 0.07}
    assert codified(document, ON).path == "UVEU"


@pytest.mark.parametrize(
    ("place", "headquarters", "parent", "reason"),
    [
        ("MO", "US", "US", "destination_d5_macau"),
        ("BR", "CN", "US", "headquarters_d5_macau"),
        ("BR", "BR", "BR", "headquarters_not_supp5a"),
    ],
)
def test_a_uveu_is_seated_in_supp_5a_and_builds_anywhere_but_d5(place: str, headquarters: str, parent: str, reason: str) -> None:
    """748.15(b)(2)(i); Supp. No. 10, para. 13."""
    document = {
        **uveu(),
        "destination": {"country": place},
        "parties": {"ultimate_consignee": party(place, headquarters, parent)},
    }
    assert reason in reasons(codified(document, ON), "UVEU")


@pytest.mark.parametrize(("on", "there"), [("2025-01-12", False), ("2025-01-13", True)])
def test_the_two_authorizations_exist_since_the_diffusion_rule(on: str, there: bool) -> None:
    """90 FR 4544: UVEU and NVEU from 2025-01-13; permissions do not wait for compliance."""
    document = {**nveu(amount=10**8), "destination": {"country": "SA"}}
    document["authorizations_held"][0]["countries"] = ["SA"]
    found = {entry["id"] for part in codified(document, on).block["authorizations"].values() for entry in part}
    assert ({"UVEU", "NVEU"} <= found) is there


# ---- what a validated end user may not do


def training(share: float = 0, use: str = "model_training_4e091", place: str = "BR", **groups: Any) -> Document:
    return {
        "activity": {"type": "ongoing_use"},
        "destination": {"country": place},
        "item": chips(),
        "authorizations_held": [{"type": "NVEU", "holder": "Buyer"}],
        "end_use": {"types": [use], "fine_tune_share": share},
        **groups,
    }


@pytest.mark.parametrize(
    ("document", "met"),
    [
        (training(), True),
        (training(place="JP"), False),
        (training(use="ai_inference"), False),
        (training(use="model_fine_tuning", share=0.25), False),
        (training(use="model_fine_tuning", share=0.2501), True),
        (training(place="JP", end_use={"types": ["model_training_4e091"], "location_country": "BR"}), True),
        (training(end_use={"types": ["model_training_4e091"], "location_country": "JP"}), False),
        (training(authorizations_held=[]), False),
        (training(authorizations_held=[{"type": "license"}]), False),
    ],
)
def test_training_4e091_models_outside_supp_5a(document: Document, met: bool) -> None:
    """Supp. No. 10 to part 748, para. 7: no training outside 5(a); fine-tuning up to 25 percent of the original."""
    assert ("veu_condition" in binding(codified(document, "2025-05-15"))) is met


@pytest.mark.parametrize(
    ("headquarters", "parent", "met"), [("JP", "JP", False), ("CN", "CN", True), ("CN", "US", True), ("BR", "US", True)]
)
def test_training_as_iaas_for_a_customer_headquartered_outside_supp_5a(headquarters: str, parent: str, met: bool) -> None:
    """Supp. No. 10 to part 748, para. 7: "as IaaS for an entity headquartered outside of" 5(a); the parent is not asked."""
    customer = {"iaas_customer": party("JP", headquarters, parent)}
    document = training(place="JP", activity={"type": "iaas"}, parties=customer)
    assert ("veu_condition" in binding(codified(document, "2025-05-15"))) is met


@pytest.mark.parametrize(("on", "codified_binds", "enforced_binds"), [("2025-05-14", False, False), ("2025-05-15", True, False)])
def test_the_condition_is_codified_and_not_enforced(on: str, codified_binds: bool, enforced_binds: bool) -> None:
    """90 FR 4544: compliance from 2025-05-15; announcement of 2025-05-13."""
    assert ("veu_condition" in binding(codified(training(), on))) is codified_binds
    assert ("veu_condition" in binding(enforced(training(), on))) is enforced_binds


def test_reports_of_a_validated_end_user_are_semiannual() -> None:
    """748.15(f)(1); Supp. No. 10 to part 748, para. 10."""
    (entry,) = [entry for entry in codified(nveu(amount=10**8), ON).block["authorizations"]["available"] if entry["id"] == "NVEU"]
    assert {duty["id"]: duty["interval_months"] for duty in entry["duties"]} == {"veu_inventory_report": 6, "veu_chip_report": 6}
