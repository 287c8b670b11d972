"""Rows of facts as an Arrow table, and the answers of the query over it, as `penstock bulk` would write them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pyarrow as pa

from penstock.apps.warehouse import kinds_of
from penstock.decision.answers import OUTPUTS
from penstock.decision.cases import read_cases
from penstock.decision.library import program
from penstock.decision.warehouse import law_sql
from penstock.terms.documents import parse_document, read_facts
from penstock.terms.vocabulary import FactSpec, vocabulary
from tests.answers import one_by_one
from tests.rulebook.test_columns import corner_rows

__all__ = ["ASKED", "Row", "answers", "by_decide", "compared", "corners", "documents_of", "open_cases", "table_of"]

Row = dict[str, Any]
Run = Callable[[str, Any], list[Row]]
OPEN = Path(__file__).parents[1] / "../shared/contract/cases/open"
ASKED = [("2022-05-01", "actual"), ("2023-02-01", "actual"), ("2024-06-01", "actual"), ("2025-03-01", "actual"),
         ("2025-06-01", "diffusion-as-written"), ("2026-08-01", "actual"), ("2027-02-01", "actual")]  # fmt: skip
_SMALL = pa.decimal128(20, 9)
_INT_MAX = 1 << 63


def _storable(value: Any) -> Any:
    """Return an exact number as a warehouse holds it: a whole number, a decimal, or a double where it is neither."""
    if isinstance(value, Fraction):
        scaled = value * 10**9
        return Decimal(scaled.numerator) / 10**9 if scaled.denominator == 1 and scaled < 10**19 else float(value)
    return value


def _arrow_type(spec: FactSpec, values: Sequence[Any]) -> Any:
    """Return the Arrow type of a column or field: the plainest that holds its values."""
    if spec.is_list:
        items = [item for value in values for item in value]
        if not spec.object:
            return pa.list_(pa.int64() if spec.item_type == "int" else pa.string())
        fields = vocabulary().objects[spec.object]
        found = {name: [item[name] for item in items if item.get(name) is not None] for name in fields}
        given = {name: held for name, held in found.items() if held} or {name: [] for name in list(fields)[:1]}
        return pa.list_(pa.struct([(name, _arrow_type(fields[name], held)) for name, held in given.items()]))
    if spec.type in ("int", "number"):
        if all(isinstance(value, int) and value < _INT_MAX for value in values):
            return pa.int64()
        if all(isinstance(value, (int, Decimal)) and value < 10**10 for value in values):
            return _SMALL
        return pa.float64()
    return {"bool": pa.bool_(), "date": pa.date32()}.get(spec.type, pa.string())


def _plain(spec: FactSpec, value: Any) -> Any:
    if spec.type.startswith("map<") and isinstance(value, Mapping):
        value = [{"country": place, "share": share} for place, share in sorted(value.items())]
    if spec.object and value is not None:
        fields = vocabulary().objects[spec.object]
        return [{name: _plain(fields[name], held) for name, held in item.items() if held is not None} for item in value]
    if spec.type == "date" and isinstance(value, str):
        return dt.date.fromisoformat(value)
    return list(value) if isinstance(value, tuple) else _storable(value)


def _converted(value: Any, type: Any) -> Any:
    if pa.types.is_floating(type):
        return None if value is None else float(value)
    if pa.types.is_list(type) and pa.types.is_struct(type.value_type) and value is not None:
        return [{part.name: _converted(item.get(part.name), part.type) for part in type.value_type} for item in value]
    return value


def table_of(rows: Sequence[Row]) -> Any:
    """Return rows as an Arrow table with an ``id``."""
    facts = vocabulary().facts
    columns: dict[str, Any] = {"id": pa.array(range(len(rows)), pa.int64())}
    for name in dict.fromkeys(name for row in rows for name in row):
        values = [_plain(facts[name], row.get(name)) for row in rows]
        type = _arrow_type(facts[name], [value for value in values if value is not None])
        columns[name] = pa.array([_converted(value, type) for value in values], type)
    return pa.table(columns)


def documents_of(table: Any) -> list[Row]:
    """Return the rows of a table as documents, in the order of its columns."""
    facts = vocabulary().facts
    rows = [{name: value for name, value in row.items() if name != "id" and value is not None} for row in table.to_pylist()]
    for row in rows:
        for name in row:
            if facts[name].type.startswith("map<"):
                row[name] = {part["country"]: part["share"] for part in row[name]}
    return rows


def by_decide(row: Mapping[str, Any], on: dt.date, **options: Any) -> Row:
    """Return what `decide` says of a row, in the columns of the answer; a query says nothing of a row at fault but its error."""
    said = one_by_one(row, on, **options)
    return said if said["error_code"] is None else dict.fromkeys(OUTPUTS) | {"error_code": said["error_code"]}


def answers(run: Run, dialect: str, table: Any, on: dt.date, **options: Any) -> list[Row]:
    """Return the rows of the answer, in the order of the table."""
    text = law_sql(on, dialect=dialect, columns=kinds_of(table.schema), **options)
    return sorted(run(text, table), key=lambda row: int(row["id"]))


def compared(run: Run, dialect: str, rows: Sequence[Row], on: dt.date, **options: Any) -> int:
    """Compare the answers of the query with `decide`, row by row; return how many rows the query left alone."""
    table = table_of(rows)
    left = 0
    for row, found in zip(documents_of(table), answers(run, dialect, table, on, **options), strict=True):
        if found["left_to_bulk"]:
            assert {found[name] for name in OUTPUTS} == {None}
            left += 1
            continue
        wanted = by_decide(row, on, **options)
        wrong = {name: (found[name], wanted[name]) for name in OUTPUTS if found[name] != wanted[name]}
        assert wrong == {}, f"{wrong} in {row}"
    return left


def corners(on: dt.date, size: int) -> list[Row]:
    """Return rows on the numbers of the law of a day; their chips are texts that no chip is called by, and left out."""
    found = corner_rows(program(on), size)
    return [{name: value for name, value in facts.values.items() if name != "item.chip"} for facts in found]


def open_cases() -> dict[tuple[Any, ...], list[Row]]:
    """Return the facts of the open cases by the law they ask: day, knowledge date, regime, readings."""
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for file in sorted(OPEN.glob("*.yaml")):
        for case in read_cases(parse_document(file.read_text("utf-8"))):
            if case.kind == "decision":
                law = (case.on, case.known, case.regime, tuple(sorted(case.switches.items())))
                groups.setdefault(law, []).append(dict(read_facts(case.facts).values))
    return groups
