"""Run a query over a Parquet file in DuckDB and write the answers: query.py LAW.sql IN.parquet OUT.parquet."""

import sys
from pathlib import Path

import duckdb

law, source, target = sys.argv[1:]
duckdb.sql(f"CREATE VIEW shipments AS SELECT * FROM '{source}'")
duckdb.sql(Path(law).read_text(encoding="utf-8")).write_parquet(target)
