"""What holds in every case, whatever happens in it: owners and due dates, clocks, tolling, no deemed approval."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.apps.cli.kinds import ask_clock
from penstock.licensing import Case, Event, as_of, event_document, next_state, read_event, replay, statute_on
from penstock.licensing.case import FINAL, STATUSES, decode, encode
from penstock.licensing.duties import AGENCIES
from penstock.licensing.events import KINDS, REASONS
from penstock.licensing.lapses import advance
from penstock.licensing.owed import appellants, obligations
from penstock.licensing.stops import Stops
from penstock.licensing.tolling import after, counted, merged, running
from penstock.terms.documents import read_facts
from penstock.terms.errors import EventRefused, FactError
from tests.licensing.acts import AGENCIES as ASKED
from tests.licensing.acts import DAY0, LAW, act, decides, intent, issued, tell, up_to_the_board, votes
from tests.strategies import json_values

ACTORS = sorted({by for kind in KINDS.values() for by in kind.by})
DATES = st.integers(-40, 400).map(lambda n: DAY0 + dt.timedelta(days=n))
CONDITIONS = st.lists(
    st.fixed_dictionaries(
        {"id": st.sampled_from("ab"), "text": st.just("t"), "due": DATES, "every_days": st.sampled_from([0, 30])}
    ),
    max_size=2,
)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "kind_of_case": st.sampled_from(["license", "veu"]),
    "four_eyes": st.sampled_from([False, False, False, True]),
    "oc_majority": st.sampled_from([False, False, False, True]),
    "agencies": st.lists(st.sampled_from(AGENCIES), min_size=1, max_size=4),
    "recommendation": st.sampled_from(["approve", "approve_with_conditions", "deny", "no_objection"]),
    "vote": st.sampled_from(["approve", "deny"]),
    "decision": st.sampled_from(["approve", "deny"]),
    "to": st.sampled_from(["ACEP", "EARB", "President"]),
    "changed_to": st.sampled_from(["approve", "review"]),
    "ground": st.just("deficiency"),
    "reason": st.sampled_from(REASONS),
    "event": st.sampled_from([name for name, kind in KINDS.items() if kind.signed]),
    "condition": st.sampled_from("ab"),
    "conditions": CONDITIONS,
    "documents": st.just(["letter"]),
    "validity_months": st.integers(1, 60),
    "quantity": st.integers(1, 10),
    "senate_confirmed": st.just(True),
    "head_of_agency": st.just(True),
    "in_writing": st.just(True),
    "determined_on": DATES,
    "completed_on": DATES,
    "initiated_on": DATES,
    "valid_until": DATES,
    "period_end": DATES,
}


@st.composite
def events(draw: st.DrawFn, kinds: tuple[str, ...] = tuple(KINDS), by_rule: bool = False) -> dict[str, Any]:
    """Draw the document of an event; ``on`` is the number of days since the last one, a few of them back in time."""
    name = draw(st.sampled_from(kinds))
    kind = KINDS[name]
    said = {key: draw(VALUES.get(key, st.just("text"))) for key in (*kind.must, *kind.may)}
    by = draw(st.sampled_from(sorted(kind.by)) if by_rule else st.sampled_from(ACTORS))
    return {"kind": name, "by": by, "officer": draw(st.sampled_from("AB")), "on": draw(st.integers(-1, 25)), **said}


def told(documents: list[dict[str, Any]]) -> list[Event]:
    """Return events with their days added up."""
    out, on = [], DAY0
    for document in documents:
        on += dt.timedelta(days=document["on"])
        out.append(read_event({**document, "on": on}))
    return out


QUIET = frozenset({"noted", "assigned", "proposed", "held", "released"})  # they change nothing of what can come
ENDS = ("withdrawn", "returned", "revoked", "voided", "sent_to_president", "held", "released", "noted", "proposed", "extended")
BODIES = {"oc": "OC", "acep": "ACEP", "earb": "EARB", "president": "President", "erc": "ERC", "erc_removal": "ERC",
          "appealed": "Under Secretary"}  # fmt: skip


def possible(case: Case | None) -> tuple[str, ...]:
    """Return the events that fit the case, those that lead on more than once."""
    if case is None:
        return ("registered",)
    fitting = [name for name, kind in KINDS.items() if case.status in kind.statuses]
    return tuple(sorted(fitting + 4 * [name for name in fitting if name not in ENDS])) or ("tick",)


def fitting(case: Case | None, document: dict[str, Any]) -> dict[str, Any]:
    """Return a document as the case would have it, so that most lives go far: who is asked answers, who is missing votes."""
    if case is None:
        return {**document, "kind_of_case": "veu" if document["officer"] == "B" and document["on"] > 12 else "license"}
    now = advance(case, case.at + document["on"], LAW) if document["on"] > 0 else case
    pending = [agency for agency, said in now.positions if not said]
    voting = [agency for agency in [*ASKED, "Commerce"] if agency not in dict(now.votes)]
    above = {"oc_decided": "ACEP", "erc_decided": "ACEP", "acep_decided": "EARB", "acep": "EARB", "earb_decided": "President"}
    spoken = [agency for agency, said in now.positions if said]
    who = {
        "revised": spoken[:1],
        "decided": BODIES.get(now.status),
        "recommended": pending[:1],
        "voted": voting[:1],
        "appealed": appellants(now)[:1],
    }
    found = who.get(document["kind"])
    out = {**document, "by": found if isinstance(found, str) else found[0]} if found else document
    if document["kind"] == "referred":
        out["agencies"] = ASKED
    if document["kind"] == "decided" and now.votes:
        said = [vote for _, vote in now.votes]
        out["decision"] = "approve" if said.count("approve") > said.count("deny") else "deny"
    return {**out, "to": above[now.status]} if document["kind"] == "appealed" and now.status in above else out


VEU = [act("registered", 0, "Applicant", kind_of_case="veu"), act("circulated", 2, "Commerce", agencies=["Commerce"]),
       *votes(10, Commerce="approve", Defense="approve", Energy="approve", State="approve"), decides("ERC", 11, "approve"),
       act("tick", 20, "Clock")]  # fmt: skip
STARTS = [[], up_to_the_board(), issued(), intent(), VEU]


@st.composite
def lives(draw: st.DrawFn) -> list[Event]:
    """Draw a life of a case: events that are possible where it stands, sometimes from far up the ladder on."""
    way = draw(st.sampled_from(STARTS))
    accepted: list[Event] = way[: draw(st.sampled_from([0, 5, 7, 12, 13, 18, len(way)]))]
    case: Case | None = tell(*accepted)[0] if accepted else None
    on = dt.date.fromordinal(case.at) if case else DAY0
    for _ in range(draw(st.integers(1, 30))):
        document = fitting(case, draw(events(possible(case), by_rule=True)))
        on += dt.timedelta(days=max(document["on"], 0))
        event = read_event({**document, "on": on})
        try:
            case, _ = next_state(case, event, LAW, "L-1")
        except EventRefused:
            continue
        accepted.append(event)
    return accepted


def check_owed(case: Case, on: int) -> None:
    now, owed = as_of(case, on, LAW)
    assert now.status in STATUSES
    if now.status in FINAL:
        assert owed == ()
        return
    assert owed, now
    for one in owed:
        assert one.actor, one
        assert one.due > 0, one
        assert one.duty.cite, one
        assert one.since <= one.due, one
        assert one.document()["due"] == dt.date.fromordinal(one.due)


@given(lives(), st.integers(0, 500))
def test_no_reachable_state_lacks_an_owner_and_a_due_date_unless_it_is_final(life: list[Event], later: int) -> None:
    case: Case | None = None
    for event in life:
        case, owed = next_state(case, event, LAW, "L-1")
        assert owed == obligations(case, LAW)
        check_owed(case, event.on)
    if case is not None:
        check_owed(case, case.at + later)


# ---- every state there is, one after the other

WAITS = (1, 50)  # days between two events: most limits hold, nearly all have passed


def moves(case: Case) -> Iterator[Event]:
    """Yield every kind of event with each of a few things it can say, by everybody who can do it."""
    said_with: dict[str, list[dict[str, Any]]] = {
        "referred": [{"agencies": ["Defense", "State"]}], "circulated": [{"agencies": ["Commerce"]}],
        "recommended": [{"recommendation": said} for said in ("approve", "deny")],
        "revised": [{"recommendation": said} for said in ("no_objection", "deny")],
        "voted": [{"vote": said} for said in ("approve", "deny")], "decided": [{"decision": said} for said in ("approve", "deny")],
        "appealed": [{"to": body} for body in ("ACEP", "EARB", "President")],
        "denial_changed": [{"changed_to": said} for said in ("approve", "review")],
        "stop_begun": [{"reason": "information_request"}], "stop_ended": [{"reason": "information_request"}],
        "issued": [{"license": "D1", "validity_months": 1, "conditions": [{"id": "a"}]}], "condition_met": [{"condition": "a"}],
        "returned": [{"ground": "deficiency"}],
    }  # fmt: skip
    for wait in WAITS:
        on = case.at + wait
        date = dt.date.fromordinal(on)
        days = {"determined_on": date, "completed_on": date, "initiated_on": date, "period_end": date,
                "valid_until": date + dt.timedelta(days=90)}  # fmt: skip
        flags = {
            "senate_confirmed": True,
            "head_of_agency": True,
            "statutory_basis": "s",
            "regulatory_basis": "r",
            "reasons": "x",
        }
        for name, kind in KINDS.items():
            for said in said_with.get(name, [{}]) if case.status in kind.statuses else ():
                yield from (Event(name, on, by, days | flags | said) for by in sorted(kind.by - {"Energy", "Justice"}))


def seen_as(case: Case) -> tuple[Any, ...]:
    """Return what of a case decides what can come of it, without its dates: two cases alike in this need one look."""
    votes_ = [vote for _, vote in case.votes]
    tally = votes_.count("approve") - votes_.count("deny")
    return (case.kind, case.status, case.positions, len(votes_), tally, case.decision, bool(case.open), bool(case.notified))


def test_every_state_that_can_be_reached_has_an_owner_and_a_due_date_unless_it_is_final() -> None:
    """Breadth first from registration, until nothing new comes: no status is left out."""
    waiting = [tell(act("registered", 0, "Applicant", kind_of_case=kind))[0] for kind in ("license", "veu")]
    seen = {seen_as(case) for case in waiting}
    while waiting:
        after_next: list[Case] = []
        for case in waiting:
            check_owed(case, case.at)
            for on in WAITS:
                check_owed(case, case.at + on)
            for event in moves(case):
                if event.kind in QUIET:
                    continue
                try:
                    later, _ = next_state(case, event, LAW)
                except EventRefused:
                    continue
                if seen_as(later) not in seen:
                    seen.add(seen_as(later))
                    after_next.append(later)
        waiting = after_next
    lapsed = {"denial_stands", "expired", "agreed"}
    assert {key[1] for key in seen} | lapsed == STATUSES
    assert len(seen) > 300


@given(st.lists(events(), max_size=12))
def test_no_order_of_events_does_anything_but_change_the_case_or_be_refused(documents: list[dict[str, Any]]) -> None:
    case: Case | None = None
    for event in told(
        [{**document, "on": abs(document["on"]) if i == 0 else document["on"]} for i, document in enumerate(documents)]
    ):
        before = case
        try:
            case, _ = next_state(case, event, LAW, "L-1")
        except EventRefused:
            assert case is before
            continue
        assert case.version == (before.version + 1 if before else 1)
        assert case.at == event.on
        assert decode(encode(case)) == case


@given(lives())
def test_nothing_is_approved_without_a_decision(life: list[Event]) -> None:
    """No path leads to a license or an authorization without somebody having said approve (750.4)."""
    case: Case | None = None
    said_yes = False
    for event in life:
        said_yes |= event.kind == "approved" or "approve" in (event.data.get("decision"), event.data.get("changed_to"))
        case, _ = next_state(case, event, LAW, "L-1")
        for on in (event.on, event.on + 1000):
            if as_of(case, on, LAW)[0].status in ("approved", "issued", "authorized"):
                assert said_yes


@given(lives(), st.lists(st.integers(0, 40), max_size=6))
def test_noting_a_day_changes_nothing(life: list[Event], waits: list[int]) -> None:
    """Lapses are a matter of law: a case comes out the same whether or not anybody ticked it in between."""
    case: Case | None = None
    ticked: Case | None = None
    for event, wait in zip(life, [*waits, *[0] * len(life)], strict=False):
        if case is not None and ticked is not None:
            on = min(ticked.at + wait, event.on)
            now = advance(ticked, on, LAW)
            if not now.final:
                ticked, _ = next_state(ticked, Event("tick", on, "Clock"), LAW)
        case, _ = next_state(case, event, LAW, "L-1")
        ticked, _ = next_state(ticked, event, LAW, "L-1")
    if case is not None and ticked is not None:
        assert ticked._replace(version=0) == case._replace(version=0)


@given(lives())
def test_the_counted_days_of_a_case_never_run_backwards(life: list[Event]) -> None:
    case: Case | None = None
    last = 0
    for event in life:
        if case is not None:
            now = advance(case, event.on, LAW)
            days = counted(running(now, event.on), now.registered, event.on)
            assert days >= last
            last = days
        case, _ = next_state(case, event, LAW, "L-1")
        days = counted(running(case, event.on), case.registered, event.on)
        assert days >= last
        last = days


@given(lives())
def test_a_life_can_be_told_again_from_its_documents(life: list[Event]) -> None:
    again = [read_event(event_document(event)) for event in life]
    assert again == life
    assert replay("L-1", again, lambda _: LAW) == replay("L-1", life, lambda _: LAW)


SPANS = st.lists(st.tuples(st.integers(0, 120), st.integers(0, 40)).map(lambda pair: (pair[0], pair[0] + pair[1])), max_size=5)


@given(SPANS, st.integers(0, 100), st.integers(0, 60))
def test_limits_are_those_of_the_clock_of_the_contract(spans: list[tuple[int, int]], start: int, days: int) -> None:
    def date(number: int) -> dt.date:
        return DAY0 + dt.timedelta(days=number)

    stops = Stops.of((date(first), date(last)) for first, last in spans)
    assert after(merged(spans), start, days) == (stops.after(date(start), days) - DAY0).days


@given(SPANS, st.integers(1, 90), st.integers(0, 150), st.integers(1, 60))
def test_tolling_adds_exactly_the_days_that_do_not_count(
    spans: list[tuple[int, int]], days: int, first: int, length: int
) -> None:
    """To the day a limit falls on, exactly so many days count, however many stops there are; one alone moves it by its length."""
    stops = merged(spans)
    assert counted(stops, 0, after(stops, 0, days)) == days
    assert after(((first, first + length),), 0, days) == days + (length if first < days else 0)


@pytest.mark.parametrize("count", range(1, len(up_to_the_board()) + 1))
def test_the_machine_and_the_clock_of_the_contract_give_the_same_dates(count: int) -> None:
    """One law, two ways to ask: facts about an application, or its events."""
    life = up_to_the_board()[:count]
    case, owed = tell(*life)
    bodies = ("OC", "ACEP", "EARB")
    rows = [(event, {"date": dt.date.fromordinal(event.on)}) for event in life]
    facts = {
        "kind": "license",
        "registered_on": DAY0,
        **({"referred_on": dt.date.fromordinal(case.referred)} if case.referred else {}),
        "agency_responses": [{"agency": event.by, "recommendation": "none" if event.data["recommendation"] == "no_objection"
                              else event.data["recommendation"], **row} for event, row in rows if event.kind == "recommended"],
        "decisions": [{"body": event.by, "decision": event.data["decision"], **row} for event, row in rows
                      if event.kind == "decided" and event.by in bodies],
        "appeals": [{"to": event.data["to"], "by": event.by, **row} for event, row in rows if event.kind == "appealed"],
    }  # fmt: skip
    clock = ask_clock(read_facts({"application": facts}), dt.date.fromordinal(case.at))
    keys = {"initial_action": "initial_action_due", "recommendation": "recommendation_due", "oc_decision": "oc_decision_due",
            "acep_decision": "next_decision_due", "earb_decision": "next_decision_due", "outer_limit": "outer_limit_on"}  # fmt: skip
    for one in owed:
        if one.duty.id in keys:
            assert clock[keys[one.duty.id]] == dt.date.fromordinal(one.due), one.duty.id
    standing = {"oc": "OC", "acep": "ACEP", "earb": "EARB"}
    if case.status in standing:
        assert clock["next_body"] == standing[case.status]


@given(st.one_of(json_values(), events().flatmap(lambda good: st.dictionaries(st.sampled_from(sorted(good)), json_values()).map(
    lambda bad: {**good, "on": "2026-01-05", **bad}))))  # fmt: skip
def test_any_document_is_an_event_or_one_clear_error(document: Any) -> None:
    try:
        event = read_event(document)
    except FactError as error:
        told = error.document()
        assert told["exit_code"] == 3
        return
    assert read_event(event_document(event)) == event


def test_laws_of_other_days_have_the_same_procedure() -> None:
    days = [dt.date(year, 6, 1).toordinal() for year in range(2022, 2030)]
    assert {statute_on(on).longest for on in days} == {90}
    assert [statute_on(on).inventory for on in (days[0], days[-1])] == [0, 15]
