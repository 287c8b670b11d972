"""15 CFR part 748: the data center validated end user, and what an application needs."""

from penstock.law.tables import (
    D5_OR_MACAU,
    FINE_TUNING_SHARE,
    NVEU_INSTALLED_BASE_TPP,
    PURCHASE_ORDER_ITEMS,
    SUPP5A,
    UVEU_OUTSIDE_SUPP5A,
    UVEU_OUTSIDE_US,
    UVEU_SINGLE_COUNTRY,
)  # fmt: skip
from penstock.law.us.ear.part744 import any_party_on_entity_list, part_744_bars
from penstock.law.us.ear.part772 import headquartered_in_d5_or_macau, linked_to_supp5a
from penstock.law.us.ear.part774 import a_item, advanced_computing_item, weights_item
from penstock.rulebook.language import (
    Transaction,
    authorization,
    definition,
    denied,
    duty,
    files,
    given,
    needs,
    requirement,
    review,
    stated,
    within,
)  # fmt: skip

# ---- universal validated end user


@definition("748.15(a)(2)(ii)", by="90-FR-4544")
def holds_uveu(t: Transaction):
    """The applicant relies on a universal validated end-user authorization."""
    return any(a.type == "UVEU" for a in t.authorizations_held)


@definition("748.15(d)", by="90-FR-4544")
def consignee_holds_uveu(t: Transaction):
    """The ultimate consignee itself holds the universal authorization."""
    return any(a.type == "UVEU" and a.holder == t.parties.ultimate_consignee.name for a in t.authorizations_held)


@definition("748.15(e)", by="90-FR-4544")
def uveu_still_valid(t: Transaction):
    """An authorization given with a last day is still valid."""
    return any(a.type == "UVEU" and (not stated(a.valid_until) or a.valid_until >= t.on) for a in t.authorizations_held)


@definition("748.15(a)(2)(ii)(A)", by="90-FR-4544")
def operator_holds_uveu(t: Transaction):
    """An operator other than the owner itself holds a universal authorization."""
    return (
        not stated(t.parties.operator)
        or t.parties.operator.name == t.parties.ultimate_consignee.name
        or any(a.type == "UVEU" and a.holder == t.parties.operator.name for a in t.authorizations_held)
    )


@definition("748.15(d), (e)", by="90-FR-4544")
def one_uveu_fits(t: Transaction):
    """One and the same authorization is the ultimate consignee's and still valid."""
    return any(
        a.type == "UVEU"
        and a.holder == t.parties.ultimate_consignee.name
        and (not stated(a.valid_until) or a.valid_until >= t.on)
        for a in t.authorizations_held
    )


@authorization("UVEU", "748.15(a)(2)(ii)", by="90-FR-4544", draws="uveu_shares")
def uveu(t: Transaction):
    """Universal VEU: a Supp. 5(a) headquartered holder's own data centers anywhere but Macau and D:5, within its shares."""
    return [
        needs("748.15(d)", t.activity.type in ("export", "reexport", "transfer_in_country"), otherwise="activity_not_eligible"),
        needs("748.15(c)", advanced_computing_item(t), otherwise="item_not_eligible"),
        needs("748.15(a)(2)(ii)", holds_uveu(t), otherwise="not_held"),
        needs("748.15(e)", not holds_uveu(t) or uveu_still_valid(t), otherwise="not_in_force"),
        needs("748.15(d)", not holds_uveu(t) or consignee_holds_uveu(t), otherwise="holder_mismatch"),
        needs("748.15(d), (e)", not (uveu_still_valid(t) and consignee_holds_uveu(t)) or one_uveu_fits(t), otherwise="not_held"),
        needs("748.15(a)(2)(ii)(A)", not holds_uveu(t) or operator_holds_uveu(t), otherwise="holder_mismatch"),
        needs("748.15(b)(2)(i)", t.destination.country not in D5_OR_MACAU, otherwise="destination_d5_macau"),
        needs("Supp. No. 10 to part 748, para. 13", not headquartered_in_d5_or_macau(t.parties.ultimate_consignee), otherwise="headquarters_d5_macau"),
        needs("748.15(b)(2)(i)", linked_to_supp5a(t.parties.ultimate_consignee), otherwise="headquarters_not_supp5a"),
        needs("Supp. No. 10 to part 748, para. 6", t.counters.uveu_share_outside_supp5a <= UVEU_OUTSIDE_SUPP5A, otherwise="share_limit_exceeded", violation="outside_supp5a_25pct"),
        needs("Supp. No. 10 to part 748, para. 6", all(s.share <= UVEU_SINGLE_COUNTRY or s.country in SUPP5A for s in t.counters.uveu_share_by_country), otherwise="share_limit_exceeded", violation="single_country_7pct"),
        needs("Supp. No. 10 to part 748, para. 6", t.parties.ultimate_consignee.headquarters != "US" or t.counters.uveu_share_outside_us <= UVEU_OUTSIDE_US, otherwise="share_limit_exceeded", violation="outside_us_50pct"),
        needs("748.15(d)", not part_744_bars(t), otherwise="part_744"),
    ]  # fmt: skip


