"""15 CFR part 744: end uses, listed parties, their affiliates, US persons and letters."""

from __future__ import annotations

from typing import Any

import pytest

from tests.transactions import Document, binding, chips, codified, enforced, export, hbm, party, policy

ON = "2025-06-01"
EAR99: Document = {"kind": "other", "eccn": "EAR99"}


def knowing(use: str, destination: str = "PE", item: Document | None = None, **groups: Any) -> Document:
    end_use = {"types": [use], "knowledge": True, **groups.pop("end_use", {})}
    return export(destination, item or EAR99, end_use=end_use, **groups)


# ---- 744.11 Entity List


@pytest.mark.parametrize("role", ["purchaser", "intermediate_consignee", "ultimate_consignee", "end_user"])
def test_a_listed_party_in_any_role_needs_a_license(role: str) -> None:
    """744.11(a): purchaser, intermediate consignee, ultimate consignee or end user, for any item subject to the EAR."""
    parties = {"ultimate_consignee": party("PE"), role: party("PE", lists=["entity_list"])}
    answer = enforced(export("PE", EAR99, parties=parties), ON)
    assert binding(answer) == {"entity_list"}
    assert "entity_list" in {entry["id"] for entry in answer.block["prohibitions"]}


@pytest.mark.parametrize("lists", [[], ["unverified_list"], ["denied_persons"]])
def test_other_lists_are_not_the_entity_list(lists: list[str]) -> None:
    """744.11(a) is about Supp. No. 4 to part 744."""
    assert not binding(enforced(export("PE", EAR99, party("PE", lists=lists)), ON))


def test_an_unscreened_party_is_unknown() -> None:
    """Contract 0.5: unscreened is unknown, never clear."""
    buyer = {key: value for key, value in party("PE").items() if key != "lists"}
    answer = enforced(export("PE", EAR99, buyer), ON)
    assert answer.outcome == "unknown"
    assert {entry["id"] for entry in answer.block["missing_facts"]} == {"parties.ultimate_consignee.lists"}


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        (None, "per_entity_list_entry"),
        ("case_by_case", "case_by_case"),
        ("presumption_of_denial", "presumption_of_denial"),
        ("policy_of_denial", "policy_of_denial"),
    ],
)
def test_the_entry_states_the_policy(printed: str | None, expected: str) -> None:
    """Supp. No. 4 to part 744: license review policy column."""
    more = {"entity_list_review_policy": printed} if printed else {}
    assert policy(enforced(export("PE", EAR99, party("PE", lists=["entity_list"], **more)), ON)) == expected


def test_of_two_entries_the_stricter_governs() -> None:
    """Contract 2: of several policies the strictest."""
    parties = {
        "ultimate_consignee": party("PE", lists=["entity_list"], entity_list_review_policy="case_by_case"),
        "end_user": party("PE", lists=["entity_list"], entity_list_review_policy="policy_of_denial"),
    }
    assert policy(enforced(export("PE", EAR99, parties=parties), ON)) == "policy_of_denial"


# ---- the Affiliates rule


def owned(*shares: float, lists: tuple[str, ...] = ("entity_list",), **buyer: Any) -> Document:
    owners = [{"name": f"Owner {i}", "share": share, "lists": list(lists)} for i, share in enumerate(shares)]
    return export("PE", EAR99, party("PE", owners=owners, **buyer))


@pytest.mark.parametrize(
    ("on", "binds"),
    [
        ("2025-09-28", False),
        ("2025-09-29", True),
        ("2025-11-09", True),
        ("2025-11-10", False),
        ("2026-11-09", False),
        ("2026-11-10", True),
    ],
)
def test_affiliates_rule_and_its_stay(on: str, binds: bool) -> None:
    """90 FR 47201 from 2025-09-29; stayed by 90 FR 50857 from 2025-11-10 to 2026-11-09; reading O10 after that."""
    assert ("affiliates" in binding(enforced(owned(0.6), on))) is binds


def test_an_extension_of_the_stay_is_a_reading() -> None:
    """Reading O10: no United States instrument extending the stay was found."""
    answer = enforced(owned(0.6), "2026-11-10", switches={"affiliates_stay_extended": "true"})
    assert not binding(answer)
    assert "O10" in enforced(owned(0.6), "2026-11-10").block["ambiguities"]


