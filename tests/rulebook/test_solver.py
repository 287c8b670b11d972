"""The solver backend says what the scalar one says, on any facts; where it may be wider than the law, it is never narrower."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Mapping
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.decision.inquiry import fully_stated
from penstock.decision.library import program
from penstock.decision.prepare import Prepared, prepare
from penstock.decision.program import Program
from penstock.rulebook import STANCES
from penstock.rulebook.domains import Domains, class_samples
from penstock.rulebook.solver import Encoding, Truth, value_in
from penstock.rulebook.types import BOOL, TEXT
from penstock.rulebook.unknowns import Unknowns, alike, conj, disj, either, neg, z3
from penstock.rulebook.values import heading, pattern_memo
from penstock.terms.countries import codes
from penstock.terms.documents import Facts, read_facts
from penstock.terms.errors import FileUnusable
from penstock.terms.vocabulary import FactSpec, vocabulary
from tests.strategies import PLACES, Flat, arbitrary_facts, complete_facts, nested, partial_facts

DAYS = (dt.date(2022, 11, 1), dt.date(2024, 6, 1), dt.date(2025, 10, 10), dt.date(2027, 2, 1))
ROWS_MAX = 3


@cache
def encoded(day: dt.date) -> tuple[Program, Unknowns, Encoding, Mapping[int, Any]]:
    """Return a law with every node of it as formulas over facts that are all open."""
    law = program(day)
    unknowns = Unknowns(Domains([law.complete()]), lambda name: None, ROWS_MAX)
    unknowns.exact_products = True
    encoding = Encoding(law.graph, unknowns, day.toordinal())
    terms = {node.id: encoding.of(node) for node in law.traced if node.op not in ("fact", "paper") and node.type.kind != "list"}
    return law, unknowns, encoding, terms


def represented(domains: Domains, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return facts with every place and text replaced by the one that stands for it."""
    facts = vocabulary().facts
    return {name: _alike(domains, name, facts[name], value) for name, value in values.items()}


def _alike(domains: Domains, key: str, spec: FactSpec, value: Any) -> Any:
    if spec.is_list and spec.object:
        fields = vocabulary().objects[spec.object]
        return tuple({name: _alike(domains, f"*.{name}", fields[name], held) for name, held in row.items()} for row in value)
    if spec.is_list:
        return tuple(domains.alike(key, spec, member) for member in value) if spec.item_type != "int" else value
    return domains.alike(key, spec, value) if spec.item_type in ("country", "string") else value


def differences(facts: Flat, day: dt.date) -> list[str]:
    """Return the nodes whose value the solver and the scalar backend see differently."""
    law, unknowns, _, terms = encoded(day)
    plain = prepare(read_facts(nested(facts)))
    prepared = prepare(Facts(represented(unknowns.domains, plain.facts.values)))
    solver = z3().Solver()
    solver.add(*unknowns.equal_to(prepared.values, prepared.roles))
    assert solver.check() == z3().sat
    model = solver.model()
    wanted = law.trace(prepared.values.get, prepared.roles, day)
    out = []
    for node in law.traced:
        if node.id in terms:
            found, value = value_in(terms[node.id], model), wanted[law.place[node.id]]
            value = value.toordinal() if isinstance(value, dt.date) else value
            out += [] if found == value else [f"{node}: {found!r} and not {value!r}"]
    return out


@settings(max_examples=50)
@given(arbitrary_facts(most=40, without=("item.chip",)), st.sampled_from(DAYS))
def test_it_agrees_with_the_scalar_backend_on_any_facts(facts: Flat, day: dt.date) -> None:
    assert differences(facts, day) == []


@settings(max_examples=50)
@given(partial_facts(), st.sampled_from(DAYS))
def test_it_agrees_with_the_scalar_backend_on_partial_transactions(facts: Flat, day: dt.date) -> None:
    assert differences(facts, day) == []


@settings(max_examples=50)
@given(complete_facts(), st.sampled_from(DAYS))
def test_it_agrees_with_the_scalar_backend_on_complete_transactions(facts: Flat, day: dt.date) -> None:
    assert differences(facts, day) == []


def test_every_operation_of_the_graph_is_compared() -> None:
    """What is compared above covers every operation that the laws use."""
    compared = {node.op for day in DAYS for node in program(day).traced if node.id in encoded(day)[3]}
    used = {node.op for day in DAYS for node in program(day).traced} - {"fact", "paper"}
    assert used <= compared | {"row"}


# ---- one value for each treatment


def answers(law: Program, prepared: Prepared, day: dt.date) -> tuple[Any, ...]:
    return law.verdict(prepared.values.get, prepared.roles, day)


@given(complete_facts(), st.sampled_from(DAYS), st.sampled_from(sorted(codes())))
def test_a_place_is_answered_like_the_one_that_stands_for_it(facts: Flat, day: dt.date, place: str) -> None:
    law, unknowns, _, _ = encoded(day)
    kept = {name: value for name, value in facts.items() if name != "authorizations_held"}  # rows compare places
    values = read_facts(nested({**kept, "destination.country": place, "parties.ultimate_consignee.headquarters": place})).values
    same = represented(unknowns.domains, values)
    assert answers(law, prepare(Facts(values)), day) == answers(law, prepare(Facts(same)), day)


