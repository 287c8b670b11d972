"""Countries as ISO 3166-1 alpha-2 codes, with the names people type instead.

Names are those of the Unicode CLDR, except where the Country Chart says otherwise (Macau, Burma, Turkey).
"""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files

from penstock.terms.suggest import nearest

__all__ = ["codes", "country_name", "nearest_country"]

_ALIASES = {
    "uk": "GB", "great britain": "GB", "england": "GB", "usa": "US", "u.s.": "US", "america": "US",
    "prc": "CN", "china (prc)": "CN", "mainland china": "CN", "macao": "MO", "macao sar": "MO", "macau sar": "MO",
    "hong kong sar": "HK", "republic of korea": "KR", "korea": "KR", "rok": "KR", "dprk": "KP",
    "uae": "AE", "emirates": "AE", "ksa": "SA", "holland": "NL", "the netherlands": "NL", "burma": "MM",
    "turkiye": "TR", "czechia": "CZ", "russian federation": "RU", "viet nam": "VN", "ivory coast": "CI",
    "el": "GR", "zr": "CD", "sf": "FI", "eire": "IE", "tp": "TL",
}  # fmt: skip


@cache
def _rows() -> dict[str, tuple[str, str, str]]:
    text = files("penstock.terms").joinpath("countries.csv").read_text(encoding="utf-8")
    return {row["code"]: (row["name"], row["zh_hans"], row["zh_hant"]) for row in csv.DictReader(text.splitlines())}


@cache
def codes() -> frozenset[str]:
    """Return every valid country code.

    >>> {"HK", "MO", "TW"} <= codes(), "UK" in codes()
    (True, False)
    """
    return frozenset(_rows())


def country_name(code: str, language: str = "en") -> str:
    """Return the name of a country in ``en``, ``zh-Hans`` or ``zh-Hant``; the code itself when it is unknown.

    >>> country_name("MO"), country_name("AE", "zh-Hans")
    ('Macau', '阿拉伯联合酋长国')
    """
    row = _rows().get(code)
    return row[("en", "zh-Hans", "zh-Hant").index(language)] if row else code


def nearest_country(word: object) -> str | None:
    """Return the code a user most likely meant.

    >>> nearest_country("Portugal"), nearest_country("Macao"), nearest_country("UK"), nearest_country("pt")
    ('PT', 'MO', 'GB', 'PT')
    """
    text = str(word).strip()
    if text.upper() in codes() and text.casefold() not in _ALIASES:
        return text.upper()
    names = {name.casefold(): code for code, row in _rows().items() for name in row}
    found = nearest(text.casefold(), names, aliases=_ALIASES)
    return names.get(found, found) if found else nearest(text.upper(), codes())
