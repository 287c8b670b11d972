"""All entities that listed owners restrict in a graph of holdings: aggregate with reset, per link and multiplied, side by side.

An entity that listed or restricted owners hold at the limit or above counts in full for what it owns itself, and so on, until
nothing is added (aggregate with reset; the cascade of 744.11).  Shares are whole basis points, sums are exact.  What a share that
is not known could bring about is found the same way, with every such share as large as the known ones leave it.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from penstock.screening.holdings import WHOLE, Holdings

__all__ = ["Closure", "OwnershipIndex", "Stake", "spans"]

_NEVER = -1
_ROUNDS_MAX = 200
_SMALL = 1e-9

Numbers = NDArray[np.int32]
Flags = NDArray[np.bool_]


@frozen
class Stake:
    """One holding of a proof: ``basis_points`` of ``owned`` in the hands of ``owner``, which is listed or itself restricted."""

    owner: str
    owned: str
    basis_points: int | None
    because: str

    def document(self) -> dict[str, Any]:
        """Return the stake as plain data."""
        return {"owner": self.owner, "owned": self.owned, "basis_points": self.basis_points, "because": self.because}


@frozen(eq=False)
class Closure:
    """Who is restricted: the round in which each entity came to count, never is -1, and the basis points held in it.

    ``turn`` and ``held`` rest on known shares alone, ``may_turn`` and ``may_held`` also on what unknown ones could be.
    """

    index: OwnershipIndex
    turn: Numbers
    held: NDArray[np.int64]
    may_turn: Numbers
    may_held: NDArray[np.int64]

    @property
    def restricted(self) -> list[str]:
        """Return the names of the restricted entities that are not on a list themselves, sorted."""
        return self._names(self.turn > 0)

    @property
    def undetermined(self) -> list[str]:
        """Return the names of the entities that unknown shares could bring to the limit, sorted."""
        return self._names((self.may_turn > 0) & (self.turn == _NEVER))

    def _names(self, flags: Flags) -> list[str]:
        names = self.index.holdings.names
        return sorted(names[i] for i in np.flatnonzero(flags).tolist())

    def share(self, name: str) -> int:
        """Return the basis points that listed and restricted owners are known to hold in an entity."""
        return int(self.held[self.index.holdings.numbers[name]])

    def proof(self, name: str) -> list[Stake]:
        """Return the fewest known holdings that bring a restricted entity to the limit, largest first; open ones if it may be."""
        number = self.index.holdings.numbers[name]
        sure = self.turn[number] > 0
        turn = self.turn if sure else self.may_turn
        before = turn[number] if turn[number] >= 0 else turn.max() + 1
        rows = self.index.into(number)
        owners, shares = self.index.above_owner[rows], self.index.above_share[rows]
        counts = (turn[owners] >= 0) & (turn[owners] < before) & ((shares > 0) | ((shares < 0) & (not sure)))
        picked = sorted(zip(shares[counts].tolist(), owners[counts].tolist(), strict=True), key=lambda p: (-p[0], p[1]))
        out: list[Stake] = []
        total = 0
        for share, owner in picked:
            if sure and total >= self.index.limit:
                break
            total += max(share, 0)
            out.append(self._stake(owner, name, share))
        return out

    def _stake(self, owner: int, owned: str, share: int) -> Stake:
        because = "listed" if self.may_turn[owner] == 0 else "restricted" if self.turn[owner] > 0 else "may be restricted"
        return Stake(self.index.holdings.names[owner], owned, share if share >= 0 else None, because)

    def proof_tree(self, name: str) -> list[Stake]:
        """Return the holdings that carry an answer, down from the entity to the listed owners, each once."""
        out: list[Stake] = []
        queue, seen = [name], {name}
        while queue:
            stakes = self.proof(queue.pop(0))
            out += stakes
            fresh = [s.owner for s in stakes if s.because != "listed" and s.owner not in seen]
            queue += fresh
            seen.update(fresh)
        return out


class OwnershipIndex:
    """Holdings sorted from both ends, for one limit in basis points.

    >>> import datetime as dt
    >>> from penstock.screening.holdings import read_holdings
    >>> rows = ["owner,owned,basis_points", "L1,T,3000", "H,T,2000", "L2,H,6000", "T,U,5000", "L1,V,"]
    >>> index = OwnershipIndex(read_holdings([row.split(",") for row in rows], on=dt.date(2025, 10, 20)), limit=5000)
    >>> found = index.close(["L1", "L2"])
    >>> found.restricted, found.undetermined, found.share("T")
    (['H', 'T', 'U'], ['V'], 5000)
    >>> [(stake.owner, stake.basis_points) for stake in found.proof_tree("T")]
    [('L1', 3000), ('H', 2000), ('L2', 6000)]
    """

    def __init__(self, holdings: Holdings, *, limit: int) -> None:
        self.holdings, self.limit = holdings, limit
        self.size = len(holdings.names)
        order = np.argsort(holdings.owner, kind="stable")
        self.below_owned, self.below_share = holdings.owned[order], holdings.share[order]
        self.below = _starts(holdings.owner[order], self.size)
        order = np.argsort(holdings.owned, kind="stable")
        self.above_owner, self.above_share = holdings.owner[order], holdings.share[order]
        self.above = _starts(holdings.owned[order], self.size)
        known = np.maximum(holdings.share, 0)
        self.known = np.bincount(holdings.owned, known, self.size).astype(np.int64)

    def into(self, number: int) -> slice:
        """Return the rows of the holdings in one entity."""
        return slice(int(self.above[number]), int(self.above[number + 1]))

    @property
    def overfull(self) -> list[str]:
        """Return the entities whose known shares come to more than the whole."""
        return sorted(self.holdings.names[i] for i in np.flatnonzero(self.known > WHOLE).tolist())

    def close(self, listed: Iterable[str]) -> Closure:
        """Return everything that listed owners restrict, and everything that unknown shares leave open."""
        numbers = self.holdings.numbers
        start = np.asarray(sorted({numbers[name] for name in listed if name in numbers}), np.int32)
        turn, held = self._close(start, room=False)
        open_ = bool((self.holdings.share < 0).any())
        may_turn, may_held = self._close(start, room=True) if open_ else (turn, held)
        return Closure(self, turn, held, may_turn, may_held)

    def _close(self, start: Numbers, *, room: bool) -> tuple[Numbers, NDArray[np.int64]]:
        """Return the round in which each entity came to count and what is held in it; each holding is added once."""
        turn = np.full(self.size, _NEVER, np.int32)
        turn[start] = 0
        held = np.zeros(self.size, np.int64)
        open_ = np.zeros(self.size, bool)
        front, number = start, 0
        while len(front):
            number += 1
            rows = spans(self.below, front)
            owned, share = self.below_owned[rows], self.below_share[rows]
            np.add.at(held, owned, np.maximum(share, 0))
            if room:
                open_[owned[share < 0]] = True
            touched = np.unique(owned)
            most = held[touched] + np.where(open_[touched], np.maximum(WHOLE - self.known[touched], 0), 0)
            front = touched[(most >= self.limit) & (turn[touched] == _NEVER)]
            turn[front] = number
        return turn, held + np.where(open_, np.maximum(WHOLE - self.known, 0), 0)

    def per_link(self, listed: Iterable[str]) -> Flags:
        """Flag the entities reached over single holdings at the limit or above, without adding holdings up."""
        numbers = self.holdings.numbers
        front = np.asarray(sorted({numbers[name] for name in listed if name in numbers}), np.int32)
        seen = np.zeros(self.size, bool)
        seen[front] = True
        while len(front):
            rows = spans(self.below, front)
            reached = np.unique(self.below_owned[rows][self.below_share[rows] >= self.limit])
            front = reached[~seen[reached]]
            seen[front] = True
        return seen

    def multiplied(self, listed: Iterable[str]) -> NDArray[np.float64]:
        """Return the part of each entity that listed owners hold when shares are multiplied along every chain."""
        numbers = self.holdings.numbers
        start = np.asarray(sorted({numbers[name] for name in listed if name in numbers}), np.int32)
        source, target, share = self._known_columns
        worth: NDArray[np.float64] = np.zeros(self.size)
        worth[start] = 1.0
        for _ in range(_ROUNDS_MAX):
            new: NDArray[np.float64] = np.bincount(target, share * worth[source], self.size).astype(np.float64)
            new[start] = 1.0
            np.minimum(new, 1.0, out=new)
            if np.abs(new - worth).max(initial=0.0) < _SMALL:
                return new
            worth = new
        return worth

    @cached_property
    def _known_columns(self) -> tuple[Numbers, Numbers, NDArray[np.float64]]:
        known = self.holdings.share > 0
        return self.holdings.owner[known], self.holdings.owned[known], self.holdings.share[known] / WHOLE


def _starts(sorted_numbers: Numbers, size: int) -> NDArray[np.int64]:
    return np.concatenate(([0], np.cumsum(np.bincount(sorted_numbers, minlength=size))))


def spans(starts: NDArray[np.int64], numbers: Numbers) -> NDArray[np.int64]:
    """Return the rows of several entities, one span after the other.

    >>> spans(np.array([0, 2, 5]), np.array([1, 0], np.int32)).tolist()
    [2, 3, 4, 0, 1]
    """
    first, counts = starts[numbers], starts[numbers + 1] - starts[numbers]
    ends = np.cumsum(counts)
    return np.repeat(first - (ends - counts), counts) + np.arange(ends[-1] if len(ends) else 0)
