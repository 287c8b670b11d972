"""Parquet in, Parquet out, on many machines: each decides some row groups with the same compiled law.

It needs the extra ``cluster``; every machine has Penstock installed and reads and writes the same folders.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from attrs import frozen

from penstock.apps.parquet import Asked, Work, decide_parquet, in_progress
from penstock.decision.library import own_instruments, with_instruments
from penstock.rulebook import ACTUAL
from penstock.terms.errors import FileUnusable, PenstockError

__all__ = ["LOCAL", "decide_on_cluster"]

LOCAL = "local"
_MARK = "_penstock.txt"
_Question = tuple[dt.date | str, Asked, tuple[tuple[str, str], ...]]


@frozen
class _Piece:
    """Some row groups of a file, and the file their answers go to."""

    source: Path
    groups: tuple[int, ...]
    rows: int
    target: Path


def decide_on_cluster(
    source: str | Path, target: str | Path, on: dt.date | str, known: dt.date | None = None, regime: str = ACTUAL,
    switches: Mapping[str, Any] | None = None, *, address: str = LOCAL, workers: int = 2,
) -> int:  # fmt: skip
    """Write the answers to a file or a folder of Parquet files into a folder, and return how many rows they are.

    ``address`` is that of a Ray cluster, or ``local`` for one on this machine with ``workers`` processes.  The folder gets
    one file for each million rows or so, named so that their order is that of the rows; files that are there are not made
    again, so that a run that was cut short goes on.  Raises what :func:`decide_parquet` raises, before work starts for
    columns that cannot be used.
    """
    ray = _ray()
    folder = Path(target)
    asked = Asked(known, regime, switches, 1)
    marks, pieces = [], []
    for file in _files(Path(source)):
        work = Work.of(file, on, asked)
        with work.opened():
            marks.append(work.mark.hex())
            pieces += [
                _Piece(file, groups, rows, folder / f"{file.stem}-{i:05d}.parquet") for i, (groups, rows) in enumerate(work.runs)
            ]
    _claim(folder, marks)
    left = [piece for piece in pieces if not piece.target.exists()]
    if left:
        _run(ray, left, (on, asked, own_instruments()), address, workers)
    return sum(piece.rows for piece in pieces)


def _claim(folder: Path, marks: list[str]) -> None:
    """Note in a folder what its answers are answers to; refuse one that has the answers to something else."""
    note, said = folder / _MARK, "\n".join(marks)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not any(folder.iterdir()):
            note.write_text(said)
        known = note.read_text() if note.exists() else ""
    except OSError as error:
        raise FileUnusable(f"{folder} cannot be used: {error.strerror or error}", value=str(folder)) from None
    if known != said:
        raise FileUnusable(f"{folder} holds something else", value=str(folder), hint="Name a folder that is new or empty.")


def _files(source: Path) -> list[Path]:
    """Return a file, or every Parquet file of a folder in the order of their names."""
    files = sorted(source.glob("*.parquet")) if source.is_dir() else [source]
    if not files:
        raise FileUnusable(f"{source} has no file named *.parquet", value=str(source))
    return files


def _run(ray: Any, pieces: list[_Piece], asked: _Question, address: str, workers: int) -> None:
    """Decide pieces, each on a worker that is free; the first error ends the run, and what is done stays."""
    logging.getLogger("ray").setLevel(logging.ERROR)
    ray.init(**_options(address, workers))
    try:
        work = ray.remote(num_cpus=1)(_decide)
        waiting = {work.remote(piece, asked): piece for piece in pieces}
        with in_progress(sum(piece.rows for piece in pieces)) as advance:
            while waiting:
                (done, *_), _ = ray.wait(list(waiting))
                error = ray.get(done)
                if error is not None:
                    raise error
                advance(waiting.pop(done).rows)
    finally:
        ray.shutdown()


def _options(address: str, workers: int) -> dict[str, Any]:
    quiet = {"log_to_driver": False, "logging_level": logging.ERROR}
    return {"num_cpus": workers, "include_dashboard": False, **quiet} if address == LOCAL else {"address": address, **quiet}


def _decide(piece: _Piece, question: _Question) -> PenstockError | None:
    """Decide a piece on a worker, with one thread; an error comes back as a value, as it would be raised here."""
    on, asked, own = question
    try:
        with with_instruments(own):
            decide_parquet(
                piece.source, piece.target, on, asked.known, asked.regime, asked.switches, workers=1, groups=piece.groups
            )
    except PenstockError as error:
        return error
    return None


def _ray() -> Any:
    try:
        import ray
    except ImportError:
        raise FileUnusable("Deciding on many machines needs Ray", hint="pip install 'penstock[cluster]'") from None
    return ray
