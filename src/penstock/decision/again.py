"""A determination asked again with some facts changed, quickly: prepared facts are kept and only the verdict is evaluated."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from attrs import frozen

from penstock.decision import library
from penstock.decision.checks import check_facts
from penstock.decision.prepare import Prepared, prepare
from penstock.decision.program import OUTCOMES, Program
from penstock.decision.treatments import ON, Treatments, treatments
from penstock.rulebook import STANCES
from penstock.terms.errors import PenstockError
from penstock.terms.numbers import exact

if TYPE_CHECKING:
    from penstock.decision.determination import Determination

__all__ = ["Again", "Change", "twin"]

_ACT = "activity.type"
_TOTAL, _PER_UNIT = "item.aggregate_tpp", ("item.tpp", "item.quantity")
_CONSIGNEE, _END_USER = "parties.ultimate_consignee.", "parties.end_user."

Change = tuple[str, Any]  # a fact, or the day of the act, and its new value


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
        day = dict(changes).get(ON)
        if day is None:
            return self.program, self.on
        law = self.program.law
        return library.program(day, self.answer.known, law.regime, law.switches), day

    def values(self, changes: Iterable[Change]) -> tuple[Mapping[str, Any], Mapping[str, int]]:
        """Return the changed values as the law reads them, and what absent parties come to."""
        changed = self.changed(changes)
        given = self.prepared.facts.values
        if any(name == _ACT or (name.startswith("parties.") and name not in given) for name in changed):
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

    def margins(self, told_apart: Treatments, changes: Iterable[Change]) -> list[Any]:
        """Return left minus right of every comparison with some facts changed."""
        values, roles = self.values(changes)
        return told_apart.margins(values.get, roles, self.law(changes)[1])

    def _follows(self, fact: str) -> bool:
        return self.units is not None and fact == _TOTAL


def twin(fact: str) -> str:
    """Return the end user's fact that an ultimate consignee's stands for where there is no end user.

    >>> twin("parties.ultimate_consignee.lists"), twin("item.tpp")
    ('parties.end_user.lists', 'item.tpp')
    """
    return _END_USER + fact[len(_CONSIGNEE) :] if fact.startswith(_CONSIGNEE) else fact
