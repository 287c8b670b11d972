"""`penstock law sql`: the query on standard output, for the columns a Parquet file has, and what is refused."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from penstock.apps.parquet import decide_parquet
from penstock.apps.warehouse import kinds_of, parquet_kinds
from penstock.decision.answers import OUTPUTS
from penstock.terms.errors import BadType, FileUnusable, UnknownFact
from tests.fuzz.test_documents import run

COLUMNS: dict[str, Any] = {
    "id": ["a", "b", "c", "d"],
    "activity.type": ["export", "reexport", None, "export"],
    "origin.country": ["US", "US", "US", "UK"],
    "destination.country": ["MY", "CN", "PT", "AE"],
    "item.kind": ["integrated_circuit"] * 4,
    "item.tpp": [15832.0, 2368.0, None, 4800.5],
    "item.die_area_mm2": [814.5, 814.0, None, 0.1],
    "item.quantity": [1000, None, 5, 1],
    "item.datacenter": [True, None, False, True],
    "item.designer.application_filed_on": [dt.date(2026, 1, 1), None, None, dt.date(2020, 1, 1)],
    "parties.ultimate_consignee.headquarters": ["MY", "CN", None, "AE"],
    "parties.ultimate_consignee.owners": [[], [{"share": 0.5, "lists": ["entity_list"]}], None, []],
}  # fmt: skip


@pytest.fixture
def orders(tmp_path: Path) -> Path:
    pq.write_table(pa.table(COLUMNS), tmp_path / "orders.parquet")
    return tmp_path / "orders.parquet"


def test_the_query_gives_what_bulk_writes(orders: Path) -> None:
    code, text, err = run(["law", "sql", "--on", "2026-12-01", "--like", str(orders), "--table", "orders"])
    assert (code, err) == (0, "")
    with duckdb.connect() as connection:
        connection.register("orders", pq.read_table(orders))
        found = connection.sql(text).to_arrow_table().to_pylist()
    decide_parquet(orders, orders.with_name("out.parquet"), "2026-12-01")
    wanted = pq.read_table(orders.with_name("out.parquet")).to_pylist()
    assert [row.pop("left_to_bulk") for row in found] == [False] * 4
    assert found == wanted
    assert list(found[0]) == ["id", *OUTPUTS]


def test_the_options_choose_the_law() -> None:
    plain = run(["law", "sql", "--on", "2025-06-01"])[1]
    assert run(["law", "sql", "--on", "2025-06-01"])[1] == plain
    assert "-- known 2025-05-01\n" in run(["law", "sql", "--on", "2025-06-01", "--known", "2025-05-01"])[1]
    assert "-- regime us-monopoly\n" in run(["law", "sql", "--on", "2025-06-01", "--regime", "us-monopoly"])[1]
    assert "-- reading tf32_bits = 19\n" in run(["law", "sql", "--on", "2025-06-01", "--set", "tf32_bits=19"])[1]
    assert "`item.tpp`" in run(["law", "sql", "--on", "2025-06-01", "--dialect", "spark"])[1]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--on", "2021-06-01"], 4, "the book begins on 2022-01-01"),
        (["--on", "2025-06-31"], 3, "2025-06-30"),
        (["--on", "2025-06-01", "--regime", "us-monopol"], 4, "us-monopoly"),
        (["--on", "2025-06-01", "--like", "none.parquet"], 5, "none.parquet"),
        (["--on", "2025-06-01", "--dialect", "sqlite"], 2, "duckdb"),
        (["--on", "2025-06-01", "--table", "lake..orders"], 2, "no name of a table"),
        ([], 2, "--on"),
    ],
)
def test_what_is_refused(arguments: list[str], code: int, said: str) -> None:
    found, out, err = run(["law", "sql", *arguments])
    assert (found, out) == (code, "")
    assert said in err


def test_a_file_that_is_no_parquet_is_refused(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text("id,activity.type\n")
    with pytest.raises(FileUnusable):
        parquet_kinds(tmp_path / "orders.csv")


def test_columns_that_cannot_be_used_are_refused_all_at_once() -> None:
    with pytest.raises(UnknownFact) as caught:
        kinds_of(pa.schema([("item.tp", pa.int64()), ("item.datacenter", pa.string())]))
    assert caught.value.nearest == "item.tpp"
    assert [error.at for error in caught.value.more] == ["item.datacenter"]
    with pytest.raises(BadType, match="not JSON text"):
        kinds_of(pa.schema([("end_use.types", pa.string())]))


def test_columns_without_a_type_are_absent() -> None:
    schema = pa.schema([("item.tpp", pa.null()), ("parties.end_user.owners", pa.list_(pa.struct([("share", pa.float64())])))])
    assert kinds_of(schema) == {"parties.end_user.owners": {"share": "double"}}
