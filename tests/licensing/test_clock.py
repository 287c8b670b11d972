"""What is due when: 740.8(c)(1), 748.15, 750.2, 750.4, 750.6, 750.7(g), 756.2(c)(1) and Supp. No. 10 to part 748."""

from __future__ import annotations

import datetime as dt
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.apps.cli.kinds import ANSWERS, ask_clock
from penstock.apps.cli.main import main
from penstock.decision.cases import Case, read_cases, run_case
from penstock.decision.library import book
from penstock.licensing import TERMS, Clock
from penstock.terms.documents import read_document, read_facts
from penstock.terms.errors import BadDate, BadDocument, ConflictingFacts

OPEN_CASES = Path(__file__).resolve().parents[3] / "shared/contract/cases/open/clock.yaml"
REGISTERED = dt.date(2026, 1, 5)
LIMITS = ("initial_action_due", "agency_information_request_due", "recommendation_due", "oc_decision_due", "acep_appeal_due",
          "acep_decision_due", "earb_appeal_due", "earb_decision_due", "president_appeal_due", "outer_limit_on")  # fmt: skip


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def license(on: str = "2026-06-01", **facts: Any) -> Clock:
    application = {"kind": "license", "registered_on": REGISTERED, **facts}
    return ask_clock(read_facts({"application": application}), day(on))


def stop(first: str, last: str, **more: Any) -> dict[str, Any]:
    return {"reason": "information_request", "from": first, "to": last, "timely": True, **more}


# ---- 750.4: the limits


def test_every_step_used_ends_on_day_90() -> None:
    answer = license()
    days = [(answer[key] - REGISTERED).days for key in LIMITS]
    assert days == [9, 19, 39, 53, 58, 69, 74, 85, 90, 90]
    assert (answer["outer_limit_day"], answer["excluded_days"], answer["age_days"]) == (90, 0, 147)


def test_the_steps_of_the_law_add_up_to_its_outer_limit() -> None:
    law = book().law(REGISTERED)
    steps = ("INITIAL_ACTION_DAYS", "AGENCY_RECOMMENDATION_DAYS", "OC_DECISION_DAYS", "ACEP_APPEAL_DAYS", "ACEP_DECISION_DAYS",
             "EARB_APPEAL_DAYS", "EARB_DECISION_DAYS", "PRESIDENT_APPEAL_DAYS")  # fmt: skip
    assert sum(law.number(step) for step in steps) == law.number("APPLICATION_OUTER_LIMIT_DAYS")


def test_an_earlier_referral_brings_its_limits_forward_and_not_the_outer_one() -> None:
    answer = license(referred_on="2026-01-08")
    assert answer["recommendation_due"] == day("2026-02-07")
    assert answer["president_appeal_due"] == day("2026-03-30")
    assert answer["outer_limit_on"] == day("2026-04-05")


@pytest.mark.parametrize(
    ("stops", "excluded", "outer"),
    [
        pytest.param([stop("2026-01-20", "2026-03-01")], 40, "2026-05-15", id="one"),
        pytest.param([stop("2026-01-10", "2026-01-30"), stop("2026-01-20", "2026-02-09")], 30, "2026-05-05", id="overlap"),
        pytest.param([stop("2026-01-20", "2026-03-01", timely=False)], 0, "2026-04-05", id="not timely"),
        pytest.param([stop("2026-04-05", "2026-04-20")], 15, "2026-04-05", id="from the limit itself"),
        pytest.param([stop("2026-04-04", "2026-04-20")], 16, "2026-04-21", id="from the day before it"),
        pytest.param([stop("2026-04-01", "2026-04-11"), stop("2026-04-14", "2026-04-20")], 16, "2026-04-21", id="one, then one"),
        pytest.param([stop("2025-12-01", "2026-01-10")], 5, "2026-04-10", id="from before registration"),
        pytest.param([{"reason": "multilateral_consultation", "from": "2026-01-20", "to": "2026-01-30"}], 10, "2026-04-15",
                     id="750.4(b)(4) asks for no timeliness"),
        pytest.param([{"reason": "information_request", "from": "2026-05-22", "timely": True}], 10, "2026-04-05", id="still on"),
    ],
)  # fmt: skip
def test_stops(stops: list[dict[str, Any]], excluded: int, outer: str) -> None:
    answer = license(stops=stops)
    assert (answer["excluded_days"], answer["outer_limit_on"]) == (excluded, day(outer))


