"""What list entries say of licenses, as canonical values: many spellings of the requirement and the policy mean few things."""

from __future__ import annotations

import re

__all__ = ["POLICIES", "REQUIREMENTS", "policy_of", "requirement_of"]

REQUIREMENTS = ("all_items_subject_to_the_ear", "all_items_on_the_ccl", "named_items", "see_section", "not_stated")
POLICIES = (
    "policy_of_denial",
    "presumption_of_denial",
    "case_by_case",
    "presumption_of_approval",
    "mixed",
    "see_section",
    "not_stated",
)

_ALL = re.compile(r"all\s+items?\s+(?:that\s+are\s+)?subject\s+to\s+the\s+ear", re.IGNORECASE)
_CCL = re.compile(r"all\s+items?\s+(?:listed\s+)?on\s+the\s+(?:ccl|commerce\s+control\s+list)", re.IGNORECASE)
_SECTION = re.compile(r"^\s*(?:see|pursuant)\b|§", re.IGNORECASE)
_MEANS = (
    ("policy_of_denial", re.compile(r"policy\s+of\s+denial", re.IGNORECASE)),
    ("presumption_of_denial", re.compile(r"presumption\s+of\s+denial|presumptive\s+denial", re.IGNORECASE)),
    ("presumption_of_approval", re.compile(r"presumption\s+of\s+approval", re.IGNORECASE)),
    ("case_by_case", re.compile(r"case[\s-]*by[\s-]*case", re.IGNORECASE)),
)


def requirement_of(text: str) -> str:
    """Return which items a license is required for, as one of ``REQUIREMENTS``; an exception in the text makes it named_items.

    >>> requirement_of("For all items subject to the EAR. (See §744.11 of the EAR)"), requirement_of("See §744.3 of this part")
    ('all_items_subject_to_the_ear', 'see_section')
    """
    if _ALL.search(text):
        return "named_items" if re.search(r"\bexcept\b|\bexcluding\b", text, re.IGNORECASE) else REQUIREMENTS[0]
    if _CCL.search(text):
        return "all_items_on_the_ccl"
    return "see_section" if _SECTION.search(text) else "named_items" if text.strip() else "not_stated"


def policy_of(text: str) -> str:
    """Return how applications are reviewed, as one of ``POLICIES``; several policies in one text are mixed.

    >>> policy_of("Presumption of denial."), policy_of("Case-by-case review for X; presumption of denial for all other items")
    ('presumption_of_denial', 'mixed')
    """
    found = [name for name, pattern in _MEANS if pattern.search(text)]
    if len(found) > 1:
        return "mixed"
    return found[0] if found else "see_section" if _SECTION.search(text) else "not_stated"
