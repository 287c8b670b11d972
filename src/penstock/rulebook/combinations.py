"""Nodes that walk over the rows of a list, in columns: the scalar backend, once per distinct combination of inputs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

import numpy as np

from penstock.rulebook.arrays import Array, Chunk, Codes, Held, distinct
from penstock.rulebook.fixedpoint import Numbers, exact_numbers
from penstock.rulebook.ir import Graph, Node
from penstock.rulebook.scalar import compile_scalar
from penstock.rulebook.values import facts_below
from penstock.terms.vocabulary import vocabulary

__all__ = ["Combinations", "combine", "python_value"]

_KEY_MAX = 1 << 62
_BOOL = {0: False, 1: None, 3: True}


class Combinations:
    """A node evaluated with the scalar backend, once per distinct combination of what it reads."""

    def __init__(self, graph: Graph, node: Node) -> None:
        below = list(graph.reachable([node]))
        papers = {inner.data for inner in below if inner.op == "paper"}
        present = {"+" + inner.data.rpartition(".")[2] for inner in below if inner.op == "present"}
        self._node = node
        self._facts = tuple(sorted(facts_below(node) | papers))
        asked = {vocabulary().facts[name].role for name in self._facts} - {""}
        self._roles = tuple(sorted(asked | present))
        self._asks_on = any(inner.op == "on" for inner in below)
        self._list = node.args[0].data if node.args[0].op in ("fact", "paper") and node.op != "holds" else None
        self._ask = compile_scalar(graph, [node], "rows")

    def evaluate(self, chunk: Chunk) -> Held:
        """Return the node's values for a chunk."""
        held = {name: chunk.facts.get(name) for name in self._facts} | {role: chunk.roles[role] for role in self._roles}
        if self._asks_on:
            held["on"] = chunk.on
        closed = self._list is not None and held[self._list] is None  # then only what absence comes to matters
        names = self._roles if closed else held
        varying = {name: held[name] for name in names if isinstance(held[name], (np.ndarray, Codes, Numbers))}
        if not varying:
            return self._plain(self._answer(held, 0))
        keys, radix, lasting = combine(varying.values(), self._closed(varying))
        rows, places = distinct(keys, radix)
        known = self._memo(varying, held) if lasting else {}
        answers = []
        for row, key in zip(rows.tolist(), keys[rows].tolist(), strict=True):
            if key not in known:
                known[key] = self._answer(held, row)
            answers.append(known[key])
        return self._spread(answers, places, chunk)

    def _closed(self, varying: dict[str, Any]) -> Array | None:
        """Return the rows where the list is absent, so that nothing else matters but the roles."""
        column = varying.get(self._list) if self._list else None
        return None if not isinstance(column, Codes) or self._roles else ~column.given

    def _memo(self, varying: dict[str, Any], held: dict[str, Any]) -> dict[int, Any]:
        """Return the answers kept with the first dictionary, for these very dictionaries and constants."""
        words = [column.words for column in varying.values() if isinstance(column, Codes)]
        if not words:
            return {}
        columns = (np.ndarray, Codes, Numbers)
        constants = tuple((name, value) for name, value in held.items() if not isinstance(value, columns))
        found: dict[int, Any] = words[0].kept((self._node, tuple(varying), *words[1:], constants), dict)
        return found

    def _answer(self, held: dict[str, Any], row: int) -> Any:
        facts = {name: python_value(held[name], row, vocabulary().facts[name].type) for name in self._facts}
        roles = {name: python_value(held[name], row, "") for name in self._roles}
        on = python_value(held["on"], row, "date") if self._asks_on else None
        return self._ask(facts.get, roles, on)[0]

    def _plain(self, answer: Any) -> Any:
        return answer.toordinal() if isinstance(answer, dt.date) else answer

    def _spread(self, answers: list[Any], places: Array, chunk: Chunk) -> Held:
        if self._node.type.kind == "bool":
            return np.array(answers, np.uint8)[places]
        numbers, lost = exact_numbers([self._plain(answer) for answer in answers])
        if lost is not None:
            chunk.spill.mark(lost[places])
        return numbers.take(places)


def python_value(held: Held, row: int, type: str) -> Any:
    """Return the value a column holds in a row, as the scalar backend reads it; roles have no type."""
    if isinstance(held, (Codes, Numbers)):
        held = held.value(row)
    elif isinstance(held, np.ndarray):
        held = _BOOL[int(held[row])] if type else int(held[row])
    return dt.date.fromordinal(held) if type == "date" and held is not None else held


def combine(columns: Iterable[Held], closed: Array | None = None) -> tuple[Array, int, bool]:
    """Return one whole number per row that is the same only where all columns are, a bound, and whether it lasts.

    A key lasts if equal rows of other chunks with the same dictionaries get the same key.  Rows in ``closed`` get 0.
    """
    keys: Array | None = None
    radix, lasting = 1, True
    for column in columns:
        codes, size, stays = _codes(column)
        if keys is not None and radix * size > _KEY_MAX:
            _, keys = np.unique(keys, return_inverse=True)
            radix, stays = len(keys), False
        keys = codes if keys is None else keys * size + codes
        radix, lasting = radix * size, lasting and stays
    assert keys is not None
    if closed is not None:
        keys = np.where(closed, 0, keys + 1)
        radix += 1
    return keys, radix, lasting


def _codes(column: Held) -> tuple[Array, int, bool]:
    if isinstance(column, Codes):
        return column.codes.astype(np.int64) + 1, len(column.words.values) + 1, True
    if isinstance(column, Numbers):
        parts = [column.num, column.given] + ([column.den] if isinstance(column.den, np.ndarray) else [])
        codes = np.zeros(len(column.num), np.int64)
        size = 1
        for part in parts:
            found, places = np.unique(part, return_inverse=True)
            codes, size = codes * len(found) + places, size * len(found)
        return codes, size, False
    return column.astype(np.int64), 4, True
