"""Why two laws answer a transaction differently: the provisions that do, and what of them the change of law touched."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

from attrs import evolve, field, frozen

from penstock.decision.determination import Determination
from penstock.decision.library import program_of
from penstock.decision.program import POLICIES, Program, Row
from penstock.rulebook import Law
from penstock.rulebook.diff import Change, diff_laws
from penstock.rulebook.ir import FALSE, TRUE, UNKNOWN, Node
from penstock.rulebook.missing import missing_below
from penstock.terms.vocabulary import vocabulary

__all__ = ["Cause", "Causes", "Said"]

_MASK = (("requirement", 0, 16), ("authorization", 16, 24), ("prohibition", 24, 31))  # first bit, and the bit after the last
_NAME = re.compile(r"[A-Z][A-Z0-9_]+")
# What became of a provision between two evaluations, by its truth before and after.
_REQUIREMENT_BECAME = {
    (FALSE, TRUE): "newly binds",
    (TRUE, FALSE): "no longer binds",
    (FALSE, UNKNOWN): "may newly bind",
    (UNKNOWN, FALSE): "can no longer bind",
    (UNKNOWN, TRUE): "binds for certain",
    (TRUE, UNKNOWN): "may bind no longer",
}
_AUTHORIZATION_BECAME = {
    (FALSE, TRUE): "becomes available",
    (TRUE, FALSE): "is no longer available",
    (FALSE, UNKNOWN): "may become available",
    (UNKNOWN, FALSE): "can no longer be available",
    (UNKNOWN, TRUE): "is available for certain",
    (TRUE, UNKNOWN): "may be available no longer",
}
_REQUIRED = ("authorization_available", "license_required", "prohibited")
# From the best to the worst for the applicant.
_RANK = {"not_subject": 0, "no_license_required": 0, "authorization_available": 1, "unknown": 2, "license_required": 3,
         "prohibited": 4}  # fmt: skip


@frozen
class Said:
    """What one law answers to a transaction in one stance."""

    outcome: str
    path: str
    review_policy: str

    @property
    def rank(self) -> tuple[int, int]:
        """Return how bad the answer is for the applicant: by its outcome, then by the policy an application meets.

        >>> better, worse = (Said("license_required", "LICENSE", policy) for policy in ("case_by_case", "policy_of_denial"))
        >>> Said("no_license_required", "NLR", "not_applicable").rank < better.rank < worse.rank
        True
        """
        applied = self.outcome == "license_required" and self.review_policy in POLICIES
        return _RANK[self.outcome], POLICIES.index(self.review_policy) if applied else -1

    @property
    def decided(self) -> bool:
        """Say whether nothing of the answer is unknown."""
        return "unknown" not in (self.outcome, self.review_policy) and self.path != "UNKNOWN"


@frozen
class Touched:
    """What of a provision, or of what it rests on, the change of law touched, and by which instrument."""

    id: str
    what: str
    by: str
    before: str
    after: str


@frozen
class Cause:
    """One provision that makes a difference: what became of it, where it stands, and what of it changed in the law.

    ``touched`` and ``asks``, the missing facts it depends on now, are those of the first transaction it was found in.
    """

    id: str
    kind: str
    became: str
    cite: str = ""
    text: str = ""
    touched: tuple[Touched, ...] = field(default=(), eq=False)
    asks: tuple[str, ...] = field(default=(), eq=False)

    def document(self) -> dict[str, Any]:
        """Return the cause as a plain document."""
        touched = [{"id": t.id, "what": t.what, "by": t.by, "before": t.before, "after": t.after} for t in self.touched]
        return {"id": self.id, "kind": self.kind, "became": self.became, "cite": self.cite, "text": self.text, "changed": touched,
                "asks": list(self.asks)}  # fmt: skip


@frozen(eq=False)
class Causes:
    """Two laws, and what makes a difference between them."""

    a: Law
    b: Law
    _seen: dict[tuple[str, str], tuple[Touched, ...]] = field(factory=dict, init=False)

    @cached_property
    def _changes(self) -> Mapping[str, Change]:
        return {change.id: change for change in diff_laws(self.a, self.b) if change.kind != "instrument"}

    def by_mask(self, fired: tuple[int, int], before: Said, after: Said) -> tuple[Cause, ...]:
        """Return the provisions that what fired under either law tells; none where an answer is open or the masks are silent.

        A requirement explains that an answer is worse where it is gained, and better where it is lost; an authorization
        the other way round, when it is the path taken.  Of requirements that only designs write the masks say nothing.
        """
        by_review = (before.outcome, before.path) == (after.outcome, after.path)
        if by_review or not (before.decided and after.decided and self._all_have_bits):
            return ()
        gained, lost = _names(fired[1] & ~fired[0]), _names(fired[0] & ~fired[1])
        come = [("authorization", after.path)] if ("authorization", after.path) in gained else []
        gone = [("authorization", before.path)] if ("authorization", before.path) in lost else []
        if after.rank > before.rank:
            gained = [name for name in gained if name[0] != "authorization"]
            lost = gone if before.outcome in _REQUIRED else []
        elif after.rank < before.rank:
            gained = come if after.outcome in _REQUIRED else []
            lost = [] if gained else [name for name in lost if name[0] != "authorization"]
        else:
            gained, lost = come, gone
        turns = [(name, (FALSE, TRUE)) for name in gained] + [(name, (TRUE, FALSE)) for name in lost]
        return tuple(self._cause(*name, turn) for name, turn in turns)

    def by_example(self, stance: str, one: Determination, two: Determination) -> tuple[Cause, ...]:
        """Return the provisions that differ between the answers of the two laws to one transaction.

        Where only the review of an application moves, the review provision is named, unless the requirement it belongs to
        has only come or gone.
        """
        states = [_states(answer, stance) for answer in (one, two)]
        said = [(answer.verdicts[stance].outcome, answer.verdicts[stance].path) for answer in (one, two)]
        now = _deciding_row(two, stance)
        if said[0] == said[1] and now and all(state.get(("requirement", now[0])) == TRUE for state in states):
            return (self._review(now[1], (one, two), stance),)
        names = [*states[1], *(name for name in states[0] if name not in states[1])]
        turned = [(name, (states[0].get(name, FALSE), states[1].get(name, FALSE))) for name in names]
        found = [(name, turn) for name, turn in turned if turn[0] != turn[1]]
        requirements = [(name, turn) for name, turn in found if name[0] == "requirement"]
        causes = [self._asking(self._cause(*name, turn), turn, two) for name, turn in requirements or found]
        return tuple(causes) or (Cause("", "facts", "what the facts come to on that day"),)

    @cached_property
    def _all_have_bits(self) -> bool:
        named = {id for _, id in _names(-1)}
        return all({*law.of_kind("requirement")} <= named for law in (self.a, self.b))

    def _cause(self, kind: str, id: str, turn: tuple[int, int]) -> Cause:
        law = self.b if id in self.b.standings else self.a
        version = law.standings[id].version
        became = (_AUTHORIZATION_BECAME if kind == "authorization" else _REQUIREMENT_BECAME)[turn]
        return Cause(id, kind, became, version.cite, version.doc, self._touched(id, kind))

    def _review(self, row: Row, answers: tuple[Determination, Determination], stance: str) -> Cause:
        """Return the review provision that decides now, with the review provisions that the change of law touched."""
        was, now = (answer.verdicts[stance].review_policy.replace("_", " ") for answer in answers)
        met = [row, *(other for answer in answers for other in _rows_met(answer, stance) if other.id in self._changes)]
        touched = dict.fromkeys(t for other in met for t in self._touched(other.id, "review"))
        version = row.version
        cause = Cause(row.id, "review", f"review moves from {was} to {now}", version.cite, version.doc, tuple(touched))
        return self._asking(cause, (TRUE, answers[1].explanation.value(row.node)), answers[1])

    def _asking(self, cause: Cause, turn: tuple[int, int], answer: Determination) -> Cause:
        """Return a cause with the missing facts it depends on under the second law."""
        if turn[1] != UNKNOWN:
            return cause
        roots = _roots(answer.program, cause.id, cause.kind)
        missing = dict.fromkeys(fact for node in roots for fact in missing_below(node, answer.explanation.value))
        return evolve(cause, asks=tuple(missing))

    def _touched(self, id: str, kind: str) -> tuple[Touched, ...]:
        """Return the changes of law at or below a provision: its own alone where there is one."""
        if (id, kind) not in self._seen:
            if id in self._changes:
                names = [id]
            else:
                below = {name for law in (self.a, self.b) for name in _below(program_of(law), id, kind)}
                names = [name for name in self._changes if name in below]
            changes = [self._changes[name] for name in names]
            self._seen[id, kind] = tuple(Touched(c.id, c.what, c.by, c.before, c.after) for c in changes)
        return self._seen[id, kind]


def _names(bits: int) -> list[tuple[str, str]]:
    """Return what the bits of a fired mask stand for; a prohibition that is a requirement too is named once.

    >>> _names(1 << 18 | 1 << 1)
    [('requirement', 'country_group'), ('authorization', 'ACM')]
    """
    enums = vocabulary().output_enums
    places = [(kind, id, bit) for kind, *ends in _MASK for bit, id in zip(range(*ends), enums[kind], strict=False)]
    twice = enums["requirement"]
    return [(kind, id) for kind, id, bit in places if bits >> bit & 1 and not (kind == "prohibition" and id in twice)]


def _states(answer: Determination, stance: str) -> dict[tuple[str, str], int]:
    """Return the truth of every requirement that binds in a stance, and of every authorization where one is asked for."""
    held, program = answer.explanation.value, answer.program
    found = {("requirement", r.id): held(r.scope) for r in program.requirements if r.standing.binds(stance)}
    if answer.verdicts[stance].license_required is not False:
        found |= {("authorization", a.id): held(a.available) for a in program.authorizations}
    return found


def _deciding_row(answer: Determination, stance: str) -> tuple[str, Row] | None:
    """Return the requirement and the review row that give the answer its policy, or leave it open."""
    held, program = answer.explanation.value, answer.program
    policy = answer.verdicts[stance].review_policy
    for requirement in program.requirements:
        if requirement.standing.binds(stance) and held(requirement.scope) == TRUE:
            row = next((row for row in program.rows[stance].get(requirement.id, ()) if held(row.node) != FALSE), None)
            if row is not None and policy == (row.policy if held(row.node) == TRUE else "unknown"):
                return requirement.id, row
    return None


def _rows_met(answer: Determination, stance: str) -> Iterator[Row]:
    """Yield the review rows of the requirements that bind and are met, those that fit or may fit."""
    held, program = answer.explanation.value, answer.program
    for requirement in program.requirements:
        if requirement.standing.binds(stance) and held(requirement.scope) == TRUE:
            yield from (row for row in program.rows[stance].get(requirement.id, ()) if held(row.node) != FALSE)


def _below(program: Program, id: str, kind: str) -> set[str]:
    """Return the provisions and tables a provision rests on under one law."""
    if id not in program.law.standings:
        return set()
    found: set[str] = set()
    for node in program.graph.reachable(_roots(program, id, kind)):
        found.update(_named(node))
    return found


def _roots(program: Program, id: str, kind: str) -> Iterable[Node]:
    if kind == "authorization":
        return [a.available for a in program.authorizations if a.id == id]
    if kind == "review":
        return [row.node for table in program.rows.values() for rows in table.values() for row in rows if row.id == id]
    return [r.scope for r in program.requirements if r.id == id]


def _named(node: Node) -> Iterator[str]:
    if node.op in ("rule", "table"):
        yield node.data[0]
    elif node.op in ("in", "matches", "meets"):
        yield from _NAME.findall(str(node.data[1]))
