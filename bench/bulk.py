"""Measure full determinations per second over a million synthetic transactions, and check a sample against `decide`.

Run with ``python bench/bulk.py [ROWS] [WORKERS]``; the rows are the same in every run.  A quarter as many go through Parquet.
"""

from __future__ import annotations

import datetime as dt
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from penstock.decision import bulk
from penstock.decision.answers import Decisions
from penstock.decision.bulk import decide_columns
from penstock.decision.determination import decide
from penstock.rulebook.arrays import Codes, Words
from penstock.terms.errors import PenstockError

ON = dt.date(2026, 6, 15)
SAMPLE = 2_000
RUNS = 5
NEVER = 1 << 62
WAYS = {"by columns": (NEVER, NEVER), "in stages": (0, NEVER), "in stages, compiled loops": (0, 0)}
PLACES = ("US", "TW", "JP", "KR", "NL", "DE", "GB", "MY", "SG", "AE", "SA", "IN", "BR", "VN", "IL", "CN", "HK", "MO", "KH", "PT")
# name, TPP, die area in mm2, class, for datacenters
CHIPS = (
    ("h100", 15_824, 814, "3A090.a", True), ("h200", 15_832, 814, "3A090.a", True), ("b200", 36_000, 1_600, "3A090.a", True),
    ("h20", 2_368, 814, "none", True), ("a100", 4_992, 826, "3A090.a", True), ("l40s", 5_864, 609, "3A090.a", True),
    ("l4", 1_936, 294, "3A090.b", True), ("rtx4090", 5_285, 608, "3A090.a", False), ("l20", 1_912, 609, "none", True),
    ("rtx4080", 3_119.2, 379, "none", False),
)  # fmt: skip
END_USES = (
    ["datacenter_operation"],
    ["ai_inference"],
    ["commercial_ai_training", "datacenter_operation"],
    ["consumer"],
    ["development"],
)
LISTS: tuple[list[str], ...] = ([], ["entity_list"], ["unverified_list"])


def transactions(rows: int, seed: int = 1) -> dict[str, Any]:
    """Return columns of plausible exports: by asserted class or by parameters, to many places, with and without counters."""
    draw = np.random.default_rng(seed)

    def pick(values: Any, chances: Any = None, absent: float = 0.0) -> Codes:
        codes = draw.choice(len(values), rows, p=chances).astype(np.int32)
        codes[draw.random(rows) < absent] = -1
        return Codes(codes, Words(values))

    chip = draw.integers(0, len(CHIPS), rows)
    by_class = draw.random(rows) < 0.5
    asserted = np.where(by_class, chip, -1).astype(np.int32)
    measured = np.where(by_class & (draw.random(rows) < 0.5), -1, chip).astype(np.int32)
    place = draw.choice(len(PLACES), rows).astype(np.int32)
    seat = np.where(draw.random(rows) < 0.7, place, draw.choice(len(PLACES), rows)).astype(np.int32)
    parent = np.where(draw.random(rows) < 0.9, seat, draw.choice(len(PLACES), rows)).astype(np.int32)
    _, tpp, area, eccn, datacenter = zip(*CHIPS, strict=True)
    return {
        "activity.type": pick(("export", "reexport", "transfer_in_country"), (0.8, 0.15, 0.05)),
        "origin.country": pick(("US", "TW", "SG"), (0.85, 0.1, 0.05)),
        "destination.country": Codes(place, Words(PLACES)),
        "item.kind": pick(("integrated_circuit", "computer"), (0.7, 0.3)),
        "item.eccn": Codes(asserted, Words(eccn)),
        "item.tpp": Codes(measured, Words(tpp)),
        "item.die_area_mm2": Codes(measured, Words(area)),
        "item.datacenter": np.array(datacenter)[chip],
        "item.quantity": draw.integers(1, 20_000, rows),
        "item.designer.status": pick(("approved", "authorized", "neither"), (0.7, 0.2, 0.1), absent=0.1),
        "parties.ultimate_consignee.name": pick([f"Buyer {i}" for i in range(50_000)]),
        "parties.ultimate_consignee.country": Codes(place, Words(PLACES)),
        "parties.ultimate_consignee.headquarters": Codes(seat, Words(PLACES)),
        "parties.ultimate_consignee.parent_headquarters": Codes(parent, Words(PLACES)),
        "parties.ultimate_consignee.kind": pick(("private_sector", "government", "data_center_operator"), absent=0.1),
        "parties.ultimate_consignee.lists": pick(LISTS, (0.97, 0.02, 0.01), absent=0.05),
        "parties.purchaser.lists": pick(LISTS, (0.98, 0.01, 0.01), absent=0.5),
        "end_use.types": pick(END_USES, absent=0.05),
        "counters.licensed_tpp_destination_since_2025": draw.integers(0, 900_000_000, rows),
        "counters.lpp_tpp_received_this_year": draw.integers(0, 30_000_000, rows),
        "documents.purchase_order": draw.random(rows) < 0.5,
    }


def value(column: Any, row: int) -> Any:
    """Return what a column holds in a row, as a document would give it."""
    return column.value(row) if isinstance(column, Codes) else column[row].item()


