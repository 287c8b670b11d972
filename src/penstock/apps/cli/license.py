"""``penstock license``: cases, their clocks, votes and queue. Imports of the engine happen inside the commands."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from penstock.apps.cli.language import named, t, told
from penstock.apps.cli.options import JSON, day_of, document_of, told_of_stacks
from penstock.apps.cli.output import put
from penstock.terms.errors import BadDocument, MissingRequired

if TYPE_CHECKING:
    from penstock.store.licensing_store import LicensingStore

__all__ = ["license"]

_STORE = click.option(
    "--store", envvar="PENSTOCK_STORE", default="penstock-cases.db", show_default=True, metavar="FILE|postgresql://…",
    help="Where the cases are kept; also PENSTOCK_STORE.",
)  # fmt: skip
_ON = click.option("--on", metavar="DATE", help="As of this day (default: today).")
_DAY = click.option("--on", required=True, metavar="DATE", help="The day of the event.")
_GAP = click.option("--accept-gap", is_flag=True, help="The clock is right, although the ledger's last event is long ago.")
_AGENCY = click.option("--agency", metavar="NAME", help="Only what this actor owes.")


@click.group()
def license() -> None:
    """Decide applications: cases of license and validated end users, with their clocks, votes and queue."""


@contextmanager
def _opened(address: str, accept_gap: bool = False) -> Iterator[LicensingStore]:
    """Open the store for one command."""
    from penstock.decision.library import book
    from penstock.licensing import statute_on
    from penstock.store.licensing_engine import open_engine
    from penstock.store.licensing_ledger import LedgerQuota
    from penstock.store.licensing_store import LicensingStore

    store = LicensingStore(
        open_engine(address),
        law_of=statute_on,
        hash_of=lambda day: book().law(dt.date.fromordinal(day)).hash,
        today=lambda: dt.date.today().toordinal(),
        quota=LedgerQuota(gap_accepted=accept_gap),
    )
    try:
        yield store
    finally:
        store.close()


def _day(value: str | None) -> int:
    return (dt.date.today() if value is None else day_of(value, "--on")).toordinal()


def _said(pairs: tuple[str, ...]) -> dict[str, Any]:
    """Return what ``--say NAME=VALUE`` says; a value is read as YAML where it is a list, an object or a truth."""
    from penstock.terms.yaml12 import load_yaml

    out: dict[str, Any] = {}
    for pair in pairs:
        name, sign, value = pair.partition("=")
        if not sign or not name:
            raise BadDocument(f"{pair!r} says nothing", at="--say", value=pair, hint="Write --say NAME=VALUE.")
        out[name] = load_yaml(value) if value[:1] in "[{" or value in ("true", "false") or value.isdigit() else value
    return out


@license.command("open")
@click.argument("case")
@click.argument("file", metavar="[FILE|-]", required=False)
@_DAY
@click.option("--by", default="Applicant", show_default=True, metavar="NAME", help="Who registers it.")
@click.option("--veu", is_flag=True, help="A request to become a validated end user, not a license application.")
@click.option("--four-eyes", is_flag=True, help="Decisions are proposed by one officer and taken by another.")
@click.option(
    "--key", default="", metavar="TEXT", help="What names the transaction: one application at a time for it (748.4(f))."
)
@click.option(
    "--ledger",
    "place",
    metavar="PATH|URL",
    help="The quota ledger it draws on; the cases are kept in the same database, and later commands find it there.",
)
@click.option("--stance", type=click.Choice(["codified", "enforced"]), help="The answer that decides what is drawn on.")
@click.option("--reserve/--no-reserve", default=True, show_default=True, help="Hold the quota while the application is pending.")
@_GAP
@_STORE
@JSON
def open_case(
    case: str, file: str | None, on: str, by: str, veu: bool, four_eyes: bool, key: str, place: str | None, stance: str | None,
    reserve: bool, accept_gap: bool, store: str, as_json: bool,
) -> None:  # fmt: skip
    """Register a case; FILE holds the facts of the transaction, which are decided by the law of the day and kept with it."""
    from penstock.apps.cli import license_text
    from penstock.licensing import read_event

    said = {"kind_of_case": "veu" if veu else "license", "four_eyes": four_eyes}
    event = read_event({"kind": "registered", "on": on, "by": by, **said})
    facts = _facts(document_of(file), on, place) if file is not None else {}
    if place is not None:
        facts["quota"] = _quota(facts, store, place, stance, reserve)
    with _opened(store, accept_gap) as cases:
        cases.open(case, event, facts, key)
        license_text.tell_case(cases, case, event.on, as_json, facts)


def _facts(document: dict[str, Any], on: str, place: str | None) -> dict[str, Any]:
    """Return what a case is opened with: the transaction, and what the law says of it, with the counters of the ledger if any."""
    from penstock.decision import decide

    if place is None:
        answer = decide(document, on=on)
    else:
        from penstock.apps.cli.ledger import decide_with_ledger

        answer = decide_with_ledger(place)(document, on=on, known=None, regime="actual", switches={})
    return {"transaction": document, "law_hash": answer.program.law.hash,
            **{stance: _kept(answer.stance(stance).block) for stance in ("codified", "enforced")}}  # fmt: skip


def _quota(facts: Mapping[str, Any], store: str, place: str, stance: str | None, reserve: bool) -> dict[str, Any]:
    """Return how a case draws on a ledger, having seen that the two can be written together."""
    from penstock.store.licensing_ledger import check_same_database

    if "transaction" not in facts:
        raise MissingRequired("A ledger needs the facts of the transaction", at="FILE", hint="Give FILE.")
    if stance is None:
        raise MissingRequired("Which answer decides what is drawn on is not said", at="--stance",
                              hint="Add --stance codified or --stance enforced.")  # fmt: skip
    check_same_database(store, place)
    return {"stance": stance, "reserve": reserve}


def _kept(block: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of a determination a case is opened with."""
    return {name: block[name] for name in ("outcome", "license_required", "path", "eccn", "license", "ledger")}


