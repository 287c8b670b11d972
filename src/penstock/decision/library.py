"""The shipped book and its compiled programs, read once and shared; and the same book with instruments of one's own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, lru_cache
from threading import RLock
from typing import Any
from weakref import WeakKeyDictionary

from penstock.decision.program import Program, build
from penstock.law import FIRST_DAY, ROOT
from penstock.rulebook import ACTUAL, Book, Law

__all__ = ["book", "data_dates", "own_instruments", "program", "program_of", "with_instruments"]

_lock = RLock()
_programs: WeakKeyDictionary[Law, Program] = WeakKeyDictionary()
_Own = tuple[tuple[str, str], ...]
_own: ContextVar[_Own] = ContextVar("instruments of one's own", default=())


def book() -> Book:
    """Return the law that ships with this version, with the instruments of one's own that are in use here.

    >>> book().first_day
    datetime.date(2022, 1, 1)
    """
    with _lock:  # two threads must never hold two books: versions are compared by identity
        return _read_with(_own.get()) if _own.get() else _read()


@cache
def _read() -> Book:
    return Book.read(ROOT, dt.date.fromisoformat(FIRST_DAY))


@lru_cache(maxsize=8)
def _read_with(own: _Own) -> Book:
    """Return the shipped book with instruments of one's own; a mistake in one is found here and not at some later day."""
    found = Book.read(ROOT, dt.date.fromisoformat(FIRST_DAY), own)
    for act in found.instruments.values():
        if act.private:
            day = max(act.effective, act.known, found.first_day)
            program_of(found.law(day, regime=act.id if act.proposed else ACTUAL)).complete()
    return found


@contextmanager
def with_instruments(texts: Iterable[tuple[str, str]]) -> Iterator[Book]:
    """Use instruments of one's own, such as letters of BIS, in every question asked inside: names and texts of YAML files.

    They are read from the texts handed in, kept in memory and written nowhere.  Another thread or task does not see them
    unless it was started with this one's context.  Raises RuleError, with file and line, for what cannot be used.

    >>> letter = '''
    ... id: letter-1
    ... title: A letter
    ... cite: "letter of 2026-01-05 to the addressee"
    ... kind: letter
    ... force: is_informed
    ... effective: 2026-01-05
    ... source: own files
    ... confidence: high
    ... '''
    >>> with with_instruments([("letter.yaml", letter)]) as used:
    ...     "letter-1" in used.law(dt.date(2026, 2, 1)).active
    True
    >>> "letter-1" in book().instruments
    False
    """
    token = _own.set((*_own.get(), *texts))
    try:
        yield book()
    finally:
        _own.reset(token)


def own_instruments() -> _Own:
    """Return the names and texts of the instruments of one's own that are in use here."""
    return _own.get()


def program(
    on: dt.date, known: dt.date | None = None, regime: str = ACTUAL, switches: Mapping[str, Any] | None = None
) -> Program:
    """Return the compiled law of a day; days between two changes of the law share one program."""
    return program_of(book().law(on, known, regime, switches))


def program_of(law: Law, make: Callable[[Law, list[Mapping[str, Any]]], Program] = build) -> Program:
    """Return the program of a law, built at most once."""
    flags = _read().data["data/red_flags.yaml"]["flags"]
    with _lock:
        if law not in _programs:
            _programs[law] = make(law, flags)
        return _programs[law]


def data_dates() -> dict[str, Any]:
    """Return the dates of the data behind the book, by kind of data."""
    return dict(book().data["book.yaml"]["data_dates"])
