"""Every figure is the decimal as written."""

from __future__ import annotations

import json
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.terms.numbers import dump_json, exact, plain


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("5.92", Fraction(148, 25)),
        ("1.0e+26", 10**26),
        ("-0", 0),
        ("1e-3", Fraction(1, 1000)),
        (".5", Fraction(1, 2)),
        (7, 7),
        (0.1, Fraction(1, 10)),
        (Decimal("2.50"), Fraction(5, 2)),
        (Fraction(6, 3), 2),
        (15832.0, 15832),
    ],
)
def test_a_number_is_what_is_written(written: str | float | Decimal | Fraction, number: int | Fraction) -> None:
    assert exact(written) == number
    assert type(exact(written)) is type(number)


@pytest.mark.parametrize("written", ["", "x", "1,000", "nan", "inf", "-Infinity", "1e61", "1e-61", "0x10", "9" * 61, "--1"])
def test_what_is_no_usable_number_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match=r"is not|more than"):
        exact(written)


@given(st.decimals(-(10**12), 10**12, places=6))
def test_a_decimal_comes_back_as_written(number: Decimal) -> None:
    back = plain(exact(number))
    assert Decimal(back) == number


@given(st.fractions(0, 10**6))
def test_a_fraction_that_does_not_end_is_shown_to_twelve_places(number: Fraction) -> None:
    shown = plain(exact(number))
    assert abs(Fraction(shown) - number) <= Fraction(1, 2 * 10**12)


@given(st.dictionaries(st.text(max_size=5), st.one_of(st.integers(), st.booleans(), st.none(), st.decimals(0, 10**9, places=4))))
def test_json_keeps_numbers_and_sorts_keys(document: dict[str, object]) -> None:
    text = dump_json(document)
    assert json.loads(text, parse_float=Decimal) == document
    assert list(json.loads(text)) == sorted(document)


def test_json_writes_dates_sets_and_tuples() -> None:
    import datetime as dt

    written = dump_json({"day": dt.date(2025, 5, 13), "set": {"b", "a"}, "row": (1, 2)}, indent=None)
    assert written == '{"day": "2025-05-13", "row": [1, 2], "set": ["a", "b"]}'


def test_json_refuses_what_has_no_place_in_a_document() -> None:
    with pytest.raises(TypeError, match="object has no place in a document"):
        dump_json({"thing": object()})
