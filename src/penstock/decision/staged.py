"""Many decisions at once, in stages: per distinct value, per item, per row, and 64 rows at a time what joins them.

It gives what :class:`penstock.decision.bulk` gives by columns, faster; rows it cannot decide are left to that.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from attrs import field, frozen

from penstock.decision.answers import FIELDS, MASK_SHIFT, Answers
from penstock.decision.fact_columns import NO_ERROR, Coding, FactColumn
from penstock.decision.implied import CONSIGNEE, END_USER, Items
from penstock.decision.item_ids import ItemIds
from penstock.decision.leftovers import Leftovers, Question
from penstock.decision.prepare import MOVES
from penstock.decision.program import OUTCOMES, PATHS, POLICIES, Program
from penstock.decision.runners import ROWS, Runner, Wiring, runner
from penstock.decision.stages import DAY, ITEM, NOTHING, Layout, Stages, of_the_item
from penstock.rulebook import STANCES
from penstock.rulebook.arrays import Array, Chunk, Codes, Held, Memo, take_rows
from penstock.rulebook.columns import Columns
from penstock.rulebook.fixedpoint import Numbers, Spill, rows_of
from penstock.rulebook.ir import FALSE, TRUE, Node
from penstock.rulebook.planes import FALSE_PLANE, TRUE_PLANE, Logic, Planes, Truth, unknown
from penstock.terms.vocabulary import vocabulary

__all__ = ["Staged", "staged"]

NEVER, ALWAYS = -1, -2
_KEYS_MAX = 1 << 22
_WIRINGS_MAX = 64
_ACT = "activity.type"


# ---- what a program asks of a layout


@frozen(eq=False)
class _Plan:
    """A program's stages over a layout, compiled: one set of columns per source, and one for what is left."""

    program: Program
    stages: Stages
    sources: Mapping[str, Columns]
    eccn: Node
    left: Question
    wirings: dict[Any, Wiring] = field(factory=dict)

    @classmethod
    def of(cls, program: Program, layout: Layout) -> _Plan | None:
        """Return the plan; None where the class of an item depends on more than the item."""
        eccn, aggregate = (program.lowerer.fact(name) for name in ("item.eccn", "item.aggregate_tpp"))
        both = aggregate.args[:2] if aggregate.op == "given" else (aggregate, aggregate)
        stages = Stages(program.graph, layout)
        stages.visit(program.outputs)
        if not stages.split(eccn)[0] <= {ITEM}:
            return None
        asked = "item.aggregate_tpp" in layout.names
        left = Question.of(program.graph, stages, both if asked else ())
        names = {atom.source for atom in stages.atoms.values()} | {ITEM}
        more: dict[str, tuple[Node, ...]] = {ITEM: (*left.ready, eccn)}
        sources = {name: stages.columns(name, more.get(name, ())) for name in sorted(names)}
        return cls(program, stages, sources, eccn, left)


_plans: WeakKeyDictionary[Program, dict[Layout, _Plan | None]] = WeakKeyDictionary()


def _plan(program: Program, layout: Layout) -> _Plan | None:
    known = _plans.setdefault(program, {})
    if layout not in known:
        known[layout] = _Plan.of(program, layout)
    return known[layout]


# ---- tables: what each value of a source answers


class _Table:
    """Bits for each value of a source, equal ones kept once; a bit that is the same for all values takes no place."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.bits: list[Array] = []
        self._places: dict[bytes, int] = {}

    def add(self, held: Array) -> int:
        """Return the place of a bit, or ``NEVER`` or ``ALWAYS``."""
        if not held.any():
            return NEVER
        if held.all():
            return ALWAYS
        key = held.tobytes()
        if key not in self._places:
            self._places[key] = len(self.bits)
            self.bits.append(held)
        return self._places[key]

    def truth(self, held: Held) -> tuple[int, int]:
        """Return the places of the two bits of a truth value per value."""
        if not isinstance(held, np.ndarray):
            return ALWAYS if held else NEVER, ALWAYS if held == TRUE else NEVER
        return self.add(held != FALSE), self.add(held == TRUE)


@frozen(eq=False)
class _Source:
    """A source in use: its table, where its atoms' bits stand (also where roles are absent), and rows to leave alone."""

    table: _Table
    truths: Mapping[int, tuple[int, int]]
    roled: Mapping[int, tuple[int, int]]
    odd: int
    given: int
    moves: int

    @property
    def signature(self) -> Any:
        """Return what the wiring depends on."""
        return tuple(self.truths.items()), tuple(self.roled.items()), self.odd, self.given, self.moves