@definition("748.15(a)(2)(ii)(B)", by="90-FR-4544", unit="TPP")
def uveu_shares_amount(t: Transaction):
    """TPP that moves the holder's shares."""
    return t.item.aggregate_tpp


@definition("748.15(a)(2)(ii)(B)", by="90-FR-4544")
def uveu_shares_key(t: Transaction):
    """The holder with all its subsidiaries and parents."""
    return t.parties.ultimate_consignee.name


# ---- national validated end user


@definition("748.15(a)(2)(iii)", by="90-FR-4544")
def holds_nveu(t: Transaction):
    """The applicant relies on a national validated end-user authorization."""
    return any(a.type == "NVEU" for a in t.authorizations_held)


@definition("748.15(a)(2)(iii)(A)", by="90-FR-4544")
def nveu_covers_country(t: Transaction):
    """A national authorization is for one country: that of the destination."""
    return any(
        a.type == "NVEU" and (not stated(a.countries) or t.destination.country in a.countries) for a in t.authorizations_held
    )


@definition("748.15(d)", by="90-FR-4544")
def consignee_holds_nveu(t: Transaction):
    """The ultimate consignee itself holds the national authorization."""
    return any(a.type == "NVEU" and a.holder == t.parties.ultimate_consignee.name for a in t.authorizations_held)


@definition("748.15(e)", by="90-FR-4544")
def nveu_still_valid(t: Transaction):
    """An authorization given with a last day is still valid."""
    return any(a.type == "NVEU" and (not stated(a.valid_until) or a.valid_until >= t.on) for a in t.authorizations_held)


@definition("748.15(a)(2)(iii)(A)", by="90-FR-4544")
def operator_holds_nveu(t: Transaction):
    """An operator other than the owner itself holds a national authorization for the destination."""
    return (
        not stated(t.parties.operator)
        or t.parties.operator.name == t.parties.ultimate_consignee.name
        or any(
            a.type == "NVEU"
            and a.holder == t.parties.operator.name
            and (not stated(a.countries) or t.destination.country in a.countries)
            for a in t.authorizations_held
        )
    )


@definition("748.15(d), (e)", by="90-FR-4544")
def one_nveu_fits(t: Transaction):
    """One and the same authorization is the ultimate consignee's, for the destination and still valid."""
    return any(
        a.type == "NVEU"
        and a.holder == t.parties.ultimate_consignee.name
        and (not stated(a.countries) or t.destination.country in a.countries)
        and (not stated(a.valid_until) or a.valid_until >= t.on)
        for a in t.authorizations_held
    )


@authorization("NVEU", "748.15(a)(2)(iii)", by="90-FR-4544", draws="nveu_installed_base")
def nveu(t: Transaction):
    """National VEU: the holder's own data centers in one country, up to the installed base of the quarter."""
    return [
        needs("748.15(d)", t.activity.type in ("export", "reexport", "transfer_in_country"), otherwise="activity_not_eligible"),
        needs("748.15(c)", advanced_computing_item(t), otherwise="item_not_eligible"),
        needs("748.15(a)(2)(iii)", holds_nveu(t), otherwise="not_held"),
        needs("748.15(e)", not holds_nveu(t) or nveu_still_valid(t), otherwise="not_in_force"),
        needs("748.15(a)(2)(iii)(A)", not holds_nveu(t) or nveu_covers_country(t), otherwise="wrong_country"),
        needs("748.15(d)", not holds_nveu(t) or consignee_holds_nveu(t), otherwise="holder_mismatch"),
        needs("748.15(d), (e)", not (nveu_still_valid(t) and nveu_covers_country(t) and consignee_holds_nveu(t)) or one_nveu_fits(t), otherwise="not_held"),
        needs("748.15(a)(2)(iii)(A)", not holds_nveu(t) or operator_holds_nveu(t), otherwise="holder_mismatch"),
        needs("748.15(b)(2)(ii)", t.destination.country not in D5_OR_MACAU, otherwise="destination_d5_macau"),
        needs("748.15(b)(2)(ii)", not headquartered_in_d5_or_macau(t.parties.ultimate_consignee), otherwise="headquarters_d5_macau"),
        needs("Supp. No. 10 to part 748, para. 12", t.destination.country in SUPP5A or not denied(t.documents.g2g_arrangement), otherwise="government_arrangement_missing"),
        within("748.15(a)(2)(iii)(B)", "nveu_installed_base", otherwise="installed_base_exceeded"),
        needs("748.15(d)", not part_744_bars(t), otherwise="part_744"),
        files("Supp. No. 10 to part 748, para. 12", t.documents.g2g_arrangement, condition="government_arrangement", when=t.destination.country not in SUPP5A),
    ]  # fmt: skip


