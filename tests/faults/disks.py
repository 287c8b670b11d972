"""No room on the disk at any write, and then room again."""

from __future__ import annotations

import itertools
import resource
import signal
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from penstock.ledger import Request
from penstock.store.sqlite import SqliteBackend
from penstock.terms.errors import LedgerUnavailable
from tests.faults.world import Acknowledged, Checked, batches, check, engine_at, fork, open_buckets
from tests.store.servers import server_in, until_ready

__all__ = ["file_limit", "full_database", "full_file_system", "full_server"]

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


@contextmanager
def _file_system(folder: Path, size: str) -> Iterator[bool]:
    """Mount a file system of a size on a new folder, and say whether this process may."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    mounted = subprocess.run(command, capture_output=True, check=False).returncode == 0
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", str(folder)], check=True)


def full_file_system(folder: Path, make: Callable[[str], None], rounds: int) -> Checked | None:
    """Fill a file system of a few megabytes again and again; None where this process may not mount one."""
    with _file_system(folder, "4m") as mounted:
        if not mounted:
            return None
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


def full_server(folder: Path, make: Callable[[Any], str], rounds: int) -> tuple[int, Checked] | None:
    """Fill the file system a PostgreSQL server lies on, again and again, in every other round with its log in need of a new file.

    Return how often the server itself ended, and the check; None where this process may not mount a file system.
    """
    heard, ended = Acknowledged(), 0
    with _file_system(folder, "192m") as mounted:
        if not mounted:
            return None
        with server_in(folder / "pg", durable=True) as server:
            with psycopg.connect(server.get_uri(), autocommit=True) as db:
                for setting in ("wal_recycle = off", "min_wal_size = '32MB'", "max_wal_size = '48MB'"):
                    db.execute(f"ALTER SYSTEM SET {setting}")
                db.execute("SELECT pg_reload_conf()")
            place = make(server)
            open_buckets(place)
            for n in range(rounds):
                ended += _round(server, place, n, folder / "ballast", heard)
            return ended, check(place, heard)


def _round(server: Any, place: str, n: int, ballast: Path, heard: Acknowledged) -> bool:
    """Write, fill the disk, go on until a write fails, make room, recover, ask the same again; say whether the server ended."""
    engine = engine_at(place)
    for number, batch in enumerate(batches(88_000_000 + n)):
        if number == 5:
            with psycopg.connect(server.get_uri(), autocommit=True) as db:
                db.execute("CHECKPOINT")
                _fill(ballast, 40_960 + 8_192 * (n % 7))
                if n % 2:
                    db.execute("SELECT pg_switch_wal()")
        try:
            heard.note(batch, engine.run(batch))
        except LedgerUnavailable as error:
            ballast.unlink()
            until_ready(server)
            engine.recover()
            heard.note(batch, engine.run(batch))
            engine.close()
            return "No space left" not in str(error)
    raise AssertionError


def _fill(ballast: Path, room: int = 40_960) -> None:
    """Take all room but some tens of kilobytes."""
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"\0" * 4096)
        except OSError:
            file.truncate(max(0, file.tell() - room))
