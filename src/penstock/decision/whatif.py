"""Minimal changes of facts that flip the outcome, facts one may change kept apart from counterfactuals.

Splitting an order to stay under a quota, or turning it into another kind of act, is never proposed: such a flip is
shown with the warning ``structuring``, so that whoever reviews the transaction sees it too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from penstock.decision.again import Again, Change
from penstock.decision.flips import RANK, alone, minimal
from penstock.decision.program import OUTCOMES
from penstock.decision.treatments import ON
from penstock.rulebook import STANCES

if TYPE_CHECKING:
    from penstock.decision.determination import Determination

__all__ = ["minimal_flips", "what_if"]

_LAWFUL = ("item.quantity", "item.aggregate_tpp", "documents.", "answers.", "item.designer.status",
           "facility.supp10_14_15_18", ON)  # fmt: skip
_AMOUNTS = ("item.quantity", "item.aggregate_tpp")
_ACT = "activity.type"


def what_if(answer: Determination) -> dict[str, list[dict[str, Any]]]:
    """Return, per stance, the flips of single facts: what to change, to what, what the outcome becomes, and how to read it.

    Of several values of a fact that flip to the same outcome the nearest is given; lawful changes come first.  ``follows``
    holds a given total that changes with its parts.

    >>> from penstock.decision import decide
    >>> answer = decide({"activity": {"type": "dealing"}, "item": {"chip": "Ascend 910C"}}, on="2025-06-01")
    >>> [(flip["id"], flip["to"], flip["then"]) for flip in what_if(answer)["enforced"] if flip["reading"] == "lawful"]
    [('documents.bis_authorization', True, 'no_license_required')]
    """
    case = Again.of(answer)
    found: dict[str, dict[tuple[str, str], dict[str, Any]]] = {name: {} for name in STANCES}
    for change, outcomes in alone(case, STANCES).items():
        flipped = [name for name in STANCES if outcomes[name] not in (case.base[name], "unknown")]
        if flipped and case.holds(change):
            for name in flipped:
                found[name].setdefault((change[0], outcomes[name]), _single(case, name, change, outcomes[name]))
    return {name: sorted(flips.values(), key=lambda flip: flip["reading"] != "lawful") for name, flips in found.items()}


def minimal_flips(answer: Determination, stance: str, facts_max: int = 2, *, outcome: str | None = None) -> list[dict[str, Any]]:
    """Return all minimal combinations of up to ``facts_max`` (1 or 2) facts that flip a stance to a better outcome.

    ``outcome`` asks for one outcome only.  A combination is minimal when no part of it does as well; each has ``changes``
    (id, to), ``then``, ``reading`` and, where it applies, ``warning``.  Lawful ones come first, those with a warning last
    of them.

    >>> from penstock.decision import decide
    >>> buyer = {"country": "SG", "headquarters": "SG", "parent_headquarters": "CN", "lists": ["entity_list"]}
    >>> answer = decide({"activity": {"type": "export"}, "origin": "US", "destination": "SG", "consignee": buyer,
    ...                  "item": {"eccn": "3A090.a", "datacenter": True, "aggregate_tpp": 10**6}}, on="2025-06-01")
    >>> flip = [flip for flip in minimal_flips(answer, "enforced") if len(flip["changes"]) == 2][0]
    >>> [(change["id"], change["to"]) for change in flip["changes"]], flip["then"]
    ([('destination.country', 'US'), ('parties.ultimate_consignee.lists', [])], 'no_license_required')
    """
    assert facts_max in (1, 2), "combinations of more than two facts are no advice"
    assert outcome is None or outcome in OUTCOMES, outcome
    case = Again.of(answer)
    found = minimal(case, stance, facts_max)
    flips = [_flip(case, stance, changes, then) for changes, then in found if outcome in (None, then)]
    return sorted(flips, key=lambda flip: (flip["reading"] != "lawful", "warning" in flip, len(flip["changes"])))


def _single(case: Again, stance: str, change: Change, then: str) -> dict[str, Any]:
    flip = _flip(case, stance, (change,), then)
    (entry,) = flip.pop("changes")
    return {**entry, **flip}


def _flip(case: Again, stance: str, changes: tuple[Change, ...], then: str) -> dict[str, Any]:
    """Return a combination as a document; it is lawful when each of its changes is the applicant's to make."""
    lawful = all(fact.startswith(_LAWFUL) for fact, _ in changes)
    flip: dict[str, Any] = {"changes": [_entry(*change) for change in changes], "then": then,
                            "reading": "lawful" if lawful else "counterfactual"}  # fmt: skip
    if follows := case.changed(changes).keys() - dict(changes):
        flip["follows"] = {fact: case.changed(changes)[fact] for fact in sorted(follows)}
    better = RANK[then] < RANK[case.base[stance]]
    if any(_smaller(case, fact, value) or (fact == _ACT and better) for fact, value in changes):
        flip["warning"] = "structuring"
    return flip


def _entry(fact: str, value: Any) -> dict[str, Any]:
    return {"id": fact, "to": list(value) if isinstance(value, tuple) else value}


def _smaller(case: Again, fact: str, value: Any) -> bool:
    before = case.prepared.values.get(fact)
    return fact in _AMOUNTS and before is not None and bool(value < before)
