"""The names of a list that a name may stand for, with what is compared of the two.

Every name of the list that shares a word, a near word, letters or an acronym is weighed; the best are compared in full.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz
from rapidfuzz.distance import Indel, JaroWinkler
from rapidfuzz.process import cdist

from penstock.screening.names.index import Floats, Ints, NameIndex, acronyms, grams, numbers_of
from penstock.screening.names.reading import Reading
from penstock.screening.names.words import LEGAL, PLACE

__all__ = ["FEATURES", "Candidates", "Search"]

FEATURES = (
    "asked covered", "asked core covered", "asked largest miss", "listed covered", "listed core covered", "listed largest miss",
    "largest hit", "weight of hits", "both covered", "letters shared", "jaro-winkler", "indel", "part of the other", "words set",
    "same words", "same letters", "is acronym", "has acronym", "length of acronym", "numbers shared", "numbers clash",
    "number only asked", "number only listed", "places shared", "places clash", "place only asked", "place only listed",
    "legal forms shared", "legal forms clash", "units asked", "units listed", "length asked", "length ratio", "first asked",
    "first listed", "rivals", "behind the best", "chinese", "joined", "lesser cover", "asked core weight", "core hits",
)  # fmt: skip

_BY_WORD, _BY_LETTER, _BY_ACRONYM = 20, 10, 10
_JOIN_LEAST = 0.84
_JOINED = 2.0  # marks the word of a join among the ways of a unit
_LEAST = 0.12
_LETTERS_LEAST = 0.3
_POSTINGS_MAX = 1 << 16
_REACHES_MAX = 4096


class Candidates(NamedTuple):
    """Names that may be meant: their numbers, the features of each, and how well each unit asked for is found in each."""

    names: Ints
    features: Floats
    found: Floats


Ways = tuple[tuple[str, float], ...]


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
        self._words: Floats = np.zeros(len(index.near.words), np.float32)
        self._reaches: dict[Ways, Reach] = {}

    def find(self, reading: Reading) -> Candidates:
        """Return the candidates for a name, in no order."""
        index = self.index
        asked = _Asked(index, reading)
        if not index.size:
            return self._nothing(asked)
        spread = self._spread(asked)
        cover = self._score
        picked = [self._by_word(cover, asked)]
        letters, own = self._by_letter(asked.compact)
        if len(letters):
            picked.append(_top(letters, self.index.gram_norm, own, _BY_LETTER))
        picked += self._by_acronym(asked)
        for key in (asked.line, reading.text):
            picked.append(np.asarray(index.exact.get(key, ())[:_BY_ACRONYM], np.int32))
        names = np.unique(np.concatenate(picked)).astype(np.int32)
        if not len(names):
            return self._nothing(asked)
        found = self._found(asked, spread, names)
        alike: Floats = np.zeros(len(names), np.float32)
        if len(letters):
            alike += letters[names] / (self.index.gram_norm[names] * own)
        features = _Features(self, asked, names, found, alike).table()
        self._score.fill(0)
        self._words[asked.touched] = 0
        return Candidates(names, features, found)

    def _nothing(self, asked: _Asked) -> Candidates:
        return Candidates(_NONE, np.empty((0, len(FEATURES)), np.float32), np.empty((len(asked.weights), 0), np.float32))

    def _spread(self, asked: _Asked) -> list[Reach | None]:
        """Add the weight of every unit asked for to the names that have it; return what each unit or join reached."""
        score, words = self._score, self._words
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
        names = np.unique(every)
        return Reach(words, how, names, self._best[names])

    def _by_word(self, score: Floats, asked: _Asked) -> Ints:
        some = np.flatnonzero(score > _LEAST * asked.total).astype(np.int32)
        if not len(some):
            return some
        got = score[some]
        rank = np.minimum(got / asked.total, 1) + np.minimum(got / self.index.total[some], 1)
        if len(some) > _BY_WORD:
            some = some[np.argpartition(-rank, _BY_WORD)[:_BY_WORD]]
        return some

    def _by_letter(self, compact: str) -> tuple[Floats, float]:
        """Return the weight of the letters every name of the list shares with this one, and that of this one's own."""
        index = self.index
        buckets = grams(compact)
        weight = index.gram_weight[buckets]
        buckets, square = buckets[weight > 0], np.square(weight[weight > 0])
        if not len(buckets):
            return _NOTHING, 1.0
        starts, ends = index.gram_start[buckets], index.gram_start[buckets + 1]
        names = np.concatenate([index.gram_name[a:b] for a, b in zip(starts.tolist(), ends.tolist(), strict=True)])
        if not len(names):
            return _NOTHING, 1.0
        shared: NDArray[Any] = np.bincount(names, np.repeat(square, ends - starts), index.size)
        return shared, float(np.sqrt(square.sum()))

    def _by_acronym(self, asked: _Asked) -> list[Ints]:
        out = [self.index.acronyms[word][:_BY_ACRONYM] for word in asked.shorts if word in self.index.acronyms]
        for short in asked.acronyms:
            out.append(self.index.names_with(short)[:_BY_ACRONYM])
        return out

    def _found(self, asked: _Asked, spread: list[Reach | None], names: Ints) -> Floats:
        """Return how well each unit asked for is found in each of some names, joins of units included."""
        found = np.zeros((len(asked.weights), len(names)), np.float32)
        for reach, cover in zip(spread, asked.covers, strict=True):
            if reach is None or not len(reach.names):
                continue
            at = np.minimum(np.searchsorted(reach.names, names), len(reach.names) - 1)
            here = np.where(reach.names[at] == names, reach.reached[at], 0)
            for unit in cover:
                np.maximum(found[unit], here, out=found[unit])
        return found


