"""Logic over bit planes: the same truth values as three-valued logic row by row, by numpy and by compiled loops."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from penstock.rulebook.ir import Graph, Node
from penstock.rulebook.planes import FALSE_PLANE, TRUE_PLANE, Gates, Logic, Planes
from penstock.rulebook.scalar import compile_scalar
from penstock.rulebook.types import BOOL, Type

FACTS = ("item.datacenter", "item.weights_published", "item.foreign_produced", "facility.advanced_node")  # absent: unknown
TRUTHS = (0, 1, 3)
CODE = Type("code")


def rows() -> list[tuple[int, ...]]:
    """Return every combination of truth values of the facts."""
    grid = np.stack(np.meshgrid(*[TRUTHS] * len(FACTS)), axis=-1).reshape(-1, len(FACTS))
    return [tuple(row) for row in grid.tolist()]


@st.composite
def logics(draw: st.DrawFn) -> tuple[Graph, Node]:
    """Draw a graph of logic over truth values of facts."""
    graph = Graph()
    made = [graph.make("truth", (graph.make("fact", data=name, type=BOOL),)) for name in FACTS]
    made += [graph.true, graph.false, graph.unknown]
    for _ in range(draw(st.integers(1, 12))):
        parts = draw(st.lists(st.sampled_from(made), min_size=1, max_size=4))
        how = draw(st.sampled_from(("and", "or", "not", "sure", "choose")))
        if how == "and":
            made.append(graph.all_of(parts))
        elif how == "or":
            made.append(graph.any_of(parts))
        elif how == "not":
            made.append(graph.negate(parts[0]))
        elif how == "sure":
            made.append(graph.make("sure", (parts[0],)))
        else:
            made.append(graph.choose(parts[0], parts[-1], draw(st.sampled_from(made))))
    return graph, made[-1]


def planes_of(node: Node) -> tuple[Planes, dict[str, tuple[int, int]], Logic]:
    """Return planes with two inputs for each fact."""
    planes = Planes()
    inputs = {name: (planes.new(), planes.new()) for name in FACTS}
    return planes, inputs, Logic(planes, lambda node: inputs[node.args[0].data] if node.op == "truth" else None)


def run(gates: Gates, inputs: dict[str, tuple[int, int]]) -> list[list[int]]:
    """Return the bits of each output, row by row."""
    given = {}
    for i, name in enumerate(FACTS):
        values = np.array([row[i] for row in rows()], np.uint8)
        for plane, bits in zip(inputs[name], (values != 0, values == 3), strict=True):
            if plane in gates.inputs:
                packed = np.packbits(bits, bitorder="little")
                given[gates.inputs[plane]] = np.pad(packed, (0, -len(packed) % 8)).view(np.uint64)
    out = gates.run(given, -(-len(rows()) // 64))
    return [np.unpackbits(plane.view(np.uint8), count=len(rows()), bitorder="little").tolist() for plane in out]


@given(logics())
def test_planes_are_three_valued_logic(drawn: tuple[Graph, Node]) -> None:
    graph, node = drawn
    planes, inputs, logic = planes_of(node)
    possible, certain = run(planes.gates(logic.truth(node)), inputs)
    ask = compile_scalar(graph, [node])
    said = {0: False, 1: None, 3: True}
    for row, bits in zip(rows(), zip(possible, certain, strict=True), strict=True):
        facts = {name: said[value] for name, value in zip(FACTS, row, strict=True)}
        truth = ask(facts.get, {}, None)[0]
        assert bits == (truth & 1, truth >> 1)


@given(st.lists(st.tuples(st.sampled_from(FACTS), st.integers(-1, 6)), max_size=5), st.integers(-1, 6))
def test_the_first_row_that_matches_gives_the_code(pairs: list[tuple[str, int]], otherwise: int) -> None:
    graph = Graph()
    truth = {name: graph.make("truth", (graph.make("fact", data=name, type=BOOL),)) for name in FACTS}
    table = [(truth[name], graph.const(code, CODE)) for name, code in pairs]
    node = graph.first(table, graph.const(otherwise, CODE), graph.const(7, CODE))
    planes, inputs, logic = planes_of(node)
    bits = run(planes.gates(logic.bits(node, 4, add=1)), inputs)
    for i, row in enumerate(rows()):
        held = dict(zip(FACTS, row, strict=True))
        wanted = next((7 if held[name] == 1 else code for name, code in pairs if held[name]), otherwise)
        assert sum(plane[i] << n for n, plane in enumerate(bits)) == wanted + 1


def test_planes_are_simplified() -> None:
    planes = Planes()
    a, b = planes.new(), planes.new()
    assert planes.both(a, b) == planes.both(b, a)
    assert planes.both(a, planes.opposite(a)) == FALSE_PLANE
    assert planes.either(a, planes.opposite(a)) == TRUE_PLANE
    assert planes.opposite(planes.opposite(a)) == a
    assert planes.choice(TRUE_PLANE, a, b) == a
