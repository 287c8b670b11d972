"""A case, an event and an obligation: three tuples, so that a million of them are quick to make and to compare.

Days are ordinals (``date.toordinal``), 0 for a day that has not come; documents show them as dates.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from penstock.licensing.duties import Duty

__all__ = ["FINAL", "OPEN_STATUSES", "PENDING", "STATUSES", "Case", "Event", "Obligation", "Span", "decode", "encode", "shown"]

Span = tuple[int, int]

# where an application waits for a decision of the government
PENDING = frozenset({"registered", "referred", "agreed", "oc", "oc_decided", "acep", "acep_decided", "earb", "earb_decided",
                     "president", "approved", "denying", "intent_to_deny"})  # fmt: skip
# where nothing is owed by anybody any more
FINAL = frozenset({"returned", "withdrawn", "denial_stands", "revoked", "expired", "void", "declined", "removed"})
OPEN_STATUSES = PENDING | {"denied", "appealed", "issued", "suspended", "veu_registered", "erc", "erc_decided", "authorized",
                           "erc_removal"}  # fmt: skip
STATUSES = OPEN_STATUSES | FINAL
_NOTHING: Mapping[str, Any] = MappingProxyType({})


class Event(NamedTuple):
    """Something that was done in a case: what, on which day, by which body or party, and what was said."""

    kind: str
    on: int
    by: str
    data: Mapping[str, Any] = _NOTHING
    officer: str = ""
    id: str = ""


class Case(NamedTuple):
    """Where a case stands after the events so far; ``version`` counts them and ``at`` is the day of the last."""

    id: str
    kind: str
    status: str
    version: int
    at: int
    registered: int
    referred: int = 0
    positions: tuple[tuple[str, str], ...] = ()
    decision: str = ""
    since: int = 0
    votes: tuple[tuple[str, str], ...] = ()
    stops: tuple[tuple[int, int], ...] = ()
    open: tuple[tuple[str, str, int, bool], ...] = ()
    assured: int = 0
    provisional: tuple[int, int] = (0, 0)
    notified: int = 0
    responded: int = 0
    conditions: tuple[tuple[str, str, int, int, str], ...] = ()
    valid_until: int = 0
    officers: tuple[tuple[str, str], ...] = ()
    proposal: tuple[str, str] = ("", "")
    held: int = 0
    four_eyes: bool = False
    oc_majority: bool = False

    @property
    def final(self) -> bool:
        """Say whether nothing can happen in the case any more."""
        return self.status in FINAL


class Obligation(NamedTuple):
    """What somebody owes in a case: the duty with its citation, since when, until when, and the days that did not count."""

    duty: Duty
    actor: str
    since: int
    due: int
    tolled: tuple[tuple[int, int], ...] = ()
    text: str = ""

    def document(self) -> dict[str, Any]:
        """Return the obligation for a reader.

        >>> Obligation(Duty("oc_decision", "OC", "decide", "750.4", "-", "law"), "OC", 738000, 738014).document()["due"]
        datetime.date(2021, 8, 12)
        """
        return {
            "id": self.duty.id,
            "actor": self.actor,
            "action": self.text or self.duty.action,
            "since": shown(self.since),
            "due": shown(self.due),
            "cite": self.duty.cite,
            "basis": self.duty.basis,
            "confidence": self.duty.confidence,
            "on_lapse": self.duty.on_lapse,
            "tolled": [{"from": shown(first), "to": shown(last)} for first, last in self.tolled],
        }


def shown(day: int) -> dt.date | None:
    """Return a day for a reader; None for one that has not come.

    >>> shown(739000)
    datetime.date(2024, 4, 24)
    """
    return dt.date.fromordinal(day) if day else None


def encode(case: Case) -> list[Any]:
    """Return a case as plain lists, for a snapshot; :func:`decode` is its inverse."""
    return [list(map(_listed, value)) if isinstance(value, tuple) else value for value in case]


def decode(values: list[Any]) -> Case:
    """Return the case of a snapshot; what a case says since the snapshot was taken is as at first.

    >>> case = Case("L-1", "license", "referred", 2, 739000, 738990, positions=(("Defense", ""),), stops=((738991, 738995),))
    >>> decode(encode(case)) == case
    True
    """
    known: list[Any] = [tuple(map(_tupled, value)) if isinstance(value, list) else value for value in values]
    return Case(*known)


def _listed(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _tupled(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
