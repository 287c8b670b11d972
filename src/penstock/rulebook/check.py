"""Checks of the whole book when it is read: precedence declared, review tables complete, everything named exists."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from typing import Any

from penstock.rulebook.instruments import Instrument
from penstock.rulebook.parse import RuleVersion
from penstock.rulebook.tables import Table
from penstock.terms.errors import RuleError
from penstock.terms.suggest import nearest
from penstock.terms.vocabulary import vocabulary

__all__ = ["check_book", "exists"]


def exists(id: str, known: Mapping[str, Any], file: str, line: int, what: str) -> None:
    """Refuse a name that nothing bears.

    >>> exists("90-FR-4545", {"90-FR-4544": None}, "part742.py", 7, "instrument")
    Traceback (most recent call last):
    penstock.terms.errors.RuleError: part742.py:7: no instrument is called '90-FR-4545'. Did you mean 90-FR-4544?
    """
    if id not in known:
        near = nearest(id, known)
        hint = f"Did you mean {near}?" if near else f"Write the {what} first."
        raise RuleError(f"no {what} is called {id!r}", file=file, line=line, hint=hint)


def check_book(
    versions: Mapping[str, list[RuleVersion]], tables: Mapping[str, Table], instruments: Mapping[str, Instrument]
) -> None:
    """Refuse a book in which an instrument acts on nothing, a rule is written twice or a review has no precedence or end."""
    for table in tables.values():
        for cell in table.cells:
            exists(cell.by, instruments, table.file, 0, "instrument")
        _no_cycle(table.id, tables, ())
    names: dict[str, RuleVersion] = {}
    for chain in versions.values():
        _one_kind(chain)
        _no_twins(chain)
        for version in chain:
            _one_name(version, names)
            if shown := version.options.get("shown_by"):
                exists(shown, vocabulary().facts, version.file, version.line, "fact")
    for act in instruments.values():
        touched = {*act.repeals, *act.stops_enforcing, *act.compliance, *act.requires_compliance}
        for id in {*touched, *(p for s in act.suspends for p in s.provisions)}:
            exists(id, versions, act.file, 0, "provision")
        for id in act.sets_aside:
            exists(id, instruments, act.file, 0, "instrument")
    _reviews(versions)


def _no_cycle(id: str, tables: Mapping[str, Table], path: tuple[str, ...]) -> None:
    if id in path:
        raise RuleError(f"{' -> '.join((*path, id))}: a table may not rest on itself", file=tables[id].file)
    for cell in tables[id].cells:
        for name in re.findall(r"\w+", cell.expr):
            if name in tables:
                _no_cycle(name, tables, (*path, id))


def _one_kind(chain: list[RuleVersion]) -> None:
    first = chain[0]
    for version in chain[1:]:
        if version.kind != first.kind:
            raise RuleError(
                f"{version.id} was a {first.kind} and becomes a {version.kind}",
                file=version.file,
                line=version.line,
                hint="Repeal the one and give the other a name of its own.",
            )


def _no_twins(chain: list[RuleVersion]) -> None:
    seen: dict[str, RuleVersion] = {}
    for version in chain:
        if version.by in seen:
            other = seen[version.by]
            raise RuleError(
                f"{version.id} is written twice by {version.by}",
                file=version.file,
                line=version.line,
                hint=f"The other one is {other.file}:{other.line}.",
            )
        seen[version.by] = version


def _one_name(version: RuleVersion, names: dict[str, RuleVersion]) -> None:
    """Refuse a name under which two provisions could be meant."""
    other = names.setdefault(version.name, version)
    if other.id != version.id:
        raise RuleError(
            f"{version.name} is the name of two provisions, {other.id} and {version.id}",
            file=version.file,
            line=version.line,
            hint=f"The other one is {other.file}:{other.line}.",
        )


def _reviews(versions: Mapping[str, list[RuleVersion]]) -> None:
    """Check, for every requirement, that review rows have an order of their own and that the last one always matches."""
    rows: dict[str, list[RuleVersion]] = {}
    for chain in versions.values():
        for version in chain if chain[0].kind == "review" else ():
            for requirement in version.options["of"]:
                exists(requirement, versions, version.file, version.line, "requirement")
                rows.setdefault(requirement, []).append(version)
    for id, chain in versions.items():
        if chain[0].kind == "requirement":
            _one_table(id, chain[0], rows.get(id, []))


def _one_table(id: str, requirement: RuleVersion, rows: list[RuleVersion]) -> None:
    seen: dict[int, RuleVersion] = {}
    for row in rows:
        other = seen.setdefault(int(row.options["order"]), row)
        if other.id != row.id:
            raise RuleError(
                f"{row.id} and {other.id} both have order {row.options['order']} in the review of {id}",
                file=row.file,
                line=row.line,
                hint="Declare which goes first.",
            )
    last = max(rows, key=lambda row: int(row.options["order"]), default=None)
    if last is None or not (isinstance(last.body, ast.Constant) and last.body.value is True):
        raise RuleError(
            f"the review of {id} does not end: no row always matches",
            file=requirement.file,
            line=requirement.line,
            hint="Write a last @review row that returns True.",
        )
