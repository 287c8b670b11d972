"""15 CFR part 740: license exceptions and the restrictions on all of them."""

from penstock.law.tables import (
    A_SOFTWARE,
    ACA_2024,
    ACM_ITEMS,
    AIA_SUBMISSION_TPP,
    D5_OR_MACAU,
    DESIGNER_CONDITION_ITEMS,
    LPP_5A002_ITEMS,
    LPP_ANNUAL_TPP,
    LPP_ITEMS,
    LPP_PRENOTICE_TPP,
    NAC_END_USERS_MAX,
    NAC_NOTICE_DAYS,
    SECTION_740_2_A_9,
    SUPP5A,
)  # fmt: skip
from penstock.law.us.ear.part744 import part_744_bars
from penstock.law.us.ear.part772 import for_d5_or_macau_headquartered, headquartered_in_supp5a, is_move, linked_to_supp5a
from penstock.law.us.ear.part774 import (
    a_item,
    advanced_computing_item,
    class_is_stated,
    hbm_item,
    nac_aca_item,
    weights_item,
    within_hbm_exception_density,
)
from penstock.rulebook.language import (
    READING,
    Transaction,
    authorization,
    definition,
    duty,
    files,
    given,
    needs,
    stated,
    within,
)  # fmt: skip

# ---- 740.2


@definition("740.2(a)(9)(ii)", by="88-FR-73458")
def restricted_by_740_2_a_9(t: Transaction):
    """To these destinations and to Macau or D:5 headquartered entities only the license exceptions listed may be used."""
    return t.destination.country in SECTION_740_2_A_9 or for_d5_or_macau_headquartered(t)


# ---- 740.8 NAC and ACA


@authorization("NAC", "740.8", by="88-FR-73458")
def nac_2023(t: Transaction):
    """License Exception NAC, before its split: to the Country Group destinations and headquarters, notified where Macau or D:5 is concerned."""
    return [
        needs("740.8(a)", is_move(t), otherwise="activity_not_eligible"),
        needs("740.8(a)", nac_aca_item(t), otherwise="item_not_eligible"),
        needs(
            "740.8(a)",
            t.destination.country in SECTION_740_2_A_9 or needs_notification(t),
            otherwise="destination_not_covered",
        ),
        needs("740.8(b)", not part_744_bars(t), otherwise="part_744"),
        needs(
            "740.8(c)",
            t.documents.nac.response != "license_application_required" or not needs_notification(t),
            otherwise="notification_refused",
        ),
        needs("740.8(c)", notification_in_order(t) or not needs_notification(t), otherwise="paperwork_defective"),
        files("740.8(c)(1)", notified_in_time(t), condition="nac_notification", when=needs_notification(t)),
        files("740.8(d)", t.documents.purchase_order, condition="nac_purchase_order"),
    ]


@definition("740.8(a), (c)", by="88-FR-73458")
def needs_notification(t: Transaction):
    """Exports and reexports to Macau or D:5, or to entities headquartered there, are notified; transfers and other destinations are not."""
    return t.activity.type in ("export", "reexport") and (
        t.destination.country in D5_OR_MACAU or for_d5_or_macau_headquartered(t)
    )


@authorization("NAC", "740.8(a)(1)", by="89-FR-23876", replaces="NAC")
def nac(t: Transaction):
    """License Exception NAC: advanced computing to Macau or D:5, or to entities headquartered there, after notification."""
    return [
        needs("740.8(a)(1)", t.activity.type in ("export", "reexport"), otherwise="activity_not_eligible"),
        needs("740.8(a)", nac_aca_item(t), otherwise="item_not_eligible"),
        needs(
            "740.8(a)(1)",
            t.destination.country in D5_OR_MACAU or for_d5_or_macau_headquartered(t),
            otherwise="destination_not_covered",
        ),
        needs("740.8(b)", not part_744_bars(t), otherwise="part_744"),
        needs("740.8(c)", t.documents.nac.response != "license_application_required", otherwise="notification_refused"),
        needs("740.8(c)", notification_in_order(t), otherwise="paperwork_defective"),
        files("740.8(c)(1)", notified_in_time(t), condition="nac_notification"),
        files("740.8(d)", t.documents.purchase_order, condition="nac_purchase_order"),
    ]


@definition("740.8(c); BIS page on NAC notifications", by="88-FR-73458")
def notification_in_order(t: Transaction):
    """A notification names one end user and no distributor; otherwise it is returned without action."""
    return not (t.documents.nac.end_users > NAC_END_USERS_MAX or t.documents.nac.distributor_party)


