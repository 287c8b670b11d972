"""What a long run has already done, kept beside its result until that is whole, so that the same run can go on."""

from __future__ import annotations

import contextlib
import os
import struct
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, TypeAlias

from penstock.terms.errors import FileUnusable

__all__ = ["Journal"]

Buffer: TypeAlias = bytes | memoryview
_HEAD = struct.Struct("<QI")  # length and checksum of a record


class Journal:
    """Records of one run, one after the other in a file; ``mark`` tells runs apart, and another run's records are dropped.

    A record that was being written when the run was killed is dropped too.  While a run has the file, no other gets it.
    Raises FileUnusable where the file cannot be used.
    """

    def __init__(self, path: Path, mark: bytes) -> None:
        self._path = path
        self._start = len(mark)
        self._file = _locked(path)
        if self._file.read(self._start) != mark:
            self._file.seek(0)
            self._file.truncate()
            self._file.write(mark)
        self._ends = [self._start, *self._sound()]
        self.cut(len(self))

    def __len__(self) -> int:
        return len(self._ends) - 1

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Remove the file when the run is done, or has nothing to go on from."""
        self._file.close()
        if kind is None or not len(self):
            self._path.unlink(missing_ok=True)

    def _sound(self) -> Iterator[int]:
        """Yield where each record ends, up to the first that is not whole."""
        self._file.seek(self._start)
        while len(head := self._file.read(_HEAD.size)) == _HEAD.size:
            length, checksum = _HEAD.unpack(head)
            body = self._file.read(length)
            if len(body) < length or zlib.crc32(body) != checksum:
                return
            yield self._file.tell()

    def cut(self, count: int) -> None:
        """Keep only the first records."""
        self._ends = self._ends[: count + 1]
        self._file.seek(self._ends[-1])
        self._file.truncate()

    def records(self) -> Iterator[bytes]:
        """Yield the records."""
        for start, end in zip(self._ends, self._ends[1:], strict=False):
            self._file.seek(start + _HEAD.size)
            yield self._file.read(end - start - _HEAD.size)

    def add(self, record: Sequence[Buffer]) -> None:
        """Add a record, given in pieces; once this returns, a run that is killed still has it."""
        length = checksum = 0
        for piece in record:
            length, checksum = length + memoryview(piece).nbytes, zlib.crc32(piece, checksum)
        self._file.seek(self._ends[-1])
        for piece in (_HEAD.pack(length, checksum), *record):
            self._file.write(piece)
        self._file.flush()
        self._ends.append(self._file.tell())


def _locked(path: Path) -> IO[bytes]:
    """Return a file that no other run has; where the system has no such locks, nothing is refused."""
    try:
        file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b")
    except OSError as error:
        raise FileUnusable(f"{path} cannot be used: {error.strerror or error}", value=str(path)) from None
    with contextlib.suppress(ImportError):
        import fcntl

        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            hint = "Wait for it to end, or write to another file."
            raise FileUnusable(f"Another run is writing {path.name}", value=str(path), hint=hint) from None
    return file
