"""The names of a list, indexed by their words, their runs of four letters and their acronyms."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from penstock.screening.names.neighbors import Neighbors
from penstock.screening.names.reading import Reading, read_name
from penstock.screening.names.words import LEGAL, PLACE, is_usual, small_words

__all__ = ["GRAM", "Listed", "NameIndex", "acronyms", "bag", "grams", "initials", "names_within", "numbers_of", "once",
           "short_words", "solid", "words_in"]  # fmt: skip

GRAM = 4
_BUCKETS = 1 << 20
_COMMON_GRAM = 600
_LEGAL_WEIGHT = 0.3
_NAMES_LEAST, _USUAL = 5000, 0.02
_ADD = 0.2  # of the largest weight, for a further character of a run that is read out

_N = TypeVar("_N", np.int32, np.int64)
Ints = NDArray[np.int32]
Floats = NDArray[np.float32]


class Listed(NamedTuple):
    """One name of an entry: the entry it belongs to, as it is written, and whether it is the main name."""

    entry: int
    text: str
    main: bool


class NameIndex:
    """Names ready to be searched.

    ``entry`` gives the entry of each name.  Postings go from a word to the names that have it; ``unit_word``, ``unit_start``
    and ``unit_weight`` hold the words and weights of the units of each name, ``alt_start`` where the words of a unit begin.

    >>> index = NameIndex([Listed(0, "Huawei Technologies", True), Listed(1, "ZTE Corporation", True)])
    >>> index.texts, index.entry.tolist(), index.names_with("huawei").tolist()
    (['Huawei Technologies', 'ZTE Corporation'], [0, 1], [0])
    """

    def __init__(self, names: Iterable[Listed]) -> None:
        listed = [
            Listed(name.entry, text, name.main and not i)
            for name in sorted(names, key=lambda name: name.entry)
            for i, text in enumerate((name.text, *names_within(name.text)))
        ]
        self.texts = [name.text for name in listed]
        self.entry = np.asarray([name.entry for name in listed], np.int32)
        self.main = np.asarray([name.main for name in listed], bool)
        self.size = len(listed)
        self.first = np.searchsorted(self.entry, self.entry).astype(np.int32)
        self.beyond = np.searchsorted(self.entry, self.entry, side="right").astype(np.int32)
        readings = [read_name(text) for text in self.texts]
        self._count(readings)
        self._post(readings)
        self.compact = [reading.compact for reading in readings]
        self.lengths = np.asarray([len(text) for text in self.compact], np.float32)
        self.line = [reading.line for reading in readings]
        self.number_of_line, self.line_number = _numbered(self.line)
        self.number_of_compact, self.compact_number = _numbered(self.compact)
        self.numbers = [numbers_of(reading) for reading in readings]
        self.places = [frozenset(u.words[0][0] for u in reading.units if u.kind == PLACE) for reading in readings]
        self.has_number = np.asarray([bool(found) for found in self.numbers], bool)
        self.has_place = np.asarray([bool(found) for found in self.places], bool)
        self.legal = [frozenset(u.words[0][0] for u in reading.units if u.kind == LEGAL) for reading in readings]
        self.initials = [initials(reading) for reading in readings]
        self.short_words = [frozenset(short_words(reading)) for reading in readings]
        self.has_legal = np.asarray([bool(found) for found in self.legal], bool)
        self._grams()
        self._shorts(readings)

    def _count(self, readings: Sequence[Reading]) -> None:
        """Number the words and weigh them: the fewer names have one, the more it says."""
        count = Counter(word for reading in readings for word in {word for unit in reading.units for word, _ in unit.words})
        joined = {join.word for reading in readings for join in reading.joins}
        unseen = max(0, _NAMES_LEAST - self.size)  # a short list says little of how common words are; the word list helps
        size = self.size + unseen
        self.heaviest = math.log(1 + size)
        self.near = Neighbors([*count, *sorted(joined - count.keys())], sure=len(count))
        weights = np.full(len(self.near.words), self.heaviest, np.float32)
        weights[: len(count)] = [
            math.log(1 + size / (1 + n + (unseen * _USUAL if is_usual(word) else 0))) for word, n in count.items()
        ]
        self.weights = np.maximum(weights, 0.5)

    def weigh(self, reading: Reading) -> list[float]:
        """Return the weight of each unit of a name: by its commonest word, little for legal forms, shared in a run read out."""
        out = []
        run = sum(unit.kind == "brand" for unit in reading.units)
        for unit in reading.units:
            if unit.kind == LEGAL:
                out.append(_LEGAL_WEIGHT)
            elif unit.kind == "brand":
                out.append(self.heaviest * (1 + _ADD * (run - 1)) / run)
            else:
                found = [self.near.number.get(word) for word, sure in unit.words if sure == 1.0]
                known = [float(self.weights[i]) for i in found if i is not None]
                out.append(min(known) if known else self.heaviest)
        return out

    def _post(self, readings: Sequence[Reading]) -> None:
        number = self.near.number
        words: list[int] = []
        alt_start, unit_start, weights, kinds, usual = [0], [0], [], [], []
        posts_word: list[int] = []
        posts_name: list[int] = []
        for name, reading in enumerate(readings):
            extra: dict[int, list[int]] = defaultdict(list)
            for join in reading.joins:
                for covered in range(join.start, min(join.start + join.size, len(reading.units))):
                    extra[covered].append(number[join.word])
            for place, unit in enumerate(reading.units):
                of_unit = [number[word] for word, _ in unit.words]
                of_unit += extra[place]
                words += of_unit
                alt_start.append(len(words))
                if unit.kind != LEGAL:
                    posts_word += of_unit
                    posts_name += [name] * len(of_unit)
                usual.append(is_usual(unit.words[0][0]))
                kinds.append(2 if unit.kind == LEGAL else 1 if unit.kind == PLACE else 0)
            weights += self.weigh(reading)
            unit_start.append(len(kinds))
        self.unit_word, self.alt_start = np.asarray(words, np.int32), np.asarray(alt_start, np.int64)
        self.unit_start = np.asarray(unit_start, np.int64)
        self.unit_weight, self.unit_kind = np.asarray(weights, np.float32), np.asarray(kinds, np.int8)
        self.unit_usual = np.asarray(usual, bool)
        key = once(np.asarray(posts_word, np.int64) * max(1, self.size) + np.asarray(posts_name, np.int64))
        self.post_name = (key % max(1, self.size)).astype(np.int32)
        self.post_start = np.searchsorted(key // max(1, self.size), np.arange(len(self.near.words) + 1))
        open_ = np.where(self.unit_kind < 2, self.unit_weight, 0)
        total = np.concatenate(([0.0], np.cumsum(open_, dtype=np.float64)))
        self.total = np.maximum(total[self.unit_start[1:]] - total[self.unit_start[:-1]], 0.5).astype(np.float32)

    def names_with(self, word: str) -> Ints:
        """Return the names that have a word."""
        number = self.near.number.get(word)
        return _EMPTY if number is None else self.post_name[self.post_start[number] : self.post_start[number + 1]]

    def _grams(self) -> None:
        runs, counts = _runs([_framed(text) for text in self.compact])
        key = once(runs.astype(np.int64) * max(1, self.size) + np.repeat(np.arange(self.size), counts))
        self.gram_name = (key % max(1, self.size)).astype(np.int32)
        buckets = key // max(1, self.size)
        self.gram_start = np.searchsorted(buckets, np.arange(_BUCKETS + 1))
        often = np.diff(self.gram_start)
        self.gram_weight = np.where(often > _COMMON_GRAM, 0, np.log1p(self.size / (1 + often))).astype(np.float32)
        square = np.bincount(self.gram_name, self.gram_weight[buckets] ** 2, self.size)
        self.gram_norm = np.sqrt(np.maximum(square, 1e-6)).astype(np.float32)

    def _shorts(self, readings: Sequence[Reading]) -> None:
        self.exact: dict[str, list[int]] = defaultdict(list)
        self.bare: dict[str, list[int]] = defaultdict(list)  # names that say little beside legal forms, by all their letters
        shorts: dict[str, list[int]] = defaultdict(list)
        for name, reading in enumerate(readings):
            self.exact[self.line[name]].append(name)
            self.exact[reading.text].append(name)
            if sum(unit.kind != LEGAL for unit in reading.units) <= _OPEN_MAX:
                for key in dict.fromkeys((bag(words_in(reading.text)), solid(reading.text))):
                    self.bare[key].append(name)
            for short in acronyms(reading):
                shorts[short].append(name)
        self.acronyms = dict(shorts)


_EMPTY = np.empty(0, np.int32)


def once(numbers: NDArray[_N]) -> NDArray[_N]:
    """Return numbers sorted, each once; the array given is sorted, too. Of few numbers numpy's own takes much longer.

    >>> once(np.array([3, 1, 3])).tolist()
    [1, 3]
    """
    numbers.sort()
    keep = np.empty(len(numbers), bool)
    keep[:1] = True
    np.not_equal(numbers[1:], numbers[:-1], out=keep[1:])
    return numbers[keep]


def _numbered(texts: Sequence[str]) -> tuple[dict[str, int], Ints]:
    """Number texts, those that are equal alike; return the number of each text, and those of all of them."""
    numbers: dict[str, int] = {}
    return numbers, np.asarray([numbers.setdefault(text, len(numbers)) for text in texts], np.int32)


def grams(text: str) -> Ints:
    """Return the runs of four letters of a compact name as numbers of buckets.

    >>> len(grams("huawei")), len(grams("ab"))
    (5, 1)
    """
    return np.asarray(sorted(set(_runs([_framed(text)])[0].tolist())), np.int32)


def _framed(text: str) -> bytes:
    """Return the letters of a name between marks of its two ends."""
    return f"^{text}$".encode().ljust(GRAM, b"_")


def _runs(names: Sequence[bytes]) -> tuple[Ints, NDArray[np.int64]]:
    """Return the buckets of all runs of four letters of names, one name after the other, and how many runs each has."""
    counts = np.asarray([len(name) for name in names], np.int64) - GRAM + 1
    letters = np.frombuffer(b"".join(names), np.uint8).astype(np.uint64)
    mixed = letters[: max(0, len(letters) - GRAM + 1)].copy()
    for i in range(1, GRAM):
        mixed *= np.uint64(0x9E3779B1)
        mixed += letters[i : len(mixed) + i]
    mixed *= np.uint64(0x9E3779B97F4A7C15)
    mixed >>= np.uint64(44)
    if len(names) > 1:  # what runs over the end of a name is none of its runs
        ends = np.cumsum(counts)
        mixed = mixed[np.repeat(np.arange(len(names)) * (GRAM - 1), counts) + np.arange(int(ends[-1]))]
    return mixed.astype(np.int32), counts


def words_in(text: str) -> list[str]:
    """Return the words of a folded name as they stand, legal forms and small words among them.

    >>> words_in("pte ooo, ltd"), bag(["pte", "ooo"]), solid("s m g")
    (['pte', 'ooo', 'ltd'], 'ooo pte', ' smg')
    """
    return _WORDS.findall(text)


def bag(words: Sequence[str]) -> str:
    """Return words in any order as one key."""
    return " ".join(sorted(words))


def solid(text: str) -> str:
    """Return the letters and figures of a folded name as one key, which is no key of words."""
    return " " + "".join(_WORDS.findall(text))


def acronyms(reading: Reading) -> set[str]:
    """Return the first letters of a name's words, with and without places and legal forms, where there are at least three.

    >>> sorted(acronyms(read_name("China Electronics Technology Group Corporation")))
    ['cetg', 'cetgc', 'cetgco']
    """
    units = [(unit.text if unit.spelled else unit.words[0][0], unit.kind) for unit in reading.units]
    while units and units[0][1] == LEGAL:
        units.pop(0)
    every = [(word, kind) for word, kind in units if word not in _SMALL]
    chosen = (
        every,
        [(word, kind) for word, kind in units if kind != LEGAL],
        [(word, kind) for word, kind in every if kind != LEGAL or word.startswith(("group", "gr"))],
        [(word, kind) for word, kind in every if kind != PLACE],
        [(word, kind) for word, kind in units if kind not in (LEGAL, PLACE)],
    )
    found = {"".join(word[0] for word, _ in words if word) for words in chosen}
    if any(kind == LEGAL and word.startswith("co") for word, kind in units):
        found |= {"".join(word[0] for word, kind in words if word and kind != LEGAL) + "co" for words in chosen[1:2]}
    return {short for short in found if 3 <= len(short) <= 8 and short.isascii() and short.isalpha()}


def initials(reading: Reading) -> str:
    """Return the first letters of a name's words in their order, without small words.

    >>> initials(read_name("Shipbuilding Complex of Zvezda"))
    'scz'
    """
    return "".join(unit.text[:1] for unit in reading.units if unit.spelled and unit.words[0][0] not in small_words())


def short_words(reading: Reading) -> tuple[str, ...]:
    """Return the words of a name that may be short forms of several: two to six letters that mean nothing by themselves.

    >>> short_words(read_name("SSK Zvezda Ltd"))
    ('ssk', 'zvezda')
    """
    return tuple(unit.text for unit in reading.units if unit.spelled and 2 <= len(unit.text) <= _SHORT_MAX
                 and unit.text.isalpha() and unit.kind not in (LEGAL, PLACE) and not is_usual(unit.words[0][0]))  # fmt: skip


def names_within(text: str) -> list[str]:
    """Return the names that a listed name holds beside the whole: those divided by "a.k.a." and those with parentheses.

    >>> names_within("Corezing International -AKA- Corezing Tech Pte Ltd"), names_within("Wing Tat (HK) Ltd")
    (['Corezing International', 'Corezing Tech Pte Ltd'], [])
    >>> names_within("Samsan Industries (Haji Brothers) Ltd.")
    ['Samsan Industries Ltd.', 'Haji Brothers']
    """
    parts = [part for part in (piece.strip(" ,;-()") for piece in _ALSO.split(text)) if len(part) >= _PART_LEAST]
    out = parts if len(parts) > 1 else []
    for part in parts:
        aside = _ASIDE.search(part)
        said = aside[1].strip() if aside else ""
        if aside is None or not any(_says(unit.kind, unit.words[0][0]) for unit in read_name(said).units):
            continue
        rest = " ".join(f"{part[: aside.start()]} {part[aside.end() :]}".split())
        out += [name for name in (rest, said) if len(name) >= _PART_LEAST]
    return list(dict.fromkeys(name for name in out if name != text))


def _says(kind: str, word: str) -> bool:
    return kind not in (LEGAL, PLACE) and not is_usual(word)


_ALSO = re.compile(
    r"[\s,;(-]+(?:a\.?k\.?a\.?s?|f\.?k\.?a\.?|[afn]/k/a|d\.?b\.?a\.?|d/b/a|t/a|trading as|doing business as|also known as|"
    r"formerly(?: known as)?|now known as)(?:[\s,:;-]+|$)",
    re.IGNORECASE,
)
_ASIDE = re.compile(r"\(([^()]*)\)")
_WORDS = re.compile(r"[^\W_]+")
_OPEN_MAX = 2  # words that are no legal form, up to which a name is kept by its letters too
_PART_LEAST = 4
_SHORT_MAX = 6
_SMALL = {"of", "and", "the", "for", "de", "la", "&", "ltd", "co", "inc"}


def numbers_of(reading: Reading) -> frozenset[str]:
    """Return the numbers a name states.

    >>> numbers_of(read_name("54th Research Institute"))
    frozenset({'#54'})
    """
    return frozenset(word for unit in reading.units for word, _ in unit.words if word[0] == "#")