@pytest.mark.parametrize(
    ("document", "binds"),
    [
        (owned(0.5), True),
        (owned(0.4999), False),
        (owned(0.25, 0.25), True),
        (owned(0.25, 0.2499), False),
        (owned(0.6, lists=("meu_list",)), True),
        (owned(0.6, lists=("sdn_744_8",)), True),
        (owned(0.6, lists=()), False),
        (owned(0.6, us_entity=True), False),
    ],
)
def test_fifty_percent_in_aggregate(document: Document, binds: bool) -> None:
    """90 FR 47201: listed owners together at 50 percent or more; US entities are outside."""
    assert ("affiliates" in binding(enforced(document, "2025-10-15"))) is binds


@pytest.mark.parametrize(("shares", "expected"), [([0.6, None], True), ([0.3, None], "unknown"), ([0.3], False)])
def test_an_unknown_share_that_could_decide_leaves_it_open(shares: list[float | None], expected: object) -> None:
    """Contract 0.1 and 6: known shares are counted; an unknown one that could reach the limit gives unknown."""
    owners = [{"name": "X", "lists": ["entity_list"]} | ({} if share is None else {"share": share}) for share in shares]
    assert enforced(export("PE", EAR99, party("PE", owners=owners)), "2025-10-15").license_required == expected


@pytest.mark.parametrize(("share", "expected"), [(0.1999, False), (0.2, "unknown")])
def test_an_owner_who_may_be_listed_counts_as_far_as_it_goes(share: float, expected: object) -> None:
    """90 FR 47201: where even with an owner nobody has screened the shares stay below the limit, the answer is no."""
    owners = [{"name": "X", "lists": ["entity_list"], "share": 0.3}, {"name": "Y", "share": share}]
    assert enforced(export("PE", EAR99, party("PE", owners=owners)), "2025-10-15").license_required == expected


@pytest.mark.parametrize(
    ("on", "buyer", "expected"),
    [
        ("2025-08-15", {}, "case_by_case"),
        ("2025-10-15", {}, "per_entity_list_entry"),
        ("2025-10-15", {"us_entity": True}, "case_by_case"),
        ("2025-11-15", {}, "case_by_case"),
    ],
)
def test_owners_decide_the_review_only_where_the_rule_binds(on: str, buyer: dict[str, Any], expected: str) -> None:
    """90 FR 47201, 50857: neither before, nor during the stay, nor of US entities do listed owners add to a party's entry."""
    document = owned(0.6, **buyer)
    document["parties"]["purchaser"] = party("PE", lists=["entity_list"], entity_list_review_policy="case_by_case")
    assert policy(enforced(document, on)) == expected


def test_the_rule_is_known_when_it_is_announced() -> None:
    """90 FR 50857: who knows the law only to 2025-10-31 knows of no stay."""
    assert binding(enforced(owned(0.6), "2026-02-01", known="2025-10-31")) == {"affiliates"}


@pytest.mark.parametrize(("printed", "expected"), [(None, "per_entity_list_entry"), ("policy_of_denial", "policy_of_denial")])
def test_review_of_affiliates(printed: str | None, expected: str) -> None:
    """Contract 2, review of Entity List and affiliates: the entry's policy if given, else per_entity_list_entry."""
    more: dict[str, Any] = {"entity_list_review_policy": printed} if printed else {}
    assert policy(enforced(owned(0.6, **more), "2025-10-15")) == expected


# ---- end uses


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (knowing("wmd"), {"wmd"}),
        (knowing("wmd", end_use={"knowledge": False}), set()),
        (knowing("military_intelligence", "RU"), {"military_intelligence"}),
        (knowing("military_intelligence", "PE"), set()),
        (knowing("military_intelligence", "PE", end_use={"location_country": "CN"}), {"military_intelligence"}),
        (knowing("military_intelligence", "PE", end_use={"beneficiary_headquarters": "MO"}), {"military_intelligence"}),
        (knowing("military", "RU"), {"military_end_use"}),
        (knowing("military", "CN"), set()),
        (knowing("military", "CN", {"kind": "other", "eccn": "3A991"}), {"military_end_use"}),
        (knowing("military", "PE", {"kind": "other", "eccn": "3A991"}), set()),
        (knowing("supercomputer", "CN", {"kind": "other", "eccn": "4A994"}), {"supercomputer"}),
        (knowing("supercomputer", "CN"), set()),
        (knowing("supercomputer", "PE", {"kind": "other", "eccn": "4A994"}), set()),
        (knowing("advanced_node_ic_production", "CN", facility={"advanced_node": True}), {"advanced_node"}),
        (knowing("advanced_node_ic_production", "CN", facility={"advanced_node": False}), set()),
        (knowing("advanced_node_ic_production", "TW", facility={"advanced_node": True}), set()),
        (knowing("ic_production_node_unknown", "CN", {"kind": "other", "eccn": "3B991.b"}), {"advanced_node"}),
        (knowing("ic_production_node_unknown", "CN"), set()),
    ],
)
def test_end_uses_that_fire_on_knowledge(document: Document, expected: set[str]) -> None:
    """744.2-744.4, 744.21, 744.22, 744.23(a)(1)-(2): stated knowledge, their items and their places."""
    answer = enforced(document, ON)
    assert binding(answer) == expected
    if expected:
        assert policy(answer) == "presumption_of_denial"


