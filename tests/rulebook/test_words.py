"""Rules in words: every rule of the book can be read without knowing a programming language."""

from __future__ import annotations

import datetime as dt
import re

import pytest

from penstock.decision.library import book
from penstock.rulebook.words import in_words
from penstock.terms.languages import catalog

ON = dt.date(2026, 6, 1)


def words(id: str, on: dt.date = ON) -> list[str]:
    law = book().law(on)
    return in_words(law.standings[id].version, law)


@pytest.mark.parametrize("regime", book().regimes)
def test_no_rule_reads_like_a_program(regime: str) -> None:
    law = book().law(ON, regime=regime)
    for id, standing in law.standings.items():
        for line in in_words(standing.version, law):
            assert not re.search(r"\bt\.\w|==|!=|>=|<=|\b(?:stated|denied|given|any|all)\(", line), (id, line)


@pytest.mark.parametrize("language", ["zh-Hans", "zh-Hant"])
def test_rules_have_as_many_lines_in_every_language_and_no_english_left(language: str) -> None:
    law, speak = book().law(ON), catalog(language)
    for id, standing in law.standings.items():
        english, other = in_words(standing.version, law), in_words(standing.version, law, speak)
        assert len(english) == len(other), id
        for line in other:
            said = re.sub(r"\[[^]]*\]", "", line)  # citations stay
            assert not re.search(r"\b(the|is|are|not|which|must|may|these)\b", said), (id, line)


def test_a_limit_is_said_with_its_number_and_unit() -> None:
    assert words("meets_a1") == ["item TPP is at least 4,800 TPP"]
    assert words("meets_b1")[1] == "  - item TPP is at least 2,400 TPP and is less than 4,800 TPP"


def test_conditions_are_listed_with_their_citations() -> None:
    told = words("LPP")
    assert told[0] == "- [740.29(a)] activity type is export or reexport"
    assert "- [740.29(d)] the lpp calendar year has room for this transaction" in told
    assert "- [740.29(f)] to have before the event: lpp certification" in told


def test_another_rule_is_said_by_its_own_sentence() -> None:
    assert "The item is model weights of 4E091 [4E091]" in "\n".join(words("weights_4e091"))


def test_a_row_that_always_matches_says_nothing() -> None:
    assert words("denial_hbm") == []


def test_a_choice_is_said_as_one() -> None:
    assert words("license_validity") == [
        "if The item is at or above the parameters of 3A090.a or 4A090.a, or is the .z item that follows them "
        "[742.6(a)(6)(iii)(A)]:",
        "  12 months",
        "otherwise:",
        "  48 months",
    ]
