"""Parquet in, Parquet out: the same answers as in memory, whatever types the file uses."""

from __future__ import annotations

import datetime as dt
import json
import signal
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from penstock.apps import parquet
from penstock.apps.journal import Journal
from penstock.apps.parquet import decide_parquet
from penstock.decision.answers import OUTPUTS, Decisions
from penstock.decision.bulk import decide_columns
from penstock.terms.documents import read_facts
from penstock.terms.errors import BadDate, BadType, DateOutOfRange, FileUnusable, UnknownFact
from tests.transactions import chips, export

ON = dt.date(2026, 6, 15)
A_LISTED_OWNER: dict[str, Any] = {"name": "A", "share": 0.5, "lists": ["entity_list"]}
OWNERS: list[Any] = [None, [], [A_LISTED_OWNER], [{"name": "A", "share": 0.5, "lists": []}, {"share": 0.1}]]
HELD: list[Any] = [None, [], [{"type": "NVEU", "holder": "Buyer", "countries": ["MY", "AE"]}], [{"type": "license"}]]
IN_MALAYSIA, IN_THE_UAE = {"country": "MY", "share": 0.07}, {"country": "AE", "share": 0.2}
SHARES: list[Any] = [None, [], [IN_MALAYSIA], [IN_MALAYSIA, IN_THE_UAE]]
COLUMNS: dict[str, Any] = {
    "id": ["a", "b", None, "d"],
    "activity.type": ["export", "reexport", None, "export"],
    "origin.country": ["US", "US", "US", None],
    "destination.country": ["MY", "CN", "PT", "AE"],
    "item.kind": ["integrated_circuit"] * 4,
    "item.tpp": [15832.0, 2368.0, None, 5.925925925925926],
    "item.die_area_mm2": [Decimal("814.50"), Decimal("814.00"), None, Decimal("0.10")],
    "item.quantity": [1000, None, 5, 1],
    "item.datacenter": [True, None, False, True],
    "item.designer.application_filed_on": [dt.date(2026, 1, 1), None, None, dt.date(2020, 1, 1)],
    "parties.ultimate_consignee.name": ["Buyer", "Buyer", "Other", None],
    "parties.ultimate_consignee.headquarters": ["MY", "CN", None, "AE"],
    "parties.ultimate_consignee.lists": [[], ["entity_list"], None, ["entity_list", "meu_list"]],
    "end_use.types": [["datacenter_operation"], [], None, ["development", "production", "consumer"]],
    "documents.purchase_order": [None] * 4,
}


def write(path: Path, columns: dict[str, Any], **types: pa.DataType) -> Path:
    arrays = {name: pa.array(values) for name, values in columns.items() if name not in types}
    arrays |= {name: _typed(columns[name], type) for name, type in types.items()}
    arrays = {name: arrays[name] for name in columns}
    pq.write_table(pa.table(arrays), path, row_group_size=3)
    return path


def _typed(values: list[Any], type: pa.DataType) -> pa.Array:
    dates = pa.types.is_timestamp(type) or pa.types.is_date(type)
    return pa.array(values, pa.date32()).cast(type) if dates else pa.array(values, type)


def read(path: Path) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = pq.read_table(path).to_pydict()
    return found


def answers(tmp_path: Path, columns: dict[str, Any], on: Any = ON, **types: pa.DataType) -> dict[str, list[Any]]:
    source = write(tmp_path / "in.parquet", columns, **types)
    target = tmp_path / "out.parquet"
    assert decide_parquet(source, target, on) == len(next(iter(columns.values())))
    return read(target)


def in_memory(columns: dict[str, Any], on: Any = ON) -> dict[str, list[Any]]:
    """Return the same answers from plain lists, with null where a row is at fault."""
    found = decide_columns({name: values for name, values in columns.items() if name != "id"}, on)
    wrong = found.columns["error_code"] >= 0
    out: dict[str, list[Any]] = {}
    for name in OUTPUTS:
        if name in found.names:
            out[name] = found.texts(name)
        else:
            out[name] = [None if bad else int(value) for value, bad in zip(found.columns[name], wrong, strict=True)]
    return out


def test_a_file_answers_as_memory_does(tmp_path: Path) -> None:
    found = answers(tmp_path, COLUMNS)
    assert found.pop("id") == COLUMNS["id"]
    assert found == in_memory(COLUMNS)
    assert list(found) == list(OUTPUTS)
    assert found["error_code"] == [None, None, "missing_required", None]


