"""Arrow columns as columns of facts: what type a column may have, and every distinct list read once.

Needs the extra ``bulk``; nothing here is imported before it is asked for.
"""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from penstock.decision.answers import OUTPUTS, Decisions
from penstock.decision.bulk import Days
from penstock.decision.fact_columns import (
    ERROR_CODES,
    NO_ERROR,
    FactColumn,
    coded_column,
    float_column,
    truth_column,
    whole_column,
)
from penstock.decision.stages import of_the_item
from penstock.rulebook.arrays import Array, distinct
from penstock.rulebook.fixedpoint import Numbers
from penstock.terms.errors import BadDate, BadType, PenstockError, UnknownFact
from penstock.terms.numbers import exact
from penstock.terms.suggest import nearest
from penstock.terms.vocabulary import FactSpec, vocabulary

__all__ = ["answer_schema", "answer_table", "arrow_column", "arrow_days", "day_errors", "joined", "type_errors"]

_EPOCH = dt.date(1970, 1, 1).toordinal()
_KEY_MAX = 1 << 62
_RADIX_MAX = 1 << 31
_WORDS_MAX = 1 << 14
_DAY = FactSpec("on", "date")
_WANTED = {
    "bool": "bool", "int": "int64, decimal or double", "number": "int64, decimal or double", "string": "string",
    "enum": "string", "country": "string", "date": "date32, timestamp or string", "object": "struct",
}  # fmt: skip


# ---- types


def type_errors(name: str, type: Any) -> list[PenstockError]:
    """Return what is wrong with the Arrow type of a fact's column, before any row is read."""
    spec = vocabulary().facts[name]
    if pa.types.is_null(type) or _fits(type, spec):
        return []
    found = str(type)[:80]
    if spec.is_list and _is_list(type):
        return _field_errors(name, type.value_type, spec) or [_mistyped(name, found, spec)]
    return [_mistyped(name, found, spec)]


def day_errors(name: str, type: Any) -> list[PenstockError]:
    """Return what is wrong with the Arrow type of a column of days."""
    if pa.types.is_null(type) or _fits(type, _DAY):
        return []
    return [_mistyped(name, str(type)[:80], _DAY)]


def _mistyped(name: str, found: str, spec: FactSpec) -> BadType:
    wanted = f"a list of {_WANTED[spec.item_type]} or JSON text" if spec.type.startswith("list<") else _WANTED.get(spec.type)
    wanted = wanted or "a list of structs or JSON text"
    return BadType(f"{name}: a column of {wanted} is expected, got {found}", at=name, value=found, hint=f"penstock facts {name}")


def _fits(type: Any, spec: FactSpec) -> bool:
    if pa.types.is_dictionary(type):
        return _fits(type.value_type, spec)
    if spec.is_list:
        if _is_text(type):
            return True
        return _is_list(type) and _fits_item(type.value_type, spec)
    return _fits_item(type, spec)


def _fits_item(type: Any, spec: FactSpec) -> bool:
    kind = "object" if spec.object else spec.item_type
    if pa.types.is_null(type):
        return True
    if kind == "bool":
        return bool(pa.types.is_boolean(type))
    if kind in ("int", "number"):
        return bool(pa.types.is_integer(type) or pa.types.is_decimal(type) or pa.types.is_float64(type))
    if kind == "date":
        return bool(pa.types.is_date(type) or _is_text(type) or (pa.types.is_timestamp(type) and type.tz is None))
    if kind == "object":
        return bool(pa.types.is_struct(type)) and _struct_fits(type, spec)
    return _is_text(type)


def _struct_fits(type: Any, spec: FactSpec) -> bool:
    fields = vocabulary().objects[spec.object]
    return all(f.name in fields and _fits(f.type, fields[f.name]) for f in type)


def _field_errors(name: str, type: Any, spec: FactSpec) -> list[PenstockError]:
    """Return the fields of a list of structs that the objects of the fact do not have."""
    if not pa.types.is_struct(type) or not spec.object:
        return []
    fields = vocabulary().objects[spec.object]
    return [
        UnknownFact(f"{name}.{f.name} is not a field of {spec.object}", at=f"{name}.{f.name}", nearest=nearest(f.name, fields))
        for f in type
        if f.name not in fields
    ]


def _is_text(type: Any) -> bool:
    return bool(pa.types.is_string(type) or pa.types.is_large_string(type))


def _is_list(type: Any) -> bool:
    return bool(pa.types.is_list(type) or pa.types.is_large_list(type) or pa.types.is_fixed_size_list(type))


# ---- columns


