"""The loss of power: at any instant the disk holds what was synced, and of what was written since then any part at all.

Every write and sync of SQLite passes through a file system layer that takes notes.  At instants chosen at random the files are
made anew as a disk might have kept them, and a ledger must be found in them that lacks nothing acknowledged by then.
What is taken for granted is that a sync returns when the disk has the bytes, and that a file that was made stays where it was made.
"""

from __future__ import annotations

import random
import threading
from pathlib import Path
from typing import Any

import apsw
from attrs import define, field

from penstock.store.engine import Engine
from penstock.store.sqlite import SqliteBackend
from penstock.store.wal import Checkpoints
from tests.faults.world import Acknowledged, Checked, batches, check, engine_at, open_buckets

__all__ = ["lose_power"]

_SECTOR = 512
_ROWS_BETWEEN_CHECKPOINTS = 150
_BATCHES = 60
_OFTEN = 0.02


@define
class _File:
    """What a file is after its last sync, and every write and truncation since, in order."""

    synced: bytes = b""
    since: list[tuple[int, bytes | None]] = field(factory=list)

    def left(self, dice: random.Random) -> bytes:
        """Return what a disk may hold: each write whole, in some of its sectors, or not at all, in any order."""
        kept = bytearray(self.synced)
        since = list(self.since)
        if dice.random() < 0.5:
            dice.shuffle(since)
        share = dice.choice((0.0, 0.1, 0.5, 0.9, 1.0))
        for offset, data in since:
            if data is None:
                if dice.random() < share:
                    del kept[offset:]
                continue
            for start in range(0, len(data), _SECTOR):
                if dice.random() < share:
                    part = data[start : start + _SECTOR]
                    kept.extend(bytes(max(0, offset + start - len(kept))))
                    kept[offset + start : offset + start + len(part)] = part
        return bytes(kept)

    def sync(self, count: int) -> None:
        """Take the first writes for kept."""
        kept = bytearray(self.synced)
        for offset, data in self.since[:count]:
            if data is None:
                del kept[offset:]
            else:
                kept.extend(bytes(max(0, offset - len(kept))))
                kept[offset : offset + len(data)] = data
        self.synced, self.since = bytes(kept), self.since[count:]


class Disk:
    """The notes of everything written, and the instants at which the power is lost."""

    def __init__(self, folder: Path, dice: random.Random, often: float) -> None:
        self.files: dict[str, _File] = {}
        self.cuts: list[tuple[Path, int]] = []
        self.heard = 0
        self._folder, self._dice, self._often = folder, dice, often
        self._lock = threading.Lock()

    def take(self, path: str) -> None:
        """Begin with a file as it is."""
        self.files[Path(path).name] = _File(Path(path).read_bytes())

    def note(self, path: str, offset: int, data: bytes | None) -> None:
        """Take note of a write, or of a truncation, and perhaps lose power right after."""
        with self._lock:
            self.files.setdefault(Path(path).name, _File()).since.append((offset, data))
            self._perhaps()

    def written(self, path: str) -> int:
        """Return how many writes a sync that begins now will keep."""
        with self._lock:
            self._perhaps()
            return len(self.files.setdefault(Path(path).name, _File()).since)

    def sync(self, path: str, count: int) -> None:
        """Take note of a sync that has come to its end."""
        with self._lock:
            self.files[Path(path).name].sync(count)
            self._perhaps()

    def gone(self, path: str) -> None:
        """Take note that a file was removed."""
        with self._lock:
            self.files.pop(Path(path).name, None)

    def _perhaps(self) -> None:
        if self._dice.random() >= self._often:
            return
        folder = self._folder / f"cut{len(self.cuts)}"
        folder.mkdir()
        for name, file in self.files.items():
            (folder / name).write_bytes(file.left(self._dice))
        self.cuts.append((folder, self.heard))


class _Layer(apsw.VFS):
    def __init__(self, disk: Disk) -> None:
        self.disk = disk
        super().__init__("power", "")

    def xOpen(self, name: Any, flags: list[int]) -> Any:  # noqa: N802
        return _Noted(name, flags, self.disk)

    def xDelete(self, name: str, syncdir: bool) -> None:  # noqa: N802
        super().xDelete(name, syncdir)
        self.disk.gone(name)


