"""The chip table: product names to raw facts; what several variants or dies leave open stays open."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Mapping
from fractions import Fraction
from functools import cache
from importlib.resources import files
from typing import Any

from attrs import frozen

from penstock.terms.documents import Facts
from penstock.terms.errors import UnknownChip
from penstock.terms.numbers import Exact, exact
from penstock.terms.suggest import nearest

__all__ = ["Chip", "Resolved", "chip_table", "find_chip", "resolve"]

_RATES = {"fp4": 4, "fp6": 6, "fp8": 8, "int4": 4, "int8": 8, "fp16": 16, "tf32": 32, "fp32": 32, "fp64": 64}
_PLAIN = {"die_area_mm2": "item.die_area_mm2", "memory_bandwidth_gbps": "item.memory_bandwidth_gbps",
          "io_bandwidth_gbps": "item.io_bandwidth_gbps"}  # fmt: skip
_RAW = (
    "item.eccn",
    "item.tpp",
    "item.throughput",
    "item.performance_density",
    "item.die_area_mm2",
    "item.hbm_bandwidth_density",
)
_CONFIDENCE = {"H": "high", "M": "medium", "L": "low"}


@frozen(eq=False)
class Chip:
    """One row of the chip table, as facts, with the span of the die area where sources differ."""

    id: str
    name: str
    facts: Mapping[str, Any]
    die_area: tuple[Exact, Exact] | None
    ics_on_board: int
    confidence: str
    source: str
    words: frozenset[str]


@frozen(eq=False)
class Resolved:
    """Facts after the chip table: what it added, which rows it took it from, and what they leave open."""

    facts: Facts
    chips: tuple[Chip, ...] = ()
    die_area: tuple[Exact, Exact] | None = None
    notes: tuple[str, ...] = ()


@cache
def chip_table() -> Mapping[str, Chip]:
    """Return the chip table by id.

    >>> chip_table()["a100-sxm4-80"].facts["item.memory_bandwidth_gbps"]
    2039
    """
    text = files("penstock.law.items").joinpath("chips.csv").read_text(encoding="utf-8")
    return {row["id"]: _chip(row) for row in csv.DictReader(text.splitlines())}


def _chip(row: Mapping[str, str]) -> Chip:
    name = f"{row['vendor']} {row['model']} {row['variant']}".strip()
    facts = _memory(row) if row["device_type"] == "memory" else _processor(row)
    facts["item.designer.headquarters"] = row["designer_headquarters"]
    span = (exact(row["die_area_low"]), exact(row["die_area_high"])) if row["die_area_low"] and row["die_area_high"] else None
    words = {row["id"], name, f"{row['vendor']} {row['model']}", row["model"], f"{row['model']} {row['variant']}"}
    return Chip(row["id"], name, facts, span if span and span[0] != span[1] else None, int(row["ics_on_board"]),
                _CONFIDENCE[row["confidence"]], row["source"], frozenset(_fold(word) for word in words))  # fmt: skip


def _processor(row: Mapping[str, str]) -> dict[str, Any]:
    facts: dict[str, Any] = {"item.kind": "integrated_circuit"}
    rates = tuple(
        _Rate(format=name, bit_length=bits, tops=exact(row[name]), sparsity="dense") for name, bits in _RATES.items() if row[name]
    )
    if rates:
        facts["item.throughput"] = rates
    facts |= {fact: exact(row[column]) for column, fact in _PLAIN.items() if row[column]}
    if row["datacenter"] in ("yes", "no"):
        facts["item.datacenter"] = row["datacenter"] == "yes"
    if row["transistors_bn"]:
        facts["item.transistors"] = exact(exact(row["transistors_bn"]) * 10**9)
    return facts


def _memory(row: Mapping[str, str]) -> dict[str, Any]:
    density = exact(Fraction(exact(row["memory_bandwidth_gbps"])) / exact(row["die_area_mm2"]))
    return {"item.kind": "hbm", "item.hbm_bandwidth_density": density}


class _Rate(dict[str, Any]):
    """One dense rate of a chip; hashable, like every row of a list fact."""

    def __init__(self, **fields: Any) -> None:
        super().__init__(fields)

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(tuple(sorted(self.items())))


def _fold(word: str) -> str:
    return "".join(ch for ch in word.casefold() if ch.isalnum())


def find_chip(name: str) -> tuple[Chip, ...]:
    """Return the rows a product name stands for: one, or all variants of a family; UnknownChip offers the nearest name.

    >>> [chip.id for chip in find_chip("Ascend 910B")][:2], find_chip("h20")[0].name
    (['ascend-910b1', 'ascend-910b2'], 'NVIDIA H20 SXM 96GB (China)')
    """
    table = chip_table()
    wanted = _fold(name)
    exactly = tuple(chip for chip in table.values() if _fold(chip.id) == wanted)
    found = exactly or tuple(chip for chip in table.values() if wanted in chip.words)
    if not found and len(wanted) >= 3:
        found = tuple(chip for chip in table.values() if any(word.startswith(wanted) for word in chip.words))
        found = found or tuple(chip for chip in table.values() if len(wanted) >= 4 and any(wanted in word for word in chip.words))
    if not found:
        names = [chip.id for chip in table.values()]
        raise UnknownChip(f"No chip is called {name[:60]!r}", at="item.chip", value=name[:60], nearest=nearest(name, names),
                          hint="Give raw facts instead: item.throughput, item.die_area_mm2, item.datacenter.")  # fmt: skip
    return found


def resolve(facts: Facts, level: str) -> Resolved:
    """Return the facts with those of the chip they name; facts given beside the name override the table.

    ``level`` is the reading of boards with several circuits: ``board`` counts them together, ``ic`` one by one.
    """
    name = facts.values.get("item.chip")
    if name is None:
        return Resolved(facts)
    try:
        chips = find_chip(name)
    except UnknownChip:
        if any(fact in facts.values for fact in _RAW):
            return Resolved(facts, notes=(f"{name!r} is not in the chip table; the facts given are used.",))
        raise
    shared = dict(_scaled(chips[0], level))
    for chip in chips[1:]:
        other = _scaled(chip, level)
        shared = {fact: value for fact, value in shared.items() if other.get(fact) == value}
    if "item.tpp" in facts.values:
        shared.pop("item.throughput", None)
    slug = chips[0].id if len(chips) == 1 else _family(chips)
    merged = {**shared, **facts.values, "item.chip": slug}
    notes = [f"{chips[0].name}: {chips[0].confidence} confidence, {chips[0].source}"] if len(chips) == 1 else [
        f"{name} stands for {len(chips)} variants: {', '.join(chip.id for chip in chips)}; only what they share is used."
    ]  # fmt: skip
    span = chips[0].die_area if len(chips) == 1 and "item.die_area_mm2" not in facts.values else None
    return Resolved(Facts(merged), chips, span, tuple(notes))


def _family(chips: tuple[Chip, ...]) -> str:
    """Return the part of the ids that all variants share.

    >>> _family(find_chip("Ascend 910B"))
    'ascend-910b'
    """
    columns = itertools.takewhile(lambda signs: len(set(signs)) == 1, zip(*(chip.id for chip in chips), strict=False))
    return "".join(signs[0] for signs in columns).rstrip("-")


def _scaled(chip: Chip, level: str) -> Mapping[str, Any]:
    """Return the facts of a board, or of one of its circuits."""
    if level == "board" or chip.ics_on_board == 1:
        return chip.facts
    n = chip.ics_on_board
    facts = dict(chip.facts)
    rates = facts.get("item.throughput", ())
    facts["item.throughput"] = tuple(_Rate(**{**rate, "tops": _share(rate["tops"], n)}) for rate in rates)
    for fact in (*_PLAIN.values(), "item.transistors"):
        if fact in facts:
            facts[fact] = _share(facts[fact], n)
    return facts


def _share(value: Exact, parts: int) -> Exact:
    return exact(Fraction(value) / parts)
