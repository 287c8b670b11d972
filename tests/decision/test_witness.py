"""A transaction that tells two laws apart, and the proof of an answer."""

from __future__ import annotations

import datetime as dt

import pytest

from penstock import decide
from penstock.decision.library import book
from penstock.decision.witness import find_witness, sample_transactions
from penstock.rulebook.ir import FALSE, TRUE, UNKNOWN
from tests.transactions import export, party


@pytest.mark.parametrize(
    "day", ["2022-10-07", "2023-11-17", "2024-04-04", "2024-12-31", "2025-01-13", "2025-05-15", "2026-01-15", "2026-07-10"]
)
def test_a_change_that_matters_has_a_witness(day: str) -> None:
    """Contract 7: --witness prints a transaction that flips."""
    after = dt.date.fromisoformat(day)
    laws = [book().law(each) for each in (after - dt.timedelta(days=1), after)]
    witness = find_witness(*laws)
    assert witness is not None
    assert witness.before != witness.after
    found = [decide(witness.document, on=each).stance(witness.stance) for each in (after - dt.timedelta(days=1), after)]
    assert (found[0].outcome, found[0].path) != (found[1].outcome, found[1].path) or "review" in witness.before
    for answer, said in zip(found, (witness.before, witness.after), strict=True):
        assert said.startswith(f"{answer.outcome}, path {answer.path}, ")


def test_the_same_law_has_no_witness() -> None:
    law = book().law(dt.date(2025, 6, 1))
    assert find_witness(law, law) is None


def test_samples_are_transactions() -> None:
    for document in sample_transactions():
        assert decide(document, on="2025-06-01").codified.outcome
        break
    assert len({str(document) for document in sample_transactions()}) > 100


# ---- explanations


def test_a_proof_prints_every_provision_once_with_its_citation() -> None:
    answer = decide(export("DE", consignee=party("DE", parent="CN")), on="2026-06-15")
    roots = [requirement.scope for requirement in answer.program.requirements if requirement.id == "headquarters"]
    lines = list(answer.explanation.proof(*roots))
    assert lines[0].startswith("✓ headquarters: ")
    assert "742.6(a)(6)(iii)(A)" in lines[0]
    assert any("parent_headquarters" in line and "CN" in line for line in lines)
    shown = [line.strip() for line in lines if "[" in line and "(above)" not in line]
    assert len(shown) == len(set(shown))


def test_a_step_says_its_value_and_its_margin() -> None:
    """DESIGN 3: each node has its value, its margin to the threshold and its citation."""
    item = {"kind": "integrated_circuit", "datacenter": True, "tpp": 4700, "performance_density": 1}
    answer = decide(export("SA", item), on="2026-06-15")
    steps = answer.explanation.steps(answer.program.anchors["classification"])
    compared = {step.text: (step.value, step.margin) for step in steps if step.margin is not None}
    assert compared["item.tpp >= A1_TPP (4,800)"] == (FALSE, -100)
    assert all(value in (FALSE, UNKNOWN, TRUE) for value, _ in compared.values())


def test_every_step_rests_on_steps_before_it() -> None:
    answer = decide(export("SA"), on="2026-06-15")
    seen: set[int] = set()
    for step in answer.explanation.steps(*answer.program.outputs):
        assert set(step.because) <= seen
        seen.add(step.id)
