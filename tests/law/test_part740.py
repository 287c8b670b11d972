"""15 CFR part 740: license exceptions, on either side of every condition and date."""

from __future__ import annotations

from typing import Any

import pytest

from penstock import Stance
from tests.transactions import Document, chips, codified, enforced, export, hbm, party, reasons, weights

ON = "2025-06-01"


def available(stance: Stance) -> set[str]:
    return {entry["id"] for entry in stance.block["authorizations"]["available"]}


def duties(stance: Stance, authorization: str) -> dict[str, int | None]:
    (entry,) = [entry for entry in stance.block["authorizations"]["available"] if entry["id"] == authorization]
    return {duty["id"]: duty["deadline_days"] for duty in entry["duties"]}


def papers(stance: Stance, authorization: str) -> dict[str, str]:
    (entry,) = [entry for entry in stance.block["authorizations"]["available"] if entry["id"] == authorization]
    return {paper["id"]: paper["status"] for paper in entry["conditions"]}


# ---- 740.8 NAC and ACA


B_TO_CHINA = export("CN", chips("3A090.b"))


@pytest.mark.parametrize(
    ("on", "path"), [("2023-11-16", "LICENSE"), ("2023-11-17", "NAC"), ("2024-04-03", "NAC"), ("2024-04-04", "NAC")]
)
def test_nac_exists_since_the_acs_rule(on: str, path: str) -> None:
    """740.8 as of 88 FR 73458, from 2023-11-17."""
    assert enforced(B_TO_CHINA, on).path == path


@pytest.mark.parametrize(
    ("destination", "on", "path"),
    [
        ("UZ", "2024-04-03", "NAC"),
        ("UZ", "2024-04-04", "ACA"),
        ("EG", "2024-04-03", "NAC"),
        ("EG", "2024-04-04", "ACA"),
        ("MO", "2024-04-04", "NAC"),
        ("CN", "2024-04-04", "NAC"),
    ],
)
def test_aca_splits_off_on_2024_04_04(destination: str, on: str, path: str) -> None:
    """740.8(a) as of 89 FR 23876: ACA without notice to D:1 and D:4, NAC for Macau and D:5."""
    assert enforced(export(destination, chips("3A090.b")), on).path == path


@pytest.mark.parametrize(
    ("document", "notified"),
    [
        (B_TO_CHINA, True),
        (export("SG", chips(datacenter=False), party("SG", "CN")), True),
        (export("UZ", chips("3A090.b")), False),
        (export("UZ", chips("3A090.b", subject_to_ear=True), activity={"type": "transfer_in_country"}), False),
        (export("CN", chips("3A090.b", subject_to_ear=True), activity={"type": "transfer_in_country"}), False),
    ],
)
def test_nac_before_its_split_is_notified_for_macau_and_d5_only(document: Document, notified: bool) -> None:
    """740.8(a), (c) as of 88 FR 73458: exports and reexports to Macau, D:5 and those seated there; the rest without notice, code C68."""
    answer = enforced(document | {"documents": {"nac": {"response": "license_application_required"}}}, "2023-12-01")
    assert answer.path == ("LICENSE" if notified else "NAC")
    owed = duties(enforced(document, "2023-12-01"), "NAC")
    assert ("nac_notification" in owed, "aes_code_c67" in owed, "aes_code_c68" in owed) == (notified, notified, not notified)


@pytest.mark.parametrize(("on", "covered"), [("2023-12-01", False), ("2024-04-04", True), ("2025-01-13", False)])
def test_transfers_to_entities_seated_in_d5_elsewhere(on: str, covered: bool) -> None:
    """740.8(a)(2): ACA named them as of 89 FR 23876; 90 FR 4544 leaves transfers within Macau and D:5 only."""
    item = chips(datacenter=False, subject_to_ear=True)
    transfer = export("SG", item, party("SG", "CN"), activity={"type": "transfer_in_country"}, origin={"country": "SG"})
    assert (enforced(transfer, on).outcome == "authorization_available") is covered


