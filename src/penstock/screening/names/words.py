"""The words of company names: which mean the same, which are legal forms or places, and the English of Chinese ones."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

from attrs import frozen

from penstock.screening.names.spelling import stem
from penstock.screening.names.writing import pinyin

__all__ = ["BRAND", "LEGAL", "NUMBER", "PLACE", "WORD", "Term", "bare_word", "han_terms", "is_usual", "kind_of", "phrases",
           "same_word", "small_words"]  # fmt: skip

LEGAL, PLACE, NUMBER, WORD, BRAND = "legal", "place", "number", "word", "brand"
_INFLECTED, _SMALL, _BENT_LEAST = "inflected", "small", 5
_ORDINAL = re.compile(r"([0-9]+)(?:st|nd|rd|th)")
_TENS = {"twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90}


@frozen
class Term:
    """A term in Chinese characters with its rendering: units, each with the words it may be called, and its kind.

    ``whole`` are words that stand for all the units together, such as an acronym.
    """

    text: str
    kind: str
    units: tuple[tuple[str, ...], ...]
    whole: tuple[str, ...] = ()


def _lines(name: str) -> Iterator[tuple[str, str]]:
    """Yield the lines of a word list, each with the section it stands in."""
    section = ""
    for line in files("penstock.screening.names").joinpath("data", name).read_text(encoding="utf-8").splitlines():
        line = line.strip()
        if line.startswith("[") and line.endswith("]"):
            section = line[1:-1]
        elif line and not line.startswith("#"):
            yield section, line


@cache
def _latin() -> tuple[dict[str, str], dict[str, str]]:
    """Return the word that stands for each word, and the kind of those that have one."""
    same: dict[str, str] = {}
    kinds: dict[str, str] = {}
    for section, line in _lines("latin_words.txt"):
        words = [bare_word(word) for word in line.split()]
        for word in words:
            same.setdefault(word, same.get(words[0], words[0]))
            if section not in (WORD, BRAND, _INFLECTED):
                kinds.setdefault(word, LEGAL if section == _SMALL else section)
    for _, line in _lines("han_places.txt"):
        term, *given = line.split()
        for word in given or ["".join(pinyin(term))]:
            for one in word.split("/"):
                kinds.setdefault(bare_word(one), PLACE)
    return same, kinds


@cache
def _inflected() -> dict[str, str]:
    """Return the word that stands for each stem of a word that is bent."""
    same = _latin()[0]
    out: dict[str, str] = {}
    for section, line in _lines("latin_words.txt"):
        if section == _INFLECTED:
            head, *words = line.split()
            for word in words:
                out.setdefault(stem(word), same.get(head, head))
    return out


@cache
def phrases() -> dict[str, list[tuple[tuple[str, ...], str, tuple[str, ...]]]]:
    """Return by its first word each run of words that short words stand for: its words, its kind and the short words.

    >>> phrases()["design"][0]
    (('design', 'bureau'), 'word', ('kb', 'db'))
    """
    out: dict[str, list[tuple[tuple[str, ...], str, tuple[str, ...]]]] = {}
    for section, line in _lines("latin_phrases.txt"):
        short, _, long = line.partition(" = ")
        words = tuple(same_word(word) for word in long.split())
        out.setdefault(words[0], []).append((words, section, tuple(same_word(word) for word in short.split())))
    for found in out.values():
        found.sort(key=lambda phrase: -len(phrase[0]))
    return out


def bare_word(word: str) -> str:
    """Return a word without apostrophes, hyphens and dots.

    >>> bare_word("xi'an")
    'xian'
    """
    return word.replace("'", "").replace("-", "").replace(".", "").replace("’", "")


@cache
def same_word(word: str) -> str:
    """Return the word that stands for a word and all its variants; a number as its figures after ``#``.

    >>> same_word("technologies"), same_word("54th"), same_word("second"), same_word("valves"), same_word("huawei")
    ('technology', '#54', '#2', 'valve', 'huawei')
    """
    same, kinds = _latin()
    if "0" <= word[0] <= "9":
        ordinal = _ORDINAL.fullmatch(word)
        return "#" + (ordinal[1] if ordinal else word).lstrip("0") if ordinal or word.isdigit() else word
    if word in _TENS:
        return f"#{_TENS[word]}"
    if word in same:
        return "#" + same[word] if kinds.get(word) == NUMBER else same[word]
    if len(word) >= _BENT_LEAST and word.isascii():
        bent = _inflected().get(stem(word))
        if bent is not None:
            return bent
    for ending, instead in (("ies", "y"), ("s", "")):
        if len(word) > 4 and word.endswith(ending) and not word.endswith(("ss", "us", "is")):
            single = word[: -len(ending)] + instead
            return same.get(single, single)
    return word


@cache
def kind_of(word: str) -> str:
    """Return the kind of a word that stands for others: legal, place, number or word.

    >>> kind_of("ltd"), kind_of("shenzhen"), kind_of("#54"), kind_of("huawei")
    ('legal', 'place', 'number', 'word')
    """
    if word.startswith("#"):
        return NUMBER
    return _latin()[1].get(word, WORD)


@cache
def small_words() -> frozenset[str]:
    """Return the words that join others and name nobody: of, the, and.

    >>> "of" in small_words(), "ltd" in small_words()
    (True, False)
    """
    return frozenset(line.split()[0] for section, line in _lines("latin_words.txt") if section == _SMALL)


def is_usual(word: str) -> bool:
    """Say whether a word that stands for others is one of the word list: many companies have it in their names.

    >>> is_usual("technology"), is_usual("huawei")
    (True, False)
    """
    return word in _usual()


@cache
def _usual() -> frozenset[str]:
    of_terms = {
        word for term in han_terms().values() if term.kind in (LEGAL, PLACE, WORD) for unit in term.units for word in unit
    }
    brands = {bare_word(line.split()[0]) for section, line in _lines("latin_words.txt") if section == BRAND}
    return frozenset({*_latin()[0].values(), *of_terms}) - brands


@cache
def han_terms() -> dict[str, Term]:
    """Return the terms in Chinese characters by their text.

    >>> han_terms()["科技大学"].units
    (('university',), ('science',), ('technology',))
    """
    out: dict[str, Term] = {}
    for section, line in [*_lines("han_words.txt"), *((PLACE, line) for _, line in _lines("han_places.txt"))]:
        text, *given = line.split()
        kind = section if section in (LEGAL, PLACE, BRAND) else WORD
        parts = [unit.split("/") for unit in given if not unit.startswith("=")]
        units = tuple(tuple(dict.fromkeys(same_word(bare_word(word)) for word in part)) for part in parts)
        whole = tuple(unit[1:] for unit in given if unit.startswith("="))
        out.setdefault(text, Term(text, kind, units or (("".join(pinyin(text)),),), whole))
    return out
