"""The quota ledger inside the transaction of a license case: both are in one database, and are written together or not at all.

The ledger has one writer at a time.  A license event becomes that writer within its own transaction, for as long as it lasts:
its token, its events, its balances and the event of the case have one commit.  Whatever fails undoes all of them.
"""

from __future__ import annotations

import datetime as dt
import os
import socket
import sqlite3
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from penstock.ledger import Commit, Request, Void
from penstock.ledger.quota import debits
from penstock.ledger.records import record_of
from penstock.ledger.requests import op_id
from penstock.ledger.state import Op, OpState
from penstock.licensing import Case, Event
from penstock.licensing.events import refuse
from penstock.licensing.quota import holding
from penstock.store.backend import Backend, no_failpoint
from penstock.store.clock import ledger_clock
from penstock.store.create import is_postgres
from penstock.store.desk import Desk, short_of
from penstock.store.engine import Answer, Engine
from penstock.store.writer import Records, Writer
from penstock.terms.documents import read_facts
from penstock.terms.errors import FileUnusable, MissingRequired, PenstockError, WriterPresent

__all__ = ["CLIENT", "LedgerQuota", "check_same_database"]

CLIENT = "license"
"""The client under which cases draw on a ledger; their keys are the name of the case and a number."""
_WAIT_S, _PAUSE_S = 5.0, 0.02
_HELD = {OpState.RESERVED: "reserved", OpState.COMMITTED: "committed"}
_IDENTITY = "SELECT pg_postmaster_start_time(), current_database(), current_schema()"