def test_a_transfer_under_aca_needs_no_parent_to_be_known() -> None:
    """740.8(a)(2) as of 89 FR 23876: a transfer in Vietnam is covered whoever the parent is."""
    buyer = {key: value for key, value in party("VN").items() if key != "parent_headquarters"}
    document = export("VN", chips("3A090.b", subject_to_ear=True), buyer, activity={"type": "transfer_in_country"})
    assert enforced(document, "2024-06-01").path == "ACA"


@pytest.mark.parametrize(("on", "covered"), [("2025-01-12", False), ("2025-01-13", True)])
def test_aca_is_worldwide_since_the_diffusion_rule(on: str, covered: bool) -> None:
    """740.8(a) as of 90 FR 4544: to any destination but Macau, D:5 and those seated there; before that D:1 and D:4."""
    to_sudan = reasons(enforced(export("SD", chips("3A090.b")), on), "ACA")
    assert to_sudan == {"destination_d5_macau", "headquarters_d5_macau"} | (set() if covered else {"destination_not_covered"})
    to_switzerland = export("CH", chips(datacenter=False))
    assert codified(to_switzerland, on, regime="diffusion-as-written").path == ("ACA" if covered else "NLR")


@pytest.mark.parametrize(
    ("item", "eligible"),
    [
        (chips("3A090.a"), False),
        (chips("3A090.a", datacenter=False), True),
        (chips("3A090.b"), True),
        (chips("4A090.b"), True),
        (hbm(), False),
    ],
)
def test_items_of_nac(item: Document, eligible: bool) -> None:
    """740.8(a): .b items and .a items not for datacenters; never 3A090.c."""
    answer = enforced(export("CN", item), "2025-06-01")
    assert ("item_not_eligible" not in reasons(answer, "NAC")) is eligible


def test_nac_follows_a_d5_headquarters_and_the_hq_rule_does_not_bar_it() -> None:
    """740.8(a): to entities seated in Macau or D:5 wherever located; ACA is closed to them."""
    answer = enforced(export("CL", chips("3A090.b"), party("CL", parent="CN")), ON)
    assert answer.path == "NAC"
    assert reasons(answer, "ACA") == {"headquarters_d5_macau"}


@pytest.mark.parametrize(
    ("nac", "expected"),
    [
        ({"response": "accepted", "end_users": 1, "distributor_party": False}, set()),
        ({"response": "license_application_required"}, {"notification_refused"}),
        ({"end_users": 2}, {"paperwork_defective"}),
        ({"distributor_party": True}, {"paperwork_defective"}),
    ],
)
def test_a_nac_notification_can_fail(nac: dict[str, Any], expected: set[str]) -> None:
    """740.8(c); BIS page on NAC: one end user, no distributor, and BIS may ask for an application."""
    document = {**B_TO_CHINA, "documents": {"nac": nac}}
    assert reasons(enforced(document, ON), "NAC") == expected


@pytest.mark.parametrize(("filed", "status"), [("2025-05-07", "met"), ("2025-05-08", "unmet"), (None, "unknown")])
def test_nac_wants_twenty_five_days(filed: str | None, status: str) -> None:
    """740.8(c)(1): at least twenty-five calendar days before; a late notice is an open condition, no bar."""
    document = {**B_TO_CHINA, "documents": {"nac": {"filed_on": filed} if filed else {}}}
    answer = enforced(document, ON)
    assert papers(answer, "NAC")["nac_notification"] == status
    assert duties(answer, "NAC") == {"nac_notification": -25, "nac_purchase_order": 0, "aes_code_c67": 0}


@pytest.mark.parametrize(("on", "asked"), [("2025-01-12", False), ("2025-01-13", True)])
def test_a_nac_notification_tells_of_clusters_since_2025(on: str, asked: bool) -> None:
    """740.8(c)(1)(iv)-(vi) as of 90 FR 4544: memory bandwidth, past approvals, and the TPP and users of a cluster."""
    answer = enforced(export("CN", chips(datacenter=False)), on)
    (entry,) = [entry for entry in answer.block["authorizations"]["available"] if entry["id"] == "NAC"]
    (text,) = [duty["text"] for duty in entry["duties"] if duty["id"] == "nac_notification"]
    assert ("computing cluster" in text) is asked


