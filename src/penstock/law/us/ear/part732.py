"""15 CFR part 732, Supp. No. 3, and the diversion guidance of 2025-05-13: red flags that facts raise by themselves.

Every flag with its question stands in ``data/red_flags.yaml``; here is what raises one without being asked.
"""

from penstock.law.tables import CONTROLS_BEGAN, CUSTOMERS, SUPP5A, TRANSACTION_PARTIES
from penstock.law.us.ear.part774 import a_item
from penstock.rulebook.language import Party, Transaction, definition, denied, flag, stated


@flag("KYC-09", "Supp. No. 3 to part 732, red flag 9", by="EAR")
def freight_forwarder_at_the_end(t: Transaction):
    """A freight forwarder is the ultimate consignee or the end user."""
    return t.parties.ultimate_consignee.kind == "freight_forwarder" or t.parties.end_user.kind == "freight_forwarder"


@flag("KYC-21", "Supp. No. 3 to part 732, red flag 21", by="89-FR-96790")
def party_not_identified(t: Transaction):
    """The ultimate owner or user of the item is unknown."""
    return any(denied(p.identified) for p in TRANSACTION_PARTIES) or denied(t.parties.iaas_customer.identified)


@flag("KYC-27", "Supp. No. 3 to part 732, red flag 27", by="89-FR-96790")
def connected_to_advanced_fab(t: Transaction):
    """The facility is physically connected to one where advanced-node circuits are made."""
    return t.facility.connected_to_advanced_node_fab


@flag("KYC-28", "Supp. No. 3 to part 732, red flag 28", by="90-FR-4544")
def trains_4e091_for_outsider(t: Transaction):
    """IaaS is provided to train a 4E091 model for a party headquartered or parented outside Supp. 5(a)."""
    return (
        t.activity.type == "iaas"
        and "model_training_4e091" in t.end_use.types
        and stated(t.parties.iaas_customer)
        and not (t.parties.iaas_customer.headquarters in SUPP5A and t.parties.iaas_customer.parent_headquarters in SUPP5A)
    )


@definition("Supp. No. 3 to part 732, red flag 29", by="90-FR-47201")
def has_listed_owner(p: Party):
    """A listed party is among the owners, at whatever share."""
    return stated(p.owners) and any(any(name in ("entity_list", "meu_list", "sdn_744_8") for name in o.lists) for o in p.owners)


@flag("KYC-29", "Supp. No. 3 to part 732, red flag 29", by="90-FR-47201")
def listed_owner(t: Transaction):
    """A party to the transaction has a listed owner."""
    return any(has_listed_owner(p) for p in TRANSACTION_PARTIES)


# ---- BIS guidance to prevent diversion, 2025-05-13: items at the .a level


@definition("BIS guidance 2025-05-13 on diversion", by="diversion-guidance-2025-05-13")
def new_customer(p: Party):
    """The party first ordered advanced computing circuits after the controls began."""
    return p.first_advanced_ic_order_on > CONTROLS_BEGAN


@flag("ADV-01", "BIS guidance 2025-05-13 on diversion", by="diversion-guidance-2025-05-13")
def first_order_after_controls(t: Transaction):
    """A customer appears only after the controls began."""
    return a_item(t) and any(new_customer(p) for p in CUSTOMERS)


@flag("ADV-02", "BIS guidance 2025-05-13 on diversion", by="diversion-guidance-2025-05-13")
def residential_address(t: Transaction):
    """A customer's address is residential."""
    return a_item(t) and any(p.address_type == "residential" for p in CUSTOMERS)


@flag("ADV-03", "BIS guidance 2025-05-13 on diversion", by="diversion-guidance-2025-05-13")
def little_online_presence(t: Transaction):
    """A customer has little or no online presence."""
    return a_item(t) and any(p.online_presence in ("minimal", "none") for p in CUSTOMERS)


@flag("ADV-04", "BIS guidance 2025-05-13 on diversion", by="diversion-guidance-2025-05-13")
def shared_address(t: Transaction):
    """A customer shares an address with a listed party."""
    return a_item(t) and any(p.address_shared_with_listed for p in CUSTOMERS)


@flag("ADV-07", "BIS guidance 2025-05-13 on diversion", by="diversion-guidance-2025-05-13")
def no_capacity(t: Transaction):
    """The data center cannot show power, cooling and space for the order."""
    return a_item(t) and denied(t.facility.capacity_confirmed)


@flag("ADV-08", "BIS guidance 2025-05-13 on diversion", by="diversion-guidance-2025-05-13")
def users_not_confirmed(t: Transaction):
    """The operator will not confirm that its IaaS users are not headquartered in Macau or D:5."""
    return a_item(t) and (
        any(denied(p.iaas_users_headquarters_confirmed) for p in CUSTOMERS)
        or denied(t.parties.operator.iaas_users_headquarters_confirmed)
    )


# ---- due diligence of the same guidance: what the facts show done


@definition("BIS guidance 2025-05-13 on diversion", by="diversion-guidance-2025-05-13", shown="check")
def set_up_is_known(t: Transaction):
    """It is stated since when the customer has ordered advanced computing circuits."""
    return stated(t.parties.ultimate_consignee.first_advanced_ic_order_on)


@definition("BIS guidance 2025-05-13 on diversion", by="diversion-guidance-2025-05-13", shown="check")
def ownership_is_traced(t: Transaction):
    """Headquarters, and those of the ultimate parent, are stated for the ultimate consignee and the end user."""
    return (
        stated(t.parties.ultimate_consignee.headquarters)
        and stated(t.parties.ultimate_consignee.parent_headquarters)
        and stated(t.parties.end_user.headquarters)
        and stated(t.parties.end_user.parent_headquarters)
    )


@definition("BIS guidance 2025-05-13 on diversion", by="diversion-guidance-2025-05-13", shown="check")
def parties_are_screened(t: Transaction):
    """A screening result is stated for the ultimate consignee and the end user."""
    return stated(t.parties.ultimate_consignee.lists) and stated(t.parties.end_user.lists)


@definition("BIS guidance 2025-05-13 on diversion", by="diversion-guidance-2025-05-13", shown="check")
def capacity_is_checked(t: Transaction):
    """Power, cooling and space for the order are confirmed."""
    return t.facility.capacity_confirmed


@definition("BIS guidance 2025-05-13 on diversion", by="diversion-guidance-2025-05-13", shown="check")
def users_are_known(t: Transaction):
    """It is confirmed that the users of its IaaS are not headquartered in Macau or D:5."""
    return (
        t.parties.ultimate_consignee.iaas_users_headquarters_confirmed
        or t.parties.end_user.iaas_users_headquarters_confirmed
        or t.parties.operator.iaas_users_headquarters_confirmed
    )
