"""Reading a rule file: decorated functions become rule versions; anything else in the file is an error with its line."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import Any

from attrs import field, frozen

from penstock.terms.errors import RuleError
from penstock.terms.suggest import nearest
from penstock.terms.vocabulary import vocabulary

__all__ = ["KINDS", "RuleVersion", "read_rules"]

KINDS: Mapping[str, tuple[str, ...]] = {
    "definition": ("cite",),
    "requirement": ("cite",),
    "authorization": ("id", "cite"),
    "review": ("cite",),
    "duty": ("cite",),
    "flag": ("id", "cite"),
}
_OPTIONS: Mapping[str, frozenset[str]] = {
    "definition": frozenset({"by", "replaces", "widens", "computes", "unit", "shown"}),
    "requirement": frozenset({"by", "replaces", "widens", "prohibition", "not_pursued", "presumption"}),
    "authorization": frozenset({"by", "replaces", "draws"}),
    "review": frozenset({"by", "of", "policy", "order", "replaces", "draws", "whole"}),
    "duty": frozenset({"by", "of", "event", "deadline_days", "interval_months", "to", "charge_pct", "shown_by", "replaces"}),
    "flag": frozenset({"by", "replaces"}),
}
_NEEDED = {"review": ("of", "policy", "order"), "duty": ("of",)}
_TYPES: Mapping[str, Any] = {"of": (str, list), "order": int}
_PARAMETERS = {"Transaction": "transaction", "Party": "party", "Row": "row"}
_IMPORTS = ("penstock.law", "penstock.rulebook.language", "__future__")


@frozen(eq=False)
class RuleVersion:
    """One version of one provision, as one instrument wrote it.

    ``id`` is the provision across its versions; ``name`` is the function that writes this one.  ``parts`` are the versions
    that hold side by side where one widens another.
    """

    id: str
    name: str
    kind: str
    cite: str
    by: str
    doc: str
    parameters: tuple[tuple[str, str], ...]
    body: ast.expr
    file: str
    line: int
    options: Mapping[str, Any] = field(factory=dict)
    parts: tuple[RuleVersion, ...] = ()

    @property
    def source(self) -> str:
        """Return the rule's expression as normalized text: what a law hash and a diff compare."""
        return ast.unparse(self.body)


def read_rules(text: str, file: str, by: str = "") -> Iterator[RuleVersion]:
    """Yield the rule versions of one file; RuleError names file, line and remedy.

    ``by`` is the instrument that writes every rule of the file, where they do not name one.

    >>> next(read_rules('''@definition("772.1", by="ear")
    ... def abroad(t: Transaction):
    ...     "Outside the United States."
    ...     return t.destination.country != "US"
    ... ''', "part772.py")).cite
    '772.1'
    """
    try:
        module = ast.parse(text)
    except (SyntaxError, ValueError) as error:
        said = error.msg if isinstance(error, SyntaxError) else str(error)
        line = (error.lineno or 0) if isinstance(error, SyntaxError) else 1
        raise RuleError(f"not Python: {said}", file=file, line=line, hint="Write decorated functions.") from None
    for statement in module.body:
        if isinstance(statement, ast.FunctionDef):
            yield _rule(statement, file, by)
        elif not _harmless(statement):
            raise RuleError("only rules, imports of rules and a docstring may stand here", file=file,
                            line=statement.lineno, hint="Write a decorated function.")  # fmt: skip


def _harmless(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Expr):
        return isinstance(statement.value, ast.Constant)
    return isinstance(statement, ast.ImportFrom) and (statement.module or "").startswith(_IMPORTS)


