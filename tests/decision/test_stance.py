"""The stance block: every key of the contract, what is missing and why, what may proceed, and what it rests on."""

from __future__ import annotations

from typing import Any

import pytest

from penstock import decide
from penstock.decision.library import book
from tests.transactions import Document, chips, codified, enforced, export, party

ON = "2026-06-15"
KEYS = {
    "eccn", "paragraphs", "subject_to_ear", "license_required", "outcome", "may_proceed", "requirements", "prohibitions", "path",
    "authorizations", "license", "ledger", "charges", "red_flags", "veu_eligibility", "missing_facts", "ambiguities", "what_if",
    "destination", "citations",
}  # fmt: skip


def test_the_document_has_the_keys_of_the_contract() -> None:
    """Contract 2."""
    document = decide(export("PT"), on=ON).document()
    assert {"schema", "on", "known", "regime", "switches", "law_hash", "data_dates", "assumptions", "stances_differ"} <= set(
        document
    )
    assert document["schema"] == "penstock.determination/1"
    for stance in ("codified", "enforced"):
        assert set(document[stance]) >= KEYS
    assert set(document["data_dates"]) >= {"ccl", "country_groups", "entity_list", "chips"}
    assert document["switches"] == book().switches()


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (export("JP"), "clear"),
        (export("SA"), "stop"),
        (export("SA", chips("3A090.b")), "with_conditions"),
        (export("SA", chips("3A090.b"), answers={"KYC-05": "present"}), "hold"),
        (export("SA", chips("3A090.b"), answers={"KYC-05": "resolved"}), "with_conditions"),
        (export("SA", answers={"KYC-05": "present"}), "stop"),
        (export("MY", consignee={"country": "MY"}), "unknown"),
        (export("MY", consignee={"country": "MY"}, answers={"KYC-05": "present"}), "unknown"),
    ],
)
def test_may_proceed(document: Document, expected: str) -> None:
    """Contract 2: prohibited or license required stop, unknown is unknown, a raised flag holds, else clear or with conditions."""
    assert enforced(document, ON).may_proceed == expected


# ---- missing facts


def without(document: Document, *names: str) -> Document:
    """Return a document from which dotted facts are taken out."""
    out = {key: dict(value) if isinstance(value, dict) else value for key, value in document.items()}
    for name in names:
        *groups, last = name.split(".")
        inner: dict[str, Any] = out
        for group in groups:
            inner[group] = dict(inner[group])
            inner = inner[group]
        del inner[last]
    return out


def missing(document: Document, on: str = ON, stance: str = "enforced", **options: Any) -> dict[str, list[str]]:
    block = decide(document, on=on, **options).stance(stance).block
    return {entry["id"]: entry["decides"] for entry in block["missing_facts"]}


@pytest.mark.parametrize(
    ("name", "document"),
    [
        ("destination.country", export("SA", consignee=party("SA"))),
        ("parties.ultimate_consignee.parent_headquarters", export("MY")),
        ("parties.ultimate_consignee.headquarters", export("MY")),
        ("parties.ultimate_consignee.lists", export("MY")),
        ("item.eccn", export("SA", {"kind": "integrated_circuit", "eccn": "3A090.a"})),
    ],
)
def test_a_fact_that_decides_is_asked_for(name: str, document: Document) -> None:
    """Contract 0.1, 2: absent facts read by a condition that is still undecided and on which the answer depends."""
    assert name not in missing(document)
    assert name in missing(without(document, name))


def test_a_fact_that_does_not_matter_is_not_asked_for() -> None:
    """With a D:5 destination the parent cannot change that a license is required."""
    assert missing(without(export("RU"), "parties.ultimate_consignee.parent_headquarters")) == {}


def test_a_computed_fact_is_asked_for_with_its_inputs() -> None:
    """Contract 2: a computed fact is listed together with its missing inputs."""
    asked = missing(export("SA", {"kind": "integrated_circuit", "datacenter": True}))
    assert {"item.eccn", "item.tpp", "item.throughput"} <= set(asked)


def test_an_absent_end_user_is_asked_for_where_it_would_be_given() -> None:
    asked = missing(export("MY", consignee={"country": "MY", "headquarters": "MY", "lists": []}))
    assert set(asked) == {"parties.ultimate_consignee.parent_headquarters"}
    assert set(asked["parties.ultimate_consignee.parent_headquarters"]) == {"license_required", "outcome", "path"}


def test_owners_matter_only_while_the_affiliates_rule_is_in_force() -> None:
    """Vocabulary: owners absent is unknown while the affiliates rule is in force."""
    document = without(export("PE", {"kind": "other", "eccn": "EAR99"}), "parties.ultimate_consignee.owners")
    assert "parties.ultimate_consignee.owners" in missing(document, "2025-10-15")
    assert missing(document, "2026-02-01") == {}


