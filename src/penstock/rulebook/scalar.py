"""The scalar backend: one straight-line Python function per question, written from the graph and compiled.

Truth values are 0 (false), 1 (unknown) and 3 (true); a number, date or text that is not known is ``None``.
"""

from __future__ import annotations

import linecache
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from typing import Any

from penstock.rulebook.ir import Graph, Node
from penstock.rulebook.values import absence, heading, pattern_memo, value_of

__all__ = ["Scalar", "compile_scalar"]

Scalar = Callable[[Callable[[str], Any], Mapping[str, int], Any], tuple[Any, ...]]
_NOT = (3, 1, 1, 0)
_SURE = (0, 0, 0, 3)
_NAMED_IN_PLACE = frozenset({"const", "table", "rule", "on"})
_READ_ONCE = frozenset({"and", "or", "not", "sure", "mask"})  # operations that write each argument once
_INFIX = {"add": " + ", "sub": " - ", "mul": " * "}
_count = 0


def compile_scalar(graph: Graph, outputs: Iterable[Node], label: str = "law") -> Scalar:
    """Return ``f(get, roles, on)``, giving the values of the outputs for one transaction.

    ``get`` reads a fact by name (None: absent); ``roles`` says per party role what its absent facts come to
    (0: no such party, 1: unknown); ``on`` is the day of the act.
    """
    return _Writer(graph, tuple(outputs), label).build()


