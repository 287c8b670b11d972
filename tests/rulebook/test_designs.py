"""A design file: what it may hold, how it is put on the law, and what is refused with the line it stands on."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable
from importlib.resources import as_file
from pathlib import Path

import pytest

from penstock.law import FIRST_DAY, ROOT
from penstock.rulebook import Book
from penstock.rulebook.designs import caveats, expand
from penstock.rulebook.lower import Lowerer
from penstock.terms.errors import RuleError

HEAD = """id: {id}
title: An example
cite: example
kind: design
force: proposed
effective: 2026-01-01
source: this test
confidence: high
"""
DAY = dt.date(2026, 6, 15)
Reader = Callable[..., Book]


@pytest.fixture
def read(tmp_path: Path) -> Reader:
    """Return a reader of the shipped law with designs added to it, each its text after the head."""

    def reader(**designs: str) -> Book:
        with as_file(ROOT) as shipped:
            shutil.copytree(shipped, tmp_path / "law", ignore=shutil.ignore_patterns("__pycache__"))
        for name, text in designs.items():
            head = "" if text.startswith("id:") else HEAD.format(id=name)
            (tmp_path / "law/designs" / f"{name}.yaml").write_text(head + text, "utf-8")
        return Book.read(tmp_path / "law", dt.date.fromisoformat(FIRST_DAY))

    return reader


def refusal(read: Reader, **designs: str) -> str:
    with pytest.raises(RuleError) as caught:
        read(**designs)
    return str(caught.value)


def test_a_design_writes_rules_cells_tables_and_parameters(read: Reader) -> None:
    book = read(
        one="""tables:
- id: LPP_ANNUAL_TPP
  cells:
  - {value: 1000, cite: example}
  - {value: 2000, effective: 2027-01-01, cite: example}
- id: SOME_PLACES
  title: Some places
  kind: places
  cells:
  - {members: [BR], cite: example}
parameters:
  SOME_FACTOR: {title: A factor, value: 1.5, why: "Nobody says."}
rules: |
  @definition("example")
  def to_some_places(t: Transaction):
      "The destination is one of them."
      return t.destination.country in SOME_PLACES and SOME_FACTOR > 1
"""
    )
    law, later = book.law(DAY, regime="one"), book.law(dt.date(2027, 1, 1), regime="one")
    assert (law.number("LPP_ANNUAL_TPP"), later.number("LPP_ANNUAL_TPP")) == (1000, 2000)
    assert law.members("SOME_PLACES") == {"BR"}
    assert str(law.number("SOME_FACTOR")) == "3/2"
    assert law.standings["to_some_places"].version.by == "one"
    assert book.law(DAY, regime="one", switches={"SOME_FACTOR": "2.5"}).number("SOME_FACTOR") * 2 == 5
    assert "Assumed by Penstock: SOME_FACTOR = 1.5 (A factor). Nobody says." in caveats(law)


def test_actual_law_is_the_same_with_and_without_a_design(read: Reader) -> None:
    shipped = Book.read(ROOT, dt.date.fromisoformat(FIRST_DAY))
    more = read(one="parameters:\n  SOME_FACTOR: {title: A factor, value: 2, why: Nobody says.}\n")
    assert more.law(DAY).hash == shipped.law(DAY).hash
    assert "SOME_FACTOR" not in more.law(DAY).content["tables"]


def test_cells_of_designs_come_after_those_of_later_law(read: Reader) -> None:
    """91 FR 43034 rewrites the table on 2026-07-10, and what a design of 2026-01-01 added to it stays."""
    book = read(one="tables:\n- id: ADVANCED_COMPUTING_SCOPE\n  cells:\n  - {add: [BR], cite: example}\n")
    law = book.law(dt.date(2026, 9, 1), regime="one")
    assert {"AE", "BR"} <= law.members("ADVANCED_COMPUTING_SCOPE")


def test_rules_of_designs_come_after_those_of_later_law(read: Reader) -> None:
    """91 FR 43034 rewrites the requirement on 2026-07-10, and a design of 2026-01-01 has the last word."""
    rule = (
        '  @requirement("example", replaces="country_group")\n  def nobody(t: Transaction):\n      "None."\n      return False\n'
    )
    law = read(one="rules: |\n" + rule).law(dt.date(2026, 9, 1), regime="one")
    assert law.standings["country_group"].version.name == "nobody"


def test_the_design_named_last_counts(read: Reader) -> None:
    cell = "tables:\n- id: LPP_ANNUAL_TPP\n  cells:\n  - {{value: {}, cite: example}}\n"
    book = read(one=cell.format(1), two=cell.format(2))
    assert [book.law(DAY, regime=regime).number("LPP_ANNUAL_TPP") for regime in ("one+two", "two+one")] == [2, 1]


def test_includes_are_expanded_once_and_before_what_includes_them(read: Reader) -> None:
    book = read(one="", two="includes: [one]\n", three="includes: [two, one]\n")
    assert expand(["three"], book.instruments, lambda _: True) == ("one", "two", "three")
    assert expand(["three"], book.instruments, lambda act: act.id != "three") == ("three",)


RULE = """rules: |
  @definition("example")
  def fine(t: Transaction):
      "It is."
      return True

  @definition("example")
  def wrong(t: Transaction):
      {body}
