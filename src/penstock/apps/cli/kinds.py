"""Clocks and owners: what the law of a day says is fetched here, handed to the pure functions, and their answers are told."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

import click

from penstock.apps.cli.language import say, t, told, word
from penstock.decision.affiliates import law_of_owners
from penstock.decision.cases import Case
from penstock.decision.chips import resolve
from penstock.decision.classification import settle_die_area
from penstock.decision.library import book, program_of
from penstock.decision.prepare import prepare
from penstock.licensing import TERMS, UNKNOWN, VALIDITY, Clock, Term, clock, term_of
from penstock.rulebook import ACTUAL, Law
from penstock.rulebook.scalar import compile_scalar
from penstock.screening import Ownership, ownership, percent
from penstock.terms.documents import Facts, read_facts

__all__ = ["ANSWERS", "ask_clock", "ask_owners", "tell_clock", "tell_owners"]

# ---- clocks


def ask_clock(
    facts: Facts, on: dt.date, known: dt.date | None = None, regime: str = ACTUAL, switches: Mapping[str, Any] | None = None
) -> Clock:
    """Return the dates of an application or a validated end user by the law of a day.

    >>> facts = read_facts({"veu": {"type": "UVEU", "intercountry_move_on": "2026-06-01"}})
    >>> ask_clock(facts, dt.date(2025, 8, 1))["intercountry_move_notice_by"]
    datetime.date(2026, 4, 2)
    """
    law = book().law(on, known, regime, switches)
    terms = {name: term_of(law, name) for name in TERMS}
    if facts.values.get("application.kind") == VALIDITY:
        issued = facts.values.get("application.issued_on", on)
        terms[VALIDITY] = _validity(facts, issued, book().law(issued, known, regime, switches))
    return clock(facts, on=on, terms=terms)


def _validity(facts: Facts, issued: dt.date, law: Law) -> Term:
    """Return the months a license for the item is valid, as the rule of the day it was issued says."""
    program = program_of(law)
    item = prepare(settle_die_area(resolve(facts, str(law.switches["integration_level"])), issued, law).facts)
    ask = compile_scalar(program.graph, [program.anchors[VALIDITY]], "license validity")
    (months,) = ask(item.values.get, item.roles, issued)
    version = law.standings[VALIDITY].version
    return Term(months, version.cite, version.by, law.instruments[version.by].confidence)


def tell_clock(answer: Clock) -> None:
    """Print a clock: one sentence, the dates in order with their citations, then what is open."""
    say(_clock_sentence(answer))
    cites = {line.key: line.term.cite for line in answer.lines if line.term}
    dated = [line for line in answer.lines if isinstance(line.value, dt.date)]
    for line in sorted(dated, key=lambda line: line.value):
        click.echo(f"  {line.value}  {word('clock', line.key)} [{cites[line.key]}]")
    for line in answer.lines:
        if line.value == UNKNOWN:
            click.echo("  " + t("unknown     {what}", what=word("clock", line.key)))
    for agency, said in (answer["agency_treated_as"] or {}).items():
        parts = {"agency": word("agency", agency), "said": word("recommendation", said), "cite": cites["agency_treated_as"]}
        click.echo("  " + t("{agency} counts as: {said} [{cite}]", **parts))
    if answer["excluded_days"] not in (None, 0, UNKNOWN):
        click.echo("  " + t("days that do not count: {days}", days=answer["excluded_days"]))
    _tell_open(answer.missing, answer.notes)


def _clock_sentence(answer: Clock) -> str:
    day = answer.on
    if answer["final_decision"]:
        said = word("recommendation", answer["final_decision"])
        return t("On {day}, the decision on the application is final: {said}.", day=day, said=said)
    if answer["next_body"]:
        body, days = word("body", answer["next_body"]), answer["next_decision_days"]
        if days:
            return t(
                "On {day}, the case lies before the {body}, which decides within {days} days.", day=day, body=body, days=days
            )
        return t("On {day}, the case lies before the {body}.", day=day, body=body)
    if answer.kind not in _MAIN:
        return t("Dates of a validated end user ({kind}), by the law of {day}.", kind=answer.kind, day=day)
    value = answer[_MAIN[answer.kind]]
    if value is None:
        return t("On {day}: no limit runs.", day=day)
    if value == UNKNOWN:
        return t("On {day}: the facts given do not date it.", day=day)
    return t("On {day}: {said}.", day=day, said=_limit(answer.kind, value))


_MAIN = {
    "license": "outer_limit_on",
    "intent_to_deny": "denial_final_on",
    "license_validity": "validity_months",
    "classification": "due",
    "advisory_opinion": "due",
    "nac_notification": "earliest_shipment_on",
}


def _limit(kind: str, value: Any) -> str:
    return {
        "license": t("the application is to be resolved or referred to the President by {value}", value=value),
        "intent_to_deny": t("the denial becomes final on {value}", value=value),
        "license_validity": t("the license is valid for {value} months", value=value),
        "classification": t("the classification request is to be answered by {value}", value=value),
        "advisory_opinion": t("the advisory opinion is to be given by {value}", value=value),
        "nac_notification": t("the earliest day of shipment is {value}", value=value),
    }[kind]


# ---- owners


def ask_owners(
    facts: Facts, on: dt.date, known: dt.date | None = None, regime: str = ACTUAL, switches: Mapping[str, Any] | None = None
) -> Ownership:
    """Return whether listed owners restrict an entity by the law of a day, as known on another.

    >>> edges = [{"owner": "L", "owned": "T", "share": 0.75}]
    >>> facts = read_facts({"ownership": {"target": "T", "edges": edges, "entities": [
    ...     {"id": "T", "lists": []}, {"id": "L", "lists": ["entity_list"]}]}})
    >>> [ask_owners(facts, dt.date(2026, 3, 1), known).restricted for known in (None, dt.date(2025, 10, 31))]
    [False, True]
    """
    return ownership(facts, on=on, law=law_of_owners(on, known, switches, regime))


def tell_owners(answer: Ownership) -> None:
    """Print an ownership answer: one sentence, the holdings that carry it, flags and what is open."""
    say(_owners_sentence(answer))
    for holding in answer.proof:
        share = percent(holding.share or 0)
        owner = holding.owner
        if holding.lists:
            owner = t("{owner} (listed: {lists})", owner=owner, lists=t(", ").join(word("list", name) for name in holding.lists))
        click.echo("  " + t("{owner} holds {share} of {owned}", owner=owner, share=share, owned=holding.owned))
    if answer.red_flags:
        parts = {"flags": t(", ").join(answer.red_flags), "owners": t(", ").join(answer.listed_owners)}
        say("! " + t("{flags} raised: listed among the owners: {owners}", **parts), 2)
    _tell_open({name: (key,) for name, key in answer.missing}, answer.notes)


def _owners_sentence(answer: Ownership) -> str:
    law = answer.law
    rule = {
        "in_force": t("the limit is {share}", share=percent(law.share or 0)),
        "stayed": t("the rule is stayed ({cite})", cite=law.stay),
        "not_in_force": t("the rule is not in force"),
    }[law.status]
    if law.certainty == "unverified":
        rule = t("{rule}, unverified", rule=rule)
    if law.cite:
        rule = f"{rule} [{law.cite}]"
    held = percent(answer.aggregate_share) if answer.aggregate_share is not None else t("an unknown share")
    parts = {"day": answer.on, "target": answer.target, "held": held, "rule": rule}
    if answer.restricted == UNKNOWN:
        return t("On {day}, {target} may be restricted (facts are missing): listed parties are known to hold {held} of it, "
                 "and {rule}.", **parts)  # fmt: skip
    if answer.restricted:
        return t("On {day}, {target} is restricted: listed parties are known to hold {held} of it, and {rule}.", **parts)
    return t("On {day}, {target} is not restricted: listed parties are known to hold {held} of it, and {rule}.", **parts)


# ---- both


def _tell_open(missing: Mapping[str, tuple[str, ...]], notes: tuple[str, ...]) -> None:
    for name, decides in missing.items():
        say("? " + t("{fact} would decide {what}", fact=name, what=t(", ").join(word("clock", key) for key in decides)), 2)
    for note in notes:
        say(f"- {told(note)}", 2)


def _case(ask: Callable[..., Clock | Ownership]) -> Callable[[Case], dict[str, Any]]:
    return lambda case: ask(read_facts(case.facts), case.on, case.known, case.regime, case.switches).document()


ANSWERS: Mapping[str, Callable[[Case], dict[str, Any]]] = {"clock": _case(ask_clock), "ownership": _case(ask_owners)}
