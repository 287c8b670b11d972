"""15 CFR 736.2(b)(10): General Prohibition Ten and what the guidance of 2025-05-13 presumes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.transactions import Document, codified, enforced


def dealing(item: Document, **groups: Any) -> Document:
    return {
        "activity": {"type": "dealing", "verb": "buy"},
        "origin": {"country": "CN"},
        "destination": {"country": "MY"},
        "item": item,
        **groups,
    }


ASCEND = {"chip": "Ascend 910C"}


@pytest.mark.parametrize(("on", "outcome"), [("2025-05-12", "no_license_required"), ("2025-05-13", "prohibited")])
def test_the_presumption_starts_with_the_guidance(on: str, outcome: str) -> None:
    """736.2(b)(10); BIS guidance 2025-05-13."""
    assert enforced(dealing(ASCEND), on).outcome == outcome


@pytest.mark.parametrize("name", ["Ascend 910B", "ascend-910b", "Ascend910B", "Ascend 910B2", "Ascend 910C", "Ascend 910D"])
def test_the_named_circuits_are_caught_however_they_are_written(name: str) -> None:
    """BIS guidance 2025-05-13 names the Ascend 910B, 910C and 910D."""
    answer = enforced(dealing({"chip": name}), "2025-06-01")
    assert (answer.outcome, answer.path, answer.may_proceed) == ("prohibited", "NONE", "stop")


@pytest.mark.parametrize(
    ("tpp", "headquarters", "parent", "outcome"),
    [
        (4800, "CN", "CN", "prohibited"),
        (4800, "SG", "CN", "prohibited"),
        (4800, "MO", "MO", "prohibited"),
        (4800, "US", "US", "no_license_required"),
        (1599, "CN", "CN", "no_license_required"),
    ],
)
def test_the_presumption_is_about_designers_and_parameters(tpp: int, headquarters: str, parent: str, outcome: str) -> None:
    """BIS guidance 2025-05-13: circuits at 3A090 parameters designed by Macau or D:5 parties; the names are examples."""
    designer = {"headquarters": headquarters, "parent_headquarters": parent}
    item = {"kind": "integrated_circuit", "datacenter": True, "tpp": tpp, "performance_density": 6, "designer": designer}
    assert enforced(dealing(item), "2025-06-01").outcome == outcome


@pytest.mark.parametrize(
    ("item", "prohibited"),
    [({}, True), ({"subject_to_ear": True}, True), ({"subject_to_ear": False}, False), ({"foreign_produced": False}, True)],
)
def test_knowledge_of_a_violation_is_about_items_subject_to_the_ear(item: Document, prohibited: bool) -> None:
    """736.2(b)(10): an item subject to the EAR, unless the facts put it outside."""
    document = dealing({"kind": "other", "eccn": "EAR99", **item}, end_use={"knowledge": True})
    assert (enforced(document, "2024-06-01").outcome == "prohibited") is prohibited


def test_proof_of_an_authorization_answers_the_presumption() -> None:
    """736.2(b)(10): no violation where the required authorization was obtained."""
    assert enforced(dealing(ASCEND, documents={"bis_authorization": True}), "2025-06-01").outcome == "no_license_required"


@pytest.mark.parametrize(("subject", "outcome"), [(True, "prohibited"), (None, "prohibited"), (False, "not_subject")])
def test_knowledge_is_of_a_violation_with_an_item_subject_to_the_ear(subject: bool | None, outcome: str) -> None:
    """736.2(b)(10) speaks of items subject to the EAR; knowledge of a violation is about such an item unless said otherwise."""
    item = {"kind": "integrated_circuit", "eccn": "none"} | ({} if subject is None else {"subject_to_ear": subject})
    document = dealing(item, end_use={"types": ["consumer"], "knowledge": True})
    assert enforced(document, "2025-06-01").outcome == outcome


def test_technical_evaluation_is_prohibited_and_not_pursued() -> None:
    """BIS guidance 2025-05-13: the text still prohibits, and BIS does not pursue technical analysis alone."""
    document = dealing(ASCEND, end_use={"technical_evaluation_only": True})
    assert codified(document, "2025-06-01").outcome == "prohibited"
    answer = enforced(document, "2025-06-01")
    assert answer.outcome == "no_license_required"
    entry = next(entry for entry in answer.block["prohibitions"] if entry["id"] == "gp10")
    assert (entry["binding"], entry["enforcement"], entry["presumption"]) == (False, "not_pursued", True)


def test_it_asks_about_dealing_and_not_about_moves() -> None:
    """736.2(b)(10) is judged for acts of dealing; an export is judged by the requirements on items."""
    document = {**dealing(ASCEND), "activity": {"type": "reexport"}}
    assert enforced(document, "2025-06-01").outcome != "prohibited"
