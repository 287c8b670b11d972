"""A determination asked again with some facts changed, quickly: prepared facts are kept and only the verdict is evaluated.

Many changes are asked at once, as the variants of one transaction.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from penstock.decision import library
from penstock.decision.checks import check_facts
from penstock.decision.prepare import Prepared, prepare
from penstock.decision.program import OUTCOMES, Program
from penstock.decision.treatments import ON, Treatments, treatments
from penstock.rulebook import STANCES
from penstock.rulebook.variants import Variants, bits, parted
from penstock.terms.errors import PenstockError
from penstock.terms.numbers import Exact, exact

if TYPE_CHECKING:
    from penstock.decision.determination import Determination

__all__ = ["Again", "Change", "twin"]

_ACT = "activity.type"
_TOTAL, _PER_UNIT = "item.aggregate_tpp", ("item.tpp", "item.quantity")
_CONSIGNEE, _END_USER = "parties.ultimate_consignee.", "parties.end_user."

Change = tuple[str, Any]  # a fact, or the day of the act, and its new value
Probe = tuple[tuple[Change, ...], str, Exact]  # changes made, a number, and its value


@frozen(eq=False)
class Again:
    """A determination ready to be asked again; ``base`` is the outcome of each stance before any change.

    >>> from penstock.decision import decide
    >>> answer = decide({"activity": {"type": "dealing"}, "item": {"chip": "Ascend 910C"}}, on="2025-06-01")
    >>> Again.of(answer).base["enforced"], Again.of(answer).outcomes(("documents.bis_authorization", True))["enforced"]
    ('prohibited', 'no_license_required')
    """

    answer: Determination
    program: Program
    prepared: Prepared
    on: dt.date
    told_apart: Treatments
    base: Mapping[str, str]
    units: tuple[Any, Any] | None
    _laws: dict[dt.date, Program] = field(factory=dict, init=False)
    _others: dict[Change, Prepared] = field(factory=dict, init=False)

    @classmethod
    def of(cls, answer: Determination) -> Again:
        """Return a determination ready to be asked again; ``units`` are TPP and quantity where the total follows from both."""
        values = answer.prepared.facts.values
        tpp = answer.explanation.value(answer.program.lowerer.fact(_PER_UNIT[0]))
        follows = _TOTAL in values and _PER_UNIT[1] in values and tpp is not None
        base = {name: answer.verdicts[name].outcome for name in STANCES}
        units = (tpp, values[_PER_UNIT[1]]) if follows else None
        return cls(answer, answer.program, answer.prepared, answer.on, treatments(answer.program), base, units)

    def outcomes(self, *changes: Change) -> dict[str, str]:
        """Return the outcome of each stance with some facts changed."""
        program, on = self.law(changes)
        values, roles = self.values(changes)
        out = program.verdict(values.get, roles, on)
        each = len(out) // len(STANCES)
        return {name: OUTCOMES[out[each * i]] for i, name in enumerate(STANCES)}

    def law(self, changes: Iterable[Change]) -> tuple[Program, dt.date]:
        """Return the law and the day: those of the answer unless the day is what changes."""
        return self.on_day(dict(changes).get(ON))

    def on_day(self, day: dt.date | None) -> tuple[Program, dt.date]:
        """Return the law of a day and the day: those of the answer where none is given."""
        if day is None:
            return self.program, self.on
        if day not in self._laws:
            law = self.program.law
            self._laws[day] = library.program(day, self.answer.known, law.regime, law.switches)
        return self._laws[day], day

    def values(self, changes: Iterable[Change]) -> tuple[Mapping[str, Any], Mapping[str, int]]:
        """Return the changed values as the law reads them, and what absent parties come to."""
        changed = self.changed(changes)
        if any(map(self._recasts, changed)):
            prepared = prepare(self.prepared.facts.with_(changed))
            return prepared.values, prepared.roles
        values = {**self.prepared.values, **changed}
        if self.prepared.end_user_implied:
            values |= {twin(name): value for name, value in changed.items() if name.startswith(_CONSIGNEE)}
        return values, self.prepared.roles

    def changed(self, changes: Iterable[Change]) -> dict[str, Any]:
        """Return the changed facts with the total that follows from them."""
        out = {fact: value for fact, value in changes if fact != ON}
        if self.units is not None and not out.keys().isdisjoint(_PER_UNIT):
            tpp, quantity = (out.get(name, value) for name, value in zip(_PER_UNIT, self.units, strict=True))
            out[_TOTAL] = exact(tpp * quantity)
        return out

    def holds(self, *changes: Change) -> bool:
        """Say whether the changed facts agree with the others; facts that contradict each other are no transaction."""
        if not any(fact.startswith("item.") or fact == ON for fact, _ in changes):
            return True
        program, on = self.law(changes)
        try:
            check_facts(self.prepared.facts.with_(self.changed(changes)), on, program.law)
        except PenstockError:
            return False
        return True

    def reads(self, fact: str, told_apart: Treatments) -> bool:
        """Say whether the verdict of a law reads a fact, also as that of the end user it implies."""
        return not self._follows(fact) and not told_apart.facts.isdisjoint(self.names(fact))

    def names(self, fact: str) -> tuple[str, ...]:
        """Return the names the law reads a fact by: an ultimate consignee's also as the end user's it implies."""
        return (fact, twin(fact)) if self.prepared.end_user_implied and fact.startswith(_CONSIGNEE) else (fact,)

    def variants(self, made: Mapping[Change, int], every: int, day: dt.date | None = None) -> Variants:
        """Return the transaction in many variants: ``made`` says which of them make a change, ``every`` has the bit of each.

        No variant makes two changes that say anew who takes part.
        """
        program, on = self.on_day(day)
        prepared = self.prepared
        held: dict[str, list[tuple[Any, int]]] = {}
        implied = every if prepared.end_user_implied else 0
        for change, where in made.items():
            if self._recasts(change[0]):
                recast = self._recast(change)
                implied = implied & ~where | (where if recast.end_user_implied else 0)
                for name, value in _differences(recast, prepared):
                    held.setdefault(name, []).append((value, where))
        for (fact, value), where in made.items():
            if fact != ON and not self._recasts(fact):
                held.setdefault(fact, []).append((value, where))
                if fact.startswith(_CONSIGNEE) and where & implied:
                    held.setdefault(twin(fact), []).append((value, where & implied))
        if self.units is not None:
            held[_TOTAL] = self._totals(held, every)
        before = {**prepared.roles, **prepared.values}
        varied = {name: parted(before.get(name), every, parts) for name, parts in held.items()}
        return Variants(program.graph, every, prepared.values, prepared.roles, on, varied)

    def _recasts(self, fact: str) -> bool:
        """Say whether a fact, changed, says anew who takes part: the kind of act, or a party not mentioned so far."""
        return fact == _ACT or (fact.startswith("parties.") and fact not in self.prepared.facts.values)

    def _recast(self, change: Change) -> Prepared:
        if change not in self._others:
            self._others[change] = prepare(self.prepared.facts.with_(dict([change])))
        return self._others[change]

    def _totals(self, held: Mapping[str, list[tuple[Any, int]]], every: int) -> list[tuple[Any, int]]:
        """Return the totals that follow where TPP or quantity changes."""
        assert self.units is not None
        tpp, quantity = (parted(unit, every, held.get(name, ())) for name, unit in zip(_PER_UNIT, self.units, strict=True))
        changed = 0
        for _, where in (part for name in _PER_UNIT for part in held.get(name, ())):
            changed |= where
        return [(exact(a * b), both) for a, here in tpp for b, there in quantity if (both := here & there & changed)]

    def thresholds(self, asked: Sequence[Probe], day: dt.date | None = None) -> list[list[Exact]]:
        """Return, for each number asked about after some changes, the nearest values beside each threshold of it."""
        told_apart = treatments(self.on_day(day)[0])
        made: dict[Change, int] = {}
        wanted: dict[int, int] = {}
        for i, (changes, name, value) in enumerate(asked):
            for n, probe in enumerate(told_apart.probes(name, value)):
                for change in (*changes, (name, probe)):
                    made[change] = made.get(change, 0) | 1 << 3 * i + n
            for at in told_apart.comparisons.get(name, ()):
                wanted[at] = wanted.get(at, 0) | 0b111 << 3 * i
        variants = self.variants(made, (1 << 3 * len(asked)) - 1, day)
        points: list[dict[int, Any]] = [{} for _ in range(3 * len(asked))]
        for at, among in wanted.items():
            for gap, where in variants.gaps(told_apart.compared[at]):
                for i in bits(where & among):
                    points[i][at] = gap
        return [told_apart.thresholds(name, value, points[3 * i : 3 * i + 3]) for i, (_, name, value) in enumerate(asked)]

    def days(self) -> list[dt.date]:
        """Return the days on either side of each last or first day the law names."""
        points = []
        for n in range(3):
            day = self.on + dt.timedelta(days=n)
            variant = Variants(self.program.graph, 1, self.prepared.values, self.prepared.roles, day, {})
            places = self.told_apart.comparisons.get(ON, ())
            points.append({at: variant.gaps(self.told_apart.compared[at])[0][0] for at in places})
        return self.told_apart.days(self.on, points)

    def _follows(self, fact: str) -> bool:
        return self.units is not None and fact == _TOTAL


def _differences(one: Prepared, other: Prepared) -> Iterator[tuple[str, Any]]:
    """Yield the facts and roles of one that are not those of the other."""
    for name in one.values.keys() | other.values.keys():
        if one.values.get(name) != other.values.get(name):
            yield name, one.values.get(name)
    yield from ((role, code) for role, code in one.roles.items() if code != other.roles[role])


def twin(fact: str) -> str:
    """Return the end user's fact that an ultimate consignee's stands for where there is no end user.

    >>> twin("parties.ultimate_consignee.lists"), twin("item.tpp")
    ('parties.end_user.lists', 'item.tpp')
    """
    return _END_USER + fact[len(_CONSIGNEE) :] if fact.startswith(_CONSIGNEE) else fact
