"""``penstock cases run``: one line per difference, and the counts."""

from __future__ import annotations

import click

from penstock.apps.cli.kinds import ANSWERS
from penstock.apps.cli.language import t
from penstock.apps.cli.options import document_of
from penstock.decision.cases import Case, Mismatch, read_cases, run_case
from penstock.terms.numbers import dump_json

__all__ = ["run_files"]

_CONFIDENCE = ("low", "medium", "high")


def run_files(files: tuple[str, ...], kind: str | None, topic: str | None, min_confidence: str) -> int:
    """Run the chosen cases and return the exit code: 1 when a case of medium or high confidence fails."""
    chosen = [
        case
        for file in files
        for case in read_cases(document_of(file))
        if (kind is None or case.kind == kind)
        and (topic is None or case.topic == topic)
        and _CONFIDENCE.index(case.confidence) >= _CONFIDENCE.index(min_confidence)
    ]
    passed = failed = questions = 0
    for case in chosen:
        found = run_case(case, ANSWERS)
        if not found:
            passed += 1
        elif case.confidence == "low":
            questions += 1
        else:
            failed += 1
        for mismatch in found:
            click.echo(_line(case, mismatch))
    click.echo(t("{passed} passed, {failed} failed, {questions} questions", passed=passed, failed=failed, questions=questions))
    return 1 if failed else 0


def _line(case: Case, mismatch: Mismatch) -> str:
    start = f"{case.id} | {t('question')} | " if case.confidence == "low" else f"{case.id} | "
    return f"{start}{mismatch.path} | {_text(mismatch.expected)} | {_text(mismatch.got)}"


def _text(value: object) -> str:
    return value if isinstance(value, str) else dump_json(value, indent=None)
