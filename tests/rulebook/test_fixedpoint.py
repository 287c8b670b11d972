"""Fixed-point numbers answer as fractions do, or say in which rows they cannot."""

from __future__ import annotations

import operator
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.rulebook.fixedpoint import Numbers, Spill, arithmetic, compare, divide, exact_numbers, pick_numbers

PLAIN: dict[str, Callable[[Any, Any], Any]] = {
    "add": operator.add, "sub": operator.sub, "mul": operator.mul,
}  # fmt: skip
TESTS: dict[str, Callable[[Any, Any], bool]] = {
    ">=": operator.ge, ">": operator.gt, "<=": operator.le, "<": operator.lt, "==": operator.eq,
}  # fmt: skip
EXACT = st.one_of(
    st.integers(0, 30),
    st.integers(0, 10**12),
    st.fractions(0, 40_000, max_denominator=10_000),
    st.sampled_from([10**26, 25 * 10**24, 3 * 10**26, Fraction(148, 25), 2**63 - 1, 2**63, 1]),
)
VALUES = st.one_of(st.none(), EXACT)
PAIRS = st.lists(st.tuples(VALUES, VALUES), min_size=1, max_size=6)


def columns(pairs: list[tuple[Any, Any]]) -> tuple[Numbers, Numbers, Spill]:
    """Return both sides as columns, and the rows that could not be held."""
    spill = Spill(len(pairs))
    sides = []
    for side in zip(*pairs, strict=True):
        held, lost = exact_numbers(side)
        if lost is not None:
            spill.mark(lost)
        sides.append(held)
    return sides[0], sides[1], spill


def decided(spill: Spill) -> list[int]:
    return [row for row in range(spill.size) if spill.rows is None or not spill.rows[row]]


@given(PAIRS, st.sampled_from(sorted(PLAIN)))
def test_arithmetic_is_exact_or_spilled(pairs: list[tuple[Any, Any]], op: str) -> None:
    a, b, spill = columns(pairs)
    found = arithmetic(op, a, b, spill)
    for row in decided(spill):
        x, y = pairs[row]
        assert found.value(row) == (None if x is None or y is None else PLAIN[op](x, y))


@given(st.lists(VALUES, min_size=1, max_size=6), EXACT, st.sampled_from(sorted(PLAIN)))
def test_arithmetic_with_a_constant_is_exact_or_spilled(values: list[Any], constant: Any, op: str) -> None:
    a, _, spill = columns([(value, None) for value in values])
    left, right = arithmetic(op, a, constant, spill), arithmetic(op, constant, a, spill)
    for row in decided(spill):
        x = values[row]
        assert left.value(row) == (None if x is None else PLAIN[op](x, constant))
        assert right.value(row) == (None if x is None else PLAIN[op](constant, x))


@given(PAIRS, st.sampled_from(sorted(TESTS)), EXACT)
def test_comparisons_are_exact_or_spilled(pairs: list[tuple[Any, Any]], word: str, limit: Any) -> None:
    a, b, spill = columns(pairs)
    both, known = compare(word, a, b, spill)
    alone, given_a = compare(word, a, limit, spill)
    for row in decided(spill):
        x, y = pairs[row]
        assert (known is None or bool(known[row])) == (x is not None and y is not None)
        assert (given_a is None or bool(given_a[row])) == (x is not None)
        if x is not None:
            assert bool(alone[row]) == TESTS[word](x, limit)
            assert y is None or bool(both[row]) == TESTS[word](x, y)


@settings(max_examples=200)
@given(PAIRS, st.sampled_from(sorted(TESTS)), EXACT)
def test_quotients_are_exact_or_spilled(pairs: list[tuple[Any, Any]], word: str, limit: Any) -> None:
    a, b, spill = columns(pairs)
    quotient = divide(a, b, spill)
    held, known = compare(word, quotient, limit, spill)
    other, both = compare(word, a, quotient, spill)
    for row in decided(spill):
        x, y = pairs[row]
        wanted = None if x is None or not y else Fraction(x) / y
        assert quotient.value(row) == wanted
        if wanted is not None:
            assert [given[row] for given in (known, both) if given is not None] == [True, True]
            assert bool(held[row]) == TESTS[word](wanted, limit)
            assert bool(other[row]) == TESTS[word](x, wanted)


@given(PAIRS, st.lists(st.booleans(), min_size=6, max_size=6), VALUES)
def test_picking_takes_the_side_of_each_row(pairs: list[tuple[Any, Any]], first: list[bool], constant: Any) -> None:
    a, b, spill = columns(pairs)
    mask = np.array(first[: len(pairs)])
    both, one = pick_numbers(mask, a, b, spill), pick_numbers(mask, a, constant, spill)
    ratio = pick_numbers(mask, divide(a, b, spill), b, spill)
    for row in decided(spill):
        x, y = pairs[row]
        assert both.value(row) == (x if mask[row] else y)
        assert one.value(row) == (x if mask[row] else constant)
        divided = None if x is None or not y else Fraction(x) / y
        assert ratio.value(row) == (divided if mask[row] else y)


@pytest.mark.parametrize(("tpp", "area", "reached"), [(4736, 800, True), (4735, 800, False), (592, 100, True), (591, 100, False)])
def test_a_density_on_its_limit_reaches_it(tpp: int, area: int, reached: bool) -> None:
    quotient = divide(Numbers(np.array([tpp]), 1, None, tpp), Numbers(np.array([area]), 1, None, area), Spill(1))
    assert compare(">=", quotient, Fraction(592, 100), Spill(1))[0].tolist() == [reached]
