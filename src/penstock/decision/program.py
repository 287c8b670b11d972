"""The procedure: provisions of six kinds assembled into questions, for any law and without naming one provision.

Everything a determination says (license required, outcome, path, review policy) becomes nodes of the same graph the
rules are in, so that every backend answers the whole question and not only its parts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from threading import RLock
from typing import Any

from attrs import field, frozen

from penstock.rulebook import STANCES, Law, Standing
from penstock.rulebook.ir import Graph, Node
from penstock.rulebook.lower import Line, Lowerer
from penstock.rulebook.parse import RuleVersion
from penstock.rulebook.scalar import Scalar, compile_scalar
from penstock.rulebook.types import Type
from penstock.terms.vocabulary import vocabulary

__all__ = [
    "ANCHORS",
    "OUTCOMES",
    "PATHS",
    "POLICIES",
    "Authorization",
    "Consequences",
    "Program",
    "Question",
    "Requirement",
    "Row",
    "build",
]

OUTCOMES = (
    "no_license_required",
    "authorization_available",
    "license_required",
    "prohibited",
    "not_subject",
    "unknown",
)
# by strictness: of several requirements the strictest policy counts
POLICIES = ("presumption_of_approval", "none_stated", "case_by_case", "mixed", "unknown", "per_entity_list_entry",
            "presumption_of_denial", "policy_of_denial")  # fmt: skip
PATHS = ("NLR", "ACA", "AIA", "ACM", "UVEU", "NVEU", "HBM", "LPP", "NAC", "LICENSE", "NONE", "UNKNOWN")
ANCHORS = ("classification", "subject_to_the_ear", "outside_the_ear", "a_item", "b_item", "nac_aca_item", "license_validity",
           "license_needs_purchase_order", "uveu_eligible", "nveu_eligible")  # fmt: skip
_CODE = Type("code")
_NOT_APPLICABLE = -1
_POINT = "point_"  # definitions so named say when an open point of the text touched the answer
_MASKS = (("requirement", 0, 16), ("authorization", 16, 24), ("prohibition", 24, 31))  # first bit, and the bit after the last


@frozen(eq=False)
class Requirement:
    """One requirement of a law: how it stands, its scope, what of it is not pursued, and what it presumes."""

    id: str
    standing: Standing
    scope: Node
    not_pursued: Node | None = None
    presumption: Node | None = None


@frozen(eq=False)
class Authorization:
    """One license exception or status: its lines and the condition that it is available."""

    id: str
    version: RuleVersion
    lines: tuple[Line, ...]
    available: Node

    @property
    def bucket(self) -> str:
        """Return the quota its use draws on, or an empty text."""
        return str(self.version.options.get("draws", ""))


@frozen(eq=False)
class Row:
    """One row of a review table."""

    id: str
    version: RuleVersion
    node: Node
    lines: tuple[Line, ...]

    @property
    def policy(self) -> str:
        """Return the policy the row states."""
        return str(self.version.options["policy"])


@frozen(eq=False)
class Question:
    """What one stance answers, as nodes."""

    license_required: Node
    prohibited: Node
    outcome: Node
    path: Node
    policy: Node
    fired: Node
    policies: Mapping[str, Node]


@frozen(eq=False)
class Consequences:
    """What a law says beside its verdict: duties, flags, quotas, open points, papers, notices, and parts of provisions."""

    duties: tuple[tuple[str, RuleVersion, Node], ...]
    flags: tuple[tuple[str, Mapping[str, Any], Node, Node], ...]
    buckets: Mapping[str, Mapping[str, Node]]
    points: Mapping[str, Node]
    shown: Mapping[str, Node]
    notices: Mapping[str, Node]
    parts: Mapping[str, tuple[tuple[RuleVersion, Node], ...]]

    def roots(self) -> Iterator[Node]:
        """Yield every node named here."""
        yield from (node for _, _, node in self.duties)
        yield from (node for _, _, scope, raised in self.flags for node in (scope, raised))
        yield from (node for parts in self.buckets.values() for node in parts.values())
        yield from (*self.points.values(), *self.shown.values(), *self.notices.values())
        yield from (node for held in self.parts.values() for _, node in held)


@frozen(eq=False)
class Program:
    """A law assembled into questions, compiled for one transaction at a time.

    What an answer says beside its verdict is lowered when it is first asked for, under ``lowering``, the lock that whoever
    adds to the graph of a shared program holds.
    """

    law: Law
    graph: Graph
    lowerer: Lowerer
    requirements: tuple[Requirement, ...]
    authorizations: tuple[Authorization, ...]
    rows: Mapping[str, Mapping[str, tuple[Row, ...]]]
    anchors: Mapping[str, Node]
    stances: Mapping[str, Question]
    red_flags: list[Mapping[str, Any]]
    lowering: RLock = field(factory=RLock, init=False)

    @cached_property
    def verdict(self) -> Scalar:
        """Return the function that gives the outputs of one transaction."""
        return compile_scalar(self.graph, self.outputs, "verdict")

    @cached_property
    def consequences(self) -> Consequences:
        """Return what the law says beside its verdict."""
        with self.lowering:
            return _consequences(self)

    def complete(self) -> Graph:
        """Return the graph with everything in it that the law says."""
        _ = self.consequences
        return self.graph

    @cached_property
    def traced(self) -> tuple[Node, ...]:
        """Return every node an answer may show, arguments first."""
        roots = [*_roots(self), *self.consequences.roots()]
        return tuple(node for node in self.graph.reachable(roots) if node.op not in ("const", "table"))

    @cached_property
    def trace(self) -> Scalar:
        """Return the function that gives the value of every node of one transaction."""
        return compile_scalar(self.graph, self.traced, "trace")

    @cached_property
    def place(self) -> Mapping[int, int]:
        """Return where a node's value stands in what :attr:`trace` gives."""
        return {node.id: i for i, node in enumerate(self.traced)}

    @property
    def outputs(self) -> tuple[Node, ...]:
        """Return the nodes a verdict consists of, stance by stance."""
        return _outputs(self.stances)


