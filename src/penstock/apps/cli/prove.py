"""``penstock law prove``, ``witness`` and ``coverage``: theorems about the law, and what of the regulations it writes."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from penstock.apps.cli.coverage import tell_facts
from penstock.apps.cli.language import code, count, prose, t, told
from penstock.apps.cli.options import INSTRUMENT, JSON, REGIME, at_regime, day_of, document_of, told_of_stacks
from penstock.apps.cli.output import put

if TYPE_CHECKING:
    from penstock.decision.coverage import Coverage
    from penstock.decision.difference import Difference
    from penstock.decision.proofs import Proof
    from penstock.rulebook import Law

__all__ = ["register"]

_MARK = {True: "✓", False: "✗"}


def register(group: click.Group) -> None:
    """Add the commands to a group."""
    for command in (prove, witness, coverage):
        group.add_command(command)


# ---- prove


@click.command()
@click.option("--on", metavar="DATE", help="Prove the law of one day (default: the day the instruments were gathered).")
@click.option("--all", "every", is_flag=True, help="Prove every law since the first day of the book, future ones included.")
@REGIME
@INSTRUMENT
@JSON
def prove(on: str | None, every: bool, regime: str, as_json: bool) -> int:
    """Prove theorems about the law: totality, precedence, no dead rule, monotonicity, citations. Exit 1 if one fails."""
    from penstock.decision.library import book, data_dates
    from penstock.decision.proofs import laws_of
    from penstock.rulebook import ACTUAL

    laws = laws_of(book(), regime)
    if not every:
        day = day_of(on or str(data_dates()["instruments"]), "--on")
        law = book().law(day, regime=regime)
        laws = [pair for pair in laws if pair[0].hash == law.hash]
    done: list[Proof] = []
    for proof in _proofs(laws, full=every and regime == ACTUAL):
        done.append(proof)
        if not as_json and not every:
            _tell(proof)
    holds = all(proof.holds for proof in done)
    if as_json:
        put(prose({"holds": holds, "proofs": [_document(proof) for proof in done]}))
    elif every:
        _tell_all(done)
    if not as_json:
        parts = {"n": len(done), "seconds": f"{sum(proof.seconds for proof in done):.1f}"}
        click.echo(
            t("All of {n} proofs hold, {seconds} s", **parts) if holds else t("Not all of {n} proofs hold, {seconds} s", **parts)
        )
    return 0 if holds else 1


def _proofs(laws: list[tuple[Law, Any]], *, full: bool) -> Iterator[Proof]:
    from penstock.decision.library import book
    from penstock.decision.proofs import Session, prove_book, prove_law, unused_exceptions

    session = Session.over(book(), time.perf_counter)
    about_book = list(prove_book(book(), session))
    for place, (law, spans) in enumerate(laws, 1):
        _progress(t("{day}: law {place} of {laws}", day=spans[0][0], place=place, laws=len(laws)))
        yield from prove_law(law, spans, session)
    _progress("")
    for proof in about_book:
        yield unused_exceptions(proof, session) if full and proof.id == "declared" else proof


def _progress(text: str) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r\x1b[K{text}", nl=False, err=True)


def _tell(proof: Proof) -> None:
    click.echo(f"{_MARK[proof.holds]} {proof.id:13} {proof.seconds:6.2f} s  {told(proof.statement)}")
    for finding in proof.findings:
        click.echo(_line(finding))


def _line(finding: Any, since: str = "") -> str:
    cite = f" [{finding.cite}]" if finding.cite else ""
    said = f"{since}{told(finding.text)}{cite}"
    text = "    " + (t("failure: {text}", text=said) if finding.fails else t("note: {text}", text=said))
    for name, value in _flat(finding.example):
        text += f"\n        {name}: {value}"
    return text


def _flat(example: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the lines of an example: its day, its facts, and what the second transaction changes."""
    from penstock.rulebook.render import show_value

    changes = example.get("changes", {})
    for name, value in example.items():
        if name == "facts":
            yield from ((fact, show_value(held)) for fact, held in value.items() if fact not in changes)
        elif name == "changes":
            yield from (
                (fact, t("{before} becomes {after}", before=show_value(pair[0]), after=show_value(pair[1])))
                for fact, pair in value.items()
            )
        else:
            yield name, show_value(value)


def _tell_all(done: list[Proof]) -> None:
    """Print one line per law, the proofs about the book, and every finding once, with the first law it is about."""
    laws: dict[str, list[Proof]] = {}
    for proof in done:
        laws.setdefault(proof.law, []).append(proof)
    for about in laws.values():
        if about[0].on is None:
            for proof in about:
                _tell(proof)
        else:
            marks = "  ".join(f"{_MARK[proof.holds]} {proof.id} {proof.seconds:.2f} s" for proof in about)
            click.echo(f"{about[0].on}  {marks}")
    seen: set[str] = set()
    for proof in (proof for proof in done if proof.on is not None):
        for finding in proof.findings:
            if finding.text not in seen:
                seen.add(finding.text)
                click.echo(_line(finding, t("from {day}, {proof}: ", day=proof.on, proof=proof.id)))


def _document(proof: Proof) -> dict[str, Any]:
    findings = [{"text": f.text, "provision": f.provision, "cite": f.cite, "fails": f.fails, "example": dict(f.example)}
                for f in proof.findings]  # fmt: skip
    return {"id": proof.id, "statement": proof.statement, "law_hash": proof.law or None, "on": proof.on, "holds": proof.holds,
            "findings": findings}  # fmt: skip


