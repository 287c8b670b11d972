"""How an answer spreads from listed owners over holdings: round by round, in columns where many are reached, else one by one.

A chain of a million entities is a million rounds of one entity each, a star one round of a million.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from attrs import define, field
from numpy.typing import NDArray

__all__ = ["LONG", "NEVER", "Flags", "Links", "Numbers", "Places", "order_of", "settle", "spans"]

NEVER = -1
_FEW = 48  # rows of a round that are walked one by one
_IDLE_MAX = 200  # rounds without anybody new after which a circle that never settles is left as it is
_SMALL = 1e-11
_SETTLED = 1e-9
LONG = 200  # rounds
_COLUMNS_MAX = 32  # holdings in one entity that are columns of their own

Numbers = NDArray[np.int32]
Flags = NDArray[np.bool_]
Places = NDArray[np.int64]
Column = tuple[Places, NDArray[np.float64]]


def order_of(numbers: Numbers) -> NDArray[np.int64]:
    """Return the order that sorts numbers, those that are equal as they stand; by halves, as short numbers sort fastest.

    >>> order_of(np.array([70000, 3, 70000, 1], np.int32)).tolist()
    [3, 1, 0, 2]
    """
    order = np.argsort((numbers & 0xFFFF).astype(np.uint16), kind="stable")
    if len(numbers) and int(numbers.max()) > 0xFFFF:
        order = order[np.argsort((numbers >> 16).astype(np.uint16)[order], kind="stable")]
    return order


def spans(starts: Places, numbers: Numbers) -> Places:
    """Return the rows of several entities, one span after the other.

    >>> spans(np.array([0, 2, 5]), np.array([1, 0], np.int32)).tolist()
    [2, 3, 4, 0, 1]
    """
    first, counts = starts[numbers], starts[numbers + 1] - starts[numbers]
    ends = np.cumsum(counts)
    return np.repeat(first - (ends - counts), counts) + np.arange(ends[-1] if len(ends) else 0)


def settle(start: Numbers, source: Numbers, target: Numbers, share: Numbers, whole: int, size: int) -> NDArray[np.float64]:
    """Return what :meth:`Links.multiply` does for chains that are not long: all holdings at once in every round.

    Entities are numbered anew, those in which most holdings lie first.  So the first holdings in all of them are one column,
    the second ones another that is no longer, and a round adds a few columns up, each in the order given.
    """
    number = np.empty(size, np.int32)
    number[np.argsort(-np.bincount(target, minlength=size), kind="stable")] = np.arange(size, dtype=np.int32)
    columns, rest = _columns(number[source], number[target], share, whole)
    worth, fixed = np.zeros(size), number[start]
    worth[fixed] = 1.0
    new, part = np.empty(size), np.empty(len(columns[0][0]) if columns else 0)
    for _ in range(LONG):
        new.fill(0.0)
        for sources, shares in columns:
            some = part[: len(sources)]
            np.take(worth, sources, out=some, mode="clip")
            np.multiply(some, shares, out=some)
            new[: len(some)] += some
        np.add.at(new, rest[1], worth[rest[0]] * rest[2])
        np.minimum(new, 1.0, out=new)
        new[fixed] = 1.0
        np.subtract(new, worth, out=worth)
        near = max(-worth.min(initial=0.0), worth.max(initial=0.0)) < _SETTLED
        worth, new = new, worth
        if near:
            break
    out: NDArray[np.float64] = worth[number]
    return out


def _columns(source: Numbers, target: Numbers, share: Numbers, whole: int) -> tuple[list[Column], tuple[Any, ...]]:
    """Return the first holding in every entity, then the second ones and so on: the numbers of their owners and the parts held.

    Where an entity has more than some, its others come last, as rows of owner, owned and part.
    """
    order = order_of(target).astype(np.int32)
    many = np.bincount(target)
    first = np.cumsum(many) - many
    columns = []
    for place in range(min(_COLUMNS_MAX, int(many.max(initial=0)))):
        rows = order[first[: np.searchsorted(-many, -place)] + place]
        columns.append((source[rows].astype(np.int64), share[rows] / whole))
    rows = order[np.flatnonzero(np.arange(len(order)) - np.repeat(first, many) >= _COLUMNS_MAX)]
    return columns, (source[rows], target[rows], share[rows] / whole)


@define(eq=False)
class Links:
    """Holdings sorted by one end: those of entity ``i`` are the rows from ``starts[i]`` to ``starts[i + 1]``."""

    starts: Places
    other: Numbers
    share: Numbers
    size: int
    _last: Numbers = field(factory=lambda: np.empty(0, np.int32), init=False)

    @classmethod
    def sorted_by(cls, end: Numbers, other: Numbers, share: Numbers, size: int) -> Links:
        """Return holdings sorted by one end, in the order given within each entity."""
        order = order_of(end)
        starts = np.concatenate(([0], np.cumsum(np.bincount(end, minlength=size))))
        return cls(starts, other[order], share[order], size)

    def of(self, number: int) -> slice:
        """Return the rows of one entity."""
        return slice(int(self.starts[number]), int(self.starts[number + 1]))

    def _rows(self, front: Numbers) -> int:
        return int((self.starts[front + 1] - self.starts[front]).sum())

    def _distinct(self, numbers: Numbers) -> Numbers:
        """Return numbers of entities, each once: of those that are the same, the one written last."""
        if not len(self._last):
            self._last = np.empty(self.size, np.int32)
        places = np.arange(len(numbers), dtype=np.int32)
        self._last[numbers] = places
        flags: Flags = self._last[numbers] == places
        return numbers[flags]

    # ---- aggregate with reset

    def close(self, start: Numbers, limit: int, room: Places | None) -> tuple[Numbers, Places, Flags]:
        """Return the round in which each entity came to count, what is held in it and whether part of that is not known.

        ``room`` is what unknown shares in an entity can come to, None where they are left out.
        """
        turn, held, open_ = np.full(self.size, NEVER, np.int32), np.zeros(self.size, np.int64), np.zeros(self.size, bool)
        turn[start] = 0
        front, number = start, 0
        while len(front):
            if self._rows(front) <= _FEW:
                few, number = self._close_few(front.tolist(), number, limit, room, (turn, held, open_))
                front = np.asarray(few, np.int32)
                continue
            number += 1
            rows = spans(self.starts, front)
            owned, share = self.other[rows], self.share[rows]
            np.add.at(held, owned, np.maximum(share, 0))
            if room is not None:
                open_[owned[share < 0]] = True
            near = owned[turn[owned] == NEVER]
            most = held[near] if room is None else held[near] + np.where(open_[near], room[near], 0)
            front = self._distinct(near[most >= limit])
            turn[front] = number
        return turn, held, open_

    def _close_few(self, front: list[int], number: int, limit: int, room: Places | None, state: Any) -> tuple[list[int], int]:
        """Go on one by one until there are many rows; return the front and the number of its round."""
        starts, other, share = _views(self.starts, self.other, self.share)
        turn, held, open_ = _views(*state)
        (left,) = _views(room) if room is not None else (None,)
        while front and sum(starts[i + 1] - starts[i] for i in front) <= _FEW:
            number += 1
            near = []
            for i in front:
                for row in range(starts[i], starts[i + 1]):
                    owned, points = other[row], share[row]
                    if points >= 0:
                        held[owned] += points
                    elif left is not None:
                        open_[owned] = True
                    near.append(owned)
            front = []
            for owned in near:
                if turn[owned] == NEVER and held[owned] + (left[owned] if left is not None and open_[owned] else 0) >= limit:
                    turn[owned] = number
                    front.append(owned)
        return front, number

    # ---- per link

    def reach(self, start: Numbers, limit: int) -> tuple[Flags, int]:
        """Flag the entities reached over single holdings at the limit or above; return how many rounds that takes too."""
        seen = np.zeros(self.size, bool)
        seen[start] = True
        front, number = start, 0
        while len(front):
            if self._rows(front) <= _FEW:
                few, number = self._reach_few(front.tolist(), number, limit, seen)
                front = np.asarray(few, np.int32)
                continue
            number += 1
            rows = spans(self.starts, front)
            reached = self.other[rows[self.share[rows] >= limit]]
            front = self._distinct(reached[~seen[reached]])
            seen[front] = True
        return seen, number

    def _reach_few(self, front: list[int], number: int, limit: int, flags: Flags) -> tuple[list[int], int]:
        starts, other, share, seen = _views(self.starts, self.other, self.share, flags)
        while front and sum(starts[i + 1] - starts[i] for i in front) <= _FEW:
            fresh, number = [], number + 1
            for i in front:
                for row in range(starts[i], starts[i + 1]):
                    if share[row] >= limit and not seen[other[row]]:
                        seen[other[row]] = True
                        fresh.append(other[row])
            front = fresh
        return front, number

    # ---- multiplied

    def multiply(self, start: Numbers, whole: int) -> NDArray[np.float64]:
        """Return the part of each entity that the start holds when shares are multiplied along every chain, at most 1.

        What comes to an entity is passed on round by round, so that a long chain costs no more than its holdings.
        """
        worth, raw = np.zeros(self.size), np.zeros(self.size)
        step = np.zeros(self.size)  # what is still to be passed on
        worth[start] = step[start] = 1.0
        raw[start] = np.inf  # the start is worth all of itself, whatever else holds it
        shares = np.maximum(self.share, 0) / whole
        front, idle = start, 0
        while len(front) and idle <= _IDLE_MAX:
            if self._rows(front) <= _FEW:
                few, idle = self._multiply_few(front.tolist(), whole, idle, (worth, raw, step))
                front = np.asarray(few, np.int32)
                continue
            rows = spans(self.starts, front)
            counts = self.starts[front + 1] - self.starts[front]
            part = np.repeat(step[front], counts) * shares[rows]
            owned = self.other[rows]
            np.add.at(raw, owned, part)
            new = np.minimum(raw[owned], 1.0)
            owned = self._distinct(owned[new - worth[owned] > _SMALL])
            idle = 0 if (worth[owned] == 0).any() else idle + 1
            step[owned] = np.minimum(raw[owned], 1.0) - worth[owned]
            worth[owned] += step[owned]
            front = owned
        return worth

    def _multiply_few(self, front: list[int], whole: int, idle: int, state: Any) -> tuple[list[int], int]:
        starts, other, share = _views(self.starts, self.other, self.share)
        worth, raw, step = _views(*state)
        while front and idle <= _IDLE_MAX and sum(starts[i + 1] - starts[i] for i in front) <= _FEW:
            near = []
            for i in front:
                for row in range(starts[i], starts[i + 1]):
                    if share[row] > 0:
                        raw[other[row]] += step[i] * (share[row] / whole)
                        near.append(other[row])
            front, idle = [], idle + 1
            for owned in near:
                more = min(raw[owned], 1.0) - worth[owned]
                if more > _SMALL:
                    idle = 0 if worth[owned] == 0 else idle
                    step[owned] = more
                    worth[owned] += more
                    front.append(owned)
        return front, idle


def _views(*arrays: Any) -> tuple[Any, ...]:
    """Return arrays for reading and writing one by one, which is faster so."""
    return tuple(memoryview(array) for array in arrays)
