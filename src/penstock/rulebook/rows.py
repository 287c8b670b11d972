"""Lowering of questions over the rows of a list fact: any, all, sum and max."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Any

from attrs import define

from penstock.rulebook.ir import Node
from penstock.rulebook.lowering import Group, Lowering, Members, Row
from penstock.rulebook.types import same_unit

__all__ = ["RowReader"]


@define
class RowReader(Lowering):
    """Reads generator expressions over list facts."""

    def _word_sum(self, node: ast.Call, env: Mapping[str, Any]) -> Node:
        self._fail(node, "sum(…) may only be compared: sum(…) >= LIMIT")

    def _sum_compare(self, node: ast.AST, call: ast.Call, word: str, other: ast.expr, env: Mapping[str, Any]) -> Node:
        if word not in (">=", ">"):
            self._fail(node, "a sum with unknown parts can only be compared with >= or >")
        rows, body, condition, captured = self._rows(call, env, self._number)
        limit = self._number(other, env)
        if not same_unit(body.type.unit, limit.type.unit):
            self._fail(node, f"{body.type} cannot be compared with {limit.type}")
        data = ("sum", word, body.id, condition.id, limit.id, tuple(c.id for c in captured))
        return self.graph.make("reaches", (rows, limit, *captured), data=data)

    def _word_any(self, node: ast.Call, env: Mapping[str, Any]) -> Node:
        return self._quantified(node, env, "any")

    def _word_all(self, node: ast.Call, env: Mapping[str, Any]) -> Node:
        return self._quantified(node, env, "all")

    def _word_max(self, node: ast.Call, env: Mapping[str, Any]) -> Node:
        rows, body, condition, captured = self._rows(node, env, self._number)
        data = ("max", body.id, condition.id, tuple(c.id for c in captured))
        return self.graph.make("best", (rows, *captured), data=data, type=body.type)

    def _quantified(self, node: ast.Call, env: Mapping[str, Any], word: str) -> Node:
        each = self._over_roles(node, env)
        if each is not None:
            return self.graph.any_of(each) if word == "any" else self.graph.all_of(each)
        simple = self._over_values(node, env)
        if simple is not None:
            inside, positive = simple
            if word == "any" and positive:
                return inside
            if word == "all" and not positive:
                return self.graph.negate(inside)
            self._fail(node, "over plain values, write any(x in SET for x in …) or all(x not in SET for x in …)")
        rows, body, condition, captured = self._rows(node, env, self._bool)
        data = (word, body.id, condition.id, tuple(c.id for c in captured))
        return self.graph.make("quantified", (rows, *captured), data=data)

    def _over_roles(self, node: ast.Call, env: Mapping[str, Any]) -> list[Node] | None:
        """Read ``rule(p) for p in ROLES`` over a table of party roles: the rule about each of these parties."""
        generator = self._generator(node)
        source = generator.generators[0]
        roles = self._value(source.iter, env)
        if not isinstance(roles, Members) or not roles.roles or not isinstance(source.target, ast.Name):
            return None
        name = source.target.id
        return [self._bool(generator.elt, {**env, name: Group(f"parties.{role}")}) for role in sorted(roles.values)]

    def _over_values(self, node: ast.Call, env: Mapping[str, Any]) -> tuple[Node, bool] | None:
        """Read ``x in SET for x in t.list`` over a list of plain values: whether the list and the set meet."""
        generator = self._generator(node)
        rows = self._value(generator.generators[0].iter, env)
        if rows.type.of in self.words.objects:
            return None
        test = generator.elt
        if not (isinstance(test, ast.Compare) and isinstance(test.ops[0], (ast.In, ast.NotIn))):
            self._fail(node, "over plain values only `in` and `not in` may stand here")
        members = self._constants(test.comparators[0], env)
        if not isinstance(members, Members):
            self._fail(node, "a set is expected after `in`")
        self._allowed(node, rows, members.values)
        values = members.values | (self._treated(members.values) if rows.type.of == "country" else frozenset())
        return self.graph.make("meets", (rows,), data=(values, members.label)), isinstance(test.ops[0], ast.In)

    def _generator(self, node: ast.Call) -> ast.GeneratorExp:
        argument = node.args[0] if len(node.args) == 1 else None
        if not isinstance(argument, ast.GeneratorExp) or len(argument.generators) != 1:
            self._fail(node, f"write it as {ast.unparse(node.func)}(… for x in t.some.list if …)")
        return argument

    def _rows(
        self, node: ast.Call, env: Mapping[str, Any], read: Callable[[ast.expr, Mapping[str, Any]], Node]
    ) -> tuple[Node, Node, Node, list[Node]]:
        """Return the list, the body as ``read`` reads it, the filter and the outer values both use."""
        generator = self._generator(node)
        source = generator.generators[0]
        rows = self._value(source.iter, env)
        if not isinstance(rows, Node) or rows.type.kind != "list" or not isinstance(source.target, ast.Name):
            self._fail(node, "a list of facts is expected after `in`")
        self._depth += 1
        inner = {**env, source.target.id: Row(self._depth, self.words.objects[rows.type.of])}
        body = read(generator.elt, inner)
        condition = self.graph.all_of(self._bool(test, inner) for test in source.ifs)
        captured = self._captured([body, condition])
        self._depth -= 1
        return rows, body, condition, captured

    def _captured(self, roots: list[Node]) -> list[Node]:
        """Return the outermost nodes below the roots that do not depend on the row."""
        depends: dict[int, bool] = {}
        for node in self.graph.reachable(roots):
            depends[node.id] = node.op == "row" or any(depends[arg.id] for arg in node.args)
        out: dict[int, Node] = {}
        for node in self.graph.reachable(roots):
            for arg in node.args if depends[node.id] else ():
                if not depends[arg.id] and arg.op not in ("const", "table"):
                    out[arg.id] = arg
        return list(out.values())
