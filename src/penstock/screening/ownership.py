"""Whether listed owners restrict an entity: the 50 percent rule with unknown shares, circles and its minimal proof (744.11).

Ownership only, not control; pure: the facts, the day and what the law says are handed in.
Only the owners given are judged: a graph without listed owners is no clearance.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from attrs import field, frozen

from penstock.screening.graph import Holding, OwnershipGraph, read_graph
from penstock.screening.shares import carriers, held, in_full, multiplied
from penstock.terms.documents import Facts
from penstock.terms.errors import BadDocument
from penstock.terms.numbers import Exact, exact

__all__ = ["Holding", "Ownership", "OwnershipLaw", "ownership"]

UNKNOWN = "unknown"


@frozen
class OwnershipLaw:
    """What the law says on a day: how the rule stands, its limit, the reading of chains and the red flag in force.

    ``status`` is not_in_force, in_force or stayed; ``share`` is None where there is no limit yet; ``readings`` are the
    decided readings the answer rests on, of which ``indirect_ownership`` is cascade (default) or multiply.  ``regime`` and
    ``stance`` are those it was asked for; no stance means that of the text, whether BIS enforces it or not.
    """

    status: str
    share: Exact | None
    readings: Mapping[str, Any] = field(factory=dict)
    flag: str = ""
    certainty: str = "verified"
    cite: str = ""
    stay: str = ""
    regime: str = "actual"
    stance: str = ""

    def document(self) -> dict[str, Any]:
        """Return which rule was applied, as plain data."""
        asked = {"regime": self.regime, **({"stance": self.stance} if self.stance else {})}
        return {"id": "affiliates", "status": self.status, "cite": self.cite, **({"stayed_by": self.stay} if self.stay else {}),
                "certainty": self.certainty, "readings": dict(self.readings), **asked}  # fmt: skip


@frozen
class Ownership:
    """The answer: restricted or not, the share that is known, and the holdings that carry it."""

    on: dt.date
    target: str
    restricted: bool | str
    aggregate_share: Exact | None
    law: OwnershipLaw
    listed_owners: tuple[str, ...] = ()
    proof: tuple[Holding, ...] = ()
    missing: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def red_flags(self) -> tuple[str, ...]:
        """Return the red flag a listed owner raises, at whatever share, direct or indirect."""
        return (self.law.flag,) if self.law.flag and self.listed_owners else ()

    def document(self) -> dict[str, Any]:
        """Return the ownership document of the contract, with the proof."""
        return {
            "on": self.on,
            "target": self.target,
            "restricted": self.restricted,
            "aggregate_share": self.aggregate_share,
            "threshold": self.law.share,
            "rule_status": self.law.status,
            "red_flag": bool(self.red_flags),
            "red_flags": list(self.red_flags),
            "certainty": self.law.certainty,
            "switches": dict(self.law.readings),
            "listed_owners": list(self.listed_owners),
            "proof": [holding.document() for holding in self.proof],
            "missing_facts": [{"id": name, "decides": [key]} for name, key in self.missing],
            "assumptions": list(self.notes),
            "citations": [{"cite": cite} for cite in (self.law.cite, self.law.stay) if cite],
        }


def ownership(facts: Facts, *, on: dt.date, law: OwnershipLaw) -> Ownership:
    """Return whether listed owners restrict ``ownership.target`` on a day.

    Shares are exact fractions of the whole; a holding without a share is one whose share is not known, and an entity whose
    ``lists`` are not given is one that nobody screened: both make the answer ``unknown`` only where they could decide it.
    Raises BadDocument without ``ownership`` facts.

    >>> from penstock.terms.documents import read_facts
    >>> known = [{"id": "T", "lists": []}, {"id": "L", "lists": ["meu_list"]}]
    >>> edges = [{"owner": "L", "owned": "T", "share": 0.5}]
    >>> facts = read_facts({"ownership": {"target": "T", "entities": known, "edges": edges}})
    >>> answer = ownership(facts, on=dt.date(2025, 10, 20), law=OwnershipLaw("in_force", Fraction(1, 2), flag="KYC-29"))
    >>> answer.restricted, answer.aggregate_share, answer.red_flags
    (True, Fraction(1, 2), ('KYC-29',))
    """
    if not facts.has_group("ownership"):
        raise BadDocument("Nothing here is owned: no ownership facts", at="ownership",
                          hint="Give ownership.target, entities and edges; `penstock facts ownership` lists them.")  # fmt: skip
    if "ownership.target" not in facts.values:
        return Ownership(on, UNKNOWN, UNKNOWN, None, law, missing=(("ownership.target", "restricted"),))
    graph = read_graph(facts)
    least, most, proof, may = (_multiply if law.readings.get("indirect_ownership") == "multiply" else _cascade)(graph, law.share)
    restricted = _restricted(graph, law, least, most, edges_given="ownership.edges" in facts.values)
    owners = tuple(sorted(name for name in graph.listed if name != graph.target))
    missing = _missing(graph, facts, restricted, may)
    notes = _notes(graph, law)
    return Ownership(on, graph.target, restricted, exact(least), law, owners, tuple(proof), missing, notes)


def _cascade(graph: OwnershipGraph, limit: Any) -> tuple[Fraction, Fraction, list[Holding], frozenset[str]]:
    """Return the least and the most the target is held, the proof, and the entities that may count."""
    target = graph.target
    sure = in_full(graph, graph.listed - {target}, limit, room=False)
    may = in_full(graph, (graph.listed | graph.unscreened) - {target}, limit, room=True)
    proof = carriers(graph, target, sure, limit)
    return held(graph, target, sure, room=False), held(graph, target, may, room=True), proof, frozenset(may)


def _multiply(graph: OwnershipGraph, limit: Any) -> tuple[Fraction, Fraction, list[Holding], frozenset[str]]:
    target = graph.target
    sure = multiplied(graph, graph.listed - {target}, room=False)
    may = multiplied(graph, (graph.listed | graph.unscreened) - {target}, room=True)
    proof = [h for h in graph.holdings if h.share is not None and h.owner in sure and h.owned not in graph.listed - {target}]
    return sure.get(target, Fraction(0)), may.get(target, Fraction(0)), proof, frozenset(may)


def _restricted(graph: OwnershipGraph, law: OwnershipLaw, least: Fraction, most: Fraction, *, edges_given: bool) -> bool | str:
    """Return the three-valued answer: by the target's own listing on any day, by its owners where the rule is in force."""
    own = True if graph.target in graph.listed else UNKNOWN if graph.target in graph.unscreened else False
    if own is True or law.status != "in_force" or law.share is None or graph.us_entity:
        return own
    if most < law.share and edges_given:
        return own
    return True if least >= law.share and not _maybe_us(graph) else UNKNOWN


