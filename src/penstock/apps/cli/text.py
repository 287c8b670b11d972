"""Answers for people: one sentence first, then what backs it, plain text that survives a pipe."""

from __future__ import annotations

import datetime as dt
import textwrap
from collections.abc import Mapping
from typing import Any

import click

from penstock.decision import library
from penstock.decision.determination import Determination
from penstock.decision.witness import Witness
from penstock.rulebook import STANCES
from penstock.rulebook.diff import Change
from penstock.rulebook.render import show_value
from penstock.terms.countries import country_name
from penstock.terms.errors import UnknownFact
from penstock.terms.numbers import dump_json
from penstock.terms.suggest import nearest
from penstock.terms.vocabulary import FactSpec, vocabulary

__all__ = ["changes", "classification", "determination", "facts", "proof", "table"]

_WIDTH = 100
_OUTCOME = {
    "no_license_required": "no license is required",
    "authorization_available": "a license is required, and an authorization is available",
    "license_required": "a license is required and no license exception is available",
    "prohibited": "the act is prohibited",
    "not_subject": "the item is not subject to the EAR",
    "unknown": "the facts given do not decide it",
}
_POLICY = {
    "presumption_of_approval": "an application meets a presumption of approval",
    "case_by_case": "an application is reviewed case by case",
    "presumption_of_denial": "an application meets a presumption of denial",
    "policy_of_denial": "an application meets a policy of denial",
    "mixed": "part of the amount is approvable, the rest meets a policy of denial",
    "per_entity_list_entry": "the Entity List entry states how an application is reviewed",
    "none_stated": "the text states no review policy",
    "unknown": "how an application is reviewed depends on facts not given",
    "not_applicable": "no license is needed",
}
_KINDS = {
    "instrument": "Instruments",
    "requirement": "License requirements",
    "authorization": "License exceptions and statuses",
    "review": "License review",
    "duty": "Duties",
    "flag": "Red flags",
    "table": "Tables",
    "definition": "Definitions",
}
_RULE, _PROPOSED = "legislative_rule", "proposed"
_STATUS = {"met": "[x]", "unmet": "[ ]", "unknown": "[?]", "open": "[?]", "not_due": "[-]"}
_STATUSES = ("UVEU", "NVEU")


def _say(text: str, indent: int = 0) -> None:
    click.echo(textwrap.fill(text, _WIDTH, initial_indent=" " * indent, subsequent_indent=" " * (indent + 2)))


def _head(title: str) -> None:
    click.echo(f"\n{title}")


# ---- determination


def determination(answer: Determination, only: str | None) -> None:
    """Print a determination: one sentence, then both stances, what to do by when, flags and citations."""
    shown = [only] if only else list(STANCES)
    blocks = {name: answer.stance(name).block for name in shown}
    lead = blocks.get("enforced", blocks[shown[0]])
    _say(_sentence(answer, lead, "enforced" if "enforced" in blocks else shown[0]))
    _say(_what(answer))
    for name in shown:
        _stance(answer, name, blocks[name], same=len(shown) > 1 and name == "codified" and _alike(blocks))
    _notices(lead)
    _checklists(lead)
    _flags(lead)
    _citations(blocks)
    _head("Rests on")
    for assumption in (*answer.prepared.assumptions, *answer.notes):
        _say(f"- {assumption}", 2)
    dates = library.data_dates()
    _say("- Data as of: " + ", ".join(f"{name} {day}" for name, day in dates.items()), 2)
    readings = _readings(answer)
    if readings:
        _say("- Readings chosen: " + ", ".join(readings), 2)
    click.echo()
    for name in shown:
        verdict = answer.verdicts[name]
        click.echo(
            f"{name}: {verdict.outcome} | path {verdict.path} | review {verdict.review_policy} | "
            f"may proceed: {blocks[name]['may_proceed']}"
        )


def _alike(blocks: Mapping[str, Mapping[str, Any]]) -> bool:
    """Say whether the two stances would print the same, requirements that do not bind included."""
    keys = ("outcome", "path", "requirements", "authorizations", "license", "missing_facts", "ambiguities")
    return all(blocks["codified"][key] == blocks["enforced"][key] for key in keys)


