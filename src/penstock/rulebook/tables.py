"""Dated tables as printed: numbers, lists of places, classifications and set expressions, every cell with a citation."""

from __future__ import annotations

import ast
import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

from attrs import evolve, field, frozen

from penstock.rulebook.instruments import Instrument, applies
from penstock.terms.countries import codes
from penstock.terms.dates import parse_date
from penstock.terms.errors import PenstockError, RuleError
from penstock.terms.numbers import Exact
from penstock.terms.suggest import nearest
from penstock.terms.yaml12 import line_of

__all__ = ["Cell", "Table", "read_tables", "resolve_members"]

TABLE_KINDS = ("number", "by_date", "date", "places", "eccns", "names", "roles")
_CELL_KEYS = frozenset({
    "value", "members", "add", "remove", "expr", "cite", "by", "effective", "from", "until", "key", "when", "confidence", "note",
    "assumed",
})  # fmt: skip


@frozen
class Cell:
    """One dated cell: what it sets, adds or removes, by which instrument, from which day, under which reading.

    ``assumed`` says why it is Penstock that says so, where the source does not.
    """

    by: str
    cite: str
    value: Exact | dt.date | None = None
    members: tuple[str, ...] | None = None
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    expr: str = ""
    key: str = ""
    effective: dt.date | None = None
    first: dt.date | None = None
    last: dt.date | None = None
    when: Mapping[str, Any] = field(factory=dict)
    confidence: str = ""
    assumed: str = ""
    line: int = 0

    def start(self, instrument: Instrument) -> dt.date:
        """Return the day from which the cell counts."""
        return self.effective or instrument.effective


@frozen
class Table:
    """One table: its name in rules, the words for it, its kind and unit, and its dated cells in order.

    A ``parameter`` is a number that the source of a design leaves open: it can be set like a reading.
    """

    id: str
    title: str
    kind: str
    unit: str
    cells: tuple[Cell, ...]
    file: str
    labels: str = ""
    parameter: bool = False

    def live(self, on: dt.date, known: dt.date, book: Mapping[str, Instrument], switches: Mapping[str, Any]) -> list[Cell]:
        """Return the cells in force on a day, in the order their instruments wrote them, those of designs last.

        ``book`` holds the instruments that count, in their order.
        """
        order = list(book)
        out = []
        for cell in self.cells:
            instrument = book.get(cell.by)
            if instrument is None or instrument.known > known or not applies(cell.when, switches):
                continue
            if cell.start(instrument) <= on:
                rank = order.index(cell.by) if instrument.proposed else -1
                out.append((rank, cell.start(instrument), cell))
        cells = [cell for _, _, cell in sorted(out, key=lambda entry: entry[:2])]
        return [evolve(cell, value=switches.get(self.id, cell.value)) for cell in cells] if self.parameter else cells


def read_tables(raw: Any, file: str) -> list[Table]:
    """Return the tables of one YAML file; RuleError names the file and table.

    >>> read_tables({"tables": [{"id": "X", "title": "x", "kind": "number", "cells": [{"value": 1, "by": "ear"}]}]}, "x.yaml")
    Traceback (most recent call last):
    penstock.terms.errors.RuleError: x.yaml: a cell of X has no citation. Add `cite:`
    """
    if not isinstance(raw, Mapping) or not isinstance(raw.get("tables"), list):
        raise RuleError("a table file has a list of tables", file=file, line=line_of(raw), hint="Start with `tables:`.")
    return [_located(entry, file) for entry in raw["tables"]]


def _located(raw: Any, file: str) -> Table:
    """Return a table; what is wrong with its shape is said with its line."""
    try:
        return _table(raw, file)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise RuleError(f"a table is not as it should be: {error}", file=file, line=line_of(raw),
                        hint="Each has id, title, kind and cells.") from None  # fmt: skip


def _table(raw: Mapping[str, Any], file: str) -> Table:
    if raw.get("kind") not in TABLE_KINDS:
        raise RuleError(f"{raw.get('id')}: {raw.get('kind')!r} is no kind of table", file=file, line=line_of(raw, "kind"),
                        hint=f"One of {', '.join(TABLE_KINDS)}.")  # fmt: skip
    cells = tuple(_cell(entry, raw["id"], raw["kind"], file) for entry in raw["cells"])
    table = Table(raw["id"], raw["title"], raw["kind"], raw.get("unit", ""), cells, file, raw.get("name", raw["id"]))
    _no_overlap(table)
    return table


