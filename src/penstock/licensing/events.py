"""The events of a case: what each is called, who may do it, when, by which paragraph, and what must be said with it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, NoReturn

from attrs import frozen

from penstock.licensing.case import PENDING, Case, Event, shown
from penstock.licensing.duties import AGENCIES, LEAD, REVIEWERS
from penstock.terms.dates import parse_date
from penstock.terms.errors import BadDate, BadDocument, BadEnum, BadNumber, BadType, EventRefused, MissingRequired, UnknownFact
from penstock.terms.suggest import nearest

__all__ = ["KINDS", "REASONS", "Kind", "check_event", "event_document", "read_event", "refuse"]

REASONS = ("information_request", "intent_to_deny_negotiation", "pre_license_check", "government_assurances",
           "multilateral_consultation", "congressional_notification")  # fmt: skip
_RECOMMENDATIONS = ("approve", "approve_with_conditions", "deny", "no_objection")
_BODIES = ("OC", "ACEP", "EARB", "President", "ERC", "Under Secretary")
_SAID: Mapping[str, tuple[str, ...]] = {
    "reason": REASONS,
    "recommendation": _RECOMMENDATIONS,
    "vote": ("approve", "deny"),
    "decision": ("approve", "deny"),
    "to": ("ACEP", "EARB", "President"),
    "changed_to": ("approve", "review"),
    "ground": ("deficiency", "license_not_required", "applicant_asks"),
    "kind_of_case": ("license", "veu"),
}
_DATES = frozenset({"determined_on", "completed_on", "initiated_on", "valid_until", "period_end"})
_FLAGS = frozenset({"four_eyes", "oc_majority", "senate_confirmed", "head_of_agency", "in_writing"})
_LISTS = frozenset({"agencies", "conditions", "documents"})
_NUMBERS = frozenset({"validity_months", "quantity"})
_HEAD = ("kind", "on", "by", "officer", "id")
_YEAR_MAX = 2199
_NUMBER_MAX = {"validity_months": 600, "quantity": 10**12}
_EVERY_DAYS_MAX = 3660
_CONDITION = ("id", "text", "actor", "due", "every_days")


@frozen
class Kind:
    """One kind of event: who may do it, in which statuses, its paragraph, what may and what must be said with it."""

    by: frozenset[str]
    statuses: frozenset[str]
    cite: str
    may: tuple[str, ...] = ()
    must: tuple[str, ...] = ()
    signed: bool = False
    practice: bool = False


def _kind(by: Any, statuses: str | frozenset[str], cite: str, may: str = "", must: str = "", **marks: bool) -> Kind:
    names = frozenset((by,) if isinstance(by, str) else by)
    where = statuses if isinstance(statuses, frozenset) else frozenset(statuses.split())
    return Kind(names, where, cite, tuple(may.split()), tuple(must.split()), **marks)


_TOLLABLE = PENDING | {"veu_registered", "erc"}
_BASIS = "statutory_basis regulatory_basis"
_ERC = "Supp. No. 9 to part 748, para. 2"
_PRACTICE = "practice; no paragraph"
_ANYWHERE = PENDING | {"denied", "appealed", "issued", "suspended", "veu_registered", "erc", "erc_decided", "authorized",
                       "erc_removal"}  # fmt: skip

KINDS: Mapping[str, Kind] = {
    "registered": _kind(("Applicant", LEAD), frozenset(), "750.4(a)(2)",
                        "kind_of_case four_eyes oc_majority resubmits text"),
    "referred": _kind(LEAD, "registered", "750.4(c)(5)", "text", "agencies"),
    "information_lacking": _kind(REVIEWERS, "referred", "750.4(d)(1)", "", "text"),
    "recommended": _kind(REVIEWERS, "referred", "750.4(d)(2), (e)", f"conditions reasons {_BASIS}", "recommendation"),
    "revised": _kind(REVIEWERS, "referred agreed oc", "750.4(d)(2), (e), (f)(1)(i)", f"conditions {_BASIS}",
                     "recommendation reasons"),
    "escalated": _kind(LEAD, "referred agreed", "750.4(f)(1)(i)", "text"),
    "voted": _kind(AGENCIES, "oc acep earb erc erc_removal", f"750.4(f)(2), (3); {_ERC}", "", "vote reasons"),
    "decided": _kind(_BODIES, "oc acep earb president erc erc_removal appealed", "750.4(f)", "conditions reasons", "decision"),
    "appealed": _kind(AGENCIES, "oc_decided acep acep_decided erc_decided earb_decided", "750.4(f)(1)(ii), (2), (3)",
                      f"senate_confirmed head_of_agency in_writing reasons {_BASIS}", "to"),
    "sent_to_president": _kind(LEAD, PENDING - {"president", "approved", "denying", "intent_to_deny"}, "750.4(a)(1)", "text"),
    "approved": _kind(LEAD, "registered agreed", "750.4(c)(4)", "conditions text", signed=True),
    "denial_decided": _kind(LEAD, "registered agreed", "750.6(a)", "text", signed=True),
    "denial_notified": _kind(LEAD, "registered denying", "750.6(a)", "modifications contact", f"reasons {_BASIS}", signed=True),
    "responded": _kind("Applicant", "intent_to_deny", "750.6(b)", "documents", "text"),
    "denial_changed": _kind(LEAD, "intent_to_deny", "750.6(b)", "text", "changed_to", signed=True),
    "appeal_filed": _kind("Applicant", "denied", "750.6(b); 756.2", "", "text"),
    "issued": _kind(LEAD, "approved", "750.7", "conditions quantity value text", "license validity_months", signed=True),
    "condition_met": _kind(("Licensee", "Applicant"), "issued suspended", "750.7(d)", "text", "condition"),
    "extended": _kind(LEAD, "issued", "750.7(g)(1)", "text", "valid_until", signed=True),
    "suspended": _kind(LEAD, "issued", "750.8", "", "text", signed=True),
    "reinstated": _kind(LEAD, "suspended", "750.8", "text", signed=True),
    "revoked": _kind(LEAD, "issued suspended authorized", "750.8; 748.15(a)(4)", "", "text", signed=True),
    "voided": _kind(LEAD, "issued suspended", "750.7(a)(2)", "", "text", signed=True),
    "returned": _kind(LEAD, PENDING | {"veu_registered", "erc"}, "750.4(a)(2), (c)(3)", "text", "ground", signed=True),
    "withdrawn": _kind("Applicant", PENDING | {"veu_registered", "erc"}, "750.4(a)(2)", "text"),
    "stop_begun": _kind(AGENCIES, _TOLLABLE, "750.4(b)", "determined_on text", "reason"),
    "stop_ended": _kind(AGENCIES, _TOLLABLE, "750.4(b)", "completed_on initiated_on text", "reason"),
    "held": _kind(LEAD, _TOLLABLE, _PRACTICE, "", "text", practice=True),
    "released": _kind(LEAD, _TOLLABLE, _PRACTICE, "text", practice=True),
    "assigned": _kind(AGENCIES, _ANYWHERE, _PRACTICE, "text", "to_officer", practice=True),
    "proposed": _kind(LEAD, _ANYWHERE, _PRACTICE, "text", "event", practice=True),
    "noted": _kind((*AGENCIES, *_BODIES, "Applicant", "Licensee"), _ANYWHERE, _PRACTICE, "", "text", practice=True),
    "circulated": _kind(LEAD, "veu_registered", "Supp. No. 9 to part 748, para. 4", "text", "agencies"),
    "reported": _kind(("End user", "Licensee"), "authorized", "748.15(f)(1)", "text", "period_end"),
    "removal_proposed": _kind(AGENCIES, "authorized", f"{_ERC}; 748.15(a)(4)", "", "text"),
    "tick": _kind("Clock", _ANYWHERE, "750.4(a)(1)"),
}  # fmt: skip


def refuse(event: Event, why: str, cite: str, *, hint: str | None = None, nearest_: Any = None) -> NoReturn:
    """Raise EventRefused with the reason and the paragraph; the case is as it was."""
    message = f"{event.kind} on {shown(event.on)} by {event.by}: {why} ({cite})"
    raise EventRefused(message, at="event.kind", value=event.kind, nearest=nearest_, hint=hint or "The case is unchanged.")


def check_event(case: Case, event: Event) -> Kind:
    """Return the kind of an event that may happen in a case as it stands; EventRefused says why it may not."""
    kind = KINDS[event.kind]
    if case.status not in kind.statuses:
        if case.final:
            refuse(event, f"the case is closed, {case.status} since {shown(case.since)}", kind.cite,
                   hint="Register a new application; it starts a clock of its own (750.4(a)(2)).")  # fmt: skip
        refuse(event, f"the case is {case.status}", kind.cite, hint=f"Possible now: {', '.join(_possible(case))}.")
    if event.by not in kind.by:
        refuse(event, f"only {', '.join(sorted(kind.by))} can", kind.cite, nearest_=nearest(event.by, kind.by))
    return kind


def _possible(case: Case) -> list[str]:
    return [name for name, kind in KINDS.items() if case.status in kind.statuses and not kind.practice and name != "tick"]


# ---- documents


def read_event(raw: Any) -> Event:
    """Return the event a document describes; FactError names what is missing, misspelled or of the wrong type.

    >>> read_event({"kind": "recommended", "on": "2026-02-10", "by": "State", "recommendation": "approve"}).data
    {'recommendation': 'approve'}
    """
    if not isinstance(raw, Mapping):
        raise BadDocument("An event is one object", at="event", hint="Write kind, on, by and what was said.")
    for name in ("kind", "on", "by"):
        if raw.get(name) in (None, ""):
            raise MissingRequired(f"An event needs {name}", at=f"event.{name}", hint=f"Add `{name}:`.")
    name = str(raw["kind"])
    if name not in KINDS:
        raise BadEnum(
            f"No event is called {name!r}", at="event.kind", value=name, nearest=nearest(name, KINDS), allowed=tuple(KINDS)
        )
    kind = KINDS[name]
    data = {key: _read(key, value, kind, name) for key, value in raw.items() if key not in _HEAD}
    for key in kind.must:
        if data.get(key) in (None, "", []):
            raise MissingRequired(f"{name} says {key} ({kind.cite})", at=f"event.{key}", hint=f"Add `{key}:`.")
    on = _date(raw["on"], "event.on")
    return Event(
        name, on.toordinal(), _text(raw["by"], "by"), data, _text(raw.get("officer", ""), "officer"), str(raw.get("id", ""))
    )


def _read(key: str, value: Any, kind: Kind, name: str) -> Any:
    at = f"event.{key}"
    known = (*kind.may, *kind.must)
    if key not in known:
        near = nearest(key, (*known, *_HEAD))
        raise UnknownFact(f"{name} does not say {key!r}", at=at, value=key, nearest=near, allowed=known)
    if key in _DATES:
        return _date(value, at)
    if key in _FLAGS:
        return _typed(value, bool, at, "true or false")
    if key in _NUMBERS:
        return _whole(value, at, 1, _NUMBER_MAX[key])
    if key == "conditions":
        return [_condition(entry, f"{at}[{i}]") for i, entry in enumerate(_typed(value, list, at, "a list"))]
    if key in _LISTS:
        return [_text(entry, f"{key}[{i}]") for i, entry in enumerate(_typed(value, list, at, "a list"))]
    if key in _SAID and value not in _SAID[key]:
        raise BadEnum(
            f"{at}: {value!r} is not allowed", at=at, value=value, nearest=nearest(str(value), _SAID[key]), allowed=_SAID[key]
        )
    return _text(value, key)


def _date(value: Any, at: str) -> dt.date:
    day = parse_date(value, at)
    if day.year > _YEAR_MAX:
        raise BadDate(f"{at}: {day} is too far away", at=at, value=day, nearest=dt.date(_YEAR_MAX, 12, 31))
    return day


def _whole(value: Any, at: str, least: int, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise BadType(f"{at}: {value!r} is not a whole number", at=at, value=value)
    if not least <= value <= most:
        raise BadNumber(f"{at}: {value} is not from {least} to {most}", at=at, value=value, nearest=min(max(value, least), most))
    return value


def _typed(value: Any, type_: type, at: str, words: str) -> Any:
    if not isinstance(value, type_):
        raise BadType(f"{at}: {value!r} is not {words}", at=at, value=value)
    return value


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str):
        raise BadType(f"event.{name}: {value!r} is not text", at=f"event.{name}", value=value)
    return value


def _condition(raw: Any, at: str) -> dict[str, Any]:
    entry = {"id": raw} if isinstance(raw, str) else raw
    if not isinstance(entry, Mapping) or not entry.get("id"):
        raise BadType(f"{at}: a condition has an id", at=at, value=raw, hint="Write {id, text, actor, due, every_days}.")
    for key in entry:
        if key not in _CONDITION:
            raise UnknownFact(f"a condition does not say {key!r}", at=f"{at}.{key}", value=key, nearest=nearest(key, _CONDITION))
    out = {key: _text(entry[key], f"{at}.{key}") for key in ("id", "text", "actor") if key in entry}
    due = {"due": _date(entry["due"], f"{at}.due")} if "due" in entry else {}
    every = _whole(entry.get("every_days", 0), f"{at}.every_days", 0, _EVERY_DAYS_MAX)
    if every and not due:
        raise MissingRequired(f"{at}: what is owed every {every} days is first due on a day", at=f"{at}.due", hint="Add `due:`.")
    return {**out, **due, **({"every_days": every} if every else {})}


def event_document(event: Event) -> dict[str, Any]:
    """Return the document of an event; :func:`read_event` is its inverse.

    >>> asked = read_event({"kind": "referred", "on": "2026-01-14", "by": "Commerce", "agencies": ["State"]})
    >>> read_event(event_document(asked)) == asked
    True
    """
    head: dict[str, Any] = {"kind": event.kind, "on": dt.date.fromordinal(event.on), "by": event.by}
    extra = {"officer": event.officer, "id": event.id}
    return {**head, **{key: value for key, value in extra.items() if value}, **event.data}
