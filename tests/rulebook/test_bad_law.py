"""What is wrong with a file of law is refused when the book is read: with the file, the line and what to do."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from penstock.rulebook.book import Book
from penstock.terms.errors import RuleError
from tests.fuzz.test_rules import ACT, rule
from tests.rulebook.test_book import ASKED, ENOUGH, FIRST_DAY, LATER, TABLES, book

LIMITS = "us/tables/limits.yaml"
LATER_ACT = "instruments/later.yaml"
RULES = "us/part1.py"
CIRCLE = """
tables:
- id: ONE
  title: some places
  kind: places
  cells:
  - {expr: "TWO | JP", cite: "1.1", by: ACT}
- id: TWO
  title: other places
  kind: places
  cells:
  - {expr: "ONE - JP", cite: "1.1", by: ACT}
"""


def line_with(text: str, words: str) -> int:
    """Return the line of a text in which some words stand for the last time."""
    return max(n for n, line in enumerate(text.splitlines(), 1) if words in line)


def refused(root: Path, *, rules: str = ASKED, later: str = LATER, tables: str = TABLES) -> RuleError:
    with pytest.raises(RuleError) as caught:
        book(root, rules=rules, later=later, tables=tables)
    assert caught.value.hint, "a refusal says what to do"
    return caught.value


# ---- tables


@pytest.mark.parametrize(
    ("old", "new", "words", "said"),
    [
        ('{value: 200, cite: "1.1", by: LATER}', "{value: 200, by: LATER}", "value: 200", "has no citation"),
        ('{value: 200, cite: "1.1", by: LATER}', '{value: 200, cite: "1.1"}', "value: 200", "has no instrument"),
        ('{value: 200, cite: "1.1", by: LATER}', '{value: 200, cite: "1.1", by: LATR}', "value: 200", "'LATR'"),
        ('{value: 200, cite: "1.1", by: LATER}', '{valeu: 200, cite: "1.1", by: LATER}', "valeu", "no key 'valeu'"),
        ("effective: 2025-01-01}", "effective: 2025-13-01}", "value: 300", "2025-13-01"),
        ("members: [CN, MO]", "members: [CN, XX]", "[CN, XX]", "'XX', which is no country code"),
        ("kind: by_date", "kind: by_day", "by_day", "'by_day' is no kind of table"),
        ("- {key: 2025Q2, from: 2025-04-01", "- {key: 2025Q2, from: 2025-01-01", "2025Q2", "overlap"),
        ('{value: 200, cite: "1.1", by: LATER}', '{value: 200, cite: "1.1", by: ACT}', "value: 200", "overlap"),
        ("value: 2, cite", "value: 2, until: 2025-03-01, cite", "2025Q2", "ends on 2025-03-01, before it begins"),
        ("value: 1, cite", "value: 1, until: 2025-06-30, cite", "2025Q2", "overlap"),
        ("  kind: number", "  kind: number: odd", "number: odd", "mapping values are not allowed"),
        ("  unit: TPP", "  unit: TPP\n  unit: TPP", "unit: TPP", "'unit' is given twice"),
    ],
)  # fmt: skip
def test_a_table_is_refused_with_its_line(tmp_path: Path, old: str, new: str, words: str, said: str) -> None:
    assert old in TABLES
    text = TABLES.replace(old, new, 1)
    error = refused(tmp_path, tables=text)
    assert said in error.message
    if "given twice" in said:
        assert error.at == f"{LIMITS}:7"
    else:
        assert error.at == f"{LIMITS}:{line_with(text, words)}"


def test_tables_that_rest_on_each_other_are_refused_with_their_line(tmp_path: Path) -> None:
    error = refused(tmp_path, tables=CIRCLE)
    assert "a table may not rest on itself" in error.message
    assert error.at in (f"{LIMITS}:7", f"{LIMITS}:12")


def test_cells_under_different_readings_do_not_overlap(tmp_path: Path) -> None:
    assert book(tmp_path).tables["LIMIT"].cells[3].line == line_with(TABLES, "value: 400")


# ---- instruments


@pytest.mark.parametrize(
    ("added", "said"),
    [
        ("repeals: [askd]", "no provision is called 'askd'. Did you mean asked?"),
        ("stops_enforcing: [nothing_of_the_kind]", "no provision is called"),
        ("compliance: {2024-09-01: [askd]}", "no provision is called 'askd'"),
        ("requires_compliance: {2024-09-01: [askd]}", "no provision is called 'askd'"),
        ("interprets: [askd]", "no provision is called 'askd'"),
        ("suspends: [{provisions: [askd], from: 2024-07-01}]", "no provision is called 'askd'"),
        ("sets_aside: [ATC]", "no instrument is called 'ATC'. Did you mean ACT?"),
        ("includes: [ACT]", "includes 'ACT', which is no design"),
        ("suspends: [{provisions: [asked], from: 2024-07-01, until: 2024-06-01}]", "ends on 2024-06-01, before it begins"),
        (
            "suspends: [{provisions: [asked], from: 2024-07-01}, {provisions: [asked], from: 2025-01-01}]",
            "two stays of asked overlap from 2025-01-01",
        ),
        ("suspends: [{from: 2024-07-01}]", "a stay has provisions"),
        ("suspends: 2024-07-01", "suspends is not a list"),
        ("repeals: asked", "repeals is not a list of names"),
        ("compliance: [asked]", "compliance says which day holds for which provisions"),
        ("known: 2024-13-01", "2024-13-01"),
        ("repeal: [asked]", "no key 'repeal' in an instrument. Did you mean repeals?"),
    ],
)
def test_an_instrument_is_refused_with_its_line(tmp_path: Path, added: str, said: str) -> None:
    text = LATER + added + "\n"
    error = refused(tmp_path, later=text)
    assert said in error.message
    assert error.at == f"{LATER_ACT}:{line_with(text, added)}"


def test_stays_that_depend_on_different_readings_do_not_overlap(tmp_path: Path) -> None:
    stays = "suspends: [{provisions: [asked], from: 2024-07-01, when: {way: one}}, {provisions: [asked], from: 2024-07-01, when: {way: other}}]\n"
    assert len(book(tmp_path, later=LATER + stays).instruments["LATER"].suspends) == 2


def test_a_force_that_is_none_is_refused_with_its_line(tmp_path: Path) -> None:
    text = LATER.replace("force: legislative_rule", "force: strong")
    assert refused(tmp_path, later=text).at == f"{LATER_ACT}:{line_with(text, 'force')}"


def test_two_instruments_of_one_id_are_refused(tmp_path: Path) -> None:
    error = refused(tmp_path, later=ACT)
    assert "ACT is an instrument already, in instruments/act.yaml" in error.message


def test_an_instrument_that_is_no_yaml_is_refused_with_its_line(tmp_path: Path) -> None:
    assert refused(tmp_path, later=LATER + "note: [unclosed\n").at.startswith(f"{LATER_ACT}:1")  # type: ignore[union-attr]


# ---- rules


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("t.item.daatcenter", "item.daatcenter is not a fact. Did you mean item.datacenter?"),
        ("askde(t)", "nothing is called 'askde'. Did you mean asked?"),
        ("t.item.tpp >= LIMTI", "nothing is called 'LIMTI'. Did you mean LIMIT?"),
        ("t.parties.end_user.headqarters == 'CN'", "parties.end_user.headqarters is not a fact"),
    ],
)
def test_a_rule_that_names_what_does_not_exist_is_refused_when_the_book_is_read(tmp_path: Path, body: str, said: str) -> None:
    text = ASKED + rule(body, name="wrong")
    error = refused(tmp_path, rules=text)
    assert said in error.message
    assert error.at == f"{RULES}:{line_with(text, body)}"


def test_rules_that_rest_on_each_other_are_refused(tmp_path: Path) -> None:
    text = ASKED + rule("two(t)", name="one") + rule("one(t)", name="two")
    error = refused(tmp_path, rules=text)
    assert re.search("one → two → one|two → one → two", error.message)
    assert error.at == f"{RULES}:{line_with(text, 'one(t)')}"


def test_a_fact_may_be_computed_from_itself_by_no_other_rule(tmp_path: Path) -> None:
    text = ASKED + rule("t.item.tpp * t.item.quantity", '@definition("1.1", by="ACT", computes="item.aggregate_tpp")', "total")
    assert "total" in book(tmp_path, rules=text).versions


@pytest.mark.parametrize("word", ["replaces", "widens"])
def test_a_rule_that_amends_what_nothing_wrote_is_refused(tmp_path: Path, word: str) -> None:
    text = ASKED + rule("True", f'@requirement("1.2", by="LATER", {word}="askd")', "asked_anew")
    error = refused(tmp_path, rules=text + ENOUGH.replace("any_other", "rest").replace("asked", "askd"))
    assert f"asked_anew {word} 'askd', which nothing wrote before. Did you mean asked?" in error.message
    assert error.at == f"{RULES}:{line_with(text, 'def asked_anew')}"


def test_a_book_without_a_mistake_is_read(tmp_path: Path) -> None:
    book(tmp_path)
    assert Book.read(tmp_path, FIRST_DAY).instruments["LATER"].line("effective") == line_with(LATER, "effective")
