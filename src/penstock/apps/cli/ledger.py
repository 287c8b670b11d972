"""``penstock ledger`` and ``penstock ship``: quota taken, settled, proved and reported. Imports happen inside the commands."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from penstock.apps.cli.language import t
from penstock.apps.cli.options import JSON, KNOWN, REGIME, day_of, document_of, known_of, told_of_stacks

if TYPE_CHECKING:
    from penstock.ledger import Request
    from penstock.store.backend import Backend
    from penstock.store.desk import Desk

__all__ = ["decide_with_ledger", "ledger", "ship"]

_Command = Callable[..., Any]
_PLACE = click.option(
    "--ledger", "place", required=True, envvar="PENSTOCK_LEDGER", metavar="PATH|URL", help="The ledger: a file, or PostgreSQL."
)
_ON = click.option("--on", required=True, metavar="DATE", help="Date of the act, and of the law.")
_STANCE = click.option(
    "--stance", required=True, type=click.Choice(["codified", "enforced"]), help="The answer that decides what is taken."
)
_CLIENT = click.option("--client", required=True, metavar="NAME", help="Who asks.")
_KEY = click.option("--key", required=True, metavar="KEY", help="The asker's own name of the request; repeating it is safe.")
_OF = click.option("--of", required=True, metavar="KEY", help="The key of the reservation.")
_CITE = click.option("--cite", required=True, metavar="TEXT", help="The authority for it.")
_SITE = click.option("--site", metavar="NAME", help="The data center it goes to; notices of new locations are owed for each.")
_LEG = click.option("--leg", "amounts", multiple=True, metavar="BUCKET=TPP", help="A bucket and an amount; repeat for others.")


def _writing(command: _Command) -> _Command:
    """Add the options of a command that writes."""
    for option in (
        click.option("--accept-gap", is_flag=True, help="The clock is right, although the last event is long ago."),
        click.option("--take-over", is_flag=True, help="Replace a writer that no longer answers."),
        _PLACE,
    ):
        command = option(command)
    return command


def _deciding(command: _Command) -> _Command:
    """Add the options of a command that decides a transaction and takes its quota."""
    for option in (_SITE, _KEY, _CLIENT, _STANCE, REGIME, KNOWN, _ON):
        command = option(command)
    return command


@contextmanager
def _desk(place: str, take_over: bool = False, accept_gap: bool = False) -> Iterator[Desk]:
    """Yield the desk of a ledger, with this process as its writer."""
    from penstock.store.clock import ledger_clock
    from penstock.store.create import open_backend
    from penstock.store.desk import Desk
    from penstock.store.engine import Engine
    from penstock.store.writer import Writer

    backend = open_backend(place)
    try:
        clock = ledger_clock(backend.head().time, gap_accepted=accept_gap)
        engine = Engine(backend, clock, f"{socket.gethostname()} {os.getpid()}", take_over=take_over)
    except BaseException:
        backend.close()
        raise
    with Writer(engine) as writer:
        yield Desk(writer)


@contextmanager
def _reader(place: str) -> Iterator[Backend]:
    from penstock.store.create import open_backend

    backend = open_backend(place, read_only=True)
    try:
        yield backend
    finally:
        backend.close()


def decide_with_ledger(place: str) -> Callable[..., Any]:
    """Return a ``decide`` that reads the counters from a ledger."""
    from penstock.decision import decide_facts
    from penstock.ledger.counters import with_counters
    from penstock.store.history import Books
    from penstock.terms.documents import read_facts

    def decide(document: dict[str, Any], *, on: str, known: str | None, regime: str, switches: dict[str, Any]) -> Any:
        day, seen = day_of(on, "--on"), known_of(known)
        with _reader(place) as backend:
            facts = with_counters(read_facts(document), Books(backend), day, seen, regime, switches)
        return decide_facts(facts, day, seen, regime, switches)

    return decide


@click.group()
def ledger() -> None:
    """Keep quota: reserve, commit, void and correct; balances, proofs and duties are derived from the log."""


# ---- making one


@ledger.command()
@click.option("--ledger", "place", required=True, envvar="PENSTOCK_LEDGER", metavar="PATH|URL", help="Where to make it.")
@click.option("--origin", required=True, metavar="NAME", help="What its log is called in checkpoints, such as example.org/quota.")
@click.option("--signing-key", required=True, metavar="FILE", help="Where the new key that signs checkpoints is written.")
def create(place: str, origin: str, signing_key: str) -> None:
    """Make an empty ledger and the key that signs its checkpoints."""
    from penstock.store.create import create as make
    from penstock.store.create import new_key

    make(place, origin, new_key(signing_key))
    with _reader(place) as backend:
        click.echo(t("{place} is a ledger. Its checkpoints are verified with", place=place) + f"\n{backend.meta()['vkey']}")


@ledger.command()
@_PLACE
def upgrade(place: str) -> None:
    """Bring a ledger to the schema of this version."""
    from penstock.store.create import upgrade as bring

    bring(place)


# ---- requests


def _ask(place: str, take_over: bool, accept_gap: bool, as_json: bool, make: Callable[[Desk], Request]) -> None:
    """Send one request and tell its answer."""
    from penstock.apps.cli import ledger_text

    with _desk(place, take_over, accept_gap) as desk:
        answer = desk.writer.ask(make(desk))
        ledger_text.answer(answer, desk.state, as_json)


def _legs(desk: Desk, amounts: tuple[str, ...]) -> tuple[tuple[int, int], ...]:
    from penstock.terms.errors import BadNumber

    pairs = {}
    for amount in amounts:
        name, _, tpp = amount.rpartition("=")
        if not (tpp.isascii() and tpp.isdecimal()):
            raise BadNumber(f"{amount!r} is not BUCKET=TPP with whole TPP", at="--leg", value=amount)
        pairs[desk.bucket(name).number] = int(tpp)
    return tuple(sorted(pairs.items()))


@ledger.command("open")
@click.argument("bucket")
@click.option("--cap", type=int, metavar="TPP", help="Its cap; without one it only counts.")
@_CITE
@_CLIENT
@_KEY
@_writing
@JSON
def open_(
    bucket: str, cap: int | None, cite: str, client: str, key: str, place: str, take_over: bool, accept_gap: bool, as_json: bool
) -> None:
    """Open a bucket no table of the law has, such as an agreement's volume: KIND/SUBJECT/WINDOW@REGIME."""
    from penstock.ledger import Open

    _ask(place, take_over, accept_gap, as_json, lambda desk: Open(client, key, bucket, cap, cite))


