"""Whole graphs: every restricted entity, dated and unknown stakes, and the same answers as the exact engine of one target."""

from __future__ import annotations

import datetime as dt
import json
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.screening import OwnershipLaw, ownership
from penstock.screening.closure import Closure, OwnershipIndex
from penstock.screening.holdings import read_holdings
from penstock.screening.reclosing import LiveClosure
from penstock.screening.statements import read_statements
from penstock.terms.documents import read_facts
from penstock.terms.errors import BadDocument, BadNumber, UnknownFact
from tests.fuzz.test_documents import run

ON = dt.date(2025, 10, 20)
HEADER = ["owner", "owned", "basis_points", "from", "until"]
NAMES = ["L1", "L2", "A", "B", "C", "D"]


def closed(*rows: tuple[str, str, int | None], listed: tuple[str, ...] = ("L1", "L2")) -> Closure:
    lines = [[a, b, "" if share is None else str(share), "", ""] for a, b, share in rows]
    return OwnershipIndex(read_holdings([HEADER, *lines], on=ON), limit=5000).close(listed)


def test_aggregate_resets_where_multiplied_shares_do_not() -> None:
    found = closed(("L1", "A", 5000), ("A", "B", 5000), ("L1", "C", 3000), ("L2", "C", 2000), ("L1", "D", 4999))
    assert found.restricted == ["A", "B", "C"]
    assert found.index.multiplied(["L1", "L2"])[found.index.holdings.numbers["B"]] == 0.25
    linked = found.index.per_link(["L1", "L2"])
    assert not linked[found.index.holdings.numbers["C"]]


def test_an_unknown_stake_is_at_most_what_the_known_ones_leave() -> None:
    assert closed(("L1", "A", None), ("B", "A", 5001)).undetermined == []
    assert closed(("L1", "A", None), ("B", "A", 5000)).undetermined == ["A"]
    assert closed(("L1", "A", None), ("A", "B", 10_000)).undetermined == ["A", "B"]
    assert closed(("L1", "A", 5000), ("L2", "A", None)).restricted == ["A"]
    assert closed(("B", "A", None)).undetermined == []


def test_holdings_stand_from_the_first_day_to_before_the_last() -> None:
    rows = [
        HEADER,
        ["L1", "A", "6000", "2025-10-20", ""],
        ["L1", "B", "6000", "", "2025-10-20"],
        ["L1", "C", "6000", "2025-10-21", ""],
    ]
    found = read_holdings(rows, on=ON)
    assert (list(found.names), found.other_days) == (["L1", "A"], 2)


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (["L", "", "1"], "missing_required"),
        (["L", "A", "50%"], "bad_number"),
        (["L", "A", "10001"], "bad_number"),
        (["L", "A", "-1"], "bad_number"),
        (["L", "A", "1", "2025-02-30"], "bad_date"),
        (["L", "A", "1", "2025-02-02", "2025-02-02"], "conflicting_facts"),
        (["A", "A", "5000"], "conflicting_facts"),
    ],
)
def test_a_bad_row_is_reported_and_the_rest_loads(row: list[str], code: str) -> None:
    found = read_holdings([HEADER, row, ["L", "B", "5000"]], on=ON)
    assert [(fault.line, fault.code) for fault in found.faults] == [(2, code)]
    assert (len(found.owner), found.left_out) == (1, 1)


def test_repeated_rows_count_once_and_two_stakes_add_up() -> None:
    found = read_holdings([HEADER[:3], ["L", "A", "3000"], ["L", "A", "3000"], ["L", "A", "2000"]], on=ON)
    assert [fault.code for fault in found.faults] == ["duplicate_row"]
    assert OwnershipIndex(found, limit=5000).close(["L"]).restricted == ["A"]


def test_a_graph_without_a_needed_column_is_refused() -> None:
    with pytest.raises(BadDocument) as refused:
        read_holdings([["owner", "owned", "percent"]], on=ON)
    assert refused.value.at == "basis_points"


