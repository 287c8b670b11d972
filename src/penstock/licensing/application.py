"""The clock of a license application: limits, what agencies' silence means, and the climb through the bodies (750.4)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from penstock.licensing.answer import UNKNOWN, Sheet
from penstock.licensing.stops import Count, Stops, read_stops
from penstock.terms.errors import ConflictingFacts

__all__ = ["write_age", "write_license"]

_ESCALATION = (
    ("oc_decision_due", "OC_DECISION_DAYS"),
    ("acep_appeal_due", "ACEP_APPEAL_DAYS"),
    ("acep_decision_due", "ACEP_DECISION_DAYS"),
    ("earb_appeal_due", "EARB_APPEAL_DAYS"),
    ("earb_decision_due", "EARB_DECISION_DAYS"),
    ("president_appeal_due", "PRESIDENT_APPEAL_DAYS"),
)
_LADDER = (
    ("OC", "ACEP", "ACEP_APPEAL_DAYS"),
    ("ACEP", "EARB", "EARB_APPEAL_DAYS"),
    ("EARB", "President", "PRESIDENT_APPEAL_DAYS"),
)
_DECIDES_WITHIN = {"OC": "OC_DECISION_DAYS", "ACEP": "ACEP_DECISION_DAYS", "EARB": "EARB_DECISION_DAYS"}
_OUTCOMES = {"approved": "approve", "denied": "deny"}
_GONE = ("returned_without_action", "withdrawn")


def write_license(sheet: Sheet) -> None:
    """Write the limits of 750.4, what each agency's response counts as, before whom the case lies and how it ended."""
    registered = sheet.want("application.registered_on", "initial_action_due", "outer_limit_on", "age_days")
    referred = sheet.values.get("application.referred_on")
    if referred and registered != UNKNOWN and referred < registered:
        raise ConflictingFacts(f"application.referred_on is {referred}, before registration on {registered}",
                               at="application.referred_on", value=referred, nearest=registered)  # fmt: skip
    count = read_stops(sheet, registered)
    sure, widest = (_limits(sheet, registered, referred, stops) for stops in (count.sure, count.widest))
    due = {key: day if day == widest[key][0] else UNKNOWN for key, (day, _) in sure.items()}
    for key, day in due.items():
        sheet.put(key, day, sure[key][1])
    if due["outer_limit_on"] == UNKNOWN != registered:
        near, far = sure["outer_limit_on"][0], widest["outer_limit_on"][0]
        sheet.notes.append(f"The outer limit is {near} if the stops in doubt do not count, and {far} if they all do.")
    sheet.put("outer_limit_day", sheet.law("APPLICATION_OUTER_LIMIT_DAYS"), "APPLICATION_OUTER_LIMIT_DAYS")
    sheet.put("excluded_days", count.days)
    write_age(sheet, registered)
    responses = sheet.values.get("application.agency_responses", ())
    treated = {row["agency"]: _treated(row, due["recommendation_due"], sheet.on) for row in responses if "agency" in row}
    sheet.put("agency_treated_as", treated, "AGENCY_RECOMMENDATION_DAYS")
    _write_standing(sheet, treated, due["oc_decision_due"], count)


def _limits(sheet: Sheet, registered: Any, referred: Any, stops: Stops) -> dict[str, tuple[Any, str]]:
    """Return every limit, each running from the one before, with the term it follows from."""

    def limit(start: Any, term: str) -> tuple[Any, str]:
        return stops.after(start, sheet.law(term)), term

    initial = limit(registered, "INITIAL_ACTION_DAYS")
    referral = referred or initial[0]
    out = {
        "initial_action_due": initial,
        "agency_information_request_due": limit(referral, "AGENCY_INFORMATION_DAYS"),
        "recommendation_due": limit(referral, "AGENCY_RECOMMENDATION_DAYS"),
    }
    before = out["recommendation_due"][0]
    for key, term in _ESCALATION:
        out[key] = limit(before, term)
        before = out[key][0]
    return {**out, "outer_limit_on": limit(registered, "APPLICATION_OUTER_LIMIT_DAYS")}


