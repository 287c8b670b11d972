"""One spelling for words that were written in another alphabet once: Russian endings, kh or h, ts or c, vowels of Arabic."""

from __future__ import annotations

import re
from functools import lru_cache

__all__ = ["bones", "stem"]

_ALIKE = (
    ("shch", "sh"), ("tch", "ch"), ("zh", "j"), ("dj", "j"), ("dzh", "j"), ("kh", "h"), ("gh", "g"), ("ph", "f"), ("ts", "c"),
    ("tz", "c"), ("ks", "x"), ("ck", "k"), ("iu", "u"), ("yu", "u"), ("ia", "a"), ("ya", "a"), ("ie", "e"), ("ye", "e"),
    ("yo", "e"), ("ou", "u"), ("oo", "u"), ("ee", "i"), ("ea", "i"), ("ei", "e"), ("ey", "e"), ("ij", "i"), ("w", "v"),
    ("q", "k"), ("y", "i"), ("z", "s"),
)  # fmt: skip
_TWICE = re.compile(r"(.)\1+")
_ENDING = re.compile(r"(?:ogo|omu|imi|ami|oe|oi|aa|ai|ih|im|om|am|ov|ev|ie|a|e|i|o|u)+$")
_VOWELS = re.compile(r"[aeiouh]")
_LEAST = 4


@lru_cache(1 << 16)
def stem(word: str) -> str:
    """Return a word in one spelling and without a Russian ending, so long as four letters are left.

    >>> stem("kazanskii") == stem("kazanskaya") == stem("kazansky"), stem("kholtsvud") == stem("holcvud")
    (True, True)
    """
    for written, instead in _ALIKE:
        word = word.replace(written, instead)
    word = _TWICE.sub(r"\1", word)
    ending = _ENDING.search(word)
    return word[: max(_LEAST, ending.start())] if ending else word


def bones(word: str) -> str:
    """Return the consonants of a word's stem after its first letter: Arabic and Persian vowels are written in many ways.

    >>> bones("mohammed") == bones("muhammad"), bones("hosein") == bones("hussain")
    (True, True)
    """
    found = stem(word)
    return found[:1] + _VOWELS.sub("", found[1:])
