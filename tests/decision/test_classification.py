"""What an item is where facts are open: candidates, what would decide it, product names and readings."""

from __future__ import annotations

from typing import Any

import pytest

from penstock import classify
from penstock.decision.chips import chip_table, find_chip, resolve
from penstock.decision.library import book
from penstock.terms.documents import Facts
from penstock.terms.errors import UnknownChip

ON = "2025-06-01"


def ask(on: str = ON, **item: Any) -> dict[str, Any]:
    return classify({"item": {"kind": "integrated_circuit", **item}}, on=on)


@pytest.mark.parametrize(
    ("item", "candidates", "asked"),
    [
        ({"tpp": 4000, "datacenter": True}, {"3A090.a", "3A090.b", "none"}, {"item.performance_density", "item.die_area_mm2"}),
        ({"tpp": 4000, "performance_density": 3}, {"3A090.b", "none"}, {"item.datacenter"}),
        ({"tpp": 4000, "performance_density": 6}, {"3A090.a", "none"}, {"item.datacenter"}),
        ({"datacenter": True, "performance_density": 3}, {"3A090.a", "3A090.b", "none"}, {"item.tpp", "item.throughput"}),
        ({"datacenter": False, "performance_density": 3}, {"3A090.a", "none"}, {"item.tpp", "item.throughput"}),
    ],
)
def test_candidates_are_every_class_the_open_facts_leave(item: dict[str, Any], candidates: set[str], asked: set[str]) -> None:
    """Contract 6: every class some value of the unknown facts gives, and the facts to ask for."""
    answer = ask(**item)
    assert answer["eccn"] == "unknown"
    assert set(answer["candidates"]) == candidates
    assert asked <= set(answer["missing_facts"])


@pytest.mark.parametrize(
    "item",
    [
        {"tpp": 100},
        {"tpp": 4800},
        {"tpp": 1599, "performance_density": 9},
        {"tpp": 2400, "performance_density": 1, "datacenter": True},
    ],
)
def test_nothing_is_asked_that_does_not_matter(item: dict[str, Any]) -> None:
    answer = ask(**item)
    assert answer["eccn"] in ("3A090.a", "none")
    assert answer["missing_facts"] == []
    assert "candidates" not in answer


def test_weights_and_memory_have_open_facts_of_their_own() -> None:
    assert set(ask(kind="model_weights", training_operations=3e26)["candidates"]) == {"4E091", "none"}
    assert set(ask(kind="hbm")["candidates"]) >= {"3A090.c", "none"}


@pytest.mark.parametrize(
    ("name", "ids"),
    [
        ("h20", {"h20"}),
        ("H20", {"h20"}),
        ("NVIDIA H20", {"h20"}),
        ("a100-sxm4-80", {"a100-sxm4-80"}),
        ("A100 SXM4 80GB", {"a100-sxm4-80"}),
        ("A100", {"a100-sxm4-40", "a100-sxm4-80", "a100-pcie-80"}),
        ("Ascend 910B", {"ascend-910b1", "ascend-910b2", "ascend-910b3", "ascend-910b4"}),
        ("Ascend 910C", {"ascend-910c"}),
    ],
)
def test_a_product_name_finds_its_rows(name: str, ids: set[str]) -> None:
    """Contract 1(e): the names Ascend 910B, 910C, 910D must be known."""
    assert {chip.id for chip in find_chip(name)} == ids


@pytest.mark.parametrize(("name", "nearest"), [("h2O0-sxm", "h200-sxm"), ("", None), ("!!", None), ("zzzzzzzz", None)])
def test_an_unknown_name_is_refused_with_the_nearest(name: str, nearest: str | None) -> None:
    with pytest.raises(UnknownChip) as refused:
        find_chip(name)
    assert (refused.value.at, refused.value.nearest) == ("item.chip", nearest)


def test_an_unknown_name_is_no_error_beside_raw_facts() -> None:
    """Contract 1(e): only when neither eccn nor raw facts are given."""
    assert ask(chip="no such chip", tpp=15832, datacenter=True)["eccn"] == "3A090.a"
    with pytest.raises(UnknownChip):
        ask(chip="no such chip", datacenter=True)