def _maybe_us(graph: OwnershipGraph) -> bool:
    """Say whether the target may be a US entity, which is one organized there, not one that has its headquarters there."""
    return graph.us_entity is None and graph.headquarters == "US"


def _missing(graph: OwnershipGraph, facts: Facts, restricted: bool | str, may: frozenset[str]) -> tuple[tuple[str, str], ...]:
    """Return the facts that would settle an open answer, and those on which a red flag still depends."""
    out = []
    if restricted == UNKNOWN and "ownership.edges" not in facts.values:
        out.append(("ownership.edges", "restricted"))
    for holding in graph.holdings if restricted == UNKNOWN else ():
        if holding.share is None and holding.owner in may:
            out.append((f"ownership.edges[{holding.index}].share", "restricted"))
    if restricted == UNKNOWN and _maybe_us(graph):
        out.append((f"ownership.entities[{graph.places[graph.target]}].us_entity", "restricted"))
    flagged = bool(graph.listed - {graph.target})
    for name in sorted(graph.unscreened) if restricted == UNKNOWN or not flagged else ():
        place = f"ownership.entities[{graph.places[name]}].lists" if name in graph.places else "ownership.entities"
        out.append((place, "restricted" if restricted == UNKNOWN else "red_flags"))
    return tuple(dict.fromkeys(out))


def _notes(graph: OwnershipGraph, law: OwnershipLaw) -> tuple[str, ...]:
    notes = ["Only the owners given are judged; the absence of a listed owner is no clearance."]
    if graph.us_entity:
        notes.append(f"{graph.target} is a US entity, which the rule does not reach.")
    if graph.us_entity is None and not _maybe_us(graph):
        notes.append(f"{graph.target} is taken for a foreign entity: us_entity is not given.")
    if graph.target in graph.listed:
        notes.append(f"{graph.target} is itself on a list and restricted by its own entry.")
    notes += [f"{name} is not among the entities: nobody screened it." for name in sorted(graph.unscreened - graph.places.keys())]
    notes += [f"The known shares in {name} come to more than the whole." for name in graph.overfull]
    if law.certainty == "unverified":
        notes.append("Whether the stay of the rule was extended is unverified.")
    return tuple(notes)
