"""Prints some columns of a Parquet file as text: python docs/examples/show.py FILE COLUMN..."""

import sys

import pyarrow.parquet as pq

file, *names = sys.argv[1:]
rows = pq.read_table(file, columns=names).to_pylist()
table = [names, *([("" if row[name] is None else str(row[name])) for name in names] for row in rows)]
widths = [max(len(line[i]) for line in table) for i in range(len(names))]
for line in table:
    print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