class _Direct(Writer):
    """A writer without a thread, for the one transaction that is open."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def ask(self, request: Request, records: Records = (), timeout: float | None = None) -> Answer:
        (answer,) = self.engine.run([request], records)
        if isinstance(answer, PenstockError):
            raise answer
        return answer

    def event(self, client: str, key: str) -> Mapping[str, Any] | None:
        return self.engine.event_of(client, key)


class LedgerQuota:
    """The link of a store of cases to the ledger in the same database (:class:`penstock.licensing.quota.QuotaLink`).

    A case draws on it where it was opened with ``quota: {stance, reserve}`` among its facts.  ``gap_accepted`` says that the
    clock is right although the last event of the ledger is long ago; ``failpoint`` is for tests.
    """

    def __init__(self, *, gap_accepted: bool = False, failpoint: Callable[[str], None] = no_failpoint) -> None:
        self._gap_accepted = gap_accepted
        self._failpoint = failpoint
        self._engine: Engine | None = None

    def reserves(self, facts: Mapping[str, Any]) -> bool:
        """Say whether a case that was opened with ``facts`` holds what it asks for while it is pending."""
        return bool(facts.get("quota", {}).get("reserve"))

    def apply(self, connection: Any, effect: str, case: Case, facts: Mapping[str, Any], event: Event) -> None:
        """Carry out an effect for a case; EventRefused where the quota does not hold it, WriterPresent beside another writer."""
        if "quota" not in facts:
            return
        desk = Desk(_Direct(self._writer(connection)))
        self._failpoint(effect)
        keys = _reservations(_backend(connection), case)
        held = next((key for key, op in keys.items() if op.state is OpState.RESERVED), "")
        if effect != "void" and not held:
            held = _reserve(desk, case, facts, event, _key(case.id, len(keys) + 1))
        if effect in ("commit", "take") and held:
            _commit(desk, facts, event, held)
        if effect == "void" and held:
            _granted(desk.writer.ask(Void(CLIENT, f"{held} void", (CLIENT, held))), desk, event)

    def done(self) -> None:
        """Let go of the ledger: the transaction is over, one way or the other."""
        if self._engine is not None:
            self._engine.close()
            self._engine = None

    def fault(self, connection: Any, case: Case, facts: Mapping[str, Any]) -> str:
        """Return how what the ledger holds for a case differs from what it should hold; nothing where it does not."""
        if "quota" not in facts:
            return ""
        wanted = holding(case)
        if wanted == "reserved" and not self.reserves(facts):
            wanted = ""
        last = max(_reservations(_backend(connection), case).values(), key=lambda op: op.seq, default=None)
        held = _HELD.get(last.state, "") if last else ""
        return "" if held == wanted else f"the ledger holds {held or 'nothing'} for it, and it should be {wanted or 'nothing'}"

    def _writer(self, connection: Any) -> Engine:
        """Return the writer of this transaction; another license event is waited for, any other writer refuses this one."""
        if self._engine is None:
            backend = _backend(connection)
            clock = ledger_clock(backend.head().time, gap_accepted=self._gap_accepted)
            give_up = time.monotonic() + _WAIT_S
            while self._engine is None:
                try:
                    self._engine = Engine(backend, clock, f"{socket.gethostname()} {os.getpid()}", failpoint=self._failpoint)
                except WriterPresent:
                    if time.monotonic() > give_up:
                        raise
                    time.sleep(_PAUSE_S)
        return self._engine


def _backend(connection: Any) -> Backend:
    from penstock.store.inside import InPostgres, InSqlite  # only where a case draws on a ledger: the lock of a file is Unix

    return InSqlite(connection) if isinstance(connection, sqlite3.Connection) else InPostgres(connection)


def _key(id: str, number: int) -> str:
    return f"{id} {number}"


def _reservations(backend: Backend, case: Case) -> dict[str, Op]:
    """Return what was reserved for a case, by key; a case reserves again where an appeal has opened it again."""
    ids = {op_id(CLIENT, _key(case.id, n)): _key(case.id, n) for n in range(1, case.version + 1)}
    return {ids[id]: op for id, op in backend.ops(list(ids)).items()}


def _reserve(desk: Desk, case: Case, facts: Mapping[str, Any], event: Event, key: str) -> str:
    """Hold what the transaction of a case draws on by the law of a day; return the key, or nothing where it draws on none."""
    stance = facts["quota"]["stance"]
    answer = desk.decide(facts["transaction"], dt.date.fromordinal(event.on))
    wanted = debits(answer, stance)
    if wanted:
        record = record_of(answer, stance, wanted, facts["transaction"], {"client": CLIENT, "key": key})
        _granted(desk.reserve(wanted, CLIENT, key, None, record), desk, event)
    elif event.kind == "registered":
        raise MissingRequired(f"{case.id} draws on no quota by the law of {answer.on} as {stance}", at="--ledger", value=case.id,
                              hint="Open it without --ledger.")  # fmt: skip
    return key if wanted else ""


def _commit(desk: Desk, facts: Mapping[str, Any], event: Event, of: str) -> None:
    """Take what is held, or the part of it that the license names; the rest is free again."""
    asked, issued = read_facts(facts["transaction"]).values.get("item.quantity"), event.data.get("quantity")
    held = desk.writer.event(CLIENT, of)
    legs = None
    if held is not None and asked and issued is not None and issued != asked:
        if issued > asked:
            refuse(event, f"{issued} are more than the {asked} applied for", "750.7(a)(1)", nearest_=asked)
        legs = tuple((number, -(-amount * issued // asked)) for number, amount in held["do"]["legs"])
    _granted(desk.writer.ask(Commit(CLIENT, f"{of} issued", (CLIENT, of), legs)), desk, event)


def _granted(answer: Answer, desk: Desk, event: Event) -> None:
    """Refuse the event where the ledger refuses its part."""
    if answer.ok:
        return
    short = short_of(answer, desk.state)
    where = "; ".join(f"{s['bucket']} has {s['headroom_tpp']:,} TPP left, {s['asked_tpp']:,} are asked" for s in short)
    cite = desk.bucket(short[0]["bucket"]).cite if short else "the ledger"
    refuse(event, where or f"the ledger says {answer.event['why'].replace('_', ' ')}", cite)


def check_same_database(store: str, place: str) -> None:
    """Refuse a ledger that is not where the cases are: two databases cannot have one commit.

    >>> check_same_database("cases.db", "postgresql://localhost/quota")
    Traceback (most recent call last):
    penstock.terms.errors.FileUnusable: The cases are in cases.db and the ledger is not: they could not be written together
    """
    if is_postgres(store) and is_postgres(place):
        same = store == place or _identity(store) == _identity(place)
    else:
        same = not is_postgres(store) and not is_postgres(place) and Path(store).exists() and Path(store).samefile(place)
    if not same:
        where = store.rpartition("@")[2]
        raise FileUnusable(
            f"The cases are in {where} and the ledger is not: they could not be written together",
            at="--ledger", value=place.rpartition("@")[2], hint="Keep the cases in the ledger: --store with its address.",
        )  # fmt: skip


def _identity(address: str) -> tuple[Any, ...]:
    """Return what tells one schema of one running server from every other."""
    import psycopg

    try:
        with psycopg.connect(address) as connection:
            row = connection.execute(_IDENTITY).fetchone()
    except psycopg.Error as error:
        raise FileUnusable(f"The database cannot be reached: {str(error).strip()}", at="--ledger") from None
    return tuple(row or ())
