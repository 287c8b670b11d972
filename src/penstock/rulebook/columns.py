"""The column backend: the same graph as the scalar one, evaluated for many transactions at once with numpy.

Truth values are ``uint8`` with the scalar coding (0 false, 1 unknown, 3 true), so that *and* is ``&``, *or* is ``|``
and *not* is ``3 >> x``.  What is the same in every row of a chunk, such as an absent column and all that follows from
it, stays one Python value.  Rows whose numbers 64 bits cannot hold are reported, for the scalar backend to decide.
"""

from __future__ import annotations

import datetime as dt
import operator
from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import Any

import numpy as np
from attrs import frozen

from penstock.rulebook.arrays import Array, Chunk, Codes, Held, Memo, given_rows, pick_text, same_text
from penstock.rulebook.combinations import Combinations
from penstock.rulebook.fixedpoint import Numbers, arithmetic, compare, divide, pick_numbers
from penstock.rulebook.ir import FALSE, TRUE, UNKNOWN, Graph, Node
from penstock.rulebook.values import absence, heading, pattern_memo, value_of
from penstock.terms.numbers import exact

__all__ = ["Columns", "cut_name"]

_BY_ROW = frozenset({"quantified", "reaches", "best", "holds"})
_TEST = {">=": operator.ge, ">": operator.gt, "<=": operator.le, "<": operator.lt, "==": operator.eq}
_PLAIN: dict[str, Callable[[Any, Any], Any]] = {
    "add": operator.add, "sub": operator.sub, "days": operator.sub, "mul": operator.mul,
}  # fmt: skip


@frozen(eq=False)
class _Step:
    node: Node
    run: Callable[[Node, list[Held], Chunk], Held]
    reads: tuple[int, ...]
    dead: tuple[int, ...]