@definition("740.8(c)(1)", by="88-FR-73458")
def notified_in_time(t: Transaction):
    """BIS was notified the required number of days before, or has accepted the notification."""
    return given(t.documents.nac.response, "unanswered") == "accepted" or t.on - t.documents.nac.filed_on >= NAC_NOTICE_DAYS


@authorization("ACA", "740.8(a)(2)", by="89-FR-23876")
def aca_2024(t: Transaction):
    """License Exception ACA: advanced computing to D:1 and D:4, and transfers within Macau or D:5 or to entities headquartered there, without notification."""
    return [
        needs("740.8(a)(2)", is_move(t), otherwise="activity_not_eligible"),
        needs("740.8(a)", nac_aca_item(t), otherwise="item_not_eligible"),
        needs(
            "740.8(a)(2)",
            t.destination.country in ACA_2024
            or (
                t.activity.type == "transfer_in_country"
                and (t.destination.country in D5_OR_MACAU or for_d5_or_macau_headquartered(t))
            ),
            otherwise="destination_not_covered",
        ),
        needs(
            "740.8(a)(2)",
            t.activity.type == "transfer_in_country" or t.destination.country not in D5_OR_MACAU,
            otherwise="destination_d5_macau",
        ),
        needs(
            "740.8(a)(2)",
            t.activity.type == "transfer_in_country" or not for_d5_or_macau_headquartered(t),
            otherwise="headquarters_d5_macau",
        ),
        needs("740.8(b)", not part_744_bars(t), otherwise="part_744"),
        files("740.8(d)", t.documents.purchase_order, condition="aca_purchase_order"),
    ]


@authorization("ACA", "740.8(a)(2)", by="90-FR-4544", replaces="ACA")
def aca(t: Transaction):
    """License Exception ACA: worldwide except Macau, D:5 and entities headquartered there, and transfers within those."""
    return [
        needs("740.8(a)(2)", is_move(t), otherwise="activity_not_eligible"),
        needs("740.8(a)", nac_aca_item(t), otherwise="item_not_eligible"),
        needs(
            "740.8(a)(2)",
            transferred_within(t) or t.destination.country not in D5_OR_MACAU,
            otherwise="destination_d5_macau",
        ),
        needs(
            "740.8(a)(2)",
            transferred_within(t) or not for_d5_or_macau_headquartered(t),
            otherwise="headquarters_d5_macau",
        ),
        needs("740.8(b)", not part_744_bars(t), otherwise="part_744"),
        files("740.8(d)", t.documents.purchase_order, condition="aca_purchase_order"),
    ]


@definition("740.8(a)(2)", by="90-FR-4544")
def transferred_within(t: Transaction):
    """The act is a transfer (in-country) within Macau or D:5, which ACA covers besides."""
    return t.activity.type == "transfer_in_country" and t.destination.country in D5_OR_MACAU


# ---- 740.25 HBM


@authorization("HBM", "740.25", by="89-FR-96790")
def hbm_exception(t: Transaction):
    """License Exception HBM: memory below the density limit, packaged at a site owned and operated by an eligible party."""
    return [
        needs("740.25(a)", is_move(t), otherwise="activity_not_eligible"),
        needs("740.25(a)", hbm_item(t), otherwise="item_not_eligible"),
        needs("740.25(a)", within_hbm_exception_density(t), otherwise="density_limit"),
        needs("740.25(b)", t.item.packaging.hbm_site_eligible, otherwise="packaging_site_not_eligible"),
        needs("740.25", not part_744_bars(t), otherwise="part_744"),
    ]


# ---- 740.27 AIA


@definition("740.27(a)(1); 740.28(b) as of 90 FR 5298", by="90-FR-4544")
def designer_acceptable(t: Transaction):
    """Before the due-diligence rule the designer of an integrated circuit did not matter."""
    return True


@definition("740.27(a)(1); 740.28(b) as of 90 FR 5298", by="90-FR-5298", replaces="designer_acceptable")
def designer_acceptable_2025(t: Transaction):
    """Integrated circuits of the named entries must be designed by an approved or authorized IC designer."""
    return t.item.designer.status in ("approved", "authorized") or not needs_designer(t)


@definition("740.27(a)(1); 740.28(b) as of 90 FR 5298", by="90-FR-5298")
def needs_designer(t: Transaction):
    """The item is one of the entries that carry the designer condition."""
    return (
        t.item.eccn in DESIGNER_CONDITION_ITEMS
        if class_is_stated(t)
        else (a_item(t) and t.item.kind not in ("computer", "assembly"))
    )


