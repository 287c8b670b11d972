"""Case files: facts with the answer that is right, run against the law and compared by the contract's match rules."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from typing import Any

from attrs import frozen

from penstock.decision import library
from penstock.decision.classification import classify_facts
from penstock.decision.determination import decide_facts
from penstock.decision.tables import read_table
from penstock.rulebook import ACTUAL
from penstock.terms.dates import parse_date
from penstock.terms.documents import read_facts
from penstock.terms.errors import BadDocument, PenstockError
from penstock.terms.numbers import exact, plain

__all__ = ["Case", "Mismatch", "match", "read_cases", "run_case"]

FORMAT = "penstock-cases/1"
_KEYS = frozenset({"id", "kind", "topic", "family", "title", "source", "basis", "confidence", "on", "known", "stance", "regime",
                   "switches", "facts", "expect", "note"})  # fmt: skip
_CHOICES = {"confidence": ("high", "medium", "low"), "stance": ("both", "codified", "enforced")}
_MATCHERS = frozenset(
    {"approx", "tol", "min", "max", "one_of", "not", "includes", "excludes", "by_id", "empty", "present", "count"}
)


@frozen
class Mismatch:
    """One difference: where in the answer, what was expected, what came."""

    path: str
    expected: Any
    got: Any


@frozen(eq=False)
class Case:
    """One case of a case file."""

    id: str
    kind: str
    topic: str
    confidence: str
    on: dt.date
    known: dt.date | None
    stance: str
    regime: str
    switches: Mapping[str, Any]
    facts: Mapping[str, Any]
    expect: Mapping[str, Any]


def read_cases(document: Mapping[str, Any]) -> list[Case]:
    """Return the cases of a case file; BadDocument says which case is not one.

    >>> read_cases({"format": "penstock-cases/1", "cases": []})
    []
    """
    if document.get("format") != FORMAT or not isinstance(document.get("cases"), list):
        raise BadDocument(
            f"A case file says `format: {FORMAT}` and has a list of cases",
            at="format",
            value=str(document.get("format"))[:60],
        )
    return [_case(raw, i) for i, raw in enumerate(document["cases"])]


def _case(raw: Any, index: int) -> Case:
    at = f"cases[{index}]"
    if not isinstance(raw, Mapping) or not {"id", "kind", "on", "facts", "expect"} <= set(raw):
        raise BadDocument(f"{at}: a case has id, kind, on, facts and expect", at=at)
    if unknown := set(raw) - _KEYS:
        raise BadDocument(f"{at}: no key {sorted(map(str, unknown))[0]!r} in a case", at=at, hint="Quote the key 'on'.")
    for key in ("facts", "expect", "switches"):
        if not isinstance(raw.get(key, {}), Mapping):
            raise BadDocument(f"{at}.{key} must be a mapping", at=f"{at}.{key}", value=str(raw[key])[:60])
    for key, choices in _CHOICES.items():
        if raw.get(key, choices[0]) not in choices:
            raise BadDocument(f"{at}.{key} is one of {', '.join(choices)}", at=f"{at}.{key}", value=str(raw[key])[:60])
    known = raw.get("known")
    return Case(
        id=str(raw["id"]),
        kind=str(raw["kind"]),
        topic=str(raw.get("topic", "")),
        confidence=str(raw.get("confidence", "high")),
        on=parse_date(raw["on"], f"{at}.on"),
        known=parse_date(known, f"{at}.known") if known else None,
        stance=str(raw.get("stance", "both")),
        regime=str(raw.get("regime", ACTUAL)),
        switches=dict(raw.get("switches") or {}),
        facts=raw["facts"],
        expect=raw["expect"],
    )


def run_case(case: Case, more: Mapping[str, Callable[[Case], dict[str, Any]]] | None = None) -> list[Mismatch]:
    """Return the differences between what a case expects and what the law answers; empty: the case passes.

    ``more`` answers kinds that layers above this one know: clocks and owners.
    """
    answers = {**_ANSWERS, **(more or {})}
    try:
        answer = answers[case.kind](case) if case.kind in answers else None
    except PenstockError as error:
        answer = error.document()
    if answer is None:
        return [Mismatch("kind", case.kind, "not yet covered")]
    try:
        return list(match(case.expect, answer, ""))
    except (TypeError, ValueError, AttributeError):
        hint = "See the match rules of the contract."
        raise BadDocument(f"{case.id}: expect is not written by the match rules", at=f"{case.id}.expect", hint=hint) from None


def _decision(case: Case) -> dict[str, Any]:
    answer = decide_facts(read_facts(case.facts), case.on, case.known, case.regime, case.switches)
    document = answer.document(what_if=_asks_what_if(case.expect))
    return document if case.stance == "both" else {**document[case.stance], "stances_differ": document["stances_differ"]}


def _asks_what_if(expect: Mapping[str, Any]) -> bool:
    return "what_if" in expect or any(isinstance(block, Mapping) and "what_if" in block for block in expect.values())


def _classification(case: Case) -> dict[str, Any]:
    law = library.book().law(case.on, case.known, case.regime, case.switches)
    return dict(classify_facts(read_facts(case.facts), case.on, law).document)


def _table(case: Case) -> dict[str, Any]:
    values = read_facts(case.facts).values
    law = library.book().law(case.on, case.known, case.regime, case.switches)
    return read_table(values.get("table.name", ""), values.get("table.keys"), law, case.on)


def _error(case: Case) -> dict[str, Any]:
    _decision(case)
    return {"error": None, "exit_code": 0}


_ANSWERS: Mapping[str, Callable[[Case], dict[str, Any]]] = {
    "decision": _decision, "classification": _classification, "table": _table, "error": _error,
}  # fmt: skip


# ---- match rules


def match(expected: Any, got: Any, path: str) -> Iterator[Mismatch]:
    """Yield the differences between an expectation and an answer, by the match rules of the contract.

    >>> list(match({"a": {"includes": ["x"]}}, {"a": [{"id": "x"}]}, ""))
    []
    >>> list(match({"a": {"approx": 2.0, "tol": 0.1}}, {"a": 3}, ""))
    [Mismatch(path='a', expected='2.0 ± 0.1', got=3)]
    """
    if isinstance(expected, Mapping) and set(expected) & _MATCHERS:
        yield from _special(expected, got, path)
    elif isinstance(expected, Mapping):
        if not isinstance(got, Mapping):
            yield Mismatch(path, dict(expected), got)
            return
        for key, value in expected.items():
            yield from match(value, got.get(key), f"{path}.{key}" if path else str(key))
    elif isinstance(expected, (list, tuple)):
        wanted, have = {_key(x) for x in expected}, {_key(x) for x in got} if isinstance(got, (list, tuple)) else None
        if wanted != have:
            yield Mismatch(path, list(expected), _ids(got))
    elif not _equal(expected, got):
        yield Mismatch(path, expected, got)


def _special(expected: Mapping[str, Any], got: Any, path: str) -> Iterator[Mismatch]:
    for name, value in expected.items():
        if name not in _MATCHERS:
            yield from match(value, got.get(name) if isinstance(got, Mapping) else None, f"{path}.{name}")
        elif name != "tol":
            yield from _CHECKS[name](value, got, path, expected)


def _approx(value: Any, got: Any, path: str, whole: Mapping[str, Any]) -> Iterator[Mismatch]:
    tolerance = whole.get("tol", 0)
    if not _numeric(got) or abs(Fraction(exact(got)) - Fraction(exact(value))) > Fraction(exact(tolerance)):
        yield Mismatch(path, f"{_say(value)} ± {_say(tolerance)}", got)


def _bounds(value: Any, got: Any, path: str, whole: Mapping[str, Any]) -> Iterator[Mismatch]:
    low, high = whole.get("min"), whole.get("max")
    if not _numeric(got) or (low is not None and got < low) or (high is not None and got > high):
        yield Mismatch(path, dict(whole), got)


def _not(value: Any, got: Any, path: str, whole: Mapping[str, Any]) -> Iterator[Mismatch]:
    if _equal(value, got):
        yield Mismatch(path, f"not {value}", got)


def _one_of(value: Any, got: Any, path: str, whole: Mapping[str, Any]) -> Iterator[Mismatch]:
    if not any(_equal(choice, got) for choice in value):
        yield Mismatch(path, f"one of {value}", got)


def _present(value: Any, got: Any, path: str, whole: Mapping[str, Any]) -> Iterator[Mismatch]:
    if (got is not None) != value:
        yield Mismatch(path, "present" if value else "absent", got)


def _includes(value: Any, got: Any, path: str, whole: Mapping[str, Any]) -> Iterator[Mismatch]:
    have = {_key(x) for x in got or ()}
    missing = [x for x in value if _key(x) not in have]
    if missing:
        yield Mismatch(path, f"includes {missing}", _ids(got))


def _excludes(value: Any, got: Any, path: str, whole: Mapping[str, Any]) -> Iterator[Mismatch]:
    have = {_key(x) for x in got or ()}
    there = [x for x in value if _key(x) in have]
    if there:
        yield Mismatch(path, f"excludes {there}", _ids(got))


def _empty(value: Any, got: Any, path: str, whole: Mapping[str, Any]) -> Iterator[Mismatch]:
    if bool(got) == bool(value):
        yield Mismatch(path, "empty" if value else "not empty", _ids(got))


def _count(value: Any, got: Any, path: str, whole: Mapping[str, Any]) -> Iterator[Mismatch]:
    if len(got or ()) != value:
        yield Mismatch(f"{path}.count", value, len(got or ()))


def _by_id(value: Any, got: Any, path: str, whole: Mapping[str, Any]) -> Iterator[Mismatch]:
    rows = {row["id"]: row for row in got or () if isinstance(row, Mapping) and "id" in row}
    for id, inner in value.items():
        if id not in rows:
            yield Mismatch(f"{path}.{id}", inner, _ids(got))
        else:
            yield from match(inner, rows[id], f"{path}.{id}")


_CHECKS: Mapping[str, Callable[..., Iterator[Mismatch]]] = {
    "approx": _approx, "min": _bounds, "max": _bounds, "not": _not, "one_of": _one_of, "present": _present,
    "includes": _includes, "excludes": _excludes, "empty": _empty, "count": _count, "by_id": _by_id,
}  # fmt: skip


def _numeric(value: Any) -> bool:
    return (isinstance(value, (int, Fraction)) and not isinstance(value, bool)) or hasattr(value, "quantize")


def _equal(expected: Any, got: Any) -> bool:
    if isinstance(got, dt.date) and isinstance(expected, str):
        return got.isoformat() == expected
    if isinstance(expected, bool) or isinstance(got, bool):
        return expected is got
    return bool(expected == got)


def _key(value: Any) -> Any:
    """Return what a list is compared by: the id of an object, an exact number, a text."""
    if isinstance(value, Mapping):
        return value.get("id", repr(value))
    return value.isoformat() if isinstance(value, dt.date) else value


def _ids(got: Any) -> Any:
    return [_key(x) for x in got] if isinstance(got, (list, tuple)) else got


def _say(value: Any) -> Any:
    return plain(value) if isinstance(value, (int, Fraction)) else value
