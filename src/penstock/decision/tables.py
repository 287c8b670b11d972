"""The dated tables a user may read by name: country groups, allocations, limits."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from penstock.decision.library import book, program_of
from penstock.rulebook import Law
from penstock.rulebook.scalar import Scalar, compile_scalar
from penstock.terms.countries import codes, nearest_country
from penstock.terms.dates import quarter
from penstock.terms.errors import BadCountry, BadEnum
from penstock.terms.suggest import nearest

__all__ = ["TABLES", "country_groups_of", "diffusion_tier", "read_table", "treated_as"]

_GROUPS = ("A1", "A2", "A3", "A4", "A5", "A6", "D1", "D2", "D3", "D4", "D5", "E1", "E2")
_SETS = {"supp5_part740_a": "SUPP5A", "supp5_part740_b": "SUPP5B", "d5_macau": "D5_OR_MACAU",
         "advanced_computing_scope": "ADVANCED_COMPUTING_SCOPE"}  # fmt: skip
_YEARS_END = 2100  # no law of a later day, and what is known then is all that is known
TABLES = ("country_group", "country_groups_of", *_SETS, "diffusion_tier", "nveu_installed_base_tpp", "country_allocation_tpp",
          "lpp_limit_tpp", "treated_as")  # fmt: skip


def treated_as(law: Law, country: str) -> str:
    """Return the place a country is read as for EAR purposes: Hong Kong as China, any other as itself."""
    pairs = dict(entry.split(":") for entry in law.members("TREATED_AS"))
    return pairs.get(country, country)


def country_groups_of(law: Law, country: str) -> list[str]:
    """Return the Country Groups a place is in on the day of a law.

    >>> country_groups_of(book().law(dt.date(2026, 7, 23)), "MO")
    ['D:1', 'D:3', 'D:4']
    """
    place = treated_as(law, country)
    return [book().tables[group].labels for group in _GROUPS if place in law.members(group)]


def diffusion_tier(law: Law, country: str) -> int | None:
    """Return the tier of the AI Diffusion rule: 1 Supp. 5(a), 3 Macau or D:5, 2 any other; None before the rule."""
    place = treated_as(law, country)
    if not law.members("SUPP5A"):
        return None
    return 1 if place in law.members("SUPP5A") else 3 if place in law.members("D5_OR_MACAU") else 2


def read_table(name: str, keys: Iterable[str] | None, law: Law, on: dt.date) -> dict[str, Any]:
    """Return the table document of the contract: ``members`` of a set, or ``values`` by key.

    >>> read_table("lpp_limit_tpp", ["2025"], book().law(dt.date(2025, 6, 1)), dt.date(2025, 6, 1))["values"]
    {'2025': 26900000}
    """
    if name not in TABLES:
        raise BadEnum(f"No table is called {name!r}", at="table.name", value=name, nearest=nearest(name, TABLES), allowed=TABLES)
    wanted = [str(key) for key in keys] if keys is not None else None
    if name in _SETS:
        return _members(law, _SETS[name], wanted)
    values = _VALUES[name](law, wanted, on)
    if name == "country_group" and len(values) == 1:
        return {"name": name, "on": on, "values": values, "cite": _cite(law, name), "members": next(iter(values.values()))}
    return {"name": name, "on": on, "values": values, "cite": _cite(law, name)}


def _members(law: Law, table: str, keys: list[str] | None) -> dict[str, Any]:
    places = sorted(law.members(table))
    cell = law.cell(table)
    out: dict[str, Any] = {"members": places, "title": book().tables[table].title, "cite": cell.cite if cell else None}
    if keys:
        out["values"] = {key: treated_as(law, _country(key)) in places for key in keys}
    return out


def _country(key: str) -> str:
    if key not in codes():
        raise BadCountry(f"{key!r} is not an ISO 3166-1 alpha-2 code", at="table.keys", value=key, nearest=nearest_country(key))
    return key


def _group(law: Law, keys: list[str] | None, on: dt.date) -> dict[str, Any]:
    labels = {book().tables[group].labels: group for group in _GROUPS}
    names = {**labels, **{group: group for group in _GROUPS}}
    for key in keys or ():
        if key not in names:
            raise BadEnum(
                f"No Country Group is called {key!r}",
                at="table.keys",
                value=key,
                nearest=nearest(key, labels),
                allowed=tuple(labels),
            )
    return {key: sorted(law.members(names[key])) for key in keys or labels}


def _by_country(read: Any) -> Any:
    def values(law: Law, keys: list[str] | None, on: dt.date) -> dict[str, Any]:
        return {key: read(law, _country(key)) for key in keys or sorted(codes())}

    return values


def _allocation(law: Law, country: str) -> Any:
    place = treated_as(law, country)
    outside = place in law.members("SUPP5A") or place in law.members("D5_OR_MACAU")
    ask = None if outside else _allocation_limit(law)
    return ask({"destination.country": place}.get, {}, law.on)[0] if ask else None


@lru_cache(maxsize=64)
def _allocation_limit(law: Law) -> Scalar | None:
    """Return the function of the definition that limits an allocation, which a design may set by country."""
    program = program_of(law)
    limit = program.consequences.buckets.get("country_allocation", {}).get("limit")
    return compile_scalar(program.graph, [limit], "allocation") if limit else None


def _keys(name: str, keys: list[str] | None, pattern: str, example: str) -> None:
    for i, key in enumerate(keys or ()):
        if not re.fullmatch(pattern, key):
            raise BadEnum(f"{name} has no key {key!r}", at=f"table.keys[{i}]", value=key, nearest=example,
                          hint=f"Write keys such as {example}.")  # fmt: skip


def _quarters(law: Law, keys: list[str] | None, on: dt.date) -> dict[str, Any]:
    _keys("nveu_installed_base_tpp", keys, r"[0-9]{4}Q[1-4]", quarter(on))
    rows = {cell.key: cell.value for cell in law.live["NVEU_INSTALLED_BASE_TPP"]}
    last = list(rows.values())[-1] if rows else None
    wanted = keys if keys is not None else list(rows) or [quarter(on)]
    return {key: rows.get(key, last if key > max(rows, default="") else None) for key in wanted}


def _years(law: Law, keys: list[str] | None, on: dt.date) -> dict[str, Any]:
    _keys("lpp_limit_tpp", keys, r"[0-9]{4}", str(on.year))
    return {key: _in_year(law, key, on).number("LPP_ANNUAL_TPP") for key in keys or [str(on.year)]}


def _in_year(law: Law, year: str, on: dt.date) -> Law:
    """Return the law of the first day of a later year, under which a design may have another limit; else the law asked."""
    if not (year.isdecimal() and on.year < int(year) < _YEARS_END):
        return law
    known = law.known if law.known.year < _YEARS_END else None
    return book().law(dt.date(int(year), 1, 1), known, law.regime, law.switches)


def _cite(law: Law, name: str) -> str | None:
    table = {"nveu_installed_base_tpp": "NVEU_INSTALLED_BASE_TPP", "country_allocation_tpp": "COUNTRY_ALLOCATION_TPP",
             "lpp_limit_tpp": "LPP_ANNUAL_TPP", "treated_as": "TREATED_AS"}.get(name)  # fmt: skip
    cell = law.cell(table) if table else None
    return cell.cite if cell else "Supp. No. 1 to part 740" if name.startswith("country_group") else None


_VALUES: Mapping[str, Any] = {
    "country_group": _group,
    "country_groups_of": _by_country(country_groups_of),
    "diffusion_tier": _by_country(diffusion_tier),
    "treated_as": _by_country(treated_as),
    "country_allocation_tpp": _by_country(_allocation),
    "nveu_installed_base_tpp": _quarters,
    "lpp_limit_tpp": _years,
}
