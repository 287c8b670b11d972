"""Party facts from evidence: what the lists and the holdings say about a party, in the words of the transaction document.

A hit from ``SURE`` on is taken as the party; one from ``OPEN`` on leaves the fact unknown until somebody has looked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from attrs import field, frozen

from penstock.screening.closure import Closure, OwnershipIndex
from penstock.screening.holdings import WHOLE
from penstock.screening.names.writing import fold
from penstock.screening.screener import Hit, Screener

__all__ = ["Evidence", "Finding", "PartyEvidence"]

SURE, OPEN = 0.9, 0.5
_LISTS = (
    ("entity list", "entity_list"),
    ("(el)", "entity_list"),
    ("military end", "meu_list"),
    ("unverified", "unverified_list"),
    ("denied persons", "denied_persons"),
)
_OTHER = "other"
_OF_OWNERS = ("entity_list", "meu_list", "sdn_744_8")
_POLICIES = ("presumption_of_denial", "policy_of_denial", "case_by_case")


@frozen
class Finding:
    """One fact with what it rests on."""

    fact: str
    value: Any
    because: str

    def document(self) -> dict[str, Any]:
        """Return the finding as plain data."""
        return {"fact": self.fact, "value": self.value, "because": self.because}


@frozen
class PartyEvidence:
    """The facts found about a party and the open questions about it."""

    facts: dict[str, Any] = field(factory=dict)
    findings: tuple[Finding, ...] = ()
    open: tuple[str, ...] = ()


class Evidence:
    """A list to screen against, and the holdings known, asked about one party at a time.

    >>> import datetime as dt
    >>> from penstock.screening.holdings import read_holdings
    >>> from penstock.screening.screener import Entry
    >>> listed = Entry("1", "Huawei Technologies Co., Ltd.", (), ("CN",), (), "Entity List")
    >>> rows = ["owner,owned,basis_points", "华为技术有限公司,Top,6000", "Top,Mid,10000", "Mid,Buyer Pte,10000"]
    >>> held = read_holdings([row.split(",") for row in rows], on=dt.date(2026, 11, 15))
    >>> found = Evidence(Screener([listed]), OwnershipIndex(held, limit=5000)).about({"name": "Buyer Pte", "country": "SG"})
    >>> found.facts["parent_name"], found.facts["parent_headquarters"], found.facts["owners"][0]["share"]
    ('华为技术有限公司', 'CN', 1.0)
    """

    def __init__(self, screener: Screener, graph: OwnershipIndex | None = None, places: Mapping[str, str] | None = None) -> None:
        self.screener, self.graph, self.places = screener, graph, dict(places or {})
        self._hits: dict[str, Hit | None] = {}

    def about(self, party: Mapping[str, Any]) -> PartyEvidence:
        """Return the facts about a party given by its facts; what is given already is never replaced."""
        name = str(party.get("name") or "")
        if not name:
            return PartyEvidence()
        found = _Facts(party)
        self._lists(found, name, str(party.get("country") or ""))
        if self.graph is not None:
            held = self._in_graph(name)
            if held is None:
                found.open.append(f"owners: the holdings name nobody called {name!r}; who owns it is not known")
            else:
                self._owners(found, held)
                self._parent(found, held)
        return PartyEvidence(found.facts, tuple(found.findings), tuple(found.open))

    def _in_graph(self, name: str) -> str | None:
        """Return what a party is called in the holdings: its name, or the only one that differs in case and signs alone."""
        assert self.graph is not None
        if name in self.graph.holdings.numbers:
            return name
        same = self._spelled.get(_letters(name), [])
        return same[0] if len(same) == 1 else None

    @cached_property
    def _spelled(self) -> Mapping[str, list[str]]:
        assert self.graph is not None
        out: dict[str, list[str]] = {}
        for name in self.graph.holdings.names:
            out.setdefault(_letters(name), []).append(name)
        return out

    def _hit(self, name: str, country: str = "") -> Hit | None:
        """Return the likeliest entry for a name from ``OPEN`` on."""
        if name not in self._hits:
            hits = [hit for hit in self.screener.screen(name, country=country, top=1) if hit.score >= OPEN]
            self._hits[name] = hits[0] if hits else None
        return self._hits[name]

    def _lists(self, found: _Facts, name: str, country: str) -> None:
        hit = self._hit(name, country)
        if hit is None:
            found.put("lists", [], f"no entry of the list comes near {name!r}; absence is no clearance")
        elif hit.score >= SURE and _list_of(hit) == _OTHER:
            found.open.append(f"lists: {_said(hit)}; {hit.entry.list} is no list this law speaks of")
        elif hit.score >= SURE:
            found.put("lists", [_list_of(hit)], _said(hit))
            policy = hit.entry.about.get("review_policy")
            if policy in _POLICIES and _list_of(hit) == "entity_list":
                found.put("entity_list_review_policy", policy, f"as printed: {hit.entry.about.get('review_policy_text', policy)}")
        else:
            found.open.append(f"lists: {_said(hit)}; look at it and state parties.<role>.lists")

    @cached_property
    def _listed(self) -> dict[str, Hit]:
        """Return the names of the graph that are on the list, each with its entry."""
        assert self.graph is not None
        hits = {
            name: hit for name in self.graph.holdings.names if (hit := self._hit(name, self.places.get(name, ""))) is not None
        }
        return {name: hit for name, hit in hits.items() if hit.score >= SURE and _list_of(hit) in _OF_OWNERS}

    @cached_property
    def _closure(self) -> Closure:
        assert self.graph is not None
        return self.graph.close(self._listed)

    def _owners(self, found: _Facts, name: str) -> None:
        """Give the direct owners with their shares; one that listed owners restrict counts as they do."""
        assert self.graph is not None
        names = self.graph.holdings.names
        above = self.graph.above
        rows = above.of(self.graph.holdings.numbers[name])
        owners: list[dict[str, Any]] = []
        for owner, share in zip(above.other[rows].tolist(), above.share[rows].tolist(), strict=True):
            lists, why = self._lists_of_owner(names[owner])
            row = {
                "name": names[owner],
                **({} if lists is None else {"lists": lists}),
                **({"share": share / WHOLE} if share >= 0 else {}),
            }
            owners.append(row)
            if lists:
                held = f"{share / 100:g} %" if share >= 0 else "an unknown share"
                found.findings.append(Finding("owners", names[owner], f"{names[owner]} holds {held} of {name}; {why}"))
            elif lists is None:
                found.open.append(f"owners: {names[owner]}: {why}")
        found.put("owners", owners, f"{len(owners)} holdings in {name}")

    @cached_property
    def _judged(self) -> Mapping[str, bool]:
        """Return the entities that listed owners restrict, True, or may restrict, False."""
        return dict.fromkeys(self._closure.undetermined, False) | dict.fromkeys(self._closure.restricted, True)

    def _lists_of_owner(self, owner: str) -> tuple[list[str] | None, str]:
        """Return the lists an owner counts for, None where that is not known, and why."""
        if owner in self._listed:
            return [_list_of(self._listed[owner])], _said(self._listed[owner])
        judged = self._judged.get(owner)
        if judged:
            tree = self._closure.proof_tree(owner)
            top = sorted({_list_of(self._listed[stake.owner]) for stake in tree if stake.owner in self._listed})
            held = "; ".join(f"{s.owner} holds {(s.basis_points or 0) / 100:g} % of {s.owned}" for s in tree)
            return top, f"listed owners hold {self._closure.share(owner) / 100:g} % of {owner}: {held}"
        if judged is not None:
            open_ = "; ".join(f"{s.owner} in {s.owned}" for s in self._closure.proof_tree(owner) if s.basis_points is None)
            return None, f"shares that are not known could bring listed owners to the limit: {open_}"
        hit = self._hit(owner, self.places.get(owner, ""))
        if hit is not None and hit.score < SURE:
            return None, f"{_said(hit)}; look at it"
        return [], ""

    def _parent(self, found: _Facts, name: str) -> None:
        """Name the ultimate parent: the one above all others that controls the party, in aggregate, from the limit on."""
        assert self.graph is not None
        above = [owner for owner in _ancestors(self.graph, name) if name in self.graph.close([owner]).restricted]
        top = [
            owner
            for owner in above
            if not any(owner in self.graph.close([other]).restricted for other in above if other != owner)
        ]
        if len(top) != 1:
            if top:
                found.open.append(f"parent_name: {', '.join(sorted(top))} each reach the limit")
            return
        parent = top[0]
        doubt = [owner for owner in _ancestors(self.graph, parent) if parent in self.graph.close([owner]).undetermined]
        if doubt:
            found.open.append(f"parent_name: {parent}, unless {', '.join(doubt)} controls it by shares that are not known")
            return
        chain = "; ".join(f"{s.owner} holds {(s.basis_points or 0) / 100:g} % of {s.owned}"
                          for s in self.graph.close([parent]).proof_tree(name))  # fmt: skip
        found.put("parent_name", parent, chain)
        hit = self._listed.get(parent)
        seat = self.places.get(parent) or (hit.entry.countries[0] if hit and len(hit.entry.countries) == 1 else "")
        if seat:
            found.put(
                "parent_headquarters",
                seat,
                f"where {hit.entry.title} is listed" if hit and parent not in self.places else "as given",
            )
        else:
            found.open.append(f"parent_headquarters: nothing says where {parent} has its headquarters")


class _Facts:
    """Collects facts that are not given yet."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self.given = given
        self.facts: dict[str, Any] = {}
        self.findings: list[Finding] = []
        self.open: list[str] = []

    def put(self, name: str, value: Any, because: str) -> None:
        if name not in self.given:
            self.facts[name] = value
            self.findings.append(Finding(name, value, because))


def _letters(name: str) -> str:
    return "".join(sign for sign in fold(name) if sign.isalnum())


def _ancestors(graph: OwnershipIndex, name: str) -> Sequence[str]:
    names, numbers = graph.holdings.names, graph.holdings.numbers
    seen, queue = {numbers[name]}, [numbers[name]]
    while queue:
        fresh = set(graph.above.other[graph.above.of(queue.pop())].tolist()) - seen
        seen |= fresh
        queue += sorted(fresh)
    return sorted(names[i] for i in seen - {numbers[name]})


def _list_of(hit: Hit) -> str:
    text = hit.entry.list.casefold()
    return next((name for word, name in _LISTS if word in text), "entity_list" if not text else _OTHER)


def _said(hit: Hit) -> str:
    cites = "; ".join(hit.entry.about.get("citations", ()))
    return f"{hit.score:.3f} {hit.entry.title} [{hit.entry.id}], {hit.why}" + (f" ({cites})" if cites else "")
