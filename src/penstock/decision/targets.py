"""What a provision may do in a law, as nodes of its graph: fire at all, and decide rather than be decided before."""

from __future__ import annotations

from collections.abc import Iterator

from attrs import frozen

from penstock.decision.program import Program, Requirement
from penstock.rulebook import STANCES
from penstock.rulebook.ir import Node
from penstock.rulebook.parse import RuleVersion

__all__ = ["PATH", "Target", "binding", "decides", "first_match", "targets"]


PATH = "path"
_LICENSE = "LICENSE"
Before = tuple[tuple[str, Node], ...]


@frozen(eq=False)
class Target:
    """Something a provision should be able to do: fire at all, or (``what``) decide the review of a requirement, or be the path.

    ``ways`` are the ways to decide: the condition itself, and that nothing that goes before it holds, one by one.
    """

    version: RuleVersion
    what: str
    node: Node
    ways: tuple[tuple[Node, Before], ...] = ()


def binding(program: Program, requirement: Requirement, stance: str) -> Node:
    """Return where a requirement binds in a stance."""
    graph = program.graph
    if not requirement.standing.binds(stance):
        return graph.false
    if stance == "enforced" and requirement.not_pursued is not None:
        return graph.all_of([requirement.scope, graph.negate(requirement.not_pursued)])
    return requirement.scope


def first_match(program: Program, stance: str, requirement: str, row: str) -> tuple[Node, Before]:
    """Return the condition of a review row, and that no row before it matches, row by row."""
    before: list[tuple[str, Node]] = []
    for entry in program.rows[stance].get(requirement, ()):
        if entry.id == row:
            return entry.node, tuple(before)
        before.append((entry.id, program.graph.negate(entry.node)))
    return program.graph.false, ()


def decides(program: Program, stance: str, provision: str) -> Node:
    """Return where a provision decides the treatment: a requirement binds, a row is the first match, an exception is open."""
    graph = program.graph
    parts = [binding(program, r, stance) for r in program.requirements if r.id == provision]
    parts += [a.available for a in program.authorizations if a.id == provision]
    for requirement in program.requirements:
        node, before = first_match(program, stance, requirement.id, provision)
        parts.append(graph.all_of([binding(program, requirement, stance), node, *(other for _, other in before)]))
    return graph.any_of(parts)


def targets(program: Program) -> Iterator[Target]:
    """Yield everything that the provisions of a law should be able to do."""
    law = program.law
    for requirement in program.requirements:
        yield Target(requirement.standing.version, "", requirement.scope)
    yield from _authorizations(program)
    yield from _rows(program)
    for _, version, node in program.consequences.duties:
        named = version.options["of"]
        used = [_taken(program, path) for path in ([named] if isinstance(named, str) else named)]
        yield Target(version, "", program.graph.all_of([node, program.graph.any_of(used)]))
    for id, _, _, raised in program.consequences.flags:
        if id in law.standings:
            yield Target(law.standings[id].version, "", raised)


def _taken(program: Program, path: str) -> Node:
    """Return where a path may be taken."""
    for authorization in program.authorizations:
        if authorization.id == path:
            return authorization.available
    return _required(program) if path == _LICENSE else program.graph.true


def _required(program: Program) -> Node:
    return program.graph.any_of(program.stances[stance].license_required for stance in STANCES)


def _authorizations(program: Program) -> Iterator[Target]:
    before: list[tuple[str, Node]] = []
    for authorization in program.authorizations:
        yield Target(authorization.version, "", authorization.available)
        alone = program.graph.all_of([_required(program), authorization.available])
        yield _deciding(program, authorization.version, PATH, [(alone, tuple(before))])
        before.append((authorization.id, program.graph.negate(authorization.available)))


def _rows(program: Program) -> Iterator[Target]:
    rows = {row.version.name: row for tables in program.rows.values() for table in tables.values() for row in table}
    for row in rows.values():
        yield Target(row.version, "", row.node)
        for requirement in program.requirements:
            ways = []
            for stance in STANCES:
                node, before = first_match(program, stance, requirement.id, row.id)
                alone = program.graph.all_of([binding(program, requirement, stance), node])
                if alone is not program.graph.false:
                    ways.append((alone, before))
            if ways:
                yield _deciding(program, row.version, requirement.id, ways)


def _deciding(program: Program, version: RuleVersion, what: str, ways: list[tuple[Node, Before]]) -> Target:
    graph = program.graph
    each = {graph.all_of([alone, *(other for _, other in before)]).id: (alone, before) for alone, before in ways}
    return Target(version, what, graph.any_of(graph.nodes[id] for id in each), tuple(each.values()))
