"""What ``penstock license`` prints: a case, what is owed, a draft."""

from __future__ import annotations

import datetime as dt
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from penstock.apps.cli import text
from penstock.apps.gantt import as_svg, as_text
from penstock.decision.library import book
from penstock.decision.witness import find_witness
from penstock.licensing import Case, Obligation, as_of, event_document, statute_on
from penstock.licensing.agreements import Agreement, Standing
from penstock.licensing.case import PENDING
from penstock.licensing.drafting import Draft
from penstock.licensing.history import bars
from penstock.licensing.quota import holding
from penstock.licensing.tolling import counted, running
from penstock.rulebook import Law
from penstock.rulebook.diff import Change
from penstock.store.licensing_store import Entry, LicensingStore
from penstock.terms.errors import FileUnusable
from penstock.terms.numbers import dump_json

__all__ = ["tell_agreement", "tell_agreements", "tell_case", "tell_draft", "tell_owed"]

_WIDTH = 100
_HEAD = ("kind", "on", "by", "officer", "id")


def tell_case(
    store: LicensingStore, id: str, on: int, as_json: bool, facts: Mapping[str, Any] | None = None, *, history: bool = False,
    svg: str | None = None,
) -> None:  # fmt: skip
    """Print a case as of a day; with ``history`` its events and its calendar too."""
    entries = store.entries(id)
    kept = store.case(id)
    day = max(on, kept.at)
    now, owed = as_of(kept, day, statute_on(day))
    drawn = bars((entry.event for entry in entries), statute_on, day)
    if svg:
        _write(svg, as_svg(drawn, day, f"{id} on {dt.date.fromordinal(day)}"))
    if as_json:
        click.echo(dump_json(_case_document(now, owed, entries, day, store.facts(id))))
        return
    _say(_sentence(now, day))
    for note in _notes(now, facts or {}, store.facts(id).get("quota")):
        _say(f"- {note}", 2)
    for one in sorted(owed, key=lambda one: one.due):
        _say(_owed_line(one, day), 2)
    if history:
        click.echo()
        for line in _history(entries):
            _say(line, 2)
        click.echo()
        for line in as_text(drawn, day):
            click.echo(line)


def _case_document(
    case: Case, owed: tuple[Obligation, ...], entries: list[Entry], day: int, facts: dict[str, Any]
) -> dict[str, Any]:
    return {
        "schema": "penstock.case/1",
        "id": case.id,
        "kind": case.kind,
        "on": dt.date.fromordinal(day),
        "status": case.status,
        "since": dt.date.fromordinal(case.since),
        "final": case.final,
        "version": case.version,
        "positions": dict(case.positions),
        "votes": dict(case.votes),
        "officers": dict(case.officers),
        "decision": case.decision or None,
        "valid_until": dt.date.fromordinal(case.valid_until) if case.valid_until else None,
        "deemed_approved": False,
        "obligations": [one.document() for one in owed],
        "events": [{"seq": e.seq, **event_document(e.event), "law_hash": e.law_hash, "hash": e.hash} for e in entries],
        "facts": facts,
    }


def _sentence(case: Case, day: int) -> str:
    where = case.status.replace("_", " ")
    since = dt.date.fromordinal(case.since)
    until = f", valid until {dt.date.fromordinal(case.valid_until)}" if case.status == "issued" else ""
    days = counted(running(case, day), case.registered, day)
    age = f"; day {day - case.registered} since registration, {days} counted" if case.status in PENDING else ""
    return f"{case.id} on {dt.date.fromordinal(day)}: {where} since {since}{until}{age}."


def _notes(case: Case, facts: Mapping[str, Any], quota: Mapping[str, Any] | None) -> Iterator[str]:
    said = ", ".join(f"{agency} {position.replace('_', ' ') or 'pending'}" for agency, position in case.positions)
    if said and case.kind == "license":
        yield f"Agencies: {said}."
    if case.votes:
        yield f"Votes: {', '.join(f'{who} {vote}' for who, vote in case.votes)}."
    if case.officers:
        yield f"Assigned: {', '.join(f'{officer} ({agency})' for agency, officer in case.officers)}."
    if case.proposal[0]:
        yield f"Proposed by {case.proposal[1]}: {case.proposal[0].replace('_', ' ')}; a second officer takes it."
    if case.held:
        yield "Held without action: a practice that no paragraph knows; the clocks of 750.4 run on."
    if quota:
        held = holding(case) if quota["reserve"] or holding(case) == "committed" else ""
        yield f"Quota as {quota['stance']}: {held or 'nothing held'}."
    for stance in ("codified", "enforced") if facts else ():
        yield f"By the law as {stance}: {facts[stance]['outcome'].replace('_', ' ')}."


def _owed_line(one: Obligation, day: int) -> str:
    late = f", {day - one.due} days overdue" if one.due < day else ""
    stopped = sum(last - first for first, last in one.tolled)
    without = f", {stopped} days not counted" if stopped else ""
    return f"{dt.date.fromordinal(one.due)}  {one.actor}: {one.text or one.duty.action} [{one.duty.cite}]{without}{late}"


def _history(entries: list[Entry]) -> Iterator[str]:
    for entry in entries:
        said = event_document(entry.event)
        words = "; ".join(
            f"{key.replace('_', ' ')}: {_words(value)}" for key, value in said.items() if key not in _HEAD and value
        )
        who = f"{said['by']} ({said['officer']})" if "officer" in said else said["by"]
        yield f"{entry.seq:>3}  {said['on']}  {who}: {said['kind'].replace('_', ' ')}" + (f" ({words})" if words else "")


