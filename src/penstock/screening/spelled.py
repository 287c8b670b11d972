"""Many names as they stand in one run of bytes: told apart, numbered and found without making a text of each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import overload

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

__all__ = ["Spelled", "first_of", "keys_of", "pick", "words_of"]

Bytes = NDArray[np.uint8]
Words = NDArray[np.uint64]
Places = NDArray[np.int64]

_WORD = 8
_BLOCK = 1 << 15
_PICKED = 1 << 14
_MARK = ord("\n")
_SPREAD = np.uint64(0x9E3779B97F4A7C15)
_HALF = np.uint64(32)
_MASKS = np.array([(1 << 8 * n) - 1 for n in range(_WORD + 1)], np.uint64)


@frozen(eq=False)
class Spelled(Sequence[str]):
    """Names in UTF-8 by where they begin in the bytes and how long they are; eight bytes must follow the last one.

    >>> data = np.frombuffer(b"AcmeBorg" + bytes(8), np.uint8)
    >>> names = Spelled.of(data, np.array([0, 4]), np.array([4, 4]))
    >>> list(names), names.find(["Borg", "Corp"])
    (['Acme', 'Borg'], {'Borg': 1})
    """

    data: Bytes
    start: Places
    size: Places

    @classmethod
    def of(cls, data: Bytes, start: Places, size: Places) -> Spelled:
        """Return names, in the narrowest numbers that hold where they are."""
        narrow = np.int32 if len(data) < 1 << 31 else np.int64
        return cls(data, start.astype(narrow, copy=False), size.astype(narrow, copy=False))

    def __len__(self) -> int:
        return len(self.start)

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> list[str]: ...
    def __getitem__(self, place: int | slice) -> str | list[str]:
        if isinstance(place, slice):
            return self.pick(np.arange(len(self))[place])
        first = int(self.start[place])
        return bytes(self.data[first : first + int(self.size[place])]).decode()

    def __iter__(self) -> Iterator[str]:
        return iter(self.pick(np.arange(len(self))))

    def pick(self, places: Places) -> list[str]:
        """Return several names at once."""
        out: list[str] = []
        for at in range(0, len(places), _PICKED):
            out += self._picked(places[at : at + _PICKED])
        return out

    def _picked(self, places: Places) -> list[str]:
        """Return some names: their bytes are written one after the other, each with a mark behind it, and read as one text."""
        size = self.size[places].astype(np.int64) + 1
        ends = np.cumsum(size)
        every = np.repeat(self.start[places] - (ends - size), size) + np.arange(int(ends[-1]))
        letters = self.data[every]
        letters[ends - 1] = _MARK
        text = str(letters.data, "utf-8")
        if text.count("\n") == len(places):
            return text.split("\n")[:-1]
        return [bytes(letters[a:b]).decode() for a, b in zip((ends - size).tolist(), (ends - 1).tolist(), strict=True)]

    def find(self, names: Iterable[str]) -> dict[str, int]:
        """Return the places of those names that are among these."""
        wanted = [name for name in dict.fromkeys(names) if name]
        spelled = [name.encode("utf-8", "surrogatepass") for name in wanted]
        if not wanted or not len(self):
            return {}
        size = np.array([len(name) for name in spelled])
        data = np.frombuffer(b"".join(spelled) + bytes(_WORD), np.uint8)
        asked = keys_of(Spelled(data, np.cumsum(size) - size, size))
        order = np.argsort(asked)
        keys, sorted_keys = keys_of(self), asked[order]
        near = np.minimum(np.searchsorted(sorted_keys, keys), len(wanted) - 1)
        hits = np.flatnonzero(sorted_keys[near] == keys)
        known = set(wanted)
        return {name: place for name, place in zip(self.pick(hits), hits.tolist(), strict=True) if name in known}


def pick(names: Sequence[str], places: Places) -> list[str]:
    """Return several of many names."""
    return names.pick(places) if isinstance(names, Spelled) else [names[place] for place in places.tolist()]


def words_of(data: Bytes) -> Words:
    """Return the eight bytes from every byte on as one number."""
    return np.ndarray((max(0, len(data) - _WORD + 1),), np.dtype("<u8"), data.data, 0, (1,))


def keys_of(names: Spelled) -> Words:
    """Return a number for each name: the name itself up to eight bytes, else one that other names hardly ever share.

    >>> data = np.frombuffer(b"AcmeAcme" + bytes(8), np.uint8)
    >>> one, other = keys_of(Spelled.of(data, np.array([0, 4]), np.array([4, 4]))).tolist()
    >>> one == other
    True
    """
    words = words_of(names.data)
    keys = words[names.start] & _MASKS[np.minimum(names.size, _WORD)]
    long, at = np.flatnonzero(names.size > _WORD), _WORD
    while len(long):
        left = names.size[long] - at
        more = words[names.start[long] + at] & _MASKS[np.minimum(left, _WORD)]
        mixed = (keys[long] ^ (keys[long] >> _HALF)) * _SPREAD
        keys[long] = mixed ^ (mixed >> _HALF) ^ more ^ (np.minimum(left, _WORD).astype(np.uint64) << np.uint64(56))
        long, at = long[left > _WORD], at + _WORD
    return keys


def first_of(keys: Words, names: Spelled | None = None) -> NDArray[np.int32]:
    """Return for each key the first place that has the same one; with names, those of equal keys are compared letter by letter.

    Every key is written to a slot of a table, the first of those that meet there stays; who finds another in its slot goes on
    to a table of its own kind, smaller than the last.

    >>> first_of(np.array([7, 5, 7, 5, 9], np.uint64)).tolist()
    [0, 1, 0, 1, 4]
    """
    long = names is not None and bool((names.size > _WORD).any())
    out = np.arange(len(keys), dtype=np.int32)
    left, mine, turn = out, keys, 0
    while len(left):
        bits = max(4, int(len(left) - 1).bit_length())
        slot = _slots(mine, np.uint64(int(_SPREAD) * (2 * turn + 1) % (1 << 64)), bits)
        table = np.empty(1 << bits, np.int32)
        table[slot[::-1]] = np.arange(len(left) - 1, -1, -1, dtype=np.int32)
        first = table[slot]
        same = mine[first] == mine
        first = left[first] if turn else first
        if names is not None and long:
            _same(names, left, first, same)
        if turn:
            out[left[same]] = first[same]
        else:
            out = first
        left, turn = left[~same], turn + 1
        mine = keys[left]
    return out


def _slots(keys: Words, spread: np.uint64, bits: int) -> NDArray[np.int32]:
    """Return a slot of a table for each key, so many at a time as the processor has at hand."""
    out, room = np.empty(len(keys), np.int32), np.empty(min(_BLOCK, len(keys)), np.uint64)
    for at in range(0, len(keys), _BLOCK):
        some = keys[at : at + _BLOCK]
        mixed = np.right_shift(some, _HALF, out=room[: len(some)])
        mixed ^= some
        mixed *= spread
        mixed >>= np.uint64(64 - bits)
        out[at : at + _BLOCK] = mixed
    return out


def _same(names: Spelled, one: NDArray[np.int32], other: NDArray[np.int32], same: NDArray[np.bool_]) -> None:
    """Unflag those of the flagged names that differ after all; names of up to eight bytes are their keys."""
    words, size = words_of(names.data), names.size
    for at in range(0, len(same), _BLOCK):
        flags = same[at : at + _BLOCK]
        rows = np.flatnonzero(flags)
        mine, theirs = one[at : at + _BLOCK][rows], other[at : at + _BLOCK][rows]
        apart = (mine != theirs) & ((size[mine] > _WORD) | (size[theirs] > _WORD))
        rows, mine, theirs = rows[apart], mine[apart], theirs[apart]
        alike = size[mine] == size[theirs]
        flags[rows[~alike]] = False
        rows, mine, theirs = rows[alike], mine[alike], theirs[alike]
        left, here, there = size[mine].astype(np.int64), names.start[mine].astype(np.int64), names.start[theirs].astype(np.int64)
        while len(rows):
            alike = (words[here] ^ words[there]) & _MASKS[np.minimum(left, _WORD)] == 0
            flags[rows[~alike]] = False
            alike &= left > _WORD
            rows, left, here, there = rows[alike], left[alike] - _WORD, here[alike] + _WORD, there[alike] + _WORD
