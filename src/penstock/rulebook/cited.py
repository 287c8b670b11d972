"""Everything in a book that carries a citation, in one list: rules and their lines, table cells, instruments, readings, data."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import Any

from attrs import frozen

from penstock.rulebook.book import Book
from penstock.rulebook.parse import RuleVersion

__all__ = ["Cited", "cited", "line_cites"]

_LINES = frozenset({"needs", "within", "files"})


@frozen
class Cited:
    """One citation: what carries it (a rule, a line of one, a cell, ...), its name, where it stands in the files.

    ``also`` is the name that the source itself uses, where it is another one.
    """

    kind: str
    id: str
    cite: str
    place: str
    by: str = ""
    also: str = ""


def cited(book: Book) -> Iterator[Cited]:
    """Yield every citation of a book, rules first."""
    for chain in book.versions.values():
        for version in chain:
            place = f"{version.file}:{version.line}"
            yield Cited(version.kind, version.name, version.cite, place, version.by)
            yield from (Cited("line", version.name, cite, place, version.by) for cite in line_cites(version))
    for table in book.tables.values():
        yield from (Cited("cell", table.id, cell.cite, table.file, cell.by) for cell in table.cells)
    yield from (Cited("instrument", act.id, act.cite, act.file) for act in book.instruments.values())
    yield from (Cited("reading", reading.name, reading.cite, "readings.yaml") for reading in book.readings.values())
    for file, raw in book.data.items():
        for entry in _entries(raw):
            name = entry.get("id") or entry.get("provision")
            yield Cited("data", str(name), str(entry["cite"]), file, str(entry.get("by", "")), str(entry.get("also", "")))


def line_cites(version: RuleVersion) -> Iterator[str]:
    """Yield the citations of the lines of a license exception or review row."""
    for node in ast.walk(version.body):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _LINES and node.args:
            yield str(ast.literal_eval(node.args[0]))


def _entries(raw: Any) -> Iterator[Mapping[str, Any]]:
    """Yield the entries of a data file that cite the law; a list of names that may be cited is not one of them."""
    for key, value in raw.items() if isinstance(raw, Mapping) else ():
        if isinstance(value, list) and key != "named":
            for entry in (entry for entry in value if isinstance(entry, Mapping)):
                yield from [entry] if "cite" in entry else []
                yield from _entries(entry)
