"""Rings: parties that stay under a limit one by one, exceed it together, and are tied by what they share.

Ties are an address, an officer, a phone, a payer, and dates close together.  What many parties share ties nobody.
Parties that are openly one group are counted together, not accused.  A ring is a reason to look, no finding of guilt.
"""

from __future__ import annotations

import datetime as dt
import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import Any

from attrs import frozen

from penstock.screening.addresses import read_address
from penstock.screening.names.writing import fold

__all__ = ["Customer", "Group", "Ring", "find_groups", "find_rings"]

TIES = ("address", "officer", "phone", "payer")
_COMMON = 25  # a value more parties share than this ties nobody: a registered agent, a business center
_LEAST_PART = 0.5  # of the limit: who takes less has no reason to split
_DAYS_INCORPORATED, _DAYS_ORDERED = 120, 90
_TIED = 1.1
_PAIR_TIED = 1.8  # two alone need more than one tie: two strangers may share an accountant
_WEIGHT = {"address": 0.8, "officer": 0.9, "phone": 1.0, "payer": 1.0}
_CLOSE = 0.35


@frozen
class Customer:
    """A party with what it took under a limit and what it may share with others; ``group`` is the group it states."""

    id: str
    amount: int
    address: str = ""
    officer: str = ""
    phone: str = ""
    payer: str = ""
    incorporated_on: dt.date | None = None
    ordered_on: dt.date | None = None
    group: str = ""


@frozen
class Ring:
    """Parties that together exceed the limit: who, how much, how strongly tied (0 to 1), and by what."""

    members: tuple[str, ...]
    total: int
    limit: int
    score: float
    evidence: tuple[str, ...]

    def document(self) -> dict[str, Any]:
        """Return the ring as plain data."""
        return {"members": self.members, "total": self.total, "limit": self.limit, "score": self.score, "evidence": self.evidence}


@frozen
class Group:
    """Parties that state one group, and what they took together."""

    name: str
    members: tuple[str, ...]
    total: int
    limit: int

    @property
    def exceeds(self) -> bool:
        """Say whether the group as a whole exceeds the limit."""
        return self.total > self.limit


def find_groups(customers: Iterable[Customer], *, limit: int) -> list[Group]:
    """Return the groups that parties state, largest first, each counted as one party.

    >>> found = find_groups([Customer("a", 6, group="G"), Customer("b", 6, group="G"), Customer("c", 9)], limit=10)
    >>> [(group.name, group.total, group.exceeds) for group in found]
    [('G', 12, True)]
    """
    by: dict[str, list[Customer]] = defaultdict(list)
    for customer in customers:
        if customer.group:
            by[customer.group].append(customer)
    groups = [Group(name, tuple(sorted(c.id for c in some)), sum(c.amount for c in some), limit) for name, some in by.items()]
    return sorted(groups, key=lambda group: (-group.total, group.name))


def find_rings(customers: Iterable[Customer], *, limit: int) -> list[Ring]:
    """Return the rings among parties that each stay at or under a limit, the strongest tied first.

    >>> shells = [Customer(f"s{i}", 9, phone="+852 1", ordered_on=dt.date(2026, 5, i + 1)) for i in range(3)]
    >>> ring, = find_rings([*shells, Customer("other", 9, phone="+852 2")], limit=10)
    >>> ring.members, ring.total, ring.evidence[0]
    (('s0', 's1', 's2'), 27, 'phone +852 1: s0, s1, s2')
    """
    near = [c for c in customers if _LEAST_PART * limit <= c.amount <= limit]
    shared = _shared(near)
    tied = _tied(near, shared)
    rings = []
    for members in _components(len(near), tied):
        some = [near[i] for i in members]
        one_group = some[0].group and len({c.group for c in some}) == 1
        weak = len(members) == 2 and tied.get((min(members), max(members)), 0.0) < _PAIR_TIED
        if not weak and not one_group and sum(c.amount for c in some) > limit:
            rings.append(_ring(near, members, shared, tied, limit))
    return sorted(rings, key=lambda ring: (-ring.score, -ring.total, ring.members))


def _value(customer: Customer, tie: str) -> str:
    text = getattr(customer, tie)
    if tie == "address" and text:
        address = read_address(text)
        return " ".join([*sorted(f"{k}{v}" for k, v in address.parts), *sorted(address.numbers), *sorted(address.words)])
    if tie == "phone":
        figures = "".join(c for c in text if c.isdigit())
        return figures[-8:] if figures else ""
    return fold(text)


def _shared(customers: Sequence[Customer]) -> dict[tuple[str, str], list[int]]:
    """Return the values that a few parties share, with their places."""
    by: dict[tuple[str, str], list[int]] = defaultdict(list)
    for place, customer in enumerate(customers):
        for tie in TIES:
            value = _value(customer, tie)
            if value:
                by[tie, value].append(place)
    return {key: places for key, places in by.items() if 2 <= len(places) <= _COMMON}


def _tied(customers: Sequence[Customer], shared: dict[tuple[str, str], list[int]]) -> dict[tuple[int, int], float]:
    """Return the pairs whose ties, dates included, are strong enough."""
    strength: dict[tuple[int, int], float] = defaultdict(float)
    for (tie, _), places in shared.items():
        weight = _WEIGHT[tie] / math.log2(1 + len(places)) * math.log2(3)
        for pair in combinations(places, 2):
            strength[pair] += weight
    out = {}
    for (a, b), value in strength.items():
        value += _near(customers[a].incorporated_on, customers[b].incorporated_on, _DAYS_INCORPORATED)
        value += _near(customers[a].ordered_on, customers[b].ordered_on, _DAYS_ORDERED)
        if value >= _TIED:
            out[a, b] = value
    return out


def _near(one: dt.date | None, other: dt.date | None, days: int) -> float:
    """Return what two dates add: something where they are close, a doubt where they are far apart."""
    if one is None or other is None:
        return 0.0
    return _CLOSE if abs((one - other).days) <= days else -_CLOSE


def _components(size: int, pairs: Iterable[tuple[int, int]]) -> list[list[int]]:
    parent = list(range(size))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    for a, b in pairs:
        parent[root(a)] = root(b)
    found: dict[int, list[int]] = defaultdict(list)
    for i in range(size):
        found[root(i)].append(i)
    return [members for members in found.values() if len(members) > 1]


def _ring(customers: Sequence[Customer], members: list[int], shared: dict[tuple[str, str], list[int]],
          tied: dict[tuple[int, int], float], limit: int) -> Ring:  # fmt: skip
    inside = set(members)
    total = sum(customers[i].amount for i in members)
    strength = sum(value for pair, value in tied.items() if inside.issuperset(pair)) / len(members)
    evidence = []
    for (tie, _), places in sorted(shared.items(), key=lambda item: (-len(inside.intersection(item[1])), item[0])):
        here = sorted(inside.intersection(places))
        if len(here) > 1:
            evidence.append(f"{tie} {getattr(customers[here[0]], tie)}: {', '.join(customers[i].id for i in here)}")
    for what, days in (("incorporated_on", _DAYS_INCORPORATED), ("ordered_on", _DAYS_ORDERED)):
        dates = sorted(day for i in members if (day := getattr(customers[i], what)))
        if len(dates) > 1 and (dates[-1] - dates[0]).days <= 2 * days:
            evidence.append(f"{what.replace('_on', '')} between {dates[0]} and {dates[-1]}")
    evidence.append(f"{total:,} together, each at most {limit:,}")
    names = tuple(sorted(customers[i].id for i in members))
    return Ring(names, total, limit, round(1 - math.exp(-strength * min(2.0, total / limit) / 2), 4), tuple(evidence))
