"""The shipped book and its compiled programs, read once and shared."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from functools import cache
from threading import RLock
from typing import Any
from weakref import WeakKeyDictionary

from penstock.decision.program import Program, build
from penstock.law import FIRST_DAY, ROOT
from penstock.rulebook import ACTUAL, Book, Law

__all__ = ["book", "data_dates", "program", "program_of"]

_lock = RLock()
_programs: WeakKeyDictionary[Law, Program] = WeakKeyDictionary()


def book() -> Book:
    """Return the law that ships with this version.

    >>> book().first_day
    datetime.date(2022, 1, 1)
    """
    with _lock:  # two threads must never hold two books: versions are compared by identity
        return _read()


@cache
def _read() -> Book:
    return Book.read(ROOT, dt.date.fromisoformat(FIRST_DAY))


def program(
    on: dt.date, known: dt.date | None = None, regime: str = ACTUAL, switches: Mapping[str, Any] | None = None
) -> Program:
    """Return the compiled law of a day; days between two changes of the law share one program."""
    return program_of(book().law(on, known, regime, switches))


def program_of(law: Law, make: Callable[[Law, list[Mapping[str, Any]]], Program] = build) -> Program:
    """Return the program of a law, built at most once."""
    flags = book().data["data/red_flags.yaml"]["flags"]
    with _lock:
        if law not in _programs:
            _programs[law] = make(law, flags)
        return _programs[law]


def data_dates() -> dict[str, Any]:
    """Return the dates of the data behind the book, by kind of data."""
    return dict(book().data["book.yaml"]["data_dates"])
