"""Agreements: how they stand, lapse and are waived, and that their effect is a diff of the law and nothing else."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.decision.library import book
from penstock.decision.witness import find_witness
from penstock.licensing.agreements import Agreement, Record, agreement, agreements, effect, read_records, standing
from penstock.terms.errors import PenstockError
from tests.fuzz.test_documents import run

START = dt.date(2025, 5, 15)


def on(days: int) -> dt.date:
    return START + dt.timedelta(days=days)


def battle(*records: Record, days: int = 400) -> Any:
    return standing(agreement("battle-act", ["BR"]), records, on(days))


def test_every_agreement_names_its_source_and_what_it_rests_on() -> None:
    for id in agreements():
        raw = book().data[f"data/agreements/{id}.yaml"]
        made = agreement(id, () if raw["partners"] else ["BR"])
        assert made.id == id
        assert made.source
        assert made.confidence in ("high", "medium", "low")
        for deliverable in made.deliverables:
            assert deliverable.cite
            assert deliverable.confidence in ("high", "medium", "low")
        if made.force == "political_commitment":
            assert made.grants == ()


def test_what_is_not_delivered_in_time_makes_an_agreement_lapse() -> None:
    made = agreement("allocation-doubling", ["IN"])
    assert standing(made, (), on(-1)).status == "not_yet"
    stands = standing(made, (), on(90))
    assert (stands.status, [(one.deliverable.id, one.due) for one in stands.owed]) == (
        "in_force", [("assurances", on(90)), ("report", on(180))],
    )  # fmt: skip
    assert standing(made, (), on(91)).status == "lapsed"
    assert standing(made, (), on(400)).since == on(91)
    given_ = Record("delivered", on(80), "assurances")
    assert standing(made, (given_,), on(91)).status == "in_force"
    reports = [Record("delivered", on(170), "report"), Record("delivered", on(350), "report")]
    assert [one.due for one in standing(made, (given_, *reports), on(400)).owed] == [on(180 + 2 * 182)]
    assert standing(made, (given_, Record("waiver", on(100), "report", "still negotiating")), on(600)).status == "in_force"


def test_an_agreement_is_ended_by_a_party() -> None:
    stands = standing(agreement("uae-2025"), (Record("ended", on(30), reason="withdrawn"),), on(31))
    assert (stands.status, stands.since, stands.why) == ("ended", on(30), "withdrawn")


def test_conditionality_by_class_of_items_with_waiver() -> None:
    """Category A: no waiver.  Category B: a waiver where ending it would be clearly detrimental.  Sixty days of notice first."""
    notice = Record("list_notified", on(0))
    shipped = {name: Record("shipment", on(90), name) for name in "AB"}
    waiver = {name: Record("waiver", on(89), name, "clearly detrimental") for name in "AB"}
    assert battle(shipped["A"]).status == "in_force"  # nobody was told of the list
    assert battle(notice, Record("shipment", on(59), "A")).status == "in_force"
    assert battle(notice, Record("shipment", on(60), "A")).status == "lapsed"
    assert battle(notice, shipped["B"]).status == "lapsed"
    assert battle(notice, waiver["B"], shipped["B"]).status == "in_force"
    assert battle(notice, waiver["A"], shipped["A"]).status == "lapsed"
    assert battle(notice, Record("waiver", on(89), "B"), shipped["B"]).status == "lapsed"  # a waiver says why
    assert battle(notice, Record("waiver", on(91), "B", "late"), shipped["B"]).status == "lapsed"
    assert "class B" in battle(notice, shipped["B"]).why


RECORDS = st.builds(Record, st.sampled_from(["delivered", "waiver"]), st.integers(0, 800).map(on),
                    st.sampled_from(["assurances", "report"]))  # fmt: skip


@given(st.lists(RECORDS, max_size=6), st.integers(91, 2000), st.integers(0, 2000))
def test_a_lapse_stays_a_lapse(records: list[Record], first: int, later: int) -> None:
    """Whatever is delivered or waived after the day, and however long it is asked about afterwards."""
    made = agreement("allocation-doubling", ["IN"])
    before, after = standing(made, records, on(first)), standing(made, records, on(first + later))
    if before.status == "lapsed":
        assert (after.status, after.since) == ("lapsed", before.since)
    assert standing(made, (), on(first)).status == "lapsed"


def test_what_comes_late_does_not_bring_an_agreement_back() -> None:
    made = agreement("allocation-doubling", ["IN"])
    for late in (Record("delivered", on(91), "assurances"), Record("waiver", on(91), "assurances", "late")):
        assert (standing(made, [late], on(100)).status, standing(made, [late], on(100)).since) == ("lapsed", on(91))
    for timely in (Record("delivered", on(90), "assurances"), Record("waiver", on(90), "assurances", "in time")):
        assert standing(made, [timely], on(100)).status == "in_force"


# ---- the law


def changed(id: str, partner: str, regime: str, days: int = 17) -> Any:
    return effect(agreement(id, [partner]), on(days), regime)


def test_a_promotion_is_a_diff_of_the_law_and_goes_when_it_lapses() -> None:
    stands, changes, before, after = changed("carnegie-promotion", "BR", "diffusion-as-written")
    assert stands.status == "in_force"
    assert [(change.id, change.after) for change in changes if change.kind != "instrument"] == [("SUPP5A", "+ BR")]
    assert after.members("SUPP5A") - before.members("SUPP5A") == {"BR"}
    witness = find_witness(before, after)
    assert witness is not None
    assert witness.document["destination"]["country"] == "BR"
    assert changed("carnegie-promotion", "BR", "diffusion-as-written", 400)[1] == []


def test_an_uplift_raises_the_allocation_of_the_partner_alone() -> None:
    _, changes, before, after = changed("allocation-doubling", "IN", "diffusion-as-written")
    assert [change.id for change in changes if change.kind == "definition"] == ["country_allocation_limit"]
    witness = find_witness(before, after)
    assert witness is not None
    assert witness.document["destination"]["country"] == "IN"


def test_a_waived_requirement_still_binds_everybody_else() -> None:
    _, changes, before, after = changed("battle-act", "IN", "diffusion-as-written")
    assert [change.id for change in changes if change.kind == "requirement"] == ["worldwide_a"]
    witness = find_witness(before, after)
    assert witness is not None
    assert witness.document["destination"]["country"] == "IN"


@pytest.mark.parametrize("id", ["uae-2025", "ksa-2025"])
def test_a_political_commitment_changes_no_law(id: str) -> None:
    stands, changes, before, after = effect(agreement(id), on(17))
    assert (stands.status, changes) == ("in_force", [])
    assert before.hash == after.hash


def test_the_law_without_the_agreement_is_untouched() -> None:
    before = book().law(on(17)).hash
    _, _, under, _ = changed("carnegie-promotion", "BR", "actual")
    assert under.hash == before == book().law(on(17)).hash


# ---- bad input


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda: agreement("uae-2026"), "unknown_citation"),
        (lambda: agreement("carnegie-promotion"), "missing_required"),
        (lambda: agreement("carnegie-promotion", ["XX"]), "bad_country"),
        (lambda: agreement("uae-2025", ["BR"]), "conflicting_facts"),
        (lambda: effect(agreement("carnegie-promotion", ["CN"]), on(5)), "conflicting_facts"),
        (lambda: effect(agreement("carnegie-promotion", ["MO"]), on(5)), "conflicting_facts"),
        (lambda: battle(Record("shipment", on(5), "C")), "bad_enum"),
        (lambda: read_records({}), "bad_document"),
        (lambda: read_records({"records": [{"kind": "delivered"}]}), "bad_document"),
        (lambda: read_records({"records": [{"kind": "deliverd", "on": "2025-06-01"}]}), "bad_enum"),
        (lambda: read_records({"records": [{"kind": "delivered", "on": "2025-06-31"}]}), "bad_date"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_one_clear_error(call: Any, code: str) -> None:
    with pytest.raises(PenstockError) as caught:
        call()
    assert caught.value.code == code


def test_agreements_on_the_command_line(tmp_path: Path) -> None:
    code, out, _ = run(["license", "agreement"], "")
    assert code == 0
    assert all(id in out for id in agreements())
    records = tmp_path / "records.yaml"
    records.write_text("records: [{kind: delivered, on: 2025-08-01, what: assurances}]", "utf-8")
    asked = ["license", "agreement", "allocation-doubling", "--partner", "IN", "--on", "2025-09-01", "--records", str(records)]
    code, out, _ = run([*asked, "--json"], "")
    document = json.loads(out)
    assert (code, document["status"], [one["id"] for one in document["owed"]]) == (0, "in_force", ["report"])
    assert {change["kind"] for change in document["changes"]} == {"instrument", "definition", "table"}
    code, out, _ = run(asked, "")
    assert "country_allocation_limit" in out


def test_an_agreement_is_a_value() -> None:
    assert isinstance(agreement("uae-2025"), Agreement)
    assert agreement("uae-2025") == agreement("uae-2025")
