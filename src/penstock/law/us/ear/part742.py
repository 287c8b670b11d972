"""15 CFR part 742: regional stability requirements for advanced computing, HBM and model weights, and how licenses are reviewed."""

from penstock.law.tables import (
    ADVANCED_COMPUTING_SCOPE,
    ALLIES_2022,
    CHINA_2022,
    COUNTRY_ALLOCATION_TPP,
    G42_CORE42_LAST_DAY,
    LANE_US_VOLUME_SHARE,
    SCOPE_744_23_A_3,
    SUPP5A,
    TARIFF_BAND_1_BANDWIDTH_ABOVE,
    TARIFF_BAND_1_BANDWIDTH_BELOW,
    TARIFF_BAND_1_TPP_ABOVE,
    TARIFF_BAND_1_TPP_BELOW,
    TARIFF_BAND_2_BANDWIDTH_ABOVE,
    TARIFF_BAND_2_BANDWIDTH_BELOW,
    TARIFF_BAND_2_TPP_ABOVE,
    TARIFF_BAND_2_TPP_BELOW,
)  # fmt: skip
from penstock.law.us.ear.part772 import (
    approval_and_allocation_overlap,
    destination_has_allocation,
    for_d5_or_macau_headquartered,
    headquartered_in_supp5a,
    is_deemed,
    is_move,
    linked_to_supp5a,
    to_d5_or_macau_or_headquartered,
)  # fmt: skip
from penstock.law.us.ear.part774 import (
    a_item,
    advanced_computing_item,
    b_item,
    hbm_item,
    weights_item,
    within_lane_numbers,
)
from penstock.rulebook.language import (
    READING,
    Transaction,
    definition,
    denied,
    duty,
    files,
    given,
    needs,
    requirement,
    review,
    stated,
)  # fmt: skip

# ---- (a) license requirements


@definition("742.6(a)(6)", by="EAR")
def moves_subject_item(t: Transaction):
    """An item subject to the EAR is exported, reexported or transferred (in-country)."""
    return is_move(t) and t.item.subject_to_ear


@requirement("742.6(a)(6)", by="87-FR-62186")
def china_2022(t: Transaction):
    """A license is required for 3A090 and 4A090 items to China, and since 2023-01-17 to Macau."""
    return moves_subject_item(t) and advanced_computing_item(t) and t.destination.country in CHINA_2022


@requirement("742.6(a)(6)(iii)", by="88-FR-73458")
def country_group(t: Transaction):
    """A license is required for .a and .b items to D:1, D:4 and D:5 destinations that are not also in A:5 or A:6."""
    return moves_subject_item(t) and advanced_computing_item(t) and t.destination.country in ADVANCED_COMPUTING_SCOPE


@requirement("742.6(a)(6)(iii)(B)", by="91-FR-43034", replaces="country_group")
def country_group_2026(t: Transaction):
    """A license is required for .a and .b items to the UAE and to D:1, D:4 and D:5 destinations not in A:5 or A:6, license-free recipients in the UAE excepted."""
    return (
        moves_subject_item(t)
        and advanced_computing_item(t)
        and t.destination.country in ADVANCED_COMPUTING_SCOPE
        and not license_free_in_the_uae(t)
    )


@definition("Supp. No. 8 to part 740; 91 FR 43034", by="91-FR-43034")
def license_free_recipient(t: Transaction):
    """The ultimate consignee in the UAE is a government agency, a Supp. 8 entity or a US AI company."""
    return t.destination.country == "AE" and (
        t.parties.ultimate_consignee.uae_status in ("uae_government_agency", "supp8_other", "us_ai_company")
        or (t.parties.ultimate_consignee.uae_status == "supp8_g42_core42" and t.on <= G42_CORE42_LAST_DAY)
    )


@definition("Supp. No. 8 to part 740; 91 FR 43034", by="91-FR-43034")
def license_free_in_the_uae(t: Transaction):
    """A license-free recipient in the United Arab Emirates needs no license for .a and .b items, or by the narrow reading for .b items."""
    return license_free_recipient(t) and (READING.uae_license_free_scope == "a_and_b" or b_item(t))