def _sentence(answer: Determination, block: Mapping[str, Any], stance: str) -> str:
    verdict = answer.verdicts[stance]
    start = {
        "clear": "Yes",
        "with_conditions": "Yes, with conditions",
        "hold": "Hold",
        "stop": "No",
        "unknown": "Undetermined",
    }[block["may_proceed"]]
    end = _OUTCOME[verdict.outcome]
    if verdict.outcome == "authorization_available":
        end = f"a license is required, and {verdict.path} is available"
    if verdict.outcome == "license_required":
        end += f"; {_POLICY[verdict.review_policy]}"
    if verdict.outcome == "unknown":
        end += ": " + ", ".join(entry["id"] for entry in block["missing_facts"][:4])
    if block["may_proceed"] == "hold":
        end += ", but a red flag is raised and must be resolved first"
    by = "as enforced" if stance == "enforced" else "as codified"
    text = f"{start}: on {answer.on}, by the law {by}, {end}."
    if answer.stances_differ and stance == "enforced":
        text += f" By the text as codified, {_OUTCOME[answer.verdicts['codified'].outcome]}."
    return text


def _what(answer: Determination) -> str:
    values = answer.prepared.values
    place = values.get("destination.country")
    buyer = values.get("parties.ultimate_consignee.name", "the ultimate consignee")
    block = answer.enforced.block
    act = str(values.get("activity.type", "act")).replace("_", " ")
    item = values.get("item.chip", values.get("item.kind", "an item"))
    parts = [f"{act} of {item} ({block['eccn']})"]
    if place:
        parts.append(f"to {buyer} in {country_name(place)}")
    return "Asked: " + " ".join(parts) + "."


def _stance(answer: Determination, name: str, block: Mapping[str, Any], *, same: bool) -> None:
    title = (
        "As codified (the text whose compliance date has come)"
        if name == "codified"
        else "As enforced (what BIS has not announced it does not enforce)"
    )
    _head(title)
    if same:
        _say("The same as enforced, below.", 2)
        return
    for requirement in block["requirements"]:
        _say(_requirement_line(requirement), 2)
    if not block["requirements"]:
        _say("No requirement reaches these facts.", 2)
    for entry in block["authorizations"]["available"]:
        _authorization(answer, entry, chosen=entry["id"] == block["path"])
    for entry in block["authorizations"]["undetermined"]:
        _say(f"? {entry['id']} ({entry['cite']}) depends on {', '.join(entry['missing'])}", 2)
    barred = [f"{entry['id']}: {', '.join(entry['reasons'])}" for entry in block["authorizations"]["unavailable"]]
    if barred:
        _say("Not available: " + "; ".join(barred), 2)
    _license(block)
    _before(answer, block)
    open_ = [
        e["id"] for e in block["missing_facts"] if block["path"] in ("LICENSE", "UNKNOWN") or e["decides"] != ["review_policy"]
    ]
    if open_:
        _say("Would decide it: " + ", ".join(open_), 2)
    for reading in library.book().readings.values():
        if reading.point and reading.point in block["ambiguities"]:
            chosen = answer.program.law.switches[reading.name]
            _say(f"Open point {reading.point}, read as {reading.name}={chosen}: {reading.about}", 2)


def _requirement_line(requirement: Mapping[str, Any]) -> str:
    mark = {True: "●", "unknown": "?"}[requirement["scope_met"]] if requirement["binding"] else "○"
    if requirement["scope_met"] == "unknown":
        how = "may apply: facts are missing"
    elif requirement["binding"]:
        how = "binds"
    elif requirement.get("not_enforced_by"):
        how = f"is not enforced ({requirement['not_enforced_by']})"
    else:
        how = "does not bind yet: its compliance date is to come"
    return f"{mark} {requirement['id']} {_cited(requirement)} {how}. {requirement['text']}"


def _cited(entry: Mapping[str, Any]) -> str:
    """Return the citation of an entry, with its legal force where it is not a rule that binds everybody."""
    force = entry.get("force", _RULE)
    return f"[{entry['cite']}]" if force == _RULE else f"[{entry['cite']}; {force.replace('_', ' ')}]"


def _authorization(answer: Determination, entry: Mapping[str, Any], *, chosen: bool) -> None:
    _say(f"{'→' if chosen else '+'} {entry['id']} [{entry['cite']}] available. {entry['text']}", 2)
    if not chosen:
        return
    if entry["headroom_tpp"] is not None:
        after = entry["remaining_after_tpp"]
        left = f"; {show_value(after)} TPP left after this" if after is not None else ""
        _say(f"Room: {show_value(entry['headroom_tpp'])} TPP{left}", 4)
    _before(answer, entry)


def _before(answer: Determination, entry: Mapping[str, Any]) -> None:
    """Print what a path asks for: the papers to have, and what is due when."""
    for paper in entry.get("conditions", ()):
        _say(f"{_STATUS[paper['status']]} {paper['id']} {_cited(paper)}", 4)
    for duty in entry.get("duties", ()):
        unsure = " (if the counter, which is not given, reaches the limit)" if duty.get("applies") == "unknown" else ""
        _say(f"{_due(answer.on, duty)}: {duty['text']}{unsure} {_cited(duty)}", 4)


