"""Steps of the review: registration, referral, recommendations, stops, holds, and how an application leaves it early."""

from __future__ import annotations

from typing import Any

from penstock.licensing.case import Case, Event
from penstock.licensing.duties import LEAD, REVIEWERS, Statute
from penstock.licensing.events import refuse
from penstock.licensing.lapses import agreed_or_disputed, disputed
from penstock.licensing.tolling import after, merged, running

__all__ = ["STEPS", "register"]

_STRENGTH = ("no_objection", "approve", "approve_with_conditions", "deny")  # of an objection, the weakest first
_ASKED_BY_THE_LEAD = ("information_request", "intent_to_deny_negotiation", "government_assurances", "congressional_notification")


def register(id: str, event: Event) -> Case:
    """Return the case an application opens: day 0 of its clock (750.4(a)(2)).

    >>> register("L-1", Event("registered", 739000, "Applicant")).status
    'registered'
    """
    said = event.data
    kind = said.get("kind_of_case", "license")
    return Case(id, kind, "veu_registered" if kind == "veu" else "registered", 1, event.on, event.on, since=event.on,
                four_eyes=said.get("four_eyes", False), oc_majority=said.get("oc_majority", False))  # fmt: skip


def _referred(case: Case, event: Event, law: Statute) -> Case:
    agencies = event.data["agencies"]
    for agency in agencies:
        if agency not in REVIEWERS:
            refuse(event, f"{agency} is no reviewing agency; those are {', '.join(REVIEWERS)}", "750.3(b)")
    if len(set(agencies)) < len(agencies):
        refuse(event, "an agency is named twice", "750.4(c)(5)")
    positions = tuple((agency, "") for agency in sorted(agencies))
    return case._replace(status="referred", referred=event.on, positions=positions, since=event.on)


def _asked_in_time(case: Case, event: Event, law: Statute) -> None:
    _own_position(case, event, "750.4(d)(1)")
    due = after(running(case, event.on), case.referred, law.information)
    if event.on > due:
        refuse(event, f"the {law.information} days to say what the referral lacks are over", "750.4(d)(1)",
               hint="Commerce can still ask the applicant (750.4(b)(1)).")  # fmt: skip


def _information_lacking(case: Case, event: Event, law: Statute) -> Case:
    """The days from the agency's request to the day it has the answer do not count."""
    _asked_in_time(case, event, law)
    if any(reason == "information_request" and by == event.by for reason, by, _, _ in case.open):
        refuse(event, f"{event.by} waits for an answer already", "750.4(d)(1)")
    return case._replace(open=(*case.open, ("information_request", event.by, event.on, True)))


def _own_position(case: Case, event: Event, cite: str) -> str:
    said = dict(case.positions).get(event.by)
    if said is None:
        asked = ", ".join(agency for agency, _ in case.positions)
        refuse(event, f"{event.by} was not asked; the application went to {asked}", cite)
    return said


def _recommended(case: Case, event: Event, law: Statute) -> Case:
    before = _own_position(case, event, "750.4(d)(2)")
    if before:
        refuse(event, f"{event.by} has said {before} already", "750.4(d)(2)", hint="To change it before the decision: revised.")
    said = event.data["recommendation"]
    if said == "deny":
        _needs_basis(event, "750.4(e)", ("reasons", "statutory_basis", "regulatory_basis"))
    positions = tuple((agency, said if agency == event.by else word) for agency, word in case.positions)
    return agreed_or_disputed(case._replace(positions=positions), event.on)


def _revised(case: Case, event: Event, law: Statute) -> Case:
    """An agency changes its recommendation before the decision; the one before stays in the history.

    No paragraph speaks of it.  What there is sets the limits: a recommendation counts where it comes within the days of
    750.4(d)(2) with reasons, and without one the agency has no objection (e), so a new or stronger objection cannot come later;
    the chair considers the recommendations there are (f)(1)(i), so an objection can be dropped until the chair has decided.
    """
    cite = "750.4(d)(2), (e)"
    before, said = _own_position(case, event, cite), event.data["recommendation"]
    if not before:
        refuse(event, f"{event.by} has recommended nothing yet", cite, hint="First: recommended.")
    if said == before and not event.data.get("conditions"):
        refuse(event, f"{event.by} says {said} already", cite)
    late = event.on > after(running(case, event.on), case.referred, law.recommendation)
    if late and _STRENGTH.index(said) >= _STRENGTH.index(before):
        refuse(event, f"the {law.recommendation} days to recommend are over, and {said} is no less than {before}", cite,
               hint="An objection can still be dropped. Against a decision: appealed.")  # fmt: skip
    if said == "deny":
        _needs_basis(event, "750.4(e)", ("statutory_basis", "regulatory_basis"))
    revised = case._replace(positions=tuple((a, said if a == event.by else word) for a, word in case.positions))
    if case.status == "oc" and not (disputed(case) and not disputed(revised)):
        return revised  # the committee keeps what is still disputed, and what Commerce has brought before it
    return agreed_or_disputed(revised, event.on)


