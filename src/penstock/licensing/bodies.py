"""The bodies above the agencies: the Operating Committee's chair decides, the ACEP and the Board vote, the President is last.

The End-User Review Committee votes too: all of it to authorize a validated end user, most of it to remove one.
"""

from __future__ import annotations

from penstock.licensing.case import Case, Event
from penstock.licensing.duties import AGENCIES, LEAD, Statute
from penstock.licensing.events import refuse
from penstock.licensing.lapses import settled
from penstock.licensing.owed import APPEALS, appellants
from penstock.licensing.tolling import after, running

__all__ = ["STEPS"]

_BODY = {"oc": "OC", "acep": "ACEP", "earb": "EARB", "president": "President", "erc": "ERC", "erc_removal": "ERC",
         "appealed": "Under Secretary"}  # fmt: skip
_MEMBERS = ("Commerce", "Defense", "Energy", "State")
_CITE = {"oc": "750.4(f)(1)(i)", "acep": "750.4(f)(2)", "earb": "750.4(f)(3)", "erc": "Supp. No. 9 to part 748, para. 2",
         "erc_removal": "Supp. No. 9 to part 748, para. 2"}  # fmt: skip
_MAJORITY_HINT = "Only commercial communications satellites and hot-section technology go by majority there (EO 13020)."


def _members(case: Case) -> tuple[str, ...]:
    """Return who votes: the four agencies, and any other the application was referred to or the committee is made of."""
    return tuple(sorted({*_MEMBERS, *(agency for agency, _ in case.positions)}))


def _voted(case: Case, event: Event, law: Statute) -> Case:
    cite = _CITE[case.status]
    if case.status == "oc" and not case.oc_majority:
        refuse(event, "the chair of the Operating Committee decides alone", cite, hint=_MAJORITY_HINT)
    if event.by not in _members(case):
        refuse(event, f"{event.by} is no member; those are {', '.join(_members(case))}", cite)
    if event.by in dict(case.votes):
        refuse(event, f"{event.by} has voted {dict(case.votes)[event.by]} already", cite)
    return case._replace(votes=tuple(sorted((*case.votes, (event.by, event.data["vote"])))))


def _decided(case: Case, event: Event, law: Statute) -> Case:
    body, said = _BODY[case.status], event.data["decision"]
    if event.by != body:
        refuse(event, f"the case lies before the {body}", "750.4(f)", nearest_=body)
    if case.status in ("acep", "earb") or (case.status == "oc" and case.oc_majority):
        _needs_majority(case, event, said)
    if case.status == "erc":
        _needs_all(case, event, said)
    if case.status == "erc_removal":
        return _removed(case, event, said)
    if case.status == "president":
        return settled(case, said, event.on)
    if case.status == "appealed":
        status = "approved" if said == "approve" else "denial_stands"
        return case._replace(status=status, decision=said, since=event.on)
    return case._replace(status=f"{case.status}_decided", decision=said, since=event.on)


def _counts(case: Case) -> tuple[int, int]:
    votes = [vote for _, vote in case.votes]
    return votes.count("approve"), votes.count("deny")


def _needs_majority(case: Case, event: Event, said: str) -> None:
    pro, con = _counts(case)
    won = "approve" if pro > con else "deny" if con > pro else ""
    if won != said:
        why = f"{pro} voted to approve and {con} to deny"
        tied = f"{pro} voted to approve and {con} to deny, which is no majority"
        refuse(event, why if won else tied, _CITE[case.status], nearest_=won or None)


def _needs_all(case: Case, event: Event, said: str) -> None:
    missing = [member for member in _members(case) if member not in dict(case.votes)]
    _, con = _counts(case)
    if said == "approve" and (missing or con):
        against = [member for member, vote in case.votes if vote == "deny"]
        who = f"against: {', '.join(against)}" if against else f"not yet: {', '.join(missing)}"
        refuse(event, f"an authorization needs every vote ({who})", _CITE["erc"])
    if said == "deny" and not con:
        refuse(event, "nobody has voted against it", _CITE["erc"])


