"""Why an answer is unknown: the absent facts an undecided node rests on, found by walking undecided nodes only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from penstock.rulebook.ir import UNKNOWN, Node
from penstock.rulebook.values import facts_below

__all__ = ["missing_below"]

_ROWS = frozenset({"quantified", "reaches", "best"})


def missing_below(node: Node, value: Callable[[Node], Any]) -> list[str]:
    """Return the absent facts below an undecided node, nearest first; a computed fact comes before its inputs.

    ``value`` gives the value of any node in the evaluation at hand.
    """
    found: dict[str, None] = {}
    seen: set[int] = set()
    stack = [node]
    while stack:
        top = stack.pop()
        if top.id in seen or not _open(top, value):
            continue
        seen.add(top.id)
        if top.op in ("fact", "paper") or (top.op == "given" and top.data):
            found[top.data] = None
        elif top.op in _ROWS and top.args[0].op in ("fact", "paper") and not any(_open(n, value) for n in top.args[1:]):
            found[top.args[0].data] = None  # the list is given and all else is known: a row of it leaves the question open
        elif top.op == "heading" and not _open(top.args[0], value):
            found.update(dict.fromkeys(sorted(facts_below(top))))  # what is given, such as none, names no entry
        stack.extend(reversed(_next(top, value)))
    return list(found)


def _open(node: Node, value: Callable[[Node], Any]) -> bool:
    """Say whether a node is undecided: an unknown truth value, an absent number, an unknown code."""
    if node.op in ("first", "worst"):
        return True  # a code: what it rests on says whether it is open
    held = value(node)
    return held is None or (held == UNKNOWN and node.type.kind == "bool")


def _next(node: Node, value: Callable[[Node], Any]) -> list[Node]:
    if node.op == "first":
        conditions = node.args[:-2:2]
        for i, condition in enumerate(conditions):
            held = value(condition)
            if held == UNKNOWN:
                return [c for c in conditions[i:] if value(c) == UNKNOWN]
            if held:
                return [node.args[2 * i + 1]]
        return []
    if node.op == "if" and value(node.args[0]) not in (0, 3):
        return [node.args[0]]
    return list(node.args)
