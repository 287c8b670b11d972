"""What is compared of names asked for and the names they may stand for, one column per feature.

Many names are compared at once: what numpy does for one it does for a hundred in hardly more time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz
from rapidfuzz.distance import Indel, JaroWinkler
from rapidfuzz.process import cpdist

from penstock.screening.names.index import Floats, Ints, NameIndex, acronyms, initials, numbers_of, short_words
from penstock.screening.names.reading import Reading
from penstock.screening.names.words import LEGAL, PLACE, is_usual

__all__ = ["FEATURES", "JOINED", "Asked", "Compared", "Features"]

FEATURES = (
    "asked covered", "asked core covered", "asked largest miss", "listed covered", "listed core covered", "listed largest miss",
    "largest hit", "weight of hits", "both covered", "letters shared", "jaro-winkler", "indel", "words set",
    "same words", "same letters", "is acronym", "has acronym", "length of acronym", "numbers shared", "numbers clash",
    "number only asked", "number only listed", "places shared", "places clash", "place only asked", "place only listed",
    "legal forms shared", "legal forms clash", "units asked", "units listed", "length asked", "length ratio", "first asked",
    "first listed", "rivals", "behind the best", "chinese", "joined", "lesser cover", "asked core weight", "core hits",
    "asked exactly", "listed exactly", "asked rare miss", "asked usual miss", "listed rare miss", "listed usual miss",
    "entry covered", "entry core covered", "entry largest miss", "entry names", "rest of the entry", "ahead", "names like it",
    "words set by entry", "legal only asked", "legal only listed", "asked usual", "rare hit",
    "asked in short", "listed in short",
)  # fmt: skip

JOINED = 2.0  # marks the word of a join among the ways of a unit
Ways = tuple[tuple[str, float], ...]
_EXACT = 0.99
_SHORT_MAX = 6


class Asked:
    """The name asked for, as words of the index: those of its units, then those of its joins."""

    touched: Ints

    def __init__(self, index: NameIndex, reading: Reading) -> None:
        self.reading = reading
        self.line, self.compact = reading.line, reading.compact
        self.weights = np.asarray(index.weigh(reading), np.float32)
        self.open = np.asarray([unit.kind != LEGAL for unit in reading.units], bool)
        self.core = np.asarray([unit.kind not in (LEGAL, PLACE) for unit in reading.units], bool)
        self.usual = np.asarray([is_usual(unit.words[0][0]) for unit in reading.units], bool)
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
            self.ways.append(((join.word, JOINED),))
            self.spread_weights.append(float(self.weights[units.start : units.stop].sum()))
            self.covers.append(units)
        self.core_total = float(self.weights[self.core].sum()) or 1.0
        self.acronyms = acronyms(reading)
        self.shorts = {
            w for unit in reading.units if unit.kind != LEGAL for w in (unit.text, unit.words[0][0]) if 3 <= len(w) <= 8
        }
        self.shorts |= {join.word for join in reading.joins if 3 <= len(join.word) <= 8 and join.word.isascii()}
        if 3 <= len(self.compact) <= 8:
            self.shorts.add(self.compact)


class Compared(NamedTuple):
    """A name asked for and its candidates: sorted ``names``, all names of their entries, and how well its units are found there.

    ``found`` has a row per name of the entries and a column per unit; ``place`` gives the row of each candidate, ``begins``
    the first row of each entry, ``whose`` the entry of each candidate; ``letters`` is the share of letters in common, ``row``
    that of the words reached; ``bare`` are the least scores of some candidates.
    """

    row: int
    asked: Asked
    names: Ints
    found: Floats
    place: Ints
    begins: Ints
    whose: Ints
    letters: Floats
    bare: dict[int, float]


class Features:
    """What is compared of names asked for and their candidates, one column per feature, one row per pair."""

    def __init__(self, index: NameIndex, parts: Sequence[Compared], words: Floats) -> None:
        """Take the parts, and for each how near each word of the list is (rows by parts)."""
        self.index, self.parts, self.words = index, parts, words
        self.columns: dict[str, Any] = {}
        self.counts = np.asarray([len(part.names) for part in parts])
        self.names = np.concatenate([part.names for part in parts])
        self.of = np.repeat(np.arange(len(parts)), self.counts)  # the part of each pair
        entries = np.asarray([len(part.begins) for part in parts])
        self.of_entry = np.repeat(np.arange(len(parts)), entries)
        self.entry_first = np.cumsum(entries) - entries
        self.whose = np.concatenate([part.whose for part in parts]) + self.entry_first[self.of]
        self.pair_cuts = np.flatnonzero(np.diff(self.whose, prepend=-1))  # where the pairs of each entry begin

    def table(self) -> Floats:
        """Return all features, as a table of pairs by features."""
        self._cover()
        self._cover_listed()
        self._strings()
        self._sets()
        self._shorts()
        self._context()
        table: NDArray[np.float32] = np.empty((len(FEATURES), len(self.names)), np.float32)
        for place, name in enumerate(FEATURES):
            table[place] = self.columns[name]
        return table.T

    def _of_asked(self, values: Sequence[float]) -> Floats:
        """Return a value of each name asked for, for each of its pairs."""
        return np.asarray(values, np.float32)[self.of]

    def _cover(self) -> None:
        """Compare from the asked side: which units are found in each candidate, and in any name of its entry."""
        parts, put, heaviest = self.parts, self.columns, self.index.heaviest
        units = np.asarray([len(part.asked.weights) for part in parts])
        first = np.cumsum(units) - units
        rows = np.asarray([len(part.found) for part in parts])
        cell_first = np.cumsum(rows * units) - rows * units
        cells = np.concatenate([part.found.ravel() for part in parts])
        weight, open_, core, usual = (
            np.concatenate([getattr(part.asked, name) for part in parts]) for name in ("weights", "open", "core", "usual")
        )
        open_, rare, usual, core = weight * open_, weight * (core & ~usual), weight * (core & usual), weight * core
        of, total, core_total = (
            self.of,
            *(np.asarray([getattr(part.asked, name) for part in parts], np.float32) for name in ("total", "core_total")),
        )
        place = np.concatenate([part.place for part in parts])
        at, cuts = _ranges(cell_first[of] + place * units[of], units[of])
        unit, _ = _ranges(first[of], units[of])
        found = cells[at]
        lost, exact = 1 - found, found >= _EXACT
        got, got_core = np.add.reduceat(open_[unit] * found, cuts), np.add.reduceat(core[unit] * found, cuts)
        put["asked covered"] = got / total[of]
        put["asked core covered"] = got_core / core_total[of]
        put["asked largest miss"] = np.maximum.reduceat(open_[unit] * lost, cuts) / heaviest
        put["largest hit"] = np.maximum.reduceat(core[unit] * found, cuts) / heaviest
        put["weight of hits"], put["core hits"] = np.minimum(got / heaviest, 4), np.minimum(got_core / heaviest, 4)
        put["asked exactly"] = np.add.reduceat(core[unit] * exact, cuts) / core_total[of]
        put["asked rare miss"] = np.maximum.reduceat(rare[unit] * lost, cuts) / heaviest
        put["asked usual miss"] = np.add.reduceat(usual[unit] * lost, cuts) / heaviest
        put["rare hit"] = np.maximum.reduceat(rare[unit] * found, cuts) / heaviest
        put["asked usual"] = (np.add.reduceat(usual, first) / core_total)[of]
        put["asked core weight"] = np.minimum(core_total / heaviest, 4)[of]
        put["first asked"] = found[cuts + np.asarray([int(part.asked.core.argmax()) for part in parts])[of]]
        put["joined"] = self._of_asked([any(len(cover) > 1 for cover in part.asked.covers) for part in parts])
        put["units asked"] = self._of_asked([min(int(part.asked.open.sum()), 10) / 10 for part in parts])
        self._cover_entry(cells, (open_, core, total, core_total), (units, first, rows))

    def _cover_entry(self, cells: Floats, weights: tuple[Floats, ...], sizes: tuple[NDArray[Any], ...]) -> None:
        """Compare with all names of each candidate's entry together."""
        parts, put, index = self.parts, self.columns, self.index
        (open_, core, total, core_total), (units, first, rows) = weights, sizes
        of, whose = self.of_entry, self.whose
        best = np.concatenate([np.maximum.reduceat(part.found, part.begins, axis=0).ravel() for part in parts])
        unit, cuts = _ranges(first[of], units[of])
        put["entry covered"] = (np.add.reduceat(open_[unit] * best, cuts) / total[of])[whose]
        put["entry core covered"] = (np.add.reduceat(core[unit] * best, cuts) / core_total[of])[whose]
        put["entry largest miss"] = (np.maximum.reduceat(open_[unit] * (1 - best), cuts) / index.heaviest)[whose]
        put["entry names"] = np.minimum(index.beyond[self.names] - index.first[self.names], 20) / 20
        row_of = np.repeat(np.arange(len(parts)), rows)
        unit, cuts = _ranges(first[row_of], units[row_of])
        each = np.add.reduceat(open_[unit] * (cells >= _EXACT), cuts) / total[row_of]
        begins = np.concatenate([part.begins for part in parts]) + (np.cumsum(rows) - rows)[of]
        put["rest of the entry"] = (np.add.reduceat(each, begins) / np.diff(begins, append=len(each)))[whose]

    def _cover_listed(self) -> None:
        """Compare from the list's side: which of the candidate's units are found in the name asked for."""
        index, names, put = self.index, self.names, self.columns
        counts = index.unit_start[names + 1] - index.unit_start[names]
        units, cuts = _ranges(index.unit_start[names], counts)
        sizes = index.alt_start[units + 1] - index.alt_start[units]
        words, word_cuts = _ranges(index.alt_start[units], sizes)
        rows = np.repeat(np.repeat(np.asarray([part.row for part in self.parts])[self.of], counts), sizes)
        how = np.maximum.reduceat(self.words[rows, index.unit_word[words]], word_cuts)
        weight, kind, usual = index.unit_weight[units], index.unit_kind[units], index.unit_usual[units]
        open_weight, core_weight = np.where(kind < 2, weight, 0), np.where(kind == 0, weight, 0)
        total, core = np.add.reduceat(open_weight, cuts), np.add.reduceat(core_weight, cuts)
        some = np.maximum(core, 0.3)
        put["listed covered"] = np.add.reduceat(open_weight * how, cuts) / np.maximum(total, 0.3)
        core_got = np.add.reduceat(core_weight * how, cuts)
        put["listed core covered"] = np.where(core > 0, core_got / some, put["listed covered"])
        put["listed largest miss"] = np.maximum.reduceat(open_weight * (1 - how), cuts) / index.heaviest
        lost = core_weight * (1 - how)
        put["listed rare miss"] = np.maximum.reduceat(np.where(usual, 0, lost), cuts) / index.heaviest
        put["listed usual miss"] = np.add.reduceat(np.where(usual, lost, 0), cuts) / index.heaviest
        exact = np.add.reduceat(core_weight * (how >= _EXACT), cuts)
        put["listed exactly"] = np.where(core > 0, exact / some, put["listed covered"])
        put["units listed"] = np.minimum(np.add.reduceat((kind < 2).astype(np.float32), cuts), 10) / 10
        put["first listed"] = how[cuts]
        put["both covered"] = np.sqrt(np.maximum(put["asked covered"] * put["listed covered"], 0))
        put["lesser cover"] = np.minimum(put["asked core covered"], put["listed core covered"])

    def _strings(self) -> None:
        index, put = self.index, self.columns
        chosen = self.names.tolist()
        compact, lines = [index.compact[i] for i in chosen], [index.line[i] for i in chosen]
        mine = [part.asked.compact for part in self.parts for _ in range(len(part.names))]
        asked = [part.asked.line for part in self.parts for _ in range(len(part.names))]
        put["letters shared"] = np.concatenate([part.letters for part in self.parts])
        put["jaro-winkler"] = cpdist(mine, compact, scorer=JaroWinkler.normalized_similarity, dtype=np.float32)
        put["indel"] = cpdist(mine, compact, scorer=Indel.normalized_similarity, dtype=np.float32)
        put["words set"] = cpdist(asked, lines, scorer=fuzz.token_set_ratio, dtype=np.float32) / 100
        put["words set by entry"] = np.maximum.reduceat(put["words set"], self.pair_cuts)[self.whose]
        for same, mine_is, numbers in (
            ("same words", [index.number_of_line.get(part.asked.line, -1) for part in self.parts], index.line_number),
            ("same letters", [index.number_of_compact.get(part.asked.compact, -1) for part in self.parts], index.compact_number),
        ):
            put[same] = np.asarray(mine_is)[self.of] == numbers[self.names]
        lengths, own = index.lengths[self.names], self._of_asked([len(part.asked.compact) for part in self.parts])
        put["length asked"] = np.minimum(own, 40) / 40
        put["length ratio"] = np.minimum(lengths, own) / np.maximum(np.maximum(lengths, own), 1)

    def _sets(self) -> None:
        index, put = self.index, self.columns
        units = [part.asked.reading.units for part in self.parts]
        numbers = [numbers_of(part.asked.reading) for part in self.parts]
        places = [frozenset(w for unit in some if unit.kind == PLACE for w, sure in unit.words if sure == 1.0) for some in units]
        legal = [frozenset(unit.words[0][0] for unit in some if unit.kind == LEGAL) for some in units]
        for mine, theirs, has, what, only in (
            (numbers, index.numbers, index.has_number, "numbers", "number only"),
            (places, index.places, index.has_place, "places", "place only"),
            (legal, index.legal, index.has_legal, "legal forms", "legal only"),
        ):
            asks, said = self._of_asked([bool(some) for some in mine]) > 0, has[self.names]
            shared = self._shared(mine, theirs)
            put[f"{what} shared"], put[f"{what} clash"] = shared, asks & said & ~shared
            put[f"{only} asked"], put[f"{only} listed"] = asks & ~said, said & ~asks
        short: Floats = np.zeros(len(self.names), np.float32)
        long: Floats = np.zeros(len(self.names), np.float32)
        first = 0
        for part in self.parts:
            for words, lists, out in (
                (part.asked.shorts, index.acronyms.get, short),
                (part.asked.acronyms, index.names_with, long),
            ):
                for word in words:
                    found = lists(word)
                    if found is not None and len(found):
                        at = np.minimum(np.searchsorted(part.names, found), len(part.names) - 1)
                        at = at[part.names[at] == found] + first
                        out[at] = np.maximum(out[at], len(word))
            first += len(part.names)
        put["is acronym"], put["has acronym"] = short > 0, long > 0
        put["length of acronym"] = np.maximum(short, long) / 8

    def _shared(self, mine: Sequence[frozenset[str]], theirs: Sequence[frozenset[str]]) -> NDArray[np.bool_]:
        """Return for each pair whether two sets share anything."""
        out: list[bool] = []
        for some, part in zip(mine, self.parts, strict=True):
            out += [not some.isdisjoint(theirs[i]) for i in part.names.tolist()] if some else [False] * len(part.names)
        return np.asarray(out, bool)

    def _shorts(self) -> None:
        """Compare short words of one name with the first letters of the other: SSK Zvezda, Shipbuilding Complex Zvezda."""
        index = self.index
        asked_in: list[int] = []
        listed_in: list[int] = []
        for part in self.parts:
            mine, letters = short_words(part.asked.reading), initials(part.asked.reading)
            chosen = part.names.tolist()
            if mine:
                theirs = [index.initials[i] for i in chosen]
                each = [[len(word) if word in other else 0 for other in theirs] for word in mine]
                asked_in += map(max, zip(*each, strict=True)) if len(mine) > 1 else each[0]
            else:
                asked_in += [0] * len(chosen)
            runs = {letters[i:j] for i in range(len(letters)) for j in range(i + 2, min(i + _SHORT_MAX, len(letters)) + 1)}
            listed_in += [0 if runs.isdisjoint(words := index.short_words[i]) else max(map(len, runs.intersection(words)))
                          for i in chosen]  # fmt: skip
        self.columns["asked in short"] = np.asarray(asked_in, np.float32) / _SHORT_MAX
        self.columns["listed in short"] = np.asarray(listed_in, np.float32) / _SHORT_MAX

    def _context(self) -> None:
        """Compare the candidates with each other: how many entries come close to the best, and how far behind each is."""
        put, of, whose = self.columns, self.of, self.whose
        cover = (put["asked covered"] + put["listed covered"]) / 2
        by_entry = np.maximum.reduceat(cover, self.pair_cuts)
        best = np.maximum.reduceat(by_entry, self.entry_first)
        top = by_entry >= best[self.of_entry]
        alone = np.add.reduceat(top.astype(np.int32), self.entry_first) == 1
        second = np.maximum.reduceat(np.where(top, 0, by_entry), self.entry_first)
        second = np.where(alone, second, best)
        near = np.add.reduceat((by_entry >= 0.9 * best[self.of_entry]).astype(np.float32), self.entry_first)
        put["rivals"] = (np.minimum(near, 10) / 10)[of]
        put["behind the best"] = best[of] - cover
        put["ahead"] = cover - np.where(top[whose], second[of], best[of])
        like = np.add.reduceat((cover >= 0.6 * best[of]).astype(np.float32), self.pair_cuts)
        put["names like it"] = np.minimum(like / 5, 2)[whose]
        put["chinese"] = self._of_asked([part.asked.reading.han for part in self.parts])


def _ranges(starts: NDArray[Any], counts: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the numbers from each start on, so many as each count says, and where each run begins.

    >>> _ranges(np.array([5, 0]), np.array([2, 3]))[0].tolist()
    [5, 6, 0, 1, 2]
    """
    cuts = np.cumsum(counts) - counts
    return np.repeat(starts - cuts, counts) + np.arange(int(counts.sum())), cuts
