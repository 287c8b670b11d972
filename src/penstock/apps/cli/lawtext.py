"""``penstock law show`` for people: a provision in words, how it stands, who wrote it and with what force."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

import click

from penstock.rulebook.render import show_value

__all__ = ["provisions"]

_WIDTH = 100
_INDEX_FROM = 4  # so many entries get a list of what is found first
_ASKS = {
    "requirement": "It applies when:",
    "authorization": "It may be used when:",
    "review": "It decides when:",
    "duty": "It falls due when:",
    "flag": "It is raised when:",
    "definition": "It holds, or comes to, this:",
}


def provisions(found: list[dict[str, Any]]) -> None:
    """Print provisions: what each says, when it applies, how it stands, its instruments and source."""
    if len(found) >= _INDEX_FROM:
        click.echo(f"{len(found)} entries:")
        for entry in found:
            _say(f"{entry['kind']} {entry['id']} [{entry['cite']}]", 2)
        click.echo()
    for entry in found:
        click.echo(f"{entry['kind']} {entry['id']} [{entry['cite']}]")
        _say(entry["text"], 2)
        if entry.get("in_words"):
            _say(_ASKS[entry["kind"]], 4)
            for line in entry["in_words"]:
                _say(line.strip(), 6 + len(line) - len(line.lstrip()))
        elif "in_words" in entry:
            _say("It holds always.", 4)
        for line in _standing_lines(entry):
            _say(line, 4)
        click.echo()


def _say(text: str, indent: int = 0) -> None:
    click.echo(textwrap.fill(text, _WIDTH, initial_indent=" " * indent, subsequent_indent=" " * (indent + 2)))


def _standing_lines(entry: Mapping[str, Any]) -> Iterator[str]:
    if "value" in entry:
        value, unit = entry["value"], f" {entry['unit']}" if entry["unit"] else ""
        yield f"{len(value)} of them: {', '.join(value)}" if isinstance(value, list) else show_value(value) + unit
    if "rule" in entry:
        yield from _how_it_stands(entry)
    for key in ("writes", "repeals", "stops_enforcing"):
        if entry.get(key):
            yield f"{key.replace('_', ' ')}: {', '.join(entry[key])}"
    for act in entry.get("instruments", ()):
        dates = f"effective {act['effective']}, known since {act['known']}"
        yield f"{act['cite']}: {act['title']} ({act['force'].replace('_', ' ')}, {dates})"
    if "verification" in entry:
        yield f"{entry['verification']} against its source" + (f"; due {entry['due']}" if "due" in entry else "")
    if entry["kind"] == "instrument":
        yield f"{entry['force'].replace('_', ' ')}, effective {entry['effective']}, known since {entry['known']}"
        yield from filter(None, [entry["note"]])
    if entry["kind"] == "record":
        yield f"{entry['force'].replace('_', ' ')}, {entry['effective']}; writes no rule here; confidence {entry['confidence']}"
    else:
        yield f"source: {entry['source']}; confidence {entry['confidence']}"


def _how_it_stands(entry: Mapping[str, Any]) -> Iterator[str]:
    due, required, enforced = entry["compliance_due"], show_value(entry["compliance_required"]), show_value(entry["enforced"])
    text = str(entry["text_in_cfr"]).lower()
    yield f"in the text: {text}; compliance required: {required} (from {due}); enforced: {enforced}"
    if entry["not_enforced_by"]:
        yield f"not enforced by {entry['not_enforced_by']['cite']} since {entry['not_enforced_by']['effective']}"
    yield f"written in {entry['file']}"
