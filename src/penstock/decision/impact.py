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

from penstock.decision.answers import MASK_SHIFT, STANCE_BITS, Decisions, stance_codes, stance_words
from penstock.decision.bulk import decide_columns
from penstock.decision.causes import Cause, Causes, Said
from penstock.decision.fact_columns import NO_ERROR, FactColumn, document
from penstock.decision.points import Point
from penstock.rulebook import STANCES
from penstock.rulebook.arrays import Array, alike
from penstock.terms.documents import read_facts

__all__ = ["Comparison", "Group", "Impact", "Moved"]

_FIRST_ROWS = 5
_MASK = np.uint64((1 << MASK_SHIFT) - 1)  # what fired in one stance
_PIECE = 1 << 17  # rows held against each other at a time: few enough for the nearer caches


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
class _Way:
    """A way in which rows move in one stance: what was and is answered, and the provisions that do it."""

    before: Said
    after: Said
    causes: tuple[Cause, ...]

    @property
    def words(self) -> str:
        """Return the provisions and what became of them."""
        return ", ".join(f"{cause.id} {cause.became}".strip() for cause in self.causes)


@frozen(eq=False)
class Moved:
    """The rows of one part that move in one stance, and what moves each of them."""

    stance: str
    rows: Array
    _names: Sequence[Any] | None
    _which: Array
    _ways: Sequence[_Way]

    @property
    def ids(self) -> list[Any]:
        """Return what names the rows."""
        rows: list[int] = self.rows.tolist()
        return rows if self._names is None else [self._names[row] for row in rows]

    @property
    def before(self) -> list[Said]:
        """Return what was answered."""
        return [self._ways[place].before for place in self._which.tolist()]

    @property
    def after(self) -> list[Said]:
        """Return what is answered."""
        return [self._ways[place].after for place in self._which.tolist()]

    @property
    def provisions(self) -> list[str]:
        """Return what moves each row."""
        words = [way.words for way in self._ways]
        return [words[place] for place in self._which.tolist()]


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
    _ways: list[_Way] = field(factory=list, init=False)
    _places: dict[Any, int] = field(factory=dict, init=False)
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
        with ThreadPoolExecutor(max(1, self.workers)) as pool:
            pieces = list(pool.map(lambda first: _Piece.of(before, after, first), range(0, size, _PIECE)))
        self._seen[:] = start + size, faults + size - sum(piece.sound for piece in pieces)
        return [
            self._moved(stance, [piece.moving[i] for piece in pieces], columns, ids, start) for i, stance in enumerate(STANCES)
        ]

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
        self, stance: str, pieces: Sequence[_Moving], columns: Sequence[FactColumn], ids: Sequence[Any] | None, start: int
    ) -> Moved:  # fmt: skip
        found = [np.zeros(0, np.int32)]
        for piece in pieces:
            places = [self._place(stance, key, columns, row) for key, row in zip(piece.ways, piece.first, strict=True)]
            found.append(np.array(places, np.int32).take(piece.which))
        which, rows = np.concatenate(found), np.concatenate([np.zeros(0, np.int64), *(piece.rows for piece in pieces)])
        counts = np.bincount(which)
        for place in np.flatnonzero(counts).tolist():
            way = self._ways[place]
            key = stance, way.causes
            moves = self._tally.setdefault(key, {})
            moves[way.before, way.after] = moves.get((way.before, way.after), 0) + int(counts[place])
            first = self._first.setdefault(key, [])
            if (lacking := _FIRST_ROWS - len(first)) > 0:
                few = rows[np.flatnonzero(which == place)[:lacking]].tolist()
                first += [start + row if ids is None else ids[row] for row in few]
        return Moved(stance, rows if ids is not None else rows + start, ids, which, self._ways)

    def _place(self, stance: str, key: tuple[int, int], columns: Sequence[FactColumn], row: int) -> int:
        """Return the place of a way; where fired rules do not tell what moves rows that way, the row is its example."""
        if (stance, key) not in self._places:
            before, after, fired = _taken_apart(key)
            causes = self._causes.by_mask(fired, before, after)
            if not causes:
                facts = read_facts(document(columns, row))
                causes = self._causes.by_example(stance, self.a.decide(facts), self.b.decide(facts))
            self._places[stance, key] = len(self._ways)
            self._ways.append(_Way(before, after, causes))
        return self._places[stance, key]


# ---- rows held against each other


@frozen(eq=False)
class _Moving:
    """The rows of a piece that move in one stance, the ways they move, the first row of each, and which way each row moves."""

    rows: Array
    ways: list[tuple[int, int]]
    first: list[int]
    which: Array

    @classmethod
    def of(cls, stance: str, before: Decisions, after: Decisions, part: slice, sound: Array) -> _Moving:
        """Return the sound rows of a part that move, and how."""
        was, now = (stance_codes(side, stance, part) for side in (before, after))
        places = np.flatnonzero((was != now) & sound)
        said = was.take(places) | now.take(places) << np.uint32(STANCE_BITS)
        half = np.uint64(MASK_SHIFT * STANCES.index(stance))
        fired = [side.columns["fired_mask"][part].take(places) >> half & _MASK for side in (before, after)]
        keys = said | fired[0] << np.uint64(MASK_SHIFT), fired[1]
        first, which = alike(keys)
        rows = part.start + places
        return cls(rows, list(zip(*(key[first].tolist() for key in keys), strict=True)), rows[first].tolist(), which)


@frozen(eq=False)
class _Piece:
    """A piece of a part: how many rows are at fault under neither law, and those that move in each stance."""

    sound: int
    moving: tuple[_Moving, ...]

    @classmethod
    def of(cls, before: Decisions, after: Decisions, first: int) -> _Piece:
        """Return the piece from a row on."""
        part = slice(first, first + _PIECE)
        sound = (before.columns["error_code"][part] == NO_ERROR) & (after.columns["error_code"][part] == NO_ERROR)
        moving = tuple(_Moving.of(stance, before, after, part, sound) for stance in STANCES)
        return cls(int(np.count_nonzero(sound)), moving)


def _taken_apart(key: tuple[int, int]) -> tuple[Said, Said, tuple[int, int]]:
    """Return what was and is answered, and what fired under each law."""
    said, was = key[0] & int(_MASK), key[0] >> MASK_SHIFT
    return Said(*stance_words(said & (1 << STANCE_BITS) - 1)), Said(*stance_words(said >> STANCE_BITS)), (was, key[1])


def _plain(said: Said) -> dict[str, str]:
    return {"outcome": said.outcome, "path": said.path, "review_policy": said.review_policy}
