"""Writes a small Parquet file of transactions, one column per fact: python docs/examples/shipments.py OUT.parquet."""

import sys

import pyarrow as pa
import pyarrow.parquet as pq

ROWS = [
    ("A1", "MY", "MY", "h200-sxm", 1000),
    ("A2", "MY", "CN", "h200-sxm", 1000),
    ("A3", "JP", "JP", "h200-sxm", 1000),
    ("A4", "BR", "BR", "h20", 500),
    ("A5", "BR", None, "h200-sxm", 500),
    ("A6", "UK", "GB", "h200-sxm", 500),
]
columns = list(zip(*ROWS, strict=True))
count = len(ROWS)
table = pa.table({
    "id": pa.array(columns[0]),
    "activity.type": pa.array(["export"] * count).dictionary_encode(),
    "origin.country": pa.array(["US"] * count).dictionary_encode(),
    "destination.country": pa.array(columns[1]).dictionary_encode(),
    "parties.ultimate_consignee.headquarters": pa.array(columns[2]).dictionary_encode(),
    "parties.ultimate_consignee.parent_headquarters": pa.array(columns[2]).dictionary_encode(),
    "parties.ultimate_consignee.lists": pa.array([[]] * count, pa.list_(pa.string())),
    "item.chip": pa.array(columns[3]).dictionary_encode(),
    "item.quantity": pa.array(columns[4], pa.int64()),
    "item.designer.status": pa.array(["approved"] * count).dictionary_encode(),
    "end_use.types": pa.array([["datacenter_operation"]] * count),
    "counters.lpp_tpp_received_this_year": pa.array([0] * count, pa.int64()),
    "counters.licensed_tpp_destination_since_2025": pa.array([0] * count, pa.int64()),
})  # fmt: skip
pq.write_table(table, sys.argv[1])
