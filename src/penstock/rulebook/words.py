"""Rules in words: what a provision asks, line by line, for a reader who knows the law and no programming language."""

from __future__ import annotations

import ast
import datetime as dt
from collections.abc import Iterator
from typing import Any

from attrs import frozen

from penstock.rulebook.fold import Law
from penstock.rulebook.parse import RuleVersion
from penstock.rulebook.render import show_value
from penstock.terms.languages import ENGLISH, Catalog, catalog
from penstock.terms.words import words

__all__ = ["in_words"]

_COMPARED = {
    ast.GtE: "{left} is at least {right}", ast.Gt: "{left} is more than {right}", ast.LtE: "{left} is at most {right}",
    ast.Lt: "{left} is less than {right}", ast.Eq: "{left} is {right}", ast.NotEq: "{left} is not {right}",
    ast.In: "{left} is in {right}", ast.NotIn: "{left} is not in {right}",
}  # fmt: skip
_BETWEEN = {
    (ast.LtE, ast.LtE): "{value} is at least {low} and is at most {high}",
    (ast.LtE, ast.Lt): "{value} is at least {low} and is less than {high}",
    (ast.Lt, ast.LtE): "{value} is more than {low} and is at most {high}",
    (ast.Lt, ast.Lt): "{value} is more than {low} and is less than {high}",
}
_NAMED = {ast.In: "{list} names {one}", ast.NotIn: "{list} does not name {one}"}
_SIGNS = {ast.Add: "{left} plus {right}", ast.Sub: "{left} less {right}", ast.Mult: "{left} times {right}",
          ast.Div: "{left} over {right}", ast.BitOr: "{left} or {right}", ast.BitAnd: "{left} and {right}"}  # fmt: skip
_OVER = {
    "any": "for one of {rows}: {what}", "all": "for each of {rows}: {what}", "sum": "the sum over {rows}: {what}",
    "max": "the highest over {rows}: {what}",
}  # fmt: skip
_ABOUT = {
    "stated": "{what} is stated", "asserted": "{what} as asserted",
    "denied": "{what} is stated to be false", "unless_stated": "it is stated that {what}",
    "given": "{what} (or else {other})", "heading": "the heading of {what}",
}  # fmt: skip
_GROUPS = {
    (ast.And, True): "all of these:", (ast.Or, True): "one of these:",
    (ast.And, False): "not all of these:", (ast.Or, False): "not one of these:",
}  # fmt: skip
_FEW = 4
_PEOPLE = "parties."


def in_words(version: RuleVersion, law: Law, speak: Catalog | None = None) -> list[str]:
    """Return a rule as lines of text, two spaces of indentation for each level; empty where it holds always.

    ``speak`` is the catalog of the language (default: English); in other languages facts go by their names.

    >>> import datetime as dt
    >>> from penstock.decision.library import book
    >>> law = book().law(dt.date(2025, 6, 1))
    >>> version = law.standings["lpp_prenotice"].version
    >>> in_words(version, law), in_words(version, law, catalog("zh-Hant"))
    (['item aggregate TPP is at least 3,200,000 TPP'], ['item.aggregate_tpp不低於3,200,000 TPP'])
    """
    return list(_Reader(law, version, catalog(ENGLISH) if speak is None else speak).lines(version.body, 0))


