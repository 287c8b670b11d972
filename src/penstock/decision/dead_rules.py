"""No dead rule: every requirement, license exception, review row, duty and flag can fire on some transaction.

A provision fires when it is certainly met on a plain transaction that the scalar backend answers; that it never can is
said only where the solver proves it over every transaction.  A provision that can fire but never decides, because
others always go before it, is reported with those others, and is no failure.
"""

from __future__ import annotations

import ast
import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from attrs import define, field

from penstock.decision.inquiry import Finding, Inquiry, Span, model_of, open_facts, prepared_of
from penstock.decision.program import Program
from penstock.decision.targets import PATH, Target, targets
from penstock.rulebook.ir import TRUE, Node
from penstock.rulebook.scalar import compile_scalar
from penstock.rulebook.unknowns import z3

__all__ = ["Transactions", "dead_rules"]


@define
class Transactions:
    """Transactions on which something fired: what fires in one law mostly fires in the next on the same facts."""

    kept: list[tuple[Mapping[str, Any], dt.date]] = field(factory=list)


def dead_rules(program: Program, spans: Iterable[Span], known: Transactions) -> list[Finding]:
    """Return a finding for whatever a provision of a law should be able to do and cannot."""
    days = tuple(spans)
    wanted = tuple(targets(program))
    fires = compile_scalar(program.graph, [target.node for target in wanted], "targets")

    def fired(values: Mapping[str, Any], day: dt.date) -> set[int]:
        prepared = prepared_of(values)
        held = fires(prepared.values.get, prepared.roles, day)
        return {i for i, value in enumerate(held) if value == TRUE}

    left = set(range(len(wanted)))
    for values, day in known.kept:
        left -= fired(values, day if any(first <= day < last for first, last in days) else days[0][0])
    for values, day in _found(program, days, {i: wanted[i].node for i in left}):
        now = fired(values, day)
        if now & left:
            known.kept.append((values, day))
            left -= now
    return [*_unbound(program, wanted), *_explained(program, days, [wanted[i] for i in sorted(left)])]


def _found(program: Program, spans: tuple[Span, ...], nodes: dict[int, Node]) -> Iterator[tuple[Mapping[str, Any], dt.date]]:
    """Yield a transaction for each node that certainly holds on some, as far as lists of two rows show it."""
    if not nodes:
        return
    inquiry = Inquiry.of([program], open_facts(program, exact=True), spans, rows=True)
    encoding = inquiry.encoding(program)
    goals = [encoding.of(node).certain for node in nodes.values()]
    solver = inquiry.solver()
    for goal in goals:
        model = model_of(solver, goal)
        if model is not None:
            yield inquiry.document(model)


def _unbound(program: Program, wanted: tuple[Target, ...]) -> Iterator[Finding]:
    """Yield the review rows that decide nothing because no requirement they review binds."""
    deciding = {target.version.name for target in wanted if target.what}
    for version in {t.version.name: t.version for t in wanted if t.version.kind == "review"}.values():
        if version.name not in deciding:
            reasons = "; ".join(f"{id} {_standing(program, id)}" for id in version.options["of"])
            yield Finding(f"{version.id} decides nothing: {reasons}", version.id, version.cite)


def _standing(program: Program, requirement: str) -> str:
    """Return why a requirement binds in no stance."""
    standing = program.law.standings.get(requirement)
    if standing is None:
        return "is not in the text"
    return "is not enforced" if standing.compliance_required else f"has its compliance due on {standing.compliance_due}"


def _explained(program: Program, spans: tuple[Span, ...], left: list[Target]) -> list[Finding]:
    """Return why each target cannot be met, as far as the solver proves it over every transaction."""
    if not left:
        return []
    inquiry = Inquiry.of([program], open_facts(program, exact=False), spans, rows=False)
    encoding = inquiry.encoding(program)
    nodes = {node.id: node for t in left for alone, before in t.ways for node in (alone, *(other for _, other in before))}
    nodes |= {target.node.id: target.node for target in left}
    literals = {id: z3().Bool(f"node {id} holds") for id in nodes}
    held = [z3().Implies(literals[id], encoding.of(node).certain) for id, node in nodes.items()]
    solver = inquiry.solver()
    solver.set("core.minimize", True)
    solver.add(*held)
    dead = {t.version.name for t in left if not t.what}
    asked = (target for target in left if not target.what or target.version.name not in dead)
    return [_hollow(program, target) or _why(target, solver, literals) for target in asked]


def _hollow(program: Program, target: Target) -> Finding | None:
    """Return that a provision is false by itself, because a rule it rests on is not in the text of this law."""
    law, version = program.law, target.version
    named = (node.id for node in ast.walk(version.body) if isinstance(node, ast.Name))
    gone = next((name for name in named if name in law.names and law.names[name] not in law.standings), None)
    if gone is None or target.node is not program.graph.false:
        return None
    return Finding(f"{version.id} can never fire: it rests on {gone}, which is not in the text", version.id, version.cite)


def _why(target: Target, solver: Any, literals: Mapping[int, Any]) -> Finding:
    version = target.version
    if not target.what:
        proved = solver.check(literals[target.node.id]) == z3().unsat
        text = "can never fire" if proved else "was not shown to fire: no example was found and no proof that there is none"
        return Finding(f"{version.id} {text}", version.id, version.cite, fails=True)
    about = "is never the path" if target.what == PATH else f"never decides the review of {target.what}"
    reasons: dict[str, None] = {}
    for alone, before in target.ways:
        if solver.check(literals[alone.id]) == z3().unsat:
            where = "a license is required" if target.what == PATH else f"{target.what} binds"
            reasons[f"it never applies where {where}"] = None
        elif solver.check(literals[alone.id], *(literals[other.id] for _, other in before)) == z3().unsat:
            core = {str(literal) for literal in solver.unsat_core()}
            first = [id for id, other in before if str(literals[other.id]) in core]
            reasons[f"{' or '.join(first)} always goes first"] = None
        else:
            return Finding(f"that {version.id} {about} was neither shown nor refuted", version.id, version.cite, fails=True)
    return Finding(f"{version.id} {about}: {'; '.join(reasons)}", version.id, version.cite)
