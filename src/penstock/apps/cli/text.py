"""Answers for people: one sentence first, then what backs it, plain text that survives a pipe."""

from __future__ import annotations

import datetime as dt
import re
import textwrap
from collections.abc import Iterable, Mapping
from typing import Any

import click

from penstock.apps.cli.language import code, count, country, prose, say, t, told, word
from penstock.decision import library
from penstock.decision.determination import Determination
from penstock.decision.witness import Witness
from penstock.rulebook import STANCES
from penstock.rulebook.diff import Change
from penstock.rulebook.render import show_value
from penstock.terms.errors import UnknownFact
from penstock.terms.numbers import dump_json
from penstock.terms.suggest import nearest
from penstock.terms.vocabulary import FactSpec, vocabulary

__all__ = ["changes", "classification", "determination", "facts", "proof", "table"]

_PARTS = re.compile(r"; (?![^(]*\))")  # a semicolon inside parentheses belongs to a citation
_RULE, _PROPOSED = "legislative_rule", "proposed"
_STATUS = {"met": "[x]", "unmet": "[ ]", "unknown": "[?]", "open": "[?]", "not_due": "[-]"}
_STATUSES = ("UVEU", "NVEU")


def _head(title: str) -> None:
    click.echo(f"\n{title}")


# ---- determination


def determination(answer: Determination, only: str | None) -> None:
    """Print a determination: one sentence, then both stances, what to do by when, flags and citations."""
    shown = [only] if only else list(STANCES)
    blocks = {name: answer.stance(name).block for name in shown}
    lead = blocks.get("enforced", blocks[shown[0]])
    say(_sentence(answer, lead, "enforced" if "enforced" in blocks else shown[0]))
    say(_what(answer))
    for name in shown:
        _stance(answer, name, blocks[name], same=len(shown) > 1 and name == "codified" and _alike(blocks))
    _notices(lead)
    _checklists(lead)
    _flags(lead)
    _citations(blocks)
    _head(t("Rests on"))
    for assumption in (*answer.prepared.assumptions, *answer.notes):
        say(f"- {told(assumption)}", 2)
    dates = [f"{word('data', name)} {told(str(day))}" for name, day in library.data_dates().items()]
    say("- " + t("Data as of: {dates}", dates=t("; ").join(dates)), 2)
    readings = _readings(answer)
    if readings:
        say("- " + t("Readings chosen: {readings}", readings=_list(readings)), 2)
    click.echo()
    for name in shown:
        click.echo(f"{_verdict(name, answer.verdicts[name])} | {_proceed(blocks[name]['may_proceed'])}")


def _verdict(stance: str, verdict: Any) -> str:
    """Return the short answer of a stance: the codes of the contract in English, their words in other languages."""
    parts = {"stance": code("stance", stance), "outcome": code("outcome", verdict.outcome), "path": verdict.path}
    return t("{stance}: {outcome} | path {path} | review {policy}", **parts, policy=code("review_policy", verdict.review_policy))


def _proceed(said: str) -> str:
    return t("may proceed: {said}", said=code("may_proceed", said))


def _list(parts: Iterable[str]) -> str:
    return t(", ").join(parts)


def _alike(blocks: Mapping[str, Mapping[str, Any]]) -> bool:
    """Say whether the two stances would print the same, requirements that do not bind included."""
    keys = ("outcome", "path", "requirements", "authorizations", "license", "missing_facts", "ambiguities")
    return all(blocks["codified"][key] == blocks["enforced"][key] for key in keys)


def _sentence(answer: Determination, block: Mapping[str, Any], stance: str) -> str:
    verdict = answer.verdicts[stance]
    end = word("outcome", verdict.outcome)
    if verdict.outcome == "authorization_available":
        end = t("a license is required, and {path} is available", path=verdict.path)
    if verdict.outcome == "license_required":
        end = t("{outcome}; {review}", outcome=end, review=word("review", verdict.review_policy))
    if verdict.outcome == "unknown":
        end = t("{outcome}: {facts}", outcome=end, facts=_list(entry["id"] for entry in block["missing_facts"][:4]))
    if block["may_proceed"] == "hold":
        end = t("{answer}, but a red flag is raised and must be resolved first", answer=end)
    parts = {"start": word("may_proceed", block["may_proceed"]), "day": answer.on, "answer": end}
    if stance == "codified":
        return t("{start}: on {day}, by the law as codified, {answer}.", **parts)
    text = t("{start}: on {day}, by the law as enforced, {answer}.", **parts)
    if answer.stances_differ:
        text += t(" By the text as codified, {outcome}.", outcome=word("outcome", answer.verdicts["codified"].outcome))
    return text