class _Noted(apsw.VFSFile):
    def __init__(self, name: Any, flags: list[int], disk: Disk) -> None:
        self.disk, self.path = disk, name.filename() if isinstance(name, apsw.URIFilename) else name
        super().__init__("", name, flags)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        super().xWrite(data, offset)
        self.disk.note(self.path, offset, bytes(data))

    def xTruncate(self, size: int) -> None:  # noqa: N802
        super().xTruncate(size)
        self.disk.note(self.path, size, None)

    def xSync(self, flags: int) -> None:  # noqa: N802
        count = self.disk.written(self.path)
        super().xSync(flags)
        self.disk.sync(self.path, count)


@define
class _Result:
    rows: list[Any]
    rowcount: int

    def fetchone(self) -> Any:
        return self.rows[0] if self.rows else None

    def fetchall(self) -> list[Any]:
        return self.rows

    def __iter__(self) -> Any:
        return iter(self.rows)


class _Connection:
    """What the store asks of a connection of the standard library, over the layer that takes notes."""

    def __init__(self, path: Path) -> None:
        self._db = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE, vfs="power")
        self._db.set_busy_timeout(10_000)

    def execute(self, statement: str, values: Any = ()) -> _Result:
        before = self._db.total_changes()
        rows = list(self._db.execute(statement, values))
        return _Result(rows, self._db.total_changes() - before)

    def executemany(self, statement: str, rows: Any) -> _Result:
        before = self._db.total_changes()
        self._db.executemany(statement, rows)
        return _Result([], self._db.total_changes() - before)

    @property
    def in_transaction(self) -> bool:
        return bool(self._db.in_transaction)

    def close(self) -> None:
        self._db.close()


class _Backend(SqliteBackend):
    synchronous = "FULL"

    def _connect(self) -> Any:
        db = _Connection(self.path)
        db.execute(f"PRAGMA synchronous = {self.synchronous}")
        db.execute("PRAGMA wal_autocheckpoint = 0")
        return db


class _Hasty(_Backend):
    synchronous = "NORMAL"


def _written(place: str, disk: Disk, seed: int, hasty: bool) -> list[list[Any]]:
    """Write batches through the layer and return each with its answers; the disk knows how many were heard by when."""
    layer = _Layer(disk)
    disk.take(place)
    backend = (_Hasty if hasty else _Backend)(place)
    backend._checkpoints = Checkpoints(backend._connect, _ROWS_BETWEEN_CHECKPOINTS)
    last = backend.head().time
    engine = Engine(backend, lambda: last + 1, "under power")
    told: list[list[Any]] = []
    for _, batch in zip(range(_BATCHES), batches(seed), strict=False):
        told.append([batch, engine.run(batch)])
        disk.heard = len(told)
    engine.close()
    layer.unregister()
    return told


def lose_power(folder: Path, make: Any, worlds: int, *, hasty: bool = False) -> tuple[int, Checked]:
    """Lose power again and again, each time with a ledger found that must go on; return how often, and the checks added up.

    ``hasty`` writes without a sync at every commit: the control, in which acknowledgements must be lost.
    """
    cuts, total = 0, Checked(0, [], [], (), 0)
    for n in range(worlds):
        world = folder / f"world{n}"
        world.mkdir()
        make(place := str(world / "ledger.db"))
        open_buckets(place)
        disk = Disk(world, random.Random(n), _OFTEN)
        told = _written(place, disk, n, hasty)
        for left, by_then in disk.cuts:
            found = _found(str(left / "ledger.db"), told, by_then)
            total.acknowledged += found.acknowledged
            total.events += found.events
            total.lost += found.lost
            total.over += found.over
            total.faults += found.faults
        cuts += len(disk.cuts)
    return cuts, total


def _found(place: str, told: list[list[Any]], by_then: int) -> Checked:
    """Check a ledger that was found after a loss of power, once before a writer goes on with it and once after."""
    heard = Acknowledged()
    for batch, answers in told[:by_then]:
        heard.note(batch, answers)
    engine = engine_at(place)
    found = check(place, heard)
    if found.sound:
        batch = told[min(by_then, len(told) - 1)][0]
        heard.note(batch, engine.run(batch))
        found = check(place, heard)
    engine.close()
    return found
