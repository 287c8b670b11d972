"""Many variants of one transaction, decided at once, equal the scalar backend node by node and variant by variant."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from functools import cache
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from penstock.decision.library import program
from penstock.decision.prepare import Prepared, prepare
from penstock.decision.program import Program
from penstock.rulebook.ir import Graph, Node
from penstock.rulebook.scalar import Scalar, compile_scalar
from penstock.rulebook.variants import Parts, Variants, bits, parted
from penstock.terms.documents import Facts, read_facts
from tests.strategies import Flat, arbitrary_facts, days, nested, partial_facts, readable

READ = ("const", "table", "rule", "on", "fact", "paper", "mask")


@cache
def nodes_of(law: Program) -> tuple[tuple[Node, ...], Scalar]:
    roots = (*law.outputs, law.lowerer.fact("item.eccn"))
    nodes = tuple(node for node in law.graph.reachable(roots) if node.op not in READ)
    return nodes, compile_scalar(law.graph, nodes)


def parts_of(values: Sequence[Any]) -> Parts:
    return parted(values[0], (1 << len(values)) - 1, [(value, 1 << i) for i, value in enumerate(values)])


def variants_of(law: Program, rows: Sequence[Prepared], on: dt.date) -> Variants:
    """Return prepared facts as variants of the first of them."""
    names = {name for row in rows for name in row.values}
    varied = {name: parts_of([row.values.get(name) for row in rows]) for name in names}
    varied |= {role: parts_of([row.roles[role] for row in rows]) for role in rows[0].roles}
    return Variants(law.graph, (1 << len(rows)) - 1, rows[0].values, rows[0].roles, on, varied)


def value_in(variants: Variants, node: Node, i: int) -> Any:
    if node.type.kind == "bool":
        possible, certain = variants.truth(node)
        return (possible >> i & 1) | (certain >> i & 1) << 1
    (value,) = [value for value, where in variants.parts(node) if where >> i & 1]
    return value


def assert_variants_agree(law: Program, facts: Sequence[Facts], on: dt.date) -> None:
    nodes, scalar = nodes_of(law)
    rows = [prepare(row) for row in facts]
    variants = variants_of(law, rows, on)
    for i, row in enumerate(rows):
        for node, wanted in zip(nodes, scalar(row.values.get, row.roles, on), strict=True):
            assert value_in(variants, node, i) == wanted, f"{node} in variant {i}: {row.values}"


@settings(max_examples=25)
@given(st.lists(partial_facts(), min_size=1, max_size=6), days())
def test_variants_equal_scalar_on_partial_transactions(drawn: list[Flat], on: dt.date) -> None:
    assert_variants_agree(program(on), [read_facts(nested(facts)) for facts in drawn], on)


@settings(max_examples=25)
@given(st.lists(arbitrary_facts(), min_size=1, max_size=6), days())
def test_variants_equal_scalar_on_any_facts(drawn: list[Flat], on: dt.date) -> None:
    rows = [row for row in map(readable, drawn) if row is not None]
    assume(rows)
    assert_variants_agree(program(on), rows, on)


@given(st.sets(st.integers(0, 300)))
def test_bits_are_the_members_in_order(members: set[int]) -> None:
    assert list(bits(sum(1 << i for i in members))) == sorted(members)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 255)), max_size=5))
def test_of_two_values_held_in_one_variant_the_last_counts(held: list[tuple[int, int]]) -> None:
    parts = parted(None, 255, held)
    for i in range(8):
        wanted = [value for value, where in held if where >> i & 1]
        assert [value for value, where in parts if where >> i & 1] == [wanted[-1] if wanted else None]


def test_what_a_false_condition_leaves_open_is_not_looked_at() -> None:
    graph = Graph()
    nothing = graph.make("truth", (graph.make("fact", data="activity.us_person"),))
    never = graph.make("no such operation")
    variants = Variants(graph, 1, {"activity.us_person": False}, {}, None, {})
    assert variants.truth(graph.all_of([nothing, never])) == (0, 0)
    assert variants.truth(graph.any_of([graph.negate(nothing), never])) == (1, 1)
