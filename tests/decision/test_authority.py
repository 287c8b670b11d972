"""What an answer rests on: legal force of every provision, notices about reach, knowledge, guidance and lists, checklists."""

from __future__ import annotations

from typing import Any

import pytest

from penstock import decide
from penstock.decision.checklists import checklists_of_the_book
from penstock.decision.library import book
from penstock.rulebook.instruments import FORCES
from tests.transactions import Document, binding, codified, enforced, export, party, weights

ON = "2026-06-01"


def notices(document: Document, on: str = ON) -> set[str]:
    return {entry["id"] for entry in decide(document, on=on).codified.block["notices"]}


def forces(document: Document, on: str = ON, **options: Any) -> dict[str, str]:
    return {entry["instrument"]: entry["force"] for entry in enforced(document, on, **options).block["citations"]}


def points(document: Document, name: str, on: str = ON) -> dict[str, str]:
    lists = {entry["id"]: entry["points"] for entry in decide(document, on=on).codified.block["checklists"]}
    return {point["id"]: point["status"] for point in lists.get(name, [])}


def foreign(destination: str, consignee: Document | None = None, eccn: str = "EAR99", **facts: Any) -> Document:
    """Return a reexport of a foreign-made item that is stated to be a direct product."""
    item = {"kind": "integrated_circuit", "eccn": eccn, "foreign_produced": True, "direct_product": True, "quantity": 1, **facts}
    return export(destination, item, consignee, activity={"type": "reexport"}, origin={"country": "TW"})


def listed(*footnotes: int, country: str = "CN") -> Document:
    return party(country, lists=["entity_list"], entity_list_footnotes=list(footnotes))


# ---- legal force


def test_every_kind_of_force_shows_where_the_answer_rests_on_it() -> None:
    assert forces(export("MY", consignee=party("MY", parent="CN")))["BIS guidance 2026-05-31"] == "interpretive_guidance"
    assert forces(export("MY"))["BIS press release 2025-05-13; GAO B-337935"] == "non_enforcement"
    letter = export("CN", activity={"type": "export", "is_informed_notice": True})
    assert forces(letter)["letter to the addressee"] == "is_informed"
    known = export("CN", end_use={"types": ["wmd"], "knowledge": True})
    assert forces(known)["BIS policy statement 2025-05-13"] == "policy_statement"
    assert forces(export("MY"), regime="chip-security+us-monopoly")["Carnegie Endowment, May 2025, option 2"] == "proposed"
    lane = export("CN", {"kind": "integrated_circuit", "chip": "h200-sxm", "quantity": 1, "commercially_available_in_us": True})
    assert forces(lane)["Proclamation 11002, annex; HTSUS 9903.79.01"] == "executive_order"


def test_a_bill_a_draft_and_a_design_are_told_apart() -> None:
    kinds = {name: book().instruments[name].kind for name in ("chip-security", "global-permits-2026-draft", "use-based")}
    assert kinds == {"chip-security": "bill", "global-permits-2026-draft": "draft", "use-based": "design"}
    cited = decide(export("MY"), on=ON, regime="global-permits-2026-draft").enforced.block["citations"]
    assert {entry["kind"] for entry in cited if entry["force"] == "proposed"} == {"draft"}


def test_guidance_is_not_cited_before_it_was_given() -> None:
    assert "BIS guidance 2026-05-31" not in forces(export("MY", consignee=party("MY", parent="CN")), "2026-05-30")


def test_flags_duties_conditions_and_charges_carry_their_force() -> None:
    raised = export("MY", consignee=party("MY", online_presence="none"))
    (flag,) = (f for f in enforced(raised, ON).block["red_flags"]["raised"] if f["id"] == "ADV-03")
    assert flag["force"] == "interpretive_guidance"
    assert forces(raised)["BIS guidance 2025-05-13"] == "interpretive_guidance"
    lpp = export(
        "BR", consignee=party("BR"), counters={"lpp_tpp_received_this_year": 0, "licensed_tpp_destination_since_2025": 0}
    )
    lpp["item"]["aggregate_tpp"] = 1_000_000
    available = {entry["id"]: entry for entry in codified(lpp, ON).block["authorizations"]["available"]}["LPP"]
    entries = (*available["duties"], *available["conditions"])
    assert {entry["force"] for entry in entries} == {"legislative_rule"}
    bill = decide(export("BR"), on=ON, regime="chip-security").enforced.block
    assert {entry["force"] for entry in bill["conditions"]} == {"proposed"}


def test_every_force_of_the_book_is_one_of_the_contract() -> None:
    assert {act.force for act in book().instruments.values()} <= set(FORCES)


# ---- 734.9: which paragraph reaches a foreign-made item


