"""A closure that follows changes: one stake bought, sold or corrected, and only what hangs on it is worked out again."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from penstock.screening.closure import OwnershipIndex
from penstock.screening.fronts import spans
from penstock.screening.holdings import WHOLE
from penstock.terms.errors import BadNumber, UnknownFact

__all__ = ["LiveClosure"]

Numbers = NDArray[np.int32]


class LiveClosure:
    """Who is restricted by known shares, kept up to date while single stakes change.

    >>> import datetime as dt
    >>> from penstock.screening.holdings import read_holdings
    >>> rows = ["owner,owned,basis_points", "L,A,5000", "A,B,6000", "B,C,5000"]
    >>> held = read_holdings([row.split(",") for row in rows], on=dt.date(2025, 10, 20))
    >>> live = LiveClosure(OwnershipIndex(held, limit=5000), ["L"])
    >>> live.change("A", "B", 4999), live.restricted
    (['B', 'C'], ['A'])
    >>> live.change("A", "B", 5000), live.restricted
    (['B', 'C'], ['A', 'B', 'C'])
    """

    def __init__(self, index: OwnershipIndex, listed: Iterable[str]) -> None:
        self.index = index
        self.names = index.holdings.names
        found = index.close(listed)
        self.listed = found.turn == 0
        self.counts = found.turn >= 0
        self.held = found.held.copy()
        self.share = index.below.share.copy()

    @property
    def restricted(self) -> list[str]:
        """Return the names of the restricted entities that are not on a list themselves, sorted."""
        return sorted(self.names[i] for i in np.flatnonzero(self.counts & ~self.listed).tolist())

    def change(self, owner: str, owned: str, basis_points: int) -> list[str]:
        """Set the share of a holding in the graph; return the entities whose answer changed, sorted.

        Raises UnknownFact for a holding that is not in the graph and BadNumber for a share outside 0 to 10,000.
        """
        row = self._row(owner, owned)
        if not 0 <= basis_points <= WHOLE:
            raise BadNumber(f"{basis_points} basis points are not between 0 and {WHOLE:,}", at="basis_points", value=basis_points)
        source, target = self.index.holdings.numbers[owner], self.index.holdings.numbers[owned]
        delta = basis_points - max(int(self.share[row]), 0)
        self.share[row] = basis_points
        if not self.counts[source] or not delta:
            return []
        self.held[target] += delta
        reached, counted = self.held[target] >= self.index.limit, bool(self.counts[target])
        if self.listed[target] or reached == counted:
            return [] if delta > 0 or not counted or self.listed[target] else self._again(target)
        changed = self._add(np.asarray([target], np.int32)) if reached else None
        return self._named(changed) if changed is not None else self._again(target)

    def _row(self, owner: str, owned: str) -> int:
        numbers = self.index.holdings.numbers
        if owner in numbers and owned in numbers:
            rows = self.index.below.of(numbers[owner])
            hits = np.flatnonzero(self.index.below.other[rows] == numbers[owned])
            if len(hits):
                return int(rows.start + hits[0])
        raise UnknownFact(f"The graph has no holding of {owner!r} in {owned!r}", at="owner", value=owner)

    def _named(self, numbers: NDArray[np.int64] | Numbers) -> list[str]:
        return sorted(self.names[i] for i in numbers.tolist())

    def _add(self, front: Numbers) -> NDArray[np.int64]:
        """Let entities count, and all that they bring to the limit; return all of them."""
        added = []
        while len(front):
            self.counts[front] = True
            added.append(front)
            front = self._spread(front, 1)
            front = front[(self.held[front] >= self.index.limit) & ~self.counts[front]]
        return np.concatenate(added) if added else np.empty(0, np.int32)

    def _spread(self, front: Numbers, sign: int) -> Numbers:
        rows = spans(self.index.below.starts, front)
        owned = self.index.below.other[rows]
        np.add.at(self.held, owned, sign * np.maximum(self.share[rows], 0))
        return np.unique(owned)

    def _again(self, target: int) -> list[str]:
        """Take an entity and all that hangs on it out of the count, then bring back what still reaches the limit.

        What hangs on it may hold itself up in a circle, so all of it goes out first.
        """
        gone, front = [], np.asarray([target], np.int32)
        while len(front):
            self.counts[front] = False
            gone.append(front)
            front = self._spread(front, -1)
            front = front[self.counts[front] & ~self.listed[front]]
        out = np.concatenate(gone)
        self._add(out[self.held[out] >= self.index.limit])
        return self._named(out[~self.counts[out]])
