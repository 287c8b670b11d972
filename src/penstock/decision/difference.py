"""What tells two laws apart: a transaction they answer differently, or a proof that there is none.

Two laws are equal here when outcome, path and review policy of both stances are the same on every transaction.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

from attrs import field, frozen

from penstock.decision.inquiry import Inquiry, open_facts, prepared_of, smallest, without_dates
from penstock.decision.library import program_of
from penstock.decision.program import OUTCOMES, PATHS, POLICIES, Program
from penstock.decision.witness import sample_transactions
from penstock.rulebook import STANCES, Law
from penstock.rulebook.unknowns import Formula, conj, disj, neg, z3
from penstock.terms.documents import read_facts

__all__ = ["Answer", "Difference", "tell_apart"]

_UNKNOWN = OUTCOMES.index("unknown")


@frozen
class Answer:
    """The short answer of one stance."""

    outcome: str
    path: str
    review_policy: str


@frozen(eq=False)
class Difference:
    """How two laws compare: ``found`` is sample, solver, equal, day or open; for the first two, the transaction and answers.

    ``day``: equal for acts on one day, so that what differs is at most what is counted in days.  ``open``: no
    transaction was found whose lists have at most two rows, and equality is not proved.
    """

    found: str
    facts: Mapping[str, Any] = field(factory=dict)
    before: Mapping[str, Answer] = field(factory=dict)
    after: Mapping[str, Answer] = field(factory=dict)


def tell_apart(a: Law, b: Law, days: tuple[dt.date, dt.date]) -> Difference:
    """Return what tells two laws apart for an act on the one day under the one and on the other under the other.

    >>> from penstock.decision.library import book
    >>> days = dt.date(2025, 5, 14), dt.date(2025, 5, 15)
    >>> found = tell_apart(*(book().law(day) for day in days), days)
    >>> found.found, found.before["codified"].outcome, found.after["codified"].outcome
    ('sample', 'no_license_required', 'authorization_available')
    """
    one, two = program_of(a), program_of(b)

    def answers(facts: Mapping[str, Any]) -> tuple[Mapping[str, Answer], Mapping[str, Answer]]:
        return _answers(one, facts, days[0]), _answers(two, facts, days[1])

    def differ(facts: Mapping[str, Any]) -> bool:
        before, after = answers(facts)
        return before != after

    def decided(facts: Mapping[str, Any]) -> bool:
        return all(said.outcome != "unknown" for law in answers(facts) for said in law.values())

    for document in sample_transactions():
        facts = read_facts(document).values
        if differ(facts):
            return Difference("sample", facts, *answers(facts))
    if _equal(one, two, days):
        return Difference("equal")
    for dated in (False, True):
        if dated and all(_equal(one, two, (day, day)) for day in days):
            return Difference("day")  # what differs is only how far the dates of the transaction lie from the day
        for facts in filter(differ, _models(one, two, days, exact=True, dated=dated)):
            shows = (lambda fewer: differ(fewer) and decided(fewer)) if decided(facts) else differ
            small = smallest(facts, shows)
            return Difference("solver", small, *answers(small))
    return Difference("open")


def _equal(one: Program, two: Program, days: tuple[dt.date, dt.date]) -> bool:
    """Say whether it is proved that two laws answer every transaction alike."""
    return next(_models(one, two, days, exact=False), None) is None


def _answers(program: Program, facts: Mapping[str, Any], day: dt.date) -> dict[str, Answer]:
    prepared = prepared_of(facts)
    out = program.verdict(prepared.values.get, prepared.roles, day)
    return {
        stance: Answer(OUTCOMES[outcome], PATHS[path], POLICIES[policy] if policy >= 0 else "not_applicable")
        for stance, (outcome, _, path, policy, _) in zip(STANCES, (out[:5], out[5:]), strict=True)
    }


def _models(
    one: Program, two: Program, days: tuple[dt.date, dt.date], *, exact: bool, dated: bool = True
) -> Iterator[dict[str, Any]]:
    """Yield transactions that the encodings of two laws answer differently: first one that both decide, then any."""
    spans = [(day, day + dt.timedelta(days=1)) for day in days[:1]]
    stated = open_facts(one, two, exact=exact)
    inquiry = Inquiry.of([one, two], stated if dated else without_dates(stated), spans, rows=exact)
    differs: list[Formula] = []
    decided: list[Formula] = []
    encodings = [inquiry.encoding(p, on=day.toordinal()) for p, day in zip((one, two), days, strict=True)]
    for stance in STANCES:
        for name in ("outcome", "path", "policy"):
            cases = [e.of(getattr(p.stances[stance], name)).cases for e, p in zip(encodings, (one, two), strict=True)]
            differs += [_unlike(cases[0].get(code, False), cases[1].get(code, False)) for code in {*cases[0], *cases[1]}]
            decided += [neg(part.get(_UNKNOWN, False)) for part in cases if name == "outcome"]
    solver = inquiry.solver()
    solver.add(disj(differs))
    for wanted in ([conj(decided)], []) if exact else ([],):
        if solver.check(*(part for part in wanted if part is not True)) == z3().sat:
            yield inquiry.document(solver.model())[0]


def _unlike(a: Formula, b: Formula) -> Formula:
    return disj([conj([a, neg(b)]), conj([b, neg(a)])])
