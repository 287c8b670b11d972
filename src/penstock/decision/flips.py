"""Combinations of changes that reach a better outcome, none of them larger than needed; all of a law are decided at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from attrs import field, frozen

from penstock.decision.again import Again, Change
from penstock.decision.changes import fact_changes, is_number, measured_after, other_days, tried
from penstock.decision.program import OUTCOMES
from penstock.decision.treatments import ON
from penstock.rulebook.variants import Variants, bits

__all__ = ["RANK", "alone", "minimal"]

# From the best to the worst for the applicant; what is unknown stands where nothing may move yet.
RANK = {"not_subject": 0, "no_license_required": 0, "authorization_available": 1, "unknown": 2, "license_required": 2,
        "prohibited": 3}  # fmt: skip
_WORST = max(RANK.values())

_Key = TypeVar("_Key", bound=Hashable)
Found = tuple[tuple[Change, ...], str]  # a combination of changes and the outcome it reaches


def alone(case: Again, stances: Sequence[str]) -> dict[Change, dict[str, str]]:
    """Return the outcome of some stances after each single change worth trying, the days last.

    >>> from penstock.decision import decide
    >>> answer = decide({"activity": {"type": "dealing"}, "item": {"chip": "Ascend 910C"}}, on="2025-06-01")
    >>> alone(Again.of(answer), ["codified"])["documents.bis_authorization", True]
    {'codified': 'no_license_required'}
    """
    changes = fact_changes(case)
    return _outcomes(case, _variants(case, changes), changes, other_days(case), stances)


def _variants(case: Again, changes: Sequence[Change]) -> Variants:
    """Return a variant for each change, and one without any."""
    return case.variants({change: 1 << i for i, change in enumerate(changes)}, (2 << len(changes)) - 1)


def _outcomes(
    case: Again, variants: Variants, changes: Sequence[Change], days: Iterable[dt.date], stances: Sequence[str]
) -> dict[Change, dict[str, str]]:
    out: dict[Change, dict[str, str]] = {change: {} for change in changes}
    for stance in stances:
        for code, where in variants.parts(case.program.stances[stance].outcome):
            for i in bits(where & ~(1 << len(changes))):
                out[changes[i]][stance] = OUTCOMES[code]
    return out | {(ON, day): case.outcomes((ON, day)) for day in days}


def minimal(case: Again, stance: str, facts_max: int) -> Iterator[Found]:
    """Yield the combinations of one or two changes that reach a better outcome than no part of them does, small ones first."""
    if not RANK[case.base[stance]]:
        return
    changes, days = fact_changes(case), other_days(case)
    variants = _variants(case, changes)
    search = _Search(case, stance)
    for change, outcomes in _outcomes(case, variants, changes, days, [stance]).items():
        yield from search.single(change, outcomes[stance])
    if facts_max == 2:
        yield from search.pairs(_live(case, variants, changes))
        for day in days:
            yield from search.pairs_of_day(day)


def _live(case: Again, variants: Variants, changes: Sequence[Change]) -> list[Change]:
    """Return the changes that move a condition, and those of numbers: any other is in no minimal pair."""
    moved = 0
    every, before = (2 << len(changes)) - 1, 1 << len(changes)
    for node in case.told_apart.conditions:
        for where in variants.truth(node):
            moved |= where ^ every if where & before else where
    return [change for i, change in enumerate(changes) if moved >> i & 1 or is_number(change[0])]


@frozen(eq=False)
class _Search:
    """The search for one determination: per fact the best outcome it reaches alone, and what was found of pairs."""

    case: Again
    stance: str
    best: dict[str, int] = field(factory=dict, init=False)
    reached: set[tuple[tuple[str, ...], str]] = field(factory=set, init=False)

    def single(self, change: Change, then: str) -> Iterator[Found]:
        """Yield a change that is the nearest of its fact to reach a better outcome."""
        if self._better(then) and ((change[0],), then) not in self.reached and self.case.holds(change):
            self.reached.add(((change[0],), then))
            self.best[change[0]] = min(RANK[then], self._best(change[0]))
            yield (change,), then

    def pairs(self, live: Iterable[Change]) -> list[Found]:
        """Return the minimal pairs of changes under the law of the day asked about, in the order of the changes.

        The variants are the cells of a square, one row and one column per change, of which the upper half is used, and after
        it the pairs of numbers that some comparison sets against each other, which are measured together.
        """
        changes = [change for change in live if self._best(change[0])]
        beside = _beside(self.case, [fact for fact in dict(changes) if is_number(fact)])
        size = len(changes)
        columns = _where((fact, 1 << i) for i, (fact, _) in enumerate(changes))
        made, every = _square(changes, columns, beside)
        later = {fact: [name for name in sorted(names) if name > fact and self._best(name)] for fact, names in beside.items()}
        measured = measured_after(self.case, changes, later)
        for change, where in _where((change, 1 << n) for n, both in enumerate(measured) for change in both).items():
            made[change] = made.get(change, 0) | where << size * size
        every |= (1 << len(measured)) - 1 << size * size

        def pair(bit: int) -> tuple[Change, Change]:
            row, column = divmod(bit, size)
            return (changes[row], changes[column]) if row < size else measured[bit - size * size]

        found = self._found(made, every, None, pair)
        row = {change: i for i, change in enumerate(changes)}
        return [(changes, then) for bit, changes, then in sorted(found, key=lambda one: (row[one[1][0]], one[0]))]

    def pairs_of_day(self, day: dt.date) -> list[Found]:
        """Return the minimal pairs of the day of the act and a change worth trying under the law of that day."""
        if not self._best(ON):
            return []
        changes = [change for change in fact_changes(self.case, day) if self._best(change[0])]
        made = {change: 1 << i for i, change in enumerate(changes)}
        every = (1 << len(changes)) - 1
        found = self._found({**made, (ON, day): every}, every, day, lambda bit: (changes[bit], (ON, day)))
        return [(changes, then) for _, changes, then in sorted(found, key=lambda one: one[0])]

    def _found(
        self, made: Mapping[Change, int], every: int, day: dt.date | None, pair: Callable[[int], tuple[Change, Change]]
    ) -> Iterator[tuple[int, tuple[Change, Change], str]]:
        """Yield, for each two facts and each better outcome they reach, the first pair of changes, with its variant."""
        variants = self.case.variants(made, every, day)
        facts = _where((fact, where) for (fact, _), where in made.items())
        for code, where in variants.parts(self.case.on_day(day)[0].stances[self.stance].outcome):
            then = OUTCOMES[code]
            if not self._better(then):
                continue
            for fact, making in facts.items():
                if self._best(fact) <= RANK[then] or ((fact, ON), then) in self.reached:
                    where &= ~making
            while where:
                first = where & -where
                changes = pair(first.bit_length() - 1)
                where ^= first
                if self.case.holds(*changes):
                    one, other = (fact for fact, _ in changes)
                    self.reached.add(((one, other), then))
                    yield first.bit_length() - 1, changes, then
                    where &= ~(facts[one] & facts[other])

    def _better(self, then: str) -> bool:
        return then != "unknown" and RANK[then] < RANK[self.case.base[self.stance]]

    def _best(self, fact: str) -> int:
        return self.best.get(fact, _WORST)


def _where(parts: Iterable[tuple[_Key, int]]) -> dict[_Key, int]:
    """Return together the variants that are given apart, by change or by fact."""
    out: dict[_Key, int] = {}
    for key, where in parts:
        out[key] = out.get(key, 0) | where
    return out


def _square(
    changes: Sequence[Change], columns: Mapping[str, int], beside: Mapping[str, frozenset[str]]
) -> tuple[dict[Change, int], int]:
    """Return where each change is made in the upper half of a square, and all of it but pairs that are not tried this way.

    Those are two changes of one fact, and of numbers that are measured together.
    """
    size = len(changes)
    every, rows = 0, []
    for i, (fact, _) in enumerate(changes):
        taken = columns[fact] | (1 << i) - 1
        for other in beside.get(fact, ()):
            taken |= columns.get(other, 0)
        rows.append(((1 << size) - 1 & ~taken) << i * size)
        every |= rows[i]
    each_row = sum(1 << i * size for i in range(size))
    return {change: rows[i] | each_row << i & every for i, change in enumerate(changes)}, every


def _beside(case: Again, facts: Iterable[str]) -> dict[str, frozenset[str]]:
    """Return, for numbers, the other numbers worth trying that some comparison sets against or beside them."""
    comparisons = case.told_apart.comparisons
    numbers = [name for name in tried(case, case.told_apart) if is_number(name)]
    places = {name: frozenset(comparisons.get(name, ())) for name in numbers}
    return {fact: frozenset(name for name in numbers if name != fact and places[fact] & places[name]) for fact in facts}
