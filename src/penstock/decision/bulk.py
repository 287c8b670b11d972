"""Many decisions at once: the compiled law over columns of facts, chunk by chunk, on a few threads.

Every row equals :func:`penstock.decision.decide` on the same facts.  Rows the columns cannot hold exactly, and rows
whose facts may contradict each other, are decided by :func:`decide_facts` itself.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from attrs import frozen

from penstock.decision.answers import Answers, Decisions
from penstock.decision.determination import Determination, decide_facts
from penstock.decision.fact_columns import (
    ERROR_CODES,
    NO_ERROR,
    Coding,
    FactColumn,
    document,
    fact_column,
    first_faults,
    name_errors,
)
from penstock.decision.implied import Items, implied_parties
from penstock.decision.leftovers import mark_conflicts
from penstock.decision.library import book, program_of
from penstock.decision.program import Program
from penstock.decision.runners import compiled
from penstock.decision.staged import Staged, staged
from penstock.rulebook import ACTUAL
from penstock.rulebook.arrays import Array, Chunk, Held, Memo, given_rows
from penstock.rulebook.columns import Columns
from penstock.rulebook.fixedpoint import Numbers, Spill
from penstock.rulebook.ir import Node
from penstock.terms.dates import parse_date
from penstock.terms.documents import Facts, read_facts
from penstock.terms.errors import BadDate, BadType, DateOutOfRange, FactError, MissingRequired, first_of

__all__ = ["Days", "Decisions", "decide_columns"]

_CHUNK = 131_072  # rows at a time; numpy lets other threads work only during operations of some length
_FAST_CHUNK = 65_536  # the same for compiled loops: their steps fit into the nearer caches, yet Python seldom interrupts them
_STAGED_ROWS = 1 << 13  # rows from which it pays to answer in stages what is the same in many of them
_FAST_ROWS = 1 << 24  # rows in one process from which it pays to load compiled loops, which takes a second
_LAST_ORDINAL = dt.date.max.toordinal()


@frozen(eq=False)
class Days:
    """The day of each row: ordinals, and the rows whose day is none (a place in ``ERROR_CODES``, or -1)."""

    ordinals: Array
    faults: Array

    @property
    def coding(self) -> Coding:
        """Return the days as codes into the days from the first to the last."""
        known = self.ordinals > 0
        first = int(self.ordinals[known].min(initial=_LAST_ORDINAL)) if known.any() else 1
        last = int(self.ordinals.max(initial=first))
        days = Numbers(
            np.append(np.arange(first, last + 1), 0), 1, np.append(np.ones(last + 1 - first, bool), False), _LAST_ORDINAL
        )
        return Coding(np.where(known, self.ordinals - first, -1).astype(np.int32), days)

    @classmethod
    def coded(cls, codes: Array, raws: Sequence[Any]) -> Days:
        """Return the days given by codes (-1: absent) into raw values, each read once."""
        days, faults = [], []
        for raw in (*raws, None):
            try:
                days.append(parse_date(raw, "on").toordinal())
                faults.append(NO_ERROR)
            except BadDate as error:
                days.append(0)
                faults.append(ERROR_CODES.index(error.code))
        return cls(np.array(days, np.int64)[codes], np.array(faults, np.int8)[codes])


@frozen(eq=False)
class _Law:
    """One law to decide rows by: its program in columns, its items, and its place among the laws of the answer."""

    program: Program
    columns: Columns
    items: Items
    place: int


_ITEMS_MAX = 1 << 16
_items: WeakKeyDictionary[Program, dict[Any, Items]] = WeakKeyDictionary()


@frozen
class _Question:
    """Which law is asked, whatever the day."""

    known: dt.date | None = None
    regime: str = ACTUAL
    switches: Mapping[str, Any] | None = None

    @property
    def key(self) -> tuple[Any, ...]:
        """Return what tells this question from others."""
        return self.known, self.regime, tuple(sorted((self.switches or {}).items()))

    def decide(self, facts: Facts, on: dt.date) -> Determination:
        return decide_facts(facts, on, self.known, self.regime, self.switches)

    def settled(self, facts: Facts, on: dt.date) -> Mapping[str, Any]:
        return self.decide(facts, on).prepared.facts.values

    def program(self, on: dt.date) -> Program:
        return program_of(book().law(on, self.known, self.regime, self.switches))


def decide_columns(
    columns: Mapping[str, Any] | Sequence[FactColumn], on: dt.date | str | Days | Sequence[Any], known: dt.date | None = None,
    regime: str = ACTUAL, switches: Mapping[str, Any] | None = None, *, workers: int = 2, size: int | None = None,
    coming: int = 0,
) -> Decisions:  # fmt: skip
    """Return the answers for many transactions, row by row as :func:`decide_facts` gives them.

    ``columns`` holds, per fact, what :func:`fact_column` takes; ``on`` is one day or one per row; ``size`` is the number
    of rows, which the columns tell where there are any; ``coming`` is how many rows more will be asked about, which tells
    what is worth preparing.  Raises UnknownFact for a column that is no fact and
    LawUnavailable for a day, regime or reading the book does not have; what is wrong in a row is its ``error_code``.

    >>> found = decide_columns({"activity.type": ["export", "sell"], "item.eccn": ["EAR99", None]}, on="2026-04-01")
    >>> found.texts("enforced_outcome"), found.texts("error_code")
    (['unknown', None], [None, 'bad_enum'])
    """
    if isinstance(columns, Mapping) and (errors := [error for name in columns for error in name_errors(name, ())]):
        raise first_of(errors)
    days = _days(on)
    with ThreadPoolExecutor(max(1, workers)) as pool:
        if isinstance(columns, Mapping):
            columns = list(pool.map(fact_column, columns, columns.values()))
        sizes = {column.size for column in columns} | ({len(days.ordinals)} if isinstance(days, Days) else set())
        sizes |= set() if size is None else {size}
        if len(sizes) != 1:
            raise BadType("All columns must have the same number of rows", value=str(sorted(sizes)))
        return _Batch(list(columns), sizes.pop(), days, _Question(known, regime, switches), coming).decide(pool)


def _days(on: Any) -> dt.date | Days:
    if isinstance(on, (dt.date, str)):
        return parse_date(on, "on")
    if isinstance(on, Days):
        return on
    values = on.tolist() if isinstance(on, np.ndarray) else list(on)
    raws = list(dict.fromkeys(value for value in values if value is not None))
    place = {value: i for i, value in enumerate(raws)}
    return Days.coded(np.array([place.get(value, -1) for value in values], np.int32), raws)


_compiled: WeakKeyDictionary[Program, tuple[Columns, Node]] = WeakKeyDictionary()


def _in_columns(program: Program) -> tuple[Columns, Node]:
    """Return a program in columns, compiled at most once, and its class node.

    Outputs are those of a verdict, the class, and the aggregate TPP as given and as it follows from other facts.
    """
    if program not in _compiled:
        eccn, aggregate = (program.lowerer.fact(name) for name in ("item.eccn", "item.aggregate_tpp"))
        both = aggregate.args[:2] if aggregate.op == "given" else (aggregate, aggregate)
        _compiled[program] = Columns(program.graph, (*program.outputs, eccn, *both)), eccn
    return _compiled[program]


_asked = [0]


def _worth_loading(rows: int, coming: int) -> bool:
    """Say whether compiled loops pay: they do where many rows were, are and will be decided."""
    _asked[0] += rows
    return _asked[0] + coming >= _FAST_ROWS and compiled()


class _Batch:
    """Rows in work: their columns, the laws they are decided by, and the answers as they come."""

    def __init__(self, columns: list[FactColumn], size: int, on: dt.date | Days, question: _Question, coming: int) -> None:
        self._columns = columns
        self._size = size
        self._on = on
        self._question = question
        self._memo = Memo()
        self._staging = size + coming >= _STAGED_ROWS
        self._fast = _worth_loading(size, coming)
        self._chunk = _FAST_CHUNK if self._fast else _CHUNK
        self._laws: dict[Program, _Law] = {}
        self._staged: dict[int, Staged] = {}
        self._answers = Answers(size)
        self._check_rows()

    def decide(self, pool: ThreadPoolExecutor) -> Decisions:
        """Return the answers of all rows."""
        tasks = list(self._tasks())
        for law in self._laws.values() if self._staging else ():
            self._stage(law, [task for task in tasks if task[0] is law], pool)
        done = [pool.submit(copy_context().run, self._task, *task) for task in tasks]
        for part in done:
            part.result()
        return self._answers.decisions(tuple(program.law.hash for program in self._laws), pool)

    def _stage(self, law: _Law, tasks: list[Any], pool: ThreadPoolExecutor) -> None:
        """Answer what is the same in many rows of one law ahead of them."""
        if not tasks:
            return
        on = self._on if isinstance(self._on, dt.date) else self._on.coding
        found = staged(law.program, self._columns, on, law.items, self._memo, fast=self._fast)
        if found is not None:
            list(pool.map(lambda task: found.note(task[2], self._answers), tasks))
            found.settle(self._answers)
            self._staged[law.place] = found

    def _task(self, law: _Law, on: Held, rows: Any) -> None:
        """Decide one piece of work, in stages where they are ready; what they leave is decided by columns."""
        if law.place not in self._staged:
            self._decide(law, on, rows)
            return
        odd = self._staged[law.place].decide(rows, self._answers)
        if odd is not None:
            left = np.flatnonzero(odd)
            on = on.take(left) if isinstance(on, Numbers) else on
            self._decide(law, on, rows.start + left if isinstance(rows, slice) else rows[left])

    def _check_rows(self) -> None:
        """Note what is wrong with rows before any law is asked: the day, then each fact, then that no act is named."""
        if isinstance(self._on, Days):
            self._answers.fault(self._on.faults)
        if any(column.faulty for column in self._columns):
            self._answers.fault(first_faults(self._columns, self._size))
        acts = [column for column in self._columns if column.name == "activity.type"]
        if not acts or acts[0].lacking:
            given = given_rows(acts[0].held(slice(None))) if acts else False
            self._answers.fault(np.where(given, NO_ERROR, ERROR_CODES.index(MissingRequired.code)))

    def _tasks(self) -> Iterator[tuple[_Law, Held, Any]]:
        """Yield law, day or days, and rows of each piece of work."""
        if isinstance(self._on, Days):
            places = self._place_of_rows(self._on)
            self._answers.laws(places)
            for law in self._laws.values():
                rows = np.flatnonzero(places == law.place)
                for start in range(0, len(rows), self._chunk):
                    part = rows[start : start + self._chunk]
                    yield law, Numbers(self._on.ordinals[part], 1, None, _LAST_ORDINAL), part
        else:
            law = self._law(self._question.program(self._on))
            for start in range(0, self._size, self._chunk):
                yield law, self._on.toordinal(), slice(start, min(start + self._chunk, self._size))

    def _place_of_rows(self, on: Days) -> Array:
        """Return the place of each row's law; -1 where the row is at fault or the book does not reach its day."""
        self._question.program(book().first_day)  # an unknown regime or reading is no fault of a row
        live = self._answers.errors == NO_ERROR
        days, which = np.unique(np.where(live, on.ordinals, 0), return_inverse=True)
        places = np.full(len(days), -1, np.int64)
        for i, day in enumerate(days.tolist()):
            try:
                places[i] = self._law(self._question.program(dt.date.fromordinal(day))).place if day else -1
            except DateOutOfRange as error:
                self._answers.fault(np.where(live & (which == i), ERROR_CODES.index(error.code), NO_ERROR))
        found: Array = places[which]
        return found

    def _law(self, program: Program) -> _Law:
        if program not in self._laws:
            columns, eccn = _in_columns(program)
            known = _items.setdefault(program, {})
            if (asked := self._question.key) not in known or len(known[asked]) > _ITEMS_MAX:
                by_day = any(node.op == "on" for node in program.graph.reachable([eccn]))
                known[asked] = Items(self._question.settled, by_day=by_day)
            self._laws[program] = _Law(program, columns, known[asked], len(self._laws))
        return self._laws[program]

    def _decide(self, law: _Law, on: Held, rows: Any) -> None:
        """Decide one piece of work: by columns, and by hand what columns cannot hold."""
        size = len(self._answers.errors[rows])
        spill = Spill(size)
        facts: Mapping[str, Held] = {c.name: c.held(rows) for c in self._columns if not c.absent}
        for column in self._columns:
            if (lost := column.lost(rows)) is not None:
                spill.mark(lost)
        live = self._answers.errors[rows] == NO_ERROR
        facts, errors = law.items.settled(facts, on, live if spill.rows is None else live & ~spill.rows, self._memo, spill)
        if errors is not None:
            self._answers.fault(errors, rows)
        facts, roles = implied_parties(facts, self._memo, spill)
        held, spilled = law.columns.evaluate(Chunk(facts, roles, on, size, self._memo))
        if spilled is not None:
            spill.mark(spilled)
        mark_conflicts(held[-2], held[-1], spill)
        self._answers.write(rows, held, self._memo)
        if spill.rows is not None:
            self._by_hand(law, on, np.arange(self._size)[rows], spill.rows)

    def _by_hand(self, law: _Law, on: Held, rows: Array, wanted: Array) -> None:
        """Decide rows one by one, as documents."""
        for i in np.flatnonzero(wanted & (self._answers.errors[rows] == NO_ERROR)).tolist():
            row = int(rows[i])
            day = dt.date.fromordinal(int(on.num[i]) if isinstance(on, Numbers) else on)
            try:
                answer = self._question.decide(read_facts(document(self._columns, row)), day)
            except FactError as error:
                self._answers.fault(ERROR_CODES.index(error.code), slice(row, row + 1))
            else:
                self._answers.write_one(row, answer)
