"""Hypothesis strategies over the fact vocabulary: complete transactions, partial ones, arbitrary ones, and dates of the law.

Facts are drawn flat (dotted names) and nested by :func:`nested`, the way a document is written.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from fractions import Fraction
from functools import cache
from typing import Any

from hypothesis import strategies as st

from penstock.decision.chips import chip_table
from penstock.decision.library import book
from penstock.terms.countries import codes
from penstock.terms.documents import Facts, read_facts
from penstock.terms.errors import FactError
from penstock.terms.vocabulary import FactSpec, vocabulary

__all__ = [
    "PLACES",
    "Flat",
    "arbitrary_facts",
    "complete_facts",
    "days",
    "epochs",
    "item_by_parameters",
    "json_values",
    "laws",
    "nested",
    "partial_facts",
    "readable",
]

Flat = dict[str, Any]
Asked = tuple[dt.date, str, dict[str, Any]]

# one place for each way the law treats places, and those that moved between groups
PLACES = (
    "US",
    "JP",
    "DE",
    "TW",
    "PT",
    "CH",
    "SG",
    "IL",
    "ZA",
    "BR",
    "IN",
    "MY",
    "SA",
    "AE",
    "VN",
    "KH",
    "NI",
    "RU",
    "CN",
    "HK",
    "MO",
)
_MOVES = ("export", "reexport", "transfer_in_country")
_ECCNS = ("none", "EAR99", "3A090.a", "3A090.b", "3A090.c", "4A090.a", "4A090.b", "5A992.z.1", "5A992.z.2", "5A002.z.1.a",
          "4E091", "3A991", "4A994", "3B991.b")  # fmt: skip
_CHIPS = tuple(chip_table())
_USES = vocabulary().facts["end_use.types"].enum
_OF_NAMED_ENTRIES = ("military", "supercomputer", "ic_production_node_unknown")


def nested(flat: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document of flat facts.

    >>> nested({"item.tpp": 1, "item.designer.status": "neither"})
    {'item': {'tpp': 1, 'designer': {'status': 'neither'}}}
    """
    out: dict[str, Any] = {}
    for name, value in flat.items():
        *groups, last = name.split(".")
        inner = out
        for group in groups:
            inner = inner.setdefault(group, {})
        inner[last] = value
    return out


# ---- dates


def epochs() -> list[dt.date]:
    """Return one day of each stretch in which the law does not change: its first."""
    return [book().first_day, *book().change_days(book().first_day, dt.date(2028, 12, 31))]


def _mostly(usual: Any, *others: Any, one_in: int = 12) -> st.SearchStrategy[Any]:
    """Draw the usual value, and one of the others once in so many times."""
    return st.sampled_from([*[usual] * (len(others) * (one_in - 1)), *others])


def days() -> st.SearchStrategy[dt.date]:
    """Draw a date of the law: a day of change, the day before one, or any other."""
    edges = st.sampled_from([day for first in epochs()[1:] for day in (first, first - dt.timedelta(days=1))])
    return st.one_of(edges, st.dates(book().first_day, dt.date(2028, 12, 31)))


_READ_OTHERWISE_ON = {  # a day on which the other value of a reading matters
    "lpp_740_2_a_9": dt.date(2025, 6, 1),
    "lpp_5a002": dt.date(2025, 6, 1),
    "hq_overlap": dt.date(2025, 6, 1),
    "affiliates_stay_extended": dt.date(2026, 11, 10),
    "kh_leaves_d5": dt.date(2025, 12, 1),
    "uae_license_free_scope": dt.date(2026, 8, 1),
}


@cache
def _laws() -> tuple[Asked, ...]:
    """Return what the law may be asked for: each stretch of the actual law, of the rule as written, and other readings."""
    edges = [day for first in epochs()[1:] for day in (first, first - dt.timedelta(days=1))]
    actual: list[Asked] = [(day, "actual", {}) for day in [*edges, dt.date(2028, 6, 1)]]
    written: list[Asked] = [(day, "diffusion-as-written", {}) for day in edges if day.year in (2025, 2026)]
    other: list[Asked] = [
        (day, "actual", {name: value}) for name, day in _READ_OTHERWISE_ON.items() for value in book().readings[name].values[1:]
    ]
    return (*actual, *written, *other)