@definition("740.27(a), (b)(2)(iii)", by="90-FR-4544")
def trains_4e091_for_others(t: Transaction):
    """The chips would train a 4E091 model for a party headquartered outside the Supp. No. 5 to part 740(a) destinations."""
    return (
        "model_training_4e091" in t.end_use.types
        and stated(t.end_use.beneficiary_headquarters)
        and t.end_use.beneficiary_headquarters not in SUPP5A
    )


@definition("740.27(a)", by="90-FR-4544")
def aia_headquarters(t: Transaction):
    """For chips the recipients and their ultimate parents, for weights either of the two, are headquartered in Supp. 5(a)."""
    return (
        linked_to_supp5a(t.parties.ultimate_consignee) and linked_to_supp5a(t.parties.end_user)
        if weights_item(t)
        else headquartered_in_supp5a(t.parties.ultimate_consignee) and headquartered_in_supp5a(t.parties.end_user)
    )


@definition("740.27(a)(1)", by="90-FR-4544")
def aia_commodity(t: Transaction):
    """The item is a commodity of paragraph (a)(1): a .a item that is not software."""
    return a_item(t) and not (stated(t.item.eccn) and t.item.eccn in A_SOFTWARE)


@authorization("AIA", "740.27", by="90-FR-4544", draws="aia_cumulative")
def aia(t: Transaction):
    """License Exception AIA: chips to entities located, headquartered and parented in Supp. 5(a); weights to such entities almost anywhere."""
    return [
        needs("740.27(a)", is_move(t), otherwise="activity_not_eligible"),
        needs("740.27(a)(1), (a)(2)(ii)", a_item(t) or weights_item(t), otherwise="item_not_eligible"),
        needs("740.27(a)", weights_item(t) or t.destination.country in SUPP5A, otherwise="location_not_supp5a"),
        needs(
            "740.27(a)(3)(i)",
            not weights_item(t) or t.destination.country not in D5_OR_MACAU,
            otherwise="destination_d5_macau",
        ),
        needs("740.27(a), (a)(3)", aia_headquarters(t), otherwise="headquarters_not_supp5a"),
        needs("740.27(a)(3)(ii)", not weights_item(t) or t.facility.supp10_14_15_18, otherwise="facility_security"),
        needs("740.27(a)(1)", weights_item(t) or designer_acceptable(t), otherwise="designer_not_approved"),
        needs("740.27(a)", not aia_commodity(t) or not trains_4e091_for_others(t), otherwise="end_use_not_eligible"),
        needs("740.2(a)(9)(ii)", weights_item(t) or not restricted_by_740_2_a_9(t), otherwise="section_740_2_a_9"),
        needs("740.2(a)", not part_744_bars(t), otherwise="part_744"),
        files("740.27(b)(2)", t.documents.aia_certification, condition="aia_certification", when=aia_commodity(t)),
    ]


# ---- 740.28 ACM


@definition("740.28(d)", by="90-FR-4544")
def private_sector_end_user(t: Transaction):
    """The end user is no government and is not wholly owned or controlled by a government other than the United States."""
    return not (t.parties.end_user.kind == "government" or t.parties.end_user.wholly_government_owned)


@authorization("ACM", "740.28", by="90-FR-4544")
def acm(t: Transaction):
    """License Exception ACM: items to private makers and warehouses for goods that go to customers outside Macau and D:5."""
    return [
        needs("740.28(a)", is_move(t), otherwise="activity_not_eligible"),
        needs("740.28(b)", eligible_for_acm(t), otherwise="item_not_eligible"),
        needs("740.28(b)", designer_acceptable(t), otherwise="designer_not_approved"),
        needs("740.28(c)", t.destination.country not in D5_OR_MACAU, otherwise="destination_d5_macau"),
        needs("740.28(c)", not for_d5_or_macau_headquartered(t), otherwise="headquarters_d5_macau"),
        needs("740.28(d)", private_sector_end_user(t), otherwise="end_user_not_private_sector"),
        needs(
            "740.28(a)",
            any(use in ("development", "production", "storage_before_delivery") for use in t.end_use.types),
            otherwise="end_use_not_eligible",
        ),
        needs(
            "740.28(a)",
            all(place not in D5_OR_MACAU for place in t.end_use.onward_destinations),
            otherwise="onward_destination_d5_macau",
        ),
        needs("740.2(a)", not part_744_bars(t), otherwise="part_744"),
    ]


