"""Minimal changes of facts that flip the outcome, facts one may change kept apart from counterfactuals.

Splitting an order to stay under a quota, or turning it into another kind of act, is never proposed: such a flip is
shown with the warning ``structuring``, so that whoever reviews the transaction sees it too.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from penstock.decision import library
from penstock.decision.again import Again, Change
from penstock.decision.program import OUTCOMES, Program
from penstock.decision.treatments import ON, Treatments, treatments
from penstock.rulebook import STANCES
from penstock.terms.numbers import exact
from penstock.terms.vocabulary import FactSpec, vocabulary

if TYPE_CHECKING:
    from penstock.decision.determination import Determination

__all__ = ["minimal_flips", "what_if"]

_LAWFUL = ("item.quantity", "item.aggregate_tpp", "documents.", "answers.", "item.designer.status",
           "facility.supp10_14_15_18", ON)  # fmt: skip
_AMOUNTS = ("item.quantity", "item.aggregate_tpp")
_ACT = "activity.type"
_NEVER_COUNT = ("counters.exported_tpp_destination_before_2025", "counters.lpp_tpp_received_last_year")
_LAST_DAY = dt.date(2099, 12, 31)
# From the best to the worst for the applicant; what is unknown stands where nothing may move yet.
_RANK = {"not_subject": 0, "no_license_required": 0, "authorization_available": 1, "unknown": 2, "license_required": 2,
         "prohibited": 3}  # fmt: skip


def what_if(answer: Determination) -> dict[str, list[dict[str, Any]]]:
    """Return, per stance, the flips of single facts: what to change, to what, what the outcome becomes, and how to read it.

    Of several values of a fact that flip to the same outcome the nearest is given; lawful changes come first.  ``follows``
    holds a given total that changes with its parts.

    >>> from penstock.decision import decide
    >>> answer = decide({"activity": {"type": "dealing"}, "item": {"chip": "Ascend 910C"}}, on="2025-06-01")
    >>> [(flip["id"], flip["to"], flip["then"]) for flip in what_if(answer)["enforced"] if flip["reading"] == "lawful"]
    [('documents.bis_authorization', True, 'no_license_required')]
    """
    case = Again.of(answer)
    found: dict[str, dict[tuple[str, str], dict[str, Any]]] = {name: {} for name in STANCES}
    for change in _changes(case):
        outcomes = case.outcomes(change)
        if any(_flips(case, name, outcomes[name]) for name in STANCES) and case.holds(change):
            for name in STANCES:
                if _flips(case, name, outcomes[name]):
                    found[name].setdefault((change[0], outcomes[name]), _single(case, name, change, outcomes[name]))
    return {name: sorted(flips.values(), key=lambda flip: flip["reading"] != "lawful") for name, flips in found.items()}


def minimal_flips(answer: Determination, stance: str, facts_max: int = 2, *, outcome: str | None = None) -> list[dict[str, Any]]:
    """Return all minimal combinations of up to ``facts_max`` (1 or 2) facts that flip a stance to a better outcome.

    ``outcome`` asks for one outcome only.  A combination is minimal when no part of it does as well; each has ``changes``
    (id, to), ``then``, ``reading`` and, where it applies, ``warning``.  Lawful ones come first, those with a warning last
    of them.

    >>> from penstock.decision import decide
    >>> buyer = {"country": "SG", "headquarters": "SG", "parent_headquarters": "CN", "lists": ["entity_list"]}
    >>> answer = decide({"activity": {"type": "export"}, "origin": "US", "destination": "SG", "consignee": buyer,
    ...                  "item": {"eccn": "3A090.a", "datacenter": True, "aggregate_tpp": 10**6}}, on="2025-06-01")
    >>> flip = [flip for flip in minimal_flips(answer, "enforced") if len(flip["changes"]) == 2][0]
    >>> [(change["id"], change["to"]) for change in flip["changes"]], flip["then"]
    ([('destination.country', 'US'), ('parties.ultimate_consignee.lists', [])], 'no_license_required')
    """
    assert facts_max in (1, 2), "combinations of more than two facts are no advice"
    assert outcome is None or outcome in OUTCOMES, outcome
    case = Again.of(answer)
    wanted = _Wanted(case, stance, outcome)
    single = {change: case.outcomes(change)[stance] for change in _changes(case)}
    for change, then in single.items():
        wanted.offer((change,), then)
    if facts_max == 2:
        for pair in _pairs(case, stance, single):
            if wanted.open(pair):
                wanted.offer(pair, case.outcomes(*pair)[stance])
    return wanted.found()


def _flips(case: Again, stance: str, outcome: str) -> bool:
    """Say whether an outcome is a known one other than that of the answer."""
    return outcome not in (case.base[stance], "unknown")


class _Wanted:
    """The combinations found so far, by the facts they change; a smaller one that does as well keeps a larger one out."""

    def __init__(self, case: Again, stance: str, outcome: str | None) -> None:
        self._case = case
        self._stance = stance
        self._outcome = outcome
        self._found: dict[tuple[tuple[str, ...], str], tuple[Change, ...]] = {}
        self._best: dict[tuple[str, ...], int] = {}

    def open(self, pair: tuple[Change, ...]) -> bool:
        """Say whether a pair can still do better than what each of its facts does alone."""
        return min(self._best.get((fact,), _RANK["prohibited"]) for fact, _ in pair) > 0

    def offer(self, changes: tuple[Change, ...], then: str) -> None:
        """Keep a combination that reaches a better outcome, unless a part of it or a nearer value does as well."""
        facts = tuple(fact for fact, _ in changes)
        rank = _RANK[then]
        base = self._case.base[self._stance]
        if then == "unknown" or rank >= _RANK[base] or (facts, then) in self._found:
            return
        if any(self._best.get((fact,), rank + 1) <= rank for fact in facts if len(facts) > 1) or not self._case.holds(*changes):
            return
        self._found[facts, then] = changes
        self._best[facts] = min(rank, self._best.get(facts, rank))

    def found(self) -> list[dict[str, Any]]:
        """Return the combinations asked for, lawful ones first, small before large, without a warning before with one."""
        flips = [
            _flip(self._case, self._stance, changes, then)
            for (_, then), changes in self._found.items()
            if self._outcome in (None, then)
        ]
        return sorted(flips, key=lambda flip: (flip["reading"] != "lawful", "warning" in flip, len(flip["changes"])))


def _single(case: Again, stance: str, change: Change, then: str) -> dict[str, Any]:
    flip = _flip(case, stance, (change,), then)
    (entry,) = flip.pop("changes")
    return {**entry, **flip}


def _flip(case: Again, stance: str, changes: tuple[Change, ...], then: str) -> dict[str, Any]:
    """Return a combination as a document; it is lawful when each of its changes is the applicant's to make."""
    lawful = all(fact.startswith(_LAWFUL) for fact, _ in changes)
    flip: dict[str, Any] = {"changes": [_entry(*change) for change in changes], "then": then,
                            "reading": "lawful" if lawful else "counterfactual"}  # fmt: skip
    if follows := case.changed(changes).keys() - dict(changes):
        flip["follows"] = {fact: case.changed(changes)[fact] for fact in sorted(follows)}
    better = _RANK[then] < _RANK[case.base[stance]]
    if any(_smaller(case, fact, value) or (fact == _ACT and better) for fact, value in changes):
        flip["warning"] = "structuring"
    return flip