def test_facts_beside_a_name_override_the_table() -> None:
    """Vocabulary: facts given beside the chip override the table."""
    assert ask(chip="h20")["tpp"] == 2368
    assert ask(chip="h20", tpp=4800)["eccn"] == "3A090.a"
    assert ask(chip="h20", datacenter=False)["eccn"] == "none"


@pytest.mark.parametrize("id", sorted(chip_table()))
def test_every_chip_of_the_table_is_answered_on_every_regime_of_dates(id: str) -> None:
    """Contract 6: nothing is in 3A090 before 2022-10-07; afterwards each chip has a class or candidates."""
    assert classify({"item": {"chip": id}}, on="2022-10-06")["eccn"] == "none"
    for on in ("2023-06-01", "2024-06-01", "2026-06-01"):
        answer = classify({"item": {"chip": id}}, on=on)
        assert answer["eccn"] in ("3A090.a", "3A090.b", "3A090.c", "none", "unknown")
        assert (answer["eccn"] == "unknown") == ("candidates" in answer)
        assert len(answer.get("candidates", ())) != 1
        assert answer["assumptions"]


@pytest.mark.parametrize("id", sorted(chip_table()))
def test_every_chip_of_the_table_is_well_formed(id: str) -> None:
    chip = chip_table()[id]
    assert find_chip(id) == (chip,)
    assert chip.source
    assert chip.confidence in ("high", "medium", "low")
    assert chip.ics_on_board >= 1
    assert chip.die_area is None or chip.die_area[0] < chip.die_area[1]
    assert all(rate["tops"] > 0 for rate in chip.facts.get("item.throughput", ()))


def test_a_board_of_several_circuits_is_read_by_a_switch() -> None:
    """3A090 Technical Notes: the highest level of integration, or one by one."""
    facts = Facts({"item.chip": "a16"})
    board, ic = (resolve(facts, level).facts.values["item.throughput"] for level in ("board", "ic"))
    assert [rate["tops"] for rate in board] == [4 * rate["tops"] for rate in ic]
    found = classify({"item": {"chip": "a16"}}, on=ON)
    other = classify({"item": {"chip": "a16"}}, on=ON, switches={"integration_level": "ic"})
    assert found["tpp"] == 4 * other["tpp"]


def test_a_reading_that_would_change_the_class_is_named() -> None:
    """Contract 6, ambiguities: TF32 with 19 bits takes 156 TFLOPS out of 3A090.a.1."""
    rows = [{"format": "tf32", "bit_length": 32, "tops": 156, "sparsity": "dense"}]
    answer = ask(throughput=rows, datacenter=True, die_area_mm2=3000)
    assert answer["eccn"] == "3A090.a"
    assert [(entry["id"], entry["value"], entry["eccn"]) for entry in answer["ambiguities"]] == [("tf32_bits", 19, "none")]


def test_the_span_of_a_die_area_leaves_the_class_open_only_where_it_matters() -> None:
    """Contract 1(e), chip table: where sources differ on the die area, the class may hang on it."""
    for id, chip in chip_table().items():
        if chip.die_area is not None:
            low, high = (classify({"item": {"chip": id, "die_area_mm2": area}}, on=ON)["eccn"] for area in chip.die_area)
            answer = classify({"item": {"chip": id}}, on=ON)
            if low != high:
                assert answer["eccn"] == "unknown"
                assert {low, high} <= set(answer["candidates"])
            elif answer["eccn"] != "unknown":
                assert answer["eccn"] == low


def test_the_document_has_the_keys_of_the_contract() -> None:
    """Contract 6: every key, null where it has no meaning."""
    keys = {
        "eccn",
        "paragraphs",
        "tpp",
        "performance_density",
        "nac_aca_eligible",
        "review_lane",
        "tariff_232_band",
        "hbm_exception_density_met",
        "counted_operations",
        "foundry_presumption",
        "designer_status",
        "missing_facts",
        "ambiguities",
    }
    for day in [book().first_day, *book().change_days(book().first_day, book().first_day.replace(year=2028))][::6]:
        assert keys <= set(classify({"item": {"chip": "h20"}}, on=day))
