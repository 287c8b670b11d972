"""Graphs read in columns answer as graphs read row by row, and rounds in columns as rounds one by one."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.apps.cli.graph import GraphAnswer
from penstock.screening import OwnershipLaw, fronts, plain
from penstock.screening.closure import OwnershipIndex
from penstock.screening.fronts import Links, settle
from penstock.screening.holdings import CHUNK, Holdings, read_holdings
from penstock.screening.plain import read_plain
from penstock.screening.spelled import Spelled, first_of
from penstock.terms.errors import BadDocument

ON = dt.date(2025, 10, 20)
HEADER = "owner,owned,basis_points,from,until"
names = st.sampled_from(
    [
        "A",
        "B",
        "L",
        "Acme Holdings (HK) Ltd",
        "Acme Holdings (HK) Lts",
        "华为技术有限公司",
        "x" * 300,
        "",
        " A",
        "B\t",
        "12345678",
        "123456789",
    ]
)
points = st.sampled_from(["", "0", "5000", "10000", "10001", "00050", "000005", "5%", "-1", "٥", " 7 ", "1e3"])
days = st.sampled_from(
    ["", "", "2025-10-20", "2025-10-21", "2024-02-29", "2023-02-29", "0000-01-01", "2025-1-1", "9999-12-31", "x"]
)
lines = st.one_of(
    st.tuples(names, names, points, days, days).map(",".join),
    st.sampled_from(["", ",,,,", "A,B", "A,B,1,,,,", "A,B,1", "   ", "A\u3000,B,1,,", "\u00a0"]),
)
texts = st.tuples(st.lists(lines, max_size=12), st.sampled_from(["\n", "\r\n"]), st.booleans()).map(
    lambda t: t[1].join([HEADER, *t[0]]) + (t[1] if t[2] else "")
)


def carefully(data: bytes) -> Holdings:
    return read_holdings(csv.reader(io.StringIO(data.decode("utf-8-sig", "replace"), newline="")), on=ON)


def same(one: Holdings | None, other: Holdings) -> None:
    assert one is not None
    assert list(one.names) == list(other.names)
    for column in ("owner", "owned", "share"):
        assert getattr(one, column).tolist() == getattr(other, column).tolist()
    assert (one.faults, one.left_out, one.other_days) == (other.faults, other.left_out, other.other_days)
    assert one.find([*other.names, "nobody"]) == other.find(other.names)


@given(texts, st.sampled_from([1 << 21, 64, 5]))
def test_read_in_columns_as_row_by_row(text: str, block: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plain, "_BLOCK", block)
        found = read_plain(bytearray(text.encode()), on=ON)
    if found is None:
        assert "\u3000" in text or "\u00a0" in text
    else:
        same(found, carefully(text.encode()))


@pytest.mark.parametrize(
    "header",
    [
        HEADER,
        "until,from,basis_points,owned,owner",
        "owner,owned,basis_points",
        "x,Owner, OWNED ,y,basis_points",
        "\ufeffowner,owned,basis_points",
    ],
)
def test_columns_in_any_order(header: str) -> None:
    places = [word.strip().strip("\ufeff").casefold() for word in header.split(",")]
    row = {"owner": "L", "owned": "A", "basis_points": "5000", "from": "2020-01-01", "until": "", "x": "1", "y": "2"}
    text = f"{header}\n{','.join(row[place] for place in places)}\nshort\n".encode()
    same(read_plain(bytearray(text), on=ON), carefully(text))


def test_more_than_one_chunk_with_odd_lines_among_them() -> None:
    dice = random.Random(3)
    rows = [f"N{dice.randrange(9000)},N{dice.randrange(9000)},{dice.randrange(10_001)},," for _ in range(2 * CHUNK + 100)]
    for place in dice.sample(range(len(rows)), 60):
        rows[place] = dice.choice([" padded ,N1,1,,", "N1,N2,12000,,", "N5,N5,1,,", "", "N1,N2,1,2030-01-01,", "only"])
    text = "\n".join([HEADER, *rows]).encode()
    same(read_plain(bytearray(text), on=ON), carefully(text))


@pytest.mark.parametrize(
    "data", [b"", b'owner,owned,basis_points\n"L",A,1\n', b"owner,owned,basis_points\nL\0,A,1\n", b"owner,owned,basis_points\rL,A,1\r",
             b"owner,owned,basis_points\nL\xff,A,1\n", "owner,owned,basis_points\n".encode("utf-16")]
)  # fmt: skip
def test_text_that_is_not_plain_is_left_to_the_careful_reader(data: bytes) -> None:
    assert read_plain(bytearray(data), on=ON) is None


def test_a_column_that_is_missing() -> None:
    with pytest.raises(BadDocument):
        read_plain(bytearray(b"owner,owned\nL,A\n"), on=ON)


def test_names_whose_keys_are_the_same_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plain, "keys_of", lambda found: np.zeros(len(found), np.uint64))
    text = f"{HEADER}\n{'L' * 20},{'A' * 20},5000,,\n{'L' * 20},{'A' * 19}B,1,,\n".encode()
    same(read_plain(bytearray(text), on=ON), carefully(text))


@given(st.lists(st.integers(0, 5)))
def test_the_first_of_equal_keys(values: list[int]) -> None:
    assert first_of(np.array(values, np.uint64)).tolist() == [values.index(value) for value in values]


def test_many_names_are_picked_as_each_is() -> None:
    names = ["Acme", "华为 \u2028 x", "two\nlines", "é" * 40]
    data = "".join(names).encode()
    size = np.array([len(name.encode()) for name in names])
    spelled = Spelled.of(np.frombuffer(data + bytes(8), np.uint8), np.cumsum(size) - size, size)
    for places in ([0, 1, 3], [3, 0, 2, 2, 1], []):
        assert spelled.pick(np.array(places, np.int64)) == [names[place] for place in places]


# ---- rounds


def graph(seed: int, edges: int = 300, size: int = 120) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    owner, owned = (rng.integers(0, size, edges).astype(np.int32) for _ in range(2))
    share = rng.choice([-1, 100, 2500, 3000, 5000, 9000], edges).astype(np.int32)
    keep = owner != owned
    return owner[keep], owned[keep], share[keep]


@pytest.mark.parametrize("seed", range(8))
def test_few_and_many_give_the_same_rounds(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    owner, owned, share = graph(seed)
    links = Links.sorted_by(owner, owned, share, 120)
    start, room = np.array([0, 1, 2], np.int32), np.full(120, 4000, np.int64)
    answers = []
    for few in (0, 48, 10_000):
        monkeypatch.setattr(fronts, "_FEW", few)
        closed = links.close(start, 5000, room)
        seen, rounds = links.reach(start, 5000)
        answers.append(
            ([part.tolist() for part in closed], seen.tolist(), rounds, links.multiply(start, 10_000).round(6).tolist())
        )
    assert answers[0] == answers[1] == answers[2]
    known = share > 0
    settled = settle(start, owner[known], owned[known], share[known], 10_000, 120)
    assert np.abs(settled - links.multiply(start, 10_000)).max() < 1e-6
    monkeypatch.setattr(fronts, "_COLUMNS_MAX", 1)  # an entity that many hold is added up in rows, to the same bits
    assert np.array_equal(settle(start, owner[known], owned[known], share[known], 10_000, 120), settled)


def test_a_long_chain_keeps_what_is_held_in_full() -> None:
    rows = ["owner,owned,basis_points", *(f"N{i},N{i + 1},10000" for i in range(1000))]
    found = read_plain(bytearray("\n".join(rows).encode()), on=ON)
    assert found is not None
    index = OwnershipIndex(found, limit=5000)
    assert len(index.close(["N0"]).restricted) == 1000
    assert index.multiplied(["N0"])[found.numbers["N1000"]] == 1.0


@pytest.mark.parametrize("seed", range(4))
def test_the_proofs_of_many_are_those_of_each_and_the_document_is_what_is_written(seed: int) -> None:
    owner, owned, share = graph(seed, edges=130)
    names = [f'N{i} "q" \\ 华' for i in range(120)]
    held = Holdings(names, owner, owned, share)
    found = OwnershipIndex(held, limit=5000).close(names[:20])
    answer = GraphAnswer(ON, OwnershipLaw("in_force", None, flag="KYC-29"), found, [*names[:20], "nobody"])
    document = answer.document()
    for key in ("restricted", "undetermined"):
        assert document[key]
        for row in document[key]:
            assert row["proof"] == [stake.document() for stake in found.proof(row["id"])]
    wanted = found.index.multiplied(names[:20])
    assert [row["multiplied_share"] for row in document["restricted"]] == [
        round(float(wanted[held.numbers[row["id"]]]), 6) for row in document["restricted"]
    ]
    out = io.StringIO()
    answer.write(out.write)
    assert json.loads(out.getvalue()) == json.loads(json.dumps(document, default=str))
