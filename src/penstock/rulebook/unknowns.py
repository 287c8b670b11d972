"""The variables of a transaction that nobody has stated yet, and formulas over them, for the solver backend.

A formula is a Python bool or a z3 expression; what is decided already stays a bool and costs the solver nothing.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable, Hashable, Iterable, Mapping
from fractions import Fraction
from functools import cache
from typing import Any, NamedTuple

from penstock.rulebook.domains import Domains
from penstock.terms.errors import FileUnusable
from penstock.terms.numbers import Exact, exact
from penstock.terms.vocabulary import FactSpec, vocabulary

__all__ = [
    "ROLE",
    "Fact",
    "Formula",
    "Unknowns",
    "alike",
    "conj",
    "constant",
    "denies",
    "disj",
    "either",
    "holds",
    "neg",
    "number_in",
    "z3",
]

Formula = Any  # bool or z3.BoolRef
ROLE = "role"  # a policy for facts of a party: stated exactly where the party is in the transaction


@cache
def z3() -> Any:
    """Return the solver's module, imported when it is first needed."""
    try:
        import z3 as module
    except ImportError:
        raise FileUnusable("Proofs need z3", hint="pip install 'penstock[proofs]'") from None
    return module


def conj(parts: Iterable[Formula]) -> Formula:
    """Return the conjunction.

    >>> conj([True, True]), conj([True, False])
    (True, False)
    """
    return _junction(parts, False)


def disj(parts: Iterable[Formula]) -> Formula:
    """Return the disjunction."""
    return _junction(parts, True)


def _junction(parts: Iterable[Formula], absorbing: bool) -> Formula:
    kept: dict[int, Formula] = {}
    for part in parts:
        if part is absorbing:
            return absorbing
        if not isinstance(part, bool):
            kept.setdefault(part.get_id(), part)
    if not kept:
        return not absorbing
    if len(kept) == 1:
        return next(iter(kept.values()))
    # z3's own And and Or look every argument's sort up again, which takes longer than all proofs together
    module, parts = z3(), list(kept.values())
    context, terms = parts[0].ctx, (module.Ast * len(parts))(*(part.as_ast() for part in parts))
    make = module.Z3_mk_or if absorbing else module.Z3_mk_and
    return module.BoolRef(make(context.ref(), len(parts), terms), context)


def neg(part: Formula) -> Formula:
    """Return the negation."""
    if isinstance(part, bool):
        return not part
    return part.arg(0) if z3().is_not(part) else z3().Not(part)


def alike(a: Formula, b: Formula) -> bool:
    """Say whether two formulas are one and the same."""
    return a is b or (hasattr(a, "get_id") and hasattr(b, "get_id") and a.get_id() == b.get_id())


def denies(a: Formula, b: Formula) -> bool:
    """Say whether a formula is plainly the negation of another, or a conjunction with it."""
    opposite = neg(b)
    return alike(a, opposite) or (hasattr(a, "decl") and z3().is_and(a) and any(alike(part, opposite) for part in a.children()))


def either(condition: Formula, yes: Any, no: Any) -> Any:
    """Return one of two formulas or numbers by a condition."""
    if isinstance(condition, bool):
        return yes if condition else no
    if yes is no:
        return yes
    if isinstance(yes, bool) and isinstance(no, bool):
        return yes if yes == no else condition if yes else neg(condition)
    if isinstance(yes, bool):
        return disj([condition, no]) if yes else conj([neg(condition), no])
    if isinstance(no, bool):
        return disj([neg(condition), yes]) if no else conj([condition, yes])
    return z3().If(condition, constant(yes), constant(no))


def constant(value: Any) -> Any:
    """Return an exact number as the solver writes it."""
    if isinstance(value, Fraction):
        return z3().Q(value.numerator, value.denominator)
    return z3().IntVal(value) if isinstance(value, int) else value


class Fact(NamedTuple):
    """One fact: whether it is stated, and its value.

    The value is a formula, a number, a formula per value of the domain, or per member of a list; a list of objects
    holds, per row it may have, whether it has it.
    """

    known: Formula
    value: Any


