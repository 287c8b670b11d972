"""Lists for the command line: from a file, or the small one that ships."""

from __future__ import annotations

from importlib.resources import files

from attrs import evolve

from penstock.apps.files import open_text
from penstock.screening.lists import ListFile, as_of, read_list
from penstock.terms.dates import parse_date

__all__ = ["load_list"]


def load_list(path: str | None, on: str | None = None, form: str | None = None) -> ListFile:
    """Return the list in a file, or the one that ships, as it stood on a day where one is given."""
    if path is None:
        text = files("penstock.screening").joinpath("data", "well_known.json").read_text(encoding="utf-8")
        loaded = read_list(text, name="well-known entries", form="well-known")
    else:
        with open_text(path) as file:
            loaded = read_list(file.read(), name=path, form=form)
    if on is None:
        return loaded
    return evolve(loaded, entries=as_of(loaded.entries, parse_date(on, "--on")))
