"""License cases as they are kept: events appended in order, one transaction each, and what is read from them.

The events are the truth; the state beside them is a snapshot that :meth:`LicensingStore.verify` compares with a replay.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from attrs import frozen

from penstock.licensing import Case, Event, Obligation, Statute, as_of, check_day, event_document, next_state, read_event, replay
from penstock.licensing.case import decode, encode
from penstock.licensing.lapses import advance
from penstock.licensing.owed import obligations
from penstock.licensing.quota import QuotaLink, effects
from penstock.store import licensing_sql as sql
from penstock.store.licensing_engine import Engine, Work
from penstock.terms.errors import CaseChanged, EventRefused, FileUnusable, InternalError, UnknownCase
from penstock.terms.numbers import dump_json
from penstock.terms.suggest import nearest

__all__ = ["Entry", "LicensingStore"]

_NEVER = 2**31  # a case that owes nothing is due on no day
_FIRST_HASH = ""


@frozen
class Entry:
    """One stored event: its place in the case, the event, the hash of the law it was taken under, and its link in the chain."""

    seq: int
    event: Event
    law_hash: str
    hash: str


class LicensingStore:
    """License cases in a database: open, append, read and verify.

    ``law_of`` gives the statute of a day and ``hash_of`` the hash of the law it is from; ``today`` gives the day on which
    events are told, as an ordinal.  ``quota`` takes part in every transaction that moves a case between pending, licensed
    and ended.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        law_of: Callable[[int], Statute],
        hash_of: Callable[[int], str],
        today: Callable[[], int],
        quota: QuotaLink | None = None,
    ) -> None:
        self._engine = engine
        self._law_of = law_of
        self._hash_of = hash_of
        self._today = today
        self._quota = quota
        try:
            engine.prepare()
        except BaseException:
            engine.close()
            raise

    # ---- writing

    def open(self, id: str, event: Event, facts: Mapping[str, Any] | None = None, transaction_key: str = "") -> Case:
        """Register a case; EventRefused where it exists or another one for the same transaction is pending (748.4(f))."""
        check_day(event, self._today())
        case, _ = next_state(None, event, self._law_of(event.on), id)
        document = dict(facts or {})
        with self._writing() as work:
            work.guard()
            if work.one(sql.CASE, (id,)):
                raise EventRefused(f"{id} is registered already (748.4(f))", at="case", value=id)
            twin = work.one(sql.PENDING_TWIN, (transaction_key,)) if transaction_key else None
            if twin:
                raise EventRefused(f"{twin[0]} is pending for the same transaction (748.4(f))", at="case", value=twin[0],
                                   hint="Wait until it is decided, or withdraw it.")  # fmt: skip
            work.run(sql.ADD_CASE, (id, case.kind, transaction_key, dump_json(document, indent=None), *self._state(case)))
            self._add_event(work, case, event, _FIRST_HASH)
            self._move_quota(work, None, case, document, event)
        return case

    def append(self, id: str, event: Event, expected: int | None = None) -> tuple[Case, tuple[Obligation, ...]]:
        """Append an event; return the case after it and what is owed.

        ``expected`` is the version the writer has seen: CaseChanged where there is a later one.  Without it the event is
        judged against the case as it is now, so that agencies that write at the same time all are heard.
        Raises UnknownCase, and EventRefused for an event that the procedure does not admit or that is recorded already.
        """
        check_day(event, self._today())
        with self._writing() as work:
            row = work.one(sql.CASE, (id,), lock=True)
            if row is None:
                raise self._unknown(work, id)
            case = decode(json.loads(row[0]))
            self._check_new(work, case, event, expected)
            after, owed = next_state(case, event, self._law_of(event.on))
            (previous,) = work.one(sql.LAST_HASH, (id, case.version))
            self._add_event(work, after, event, previous)
            state, status, final, version, due = self._state(after)
            if work.run(sql.SET_CASE, (state, status, final, version, due, id, case.version)) != 1:
                raise CaseChanged(f"{id} was written to in between", at="case", value=id, hint="Read it again.")
            self._move_quota(work, case, after, json.loads(row[2]), event)
        return after, owed

    def sweep(self, on: int) -> list[Case]:
        """Note a day in every case that a passed period has changed, so that what hangs on it happens; return those cases."""
        law = self._law_of(on)
        moved = [case.id for case in self.open_cases(on) if case.at <= on and advance(case, on, law).status != case.status]
        return [self.append(id, Event("tick", on, "Clock"))[0] for id in moved]

    def _check_new(self, work: Work, case: Case, event: Event, expected: int | None) -> None:
        if expected is not None and expected != case.version:
            raise CaseChanged(f"{case.id} has had {case.version} events since, not {expected}", at="case", value=expected,
                              nearest=case.version, hint="Read it again, then decide again.")  # fmt: skip
        known = work.one(sql.EVENT_WITH_ID, (case.id, event.id)) if event.id else None
        if known:
            raise EventRefused(f"The event {event.id} is recorded already, as number {known[0]} (750.4(a)(2))", at="event.id",
                               value=event.id, hint="The case is unchanged.")  # fmt: skip

    def _state(self, case: Case) -> tuple[str, str, int, int, int]:
        owed = obligations(case, self._law_of(case.at))
        due = min((one.due for one in owed), default=_NEVER)
        if case.assured:
            due = min(due, case.assured)
        return json.dumps(encode(case), separators=(",", ":")), case.status, int(case.final), case.version, due

    def _add_event(self, work: Work, case: Case, event: Event, previous: str) -> None:
        body = dump_json(event_document(event), indent=None)
        law = self._hash_of(event.on)
        name = event.id or f"{case.id}/{case.version}"
        work.run(sql.ADD_EVENT, (case.id, case.version, name, body, law, _link(previous, case, body, law)))

    def _move_quota(self, work: Work, before: Case | None, after: Case, facts: Mapping[str, Any], event: Event) -> None:
        """Do with the quota what the step does, as the last of the transaction."""
        if self._quota is None:
            if "quota" in facts and effects(before, after):
                raise FileUnusable(f"{after.id} draws on a ledger, and none takes part here", at="case", value=after.id)
            return
        for effect in effects(before, after, self._quota.reserves(facts)):
            self._quota.apply(work.connection, effect, after, facts, event)

    @contextmanager
    def _writing(self) -> Iterator[Work]:
        try:
            with self._engine.transaction() as work:
                yield work
        finally:
            if self._quota is not None:
                self._quota.done()

    # ---- reading

    def case(self, id: str) -> Case:
        """Return a case as of its last event; UnknownCase offers the nearest name."""
        return self._read(id)[0]

    def facts(self, id: str) -> dict[str, Any]:
        """Return what a case was opened with."""
        return self._read(id)[1]

    def _read(self, id: str) -> tuple[Case, dict[str, Any]]:
        with self._engine.transaction() as work:
            row = work.one(sql.CASE, (id,))
            if row is None:
                raise self._unknown(work, id)
        return decode(json.loads(row[0])), json.loads(row[2])

    def _unknown(self, work: Work, id: str) -> UnknownCase:
        names = [name for (name,) in work.all(sql.ALL_CASES)]
        return UnknownCase(f"No case is called {id!r}", at="case", value=id, nearest=nearest(id, names),
                           hint="`penstock license queue` lists the open ones.")  # fmt: skip

    def entries(self, id: str) -> list[Entry]:
        """Return the events of a case in order; UnknownCase where there is none."""
        with self._engine.transaction() as work:
            rows = work.all(sql.EVENTS, (id,))
            if not rows:
                raise self._unknown(work, id)
        return [Entry(seq, read_event(json.loads(body)), law, chained) for seq, _, body, law, chained in rows]

    def ids(self) -> list[str]:
        """Return the names of all cases."""
        with self._engine.transaction() as work:
            return [name for (name,) in work.all(sql.ALL_CASES)]

    def open_cases(self, due_by: int = _NEVER) -> list[Case]:
        """Return the cases that are not final, the earliest due date first; with a day, those in which something is due by it."""
        with self._engine.transaction() as work:
            rows = work.all(sql.OPEN_CASES, (due_by,))
        return [decode(json.loads(state)) for (state,) in rows]

    def owed(self, on: int, due_by: int = _NEVER) -> Iterator[tuple[Case, Obligation]]:
        """Yield what is owed in the open cases as of a day, the earliest due date first."""
        law = self._law_of(on)
        found = []
        for case in self.open_cases(due_by):
            now, owed = as_of(case, on, law)
            found += [(one.due, now.id, n, now, one) for n, one in enumerate(owed) if one.due <= due_by]
        for _, _, _, now, one in sorted(found, key=lambda row: row[:3]):
            yield now, one

    def verify(self) -> list[str]:
        """Return what is wrong: chains that do not link, snapshots that a replay does not give; nothing where all is well."""
        return [fault for id in self.ids() for fault in self._faults(id)]

    def _faults(self, id: str) -> Iterator[str]:
        entries = self.entries(id)
        kept, facts = self._read(id)
        previous = _FIRST_HASH
        for place, entry in enumerate(entries, 1):
            body = dump_json(event_document(entry.event), indent=None)
            if entry.seq != place or entry.hash != _link(previous, kept._replace(version=place), body, entry.law_hash):
                yield f"{id}: event {place} does not link to the one before"
            previous = entry.hash
        told = replay(id, (entry.event for entry in entries), self._law_of)
        if told is None:
            raise InternalError(f"{id} has no events")
        if told != kept:
            yield f"{id}: the events make it {told.status}, kept is {kept.status}"
        if self._quota is not None:
            with self._engine.transaction() as work:
                differs = self._quota.fault(work.connection, kept, facts)
            if differs:
                yield f"{id}: {differs}"

    def close(self) -> None:
        """Close the store."""
        self._engine.close()


def _link(previous: str, case: Case, body: str, law: str) -> str:
    """Return the hash of an event in its chain."""
    return hashlib.sha256("\n".join((previous, case.id, str(case.version), law, body)).encode()).hexdigest()
