"""Instruments: the unit of change. A rule, a stay, a letter, a press release, a bill, a think-tank design."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from attrs import field, frozen

from penstock.terms.dates import parse_date
from penstock.terms.errors import PenstockError, RuleError
from penstock.terms.suggest import nearest

__all__ = ["FORCES", "Instrument", "Suspension", "read_instrument"]

FORCES = ("statute", "executive_order", "legislative_rule", "is_informed", "license_condition", "interpretive_guidance",
          "policy_statement", "non_enforcement", "political_commitment", "proposed")  # fmt: skip
_KEYS = frozenset({
    "id", "title", "cite", "kind", "force", "published", "known", "effective", "source", "confidence", "note",
    "compliance", "repeals", "suspends", "stops_enforcing", "requires_compliance", "sets_aside", "includes",
})  # fmt: skip
_REQUIRED = ("id", "title", "cite", "kind", "force", "effective", "source", "confidence")


@frozen
class Suspension:
    """A stay: the provisions, the first and the last day (None: open), and the reading it depends on."""

    provisions: tuple[str, ...]
    first: dt.date
    last: dt.date | None
    when: Mapping[str, Any]

    def holds(self, on: dt.date, switches: Mapping[str, Any]) -> bool:
        """Say whether the stay covers a day under these readings."""
        return self.first <= on and (self.last is None or on <= self.last) and applies(self.when, switches)


@frozen
class Instrument:
    """One act that changes the law or its enforcement, with its dates, force and what it does beyond writing rules."""

    id: str
    title: str
    cite: str
    kind: str
    force: str
    effective: dt.date
    published: dt.date
    known: dt.date
    source: str
    confidence: str
    note: str = ""
    compliance: Mapping[str, dt.date] = field(factory=dict)
    repeals: frozenset[str] = frozenset()
    suspends: tuple[Suspension, ...] = ()
    stops_enforcing: frozenset[str] = frozenset()
    requires_compliance: Mapping[str, dt.date] = field(factory=dict)
    sets_aside: frozenset[str] = frozenset()
    includes: tuple[str, ...] = ()
    file: str = ""

    @property
    def proposed(self) -> bool:
        """Say whether this is a design that applies only when a regime names it."""
        return self.force == "proposed"

    def active(self, on: dt.date, known: dt.date) -> bool:
        """Say whether the instrument has taken effect on a day and was known by another."""
        return self.effective <= on and self.known <= known

    @property
    def dates(self) -> set[dt.date]:
        """Return every day on which this instrument changes an answer."""
        after = {s.last + dt.timedelta(days=1) for s in self.suspends if s.last}
        firsts = {s.first for s in self.suspends}
        return {self.effective, *self.compliance.values(), *self.requires_compliance.values(), *firsts, *after}


def applies(when: Mapping[str, Any], switches: Mapping[str, Any]) -> bool:
    """Say whether the readings chosen are those a change depends on."""
    return all(switches.get(name) == value for name, value in when.items())


def read_instrument(raw: Any, file: str) -> Instrument:
    """Return the instrument a YAML mapping describes; RuleError names the file and the key.

    >>> read_instrument({"id": "x"}, "x.yaml")
    Traceback (most recent call last):
    penstock.terms.errors.RuleError: x.yaml: an instrument needs title. Add `title:`
    """
    if not isinstance(raw, Mapping):
        raise RuleError("an instrument is a mapping", file=file)
    for key in raw:
        if key not in _KEYS:
            near = nearest(key, _KEYS)
            raise RuleError(f"no key {key!r} in an instrument", file=file, hint=f"Did you mean {near}?" if near else None)
    for key in _REQUIRED:
        if not raw.get(key):
            raise RuleError(f"an instrument needs {key}", file=file, hint=f"Add `{key}:`")
    if raw["force"] not in FORCES:
        raise RuleError(f"{raw['force']!r} is no legal force", file=file, hint=f"One of {', '.join(FORCES)}.")
    try:
        return _build(raw, file)
    except PenstockError as error:
        raise RuleError(error.message, file=file) from None


def _build(raw: Mapping[str, Any], file: str) -> Instrument:
    effective = parse_date(raw["effective"], "effective")
    published = parse_date(raw.get("published", raw["effective"]), "published")
    return Instrument(
        id=raw["id"],
        title=raw["title"],
        cite=raw["cite"],
        kind=raw["kind"],
        force=raw["force"],
        effective=effective,
        published=published,
        known=parse_date(raw["known"], "known") if "known" in raw else min(published, effective),
        source=raw["source"],
        confidence=raw["confidence"],
        note=raw.get("note", ""),
        compliance={name: parse_date(day, "compliance") for day, names in raw.get("compliance", {}).items() for name in names},
        repeals=frozenset(raw.get("repeals", ())),
        suspends=tuple(_suspension(entry) for entry in raw.get("suspends", ())),
        stops_enforcing=frozenset(raw.get("stops_enforcing", ())),
        requires_compliance={
            name: parse_date(day, "requires_compliance")
            for day, names in raw.get("requires_compliance", {}).items()
            for name in names
        },
        sets_aside=frozenset(raw.get("sets_aside", ())),
        includes=tuple(raw.get("includes", ())),
        file=file,
    )


def _suspension(entry: Mapping[str, Any]) -> Suspension:
    last = entry.get("until")
    return Suspension(
        provisions=tuple(entry["provisions"]),
        first=parse_date(entry["from"], "suspends.from"),
        last=parse_date(last, "suspends.until") if last else None,
        when=dict(entry.get("when", {})),
    )
