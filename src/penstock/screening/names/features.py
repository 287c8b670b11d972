"""What is compared of a name asked for and the names it may stand for, one column per feature."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz
from rapidfuzz.distance import Indel, JaroWinkler
from rapidfuzz.process import cdist

from penstock.screening.names.index import Floats, Ints, NameIndex, acronyms, initials, numbers_of, short_words
from penstock.screening.names.reading import Reading
from penstock.screening.names.words import LEGAL, PLACE, is_usual

__all__ = ["FEATURES", "JOINED", "Asked", "Features"]

FEATURES = (
    "asked covered", "asked core covered", "asked largest miss", "listed covered", "listed core covered", "listed largest miss",
    "largest hit", "weight of hits", "both covered", "letters shared", "jaro-winkler", "indel", "part of the other", "words set",
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
Entries = tuple[Floats, Ints, Ints]  # how well units are found in all names of the entries, where each begins, and whose is whose
_EXACT = 0.99


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
        self.acronyms = acronyms(reading)
        self.shorts = {
            w for unit in reading.units if unit.kind != LEGAL for w in (unit.text, unit.words[0][0]) if 3 <= len(w) <= 8
        }
        self.shorts |= {join.word for join in reading.joins if 3 <= len(join.word) <= 8 and join.word.isascii()}
        if 3 <= len(self.compact) <= 8:
            self.shorts.add(self.compact)


class Features:
    """What is compared of a name asked for and the candidates, one column per feature."""

    def __init__(
        self, index: NameIndex, asked: Asked, names: Ints, found: Floats, letters: Floats, word_how: Floats, entries: Entries
    ) -> None:
        self.index, self.asked, self.names, self.found = index, asked, names, found
        self.letters, self.word_how, self.entries = letters, word_how, entries
        self.columns: dict[str, Any] = {}

    def table(self) -> Floats:
        """Return all features, as a table of candidates by features."""
        self._cover()
        self._cover_entry()
        self._cover_listed()
        self._strings()
        self._sets()
        self._shorts()
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
        lost = weights * (1 - found)
        rare, usual = core & ~asked.usual, core & asked.usual
        heaviest = self.index.heaviest
        put["asked exactly"] = (weights * (found >= _EXACT))[core].sum(0) / core_weight
        put["asked rare miss"] = lost[rare].max(0) / heaviest if rare.any() else 0.0
        put["asked usual miss"] = lost[usual].sum(0) / heaviest if usual.any() else 0.0
        put["rare hit"] = gained[rare].max(0) / heaviest if rare.any() else 0.0
        put["asked usual"] = float(asked.weights[usual].sum()) / core_weight
        first = int(np.flatnonzero(core)[0])
        put["first asked"] = found[first]
        put["joined"] = float(any(len(cover) > 1 for cover in asked.covers))

    def _cover_entry(self) -> None:
        """Compare with all names of each candidate's entry together, and with the best of its other names."""
        put, asked = self.columns, self.asked
        wider, cuts, own = self.entries
        weights = asked.weights[:, None]
        best = np.maximum.reduceat(wider, cuts, axis=1)
        core_weight = float(asked.weights[asked.core].sum()) or 1.0
        gained = weights * best
        put["entry covered"] = (gained[asked.open].sum(0) / asked.total)[own]
        put["entry core covered"] = (gained[asked.core].sum(0) / core_weight)[own]
        put["entry largest miss"] = ((weights * (1 - best))[asked.open].max(0) / self.index.heaviest)[own]
        put["entry names"] = np.minimum(self.index.beyond[self.names] - self.index.first[self.names], 20) / 20
        each = (weights * (wider >= _EXACT))[asked.open].sum(0) / asked.total
        put["rest of the entry"] = (np.add.reduceat(each, cuts) / np.diff(np.append(cuts, wider.shape[1])))[own]

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
        weight, kind, usual = index.unit_weight[units], index.unit_kind[units], index.unit_usual[units]
        cuts = np.cumsum(counts) - counts
        open_weight = np.where(kind < 2, weight, 0)
        core_weight = np.where(kind == 0, weight, 0)
        total, core = np.add.reduceat(open_weight, cuts), np.add.reduceat(core_weight, cuts)
        got = np.add.reduceat(open_weight * how, cuts)
        put["listed covered"] = got / np.maximum(total, 0.3)
        core_got = np.add.reduceat(core_weight * how, cuts)
        put["listed core covered"] = np.where(core > 0, core_got / np.maximum(core, 0.3), put["listed covered"])
        put["listed largest miss"] = np.maximum.reduceat(open_weight * (1 - how), cuts) / index.heaviest
        lost = core_weight * (1 - how)
        put["listed rare miss"] = np.maximum.reduceat(np.where(usual, 0, lost), cuts) / index.heaviest
        put["listed usual miss"] = np.add.reduceat(np.where(usual, lost, 0), cuts) / index.heaviest
        exact = np.add.reduceat(core_weight * (how >= _EXACT), cuts)
        put["listed exactly"] = np.where(core > 0, exact / np.maximum(core, 0.3), put["listed covered"])
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
        put["words set by entry"] = _best_by(put["words set"], self.entries[2])
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
        said = index.has_legal[self.names]
        put["legal only asked"], put["legal only listed"] = (~said, 0.0) if legal else (0.0, said)
        is_short = {name: len(word) for word in asked.shorts for name in index.acronyms.get(word, _NONE).tolist()}
        has_short = {name: len(word) for word in asked.acronyms for name in index.names_with(word).tolist()}
        put["is acronym"] = np.asarray([i in is_short for i in chosen], np.float32)
        put["has acronym"] = np.asarray([i in has_short for i in chosen], np.float32)
        put["length of acronym"] = np.asarray([max(is_short.get(i, 0), has_short.get(i, 0)) / 8 for i in chosen], np.float32)

    def _shorts(self) -> None:
        """Compare short words of one name with the first letters of the other: SSK Zvezda, Shipbuilding Complex Zvezda."""
        index, asked, chosen = self.index, self.asked, self.names.tolist()
        mine, letters = short_words(asked.reading), initials(asked.reading)
        asked_in: Floats = np.zeros(len(chosen), np.float32)
        theirs = [index.initials[i] for i in chosen] if mine else []
        for word in mine:
            np.maximum(asked_in, [len(word) if word in other else 0 for other in theirs], out=asked_in)
        shorts = {letters[i:j] for i in range(len(letters)) for j in range(i + 2, min(i + 7, len(letters) + 1))}
        listed_in = [0 if shorts.isdisjoint(words := index.short_words[i]) else max(len(word) for word in shorts.intersection(words))
                     for i in chosen]  # fmt: skip
        self.columns["asked in short"] = asked_in / 6
        self.columns["listed in short"] = np.asarray(listed_in, np.float32) / 6

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
        own = self.entries[2]
        by_entry = np.zeros(len(self.entries[1]), np.float32)
        np.maximum.at(by_entry, own, cover)
        order = np.sort(by_entry)
        best, second = float(order[-1]), float(order[-2]) if len(order) > 1 else 0.0
        put["rivals"] = min(int((by_entry >= 0.9 * best).sum()), 10) / 10
        put["behind the best"] = best - cover
        put["ahead"] = cover - np.where(by_entry[own] >= best, second, best)
        put["names like it"] = (np.bincount(own, cover >= 0.6 * best)[own] / 5).clip(0, 2)
        put["chinese"] = float(self.asked.reading.han)


_NONE: Ints = np.empty(0, np.int32)


def _best_by(values: Floats, own: Ints) -> Floats:
    """Return for each value the largest of its group."""
    best = np.zeros(int(own.max()) + 1, np.float32)
    np.maximum.at(best, own, values)
    return np.asarray(best[own], np.float32)