edges = st.lists(
    st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES), st.one_of(st.none(), st.integers(0, 7000))), max_size=12,
    unique_by=lambda edge: edge[:2],
)  # fmt: skip


@given(edges)
def test_the_whole_graph_answers_as_each_target_alone(rows: list[tuple[str, str, int | None]]) -> None:
    rows = [row for row in rows if row[0] != row[1]]
    found = closed(*rows)
    law = OwnershipLaw("in_force", Fraction(1, 2), {"indirect_ownership": "cascade"})
    entities = [{"id": n, "lists": ["entity_list"] if n[0] == "L" else []} for n in NAMES]
    drawn = [{"owner": a, "owned": b, **({} if s is None else {"share": Fraction(s, 10_000)})} for a, b, s in rows]
    for name in set(found.index.holdings.names) - {"L1", "L2"}:
        facts = read_facts({"ownership": {"target": name, "entities": entities, "edges": drawn}})
        wanted = ownership(facts, on=ON, law=law).restricted
        got = True if name in found.restricted else "unknown" if name in found.undetermined else False
        assert got == wanted


@given(edges)
def test_a_proof_carries_its_entity_and_no_holding_is_spare(rows: list[tuple[str, str, int | None]]) -> None:
    found = closed(*[row for row in rows if row[0] != row[1]])
    for name in found.restricted:
        shares = [stake.basis_points or 0 for stake in found.proof(name)]
        assert sum(shares) >= 5000 > sum(shares) - min(shares)
        tree = found.proof_tree(name)
        assert {stake.owner for stake in tree if stake.because != "listed"} <= {stake.owned for stake in tree}


@given(edges, st.lists(st.tuples(st.integers(0, 11), st.integers(0, 10_000)), max_size=6))
def test_following_changes_gives_what_closing_anew_gives(
    rows: list[tuple[str, str, int | None]], changes: list[tuple[int, int]]
) -> None:
    now = [(a, b, s or 0) for a, b, s in rows if a != b]
    live = LiveClosure(closed(*now).index, ["L1", "L2"])
    for place, share in changes:
        if now:
            place %= len(now)
            before = set(live.restricted)
            now[place] = (*now[place][:2], share)
            changed = live.change(*now[place])
            assert live.restricted == closed(*now).restricted
            assert set(changed) == before ^ set(live.restricted)


def test_a_change_outside_the_graph_is_refused() -> None:
    live = LiveClosure(closed(("L1", "A", 1)).index, ["L1"])
    with pytest.raises(UnknownFact):
        live.change("A", "L1", 5000)
    with pytest.raises(BadNumber):
        live.change("L1", "A", 10_001)


def test_owners_of_a_csv_graph(tmp_path: Path) -> None:
    graph, listed = tmp_path / "graph.csv", tmp_path / "ids.txt"
    graph.write_text("owner,owned,basis_points,from,until\nL,A,5000,,\nL,B,,,\nx,y,zz,,\n", "utf-8")
    listed.write_text("L\nnobody\n", "utf-8")
    code, out, err = run(["owners", str(graph), "--listed", str(listed), "--on", "2025-10-20", "--json"], "")
    answer = json.loads(out)
    assert (code, err) == (0, "")
    assert [(row["id"], row["basis_points"], row["proof"][0]["owner"]) for row in answer["restricted"]] == [("A", 5000, "L")]
    assert [(row["id"], row["basis_points_most"], row["red_flags"]) for row in answer["undetermined"]] == [
        ("B", 10_000, ["KYC-29"])
    ]
    assert (answer["listed_not_in_graph"], [row["line"] for row in answer["rows"]]) == (["nobody"], [4])
    code, out, _ = run(["owners", str(graph), "--listed", str(listed), "--on", "2026-03-01", "--json"], "")
    stayed = json.loads(out)
    assert (stayed["restricted"], [row["id"] for row in stayed["would_be_restricted"]]) == ([], ["A"])
    assert "A: 50 % held by L 50 % (listed)" in run(["owners", str(graph), "--listed", str(listed), "--on", "2025-10-20"], "")[1]


