"""Stacks of designs that contradict each other: which provisions and tables both change, and what counts then.

Nothing here changes an answer: the law of a stack is folded as its order says, and what is said here goes beside it.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence

from penstock.rulebook.designs import expand
from penstock.rulebook.instruments import Instrument
from penstock.rulebook.parse import RuleVersion
from penstock.rulebook.tables import Cell, Table

__all__ = ["clashes"]

_WRITES, _WIDENS, _ADDS, _REMOVES, _REPEALS, _ASIDE, _COMPELS = (
    "writes",
    "widens",
    "adds",
    "removes",
    "repeals",
    "aside",
    "compels",
)
_GONE = frozenset({_REPEALS, _ASIDE})
_BESIDE = frozenset({_WIDENS, _ADDS})
_Changes = dict[str, set[str]]


def clashes(
    named: Sequence[str],
    instruments: Mapping[str, Instrument],
    versions: Mapping[str, Sequence[RuleVersion]],
    tables: Mapping[str, Table],
) -> tuple[str, ...]:
    """Return what to know of every two designs named that change the same provision or table, in the order of the stack.

    What both include is theirs together and no contradiction; additions to one list, or to one scope, go side by side.
    """
    return tuple(text for a, b in itertools.combinations(dict.fromkeys(named), 2)
                 for text in _between(a, b, instruments, versions, tables))  # fmt: skip


def _between(
    a: str,
    b: str,
    instruments: Mapping[str, Instrument],
    versions: Mapping[str, Sequence[RuleVersion]],
    tables: Mapping[str, Table],
) -> Iterator[str]:
    within = {name: {*expand([name], instruments, lambda _: True)} for name in (a, b)}
    alone = {name: within[name] - within[other] for name, other in ((a, b), (b, a))}
    one, two = (_changes(alone[name], instruments, versions, tables) for name in (a, b))
    both = [id for id in (*versions, *tables) if id in one and id in two and not _agree(one[id], two[id])]
    for name, other, theirs in ((a, b, two), (b, a, one)):
        if gone := _listed([id for id in both if _ASIDE in theirs[id]], versions, tables):
            yield (
                f"{other} sets aside text that {name} builds on: {gone}. What {name} says of it stands alone or has no effect."
            )
    if rest := _listed([id for id in both if _ASIDE not in one[id] | two[id]], versions, tables):
        yield f"{a} and {b} both change {rest}. Where they contradict each other, {b} counts, which is named last."
    first, second = (_listed(_own_requirements(alone[name], instruments, versions), versions, tables) for name in (a, b))
    if first and second:
        yield f"{a} and {b} each add a license requirement of their own: {first}; {second}. Each binds beside the other."


def _changes(
    designs: set[str],
    instruments: Mapping[str, Instrument],
    versions: Mapping[str, Sequence[RuleVersion]],
    tables: Mapping[str, Table],
) -> _Changes:
    """Return what some designs do to each provision and table they touch."""
    acts = [instruments[id] for id in designs]
    aside = {id for act in acts for id in act.sets_aside}
    out: _Changes = {}

    def note(id: str, what: str) -> None:
        out.setdefault(id, set()).add(what)

    for id, chain in versions.items():
        for version in chain:
            if version.by in designs:
                note(id, _WIDENS if "widens" in version.options else _WRITES)
            elif version.by in aside:
                note(id, _ASIDE)
    for id, cell in ((table.id, cell) for table in tables.values() for cell in table.cells):
        if cell.by in designs:
            for what in _of_cell(cell):
                note(id, what)
        elif cell.by in aside:
            note(id, _ASIDE)
    for act in acts:
        for id in act.repeals:
            note(id, _REPEALS)
        for id in (*act.requires_compliance, *act.compliance):
            note(id, _COMPELS)
    return out


def _of_cell(cell: Cell) -> Iterator[str]:
    if not cell.add and not cell.remove:
        yield _WRITES
    if cell.add:
        yield _ADDS
    if cell.remove:
        yield _REMOVES


def _agree(one: set[str], two: set[str]) -> bool:
    """Say whether two designs may do this to one provision or table without the one undoing what the other does."""
    if (one <= _GONE and two <= _GONE) or (one | two <= _BESIDE) or one == two == {_REMOVES}:
        return True
    return _COMPELS in one | two and not (one | two) & _GONE and not (one - {_COMPELS} and two - {_COMPELS})


def _own_requirements(
    designs: set[str], instruments: Mapping[str, Instrument], versions: Mapping[str, Sequence[RuleVersion]]
) -> list[str]:
    """Return the license requirements that only designs write and these write."""
    return [
        id
        for id, chain in versions.items()
        if chain[0].kind == "requirement"
        and any(version.by in designs for version in chain)
        and all(instruments[version.by].proposed for version in chain)
    ]


def _listed(ids: Sequence[str], versions: Mapping[str, Sequence[RuleVersion]], tables: Mapping[str, Table]) -> str:
    cites = (versions[id][0].cite if id in versions else tables[id].cells[0].cite for id in ids)
    return ", ".join(f"{id} [{cite}]" for id, cite in zip(ids, cites, strict=True))
