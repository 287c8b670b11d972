"""Concurrent askers against a sequential model; and the same checks on a ledger that is wrong."""

from __future__ import annotations

import random
from functools import partial

from hypothesis import find, given
from hypothesis import strategies as st

from penstock.ledger import Commit, Open, Request, Reserve, State, Void, apply
from penstock.store.verify import verify
from penstock.store.writer import Writer
from tests.ledger.worlds import CITE
from tests.store.histories import linearizable, record, strictly_serializable
from tests.store.naive import NaiveLedger, interleave
from tests.store.places import backend_at, engine_at

SCHEDULES = st.tuples(st.lists(st.integers(1, 60), min_size=2, max_size=6), st.lists(st.integers(0, 5), max_size=12))


def opened() -> State:
    state = State()
    for n, cap in enumerate((2000, 900, None)):
        apply(state, Open("bis", f"open-{n}", f"bucket-{n}", cap, CITE), 1_000_000)
    return state


def script(dice: random.Random, client: str) -> list[Request]:
    """Return what one asker sends: reservations with their ends, repeats, and keys that another asker uses too."""
    out: list[Request] = []
    for n in range(30):
        who = client if dice.random() < 0.8 else "shared"
        legs = tuple((b, dice.randint(1, 60)) for b in sorted(dice.sample(range(3), dice.randint(1, 3))))
        out.append(Reserve(who, f"k{n}", legs))
        of = (who, f"k{dice.randint(0, n)}")
        out.append(dice.choice([Commit(who, f"c{client}{n}", of), Void(who, f"v{client}{n}", of), out[dice.randrange(len(out))]]))
    return out


def test_every_answer_is_that_of_one_order_which_keeps_real_time(place: str) -> None:
    engine = engine_at(place)
    engine.run([Open("bis", f"open-{n}", f"bucket-{n}", cap, CITE) for n, cap in enumerate((2000, 900, None))])
    dice = random.Random(7)
    with Writer(engine, batch_max=16) as writer:
        calls = record(writer, [script(dice, f"client{n}") for n in range(8)])
    assert len(calls) > 300
    assert {call.answer.ok for call in calls} == {True, False}
    assert strictly_serializable(calls, opened) == []
    assert verify(backend_at(place)).ok


def test_a_few_reservations_are_explained_by_some_order(place: str) -> None:
    engine = engine_at(place)
    with Writer(engine, batch_max=3) as writer:
        for n in range(6):
            writer.ask(Open("bis", f"open-{n}", f"bucket-{n}", 100, CITE))
            scripts = [[Reserve(f"client{i}", f"round{n}", ((n, 20 + 7 * i),))] for i in range(8)]
            calls = [(call.sent, call.returned, call.request.legs[0][1], call.answer.ok)  # type: ignore[attr-defined]
                     for call in record(writer, scripts)]  # fmt: skip
            assert len(calls) == 8
            assert linearizable(calls, 100)


# ---- the checks themselves: they pass what is right and catch what is wrong


@given(st.lists(st.integers(1, 60), min_size=1, max_size=6))
def test_one_after_the_other_even_the_naive_ledger_is_right(amounts: list[int]) -> None:
    calls = interleave(NaiveLedger(100), amounts, [])
    assert linearizable(calls, 100)


def over(cap: int, drawn: tuple[list[int], list[int]]) -> bool:
    amounts, schedule = drawn
    ledger = NaiveLedger(cap)
    interleave(ledger, amounts, schedule)
    return ledger.used > cap


def test_the_naive_ledger_is_caught() -> None:
    """The search finds an interleaving that overspends, and the check of histories names it without seeing the balance."""
    amounts, schedule = find(SCHEDULES, partial(over, 100))
    assert not linearizable(interleave(NaiveLedger(100), amounts, schedule), 100)


@given(SCHEDULES)
def test_the_check_catches_every_overspending(drawn: tuple[list[int], list[int]]) -> None:
    if over(100, drawn):
        assert not linearizable(interleave(NaiveLedger(100), *drawn), 100)


def test_an_order_against_real_time_is_caught() -> None:
    assert linearizable([(0, 1, 60, True), (2, 3, 60, False)], 100)
    assert not linearizable([(0, 1, 60, False), (2, 3, 60, True)], 100)
    assert linearizable([(0, 3, 60, False), (1, 2, 60, True)], 100)