def build(law: Law, flags: list[Mapping[str, Any]]) -> Program:
    """Assemble and compile a law; ``flags`` are the red-flag questions of the book."""
    lower = Lowerer(law)
    graph = lower.graph
    requirements = _requirements(lower)
    authorizations = _authorizations(lower)
    rows = {stance: _review_tables(lower, stance) for stance in STANCES}
    anchors = {name: lower.rule(name) for name in ANCHORS if name in law.standings}
    stances = {
        stance: _question(graph, stance, requirements, authorizations, rows[stance], anchors["outside_the_ear"])
        for stance in STANCES
    }
    return Program(law=law, graph=graph, lowerer=lower, requirements=requirements, authorizations=authorizations, rows=rows,
                   anchors=anchors, stances=stances, red_flags=flags)  # fmt: skip


def _consequences(program: Program) -> Consequences:
    lower, law = program.lowerer, program.law
    duties = tuple((id, version, lower.rule(id)) for id, version in law.of_kind("duty").items())
    return Consequences(
        duties=duties,
        flags=_flags(lower, program.red_flags),
        buckets=_buckets(lower, program.authorizations, program.rows),
        points={id[len(_POINT) :].upper(): lower.rule(id) for id in law.standings if id.startswith(_POINT)},
        shown={id: lower.paper(version.options["shown_by"]) for id, version, _ in duties if version.options.get("shown_by")},
        notices={id: lower.rule(id) for id, version in law.of_kind("definition").items() if version.options.get("shown")},
        parts={id: tuple((v, lower.part(v)) for v in s.version.parts) for id, s in law.standings.items() if s.version.parts},
    )


def _outputs(stances: Mapping[str, Question]) -> tuple[Node, ...]:
    return tuple(
        node
        for question in stances.values()
        for node in (question.outcome, question.license_required, question.path, question.policy, question.fired)
    )