def document(columns: dict[str, Any], row: int) -> dict[str, Any]:
    """Return a row as a transaction document of dotted names."""
    found = {name: value(column, row) for name, column in columns.items()}
    return {name: held for name, held in found.items() if held is not None}


def expected(facts: dict[str, Any]) -> dict[str, Any]:
    """Return what `decide` answers, in the words of the bulk columns."""
    try:
        answer = decide(facts, on=ON)
    except PenstockError as error:
        return {"error_code": error.code}
    found: dict[str, Any] = {"error_code": None}
    for stance, short in answer.verdicts.items():
        found |= {
            f"{stance}_outcome": short.outcome,
            f"{stance}_path": short.path,
            f"{stance}_review_policy": short.review_policy,
        }
    return found


def differences(columns: dict[str, Any], found: Decisions, rows: int) -> int:
    """Return how many of the sampled rows answer otherwise than `decide`."""
    wrong = 0
    texts = {name: found.texts(name) for name in found.names}
    for row in np.random.default_rng(2).choice(rows, min(rows, SAMPLE), replace=False).tolist():
        wanted = expected(document(columns, row))
        wrong += any(texts[name][row] != text for name, text in wanted.items())
    return wrong


def arrow(column: Any) -> Any:
    import pyarrow as pa

    if not isinstance(column, Codes):
        return pa.array(column)
    return pa.array(column.words.values).take(pa.array(column.codes, mask=column.codes < 0))


def through_parquet(columns: dict[str, Any], rows: int, workers: int) -> tuple[float, float]:
    """Return the seconds a Parquet file of the same rows takes from file to file, and those of reading and writing alone."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from penstock.apps.parquet import decide_parquet

    with tempfile.TemporaryDirectory() as folder:
        source, target, copy = (Path(folder, f"{name}.parquet") for name in ("in", "out", "copy"))
        pq.write_table(pa.table({"id": np.arange(rows), **{name: arrow(column) for name, column in columns.items()}}), source)
        decided, alone = [], []
        for _ in range(RUNS):
            start = time.perf_counter()
            decide_parquet(source, target, ON, workers=workers)
            decided.append(time.perf_counter() - start)
            answers = _answers(target)
            start = time.perf_counter()
            read = sum(batch.num_rows for batch in pq.ParquetFile(source, read_dictionary=_texts(source)).iter_batches(1 << 20))
            with pq.ParquetWriter(copy, answers[0].schema) as writer:
                for table in answers:
                    writer.write_table(table, table.num_rows)
            alone.append(time.perf_counter() - start)
            assert read == rows
        return statistics.median(decided), statistics.median(alone)


def _texts(path: Path) -> list[str]:
    import pyarrow.parquet as pq

    schema = pq.read_schema(path)
    types = {name: str(schema.field(name).type) for name in schema.names}
    return [name for name, type in types.items() if type == "string" or type.startswith("dictionary<values=string")]


def _answers(path: Path) -> list[Any]:
    """Return the answers of a file as tables, their texts as dictionaries, as they are written."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    file = pq.ParquetFile(path, read_dictionary=_texts(path))
    return [pa.Table.from_batches([batch]) for batch in file.iter_batches(1 << 20)]


def main() -> None:
    rows, workers = (int(given) for given in [*sys.argv[1:], *("16000000", "2")[len(sys.argv) - 1 :]])
    columns = transactions(rows)
    decide_columns(transactions(1_000), ON)  # the book is read and compiled once
    wrong = differences(columns, decide_columns(columns, ON, workers=workers), rows)
    slow = None
    for name, (staged, fast) in WAYS.items():
        bulk._STAGED_ROWS, bulk._FAST_ROWS = staged, fast
        decide_columns(columns, ON, workers=workers)  # compiled loops are loaded, laws taken apart
        times = sorted(_timed(columns, workers) for _ in range(RUNS))
        median, slowest = (f"{rows / seconds / 1e6:,.1f} M rows/s" for seconds in (times[len(times) // 2], times[-1]))
        slow = slow or times[len(times) // 2]
        ratio = f"{slow / times[len(times) // 2]:.1f}x the first"
        note = f"{rows:,} rows, {workers} threads; slowest of {RUNS}; {ratio}"
        print(f"Bulk, in memory, {name} | {median} | {slowest} |  | {note}")
    print(f"Bulk: rows that differ from decide | {wrong} |  |  | of {min(rows, SAMPLE):,} sampled")
    del columns
    rows //= 4
    columns = transactions(rows)
    decided, alone = through_parquet(columns, rows, workers)
    note = f"{len(columns)} columns of facts, {rows:,} rows; {alone / decided:.0%} of the rate of reading and writing alone"
    print(f"Bulk, Parquet to Parquet | {rows / decided / 1e6:,.2f} M rows/s |  |  | {note}")
    print(f"pyarrow: reading and writing the same columns | {rows / alone / 1e6:,.2f} M rows/s |  |  | nothing decided")
    sys.exit(1 if wrong else 0)


def _timed(columns: dict[str, Any], workers: int) -> float:
    start = time.perf_counter()
    decide_columns(columns, ON, workers=workers)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
