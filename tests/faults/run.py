"""The reliability suite: ``python -m tests.faults.run [--write] [--quick]`` prints its figures, and puts them into the documentation."""

from __future__ import annotations

import datetime as dt
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from penstock.ledger import Open
from penstock.store.writer import Writer
from tests.faults.disks import file_limit, full_database, full_file_system, full_server
from tests.faults.kills import kill_at_failpoints, kill_server
from tests.faults.power import lose_power
from tests.faults.simulation import simulate_many
from tests.faults.world import Checked, engine_at, open_buckets
from tests.faults.writers import clock_jumps, same_keys, stale_writers, writers_by_mistake
from tests.ledger.worlds import CITE
from tests.store.conftest import create_empty, new_schema, new_sqlite
from tests.store.histories import linearizable, record, strictly_serializable
from tests.store.naive import NaiveLedger, interleave
from tests.store.servers import server_in
from tests.store.test_histories import opened, script

PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"
START, END = "<!-- measured: start -->", "<!-- measured: end -->"
_Row = tuple[str, str, str]


class Suite:
    """Every attack, at a size."""

    def __init__(self, folder: Path, server: Any, size: int) -> None:
        self.folder, self.server, self.size = folder, server, size

    def sqlite(self) -> str:
        place = new_sqlite(self.folder)
        open_buckets(place)
        return place

    def postgres(self) -> str:
        place = new_schema(self.server)
        open_buckets(place)
        return place

    def both(self) -> Iterator[tuple[str, str]]:
        yield "SQLite", self.sqlite()
        yield "PostgreSQL", self.postgres()

    # ---- the rows

    def kills(self) -> Iterator[_Row]:
        for name, place, points in (("SQLite", self.sqlite(), 12), ("PostgreSQL", self.postgres(), 3)):
            found, places = kill_at_failpoints(place, points * self.size)
            yield (
                f"{name}: writer killed (signal 9) at a failpoint",
                f"{points * self.size:,} points, {len(places)} places",
                told(found),
            )
        found = kill_server(self.server, self.postgres(), max(1, self.size // 10))
        yield "PostgreSQL: all processes of the server killed under load", f"{max(1, self.size // 10)} times", told(found)

    def disks(self) -> Iterator[_Row]:
        yield (
            "SQLite: a write fails part way (file size limit)",
            f"{4 * self.size:,} writes",
            told(file_limit(self.sqlite(), 4 * self.size)),
        )
        yield "SQLite: the database is full", f"{2 * self.size:,} times", told(full_database(self.sqlite(), 2 * self.size))
        found = full_file_system(self.folder / "small", create_empty, max(2, self.size // 2))
        said = "not run: no file system could be mounted" if found is None else told(found)
        yield "SQLite: the file system is full (tmpfs of 4 MB)", f"{max(2, self.size // 2)} times", said

        rounds = max(4, self.size // 5)
        ended = full_server(self.folder / "server", new_schema, rounds)
        what = f"{rounds} times" + ("" if ended is None else f", {ended[0]} ended the server")
        yield (
            "PostgreSQL: the file system of the server is full",
            what,
            "not run: none mounted" if ended is None else told(ended[1]),
        )

    def power(self) -> Iterator[_Row]:
        for hasty, name in ((False, "power"), (True, "hasty")):
            worlds = max(1, self.size // 50 if hasty else 2 * self.size // 5)
            (folder := self.folder / name).mkdir()
            cuts, found = lose_power(folder, create_empty, worlds, hasty=hasty)
            if hasty:
                assert found.lost
                lost = f"{len(found.lost):,} of {found.acknowledged:,} acknowledgements lost, and found to be"
                yield "Negative control: no sync at a commit, and the power is lost", f"{cuts:,} times", lost
            else:
                yield "SQLite: the power is lost, unsynced writes kept in part", f"{cuts:,} times", told(found)

    def clocks(self) -> Iterator[_Row]:
        for name, place in self.both():
            early, refused, found = clock_jumps(place, 2 * self.size)
            assert early == 0
            yield f"{name}: the clock jumps a year", f"{10 * self.size:,} jumps, {refused} starts refused", told(found)

    def writers(self) -> Iterator[_Row]:
        for name, place in self.both():
            refused, found = writers_by_mistake(place, 32)
            yield f"{name}: a second writer by mistake", f"32 rivals, {refused} refused", told(found)
        for name, place in self.both():
            fenced, found = stale_writers(place, max(2, self.size // 2))
            yield (
                f"{name}: a writer stopped in its sleep, replaced, woken",
                f"{max(2, self.size // 2)} times, {fenced} fenced",
                told(found),
            )

    def keys(self) -> Iterator[_Row]:
        for name, place in self.both():
            single, conflicts, found = same_keys(place, 2 * self.size, 8)
            what = f"{2 * self.size:,} keys by 8 askers, {single:,} one event each, {conflicts:,} told of a conflict"
            yield f"{name}: one key at once, repeated, reordered, with another body", what, told(found)

    def histories(self) -> Iterator[_Row]:
        for name in ("SQLite", "PostgreSQL"):
            calls = faults = 0
            for n in range(max(1, self.size // 5)):
                place = new_sqlite(self.folder) if name == "SQLite" else new_schema(self.server)
                with Writer(_fresh(place), batch_max=16) as writer:
                    dice = random.Random(n)
                    found = record(writer, [script(dice, f"client{i}") for i in range(8)])
                calls += len(found)
                faults += len(strictly_serializable(found, opened))
            yield f"{name}: histories of 8 askers against the sequential model", f"{calls:,} calls", f"{faults} violations"

    def control(self) -> Iterator[_Row]:
        dice = random.Random(3)
        over = caught = 0
        for _ in range(100 * self.size):
            amounts = [dice.randint(10, 60) for _ in range(6)]
            ledger = NaiveLedger(100)
            calls = interleave(ledger, amounts, [dice.randint(0, 5) for _ in range(12)])
            over += ledger.used > 100
            caught += ledger.used > 100 and not linearizable(calls, 100)
        yield "Negative control: a naive ledger", f"{100 * self.size:,} interleavings", f"{over:,} overspent, {caught:,} caught"
        assert over == caught > 0

    def simulation(self) -> Iterator[_Row]:
        done, refused = simulate_many(100_000 * self.size, 2)
        yield (
            "Simulated operations, machine against model",
            f"{done:,} operations, {refused:,} refused",
            "0 differences, 0 caps exceeded",
        )


def _fresh(place: str) -> Any:
    engine = engine_at(place, clock=lambda: 1_000_000)
    engine.run([Open("bis", f"open-{n}", f"bucket-{n}", cap, CITE) for n, cap in enumerate((2000, 900, None))])
    return engine


def told(found: Checked) -> str:
    """Return what a check found, in words."""
    assert found.sound, found
    return f"{found.acknowledged:,} acknowledged, {len(found.lost)} lost, {len(found.over)} caps exceeded, replay of {found.events:,} sound"


def rows(size: int) -> Iterator[_Row]:
    """Run everything and yield a row for each attack."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "pg").mkdir()
        with server_in(Path(folder) / "pg", durable=True) as server:
            suite = Suite(Path(folder), server, size)
            parts: list[Callable[[], Iterator[_Row]]] = [suite.disks, suite.power, suite.clocks, suite.writers, suite.keys, suite.histories,
                                                         suite.control, suite.kills, suite.simulation]  # fmt: skip
            for part in parts:
                yield from part()


def main() -> None:
    size = 2 if "--quick" in sys.argv else 100
    began = time.monotonic()
    lines = [f"Run on {dt.date.today()}.", "", "| what is done | how often | what was found |", "|---|---|---|"]
    for row in rows(size):
        lines.append(f"| {' | '.join(row)} |")
        print(lines[-1], flush=True)
    print(f"{time.monotonic() - began:.0f} s")
    if "--write" in sys.argv:
        page = PAGE.read_text("utf-8")
        before, after = page.partition(START)[0], page.partition(END)[2]
        PAGE.write_text(f"{before}{START}\n{chr(10).join(lines)}\n{END}{after}", "utf-8")


if __name__ == "__main__":
    main()
