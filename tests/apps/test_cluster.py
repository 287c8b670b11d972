"""A cluster of two worker processes gives the answers of one process."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from penstock.apps import parquet
from penstock.apps.cluster import decide_on_cluster
from penstock.apps.parquet import decide_parquet
from penstock.terms.errors import FileUnusable, UnknownFact
from tests.apps.test_parquet import COLUMNS, write

ON = "2026-06-15"
MANY: dict[str, Any] = {name: values * 25 for name, values in COLUMNS.items()}


@pytest.fixture(scope="module")
def ray() -> Iterator[Any]:
    found = pytest.importorskip("ray")
    os.environ.setdefault("RAY_AUTH_MODE", "disabled")
    found.init(num_cpus=2, log_to_driver=False, include_dashboard=False, object_store_memory=100 << 20)
    yield found
    found.shutdown()


@pytest.fixture
def cluster(ray: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Keep one cluster up over the tests, and let a piece be thirty rows."""
    monkeypatch.setattr(ray, "init", lambda **options: None)
    monkeypatch.setattr(ray, "shutdown", lambda: None)
    monkeypatch.setattr(parquet, "_ROWS", 30)
    return ray


def test_two_workers_answer_as_one(tmp_path: Path, cluster: Any) -> None:
    source = write(tmp_path / "in.parquet", MANY)
    assert decide_on_cluster(source, tmp_path / "out", ON) == 100
    parts = sorted((tmp_path / "out").glob("*.parquet"))
    assert [pq.read_metadata(part).num_rows for part in parts] == [30, 30, 30, 10]
    decide_parquet(source, tmp_path / "whole.parquet", ON)
    assert (
        pa.concat_tables([pq.read_table(part) for part in parts]).to_pylist()
        == pq.read_table(tmp_path / "whole.parquet").to_pylist()
    )


def test_a_run_goes_on_with_what_is_left(tmp_path: Path, cluster: Any) -> None:
    source = write(tmp_path / "in.parquet", MANY)
    decide_on_cluster(source, tmp_path / "out", ON)
    gone, kept = sorted((tmp_path / "out").glob("*.parquet"))[1:3]
    gone.unlink()
    before = kept.stat().st_mtime_ns
    assert decide_on_cluster(source, tmp_path / "out", ON) == 100
    assert (gone.exists(), kept.stat().st_mtime_ns) == (True, before)


def test_a_folder_of_files(tmp_path: Path, cluster: Any) -> None:
    (tmp_path / "in").mkdir()
    for name in ("a", "b"):
        write(tmp_path / "in" / f"{name}.parquet", COLUMNS)
    assert decide_on_cluster(tmp_path / "in", tmp_path / "out", ON) == 8
    assert [path.name for path in sorted((tmp_path / "out").glob("*.parquet"))] == ["a-00000.parquet", "b-00000.parquet"]


@pytest.mark.parametrize("wrong", ["another day", "other files", "no Parquet"])
def test_a_folder_that_holds_something_else_is_refused(tmp_path: Path, cluster: Any, wrong: str) -> None:
    source = write(tmp_path / "in.parquet", COLUMNS)
    if wrong == "another day":
        decide_on_cluster(source, tmp_path / "out", "2025-06-01")
    elif wrong == "other files":
        (tmp_path / "out").mkdir()
        (tmp_path / "out" / "mine.txt").write_text("mine")
    else:
        (tmp_path / "empty").mkdir()
        source = tmp_path / "empty"
    with pytest.raises(FileUnusable):
        decide_on_cluster(source, tmp_path / "out", ON)


def test_columns_that_cannot_be_used_are_refused_before_work_starts(tmp_path: Path) -> None:
    source = write(tmp_path / "in.parquet", COLUMNS | {"item.colour": ["red"] * 4})
    with pytest.raises(UnknownFact):
        decide_on_cluster(source, tmp_path / "out", ON)
    assert not (tmp_path / "out").exists()
