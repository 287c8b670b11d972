"""15 CFR 742.6: who needs a license for advanced computing, HBM and weights, and how applications are reviewed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.transactions import Document, binding, chips, codified, enforced, export, hbm, party, policy, weights

NOW = "2026-06-15"

# ---- (a) requirements by date


@pytest.mark.parametrize(
    ("destination", "on", "binds"),
    [
        ("CN", "2022-10-06", False),
        ("CN", "2022-10-07", True),
        ("HK", "2022-10-07", True),
        ("MO", "2023-01-16", False),
        ("MO", "2023-01-17", True),
        ("SA", "2022-10-07", False),
        ("CN", "2023-11-16", True),
        ("CN", "2023-11-17", False),
    ],
)
def test_the_2022_requirement_is_about_china_and_macau(destination: str, on: str, binds: bool) -> None:
    """87 FR 62186 from 2022-10-07, 88 FR 2821 from 2023-01-17, replaced by 88 FR 73458 on 2023-11-17."""
    assert ("china_2022" in binding(enforced(export(destination), on))) is binds


@pytest.mark.parametrize(
    ("headquarters", "expected"),
    [
        ("US", "case_by_case"),
        ("JP", "case_by_case"),
        ("SG", "case_by_case"),
        ("CN", "presumption_of_denial"),
        ("BR", "presumption_of_denial"),
    ],
)
def test_review_of_2022(headquarters: str, expected: str) -> None:
    """742.6(b)(10) as of 87 FR 62186: case by case for US, A:5 and A:6 headquarters."""
    assert policy(enforced(export("CN", consignee=party("CN", headquarters)), "2023-06-01")) == expected


@pytest.mark.parametrize(
    ("destination", "on", "binds"),
    [
        ("SA", "2023-11-16", False),
        ("SA", "2023-11-17", True),
        ("VN", "2023-11-17", True),
        ("CN", "2023-11-17", True),
        ("MO", "2023-11-17", True),
        ("AF", "2023-11-17", True),
        ("IL", "2023-11-17", False),
        ("TW", "2023-11-17", False),
        ("BR", "2023-11-17", False),
        ("DE", "2023-11-17", False),
        ("AE", "2026-07-09", True),
        ("AE", "2026-07-10", True),
        ("NI", "2024-03-14", False),
        ("NI", "2024-03-15", True),
    ],
)
@pytest.mark.parametrize("eccn", ["3A090.a", "3A090.b", "4A090.b", "5A992.z.2"])
def test_country_group_requirement(destination: str, on: str, binds: bool, eccn: str) -> None:
    """742.6(a)(6)(iii) as of 88 FR 73458: (D:1, D:4 or D:5) minus (A:5 or A:6); AE by name from 2026-07-10."""
    assert ("country_group" in binding(enforced(export(destination, chips(eccn)), on))) is binds


@pytest.mark.parametrize("eccn", ["EAR99", "none", "3A991", "3A090.c"])
def test_other_items_are_outside_the_country_group_requirement(eccn: str) -> None:
    """742.6(a)(6)(iii) names .a and .b items only."""
    assert "country_group" not in binding(enforced(export("SA", chips(eccn)), NOW))


@pytest.mark.parametrize(
    ("on", "in_text", "as_codified", "as_enforced"),
    [
        ("2025-01-12", False, False, False),
        ("2025-01-13", True, False, False),
        ("2025-05-12", True, False, False),
        ("2025-05-13", True, False, False),
        ("2025-05-14", True, False, False),
        ("2025-05-15", True, True, False),
        ("2026-07-10", True, True, False),
    ],
)
def test_worldwide_requirement_and_its_three_flags(on: str, in_text: bool, as_codified: bool, as_enforced: bool) -> None:
    """742.6(a)(6)(iii)(A) as of 90 FR 4544: in the text from 2025-01-13, due from 2025-05-15, never enforced."""
    document = export("BR")
    found = {entry["id"]: entry for entry in codified(document, on).block["requirements"]}
    assert ("worldwide_a" in found) is in_text
    assert ("worldwide_a" in binding(codified(document, on))) is as_codified
    assert ("worldwide_a" in binding(enforced(document, on))) is as_enforced
    if in_text:
        assert found["worldwide_a"]["compliance_required"] is (on >= "2025-05-15")
        assert found["worldwide_a"]["enforced"] is (on < "2025-05-13")


@pytest.mark.parametrize(("known", "binds"), [("2025-05-12", True), ("2025-05-13", False)])
def test_what_was_known_of_the_announcement_decides(known: str, binds: bool) -> None:
    """Contract 0.3: on 2025-05-16 the requirement is enforced for who knows nothing published after 2025-05-12."""
    assert ("worldwide_a" in binding(enforced(export("BR"), "2025-05-16", known=known))) is binds


def test_the_worldwide_requirement_ends_at_the_border_of_the_united_states() -> None:
    """742.6(a)(6)(iii)(A): to or within any destination; a move to the United States is no export."""
    assert "worldwide_a" not in binding(codified(export("US"), "2025-06-01"))


@pytest.mark.parametrize(
    ("on", "destination", "parent", "eccn", "binds"),
    [
        ("2023-11-16", "DE", "CN", "3A090.a", False),
        ("2023-11-17", "DE", "CN", "3A090.a", True),
        ("2023-11-17", "DE", "MO", "3A090.b", True),
        ("2023-11-17", "DE", "DE", "3A090.a", False),
        ("2023-11-17", "US", "CN", "3A090.a", False),
        ("2025-01-12", "SA", "CN", "3A090.a", False),
        ("2025-01-13", "SA", "CN", "3A090.a", True),
        ("2025-01-13", "SA", "CN", "3A090.b", False),
        ("2025-05-13", "DE", "CN", "3A090.a", True),
        ("2026-06-15", "DE", "CN", "3A090.a", True),
        ("2026-06-15", "DE", "KH", "3A090.a", False),
    ],
)
def test_headquarters_requirement(on: str, destination: str, parent: str, eccn: str, binds: bool) -> None:
    """744.23(a)(3) from 2023-11-17; 742.6(a)(6)(iii)(A) for .a from 2025-01-13; enforced throughout, guidance of 2026-05-31."""
    document = export(destination, chips(eccn), party(destination, parent=parent))
    assert ("headquarters" in binding(enforced(document, on))) is binds


def test_the_headquarters_of_the_end_user_count_too() -> None:
    """744.23(a)(3): for an entity seated or parented in Macau or D:5, whether consignee or end user."""
    parties = {"ultimate_consignee": party("MY"), "end_user": party("MY", parent="CN")}
    assert "headquarters" in binding(enforced(export("MY", parties=parties), NOW))


@pytest.mark.parametrize("activity", ["deemed_export", "deemed_reexport"])
def test_deemed_exports_are_outside_the_headquarters_requirement(activity: str) -> None:
    """742.6(a)(6)(iv); 744.23(a)(3) does not apply to deemed exports."""
    document = export("DE", consignee=party("DE", parent="CN"), activity={"type": activity})
    assert not binding(enforced(document, NOW))


@pytest.mark.parametrize(
    ("on", "destination", "parent", "density", "binds"),
    [
        ("2024-12-30", "CN", "CN", 2.5, False),
        ("2024-12-31", "CN", "CN", 2.5, True),
        ("2024-12-31", "MO", "MO", 2.5, True),
        ("2024-12-31", "MY", "CN", 2.5, True),
        ("2024-12-31", "MY", "MY", 2.5, False),
        ("2024-12-31", "CN", "CN", 2, False),
    ],
)
def test_hbm_requirement(on: str, destination: str, parent: str, density: float, binds: bool) -> None:
    """742.6(a)(6)(i)(B), 744.23(a)(3)(i)(B) as of 89 FR 96790: 3A090.c, compliance from 2024-12-31."""
    document = export(destination, hbm(density, packaging={"hbm_site_eligible": False}), party(destination, parent=parent))
    answer = enforced(document, on)
    assert ("hbm" in binding(answer)) is binds
    if binds:
        assert policy(answer) == "presumption_of_denial"


@pytest.mark.parametrize(
    ("on", "as_codified", "as_enforced"), [("2025-05-14", False, False), ("2025-05-15", True, False), (NOW, True, False)]
)
def test_weights_requirement(on: str, as_codified: bool, as_enforced: bool) -> None:
    """742.6(a)(13): worldwide, due from 2025-05-15, not enforced."""
    document = export("CH", weights())
    assert ("weights_4e091" in binding(codified(document, on))) is as_codified
    assert ("weights_4e091" in binding(enforced(document, on))) is as_enforced


@pytest.mark.parametrize(
    ("employee", "headquarters", "parent", "binds"),
    [
        (True, "US", "US", False),
        (True, "IN", "US", False),
        (True, "US", "IN", False),
        (True, "IN", "IN", True),
        (False, "US", "US", True),
    ],
)
def test_deemed_exports_of_weights(employee: bool, headquarters: str, parent: str, binds: bool) -> None:
    """742.6(a)(13): not for permanent regular employees of employers seated or parented in 5(a)."""
    parties = {
        "ultimate_consignee": party("US", headquarters, parent),
        "end_user": party("US", permanent_regular_employee=employee),
    }
    document = export("IN", weights(), parties=parties, activity={"type": "deemed_export"})
    assert ("weights_4e091" in binding(codified(document, "2025-06-01"))) is binds


@pytest.mark.parametrize(
    ("headquarters", "parent", "expected"),
    [("CH", "CH", "presumption_of_denial"), ("JP", "JP", "none_stated"), ("JP", "CH", "presumption_of_denial")],
)
def test_review_of_weights(headquarters: str, parent: str, expected: str) -> None:
    """742.6(b)(14), reading O7: denial outside 5(a); for 5(a) the text states no policy."""
    answer = codified(export("CH", weights(), party("CH", headquarters, parent)), "2025-06-01")
    assert policy(answer) == expected
    assert ("O7" in answer.block["ambiguities"]) is (expected == "none_stated")


# ---- the United Arab Emirates, 91 FR 43034


@pytest.mark.parametrize(
    ("status", "on", "outcome"),
    [
        ("uae_government_agency", "2026-07-09", "license_required"),
        ("uae_government_agency", "2026-07-10", "no_license_required"),
        ("us_ai_company", "2026-07-10", "no_license_required"),
        ("supp8_other", "2026-07-10", "no_license_required"),
        ("none", "2026-07-10", "license_required"),
        ("supp8_g42_core42", "2027-04-06", "no_license_required"),
        ("supp8_g42_core42", "2027-04-07", "license_required"),
        ("supp8_other", "2027-04-07", "no_license_required"),
    ],
)
def test_license_free_recipients_in_the_uae(status: str, on: str, outcome: str) -> None:
    """Supp. No. 8 to part 740; 91 FR 43034 from 2026-07-10; G42 and Core42 to 2027-04-06."""
    switches = {"affiliates_stay_extended": "true"}
    assert enforced(export("AE", consignee=party("AE", uae_status=status)), on, switches=switches).outcome == outcome


def test_the_headquarters_rule_survives_in_the_uae() -> None:
    """91 FR 43034: parties seated in Macau or D:5 still need licenses."""
    document = export("AE", consignee=party("AE", parent="CN", uae_status="supp8_other"))
    assert binding(enforced(document, "2026-07-10")) == {"headquarters"}


@pytest.mark.parametrize(
    ("on", "status", "expected"),
    [
        ("2026-07-09", "none", {"country_group"}),
        ("2026-07-10", "none", {"country_group", "headquarters"}),
        ("2026-07-10", "supp8_other", {"headquarters"}),
    ],
)
def test_the_headquarters_rule_reaches_b_items_in_the_uae(on: str, status: str, expected: set[str]) -> None:
    """744.23(a)(3)(i)(A): outside (D:1, D:4, D:5) less (A:5, A:6), where the UAE is since 91 FR 43034; no recipient is exempt."""
    document = export("AE", chips("3A090.b"), party("AE", parent="CN", uae_status=status))
    assert binding(enforced(document, on)) == expected


@pytest.mark.parametrize(("on", "groups"), [("2026-07-09", {"D:3", "D:4"}), ("2026-07-10", {"A:5"})])
def test_the_uae_moves_between_country_groups(on: str, groups: set[str]) -> None:
    """91 FR 43034: out of D:3 and D:4, into A:5, on 2026-07-10."""
    assert set(enforced(export("AE"), on).block["destination"]["country_groups"]) == groups


def test_the_reach_of_the_license_free_status_is_a_reading() -> None:
    """Reading O12: .a and .b items, or .b items only."""
    document = export("AE", consignee=party("AE", uae_status="us_ai_company"))
    narrow = {"uae_license_free_scope": "b_only"}
    assert enforced(document, "2026-08-01", switches=narrow).outcome == "license_required"
    of_b = {**document, "item": chips("3A090.b")}
    assert enforced(of_b, "2026-08-01", switches=narrow).outcome == "no_license_required"


# ---- Cambodia


@pytest.mark.parametrize(
    ("on", "switches", "expected"),
    [
        ("2025-11-06", {}, "presumption_of_denial"),
        ("2025-11-07", {}, "presumption_of_approval"),
        ("2025-11-07", {"kh_leaves_d5": "2026-02-03"}, "presumption_of_denial"),
        ("2026-02-02", {"kh_leaves_d5": "2026-02-03"}, "presumption_of_denial"),
        ("2026-02-03", {"kh_leaves_d5": "2026-02-03"}, "presumption_of_approval"),
    ],
)
def test_cambodia_leaves_d5(on: str, switches: dict[str, str], expected: str) -> None:
    """Supp. No. 1 to part 740, note to D:5, reading O9: with the State Department's notice or with the conforming rule."""
    answer = enforced(export("KH"), on, switches=switches)
    assert policy(answer) == expected
    assert binding(answer) == {"country_group"} | ({"headquarters"} if expected == "presumption_of_denial" else set())


