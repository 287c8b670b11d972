"""Many decisions at once equal the same decisions one by one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.decision import bulk
from penstock.decision.answers import OUTPUTS
from penstock.decision.bulk import Decisions, decide_columns
from penstock.decision.library import book
from penstock.rulebook.arrays import Codes, Words
from penstock.terms.errors import BadType, DateOutOfRange, UnknownFact, UnknownRegime, UnknownSwitch
from tests.answers import one_by_one
from tests.rows import bare_entries, controlled_end_uses
from tests.strategies import arbitrary_facts, days, partial_facts

Row = dict[str, Any]
ON = dt.date(2026, 6, 15)
SHIPMENT: Row = {
    "activity.type": "export", "origin.country": "US", "destination.country": "MY", "item.kind": "integrated_circuit",
    "item.eccn": "3A090.a", "item.datacenter": True, "item.tpp": 15832, "item.quantity": 1000,
    "item.designer.status": "approved", "parties.ultimate_consignee.country": "MY",
    "parties.ultimate_consignee.headquarters": "MY", "parties.ultimate_consignee.parent_headquarters": "MY",
    "parties.ultimate_consignee.lists": [], "end_use.types": ["datacenter_operation"],
    "counters.licensed_tpp_destination_since_2025": 0, "counters.lpp_tpp_received_this_year": 0,
}  # fmt: skip


def columns_of(rows: Sequence[Row]) -> dict[str, list[Any]]:
    """Return rows as columns, in the order in which names first occur."""
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [row.get(name) for row in rows] for name in names}


def row_of(found: Decisions, row: int) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for name in OUTPUTS:
        code = int(found.columns[name][row])
        out[name] = (*found.names[name], None)[code] if name in found.names else None if code == -1 else code
    return out


def assert_equal(rows: Sequence[Row], on: dt.date | Sequence[dt.date], **options: Any) -> Decisions:
    """Compare every row; a row is the document of its columns, in their order."""
    columns = columns_of(rows)
    found = decide_columns(columns, on, **options)
    for i, row in enumerate(rows):
        facts = {name: row[name] for name in columns if name in row}
        assert row_of(found, i) == one_by_one(facts, on if isinstance(on, dt.date) else on[i], **options), f"row {i}: {facts}"
    return found


WAYS = {"columns": (1 << 62, 1 << 62), "stages": (0, 1 << 62), "compiled": (0, 0)}


@pytest.fixture(params=WAYS, autouse=True, scope="module")
def way(request: pytest.FixtureRequest) -> Iterator[str]:
    """Decide in each of the ways there are, whatever the number of rows."""
    if request.param == "compiled":
        pytest.importorskip("numba")
    with pytest.MonkeyPatch.context() as patch:
        for name, rows in zip(("_STAGED_ROWS", "_FAST_ROWS"), WAYS[request.param], strict=True):
            patch.setattr(bulk, name, rows)
        yield request.param


# ---- every row equals decide


@settings(max_examples=25)
@given(st.lists(partial_facts(), min_size=1, max_size=6), days())
def test_partial_transactions(drawn: list[Row], on: dt.date) -> None:
    assert_equal(drawn, on)


@settings(max_examples=25)
@given(st.lists(arbitrary_facts(), min_size=1, max_size=6), days())
def test_any_facts(drawn: list[Row], on: dt.date) -> None:
    assert_equal(drawn, on)


@settings(max_examples=15)
@given(st.lists(st.tuples(partial_facts(), days()), min_size=2, max_size=6))
def test_a_day_per_row(drawn: list[tuple[Row, dt.date]]) -> None:
    assert_equal([row for row, _ in drawn], [on for _, on in drawn])


@settings(max_examples=10)
@given(st.lists(partial_facts(), min_size=1, max_size=3), days(), st.sampled_from(["hq_overlap", "tf32_bits", "lpp_5a002"]))
def test_other_readings_and_regimes(drawn: list[Row], on: dt.date, name: str) -> None:
    switches = {name: book().readings[name].values[-1]}
    assert_equal(drawn, on, switches=switches, regime="diffusion-as-written")


def test_known_sets_the_clock_back() -> None:
    found = assert_equal([SHIPMENT], dt.date(2025, 6, 1), known=dt.date(2025, 5, 1))
    assert found.texts("enforced_outcome") != decide_columns(columns_of([SHIPMENT]), dt.date(2025, 6, 1)).texts(
        "enforced_outcome"
    )


@pytest.mark.parametrize("on", [dt.date(2022, 12, 1), dt.date(2024, 6, 1), dt.date(2025, 3, 1), dt.date(2026, 8, 1)], ids=str)
def test_an_entry_stated_without_its_paragraph(on: dt.date) -> None:
    """3A090 alone, or 5A992.z, tells neither .a from .b nor either from what is neither."""
    rows = bare_entries()
    found = assert_equal(rows, on)
    bare = {"item.eccn": "3A090", "item.kind": "integrated_circuit", "destination.country": "CN"}
    at = [i for i, row in enumerate(rows) if bare.items() <= row.items() and not {"item.tpp", "item.chip"} & row.keys()]
    assert [found.texts("enforced_outcome")[i] for i in at] == ["unknown"]


@pytest.mark.parametrize("on", [dt.date(2022, 12, 1), dt.date(2025, 3, 1), dt.date(2026, 8, 1)], ids=str)
def test_end_uses_that_turn_on_the_entry(on: dt.date) -> None:
    rows = controlled_end_uses()
    found = assert_equal(rows, on)
    said = {
        (row.get("item.eccn"), row["item.kind"], row["end_use.types"][0]): found.texts("enforced_outcome")[i]
        for i, row in enumerate(rows)
        if row["destination.country"] == "CN" and "item.kind" in row
    }
    for entry in (None, "none"):
        assert said[entry, "assembly", "supercomputer"] == said[entry, "other", "ic_production_node_unknown"] == "unknown"
        assert said[entry, "technology", "supercomputer"] == said[entry, "assembly", "ic_production_node_unknown"]
        assert said[entry, "technology", "supercomputer"] == "no_license_required"


@pytest.mark.parametrize("left_out", sorted(set(SHIPMENT) - {"activity.type"}))
def test_every_column_may_be_absent_or_empty(left_out: str) -> None:
    without = {name: value for name, value in SHIPMENT.items() if name != left_out}
    assert_equal([without], ON)
    assert_equal([SHIPMENT, without], ON)
    empty = {name: [value] for name, value in without.items()} | {left_out: [None]}
    assert row_of(decide_columns(empty, ON), 0) == one_by_one(without, ON)


def test_chunks_on_threads_come_back_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "_CHUNK", 7)
    places = ["MY", "CN", "US", "PT", None, "HK"]
    rows = [SHIPMENT | {"destination.country": places[i % 6], "item.quantity": i * i, "item.tpp": 100 * i} for i in range(60)]
    rows = [{name: value for name, value in row.items() if value is not None} for row in rows]
    assert_equal(rows, ON)
    assert_equal(rows, [dt.date(2025, 1, 1) + dt.timedelta(i % 20) for i in range(60)])


# ---- parties


def test_roles_are_told_row_by_row() -> None:
    company = {"country": "CN", "headquarters": "CN", "parent_headquarters": "CN", "lists": ["entity_list"]}
    end_user = {f"parties.end_user.{name}": value for name, value in company.items()}
    purchaser = {f"parties.purchaser.{name}": value for name, value in company.items()}
    bare = {name: value for name, value in SHIPMENT.items() if not name.startswith("parties.")}
    rows: list[Row] = [SHIPMENT, SHIPMENT | end_user, SHIPMENT | purchaser, bare, bare | end_user, bare | purchaser,
                       bare | {"parties.end_user.name": "Somebody"}, bare | {"parties.end_user.headquarters": "AE"}]  # fmt: skip
    for act in ("export", "deemed_export", "iaas", "dealing", "ongoing_use", "publication"):
        assert_equal([row | {"activity.type": act} for row in rows], ON)


# ---- items: chips, and facts that contradict each other


def test_chips_are_looked_up_and_contradictions_refused() -> None:
    base = {
        name: value for name, value in SHIPMENT.items() if name not in ("item.eccn", "item.tpp", "item.datacenter", "item.kind")
    }
    rates = [{"format": "fp8", "bit_length": 8, "tops": 1979, "sparsity": "dense"}]
    items: list[Row] = [
        {"item.chip": "h100-sxm5"}, {"item.chip": "h20"}, {"item.chip": "Ascend 910B"}, {"item.chip": "no such chip"},
        {"item.chip": "no such chip", "item.eccn": "3A090.a"}, {"item.chip": "h100-sxm5", "item.tpp": 100},
        {"item.chip": "h100-sxm5", "item.eccn": "3A090.b"}, {"item.chip": "h20", "item.aggregate_tpp": 5},
        {"item.throughput": rates, "item.tpp": 15832}, {"item.throughput": rates, "item.tpp": 15833},
        {"item.throughput": rates, "item.aggregate_tpp": 15_832_000}, {"item.throughput": rates, "item.aggregate_tpp": 15_832},
        {"item.tpp": 100, "item.aggregate_tpp": 100_000}, {"item.tpp": 100, "item.aggregate_tpp": 99_999},
        {"item.tpp": 15832, "item.eccn": "3A090.a", "item.kind": "integrated_circuit", "item.datacenter": True},
        {"item.tpp": 100, "item.eccn": "3A090.a", "item.kind": "integrated_circuit", "item.datacenter": True},
        {"item.tpp": 4000, "item.die_area_mm2": 0, "item.kind": "integrated_circuit", "item.datacenter": True},
    ]  # fmt: skip
    for on in (dt.date(2022, 6, 1), dt.date(2024, 6, 1), ON):
        found = assert_equal([base | item for item in items], on)
        assert set(found.texts("error_code")) == {None, "unknown_chip", "conflicting_facts", "bad_number"}


# ---- numbers


NUMBERS = (0, 1, 592, 5.92, 5.925925925925926, 4800.0, 4799.999999999999, 0.1, 15831.2, 1e15, 123456789012345680.0, 1e26, 3.8e25,
           2**53 + 1, 10**18, 10**30, 1e-7, 1e-70, Decimal("5.92"), Decimal("4799.99999999999999999999"), Fraction(148, 25),
           Fraction(1, 3))  # fmt: skip


@pytest.mark.parametrize("name", ["item.tpp", "item.performance_density", "item.training_operations", "item.die_area_mm2"])
def test_numbers_are_the_decimals_as_written(name: str) -> None:
    base = {"activity.type": "export", "destination.country": "CN", "item.kind": "integrated_circuit", "item.datacenter": True,
            "item.tpp": 4000, "item.die_area_mm2": 500}  # fmt: skip
    kind = {"item.kind": "model_weights"} if name == "item.training_operations" else {}
    assert_equal([base | kind | {name: number} for number in NUMBERS], ON)
    assert_equal([base | kind | {name: number} for number in NUMBERS[:4]], ON)


def test_doubles_in_an_array_stand_for_their_shortest_decimal() -> None:
    values = [float(number) for number in NUMBERS if isinstance(number, (int, float))] + [-1.0, float("nan"), float("inf"), -0.0]
    base = {name: [value] * len(values) for name, value in SHIPMENT.items() if name not in ("item.tpp", "item.eccn")}
    found = decide_columns({**base, "item.tpp": np.array(values)}, ON)
    for i, value in enumerate(values):
        assert row_of(found, i) == one_by_one({**{name: held[i] for name, held in base.items()}, "item.tpp": value}, ON)


@pytest.mark.parametrize("top", [20_000, 1 << 50])
@pytest.mark.parametrize("lacking", [False, True])
def test_counters_are_compared_with_limits(top: int, lacking: bool) -> None:
    """The larger numbers do not fit into 64 bits once they are multiplied."""
    draw = np.random.default_rng(top)
    size = 60
    limits = {"counters.licensed_tpp_destination_since_2025": 790_000_000, "counters.lpp_tpp_received_this_year": 26_900_000}
    columns: dict[str, Any] = {name: draw.integers(limit // 2, limit * 2, size) for name, limit in limits.items()}
    columns = {name: np.where(draw.random(size) < 0.2, limits[name], values) for name, values in columns.items()}
    columns["item.quantity"] = draw.integers(1, top, size)
    columns["item.tpp"] = Codes(draw.integers(-1, 2, size).astype(np.int32), Words([15832, 4992.5]))
    facts = {name: Codes(np.zeros(size, np.int32), Words([value])) for name, value in SHIPMENT.items() if name not in columns}
    if lacking:
        for name in limits:
            columns[name] = [None if draw.random() < 0.3 else value for value in columns[name].tolist()]
    on = dt.date(2025, 3, 1)
    found = decide_columns({**facts, **columns}, on)
    for row in range(size):
        held = {name: column.value(row) if isinstance(column, Codes) else column[row] for name, column in columns.items()}
        given = {name: value.item() if isinstance(value, np.generic) else value for name, value in held.items()}
        given = {**SHIPMENT, **given}
        assert row_of(found, row) == one_by_one({name: value for name, value in given.items() if value is not None}, on), row


def test_arrays_and_codes_are_columns_too() -> None:
    columns = columns_of([SHIPMENT] * 4)
    given: dict[str, Any] = dict(columns)
    given["item.quantity"] = np.array([0, 1, -3, 10**12])
    given["item.datacenter"] = np.array([True, False, True, True])
    given["destination.country"] = Codes(np.array([0, 1, -1, 2], np.int32), Words(["MY", "CN", "UK"]))
    found = decide_columns(given, ON)
    for i, place in enumerate(["MY", "CN", None, "UK"]):
        row = SHIPMENT | {"item.quantity": int(given["item.quantity"][i]), "item.datacenter": bool(given["item.datacenter"][i])}
        row = {name: value for name, value in {**row, "destination.country": place}.items() if value is not None}
        assert row_of(found, i) == one_by_one(row, ON)
    assert found.texts("error_code") == [None, None, "bad_number", "bad_country"]


# ---- what is wrong with a row stays in the row


BAD: dict[str, Any] = {
    "bad_enum": ("activity.type", "re-export"), "bad_country": ("destination.country", "UK"), "bad_number": ("item.quantity", -5),
    "bad_type": ("item.datacenter", "yes"), "bad_date": ("item.packaging.export_completed_on", "2026-02-30"),
    "missing_required": ("activity.type", None), "unknown_chip": ("item.chip", "no such chip"),
}  # fmt: skip


@pytest.mark.parametrize("code", sorted(BAD))
def test_a_bad_row_has_its_code_and_nothing_else(code: str) -> None:
    name, value = BAD[code]
    base = {key: held for key, held in SHIPMENT.items() if code != "unknown_chip" or key not in ("item.eccn", "item.tpp")}
    bad = {key: held for key, held in {**base, name: value}.items() if held is not None}
    found = assert_equal([base, bad, base], ON)
    assert found.texts("error_code") == [None, code, None]
    assert row_of(found, 1) == dict.fromkeys(OUTPUTS) | {"missing_mask": 0, "fired_mask": 0, "error_code": code}


def test_the_first_error_in_the_order_of_the_columns_wins() -> None:
    rows: list[Row] = [{"activity.type": "sell", "item.quantity": -1}, {"item.quantity": -1}, {"item.tpp": 1}]
    assert assert_equal(rows, ON).texts("error_code") == ["bad_enum", "bad_number", "missing_required"]


def test_a_day_that_is_none_is_the_fault_of_its_row() -> None:
    on = [ON, None, "2026-02-30", dt.date(2021, 12, 31), "2026-06-15"]
    found = decide_columns(columns_of([SHIPMENT] * 5), on)
    assert found.texts("error_code") == [None, "bad_date", "bad_date", "date_out_of_range", None]
    assert row_of(found, 0) == row_of(found, 4) == one_by_one(SHIPMENT, ON)


# ---- what is refused before work starts


def test_columns_that_are_no_facts_are_refused_together() -> None:
    with pytest.raises(UnknownFact) as caught:
        decide_columns({"activity.type": ["export"], "item.daatcenter": [True], "destination": ["PT"]}, ON)
    assert (caught.value.at, caught.value.nearest) == ("item.daatcenter", "item.datacenter")
    assert [error.at for error in caught.value.more] == ["destination"]


def test_columns_of_different_lengths_are_refused() -> None:
    with pytest.raises(BadType):
        decide_columns({"activity.type": ["export", "export"], "item.tpp": [1]}, ON)


def test_a_law_the_book_does_not_have_is_refused() -> None:
    columns = columns_of([SHIPMENT])
    with pytest.raises(DateOutOfRange):
        decide_columns(columns, dt.date(2021, 12, 31))
    with pytest.raises(UnknownRegime):
        decide_columns(columns, [ON], regime="none-such")
    with pytest.raises(UnknownSwitch):
        decide_columns(columns, [ON], switches={"none_such": 1})