def _top(shared: Floats, norm: Floats, own: float, size: int) -> Ints:
    """Return the names that share the most of their letters (cosine)."""
    some = np.flatnonzero(shared > (_LETTERS_LEAST * own) * norm).astype(np.int32)
    if len(some) > size:
        some = some[np.argpartition(-shared[some] / norm[some], size)[:size]]
    return some


class _Asked:
    """The name asked for, as words of the index: those of its units, then those of its joins."""

    touched: Ints

    def __init__(self, index: NameIndex, reading: Reading) -> None:
        self.reading = reading
        self.line, self.compact = reading.line, reading.compact
        self.weights = np.asarray(index.weigh(reading), np.float32)
        self.open = np.asarray([unit.kind != LEGAL for unit in reading.units], bool)
        self.core = np.asarray([unit.kind not in (LEGAL, PLACE) for unit in reading.units], bool)
        if not self.open.any():
            self.open = self.core = ~self.open
            self.weights = np.ones(len(self.weights), np.float32)
        if not self.core.any():
            self.core = self.open
        self.total = float(self.weights[self.open].sum()) or 1.0
        self.ways: list[Ways] = []
        self.spread_weights: list[float] = []
        self.covers: list[range] = []
        for place, unit in enumerate(reading.units):
            self.ways.append(unit.words)
            self.spread_weights.append(float(self.weights[place]) if self.open[place] else 0.0)
            self.covers.append(range(place, place + 1))
        for join in reading.joins:
            units = range(join.start, min(join.start + join.size, len(reading.units)))
            self.ways.append(((join.word, _JOINED),))
            self.spread_weights.append(float(self.weights[units.start : units.stop].sum()))
            self.covers.append(units)
        self.acronyms = acronyms(reading)
        self.shorts = {
            w for unit in reading.units if unit.kind != LEGAL for w in (unit.text, unit.words[0][0]) if 3 <= len(w) <= 8
        }
        self.shorts |= {join.word for join in reading.joins if 3 <= len(join.word) <= 8 and join.word.isascii()}
        if 3 <= len(self.compact) <= 8:
            self.shorts.add(self.compact)


