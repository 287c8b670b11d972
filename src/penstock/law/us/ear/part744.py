"""15 CFR part 744: end-user and end-use controls."""

from penstock.law.tables import (
    AFFILIATE_SHARE,
    AFFILIATES_STAY_LAST_DAY,
    CATEGORY_3_B_TO_E,
    CHIP_END_USE_PLACES,
    D5_OR_MACAU,
    MILITARY_END_USE_ANY_ITEM,
    MILITARY_END_USE_ITEMS,
    MILITARY_END_USE_LISTED_ITEMS,
    MILITARY_INTELLIGENCE_COUNTRIES,
    OFF_THE_CONTROL_LIST,
    SUPERCOMPUTER_ITEMS,
    TRANSACTION_PARTIES,
    US_PERSONS_2022_FROM,
)  # fmt: skip
from penstock.law.us.ear.part734 import listed_chip_designer, listed_fabricator, listed_huawei
from penstock.law.us.ear.part742 import moves_subject_item
from penstock.law.us.ear.part772 import for_d5_or_macau_headquartered, headquartered_in_d5_or_macau, is_move, knows
from penstock.law.us.ear.part774 import hbm_item, weights_item
from penstock.rulebook.language import (
    Party,
    Transaction,
    asserted,
    definition,
    given,
    heading,
    requirement,
    review,
    stated,
    unless_stated,
)

# ---- end uses


@definition("744.6; 744.22; 744.23", by="EAR")
def end_use_place(t: Transaction):
    """Where the end use takes place: as stated, else the destination."""
    return given(t.end_use.location_country, t.destination.country)


@definition("744.2; 744.3; 744.4", by="EAR")
def known_wmd_end_use(t: Transaction):
    """Knowledge of a nuclear, missile, chemical or biological weapons end use."""
    return knows(t) and "wmd" in t.end_use.types


@definition("744.22; BIS policy statement 2025-05-13", by="EAR")
def known_military_intelligence_end_use(t: Transaction):
    """Knowledge of a military-intelligence end use in the named countries, or for a party headquartered there, a customer of IaaS included, wherever it is located."""
    return (
        knows(t)
        and "military_intelligence" in t.end_use.types
        and (
            t.destination.country in MILITARY_INTELLIGENCE_COUNTRIES
            or end_use_place(t) in MILITARY_INTELLIGENCE_COUNTRIES
            or given(t.end_use.beneficiary_headquarters, t.parties.end_user.headquarters) in MILITARY_INTELLIGENCE_COUNTRIES
            or (
                not stated(t.end_use.beneficiary_headquarters)
                and t.parties.iaas_customer.headquarters in MILITARY_INTELLIGENCE_COUNTRIES
            )
        )
    )


@definition("744.23(a)(2)(i)", by="87-FR-62186")
def known_advanced_node_production(t: Transaction):
    """Knowledge of integrated-circuit production at a Macau or D:5 facility where advanced-node production occurs."""
    return (
        knows(t)
        and "advanced_node_ic_production" in t.end_use.types
        and end_use_place(t) in CHIP_END_USE_PLACES
        and t.facility.advanced_node
    )


@definition("744.23(a)(2)(ii)", by="87-FR-62186")
def known_unknown_node(t: Transaction):
    """Knowledge of integrated-circuit production in Macau or D:5 at an unknown node."""
    return knows(t) and "ic_production_node_unknown" in t.end_use.types and end_use_place(t) in CHIP_END_USE_PLACES


@definition("744.23(a)(2)(ii)", by="87-FR-62186")
def known_production_at_unknown_node(t: Transaction):
    """Knowledge that Category 3 equipment, materials, software or technology is for integrated-circuit production in Macau or D:5 at an unknown node."""
    return (
        known_unknown_node(t)
        and heading(asserted(t.item.eccn)) in CATEGORY_3_B_TO_E
        and (entry_is_asserted(t) or may_be_item_for_unknown_node(t))
    )


@definition("744.23(a)(1)", by="87-FR-62186")
def known_supercomputer(t: Transaction):
    """Knowledge of a supercomputer in Macau or D:5."""
    return knows(t) and "supercomputer" in t.end_use.types and end_use_place(t) in CHIP_END_USE_PLACES