def _due(on: dt.date, duty: Mapping[str, Any]) -> str:
    """Return when a duty falls due, the date of the act taken for the event."""
    days, months = duty["deadline_days"], duty["interval_months"]
    if months is not None:
        return f"every {months} months"
    if days in (0, None):
        return f"with the {duty['event'].replace('_', ' ')}" if days == 0 and duty["event"] != "shipment" else "before shipment"
    return (
        f"by {on + dt.timedelta(days=int(days))} ({abs(days)} days {'before' if days < 0 else 'after'} {duty['event']} on {on})"
    )


def _license(block: Mapping[str, Any]) -> None:
    license = block["license"]
    if not license or block["path"] != "LICENSE":
        return
    cite = f" [{license['cite']}]" if license["cite"] else ""
    _say(f"License: {license['review_policy'].replace('_', ' ')}{cite}, valid {license['validity_months']} months"
         + (", purchase order required" if license["purchase_order_required"] else ""), 2)  # fmt: skip
    if license["remainder_tpp"]:
        within, beyond = show_value(license["approvable_tpp"]), show_value(license["remainder_tpp"])
        _say(f"approvable {within} TPP; the remaining {beyond} TPP meet a {license['remainder_policy'].replace('_', ' ')}", 4)
    for entry in block["ledger"]:
        before, after, limit = (show_value(entry[f"{part}_tpp"]) for part in ("balance_before", "balance_after", "limit"))
        _say(
            f"takes {show_value(entry['amount_tpp'])} TPP of {entry['id']} {entry['key'] or ''}: {before} → {after} of {limit}", 4
        )
    for condition in license["conditions"]:
        _say(f"{_STATUS[condition['status']]} {condition['id']} {_cited(condition)}", 4)
    for charge in block["charges"]:
        _say(f"charge: {charge['percent']} % {charge['id']}: {charge['text']} {_cited(charge)}", 4)


def _notices(block: Mapping[str, Any]) -> None:
    """Print what the law and its guidance say about facts like these, besides the requirements."""
    if block["notices"]:
        _head("Bears on it")
    for notice in block["notices"]:
        unenforced = f" Not enforced ({notice['not_enforced_by']})." if notice.get("not_enforced_by") else ""
        _say(f"- {notice['text']}{unenforced} {_cited(notice)}", 2)


def _checklists(block: Mapping[str, Any]) -> None:
    """Print the checklists that the facts call for: of each how far it is, and of a status relied on every point."""
    if block["checklists"]:
        _head("Checklists")
    for entry in block["checklists"]:
        states = [point["status"] for point in entry["points"]]
        counts = ", ".join(f"{states.count(s)} {s.replace('_', ' ')}" for s in ("met", "unmet", "open", "not_due") if s in states)
        _say(f"{entry['title']} {_cited(entry)}: {counts}; `penstock law show '{entry['cite']}' --on DATE` lists them", 2)
        for point in entry["points"] if block["path"] in _STATUSES or "unmet" in states else ():
            if block["path"] in _STATUSES or point["status"] == "unmet":
                _say(f"{_STATUS.get(point['status'], '[ ]')} {point['id']} {point['text']}", 4)


def _flags(block: Mapping[str, Any]) -> None:
    flags = block["red_flags"]
    _head("Red flags")
    for flag in flags["raised"]:
        _say(f"! {flag['id']} {flag['question']} {_cited(flag)}", 2)
    counts = f"{len(flags['raised'])} raised, {len(flags['cleared'])} cleared, {len(flags['unanswered'])} not answered"
    _say(counts + " (an unanswered question is not a cleared one)", 2)


def _citations(blocks: Mapping[str, Mapping[str, Any]]) -> None:
    _head("Authority")
    seen: dict[str, Mapping[str, Any]] = {}
    for block in blocks.values():
        seen |= {f"{c['cite']}{c['instrument']}": c for c in block["citations"]}
    for c in seen.values():
        cite = c["cite"] if c["cite"] == c["instrument"] else f"{c['cite']}, {c['instrument']}"
        _say(f"- {cite}: {_force(c)}, effective {c['effective']}, confidence {c['confidence']}", 2)
    if not seen:
        _say("- none", 2)


def _force(citation: Mapping[str, Any]) -> str:
    """Return the legal force in words; of what is only proposed also what it is: a design, a bill, a draft."""
    words = str(citation["force"]).replace("_", " ")
    return f"{words} ({citation['kind']})" if citation["force"] == _PROPOSED else words


def _readings(answer: Determination) -> list[str]:
    defaults = library.book().switches()
    return [f"{name}={value}" for name, value in answer.program.law.switches.items() if value != defaults.get(name, value)]


