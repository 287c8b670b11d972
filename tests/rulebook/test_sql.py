"""The pieces of the SQL backend: exact numbers, stages, and what a dialect cannot express."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.rulebook.ir import Graph, Node
from penstock.rulebook.sql import SqlWriter
from penstock.rulebook.sql_dialects import DIALECTS
from penstock.rulebook.sql_numbers import Exactly, Number, TooLong
from penstock.rulebook.sql_text import Stages, Text, join
from penstock.rulebook.types import BOOL, number_type
from penstock.terms.errors import RuleError

DUCKDB = DIALECTS["duckdb"]
EXACTLY = Exactly(DUCKDB)
PEAK = 10**18
NUMBER = number_type("")


def asked(text: Text) -> object:
    return duckdb.execute(f"SELECT {text}").fetchall()[0][0]


def number(value: int, unit: Fraction) -> Number:
    return Number(Text(f"CAST({value} AS BIGINT)"), PEAK, unit)


@given(st.integers(0, PEAK), st.integers(0, PEAK), st.sampled_from([1, 4, 9]), st.sampled_from([">=", ">", "<=", "<", "=="]))
def test_comparisons_are_exact_in_any_two_units(a: int, b: int, places: int, op: str) -> None:
    unit = Fraction(1, 10**places)
    wanted = {">=": a * unit >= b, ">": a * unit > b, "<=": a * unit <= b, "<": a * unit < b, "==": a * unit == b}[op]
    assert asked(EXACTLY.compare(op, number(a, unit), number(b, Fraction(1)))) is wanted


@given(st.integers(0, PEAK), st.integers(0, 10**9), st.integers(1, 10**9))
def test_a_quotient_is_compared_by_multiplying(a: int, b: int, limit: int) -> None:
    quotient = EXACTLY.divide(number(a, Fraction(1, 100)), number(b, Fraction(1)))
    found = asked(EXACTLY.compare(">=", quotient, EXACTLY.of(Fraction(limit, 25))))
    assert found is (None if b == 0 else Fraction(a, 100) / b >= Fraction(limit, 25))


@given(st.integers(0, PEAK), st.integers(0, PEAK))
def test_arithmetic_does_not_overflow(a: int, b: int) -> None:
    x, y = number(a, Fraction(1)), number(b, Fraction(1))
    assert asked(EXACTLY.multiply(x, y).num) == a * b
    assert asked(EXACTLY.add("add", x, y).num) == a + b
    assert asked(EXACTLY.add("sub", x, y).num) == a - b


def test_a_product_by_a_constant_is_a_matter_of_units() -> None:
    product = EXACTLY.multiply(EXACTLY.of(Fraction(1, 4)), Number(Text("x", frozenset("x")), PEAK))
    assert (str(product.num), product.unit) == ("x", Fraction(1, 4))


def test_what_has_too_many_digits_is_refused() -> None:
    wide = Number(Text("x", frozenset("x")), 10**30)
    with pytest.raises(TooLong, match="61 digits"):
        EXACTLY.multiply(wide, wide)


def writer(graph: Graph, stages: Stages) -> SqlWriter:
    facts = {name: stages.given(name) for name in ("p", "q")} | {"n": Number(stages.given("n"), 10**30)}
    return SqlWriter(graph, stages, facts, {}, dt.date(2026, 6, 15), lambda object, name, row: None)


def fact(graph: Graph, name: str) -> Node:
    return graph.make("paper", data=name, type=NUMBER if name == "n" else BOOL)


@pytest.mark.parametrize("op", ["and", "or"])
@pytest.mark.parametrize("p", ["TRUE", "FALSE", "NULL"])
@pytest.mark.parametrize("q", ["TRUE", "FALSE", "NULL"])
def test_sql_has_the_three_valued_logic_of_the_rules(op: str, p: str, q: str) -> None:
    code = {"TRUE": 3, "NULL": 1, "FALSE": 0}
    graph, stages = Graph(), Stages(DUCKDB, "t")
    node = graph.make(op, (fact(graph, "p"), fact(graph, "q")))
    (value,) = writer(graph, stages).values([node])
    table = f"WITH t AS (SELECT CAST({p} AS BOOLEAN) AS p, CAST({q} AS BOOLEAN) AS q)"
    found = duckdb.execute(f"{table} {stages.query({'x': value})}").fetchall()[0][0]
    wanted = code[p] & code[q] if op == "and" else code[p] | code[q]
    assert found is {3: True, 1: None, 0: False}[wanted]


def test_a_rule_that_cannot_be_expressed_is_named() -> None:
    graph = Graph()
    body = graph.make("mul", (fact(graph, "n"), fact(graph, "n")), type=NUMBER)
    rule = graph.make("rule", (body,), data=("total_operations", "total_operations", ""), type=NUMBER)
    with pytest.raises(RuleError, match="duckdb cannot express a number of 61 digits, near the rule total_operations"):
        writer(graph, Stages(DUCKDB, "t")).values([rule])
    with pytest.raises(RuleError, match="the operation guess"):
        writer(graph, Stages(DUCKDB, "t")).values([graph.make("guess")])


def test_a_column_is_made_once_and_passed_on_while_it_is_needed() -> None:
    stages = Stages(DUCKDB, "t")
    first = stages.make("x", join("({} + 1)", stages.given("a")))
    second = stages.make("x", join("({} * 2)", first))
    text = stages.query({"y": join("({} + {})", first, second)})
    assert text.count("+ 1") == 1
    assert text.splitlines()[-2:] == ['    ("x" + "x_2") AS "y"', "FROM stage_2"]
    assert '"a"' not in text.partition("stage_2")[2]
    assert duckdb.execute(f"WITH t AS (SELECT 1 AS a) {text.replace('WITH ', ', ', 1)}").fetchall() == [(6,)]