"""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (RULE.format(body="return True"), "one.yaml:16: wrong has no docstring"),
        (RULE.format(body='"Twice."; return = 1'), "one.yaml:17: not Python"),
        (RULE.replace('"example")\n  def wrong', '"example", by="EAR")\n  def wrong').format(body='"x"\n      return True'),
         "one.yaml:16: wrong is written by EAR. Leave out `by=`"),
        ("rules: return True\n", "one.yaml:9: rules are written as a block"),
        ("tables:\n- id: LPP_ANUAL_TPP\n  cells: []\n", "no table is called 'LPP_ANUAL_TPP'. Did you mean LPP_ANNUAL_TPP?"),
        ("tables:\n- id: LPP_ANNUAL_TPP\n  cells:\n  - {value: 1}\n", "a cell of LPP_ANNUAL_TPP has no citation"),
        ("tables:\n- {id: SUPP5A, title: x, kind: places, cells: []}\n", "SUPP5A is a table already"),
        ("parameters:\n  SUPP5A: {title: x, value: 1, why: x}\n", "SUPP5A is a table already"),
        ("parameters:\n  some: {title: x, value: 1, why: x}\n", "not written like a table"),
        ("parameters:\n  SOME: {title: x, value: 1}\n", "the parameter SOME has title, value, why"),
        ("includes: [EAR]\n", "one includes 'EAR', which is no design"),
        ("includes: [use-base]\n", "Did you mean use-based?"),
        ("includes: [one]\n", "one includes itself"),
        ("include: [one]\n", "no key 'include' in an instrument. Did you mean includes?"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_refused_with_its_place(read: Reader, text: str, said: str) -> None:
    message = refusal(read, one=text)
    assert said in message
    assert "designs/one.yaml" in message


def test_a_mistake_found_when_a_rule_is_compiled_has_its_line_too(read: Reader) -> None:
    law = read(one=RULE.format(body='"x"\n      return t.item.kind > 1')).law(DAY, regime="one")
    with pytest.raises(RuleError, match=r"designs/one\.yaml:18: > needs two numbers, got text"):
        Lowerer(law).rule("wrong")


def test_a_fact_that_does_not_exist_is_refused_when_the_book_is_read(read: Reader) -> None:
    message = refusal(read, one=RULE.format(body='"x"\n      return t.item.tpps > 1'))
    assert "designs/one.yaml:18: item.tpps is not a fact. Did you mean item.tpp?" in message


def test_a_design_is_proposed(read: Reader) -> None:
    text = HEAD.format(id="one").replace("force: proposed", "force: statute")
    assert "one is statute, and a design is proposed" in refusal(read, one=text)


def test_only_designs_hold_rules(read: Reader, tmp_path: Path) -> None:
    shutil.copytree(Path(str(ROOT)), tmp_path / "law")
    act = HEAD.format(id="one").replace("force: proposed", "force: statute") + "rules: |\n  x\n"
    (tmp_path / "law/instruments/one.yaml").write_text(act, "utf-8")
    with pytest.raises(RuleError, match="no key 'rules' in an instrument"):
        Book.read(tmp_path / "law", dt.date.fromisoformat(FIRST_DAY))


def test_two_designs_cannot_give_one_name_to_two_provisions(read: Reader) -> None:
    rule = 'rules: |\n  @definition("example"{})\n  def twice(t: Transaction):\n      "x"\n      return True\n'
    message = refusal(read, one=rule.format(""), two=rule.format(', replaces="is_move"'))
    assert "twice is the name of two provisions" in message


def test_a_duty_is_shown_by_a_fact(read: Reader) -> None:
    duty = '  @duty("example", of="NLR", shown_by="documents.location")\n  def d(t: Transaction):\n      "x"\n      return True\n'
    assert "no fact is called 'documents.location'" in refusal(read, one="rules: |\n" + duty)