# ---- (b) review


@pytest.mark.parametrize(
    ("destination", "parent", "eccn", "expected"),
    [
        ("SA", "SA", "3A090.a", "presumption_of_approval"),
        ("SA", "SA", "3A090.b", "presumption_of_approval"),
        ("SA", "CN", "3A090.a", "presumption_of_denial"),
        ("SA", "MO", "3A090.b", "presumption_of_denial"),
        ("RU", "RU", "3A090.a", "presumption_of_denial"),
        ("MO", "US", "3A090.b", "presumption_of_denial"),
    ],
)
def test_review_as_enforced(destination: str, parent: str, eccn: str, expected: str) -> None:
    """742.6(b)(10)(iii)(A)(1), (iv): approval, but denial to Macau or D:5 and to those seated or parented there."""
    assert policy(enforced(export(destination, chips(eccn), party(destination, parent=parent)), NOW)) == expected


@pytest.mark.parametrize(
    ("on", "datacenter", "eccn", "expected"),
    [
        ("2024-04-03", False, "3A090.a", "presumption_of_denial"),
        ("2024-04-04", False, "3A090.a", "case_by_case"),
        ("2024-04-04", True, "3A090.b", "case_by_case"),
        ("2024-04-04", True, "3A090.a", "presumption_of_denial"),
        ("2025-01-12", False, "3A090.a", "case_by_case"),
        ("2025-01-13", False, "3A090.a", "presumption_of_denial"),
    ],
)
def test_case_by_case_of_2024(on: str, datacenter: bool, eccn: str, expected: str) -> None:
    """742.6(b)(10) as of 89 FR 23876, reading O13: all but datacenter .a items to D:5, 2024-04-04 to 2025-01-12."""
    document = export("RU", chips(eccn, datacenter=datacenter), documents={"nac": {"response": "license_application_required"}})
    assert policy(enforced(document, on)) == expected


