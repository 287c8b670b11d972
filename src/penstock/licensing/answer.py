"""What a clock is told and what it answers: the law's terms, dated lines with citations, and what is missing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from attrs import field, frozen

from penstock.terms.documents import Facts

__all__ = ["UNKNOWN", "Clock", "Due", "Sheet", "Term"]

UNKNOWN = "unknown"


@frozen
class Term:
    """What the law says on a day, a number of days or months or a set of names; ``value`` is None where it says nothing yet."""

    value: Any
    cite: str = ""
    instrument: str = ""
    confidence: str = ""


@frozen
class Due:
    """One line of the answer: the key of the contract, its value and the term it follows from."""

    key: str
    value: Any
    term: Term | None = None


@frozen
class Clock:
    """The answer: lines in the order of the procedure, the facts that would settle open ones, and notes."""

    on: dt.date
    kind: str
    lines: tuple[Due, ...]
    missing: Mapping[str, tuple[str, ...]] = field(factory=dict)
    notes: tuple[str, ...] = ()

    def __getitem__(self, key: str) -> Any:
        """Return the value of a key; None where it has no meaning here."""
        return next((line.value for line in self.lines if line.key == key), None)

    def document(self) -> dict[str, Any]:
        """Return the clock document of the contract, with a citation for every line that rests on one.

        >>> Clock(dt.date(2026, 5, 4), "classification", (Due("due", dt.date(2026, 5, 18)),)).document()["due"]
        datetime.date(2026, 5, 18)
        """
        cites = [
            {"id": line.key, "cite": line.term.cite, "instrument": line.term.instrument, "confidence": line.term.confidence}
            for line in self.lines
            if line.term and line.value is not None
        ]
        return {
            "on": self.on,
            "kind": self.kind,
            **{line.key: line.value for line in self.lines},
            "citations": cites,
            "missing_facts": [{"id": name, "decides": list(keys)} for name, keys in self.missing.items()],
            "assumptions": list(self.notes),
        }


class Sheet:
    """The answer while it is written: facts are asked for, lines are put down, what is missing is noted."""

    def __init__(self, facts: Facts, on: dt.date, terms: Mapping[str, Term]) -> None:
        self.values = facts.values
        self.on = on
        self.terms = terms
        self.lines: list[Due] = []
        self.missing: dict[str, list[str]] = {}
        self.notes: list[str] = []

    def law(self, term: str) -> Any:
        """Return what the law says under a name."""
        return self.terms[term].value

    def put(self, key: str, value: Any, term: str = "") -> None:
        """Put down a line."""
        self.lines.append(Due(key, value, self.terms[term] if term else None))

    def put_days(self, key: str, start: Any, term: str, sign: int = 1) -> Any:
        """Put down the day that lies a term after (or before) a day, and return it."""
        days = self.law(term)
        value = None if days is None or start is None else UNKNOWN if start == UNKNOWN else start + sign * dt.timedelta(days=days)
        self.put(key, value, term)
        return value

    def want(self, name: str, *decides: str) -> Any:
        """Return a fact; where it is not given, note what it would decide and return ``unknown``."""
        value = self.values.get(name)
        if value is None:
            self.miss(name, *decides)
        return UNKNOWN if value is None else value

    def miss(self, name: str, *decides: str) -> None:
        """Note a fact that is not given and what it would decide."""
        known = self.missing.setdefault(name, [])
        known += [key for key in decides if key not in known]

    def clock(self, kind: str) -> Clock:
        """Return the finished answer."""
        return Clock(self.on, kind, tuple(self.lines), {k: tuple(v) for k, v in self.missing.items()}, tuple(self.notes))
