"""Plain transactions that tests vary, and short readers of what the law answers.

Everything a rule may ask is stated, so that an answer is decided; a test changes the one fact it is about.
"""

from __future__ import annotations

from typing import Any

from penstock import Stance, decide

__all__ = ["Document", "binding", "chips", "codified", "enforced", "export", "hbm", "party", "policy", "reasons", "weights"]

Document = dict[str, Any]


def chips(eccn: str = "3A090.a", **facts: Any) -> Document:
    """Return datacenter circuits of a class: enough of them to be over the yearly limit of License Exception LPP."""
    designer = {"status": "approved"}
    item = {"kind": "integrated_circuit", "eccn": eccn, "datacenter": True, "aggregate_tpp": 30_000_000, "designer": designer}
    return {**item, **facts}


def hbm(density: float = 2.5, **facts: Any) -> Document:
    """Return a stack of high-bandwidth memory for an eligible packaging site."""
    return {"kind": "hbm", "hbm_bandwidth_density": density, "packaging": {"hbm_site_eligible": True}, **facts}


def weights(operations: float = 3e26, **facts: Any) -> Document:
    """Return the unpublished weights of a model."""
    return {"kind": "model_weights", "training_operations": operations, "weights_published": False, **facts}


def party(country: str, headquarters: str = "", parent: str = "", **facts: Any) -> Document:
    """Return a screened company; headquarters and ultimate parent are where it is located unless said otherwise."""
    seat = headquarters or country
    known = {"name": "Buyer", "country": country, "headquarters": seat, "parent_headquarters": parent or seat, "lists": []}
    return {**known, "owners": [], "uae_status": "none", "wholly_government_owned": False, **facts}


def export(destination: str, item: Document | None = None, consignee: Document | None = None, **groups: Any) -> Document:
    """Return an export from the United States to one consignee for a data center; ``groups`` replaces whole groups."""
    return {
        "activity": {"type": "export"},
        "origin": {"country": "US"},
        "destination": {"country": destination},
        "item": item or chips(),
        "parties": {"ultimate_consignee": consignee or party(destination)},
        "end_use": {"types": ["datacenter_operation"]},
        "facility": {"supp10_14_15_18": False},
        "counters": {
            "licensed_tpp_destination_since_2025": 0,
            "lpp_tpp_received_this_year": 0,
            "aia_tpp_cumulative": 0,
        },
        **groups,
    }


def codified(document: Document, on: str, **options: Any) -> Stance:
    """Return the answer by the text in the CFR."""
    return decide(document, on=on, **options).codified


def enforced(document: Document, on: str, **options: Any) -> Stance:
    """Return the answer by what of the text is enforced."""
    return decide(document, on=on, **options).enforced


def binding(stance: Stance) -> set[str]:
    """Return the requirements that bind."""
    return {entry["id"] for entry in stance.block["requirements"] if entry["binding"] and entry["scope_met"] is True}


def policy(stance: Stance) -> str:
    """Return the review policy, ``not_applicable`` where no license is required."""
    return str(stance.block["license"]["review_policy"]) if stance.block["license"] else "not_applicable"


def reasons(stance: Stance, authorization: str) -> set[str]:
    """Return why an authorization is unavailable; empty when it is available or undetermined."""
    return {
        reason for entry in stance.block["authorizations"]["unavailable"] if entry["id"] == authorization
        for reason in entry["reasons"]
    }  # fmt: skip
