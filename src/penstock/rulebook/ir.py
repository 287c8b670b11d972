"""The one intermediate form all backends read: a hash-consed graph of small operations.

A truth value is three-valued: 0 false, 1 unknown, 3 true, so that *and* is ``&`` and *or* is ``|``.
Equal sub-expressions are one node; nodes are numbered so that arguments come before their users.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from penstock.rulebook.types import BOOL, Type

__all__ = ["FALSE", "TRUE", "UNKNOWN", "Graph", "Node"]

FALSE, UNKNOWN, TRUE = 0, 1, 3
_UNLIKE = frozenset({bool, set, frozenset})  # classes of data that equal others, or cannot be keys


class Node:
    """One operation: its name, arguments, constant data and result type, and what it comes to when absent, once asked."""

    __slots__ = ("absence", "args", "data", "id", "op", "type")

    def __init__(self, id: int, op: str, args: tuple[Node, ...], data: Any, type: Type) -> None:
        self.id = id
        self.op = op
        self.args = args
        self.data = data
        self.type = type
        self.absence: int | str | None = None

    def __repr__(self) -> str:
        inner = ", ".join(f"#{arg.id}" for arg in self.args)
        return f"#{self.id} {self.op}({inner}{', ' if inner and self.data is not None else ''}{self.data or ''})"


class Graph:
    """A growing set of nodes without duplicates, simplified as they are made.

    >>> g = Graph()
    >>> a = g.make("fact", data="us_person", type=BOOL)
    >>> g.all_of([a, g.true, a]) is a, g.any_of([a, g.true]) is g.true, g.negate(g.negate(a)) is a
    (True, True, True)
    """

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self._seen: dict[Any, Node] = {}
        self.true = self.make("const", data=TRUE, type=BOOL)
        self.false = self.make("const", data=FALSE, type=BOOL)
        self.unknown = self.make("const", data=UNKNOWN, type=BOOL)

    def make(self, op: str, args: Iterable[Node] = (), data: Any = None, type: Type = BOOL) -> Node:
        """Return the node of an operation, an existing one where there is one."""
        arguments = tuple(args)
        key = (op, arguments, _hashable(data) if data.__class__ in _UNLIKE else data, type)
        found = self._seen.get(key)
        if found is None:
            found = self._seen[key] = Node(len(self.nodes), op, arguments, data, type)
            self.nodes.append(found)
        return found

    def const(self, value: Any, type: Type) -> Node:
        """Return a constant."""
        return self.make("const", data=value, type=type)

    def all_of(self, parts: Iterable[Node]) -> Node:
        """Return the conjunction, flattened."""
        return self._junction("and", parts, self.true, self.false)

    def any_of(self, parts: Iterable[Node]) -> Node:
        """Return the disjunction, flattened."""
        return self._junction("or", parts, self.false, self.true)

    def _junction(self, op: str, parts: Iterable[Node], neutral: Node, absorbing: Node) -> Node:
        flat: dict[int, Node] = {}
        for part in parts:
            for node in part.args if part.op == op else (part,):
                if node is absorbing:
                    return absorbing
                if node is not neutral:
                    flat[node.id] = node
        if not flat:
            return neutral
        return next(iter(flat.values())) if len(flat) == 1 else self.make(op, flat.values())

    def negate(self, node: Node) -> Node:
        """Return the negation."""
        if node.op == "not":
            return node.args[0]
        if node.op == "const":
            return {TRUE: self.false, FALSE: self.true}.get(node.data, self.unknown)
        return self.make("not", (node,))

    def choose(self, condition: Node, yes: Node, no: Node) -> Node:
        """Return one of two values by a condition; unknown where the condition is and the values differ."""
        if condition is self.true or yes is no:
            return yes
        if condition is self.false:
            return no
        if yes.type.kind == "bool":
            return self.any_of([self.all_of([condition, yes]), self.all_of([self.negate(condition), no]), self.all_of([yes, no])])
        return self.make("if", (condition, yes, no), type=yes.type)

    def first(self, rows: Iterable[tuple[Node, Node]], otherwise: Node, unknown: Node) -> Node:
        """Return the code of the first row whose condition holds; ``unknown`` at the first row that is undecided."""
        kept: list[Node] = []
        for condition, code in rows:
            if condition is self.false:
                continue
            if condition is self.true:
                otherwise = code
                break
            kept += [condition, code]
        if not kept:
            return otherwise
        return self.make("first", (*kept, otherwise, unknown), type=otherwise.type)

    def reachable(self, roots: Iterable[Node], cut: Iterable[Node] = ()) -> Iterator[Node]:
        """Yield every node the roots depend on, arguments first, without what only nodes in ``cut`` depend on."""
        ends = {node.id for node in cut}
        wanted: set[int] = set()
        stack = list(roots)
        while stack:
            node = stack.pop()
            if node.id not in wanted:
                wanted.add(node.id)
                stack.extend(() if node.id in ends else node.args)
        return (self.nodes[i] for i in sorted(wanted))


def _hashable(data: Any) -> Any:
    if isinstance(data, (set, frozenset)):
        return frozenset(data)
    if isinstance(data, bool):
        return ("bool", data)
    return data