def arrow_column(name: str, array: Any) -> FactColumn:
    """Return the column of a fact from an Arrow array whose type fits."""
    spec = vocabulary().facts[name]
    type = array.type
    if pa.types.is_null(type):
        return FactColumn(name, len(array), lambda row: None)
    if spec.is_list:
        return _list_column(spec, array)
    if pa.types.is_boolean(type):
        truths = array.cast(pa.int8()).fill_null(-1).to_numpy(zero_copy_only=False)
        return truth_column(spec, truths, lambda row: array[row].as_py())
    if of_the_item(name):  # few distinct values are likely, whatever the type
        codes, words = _dictionary(array)
        if len(words) <= _WORDS_MAX:
            return coded_column(spec, codes, words.to_pylist())
    if pa.types.is_date(type) or pa.types.is_timestamp(type):
        return _date_column(spec, array)
    if pa.types.is_floating(type):
        known = _known(array)
        return float_column(spec, array.fill_null(0.0).to_numpy(zero_copy_only=False), known, lambda row: array[row].as_py())
    if pa.types.is_integer(type) and type != pa.uint64():
        num = array.cast(pa.int64()).fill_null(0).to_numpy(zero_copy_only=False)
        return whole_column(spec, num, 1, _known(array), lambda row: array[row].as_py())
    if pa.types.is_decimal128(type) and type.scale >= 0:
        held = _decimals(spec, array)
        if held is not None:
            return held
    codes, words = _dictionary(array)
    return coded_column(spec, codes, words.to_pylist())


def joined(batches: list[Any]) -> Any:
    """Return record batches as one."""
    if len(batches) == 1:
        return batches[0]
    table = pa.Table.from_batches(batches).unify_dictionaries().combine_chunks()
    return pa.record_batch([column.chunk(0) for column in table.columns], schema=table.schema)


def _known(array: Any) -> Array | None:
    if not array.null_count:
        return None
    known: Array = array.is_valid().to_numpy(zero_copy_only=False)
    return known


def _dictionary(array: Any) -> tuple[Array, Any]:
    """Return codes (-1: absent) and the dictionary they point into."""
    coded = array if pa.types.is_dictionary(array.type) else array.dictionary_encode()
    codes = coded.indices.cast(pa.int32()).fill_null(-1).to_numpy(zero_copy_only=False)
    words = coded.dictionary
    if words.null_count:
        absent = np.append(words.is_null().to_numpy(zero_copy_only=False), False)
        codes = np.where(absent[codes], np.int32(-1), codes)
    return codes, words


def _decimals(spec: FactSpec, array: Any) -> FactColumn | None:
    """Return a column of decimals as 64-bit whole numbers, None where one of them needs more."""
    halves = np.frombuffer(array.buffers()[1], np.int64).reshape(-1, 2)[array.offset : array.offset + len(array)]
    known = _known(array)
    low, high = halves[:, 0], halves[:, 1]
    if known is not None:
        low, high = low * known, high * known
    if (high != low >> 63).any():
        return None
    den = 10**array.type.scale
    return whole_column(spec, np.ascontiguousarray(low), den, known, lambda row: array[row].as_py())


def _date_column(spec: FactSpec, array: Any) -> FactColumn:
    days, faults = _ordinals(array)
    known = days != 0
    held = Numbers(days, 1, None if known.all() else known, dt.date.max.toordinal())
    return FactColumn(spec.name, len(array), lambda row: array[row].as_py(), held, faults)


def _ordinals(array: Any) -> tuple[Array, Array | None]:
    """Return the ordinals of days, 0 where there is none, and the rows whose day is in no calendar."""
    days = array.cast(pa.date32(), safe=False).cast(pa.int32())
    known = _known(array)
    found = days.fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64) + _EPOCH
    outside = (found < 1) | (found > dt.date.max.toordinal())
    if known is not None:
        found, outside = found * known, outside & known
    if not outside.any():
        return found, None
    faults = np.where(outside, ERROR_CODES.index(BadDate.code), NO_ERROR).astype(np.int8)
    return np.where(outside, 0, found), faults


def arrow_days(array: Any) -> Days:
    """Return the day of each row from a column of dates, timestamps or ISO texts; BadType for any other."""
    type = array.type
    if pa.types.is_date(type) or pa.types.is_timestamp(type):
        days, faults = _ordinals(array)
        absent = np.where(days == 0, ERROR_CODES.index(BadDate.code), NO_ERROR).astype(np.int8)
        return Days(days, absent if faults is None else np.maximum(absent, faults))
    codes, words = _dictionary(array)
    return Days.coded(codes, words.to_pylist())


