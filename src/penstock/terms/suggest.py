"""The nearest valid name or value, for error messages."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = ["nearest"]


def nearest(word: object, choices: Iterable[str], *, aliases: dict[str, str] | None = None) -> str | None:
    """Return the choice a user most likely meant, or None.

    >>> nearest("re-export", ["export", "reexport"]), nearest("zzz", ["export"]) is None
    ('reexport', True)
    """
    text = str(word)
    if aliases and text.casefold() in aliases:
        return aliases[text.casefold()]
    pool = list(choices)
    folded = {_fold(choice): choice for choice in pool}
    if _fold(text) in folded:
        return folded[_fold(text)]
    found = difflib.get_close_matches(text[:200], pool, n=1, cutoff=0.6)
    return found[0] if found else None


def _fold(text: str) -> str:
    return "".join(ch for ch in text.casefold() if ch.isalnum())
