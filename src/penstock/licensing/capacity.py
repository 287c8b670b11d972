"""How many cases an office can decide: a discrete-event model in which every application goes through the case machine.

Officers are a limited resource; agencies take their time, and their silence counts as in 750.4(e); some cases are disputed and
climb.  Two things are not published and are fitted: the applications one position finishes in a year, and the depth of review,
the mean days an agency takes to recommend.  Needs SimPy (extra ``lab``).
"""

from __future__ import annotations

import random
from collections.abc import Generator
from typing import Any

from attrs import evolve, field, frozen

from penstock.licensing.case import Case, Event
from penstock.licensing.duties import Statute
from penstock.licensing.lapses import advance
from penstock.licensing.machine import next_state
from penstock.terms.errors import BadNumber, FileUnusable

__all__ = ["YEAR", "Office", "Outcome", "simulate"]

YEAR = 365
_FIRST_DAY = 739_000  # any day will do: only differences are read
_WARM_DAYS = 77
_WEEK = 7
_SHAPE = 4  # of the gamma distribution of an officer's time: half as much spread as an exponential one, at full size
_AGENCIES = ("Defense", "Energy", "State")
_REFERRAL = {"agencies": list(_AGENCIES)}
_DENY = {"recommendation": "deny", "reasons": "simulated", "statutory_basis": "simulated", "regulatory_basis": "simulated"}
_APPROVE = {"recommendation": "approve"}
_APPEAL = {"to": "ACEP", "senate_confirmed": True, "statutory_basis": "simulated", "regulatory_basis": "simulated"}
_ISSUE = {"license": "simulated", "validity_months": 48}


@frozen
class Office:
    """An office: positions, applications a position finishes in a year, mean days of an agency, and how often cases climb."""

    positions: int
    capacity: float
    depth: float
    to_oc: float = 0.0126
    to_acep: float = 0.0011
    denied: float = 0.02


@frozen
class Outcome:
    """What a year came to; counts are of the whole year, days are calendar days from registration to the decision."""

    registered: int
    decided: int
    days_mean: float
    days_p90: int
    backlog: int
    overdue_share: float
    to_oc_share: float
    to_acep_share: float


@frozen
class _Tally:
    days: list[int] = field(factory=list)
    pending: dict[int, int] = field(factory=dict)
    seen: list[int] = field(factory=lambda: [0, 0, 0])  # registered, before the committee, before the ACEP


def simulate(office: Office, applications: int, law: Statute, rng: random.Random, *, scale: int = 20) -> Outcome:
    """Return what a year of applications comes to in an office, on a model ``scale`` times smaller than the office.

    The smaller model has less spread in an officer's time, so that a year is no more a matter of luck than in the office.
    Applications arrive evenly over the year, at random within each week, after a quarter of the same kind that is not counted.
    The same ``rng`` state gives the same year.  Raises BadNumber for an office that is none, and FileUnusable without SimPy.

    >>> from penstock.licensing.current import statute_on
    >>> outcome = simulate(Office(100, 80, 8), 5000, statute_on(739400), random.Random(1))
    >>> outcome.days_mean < 40, outcome.backlog > 0
    (True, True)
    """
    if office.positions < 1 or office.capacity <= 0 or office.depth <= 0 or applications < 1 or scale < 1:
        raise BadNumber("An office has positions, a capacity, a depth and applications above nothing", at="capacity")
    servers = max(round(office.positions / scale), 1)
    office = evolve(office, capacity=office.capacity * office.positions / scale / servers)  # no work is lost to rounding
    try:
        import simpy
    except ImportError:
        raise FileUnusable("This needs SimPy", at="capacity", hint="Install `penstock[lab]`.") from None
    env = simpy.Environment()
    desk = simpy.Resource(env, capacity=servers)
    tally = _Tally()
    rate = applications / scale / YEAR
    env.process(_arrivals(env, desk, office, law, rng, tally, rate, _SHAPE * scale))
    env.run(until=_WARM_DAYS + YEAR)
    return _outcome(tally, law, scale)


def _arrivals(
    env: Any, desk: Any, office: Office, law: Statute, rng: random.Random, tally: _Tally, rate: float, shape: int
) -> Generator[Any, Any, None]:
    """Register applications: the year's number is given, so they come evenly by the week and at random within it."""
    number, due = 0, 0.0
    while True:
        due += _WEEK * rate
        week = [rng.uniform(0, _WEEK) for _ in range(int(due) - number)]
        start = env.now
        for at in sorted(week):
            yield env.timeout(start + at - env.now)
            number += 1
            env.process(_application(env, desk, office, law, rng, tally, number, shape))
        yield env.timeout(start + _WEEK - env.now)


