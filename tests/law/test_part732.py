"""15 CFR part 732, Supp. No. 3, and the diversion guidance: flags that facts raise, answers that clear them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.transactions import Document, chips, enforced, export, party

ON = "2026-06-15"


def flags(document: Document, on: str = ON) -> dict[str, set[str]]:
    return {state: {flag["id"] for flag in found} for state, found in enforced(document, on).block["red_flags"].items()}


def raised_by(on: str = ON, **buyer: Any) -> set[str]:
    return flags(export("MY", consignee=party("MY", **buyer)), on)["raised"]


@pytest.mark.parametrize(
    ("buyer", "flag"),
    [
        ({"first_advanced_ic_order_on": "2022-10-08"}, "ADV-01"),
        ({"address_type": "residential"}, "ADV-02"),
        ({"online_presence": "minimal"}, "ADV-03"),
        ({"online_presence": "none"}, "ADV-03"),
        ({"address_shared_with_listed": True}, "ADV-04"),
        ({"iaas_users_headquarters_confirmed": False}, "ADV-08"),
        ({"kind": "freight_forwarder"}, "KYC-09"),
        ({"identified": False}, "KYC-21"),
        ({"owners": [{"name": "X", "share": 0.01, "lists": ["entity_list"]}]}, "KYC-29"),
    ],
)
def test_facts_about_a_party_raise_flags(buyer: dict[str, Any], flag: str) -> None:
    """Contract 4, derived red flags; Supp. No. 3 to part 732; BIS guidance 2025-05-13."""
    assert raised_by(**buyer) == {flag}


@pytest.mark.parametrize(
    "buyer",
    [
        {"first_advanced_ic_order_on": "2022-10-07"},
        {"address_type": "virtual_office"},
        {"online_presence": "established"},
        {"address_shared_with_listed": False},
        {"iaas_users_headquarters_confirmed": True},
        {"kind": "distributor"},
        {"identified": True},
        {"owners": [{"name": "X", "share": 0.9, "lists": []}]},
    ],
)
def test_the_other_side_of_each_flag_raises_nothing(buyer: dict[str, Any]) -> None:
    assert raised_by(**buyer) == set()


@pytest.mark.parametrize(
    ("flag", "buyer", "before", "first"),
    [
        ("ADV-02", {"address_type": "residential"}, "2025-05-12", "2025-05-13"),
        ("KYC-29", {"owners": [{"share": 0.1, "lists": ["meu_list"]}]}, "2025-09-28", "2025-09-29"),
        ("KYC-21", {"identified": False}, "2024-12-01", "2024-12-02"),
    ],
)
def test_flags_are_in_force_from_their_instrument_on(flag: str, buyer: dict[str, Any], before: str, first: str) -> None:
    """89 FR 96790, BIS guidance 2025-05-13, 90 FR 47201."""
    assert flag not in raised_by(before, **buyer)
    assert flag in raised_by(first, **buyer)


def test_the_flag_of_the_affiliates_rule_stays_during_its_stay() -> None:
    """Contract 4: KYC-29 is also raised between 2025-11-10 and 2026-11-09."""
    assert "KYC-29" in raised_by("2026-02-01", owners=[{"share": 0.1, "lists": ["entity_list"]}])


@pytest.mark.parametrize(
    ("facility", "flag"), [({"capacity_confirmed": False}, "ADV-07"), ({"connected_to_advanced_node_fab": True}, "KYC-27")]
)
def test_facts_about_a_facility_raise_flags(facility: dict[str, bool], flag: str) -> None:
    """BIS guidance 2025-05-13; Supp. No. 3 to part 732, red flag 27."""
    assert flags(export("MY", facility=facility))["raised"] == {flag}
    ((name, value),) = facility.items()
    assert flags(export("MY", facility={name: not value}))["raised"] == set()


def test_diversion_flags_are_about_a_items() -> None:
    """BIS guidance 2025-05-13 speaks of the most advanced circuits."""
    document = export("MY", chips("3A090.b"), party("MY", address_type="residential"))
    found = flags(document)
    assert not any(flag.startswith("ADV") for state in found.values() for flag in state)


@pytest.mark.parametrize(("headquarters", "parent", "raised"), [("CA", "CA", False), ("CA", "IN", True), ("IN", "CA", True)])
def test_red_flag_28_is_about_customers_outside_supp_5a(headquarters: str, parent: str, raised: bool) -> None:
    """Supp. No. 3 to part 732, red flag 28: IaaS to train a 4E091 model for a party seated or parented outside 5(a)."""
    document = {
        "activity": {"type": "iaas"},
        "destination": {"country": "US"},
        "item": chips(),
        "parties": {"iaas_customer": party("CA", headquarters, parent)},
        "end_use": {"types": ["model_training_4e091"]},
    }
    assert ("KYC-28" in flags(document)["raised"]) is raised


@pytest.mark.parametrize(
    ("said", "state"), [("present", "raised"), ("absent", "raised"), ("resolved", "cleared"), (None, "raised")]
)
def test_only_resolving_clears_a_flag_that_facts_raise(said: str | None, state: str) -> None:
    """Contract 4: an answer `resolved` moves a flag to cleared; a fact is not answered away."""
    document = export("MY", consignee=party("MY", address_type="residential"), answers={"ADV-02": said} if said else {})
    assert "ADV-02" in flags(document)[state]


@pytest.mark.parametrize(
    ("said", "state"), [("present", "raised"), ("absent", "cleared"), ("resolved", "cleared"), (None, "unanswered")]
)
def test_silence_clears_nothing(said: str | None, state: str) -> None:
    """Contract 0.5: an unanswered red-flag question is unanswered, not cleared."""
    found = flags(export("MY", answers={"KYC-05": said} if said else {}))
    assert [name for name, ids in found.items() if "KYC-05" in ids] == [state]


def test_a_raised_flag_holds_what_could_proceed() -> None:
    """Supp. No. 3 to part 732(a): with an unresolved flag, do not proceed."""
    free = export("JP", consignee=party("JP"))
    assert enforced(free, ON).may_proceed == "clear"
    held = export("JP", consignee=party("JP", address_type="residential"))
    assert (enforced(held, ON).outcome, enforced(held, ON).may_proceed) == ("no_license_required", "hold")
