"""YAML 1.2: only true and false are booleans, numbers are exact, dates stay text."""

from __future__ import annotations

from fractions import Fraction

import pytest

from penstock.terms.errors import BadDocument
from penstock.terms.yaml12 import load_yaml


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("NO", "NO"),
        ("no", "no"),
        ("on", "on"),
        ("yes", "yes"),
        ("off", "off"),
        ("True", "True"),
        ("true", True),
        ("false", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("1", 1),
        ("1.50", Fraction(3, 2)),
        ("1.0e+26", 10**26),
        ("1e3", 1000),
        ("0o17", "0o17"),
        ("0x10", "0x10"),
        ("1_000", "1_000"),
        ("1:30", "1:30"),
        ("2025-05-13", "2025-05-13"),
        ("4E091", "4E091"),
        ("3A090.a", "3A090.a"),
        ("5E992", "5E992"),
        (".inf", ".inf"),
        (".nan", ".nan"),
        ("'1'", "1"),
        ('"true"', "true"),
    ],
)
def test_a_scalar_is_what_it_says(written: str, value: object) -> None:
    """Contract, YAML trap: country NO and the key on are text; 4E091 is a classification, not a number."""
    assert load_yaml(f"value: {written}") == {"value": value}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1\na: 2", "line 2: the key 'a' is given twice"),
        ("a: {b: 1, b: 2}", "line 1: the key 'b' is given twice"),
        ("a: &x 1\nb: *x", "YAML aliases"),
        ("? [1, 2]\n: 3", "a key is a list or a mapping"),
        ("a: !thing 1", "the tag !thing is not allowed here"),
        ("a: [1", "line"),
        ("a: 'x", "line"),
        ("\t- 1", "line 1"),
        ("--- 1\n--- 2", "line"),
        ("a: 1e9999", "not a usable number"),
        ("a: \x01", "not YAML"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(text: str, said: str) -> None:
    with pytest.raises(BadDocument, match=r".") as refused:
        load_yaml(text)
    assert said in refused.value.message


def test_a_star_in_a_text_is_no_alias() -> None:
    assert load_yaml("a: 2 * 3\nb: 'x*'") == {"a": "2 * 3", "b": "x*"}