def test_aca_wants_a_purchase_order_and_its_code() -> None:
    """740.8(d); AES code C68."""
    answer = enforced(export("EG", chips("3A090.b"), documents={"purchase_order": True}), ON)
    assert papers(answer, "ACA") == {"aca_purchase_order": "met"}
    assert duties(answer, "ACA") == {"aca_purchase_order": 0, "aes_code_c68": 0}


def test_aca_covers_transfers_within_macau_and_d5() -> None:
    """740.8(a): transfers (in-country) within Macau and D:5, where exports need NAC."""
    transfer = export("CN", chips("3A090.b"), activity={"type": "transfer_in_country"}, origin={"country": "CN"})
    transfer["item"] |= {"subject_to_ear": True}
    answer = enforced(transfer, ON)
    assert answer.path == "ACA"
    assert reasons(answer, "NAC") == {"activity_not_eligible"}


def test_aca_does_not_cover_transfers_elsewhere_to_d5_headquartered_entities() -> None:
    """740.8(a) as of 90 FR 4544: to any destination except an entity seated in D:5 "wherever located"; only transfers
    within Macau and D:5 are taken in besides. A transfer within Germany to a PRC-parented firm is neither."""
    transfer = export("DE", chips("3A090.b"), party("DE", parent="CN"), activity={"type": "transfer_in_country"})
    transfer["item"] |= {"subject_to_ear": True}
    answer = enforced(transfer, ON)
    assert answer.path == "LICENSE"
    assert reasons(answer, "ACA") == {"headquarters_d5_macau"}


# ---- 740.25 HBM


@pytest.mark.parametrize(
    ("density", "site", "expected"),
    [
        (3.2999, True, set()),
        (3.3, True, {"density_limit"}),
        (3, False, {"packaging_site_not_eligible"}),
        (3.3, False, {"density_limit", "packaging_site_not_eligible"}),
    ],
)
def test_license_exception_hbm(density: float, site: bool, expected: set[str]) -> None:
    """740.25: below 3.3 GB/s/mm2, packaged at an eligible party's site."""
    answer = enforced(export("CN", hbm(density, packaging={"hbm_site_eligible": site})), ON)
    assert reasons(answer, "HBM") == expected
    assert (answer.path == "HBM") is (not expected)


# ---- 740.27 AIA


def to_japan(item: Document | None = None, consignee: Document | None = None, **groups: Any) -> Stance:
    return codified(export("JP", item, consignee or party("JP"), **groups), ON)


def test_aia_needs_location_headquarters_and_parent_in_supp_5a() -> None:
    """740.27(a): located in 5(a), not seated and not parented outside it."""
    assert to_japan().path == "AIA"
    assert reasons(to_japan(consignee=party("JP", "PT", "JP")), "AIA") == {"headquarters_not_supp5a"}
    assert reasons(to_japan(consignee=party("JP", "JP", "PT")), "AIA") == {"headquarters_not_supp5a"}
    assert reasons(codified(export("PT", consignee=party("PT", "JP")), ON), "AIA") == {"location_not_supp5a"}


def test_an_end_user_outside_supp_5a_closes_aia() -> None:
    """740.27(a): the exception is for entities within 5(a), and the end user is one of them."""
    parties = {"ultimate_consignee": party("JP"), "end_user": party("JP", "PT")}
    assert reasons(to_japan(parties=parties), "AIA") == {"headquarters_not_supp5a"}


@pytest.mark.parametrize(
    ("eccn", "status", "on", "expected"),
    [
        ("3A090.a", "neither", "2025-01-15", set()),
        ("3A090.a", "neither", "2025-01-16", {"designer_not_approved"}),
        ("3A090.a", "authorized", "2025-01-16", set()),
        ("5A992.z.1", "neither", "2025-01-16", {"designer_not_approved"}),
        ("5A002.z.2.a", "neither", "2025-01-16", {"designer_not_approved"}),
        ("4A090.a", "neither", "2025-01-16", set()),
    ],
)
def test_the_designer_condition_of_aia_and_acm(eccn: str, status: str, on: str, expected: set[str]) -> None:
    """740.27(a)(1), 740.28(b) as of 90 FR 5298: approved or authorized designers for three entries, from 2025-01-16."""
    document = export(
        "JP",
        chips(eccn, designer={"status": status}),
        party("JP"),
        end_use={"types": ["production"], "onward_destinations": ["US"]},
    )
    answer = codified(document, on, regime="diffusion-as-written")
    assert reasons(answer, "AIA") == expected
    assert reasons(answer, "ACM") == expected


