"""15 CFR part 734: what is subject to the EAR."""

from penstock.rulebook.language import Transaction, definition, stated, unless_stated


@definition("734.7; 734.3(b)(3)", by="EAR")
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
    """Items in or from the United States, US-made items anywhere, and foreign items the direct-product rules reach."""
    return not published(t) and (
        (t.activity.type in ("export", "deemed_export") and t.origin.country == "US")
        or not t.item.foreign_produced
        or reached_by_foreign_direct_product_rule(t)
    )


@definition("734.3; 734.7; 734.9", by="EAR")
def outside_the_ear(t: Transaction):
    """The item is published, or is not subject to the EAR."""
    return published(t) or not t.item.subject_to_ear