def _entry(fact: str, value: Any) -> dict[str, Any]:
    return {"id": fact, "to": list(value) if isinstance(value, tuple) else value}


def _smaller(case: Again, fact: str, value: Any) -> bool:
    before = case.prepared.values.get(fact)
    return fact in _AMOUNTS and before is not None and bool(value < before)


# ---- the changes worth trying


def _changes(case: Again) -> Iterator[Change]:
    """Yield the changes of single facts worth trying, the nearest value of each fact first, the day last."""
    yield from _fact_changes(case, case.told_apart, ())
    for day in _other_days(case):
        yield ON, day


def _fact_changes(case: Again, told_apart: Treatments, made: tuple[Change, ...]) -> Iterator[Change]:
    """Yield the changes of facts under one law, with numbers measured after the changes already made."""
    facts = case.prepared.facts.values
    papers = (name for name in told_apart.facts if name.startswith("documents.") and name not in facts)
    for fact in sorted({*facts, *papers}):
        if case.reads(fact, told_apart) and fact not in _NEVER_COUNT:
            spec = vocabulary().facts[fact]
            held = facts.get(fact)
            yield from ((fact, value) for value in _values(case, told_apart, spec, held, made) if value != held)


def _values(case: Again, told_apart: Treatments, spec: FactSpec, held: Any, made: tuple[Change, ...]) -> Iterable[Any]:
    """Return the values worth trying instead of the one held."""
    if spec.type == "bool":
        return (True, False)
    if spec.type == "enum":
        return [group[0] for group in told_apart.choices(spec.name) if held not in group]
    if spec.type == "country":
        return _countries(case, told_apart, spec.name, held)
    if spec.type in ("int", "number"):
        return _numbers(case, told_apart, spec.name, held, made)
    return _lists(told_apart, spec, held)


