"""The fold: the law of a day, as known on another, under designs and readings, from a small book of made-up acts."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from penstock.decision.library import book as shipped
from penstock.rulebook.book import Book
from penstock.terms.errors import DateOutOfRange, RuleError, UnknownRegime, UnknownSwitch
from tests.fuzz.test_rules import ACT, READINGS, rule, write

FIRST_DAY = dt.date(2022, 1, 1)
LATER = ACT.replace("id: ACT", "id: LATER").replace("2022-01-01", "2024-06-01").replace("1 FR 1", "2 FR 2")
ENOUGH = rule("True", '@review("1.1", by="ACT", of=["asked"], policy="none_stated", order=9)', "any_other")
ASKED = rule("t.item.datacenter", '@requirement("1.1", by="ACT")') + ENOUGH
TABLES = """
tables:
- id: LIMIT
  title: a limit
  kind: number
  unit: TPP
  cells:
  - {value: 100, cite: "1.1", by: ACT}
  - {value: 200, cite: "1.1", by: LATER}
  - {value: 300, cite: "1.1", by: LATER, effective: 2025-01-01}
  - {value: 400, cite: "1.1", by: LATER, effective: 2025-01-01, when: {way: other}}
- id: PLACES
  title: some places
  kind: places
  cells:
  - {members: [CN, MO], cite: "1.1", by: ACT}
  - {add: [HK], remove: [MO], cite: "1.1", by: LATER}
- id: OTHERS
  title: places that are not
  kind: places
  cells:
  - {expr: "(PLACES | JP) - CN", cite: "1.1", by: ACT}
- id: QUARTERS
  title: a number by quarter
  kind: by_date
  unit: TPP
  cells:
  - {key: 2025Q1, from: 2025-01-01, value: 1, cite: "1.1", by: ACT}
  - {key: 2025Q2, from: 2025-04-01, value: 2, cite: "1.1", by: ACT}
