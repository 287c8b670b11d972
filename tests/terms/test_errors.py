"""Errors as documents."""

from __future__ import annotations

from fractions import Fraction

from penstock.terms.errors import BadEnum, BadNumber, RuleError, UnknownFact, first_of


def test_a_document_holds_what_there_is_to_say_and_no_more() -> None:
    error = BadEnum("no such value", at="activity.type", value="x", nearest="export", allowed=("export",), hint="penstock facts")
    assert error.document() == {
        "error": {"code": "bad_enum", "message": "no such value", "at": "activity.type", "value": "x", "nearest": "export",
                  "allowed": ["export"], "hint": "penstock facts"},
        "exit_code": 3,
    }  # fmt: skip
    assert UnknownFact("no").document() == {"error": {"code": "unknown_fact", "message": "no"}, "exit_code": 3}


def test_false_and_zero_are_values_to_say() -> None:
    assert BadNumber("no", value=0, nearest=Fraction(0)).document()["error"] == {
        "code": "bad_number",
        "message": "no",
        "value": 0,
        "nearest": 0,
    }


def test_the_first_error_carries_the_others() -> None:
    first, second, third = UnknownFact("a"), BadEnum("b"), BadNumber("c")
    assert first_of([first, second, third]) is first
    assert [entry["code"] for entry in first.document()["error"]["more"]] == ["bad_enum", "bad_number"]


def test_a_rule_error_reads_like_a_compiler() -> None:
    error = RuleError("unknown fact", file="part774.py", line=12, hint="Did you mean t.item.tpp?")
    assert str(error) == "part774.py:12: unknown fact. Did you mean t.item.tpp?"
    assert (error.file, error.line, error.exit_code) == ("part774.py", 12, 3)
    assert str(RuleError("no", file="x.yaml")) == "x.yaml: no"