def _application(
    env: Any, desk: Any, office: Office, law: Statute, rng: random.Random, tally: _Tally, number: int, shape: int
) -> Generator[Any, Any, None]:
    """Take one application from registration to its decision, every step through the case machine."""

    def tell(case: Case | None, kind: str, by: str, data: dict[str, Any] | None = None) -> Case:
        return next_state(case, Event(kind, _FIRST_DAY + int(env.now), by, data or {}), law)[0]

    counts = env.now >= _WARM_DAYS
    case = tell(None, "registered", "Applicant")
    if counts:
        tally.seen[0] += 1
    tally.pending[number] = case.registered
    with desk.request() as turn:
        yield turn
        yield env.timeout(rng.gammavariate(shape, YEAR / office.capacity / shape))
    case = tell(case, "referred", "Commerce", _REFERRAL)
    disputed = rng.random() < office.to_oc
    refused = not disputed and rng.random() < office.denied
    most = law.recommendation - 1.0
    waits = [min(rng.expovariate(1 / office.depth), most) if disputed else rng.expovariate(1 / office.depth) for _ in _AGENCIES]
    begun = env.now
    for wait, agency in sorted(zip(waits, _AGENCIES, strict=True)):
        if wait < law.recommendation:
            yield env.timeout(begun + wait - env.now)
            said = _DENY if refused or (disputed and agency == "Defense") else _APPROVE
            case = tell(case, "recommended", agency, said)
    if case.status == "referred":  # somebody stays silent until the days are over
        yield env.timeout(case.referred + law.recommendation + 1 - _FIRST_DAY - env.now)
        case = tell(case, "tick", "Clock")
    if case.status == "oc":
        tally.seen[1] += counts
        yield from _climb(env, case, office, law, rng, tally, counts, tell)
    elif "deny" in dict(case.positions).values():
        tell(case, "denial_decided", "Commerce")
    else:
        tell(tell(case, "approved", "Commerce"), "issued", "Commerce", _ISSUE)
    del tally.pending[number]
    if env.now >= _WARM_DAYS:
        tally.days.append(_FIRST_DAY + int(env.now) - case.registered)


def _climb(
    env: Any, case: Case, office: Office, law: Statute, rng: random.Random, tally: _Tally, counts: bool, tell: Any
) -> Generator[Any, Any, None]:
    """Let the chair decide, an agency appeal, the ACEP vote, and the last of them become final."""
    yield env.timeout(rng.uniform(1, law.oc))
    case = tell(case, "decided", "OC", {"decision": "approve"})
    if rng.random() < office.to_acep / office.to_oc:
        tally.seen[2] += counts
        yield env.timeout(rng.uniform(0, law.acep_appeal - 1))
        case = tell(case, "appealed", "Defense", _APPEAL)
        yield env.timeout(rng.uniform(1, law.acep))
        for agency, vote in (("Commerce", "approve"), ("Defense", "deny"), ("Energy", "approve"), ("State", "approve")):
            case = tell(case, "voted", agency, {"vote": vote, "reasons": "simulated"})
        case = tell(case, "decided", "ACEP", {"decision": "approve"})
    while advance(case, _FIRST_DAY + int(env.now), law).status != "approved":
        yield env.timeout(1)
    tell(case, "issued", "Commerce", _ISSUE)


def _outcome(tally: _Tally, law: Statute, scale: int) -> Outcome:
    end = _FIRST_DAY + _WARM_DAYS + YEAR
    days = sorted(tally.days)
    old = sum(end - since > law.outer for since in tally.pending.values())
    late = sum(day > law.outer for day in days)
    registered = max(tally.seen[0], 1)
    return Outcome(
        registered=tally.seen[0] * scale,
        decided=len(days) * scale,
        days_mean=sum(days) / len(days) if days else 0.0,
        days_p90=days[int(len(days) * 0.9)] if days else 0,
        backlog=len(tally.pending) * scale,
        overdue_share=(late + old) / max(len(days) + len(tally.pending), 1),
        to_oc_share=tally.seen[1] / registered,
        to_acep_share=tally.seen[2] / registered,
    )
