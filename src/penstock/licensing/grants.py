"""Decisions of Commerce: to approve, to deny with notice and answer, to issue, and what becomes of a license."""

from __future__ import annotations

import datetime as dt
from typing import Any

from penstock.licensing.case import Case, Event
from penstock.licensing.duties import Statute
from penstock.licensing.events import refuse
from penstock.licensing.lapses import settled
from penstock.licensing.owed import congress_runs_out
from penstock.licensing.tolling import merged
from penstock.terms.dates import months_later

__all__ = ["STEPS"]


def _approved(case: Case, event: Event, law: Statute) -> Case:
    against = [agency for agency, said in case.positions if said == "deny"]
    if against:
        refuse(
            event,
            f"{', '.join(against)} recommends denial",
            "750.4(f)(1)(i)",
            hint="Escalate the case to the Operating Committee.",
        )
    return settled(case, "approve", event.on)


def _denial_decided(case: Case, event: Event, law: Statute) -> Case:
    for_it = [agency for agency, said in case.positions if said.startswith("approve")]
    if for_it:
        refuse(
            event,
            f"{', '.join(for_it)} recommends approval",
            "750.4(f)(1)(i)",
            hint="Escalate the case to the Operating Committee.",
        )
    return settled(case, "deny", event.on)


def _denial_notified(case: Case, event: Event, law: Statute) -> Case:
    return case._replace(status="intent_to_deny", decision="deny", notified=event.on, since=event.on, responded=0)


def _responded(case: Case, event: Event, law: Statute) -> Case:
    if event.on > case.notified + law.response:
        refuse(event, f"the {law.response} days to respond are over", "750.6(b)")
    if case.responded:
        refuse(event, "the applicant has responded already", "750.6(b)")
    return case._replace(responded=event.on)


def _denial_changed(case: Case, event: Event, law: Statute) -> Case:
    """Commerce advises that the decision to deny has changed, up to the 45th day."""
    if event.data["changed_to"] == "approve":
        return settled(case._replace(open=_without_negotiation(case)), "approve", event.on)
    again = "agreed" if case.referred else "registered"
    return case._replace(status=again, decision="", since=event.on, open=_without_negotiation(case))


def _without_negotiation(case: Case) -> tuple[Any, ...]:
    return tuple(stop for stop in case.open if stop[0] != "intent_to_deny_negotiation")


def _appeal_filed(case: Case, event: Event, law: Statute) -> Case:
    return case._replace(status="appealed", since=event.on)


def _issued(case: Case, event: Event, law: Statute) -> Case:
    notice = congress_runs_out(case, law)
    if event.on < notice:
        refuse(event, f"the notice to Congress runs until {dt.date.fromordinal(notice)}", "750.4(b)(6)")
    said = event.data
    conditions = tuple(
        (entry["id"], entry.get("actor", ""), entry["due"].toordinal() if "due" in entry else 0, entry.get("every_days", 0),
         entry.get("text", ""))
        for entry in said.get("conditions", ())
    )  # fmt: skip
    names = [condition[0] for condition in conditions]
    if len(set(names)) < len(names):
        refuse(event, "a condition is named twice", "750.7(a)(1)")
    early = [condition[0] for condition in conditions if 0 < condition[2] < event.on]
    if early:
        refuse(event, f"the condition {early[0]!r} is due before the license is issued", "750.7(a)(1)")
    stops = merged((*case.stops, case.provisional)) if case.assured else case.stops
    until = months_later(dt.date.fromordinal(event.on), said["validity_months"]).toordinal()
    issued = case._replace(status="issued", since=event.on, notified=event.on, valid_until=until, conditions=conditions)
    return issued._replace(open=(), held=0, stops=stops, assured=0, provisional=(0, 0))


def _condition_met(case: Case, event: Event, law: Statute) -> Case:
    name = event.data["condition"]
    found = [condition for condition in case.conditions if condition[0] == name]
    if not found:
        known = ", ".join(condition[0] for condition in case.conditions) or "none is open"
        refuse(event, f"the license has no open condition {name!r}", "750.7(d)", hint=f"Open: {known}.")
    id, actor, due, every, text = found[0]
    rest = tuple(condition for condition in case.conditions if condition[0] != name)
    again = ((id, actor, due + every, every, text),) if every else ()
    return case._replace(conditions=tuple(sorted((*rest, *again))))


def _extended(case: Case, event: Event, law: Statute) -> Case:
    until = event.data["valid_until"].toordinal()
    if until <= case.valid_until:
        refuse(event, f"the license is valid until {dt.date.fromordinal(case.valid_until)} already", "750.7(g)(1)")
    return case._replace(valid_until=until)


def _to(status: str) -> Any:
    def step(case: Case, event: Event, law: Statute) -> Case:
        return case._replace(status=status, since=event.on)

    return step


STEPS = {
    "approved": _approved,
    "denial_decided": _denial_decided,
    "denial_notified": _denial_notified,
    "responded": _responded,
    "denial_changed": _denial_changed,
    "appeal_filed": _appeal_filed,
    "issued": _issued,
    "condition_met": _condition_met,
    "extended": _extended,
    "suspended": _to("suspended"),
    "reinstated": _to("issued"),
    "revoked": _to("revoked"),
    "voided": _to("void"),
}
