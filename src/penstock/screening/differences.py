"""What changed between two versions of a list; identifiers that moved are followed by name and country."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from attrs import frozen

from penstock.screening.screener import Entry

__all__ = ["Change", "ListDifference", "diff_lists", "shrunk"]

_SHRINK = 10  # percent
_FIELDS = ("name", "aliases", "countries", "addresses", "list", "about")


@frozen
class Change:
    """An entry that is on both versions in other words: what it said and says, by field."""

    id: str
    before: Entry
    after: Entry

    @property
    def fields(self) -> tuple[str, ...]:
        """Return the fields that differ."""
        return tuple(name for name in _FIELDS if getattr(self.before, name) != getattr(self.after, name))

    def say(self) -> str:
        """Return the change as a line: what was added to and taken from each field."""
        return "; ".join(self.parts())

    def parts(self) -> list[str]:
        """Return what was added to and taken from each field, by field."""
        out = []
        for name in self.fields:
            old, new = getattr(self.before, name), getattr(self.after, name)
            if isinstance(old, tuple):
                said = [f"+{v}" for v in new if v not in old] + [f"-{v}" for v in old if v not in new]
                out.append(f"{name} {', '.join(said)}")
            elif isinstance(old, dict):
                out.append(f"{', '.join(sorted(k for k in {*old, *new} if old.get(k) != new.get(k)))} changed")
            else:
                out.append(f"{name} {old!r} -> {new!r}")
        return out


@frozen
class ListDifference:
    """Entries added, removed and changed, and whether the list shrank by more than 10 percent."""

    added: tuple[Entry, ...]
    removed: tuple[Entry, ...]
    changed: tuple[Change, ...]
    shrunk: bool

    def document(self) -> dict[str, Any]:
        """Return the difference as plain data."""
        return {
            "added": [{"id": e.id, "name": e.title} for e in self.added],
            "removed": [{"id": e.id, "name": e.title} for e in self.removed],
            "changed": [{"id": c.id, "fields": c.fields, "what": c.say()} for c in self.changed],
        }


def shrunk(before: int, after: int) -> bool:
    """Say whether a list became more than 10 percent smaller, by its numbers of entries.

    >>> shrunk(10, 9), shrunk(10, 8)
    (False, True)
    """
    return after * 100 < before * (100 - _SHRINK)


def diff_lists(before: Iterable[Entry], after: Iterable[Entry]) -> ListDifference:
    """Return what changed from one version to the next.

    >>> old = [Entry("1", "Acme", countries=("CN",)), Entry("2", "Borg")]
    >>> found = diff_lists(old, [Entry("9", "Acme", ("Ac Me",), ("CN",)), Entry("3", "Corp")])
    >>> [e.id for e in found.added], [e.id for e in found.removed], [c.say() for c in found.changed], found.shrunk
    (['3'], ['2'], ['aliases +Ac Me'], False)
    """
    old, new = list(before), list(after)
    by_id = {entry.id: entry for entry in old}
    by_name = {(entry.title.casefold(), entry.countries): entry for entry in old}
    met: set[str] = set()
    added, changed = [], []
    for entry in new:
        same = by_id.get(entry.id)
        same = (
            same
            if same and same.title.casefold() == entry.title.casefold()
            else by_name.get((entry.title.casefold(), entry.countries), same)
        )
        if same is None or same.id in met:
            added.append(entry)
            continue
        met.add(same.id)
        change = Change(entry.id, same, entry)
        if change.fields:
            changed.append(change)
    removed = [entry for entry in old if entry.id not in met]
    return ListDifference(tuple(added), tuple(removed), tuple(changed), shrunk(len(old), len(new)))
