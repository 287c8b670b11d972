"""The clocks of licensing: what is due when, in calendar days, and who decides next (EAR Parts 740, 748, 750 and 756).

Pure: the facts, the day and the terms of the law are handed in.
A date that the facts leave open is ``unknown``; a date that has no meaning for the case is not in the answer.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping

from penstock.licensing.answer import UNKNOWN, Clock, Sheet, Term
from penstock.licensing.application import write_age, write_license
from penstock.terms.dates import months_later
from penstock.terms.documents import Facts
from penstock.terms.errors import BadDate, BadDocument

__all__ = ["TERMS", "VALIDITY", "clock"]

VALIDITY = "license_validity"
TERMS = (
    "APPLICATION_OUTER_LIMIT_DAYS", "INITIAL_ACTION_DAYS", "AGENCY_INFORMATION_DAYS", "AGENCY_RECOMMENDATION_DAYS",
    "OC_DECISION_DAYS", "ACEP_APPEAL_DAYS", "ACEP_DECISION_DAYS", "EARB_APPEAL_DAYS", "EARB_DECISION_DAYS",
    "PRESIDENT_APPEAL_DAYS", "STOPS_IF_TIMELY", "DENIAL_RESPONSE_DAYS", "DENIAL_FINAL_DAYS", "DENIAL_APPEAL_DAYS",
    "CLASSIFICATION_DAYS", "ADVISORY_OPINION_DAYS", "NAC_NOTICE_DAYS", "UVEU_NOTICES", "UVEU_NEW_LOCATION_DAYS",
    "UVEU_MOVE_DAYS", "VEU_REPORT_MONTHS", "VEU_INVENTORY_REPORT_DAYS", "VEU_CHIP_REPORT_MONTHS", "VEU_CUSTOMER_LIST",
)  # fmt: skip
_REMARKS = {
    "hold_without_action": "Hold without action is no category of the regulations: the limits of 750.4 run on.",
    "returned_without_action": "Returned without action: an application submitted again starts a new clock (750.4(a)(2)).",
    "withdrawn": "Withdrawn: no limit runs any more.",
}


def clock(facts: Facts, *, on: dt.date, terms: Mapping[str, Term]) -> Clock:
    """Return the dates of an application or of a validated end user, as they stand on a day.

    ``terms`` holds what the law says under each name of :data:`TERMS`, and the months of the license asked about under
    :data:`VALIDITY`.  Raises BadDocument without ``application`` or ``veu`` facts and ConflictingFacts for dates out of order.

    >>> from penstock.terms.documents import read_facts
    >>> asked = read_facts({"application": {"kind": "advisory_opinion", "registered_on": "2026-05-04"}})
    >>> clock(asked, on=dt.date(2026, 5, 4), terms={"ADVISORY_OPINION_DAYS": Term(30, "750.2(b)")})["due"]
    datetime.date(2026, 6, 3)
    """
    applies, validated = facts.has_group("application"), facts.has_group("veu")
    if not applies and not validated:
        raise BadDocument("Nothing here has a clock: no application and no veu facts", at="application",
                          hint="`penstock facts application` and `penstock facts veu` list what can be given.")  # fmt: skip
    sheet = Sheet(facts, on, terms)
    try:
        if applies:
            _write_application(sheet)
        if validated:
            _write_veu(sheet)
    except OverflowError:
        raise BadDate("A date lies too near an end of the calendar", at="application" if applies else "veu") from None
    return sheet.clock(str(facts.values.get("application.kind") or facts.values.get("veu.type") or UNKNOWN))


def _write_application(sheet: Sheet) -> None:
    kind = sheet.want("application.kind", "due")
    if kind != UNKNOWN:
        _KINDS[kind](sheet)
    sheet.put("deemed_approved", False)  # 750.4 sets limits for agencies and gives the applicant nothing when they pass
    sheet.put("deemed_denied", False)
    remark = _REMARKS.get(sheet.values.get("application.status", ""))
    sheet.notes += [remark] if remark else []


def _write_intent_to_deny(sheet: Sheet) -> None:
    """Write the clock of a notice of intent to deny; it ends where BIS changes its mind or the application is gone."""
    notified = sheet.want("application.intent_to_deny.notified_on", "itd_response_due", "denial_final_on", "appeal_due")
    sheet.put_days("itd_response_due", notified, "DENIAL_RESPONSE_DAYS")
    if sheet.values.get("application.status") in ("approved", "returned_without_action", "withdrawn"):
        return
    final = sheet.put_days("denial_final_on", notified, "DENIAL_FINAL_DAYS")
    sheet.put_days("appeal_due", final, "DENIAL_APPEAL_DAYS")
    sheet.notes.append("The denial becomes final unless BIS advises before that day that its decision has changed (750.6(b)).")


def _write_validity(sheet: Sheet) -> None:
    months = sheet.law(VALIDITY)
    if months is None:
        sheet.miss("item.eccn", "validity_months")
    sheet.put("validity_months", UNKNOWN if months is None else months, VALIDITY)


def _answered(key: str, term: str) -> Callable[[Sheet], None]:
    """Return the clock of a request that is answered, or ripe, a fixed number of days after it is registered."""

    def write(sheet: Sheet) -> None:
        registered = sheet.want("application.registered_on", key, "age_days")
        sheet.put_days(key, registered, term)
        write_age(sheet, registered)

    return write


_KINDS: Mapping[str, Callable[[Sheet], None]] = {
    "license": write_license,
    "intent_to_deny": _write_intent_to_deny,
    "license_validity": _write_validity,
    "classification": _answered("due", "CLASSIFICATION_DAYS"),
    "advisory_opinion": _answered("due", "ADVISORY_OPINION_DAYS"),
    "nac_notification": _answered("earliest_shipment_on", "NAC_NOTICE_DAYS"),
}


# ---- validated end users


def _write_veu(sheet: Sheet) -> None:
    """Write the notices a UVEU gives beforehand, and the reports of every data center VEU."""
    kind = sheet.want("veu.type", "includes_customer_list")
    for fact, key, term in (
        ("veu.shipments_start_on", "new_location_notice_by", "UVEU_NEW_LOCATION_DAYS"),
        ("veu.intercountry_move_on", "intercountry_move_notice_by", "UVEU_MOVE_DAYS"),
    ):
        day = sheet.values.get(fact)
        if day and kind == UNKNOWN:
            sheet.miss("veu.type", key)
            sheet.put(key, UNKNOWN, term)
        elif day and kind in (sheet.law("UVEU_NOTICES") or ()):
            sheet.put_days(key, day, term, sign=-1)
    if "veu.report_period" in sheet.values:
        _write_reports(sheet, str(sheet.values["veu.report_period"]))
    named = sheet.law("VEU_CUSTOMER_LIST")
    sheet.put("includes_customer_list", None if named is None else UNKNOWN if kind == UNKNOWN else kind in named,
              "VEU_CUSTOMER_LIST")  # fmt: skip


def _write_reports(sheet: Sheet, period: str) -> None:
    """Write when the inventory and the chip report for a half-year such as 2025H1 are due."""
    year, _, half = period.partition("H")
    length = sheet.law("VEU_REPORT_MONTHS")
    if length is None:
        return
    after = months_later(dt.date(int(year), 1, 1), length * int(half))
    sheet.put_days("inventory_report_due", after - dt.timedelta(days=1), "VEU_INVENTORY_REPORT_DAYS")
    later = sheet.law("VEU_CHIP_REPORT_MONTHS")
    sheet.put("chip_installation_report_due", None if later is None else months_later(after, later), "VEU_CHIP_REPORT_MONTHS")
