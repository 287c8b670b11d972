"""The pages of the reference about the law: provisions, tables, instruments, readings, and what of it is unverified."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from markdown_parts import code, page, table, text

from penstock.decision import book
from penstock.law import ROOT as LAW
from penstock.rulebook.instruments import Instrument
from penstock.rulebook.parse import KINDS, RuleVersion
from penstock.rulebook.render import show_value
from penstock.terms.yaml12 import load_yaml

__all__ = ["designs_page", "instruments_page", "provisions_page", "readings_page", "tables_page", "unverified_page"]

_BASE_TEXT = "base text"  # not traced to the rule that wrote it
_PARTS = {"732": "steps and red flags", "734": "scope of the EAR", "736": "General Prohibitions", "740": "license exceptions",
          "742": "license requirements and review", "744": "end-use and end-user controls", "748": "applications and VEU",
          "750": "validity of licenses", "772": "definitions of terms", "774": "Commerce Control List"}  # fmt: skip


def provisions_page() -> str:
    """Return every version of every provision, by CFR part."""
    versions: dict[str, list[RuleVersion]] = {}
    for version in (v for chain in book().versions.values() for v in chain if not book().instruments[v.by].proposed):
        versions.setdefault(version.file, []).append(version)
    parts = [
        "Every provision in the book, in the order of the Code of Federal Regulations, "
        "each version by the instrument that wrote it.\n"
        "The sentence is ours; the citation is the text.\n"
        "`penstock law show CITATION --on DATE` prints one of them with its rule and sources, as it stands on a day.\n"
        "*Base text* stands for what the book does not trace to the rule that wrote it."
    ]
    for file, found in sorted(versions.items()):
        part = re.sub(r"\D", "", Path(file).stem)
        parts.append(f"## Part {part}: {_PARTS.get(part, '')}")
        ordered = sorted(found, key=lambda v: v.line)
        for title, wanted in (("Provisions", tuple(KINDS)[1:]), ("Definitions", ("definition",))):
            chosen = [v for v in ordered if v.kind in wanted]
            if chosen:
                parts.append(f"### {title} of part {part}\n\n" + _version_rows(chosen))
    return page("Provisions", *parts)


def _version_rows(versions: Iterable[RuleVersion]) -> str:
    rows = ([text(v.cite), f"{code(v.id)} {v.kind}", text(v.doc), _instrument(v), _span(v)] for v in versions)
    return table(["citation", "provision", "in one sentence", "instrument and force", "dates"], rows)


def _instrument(version: RuleVersion) -> str:
    act = book().instruments[version.by]
    return text(f"{act.cite}, {act.force.replace('_', ' ')}")


def _span(version: RuleVersion) -> str:
    """Say from when to when a version stands, when compliance is due, and since when it is not enforced or stayed."""
    acts = {k: v for k, v in book().instruments.items() if not v.proposed}
    act = acts[version.by]
    chain = [v for v in book().versions[version.id] if v.by in acts]
    later = chain[chain.index(version) + 1 :]
    ends = [acts[v.by].effective for v in later[:1]]
    ends += [i.effective for i in acts.values() if version.id in i.repeals and i.effective >= act.effective]
    start = _BASE_TEXT if act.kind == "codified_regulations" else f"from {act.effective}"
    said = [start + (f" to {min(ends) - dt.timedelta(days=1)}" if ends else "")]
    if version.id in act.compliance:
        said.append(f"compliance {act.compliance[version.id]}")
    said += [f"not enforced since {i.effective}" for i in acts.values() if version.id in i.stops_enforcing]
    said += [_stay(s) for i in acts.values() for s in i.suspends if version.id in s.provisions]
    return "; ".join(said)


def _stay(stay: Any) -> str:
    reading = "".join(f" under the reading {name}={show_value(value)}" for name, value in stay.when.items())
    return f"stayed from {stay.first}" + (f" to {stay.last}" if stay.last else "") + reading


def tables_page() -> str:
    """Return every dated table with its cells and their citations."""
    parts = [
        "A number or list from a regulation stands once, in a table, and every cell has its citation.\n"
        "Rules use the name of the table; a cell counts from the day its instrument takes effect, unless it says otherwise."
    ]
    for file, raw in _yaml_files("/tables/"):
        parts.append(f"## {Path(file).stem.replace('_', ' ').capitalize()}")
        for entry in raw["tables"]:
            unit = f", in {entry['unit']}" if entry.get("unit") else ""
            parts.append(f"### {code(entry['id'])}\n\n{text(entry['title'])}{unit}.\n\n" + _cells(entry["cells"]))
    return page("Tables", *parts)


def _cells(cells: Iterable[Mapping[str, Any]]) -> str:
    acts = book().instruments
    return table(
        ["value", "citation", "instrument", "from", "confidence"],
        (
            [
                _cell_value(cell),
                text(cell["cite"]),
                text(acts[cell["by"]].cite),
                _start(cell, acts[cell["by"]]),
                text(". ".join(filter(None, [cell.get("confidence", ""), cell.get("note", "")]))),
            ]
            for cell in cells
        ),
    )


def _start(cell: Mapping[str, Any], act: Instrument) -> str:
    return (
        str(cell["effective"])
        if "effective" in cell
        else _BASE_TEXT
        if act.kind == "codified_regulations"
        else str(act.effective)
    )


def _cell_value(cell: Mapping[str, Any]) -> str:
    said = [show_value(cell["value"])] if "value" in cell else []
    said += [code(cell["expr"])] if "expr" in cell else []
    said += [", ".join(map(code, cell["members"])) or "none"] if "members" in cell else []
    said += [f"{word} " + ", ".join(map(code, cell[word])) for word in ("add", "remove") if word in cell]
    label = f"{code(cell['key'])}: " if cell.get("key") else ""
    when = "".join(f" (reading {name}={show_value(value)})" for name, value in cell.get("when", {}).items())
    days = " ".join(f"{word} {cell[word]}" for word in ("from", "until") if word in cell)
    return label + " ".join(said) + (f" {days}" if days else "") + text(when)


def _yaml_files(fragment: str) -> Iterator[tuple[str, Any]]:
    root = Path(str(LAW))
    for file in sorted(root.rglob("*.yaml")):
        name = f"/{file.relative_to(root).as_posix()}"
        if fragment in name:
            yield name, load_yaml(file.read_text("utf-8"))


def instruments_page() -> str:
    """Return every instrument and design: what it is, its dates, its force and its source."""
    acts = [i for i in book().instruments.values() if not i.proposed]
    parts = [
        "An instrument is the unit of change: a rule, a stay, a press release, guidance.\n"
        "The law of a day is the fold of all instruments that had taken effect by then and were known.\n"
        "`known` is the day from which the instrument could be read; it is what `--known` compares with.\n"
        "Proposed regimes have a [page of their own](designs.md).",
        _instrument_rows(acts),
        "## What they do beyond writing rules and cells\n\n" + _effects(acts),
        "## Notes\n\n" + "\n".join(f"- {text(i.cite)}: {text(i.note)}" for i in acts if i.note),
    ]
    return page("Instruments", *parts)


def _instrument_rows(acts: Iterable[Instrument]) -> str:
    rows = (
        [code(i.id), text(i.cite), text(i.title), text(i.force.replace("_", " ")), str(i.published), str(i.known),
         str(i.effective), text(f"{i.source} ({i.confidence})")]
        for i in acts
    )  # fmt: skip
    return table(["id", "citation", "title", "force", "published", "known", "effective", "source and confidence"], rows)


def _effects(acts: Iterable[Instrument]) -> str:
    rows = []
    for act in acts:
        words: dict[str, list[str]] = {"repeals": sorted(act.repeals), "stops enforcing": sorted(act.stops_enforcing)}
        words["sets aside"] = sorted(act.sets_aside)
        for word, days in (("compliance due", act.compliance), ("requires compliance", act.requires_compliance)):
            for name, day in days.items():
                words.setdefault(f"{word} {day}", []).append(name)
        for stay in act.suspends:
            words[_stay(stay)] = list(stay.provisions)
        rows += [[code(act.id), text(word), ", ".join(map(code, names))] for word, names in words.items() if names]
    return table(["instrument", "what", "provisions"], rows)


def designs_page() -> str:
    """Return every design: what it proposes, by whom, with its rules, its cells and what Penstock assumed."""
    parts = [
        "A design is a regime somebody proposes, written as one file and counted only where `--regime` names it.\n"
        "None of them is law, and each is a reading of its source by Penstock.\n"
        "A parameter is a number that the source leaves open: the value is assumed, every answer says so, and "
        "`--set NAME=VALUE` chooses another."
    ]
    versions = [v for chain in book().versions.values() for v in chain]
    for _, raw in _yaml_files("/designs/"):
        act = book().instruments[raw["id"]]
        parts += [f"## `{act.id}`", _design(act, raw), *_design_tables(raw, [v for v in versions if v.by == act.id])]
    return page("Designs", *parts)


def _design(act: Instrument, raw: Mapping[str, Any]) -> str:
    lines = [f"{text(act.title)}.", f"From {act.effective}; {text(act.source)}; confidence {act.confidence}.", text(act.note)]
    lines += [f"Includes {', '.join(map(code, act.includes))}."] if act.includes else []
    for key in ("repeals", "stops_enforcing", "sets_aside"):
        lines += [f"{key.replace('_', ' ').capitalize()} {', '.join(map(code, raw[key]))}."] if raw.get(key) else []
    for day, names in raw.get("requires_compliance", {}).items():
        lines.append(f"Compliance from {day} with {', '.join(map(code, names))}.")
    return "\n".join(line for line in lines if line)


def _design_tables(raw: Mapping[str, Any], rules: list[RuleVersion]) -> Iterator[str]:
    if rules:
        found = ([code(v.options.get("replaces") or v.id), v.kind, text(v.doc), text(v.cite)] for v in rules)
        yield table(["provision", "kind", "in one sentence", "citation"], found)
    act = book().instruments[raw["id"]]
    cells = [[code(t["id"]), _cell_value(c), _start(c, act), text(c["cite"])] for t in raw.get("tables", ()) for c in t["cells"]]
    if cells:
        yield table(["table", "value", "from", "citation"], cells)
    if raw.get("parameters"):
        found = (
            [code(name), text(p["title"]), f"{show_value(p['value'])} {p.get('unit', '')}".strip(), text(p["why"])]
            for name, p in raw["parameters"].items()
        )
        yield table(["parameter", "title", "assumed", "why"], found)


def readings_page() -> str:
    """Return the decided readings of open points, with their values."""
    rows = (
        [code(r.name), ", ".join(code(show_value(v)) for v in r.values), text(r.point), text(r.about), text(r.cite)]
        for r in book().readings.values()
    )
    return page(
        "Readings",
        "Where the text leaves a question open, Penstock uses one reading by default and lets every other be chosen by name.\n"
        "`--set NAME=VALUE` chooses; the first value is the default.\n"
        "An answer that an open point touched lists it under `ambiguities`.",
        table(["reading", "values", "point", "question", "citation"], rows),
    )


def unverified_page() -> str:
    """Return everything in the book that is not of high confidence, with what its source is."""
    acts = [i for i in book().instruments.values() if i.confidence != "high" and not i.proposed]
    cells = [(t["id"], c) for _, raw in _yaml_files("/tables/") for t in raw["tables"] for c in t["cells"]]
    flags = [f for f in book().data["data/red_flags.yaml"]["flags"] if f["verification"] != "verified"]
    open_ = [r for r in book().readings.values() if "nverified" in r.about]
    return page(
        "What is unverified",
        "Every instrument, table cell, red flag and reading whose source is not the text itself, or not of high confidence.\n"
        "An answer prints the confidence of each instrument it rests on; `penstock law show` prints that of a table.",
        "## Instruments\n\n"
        + table(["citation", "title", "confidence", "source"],
                ([text(i.cite), text(i.title), i.confidence, text(f"{i.source}. {i.note}".strip())] for i in acts)),
        "## Readings\n\n" + "\n".join(f"- {code(r.name)}: {text(r.about)}" for r in open_),
        "## Table cells\n\n"
        + table(["table", "value", "citation", "confidence", "note"],
                ([code(name), _cell_value(c), text(c["cite"]), c["confidence"], text(c.get("note", ""))]
                 for name, c in cells if c.get("confidence", "high") != "high")),
        "## Red flags\n\n"
        + table(["flag", "verification", "citation"], ([code(f["id"]), f["verification"], text(f["cite"])] for f in flags)),
    )  # fmt: skip