class Columns:
    """Output nodes of a graph, ready to be evaluated chunk by chunk; may be shared between threads.

    The values of nodes in ``cut`` are handed in with each chunk, as facts named by :func:`cut_name`.
    """

    def __init__(self, graph: Graph, outputs: Iterable[Node], cut: Iterable[Node] = ()) -> None:
        self._graph = graph
        self._outputs = tuple(outputs)
        self._missing: dict[int, int | str] = {}
        self._loops: dict[int, Combinations] = {}
        self._patterns = Memo()
        self._start: list[Held] = [None] * len(graph.nodes)
        self._steps: list[_Step] = []
        ready = {node.id for node in cut}
        for node in graph.reachable(self._outputs, cut):
            if node.id in ready:
                self._steps.append(_Step(node, self._handed, (), ()))
            elif node.op in ("const", "table"):
                self._start[node.id] = _plain(value_of(node))
            elif node.op != "rule":
                self._add(node)
        self._end_lives()

    def evaluate(self, chunk: Chunk) -> tuple[tuple[Held, ...], Array | None]:
        """Return the values of the outputs, and the rows that only the scalar backend decides exactly (None: none)."""
        held = list(self._start)
        for step in self._steps:
            held[step.node.id] = step.run(step.node, [held[i] for i in step.reads], chunk)
            for i in step.dead:
                held[i] = None
        return tuple(held[_source(node).id] for node in self._outputs), chunk.spill.rows

    def _add(self, node: Node) -> None:
        reads = [_source(arg).id for arg in node.args]
        if node.op in _BY_ROW:
            self._loops[node.id] = Combinations(self._graph, node)
            reads = []
        elif node.op == "given":
            reads.append(_read(node.args[0]).id)
        elif node.op in ("truth", "in", "matches", "meets"):
            self._missing[node.id] = absence(node.args[0])
        elif node.op == "cmp":
            self._missing[node.id] = absence(node)
        name = "loop" if node.op in _BY_ROW else "arithmetic" if node.op in _PLAIN else node.op
        self._steps.append(_Step(node, getattr(self, f"_{name}"), tuple(reads), ()))

    def _end_lives(self) -> None:
        """Note after which step each value is no longer needed, so that few arrays live at a time."""
        last = {i: n for n, step in enumerate(self._steps) for i in (*step.reads, step.node.id)}
        kept = {_source(node).id for node in self._outputs}
        ends: dict[int, list[int]] = {}
        for i, n in last.items():
            if i not in kept and self._start[i] is None:
                ends.setdefault(n, []).append(i)
        self._steps = [_Step(s.node, s.run, s.reads, tuple(ends.get(n, ()))) for n, s in enumerate(self._steps)]

    # ---- reads

    def _fact(self, node: Node, args: list[Held], chunk: Chunk) -> Held:
        return chunk.facts.get(node.data)

    _paper = _fact

    def _handed(self, node: Node, args: list[Held], chunk: Chunk) -> Held:
        return chunk.facts[cut_name(node)]

    def _on(self, node: Node, args: list[Held], chunk: Chunk) -> Held:
        return chunk.on

    def _present(self, node: Node, args: list[Held], chunk: Chunk) -> Held:
        return chunk.roles["+" + node.data.rpartition(".")[2]]

    def _truth(self, node: Node, args: list[Held], chunk: Chunk) -> Held:
        held = args[0]
        if isinstance(held, np.ndarray):
            return self._absent(held, node, chunk)
        return self._unknown(node, chunk) if held is None else TRUE if held else FALSE

    def _stated(self, node: Node, args: list[Held], chunk: Chunk) -> Held:
        rows = given_rows(args[0])
        return (TRUE if rows else FALSE) if isinstance(rows, bool) else _truths(rows)

    def _heading(self, node: Node, args: list[Held], chunk: Chunk) -> Held:
        held = args[0]
        if not isinstance(held, Codes):
            return heading(held)
        words = held.words.mapped("heading", heading)
        return Codes(words.known.take(held.codes), words)

    def _unknown(self, node: Node, chunk: Chunk) -> Held:
        """Return what a condition comes to where what it reads is absent."""
        kind = self._missing[node.id]
        return chunk.roles[kind] if isinstance(kind, str) else kind

    def _absent(self, held: Array, node: Node, chunk: Chunk) -> Array:
        """Turn unknown, which stands for absent, into what absence comes to."""
        closed = self._unknown(node, chunk)
        if isinstance(closed, int):
            return held if closed else _sure(held)
        found: Array = np.subtract(held, (held == UNKNOWN) & (closed == FALSE))
        return found

    # ---- atoms

    def _looked_up(self, node: Node, held: Held, test: Callable[[Any], int], chunk: Chunk) -> Held:
        if not isinstance(held, Codes):
            return self._unknown(node, chunk) if held is None else test(held)
        return self._absent(held.words.truths(node, test).take(held.codes), node, chunk)

    def _in(self, node: Node, args: list[Held], chunk: Chunk) -> Held:
        return self._looked_up(node, args[0], lambda value: TRUE if value in node.data[0] else FALSE, chunk)

    def _matches(self, node: Node, args: list[Held], chunk: Chunk) -> Held:
        memo = self._patterns.kept(node, lambda: pattern_memo(node.data[0]))
        return self._looked_up(node, args[0], lambda value: UNKNOWN if value is None else memo[value], chunk)

    def _meets(self, node: Node, args: list[Held], chunk: Chunk) -> Held:
        return self._looked_up(node, args[0], lambda rows: FALSE if node.data[0].isdisjoint(rows) else TRUE, chunk)

    def _same(self, node: Node, args: list[Held], chunk: Chunk) -> Held:
        a, b = args
        if a is None or b is None:
            return UNKNOWN
        if not isinstance(a, Codes) and not isinstance(b, Codes):
            return TRUE if a == b else FALSE
        return _known_only(*same_text(a, b, chunk.memo, chunk.size))

    def _cmp(self, node: Node, args: list[Held], chunk: Chunk) -> Held:
        a, b = args
        if a is None or b is None:
            return self._unknown(node, chunk)
        if not isinstance(a, Numbers) and not isinstance(b, Numbers):
            return TRUE if _TEST[node.data](a, b) else FALSE
        holds, known = compare(node.data, a, b, chunk.spill)
        return _truths(holds) if known is None else self._absent(_known_only(holds, known), node, chunk)

    # ---- logic

    def _and(self, node: Node, args: list[Held], chunk: Chunk) -> Held:
        return _junction(args, np.bitwise_and, TRUE, FALSE)

    def _or(self, node: Node, args: list[Held], chunk: Chunk) -> Held:
        return _junction(args, np.bitwise_or, FALSE, TRUE)

    def _not(self, node: Node, args: list[Held], chunk: Chunk) -> Held:
        return _negate(args[0])

    def _sure(self, node: Node, args: list[Held], chunk: Chunk) -> Held:
        return _sure(args[0])

    def _if(self, node: Node, args: list[Held], chunk: Chunk) -> Held:
        condition, a, b = args
        if not isinstance(condition, np.ndarray):
            if condition != UNKNOWN:
                return a if condition == TRUE else b
            if not isinstance(a, (Codes, Numbers)) and not isinstance(b, (Codes, Numbers)):
                return a if a == b else None
            condition = np.full(chunk.size, UNKNOWN, np.uint8)
        if node.type.kind in ("number", "date"):
            picked: Codes | Numbers = pick_numbers(condition == TRUE, a, b, chunk.spill)
        else:
            picked = pick_text(condition == TRUE, a, b, chunk.memo)
        open_ = condition == UNKNOWN
        return _hide(picked, open_ & ~self._equal(node, a, b, chunk)) if open_.any() else picked

    def _equal(self, node: Node, a: Held, b: Held, chunk: Chunk) -> Array:
        """Return the rows where two values are known and the same."""
        if a is None or b is None:
            return np.zeros(chunk.size, bool)
        if not isinstance(a, (Codes, Numbers)) and not isinstance(b, (Codes, Numbers)):
            return np.full(chunk.size, a == b)
        if node.type.kind in ("number", "date"):
            same, known = compare("==", a, b, chunk.spill)
            return same if known is None else same & known
        same, both = same_text(a, b, chunk.memo, chunk.size)
        return same & both

    def _given(self, node: Node, args: list[Held], chunk: Chunk) -> Held:
        value, other, read = args
        rows = given_rows(read)
        if isinstance(rows, bool):
            return value if rows else other
        if node.type.kind == "bool":
            taken = np.negative(rows.view(np.uint8))
            return (value & taken) | (other & ~taken)
        if node.type.kind in ("number", "date"):
            return pick_numbers(rows, value, other, chunk.spill)
        return pick_text(rows, value, other, chunk.memo)

    # ---- codes

    def _first(self, node: Node, args: list[Held], chunk: Chunk) -> Held:
        *rows, otherwise, unknown = args
        out: Array | None = None
        left: Any = np.int8(-1)
        for condition, code in zip(rows[::2], rows[1::2], strict=True):
            if isinstance(condition, np.ndarray):
                bits = condition.view(np.int8)
                holds = -(bits >> 1)
                chosen = (holds & code) | ((holds ^ -(bits & 1)) & unknown)
                out = chosen if out is None else out | (left & chosen)
                left = left & ((bits & 1) - 1)
            elif condition != FALSE:
                otherwise = code if condition == TRUE else unknown
                break
        return otherwise if out is None else out | (left & otherwise)

    def _worst(self, node: Node, args: list[Held], chunk: Chunk) -> Held:
        constant = max((arg for arg in args if not isinstance(arg, np.ndarray)), default=None)
        arrays = [arg for arg in args if isinstance(arg, np.ndarray)]
        if constant is not None and arrays:
            arrays[0] = np.maximum(arrays[0], np.int8(constant))
        for array in arrays[1:]:
            arrays[0] = np.maximum(arrays[0], array)
        return arrays[0] if arrays else constant

    def _mask(self, node: Node, args: list[Held], chunk: Chunk) -> Held:
        """Return the bits of what is true, gathered in bytes first, which is where the work is cheap."""
        constant, planes = 0, dict[int, Array]()
        for held, shift in zip(args, node.data, strict=True):
            if isinstance(held, np.ndarray):
                place, bit = divmod(shift, 8)
                bits = (held >> 1) << np.uint8(bit)
                planes[place] = planes[place] | bits if place in planes else bits
            else:
                constant |= (held >> 1) << shift
        if not planes:
            return constant
        out = np.full(chunk.size, constant, np.uint64)
        for place, plane in planes.items():
            out |= plane.astype(np.uint64) << np.uint64(8 * place)
        return out

    # ---- numbers

    def _arithmetic(self, node: Node, args: list[Held], chunk: Chunk) -> Held:
        if any(arg is None for arg in args):
            return None
        total, *rest = args
        for arg in rest:
            if isinstance(total, Numbers) or isinstance(arg, Numbers):
                total = arithmetic("sub" if node.op == "days" else node.op, total, arg, chunk.spill)
            else:
                total = _PLAIN[node.op](total, arg)
        return total

    def _div(self, node: Node, args: list[Held], chunk: Chunk) -> Held:
        a, b = args
        if a is None or b is None or (not isinstance(b, Numbers) and b == 0):
            return None
        plain = not isinstance(a, Numbers) and not isinstance(b, Numbers)
        return exact(Fraction(a) / b) if plain else divide(a, b, chunk.spill)

    # ---- rows of lists

    def _loop(self, node: Node, args: list[Held], chunk: Chunk) -> Held:
        return self._loops[node.id].evaluate(chunk)


