"""Facts that cannot both hold are refused, with the value that would agree."""

from __future__ import annotations

from typing import Any

import pytest

from penstock import classify, decide
from penstock.terms.errors import BadNumber, ConflictingFacts, MissingRequired, PenstockError
from tests.transactions import export

DENSE = [{"format": "int8", "bit_length": 8, "tops": 624, "sparsity": "dense"}]


def item(**facts: Any) -> dict[str, Any]:
    return {"kind": "integrated_circuit", "datacenter": True, **facts}


@pytest.mark.parametrize(
    ("facts", "at", "nearest"),
    [
        (item(tpp=2500, quantity=10, aggregate_tpp=20_000), "item.aggregate_tpp", 25_000),
        (item(throughput=DENSE, tpp=5000), "item.tpp", 4992),
        (item(throughput=DENSE, quantity=2, aggregate_tpp=9_985), "item.aggregate_tpp", 9_984),
        (item(eccn="3A090.b", tpp=15832), "item.eccn", "3A090.a"),
        (item(eccn="3A090.a", tpp=100), "item.eccn", "none"),
        (item(eccn="EAR99", tpp=15832), "item.eccn", "3A090.a"),
        (item(eccn="none", tpp=15832), "item.eccn", "3A090.a"),
        (item(eccn="5A992.z.2", tpp=15832), "item.eccn", "3A090.a"),
        (item(eccn="3A090.b", tpp=2500, performance_density=3, datacenter=False), "item.eccn", "none"),
    ],
)
def test_conflicts(facts: dict[str, Any], at: str, nearest: object) -> None:
    """Contract 1(b), (c): conflicting_facts at the fact, nearest the value that would agree."""
    for ask in (lambda: decide(export("PT", facts), on="2025-06-01"), lambda: classify({"item": facts}, on="2025-06-01")):
        with pytest.raises(ConflictingFacts) as refused:
            ask()
        assert (refused.value.at, refused.value.nearest) == (at, nearest)


@pytest.mark.parametrize(
    "facts",
    [
        item(tpp=2500, quantity=10, aggregate_tpp=25_000),
        item(throughput=DENSE, tpp=4992),
        item(eccn="3A090.a", tpp=15832),
        item(eccn="5A992.z.1", tpp=15832),
        item(eccn="3A090.a", tpp=4000),
        item(eccn="3A090.b", tpp=2500, performance_density=3),
        item(eccn="none", tpp=100),
        item(eccn="3A991", tpp=100),
        item(eccn="3A090.a", kind="other", tpp=1),
    ],
)
def test_facts_that_may_hold_together_are_taken(facts: dict[str, Any]) -> None:
    """Contract 1(c): an asserted class is used as given unless the facts leave no class of its letter possible."""
    found = decide(export("PT", facts), on="2025-06-01").codified.block["eccn"]
    assert found == facts.get("eccn", found)


@pytest.mark.parametrize("on", ["2022-06-01", "2023-06-01", "2025-06-01"])
def test_an_asserted_class_is_used_on_any_date(on: str) -> None:
    """Contract 1(c): also before the entry had paragraphs."""
    assert decide(export("CN", item(eccn="3A090.b", tpp=2500, performance_density=3)), on=on).codified.block["eccn"] == "3A090.b"


def test_several_conflicts_are_told_together() -> None:
    with pytest.raises(ConflictingFacts) as refused:
        decide(export("PT", item(eccn="3A090.b", throughput=DENSE, tpp=15832, quantity=2, aggregate_tpp=1)), on="2025-06-01")
    assert [refused.value.at, *(error.at for error in refused.value.more)] == ["item.tpp", "item.aggregate_tpp", "item.eccn"]


def test_a_die_has_an_area() -> None:
    with pytest.raises(BadNumber, match="a die has an area"):
        decide(export("PT", item(tpp=2000, die_area_mm2=0)), on="2025-06-01")


def test_only_the_act_must_be_named() -> None:
    """Contract 8: missing_required only for activity.type."""
    with pytest.raises(MissingRequired) as refused:
        decide({}, on="2025-06-01")
    assert refused.value.at == "activity.type"
    for act in ("export", "iaas", "dealing", "publication", "deemed_export", "ongoing_use", "us_person_support"):
        assert decide({"activity": {"type": act}}, on="2025-06-01").codified.outcome


def test_an_error_is_raised_for_the_item_before_the_law_is_asked() -> None:
    with pytest.raises(PenstockError) as refused:
        decide(export("PT", {"chip": "no such chip"}), on="2025-06-01")
    assert refused.value.code == "unknown_chip"
