"""Finding provisions by citation, and reading dated tables."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from penstock.decision.library import book
from penstock.decision.lookup import show_law
from penstock.decision.tables import TABLES, read_table
from penstock.rulebook import Law
from penstock.terms.countries import codes
from penstock.terms.errors import BadCountry, BadEnum, PenstockError, UnknownCitation


def show(cite: str, on: str = "2025-06-01") -> set[tuple[str, str]]:
    day = dt.date.fromisoformat(on)
    return {(entry["kind"], entry["id"]) for entry in show_law(cite, book().law(day), day)}


@pytest.mark.parametrize(
    ("cite", "expected"),
    [
        ("740.29(d)", {("table", "LPP_ANNUAL_TPP"), ("definition", "lpp_calendar_year_limit")}),
        ("15 CFR 740.29(d)", {("table", "LPP_ANNUAL_TPP")}),
        ("§ 740.29(d)", {("table", "LPP_ANNUAL_TPP")}),
        ("740.29", {("authorization", "LPP"), ("duty", "lpp_prenotice")}),
        ("LPP", {("authorization", "LPP")}),
        ("3A090.a.1", {("definition", "meets_a1"), ("table", "A1_TPP")}),
        ("90 FR 4544", {("instrument", "90-FR-4544")}),
        ("worldwide_a", {("requirement", "worldwide_a")}),
        ("742.6(a)(6)(iii)(A)", {("requirement", "worldwide_a"), ("requirement", "headquarters")}),
        ("744.23(a)(3)(i)(A)", {("requirement", "headquarters")}),
    ],
)
def test_a_citation_finds_its_provisions(cite: str, expected: set[tuple[str, str]]) -> None:
    assert expected <= show(cite)


def test_a_paragraph_is_not_its_neighbor() -> None:
    """740.2 is not 740.27, and (b)(1) is not (b)(10)."""
    assert not any(id in ("AIA", "ACM", "LPP") for _, id in show("740.2"))
    assert ("definition", "country_allocation_limit") not in show("736.2(b)(10)")


@pytest.mark.parametrize(
    ("cite", "on"),
    [("740.29(d)", "2025-01-12"), ("740.99", "2025-06-01"), ("", "2025-06-01"), ("(", "2025-06-01"), ("7", "2025-06-01")],
)
def test_a_citation_of_nothing_is_refused(cite: str, on: str) -> None:
    """Contract 7: exit 4 for an unknown citation."""
    with pytest.raises(UnknownCitation) as refused:
        show(cite, on)
    assert (refused.value.at, refused.value.exit_code) == ("cite", 4)


def printed(law: Law) -> set[str]:
    """Return every citation that answers print, one by one."""
    cites = [standing.version.cite for standing in law.standings.values()] + [law.instruments[id].cite for id in law.active]
    return {part.strip() for cite in cites for part in cite.split(";")}


def test_every_citation_that_is_printed_resolves() -> None:
    """DESIGN 3: every citation resolves; what an answer prints can be handed to `law show`."""
    lost = set()
    for day in (dt.date(2023, 6, 1), dt.date(2024, 6, 1), dt.date(2025, 6, 1), dt.date(2026, 8, 1)):
        law = book().law(day)
        for cite in printed(law):
            try:
                show_law(cite, law, day)
            except UnknownCitation:
                lost.add(cite)
    assert sorted(lost) == []


def test_a_provision_says_how_it_stands() -> None:
    day = dt.date(2025, 6, 1)
    (entry,) = [entry for entry in show_law("worldwide_a", book().law(day), day) if entry["kind"] == "requirement"]
    assert (entry["text_in_cfr"], entry["compliance_required"], entry["enforced"]) == (True, True, False)
    assert entry["not_enforced_by"]["cite"].startswith("BIS press release 2025-05-13")
    assert [act["cite"] for act in entry["instruments"]] == ["90 FR 4544"]


# ---- tables


def read(name: str, keys: list[str] | None = None, on: str = "2026-07-23") -> dict[str, Any]:
    day = dt.date.fromisoformat(on)
    return read_table(name, keys, book().law(day), day)


@pytest.mark.parametrize(
    ("name", "keys", "on", "values"),
    [
        ("country_groups_of", ["MO"], "2026-07-23", {"MO": ["D:1", "D:3", "D:4"]}),
        ("country_groups_of", ["HK"], "2026-07-23", {"HK": ["D:1", "D:3", "D:4", "D:5"]}),
        ("country_groups_of", ["AE"], "2026-07-09", {"AE": ["D:3", "D:4"]}),
        ("country_groups_of", ["AE"], "2026-07-10", {"AE": ["A:5"]}),
        ("country_groups_of", ["KH"], "2025-11-06", {"KH": ["D:1", "D:5"]}),
        ("country_groups_of", ["KH"], "2025-11-07", {"KH": ["D:1"]}),
        ("treated_as", ["HK", "MO", "TW"], "2026-07-23", {"HK": "CN", "MO": "MO", "TW": "TW"}),
        ("diffusion_tier", ["JP", "BR", "MO", "HK"], "2025-06-01", {"JP": 1, "BR": 2, "MO": 3, "HK": 3}),
        ("diffusion_tier", ["JP"], "2025-01-12", {"JP": None}),
        ("country_allocation_tpp", ["BR", "JP", "CN"], "2025-06-01", {"BR": 790_000_000, "JP": None, "CN": None}),
        ("nveu_installed_base_tpp", ["2025Q1", "2027Q4", "2028Q1", "2024Q4"], "2025-06-01",
         {"2025Q1": 633_000_000, "2027Q4": 5_064_000_000, "2028Q1": 5_064_000_000, "2024Q4": None}),
        ("nveu_installed_base_tpp", None, "2025-01-12", {"2025Q1": None}),
        ("lpp_limit_tpp", ["2025"], "2025-06-01", {"2025": 26_900_000}),
        ("lpp_limit_tpp", None, "2025-01-12", {"2025": None}),
    ],
)  # fmt: skip
def test_values_of_tables(name: str, keys: list[str] | None, on: str, values: dict[str, Any]) -> None:
    """Contract 6, table kind."""
    assert read(name, keys, on)["values"] == values


@pytest.mark.parametrize(
    ("name", "on", "count", "inside", "outside"),
    [
        ("supp5_part740_a", "2025-06-01", 19, {"US", "JP", "TW"}, {"PT", "SG", "IL"}),
        ("supp5_part740_b", "2025-06-01", 0, set(), {"BR"}),
        ("supp5_part740_a", "2025-01-12", 0, set(), {"US"}),
        ("d5_macau", "2025-06-01", 24, {"MO", "CN", "KH"}, {"HK", "TW"}),
        ("d5_macau", "2026-07-23", 23, {"MO", "CN"}, {"KH"}),
        ("advanced_computing_scope", "2026-07-09", 46, {"AE", "SA", "VN", "MO"}, {"IL", "TW"}),
        ("advanced_computing_scope", "2026-07-10", 46, {"AE", "SA"}, {"IL"}),
    ],
)
def test_members_of_tables(name: str, on: str, count: int, inside: set[str], outside: set[str]) -> None:
    """Supp. No. 5 to part 740; Supp. No. 1 to part 740; 742.6(a)(6)(iii)."""
    members = set(read(name, on=on)["members"])
    assert len(members) == count
    assert inside <= members
    assert not outside & members


def test_hong_kong_is_asked_for_as_china() -> None:
    assert read("d5_macau", ["HK", "JP"])["values"] == {"HK": True, "JP": False}


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("on", ["2022-01-01", "2025-06-01", "2027-01-01"])
def test_every_table_answers_on_every_date(name: str, on: str) -> None:
    answer = read(name, on=on)
    assert "members" in answer or answer["values"]
    if name in ("country_groups_of", "diffusion_tier", "treated_as", "country_allocation_tpp"):
        assert set(answer["values"]) == set(codes())


@pytest.mark.parametrize(
    ("name", "keys", "error"),
    [("no_such", None, BadEnum), ("treated_as", ["UK"], BadCountry), ("country_group", ["D:9"], BadEnum)],
)
def test_what_is_not_in_a_table_is_refused(name: str, keys: list[str] | None, error: type[PenstockError]) -> None:
    with pytest.raises(error):
        read(name, keys)


@pytest.mark.parametrize(
    ("name", "key"), [("nveu_installed_base_tpp", "nonsense"), ("nveu_installed_base_tpp", "2025"), ("lpp_limit_tpp", "banana")]
)
def test_a_key_of_the_wrong_kind_is_refused(name: str, key: str) -> None:
    """Contract 0: a value that is not one is an error, never answered with a number: quarters are 2025Q1, years 2025."""
    with pytest.raises(PenstockError):
        read(name, [key], "2025-06-01")


@pytest.mark.parametrize(
    ("cite", "found"),
    [
        ("15 CFR 744.21", ("requirement", "military_end_use")),
        ("§ 740.25", ("authorization", "HBM")),
        ("740.27(a)(3)(ii)", ("authorization", "AIA")),
        ("734.9(h)", ("definition", "direct_product_advanced_computing")),
        ("742.6(a)(13)", ("requirement", "weights_4e091")),
        ("red flag 28", ("flag", "KYC-28")),
        ("Supp. No. 10 to part 748, para. 14", ("checklist", "S10-14")),
        ("Supp. No. 2 to part 748, para. (dd)", ("checklist", "DD-7")),
        ("BIS guidance 2025-05-13 on diversion", ("checklist", "ACT-03")),
        ("H.R. 2683", ("record", "hr-2683")),
        ("EO 12981", ("record", "eo-12981")),
        ("part 750", ("definition", "license_validity")),
        ("ADV-05", ("red flag", "ADV-05")),
    ],
)
def test_a_lawyer_finds_it_by_the_citation(cite: str, found: tuple[str, str]) -> None:
    assert found in show(cite, "2026-06-01")


def test_one_document_is_not_another_of_the_same_day() -> None:
    ids = {id for _, id in show("BIS guidance 2025-05-13 on diversion", "2026-06-01")}
    assert "ADV-01" in ids
    assert {"GP-1", "only_evaluated"}.isdisjoint(ids)


def test_one_paragraph_of_a_supplement_is_not_all_of_it() -> None:
    assert show("Supp. No. 10 to part 748, para. 14", "2026-06-01") == {("checklist", "S10-14")}


def test_requirements_come_first() -> None:
    day = dt.date(2026, 6, 1)
    kinds = [entry["kind"] for entry in show_law("742.6", book().law(day), day)]
    assert kinds.index("requirement") < kinds.index("review") < kinds.index("definition") < kinds.index("table")
