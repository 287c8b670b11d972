"""15 CFR part 750: terms of licenses."""

from penstock.law.tables import LICENSE_MONTHS, LICENSE_MONTHS_WORLDWIDE_ITEMS
from penstock.law.us.ear.part774 import a_item
from penstock.rulebook.language import Transaction, definition


@definition("750.7(g)(1)", by="EAR", unit="months")
def license_validity(t: Transaction):
    """A license is valid for four years."""
    return LICENSE_MONTHS


@definition("750.7(g)", by="90-FR-4544", unit="months", replaces="license_validity")
def license_validity_2025(t: Transaction):
    """A license for 742.6(a)(6)(iii)(A) items is valid for one year, any other for four."""
    return LICENSE_MONTHS_WORLDWIDE_ITEMS if a_item(t) else LICENSE_MONTHS
