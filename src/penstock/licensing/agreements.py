"""Agreements between governments: what each side owes, when an agreement lapses, and what it would make of the law.

An agreement is an instrument with conditions.  While it stands, its grants are a design on top of the law, so that its effect
is a diff of two laws; when it lapses, the design is gone.  A political commitment has no grants: it acts through licenses.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from attrs import evolve, frozen

from penstock.decision.library import book
from penstock.licensing.amendment import amendment
from penstock.rulebook import ACTUAL, Book, Law
from penstock.rulebook.diff import Change, diff_laws
from penstock.terms.countries import codes, nearest_country
from penstock.terms.dates import parse_date
from penstock.terms.errors import BadCountry, BadDocument, BadEnum, ConflictingFacts, MissingRequired, UnknownCitation
from penstock.terms.suggest import nearest
from penstock.terms.yaml12 import load_yaml

__all__ = [
    "Agreement",
    "Deliverable",
    "Owed",
    "Record",
    "Standing",
    "agreement",
    "agreements",
    "effect",
    "read_records",
    "standing",
]

_FOLDER = "data/agreements/"
_RECORDS = ("delivered", "shipment", "waiver", "list_notified", "ended")


@frozen
class Deliverable:
    """What a side delivers: by when after the start, how often, and whether the agreement lapses without it."""

    id: str
    party: str
    text: str
    cite: str
    confidence: str
    within_days: int = 0
    every_days: int = 0
    lapse: bool = True


@frozen
class Agreement:
    """One arrangement with its partners, force, grants, deliverables and conditionality."""

    id: str
    title: str
    cite: str
    partners: tuple[str, ...]
    force: str
    effective: dt.date
    source: str
    confidence: str
    note: str = ""
    grants: tuple[Mapping[str, Any], ...] = ()
    deliverables: tuple[Deliverable, ...] = ()
    conditionality: Mapping[str, Any] | None = None


@frozen
class Record:
    """Something that happened under an agreement: a delivery, a shipment to the rival, a waiver, a notice, an end."""

    kind: str
    on: dt.date
    what: str = ""
    reason: str = ""


@frozen
class Owed:
    """A deliverable that is due: by whom, until when, by which text."""

    deliverable: Deliverable
    due: dt.date


@frozen
class Standing:
    """How an agreement stands on a day: not_yet, in_force, lapsed or ended, since when, why, and what is owed under it."""

    status: str
    since: dt.date
    why: str
    owed: tuple[Owed, ...]
    waived: tuple[str, ...] = ()


def agreements() -> tuple[str, ...]:
    """Return the names of the agreements that ship with this version.

    >>> agreements()
    ('allocation-doubling', 'battle-act', 'carnegie-promotion', 'ksa-2025', 'uae-2025')
    """
    return tuple(sorted(name.removeprefix(_FOLDER).removesuffix(".yaml") for name in book().data if name.startswith(_FOLDER)))


def agreement(id: str, partners: Iterable[str] = ()) -> Agreement:
    """Return an agreement by name, with the partners named where it has none of its own.

    Raises UnknownCitation for a name that is none, BadCountry for a partner that is none, MissingRequired without a partner and
    ConflictingFacts where it names its own.
    """
    if id not in agreements():
        raise UnknownCitation(f"No agreement is called {id!r}", at="agreement", value=id, nearest=nearest(id, agreements()),
                              allowed=agreements())  # fmt: skip
    made = _read(book().data[f"{_FOLDER}{id}.yaml"])
    named = tuple(dict.fromkeys(partners))
    for code in named:
        if code not in codes():
            raise BadCountry(f"{code!r} is no country", at="--partner", value=code, nearest=nearest_country(code))
    if named and made.partners:
        raise ConflictingFacts(f"{id} is an agreement with {', '.join(made.partners)}", at="--partner", value=named[0])
    if not named and not made.partners:
        raise MissingRequired(f"{id} is a form of agreement: with whom?", at="--partner", hint="Add --partner CC.")
    return evolve(made, partners=made.partners or named)


def _read(raw: Mapping[str, Any]) -> Agreement:
    fields = dict(raw)
    fields["effective"] = parse_date(raw["effective"], "effective")
    fields["partners"] = tuple(raw.get("partners", ()))
    fields["grants"] = tuple(raw.get("grants", ()))
    fields["deliverables"] = tuple(Deliverable(**entry) for entry in raw.get("deliverables", ()))
    return Agreement(**fields)


def read_records(raw: Any) -> tuple[Record, ...]:
    """Return the records of a document ``{records: [{kind, on, what, reason}]}``, in order; FactError names what is wrong.

    >>> read_records({"records": [{"kind": "delivered", "on": "2025-08-01", "what": "assurances"}]})[0].what
    'assurances'
    """
    if not isinstance(raw, Mapping) or not isinstance(raw.get("records"), list):
        raise BadDocument("Records are a list", at="records", hint="Write `records: [{kind, on, what}]`.")
    out = []
    for i, entry in enumerate(raw["records"]):
        at = f"records[{i}]"
        if not isinstance(entry, Mapping) or not {"kind", "on"} <= set(entry) <= {"kind", "on", "what", "reason"}:
            raise BadDocument(f"{at} has kind, on, and what and reason where they matter", at=at)
        if entry["kind"] not in _RECORDS:
            near = nearest(str(entry["kind"]), _RECORDS)
            raise BadEnum(f"{at}.kind: {entry['kind']!r} is not allowed", at=f"{at}.kind", value=entry["kind"], nearest=near,
                          allowed=_RECORDS)  # fmt: skip
        out.append(
            Record(entry["kind"], parse_date(entry["on"], f"{at}.on"), str(entry.get("what", "")), str(entry.get("reason", "")))
        )
    return tuple(sorted(out, key=lambda record: record.on))


# ---- how it stands


def standing(made: Agreement, records: Iterable[Record], on: dt.date) -> Standing:
    """Return how an agreement stands on a day, after what has been recorded up to it.

    A deliverable that is overdue lets the agreement lapse on the day after, unless it says otherwise or had been waived by then;
    what is delivered or waived later does not bring the agreement back.
    A shipment of a listed item lets it lapse where the list was notified long enough before, unless its class can be waived
    and has been by the same day (class A never).
    """
    known = [record for record in records if record.on <= on]
    if on < made.effective:
        return Standing("not_yet", made.effective, f"takes effect on {made.effective}", ())
    ended = next((record for record in known if record.kind == "ended"), None)
    waived = tuple(sorted({record.what for record in known if record.kind == "waiver"}))
    dates = list(_dates(made, known))
    falls = [*_overdue(dates, known, on), *_shipped(made, known)]
    if ended:
        falls.append((ended.on, "ended", ended.reason or "ended by a party"))
    if falls:
        since, status, why = min(falls)
        return Standing(status, since, why, (), waived)
    return Standing("in_force", made.effective, made.cite, tuple(one for one, met in dates if met is None), waived)


def _dates(made: Agreement, known: list[Record]) -> Iterator[tuple[Owed, dt.date | None]]:
    """Yield each date of each deliverable that has one, with the day it was met; the last of what recurs is not met yet."""
    for deliverable in made.deliverables:
        if not deliverable.within_days:
            continue
        due = made.effective + dt.timedelta(days=deliverable.within_days)
        for day in sorted(record.on for record in known if record.kind == "delivered" and record.what == deliverable.id):
            yield Owed(deliverable, due), day
            if not deliverable.every_days:
                break
            due += dt.timedelta(days=deliverable.every_days)
        else:
            yield Owed(deliverable, due), None


def _overdue(
    dates: Iterable[tuple[Owed, dt.date | None]], known: list[Record], on: dt.date
) -> Iterator[tuple[dt.date, str, str]]:  # fmt: skip
    for one, met in dates:
        id = one.deliverable.id
        waived = any(record.kind == "waiver" and record.what == id and record.on <= one.due for record in known)
        if (met or on) > one.due and one.deliverable.lapse and not waived:
            yield one.due + dt.timedelta(days=1), "lapsed", f"{id} was due on {one.due} ({one.deliverable.cite})"


def _shipped(made: Agreement, known: list[Record]) -> Iterator[tuple[dt.date, str, str]]:
    rule = made.conditionality
    if rule is None:
        return
    notified = min((record.on for record in known if record.kind == "list_notified"), default=None)
    for record in known:
        if record.kind != "shipment":
            continue
        if record.what not in rule["classes"]:
            raise BadEnum(f"{record.what!r} is no class of items of {made.id}", at="records", value=record.what,
                          allowed=tuple(rule["classes"]))  # fmt: skip
        if notified is None or record.on < notified + dt.timedelta(days=rule["notice_days"]):
            continue
        waivers = [w for w in known if w.kind == "waiver" and w.what == record.what and w.on <= record.on and w.reason]
        if not (rule["classes"][record.what]["waiver"] and waivers):
            yield record.on, "lapsed", f"a class {record.what} item was shipped on {record.on} ({rule['cite']})"


# ---- what it makes of the law


def effect(
    made: Agreement, on: dt.date, regime: str = ACTUAL, records: Iterable[Record] = ()
) -> tuple[Standing, list[Change], Law, Law]:
    """Return how an agreement stands on a day, what it changes of the law then, and the two laws.

    An agreement that is not in force, or that has no grants, changes nothing.

    >>> _, changes, _, _ = effect(agreement("carnegie-promotion", ["BR"]), dt.date(2025, 6, 1))
    >>> [(change.id, change.after) for change in changes if change.kind == "table"]
    [('SUPP5A', '+ BR')]
    """
    stands = standing(made, records, on)
    before = book().law(on, regime=regime)
    if stands.status != "in_force" or not made.grants:
        return stands, [], before, before
    named = f"agreement-{made.id}-{'-'.join(made.partners).lower()}"
    text = amendment(named, made, before)
    wider: Book = book().extended(load_yaml(text), text, f"agreements/{named}.yaml")
    before, after = wider.law(on, regime=regime), wider.law(on, regime=f"{regime}+{named}")
    return stands, diff_laws(before, after), before, after