def _requirements(lower: Lowerer) -> tuple[Requirement, ...]:
    out = []
    versions = lower.law.of_kind("requirement")
    for id in vocabulary().output_enums["requirement"] + vocabulary().output_enums["prohibition"][:1]:
        if id in versions:
            options = versions[id].options
            extra = [lower.rule(options[name]) if options.get(name) else None for name in ("not_pursued", "presumption")]
            out.append(Requirement(id, lower.law.standings[id], lower.rule(id), *extra))
    assert {r.id for r in out} == set(versions), "a requirement is missing from the contract's list"
    return tuple(out)


def _authorizations(lower: Lowerer) -> tuple[Authorization, ...]:
    versions = lower.law.of_kind("authorization")
    out = []
    for id in (path for path in PATHS if path in versions):
        out.append(Authorization(id, versions[id], tuple(lower.lines(versions[id])), lower.rule(id)))
    assert len(out) == len(versions), "an authorization is missing from the order of paths"
    return tuple(out)


def _review_tables(lower: Lowerer, stance: str) -> dict[str, tuple[Row, ...]]:
    tables: dict[str, list[Row]] = {}
    versions = lower.law.in_stance("review", stance)
    for id, version in sorted(versions.items(), key=lambda pair: pair[1].options["order"]):
        row = Row(id, version, lower.rule(id, stance), tuple(lower.lines(version)))
        for requirement in version.options["of"]:
            tables.setdefault(requirement, []).append(row)
    return {requirement: tuple(rows) for requirement, rows in tables.items()}


def _flags(lower: Lowerer, flags: list[Mapping[str, Any]]) -> tuple[tuple[str, Mapping[str, Any], Node, Node], ...]:
    out = []
    for flag in flags:
        if flag["by"] in lower.law.active:
            scope = lower.rule(flag["scope"]) if flag.get("scope") else lower.graph.true
            raised = lower.rule(flag["id"]) if flag["id"] in lower.law.standings else lower.graph.false
            out.append((flag["id"], flag, scope, raised))
    return tuple(out)


def _buckets(
    lower: Lowerer, authorizations: tuple[Authorization, ...], rows: Mapping[str, Mapping[str, tuple[Row, ...]]]
) -> dict[str, dict[str, Node]]:
    """Return the numbers of every quota in use: balance, amount, limit, key and, where stated, when it applies."""
    drawn = {a.bucket for a in authorizations}
    drawn |= {row.version.options.get("draws", "") for table in rows.values() for line in table.values() for row in line}
    return {
        name: {
            part: lower.rule(f"{name}_{part}")
            for part in ("balance", "amount", "limit", "key", "applies")
            if f"{name}_{part}" in lower.law.standings
        }
        for name in sorted(drawn - {""})
    }


def _question(
    graph: Graph, stance: str, requirements: tuple[Requirement, ...], authorizations: tuple[Authorization, ...],
    rows: Mapping[str, tuple[Row, ...]], outside: Node,
) -> Question:  # fmt: skip
    binding = {r.id: _binding(graph, r, stance) for r in requirements}
    required = graph.any_of(binding.values())
    prohibited = graph.any_of(binding[r.id] for r in requirements if _prohibition(r) == "absolute")
    available = graph.any_of(a.available for a in authorizations)
    certainly_outside = graph.make("sure", (outside,))
    free = graph.negate(required)
    outcome = graph.first(
        [
            (prohibited, _code(graph, OUTCOMES, "prohibited")),
            (certainly_outside, _code(graph, OUTCOMES, "not_subject")),
            (free, _code(graph, OUTCOMES, "no_license_required")),
            (available, _code(graph, OUTCOMES, "authorization_available")),
        ],
        _code(graph, OUTCOMES, "license_required"),
        _code(graph, OUTCOMES, "unknown"),
    )
    taken = [(graph.make("sure", (a.available,)), _code(graph, PATHS, a.id)) for a in authorizations]
    path = graph.first(
        [
            (prohibited, _code(graph, PATHS, "NONE")),
            (certainly_outside, _code(graph, PATHS, "NLR")),
            (free, _code(graph, PATHS, "NLR")),
            *taken,
            (available, _code(graph, PATHS, "UNKNOWN")),
        ],
        _code(graph, PATHS, "LICENSE"),
        _code(graph, PATHS, "UNKNOWN"),
    )
    policies = {r.id: _policy(graph, rows.get(r.id, ())) for r in requirements}
    policy = _strictest(graph, [(binding[r.id], policies[r.id]) for r in requirements if binding[r.id] is not graph.false])
    fired = _fired(graph, requirements, authorizations, binding)
    return Question(required, prohibited, outcome, path, policy, fired, policies)