@pytest.mark.parametrize(
    ("before", "amount", "asked"), [(223_000_000, 29_999_999, False), (223_000_000, 30_000_000, True), (253_000_000, 1, True)]
)
def test_the_certification_goes_to_bis_from_253_million_tpp(before: int, amount: int, asked: bool) -> None:
    """740.27(c): cumulative TPP of 253,000,000 including this shipment; below it the certification is only kept."""
    answer = to_japan(
        chips(aggregate_tpp=amount), counters={"aia_tpp_cumulative": before, "lpp_tpp_received_this_year": 26_900_000}
    )
    expected = {"aia_certification": 0, "aia_eccn_notice": 0, "aia_shipment_notice": 0}
    assert duties(answer, "AIA") == expected | ({"aia_submit_certification_to_bis": 0} if asked else {})


@pytest.mark.parametrize(
    ("said", "status", "proceed"),
    [(True, "met", "with_conditions"), (False, "unmet", "with_conditions"), (None, "unknown", "with_conditions")],
)
def test_a_missing_certification_is_an_open_condition(said: bool | None, status: str, proceed: str) -> None:
    """740.27(b)(2); contract 4: documents missing or stated false leave the exception available with an unmet condition."""
    answer = to_japan(documents={} if said is None else {"aia_certification": said})
    assert (papers(answer, "AIA")["aia_certification"], answer.may_proceed) == (status, proceed)


@pytest.mark.parametrize(("beneficiary", "expected"), [("JP", set()), ("IN", {"end_use_not_eligible"})])
def test_aia_is_not_for_training_4e091_models_of_others(beneficiary: str, expected: set[str]) -> None:
    """740.27(a), (b)(2)(iii)."""
    answer = to_japan(end_use={"types": ["model_training_4e091"], "beneficiary_headquarters": beneficiary})
    assert reasons(answer, "AIA") == expected


@pytest.mark.parametrize("eccn", ["5D002.z.1.a", "5D992.z.1"])
def test_aia_asks_less_of_software(eccn: str) -> None:
    """740.27(a), (b)(2), (c): the certification and the bar on training are for the commodities of (a)(1); notices are for both."""
    use = {"types": ["model_training_4e091"], "beneficiary_headquarters": "IN"}
    answer = to_japan(chips(eccn), end_use=use, counters={"aia_tpp_cumulative": 10**9})
    assert (answer.path, papers(answer, "AIA")) == ("AIA", {})
    assert set(duties(answer, "AIA")) == {"aia_eccn_notice", "aia_shipment_notice"}


@pytest.mark.parametrize(
    ("place", "headquarters", "parent", "facility", "expected"),
    [
        ("SG", "US", "US", True, set()),
        ("SG", "SG", "US", True, set()),
        ("SG", "US", "SG", True, set()),
        ("SG", "SG", "SG", True, {"headquarters_not_supp5a"}),
        ("SG", "US", "US", False, {"facility_security"}),
        ("CN", "US", "US", True, {"destination_d5_macau"}),
        ("MO", "US", "US", True, {"destination_d5_macau"}),
    ],
)
def test_aia_for_weights(place: str, headquarters: str, parent: str, facility: bool, expected: set[str]) -> None:
    """740.27(a)(3): to entities seated or parented in 5(a), anywhere but Macau and D:5, into a compliant facility."""
    document = export(place, weights(), party(place, headquarters, parent), facility={"supp10_14_15_18": facility})
    assert reasons(codified(document, ON), "AIA") == expected


# ---- 740.28 ACM


