"""The law of the book as the procedure needs it: terms by name, and the statute of a day."""

from __future__ import annotations

import datetime as dt
from weakref import WeakKeyDictionary

from penstock.decision.library import book
from penstock.licensing.answer import Term
from penstock.licensing.duties import CASE_TERMS, Statute, statute
from penstock.rulebook import ACTUAL, Law

__all__ = ["statute_on", "term_of"]

_statutes: WeakKeyDictionary[Law, Statute] = WeakKeyDictionary()


def term_of(law: Law, name: str) -> Term:
    """Return what a law says under the name of a table, with its citation; a Term without value where it says nothing yet."""
    cell = law.cell(name)
    if cell is None:
        return Term(None)
    value = law.number(name) if law.tables[name].kind == "number" else law.members(name)
    return Term(value, cell.cite, cell.by, cell.confidence)


def statute_on(day: int, regime: str = ACTUAL) -> Statute:
    """Return the periods and duties of the procedure by the law of a day, an ordinal; DateOutOfRange before the book begins.

    >>> periods = statute_on(dt.date(2026, 6, 15).toordinal())
    >>> periods.longest == periods.outer, periods.duties["recommendation"].cite
    (True, '750.4(d)(2), (e)')
    """
    law = book().law(dt.date.fromordinal(day), regime=regime)
    found = _statutes.get(law)
    if found is None:
        found = statute({name: term_of(law, name) for name in CASE_TERMS})
        _statutes[law] = found
    return found
