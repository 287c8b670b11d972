"""The fold: from every instrument ever written to the law of one day, as known on another, under chosen readings."""

from __future__ import annotations

import ast
import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from functools import cached_property, lru_cache
from typing import Any

from attrs import evolve, field, frozen

from penstock.rulebook.instruments import Instrument
from penstock.rulebook.parse import RuleVersion
from penstock.rulebook.tables import Cell, Table, resolve_members
from penstock.terms.numbers import plain

__all__ = ["STANCES", "Law", "Standing", "fold"]

STANCES = ("codified", "enforced")


@frozen
class Standing:
    """How one provision stands on a day: in the text, compliance due, enforced, and by which instrument if not."""

    version: RuleVersion
    compliance_due: dt.date
    compliance_required: bool
    enforced: bool
    not_enforced_by: str = ""

    def binds(self, stance: str) -> bool:
        """Say whether the provision binds in a stance: compliance due, and enforced where that is asked."""
        return self.compliance_required and (self.enforced or stance == "codified")


@frozen(eq=False)
class Law:
    """The resolved law of one (day, knowledge date, regime, readings): provisions, tables and how each stands."""

    on: dt.date
    known: dt.date
    regime: str
    switches: Mapping[str, Any]
    instruments: Mapping[str, Instrument]
    active: tuple[str, ...]
    standings: Mapping[str, Standing]
    enforced_versions: Mapping[str, RuleVersion]
    names: Mapping[str, str]
    tables: Mapping[str, Table]
    live: Mapping[str, list[Cell]]
    clashes: tuple[str, ...] = ()
    _sets: dict[str, frozenset[str]] = field(factory=dict, init=False)

    def of_kind(self, kind: str) -> dict[str, RuleVersion]:
        """Return the provisions of one kind in the text, by id, in the order of the book."""
        return {id: s.version for id, s in self.standings.items() if s.version.kind == kind}

    def in_stance(self, kind: str, stance: str) -> dict[str, RuleVersion]:
        """Return the versions of one kind a stance goes by: the text, or what of it is enforced."""
        if stance == "codified":
            return self.of_kind(kind)
        return {id: version for id, version in self.enforced_versions.items() if version.kind == kind}

    def version(self, id: str, stance: str) -> RuleVersion | None:
        """Return the version of a provision a stance goes by; None where there is none of its kind."""
        written = self.standings[id].version
        if stance == "codified":
            return written
        found = self.enforced_versions.get(id)
        return found if found is not None and found.kind == written.kind else None

    def members(self, table: str) -> frozenset[str]:
        """Return the members of a set table on this day."""
        if table not in self._sets:
            if table not in self.tables:
                raise KeyError(table)
            self._sets[table] = resolve_members(self.tables[table], self.live[table], self.members)
        return self._sets[table]

    def number(self, table: str) -> Any:
        """Return the number or date a table holds on this day, or None where it holds none yet."""
        cells = self.live[table]
        if self.tables[table].kind == "by_date":
            inside = [cell for cell in cells if cell.first and cell.first <= self.on]
            return inside[-1].value if inside else None
        return cells[-1].value if cells else None

    def cell(self, table: str) -> Cell | None:
        """Return the cell that decides a table on this day."""
        cells = [c for c in self.live[table] if c.first is None or c.first <= self.on]
        return cells[-1] if cells else None

    @cached_property
    def content(self) -> dict[str, Any]:
        """Return everything that makes this law what it is, as plain data: what the hash covers and a diff compares."""
        rules = {
            id: [s.version.source, s.version.cite, s.version.by, s.compliance_due.isoformat(), s.compliance_required,
                 s.enforced, {k: str(v) for k, v in sorted(s.version.options.items())}]
            for id, s in self.standings.items()
        }  # fmt: skip
        enforced = {id: version.name for id, version in self.enforced_versions.items()}
        tables: dict[str, Any] = {}
        for name, table in self.tables.items():
            if not self.live[name]:
                continue  # a table that no instrument in force has written is no part of this law
            if table.kind in ("number", "by_date", "date"):
                value = self.number(name)
                tables[name] = None if value is None else str(value if isinstance(value, dt.date) else plain(value))
            else:
                tables[name] = sorted(self.members(name))
        return {"rules": rules, "enforced": enforced, "tables": tables}

    @cached_property
    def hash(self) -> str:
        """Return the SHA-256 of the resolved law and its readings."""
        body = [self.content, {k: str(v) for k, v in sorted(self.switches.items())}]
        return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


