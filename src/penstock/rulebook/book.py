"""The book: every rule version, table and instrument, read once from a folder of law and checked as a whole."""

from __future__ import annotations

import bisect
import datetime as dt
from collections.abc import Iterable, Mapping
from importlib.resources.abc import Traversable
from typing import Any

from attrs import evolve, field, frozen

from penstock.rulebook.check import check_book, exists
from penstock.rulebook.designs import amended, assumed_value, check_includes, expand, read_design
from penstock.rulebook.fold import Law, fold
from penstock.rulebook.instruments import Instrument, read_instrument
from penstock.rulebook.parse import RuleVersion, read_rules
from penstock.rulebook.stacks import clashes
from penstock.rulebook.tables import Table, read_tables
from penstock.terms.errors import BadDocument, DateOutOfRange, RuleError, UnknownRegime, UnknownSwitch
from penstock.terms.suggest import nearest
from penstock.terms.yaml12 import load_yaml, yaml_fault

__all__ = ["ACTUAL", "Book", "Reading"]

ACTUAL = "actual"
_LAST_DAY = dt.date(2100, 1, 1)


@frozen
class Reading:
    """A decided reading of an open point: its values, the default first, and what it is about."""

    name: str
    values: tuple[Any, ...]
    about: str
    cite: str
    point: str = ""


