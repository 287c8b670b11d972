"""Ledger time: the wall clock is asked once, and from then on a clock counts that nobody can set.

A wall clock that jumps while the ledger runs changes nothing.  Between two runs it can only be believed within reason: a start
that lies further from the last event than ``GAP_MAX_MS`` is refused until someone says that the time is right, because every
reservation with an end would lapse, for good.  A start before the last event goes on from the last event.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from penstock.terms.errors import LedgerUnavailable

__all__ = ["GAP_MAX_MS", "ledger_clock", "steady_ms", "wall_ms"]

GAP_MAX_MS = 31 * 86_400_000


def wall_ms() -> int:
    """Return the wall clock in milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def steady_ms() -> int:
    """Return a clock that only runs forward, through sleep too where the system has such a one."""
    clock = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return time.clock_gettime_ns(clock) // 1_000_000


def ledger_clock(
    last: int,
    *,
    wall: Callable[[], int] = wall_ms,
    steady: Callable[[], int] = steady_ms,
    gap_accepted: bool = False,
) -> Callable[[], int]:
    """Return the clock of a ledger whose last event was at ``last`` (0: none yet); LedgerUnavailable after too long a gap.

    >>> walls, steadies = iter([1000, 99_000_000_000]), iter([50, 51, 60])
    >>> clock = ledger_clock(0, wall=lambda: next(walls), steady=lambda: next(steadies))
    >>> clock(), clock()
    (1001, 1010)
    """
    start, began = wall(), steady()
    if last and start - last > GAP_MAX_MS and not gap_accepted:
        days = (start - last) // 86_400_000
        raise LedgerUnavailable(f"The clock says that {days} days have passed since the last event", value=days,
                                hint="Set the clock, or say that it is right with --accept-gap.")  # fmt: skip
    first = max(start, last)
    return lambda: first + steady() - began
