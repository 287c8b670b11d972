"""Finding provisions by citation: what a rule says, since when, with what force, in which instruments."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from penstock.decision.library import book
from penstock.rulebook import Law
from penstock.rulebook.cited import line_cites
from penstock.rulebook.parse import RuleVersion
from penstock.rulebook.words import in_words
from penstock.terms.citations import covers, forms_of
from penstock.terms.errors import UnknownCitation
from penstock.terms.languages import Catalog
from penstock.terms.suggest import nearest

__all__ = ["show_law"]

_KINDS = ("requirement", "authorization", "review", "duty", "flag", "definition")
_FORMS = "data/citation_forms.yaml"
_PART = re.compile(r"(?:part )?(\d{3})")
_FLAGS, _CHECKLISTS, _RECORDS = "data/red_flags.yaml", "data/checklists.yaml", "data/records.yaml"


def show_law(cite: str, law: Law, on: dt.date, speak: Catalog | None = None) -> list[dict[str, Any]]:
    """Return everything whose citation or id matches: provisions, tables, instruments, questions, points of checklists, records.

    ``speak`` is the catalog of the language that rules are put into words in (default: English).

    >>> [p["id"] for p in show_law("740.29(d)", book().law(dt.date(2025, 6, 1)), dt.date(2025, 6, 1)) if p["kind"] == "table"]
    ['LPP_ANNUAL_TPP']
    """
    wanted = cite.replace("15 CFR part", "part").replace("15 CFR", "").replace("§", "").strip()
    ids = [id for id, standing in law.standings.items() if _matches(wanted, id, *_cites(standing.version))]
    found = [_provision(law, id, speak) for id in sorted(ids, key=lambda id: _KINDS.index(law.standings[id].version.kind))]
    found += [_table(law, name) for name in law.tables if (cell := law.cell(name)) and _matches(wanted, name, cell.cite)]
    found += [_instrument(law, id) for id in law.active if _matches(wanted, id, law.instruments[id].cite)]
    found += _questions(law, wanted)
    found += [_record(entry) for entry in book().data[_RECORDS]["records"] if _matches(wanted, entry["id"], entry["cite"])]
    if not found:
        cites = sorted({s.version.cite for s in law.standings.values()} | {i.cite for i in law.instruments.values()})
        raise UnknownCitation(
            f"No provision in force on {on} is cited as {cite!r}",
            at="cite",
            value=cite,
            nearest=nearest(cite, cites),
            hint="Give a paragraph such as 740.29(d), an entry such as 3A090.a, or an instrument such as 90 FR 4544.",
        )
    return found


def _plain(cite: str) -> str:
    return "".join(cite.replace("15 CFR", "").replace("§", "").split()).casefold()


def _paragraphs(cite: str) -> list[str]:
    """Return the paragraphs a citation names, each written out.

    >>> _paragraphs("740.29(d), (h)(2); 90 FR 4544")
    ['740.29(d)', '740.29(h)(2)', '90fr4544']
    """
    out: list[str] = []
    section = ""
    for part in map(_plain, cite.replace(",", ";").split(";")):
        section = section if part.startswith("(") else part.partition("(")[0]
        out.append(section + part if part.startswith("(") else part)
    return out


@lru_cache(maxsize=8192)
def _read(cite: str) -> tuple[str, ...]:
    """Return the parts of a citation, each written out; none where it has no known form."""
    forms = forms_of(book().data[_FORMS], (act.cite for act in book().instruments.values()))
    return tuple(part.text for part in forms.read(cite) if part.known)


def _cites(version: RuleVersion) -> list[str]:
    """Return the citation of a rule, and those of its lines that stand below it."""
    own = _read(version.cite)
    lines = (cite for cite in line_cites(version) if any(covers(one, part) for one in own for part in _read(cite)))
    return [version.cite, *lines]


def _matches(wanted: str, id: str, *cites: str) -> bool:
    """Say whether something is called or cited so; of a rule also one of its lines."""
    return any(_cited_so(wanted, id, cite) for cite in cites)


def _cited_so(wanted: str, id: str, cite: str) -> bool:
    if _plain(wanted) in (id.casefold(), _plain(cite)):
        return True
    if part := _PART.fullmatch(wanted.casefold()):
        return any(
            text.startswith(f"{part[1]}.") or (text.startswith("Supp.") and f"part {part[1]}" in text) for text in _read(cite)
        )
    asked = _read(wanted)
    if len(asked) == 1 and _plain(wanted) != _plain(asked[0]) and _plain(wanted).startswith(_plain(asked[0])):
        return any(_plain(part).startswith(_plain(wanted)) for part in cite.split(";"))  # a document cited with more words
    if asked:
        return any(covers(one, part) for one in asked for part in _read(cite))
    return any(part == one for one in _paragraphs(wanted) for part in _paragraphs(cite))


def _provision(law: Law, id: str, speak: Catalog | None) -> dict[str, Any]:
    standing = law.standings[id]
    version = standing.version
    act = law.instruments[version.by]
    chain = [v for v in book().versions[id] if v.by in law.active]
    return {
        "kind": version.kind,
        "id": id,
        "cite": version.cite,
        "text": version.doc,
        "rule": version.source,
        "in_words": in_words(version, law, speak),
        "file": f"{version.file}:{version.line}",
        "instruments": [_brief(law, v.by) for v in chain],
        "force": act.force,
        "text_in_cfr": act.force != "proposed",
        "compliance_required": standing.compliance_required,
        "compliance_due": standing.compliance_due,
        "enforced": standing.enforced,
        "not_enforced_by": _brief(law, standing.not_enforced_by) if standing.not_enforced_by else None,
        "source": act.source,
        "confidence": act.confidence,
    }


def _brief(law: Law, id: str) -> dict[str, Any]:
    act = law.instruments[id]
    return {"cite": act.cite, "title": act.title, "effective": act.effective, "known": act.known, "force": act.force}


def _table(law: Law, name: str) -> dict[str, Any]:
    table = law.tables[name]
    cell = law.cell(name)
    assert cell is not None
    numeric = table.kind in ("number", "by_date", "date")
    return {
        "kind": "table",
        "id": name,
        "cite": cell.cite,
        "text": table.title,
        "unit": table.unit,
        "value": law.number(name) if numeric else sorted(law.members(name)),
        "instruments": [_brief(law, c.by) for c in law.live[name]],
        "force": law.instruments[cell.by].force,
        "source": law.instruments[cell.by].source,
        "confidence": cell.confidence or law.instruments[cell.by].confidence,
    }


def _instrument(law: Law, id: str) -> dict[str, Any]:
    act = law.instruments[id]
    writes = [f"{s.version.kind} {name}" for name, s in law.standings.items() if s.version.by == id]
    return {
        "kind": "instrument", "id": id, "cite": act.cite, "text": act.title, "force": act.force, "effective": act.effective,
        "published": act.published, "known": act.known, "writes": writes, "repeals": sorted(act.repeals),
        "stops_enforcing": sorted(act.stops_enforcing), "source": act.source, "confidence": act.confidence, "note": act.note,
    }  # fmt: skip


def _questions(law: Law, wanted: str) -> list[dict[str, Any]]:
    """Return the red-flag questions and the points of checklists that are cited so."""
    data = book().data
    entries = [("red flag", flag, flag["by"], flag["question"]) for flag in data[_FLAGS]["flags"]]
    for listed in data[_CHECKLISTS]["checklists"]:
        whole = _matches(wanted, listed["id"], listed["cite"])
        points = [point for point in listed["points"] if whole or _matches(wanted, point["id"], point["cite"])]
        entries += [("checklist", point, listed["by"], point["text"]) for point in points]
    return [
        _question(law, kind, entry, by, text)
        for kind, entry, by, text in entries
        if by in law.active and (kind == "checklist" or _matches(wanted, entry["id"], entry["cite"]))
    ]


def _question(law: Law, kind: str, entry: Mapping[str, Any], by: str, text: str) -> dict[str, Any]:
    act = law.instruments[by]
    due = {"due": entry["due"]} if "due" in entry else {}
    shown = {"kind": kind, "id": entry["id"], "cite": entry["cite"], "text": text, "verification": entry["verification"]}
    return {
        **shown,
        "instruments": [_brief(law, by)],
        "force": act.force,
        "source": act.source,
        "confidence": act.confidence,
        **due,
    }


def _record(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return an act that writes no rule in the book."""
    return {"kind": "record", "id": entry["id"], "cite": entry["cite"], "text": entry["title"], "force": entry["force"],
            "effective": entry["date"], "source": entry["cite"], "confidence": entry["confidence"]}  # fmt: skip
