"""Lowering of expressions: logic, comparisons, membership and arithmetic, with types and units checked."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Any

from attrs import define, field

from penstock.rulebook.ir import Node
from penstock.rulebook.lowering import Group, Members, Row, describe
from penstock.rulebook.rows import RowReader
from penstock.rulebook.types import DATE, TEXT, number_type, of_fact, same_unit, unit_product
from penstock.terms.suggest import nearest

__all__ = ["ExpressionReader"]

_COMPARE = {ast.GtE: ">=", ast.Gt: ">", ast.LtE: "<=", ast.Lt: "<", ast.Eq: "==", ast.NotEq: "!="}
_ARITHMETIC = {ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "div"}
_SMALL = (0, 1)


@define
class ExpressionReader(RowReader):
    """Reads the expressions of the rule language."""

    _readers: dict[type[ast.expr], Callable[[Any, Mapping[str, Any]], Any]] = field(factory=dict, init=False)

    def _value(self, node: ast.expr, env: Mapping[str, Any]) -> Any:
        if type(node) not in self._readers:
            self._readers[type(node)] = getattr(self, f"_on_{type(node).__name__}", self._on_none)
        try:
            return self._readers[type(node)](node, env)
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            self._fail(node, f"{ast.unparse(node)[:80]} does not fit together ({type(error).__name__})")

    def _on_none(self, node: ast.expr, env: Mapping[str, Any]) -> Any:
        self._fail(node, f"{type(node).__name__} is not in the rule language",
                       "Use and, or, not, comparisons, in, arithmetic and the words of penstock.rulebook.language.")  # fmt: skip

    def _bool(self, node: ast.expr, env: Mapping[str, Any]) -> Node:
        value = self._value(node, env)
        if not isinstance(value, Node) or value.type.kind != "bool":
            self._fail(node, f"a condition is expected here, got {describe(value)}")
        return value

    def _number(self, node: ast.expr, env: Mapping[str, Any]) -> Node:
        value = self._value(node, env)
        if not isinstance(value, Node) or value.type.kind not in ("number", "date"):
            self._fail(node, f"a number is expected here, got {describe(value)}")
        return value

    def _on_BoolOp(self, node: ast.BoolOp, env: Mapping[str, Any]) -> Node:
        parts = [self._bool(value, env) for value in node.values]
        return self.graph.all_of(parts) if isinstance(node.op, ast.And) else self.graph.any_of(parts)

    def _on_UnaryOp(self, node: ast.UnaryOp, env: Mapping[str, Any]) -> Node:
        if not isinstance(node.op, ast.Not):
            self._fail(node, "only `not` may stand before a value")
        return self.graph.negate(self._bool(node.operand, env))

    def _on_IfExp(self, node: ast.IfExp, env: Mapping[str, Any]) -> Node:
        yes, no = self._value(node.body, env), self._value(node.orelse, env)
        if yes.type.kind != no.type.kind:
            self._fail(node, f"the two branches differ: {yes.type} and {no.type}")
        return self.graph.choose(self._bool(node.test, env), yes, no)

    def _on_Constant(self, node: ast.Constant, env: Mapping[str, Any]) -> Node:
        if isinstance(node.value, bool):
            return self.graph.true if node.value else self.graph.false
        if isinstance(node.value, str):
            return self.graph.const(node.value, TEXT)
        if node.value in _SMALL and isinstance(node.value, int):
            return self.graph.const(node.value, number_type(""))
        self._fail(node, f"the number {node.value!r} stands in a rule",
                   "Put it in a table of law/**/tables/ with its citation and use the table's name.")  # fmt: skip

    def _on_Name(self, node: ast.Name, env: Mapping[str, Any]) -> Any:
        if node.id in env:
            return env[node.id]
        if node.id in self.law.tables:
            return self._table(node)
        pool = [*env, *self.law.tables, *self.law.names]
        near = nearest(node.id, pool)
        self._fail(node, f"nothing is called {node.id!r}", f"Did you mean {near}?" if near else None)

    def _table(self, node: ast.Name) -> Any:
        table = self.law.tables[node.id]
        if table.kind in ("number", "by_date", "date"):
            value = self.law.number(node.id)
            type = DATE if table.kind == "date" else number_type(table.unit)
            return self.graph.make("table", data=(node.id, value), type=type)
        return Members(self.law.members(node.id), node.id, patterns=table.kind == "eccns", roles=table.kind == "roles")

    def _on_Attribute(self, node: ast.Attribute, env: Mapping[str, Any]) -> Any:
        if isinstance(node.value, ast.Name) and node.value.id == "READING":
            if node.attr not in self.law.switches:
                self._fail(node, f"no reading is called {node.attr!r}", f"Readings: {', '.join(self.law.switches)}.")
            return self.graph.const(str(self.law.switches[node.attr]).lower(), TEXT)
        group = self._group(node.value, env)
        if group is None:
            holder = self._value(node.value, env)
            if isinstance(holder, Row):
                return self._row_field(node, holder)
            if not isinstance(holder, Group):
                self._fail(node, f"{ast.unparse(node.value)} has no parts")
            group = holder.path
        path = f"{group}.{node.attr}" if group else node.attr
        if path == "on":
            return self.graph.make("on", type=DATE)
        if path in self.words.facts:
            return self.fact(path)
        if path in self.words.groups:
            return Group(path)
        near = nearest(path, [*self.words.facts, *self.words.groups])
        self._fail(node, f"{path} is not a fact", f"Did you mean {near}?" if near else "`penstock facts` lists every name.")

    def _group(self, node: ast.expr, env: Mapping[str, Any]) -> str | None:
        """Return the path of a group of facts that is written out from a parameter on; None for anything else."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        root = env.get(node.id) if isinstance(node, ast.Name) else None
        if not isinstance(root, Group):
            return None
        path = ".".join([root.path, *parts[::-1]] if root.path else parts[::-1])
        return path if not parts or path in self.words.groups else None

    def _row_field(self, node: ast.Attribute, row: Row) -> Node:
        spec = row.fields.get(node.attr)
        if spec is None:
            self._fail(node, f"a row has no field {node.attr!r}", f"Fields: {', '.join(row.fields)}.")
        read = self.graph.make("row", data=(row.depth, node.attr), type=of_fact(spec))
        return self.graph.make("truth", (read,)) if spec.type == "bool" else read

    def _on_BinOp(self, node: ast.BinOp, env: Mapping[str, Any]) -> Any:
        left, right = self._value(node.left, env), self._value(node.right, env)
        if isinstance(left, Members) and isinstance(right, Members):
            return self._algebra(node, left, right)
        op = _ARITHMETIC.get(type(node.op))
        if op is None:
            self._fail(node, f"{type(node.op).__name__} is not in the rule language")
        kinds = {left.type.kind, right.type.kind}
        if kinds == {"date"} and op == "sub":
            return self.graph.make("days", (left, right), type=number_type("days"))
        if kinds != {"number"}:
            self._fail(node, f"{op} needs two numbers, got {left.type} and {right.type}")
        if op in ("add", "sub"):
            if not same_unit(left.type.unit, right.type.unit):
                self._fail(node, f"{left.type} and {right.type} cannot be added")
            return self.graph.make(op, (left, right), type=left.type)
        unit = unit_product(left.type.unit, right.type.unit, divide=op == "div")
        return self.graph.make(op, (left, right), type=number_type(unit))

    def _algebra(self, node: ast.BinOp, left: Members, right: Members) -> Members:
        label = ast.unparse(node)
        if isinstance(node.op, ast.BitOr):
            return Members(left.values | right.values, label, left.patterns or right.patterns)
        if isinstance(node.op, ast.Sub):
            return Members(left.values - right.values, label)
        if isinstance(node.op, ast.BitAnd):
            return Members(left.values & right.values, label)
        self._fail(node, "sets know | & and - only")

    def _on_Compare(self, node: ast.Compare, env: Mapping[str, Any]) -> Node:
        sides = [node.left, *node.comparators]
        return self.graph.all_of(self._compare(node, a, op, b, env) for op, a, b in zip(node.ops, sides, sides[1:], strict=False))

    def _compare(self, node: ast.Compare, a: ast.expr, op: ast.cmpop, b: ast.expr, env: Mapping[str, Any]) -> Node:
        if isinstance(op, (ast.In, ast.NotIn)):
            found = self._membership(node, a, b, env)
            return self.graph.negate(found) if isinstance(op, ast.NotIn) else found
        word = _COMPARE.get(type(op))
        if word is None:
            self._fail(node, "`is` is not in the rule language", "Use == or stated(…).")
        if isinstance(a, ast.Call) and isinstance(a.func, ast.Name) and a.func.id == "sum":
            return self._sum_compare(node, a, word, b, env)
        left, right = self._value(a, env), self._value(b, env)
        if word in ("==", "!="):
            same = self._equal(node, left, right)
            return self.graph.negate(same) if word == "!=" else same
        for side, value in ((a, left), (b, right)):
            if not isinstance(value, Node) or value.type.kind not in ("number", "date"):
                self._fail(side, f"{word} needs two numbers, got {describe(value)}")
        if left.type.kind != right.type.kind or not same_unit(left.type.unit, right.type.unit):
            self._fail(node, f"{left.type} cannot be compared with {right.type}")
        return self.graph.make("cmp", (left, right), data=word)

    def _equal(self, node: ast.Compare, left: Any, right: Any) -> Node:
        if not isinstance(left, Node) or not isinstance(right, Node):
            self._fail(node, "== compares two values")
        if left.op == "const" and right.op != "const":
            left, right = right, left
        if right.op == "const" and left.op == "const":
            return self.graph.true if left.data == right.data else self.graph.false
        if right.op == "const" and left.type.kind in ("text", "country"):
            self._allowed(node, left, {right.data})
            return self._in(left, frozenset({right.data}), repr(right.data))
        if left.type.kind == "number":
            return self.graph.make("cmp", (left, right), data="==")
        if left.type.kind == "bool":
            return self.graph.choose(right, left, self.graph.negate(left))
        if {left.type.kind, right.type.kind} <= {"text", "country"}:
            return self.graph.make("same", (left, right))
        self._fail(node, f"{left.type} cannot be compared with {right.type}")

    def _membership(self, node: ast.Compare, a: ast.expr, b: ast.expr, env: Mapping[str, Any]) -> Node:
        left = self._value(a, env)
        members = self._constants(b, env)
        if isinstance(members, Node) and members.type.kind == "list" and left.op == "const":
            self._allowed(node, members, {left.data})
            return self.graph.make("meets", (members,), data=(frozenset({left.data}), repr(left.data)))
        if isinstance(members, Node) and members.type.kind == "list" and isinstance(left, Node):
            if left.op == "table":
                name, value = left.data
                return self.graph.make("meets", (members,), data=(frozenset({value}), name))
            return self.graph.make("holds", (left, members))
        if not isinstance(members, Members) or not isinstance(left, Node):
            self._fail(node, "`in` needs a value and a set or list")
        self._allowed(node, left, members.values if not members.patterns else set())
        if members.patterns:
            return self.graph.make("matches", (left,), data=(members.values, members.label))
        return self._in(left, members.values, members.label)

    def _constants(self, node: ast.expr, env: Mapping[str, Any]) -> Any:
        """Return the set a literal tuple or a table name stands for, or the list a fact holds."""
        if isinstance(node, (ast.Tuple, ast.List, ast.Set)):
            return Members(frozenset(self._literal(item) for item in node.elts), ast.unparse(node))
        return self._value(node, env)

    def _in(self, left: Node, values: frozenset[Any], label: str) -> Node:
        if left.type.kind == "country":
            values = values | self._treated(values)
        if not values:
            return self.graph.false
        return self.graph.make("in", (left,), data=(values, label))

    def _treated(self, values: frozenset[Any]) -> frozenset[str]:
        """Return the places that are treated as one in the set: Hong Kong as China (15 CFR part 740 supp. 1)."""
        if "TREATED_AS" not in self.law.tables:
            return frozenset()
        pairs = (entry.split(":") for entry in self.law.members("TREATED_AS"))
        return frozenset(place for place, real in pairs if real in values)

    def _allowed(self, node: ast.AST, read: Node, values: Any) -> None:
        """Refuse a literal that the fact can never hold."""
        source = read
        while source.op in ("given", "rule", "truth") and source.args:
            source = source.args[0]
        if source.op not in ("fact", "paper"):
            return
        enum = self.words.facts[source.data].enum
        for value in values if enum else ():
            if value not in enum:
                near = nearest(value, enum)
                self._fail(node, f"{source.data} is never {value!r}", f"Did you mean {near!r}?" if near else f"One of {enum}.")
