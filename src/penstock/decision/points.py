"""A point of law: a day, what was known then, and a regime; what two laws that are compared are named by."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from attrs import frozen

from penstock.decision import library
from penstock.decision.determination import Determination, decide_facts
from penstock.rulebook import ACTUAL, Law
from penstock.terms.dates import parse_date
from penstock.terms.documents import Facts

__all__ = ["Point"]


@frozen
class Point:
    """One of the two laws: its day, what was known then, and a regime.

    >>> Point.parse("2025-05-15@2025-05-12/actual")
    Point(on=datetime.date(2025, 5, 15), known=datetime.date(2025, 5, 12), regime='actual')
    """

    on: dt.date
    known: dt.date | None = None
    regime: str = ACTUAL

    @classmethod
    def parse(cls, text: str) -> Point:
        """Return the law that ``DATE[@KNOWN][/REGIME]`` names; BadDate for what is no date."""
        days, _, regime = text.partition("/")
        on, _, known = days.partition("@")
        return cls(parse_date(on, "date"), parse_date(known, "known") if known else None, regime or ACTUAL)

    def law(self, switches: Mapping[str, Any] | None = None) -> Law:
        """Return the law, under the readings that are chosen."""
        return library.book().law(self.on, self.known, self.regime, switches)

    def decide(self, facts: Facts) -> Determination:
        """Return the full answer of the law to one transaction."""
        return decide_facts(facts, self.on, self.known, self.regime)