# ---- wiring: logic over the bits of all tables


class _Wires:
    """The wiring of a plan while it is made."""

    def __init__(self, plan: _Plan, sources: Mapping[str, _Source]) -> None:
        self._plan = plan
        self._sources = sources
        self._planes = Planes()
        self._inputs: dict[tuple[str, int], int] = {}
        self._rest = {node.id: i for i, node in enumerate(plan.stages.rest.values())}
        self._logic = Logic(self._planes, self._atom)

    def made(self) -> Wiring:
        """Return the wiring."""
        planes: dict[str, list[int]] = {}
        fired: list[tuple[int, int]] = []
        missing = []
        for i, stance in enumerate(STANCES):
            question = self._plan.program.stances[stance]
            required = self._logic.truth(question.license_required)
            open_ = unknown(required, self._planes)
            planes[f"{stance}_license_required"] = [required[1], open_]
            for key, node, add in (
                ("outcome", question.outcome, 0),
                ("path", question.path, 0),
                ("review_policy", question.policy, 1),
            ):
                planes[f"{stance}_{key}"] = self._logic.bits(node, dict(FIELDS)[f"{stance}_{key}"], add)
            missing.append(self._missing(question, open_))
            for node, shift in zip(question.fired.args, question.fired.data or (), strict=True):
                fired.append((self._logic.truth(node)[1], shift + MASK_SHIFT * i))
        planes[FIELDS[-1][0]] = missing
        odd = FALSE_PLANE
        for name, source in self._sources.items():
            odd = self._planes.either(odd, self._bit(name, source.odd))
        outputs = [plane for name, _ in FIELDS for plane in planes[name]]
        outputs += [odd, *(plane for plane, _ in fired)]
        return Wiring(self._planes.gates(outputs), self._inputs, tuple(shift for _, shift in fired))

    def _missing(self, question: Any, open_: int) -> int:
        for node, code in ((question.outcome, OUTCOMES), (question.path, PATHS), (question.policy, POLICIES)):
            words = {"unknown": 0, "UNKNOWN": 0}
            for value, plane in self._logic.codes(node).items():
                if value >= 0 and code[value] in words:
                    open_ = self._planes.either(open_, plane)
        return open_

    def _bit(self, source: str, place: int) -> int:
        if place < 0:
            return FALSE_PLANE if place == NEVER else TRUE_PLANE
        if (source, place) not in self._inputs:
            self._inputs[source, place] = self._planes.new()
        return self._inputs[source, place]

    def _atom(self, node: Node) -> Truth | None:
        if node.id in self._rest:
            place = 2 * self._rest[node.id]
            return self._bit(ROWS, place), self._bit(ROWS, place + 1)
        if node.id in self._plan.stages.choices:
            where = self._logic.truth(self._plan.stages.choices[node.id])[1]
            value, other = (self._logic.truth(part) for part in node.args)
            return self._planes.choice(where, value[0], other[0]), self._planes.choice(where, value[1], other[1])
        if node.id not in self._plan.stages.atoms:
            return None
        atom = self._plan.stages.atoms[node.id]
        source = self._sources[atom.source]
        possible, certain = (self._bit(atom.source, place) for place in source.truths[node.id])
        if node.id not in source.roled:
            return possible, certain
        role = self._role(atom.role)
        closed = [self._bit(atom.source, place) for place in source.roled[node.id]]
        return self._planes.choice(role, possible, closed[0]), self._planes.choice(role, certain, closed[1])

    def _role(self, role: str) -> int:
        """Return the rows where a party exists, or, after a plus sign, where one is named."""
        either, both, opposite = self._planes.either, self._planes.both, self._planes.opposite
        name = role.removeprefix("+")
        given = self._given(name)
        moves = self._bit(_ACT, self._sources[_ACT].moves) if _ACT in self._sources else FALSE_PLANE
        if role == "ultimate_consignee":
            return either(given, moves)
        if name == "end_user":
            return either(given, both(opposite(given), either(moves, self._given("ultimate_consignee"))))
        return given

    def _given(self, role: str) -> int:
        found = FALSE_PLANE
        for name, source in self._sources.items():
            if name.startswith(f"parties.{role}."):
                found = self._planes.either(found, self._bit(name, source.given))
        return found