@frozen(eq=False)
class Book:
    """The whole law known to this version; :meth:`law` answers for one day."""

    versions: Mapping[str, list[RuleVersion]]
    tables: Mapping[str, Table]
    instruments: Mapping[str, Instrument]
    readings: Mapping[str, Reading]
    data: Mapping[str, Any]
    names: Mapping[str, str]
    first_day: dt.date
    _laws: dict[Any, Law] = field(factory=dict, init=False)
    _days: list[dt.date] = field(factory=list, init=False)
    _dates: dict[str, set[dt.date]] = field(factory=dict, init=False)

    @classmethod
    def read(cls, root: Traversable, first_day: dt.date, own: Iterable[tuple[str, str]] = ()) -> Book:
        """Read a folder of law: ``*.py`` rules, ``tables/*.yaml``, ``instruments/``, ``designs/``, ``readings.yaml``.

        ``own`` are the names and texts of instruments of one's own, which are read as if they stood in the folder.
        """
        files = sorted(_walk(root), key=lambda pair: pair[0])
        rules = [v for name, file in files if _is_rules(name) for v in read_rules(file.read_text("utf-8"), name)]
        yaml = {name: _yaml(file.read_text("utf-8"), name) for name, file in files if name.endswith(".yaml")}
        designs = [read_design(yaml[n], file.read_text("utf-8"), n) for n, file in files if n.startswith("designs/")]
        designs += [read_design(_yaml(text, name, trusted=False), text, name, private=True) for name, text in own]
        rules += [rule for design in designs for rule in design.rules]
        tables = amended((t for n, raw in yaml.items() if "/tables/" in n for t in read_tables(raw, n)), designs)
        acts = [read_instrument(raw, name) for name, raw in yaml.items() if name.startswith("instruments/")]
        acts += [design.act for design in designs]
        readings = {n: Reading(n, tuple(r["values"]), r["about"], r["cite"], r.get("point", ""))
                    for n, r in yaml["readings.yaml"]["readings"].items()}  # fmt: skip
        other = {n: raw for n, raw in yaml.items() if n.startswith(("data/", "book"))}
        return cls._checked(rules, tables, acts, readings, other, first_day)

    @classmethod
    def _checked(
        cls, rules: list[RuleVersion], tables: list[Table], acts: list[Instrument],
        readings: Mapping[str, Reading], data: Mapping[str, Any], first_day: dt.date,
    ) -> Book:  # fmt: skip
        for n, act in enumerate(acts):
            if other := next((o for o in acts[:n] if o.id == act.id), None):
                raise RuleError(f"{act.id} is an instrument already, in {other.file}", file=act.file, line=act.line("id"),
                                hint="Give it an id of its own.")  # fmt: skip
        instruments = {i.id: i for i in sorted(acts, key=lambda i: (i.proposed, i.effective, i.published, i.id))}
        order = list(instruments)
        for rule in rules:
            exists(rule.by, instruments, rule.file, rule.line, "instrument")
        versions: dict[str, list[RuleVersion]] = {}
        for rule in rules:
            versions.setdefault(rule.id, []).append(rule)
        for chain in versions.values():
            chain.sort(key=lambda v: order.index(v.by))
        check_book(versions, {t.id: t for t in tables}, instruments)
        check_includes(instruments)
        names = {rule.name: rule.id for rule in rules}
        book = cls(versions, {t.id: t for t in tables}, instruments, readings, data, names, first_day)
        book._dates.update({act.id: {act.known, *act.dates} for act in acts})
        for cell in (cell for table in tables for cell in table.cells):
            book._dates[cell.by] |= {day for day in (cell.first, cell.effective) if day}
        book._days.extend(sorted(set().union(*book._dates.values())))
        return book

    def extended(self, raw: Any, text: str, file: str) -> Book:
        """Return the book with one more design on it, as a YAML file would describe it; checked as a whole like any other."""
        design = read_design(raw, text, file)
        rules = [version for chain in self.versions.values() for version in chain]
        tables = amended(self.tables.values(), [design])
        acts = [*self.instruments.values(), design.act]
        return self._checked([*rules, *design.rules], tables, acts, self.readings, self.data, self.first_day)

    @property
    def regimes(self) -> tuple[str, ...]:
        """Return the names of the regimes: the actual law and every design."""
        return (ACTUAL, *(i.id for i in self.instruments.values() if i.proposed))

    def change_days(self, first: dt.date, last: dt.date, regime: str = ACTUAL) -> list[dt.date]:
        """Return the days on which the law of a regime changes between two days, both included."""
        designs = expand(self._named(regime), self.instruments, lambda _: True)
        counting = [i.id for i in self.instruments.values() if not i.proposed or i.id in designs]
        return sorted(day for day in set().union(*(self._dates[id] for id in counting)) if first <= day <= last)

    def switches(self, chosen: Mapping[str, Any] | None = None, regime: str = ACTUAL) -> dict[str, Any]:
        """Return the readings in use: the defaults with the chosen ones; UnknownSwitch for what is not a reading.

        The parameters of the designs of a regime can be chosen like readings; they are named only where they are chosen.
        """
        out: dict[str, Any] = {name: reading.values[0] for name, reading in self.readings.items()}
        for name, value in (chosen or {}).items():
            if name in self.tables and self.tables[name].parameter:
                designs = expand(self._named(regime), self.instruments, lambda _: True)
                out[name] = assumed_value(self.tables[name], value, designs)
            else:
                out[name] = self._reading(name, value)
        return out

    def _reading(self, name: str, value: Any) -> Any:
        if name not in self.readings:
            near = nearest(name, [*self.readings, *(t.id for t in self.tables.values() if t.parameter)])
            raise UnknownSwitch(f"No reading is called {name!r}", at=f"switches.{name}", value=name, nearest=near,
                                allowed=tuple(self.readings))  # fmt: skip
        values = self.readings[name].values
        match = [v for v in values if v is value or (str(v).lower() == str(value).lower())]
        if not match:
            raise UnknownSwitch(f"{name} cannot be {value!r}", at=f"switches.{name}", value=str(value),
                                nearest=nearest(value, map(str, values)), allowed=values)  # fmt: skip
        return match[0]

    def _named(self, regime: str) -> tuple[str, ...]:
        """Return the designs a regime names, ``a+b`` being a with b on top; UnknownRegime for what is none."""
        designs = tuple(part for part in regime.split("+") if part != ACTUAL)
        for part in designs:
            if part not in self.regimes:
                raise UnknownRegime(f"No regime is called {part!r}", at="regime", value=part,
                                    nearest=nearest(part, self.regimes), allowed=self.regimes)  # fmt: skip
        return designs

    def law(
        self, on: dt.date, known: dt.date | None = None, regime: str = ACTUAL, switches: Mapping[str, Any] | None = None
    ) -> Law:
        """Return the law of a day, as known on another (default: all that is known now), under a regime and readings.

        Days between two changes of the law share one Law; it carries the first of them as ``on``.
        """
        for name, day in (("on", on), ("known", known)):
            if day is not None and not self.first_day <= day < _LAST_DAY:
                raise DateOutOfRange(f"{name}: the book begins on {self.first_day}; {day} is outside it", at=name, value=day,
                                     nearest=min(max(day, self.first_day), _LAST_DAY))  # fmt: skip
        seen = known or _LAST_DAY
        designs = expand(self._named(regime), self.instruments, lambda act: act.active(on, seen))
        chosen = self.switches(switches, regime)
        key = (self._epoch(on), self._epoch(known), regime, designs, tuple(sorted((k, str(v)) for k, v in chosen.items())))
        if key not in self._laws:
            first = self._days[key[0] - 1] if key[0] else on
            law = fold(self.versions, self.tables, self.instruments, self.names, on=max(first, self.first_day),
                       known=seen, regime=regime, designs=designs, switches=chosen)  # fmt: skip
            self._laws[key] = evolve(law, clashes=self._clashes(part for part in self._named(regime) if part in law.active))
        return self._laws[key]

    def clashes(self, regime: str) -> tuple[str, ...]:
        """Return what to know of a stack whose designs change the same provisions, on whatever day; empty where they do not."""
        return self._clashes(self._named(regime))

    def _clashes(self, named: Iterable[str]) -> tuple[str, ...]:
        return clashes(tuple(named), self.instruments, self.versions, self.tables)

    def _epoch(self, day: dt.date | None) -> int:
        return bisect.bisect_right(self._days, day) if day is not None else -1


def _walk(folder: Traversable, prefix: str = "") -> list[tuple[str, Traversable]]:
    out: list[tuple[str, Traversable]] = []
    for child in folder.iterdir():
        if child.is_dir() and not child.name.startswith(("__", "items")):
            out += _walk(child, f"{prefix}{child.name}/")
        elif child.is_file():
            out.append((prefix + child.name, child))
    return out


def _is_rules(name: str) -> bool:
    return name.endswith(".py") and "/" in name and not name.endswith("__init__.py")


def _yaml(text: str, name: str, *, trusted: bool = True) -> Any:
    try:
        return load_yaml(text, trusted=trusted, marked=True)
    except BadDocument as error:
        said, line = yaml_fault(error)
        raise RuleError(said, file=name, line=line, hint=error.hint or "Check indentation, quotes and colons.") from None