def laws() -> st.SearchStrategy[Asked]:
    """Draw a day, a regime and readings; few enough that every worker compiles each law once."""
    return st.sampled_from(_laws())


# ---- transactions in which everything is stated


_TPP = st.one_of(
    st.sampled_from([1, 1599, 1600, 2368, 2399, 2400, 4799, 4800, 4992, 15832, 20919, 20999, 21000, 36000]),
    st.integers(1, 40_000),
    st.decimals(1, 40_000, places=1),
)
_AREAS = st.sampled_from([100, 270, 300, 405, 500, 750, 814, 826, 1600, 2000])


@st.composite
def item_by_parameters(draw: st.DrawFn) -> Flat:
    """Draw an integrated circuit described by its parameters, so that its class is computed."""
    return {
        "item.kind": "integrated_circuit",
        "item.tpp": draw(_TPP),
        "item.die_area_mm2": draw(_AREAS),
        "item.datacenter": draw(st.booleans()),
        "item.memory_bandwidth_gbps": draw(st.sampled_from([500, 4800, 6000, 6499, 6500, 8000])),
        "item.io_bandwidth_gbps": draw(st.sampled_from([64, 400, 599, 600, 900])),
        "item.quantity": draw(st.sampled_from([1, 8, 500, 5_000, 60_000, 400_000])),
    }


@st.composite
def _item_by_class(draw: st.DrawFn) -> Flat:
    eccn, tpp = draw(st.sampled_from([("3A090.a", 15832), ("4A090.a", 36000), ("5A992.z.1", 15832), ("5A002.z.1.a", 15832),
                                      ("3A090.b", 2500), ("4A090.b", 2500), ("5A992.z.2", 2500), ("none", 100), ("EAR99", 100),
                                      ("3A991", 100), ("4A994", 100), ("3B991.b", 100)]))  # fmt: skip
    return {
        "item.kind": draw(st.sampled_from(["integrated_circuit", "computer", "assembly"])),
        "item.eccn": eccn,
        "item.datacenter": tpp == 2500 or draw(st.booleans()),
        "item.tpp": tpp,
        "item.die_area_mm2": 1000,
        "item.memory_bandwidth_gbps": draw(st.sampled_from([4800, 6500])),
        "item.quantity": draw(st.sampled_from([1, 100, 1_000, 1_600, 50_000, 100_000])),
    }


@st.composite
def _memory(draw: st.DrawFn) -> Flat:
    density = draw(st.sampled_from([1, 2, Fraction(21, 10), Fraction(33, 10), 4]))
    return {"item.kind": "hbm", "item.hbm_bandwidth_density": density, "item.copackaged_with_logic": False,
            "item.dominant_function": "memory", "item.packaging.hbm_site_eligible": draw(st.booleans()),
            "item.aggregate_tpp": 0}  # fmt: skip


@st.composite
def _weights(draw: st.DrawFn) -> Flat:
    return {
        "item.kind": "model_weights",
        "item.training_operations": draw(st.sampled_from([10**25, 10**26 - 1, 10**26, 3 * 10**26])),
        "item.weights_published": draw(_mostly(False, True, one_in=5)),
        "item.aggregate_tpp": 0,
    }


@st.composite
def _company(draw: st.DrawFn, role: str, place: str) -> Flat:
    seat = draw(_mostly(place, *PLACES, one_in=4))
    owner = {"name": "Owner", "share": draw(st.sampled_from([Fraction(1, 10), Fraction(49, 100), Fraction(1, 2)])),
             "lists": draw(_mostly([], ["entity_list"]))}  # fmt: skip
    return {
        f"parties.{role}.name": draw(_mostly("Buyer", "Operator")),
        f"parties.{role}.parent_name": "Group",
        f"parties.{role}.country": place,
        f"parties.{role}.headquarters": seat,
        f"parties.{role}.parent_headquarters": draw(_mostly(seat, *PLACES, one_in=5)),
        f"parties.{role}.kind": draw(_mostly("private_sector", "government", "freight_forwarder")),
        f"parties.{role}.wholly_government_owned": draw(_mostly(False, True)),
        f"parties.{role}.us_entity": place == "US",
        f"parties.{role}.lists": draw(_mostly([], ["entity_list"], ["meu_list"], ["denied_persons"])),
        f"parties.{role}.owners": [owner],
        f"parties.{role}.uae_status": draw(st.sampled_from(["none", "us_ai_company", "supp8_g42_core42"])),
        f"parties.{role}.nationality": place,
        f"parties.{role}.permanent_regular_employee": draw(st.booleans()),
    }


