"""How many cases an office can decide: a discrete-event model in which every application goes through the case machine.

An application goes to one officer, who is the only one for items of its kind, and waits there until those before it are done;
some are returned by the officer, the rest go to the agencies, which take their time, and whose silence counts as in 750.4(e);
some are disputed and climb.  Two things are not published and are fitted: the applications one position can finish in a year,
and the depth of review, the mean days an agency takes to recommend.  Needs SimPy (extra ``lab``).
"""

from __future__ import annotations

import random
from collections.abc import Generator, Mapping
from types import MappingProxyType
from typing import Any

from attrs import field, frozen

from penstock.licensing.case import Case, Event, shown
from penstock.licensing.duties import Statute
from penstock.licensing.lapses import advance
from penstock.licensing.machine import next_state
from penstock.licensing.tolling import counted
from penstock.terms.errors import BadNumber, FileUnusable

__all__ = ["YEAR", "Office", "Outcome", "simulate"]

YEAR = 365
_FIRST_DAY = 739_000  # any day will do: only differences are read
_WARM_DAYS = 182
_WEEK = 7
_AGENCIES = ("Defense", "Energy", "State")
_REFERRAL = {"agencies": list(_AGENCIES)}
_DENY = {"recommendation": "deny", "reasons": "simulated", "statutory_basis": "simulated", "regulatory_basis": "simulated"}
_APPROVE = {"recommendation": "approve"}
_APPEAL = {"to": "ACEP", "senate_confirmed": True, "statutory_basis": "simulated", "regulatory_basis": "simulated"}
_DEFICIENT = {"ground": "deficiency"}
_ISSUE = {"license": "simulated", "validity_months": 48}


@frozen
class Office:
    """An office: positions, applications a position can finish in a year, mean days of an agency, and what becomes of cases.

    ``to_oc``, ``to_acep``, ``returned`` and ``denied`` are shares of all applications, as published for FY2013.
    ``sensitive`` is the share that is checked for ``check_days`` more days on average before it is decided (750.4(b)(2)).
    """

    positions: float
    capacity: float
    depth: float
    to_oc: float = 0.0126
    to_acep: float = 0.0011
    returned: float = 0.148
    denied: float = 0.007
    sensitive: float = 0.0
    check_days: float = 0.0


@frozen
class Outcome:
    """What a year came to; counts are of the whole office, days are calendar days from registration to the decision."""

    registered: int
    decided: int
    days_mean: float
    days_p90: int
    backlog: int
    overdue_share: float
    to_oc_share: float
    to_acep_share: float


def simulate(office: Office, applications: int, law: Statute, rng: random.Random, *, scale: int = 20) -> Outcome:
    """Return what a year of applications comes to in an office, on a model of every ``scale``-th officer with his or her cases.

    Applications arrive evenly over the year, at random within each week, after half a year of the same kind that is not counted.
    The same ``rng`` state gives the same year.  Raises BadNumber for an office that is none, and FileUnusable without SimPy.

    >>> from penstock.licensing.current import statute_on
    >>> outcome = simulate(Office(100, 80, 8), 5000, statute_on(739400), random.Random(1))
    >>> outcome.days_mean < 40, outcome.backlog > 0
    (True, True)
    """
    if office.positions < 1 or office.capacity <= 0 or office.depth <= 0 or applications < 1 or scale < 1:
        raise BadNumber("An office has positions, a capacity, a depth and applications above nothing", at="capacity")
    try:
        import simpy
    except ImportError:
        raise FileUnusable("This needs SimPy", at="capacity", hint="Install `penstock[lab]`.") from None
    officers = max(round(office.positions / scale), 1)
    share = officers / office.positions  # of the office that is modeled
    env = simpy.Environment()
    year = _Year(env, [simpy.Resource(env) for _ in range(officers)], office, law, rng, rng.getrandbits(64))
    env.process(year.arrivals(applications * share / YEAR))
    env.run(until=_WARM_DAYS + YEAR)
    return year.outcome(1 / share)