@definition("748.15(a)(2)(iii)(B)", by="90-FR-4544", computes="counters.nveu_installed_tpp", unit="TPP")
def nveu_installed(t: Transaction):
    """Installed base: gross shipments less loss, damage, failure, relocation and resale."""
    return t.counters.nveu_gross_shipped_tpp - given(t.counters.nveu_attrition_tpp, 0)


@definition("748.15(a)(2)(iii)(B)", by="90-FR-4544", unit="TPP")
def nveu_installed_base_balance(t: Transaction):
    """The holder's installed base in the country before this shipment."""
    return t.counters.nveu_installed_tpp


@definition("748.15(a)(2)(iii)(B)", by="90-FR-4544", unit="TPP")
def nveu_installed_base_amount(t: Transaction):
    """TPP of this shipment; only .a level items count."""
    return t.item.aggregate_tpp if a_item(t) else 0


@definition("748.15(a)(2)(iii)(B), Table 1", by="90-FR-4544", unit="TPP")
def nveu_installed_base_limit(t: Transaction):
    """The installed base of the calendar quarter."""
    return NVEU_INSTALLED_BASE_TPP


@definition("748.15(a)(2)(iii)(B)", by="90-FR-4544")
def nveu_installed_base_key(t: Transaction):
    """Each country has its own installed base."""
    return t.destination.country


# ---- eligibility of the ultimate consignee


@definition("748.15(b)(2)(i); Supp. No. 10 to part 748, para. 13", by="90-FR-4544")
def uveu_eligible(t: Transaction):
    """The ultimate consignee may become a universal validated end user."""
    return (
        linked_to_supp5a(t.parties.ultimate_consignee)
        and t.destination.country not in D5_OR_MACAU
        and not headquartered_in_d5_or_macau(t.parties.ultimate_consignee)
    )


@definition("748.15(b)(2)(ii); Supp. No. 10 to part 748, paras. 12, 13", by="90-FR-4544")
def nveu_eligible(t: Transaction):
    """The ultimate consignee may become a national validated end user."""
    return (
        t.destination.country not in D5_OR_MACAU
        and not headquartered_in_d5_or_macau(t.parties.ultimate_consignee)
        and (t.destination.country in SUPP5A or not denied(t.documents.g2g_arrangement))
    )


# ---- conditions of the status


@definition("Supp. No. 10 to part 748, para. 7", by="90-FR-4544")
def trains_outside_supp5a(t: Transaction):
    """The training takes place outside Supp. 5(a), or serves an IaaS customer headquartered outside it."""
    return given(t.end_use.location_country, t.destination.country) not in SUPP5A or (
        t.activity.type == "iaas" and stated(t.parties.iaas_customer) and t.parties.iaas_customer.headquarters not in SUPP5A
    )


@requirement("748.15; Supp. No. 10 to part 748, para. 7", by="90-FR-4544")
def veu_condition(t: Transaction):
    """A validated end user needs BIS authorization to train 4E091 models outside Supp. 5(a) or for others, or to fine-tune above the limit."""
    return (
        t.activity.type in ("iaas", "ongoing_use")
        and any(a.type in ("UVEU", "NVEU") for a in t.authorizations_held)
        and trains_outside_supp5a(t)
        and (
            "model_training_4e091" in t.end_use.types
            or ("model_fine_tuning" in t.end_use.types and t.end_use.fine_tune_share > FINE_TUNING_SHARE)
        )
    )


@review("Supp. No. 10 to part 748, para. 7", by="90-FR-4544", of=["veu_condition"], policy="none_stated", order=90)
def no_policy_veu(t: Transaction):
    """The text states no policy."""
    return True


@duty(
    "748.15(f)(1)",
    by="90-FR-4544",
    of=["UVEU", "NVEU"],
    event="reporting_period",
    interval_months="VEU_REPORT_MONTHS",
    to="BIS",
)
def veu_inventory_report(t: Transaction):
    """Report inventory received, by July 15 for the first and January 15 for the second half-year."""
    return True