@requirement("744.23(a)(3)", by="88-FR-73458")
def headquarters(t: Transaction):
    """A license is required outside those destinations when the item is for an entity headquartered or parented in Macau or D:5."""
    return (
        moves_subject_item(t)
        and advanced_computing_item(t)
        and for_d5_or_macau_headquartered(t)
        and t.destination.country != "US"
        and t.destination.country not in SCOPE_744_23_A_3
    )


@requirement("742.6(a)(6)(iii)(A); 744.23(a)(3)(i)(A)", by="90-FR-4544", replaces="headquarters")
def headquarters_2025(t: Transaction):
    """A license is required for an entity headquartered or parented in Macau or D:5: .a items anywhere abroad, .b items outside the Country Group scope."""
    return (
        moves_subject_item(t)
        and for_d5_or_macau_headquartered(t)
        and t.destination.country != "US"
        and (a_item(t) or (b_item(t) and t.destination.country not in SCOPE_744_23_A_3))
    )


@requirement("742.6(a)(6)(i)(B); 744.23(a)(3)(i)(B)", by="89-FR-96790")
def hbm(t: Transaction):
    """A license is required for high-bandwidth memory to Macau or D:5, or for an entity headquartered or parented there."""
    return moves_subject_item(t) and hbm_item(t) and to_d5_or_macau_or_headquartered(t)


@requirement("742.6(a)(6)(iii)(A)", by="90-FR-4544")
def worldwide_a(t: Transaction):
    """A license is required for .a items to or within any destination worldwide."""
    return moves_subject_item(t) and a_item(t) and t.destination.country != "US"


@requirement("742.6(a)(6)(iii)(A)", by="91-FR-43034", replaces="worldwide_a")
def worldwide_a_2026(t: Transaction):
    """A license is required for .a items to or within any destination worldwide, license-free recipients in the UAE excepted."""
    return moves_subject_item(t) and a_item(t) and t.destination.country != "US" and not license_free_in_the_uae(t)


@requirement("742.6(a)(13)", by="90-FR-4544")
def weights_4e091(t: Transaction):
    """A license is required for 4E091 weights to all destinations, except releases to permanent employees of Supp. 5(a) employers."""
    return (
        (is_move(t) or is_deemed(t))
        and t.item.subject_to_ear
        and weights_item(t)
        and not (
            is_deemed(t) and t.parties.end_user.permanent_regular_employee and linked_to_supp5a(t.parties.ultimate_consignee)
        )
    )


# ---- (b) review: advanced computing


@definition("742.6(b)(10)(iii)(A)(1)", by="91-FR-1684")
def lane_open(t: Transaction):
    """The case-by-case policy speaks of exports from the United States of .a items to China, Hong Kong and Macau."""
    return (
        t.activity.type == "export"
        and t.origin.country == "US"
        and (t.destination.country == "CN" or t.destination.country == "MO")
        and a_item(t)
    )


@definition("Supp. No. 2 to part 748, para. (dd)", by="91-FR-1684", unit="TPP")
def h200_lane_balance(t: Transaction):
    """TPP of this product shipped to China and Macau so far."""
    return t.counters.product_tpp_cn_mo


@definition("Supp. No. 2 to part 748, para. (dd)", by="91-FR-1684", unit="TPP")
def h200_lane_amount(t: Transaction):
    """TPP of this order."""
    return t.item.aggregate_tpp


@definition("Supp. No. 2 to part 748, para. (dd)", by="91-FR-1684", unit="TPP")
def h200_lane_limit(t: Transaction):
    """The share of the TPP of this product shipped to US customers for US end use."""
    return LANE_US_VOLUME_SHARE * t.counters.product_tpp_us


@definition("Supp. No. 2 to part 748, para. (dd)", by="91-FR-1684")
def h200_lane_key(t: Transaction):
    """The product is what the ratio is counted for."""
    return t.item.chip


@definition("Supp. No. 2 to part 748, para. (dd)", by="91-FR-1684")
def within_us_volume(t: Transaction):
    """China and Macau volume including this order stays within the share of US volume; an open condition while not stated."""
    return not (
        stated(t.counters.product_tpp_us)
        and stated(t.counters.product_tpp_cn_mo)
        and (h200_lane_balance(t) >= h200_lane_limit(t) or h200_lane_balance(t) + h200_lane_amount(t) > h200_lane_limit(t))
    )


