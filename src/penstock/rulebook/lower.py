"""Lowering: the provisions of one law become typed nodes of one graph."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

from attrs import define, field

from penstock.rulebook.expressions import ExpressionReader
from penstock.rulebook.ir import Node
from penstock.rulebook.lowering import Group, Line, Row, describe
from penstock.rulebook.parse import RuleVersion
from penstock.rulebook.types import TEXT, of_fact, same_unit
from penstock.terms.suggest import nearest

__all__ = ["Line", "Lowerer"]

_LINES = {"needs": ("cite", "condition", "otherwise", "violation"), "within": ("cite", "bucket", "otherwise"),
          "files": ("cite", "document", "condition", "when")}  # fmt: skip
_ARITY = {"stated": 1, "asserted": 1, "denied": 1, "unless_stated": 1, "heading": 1, "given": 2}
_WORDS = ("stated", "asserted", "denied", "given", "unless_stated", "heading", "any", "all", "sum", "max")


@define
class Lowerer(ExpressionReader):
    """Turns the provisions of one law into nodes of one graph; each provision is lowered once per argument."""

    _lined: dict[RuleVersion, list[Line]] = field(factory=dict, init=False)
    _parted: dict[RuleVersion, Node] = field(factory=dict, init=False)

    def __attrs_post_init__(self) -> None:
        for id, standing in self.law.standings.items():
            if fact := standing.version.options.get("computes"):
                self._computing[fact] = id

    def rule(self, id: str, stance: str = "codified") -> Node:
        """Return the node of a provision about the whole transaction."""
        version = self.law.version(id, stance)
        if version is None:
            return self.graph.false
        return self._version(version, {version.parameters[0][0]: Group("")}, "")

    def part(self, version: RuleVersion, env: Mapping[str, Any] | None = None) -> Node:
        """Return the scope of one of the versions of a provision that hold side by side."""
        of = Group("") if env is None else next(iter(env.values()))
        kept = of == Group("") and self._anywhere()
        if not kept or version not in self._parted:
            outer, self._rule = self._rule, version
            node = self._bool(version.body, {version.parameters[0][0]: of})
            self._rule = outer
            if not kept:
                return node
            self._parted[version] = node
        return self._parted[version]

    def _anywhere(self) -> bool:
        """Say whether what is lowered here comes to the same elsewhere: not as a paper, nor while a fact is being computed."""
        return not self._papers and not any(fact in self._open for fact in self._computing.values())

    def lines(self, version: RuleVersion) -> list[Line]:
        """Return the lines of an authorization or review row whose body is a list of them."""
        kept = self._anywhere()
        if not kept or version not in self._lined:
            lines = self._read_lines(version)
            if not kept:
                return lines
            self._lined[version] = lines
        return self._lined[version]

    def _read_lines(self, version: RuleVersion) -> list[Line]:
        env = {version.parameters[0][0]: Group("")}
        outer, self._rule = self._rule, version
        try:
            if not isinstance(version.body, ast.List):
                return [Line("needs", version.cite, self._bool(version.body, env))]
            return [self._line(item, env) for item in version.body.elts]
        finally:
            self._rule = outer

    def fact(self, name: str) -> Node:
        """Return the node that reads a fact, derived by its definition where the document does not give it."""
        spec = self.words.facts[name]
        read = self.graph.make("paper" if self._papers else "fact", data=name, type=of_fact(spec))
        if spec.type == "bool":
            read = self.graph.make("truth", (read,))
        by = self._computing.get(name)
        if by is None or by in self._open:
            return read
        derived = self.rule(by)
        return self.graph.make("given", (read, derived), data=name, type=read.type)

    def paper(self, name: str) -> Node:
        """Return the node that reads a paper: one that is not mentioned is open, not missing."""
        self._papers = True
        node = self.fact(name)
        self._papers = False
        return node

    def _version(self, version: RuleVersion, env: Mapping[str, Any], argument: str) -> Node:
        key = (version.id, version.by, argument + ("!" if self._papers else ""))
        if key not in self._done:
            if version.id in self._open:
                self._fail(version.body, f"{version.id} refers to itself: {' → '.join([*self._open, version.id])}")
            outer, self._rule = self._rule, version
            self._open.append(version.id)
            body = self._lowered(version, env)
            self._open.pop()
            self._rule = outer
            constant = body.op == "const" and body.type.kind == "bool"
            data = (version.id, version.name, argument)
            self._done[key] = body if constant else self.graph.make("rule", (body,), data=data, type=body.type)
        return self._done[key]

    def _lowered(self, version: RuleVersion, env: Mapping[str, Any]) -> Node:
        if version.kind in ("authorization", "review") and isinstance(version.body, ast.List):
            lines = self.lines(version)
            return self.graph.all_of(line.node for line in lines if line.form != "files")
        if version.parts:
            return self.graph.any_of(self.part(part, env) for part in version.parts)
        node = self._value(version.body, env)
        if not isinstance(node, Node):
            self._fail(version.body, "a rule must come to a value")
        unit = version.options.get("unit")
        if unit and not same_unit(unit, node.type.unit):
            self._fail(version.body, f"{version.name} is declared in {unit} but comes out in {node.type.unit or 'no unit'}")
        return node

    def _line(self, item: ast.expr, env: Mapping[str, Any]) -> Line:
        if not isinstance(item, ast.Call) or not isinstance(item.func, ast.Name) or item.func.id not in _LINES:
            self._fail(item, "a list here holds needs(…), within(…) and files(…) lines only")
        form = item.func.id
        values: dict[str, ast.expr] = dict(zip(_LINES[form], item.args, strict=False))
        values |= {keyword.arg or "": keyword.value for keyword in item.keywords}
        if missing := [name for name in _LINES[form] if name not in values and name not in ("violation", "when")]:
            self._fail(item, f"{form} needs {missing[0]}")
        if unknown := set(values) - set(_LINES[form]):
            self._fail(item, f"{form} has no option {sorted(unknown)[0]!r}")
        text = {
            k: self._literal(v)
            for k, v in values.items()
            if k not in ("document", "when") and (form, k) != ("needs", "condition")
        }
        if form == "needs":
            return Line(form, text["cite"], self._bool(values["condition"], env), text["otherwise"], text.get("violation", ""))
        if form == "within":
            return Line(form, text["cite"], self.room(text["bucket"], item), text["otherwise"], bucket=text["bucket"])
        when = self._bool(values["when"], env) if "when" in values else self.graph.true
        self._papers = True  # a paper that is not mentioned is open, not missing
        paper = self._bool(values["document"], env)
        self._papers = False
        return Line(form, text["cite"], paper, condition=text["condition"], when=when)

    def room(self, bucket: str, at: ast.expr | None = None) -> Node:
        """Return the condition that a quota has room: balance + amount <= limit."""
        parts = [self.bucket(bucket, part, at) for part in ("balance", "amount", "limit")]
        total = self.graph.make("add", parts[:2], type=parts[0].type)
        return self.graph.make("cmp", (total, parts[2]), data="<=")

    def bucket(self, bucket: str, part: str, at: ast.expr | None = None) -> Node:
        """Return one number of a quota: the definition ``<bucket>_<part>``."""
        id = f"{bucket}_{part}"
        if id not in self.law.standings:
            self._fail(at or ast.Constant(0), f"no definition {id} for the quota {bucket}")
        return self.rule(id)

    def _on_Call(self, node: ast.Call, env: Mapping[str, Any]) -> Any:
        if not isinstance(node.func, ast.Name) or node.keywords:
            self._fail(node, "only rules and the words of the language may be called, without keywords")
        name = node.func.id
        if len(node.args) != _ARITY.get(name, len(node.args)):
            self._fail(node, f"{name} takes {_ARITY[name]} argument(s)")
        if name in _WORDS:
            return getattr(self, f"_word_{name}")(node, env)
        id = self.law.names.get(name)
        if id is None:
            near = nearest(name, [*self.law.names, *_WORDS])
            self._fail(node, f"no rule is called {name!r}", f"Did you mean {near}?" if near else None)
        standing = self.law.standings.get(id)
        if standing is None:
            return self.graph.false
        return self._apply(node, standing.version, env)

    def _apply(self, node: ast.Call, version: RuleVersion, env: Mapping[str, Any]) -> Node:
        if len(node.args) != len(version.parameters):
            self._fail(node, f"{version.name} takes {len(version.parameters)} argument(s)")
        values = [self._value(argument, env) for argument in node.args]
        inner = {name: value for (name, _), value in zip(version.parameters, values, strict=True)}
        for (name, kind), value in zip(version.parameters, values, strict=True):
            wanted = Row if kind == "row" else Group
            if not isinstance(value, wanted):
                self._fail(node, f"{version.name} wants a {kind} for {name}, got {describe(value)}")
        paths = [value.path if isinstance(value, Group) else f"row{value.depth}" for value in values]
        return self._version(version, inner, ",".join(path for path in paths if path))

    def _word_stated(self, node: ast.Call, env: Mapping[str, Any]) -> Node:
        value = self._value(node.args[0], env)
        if isinstance(value, Group):
            return self.graph.make("present", data=value.path)
        return self.graph.make("stated", (self._read(node, value),))

    def _read(self, node: ast.AST, value: Any) -> Node:
        """Return the bare read of a fact, whether or not something would derive it."""
        while isinstance(value, Node) and value.op in ("given", "truth"):
            value = value.args[0]
        if not isinstance(value, Node) or value.op not in ("fact", "paper", "row"):
            self._fail(node, "stated, asserted and denied ask about one fact")
        return value

    def _word_asserted(self, node: ast.Call, env: Mapping[str, Any]) -> Node:
        read = self._read(node, self._value(node.args[0], env))
        return self.graph.make("truth", (read,)) if read.type.kind == "bool" else read

    def _word_denied(self, node: ast.Call, env: Mapping[str, Any]) -> Node:
        value = self._bool(node.args[0], env)
        given = self.graph.make("stated", (self._read(node, value),))
        return self.graph.make("sure", (self.graph.all_of([given, self.graph.negate(value)]),))

    def _word_unless_stated(self, node: ast.Call, env: Mapping[str, Any]) -> Node:
        return self.graph.make("sure", (self._bool(node.args[0], env),))

    def _word_given(self, node: ast.Call, env: Mapping[str, Any]) -> Node:
        value, other = (self._value(argument, env) for argument in node.args)
        return self.graph.make("given", (self._read(node, value), other), type=value.type)

    def _word_heading(self, node: ast.Call, env: Mapping[str, Any]) -> Node:
        return self.graph.make("heading", (self._value(node.args[0], env),), type=TEXT)
