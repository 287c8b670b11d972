"""15 CFR part 734: what is subject to the EAR."""

from penstock.law.tables import (
    ADVANCED_COMPUTING_SCOPE,
    CATEGORY_3_B,
    CHINA_2022,
    D5_OR_MACAU,
    DE_MINIMIS_EMBARGOED_ABOVE,
    DE_MINIMIS_NONE_ITEMS,
    DE_MINIMIS_SHARE_ABOVE,
    DIRECT_PRODUCT_2022_FROM,
    DIRECT_PRODUCT_SME_ITEMS,
    DIRECT_PRODUCT_TECHNOLOGY,
    E1,
    E2,
    FOOTNOTE_CHIP_DESIGNERS,
    FOOTNOTE_FABRICATORS,
    FOOTNOTE_HUAWEI,
    TRANSACTION_PARTIES,
)  # fmt: skip
from penstock.law.us.ear.part772 import for_d5_or_macau_headquartered, is_deemed, is_move
from penstock.law.us.ear.part774 import advanced_computing_item, weights_item
from penstock.rulebook.language import Party, Transaction, definition, given, heading, stated, unless_stated


@definition("734.7; 734.3(b)(3)", by="EAR", shown="scope")
def published(t: Transaction):
    """Published weights, and the act of intentional publication, are outside the EAR; an asserted 4E091 is not published."""
    return t.activity.type == "publication" or (
        t.item.kind == "model_weights"
        and (unless_stated(t.item.weights_published) or (not stated(t.item.eccn) and t.item.weights_published))
    )


@definition("734.9", by="EAR")
def reached_by_foreign_direct_product_rule(t: Transaction):
    """A foreign-produced item is reached as a direct product, or as weights made on a controlled cluster."""
    return (t.item.kind == "model_weights" and t.item.produced_on_controlled_cluster) or (
        t.item.kind != "model_weights" and t.item.direct_product
    )


@definition("734.3; 734.9", by="EAR", computes="item.subject_to_ear")
def subject_to_the_ear(t: Transaction):
    """Items in or from the United States, US-made items anywhere, and foreign items that the direct-product rules or their US content reach."""
    return not published(t) and (
        (t.activity.type in ("export", "deemed_export") and t.origin.country == "US")
        or not t.item.foreign_produced
        or reached_by_foreign_direct_product_rule(t)
        or above_de_minimis(t)
    )


@definition("734.3; 734.7; 734.9", by="EAR")
def outside_the_ear(t: Transaction):
    """The item is published, or is not subject to the EAR."""
    return published(t) or not t.item.subject_to_ear


# ---- 734.4, de minimis


@definition("734.4(a), (c), (d)", by="EAR")
def exceeds_de_minimis_share(t: Transaction):
    """The controlled US-origin content exceeds the share for the destination; for some items any content does."""
    return (
        t.item.us_content_share > 0
        if heading(t.item.eccn) in DE_MINIMIS_NONE_ITEMS
        else t.item.us_content_share > DE_MINIMIS_EMBARGOED_ABOVE
        if t.destination.country in E1 | E2
        else t.item.us_content_share > DE_MINIMIS_SHARE_ABOVE
    )


@definition("734.4", by="EAR", shown="scope")
def above_de_minimis(t: Transaction):
    """A foreign-made item is subject to the EAR by its US-origin content, which is above the de minimis share."""
    return unless_stated(t.item.foreign_produced and exceeds_de_minimis_share(t))


# ---- 734.9, foreign-direct-product rules: which paragraph reaches an item stated to be a direct product


@definition("734.9", by="EAR")
def stated_direct_product(t: Transaction):
    """A foreign-produced item is stated to meet the technology, software or plant prong, and is moved."""
    return is_move(t) and t.item.foreign_produced and t.item.kind != "model_weights" and t.item.direct_product


@definition("Supp. No. 4 to part 744", by="EAR")
def listed_huawei(p: Party):
    """The party is on the Entity List with footnote 1."""
    return "entity_list" in p.lists and FOOTNOTE_HUAWEI in p.entity_list_footnotes


@definition("Supp. No. 4 to part 744", by="EAR")
def listed_chip_designer(p: Party):
    """The party is on the Entity List with footnote 4."""
    return "entity_list" in p.lists and FOOTNOTE_CHIP_DESIGNERS in p.entity_list_footnotes


@definition("Supp. No. 4 to part 744", by="EAR")
def listed_fabricator(p: Party):
    """The party is on the Entity List with footnote 5."""
    return "entity_list" in p.lists and FOOTNOTE_FABRICATORS in p.entity_list_footnotes


@definition("734.9(e)(1); 744.11(a)(2)(i)", by="EAR", shown="scope")
def direct_product_footnote_1(t: Transaction):
    """Direct products, whatever the item, need a license where a footnote 1 entity (Huawei) is a party or the item goes into what it makes."""
    return stated_direct_product(t) and any(listed_huawei(p) for p in TRANSACTION_PARTIES)