def test_a_check_of_unknown_timeliness_leaves_open_what_it_would_move() -> None:
    check = {"reason": "pre_license_check", "from": "2026-01-20", "to": "2026-03-01"}
    answer = license(stops=[check])
    assert answer["initial_action_due"] == day("2026-01-14")
    assert (answer["outer_limit_on"], answer["excluded_days"]) == ("unknown", "unknown")
    assert "application.stops[0].timely" in answer.missing
    assert "The outer limit is 2026-04-05 if the stops in doubt do not count, and 2026-05-15 if they all do." in answer.notes


# ---- 750.4(e), (f): silence, escalation, finality


@pytest.mark.parametrize(
    ("response", "on", "treated"),
    [
        ({"recommendation": "none"}, "2026-02-13", "pending"),
        ({"recommendation": "none"}, "2026-02-14", "no_objection"),
        ({"date": "2026-02-13", "recommendation": "deny"}, "2026-03-01", "deny"),
        ({"date": "2026-02-14", "recommendation": "deny"}, "2026-03-01", "no_objection"),
        ({"date": "2026-02-10", "recommendation": "approve"}, "2026-02-09", "pending"),
        ({"recommendation": "approve_with_conditions"}, "2026-03-01", "approve_with_conditions"),
        ({}, "2026-02-14", "no_objection"),
    ],
)
def test_what_an_agency_counts_as(response: dict[str, str], on: str, treated: str) -> None:
    answer = license(on, agency_responses=[{"agency": "State", **response}])
    assert answer["agency_treated_as"] == {"State": treated}


OC = {"body": "OC", "date": "2026-02-27", "decision": "approve"}
ACEP = {"body": "ACEP", "date": "2026-03-13", "votes_for": 1, "votes_against": 3}
EARB = {"body": "EARB", "date": "2026-03-28", "decision": "approve"}
TO_ACEP = {"to": "ACEP", "by": "Defense", "date": "2026-03-02"}
TO_EARB = {"to": "EARB", "by": "Defense", "date": "2026-03-17"}
TO_PRESIDENT = {"to": "President", "by": "Defense", "date": "2026-04-01"}
LATE = {"to": "ACEP", "by": "Defense", "date": "2026-03-05"}


@pytest.mark.parametrize(
    ("on", "decisions", "appeals", "body", "days", "final"),
    [
        pytest.param("2026-03-04", [OC], [], None, None, None, id="the last day to appeal"),
        pytest.param("2026-03-05", [OC], [], None, None, "approve", id="final after it"),
        pytest.param("2026-03-05", [OC], [TO_ACEP], "ACEP", 11, None, id="appealed"),
        pytest.param("2026-03-01", [OC], [TO_ACEP], None, None, None, id="not yet appealed"),
        pytest.param("2026-03-10", [OC], [LATE], None, None, "approve", id="appealed too late"),
        pytest.param("2026-03-19", [OC, ACEP], [TO_ACEP], None, None, "deny", id="the majority of the ACEP"),
        pytest.param("2026-03-18", [OC, ACEP], [TO_ACEP, TO_EARB], "EARB", 11, None, id="before the EARB"),
        pytest.param("2026-03-18", [OC, ACEP], [TO_EARB], "EARB", 11, None, id="the first appeal is not on record"),
        pytest.param("2026-03-29", [OC, ACEP, EARB], [TO_ACEP], None, None, None, id="called up by the Secretary"),
        pytest.param("2026-04-03", [OC, ACEP, EARB], [TO_ACEP, TO_EARB], None, None, "approve", id="the EARB is final"),
        pytest.param(
            "2026-04-03", [OC, ACEP, EARB], [TO_ACEP, TO_EARB, TO_PRESIDENT], "President", None, None, id="the President"
        ),
        pytest.param("2026-03-05", [], [TO_ACEP], "ACEP", 11, None, id="only the appeal is on record"),
        pytest.param("2026-03-05", [], [], None, None, None, id="nothing yet"),
    ],
)
def test_where_the_case_lies(
    on: str, decisions: list[dict[str, Any]], appeals: list[dict[str, Any]], body: str | None, days: int | None, final: str | None
) -> None:
    answer = license(on, decisions=decisions, appeals=appeals)
    assert (answer["next_body"], answer["next_decision_days"], answer["final_decision"]) == (body, days, final)


def test_the_next_body_counts_from_the_appeal() -> None:
    answer = license("2026-03-05", decisions=[OC], appeals=[TO_ACEP])
    assert answer["next_decision_due"] == day("2026-03-13")


