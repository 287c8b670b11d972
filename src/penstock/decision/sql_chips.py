"""Chips by name in SQL: the chip table as rows beside the transactions, each name settled as `decide` settles it.

What a row says of its chip beside the name must agree with the table; a row that says otherwise is left to `penstock bulk`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from attrs import evolve, frozen

from penstock.decision.chips import chip_table, find_chip, resolve
from penstock.decision.classification import letters
from penstock.decision.determination import decide_facts
from penstock.decision.sql_columns import digits_of
from penstock.rulebook import Law
from penstock.rulebook.sql_numbers import Exactly, Number
from penstock.rulebook.sql_text import Stages, Text, Value, join
from penstock.terms.documents import Facts
from penstock.terms.errors import FactError
from penstock.terms.vocabulary import vocabulary

__all__ = ["Chips"]

_CHIP, _ECCN, _AREA, _RATES, _TPP = "item.chip", "item.eccn", "item.die_area_mm2", "item.throughput", "item.tpp"
_ACT = "export"
_NARROW = 1 << 63


@frozen(eq=False)
class Chips:
    """The names a row may give its chip, and what the law of a day knows of each."""

    stages: Stages
    rows: Mapping[str, Mapping[str, Any]]

    @classmethod
    def of(cls, law: Law, on: dt.date, regime: str, switches: Mapping[str, Any], stages: Stages) -> Chips:
        """Settle every name of the chip table under a law."""
        known = None if law.known.year >= 2100 else law.known
        names = sorted({word for chip in chip_table().values() for word in chip.words if word.isascii()})
        meant = {name: find_chip(name) for name in names}
        one_name = {chips: name for name, chips in meant.items()}
        found = {chips: _settled(name, law, on, (known, regime, switches)) for chips, name in one_name.items()}
        rows = {name: found[chips] for name, chips in meant.items()}
        return cls(stages, {name: facts for name, facts in rows.items() if facts is not None})

    def beside(self, facts: Mapping[str, Value], asked: set[str]) -> tuple[dict[str, Value], list[Text]]:
        """Return the facts with those of the chips, and the rows to leave alone; ``asked`` decide the class."""
        named = facts[_CHIP]
        columns = self._columns(asked | set(facts))
        words = self.stages.dialect
        rows = ",\n    ".join(f"({words.literal(name)}, {self._row(name, columns)})" for name in self.rows)
        heads = ", ".join(words.name(_column(name)) for name in ("key", *columns))
        self.stages.beside(f"(VALUES\n    {rows}) AS chips ({heads})", f"{words.name('chip_key')} = {words.folded.format(named)}")
        key = self.stages.given("chip_key")
        ascii_only = Text(words.pattern(named.text, "^[ -~]*$"), named.reads)
        left = [join("({} IS NOT NULL AND ({} IS NULL OR NOT {}))", named, key, ascii_only)]
        filled = dict(facts)
        for name in columns:
            if name != "item.raw_area":
                filled[name], other = self._filled(name, facts)
                left += [other] if name in asked and name != _ECCN and facts.get(name) is not None else []
        never = (name for name in asked if name.startswith("item.") and name not in columns and name != _ECCN)
        left += [join("({} IS NOT NULL AND {} IS NOT NULL)", key, _read(facts[name])) for name in never if name in facts]
        return filled, left

    def _columns(self, wanted: set[str]) -> tuple[str, ...]:
        """Return the facts that some chip gives and the law asks for, the area as published last."""
        given = {name for facts in self.rows.values() for name in facts}
        return tuple(sorted(name for name in given if name in wanted or name in (_CHIP, _TPP, "item.raw_area")))

    def _row(self, name: str, columns: tuple[str, ...]) -> str:
        facts = self.rows[name]
        return ", ".join(self.stages.dialect.literal(facts.get(column)) for column in columns)

    def _filled(self, name: str, facts: Mapping[str, Value]) -> tuple[Value, Text]:
        """Return a fact as the row gives it, else as its chip does, and whether the two differ."""
        spec = vocabulary().facts[name]
        key, own = self.stages.given("chip_key"), facts.get(name)
        held: Value = self.stages.given(_column(name))
        if name == _AREA and facts.get(_ECCN) is not None:  # a class that is asserted does not depend on the area
            held = join("CASE WHEN {} IS NULL THEN {} ELSE {} END", facts[_ECCN], held, self.stages.given("chip_raw_area"))
        if spec.type in ("int", "number"):
            before, after = digits_of(spec)
            type = "BIGINT" if 10 ** (before + after) < _NARROW else self.stages.dialect.wide
            held = Number(join("CAST({} AS " + type + ")", held), 10 ** (before + after), Fraction(1, 10**after))
        if own is None:
            return self._kept(name, held), Text("FALSE")
        if name == _CHIP:
            return self._kept(name, join("COALESCE({}, {})", held, own)), Text("FALSE")
        if isinstance(held, Number):
            exactly = Exactly(self.stages.dialect)
            both: Value = exactly.pick(lambda x, y: join("COALESCE({}, {})", x, y), own, held)
            same = exactly.compare("==", own, held)
        else:
            both, same = join("COALESCE({}, {})", own, held), join("({} = {})", own, held)
        differs = join("({} IS NOT NULL AND {} IS NOT NULL AND NOT COALESCE({}, FALSE))", key, _read(own), same)
        return self._kept(name, both), differs

    def _kept(self, name: str, value: Value) -> Value:
        wanted = name.replace(".", "_")
        if isinstance(value, Number):
            return evolve(value, num=self.stages.make(wanted, value.num))
        return self.stages.make(wanted, value)


def _settled(name: str, law: Law, on: dt.date, asked: tuple[Any, ...]) -> dict[str, Any] | None:
    """Return what the law knows of a chip, in the units columns are read in; None where a column cannot hold it."""
    given = Facts({"activity.type": _ACT, _CHIP: name})
    try:
        facts = dict(decide_facts(given, on, *asked).prepared.facts.values)
    except FactError:
        return None
    # a class that is asserted leaves the area as published; any other takes it as settled
    facts[_TPP] = letters(Facts(facts), on, law)[_TPP]
    facts["item.raw_area"] = resolve(given, str(law.switches["integration_level"])).facts.values.get(_AREA)
    rates = facts.pop(_RATES, None)
    found = {fact: _whole(fact, value) for fact, value in facts.items() if fact.startswith("item.") and value is not None}
    return None if None in found.values() or (rates and facts[_TPP] is None) else found


def _whole(name: str, value: Any) -> Any:
    """Return a number as a whole one in the unit of its column, None where it has more places; anything else as it is."""
    spec = vocabulary().facts[_AREA if name == "item.raw_area" else name]
    if spec.type not in ("int", "number"):
        return value
    scaled = Fraction(value) * 10 ** digits_of(spec)[1]
    return scaled.numerator if scaled.denominator == 1 else None


def _column(name: str) -> str:
    return "chip_" + name.removeprefix("item.").replace(".", "_")


def _read(value: Value) -> Text:
    return value.num if isinstance(value, Number) else value
