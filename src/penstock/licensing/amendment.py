"""The text of the design that an agreement's grants amount to, written in the language of the law."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from penstock.rulebook import Law
from penstock.terms.errors import BadEnum, ConflictingFacts, UnknownCitation

if TYPE_CHECKING:
    from penstock.licensing.agreements import Agreement

__all__ = ["amendment"]

_LIMIT = "country_allocation_limit"
_CLASSES = {"a": "a_item(t)", "b": "advanced_computing_item(t) and not a_item(t)", "all": "True"}


def amendment(id: str, made: Agreement, law: Law) -> str:
    """Return the YAML text of a design: the partners as a table, and one rule or cell for each grant.

    Raises BadEnum for a kind of grant that is none and UnknownCitation where the law of that day lacks what it would change.
    """
    head = {
        "id": id, "title": f"{made.title}, with {', '.join(made.partners)}", "cite": made.cite, "kind": "design",
        "force": "proposed", "effective": made.effective.isoformat(), "source": made.source, "confidence": made.confidence,
    }  # fmt: skip
    partners = f"PARTNERS_{id.upper().replace('-', '_')}"
    table = {"id": partners, "title": f"Partners of {made.title}", "kind": "places",
             "cells": [{"members": list(made.partners), "cite": made.cite, "confidence": made.confidence}]}  # fmt: skip
    tables: list[dict[str, Any]] = []
    rules: list[str] = []
    for grant in made.grants:
        if grant["kind"] not in _GRANTS:
            raise BadEnum(f"{grant['kind']!r} is no kind of grant", at="grants", value=grant["kind"], allowed=tuple(_GRANTS))
        cells, rule = _GRANTS[grant["kind"]](grant, made, law, partners)
        tables += cells
        rules += rule
    tables += [table] if rules else []
    lines = [f"{key}: {json.dumps(value)}" for key, value in head.items()]
    lines.append(f"tables: {json.dumps(tables)}")
    if rules:
        lines.append("rules: |")
        lines += [f"  {line}" for rule in rules for line in rule.splitlines()]
    return "\n".join(lines) + "\n"


_Parts = tuple[list[dict[str, Any]], list[str]]


def _promotion(grant: Mapping[str, Any], made: Agreement, law: Law, partners: str) -> _Parts:
    """The partners join the favored destinations of Supp. No. 5(a)."""
    _exists(law, "SUPP5A", law.tables)
    barred = sorted(set(made.partners) & law.members("D5_OR_MACAU"))
    if barred:
        raise ConflictingFacts(
            f"{barred[0]} is Macau or in Country Group D:5 and cannot be promoted", at="--partner", value=barred[0]
        )
    return [{"id": "SUPP5A", "cells": [{"add": list(made.partners), "cite": grant["cite"], "confidence": made.confidence}]}], []


def _allocation_uplift(grant: Mapping[str, Any], made: Agreement, law: Law, partners: str) -> _Parts:
    """The allocation of a partner is raised by a fraction of itself."""
    _exists(law, _LIMIT, law.standings)
    version = law.standings[_LIMIT].version
    raised = f"({version.source}) * ((1 + {grant['uplift']}) if t.destination.country in {partners} else 1)"
    doc = "The allocation of a destination, raised for the partners of the agreement."
    rule = _rule("definition", version.cite, _LIMIT, raised, doc, ', unit="TPP"')
    return [], [rule]


def _waive(grant: Mapping[str, Any], made: Agreement, law: Law, partners: str) -> _Parts:
    """A requirement does not reach one class of items to a partner."""
    name = grant["requirement"]
    _exists(law, name, law.standings)
    if grant["items"] not in _CLASSES:
        raise BadEnum(f"{grant['items']!r} is no class of items", at="grants", value=grant["items"], allowed=tuple(_CLASSES))
    version = law.standings[name].version
    condition = f"({version.source}) and not (t.destination.country in {partners} and {_CLASSES[grant['items']]})"
    return [], [
        _rule("requirement", version.cite, name, condition, f"{version.doc.rstrip('.')}, except to partners of the agreement.")
    ]


def _rule(kind: str, cite: str, replaces: str, condition: str, doc: str, more: str = "") -> str:
    remark = "" if cite.endswith("as proposed") else " as proposed"
    return (f'@{kind}("{cite}{remark}"{more}, replaces="{replaces}")\n'
            f'def {replaces}_under_the_agreement(t: Transaction):\n    """{doc}"""\n    return {condition}\n')  # fmt: skip


def _exists(law: Law, name: str, known: Mapping[str, Any]) -> None:
    if name not in known:
        raise UnknownCitation(f"The law of {law.on} has no {name} for an agreement to change", at="grants", value=name)


_GRANTS: Mapping[str, Callable[[Mapping[str, Any], Any, Law, str], _Parts]] = {
    "promotion": _promotion,
    "allocation_uplift": _allocation_uplift,
    "waive": _waive,
}