@license.command("event")
@click.argument("case")
@click.argument("kind")
@_DAY
@click.option("--by", required=True, metavar="NAME", help="The agency, body or party that acts.")
@click.option("--officer", default="", metavar="NAME", help="The officer who acts for it.")
@click.option("--say", multiple=True, metavar="NAME=VALUE", help="What is said with it; may be given more than once.")
@click.option("--id", "name", default="", metavar="TEXT", help="A name of its own: the same name is recorded once.")
@click.option("--expect", type=int, metavar="N", help="The number of events the writer has seen.")
@_GAP
@_STORE
@JSON
def event_(
    case: str, kind: str, on: str, by: str, officer: str, say: tuple[str, ...], name: str, expect: int | None, accept_gap: bool,
    store: str, as_json: bool,
) -> None:  # fmt: skip
    """Record an event; it is refused, with the paragraph, where the procedure does not admit it."""
    _record(
        case, {"kind": kind, "on": on, "by": by, "officer": officer, "id": name, **_said(say)}, expect, store, as_json, accept_gap
    )


def _record(case: str, raw: dict[str, Any], expect: int | None, store: str, as_json: bool, accept_gap: bool) -> None:
    from penstock.apps.cli import license_text
    from penstock.licensing import read_event

    with _opened(store, accept_gap) as cases:
        if raw["kind"] == "issued" and "validity_months" not in raw:
            raw |= _validity(cases.facts(case), raw["on"])
        event = read_event({key: value for key, value in raw.items() if value != ""})
        cases.append(case, event, expect)
        license_text.tell_case(cases, case, event.on, as_json)


def _validity(facts: Mapping[str, Any], on: str) -> dict[str, Any]:
    """Return the months a license for the transaction is generally valid, by the law of the day it is issued (750.7(g))."""
    if "transaction" not in facts:
        return {}
    from penstock.decision import decide

    granted = decide(facts["transaction"], on=on).codified.block["license"]
    return {"validity_months": int(granted["validity_months"])} if granted and granted["validity_months"] is not None else {}