@definition("740.28(b)", by="90-FR-4544")
def eligible_for_acm(t: Transaction):
    """The item is of an entry that ACM names; model weights are not."""
    return t.item.eccn in ACM_ITEMS if stated(t.item.eccn) else advanced_computing_item(t) or hbm_item(t)


# ---- 740.29 LPP


@definition("740.29(b)", by="90-FR-4544")
def eligible_for_lpp(t: Transaction):
    """The commodity is on the LPP list; 5A002.z only under the reading that includes it."""
    return (
        t.item.eccn in LPP_ITEMS or (READING.lpp_5a002 == "included" and t.item.eccn in LPP_5A002_ITEMS)
        if class_is_stated(t)
        else a_item(t)
    )


@definition("740.29(d), (h)(2)", by="90-FR-4544", unit="TPP")
def lpp_calendar_year_balance(t: Transaction):
    """TPP the ultimate parent has received under LPP this calendar year from all exporters."""
    return t.counters.lpp_tpp_received_this_year


@definition("740.29(h)(2)", by="90-FR-4544", unit="TPP")
def lpp_calendar_year_amount(t: Transaction):
    """TPP of this shipment."""
    return t.item.aggregate_tpp


@definition("740.29(d)", by="90-FR-4544", unit="TPP")
def lpp_calendar_year_limit(t: Transaction):
    """TPP a single ultimate consignee may receive in a calendar year."""
    return LPP_ANNUAL_TPP


@definition("740.29(h)(1)", by="90-FR-4544")
def lpp_calendar_year_key(t: Transaction):
    """The ultimate consignee is the ultimate parent with ownership of the items."""
    return given(t.parties.ultimate_consignee.parent_name, t.parties.ultimate_consignee.name)


@authorization("LPP", "740.29", by="90-FR-4544", draws="lpp_calendar_year")
def lpp(t: Transaction):
    """License Exception LPP: low-volume exports and reexports, counted per ultimate parent and calendar year."""
    return [
        needs("740.29(a)", t.activity.type in ("export", "reexport"), otherwise="activity_not_eligible"),
        needs("740.29(b)", eligible_for_lpp(t), otherwise="item_not_eligible"),
        needs("740.29(c)(1)", t.destination.country not in D5_OR_MACAU, otherwise="destination_d5_macau"),
        needs("740.29(c)(2)", not for_d5_or_macau_headquartered(t), otherwise="headquarters_d5_macau"),
        needs(
            "740.2(a)(9)(ii)",
            READING.lpp_740_2_a_9 == "available" or not restricted_by_740_2_a_9(t),
            otherwise="section_740_2_a_9",
        ),
        needs("740.29(d)", lpp_calendar_year_balance(t) < lpp_calendar_year_limit(t), otherwise="quantity_limit_exceeded"),
        within("740.29(d)", "lpp_calendar_year", otherwise="quantity_limit_exceeded"),
        needs("740.29(e)", not part_744_bars(t), otherwise="part_744"),
        files("740.29(f)", t.documents.lpp_certification, condition="lpp_certification"),
    ]


# ---- quota of AIA: a threshold for a paper, not a limit


@definition("740.27(c)", by="90-FR-4544", unit="TPP")
def aia_cumulative_balance(t: Transaction):
    """TPP the ultimate consignee has received under AIA."""
    return t.counters.aia_tpp_cumulative


@definition("740.27(c)", by="90-FR-4544", unit="TPP")
def aia_cumulative_amount(t: Transaction):
    """TPP of this shipment."""
    return t.item.aggregate_tpp


@definition("740.27(b)(1)", by="90-FR-4544")
def aia_cumulative_key(t: Transaction):
    """The ultimate consignee that owns the items."""
    return t.parties.ultimate_consignee.name


# ---- what the exceptions oblige to


@duty("740.8(c)(1)", by="88-FR-73458", of="NAC", deadline_days="-NAC_NOTICE_DAYS", to="BIS")
def nac_notification(t: Transaction):
    """Notify BIS of the export or reexport, with TPP, performance density and data sheet."""
    return needs_notification(t)


@duty("740.8(c)(1)", by="90-FR-4544", of="NAC", deadline_days="-NAC_NOTICE_DAYS", to="BIS", replaces="nac_notification")
def nac_notification_2025(t: Transaction):
    """Notify BIS of the export or reexport, with TPP, performance density, data sheet, memory bandwidth, approvals of the past 12 months and, of a computing cluster, its TPP and users."""
    return True