def _what(answer: Determination) -> str:
    values = answer.prepared.values
    place = values.get("destination.country")
    act = word("act", values.get("activity.type", "act"))
    item = values["item.chip"] if "item.chip" in values else word("item", values.get("item.kind", "other"))
    parts = {"act": act, "item": item, "eccn": answer.enforced.block["eccn"]}
    if not place:
        return t("Asked: {act} of {item} ({eccn}).", **parts)
    buyer = values.get("parties.ultimate_consignee.name") or t("the ultimate consignee")
    return t("Asked: {act} of {item} ({eccn}) to {buyer} in {place}.", **parts, buyer=buyer, place=country(place))


def _stance(answer: Determination, name: str, block: Mapping[str, Any], *, same: bool) -> None:
    _head(
        t("As codified (the text whose compliance date has come)")
        if name == "codified"
        else t("As enforced (what BIS has not announced it does not enforce)")
    )
    if same:
        say(t("The same as enforced, below."), 2)
        return
    for requirement in block["requirements"]:
        say(_requirement_line(requirement), 2)
    if not block["requirements"]:
        say(t("No requirement reaches these facts."), 2)
    for entry in block["authorizations"]["available"]:
        _authorization(answer, entry, chosen=entry["id"] == block["path"])
    for entry in block["authorizations"]["undetermined"]:
        say("? " + t("{id} ({cite}) depends on {facts}", id=entry["id"], cite=entry["cite"], facts=_list(entry["missing"])), 2)
    if block["authorizations"]["unavailable"]:
        say(t("Not available:"), 2)
    for entry in block["authorizations"]["unavailable"]:
        say(t("{id}: {reasons}", id=entry["id"], reasons=t("; ").join(word("reason", r) for r in entry["reasons"])), 4)
    _license(block)
    _before(answer, block)
    open_ = [
        e["id"] for e in block["missing_facts"] if block["path"] in ("LICENSE", "UNKNOWN") or e["decides"] != ["review_policy"]
    ]
    if open_:
        say(t("Would decide it: {facts}", facts=_list(open_)), 2)
    for reading in library.book().readings.values():
        if reading.point and reading.point in block["ambiguities"]:
            chosen = f"{reading.name}={answer.program.law.switches[reading.name]}"
            say(
                t(
                    "Open point {point}, read as {reading}: {about}",
                    point=reading.point,
                    reading=chosen,
                    about=told(reading.about),
                ),
                2,
            )


def _requirement_line(requirement: Mapping[str, Any]) -> str:
    mark = {True: "●", "unknown": "?"}[requirement["scope_met"]] if requirement["binding"] else "○"
    start = {"id": f"{mark} {requirement['id']}", "cite": requirement["cite"]}
    if requirement["scope_met"] == "unknown":
        how = t("{id} [{cite}] may apply: facts are missing.", **start)
    elif requirement["binding"]:
        how = t("{id} [{cite}] binds.", **start)
    elif requirement.get("not_enforced_by"):
        how = t("{id} [{cite}] is not enforced ({by}).", **start, by=requirement["not_enforced_by"])
    else:
        how = t("{id} [{cite}] does not bind yet: its compliance date is to come.", **start)
    return _sentences(how, told(requirement["text"]))


def _sentences(one: str, two: str) -> str:
    return t("{one} {two}", one=one, two=two)


def _cited(entry: Mapping[str, Any]) -> str:
    """Return the citation of an entry, with its legal force where it is not a rule that binds everybody."""
    force = entry.get("force", _RULE)
    return f"[{entry['cite']}]" if force == _RULE else f"[{entry['cite']}; {word('force', force)}]"


def _authorization(answer: Determination, entry: Mapping[str, Any], *, chosen: bool) -> None:
    id = f"{'→' if chosen else '+'} {entry['id']}"
    say(_sentences(t("{id} [{cite}] available.", id=id, cite=entry["cite"]), told(entry["text"])), 2)
    if not chosen:
        return
    if entry["headroom_tpp"] is not None:
        room, after = show_value(entry["headroom_tpp"]), entry["remaining_after_tpp"]
        left = t("Room: {room} TPP; {after} TPP left after this", room=room, after=show_value(after))
        say(t("Room: {room} TPP", room=room) if after is None else left, 4)
    _before(answer, entry)


def _before(answer: Determination, entry: Mapping[str, Any]) -> None:
    """Print what a path asks for: the papers to have, and what is due when."""
    for paper in entry.get("conditions", ()):
        _paper(paper)
    for duty in entry.get("duties", ()):
        text = told(duty["text"])
        if duty.get("applies") == "unknown":
            text = t("{duty} (if the counter, which is not given, reaches the limit)", duty=text)
        say(t("{due}: {duty} {cite}", due=_due(answer.on, duty), duty=text, cite=_cited(duty)), 4)


