"""Case files: how an expectation is compared with an answer."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction
from typing import Any

import pytest

from penstock.decision.cases import Case, match, read_cases, run_case
from penstock.terms.errors import BadDate, BadDocument

ROWS = [{"id": "a", "n": 1}, {"id": "b", "n": 2}]


@pytest.mark.parametrize(
    ("expected", "got"),
    [
        ({"a": 1}, {"a": 1, "b": 2}),
        ({"a": {"b": 1}}, {"a": {"b": 1, "c": 2}}),
        ({"a": None}, {}),
        ({"on": "2025-06-01"}, {"on": dt.date(2025, 6, 1)}),
        ({"n": Fraction(1, 2)}, {"n": Fraction(1, 2)}),
        ({"n": {"approx": 2, "tol": Fraction(1, 10)}}, {"n": Fraction(21, 10)}),
        ({"n": {"min": 1, "max": 3}}, {"n": 3}),
        ({"rows": ["b", "a"]}, {"rows": ROWS}),
        ({"rows": {"includes": ["a"], "excludes": ["c"]}}, {"rows": ROWS}),
        ({"rows": {"empty": True}}, {"rows": []}),
        ({"rows": {"empty": False}}, {"rows": ROWS}),
        ({"rows": {"count": 2}}, {"rows": ROWS}),
        ({"rows": {"by_id": {"b": {"n": 2}}}}, {"rows": ROWS}),
        ({"rows": {"by_id": {"b": {"n": {"max": 2}}}}}, {"rows": ROWS}),
        ({"a": {"not": 1}}, {"a": 2}),
        ({"a": {"not": 1}}, {}),
        ({"a": {"one_of": [1, 2]}}, {"a": 2}),
        ({"a": {"present": True}}, {"a": 0}),
        ({"a": {"present": False}}, {}),
        ({"a": True}, {"a": True}),
    ],
)
def test_what_matches(expected: Any, got: Any) -> None:
    """Contract 5, match rules."""
    assert list(match(expected, got, "")) == []


@pytest.mark.parametrize(
    ("expected", "got", "path"),
    [
        ({"a": 1}, {"a": 2}, "a"),
        ({"a": {"b": 1}}, {"a": 5}, "a"),
        ({"a": {"b": 1}}, {}, "a"),
        ({"a": None}, {"a": 0}, "a"),
        ({"a": True}, {"a": 1}, "a"),
        ({"a": 1}, {"a": True}, "a"),
        ({"a": "unknown"}, {"a": True}, "a"),
        ({"n": {"approx": 2, "tol": Fraction(1, 10)}}, {"n": Fraction(22, 10)}, "n"),
        ({"n": {"approx": 2}}, {"n": None}, "n"),
        ({"n": {"min": 1}}, {"n": 0}, "n"),
        ({"n": {"min": 1}}, {}, "n"),
        ({"rows": ["a"]}, {"rows": ROWS}, "rows"),
        ({"rows": []}, {"rows": ROWS}, "rows"),
        ({"rows": {"includes": ["c"]}}, {"rows": ROWS}, "rows"),
        ({"rows": {"excludes": ["a"]}}, {"rows": ROWS}, "rows"),
        ({"rows": {"empty": True}}, {"rows": ROWS}, "rows"),
        ({"rows": {"count": 3}}, {"rows": ROWS}, "rows.count"),
        ({"rows": {"by_id": {"b": {"n": 3}}}}, {"rows": ROWS}, "rows.b.n"),
        ({"rows": {"by_id": {"c": {}}}}, {"rows": ROWS}, "rows.c"),
        ({"a": {"not": 1}}, {"a": 1}, "a"),
        ({"a": {"one_of": [1, 2]}}, {"a": 3}, "a"),
        ({"a": {"present": True}}, {}, "a"),
    ],
)
def test_what_does_not_match_is_named_by_its_path(expected: Any, got: Any, path: str) -> None:
    assert [mismatch.path for mismatch in match(expected, got, "")] == [path]


def case(**changes: Any) -> Case:
    raw = {
        "id": "x",
        "kind": "decision",
        "on": "2025-06-01",
        "stance": "enforced",
        "facts": {"activity": {"type": "iaas"}},
        "expect": {},
        **changes,
    }
    (read,) = read_cases({"format": "penstock-cases/1", "cases": [raw]})
    return read


def test_each_kind_is_answered() -> None:
    """Contract 5 and 6."""
    assert run_case(case(expect={"outcome": "no_license_required"})) == []
    assert run_case(case(stance="both", expect={"codified": {"path": "NLR"}, "stances_differ": False})) == []
    assert run_case(case(kind="classification", facts={"item": {"chip": "h20"}}, expect={"eccn": "none"})) == []
    assert (
        run_case(case(kind="table", facts={"table": {"name": "treated_as", "keys": ["HK"]}}, expect={"values": {"HK": "CN"}}))
        == []
    )
    assert (
        run_case(case(kind="error", facts={"activity": {"type": "x"}}, expect={"error": {"code": "bad_enum"}, "exit_code": 3}))
        == []
    )
    assert [mismatch.path for mismatch in run_case(case(kind="error", expect={"exit_code": 3}))] == ["exit_code"]


def test_known_regime_and_switches_reach_the_law() -> None:
    facts = {
        "activity": {"type": "export"},
        "origin": "US",
        "destination": "BR",
        "item": {"kind": "integrated_circuit", "eccn": "3A090.a"},
        "consignee": {"country": "BR", "headquarters": "BR", "parent_headquarters": "BR", "lists": []},
    }
    binds = {"requirements": {"by_id": {"worldwide_a": {"binding": True}}}}
    assert run_case(case(facts=facts, expect=binds)) != []
    assert run_case(case(facts=facts, expect=binds, known="2025-05-12")) == []
    assert run_case(case(facts=facts, expect=binds, regime="diffusion-as-written")) == []
    assert run_case(case(facts=facts, expect={"error": {"code": "unknown_switch"}}, switches={"no_such": 1})) == []


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"format": "penstock-cases/2", "cases": []},
        {"format": "penstock-cases/1"},
        {"format": "penstock-cases/1", "cases": {}},
        {"format": "penstock-cases/1", "cases": [{"id": "x"}]},
        {"format": "penstock-cases/1", "cases": [5]},
    ],
)
def test_what_is_no_case_file_is_refused(document: dict[str, Any]) -> None:
    with pytest.raises(BadDocument):
        read_cases(document)


def test_the_yaml_trap_is_pointed_out() -> None:
    """Contract, YAML trap: a key `on` read as a boolean is no key of a case."""
    with pytest.raises(BadDocument, match="has id, kind, on, facts and expect"):
        read_cases(
            {
                "format": "penstock-cases/1",
                "cases": [{"id": "x", "kind": "decision", True: "2025-06-01", "facts": {}, "expect": {}}],
            }
        )
    with pytest.raises(BadDate):
        case(on="2025-02-30")