def write_age(sheet: Sheet, registered: Any) -> None:
    """Write the calendar days since registration, stops included; none before it."""
    if registered == UNKNOWN:
        sheet.put("age_days", UNKNOWN)
    else:
        since = (sheet.on - registered).days
        sheet.put("age_days", since if since >= 0 else None)


def _treated(row: Mapping[str, Any], due: Any, on: dt.date) -> str:
    """Return what an agency's response counts as: a recommendation that is late or missing is no objection (750.4(e))."""
    said, when = str(row.get("recommendation", "none")), row.get("date")
    given = said != "none" and (when is None or when <= on)
    if due == UNKNOWN:
        return said if given else UNKNOWN
    if given and (when is None or when <= due):
        return said
    return "no_objection" if given or on > due else "pending"


# ---- escalation


def _write_standing(sheet: Sheet, treated: Mapping[str, str], oc_due: Any, count: Count) -> None:
    """Write before which body the case lies, how long that body has, and the decision once it is final."""
    status = sheet.values.get("application.status", "")
    body, final, since = _climb(sheet, count)
    if not sheet.values.get("application.decisions") and body is None:
        disputed = "deny" in treated.values() and any(said.startswith("approve") for said in treated.values())
        final = _OUTCOMES.get(status)
        body = "OC" if disputed and final is None else None
    if status in _GONE:
        body = final = None
    term = _DECIDES_WITHIN.get(body or "", "")
    sheet.put("next_body", body)
    sheet.put("next_decision_days", sheet.law(term) if term else None, term)
    due = oc_due if body == "OC" else count.after(since, sheet.law(term)) if term and since else None
    sheet.put("next_decision_due", due, term)
    sheet.put("final_decision", final)


def _climb(sheet: Sheet, count: Count) -> tuple[str | None, str | None, dt.date | None]:
    """Follow decisions and appeals: the body the case lies before, the final decision, the day of the appeal.

    A decision is final when the days to appeal it have run out without an appeal; a later appeal changes nothing.
    A body that decided without an appeal on record took the case up itself (750.4(f)(2)).
    """
    if _undated(sheet):
        return UNKNOWN, UNKNOWN, None
    decisions = {row["body"]: row for row in sheet.values.get("application.decisions", ()) if row["date"] <= sheet.on}
    appeals = [row for row in sheet.values.get("application.appeals", ()) if row["date"] <= sheet.on]
    pending: str | None = None
    since: dt.date | None = None
    for body, above, term in _LADDER:
        raised = [row["date"] for row in appeals if row["to"] == above]
        taken = decisions.get(body)
        if taken:
            closes = count.after(taken["date"], sheet.law(term))
            if closes == UNKNOWN:
                return UNKNOWN, UNKNOWN, None
            timely = [day for day in raised if taken["date"] <= day <= closes]
            if not timely and (raised or above not in decisions):
                return None, _decided(taken) if sheet.on > closes else None, None
            raised = timely
        elif not raised and above not in decisions:
            break
        pending, since = above, min(raised, default=None)
    return pending, None, since


def _undated(sheet: Sheet) -> bool:
    """Note the decisions and appeals that do not say by or to whom, or when; say whether there are any."""
    wanted = {"application.decisions": ("body", "date"), "application.appeals": ("to", "date")}
    gaps = [
        f"{name}[{i}].{part}"
        for name, parts in wanted.items()
        for i, row in enumerate(sheet.values.get(name, ()))
        for part in parts
        if part not in row
    ]
    for gap in gaps:
        sheet.miss(gap, "next_body", "final_decision")
    return bool(gaps)


def _decided(row: Mapping[str, Any]) -> str:
    """Return what a body decided, as stated or else by its votes."""
    if "decision" in row:
        return str(row["decision"])
    pro, con = row.get("votes_for"), row.get("votes_against")
    if pro is None or con is None or pro == con:
        return UNKNOWN
    return "approve" if pro > con else "deny"