def _needs_basis(event: Event, cite: str, names: tuple[str, ...]) -> None:
    missing = [name for name in names if not event.data.get(name)]
    if missing:
        refuse(event, f"it does not say {', '.join(missing)}", cite, hint="Without them it counts for nothing.")


def _escalated(case: Case, event: Event, law: Statute) -> Case:
    """Commerce takes a case to the committee itself: where it would decide against an agency, it must."""
    positions = tuple((agency, said or "") for agency, said in case.positions)
    return case._replace(status="oc", since=event.on, votes=(), positions=positions)


# ---- stops


def _stop_begun(case: Case, event: Event, law: Statute) -> Case:
    reason = event.data["reason"]
    if reason in _ASKED_BY_THE_LEAD and event.by != LEAD:
        refuse(event, f"only {LEAD} begins {reason}", "750.4(b)", hint="An agency says `information_lacking` (750.4(d)(1)).")
    if reason == "intent_to_deny_negotiation" and case.status != "intent_to_deny":
        refuse(event, "no intent to deny has been notified", "750.4(b)(1)")
    if any(known == reason and by == event.by for known, by, _, _ in case.open):
        refuse(event, f"{reason} runs already", "750.4(b)")
    counts = True
    limits = {"pre_license_check": law.check_request, "government_assurances": law.assurances_request}
    if reason in limits:
        counts = event.on - _day(event, "determined_on", "750.4(b)(2)(ii)(A); 750.4(b)(3)(i)") <= limits[reason]
    return case._replace(open=(*case.open, (reason, event.by, event.on, counts)))


def _day(event: Event, name: str, cite: str) -> int:
    """Return a day an event must state; it cannot lie after the event."""
    value = event.data.get(name)
    if value is None:
        refuse(event, f"it does not say {name}, on which it depends whether the days count", cite)
    day = int(value.toordinal())
    if day > event.on:
        refuse(event, f"{name} is {value}, after the event", cite, nearest_=None)
    return day


def _stop_ended(case: Case, event: Event, law: Statute) -> Case:
    reason = event.data["reason"]
    mine = [stop for stop in case.open if stop[0] == reason and (stop[1] == event.by or event.by == LEAD)]
    if not mine:
        refuse(event, f"no {reason} of {event.by} runs", "750.4(b)")
    (_, asker, first, counts), *_ = [stop for stop in mine if stop[1] == event.by] or mine
    case = case._replace(open=tuple(stop for stop in case.open if stop[:2] != (reason, asker)))
    if reason == "congressional_notification" and event.on < first + law.congress:
        refuse(event, f"the {law.congress} days of the notice have not run", "750.4(b)(6)")
    if reason == "pre_license_check":
        counts = counts and event.on - _day(event, "completed_on", "750.4(b)(2)(ii)(B)") <= law.check_report
    if reason == "government_assurances":
        counts = counts and _day(event, "initiated_on", "750.4(b)(3)(ii)") - first <= law.assurances_start
        return case._replace(assured=event.on, provisional=(first, event.on)) if counts else case
    return case._replace(stops=merged((*case.stops, (first, event.on)))) if counts else case


# ---- practice, and early ends


def _held(case: Case, event: Event, law: Statute) -> Case:
    """Hold without action is a practice; it stops no clock."""
    if case.held:
        refuse(event, "the application is held already", "practice; no paragraph")
    return case._replace(held=event.on)


def _released(case: Case, event: Event, law: Statute) -> Case:
    if not case.held:
        refuse(event, "the application is not held", "practice; no paragraph")
    return case._replace(held=0)


def _assigned(case: Case, event: Event, law: Statute) -> Case:
    others = tuple(pair for pair in case.officers if pair[0] != event.by)
    return case._replace(officers=tuple(sorted((*others, (event.by, event.data["to_officer"])))))


def _proposed(case: Case, event: Event, law: Statute) -> Case:
    if not event.officer:
        refuse(event, "a proposal names the officer who makes it", "practice; no paragraph", hint="Add `officer:`.")
    return case._replace(proposal=(event.data["event"], event.officer))


def _unchanged(case: Case, event: Event, law: Statute) -> Case:
    return case


def _ended(status: str) -> Any:
    def step(case: Case, event: Event, law: Statute) -> Case:
        return case._replace(status=status, since=event.on, open=(), held=0, assured=0)

    return step


STEPS = {
    "referred": _referred,
    "information_lacking": _information_lacking,
    "recommended": _recommended,
    "revised": _revised,
    "escalated": _escalated,
    "stop_begun": _stop_begun,
    "stop_ended": _stop_ended,
    "held": _held,
    "released": _released,
    "assigned": _assigned,
    "proposed": _proposed,
    "noted": _unchanged,
    "tick": _unchanged,
    "returned": _ended("returned"),
    "withdrawn": _ended("withdrawn"),
}