@frozen
class _Acts:
    """What the instruments that count do to provisions they do not write: of several that do the same the last one counts."""

    book: Mapping[str, Instrument]
    rank: Mapping[str, int]
    repealed: Mapping[str, int]  # by the instrument of this rank
    stayed: frozenset[str]
    required: Mapping[str, dt.date]  # compliance, from this day
    stopped: Mapping[str, str]  # enforcement, by this instrument; holds for later versions of the provision too

    @classmethod
    def of(cls, book: Mapping[str, Instrument], on: dt.date, switches: Mapping[str, Any]) -> _Acts:
        """Return the acts of instruments, the latest last."""
        rank = {id: place for place, id in enumerate(book)}
        stays = [stay for i in book.values() for stay in i.suspends if stay.holds(on, switches)]
        return cls(
            book,
            rank,
            repealed={id: rank[i.id] for i in book.values() for id in i.repeals},
            stayed=frozenset(id for stay in stays for id in stay.provisions),
            required={id: day for i in book.values() for id, day in i.requires_compliance.items()},
            stopped={id: i.id for i in book.values() for id in i.stops_enforcing},
        )

    def gone(self, version: RuleVersion) -> bool:
        """Say whether a provision has been repealed since it was written, or is stayed today."""
        return self.repealed.get(version.id, -1) >= self.rank[version.by] or version.id in self.stayed

    def standing(self, version: RuleVersion, on: dt.date) -> Standing:
        """Return how a version of a provision stands."""
        wrote = self.book[version.by]
        due = self.required.get(version.id) or wrote.compliance.get(version.id, wrote.effective)
        stopped = self.stopped.get(version.id, "")
        return Standing(version, due, due <= on, not stopped, stopped)


def fold(
    versions: Mapping[str, list[RuleVersion]],
    tables: Mapping[str, Table],
    instruments: Mapping[str, Instrument],
    names: Mapping[str, str],
    *,
    on: dt.date,
    known: dt.date,
    regime: str,
    designs: tuple[str, ...],
    switches: Mapping[str, Any],
) -> Law:
    """Return the law of a day by applying every instrument in force and known, in order of effect.

    Designs come after all actual law, in the order named: of two that write the same provision the last one counts.
    """
    book = _counting(instruments, on, known, designs)
    acts = _Acts.of(book, on, switches)
    standings: dict[str, Standing] = {}
    enforced: dict[str, RuleVersion] = {}
    for id, chain in versions.items():
        in_text = sorted((v for v in chain if v.by in book), key=lambda v: acts.rank[v.by])
        if not in_text or acts.gone(in_text[-1]):
            continue
        stand = [acts.standing(v, on) for v in in_text]
        standings[id] = evolve(stand[-1], version=_with_parts(tuple(in_text)))
        binding = [s.version for s in stand if s.binds("enforced")]
        if binding:
            enforced[id] = _with_parts(tuple(binding))
    live = {name: table.live(on, known, book, switches) for name, table in tables.items()}
    return Law(on, known, regime, switches, instruments, tuple(book), standings, enforced, names, tables, live)


@lru_cache(maxsize=4096)
def _with_parts(chain: tuple[RuleVersion, ...]) -> RuleVersion:
    """Return the last version of a chain; where it widens the ones before, one of either scope."""
    last = chain[-1]
    if "widens" not in last.options or len(chain) == 1:
        return last
    before = _with_parts(chain[:-1])
    options = {**before.options, **last.options}
    body = ast.BoolOp(ast.Or(), [before.body, last.body])
    return evolve(last, body=body, parts=(*(before.parts or (before,)), last), options=options)


def _counting(
    instruments: Mapping[str, Instrument], on: dt.date, known: dt.date, designs: tuple[str, ...]
) -> dict[str, Instrument]:
    """Return the instruments that count: in effect, known, not set aside; designs only where the regime names them."""
    live = [i for i in instruments.values() if i.active(on, known) and (not i.proposed or i.id in designs)]
    aside = {name for i in live for name in i.sets_aside}
    place = {id: n for n, id in enumerate(designs, 1)}
    kept = sorted((i for i in live if i.id not in aside), key=lambda i: (place.get(i.id, 0), i.effective, i.published, i.id))
    return {i.id: i for i in kept}