@duty("740.8(d)", by="88-FR-73458", of="NAC", deadline_days=0, to="own records")
def nac_purchase_order(t: Transaction):
    """Obtain a written purchase order before shipment."""
    return True


@duty("758.1; AES code C67", by="88-FR-73458", of="NAC", deadline_days=0, to="AES")
def aes_code_c67(t: Transaction):
    """File the export with AES license code C67 and the notification number."""
    return needs_notification(t)


@duty("758.1; AES code C68", by="88-FR-73458", of="NAC", deadline_days=0, to="AES")
def aes_code_c68(t: Transaction):
    """File the export with AES license code C68 where no notification is needed."""
    return not needs_notification(t)


@duty("740.8(d)", by="89-FR-23876", of="ACA", deadline_days=0, to="own records")
def aca_purchase_order(t: Transaction):
    """Obtain a written purchase order before shipment."""
    return True


@duty("758.1; AES code C68", by="89-FR-23876", of="ACA", deadline_days=0, to="AES", replaces="aes_code_c68")
def aes_code_c68_2024(t: Transaction):
    """File the export with AES license code C68."""
    return True


@duty("740.27(b)(2)", by="90-FR-4544", of="AIA", deadline_days=0, to="own records")
def aia_certification(t: Transaction):
    """Obtain the certification of the ultimate consignee, once for each consignee."""
    return aia_commodity(t)


@duty("740.27(b)(1)", by="90-FR-4544", of="AIA", deadline_days=0, to="ultimate consignee")
def aia_eccn_notice(t: Transaction):
    """Furnish the ECCN of each item to the ultimate consignee."""
    return a_item(t)


@duty("740.27(b)(3)", by="90-FR-4544", of="AIA", deadline_days=0, to="ultimate consignee")
def aia_shipment_notice(t: Transaction):
    """Notify the ultimate consignee in writing that the shipment is made under License Exception AIA."""
    return a_item(t)


@duty("740.27(c)", by="90-FR-4544", of="AIA", deadline_days=0, to="BIS")
def aia_submit_certification_to_bis(t: Transaction):
    """Submit the certification to BIS before the shipment with which the consignee reaches the cumulative TPP."""
    return aia_commodity(t) and t.counters.aia_tpp_cumulative + t.item.aggregate_tpp >= AIA_SUBMISSION_TPP


@duty("740.28(e)", by="90-FR-4544", of="ACM", interval_months="ACM_ACCOUNTING_MONTHS", to="own records")
def acm_accounting(t: Transaction):
    """Account for the items moved to and out of each facility."""
    return True


@duty("740.29(f)", by="90-FR-4544", of="LPP", deadline_days=0, to="own records")
def lpp_certification(t: Transaction):
    """Obtain the certification of the ultimate consignee before use of the license exception."""
    return True


@duty("740.29(g)(1)", by="90-FR-4544", of="LPP", deadline_days="LPP_COPY_DAYS", to="BIS")
def lpp_copy_to_bis(t: Transaction):
    """Send BIS a copy of the certification."""
    return True


@duty("740.29(g)(3)", by="90-FR-4544", of="LPP", deadline_days=0, to="BIS")
def lpp_prenotice(t: Transaction):
    """Notify BIS before a shipment of this aggregate TPP."""
    return t.item.aggregate_tpp >= LPP_PRENOTICE_TPP


@duty("740.29(g)(2)", by="90-FR-4544", of="LPP", event="receipt", deadline_days=0, to="BIS")
def lpp_consignee_limit_notice(t: Transaction):
    """The ultimate consignee notifies BIS on receipt of the shipment that exhausts its annual limit."""
    return t.counters.lpp_tpp_received_this_year + t.item.aggregate_tpp >= LPP_ANNUAL_TPP


# ---- open points


@definition("740.2(a)(9)(ii); 740.29(c)", by="90-FR-4544")
def point_o1(t: Transaction):
    """LPP would be open by 740.29(c) and is barred by the list in 740.2(a)(9)(ii)."""
    return (
        t.activity.type in ("export", "reexport")
        and eligible_for_lpp(t)
        and t.destination.country in SECTION_740_2_A_9
        and t.destination.country not in D5_OR_MACAU
        and not for_d5_or_macau_headquartered(t)
    )


@definition("740.29(b), (f)(iii), (h)(2)", by="90-FR-4544")
def point_o2(t: Transaction):
    """The item is a 5A002.z commodity that 740.29(b) omits."""
    return stated(t.item.eccn) and t.item.eccn in LPP_5A002_ITEMS