def proof(answer: Determination, only: str | None) -> None:
    """Print the proof: every provision that decides, indented below what it decides, each once."""
    program = answer.program
    for stance in [only] if only else STANCES:
        verdict = answer.verdicts[stance]
        click.echo(f"{stance}: {verdict.outcome} | path {verdict.path} | review {verdict.review_policy}")
        met = [r.scope for r in program.requirements if r.standing.binds(stance)]
        for line in answer.explanation.proof(*met):
            click.echo(f"  {line}")
        if verdict.license_required is not False:
            for line in answer.explanation.proof(*(a.available for a in program.authorizations)):
                click.echo(f"  {line}")
        click.echo()


# ---- classification, tables, facts


def classification(answer: Mapping[str, Any], on: str, source: str) -> None:
    """Print a classification: the class in one sentence, then the numbers behind it."""
    eccn = answer["eccn"]
    paragraphs = f" ({', '.join(answer['paragraphs'])})" if answer["paragraphs"] else ""
    said = {"none": "not in 3A090, 4A090, 4E091 or a .z paragraph", "unknown": "undetermined"}.get(eccn, f"{eccn}{paragraphs}")
    _say(f"{source} on {on}: {said}.")
    if eccn == "unknown":
        _say(f"Possible: {', '.join(answer['candidates'])}. Decided by: {', '.join(answer['missing_facts'])}.", 2)
    for key in ("tpp", "performance_density", "counted_operations"):
        if answer[key] is not None:
            value = f"{float(answer[key]):.4g}" if key == "performance_density" else show_value(answer[key])
            _say(f"{key.replace('_', ' ')}: {value}", 2)
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
            _say(f"{key.replace('_', ' ')}: {show_value(value)}", 2)
    for reading in answer["ambiguities"]:
        _say(f"Under the reading {reading['id']}={reading['value']} it would be {reading['eccn']}. {reading['about']}", 2)
    for note in answer["assumptions"]:
        _say(note, 2)


def table(answer: Mapping[str, Any]) -> None:
    """Print a table: its members, or its values by key."""
    if "members" in answer:
        members = answer["members"]
        _say(f"{answer.get('title', ', '.join(answer.get('values', {})))} [{answer['cite']}]: {len(members)}")
        _say(", ".join(members) or "none", 2)
    for key, value in answer.get("values", {}).items() if "title" in answer or "members" not in answer else ():
        shown = ", ".join(value) if isinstance(value, list) else show_value(value)
        click.echo(f"  {key:8} {shown}")
    if "members" not in answer and answer.get("cite"):
        _say(f"[{answer['cite']}]", 2)


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
        click.echo(dump_json([_entry(spec) for spec in below]))
    elif len(below) == 1:
        for key, value in _entry(below[0]).items():
            _say(f"{key}: {value if not isinstance(value, list) else ', '.join(map(str, value))}")
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


def changes(found: list[Change], told: Witness | None, a: str, b: str, *, witness: bool, as_json: bool) -> None:
    """Print the changes between two laws, or one JSON document of them."""
    if as_json:
        document: dict[str, Any] = {"a": a, "b": b, "changes": [_change(change) for change in found]}
        if witness:
            document["witness"] = None if told is None else _witness(told)
        click.echo(dump_json(document))
        return
    click.echo(f"From {a} to {b}: {len(found)} changes")
    for kind, title in _KINDS.items():
        rows = [change for change in found if change.kind == kind]
        if rows:
            _head(f"{title} ({len(rows)})")
        for change in rows:
            _say(_change_line(change), 2)
    if witness:
        _head("Witness")
        if told is None:
            _say("No sample transaction is answered differently.", 2)
        else:
            _say(f"{told.stance}: before {told.before}; after {told.after}", 2)
            click.echo(textwrap.indent(dump_json(told.document), "  "))


def _change(change: Change) -> dict[str, Any]:
    return {"what": change.what, "kind": change.kind, "id": change.id, "cite": change.cite, "by": change.by, "text": change.text,
            "before": change.before, "after": change.after, "was": change.was}  # fmt: skip


def _witness(witness: Witness) -> dict[str, Any]:
    return {"facts": witness.document, "stance": witness.stance, "before": witness.before, "after": witness.after}


def _change_line(change: Change) -> str:
    mark = {"added": "+", "removed": "-", "changed": "~"}[change.what]
    by = f", {change.by}" if change.by and change.by != change.cite else ""
    moved = ""
    if change.after and change.before != change.after:
        moved = f" ({change.before} → {change.after})" if change.before else f" ({change.after})"
    was = f" Before: {change.was}" if change.was else ""
    return f"{mark} {change.id} [{change.cite}{by}] {change.text}{moved}{was}"