def to_a_maker(**changes: Any) -> Document:
    end_use = {"types": ["production"], "onward_destinations": ["US"], **changes.pop("end_use", {})}
    return export("TH", changes.pop("item", None), changes.pop("consignee", None), end_use=end_use, **changes)


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (to_a_maker(), set()),
        (to_a_maker(end_use={"types": ["development"]}), set()),
        (to_a_maker(end_use={"types": ["storage_before_delivery"]}), set()),
        (to_a_maker(end_use={"types": ["datacenter_operation"]}), {"end_use_not_eligible"}),
        (to_a_maker(end_use={"onward_destinations": ["US", "CN"]}), {"onward_destination_d5_macau"}),
        (to_a_maker(end_use={"onward_destinations": ["HK"]}), {"onward_destination_d5_macau"}),
        (to_a_maker(end_use={"onward_destinations": ["MO"]}), {"onward_destination_d5_macau"}),
        (to_a_maker(consignee=party("TH", wholly_government_owned=True)), {"end_user_not_private_sector"}),
        (to_a_maker(consignee=party("TH", kind="government")), {"end_user_not_private_sector"}),
        (to_a_maker(consignee=party("TH", parent="CN")), {"headquarters_d5_macau"}),
        (to_a_maker(item=chips("3A090.b")), None),
    ],
)
def test_acm(document: Document, expected: set[str] | None) -> None:
    """740.28: private makers and warehouses, for goods that go to customers outside Macau and D:5."""
    answer = codified(document, ON)
    if expected is None:
        assert answer.outcome == "no_license_required"
    else:
        assert reasons(answer, "ACM") == expected
        assert (answer.path == "ACM") is (not expected)


def test_acm_never_reaches_macau_or_d5() -> None:
    """740.28(c)."""
    document = {**to_a_maker(), "destination": {"country": "MO"}}
    assert "destination_d5_macau" in reasons(codified(document, ON), "ACM")


def test_acm_survives_740_2_a_9() -> None:
    """740.2(a)(9)(ii) lists ACM among the exceptions usable to D:1 and D:4."""
    document = {**to_a_maker(), "destination": {"country": "VN"}}
    assert enforced(document, ON).path == "ACM"


def test_acm_keeps_accounts_every_six_months() -> None:
    """740.28(e)."""
    (entry,) = [entry for entry in codified(to_a_maker(), ON).block["authorizations"]["available"] if entry["id"] == "ACM"]
    assert [(duty["id"], duty["interval_months"]) for duty in entry["duties"]] == [("acm_accounting", 6)]


# ---- 740.29 LPP


def small(amount: int, before: int = 0, destination: str = "PT", **changes: Any) -> Document:
    counters = {"lpp_tpp_received_this_year": before, "licensed_tpp_destination_since_2025": 0}
    return export(
        destination,
        chips(changes.pop("eccn", "3A090.a"), aggregate_tpp=amount),
        changes.pop("consignee", None),
        counters=counters,
        **changes,
    )


@pytest.mark.parametrize(
    ("amount", "before", "path"),
    [(26_900_000, 0, "LPP"), (26_900_001, 0, "LICENSE"), (900_000, 26_000_000, "LPP"), (900_001, 26_000_000, "LICENSE")],
)
def test_lpp_limit_is_inclusive_and_counts_the_year(amount: int, before: int, path: str) -> None:
    """740.29(d): 26,900,000 TPP a calendar year to one ultimate consignee, from all exporters."""
    answer = codified(small(amount, before), ON)
    assert answer.path == path
    if path == "LPP":
        (debit,) = answer.block["ledger"]
        assert (debit["id"], debit["balance_before_tpp"], debit["balance_after_tpp"]) == (
            "lpp_calendar_year",
            before,
            before + amount,
        )
        assert debit["limit_tpp"] == 26_900_000


@pytest.mark.parametrize(("before", "path"), [(26_899_999, "UNKNOWN"), (26_900_000, "LICENSE")])
def test_a_limit_that_is_exhausted_bars_whatever_the_quantity(before: int, path: str) -> None:
    """740.29(d): with 26,900,000 TPP received nothing more fits, so that a quantity that is not given no longer matters."""
    document = small(1, before)
    del document["item"]["aggregate_tpp"]
    assert codified(document, ON).path == path


def test_last_year_never_counts() -> None:
    """740.29(d): per calendar year."""
    document = small(26_900_000)
    document["counters"]["lpp_tpp_received_last_year"] = 26_900_000
    assert codified(document, ON).path == "LPP"


