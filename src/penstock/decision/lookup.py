"""Finding provisions by citation: what a rule says, since when, with what force, in which instruments."""

from __future__ import annotations

import datetime as dt
from typing import Any

from penstock.decision.library import book
from penstock.rulebook import Law
from penstock.terms.errors import UnknownCitation
from penstock.terms.suggest import nearest

__all__ = ["show_law"]


def show_law(cite: str, law: Law, on: dt.date) -> list[dict[str, Any]]:
    """Return every provision and table cell whose citation, id or instrument matches, as plain documents.

    >>> [p["id"] for p in show_law("740.29(d)", book().law(dt.date(2025, 6, 1)), dt.date(2025, 6, 1)) if p["kind"] == "table"]
    ['LPP_ANNUAL_TPP']
    """
    wanted = _plain(cite)
    found = [_provision(law, id) for id, standing in law.standings.items() if _matches(wanted, id, standing.version.cite)]
    found += [_table(law, name) for name in law.tables if (cell := law.cell(name)) and _matches(wanted, name, cell.cite)]
    found += [_instrument(law, id) for id in law.active if _matches(wanted, id, law.instruments[id].cite)]
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


def _matches(wanted: str, id: str, cite: str) -> bool:
    parts = _paragraphs(cite)
    return wanted in (id.casefold(), _plain(cite)) or any(
        part == asked or (part.startswith(asked) and part[len(asked)] in "(.") for part in parts for asked in _paragraphs(wanted)
    )


def _provision(law: Law, id: str) -> dict[str, Any]:
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