@pytest.mark.parametrize(
    ("document", "wanted"),
    [
        (foreign("CN", listed(1)), {"direct_product_footnote_1", "footnote_1_effect"}),
        (foreign("CN", listed(4)), {"direct_product_footnote_4", "footnote_4_effect"}),
        (foreign("CN", listed(5), "3B001.a"), {"direct_product_footnote_5", "footnote_5_effect", "direct_product_equipment"}),
        (foreign("CN", listed(5)), {"footnote_5_effect", "direct_product_of_no_paragraph"}),
        (foreign("CN", listed(3)), {"direct_product_of_no_paragraph"}),
        (foreign("BR", None, "3A090.a"), {"direct_product_advanced_computing"}),
        (foreign("BR"), {"direct_product_of_no_paragraph"}),
        (foreign("MO", None, "3B002.c"), {"direct_product_equipment"}),
        (foreign("MY", None, "3B002.c"), {"direct_product_of_no_paragraph"}),
    ],
)
def test_the_paragraph_that_reaches_a_direct_product_is_named(document: Document, wanted: set[str]) -> None:
    """734.9(e)(1)-(3), (h), (k) and the footnotes of the Entity List."""
    assert notices(document) == wanted


def test_the_advanced_computing_rule_widened_twice() -> None:
    """734.9(h): China in 2022, the Country Groups and headquarters in 2023, worldwide in 2025."""
    rule = "direct_product_advanced_computing"
    assert rule not in notices(foreign("CN", None, "3A090.a"), "2022-10-20")
    assert rule in notices(foreign("CN", None, "3A090.a"), "2022-10-21")
    assert rule not in notices(foreign("SA", None, "3A090.a"), "2023-11-16")
    assert rule in notices(foreign("SA", None, "3A090.a"), "2023-11-17")
    assert rule not in notices(foreign("BR", None, "3A090.a"), "2025-01-12")
    assert rule in notices(foreign("BR", party("BR", parent="CN"), "3A090.a"), "2025-01-12")
    assert rule in notices(foreign("BR", None, "3A090.a"), "2025-01-13")


def test_the_supercomputer_rule_needs_the_end_use() -> None:
    """734.9(i): whatever the item, for a supercomputer in China or Macau."""
    document = foreign("CN") | {"end_use": {"types": ["supercomputer"]}}
    assert "direct_product_supercomputer" in notices(document)


def test_weights_of_a_controlled_cluster_are_reached_and_not_enforced() -> None:
    """734.9(l)."""
    item = weights(foreign_produced=True, produced_on_controlled_cluster=True)
    document = export("FR", item, activity={"type": "reexport"}, origin={"country": "SE"})
    (notice,) = (n for n in decide(document, on=ON).codified.block["notices"] if n["id"] == "direct_product_weights")
    assert notice["not_enforced_by"] == "BIS press release 2025-05-13; GAO B-337935"


@pytest.mark.parametrize(
    ("destination", "eccn", "share", "subject"),
    [("BR", "EAR99", 0.25, False), ("BR", "EAR99", 0.26, True), ("IR", "EAR99", 0.1, False), ("IR", "EAR99", 0.11, True),
     ("CN", "3B001.a", 0.01, True), ("CN", "3B001.a", 0, False)],
)  # fmt: skip
def test_de_minimis(destination: str, eccn: str, share: float, subject: bool) -> None:
    """734.4: a quarter, a tenth for E:1 and E:2, nothing for the equipment."""
    document = foreign(destination, None, eccn, direct_product=False, us_content_share=share)
    assert codified(document, ON).block["subject_to_ear"] is subject
    assert ("above_de_minimis" in notices(document)) is subject


def test_content_that_is_not_stated_leaves_it_open() -> None:
    document = foreign("BR", None, "EAR99")
    del document["item"]["direct_product"]
    assert codified(document, ON).block["subject_to_ear"] == "unknown"


# ---- acts, knowledge, guidance, lists


def test_access_to_compute_and_deemed_releases_are_told() -> None:
    assert "access_to_compute" in notices(export("MY", activity={"type": "iaas"}))
    assert "deemed_release_not_reached" in notices(export("MY", activity={"type": "deemed_export"}))
    assert "deemed_release_not_reached" not in notices(export("MY", weights(), activity={"type": "deemed_export"}))


@pytest.mark.parametrize("basis", ["actual", "high_probability", "conscious_disregard", "willful_avoidance"])
def test_each_way_of_knowledge_is_knowledge(basis: str) -> None:
    """772.1: actual, awareness of a high probability, conscious disregard, willful avoidance."""
    use = {"types": ["military_intelligence"], "knowledge_basis": [basis]}
    assert "military_intelligence" in binding(enforced(export("CN", end_use=use), ON))
    dealing = {"activity": {"type": "dealing", "verb": "service"}, "item": {"eccn": "EAR99"}, "end_use": use}
    assert enforced(dealing, ON).outcome == "prohibited"


