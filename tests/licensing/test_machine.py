"""The case machine: 750.4, 750.6, 750.7, 750.8 and Supp. No. 9 to part 748, event by event."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from penstock.licensing import Event, as_of, check_day, next_state, read_event, replay, statute_on
from penstock.licensing.case import FINAL, OPEN_STATUSES, decode, encode
from penstock.licensing.events import KINDS
from penstock.licensing.owed import obligations
from penstock.terms.errors import EventRefused, MissingRequired
from tests.licensing.acts import (
    AGENCIES,
    BASIS,
    DAY0,
    LAW,
    act,
    appeals,
    approved,
    day,
    decides,
    disputed,
    intent,
    issued,
    recommends,
    referred,
    registered,
    revises,
    tell,
    up_to_the_board,
    votes,
)


def owed(events: list[Event], on: int | None = None) -> dict[str, int]:
    """Return the duties owed after events, with the day of the clock each is due on."""
    case, found = tell(*events)
    if on is not None:
        _, found = as_of(case, day(on), LAW)
    return {o.duty.id: o.due - day(0) for o in found}


def status(events: list[Event], on: int | None = None) -> str:
    case, _ = tell(*events)
    return as_of(case, day(on), LAW)[0].status if on is not None else case.status


def refused(events: list[Event], event: Event) -> str:
    """Return why an event is refused, having seen that the case is unchanged."""
    case, before = tell(*events)
    copy = decode(encode(case))
    with pytest.raises(EventRefused) as caught:
        next_state(case, event, LAW)
    assert case == copy
    assert obligations(case, LAW) == before
    assert caught.value.exit_code == 3
    return caught.value.message


# ---- the clocks of 750.4


def test_every_step_used_to_the_full_ends_on_day_90() -> None:
    events = up_to_the_board()
    dues = [owed(events[:n]) for n in range(1, len(events) + 1)]
    assert dues[0] == {"initial_action": 9, "outer_limit": 90}
    assert dues[1] == {"recommendation": 39, "missing_information": 19, "outer_limit": 90}
    assert dues[4] == {"oc_decision": 53, "outer_limit": 90}
    assert dues[5] == {"acep_appeal": 58, "outer_limit": 90}
    assert dues[6] == {"acep_decision": 69, "outer_limit": 90}
    assert dues[11] == {"earb_appeal": 74, "outer_limit": 90}
    assert dues[12] == {"earb_decision": 85, "outer_limit": 90}
    assert dues[17] == {"president_appeal": 90, "outer_limit": 90}
    assert LAW.longest == LAW.outer == 90


def test_every_pending_agency_owes_a_recommendation_of_its_own() -> None:
    _, found = tell(registered(), referred(), recommends("State", 12, "approve"))
    assert [(o.actor, o.duty.id) for o in found][:4] == [
        ("Defense", "recommendation"), ("Defense", "missing_information"),
        ("Energy", "recommendation"), ("Energy", "missing_information"),
    ]  # fmt: skip
    assert {o.duty.cite for o in found if o.duty.id == "recommendation"} == {"750.4(d)(2), (e)"}


def test_silence_is_no_objection_and_nothing_more() -> None:
    asked = [registered(), referred()]
    assert status(asked, 39) == "referred"
    case, found = as_of(tell(*asked)[0], day(40), LAW)
    assert (case.status, dict(case.positions)) == ("agreed", dict.fromkeys(AGENCIES, "no_objection"))
    assert [o.duty.id for o in found] == ["outer_limit"]
    assert status(asked, 400) == "agreed"


def test_a_late_recommendation_is_refused_and_told_why() -> None:
    assert "750.4(d)(2)" in refused([registered(), referred()], recommends("Defense", 40, "deny"))


def test_a_denial_without_its_basis_counts_for_nothing() -> None:
    event = act("recommended", 20, "Defense", recommendation="deny", reasons="risk")
    assert "statutory_basis, regulatory_basis (750.4(e))" in refused([registered(), referred()], event)


def test_agencies_that_disagree_are_before_the_committee_at_once() -> None:
    assert status(disputed()) == "oc"
    assert status(disputed()[:4]) == "referred"
    assert status(disputed()[:4], 40) == "oc"  # Energy stays silent


# ---- a recommendation is changed before the decision


def test_an_agency_changes_its_recommendation_and_the_case_follows() -> None:
    asked = [registered(), referred(), recommends("Defense", 15, "approve"), recommends("State", 16, "approve")]
    assert dict(tell(*asked, revises("State", 17, "approve_with_conditions"))[0].positions)["State"] == "approve_with_conditions"
    agreeing = [*asked, recommends("Energy", 18, "approve")]
    assert [status([*agreeing, revises("Defense", on, "deny")]) for on in (18, 39)] == ["oc", "oc"]
    settled = [*disputed(), revises("Defense", 45, "approve_with_conditions")]
    assert status(settled) == "agreed"
    assert status([*settled, act("approved", 46, "Commerce")]) == "approved"
    kept = [event.data["recommendation"] for event in settled if event.by == "Defense"]
    assert kept == ["deny", "approve_with_conditions"]  # the earlier one is in the history


def test_a_dispute_that_goes_on_stays_before_the_committee() -> None:
    two = [registered(), referred(), recommends("Defense", 30, "deny"), recommends("Energy", 31, "deny"),
           recommends("State", 33, "approve")]  # fmt: skip
    assert status([*two, revises("Energy", 45, "no_objection")]) == "oc"
    assert status([*two, revises("State", 45, "no_objection")]) == "agreed"  # all who speak would deny
    brought = [registered(), referred(), *(recommends(agency, 20, "approve") for agency in ("Defense", "Energy", "State")),
               act("escalated", 21, "Commerce")]  # fmt: skip
    assert status([*brought, revises("State", 22, "approve_with_conditions")]) == "oc"  # Commerce has brought it there


@pytest.mark.parametrize(
    ("events", "event", "why"),
    [
        ([registered(), referred()], revises("State", 12, "approve"), "has recommended nothing yet"),
        ([registered(), referred()], revises("Justice", 12, "approve"), "Justice was not asked"),
        (disputed(), revises("Defense", 40, "deny"), "says deny already"),
        (disputed(), revises("State", 40, "deny"), "30 days to recommend are over"),
        (disputed(), revises("State", 40, "approve_with_conditions"), "is no less than approve"),
        (disputed(), act("revised", 39, "State", recommendation="deny", reasons="x"), "statutory_basis, regulatory_basis (750.4(e))"),
        ([*disputed(), decides("OC", 53, "approve")], revises("Defense", 54, "approve"), "the case is oc_decided"),
        (approved(), revises("State", 23, "deny"), "the case is approved"),
        ([registered(), referred()], revises("State", 40, "approve"), "is no less than no_objection"),  # its silence has counted
    ],
)  # fmt: skip
def test_what_comes_too_late_to_be_changed_is_refused(events: list[Event], event: Event, why: str) -> None:
    assert why in refused(events, event)


def test_a_change_needs_its_reason() -> None:
    with pytest.raises(MissingRequired, match="revised says reasons"):
        act("revised", 12, "State", recommendation="approve")


def test_commerce_cannot_decide_against_an_agency_by_itself() -> None:
    events = [registered(), referred(), recommends("Defense", 20, "deny")]
    assert status(events, 40) == "agreed"
    later = [*events, act("tick", 40, "Clock")]
    assert "Defense recommends denial" in refused(later, act("approved", 41, "Commerce"))
    assert status([*later, act("escalated", 41, "Commerce")]) == "oc"
    assert status([*later, act("denial_decided", 41, "Commerce")]) == "denying"
    agreeing = [registered(), referred(), recommends("State", 20, "approve"), act("tick", 40, "Clock")]
    assert "State recommends approval" in refused(agreeing, act("denial_decided", 41, "Commerce"))


def test_the_chair_decides_alone_except_where_the_order_says_majority() -> None:
    assert "decides alone" in refused(disputed(), votes(45, State="approve")[0])
    satellites = [registered(oc_majority=True), *disputed()[1:]]
    assert "0 voted to approve" in refused(satellites, decides("OC", 45, "approve"))
    assert status([*satellites, *votes(45, State="approve", Energy="approve", Defense="deny"), decides("OC", 46, "approve")]) == (
        "oc_decided"
    )


def test_a_decision_not_appealed_is_final_the_day_after() -> None:
    events = [*disputed(), decides("OC", 50, "approve")]
    assert [status(events, on) for on in (55, 56)] == ["oc_decided", "approved"]
    assert status([*disputed(), decides("OC", 50, "deny")], 56) == "denying"


@pytest.mark.parametrize(
    ("event", "why"),
    [
        (appeals("Defense", 59, "ACEP"), "the case is approved"),
        (appeals("Justice", 55, "ACEP"), "Defense, Energy, State can"),
        (appeals("Defense", 55, "EARB"), "goes to the ACEP"),
        (act("appealed", 55, "Defense", to="ACEP", **BASIS), "confirmed by the Senate"),
        (act("appealed", 55, "Defense", to="ACEP", senate_confirmed=True), "statutory_basis and the regulatory_basis"),
    ],
)
def test_appeals_keep_to_their_form_and_their_days(event: Event, why: str) -> None:
    assert why in refused([*disputed(), decides("OC", 53, "approve")], event)


def test_only_dissenters_appeal_to_the_board_or_the_secretary_calls_it() -> None:
    decided = up_to_the_board()[:12]
    assert "State cannot" in refused(decided, appeals("State", 70, "EARB"))
    assert status([*decided, appeals("Commerce", 70, "EARB")]) == "earb"
    assert "head of the agency" in refused(decided, act("appealed", 70, "Defense", to="EARB", **BASIS))


def test_acep_and_board_decide_by_majority() -> None:
    at_acep = up_to_the_board()[:7]
    tied = [*at_acep, *votes(60, Commerce="approve", Defense="deny", Energy="deny", State="approve")]
    assert "no majority" in refused(tied, decides("ACEP", 61, "approve"))
    assert status([*tied, appeals("Commerce", 61, "EARB")]) == "earb"
    lost = [*at_acep, *votes(60, Commerce="approve", Defense="deny", Energy="deny", State="deny")]
    assert "1 voted to approve and 3 to deny" in refused(lost, decides("ACEP", 61, "approve"))
    assert status([*lost, decides("ACEP", 61, "deny")], 67) == "denying"
    assert "has voted deny already" in refused(lost, votes(62, State="approve")[0])
    assert "no member" in refused(at_acep, votes(60, Justice="deny")[0])


def test_the_president_is_last_and_has_no_clock() -> None:
    asked = [*up_to_the_board(), act("appealed", 90, "Defense", to="President", head_of_agency=True, in_writing=True)]
    case, found = tell(*asked)
    assert case.status == "president"
    assert [(o.actor, o.duty.basis) for o in found] == [("President", "practice")]
    assert status([*asked, decides("President", 140, "approve")]) == "approved"
    assert owed([*asked, decides("President", 140, "approve")])["late_issue"] > 140
    assert status(up_to_the_board(), 91) == "approved"


def test_what_is_not_resolved_in_90_days_goes_to_the_president_only_then() -> None:
    assert "the 90 days of an application have not run (750.4(a)(1))" in refused(
        disputed(), act("sent_to_president", 89, "Commerce")
    )
    assert status([*disputed(), act("sent_to_president", 90, "Commerce")]) == "president"


# ---- tolling


def test_a_request_for_information_stops_every_clock() -> None:
    events = [registered(), act("stop_begun", 4, "Commerce", reason="information_request")]
    assert owed(events)["answer_request"] == 34
    assert owed(events, 20)["initial_action"] == 25
    done = [*events, act("stop_ended", 24, "Commerce", reason="information_request")]
    assert owed(done) == {"initial_action": 29, "outer_limit": 110}
    _, found = tell(*done)
    assert [(first - day(0), last - day(0)) for first, last in found[0].tolled] == [(4, 24)]


def test_an_agency_may_say_within_ten_days_what_the_referral_lacks() -> None:
    asked = [registered(), referred(), act("information_lacking", 19, "Energy", text="end use statement")]
    answered = [*asked, act("stop_ended", 29, "Energy", reason="information_request")]
    assert owed(answered)["recommendation"] == 49
    assert "10 days" in refused([registered(), referred()], act("information_lacking", 20, "Energy", text="more"))
    assert "waits for an answer" in refused(asked, act("information_lacking", 19, "Energy", text="more"))


@pytest.mark.parametrize(("found_on", "done_on", "outer"), [(15, 50, 125), (14, 50, 90), (15, 49, 90)])
def test_a_pre_license_check_counts_out_only_where_it_was_timely(found_on: int, done_on: int, outer: int) -> None:
    """Requested on day 20, within 5 days of the finding; reported on day 55, within 5 of the analysis (750.4(b)(2)(ii))."""
    found, done = (DAY0 + dt.timedelta(days=n) for n in (found_on, done_on))
    events = [
        registered(),
        referred(),
        act("stop_begun", 20, "Commerce", reason="pre_license_check", determined_on=found),
        act("stop_ended", 55, "Commerce", reason="pre_license_check", completed_on=done),
    ]
    assert as_of(tell(*events)[0], day(55), LAW)[1][-1].due - day(0) == outer


def test_assurances_count_out_only_if_the_license_follows_within_five_days() -> None:
    asked = [
        *approved(),
        act("stop_begun", 25, "Commerce", reason="government_assurances", determined_on=DAY0 + dt.timedelta(days=22)),
        act("stop_ended", 65, "Commerce", reason="government_assurances", initiated_on=DAY0 + dt.timedelta(days=30)),
    ]
    assert owed(asked) == {"assurances_issue": 70, "outer_limit": 130}
    assert owed(asked, 70)["outer_limit"] == 130
    assert owed(asked, 71) == {"outer_limit": 90}
    late = [
        *asked[:-1],
        act("stop_ended", 65, "Commerce", reason="government_assurances", initiated_on=DAY0 + dt.timedelta(days=36)),
    ]
    assert owed(late) == {"outer_limit": 90}
    assert status([*asked, act("issued", 70, "Commerce", license="D1", validity_months=48)]) == "issued"


def test_a_notice_to_congress_keeps_the_license_back() -> None:
    asked = [*approved(), act("stop_begun", 25, "Commerce", reason="congressional_notification")]
    issue = {"license": "D1", "validity_months": 48}
    assert "750.4(b)(6)" in refused(asked, act("issued", 54, "Commerce", **issue))
    assert "750.4(b)(6)" in refused(asked, act("stop_ended", 54, "Commerce", reason="congressional_notification"))
    assert status([*asked, act("issued", 55, "Commerce", **issue)]) == "issued"


def test_a_hold_is_a_practice_and_stops_no_clock() -> None:
    events = [registered(), act("held", 3, "Commerce", text="all new applications are held")]
    _, found = tell(*events)
    assert {o.duty.id: o.due - day(0) for o in found} == {"initial_action": 9, "outer_limit": 90, "hold_review": 33}
    assert {o.duty.basis for o in found if o.duty.id == "hold_review"} == {"practice"}
    assert KINDS["held"].practice
    assert "held already" in refused(events, act("held", 4, "Commerce", text="again"))
    assert "hold_review" not in owed([*events, act("released", 40, "Commerce")])


# ---- denial


def test_an_intent_to_deny_becomes_a_denial_on_day_45_and_can_be_appealed_for_45_more() -> None:
    assert owed(intent()) == {"denial_response": 29, "denial_final": 54}
    assert [status(intent(), on) for on in (54, 55, 99, 100)] == ["intent_to_deny", "denied", "denied", "denial_stands"]
    assert owed(intent(), 60) == {"denial_appeal": 99}
    case, _ = as_of(tell(*intent())[0], day(200), LAW)
    assert (case.final, case.since - day(0)) == (True, 99)


def test_the_applicant_has_twenty_days_to_respond() -> None:
    assert "20 days" in refused(intent(), act("responded", 30, "Applicant", text="new terms"))
    answered = [*intent(), act("responded", 24, "Applicant", text="new terms")]
    assert owed(answered) == {"denial_final": 54}
    assert status([*answered, act("denial_changed", 54, "Commerce", changed_to="approve")]) == "approved"
    assert status([*answered, act("denial_changed", 50, "Commerce", changed_to="review")]) == "registered"
    assert "denied" in refused(answered, act("denial_changed", 55, "Commerce", changed_to="approve"))


def test_a_denial_is_appealed_to_the_under_secretary() -> None:
    appealed = [*intent(), act("appeal_filed", 99, "Applicant", text="grounds")]
    assert owed(appealed) == {"under_secretary": 129}
    assert status([*appealed, decides("Under Secretary", 150, "approve")]) == "approved"
    assert status([*appealed, decides("Under Secretary", 150, "deny")]) == "denial_stands"
    assert "denial_stands" in refused(intent(), act("appeal_filed", 100, "Applicant", text="grounds"))


def test_a_decision_to_deny_is_notified_within_five_days() -> None:
    decided = [*disputed(), decides("OC", 50, "deny"), act("tick", 56, "Clock")]
    assert owed(decided)["denial_notice"] == 60
    assert status([*decided, act("denial_notified", 60, "Commerce", reasons="risk", **BASIS)]) == "intent_to_deny"


# ---- licenses


def test_a_license_lapses_after_its_months_and_no_earlier() -> None:
    case, _ = tell(*issued())
    until = dt.date.fromordinal(case.valid_until)
    assert until == dt.date(2030, 1, 29)
    assert as_of(case, case.valid_until, LAW)[0].status == "issued"
    assert as_of(case, case.valid_until + 1, LAW)[0].status == "expired"
    longer = [*issued(), act("extended", 30, "Commerce", valid_until=until + dt.timedelta(days=365))]
    assert tell(*longer)[0].valid_until == case.valid_until + 365
    assert "750.7(g)(1)" in refused(issued(), act("extended", 30, "Commerce", valid_until=until))


def test_conditions_are_owed_until_they_are_met() -> None:
    reports = {"id": "report", "text": "report the installed base", "due": DAY0 + dt.timedelta(days=200), "every_days": 182}
    events = issued(conditions=["no reexport", reports])
    _, found = tell(*events)
    assert [(o.text, o.due - day(0), o.duty.cite) for o in found if o.duty.id == "condition"][1] == (
        "report: report the installed base", 200, "750.7(a)(1), (d)",
    )  # fmt: skip
    again = [*events, act("condition_met", 190, "Licensee", condition="report")]
    assert [o.due - day(0) for o in tell(*again)[1] if o.text.startswith("report")] == [382]
    assert "Open: no reexport, report." in str(hint_of(events, act("condition_met", 190, "Licensee", condition="reprot")))


def hint_of(events: list[Event], event: Event) -> str | None:
    with pytest.raises(EventRefused) as caught:
        next_state(tell(*events)[0], event, LAW)
    return caught.value.hint


def test_a_license_is_revoked_suspended_reinstated_or_void() -> None:
    text = {"text": "as found"}
    suspended = [*issued(), act("suspended", 40, "Commerce", **text)]
    assert owed(suspended)["suspension_review"] == 70
    assert status([*suspended, act("reinstated", 50, "Commerce")]) == "issued"
    assert status([*suspended, act("revoked", 50, "Commerce", **text)]) == "revoked"
    assert status([*issued(), act("voided", 50, "Commerce", **text)]) == "void"


def test_four_eyes_a_decision_is_proposed_by_one_officer_and_taken_by_another() -> None:
    events = [registered(four_eyes=True), *approved()[1:-1]]
    take = act("approved", 22, "Commerce", officer="A")
    assert "no officer has proposed it" in refused(events, take)
    proposed = [*events, act("proposed", 21, "Commerce", officer="A", event="approved")]
    assert "a second officer takes it, not A" in refused(proposed, take)
    assert "proposed: approved" in refused(proposed, act("returned", 22, "Commerce", officer="B", ground="deficiency"))
    case, _ = tell(*proposed, act("approved", 22, "Commerce", officer="B"))
    assert (case.status, case.proposal) == ("approved", ("", ""))


def test_a_case_is_assigned_within_each_agency() -> None:
    events = [registered(), act("assigned", 1, "Commerce", to_officer="A"), act("assigned", 2, "State", to_officer="S"),
              act("assigned", 3, "Commerce", to_officer="B")]  # fmt: skip
    assert tell(*events)[0].officers == (("Commerce", "B"), ("State", "S"))


# ---- ends, and what is refused


@pytest.mark.parametrize(
    ("end", "final"),
    [
        (act("returned", 20, "Commerce", ground="deficiency"), "returned"),
        (act("withdrawn", 20, "Applicant"), "withdrawn"),
    ],
)
def test_what_is_returned_or_withdrawn_is_closed(end: Event, final: str) -> None:
    events = [registered(), referred(), end]
    case, found = tell(*events)
    assert (case.status, case.final, found) == (final, True, ())
    assert "closed" in refused(events, recommends("State", 21, "approve"))
    assert "750.4(a)(2)" in str(hint_of(events, recommends("State", 21, "approve")))


@pytest.mark.parametrize(
    ("events", "event", "why"),
    [
        pytest.param([registered(), referred()], recommends("State", 8, "approve"), "told in order", id="out of order"),
        pytest.param([registered(), referred()], referred(10), "the case is referred", id="twice"),
        pytest.param([registered()], registered(), "was registered on 2026-01-05", id="registered twice"),
        pytest.param([registered(), referred()], recommends("Justice", 12, "approve"), "was not asked", id="agency not asked"),
        pytest.param([registered()], act("referred", 3, "State", agencies=["Energy"]), "only Commerce can", id="wrong agency"),
        pytest.param([registered()], act("referred", 3, "Commerce", agencies=["Interior"]), "no reviewing agency", id="no agency"),
        pytest.param([registered()], decides("OC", 3, "approve"), "the case is registered", id="too early"),
        pytest.param(disputed(), decides("EARB", 50, "approve"), "lies before the OC", id="wrong body"),
        pytest.param([registered()], act("issued", 3, "Commerce", license="D", validity_months=48), "is registered", id="not approved"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_with_its_paragraph(events: list[Event], event: Event, why: str) -> None:
    message = refused(events, event)
    assert why in message
    assert any(part in message for part in ("750.", "748."))


def test_the_future_is_refused() -> None:
    with pytest.raises(EventRefused, match="today is 2026-01-05"):
        check_day(referred(1), day(0))
    check_day(referred(0), day(0))


def test_the_first_event_registers_the_case() -> None:
    for event in (referred(), act("registered", 0, "Applicant")._replace(by="State")):
        with pytest.raises(EventRefused):
            next_state(None, event, LAW, "L-1")
    with pytest.raises(EventRefused, match="No event is called"):
        next_state(None, Event("approve", day(0), "Commerce"), LAW, "L-1")


# ---- validated end users


def erc(**said: str) -> list[Event]:
    asked = [registered(kind_of_case="veu"), act("circulated", 2, "Commerce", agencies=["Commerce"])]
    return [*asked, *votes(10, **said)]


ALL = {"Commerce": "approve", "Defense": "approve", "Energy": "approve", "State": "approve"}


def test_the_committee_authorizes_with_every_vote_and_removes_with_most() -> None:
    assert owed(erc()) == {"erc_decision": 32}
    assert "not yet: State" in refused(
        erc(Commerce="approve", Defense="approve", Energy="approve"), decides("ERC", 11, "approve")
    )
    assert "against: State" in refused(erc(**{**ALL, "State": "deny"}), decides("ERC", 11, "approve"))
    granted = [*erc(**ALL), decides("ERC", 11, "approve")]
    assert [status(granted, on) for on in (16, 17)] == ["erc_decided", "authorized"]
    removing = [*granted, act("removal_proposed", 40, "State", text="diversion found")]
    two = [*removing, *votes(41, State="deny", Defense="deny", Energy="approve")]
    assert "3 are needed" in refused(two, decides("ERC", 42, "deny"))
    removed = [*two, *votes(42, Commerce="deny"), decides("ERC", 43, "deny")]
    assert [status(removed, on) for on in (48, 49)] == ["erc_decided", "removed"]
    assert status([*two, decides("ERC", 43, "approve")], 49) == "authorized"
    above = [*removed, appeals("Energy", 45, "ACEP"), *votes(50, **ALL), decides("ACEP", 51, "approve")]
    assert status(above, 57) == "authorized"  # para. 5: whatever the committee decides can be escalated


def test_a_validated_end_user_that_is_not_authorized_is_declined_or_escalated() -> None:
    said_no = [*erc(**{**ALL, "State": "deny"}), decides("ERC", 11, "deny")]
    assert status(said_no, 17) == "declined"
    above = [*said_no, appeals("Commerce", 15, "ACEP"), *votes(20, **ALL), decides("ACEP", 21, "approve")]
    assert status(above, 27) == "authorized"
    assert owed(above[:-5]) == {"acep_decision": 26}  # the 90 days are those of a license application


def test_the_days_of_a_request_for_information_do_not_count_for_the_committee() -> None:
    asked = [*erc(), act("stop_begun", 12, "Commerce", reason="information_request"),
             act("stop_ended", 22, "Commerce", reason="information_request")]  # fmt: skip
    assert owed(asked) == {"erc_decision": 42}


def test_a_validated_end_user_reports_its_inventory_every_half_year() -> None:
    granted = [*erc(**ALL), decides("ERC", 11, "approve"), act("tick", 17, "Clock")]
    _, found = tell(*granted)
    assert [dt.date.fromordinal(o.due) for o in found] == [dt.date(2026, 7, 15)]
    reported = act("reported", 190, "End user", period_end=dt.date(2026, 6, 30))
    assert [dt.date.fromordinal(o.due) for o in tell(*granted, reported)[1]] == [dt.date(2027, 1, 15)]


# ---- documents and laws


def test_every_kind_of_event_is_reachable_and_cites() -> None:
    for name, kind in KINDS.items():
        assert kind.cite, name
        assert kind.by, name
        assert kind.statuses <= OPEN_STATUSES, name
    assert not FINAL & OPEN_STATUSES
    assert {status for kind in KINDS.values() for status in kind.statuses} == OPEN_STATUSES


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("text", "bad_document"),
        ({"on": "2026-01-05", "by": "State"}, "missing_required"),
        ({"kind": "recomended", "on": "2026-01-05", "by": "State"}, "bad_enum"),
        ({"kind": "recommended", "on": "2026-01-05", "by": "State"}, "missing_required"),
        ({"kind": "recommended", "on": "2026-02-30", "by": "State", "recommendation": "approve"}, "bad_date"),
        ({"kind": "recommended", "on": "2200-01-01", "by": "State", "recommendation": "approve"}, "bad_date"),
        ({"kind": "recommended", "on": "2026-01-05", "by": "State", "recommendation": "aprove"}, "bad_enum"),
        ({"kind": "recommended", "on": "2026-01-05", "by": "State", "recommendation": "deny", "raesons": "x"}, "unknown_fact"),
        ({"kind": "recommended", "on": "2026-01-05", "by": 7, "recommendation": "deny"}, "bad_type"),
        ({"kind": "referred", "on": "2026-01-05", "by": "Commerce", "agencies": "State"}, "bad_type"),
        ({"kind": "registered", "on": "2026-01-05", "by": "Applicant", "four_eyes": "yes"}, "bad_type"),
        ({"kind": "issued", "on": "2026-01-05", "by": "Commerce", "license": "D", "validity_months": 0}, "bad_number"),
        ({"kind": "issued", "on": "2026-01-05", "by": "Commerce", "license": "D", "validity_months": "x"}, "bad_type"),
        ({"kind": "issued", "on": "2026-01-05", "by": "Commerce", "license": "D", "validity_months": 1, "conditions": [{}]}, "bad_type"),
        ({"kind": "issued", "on": "2026-01-05", "by": "Commerce", "license": "D", "validity_months": 1,
          "conditions": [{"id": "a", "every_days": 5}]}, "missing_required"),
        ({"kind": "issued", "on": "2026-01-05", "by": "Commerce", "license": "D", "validity_months": 1,
          "conditions": [{"id": "a", "evry_days": 5}]}, "unknown_fact"),
    ],
)  # fmt: skip
def test_events_that_cannot_be_read_are_one_clear_error(raw: Any, code: str) -> None:
    from penstock.terms.errors import FactError

    with pytest.raises(FactError) as caught:
        read_event(raw)
    assert caught.value.code == code
    assert caught.value.at


def test_the_law_of_each_day_governs_its_event() -> None:
    case = replay("L-1", up_to_the_board(), statute_on)
    assert case == tell(*up_to_the_board())[0]