# ---- lists


def _list_column(spec: FactSpec, array: Any) -> FactColumn:
    """Return the column of a list or map fact; equal lists are read once."""
    if _is_text(array.type) or pa.types.is_dictionary(array.type):
        codes, words = _dictionary(array)
        return coded_column(spec, codes, [_json(text) for text in words.to_pylist()])
    codes, first = _distinct_lists(array)
    raws = array.take(pa.array(first)).to_pylist()
    return coded_column(spec, codes, [_document(spec, raw) for raw in raws])


def _json(text: str) -> Any:
    """Return what a JSON text says; the text itself, which no list fact accepts, where it is not JSON."""
    try:
        return json.loads(text, parse_float=exact, parse_int=exact, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        return text


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key is given twice")
    return found


def _document(spec: FactSpec, raw: Any) -> Any:
    """Return an Arrow list as a document would write it: a map fact as a mapping, unless a key is given twice."""
    if not spec.type.startswith("map<") or None in raw:
        return raw
    fields = vocabulary().objects[spec.object]
    found = dict(tuple(item.get(key) for key in fields) for item in raw)
    return found if len(found) == len(raw) else raw


def _distinct_lists(array: Any) -> tuple[Array, Array]:
    """Return one code per row (-1: absent) and one row per code."""
    keys, radix = _keys(array)
    first, places = distinct(keys, radix)
    absent = keys[first] == 0
    code_of = np.where(absent, -1, np.cumsum(~absent) - 1).astype(np.int32)
    return code_of[places], first[~absent]


def _keys(array: Any) -> tuple[Array, int]:
    """Return one whole number per value, equal only where values are, 0 where absent, and a bound."""
    type = array.type
    if pa.types.is_struct(type):
        return _struct_keys(array)
    if _is_list(type):
        return _list_keys(array)
    codes, words = _dictionary(array)
    return codes.astype(np.int64) + 1, len(words) + 1


def _list_keys(array: Any) -> tuple[Array, int]:
    """Return keys of lists: place by place, a number for each beginning that occurs, then the length with it."""
    inner, radix = _keys(array.flatten())
    if radix > _RADIX_MAX:
        first, inner = distinct(inner, radix)
        radix = len(first)
    known = array.is_valid().to_numpy(zero_copy_only=False)
    sizes = pc.list_value_length(array).fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64)
    starts = np.cumsum(sizes) - sizes
    keys = np.zeros(len(array), np.int64)
    bound, longest = 1, int(sizes.max(initial=0))
    for place in range(longest):
        rows = np.flatnonzero(sizes > place)
        first, keys[rows] = distinct(keys[rows] * radix + inner[starts[rows] + place], bound * radix)
        bound = max(bound, len(first))
    return np.where(known, keys * (longest + 1) + sizes + 1, 0), bound * (longest + 1) + 1


def _struct_keys(array: Any) -> tuple[Array, int]:
    keys, radix = array.is_valid().to_numpy(zero_copy_only=False).astype(np.int64), 2
    for i in range(array.type.num_fields):
        more, size = _keys(array.field(i))
        if radix * size > _KEY_MAX:
            first, keys = distinct(keys, radix)
            radix = len(first)
        keys, radix = keys * size + more, radix * size
    return keys, radix


# ---- answers


def answer_table(found: Decisions, schema: Any, ids: Any) -> Any:
    """Return the answers as an Arrow table; texts are dictionaries, and a row at fault holds nothing but its error."""
    wrong = found.columns["error_code"] != NO_ERROR
    arrays = [] if ids is None else [ids]
    for name in OUTPUTS:
        codes = found.columns[name]
        if name in found.names:
            column = pa.DictionaryArray.from_arrays(pa.array(codes, mask=codes < 0), pa.array(found.names[name], pa.string()))
        else:
            column = pa.array(codes.astype(np.uint8) if codes.dtype == np.int8 else codes, mask=wrong)
        arrays.append(column)
    return pa.Table.from_arrays(arrays, schema=schema)


def answer_schema(ids: Any) -> Any:
    """Return the Arrow schema of the answers; ``ids`` is the type of the column ``id``, or None where there is none."""
    fields = [] if ids is None else [("id", ids)]
    for name in OUTPUTS:
        plain = {"missing_mask": pa.uint8(), "fired_mask": pa.uint64()}.get(name)
        plain = pa.uint8() if name.endswith("_license_required") else plain
        wide = name in ("eccn", "law_hash")
        fields.append((name, plain or pa.dictionary(pa.int32() if wide else pa.int8(), pa.string())))
    return pa.schema(fields)
