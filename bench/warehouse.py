"""Measure the query of `penstock law sql` in DuckDB beside bulk decisions and a polars slice, on the same rows in one run.

Run with ``python bench/warehouse.py [ROWS]``; polars answers the twelve-rule slice of `bench/anchors.py` only, on columns
made from the same transactions, and is checked against its plain Python reference.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa
from anchors import LIMIT, reference
from bulk import CHIPS, ON, PLACES, transactions

from penstock.apps.warehouse import kinds_of
from penstock.decision.answers import OUTPUTS
from penstock.decision.bulk import Decisions, decide_columns
from penstock.decision.warehouse import law_sql
from penstock.rulebook.arrays import Codes

THREADS = 2
RUNS = 5
SAMPLE = 2_000
TIERS = {**dict.fromkeys(("US", "TW", "JP", "KR", "NL", "DE", "GB"), 1), **dict.fromkeys(("CN", "HK", "MO", "KH"), 3)}
ALLOCATION = 790_000_000


def arrow(column: Any) -> Any:
    if not isinstance(column, Codes):
        return pa.array(column)
    return pa.array(column.words.values).take(pa.array(column.codes, mask=column.codes < 0))


def fastest(run: Callable[[], Any]) -> float:
    """Return the median of a few runs, in seconds."""
    times = []
    for _ in range(RUNS):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return sorted(times)[RUNS // 2]


def differences(connection: Any, found: Decisions) -> int:
    """Return how many rows DuckDB answers otherwise than bulk, or leaves alone."""
    told = connection.sql("SELECT * FROM answers ORDER BY id").to_arrow_table()
    wrong = told["left_to_bulk"].to_numpy(zero_copy_only=False).astype(bool)
    fine = found.columns["error_code"] < 0
    for name in OUTPUTS:
        values = told[name].to_pylist()
        wanted = found.texts(name) if name in found.names else found.columns[name].tolist()
        different = np.array([value != other for value, other in zip(values, wanted, strict=True)])
        wrong |= different & (fine | (name == "error_code"))
    return int(wrong.sum())


def slice_columns(columns: dict[str, Any]) -> pl.DataFrame:
    """Return the columns of the slice, made from the transactions."""
    tiers = np.array([TIERS.get(place, 2) for place in PLACES])
    chip = columns["item.tpp"].codes
    tpp, area = (np.array([float(row[i]) for row in CHIPS] + [1.0])[chip] for i in (1, 2))
    seat = tiers[columns["parties.ultimate_consignee.headquarters"].codes]
    place = tiers[columns["destination.country"].codes]
    need = (tpp * columns["item.quantity"]).astype(np.int64)
    quota = ALLOCATION - columns["counters.licensed_tpp_destination_since_2025"]
    return pl.DataFrame({
        "tpp": tpp, "pd": tpp / area, "dc": columns["item.datacenter"].astype(np.int8), "th": seat,
        "tier": np.maximum(place, seat), "d14": place == 3, "need": need, "ep": columns["documents.purchase_order"],
        "veu": columns["parties.ultimate_consignee.kind"].codes == 2,
        "used": columns["counters.lpp_tpp_received_this_year"], "quota": quota,
    })  # fmt: skip


def polars_slice() -> pl.Expr:
    """Return the slice as one expression."""
    c = pl.col
    a = (c("tpp") >= 4800) | ((c("tpp") >= 1600) & (c("pd") >= 5.92))
    b = ((c("tpp") >= 2400) & (c("pd") >= 1.6)) | ((c("tpp") >= 1600) & (c("pd") >= 3.2))
    note = (c("dc") == 0) & (c("tpp") < 4800)
    is_a, is_b = a & ~note, b & ~a & ~note
    required = (is_a | is_b) & ((c("ep") & is_a) | c("d14") | (c("th") == 3))
    two = c("tier") == 2
    available = (c("ep") & is_a & ((c("tier") == 1) | (two & (c("used") + c("need") <= LIMIT)))) | (two & c("veu"))
    available = available | is_b | (c("dc") == 0)
    over = c("ep") & two & (c("need") > c("quota"))
    return pl.when(~required).then(0).when(available).then(1).when(c("tier") == 3).then(4).when(over).then(3).otherwise(2)


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    columns = transactions(rows)
    table = pa.table({"id": np.arange(rows), **{name: arrow(column) for name, column in columns.items()}})
    connection = duckdb.connect()
    connection.execute(f"SET threads = {THREADS}")
    connection.register("arrow", table)
    connection.execute("CREATE TABLE transactions AS SELECT * FROM arrow")
    text = law_sql(ON, columns=kinds_of(table.schema))
    decide_columns(transactions(1_000), ON)  # the book is read and compiled once
    in_numpy = fastest(lambda: decide_columns(columns, ON, workers=THREADS))
    in_duckdb = fastest(lambda: connection.execute(f"CREATE OR REPLACE TABLE answers AS {text}"))
    frame, slice = slice_columns(columns), polars_slice()
    in_polars = fastest(lambda: frame.select(slice))
    wrong = differences(connection, decide_columns(columns, ON, workers=THREADS))
    sample = frame.head(SAMPLE)
    slips = sum(reference(row) != told for row, told in zip(sample.to_dicts(), sample.select(slice).to_series(), strict=True))
    whole = f"whole rulebook, both stances, {THREADS} threads"
    for what, seconds, note in (
        ("Bulk in numpy, beside DuckDB", in_numpy, f"{whole}, {rows:,} rows"),
        ("`penstock law sql` in DuckDB", in_duckdb, f"{whole}, table to table; {wrong} of {rows:,} rows differ from bulk"),
        ("polars: 12-rule slice", in_polars, f"one two-valued answer; {slips} of {len(sample):,} differ from the reference"),
    ):
        print(f"{what} | {rows / seconds:,.0f} rows/s |  | {seconds / in_numpy:.2f}x the time of bulk | {note}")
    sys.exit(1 if wrong or slips else 0)


if __name__ == "__main__":
    main()
