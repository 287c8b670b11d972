"""The fact vocabulary: every name a transaction document may use, with its type, unit and what absence means."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from attrs import field, frozen

from penstock.terms.yaml12 import load_yaml

__all__ = ["FactSpec", "Vocabulary", "vocabulary"]

_PLACEHOLDER = re.compile(r"<(\w+)>")
_TYPE = re.compile(r"(list|map)<([\w,]+)>$")


@frozen(cache_hash=True)
class FactSpec:
    """One fact: its dotted name, type, unit and what its absence means.

    ``absent`` is ``unknown`` (the rule that reads it yields unknown), ``computed`` (derived when not given),
    ``not_relied_on`` (the applicant's own papers), ``knowledge`` (fires only when stated) or ``role``.
    """

    name: str
    type: str
    doc: str = ""
    unit: str = ""
    absent: str = "unknown"
    enum: tuple[str, ...] = ()
    pattern: str = ""
    object: str = ""
    inputs: tuple[str, ...] = ()
    role: str = ""

    @property
    def item_type(self) -> str:
        """Return what a list holds, or the type itself.

        >>> vocabulary().facts["end_use.types"].item_type
        'enum'
        """
        match = _TYPE.match(self.type)
        return match[2] if match else self.type

    @property
    def is_list(self) -> bool:
        """Say whether the fact holds several values."""
        return self.type.startswith(("list<", "map<"))


@frozen
class Vocabulary:
    """All facts by name, the groups they nest in, shorthands, object shapes and the enums of the answers."""

    facts: Mapping[str, FactSpec]
    groups: frozenset[str]
    shorthands: Mapping[str, str]
    objects: Mapping[str, Mapping[str, FactSpec]]
    output_enums: Mapping[str, tuple[Any, ...]]
    roles: tuple[str, ...]
    flags: tuple[str, ...]
    names: tuple[str, ...] = field(default=())


def _spec(row: Mapping[str, Any], name: str, role: str = "") -> FactSpec:
    return FactSpec(
        name=name,
        type=row["type"],
        doc=row.get("doc", ""),
        unit=row.get("unit", ""),
        absent=row.get("absent", "unknown"),
        enum=tuple(row.get("enum", ())),
        pattern=row.get("pattern", ""),
        object=row.get("object", ""),
        inputs=tuple(row.get("inputs", ())),
        role=role,
    )


def _expand(rows: list[Mapping[str, Any]], placeholders: Mapping[str, list[str]]) -> dict[str, FactSpec]:
    facts: dict[str, FactSpec] = {}
    for row in rows:
        found = _PLACEHOLDER.search(row["name"])
        values = placeholders[found[1]] if found else [""]
        for value in values:
            name = row["name"].replace(f"<{found[1]}>", value) if found else row["name"]
            facts[name] = _spec(row, name, value if found and found[1] == "role" else "")
    return facts


def _object_fields(fields: Mapping[str, Mapping[str, Any]]) -> dict[str, FactSpec]:
    return {key: _spec({"unit": "fraction" if key == "share" else "", **row}, key) for key, row in fields.items()}


@cache
def vocabulary() -> Vocabulary:
    """Return the vocabulary this version understands.

    >>> spec = vocabulary().facts["parties.end_user.headquarters"]
    >>> spec.type, spec.role, spec.absent
    ('country', 'end_user', 'unknown')
    """
    raw = load_yaml(files("penstock.terms").joinpath("vocabulary.yaml").read_text(encoding="utf-8"), trusted=True)
    facts = _expand(raw["facts"], raw["placeholders"])
    groups = frozenset(".".join(parts[:i]) for parts in (n.split(".") for n in facts) for i in range(1, len(parts)))
    shorthands = {key.split(":")[0]: target for key, target in raw["shorthands"].items()}
    objects = {name: _object_fields(fields) for name, fields in raw["objects"].items()}
    enums = {name: tuple(values) for name, values in raw["output_enums"].items()}
    roles = tuple(raw["placeholders"]["role"])
    flags = tuple(raw["placeholders"]["flag"])
    return Vocabulary(facts, groups, shorthands, objects, enums, roles, flags, tuple(row["name"] for row in raw["facts"]))