@st.composite
def _circumstances(draw: st.DrawFn, place: str, kind: str) -> Flat:
    share = _mostly(0, Fraction(7, 100), Fraction(1, 4), Fraction(26, 100), Fraction(1, 2), Fraction(51, 100))
    held = {
        "type": draw(st.sampled_from(["UVEU", "NVEU"])),
        "holder": draw(_mostly("Buyer", "Another")),
        "countries": [place],
        "valid_until": draw(_mostly(dt.date(2030, 1, 1), dt.date(2026, 1, 1))),
    }
    return {
        "activity.type": kind,
        "activity.us_person": draw(st.booleans()),
        "activity.is_informed_notice": draw(_mostly(False, True)),
        "origin.country": draw(st.sampled_from(["US", "US", "JP"])) if kind == "export" else place,
        "destination.country": place,
        "facility.supp10_14_15_18": draw(st.booleans()),
        "facility.advanced_node": draw(st.booleans()),
        "item.subject_to_ear": draw(_mostly(True, False)),
        "item.commercially_available_in_us": draw(st.booleans()),
        "item.designer.status": draw(_mostly("approved", "authorized", "neither", one_in=3)),
        "item.designer.headquarters": draw(st.sampled_from(["US", "CN"])),
        "item.designer.parent_headquarters": draw(st.sampled_from(["US", "CN"])),
        "end_use.types": draw(
            st.lists(_mostly("datacenter_operation", "production", *_USES), min_size=1, max_size=2, unique=True)
        ),
        "end_use.knowledge": draw(_mostly(False, True, one_in=4)),
        "end_use.beneficiary_headquarters": draw(st.sampled_from(PLACES)),
        "end_use.location_country": place,
        "end_use.onward_destinations": [draw(_mostly("US", *PLACES))],
        "end_use.fine_tune_share": draw(share),
        "counters.licensed_tpp_destination_since_2025": draw(st.sampled_from([0, 700_000_000, 789_999_999, 790_000_000])),
        "counters.lpp_tpp_received_this_year": draw(st.sampled_from([0, 26_899_000, 26_900_000])),
        "counters.aia_tpp_cumulative": draw(st.sampled_from([0, 253_000_000])),
        "counters.nveu_installed_tpp": draw(st.sampled_from([0, 632_999_999, 5_000_000_000])),
        "counters.uveu_share_outside_supp5a": draw(share),
        "counters.uveu_share_outside_us": draw(share),
        "counters.uveu_share_by_country": {place: draw(share)},
        "counters.product_tpp_us": 10_000_000_000,
        "counters.product_tpp_cn_mo": draw(st.sampled_from([0, 4_999_000_000, 5_000_000_000])),
        "authorizations_held": draw(st.sampled_from([[], [held]])),
        "documents.nac.response": draw(_mostly("accepted", "license_application_required")),
        "documents.nac.end_users": draw(_mostly(1, 2)),
        "documents.bis_authorization": draw(st.booleans()),
        "documents.g2g_arrangement": draw(st.booleans()),
        "documents.dd.us_supply_sufficient": draw(_mostly(True, False)),
    }


@st.composite
def complete_facts(draw: st.DrawFn, items: st.SearchStrategy[Flat] | None = None, kinds: tuple[str, ...] = _MOVES) -> Flat:
    """Draw a transaction in which every fact the rules may ask for is stated, so that nothing is undecided."""
    place = draw(st.sampled_from(PLACES))
    chosen = st.one_of(item_by_parameters(), _item_by_class(), _memory(), _weights()) if items is None else items
    facts: Flat = draw(_circumstances(place, draw(st.sampled_from(kinds)))) | draw(chosen)
    facts |= draw(_company("ultimate_consignee", place))
    if draw(st.booleans()):
        facts |= draw(_company("end_user", draw(st.sampled_from(PLACES))))
    if facts.get("item.eccn", "none") == "none":  # end uses controlled for items of named entries would stay open
        uses = [use for use in facts["end_use.types"] if use not in _OF_NAMED_ENTRIES]
        facts["end_use.types"] = uses or ["production"]
    return facts