@definition("Supp. No. 2 to part 748, para. (dd)", by="91-FR-1684", shown="check")
def certified_sold_in_us(t: Transaction):
    """The item was sold commercially in the United States."""
    return t.item.commercially_available_in_us


@definition("Supp. No. 2 to part 748, para. (dd)", by="91-FR-1684", shown="check")
def certified_us_supply(t: Transaction):
    """It is certified that US supply is sufficient."""
    return t.documents.dd.us_supply_sufficient


@definition("Supp. No. 2 to part 748, para. (dd)", by="91-FR-1684", shown="check")
def certified_no_foundry_diversion(t: Transaction):
    """It is certified that no foundry capacity is diverted."""
    return t.documents.dd.no_foundry_diversion


@definition("Supp. No. 2 to part 748, para. (dd)", by="91-FR-1684", shown="check")
def certified_volume_ratio(t: Transaction):
    """The volume to China and Macau stays within its share of the US volume."""
    return h200_lane_balance(t) + h200_lane_amount(t) <= h200_lane_limit(t)


@definition("Supp. No. 2 to part 748, para. (dd)", by="91-FR-1684", shown="check")
def certified_no_restricted_end_use(t: Transaction):
    """It is certified that no restricted end use or user is served."""
    return t.documents.dd.no_restricted_end_use


@definition("Supp. No. 2 to part 748, para. (dd)", by="91-FR-1684", shown="check")
def certified_kyc_and_security(t: Transaction):
    """It is certified that the consignee knows its customers and secures the place."""
    return t.documents.dd.kyc_and_security


@definition("Supp. No. 2 to part 748, para. (dd)", by="91-FR-1684", shown="check")
def certified_us_lab_test(t: Transaction):
    """It is certified that a laboratory in the United States tests every shipment."""
    return t.documents.dd.us_lab_test


@review("742.6(b)(10)(iii)(A)(1)", by="91-FR-1684", of=["country_group", "headquarters", "worldwide_a"],
        policy="case_by_case", order=5, draws="h200_lane", whole=True)  # fmt: skip
def h200_lane(t: Transaction):
    """Commercially available chips below both limits are reviewed case by case when every certification can be made."""
    return [
        needs("742.6(b)(10)(iii)(A)(1)", lane_open(t), otherwise="destination_not_covered"),
        needs("742.6(b)(10)(iii)(A)(1)", within_lane_numbers(t), otherwise="item_not_eligible"),
        needs("Supp. No. 2 to part 748, para. (dd)", t.item.commercially_available_in_us, otherwise="item_not_eligible"),
        needs("Supp. No. 2 to part 748, para. (dd)", not denied(t.documents.dd.us_supply_sufficient), otherwise="item_not_eligible"),
        needs("Supp. No. 2 to part 748, para. (dd)", not denied(t.documents.dd.no_foundry_diversion), otherwise="item_not_eligible"),
        needs("Supp. No. 2 to part 748, para. (dd)", within_us_volume(t), otherwise="quantity_limit_exceeded"),
        needs("Supp. No. 2 to part 748, para. (dd)", not denied(t.documents.dd.no_restricted_end_use), otherwise="end_use_not_eligible"),
        needs("Supp. No. 2 to part 748, para. (dd)", not denied(t.documents.dd.kyc_and_security), otherwise="facility_security"),
        needs("Supp. No. 2 to part 748, para. (dd)", not denied(t.documents.dd.us_lab_test), otherwise="paperwork_defective"),
        files("Supp. No. 2 to part 748, para. (dd)", certified_sold_in_us(t), condition="DD-1", when=lane_open(t)),
        files("Supp. No. 2 to part 748, para. (dd)", certified_us_supply(t), condition="DD-2", when=lane_open(t)),
        files("Supp. No. 2 to part 748, para. (dd)", certified_no_foundry_diversion(t), condition="DD-3", when=lane_open(t)),
        files("Supp. No. 2 to part 748, para. (dd)", certified_volume_ratio(t), condition="DD-4", when=lane_open(t)),
        files("Supp. No. 2 to part 748, para. (dd)", certified_no_restricted_end_use(t), condition="DD-5", when=lane_open(t)),
        files("Supp. No. 2 to part 748, para. (dd)", certified_kyc_and_security(t), condition="DD-6", when=lane_open(t)),
        files("Supp. No. 2 to part 748, para. (dd)", certified_us_lab_test(t), condition="DD-7", when=lane_open(t)),
    ]  # fmt: skip


