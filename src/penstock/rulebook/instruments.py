"""Instruments: the unit of change. A rule, a stay, a letter, a press release, a bill, a think-tank design."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from attrs import field, frozen

from penstock.terms.dates import parse_date
from penstock.terms.errors import PenstockError, RuleError
from penstock.terms.suggest import nearest
from penstock.terms.yaml12 import line_of

__all__ = ["FORCES", "Instrument", "Suspension", "read_instrument"]

FORCES = ("statute", "executive_order", "legislative_rule", "is_informed", "license_condition", "interpretive_guidance",
          "policy_statement", "non_enforcement", "political_commitment", "proposed")  # fmt: skip
_KEYS = frozenset({
    "id", "title", "cite", "kind", "force", "published", "known", "effective", "source", "confidence", "note",
    "compliance", "repeals", "suspends", "stops_enforcing", "requires_compliance", "sets_aside", "includes", "interprets",
})  # fmt: skip
_STAY_KEYS = frozenset({"provisions", "from", "until", "when"})
_REQUIRED = ("id", "title", "cite", "kind", "force", "effective", "source", "confidence")


@frozen
class Suspension:
    """A stay: the provisions, the first and the last day (None: open), and the reading it depends on."""

    provisions: tuple[str, ...]
    first: dt.date
    last: dt.date | None
    when: Mapping[str, Any]
    line: int = 0

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
    interprets: frozenset[str] = frozenset()
    file: str = ""
    lines: Mapping[str, int] = field(factory=dict, eq=False, repr=False)
    private: bool = False

    def line(self, key: str) -> int:
        """Return the line of a key in the file, or that of the instrument."""
        return self.lines.get(key, self.lines.get("id", 0))

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
            raise RuleError(f"no key {key!r} in an instrument", file=file, line=line_of(raw, key),
                            hint=f"Did you mean {near}?" if near else f"One of {', '.join(sorted(_KEYS))}.")  # fmt: skip
    for key in _REQUIRED:
        if not raw.get(key):
            raise RuleError(f"an instrument needs {key}", file=file, line=line_of(raw, key), hint=f"Add `{key}:`")
    if raw["force"] not in FORCES:
        raise RuleError(f"{raw['force']!r} is no legal force", file=file, line=line_of(raw, "force"),
                        hint=f"One of {', '.join(FORCES)}.")  # fmt: skip
    return _build(raw, file)


def _dated(raw: Mapping[str, Any], key: str, value: Any, file: str) -> dt.date:
    """Return a day that stands under a key; RuleError with its line where it is none."""
    try:
        return parse_date(value, key)
    except PenstockError as error:
        raise RuleError(error.message, file=file, line=line_of(raw, key), hint="Write days as YYYY-MM-DD.") from None


def _names(raw: Mapping[str, Any], key: str, file: str, value: Any = None) -> tuple[str, ...]:
    """Return the list of names that stands under a key; RuleError with its line where it is none."""
    found = raw.get(key, ()) if value is None else value
    if not isinstance(found, (list, tuple)) or not all(isinstance(name, str) for name in found):
        raise RuleError(f"{key} is not a list of names", file=file, line=line_of(raw, key), hint=f"Write `{key}: [one, two]`.")
    return tuple(found)


def _by_day(raw: Mapping[str, Any], key: str, file: str) -> dict[str, dt.date]:
    """Return the day that stands with each name of a mapping from days to names."""
    found = raw.get(key, {})
    if not isinstance(found, Mapping):
        raise RuleError(f"{key} says which day holds for which provisions", file=file, line=line_of(raw, key),
                        hint=f"Write `{key}:` and below it `2026-01-31: [one, two]`.")  # fmt: skip
    return {name: _dated(raw, key, day, file) for day, names in found.items() for name in _names(raw, key, file, names)}


def _build(raw: Mapping[str, Any], file: str) -> Instrument:
    effective = _dated(raw, "effective", raw["effective"], file)
    published = _dated(raw, "published", raw.get("published", raw["effective"]), file)
    return Instrument(
        id=raw["id"],
        title=raw["title"],
        cite=raw["cite"],
        kind=raw["kind"],
        force=raw["force"],
        effective=effective,
        published=published,
        known=_dated(raw, "known", raw["known"], file) if "known" in raw else min(published, effective),
        source=raw["source"],
        confidence=raw["confidence"],
        note=raw.get("note", ""),
        compliance=_by_day(raw, "compliance", file),
        repeals=frozenset(_names(raw, "repeals", file)),
        suspends=_suspensions(raw, file),
        stops_enforcing=frozenset(_names(raw, "stops_enforcing", file)),
        requires_compliance=_by_day(raw, "requires_compliance", file),
        sets_aside=frozenset(_names(raw, "sets_aside", file)),
        includes=_names(raw, "includes", file),
        interprets=frozenset(_names(raw, "interprets", file)),
        file=file,
        lines={key: line_of(raw, key) for key in raw},
    )


def _suspensions(raw: Mapping[str, Any], file: str) -> tuple[Suspension, ...]:
    """Return the stays of an instrument; two that cover the same day for one provision are refused."""
    found = raw.get("suspends", ())
    if not isinstance(found, (list, tuple)):
        raise RuleError("suspends is not a list", file=file, line=line_of(raw, "suspends"),
                        hint="Write `- {provisions: [...], from: DATE, until: DATE}`.")  # fmt: skip
    stays = tuple(_suspension(entry, file) for entry in found)
    for i, stay in enumerate(stays):
        for other in stays[:i]:
            if same := sorted({*stay.provisions} & {*other.provisions}) if _overlap(stay, other) else []:
                raise RuleError(f"two stays of {same[0]} overlap from {max(stay.first, other.first)}", file=file,
                                line=stay.line, hint="Let the one end the day before the other begins.")  # fmt: skip
    return stays


def _overlap(one: Suspension, other: Suspension) -> bool:
    """Say whether two stays can cover one day under one choice of readings."""
    meet = (one.last is None or other.first <= one.last) and (other.last is None or one.first <= other.last)
    return meet and all(one.when[name] == other.when[name] for name in {*one.when} & {*other.when})


def _suspension(entry: Any, file: str) -> Suspension:
    line = line_of(entry)
    if not isinstance(entry, Mapping) or not {"provisions", "from"} <= set(entry) <= _STAY_KEYS:
        raise RuleError("a stay has provisions, from, until and, if it depends on a reading, when", file=file, line=line,
                        hint="Write `{provisions: [...], from: DATE, until: DATE}`.")  # fmt: skip
    first, until = _dated(entry, "from", entry["from"], file), entry.get("until")
    last = _dated(entry, "until", until, file) if until else None
    if last is not None and last < first:
        raise RuleError(f"a stay ends on {last}, before it begins on {first}", file=file, line=line_of(entry, "until"),
                        hint="`until:` is its last day.")  # fmt: skip
    return Suspension(_names(entry, "provisions", file), first, last, dict(entry.get("when", {})), line)