@given(st.from_regex(r"(3A001|3A090|3B001|3E991|4A003|5A002|5A992|5D992)(\.(z|a|b|c|1|2|9)){0,4}", fullmatch=True))
def test_every_classification_is_treated_like_one_of_the_samples(eccn: str) -> None:
    law, unknowns, _, _ = encoded(DAYS[-1])
    spec = vocabulary().facts["item.eccn"]
    same = unknowns.domains.alike("item.eccn", spec, eccn)
    for node in law.graph.nodes:
        if node.op == "matches":
            assert pattern_memo(node.data[0])[eccn] == pattern_memo(node.data[0])[same]
        if node.op == "in" and node.args[0].op == "heading":
            assert (heading(eccn) in node.data[0]) == (heading(same) in node.data[0])
            assert (heading(eccn) is None) == (heading(same) is None)


def test_samples_meet_what_two_patterns_share() -> None:
    found = class_samples(frozenset({"3A001.*.a", "3A001.z", "3?001"}))
    assert "3A001.z.a" in found
    assert class_samples(frozenset()) == ()


def test_there_are_few_places_and_each_set_of_the_law_has_one_inside_and_one_outside() -> None:
    domains = encoded(DAYS[-1])[1].domains
    places = domains.values("destination.country", vocabulary().facts["destination.country"])
    assert len(places) < 60
    assert {domains.alike("origin.country", vocabulary().facts["origin.country"], place) for place in PLACES} > {"US", "MO"}


# ---- wider than the law, never narrower


def test_a_question_over_rows_is_free_where_lists_have_no_rows() -> None:
    law = program(dt.date(2026, 6, 1))
    unknowns = Unknowns(Domains([law.complete()]), fully_stated(law))
    encoding = Encoding(law.graph, unknowns, dt.date(2026, 6, 1).toordinal())
    node = next(node for node in law.traced if node.op == "quantified")
    truth = encoding.of(node)
    for wanted in (truth.certain, neg(truth.certain)):
        solver = z3().Solver()
        solver.add(wanted)
        assert solver.check() == z3().sat
    again = Encoding(law.graph, unknowns, dt.date(2026, 6, 1).toordinal()).of(node)
    assert again.certain.eq(truth.certain)


def test_a_product_of_unknowns_grows_with_its_factor() -> None:
    law = program(dt.date(2026, 6, 1))
    unknowns = Unknowns(Domains([law.complete()]), lambda name: True)
    numbers = [unknowns.fact("item.tpp", f"item.tpp{copy}").value for copy in ("", "'")]
    quantity = unknowns.fact("item.quantity", "item.quantity").value
    small, large = (unknowns.product("mul", number, quantity) for number in numbers)
    solver = z3().Solver()
    solver.add(*unknowns.constraints, numbers[0] <= numbers[1], small > large)
    assert solver.check() == z3().unsat
    assert unknowns.product("mul", numbers[0], quantity) is small


@pytest.mark.parametrize("day", DAYS, ids=str)
def test_of_a_fully_stated_transaction_nothing_is_merely_possible(day: dt.date) -> None:
    """Except that an end use may be controlled for items of named entries and none is asserted."""
    law = program(day)
    unknowns = Unknowns(Domains([law.complete()]), fully_stated(law))
    encoding = Encoding(law.graph, unknowns, day.toordinal())
    entry = encoding.of(law.lowerer.rule("entry_decides_end_use"))
    assert alike(entry.possible, entry.certain)
    for stance in STANCES:
        required = encoding.of(law.stances[stance].license_required)
        assert isinstance(required, Truth)
        solver = z3().Solver()
        solver.add(*unknowns.constraints, conj([required.possible, neg(required.certain)]))
        assert solver.check() == z3().sat, stance
        solver.add(neg(entry.certain))
        assert solver.check() == z3().unsat, stance


# ---- formulas


def test_what_is_decided_costs_the_solver_nothing() -> None:
    maybe = z3().Bool("maybe")
    assert conj([True, maybe, maybe]) is maybe
    assert conj([maybe, False]) is False
    assert disj([maybe, True]) is True
    assert disj([]) is False
    assert neg(neg(maybe)).eq(maybe)
    assert either(True, 1, 2) == 1
    assert either(maybe, True, False) is maybe
    assert either(maybe, False, False) is False


def test_constants_of_a_graph_are_exact() -> None:
    law = program(dt.date(2026, 6, 1))
    unknowns = Unknowns(Domains([law.complete()]), lambda name: True)
    encoding = Encoding(law.graph, unknowns, 0)
    assert encoding.of(law.graph.true) == Truth(True, True)
    assert encoding.of(law.graph.unknown) == Truth(True, False)
    assert encoding.of(law.graph.const("none", TEXT)).cases == {"none": True}
    read = law.graph.make("fact", data="item.datacenter", type=BOOL)
    assert encoding.of(law.graph.make("truth", (read,))).certain.eq(z3().Bool("item.datacenter"))


def test_without_the_solver_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "z3", None)
    z3.cache_clear()
    with pytest.raises(FileUnusable) as error:
        z3()
    z3.cache_clear()
    assert "penstock[proofs]" in str(error.value.hint)
