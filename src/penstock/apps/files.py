"""Files that people hand over: text in UTF-8 or UTF-16, with or without a mark, refused in words where it is neither."""

from __future__ import annotations

import codecs
import csv
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from penstock.terms.errors import FileUnusable

__all__ = ["open_text", "read_bytes", "whole_file", "whole_text"]

_FIELD_MAX = 1 << 24
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def read_bytes(path: str | Path) -> bytearray:
    """Return what is in a file; FileUnusable where it cannot be read."""
    try:
        with open(path, "rb") as file:
            data = bytearray(os.fstat(file.fileno()).st_size)
            del data[file.readinto(data) :]
            data += file.read()  # a pipe has no size
            return data
    except OSError as error:
        raise _unreadable(path, error) from None


def _unreadable(path: str | Path, error: OSError) -> FileUnusable:
    return FileUnusable(f"{path} cannot be read: {error.strerror or error}", at=str(path), value=str(path),
                        hint="Check the name and the rights of the file.")  # fmt: skip


@contextmanager
def open_text(path: str | Path) -> Iterator[TextIO]:
    """Open a text file, by its mark or as UTF-8; bytes that are no text become replacement characters.

    Raises FileUnusable where the file cannot be read.
    """
    csv.field_size_limit(_FIELD_MAX)
    try:
        with open(path, "rb") as raw:
            head = raw.read(4)
        encoding = next((name for mark, name in _MARKS if head.startswith(mark)), "utf-8")
        with open(path, encoding=encoding, errors="replace", newline="") as file:
            yield file
    except OSError as error:
        raise _unreadable(path, error) from None
    except UnicodeError as error:
        raise FileUnusable(f"{path} is no text in {encoding}: {error}", at=str(path), value=str(path),
                           hint="Write the file as UTF-8.") from None  # fmt: skip


@contextmanager
def whole_file(path: str | Path, *, alone: bool = False) -> Iterator[Path]:
    """Give a path beside a file to write to, and put what was written in its place when all went well.

    The path is this process's own; ``alone``, where no other can be writing, it is that of a run that was cut short.
    Raises FileUnusable where it cannot be written.
    """
    target = Path(path)
    draft = target.with_name(f".{target.name}.part" if alone else f".{target.name}.{os.getpid()}.part")
    try:
        yield draft
        os.replace(draft, target)
    except OSError as error:
        raise FileUnusable(f"{path} cannot be written: {error.strerror or error}", at=str(path), value=str(path),
                           hint="Check that the folder is there and may be written to.") from None  # fmt: skip
    finally:
        draft.unlink(missing_ok=True)


@contextmanager
def whole_text(path: str | Path) -> Iterator[TextIO]:
    """Open a text file for writing that appears whole or not at all; FileUnusable where it cannot be written."""
    with whole_file(path) as draft, open(draft, "w", encoding="utf-8", newline="") as file:
        yield file
