"""Nodes in words: the label of a condition or number as a reader would say it."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction
from typing import Any

from penstock.rulebook.ir import Graph, Node
from penstock.terms.numbers import plain

__all__ = ["label", "show_value"]

_SIGN = {"add": "+", "sub": "-", "mul": "×", "div": "/", "days": "-"}
_TRI = {0: "no", 1: "unknown", 3: "yes"}


def label(node: Node, graph: Graph) -> str:
    """Return the words for a node, its arguments included, rules by their name.

    >>> from penstock.rulebook.types import BOOL, COUNTRY
    >>> g = Graph()
    >>> fact = g.make("fact", data="destination.country", type=COUNTRY)
    >>> label(g.make("in", (fact,), data=(frozenset({"MO"}), "D5_OR_MACAU")), g)
    'destination.country in D5_OR_MACAU'
    """
    write = _WRITERS.get(node.op)
    return write(node, graph) if write else f"{node.op}({', '.join(label(arg, graph) for arg in node.args)})"


def _table(node: Node, graph: Graph) -> str:
    return f"{node.data[0]} ({show_value(node.data[1])})"


def _rule(node: Node, graph: Graph) -> str:
    id, _, argument = node.data
    return f"{id}[{argument}]" if argument.strip("!") else str(id)


def _member(node: Node, graph: Graph) -> str:
    if node.op == "in" and node.data[1].startswith("'"):
        return f"{label(node.args[0], graph)} is {node.data[1].strip(chr(39))}"
    return f"{label(node.args[0], graph)} in {node.data[1]}"


def _infix(word: str) -> Any:
    return lambda node, graph: f" {word} ".join(_wrap(arg, graph) for arg in node.args)


def _wrap(node: Node, graph: Graph) -> str:
    text = label(node, graph)
    return f"({text})" if node.op in ("and", "or", "add", "sub", "mul") else text


def _first(node: Node, graph: Graph) -> str:
    return "first row that matches"


def _rows(node: Node, graph: Graph) -> str:
    word = node.data[0] if node.op != "best" else "highest"
    return f"{word} over {label(node.args[0], graph)}"


_WRITERS: dict[str, Any] = {
    "fact": lambda node, graph: node.data,
    "paper": lambda node, graph: node.data,
    "row": lambda node, graph: f"row.{node.data[1]}",
    "const": lambda node, graph: _TRI.get(node.data, str(node.data)) if node.type.kind == "bool" else show_value(node.data),
    "table": _table,
    "on": lambda node, graph: "on",
    "rule": _rule,
    "truth": lambda node, graph: label(node.args[0], graph),
    "stated": lambda node, graph: f"{label(node.args[0], graph)} is stated",
    "present": lambda node, graph: f"{node.data} is given",
    "in": _member,
    "matches": _member,
    "meets": lambda node, graph: f"{label(node.args[0], graph)} includes one of {node.data[1]}",
    "holds": lambda node, graph: f"{label(node.args[0], graph)} in {label(node.args[1], graph)}",
    "same": _infix("is"),
    "cmp": lambda node, graph: f"{_wrap(node.args[0], graph)} {node.data} {_wrap(node.args[1], graph)}",
    "not": lambda node, graph: f"not {_wrap(node.args[0], graph)}",
    "sure": lambda node, graph: f"certainly {_wrap(node.args[0], graph)}",
    "and": _infix("and"),
    "or": _infix("or"),
    "given": lambda node, graph: node.data or f"{label(node.args[0], graph)}, else {label(node.args[1], graph)}",
    "if": lambda node, graph: f"{label(node.args[1], graph)} if {label(node.args[0], graph)} else {label(node.args[2], graph)}",
    "heading": lambda node, graph: f"heading of {label(node.args[0], graph)}",
    "first": _first,
    "worst": lambda node, graph: "strictest",
    "quantified": _rows,
    "reaches": lambda node, graph: f"sum over {label(node.args[0], graph)} {node.data[1]} {label(node.args[1], graph)}",
    "best": _rows,
    **{op: _infix(sign) for op, sign in _SIGN.items()},
}


def show_value(value: Any) -> str:
    """Return a value as people write it.

    >>> show_value(Fraction(11, 4)), show_value(12345678), show_value(None), show_value(("MO", "CN"))
    ('2.75', '12,345,678', 'not given', 'MO, CN')
    """
    if value is None:
        return "not given"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return f"{value:,}" if abs(value) < 10**18 else f"{float(value):g}"
    if isinstance(value, Fraction):
        return f"{plain(value):,f}".rstrip("0").rstrip(".") if "." in f"{plain(value):f}" else f"{plain(value):,f}"
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, tuple):
        return ", ".join(show_value(part) for part in value) or "none"
    if isinstance(value, dict):
        return ", ".join(f"{key} {show_value(part)}" for key, part in value.items())
    return str(value)
