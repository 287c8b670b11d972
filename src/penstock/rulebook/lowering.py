"""What lowering keeps at hand: the law, the graph, what is being read; and how a mistake in a rule is reported."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any, NoReturn

from attrs import define, field, frozen

from penstock.rulebook.fold import Law
from penstock.rulebook.ir import Graph, Node
from penstock.rulebook.parse import RuleVersion
from penstock.terms.errors import RuleError
from penstock.terms.vocabulary import FactSpec, Vocabulary, vocabulary

__all__ = ["Group", "Line", "Lowering", "Members", "Row", "describe"]


@frozen
class Group:
    """A dotted group of facts, such as one party, on its way to an attribute or a parameter."""

    path: str


@frozen
class Row:
    """The row variable of a quantifier over a list of objects."""

    depth: int
    fields: Mapping[str, FactSpec]


@frozen
class Members:
    """A set of constants with the name it is printed under."""

    values: frozenset[Any]
    label: str
    patterns: bool = False
    roles: bool = False


@frozen
class Line:
    """One line of an authorization or of a review row: what it states, where, and what follows if it fails."""

    form: str
    cite: str
    node: Node
    otherwise: str = ""
    violation: str = ""
    bucket: str = ""
    condition: str = ""
    when: Node | None = None


@define
class Lowering:
    """The state that the readers of expressions, rows and provisions share."""

    law: Law
    graph: Graph = field(factory=Graph)
    words: Vocabulary = field(factory=vocabulary)
    _done: dict[tuple[str, str, str], Node] = field(factory=dict)
    _open: list[str] = field(factory=list)
    _rule: RuleVersion | None = None
    _depth: int = 0
    _papers: bool = False
    _computing: dict[str, str] = field(factory=dict)

    def _value(self, node: ast.expr, env: Mapping[str, Any]) -> Any:
        """Return the node, set, group or row an expression stands for."""
        raise NotImplementedError

    def _bool(self, node: ast.expr, env: Mapping[str, Any]) -> Node:
        raise NotImplementedError

    def _number(self, node: ast.expr, env: Mapping[str, Any]) -> Node:
        raise NotImplementedError

    def _constants(self, node: ast.expr, env: Mapping[str, Any]) -> Any:
        raise NotImplementedError

    def _treated(self, values: frozenset[Any]) -> frozenset[str]:
        raise NotImplementedError

    def _allowed(self, node: ast.AST, read: Node, values: Any) -> None:
        raise NotImplementedError

    def fact(self, name: str) -> Node:
        """Return the node that reads a fact."""
        raise NotImplementedError

    def _literal(self, node: ast.expr) -> Any:
        if isinstance(node, ast.Constant):
            return node.value
        try:
            return ast.literal_eval(node)
        except ValueError:
            self._fail(node, "a literal is expected here")

    def _fail(self, node: ast.AST, message: str, hint: str | None = None) -> NoReturn:
        rule = self._rule
        raise RuleError(
            message,
            file=rule.file if rule else "rule",
            line=getattr(node, "lineno", rule.line if rule else 0),
            hint=hint or "What may stand in a rule is said in penstock.rulebook.language.",
        )


def describe(value: Any) -> str:
    """Return what kind of thing an expression came to, for an error message."""
    if isinstance(value, Node):
        return str(value.type)
    return {"Group": "a group of facts", "Row": "a row", "Members": "a set"}.get(type(value).__name__, "nothing")