@license.command("vote")
@click.argument("case")
@click.argument("vote", type=click.Choice(["approve", "deny"]))
@_DAY
@click.option("--by", required=True, metavar="AGENCY", help="The agency that votes.")
@click.option("--reasons", default="", metavar="TEXT", help="Why.")
@click.option("--basis", nargs=2, default=("", ""), metavar="STATUTE RULE", help="For a denial: statutory and regulatory basis.")
@click.option("--officer", default="", metavar="NAME", help="The officer who acts for it.")
@click.option("--expect", type=int, metavar="N", help="The number of events the writer has seen.")
@_GAP
@_STORE
@JSON
def vote_(
    case: str, vote: str, on: str, by: str, reasons: str, basis: tuple[str, str], officer: str, expect: int | None,
    accept_gap: bool, store: str, as_json: bool,
) -> None:  # fmt: skip
    """Recommend while agencies review, or vote where a body does; with reasons."""
    if not reasons:
        raise MissingRequired("A vote has reasons", at="--reasons", hint="Add --reasons TEXT.")
    with _opened(store) as cases:
        reviewing = cases.case(case).status == "referred"
    raw = {"on": on, "by": by, "reasons": reasons, "officer": officer}
    if reviewing:
        raw |= {"kind": "recommended", "recommendation": vote, "statutory_basis": basis[0], "regulatory_basis": basis[1]}
    else:
        raw |= {"kind": "voted", "vote": vote}
    _record(case, raw, expect, store, as_json, accept_gap)


@license.command("show")
@click.argument("case")
@_ON
@click.option("--svg", metavar="FILE", help="Write the calendar of the case as SVG.")
@_STORE
@JSON
def show(case: str, on: str | None, svg: str | None, store: str, as_json: bool) -> None:
    """Show a case: where it lies, what is owed by whom, its history and its calendar."""
    from penstock.apps.cli import license_text

    with _opened(store) as cases:
        license_text.tell_case(cases, case, _day(on), as_json, history=True, svg=svg)


@license.command("queue")
@_ON
@_AGENCY
@_STORE
@JSON
def queue(on: str | None, agency: str | None, store: str, as_json: bool) -> None:
    """List what is owed in all open cases, the earliest due date first."""
    from penstock.apps.cli import license_text

    with _opened(store) as cases:
        license_text.tell_owed(cases.owed(_day(on)), _day(on), agency, as_json)


@license.command("overdue")
@_ON
@_AGENCY
@_STORE
@JSON
def overdue(on: str | None, agency: str | None, store: str, as_json: bool) -> None:
    """List what should have been done by now."""
    from penstock.apps.cli import license_text

    with _opened(store) as cases:
        license_text.tell_owed(cases.owed(_day(on), due_by=_day(on) - 1), _day(on), agency, as_json)


@license.command("lapses")
@_ON
@click.option("--within", default=14, show_default=True, metavar="DAYS", help="How far to look ahead.")
@_STORE
@JSON
def lapses(on: str | None, within: int, store: str, as_json: bool) -> None:
    """List what lapses next, and what follows when it does."""
    from penstock.apps.cli import license_text

    first = _day(on)
    with _opened(store) as cases:
        rows = ((case, one) for case, one in cases.owed(first, due_by=first + within) if one.due >= first)
        license_text.tell_owed(rows, first, None, as_json, follows=True)


@license.command("sweep")
@_ON
@_GAP
@_STORE
def sweep(on: str | None, accept_gap: bool, store: str) -> None:
    """Note the day in every case that a passed period has changed, so that what hangs on it happens."""
    with _opened(store, accept_gap) as cases:
        moved = cases.sweep(_day(on))
    for case in moved:
        since = dt.date.fromordinal(case.since)
        click.echo(t("{id}: {status} since {since}", id=case.id, status=named("case_status", case.status), since=since))
    click.echo(t("Changed: {number}", number=len(moved)), err=True)


@license.command("verify")
@_STORE
def verify(store: str) -> int:
    """Tell every case again from its events and compare it with what is kept; exit 1 where they differ."""
    with _opened(store) as cases:
        faults = cases.verify()
        count = len(cases.ids())
    for fault in faults:
        click.echo(told(fault))
    click.echo(t("Cases: {cases}, faults: {faults}", cases=count, faults=len(faults)), err=True)
    return 1 if faults else 0