class _Writer:
    def __init__(self, graph: Graph, outputs: tuple[Node, ...], label: str) -> None:
        self.graph = graph
        self.outputs = outputs
        self.label = label
        self.space: dict[str, Any] = {"N": _NOT, "Y": _SURE, "Fraction": Fraction, "heading": heading}
        self.lines: list[str] = []
        self.inner: dict[str, str] = {}  # the text of each function over rows, without its name, and the name
        self.inlined: set[int] = set()

    def build(self) -> Scalar:
        global _count
        nodes = list(self.graph.reachable(self.outputs))
        self.inlined = _read_once(nodes, self.outputs)
        for node in nodes:
            self._emit(node, self.lines, "    ")
        result = "".join(f"{self._name(node)}, " for node in self.outputs)
        body = "\n".join(["def law(g, roles, on):", *self.lines, f"    return ({result})"])
        source = "\n".join([*(f"def {name}{text}" for text, name in self.inner.items()), body, ""])
        _count += 1
        file = f"<penstock {self.label} {_count}>"
        linecache.cache[file] = (len(source), None, source.splitlines(True), file)
        exec(compile(source, file, "exec"), self.space)
        made: Scalar = self.space["law"]
        return made

    def _name(self, node: Node) -> str:
        if node.op in ("const", "table"):
            value = value_of(node)
            if isinstance(value, (int, str)) or value is None:
                return repr(value)
            self.space[f"k{node.id}"] = value
            return f"k{node.id}"
        if node.op == "on":
            return "on"
        if node.op == "rule":
            return self._name(node.args[0])
        return f"({getattr(self, '_' + node.op)(node)})" if node.id in self.inlined else f"v{node.id}"

    def _emit(self, node: Node, lines: list[str], indent: str) -> None:
        if node.op in _NAMED_IN_PLACE or node.id in self.inlined:
            return
        lines.append(f"{indent}v{node.id} = {getattr(self, '_' + node.op)(node)}")

    def _missing(self, node: Node) -> str:
        """Return the code for what an atom comes to when a fact it reads is absent."""
        kind = absence(node)
        return str(kind) if isinstance(kind, int) else f"roles[{kind!r}]"

    def _const_space(self, prefix: str, node: Node, value: Any) -> str:
        self.space[f"{prefix}{node.id}"] = value
        return f"{prefix}{node.id}"

    # ---- reads

    def _fact(self, node: Node) -> str:
        return f"g({node.data!r})"

    _paper = _fact

    def _row(self, node: Node) -> str:
        return f"r.get({node.data[1]!r})"

    def _truth(self, node: Node) -> str:
        kind = absence(node.args[0])
        x = self._name(node.args[0])
        if isinstance(kind, int):
            return f"{self._const_space('b', node, {True: 3, False: 0, None: kind})}[{x}]"
        return f"{self._missing(node.args[0])} if {x} is None else 3 if {x} else 0"

    def _present(self, node: Node) -> str:
        return f"roles[{'+' + node.data.rpartition('.')[2]!r}]"

    def _stated(self, node: Node) -> str:
        return f"0 if {self._name(node.args[0])} is None else 3"

    def _heading(self, node: Node) -> str:
        return f"heading({self._name(node.args[0])})"

    # ---- atoms

    def _in(self, node: Node) -> str:
        kind = absence(node.args[0])
        x = self._name(node.args[0])
        table: dict[Any, int] = dict.fromkeys(node.data[0], 3)
        if isinstance(kind, int):
            return f"{self._const_space('s', node, table | {None: kind})}.get({x}, 0)"
        return f"{self._missing(node.args[0])} if {x} is None else {self._const_space('s', node, table)}.get({x}, 0)"

    def _matches(self, node: Node) -> str:
        memo = self._const_space("m", node, pattern_memo(node.data[0]))
        x = self._name(node.args[0])
        return f"{self._missing(node.args[0])} if {x} is None else {memo}[{x}]"

    def _meets(self, node: Node) -> str:
        members = self._const_space("s", node, node.data[0])
        x = self._name(node.args[0])
        return f"{self._missing(node.args[0])} if {x} is None else 0 if {members}.isdisjoint({x}) else 3"

    def _holds(self, node: Node) -> str:
        x, rows = (self._name(arg) for arg in node.args)
        return f"1 if {x} is None or {rows} is None else 3 if {x} in {rows} else 0"

    def _same(self, node: Node) -> str:
        a, b = (self._name(arg) for arg in node.args)
        return f"1 if {a} is None or {b} is None else 3 if {a} == {b} else 0"

    def _cmp(self, node: Node) -> str:
        a, b = (self._name(arg) for arg in node.args)
        test = f"3 if {a} {node.data} {b} else 0"
        unknown = [f"{self._name(arg)} is None" for arg in node.args if arg.op not in ("const", "on") and value_of(arg) is None]
        return f"{self._missing(node)} if {' or '.join(unknown)} else {test}" if unknown else test

    # ---- logic

    def _and(self, node: Node) -> str:
        return " & ".join(self._name(arg) for arg in node.args)

    def _or(self, node: Node) -> str:
        return " | ".join(self._name(arg) for arg in node.args)

    def _not(self, node: Node) -> str:
        return f"N[{self._name(node.args[0])}]"

    def _sure(self, node: Node) -> str:
        return f"Y[{self._name(node.args[0])}]"

    def _if(self, node: Node) -> str:
        c, a, b = (self._name(arg) for arg in node.args)
        return f"{a} if {c} == 3 else {b} if {c} == 0 else {a} if {a} == {b} else None"

    def _given(self, node: Node) -> str:
        read = node.args[0].args[0] if node.args[0].op == "truth" else node.args[0]
        return f"{self._name(node.args[1])} if {self._name(read)} is None else {self._name(node.args[0])}"

    def _first(self, node: Node) -> str:
        *rows, otherwise, unknown = node.args
        text = self._name(otherwise)
        for condition, code in reversed(list(zip(rows[::2], rows[1::2], strict=True))):
            c = self._name(condition)
            text = f"{self._name(code)} if {c} == 3 else {self._name(unknown)} if {c} else {text}"
        return text

    def _worst(self, node: Node) -> str:
        return f"max({', '.join(self._name(arg) for arg in node.args)})"

    def _mask(self, node: Node) -> str:
        bits = [f"({self._name(arg)} >> 1) << {shift}" for arg, shift in zip(node.args, node.data, strict=True)]
        return " | ".join(bits) or "0"

    # ---- numbers

    def _arithmetic(self, node: Node, expression: str) -> str:
        unknown = [f"{self._name(arg)} is None" for arg in node.args if arg.op not in ("const", "on") and value_of(arg) is None]
        return f"None if {' or '.join(unknown)} else {expression}" if unknown else expression

    def _add(self, node: Node) -> str:
        return self._arithmetic(node, _INFIX[node.op].join(self._name(arg) for arg in node.args))

    _sub = _mul = _add

    def _div(self, node: Node) -> str:
        a, b = (self._name(arg) for arg in node.args)
        return f"None if {a} is None or not {b} else Fraction({a}) / {b}"

    def _days(self, node: Node) -> str:
        a, b = (self._name(arg) for arg in node.args)
        return self._arithmetic(node, f"({a} - {b}).days")

    # ---- rows of lists

    def _loop(self, node: Node, roots: list[Node], captured: tuple[int, ...], head: list[str], each: list[str], end: str) -> str:
        """Write a helper function over the rows of a list and return the call of it."""
        extra = [node.args[1]] if node.op == "reaches" else []
        outer = [
            arg for arg in (*extra, *(self.graph.nodes[i] for i in captured)) if arg.op == "on" or self._name(arg).startswith("v")
        ]
        names = list(dict.fromkeys(self._name(arg) for arg in outer))
        body: list[str] = []
        skip = {arg.id for arg in outer}
        for inner in self.graph.reachable(roots):
            if inner.id not in skip and self._of_row(inner):
                self._emit(inner, body, "        ")
        text = "\n".join([f"(rows, missing{''.join(', ' + n for n in names)}):", "    if rows is None:", "        return missing",
                          *head, "    for r in rows:", *body, *each, f"    return {end}"])  # fmt: skip
        function = self.inner.setdefault(text, f"q{node.id}")
        missing = "None" if node.op == "best" else self._missing(node.args[0])
        if node.op == "quantified" and node.data[0] == "all":
            missing = f"N[{missing}]"  # of no rows at all, everything holds
        return f"{function}({self._name(node.args[0])}, {missing}{''.join(', ' + n for n in names)})"

    def _of_row(self, node: Node) -> bool:
        return node.op == "row" or any(self._of_row(arg) for arg in node.args)

    def _quantified(self, node: Node) -> str:
        word, body, condition, captured = node.data
        b, c = self._name(self.graph.nodes[body]), self._name(self.graph.nodes[condition])
        each = f"        found |= {b} & {c}" if word == "any" else f"        found &= {b} | N[{c}]"
        head = ["    found = 0" if word == "any" else "    found = 3"]
        roots = [self.graph.nodes[body], self.graph.nodes[condition]]
        return self._loop(node, roots, captured, head, [each], "found")

    def _reaches(self, node: Node) -> str:
        _, word, body, condition, limit, captured = node.data
        b, c, k = (self._name(self.graph.nodes[i]) for i in (body, condition, limit))
        each = [
            f"        if {c} == 3 and {b} is not None:",
            f"            total += {b}",
            f"        elif {c}:",
            "            rest = 1",
        ]
        end = f"1 if {k} is None else 3 if total {word} {k} else rest"
        roots = [self.graph.nodes[body], self.graph.nodes[condition]]
        return self._loop(node, roots, captured, ["    total = rest = 0"], each, end)

    def _best(self, node: Node) -> str:
        _, body, condition, captured = node.data
        b, c = (self._name(self.graph.nodes[i]) for i in (body, condition))
        each = [
            f"        if {c} == 3 and {b} is not None:",
            f"            sure = {b} if sure is None or {b} > sure else sure",
            f"        elif {c} and {b} is not None:",
            f"            perhaps = {b} if perhaps is None or {b} > perhaps else perhaps",
            f"        elif {c}:",
            "            hidden = True",
        ]
        end = "None if hidden or sure is None or (perhaps is not None and perhaps > sure) else sure"
        roots = [self.graph.nodes[body], self.graph.nodes[condition]]
        return self._loop(node, roots, captured, ["    sure = perhaps = None", "    hidden = False"], each, end)


def _read_once(nodes: Iterable[Node], outputs: Iterable[Node]) -> set[int]:
    """Return the nodes to write where they are read: a single operation reads them, and once."""
    reads: dict[int, int] = {}
    for node in nodes:
        if node.op != "rule":
            for arg in node.args:
                _count_read(reads, arg, 1 if node.op in _READ_ONCE else 2)
    for node in outputs:
        _count_read(reads, node, 2)
    return {id for id, count in reads.items() if count == 1}


def _count_read(reads: dict[int, int], node: Node, times: int) -> None:
    while node.op == "rule":
        node = node.args[0]
    reads[node.id] = reads.get(node.id, 0) + times
