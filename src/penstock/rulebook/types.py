"""Types and units of the rule language, checked when a rule is loaded."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from penstock.terms.vocabulary import FactSpec

__all__ = ["BOOL", "COUNTRY", "DATE", "TEXT", "Type", "number_type", "of_fact", "same_unit", "unit_product"]

_DIMENSIONLESS = frozenset({"", "units", "fraction", "MW"})
_DERIVED = {"TPP": "TOPS*bit", "days": "day"}


class Type(NamedTuple):
    """A type: its kind, the unit of a number, and what a list holds.

    Kinds: ``bool``, ``number``, ``text`` (also enums), ``country``, ``date``, ``list``, ``set``, ``code``, ``group``.
    """

    kind: str
    unit: str = ""
    of: str = ""

    def __str__(self) -> str:
        return f"{self.kind} ({self.unit})" if self.unit else f"list of {self.of}" if self.of else self.kind


BOOL = Type("bool")
TEXT = Type("text")
COUNTRY = Type("country")
DATE = Type("date")
_KINDS = {"bool": "bool", "int": "number", "number": "number", "string": "text", "enum": "text", "country": "country",
          "date": "date"}  # fmt: skip


@cache
def of_fact(spec: FactSpec) -> Type:
    """Return the rule-language type of a fact.

    >>> from penstock.terms.vocabulary import vocabulary
    >>> of_fact(vocabulary().facts["item.tpp"])
    Type(kind='number', unit='TPP', of='')
    """
    if spec.is_list:
        return Type("list", of=spec.object or spec.item_type)
    return Type(_KINDS[spec.type], unit=spec.unit if _atoms(spec.unit) else "")


def number_type(unit: str) -> Type:
    """Return the type of a number with a unit."""
    return Type("number", unit=unit)


@cache
def _atoms(unit: str) -> tuple[tuple[str, int], ...]:
    """Return the unit as sorted (atom, power) pairs, derived units resolved.

    >>> _atoms("TPP/mm2")
    (('TOPS', 1), ('bit', 1), ('mm2', -1))
    """
    powers: dict[str, int] = {}
    sign = 1
    for part in unit.replace("GB/s", "GBps").replace("*", " * ").replace("/", " / ").split():
        if part in "*/":
            sign = -1 if part == "/" else 1
        elif part in _DERIVED:
            for atom, power in _atoms(_DERIVED[part]) if "*" in _DERIVED[part] else ((_DERIVED[part], 1),):
                powers[atom] = powers.get(atom, 0) + sign * power
        elif part not in _DIMENSIONLESS and part != "1":
            powers[part] = powers.get(part, 0) + sign
    return tuple(sorted((atom, power) for atom, power in powers.items() if power))


def same_unit(a: str, b: str) -> bool:
    """Say whether two units measure the same thing.

    >>> same_unit("TPP", "TOPS*bit"), same_unit("TPP", "mm2")
    (True, False)
    """
    return _atoms(a) == _atoms(b)


def unit_product(a: str, b: str, *, divide: bool = False) -> str:
    """Return the unit of a product or quotient.

    >>> unit_product("TPP", "mm2", divide=True), unit_product("TPP", "units")
    ('TOPS*bit/mm2', 'TOPS*bit')
    """
    powers = dict(_atoms(a))
    for atom, power in _atoms(b):
        powers[atom] = powers.get(atom, 0) + (-power if divide else power)
    up = [atom for atom, power in sorted(powers.items()) for _ in range(power)]
    down = [atom for atom, power in sorted(powers.items()) for _ in range(-power)]
    return "/".join(["*".join(up) or ("1" if down else ""), *down])
