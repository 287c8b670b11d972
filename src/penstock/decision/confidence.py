"""How sure a provision is: the least sure of its instrument and of the table cells it rests on for these places."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from functools import lru_cache

from penstock.rulebook import Law

__all__ = ["confidence_of"]

_ORDER = ("low", "medium", "high")


def confidence_of(law: Law, id: str, places: Iterable[str]) -> str:
    """Return ``low``, ``medium`` or ``high`` for a provision; of a set of places only cells about ``places`` count.

    >>> from penstock.decision.library import book
    >>> import datetime as dt
    >>> confidence_of(book().law(dt.date(2025, 6, 1)), "military_end_use", ["CN"])
    'low'
    """
    version = law.standings[id].version
    found = [law.instruments[version.by].confidence]
    wanted = frozenset(places)
    for name in _tables(law, id):
        for cell in law.live[name]:
            touched = frozenset((*cell.add, *cell.remove))
            if law.tables[name].kind != "places" or touched & wanted:
                found.append(cell.confidence or law.instruments[cell.by].confidence)
    return min(found, key=_ORDER.index)


@lru_cache(maxsize=4096)
def _tables(law: Law, id: str) -> tuple[str, ...]:
    """Return the tables a provision reads, directly, through its definitions and through set expressions."""
    found: dict[str, None] = {}
    seen: set[str] = set()
    stack = [id]
    while stack:
        name = stack.pop()
        if name in seen:
            continue
        seen.add(name)
        if name in law.tables:
            found[name] = None
            for cell in law.live[name]:
                stack += _names(ast.parse(cell.expr, mode="eval")) if cell.expr else []
        elif (rule := law.names.get(name, name)) in law.standings:
            stack += _names(law.standings[rule].version.body)
    return tuple(found)


def _names(node: ast.AST) -> list[str]:
    return [part.id for part in ast.walk(node) if isinstance(part, ast.Name)]
