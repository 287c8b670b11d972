"""Pieces of SQL text and the stages they stand in: a chain of common table expressions in which each column is made once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from attrs import field, frozen

from penstock.rulebook.sql_dialects import Dialect

__all__ = ["Stages", "Text", "Value", "join"]

Value = Any  # a plain Python value for all rows, a Text, or a Number of penstock.rulebook.sql_numbers


@frozen
class Text:
    """An expression, and the columns it reads."""

    text: str
    reads: frozenset[str] = field(default=frozenset(), eq=False)

    def __str__(self) -> str:
        return self.text


def join(template: str, *parts: Text | str) -> Text:
    """Return a template filled with expressions, in order.

    >>> str(join("({} OR {})", Text("a"), Text("b")))
    '(a OR b)'
    """
    reads = frozenset().union(*(part.reads for part in parts if isinstance(part, Text)))
    return Text(template.format(*parts), reads)


class Stages:
    """Columns in the order they can be made: each in the first stage in which all it reads is there."""

    def __init__(self, dialect: Dialect, table: str) -> None:
        self.dialect = dialect
        self._source = table
        self._level: dict[str, int] = {}
        self._made: list[list[tuple[str, Text]]] = []

    def beside(self, rows: str, key: str) -> None:
        """Put rows of constants beside the table, where there are some that fit."""
        self._source += f" LEFT JOIN {rows} ON {key}"

    def given(self, name: str) -> Text:
        """Return the expression that reads a column of the table."""
        self._level.setdefault(name, 0)
        return Text(self.dialect.name(name), frozenset({name}))

    def make(self, wanted: str, made: Text) -> Text:
        """Add a column and return the expression that reads it; its name is the one wanted, numbered where it is taken."""
        name, count = wanted, 1
        while name in self._level:
            count += 1
            name = f"{wanted}_{count}"
        level = 1 + max((self._level[read] for read in made.reads), default=0)
        self._level[name] = level
        while len(self._made) < level:
            self._made.append([])
        self._made[level - 1].append((name, made))
        return Text(self.dialect.name(name), frozenset({name}))

    def query(self, answers: Mapping[str, Text]) -> str:
        """Return the whole query: the stages, and a last SELECT of the answers."""
        needed = [frozenset().union(*(made.reads for made in answers.values()))]
        for stage in reversed(self._made):
            names = {name for name, _ in stage}
            needed.append((needed[-1] - names).union(*(made.reads for _, made in stage)))
        parts, source = [], self._source
        for number, (stage, after) in enumerate(zip(self._made, needed[-2::-1], strict=True), 1):
            made = {name for name, _ in stage}
            kept = [self.dialect.name(name) for name in sorted(after - made)]
            lines = [f"{text} AS {self.dialect.name(name)}" for name, text in stage]
            parts.append(f"stage_{number} AS (\n  SELECT{_list(kept, lines)}\n  FROM {source}\n)")
            source = f"stage_{number}"
        last = f"SELECT{_list([], [f'{text} AS {self.dialect.name(name)}' for name, text in answers.items()])}\nFROM {source}"
        return ("WITH " + ",\n".join(parts) + "\n" if parts else "") + last


def _list(kept: Sequence[str], made: Iterable[str]) -> str:
    """Return the columns of a SELECT: those passed on, a few to a line, then the new ones, each on its own."""
    lines = [", ".join(kept[start : start + 6]) for start in range(0, len(kept), 6)]
    return "\n    " + ",\n    ".join([*lines, *made])