def _words_of(index: NameIndex, ways: Ways) -> tuple[Ints, Floats]:
    """Return the words of the list that some words may be, the least near first; of a join only the nearest."""
    if len(ways) == 1:
        word, sure = ways[0]
        numbers, how = index.near.find(word, exact=sure == _JOINED and len(word) < 5)
        near = how >= (_JOIN_LEAST if sure == _JOINED else 0)
        return numbers[near], how[near] * np.float32(min(sure, 1.0))
    nearest: dict[int, float] = {}
    for word, sure in ways:
        numbers, how = index.near.find(word, exact=sure < 0.95)
        for number, value in zip(numbers.tolist(), how.tolist(), strict=True):
            nearest[number] = max(nearest.get(number, 0.0), value * sure)
    order = sorted(nearest, key=nearest.__getitem__)
    return np.asarray(order, np.int32), np.asarray([nearest[i] for i in order], np.float32)


class _Features:
    """What is compared of a name asked for and the candidates, one column per feature."""

    def __init__(self, search: Search, asked: _Asked, names: Ints, found: Floats, letters: Floats) -> None:
        self.index, self.asked, self.names, self.found = search.index, asked, names, found
        self.letters = letters
        self.word_how = search._words
        self.columns: dict[str, Any] = {}

    def table(self) -> Floats:
        """Return all features, as a table of candidates by features."""
        self._cover()
        self._cover_listed()
        self._strings()
        self._sets()
        self._context()
        table: NDArray[np.float32] = np.empty((len(self.names), len(FEATURES)), np.float32)
        for place, name in enumerate(FEATURES):
            table[:, place] = self.columns[name]
        return table

    def _cover(self) -> None:
        put, asked, found = self.columns, self.asked, self.found
        weights = asked.weights[:, None]
        gained = weights * found
        open_, core = asked.open, asked.core
        put["asked covered"] = gained[open_].sum(0) / asked.total
        core_weight = float(asked.weights[core].sum()) or 1.0
        put["asked core covered"] = gained[core].sum(0) / core_weight
        put["asked largest miss"] = (weights * (1 - found))[open_].max(0) / self.index.heaviest
        put["largest hit"] = gained[core].max(0) / self.index.heaviest
        put["weight of hits"] = np.minimum(gained[open_].sum(0) / self.index.heaviest, 4)
        put["core hits"] = np.minimum(gained[core].sum(0) / self.index.heaviest, 4)
        put["asked core weight"] = min(core_weight / self.index.heaviest, 4)
        first = int(np.flatnonzero(core)[0])
        put["first asked"] = found[first]
        put["joined"] = float(any(len(cover) > 1 for cover in asked.covers))

    def _cover_listed(self) -> None:
        """Compare from the list's side: which of the candidate's units are found in the name asked for."""
        index, names, put = self.index, self.names, self.columns
        starts, ends = index.unit_start[names], index.unit_start[names + 1]
        counts = ends - starts
        units = np.repeat(starts - np.concatenate(([0], np.cumsum(counts)[:-1])), counts) + np.arange(counts.sum())
        first, last = index.alt_start[units], index.alt_start[units + 1]
        sizes = last - first
        words = np.repeat(first - np.concatenate(([0], np.cumsum(sizes)[:-1])), sizes) + np.arange(sizes.sum())
        how = np.maximum.reduceat(self.word_how[index.unit_word[words]], np.cumsum(sizes) - sizes)
        weight, kind = index.unit_weight[units], index.unit_kind[units]
        cuts = np.cumsum(counts) - counts
        open_weight = np.where(kind < 2, weight, 0)
        core_weight = np.where(kind == 0, weight, 0)
        total, core = np.add.reduceat(open_weight, cuts), np.add.reduceat(core_weight, cuts)
        got = np.add.reduceat(open_weight * how, cuts)
        put["listed covered"] = got / np.maximum(total, 0.3)
        core_got = np.add.reduceat(core_weight * how, cuts)
        put["listed core covered"] = np.where(core > 0, core_got / np.maximum(core, 0.3), put["listed covered"])
        put["listed largest miss"] = np.maximum.reduceat(open_weight * (1 - how), cuts) / index.heaviest
        put["units listed"] = np.minimum(np.add.reduceat((kind < 2).astype(np.float32), cuts), 10) / 10
        put["first listed"] = how[cuts]
        put["units asked"] = min(int(self.asked.open.sum()), 10) / 10
        both = put["asked covered"] * put["listed covered"]
        put["both covered"] = np.sqrt(np.maximum(both, 0))
        put["lesser cover"] = np.minimum(put["asked core covered"], put["listed core covered"])

    def _strings(self) -> None:
        index, put, asked = self.index, self.columns, self.asked
        chosen = self.names.tolist()
        compact = [index.compact[i] for i in chosen]
        mine = asked.compact
        put["letters shared"] = self.letters
        put["jaro-winkler"] = cdist([mine], compact, scorer=JaroWinkler.normalized_similarity, dtype=np.float32)[0]
        put["indel"] = cdist([mine], compact, scorer=Indel.normalized_similarity, dtype=np.float32)[0]
        put["part of the other"] = cdist([mine], compact, scorer=fuzz.partial_ratio, dtype=np.float32)[0] / 100
        lines = [index.line[i] for i in chosen]
        put["words set"] = cdist([asked.line], lines, scorer=fuzz.token_set_ratio, dtype=np.float32)[0] / 100
        put["same words"] = np.asarray([line == asked.line for line in lines], np.float32)
        put["same letters"] = np.asarray([text == mine for text in compact], np.float32)
        lengths = np.asarray([len(text) for text in compact], np.float32)
        put["length asked"] = min(len(mine), 40) / 40
        put["length ratio"] = np.minimum(lengths, len(mine)) / np.maximum(np.maximum(lengths, len(mine)), 1)

    def _sets(self) -> None:
        index, put, asked = self.index, self.columns, self.asked
        chosen = self.names.tolist()
        units = asked.reading.units
        numbers = numbers_of(asked.reading)
        places = frozenset(word for unit in units if unit.kind == PLACE for word, sure in unit.words if sure == 1.0)
        legal = frozenset(unit.words[0][0] for unit in units if unit.kind == LEGAL)
        for mine, theirs, has, what in ((numbers, index.numbers, index.has_number, "number"),
                                        (places, index.places, index.has_place, "place")):  # fmt: skip
            shared, clash = self._compared(mine, theirs)
            said = has[self.names]
            put[f"{what}s shared"], put[f"{what}s clash"] = shared, clash
            put[f"{what} only asked"] = 0.0 if not mine else ~said
            put[f"{what} only listed"] = said if not mine else 0.0
        put["legal forms shared"], put["legal forms clash"] = self._compared(legal, index.legal)
        is_short = {name: len(word) for word in asked.shorts for name in index.acronyms.get(word, _NONE).tolist()}
        has_short = {name: len(word) for word in asked.acronyms for name in index.names_with(word).tolist()}
        put["is acronym"] = np.asarray([i in is_short for i in chosen], np.float32)
        put["has acronym"] = np.asarray([i in has_short for i in chosen], np.float32)
        put["length of acronym"] = np.asarray([max(is_short.get(i, 0), has_short.get(i, 0)) / 8 for i in chosen], np.float32)

    def _compared(self, mine: frozenset[str], theirs: Sequence[frozenset[str]]) -> tuple[Any, Any]:
        """Return for each candidate whether two sets share anything, and whether both say something and share nothing."""
        if not mine:
            return 0.0, 0.0
        both = [theirs[i] for i in self.names.tolist()]
        shared = [not mine.isdisjoint(other) for other in both]
        clash = [bool(other) and not same for other, same in zip(both, shared, strict=True)]
        return np.asarray(shared, np.float32), np.asarray(clash, np.float32)

    def _context(self) -> None:
        """Compare the candidates with each other: how many entries come close to the best, and how far behind each is."""
        put = self.columns
        cover = (put["asked covered"] + put["listed covered"]) / 2
        best = float(cover.max())
        close = cover >= 0.9 * best
        put["rivals"] = min(len(set(self.index.entry[self.names[close]].tolist())), 10) / 10
        put["behind the best"] = best - cover
        put["chinese"] = float(self.asked.reading.han)


_NONE: Ints = np.empty(0, np.int32)
_NOTHING: Floats = np.empty(0, np.float32)