def _binding(graph: Graph, requirement: Requirement, stance: str) -> Node:
    """Return where a requirement binds in a stance."""
    if not requirement.standing.binds(stance):
        return graph.false
    if stance == "enforced" and requirement.not_pursued is not None:
        return graph.all_of([requirement.scope, graph.negate(requirement.not_pursued)])
    return requirement.scope


def _prohibition(requirement: Requirement) -> str:
    return str(requirement.standing.version.options.get("prohibition", ""))


def _policy(graph: Graph, rows: tuple[Row, ...]) -> Node:
    """Return the policy of one requirement: that of the first row that matches."""
    pairs = [(row.node, _code(graph, POLICIES, row.policy)) for row in rows]
    return graph.first(pairs, _code(graph, POLICIES, "none_stated"), _code(graph, POLICIES, "unknown"))


def _strictest(graph: Graph, parts: list[tuple[Node, Node]]) -> Node:
    nothing = graph.const(_NOT_APPLICABLE, _CODE)
    unknown = _code(graph, POLICIES, "unknown")
    each = [graph.first([(scope, policy)], nothing, unknown) for scope, policy in parts]
    return graph.make("worst", (nothing, *each), type=_CODE) if each else nothing


def _fired(
    graph: Graph,
    requirements: tuple[Requirement, ...],
    authorizations: tuple[Authorization, ...],
    binding: Mapping[str, Node],
) -> Node:
    """Return the bits of what fired: binding requirements, available authorizations, binding prohibitions.

    A requirement that only a design writes and the contract's mask has no bit for gets none.
    """
    enums = vocabulary().output_enums
    found: dict[tuple[str, str], Node] = {}
    for r in requirements:
        found["requirement", r.id] = found["prohibition", r.id] = binding[r.id]
    found |= {("authorization", a.id): a.available for a in authorizations}
    places = [((kind, id), bit) for kind, *ends in _MASKS for bit, id in zip(range(*ends), enums[kind], strict=False)]
    bits = [(found[key], bit) for key, bit in places if key in found and found[key] is not graph.false]
    return graph.make("mask", [node for node, _ in bits], data=tuple(shift for _, shift in bits), type=_CODE)


def _code(graph: Graph, names: tuple[str, ...], name: str) -> Node:
    return graph.const(names.index(name), _CODE)


def _roots(program: Program) -> list[Node]:
    """Return the nodes of the verdict and of the conditions it rests on."""
    roots = [node for r in program.requirements for node in (r.scope, r.not_pursued, r.presumption) if node is not None]
    roots += [a.available for a in program.authorizations]
    lines = [line for a in program.authorizations for line in a.lines]
    for table in program.rows.values():
        roots += [row.node for line in table.values() for row in line]
        lines += [part for line in table.values() for row in line for part in row.lines]
    roots += [node for line in lines for node in (line.node, line.when) if node is not None]
    roots += program.anchors.values()
    roots += [
        node
        for q in program.stances.values()
        for node in (q.outcome, q.path, q.policy, q.fired, q.license_required, *q.policies.values())
    ]
    return roots
