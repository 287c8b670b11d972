"""The machine by example, then against a model written another way."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.ledger import Attest, Carry, Close, Commit, Correct, Expire, Open, Recap, Request, Reserve, State, Void, apply
from penstock.ledger.machine import share_cap
from penstock.ledger.requests import parse_request
from penstock.terms.errors import ConflictingFacts, FactError
from tests.ledger.worlds import CITE, agree, conserved, grown, opened, requests

HOLD = 60


def do(state: State, request: Request, at: int = 0) -> dict[str, Any]:
    return dict(apply(state, request, at).event)


def test_all_or_nothing_over_several_buckets() -> None:
    state = opened()
    refused = do(state, Reserve("acme", "a", ((0, 60), (1, 71))))
    assert refused["why"] == "over_quota"
    assert refused["short"] == ((1, 70, 71),)
    assert [bucket.used for bucket in state.buckets] == [0, 0, 0, 0, 0]
    assert do(state, Reserve("acme", "b", ((0, 60), (1, 70))))["ok"]
    assert [bucket.reserved for bucket in state.buckets] == [60, 70, 0, 0, 0]


def test_every_bucket_that_is_too_small_is_named() -> None:
    state = opened()
    assert do(state, Reserve("acme", "a", ((0, 101), (1, 71), (2, 5), (3, 41))))["short"] == (
        (0, 100, 101),
        (1, 70, 71),
        (3, 40, 41),
    )


def test_what_is_not_committed_is_released() -> None:
    state = opened()
    do(state, Reserve("acme", "a", ((0, 60), (1, 70))))
    event = do(state, Commit("acme", "c", ("acme", "a"), ((0, 50),)))
    assert event["legs"] == ((0, 50),)
    assert (state.buckets[0].committed, state.buckets[0].reserved, state.buckets[1].used) == (50, 0, 0)


def test_more_than_reserved_is_not_committed() -> None:
    state = opened()
    do(state, Reserve("acme", "a", ((0, 60),)))
    event = do(state, Commit("acme", "c", ("acme", "a"), ((0, 61),)))
    assert (event["ok"], event["why"], event["short"]) == (False, "more_than_reserved", ((0, 60, 61),))
    assert state.buckets[0].reserved == 60


def test_a_reservation_ends_once() -> None:
    state = opened()
    do(state, Reserve("acme", "a", ((0, 60),)))
    assert do(state, Commit("acme", "c", ("acme", "a")))["ok"]
    ends: list[Request] = [
        Void("acme", "v", ("acme", "a")),
        Commit("acme", "c2", ("acme", "a")),
        Expire("acme", "e", ("acme", "a")),
    ]
    assert [do(state, request)["why"] for request in ends] == ["committed"] * 3


def test_a_commit_after_the_end_fails_even_when_nobody_swept() -> None:
    state = opened()
    do(state, Reserve("acme", "a", ((0, 60),), HOLD), at=1000)
    assert do(state, Commit("acme", "early", ("acme", "b")), at=1000)["why"] == "unknown_operation"
    assert do(state, Expire("acme", "e", ("acme", "a")), at=HOLD * 1000)["why"] == "not_due"
    assert do(state, Commit("acme", "late", ("acme", "a")), at=1000 + HOLD * 1000)["why"] == "lapsed"
    assert state.buckets[0].reserved == 60
    assert do(state, Expire("acme", "e2", ("acme", "a")), at=1000 + HOLD * 1000)["ok"]
    assert state.buckets[0].used == 0


def test_a_clock_that_goes_back_revives_nothing() -> None:
    state = opened()
    do(state, Reserve("acme", "a", ((0, 60),), HOLD), at=1000)
    do(state, Void("acme", "x", ("acme", "none")), at=1000 + HOLD * 1000)
    late = do(state, Commit("acme", "late", ("acme", "a")), at=0)
    assert (late["why"], late["at"]) == ("lapsed", 1000 + HOLD * 1000)


def test_a_cap_set_below_what_is_used_opens_a_breach_and_no_negative() -> None:
    state = opened()
    do(state, Reserve("acme", "a", ((0, 60),)))
    event = do(state, Recap("bis", "r", 0, 50, CITE))
    assert event["breach"] == (0,)
    assert (state.buckets[0].headroom, state.buckets[0].breach_seq) == (0, event["seq"])
    assert do(state, Reserve("acme", "b", ((0, 1),)))["short"] == ((0, 0, 1),)
    assert do(state, Commit("acme", "c", ("acme", "a"), ((0, 50),)))["healed"] == (0,)
    assert state.buckets[0].breach_seq is None


def test_doubling_by_agreement_makes_room() -> None:
    state = opened((790_000_000,))
    assert do(state, Reserve("acme", "a", ((0, 790_000_000),)))["ok"]
    assert not do(state, Reserve("acme", "b", ((0, 1),)))["ok"]
    do(state, Recap("bis", "r", 0, 1_580_000_000, "742.6(b)(10)(iii)(C)"))
    assert do(state, Reserve("acme", "c", ((0, 790_000_000),)))["ok"]
    assert state.buckets[0].headroom == 0


def test_a_share_follows_its_attested_denominator() -> None:
    state = opened()
    assert do(state, Reserve("acme", "a", ((4, 1),)))["short"] == ((4, 0, 1),)
    assert do(state, Attest("acme", "t1", "group", 1001, "2025-02-01", "ab" * 32))["caps"] == ((4, 70),)
    assert do(state, Reserve("acme", "b", ((4, 70),)))["ok"]
    fallen = do(state, Attest("acme", "t2", "group", 900, "2025-08-01", "cd" * 32))
    assert (fallen["caps"], fallen["breach"]) == (((4, 63),), (4,))
    assert do(state, Attest("acme", "t3", "group", 5000, "2025-02-01", "ab" * 32))["why"] == "older_than_attested"
    assert do(state, Recap("bis", "r", 4, 100, CITE))["why"] == "follows_denominator"
    assert do(state, Attest("acme", "t4", "group", 1000, "2026-02-01", "ef" * 32))["healed"] == (4,)


def test_a_closed_bucket_takes_nothing_and_keeps_what_it_has() -> None:
    state = opened()
    do(state, Reserve("acme", "a", ((0, 60),)))
    do(state, Close("bis", "x", 0, "90 FR 4544 repealed"))
    assert do(state, Reserve("acme", "b", ((0, 1), (1, 1))))["why"] == "closed"
    assert do(state, Commit("acme", "c", ("acme", "a")))["ok"]
    assert state.buckets[0].committed == 60


def test_what_a_bucket_holds_is_carried_once_and_may_open_a_breach() -> None:
    state = opened()
    do(state, Reserve("acme", "a", ((0, 60), (1, 5))))
    do(state, Commit("acme", "c", ("acme", "a"), ((0, 60),)))
    do(state, Reserve("acme", "b", ((0, 20),)))
    carried = do(state, Carry("bis", "m", 0, 3, "the new rule, section 2"))
    assert (carried["legs"], carried["breach"]) == (((3, 80),), (3,))
    assert (state.buckets[0].closed, state.buckets[0].used, state.buckets[3].committed) == (True, 80, 80)
    assert do(state, Carry("bis", "again", 0, 1, CITE))["why"] == "carried"
    assert do(state, Void("acme", "v", ("acme", "b")))["ok"]
    assert do(state, Correct("bis", "k", ("bis", "m"), ((3, 40),), "20 were not used, 20 came back"))["healed"] == (3,)
    conserved(state)


def test_what_cannot_be_carried_is_refused() -> None:
    state = opened()
    assert do(state, Carry("bis", "m1", 0, 99, CITE))["why"] == "unknown_bucket"
    do(state, Reserve("acme", "a", ((2, 2**62),)))
    do(state, Reserve("acme", "b", ((1, 1),)))
    assert do(state, Carry("bis", "m2", 2, 1, CITE))["short"] == ((1, 2**62 - 1, 2**62),)
    do(state, Close("bis", "x", 3, CITE))
    assert do(state, Carry("bis", "m3", 2, 3, CITE))["why"] == "closed"
    with pytest.raises(ConflictingFacts, match="into itself"):
        Carry("bis", "m4", 2, 2, CITE)


def test_a_correction_gives_back_and_never_takes_too_much() -> None:
    state = opened()
    do(state, Reserve("acme", "a", ((0, 60),)))
    do(state, Commit("acme", "c", ("acme", "a")))
    assert do(state, Correct("acme", "k1", ("acme", "a"), ((0, 20),), "returned to the maker"))["ok"]
    assert state.buckets[0].committed == 20
    refused = do(state, Correct("acme", "k2", ("acme", "a"), ((0, 101),), "miscounted"))
    assert (refused["why"], refused["short"]) == ("over_quota", ((0, 80, 81),))
    assert do(state, Correct("acme", "k3", ("acme", "x"), ((0, 1),), "none"))["why"] == "unknown_operation"
    assert do(state, Correct("acme", "k4", ("acme", "a"), ((9, 1),), "none"))["why"] == "unknown_bucket"


def test_a_bucket_without_a_cap_counts() -> None:
    state = opened()
    assert do(state, Reserve("acme", "a", ((2, 2**62),)))["ok"]
    assert do(state, Reserve("acme", "b", ((2, 1),)))["why"] == "over_quota"


def test_requests_of_unknown_buckets_are_refused() -> None:
    state = opened()
    assert do(state, Reserve("acme", "a", ((99, 1),)))["why"] == "unknown_bucket"
    assert do(state, Recap("acme", "r", 99, 1, CITE))["why"] == "unknown_bucket"
    assert do(state, Close("acme", "c", 99, CITE))["why"] == "unknown_bucket"
    assert do(state, Open("bis", "again", "bucket-0", 1, CITE))["why"] == "exists"


@given(st.integers(0, 2**62), st.integers(0, 100), st.integers(1, 100))
def test_a_share_is_exact_at_its_limit(total: int, part: int, whole: int) -> None:
    part = min(part, whole)
    cap = share_cap(total, (part, whole))
    assert whole * cap <= part * total < whole * (cap + 1)


# ---- requests that are none


@pytest.mark.parametrize(
    ("document", "at"),
    [
        (None, "request"),
        ({"kind": "reserv"}, "kind"),
        ({"kind": "reserve", "client": "a", "key": "k"}, "legs"),
        ({"kind": "reserve", "client": "", "key": "k", "legs": [[0, 1]]}, "client"),
        ({"kind": "reserve", "client": "a", "key": "k", "legs": []}, "legs"),
        ({"kind": "reserve", "client": "a", "key": "k", "legs": [[1, 1], [0, 1]]}, "legs[1][0]"),
        ({"kind": "reserve", "client": "a", "key": "k", "legs": [[0, 1], [0, 1]]}, "legs[1][0]"),
        ({"kind": "reserve", "client": "a", "key": "k", "legs": [[0, 0]]}, "legs[0][1]"),
        ({"kind": "reserve", "client": "a", "key": "k", "legs": [[0, -1]]}, "legs[0][1]"),
        ({"kind": "reserve", "client": "a", "key": "k", "legs": [[0, 1.5]]}, "legs[0][1]"),
        ({"kind": "reserve", "client": "a", "key": "k", "legs": [[0, True]]}, "legs[0][1]"),
        ({"kind": "reserve", "client": "a", "key": "k", "legs": [[0, 2**62 + 1]]}, "legs[0][1]"),
        ({"kind": "reserve", "client": "a", "key": "k", "legs": [[0, 1]], "hold_s": 0}, "hold_s"),
        ({"kind": "reserve", "client": "a", "key": "k", "legs": [[0, 1]], "colour": 1}, "colour"),
        ({"kind": "commit", "client": "a", "key": "k", "of": "a"}, "of"),
        ({"kind": "attest", "client": "a", "key": "k", "basis": "b", "total": 1, "as_of": "soon", "document_sha256": "x"}, "as_of"),
        ({"kind": "open", "client": "a", "key": "k", "bucket": "b", "cap": None, "cite": "c", "share": [1, 2]}, "basis"),
        ({"kind": "open", "client": "a", "key": "k", "bucket": "b", "cap": None, "cite": "c", "share": [3, 2], "basis": "g"}, "share[0]"),
    ],
)  # fmt: skip
def test_a_request_that_is_none_is_an_error_at_its_place(document: Any, at: str) -> None:
    with pytest.raises(FactError) as caught:
        parse_request(document)
    assert caught.value.at == at


@given(requests())
def test_a_request_survives_its_document(request: Request) -> None:
    assert parse_request(request.document()) == request


# ---- against the model


@settings(max_examples=200)
@given(st.lists(st.tuples(requests(), st.integers(-100_000, 30_000)), max_size=60))
def test_the_machine_is_the_model(script: list[tuple[Request, int]]) -> None:
    state, model = grown()
    wall = 0
    for request, tick in script:
        wall += tick
        if request.id in state.ops:
            continue
        before = state.balances()
        step = apply(state, request, wall)
        assert step.event["ok"] == model.grants(request, state.time)
        assert step.event["ok"] or state.balances() == before
        agree(model, state)
    conserved(state)
