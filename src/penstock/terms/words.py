"""The words of codes: what ``presumption_of_denial`` or ``item_not_eligible`` is called where people read."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from penstock.terms.yaml12 import load_yaml

__all__ = ["all_words", "words"]


def words(kind: str, code: object) -> str:
    """Return a code in words; a code that has none reads as its own words.

    >>> words("reason", "item_not_eligible"), words("force", "legislative_rule"), words("reason", "of_a_design")
    ('the item is not eligible', 'legislative rule', 'of a design')
    """
    return all_words().get(kind, {}).get(str(code), str(code).replace("_", " "))


@cache
def all_words() -> Mapping[str, Mapping[str, str]]:
    """Return the words of every code, by what it is a code of."""
    raw = load_yaml(files("penstock.terms").joinpath("words.yaml").read_text(encoding="utf-8"), trusted=True)
    return {kind: {str(code): str(said) for code, said in codes.items()} for kind, codes in raw.items()}