def _removed(case: Case, event: Event, said: str) -> Case:
    """``approve`` keeps the authorization, ``deny`` removes it; removal needs a majority, and any agency may escalate it.

    Paragraph 5 speaks of every decision of the committee, not only of grants.
    """
    _, con = _counts(case)
    needed = len(_members(case)) // 2 + 1
    if said == "deny" and con < needed:
        refuse(event, f"{con} of {len(_members(case))} voted to remove; {needed} are needed", _CITE["erc_removal"])
    return case._replace(status="erc_decided", decision=said, since=event.on)


def _appealed(case: Case, event: Event, law: Statute) -> Case:
    to = event.data["to"]
    if case.status == "acep":
        return _called_by_the_secretary(case, event, to)
    duty, above, status = APPEALS[case.status]
    if to != above:
        refuse(event, f"from here an appeal goes to the {above}", "750.4(f)", nearest_=above)
    due = after(running(case, event.on), case.since, law.duties[duty].days or 0)
    if event.on > due:
        refuse(event, "the days to appeal are over", law.duties[duty].cite)
    if event.by not in appellants(case):
        refuse(event, f"{event.by} cannot: {', '.join(appellants(case)) or 'nobody'} can", law.duties[duty].cite)
    _needs_official(case, event, above)
    return case._replace(status=status, since=event.on, votes=())


def _called_by_the_secretary(case: Case, event: Event, to: str) -> Case:
    """Where the ACEP finds no majority, the Secretary may call the Board."""
    pro, con = _counts(case)
    if to != "EARB" or event.by != LEAD or pro != con or not case.votes:
        refuse(
            event,
            "the case lies before the ACEP",
            "750.4(f)(2)",
            hint="Its majority decides; without one the Secretary may call the Board.",
        )
    return case._replace(status="earb", since=event.on, votes=())


def _needs_official(case: Case, event: Event, above: str) -> None:
    said = event.data
    if above == "ACEP" and not said.get("senate_confirmed"):
        refuse(
            event, "it is to come from an official confirmed by the Senate", "750.4(f)(2)", hint="Say `senate_confirmed: true`."
        )
    if above != "ACEP" and event.by != LEAD and not said.get("head_of_agency"):
        refuse(event, "it is to come from the head of the agency", "750.4(f)(2), (3)", hint="Say `head_of_agency: true`.")
    missing = [name for name in ("statutory_basis", "regulatory_basis") if not said.get(name)]
    if above != "President" and event.by != LEAD and missing:
        bases = "statutory_basis and the regulatory_basis" if len(missing) > 1 else missing[0]
        refuse(event, f"it does not cite the {bases}", "750.4(f)(2)")


def _sent_to_president(case: Case, event: Event, law: Statute) -> Case:
    due = after(running(case, event.on), case.registered, law.outer)
    tied = case.status == "earb" and case.votes and _counts(case)[0] == _counts(case)[1]
    if not tied and (event.on < due or case.kind != "license"):
        refuse(event, f"the {law.outer} days of an application have not run", "750.4(a)(1)")
    return case._replace(status="president", since=event.on, votes=())


def _circulated(case: Case, event: Event, law: Statute) -> Case:
    for agency in event.data["agencies"]:
        if agency not in AGENCIES:
            refuse(event, f"{agency} is no agency of the committee", "Supp. No. 9 to part 748, para. 1")
    positions = tuple((agency, "member") for agency in sorted({*_MEMBERS, *event.data["agencies"]}))
    return case._replace(status="erc", referred=event.on, since=event.on, positions=positions)


def _removal_proposed(case: Case, event: Event, law: Statute) -> Case:
    return case._replace(status="erc_removal", since=event.on, votes=())


def _reported(case: Case, event: Event, law: Statute) -> Case:
    last = event.data["period_end"].toordinal()
    if last <= case.notified or last > event.on:
        refuse(
            event, f"the period ends on {event.data['period_end']}, which is reported already or not over", "748.15(f)(1)(iii)"
        )
    return case._replace(notified=last)


STEPS = {
    "voted": _voted,
    "decided": _decided,
    "appealed": _appealed,
    "sent_to_president": _sent_to_president,
    "circulated": _circulated,
    "removal_proposed": _removal_proposed,
    "reported": _reported,
}
