"""Ownership as FollowTheMoney and the Beneficial Ownership Data Standard (BODS) write it, turned into rows of holdings."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from attrs import evolve

from penstock.screening.holdings import COLUMNS, Holdings, RowFault, read_holdings
from penstock.terms.errors import BadDocument

__all__ = ["holding_rows", "read_statements"]

_VALUE_MAX = 200
_GAP = re.compile(r"[\s,]*")


def read_statements(text: str, *, name: str, on: dt.date) -> Holdings:
    """Return the holdings of ownership statements in JSON that stand on a day: a list of statements, or one a line.

    What cannot be used is reported with its place, the line or the number in the list, and the rest loads; of a list that is cut
    short, the whole statements load.  Raises BadDocument for text in which there is no statement at all.

    >>> bods = {"statementType": "ownershipOrControlStatement", "subject": {"describedByEntityStatement": "T"},
    ...         "interestedParty": {"describedByEntityStatement": "L"}, "interests": [{"share": {"exact": 50.5}}]}
    >>> found = read_statements(json.dumps([bods, bods])[:-5], name="x", on=dt.date(2026, 1, 1))
    >>> found.share.tolist(), [(fault.line, fault.code) for fault in found.faults]
    ([5050], [(2, 'bad_document')])
    """
    faults: list[RowFault] = []
    rows: list[list[str]] = []
    places: list[int] = []
    records = list(_records(text, faults))
    if not records and faults:
        raise BadDocument(f"{name} is no JSON: {faults[0].message}", at=name,
                          hint="Give FollowTheMoney or BODS statements as JSON.")  # fmt: skip
    for place, record in records:
        for row in holding_rows(record):
            rows.append(row)
            places.append(place)
    found = read_holdings([list(COLUMNS), *rows], on=on)
    faults += [evolve(fault, line=places[fault.line - 2]) for fault in found.faults]
    unread = sum(fault.code == "bad_document" for fault in faults)
    return evolve(found, faults=tuple(sorted(faults, key=lambda fault: fault.line)), left_out=found.left_out + unread)


def holding_rows(record: Mapping[str, Any]) -> Iterator[list[str]]:
    """Yield the holdings that one statement makes, as rows of a graph; none for a statement of something else.

    Owners and what they own are named by their identifiers.  Shares are percentages there; they are rounded down to whole
    basis points, a range counts as not known.

    >>> properties = {"owner": ["L"], "asset": ["T"], "percentage": ["51%"], "startDate": ["2024-01-01"]}
    >>> list(holding_rows({"schema": "Ownership", "properties": properties}))
    [['L', 'T', '5100', '2024-01-01', '']]
    """
    if record.get("schema") == "Ownership":
        yield from _of_ftm(record.get("properties") or {})
    elif record.get("statementType") == "ownershipOrControlStatement":
        yield from _of_bods(record)
    elif record.get("recordType") == "relationship":
        yield from _of_bods(record.get("recordDetails") or {})


def _records(text: str, faults: list[RowFault]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Yield the statements with their places; what is none is a fault."""
    text = text.lstrip("\ufeff").lstrip()
    for place, record, said in _listed(text) if text.startswith("[") else _lines(text):
        if isinstance(record, dict):
            yield place, record
        else:
            faults.append(RowFault(place, "bad_document", said or "the statement is no object", str(record)[:_VALUE_MAX]))


def _lines(text: str) -> Iterator[tuple[int, Any, str]]:
    for place, line in enumerate(text.splitlines(), 1):
        if line.strip():
            try:
                yield place, json.loads(line), ""
            except ValueError as error:
                yield place, line, f"the line is no JSON: {error}"


def _listed(text: str) -> Iterator[tuple[int, Any, str]]:
    """Yield the members of a list one by one, so that those before a cut are read."""
    decoder, at, place = json.JSONDecoder(), 1, 0
    while True:
        place += 1
        at = _GAP.match(text, at).end()  # type: ignore[union-attr]
        if text.startswith("]", at):
            return
        try:
            record, at = decoder.raw_decode(text, at)
        except ValueError as error:
            yield place, text[at:], f"the list is cut short or no JSON: {error}"
            return
        yield place, record, ""


def _of_ftm(properties: Mapping[str, Any]) -> Iterator[list[str]]:
    if not isinstance(properties, dict):
        yield ["", "", "", "", ""]
        return
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
