"""Proofs about the law: theorems that hold over every transaction, not over the ones somebody thought of.

A proof about one law takes all days on which that law is the same; a proof about the book takes everything ever
written in it.  The proofs speak of fully stated facts: every question has an answer, though the applicant's own papers
and what only knowledge makes matter may be left out.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from attrs import define, evolve, field, frozen

from penstock.decision.dead_rules import Transactions, dead_rules
from penstock.decision.inquiry import Finding, Inquiry, Span, fully_stated, model_of, underived
from penstock.decision.laxity import DeclaredException, exceptions, headquarters, more_tpp
from penstock.decision.library import program_of
from penstock.decision.program import OUTCOMES, PATHS, POLICIES, Program
from penstock.rulebook import ACTUAL, STANCES, Book, Law
from penstock.rulebook.cited import cited
from penstock.rulebook.solver import Encoding
from penstock.rulebook.unknowns import Formula, conj, disj, neg
from penstock.terms.citations import Forms, forms_of

__all__ = [
    "BOOK_PROOFS",
    "LAW_PROOFS",
    "Proof",
    "Session",
    "citation_forms",
    "laws_of",
    "prove_book",
    "prove_law",
    "unused_exceptions",
]

_DATA = "data/declared_exceptions.yaml"
_FORMS = "data/citation_forms.yaml"
_RECORDS = "data/records.yaml"
_END = dt.date(2100, 1, 1)


@frozen
class Proof:
    """One theorem about one law, or about the book: whether it holds, how long that took, what was come upon."""

    id: str
    statement: str
    law: str
    on: dt.date | None
    seconds: float
    findings: tuple[Finding, ...]

    @property
    def holds(self) -> bool:
        """Say whether the theorem is proved."""
        return not any(finding.fails for finding in self.findings)


@define
class Session:
    """What is kept from law to law in one run: transactions that showed something, exceptions declared and used."""

    clock: Callable[[], float]
    declared: tuple[DeclaredException, ...]
    transactions: Transactions = field(factory=Transactions)
    used: set[str] = field(factory=set)

    @classmethod
    def over(cls, book: Book, clock: Callable[[], float]) -> Session:
        """Return a session with the exceptions that the book declares; ``clock`` gives seconds."""
        return cls(clock, exceptions(book.data[_DATA]["exceptions"]))


def laws_of(book: Book, regime: str = ACTUAL) -> list[tuple[Law, tuple[Span, ...]]]:
    """Return every law of a regime since the first day of the book, each with the days on which it is the law.

    >>> from penstock.decision.library import book
    >>> laws = laws_of(book())
    >>> laws[0][1][0][0], len({law.hash for law, _ in laws}) == len(laws)
    (datetime.date(2022, 1, 1), True)
    """
    days = [book.first_day, *book.change_days(book.first_day + dt.timedelta(days=1), _END - dt.timedelta(days=1), regime), _END]
    found: dict[str, tuple[Law, tuple[Span, ...]]] = {}
    for first, last in itertools.pairwise(days):
        law = book.law(first, regime=regime)
        known, spans = found.get(law.hash, (law, ()))
        found[law.hash] = known, (*spans, (first, last))
    return list(found.values())


# ---- about one law


def _totality(program: Program, spans: tuple[Span, ...], session: Session) -> Iterator[Finding]:
    """Yield where a license is required and something about it is not decided, or a review table has no last row."""
    declared = [e for e in session.declared if e.proof == "totality"]
    needed: dict[str, DeclaredException] = {}
    for stance in STANCES:
        model, _ = _undecided(program, spans, stance, declared, needed, rows=False)
        if model is not None:
            shown, inquiry = _undecided(program, spans, stance, declared, {}, rows=True)
            values, day = inquiry.document(shown) if shown is not None else ({}, spans[0][0])
            yield Finding(f"{stance}: a license is required and the answer is not decided", fails=True,
                          example={"on": day, "facts": values})  # fmt: skip
        yield from _unfinished(program, stance)
    session.used |= needed.keys()
    for e in needed.values():
        yield Finding(f"except where {e.provision} decides: {e.because}", e.provision, e.cite)
    for name in underived(program):
        yield Finding(f"{name} is taken as stated: it is said to be computed when absent, and a rule reads it bare", name)


def _undecided(
    program: Program, spans: tuple[Span, ...], stance: str, declared: Iterable[DeclaredException],
    needed: dict[str, DeclaredException], *, rows: bool,
) -> tuple[Any, Inquiry]:  # fmt: skip
    """Return a model, or None, in which a license is required and the answer is not decided though nothing excuses it."""
    inquiry = Inquiry.of([program], fully_stated(program), spans, rows=rows)
    encoding = inquiry.encoding(program)
    question = program.stances[stance]
    outcome, path, policy = (encoding.of(node).cases for node in (question.outcome, question.path, question.policy))
    open_ = [outcome.get(OUTCOMES.index("unknown"), False), path.get(PATHS.index("UNKNOWN"), False)]
    open_ += [held for code, held in policy.items() if code < 0 or POLICIES[code] == "unknown"]
    undecided = conj([encoding.of(question.license_required).certain, disj(open_)])
    excused = {e: _possible(program, encoding, e.provision) for e in declared}
    solver = inquiry.solver()
    needed |= {e.provision: e for e, held in excused.items() if model_of(solver, conj([undecided, held])) is not None}
    return model_of(solver, conj([undecided, *map(neg, excused.values())])), inquiry


def _possible(program: Program, encoding: Encoding, provision: str) -> Formula:
    """Return whether a definition that excuses may hold; in a law that does not have it, it excuses nothing."""
    with program.lowering:
        return encoding.of(program.lowerer.rule(provision)).possible


def _unfinished(program: Program, stance: str) -> Iterator[Finding]:
    for requirement in program.requirements:
        table = program.rows[stance].get(requirement.id, ())
        if requirement.standing.binds(stance) and (not table or table[-1].node is not program.graph.true):
            cite = requirement.standing.version.cite
            yield Finding(f"{stance}: the review of {requirement.id} does not end", requirement.id, cite, fails=True)


def _overlap(program: Program, spans: tuple[Span, ...], session: Session) -> Iterator[Finding]:
    """Yield two rows of one review, or two authorizations, of which it is not declared which goes first."""
    for stance in STANCES:
        for requirement, table in program.rows[stance].items():
            places = [row.version.options["order"] for row in table]
            for row, place in zip(table, places, strict=True):
                if places.count(place) > 1:
                    yield Finding(
                        f"{stance}: {row.id} shares its place in the review of {requirement}", row.id, row.version.cite, True
                    )
    for authorization in program.authorizations:
        if PATHS.count(authorization.id) != 1:
            yield Finding(f"{authorization.id} has no place among the paths", authorization.id, authorization.version.cite, True)


def _dead(program: Program, spans: tuple[Span, ...], session: Session) -> Iterable[Finding]:
    return dead_rules(program, spans, session.transactions)


def _more_tpp(program: Program, spans: tuple[Span, ...], session: Session) -> Iterable[Finding]:
    return more_tpp(program, spans, session.declared, session.used)


def _headquarters(program: Program, spans: tuple[Span, ...], session: Session) -> Iterable[Finding]:
    return headquarters(program, spans, session.declared, session.used)


LAW_PROOFS: Mapping[str, tuple[str, Callable[[Program, tuple[Span, ...], Session], Iterable[Finding]]]] = {
    "totality": ("Where a license is required, outcome, path and review policy are decided, except as declared.", _totality),
    "overlap": ("Of two review rows or exceptions that both apply it is declared which goes first.", _overlap),
    "dead_rules": ("Every requirement, exception, review row, duty and flag can fire.", _dead),
    "more_tpp": ("More TPP is never treated more laxly, except as declared.", _more_tpp),
    "headquarters": ("A Macau or D:5 headquarters is never treated more laxly, except as declared.", _headquarters),
}


def prove_law(law: Law, spans: tuple[Span, ...], session: Session) -> Iterator[Proof]:
    """Yield every proof about a law, as it is done."""
    program = program_of(law)
    for id, (statement, prove) in LAW_PROOFS.items():
        start = session.clock()
        findings = tuple(prove(program, spans, session))
        yield Proof(id, statement, law.hash, spans[0][0], session.clock() - start, findings)


# ---- about the book


def citation_forms(book: Book) -> Forms:
    """Return the grammar of citations that the book declares."""
    return forms_of(book.data[_FORMS], [act.cite for act in book.instruments.values()])


def _citations(book: Book, session: Session) -> Iterator[Finding]:
    """Yield citations that have no known form or name an instrument that the book does not have."""
    forms = citation_forms(book)
    kept = [str(record["cite"]) for record in book.data.get(_RECORDS, {}).get("records", ())]
    acts = {part.text for cite in (*(act.cite for act in book.instruments.values()), *kept) for part in forms.read(cite)}
    for entry in cited(book):
        for part in forms.read(entry.cite):
            if not part.known:
                yield Finding(f"{entry.place}: {part.text!r} has no known form", entry.id, entry.cite, True)
            for name in part.names:
                if not any(other.text in acts or other.form == "named" for other in forms.read(name)):
                    yield Finding(f"{entry.place}: {name} is no instrument of the book", entry.id, entry.cite, True)
        if entry.by and entry.by not in book.instruments:
            yield Finding(f"{entry.place}: no instrument is called {entry.by}", entry.id, entry.cite, True)


def _cells(book: Book, session: Session) -> Iterator[Finding]:
    """Yield tables without cells, and cells without a citation or an instrument."""
    for table in book.tables.values():
        if not table.cells:
            yield Finding(f"{table.id} has no cell", table.id, fails=True)
        for cell in table.cells:
            if not cell.cite or cell.by not in book.instruments:
                yield Finding(f"a cell of {table.id} is not cited", table.id, cell.cite, True)


def _declared(book: Book, session: Session) -> Iterator[Finding]:
    """Yield declared exceptions that speak of nothing."""
    for exception in session.declared:
        if exception.provision not in book.versions or exception.proof not in LAW_PROOFS:
            yield Finding(
                f"{exception.provision}: an exception is declared for what does not exist",
                exception.provision,
                exception.cite,
                True,
            )


BOOK_PROOFS: Mapping[str, tuple[str, Callable[[Book, Session], Iterable[Finding]]]] = {
    "citations": ("Every citation has a known form, and every instrument it names is in the book.", _citations),
    "cells": ("Every table cell is cited.", _cells),
    "declared": ("Every declared exception names a proof and a provision.", _declared),
}


def prove_book(book: Book, session: Session) -> Iterator[Proof]:
    """Yield every proof about the book as a whole."""
    for id, (statement, prove) in BOOK_PROOFS.items():
        start = session.clock()
        findings = tuple(prove(book, session))
        yield Proof(id, statement, "", None, session.clock() - start, findings)


def unused_exceptions(proof: Proof, session: Session) -> Proof:
    """Return the proof of declared exceptions, failing also for those that no law of a full run needed."""
    idle = [e for e in session.declared if e.provision not in session.used]
    findings = tuple(Finding(f"{e.provision}: the declared exception excuses nothing", e.provision, e.cite, True) for e in idle)
    return evolve(proof, findings=(*proof.findings, *findings))