def cut_name(node: Node) -> str:
    """Return the name under which the value of a node is handed in."""
    return f"#{node.id}"


def _source(node: Node) -> Node:
    """Return the node behind the rules that name it."""
    while node.op == "rule":
        node = node.args[0]
    return node


def _read(node: Node) -> Node:
    return node.args[0] if node.op == "truth" else node


def _plain(value: Any) -> Any:
    return value.toordinal() if isinstance(value, dt.date) else value


def _truths(holds: Array) -> Array:
    """Return truth values for a bool array."""
    return holds.view(np.uint8) * np.uint8(TRUE)


def _known_only(holds: Array, known: Array) -> Array:
    """Return truth values: unknown where not known."""
    seen = known.view(np.uint8)
    return (_truths(holds) & np.negative(seen)) | (seen ^ np.uint8(1))


def _negate(held: Held) -> Held:
    return np.right_shift(np.uint8(TRUE), held) if isinstance(held, np.ndarray) else TRUE >> held


def _sure(held: Held) -> Held:
    return (held >> 1) * TRUE


def _hide(held: Codes | Numbers, rows: Array) -> Codes | Numbers:
    """Return a column that is unknown in some rows."""
    if isinstance(held, Codes):
        return Codes(np.where(rows, np.int32(-1), held.codes), held.words)
    return Numbers(np.where(rows, 0, held.num), held.den, held.given & ~rows, held.peak)


def _junction(args: list[Held], join: Any, neutral: int, absorbing: int) -> Held:
    """Join truth values, the plain ones first: one that absorbs decides every row."""
    constant, arrays = neutral, []
    for held in args:
        if isinstance(held, np.ndarray):
            arrays.append(held)
        else:
            constant = int(join(constant, held))
    if constant == absorbing or not arrays:
        return constant
    out = arrays[0] if len(arrays) == 1 else join(arrays[0], arrays[1])
    for array in arrays[2:]:
        join(out, array, out=out)
    return out if constant == neutral else join(out, constant)