def allocated(amount: int, licensed: int | None = 0, destination: str = "BR", seat: str = "", **counters: Any) -> Document:
    known = {"lpp_tpp_received_this_year": 0} | ({} if licensed is None else {"licensed_tpp_destination_since_2025": licensed})
    return export(destination, chips(aggregate_tpp=amount), party(destination, seat), counters={**known, **counters})


@pytest.mark.parametrize(
    ("amount", "licensed", "expected", "approvable", "remainder"),
    [
        (790_000_000, 0, "presumption_of_approval", 790_000_000, 0),
        (790_000_001, 0, "mixed", 790_000_000, 1),
        (100_000_000, 700_000_000, "mixed", 90_000_000, 10_000_000),
        (100_000_000, 690_000_000, "presumption_of_approval", 100_000_000, 0),
        (30_000_000, 790_000_000, "policy_of_denial", 0, 30_000_000),
        (30_000_000, 800_000_000, "policy_of_denial", 0, 30_000_000),
    ],
)
def test_country_allocation(amount: int, licensed: int, expected: str, approvable: int, remainder: int) -> None:
    """742.6(b)(10)(iii)(B): approval up to 790,000,000 TPP licensed to a destination from 2025, then policy of denial."""
    answer = codified(allocated(amount, licensed), "2025-06-01")
    license = answer.block["license"]
    assert (policy(answer), license["approvable_tpp"], license["remainder_tpp"]) == (expected, approvable, remainder)
    assert license["remainder_policy"] == ("policy_of_denial" if remainder else None)
    (debit,) = answer.block["ledger"]
    assert (debit["id"], debit["key"], debit["amount_tpp"]) == ("country_allocation", "BR", approvable)
    assert (debit["balance_before_tpp"], debit["balance_after_tpp"]) == (licensed, licensed + approvable)


