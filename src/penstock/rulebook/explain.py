"""Explanation as a graph: every node once, with its value, its margin to the threshold and the provision it belongs to.

Never expanded to a tree: a node that several rules share is one node here, and one line of a printed proof.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from attrs import frozen

from penstock.rulebook.fold import Law
from penstock.rulebook.ir import FALSE, TRUE, Graph, Node
from penstock.rulebook.render import label, show_value
from penstock.rulebook.values import value_of

__all__ = ["Explanation", "Step"]

_JOINTS = frozenset({"and", "or", "not", "sure", "first", "worst", "mask", "given"})
_MARK = {0: "✗", 1: "?", 3: "✓"}


@frozen
class Step:
    """One node of an explanation; ``cite``, ``force`` and the rest are given for provisions only."""

    id: int
    text: str
    value: Any
    because: tuple[int, ...]
    margin: Any = None
    cite: str = ""
    doc: str = ""
    instrument: str = ""
    force: str = ""
    since: str = ""


@frozen(eq=False)
class Explanation:
    """All values of one evaluation over the graph of one law."""

    law: Law
    graph: Graph
    place: Mapping[int, int]
    values: tuple[Any, ...]

    def value(self, node: Node) -> Any:
        """Return the value of a node in this evaluation."""
        at = self.place.get(node.id)
        return value_of(node) if at is None else self.values[at]

    def margin(self, node: Node) -> Any:
        """Return how far a comparison is from its threshold, left minus right; None where a side is unknown."""
        left, right = (self.value(arg) for arg in node.args)
        if left is None or right is None:
            return None
        gap = left - right
        return gap.days if hasattr(gap, "days") else gap

    def step(self, node: Node) -> Step:
        """Return one node as a step."""
        because = tuple(arg.id for arg in node.args)
        margin = self.margin(node) if node.op == "cmp" else None
        if node.op != "rule":
            return Step(node.id, label(node, self.graph), self.value(node), because, margin)
        version = self.law.standings[node.data[0]].version
        instrument = self.law.instruments[version.by]
        return Step(node.id, label(node, self.graph), self.value(node), because, None, version.cite, version.doc,
                    instrument.cite, instrument.force, instrument.effective.isoformat())  # fmt: skip

    def steps(self, *roots: Node) -> list[Step]:
        """Return every step the roots rest on, arguments first, each once."""
        return [self.step(node) for node in self.graph.reachable(roots)]

    def proof(self, *roots: Node) -> Iterator[str]:
        """Yield the lines of a proof: what decides each node, indented; what was shown above is only named again."""
        seen: set[int] = set()
        for root in roots:
            yield from self._below(root, 0, seen, set())

    def _below(self, node: Node, depth: int, seen: set[int], here: set[int]) -> Iterator[str]:
        """Print what decides a node; ``here`` is what the provision at hand has named already."""
        if node.op == "rule":
            if node.id not in here:
                here.add(node.id)
                yield from self._provision(node, depth, seen)
        elif node.op == "if" or (node.type.kind in ("bool", "code") and node.op in _JOINTS):
            for arg in self._deciding(node):
                yield from self._below(arg, depth, seen, here)
        elif node.id not in seen and node.op not in ("const", "table"):
            seen.add(node.id)
            yield f"{'  ' * depth}{self._atom(node)}"
            for arg in node.args:
                yield from self._numbers(arg, depth + 1, seen, here)

    def _provision(self, node: Node, depth: int, seen: set[int]) -> Iterator[str]:
        step = self.step(node)
        truth = node.type.kind == "bool"
        mark = _MARK.get(step.value, "=") if truth else "="
        shown = "" if truth else f" = {show_value(step.value)}"
        if node.id in seen:
            yield f"{'  ' * depth}{mark} {step.text}{shown} (above)"
            return
        seen.add(node.id)
        cites = dict.fromkeys((*step.cite.split("; "), step.instrument))
        yield f"{'  ' * depth}{mark} {step.text}{shown}: {step.doc} [{'; '.join(cites)}]"
        yield from self._below(node.args[0], depth + 1, seen, set())

    def _deciding(self, node: Node) -> list[Node]:
        """Return of a false conjunction what is false, of a true disjunction what is true, of a derived fact what gave it."""
        held = self.value(node)
        if node.op == "and" and held == FALSE:
            return [arg for arg in node.args if self.value(arg) == FALSE]
        if node.op == "or" and held == TRUE:
            return [arg for arg in node.args if self.value(arg) == TRUE]
        if node.op == "if":
            branch = {FALSE: node.args[2], TRUE: node.args[1]}.get(self.value(node.args[0]))
            return [arg for arg in (node.args[0], branch) if arg is not None and arg.op not in ("const", "table")]
        if node.op == "given":
            read = node.args[0].args[0] if node.args[0].op == "truth" else node.args[0]
            return [node.args[1 if self.value(read) is None else 0]]
        return [arg for arg in node.args if arg.op != "const"]

    def _numbers(self, node: Node, depth: int, seen: set[int], here: set[int]) -> Iterator[str]:
        """Print the computed values below a comparison, each with the provision that computes it."""
        if node.op == "rule":
            yield from self._below(node, depth, seen, here)
        elif node.op == "given":
            yield from self._numbers(self._deciding(node)[0], depth, seen, here)
        else:
            for arg in node.args if node.op not in ("const", "table", "fact") else ():
                yield from self._numbers(arg, depth, seen, here)

    def _atom(self, node: Node) -> str:
        held = self.value(node)
        mark = _MARK.get(held, "=") if node.type.kind == "bool" else "="
        facts = ", ".join(
            f"{show_value(self.value(arg))}"
            for arg in node.args
            if arg.op not in ("const", "table", "on") and self.value(arg) is not None
        )
        gap = f", margin {show_value(self.margin(node))}" if node.op == "cmp" and self.margin(node) is not None else ""
        return f"{mark} {label(node, self.graph)}" + (f"  ({facts}{gap})" if facts else "")
