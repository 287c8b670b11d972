"""What an item is: ECCN, paragraphs and the other classes of the contract, with candidates where facts are open."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterable, Mapping
from fractions import Fraction
from functools import cache
from typing import Any

from attrs import field, frozen

from penstock.decision.chips import Resolved, resolve
from penstock.decision.library import book, program_of
from penstock.decision.prepare import Prepared, prepare
from penstock.rulebook import Law
from penstock.rulebook.ir import TRUE, UNKNOWN, Node
from penstock.rulebook.missing import missing_below
from penstock.rulebook.scalar import Scalar, compile_scalar
from penstock.rulebook.values import value_of
from penstock.terms.documents import Facts
from penstock.terms.numbers import exact
from penstock.terms.vocabulary import vocabulary

__all__ = [
    "PARAGRAPH_RULES",
    "Classification",
    "candidates",
    "classify_facts",
    "letters",
    "paragraphs_of",
    "settle_die_area",
]

_RULES = ("classification", "meets_a1", "meets_a2", "meets_b1", "meets_b2", "meets_3a090_a", "meets_3a090_b", "a_item", "b_item",
          "nac_aca_item", "within_lane_numbers", "tariff_band_1", "tariff_band_2", "within_hbm_exception_density",
          "counted_operations", "foundry_presumption_applies", "is_processor")  # fmt: skip
PARAGRAPH_RULES = ("meets_a1", "meets_a2", "meets_b1", "meets_b2")
_NUMBERS = ("item.tpp", "item.performance_density", "item.designer.status", "item.eccn")
_TRI: dict[int, Any] = {0: False, 1: "unknown", 3: True}
_SEARCH_MAX = 4000


@frozen(eq=False)
class _Classifier:
    """The classification rules of one law, compiled together."""

    law: Law
    nodes: Mapping[str, Node]
    ask: Scalar
    traced: Mapping[int, int]
    trace: Scalar
    cuts: Mapping[str, tuple[Any, ...]]


@frozen
class Classification:
    """The classification document of the contract."""

    document: Mapping[str, Any] = field(factory=dict)

    @property
    def eccn(self) -> str:
        """Return the class, ``none`` or ``unknown``."""
        return str(self.document["eccn"])


@cache
def _classifier(law: Law) -> _Classifier:
    program = program_of(law)
    lower = program.lowerer
    with program.lowering:
        nodes = {name: lower.rule(name) for name in _RULES if name in law.standings}
        nodes |= {name: lower.fact(name) for name in _NUMBERS}
    reachable = [n for n in lower.graph.reachable(nodes.values()) if n.op not in ("const", "table")]
    return _Classifier(
        law, nodes, compile_scalar(lower.graph, nodes.values(), "classification"),
        {n.id: i for i, n in enumerate(reachable)}, compile_scalar(lower.graph, reachable, "classification trace"),
        _cuts(reachable),
    )  # fmt: skip


def _cuts(nodes: Iterable[Node]) -> dict[str, tuple[Any, ...]]:
    """Return, per number fact, the constants the rules compare it with."""
    cuts: dict[str, set[Any]] = {}
    for node in nodes:
        if node.op == "cmp":
            for side, other in (node.args, node.args[::-1]):
                constant = value_of(other)
                name = side.data if side.op in ("fact", "given") else None
                if constant is not None and isinstance(name, str) and not isinstance(constant, dt.date):
                    cuts.setdefault(name, set()).add(constant)
    return {name: tuple(sorted(values)) for name, values in cuts.items()}


def classify_facts(facts: Facts, on: dt.date, law: Law) -> Classification:
    """Return what the item of these facts is on a day."""
    resolved = settle_die_area(resolve(facts, str(law.switches["integration_level"])), on, law)
    prepared = prepare(resolved.facts)
    held = _ask(law, prepared, on)
    presumed = held.get("foundry_presumption_applies") == TRUE and _due("foundry_presumption_applies", law)
    eccn = "3A090.a" if presumed else held["item.eccn"] or "unknown"
    document: dict[str, Any] = {
        "eccn": eccn,
        "paragraphs": paragraphs_of(held, eccn),
        "tpp": _number(held["item.tpp"], prepared, "item.kind", "model_weights"),
        "performance_density": held["item.performance_density"],
        "nac_aca_eligible": _TRI[held["nac_aca_item"]] if "nac_aca_item" in held else None,
        "review_lane": {"numbers_met": _TRI[held["within_lane_numbers"]]} if "within_lane_numbers" in held else None,
        "tariff_232_band": _band(held),
        "hbm_exception_density_met": _density(held, prepared),
        "counted_operations": held.get("counted_operations"),
        "foundry_presumption": _presumption(held, prepared, law),
        "designer_status": held["item.designer.status"] or _open_designer(facts, law),
        "missing_facts": [],
        "ambiguities": _readings(facts, on, law, eccn),
        "assumptions": list(resolved.notes),
    }
    if eccn == "unknown":
        possible = sorted(candidates(resolved, on, law))
        settled = len(possible) == 1 and len(resolved.chips) > 1
        document |= {"eccn": possible[0]} if settled else {"candidates": possible, "missing_facts": _missing(law, prepared, on)}
    return Classification(document)


def _ask(law: Law, prepared: Prepared, on: dt.date) -> dict[str, Any]:
    classifier = _classifier(law)
    return dict(zip(classifier.nodes, classifier.ask(prepared.values.get, prepared.roles, on), strict=True))


def _missing(law: Law, prepared: Prepared, on: dt.date) -> list[str]:
    classifier = _classifier(law)
    values = classifier.trace(prepared.values.get, prepared.roles, on)

    def held(node: Node) -> Any:
        return values[classifier.traced[node.id]] if node.id in classifier.traced else value_of(node)

    return missing_below(classifier.nodes["item.eccn"], held)


def _due(rule: str, law: Law) -> bool:
    return rule in law.standings and law.standings[rule].compliance_required


def paragraphs_of(held: Mapping[str, Any], eccn: str) -> list[str]:
    """Return the paragraphs of 3A090 or 4A090 that the truth of their tests gives; a.1 stands for itself alone.

    >>> paragraphs_of({"meets_b1": 3, "meets_b2": 3}, "3A090.b")
    ['b.1', 'b.2']
    """
    if eccn == "3A090.c":
        return ["c"]
    letter = eccn.partition(".")[2] if eccn in ("3A090.a", "3A090.b", "4A090.a", "4A090.b") else ""
    met = [f"{rule[6]}.{rule[7]}" for rule in PARAGRAPH_RULES if rule[6] == letter and held.get(rule) == TRUE]
    return met[:1] if met[:1] == ["a.1"] else met


def _number(value: Any, prepared: Prepared, fact: str, barred: str) -> Any:
    return None if value is None or prepared.values.get(fact) == barred else value


def _band(held: Mapping[str, Any]) -> Any:
    if "tariff_band_1" not in held:
        return None
    bands = [held["tariff_band_1"], held["tariff_band_2"]]
    if TRUE in bands:
        return f"band_{bands.index(TRUE) + 1}"
    return "unknown" if UNKNOWN in bands else "none"


def _density(held: Mapping[str, Any], prepared: Prepared) -> Any:
    if "within_hbm_exception_density" not in held or prepared.values.get("item.kind") != "hbm":
        return None
    return _TRI[held["within_hbm_exception_density"]]


def _presumption(held: Mapping[str, Any], prepared: Prepared, law: Law) -> str:
    if not _due("foundry_presumption_applies", law) or prepared.values.get("item.advanced_logic") is not True:
        return "not_applicable"
    return "applies" if held["foundry_presumption_applies"] == TRUE else "rebutted"


def _open_designer(facts: Facts, law: Law) -> str | None:
    """Return ``unknown`` where the facts given about a designer leave its status open; nothing where there are none."""
    told = any(name.startswith("item.designer.") and name != "item.designer.name" for name in facts.values)
    return "unknown" if told and "designer_status" in law.standings else None


def _readings(facts: Facts, on: dt.date, law: Law, eccn: str) -> list[dict[str, Any]]:
    """Return the readings whose other value would give another class, with that class."""
    out = []
    for name in ("tf32_bits", "integration_level"):
        for value in book().readings[name].values:
            if value != law.switches[name]:
                other = book().law(
                    law.on, law.known if law.known.year < 2100 else None, law.regime, {**law.switches, name: value}
                )
                there = resolve(facts, str(other.switches["integration_level"]))
                found = _ask(other, prepare(settle_die_area(there, on, other).facts), on)["item.eccn"] or "unknown"
                if found != eccn:
                    out.append({"id": name, "value": value, "eccn": found, "about": book().readings[name].about})
    return out


def letters(facts: Facts, on: dt.date, law: Law) -> dict[str, Any]:
    """Return, for facts without their asserted ECCN, what the parameters come to: class and truth of .a and .b."""
    bare = Facts({name: value for name, value in facts.values.items() if name != "item.eccn"})
    return _ask(law, prepare(bare), on)


# ---- what the open facts leave possible


def candidates(resolved: Resolved, on: dt.date, law: Law) -> set[str]:
    """Return every class that some value of the unknown facts gives.

    The search asks the first fact that leaves the class open, tries one value in each interval between the limits
    the rules name, and goes on until the class is decided.
    """
    if len(resolved.chips) > 1:
        parts = [Resolved(Facts({**chip.facts, **resolved.facts.values}), (chip,), chip.die_area) for chip in resolved.chips]
        return {eccn for part in parts for eccn in candidates(part, on, law)}
    found: set[str] = set()
    open_ = [resolved.facts]
    for _ in range(_SEARCH_MAX):
        if not open_:
            return found
        facts = open_.pop()
        prepared = prepare(facts)
        eccn = _ask(law, prepared, on)["item.eccn"]
        if eccn is not None:
            found.add(eccn)
            continue
        name = _first_open(_missing(law, prepared, on))
        if name is None:
            return {*found, "none"}
        span = resolved.die_area if name == "item.performance_density" else None
        tpp = _ask(law, prepared, on)["item.tpp"]
        open_ += [facts.with_({name: value}) for value in _samples(name, law, tpp, span)]
    return found


def _first_open(names: list[str]) -> str | None:
    """Return the fact to ask: a computed one rather than its inputs, and never the class itself."""
    for name in names:
        if name != "item.eccn" and not vocabulary().facts[name].is_list:
            return name
    return None


def _samples(name: str, law: Law, tpp: Any, span: tuple[Any, Any] | None) -> list[Any]:
    """Return one value of a fact for each interval between the limits the rules compare it with."""
    spec = vocabulary().facts[name]
    if spec.item_type == "bool":
        return [True, False]
    if spec.enum:
        return list(spec.enum)
    cuts = sorted(set(_classifier(law).cuts.get(name, ())))
    if not cuts:
        return [1]
    between = [exact(Fraction(a + b) / 2) for a, b in itertools.pairwise(cuts)]
    values = sorted({exact(Fraction(cuts[0]) / 2), *cuts, *between, exact(cuts[-1] * 2)})
    if span is not None and tpp is not None:
        low, high = Fraction(tpp) / span[1], Fraction(tpp) / span[0]
        values = [exact(low), exact(high), *(value for value in values if low < value < high)]
    return values


def settle_die_area(resolved: Resolved, on: dt.date, law: Law) -> Resolved:
    """Return the facts with the die area left open where its published span changes the class."""
    if resolved.die_area is None:
        return resolved
    low, high = resolved.die_area
    tpp = _ask(law, prepare(resolved.facts), on)["item.tpp"]
    limits = [Fraction(tpp) / cut for cut in _classifier(law).cuts.get("item.performance_density", ()) if tpp and cut]
    areas = sorted({Fraction(low), Fraction(high), *(area for area in limits if low < area < high)})
    areas += [(a + b) / 2 for a, b in itertools.pairwise(areas)]
    classes = {_ask(law, prepare(resolved.facts.with_({"item.die_area_mm2": exact(area)})), on)["item.eccn"] for area in areas}
    if len(classes) == 1:
        return resolved
    open_ = resolved.facts.with_({"item.die_area_mm2": None})
    note = f"Sources give a die area of {low} to {high} mm2, and the class depends on it."
    return Resolved(open_, resolved.chips, resolved.die_area, (*resolved.notes, note))
