"""What a change of law does to an order book: which rows it moves, by which provision, and what changed in the law.

Rows are decided in columns under both laws (:func:`penstock.decision.bulk.decide_columns`, which decides one by one what
columns cannot hold).  What fired in each row tells the provision that makes the difference; where that does not tell,
the first of the rows that moved alike is decided in full under both laws and speaks for the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from attrs import field, frozen

from penstock.decision.answers import REVIEW_POLICIES, Decisions, stance_codes
from penstock.decision.bulk import decide_columns
from penstock.decision.causes import Cause, Causes, Said
from penstock.decision.fact_columns import NO_ERROR, FactColumn, document
from penstock.decision.points import Point
from penstock.decision.program import OUTCOMES, PATHS
from penstock.rulebook import STANCES
from penstock.rulebook.arrays import Array, alike
from penstock.terms.documents import read_facts

__all__ = ["Comparison", "Group", "Impact", "Moved"]

_KEYS = ("outcome", "path", "review_policy")
_WORDS = {"outcome": OUTCOMES, "path": PATHS, "review_policy": REVIEW_POLICIES}
_STANCE_BITS = 32
_FIRST_ROWS = 5
_HEAD = 1 << 16  # rows among which the first of each way are looked for before all rows are


@frozen
class Group:
    """The rows of one stance that the same provisions move, with what they were answered before and after, by count."""

    stance: str
    causes: tuple[Cause, ...]
    rows: int
    worse: int
    better: int
    moves: tuple[tuple[Said, Said, int], ...]
    first: tuple[Any, ...]

    def document(self) -> dict[str, Any]:
        """Return the group as a plain document."""
        moves = [{"before": _plain(before), "after": _plain(after), "rows": rows} for before, after, rows in self.moves]
        return {"stance": self.stance, "provisions": [cause.document() for cause in self.causes], "rows": self.rows,
                "worse": self.worse, "better": self.better, "moves": moves, "first": list(self.first)}  # fmt: skip


@frozen
class Impact:
    """All rows compared, those at fault under either law, and the groups of those that move, the largest first."""

    rows: int
    faults: int
    groups: tuple[Group, ...]

    def moved(self, stance: str) -> int:
        """Return how many rows move in a stance."""
        return sum(group.rows for group in self.groups if group.stance == stance)

    def document(self) -> dict[str, Any]:
        """Return the comparison as a plain document."""
        moved = {stance: self.moved(stance) for stance in STANCES}
        return {"rows": self.rows, "faults": self.faults, "moved": moved, "groups": [group.document() for group in self.groups]}


@frozen(eq=False)
class Moved:
    """The rows of one part that move in one stance, and what moves each of them."""

    stance: str
    rows: Array
    _names: Sequence[Any] | None
    _which: Array
    _before: tuple[Said, ...]
    _after: tuple[Said, ...]
    _words: tuple[str, ...]

    @property
    def ids(self) -> list[Any]:
        """Return what names the rows."""
        rows: list[int] = self.rows.tolist()
        return rows if self._names is None else list(self._names)

    @property
    def before(self) -> list[Said]:
        """Return what was answered."""
        return [self._before[place] for place in self._which.tolist()]

    @property
    def after(self) -> list[Said]:
        """Return what is answered."""
        return [self._after[place] for place in self._which.tolist()]

    @property
    def provisions(self) -> list[str]:
        """Return what moves each row."""
        return [self._words[place] for place in self._which.tolist()]


@frozen(eq=False)
class _Way:
    """Rows that move alike: what was and is answered, and what fired under each law."""

    stance: str
    before: Said
    after: Said
    fired: tuple[int, int]


@frozen(eq=False)
class Comparison:
    """Two laws held against an order book, part by part.

    >>> from penstock.decision.fact_columns import fact_column
    >>> book = {"activity.type": ["export"], "origin.country": ["US"], "destination.country": ["BR"], "item.eccn": ["3A090.a"],
    ...         "item.aggregate_tpp": [50_000_000], "parties.ultimate_consignee.lists": [[]], "item.datacenter": [True],
    ...         "parties.ultimate_consignee.headquarters": ["BR"], "parties.ultimate_consignee.parent_headquarters": ["BR"],
    ...         "end_use.types": [["datacenter_operation"]], "counters.licensed_tpp_destination_since_2025": [0],
    ...         "counters.lpp_tpp_received_this_year": [0]}
    >>> comparison = Comparison(Point.parse("2025-05-14"), Point.parse("2025-05-15"))
    >>> moved = comparison.add([fact_column(name, values) for name, values in book.items()], 1)
    >>> [(group.stance, group.causes[0].id, group.moves[0][1].outcome) for group in comparison.impact().groups]
    [('codified', 'worldwide_a', 'license_required')]
    """

    a: Point
    b: Point
    workers: int = 2
    _causes: Causes = field(init=False)
    _known: dict[Any, tuple[Cause, ...]] = field(factory=dict, init=False)
    _tally: dict[Any, dict[tuple[Said, Said], int]] = field(factory=dict, init=False)
    _first: dict[Any, list[Any]] = field(factory=dict, init=False)
    _seen: list[int] = field(factory=lambda: [0, 0], init=False)

    @_causes.default
    def _compared(self) -> Causes:
        return Causes(self.a.law(), self.b.law())

    def add(self, columns: Sequence[FactColumn], size: int, ids: Sequence[Any] | None = None) -> list[Moved]:
        """Compare some rows; return those that move. ``ids`` name the rows, which else are numbered from 0."""
        start, faults = self._seen
        before, after = (
            decide_columns(columns, p.on, p.known, p.regime, workers=self.workers, size=size) for p in (self.a, self.b)
        )
        sound = (before.columns["error_code"] == NO_ERROR) & (after.columns["error_code"] == NO_ERROR)
        self._seen[:] = start + size, faults + size - int(np.count_nonzero(sound))
        with ThreadPoolExecutor(max(1, min(self.workers, len(STANCES)))) as pool:
            alike = list(pool.map(lambda stance: _alike(stance, before, after, sound), STANCES))
        part = columns, ids, start
        return [self._moved(stance, before, after, found, part) for stance, found in zip(STANCES, alike, strict=True)]

    def impact(self) -> Impact:
        """Return what was found so far."""
        groups = []
        for key, moves in self._tally.items():
            stance, causes = key
            worse = sum(n for (was, now), n in moves.items() if now.rank > was.rank)
            better = sum(n for (was, now), n in moves.items() if now.rank < was.rank)
            most = sorted(((x, y, n) for (x, y), n in moves.items()), key=lambda move: (-move[2], str(move[:2])))
            groups.append(Group(stance, causes, sum(moves.values()), worse, better, tuple(most), tuple(self._first[key])))
        groups.sort(key=lambda group: (-group.rows, group.stance, [cause.id for cause in group.causes]))
        return Impact(self._seen[0], self._seen[1], tuple(groups))

    def _moved(
        self, stance: str, before: Decisions, after: Decisions, alike: tuple[Array, Array, Array], part: tuple[Any, Any, int]
    ) -> Moved:  # fmt: skip
        columns, ids, start = part
        rows, first, which = alike
        ways = [_way(stance, before, after, int(row)) for row in rows[first]]
        found = [self._why(way, columns, int(row)) for way, row in zip(ways, rows[first], strict=True)]
        counts = np.bincount(which, minlength=len(ways)).tolist()
        for way, causes, count, few in zip(ways, found, counts, _first_rows(which, len(ways)), strict=True):
            names = [start + row if ids is None else ids[row] for row in rows[few].tolist()]
            self._count(way, causes, count, names)
        words = tuple(", ".join(f"{cause.id} {cause.became}".strip() for cause in causes) for causes in found)
        named = None if ids is None else [ids[row] for row in rows.tolist()]
        return Moved(
            stance, rows + start, named, which, tuple(way.before for way in ways), tuple(way.after for way in ways), words
        )

    def _why(self, way: _Way, columns: Sequence[FactColumn], row: int) -> tuple[Cause, ...]:
        key = (way.stance, way.before, way.after, way.fired)
        if key not in self._known:
            found = self._causes.by_mask(way.fired, way.before, way.after)
            if not found:
                facts = read_facts(document(columns, row))
                found = self._causes.by_example(way.stance, self.a.decide(facts), self.b.decide(facts))
            self._known[key] = found
        return self._known[key]

    def _count(self, way: _Way, causes: tuple[Cause, ...], rows: int, names: list[Any]) -> None:
        key = (way.stance, causes)
        moves = self._tally.setdefault(key, {})
        moves[way.before, way.after] = moves.get((way.before, way.after), 0) + rows
        first = self._first.setdefault(key, [])
        first += names[: _FIRST_ROWS - len(first)]


def _alike(stance: str, before: Decisions, after: Decisions, sound: Array) -> tuple[Array, Array, Array]:
    """Return the sound rows that move in a stance, the first of each way they move, and the way of each of them."""
    sides = [(stance_codes(side, stance), _fired(stance, side)) for side in (before, after)]
    rows = np.flatnonzero((sides[0][0] != sides[1][0]) & sound)
    return rows, *alike([values.take(rows) for side in sides for values in side])


def _first_rows(which: Array, count: int) -> list[Array]:
    """Return the places of the first few rows of each way."""
    head = which[:_HEAD]
    order = np.argsort(head, kind="stable")
    ends = np.cumsum(np.bincount(head, minlength=count))
    found = [order[end - size : end][:_FIRST_ROWS] for end, size in zip(ends, np.diff(ends, prepend=0), strict=True)]
    return [few if len(few) == _FIRST_ROWS else np.flatnonzero(which == n)[:_FIRST_ROWS] for n, few in enumerate(found)]


def _fired(stance: str, side: Decisions, rows: Any = slice(None)) -> Any:
    shift = np.uint64(_STANCE_BITS * STANCES.index(stance))
    return side.columns["fired_mask"][rows] >> shift & np.uint64((1 << _STANCE_BITS) - 1)


def _way(stance: str, before: Decisions, after: Decisions, row: int) -> _Way:
    said = [Said(*(_WORDS[key][side.columns[f"{stance}_{key}"][row]] for key in _KEYS)) for side in (before, after)]
    masks = [int(_fired(stance, side, row)) for side in (before, after)]
    return _Way(stance, said[0], said[1], (masks[0], masks[1]))


def _plain(said: Said) -> dict[str, str]:
    return {"outcome": said.outcome, "path": said.path, "review_policy": said.review_policy}
