"""15 CFR part 734: what is subject to the EAR, and what publication takes out of it."""

from __future__ import annotations

import pytest

from tests.transactions import codified, enforced, export, party, weights

ON = "2025-06-01"
LATER = "2026-06-15"


@pytest.mark.parametrize(
    ("activity", "origin", "expected"), [("export", "US", True), ("deemed_export", "US", True), ("reexport", "JP", "unknown")]
)
def test_what_leaves_the_united_states_is_subject(activity: str, origin: str, expected: object) -> None:
    """734.3(a)(1): items in or moving from the United States; of a reexport the origin of the item has to be known."""
    document = export("SA", activity={"type": activity}, origin={"country": origin})
    assert enforced(document, ON).block["subject_to_ear"] == expected


@pytest.mark.parametrize(
    ("foreign", "direct_product", "subject", "outcome"),
    [
        (False, None, True, "license_required"),
        (True, True, True, "license_required"),
        (True, False, False, "not_subject"),
        (True, None, "unknown", "unknown"),
    ],
)
def test_foreign_items_are_reached_as_direct_products(
    foreign: bool, direct_product: bool | None, subject: object, outcome: str
) -> None:
    """734.3(a)(2), 734.9(h): US-made items anywhere, foreign-made ones where the direct-product rule reaches them."""
    document = export("SA", activity={"type": "reexport"}, origin={"country": "JP"})
    document["item"] |= {"foreign_produced": foreign} | ({} if direct_product is None else {"direct_product": direct_product})
    answer = enforced(document, ON)
    assert (answer.block["subject_to_ear"], answer.outcome) == (subject, outcome)


@pytest.mark.parametrize(("cluster", "outcome"), [(True, "license_required"), (False, "not_subject")])
def test_foreign_weights_are_reached_through_the_cluster(cluster: bool, outcome: str) -> None:
    """734.9(l): foreign weights are subject when a controlled cluster outside the United States made them."""
    item = weights(foreign_produced=True, produced_on_controlled_cluster=cluster, produced_in="TH")
    document = export("IN", item, activity={"type": "reexport"}, origin={"country": "TH"})
    assert codified(document, ON).outcome == outcome


def test_a_direct_product_test_says_nothing_about_weights() -> None:
    """734.9(l) is the rule for weights; the direct-product prong of 734.9(h) is about items made with technology."""
    item = weights(foreign_produced=True, produced_on_controlled_cluster=False, direct_product=True)
    document = export("IN", item, activity={"type": "reexport"}, origin={"country": "TH"})
    assert codified(document, ON).outcome == "not_subject"


@pytest.mark.parametrize(("published", "outcome"), [(True, "not_subject"), (False, "license_required")])
def test_published_weights_are_outside_the_ear(published: bool, outcome: str) -> None:
    """734.3(b)(3), 734.7(a)."""
    assert codified(export("IN", weights(weights_published=published)), ON).outcome == outcome


def test_publication_itself_is_outside_the_ear() -> None:
    """734.7; Supp. No. 10 to part 748: nothing prevents the intentional publication of weights."""
    document = export("CN", weights(), activity={"type": "publication"})
    answer = codified(document, ON)
    assert (answer.outcome, answer.path, answer.license_required) == ("not_subject", "NLR", False)


@pytest.mark.parametrize("activity", ["iaas", "us_person_support", "ongoing_use"])
def test_access_to_compute_is_no_export_of_the_chip(activity: str) -> None:
    """734.13: remote access moves no item, so that the requirements on items do not bind."""
    document = export("CN", activity={"type": activity, "us_person": True})
    assert enforced(document, LATER).outcome == "no_license_required"


def test_hong_kong_is_china_and_macau_is_itself() -> None:
    """Supp. No. 1 to part 738: Hong Kong is treated as China; Macau stands beside D:5, never in it."""
    places = {place: enforced(export(place), LATER).block["destination"] for place in ("HK", "MO")}
    assert places["HK"]["treated_as"] == "CN"
    assert "D:5" in places["HK"]["country_groups"]
    assert places["MO"]["treated_as"] == "MO"
    assert "D:5" not in places["MO"]["country_groups"]
    assert {place["diffusion_tier"] for place in places.values()} == {3}


def test_an_absent_end_user_is_the_consignee() -> None:
    """Contract 1(a): the ultimate consignee is taken to be the end user, and the answer says so."""
    answer = enforced(export("SG", consignee=party("SG", parent="CN")), LATER)
    assert answer.outcome == "license_required"
    assert any("end user" in line for line in answer.determination.document(what_if=False)["assumptions"])
