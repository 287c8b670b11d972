"""What the law of a day makes of the procedure: its periods as plain numbers, and the duties that hang on them.

A duty says who is to do what, by which paragraph, and what follows where the period passes.
Where the law sets no period a duty rests on practice and says so; its date is then only the day to look at the case again.
"""

from __future__ import annotations

from collections.abc import Mapping

from attrs import field, frozen

from penstock.licensing.answer import Term
from penstock.terms.errors import LawUnavailable

__all__ = ["AGENCIES", "CASE_TERMS", "LEAD", "REVIEWERS", "REVIEW_DAYS", "Duty", "Statute", "statute"]

LEAD = "Commerce"
REVIEWERS = ("Defense", "Energy", "Justice", "State")  # 750.3(b); the arms control agency is part of State since 1999
AGENCIES = (LEAD, *REVIEWERS)
REVIEW_DAYS = 30  # Penstock's own: an open step without a period in the law is looked at again after so many days

_NO_PERIOD = "no period in the law"
_TERMS = {
    "initial": "INITIAL_ACTION_DAYS",
    "information": "AGENCY_INFORMATION_DAYS",
    "recommendation": "AGENCY_RECOMMENDATION_DAYS",
    "oc": "OC_DECISION_DAYS",
    "acep_appeal": "ACEP_APPEAL_DAYS",
    "acep": "ACEP_DECISION_DAYS",
    "earb_appeal": "EARB_APPEAL_DAYS",
    "earb": "EARB_DECISION_DAYS",
    "president_appeal": "PRESIDENT_APPEAL_DAYS",
    "outer": "APPLICATION_OUTER_LIMIT_DAYS",
    "notice": "DENIAL_NOTICE_DAYS",
    "response": "DENIAL_RESPONSE_DAYS",
    "final": "DENIAL_FINAL_DAYS",
    "appeal": "DENIAL_APPEAL_DAYS",
    "check_request": "PRE_LICENSE_CHECK_REQUEST_DAYS",
    "check_report": "PRE_LICENSE_CHECK_REPORT_DAYS",
    "assurances_request": "ASSURANCES_REQUEST_DAYS",
    "assurances_start": "ASSURANCES_START_DAYS",
    "assurances_issue": "ASSURANCES_ISSUE_DAYS",
    "congress": "CONGRESSIONAL_NOTICE_DAYS",
    "veu": "VEU_DECISION_DAYS",
    "inventory": "VEU_INVENTORY_REPORT_DAYS",
}
CASE_TERMS = tuple(_TERMS.values())
_LATER = frozenset({"VEU_INVENTORY_REPORT_DAYS"})  # data centers can be validated end users since 89 FR 80080

