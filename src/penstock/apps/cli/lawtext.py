"""``penstock law show`` for people: a provision in words, how it stands, who wrote it and with what force."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import click

from penstock.apps.cli.language import code, count, say, t, told, word
from penstock.rulebook.render import show_value

__all__ = ["provisions"]

_INDEX_FROM = 4  # so many entries get a list of what is found first


def provisions(found: list[dict[str, Any]]) -> None:
    """Print provisions: what each says, when it applies, how it stands, its instruments and source."""
    if len(found) >= _INDEX_FROM:
        click.echo(count(len(found), "{n} entry:", "{n} entries:"))
        for entry in found:
            say(_name(entry), 2)
        click.echo()
    for entry in found:
        click.echo(_name(entry))
        say(told(entry["text"]), 2)
        if entry.get("in_words"):
            say(_asks()[entry["kind"]], 4)
            for line in entry["in_words"]:
                say(line.strip(), 6 + len(line) - len(line.lstrip()))
        elif "in_words" in entry:
            say(t("It holds always."), 4)
        for line in _standing_lines(entry):
            say(line, 4)
        click.echo()


def _name(entry: Mapping[str, Any]) -> str:
    return f"{code('kind', entry['kind'])} {entry['id']} [{entry['cite']}]"


def _asks() -> dict[str, str]:
    return {
        "requirement": t("It applies when:"),
        "authorization": t("It may be used when:"),
        "review": t("It decides when:"),
        "duty": t("It falls due when:"),
        "flag": t("It is raised when:"),
        "definition": t("It holds, or comes to, this:"),
    }


def _standing_lines(entry: Mapping[str, Any]) -> Iterator[str]:
    if "value" in entry:
        value, unit = entry["value"], f" {told(entry['unit'])}" if entry["unit"] else ""
        listed = isinstance(value, list)
        yield t("{n} of them: {names}", n=len(value), names=", ".join(value)) if listed else show_value(value) + unit
    if "rule" in entry:
        yield from _how_it_stands(entry)
    for key, title in (("writes", t("writes")), ("repeals", t("repeals")), ("stops_enforcing", t("stops enforcing"))):
        if entry.get(key):
            yield t("{what}: {value}", what=title, value=", ".join(map(_written, entry[key])))
    for act in entry.get("instruments", ()):
        yield t("{cite}: {title} ({dates})", cite=act["cite"], title=told(act["title"]), dates=_dated(act))
    if "verification" in entry:
        checked = t("{verification} against its source", verification=word("verification", entry["verification"]))
        yield checked + (t("; due {day}", day=entry["due"]) if "due" in entry else "")
    if entry["kind"] == "instrument":
        yield _dated(entry)
        yield from filter(None, [told(entry["note"])])
    confidence = word("confidence", entry["confidence"])
    if entry["kind"] == "record":
        said = {"force": word("force", entry["force"]), "day": entry["effective"], "confidence": confidence}
        yield t("{force}, {day}; writes no rule here; confidence {confidence}", **said)
    else:
        yield t("source: {source}; confidence {confidence}", source=entry["source"], confidence=confidence)


def _written(name: str) -> str:
    """Return what an instrument writes, its kind in the language spoken."""
    kind, _, id = name.partition(" ")
    return f"{code('kind', kind)} {id}" if id else name


def _dated(act: Mapping[str, Any]) -> str:
    force = word("force", act["force"])
    return t("{force}, effective {day}, known since {known}", force=force, day=act["effective"], known=act["known"])


def _how_it_stands(entry: Mapping[str, Any]) -> Iterator[str]:
    text, required, enforced = (word("tri", show_value(entry[key])) for key in ("text_in_cfr", "compliance_required", "enforced"))
    yield t("in the text: {text}; compliance required: {required} (from {due}); enforced: {enforced}",
            text=text, required=required, due=entry["compliance_due"], enforced=enforced)  # fmt: skip
    if entry["not_enforced_by"]:
        by = entry["not_enforced_by"]
        yield t("not enforced by {cite} since {day}", cite=by["cite"], day=by["effective"])
    yield t("written in {file}", file=entry["file"])
