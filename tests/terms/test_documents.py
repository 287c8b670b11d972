"""From a document as people write it to canonical facts; every mistake found, with the nearest valid value."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.terms.documents import Facts, parse_document, read_document, read_facts
from penstock.terms.errors import BadDocument, FactError, FileUnusable
from penstock.terms.vocabulary import vocabulary
from tests.strategies import Flat, arbitrary_facts, nested


@pytest.mark.parametrize(
    ("document", "facts"),
    [
        ({"destination": "PT"}, {"destination.country": "PT"}),
        ({"destination": {"country": "PT"}}, {"destination.country": "PT"}),
        ({"origin": "US"}, {"origin.country": "US"}),
        ({"chip": "h20"}, {"item.chip": "h20"}),
        ({"quantity": 5}, {"item.quantity": 5}),
        ({"consignee": {"country": "PT"}}, {"parties.ultimate_consignee.country": "PT"}),
        ({"end_user": {"country": "PT"}}, {"parties.end_user.country": "PT"}),
        ({"item.tpp": 5}, {"item.tpp": 5}),
        ({"item": {"tpp": None}}, {}),
        ({"item": None}, {}),
        ({"documents": {"nac": {"filed_on": "2025-05-07"}}}, {"documents.nac.filed_on": dt.date(2025, 5, 7)}),
        (
            {"counters": {"uveu_share_by_country": {"JP": 0.1, "BR": 0.07}}},
            {
                "counters.uveu_share_by_country": (
                    {"country": "BR", "share": Fraction(7, 100)},
                    {"country": "JP", "share": Fraction(1, 10)},
                )
            },
        ),
    ],
)
def test_shorthands_are_rewritten_and_nothing_else(document: dict[str, Any], facts: dict[str, Any]) -> None:
    """Contract 1(f)."""
    assert dict(read_facts(document).values) == facts


@pytest.mark.parametrize(
    ("document", "code", "at", "nearest"),
    [
        ({"item": {"daatcenter": True}}, "unknown_fact", "item.daatcenter", "item.datacenter"),
        ({"destinations": {"country": "PT"}}, "unknown_fact", "destinations", "destination"),
        ({"activity": {"type": "re-export"}}, "bad_enum", "activity.type", "reexport"),
        ({"activity": {"type": 5}}, "bad_enum", "activity.type", None),
        ({"destination": {"country": "Portugal"}}, "bad_country", "destination.country", "PT"),
        ({"destination": "UK"}, "bad_country", "destination.country", "GB"),
        ({"destination": "pt"}, "bad_country", "destination.country", "PT"),
        ({"item": {"quantity": -5}}, "bad_number", "item.quantity", None),
        ({"item": {"quantity": 1.5}}, "bad_type", "item.quantity", 2),
        ({"item": {"quantity": "5"}}, "bad_type", "item.quantity", 5),
        ({"item": {"quantity": True}}, "bad_type", "item.quantity", None),
        ({"item": {"datacenter": "yes"}}, "bad_type", "item.datacenter", True),
        ({"item": {"datacenter": "NO"}}, "bad_type", "item.datacenter", False),
        ({"item": {"datacenter": 1}}, "bad_type", "item.datacenter", True),
        ({"item": {"eccn": "3a090"}}, "bad_type", "item.eccn", None),
        ({"item": {"eccn": "3A090.a\n"}}, "bad_type", "item.eccn", None),
        ({"end_use": {"fine_tune_share": 60}}, "bad_number", "end_use.fine_tune_share", Fraction(3, 5)),
        ({"end_use": {"fine_tune_share": 600}}, "bad_number", "end_use.fine_tune_share", None),
        ({"end_use": {"types": "wmd"}}, "bad_type", "end_use.types", ["wmd"]),
        ({"end_use": {"types": ["wmd", "militray"]}}, "bad_enum", "end_use.types[1]", "military"),
        ({"documents": {"nac": {"filed_on": "2025-02-30"}}}, "bad_date", "documents.nac.filed_on", "2025-02-28"),
        ({"item": 5}, "bad_type", "item", None),
        ({"item": {"throughput": [{"tops": 1, "bitlength": 8}]}}, "unknown_fact", "item.throughput[0].bitlength", "bit_length"),
        ({"counters": {"uveu_share_by_country": {"UK": 0.1}}}, "bad_country", "counters.uveu_share_by_country.UK", "GB"),
        ({"parties": {"consignee": {"country": "PT"}}}, "unknown_fact", "parties.consignee", "parties.ultimate_consignee"),
    ],
)
def test_a_mistake_is_named_placed_and_answered(document: dict[str, Any], code: str, at: str, nearest: object) -> None:
    """Contract 8: stable code, dotted path with [i] for lists, nearest valid name or value."""
    with pytest.raises(FactError) as refused:
        read_facts(document)
    assert (refused.value.code, refused.value.at) == (code, at)
    assert refused.value.nearest == nearest


def test_the_first_mistake_in_document_order_wins_and_the_rest_are_listed() -> None:
    """Contract 8."""
    document = {"item": {"tpq": 1, "quantity": -1}, "activity": {"type": "x"}, "destination": "Portugal"}
    with pytest.raises(FactError) as refused:
        read_facts(document)
    assert [refused.value.at, *(error.at for error in refused.value.more)] == [
        "item.tpq",
        "item.quantity",
        "activity.type",
        "destination.country",
    ]


def test_a_fact_given_twice_must_agree() -> None:
    assert read_facts({"chip": "h20", "item": {"chip": "h20"}}).values == {"item.chip": "h20"}
    with pytest.raises(FactError, match="given twice"):
        read_facts({"chip": "h20", "item": {"chip": "h100"}})


@given(arbitrary_facts())
def test_facts_read_again_are_the_same(facts: Flat) -> None:
    once = read_facts(nested(facts))
    assert set(once.values) == set(facts)
    assert all(name in vocabulary().facts for name in once.values)
    assert read_facts(nested(facts)) == once


@given(arbitrary_facts(), st.data())
def test_with_sets_and_removes(facts: Flat, data: st.DataObject) -> None:
    once = read_facts(nested(facts))
    name = data.draw(st.sampled_from(sorted(once.values)))
    assert name not in once.with_({name: None}).values
    assert once.with_({name: once.values[name]}) == once


def test_facts_know_their_groups() -> None:
    facts = Facts({"item.designer.status": "neither"})
    assert facts.has_group("item")
    assert facts.has_group("item.designer")
    assert not facts.has_group("item.design")


def test_a_document_is_read_from_a_file_or_from_standard_input(tmp_path: Path) -> None:
    file = tmp_path / "facts.yaml"
    file.write_text("destination: PT", "utf-8")
    assert read_document(file, lambda: "") == read_document("-", lambda: "destination: PT") == {"destination": "PT"}


def test_files_that_cannot_be_read_say_so(tmp_path: Path) -> None:
    """Contract 7: exit 5 for a file that is not readable, 3 for one that is no document."""
    with pytest.raises(FileUnusable) as missing:
        read_document(tmp_path / "none.yaml", lambda: "")
    assert (missing.value.code, missing.value.exit_code) == ("bad_document", 5)
    binary = tmp_path / "binary"
    binary.write_bytes(b"\xff\xfe")
    with pytest.raises(BadDocument, match="is not UTF-8 text"):
        read_document(binary, lambda: "")


@pytest.mark.parametrize("text", ["", "[]", "5", "x", "null", "- a: 1"])
def test_a_document_is_one_object(text: str) -> None:
    with pytest.raises(BadDocument, match="one object of facts"):
        parse_document(text)


def test_json_and_yaml_say_the_same() -> None:
    assert parse_document('{"item": {"tpp": 15831.2}, "on": true}') == parse_document("item: {tpp: 15831.2}\n'on': true")