"""


def book(root: Path, *, rules: str = ASKED, later: str = LATER, tables: str = TABLES, design: str = "") -> Book:
    write(root, rules, tables=tables)
    (root / "instruments" / "later.yaml").write_text(later, "utf-8")
    if design:
        (root / "designs").mkdir(exist_ok=True)
        (root / "designs" / "design.yaml").write_text(design, "utf-8")
    return Book.read(root, FIRST_DAY)


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


@pytest.mark.parametrize(("on", "limit"), [("2024-05-31", 100), ("2024-06-01", 200), ("2024-12-31", 200), ("2025-01-01", 300)])
def test_a_number_by_day(tmp_path: Path, on: str, limit: int) -> None:
    assert book(tmp_path).law(day(on)).number("LIMIT") == limit


def test_a_cell_can_depend_on_a_reading(tmp_path: Path) -> None:
    assert book(tmp_path).law(day("2025-02-01"), switches={"way": "other"}).number("LIMIT") == 400


def test_places_are_added_removed_and_combined(tmp_path: Path) -> None:
    law = book(tmp_path)
    assert [law.law(day(on)).members("PLACES") for on in ("2024-05-31", "2024-06-01")] == [{"CN", "MO"}, {"CN", "HK"}]
    assert [law.law(day(on)).members("OTHERS") for on in ("2024-05-31", "2024-06-01")] == [{"MO", "JP"}, {"HK", "JP"}]


@pytest.mark.parametrize(("on", "number"), [("2024-12-31", None), ("2025-01-01", 1), ("2025-04-01", 2), ("2027-01-01", 2)])
def test_a_number_by_quarter_stays_after_its_last_row(tmp_path: Path, on: str, number: int | None) -> None:
    assert book(tmp_path).law(day(on)).number("QUARTERS") == number


def test_an_act_that_is_not_known_is_not_law(tmp_path: Path) -> None:
    read = book(tmp_path, later=LATER + "published: 2024-05-15\nknown: 2024-05-01\n")
    assert read.law(day("2024-07-01"), day("2024-04-30")).number("LIMIT") == 100
    assert read.law(day("2024-07-01"), day("2024-05-01")).number("LIMIT") == 200


def test_a_later_version_replaces_the_text(tmp_path: Path) -> None:
    rules = ASKED + rule("t.activity.us_person", '@requirement("1.2", by="LATER", replaces="asked")', "asked_anew")
    read = book(tmp_path, rules=rules)
    before, after = (read.law(day(on)).standings["asked"] for on in ("2024-05-31", "2024-06-01"))
    assert (before.version.name, after.version.name) == ("asked", "asked_anew")
    assert read.law(day("2024-05-31")).hash != read.law(day("2024-06-01")).hash


def test_a_provision_is_repealed(tmp_path: Path) -> None:
    read = book(tmp_path, later=LATER + "repeals: [asked]\n")
    assert "asked" in read.law(day("2024-05-31")).standings
    assert "asked" not in read.law(day("2024-06-01")).standings


def test_compliance_comes_later_than_the_text(tmp_path: Path) -> None:
    rules = (
        ASKED
        + rule("t.activity.us_person", '@requirement("1.2", by="LATER")', "more")
        + ENOUGH.replace("any_other", "rest").replace("asked", "more")
    )
    read = book(tmp_path, rules=rules, later=LATER + "compliance: {2024-09-01: [more]}\n")
    found = [read.law(day(on)).standings["more"] for on in ("2024-06-01", "2024-08-31", "2024-09-01")]
    assert [standing.compliance_required for standing in found] == [False, False, True]
    assert [standing.binds("codified") for standing in found] == [False, False, True]
    assert found[0].compliance_due == day("2024-09-01")


def test_an_announcement_stops_enforcement_and_not_the_text(tmp_path: Path) -> None:
    read = book(tmp_path, later=LATER + "stops_enforcing: [asked]\n")
    standing = read.law(day("2024-06-01")).standings["asked"]
    assert (standing.binds("codified"), standing.binds("enforced"), standing.not_enforced_by) == (True, False, "LATER")
    assert "asked" not in read.law(day("2024-06-01")).enforced_versions
    assert read.law(day("2024-06-01"), day("2024-05-31")).standings["asked"].enforced


@pytest.mark.parametrize(
    ("on", "there"), [("2024-06-30", True), ("2024-07-01", False), ("2024-07-31", False), ("2024-08-01", True)]
)
def test_a_stay_covers_its_days_and_no_others(tmp_path: Path, on: str, there: bool) -> None:
    read = book(tmp_path, later=LATER + "suspends: [{provisions: [asked], from: 2024-07-01, until: 2024-07-31}]\n")
    assert ("asked" in read.law(day(on)).standings) is there


def test_a_stay_can_depend_on_a_reading(tmp_path: Path) -> None:
    read = book(tmp_path, later=LATER + "suspends: [{provisions: [asked], from: 2024-07-01, until: null, when: {way: other}}]\n")
    assert "asked" in read.law(day("2030-01-01")).standings
    assert "asked" not in read.law(day("2030-01-01"), switches={"way": "other"}).standings


DESIGN = ACT.replace("id: ACT", "id: design-one").replace("legislative_rule", "proposed").replace("2022-01-01", "2024-03-01")


def test_a_design_applies_only_when_it_is_named(tmp_path: Path) -> None:
    read = book(tmp_path, later=LATER + "stops_enforcing: [asked]\n", design=DESIGN + "sets_aside: [LATER]\n")
    assert read.regimes == ("actual", "design-one")
    assert not read.law(day("2024-07-01")).standings["asked"].enforced
    assert read.law(day("2024-07-01"), None, "design-one").standings["asked"].enforced
    assert read.law(day("2024-02-29"), None, "design-one").hash == read.law(day("2024-02-29")).hash


def test_days_between_two_changes_share_one_law(tmp_path: Path) -> None:
    read = book(tmp_path)
    assert read.law(day("2024-06-01")) is read.law(day("2024-12-31"))
    assert read.law(day("2024-06-01")) is not read.law(day("2024-05-31"))
    assert read.change_days(day("2024-01-01"), day("2025-12-31")) == [day("2024-06-01"), day("2025-01-01"), day("2025-04-01")]


def test_the_hash_is_of_the_law_and_its_readings(tmp_path: Path) -> None:
    one, other = (book(tmp_path / name) for name in ("one", "other"))
    assert one.law(day("2024-07-01")).hash == other.law(day("2024-07-01")).hash
    assert one.law(day("2024-07-01")).hash != one.law(day("2024-07-01"), switches={"way": "other"}).hash
    assert one.law(day("2024-07-01")).hash != one.law(day("2025-07-01")).hash


@pytest.mark.parametrize(("on", "nearest"), [("2021-12-31", "2022-01-01"), ("2100-01-01", "2100-01-01")])
def test_the_book_has_a_first_and_a_last_day(on: str, nearest: str) -> None:
    """Contract 7: exit 4 for a date before 2022-01-01."""
    with pytest.raises(DateOutOfRange) as refused:
        shipped().law(day(on))
    assert (refused.value.at, str(refused.value.nearest), refused.value.exit_code) == ("on", nearest, 4)


@pytest.mark.parametrize(
    ("name", "nearest"), [("difusion-as-written", "diffusion-as-written"), ("actual+actul", "actual"), ("", None), ("zzz", None)]
)
def test_an_unknown_regime_is_refused(name: str, nearest: str | None) -> None:
    with pytest.raises(UnknownRegime) as refused:
        shipped().law(day("2025-06-01"), None, name)
    assert (refused.value.nearest, refused.value.exit_code) == (nearest, 4)


@pytest.mark.parametrize(
    ("chosen", "nearest"), [({"tf23_bits": 19}, "tf32_bits"), ({"tf32_bits": 20}, "32"), ({"lpp_5a002": "include"}, "included")]
)
def test_an_unknown_reading_is_refused(chosen: dict[str, object], nearest: str) -> None:
    with pytest.raises(UnknownSwitch) as refused:
        shipped().switches(chosen)
    assert refused.value.exit_code == 4
    assert refused.value.nearest in (nearest, None) if nearest == "32" else refused.value.nearest == nearest


@pytest.mark.parametrize("value", [True, "true", "True"])
def test_a_reading_can_be_chosen_as_text(value: object) -> None:
    assert shipped().switches({"affiliates_stay_extended": value})["affiliates_stay_extended"] is True


def test_a_table_may_not_refer_to_itself(tmp_path: Path) -> None:
    """rulebook/fold.py: a cycle sees the empty set; the book refuses cycles when it loads."""
    tables = TABLES.replace("(PLACES | JP) - CN", "OTHERS | JP")
    with pytest.raises(RuleError):
        book(tmp_path, tables=tables)


@pytest.mark.parametrize("expression", ["PLACES | NOWHERE", "PLACES +", "PLACES + JP", "f(PLACES)", "PLACES | 'JP'"])
def test_a_set_expression_that_means_nothing_is_refused(tmp_path: Path, expression: str) -> None:
    """A name of no table and no country is a mistake in the file, found when the law of a day is asked."""
    read = book(tmp_path, tables=TABLES.replace("(PLACES | JP) - CN", expression))
    with pytest.raises(RuleError):
        read.law(day("2024-07-01")).members("OTHERS")


def test_readings_have_values() -> None:
    assert "way" in READINGS
    for reading in shipped().readings.values():
        assert len(reading.values) >= 2
        assert len(set(reading.values)) == len(reading.values)