def test_texts_come_out_as_dictionaries(tmp_path: Path) -> None:
    answers(tmp_path, COLUMNS)
    schema = pq.read_schema(tmp_path / "out.parquet")
    assert {name for name in schema.names if pa.types.is_dictionary(schema.field(name).type)} == {
        *(f"{stance}_{key}" for stance in ("codified", "enforced") for key in ("outcome", "path", "review_policy")),
        "eccn", "law_hash", "error_code",
    }  # fmt: skip
    assert (schema.field("missing_mask").type, schema.field("fired_mask").type) == (pa.uint8(), pa.uint64())


def as_text(values: list[Any]) -> list[Any]:
    return [None if value is None else json.dumps(value) for value in values]


@pytest.mark.parametrize("as_json", [False, True], ids=["arrow", "json"])
def test_lists_and_maps_may_be_arrow_or_json(tmp_path: Path, as_json: bool) -> None:
    lists: dict[str, Any] = {"parties.ultimate_consignee.owners": OWNERS, "authorizations_held": HELD}
    shares = [None if rows is None else {row["country"]: row["share"] for row in rows} for rows in SHARES]
    plain = {**COLUMNS, **lists, "counters.uveu_share_by_country": shares}
    if as_json:
        given = {name: as_text(values) for name, values in lists.items()}
        given["counters.uveu_share_by_country"] = as_text(shares)
    else:
        given = {**lists, "counters.uveu_share_by_country": SHARES}
    on = dt.date(2026, 12, 1)
    found = answers(tmp_path, {**COLUMNS, **given}, on)
    found.pop("id")
    assert found == in_memory(plain, on)


def test_other_types_of_the_same_values(tmp_path: Path) -> None:
    types = {
        "activity.type": pa.dictionary(pa.int8(), pa.string()), "item.quantity": pa.int16(),
        "item.die_area_mm2": pa.decimal128(38, 20), "destination.country": pa.large_string(),
        "end_use.types": pa.large_list(pa.string()),
        "item.designer.application_filed_on": pa.timestamp("us"), "parties.ultimate_consignee.lists": pa.list_(pa.large_string()),
    }  # fmt: skip
    found = answers(tmp_path, COLUMNS, **types)
    found.pop("id")
    assert found == in_memory(COLUMNS)


def test_numbers_too_long_for_64_bits_are_decided_all_the_same(tmp_path: Path) -> None:
    long = [Decimal("4799.99999999999999999999"), Decimal(4800), None, Decimal(10**17)]
    columns = {**COLUMNS, "item.tpp": long, "item.quantity": [1, 2**62, 2**63, 4]}
    found = answers(tmp_path, columns, **{"item.tpp": pa.decimal128(38, 20), "item.quantity": pa.uint64()})
    found.pop("id")
    assert found == in_memory(columns)


@pytest.mark.parametrize("last", [Decimal("0.25"), Decimal(10**20)], ids=["of 64 bits", "too long"])
def test_decimals_of_the_transaction_are_exact(tmp_path: Path, last: Decimal) -> None:
    """740.29(d): 26,900,000 TPP in a year, the shipment included; a counter is no fact of the item."""
    stated = read_facts(export("BR", chips(aggregate_tpp=100))).values
    columns: dict[str, Any] = {name: [list(value) if isinstance(value, tuple) else value] * 5 for name, value in stated.items()}
    taken = [Decimal("26899900.00"), Decimal("26899900.01"), None, Decimal("0.00"), last]
    columns["counters.lpp_tpp_received_this_year"] = taken
    types = {"counters.lpp_tpp_received_this_year": pa.decimal128(38, 2)}
    found = answers(tmp_path, columns, dt.date(2025, 6, 1), **types)
    ways = ["LPP", "LICENSE", "UNKNOWN", "LPP", "LPP" if last < 1 else "LICENSE"]
    assert (found["codified_path"], found) == (ways, in_memory(columns, dt.date(2025, 6, 1)))


@pytest.mark.parametrize("type", [pa.date32(), pa.timestamp("us")], ids=str)
def test_dates_of_the_transaction(tmp_path: Path, type: pa.DataType) -> None:
    filed = [dt.date(2026, 5, 1), None, dt.date(2026, 6, 14), dt.date(2020, 1, 1)]
    columns = {**COLUMNS, "documents.nac.filed_on": filed}
    found = answers(tmp_path, columns, **{"documents.nac.filed_on": type})
    found.pop("id")
    assert found == in_memory(columns)


