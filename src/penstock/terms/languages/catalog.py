"""What Penstock says in another language.

The engine and the law speak English.  A catalog is a function of finished English: of a message with named places, which
renderers write with their parts, and of a whole sentence of the engine, which is looked up as it stands or recognized by
its form (``sentences.txt``, one form a line) and put together again from its parts.  So a determination that was kept in
English years ago reads in any language, and the engine knows of none.
"""

from __future__ import annotations

import gettext
import re
from collections.abc import Iterable, Mapping
from functools import cache, cached_property
from importlib.resources import files
from typing import Any

from penstock.terms.countries import country_name
from penstock.terms.errors import BadEnum
from penstock.terms.suggest import nearest

__all__ = ["ENGLISH", "LANGUAGES", "Catalog", "catalog", "require_language"]

ENGLISH = "en"
LANGUAGES = (ENGLISH, "zh-Hans", "zh-Hant")
# What people call them elsewhere.
_ALIASES = {
    "english": ENGLISH, "en-us": ENGLISH, "en_us": ENGLISH, "en-gb": ENGLISH, "c": ENGLISH, "posix": ENGLISH,
    "zh": "zh-Hans", "chinese": "zh-Hans", "zh-cn": "zh-Hans", "zh_cn": "zh-Hans", "zh-sg": "zh-Hans", "cn": "zh-Hans",
    "zh_hans": "zh-Hans", "hans": "zh-Hans", "简体": "zh-Hans", "中文": "zh-Hans",
    "zh-tw": "zh-Hant", "zh_tw": "zh-Hant", "zh-hk": "zh-Hant", "zh_hk": "zh-Hant", "zh-mo": "zh-Hant", "tw": "zh-Hant",
    "hk": "zh-Hant", "zh_hant": "zh-Hant", "hant": "zh-Hant", "繁體": "zh-Hant", "繁体": "zh-Hant",
}  # fmt: skip
_PLACE = re.compile(r"\{(\w+)\}")
# What of a document is prose, in our own words.
_PROSE = frozenset({"text", "question", "title", "about", "note", "notes", "message", "hint", "assumptions", "was", "statement",
                    "because", "became", "doc"})  # fmt: skip
_LONGEST = 4000  # characters of a sentence; what is longer quotes input, and matching it would take long
_WORDS = ("confidence", "force", "kind")  # places that hold one word of ours
_AROUND = "{why}"  # the place of a whole sentence: its form is tried before those of what stands in it
# what a place of such a form holds, where it is not anything: one word, or a citation, which does not follow parentheses
_HOLDS = {"kind": r"\S+", "on": r"\S+", "cite": r"(?:(?!\) \().)+"}