@definition("744.21(a)(1)", by="EAR")
def known_military_end_use_in_listed_country(t: Transaction):
    """Knowledge of a military end use or end user in the countries in which listed items need a license for it."""
    return (
        knows(t)
        and "military" in t.end_use.types
        and (t.destination.country in MILITARY_END_USE_LISTED_ITEMS or end_use_place(t) in MILITARY_END_USE_LISTED_ITEMS)
    )


# ---- entries for which an end use is controlled: the parameters of an item do not tell which of them it is in


@definition("744.21(a)(1); 744.23(a)(1), (a)(2)(ii)", by="EAR")
def entry_is_asserted(t: Transaction):
    """An entry, or EAR99, is asserted of the item; none only says that it is no advanced computing item or model weights."""
    return stated(t.item.eccn) and t.item.eccn != "none"


@definition("744.23(a)(1)", by="87-FR-62186")
def may_be_supercomputer_item(t: Transaction):
    """No entry is asserted, and the item is not stated to be something else than a circuit or computer, or memory of 3A090.c."""
    return not entry_is_asserted(t) and not unless_stated(
        t.item.kind in ("model_weights", "technology", "software", "semiconductor_manufacturing_equipment") or hbm_item(t)
    )


@definition("744.23(a)(2)(ii)", by="87-FR-62186")
def may_be_item_for_unknown_node(t: Transaction):
    """No entry is asserted, and the item is not stated to be a circuit, computer or model, of which there are none in Category 3 B to E."""
    return not entry_is_asserted(t) and not unless_stated(
        t.item.kind in ("integrated_circuit", "computer", "assembly", "hbm", "model_weights")
    )


@definition("744.21(a)(1); Supp. No. 2 to part 744", by="EAR")
def may_be_listed_military_item(t: Transaction):
    """No entry is asserted, and the item is not shown to be memory of 3A090.c or weights of 4E091, which are not listed."""
    return not entry_is_asserted(t) and not unless_stated(hbm_item(t) or weights_item(t))


@definition("744.21(a)(1); 744.23(a)(1), (a)(2)(ii)", by="EAR", shown="scope")
def entry_decides_end_use(t: Transaction):
    """The end use is controlled for items of named entries and none is asserted: assert the ECCN. Parameters only tell whether an item is an advanced computing item, memory of 3A090.c or model weights."""
    return (moves_subject_item(t) or t.activity.us_person) and (
        (known_supercomputer(t) and may_be_supercomputer_item(t))
        or (known_unknown_node(t) and may_be_item_for_unknown_node(t))
        or (known_military_end_use_in_listed_country(t) and may_be_listed_military_item(t))
    )


@definition("744.6(c)(2)", by="87-FR-62186")
def supports_circuit_production(t: Transaction):
    """US persons support integrated-circuit production in Macau or D:5 of an advanced or unknown node, from the day of the rule."""
    return t.on >= US_PERSONS_2022_FROM and (known_advanced_node_production(t) or known_production_at_unknown_node(t))


@definition("BIS policy statement 2025-05-13", by="training-statement-2025-05-13", shown="guidance")
def trains_for_d5_or_macau(t: Transaction):
    """Training a model for a party headquartered in Macau or D:5 needs no license by itself; with knowledge of a weapons or military-intelligence end use or end user it does, also through IaaS abroad or a transfer in-country."""
    return any(use in ("commercial_ai_training", "model_training_4e091", "model_fine_tuning") for use in t.end_use.types) and (
        t.end_use.beneficiary_headquarters in D5_OR_MACAU
        or for_d5_or_macau_headquartered(t)
        or headquartered_in_d5_or_macau(t.parties.iaas_customer)
    )


@requirement("744.2; 744.3; 744.4", by="EAR", prohibition="listed")
def wmd(t: Transaction):
    """A license is required for any item with knowledge of a weapons-of-mass-destruction end use."""
    return moves_subject_item(t) and known_wmd_end_use(t)


