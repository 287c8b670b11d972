"""15 CFR part 750 and Supp. No. 2 to part 748: terms of a license."""

from __future__ import annotations

import pytest

from tests.transactions import chips, enforced, export, hbm, party


@pytest.mark.parametrize(("on", "months"), [("2025-01-12", 48), ("2025-01-13", 12), ("2026-06-15", 12)])
def test_a_license_for_a_items_is_valid_for_a_year_since_2025(on: str, months: int) -> None:
    """750.7(g) as of 90 FR 4544: 742.6(a)(6)(iii)(A) items one year, before that four."""
    license = enforced(export("SA"), on).block["license"]
    assert license["validity_months"] == months


@pytest.mark.parametrize("item", [chips("3A090.b"), hbm()])
def test_other_licenses_are_valid_for_four_years(item: dict[str, object]) -> None:
    """750.7(g)(1)."""
    answer = enforced(export("CN", {**item, "packaging": {"hbm_site_eligible": False}}), "2026-06-15")
    assert answer.block["license"]["validity_months"] == 48


@pytest.mark.parametrize(
    ("on", "eccn", "needed"),
    [
        ("2025-01-12", "3A090.a", False),
        ("2025-01-13", "3A090.a", True),
        ("2025-01-13", "3A090.b", False),
        ("2025-01-13", "5A992.z.2", True),
        ("2025-01-13", "5D992.z.1", False),
    ],
)
def test_an_application_for_a_items_needs_a_purchase_order(on: str, eccn: str, needed: bool) -> None:
    """Supp. No. 2 to part 748(c)(3) as of 90 FR 4544."""
    answer = enforced(export("CN", chips(eccn), party("CN")), on)
    assert answer.block["license"]["purchase_order_required"] is needed


def test_license_terms_are_given_also_where_an_exception_lifts_the_requirement() -> None:
    """Contract 2: the license block is filled whenever a license is required, also when an exception is available."""
    answer = enforced(export("SA", chips("3A090.b")), "2026-06-15")
    assert answer.outcome == "authorization_available"
    assert answer.block["license"]["review_policy"] == "presumption_of_approval"
