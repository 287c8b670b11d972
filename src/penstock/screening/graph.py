"""Who owns whom, as given: the owners above one entity, read from facts and checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Any

from attrs import frozen

from penstock.terms.documents import Facts
from penstock.terms.errors import BadDocument, BadEnum, ConflictingFacts
from penstock.terms.numbers import Exact, exact, plain
from penstock.terms.suggest import nearest

__all__ = ["Holding", "OwnershipGraph", "percent", "read_graph"]

_LISTS = frozenset({"entity_list", "meu_list", "sdn_744_8"})  # 90 FR 47201: Entity List, MEU List, SDNs of 744.8(a)(1)
_WHOLE = Fraction(1)


@frozen
class Holding:
    """One ownership interest; ``share`` is a fraction of the whole, None where it is not known."""

    owner: str
    owned: str
    share: Fraction | None
    lists: tuple[str, ...] = ()
    index: int = 0

    def document(self) -> dict[str, Any]:
        """Return the holding as plain data, with the lists its owner is on."""
        return {"owner": self.owner, "owned": self.owned, "share": self.share, "lists": list(self.lists)}


@frozen(eq=False)
class OwnershipGraph:
    """The target and every owner above it: what is on a list, what nobody screened, who holds how much of whom.

    What the target itself owns is left out: it cannot count toward its own ownership.  ``known`` is the sum of the known
    shares in each entity, those left out included.
    """

    target: str
    listed: frozenset[str]
    unscreened: frozenset[str]
    us_entity: bool | None
    headquarters: str | None
    holdings: tuple[Holding, ...]
    places: Mapping[str, int]
    known: Mapping[str, Fraction]

    @cached_property
    def above(self) -> Mapping[str, tuple[Holding, ...]]:
        """Return the holdings in each entity."""
        return _by(self.holdings, "owned")

    @cached_property
    def below(self) -> Mapping[str, tuple[Holding, ...]]:
        """Return the holdings of each entity."""
        return _by(self.holdings, "owner")

    def rest(self, entity: str) -> Fraction:
        """Return what the known shares in an entity leave for the unknown ones."""
        return max(Fraction(0), _WHOLE - self.known.get(entity, Fraction(0)))

    @property
    def overfull(self) -> tuple[str, ...]:
        """Return the entities whose known shares come to more than the whole."""
        return tuple(sorted(name for name, share in self.known.items() if share > _WHOLE))


def _by(holdings: Iterable[Holding], end: str) -> dict[str, tuple[Holding, ...]]:
    out: dict[str, list[Holding]] = {}
    for holding in holdings:
        out.setdefault(getattr(holding, end), []).append(holding)
    return {name: tuple(held) for name, held in out.items()}


def read_graph(facts: Facts) -> OwnershipGraph:
    """Return the owners above ``ownership.target``.

    Raises BadEnum for a target that nothing names, ConflictingFacts for an entity described twice in different words and
    BadDocument for a holding in nothing.

    >>> from penstock.terms.documents import read_facts
    >>> edges = [{"owner": "L", "owned": "H", "share": 0.5}, {"owner": "H", "owned": "T"}, {"owner": "T", "owned": "H"}]
    >>> graph = read_graph(read_facts({"ownership": {"target": "T", "entities": [{"id": "L", "lists": []}], "edges": edges}}))
    >>> [(h.owner, h.owned) for h in graph.holdings], sorted(graph.unscreened)
    ([('L', 'H'), ('H', 'T')], ['H', 'T'])
    """
    target = facts.values["ownership.target"]
    entities = _entities(facts)
    holdings = _holdings(facts, entities)
    names = {*entities, *(h.owner for h in holdings), *(h.owned for h in holdings)}
    if names and target not in names:
        raise BadEnum(f"ownership.target: no entity is called {target!r}", at="ownership.target", value=target,
                      nearest=nearest(target, sorted(names)), allowed=tuple(sorted(names)))  # fmt: skip
    kept = _ancestors(target, [h for h in holdings if h.owner not in (h.owned, target) and h.share != 0])
    reached = {target, *(h.owner for h in kept)}
    listed = frozenset(name for name in reached if _on_lists(entities.get(name, {})))
    unscreened = frozenset(name for name in reached if "lists" not in entities.get(name, {}))
    places = {str(row["id"]): i for i, row in enumerate(facts.values.get("ownership.entities", ())) if "id" in row}
    about = entities.get(target, {})
    return OwnershipGraph(target, listed, unscreened, about.get("us_entity"), about.get("headquarters"), kept, places,
                          _known(holdings))  # fmt: skip


def _entities(facts: Facts) -> dict[str, Mapping[str, Any]]:
    out: dict[str, Mapping[str, Any]] = {}
    for i, row in enumerate(facts.values.get("ownership.entities", ())):
        name = row.get("id")
        if name is None:
            raise BadDocument(f"ownership.entities[{i}] has no id", at=f"ownership.entities[{i}].id")
        if name in out and out[name] != row:
            raise ConflictingFacts(f"ownership.entities[{i}] describes {name} a second time, in other words",
                                   at=f"ownership.entities[{i}].id", value=name)  # fmt: skip
        out[name] = row
    return out


def _holdings(facts: Facts, entities: Mapping[str, Mapping[str, Any]]) -> list[Holding]:
    """Return every holding; an owner that is not named is one nobody screened."""
    out = []
    for i, row in enumerate(facts.values.get("ownership.edges", ())):
        at = f"ownership.edges[{i}]"
        if "owned" not in row:
            raise BadDocument(f"{at} does not say what is owned", at=f"{at}.owned")
        owner = row.get("owner", f"the owner missing in {at}")
        share = row.get("share")
        lists = _on_lists(entities.get(owner, {}))
        out.append(Holding(owner, row["owned"], None if share is None else Fraction(share), lists, i))
    return out


def _known(holdings: Iterable[Holding]) -> dict[str, Fraction]:
    out: dict[str, Fraction] = {}
    for holding in holdings:
        out[holding.owned] = out.get(holding.owned, Fraction(0)) + (holding.share or 0)
    return out


def _ancestors(target: str, holdings: Iterable[Holding]) -> tuple[Holding, ...]:
    above = _by(holdings, "owned")
    seen, queue, kept = {target}, [target], []
    while queue:
        for holding in above.get(queue.pop(), ()):
            kept.append(holding)
            if holding.owner not in seen:
                seen.add(holding.owner)
                queue.append(holding.owner)
    return tuple(sorted(kept, key=lambda h: h.index))


def _on_lists(entity: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(name for name in entity.get("lists", ()) if name in _LISTS)


def percent(share: Exact) -> str:
    """Return a share as people write it.

    >>> percent(Fraction("0.4999"))
    '49.99 %'
    """
    return f"{Decimal(plain(exact(share * 100))):f} %"