def _rule(function: ast.FunctionDef, file: str, by: str) -> RuleVersion:
    kind, call = _decorator(function, file)
    options = _options(kind, call, file, by)
    doc = ast.get_docstring(function)
    body = function.body[1:]
    if not doc:
        raise RuleError(f"{function.name} has no docstring", file=file, line=function.lineno,
                        hint="Say in one sentence what the provision does.")  # fmt: skip
    if len(body) != 1 or not isinstance(body[0], ast.Return) or body[0].value is None:
        raise RuleError(f"{function.name} must be one return statement", file=file, line=function.lineno,
                        hint="Give a name to each step with a definition of its own.")  # fmt: skip
    identity = options.get("id") or options.get("replaces") or options.get("widens") or function.name
    return RuleVersion(
        id=str(identity),
        name=function.name,
        kind=kind,
        cite=options.pop("cite"),
        by=options.pop("by"),
        doc=" ".join(doc.split()),
        parameters=_parameters(function, file),
        body=body[0].value,
        file=file,
        line=function.lineno,
        options=options,
    )


def _decorator(function: ast.FunctionDef, file: str) -> tuple[str, ast.Call]:
    for decorator in function.decorator_list:
        if isinstance(decorator, ast.Call) and isinstance(decorator.func, ast.Name) and decorator.func.id in KINDS:
            return decorator.func.id, decorator
    kinds = ", ".join("@" + kind for kind in KINDS)
    raise RuleError(f"{function.name} is not declared as a provision", file=file, line=function.lineno,
                    hint=f"Decorate it with one of {kinds}.")  # fmt: skip


def _options(kind: str, call: ast.Call, file: str, by: str) -> dict[str, Any]:
    options: dict[str, Any] = {"by": by}
    pairs = [
        *zip(KINDS[kind], call.args, strict=False),
        *((keyword.arg or "", keyword.value) for keyword in call.keywords),
    ]
    for name, value in pairs:
        if name not in _OPTIONS[kind] and name not in KINDS[kind]:
            near = nearest(name, _OPTIONS[kind])
            raise RuleError(f"@{kind} has no option {name!r}", file=file, line=call.lineno,
                            hint=f"Did you mean {near}?" if near else None)  # fmt: skip
        try:
            options[name] = ast.literal_eval(value)
        except (ValueError, TypeError):
            raise RuleError(f"{name} of @{kind} must be a literal", file=file, line=value.lineno) from None
    _check_options(kind, options, call, file)
    return options


def _check_options(kind: str, options: Mapping[str, Any], call: ast.Call, file: str) -> None:
    """Refuse a decorator without what its kind needs, or with a value of the wrong kind."""
    if len(call.args) > len(KINDS[kind]) or "" in options:
        raise RuleError(f"@{kind} takes {', '.join(KINDS[kind])} and named options", file=file, line=call.lineno,
                        hint="Name every other option.")  # fmt: skip
    for name in (*KINDS[kind], "by", *_NEEDED.get(kind, ())):
        if options.get(name) in (None, ""):
            raise RuleError(f"@{kind} needs {name}", file=file, line=call.lineno,
                            hint="A rule without a citation and an instrument does not load.")  # fmt: skip
        if not isinstance(options[name], _TYPES.get(name, str)):
            raise RuleError(
                f"{name} of @{kind} cannot be {options[name]!r}", file=file, line=call.lineno, hint="See language.py."
            )
    fact = options.get("computes")
    if fact and fact not in vocabulary().facts:
        near = nearest(fact, vocabulary().facts)
        raise RuleError(f"{fact} is not a fact to compute", file=file, line=call.lineno,
                        hint=f"Did you mean {near}?" if near else "`penstock facts` lists every name.")  # fmt: skip


def _parameters(function: ast.FunctionDef, file: str) -> tuple[tuple[str, str], ...]:
    if not function.args.args:
        raise RuleError(f"{function.name} is about nothing", file=file, line=function.lineno, hint="Give it t: Transaction.")
    out = []
    for argument in function.args.args:
        annotation = argument.annotation
        name = annotation.id if isinstance(annotation, ast.Name) else ""
        if name not in _PARAMETERS:
            raise RuleError(f"{argument.arg} must be a Transaction or a Party", file=file, line=argument.lineno,
                            hint="Annotate it: t: Transaction.")  # fmt: skip
        out.append((argument.arg, _PARAMETERS[name]))
    return tuple(out)