@requirement("744.22", by="EAR", prohibition="listed")
def military_intelligence(t: Transaction):
    """A license is required for any item with knowledge of a military-intelligence end use or end user."""
    return moves_subject_item(t) and known_military_intelligence_end_use(t)


@requirement("744.21", by="EAR")
def military_end_use(t: Transaction):
    """A license is required for listed items, and in some countries for any item, for a military end use or end user, and wherever a party is a listed military end user, EAR99 items excepted."""
    return moves_subject_item(t) and (
        (
            knows(t)
            and "military" in t.end_use.types
            and (t.destination.country in MILITARY_END_USE_ANY_ITEM or end_use_place(t) in MILITARY_END_USE_ANY_ITEM)
        )
        or (
            known_military_end_use_in_listed_country(t)
            and heading(asserted(t.item.eccn)) in MILITARY_END_USE_ITEMS
            and (entry_is_asserted(t) or may_be_listed_military_item(t))
        )
        or (any_party_on_meu_list(t) and t.item.eccn not in OFF_THE_CONTROL_LIST)
    )


@requirement("744.23(a)(1)", by="87-FR-62186", prohibition="listed")
def supercomputer(t: Transaction):
    """A license is required for the named circuits and computers with knowledge of a supercomputer in Macau or D:5."""
    return (
        moves_subject_item(t)
        and known_supercomputer(t)
        and heading(asserted(t.item.eccn)) in SUPERCOMPUTER_ITEMS
        and (entry_is_asserted(t) or may_be_supercomputer_item(t))
    )


@requirement("744.23(a)(2)", by="87-FR-62186", prohibition="listed")
def advanced_node(t: Transaction):
    """A license is required for any item for advanced-node production in Macau or D:5; for Category 3 items also where the node is unknown."""
    return moves_subject_item(t) and (known_advanced_node_production(t) or known_production_at_unknown_node(t))


@requirement("744.6(b), (c)", by="EAR", prohibition="listed")
def us_person_support(t: Transaction):
    """US persons may not support these end uses without a license, even where no item moves."""
    return (
        t.activity.type in ("us_person_support", "iaas", "dealing", "ongoing_use")
        and t.activity.us_person
        and (known_wmd_end_use(t) or known_military_intelligence_end_use(t) or supports_circuit_production(t))
    )


@definition("744.6(b)(6), (c)(2)", by="EAR", shown="scope")
def us_person_moves_what_is_outside_the_ear(t: Transaction):
    """A US person ships or transfers an item that is not subject to the EAR for an end use that US persons may not support: that is support, which needs a license. Ask it as us_person_support."""
    return (
        is_move(t)
        and t.activity.us_person
        and not t.item.subject_to_ear
        and (known_wmd_end_use(t) or known_military_intelligence_end_use(t) or supports_circuit_production(t))
    )


@requirement("744.23(b); letter to the addressee", by="is-informed")
def is_informed(t: Transaction):
    """A license is required of whom BIS has individually informed, for China, Macau, D:5 and parties headquartered there."""
    return (
        moves_subject_item(t)
        and t.activity.is_informed_notice
        and (t.destination.country in D5_OR_MACAU or for_d5_or_macau_headquartered(t))
    )


# ---- parties


@definition("744.11", by="EAR")
def on_entity_list(p: Party):
    """The party is on the Entity List."""
    return "entity_list" in p.lists


@definition("744.11(a)", by="EAR")
def any_party_on_entity_list(t: Transaction):
    """A purchaser, intermediate consignee, ultimate consignee or end user is on the Entity List."""
    return any(on_entity_list(p) for p in TRANSACTION_PARTIES)


@definition("744.21(b); Supp. No. 7 to part 744", by="EAR")
def any_party_on_meu_list(t: Transaction):
    """A purchaser, intermediate consignee, ultimate consignee or end user is on the Military End-User List."""
    return any("meu_list" in p.lists for p in TRANSACTION_PARTIES)


@definition("744.21(b); Supp. No. 7 to part 744", by="EAR", shown="party lists")
def listed_military_end_user(t: Transaction):
    """A party is on the Military End-User List: items of Supp. No. 2 to part 744 need a license for it, wherever it is. Every item on the Commerce Control List is treated as one here: compare it with the supplement."""
    return any_party_on_meu_list(t)