# ---- a batch


class Staged:
    """One batch of rows under one law."""

    def __init__(
        self, plan: _Plan, columns: Sequence[FactColumn], on: dt.date | Coding, items: Items, memo: Memo, *, fast: bool
    ) -> None:
        self._plan = plan
        self._columns = {column.name: column for column in columns if not column.absent}
        self._on = on
        self._items = items
        self._memo = memo
        codings = [column.coding for name, column in self._columns.items() if of_the_item(name) and column.coding is not None]
        self._ids = ItemIds(codings, fast=fast)
        self._item_errors: Array = np.full(1, NO_ERROR, np.int8)
        self._left = Leftovers(plan.left, self._columns, on, memo, fast=fast)
        self._eccn: Held = None
        self._classes: Array = np.zeros(1, np.int32)
        self._runner: Runner | None = None
        self._fast = fast

    # ---- before the rows are decided

    def note(self, rows: Any, answers: Answers) -> None:
        """Note the items of some rows."""
        self._ids.note(rows, answers)

    def settle(self, answers: Answers) -> None:
        """Answer all that is asked once per value or per item, and wire it up; to be called when all rows are noted."""
        sources: dict[str, _Source] = {}
        for name, columns in self._plan.sources.items():
            sources[name] = self._item(columns) if name == ITEM else self._source(name, columns)
        for name, column in self._columns.items():  # who is named in a row, though nothing else is asked of it
            if name not in sources and column.coding is not None and (name.startswith("parties.") or name == _ACT):
                sources[name] = self._source(name, None)
        key = tuple((name, source.signature) for name, source in sources.items())
        if key not in self._plan.wirings:
            if len(self._plan.wirings) >= _WIRINGS_MAX:  # dictionaries that differ from batch to batch
                self._plan.wirings.clear()
            self._plan.wirings[key] = _Wires(self._plan, sources).made()
        classes = np.broadcast_to(np.asarray(answers.classes(self._eccn, self._memo), np.int32), sources[ITEM].table.size)
        self._classes = np.ascontiguousarray(classes)
        tables = {name: source.table.bits for name, source in sources.items()}
        tables[ITEM] = [np.append(bit, False) for bit in tables[ITEM]]  # as if an item could be absent, like other values
        self._runner = runner(self._plan.wirings[key], tables, len(self._plan.stages.rest), fast=self._fast)

    def _source(self, name: str, columns: Columns | None) -> _Source:
        """Return what each value of a column answers."""
        coding = self._coding(name)
        size = 1 if coding is None else coding.size
        facts: dict[str, Held] = {}
        on: Held = self._on.toordinal() if isinstance(self._on, dt.date) else None
        if name == DAY:
            assert coding is not None
            on = coding.values
        elif coding is not None:
            facts = self._twins(name, coding.values)
        return self._answered(name, columns, Chunk(facts, {}, on, size, self._memo))

    def _coding(self, name: str) -> Coding | None:
        if name == DAY:
            return self._on if isinstance(self._on, Coding) else None
        return None if name == NOTHING else self._columns[name].coding

    def _twins(self, name: str, held: Held) -> dict[str, Held]:
        """Return a fact, and that of the end user it stands for where no end user is named."""
        facts = {name: held}
        if name.startswith(CONSIGNEE) and self._plan.stages.layout.given("end_user") is False:
            facts[END_USER + name.removeprefix(CONSIGNEE)] = held
        return facts

    def _answered(self, name: str, columns: Columns | None, chunk: Chunk, odd: Array | None = None) -> _Source:
        table = _Table(chunk.size)
        atoms = self._plan.stages.of(name) if columns is not None else []
        truths: dict[int, tuple[int, int]] = {}
        roled: dict[int, tuple[int, int]] = {}
        odd = np.zeros(chunk.size, bool) if odd is None else odd
        if columns is not None:
            asked = any(atom.role for atom in atoms)
            for roles, places in ((self._plan.stages.roles(1), truths), (self._plan.stages.roles(0), roled))[: 1 + asked]:
                held, spilled = columns.evaluate(Chunk(chunk.facts, roles, chunk.on, chunk.size, self._memo))
                odd = odd if spilled is None else odd | spilled
                places.update({atom.node.id: table.truth(value) for atom, value in zip(atoms, held, strict=False)})
            self._keep(name, held[len(atoms) :], chunk.size)
        roled = {id: places for id, places in roled.items() if places != truths[id]}
        given = moves = NEVER
        if name.startswith("parties."):
            rows = chunk.facts[name]
            given = table.add(np.broadcast_to(_given(rows), chunk.size))
        elif name == _ACT:
            acts = chunk.facts[name]
            moves = table.add(np.array([acts.value(row) in MOVES for row in range(chunk.size)], bool))
        return _Source(table, truths, roled, table.add(odd), given, moves)

    def _keep(self, name: str, more: tuple[Held, ...], size: int) -> None:
        """Keep what an item is, for the rows."""
        if name == ITEM:
            *ready, self._eccn = more
            self._left.settle(ready, size)

    def _item(self, columns: Columns) -> _Source:
        """Return what each item answers."""
        rows = self._ids.rows()
        size = len(rows)
        facts = {name: column.held(rows) for name, column in self._columns.items() if of_the_item(name)}
        on: Held = self._on.toordinal() if isinstance(self._on, dt.date) else take_rows(self._on.values, self._on.codes[rows])
        spill = Spill(size)
        settled, errors = self._items.settled(facts, on, np.ones(size, bool), self._memo, spill)
        self._item_errors = np.full(size, NO_ERROR, np.int8) if errors is None else errors
        for column in (self._columns[name] for name in facts):
            if (lost := column.lost(rows)) is not None:
                spill.mark(lost)
        return self._answered(ITEM, columns, Chunk(settled, {}, on, size, self._memo), spill.rows)

    # ---- the rows

    def decide(self, rows: Any, answers: Answers) -> Array | None:
        """Write the answers of some rows, and return those to be decided otherwise (None: none)."""
        assert self._runner is not None
        size = len(answers.errors[rows])
        ids = self._ids.taken(rows, self._classes, self._item_errors, answers)

        def codes(name: str) -> Array:
            return ids if name == ITEM else rows_of(self._coding(name).codes, rows)  # type: ignore[union-attr]

        left, spilled = self._left.of(rows, ids, size)
        odd = self._runner.decide(codes, left, rows, size, answers)
        return spilled if odd is None else odd if spilled is None else odd | spilled


def _given(held: Held) -> Any:
    return held.given if isinstance(held, (Codes, Numbers)) else held != 1


def staged(
    program: Program, columns: Sequence[FactColumn], on: dt.date | Coding, items: Items, memo: Memo, *, fast: bool
) -> Staged | None:
    """Return a batch in stages, or None where its columns do not lend themselves to it."""
    coded = [column for column in columns if column.coding is not None]
    numbers = tuple((column.name, column.lacking) for column in columns if column.coding is None and not column.absent)
    if any(of_the_item(name) or name.startswith("parties.") for name, _ in numbers):
        return None
    parties: dict[str, bool] = {}
    for column in coded:
        if column.name.startswith("parties."):  # one fact that every row gives tells of its party: no more is read
            role = vocabulary().facts[column.name].role
            parties[role] = parties.get(role, False) or not column.lacking
    names = tuple(column.name for column in coded)
    plan = _plan(program, Layout(names, numbers, tuple(parties.items()), by_day=isinstance(on, Coding)))
    if plan is None:
        return None
    found = Staged(plan, columns, on, items, memo, fast=fast)
    return found if found._ids.fits else None