@pytest.mark.parametrize(("eccn", "binds"), [("3A991", True), ("3A090.b", True), ("EAR99", False)])
def test_a_military_end_user_on_the_list(eccn: str, binds: bool) -> None:
    """744.21(a)(1), (b); Supp. Nos. 2 and 7 to part 744: listed items wherever the party is; EAR99 is not listed."""
    document = export("PE", {"kind": "other", "eccn": eccn}, party("PE", lists=["meu_list"]))
    assert ("military_end_use" in binding(enforced(document, ON))) is binds


@pytest.mark.parametrize(
    ("destination", "on", "binds"),
    [
        ("CN", "2024-06-01", True),
        ("KH", "2024-06-01", True),
        ("KP", "2024-06-01", True),
        ("CU", "2024-06-01", True),
        ("IQ", "2024-06-01", False),
        ("MO", "2024-06-01", False),
        ("MO", "2025-05-12", False),
        ("MO", "2025-05-13", True),
        ("KH", "2026-06-01", True),
    ],
)
def test_countries_of_military_intelligence(destination: str, on: str, binds: bool) -> None:
    """744.22(a): six countries, E:1 and E:2; Macau and D:5 since the policy statement."""
    assert ("military_intelligence" in binding(enforced(knowing("military_intelligence", destination), on))) is binds


@pytest.mark.parametrize(("beneficiary", "binds"), [({}, True), ({"beneficiary_headquarters": "PE"}, False)])
def test_a_military_intelligence_end_user_wherever_located(beneficiary: Document, binds: bool) -> None:
    """744.22(f)(2): the end user of China in Peru, unless the end use is stated to serve somebody else."""
    document = knowing("military_intelligence", consignee=party("PE", "CN"), end_use=beneficiary)
    assert ("military_intelligence" in binding(enforced(document, ON))) is binds


@pytest.mark.parametrize(
    ("destination", "end_use", "on", "binds"),
    [
        ("NI", {}, "2024-03-14", False),
        ("NI", {}, "2024-03-15", True),
        ("PE", {"location_country": "CN"}, ON, True),
        ("PE", {"location_country": "RU"}, ON, True),
        ("MO", {}, ON, False),
    ],
)
def test_places_of_military_end_use(destination: str, end_use: Document, on: str, binds: bool) -> None:
    """744.21(a): intended for a military end use in the countries named; Nicaragua since 89 FR 18780."""
    document = knowing("military", destination, {"kind": "other", "eccn": "3A991"}, end_use=end_use)
    assert ("military_end_use" in binding(enforced(document, on))) is binds


@pytest.mark.parametrize(
    ("on", "place", "binds"),
    [
        ("2022-10-06", "CN", False),
        ("2022-10-07", "CN", True),
        ("2023-01-16", "MO", False),
        ("2023-01-17", "MO", True),
        ("2023-11-16", "RU", False),
        ("2023-11-17", "RU", True),
    ],
)
def test_places_of_744_23(on: str, place: str, binds: bool) -> None:
    """744.23(a): China by 87 FR 62186, Macau by 88 FR 2821, D:5 by the rules of 2023-11-17."""
    circuits = knowing("advanced_node_ic_production", place, facility={"advanced_node": True})
    supercomputer = knowing("supercomputer", place, {"kind": "other", "eccn": "4A994"})
    assert ("advanced_node" in binding(enforced(circuits, on))) is binds
    assert ("supercomputer" in binding(enforced(supercomputer, on))) is binds


SLOW = {"kind": "integrated_circuit", "tpp": 100, "datacenter": False}