def test_no_stated_knowledge_is_no_knowledge() -> None:
    use: Document = {"types": ["military_intelligence"], "knowledge_basis": []}
    assert "military_intelligence" not in binding(enforced(export("CN", end_use=use), ON))


def test_the_policy_statement_on_training_makes_nothing_licensable_by_itself() -> None:
    """PS-6: knowledge of a weapons or military-intelligence end use is the trigger."""
    item = {"kind": "integrated_circuit", "eccn": "EAR99"}
    use = {"types": ["commercial_ai_training"], "beneficiary_headquarters": "CN"}
    document = export("MY", item, end_use=use)
    assert "trains_for_d5_or_macau" in notices(document)
    assert enforced(document, ON).outcome == "no_license_required"
    known = export("MY", item, end_use={**use, "types": [*use["types"], "military_intelligence"], "knowledge": True})
    assert enforced(known, ON).block["license"]["review_policy"] == "presumption_of_denial"


def test_a_running_data_center_may_go_on() -> None:
    """BIS guidance 2026-05-31: operators need not stop what runs."""
    operator = party("MY", parent="CN", bona_fide_data_center_operator=True)
    document = export("MY", activity={"type": "ongoing_use", "verb": "use"}) | {"parties": {"operator": operator}}
    assert "running_data_center" in notices(document)
    assert "running_data_center" not in notices(document, "2026-05-30")


@pytest.mark.parametrize(
    ("hit", "notice"),
    [
        ("denied_persons", "denied_person_is_a_party"),
        ("sdn_744_8", "blocked_person_is_a_party"),
        ("unverified_list", "unverified_party"),
    ],
)
def test_a_hit_on_a_list_that_is_not_judged_is_told_with_its_citation(hit: str, notice: str) -> None:
    assert notice in notices(export("MY", consignee=party("MY", lists=[hit])))


# ---- checklists


def veu(**facts: Any) -> Document:
    held = {"authorizations_held": [{"type": "UVEU", "holder": "Buyer"}]}
    shares = {"uveu_share_outside_supp5a": 0.2, "uveu_share_outside_us": 0.4, "uveu_share_by_country": {"MY": 0.05}}
    return export("MY", consignee=party("MY", "US", "US"), counters=shares) | held | facts


def test_supplement_10_is_a_checklist_of_all_its_paragraphs() -> None:
    found = points(veu(), "supplement-10")
    assert set(found) == {f"S10-{n}" for n in (*range(1, 20), "X")}
    assert found["S10-6"] == "met"
    assert found["S10-14"] == "unmet"  # the facility is stated not to comply
    assert found["S10-1"] == "open"


def test_three_paragraphs_are_not_due_before_their_day() -> None:
    found = points(veu(), "supplement-10", "2026-01-14")
    assert {point for point, status in found.items() if status == "not_due"} == {"S10-14", "S10-15", "S10-18"}


def test_a_national_validated_end_user_has_no_shares_to_keep() -> None:
    document = veu(authorizations_held=[{"type": "NVEU", "holder": "Buyer"}], documents={"g2g_arrangement": False})
    found = points(document, "supplement-10")
    assert {"S10-5", "S10-6"}.isdisjoint(found)
    assert found["S10-12"] == "unmet"


def test_a_share_above_its_limit_is_unmet() -> None:
    document = veu()
    document["counters"]["uveu_share_by_country"] = {"MY": 0.08}
    assert points(document, "supplement-10")["S10-6"] == "unmet"


def test_due_diligence_shows_what_the_facts_show() -> None:
    found = points(export("MY"), "diversion-acts")
    assert (found["ACT-02"], found["ACT-03"], found["ACT-04"]) == ("met", "met", "open")
    assert points(export("MY"), "diversion-acts", "2025-05-12") == {}
    assert points(export("MY", facility={"capacity_confirmed": False}), "diversion-acts")["ACT-05"] == "unmet"


def test_the_certifications_of_the_lane() -> None:
    document = export("CN", documents={"dd": {"us_supply_sufficient": True, "us_lab_test": False}})
    found = points(document, "review-lane")
    assert (found["DD-2"], found["DD-3"], found["DD-7"]) == ("met", "open", "unmet")


def test_every_checklist_names_definitions_that_exist() -> None:
    ids = [point["id"] for entry in checklists_of_the_book() for point in entry["points"]]
    assert len(ids) == len(set(ids))
    for entry in checklists_of_the_book():
        assert entry["by"] in book().instruments
        shown = {point["shown_by"] for point in entry["points"] if "shown_by" in point}
        assert {entry["when"], *shown} <= set(book().versions)
        assert all(book().versions[id][0].options.get("shown") == "check" for id in shown)
