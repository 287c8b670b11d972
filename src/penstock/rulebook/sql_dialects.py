"""What DuckDB and Spark write differently: names, literals, lists, whole numbers beyond 64 bits."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from attrs import frozen

__all__ = ["DIALECTS", "Dialect"]


@frozen
class Dialect:
    """The words of one SQL engine; a template's ``{}`` are filled in order.

    >>> DIALECTS["duckdb"].name("item.tpp"), DIALECTS["spark"].name("item.tpp")
    ('"item.tpp"', '`item.tpp`')
    """

    id: str
    mark: str
    escaped: Mapping[str, str]
    text: str
    wide: str
    bits: str
    few_bits: str
    transform: str
    keep: str
    size: str
    distinct: str
    highest: str
    lowest: str
    total: str
    list_of: str
    array: str
    holds: str
    meets: str
    matches: str
    field: str
    record: str
    before_dot: str
    days: str
    folded: str

    def name(self, column: str) -> str:
        """Return a name as it is written in the text."""
        return f"{self.mark}{column.replace(self.mark, self.mark * 2)}{self.mark}"

    def literal(self, value: Any) -> str:
        r"""Return a constant as it is written in the text.

        >>> [DIALECTS["spark"].literal(v) for v in (None, True, 1_234_567, "it's", dt.date(2026, 6, 15))]
        ['NULL', 'TRUE', '1234567', "'it\\'s'", "DATE '2026-06-15'"]
        """
        if value is None or isinstance(value, bool):
            return {None: "NULL", True: "TRUE", False: "FALSE"}[value]
        if isinstance(value, dt.date):
            return f"DATE '{value.isoformat()}'"
        if isinstance(value, int):
            return str(value)
        return "'" + "".join(self.escaped.get(sign, sign) for sign in value) + "'"

    def literals(self, values: Iterable[Any]) -> str:
        """Return constants in a fixed order, with commas."""
        return ", ".join(self.literal(value) for value in sorted(values))

    def struct(self, fields: Mapping[str, str]) -> str:
        """Return a record of named expressions."""
        return self.record.format(", ".join(self.field.format(key=self._key(key), value=value) for key, value in fields.items()))

    def _key(self, key: str) -> str:
        return self.name(key) if self.id == "duckdb" else self.literal(key)

    def pattern(self, value: str, regex: str) -> str:
        """Return whether a text matches a regular expression without backslashes, from its first sign on."""
        return self.matches.format(value, self.literal(regex))


_DUCKDB = Dialect(
    id="duckdb", mark='"', escaped={"'": "''"}, text="VARCHAR", wide="HUGEINT", bits="UBIGINT", few_bits="UTINYINT",
    transform="list_transform({}, lambda {}: {})", keep="list_filter({}, lambda {}: {})", size="len({})",
    distinct="list_distinct({})", highest="list_max({})", lowest="list_min({})", total="list_sum({})",
    list_of="{}[]", array="[{}]", holds="list_contains({}, {})", meets="list_has_any({}, {})",
    matches="regexp_matches({}, {})", field="{key} := {value}", record="struct_pack({})",
    before_dot="split_part({}, '.', 1)", days="({} - {})",
    folded="lower(regexp_replace({}, '[^A-Za-z0-9]', '', 'g'))",
)  # fmt: skip
_SPARK = Dialect(
    id="spark", mark="`", escaped={"'": "\\'", "\\": "\\\\"}, text="STRING", wide="DECIMAL(38, 0)", bits="BIGINT",
    few_bits="TINYINT", transform="transform({}, {} -> {})", keep="filter({}, {} -> {})", size="size({})",
    distinct="array_distinct({})", highest="array_max({})", lowest="array_min({})",
    total="aggregate({}, CAST(0 AS DECIMAL(38, 0)), (a, b) -> CAST(a + b AS DECIMAL(38, 0)))",
    list_of="ARRAY<{}>", array="array({})", holds="array_contains({}, {})", meets="arrays_overlap({}, {})",
    matches="({} RLIKE {})", field="{key}, {value}", record="named_struct({})",
    before_dot="substring_index({}, '.', 1)", days="datediff({}, {})",
    folded="lower(regexp_replace({}, '[^A-Za-z0-9]', ''))",
)  # fmt: skip
DIALECTS = {dialect.id: dialect for dialect in (_DUCKDB, _SPARK)}
