"""Addresses in one comparable form, and the listed addresses one may be: units, floors, buildings, streets, boxes."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from attrs import frozen

from penstock.screening.names.reading import read_name
from penstock.screening.names.writing import fold, is_han, pinyin, plain, to_latin

__all__ = ["Address", "AddressIndex", "AddressMatch", "read_address"]

_UNIT = "unit|room|rm|flat|flt|suite|ste|shop|office|workshop|apt|apartment"
_OR = "(?: ?[/i&] ?(?:rm|room|flat|unit))?"
_NO = r"\b\.? ?(?:no\.? ?|#)?"
_PARTS = (
    ("box", re.compile(r"\b(?:p\.? ?o\.? ?)?box" + _NO + r"([0-9]+[a-z0-9-]*)")),
    ("unit", re.compile(rf"\b(?:{_UNIT})s?{_OR}\.? ?(?:no\.? ?|number ?|#)?" + r"([a-z]{0,2}-?[0-9]+[a-z0-9-]*|[a-z]\b)")),
    (
        "floor",
        re.compile(r"\b([0-9]+) ?(?:st|nd|rd|th)? ?(?:/f\b|floor\b|flr\b|fl\b|f\b)|\b(?:level|floor|lv|/f|f/) ?([0-9]+)\b"),
    ),
    ("block", re.compile(r"\b(?:block|blk|tower|building|bldg|phase)" + _NO + r"([0-9]+[a-z]?|[a-z])\b(?!-)")),
)
_HAN_PARTS = (
    ("unit", re.compile(r"([a-z]?[0-9]+[a-z]?)(?:室|房|单元|铺)")),
    ("floor", re.compile(r"([0-9]+)(?:楼|层|字楼)")),
    ("block", re.compile(r"([a-z]|[0-9]+)(?:座|栋|幢|号楼|期)")),
    ("box", re.compile(r"([0-9]+)(?:号)?(?:信箱|邮政信箱)")),
)
_WORD = re.compile(r"[a-z0-9]+(?:-[0-9]+)?")
_LEAST = 0.25
_OTHER_UNIT, _NO_UNIT = 0.45, 0.8
_CANDIDATES_MAX = 60
_POSTINGS_MAX = 3000
_TEXT_MAX = 1000


class Address(NamedTuple):
    """An address: its parts by kind (box, unit, floor, block), the numbers of its streets and its other words."""

    text: str
    parts: frozenset[tuple[str, str]]
    numbers: frozenset[str]
    words: frozenset[str]


@frozen
class AddressMatch:
    """A listed address another may be: whose it is, how likely, and why."""

    owner: int
    text: str
    score: float
    why: str


@cache
def _words() -> dict[str, dict[str, str]]:
    """Return the word list by section."""
    out: dict[str, dict[str, str]] = defaultdict(dict)
    section = ""
    for line in files("penstock.screening").joinpath("data", "address_words.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            section = line[1:-1]
        elif line and not line.startswith("#"):
            word, _, stands = line.partition(" ")
            out[section][word] = "" if stands == "-" else stands
    return out


def read_address(text: str) -> Address:
    """Return an address in one comparable form, from Latin or Chinese writing.

    >>> sorted(read_address("Rm. 1204, 12/F, Ho King Comm. Ctr., 2-16 Fa Yuen St., Mong Kok, HK").parts)
    [('floor', '12'), ('unit', '1204')]
    >>> sorted(read_address("旺角花園街2-16號好景商業中心12樓1204室").parts)
    [('floor', '12'), ('unit', '1204')]
    """
    line = plain(fold(text[:_TEXT_MAX])).replace("hong kong", "hongkong").replace("new territories", "newterritories")
    line = "".join(to_latin(c) if not c.isascii() and not is_han(c) and c.isalpha() else c for c in line)
    parts: set[tuple[str, str]] = set()
    for kind, pattern in (*_HAN_PARTS, *_PARTS):
        for match in pattern.finditer(line):
            value = next((group for group in match.groups() if group), "")
            parts.add((kind, value.strip("-").replace("-", "").lstrip("0") or "0"))
        line = pattern.sub(" , ", line)
    words: list[str] = []
    for run in re.findall(r"[\u3400-\u9fff]+|[^\u3400-\u9fff]+", line):
        words += _han_words(run) if is_han(run[0]) else _WORD.findall(run.replace("'", "").replace(".", " "))
    same = [part for word in words for part in _words()["same"].get(word, word).split() if part]
    numbers = {word.lstrip("0") or "0" for word in same if word[0].isdigit()}
    return Address(text, frozenset(parts), frozenset(numbers), frozenset(w for w in same if not w[0].isdigit() and len(w) > 1))


def _han_words(run: str) -> list[str]:
    """Return Chinese characters of an address as the words English addresses use; what is no such word is read out."""
    chinese = _words()["chinese"]
    out: list[str] = []
    rest = ""
    i = 0
    while i < len(run):
        term = next((run[i : i + n] for n in (3, 2, 1) if run[i : i + n] in chinese), "")
        if term:
            out += _named(rest)
            rest = ""
            out += chinese[term].split()
        else:
            rest += run[i]
        i += len(term) or 1
    return out + _named(rest)


def _named(run: str) -> list[str]:
    if not run:
        return []
    known = [word for unit in read_name(run).units for word, sure in unit.words[:1] if sure == 1.0 and word.isascii()]
    return [*known, "".join(pinyin(run))]


class AddressIndex:
    """Listed addresses by their words.

    >>> index = AddressIndex([(0, "Room 04, 16/F, Ho King Commercial Centre, 2-16 Fa Yuen St., Mong Kok, Kowloon, Hong Kong")])
    >>> match = index.find("Flat 4, 16th Floor, Ho King Comm. Center, 2-16 Fa Yuen Street, Mongkok, HK")[0]
    >>> match.owner, match.score > 0.9
    (0, True)
    >>> index.find("Flat 9, 3/F, Ho King Comm. Center, 2-16 Fa Yuen Street, Mongkok, HK")[0].why
    'same building, other unit'
    """

    def __init__(self, addresses: Iterable[tuple[int, str]]) -> None:
        self.owners: list[int] = []
        self.addresses: list[Address] = []
        posts: dict[str, list[int]] = defaultdict(list)
        for owner, text in addresses:
            address = read_address(text)
            for word in self._keys(address):
                posts[word].append(len(self.addresses))
            self.owners.append(owner)
            self.addresses.append(address)
        self.posts = dict(posts)
        self.heaviest = math.log(2 + len(self.addresses))

    @staticmethod
    def _keys(address: Address) -> set[str]:
        """Return what an address is found by: its words, neighbors written as one, and its numbers."""
        return {*address.words, *address.numbers, *(f"{kind} {value}" for kind, value in address.parts if kind == "box")}

    def _weight(self, word: str) -> float:
        return math.log(1 + (1 + len(self.addresses)) / (1 + len(self.posts.get(word, ())))) * (
            0.3 if word in _words()["plain"] else 1.0
        )

    def find(self, text: str, *, top: int = 20) -> list[AddressMatch]:
        """Return the listed addresses a text may be, the likeliest first."""
        asked = read_address(text)
        weights = {word: self._weight(word) for word in self._keys(asked)}
        total = sum(weights.values())
        if not total or not self.addresses:
            return []
        gained: dict[int, float] = defaultdict(float)
        for word, weight in weights.items():
            found = self.posts.get(word, ())
            for place in found if len(found) <= _POSTINGS_MAX else ():
                gained[place] += weight
        some = sorted(gained, key=lambda place: (-gained[place], place))[:_CANDIDATES_MAX]
        matches = [match for place in some if (match := self._compare(asked, place)).score >= _LEAST]
        return sorted(matches, key=lambda match: (-match.score, match.owner))[:top]

    def _compare(self, asked: Address, place: int) -> AddressMatch:
        listed = self.addresses[place]
        shared = self._sum(asked.words & listed.words) + self._glued(asked, listed)
        cover = shared / max(1e-6, min(self._sum(asked.words), self._sum(listed.words)))
        most = shared / max(1e-6, max(self._sum(asked.words), self._sum(listed.words)))
        numbers = _agree(asked.numbers, listed.numbers)
        units = _parts_agree(asked, listed)
        strength = min(1.0, shared / (1.2 * self.heaviest))
        score = (
            6.5 * min(cover, 1)
            + 2.0 * min(most, 1)
            + 2.0 * strength
            + (1.7 if numbers > 0 else 3.0) * numbers
            + 1.8 * units
            - 8.0
        )
        kind = (
            "same address"
            if units >= 0 and numbers >= 0
            else "same building, other unit"
            if numbers >= 0
            else "same street or area"
        )
        said = " ".join(
            sorted((asked.words & listed.words) - _words()["plain"].keys(), key=lambda word: (-self._weight(word), word))[:5]
        )
        chance = 1 / (1 + math.exp(-score))
        if units < 0:
            chance = min(chance, _OTHER_UNIT)
        elif bool(_gives(asked, "unit")) != bool(_gives(listed, "unit")):
            chance, kind = min(chance, _NO_UNIT), "same building, one names no unit" if numbers >= 0 else kind
        return AddressMatch(self.owners[place], listed.text, chance, kind if units < 0 else f"{kind}: {said}")

    def _glued(self, asked: Address, listed: Address) -> float:
        """Return the weight of words that one address writes as one and the other as two."""
        total = 0.0
        for one, other in ((asked.words, listed.words), (listed.words, asked.words)):
            rest = sorted(other - one)
            for word in one - other:
                pair = next((a for a in rest if word.startswith(a) and word[len(a) :] in other), None)
                total += self._weight(word) if pair else 0.0
        return total

    def _sum(self, words: frozenset[str]) -> float:
        return sum(self._weight(word) for word in words)


def _agree(mine: frozenset[str], theirs: frozenset[str]) -> float:
    """Return 1 where numbers are shared, -1 where both give some and none is shared, 0 where one gives none."""
    if not mine or not theirs:
        return 0.0
    return 1.0 if mine & theirs or any(_within(one, other) for one in mine for other in theirs) else -1.0


def _within(one: str, other: str) -> bool:
    """Say whether a number is in a range of numbers, or two ranges overlap: 582 is in 582-592.

    >>> _within("582", "582-592"), _within("600", "582-592"), _within("12a", "10-20")
    (True, False, False)
    """
    if "-" not in one and "-" not in other:
        return False
    ends = [[int(end) for end in text.split("-")] if text.replace("-", "").isdigit() else [] for text in (one, other)]
    return bool(ends[0] and ends[1]) and ends[0][0] <= ends[1][-1] and ends[1][0] <= ends[0][-1]


def _gives(address: Address, kind: str) -> frozenset[str]:
    return frozenset(value for known, value in address.parts if known == kind)


def _parts_agree(asked: Address, listed: Address) -> float:
    """Return how boxes, units, floors and blocks agree: 1 where one agrees and none differs, -1 where one differs.

    An address may name several units: those of one side have to be among those of the other.
    """
    said = []
    for kind in ("box", "unit", "floor", "block"):
        mine, theirs = _gives(asked, kind), _gives(listed, kind)
        if mine and theirs:
            said.append(mine <= theirs or theirs <= mine)
    return 0.0 if not said else 1.0 if all(said) else -1.0
