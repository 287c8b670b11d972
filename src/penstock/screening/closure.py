"""All entities that listed owners restrict in a graph of holdings: aggregate with reset, per link and multiplied, side by side.

An entity that listed or restricted owners hold at the limit or above counts in full for what it owns itself, and so on, until
nothing is added (aggregate with reset; the cascade of 744.11).  Shares are whole basis points, sums are exact.  What a share that
is not known could bring about is found the same way, with every such share as large as the known ones leave it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from penstock.screening.fronts import LONG, NEVER, Flags, Links, Numbers, Places, settle
from penstock.screening.holdings import WHOLE, Holdings
from penstock.screening.spelled import pick

__all__ = ["Closure", "OwnershipIndex", "Stake"]


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
    held: Places
    may_turn: Numbers
    may_held: Places

    @property
    def restricted(self) -> list[str]:
        """Return the names of the restricted entities that are not on a list themselves, sorted."""
        return [name for name, _ in self.restricted_numbers]

    @property
    def undetermined(self) -> list[str]:
        """Return the names of the entities that unknown shares could bring to the limit, sorted."""
        return [name for name, _ in self.undetermined_numbers]

    @property
    def restricted_numbers(self) -> list[tuple[str, int]]:
        """Return the restricted entities that are not on a list themselves with their numbers, sorted by name."""
        return self._named(self.turn > 0)

    @property
    def undetermined_numbers(self) -> list[tuple[str, int]]:
        """Return the entities that unknown shares could bring to the limit with their numbers, sorted by name."""
        return self._named((self.may_turn > 0) & (self.turn == NEVER))

    def _named(self, flags: Flags) -> list[tuple[str, int]]:
        numbers = np.flatnonzero(flags)
        names = pick(self.index.holdings.names, numbers)
        order = sorted(range(len(names)), key=names.__getitem__)
        return list(zip([names[i] for i in order], numbers[order].tolist(), strict=True))

    def share(self, name: str) -> int:
        """Return the basis points that listed and restricted owners are known to hold in an entity."""
        return int(self.held[self.index.holdings.numbers[name]])

    def proof(self, name: str) -> list[Stake]:
        """Return the fewest known holdings that bring a restricted entity to the limit, largest first; open ones if it may be."""
        number = self.index.holdings.numbers[name]
        sure = self.turn[number] > 0
        turn = self.turn if sure else self.may_turn
        before = turn[number] if turn[number] >= 0 else turn.max() + 1
        rows = self.index.above.of(number)
        owners, shares = self.index.above.other[rows], self.index.above.share[rows]
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
        (because,) = self.becauses(np.array([owner]))
        return Stake(self.index.holdings.names[owner], owned, share if share >= 0 else None, because)

    def becauses(self, owners: NDArray[Any]) -> list[str]:
        """Say of several owners why what they hold counts."""
        why = np.where(self.may_turn[owners] == 0, 0, np.where(self.turn[owners] > 0, 1, 2))
        return [("listed", "restricted", "may be restricted")[place] for place in why.tolist()]

    def proofs(self, names: Sequence[int]) -> tuple[Places, Numbers, Numbers]:
        """Return the proofs of many entities, given by number, as rows: place in ``names``, owner and basis points.

        All of them are restricted, or none; the rows of one entity are those of :meth:`proof`.
        """
        held, rank = self.index.holdings, np.full(self.index.size, NEVER, np.int32)
        rank[np.asarray(names, np.int32)] = np.arange(len(names))
        sure = len(names) > 0 and bool(self.turn[names[0]] > 0)
        turn = self.turn if sure else self.may_turn
        rows = np.flatnonzero(rank[held.owned] >= 0)
        owner, owned, share = held.owner[rows], held.owned[rows], held.share[rows]
        counts = (turn[owner] >= 0) & (turn[owner] < turn[owned]) & ((share > 0) | ((share < 0) & (not sure)))
        owner, place, share = owner[counts], rank[owned[counts]].astype(np.int64), share[counts]
        order = np.lexsort((owner, -share, place)) if len(place) else np.empty(0, np.int64)
        owner, place, share = owner[order], place[order], share[order]
        if sure:
            total = np.cumsum(share, dtype=np.int64) - share
            needed = total - total[np.searchsorted(place, place)] < self.index.limit
            owner, place, share = owner[needed], place[needed], share[needed]
        return place, owner, share

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
        self.below = Links.sorted_by(holdings.owner, holdings.owned, holdings.share, self.size)
        self._asked: tuple[tuple[str, ...], Numbers] = ((), np.empty(0, np.int32))
        known = np.maximum(holdings.share, 0)
        self.known = np.bincount(holdings.owned, known, self.size).astype(np.int64)

    @cached_property
    def above(self) -> Links:
        """Return the holdings sorted by what is owned."""
        return Links.sorted_by(self.holdings.owned, self.holdings.owner, self.holdings.share, self.size)

    @property
    def overfull(self) -> list[str]:
        """Return the entities whose known shares come to more than the whole."""
        return sorted(pick(self.holdings.names, np.flatnonzero(self.known > WHOLE)))

    def close(self, listed: Iterable[str]) -> Closure:
        """Return everything that listed owners restrict, and everything that unknown shares leave open."""
        start = self._places(listed)
        turn, held, _ = self.below.close(start, self.limit, None)
        if not (self.holdings.share < 0).any():
            return Closure(self, turn, held, turn, held)
        room = np.maximum(WHOLE - self.known, 0)
        may_turn, may_held, open_ = self.below.close(start, self.limit, room)
        return Closure(self, turn, held, may_turn, may_held + np.where(open_, room, 0))

    def per_link(self, listed: Iterable[str]) -> Flags:
        """Flag the entities reached over single holdings at the limit or above, without adding holdings up."""
        return self.below.reach(self._places(listed), self.limit)[0]

    def multiplied(self, listed: Iterable[str], wanted: NDArray[Any] | None = None) -> NDArray[np.float64]:
        """Return the part of each entity that listed owners hold when shares are multiplied along every chain.

        Where only some entities are wanted, given by number, the others are left at what is at hand.
        """
        start = self._places(listed)
        counts, rounds = self.below.reach(start, 1)
        if rounds > LONG:
            return self.below.multiply(start, WHOLE)
        if wanted is not None:
            counts &= self.above.reach(np.asarray(wanted, np.int32), 1)[0]
        held, used = self.holdings, np.flatnonzero(counts)
        rows = np.flatnonzero((held.share > 0) & counts[held.owner] & counts[held.owned])
        number = np.zeros(self.size, np.int32)
        number[used] = np.arange(len(used), dtype=np.int32)
        out: NDArray[np.float64] = np.zeros(self.size)
        out[start] = 1.0
        out[used] = settle(number[start[counts[start]]], number[held.owner[rows]], number[held.owned[rows]],
                           held.share[rows], WHOLE, len(used))  # fmt: skip
        return out

    def _places(self, names: Iterable[str]) -> Numbers:
        """Return the numbers of names, sorted; those of the names asked for last are at hand."""
        asked = tuple(names)
        if asked != self._asked[0]:
            self._asked = asked, np.asarray(sorted(self.holdings.find(asked).values()), np.int32)
        return self._asked[1]
