"""Two backends, one answer: the short verdict and the traced evaluation agree on every output."""

from __future__ import annotations

import datetime as dt

from hypothesis import given

from penstock.decision.chips import resolve
from penstock.decision.classification import settle_die_area
from penstock.decision.determination import verdict
from penstock.decision.library import program
from penstock.decision.prepare import prepare
from penstock.rulebook.values import value_of
from penstock.terms.documents import read_facts
from tests.strategies import Asked, Flat, arbitrary_facts, complete_facts, days, laws, nested, partial_facts


def assert_backends_agree(facts: Flat, asked: Asked) -> None:
    on, regime, switches = asked
    law = program(on, None, regime, switches)
    resolved = settle_die_area(resolve(read_facts(nested(facts)), str(law.law.switches["integration_level"])), on, law.law)
    prepared = prepare(resolved.facts)
    traced = law.trace(prepared.values.get, prepared.roles, on)
    short = law.verdict(prepared.values.get, prepared.roles, on)
    assert len(short) == len(law.outputs)
    for node, value in zip(law.outputs, short, strict=True):
        assert value == (traced[law.place[node.id]] if node.id in law.place else value_of(node))


@given(complete_facts(), laws())
def test_verdict_and_trace_agree_on_complete_transactions(facts: Flat, asked: Asked) -> None:
    assert_backends_agree(facts, asked)


@given(partial_facts(), laws())
def test_verdict_and_trace_agree_on_partial_transactions(facts: Flat, asked: Asked) -> None:
    assert_backends_agree(facts, asked)


@given(arbitrary_facts(without=("item.chip",)), laws())
def test_verdict_and_trace_agree_on_any_facts(facts: Flat, asked: Asked) -> None:
    assert_backends_agree(facts, asked)


@given(partial_facts(), days())
def test_the_function_verdict_says_what_a_determination_says(facts: Flat, on: dt.date) -> None:
    law = program(on)
    prepared = prepare(read_facts(nested(facts)))
    found = verdict(law, prepared, on)
    assert set(found) == {"codified", "enforced"}
    for answer in found.values():
        assert answer.license_required in (True, False, "unknown")
        assert (answer.path == "NLR") == (answer.outcome in ("no_license_required", "not_subject"))
        assert (answer.path == "LICENSE") == (answer.outcome == "license_required")
        assert (answer.path == "NONE") == (answer.outcome == "prohibited")
