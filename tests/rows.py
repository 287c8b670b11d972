"""Rows that every way of deciding many is asked: classifications stated in part, and end uses that turn on the entry."""

from __future__ import annotations

import itertools
from typing import Any

__all__ = ["bare_entries", "controlled_end_uses"]

Row = dict[str, Any]
# Headings, and .z paragraphs without the letter or number that tells .a from .b; one of each with it, to compare with.
_ENTRIES = ("3A090", "4A090", "3A001.z", "4A003.z", "4A004.z", "4A005.z", "5A002.z", "5A004.z", "5A992.z", "5D002.z",
            "5D992.z", "4E091", "3A090.a", "4A090.b", "3A090.c", "5A992.z.1", "5A992.z.2")  # fmt: skip
_FIGURES: tuple[Row, ...] = (
    {},
    {"item.kind": "integrated_circuit"},
    {"item.kind": "integrated_circuit", "item.tpp": 15832, "item.datacenter": True},
    {"item.kind": "computer", "item.tpp": 2500, "item.performance_density": 2, "item.datacenter": True},
    {"item.kind": "integrated_circuit", "item.tpp": 100, "item.datacenter": False},
    {"item.kind": "integrated_circuit", "item.chip": "h200-sxm"},
    {"item.kind": "hbm", "item.hbm_bandwidth_density": 2.5},
)
_USES = ("supercomputer", "military", "ic_production_node_unknown")
_KINDS = (
    "integrated_circuit",
    "assembly",
    "hbm",
    "model_weights",
    "technology",
    "semiconductor_manufacturing_equipment",
    "other",
)


def _shipment(destination: str, headquarters: str) -> Row:
    party = "parties.ultimate_consignee."
    return {
        "activity.type": "export", "origin.country": "US", "destination.country": destination,
        party + "country": destination, party + "headquarters": headquarters, party + "parent_headquarters": headquarters,
        party + "lists": [], party + "owners": [], party + "uae_status": "none", "end_use.types": ["datacenter_operation"],
        "item.aggregate_tpp": 30_000_000, "item.designer.status": "approved",
    }  # fmt: skip


def bare_entries() -> list[Row]:
    """Return items of which an entry is stated and not the paragraph, by what else is known, where they go and for whom."""
    places = (("CN", "CN"), ("MY", "MY"), ("MY", "CN"), ("DE", "DE"), ("SA", "SA"))
    return [
        {**_shipment(*place), **figures, "item.eccn": eccn}
        for eccn, figures, place in itertools.product(_ENTRIES, _FIGURES, places)
    ]


def controlled_end_uses() -> list[Row]:
    """Return end uses controlled for items of named entries, by what is asserted of the item, what it is and where it goes."""
    asserted: tuple[Row, ...] = ({}, *({"item.eccn": eccn} for eccn in ("none", "EAR99", "3A991", "3B991.b", "4A994", "3A090.b")))
    figures = {"item.tpp": 100, "item.datacenter": False, "item.hbm_bandwidth_density": 1, "item.training_operations": 10**24}
    rows = [
        {**_shipment(place, place), "item.kind": kind, **entry, **({} if entry else figures),
         "end_use.types": [use], "end_use.knowledge": True, "item.weights_published": False}
        for entry, kind, use, place in itertools.product(asserted, _KINDS, _USES, ("CN", "MO", "KH", "PE"))
    ]  # fmt: skip
    memory = {"item.kind": "hbm", "item.hbm_bandwidth_density": 2.5, "item.packaging.hbm_site_eligible": True}
    circuit = {"item.kind": "integrated_circuit", "item.tpp": 2500, "item.performance_density": 2, "item.datacenter": True}
    support = {"activity.type": "us_person_support", "activity.us_person": True}
    known = {"end_use.knowledge": True}
    return [
        *rows,
        *({**_shipment("CN", "CN"), **item, **known, "end_use.types": [use]} for item in (memory, circuit) for use in _USES),
        *({**_shipment("CN", "CN"), **support, **known, **item, "end_use.types": ["ic_production_node_unknown"]}
          for item in ({}, {"item.kind": "other"}, {"item.eccn": "3B001"}, {"item.eccn": "none"})),
    ]  # fmt: skip