@ledger.command()
@click.argument("file", metavar="FILE|-")
@_deciding
@click.option("--hold-days", type=click.IntRange(1, 3650), help="Days until the reservation lapses; without it, never.")
@_writing
@JSON
def reserve(
    file: str, on: str, known: str | None, regime: str, stance: str, client: str, key: str, site: str | None,
    hold_days: int | None, place: str, take_over: bool, accept_gap: bool, as_json: bool,
) -> None:  # fmt: skip
    """Decide a transaction and reserve what its path draws on, a license's allocation included; all or nothing."""
    from penstock.apps.cli import ledger_text
    from penstock.ledger.quota import debits
    from penstock.ledger.records import record_of
    from penstock.terms.errors import MissingRequired

    day, document = day_of(on, "--on"), document_of(file)
    with _desk(place, take_over, accept_gap) as desk:
        answer = desk.decide(document, day, known_of(known), regime)
        wanted = debits(answer, stance)
        if not wanted:
            path = answer.stance(stance).path
            raise MissingRequired(f"The path {path} draws on no quota: there is nothing to reserve", at="path", value=path)
        record = record_of(answer, stance, wanted, document, {"client": client, "key": key} | ({"site": site} if site else {}))
        hold = None if hold_days is None else hold_days * 86_400
        ledger_text.answer(desk.reserve(wanted, client, key, hold, record), desk.state, as_json)


@ledger.command()
@_CLIENT
@_KEY
@_OF
@_LEG
@_writing
@JSON
def commit(
    client: str, key: str, of: str, amounts: tuple[str, ...], place: str, take_over: bool, accept_gap: bool, as_json: bool
) -> None:
    """Turn a reservation into use, in full or in smaller amounts; the rest is released."""
    from penstock.ledger import Commit

    _ask(place, take_over, accept_gap, as_json,
         lambda desk: Commit(client, key, (client, of), _legs(desk, amounts) if amounts else None))  # fmt: skip


@ledger.command()
@_CLIENT
@_KEY
@_OF
@_writing
@JSON
def void(client: str, key: str, of: str, place: str, take_over: bool, accept_gap: bool, as_json: bool) -> None:
    """Release a reservation."""
    from penstock.ledger import Void

    _ask(place, take_over, accept_gap, as_json, lambda desk: Void(client, key, (client, of)))


@ledger.command()
@_CLIENT
@_KEY
@_OF
@_LEG
@click.option("--reason", required=True, metavar="TEXT", help="Why: returned, lost, miscounted.")
@_writing
@JSON
def correct(
    client: str, key: str, of: str, amounts: tuple[str, ...], reason: str, place: str, take_over: bool, accept_gap: bool,
    as_json: bool,
) -> None:  # fmt: skip
    """Restate the amounts of something committed."""
    from penstock.ledger import Correct

    _ask(place, take_over, accept_gap, as_json,
         lambda desk: Correct(client, key, (client, of), _legs(desk, amounts), reason))  # fmt: skip


@ledger.command()
@_writing
def expire(place: str, take_over: bool, accept_gap: bool) -> None:
    """Release every reservation whose time has run out; a writer at work does so by itself."""
    with _desk(place, take_over, accept_gap) as desk:
        before = desk.state.seq
        desk.writer.sweep()
        click.echo(t("{number} reservations have lapsed.", number=desk.state.seq - before))


