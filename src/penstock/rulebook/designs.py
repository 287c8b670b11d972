"""Designs: proposed regimes, one short file each, with rules, table cells and assumptions of their own.

A design is an instrument with force ``proposed`` and may hold more than an instrument does: ``rules`` in the language of
the law, ``tables`` (cells for tables that exist, or whole new ones), ``parameters`` (numbers its source leaves open, with
the value Penstock assumes) and ``includes`` (designs that take effect with it).  An instrument of one's own, such as a
letter, may hold the same, with any force: it applies as soon as it is read, and only a proposed one waits to be named.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from attrs import evolve, frozen

from penstock.rulebook.fold import Law
from penstock.rulebook.instruments import Instrument, read_instrument
from penstock.rulebook.parse import RuleVersion, read_rules
from penstock.rulebook.render import show_value
from penstock.rulebook.tables import Cell, Table, read_tables
from penstock.terms.errors import RuleError, UnknownSwitch
from penstock.terms.numbers import Exact, exact
from penstock.terms.suggest import nearest
from penstock.terms.words import words
from penstock.terms.yaml12 import Marked, line_of

__all__ = ["Design", "amended", "assumed_value", "caveats", "check_includes", "expand", "read_design"]

_PARTS = ("rules", "tables", "parameters")
_PARAMETER_KEYS = frozenset({"title", "value", "unit", "why"})
_BLOCK = re.compile(r"rules:\s*\|\s*(#.*)?$")
_NAME = re.compile(r"[A-Z][A-Z0-9_]*$")


@frozen
class Design:
    """One proposed regime: the instrument, the rules it writes, and what it puts into tables, as written."""

    act: Instrument
    rules: tuple[RuleVersion, ...]
    tables: tuple[Any, ...]
    parameters: tuple[Table, ...]


def read_design(raw: Any, text: str, file: str, *, private: bool = False) -> Design:
    """Return the design a YAML file describes, given its text too; RuleError names the file and, for rules, the line in it.

    >>> from penstock.terms.yaml12 import load_yaml
    >>> head = {"id": "x", "title": "x", "cite": "x", "kind": "design", "force": "proposed", "effective": "2026-01-01",
    ...         "source": "x", "confidence": "low"}
    >>> rules = '''
    ... rules: |
    ...   @definition("x")
    ...   def abroad(t: Transaction):
    ...       return t.destination.country != "US"
    ... '''
    >>> read_design({**head, **load_yaml(rules)}, rules, "x.yaml")
    Traceback (most recent call last):
    penstock.terms.errors.RuleError: x.yaml:4: abroad has no docstring. Say in one sentence what the provision does.
    """
    parts = {name: raw[name] for name in _PARTS if isinstance(raw, Mapping) and raw.get(name)}
    act = read_instrument(_head(raw) if parts else raw, file)
    if not act.proposed and not private:
        raise RuleError(f"{act.id} is {act.force}, and a design is proposed", file=file, line=act.line("force"),
                        hint="Write `force: proposed`.")  # fmt: skip
    act = evolve(act, private=private)
    rules = tuple(read_rules(_in_place(parts["rules"], text, file), file, by=act.id)) if "rules" in parts else ()
    for rule in rules:
        if rule.by != act.id:
            raise RuleError(f"{rule.name} is written by {rule.by}", file=file, line=rule.line, hint="Leave out `by=`.")
    for name, kind, word in (("tables", list, "list of tables"), ("parameters", Mapping, "mapping of parameters")):
        if not isinstance(parts.get(name, kind() if kind is list else {}), kind):
            raise RuleError(f"{name} is no {word}", file=file, line=line_of(raw, name), hint=f"Write a {word}.")
    parameters = tuple(_parameter(id, entry, act, file) for id, entry in parts.get("parameters", {}).items())
    return Design(act, rules, tuple(parts.get("tables", ())), parameters)


def _head(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return an instrument without what a design holds besides."""
    if isinstance(raw, Marked):
        return raw.without(*_PARTS)
    return {key: value for key, value in raw.items() if key not in _PARTS}


def _in_place(block: Any, text: str, file: str) -> str:
    """Return the rules with as many empty lines before them as the file has, so that a line is a line of the file."""
    lines = text.splitlines()
    at = next((n for n, line in enumerate(lines, 1) if line.startswith("rules:")), 1)
    if not isinstance(block, str) or not _BLOCK.match(lines[at - 1]):
        raise RuleError("rules are written as a block", file=file, line=at, hint="Write `rules: |` and indent what follows.")
    return "\n" * at + block


def _parameter(id: str, raw: Any, act: Instrument, file: str) -> Table:
    """Return the table of a number that the source of a design leaves open."""
    if not isinstance(raw, Mapping) or not {"title", "value", "why"} <= set(raw) <= _PARAMETER_KEYS:
        raise RuleError(f"the parameter {id} has title, value, why and, if it has one, unit", file=file, line=line_of(raw),
                        hint="Say in `why:` why the value is assumed.")  # fmt: skip
    if not _NAME.match(id):
        raise RuleError(f"the parameter {id!r} is not written like a table", file=file, line=line_of(raw),
                        hint="Write it like KEY_PARTNER_FACTOR.")  # fmt: skip
    cite = f"assumption of Penstock, not of {act.cite}"
    cell = Cell(by=act.id, cite=cite, value=raw["value"], confidence="low", assumed=raw["why"])
    return Table(id, raw["title"], "number", raw.get("unit", ""), (cell,), file, id, parameter=True)


