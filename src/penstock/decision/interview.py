"""The interview: from facts given so far to the one question worth asking next.

Nothing is remembered between questions: the facts document is the whole state, so the command line, the web and an
assistant ask the same questions.  Only facts on which an undecided answer rests are asked.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any
from weakref import WeakKeyDictionary

from attrs import frozen

from penstock.decision import library
from penstock.decision.again import Again
from penstock.decision.determination import Determination, decide_facts
from penstock.decision.program import OUTCOMES, PATHS, POLICIES, Program
from penstock.rulebook import ACTUAL, STANCES
from penstock.rulebook.ir import TRUE, UNKNOWN, Node
from penstock.rulebook.parse import RuleVersion
from penstock.terms.documents import Facts, read_facts
from penstock.terms.vocabulary import FactSpec, vocabulary

__all__ = ["ACT", "Question", "Reason", "answered", "next_question"]

ACT = "activity.type"
_CHIP, _CLASS = "item.chip", "item.eccn"
_NAMED_BY_CHIP = ("integrated_circuit", "computer", "assembly", "hbm", None)
_DECIDES = ("license_required", "outcome", "path", "review_policy")
_KINDS = ("requirement", "authorization", "review", "definition", "duty", "flag")
_REASONS_MAX = 3
_NOTHING_ELSE = "another"  # a name that is none of those the transaction knows
_FAR = dt.timedelta(days=3650)
_HUGE = 10**30
# A conclusion of law, to be asked only of someone who cannot tell the facts it follows from.
_CONCLUSIONS = ("item.subject_to_ear",)
# Of a screened party it is far likelier that nothing is found; other values are taken to be equally likely.
_CLEAR, _HIT = 9, 1
# What an answer costs who is asked, by group of facts: the first pattern that fits counts.
_COSTS = (
    (ACT, 1, "The exporter knows what it is about to do."),
    ("origin.*", 1, "The place the goods leave from is on the order."),
    ("destination.*", 1, "The place the goods go to is on the order."),
    (_CHIP, 1, "The product name is on the order."),
    ("item.quantity", 1, "The quantity is on the order."),
    ("item.kind", 1, "Anyone who has seen the item can tell."),
    ("item.subject_to_ear", 9, "It is a conclusion of law, not a fact."),
    (_CLASS, 2, "The maker publishes the classification of its products."),
    ("item.throughput", 6, "It is a whole table of the maker's data sheet."),
    ("item.designer.*", 3, "The designer has to be asked, or its status looked up."),
    ("item.*", 3, "It is in the maker's data sheet or has to be asked of the maker."),
    ("parties.*.parent_headquarters", 4, "The chain of ownership has to be followed up to its end."),
    ("parties.*.owners", 6, "Shareholders have to be found and each of them screened."),
    ("parties.*.lists", 3, "A screening has to be run."),
    ("parties.*", 2, "The customer says it, or a company register does."),
    ("authorizations_held", 2, "The applicant holds the paper."),
    ("documents.*", 2, "The applicant holds the paper."),
    ("end_use.*", 4, "The customer has to state it."),
    ("facility.*", 5, "Somebody has to look at the site or its plans."),
    ("counters.*", 6, "The shipments of others count too; the consignee or BIS has to be asked."),
    ("*", 5, "Who can say it depends on the fact."),
)  # fmt: skip

Undecided = Mapping[str, list[str]]


@frozen
class Reason:
    """One provision that reads a fact: its citation and what it says, in our words."""

    cite: str
    text: str


@frozen
class Question:
    """One question: the fact, what is asked, the values it may have, why it is asked and what it decides.

    ``open`` counts the facts that are still undecided, this one included.
    """

    id: str
    question: str
    type: str
    enum: tuple[str, ...]
    unit: str
    why: tuple[Reason, ...]
    decides: tuple[str, ...]
    open: int

    def document(self) -> dict[str, Any]:
        """Return the question as the document every surface shows."""
        why = [{"cite": reason.cite, "text": reason.text} for reason in self.why]
        return {"id": self.id, "question": self.question, "type": self.type, "enum": list(self.enum), "unit": self.unit,
                "why": why, "decides": list(self.decides), "open": self.open}  # fmt: skip


def next_question(
    facts: Facts, on: dt.date, known: dt.date | None = None, regime: str = ACTUAL, switches: Mapping[str, Any] | None = None,
    *, stance: str | None = None, skipped: Collection[str] = (),
) -> Question | None:  # fmt: skip
    """Return the question that settles the answer soonest, or None when it is settled or nothing is left to ask.

    ``stance`` limits the interview to one stance; ``skipped`` are facts that nobody could tell.  Raises what
    :func:`penstock.decision.decide` raises for facts that contradict each other.

    >>> day = dt.date(2026, 6, 15)
    >>> next_question(Facts(), day).id
    'activity.type'
    >>> given = {"activity": {"type": "export"}, "origin": "US", "destination": "MY", "item": {"chip": "h200-sxm"}}
    >>> question = next_question(read_facts(given), day, stance="enforced")
    >>> question.id, question.decides[:2], question.why[0].cite
    ('parties.ultimate_consignee.lists', ('license_required', 'outcome'), '744.11')
    """
    if ACT not in facts.values:
        return _question(ACT, _about_the_act(library.program(on, known, regime, switches)), _DECIDES, 1)
    answer = decide_facts(facts, on, known, regime, switches)
    stances = (stance,) if stance else STANCES
    undecided = _undecided(answer, stances)
    asked = [name for name in _askable(undecided, answer, frozenset(skipped)) if name not in skipped]
    if not asked:
        return None
    case = Again.of(answer)
    best = min(asked, key=lambda name: (_left_open(case, name, stances), _cost(name), asked.index(name)))
    decides = best if best in undecided else _CLASS
    return _question(best, _why(answer, decides), undecided[decides], len(undecided))


def answered(facts: Facts, name: str, raw: Any) -> Facts:
    """Return the facts with one more, checked as in a document; FactError says what is wrong and what was probably meant.

    >>> answered(Facts(), "destination.country", "Portugal")
    Traceback (most recent call last):
    penstock.terms.errors.BadCountry: destination.country: 'Portugal' is not an ISO 3166-1 alpha-2 code
    """
    return facts.with_({name: read_facts({name: raw}).values[name]})


# ---- what may be asked


def _undecided(answer: Determination, stances: Iterable[str]) -> dict[str, list[str]]:
    """Return the absent facts on which what is undecided rests, with what each decides."""
    found: dict[str, set[str]] = {}
    for stance in stances:
        for entry in answer.stance(stance).block["missing_facts"]:
            found.setdefault(entry["id"], set()).update(entry["decides"])
    return {name: [key for key in _DECIDES if key in keys] for name, keys in found.items()}


def _askable(undecided: Undecided, answer: Determination, skipped: frozenset[str]) -> list[str]:
    """Return the facts that may be asked: the name of a product rather than its class, facts rather than conclusions.

    A fact that is computed from others is not asked when only one of those is missing, nor are those while it is.
    """
    facts = answer.prepared.facts.values
    names = [name for name in undecided if name not in facts]
    named = _CHIP not in facts and _CHIP not in skipped and facts.get("item.kind") in _NAMED_BY_CHIP
    if _CLASS in names and named and answer.codified.block["eccn"] == "unknown":  # else its entry is asked, which no chip tells
        names.insert(names.index(_CLASS), _CHIP)
    words = vocabulary().facts
    inputs = {name: [i for i in words[name].inputs if i in undecided] for name in names}
    late = {name for name in names if name in _CONCLUSIONS and any(i not in skipped for i in inputs[name])}
    late |= {name for name in names if len(inputs[name]) == 1 and inputs[name][0] not in skipped and len(words[name].inputs) > 1}
    early = {name for name in names if inputs[name] and name not in late and name not in skipped}
    late |= {i for name in early for i in inputs[name]}
    return [name for name in names if name not in late]


# ---- what to ask first


def _left_open(case: Again, name: str, stances: Iterable[str]) -> float:
    """Return how many of the undecided keys an answer is expected to leave open, over the values its fact may have."""
    fact = _CLASS if name == _CHIP else name
    weights = 0
    left = 0.0
    for value, weight in _possible(case, fact):
        values, roles = case.values(((fact, value),))
        out = case.program.verdict(values.get, roles, case.on)
        weights += weight
        left += weight * sum(_open_keys(out, stance) for stance in stances)
    return left / weights if weights else float(len(_DECIDES) * len(STANCES))


def _open_keys(out: tuple[Any, ...], stance: str) -> int:
    """Return how many of the four keys of a stance are unknown in a verdict."""
    each = len(out) // len(STANCES)
    outcome, required, path, policy, _ = out[each * STANCES.index(stance) :][:each]
    review = required == TRUE and policy == POLICIES.index("unknown")
    return sum((required == UNKNOWN, OUTCOMES[outcome] == "unknown", PATHS[path] == "UNKNOWN", review))


def _possible(case: Again, name: str) -> Iterator[tuple[Any, int]]:
    """Yield one value of a fact for each treatment the law knows, with how likely it is beside the others."""
    spec = vocabulary().facts[name]
    told_apart = case.told_apart
    if spec.type == "bool":
        yield from ((True, 1), (False, 1))
    elif spec.type == "enum":
        yield from ((group[0], len(group)) for group in told_apart.choices(name))
    elif spec.type == "country":
        yield from ((group[0], len(group)) for group in told_apart.countries(*case.names(name)))
    elif spec.type in ("int", "number"):
        (limits,) = case.thresholds([((), name, 0)])
        top = 1 if spec.unit == "fraction" else _HUGE
        yield from ((value, 1) for value in sorted({0, *limits, top}))
    elif spec.type == "date":
        yield from ((case.on, 1), (case.on - _FAR, 1))
    elif spec.is_list:
        yield from _lists(case, spec)
    elif name == _CLASS:
        yield from ((group[0], 1) for group in told_apart.classes(name))
    else:
        holders = {row["holder"] for row in case.prepared.values.get("authorizations_held") or () if "holder" in row}
        yield from ((text, 1) for text in (_NOTHING_ELSE, *sorted(holders)))


def _lists(case: Again, spec: FactSpec) -> Iterator[tuple[Any, int]]:
    if spec.name.endswith(".lists"):
        yield from (((), _CLEAR), (("entity_list",), _HIT))
    elif spec.name.endswith(".owners"):
        listed = read_facts({spec.name: [{"share": 1, "lists": ["entity_list"]}]}).values[spec.name]
        yield from (((), _CLEAR), (listed, _HIT))
    elif spec.item_type == "enum":
        members = case.told_apart.members(spec.name)
        yield from (((member,), 1) for member in members)
        yield (), len(spec.enum) - len(members)
    elif spec.item_type == "country":
        yield from (((group[0],), len(group)) for group in case.told_apart.countries(*case.names(spec.name)))


def _cost(name: str) -> int:
    return next(cost for pattern, cost, _ in _COSTS if fnmatchcase(name, pattern))


# ---- the question


def _about_the_act(program: Program) -> list[RuleVersion]:
    return [program.law.standings[node.data[0]].version for node in _readers(program).get(ACT, ())]


def _question(name: str, why: Iterable[RuleVersion], decides: Iterable[str], open_: int) -> Question:
    spec = vocabulary().facts[name]
    reasons = tuple(Reason(version.cite, version.doc) for version in list(why)[:_REASONS_MAX])
    return Question(name, _asked(spec), spec.type, spec.enum, spec.unit, reasons, tuple(decides), open_)


def _asked(spec: FactSpec) -> str:
    """Return what is asked, in the words of the vocabulary, with the party it is asked of."""
    return f"{spec.role.replace('_', ' ')}: {spec.doc}" if spec.role else spec.doc


def _why(answer: Determination, name: str) -> list[RuleVersion]:
    """Return the provisions that read a fact and are still open, requirements first."""
    held = answer.explanation.value
    case = Again.of(answer)
    found: dict[str, tuple[int, RuleVersion]] = {}
    for fact in case.names(name):
        for node in _readers(answer.program).get(fact, ()):
            if held(node) is None or (held(node) == UNKNOWN and node.type.kind == "bool"):
                version = answer.program.law.standings[node.data[0]].version
                found[version.id] = _KINDS.index(version.kind), version
    return [version for _, version in sorted(found.values(), key=lambda pair: pair[0])]


def _readers(program: Program) -> Mapping[str, list[Node]]:
    """Return, by fact, the provisions that read it themselves and not through another provision."""
    if program not in _reading:
        found: dict[str, list[Node]] = {}
        for rule in program.graph.reachable(program.outputs):
            for name in _read_by(rule) if rule.op == "rule" else ():
                found.setdefault(name, []).append(rule)
        _reading[program] = found
    return _reading[program]


def _read_by(rule: Node) -> set[str]:
    found: set[str] = set()
    stack = list(rule.args)
    while stack:
        node = stack.pop()
        if node.op == "fact":
            found.add(node.data)
        elif node.op != "rule":
            stack.extend(node.args)
    return found


_reading: WeakKeyDictionary[Program, Mapping[str, list[Node]]] = WeakKeyDictionary()
