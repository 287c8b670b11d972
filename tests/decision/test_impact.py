"""The impact of a change of law on an order book: which rows, by which provision, and nothing by itself."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.apps.cli.main import main
from penstock.decision import decide_facts
from penstock.decision.authorizations import authorization_block
from penstock.decision.causes import Said, _names
from penstock.decision.fact_columns import fact_column
from penstock.decision.impact import Comparison, Impact, Moved
from penstock.decision.points import Point
from penstock.decision.witness import sample_transactions
from penstock.rulebook import STANCES
from penstock.terms.documents import read_facts
from penstock.terms.errors import BadDate, PenstockError, UnknownRegime
from tests.strategies import Flat, nested, partial_facts
from tests.transactions import chips, export, party

Document = Mapping[str, Any]


def columns(rows: Iterable[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """Return flat rows as columns, None where a row does not hold a fact."""
    held = list(rows)
    return {name: [row.get(name) for row in held] for name in dict.fromkeys(name for row in held for name in row)}


def flat(document: Document) -> dict[str, Any]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in read_facts(document).values.items()}


def compared(a: str, b: str, rows: Sequence[Mapping[str, Any]], ids: list[Any] | None = None) -> tuple[Impact, list[Moved]]:
    comparison = Comparison(Point.parse(a), Point.parse(b))
    facts = [fact_column(name, values) for name, values in columns(rows).items()]
    moved = comparison.add(facts, len(rows), ids)
    return comparison.impact(), moved


def impact(a: str, b: str, *documents: Document) -> Impact:
    return compared(a, b, [flat(document) for document in documents])[0]


def causes(found: Impact, stance: str) -> list[tuple[int, list[tuple[str, str]]]]:
    return [(group.rows, [(c.id, c.became) for c in group.causes]) for group in found.groups if group.stance == stance]


# ---- examples


def test_a_compliance_date_arrives() -> None:
    # 90 FR 4544: compliance with 742.6(a)(6)(iii)(A) was due on 2025-05-15; BIS does not enforce it
    found = impact("2025-05-14", "2025-05-15", export("BR"), export("BR"), export("JP", chips("EAR99")))
    assert causes(found, "codified") == [(2, [("worldwide_a", "newly binds")])]
    assert causes(found, "enforced") == []
    group = found.groups[0]
    assert (group.worse, group.better, group.first) == (2, 0, (0, 1))
    assert (group.causes[0].cite, group.causes[0].touched[0].by) == ("742.6(a)(6)(iii)(A)", "90 FR 4544")
    assert group.moves[0][:2] == (Said("no_license_required", "NLR", "not_applicable"),
                                  Said("license_required", "LICENSE", "presumption_of_approval"))  # fmt: skip


def test_what_was_announced_before_it_was_known() -> None:
    # the press release of 2025-05-13: without it the rule would have been enforced
    found = impact("2025-06-01@2025-05-12", "2025-06-01", export("BR"))
    assert causes(found, "enforced") == [(1, [("worldwide_a", "no longer binds")])]
    assert causes(found, "codified") == []


def test_an_exception_is_gained() -> None:
    # 740.28: License Exception ACM began on 2025-01-13
    document = export("SA", end_use={"types": ["production"], "onward_destinations": ["US"]})
    found = impact("2025-01-12", "2025-01-13", document)
    assert causes(found, "enforced") == [(1, [("ACM", "becomes available")])]
    assert (found.groups[0].better, found.groups[0].moves[0][1].path) == (1, "ACM")
    back = impact("2025-01-13", "2025-01-12", document)
    assert causes(back, "enforced") == [(1, [("ACM", "is no longer available")])]


def test_a_review_policy_moves() -> None:
    # 91 FR 1684: case by case for chips below both limits to China, where there was a presumption of denial
    lane = chips(tpp=15_832, memory_bandwidth_gbps=4_800, commercially_available_in_us=True, quantity=10)
    lane = {key: value for key, value in lane.items() if key != "aggregate_tpp"}
    found = impact("2026-01-14", "2026-01-15", export("CN", lane))
    became = [("h200_lane", "review moves from presumption of denial to case by case")]
    assert causes(found, "enforced") == causes(found, "codified") == [(1, became)]
    assert found.groups[0].better == 1
    assert found.groups[0].causes[0].cite == "742.6(b)(10)(iii)(A)(1)"


def test_a_fact_newly_asked_for_is_named() -> None:
    # 91 FR 43034: the status of a recipient in the United Arab Emirates decides from 2026-07-10
    consignee = {key: value for key, value in party("AE").items() if key != "uae_status"}
    found = impact("2026-07-09", "2026-07-10", export("AE", chips("3A090.b"), consignee))
    (cause,) = found.groups[0].causes
    assert (cause.id, cause.became, cause.asks) == (
        "country_group",
        "may bind no longer",
        ("parties.ultimate_consignee.uae_status",),
    )


def test_a_requirement_of_a_design_is_named_although_the_masks_have_no_bit_for_it() -> None:
    found = impact("2026-06-15", "2026-06-15/us-monopoly", export("JP"))
    assert ("worldwide_chips", "newly binds") in causes(found, "enforced")[0][1]


def test_groups_are_sorted_by_size_and_say_what_each_row_was_answered() -> None:
    documents = [export("BR"), export("SA", consignee=party("SA", parent="CN")), export("BR"), export("MY")]
    found = impact("2026-06-15", "2026-06-15/diffusion-as-written", *documents)
    sizes = [group.rows for group in found.groups]
    assert sizes == sorted(sizes, reverse=True)
    assert all(group.rows == sum(rows for _, _, rows in group.moves) for group in found.groups)


def test_rows_at_fault_are_left_out_and_counted() -> None:
    rows = [flat(export("BR")), {**flat(export("BR")), "activity.type": "sell"}]
    found, moved = compared("2025-05-14", "2025-05-15", rows, ["a", "b"])
    assert (found.rows, found.faults, found.moved("codified")) == (2, 1, 1)
    assert [(part.stance, part.ids, part.provisions) for part in moved] == [
        ("codified", ["a"], ["worldwide_a newly binds"]), ("enforced", [], [])]  # fmt: skip


def test_rows_are_numbered_on_from_part_to_part() -> None:
    comparison = Comparison(Point.parse("2025-05-14"), Point.parse("2025-05-15"))
    facts = [fact_column(name, values) for name, values in columns([flat(export("BR"))]).items()]
    for _ in range(3):
        comparison.add(facts, 1)
    assert (comparison.impact().rows, comparison.impact().groups[0].first) == (3, (0, 1, 2))


def test_pieces_of_any_size_find_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [flat(export(place)) for place in ("BR", "JP", "CN", "BR", "VN", "SG", "CN", "BR", "AE", "BR")]
    whole, (moved, _) = compared("2025-05-14", "2026-06-15", rows)
    assert len(moved.rows) > 3
    monkeypatch.setattr("penstock.decision.impact._PIECE", 3)
    found, (pieced, _) = compared("2025-05-14", "2026-06-15", rows)
    assert found.document() == whole.document()
    assert (pieced.ids, pieced.before, pieced.after) == (moved.ids, moved.before, moved.after)
    assert pieced.provisions == moved.provisions


@pytest.mark.parametrize(("text", "error"), [("2025-13-01", BadDate), ("2025-05-15/no-such-rule", UnknownRegime)])
def test_a_law_that_is_none_is_an_error(text: str, error: type[PenstockError]) -> None:
    with pytest.raises(error):
        Comparison(Point.parse(text), Point.parse(text))


def test_the_bits_of_a_mask_are_named_as_the_answer_names_them() -> None:
    for document in list(sample_transactions())[::41]:
        answer = decide_facts(read_facts(document), dt.date(2025, 6, 1))
        for stance in STANCES:
            block = answer.stance(stance).block
            bound = {entry["id"] for entry in block["requirements"] if entry["binding"] and entry["scope_met"] is True}
            available = {entry["id"] for entry in authorization_block(answer)["available"]}
            named = _names(answer.verdicts[stance].fired)
            assert {id for kind, id in named if kind == "requirement"} == bound
            assert {id for kind, id in named if kind == "authorization"} == available


# ---- properties

_POINTS = ("2024-06-01", "2025-01-13", "2025-05-14", "2025-05-15", "2025-06-01@2025-05-12", "2026-06-15", "2026-07-10",
           "2026-06-15/diffusion-as-written", "2026-11-10")  # fmt: skip


@settings(max_examples=15)
@given(st.lists(partial_facts(), min_size=1, max_size=6), st.sampled_from(_POINTS))
def test_a_law_compared_with_itself_moves_nothing(rows: list[Flat], point: str) -> None:
    found, moved = compared(point, point, rows)
    assert found.groups == ()
    assert not any(part.ids for part in moved)


@settings(max_examples=25)
@given(st.lists(partial_facts(), min_size=1, max_size=6), st.sampled_from(_POINTS), st.sampled_from(_POINTS))
def test_what_moves_is_what_decide_answers_differently(rows: list[Flat], a: str, b: str) -> None:
    found, moved = compared(a, b, rows)
    for part in moved:
        expected = {}
        for i, row in enumerate(rows):
            said = [answer(point, row, part.stance) for point in (a, b)]
            if said[0] != said[1] and None not in said:
                expected[i] = said
        assert part.rows.tolist() == part.ids == list(expected)
        assert [list(pair) for pair in zip(part.before, part.after, strict=True)] == list(expected.values())
        assert all(part.provisions)
    assert [found.moved(stance) for stance in STANCES] == [len(part.ids) for part in moved]


@settings(max_examples=15)
@given(st.sampled_from(_POINTS), st.sampled_from(_POINTS))
def test_there_and_back_move_the_same_rows_the_other_way(a: str, b: str) -> None:
    rows = [flat(document) for document in list(sample_transactions())[::97]]
    there, back = (compared(*points, rows)[0] for points in ((a, b), (b, a)))
    for stance in STANCES:
        sides = [[(g.worse, g.better) for g in found.groups if g.stance == stance] for found in (there, back)]
        assert sum(worse for worse, _ in sides[0]) == sum(better for _, better in sides[1])
        assert sum(better for _, better in sides[0]) == sum(worse for worse, _ in sides[1])


def answer(text: str, row: Flat, stance: str) -> Said | None:
    """Return what a law answers to one row, or None where its facts cannot be used."""
    point = Point.parse(text)
    try:
        said = decide_facts(read_facts(nested(row)), point.on, point.known, point.regime).verdicts[stance]
    except PenstockError:
        return None
    return Said(said.outcome, said.path, said.review_policy)


# ---- on the command line


@pytest.fixture
def book(tmp_path: Path) -> str:
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    rows = [flat(document) for document in (export("BR"), export("JP", chips("EAR99")), export("BR"))]
    path = tmp_path / "orders.parquet"
    pq.write_table(pa.table({"id": ["A-1", "A-2", "A-3"], "shipped": ["x", "y", "z"], **columns(rows)}), path)
    return str(path)


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as left:
        main(["law", "impact", *arguments])
    return int(left.value.code or 0)


def test_one_screen_with_both_stances(book: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("2025-05-14", "2025-05-15", "--on-book", book, "--ignore", "shipped") == 0
    out = capsys.readouterr().out
    assert "As enforced: 0 rows move" in out
    assert "As codified: 2 rows move, 2 for the worse" in out
    assert "worldwide_a newly binds [742.6(a)(6)(iii)(A); 90 FR 4544]" in out
    assert "rows A-1, A-3" in out
    assert len(out.splitlines()) <= 40


def test_rows_that_move_are_written_with_what_moves_them(book: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pq = pytest.importorskip("pyarrow.parquet")
    out = tmp_path / "changes.parquet"
    assert run("2025-05-14", "2025-05-15", "--on-book", book, "--ignore", "shipped", "--out", str(out), "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert document["moved"] == {"codified": 2, "enforced": 0}
    assert document["groups"][0]["first"] == ["A-1", "A-3"]
    first = pq.read_table(out).to_pylist()[0]
    assert (first["row"], first["id"], first["stance"], first["provisions"]) == (0, "A-1", "codified", "worldwide_a newly binds")
    assert (first["outcome_before"], first["outcome_after"]) == ("no_license_required", "license_required")


def test_a_column_that_is_no_fact_is_refused_before_work_starts(
    book: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "changes.parquet"
    assert run("2025-05-14", "2025-05-15", "--on-book", book, "--out", str(out)) == 3
    assert "--ignore shipped" in capsys.readouterr().err
    assert not out.exists()


def test_a_book_that_is_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("pyarrow")
    path = tmp_path / "orders.csv"
    path.write_text("a,b\n", "utf-8")
    assert run("2025-05-14", "2025-05-15", "--on-book", str(path)) == 5
    assert "is not a Parquet file" in capsys.readouterr().err
    assert run("2025-05-14", "2025-05-15", "--on-book", str(tmp_path / "none.parquet")) == 5
