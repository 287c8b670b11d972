"""Checklists: what a status, an application or guidance asks for, point by point, with what the facts show of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from penstock.decision.authority import force_of
from penstock.decision.library import book
from penstock.rulebook.ir import FALSE, TRUE, UNKNOWN
from penstock.rulebook.values import facts_below
from penstock.terms.dates import parse_date

if TYPE_CHECKING:
    from penstock.decision.determination import Determination

__all__ = ["checklists", "checklists_of_the_book"]

_FILE = "data/checklists.yaml"
_HELD = "authorizations_held"


def checklists_of_the_book() -> list[Mapping[str, Any]]:
    """Return every checklist as the book has it.

    >>> [entry["id"] for entry in checklists_of_the_book()][:2]
    ['supplement-10', 'weights-storage']
    """
    return list(book().data[_FILE]["checklists"])


def checklists(answer: Determination) -> list[dict[str, Any]]:
    """Return the checklists that the facts call for; a point is met, unmet, open (nobody has said) or not due yet."""
    law = answer.program.law
    out = []
    for entry in checklists_of_the_book():
        if entry["by"] in law.active and entry["when"] in law.standings and _holds(answer, entry["when"]) == TRUE:
            head = {key: entry[key] for key in ("id", "title", "cite")}
            out.append({**head, **force_of(answer, entry["by"]), "points": list(_points(answer, entry["points"]))})
    return out


def _points(answer: Determination, points: list[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    held = {row.get("type") for row in answer.prepared.values.get(_HELD) or ()}
    for point in points:
        if "only" not in point or point["only"] in held:
            shown = {key: point[key] for key in ("id", "cite", "text", "verification")}
            yield {**shown, "status": _status(answer, point)}


def _status(answer: Determination, point: Mapping[str, Any]) -> str:
    due: dt.date | None = parse_date(point["due"], "due") if "due" in point else None
    if due is not None and answer.on < due:
        return "not_due"
    value = _holds(answer, point["shown_by"]) if "shown_by" in point else UNKNOWN
    if value == TRUE:
        return "met"
    return "unmet" if value == FALSE and _denied(answer, point["shown_by"]) else "open"


def _denied(answer: Determination, id: str) -> bool:
    """Say whether what a false point reads is stated at all: silence leaves it open."""
    node = answer.program.consequences.notices[id]
    return any(answer.prepared.values.get(name) is not None for name in facts_below(node))


def _holds(answer: Determination, id: str) -> Any:
    return answer.explanation.value(answer.program.lowerer.rule(id))
