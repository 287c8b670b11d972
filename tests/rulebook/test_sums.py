"""Comparisons are taken for sums of products where they are, and give what the column backend gives."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from penstock.rulebook.arrays import Chunk
from penstock.rulebook.columns import Columns
from penstock.rulebook.fixedpoint import Numbers, exact_numbers
from penstock.rulebook.ir import Graph, Node
from penstock.rulebook.sums import Sums, comparison
from penstock.rulebook.types import BOOL, Type

FACTS = ("counters.lpp_tpp_received_this_year", "item.quantity", "counters.licensed_tpp_destination_since_2025")
NUMBER = Type("number")
ROWS = 40
values = st.fractions(-5, 5, max_denominator=4)


@st.composite
def numbers(draw: st.DrawFn, graph: Graph, depth: int = 2) -> Node:
    if depth == 0 or draw(st.integers(0, 3)) == 0:
        if draw(st.booleans()):
            return graph.const(draw(values), NUMBER)
        return graph.make("fact", data=draw(st.sampled_from(FACTS)), type=NUMBER)
    op = draw(st.sampled_from(["add", "sub", "mul"]))
    return graph.make(op, tuple(draw(numbers(graph, depth - 1)) for _ in range(2)), type=NUMBER)


@st.composite
def comparisons(draw: st.DrawFn) -> tuple[Graph, Node]:
    graph = Graph()
    left, right = (draw(numbers(graph)) for _ in range(2))
    return graph, graph.make("cmp", (left, right), data=draw(st.sampled_from([">=", ">", "<=", "<", "=="])), type=BOOL)


def columns_of(seed: int) -> dict[str, Numbers]:
    draw = np.random.default_rng(seed)
    held = {}
    for name in FACTS:
        drawn = [Fraction(int(draw.integers(-20, 20)), 4) if draw.random() < 0.8 else None for _ in range(ROWS)]
        held[name] = exact_numbers(drawn)[0]
    return held


@given(comparisons(), st.integers(0, 5))
def test_sums_answer_what_columns_answer(drawn: tuple[Graph, Node], seed: int) -> None:
    kernels = pytest.importorskip("penstock.rulebook.kernels")
    graph, node = drawn
    asked = comparison(node, (), lambda name: None)
    assume(asked is not None and asked.factors)
    assert asked is not None
    columns = columns_of(seed)
    sums = Sums.of([asked], columns)
    assert sums is not None
    known = np.full((len(sums.factors), ROWS), 2, np.uint8)
    for i, name in enumerate(sums.factors):
        if (held := columns[name].known) is not None:
            known[i] = held
    (one,) = sums.over(np.array([columns[name].num for name in sums.factors]), known)
    words = np.zeros(ROWS, np.uint64)
    answers = np.array([0, one.unknown, 0, 3], np.uint64)
    kernels.sums(one.columns, one.known, one.terms, one.constant, one.word, answers, words)
    wanted, _ = Columns(graph, [node]).evaluate(Chunk(columns, {}, None, ROWS))
    assert words.tolist() == np.broadcast_to(np.asarray(wanted[0]), ROWS).tolist()


def compared(graph: Graph, left: Node) -> Node:
    return graph.make("cmp", (left, graph.const(1, NUMBER)), data="<=", type=BOOL)


def test_what_is_no_sum_of_products_is_left_alone() -> None:
    graph = Graph()
    fact = graph.make("fact", data=FACTS[0], type=NUMBER)
    square = graph.make("mul", (fact, fact), type=NUMBER)
    quotient = graph.make("div", (graph.const(2, NUMBER), fact), type=NUMBER)
    assert comparison(compared(graph, square), (), lambda name: None) is not None
    for node in (graph.make("mul", (square, fact), type=NUMBER), quotient):
        assert comparison(compared(graph, node), (), lambda name: None) is None


def test_a_fact_or_what_stands_for_it_is_taken_where_all_rows_agree() -> None:
    graph = Graph()
    fact, other = (graph.make("fact", data=name, type=NUMBER) for name in FACTS[:2])
    node = compared(graph, graph.make("given", (fact, other), type=NUMBER))

    def asked(given: dict[str, Any]) -> Any:
        found = comparison(node, (), given.get)
        return None if found is None else found.factors

    assert asked({FACTS[0]: True, FACTS[1]: True}) == (FACTS[0],)
    assert asked({FACTS[0]: False, FACTS[1]: True}) == (FACTS[1],)
    assert asked({FACTS[1]: True}) is None


def test_sums_that_64_bits_may_not_hold_are_left_alone() -> None:
    graph = Graph()
    left, right = (graph.make("fact", data=name, type=NUMBER) for name in FACTS[:2])
    asked = comparison(compared(graph, graph.make("mul", (left, right), type=NUMBER)), (), lambda name: True)
    assert asked is not None
    for top, fits in ((3_000_000_000, True), (3_100_000_000, False)):
        held = {name: exact_numbers([1, top])[0] for name in FACTS[:2]}
        assert (Sums.of([asked], held) is not None) == fits
