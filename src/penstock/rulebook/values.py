"""What single nodes mean, shared by all backends: constants, absence, patterns of classifications."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from penstock.rulebook.ir import Node
from penstock.terms.vocabulary import vocabulary

__all__ = ["NO_CLASS", "absence", "facts_below", "heading", "pattern_memo", "value_of"]

NO_CLASS = "none"
_CLOSED = frozenset({"knowledge", "not_relied_on"})
_MEMO_MAX = 65_536


def value_of(node: Node) -> Any:
    """Return the value of a constant or table node, also through the rule that names it; None for any other."""
    while node.op == "rule":
        node = node.args[0]
    if node.op == "const":
        return node.data
    return node.data[1] if node.op == "table" else None


def absence(node: Node) -> int | str:
    """Return what a condition comes to when what it reads is absent: 0 false, 1 unknown, or a role to ask.

    Facts of the applicant's own making and facts that fire only when stated are closed: absent is false.
    """
    if node.absence is None:
        node.absence = _absence(node)
    return node.absence


def _absence(node: Node) -> int | str:
    if node.op == "fact":
        spec = vocabulary().facts[node.data]
        if spec.absent in _CLOSED:
            return 0
        return spec.role or 1
    if node.op == "given":
        return absence(node.args[1])
    found = [absence(arg) for arg in node.args if arg.op not in ("const", "table", "on")]
    if not found:
        return 1
    return 1 if 1 in found else next((kind for kind in found if isinstance(kind, str)), 0)


def heading(eccn: str | None) -> str | None:
    """Return the heading of a classification; ``none`` only says which entries an item is not in, so it has no heading.

    >>> heading("5A992.z.1"), heading("EAR99"), heading("none")
    ('5A992', 'EAR99', None)
    """
    return eccn.split(".")[0] if isinstance(eccn, str) and eccn != NO_CLASS else None


class _Memo(dict[str, int]):
    """Answers remembered per classification text."""

    def __init__(self, pattern: re.Pattern[str]) -> None:
        self.pattern = pattern

    def __missing__(self, text: str) -> int:
        if len(self) >= _MEMO_MAX:
            self.clear()
        self[text] = found = 3 if self.pattern.match(text) else 0
        return found


def pattern_memo(patterns: Iterable[str]) -> _Memo:
    """Return a mapping from classification to 3 or 0, by patterns in which ``*`` is one segment and ``?`` one sign.

    A sub-paragraph belongs to its paragraph.

    >>> memo = pattern_memo(["3A090.a", "3A001.z.*.a"])
    >>> memo["3A090.a.1"], memo["3A001.z.2.a"], memo["3A090.b"], memo["3A090.ab"]
    (3, 3, 0, 0)
    """
    return _memo(frozenset(patterns))


@lru_cache(maxsize=1024)
def _memo(patterns: frozenset[str]) -> _Memo:
    body = "|".join(re.escape(pattern).replace(r"\*", "[^.]+").replace(r"\?", "[^.]") for pattern in sorted(patterns))
    return _Memo(re.compile(rf"(?:{body})(?:\.|$)" if body else r"(?!)"))


def facts_below(node: Node) -> set[str]:
    """Return the names of the facts a node reads, directly or through others."""
    found: set[str] = set()
    stack, seen = [node], set()
    while stack:
        top = stack.pop()
        if top.id not in seen:
            seen.add(top.id)
            if top.op == "fact":
                found.add(top.data)
            stack.extend(top.args)
    return found