def test_owners_of_statements_in_json(tmp_path: Path) -> None:
    graph, listed = tmp_path / "graph.jsonl", tmp_path / "ids.txt"
    ftm = {"schema": "Ownership", "properties": {"owner": ["L"], "asset": ["A"], "percentage": ["60"], "endDate": ["2026-01-01"]}}
    bods = {"recordType": "relationship", "recordDetails": {"interestedParty": "A", "subject": "B",
            "interests": [{"type": "shareholding", "share": {"minimum": 25, "maximum": 50}}]}}  # fmt: skip
    graph.write_text(f"{json.dumps(ftm)}\n\n{json.dumps(bods)}\n{json.dumps({'schema': 'Company'})}\n", "utf-8")
    listed.write_text("L\n", "utf-8")
    answer = json.loads(run(["owners", str(graph), "--listed", str(listed), "--on", "2025-10-20", "--json"], "")[1])
    assert [row["id"] for row in answer["restricted"]] == ["A"]
    assert [row["id"] for row in answer["undetermined"]] == ["B"]
    graph.write_text("{cut", "utf-8")
    assert run(["owners", str(graph), "--listed", str(listed), "--on", "2025-10-20"], "")[0] == 3


def test_statements_that_cannot_be_used_are_reported_and_the_rest_loads() -> None:
    def ftm(owner: str, owned: str, **more: str) -> dict[str, object]:
        return {"schema": "Ownership", "properties": {"owner": [owner], "asset": [owned], **{k: [v] for k, v in more.items()}}}

    def bods(owner: object, owned: str, **more: object) -> dict[str, object]:
        interest = {"type": "shareholding", **more}
        return {
            "recordType": "relationship",
            "recordDetails": {"interestedParty": owner, "subject": owned, "interests": [interest]},
        }

    records = [
        ftm("L", "A", percentage="60", startDate="2024-01-01"), ftm("L", "A", percentage="60", startDate="2024-01-01"),
        ftm("L", "B", percentage="sixty"), ftm("L", "C", percentage="50-75"), ftm("L", "D", percentage="120"), 7,
        bods({"reason": "unknownPerson"}, "E", share={"exact": 60}), bods("L", "F", share={"exact": 75.5}, endDate="2025-10-20"),
        bods("L", "G"), bods("A", "L", share={"exact": 100}), ftm("L", "H", percentage="60", startDate="2025-13-01"),
    ]  # fmt: skip
    text = "\n".join(json.dumps(record) for record in records) + "\n" + json.dumps(records[0])[:-9]
    for whole in (text, json.dumps(records)[:-1] + "," + json.dumps(records[0])[:-9]):
        found = read_statements(whole, name="x", on=ON)
        assert [(fault.line, fault.code) for fault in found.faults] == [
            (2, "duplicate_row"), (3, "bad_number"), (5, "bad_number"), (6, "bad_document"), (7, "missing_required"),
            (11, "bad_date"), (12, "bad_document"),
        ]  # fmt: skip
        assert (found.left_out, found.other_days) == (6, 1)
        closed_ = OwnershipIndex(found, limit=5000).close(["L"])
        assert (closed_.restricted, closed_.undetermined) == (["A"], ["C", "G"])


def test_owners_of_a_graph_need_the_listed_ones_and_files_that_exist(tmp_path: Path) -> None:
    graph = tmp_path / "graph.csv"
    code, out, _ = run(["owners", str(graph), "--on", "2025-10-20", "--json"], "")
    assert (code, json.loads(out)["error"]["code"]) == (3, "missing_required")
    code, out, _ = run(["owners", str(graph), "--listed", str(graph), "--on", "2025-10-20", "--json"], "")
    assert code == 5