@pytest.mark.parametrize(("licensed", "expected"), [(789_999_999, "unknown"), (790_000_000, "policy_of_denial")])
def test_an_allocation_that_is_met_denies_whatever_the_quantity(licensed: int, expected: str) -> None:
    """742.6(b)(10)(iii)(B)(2): after the allocation is met, a policy of denial; the quantity, if not given, no longer matters."""
    document = {**allocated(1, licensed), "activity": {"type": "transfer_in_country"}}
    document["item"] = {**document["item"], "subject_to_ear": True}
    del document["item"]["aggregate_tpp"]
    assert policy(codified(document, "2025-06-01")) == expected


def test_an_unknown_balance_leaves_the_policy_unknown() -> None:
    """Contract 2: counter unknown, policy unknown; and the answer asks for it."""
    answer = codified(allocated(100_000_000, None), "2025-06-01")
    assert policy(answer) == "unknown"
    assert "counters.licensed_tpp_destination_since_2025" in {entry["id"] for entry in answer.block["missing_facts"]}


@pytest.mark.parametrize(
    ("uplift", "amount", "expected"),
    [(1, 1_580_000_000, "presumption_of_approval"), (1, 1_580_000_001, "mixed"), (0.5, 1_185_000_000, "presumption_of_approval")],
)
def test_assurances_raise_the_allocation(uplift: float, amount: int, expected: str) -> None:
    """742.6(b)(10)(iii)(C): up to 100 percent more under government-to-government assurances."""
    assert policy(codified(allocated(amount, country_allocation_uplift=uplift), "2025-06-01")) == expected


