"""A transaction that tells two laws apart: the shortest way to see what a change of law means."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from attrs import frozen

from penstock.decision.determination import decide_facts
from penstock.decision.library import program_of
from penstock.decision.prepare import prepare
from penstock.decision.program import OUTCOMES, PATHS, POLICIES
from penstock.rulebook import STANCES, Law
from penstock.terms.documents import read_facts

__all__ = ["Witness", "find_witness", "sample_transactions"]

_ITEMS: tuple[dict[str, Any], ...] = (
    {"kind": "integrated_circuit", "eccn": "3A090.a", "datacenter": True, "designer": {"status": "approved"}},
    {"kind": "integrated_circuit", "eccn": "3A090.b", "datacenter": True},
    {"kind": "integrated_circuit", "eccn": "3A090.a", "datacenter": False, "designer": {"status": "approved"}},
    {"kind": "integrated_circuit", "datacenter": True, "tpp": 15832, "memory_bandwidth_gbps": 4700,
     "io_bandwidth_gbps": 900, "commercially_available_in_us": True, "designer": {"status": "approved"}},
    {"kind": "integrated_circuit", "datacenter": True, "tpp": 2500, "performance_density": 4, "io_bandwidth_gbps": 400},
    {"kind": "hbm", "hbm_bandwidth_density": 3, "packaging": {"hbm_site_eligible": True}},
    {"kind": "model_weights", "eccn": "4E091"},
    {"kind": "integrated_circuit", "eccn": "EAR99"},
)  # fmt: skip
_PLACES = ("MY", "CN", "JP", "SA", "AE", "MO", "KH", "IL", "BR", "CH", "NI", "IN", "US")
_AMOUNTS = (1_000_000, 20_000_000, 100_000_000, 900_000_000)
# what may stand beside a plain transaction: a deal, an allocation that is used up, a status held, a use for someone else
_CIRCUMSTANCES: tuple[Mapping[str, Any], ...] = (
    {},
    {"documents": {"g2g_arrangement": True}},
    {"counters": {"licensed_tpp_destination_since_2025": 1_000_000_000}},
    {"authorizations_held": [{"type": "UVEU", "holder": "Buyer"}],
     "counters": {"uveu_share_outside_supp5a": 0.2, "uveu_share_outside_us": 0.2, "uveu_share_by_country": {"MY": 0.1}}},
    {"end_use": {"types": ["model_training_4e091"], "beneficiary_headquarters": "CN"}},
)  # fmt: skip


@frozen(eq=False)
class Witness:
    """A transaction and what each law answers to it in the stance where they differ."""

    document: dict[str, Any]
    stance: str
    before: str
    after: str


def sample_transactions() -> Iterator[dict[str, Any]]:
    """Yield transactions over circumstances, items, destinations, amounts and parents, all else stated; plain ones first."""
    for circumstances in _CIRCUMSTANCES:
        for item, place, amount, parent in itertools.product(_ITEMS, _PLACES, _AMOUNTS, ("same", "CN", "US")):
            yield _transaction(item, place, amount, place if parent == "same" else parent, circumstances)


def _transaction(
    item: Mapping[str, Any], place: str, amount: int, seat: str, circumstances: Mapping[str, Any]
) -> dict[str, Any]:  # fmt: skip
    buyer = {"name": "Buyer", "country": place, "headquarters": place, "parent_headquarters": seat, "lists": [], "owners": [],
             "uae_status": "none", "wholly_government_owned": False}  # fmt: skip
    plain: dict[str, Any] = {
        "activity": {"type": "export"},
        "origin": {"country": "US"},
        "destination": {"country": place},
        "item": {**item, "quantity": max(1, amount // item["tpp"])} if "tpp" in item else {**item, "aggregate_tpp": amount},
        "parties": {"ultimate_consignee": buyer},
        "end_use": {"types": ["datacenter_operation"]},
        "facility": {"supp10_14_15_18": True},
        "counters": {
            "lpp_tpp_received_this_year": 0,
            "licensed_tpp_destination_since_2025": 0,
            "aia_tpp_cumulative": 0,
        },
    }
    for group, facts in circumstances.items():
        plain[group] = {**plain.get(group, {}), **facts} if isinstance(facts, Mapping) else facts
    return plain


def find_witness(a: Law, b: Law) -> Witness | None:
    """Return the first sample transaction that the two laws answer differently, or None.

    Where every outcome, path and policy is the same, what the answers ask for before the act is compared too.
    """
    if (a.on, a.hash) == (b.on, b.hash):
        return None
    one, two = program_of(a), program_of(b)
    for document in sample_transactions():
        prepared = prepare(read_facts(document))
        before = one.verdict(prepared.values.get, prepared.roles, a.on)
        after = two.verdict(prepared.values.get, prepared.roles, b.on)
        for i, stance in enumerate(STANCES):
            said = [_say(out[5 * i : 5 * i + 5]) for out in (before, after)]
            if said[0] != said[1]:
                return Witness(document, stance, *said)
    return _asked_before(a, b, (_transaction(item, place, _AMOUNTS[0], place, {}) for item in _ITEMS for place in _PLACES))


def _asked_before(a: Law, b: Law, documents: Iterable[dict[str, Any]]) -> Witness | None:
    """Return the first transaction for which the two laws ask for different papers and acts."""
    for document in documents:
        answers = [
            decide_facts(read_facts(document), law.on, law.known if law.known.year < 2100 else None, law.regime, law.switches)
            for law in (a, b)
        ]
        for stance in STANCES:
            said = [_asks(answer.stance(stance).block) for answer in answers]
            if said[0] != said[1]:
                return Witness(document, stance, *said)
    return None


def _asks(block: Mapping[str, Any]) -> str:
    """Return the outcome, and the conditions and duties of the path it takes."""
    ways = [block, *(way for way in block["authorizations"]["available"] if way["id"] == block["path"])]
    ways += [block["license"]] if block["path"] == "LICENSE" else []
    asked = {entry["id"]: None for way in ways for key in ("conditions", "duties") for entry in way.get(key, ())}
    return f"{block['outcome']}, path {block['path']}, asks for {', '.join(asked) or 'nothing'}"


def _say(part: tuple[Any, ...]) -> str:
    outcome, _, path, policy, _ = part
    review = POLICIES[policy] if policy >= 0 else "not_applicable"
    return f"{OUTCOMES[outcome]}, path {PATHS[path]}, review {review}"
