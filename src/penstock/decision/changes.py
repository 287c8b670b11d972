"""The changes of single facts worth trying: one value for each treatment the law knows, the nearest first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from penstock.decision import library
from penstock.decision.again import Again, Change
from penstock.decision.treatments import ON, Treatments, treatments
from penstock.terms.vocabulary import FactSpec, vocabulary

__all__ = ["fact_changes", "is_number", "measured_after", "other_days", "tried"]

_NEVER_COUNT = ("counters.exported_tpp_destination_before_2025", "counters.lpp_tpp_received_last_year")
_LAST_DAY = dt.date(2099, 12, 31)


def fact_changes(case: Again, day: dt.date | None = None) -> list[Change]:
    """Return the changes of facts worth trying under the law of the day asked about or of another, by fact, the nearest first.

    >>> from penstock.decision import decide
    >>> answer = decide({"activity": {"type": "export"}, "item": {"datacenter": True}}, on="2025-06-01")
    >>> fact_changes(Again.of(answer))[-1]
    ('item.datacenter', False)
    """
    told_apart = treatments(case.on_day(day)[0])
    facts = case.prepared.facts.values
    made = () if day is None else ((ON, day),)
    names = list(tried(case, told_apart))
    numbers = [name for name in names if is_number(name)]
    near = dict(zip(numbers, case.thresholds([(made, name, facts.get(name) or 0) for name in numbers], day), strict=True))
    out: list[Change] = []
    for name in names:
        held = facts.get(name)
        values = near[name] if name in near else _values(case, told_apart, vocabulary().facts[name], held)
        out += [(name, value) for value in values if value != held]
    return out


def measured_after(case: Again, firsts: Iterable[Change], others: Mapping[str, Iterable[str]]) -> list[tuple[Change, Change]]:
    """Return pairs of numbers that change, the second measured after the first; ``others`` names the second by the first."""
    facts = case.prepared.facts.values
    asked = [((first,), name, facts.get(name) or 0) for first in firsts for name in others.get(first[0], ())]
    return [((*made, (name, value))) for (made, name, _), values in zip(asked, case.thresholds(asked), strict=True)
            for value in values if value != facts.get(name)]  # fmt: skip


def is_number(fact: str) -> bool:
    """Say whether a fact is a number."""
    return fact != ON and vocabulary().facts[fact].type in ("int", "number")


def tried(case: Again, told_apart: Treatments) -> Iterator[str]:
    """Yield the facts given, and the papers not relied on yet, that the verdict reads."""
    facts = case.prepared.facts.values
    papers = (name for name in told_apart.facts if name.startswith("documents.") and name not in facts)
    for name in sorted({*facts, *papers}):
        if case.reads(name, told_apart) and name not in _NEVER_COUNT:
            yield name


def _values(case: Again, told_apart: Treatments, spec: FactSpec, held: Any) -> Iterable[Any]:
    """Return the values worth trying instead of the one held."""
    if spec.type == "bool":
        return (True, False)
    if spec.type == "enum":
        return [group[0] for group in told_apart.choices(spec.name) if held not in group]
    if spec.type == "country":
        return _countries(case, told_apart, spec.name, held)
    return _lists(told_apart, spec, held)


def _countries(case: Again, told_apart: Treatments, name: str, held: Any) -> Iterator[str]:
    """Yield a country for each other treatment, one the transaction names where there is one."""
    values = case.prepared.facts.values
    named = {v for key, v in values.items() if vocabulary().facts[key].type == "country"}
    authorized = {place for row in values.get("authorizations_held", ()) for place in row.get("countries", ())}
    for group in told_apart.countries(*case.names(name)):
        if held not in group:
            yield next((country for country in group if country in named), group[0])
    yield from sorted(authorized - {held})


def _lists(told_apart: Treatments, spec: FactSpec, held: Any) -> Iterator[tuple[str, ...]]:
    """Yield the lists one toggle away: a party screened clear or found on the Entity List, one end use more or less."""
    if held is None:
        return
    if spec.name.startswith("parties.") and spec.name.endswith(".lists"):
        if held:
            yield ()
        if "entity_list" not in held:
            yield (*held, "entity_list")
    elif spec.name == "end_use.types":
        for member in told_apart.members(spec.name):
            yield tuple(m for m in held if m != member) if member in held else (*held, member)


def other_days(case: Again) -> list[dt.date]:
    """Return the last day of the law before and the first of the law after, and days the law itself names between them."""
    book, on = library.book(), case.on
    acts = {day for act in book.instruments.values() if not act.proposed for day in act.dates}
    changes = book.change_days(book.first_day, _LAST_DAY, case.program.law.regime)
    before = [[day for day in days if day <= on] for days in (changes, sorted(acts))]
    after = [[day for day in days if day > on] for days in (changes, sorted(acts))]
    found = {max(days) - dt.timedelta(days=1) for days in before if days} | {min(days) for days in after if days}
    first, last = min(found, default=on), max(found, default=on)
    found |= {day for day in case.days() if first < day < last}
    return sorted((day for day in found if day != on and book.first_day <= day <= _LAST_DAY), key=lambda day: abs(day - on))
