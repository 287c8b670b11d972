"""How much of an entity listed parties hold: in full from a limit on (cascade), or multiplied along the chain."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from penstock.screening.graph import Holding, OwnershipGraph
from penstock.terms.errors import ConflictingFacts

__all__ = ["carriers", "held", "in_full", "multiplied"]

_NONE = Fraction(0)


def in_full(graph: OwnershipGraph, start: frozenset[str], limit: Any, *, room: bool) -> dict[str, int]:
    """Return the entities that count in full for what they own, with the round in which each came to count.

    An entity counts once those that count hold it at the limit or above; with ``room``, unknown shares take what the known
    ones leave.  Every round adds entities or ends it, so circles end too; without a limit nothing is added.
    """
    rounds = dict.fromkeys(start, 0)
    fresh, turn = set(start), 0
    while fresh and limit is not None:
        turn += 1
        touched = {h.owned for name in fresh for h in graph.below.get(name, ())} - rounds.keys()
        fresh = {name for name in touched if held(graph, name, rounds, room=room) >= limit}
        rounds.update(dict.fromkeys(fresh, turn))
    return rounds


def held(graph: OwnershipGraph, entity: str, counting: Mapping[str, Any], *, room: bool) -> Fraction:
    """Return the share of an entity held by those that count; with ``room``, the most it can be."""
    holdings = [h for h in graph.above.get(entity, ()) if h.owner in counting]
    known = sum((h.share for h in holdings if h.share is not None), _NONE)
    return known + (graph.rest(entity) if room and any(h.share is None for h in holdings) else _NONE)


def carriers(graph: OwnershipGraph, entity: str, rounds: Mapping[str, int], limit: Any) -> list[Holding]:
    """Return the fewest holdings that bring an entity to the limit, largest first, then those that bring its owners there.

    Where they do not come to the limit, all that count.
    """
    out: list[Holding] = []
    queue, seen = [entity], {entity}
    while queue:
        name = queue.pop(0)
        chosen = _fewest(graph, name, rounds, limit)
        out += chosen
        above = [h.owner for h in chosen if rounds[h.owner] and h.owner not in seen]
        queue += above
        seen.update(above)
    return out


def _fewest(graph: OwnershipGraph, entity: str, rounds: Mapping[str, int], limit: Any) -> list[Holding]:
    turn = rounds.get(entity, max(rounds.values(), default=0) + 1)
    counting = [(h.share, h) for h in graph.above.get(entity, ()) if h.share is not None and rounds.get(h.owner, turn) < turn]
    out: list[Holding] = []
    total = _NONE
    for share, holding in sorted(counting, key=lambda pair: (-pair[0], pair[1].owner)):
        if limit is not None and total >= limit:
            break
        total += share
        out.append(holding)
    return out


# ---- multiplied along the chain


def multiplied(graph: OwnershipGraph, start: frozenset[str], *, room: bool) -> dict[str, Fraction]:
    """Return the part of each entity that those at the start hold, shares multiplied along every chain, circles included.

    With ``room``, what the known shares leave goes to the owner with an unknown share that is held the most.
    """
    given: dict[str, str] = {}
    while True:
        worth = _solve(_equations(graph, start, given))
        better = {}
        for entity in graph.above if room else ():
            open_ = [h.owner for h in graph.above[entity] if h.share is None and graph.rest(entity)]
            best = max(open_, key=lambda name: (worth.get(name, _NONE), name), default=None)
            if best is not None and worth.get(best, _NONE) > worth.get(given.get(entity, ""), _NONE):
                better[entity] = best
        if not better:
            return worth
        given |= better


def _equations(
    graph: OwnershipGraph, start: frozenset[str], given: Mapping[str, str]
) -> dict[str, tuple[dict[str, Fraction], Fraction]]:
    """Return, per entity the start reaches, what it is worth: a sum of shares in others, plus a constant."""

    def share(h: Holding) -> Fraction:
        return h.share if h.share is not None else graph.rest(h.owned) if given.get(h.owned) == h.owner else _NONE

    rows: dict[str, tuple[dict[str, Fraction], Fraction]] = {name: ({}, Fraction(1)) for name in sorted(start)}
    queue = sorted(start)
    while queue:
        for name in sorted({h.owned for h in graph.below.get(queue.pop(), ()) if share(h)} - rows.keys()):
            parts: dict[str, Fraction] = {}
            for h in graph.above[name]:
                parts[h.owner] = parts.get(h.owner, _NONE) + share(h)
            rows[name] = (parts, _NONE)
            queue.append(name)
    return {name: ({k: v for k, v in parts.items() if k in rows and v}, worth) for name, (parts, worth) in rows.items()}


def _solve(rows: dict[str, tuple[dict[str, Fraction], Fraction]]) -> dict[str, Fraction]:
    """Return the exact values of the equations, by putting each into all others."""
    for name in list(rows):
        parts, worth = rows[name]
        loop = parts.pop(name, _NONE)
        if loop >= 1:
            raise ConflictingFacts(f"The shares in the circle of owners through {name} come to more than the whole",
                                   at="ownership.edges", value=name)  # fmt: skip
        scale = 1 / (1 - loop)
        parts, worth = {k: v * scale for k, v in parts.items()}, worth * scale
        rows[name] = (parts, worth)
        for other, (theirs, value) in rows.items():
            part = theirs.pop(name, _NONE) if other != name else _NONE
            if part:
                for k, v in parts.items():
                    theirs[k] = theirs.get(k, _NONE) + part * v
                rows[other] = (theirs, value + part * worth)
    return {name: worth for name, (_, worth) in rows.items()}
