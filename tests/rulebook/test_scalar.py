"""Three-valued logic and exact numbers in the compiled backend, against the same thing written out by hand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.rulebook.book import Book
from penstock.rulebook.ir import FALSE, TRUE, UNKNOWN
from penstock.rulebook.lower import Lowerer
from penstock.rulebook.scalar import compile_scalar
from penstock.terms.documents import read_facts
from tests.fuzz.test_rules import FIRST_DAY, rule, write

ON = dt.date(2025, 6, 1)
ROLES = dict.fromkeys(("end_user", "ultimate_consignee"), 1) | {"+end_user": 3, "+ultimate_consignee": 0}


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, dict[str, Any]], Any]:
    """Return a function that answers an expression of the rule language for facts."""
    compiled: dict[str, Any] = {}

    def answer(body: str, facts: dict[str, Any]) -> Any:
        if body not in compiled:
            root = write(tmp_path_factory.mktemp("law"), rule(body))
            lowerer = Lowerer(Book.read(root, FIRST_DAY).law(ON))
            compiled[body] = compile_scalar(lowerer.graph, [lowerer.rule("asked")], "test")
        return compiled[body](read_facts(facts).values.get, ROLES, ON)[0]

    return answer


TRI = {None: UNKNOWN, False: FALSE, True: TRUE}


def stated(datacenter: bool | None, us_person: bool | None) -> dict[str, Any]:
    return {"item": {"datacenter": datacenter}, "activity": {"us_person": us_person}}


@pytest.mark.parametrize("a", [None, False, True])
@pytest.mark.parametrize("b", [None, False, True])
def test_kleene(ask: Callable[..., Any], a: bool | None, b: bool | None) -> None:
    """Contract 0.1: OR is true if one is true, unknown if none is true and one is unknown; AND and NOT to match."""
    order = [FALSE, UNKNOWN, TRUE]
    assert ask("t.item.datacenter or t.activity.us_person", stated(a, b)) == max(TRI[a], TRI[b], key=order.index)
    assert ask("t.item.datacenter and t.activity.us_person", stated(a, b)) == min(TRI[a], TRI[b], key=order.index)
    assert ask("not t.item.datacenter", stated(a, b)) == {FALSE: TRUE, UNKNOWN: UNKNOWN, TRUE: FALSE}[TRI[a]]
    same = UNKNOWN if None in (a, b) else TRUE if a == b else FALSE
    assert ask("t.item.datacenter == t.activity.us_person", stated(a, b)) == same


@pytest.mark.parametrize("condition", [None, False, True])
def test_a_choice_is_unknown_only_where_it_matters(ask: Callable[..., Any], condition: bool | None) -> None:
    body = "t.item.tpp if t.item.datacenter else t.item.aggregate_tpp"
    one, other = {"datacenter": condition, "tpp": 5, "aggregate_tpp": 7}, {"datacenter": condition, "tpp": 5, "aggregate_tpp": 5}
    assert ask(body, {"item": one}) == {None: None, True: 5, False: 7}[condition]
    assert ask(body, {"item": other}) == 5


@given(st.decimals(0, 10**6, places=3), st.decimals(0, 10**6, places=3))
def test_comparisons_are_exact(ask: Callable[..., Any], a: Any, b: Any) -> None:
    """Contract, head: comparisons exact."""
    facts = {"item": {"tpp": a, "aggregate_tpp": b}}
    for sign, holds in {">=": a >= b, ">": a > b, "<": a < b, "<=": a <= b, "==": a == b, "!=": a != b}.items():
        assert ask(f"t.item.tpp {sign} t.item.aggregate_tpp", facts) == (TRUE if holds else FALSE)
    assert ask("t.item.tpp + t.item.aggregate_tpp", facts) == Fraction(a) + Fraction(b)
    assert ask("t.item.tpp - t.item.aggregate_tpp", facts) == Fraction(a) - Fraction(b)


def test_nothing_is_divided_by_zero(ask: Callable[..., Any]) -> None:
    body = "t.item.tpp / t.item.die_area_mm2"
    assert ask(body, {"item": {"tpp": 1776, "die_area_mm2": 300}}) == Fraction(148, 25)
    assert ask(body, {"item": {"tpp": 1776, "die_area_mm2": 0}}) is None
    assert ask(body, {"item": {"tpp": 1776}}) is None


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (None, UNKNOWN),
        ([], FALSE),
        ([0.5], TRUE),
        ([0.25, 0.25], TRUE),
        ([0.25, None], UNKNOWN),
        ([0.5, None], TRUE),
        ([0.25, 0.2], FALSE),
    ],
)
def test_a_sum_with_unknown_parts(ask: Callable[..., Any], rows: list[float | None] | None, expected: int) -> None:
    """Contract 6: the known shares count; an unknown one that could decide gives unknown."""
    owners = None if rows is None else [{"headquarters": "CN"} | ({} if share is None else {"share": share}) for share in rows]
    body = "sum(o.share for o in t.parties.end_user.owners if o.headquarters in PLACES) >= LIMIT_SHARE"
    assert ask(body, {"end_user": {"owners": owners}}) == expected


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (None, FALSE),
        ([], FALSE),
        ([{"type": "UVEU"}], TRUE),
        ([{"type": "NVEU"}], FALSE),
        ([{}], UNKNOWN),
        ([{}, {"type": "UVEU"}], TRUE),
    ],
)
def test_any_over_rows_of_the_applicants_own_papers(
    ask: Callable[..., Any], rows: list[dict[str, str]] | None, expected: int
) -> None:
    """Vocabulary: authorizations_held is not_relied_on; absent means none."""
    assert ask('any(a.type == "UVEU" for a in t.authorizations_held)', {"authorizations_held": rows}) == expected


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (None, None),
        ([], None),
        ([(8, 10, "dense")], 80),
        ([(8, 10, "dense"), (8, 99, "sparse")], 80),
        ([(8, None, "dense")], None),
    ],
)
def test_the_highest_over_rows(
    ask: Callable[..., Any], rows: list[tuple[int, int | None, str]] | None, expected: int | None
) -> None:
    throughput = (
        None
        if rows is None
        else [
            {"bit_length": bits, "sparsity": sparsity} | ({} if tops is None else {"tops": tops}) for bits, tops, sparsity in rows
        ]
    )
    body = 'max(r.tops * r.bit_length for r in t.item.throughput if r.sparsity == "dense")'
    assert ask(body, {"item": {"throughput": throughput}}) == expected


@pytest.mark.parametrize(
    ("body", "facts", "expected"),
    [
        ("stated(t.item.tpp)", {}, FALSE),
        ("stated(t.item.tpp)", {"item": {"tpp": 0}}, TRUE),
        ("denied(t.item.datacenter)", {}, FALSE),
        ("denied(t.item.datacenter)", {"item": {"datacenter": False}}, TRUE),
        ("denied(t.item.datacenter)", {"item": {"datacenter": True}}, FALSE),
        ("unless_stated(t.item.datacenter)", {}, FALSE),
        ("unless_stated(t.item.datacenter)", {"item": {"datacenter": True}}, TRUE),
        ('given(t.end_use.location_country, t.destination.country) == "CN"', {"destination": "CN"}, TRUE),
        (
            'given(t.end_use.location_country, t.destination.country) == "CN"',
            {"destination": "CN", "end_use": {"location_country": "JP"}},
            FALSE,
        ),
        ('heading(t.item.eccn) == "5A992"', {"item": {"eccn": "5A992.z.1"}}, TRUE),
        ('heading(t.item.eccn) == "5A992"', {"item": {"eccn": "EAR99"}}, FALSE),
        ('heading(t.item.eccn) == "5A992"', {"item": {"eccn": "none"}}, UNKNOWN),
        ("asserted(t.item.tpp) >= LIMIT_TPP", {"item": {"tpp": 10**9}}, TRUE),
        ("asserted(t.item.tpp) >= LIMIT_TPP", {}, UNKNOWN),
        ("asserted(t.item.datacenter)", {"item": {"datacenter": True}}, TRUE),
        ("asserted(t.item.datacenter)", {}, UNKNOWN),
        ("t.on - t.documents.nac.filed_on >= LIMIT_DAYS", {"documents": {"nac": {"filed_on": "2025-05-07"}}}, TRUE),
        ("t.on - t.documents.nac.filed_on >= LIMIT_DAYS", {"documents": {"nac": {"filed_on": "2025-05-08"}}}, FALSE),
        ("stated(t.parties.end_user)", {}, TRUE),
        ("stated(t.parties.ultimate_consignee)", {}, FALSE),
        ("all(place not in PLACES for place in t.end_use.onward_destinations)", {}, UNKNOWN),
        ("all(place not in PLACES for place in t.end_use.onward_destinations)", {"end_use": {"onward_destinations": []}}, TRUE),
        (
            "all(place not in PLACES for place in t.end_use.onward_destinations)",
            {"end_use": {"onward_destinations": ["US", "MO"]}},
            FALSE,
        ),
        ("t.end_use.knowledge", {}, FALSE),
        ("t.documents.bis_authorization", {}, FALSE),
    ],
)
def test_words_of_the_language(ask: Callable[..., Any], body: str, facts: dict[str, Any], expected: int) -> None:
    assert ask(body, facts) == expected


def test_what_is_derived_is_not_asserted(tmp_path: Path) -> None:
    """A class worked out from figures answers ``t.item.eccn``, and leaves ``asserted(t.item.eccn)`` open."""
    derived = rule('"EAR99"', '@definition("1.2", by="ACT", computes="item.eccn")', "worked_out")
    for body, expected in (('t.item.eccn == "EAR99"', TRUE), ('asserted(t.item.eccn) == "EAR99"', UNKNOWN)):
        root = write(tmp_path / str(expected), rule(body) + derived)
        lowerer = Lowerer(Book.read(root, FIRST_DAY).law(ON))
        answer = compile_scalar(lowerer.graph, [lowerer.rule("asked")], "test")
        assert answer(read_facts({}).values.get, ROLES, ON) == (expected,)


def test_a_rule_that_is_law_on_no_day_is_false(tmp_path: Path) -> None:
    """A rule of an act that has not come yet is no condition of today."""
    root = write(tmp_path, rule("later(t)") + rule("True", '@definition("1.2", by="LATER")', "later"))
    text = (root / "instruments" / "act.yaml").read_text("utf-8")
    (root / "instruments" / "later.yaml").write_text(
        text.replace("id: ACT", "id: LATER").replace("2022-01-01", "2030-01-01"), "utf-8"
    )
    lowerer = Lowerer(Book.read(root, FIRST_DAY).law(ON))
    assert lowerer.rule("asked") is lowerer.graph.false
