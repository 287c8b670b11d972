"""``penstock law coverage --facts``: each provision that a folder of facts names, what stands for it, and what is missing."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from penstock.apps.cli.language import say, t, word
from penstock.terms.errors import FileUnusable

if TYPE_CHECKING:
    from penstock.decision.coverage import Coverage
    from penstock.decision.provisions import Named, Stands

__all__ = ["tell_facts"]

_SHOWN = 6


def tell_facts(folder: str, found: Coverage, cases: list[Mapping[str, Any]], *, as_json: bool) -> None:
    """Print, file by file, what a folder names and what in the book stands for it; at the end what nothing stands for."""
    from penstock.decision.library import book
    from penstock.decision.provisions import stands_for
    from penstock.terms.numbers import dump_json

    pairs = [(named, stands_for(named, found, book(), cases)) for named in _named(folder)]
    if as_json:
        click.echo(dump_json({"provisions": [_document(*pair) for pair in pairs]}))
        return
    for file in dict.fromkeys(named.file for named, _ in pairs):
        _file(file, [pair for pair in pairs if pair[0].file == file])
    gaps = [named for named, stands in pairs if not stands.found]
    click.echo(t("Missing: {n} of {all}", n=len(gaps), all=len(pairs)) if gaps else t("Nothing is missing."))
    for named in gaps:
        say(f"{named.file}:{named.line} {_head(named)}", 2)


def _named(folder: str) -> Iterator[Named]:
    from penstock.decision.provisions import named_provisions
    from penstock.terms.yaml12 import load_yaml

    files = sorted(Path(folder).glob("*.yaml"))
    if not files:
        raise FileUnusable(f"{folder} holds no YAML file", value=folder, hint="Name the folder with the files of facts.")
    for file in files:
        yield from named_provisions(load_yaml(file.read_text("utf-8"), trusted=True, marked=True), file.name)


def _file(file: str, pairs: list[tuple[Named, Stands]]) -> None:
    written, there = (sum(held) for held in zip(*((s.written, s.found) for _, s in pairs), strict=True))
    counts = {"named": len(pairs), "written": written, "other": there - written}
    click.echo(t("{file}: {named} named, {written} with rules or tables, {other} only to look up", file=file, **counts))
    for named, stands in pairs:
        say(f"{'✓' if stands.written else '○' if stands.found else '✗'} {_head(named)}", 2)
        parts = [(t("rules"), stands.rules), (t("tables"), stands.tables), (t("also"), stands.other)]
        for what, names in (*parts, (t("within"), stands.within), (t("cases"), stands.cases)):
            if names:
                say(t("{what}: {value}", what=what, value=_some(names)), 6)
    click.echo()


def _head(named: Named) -> str:
    cites = f" [{'; '.join(named.cites)}]" if named.cites else ""
    force = f" ({word('force', named.force)})" if named.force else ""
    return f"{named.name}{cites}{force} {textwrap.shorten(named.text, 110, placeholder=' …')}"


def _some(names: set[str]) -> str:
    listed = sorted(names)
    more = t(" and {n} more", n=len(listed) - _SHOWN) if len(listed) > _SHOWN else ""
    return ", ".join(listed[:_SHOWN]) + more


def _document(named: Named, stands: Stands) -> dict[str, Any]:
    return {
        "name": named.name, "file": named.file, "line": named.line, "cites": list(named.cites), "text": named.text,
        "force": named.force or None, "found": stands.found, "rules": sorted(stands.rules), "tables": sorted(stands.tables),
        "also": sorted(stands.other), "within": sorted(stands.within), "cases": sorted(stands.cases),
    }  # fmt: skip