def _paper(paper: Mapping[str, Any]) -> None:
    say(f"{_STATUS[paper['status']]} {paper['id']}: {word('condition', paper['id'])} {_cited(paper)}", 4)


def _due(on: dt.date, duty: Mapping[str, Any]) -> str:
    """Return when a duty falls due, the date of the act taken for the event."""
    days, months = duty["deadline_days"], duty["interval_months"]
    event = word("event", duty["event"])
    if months is not None:
        return t("every {months} months", months=months)
    if days is None or (days == 0 and duty["event"] == "shipment"):
        return t("before shipment")
    if days == 0:
        return t("with the {event}", event=event)
    parts = {"day": on + dt.timedelta(days=int(days)), "days": abs(days), "event": event, "on": on}
    if days < 0:
        return t("by {day} ({days} days before {event} on {on})", **parts)
    return t("by {day} ({days} days after {event} on {on})", **parts)


def _license(block: Mapping[str, Any]) -> None:
    license = block["license"]
    if not license or block["path"] != "LICENSE":
        return
    policy = word("review_policy", license["review_policy"]) + (f" [{license['cite']}]" if license["cite"] else "")
    parts = {"policy": policy, "months": license["validity_months"]}
    if license["purchase_order_required"]:
        say(t("License: {policy}, valid {months} months, purchase order required", **parts), 2)
    else:
        say(t("License: {policy}, valid {months} months", **parts), 2)
    if license["remainder_tpp"]:
        within, beyond = show_value(license["approvable_tpp"]), show_value(license["remainder_tpp"])
        rest = word("review_policy", license["remainder_policy"])
        say(t("approvable: {within} TPP; the remaining {beyond} TPP: {policy}", within=within, beyond=beyond, policy=rest), 4)
    for entry in block["ledger"]:
        say(_debit(entry), 4)
    for condition in license["conditions"]:
        _paper(condition)
    for charge in block["charges"]:
        text = f"{charge['percent']} % {charge['id']}: {told(charge['text'])} {_cited(charge)}"
        say(t("charge: {charge}", charge=text), 4)


def _debit(entry: Mapping[str, Any]) -> str:
    before, after, limit = (show_value(entry[f"{part}_tpp"]) for part in ("balance_before", "balance_after", "limit"))
    return t("takes {amount} TPP of the {ledger} ({id}): {before} → {after} of {limit}", amount=show_value(entry["amount_tpp"]),
             ledger=word("ledger", entry["id"]), id=f"{entry['id']} {entry['key'] or ''}".strip(), before=before, after=after,
             limit=limit)  # fmt: skip


def _notices(block: Mapping[str, Any]) -> None:
    """Print what the law and its guidance say about facts like these, besides the requirements."""
    if block["notices"]:
        _head(t("Bears on it"))
    for notice in block["notices"]:
        line = t("{text} {cite}", text=told(notice["text"]), cite=_cited(notice))
        if notice.get("not_enforced_by"):
            line = t("{text} Not enforced ({by}).", text=line, by=notice["not_enforced_by"])
        say(f"- {line}", 2)


def _checklists(block: Mapping[str, Any]) -> None:
    """Print the checklists that the facts call for: of each how far it is, and of a status relied on every point."""
    if block["checklists"]:
        _head(t("Checklists"))
    for entry in block["checklists"]:
        states = [point["status"] for point in entry["points"]]
        counts = _list(
            t("{n} {status}", n=states.count(s), status=word("point", s))
            for s in ("met", "unmet", "open", "not_due")
            if s in states
        )
        line = {"title": told(entry["title"]), "cite": _cited(entry), "counts": counts, "name": entry["cite"]}
        say(t("{title} {cite}: {counts}; `penstock law show '{name}' --on DATE` lists them", **line), 2)
        for point in entry["points"] if block["path"] in _STATUSES or "unmet" in states else ():
            if block["path"] in _STATUSES or point["status"] == "unmet":
                say(f"{_STATUS.get(point['status'], '[ ]')} {point['id']} {told(point['text'])}", 4)


def _flags(block: Mapping[str, Any]) -> None:
    flags = block["red_flags"]
    _head(t("Red flags"))
    for flag in flags["raised"]:
        say(f"! {flag['id']} {told(flag['question'])} {_cited(flag)}", 2)
    counts = {"raised": len(flags["raised"]), "cleared": len(flags["cleared"]), "open": len(flags["unanswered"])}
    say(t("{raised} raised, {cleared} cleared, {open} not answered (an unanswered question is not a cleared one)", **counts), 2)