def test_a_dispute_goes_to_the_operating_committee() -> None:
    said = [{"agency": "Defense", "date": "2026-02-10", "recommendation": "deny"},
            {"agency": "State", "date": "2026-02-10", "recommendation": "approve"}]  # fmt: skip
    answer = license("2026-02-14", agency_responses=said)
    assert (answer["next_body"], answer["next_decision_due"]) == ("OC", answer["oc_decision_due"])
    assert license("2026-02-14", agency_responses=said, status="withdrawn")["next_body"] is None
    assert license("2026-02-14", status="denied")["final_decision"] == "deny"


def test_decisions_and_appeals_without_a_date_leave_it_open() -> None:
    answer = license(decisions=[{"body": "OC", "decision": "approve"}], appeals=[{"to": "ACEP"}])
    assert (answer["next_body"], answer["final_decision"]) == ("unknown", "unknown")
    assert {"application.decisions[0].date", "application.appeals[0].date"} <= set(answer.missing)
    tie = license(decisions=[{"body": "OC", "date": "2026-02-27", "votes_for": 2, "votes_against": 2}])
    assert tie["final_decision"] == "unknown"
    check = {"reason": "pre_license_check", "from": "2026-03-01", "to": "2026-03-20"}
    assert license(decisions=[OC], stops=[check])["final_decision"] == "unknown"


@pytest.mark.parametrize("status", ["pending", "hold_without_action", "returned_without_action", "withdrawn"])
def test_nothing_is_deemed_approved_or_denied(status: str) -> None:
    answer = license("2030-01-01", status=status)
    assert (answer["deemed_approved"], answer["deemed_denied"], answer["final_decision"]) == (False, False, None)


# ---- the other clocks


def ask(on: str, **groups: Any) -> Clock:
    return ask_clock(read_facts(groups), day(on))


def test_intent_to_deny() -> None:
    notice = {"kind": "intent_to_deny", "intent_to_deny": {"notified_on": "2026-01-05"}}
    answer = ask("2026-01-20", application=notice)
    assert [str(answer[key]) for key in ("itd_response_due", "denial_final_on", "appeal_due")] == [
        "2026-01-25", "2026-02-19", "2026-04-05"]  # fmt: skip
    assert ask("2026-01-20", application={**notice, "status": "approved"})["denial_final_on"] is None
    unknown = ask("2026-01-20", application={"kind": "intent_to_deny"})
    assert unknown["appeal_due"] == "unknown"
    assert unknown.missing["application.intent_to_deny.notified_on"] == ("itd_response_due", "denial_final_on", "appeal_due")


@pytest.mark.parametrize(
    ("kind", "key", "due"),
    [
        ("classification", "due", "2026-05-18"),  # 750.2(a)
        ("advisory_opinion", "due", "2026-06-03"),  # 750.2(b)
        ("nac_notification", "earliest_shipment_on", "2026-05-29"),  # 740.8(c)(1)
    ],
)
def test_requests(kind: str, key: str, due: str) -> None:
    assert ask("2026-05-04", application={"kind": kind, "registered_on": "2026-05-04"})[key] == day(due)
    assert ask("2026-05-04", application={"kind": kind})[key] == "unknown"


def test_nac_has_no_clock_before_it_exists() -> None:
    assert (
        ask("2023-11-16", application={"kind": "nac_notification", "registered_on": "2023-11-16"})["earliest_shipment_on"] is None
    )


@pytest.mark.parametrize(
    ("item", "issued", "months"),
    [
        ({"eccn": "3A090.a"}, "2025-06-01", 12),
        ({"eccn": "5A992.z.1"}, "2025-01-13", 12),
        ({"chip": "h100-sxm5-80"}, "2025-06-01", 12),
        ({"eccn": "3A090.a"}, "2025-01-12", 48),
        ({"eccn": "3A090.b"}, "2025-06-01", 48),
        ({"eccn": "5A992.c"}, "2025-06-01", 48),
        ({"kind": "integrated_circuit"}, "2025-06-01", "unknown"),
    ],
)
def test_validity_follows_the_item_and_the_day_of_issue(item: dict[str, str], issued: str, months: int | str) -> None:
    answer = ask("2025-07-01", application={"kind": "license_validity", "issued_on": issued}, item=item)
    assert answer["validity_months"] == months
    assert ("item.eccn" in answer.missing) == (months == "unknown")


