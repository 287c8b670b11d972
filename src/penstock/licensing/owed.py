"""What is owed in a case, by whom and until when: derived from the case and the law, never stored as truth."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping

from penstock.licensing.case import PENDING, Case, Obligation, Span
from penstock.licensing.duties import LEAD, Statute
from penstock.licensing.tolling import after, running, within
from penstock.terms.dates import period

__all__ = ["APPEALS", "appellants", "congress_runs_out", "denial_final_on", "half_year_end", "limit_of", "obligations"]

# status: (duty, the body above, the period on which the appeal hangs)
APPEALS: Mapping[str, tuple[str, str, str]] = {
    "oc_decided": ("acep_appeal", "ACEP", "acep"),
    "erc_decided": ("acep_appeal", "ACEP", "acep"),
    "acep_decided": ("earb_appeal", "EARB", "earb"),
    "earb_decided": ("president_appeal", "President", "president"),
}
_HALF_YEAR = 6  # months
_STOPPED = {
    "information_request": "answer_request",
    "intent_to_deny_negotiation": "negotiate_denial",
    "pre_license_check": "pre_license_check",
    "government_assurances": "assurances",
    "multilateral_consultation": "consultation",
}


def obligations(case: Case, law: Statute, on: int = 0) -> tuple[Obligation, ...]:
    """Return what is owed in a case as of a day, at the earliest the day of its last event; nothing once it is final.

    Due dates are those of the stops known on that day: a stop that still runs moves them on with every day.
    """
    day = on if on > case.at else case.at
    owed = _OWED.get(case.status)
    if owed is None:
        return ()
    stops = running(case, day) if case.open or case.assured else case.stops
    out: list[Obligation] = []
    owed(case, law, stops, day, out)
    if case.kind == "license" and case.status in PENDING and case.status not in ("president", "intent_to_deny", "denying"):
        _outer(case, law, stops, out)
    for stop in case.open:
        _of_stop(stop, law, out)
    if case.held:
        out.append(_due(law, "hold_review", LEAD, case.held, case.held + law.review))
    return tuple(out)


def limit_of(case: Case, law: Statute, on: int) -> int:
    """Return the day by which the step a case is in must be done, as of a day; 0 where no period of 750.4 runs."""
    stops = running(case, on)
    status = case.status
    if status == "referred":
        return after(stops, case.referred, law.recommendation)
    if status in ("oc_decided", "erc_decided"):
        return after(stops, case.since, law.acep_appeal)
    if status == "acep_decided":
        return after(stops, case.since, law.earb_appeal)
    if status == "earb_decided":
        return after(stops, case.since, law.president_appeal)
    return 0


def denial_final_on(case: Case, law: Statute) -> int:
    """Return the day on which an intent to deny becomes a denial; no stop moves it (750.6(b))."""
    return case.notified + law.final


def congress_runs_out(case: Case, law: Statute) -> int:
    """Return the day until which a notice to Congress keeps the license from being issued; 0 without one."""
    return max((first + law.congress for reason, _, first, _ in case.open if reason == "congressional_notification"), default=0)


def appellants(case: Case) -> tuple[str, ...]:
    """Return who may appeal the decision a case lies under: any agency below, dissenters above (750.4(f))."""
    if case.status in ("oc_decided", "erc_decided"):
        return tuple(sorted({*(agency for agency, _ in case.positions), *(voter for voter, _ in case.votes if voter != LEAD)}))
    dissent = [voter for voter, vote in case.votes if vote != case.decision]
    if case.status == "acep_decided":
        return tuple(sorted({*dissent, LEAD}))  # the Secretary may call the Board on his or her own initiative
    return tuple(sorted(dissent))


def _due(law: Statute, id: str, actor: str, since: int, due: int, stops: tuple[Span, ...] = (), text: str = "") -> Obligation:
    duty = law.duties[id]
    return Obligation(duty, actor or duty.actor, since, due, within(stops, since, due) if stops else (), text)


def _outer(case: Case, law: Statute, stops: tuple[Span, ...], out: list[Obligation]) -> None:
    due = after(stops, case.registered, law.outer)
    if case.status == "approved" and due < case.since:
        out.append(_due(law, "late_issue", LEAD, case.since, case.since + law.review))
    else:
        out.append(_due(law, "outer_limit", LEAD, case.registered, due, stops))


def _of_stop(stop: tuple[str, str, int, bool], law: Statute, out: list[Obligation]) -> None:
    reason, asker, first, _ = stop
    if reason == "congressional_notification":
        out.append(_due(law, "congressional_notice", asker, first, first + law.congress))
        return
    if reason == "government_assurances":
        out.append(_due(law, "assurances_start", "State", first, first + law.assurances_start))
    duty = law.duties[_STOPPED[reason]]
    out.append(Obligation(duty, asker if reason == "pre_license_check" else duty.actor, first, first + law.review))


# ---- by status


def _registered(case: Case, law: Statute, stops: tuple[Span, ...], day: int, out: list[Obligation]) -> None:
    due = after(stops, case.registered, law.initial)
    out.append(_due(law, "initial_action", LEAD, case.registered, due, stops))


def _referred(case: Case, law: Statute, stops: tuple[Span, ...], day: int, out: list[Obligation]) -> None:
    due = after(stops, case.referred, law.recommendation)
    ask = after(stops, case.referred, law.information)
    for agency, said in case.positions:
        if not said:
            out.append(_due(law, "recommendation", agency, case.referred, due, stops))
            if day <= ask:
                out.append(_due(law, "missing_information", agency, case.referred, ask, stops))


def _agreed(case: Case, law: Statute, stops: tuple[Span, ...], day: int, out: list[Obligation]) -> None:
    """Nothing but the outer limit."""


def _oc(case: Case, law: Statute, stops: tuple[Span, ...], day: int, out: list[Obligation]) -> None:
    since = after(stops, case.referred, law.recommendation)
    out.append(_due(law, "oc_decision", "OC", since, after(stops, since, law.oc), stops))


def _acep(case: Case, law: Statute, stops: tuple[Span, ...], day: int, out: list[Obligation]) -> None:
    out.append(_due(law, "acep_decision", "ACEP", case.since, after(stops, case.since, law.acep), stops))


def _earb(case: Case, law: Statute, stops: tuple[Span, ...], day: int, out: list[Obligation]) -> None:
    out.append(_due(law, "earb_decision", "EARB", case.since, after(stops, case.since, law.earb), stops))


def _decided(case: Case, law: Statute, stops: tuple[Span, ...], day: int, out: list[Obligation]) -> None:
    duty = law.duties[APPEALS[case.status][0]]
    due = after(stops, case.since, duty.days or 0)
    actor = ", ".join(appellants(case)) or LEAD
    out.append(Obligation(duty, actor, case.since, due, within(stops, case.since, due)))


def _practice(id: str) -> Callable[[Case, Statute, tuple[Span, ...], int, list[Obligation]], None]:
    def owed(case: Case, law: Statute, stops: tuple[Span, ...], day: int, out: list[Obligation]) -> None:
        out.append(_due(law, id, "", case.since, case.since + law.review))

    return owed


def _approved(case: Case, law: Statute, stops: tuple[Span, ...], day: int, out: list[Obligation]) -> None:
    if case.assured:
        out.append(_due(law, "assurances_issue", LEAD, case.assured, case.assured + law.assurances_issue))


def _denying(case: Case, law: Statute, stops: tuple[Span, ...], day: int, out: list[Obligation]) -> None:
    out.append(_due(law, "denial_notice", LEAD, case.since, case.since + law.notice))


def _intent(case: Case, law: Statute, stops: tuple[Span, ...], day: int, out: list[Obligation]) -> None:
    answer = case.notified + law.response
    if not case.responded and day <= answer:
        out.append(_due(law, "denial_response", "Applicant", case.notified, answer))
    out.append(_due(law, "denial_final", LEAD, case.notified, denial_final_on(case, law)))


def _denied(case: Case, law: Statute, stops: tuple[Span, ...], day: int, out: list[Obligation]) -> None:
    out.append(_due(law, "denial_appeal", "Applicant", case.since, case.since + law.appeal))


def _issued(case: Case, law: Statute, stops: tuple[Span, ...], day: int, out: list[Obligation]) -> None:
    since = case.notified
    out.append(_due(law, "validity", "Licensee", since, case.valid_until))
    for id, actor, due, _, text in case.conditions:
        out.append(
            _due(law, "condition", actor or "Licensee", since, due or case.valid_until, text=f"{id}: {text}" if text else id)
        )
    if case.status == "suspended":
        out.append(_due(law, "suspension_review", LEAD, case.since, case.since + law.review))


def _erc(case: Case, law: Statute, stops: tuple[Span, ...], day: int, out: list[Obligation]) -> None:
    out.append(_due(law, "erc_decision", "ERC", case.referred, after(stops, case.referred, law.veu), stops))


def _authorized(case: Case, law: Statute, stops: tuple[Span, ...], day: int, out: list[Obligation]) -> None:
    out.append(_due(law, "inventory_report", "End user", case.notified, half_year_end(case.notified + 1) + law.inventory))


def half_year_end(day: int) -> int:
    """Return the last day of the half-year a day lies in (748.15(f)(1)(iii)).

    >>> dt.date.fromordinal(half_year_end(dt.date(2026, 2, 3).toordinal()))
    datetime.date(2026, 6, 30)
    """
    return period(dt.date.fromordinal(day), _HALF_YEAR)[1].toordinal() - 1


_OWED: Mapping[str, Callable[[Case, Statute, tuple[Span, ...], int, list[Obligation]], None]] = {
    "registered": _registered,
    "referred": _referred,
    "agreed": _agreed,
    "oc": _oc,
    "oc_decided": _decided,
    "acep": _acep,
    "acep_decided": _decided,
    "earb": _earb,
    "earb_decided": _decided,
    "president": _practice("president"),
    "approved": _approved,
    "denying": _denying,
    "intent_to_deny": _intent,
    "denied": _denied,
    "appealed": _practice("under_secretary"),
    "issued": _issued,
    "suspended": _issued,
    "veu_registered": _practice("veu_circulation"),
    "erc": _erc,
    "erc_decided": _decided,
    "authorized": _authorized,
    "erc_removal": _practice("removal"),
}