def _citations(blocks: Mapping[str, Mapping[str, Any]]) -> None:
    _head(t("Authority"))
    seen: dict[str, Mapping[str, Any]] = {}
    for block in blocks.values():
        seen |= {f"{c['cite']}{c['instrument']}": c for c in block["citations"]}
    for c in seen.values():
        cite = c["cite"] if c["cite"] == c["instrument"] else f"{c['cite']}, {c['instrument']}"
        parts = {"force": _force(c), "day": c["effective"], "confidence": word("confidence", c["confidence"])}
        say("- " + t("{cite}: {force}, effective {day}, confidence {confidence}", cite=cite, **parts), 2)
    if not seen:
        say("- " + t("none"), 2)


def _force(citation: Mapping[str, Any]) -> str:
    """Return the legal force in words; of what is only proposed also what it is: a design, a bill, a draft."""
    words = word("force", citation["force"])
    return f"{words} ({word('proposal', citation['kind'])})" if citation["force"] == _PROPOSED else words


def _readings(answer: Determination) -> list[str]:
    defaults = library.book().switches()
    return [f"{name}={value}" for name, value in answer.program.law.switches.items() if value != defaults.get(name, value)]


def proof(answer: Determination, only: str | None) -> None:
    """Print the proof: every provision that decides, indented below what it decides, each once."""
    program = answer.program
    for stance in [only] if only else STANCES:
        verdict = answer.verdicts[stance]
        click.echo(_verdict(stance, verdict))
        met = [r.scope for r in program.requirements if r.standing.binds(stance)]
        for line in answer.explanation.proof(*met):
            click.echo(f"  {_proof_line(line)}")
        if verdict.license_required is not False:
            for line in answer.explanation.proof(*(a.available for a in program.authorizations)):
                click.echo(f"  {_proof_line(line)}")
        click.echo()


def _proof_line(line: str) -> str:
    """Return a line of a proof with what its provision says in the language spoken; names and numbers stay."""
    start, colon, rest = line.partition(": ")
    said, bracket, cite = rest.rpartition(" [")
    if bracket:
        return f"{start}{colon}{told(said)}{bracket}{cite}"
    margin, above = t("margin {gap}", gap=""), t("(above)")
    return line.replace("margin ", margin).removesuffix("(above)") + (above if line.endswith("(above)") else "")


# ---- classification, tables, facts


def classification(answer: Mapping[str, Any], on: str, source: str) -> None:
    """Print a classification: the class in one sentence, then the numbers behind it."""
    eccn = answer["eccn"]
    paragraphs = f" ({', '.join(answer['paragraphs'])})" if answer["paragraphs"] else ""
    said = {"none": t("not in 3A090, 4A090, 4E091 or a .z paragraph"), "unknown": t("undetermined")}.get(eccn, eccn + paragraphs)
    say(t("{item} on {day}: {answer}.", item=source, day=on, answer=said))
    if eccn == "unknown":
        classes, facts = _list(answer["candidates"]), _list(answer["missing_facts"])
        say(t("Possible: {classes}. Decided by: {facts}.", classes=classes, facts=facts), 2)
    for key in ("tpp", "performance_density", "counted_operations"):
        if answer[key] is not None:
            value = f"{float(answer[key]):.4g}" if key == "performance_density" else show_value(answer[key])
            say(t("{what}: {value}", what=word("class", key), value=value), 2)
    for key in (
        "nac_aca_eligible",
        "review_lane",
        "tariff_232_band",
        "hbm_exception_density_met",
        "foundry_presumption",
        "designer_status",
    ):
        if answer[key] not in (None, "not_applicable"):
            value = answer[key]["numbers_met"] if key == "review_lane" else answer[key]
            say(t("{what}: {value}", what=word("class", key), value=word("class_value", show_value(value))), 2)
    for reading in answer["ambiguities"]:
        under = {"reading": f"{reading['id']}={reading['value']}", "eccn": reading["eccn"]}
        say(_sentences(t("Under the reading {reading} it would be {eccn}.", **under), told(reading["about"])), 2)
    for note in answer["assumptions"]:
        say(told(note), 2)


