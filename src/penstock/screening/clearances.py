"""Clearances: somebody has looked at a hit and found that it is not the party; it holds until either of them changes."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable

from attrs import frozen

from penstock.screening.names.writing import fold
from penstock.screening.screener import Entry, Hit
from penstock.terms.errors import BadDate, MissingRequired

__all__ = ["Clearance", "clear", "entry_digest", "party_digest", "suppress"]


@frozen
class Clearance:
    """One hit found to be another party: which pair, in which words, by whom, why, from when and until when."""

    party: str
    entry_id: str
    entry: str
    by: str
    why: str
    on: dt.date
    until: dt.date

    def holds(self, party: str, entry: Entry, on: dt.date) -> bool:
        """Say whether it still holds: on a day, for a party and an entry in unchanged words."""
        same = self.party == party and self.entry_id == entry.id and self.entry == entry_digest(entry)
        return same and self.on <= on < self.until


def party_digest(name: str, country: str = "", address: str = "") -> str:
    """Return what a party is known by: its words, without case, width and spare blanks.

    >>> party_digest("ACME  Ltd") == party_digest("Acme ltd"), party_digest("Acme") == party_digest("Acme", "CN")
    (True, False)
    """
    return _digest([fold(name), country.upper(), fold(address)])


def entry_digest(entry: Entry) -> str:
    """Return what an entry said when it was looked at; any change of it is another digest."""
    return _digest([entry.id, entry.name, list(entry.aliases), list(entry.countries), list(entry.addresses), entry.about])


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, ensure_ascii=False, sort_keys=True, default=str).encode()).hexdigest()


def clear(hit: Hit, party: str, *, by: str, why: str, on: dt.date, until: dt.date) -> Clearance:
    """Return the clearance of a hit for a party's digest.

    Raises MissingRequired where nobody or no reason is named, BadDate where it would end before it begins.
    """
    for name, value in (("by", by), ("why", why)):
        if not value.strip():
            raise MissingRequired(f"A clearance needs {name!r}", at=name, hint="Say who looked and what tells the two apart.")
    if until <= on:
        raise BadDate(f"until: {until} is not after {on}", at="until", value=until)
    return Clearance(party, hit.entry.id, entry_digest(hit.entry), by.strip(), why.strip(), on, until)


def suppress(
    hits: Iterable[Hit], party: str, clearances: Iterable[Clearance], on: dt.date
) -> tuple[list[Hit], list[tuple[Hit, Clearance]]]:
    """Return the hits nobody has cleared, and the cleared ones with what cleared them."""
    known = list(clearances)
    left: list[Hit] = []
    cleared: list[tuple[Hit, Clearance]] = []
    for hit in hits:
        found = next((c for c in known if c.holds(party, hit.entry, on)), None)
        if found is None:
            left.append(hit)
        else:
            cleared.append((hit, found))
    return left, cleared