def _words(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_words(entry.get("text") or entry["id"]) if isinstance(entry, dict) else str(entry) for entry in value)
    return str(value)


def tell_owed(
    rows: Iterable[tuple[Case, Obligation]], day: int, agency: str | None, as_json: bool, *, follows: bool = False
) -> None:
    """Print what is owed in many cases, one line each, with the officer it is assigned to."""
    found = [(case, one) for case, one in rows if agency is None or agency in one.actor.split(", ")]
    if as_json:
        click.echo(dump_json({"on": dt.date.fromordinal(day), "owed": [
            {"case": case.id, "status": case.status, "officer": dict(case.officers).get(one.actor), **one.document()}
            for case, one in found]}))  # fmt: skip
        return
    for case, one in found:
        officer = dict(case.officers).get(one.actor)
        after = f"; then: {one.duty.on_lapse}" if follows else ""
        assigned = f" ({officer})" if officer else ""
        date, _, rest = _owed_line(one, day).partition("  ")
        _say(f"{date}  {case.id}  {rest.replace(one.actor + ':', one.actor + assigned + ':', 1)}{after}")
    if not found:
        click.echo("Nothing.")


def tell_draft(made: Draft) -> None:
    """Print a draft: the blocks that are filled, those that are open, and the documents wanted."""
    outlook = str(made.outlook["outcome"]).replace("_", " ")
    policy = str(made.outlook["review_policy"] or "").replace("_", " ")
    _say(f"Draft of BIS-748P by the law of {made.on} as {made.stance}: {outlook}" + (f", {policy}." if policy else "."))
    for block in made.blocks:
        if block.value is not None:
            _say(f"{block.number:>6}  {block.name}: {block.value} [{block.source}]", 2)
    _say("Open: " + ", ".join(f"{block.number} {block.name}" for block in made.open), 2)
    for paper in made.papers:
        held = {True: "at hand", False: "missing", None: "not stated"}[paper.at_hand]
        unsure = f", {paper.certainty}" if paper.certainty != "verified" else ""
        _say(f"+ {paper.text} ({held}{unsure}) [{paper.cite}]", 2)
    for note in made.notes:
        _say(f"- {note}", 2)


def tell_agreements(names: Iterable[str], as_json: bool) -> None:
    """Print the names and titles of the agreements."""
    titles = {name: book().data[f"data/agreements/{name}.yaml"] for name in names}
    if as_json:
        click.echo(dump_json({name: {"title": raw["title"], "force": raw["force"]} for name, raw in titles.items()}))
        return
    for name, raw in titles.items():
        _say(f"{name}: {raw['title']} ({raw['force'].replace('_', ' ')})")


def tell_agreement(
    made: Agreement, found: tuple[Standing, list[Change], Law, Law], on: dt.date, regime: str, *, witness: bool, as_json: bool
) -> None:
    """Print how an agreement stands on a day, what is owed under it, and the changes it makes to the law."""
    stands, changes, before, after = found
    told = find_witness(before, after) if witness and changes else None
    if as_json:
        click.echo(dump_json(_agreement_document(made, stands, changes, on)))
        return
    status = stands.status.replace("_", " ")
    _say(f"{made.title}, with {', '.join(made.partners)}: {status} on {on}, since {stands.since} ({stands.why}).")
    _say(f"- {made.force.replace('_', ' ')}; source: {made.source}; confidence {made.confidence}", 2)
    if made.note:
        _say(f"- {made.note.strip()}", 2)
    due = {one.deliverable.id: one.due for one in stands.owed}
    for one in made.deliverables if stands.status == "in_force" else ():
        by = f", due {due[one.id]}" if one.id in due else ""
        after_it = "; lapses without it" if one.id in due and one.lapse else ""
        _say(f"+ {one.party}: {one.text}{by}{after_it} [{one.cite}; {one.confidence}]", 2)
    if changes:
        click.echo()
        text.changes(changes, told, f"{on}/{regime}", "the same with the agreement", asked=witness, as_json=False)
    else:
        _say("It changes nothing of the law.", 2)


def _agreement_document(made: Agreement, stands: Standing, changes: list[Change], on: dt.date) -> dict[str, Any]:
    owed = [
        {"id": one.deliverable.id, "party": one.deliverable.party, "due": one.due, "cite": one.deliverable.cite}
        for one in stands.owed
    ]
    named = ("what", "kind", "id", "cite", "text", "before", "after")
    return {
        "schema": "penstock.agreement/1",
        "id": made.id,
        "partners": list(made.partners),
        "force": made.force,
        "on": on,
        "status": stands.status,
        "since": stands.since,
        "why": stands.why,
        "owed": owed,
        "waived": list(stands.waived),
        "changes": [{name: getattr(change, name) for name in named} for change in changes],
    }


def _say(text: str, indent: int = 0) -> None:
    click.echo(
        textwrap.fill(text, _WIDTH, initial_indent=" " * indent, subsequent_indent=" " * (indent + 2), drop_whitespace=True)
    )


def _write(path: str, svg: str) -> None:
    try:
        Path(path).write_text(svg, "utf-8")
    except OSError as error:
        raise FileUnusable(f"{path} cannot be written: {error.strerror}", at="--svg", value=path) from None
