"""The logic of a program over bit planes: one bit per transaction, so that one operation of a machine decides 64 of them.

A truth value is two planes, *possible* (not false) and *certain* (true), the two bits of its coding; where nothing can be
unknown they are one plane.  Codes, such as outcomes, are one plane per code.  What is not logic comes in as inputs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from attrs import frozen

from penstock.rulebook.arrays import Array
from penstock.rulebook.ir import TRUE, UNKNOWN, Node

__all__ = ["AND", "FALSE_PLANE", "LOGIC", "NOT", "OR", "TRUE_PLANE", "Gates", "Logic", "Planes", "Truth"]

AND, OR, NOT = 0, 1, 2
FALSE_PLANE, TRUE_PLANE = 0, 1
LOGIC = frozenset({"rule", "and", "or", "not", "sure"})
Truth = tuple[int, int]  # possible, certain


@frozen(eq=False)
class Gates:
    """A straight-line program: operations on registers in order, where inputs are put, where outputs are read.

    A row of ``program`` is an operation, the registers it reads and the one it writes; registers 0 and 1 hold no and every
    row.  ``inputs`` maps the planes of the inputs that are used to registers.
    """

    program: Array
    registers: int
    inputs: Mapping[int, int]
    outputs: tuple[int, ...]

    def run(self, given: Mapping[int, Array], words: int) -> list[Array]:
        """Return the output planes for input planes, by register, of ``words`` 64-bit words each."""
        held = [given[place] if place in given else np.empty(words, np.uint64) for place in range(self.registers)]
        held[FALSE_PLANE][:] = 0
        held[TRUE_PLANE][:] = ~np.uint64(0)
        for op, left, right, into in self.program.tolist():
            if op == NOT:
                np.invert(held[left], out=held[into])
            else:
                (np.bitwise_and if op == AND else np.bitwise_or)(held[left], held[right], out=held[into])
        return [held[register] for register in self.outputs]


class Planes:
    """Planes under construction, without duplicates and simplified as they are made.

    >>> planes = Planes()
    >>> a = planes.new()
    >>> planes.both(a, TRUE_PLANE) == a, planes.either(a, planes.opposite(a)) == TRUE_PLANE
    (True, True)
    """

    def __init__(self) -> None:
        self._made: list[tuple[int, int, int] | None] = [None, None]
        self._seen: dict[tuple[int, int, int], int] = {}
        self._opposite: dict[int, int] = {FALSE_PLANE: TRUE_PLANE, TRUE_PLANE: FALSE_PLANE}

    def new(self) -> int:
        """Return a new input."""
        self._made.append(None)
        return len(self._made) - 1

    def both(self, a: int, b: int) -> int:
        """Return the plane of *and*."""
        return self._joined(AND, a, b, neutral=TRUE_PLANE, absorbing=FALSE_PLANE)

    def either(self, a: int, b: int) -> int:
        """Return the plane of *or*."""
        return self._joined(OR, a, b, neutral=FALSE_PLANE, absorbing=TRUE_PLANE)

    def opposite(self, a: int) -> int:
        """Return the plane of *not*."""
        if a not in self._opposite:
            self._opposite[a] = found = self._gate(NOT, a, a)
            self._opposite[found] = a
        return self._opposite[a]

    def choice(self, condition: int, yes: int, no: int) -> int:
        """Return one plane where a condition holds and the other elsewhere."""
        return self.either(self.both(condition, yes), self.both(self.opposite(condition), no))

    def _joined(self, op: int, a: int, b: int, *, neutral: int, absorbing: int) -> int:
        if absorbing in (a, b) or self._opposite.get(a) == b:
            return absorbing
        if a in (neutral, b):
            return b
        return a if b == neutral else self._gate(op, min(a, b), max(a, b))

    def _gate(self, op: int, a: int, b: int) -> int:
        if (op, a, b) not in self._seen:
            self._seen[op, a, b] = len(self._made)
            self._made.append((op, a, b))
        return self._seen[op, a, b]

    def gates(self, outputs: Sequence[int]) -> Gates:
        """Return the program that computes some planes, with registers used again once their plane is no longer needed."""
        wanted = self._below(outputs)
        inputs = [plane for plane in wanted if plane > TRUE_PLANE and self._made[plane] is None]
        made = [(plane, gate) for plane in wanted if (gate := self._made[plane]) is not None]
        last = dict.fromkeys(outputs, len(made))
        for n, (_, (_, a, b)) in reversed([*enumerate(made)]):
            last.setdefault(a, n)
            last.setdefault(b, n)
        place = {FALSE_PLANE: 0, TRUE_PLANE: 1} | {plane: 2 + i for i, plane in enumerate(inputs)}
        kept, free, size, rows = set(place), list[int](), len(place), list[tuple[int, int, int, int]]()
        for n, (plane, (op, a, b)) in enumerate(made):
            reads = place[a], place[b]
            free += [place[x] for x in {a, b} if last[x] == n and x not in kept]
            if not free:
                free.append(size)
                size += 1
            place[plane] = free.pop()
            rows.append((op, *reads, place[plane]))
        table = np.array(rows, np.int32).reshape(-1, 4)
        return Gates(table, size, {plane: place[plane] for plane in inputs}, tuple(place[plane] for plane in outputs))

    def _below(self, outputs: Sequence[int]) -> list[int]:
        found: set[int] = set()
        stack = list(outputs)
        while stack:
            plane = stack.pop()
            if plane not in found:
                found.add(plane)
                stack += (self._made[plane] or ())[1:]
        return sorted(found)


class Logic:
    """The logic of a graph as planes; ``atom`` gives those of a node that is no logic, or that is held ready."""

    def __init__(self, planes: Planes, atom: Callable[[Node], Truth | None]) -> None:
        self._planes = planes
        self._atom = atom
        self._truths: dict[int, Truth] = {}
        self._codes: dict[int, Mapping[int, int]] = {}

    def truth(self, node: Node) -> Truth:
        """Return where a truth value is possible and where it is certain."""
        if node.id not in self._truths:
            self._truths[node.id] = self._atom(node) or self._made(node)
        return self._truths[node.id]

    def _made(self, node: Node) -> Truth:
        planes = self._planes
        if node.op == "const":
            return (TRUE_PLANE if node.data != 0 else FALSE_PLANE), (TRUE_PLANE if node.data == TRUE else FALSE_PLANE)
        parts = [self.truth(arg) for arg in node.args]
        possible, certain = parts[0]
        if node.op == "rule":
            return possible, certain
        if node.op == "sure":
            return certain, certain
        if node.op == "not":
            return planes.opposite(certain), planes.opposite(possible)
        join = planes.both if node.op == "and" else planes.either
        for other_possible, other_certain in parts[1:]:
            possible, certain = join(possible, other_possible), join(certain, other_certain)
        return possible, certain

    def codes(self, node: Node) -> Mapping[int, int]:
        """Return, for each code a node may have, the plane of the rows that have it."""
        if node.id not in self._codes:
            make = {"const": self._constant, "rule": self._named, "first": self._first, "worst": self._worst}[node.op]
            self._codes[node.id] = make(node)
        return self._codes[node.id]

    def _constant(self, node: Node) -> Mapping[int, int]:
        return {node.data: TRUE_PLANE}

    def _named(self, node: Node) -> Mapping[int, int]:
        return self.codes(node.args[0])

    def _first(self, node: Node) -> Mapping[int, int]:
        *rows, otherwise, unknown = node.args
        out: dict[int, int] = {}
        left = TRUE_PLANE
        for condition, code in zip(rows[::2], rows[1::2], strict=True):
            possible, certain = self.truth(condition)
            chosen = self._planes.both(left, certain)
            self._add(out, chosen, self.codes(code))
            open_ = self._planes.both(possible, self._planes.opposite(certain))
            self._add(out, self._planes.both(left, open_), self.codes(unknown))
            left = self._planes.both(left, self._planes.opposite(possible))
        self._add(out, left, self.codes(otherwise))
        return out

    def _add(self, out: dict[int, int], rows: int, codes: Mapping[int, int]) -> None:
        for code, plane in codes.items():
            out[code] = self._planes.either(out.get(code, FALSE_PLANE), self._planes.both(rows, plane))

    def _worst(self, node: Node) -> Mapping[int, int]:
        found: dict[int, int] = {}
        for arg in node.args:
            self._add(found, TRUE_PLANE, self.codes(arg))
        out, left = {}, TRUE_PLANE
        for code in sorted(found, reverse=True):
            out[code] = self._planes.both(left, found[code])
            left = self._planes.both(left, self._planes.opposite(found[code]))
        return out

    def bits(self, node: Node, count: int, add: int = 0) -> list[int]:
        """Return the planes of a code's binary digits, lowest first, after ``add`` is added to the code."""
        out = [FALSE_PLANE] * count
        for code, plane in self.codes(node).items():
            for i in range(count):
                if (code + add) >> i & 1:
                    out[i] = self._planes.either(out[i], plane)
        return out


def unknown(truth: Truth, planes: Planes) -> int:
    """Return where a truth value is unknown."""
    return planes.both(truth[0], planes.opposite(truth[1]))


assert UNKNOWN == 1  # the coding of truth values is the two planes
