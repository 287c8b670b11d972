"""What ``penstock ledger`` and ``penstock ship`` print: one sentence first, then the figures."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from penstock.apps.cli.language import code, named, say, t, told
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

_PERIOD = re.compile(r"(\d{4}-\d\d-\d\d) to (\d{4}-\d\d-\d\d)")
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


def answer(given: Answer, state: State, as_json: bool) -> None:
    """Print the answer to one request: granted or refused, why, and the room left."""
    short = short_of(given, state)
    if as_json:
        click.echo(dump_json({"event": given.event, "repeated": given.repeated, "short": short}))
        return
    parts = {"seq": given.seq, "again": t(" (recorded before, under the same key)") if given.repeated else ""}
    if given.ok:
        say(t("Done: {kind} is event {seq}{again}.", kind=given.event["do"]["kind"], **parts))
    else:
        say(t("Refused: {why}; this is event {seq}{again}.", why=told(_WHY[given.event["why"]]), **parts))
    _short(short)
    for number in given.event.get("breach", ()):
        say(t("breach opened in {bucket}", bucket=state.buckets[number].name), 2)
    for number in given.event.get("healed", ()):
        say(t("breach healed in {bucket}", bucket=state.buckets[number].name), 2)


def _short(short: Sequence[Mapping[str, Any]]) -> None:
    for entry in short:
        left, asked = f"{entry['headroom_tpp']:,}", f"{entry['asked_tpp']:,}"
        say(t("{bucket}: {left} TPP left, {asked} asked", bucket=entry["bucket"], left=left, asked=asked), 2)


def shipment(done: Shipment, state: State, as_json: bool) -> None:
    """Print what became of a shipment."""
    refused = [given for given in done.answers if not given.ok]
    short = [entry for given in refused for entry in short_of(given, state)]
    if as_json:
        click.echo(dump_json(_shipment_document(done, short)))
        return
    stance = None if done.determination is None else done.determination.stance(done.stance)
    if done.recorded:
        again = t(" It was recorded before, under the same key.") if done.answers[0].repeated else ""
        path = done.record.document["path"] if done.record else ""
        say(t("Shipped under {path}: recorded as event {seq}.", path=path, seq=done.answers[-1].seq) + again)
    elif refused:
        say(t("Not shipped: {why}; nothing was taken.", why=told(_WHY[refused[0].event["why"]])))
    elif stance is not None:
        parts = {"stance": code("stance", done.stance), "outcome": named("outcome", stance.outcome),
                 "said": code("may_proceed", stance.may_proceed)}  # fmt: skip
        say(t("Not shipped: by the law as {stance}, {outcome}; may proceed: {said}. Nothing was taken.", **parts))
    _short(short)
    for name, amount in done.record.document["debits"] if done.record and done.recorded else ():
        bucket = state.bucket(name)
        left = None if bucket is None else bucket.headroom
        room = t("no limit") if left is None else t("{left} TPP left", left=f"{left:,}")
        say(t("{amount} TPP of {bucket}: {room}", amount=f"{amount:,}", bucket=name, room=room), 2)


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
        closed = t(" closed, carried into another") if bucket.carried else t(" closed")
        click.echo(f"{bucket.name} [{bucket.cite}]" + (closed if bucket.closed else ""))
        held = {"committed": f"{bucket.committed:,}", "reserved": f"{bucket.reserved:,}"}
        if bucket.cap is None:
            line = t("committed {committed} + reserved {reserved} no limit TPP", **held)
        else:
            line = t("committed {committed} + reserved {reserved} of {cap} TPP", **held, cap=f"{bucket.cap:,}")
        room = "" if bucket.headroom is None or bucket.closed else t(", {left} left", left=f"{bucket.headroom:,}")
        click.echo(f"  {line}{room}")
        if bucket.breach_seq is not None:
            click.echo("  " + t("in breach since event {seq}: more is used than the cap allows", seq=bucket.breach_seq))
    for basis in bases:
        parts = {"basis": basis["basis"], "total": f"{basis['total_tpp']:,}", "day": basis["as_of"]}
        click.echo(t("{basis}: {total} TPP attested as of {day}", **parts))
    if not buckets:
        click.echo(t("No bucket is open."))


def events(found: Sequence[Mapping[str, Any]], names: Sequence[str]) -> None:
    """Print events, one line each."""
    for event in found:
        do = event["do"]
        said = "" if event["ok"] else t(" refused: {why}", why=told(_WHY[event["why"]]))
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
        parts = {"events": f"{done.events:,}", "root": done.root.hex(), "signed": ""}
        if done.checkpoint is not None:
            parts["signed"] = t(", of which {number} are under a signed checkpoint", number=f"{done.checkpoint:,}")
        say(t("Sound: {events} events replayed from zero, byte for byte{signed}. Root {root}.", **parts))
    else:
        say(t("Not sound: {faults} faults, the first of them:", faults=len(done.faults)))
    for fault in done.faults[:20]:
        say(told(fault), 2)


def duties(found: Sequence[Owed]) -> None:
    """Print duties in order of their dates."""
    for duty in found:
        due = t("before shipment") if duty.due is None else str(duty.due)
        period = _PERIOD.fullmatch(duty.about)
        about = t("{low} to {high}", low=period[1], high=period[2]) if period else duty.about
        parts = {"duty": f"{duty.id} [{duty.cite}]", "to": code("recipient", duty.to), "party": duty.party, "about": about}
        say(f"{due}  " + t("{duty} to {to}: {party}, {about}. {text}", **parts, text=told(duty.text)))
    if not found:
        click.echo(t("Nothing is owed."))


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
    click.echo(t("{number} documents written to {folder}", number=len(found), folder=folder), err=True)