# ---- witness


@click.command()
@click.argument("a", metavar="DATE[@KNOWN][/REGIME]", callback=told_of_stacks)
@click.argument("b", metavar="DATE[@KNOWN][/REGIME]", callback=told_of_stacks)
@REGIME
@INSTRUMENT
@JSON
def witness(a: str, b: str, regime: str, as_json: bool) -> None:
    """Find a transaction that two laws answer differently, or prove that there is none."""
    from penstock.decision.difference import tell_apart
    from penstock.decision.points import Point
    from penstock.terms.documents import Facts

    a, b = at_regime(a, regime), at_regime(b, regime)
    one, two = Point.parse(a), Point.parse(b)
    found = tell_apart(one.law(), two.law(), (one.on, two.on))
    if as_json:
        answers = {"before": _said(found.before), "after": _said(found.after)}
        put(prose({"found": found.found, "facts": Facts(found.facts).document(), "answers": answers}))
    else:
        _tell_witness(found, a, b)


def _tell_witness(found: Difference, a: str, b: str) -> None:
    from penstock.terms.documents import Facts
    from penstock.terms.numbers import dump_json

    click.echo(_found()[found.found])
    if found.facts:
        click.echo(dump_json(Facts(found.facts).document()))
    for point, answers in ((a, found.before), (b, found.after)):
        for stance, said in answers.items():
            parts = {
                "point": point,
                "stance": code("stance", stance),
                "outcome": code("outcome", said.outcome),
                "path": said.path,
            }
            policy = code("review_policy", said.review_policy)
            click.echo(t("{point}, {stance}: {outcome}, path {path}, review {policy}", **parts, policy=policy))


def _found() -> dict[str, str]:
    return {
        "sample": t("A transaction that the two laws answer differently:"),
        "solver": t("A transaction that the two laws answer differently, found by the solver:"),
        "equal": t("Proved equal: every transaction has the same outcome, path and review policy under both laws."),
        "day": t("Proved equal for acts on one and the same day. At most what the law counts in days differs."),
        "open": t("No transaction was found that tells the two laws apart, and that there is none is not proved."),
    }


def _said(answers: Mapping[str, Any]) -> dict[str, Any]:
    return {s: {"outcome": said.outcome, "path": said.path, "review_policy": said.review_policy} for s, said in answers.items()}


# ---- coverage


@click.command()
@click.argument("cases", nargs=-1, metavar="[CASES...]")
@click.option(
    "--facts", "folder", metavar="FOLDER", help="YAML files that name provisions: each with the rules and cases for it."
)
@click.option("--against", metavar="FILE|-", help="Citations, one a line; say which of them nothing in the book rests on.")
@JSON
def coverage(cases: tuple[str, ...], folder: str | None, against: str | None, as_json: bool) -> None:
    """List what the book cites by CFR part, with the rules that rest on it and the cases of the given files that cite it.

    With --facts it lists what a folder of YAML files names instead, and what of it nothing in the book stands for.
    """
    from penstock.decision import coverage as ask
    from penstock.decision.library import book

    told = list(_cases(cases))
    found = ask.coverage(book(), told)
    if folder:
        tell_facts(folder, found, told, as_json=as_json)
        return
    gaps = ask.missing(found, _lines(against)) if against else []
    if as_json:
        parts = [{"part": part, "citations": [_entry(entry) for entry in entries]} for part, entries in found.parts.items()]
        put(prose({"parts": parts, "missing": [{"cite": gap.cite, "within": list(gap.within)} for gap in gaps]}))
        return
    _tell_coverage(found, bool(cases))
    for gap in gaps:
        within = t(" (within {cites})", cites=", ".join(gap.within)) if gap.within else ""
        click.echo(t("missing: {cite}", cite=gap.cite) + within)
    if against and not gaps:
        click.echo(t("Nothing is missing."))


def _cases(files: Iterable[str]) -> Iterator[Mapping[str, Any]]:
    for file in files:
        yield from document_of(file).get("cases", [])


def _lines(file: str) -> list[str]:
    from penstock.terms.errors import FileUnusable

    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text("utf-8")
    except OSError as error:
        raise FileUnusable(f"{file} cannot be read: {error.strerror}", value=file) from None
    return [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]


def _entry(entry: Any) -> dict[str, Any]:
    return {"cite": entry.cite, "rules": sorted(entry.rules), "cells": entry.cells, "cases": sorted(entry.cases)}


def _tell_coverage(found: Coverage, with_cases: bool) -> None:
    for part, entries in found.parts.items():
        rules = set[str]().union(*(entry.rules for entry in entries))
        counts = [count(len(entries), "{n} citation", "{n} citations"), count(len(rules), "{n} rule", "{n} rules")]
        click.echo(f"{f'15 CFR part {part}' if part else t('Other sources')}: {t(', ').join(counts)}")
        for entry in entries:
            found_by = [count(len(entry.rules), "{n} rule", "{n} rules")] if entry.rules else []
            found_by += [count(entry.cells, "{n} cell", "{n} cells")] if entry.cells else []
            found_by += [count(len(entry.cases), "{n} case", "{n} cases")] if with_cases and entry.cases else []
            click.echo(f"  {entry.cite:40} {t(', ').join(found_by) or t('named only')}")
