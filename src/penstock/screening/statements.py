"""Ownership as FollowTheMoney and the Beneficial Ownership Data Standard (BODS) write it, turned into rows of holdings."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from penstock.screening.holdings import COLUMNS
from penstock.terms.errors import BadDocument

__all__ = ["holding_rows"]


def holding_rows(text: str, *, name: str) -> Iterator[list[str]]:
    """Yield the rows of a graph, the first of which names the columns, from JSON: a list, or one object a line.

    Owners and what they own are named by their identifiers.  Shares are percentages there; they are rounded down to whole
    basis points, a range counts as not known.  Raises BadDocument for text that is neither.

    >>> bods = {"statementType": "ownershipOrControlStatement", "subject": {"describedByEntityStatement": "T"},
    ...         "interestedParty": {"describedByEntityStatement": "L"}, "interests": [{"share": {"exact": 50.5}}]}
    >>> list(holding_rows(json.dumps([bods]), name="x"))[1]
    ['L', 'T', '5050', '', '']
    >>> properties = {"owner": ["L"], "asset": ["T"], "percentage": ["51%"], "startDate": ["2024-01-01"]}
    >>> list(holding_rows(json.dumps({"schema": "Ownership", "properties": properties}), name="x"))[1]
    ['L', 'T', '5100', '2024-01-01', '']
    """
    yield list(COLUMNS)
    for record in _records(text, name):
        if record.get("schema") == "Ownership":
            yield from _of_ftm(record.get("properties") or {})
        elif record.get("statementType") == "ownershipOrControlStatement":
            yield from _of_bods(record)
        elif record.get("recordType") == "relationship":
            yield from _of_bods(record.get("recordDetails") or {})


def _records(text: str, name: str) -> Iterator[Mapping[str, Any]]:
    text = text.lstrip("\ufeff")
    if text.lstrip().startswith("["):
        found = _json(text, name)
        yield from (record for record in found if isinstance(record, dict))
        return
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            record = _json(line, f"{name}, line {number}")
            if isinstance(record, dict):
                yield record


def _json(text: str, at: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise BadDocument(f"{at} is no JSON: {error}", at=at, hint="Give FollowTheMoney or BODS statements as JSON.") from None


def _of_ftm(properties: Mapping[str, Any]) -> Iterator[list[str]]:
    first = {key: str((properties.get(key) or [""])[0]) for key in ("percentage", "startDate", "endDate")}
    for owner in properties.get("owner") or ():
        for owned in properties.get("asset") or ():
            yield [str(owner), str(owned), _points(first["percentage"]), first["startDate"][:10], first["endDate"][:10]]


def _of_bods(statement: Mapping[str, Any]) -> Iterator[list[str]]:
    owner, owned = (_party(statement.get(key)) for key in ("interestedParty", "subject"))
    shares = [
        i for i in statement.get("interests") or () if isinstance(i, dict) and (i.get("share") or i.get("type") == "shareholding")
    ]
    for interest in shares:
        exact = (interest.get("share") or {}).get("exact")
        dates = (str(interest.get(key) or "")[:10] for key in ("startDate", "endDate"))
        yield [owner, owned, "" if exact is None else _points(str(exact)), *dates]


def _party(given: Any) -> str:
    """Return the identifier of a party: a text, or whatever statement describes it."""
    if isinstance(given, dict):
        described = (given.get(key) for key in ("describedByEntityStatement", "describedByPersonStatement"))
        return str(next((found for found in described if found), ""))
    return str(given or "")


def _points(percentage: str) -> str:
    """Return basis points from a percentage, nothing where it is none or a range; what is no share at all stays as it is."""
    text = percentage.strip().rstrip("%").strip().replace(",", ".")
    try:
        return str(int(Decimal(text) * 100)) if text else ""
    except InvalidOperation:
        return "" if any(sign in text for sign in "-<>–") else percentage
