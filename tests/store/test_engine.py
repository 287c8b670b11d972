"""The engine on both databases: what it answers, what it keeps, who may write."""

from __future__ import annotations

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from penstock.ledger import Attest, Commit, Correct, Open, Recap, Reserve, Void
from penstock.store.create import _engine
from penstock.store.schema import METADATA
from penstock.store.verify import chain, verify
from penstock.terms.errors import BadEnum, ConflictingFacts, Fenced, LedgerUnavailable, StaleCache, WriterPresent
from tests.ledger.worlds import CITE
from tests.store.places import Clock, asked, backend_at, engine_at, granted, with_buckets


def test_a_new_ledger_is_empty_and_sound(place: str) -> None:
    done = verify(backend_at(place))
    assert (done.events, done.ok, done.checkpoint) == (0, True, None)


def test_the_migrations_lead_to_the_schema(place: str) -> None:
    with _engine(place).connect() as db:
        found = compare_metadata(MigrationContext.configure(db), METADATA)
    assert found == []


def test_a_batch_is_answered_in_order(place: str) -> None:
    engine = with_buckets(place, 100, 50)
    requests = [Reserve("acme", f"k{n}", ((0, 30), (1, 10))) for n in range(5)]
    assert asked(engine, *requests) == [True, True, True, False, False]
    engine.close()
    again = engine_at(place)
    assert [bucket.reserved for bucket in again.state.buckets] == [90, 30]
    assert verify(backend_at(place)).ok


def test_a_key_is_answered_the_same_for_ever(place: str) -> None:
    engine = with_buckets(place, 100)
    first, twice = granted(engine.run([Reserve("acme", "a", ((0, 60),)), Reserve("acme", "a", ((0, 60),))]))
    refused = granted(engine.run([Reserve("acme", "b", ((0, 60),))]))[0]
    assert (twice.repeated, twice.event) == (True, first.event)
    asked(engine, Recap("bis", "more", 0, 1000, CITE))
    engine.close()
    engine = engine_at(place)
    for request, answer in ((Reserve("acme", "a", ((0, 60),)), first), (Reserve("acme", "b", ((0, 60),)), refused)):
        again = granted(engine.run([request]))[0]
        assert again.repeated
        assert again.seq == answer.seq
        assert again.ok == answer.ok
    other = engine.run([Reserve("acme", "a", ((0, 61),)), Reserve("bolt", "a", ((0, 61),))])
    assert isinstance(other[0], ConflictingFacts)
    assert granted(other[1:])[0].ok
    assert verify(backend_at(place)).ok


def test_what_becomes_of_a_reservation_is_kept(place: str) -> None:
    engine = with_buckets(place, 100, 100)
    assert all(asked(engine, *(Reserve("acme", key, ((0, 20), (1, 20)), 60) for key in "abcd")))
    assert asked(engine, Commit("acme", "c1", ("acme", "a"), ((0, 15),)), Void("acme", "v1", ("acme", "b"))) == [True, True]
    engine.close()
    engine = engine_at(place, Clock(1_030_000))
    assert asked(engine, Commit("acme", "c2", ("acme", "c")), Correct("acme", "x", ("acme", "a"), ((0, 5),), "lost")) == [
        True,
        True,
    ]
    assert asked(engine, Correct("acme", "x2", ("acme", "a"), ((1, 7),), "found"), Commit("acme", "c3", ("acme", "b"))) == [
        True,
        False,
    ]
    assert [(b.reserved, b.committed) for b in engine.state.buckets] == [(20, 25), (20, 27)]
    engine.close()
    assert verify(backend_at(place)).faults == ()


def test_reservations_lapse_by_ledger_time(place: str) -> None:
    clock = Clock()
    engine = with_buckets(place, 100, clock=clock)
    asked(engine, *(Reserve("acme", f"k{n}", ((0, 20),), 60 + n) for n in range(5)))
    clock.now += 62_000
    assert asked(engine, Reserve("acme", "new", ((0, 60),))) == [True]
    assert engine.state.buckets[0].reserved == 100
    clock.now -= 365 * 86_400_000
    late = granted(engine.run([Commit("acme", "late", ("acme", "k0"))]))[0]
    assert late.event["why"] == "lapsed"
    engine.close()
    engine = engine_at(place, clock)
    assert engine.state.time == 1_062_000
    assert asked(engine, Commit("acme", "c", ("acme", "k4"))) == [True]
    assert verify(backend_at(place)).ok