@pytest.mark.parametrize(
    ("use", "item", "destination", "outcome"),
    [
        ("supercomputer", SLOW, "CN", "unknown"),
        ("supercomputer", {"chip": "h20"}, "CN", "unknown"),
        ("supercomputer", {"kind": "integrated_circuit", "eccn": "none"}, "CN", "unknown"),
        ("supercomputer", {"kind": "integrated_circuit", "eccn": "EAR99"}, "CN", "no_license_required"),
        ("supercomputer", {"kind": "integrated_circuit", "eccn": "3A991.p"}, "CN", "license_required"),
        ("supercomputer", {"eccn": "4A994"}, "MO", "license_required"),
        ("supercomputer", {"kind": "technology"}, "CN", "no_license_required"),
        ("supercomputer", SLOW, "PE", "no_license_required"),
        ("supercomputer", hbm(), "CN", "authorization_available"),
        ("supercomputer", hbm(1), "CN", "unknown"),
        (
            "supercomputer",
            {"kind": "integrated_circuit", "tpp": 2500, "performance_density": 2, "datacenter": True},
            "CN",
            "unknown",
        ),
        ("military", SLOW, "CN", "unknown"),
        ("military", {"kind": "other", "eccn": "none"}, "VE", "unknown"),
        ("military", {"kind": "other", "eccn": "EAR99"}, "CN", "no_license_required"),
        ("military", {"kind": "other"}, "RU", "license_required"),
        ("military", SLOW, "PE", "no_license_required"),
        ("military", hbm(), "CN", "authorization_available"),
        ("ic_production_node_unknown", {"kind": "semiconductor_manufacturing_equipment"}, "CN", "unknown"),
        ("ic_production_node_unknown", {"kind": "other", "eccn": "none"}, "CN", "unknown"),
        ("ic_production_node_unknown", {"kind": "technology", "eccn": "3E991"}, "CN", "license_required"),
        ("ic_production_node_unknown", SLOW, "CN", "no_license_required"),
    ],
)
def test_an_end_use_controlled_for_named_entries_turns_on_the_entry(
    use: str, item: Document, destination: str, outcome: str
) -> None:
    """744.21(a)(1), 744.23(a)(1) and (a)(2)(ii): the entry decides, which performance does not tell and none leaves open."""
    answer = enforced(knowing(use, destination, item), ON)
    assert answer.outcome == outcome
    assert [fact["id"] for fact in answer.block["missing_facts"]] == (["item.eccn"] if outcome == "unknown" else [])
    assert ("entry_decides_end_use" in {entry["id"] for entry in answer.block["notices"]}) is (outcome == "unknown")


@pytest.mark.parametrize(
    ("item", "required"), [({"kind": "other"}, "unknown"), ({"kind": "integrated_circuit"}, False), ({"eccn": "3B991.b"}, True)]
)
def test_support_of_production_at_an_unknown_node_turns_on_the_entry_too(item: Document, required: Any) -> None:
    """744.6(c)(2)(ii) with 744.23(a)(2)(ii)."""
    act = {"activity": {"type": "us_person_support", "us_person": True}}
    assert enforced(knowing("ic_production_node_unknown", "CN", item, **act), ON).license_required == required


def test_what_changes_hands_in_the_united_states_is_no_transfer() -> None:
    """734.16: a transfer (in-country) is within one foreign country, whatever the item and whoever the party is."""
    act = {"activity": {"type": "transfer_in_country"}, "origin": {"country": "US"}}
    for item in (EAR99, hbm(5, eccn="3A090.c")):
        document = export("US", item | {"subject_to_ear": True}, party("US", "CN", lists=["entity_list"]), **act)
        assert not binding(enforced(document, ON))


def test_knowledge_not_stated_never_fires() -> None:
    """Contract 0.1: 772.1 controls fire only when stated; absence is no unknown."""
    document = knowing("wmd")
    del document["end_use"]["knowledge"]
    assert enforced(document, ON).outcome == "no_license_required"


@pytest.mark.parametrize(
    ("us_person", "use", "place", "binds"),
    [
        (True, "advanced_node_ic_production", "CN", True),
        (False, "advanced_node_ic_production", "CN", False),
        (True, "advanced_node_ic_production", "TW", False),
        (True, "wmd", "PE", True),
        (True, "military_intelligence", "MO", True),
        (True, "datacenter_operation", "CN", False),
        (True, "ic_production_node_unknown", "CN", True),
        (True, "ic_production_node_unknown", "TW", False),
    ],
)
def test_support_by_us_persons(us_person: bool, use: str, place: str, binds: bool) -> None:
    """744.6(b), (c): attaches to the person even where no item moves."""
    document = {
        "activity": {"type": "us_person_support", "us_person": us_person},
        "destination": {"country": place},
        "facility": {"advanced_node": True},
        "item": {"kind": "semiconductor_manufacturing_equipment", "eccn": "3B001.a"},
        "end_use": {"types": [use], "knowledge": True},
    }
    assert ("us_person_support" in binding(enforced(document, ON))) is binds


