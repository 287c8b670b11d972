"""What an answer rests on: every provision and instrument with its legal force, and the notices that belong to the facts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from penstock.decision.confidence import confidence_of
from penstock.rulebook.instruments import Instrument
from penstock.rulebook.ir import FALSE, TRUE
from penstock.terms.vocabulary import vocabulary

if TYPE_CHECKING:
    from penstock.decision.determination import Determination

__all__ = ["citations", "force_of", "notices"]

_CHECK = "check"  # shown as a point of a checklist, not as a notice
_LICENSE = ("license_validity", "license_needs_purchase_order")


def force_of(answer: Determination, by: str) -> dict[str, Any]:
    """Return the instrument and the legal force behind a rule, a flag, a duty or a condition."""
    act = answer.program.law.instruments[by]
    return {"instrument": act.cite, "force": act.force}


def notices(answer: Determination) -> list[dict[str, Any]]:
    """Return the terms of the law that the facts meet and an answer names: reach, knowledge, guidance, lists of parties."""
    law = answer.program.law
    out = []
    for id, node in answer.program.consequences.notices.items():
        standing = law.standings[id]
        if standing.version.options["shown"] != _CHECK and answer.explanation.value(node) == TRUE:
            version = standing.version
            entry = {
                "id": id,
                "topic": version.options["shown"],
                "cite": version.cite,
                "text": version.doc,
                **force_of(answer, version.by),
            }
            out.append(
                entry if standing.enforced else {**entry, "not_enforced_by": law.instruments[standing.not_enforced_by].cite}
            )
    return sorted(out, key=lambda entry: str(entry["topic"]))


def citations(answer: Determination, block: Mapping[str, Any], row: str | None) -> list[dict[str, Any]]:
    """Return every provision the answer rests on, with its instrument and force; then the guidance that explains one of them.

    ``row`` is the review provision that decides, where a license is asked for.
    """
    law = answer.program.law
    ids = list(dict.fromkeys(_provisions(answer, block, row)))
    places = {value for name, value in answer.prepared.values.items() if vocabulary().facts[name].type == "country"}
    out: dict[str, dict[str, Any]] = {}
    for id in ids:
        standing = law.standings[id]
        for cite, by in _written_by(answer, id):
            out[f"{cite}|{by}"] = _entry(law.instruments[by], cite, confidence_of(law, id, places))
        if standing.not_enforced_by:
            act = law.instruments[standing.not_enforced_by]
            out[f"{standing.version.cite}|{act.id}"] = _entry(act, act.cite)
    for act in _interpreting(answer, ids):
        out.setdefault(f"{act.cite}|{act.id}", _entry(act, act.cite))
    return list(out.values())


def _entry(act: Instrument, cite: str, confidence: str = "") -> dict[str, Any]:
    return {"cite": cite, "instrument": act.cite, "force": act.force, "kind": act.kind, "effective": act.effective, "until": None,
            "source": act.source, "confidence": confidence or act.confidence}  # fmt: skip


def _provisions(answer: Determination, block: Mapping[str, Any], row: str | None) -> Iterator[str]:
    """Yield the provisions an answer rests on: what requires, bars, allows, reviews, limits, warns and obliges."""
    yield from (entry["id"] for key in ("requirements", "prohibitions") for entry in block[key])
    yield from (entry["id"] for entry in block["authorizations"]["available"])
    if row is not None:
        yield row
    standings = answer.program.law.standings
    if block["license"]:
        yield from (id for id in _LICENSE if id in standings)
    yield from (entry["id"] for entry in block["charges"])
    yield from (entry["id"] for entry in block["notices"])
    yield from (entry["id"] for entry in block["red_flags"]["raised"] if entry["id"] in standings)


def _written_by(answer: Determination, id: str) -> Iterator[tuple[str, str]]:
    """Yield citation and instrument of a provision, or of each of its parts whose scope the facts meet or may meet."""
    version = answer.program.law.standings[id].version
    parts = answer.program.consequences.parts.get(id, ())
    met = [part for part, node in parts if answer.explanation.value(node) != FALSE]
    yield from ((part.cite, part.by) for part in met or (version,))


def _interpreting(answer: Determination, ids: Iterable[str]) -> Iterator[Instrument]:
    law = answer.program.law
    asked = frozenset(ids)
    yield from (law.instruments[id] for id in law.active if law.instruments[id].interprets & asked)
