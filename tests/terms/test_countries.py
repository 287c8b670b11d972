"""Countries as codes, and the names people type instead."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.terms.countries import codes, country_name, nearest_country


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("UK", "GB"),
        ("uk", "GB"),
        ("Portugal", "PT"),
        ("portugal", "PT"),
        ("pt", "PT"),
        ("USA", "US"),
        ("PRC", "CN"),
        ("Macao", "MO"),
        ("Macau", "MO"),
        ("Hong Kong", "HK"),
        ("UAE", "AE"),
        ("South Korea", "KR"),
        ("Germny", "DE"),
        ("Zealand", "NZ"),
        ("中国", "CN"),
        ("阿拉伯聯合大公國", "AE"),
    ],
)
def test_the_country_meant(typed: str, meant: str) -> None:
    """Contract 8: closest valid value, edit distance or a known alias."""
    assert nearest_country(typed) == meant


@pytest.mark.parametrize("typed", ["", "???", "zzzzzzzzzz"])
def test_nothing_is_offered_where_nothing_is_near(typed: str) -> None:
    assert nearest_country(typed) is None


@given(st.sampled_from(sorted(codes())), st.sampled_from(["en", "zh-Hans", "zh-Hant"]))
def test_every_name_leads_back_to_its_code(code: str, language: str) -> None:
    assert nearest_country(country_name(code, language)) == code


@given(st.text(max_size=300))
def test_any_text_gets_a_code_or_nothing(text: str) -> None:
    assert nearest_country(text) in codes() | {None}


def test_an_unknown_code_is_its_own_name() -> None:
    assert country_name("XX") == "XX"


def test_names_follow_the_country_chart() -> None:
    """Supp. No. 1 to part 738 says Macau and Burma; TW, HK and MO are codes of their own."""
    assert [country_name(code) for code in ("MO", "MM", "TR")] == ["Macau", "Burma", "Turkey"]
    assert {"TW", "HK", "MO"} <= codes()