@definition("744.11(a)(2)(i); Supp. No. 4 to part 744", by="EAR", shown="party lists")
def footnote_1_effect(t: Transaction):
    """Footnote 1 (Huawei): the license requirement also reaches foreign-made direct products of listed US technology, software or plants (734.9(e)(1))."""
    return any(listed_huawei(p) for p in TRANSACTION_PARTIES)


@definition("744.11(a)(2)(ii); Supp. No. 4 to part 744", by="87-FR-62186", shown="party lists")
def footnote_4_effect(t: Transaction):
    """Footnote 4 (AI chips, supercomputers): the license requirement also reaches foreign-made direct products of listed US technology, software or plants (734.9(e)(2))."""
    return any(listed_chip_designer(p) for p in TRANSACTION_PARTIES)


@definition("744.11(a)(2)(v); Supp. No. 4 to part 744", by="89-FR-96790", shown="party lists")
def footnote_5_effect(t: Transaction):
    """Footnote 5 (advanced-node fabricators): the license requirement also reaches foreign-made semiconductor equipment that is a direct product (734.9(e)(3))."""
    return any(listed_fabricator(p) for p in TRANSACTION_PARTIES)


@definition("736.2(b)(4); 764.3(a)(2)", by="EAR", shown="party lists")
def denied_person_is_a_party(t: Transaction):
    """A party is under a denial order: check the order, which may forbid any part in a transaction subject to the EAR. Not judged here."""
    return any("denied_persons" in p.lists for p in TRANSACTION_PARTIES)


@definition("744.8", by="EAR", shown="party lists")
def blocked_person_is_a_party(t: Transaction):
    """A party is blocked under a sanctions program that 744.8 names: items subject to the EAR need a license for it. Not judged here."""
    return any("sdn_744_8" in p.lists for p in TRANSACTION_PARTIES)


@definition("744.15; 740.2(a)(17)", by="EAR", shown="party lists")
def unverified_party(t: Transaction):
    """A party is on the Unverified List: no license exception may be used, and a statement is needed where no license is."""
    return any("unverified_list" in p.lists for p in TRANSACTION_PARTIES)


@requirement("744.11(a)", by="EAR", prohibition="listed")
def entity_list(t: Transaction):
    """A license is required for items subject to the EAR when a party to the transaction is on the Entity List."""
    return moves_subject_item(t) and any_party_on_entity_list(t)


@definition("744.11; 90 FR 47201", by="90-FR-47201")
def foreign_party(p: Party):
    """The party is not a US entity: as stated, else by its country."""
    return not p.us_entity if stated(p.us_entity) else p.country != "US"


@definition("744.11; 90 FR 47201", by="90-FR-47201")
def owned_by_listed(p: Party):
    """Listed parties own the party, in aggregate, at or above the limit."""
    return sum(  # an owner whose lists are not given counts as far as its share goes
        o.share for o in p.owners if not unless_stated(not any(name in ("entity_list", "meu_list", "sdn_744_8") for name in o.lists))
    ) >= AFFILIATE_SHARE and sum(
        o.share for o in p.owners if any(name in ("entity_list", "meu_list", "sdn_744_8") for name in o.lists)
    ) >= AFFILIATE_SHARE  # fmt: skip


@definition("744.11; 90 FR 47201", by="90-FR-47201")
def restricted_through_owners(p: Party):
    """The party is foreign and takes on the restrictions of the listed parties that own it."""
    return foreign_party(p) and owned_by_listed(p)


@requirement("744.11; 90 FR 47201", by="90-FR-47201")
def affiliates(t: Transaction):
    """A license is required when listed parties own a foreign party to the transaction at or above the limit, in aggregate."""
    return moves_subject_item(t) and any(restricted_through_owners(p) for p in TRANSACTION_PARTIES)


@definition("740.2(a); 744.11(a); 744.15(b)", by="EAR")
def part_744_bars(t: Transaction):
    """A part 744 requirement other than the headquarters rule binds, or a party is on the Unverified List, so that no license exception is available."""
    return (
        entity_list(t)
        or unverified_party(t)
        or affiliates(t)
        or military_end_use(t)
        or military_intelligence(t)
        or wmd(t)
        or supercomputer(t)
        or advanced_node(t)
        or is_informed(t)
    )