def test_what_was_exported_before_2025_never_counts() -> None:
    """742.6(b)(10)(iii)(B)(1)."""
    document = allocated(790_000_000, exported_tpp_destination_before_2025=10**9)
    assert policy(codified(document, "2025-06-01")) == "presumption_of_approval"


@pytest.mark.parametrize(
    ("destination", "seat", "switch", "expected", "debited"),
    [
        ("BR", "JP", "approval_debit_destination", "presumption_of_approval", "BR"),
        ("BR", "JP", "allocation", "mixed", "BR"),
        ("JP", "BR", "approval_debit_destination", "presumption_of_approval", None),
    ],
)
def test_supp_5a_seats_elsewhere(destination: str, seat: str, switch: str, expected: str, debited: str | None) -> None:
    """742.6(b)(10)(iii)(A)(2) and (B), reading O3: approval without cap, debited to a destination that has an allocation."""
    answer = codified(allocated(900_000_000, 0, destination, seat), "2025-06-01", switches={"hq_overlap": switch})
    assert policy(answer) == expected
    assert [debit["key"] for debit in answer.block["ledger"]] == ([debited] if debited else [])
    assert "O3" in answer.block["ambiguities"]


@pytest.mark.parametrize(
    ("on", "known", "expected"), [("2025-02-01", None, "policy_of_denial"), ("2025-06-01", None, "policy_of_denial")]
)
def test_the_allocation_is_in_the_text_and_not_enforced(on: str, known: str | None, expected: str) -> None:
    """Contract 2: .a from 2025-01-13 by the text; as enforced only between 2025-05-15 and the announcement."""
    document = allocated(30_000_000, 790_000_000, "SA")
    assert policy(codified(document, on)) == expected
    assert policy(enforced(document, on)) == "presumption_of_approval"
    assert policy(enforced(document, "2025-05-16", known="2025-05-12")) == "policy_of_denial"


# ---- the lane of 91 FR 1684


def h200(destination: str = "CN", **changes: Any) -> Document:
    item = {"kind": "integrated_circuit", "datacenter": True, "tpp": 15832, "memory_bandwidth_gbps": 4800, "quantity": 1000,
            "commercially_available_in_us": True, "designer": {"status": "approved"}} | changes.pop("item", {})  # fmt: skip
    counters = {"product_tpp_us": 10**10, "product_tpp_cn_mo": 0, "licensed_tpp_destination_since_2025": 0} | changes.pop(
        "counters", {}
    )
    return export(destination, item, changes.pop("consignee", None), counters=counters, **changes)