def test_a_share_and_its_breach_are_kept(place: str) -> None:
    engine = engine_at(place)
    share = Open("bis", "s", "share", None, CITE, (7, 100), "group")
    asked(engine, share, Attest("acme", "t1", "group", 1000, "2025-02-01", "ab"), Reserve("acme", "a", ((0, 70),)))
    asked(engine, Attest("acme", "t2", "group", 900, "2025-08-01", "cd"), Attest("acme", "t3", "group", 950, "2025-08-01", "ee"))
    engine.close()
    engine = engine_at(place)
    assert (engine.state.buckets[0].cap, engine.state.buckets[0].breach_seq, engine.state.bases["group"].total) == (66, 3, 950)
    assert asked(engine, Reserve("acme", "b", ((0, 1),))) == [False]
    assert verify(backend_at(place)).ok


def test_the_ledger_is_no_client(place: str) -> None:
    engine = engine_at(place)
    assert isinstance(engine.run([Reserve("ledger", "expire/0", ((0, 1),))])[0], BadEnum)
    assert engine.state.seq == 0


# ---- one writer


def test_a_second_writer_is_refused(place: str) -> None:
    engine = with_buckets(place, 100)
    with pytest.raises(WriterPresent, match="test"):
        engine_at(place)
    engine.close()
    engine_at(place).close()


def test_a_writer_that_was_replaced_writes_nothing(place: str) -> None:
    old = with_buckets(place, 100)
    new = engine_at(place, take_over=True)
    assert asked(new, Reserve("acme", "a", ((0, 60),))) == [True]
    with pytest.raises(LedgerUnavailable):
        old.run([Reserve("bolt", "b", ((0, 60),))])
    with pytest.raises(LedgerUnavailable):
        old.recover()
    assert asked(new, Reserve("acme", "c", ((0, 40),))) == [True]
    with pytest.raises(WriterPresent):
        engine_at(place)
    done = verify(backend_at(place))
    assert (done.ok, done.events) == (True, 3)


def test_a_stale_token_is_fenced(place: str) -> None:
    """A writer that lost its lock without noticing, as after a long pause."""
    old = with_buckets(place, 100)
    old._backend.release()
    new = engine_at(place)
    asked(new, Reserve("acme", "a", ((0, 60),)))
    with pytest.raises(Fenced, match="replaced by writer"):
        old.run([Reserve("bolt", "b", ((0, 60),))])
    assert verify(backend_at(place)).ok


def test_a_stale_cache_writes_nothing(place: str) -> None:
    """A writer whose token holds, but whose balances are not those of the database."""
    engine = with_buckets(place, 100)
    engine._written[0] = (0, 0, 7)
    with pytest.raises(StaleCache):
        engine.run([Reserve("acme", "a", ((0, 60),))])
    engine.recover()
    assert asked(engine, Reserve("acme", "a", ((0, 60),))) == [True]
    assert verify(backend_at(place)).ok


def test_the_database_itself_refuses_more_than_the_cap(place: str) -> None:
    """Should the machine ever err: the cap is checked once more by the database."""
    engine = with_buckets(place, 100)
    assert asked(engine, Reserve("acme", "a", ((0, 90),))) == [True]
    engine.state.buckets[0].reserved = 0
    engine._written[0] = (0, 0, engine._written[0][2])
    with pytest.raises(LedgerUnavailable, match="ledger_within_cap"):
        engine.run([Reserve("acme", "b", ((0, 90),))])


def test_the_log_only_grows(place: str) -> None:
    with_buckets(place, 100).close()
    from sqlalchemy import text
    from sqlalchemy.exc import SQLAlchemyError

    for statement in ("UPDATE ledger_event SET seq = seq + 10", "DELETE FROM ledger_event"):
        with _engine(place).connect() as db, pytest.raises(SQLAlchemyError, match="only grows"):
            db.execute(text(statement))


# ---- what verification finds


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("UPDATE ledger_bucket SET reserved = reserved - 1 WHERE number = 0", "bucket 0"),
        ("UPDATE ledger_op SET state = 2 WHERE seq = 2", "event 2: its operation is kept"),
        ("UPDATE ledger_writer SET time = time + 1", "the head stands at"),
        ("DELETE FROM ledger_tile", "tile 0/0 is not that of the log"),
    ],
)
def test_verification_finds_what_was_changed(place: str, statement: str, found: str) -> None:
    from sqlalchemy import text

    engine = with_buckets(place, 100_000, 50)
    asked(engine, *(Reserve("acme", f"k{n}", ((0, 30),)) for n in range(300)))
    engine.close()
    assert verify(backend_at(place)).ok
    with _engine(place).begin() as db:
        db.execute(text(statement))
    faults = verify(backend_at(place)).faults
    assert any(fault.startswith(found) for fault in faults), faults


def test_the_chain_is_followed(place: str) -> None:
    engine = with_buckets(place, 100_000)
    asked(engine, *(Reserve("acme", f"k{n}", ((0, 30),)) for n in range(300)))
    assert chain(backend_at(place)) == (301, engine.state.head)
