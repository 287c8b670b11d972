"""The law as one query: DuckDB runs it here, and answers every row as `decide` does or leaves it alone."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import duckdb
import pyarrow as pa
import pytest
import sqlglot
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlglot import exp

from penstock.apps.warehouse import kinds_of
from penstock.decision.answers import OUTPUTS
from penstock.decision.bulk import decide_columns
from penstock.decision.chips import chip_table
from penstock.decision.library import book
from penstock.decision.warehouse import facts_read, law_sql
from penstock.terms.errors import DateOutOfRange, UnknownRegime, UnknownSwitch
from penstock.terms.vocabulary import vocabulary
from tests.rows import bare_entries, controlled_end_uses
from tests.strategies import Flat, arbitrary_facts, days, partial_facts
from tests.warehouse import ASKED, Row, answers, by_decide, compared, corners, documents_of, open_cases, table_of

ON = dt.date(2026, 6, 15)
SHIPMENT: Row = {
    "activity.type": "export", "origin.country": "US", "destination.country": "MY", "item.kind": "integrated_circuit",
    "item.eccn": "3A090.a", "item.datacenter": True, "item.quantity": 1000, "item.designer.status": "approved",
    "item.tpp": 15832, "parties.ultimate_consignee.country": "MY", "parties.ultimate_consignee.headquarters": "MY",
    "parties.ultimate_consignee.parent_headquarters": "MY", "parties.ultimate_consignee.lists": [],
    "end_use.types": ["datacenter_operation"], "counters.licensed_tpp_destination_since_2025": 0,
    "counters.lpp_tpp_received_this_year": 0,
}  # fmt: skip
# what sqlglot leaves as Spark says it
SPARK_WORDS = ("CREATE MACRO arrays_overlap(a, b) AS list_has_any(a, b)",
               "CREATE MACRO substring_index(text, dot, n) AS split_part(text, dot, 1)")  # fmt: skip


@pytest.fixture(scope="module")
def connection() -> Iterator[Any]:
    with duckdb.connect() as opened:
        opened.execute("SET threads = 1")
        for macro in SPARK_WORDS:
            opened.execute(macro)
        yield opened


@pytest.fixture(scope="module")
def run(connection: Any) -> Any:
    def found(text: str, table: Any) -> list[Row]:
        connection.register("transactions", table)
        return [dict(row) for row in connection.sql(text).to_arrow_table().to_pylist()]

    return found


@pytest.fixture(scope="module")
def run_spark_text(run: Any) -> Any:
    return lambda text, table: run(sqlglot.transpile(text, read="spark", write="duckdb", comments=False)[0], table)


# ---- every row equals decide


@pytest.mark.parametrize(("day", "regime"), ASKED)
def test_corners(run: Any, day: str, regime: str) -> None:
    on = dt.date.fromisoformat(day)
    rows = corners(on, 80)
    assert compared(run, "duckdb", rows, on, regime=regime) < len(rows) / 4, "a query that leaves its rows alone says nothing"


@pytest.mark.parametrize("day", ["2022-05-01", "2024-06-01", "2026-08-01"])
def test_corners_in_the_text_for_spark(run_spark_text: Any, day: str) -> None:
    on = dt.date.fromisoformat(day)
    rows = corners(on, 60)
    assert compared(run_spark_text, "spark", rows, on) < len(rows) / 4


@settings(max_examples=6)
@given(drawn=st.lists(partial_facts(), min_size=4, max_size=12), on=days())
def test_partial_transactions(run: Any, drawn: list[Flat], on: dt.date) -> None:
    assert compared(run, "duckdb", drawn, on) == 0


@settings(max_examples=8)
@given(drawn=st.lists(arbitrary_facts(), min_size=3, max_size=10), on=days())
def test_any_facts(run: Any, drawn: list[Flat], on: dt.date) -> None:
    compared(run, "duckdb", drawn, on)


@settings(max_examples=3)
@given(drawn=st.lists(partial_facts(), min_size=2, max_size=6), name=st.sampled_from(["hq_overlap", "tf32_bits", "lpp_5a002"]))
def test_other_readings_and_regimes(run: Any, drawn: list[Flat], name: str) -> None:
    switches = {name: book().readings[name].values[-1]}
    assert compared(run, "duckdb", drawn, dt.date(2025, 6, 1), regime="diffusion-as-written", switches=switches) == 0


@pytest.mark.parametrize("day", ["2022-12-01", "2024-06-01", "2026-08-01"])
def test_entries_stated_in_part_and_end_uses_that_turn_on_them(run: Any, run_spark_text: Any, day: str) -> None:
    on = dt.date.fromisoformat(day)
    for rows in (bare_entries(), controlled_end_uses()):
        assert compared(run, "duckdb", rows, on) == 0
        assert compared(run_spark_text, "spark", rows, on) == 0


def test_the_open_cases(run: Any) -> None:
    groups = open_cases()
    if not groups:
        pytest.skip("the case files of the contract are not part of this repository")
    left = sum(compared(run, "duckdb", rows, on, known=known, regime=regime, switches=dict(switches))
               for (on, known, regime, switches), rows in groups.items())  # fmt: skip
    assert left < sum(map(len, groups.values())) / 20


def test_the_columns_of_bulk(run: Any) -> None:
    rows = [
        SHIPMENT | {"destination.country": place, "item.quantity": n} for n, place in enumerate(["MY", "CN", "US", "PT", "XX"])
    ]
    found = answers(run, "duckdb", table_of(rows), ON)
    bulk = decide_columns({name: [row[name] for row in rows] for name in SHIPMENT}, ON)
    for name in OUTPUTS:
        wanted = bulk.texts(name) if name in bulk.names else bulk.columns[name].tolist()
        sound = [row["error_code"] is None for row in found]
        assert [row[name] for row, fine in zip(found, sound, strict=True) if fine] == [
            w for w, s in zip(wanted, sound, strict=True) if s
        ]
    assert [row["error_code"] for row in found] == bulk.texts("error_code")
    assert list(found[0]) == ["id", *OUTPUTS, "left_to_bulk"]


# ---- how columns are stored


@pytest.mark.parametrize("type", [pa.int64(), pa.float64(), pa.decimal128(38, 12), pa.decimal128(12, 2)], ids=str)
def test_numbers_as_a_warehouse_may_store_them(run: Any, type: Any) -> None:
    table = table_of([SHIPMENT | {"item.quantity": n} for n in (1, 1698, 1699, 1700)])
    place = table.schema.get_field_index("item.tpp")
    values = (
        [15832, 15832, 15832, 4800] if type == pa.int64() else [Decimal("15831.25"), Decimal(15832), Decimal("4799.99"), 4800]
    )
    stored = pa.array([float(str(v)) for v in values] if type == pa.float64() else values, type)
    table = table.set_column(place, "item.tpp", stored)
    found = answers(run, "duckdb", table, ON)
    assert not any(row["left_to_bulk"] for row in found)
    for row, facts in zip(found, documents_of(table), strict=True):
        wanted = by_decide(facts, ON)
        assert {name: row[name] for name in OUTPUTS} == {name: wanted[name] for name in OUTPUTS}


def test_a_number_with_more_places_than_the_query_holds_is_left(run: Any) -> None:
    rows = [SHIPMENT | {"item.tpp": tpp} for tpp in (15832, Decimal("15832.000000001"), Decimal("15832.5"))]
    assert [row["left_to_bulk"] for row in answers(run, "duckdb", table_of(rows), ON)] == [False, True, False]


@pytest.mark.parametrize("day", ["2022-11-01", "2026-06-15"])
def test_chips_by_name(run: Any, day: str) -> None:
    bare = {name: value for name, value in SHIPMENT.items() if not name.startswith("item.")} | {"item.quantity": 100}
    names = [*chip_table(), "H200", "Ascend 910B", "NVIDIA A100 PCIe 40GB", "RTX 4090", "h200é", "no such chip"]
    said: list[Row] = [{}, {"item.eccn": "3A090.a"}, {"item.datacenter": True, "item.kind": "integrated_circuit"},
                       {"item.tpp": 15832, "item.die_area_mm2": 814}]  # fmt: skip
    on = dt.date.fromisoformat(day)
    rows = [bare | {"item.chip": name} for name in names]
    assert compared(run, "duckdb", rows, on) < len(rows) / 10  # densities of memory that no decimal holds
    compared(run, "duckdb", [row | said[i % len(said)] for i, row in enumerate(rows)], on)


def test_odd_lists_are_left(run: Any) -> None:
    rows = [
        SHIPMENT,
        SHIPMENT | {"end_use.types": ["datacentre"]},
        SHIPMENT | {"parties.end_user.owners": [{"share": Decimal(2)}]},
    ]
    assert [row["left_to_bulk"] for row in answers(run, "duckdb", table_of(rows), ON)] == [False, True, True]


def test_without_columns_the_facts_the_law_reads_are_expected(connection: Any, run: Any) -> None:
    law = book().law(ON)
    text = law_sql(ON)
    assert all(f"-- reads {name}\n" in text for name in ("id", *facts_read(law)))
    full = dict.fromkeys(facts_read(law)) | {"activity.type": "export", "item.eccn": "3A090.a"}
    types = {"bool": "BOOLEAN", "int": "BIGINT", "number": "DECIMAL(20, 4)", "date": "DATE"}
    columns = [f"{_literal(value)} AS \"{name}\"" if value else f"CAST(NULL AS {_type(name, types)}) AS \"{name}\""
               for name, value in full.items()]  # fmt: skip
    table = connection.sql(f"SELECT 1 AS id, {', '.join(columns)}").to_arrow_table()
    found = run(text, table)
    assert found[0]["codified_outcome"] == "unknown"
    assert not found[0]["left_to_bulk"]


def _literal(value: str) -> str:
    return f"'{value}'"


def _type(name: str, types: dict[str, str]) -> str:
    spec = vocabulary().facts[name]
    if spec.object:
        fields = vocabulary().objects[spec.object].values()
        return (
            "STRUCT("
            + ", ".join(f'"{f.name}" {"VARCHAR[]" if f.is_list else types.get(f.type, "VARCHAR")}' for f in fields)
            + ")[]"
        )
    return "VARCHAR[]" if spec.is_list else types.get(spec.type, "VARCHAR")


# ---- the text


@pytest.mark.parametrize("dialect", ["duckdb", "spark"])
def test_the_text_is_the_same_every_time_and_says_which_law_it_is(dialect: str) -> None:
    text = law_sql(ON, dialect=dialect)
    assert text == law_sql(ON, dialect=dialect)
    assert f"-- law_hash {book().law(ON).hash}\n" in text
    assert "-- regime actual\n" in text


@pytest.mark.parametrize("day", ["2022-05-01", "2025-06-01", "2026-08-01"])
@pytest.mark.parametrize("whole", [True, False])
def test_every_column_of_the_spark_text_is_there_where_it_is_read(day: str, whole: bool) -> None:
    kinds = None if whole else kinds_of(table_of([SHIPMENT]).schema)
    tree = sqlglot.parse_one(law_sql(dt.date.fromisoformat(day), dialect="spark", columns=kinds), read="spark")
    there = {"id", *facts_read(book().law(dt.date.fromisoformat(day)))} if whole else set(kinds or ())
    there |= {name.name for values in tree.find_all(exp.Values) for name in values.args["alias"].columns}
    stages = [*(cte.this for cte in tree.find_all(exp.CTE)), tree]
    assert len(stages) > 5
    for stage in stages:
        rows = {name.name for inner in stage.find_all(exp.Lambda) for name in inner.expressions}
        read = {column.name for part in stage.expressions for column in part.find_all(exp.Column) if not _of_row(column, rows)}
        assert read <= there
        there = {part.alias_or_name for part in stage.expressions}
    assert there >= set(OUTPUTS)


def _of_row(column: exp.Column, rows: set[str]) -> bool:
    return column.table in rows or column.name in rows


def test_stages_stay_at_a_sensible_width() -> None:
    text = law_sql(ON)
    assert len(text) < 250_000
    widths = [block.count(" AS ") + block.count('", "') for block in re.split(r"stage_\d+ AS \(", text)]
    assert max(widths) < 500


def test_a_table_is_named_by_its_parts() -> None:
    columns = {"activity.type": "text"}
    assert 'FROM "lake"."orders"' in law_sql(ON, table="lake.orders", columns=columns)
    assert "FROM `lake`.`orders`" in law_sql(ON, table="lake.orders", dialect="spark", columns=columns)


def test_a_law_that_is_not_in_the_book_is_refused() -> None:
    with pytest.raises(DateOutOfRange):
        law_sql(dt.date(2021, 1, 1))
    with pytest.raises(UnknownRegime):
        law_sql(ON, regime="diffusion")
    with pytest.raises(UnknownSwitch):
        law_sql(ON, switches={"tf32_bits": 20})
