"""From a transaction document, as people write it, to canonical facts: one flat, checked mapping of dotted names.

Shorthands are rewritten, nothing else is; every mistake is found and reported with the nearest valid value.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

from attrs import field, frozen

from penstock.terms.countries import codes, nearest_country
from penstock.terms.dates import parse_date
from penstock.terms.errors import (
    BadCountry,
    BadDocument,
    BadEnum,
    BadNumber,
    BadType,
    ConflictingFacts,
    FileUnusable,
    PenstockError,
    UnknownFact,
    first_of,
)
from penstock.terms.numbers import exact, plain
from penstock.terms.suggest import nearest
from penstock.terms.vocabulary import FactSpec, Vocabulary, vocabulary
from penstock.terms.yaml12 import load_yaml

__all__ = ["Facts", "parse_document", "read_document", "read_facts"]

_ENUM_ALIASES = {
    "re-export": "reexport",
    "in-country transfer": "transfer_in_country",
    "transfer": "transfer_in_country",
}


@frozen
class Facts:
    """Canonical facts: dotted names to checked values; lists are tuples, objects are read-only mappings.

    >>> read_facts({"destination": "PT"}).values
    {'destination.country': 'PT'}
    """

    values: Mapping[str, Any] = field(factory=dict)

    def with_(self, changes: Mapping[str, Any]) -> Facts:
        """Return a copy with some facts set, or removed where the new value is None."""
        merged = {**self.values, **changes}
        return Facts({name: value for name, value in merged.items() if value is not None})

    def document(self) -> dict[str, Any]:
        """Return the facts as a document: groups nested, a map by country as one.

        >>> read_facts({"destination": "PT", "item": {"tpp": 4000}}).document()
        {'destination': {'country': 'PT'}, 'item': {'tpp': 4000}}
        """
        out: dict[str, Any] = {}
        for name, value in self.values.items():
            *groups, last = name.split(".")
            inner = out
            for group in groups:
                inner = inner.setdefault(group, {})
            shares = vocabulary().facts[name].type.startswith("map<")
            inner[last] = {row["country"]: row["share"] for row in value} if shares else value
        return out

    def has_group(self, prefix: str) -> bool:
        """Say whether any fact below a dotted group is given."""
        start = prefix + "."
        return any(name.startswith(start) for name in self.values)


def parse_document(text: str) -> dict[str, Any]:
    """Return the one JSON or YAML object in a text; BadDocument says what is wrong with it.

    >>> parse_document('{"item": {"tpp": 15831.2}}')
    {'item': {'tpp': Fraction(79156, 5)}}
    """
    try:
        loaded = json.loads(text, parse_float=exact, parse_int=exact, object_pairs_hook=_pairs)
    except (ValueError, RecursionError):
        loaded = load_yaml(text)
    if not isinstance(loaded, dict):
        raise BadDocument("The document must be one object of facts", hint="Start with `activity: {type: export}`.")
    return loaded


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for key, value in pairs:
        if key in out:
            raise BadDocument(f"The key {key!r} is given twice", value=key)
        out[key] = value
    return out


def read_document(path: str | Path, stdin: Callable[[], str]) -> dict[str, Any]:
    """Return the document in a file, or on standard input for ``-``; FileUnusable when it cannot be read."""
    try:
        text = stdin() if str(path) == "-" else Path(path).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise BadDocument(f"{path} is not UTF-8 text", value=str(path)) from None
    except OSError as error:
        raise FileUnusable(f"{path} cannot be read: {error.strerror}", value=str(path)) from None
    return parse_document(text)


def read_facts(document: Mapping[str, Any]) -> Facts:
    """Return the canonical facts of a document; raise the first error in document order, the others attached.

    >>> read_facts({"activity": {"type": "re-export"}})
    Traceback (most recent call last):
    penstock.terms.errors.BadEnum: activity.type: 're-export' is not allowed
    """
    errors: list[PenstockError] = []
    values: dict[str, Any] = {}
    for name, raw, at in _walk(document, vocabulary(), errors):
        try:
            value = _check(raw, vocabulary().facts[name], at)
        except PenstockError as error:
            errors.append(error)
            continue
        if name in values and values[name] != value:
            errors.append(ConflictingFacts(f"{name} is given twice with different values", at=name, value=value))
        values[name] = value
    if errors:
        raise first_of(errors)
    return Facts(values)


def _walk(document: Mapping[str, Any], words: Vocabulary, errors: list[PenstockError]) -> Iterator[tuple[str, Any, str]]:
    """Yield (canonical name, raw value, place in the document) in document order, collecting what is misnamed."""
    stack: list[tuple[str, str, Any]] = [(_canonical(str(k), v, words), str(k), v) for k, v in reversed(list(document.items()))]
    while stack:
        name, at, value = stack.pop()
        if value is None:
            if name not in words.facts and name not in words.groups:
                errors.append(_unknown(name, words))
        elif name in words.facts:
            yield name, value, name
        elif name not in words.groups:
            errors.append(_unknown(name, words))
        elif not isinstance(value, Mapping):
            errors.append(BadType(f"{at}: a group of facts is expected, got {_show(value)}", at=at, value=_show(value)))
        else:
            stack.extend((f"{name}.{k}", f"{at}.{k}", v) for k, v in reversed(list(value.items())))


def _canonical(key: str, value: Any, words: Vocabulary) -> str:
    if key in words.groups and isinstance(value, Mapping):
        return key
    if key in words.facts:
        return key
    return words.shorthands.get(key, key)


def _unknown(at: str, words: Vocabulary) -> UnknownFact:
    depth = at.count(".")
    pool = [name for name in (*words.groups, *words.facts, *words.shorthands) if name.count(".") == depth]
    near = nearest(at, pool) or nearest(at, words.facts)
    return UnknownFact(f"{at} is not a fact", at=at, nearest=near, hint="`penstock facts` lists every name.")


def _check(raw: Any, spec: FactSpec, at: str) -> Any:
    """Return the checked value of one fact."""
    if spec.type.startswith("list<"):
        if not isinstance(raw, (list, tuple)):
            raise BadType(f"{at}: a list is expected, got {_show(raw)}", at=at, value=_show(raw), nearest=[_show(raw)])
        return tuple(_check_item(value, spec, f"{at}[{i}]") for i, value in enumerate(raw))
    if spec.type.startswith("map<"):
        return _check_map(raw, spec, at)
    return _check_item(raw, spec, at)


def _check_map(raw: Any, spec: FactSpec, at: str) -> tuple[Any, ...]:
    if not isinstance(raw, Mapping):
        raise BadType(f"{at}: a map from country to number is expected, got {_show(raw)}", at=at, value=_show(raw))
    number = FactSpec(spec.name, "number", unit=spec.unit)
    pairs = ((_country(key, spec, f"{at}.{key}"), _number(value, number, f"{at}.{key}")) for key, value in raw.items())
    return tuple(_Record({"country": country, "share": share}) for country, share in sorted(pairs))


def _check_item(raw: Any, spec: FactSpec, at: str) -> Any:
    return _CHECKS[spec.item_type](raw, spec, at)


def _bool(raw: Any, spec: FactSpec, at: str) -> bool:
    if isinstance(raw, bool):
        return raw
    near = {"yes": True, "no": False, "true": True, "false": False, "1": True, "0": False}.get(str(raw).casefold())
    raise BadType(f"{at}: true or false is expected, got {_show(raw)}", at=at, value=_show(raw), nearest=near)


def _number(raw: Any, spec: FactSpec, at: str) -> Any:
    kind = "whole number" if spec.type in ("int", "list<int>") else "number"
    if isinstance(raw, bool) or not hasattr(raw, "__round__"):
        raise BadType(f"{at}: a {kind} is expected, got {_show(raw)}", at=at, value=_show(raw), nearest=_numeric(raw))
    try:
        value = exact(raw)
    except ValueError as error:
        raise BadNumber(f"{at}: {error}", at=at, value=None if isinstance(raw, int) else str(raw)[:60]) from None
    if value < 0:
        raise BadNumber(f"{at}: {plain(value)} is negative", at=at, value=plain(value))
    if kind == "whole number" and not isinstance(value, int):
        raise BadType(f"{at}: {plain(value)} is not whole", at=at, value=plain(value), nearest=round(value))
    if spec.unit == "fraction" and value > 1:
        near = plain(exact(Fraction(value, 100)))
        raise BadNumber(f"{at}: a fraction from 0 to 1 is expected, got {plain(value)}", at=at, value=plain(value),
                        nearest=near if value <= 100 else None, hint="Write 60 percent as 0.6.")  # fmt: skip
    return value


def _numeric(raw: Any) -> Any:
    try:
        return plain(exact(raw)) if isinstance(raw, str) else None
    except ValueError:
        return None


def _string(raw: Any, spec: FactSpec, at: str) -> str:
    if not isinstance(raw, str):
        raise BadType(f"{at}: text is expected, got {_show(raw)}", at=at, value=_show(raw), nearest=str(_show(raw)))
    if spec.pattern and not re.fullmatch(spec.pattern.rstrip("$"), raw):
        raise BadType(f"{at}: {raw[:80]!r} does not match {spec.pattern}", at=at, value=raw[:80], hint=spec.doc or None)
    return raw


def _enum(raw: Any, spec: FactSpec, at: str) -> str:
    if raw in spec.enum and isinstance(raw, str):
        return raw
    near = nearest(raw, spec.enum, aliases={k: v for k, v in _ENUM_ALIASES.items() if v in spec.enum})
    raise BadEnum(f"{at}: {_show(raw)!r} is not allowed", at=at, value=_show(raw), nearest=near, allowed=spec.enum,
                  hint=f"penstock facts {spec.name}")  # fmt: skip


def _country(raw: Any, spec: FactSpec, at: str) -> str:
    if isinstance(raw, str) and raw in codes():
        return raw
    near = nearest_country(raw) if isinstance(raw, str) else None
    raise BadCountry(f"{at}: {_show(raw)!r} is not an ISO 3166-1 alpha-2 code", at=at, value=_show(raw), nearest=near,
                     hint="Two capital letters; Hong Kong is HK, Macau is MO.")  # fmt: skip


def _date(raw: Any, spec: FactSpec, at: str) -> Any:
    return parse_date(raw, at)


def _object(raw: Any, spec: FactSpec, at: str) -> Mapping[str, Any]:
    fields = vocabulary().objects[spec.object]
    if not isinstance(raw, Mapping):
        names = ", ".join(fields)
        raise BadType(f"{at}: an object with {names} is expected, got {_show(raw)}", at=at, value=_show(raw))
    out: dict[str, Any] = {}
    for key, value in raw.items():
        if key not in fields:
            near = nearest(key, fields)
            raise UnknownFact(f"{at}.{key} is not a field of {spec.object}", at=f"{at}.{key}", nearest=near)
        if value is not None:
            out[key] = _check(value, fields[key], f"{at}.{key}")
    return _Record(out)


class _Record(dict[str, Any]):
    """A read-only, hashable mapping: one row of a list of objects."""

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(tuple(sorted(self.items(), key=lambda pair: pair[0])))


def _show(value: Any) -> Any:
    """Return a short form of an offending value that fits an error document."""
    if isinstance(value, (bool, int, str)):
        return value if not isinstance(value, str) else value[:80]
    return str(value)[:80]


_CHECKS: dict[str, Callable[[Any, FactSpec, str], Any]] = {
    "bool": _bool, "int": _number, "number": _number, "string": _string, "enum": _enum, "country": _country,
    "date": _date, "object": _object,
}  # fmt: skip