# ---- review


@definition("744.11(a); 90 FR 47201", by="EAR")
def restricted_by_an_entry(p: Party):
    """The party is on the Entity List, or takes on the restrictions of listed owners."""
    return on_entity_list(p) or restricted_through_owners(p)


@definition("744.11(a)", by="EAR")
def entry_says_policy_of_denial(p: Party):
    """The entry that restricts the party prints a policy of denial."""
    return stated(p.entity_list_review_policy) and p.entity_list_review_policy == "policy_of_denial" and restricted_by_an_entry(p)


@definition("744.11(a)", by="EAR")
def entry_says_presumption_of_denial(p: Party):
    """The entry that restricts the party prints a presumption of denial."""
    return (
        stated(p.entity_list_review_policy)
        and p.entity_list_review_policy == "presumption_of_denial"
        and restricted_by_an_entry(p)
    )


@definition("744.11(a)", by="EAR")
def entry_not_read(p: Party):
    """The party is restricted by an entry whose printed policy is not given."""
    return not stated(p.entity_list_review_policy) and restricted_by_an_entry(p)


@review("Supp. No. 4 to part 744", by="EAR", of=["entity_list", "affiliates"], policy="policy_of_denial", order=10)
def entry_policy_of_denial(t: Transaction):
    """A listed party's entry prints a policy of denial."""
    return any(entry_says_policy_of_denial(p) for p in TRANSACTION_PARTIES)


@review("Supp. No. 4 to part 744", by="EAR", of=["entity_list", "affiliates"], policy="presumption_of_denial", order=20)
def entry_presumption_of_denial(t: Transaction):
    """A listed party's entry prints a presumption of denial."""
    return any(entry_says_presumption_of_denial(p) for p in TRANSACTION_PARTIES)


@review("Supp. No. 4 to part 744", by="EAR", of=["entity_list", "affiliates"], policy="per_entity_list_entry", order=30)
def entry_policy_not_given(t: Transaction):
    """A listed party's entry has to be read for its policy."""
    return any(entry_not_read(p) for p in TRANSACTION_PARTIES)


@review("Supp. No. 4 to part 744", by="EAR", of=["entity_list", "affiliates"], policy="case_by_case", order=90)
def entry_case_by_case(t: Transaction):
    """Every listed party's entry prints case-by-case review."""
    return True


@review("744.2(d); 744.6(e); 744.21(e); 744.22(d); 744.23(d)", by="EAR", policy="presumption_of_denial", order=90,
        of=["wmd", "military_intelligence", "military_end_use", "us_person_support"])  # fmt: skip
def denial_end_use(t: Transaction):
    """Presumption of denial."""
    return True


@review("744.23(d)", by="87-FR-62186", policy="presumption_of_denial", order=90, of=["supercomputer", "advanced_node"])
def denial_744_23(t: Transaction):
    """Presumption of denial."""
    return True


@review("letter to the addressee", by="is-informed", of=["is_informed"], policy="none_stated", order=90)
def policy_of_the_letter(t: Transaction):
    """The letter states the policy, if any."""
    return True


# ---- guidance


@definition("BIS guidance 2026-05-31", by="hq-guidance-2026-05-31", shown="guidance")
def running_data_center(t: Transaction):
    """A bona fide data center operator headquartered in Macau or D:5 need not stop using, storing, servicing or disposing of items it holds, until further notice; new supply needs a license."""
    return t.activity.type == "ongoing_use" and (
        (headquartered_in_d5_or_macau(t.parties.operator) and t.parties.operator.bona_fide_data_center_operator)
        or (headquartered_in_d5_or_macau(t.parties.end_user) and t.parties.end_user.bona_fide_data_center_operator)
    )


# ---- open points


@definition("90 FR 50857", by="90-FR-50857")
def point_o10(t: Transaction):
    """Whether the stay of the Affiliates rule was extended past its last day is unverified."""
    return t.on > AFFILIATES_STAY_LAST_DAY and affiliates(t)