def test_a_list_that_is_given_in_full_is_not_asked_for() -> None:
    """Contract 2: absent facts; what leaves the rows of a list open is the destination, not the list."""
    held = [{"type": "NVEU", "holder": "Buyer", "countries": ["BR"], "valid_until": "2030-01-01"}]
    asked = missing(without(export("BR", authorizations_held=held), "destination.country"), "2025-06-01", "codified")
    assert "destination.country" in asked
    assert "authorizations_held" not in asked


@pytest.mark.parametrize(
    "name", ["end_use.types", "counters.lpp_tpp_received_this_year", "counters.aia_tpp_cumulative", "facility.supp10_14_15_18"]
)
def test_facts_of_exceptions_are_not_asked_for_where_no_license_is_required(name: str) -> None:
    assert missing(without(export("JP"), name)) == {}


# ---- citations, destination, requirements


def test_every_requirement_is_cited_with_its_instrument() -> None:
    """STYLE 1: the answer carries its proof."""
    for document in (
        export("SA"),
        export("DE", consignee=party("DE", parent="CN")),
        export("CN", consignee=party("CN", lists=["entity_list"])),
    ):
        block = codified(document, ON).block
        cites = {entry["cite"] for entry in block["citations"]}
        for entry in (*block["requirements"], *block["prohibitions"]):
            assert entry["cite"] in cites
        for entry in block["citations"]:
            assert entry["instrument"]
            assert entry["force"] in ("legislative_rule", "non_enforcement", "interpretive_guidance", "executive_order")
            assert str(entry["effective"]) <= ON
            assert entry["confidence"] in ("high", "medium", "low")


def test_a_prohibited_act_names_its_prohibition() -> None:
    answer = enforced({"activity": {"type": "dealing"}, "item": {"chip": "Ascend 910C"}}, ON)
    assert [entry["id"] for entry in answer.block["prohibitions"]] == ["gp10"]
    assert answer.block["requirements"] == []
    assert "736.2(b)(10)" in {entry["cite"] for entry in answer.block["citations"]}


@pytest.mark.parametrize(("country", "tier"), [("JP", 1), ("US", 1), ("PT", 2), ("AE", 2), ("CN", 3), ("HK", 3), ("MO", 3)])
def test_tiers_of_destinations(country: str, tier: int) -> None:
    """Supp. No. 5 to part 740(a); Macau and D:5; everyone else."""
    assert enforced(export(country), ON).block["destination"]["diffusion_tier"] == tier


def test_there_were_no_tiers_before_the_rule() -> None:
    assert enforced(export("JP"), "2025-01-12").block["destination"]["diffusion_tier"] is None


def test_an_unknown_destination_is_in_no_group() -> None:
    """baseline.yaml: an unresolved destination must never resolve to 'no groups' and be cleared for it."""
    document = without(export("SA"), "destination.country")
    answer = enforced(document, ON)
    assert answer.block["destination"] == {"country": None, "treated_as": None, "country_groups": [], "diffusion_tier": None}
    assert answer.outcome == "unknown"


def test_each_stance_stands_alone() -> None:
    """Contract 2: a stance block is self-contained; where they differ the document says so."""
    answer = decide(export("BR"), on=ON)
    assert answer.stances_differ
    assert (answer.codified.outcome, answer.enforced.outcome) == ("license_required", "no_license_required")
    entry = next(entry for entry in answer.enforced.block["requirements"] if entry["id"] == "worldwide_a")
    assert (entry["scope_met"], entry["binding"], entry["enforced"]) == (True, False, False)
    assert "BIS press release 2025-05-13" in entry["not_enforced_by"]


def test_a_hit_on_a_list_that_is_not_judged_is_said() -> None:
    """Contract 0.5: no silent clearance of lists that are outside the requirements of section 3."""
    for hit in ("sdn_744_8", "unverified_list", "denied_persons"):
        answer = decide(export("PE", {"kind": "other", "eccn": "EAR99"}, party("PE", lists=[hit])), on=ON)
        assert any(hit in line for line in answer.document(what_if=False)["assumptions"])


def test_an_end_use_without_a_place_is_taken_to_be_at_the_destination() -> None:
    """744.22 and the vocabulary: end_use.location_country defaults to the destination."""
    end_use = {"knowledge": True, "types": ["military_intelligence"], "beneficiary_headquarters": "PE"}
    answer = decide(export("PE", end_use=end_use), on="2026-06-01")
    assert [r["id"] for r in answer.stance("enforced").block["requirements"] if r["scope_met"] == "unknown"] == []


def test_a_row_that_leaves_the_question_open_has_its_list_asked_for() -> None:
    """Contract 2: absent facts; a stake of unknown size is in the list of owners."""
    owners = [{"lists": ["entity_list"]}]
    assert "parties.ultimate_consignee.owners" in missing(export("PE", None, party("PE", owners=owners)), "2025-10-15")