# id: (actor, what is to be done, the period, what follows where it passes)
_LAW_DUTIES = {
    "initial_action": (LEAD, "act on the application or refer it", "initial", "overdue; nothing is deemed decided"),
    "missing_information": ("", "say what the referral lacks", "information", "the agency can no longer ask for it"),
    "recommendation": ("", "recommend, with reasons", "recommendation", "deemed to have no objection"),
    "outer_limit": (LEAD, "resolve the application or refer it to the President", "outer", "overdue; nothing is deemed decided"),
    "oc_decision": ("OC", "decide (the chair alone)", "oc", "overdue; nothing is deemed decided"),
    "acep_appeal": ("", "appeal to the ACEP, if at all", "acep_appeal", "the decision of the chair is final"),
    "acep_decision": ("ACEP", "decide by majority", "acep", "overdue; nothing is deemed decided"),
    "earb_appeal": ("", "appeal to the Board, if at all", "earb_appeal", "the decision of the ACEP is final"),
    "earb_decision": ("EARB", "decide by majority", "earb", "overdue; nothing is deemed decided"),
    "president_appeal": ("", "appeal to the President, if at all", "president_appeal", "the decision of the Board is final"),
    "denial_notice": (LEAD, "notify the applicant of the intent to deny", "notice", "overdue; the application stays open"),
    "denial_response": ("Applicant", "respond to the intent to deny, if at all", "response", "the response is not heard"),
    "denial_final": (LEAD, "advise whether the decision to deny is changed", "final", "the denial is final"),
    "denial_appeal": ("Applicant", "appeal to the Under Secretary, if at all", "appeal", "the denial stands"),
    "assurances_start": ("State", "ask the other government for assurances", "assurances_start", "the days count after all"),
    "assurances_issue": (LEAD, "issue the license", "assurances_issue", "the days of the request count after all"),
    "congressional_notice": (LEAD, "wait for the notice to Congress to run", "congress", "the license may be issued"),
    "inventory_report": ("End user", "report the inventory of the half-year", "inventory", "a breach of the authorization"),
    "erc_decision": ("ERC", "decide on the validated end user", "veu", "overdue; nothing is deemed decided"),
}
# id: (actor, what is to be done, the paragraph that knows the step, what follows)
_PRACTICE_DUTIES = {
    "answer_request": ("Applicant", "answer the request for information", "750.4(b)(1)", "may be returned without action"),
    "negotiate_denial": ("Applicant", "agree to modifications", "750.4(b)(1)", "the intent to deny takes its course"),
    "pre_license_check": (LEAD, "complete and report the pre-license check", "750.4(b)(2)", "the case is looked at again"),
    "assurances": ("State", "obtain the assurances", "750.4(b)(3)", "the case is looked at again"),
    "consultation": ("State", "conclude the consultation", "750.4(b)(4)", "the case is looked at again"),
    "hold_review": (LEAD, "say whether the hold goes on", "practice; no paragraph", "the clocks of 750.4 run on"),
    "president": ("President", "decide", "750.4(a)(1)", "the case is looked at again"),
    "late_issue": (LEAD, "issue the license that was decided after the outer limit", "750.4(a)(1)", "overdue"),
    "under_secretary": ("Under Secretary", "decide the appeal", "756.2", "the case is looked at again"),
    "suspension_review": (LEAD, "reinstate or revoke the license", "750.8", "the case is looked at again"),
    "veu_circulation": (LEAD, "circulate the request to the committee", "Supp. No. 9 to part 748, para. 4", "overdue"),
    "removal": ("ERC", "decide on the removal by majority", "Supp. No. 9 to part 748, para. 2", "overdue"),
}
_OTHER_DUTIES = {
    "condition": ("Licensee", "meet the condition", "750.7(a)(1), (d)", "a violation of the license"),
    "validity": ("Licensee", "ship within the validity of the license", "750.7(g)", "the license expires"),
}


@frozen
class Duty:
    """Who is to do what, by which paragraph; ``basis`` is ``law``, ``license`` or ``practice``."""

    id: str
    actor: str
    action: str
    cite: str
    on_lapse: str
    basis: str
    confidence: str = "high"
    days: int | None = None


@frozen
class Statute:
    """The periods of the procedure in calendar days, by the law of one day, and the duties they belong to."""

    initial: int
    information: int
    recommendation: int
    oc: int
    acep_appeal: int
    acep: int
    earb_appeal: int
    earb: int
    president_appeal: int
    outer: int
    notice: int
    response: int
    final: int
    appeal: int
    check_request: int
    check_report: int
    assurances_request: int
    assurances_start: int
    assurances_issue: int
    congress: int
    veu: int
    inventory: int
    duties: Mapping[str, Duty] = field(repr=False)
    review: int = REVIEW_DAYS

    @property
    def longest(self) -> int:
        """Return the days of the longest path, every step used to the full."""
        steps = (self.initial, self.recommendation, self.oc, self.acep_appeal, self.acep, self.earb_appeal, self.earb)
        return sum(steps) + self.president_appeal


def statute(terms: Mapping[str, Term], review: int = REVIEW_DAYS) -> Statute:
    """Return the periods and duties from what the law says under each name of :data:`CASE_TERMS`.

    Raises LawUnavailable where the law of that day says nothing under one of them.

    >>> periods = statute({name: Term(5, "750.4") for name in CASE_TERMS})
    >>> periods.longest, periods.duties["oc_decision"].cite, periods.duties["hold_review"].basis
    (40, '750.4', 'practice')
    """
    for name in CASE_TERMS:
        if terms[name].value is None and name not in _LATER:
            raise LawUnavailable(f"The law of that day sets no {name}", at=name)
    duties = {id: _by_law(id, row, terms[_TERMS[row[2]]]) for id, row in _LAW_DUTIES.items()}
    for id, (actor, action, cite, lapse) in _PRACTICE_DUTIES.items():
        duties[id] = Duty(id, actor, action, f"{cite} ({_NO_PERIOD})", lapse, "practice", "low", review)
    for id, (actor, action, cite, lapse) in _OTHER_DUTIES.items():
        duties[id] = Duty(id, actor, action, cite, lapse, "license")
    return Statute(**{name: int(terms[term].value or 0) for name, term in _TERMS.items()}, duties=duties, review=review)


def _by_law(id: str, row: tuple[str, str, str, str], term: Term) -> Duty:
    actor, action, _, lapse = row
    return Duty(id, actor, action, term.cite, lapse, "law", term.confidence or "high", int(term.value or 0))
