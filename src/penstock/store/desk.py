"""The ledger's desk: what people ask for in documents and names, brought to the writer as requests and numbers."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from attrs import frozen

from penstock.decision import Determination, decide_facts
from penstock.ledger.counters import with_counters
from penstock.ledger.quota import Debit, Quota, debits, quota_under
from penstock.ledger.records import Record, record_of
from penstock.ledger.requests import Carry, Commit, Note, Open, Recap, Reserve
from penstock.ledger.state import Bucket, State
from penstock.store.engine import Answer
from penstock.store.writer import Records, Writer
from penstock.terms.documents import read_facts
from penstock.terms.errors import BadEnum, ConflictingFacts
from penstock.terms.numbers import dump_json
from penstock.terms.suggest import nearest

__all__ = ["LAW", "Desk", "Shipment", "short_of"]

LAW = "law"
"""The client under which buckets are opened and recapped from the rulebook."""
_MAY = ("clear", "with_conditions")


@frozen
class Shipment:
    """What became of a shipment: the determination, what it draws on, and the events, if anything was recorded."""

    determination: Determination | None
    stance: str
    debits: tuple[Debit, ...]
    recorded: bool
    answers: tuple[Answer, ...] = ()
    record: Record | None = None


def short_of(answer: Answer, state: State) -> list[dict[str, Any]]:
    """Return, for every bucket that was too small, its name, the headroom and what was asked."""
    return [
        {"bucket": state.buckets[number].name, "headroom_tpp": headroom, "asked_tpp": asked}
        for number, headroom, asked in answer.event.get("short", ())
    ]


class Desk:
    """A writer, spoken to in names."""

    def __init__(self, writer: Writer) -> None:
        self.writer = writer

    @property
    def state(self) -> State:
        """Return the balances; they change as the writer goes on."""
        return self.writer.engine.state

    def bucket(self, name: str) -> Bucket:
        """Return the bucket of a name; BadEnum with the nearest name when there is none."""
        found = self.state.bucket(name)
        if found is None:
            raise BadEnum(f"No bucket is called {name!r}", at="bucket", value=name, nearest=nearest(name, self.state.numbers),
                          hint="penstock ledger balance")  # fmt: skip
        return found

    def open(self, quotas: Iterable[Quota]) -> list[Bucket]:
        """Return the buckets of quotas, opened from the rulebook where the ledger has none yet."""
        out = []
        for quota in quotas:
            if self.state.bucket(quota.name) is None:
                self._open(quota)
            out.append(self.bucket(quota.name))
        return out

    def _open(self, quota: Quota) -> None:
        cap = None if quota.share else quota.cap
        request = Open(LAW, f"open {quota.name}", quota.name, cap, quota.cite or quota.kind, quota.share, quota.basis)
        try:
            self.writer.ask(request)
        except ConflictingFacts:
            return  # somebody opened it at the same time, from the law of another day

    def recap(self, quota: Quota, key: str) -> Answer:
        """Set the cap of a bucket to what the rulebook says, for instance after an agreement."""
        (bucket,) = self.open([quota])
        return self.writer.ask(Recap(LAW, key, bucket.number, quota.cap, quota.cite))

    def carry(self, name: str, regime: str, on: dt.date, cite: str, client: str, key: str) -> Answer:
        """Close a bucket and count what it holds in that of another regime, opened from the law of a day where needed.

        No rule says by itself that a new regime counts what was taken under the old one: ``cite`` is the authority for it.
        """
        source = self.bucket(name)
        quota = quota_under(f"{name.rpartition('@')[0]}@{regime}", on)
        (bucket,) = self.open([quota])
        return self.writer.ask(Carry(client, key, source.number, bucket.number, cite))

    def legs(self, amounts: Iterable[Debit]) -> tuple[tuple[int, int], ...]:
        """Return debits as legs, their buckets opened."""
        wanted = list(amounts)
        buckets = self.open(debit.quota for debit in wanted)
        pairs = [(bucket.number, debit.amount) for bucket, debit in zip(buckets, wanted, strict=True)]
        return tuple(sorted(pairs))

    def reserve(
        self, amounts: Sequence[Debit], client: str, key: str, hold_s: int | None = None, record: Record | None = None
    ) -> Answer:
        """Reserve debits all or nothing, opening their buckets where needed."""
        request = Reserve(client, key, self.legs(amounts), hold_s, record.sha256 if record else "")
        return self.writer.ask(request, _kept(record))

    # ---- from documents

    def decide(
        self, document: Mapping[str, Any], on: dt.date, known: dt.date | None = None, regime: str = "actual",
        switches: Mapping[str, Any] | None = None,
    ) -> Determination:  # fmt: skip
        """Decide a document with the counters of this ledger."""
        facts = with_counters(read_facts(document), self.state, on, known, regime, switches)
        return decide_facts(facts, on, known, regime, switches)

    def ship(
        self, document: Mapping[str, Any], client: str, key: str, stance: str, on: dt.date, known: dt.date | None = None,
        regime: str = "actual", switches: Mapping[str, Any] | None = None, site: str | None = None,
    ) -> Shipment:  # fmt: skip
        """Decide, reserve and record a shipment in one step; nothing is reserved when the decision does not allow it.

        The same key with the same document gives what was recorded the first time.  ``site`` names the data center it goes to.
        """
        asked = {"client": client, "key": key} | ({} if site is None else {"site": site})
        earlier = self._earlier(document, client, key, stance, on, site)
        if earlier is not None:
            return earlier
        answer = self.decide(document, on, known, regime, switches)
        wanted = debits(answer, stance)
        if not _may_proceed(answer, stance):
            return Shipment(answer, stance, wanted, recorded=False)
        record = record_of(answer, stance, wanted, document, asked)
        if not wanted:
            noted = self.writer.ask(Note(client, key, record.sha256), _kept(record))
            return Shipment(answer, stance, wanted, noted.ok, (noted,), record)
        reserved = self.reserve(wanted, client, key, record=record)
        if not reserved.ok:
            return Shipment(answer, stance, wanted, recorded=False, answers=(reserved,), record=record)
        committed = self._commit(client, key, record)
        return Shipment(answer, stance, wanted, committed.ok, (reserved, committed), record)

    def _commit(self, client: str, key: str, record: Record) -> Answer:
        return self.writer.ask(Commit(client, f"{key} shipped", (client, key), None, record.sha256))

    def _earlier(
        self, document: Mapping[str, Any], client: str, key: str, stance: str, on: dt.date, site: str | None
    ) -> Shipment | None:
        """Return the shipment a key was used for, its commit repeated; ConflictingFacts when it was another one."""
        event = self.writer.event(client, key)
        if event is None:
            return None
        content = self.writer.record(event["do"].get("record", ""))
        record = None if content is None else Record.read(content)
        same = record is not None and _asks(record.document) == _asks(_plain(document, stance, on) | {"site": site})
        if record is None or not same:
            raise ConflictingFacts(f"The key {key!r} of {client} was used for another shipment, event {event['seq']}", at="key",
                                   value=key, hint="A new shipment needs a new key.")  # fmt: skip
        first = Answer(event, repeated=True)
        answers = [first]
        if first.ok and event["do"]["kind"] == "reserve":
            answers.append(self._commit(client, key, record))
        return Shipment(None, stance, (), all(answer.ok for answer in answers), tuple(answers), record)


def _may_proceed(answer: Determination, stance: str) -> bool:
    """Say whether a shipment may go: allowed, and no paper that must precede it is known to be missing."""
    block = answer.stance(stance).block
    ways = [way for way in block["authorizations"]["available"] if way["id"] == block["path"]] or [block]
    unmet = [paper for paper in ways[0].get("conditions", ()) if paper["status"] == "unmet"]
    return block["may_proceed"] in _MAY and not unmet


def _plain(document: Mapping[str, Any], stance: str, on: dt.date) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(dump_json({"facts": document, "stance": stance, "on": on}))
    return body


def _asks(record: Mapping[str, Any]) -> tuple[Any, ...]:
    return record["facts"], record["stance"], record["on"], record.get("site")


def _kept(record: Record | None) -> Records:
    return () if record is None else ((record.sha256, record.content),)
