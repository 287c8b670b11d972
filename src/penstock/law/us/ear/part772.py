"""15 CFR part 772 and general terms: who and what the other parts speak of."""

from penstock.law.tables import D5_OR_MACAU, SUPP5A
from penstock.law.us.ear.part774 import a_item
from penstock.rulebook.language import Party, Transaction, definition


@definition("734.13; 734.14; 734.16", by="EAR")
def is_move(t: Transaction):
    """The act is an export, reexport or transfer (in-country) of an item; what changes hands within the United States is none of them."""
    return t.activity.type in ("export", "reexport") or (
        t.activity.type == "transfer_in_country" and t.destination.country != "US"
    )


@definition("734.13(a)(2); 734.14(a)(2)", by="EAR")
def is_deemed(t: Transaction):
    """The act is a deemed export or deemed reexport: a release to a foreign person."""
    return t.activity.type in ("deemed_export", "deemed_reexport")


@definition("772.1", by="EAR", shown="knowledge")
def aware_of_high_probability(t: Transaction):
    """Knowledge includes awareness of a high probability that a circumstance exists or will occur."""
    return "high_probability" in t.end_use.knowledge_basis


@definition("772.1", by="EAR", shown="knowledge")
def willfully_blind(t: Transaction):
    """Awareness of a high probability is inferred from conscious disregard or willful avoidance of facts."""
    return any(basis in ("conscious_disregard", "willful_avoidance") for basis in t.end_use.knowledge_basis)


@definition("772.1", by="EAR")
def knows(t: Transaction):
    """Knowledge: actual, awareness of a high probability, or inferred from conscious disregard or willful avoidance."""
    return t.end_use.knowledge or "actual" in t.end_use.knowledge_basis or aware_of_high_probability(t) or willfully_blind(t)


@definition("742.6(a)(6); 744.23(a)(3)", by="EAR")
def headquartered_in_d5_or_macau(p: Party):
    """The party is headquartered in, or its ultimate parent is headquartered in, Macau or Country Group D:5."""
    return p.headquarters in D5_OR_MACAU or p.parent_headquarters in D5_OR_MACAU


@definition("742.6(a)(6); 744.23(a)(3)", by="EAR")
def for_d5_or_macau_headquartered(t: Transaction):
    """The ultimate consignee or the end user is headquartered, or ultimately parented, in Macau or Country Group D:5."""
    return headquartered_in_d5_or_macau(t.parties.ultimate_consignee) or headquartered_in_d5_or_macau(t.parties.end_user)


@definition("742.6(b)(10)", by="EAR")
def to_d5_or_macau_or_headquartered(t: Transaction):
    """The item goes to Macau or Country Group D:5, or to a party headquartered or ultimately parented there."""
    return t.destination.country in D5_OR_MACAU or for_d5_or_macau_headquartered(t)


@definition("740.27(a)", by="90-FR-4544")
def headquartered_in_supp5a(p: Party):
    """The party and its ultimate parent are both headquartered in Supp. No. 5 to part 740(a) destinations."""
    return p.headquarters in SUPP5A and p.parent_headquarters in SUPP5A


@definition("742.6(b)(10)(iii)(A)(2)", by="90-FR-4544")
def linked_to_supp5a(p: Party):
    """The party or its ultimate parent is headquartered in a Supp. No. 5 to part 740(a) destination."""
    return p.headquarters in SUPP5A or p.parent_headquarters in SUPP5A


@definition("Supp. No. 5 to part 740", by="90-FR-4544")
def destination_has_allocation(t: Transaction):
    """The destination is neither a Supp. No. 5 to part 740(a) destination nor Macau or Country Group D:5."""
    return t.destination.country not in SUPP5A and t.destination.country not in D5_OR_MACAU


@definition("742.6(b)(10)(iii)(A)(2), (B)", by="90-FR-4544")
def approval_and_allocation_overlap(t: Transaction):
    """The approval paragraph and the allocation paragraph both fit, by location and by headquarters."""
    return (
        not to_d5_or_macau_or_headquartered(t)
        and (t.destination.country in SUPP5A or linked_to_supp5a(t.parties.ultimate_consignee))
        and (destination_has_allocation(t) or not headquartered_in_supp5a(t.parties.ultimate_consignee))
    )


# ---- open points: where the text leaves a question and a decided reading answered it


@definition("Supp. No. 1 to part 740, note to Country Group D:5", by="state-kh-2025-11-07")
def headquartered_in_cambodia(p: Party):
    """The party, or its ultimate parent, is headquartered in Cambodia."""
    return p.headquarters == "KH" or p.parent_headquarters == "KH"


@definition("Supp. No. 1 to part 740, note to Country Group D:5", by="state-kh-2025-11-07")
def point_o9(t: Transaction):
    """Cambodia had left 22 CFR 126.1 but the conforming rule had not been published."""
    return (
        t.destination.country == "KH"
        or headquartered_in_cambodia(t.parties.ultimate_consignee)
        or headquartered_in_cambodia(t.parties.end_user)
        or t.end_use.location_country == "KH"
        or "KH" in t.end_use.onward_destinations
        or t.item.designer.headquarters == "KH"
        or t.item.designer.parent_headquarters == "KH"
        or t.item.packaging.country == "KH"
    )


@definition("742.6(b)(10)(iii)(A)(2), (B)", by="90-FR-4544")
def point_o3(t: Transaction):
    """The approval paragraph and the allocation paragraph overlap."""
    return a_item(t) and approval_and_allocation_overlap(t)
