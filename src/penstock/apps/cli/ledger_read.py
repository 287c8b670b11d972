"""The readers' side of ``penstock ledger``: balances, history, proofs, checks, duties, the service and the demonstration."""

from __future__ import annotations

from pathlib import Path

import click

from penstock.apps.cli.language import t
from penstock.apps.cli.ledger import _PLACE, _desk, _reader
from penstock.apps.cli.options import JSON, day_of
from penstock.apps.cli.output import put

__all__ = ["register"]


def register(group: click.Group) -> None:
    """Add the commands to the group."""
    for command in (balance, history, prove, checkpoint, verify, duties, serve, demo):
        group.add_command(command)


@click.command()
@click.argument("bucket", required=False)
@_PLACE
@JSON
def balance(bucket: str | None, place: str, as_json: bool) -> None:
    """Show buckets: cap, what is reserved and committed, the room left, and breaches."""
    from penstock.apps.cli import ledger_text
    from penstock.store.history import Books

    with _reader(place) as backend:
        books = Books(backend)
        found = [b for b in books.buckets if bucket is None or b.name == bucket or b.name.startswith(bucket)]
        bases = [{"basis": b.name, "total_tpp": b.total, "as_of": b.as_of} for b in books.bases.values()]
    if as_json:
        put({"buckets": [b.document() for b in found], "denominators": bases})
    else:
        ledger_text.balances(found, bases)


@click.command()
@click.option("--from", "first", default=0, show_default=True, type=click.IntRange(0), metavar="SEQ", help="First event.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1), metavar="N", help="At most so many events.")
@_PLACE
@JSON
def history(first: int, limit: int, place: str, as_json: bool) -> None:
    """Show the events of the log in order."""
    from penstock.apps.cli import ledger_text
    from penstock.store.history import events

    with _reader(place) as backend:
        size = backend.head().seq
        found = list(events(backend, first, min(size, first + limit)))
        names = [bucket.name for bucket in backend.buckets()]
    put(found) if as_json else ledger_text.events(found, names)


@click.command()
@click.argument("seq", type=click.IntRange(0))
@click.option("--size", type=click.IntRange(1), metavar="N", help="Prove it in the tree of the first N events.")
@click.option("--since", "old", type=click.IntRange(0), metavar="N", help="Prove besides that the first N events are unchanged.")
@_PLACE
def prove(seq: int, size: int | None, old: int | None, place: str) -> None:
    """Print the proof that an event is in the log, as one JSON document."""
    from penstock.store.publish import prove_consistency, prove_inclusion

    with _reader(place) as backend:
        proof = prove_inclusion(backend, seq, size)
        if old is not None:
            proof["consistency"] = prove_consistency(backend, old, size)
    put(proof)


@click.command()
@click.option("--signing-key", required=True, metavar="FILE", help="The key that signs.")
@click.option("--publish", "folder", metavar="DIR", help="Write the static files others check the log by (C2SP tlog-tiles).")
@_PLACE
def checkpoint(signing_key: str, folder: str | None, place: str) -> None:
    """Sign the log as it stands, and publish it for others to check."""
    from penstock.store.create import open_backend, read_key
    from penstock.store.publish import publish, sign_head

    backend = open_backend(place)
    try:
        note = sign_head(backend, read_key(signing_key))
        click.echo(note, nl=False)
        if folder:
            click.echo(t("{number} files written to {folder}", number=publish(backend, folder, note), folder=folder), err=True)
    finally:
        backend.close()


@click.command()
@click.option("--against", metavar="FILE", help="A checkpoint of an earlier day, kept elsewhere.")
@click.option("--chain-only", is_flag=True, help="Follow the hashes only; much quicker, and no balance is checked.")
@_PLACE
@JSON
def verify(against: str | None, chain_only: bool, place: str, as_json: bool) -> int:
    """Replay the log from zero and compare it, byte for byte, with everything that is kept; exit 1 if anything differs."""
    from penstock.apps.cli import ledger_text
    from penstock.store import verify as checks
    from penstock.terms.errors import FileUnusable

    try:
        earlier = None if against is None else Path(against).read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        raise FileUnusable(f"{against} cannot be read", value=against) from None
    with _reader(place) as backend:
        if chain_only:
            size, head = checks.chain(backend)
            holds = t("The chain of {events} events holds.", events=f"{size:,}")
            put({"events": size, "head": head.hex()}) if as_json else click.echo(holds)
            return 0
        done = checks.verify(backend, earlier)
    ledger_text.verified(done, as_json)
    return 0 if done.ok else 1


@click.command()
@click.option("--on", required=True, metavar="DATE", help="Date of the law that dates the periods.")
@click.option("--until", required=True, metavar="DATE", help="Duties that fall due up to this day.")
@click.option("--draft", "folder", metavar="DIR", help="Write each as a document ready to be checked and signed.")
@_PLACE
@JSON
def duties(on: str, until: str, folder: str | None, place: str, as_json: bool) -> None:
    """Show the reports and notices that the shipments in the ledger oblige to, with their dates."""
    from penstock.apps.cli import ledger_text
    from penstock.decision.library import book
    from penstock.ledger.duties import owed
    from penstock.store.history import shipments

    day, last = day_of(on, "--on"), day_of(until, "--until")
    with _reader(place) as backend:
        found = owed(shipments(backend), book().law(day), last)
    if folder:
        ledger_text.drafts(found, folder)
    if as_json:
        put([duty.document() for duty in found])
    else:
        ledger_text.duties(found)


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8470, show_default=True, type=click.IntRange(1, 65_535), help="Port to listen on.")
@click.option("--accept-gap", is_flag=True, help="The clock is right, although the last event is long ago.")
@click.option("--take-over", is_flag=True, help="Replace a writer that no longer answers.")
@_PLACE
def serve(host: str, port: int, accept_gap: bool, take_over: bool, place: str) -> None:
    """Serve the ledger over HTTP: this process is the writer, and reads go on beside it."""
    from penstock.apps.ledger_service import run

    with _desk(place, take_over, accept_gap) as desk:
        run(desk.writer, place, host, port)


@click.command()
@click.option("--buyers", default=16, show_default=True, type=click.IntRange(1, 256), help="How many buy at once.")
def demo(buyers: int) -> int:
    """Show it on real figures: Malaysia's allocation, a killed writer, both verifiers, an agreement, a reform."""
    from penstock.apps.ledger_demo import show

    return show(buyers, click.echo)