@st.composite
def partial_facts(draw: st.DrawFn, kinds: tuple[str, ...] = _MOVES) -> Flat:
    """Draw a transaction from which facts are missing: what was known of it before the questions were asked."""
    facts = draw(complete_facts(kinds=kinds))
    gone = draw(st.sets(st.sampled_from(sorted(set(facts) - {"activity.type"})), max_size=12))
    return {name: value for name, value in facts.items() if name not in gone}


# ---- any facts the vocabulary allows, sensible or not


def _number(spec: FactSpec) -> st.SearchStrategy[Any]:
    if spec.unit == "fraction":
        return st.one_of(st.sampled_from([0, 1]), st.decimals(0, 1, places=3))
    if spec.type in ("int", "list<int>"):
        return st.integers(0, 10**12)
    return st.one_of(st.integers(0, 10**12), st.decimals(0, 10**9, places=2), st.integers(0, 10**30))


def _text(spec: FactSpec) -> st.SearchStrategy[Any]:
    if spec.name == "item.eccn":
        return st.sampled_from(_ECCNS)
    if spec.name == "item.chip":
        return st.sampled_from(_CHIPS)
    return st.just("2025H1") if spec.pattern else st.text(st.characters(codec="utf-8"), max_size=12)


def values_of(spec: FactSpec) -> st.SearchStrategy[Any]:
    """Draw a value that a fact may hold, as a document would write it."""
    if spec.type.startswith("map<"):
        return st.dictionaries(st.sampled_from(sorted(codes())), st.decimals(0, 1, places=2), max_size=3)
    if spec.is_list:
        return st.lists(_single(spec), max_size=3)
    return _single(spec)


def _single(spec: FactSpec) -> st.SearchStrategy[Any]:
    if spec.item_type == "bool":
        return st.booleans()
    if spec.item_type == "country":
        return st.sampled_from(sorted(codes()))
    if spec.item_type == "date":
        return st.dates(dt.date(2000, 1, 1), dt.date(2040, 1, 1)).map(dt.date.isoformat)
    if spec.item_type in ("int", "number"):
        return _number(spec)
    if spec.item_type == "enum":
        return st.sampled_from(spec.enum)
    if spec.item_type == "object":
        fields = vocabulary().objects[spec.object]
        return st.fixed_dictionaries({}, optional={key: values_of(field) for key, field in fields.items()})
    return _text(spec)


@st.composite
def arbitrary_facts(draw: st.DrawFn, most: int = 14, without: tuple[str, ...] = ()) -> Flat:
    """Draw any facts of the vocabulary that speak of transactions, each with any value it may hold."""
    elsewhere = ("application.", "veu.", "ownership.", "table.", "answers.")
    asked = [name for name in vocabulary().facts if not name.startswith(elsewhere) and name not in without]
    names = draw(st.lists(st.sampled_from(asked), max_size=most, unique=True))
    drawn = {name: draw(values_of(vocabulary().facts[name])) for name in names}
    return {"activity.type": draw(values_of(vocabulary().facts["activity.type"]))} | drawn


def readable(facts: Flat) -> Facts | None:
    """Return drawn facts as they are read from a document; None where it is refused."""
    try:
        return read_facts(nested(facts))
    except FactError:
        return None


def json_values() -> st.SearchStrategy[Any]:
    """Draw any JSON value, with names of the vocabulary among its keys so that it gets past the door."""
    words = st.one_of(st.sampled_from([*vocabulary().groups, *vocabulary().facts, *vocabulary().shorthands]), st.text(max_size=8))
    parts = st.one_of(
        words, st.sampled_from(["item", "tpp", "eccn", "parties", "end_user", "lists", "owners", "country", "activity", "type"])
    )
    leaves = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=12), st.sampled_from(PLACES), words)
    return st.recursive(
        leaves, lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(parts, inner, max_size=5)), max_leaves=25
    )
