"""A name in one comparable form: its units in order, each with the words it may appear as on a list.

A unit of a Latin name is a word.  A Chinese name is divided into terms with English renderings; what no term covers is read
out, character by character, in pinyin and as Hong Kong writes it, and the characters of such a run are also joined.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from itertools import product
from typing import NamedTuple

from penstock.screening.names.words import (
    BRAND,
    LEGAL,
    NUMBER,
    PLACE,
    WORD,
    Term,
    bare_word,
    han_terms,
    is_usual,
    kind_of,
    phrases,
    same_word,
    small_words,
)  # fmt: skip
from penstock.screening.names.writing import cantonese, fold, is_han, pinyin, plain, romaji, to_latin

__all__ = ["Join", "Reading", "Unit", "read_name"]

_PIECE = re.compile(r"[\u3040-\u30ff]+|[^\W_]+(?:['’][^\W_]+)*")
_DOTTED = re.compile(r"\b(?:[^\W\d_]\.){2,}(?:[^\W\d_]\b)?")
_FIGURES = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_NUMERAL = re.compile(r"第?[〇零一二三四五六七八九十百千]+")
_AFTER_NUMBER = (
    "研究",
    "所",
    "院",
    "厂",
    "局",
    "部",
    "大学",
    "分",
    "集团",
    "工厂",
    "号",
    "师",
    "基地",
    "设计",
    "航",
    "公司",
    "实验",
)
_ADMIN = {"省": ("province", "sheng"), "市": ("city", "shi"), "县": ("county", "xian"), "区": ("district", "qu"),
          "自治区": ("autonomous", "region"), "镇": ("town", "zhen"), "州": ("prefecture", "zhou"),
          "自治州": ("autonomous", "prefecture"), "特别行政区": ("sar",)}  # fmt: skip
_UNWRITTEN = re.compile("[wya]")
_BETWEEN = {"of", "the", "and", "for", "with", "in", "by", "s"}
_SHORT_ASIDE = re.compile(r"\(([a-z]{3,8})\)")
_NAME_MAX = 400
_TERM_MAX = 12
_SURE, _SOUND, _CANTON, _ASIDE = 1.0, 0.97, 0.88, 0.9


class Unit(NamedTuple):
    """One part of a name: how it is written, the words it may appear as with how sure each is, and its kind."""

    text: str
    words: tuple[tuple[str, float], ...]
    kind: str
    spelled: bool = False


class Join(NamedTuple):
    """Units from ``start`` on, ``size`` of them, written as one word."""

    start: int
    size: int
    word: str


class Reading(NamedTuple):
    """A name as written, its units and joins, and whether it is in Chinese characters."""

    text: str
    units: tuple[Unit, ...]
    joins: tuple[Join, ...]
    han: bool

    @property
    def compact(self) -> str:
        """Return the first words of all units that are no legal form, joined."""
        words = [unit.words[0][0].lstrip("#") for unit in self.units if unit.kind != LEGAL]
        return "".join(words) or "".join(unit.words[0][0].lstrip("#") for unit in self.units)

    @property
    def line(self) -> str:
        """Return the first words of all units that are no legal form, or of all, sorted, for measures that compare words."""
        words = sorted(unit.words[0][0].lstrip("#") for unit in self.units if unit.kind != LEGAL)
        return " ".join(words or sorted(unit.words[0][0].lstrip("#") for unit in self.units))


@lru_cache(1 << 16)
def read_name(name: str) -> Reading:
    """Return the comparable form of a name in any script; a name of 100 kB is read up to its 400th character.

    >>> [unit.words[0][0] for unit in read_name("HUAWEI Technologies Co., Ltd.").units]
    ['huawei', 'technology', 'co', 'ltd']
    >>> [unit.words[0][0] for unit in read_name("中国电子科技集团公司第五十四研究所").units]
    ['china', 'electronic', 'technology', 'group', 'corp', '#54', 'institute', 'research']
    """
    text = fold(name[: 4 * _NAME_MAX])[:_NAME_MAX]
    text = plain(_DOTTED.sub(lambda match: match[0].replace(".", ""), text) if "." in text else text).replace(
        "hong kong", "hongkong"
    )
    units: list[Unit] = []
    joins: list[Join] = []
    for piece in _pieces(text):
        if is_han(piece[0]):
            _read_han(piece, units, joins)
        else:
            units += _read_latin(piece)
    if not units:
        units.append(Unit(text, ((text or "?", _SURE),), WORD))
    _set_aside(text, units, joins)
    first = units[0]
    if first.spelled and first.words[0][0] in small_words() - _BETWEEN and not any(_telling(unit) for unit in units):
        units[0] = first._replace(kind=WORD)  # "Des International" is no "International"
    han = not text.isascii() and any(is_han(c) for c in text)
    spelled = _latin_joins(units)
    joins += _shortened(units)
    return Reading(text, tuple(units), (*joins, *spelled), han)


def _set_aside(text: str, units: list[Unit], joins: list[Join]) -> None:
    """Take a short form in parentheses that the words before it spell out of the name: it joins those words."""
    for short in _SHORT_ASIDE.findall(text) if text.isascii() and "(" in text else ():
        place = next((i for i, unit in enumerate(units) if unit.text == short and unit.spelled), 0)
        every = range(place)
        for some in (every, [i for i in every if units[i].words[0][0] not in small_words()]):
            at = "".join(units[i].text[:1] for i in some).find(short)
            if at >= 0 and len(short) <= len(some):
                joins.append(Join(some[at], some[at + len(short) - 1] - some[at] + 1, same_word(short)))
                del units[place]
                break


def _telling(unit: Unit) -> bool:
    return unit.kind not in (LEGAL, PLACE) and not is_usual(unit.words[0][0])


def _shortened(units: list[Unit]) -> list[Join]:
    """Return the short words that units in a row stand for; a row that is a legal form becomes one."""
    out = []
    for start, unit in enumerate(units):
        for words, kind, short in phrases().get(unit.words[0][0], ()):
            end = _matched(units, start, words)
            if not end:
                continue
            if kind != LEGAL:
                out += [Join(start, end - start, word) for word in short]
            elif any(rest.kind != LEGAL for rest in (*units[:start], *units[end:])):
                units[start:end] = [part._replace(kind=LEGAL) for part in units[start:end]]
    return out


def _matched(units: list[Unit], start: int, words: tuple[str, ...]) -> int:
    """Return where a row of words that begins at a unit ends, 0 where it does not stand there."""
    place = 0
    for at in range(start, len(units)):
        word = units[at].words[0][0]
        if word == words[place]:
            place += 1
            if place == len(words):
                return at + 1
        elif word not in _BETWEEN:
            return 0
    return 0


def _pieces(text: str) -> list[str]:
    """Divide text into words, and runs of Chinese characters."""
    if text.isascii():
        return _PIECE.findall(text)
    out: list[str] = []
    for piece in _PIECE.findall(text):
        run = piece[0]
        for c in piece[1:]:
            if is_han(c) != is_han(run[-1]):
                out.append(run)
                run = ""
            run += c
        out.append(run)
    return out


def _read_latin(piece: str) -> list[Unit]:
    if "\u3040" <= piece[0] <= "\u30ff":
        sound = romaji(piece)
        return [Unit(piece, ((same_word(sound), _SURE),), WORD)] if sound else []
    word = to_latin(bare_word(piece))
    if not word:
        return []
    same = same_word(word)
    ways: tuple[tuple[str, float], ...] = ((same, _SURE),)
    if "\u0600" <= piece[0] <= "\u06ff" and same == word:
        bare = word[:1] + _UNWRITTEN.sub("", word[1:])  # Arabic writes few vowels, and those as w and y
        ways += ((bare, _ASIDE),) if bare != word and len(bare) > 2 else ()
    return [Unit(word, ways, kind_of(same), True)]


def _latin_joins(units: list[Unit]) -> list[Join]:
    """Return neighboring Latin words written as one, three at a time only where they are short."""
    out = []
    for i in range(len(units) - 1):
        pair = units[i : i + 2]
        if all(unit.spelled for unit in pair) and pair[0].kind != LEGAL:
            joined = pair[0].text + pair[1].text
            if 3 < len(joined) <= 24:
                out.append(Join(i, 2, same_word(joined)))
            third = units[i + 2] if i + 2 < len(units) else None
            if third and third.spelled and len(joined) <= 10 and len(third.text) <= 6 and third.kind != LEGAL:
                out.append(Join(i, 3, same_word(joined + third.text)))
    return out


# ---- Chinese characters


def _read_han(run: str, units: list[Unit], joins: list[Join]) -> None:
    at, unknown = 0, ""
    cuts = _divide(run)
    for piece, term in cuts:
        at += len(piece)
        number = _number(piece, run[at:]) if term is None or term.kind == WORD else None
        if term is None and number is None and not _admin(piece, units, unknown):
            unknown += piece
            continue
        _read_out(unknown, units, joins)
        unknown = ""
        if number is not None:
            units.append(Unit(piece, ((f"#{number}", _SURE),), NUMBER))
        elif term is not None:
            joins += [Join(len(units), len(term.units), word) for word in (*term.whole, *_heard(term))]
            units += _of_term(term)
        else:
            units.append(Unit(piece, tuple((word, _ASIDE) for word in _ADMIN[piece]), LEGAL))
    _read_out(unknown, units, joins)


def _admin(piece: str, units: list[Unit], unknown: str) -> bool:
    return piece in _ADMIN and not unknown and bool(units) and units[-1].kind == PLACE


@cache
def _heard(term: Term) -> tuple[str, ...]:
    """Return how Hong Kong may write a place or brand that has an English name: Cheung Kong for the Yangtze."""
    if term.kind not in (PLACE, BRAND) or not 2 <= len(term.text) <= 3:
        return ()
    return tuple("".join(sounds) for sounds in product(*(cantonese(c)[:2] for c in term.text)))


def _of_term(term: Term) -> list[Unit]:
    single = len(term.units) == 1
    sound = "".join(pinyin(term.text)) if single and 2 <= len(term.text) <= 4 and term.kind != LEGAL else ""
    out = []
    for words in term.units:
        ways = [(word, _SURE) for word in words]
        if sound and sound not in words:
            ways.append((sound, _ASIDE))
        if single and len(term.text) > 1 and term.kind != LEGAL:
            ways.append((term.text, _SURE))
        kind = term.kind if term.kind in (LEGAL, PLACE) else kind_of(words[0]) if kind_of(words[0]) != PLACE else WORD
        out.append(Unit(term.text, tuple(ways), kind))
    return out


def _read_out(run: str, units: list[Unit], joins: list[Join]) -> None:
    """Add the characters that no term covers: each by its sounds, and the run and its neighbors joined."""
    if not run:
        return
    sounds = pinyin(run)
    if len(sounds) != len(run):
        sounds = [pinyin(c)[0] for c in run]
    start = len(units)
    for c, sound in zip(run, sounds, strict=True):
        ways = {sound: _SOUND} | {way: _CANTON for way in cantonese(c) if way != sound}
        units.append(Unit(c, tuple((to_latin(word) or c, sure) for word, sure in ways.items()), BRAND))
    for size in range(2, min(len(run), 4) + 1):
        for i in range(len(run) - size + 1):
            joins.append(Join(start + i, size, "".join(sounds[i : i + size])))
            joins.append(Join(start + i, size, run[i : i + size]))
    if len(run) > 4:
        joins.append(Join(start, len(run), "".join(sounds)))


def _divide(run: str) -> list[tuple[str, Term | None]]:
    """Divide a run of characters into terms so that the most is covered by the longest; single characters are left over.

    A term of one character counts only at the end of the run or before a legal form.
    """
    terms = han_terms()
    size = len(run)
    best: list[tuple[float, int, Term | None]] = [(0.0, 0, None)] * (size + 1)
    closed = {size} | {i for i in range(size) if _legal_at(run, i)}
    for i in range(size - 1, -1, -1):
        numeral = _NUMERAL.match(run, i)
        best[i] = (best[i + 1][0], i + 1, None)
        if numeral and _number(numeral[0], run[numeral.end() :]) is not None:
            best[i] = (best[numeral.end()][0] + 1.9 * len(numeral[0]), numeral.end(), None)
        for end in range(i + 1, min(size, i + _TERM_MAX) + 1):
            term = terms.get(run[i:end])
            if term is None or (end == i + 1 and (end not in closed or i == 0)):
                continue
            score = best[end][0] + 2.0 * (end - i) - 1.0
            if score > best[i][0]:
                best[i] = (score, end, term)
    out: list[tuple[str, Term | None]] = []
    i = 0
    while i < size:
        _, end, term = best[i]
        out.append((run[i:end], term))
        i = end
    return out


@cache
def _legal_terms() -> tuple[str, ...]:
    return tuple(sorted((t.text for t in han_terms().values() if t.kind == LEGAL and len(t.text) > 1), key=len, reverse=True))


def _legal_at(run: str, i: int) -> bool:
    return run.startswith(_legal_terms(), i)


def _number(numeral: str, rest: str) -> int | None:
    """Return the number a numeral states; None where the characters are part of a name.

    >>> _number("第五十四", "研究所"), _number("七〇一", "所"), _number("三", "井")
    (54, 701, None)
    """
    if not _NUMERAL.fullmatch(numeral):
        return None
    figures = numeral.lstrip("第")
    if numeral[0] != "第" and not (rest.startswith(_AFTER_NUMBER) and (len(figures) > 1 or rest.startswith(_AFTER_NUMBER[:6]))):
        return None
    if not any(c in figures for c in "十百千"):
        return int("".join(str(_FIGURES[c]) for c in figures))
    total = digit = 0
    for c in figures:
        if c in _FIGURES:
            digit = _FIGURES[c]
        else:
            total += (digit or 1) * {"十": 10, "百": 100, "千": 1000}[c]
            digit = 0
    return total + digit
