"""The vocabulary of the product is that of the contract, and speaks for itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from penstock.terms.vocabulary import vocabulary
from penstock.terms.yaml12 import load_yaml

CONTRACT = Path(__file__).parents[2] / "../shared/contract/facts_vocabulary.yaml"


def test_placeholders_are_expanded() -> None:
    facts = vocabulary().facts
    assert {f"parties.{role}.headquarters" for role in vocabulary().roles} <= set(facts)
    assert {f"answers.{flag}" for flag in vocabulary().flags} <= set(facts)
    assert not [name for name in facts if "<" in name]


def test_every_fact_is_typed_documented_and_says_what_absence_means() -> None:
    for name, spec in vocabulary().facts.items():
        assert spec.item_type in ("bool", "int", "number", "string", "enum", "country", "date", "object", "country,number"), name
        assert spec.doc, name
        assert spec.absent in ("unknown", "computed", "not_relied_on", "knowledge", "role"), name
        assert bool(spec.enum) == (spec.item_type == "enum"), name
        assert set(spec.inputs) <= set(vocabulary().facts), name
        assert not spec.object or spec.object in vocabulary().objects, name


def test_facts_of_a_party_know_their_role() -> None:
    for name, spec in vocabulary().facts.items():
        assert spec.role == (name.split(".")[1] if name.startswith("parties.") else "")


def test_shorthands_lead_to_facts_or_groups() -> None:
    for target in vocabulary().shorthands.values():
        assert target in vocabulary().facts or target in vocabulary().groups


@pytest.mark.skipif(not CONTRACT.exists(), reason="the contract is not part of this repository")
def test_nothing_of_the_contract_is_missing_or_changed() -> None:
    """The product may know more facts and values than the contract, never fewer or other ones."""
    contract = load_yaml(CONTRACT.read_text("utf-8"))
    own = load_yaml((Path(__file__).parents[2] / "src/penstock/terms/vocabulary.yaml").read_text("utf-8"), trusted=True)
    said = {row["name"]: row for row in own["facts"]}
    for row in contract["facts"]:
        mine = said[row["name"]]
        for key in row.keys() - {"name", "doc", "enum"}:
            assert mine.get(key) == row[key], (row["name"], key)
        assert set(row.get("enum", ())) <= set(mine.get("enum", ())), row["name"]
    for name, values in contract["output_enums"].items():
        assert own["output_enums"][name][: len(values)] == values, name
    for name, values in contract["switches"].items():
        assert own["switches"][name] == values
    assert own["shorthands"] == contract["shorthands"]
    assert own["placeholders"] == contract["placeholders"]