@review("742.6(b)(10)", by="89-FR-23876", of=["country_group", "headquarters"], policy="case_by_case", order=8)
def case_by_case_2024(t: Transaction):
    """Between 2024-04-04 and 2025-01-12 all but datacenter .a items to Macau and D:5 were reviewed case by case."""
    return to_d5_or_macau_or_headquartered(t) and (b_item(t) or not t.item.datacenter)


@review("742.6(b)(10)(iii)(A)(1), (iv)(B)", by="88-FR-73458", of=["country_group", "headquarters", "worldwide_a"],
        policy="presumption_of_denial", order=10)  # fmt: skip
def denial_d5_or_macau(t: Transaction):
    """To Macau or D:5, or to entities headquartered or parented there: presumption of denial."""
    return to_d5_or_macau_or_headquartered(t)


@definition("742.6(b)(10)(iii)(A)(2), (B)", by="90-FR-4544")
def approval_goes_first(t: Transaction):
    """The approval paragraph goes before the allocation paragraph, by the reading chosen."""
    return READING.hq_overlap == "approval_debit_destination" or not approval_and_allocation_overlap(t)


@review("742.6(b)(10)(iii)(A)(2)", by="90-FR-4544", of=["country_group", "headquarters", "worldwide_a"],
        policy="presumption_of_approval", order=20, draws="country_allocation", whole=True)  # fmt: skip
def supp5a_approval(t: Transaction):
    """.a items to Supp. 5(a) destinations, or to entities headquartered or parented there: presumption of approval."""
    return (
        a_item(t)
        and (t.destination.country in SUPP5A or linked_to_supp5a(t.parties.ultimate_consignee))
        and approval_goes_first(t)
    )


@definition("742.6(b)(10)(iii)(B)(1)", by="90-FR-4544", unit="TPP")
def country_allocation_balance(t: Transaction):
    """TPP of .a items licensed to the destination since 2025."""
    return t.counters.licensed_tpp_destination_since_2025


@definition("742.6(b)(10)(iii)(B)(1)", by="90-FR-4544", unit="TPP")
def country_allocation_amount(t: Transaction):
    """TPP applied for."""
    return t.item.aggregate_tpp


@definition("742.6(b)(10)(iii)(B)(1), (C)", by="90-FR-4544", unit="TPP")
def country_allocation_limit(t: Transaction):
    """The allocation of a destination, raised by government-to-government assurances."""
    return COUNTRY_ALLOCATION_TPP + COUNTRY_ALLOCATION_TPP * given(t.counters.country_allocation_uplift, 0)


@definition("742.6(b)(10)(iii)(B)(1)", by="90-FR-4544")
def country_allocation_key(t: Transaction):
    """Each destination has its own allocation."""
    return t.destination.country


@definition("742.6(b)(10)(iii)(B)(1)", by="90-FR-4544")
def country_allocation_applies(t: Transaction):
    """Licenses for .a items to destinations with an allocation count against it."""
    return a_item(t) and destination_has_allocation(t)


@review("742.6(b)(10)(iii)(B)(1)", by="90-FR-4544", of=["country_group", "headquarters", "worldwide_a"],
        policy="presumption_of_approval", order=30, draws="country_allocation")  # fmt: skip
def allocation_within(t: Transaction):
    """.a items within the allocation of the destination: presumption of approval."""
    return (
        a_item(t)
        and country_allocation_balance(t) < country_allocation_limit(t)
        and country_allocation_balance(t) + country_allocation_amount(t) <= country_allocation_limit(t)
    )


@review("742.6(b)(10)(iii)(B)(1)-(2)", by="90-FR-4544", of=["country_group", "headquarters", "worldwide_a"],
        policy="mixed", order=40, draws="country_allocation")  # fmt: skip
def allocation_straddles(t: Transaction):
    """.a items of which part is within the allocation: the part within is approvable, the rest meets a policy of denial."""
    return a_item(t) and country_allocation_balance(t) < country_allocation_limit(t)


@review("742.6(b)(10)(iii)(B)(2)", by="90-FR-4544", of=["country_group", "headquarters", "worldwide_a"],
        policy="policy_of_denial", order=50, draws="country_allocation")  # fmt: skip
