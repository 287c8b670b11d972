"""The column backend equals the scalar one, node by node and row by row."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Sequence
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from penstock.decision.library import program
from penstock.decision.prepare import Prepared, prepare
from penstock.decision.program import Program
from penstock.rulebook.arrays import Array, Chunk, Codes, Held, column_of
from penstock.rulebook.columns import Columns
from penstock.rulebook.fixedpoint import Numbers
from penstock.rulebook.ir import Node
from penstock.rulebook.scalar import Scalar, compile_scalar
from penstock.terms.documents import Facts, read_facts
from penstock.terms.vocabulary import vocabulary
from tests.strategies import arbitrary_facts, days, epochs, nested, partial_facts, readable

DAYS = ("2022-05-01", "2023-02-01", "2024-06-01", "2025-03-01", "2025-06-01", "2026-08-01", "2027-02-01")


@cache
def both(law: Program) -> tuple[tuple[Node, ...], Scalar, Columns]:
    """Return every node the outputs rest on, and both backends over all of them."""
    roots = (*law.outputs, law.lowerer.fact("item.eccn"))
    nodes = tuple(node for node in law.graph.reachable(roots) if node.op not in ("const", "table", "rule", "on", "fact", "paper"))
    return nodes, compile_scalar(law.graph, nodes), Columns(law.graph, nodes)


def chunk_of(rows: Sequence[Prepared], on: Sequence[dt.date]) -> tuple[Chunk, Array]:
    """Return prepared facts as a chunk, and the rows it cannot hold."""
    lost = np.zeros(len(rows), bool)
    facts: dict[str, Held] = {}
    for name in sorted({name for row in rows for name in row.values}):
        facts[name], gone = column_of([row.values.get(name) for row in rows], vocabulary().facts[name].type)
        lost |= False if gone is None else gone
    roles = {role: np.array([row.roles[role] for row in rows], np.uint8) for role in rows[0].roles}
    return Chunk(facts, roles, column_of(on, "date")[0], len(rows)), lost


def value_in(held: Held, row: int) -> Any:
    if isinstance(held, (Codes, Numbers)):
        return held.value(row)
    return int(held[row]) if isinstance(held, np.ndarray) else held


def assert_backends_agree(law: Program, facts: Sequence[Facts], on: Sequence[dt.date]) -> int:
    """Compare every node in every row; return how many rows the columns left to the scalar backend."""
    nodes, scalar, columns = both(law)
    rows = [prepare(row) for row in facts]
    chunk, lost = chunk_of(rows, on)
    found, spilled = columns.evaluate(chunk)
    lost = lost if spilled is None else lost | spilled
    for i in np.flatnonzero(~lost).tolist():
        wanted = scalar(rows[i].values.get, rows[i].roles, on[i])
        for node, value, held in zip(nodes, wanted, found, strict=True):
            assert value_in(held, i) == value, f"{node} in row {i}: {rows[i].values}"
    return int(lost.sum())


@settings(max_examples=25)
@given(st.lists(partial_facts(), min_size=1, max_size=6), days())
def test_columns_equal_scalar_on_partial_transactions(drawn: list[dict[str, Any]], on: dt.date) -> None:
    assert_backends_agree(program(on), [read_facts(nested(facts)) for facts in drawn], [on] * len(drawn))


@settings(max_examples=25)
@given(st.lists(arbitrary_facts(), min_size=1, max_size=6), days())
def test_columns_equal_scalar_on_any_facts(drawn: list[dict[str, Any]], on: dt.date) -> None:
    rows = [row for row in map(readable, drawn) if row is not None]
    assume(rows)
    assert_backends_agree(program(on), rows, [on] * len(rows))


# ---- the corners of the law: every number the rules compare with, and its neighbors


def numbers_of(law: Program) -> list[Any]:
    found = {node.data[1] for node in law.graph.nodes if node.op == "table" and isinstance(node.data[1], (int, Fraction))}
    return sorted(found)


def corner_value(draw: random.Random, name: str, numbers: list[Any]) -> Any:
    spec = vocabulary().facts[name]
    if spec.type == "bool":
        return draw.random() < 0.5
    if spec.enum:
        value = draw.choice(spec.enum)
        return (value,) if spec.is_list else value
    if spec.item_type == "country":
        place = draw.choice(["US", "CN", "HK", "MO", "AE", "MY", "KH", "PT", "TW", "BR"])
        return (place,) if spec.is_list else place
    if spec.type == "date":
        return dt.date(2022, 1, 1) + dt.timedelta(draw.randint(0, 2500))
    if spec.type == "string":
        return draw.choice(["3A090.a", "3A090.b", "3A090.c", "4A090.a", "5A992.z.1", "3A001.z.2.a", "4E091", "EAR99", "none"])
    if spec.unit == "fraction":
        return draw.choice([0, Fraction(1, 10), Fraction(7, 100), Fraction(1, 4), Fraction(1, 2), 1])
    if name in ("item.parameters", "item.training_tokens"):
        return draw.choice([7 * 10**9, 405 * 10**9, 15 * 10**12])
    huge = spec.unit == "operations"
    steps = [0, 0, 10**24, -(10**24)] if huge else [0, 0, 1, -1, Fraction(1, 100), Fraction(-1, 100)]
    near = draw.choice([number for number in numbers if (number > 10**15) == huge] or [1]) + draw.choice(steps)
    return max(0, round(near) if spec.type == "int" else near.numerator if near.denominator == 1 else near)


def corner_rows(law: Program, size: int) -> list[Facts]:
    """Return rows that sit on the numbers of the law, from nearly empty to nearly complete."""
    draw = random.Random(20260615)
    numbers = numbers_of(law)
    facts = vocabulary().facts
    read = {n.data for n in law.graph.reachable(law.outputs) if n.op in ("fact", "paper")}
    names = sorted(name for name in read if not facts[name].object)
    rows = []
    for _ in range(size):
        share = draw.choice([0.1, 0.4, 0.7, 0.95])
        values = {name: corner_value(draw, name, numbers) for name in names if draw.random() < share}
        values |= {"activity.type": "export", "item.kind": "integrated_circuit"} if draw.random() < 0.6 else {}
        rows.append(Facts(values))
    return rows


@pytest.mark.parametrize("day", DAYS)
def test_columns_equal_scalar_on_the_corners(day: str) -> None:
    on = dt.date.fromisoformat(day)
    law = program(on)
    rows = corner_rows(law, 120)
    left = assert_backends_agree(law, rows, [on] * len(rows))
    assert left < len(rows) / 2, "columns that leave most rows to the scalar backend test nothing"


def test_days_may_differ_within_one_law() -> None:
    first = dt.date(2026, 8, 1)
    law = program(first)
    rows = corner_rows(law, 60)
    assert_backends_agree(law, rows, [first + dt.timedelta(i % 50) for i in range(len(rows))])


def test_rows_of_lists_may_read_the_day_and_other_facts() -> None:
    held = [{"type": "UVEU", "holder": "Buyer", "valid_until": "2026-08-20"}, {"type": "NVEU", "countries": ["AE", "MY"]}]
    base = {"activity.type": "export", "item.eccn": "3A090.a", "item.datacenter": True, "destination.country": "MY",
            "parties.ultimate_consignee.name": "Buyer", "parties.ultimate_consignee.headquarters": "US"}  # fmt: skip
    owners = [{"name": "O", "share": Fraction(1, 2), "lists": ["entity_list"]}, {"share": Fraction(1, 10)}]
    rates = [{"format": "fp8", "bit_length": 8, "tops": 1979, "sparsity": "dense"}, {"bit_length": 16, "tops": 990}]
    more: list[dict[str, Any]] = [
        {"authorizations_held": held}, {"authorizations_held": held[:1]}, {"authorizations_held": []}, {},
        {"authorizations_held": held, "parties.ultimate_consignee.name": "Another"},
        {"parties.end_user.owners": owners, "parties.end_user.us_entity": False},
        {"parties.ultimate_consignee.owners": owners[1:]},
        {"item.throughput": rates},
    ]  # fmt: skip
    facts = [read_facts(nested({**base, **extra})) for extra in more] * 2
    for day in (dt.date(2026, 8, 1), dt.date(2026, 11, 20)):
        on = [day + dt.timedelta(i) for i in range(len(facts))]
        assert assert_backends_agree(program(day), facts, on) == 0


# ---- what costs nothing, and what does not fit


@pytest.mark.parametrize("on", epochs(), ids=str)
def test_absent_columns_stay_plain_values(on: dt.date) -> None:
    law = program(on)
    prepared = prepare(Facts({"activity.type": "export"}))
    chunk = Chunk({"activity.type": "export"}, prepared.roles, on.toordinal(), 1_000)
    found, spilled = Columns(law.graph, law.outputs).evaluate(chunk)
    assert spilled is None
    assert found == law.verdict(prepared.values.get, prepared.roles, on)


def test_what_64_bits_cannot_hold_is_reported_and_nothing_else() -> None:
    on = dt.date(2026, 8, 1)
    law = program(on)
    plain = {"activity.type": "export", "item.kind": "integrated_circuit", "item.datacenter": True, "destination.country": "BR",
             "counters.licensed_tpp_destination_since_2025": 5, "item.eccn": "3A090.a"}  # fmt: skip
    tpp = [15832, 2 * 10**18, 15832, Fraction(1, 3), Fraction(10**12 + 1, 10**4)]
    count = [100, 7, 10**15, 3, 2]
    rows = [Facts({**plain, "item.tpp": t, "item.quantity": q}) for t, q in zip(tpp, count, strict=True)]
    chunk, lost = chunk_of([prepare(row) for row in rows], [on] * len(rows))
    _, spilled = Columns(law.graph, law.outputs).evaluate(chunk)
    assert spilled is not None
    assert (lost | spilled).tolist() == [False, True, True, True, False]
    assert assert_backends_agree(law, rows, [on] * len(rows)) == 3
