"""What ``penstock license`` prints: a case, what is owed, a draft."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import click
from attrs import evolve

from penstock.apps.cli import text
from penstock.apps.cli.language import code, named, say, t, told
from penstock.apps.gantt import as_svg, as_text
from penstock.decision.library import book
from penstock.decision.witness import find_witness
from penstock.licensing import Case, Obligation, as_of, event_document, statute_on
from penstock.licensing.agreements import Agreement, Standing
from penstock.licensing.case import PENDING
from penstock.licensing.drafting import Draft
from penstock.licensing.history import Bar, bars
from penstock.licensing.quota import holding
from penstock.licensing.tolling import counted, running
from penstock.rulebook import Law
from penstock.rulebook.diff import Change
from penstock.store.licensing_store import Entry, LicensingStore
from penstock.terms.errors import FileUnusable
from penstock.terms.numbers import dump_json

__all__ = ["tell_agreement", "tell_agreements", "tell_case", "tell_draft", "tell_owed"]

_HEAD = ("kind", "on", "by", "officer", "id")
_OPINIONS = ("recommendation", "vote", "decision", "changed_to")


def _list(parts: Iterable[str]) -> str:
    return t(", ").join(parts)


def _actors(said: str) -> str:
    return _list(code("actor", name) for name in said.split(", "))


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
    say(_sentence(now, day))
    for note in _notes(now, facts or {}, store.facts(id).get("quota")):
        say(f"- {note}", 2)
    for one in sorted(owed, key=lambda one: one.due):
        say(_owed_line(one, day), 2)
    if history:
        click.echo()
        for line in _history(entries):
            say(line, 2)
        click.echo()
        for line in as_text([evolve(bar, label=_label(bar)) for bar in drawn], day):
            click.echo(line)


def _label(bar: Bar) -> str:
    if bar.kind != "owed":
        return told(bar.label)
    actor, _, action = bar.label.partition(": ")
    return t("{actor}: {action}", actor=_actors(actor), action=told(action))


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
    on, since = dt.date.fromordinal(day), dt.date.fromordinal(case.since)
    said = t("{id} on {day}: {status} since {since}", id=case.id, day=on, status=named("case_status", case.status), since=since)
    if case.status == "issued":
        said += t(", valid until {day}", day=dt.date.fromordinal(case.valid_until))
    if case.status in PENDING:
        days = counted(running(case, day), case.registered, day)
        said += t("; day {age} since registration, {days} counted", age=day - case.registered, days=days)
    return t("{said}.", said=said)


def _notes(case: Case, facts: Mapping[str, Any], quota: Mapping[str, Any] | None) -> Iterator[str]:
    said = _list(_opinion(agency, position or "pending").replace("_", " ") for agency, position in case.positions)
    if said and case.kind == "license":
        yield t("Agencies: {said}.", said=said)
    if case.votes:
        yield t("Votes: {said}.", said=_list(_opinion(who, vote) for who, vote in case.votes))
    if case.officers:
        yield t("Assigned: {said}.", said=_list(_officer(officer, code("actor", agency)) for agency, officer in case.officers))
    if case.proposal[0]:
        event, officer = named("case_event", case.proposal[0]), case.proposal[1]
        yield t("Proposed by {officer}: {event}; a second officer takes it.", officer=officer, event=event)
    if case.held:
        yield t("Held without action: a practice that no paragraph knows; the clocks of 750.4 run on.")
    if quota:
        held = holding(case) if quota["reserve"] or holding(case) == "committed" else ""
        stance = code("stance", quota["stance"])
        yield t("Quota as {stance}: {held}.", stance=stance, held=code("held", held) if held else t("nothing held"))
    for stance in ("codified", "enforced") if facts else ():
        outcome = named("outcome", facts[stance]["outcome"])
        yield t("By the law as {stance}: {outcome}.", stance=code("stance", stance), outcome=outcome)


def _opinion(who: str, said: str) -> str:
    return t("{who} {said}", who=code("actor", who), said=code("recommendation", said))


def _officer(who: str, where: str) -> str:
    return t("{who} ({where})", who=who, where=where)


def _owed_line(one: Obligation, day: int, case: str = "", officer: str = "") -> str:
    """Return what is owed: when, in which case where there are many, by whom, and whether it is late."""
    who = _actors(one.actor)
    parts = {"who": _officer(who, officer) if officer else who, "action": told(one.text or one.duty.action)}
    line = f"{dt.date.fromordinal(one.due)}  {case}" + t("{who}: {action} [{cite}]", **parts, cite=told(one.duty.cite))
    stopped = sum(last - first for first, last in one.tolled)
    if stopped:
        line += t(", {days} days not counted", days=stopped)
    return line + (t(", {days} days overdue", days=day - one.due) if one.due < day else "")


def _history(entries: list[Entry]) -> Iterator[str]:
    for entry in entries:
        said = event_document(entry.event)
        words = t("; ").join(
            t("{what}: {value}", what=named("case_field", key), value=_value(key, value))
            for key, value in said.items()
            if key not in _HEAD and value
        )
        by = code("actor", said["by"])
        parts = {"who": _officer(by, said["officer"]) if "officer" in said else by, "event": named("case_event", said["kind"])}
        line = t("{who}: {event} ({said})", **parts, said=words) if words else t("{who}: {event}", **parts)
        yield f"{entry.seq:>3}  {said['on']}  {line}"


def _value(key: str, value: Any) -> str:
    if isinstance(value, list):
        return _list(_value(key, entry.get("text") or entry["id"]) if isinstance(entry, dict) else code("actor", str(entry))
                     for entry in value)  # fmt: skip
    if value is True:
        return t("True")
    kind = "recommendation" if key in _OPINIONS else {"reason": "stop", "event": "case_event"}.get(key)
    return code(kind, value) if kind else str(value)


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
        line = _owed_line(one, day, f"{case.id}  ", dict(case.officers).get(one.actor, ""))
        say(line + (t("; then: {what}", what=told(one.duty.on_lapse)) if follows else ""))
    if not found:
        click.echo(t("Nothing."))


def tell_draft(made: Draft) -> None:
    """Print a draft: the blocks that are filled, those that are open, and the documents wanted."""
    parts = {"day": made.on, "stance": code("stance", made.stance), "outlook": named("outcome", made.outlook["outcome"])}
    if made.outlook["review_policy"]:
        policy = named("review_policy", made.outlook["review_policy"])
        say(t("Draft of BIS-748P by the law of {day} as {stance}: {outlook}, {policy}.", **parts, policy=policy))
    else:
        say(t("Draft of BIS-748P by the law of {day} as {stance}: {outlook}.", **parts))
    sources = {"particulars": t("particulars"), "determination": t("determination")}
    for block in made.blocks:
        if block.value is not None:
            source = sources.get(block.source, told(block.source))
            line = t("{name}: {value} [{source}]", name=code("block", block.name), value=block.value, source=source)
            say(f"{block.number:>6}  {line}", 2)
    say(t("Open: {blocks}", blocks=_list(f"{block.number} {code('block', block.name)}" for block in made.open)), 2)
    for paper in made.papers:
        held = {True: t("at hand"), False: t("missing"), None: t("not stated")}[paper.at_hand]
        held = held if paper.certainty == "verified" else _list((held, told(paper.certainty)))
        say("+ " + t("{text} ({held}) [{cite}]", text=told(paper.text), held=held, cite=paper.cite), 2)
    for note in made.notes:
        say(f"- {told(note)}", 2)


def tell_agreements(names: Iterable[str], as_json: bool) -> None:
    """Print the names and titles of the agreements."""
    titles = {name: book().data[f"data/agreements/{name}.yaml"] for name in names}
    if as_json:
        click.echo(dump_json({name: {"title": raw["title"], "force": raw["force"]} for name, raw in titles.items()}))
        return
    for name, raw in titles.items():
        say(t("{name}: {title} ({force})", name=name, title=told(raw["title"]), force=named("force", raw["force"])))


def tell_agreement(
    made: Agreement, found: tuple[Standing, list[Change], Law, Law], on: dt.date, regime: str, *, witness: bool, as_json: bool
) -> None:
    """Print how an agreement stands on a day, what is owed under it, and the changes it makes to the law."""
    stands, changes, before, after = found
    shown = find_witness(before, after) if witness and changes else None
    if as_json:
        click.echo(dump_json(_agreement_document(made, stands, changes, on)))
        return
    how = {"status": named("agreement_status", stands.status), "since": stands.since, "why": told(stands.why)}
    title = {"title": told(made.title), "partners": _list(made.partners)}
    say(t("{title}, with {partners}: {status} on {day}, since {since} ({why}).", **title, **how, day=on))
    source = {"force": named("force", made.force), "source": told(made.source), "confidence": code("confidence", made.confidence)}
    say("- " + t("{force}; source: {source}; confidence {confidence}", **source), 2)
    if made.note:
        say(f"- {told(made.note.strip())}", 2)
    due = {one.deliverable.id: one.due for one in stands.owed}
    for one in made.deliverables if stands.status == "in_force" else ():
        line = t("{party}: {text}", party=t("partner") if one.party == "partner" else one.party, text=told(one.text))
        if one.id in due:
            line += t(", due {day}", day=due[one.id]) + (t("; lapses without it") if one.lapse else "")
        say("+ " + t("{said} [{cite}; {confidence}]", said=line, cite=one.cite, confidence=code("confidence", one.confidence)), 2)
    if changes:
        click.echo()
        text.changes(changes, shown, f"{on}/{regime}", t("the same with the agreement"), asked=witness, as_json=False)
    else:
        say(t("It changes nothing of the law."), 2)


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


def _write(path: str, svg: str) -> None:
    try:
        Path(path).write_text(svg, "utf-8")
    except OSError as error:
        raise FileUnusable(f"{path} cannot be written: {error.strerror}", at="--svg", value=path) from None
