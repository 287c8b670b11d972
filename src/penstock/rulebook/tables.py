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
        raise RuleError("a table file has a list of tables", file=file, hint="Start with `tables:`.")
    try:
        return [_table(entry, file) for entry in raw["tables"]]
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise RuleError(
            f"a table is not as it should be: {error}", file=file, hint="Each has id, title, kind and cells."
        ) from None
    except RuleError:
        raise
    except PenstockError as error:
        raise RuleError(error.message, file=file, hint=error.hint or "Write days as YYYY-MM-DD.") from None


def _table(raw: Mapping[str, Any], file: str) -> Table:
    if raw.get("kind") not in TABLE_KINDS:
        raise RuleError(f"{raw.get('id')}: {raw.get('kind')!r} is no kind of table", file=file, hint=f"One of {TABLE_KINDS}.")
    cells = tuple(_cell(entry, raw["id"], raw["kind"], file) for entry in raw["cells"])
    return Table(raw["id"], raw["title"], raw["kind"], raw.get("unit", ""), cells, file, raw.get("name", raw["id"]))


def _cell(raw: Mapping[str, Any], table: str, kind: str, file: str) -> Cell:
    for key in raw:
        if key not in _CELL_KEYS:
            near = nearest(key, _CELL_KEYS)
            raise RuleError(f"a cell of {table} has no key {key!r}", file=file, hint=f"Did you mean {near}?" if near else None)
    for key, word in (("cite", "citation"), ("by", "instrument")):
        if not raw.get(key):
            raise RuleError(f"a cell of {table} has no {word}", file=file, hint=f"Add `{key}:`")
    places = (*raw.get("members", ()), *raw.get("add", ()), *raw.get("remove", ()))
    for place in places if kind == "places" else ():
        if place not in codes():
            raise RuleError(f"{table} names {place!r}, which is no country code", file=file)
    return Cell(
        by=raw["by"],
        cite=raw["cite"],
        value=parse_date(raw["value"], table) if kind == "date" else raw.get("value"),
        members=tuple(raw["members"]) if "members" in raw else None,
        add=tuple(raw.get("add", ())),
        remove=tuple(raw.get("remove", ())),
        expr=raw.get("expr", ""),
        key=str(raw.get("key", "")),
        effective=parse_date(raw["effective"], table) if "effective" in raw else None,
        first=parse_date(raw["from"], table) if "from" in raw else None,
        last=parse_date(raw["until"], table) if "until" in raw else None,
        when=dict(raw.get("when", {})),
        confidence=raw.get("confidence", ""),
        assumed=raw.get("assumed", ""),
    )


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
        tree = ast.parse(text, mode="eval").body
    except SyntaxError:
        raise RuleError(f"{table.id}: {text!r} is no set expression", file=table.file) from None
    return _set(tree, table, look)


def _set(node: ast.expr, table: Table, look: Callable[[str], frozenset[str]]) -> frozenset[str]:
    if isinstance(node, ast.Name):
        if len(node.id) == 2 and node.id in codes():
            return frozenset({node.id})
        try:
            return look(node.id)
        except KeyError:
            raise RuleError(f"{table.id}: no table and no country is called {node.id}", file=table.file) from None
    if isinstance(node, ast.BinOp):
        left, right = _set(node.left, table, look), _set(node.right, table, look)
        if isinstance(node.op, ast.BitOr):
            return left | right
        if isinstance(node.op, ast.BitAnd):
            return left & right
        if isinstance(node.op, ast.Sub):
            return left - right
    raise RuleError(f"{table.id}: only names and | & - may stand in a set expression", file=table.file)