def _no_overlap(table: Table) -> None:
    """Refuse two cells that say what one table holds on the same day, by the same instrument and under the same readings."""
    whole = [cell for cell in table.cells if not cell.add and not cell.remove]
    for i, cell in enumerate(whole):
        if cell.last is not None and cell.first is not None and cell.last < cell.first:
            raise RuleError(f"a cell of {table.id} ends on {cell.last}, before it begins on {cell.first}", file=table.file,
                            line=cell.line, hint="`until:` is the last day of the cell.")  # fmt: skip
        for other in whole[:i]:
            if (other.by, other.when) == (cell.by, cell.when) and _meet(cell, other):
                raise RuleError(f"two cells of {table.id} overlap: the other one is in line {other.line}", file=table.file,
                                line=cell.line, hint="Give each day one cell: move `from:` or `effective:`.")  # fmt: skip


def _meet(one: Cell, other: Cell) -> bool:
    """Say whether two cells begin on the same day, or the one begins before the other, which says until when, has ended."""
    if one.first is None or other.first is None:
        return (one.first, one.effective) == (other.first, other.effective)
    early, late = sorted((one, other), key=lambda cell: cell.first or dt.date.min)
    return early.first == late.first or (early.last is not None and late.first is not None and late.first <= early.last)


def _cell(raw: Mapping[str, Any], table: str, kind: str, file: str) -> Cell:
    for key in raw:
        if key not in _CELL_KEYS:
            near = nearest(key, _CELL_KEYS)
            raise RuleError(f"a cell of {table} has no key {key!r}", file=file, line=line_of(raw, key),
                            hint=f"Did you mean {near}?" if near else f"One of {', '.join(sorted(_CELL_KEYS))}.")  # fmt: skip
    for key, word in (("cite", "citation"), ("by", "instrument")):
        if not raw.get(key):
            raise RuleError(f"a cell of {table} has no {word}", file=file, line=line_of(raw), hint=f"Add `{key}:`")
    for key in ("members", "add", "remove") if kind == "places" else ():
        for place in raw.get(key, ()):
            if place not in codes():
                near = nearest(place, codes())
                raise RuleError(f"{table} names {place!r}, which is no country code", file=file, line=line_of(raw, key),
                                hint=f"Did you mean {near}?" if near else "Write ISO 3166-1 alpha-2 codes.")  # fmt: skip
    return Cell(
        by=raw["by"],
        cite=raw["cite"],
        value=_day(raw, "value", file) if kind == "date" else raw.get("value"),
        members=tuple(raw["members"]) if "members" in raw else None,
        add=tuple(raw.get("add", ())),
        remove=tuple(raw.get("remove", ())),
        expr=raw.get("expr", ""),
        key=str(raw.get("key", "")),
        effective=_day(raw, "effective", file) if "effective" in raw else None,
        first=_day(raw, "from", file) if "from" in raw else None,
        last=_day(raw, "until", file) if "until" in raw else None,
        when=dict(raw.get("when", {})),
        confidence=raw.get("confidence", ""),
        assumed=raw.get("assumed", ""),
        line=line_of(raw),
    )


def _day(raw: Mapping[str, Any], key: str, file: str) -> dt.date:
    try:
        return parse_date(raw[key], key)
    except PenstockError as error:
        raise RuleError(error.message, file=file, line=line_of(raw, key), hint="Write days as YYYY-MM-DD.") from None


def resolve_members(table: Table, live: list[Cell], look: Callable[[str], frozenset[str]]) -> frozenset[str]:
    """Return the members of a set table from its live cells; ``look`` answers for the tables an expression names."""
    members: frozenset[str] = frozenset()
    for cell in live:
        if cell.expr:
            members = _expression(cell.expr, table, look)
        elif cell.members is not None:
            members = frozenset(cell.members)
        members = (members | frozenset(cell.add)) - frozenset(cell.remove)
    return members


def _expression(text: str, table: Table, look: Callable[[str], frozenset[str]]) -> frozenset[str]:
    """Evaluate a set expression such as ``AE | ((D1 | D4 | D5) - (A5 | A6))``."""
    try:
        return _set(ast.parse(text, mode="eval").body, look)
    except (SyntaxError, KeyError) as error:
        name = error.args[0] if isinstance(error, KeyError) else ""
        said = f"no table and no country is called {name}" if name else f"{text!r} is no set expression"
        line = next((cell.line for cell in table.cells if cell.expr == text), 0)
        raise RuleError(f"{table.id}: {said}", file=table.file, line=line,
                        hint="Join names of tables and countries by | & and -.") from None  # fmt: skip


def _set(node: ast.expr, look: Callable[[str], frozenset[str]]) -> frozenset[str]:
    """Return the members a set expression comes to; KeyError for a name that is none, SyntaxError for anything else."""
    if isinstance(node, ast.Name):
        return frozenset({node.id}) if len(node.id) == 2 and node.id in codes() else look(node.id)
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.BitOr, ast.BitAnd, ast.Sub)):
        left, right = _set(node.left, look), _set(node.right, look)
        if isinstance(node.op, ast.BitOr):
            return left | right
        return left & right if isinstance(node.op, ast.BitAnd) else left - right
    raise SyntaxError
