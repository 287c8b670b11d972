"""Rules in words: what a provision asks, line by line, for a reader who knows the law and no programming language."""

from __future__ import annotations

import ast
import datetime as dt
from collections.abc import Iterator

from attrs import frozen

from penstock.rulebook.fold import Law
from penstock.rulebook.parse import RuleVersion
from penstock.rulebook.render import show_value

__all__ = ["in_words"]

_COMPARED = {ast.GtE: "is at least", ast.Gt: "is more than", ast.LtE: "is at most", ast.Lt: "is less than", ast.Eq: "is",
             ast.NotEq: "is not", ast.In: "is in", ast.NotIn: "is not in"}  # fmt: skip
_SIGNS = {ast.Add: "plus", ast.Sub: "less", ast.Mult: "times", ast.Div: "over", ast.BitOr: "or", ast.BitAnd: "and"}
_FEW = 4
_PEOPLE = "parties."


def in_words(version: RuleVersion, law: Law) -> list[str]:
    """Return a rule as lines of text, two spaces of indentation for each level; empty where it holds always.

    >>> import datetime as dt
    >>> from penstock.decision.library import book
    >>> law = book().law(dt.date(2025, 6, 1))
    >>> in_words(law.standings["lpp_prenotice"].version, law)
    ['item aggregate TPP is at least 3,200,000 TPP']
    """
    return list(_Reader(law, version).lines(version.body, 0))