@pytest.mark.parametrize("type", [pa.date32(), pa.timestamp("ms"), pa.string(), pa.dictionary(pa.int32(), pa.string())], ids=str)
def test_the_day_may_be_a_column(tmp_path: Path, type: pa.DataType) -> None:
    on = [ON, dt.date(2024, 6, 1), dt.date(2026, 1, 1), None]
    texts = type in (pa.string(), pa.dictionary(pa.int32(), pa.string()))
    given = [day.isoformat() if texts and day else day for day in on]
    found = answers(tmp_path, {**COLUMNS, "shipped_on": given}, "shipped_on", shipped_on=type)
    found.pop("id")
    assert found == in_memory(COLUMNS, on)
    assert found["error_code"] == [None, None, "missing_required", "bad_date"]


def test_a_file_without_rows_gives_one_without_rows(tmp_path: Path) -> None:
    found = answers(tmp_path, {"activity.type": [], "item.tpp": []}, "2026-06-15", **{"activity.type": pa.string()})
    assert found == {name: [] for name in OUTPUTS}


# ---- bad values stay in their row


def test_bad_values_stay_in_their_row(tmp_path: Path) -> None:
    columns = {
        **COLUMNS, "activity.type": ["export", "sell", "export", "export"], "item.quantity": [1.5, 1.0, -1.0, float("nan")],
        "counters.uveu_share_outside_us": [0.5, 60.0, None, None], "end_use.types": ['["consumer"]', "[1]", "not json", "{}"],
    }  # fmt: skip
    found = answers(tmp_path, columns)
    assert found["error_code"] == ["bad_type", "bad_enum", "bad_number", "bad_number"]
    assert all(values == [None] * 4 for name, values in found.items() if name not in ("id", "error_code"))
    fine = {**COLUMNS, "end_use.types": ['["consumer"]', "[1]", "not json", '{"a": 1, "a": 2}']}
    assert answers(tmp_path, fine)["error_code"] == [None, "bad_enum", "bad_type", "bad_type"]


# ---- what is refused before work starts, with nothing written


REFUSED: dict[str, tuple[list[Any], type[Exception], str]] = {
    "item.daatcenter": ([True], UnknownFact, "item.daatcenter"),
    "item.datacenter": ([1], BadType, "item.datacenter"),
    "item.tpp": (["15832"], BadType, "item.tpp"),
    "destination.country": ([7], BadType, "destination.country"),
    "end_use.types": ([[1]], BadType, "end_use.types"),
    "parties.end_user.owners": ([[{"nmae": "A"}]], UnknownFact, "parties.end_user.owners.nmae"),
    "authorizations_held": ([[{"type": 5}]], BadType, "authorizations_held"),
}


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_columns_that_cannot_be_used_are_refused(tmp_path: Path, name: str) -> None:
    values, error, at = REFUSED[name]
    source = write(tmp_path / "in.parquet", {"activity.type": ["export"], name: values, "destinatoin.country": ["PT"]})
    with pytest.raises(error) as caught:
        decide_parquet(source, tmp_path / "out.parquet", ON)
    found = [caught.value, *caught.value.more]  # type: ignore[attr-defined]
    assert at in [each.at for each in found]
    assert "destinatoin.country" in [each.at for each in found]
    assert [path.name for path in tmp_path.iterdir()] == ["in.parquet"]


@pytest.mark.parametrize(
    ("on", "error"), [("shiped_on", UnknownFact), ("2026-02-30", BadDate), ("2020-01-01", DateOutOfRange), ("item.tpp", BadType)]
)
def test_days_that_cannot_be_used_are_refused(tmp_path: Path, on: str, error: type[Exception]) -> None:
    source = write(tmp_path / "in.parquet", {"activity.type": ["export"], "item.tpp": [1.0], "shipped_on": ["2026-06-15"]})
    if on != "shiped_on":
        source = write(tmp_path / "in.parquet", {"activity.type": ["export"], "item.tpp": [1.0]})
    with pytest.raises(error):
        decide_parquet(source, tmp_path / "out.parquet", on)
    assert [path.name for path in tmp_path.iterdir()] == ["in.parquet"]


