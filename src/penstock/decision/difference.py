"""What tells two laws apart: a transaction they answer differently, or a proof that there is none.

Two laws are equal here when outcome, path and review policy of both stances are the same on every transaction.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from attrs import field, frozen

from penstock.decision.inquiry import Inquiry, model_of, open_facts, prepared_of, smallest, without_dates
from penstock.decision.library import program_of
from penstock.decision.program import OUTCOMES, PATHS, POLICIES, Program
from penstock.decision.witness import sample_transactions
from penstock.rulebook import STANCES, Law
from penstock.rulebook.solver import Encoding
from penstock.rulebook.unknowns import Formula, conj, disj, neg
from penstock.terms.documents import read_facts

__all__ = ["Answer", "Difference", "tell_apart"]

_UNKNOWN = OUTCOMES.index("unknown")
_FREE = ("not_subject", "no_license_required")
Laws = tuple[Program, Program]
Days = tuple[dt.date, dt.date]
Shows = Callable[[Laws, Mapping[str, Any], Days], bool]


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
    laws = program_of(a), program_of(b)
    for document in sample_transactions():
        facts = read_facts(document).values
        if _differ(laws, facts, days):
            return _found("sample", laws, facts, days)
    if _equal(laws, days):
        return Difference("equal")
    for dated in (False, True):
        if dated and all(_equal(laws, (day, day)) for day in days):
            return Difference("day")  # what differs is only how far the dates of the transaction lie from the day
        for shows, facts in _models(laws, days, exact=True, dated=dated):
            if shows(laws, facts, days):
                small = smallest(facts, lambda fewer, shows=shows: shows(laws, fewer, days))  # type: ignore[misc]
                return _found("solver", laws, small, days)
    return Difference("open")


def _found(how: str, laws: Laws, facts: Mapping[str, Any], days: Days) -> Difference:
    before, after = (_answers(law, facts, day) for law, day in zip(laws, days, strict=True))
    return Difference(how, facts, before, after)


def _answers(law: Program, facts: Mapping[str, Any], day: dt.date) -> dict[str, Answer]:
    prepared = prepared_of(facts)
    out = law.verdict(prepared.values.get, prepared.roles, day)
    return {stance: _answer(*part) for stance, part in zip(STANCES, (out[:5], out[5:]), strict=True)}


def _answer(outcome: int, required: int, path: int, policy: int, fired: int) -> Answer:
    reviewed = policy >= 0 and OUTCOMES[outcome] not in _FREE
    return Answer(OUTCOMES[outcome], PATHS[path], POLICIES[policy] if reviewed else "not_applicable")


# ---- what a witness should show, the most telling first


def _differ(laws: Laws, facts: Mapping[str, Any], days: Days) -> bool:
    before, after = (_answers(law, facts, day) for law, day in zip(laws, days, strict=True))
    return before != after


def _differ_decided(laws: Laws, facts: Mapping[str, Any], days: Days) -> bool:
    answers = [_answers(law, facts, day) for law, day in zip(laws, days, strict=True)]
    return answers[0] != answers[1] and all(said.outcome != "unknown" for law in answers for said in law.values())


def _differ_in_outcome(laws: Laws, facts: Mapping[str, Any], days: Days) -> bool:
    outcomes = [[said.outcome for said in _answers(law, facts, day).values()] for law, day in zip(laws, days, strict=True)]
    return outcomes[0] != outcomes[1] and "unknown" not in (*outcomes[0], *outcomes[1])


# ---- the same in formulas


def _equal(laws: Laws, days: Days) -> bool:
    """Say whether it is proved that two laws answer every transaction alike."""
    return next(_models(laws, days, exact=False), None) is None


def _models(laws: Laws, days: Days, *, exact: bool, dated: bool = True) -> Iterator[tuple[Shows, dict[str, Any]]]:
    """Yield transactions that the formulas of two laws answer differently, with what they should show."""
    stated = open_facts(*laws, exact=exact)
    spans = [(days[0], days[0] + dt.timedelta(days=1))]
    inquiry = Inquiry.of(laws, stated if dated else without_dates(stated), spans, rows=exact)
    encodings = [inquiry.encoding(law, on=day.toordinal()) for law, day in zip(laws, days, strict=True)]
    unlike: dict[str, list[Formula]] = {"outcome": [], "path": [], "policy": []}
    decided: list[Formula] = []
    for stance in STANCES:
        said = [_cases(encoding, law, stance) for encoding, law in zip(encodings, laws, strict=True)]
        decided += [neg(cases["outcome"].get(_UNKNOWN, False)) for cases in said]
        for name, found in unlike.items():
            one, two = said[0][name], said[1][name]
            found += [_unlike(one.get(code, False), two.get(code, False)) for code in {*one, *two}]
    anything = disj(part for found in unlike.values() for part in found)
    solver = inquiry.solver()
    levels: list[tuple[Shows, Formula]] = [
        (_differ_in_outcome, conj([disj(unlike["outcome"]), *decided])),
        (_differ_decided, conj([anything, *decided])),
        (_differ, anything),
    ]
    for shows, wanted in levels if exact else levels[-1:]:
        model = model_of(solver, wanted)
        if model is not None:
            yield shows, inquiry.document(model)[0]


def _cases(encoding: Encoding, law: Program, stance: str) -> dict[str, dict[Any, Formula]]:
    """Return what a stance answers: a formula per value; a review policy counts only where something is reviewed."""
    question = law.stances[stance]
    outcome, path, policy = (encoding.of(node).cases for node in (question.outcome, question.path, question.policy))
    free = disj(outcome.get(OUTCOMES.index(name), False) for name in _FREE)
    reviewed = {code: conj([held, neg(free)]) for code, held in policy.items() if code >= 0}
    return {"outcome": outcome, "path": path, "policy": reviewed}


def _unlike(a: Formula, b: Formula) -> Formula:
    return disj([conj([a, neg(b)]), conj([b, neg(a)])])