@frozen(eq=False)
class _Reader:
    law: Law
    version: RuleVersion
    speak: Catalog

    def _say(self, phrase: str, **parts: Any) -> str:
        return self.speak.message(phrase, **parts)

    def lines(self, node: ast.expr, depth: int, lead: str = "") -> Iterator[str]:
        pad = "  " * depth + lead
        if isinstance(node, ast.List):
            for item in node.elts:
                yield from self._line(item, depth)
        elif isinstance(node, ast.BoolOp):
            yield from self._group(node, depth, pad, met=True)
        elif isinstance(node, ast.UnaryOp) and isinstance(node.operand, ast.BoolOp):
            yield from self._group(node.operand, depth, pad, met=False)
        elif isinstance(node, ast.IfExp):
            first, *rest = self.lines(node.test, depth)
            yield pad + (self._say("if {test}", test=first.strip()) if rest else self._say("if {test}:", test=first.strip()))
            yield from (*rest, *(["  " * depth + self._say("then:")] if rest else []))
            yield from self.lines(node.body, depth + 1)
            yield "  " * depth + self._say("otherwise:")
            yield from self.lines(node.orelse, depth + 1)
        elif not (isinstance(node, ast.Constant) and node.value is True):
            yield f"{pad}{self.text(node)}"

    def _group(self, node: ast.BoolOp, depth: int, pad: str, *, met: bool) -> Iterator[str]:
        yield pad + self._say(_GROUPS[type(node.op), met])
        for value in node.values:
            yield from self.lines(value, depth + 1, "- ")

    def _line(self, item: ast.expr, depth: int) -> Iterator[str]:
        """Yield one condition of a license exception or review row, its citation first."""
        assert isinstance(item, ast.Call)
        assert isinstance(item.func, ast.Name)
        cite = ast.literal_eval(item.args[0])
        options = {keyword.arg: keyword.value for keyword in item.keywords}
        start = f"{'  ' * depth}- [{cite}] "
        if item.func.id == "within":
            bucket = str(ast.literal_eval(item.args[1]))
            yield start + self._say("the {bucket} has room for this transaction", bucket=self._code("ledger", bucket))
        elif item.func.id == "files":
            name = self._code("condition", str(ast.literal_eval(options["condition"])))
            if "when" in options:
                when = self.text(options["when"]).removesuffix(f" [{cite}]")
                yield start + self._say("to have before the event: {paper}, when {test}", paper=name, test=when)
            else:
                yield start + self._say("to have before the event: {paper}", paper=name)
        else:
            first, *rest = self.lines(item.args[1], depth)
            yield start + first.strip().removesuffix(f" [{cite}]")
            yield from (f"  {line}" for line in rest)

    # ---- one condition or number

    def text(self, node: ast.expr) -> str:
        """Return an expression as one piece of text."""
        write = getattr(self, f"_on_{type(node).__name__.lower()}", None)
        return str(write(node)) if write else ast.unparse(node)

    def _code(self, kind: str, code: str) -> str:
        """Return a code: its own words in English, the words of its kind in other languages."""
        return code.replace("_", " ") if self.speak.language == ENGLISH else self.speak.sentence(words(kind, code))

    def _on_attribute(self, node: ast.Attribute) -> str:
        path = ast.unparse(node)
        if path.startswith("READING."):
            return self._say("the reading {name}", name=path.removeprefix("READING."))
        root, _, name = path.partition(".")
        if dict(self.version.parameters).get(root) != "transaction":
            return self._say("its {field}", field=self._fact(name))
        return self._say("the day of the act") if name == "on" else self._fact(name)

    def _fact(self, name: str) -> str:
        """Return a fact: its name in words in English, its name in other languages."""
        if self.speak.language != ENGLISH:
            return name
        said = name.removeprefix(_PEOPLE).replace(".", " ").replace("_", " ")
        return " ".join({"tpp": "TPP", "eccn": "ECCN", "hbm": "HBM"}.get(word, word) for word in said.split())

    def _on_name(self, node: ast.Name) -> str:
        if node.id not in self.law.tables:
            return {"p": self._say("the party"), "r": self._say("the row")}.get(node.id, node.id)
        table = self.law.tables[node.id]
        if table.kind in ("number", "by_date", "date"):
            value = self.law.number(node.id)
            named = table.unit and table.unit != "fraction" and not isinstance(value, dt.date)
            return show_value(value) + (f" {self.speak.sentence(table.unit)}" if named else "")
        members = sorted(map(str, self.law.members(node.id)))
        title = self.speak.sentence(table.title)
        if len(members) <= _FEW:
            return self._say("{title} ({names})", title=title, names=", ".join(members))
        return self._say("{title} ({n} of them; penstock law show {name})", title=title, n=len(members), name=node.id)

    def _on_constant(self, node: ast.Constant) -> str:
        if isinstance(node.value, str):
            return node.value.replace("_", " ") if self.speak.language == ENGLISH else node.value
        return self.speak.sentence(show_value(node.value))

    def _on_tuple(self, node: ast.Tuple) -> str:
        return self._say(" or ").join(self.text(item) for item in node.elts)

    def _on_boolop(self, node: ast.BoolOp) -> str:
        word = self._say(" and ") if isinstance(node.op, ast.And) else self._say(" or ")
        return self._say("({parts})", parts=word.join(self.text(value) for value in node.values))

    def _on_unaryop(self, node: ast.UnaryOp) -> str:
        return self._say("not: {what}", what=self.text(node.operand))

    def _on_ifexp(self, node: ast.IfExp) -> str:
        parts = {"what": self.text(node.body), "test": self.text(node.test), "other": self.text(node.orelse)}
        return self._say("{what} if {test}, otherwise {other}", **parts)

    def _on_binop(self, node: ast.BinOp) -> str:
        return self._say(_SIGNS[type(node.op)], left=self.text(node.left), right=self.text(node.right))

    def _on_compare(self, node: ast.Compare) -> str:
        sides = [self.text(side) for side in (node.left, *node.comparators)]
        if len(node.ops) == 2:
            phrase = _BETWEEN[type(node.ops[0]), type(node.ops[1])]
            return self._say(phrase, low=sides[0], value=sides[1], high=sides[2])
        op, right = type(node.ops[0]), node.comparators[0]
        if isinstance(right, ast.Attribute) and op in _NAMED:
            return self._say(_NAMED[op], list=sides[1], one=sides[0])
        if isinstance(right, ast.Tuple):
            op = {ast.In: ast.Eq, ast.NotIn: ast.NotEq}.get(op, op)
        return self._say(_COMPARED[op], left=sides[0], right=sides[1])

    def _on_generatorexp(self, node: ast.GeneratorExp) -> str:
        return self.text(node.elt)

    def _on_call(self, node: ast.Call) -> str:
        assert isinstance(node.func, ast.Name)
        name = node.func.id
        if name in _OVER and node.args and isinstance(node.args[0], ast.GeneratorExp):
            return self._over(name, node.args[0])
        if name in _ABOUT:
            what, *other = map(self.text, node.args)
            return self._say(_ABOUT[name], what=what, other=self._say(" and ").join(other))
        return self._rule(node, name)

    def _over(self, name: str, inner: ast.GeneratorExp) -> str:
        rows = self.text(inner.generators[0].iter)
        if inner.generators[0].ifs:
            rows = self._say("{rows} where {test}", rows=rows, test=self.text(inner.generators[0].ifs[0]))
        return self._say(_OVER[name], rows=rows, what=self.text(inner.elt))

    def _rule(self, node: ast.Call, name: str) -> str:
        """Return what another rule asks by its own sentence and citation."""
        id = self.law.names.get(name, name)
        if id not in self.law.standings:
            named = name.replace("_", " ") if self.speak.language == ENGLISH else name
            return self._say("{name} (not in the text on this day, so never)", name=named)
        version = self.law.standings[id].version
        about = [
            self.text(argument) for argument in node.args if not (isinstance(argument, ast.Name) and argument.id in ("t", "p"))
        ]
        said = f"{self.speak.sentence(version.doc).rstrip('.。')} [{version.cite}]"
        return self._say("{whom}: {said}", whom=about[0], said=said) if about else said
