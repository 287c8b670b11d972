"""The intermediate form: equal expressions are one node, and simplifying keeps the meaning."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from penstock.rulebook.ir import FALSE, TRUE, UNKNOWN, Graph, Node
from penstock.rulebook.scalar import compile_scalar
from penstock.rulebook.types import BOOL, same_unit, unit_product
from penstock.rulebook.values import heading, pattern_memo

NAMES = ("item.datacenter", "activity.us_person", "item.contains_hbm")


def atom(graph: Graph, name: str) -> Node:
    return graph.make("truth", (graph.make("fact", data=name, type=BOOL),))


def build(graph: Graph, shape: object) -> Node:
    """Return the node of a nested description: a name, a constant, or (operator, parts)."""
    if isinstance(shape, int):
        return {FALSE: graph.false, UNKNOWN: graph.unknown, TRUE: graph.true}[shape]
    if isinstance(shape, str):
        return atom(graph, shape)
    assert isinstance(shape, tuple)
    word, *parts = shape
    nodes = [build(graph, part) for part in parts]
    return graph.negate(nodes[0]) if word == "not" else graph.all_of(nodes) if word == "and" else graph.any_of(nodes)


def meaning(shape: object, values: dict[str, int]) -> int:
    """Return what a description comes to, worked out without the graph."""
    if isinstance(shape, int):
        return shape
    if isinstance(shape, str):
        return values[shape]
    assert isinstance(shape, tuple)
    word, *parts = shape
    found = [meaning(part, values) for part in parts]
    if word == "not":
        return {FALSE: TRUE, UNKNOWN: UNKNOWN, TRUE: FALSE}[found[0]]
    return min(found) if word == "and" else max(found)


SHAPES = st.recursive(
    st.one_of(st.sampled_from(NAMES), st.sampled_from([FALSE, UNKNOWN, TRUE])),
    lambda inner: st.one_of(st.tuples(st.just("not"), inner), st.tuples(st.sampled_from(["and", "or"]), inner, inner, inner)),
    max_leaves=10,
)


@given(SHAPES)
def test_simplified_nodes_mean_what_was_written(shape: object) -> None:
    graph = Graph()
    node = build(graph, shape)
    law = compile_scalar(graph, [node], "test")
    for values in itertools.product((None, False, True), repeat=len(NAMES)):
        facts = dict(zip(NAMES, values, strict=True))
        tri = {name: UNKNOWN if value is None else TRUE if value else FALSE for name, value in facts.items()}
        assert law(facts.get, {}, None)[0] == meaning(shape, tri)


@given(SHAPES)
def test_the_same_expression_is_one_node(shape: object) -> None:
    graph = Graph()
    assert build(graph, shape) is build(graph, shape)
    ids = [node.id for node in graph.nodes]
    assert ids == list(range(len(ids)))
    assert all(arg.id < node.id for node in graph.nodes for arg in node.args)


def test_units() -> None:
    assert same_unit("TPP", "TOPS*bit")
    assert same_unit("TPP*units", "TPP")
    assert not same_unit("TPP", "TPP/mm2")
    assert same_unit(unit_product("TPP/mm2", "mm2"), "TPP")
    assert unit_product("mm2", "mm2", divide=True) == ""


def test_patterns_of_classifications() -> None:
    """742.6(a)(6)(iii): 3A001.z.*.a is any paragraph z.1.a to z.4.a; a paragraph includes its sub-paragraphs."""
    memo = pattern_memo(["3A090.a", "3A001.z.*.a", "4A004.z.1", "3B???"])
    hits = ["3A090.a", "3A090.a.1", "3A001.z.4.a", "4A004.z.1", "3B991", "3B001.c"]
    misses = ["3A090", "3A090.b", "3A090.ab", "3A001.z.a", "3A001.z.1.b", "4A004.z.10", "4A004.z.2", "3C001", "none"]
    assert {eccn for eccn in hits if memo[eccn] == TRUE} == set(hits)
    assert {eccn for eccn in misses if memo[eccn] == TRUE} == set()
    assert pattern_memo([])["3A090.a"] == FALSE
    assert [heading(eccn) for eccn in ("5A992.z.1", "EAR99", "none", None)] == ["5A992", "EAR99", None, None]
