"""Minimal single-fact changes that flip the outcome, facts one may change kept apart from counterfactuals.

Splitting an order to stay under a quota is never suggested: such a flip is shown with a warning.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from penstock.decision import library
from penstock.decision.prepare import prepare
from penstock.decision.program import OUTCOMES, Program
from penstock.rulebook import STANCES
from penstock.rulebook.ir import Node
from penstock.rulebook.values import facts_below, value_of
from penstock.terms.countries import codes
from penstock.terms.documents import Facts
from penstock.terms.numbers import exact
from penstock.terms.vocabulary import vocabulary

if TYPE_CHECKING:
    from penstock.decision.determination import Determination

__all__ = ["what_if"]

_LAWFUL = ("item.quantity", "item.aggregate_tpp", "documents.", "answers.", "item.designer.status", "facility.", "on")
_AMOUNTS = ("item.quantity", "item.aggregate_tpp")
_SKIP = ("activity.", "answers.", "counters.exported", "counters.lpp_tpp_received_last")


def what_if(answer: Determination) -> dict[str, list[dict[str, Any]]]:
    """Return, per stance, the flips of single facts: what to change, to what, what the outcome becomes, and how to read it."""
    found: dict[str, dict[tuple[str, str], dict[str, Any]]] = {name: {} for name in STANCES}
    base = {name: answer.verdicts[name].outcome for name in STANCES}
    for fact, value in _changes(answer):
        outcomes = _outcomes(answer, fact, value)
        for stance, outcome in outcomes.items():
            if outcome != base[stance] and outcome != "unknown":
                found[stance].setdefault((fact, outcome), _flip(answer, fact, value, outcome))
    return {stance: list(flips.values()) for stance, flips in found.items()}


def _flip(answer: Determination, fact: str, value: Any, outcome: str) -> dict[str, Any]:
    lawful = fact.startswith(_LAWFUL)
    entry = {"id": fact, "to": value, "then": outcome, "reading": "lawful" if lawful else "counterfactual"}
    before = answer.prepared.values.get(fact)
    if fact in _AMOUNTS and before is not None and value < before:
        entry["warning"] = "structuring"
    return entry


def _outcomes(answer: Determination, fact: str, value: Any) -> dict[str, str]:
    if fact == "on":
        law = answer.program.law
        program = library.program(value, answer.known, law.regime, law.switches)
        return _asked(program, answer.prepared.facts, value)
    return _asked(answer.program, answer.prepared.facts.with_({fact: value}), answer.on)


def _asked(program: Program, facts: Facts, on: dt.date) -> dict[str, str]:
    prepared = prepare(facts)
    out = program.verdict(prepared.values.get, prepared.roles, on)
    return {name: OUTCOMES[out[5 * i]] for i, name in enumerate(STANCES)}


def _changes(answer: Determination) -> Iterator[tuple[str, Any]]:
    """Yield the changes worth trying, nearest values first."""
    for fact, value in sorted(answer.prepared.facts.values.items()):
        spec = vocabulary().facts[fact]
        if spec.is_list or fact.startswith(_SKIP):
            continue
        if spec.type == "bool":
            yield fact, not value
        elif spec.enum:
            yield from ((fact, other) for other in spec.enum if other != value)
        elif spec.type == "country":
            yield from ((fact, other) for other in _representatives(answer) if other != value)
        elif spec.type in ("int", "number"):
            yield from ((fact, other) for other in _thresholds(answer, fact, value))
    for day in _neighbor_days(answer):
        yield "on", day


def _neighbor_days(answer: Determination) -> list[dt.date]:
    """Return the last day of the law before, and the first day of the law after."""
    first, last = library.book().first_day, dt.date(2099, 12, 31)
    before = library.book().change_days(first, answer.on)
    after = library.book().change_days(answer.on + dt.timedelta(days=1), last)
    earlier = before[-1] - dt.timedelta(days=1) if before else None
    return [day for day in (earlier, after[0] if after else None) if day is not None and day >= first]


def _representatives(answer: Determination) -> list[str]:
    """Return one country for each different treatment by the sets of places of this law."""
    law = answer.program.law
    sets = [name for name, table in law.tables.items() if table.kind == "places"]
    members = {name: law.members(name) for name in sets}
    seen: dict[tuple[bool, ...], str] = {}
    for country in sorted(codes()):
        seen.setdefault(tuple(country in members[name] for name in sets), country)
    return list(seen.values())


def _thresholds(answer: Determination, fact: str, value: Any) -> list[Any]:
    """Return the nearest values on either side of each threshold the rules compare the fact with."""
    step = exact("0.001") if vocabulary().facts[fact].unit == "fraction" else 1
    comparisons = [
        n for n in answer.program.graph.nodes if n.op == "cmp" and n.id in answer.program.place and fact in facts_below(n)
    ]
    if not comparisons:
        return []
    here = _margins(answer, answer.prepared.facts, comparisons)
    there = _margins(answer, answer.prepared.facts.with_({fact: value + step}), comparisons)
    roots: set[Any] = set()
    for a, b in zip(here, there, strict=True):
        if a is not None and b is not None and a != b:
            root = Fraction(value) - Fraction(a) * Fraction(step) / (Fraction(b) - Fraction(a))
            if root >= 0:
                low = exact((root // step) * step)
                roots |= {low, exact(low + step), exact(max(Fraction(0), Fraction(low) - step))}
    return sorted((r for r in roots if r != value), key=lambda r: abs(r - value))


def _margins(answer: Determination, facts: Facts, comparisons: list[Node]) -> list[Any]:
    """Return left minus right of each comparison for changed facts."""
    program = answer.program
    prepared = prepare(facts)
    values = program.trace(prepared.values.get, prepared.roles, answer.on)

    def held(node: Node) -> Any:
        at = program.place.get(node.id)
        return value_of(node) if at is None else values[at]

    out = []
    for node in comparisons:
        left, right = held(node.args[0]), held(node.args[1])
        numbers = isinstance(left, (int, Fraction)) and isinstance(right, (int, Fraction))
        out.append(left - right if numbers else None)
    return out
