"""The names of a list that a name may stand for, with what is compared of the two.

Every name of the list that shares a word, a near word, letters or an acronym is weighed; the best are compared in full.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from penstock.screening.names.features import FEATURES, JOINED, Asked, Compared, Features, Ways
from penstock.screening.names.index import Floats, Ints, NameIndex, bag, grams, once, solid, words_in
from penstock.screening.names.reading import Reading

__all__ = ["Candidates", "Search"]

_BY_WORD, _BY_LETTER, _BY_ACRONYM = 48, 24, 10
_LEAST = 0.06
_LETTERS_LEAST = 0.2
_POSTINGS_MAX = 1 << 16
_REACHES_MAX = 1 << 14
_RARE = 8
_SIBLINGS_MAX = 64
_TOGETHER = 32
_BARE_MAX = 12
_SAME, _ONE_MORE = 0.8, 0.001


class Candidates(NamedTuple):
    """Names that may be meant: their numbers, the features of each, and how well each unit asked for is found in each.

    ``least`` is the least score of some of them: those that consist of the words asked for, or of all but one.
    """

    names: Ints
    features: Floats
    found: Floats
    least: dict[int, float]


class Reach(NamedTuple):
    """What a unit reaches: words of the list with how near each is, and the names that have one, sorted, with the nearest."""

    words: Ints
    how: Floats
    names: Ints
    reached: Floats


class Search:
    """Finds candidates in an index; holds scratch space, so that one search is one thread's."""

    def __init__(self, index: NameIndex) -> None:
        self.index = index
        self._score: Floats = np.zeros(index.size, np.float32)
        self._best: Floats = np.zeros(index.size, np.float32)
        self._words: Floats = np.zeros((_TOGETHER, len(index.near.words)), np.float32)
        self._reaches: dict[Ways, Reach] = {}

    def find(self, reading: Reading) -> Candidates:
        """Return the candidates for a name, in no order."""
        return self.find_many([reading])[0]

    def find_many(self, readings: Sequence[Reading]) -> list[Candidates]:
        """Return the candidates for each of some names."""
        out: list[Candidates] = []
        for at in range(0, len(readings), _TOGETHER):
            out += self._find(readings[at : at + _TOGETHER])
        return out

    def _find(self, readings: Sequence[Reading]) -> list[Candidates]:
        parts = [self._compared(row, Asked(self.index, reading)) for row, reading in enumerate(readings)]
        some = [part for part in parts if len(part.names)]
        table = Features(self.index, some, self._words).table() if some else _NO_FEATURES
        out, at = [], 0
        for part in parts:
            out.append(Candidates(part.names, table[at : at + len(part.names)], part.found[part.place].T, part.bare))
            at += len(part.names)
            self._words[part.row, part.asked.touched] = 0
        return out

    def _compared(self, row: int, asked: Asked) -> Compared:
        """Return a name with its candidates and how well its units are found in all names of their entries."""
        index, cover = self.index, self._score
        spread = self._spread(asked, self._words[row])
        picked = [self._by_word(cover, asked), *(r.names for r in spread if r is not None and len(r.names) <= _RARE)]
        letters, own, alike = self._by_letter(asked.compact) if index.size else (_NOTHING, 1.0, _NONE)
        picked.append(alike)
        picked += self._by_acronym(asked)
        for key in (asked.line, asked.reading.text):
            picked.append(np.asarray(index.exact.get(key, ())[:_BY_ACRONYM], np.int32))
        cover.fill(0)
        bare = self._bare(asked.reading.text)
        picked.append(np.fromiter(bare, np.int32, len(bare)))
        names = once(np.concatenate(picked).astype(np.int32, copy=False))
        if not len(names):
            return Compared(row, asked, names, np.zeros((0, len(asked.weights)), np.float32), _NONE, _NONE, _NONE, _NOTHING, bare)
        siblings, begins, whose = self._siblings(names)
        common: Floats = np.zeros(len(names), np.float32)
        if len(letters):
            common += letters[names] / (index.gram_norm[names] * own)
        place = np.searchsorted(siblings, names).astype(np.int32)
        return Compared(row, asked, names, self._found(asked, spread, siblings), place, begins, whose, common, bare)

    def _spread(self, asked: Asked, words: Floats) -> list[Reach | None]:
        """Add the weight of every unit asked for to the names that have it; return what each unit or join reached."""
        score = self._score
        out: list[Reach | None] = []
        touched: list[Ints] = []
        for ways, weight in zip(asked.ways, asked.spread_weights, strict=True):
            reach = self._reach(ways) if weight else None
            out.append(reach)
            if reach is None:
                continue
            touched.append(reach.words)
            words[reach.words] = np.maximum(words[reach.words], reach.how)
            score[reach.names] += weight * reach.reached
        asked.touched = np.concatenate(touched) if touched else _NONE
        return out

    def _reach(self, ways: Ways) -> Reach | None:
        """Return the names that have any of some words, each once with how near the nearest is; remembered."""
        found = self._reaches.get(ways)
        if found is None:
            if len(self._reaches) >= _REACHES_MAX:
                self._reaches.clear()
            found = self._reaches[ways] = self._reached(*_words_of(self.index, ways))
        return found if len(found.words) else None

    def _reached(self, words: Ints, how: Floats) -> Reach:
        start, post = self.index.post_start, self.index.post_name
        sizes = (start[words + 1] - start[words]).tolist()
        total, first = 0, len(sizes)
        while first and total + sizes[first - 1] <= _POSTINGS_MAX:
            first -= 1
            total += sizes[first]
        parts = [post[start[n] : start[n + 1]] for n in words[first:].tolist()]
        if len(parts) < 2:
            names = parts[0] if parts else _NONE
            return Reach(words, how, names, np.full(len(names), how[-1] if parts else 0, np.float32))
        every = np.concatenate(parts)
        self._best[every] = np.repeat(how[first:], sizes[first:])  # the nearest words come last and stay
        names = once(every)
        return Reach(words, how, names, self._best[names])

    def _by_word(self, score: Floats, asked: Asked) -> Ints:
        some = np.flatnonzero(score > _LEAST * asked.total).astype(np.int32)
        if not len(some):
            return some
        got = score[some]
        rank = np.minimum(got / asked.total, 1) + np.minimum(got / self.index.total[some], 1)
        if len(some) > _BY_WORD:
            some = some[np.argpartition(-rank, _BY_WORD)[:_BY_WORD]]
        return some

    def _by_letter(self, compact: str) -> tuple[Floats, float, Ints]:
        """Return the weight of the letters every name of the list shares with this one, that of its own, and who shares most."""
        index = self.index
        buckets = grams(compact)
        weight = index.gram_weight[buckets]
        buckets, square = buckets[weight > 0], np.square(weight[weight > 0])
        if not len(buckets):
            return _NOTHING, 1.0, _NONE
        starts, ends = index.gram_start[buckets], index.gram_start[buckets + 1]
        names = np.concatenate([index.gram_name[a:b] for a, b in zip(starts.tolist(), ends.tolist(), strict=True)])
        if not len(names):
            return _NOTHING, 1.0, _NONE
        shared: NDArray[Any] = np.bincount(names, np.repeat(square, ends - starts), index.size)
        own = float(np.sqrt(square.sum()))
        alike = shared[names] / index.gram_norm[names]
        some = once(names[alike > _LETTERS_LEAST * own])
        if len(some) > _BY_LETTER:
            some = some[np.argpartition(-shared[some] / index.gram_norm[some], _BY_LETTER)[:_BY_LETTER]]
        return shared, own, some

    def _by_acronym(self, asked: Asked) -> list[Ints]:
        known = self.index.acronyms
        out = [np.asarray(known[word][:_BY_ACRONYM], np.int32) for word in asked.shorts if word in known]
        for short in asked.acronyms:
            out.append(self.index.names_with(short)[:_BY_ACRONYM])
        return out

    def _bare(self, text: str) -> dict[int, float]:
        """Return names of few words that are the one asked for in another order or spacing, or but for one word; least scores.

        Such a name may have no word that says anything: PTE OOO, or S.M.G. written S M G.
        """
        words, known = words_in(text), self.index.bare
        out: dict[int, float] = {}
        for i in range(len(words)) if 1 < len(words) <= _BARE_MAX else ():
            out |= dict.fromkeys(known.get(bag(words[:i] + words[i + 1 :]), ())[:_BY_ACRONYM], _ONE_MORE)
        for key in (bag(words), solid(text)):
            out |= dict.fromkeys(known.get(key, ()), _SAME)
        return out

    def _siblings(self, names: Ints) -> tuple[Ints, Ints, Ints]:
        """Return all names of the entries of some sorted names, where each entry's begin, and the entry of each of the names."""
        block = self.index.first[names]
        new = np.empty(len(names), bool)
        new[0], new[1:] = True, block[1:] != block[:-1]
        firsts = block[new]
        sizes = self.index.beyond[names[new]] - firsts
        whole = int(sizes.max()) <= _SIBLINGS_MAX
        sizes = sizes if whole else np.minimum(sizes, _SIBLINGS_MAX)
        cuts = np.cumsum(sizes) - sizes
        siblings = np.repeat(firsts - cuts, sizes) + np.arange(int(sizes.sum()), dtype=np.int32)
        if not whole:
            siblings = np.union1d(siblings, names)
            cuts = np.searchsorted(siblings, firsts)
        return siblings.astype(np.int32), cuts.astype(np.int32), (np.cumsum(new) - 1).astype(np.int32)

    def _found(self, asked: Asked, spread: list[Reach | None], names: Ints) -> Floats:
        """Return how well each unit asked for (column) is found in each of some names, joins of units included."""
        found: Floats = np.zeros((len(names), len(asked.weights)), np.float32)
        for reach, cover in zip(spread, asked.covers, strict=True):
            if reach is None or not len(reach.names):
                continue
            at = np.minimum(np.searchsorted(reach.names, names), len(reach.names) - 1)
            here = np.where(reach.names[at] == names, reach.reached[at], 0)
            for unit in cover:
                np.maximum(found[:, unit], here, out=found[:, unit])
        return found


def _words_of(index: NameIndex, ways: Ways) -> tuple[Ints, Floats]:
    """Return the words of the list that some words may be, the least near first; of a join only the same."""
    if len(ways) == 1:
        word, sure = ways[0]
        return index.near.find_joined(word) if sure == JOINED else index.near.find(word)
    nearest: dict[int, float] = {}
    for word, sure in ways:
        numbers, how = index.near.find(word, exact=sure < 0.95)
        for number, value in zip(numbers.tolist(), how.tolist(), strict=True):
            nearest[number] = max(nearest.get(number, 0.0), value * sure)
    order = sorted(nearest, key=nearest.__getitem__)
    return np.asarray(order, np.int32), np.asarray([nearest[i] for i in order], np.float32)


_NONE: Ints = np.empty(0, np.int32)
_NO_FEATURES: Floats = np.empty((0, len(FEATURES)), np.float32)
_NOTHING: Floats = np.empty(0, np.float32)
