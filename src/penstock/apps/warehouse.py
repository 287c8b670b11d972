"""What the columns of a Parquet file are, for the query that runs over a table of the same columns."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from penstock.decision.fact_columns import name_errors
from penstock.decision.sql_columns import Kind
from penstock.terms.errors import BadType, FileUnusable, PenstockError, first_of
from penstock.terms.vocabulary import vocabulary

__all__ = ["kinds_of", "parquet_kinds"]

_ID = "id"


def parquet_kinds(source: str | Path) -> dict[str, Kind | None]:
    """Return how the columns of a Parquet file are stored; it needs the extra ``bulk``.

    Raises FileUnusable where there is no such file, and UnknownFact or BadType for all columns that cannot be used.
    """
    try:
        import pyarrow.parquet as pq
    except ImportError:
        raise FileUnusable("Reading Parquet needs pyarrow", hint="pip install 'penstock[bulk]'") from None
    try:
        return kinds_of(pq.read_schema(source))
    except OSError as error:
        raise FileUnusable(f"{source} cannot be read: {error.strerror or error}", value=str(source)) from None
    except ValueError as error:  # pyarrow's own error for what is no Parquet
        raise FileUnusable(f"{source} is not a Parquet file: {error}", value=str(source)) from None


def kinds_of(schema: Any) -> dict[str, Kind | None]:
    """Return how the columns of an Arrow schema are stored, without those that hold nothing."""
    from penstock.decision import arrow

    names = [name for name in schema.names if name != _ID]
    errors: list[PenstockError] = []
    for place, name in enumerate(names):
        errors += name_errors(name, names[:place]) or arrow.type_errors(name, schema.field(name).type)
    errors = errors or [error for name in names for error in _json_errors(name, schema.field(name).type)]
    if errors:
        raise first_of(errors)
    found = {field.name: _kind(field.type) for field in schema}
    return {name: kind for name, kind in found.items() if kind != "null"}


def _json_errors(name: str, type: Any) -> list[PenstockError]:
    """Refuse lists written as JSON text, which `penstock bulk` reads and a query does not."""
    import pyarrow as pa

    if not vocabulary().facts[name].is_list or pa.types.is_null(type) or _is_list(type):
        return []
    hint = "Store it as a list in the table, or decide the file with `penstock bulk`."
    return [BadType(f"{name}: a query reads a list, not JSON text", at=name, value=str(type)[:80], hint=hint)]


def _is_list(type: Any) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_list(type) or pa.types.is_large_list(type) or pa.types.is_fixed_size_list(type))


def _kind(type: Any) -> Kind:
    """Return how a column of an Arrow type is stored."""
    from pyarrow import types

    if _is_list(type):
        inner = type.value_type
        if not types.is_struct(inner):
            return "list"
        fields: Mapping[str, Kind] = {part.name: _kind(part.type) for part in inner}
        return {name: kind for name, kind in fields.items() if kind != "null"}
    return next((name for name, test in _tests() if test(type)), "text")


def _tests() -> tuple[tuple[str, Any], ...]:
    from pyarrow import types

    return (("null", types.is_null), ("bool", types.is_boolean), ("integer", types.is_integer), ("date", types.is_date),
            ("decimal", types.is_decimal), ("double", types.is_floating), ("timestamp", types.is_timestamp))  # fmt: skip
