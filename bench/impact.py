"""The impact of a change of law on an order book in memory: which rows move, and by which provision.

Run with ``python bench/impact.py [ROWS]``.
"""

from __future__ import annotations

import sys
import time

from bulk import transactions

from penstock.decision.fact_columns import fact_column
from penstock.decision.impact import Comparison, Impact
from penstock.decision.points import Point
from penstock.rulebook.arrays import take_rows

PART = 1 << 20
RUNS = 3


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000
    columns = transactions(rows)
    found, times = None, []
    for _ in range(RUNS + 1):
        start = time.perf_counter()
        found = compared(columns, rows)
        times.append(time.perf_counter() - start)
    assert found is not None
    moved = sum(group.rows for group in found.groups)
    median = sorted(times[1:])[RUNS // 2]
    note = f"{rows:,} rows in memory, two laws, {moved:,} moves in {len(found.groups)} groups"
    print(f"Impact, 2025-05-14 against 2026-06-15 | {median:.2f} s |  |  | {note}")


def compared(columns: dict[str, object], rows: int) -> Impact:
    comparison = Comparison(Point.parse("2025-05-14"), Point.parse("2026-06-15"))
    for start in range(0, rows, PART):
        part = slice(start, min(start + PART, rows))
        facts = [fact_column(name, take_rows(column, part)) for name, column in columns.items()]
        comparison.add(facts, facts[0].size)
    return comparison.impact()


if __name__ == "__main__":
    main()