@pytest.mark.parametrize(
    ("document", "on", "expected"),
    [
        (h200(), "2026-01-14", "presumption_of_denial"),
        (h200(), "2026-01-15", "case_by_case"),
        (h200("HK"), "2026-01-15", "case_by_case"),
        (h200("MO"), "2026-01-15", "case_by_case"),
        (h200("RU"), "2026-01-15", "presumption_of_denial"),
        (h200(item={"tpp": 20_999}), "2026-02-01", "case_by_case"),
        (h200(item={"tpp": 21_000}), "2026-02-01", "presumption_of_denial"),
        (h200(item={"memory_bandwidth_gbps": 6_499}), "2026-02-01", "case_by_case"),
        (h200(item={"memory_bandwidth_gbps": 6_500}), "2026-02-01", "presumption_of_denial"),
        (h200(item={"memory_bandwidth_gbps": None}), "2026-02-01", "unknown"),
        (h200(item={"commercially_available_in_us": False}), "2026-02-01", "presumption_of_denial"),
        (h200(item={"commercially_available_in_us": None}), "2026-02-01", "unknown"),
        (
            h200(activity={"type": "reexport"}, origin={"country": "JP"}, item={"subject_to_ear": True}),
            "2026-02-01",
            "presumption_of_denial",
        ),
        (h200(origin={"country": "TW"}, item={"subject_to_ear": True}), "2026-02-01", "presumption_of_denial"),
        (h200("SG", consignee=party("SG", parent="CN")), "2026-02-01", "presumption_of_denial"),
    ],
)
def test_the_lane_for_china_and_macau(document: Document, on: str, expected: str) -> None:
    """742.6(b)(10)(iii)(A)(1) as of 91 FR 1684: exports from the United States to CN, HK and MO below both numbers."""
    assert policy(enforced(document, on)) == expected


@pytest.mark.parametrize(
    "paper", ["us_supply_sufficient", "no_foundry_diversion", "no_restricted_end_use", "kyc_and_security", "us_lab_test"]
)
@pytest.mark.parametrize(("said", "expected"), [(True, "case_by_case"), (False, "presumption_of_denial"), (None, "case_by_case")])
def test_certifications_of_the_lane(paper: str, said: bool | None, expected: str) -> None:
    """Supp. No. 2 to part 748, para. (dd): a certification that cannot be made closes the lane, an absent one is open."""
    document = h200(documents={"dd": {} if said is None else {paper: said}})
    assert policy(enforced(document, "2026-02-01")) == expected


@pytest.mark.parametrize(("shipped", "expected"), [(4_984_168_000, "case_by_case"), (4_984_168_001, "presumption_of_denial")])
def test_half_of_us_volume(shipped: int, expected: str) -> None:
    """Supp. No. 2 to part 748, para. (dd), DD-4: with this order at most 50 percent of the TPP shipped to US customers."""
    assert policy(enforced(h200(counters={"product_tpp_cn_mo": shipped}), "2026-02-01")) == expected


@pytest.mark.parametrize(("shipped", "expected"), [(4_999_999_999, "unknown"), (5 * 10**9, "presumption_of_denial")])
def test_a_ratio_that_is_reached_is_exceeded_by_any_order(shipped: int, expected: str) -> None:
    """Supp. No. 2 to part 748, para. (dd), DD-4: at 50 percent the quantity, if not given, no longer matters."""
    document = h200(counters={"product_tpp_cn_mo": shipped})
    del document["item"]["quantity"]
    assert policy(enforced(document, "2026-02-01")) == expected


@pytest.mark.parametrize(
    ("item", "charged"),
    [({}, True), ({"tpp": 17_500}, False), ({"tpp": 20_919, "memory_bandwidth_gbps": 6_000}, True), ({"tpp": 13_000}, False)],
)
def test_the_tariff_is_charged_where_the_lane_is_open(item: dict[str, int], charged: bool) -> None:
    """Proclamation 11002: 25 percent on entry for the test, for the two bands."""
    charges = enforced(h200(item=item), "2026-02-01").block["charges"]
    assert [(charge["id"], charge["percent"]) for charge in charges] == ([("tariff_232", 25)] if charged else [])


def test_no_tariff_outside_the_lane() -> None:
    """Contract 2: only where the H200 lane is open and a band is met."""
    assert enforced(h200("SA"), "2026-02-01").block["charges"] == []
    assert enforced(h200(), "2026-01-14").block["charges"] == []


def test_the_lane_draws_on_the_ratio() -> None:
    """Contract 2, ledger: LICENSE debits what is approvable."""
    (debit,) = enforced(h200(), "2026-02-01").block["ledger"]
    assert (debit["id"], debit["amount_tpp"], debit["limit_tpp"]) == ("h200_lane", 15_832_000, 5 * 10**9)
