"""What a law tells apart: per fact, the sets and thresholds its verdict reads, and so the few values worth trying.

Two values of a fact that no set and no threshold of the law separates are treated alike; one of them stands for both.
Everything here is found once per law and kept.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any
from weakref import WeakKeyDictionary

from attrs import field, frozen

from penstock.decision.program import Program
from penstock.rulebook.ir import TRUE, Node
from penstock.rulebook.values import heading, pattern_memo
from penstock.terms.countries import codes
from penstock.terms.numbers import Exact, exact
from penstock.terms.vocabulary import FactSpec, vocabulary

__all__ = ["ON", "Treatments", "grid", "treatments"]

ON = "on"
_MEMBERSHIP = frozenset({"in", "matches", "meets"})
_PASSES_ON = frozenset({"given", "rule", "heading", "truth"})
# The last digit in which a number of a unit is written; other numbers are whole.
_LAST_DIGIT = {"fraction": Fraction(1, 1000), "TPP/mm2": Fraction(1, 100), "GB/s/mm2": Fraction(1, 100)}

Margins = Mapping[int, Any]  # by place of a comparison: left minus right, None where a side is unknown
_kept: WeakKeyDictionary[Program, Treatments] = WeakKeyDictionary()


@frozen(eq=False)
class Treatments:
    """The sets and comparisons that the verdict of one law reads, by fact; a comparison by its place in ``compared``.

    ``conditions`` are all its conditions.
    """

    facts: frozenset[str]
    sets: Mapping[str, tuple[Node, ...]]
    comparisons: Mapping[str, tuple[int, ...]]
    compared: tuple[Node, ...]
    conditions: tuple[Node, ...]
    _groups: dict[Any, tuple[tuple[str, ...], ...]] = field(factory=dict, init=False)

    def countries(self, *names: str) -> tuple[tuple[str, ...], ...]:
        """Return the countries in groups that the named facts' sets treat alike.

        >>> from penstock.decision.library import program
        >>> groups = treatments(program(dt.date(2026, 6, 15))).countries("parties.end_user.headquarters")
        >>> [group for group in groups if "CN" in group][0][:3], len(groups) < 10
        (('AF', 'BY', 'CD'), True)
        """
        return self._grouped(names, sorted(codes()))

    def choices(self, name: str) -> tuple[tuple[str, ...], ...]:
        """Return the values an enum fact may have in groups that are treated alike."""
        return self._grouped((name,), vocabulary().facts[name].enum)

    def classes(self, name: str) -> tuple[tuple[str, ...], ...]:
        """Return the classifications the law names, and none, in groups that are treated alike."""
        named = {text for node in self.sets.get(name, ()) for text in node.data[0]}
        return self._grouped((name,), ["none", *sorted(text.replace("*", "1").replace("?", "1") for text in named)])

    def members(self, name: str) -> tuple[str, ...]:
        """Return the members of a list fact that the law asks about, in the order of the vocabulary."""
        asked = {member for node in self.sets.get(name, ()) if node.op == "meets" for member in node.data[0]}
        return tuple(member for member in vocabulary().facts[name].enum if member in asked)

    def probes(self, name: str, value: Exact) -> list[Exact]:
        """Return the three neighboring values of a number at which its margins are taken."""
        step = grid(vocabulary().facts[name])
        return [exact(value + n * step) for n in range(3)]

    def thresholds(self, name: str, value: Exact, points: Sequence[Margins]) -> list[Exact]:
        """Return the nearest values on either side of each threshold the law compares a number with, nearest first.

        ``points`` are the margins at each of :meth:`probes`.
        """
        step = grid(vocabulary().facts[name])
        found: set[Exact] = set()
        for at in self.comparisons.get(name, ()):
            root = _root(value, step, [point[at] for point in points])
            if root is not None:
                low = math.floor(max(root, Fraction(0)) / step) * step
                found |= {exact(low + n * step) for n in (-1, 0, 1)}
        return sorted((v for v in found if v != value and _allowed(name, v)), key=lambda v: (abs(v - value), v))

    def days(self, on: dt.date, points: Sequence[Margins]) -> list[dt.date]:
        """Return the days on either side of each last or first day the law names; ``points`` are the margins of three days."""
        roots = [_root(on.toordinal(), Fraction(1), [point[at] for point in points]) for at in self.comparisons.get(ON, ())]
        ordinals = {math.floor(root) + n for root in roots if root is not None for n in (-1, 0, 1)}
        return [dt.date.fromordinal(n) for n in sorted(ordinals) if 0 < n < dt.date.max.toordinal()]

    def _grouped(self, names: tuple[str, ...], values: Iterable[str]) -> tuple[tuple[str, ...], ...]:
        if names not in self._groups:
            tests = [test for name in names for node in self.sets.get(name, ()) for test in _tests(node)]
            groups: dict[tuple[bool, ...], list[str]] = {}
            for value in values:
                groups.setdefault(tuple(test(value) for test in tests), []).append(value)
            self._groups[names] = tuple(tuple(group) for group in groups.values())
        return self._groups[names]


def treatments(program: Program) -> Treatments:
    """Return what the verdict of a law tells apart."""
    if program not in _kept:
        _kept[program] = _read(program)
    return _kept[program]


def grid(spec: FactSpec) -> Fraction:
    """Return the distance between neighboring values of a number.

    >>> grid(vocabulary().facts["item.quantity"]), grid(vocabulary().facts["item.performance_density"])
    (Fraction(1, 1), Fraction(1, 100))
    """
    return _LAST_DIGIT.get(spec.unit, Fraction(1))


def _read(program: Program) -> Treatments:
    below: dict[int, frozenset[str]] = {}
    sets: dict[str, list[Node]] = {}
    comparisons: list[Node] = []
    conditions: list[Node] = []
    by_fact: dict[str, list[int]] = {}
    for node in program.graph.reachable(program.outputs):
        own = (node.data,) if node.op in ("fact", "paper") else (ON,) if node.op == "on" else ()
        below[node.id] = frozenset(own).union(*(below[arg.id] for arg in node.args))
        if node.type.kind == "bool" and node.op not in ("const", "fact", "paper", "rule"):
            conditions.append(node)
        if node.op in _MEMBERSHIP:
            for name in _sources(node.args[0]):
                sets.setdefault(name, []).append(node)
        elif node.op == "cmp":
            for name in below[node.id]:
                by_fact.setdefault(name, []).append(len(comparisons))
            comparisons.append(node)
    facts = frozenset().union(*(below[node.id] for node in program.outputs)) - {ON}
    return Treatments(facts, {name: tuple(nodes) for name, nodes in sets.items()},
                      {name: tuple(places) for name, places in by_fact.items()}, tuple(comparisons),
                      tuple(conditions))  # fmt: skip


def _sources(node: Node) -> Iterator[str]:
    """Yield the facts whose value a node may pass on as it is."""
    if node.op in ("fact", "paper"):
        yield node.data
    for arg in node.args if node.op in _PASSES_ON else node.args[1:] if node.op == "if" else ():
        yield from _sources(arg)


def _tests(node: Node) -> Iterator[Callable[[str], bool]]:
    members = node.data[0]
    headed = node.args[0].op == "heading"
    if headed:
        yield lambda value: heading(value) is None
    if node.op == "matches":
        memo = pattern_memo(members)
        yield lambda value: memo[value] == TRUE
    elif headed:
        yield lambda value: heading(value) in members
    else:
        yield lambda value: value in members


def _root(value: Exact, step: Fraction, points: list[Any]) -> Fraction | None:
    """Return where a margin is nothing, from its values at three neighboring points; None where the fact does not move it.

    A margin is linear in the fact, or in one over the fact where the fact is what something is divided by.
    """
    a, b, c = points
    if a is None or b is None or a == b:
        return None
    if c is not None and c - b != b - a and value > 0:
        x, y = Fraction(1) / value, Fraction(1) / (value + step)
        slope = (Fraction(b) - a) / (y - x)
        inverse = x - Fraction(a) / slope
        return 1 / inverse if inverse > 0 else None
    root: Fraction = value - Fraction(a) * step / (Fraction(b) - a)
    return root


def _allowed(name: str, value: Exact) -> bool:
    """Say whether a number is one the fact may have: no negative number, no item of nothing, no share above one."""
    if value < 0 or (value == 0 and name.startswith("item.")):
        return False
    return value <= 1 or vocabulary().facts[name].unit != "fraction"