@pytest.mark.parametrize(
    ("customer", "end_use", "required"),
    [
        ({"headquarters": "CN"}, {}, True),
        ({"headquarters": "CN"}, {"beneficiary_headquarters": "PE"}, False),
        ({"headquarters": "PE"}, {}, False),
        ({"name": "Customer"}, {}, "unknown"),
    ],
)
def test_compute_for_a_military_intelligence_customer_wherever_it_is_given(
    customer: Document, end_use: Document, required: object
) -> None:
    """744.6(b)(5) with 744.22(f)(2), and the policy statement of 2025-05-13: the customer of IaaS abroad is the end user."""
    document = {
        "activity": {"type": "iaas", "us_person": True},
        "destination": {"country": "MY"},
        "item": chips(),
        "parties": {"iaas_customer": customer, "operator": party("MY")},
        "end_use": {"types": ["military_intelligence"], "knowledge": True, **end_use},
    }
    assert enforced(document, "2026-06-01").license_required == required


@pytest.mark.parametrize(
    ("use", "us_person", "subject", "said"),
    [
        ("advanced_node_ic_production", True, False, True),
        ("military_intelligence", True, False, True),
        ("advanced_node_ic_production", False, False, False),
        ("advanced_node_ic_production", True, True, False),
        ("datacenter_operation", True, False, False),
    ],
)
def test_a_us_person_who_moves_what_is_outside_the_ear_is_told_that_it_is_support(
    use: str, us_person: bool, subject: bool, said: bool
) -> None:
    """744.6(b)(6), (c)(2): shipping and transferring are support, also of an item that is not subject to the EAR."""
    item = {"kind": "semiconductor_manufacturing_equipment", "eccn": "3B991", "foreign_produced": True, "direct_product": subject}
    groups: Document = {"activity": {"type": "reexport", "us_person": us_person}, "origin": {"country": "JP"}}
    answer = enforced(knowing(use, "CN", item, facility={"advanced_node": True}, **groups), "2026-06-15")
    assert ("us_person_moves_what_is_outside_the_ear" in {entry["id"] for entry in answer.block["notices"]}) is said


@pytest.mark.parametrize(("on", "binds"), [("2022-10-11", False), ("2022-10-12", True)])
def test_first_day_of_the_control_on_us_persons(on: str, binds: bool) -> None:
    """744.6(c) as of 87 FR 62186, effective on 2022-10-12."""
    document = {
        "activity": {"type": "us_person_support", "us_person": True},
        "destination": {"country": "CN"},
        "facility": {"advanced_node": True},
        "end_use": {"types": ["advanced_node_ic_production"], "knowledge": True},
    }
    assert ("us_person_support" in binding(enforced(document, on))) is binds


@pytest.mark.parametrize(
    ("notice", "destination", "parent", "binds"),
    [
        (True, "CN", "CN", True),
        (True, "MO", "MO", True),
        (True, "SG", "CN", True),
        (True, "SG", "SG", False),
        (False, "CN", "CN", False),
    ],
)
def test_a_letter_binds_its_addressee(notice: bool, destination: str, parent: str, binds: bool) -> None:
    """744.23(b): items named in the letter, to China, Macau, D:5 and parties seated there."""
    item = {"kind": "integrated_circuit", "chip": "h20"}
    document = export(
        destination, item, party(destination, parent=parent), activity={"type": "export", "is_informed_notice": notice}
    )
    assert ("is_informed" in binding(enforced(document, ON))) is binds


def test_both_stances_ask_the_same_of_part_744() -> None:
    """Nothing of part 744 was taken out of enforcement."""
    document = export("PE", EAR99, party("PE", lists=["entity_list"]))
    assert binding(codified(document, ON)) == binding(enforced(document, ON)) == {"entity_list"}


def test_strictest_policy_of_all_that_bind() -> None:
    """Contract 2: several requirements, the strictest policy: a listed buyer of .a items in Saudi Arabia."""
    document = export("SA", chips(), party("SA", lists=["entity_list"]))
    answer = enforced(document, ON)
    assert binding(answer) == {"country_group", "entity_list"}
    assert policy(answer) == "per_entity_list_entry"
