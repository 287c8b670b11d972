"""One SQLite file that a command keeps something in: made where it is not there yet, refused in words where it cannot be used."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from penstock.terms.errors import FileUnusable

__all__ = ["LocalFile", "is_sqlite"]

_MARK = b"SQLite format 3\0"


def is_sqlite(path: str | Path) -> bool:
    """Say whether a file is a database of SQLite."""
    try:
        with open(path, "rb") as file:
            return file.read(len(_MARK)) == _MARK
    except OSError:
        return False


class LocalFile:
    """A file with a schema; ``what`` says what it holds, in the plural.

    Raises FileUnusable where the file cannot be used or is no such file.
    """

    def __init__(self, path: str | Path, schema: str, what: str) -> None:
        self.path, self.what = str(path), what
        with self.open() as db:
            db.executescript(schema)

    @contextmanager
    def open(self) -> Iterator[sqlite3.Connection]:
        """Open the file for one transaction, which is kept where nothing goes wrong."""
        try:
            db = sqlite3.connect(self.path)
            try:
                with db:
                    yield db
            finally:
                db.close()
        except sqlite3.Error as error:
            hint = f"Give a file that holds {self.what}, or a new name in a folder you may write to."
            message = f"{self.path} cannot be used: {error}"
            raise FileUnusable(message, at=self.path, value=self.path, hint=hint) from None