@duty("Supp. No. 10 to part 748, para. 10", by="90-FR-4544", of=["UVEU", "NVEU"], event="reporting_period", interval_months="VEU_REPORT_MONTHS", to="BIS")  # fmt: skip
def veu_chip_report(t: Transaction):
    """Report facility-level chip installations, by February 1 and August 1."""
    return True


# ---- points of the checklists that facts show: Supp. No. 10 and the storage of weights


@definition("748.15(a)(2)", by="90-FR-4544", shown="check")
def relies_on_veu(t: Transaction):
    """The applicant relies on a universal or national validated end-user authorization."""
    return holds_uveu(t) or holds_nveu(t)


@definition("Supp. No. 10 to part 748, para. 4", by="90-FR-4544", shown="check")
def no_transfer_to_barred_parties(t: Transaction):
    """The chips go to no place, headquarters or listed party that paragraph 4 names."""
    return (
        t.destination.country not in D5_OR_MACAU
        and not headquartered_in_d5_or_macau(t.parties.ultimate_consignee)
        and not any_party_on_entity_list(t)
    )


@definition("Supp. No. 10 to part 748, para. 6", by="90-FR-4544", shown="check")
def within_uveu_shares(t: Transaction):
    """The shares of computing power stay within the limits of paragraph 6."""
    return (
        t.counters.uveu_share_outside_supp5a <= UVEU_OUTSIDE_SUPP5A
        and all(s.share <= UVEU_SINGLE_COUNTRY or s.country in SUPP5A for s in t.counters.uveu_share_by_country)
        and (t.parties.ultimate_consignee.headquarters != "US" or t.counters.uveu_share_outside_us <= UVEU_OUTSIDE_US)
    )


@definition("Supp. No. 10 to part 748, para. 7", by="90-FR-4544", shown="check")
def trains_within_limits(t: Transaction):
    """No training or fine-tuning goes beyond what paragraph 7 allows."""
    return not (
        trains_outside_supp5a(t)
        and (
            "model_training_4e091" in t.end_use.types
            or ("model_fine_tuning" in t.end_use.types and t.end_use.fine_tune_share > FINE_TUNING_SHARE)
        )
    )


@definition("Supp. No. 10 to part 748, para. 8", by="90-FR-4544", shown="check")
def weights_stored_as_required(t: Transaction):
    """Weights of 4E091 go to a Supp. 5(a) destination, or elsewhere to a facility that paragraph 8 allows."""
    return (
        not weights_item(t)
        or t.destination.country in SUPP5A
        or (
            t.destination.country not in D5_OR_MACAU
            and linked_to_supp5a(t.parties.ultimate_consignee)
            and t.facility.supp10_14_15_18
        )
    )


@definition("Supp. No. 10 to part 748, para. 9", by="90-FR-4544", shown="check")
def no_prohibited_use(t: Transaction):
    """No end use or party that part 744 restricts is stated."""
    return not part_744_bars(t)


@definition("Supp. No. 10 to part 748, para. 12", by="90-FR-4544", shown="check")
def government_arrangement_where_needed(t: Transaction):
    """The destination is in Supp. 5(a), the status is universal, or there is an arrangement between governments."""
    return t.destination.country in SUPP5A or not holds_nveu(t) or t.documents.g2g_arrangement


@definition("Supp. No. 10 to part 748, para. 13", by="90-FR-4544", shown="check")
def no_control_from_d5_or_macau(t: Transaction):
    """Neither the holder nor its ultimate parent is headquartered in Macau or D:5."""
    return not headquartered_in_d5_or_macau(t.parties.ultimate_consignee)


@definition("Supp. No. 10 to part 748, paras. 14, 15, 18", by="90-FR-4544", shown="check")
def facility_meets_14_15_18(t: Transaction):
    """The facility complies with paragraphs 14, 15 and 18."""
    return t.facility.supp10_14_15_18


@definition("740.27(a)(3)(i)", by="90-FR-4544", shown="check")
def weights_outside_d5_or_macau(t: Transaction):
    """Weights go to a place outside Macau and D:5."""
    return t.destination.country not in D5_OR_MACAU


# ---- the application


@definition("Supp. No. 2 to part 748(c)(3)", by="90-FR-4544")
def license_needs_purchase_order(t: Transaction):
    """An application for 3A090.a, 4A090.a and .z commodities needs a purchase order, and the licensed quantity follows it."""
    return t.item.eccn in PURCHASE_ORDER_ITEMS if stated(t.item.eccn) else a_item(t)