def amended(tables: Iterable[Table], designs: Iterable[Design]) -> list[Table]:
    """Return the tables with what designs put into them: cells of a table that exists, tables of their own, parameters."""
    out = {table.id: table for table in tables}
    for design in designs:
        new = [*design.parameters]
        for raw in design.tables:
            if not isinstance(raw, Mapping) or not {"id", "cells"} <= set(raw):
                raise RuleError("a table has an id and cells", file=design.act.file, line=line_of(raw),
                                hint="Write `- id: NAME` and `cells:`.")  # fmt: skip
            if "kind" in raw:
                new += _cells(raw, raw, design.act)
            else:
                old = _existing(raw, out, design.act)
                added = _cells(raw, {"id": old.id, "title": old.title, "kind": old.kind}, design.act)[0].cells
                out[old.id] = evolve(old, cells=old.cells + added)
        for table in new:
            if table.id in out:
                raise RuleError(f"{table.id} is a table already, in {out[table.id].file}", file=design.act.file,
                                line=table.cells[0].line if table.cells else 0,
                                hint="To add cells to it, leave out title and kind.")  # fmt: skip
            out[table.id] = table
    return list(out.values())


def _existing(raw: Mapping[str, Any], tables: Mapping[str, Table], act: Instrument) -> Table:
    id = raw["id"]
    if id not in tables:
        near = nearest(id, tables)
        hint = f"Did you mean {near}?" if near else "Give a new table a title and a kind."
        raise RuleError(f"no table is called {id!r}", file=act.file, line=line_of(raw, "id"), hint=hint)
    return tables[id]


def _cells(raw: Mapping[str, Any], head: Mapping[str, Any], act: Instrument) -> list[Table]:
    cells = [cell.with_(by=act.id) if isinstance(cell, Marked) else {**cell, "by": act.id} for cell in raw["cells"]]
    whole = raw.with_(**{**head, "cells": cells}) if isinstance(raw, Marked) else {**head, "cells": cells}
    return read_tables({"tables": [whole]}, act.file)


def check_includes(instruments: Mapping[str, Instrument]) -> None:
    """Refuse an instrument that includes what is no design, or itself by way of others."""
    for act in instruments.values():
        for id in act.includes:
            if id not in instruments or not act.proposed or not instruments[id].proposed:
                near = nearest(id, (i.id for i in instruments.values() if i.proposed and i.id != id))
                hint = f"Did you mean {near}?" if near and act.proposed else "Only designs include designs."
                raise RuleError(
                    f"{act.id} includes {id!r}, which is no design", file=act.file, line=act.line("includes"), hint=hint
                )
        if act.includes and act.id in expand(act.includes, instruments, lambda _: True):
            raise RuleError(f"{act.id} includes itself", file=act.file, line=act.line("includes"),
                            hint="Take it out of `includes:`.")  # fmt: skip


def expand(named: Iterable[str], instruments: Mapping[str, Instrument], begun: Callable[[Instrument], bool]) -> tuple[str, ...]:
    """Return the designs that a regime comes to, each once and after what it includes.

    What has not ``begun`` includes nothing yet, so that a stack leaves every day before its start as it was.
    """
    out: dict[str, None] = {}

    def add(id: str, above: tuple[str, ...]) -> None:
        for inner in instruments[id].includes if id not in above and begun(instruments[id]) else ():
            add(inner, (*above, id))
        out.setdefault(id)

    for id in named:
        add(id, ())
    return tuple(out)


def assumed_value(table: Table, value: Any, designs: Iterable[str]) -> Exact:
    """Return the number chosen for a parameter; UnknownSwitch where it is none or where the regime does not have it."""
    at, owner = f"switches.{table.id}", table.cells[0].by
    try:
        number = exact(value)
    except (ValueError, TypeError):
        raise UnknownSwitch(f"{table.id} cannot be {value!r}: a number is wanted", at=at, value=str(value)) from None
    if owner not in designs:
        hint = f"Name that regime: --regime {owner}"
        raise UnknownSwitch(f"{table.id} belongs to the regime {owner}", at=at, value=str(value), hint=hint)
    return number


def caveats(law: Law) -> Iterator[str]:
    """Yield what a reader must know of an answer: own instruments, that a regime is no law, what clashes, what is assumed."""
    acts = [law.instruments[id] for id in law.active if law.instruments[id].proposed]
    for act in (law.instruments[id] for id in law.active if law.instruments[id].private):
        yield f"Own instrument in use: {act.title} ({act.cite}; {words('force', act.force)}), read from {act.file}."
    inner = {id for act in acts for id in act.includes}
    for act in acts:
        if act.id not in inner:
            yield f"Not law: {act.title} ({act.cite}; confidence {act.confidence})."
    yield from law.clashes
    for name, cells in law.live.items():
        for cell in (cell for cell in cells if cell.assumed):
            unit = f" {law.tables[name].unit}" if law.tables[name].unit else ""
            what = f"with {', '.join(cell.add)}" if cell.add else f"= {show_value(cell.value)}{unit}"
            said = f"{name} {what} ({law.tables[name].title}). {cell.assumed}"
            yield f"Chosen: {said}" if name in law.switches else f"Assumed by Penstock: {said}"
