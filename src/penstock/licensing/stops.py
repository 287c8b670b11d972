"""Days that do not count: the stops of 750.4(b), each once, pushing every limit that falls after their first day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from attrs import frozen

from penstock.licensing.answer import UNKNOWN, Sheet
from penstock.licensing.tolling import merged
from penstock.terms.errors import ConflictingFacts

__all__ = ["Count", "Stops", "read_stops"]


@frozen
class Stops:
    """Disjoint spans in order; of a span from one day to another, the first day counts and the last does not."""

    spans: tuple[tuple[dt.date, dt.date], ...] = ()

    @classmethod
    def of(cls, spans: Iterable[tuple[dt.date, dt.date]]) -> Stops:
        """Return the union of spans: days in two stops are counted once.

        >>> day = dt.date(2026, 1, 1).replace
        >>> Stops.of([(day(day=10), day(day=30)), (day(day=20), day(month=2, day=9))]).days
        30
        """
        return cls(merged(spans))

    @property
    def days(self) -> int:
        """Return how many days do not count."""
        return sum((last - first).days for first, last in self.spans)

    def after(self, start: Any, days: int | None) -> Any:
        """Return the day on which so many counted days have passed; ``unknown`` from an unknown day, None for no limit.

        >>> Stops.of([(dt.date(2026, 1, 20), dt.date(2026, 3, 1))]).after(dt.date(2026, 1, 5), 90)
        datetime.date(2026, 5, 15)
        """
        if days is None or start in (None, UNKNOWN):
            return None if days is None else start
        due = start + dt.timedelta(days=days)
        for first, last in self.spans:
            begin = max(first, start)
            if begin < last and due > begin:
                due += last - begin
        return due


@frozen
class Count:
    """How days are counted: without the stops that count for sure, and without those that may count as well."""

    sure: Stops = Stops()
    widest: Stops = Stops()

    def after(self, start: Any, days: int | None) -> Any:
        """Return the day a limit falls on; ``unknown`` where a stop that may count would move it."""
        near, far = self.sure.after(start, days), self.widest.after(start, days)
        return near if near == far else UNKNOWN

    @property
    def days(self) -> Any:
        """Return how many days do not count; ``unknown`` where that is open."""
        return self.sure.days if self.sure == self.widest else UNKNOWN


def read_stops(sheet: Sheet, registered: Any) -> Count:
    """Return the stops of an application: those that count, and with them those of which it is not known."""
    sure: list[tuple[dt.date, dt.date]] = []
    may: list[tuple[dt.date, dt.date]] = []
    for i, stop in enumerate(sheet.values.get("application.stops", ())):
        timely = _timely(stop, sheet.law("STOPS_IF_TIMELY"))
        span = _span(stop, i, sheet, registered)
        if timely is False:
            continue
        gaps = [name for name, open_ in (("from", "from" not in stop), ("timely", timely is None)) if open_]
        for name in gaps:
            sheet.miss(f"application.stops[{i}].{name}", "excluded_days", "outer_limit_on")
        (may if gaps else sure).append(span)
    return Count(Stops.of(sure), Stops.of(sure + may))


def _timely(stop: Mapping[str, Any], conditional: frozenset[str]) -> bool | None:
    """Say whether a stop counts: as stated; where it is not, only reasons with time limits of their own leave it open."""
    if "timely" in stop:
        return bool(stop["timely"])
    return True if stop.get("reason", UNKNOWN) not in (UNKNOWN, *conditional) else None


def _span(stop: Mapping[str, Any], i: int, sheet: Sheet, registered: Any) -> tuple[dt.date, dt.date]:
    """Return the days of a stop from registration on; one without an end runs still."""
    at = f"application.stops[{i}]"
    first, last = stop.get("from"), stop.get("to")
    if first and last and last < first:
        raise ConflictingFacts(f"{at} ends on {last}, before it begins on {first}", at=f"{at}.to", value=last, nearest=first)
    if last is None:
        last = max(sheet.on, first or sheet.on)
        sheet.notes.append(f"{at} has no end: it is taken to run still, and counted up to {last}.")
    start = dt.date.min if registered == UNKNOWN else registered
    return max(first or start, start), last