class Unknowns:
    """The facts of a transaction as variables, shared by every law that is asked about it.

    ``stated`` says of each fact by name whether it is given (True), absent (False), open (None), or given where its
    party is in the transaction (``ROLE``); rows are named ``list[].field``.  ``rows`` is how many rows a list of objects
    may have; None leaves what is asked over rows free, which admits more than any list could answer.
    """

    def __init__(self, domains: Domains, stated: Callable[[str], Any], rows: int | None = None) -> None:
        self.domains = domains
        self.rows = rows
        self.constraints: list[Formula] = []
        self.exact_products = False
        self._stated = stated
        self._facts: dict[str, tuple[str, FactSpec, Fact]] = {}
        self._roles: dict[str, Formula] = {}
        self._free: dict[Hashable, tuple[Any, Any]] = {}
        self._products: list[tuple[str, Any, Any, Any]] = []

    # ---- facts

    def fact(self, name: str, alias: str) -> Fact:
        """Return a fact; ``alias`` tells copies of it apart."""
        return self._variable(name, alias, vocabulary().facts[name], name)

    def field(self, rows: str, index: int, of: str, field: str) -> Fact:
        """Return a field of one row of a list of objects."""
        return self._variable(f"{rows}[].{field}", f"{rows}[{index}].{field}", vocabulary().objects[of][field], f"*.{field}")

    def role(self, role: str) -> Formula:
        """Return whether a party is in the transaction; named with a plus, whether its facts are given."""
        if role not in self._roles:
            self._roles[role] = z3().Bool(f"role {role}")
        return self._roles[role]

    def states_rows(self, name: str) -> bool:
        """Say whether every field of the rows of a list is stated, so that a question over them has an answer."""
        return self._stated(f"{name}[]") is True

    @property
    def facts(self) -> Mapping[str, tuple[str, FactSpec, Fact]]:
        """Return the facts read so far by alias, each with its name and kind."""
        return self._facts

    def _variable(self, name: str, alias: str, spec: FactSpec, key: str) -> Fact:
        if alias not in self._facts:
            self._facts[alias] = name, spec, Fact(self._known(name, alias, spec), self._value(alias, spec, key))
        return self._facts[alias][2]

    def _known(self, name: str, alias: str, spec: FactSpec) -> Formula:
        policy = self._stated(name)
        if policy == ROLE:
            return self.role(spec.role)
        return z3().Bool(f"{alias} is stated") if policy is None else bool(policy)

    def _value(self, alias: str, spec: FactSpec, key: str) -> Any:
        if spec.is_list and spec.object:
            exists = [z3().Bool(f"{alias}[{i}]") for i in range(self.rows or 0)]
            self.constraints += [z3().Implies(later, earlier) for earlier, later in itertools.pairwise(exists)]
            return tuple(exists)
        if spec.is_list:
            return {member: z3().Bool(f"{member} in {alias}") for member in self.domains.values(key, spec)}
        if spec.type == "bool":
            return z3().Bool(alias)
        if spec.type in ("int", "number", "date"):
            return self._number(alias, spec)
        return self._choice(alias, self.domains.values(key, spec))

    def _number(self, alias: str, spec: FactSpec) -> Any:
        number = z3().Real(alias) if spec.type == "number" else z3().Int(alias)
        low, high = (1, dt.date.max.toordinal()) if spec.type == "date" else (0, None)
        self.constraints.append(number >= low)
        if high is not None or spec.unit == "fraction":
            self.constraints.append(number <= (high or 1))
        return number

    def _choice(self, alias: str, values: tuple[Any, ...]) -> dict[Any, Formula]:
        bits = max(1, (len(values) - 1).bit_length())
        code = z3().BitVec(alias, bits)
        if len(values) < 1 << bits:
            self.constraints.append(z3().ULE(code, len(values) - 1))
        return {value: code == i for i, value in enumerate(values)}

    # ---- what is not expressed exactly

    def free_truth(self, key: Hashable, keep: Any, *, two_valued: bool) -> tuple[Formula, Formula]:
        """Return an unconstrained truth value (possible, certain), the same one for the same question."""
        if key not in self._free:
            n = len(self._free)
            certain = z3().Bool(f"question {n}")
            possible = certain if two_valued else z3().Bool(f"question {n} open")
            if not two_valued:
                self.constraints.append(z3().Implies(certain, possible))
            self._free[key] = (possible, certain), keep  # kept alive: the key holds identities of what was asked about
        return self._free[key][0]  # type: ignore[no-any-return]

    def free_number(self, key: Hashable, keep: Any, *, two_valued: bool) -> tuple[Formula, Any]:
        """Return whether an unconstrained number is known, and the number, the same one for the same question."""
        if key not in self._free:
            n = len(self._free)
            known = True if two_valued else z3().Bool(f"number {n} is known")
            self._free[key] = (known, z3().Real(f"number {n}")), keep
        return self._free[key][0]  # type: ignore[no-any-return]

    def product(self, op: str, a: Any, b: Any) -> Any:
        """Return a product or quotient of two unknown numbers.

        Unless ``exact_products`` is set it is an unknown of its own, of which is only known that it is not negative
        and grows with its first factor, where the second is the same.
        """
        if self.exact_products:
            return a * b if op == "mul" else z3().ToReal(a) / b if z3().is_int(a) else a / b
        for done, x, y, out in self._products:
            if (done, x.get_id(), y.get_id()) == (op, a.get_id(), b.get_id()):
                return out
        out = z3().Real(f"{op} {len(self._products)}")
        self.constraints.append(z3().Implies(z3().And(a >= 0, b >= 0), out >= 0))
        for done, x, y, other in self._products:
            if done == op and y.get_id() == b.get_id():
                both = z3().And(x >= 0, a >= 0, b >= 0)
                self.constraints += [
                    z3().Implies(z3().And(both, x <= a), other <= out),
                    z3().Implies(z3().And(both, a <= x), out <= other),
                ]
        self._products.append((op, a, b, out))
        return out

    # ---- to and from real transactions

    def equal_to(self, values: Mapping[str, Any], roles: Mapping[str, int]) -> list[Formula]:
        """Return the formulas that say that the facts read so far are these (roles as the scalar backend takes them)."""
        out: list[Formula] = []
        for alias, (_, spec, fact) in list(self._facts.items()):
            if "[" not in alias:
                out += self._is(alias, spec, fact, values.get(alias))
        out += [held == (roles[role] != 0) for role, held in self._roles.items()]
        return [part for part in out if part is not True]

    def _is(self, alias: str, spec: FactSpec, fact: Fact, value: Any) -> list[Formula]:
        if value is None:
            return [neg(fact.known)]
        if spec.is_list and spec.object:
            assert len(value) <= len(fact.value), f"{alias} has more rows than the encoding"
            out = [fact.known, *(held == (i < len(value)) for i, held in enumerate(fact.value))]
            for i, row in enumerate(value):
                for name, (_, inner, held) in list(self._facts.items()):
                    if name.startswith(f"{alias}[{i}]."):
                        out += self._is(name, inner, held, row.get(name.rpartition(".")[2]))
            return out
        key = f"*.{alias.rpartition('.')[2]}" if "[" in alias else alias
        if spec.is_list:
            inside = {self.domains.alike(key, spec, member) for member in value}
            return [fact.known, *(held == (member in inside) for member, held in fact.value.items())]
        if isinstance(fact.value, dict):
            return [fact.known, fact.value[self.domains.alike(key, spec, value)]]
        number = value.toordinal() if isinstance(value, dt.date) else value
        return [fact.known, fact.value == (number if isinstance(number, bool) else constant(number))]

    def facts_of(self, model: Any, rename: Callable[[str], str] = str) -> dict[str, Any]:
        """Return the facts of a model, by canonical name; ``rename`` gives the copy to read where there are several."""
        out: dict[str, Any] = {}
        for alias, (name, spec, _) in self._facts.items():
            if alias == name:
                copy = rename(name)
                fact = self._facts[copy if copy in self._facts else alias][2]
                if holds(model, fact.known):
                    out[name] = self._read(model, alias, spec, fact)
        return out

    def roles_of(self, model: Any) -> frozenset[str]:
        """Return the parties that are in the transaction of a model."""
        return frozenset(role for role, held in self._roles.items() if holds(model, held))

    def _read(self, model: Any, alias: str, spec: FactSpec, fact: Fact) -> Any:
        if spec.is_list and spec.object:
            return tuple(self._row(model, f"{alias}[{i}].") for i, held in enumerate(fact.value) if holds(model, held))
        if spec.is_list:
            return tuple(member for member, held in fact.value.items() if holds(model, held))
        if isinstance(fact.value, dict):
            return next(value for value, held in fact.value.items() if holds(model, held))
        if spec.type == "bool":
            return holds(model, fact.value)
        number = number_in(model, fact.value)
        return dt.date.fromordinal(int(number)) if spec.type == "date" else number

    def _row(self, model: Any, prefix: str) -> dict[str, Any]:
        fields = [(a, spec, fact) for a, (_, spec, fact) in self._facts.items() if a.startswith(prefix)]
        return {a.removeprefix(prefix): self._read(model, a, spec, fact) for a, spec, fact in fields if holds(model, fact.known)}


def number_in(model: Any, value: Any) -> Exact:
    """Return the number a term comes to in a model."""
    if isinstance(value, (int, Fraction)):
        return value
    return exact(Fraction(model.eval(value, model_completion=True).as_string()))


def holds(model: Any, formula: Formula) -> bool:
    """Say whether a formula holds in a model."""
    return formula if isinstance(formula, bool) else z3().is_true(model.eval(formula, model_completion=True))
