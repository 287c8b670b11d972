"""Lists for the command line: from a file, from the versions kept in a store, or the small one that ships."""

from __future__ import annotations

import datetime as dt
import re
from importlib.resources import files

from attrs import evolve

from penstock.apps.cli.language import t, told
from penstock.apps.files import open_text
from penstock.screening.lists import ListFile, as_of, read_list
from penstock.store.local import is_sqlite
from penstock.terms.dates import parse_date

__all__ = ["list_title", "load_list"]

_STORED = re.compile(r"(?P<path>.+?)(?:#(?P<list>[^#@]+))?(?:@(?P<day>[^#@]+))?")
_OF_DAY = re.compile(r"(?P<list>.+) of (?P<day>\d{4}-\d\d-\d\d)")


def load_list(path: str | None, on: str | None = None, form: str | None = None) -> ListFile:
    """Return the list in a file, or the one that ships, as it stood on a day where one is given.

    ``STORE``, ``STORE#LIST`` and either with ``@DATE`` stand for the versions kept in a store that held on the day, the newest
    where none is given; several lists of one store are one list, as old as the oldest of them.
    """
    day = None if on is None else parse_date(on, "--on")
    stored = None if path is None else _STORED.fullmatch(path)
    if path is None:
        text = files("penstock.screening").joinpath("data", "well_known.json").read_text(encoding="utf-8")
        loaded = read_list(text, name="well-known entries", form="well-known")
    elif stored is not None and is_sqlite(stored["path"]):
        day = parse_date(stored["day"], "LIST@DATE") if stored["day"] else day
        loaded = _kept(stored["path"], stored["list"], day)
    else:
        with open_text(path) as file:
            loaded = read_list(file.read(), name=path, form=form)
    return loaded if day is None else evolve(loaded, entries=as_of(loaded.entries, day))


def _kept(path: str, name: str | None, on: dt.date | None) -> ListFile:
    from penstock.store.lists import ListStore

    store = ListStore(path)
    versions = store.in_force(on, name)
    titles = ", ".join(f"{version.list} of {version.as_of}" if len(versions) > 1 else version.list for version in versions)
    entries = tuple(entry for version in versions for entry in store.entries(version))
    return ListFile(titles, min(version.as_of for version in versions).isoformat(), entries)


def list_title(title: str) -> str:
    """Return the title of a list in the language spoken; of several lists each with its date.

    >>> list_title("own of 2025-01-01, csl of 2025-02-01")
    'own of 2025-01-01, csl of 2025-02-01'
    """
    several = [one for part in title.split(", ") if (one := _OF_DAY.fullmatch(part))]
    if len(several) <= title.count(", "):
        return told(title)
    return t(", ").join(t("{list} of {day}", **one.groupdict()) for one in several)
