"""The SQL backend: the same graph as the scalar one, written as columns of a query for DuckDB or Spark.

An unknown truth value is NULL: *and*, *or* and *not* of SQL are those of the rules.  A number is a whole number over a
fixed unit, and a list is walked with a lambda.  What several nodes read becomes a column of its own, made once.
"""

from __future__ import annotations

import datetime as dt
import operator
import re
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from penstock.rulebook.ir import Node
from penstock.rulebook.sql_numbers import Number, TooLong
from penstock.rulebook.sql_rows import ROW, SqlRows, source_of
from penstock.rulebook.sql_text import Text, Value, join
from penstock.rulebook.values import NO_CLASS, heading
from penstock.terms.errors import RuleError

__all__ = ["SqlWriter"]

_TEST = {">=": operator.ge, ">": operator.gt, "<=": operator.le, "<": operator.lt, "==": operator.eq}
_SHORT, _LONG = 40, 1_500  # texts not worth a column of their own, and texts too long to stand within another


class SqlWriter(SqlRows):
    """Writes nodes of one graph into the stages of a query.

    ``facts`` holds the expression of each fact (missing: absent in all rows), ``roles`` what absent facts of each role
    come to, as the scalar backend has it; ``field(object, name, row)`` reads a field of a row of a list.
    """

    def values(self, outputs: Iterable[Node]) -> tuple[Value, ...]:
        """Return what output nodes come to; RuleError names the rule that the dialect cannot express."""
        roots = tuple(outputs)
        nodes = list(self._graph.reachable(roots))
        names = {source_of(node).id: node.data for node in nodes if node.op == "rule"}
        uses = Counter(source_of(arg).id for node in nodes if node.op != "rule" for arg in node.args)
        uses.update(2 * [source_of(node).id for node in roots])
        for node in nodes:
            if node.op != "rule" and node.id not in self._held:
                self._rule = _named(names.get(node.id)) or self._rule
                value = self._value(node)
                self._held[node.id] = self._kept(value, _named(names.get(node.id)) or f"node_{node.id}", uses[node.id])
        return tuple(self._of(node) for node in roots)

    def _value(self, node: Node) -> Value:
        write = getattr(self, f"_on_{node.op}", None)
        try:
            if write is None:
                raise TooLong(f"the operation {node.op}")
            return write(node)
        except TooLong as error:
            near = f"near the rule {self._rule}" if self._rule else "in the law"
            raise RuleError(f"{self._dialect.id} cannot express {error}, {near}", file="law",
                            hint="Decide these rows with `penstock bulk`.") from None  # fmt: skip

    def _kept(self, value: Value, name: str, uses: int) -> Value:
        """Return the value as a column of its own where that makes the text shorter."""
        if isinstance(value, Number):
            num = self._kept(value.num, name, uses)
            per = None if value.per is None else self._kept(value.per, f"{name}_per", uses)
            return Number(num, value.peak, value.unit, value.signed, per, value.per_peak)
        if not isinstance(value, Text) or len(value.text) <= _SHORT:
            return value
        return self._stages.make(name, value) if uses > 1 or len(value.text) > _LONG else value

    def _or_absent(self, test: Text, node: Node) -> Value:
        """Return a test with what absence comes to in place of NULL."""
        missing = self._missing(node)
        return test if missing is None else join("COALESCE({}, {})", test, self._text(missing))

    # ---- reads

    def _on_const(self, node: Node) -> Value:
        return self._of(node)

    _on_table = _on_const

    def _on_fact(self, node: Node) -> Value:
        return self._facts.get(node.data)

    _on_paper = _on_fact

    def _on_row(self, node: Node) -> Value:
        return self._field(self._rows, node.data[1], ROW)

    def _on_on(self, node: Node) -> Value:
        return self._on_day

    def _on_present(self, node: Node) -> Value:
        return self._roles["+" + node.data.rpartition(".")[2]]

    def _on_truth(self, node: Node) -> Value:
        value = self._of(node.args[0])
        return self._missing(node.args[0]) if value is None else self._or_absent(value, node.args[0])

    def _on_stated(self, node: Node) -> Value:
        value = self._of(node.args[0])
        if isinstance(value, Number):
            value = value.num
        return join("({} IS NOT NULL)", value) if isinstance(value, Text) else value is not None

    def _on_heading(self, node: Node) -> Value:
        value = self._of(node.args[0])
        if isinstance(value, Text):
            return join(f"NULLIF({self._dialect.before_dot}, '{NO_CLASS}')", value)
        return heading(value)

    # ---- atoms

    def _on_in(self, node: Node) -> Value:
        value = self._of(node.args[0])
        if not isinstance(value, Text):
            return self._missing(node.args[0]) if value is None else value in node.data[0]
        return self._or_absent(join("({} IN ({}))", value, self._dialect.literals(node.data[0])), node.args[0])

    def _on_matches(self, node: Node) -> Value:
        value = self._of(node.args[0])
        if value is None:
            return self._missing(node.args[0])
        text = self._dialect.pattern(str(self._text(value)), _regex(node.data[0]))
        return self._or_absent(Text(text, self._text(value).reads), node.args[0])

    def _on_meets(self, node: Node) -> Value:
        value = self._of(node.args[0])
        if value is None:
            return self._missing(node.args[0])
        if not node.data[0]:
            return self._or_absent(join("CASE WHEN {} IS NOT NULL THEN FALSE END", value), node.args[0])
        members = self._dialect.array.format(self._dialect.literals(node.data[0]))
        return self._or_absent(join(self._dialect.meets, value, members), node.args[0])

    def _on_holds(self, node: Node) -> Value:
        value, rows = (self._of(arg) for arg in node.args)
        if value is None or rows is None:
            return None
        found = join(self._dialect.holds, rows, self._text(value))
        return join("CASE WHEN {} IS NOT NULL AND {} IS NOT NULL THEN {} END", rows, self._text(value), found)

    def _on_same(self, node: Node) -> Value:
        a, b = (self._of(arg) for arg in node.args)
        if a is None or b is None:
            return None
        return join("({} = {})", self._text(a), self._text(b)) if isinstance(a, Text) or isinstance(b, Text) else a == b

    def _on_cmp(self, node: Node) -> Value:
        a, b = (self._of(arg) for arg in node.args)
        if a is None or b is None:
            return self._missing(node)
        if not isinstance(a, (Text, Number)) and not isinstance(b, (Text, Number)):
            return _TEST[node.data](a, b)
        return self._or_absent(self._compared(node.data, node.args[0], a, b), node)

    def _compared(self, op: str, read: Node, a: Value, b: Value) -> Text:
        if read.type.kind == "number":
            return self._exactly.compare(op, self._exactly.of(a), self._exactly.of(b))
        sign = "=" if op == "==" else op
        return join("({} " + sign + " {})", self._text(a), self._text(b))

    # ---- logic

    def _on_and(self, node: Node) -> Value:
        return self._junction(node, " AND ", neutral=True)

    def _on_or(self, node: Node) -> Value:
        return self._junction(node, " OR ", neutral=False)

    def _junction(self, node: Node, word: str, *, neutral: bool) -> Value:
        values = [self._of(arg) for arg in node.args]
        if (not neutral) in values:
            return not neutral
        texts = list(dict.fromkeys(self._truth(value) for value in values if value is not neutral))
        if not any(isinstance(value, Text) for value in values):
            return None if texts else neutral
        return texts[0] if len(texts) == 1 else join("(" + word.join(["{}"] * len(texts)) + ")", *texts)

    def _on_not(self, node: Node) -> Value:
        return self._negated(self._of(node.args[0]))

    def _on_sure(self, node: Node) -> Value:
        value = self._of(node.args[0])
        return join("COALESCE({}, FALSE)", value) if isinstance(value, Text) else value is True

    def _on_if(self, node: Node) -> Value:
        condition, a, b = (self._of(arg) for arg in node.args)
        if isinstance(condition, bool):
            return a if condition else b
        plain = not isinstance(a, (Text, Number)) and not isinstance(b, (Text, Number))
        if plain and (condition is None or a is b):
            return a if a == b else None
        same: Value = None
        if a is not None and b is not None:
            same = a == b if plain else self._compared("==", node, a, b)
        test = self._truth(condition)

        def choose(x: Text, y: Text) -> Text:
            return join("CASE WHEN {} THEN {} WHEN NOT {} THEN {} WHEN {} THEN {} END", test, x, test, y, self._truth(same), x)

        return self._picked(node, choose, a, b)

    def _picked(self, node: Node, choose: Callable[[Text, Text], Text], a: Value, b: Value) -> Value:
        if node.type.kind != "number":
            return choose(self._text(a), self._text(b))
        nothing = Number(Text("NULL"), 0)
        sides = [self._exactly.of(side) if side is not None else nothing for side in (a, b)]
        units = [side.unit for side in sides if side is not nothing]
        sides = [Number(Text("NULL"), 0, units[0]) if side is nothing and units else side for side in sides]
        return self._exactly.pick(choose, *sides)

    def _on_given(self, node: Node) -> Value:
        value, other = (self._of(arg) for arg in node.args)
        read = self._of(node.args[0].args[0] if node.args[0].op == "truth" else node.args[0])
        if not isinstance(read, (Text, Number)):
            return other if read is None else value
        test = read.num if isinstance(read, Number) else read
        if other is None and value is read:
            return value
        return self._picked(node, lambda x, y: join("CASE WHEN {} IS NULL THEN {} ELSE {} END", test, y, x), value, other)

    # ---- codes

    def _on_first(self, node: Node) -> Value:
        *rows, otherwise, unknown = (self._of(arg) for arg in node.args)
        parts: list[Text] = []
        for condition, code in zip(rows[::2], rows[1::2], strict=True):
            if isinstance(condition, Text):
                parts += [join("WHEN {} THEN {}", condition, self._text(code)),
                          join("WHEN {} IS NULL THEN {}", condition, self._text(unknown))]  # fmt: skip
            elif condition is not False:
                otherwise = code if condition else unknown
                break
        if not parts:
            return otherwise
        return join("CASE " + "{} " * len(parts) + "ELSE {} END", *parts, self._text(otherwise))

    def _on_worst(self, node: Node) -> Value:
        values = [self._of(arg) for arg in node.args]
        constant = max((value for value in values if not isinstance(value, Text)), default=None)
        texts = [value for value in values if isinstance(value, Text)]
        if not texts:
            return constant
        texts += [] if constant is None else [self._text(constant)]
        return texts[0] if len(texts) == 1 else join("GREATEST(" + ", ".join(["{}"] * len(texts)) + ")", *texts)

    def _on_mask(self, node: Node) -> Value:
        values = [(self._of(arg), 1 << shift) for arg, shift in zip(node.args, node.data, strict=True)]
        constant = sum(bit for value, bit in values if value is True)
        bits = [join("CASE WHEN {} THEN {} ELSE 0 END", value, str(bit)) for value, bit in values if isinstance(value, Text)]
        return join("CAST(" + " + ".join(["{}"] * (len(bits) + 1)) + " AS BIGINT)", *bits, str(constant)) if bits else constant

    # ---- numbers

    def _arithmetic(self, node: Node, do: Callable[[Number, Number], Number]) -> Value:
        parts = [self._number(arg) for arg in node.args]
        total = parts[0]
        for part in parts[1:]:
            if total is None or part is None:
                return None
            total = do(total, part)
        return total

    def _on_add(self, node: Node) -> Value:
        return self._arithmetic(node, lambda a, b: self._exactly.add(node.op, a, b))

    _on_sub = _on_add

    def _on_mul(self, node: Node) -> Value:
        return self._arithmetic(node, self._exactly.multiply)

    def _on_div(self, node: Node) -> Value:
        return self._arithmetic(node, self._exactly.divide)

    def _on_days(self, node: Node) -> Value:
        a, b = (self._of(arg) for arg in node.args)
        if a is None or b is None:
            return None
        return Number(join(self._dialect.days, self._text(a), self._text(b)), dt.date.max.toordinal(), signed=True)


def _named(rule: Any) -> str:
    """Return the name of the column a rule gets: what it is called, and about whom."""
    if rule is None:
        return ""
    id, _, about = rule
    return re.sub(r"[^a-z0-9]+", "_", f"{id} {about.rpartition('.')[2]}".lower()).strip("_")


def _regex(patterns: Iterable[str]) -> str:
    """Return one pattern of classifications as a regular expression without backslashes.

    >>> _regex(["3A090.a", "3A001.z.*.a"])
    '^(?:3A001[.]z[.][^.]+[.]a|3A090[.]a)(?:[.]|$)'
    """
    signs = {".": "[.]", "*": "[^.]+", "?": "[^.]"}
    body = "|".join("".join(signs.get(sign, sign) for sign in pattern) for pattern in sorted(patterns))
    return f"^(?:{body})(?:[.]|$)" if body else "^[^ -~]$"
