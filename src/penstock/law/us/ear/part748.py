"""15 CFR part 748: the data center validated end user, and what an application needs."""

from penstock.law.tables import (
    D5_OR_MACAU,
    FINE_TUNING_SHARE,
    NVEU_INSTALLED_BASE_TPP,
    SUPP5A,
    UVEU_OUTSIDE_SUPP5A,
    UVEU_OUTSIDE_US,
    UVEU_SINGLE_COUNTRY,
)  # fmt: skip
from penstock.law.us.ear.part744 import part_744_bars
from penstock.law.us.ear.part772 import headquartered_in_d5_or_macau, linked_to_supp5a
from penstock.law.us.ear.part774 import a_item, advanced_computing_item
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


@authorization("UVEU", "748.15(a)(2)(ii)", by="90-FR-4544", draws="uveu_shares")
def uveu(t: Transaction):
    """Universal VEU: a Supp. 5(a) headquartered holder's own data centers anywhere but Macau and D:5, within its shares."""
    return [
        needs("748.15(d)", t.activity.type in ("export", "reexport", "transfer_in_country"), otherwise="activity_not_eligible"),
        needs("748.15(c)", advanced_computing_item(t), otherwise="item_not_eligible"),
        needs("748.15(a)(2)(ii)", holds_uveu(t), otherwise="not_held"),
        needs("748.15(e)", not holds_uveu(t) or uveu_still_valid(t), otherwise="not_in_force"),
        needs("748.15(d)", not holds_uveu(t) or consignee_holds_uveu(t), otherwise="holder_mismatch"),
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
    return t.destination.country not in SUPP5A or (
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


# ---- the application


@definition("Supp. No. 2 to part 748(c)(3)", by="90-FR-4544")
def license_needs_purchase_order(t: Transaction):
    """An application for .a items needs a purchase order, and the licensed quantity follows it."""
    return a_item(t)