def test_files_that_cannot_be_used_are_refused(tmp_path: Path) -> None:
    (tmp_path / "text.parquet").write_text("no Parquet")
    good = write(tmp_path / "in.parquet", {"activity.type": ["export"]})
    for source, target in ((tmp_path / "none", tmp_path / "out"), (tmp_path / "text.parquet", tmp_path / "out"),
                           (good, tmp_path / "no" / "folder")):  # fmt: skip
        with pytest.raises(FileUnusable):
            decide_parquet(source, target, ON)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.parquet", "text.parquet"]


def test_a_run_that_fails_leaves_the_old_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answers(tmp_path, COLUMNS)
    before = (tmp_path / "out.parquet").read_bytes()
    monkeypatch.setattr("penstock.apps.parquet.decide_columns", lambda *args, **options: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        decide_parquet(tmp_path / "in.parquet", tmp_path / "out.parquet", ON)
    assert (tmp_path / "out.parquet").read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.parquet", "out.parquet"]


# ---- runs cut short

MANY: dict[str, Any] = {name: values * 60 for name, values in COLUMNS.items()}
KILLED = """
import os, signal, sys
from penstock.apps import parquet
from penstock.apps.journal import Journal
parquet._ROWS = 12
add = Journal.add
def once_too_often(self, record, cut=int(sys.argv[3])):
    if len(self) == cut:
        if sys.argv[4] == "torn":
            self._file.seek(self._ends[-1])
            self._file.write(b"\\x05torn")
            self._file.flush()
        os.kill(os.getpid(), signal.SIGKILL)
    add(self, record)
Journal.add = once_too_often
parquet.decide_parquet(sys.argv[1], sys.argv[2], "2026-06-15")
"""


def killed(source: Path, target: Path, after: int, how: str = "") -> None:
    found = subprocess.run([sys.executable, "-c", KILLED, source, target, str(after), how], check=False)
    assert found.returncode == -signal.SIGKILL
    assert not target.exists()


@pytest.fixture
def cut_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "_ROWS", 12)


@pytest.mark.usefixtures("cut_small")
@pytest.mark.parametrize(("after", "how"), [(1, ""), (7, ""), (7, "torn")])
def test_a_killed_run_goes_on_and_gives_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int, how: str
) -> None:
    source, target = write(tmp_path / "in.parquet", MANY), tmp_path / "out.parquet"
    killed(source, target, after, how)
    rows = []

    def counted(columns: Any, *args: Any, size: int, **options: Any) -> Any:
        rows.append(size)
        return decide_columns(columns, *args, size=size, **options)

    monkeypatch.setattr(parquet, "decide_columns", counted)
    assert decide_parquet(source, target, ON) == 240
    assert sum(rows) == 240 - 12 * after
    whole = tmp_path / "whole.parquet"
    decide_parquet(source, whole, ON)
    assert target.read_bytes() == whole.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.parquet", "out.parquet", "whole.parquet"]


@pytest.mark.usefixtures("cut_small")
@pytest.mark.parametrize("changed", ["file", "day", "regime"])
def test_another_run_does_not_go_on_from_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changed: str) -> None:
    source, target = write(tmp_path / "in.parquet", MANY), tmp_path / "out.parquet"
    killed(source, target, 3)
    if changed == "file":
        write(source, {**MANY, "destination.country": ["CN"] * 240})
    on = dt.date(2026, 6, 16) if changed == "day" else ON
    regime = "us-monopoly" if changed == "regime" else "actual"
    rows = []

    def counted(columns: Any, *args: Any, size: int, **options: Any) -> Any:
        rows.append(size)
        return decide_columns(columns, *args, size=size, **options)

    monkeypatch.setattr(parquet, "decide_columns", counted)
    decide_parquet(source, target, on, regime=regime)
    assert sum(rows) == 240


@pytest.mark.usefixtures("cut_small")
def test_two_runs_do_not_write_one_file(tmp_path: Path) -> None:
    source, target = write(tmp_path / "in.parquet", MANY), tmp_path / "out.parquet"
    with Journal(tmp_path / ".out.parquet.resume", b"other" * 5), pytest.raises(FileUnusable, match="Another run"):
        decide_parquet(source, target, ON)


def test_packed_answers_are_the_answers() -> None:
    found = decide_columns({name: values for name, values in COLUMNS.items() if name != "id"}, ON)
    again = Decisions.unpacked(b"".join(found.packed()))
    assert again.names == found.names
    assert all((again.columns[name] == found.columns[name]).all() for name in OUTPUTS)
