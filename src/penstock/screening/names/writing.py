"""What a name is written in: one plain form of its characters, and the sounds of those that are not Latin.

Chinese characters are folded to their simplified form, Japanese ones included, so that 華為, 华为 and 気/氣/气 meet.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from importlib.resources import files

__all__ = ["cantonese", "fold", "is_han", "pinyin", "plain", "romaji", "to_latin"]

_DROPPED = {"Cf", "Cc", "Cs", "Co", "Cn"}  # marks of direction, joiners, controls: no part of a name
_SPACE = re.compile(r"\s+")
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f]")
_KEPT = "々〇"

_GLIDES = {"ャ": "ya", "ュ": "yu", "ョ": "yo"}

# Jyutping to what Hong Kong writes: initials, then finals with the spellings in use.
_INITIALS = {"b": "p b", "d": "t d", "g": "k g", "gw": "kw gw", "z": "ch ts", "c": "ch ts", "j": "y", "kw": "kw"}
_FINALS = {
    "aa": "a ah", "aai": "ai", "aau": "au", "aam": "am", "aan": "an", "aang": "ang", "aap": "ap", "aat": "at",
    "aak": "ak",
    "am": "am um", "an": "an un", "ap": "ap up", "at": "at ut", "e": "e eh",
    "ei": "ei ee i ay ai", "eng": "eng ing", "i": "i ee ze z",
    "ou": "o ou", "oe": "oe", "oeng": "eung", "oek": "euk", "eoi": "ui", "eon": "un", "eot": "ut", "u": "u oo", "un": "un oon",
    "yu": "yu ue u", "yun": "uen yuen un", "yut": "uet yuet",
}  # fmt: skip
_JYUTPING = re.compile(r"(gw|kw|ng|[bpmfdtnlgkhzcswj])?([a-z]+)")


@cache
def _sounds() -> dict[str, str]:
    text = files("penstock.screening.names").joinpath("data", "kana.txt").read_text(encoding="utf-8")
    return dict(line.split() for line in text.splitlines() if not line.startswith("#"))


def is_han(character: str) -> bool:
    """Say whether a character is a Chinese one.

    >>> is_han("华"), is_han("カ"), is_han("h")
    (True, False, False)
    """
    return _HAN.match(character) is not None or character in _KEPT


def fold(text: str) -> str:
    """Return a name in compatible, lower-case characters, without marks of direction, controls and spare blanks.

    >>> fold("\u202eHUAWEI\u200b　Technologies，Ｌｔｄ")
    'huawei technologies,ltd'
    """
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
        text = "".join(" " if c in "\t\n\r\v\f" else c for c in text if c in "\t\n\r" or unicodedata.category(c) not in _DROPPED)
    return _SPACE.sub(" ", text.casefold()).strip()


def plain(text: str) -> str:
    """Return folded text with every Chinese character in its simplified form.

    >>> plain("華為技術"), plain("広島電気"), plain("深圳市")
    ('华为技术', '广岛电气', '深圳市')
    """
    return text if text.isascii() else "".join(_simple(c) if is_han(c) else c for c in text)


@cache
def _simple(character: str) -> str:
    """Return the simplified form of one character; one that simplified Chinese uses already stays as it is."""
    try:
        character.encode("gb2312")
        return character
    except UnicodeEncodeError:
        from_japanese, to_simple = _converters()
        return str(to_simple.convert(from_japanese.convert(character)))[:1] or character


@cache
def _converters() -> tuple[_Converter, _Converter]:
    from opencc import OpenCC

    return OpenCC("jp2t"), OpenCC("t2s")


class _Converter:
    """What is used of OpenCC."""

    def convert(self, text: str) -> str:
        """Return the text in other characters."""
        raise NotImplementedError


def pinyin(characters: str) -> list[str]:
    """Return the syllable of each character, without tones.

    >>> pinyin("华为"), pinyin("重庆")
    (['hua', 'wei'], ['chong', 'qing'])
    """
    from pypinyin import lazy_pinyin

    return [syllable.replace("ü", "v").replace("v", "u") for syllable in lazy_pinyin(characters)]


@cache
def cantonese(character: str) -> tuple[str, ...]:
    """Return how Hong Kong writes the sound of a character, the usual spelling first.

    >>> cantonese("永"), cantonese("張")[0], cantonese("黃")
    (('wing',), 'cheung', ('wong',))
    """
    from ToJyutping import get_jyutping_list

    sound = (get_jyutping_list(character)[0][1] or "").rstrip("123456")
    match = _JYUTPING.fullmatch(sound)
    if match is None:
        return ()
    initial, final = match[1] or "", match[2]
    heads = _INITIALS.get(initial, initial).split() or [""]
    if initial == "j" and final.startswith("yu"):
        heads, tails = [""], ["yu" + rest for rest in (["", "e"] if final == "yu" else ["e" + final[2:], final[2:]])]
    else:
        tails = _FINALS.get(final, final).split()
    return tuple(dict.fromkeys(head + tail for head in heads for tail in tails))[:6]


def romaji(kana: str) -> str:
    """Return kana in Latin letters, long vowels short.

    >>> romaji("トヨタ"), romaji("しゃっくり"), romaji("ルネサス")
    ('toyota', 'shakkuri', 'runesasu')
    """
    out: list[str] = []
    double = False
    for c in kana:
        c = chr(ord(c) + 0x60) if "ぁ" <= c <= "ゖ" else c
        if c in "ッ":
            double = True
            continue
        if c in _GLIDES and out:
            head = out.pop()[:-1]
            sound = head + (_GLIDES[c][1:] if head in ("sh", "ch", "j") else _GLIDES[c])
        else:
            sound = _sounds().get(c, _GLIDES.get(c, ""))
        out.append(sound[:1] + sound if double else sound)
        double = False
    return "".join(out)


@cache
def to_latin(word: str) -> str:
    """Return a word of any other script in plain Latin letters and figures.

    >>> to_latin("müller"), to_latin("алмаз"), to_latin("alpha9")
    ('muller', 'almaz', 'alpha9')
    """
    if word.isascii():
        return word
    bare = "".join(c for c in unicodedata.normalize("NFKD", word) if not unicodedata.combining(c))
    if bare.isascii():
        return bare
    from anyascii import anyascii

    return "".join(c for c in anyascii(bare).casefold() if c.isalnum())
