"""The law of a day assembled: its verdict first, and what else an answer says once somebody asks for it."""

from __future__ import annotations

import datetime as dt

import pytest

from penstock.decision.library import book, with_instruments
from penstock.decision.prepare import prepare
from penstock.decision.program import Program, build
from penstock.terms.documents import read_facts
from penstock.terms.errors import RuleError
from tests.transactions import export

ON = dt.date(2026, 6, 15)


def fresh() -> Program:
    return build(book().law(ON), book().data["data/red_flags.yaml"]["flags"])


def test_a_verdict_needs_nothing_that_is_only_said_beside_it() -> None:
    law, prepared = fresh(), prepare(read_facts(export("BR")))
    alone = law.verdict(prepared.values.get, prepared.roles, ON)
    size = len(law.graph.nodes)
    values = law.trace(prepared.values.get, prepared.roles, ON)
    assert len(law.graph.nodes) > size
    assert tuple(values[law.place[node.id]] for node in law.outputs) == alone
    assert {node.id for node in law.consequences.roots() if node.op not in ("const", "table")} <= law.place.keys()


def test_the_graph_of_a_law_is_the_same_whatever_was_asked_first() -> None:
    one, other = fresh(), fresh()
    one.verdict(lambda _: None, prepare(read_facts({"activity": {"type": "export"}})).roles, ON)
    assert list(map(repr, one.complete().nodes)) == list(map(repr, other.complete().nodes))


def test_a_mistake_in_what_is_only_said_beside_a_verdict_is_refused_when_it_is_read() -> None:
    letter = """
id: letter-1
title: A letter
cite: "letter of 2026-01-05 to the addressee"
kind: letter
force: is_informed
effective: 2026-01-05
source: own files
confidence: high
rules: |
  @duty("letter of 2026-01-05", of="LICENSE", event="shipment")
  def letter_duty(t: Transaction):
      "A duty that compares two units."
      return t.item.tpp >= t.item.die_area_mm2
"""
    with pytest.raises(RuleError, match="cannot be compared"), with_instruments([("letter.yaml", letter)]):
        pass
