"""What changed between two laws: instruments, provisions, their standing, and table cells, each with its citation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from attrs import frozen

from penstock.rulebook.fold import Law, Standing
from penstock.rulebook.render import show_value

__all__ = ["Change", "diff_laws"]

_ORDER = ("requirement", "authorization", "review", "duty", "flag", "definition")


@frozen
class Change:
    """One change: what happened (added, removed, changed), to what, where it stands and by which instrument."""

    what: str
    kind: str
    id: str
    cite: str
    by: str
    text: str
    before: str = ""
    after: str = ""
    was: str = ""


def diff_laws(a: Law, b: Law) -> list[Change]:
    """Return the changes from one law to another: instruments first, then provisions by kind, then tables.

    >>> import datetime as dt
    >>> from penstock.decision.library import book
    >>> changes = diff_laws(book().law(dt.date(2025, 5, 12)), book().law(dt.date(2025, 5, 13)))
    >>> [c.id for c in changes if c.kind == "requirement" and "not enforced" in c.after]
    ['worldwide_a', 'weights_4e091', 'veu_condition']
    """
    return [*_instruments(a, b), *_provisions(a, b), *_tables(a, b)]


def _instruments(a: Law, b: Law) -> Iterator[Change]:
    for what, gone, come in (("added", a, b), ("removed", b, a)):
        for id in come.active:
            if id not in gone.active:
                act = come.instruments[id]
                yield Change(what, "instrument", id, act.cite, act.force, act.title)


def _provisions(a: Law, b: Law) -> Iterator[Change]:
    ids = [*b.standings, *(id for id in a.standings if id not in b.standings)]
    for kind in _ORDER:
        for id in ids:
            one, two = a.standings.get(id), b.standings.get(id)
            version = (two or one).version  # type: ignore[union-attr]
            if version.kind == kind:
                yield from _provision(a, b, id, one, two)


def _provision(a: Law, b: Law, id: str, one: Standing | None, two: Standing | None) -> Iterator[Change]:
    if one is None and two is not None:
        yield Change("added", two.version.kind, id, two.version.cite, _by(b, two), two.version.doc, after=_standing(b, two))
    elif two is None and one is not None:
        yield Change("removed", one.version.kind, id, one.version.cite, _by(a, one), one.version.doc)
    elif one is not None and two is not None:
        rewritten = one.version is not two.version
        before, after = _standing(a, one), _standing(b, two)
        if rewritten or before != after:
            text = two.version.doc if rewritten else "standing changes"
            was = one.version.doc if rewritten else ""
            yield Change("changed", two.version.kind, id, two.version.cite, _by(b, two), text, before, after, was)


def _by(law: Law, standing: Standing) -> str:
    return law.instruments[standing.version.by].cite


def _standing(law: Law, standing: Standing) -> str:
    said = ["in the text"]
    if not standing.compliance_required:
        said.append(f"compliance due {standing.compliance_due}")
    if not standing.enforced:
        said.append(f"not enforced ({law.instruments[standing.not_enforced_by].cite})")
    return "; ".join(said) if len(said) > 1 else "in force"


def _tables(a: Law, b: Law) -> Iterator[Change]:
    for name, table in b.tables.items():
        if table.kind in ("number", "by_date", "date"):
            before, after = a.number(name), b.number(name)
            if before != after:
                yield _cell(a, b, name, "added" if before is None else "removed" if after is None else "changed", before, after)
        else:
            yield from _members(a, b, name)


def _cell(a: Law, b: Law, name: str, what: str, before: Any, after: Any) -> Change:
    cell = b.cell(name) or a.cell(name)
    table = b.tables[name]
    unit = f" {table.unit}" if table.unit else ""
    said = [f"{show_value(value)}{unit}" if value is not None else "" for value in (before, after)]
    return Change(what, "table", name, cell.cite if cell else "", _instrument(b, cell), table.title, *said)


def _instrument(law: Law, cell: Any) -> str:
    return law.instruments[cell.by].cite if cell else ""


def _members(a: Law, b: Law, name: str) -> Iterator[Change]:
    before, after = a.members(name), b.members(name)
    if before != after:
        cell = b.cell(name)
        gained, lost = sorted(after - before), sorted(before - after)
        said = " ".join(filter(None, ["+ " + ", ".join(gained) if gained else "", "- " + ", ".join(lost) if lost else ""]))
        what = "added" if not before else "removed" if not after else "changed"
        yield Change(what, "table", name, cell.cite if cell else "", _instrument(b, cell), b.tables[name].title, "", said)