def test_the_limit_is_counted_for_the_ultimate_parent() -> None:
    """740.29(h)(1): the ultimate consignee is the ultimate parent with ownership of the items."""
    answer = codified(small(1_000, consignee=party("PT", parent_name="Group SGPS")), ON)
    assert answer.block["ledger"][0]["key"] == "Group SGPS"


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (small(1_000), set()),
        (small(1_000, activity={"type": "transfer_in_country"}), {"activity_not_eligible"}),
        (small(1_000, destination="CN"), {"destination_d5_macau", "headquarters_d5_macau", "section_740_2_a_9"}),
        (small(1_000, consignee=party("PT", parent="MO")), {"headquarters_d5_macau", "section_740_2_a_9"}),
        (small(1_000, destination="SA"), {"section_740_2_a_9"}),
        (small(1_000, eccn="5A002.z.1.a"), {"item_not_eligible"}),
        (small(1_000, eccn="5D992.z.1"), {"item_not_eligible"}),
        (small(1_000, eccn="5A992.z.1"), set()),
        (small(1_000, consignee=party("PT", lists=["entity_list"])), {"part_744"}),
    ],
)
def test_lpp_conditions(document: Document, expected: set[str]) -> None:
    """740.29(a)-(e); 740.2(a)(9)(ii)."""
    document["item"] |= {"subject_to_ear": True}
    assert reasons(codified(document, ON), "LPP") == expected


@pytest.mark.parametrize(
    ("switch", "document"),
    [
        ({"lpp_740_2_a_9": "available"}, small(1_000, destination="SA")),
        ({"lpp_5a002": "included"}, small(1_000, eccn="5A002.z.1.a")),
    ],
)
def test_lpp_open_points_have_switches(switch: dict[str, str], document: Document) -> None:
    """Readings O1 and O2."""
    assert codified(document, ON).path == "LICENSE"
    assert codified(document, ON, switches=switch).path == "LPP"


@pytest.mark.parametrize(("amount", "asked"), [(3_199_999, False), (3_200_000, True)])
def test_lpp_prenotice(amount: int, asked: bool) -> None:
    """740.29(g)(3): a shipment with an aggregate TPP of 3,200,000; (g)(1): a copy within 30 days."""
    found = duties(codified(small(amount), ON), "LPP")
    assert ("lpp_prenotice" in found) is asked
    assert (found["lpp_certification"], found["lpp_copy_to_bis"]) == (0, 30)


@pytest.mark.parametrize(("amount", "asked"), [(26_899_999, False), (26_900_000, True)])
def test_the_consignee_tells_bis_when_its_limit_is_exhausted(amount: int, asked: bool) -> None:
    """740.29(g)(2)."""
    assert ("lpp_consignee_limit_notice" in duties(codified(small(amount), ON), "LPP")) is asked


@pytest.mark.parametrize("on", ["2025-01-12", "2025-01-13"])
def test_the_exceptions_of_the_diffusion_rule_start_with_it(on: str) -> None:
    """90 FR 4544: AIA, ACM and LPP from 2025-01-13."""
    known = {entry["id"] for part in enforced(export("SA"), on).block["authorizations"].values() for entry in part}
    assert ({"AIA", "ACM", "LPP"} <= known) is (on == "2025-01-13")


@pytest.mark.parametrize(
    "bar",
    [
        {"consignee": party("SA", lists=["entity_list"])},
        {"consignee": party("SA", lists=["meu_list"])},
        {"consignee": party("SA", lists=["unverified_list"])},
        {"end_use": {"types": ["wmd"], "knowledge": True}},
        {"activity": {"type": "export", "is_informed_notice": True}, "consignee": party("SA", parent="CN")},
    ],
)
def test_part_744_closes_every_exception(bar: dict[str, Any]) -> None:
    """740.2(a), 744.11(a): a binding end-use or end-user requirement leaves no license exception."""
    answer = enforced(export("SA", chips("3A090.b"), **bar), ON)
    assert answer.outcome == "license_required"
    assert not available(answer)
    for entry in answer.block["authorizations"]["unavailable"]:
        assert "part_744" in entry["reasons"]