@license.command("draft")
@click.argument("file", metavar="FILE|-")
@click.option("--on", required=True, metavar="DATE", help="Date of the law.")
@click.option("--stance", type=click.Choice(["codified", "enforced"]), default="codified", show_default=True, help="Which law.")
@click.option("--particulars", metavar="FILE", help="What a transaction does not say, by block number of the form.")
@click.option("--out", metavar="FILE", help="Write it as .json, .pdf or .xlsx.")
@JSON
def draft_(file: str, on: str, stance: str, particulars: str | None, out: str | None, as_json: bool) -> None:
    """Draft an application on form BIS-748P from the facts of a transaction; nothing is filled in that is not known."""
    from penstock.apps.cli import license_text
    from penstock.apps.drafts import write_draft
    from penstock.decision import decide
    from penstock.licensing.drafting import draft

    made = draft(decide(document_of(file), on=on), stance, document_of(particulars) if particulars else None)
    if out:
        write_draft(made, out)
        click.echo(t("Written to {file}", file=out), err=True)
    if as_json:
        put(made.document())
    elif not out:
        license_text.tell_draft(made)


@license.command("demo")
@click.option("--svg", metavar="FILE", help="Write the calendar of the case as SVG.")
@click.option("--until", metavar="DATE", help="Stop telling after this day.")
@JSON
def demo(svg: str | None, until: str | None, as_json: bool) -> None:
    """Run one case from application to license: a question to the applicant, a dispute, an appeal, a vote, conditions."""
    from penstock.apps.cli.license_demo import run_demo

    run_demo(svg, _day(until), as_json)


@license.command("agreement")
@click.argument("name", required=False)
@_ON
@click.option(
    "--partner", multiple=True, metavar="CC", help="With whom, where the agreement names nobody; may be given more than once."
)
@click.option("--records", metavar="FILE", help="What has happened under it: deliveries, shipments, waivers, notices.")
@click.option(
    "--regime", default="actual", show_default=True, metavar="NAME", callback=told_of_stacks, help="The law it is put on."
)
@click.option("--witness", is_flag=True, help="Print a transaction that the law answers differently with the agreement.")
@JSON
def agreement_(
    name: str | None, on: str | None, partner: tuple[str, ...], records: str | None, regime: str, witness: bool, as_json: bool
) -> None:
    """Show how an agreement between governments stands, what is owed, and what it changes of the law; all without NAME."""
    from penstock.apps.cli import license_text
    from penstock.licensing.agreements import agreement, agreements, effect, read_records

    if name is None:
        license_text.tell_agreements(agreements(), as_json)
        return
    made = agreement(name, partner)
    told = read_records(document_of(records)) if records else ()
    day = dt.date.fromordinal(_day(on))
    license_text.tell_agreement(made, effect(made, day, regime, told), day, regime, witness=witness, as_json=as_json)


@license.command("capacity")
@click.option(
    "--regime",
    "regimes",
    multiple=True,
    metavar="NAME",
    callback=told_of_stacks,
    help="A regime to compare; may be given more than once.",
)
@click.option("--applications", type=int, metavar="N", help="Predict a year of so many applications instead.")
@click.option("--positions", type=int, metavar="N", help="With so many positions (default: those of the last published year).")
@click.option("--to-oc", type=float, default=0.0126, show_default=True, metavar="SHARE", help="Share that agencies dispute.")
@click.option("--to-acep", type=float, default=0.0011, show_default=True, metavar="SHARE", help="Share that is appealed.")
@click.option(
    "--on", default="2026-06-15", show_default=True, metavar="DATE", help="Date of the law that says who needs a license."
)
@click.option("--seed", type=int, default=1, show_default=True, metavar="N", help="The same seed gives the same years.")
@click.option(
    "--scale", type=int, default=20, show_default=True, metavar="N", help="How many times smaller than the office the model is."
)
@click.option("--published", "history", is_flag=True, help="Set the published years beside what the model says of them.")
@click.option("--fit", "again", is_flag=True, help="Fit capacity and depth of review on two published years again (minutes).")
@JSON
def capacity(
    regimes: tuple[str, ...], applications: int | None, positions: int | None, to_oc: float, to_acep: float, on: str, seed: int,
    scale: int, history: bool, again: bool, as_json: bool,
) -> None:  # fmt: skip
    """Say what a year of licensing comes to, by its applications and positions or under regimes; all as ranges."""
    from penstock.apps.cli import license_capacity

    asked = license_capacity.Question(regimes, applications, positions, to_oc, to_acep, _day(on), seed, scale)
    tell = license_capacity.tell_fit if again else license_capacity.tell_published if history else license_capacity.tell_capacity
    tell(asked, as_json)