@definition("734.9(e)(2); 744.11(a)(2)(ii)", by="87-FR-62186", shown="scope")
def direct_product_footnote_4(t: Transaction):
    """Direct products, whatever the item, need a license where a footnote 4 entity (AI chips, supercomputers) is a party or the item goes into what it makes."""
    return (
        stated_direct_product(t)
        and t.on >= DIRECT_PRODUCT_2022_FROM
        and any(listed_chip_designer(p) for p in TRANSACTION_PARTIES)
    )


@definition("734.9(e)(3); 744.11(a)(2)(v)", by="89-FR-96790", shown="scope")
def direct_product_footnote_5(t: Transaction):
    """Equipment of Category 3 B that is a direct product needs a license for a footnote 5 entity or an advanced-node facility in Macau or D:5."""
    return (
        stated_direct_product(t)
        and t.item.eccn in CATEGORY_3_B
        and (
            any(listed_fabricator(p) for p in TRANSACTION_PARTIES)
            or (t.destination.country in D5_OR_MACAU and t.facility.advanced_node)
        )
    )


@definition("734.9(h)", by="87-FR-62186", shown="scope")
def direct_product_advanced_computing(t: Transaction):
    """Direct products that are advanced computing items are subject to the EAR when they go to China, and since 2023-01-17 to Macau."""
    return (
        stated_direct_product(t)
        and t.on >= DIRECT_PRODUCT_2022_FROM
        and (advanced_computing_item(t) or t.item.eccn in DIRECT_PRODUCT_TECHNOLOGY)
        and t.destination.country in CHINA_2022
    )


@definition("734.9(h)", by="88-FR-73458", replaces="direct_product_advanced_computing", shown="scope")
def direct_product_advanced_computing_2023(t: Transaction):
    """Direct products that are advanced computing items are subject to the EAR when they go to the Country Group destinations or to entities headquartered in Macau or D:5."""
    return (
        stated_direct_product(t)
        and (advanced_computing_item(t) or t.item.eccn in DIRECT_PRODUCT_TECHNOLOGY)
        and (t.destination.country in ADVANCED_COMPUTING_SCOPE or for_d5_or_macau_headquartered(t))
    )


@definition("734.9(h)", by="90-FR-4544", replaces="direct_product_advanced_computing", shown="scope")
def direct_product_advanced_computing_2025(t: Transaction):
    """Direct products that are advanced computing items are subject to the EAR when they go to any destination worldwide."""
    return stated_direct_product(t) and (advanced_computing_item(t) or t.item.eccn in DIRECT_PRODUCT_TECHNOLOGY)


@definition("734.9(i); 744.23(a)(1)", by="87-FR-62186", shown="scope")
def direct_product_supercomputer(t: Transaction):
    """Direct products, whatever the item, are subject to the EAR when they go into a supercomputer in or destined to China, or since 2023-01-17 to Macau."""
    return (
        stated_direct_product(t)
        and t.on >= DIRECT_PRODUCT_2022_FROM
        and "supercomputer" in t.end_use.types
        and given(t.end_use.location_country, t.destination.country) in CHINA_2022
    )


@definition("734.9(k)", by="89-FR-96790", shown="scope")
def direct_product_equipment(t: Transaction):
    """Direct products that are the listed semiconductor manufacturing equipment are subject to the EAR when they go to Macau or D:5."""
    return stated_direct_product(t) and t.item.eccn in DIRECT_PRODUCT_SME_ITEMS and t.destination.country in D5_OR_MACAU


@definition("734.9(l)", by="90-FR-4544", shown="scope")
def direct_product_weights(t: Transaction):
    """Weights of 4E091, also fine-tuned or quantized later, are subject to the EAR when a cluster abroad of controlled chips that are subject to the EAR trained them."""
    return (is_move(t) or is_deemed(t)) and t.item.foreign_produced and weights_item(t) and t.item.produced_on_controlled_cluster


@definition("734.9", by="EAR", shown="scope")
def direct_product_of_no_paragraph(t: Transaction):
    """The item is stated to be a direct product, but by the other facts no paragraph of 734.9 has its destination or end-user scope met: check which rule is meant."""
    return stated_direct_product(t) and not (
        direct_product_footnote_1(t)
        or direct_product_footnote_4(t)
        or direct_product_footnote_5(t)
        or direct_product_advanced_computing(t)
        or direct_product_supercomputer(t)
        or direct_product_equipment(t)
    )


# ---- acts


@definition("734.13; 734.14; 734.16", by="EAR", shown="scope")
def access_to_compute(t: Transaction):
    """Giving remote access to compute is no export, reexport or transfer of the chips; support by US persons, General Prohibition Ten and the terms of a validated end user still bind."""
    return t.activity.type == "iaas"


@definition("742.6(a)(6); 744.23(a)(3)", by="EAR", shown="scope")
def deemed_release_not_reached(t: Transaction):
    """The requirements for .a, .b and memory items do not reach deemed exports and reexports; those for model weights, and other reasons for control, may."""
    return is_deemed(t) and not weights_item(t)
