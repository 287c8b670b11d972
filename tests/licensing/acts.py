"""Short ways to tell a case: events by name and day, and whole ways through the procedure."""

from __future__ import annotations

import datetime as dt
from typing import Any

from penstock.licensing import Case, Event, Obligation, Statute, next_state, read_event, statute_on

DAY0 = dt.date(2026, 1, 5)
LAW: Statute = statute_on(DAY0.toordinal())
BASIS = {"statutory_basis": "50 USC 4813", "regulatory_basis": "742.6(b)"}
AGENCIES = ["Defense", "Energy", "State"]


def day(number: int) -> int:
    """Return day ``number`` of the clock as an ordinal."""
    return DAY0.toordinal() + number


def act(kind: str, on: int, by: str, **said: Any) -> Event:
    """Return an event as a document would give it, on a numbered day of the clock."""
    return read_event({"kind": kind, "on": DAY0 + dt.timedelta(days=on), "by": by, **said})


def registered(**said: Any) -> Event:
    return act("registered", 0, "Applicant", **said)


def referred(on: int = 9) -> Event:
    return act("referred", on, "Commerce", agencies=AGENCIES)


def recommends(agency: str, on: int, said: str) -> Event:
    more = {"reasons": "risk of diversion", **BASIS} if said == "deny" else {}
    return act("recommended", on, agency, recommendation=said, **more)


def revises(agency: str, on: int, said: str) -> Event:
    more = BASIS if said == "deny" else {}
    return act("revised", on, agency, recommendation=said, reasons="the customer list has come", **more)


def decides(body: str, on: int, said: str) -> Event:
    return act("decided", on, body, decision=said)


def votes(on: int, **said: str) -> list[Event]:
    return [act("voted", on, agency, vote=vote, reasons="as stated") for agency, vote in said.items()]


def appeals(agency: str, on: int, to: str) -> Event:
    return act("appealed", on, agency, to=to, senate_confirmed=True, head_of_agency=True, **BASIS)


def tell(*events: Event, law: Statute = LAW) -> tuple[Case, tuple[Obligation, ...]]:
    """Return the case that events make, and what is owed in it."""
    case: Case | None = None
    owed: tuple[Obligation, ...] = ()
    for event in events:
        case, owed = next_state(case, event, law, "L-1")
    assert case is not None
    return case, owed


def disputed(until: int = 39) -> list[Event]:
    """Return an application that Defense would deny and State approve."""
    return [registered(), referred(), recommends("Defense", 30, "deny"), recommends("State", 33, "approve"),
            recommends("Energy", until, "no_objection")]  # fmt: skip


def up_to_the_board() -> list[Event]:
    """Return an application that every body decides on its last day, and that is appealed on its last day every time."""
    return [
        *disputed(),
        decides("OC", 53, "approve"),
        appeals("Defense", 58, "ACEP"),
        *votes(68, Commerce="approve", Defense="deny", Energy="approve", State="approve"),
        decides("ACEP", 69, "approve"),
        appeals("Defense", 74, "EARB"),
        *votes(84, Commerce="approve", Defense="deny", Energy="approve", State="approve"),
        decides("EARB", 85, "approve"),
    ]


def approved() -> list[Event]:
    return [
        registered(),
        referred(),
        *(recommends(agency, 20, "approve") for agency in AGENCIES),
        act("approved", 22, "Commerce"),
    ]


def issued(**said: Any) -> list[Event]:
    return [*approved(), act("issued", 24, "Commerce", license="D000001", validity_months=48, **said)]


def intent() -> list[Event]:
    return [registered(), act("denial_notified", 9, "Commerce", reasons="risk of diversion", **BASIS)]
