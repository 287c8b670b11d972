"""Columns of facts in a warehouse, read in SQL: each value checked as a document's would be, numbers made exact.

What a query does not read as :func:`penstock.terms.documents.read_facts` would (long numbers, odd lists) is left to
`penstock bulk`: such rows are told, never guessed.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from attrs import evolve, field, frozen

from penstock.rulebook.sql_numbers import Number
from penstock.rulebook.sql_text import Stages, Text, Value, join
from penstock.terms.countries import codes
from penstock.terms.errors import BadCountry, BadEnum, BadNumber, BadType
from penstock.terms.vocabulary import FactSpec, vocabulary

__all__ = ["Fields", "Kind", "Read", "Reader", "digits_of"]

Fields = Mapping[str, "Kind"]
Kind = str | Fields  # how a column is stored; the fields of a list of records
_KINDS = {"bool": "bool", "int": "integer", "number": "number", "date": "date"}
# by unit, how many digits before and after the point are read exactly: far more than any real figure has
_DIGITS = {
    "TPP": (14, 4),
    "operations": (33, 0),
    "fraction": (1, 9),
    "units": (10, 0),
    "": (15, 0),
    "bit": (6, 0),
    "TOPS": (10, 4),
}
_OTHER_DIGITS = (12, 6)
_DOUBLE_WHOLE = 16
_NARROW = 1 << 63
_LAST_DAY, _FIRST_DAY = "DATE '9999-12-31'", "DATE '0001-01-01'"


@frozen
class Read:
    """What a column holds: its value, which rows are at fault and why, and which rows the query leaves alone."""

    value: Value
    faults: tuple[tuple[Text, str], ...] = ()
    left: tuple[Text, ...] = ()


@frozen(eq=False)
class Reader:
    """Reads the columns of one table; ``used`` names the fields of records that are asked for, by object."""

    stages: Stages
    used: Mapping[str, set[str]] = field(factory=dict)

    def read(self, name: str, kind: Kind | None = None) -> Read:
        """Return what the column of a fact holds; ``kind`` says how it is stored where that is known."""
        spec = vocabulary().facts[name]
        raw = self.stages.given(name)
        if spec.object:
            return self._records(spec, raw, kind if isinstance(kind, Mapping) else None)
        if spec.is_list:
            return Read(raw, left=(self._odd_items(spec, raw),))
        found = self._single(spec, raw, str(kind or _KINDS.get(spec.type, "text")))
        if isinstance(found.value, Number):
            found = evolve(found, value=evolve(found.value, num=self.stages.make(_flat(name), found.value.num)))
        elif found.value is not raw:
            found = evolve(found, value=self.stages.make(_flat(name), found.value))
        return self._complete(raw, found)

    def _complete(self, raw: Text, found: Read) -> Read:
        """Return a reading that leaves the rows alone in which something is given and nothing was understood."""
        value = found.value.num if isinstance(found.value, Number) else found.value
        if value is raw:
            return found
        return evolve(found, left=(*found.left, join("({} IS NOT NULL AND {} IS NULL)", raw, value)))

    def field(self, object: str, name: str, row: str) -> Value:
        """Return what a field of a row of records holds, once the list has been read."""
        spec = vocabulary().objects[object][name]
        text = Text(f"{row}.{self.stages.dialect.name(name)}")
        if spec.type not in ("int", "number"):
            return text
        before, after = digits_of(spec)
        return Number(text, 10 ** (before + after), Fraction(1, 10**after))

    # ---- single values

    def _single(self, spec: FactSpec, raw: Text, kind: str) -> Read:
        if spec.type in ("int", "number"):
            return self._number(spec, raw, kind)
        if spec.type == "date":
            return self._date(raw, kind)
        if spec.type == "country":
            return Read(raw, ((self._outside(raw, codes()), BadCountry.code),))
        if spec.type == "enum":
            return Read(raw, ((self._outside(raw, spec.enum), BadEnum.code),))
        if spec.pattern:
            matched = self.stages.dialect.pattern(raw.text, _plain_pattern(spec.pattern))
            return Read(raw, ((Text(f"(NOT {matched})", raw.reads), BadType.code),))
        return Read(raw)

    def _outside(self, raw: Text, allowed: Any) -> Text:
        return join("({} NOT IN ({}))", raw, self.stages.dialect.literals(allowed))

    def _number(self, spec: FactSpec, raw: Text, kind: str) -> Read:
        before, after = digits_of(spec)
        faults = [(join("({} < 0)", raw), BadNumber.code)]
        if spec.unit == "fraction":
            faults.append((join("({} > 1)", raw), BadNumber.code))
        if kind == "integer":
            bound = "1" if spec.unit == "fraction" else str(10**before - 1)
            num = join("CASE WHEN {} BETWEEN 0 AND {} THEN CAST({} AS {}) END", raw, bound, raw, self._type(10**before))
            value = Number(num, 10**before)
        else:
            num, peak = self._scaled(raw, kind, before, after)
            value = Number(num, peak, Fraction(1, 10**after))
        return Read(value, tuple(faults))

    def _scaled(self, raw: Text, kind: str, before: int, after: int) -> tuple[Text, int]:
        """Return a decimal as a whole number of its last place, NULL where it has more places or is not in range."""
        peak = 10 ** (before + after)
        text = join("CAST({} AS {})", raw, self.stages.dialect.text) if kind in ("double", "number") else raw
        held = join("TRY_CAST({} AS DECIMAL({}, {}))", text, str(before + after), str(after))
        large = join("CAST({} AS DECIMAL(38, {}))", held, str(after)) if after else held
        scaled = join("CAST({} * {} AS {})", large, str(10**after), self._type(peak)) if after else held
        if not after:
            scaled = join("CAST({} AS {})", held, self._type(peak))
        same = join("{} = {}", held, raw)
        if before >= _DOUBLE_WHOLE and kind in (
            "double",
            "number",
        ):  # there a double has no places, and a decimal may not equal it
            same = join("({} OR ({} >= {} AND lower(typeof({})) = 'double'))", same, raw, str(10**_DOUBLE_WHOLE), raw)
        return join("CASE WHEN {} >= 0 AND {} THEN {} END", held, same, scaled), peak

    def _type(self, peak: int) -> str:
        return "BIGINT" if peak < _NARROW else self.stages.dialect.wide

    def _date(self, raw: Text, kind: str) -> Read:
        if kind == "text":
            matched = self.stages.dialect.pattern(raw.text, "^[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]$")
            day = Text(f"CASE WHEN {matched} THEN TRY_CAST({raw} AS DATE) END", raw.reads)
        else:
            day = join("CAST({} AS DATE)", raw) if kind == "timestamp" else raw
        return Read(day, left=(join("({} NOT BETWEEN {} AND {})", day, _FIRST_DAY, _LAST_DAY),))

    # ---- lists

    def _odd_items(self, spec: FactSpec, raw: Text) -> Text:
        """Return whether a list of plain values holds one that it may not, or a gap."""
        item = Text("i")
        odd: list[Text] = [Text("i IS NULL")]
        if spec.item_type == "int":
            odd.append(Text("i < 0"))
        elif spec.item_type in ("enum", "country"):
            odd.append(self._outside(item, spec.enum if spec.item_type == "enum" else codes()))
        return self._any(raw, "i", odd)

    def _any(self, rows: Text, row: str, odd: list[Text]) -> Text:
        """Return whether one of several tests holds in a row of a list."""
        dialect = self.stages.dialect
        kept = dialect.keep.format(rows, row, " OR ".join(test.text for test in odd))
        return Text(f"({dialect.size.format(kept)} > 0)", rows.reads)

    def _records(self, spec: FactSpec, raw: Text, kinds: Fields | None) -> Read:
        fields = vocabulary().objects[spec.object]
        wanted = self.used.get(spec.object, set())
        here = [name for name in fields if name in (wanted if kinds is None else kinds)]
        odd = [Text("o IS NULL")]
        values = {name: self._missing(fields[name]) for name in wanted if name not in here}
        for name in here:
            part = Text(f"o.{self.stages.dialect.name(name)}")
            read = self._part(fields[name], part, None if kinds is None else kinds[name])
            odd += [*(test for test, _ in read.faults), *read.left]
            if name in wanted:
                values[name] = (read.value.num if isinstance(read.value, Number) else read.value).text
        left = []
        if spec.type.startswith("map<"):
            odd += [Text(f"o.{self.stages.dialect.name(key)} IS NULL" if key in here else "TRUE") for key in fields]
            left = [self._repeated(raw)] if "country" in here else []
        left.append(self._any(raw, "o", odd))
        if not values:
            return Read(raw, left=tuple(left))
        record = self.stages.dialect.struct(dict(sorted(values.items())))
        made = self.stages.make(_flat(spec.name), Text(self.stages.dialect.transform.format(raw, "o", record), raw.reads))
        return Read(made, left=tuple(left))

    def _part(self, spec: FactSpec, part: Text, kind: Kind | None) -> Read:
        if spec.is_list:
            return Read(part, left=(self._odd_items(spec, part),))
        found = self._complete(part, self._single(spec, part, str(kind or _KINDS.get(spec.type, "text"))))
        if isinstance(found.value, Number) and found.value.unit == 1 and digits_of(spec)[1]:
            after = 10 ** digits_of(spec)[1]  # rows of a list keep one unit, however the column is stored
            return evolve(found, value=evolve(found.value, num=join("({} * {})", found.value.num, str(after))))
        return found

    def _missing(self, spec: FactSpec) -> str:
        """Return NULL in the type a field would have."""
        before, after = digits_of(spec)
        type = {"bool": "BOOLEAN", "date": "DATE"}.get(spec.type, self.stages.dialect.text)
        if spec.type in ("int", "number"):
            type = self._type(10 ** (before + after))
        if spec.is_list:
            type = self.stages.dialect.list_of.format("BIGINT" if spec.item_type == "int" else self.stages.dialect.text)
        return f"CAST(NULL AS {type})"

    def _repeated(self, raw: Text) -> Text:
        """Return whether a map names a key twice."""
        dialect = self.stages.dialect
        keys = dialect.transform.format(raw, "o", f"o.{dialect.name('country')}")
        return Text(f"({dialect.size.format(dialect.distinct.format(keys))} < {dialect.size.format(raw)})", raw.reads)


def _flat(name: str) -> str:
    return name.replace(".", "_")


def digits_of(spec: FactSpec) -> tuple[int, int]:
    """Return how many digits of a number before and after the point a query reads exactly."""
    return _DIGITS.get(spec.unit, _OTHER_DIGITS)


def _plain_pattern(pattern: str) -> str:
    r"""Return a pattern of the vocabulary without backslashes.

    >>> _plain_pattern(r"^a(\.[a-z0-9]+)*$")
    '^a([.][a-z0-9]+)*$'
    """
    return pattern.replace(r"\.", "[.]")
