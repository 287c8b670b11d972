"""Clocks and owners: what the law of a day says is fetched here, handed to the pure functions, and their answers are told."""

from __future__ import annotations

import datetime as dt
import textwrap
from collections.abc import Callable, Mapping
from typing import Any

import click

from penstock.decision.cases import Case
from penstock.decision.chips import resolve
from penstock.decision.classification import settle_die_area
from penstock.decision.library import book, program_of
from penstock.decision.prepare import prepare
from penstock.licensing import TERMS, UNKNOWN, VALIDITY, Clock, Term, clock
from penstock.rulebook import ACTUAL, Law
from penstock.rulebook.scalar import compile_scalar
from penstock.screening import Ownership, OwnershipLaw, ownership, percent
from penstock.terms.documents import Facts, read_facts

__all__ = ["ANSWERS", "ask_clock", "ask_owners", "law_of_owners", "tell_clock", "tell_owners"]

_AFFILIATES = "affiliates"
_LISTED_OWNER = "KYC-29"
_BODIES = ("oc", "acep", "earb", "itd")
_WIDTH = 100


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
    terms = {name: _term(law, name) for name in TERMS}
    if facts.values.get("application.kind") == VALIDITY:
        issued = facts.values.get("application.issued_on", on)
        terms[VALIDITY] = _validity(facts, issued, book().law(issued, known, regime, switches))
    return clock(facts, on=on, terms=terms)


def _term(law: Law, name: str) -> Term:
    cell = law.cell(name)
    if cell is None:
        return Term(None)
    value = law.number(name) if law.tables[name].kind == "number" else law.members(name)
    return Term(value, cell.cite, cell.by, cell.confidence)


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
    _say(_clock_sentence(answer))
    cites = {line.key: line.term.cite for line in answer.lines if line.term}
    dated = [line for line in answer.lines if isinstance(line.value, dt.date)]
    for line in sorted(dated, key=lambda line: line.value):
        click.echo(f"  {line.value}  {_words(line.key)} [{cites[line.key]}]")
    for line in answer.lines:
        if line.value == UNKNOWN:
            click.echo(f"  unknown     {_words(line.key)}")
    for agency, said in (answer["agency_treated_as"] or {}).items():
        click.echo(f"  {agency} counts as: {_words(said)} [{cites['agency_treated_as']}]")
    if answer["excluded_days"] not in (None, 0, UNKNOWN):
        click.echo(f"  days that do not count: {answer['excluded_days']}")
    _tell_open(answer.missing, answer.notes)


def _clock_sentence(answer: Clock) -> str:
    told = _APPLICATIONS.get(answer.kind)
    if answer["final_decision"]:
        return f"On {answer.on}, the decision on the application is final: {answer['final_decision']}."
    if answer["next_body"]:
        within = f", which decides within {answer['next_decision_days']} days" if answer["next_decision_days"] else ""
        return f"On {answer.on}, the case lies before the {answer['next_body']}{within}."
    if told is None:
        return f"Dates of a validated end user ({answer.kind}), by the law of {answer.on}."
    key, words = told
    if answer[key] in (None, UNKNOWN):
        return f"On {answer.on}: {'no limit runs' if answer[key] is None else 'the facts given do not date it'}."
    return f"On {answer.on}: {words.format(answer[key])}."


_APPLICATIONS = {
    "license": ("outer_limit_on", "the application is to be resolved or referred to the President by {}"),
    "intent_to_deny": ("denial_final_on", "the denial becomes final on {}"),
    "license_validity": ("validity_months", "the license is valid for {} months"),
    "classification": ("due", "the classification request is to be answered by {}"),
    "advisory_opinion": ("due", "the advisory opinion is to be given by {}"),
    "nac_notification": ("earliest_shipment_on", "the earliest day of shipment is {}"),
}


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


def law_of_owners(
    on: dt.date, known: dt.date | None = None, switches: Mapping[str, Any] | None = None, regime: str = ACTUAL
) -> OwnershipLaw:
    """Return what the law of a day says of listed owners.

    >>> law_of_owners(dt.date(2026, 3, 1)).status
    'stayed'
    """
    return _ownership_law(book().law(on, known, regime, switches), on)


def _ownership_law(law: Law, on: dt.date) -> OwnershipLaw:
    stays = [id for id in law.active for stay in law.instruments[id].suspends
             if _AFFILIATES in stay.provisions and stay.holds(on, law.switches)]  # fmt: skip
    status = "in_force" if _AFFILIATES in law.standings else "stayed" if stays else "not_in_force"
    last = law.number("AFFILIATES_STAY_LAST_DAY")
    limit = law.cell("AFFILIATE_SHARE")
    return OwnershipLaw(
        status=status,
        share=law.number("AFFILIATE_SHARE"),
        readings={name: law.switches[name] for name in ("indirect_ownership", "affiliates_stay_extended")},
        flag=_LISTED_OWNER if _LISTED_OWNER in law.standings else "",
        certainty="unverified" if last and on > last else "verified",
        cite=limit.cite if limit else "",
        stay=law.instruments[stays[0]].cite if stays else "",
    )


def tell_owners(answer: Ownership) -> None:
    """Print an ownership answer: one sentence, the holdings that carry it, flags and what is open."""
    _say(_owners_sentence(answer))
    for holding in answer.proof:
        listed = f" (on {', '.join(_words(name) for name in holding.lists)})" if holding.lists else ""
        click.echo(f"  {holding.owner}{listed} holds {percent(holding.share or 0)} of {holding.owned}")
    if answer.red_flags:
        _say(f"! {', '.join(answer.red_flags)} raised: listed among the owners: {', '.join(answer.listed_owners)}", 2)
    _tell_open({name: (key,) for name, key in answer.missing}, answer.notes)


def _owners_sentence(answer: Ownership) -> str:
    law = answer.law
    said = {True: "is restricted", False: "is not restricted", UNKNOWN: "may be restricted (facts are missing)"}[
        answer.restricted
    ]
    rule = {
        "in_force": f"the limit is {percent(law.share or 0)}",
        "stayed": f"the rule is stayed ({law.stay})",
        "not_in_force": "the rule is not in force",
    }[law.status]
    unsure = ", unverified" if law.certainty == "unverified" else ""
    cite = f" [{law.cite}]" if law.cite else ""
    held = percent(answer.aggregate_share) if answer.aggregate_share is not None else "an unknown share"
    return f"On {answer.on}, {answer.target} {said}: listed parties are known to hold {held} of it, and {rule}{unsure}{cite}."


# ---- both


def _tell_open(missing: Mapping[str, tuple[str, ...]], notes: tuple[str, ...]) -> None:
    for name, decides in missing.items():
        _say(f"? {name} would decide {', '.join(_words(key) for key in decides)}", 2)
    for note in notes:
        _say(f"- {note}", 2)


def _words(key: str) -> str:
    return " ".join(word.upper() if word in _BODIES else word for word in key.split("_"))


def _say(text: str, indent: int = 0) -> None:
    click.echo(textwrap.fill(text, _WIDTH, initial_indent=" " * indent, subsequent_indent=" " * (indent + 2)))


def _case(ask: Callable[..., Clock | Ownership]) -> Callable[[Case], dict[str, Any]]:
    return lambda case: ask(read_facts(case.facts), case.on, case.known, case.regime, case.switches).document()


ANSWERS: Mapping[str, Callable[[Case], dict[str, Any]]] = {"clock": _case(ask_clock), "ownership": _case(ask_owners)}