class Catalog:
    """One language: messages with named places, counts, sentences of the engine and names of countries.

    >>> chinese = catalog("zh-Hans")
    >>> chinese.message("every {months} months", months=6), chinese.country("MY")
    ('每6个月', '马来西亚')
    >>> chinese.sentence("Presumption of denial.")
    '推定拒绝。'
    >>> chinese.sentence("item.tpq is not a fact")
    'item.tpq不是事实名称'
    """

    def __init__(self, language: str, translations: gettext.NullTranslations, forms: Iterable[str] = ()) -> None:
        self.language = language
        self._translations = translations
        self._forms = tuple(_Form(text) for text in forms)

    def message(self, text: str, /, **parts: Any) -> str:
        """Return a message with its places filled."""
        found = self._translations.gettext(text)
        return found.format(**parts) if parts else found

    def count(self, number: int, one: str, many: str) -> str:
        """Return a message about a number of things, its place called ``n``."""
        return self._translations.ngettext(one, many, number).format(n=f"{number:,}")

    def sentence(self, text: str) -> str:
        """Return finished English in this language: as it stands, or by its form with its parts; unknown text stays."""
        found = self._translations.gettext(text) if text else text
        if found != text or self.language == ENGLISH:
            return found
        for form in self._forms if len(text) <= _LONGEST else ():
            parts = form.parts(text)
            if parts is not None:
                return self._translations.gettext(form.text).format(**{k: self._part(k, v) for k, v in parts.items()})
        return text

    def document(self, value: Any) -> Any:
        """Return a document of any kind with its prose in this language; keys, codes, names and numbers stay.

        >>> catalog("zh-Hans").document({"outcome": "prohibited", "text": "Presumption of denial.", "id": "denial_hbm"})
        {'outcome': 'prohibited', 'text': '推定拒绝。', 'id': 'denial_hbm'}
        """
        return value if self.language == ENGLISH else self._document(value, prose=False)

    def _document(self, value: Any, *, prose: bool) -> Any:
        if isinstance(value, str):
            return self.sentence(value) if prose else value
        if isinstance(value, Mapping):
            return {key: self._document(part, prose=key in _PROSE) for key, part in value.items()}
        if isinstance(value, (list, tuple)):
            return [self._document(part, prose=prose) for part in value]
        return value

    def _part(self, place: str, text: str) -> str:
        """Return a part of a sentence: phrases in this language, names, numbers and codes as they are."""
        if " " not in text and place not in _WORDS:
            return text
        found = self.sentence(text)
        if found == text:  # a sentence that lost its full stop to the one around it
            whole = self._translations.gettext(f"{text}.")
            return text if whole == f"{text}." else whole.removesuffix("。")
        return found

    def country(self, code: str) -> str:
        """Return the name of a country, its code where the code is unknown."""
        return country_name(code, self.language)


class _Form:
    """The form of a sentence: words with named places; :meth:`parts` takes one apart."""

    def __init__(self, text: str) -> None:
        self.text = text
        words = [_words(part) for part in _PLACE.split(text)[::2]]
        self._anchor = max(words, key=len)

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        bits = _PLACE.split(self.text)
        holds = _HOLDS if _AROUND in self.text else {}
        parts = (f"(?P<{bit}>{holds.get(bit, '.+?')})" if i % 2 else re.escape(_words(bit)) for i, bit in enumerate(bits))
        return re.compile("".join(parts), re.DOTALL)

    def parts(self, text: str) -> Mapping[str, str] | None:
        match = self._pattern.fullmatch(text) if self._anchor in text else None
        return None if match is None else match.groupdict()


def _words(text: str) -> str:
    return text.replace("{{", "{").replace("}}", "}")


@cache
def catalog(language: str) -> Catalog:
    """Return the catalog of a language; nothing is read for English.

    >>> catalog("en").message("every {months} months", months=6), catalog("en").count(2, "{n} rule", "{n} rules")
    ('every 6 months', '2 rules')
    """
    require_language(language)
    if language == ENGLISH:
        return Catalog(ENGLISH, gettext.NullTranslations())
    folder = files("penstock.terms.languages")
    with folder.joinpath(f"{language}.mo").open("rb") as file:
        translations = gettext.GNUTranslations(file)
    forms = folder.joinpath("sentences.txt").read_text("utf-8").splitlines()
    return Catalog(language, translations, sorted(forms, key=lambda form: (_AROUND not in form, -len(_PLACE.sub("", form)))))


def require_language(language: str, at: str = "--lang") -> None:
    """Raise BadEnum for a language that Penstock does not speak, with the one probably meant.

    >>> require_language("zh-TW")
    Traceback (most recent call last):
    penstock.terms.errors.BadEnum: --lang: 'zh-TW' is no language Penstock speaks
    """
    if language not in LANGUAGES:
        near = nearest(language.casefold(), LANGUAGES, aliases=_ALIASES)
        message = f"{at}: {language[:40]!r} is no language Penstock speaks"
        raise BadEnum(
            message, at=at, value=language, nearest=near, allowed=LANGUAGES, hint="Write --lang en, zh-Hans or zh-Hant."
        )