def allocation_exhausted(t: Transaction):
    """.a items after the allocation is met: policy of denial."""
    return a_item(t)


@review("742.6(b)(10)(iii), (iv)(A)", by="88-FR-73458", of=["country_group", "headquarters", "worldwide_a"],
        policy="presumption_of_approval", order=90)  # fmt: skip
def approval_elsewhere(t: Transaction):
    """To other destinations: presumption of approval."""
    return True


# ---- (b) review: the 2022 rule, HBM, weights


@review("742.6(b)(10) as of 87 FR 62186", by="87-FR-62186", of=["china_2022"], policy="case_by_case", order=10)
def case_by_case_2022(t: Transaction):
    """Items for end users headquartered and parented in the United States, A:5 or A:6: case by case."""
    return t.parties.end_user.headquarters in ALLIES_2022 and t.parties.end_user.parent_headquarters in ALLIES_2022


@review("742.6(b)(10) as of 87 FR 62186", by="87-FR-62186", of=["china_2022"], policy="presumption_of_denial", order=90)
def denial_2022(t: Transaction):
    """All others: presumption of denial."""
    return True


@review("742.6(b)(10); 744.23(d)", by="89-FR-96790", of=["hbm"], policy="presumption_of_denial", order=90)
def denial_hbm(t: Transaction):
    """High-bandwidth memory to Macau or D:5 and entities headquartered there: presumption of denial."""
    return True


@review("742.6(b)(14)", by="90-FR-4544", of=["weights_4e091"], policy="presumption_of_denial", order=10)
def denial_weights(t: Transaction):
    """Weights for end users headquartered or parented outside Supp. 5(a): presumption of denial."""
    return not headquartered_in_supp5a(t.parties.end_user)


@review("742.6(b)(14)", by="90-FR-4544", of=["weights_4e091"], policy="none_stated", order=90)
def no_policy_weights(t: Transaction):
    """For end users headquartered and parented in Supp. 5(a) the text states no policy."""
    return True


# ---- tariff


@definition("Proclamation 11002, annex", by="proclamation-11002")
def tariff_band_1(t: Transaction):
    """TPP and DRAM bandwidth lie strictly inside the first tariff band."""
    return (
        TARIFF_BAND_1_TPP_ABOVE < t.item.tpp < TARIFF_BAND_1_TPP_BELOW
        and TARIFF_BAND_1_BANDWIDTH_ABOVE < t.item.memory_bandwidth_gbps < TARIFF_BAND_1_BANDWIDTH_BELOW
    )


@definition("Proclamation 11002, annex", by="proclamation-11002")
def tariff_band_2(t: Transaction):
    """TPP and DRAM bandwidth lie strictly inside the second tariff band."""
    return (
        TARIFF_BAND_2_TPP_ABOVE < t.item.tpp < TARIFF_BAND_2_TPP_BELOW
        and TARIFF_BAND_2_BANDWIDTH_ABOVE < t.item.memory_bandwidth_gbps < TARIFF_BAND_2_BANDWIDTH_BELOW
    )


@duty("Proclamation 11002; HTSUS 9903.79.01", by="proclamation-11002", of="LICENSE", event="import", to="CBP",
      charge_pct="TARIFF_232_PERCENT")  # fmt: skip
def tariff_232(t: Transaction):
    """Section 232 tariff on entry into the United States for the test before export; a charge, not a license condition."""
    return h200_lane(t) and (tariff_band_1(t) or tariff_band_2(t))


# ---- open points


@definition("742.6(b)(14)", by="90-FR-4544")
def point_o7(t: Transaction):
    """Weights for an end user in Supp. 5(a): the text states no policy."""
    return weights_item(t) and headquartered_in_supp5a(t.parties.end_user)


@definition("Supp. No. 8 to part 740; 91 FR 43034", by="91-FR-43034")
def point_o12(t: Transaction):
    """A license-free recipient in the United Arab Emirates meets the codified worldwide text."""
    return a_item(t) and license_free_recipient(t)


@definition("742.6(b)(10)", by="89-FR-23876")
def point_o13(t: Transaction):
    """Review of .b and non-datacenter .a items to Macau and D:5 changed without a clear text."""
    return to_d5_or_macau_or_headquartered(t) and (b_item(t) or (a_item(t) and not t.item.datacenter))
