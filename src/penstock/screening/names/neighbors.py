"""Words of the list that a word may stand for: itself, the same with a slip of the pen, a longer or a shorter form."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import OSA
from rapidfuzz.process import cdist

from penstock.screening.names.spelling import bones, stem

__all__ = ["Neighbors"]

_SLIP_LENGTH = 4
_HEAD, _TAIL, _LONGER = 2, 3, 2
_LEAST = 0.72
_PREFIX = 4
_PREFIXES_MAX = 40
_CACHED_MAX = 1 << 18
_SPELLED_LEAST = 5
_SAME_STEM, _SAME_BONES = 0.92, 0.82

Found = tuple[NDArray[np.int32], NDArray[np.float32]]


class Neighbors:
    """A vocabulary that answers which of its words are near a word, each with how near it is.

    >>> near = Neighbors(["huawei", "huaweis", "communication", "hemmat"])
    >>> numbers, how = near.find("hemat")
    >>> [near.words[i] for i in numbers], how.round(2).tolist()
    (['hemmat'], [0.9200000166893005])
    >>> [near.words[i] for i in near.find("commun")[0]]
    ['communication']
    """

    def __init__(self, words: Sequence[str], *, sure: int | None = None) -> None:
        """Take the words; from the ``sure``-th on they are found only as they are."""
        self.words = list(words)
        sure = len(self.words) if sure is None else sure
        self.number = {word: i for i, word in enumerate(self.words)}
        pools: dict[tuple[str, int], tuple[list[int], list[str]]] = defaultdict(lambda: ([], []))
        self._spelled: dict[str, list[int]] = defaultdict(list)
        for i, word in enumerate(self.words[:sure]):
            if len(word) >= _SPELLED_LEAST and word.isascii() and word.isalpha():
                for spelled_so in _spellings(word):
                    self._spelled[spelled_so].append(i)
            if len(word) >= _SLIP_LENGTH and word[0] != "#":
                for key in ((word[:_HEAD], len(word)), (word[-_TAIL:], len(word))):
                    numbers, spelled = pools[key]
                    numbers.append(i)
                    spelled.append(word)
        self._pools = dict(pools)
        self._sorted = sorted(range(sure), key=self.words.__getitem__)
        self._sorted_words = [self.words[i] for i in self._sorted]
        self._cache: dict[str, Found] = {}

    def find(self, word: str, *, exact: bool = False) -> Found:
        """Return the numbers of the near words, the least near first, and how near each is (1 is the same word)."""
        if exact:
            number = self.number.get(word)
            return _NONE if number is None else (np.asarray([number], np.int32), np.ones(1, np.float32))
        found = self._cache.get(word)
        if found is None:
            if len(self._cache) >= _CACHED_MAX:
                self._cache.clear()
            found = self._cache[word] = self._find(word)
        return found

    def find_joined(self, word: str) -> Found:
        """Return the word itself, and those of the same stem; both without a search for slips, since most joins are no words."""
        near: dict[int, float] = {}
        if len(word) > _SPELLED_LEAST and word.isascii() and word.isalpha():
            near = dict.fromkeys(self._spelled.get(stem(word), ()), _SAME_STEM)
        if word in self.number:
            near[self.number[word]] = 1.0
        return _sorted(near) if near else _NONE

    def _find(self, word: str) -> Found:
        near: dict[int, float] = {}
        if len(word) >= _SLIP_LENGTH and word[0] != "#" and word.isascii():
            self._slips(word, near)
            self._stems(word, near)
            self._spellings(word, near)
        if word in self.number:
            near[self.number[word]] = 1.0
        return _sorted(near)

    def _slips(self, word: str, near: dict[int, float]) -> None:
        numbers: list[int] = []
        spelled: list[str] = []
        for end in (word[:_HEAD], word[-_TAIL:]):
            for length in range(len(word) - _LONGER, len(word) + _LONGER + 1):
                pool = self._pools.get((end, length))
                if pool is not None:
                    numbers += pool[0]
                    spelled += pool[1]
        if spelled:
            how = cdist([word], spelled, scorer=OSA.normalized_similarity, score_cutoff=_LEAST, dtype=np.float32)[0]
            for place in np.flatnonzero(how).tolist():
                near[numbers[place]] = float(how[place])

    def _stems(self, word: str, near: dict[int, float]) -> None:
        """Add the words that begin with this one, and those this one begins with."""
        at = bisect_left(self._sorted_words, word)
        for place in range(at, min(at + _PREFIXES_MAX, len(self._sorted))):
            other = self._sorted_words[place]
            if not other.startswith(word):
                break
            self._near(near, self._sorted[place], len(word) / len(other))
        for size in range(_PREFIX, len(word)):
            number = self.number.get(word[:size])
            if number is not None:
                self._near(near, number, size / len(word))

    def _spellings(self, word: str, near: dict[int, float]) -> None:
        """Add the words that are this one spelled otherwise, out of another alphabet."""
        if len(word) >= _SPELLED_LEAST and word.isalpha():
            for key, how in _spellings(word).items():
                for number in self._spelled.get(key, ()):
                    near[number] = max(near.get(number, 0.0), how)

    @staticmethod
    def _near(near: dict[int, float], number: int, part: float) -> None:
        near[number] = max(near.get(number, 0.0), 0.6 + 0.35 * part)


def _sorted(near: dict[int, float]) -> Found:
    order = sorted(near, key=lambda i: (near[i], i))
    return np.asarray(order, np.int32), np.asarray([near[i] for i in order], np.float32)


def _spellings(word: str) -> dict[str, float]:
    """Return the stem and the bones of a word, where they say enough, each with how near words are that share it."""
    said, bare = stem(word), bones(word)
    return {said: _SAME_STEM} | ({f"{bare}*": _SAME_BONES} if len(bare) >= _PREFIX else {})


_NONE: Found = (np.empty(0, np.int32), np.empty(0, np.float32))
