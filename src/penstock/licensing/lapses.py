"""What follows by itself when a period passes: silence counts, decisions become final, denials take effect, licenses expire.

A lapse is a matter of law and not of record: the same case comes out whether or not anybody noted the day.
Nothing is ever approved by a lapse; a decision that was taken becomes final, and that is all (750.4 knows no deemed approval).
"""

from __future__ import annotations

from collections.abc import Iterator

from penstock.licensing.case import Case
from penstock.licensing.duties import Statute
from penstock.licensing.owed import denial_final_on, limit_of

__all__ = ["advance", "agreed_or_disputed", "disputed", "settled", "trail"]

_WAITING = frozenset({"referred", "oc_decided", "acep_decided", "earb_decided", "erc_decided", "intent_to_deny", "denied",
                      "issued", "suspended"})  # fmt: skip


def advance(case: Case, on: int, law: Statute) -> Case:
    """Return a case as it stands on a day, with every period that has passed before it taken into account."""
    if case.assured and on > case.assured + law.assurances_issue and case.status != "issued":
        case = case._replace(
            assured=0, provisional=(0, 0)
        )  # not issued in time: the days of the request count (750.4(b)(3)(iii))
    for later in trail(case, on, law):
        case = later
    return case


def trail(case: Case, on: int, law: Statute) -> Iterator[Case]:
    """Yield the case after each period that has passed before a day, one by one."""
    while case.status in _WAITING:
        later = _passed(case, on, law)
        if later is None:
            return
        case = later
        yield case


def _passed(case: Case, on: int, law: Statute) -> Case | None:
    """Return the case after the one period that has passed, or None where none has."""
    status = case.status
    if status in ("issued", "suspended"):
        return case._replace(status="expired", since=case.valid_until) if on > case.valid_until else None
    if status == "denied":
        due = case.since + law.appeal
        return case._replace(status="denial_stands", since=due) if on > due else None
    if status == "intent_to_deny":
        due = denial_final_on(case, law)
        return case._replace(status="denied", since=due) if on > due else None
    due = limit_of(case, law, on)
    if on <= due:
        return None
    if status == "referred":
        silent = tuple((agency, said or "no_objection") for agency, said in case.positions)
        return agreed_or_disputed(case._replace(positions=silent), due)
    return settled(case, case.decision, due)


def agreed_or_disputed(case: Case, on: int) -> Case:
    """Return a referred case once every agency has spoken or counts as having done so: agreed, or before the committee."""
    if any(not position for _, position in case.positions):
        return case
    return case._replace(status="oc" if disputed(case) else "agreed", since=on, votes=())


def disputed(case: Case) -> bool:
    """Say whether one agency would deny what another would approve (750.4(f)(1)(i))."""
    said = [position for _, position in case.positions]
    return "deny" in said and any(position.startswith("approve") for position in said)


def settled(case: Case, decision: str, on: int) -> Case:
    """Return a case whose decision is final: to be issued, to be denied, or decided on a validated end user."""
    if case.kind == "veu":
        ended = "removed" if case.notified else "declined"  # what was authorized is removed, what was asked for declined
        if decision != "approve":
            return case._replace(status=ended, decision=decision, since=on)
        return case._replace(status="authorized", decision=decision, since=on, notified=case.notified or on, votes=())
    return case._replace(status="approved" if decision == "approve" else "denying", decision=decision, since=on)
