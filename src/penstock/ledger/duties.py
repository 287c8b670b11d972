"""Reports and notices owed, derived from what a ledger has recorded: which paragraph, to whom, by when, on what figures."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from attrs import frozen

from penstock.ledger.quota import subject_name
from penstock.ledger.records import Record
from penstock.rulebook import Law
from penstock.terms.dates import months_later, period

__all__ = ["Owed", "draft", "owed"]

_VEU = ("UVEU", "NVEU")
_PERIODIC = ("veu_inventory_report", "veu_chip_report")


@frozen
class Owed:
    """One duty: its provision, what to do, to whom, by when, and the figures it rests on."""

    id: str
    cite: str
    to: str
    text: str
    due: dt.date | None
    party: str
    about: str
    figures: Mapping[str, Any]

    def document(self) -> dict[str, Any]:
        """Return the duty as a plain document."""
        return {"id": self.id, "cite": self.cite, "to": self.to, "text": self.text, "due": self.due, "party": self.party,
                "about": self.about, "figures": dict(self.figures)}  # fmt: skip


def owed(records: Sequence[Record], law: Law, until: dt.date) -> list[Owed]:
    """Return every duty the recorded shipments give rise to and that falls due up to a day, in order of their dates."""
    found = [duty for record in records for duty in _of_shipment(record)]
    found += _notices(records, law)
    found += _reports(records, law, until)
    return sorted((d for d in found if d.due is None or d.due <= until), key=lambda d: (d.due or dt.date.min, d.id, d.about))


def _figures(record: Record) -> dict[str, Any]:
    body = record.document
    keys = ("consignee", "parent", "destination", "chip", "quantity")
    parties = {key: body["parties"][key] for key in keys if key in body["parties"]}
    site = {"site": body["site"]} if "site" in body else {}
    return {"shipment": body["key"], "on": body["on"], "path": body["path"], "tpp": body["tpp"], **parties, **site}


def _of_shipment(record: Record) -> Iterator[Owed]:
    """Yield the duties the law attaches to one shipment, with the day of shipment for the event."""
    body = record.document
    for duty in body["duties"]:
        if duty["id"] not in _PERIODIC:
            days = duty.get("deadline_days")
            due = None if days is None else record.on + dt.timedelta(days=int(days))
            unsure = " (if the counter, which is not given, reaches the limit)" if duty.get("applies") == "unknown" else ""
            yield Owed(duty["id"], duty["cite"], duty["to"], duty["text"] + unsure, due, str(body["client"]), str(body["key"]),
                       _figures(record))  # fmt: skip


# ---- validated end users


def _holders(records: Iterable[Record]) -> dict[str, list[Record]]:
    out: dict[str, list[Record]] = {}
    for record in sorted(records, key=lambda record: record.on):
        if record.document["path"] in _VEU:
            out.setdefault(str(record.document["parties"].get("consignee", "")), []).append(record)
    return out


def _notices(records: Sequence[Record], law: Law) -> Iterator[Owed]:
    """Yield the notices before a new location and before chips move between countries, of the status that owes them.

    A location is the data center that a shipment names as its site; shipments that name none to a country are of one location.
    """
    for holder, held in _holders(records).items():
        seen: set[tuple[str, str]] = set()
        for record in held:
            parties = record.document["parties"]
            if record.document["path"] not in law.members("UVEU_NOTICES"):
                continue
            place = str(parties.get("destination", ""))
            site = subject_name(str(record.document.get("site", "")))
            if (place, site) not in seen:
                text = f"Notify BIS before shipments to a new data center in {place}."
                if site:
                    text = f"Notify BIS before shipments to a new data center in {place}, {record.document['site']}."
                yield _notice(record, law, holder, "UVEU_NEW_LOCATION_DAYS", "uveu_new_location_notice", text)
            if parties.get("activity") == "reexport" and parties.get("exporter") == holder:
                yield _notice(record, law, holder, "UVEU_MOVE_DAYS", "uveu_move_notice",
                              f"Notify BIS before chips move to {place} from another country.")  # fmt: skip
            seen.add((place, site))


def _notice(record: Record, law: Law, holder: str, table: str, id: str, text: str) -> Owed:
    cell = law.cell(table)
    due = record.on - dt.timedelta(days=int(law.number(table)))
    return Owed(id, cell.cite if cell else "", "BIS", text, due, holder, str(record.document["key"]), _figures(record))


def _reports(records: Sequence[Record], law: Law, until: dt.date) -> Iterator[Owed]:
    """Yield the half-yearly reports of each holder, on both calendars, from the half-year of its first shipment on."""
    months = law.number("VEU_REPORT_MONTHS")
    for holder, held in _holders(records).items() if months else ():
        start, end = period(held[0].on, int(months))
        while start <= until:
            within = [record for record in held if start <= record.on < end]
            yield from _two_reports(holder, held, within, (start, end), law)
            start, end = end, months_later(end, int(months))


def _two_reports(
    holder: str, held: Sequence[Record], within: Sequence[Record], half: tuple[dt.date, dt.date], law: Law
) -> Iterator[Owed]:
    start, end = half
    texts = {duty["id"]: duty for record in held for duty in record.document["duties"] if duty["id"] in _PERIODIC}
    period = f"{start} to {end - dt.timedelta(days=1)}"
    received = {"received_tpp": sum(record.document["tpp"] for record in within), "shipments": len(within)}
    installed = {"installed_tpp_by_country": _by_country(record for record in held if record.on < end)}
    if "veu_inventory_report" in texts:
        due = end - dt.timedelta(days=1) + dt.timedelta(days=int(law.number("VEU_INVENTORY_REPORT_DAYS")))
        yield _report(texts["veu_inventory_report"], due, holder, period, received)
    if "veu_chip_report" in texts:
        due = months_later(end, int(law.number("VEU_CHIP_REPORT_MONTHS")))
        yield _report(texts["veu_chip_report"], due, holder, period, installed)


def _report(duty: Mapping[str, Any], due: dt.date, holder: str, period: str, figures: Mapping[str, Any]) -> Owed:
    return Owed(duty["id"], duty["cite"], duty["to"], duty["text"], due, holder, period, figures)


def _by_country(records: Iterable[Record]) -> dict[str, int]:
    out: dict[str, int] = {}
    for record in records:
        place = str(record.document["parties"].get("destination", ""))
        out[place] = out.get(place, 0) + record.document["tpp"]
    return out


# ---- drafts


def draft(duty: Owed) -> str:
    """Return a duty as a document ready to be checked and signed."""
    figures = "\n".join(f"- {key.replace('_', ' ')}: {_shown(value)}" for key, value in duty.figures.items())
    due = f"due {duty.due}" if duty.due else "before shipment"
    return f"""# {duty.id.replace("_", " ").capitalize()}

To: {duty.to}
From: {duty.party}
Under: {duty.cite}, {due}
About: {duty.about}

{duty.text}

{figures}

I certify that the statements above are true to the best of my knowledge.

Name:
Title:
Signature:
Date:
"""


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return "; ".join(f"{key} {_shown(part)}" for key, part in value.items()) or "none"
    return f"{value:,}" if isinstance(value, int) else str(value)
