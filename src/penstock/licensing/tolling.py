"""Days that do not count, in ordinals: the same reading of 750.4(b) as :mod:`penstock.licensing.stops`, for the case machine.

Of a span the first day counts as stopped and the last does not; overlapping spans count once.
A span pushes every limit that falls after its first day.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import TypeVar

from penstock.licensing.case import Case, Span

__all__ = ["after", "counted", "merged", "running", "within"]


_Day = TypeVar("_Day", int, dt.date)


def merged(spans: Iterable[tuple[_Day, _Day]]) -> tuple[tuple[_Day, _Day], ...]:
    """Return the union of spans of ordinals or dates, in order and disjoint.

    >>> merged([(10, 30), (20, 40), (50, 50)])
    ((10, 40),)
    """
    out: list[tuple[_Day, _Day]] = []
    for first, last in sorted(span for span in spans if span[0] < span[1]):
        if out and first <= out[-1][1]:
            out[-1] = (out[-1][0], max(last, out[-1][1]))
        else:
            out.append((first, last))
    return tuple(out)


def after(stops: tuple[Span, ...], start: int, days: int) -> int:
    """Return the day on which so many counted days have passed since a day.

    >>> after((), 100, 9), after(((105, 115),), 100, 9), after(((109, 115),), 100, 9)
    (109, 119, 109)
    """
    due = start + days
    for first, last in stops:
        begin = first if first > start else start
        if begin < last and due > begin:
            due += last - begin
    return due


def counted(stops: tuple[Span, ...], start: int, on: int) -> int:
    """Return how many days count between two days.

    >>> counted(((105, 115),), 100, 120), counted(((105, 115),), 100, 110)
    (10, 5)
    """
    stopped = sum(max(0, min(last, on) - max(first, start)) for first, last in stops)
    return on - start - stopped


def running(case: Case, on: int) -> tuple[Span, ...]:
    """Return the spans that do not count as of a day: closed ones, those still open up to it, and assurances in hand."""
    if not case.open and not case.assured:
        return case.stops
    spans = [*case.stops, *((first, on) for _, _, first, counts in case.open if counts and first < on)]
    if case.assured:
        spans.append(case.provisional)
    return merged(spans)


def within(stops: tuple[Span, ...], since: int, due: int) -> tuple[Span, ...]:
    """Return the spans that moved a limit: those that touch the days from its start to its end."""
    return tuple((max(first, since), min(last, due)) for first, last in stops if first < due and last > since) if stops else ()
