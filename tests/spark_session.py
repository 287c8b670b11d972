"""The query for Spark, run in a local session of Spark: ``make spark``.

`make test` does not run it, for it needs Java and minutes; there `tests/decision/test_warehouse.py` parses the same text.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from penstock.decision.chips import chip_table
from tests.warehouse import ASKED, Row, compared, corners, open_cases

MOST = 60


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
    builder = builder.config("spark.driver.bindAddress", "127.0.0.1").config("spark.driver.host", "127.0.0.1")
    session = builder.config("spark.sql.warehouse.dir", str(tmp_path_factory.mktemp("warehouse"))).getOrCreate()
    yield session
    session.stop()


@pytest.fixture
def run(spark: Any, tmp_path: Path) -> Any:
    def answers(text: str, table: Any) -> list[Row]:
        file = tmp_path / "transactions.parquet"
        pq.write_table(table, file)
        spark.read.parquet(str(file)).createOrReplaceTempView("transactions")
        return [row.asDict() for row in spark.sql(text).collect()]

    return answers


@pytest.mark.parametrize(("day", "regime"), ASKED)
def test_spark_equals_decide_on_the_corners(run: Any, day: str, regime: str) -> None:
    on = dt.date.fromisoformat(day)
    rows = corners(on, MOST)
    assert compared(run, "spark", rows, on, regime=regime) < len(rows) / 2


def test_spark_equals_decide_on_the_open_cases(run: Any) -> None:
    groups = open_cases()
    if not groups:
        pytest.skip("the case files of the contract are not part of this repository")
    largest = sorted(groups.items(), key=lambda pair: -len(pair[1]))[:12]
    left = sum(compared(run, "spark", rows, on, known=known, regime=regime, switches=dict(switches))
               for (on, known, regime, switches), rows in largest)  # fmt: skip
    assert left < sum(len(rows) for _, rows in largest) / 10


def test_spark_equals_decide_on_chips_by_name(run: Any) -> None:
    bare = {"activity.type": "export", "origin.country": "US", "destination.country": "MY", "item.quantity": 100}
    rows: list[Row] = [bare | {"item.chip": name} for name in [*list(chip_table())[::4], "H200", "no such chip"]]
    rows += [row | {"item.eccn": "3A090.a"} for row in rows]
    assert compared(run, "spark", rows, dt.date(2026, 6, 15)) < len(rows) / 5
