"""What is left to be answered for each row by itself: by compiled sums where they do, else by columns."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from attrs import frozen

from penstock.decision.fact_columns import Coding, FactColumn
from penstock.decision.implied import implied_parties
from penstock.decision.stages import ITEM, Stages
from penstock.rulebook.arrays import Array, Chunk, Codes, Held, Memo, take_rows
from penstock.rulebook.columns import Columns, cut_name
from penstock.rulebook.fixedpoint import Numbers, Spill, compare, exact_numbers, rows_of
from penstock.rulebook.ir import Graph, Node
from penstock.rulebook.sums import Comparison, Sums, comparison

__all__ = ["Leftovers", "Question", "mark_conflicts"]


@frozen(eq=False)
class Question:
    """What is left of a program over a layout: truth values, what an item is ready with, and the facts it takes."""

    ready: tuple[Node, ...]
    columns: Columns
    count: int
    needs: frozenset[str]
    asks_parties: bool
    roles: Mapping[str, int]
    comparisons: tuple[Comparison, ...] | None

    @classmethod
    def of(cls, graph: Graph, stages: Stages, both: Sequence[Node]) -> Question:
        """Return the question; ``both`` are nodes that say the same thing twice, to be compared."""
        left = (*stages.rest.values(), *both)
        ready = tuple(stages.ready(left))
        needs = {node.data for node in graph.reachable(left, ready) if node.op in ("fact", "paper")}
        parties = any(name.startswith("parties.") for name in needs) or any(stages.split(node)[1] for node in left)
        if parties:
            needs |= {name for name in stages.layout.names if name.startswith("parties.") or name == "activity.type"}
        made = [] if parties or both else [comparison(node, ready, _given(stages)) for node in left]
        sums = tuple(one for one in made if one is not None)
        columns = Columns(graph, left, ready)
        return cls(
            ready, columns, len(stages.rest), frozenset(needs), parties, stages.roles(0), sums if len(sums) == len(left) else None
        )


def _given(stages: Stages) -> Callable[[str], bool | None]:
    """Return what says whether every row, or no row, gives a fact; None where it is not known."""
    numbers = dict(stages.layout.numbers)

    def given(name: str) -> bool | None:
        if name in stages.layout.coded:
            return None
        return False if name not in numbers else None if numbers[name] else True

    return given


class Leftovers:
    """What is left of one batch; :meth:`settle` is to be called before rows are asked about, which several threads may do."""

    def __init__(
        self, question: Question, columns: Mapping[str, FactColumn], on: dt.date | Coding, memo: Memo, *, fast: bool
    ) -> None:
        self._question = question
        self._columns = columns
        self._on = on
        self._memo = memo
        self._fast = fast
        self._ready: Mapping[str, Held] = {}
        self._sums: Sums | None = None
        self._factors: tuple[tuple[Numbers, Array | str | None], ...] = ()
        self._room = threading.local()

    def settle(self, ready: Sequence[Held], items: int) -> None:
        """Take what each of so many items is ready with."""
        self._ready = {cut_name(node): held for node, held in zip(self._question.ready, ready, strict=True)}
        asked = self._question.comparisons
        if not self._fast or asked is None:
            return
        held: dict[str, tuple[Any, Array | str | None]] = {
            name: (_numbers(value, items), ITEM) for name, value in self._ready.items()
        }
        for name in self._question.needs & self._columns.keys():
            column = self._columns[name]
            if column.plain_lost is not None or (column.coding is not None and column.coding.lost is not None):
                return
            held[name] = (column.plain, None) if column.coding is None else (column.coding.values, column.coding.codes)
        self._sums = Sums.of(asked, {name: numbers for name, (numbers, _) in held.items()})
        if self._sums is not None:
            self._factors = tuple(held[name] for name in self._sums.factors)

    def of(self, rows: Any, ids: Array, size: int) -> tuple[Sequence[Any], Array | None]:
        """Return what is left for each row, and the rows that numbers in columns cannot hold (None: none)."""
        if not self._question.count and not self._question.needs:
            return (), None
        if self._sums is not None:
            return self._sums.over(*self._gathered(rows, ids, size)), None
        return self._by_columns(rows, ids, size)

    def _gathered(self, rows: Any, ids: Array, size: int) -> tuple[Array, Array]:
        """Return the factors of sums for some rows, one below the other, and which are known."""
        from penstock.rulebook import kernels

        room = getattr(self._room, "held", None)
        if room is None or room[0].shape[1] != size:
            shape = len(self._factors), size
            room = self._room.held = np.empty(shape, np.int64), np.empty(shape, np.uint8)
        columns, known = room
        for place, (numbers, where) in enumerate(self._factors):
            at = (
                None if where is None else ids if isinstance(where, str) else np.ascontiguousarray(rows_of(where, rows), np.int32)
            )
            known[place, 0] = 2
            if at is None:
                columns[place] = rows_of(numbers.num, rows)
            else:
                kernels.pick(numbers.num, at, columns[place])
            if numbers.known is not None:
                known[place] = rows_of(numbers.known, rows if at is None else at)
        return columns, known

    def _by_columns(self, rows: Any, ids: Array, size: int) -> tuple[Sequence[Held], Array | None]:
        question = self._question
        spill = Spill(size)
        facts: Mapping[str, Held] = {
            name: held.take(ids) if isinstance(held, (np.ndarray, Codes, Numbers)) else held for name, held in self._ready.items()
        }
        for name in question.needs & self._columns.keys():
            facts = {**facts, name: self._columns[name].held(rows)}
            if (lost := self._columns[name].lost(rows)) is not None:
                spill.mark(lost)
        roles: Mapping[str, Held] = question.roles
        if question.asks_parties:
            facts, roles = implied_parties(facts, self._memo, spill)
        on = self._on.toordinal() if isinstance(self._on, dt.date) else take_rows(self._on.values, self._on.codes[rows])
        held, _ = question.columns.evaluate(chunk := Chunk(facts, roles, on, size, self._memo))
        if chunk.spill.rows is not None:
            spill.mark(chunk.spill.rows)
        if held[question.count :]:
            mark_conflicts(held[question.count], held[question.count + 1], spill)
        return held[: question.count], spill.rows


def _numbers(value: Held, size: int) -> Held:
    """Return a number that all items share as a column of them."""
    return exact_numbers([value] * size)[0] if isinstance(value, (int, Fraction)) else value


def mark_conflicts(given: Held, derived: Held, spill: Spill) -> None:
    """Mark the rows that give an aggregate TPP other than what follows from their other facts."""
    if given is None or derived is None or given is derived:
        return
    assert isinstance(given, Numbers)
    same, known = compare("==", given, derived, spill)
    spill.mark(~same if known is None else ~same & known)