def _countries(case: Again, told_apart: Treatments, name: str, held: Any) -> Iterator[str]:
    """Yield a country for each other treatment, one the transaction names where there is one."""
    values = case.prepared.facts.values
    named = {v for key, v in values.items() if vocabulary().facts[key].type == "country"}
    authorized = {place for row in values.get("authorizations_held", ()) for place in row.get("countries", ())}
    for group in told_apart.countries(*case.names(name)):
        if held not in group:
            yield next((country for country in group if country in named), group[0])
    yield from sorted(authorized - {held})


def _numbers(case: Again, told_apart: Treatments, name: str, held: Any, made: tuple[Change, ...]) -> list[Any]:
    return told_apart.thresholds(name, held or 0, lambda value: case.margins(told_apart, (*made, (name, exact(value)))))


def _lists(told_apart: Treatments, spec: FactSpec, held: Any) -> Iterator[tuple[str, ...]]:
    """Yield the lists one toggle away: a party screened clear or found on the Entity List, one end use more or less."""
    if held is None:
        return
    if spec.name.startswith("parties.") and spec.name.endswith(".lists"):
        if held:
            yield ()
        if "entity_list" not in held:
            yield (*held, "entity_list")
    elif spec.name == "end_use.types":
        for member in told_apart.members(spec.name):
            yield tuple(m for m in held if m != member) if member in held else (*held, member)


def _other_days(case: Again) -> list[dt.date]:
    """Return the last day of the law before and the first of the law after, and days the law itself names between them."""
    book, on = library.book(), case.on
    acts = {day for act in book.instruments.values() if not act.proposed for day in act.dates}
    changes = book.change_days(book.first_day, _LAST_DAY, case.program.law.regime)
    before = [[day for day in days if day <= on] for days in (changes, sorted(acts))]
    after = [[day for day in days if day > on] for days in (changes, sorted(acts))]
    found = {max(days) - dt.timedelta(days=1) for days in before if days} | {min(days) for days in after if days}

    values, roles = case.values(())
    inside = case.told_apart.days(on, lambda day: case.told_apart.margins(values.get, roles, day))
    first, last = min(found, default=on), max(found, default=on)
    found |= {day for day in inside if first < day < last}
    return sorted((day for day in found if day != on and book.first_day <= day <= _LAST_DAY), key=lambda day: abs(day - on))


# ---- combinations of two


def _pairs(case: Again, stance: str, single: Mapping[Change, str]) -> Iterator[tuple[Change, Change]]:
    """Yield the pairs of changes worth trying, each pair of facts in one order."""
    base = _effect(case, ())
    live = [change for change in single if change[0] == ON or _numeric(change[0]) or _effect(case, (change,)) != base]
    for i, first in enumerate(live):
        if first[0] == ON:
            continue
        shared = _compared_with(case, first[0]) if _numeric(first[0]) else frozenset()
        yield from ((first, second) for second in live[i + 1 :] if second[0] != first[0] and second[0] not in shared)
        if shared:
            yield from ((first, second) for second in _fact_changes(case, case.told_apart, (first,))
                        if second[0] in shared and second[0] > first[0])  # fmt: skip
    for day in (change for change in single if change[0] == ON):
        told_apart = treatments(case.law((day,))[0])
        yield from ((second, day) for second in _fact_changes(case, told_apart, (day,)))


def _numeric(fact: str) -> bool:
    return fact != ON and vocabulary().facts[fact].type in ("int", "number")


def _compared_with(case: Again, fact: str) -> frozenset[str]:
    """Return the numbers that some comparison sets against or beside a number."""
    places = set(case.told_apart.comparisons.get(fact, ()))
    return frozenset(other for other, at in case.told_apart.comparisons.items()
                     if other not in (fact, ON) and _numeric(other) and not places.isdisjoint(at))  # fmt: skip


def _effect(case: Again, changes: tuple[Change, ...]) -> tuple[Any, ...]:
    """Return the truth of every condition with some facts changed: a change without effect is in no minimal pair."""
    values, roles = case.values(changes)
    held = case.program.trace(values.get, roles, case.on)
    return tuple(held[case.program.place[n.id]] for n in _conditions(case.program))


def _conditions(program: Program) -> Iterator[Any]:
    return (n for n in program.graph.reachable(program.outputs) if n.type.kind in ("bool", "code") and n.id in program.place)