def table(answer: Mapping[str, Any]) -> None:
    """Print a table: its members, or its values by key."""
    if "members" in answer:
        members = answer["members"]
        title = told(answer["title"]) if "title" in answer else ", ".join(answer.get("values", {}))
        say(t("{title} [{cite}]: {number}", title=title, cite=answer["cite"], number=len(members)))
        say(", ".join(members) or t("none"), 2)
    for key, value in answer.get("values", {}).items() if "title" in answer or "members" not in answer else ():
        shown = ", ".join(value) if isinstance(value, list) else show_value(value)
        click.echo(f"  {key:8} {shown}")
    if "members" not in answer and answer.get("cite"):
        say(f"[{answer['cite']}]", 2)


def facts(name: str | None, as_json: bool) -> None:
    """Print one vocabulary entry, the entries below a group, or all of them."""
    words = vocabulary()
    below = [
        spec
        for key, spec in words.facts.items()
        if name is None or key == name or key.startswith(name + ".") or _placeholder(key, name)
    ]
    if not below:
        raise UnknownFact(f"{name} is not a fact", at=name, value=name, nearest=nearest(name, [*words.facts, *words.groups]))
    if as_json:
        click.echo(dump_json(prose([_entry(spec) for spec in below])))
    elif len(below) == 1:
        for key, value in _entry(below[0]).items():
            shown = ", ".join(map(str, value)) if isinstance(value, list) else value
            shown = told(value) if key == "doc" else f"{value} ({word('absent', value)})" if key == "absent" else shown
            say(t("{what}: {value}", what=word("entry", key), value=shown))
    else:
        for spec in below:
            click.echo(f"{spec.name:58} {spec.type:14} {spec.unit:10} {spec.absent}")


def _placeholder(key: str, name: str | None) -> bool:
    return bool(name) and "<" in str(name) and key.split(".")[-1] == str(name).split(".")[-1]


def _entry(spec: FactSpec) -> dict[str, Any]:
    entry = {"name": spec.name, "type": spec.type, "unit": spec.unit, "absent": spec.absent, "enum": list(spec.enum),
             "pattern": spec.pattern, "inputs": list(spec.inputs), "doc": spec.doc}  # fmt: skip
    return {key: value for key, value in entry.items() if value}


# ---- the law


def changes(found: list[Change], witness: Witness | None, a: str, b: str, *, asked: bool, as_json: bool) -> None:
    """Print the changes between two laws, or one JSON document of them."""
    if as_json:
        document: dict[str, Any] = {"a": a, "b": b, "changes": [_change(change) for change in found]}
        if asked:
            document["witness"] = None if witness is None else _witness(witness)
        click.echo(dump_json(prose(document)))
        return
    click.echo(t("From {a} to {b}: {changes}", a=a, b=b, changes=count(len(found), "{n} change", "{n} changes")))
    for kind, title in _kinds().items():
        rows = [change for change in found if change.kind == kind]
        if rows:
            _head(f"{title} ({len(rows)})")
        for change in rows:
            say(_change_line(change), 2)
    if asked:
        _head(t("Witness"))
        if witness is None:
            say(t("No sample transaction is answered differently."), 2)
        else:
            say(t("{stance}: before {before}; after {after}", stance=code("stance", witness.stance), before=told(witness.before),
                  after=told(witness.after)), 2)  # fmt: skip
            click.echo(textwrap.indent(dump_json(witness.document), "  "))


def _kinds() -> dict[str, str]:
    return {
        "instrument": t("Instruments"),
        "requirement": t("License requirements"),
        "authorization": t("License exceptions and statuses"),
        "review": t("License review"),
        "duty": t("Duties"),
        "flag": t("Red flags"),
        "table": t("Tables"),
        "definition": t("Definitions"),
    }


def _change(change: Change) -> dict[str, Any]:
    return {"what": change.what, "kind": change.kind, "id": change.id, "cite": change.cite, "by": change.by, "text": change.text,
            "before": change.before, "after": change.after, "was": change.was}  # fmt: skip


def _witness(witness: Witness) -> dict[str, Any]:
    return {"facts": witness.document, "stance": witness.stance, "before": witness.before, "after": witness.after}


def _change_line(change: Change) -> str:
    mark = {"added": "+", "removed": "-", "changed": "~"}[change.what]
    by = word("force", change.by) if change.kind == "instrument" else change.by
    start = f"{mark} {change.id} [{change.cite}{f', {by}' if by and by != change.cite else ''}]"
    moved = ""
    if change.after and change.before != change.after:
        before, after = (_standing(said) for said in (change.before, change.after))
        moved = f" ({before} → {after})" if before else f" ({after})"
    text = f"{start} {told(change.text)}{moved}"
    return _sentences(text, t("Before: {text}", text=told(change.was))) if change.was else text


def _standing(said: str) -> str:
    return t("; ").join(told(part) for part in _PARTS.split(said))
