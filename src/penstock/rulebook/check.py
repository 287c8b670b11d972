"""Checks of the whole book when it is read: precedence declared, review tables complete, everything named exists."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from typing import Any

from penstock.rulebook.instruments import Instrument
from penstock.rulebook.parse import RuleVersion
from penstock.rulebook.references import check_references
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
            exists(cell.by, instruments, table.file, cell.line, "instrument")
        _no_cycle(table.id, tables, ())
    names: dict[str, RuleVersion] = {}
    for chain in versions.values():
        _one_kind(chain)
        _no_twins(chain)
        _on_something(chain, versions)
        for version in chain:
            _one_name(version, names)
            if shown := version.options.get("shown_by"):
                exists(shown, vocabulary().facts, version.file, version.line, "fact")
    for act in instruments.values():
        _acts_on(act, versions, instruments)
    _reviews(versions)
    check_references(versions, tables)


def _acts_on(act: Instrument, versions: Mapping[str, list[RuleVersion]], instruments: Mapping[str, Instrument]) -> None:
    """Refuse an instrument that amends, stays or explains a provision that does not exist."""
    for key in ("repeals", "stops_enforcing", "compliance", "requires_compliance", "interprets"):
        for id in sorted(getattr(act, key)):
            exists(id, versions, act.file, act.line(key), "provision")
    for stay in act.suspends:
        for id in stay.provisions:
            exists(id, versions, act.file, stay.line, "provision")
    for id in sorted(act.sets_aside):
        exists(id, instruments, act.file, act.line("sets_aside"), "instrument")


def _no_cycle(id: str, tables: Mapping[str, Table], path: tuple[str, ...]) -> None:
    if id in path:
        after = (*path, id)[path.index(id) + 1]
        cell = next(cell for cell in tables[id].cells if after in re.findall(r"\w+", cell.expr))
        raise RuleError(f"{' -> '.join((*path, id))}: a table may not rest on itself", file=tables[id].file, line=cell.line,
                        hint="Write the members out in one of them.")  # fmt: skip
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


def _on_something(chain: list[RuleVersion], versions: Mapping[str, list[RuleVersion]]) -> None:
    """Refuse a version that replaces or widens a provision that nothing wrote before."""
    first = chain[0]
    for word in ("replaces", "widens"):
        if first.options.get(word):
            near = nearest(first.id, (id for id in versions if id != first.id))
            raise RuleError(f"{first.name} {word} {first.id!r}, which nothing wrote before", file=first.file, line=first.line,
                            hint=f"Did you mean {near}?" if near else f"Leave out `{word}=`.")  # fmt: skip


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
