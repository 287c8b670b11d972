"""What rules name: every fact, table and rule must exist in the book, and no rule may rest on itself.

Lowering says the same of the law of one day; here it is said of everything in the book, when it is read.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Set
from typing import Any

from penstock.rulebook.parse import RuleVersion
from penstock.rulebook.tables import Table
from penstock.terms.errors import RuleError
from penstock.terms.suggest import nearest
from penstock.terms.vocabulary import vocabulary

__all__ = ["WORDS", "check_references"]

WORDS = frozenset({
    "needs", "within", "files", "stated", "asserted", "denied", "given", "unless_stated", "heading", "any", "all", "sum", "max",
    "READING",
})  # fmt: skip


def check_references(versions: Mapping[str, list[RuleVersion]], tables: Mapping[str, Table]) -> None:
    """Refuse a rule that names what does not exist, and rules that rest on themselves; RuleError names file and line."""
    names = {version.name: version.id for chain in versions.values() for version in chain}
    known = names.keys() | tables.keys() | WORDS
    called: dict[RuleVersion, list[tuple[str, int]]] = {}
    for chain in versions.values():
        for version in chain:
            nodes = list(ast.walk(version.body))
            _names_exist(version, nodes, known, names, tables)
            _facts_exist(version, nodes)
            named = (node for node in nodes if isinstance(node, ast.Name))
            called[version] = [(names[node.id], node.lineno) for node in named if node.id in names]
    _no_circle(versions, called)


def _names_exist(
    version: RuleVersion, nodes: list[ast.AST], known: Set[str], names: Mapping[str, str], tables: Mapping[str, Any]
) -> None:
    own = {name for name, _ in version.parameters}
    own |= {node.target.id for node in nodes if isinstance(node, ast.comprehension) and isinstance(node.target, ast.Name)}
    for node in nodes:
        if isinstance(node, ast.Name) and node.id not in own and node.id not in known:
            near = nearest(node.id, [*names, *tables, *WORDS])
            raise RuleError(f"nothing is called {node.id!r}", file=version.file, line=node.lineno,
                            hint=f"Did you mean {near}?" if near else "Write the rule or the table first.")  # fmt: skip


def _facts_exist(version: RuleVersion, nodes: list[ast.AST]) -> None:
    words = vocabulary()
    whole = {name for name, kind in version.parameters if kind == "transaction"}
    inner = {id(node.value) for node in nodes if isinstance(node, ast.Attribute)}
    for node in nodes:
        path = _path(node, whole) if id(node) not in inner else ""
        if path and path != "on" and path not in words.facts and path not in words.groups:
            near = nearest(path, [*words.facts, *words.groups])
            raise RuleError(f"{path} is not a fact", file=version.file, line=getattr(node, "lineno", version.line),
                            hint=f"Did you mean {near}?" if near else "`penstock facts` lists every name.")  # fmt: skip


def _path(node: ast.AST, whole: set[str]) -> str:
    """Return the dotted fact an attribute of a transaction stands for; an empty text for anything else."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join(reversed(parts)) if isinstance(node, ast.Name) and node.id in whole else ""


def _no_circle(versions: Mapping[str, list[RuleVersion]], calls: Mapping[RuleVersion, list[tuple[str, int]]]) -> None:
    """Refuse rules that rest on themselves by what they call; a fact that a rule computes may stand in that rule."""
    done: set[str] = set()

    def visit(id: str, path: tuple[str, ...]) -> None:
        for version in versions[id] if id not in done else ():
            for called, line in calls[version]:
                if called in (*path, id):
                    circle = (*(*path, id)[(*path, id).index(called) :], called)
                    raise RuleError(f"{' → '.join(circle)}: a rule may not rest on itself", file=version.file, line=line,
                                    hint="Name what both rest on in a definition of its own.")  # fmt: skip
                visit(called, (*path, id))
        done.add(id)

    for id in versions:
        visit(id, ())