def test_uveu_notices() -> None:
    moves = {"shipments_start_on": "2026-06-01", "intercountry_move_on": "2026-06-01"}
    answer = ask("2025-08-01", veu={"type": "UVEU", **moves})
    assert (answer["new_location_notice_by"], answer["intercountry_move_notice_by"]) == (day("2025-12-03"), day("2026-04-02"))
    assert ask("2025-08-01", veu={"type": "NVEU", **moves})["new_location_notice_by"] is None
    assert ask("2025-01-12", veu={"type": "UVEU", **moves})["new_location_notice_by"] is None  # before 90 FR 4544
    unknown = ask("2025-08-01", veu=moves)
    assert unknown["new_location_notice_by"] == "unknown"
    assert "new_location_notice_by" in unknown.missing["veu.type"]


@pytest.mark.parametrize(
    ("period", "inventory", "chips"),
    [("2025H1", "2025-07-15", "2025-08-01"), ("2025H2", "2026-01-15", "2026-02-01"), ("2027H2", "2028-01-15", "2028-02-01")],
)
def test_veu_reports(period: str, inventory: str, chips: str) -> None:
    answer = ask("2025-08-01", veu={"type": "NVEU", "report_period": period})
    assert (answer["inventory_report_due"], answer["chip_installation_report_due"]) == (day(inventory), day(chips))
    assert answer["includes_customer_list"] is True
    assert ask("2025-08-01", veu={"type": "UVEU"})["includes_customer_list"] is False
    before = ask("2024-09-29", veu={"type": "UVEU", "report_period": period})
    assert (before["inventory_report_due"], before["includes_customer_list"]) == (None, None)


# ---- proof and bad input


def test_every_date_has_a_citation() -> None:
    for answer in (
        license(decisions=[OC], appeals=[TO_ACEP]),
        ask("2025-08-01", veu={"type": "UVEU", "report_period": "2025H1"}),
    ):
        document = answer.document()
        dated = {key for key, value in document.items() if isinstance(value, dt.date)} - {"on"}
        assert dated <= {entry["id"] for entry in document["citations"] if entry["cite"] and entry["instrument"]}


def test_every_term_is_in_the_book() -> None:
    law = book().law(dt.date(2026, 1, 5))
    assert not [name for name in TERMS if law.cell(name) is None]


@pytest.mark.parametrize(
    ("groups", "error", "at"),
    [
        ({"item": {"eccn": "EAR99"}}, BadDocument, "application"),
        ({"application": {"kind": "license", "registered_on": "2026-01-05", "referred_on": "2026-01-04"}}, ConflictingFacts,
         "application.referred_on"),
        ({"application": {"kind": "license", "stops": [stop("2026-02-01", "2026-01-01")]}}, ConflictingFacts,
         "application.stops[0].to"),
        ({"application": {"kind": "license", "registered_on": "9999-12-01"}}, BadDate, "application"),
        ({"veu": {"type": "UVEU", "shipments_start_on": "0001-01-02"}}, BadDate, "veu"),
    ],
)  # fmt: skip
def test_documents_that_cannot_be_dated(groups: dict[str, Any], error: type[Exception], at: str) -> None:
    with pytest.raises(error) as raised:
        ask("2026-01-05", **groups)
    assert getattr(raised.value, "at", None) == at


def test_a_license_without_facts_is_unknown_and_says_so() -> None:
    answer = ask("2026-01-05", application={"kind": "license"})
    assert {answer[key] for key in (*LIMITS, "age_days")} == {"unknown"}
    assert "application.registered_on" in answer.missing
    silent = ask("2026-01-05", application={"kind": "license", "agency_responses": [{"agency": "State"}]})
    assert silent["agency_treated_as"] == {"State": "unknown"}
    assert "application.kind" in ask("2026-01-05", application={"registered_on": "2026-01-05"}).missing
    assert license("2026-01-04")["age_days"] is None


# ---- properties

DAYS = st.dates(dt.date(2022, 1, 1), dt.date(2030, 12, 31))


@st.composite
def stops(draw: st.DrawFn, start: dt.date) -> list[tuple[dt.date, dt.date]]:
    pairs = st.tuples(st.integers(-10, 150), st.integers(0, 60))
    days = draw(st.lists(pairs, max_size=4))
    return [(start + dt.timedelta(days=first), start + dt.timedelta(days=first + length)) for first, length in days]


@given(data=st.data(), registered=DAYS)
def test_exactly_ninety_counted_days_pass_before_the_outer_limit(data: st.DataObject, registered: dt.date) -> None:
    spans = data.draw(stops(registered))
    rows = [stop(str(first), str(last)) for first, last in spans]
    answer = license(registered_on=registered, stops=rows)
    due = answer["outer_limit_on"]
    passed = [registered + dt.timedelta(days=n) for n in range(1, (due - registered).days + 1)]
    counted = [d for d in passed if not any(first < d <= last for first, last in spans)]
    assert len(counted) == answer["outer_limit_day"]
    assert counted[-1] == due == answer["president_appeal_due"]


