"""15 CFR part 736: General Prohibition Ten."""

from penstock.law.tables import D5_OR_MACAU, GP10_NAMED_ICS
from penstock.law.us.ear.part734 import outside_the_ear
from penstock.law.us.ear.part772 import knows
from penstock.law.us.ear.part774 import advanced_computing_item
from penstock.rulebook.language import Transaction, definition, requirement, review, stated, unless_stated


@definition("736.2(b)(10); BIS guidance 2025-05-13", by="gp10-guidance-2025-05-13")
def presumed_violation(t: Transaction):
    """An integrated circuit at 3A090 parameters designed by a Macau or D:5 party, or named in the guidance, is presumed unlicensed."""
    return (stated(t.item.chip) and t.item.chip in GP10_NAMED_ICS) or (
        advanced_computing_item(t)
        and (t.item.designer.headquarters in D5_OR_MACAU or t.item.designer.parent_headquarters in D5_OR_MACAU)
    )


@definition("BIS guidance 2025-05-13 on General Prohibition 10", by="gp10-guidance-2025-05-13", shown="guidance")
def circuit_presumed_unlicensed(t: Transaction):
    """The circuit is presumed to have needed a license it did not have, whatever is done with it; a presumption and no finding: proof of a license, or that none was needed, rebuts it."""
    return presumed_violation(t) and not t.documents.bis_authorization


@definition("BIS guidance 2025-05-13 on General Prohibition 10", by="gp10-guidance-2025-05-13", shown="guidance")
def only_evaluated(t: Transaction):
    """BIS does not pursue those who get such a circuit only for technical analysis or evaluation."""
    return t.end_use.technical_evaluation_only


@definition("736.2(b)(10)", by="EAR")
def known_violation(t: Transaction):
    """Knowledge of a violation in connection with an item that the facts do not put outside the EAR."""
    return knows(t) and not unless_stated(outside_the_ear(t))


@requirement("736.2(b)(10)", by="EAR", prohibition="absolute")
def gp10(t: Transaction):
    """No dealing with an item subject to the EAR with knowledge that a violation has occurred or is about to occur."""
    return t.activity.type == "dealing" and not t.documents.bis_authorization and known_violation(t)


@requirement(
    "736.2(b)(10); BIS guidance 2025-05-13",
    by="gp10-guidance-2025-05-13",
    replaces="gp10",
    prohibition="absolute",
    not_pursued="only_evaluated",
    presumption="presumed_violation",
)
def gp10_2025(t: Transaction):
    """No dealing with an item with knowledge of a violation, which is presumed of the integrated circuits the guidance describes."""
    return t.activity.type == "dealing" and not t.documents.bis_authorization and (known_violation(t) or presumed_violation(t))


@review("736.2(b)(10)", by="EAR", of=["gp10"], policy="none_stated", order=90)
def no_policy_gp10(t: Transaction):
    """General Prohibition Ten has no license review; the authorization that was missing has."""
    return True
