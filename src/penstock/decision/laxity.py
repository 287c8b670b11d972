"""Monotonicity: what a change for the worse may never do is make the treatment laxer.

Treatments are ordered, from lax to strict: not subject to the EAR; no license required; an authorization available; a
license required, by its review policy in the contract's order of strictness; prohibited.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from attrs import frozen

from penstock.decision.inquiry import Finding, Inquiry, Span, fully_stated, model_of, prepared_of
from penstock.decision.program import OUTCOMES, PATHS, POLICIES, Program
from penstock.decision.tables import treated_as
from penstock.decision.targets import decides
from penstock.rulebook import STANCES
from penstock.rulebook.solver import Encoding
from penstock.rulebook.unknowns import Formula, conj, disj, neg
from penstock.terms.vocabulary import vocabulary

__all__ = ["DeclaredException", "exceptions", "headquarters", "more_tpp", "treatment"]

_LICENSED, _PROHIBITED = OUTCOMES.index("license_required"), OUTCOMES.index("prohibited")
_BEFORE = ("not_subject", "no_license_required", "authorization_available")
_GROWING = ("item.tpp", "item.performance_density", "item.aggregate_tpp")
_CLASS = "item.eccn"
_EMBARGOED = "D5_OR_MACAU"
_COPY = "'"


@frozen
class DeclaredException:
    """A place where the law itself is not monotone: by which provision, on which side of the comparison, and why."""

    proof: str
    provision: str
    side: str
    cite: str
    because: str


def exceptions(raw: Iterable[Mapping[str, Any]]) -> tuple[DeclaredException, ...]:
    """Return the exceptions that the law's data declares.

    >>> exceptions([{"proof": "more_tpp", "provision": "x", "side": "laxer", "cite": "742.6", "because": "the text"}])[0].side
    'laxer'
    """
    return tuple(DeclaredException(**entry) for entry in raw)


def treatment(encoding: Encoding, program: Program, stance: str) -> list[Formula]:
    """Return, from lax to strict, one formula for each treatment a stance may give."""
    question = program.stances[stance]
    outcome, policy = encoding.of(question.outcome).cases, encoding.of(question.policy).cases
    licensed = outcome.get(_LICENSED, False)
    return [
        *(outcome.get(OUTCOMES.index(name), False) for name in _BEFORE),
        *(conj([licensed, policy.get(code, False)]) for code in range(len(POLICIES))),
        outcome.get(_PROHIBITED, False),
    ]


def more_tpp(program: Program, spans: Iterable[Span], declared: Iterable[DeclaredException], used: set[str]) -> list[Finding]:
    """Prove that of two transactions that differ in TPP alone, the class computed, the larger is not treated more laxly.

    The larger has at least the performance density and aggregate TPP of the smaller: the die and the quantity are the
    same.
    """

    def grows(pairs: Mapping[str, tuple[Any, Any]]) -> Formula:
        rises = [large > small for name, (small, large) in pairs.items() if name == _GROWING[0]]
        return conj([disj(rises), *(large >= small for small, large in pairs.values())])

    policy = fully_stated(program, absent=[_CLASS])
    return _compared("more_tpp", _Question(program, tuple(spans), policy, _GROWING, grows), declared, used)


def headquarters(program: Program, spans: Iterable[Span], declared: Iterable[DeclaredException], used: set[str]) -> list[Finding]:
    """Prove that a party headquartered in Macau or D:5 is not treated more laxly than were it headquartered elsewhere.

    Any of the headquarters a law reads may move there at once; everything else is the same.
    """
    law, facts = program.law, vocabulary().facts
    embargoed = law.members(_EMBARGOED)
    read = {node.data for node in program.graph.reachable(program.outputs) if node.op == "fact"}
    names = tuple(sorted(name for name in read if name.endswith("headquarters") and facts[name].type == "country"))

    def moves(pairs: Mapping[str, tuple[Any, Any]]) -> Formula:
        moved, each = [], []
        for here, there in pairs.values():
            inside = [place for place in here if treated_as(law, place) in embargoed]
            moved.append(conj([disj(there[place] for place in inside), neg(disj(here[place] for place in inside))]))
            each.append(disj([moved[-1], conj(there[place] == held for place, held in here.items())]))
        return conj([*each, disj(moved)])

    return _compared("headquarters", _Question(program, tuple(spans), fully_stated(program), names, moves), declared, used)


@frozen(eq=False)
class _Question:
    """Two transactions of one law that differ in some facts, the second for the worse."""

    program: Program
    spans: tuple[Span, ...]
    policy: Callable[[str], Any]
    names: tuple[str, ...]
    relation: Callable[[Mapping[str, tuple[Any, Any]]], Formula]

    def copy(self, name: str) -> str:
        """Return the name of a fact in the second transaction."""
        return name + _COPY if name in self.names else name


def _compared(proof: str, question: _Question, declared: Iterable[DeclaredException], used: set[str]) -> list[Finding]:
    """Return a failing finding for each stance in which the second transaction is treated more laxly, exceptions as notes."""
    excuses = [exception for exception in declared if exception.proof == proof]
    needed: set[str] = set()
    failing = [stance for stance, model, _ in _violations(question, excuses, needed, rows=False) if model is not None]
    used |= needed
    notes = [Finding(f"except where {e.provision} decides: {e.because}", e.provision, e.cite)
             for e in excuses if e.provision in needed]  # fmt: skip
    if not failing:
        return notes
    shown = {stance: _example(question, stance, inquiry, model)
             for stance, model, inquiry in _violations(question, excuses, set(), rows=True) if model is not None}  # fmt: skip
    unshown = "not proved, and no example was found with lists of at most two rows"
    return [*notes, *(shown.get(stance, Finding(f"{stance}: {unshown}", fails=True)) for stance in failing)]


def _violations(
    question: _Question, excuses: list[DeclaredException], needed: set[str], *, rows: bool
) -> Iterator[tuple[str, Any, Inquiry]]:
    """Yield, per stance, a model in which the second transaction is treated more laxly, not excused, or None."""
    inquiry = Inquiry.of([question.program], question.policy, question.spans, rows=rows)
    first = inquiry.encoding(question.program)
    second = inquiry.encoding(question.program, question.copy)
    laxer = {stance: _laxer(second, first, question.program, stance) for stance in STANCES}
    excused = {
        (stance, e.provision): (second if e.side == "laxer" else first).of(decides(question.program, stance, e.provision)).certain
        for stance in STANCES
        for e in excuses
    }
    facts = inquiry.unknowns.facts
    pairs = {n: (facts[n][2].value, facts[n + _COPY][2].value) for n in question.names if n + _COPY in facts}
    if not pairs:
        return
    solver = inquiry.solver()
    solver.add(question.relation(pairs), *_stated_alike(facts, pairs))
    for stance in STANCES:
        held = [excused[stance, e.provision] for e in excuses]
        model = model_of(solver, conj([laxer[stance], *map(neg, held)]))
        for exception, by in zip(excuses, held, strict=True):
            if exception.provision not in needed and model_of(solver, conj([laxer[stance], by])) is not None:
                needed.add(exception.provision)
        yield stance, model, inquiry


def _stated_alike(facts: Mapping[str, Any], pairs: Iterable[str]) -> list[Formula]:
    known = [(facts[name][2].known, facts[name + _COPY][2].known) for name in pairs]
    return [here == there for here, there in known if here is not there]


def _laxer(second: Encoding, first: Encoding, program: Program, stance: str) -> Formula:
    """Return that the second treatment is below the first in the order from lax to strict."""
    one, two = (treatment(encoding, program, stance) for encoding in (first, second))
    return disj(conj([disj(one[level:]), neg(disj(two[level:]))]) for level in range(1, len(one)))


def _example(question: _Question, stance: str, inquiry: Inquiry, model: Any) -> Finding:
    """Return the two transactions of a model with what each is answered."""
    said = []
    (values, day), (other, _) = inquiry.document(model), inquiry.document(model, question.copy)
    for facts in (values, other):
        prepared = prepared_of(facts)
        out = question.program.verdict(prepared.values.get, prepared.roles, day)
        at = 5 * STANCES.index(stance)
        policy = POLICIES[out[at + 3]] if out[at + 3] >= 0 else "not_applicable"
        said.append(f"{OUTCOMES[out[at]]} ({PATHS[out[at + 2]]}, {policy})")
    changes = {name: [values.get(name), other[name]] for name in other if other[name] != values.get(name)}
    return Finding(f"{stance}: {said[0]} becomes {said[1]}", fails=True, example={"on": day, "facts": values, "changes": changes})
