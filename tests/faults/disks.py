"""No room on the disk at any write, and then room again."""

from __future__ import annotations

import itertools
import resource
import signal
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from penstock.ledger import Request
from penstock.store.sqlite import SqliteBackend
from penstock.terms.errors import LedgerUnavailable
from tests.faults.world import Acknowledged, Checked, batches, check, engine_at, fork, open_buckets

__all__ = ["file_limit", "full_database", "full_file_system"]

_Acknowledge = Callable[[list[Request], list[Any]], None]


def _until_full(place: str, seed: int, acknowledge: _Acknowledge, make_room: Callable[[], None]) -> None:
    """Write until the disk is full, make room, recover, and ask the same again: nothing may be counted twice."""
    script = batches(seed)
    try:
        engine = engine_at(place)
    except LedgerUnavailable:  # there was no room even to begin
        make_room()
        engine = engine_at(place)
        batch = next(script)
        acknowledge(batch, engine.run(batch))
        engine.close()
        return
    for batch in script:
        try:
            acknowledge(batch, engine.run(batch))
        except LedgerUnavailable:
            make_room()
            engine.recover()
            acknowledge(batch, engine.run(batch))
            engine.close()
            return


def file_limit(place: str, steps: int, seed: int = 0) -> Checked:
    """Let no file grow beyond a limit that is another few bytes further each time: every write fails once, in part."""
    heard = Acknowledged()
    for n in range(steps):

        def work(acknowledge: _Acknowledge, n: int = n) -> None:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            endless = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
            resource.setrlimit(resource.RLIMIT_FSIZE, (32_768 + 517 * (n % 400), resource.RLIM_INFINITY))
            _until_full(place, seed * 1_000_000 + n, acknowledge, lambda: resource.setrlimit(resource.RLIMIT_FSIZE, endless))

        lines, status = fork(work)
        assert status == 0, lines[-1]
        for line in lines:
            heard.hear(line)
    return check(place, heard)


def full_database(place: str, steps: int, seed: int = 0) -> Checked:
    """Let the database have no more pages than it has, and a few: SQLite itself says that it is full."""
    heard = Acknowledged()
    for n in range(steps):

        def work(acknowledge: _Acknowledge, n: int = n) -> None:
            with sqlite3.connect(place) as db:
                (pages,) = db.execute("PRAGMA page_count").fetchone()
            db.close()
            opened = SqliteBackend._open
            limit = itertools.chain([pages + n % 7], itertools.repeat(2**30))

            def limited(backend: SqliteBackend) -> None:
                opened(backend)
                backend._db.execute(f"PRAGMA max_page_count = {next(limit)}")

            SqliteBackend._open = limited  # type: ignore[method-assign, assignment]
            _until_full(place, seed * 1_000_000 + n, acknowledge, lambda: None)

        lines, status = fork(work)
        assert status == 0, lines[-1]
        for line in lines:
            heard.hear(line)
    return check(place, heard)


def full_file_system(folder: Path, make: Callable[[str], None], rounds: int) -> Checked | None:
    """Fill a file system of a few megabytes again and again; None where this process may not mount one."""
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)], capture_output=True, check=False)
    if mounted.returncode:
        return None
    try:
        place, ballast, heard = str(folder / "ledger.db"), folder / "ballast", Acknowledged()
        make(place)
        open_buckets(place)
        for n in range(rounds):
            _fill(ballast)

            def work(acknowledge: _Acknowledge, n: int = n) -> None:
                _until_full(place, 77_000_000 + n, acknowledge, ballast.unlink)

            lines, status = fork(work)
            assert status == 0, lines[-1]
            for line in lines:
                heard.hear(line)
        return check(place, heard)
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def _fill(ballast: Path) -> None:
    """Take all room but some tens of kilobytes."""
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"\0" * 4096)
        except OSError:
            file.truncate(max(0, file.tell() - 40_960))