@given(data=st.data(), registered=DAYS)
def test_stops_only_push_limits_and_never_by_more_than_their_days(data: st.DataObject, registered: dt.date) -> None:
    rows = [stop(str(first), str(last)) for first, last in data.draw(stops(registered))]
    without, with_stops = license(registered_on=registered), license(registered_on=registered, stops=rows)
    for key in LIMITS:
        assert 0 <= (with_stops[key] - without[key]).days <= with_stops["excluded_days"]
    due = [with_stops[key] for key in LIMITS if key != "agency_information_request_due"]
    assert due == sorted(due)


@given(data=st.data(), registered=DAYS)
def test_a_known_limit_stays_when_the_doubt_is_settled(data: st.DataObject, registered: dt.date) -> None:
    spans = data.draw(stops(registered))
    open_ = [{"reason": "pre_license_check", "from": a, "to": b} for a, b in spans]
    settled = [{**row, "timely": data.draw(st.booleans())} for row in open_]
    before, after = license(registered_on=registered, stops=open_), license(registered_on=registered, stops=settled)
    assert all(before[key] in ("unknown", after[key]) for key in (*LIMITS, "excluded_days"))


# ---- the contract


@pytest.mark.skipif(not OPEN_CASES.exists(), reason="the contract's case files are not in this checkout")
def test_open_cases() -> None:
    cases: list[Case] = read_cases(read_document(OPEN_CASES, str)) if OPEN_CASES.exists() else []
    assert {case.id: run_case(case, ANSWERS) for case in cases} == {case.id: [] for case in cases}


def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, document: Any, *more: str) -> tuple[int, str]:
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(document)))
    with pytest.raises(SystemExit) as ended:
        main(["clock", "-", "--on", "2026-03-05", *more])
    return int(ended.value.code or 0), capsys.readouterr().out


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ({"application": {"kind": "license", "registered_on": "2026-01-05"}}, "referred to the President by 2026-04-05."),
        ({"application": {"kind": "license", "registered_on": "2026-01-05", "decisions": [OC]}}, "is final: approve."),
        (
            {"application": {"kind": "license", "decisions": [OC], "appeals": [TO_ACEP]}},
            "the Advisory Committee on Export Policy (ACEP), which decides",
        ),
        ({"application": {"kind": "license"}}, "the facts given do not date it."),
        ({"application": {"kind": "intent_to_deny", "status": "withdrawn"}}, "no limit runs."),
        ({"veu": {"type": "UVEU"}}, "Dates of a validated end user (UVEU), by the law of 2026-03-05."),
    ],
)
def test_one_sentence_first(
    document: Any, sentence: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, said = run(capsys, monkeypatch, document)
    assert (code, said.splitlines()[0].endswith(sentence)) == (0, True), said


def test_dates_in_words_and_as_a_document(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    facts = {"application": {"kind": "license", "registered_on": "2026-01-05", "stops": [stop("2026-01-20", "2026-03-01")],
                             "agency_responses": [{"agency": "State"}]}}  # fmt: skip
    _, said = run(capsys, monkeypatch, facts)
    assert "  2026-05-15  outer limit [750.4(a)(1)]" in said.splitlines()
    assert "  days that do not count: 40" in said.splitlines()
    assert "  State counts as: pending [750.4(d)(2), (e)]" in said.splitlines()
    code, said = run(capsys, monkeypatch, facts, "--json")
    assert (code, json.loads(said)["outer_limit_on"], json.loads(said)["kind"]) == (0, "2026-05-15", "license")


@pytest.mark.parametrize(
    ("document", "at"),
    [
        ({"application": {"kind": "licence"}}, "application.kind"),
        ({"application": {"registered_on": "2026-02-30"}}, "application.registered_on"),
        ({"application": {"decisions": [{"body": "BIS"}]}}, "application.decisions[0].body"),
        ({"veu": {"report_period": "2025Q1"}}, "veu.report_period"),
        ({"item": {"eccn": "EAR99"}}, "application"),
    ],
)
def test_bad_input_says_where(
    document: Any, at: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, said = run(capsys, monkeypatch, document, "--json")
    assert (code, json.loads(said)["error"]["at"]) == (3, at)
