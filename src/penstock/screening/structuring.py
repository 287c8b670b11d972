"""Rings: parties that stay under a limit one by one, exceed it together, and are tied by what they share.

Ties are an address, an officer, a phone, a payer, and dates close together.  What many parties share ties nobody, nor does what
is shared by parties most of whom stay far from the limit: an agent has clients of all sizes, a ring has none that take little.
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
_SPANS = (
    ("incorporated_on", _DAYS_INCORPORATED, "incorporated between {first} and {last}"),
    ("ordered_on", _DAYS_ORDERED, "ordered between {first} and {last}"),
)
_TIED = 1.0
_PAIR_TIED = 1.8  # two alone need more than one tie: two strangers may share an accountant
_WEIGHT = {"address": 0.8, "officer": 0.9, "phone": 1.0, "payer": 1.0}
# What dates add where they are close, and take away where they are far apart: orders of one hand come together, while a firm of
# any age can be bought.
_CLOSE, _FAR = 0.35, {"incorporated_on": 0.1, "ordered_on": 0.5}
_RARE = 0.05  # a tie that so few parties have weighs in full
_PRIOR = 2000  # parties without a tie that a small file is taken to stand among
_PARTED_MAX = 100  # parties that hang together; more of them are shown as they are
_RING_NEAR = 0.9  # of those who share what ties a ring, so many take at least _LEAST_PART


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
    everybody = list(customers)
    near = [c for c in everybody if _LEAST_PART * limit <= c.amount <= limit]
    shared = _shared(near, everybody)
    tied = _tied(near, shared)
    values: dict[int, list[tuple[str, str]]] = defaultdict(list)
    for key, places in shared.items():
        for place in places:
            values[place].append(key)
    rings = []
    for members, pairs in _components(len(near), tied):
        for part in _parted(near, members, pairs, limit):
            if _is_ring(near, part, pairs, limit):
                keys = {key for place in part for key in values[place]}
                rings.append(_ring(near, sorted(part), {key: shared[key] for key in keys}, pairs, limit))
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


def _shared(near: Sequence[Customer], everybody: Sequence[Customer]) -> dict[tuple[str, str], list[int]]:
    """Return the values that a few parties near the limit share, with their places, where hardly anybody else shares them."""
    by: dict[tuple[str, str], list[int]] = defaultdict(list)
    for place, customer in enumerate(near):
        for tie in TIES:
            value = _value(customer, tie)
            if value:
                by[tie, value].append(place)
    few = {key: places for key, places in by.items() if 2 <= len(places) <= _COMMON}
    taken = {customer.id for customer in near}
    others: dict[tuple[str, str], int] = defaultdict(int)
    for customer in everybody:
        if customer.id not in taken:
            for tie in TIES:
                others[tie, _value(customer, tie)] += 1
    share = min(0.6, max(0.05, len(near) / max(1, len(everybody))))
    each, against = math.log(_RING_NEAR / share), math.log((1 - _RING_NEAR) / (1 - share))
    return {key: places for key, places in few.items() if len(places) * each + others.get(key, 0) * against > 0}


def _tied(customers: Sequence[Customer], shared: dict[tuple[str, str], list[int]]) -> dict[tuple[int, int], float]:
    """Return the pairs whose ties, dates included, are strong enough; members of one stated group are no pair."""
    strength: dict[tuple[int, int], float] = defaultdict(float)
    weight = _weights(len(customers), shared)
    for (tie, _), places in shared.items():
        for pair in combinations(places, 2):
            strength[pair] += weight[tie]
    out = {}
    for (a, b), value in strength.items():
        one, other = customers[a], customers[b]
        if one.group and one.group == other.group:
            continue
        value += _near(one, other, "incorporated_on", _DAYS_INCORPORATED) + _near(one, other, "ordered_on", _DAYS_ORDERED)
        if value >= _TIED:
            out[a, b] = value
    return out


def _weights(size: int, shared: dict[tuple[str, str], list[int]]) -> dict[str, float]:
    """Return what each tie weighs: less where so many parties share one that strangers often do."""
    sharing: dict[str, int] = defaultdict(int)
    for (tie, _), places in shared.items():
        sharing[tie] += len(places)
    out = {}
    for tie, weight in _WEIGHT.items():
        part = max(_RARE, sharing[tie] / (size + _PRIOR))
        out[tie] = weight * min(1.0, math.log(part) / math.log(_RARE))
    return out


def _near(one: Customer, other: Customer, what: str, days: int) -> float:
    """Return what two dates add: something where they are close, a doubt where they are far apart."""
    first, second = getattr(one, what), getattr(other, what)
    if first is None or second is None:
        return 0.0
    return _CLOSE if abs((first - second).days) <= days else -_FAR[what]


def _components(size: int, tied: dict[tuple[int, int], float]) -> list[tuple[set[int], dict[tuple[int, int], float]]]:
    """Return the parties that hang together, each time with the pairs among them."""
    parent = list(range(size))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    for a, b in tied:
        parent[root(a)] = root(b)
    found: dict[int, dict[tuple[int, int], float]] = defaultdict(dict)
    for pair, value in tied.items():
        found[root(pair[0])][pair] = value
    return [({i for pair in pairs for i in pair}, pairs) for pairs in found.values()]


def _is_ring(customers: Sequence[Customer], members: set[int], tied: dict[tuple[int, int], float], limit: int) -> bool:
    """Say whether tied parties exceed the limit together; a stated group is one of them, and two alone are tied by more."""
    some = [customers[i] for i in members]
    parties = {customer.group or customer.id for customer in some}
    strongest = (
        max((value for pair, value in tied.items() if members.issuperset(pair)), default=0.0) if len(parties) == 2 else 0.0
    )
    enough = len(parties) > 2 or (len(parties) == 2 and strongest >= _PAIR_TIED)
    return enough and sum(customer.amount for customer in some) > limit


def _parted(
    customers: Sequence[Customer], members: set[int], tied: dict[tuple[int, int], float], limit: int
) -> list[set[int]]:  # fmt: skip
    """Part what only one weak tie holds together, where either side is a ring without it: two rings may know one bystander."""
    inside = {pair: value for pair, value in tied.items() if members.issuperset(pair)}
    for pair, value in sorted(inside.items(), key=lambda item: item[1]):
        if value >= _PAIR_TIED or len(members) > _PARTED_MAX:
            break
        side = _reached(pair[0], inside.keys() - {pair})
        if pair[1] not in side and all(_is_ring(customers, part, inside, limit) for part in (side, members - side)):
            return [part for half in (side, members - side) for part in _parted(customers, half, inside, limit)]
    return [members]


def _reached(first: int, pairs: Iterable[tuple[int, int]]) -> set[int]:
    beside: dict[int, list[int]] = defaultdict(list)
    for a, b in pairs:
        beside[a].append(b)
        beside[b].append(a)
    seen, queue = {first}, [first]
    while queue:
        fresh = [i for i in beside[queue.pop()] if i not in seen]
        seen.update(fresh)
        queue += fresh
    return seen


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
    for what, days, said in _SPANS:
        dates = sorted(day for i in members if (day := getattr(customers[i], what)))
        if len(dates) > 1 and (dates[-1] - dates[0]).days <= 2 * days:
            evidence.append(said.format(first=dates[0], last=dates[-1]))
    evidence.append(f"{total:,} together, each at most {limit:,}")
    names = tuple(sorted(customers[i].id for i in members))
    return Ring(names, total, limit, round(1 - math.exp(-strength * min(2.0, total / limit) / 2), 4), tuple(evidence))