@ledger.command()
@click.argument("bucket")
@_ON
@click.option("--uplift", default="0", show_default=True, metavar="FRACTION", help="By an agreement: 1 doubles an allocation.")
@click.option("--cap", type=int, metavar="TPP", help="A cap of an agreement's own; else the rulebook says it.")
@click.option("--cite", metavar="TEXT", help="The authority for --cap.")
@_CLIENT
@_KEY
@_writing
@JSON
def recap(
    bucket: str, on: str, uplift: str, cap: int | None, cite: str | None, client: str, key: str, place: str, take_over: bool,
    accept_gap: bool, as_json: bool,
) -> None:  # fmt: skip
    """Set the cap of a bucket to what the rulebook says on a day; below what is used, a breach is opened."""
    from penstock.ledger import Recap
    from penstock.ledger.quota import law_quota
    from penstock.terms.errors import BadNumber, MissingRequired
    from penstock.terms.numbers import exact

    try:
        raised = exact(uplift)
    except ValueError:
        raised = -1
    if not 0 <= raised <= 1:
        raise BadNumber("--uplift is a fraction from 0 to 1", at="--uplift", value=uplift)
    quota = law_quota(bucket, day_of(on, "--on"), None, raised) if cap is None else None
    new, authority = (cap, cite) if quota is None else (quota.cap, cite or quota.cite)
    if new is None or not authority:
        raise MissingRequired("No table of the law caps this bucket: give --cap and --cite", at="--cap", value=bucket)

    def make(desk: Desk) -> Request:
        number = desk.open([quota])[0].number if quota else desk.bucket(bucket).number
        return Recap(client, key, number, new, authority)

    _ask(place, take_over, accept_gap, as_json, make)


@ledger.command()
@click.argument("basis")
@click.option("--total", required=True, type=int, metavar="TPP", help="The total attested.")
@click.option("--as-of", required=True, metavar="DATE", help="The day it speaks of.")
@click.option("--document", "paper", required=True, metavar="FILE", help="The attestation; its SHA-256 is recorded.")
@_CLIENT
@_KEY
@_writing
@JSON
def attest(
    basis: str, total: int, as_of: str, paper: str, client: str, key: str, place: str, take_over: bool, accept_gap: bool,
    as_json: bool,
) -> None:  # fmt: skip
    """Attest a denominator that share limits are taken of, such as compute/HOLDER or us_volume/CHIP."""
    import hashlib

    from penstock.ledger import Attest
    from penstock.terms.errors import FileUnusable

    try:
        digest = hashlib.sha256(Path(paper).read_bytes()).hexdigest()
    except OSError as error:
        raise FileUnusable(f"{paper} cannot be read: {error.strerror}", value=paper) from None
    _ask(place, take_over, accept_gap, as_json, lambda desk: Attest(client, key, basis, total, as_of, digest))


@ledger.command("close")
@click.argument("bucket")
@_CITE
@_CLIENT
@_KEY
@_writing
@JSON
def close(bucket: str, cite: str, client: str, key: str, place: str, take_over: bool, accept_gap: bool, as_json: bool) -> None:
    """Close a bucket whose time is over or whose rule is repealed; its history and open reservations stay."""
    from penstock.ledger import Close

    _ask(place, take_over, accept_gap, as_json, lambda desk: Close(client, key, desk.bucket(bucket).number, cite))


@ledger.command()
@click.argument("bucket")
@click.option(
    "--to-regime", required=True, metavar="NAME", callback=told_of_stacks, help="The regime in which it counts from now on."
)
@_ON
@_CITE
@_CLIENT
@_KEY
@_writing
@JSON
def carry(
    bucket: str, to_regime: str, on: str, cite: str, client: str, key: str, place: str, take_over: bool, accept_gap: bool,
    as_json: bool,
) -> None:  # fmt: skip
    """Close a bucket and count what it holds, reserved or committed, in that of another regime, once.

    A cap that is smaller there opens a breach.
    """
    from penstock.apps.cli import ledger_text

    with _desk(place, take_over, accept_gap) as desk:
        answer = desk.carry(bucket, to_regime, day_of(on, "--on"), cite, client, key)
        ledger_text.answer(answer, desk.state, as_json)


# ---- ship


@click.command()
@click.argument("file", metavar="FILE|-")
@_deciding
@_writing
@JSON
def ship(
    file: str, on: str, known: str | None, regime: str, stance: str, client: str, key: str, site: str | None, place: str,
    take_over: bool, accept_gap: bool, as_json: bool,
) -> None:  # fmt: skip
    """Decide a shipment, take its quota and record it in one step; nothing is taken when it may not proceed."""
    from penstock.apps.cli import ledger_text

    with _desk(place, take_over, accept_gap) as desk:
        done = desk.ship(document_of(file), client, key, stance, day_of(on, "--on"), known_of(known), regime, site=site)
        ledger_text.shipment(done, desk.state, as_json)
