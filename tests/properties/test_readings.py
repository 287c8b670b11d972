"""An open point of the text is named wherever reading it the other way would change the answer."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock import Determination, decide
from penstock.decision.library import book
from penstock.rulebook import STANCES
from tests.strategies import Flat, complete_facts, nested
from tests.transactions import Document, chips, export, party

CHOICES = [
    (name, value, day)
    for name, day in {
        "lpp_740_2_a_9": dt.date(2025, 6, 1),
        "lpp_5a002": dt.date(2025, 6, 1),
        "hq_overlap": dt.date(2025, 6, 1),
        "affiliates_stay_extended": dt.date(2026, 11, 10),
        "kh_leaves_d5": dt.date(2025, 12, 1),
        "uae_license_free_scope": dt.date(2026, 8, 1),
    }.items()
    for value in book().readings[name].values[1:]
]


FOR_CAMBODIA = {"ultimate_consignee": party("SG"), "end_user": party("KH")}


def assert_named_where_it_matters(reading: str, one: Determination, other: Determination) -> None:
    point = book().readings[reading].point
    for stance in STANCES:
        if one.verdicts[stance] != other.verdicts[stance]:
            assert point in one.stance(stance).block["ambiguities"]


@given(complete_facts(), st.sampled_from(CHOICES))
def test_a_reading_that_decides_is_named(facts: Flat, choice: tuple[str, Any, dt.date]) -> None:
    """Contract 2, ambiguities: the open points that touched this answer."""
    name, value, on = choice
    one, other = (decide(nested(facts), on=on, switches=switches) for switches in ({}, {name: value}))
    assert_named_where_it_matters(name, one, other)


@pytest.mark.parametrize(
    ("reading", "value", "on", "document"),
    [
        ("lpp_740_2_a_9", "available", "2025-06-01", export("SA", chips(aggregate_tpp=1_000))),
        ("lpp_5a002", "included", "2025-06-01", export("PT", chips("5A002.z.1.a", aggregate_tpp=1_000))),
        ("hq_overlap", "allocation", "2025-06-01", export("BR", chips(aggregate_tpp=900_000_000), party("BR", "JP"))),
        (
            "affiliates_stay_extended",
            True,
            "2026-11-10",
            export("PE", None, party("PE", owners=[{"share": 1, "lists": ["entity_list"]}])),
        ),
        ("kh_leaves_d5", "2026-02-03", "2025-12-01", export("KH")),
        ("kh_leaves_d5", "2026-02-03", "2025-12-01", export("SG", consignee=party("SG", parent="KH"))),
        ("kh_leaves_d5", "2026-02-03", "2025-12-01", export("SG", parties=FOR_CAMBODIA)),
        ("uae_license_free_scope", "b_only", "2026-08-01", export("AE", None, party("AE", uae_status="us_ai_company"))),
    ],
)
def test_each_reading_decides_something_and_is_named_there(reading: str, value: Any, on: str, document: Document) -> None:
    """Contract 4: O1, O2, O3, O10, O9 and O12, each with a transaction that it decides."""
    one, other = (decide(document, on=on, switches=switches) for switches in ({}, {reading: value}))
    assert one.verdicts != other.verdicts
    assert_named_where_it_matters(reading, one, other)