@frozen(eq=False)
class _Reader:
    law: Law
    version: RuleVersion

    def lines(self, node: ast.expr, depth: int, lead: str = "") -> Iterator[str]:
        pad = "  " * depth + lead
        if isinstance(node, ast.List):
            for item in node.elts:
                yield from self._line(item, depth)
        elif isinstance(node, ast.BoolOp):
            yield f"{pad}{'all' if isinstance(node.op, ast.And) else 'one'} of these:"
            for value in node.values:
                yield from self.lines(value, depth + 1, "- ")
        elif isinstance(node, ast.UnaryOp) and isinstance(node.operand, ast.BoolOp):
            yield f"{pad}not {'all' if isinstance(node.operand.op, ast.And) else 'one'} of these:"
            for value in node.operand.values:
                yield from self.lines(value, depth + 1, "- ")
        elif isinstance(node, ast.IfExp):
            first, *rest = self.lines(node.test, depth)
            yield f"{pad}if {first.strip()}{':' if not rest else ''}"
            yield from (*rest, *([f"{'  ' * depth}then:"] if rest else []))
            yield from self.lines(node.body, depth + 1)
            yield f"{'  ' * depth}otherwise:"
            yield from self.lines(node.orelse, depth + 1)
        elif not (isinstance(node, ast.Constant) and node.value is True):
            yield f"{pad}{self.text(node)}"

    def _line(self, item: ast.expr, depth: int) -> Iterator[str]:
        """Yield one condition of a license exception or review row, its citation first."""
        assert isinstance(item, ast.Call)
        assert isinstance(item.func, ast.Name)
        cite = ast.literal_eval(item.args[0])
        options = {keyword.arg: keyword.value for keyword in item.keywords}
        if item.func.id == "within":
            bucket = str(ast.literal_eval(item.args[1])).replace("_", " ")
            yield f"{'  ' * depth}- [{cite}] the {bucket} has room for this transaction"
        elif item.func.id == "files":
            name = str(ast.literal_eval(options["condition"])).replace("_", " ")
            when = f", when {self.text(options['when'])}".removesuffix(f" [{cite}]") if "when" in options else ""
            yield f"{'  ' * depth}- [{cite}] to have before the event: {name}{when}"
        else:
            first, *rest = self.lines(item.args[1], depth)
            yield f"{'  ' * depth}- [{cite}] {first.strip().removesuffix(f' [{cite}]')}"
            yield from (f"  {line}" for line in rest)

    # ---- one condition or number

    def text(self, node: ast.expr) -> str:
        """Return an expression as one piece of text."""
        write = getattr(self, f"_on_{type(node).__name__.lower()}", None)
        return str(write(node)) if write else ast.unparse(node)

    def _on_attribute(self, node: ast.Attribute) -> str:
        path = ast.unparse(node)
        if path.startswith("READING."):
            return f"the reading {path.removeprefix('READING.')}"
        root, _, name = path.partition(".")
        if dict(self.version.parameters).get(root) != "transaction":
            return "its " + name.replace("_", " ")
        if name == "on":
            return "the day of the act"
        words = name.removeprefix(_PEOPLE).replace(".", " ").replace("_", " ")
        return " ".join({"tpp": "TPP", "eccn": "ECCN", "hbm": "HBM"}.get(word, word) for word in words.split())

    def _on_name(self, node: ast.Name) -> str:
        if node.id not in self.law.tables:
            return {"p": "the party", "r": "the row"}.get(node.id, node.id)
        table = self.law.tables[node.id]
        if table.kind in ("number", "by_date", "date"):
            value = self.law.number(node.id)
            unit = f" {table.unit}" if table.unit and table.unit != "fraction" and not isinstance(value, dt.date) else ""
            return show_value(value) + unit
        members = sorted(map(str, self.law.members(node.id)))
        listed = ", ".join(members) if len(members) <= _FEW else f"{len(members)} of them; penstock law show {node.id}"
        return f"{table.title} ({listed})"

    def _on_constant(self, node: ast.Constant) -> str:
        return str(node.value).replace("_", " ") if isinstance(node.value, str) else show_value(node.value)

    def _on_tuple(self, node: ast.Tuple) -> str:
        return " or ".join(self.text(item) for item in node.elts)

    def _on_boolop(self, node: ast.BoolOp) -> str:
        word = " and " if isinstance(node.op, ast.And) else " or "
        return "(" + word.join(self.text(value) for value in node.values) + ")"

    def _on_unaryop(self, node: ast.UnaryOp) -> str:
        return f"not: {self.text(node.operand)}"

    def _on_ifexp(self, node: ast.IfExp) -> str:
        return f"{self.text(node.body)} if {self.text(node.test)}, otherwise {self.text(node.orelse)}"

    def _on_binop(self, node: ast.BinOp) -> str:
        sign = _SIGNS.get(type(node.op), "with")
        return f"{self.text(node.left)} {sign} {self.text(node.right)}"

    def _on_compare(self, node: ast.Compare) -> str:
        sides = [node.left, *node.comparators]
        if len(node.ops) == 2:
            low, high = (_COMPARED[type(op)] for op in node.ops)
            turned = {"is at most": "is at least", "is less than": "is more than"}.get(low, low)
            return f"{self.text(sides[1])} {turned} {self.text(sides[0])} and {high} {self.text(sides[2])}"
        left, word, right = self.text(sides[0]), _COMPARED[type(node.ops[0])], sides[1]
        if isinstance(right, ast.Attribute):
            return f"{self.text(right)} {'does not name' if word == 'is not in' else 'names'} {left}" if " in" in word else (
                f"{left} {word} {self.text(right)}"
            )  # fmt: skip
        if isinstance(right, ast.Tuple):
            word = word.removesuffix(" in")
        return f"{left} {word} {self.text(right)}"

    def _on_generatorexp(self, node: ast.GeneratorExp) -> str:
        return self.text(node.elt)

    def _on_call(self, node: ast.Call) -> str:
        assert isinstance(node.func, ast.Name)
        name = node.func.id
        if name in ("any", "all", "sum", "max", "min") and node.args and isinstance(node.args[0], ast.GeneratorExp):
            inner = node.args[0]
            over = self.text(inner.generators[0].iter)
            test = f" where {self.text(inner.generators[0].ifs[0])}" if inner.generators[0].ifs else ""
            said = {
                "any": "for one of",
                "all": "for each of",
                "sum": "the sum over",
                "max": "the highest over",
                "min": "the lowest over",
            }
            return f"{said[name]} {over}{test}: {self.text(inner.elt)}"
        arguments = [self.text(argument) for argument in node.args]
        words = {
            "stated": "{0} is stated", "denied": "{0} is stated to be false", "unless_stated": "it is stated that {0}",
            "given": "{0} (or else {1})", "heading": "the heading of {0}",
        }  # fmt: skip
        if name in words:
            return words[name].format(*arguments)
        if name in ("max", "min"):
            return f"the {'higher' if name == 'max' else 'lower'} of {' and '.join(arguments)}"
        return self._rule(node, name)

    def _rule(self, node: ast.Call, name: str) -> str:
        """Return what another rule asks by its own sentence and citation."""
        id = self.law.names.get(name, name)
        if id not in self.law.standings:
            return f"{name.replace('_', ' ')} (not in the text on this day, so never)"
        version = self.law.standings[id].version
        about = [
            self.text(argument) for argument in node.args if not (isinstance(argument, ast.Name) and argument.id in ("t", "p"))
        ]
        whom = f"{about[0]}: " if about else ""
        return f"{whom}{version.doc.rstrip('.')} [{version.cite}]"
