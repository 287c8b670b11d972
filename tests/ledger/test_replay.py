"""A log replayed from zero gives the same state, and any change to it is found."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.ledger import Open, Request, Reserve, State, Void, apply, parse_entry, replay
from penstock.ledger.entries import ZERO_HASH, canonical, encode_entry, leaf_hash
from penstock.ledger.merkle import root_of
from tests.ledger.worlds import CITE, grown, requests


def log_of(script: list[Request]) -> tuple[State, list[bytes]]:
    state, entries = State(), []
    for number, request in enumerate([*(Open("bis", f"o{n}", f"b{n}", 100, CITE) for n in range(5)), *script]):
        if request.id not in state.ops:
            entries.append(apply(state, request, 1000 * number).entry)
    return state, entries


@given(st.lists(requests(), max_size=40))
def test_a_replay_is_the_same_byte_for_byte(script: list[Request]) -> None:
    state, entries = log_of(script)
    done = replay(entries, entries.__getitem__)
    assert done.fault is None
    assert canonical(done.state.balances()) == canonical(state.balances())
    assert (done.state.head, done.state.seq, done.state.time) == (state.head, state.seq, state.time)
    assert done.frontier.root() == root_of([leaf_hash(entry) for entry in entries])


@given(st.lists(requests(), min_size=5, max_size=20), st.data())
def test_an_event_that_is_changed_taken_out_or_moved_is_found(script: list[Request], data: st.DataObject) -> None:
    _, entries = log_of(script)
    place = data.draw(st.integers(0, len(entries) - 2))
    byte = data.draw(st.integers(0, len(entries[place]) - 1))
    changed = bytearray(entries[place])
    changed[byte] ^= data.draw(st.integers(1, 255))
    for forged in (
        [*entries[:place], bytes(changed), *entries[place + 1 :]],
        [*entries[:place], *entries[place + 1 :]],
        [*entries[:place], entries[place + 1], entries[place], *entries[place + 2 :]],
    ):
        assert replay(forged, forged.__getitem__).fault is not None


@pytest.mark.parametrize(
    ("entry", "what"),
    [
        (b"", "not an event"),
        (b"0" * 64 + b" []", "not an event"),
        (b"0" * 64 + b" {}", "no request"),
        (b"0" * 64 + b'{"at":0}', "not an event"),
        (b"1" * 64 + b' {"at":0,"do":{"client":"a","key":"b","kind":"void","of":["a","b"]}}', "does not point"),
        (b"0" * 64 + b' {"at":-1,"do":{"client":"a","key":"b","kind":"void","of":["a","b"]}}', "ledger time goes back"),
        (b"0" * 64 + b' {"at":0,"do":{"client":"a","key":"b","kind":"void","of":["a","b"]}}', "the machine makes another"),
    ],
)
def test_what_is_no_event_is_named(entry: bytes, what: str) -> None:
    fault = replay([entry], lambda seq: b"").fault
    assert fault is not None
    assert fault.what.startswith(what)


def test_a_key_used_twice_is_found() -> None:
    state = State()
    first = apply(state, Void("a", "b", ("a", "x")), 0)
    again = apply(State(1, state.head, 0), Void("a", "b", ("a", "x")), 0)
    fault = replay([first.entry, again.entry], lambda seq: b"").fault
    assert fault is not None
    assert fault.what == "a key is used twice"


def test_a_forged_grant_with_a_good_chain_is_found() -> None:
    """Whoever can rewrite the whole chain still cannot make the machine grant what does not fit."""
    state, _ = grown((10,))
    entries = [apply(fresh := State(), Open("bis", "o", "b", 10, CITE), 0).entry]
    event = {"at": 0, "do": Reserve("acme", "a", ((0, 11),)).document(), "ok": True, "seq": 1, "until": None}
    entries.append(encode_entry(fresh.head, event))
    fault = replay(entries, entries.__getitem__).fault
    assert fault is not None
    assert "over_quota" in fault.what
    assert parse_entry(entries[0])[0] == ZERO_HASH
    assert state.seq
