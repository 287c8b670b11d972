"""What the SQL backend holds while it writes, and the nodes that walk over the rows of a list with a lambda."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from fractions import Fraction

from penstock.rulebook.ir import FALSE, TRUE, Graph, Node
from penstock.rulebook.sql_numbers import Exactly, Number
from penstock.rulebook.sql_text import Stages, Text, Value, join
from penstock.rulebook.values import absence, value_of

__all__ = ["ROW", "Field", "SqlRows", "source_of"]

Field = Callable[[str, str, str], Value]
_TRUTHS = {FALSE: False, TRUE: True}
_ROWS_MAX = 1_000_000
_WIDE = 1 << 63
ROW = "r"


class SqlRows:
    """The state of a writer, and questions over rows.

    ``facts`` holds the expression of each fact (missing: absent in all rows), ``roles`` what absent facts of each role
    come to, as the scalar backend has it; ``field(object, name, row)`` reads a field of a row of a list.
    """

    def __init__(
        self, graph: Graph, stages: Stages, facts: Mapping[str, Value], roles: Mapping[str, Value], on: dt.date, field: Field
    ) -> None:
        self._graph = graph
        self._stages = stages
        self._dialect = stages.dialect
        self._exactly = Exactly(stages.dialect)
        self._facts = facts
        self._roles = roles
        self._on_day = on
        self._field = field
        self._rows = ""
        self._held: dict[int, Value] = {}
        self._inner: dict[int, bool] = {}
        self._rule = ""

    def _value(self, node: Node) -> Value:
        raise NotImplementedError

    def _of(self, node: Node) -> Value:
        if node.op in ("const", "table"):
            value = value_of(node)
            return _TRUTHS.get(value) if node.type.kind == "bool" else value
        return self._of(node.args[0]) if node.op == "rule" else self._held[node.id]

    def _text(self, value: Value) -> Text:
        """Return any value but a number as an expression."""
        return value if isinstance(value, Text) else Text(self._dialect.literal(value))

    def _truth(self, value: Value) -> Text:
        """Return a truth value as an expression; what is unknown in all rows has the type of one."""
        return Text("CAST(NULL AS BOOLEAN)") if value is None else self._text(value)

    def _number(self, node: Node) -> Number | None:
        value = self._of(node)
        return None if value is None else self._exactly.of(value)

    def _missing(self, node: Node) -> Value:
        """Return what a condition comes to where a fact it reads is absent."""
        kind = absence(node)
        return self._roles[kind] if isinstance(kind, str) else _TRUTHS.get(kind)

    def _negated(self, value: Value) -> Value:
        return join("(NOT {})", value) if isinstance(value, Text) else None if value is None else not value

    # ---- rows of lists

    def _of_row(self, node: Node) -> bool:
        if node.id not in self._inner:
            self._inner[node.id] = node.op == "row" or any(self._of_row(arg) for arg in node.args)
        return self._inner[node.id]

    @contextmanager
    def _rows_of(self, node: Node, *inner: int) -> Iterator[list[Node]]:
        """Give the nodes about a row, ready to be read while the lambda is written."""
        roots = [self._graph.nodes[i] for i in inner]
        self._rows = node.args[0].type.of
        about = [n for n in self._graph.reachable(roots) if n.op != "rule" and self._of_row(n)]
        for n in about:
            self._held[n.id] = self._value(n)
        yield roots
        for n in about:
            del self._held[n.id]

    def _each(self, rows: Text, body: Text) -> Text:
        """Return the list of what an expression comes to in each row."""
        reads = rows.reads | body.reads
        return Text(self._dialect.transform.format(rows, ROW, body), reads)

    def _highest(self, rows: Text, body: Text) -> Text:
        return join(self._dialect.highest, self._each(rows, body))

    def _on_quantified(self, node: Node) -> Value:
        word, body, condition, _ = node.data
        rows, missing = self._of(node.args[0]), self._missing(node.args[0])
        missing = missing if word == "any" else self._negated(missing)
        if rows is None:
            return missing
        with self._rows_of(node, body, condition) as roots:
            b, c = (self._truth(self._of(root)) for root in roots)
        test = join("({} AND {})", b, c) if word == "any" else join("({} OR NOT {})", b, c)
        codes = self._each(rows, join("CASE WHEN {} THEN 2 WHEN {} IS NULL THEN 1 ELSE 0 END", test, test))
        if word == "any":
            found = join("CASE " + self._dialect.highest + " WHEN 2 THEN TRUE WHEN 1 THEN NULL ELSE FALSE END", codes)
        else:
            found = join("CASE " + self._dialect.lowest + " WHEN 0 THEN FALSE WHEN 1 THEN NULL ELSE TRUE END", codes)
        return join("CASE WHEN {} IS NULL THEN {} ELSE {} END", rows, self._text(missing), found)

    def _on_reaches(self, node: Node) -> Value:
        _, word, body, condition, _, _ = node.data
        rows, missing, limit = self._of(node.args[0]), self._missing(node.args[0]), self._number(node.args[1])
        if rows is None:
            return missing
        with self._rows_of(node, body, condition) as (what, test):
            b, c = self._number(what), self._truth(self._of(test))
        num = b.num if b is not None else Text("NULL")
        terms = self._each(rows, join("CASE WHEN {} AND {} IS NOT NULL THEN {} ELSE 0 END", c, num, num))
        open_ = join("CASE WHEN {} AND {} IS NOT NULL THEN 0 WHEN NOT {} THEN 0 ELSE 1 END", c, num, c)
        unit, peak = (b.unit, b.peak) if b is not None else (Fraction(1), 1)
        total = Number(join("COALESCE(" + self._dialect.total + ", 0)", terms), max(_WIDE, peak * _ROWS_MAX), unit)
        reached = self._truth(None) if limit is None else self._exactly.compare(word, total, limit)
        return join("CASE WHEN {} IS NULL THEN {} WHEN {} THEN TRUE WHEN {} IS NULL OR {} = 1 THEN NULL ELSE FALSE END",
                    rows, self._text(missing), reached, reached, self._highest(rows, open_))  # fmt: skip

    def _on_best(self, node: Node) -> Value:
        _, body, condition, _ = node.data
        rows = self._of(node.args[0])
        if rows is None:
            return None
        with self._rows_of(node, body, condition) as (what, test):
            b, c = self._number(what), self._truth(self._of(test))
        if b is None:
            return None
        sure = self._highest(rows, join("CASE WHEN {} THEN {} END", c, b.num))
        perhaps = self._highest(rows, join("CASE WHEN {} IS NULL THEN {} END", c, b.num))
        hidden = self._highest(rows, join("CASE WHEN {} IS NULL AND ({} OR {} IS NULL) THEN 1 ELSE 0 END", b.num, c, c))
        text = join("CASE WHEN {} = 1 OR {} > {} THEN NULL ELSE {} END", hidden, perhaps, sure, sure)
        return Number(text, b.peak, b.unit, b.signed)


def source_of(node: Node) -> Node:
    """Return the node behind the rules that name it."""
    while node.op == "rule":
        node = node.args[0]
    return node