@frozen
class _Year:
    """One simulated year: officers with their queues, and what has become of the applications."""

    env: Any
    officers: list[Any]
    office: Office
    law: Statute
    rng: random.Random
    luck: int
    days: list[int] = field(factory=list)
    late: list[int] = field(factory=list)
    pending: dict[int, int] = field(factory=dict)
    seen: list[int] = field(factory=lambda: [0, 0, 0])  # registered, before the committee, before the ACEP

    def arrivals(self, rate: float) -> Generator[Any, Any, None]:
        """Register applications: the year's number is given, so they come evenly by the week and at random within it."""
        env, number, due = self.env, 0, 0.0
        while True:
            due += _WEEK * rate
            week = [self.rng.uniform(0, _WEEK) for _ in range(int(due) - number)]
            start = env.now
            for at in sorted(week):
                yield env.timeout(start + at - env.now)
                number += 1
                env.process(self.application(number))
            yield env.timeout(start + _WEEK - env.now)

    def tell(self, case: Case | None, kind: str, by: str, data: Mapping[str, Any] = MappingProxyType({})) -> Case:
        """Take a case one step on, today."""
        return next_state(case, Event(kind, _FIRST_DAY + int(self.env.now), by, data), self.law)[0]

    def application(self, number: int) -> Generator[Any, Any, None]:
        """Take one application from registration to its decision, every step through the case machine."""
        env, office = self.env, self.office
        rng = random.Random(self.luck + number)  # its own, so that another office meets the same applications
        counts = env.now >= _WARM_DAYS
        self.seen[0] += counts
        case = self.tell(None, "registered", "Applicant")
        self.pending[number] = case.registered
        with rng.choice(self.officers).request() as turn:
            yield turn
            yield env.timeout(rng.expovariate(office.capacity / YEAR))
        fate = rng.random() - office.to_oc
        if 0 <= fate < office.returned:
            self.tell(case, "returned", "Commerce", _DEFICIENT)
        else:
            refused = 0 <= fate - office.returned < office.denied
            case = self.tell(case, "referred", "Commerce", _REFERRAL)
            case = yield from self.review(case, fate < 0, refused, rng)
            if rng.random() < office.sensitive:
                case = yield from self.check(case, rng)
            yield from self.decide(case, counts, rng)
        del self.pending[number]
        if env.now >= _WARM_DAYS:
            today = _FIRST_DAY + int(env.now)
            self.days.append(today - case.registered)
            if counted(case.stops, case.registered, today) > self.law.outer:
                self.late.append(number)

    def check(self, case: Case, rng: random.Random) -> Generator[Any, Any, Case]:
        """Have a pre-license check made; its days do not count."""
        asked = {"reason": "pre_license_check", "determined_on": shown(_FIRST_DAY + int(self.env.now))}
        case = self.tell(case, "stop_begun", "Commerce", asked)
        yield self.env.timeout(rng.expovariate(1 / self.office.check_days))
        done = {"reason": "pre_license_check", "completed_on": shown(_FIRST_DAY + int(self.env.now))}
        return self.tell(case, "stop_ended", "Commerce", done)

    def review(self, case: Case, disputed: bool, refused: bool, rng: random.Random) -> Generator[Any, Any, Case]:
        """Let each agency recommend in its time, or be silent until the days are over."""
        env, law, depth = self.env, self.law, self.office.depth
        most = law.recommendation - 1.0 if disputed else float("inf")  # who disputes speaks in time
        waits = [min(rng.expovariate(1 / depth), most) for _ in _AGENCIES]
        begun = env.now
        for wait, agency in sorted(zip(waits, _AGENCIES, strict=True)):
            if wait < law.recommendation:
                yield env.timeout(begun + wait - env.now)
                said = _DENY if refused or (disputed and agency == "Defense") else _APPROVE
                case = self.tell(case, "recommended", agency, said)
        if case.status == "referred":
            yield env.timeout(case.referred + law.recommendation + 1 - _FIRST_DAY - env.now)
            case = self.tell(case, "tick", "Clock")
        return case

    def decide(self, case: Case, counts: bool, rng: random.Random) -> Generator[Any, Any, None]:
        """Let Commerce decide what nobody disputes, and the bodies above the rest."""
        if case.status == "oc":
            self.seen[1] += counts
            yield from self.climb(case, counts, rng)
        elif "deny" in dict(case.positions).values():
            self.tell(case, "denial_decided", "Commerce")
        else:
            self.tell(self.tell(case, "approved", "Commerce"), "issued", "Commerce", _ISSUE)

    def climb(self, case: Case, counts: bool, rng: random.Random) -> Generator[Any, Any, None]:
        """Let the chair decide, an agency appeal, the ACEP vote, and the last of them become final."""
        env, law, office = self.env, self.law, self.office
        yield env.timeout(rng.uniform(1, law.oc))
        case = self.tell(case, "decided", "OC", {"decision": "approve"})
        if rng.random() < office.to_acep / office.to_oc:
            self.seen[2] += counts
            yield env.timeout(rng.uniform(0, law.acep_appeal - 1))
            case = self.tell(case, "appealed", "Defense", _APPEAL)
            yield env.timeout(rng.uniform(1, law.acep))
            for agency, vote in (("Commerce", "approve"), ("Defense", "deny"), ("Energy", "approve"), ("State", "approve")):
                case = self.tell(case, "voted", agency, {"vote": vote, "reasons": "simulated"})
            case = self.tell(case, "decided", "ACEP", {"decision": "approve"})
        while advance(case, _FIRST_DAY + int(env.now), law).status != "approved":
            yield env.timeout(1)
        self.tell(case, "issued", "Commerce", _ISSUE)

    def outcome(self, weight: float) -> Outcome:
        """Return what the year came to, every modeled officer standing for ``weight`` of them."""
        end, outer = _FIRST_DAY + _WARM_DAYS + YEAR, self.law.outer
        days, registered = sorted(self.days), max(self.seen[0], 1)
        late = len(self.late) + sum(end - since > outer for since in self.pending.values())
        return Outcome(
            registered=round(self.seen[0] * weight),
            decided=round(len(days) * weight),
            days_mean=sum(days) / len(days) if days else 0.0,
            days_p90=days[int(len(days) * 0.9)] if days else 0,
            backlog=round(len(self.pending) * weight),
            overdue_share=late / max(len(days) + len(self.pending), 1),
            to_oc_share=self.seen[1] / registered,
            to_acep_share=self.seen[2] / registered,
        )
