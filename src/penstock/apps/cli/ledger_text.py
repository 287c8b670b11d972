"""What ``penstock ledger`` and ``penstock ship`` print: one sentence first, then the figures."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from penstock.store.desk import short_of
from penstock.terms.errors import FileUnusable
from penstock.terms.numbers import dump_json

if TYPE_CHECKING:
    from penstock.ledger import Bucket, State
    from penstock.ledger.duties import Owed
    from penstock.store.desk import Shipment
    from penstock.store.engine import Answer
    from penstock.store.verify import Verified

__all__ = ["answer", "balances", "drafts", "duties", "events", "shipment", "verified"]

_WIDTH = 100
_WHY = {
    "over_quota": "the quota does not suffice",
    "closed": "the bucket is closed",
    "carried": "what it holds was carried into another bucket before",
    "unknown_bucket": "there is no such bucket",
    "unknown_operation": "there is no such reservation",
    "committed": "it is committed already",
    "voided": "it was voided",
    "lapsed": "its time has run out",
    "not_due": "its time has not run out",
    "not_a_reservation": "that key is no reservation",
    "not_committed": "it is not committed",
    "more_than_reserved": "that is more than was reserved",
    "exists": "there is a bucket of that name",
    "follows_denominator": "its cap follows an attested denominator",
    "older_than_attested": "a later attestation is there already",
}

_CLOSED = ("", " closed", " closed, carried into another")


def _say(text: str, indent: int = 0) -> None:
    click.echo(textwrap.fill(text, _WIDTH, initial_indent=" " * indent, subsequent_indent=" " * (indent + 2)))


def answer(given: Answer, state: State, as_json: bool) -> None:
    """Print the answer to one request: granted or refused, why, and the room left."""
    short = short_of(given, state)
    if as_json:
        click.echo(dump_json({"event": given.event, "repeated": given.repeated, "short": short}))
        return
    again = " (recorded before, under the same key)" if given.repeated else ""
    if given.ok:
        _say(f"Done: {given.event['do']['kind']} is event {given.seq}{again}.")
    else:
        _say(f"Refused: {_WHY[given.event['why']]}; this is event {given.seq}{again}.")
    _short(short)
    for key, words in (("breach", "breach opened in"), ("healed", "breach healed in")):
        for number in given.event.get(key, ()):
            _say(f"{words} {state.buckets[number].name}", 2)


def _short(short: Sequence[Mapping[str, Any]]) -> None:
    for entry in short:
        _say(f"{entry['bucket']}: {entry['headroom_tpp']:,} TPP left, {entry['asked_tpp']:,} asked", 2)


def shipment(done: Shipment, state: State, as_json: bool) -> None:
    """Print what became of a shipment."""
    refused = [given for given in done.answers if not given.ok]
    short = [entry for given in refused for entry in short_of(given, state)]
    if as_json:
        click.echo(dump_json(_shipment_document(done, short)))
        return
    stance = None if done.determination is None else done.determination.stance(done.stance)
    if done.recorded:
        again = " It was recorded before, under the same key." if done.answers[0].repeated else ""
        path = done.record.document["path"] if done.record else ""
        _say(f"Shipped under {path}: recorded as event {done.answers[-1].seq}.{again}")
    elif refused:
        _say(f"Not shipped: {_WHY[refused[0].event['why']]}; nothing was taken.")
    elif stance is not None:
        _say(f"Not shipped: by the law as {done.stance}, {stance.outcome.replace('_', ' ')}; may proceed: {stance.may_proceed}. "
             "Nothing was taken.")  # fmt: skip
    _short(short)
    for name, amount in done.record.document["debits"] if done.record and done.recorded else ():
        bucket = state.bucket(name)
        room = "no limit" if bucket is None or bucket.headroom is None else f"{bucket.headroom:,} TPP left"
        _say(f"{amount:,} TPP of {name}: {room}", 2)


def _shipment_document(done: Shipment, short: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    answer = done.determination
    return {
        "recorded": done.recorded,
        "stance": done.stance,
        "repeated": bool(done.answers) and done.answers[0].repeated,
        "events": [given.event for given in done.answers],
        "short": list(short),
        "record": None if done.record is None else done.record.document,
        "record_sha256": None if done.record is None else done.record.sha256,
        "determination": None if answer is None else answer.document(what_if=False)[done.stance],
    }


def balances(buckets: Sequence[Bucket], bases: Sequence[Mapping[str, Any]]) -> None:
    """Print buckets, one below the other."""
    for bucket in buckets:
        click.echo(f"{bucket.name} [{bucket.cite}]" + _CLOSED[bucket.closed + bucket.carried])
        cap = "no limit" if bucket.cap is None else f"of {bucket.cap:,}"
        room = "" if bucket.headroom is None or bucket.closed else f", {bucket.headroom:,} left"
        click.echo(f"  committed {bucket.committed:,} + reserved {bucket.reserved:,} {cap} TPP{room}")
        if bucket.breach_seq is not None:
            click.echo(f"  in breach since event {bucket.breach_seq}: more is used than the cap allows")
    for basis in bases:
        click.echo(f"{basis['basis']}: {basis['total_tpp']:,} TPP attested as of {basis['as_of']}")
    if not buckets:
        click.echo("No bucket is open.")


def events(found: Sequence[Mapping[str, Any]], names: Sequence[str]) -> None:
    """Print events, one line each."""
    for event in found:
        do = event["do"]
        said = "" if event["ok"] else f" refused: {_WHY[event['why']]}"
        what = do.get("bucket", "") if do["kind"] == "open" else ""
        legs = event.get("legs", do.get("legs")) or ()
        amounts = ", ".join(f"{amount:,} {names[number] if number < len(names) else number}" for number, amount in legs)
        click.echo(f"{event['seq']:>8} {do['kind']:8} {do['client']}/{do['key']} {what or amounts}{said}".rstrip())


def verified(done: Verified, as_json: bool) -> None:
    """Print what a check found."""
    if as_json:
        click.echo(dump_json({"ok": done.ok, "events": done.events, "root": done.root.hex(), "faults": list(done.faults),
                              "checkpoint": done.checkpoint}))  # fmt: skip
        return
    if done.ok:
        signed = f", of which {done.checkpoint:,} are under a signed checkpoint" if done.checkpoint is not None else ""
        _say(f"Sound: {done.events:,} events replayed from zero, byte for byte{signed}. Root {done.root.hex()}.")
    else:
        _say(f"Not sound: {len(done.faults)} faults, the first of them:")
    for fault in done.faults[:20]:
        _say(fault, 2)


def duties(found: Sequence[Owed]) -> None:
    """Print duties in order of their dates."""
    for duty in found:
        due = "before shipment" if duty.due is None else str(duty.due)
        _say(f"{due}  {duty.id} [{duty.cite}] to {duty.to}: {duty.party}, {duty.about}. {duty.text}")
    if not found:
        click.echo("Nothing is owed.")


def drafts(found: Sequence[Owed], folder: str) -> None:
    """Write each duty as a document."""
    from penstock.ledger.duties import draft

    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
        for number, duty in enumerate(found, 1):
            due = duty.due or "before-shipment"
            (Path(folder) / f"{number:03d}-{due}-{duty.id}.md").write_text(draft(duty), "utf-8")
    except OSError as error:
        raise FileUnusable(f"{folder} cannot be written: {error.strerror}", value=folder) from None
    click.echo(f"{len(found)} documents written to {folder}", err=True)
