"""YAML 1.2 as the contract wants it: only ``true`` and ``false`` are booleans, numbers are exact, dates stay text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar

import yaml

from penstock.terms.errors import BadDocument
from penstock.terms.numbers import exact

__all__ = ["Marked", "line_of", "load_yaml", "yaml_fault"]

_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# 4E091 is a classification, not 4 times ten to the 91st
_NUMBER = re.compile(r"(?![0-9]E[0-9]{3}$)[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?$")
_DEPTH_MAX = 64
_FAULT = re.compile(r"line (\d+)(?:, column \d+)?: (.*)", re.DOTALL)


class Marked(dict[Any, Any]):
    """A mapping that knows the line it begins on and the line of each of its keys."""

    line: int = 0
    lines: Mapping[Any, int]

    def with_(self, **values: Any) -> Marked:
        """Return the mapping with other values, on the same lines."""
        return _marked({**self, **values}, self.line, self.lines)

    def without(self, *keys: Any) -> Marked:
        """Return the mapping without some keys, on the same lines."""
        return _marked({key: value for key, value in self.items() if key not in keys}, self.line, self.lines)


def _marked(values: Mapping[Any, Any], line: int, lines: Mapping[Any, int]) -> Marked:
    out = Marked(values)
    out.line, out.lines = line, lines
    return out


def line_of(raw: Any, key: Any = None) -> int:
    """Return the line of a key of a mapping, or of the mapping; 0 where it was not read from a file.

    >>> raw = load_yaml("{id: x, force: y}", marked=True)
    >>> line_of(raw, "force"), line_of(raw), line_of({}, "force")
    (1, 1, 0)
    """
    return int(raw.lines.get(key, raw.line)) if isinstance(raw, Marked) else 0


def yaml_fault(error: BadDocument) -> tuple[str, int]:
    """Return what is wrong with a text that is not YAML, and its line (0: not known).

    >>> yaml_fault(BadDocument("line 3, column 1: the key 'a' is given twice"))
    ("the key 'a' is given twice", 3)
    """
    found = _FAULT.match(error.message)
    return (found[2], int(found[1])) if found else (error.message, 0)


class _Loader(_Base):  # type: ignore[misc]
    yaml_constructors: ClassVar[dict[Any, Any]] = {}
    yaml_implicit_resolvers: ClassVar[dict[str, list[tuple[str, re.Pattern[str]]]]] = {}


def _mapping(loader: Any, node: Any) -> dict[Any, Any]:
    if not isinstance(node, yaml.MappingNode):
        _nothing(loader, node)
    out: dict[Any, Any] = {}
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        if isinstance(key, (dict, list)):
            raise BadDocument(f"line {key_node.start_mark.line + 1}: a key is a list or a mapping, not a name")
        if key in out:
            raise BadDocument(f"line {key_node.start_mark.line + 1}: the key {key!r} is given twice", value=key)
        out[key] = loader.construct_object(value_node, deep=True)
    return out


def _marking(loader: Any, node: Any) -> Marked:
    values = _mapping(loader, node)
    keys = {loader.construct_object(key, deep=True): key.start_mark.line + 1 for key, _ in node.value}
    return _marked(values, node.start_mark.line + 1, keys)


def _number(loader: Any, node: Any) -> Any:
    return exact(loader.construct_scalar(node))


def _truth(loader: Any, node: Any) -> bool:
    text = loader.construct_scalar(node)
    if text not in ("true", "false"):
        raise BadDocument(f"line {node.start_mark.line + 1}: {text[:40]!r} is neither true nor false")
    return bool(text == "true")


def _nothing(loader: Any, node: Any) -> Any:
    raise BadDocument(f"line {node.start_mark.line + 1}: the tag {node.tag} is not allowed here")


_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"(?:true|false)$"), list("tf"))
_Loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"(?:null|~|)$"), ["n", "~", ""])
_Loader.add_implicit_resolver("tag:yaml.org,2002:float", _NUMBER, list("-+0123456789."))
_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)
_Loader.add_constructor("tag:yaml.org,2002:float", _number)
_Loader.add_constructor("tag:yaml.org,2002:int", _number)
_Loader.add_constructor("tag:yaml.org,2002:bool", _truth)
_Loader.add_constructor("tag:yaml.org,2002:null", lambda loader, node: None)
_Loader.add_constructor("tag:yaml.org,2002:str", lambda loader, node: loader.construct_scalar(node))
_Loader.add_constructor("tag:yaml.org,2002:seq", lambda loader, node: loader.construct_sequence(node, deep=True))
_Loader.add_constructor(None, _nothing)


class _MarkingLoader(_Loader):
    """Reads files of the law, in which every mapping keeps its lines."""


_MarkingLoader.yaml_constructors = {**_Loader.yaml_constructors, "tag:yaml.org,2002:map": _marking}


def load_yaml(text: str, *, trusted: bool = False, marked: bool = False) -> Any:
    """Return the one document in a text; BadDocument says the line and what is wrong.

    Aliases are refused: a fact is written where it is read.  So is nesting deeper than any document needs, before it
    can exhaust the parser; ``trusted`` skips both checks for files that ship with the product.  With ``marked`` every
    mapping is a :class:`Marked` one, which knows its lines.

    >>> load_yaml("{NO: no, yes: true, tpp: 15831.2, on: 2025-05-16, eccn: 4E091}")
    {'NO': 'no', 'yes': True, 'tpp': Fraction(79156, 5), 'on': '2025-05-16', 'eccn': '4E091'}
    """
    try:
        if not trusted:
            _check_shape(text)
        return yaml.load(text, Loader=_MarkingLoader if marked else _Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise BadDocument(f"{place}{error.problem or 'not YAML'}", hint="Check indentation, quotes and colons.") from None
    except yaml.YAMLError as error:
        raise BadDocument(f"not YAML: {str(error).splitlines()[0]}") from None
    except (ValueError, RecursionError) as error:
        raise BadDocument(f"not usable YAML: {error}") from None


def _check_shape(text: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.AliasEvent):
            raise BadDocument("YAML aliases (*name) are not accepted", hint="Write the value where it is used.")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > _DEPTH_MAX:
            raise BadDocument(f"The document is nested deeper than {_DEPTH_MAX} levels", hint="Facts nest four levels deep.")
