"""One value for each treatment: the few values of a country or text fact that the rules of a law can tell apart.

Two values that are members of the same sets and match the same patterns get the same answer, so one of them stands for
both.  Numbers and dates are not made finite here: a solver takes them as they are.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

from penstock.rulebook.ir import TRUE, Graph, Node
from penstock.rulebook.values import heading, pattern_memo
from penstock.terms.countries import codes
from penstock.terms.vocabulary import FactSpec

__all__ = ["Domains", "class_samples", "fact_key"]

_PASSES_ON = frozenset({"given", "rule", "heading"})
_OTHER = "Other"


def fact_key(node: Node) -> str:
    """Return the name under which a read is known: a fact's own, or ``*.field`` for a field of any list's rows."""
    return f"*.{node.data[1]}" if node.op == "row" else str(node.data)


class Domains:
    """The values worth trying, for the facts of one or several laws."""

    def __init__(self, graphs: Iterable[Graph]) -> None:
        self._country_sets: set[frozenset[str]] = set()
        self._text_sets: dict[str, set[frozenset[str]]] = {}
        self._heading_sets: dict[str, set[frozenset[str]]] = {}
        self._patterns: dict[str, set[frozenset[str]]] = {}
        self._headed: set[str] = set()
        self._compared: dict[str, set[str]] = {"country": set(), "text": set()}
        for graph in graphs:
            for node in graph.nodes:
                self._read(node)
        # Whether two facts are equal is not a matter of sets: the facts that rules compare need as many values of a kind.
        self._kinds = self._countries_by_kind()
        self._values: dict[str, tuple[str, ...]] = {}

    def values(self, key: str, spec: FactSpec) -> tuple[Any, ...]:
        """Return the values of a country, enum or text fact, or those a list of them may hold."""
        if spec.enum:
            return spec.enum
        if key not in self._values:
            self._values[key] = self._country_values(key) if spec.item_type == "country" else self._text_values(key, spec)
        return self._values[key]

    def alike(self, key: str, spec: FactSpec, value: Any) -> Any:
        """Return the value of the domain that stands for a value; KeyError where none does."""
        known = self.values(key, spec)
        if value in known:
            return value
        if spec.item_type == "country":
            return next(kind[0] for kind in self._kinds if value in kind)
        by_treatment = {self._treatment(key, text): text for text in reversed(known)}
        return by_treatment[self._treatment(key, value)]

    # ---- what the rules ask

    def _read(self, node: Node) -> None:
        if node.op in ("in", "meets", "matches"):
            for leaf, headed in _leaves(node.args[0]):
                sets = self._patterns if node.op == "matches" else self._heading_sets if headed else self._text_sets
                if "country" in (leaf.type.kind, leaf.type.of):
                    self._country_sets.add(frozenset(node.data[0]))
                else:
                    sets.setdefault(fact_key(leaf), set()).add(frozenset(node.data[0]))
                    self._headed |= {fact_key(leaf)} if headed else set()
        elif node.op in ("same", "holds"):
            for leaf, _ in itertools.chain(*map(_leaves, node.args)):
                kind = "country" if "country" in (leaf.type.kind, leaf.type.of) else "text"
                self._compared[kind].add(fact_key(leaf))

    def _countries_by_kind(self) -> tuple[tuple[str, ...], ...]:
        """Return the countries in groups that are in the same sets."""
        sets = sorted(self._country_sets, key=sorted)
        kinds: dict[tuple[bool, ...], list[str]] = {}
        for code in sorted(codes()):
            kinds.setdefault(tuple(code in members for members in sets), []).append(code)
        return tuple(map(tuple, kinds.values()))

    def _country_values(self, key: str) -> tuple[str, ...]:
        each = len(self._compared["country"]) if key in self._compared["country"] else 1
        return tuple(code for kind in self._kinds for code in kind[:each])

    def _text_values(self, key: str, spec: FactSpec) -> tuple[str, ...]:
        members = {text for sets in (self._text_sets, self._heading_sets) for found in sets.get(key, ()) for text in found}
        patterns = {text for found in self._patterns.get(key, ()) for text in found}
        others = [f"{_OTHER} {i}" for i in range(1, max(2, len(self._compared["text"])) + 1)]
        classes = class_samples(frozenset(members | patterns)) if patterns else sorted(members)
        allowed = re.compile(spec.pattern) if spec.pattern else None
        kept: dict[Any, str] = {}
        for text in ["none", *classes] if spec.pattern else [*others, *classes]:
            if allowed is None or allowed.match(text):
                kept.setdefault(text if text in others else self._treatment(key, text), text)
        return tuple(kept.values())

    def _treatment(self, key: str, text: str) -> tuple[bool, ...]:
        """Return whether a heading asked for is lacking, which sets a text or its heading is in, which patterns it matches."""
        first = heading(text)
        inside = [key in self._headed and first is None]
        inside += [text in members for members in sorted(self._text_sets.get(key, ()), key=sorted)]
        inside += [first in members for members in sorted(self._heading_sets.get(key, ()), key=sorted)]
        return *inside, *(_memo(found)[text] == TRUE for found in sorted(self._patterns.get(key, ()), key=sorted))


@cache
def _memo(patterns: frozenset[str]) -> Mapping[str, int]:
    return pattern_memo(patterns)


def _leaves(node: Node) -> Iterator[tuple[Node, bool]]:
    """Yield the reads whose value a node may pass on, and whether it passes on their heading only."""
    if node.op in ("fact", "paper", "row"):
        yield node, False
    elif node.op in _PASSES_ON or node.op == "if":
        for arg in node.args[1:] if node.op == "if" else node.args:
            yield from ((leaf, headed or node.op == "heading") for leaf, headed in _leaves(arg))


@cache
def class_samples(patterns: frozenset[str]) -> tuple[str, ...]:
    """Return classifications such that every combination of patterns that some classification meets is met by one.

    A pattern covers what begins with it, so its beginnings and everything two patterns share are sampled as well.

    >>> class_samples(frozenset({"3A001.z.*.a", "3A001.z", "3B???"}))
    ('3A001', '3A001.z', '3A001.z.0', '3A001.z.0.a', '3B000')
    """
    beginnings = {".".join(parts[: i + 1]) for parts in (p.split(".") for p in patterns) for i in range(len(parts))}
    found: set[str] = set()
    fresh = beginnings
    while fresh:
        found |= fresh
        pairs = itertools.product(fresh, found)
        fresh = {both for a, b in pairs if (both := _meet(a, b)) is not None} - found
    return tuple(sorted({pattern.replace("*", "0").replace("?", "0") for pattern in found}))


def _meet(a: str, b: str) -> str | None:
    """Return the pattern of what both patterns cover, or None."""
    one, two = a.split("."), b.split(".")
    out = [_meet_segment(x, y) for x, y in zip(one, two, strict=False)]
    if None in out:
        return None
    longer = one if len(one) > len(two) else two
    return ".".join([*map(str, out), *longer[len(out) :]])


def _meet_segment(a: str, b: str) -> str | None:
    if a == b or b == "*":
        return a
    if a == "*":
        return b
    if len(a) != len(b) or any(x != y and "?" not in (x, y) for x, y in zip(a, b, strict=True)):
        return None
    return "".join(y if x == "?" else x for x, y in zip(a, b, strict=True))
