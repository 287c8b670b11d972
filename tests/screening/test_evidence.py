"""Party facts from evidence, all the way to a determination: lists, owners, the ultimate parent and what stays open."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from penstock.screening.closure import OwnershipIndex
from penstock.screening.evidence import Evidence, PartyEvidence
from penstock.screening.holdings import read_holdings
from penstock.screening.screener import Entry, Screener
from tests.fuzz.test_documents import run

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
LISTED = Entry("1", "Huawei Technologies Co., Ltd.", (), ("CN",), (), "Entity List", {"review_policy": "presumption_of_denial"})
PARENT = "华为技术有限公司"


def about(*rows: str, name: str = "Buyer", listed: Entry = LISTED, **party: Any) -> PartyEvidence:
    held = read_holdings([row.split(",") for row in ("owner,owned,basis_points", *rows)], on=dt.date(2026, 11, 15))
    others = [Entry(f"x{i}", f"Quite Another Party {i}") for i in range(5)]
    return Evidence(Screener([listed, *others]), OwnershipIndex(held, limit=5000)).about({"name": name, **party})


def test_three_layers_up_and_half_only_in_aggregate() -> None:
    found = about(f"{PARENT},A,3000", f"{PARENT},N,10000", "N,A,2000", "A,B,10000", "B,Buyer,5001", "Clean,Buyer,4999")
    assert found.facts["lists"] == []
    assert [(row["name"], row["share"], row["lists"]) for row in found.facts["owners"]] == [
        ("B", 0.5001, ["entity_list"]),
        ("Clean", 0.4999, []),
    ]
    assert (found.facts["parent_name"], found.facts["parent_headquarters"]) == (PARENT, "CN")
    assert any("30 % of A" in finding.because for finding in found.findings)


def test_just_below_the_limit_nothing_is_passed_on() -> None:
    found = about(f"{PARENT},A,4999", "A,Buyer,10000")
    assert [row["lists"] for row in found.facts["owners"]] == [[]]
    assert found.facts["parent_name"] == "A"
    assert found.open == ("parent_headquarters: nothing says where A has its headquarters",)


def test_an_unknown_stake_stays_unknown() -> None:
    found = about(f"{PARENT},Buyer,")
    assert found.facts["owners"] == [{"name": PARENT, "lists": ["entity_list"]}]
    assert "parent_name" not in found.facts


def test_an_owner_that_listed_ones_may_hold_is_on_no_known_list() -> None:
    found = about(f"{PARENT},A,", "A,Buyer,10000", "Huawai Technology Services,Buyer,1")
    assert found.facts["owners"] == [{"name": "A", "share": 1.0}, {"name": "Huawai Technology Services", "share": 0.0001}]
    assert any("could bring listed owners to the limit: 华为技术有限公司 in A" in text for text in found.open)
    assert any("Huawai Technology Services: 0." in text for text in found.open)
    assert f"parent_name: A, unless {PARENT} controls it by shares that are not known" in found.open
    assert "parent_name" not in found.facts


def test_a_party_is_found_in_the_holdings_by_its_letters() -> None:
    assert about(f"{PARENT},Buyer Pte Ltd,6000", name="BUYER PTE. LTD.").facts["parent_name"] == PARENT
    assert (
        about(f"{PARENT},Buyer,6000", f"{PARENT},BUYER,100", name="buyer").open[-1].startswith("owners: the holdings name nobody")
    )


def test_a_party_that_is_listed_itself() -> None:
    found = about(name="HUAWEI TECHNOLOGIES")
    assert (found.facts["lists"], found.facts["entity_list_review_policy"]) == (["entity_list"], "presumption_of_denial")


def test_a_doubtful_hit_leaves_the_fact_unknown() -> None:
    found = about(name="Huawai Technology Services", listed=LISTED)
    assert "lists" not in found.facts
    assert found.open[0].startswith("lists: 0.")


def test_what_is_given_is_never_replaced() -> None:
    found = about(f"{PARENT},Buyer,10000", lists=["meu_list"], parent_name="Somebody", parent_headquarters="FR", owners=[])
    assert found.facts == {}


def test_two_owners_at_the_limit_are_no_parent() -> None:
    found = about("A,Buyer,5000", "B,Buyer,5000")
    assert found.open == ("parent_name: A, B each reach the limit",)


@pytest.mark.parametrize(("on", "affiliates"), [("2026-11-15", True), ("2026-06-15", False)])
def test_decide_with_evidence(on: str, affiliates: bool) -> None:
    """The headquarters rule holds in any case; the Affiliates rule from the end of its stay."""
    asked = ["decide", str(EXAMPLES / "singapore_buyer.yaml"), "--on", on, "--screen", "--owners", str(EXAMPLES / "holdings.csv")]
    code, out, err = run([*asked, "--json"], "")
    answer = json.loads(out)
    assert (code, err) == (0, "")
    binding = {row["id"] for row in answer["enforced"]["requirements"] if row["binding"]}
    assert ("affiliates" in binding, "headquarters" in binding) == (affiliates, True)
    assert answer["enforced"]["outcome"] == "license_required"
    facts = {row["fact"] for row in answer["evidence"]["parties"]["ultimate_consignee"]["findings"]}
    assert {"lists", "owners", "parent_name", "parent_headquarters"} <= facts
    text = run(asked, "")[1]
    assert text.startswith("Evidence: well-known entries of the Entity List of 2026-07-09")
    assert "as enforced, a license is required" in " ".join(text.split())
