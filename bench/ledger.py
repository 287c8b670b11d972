"""The ledger beside the ways one would write it first, in one run: python bench/ledger.py [--write] [--long].

One shipment takes from four buckets at once: the country's allocation, a consignee's year, a holder, a holder in a country.
*Hot* is all traffic on one country, *uniform* is spread over 150.  Every figure is with durable commits (fsync on) and the hash
chain on; requests are made before the clock runs.  ``--long`` adds the recovery of ten million events.
"""

import datetime as dt
import gc
import multiprocessing as mp
import os
import platform
import random
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from penstock.ledger import Open, Reserve  # noqa: E402
from penstock.store.create import (  # noqa: E402
    create,
    new_key,
    open_backend,
)
from penstock.store.engine import Engine  # noqa: E402
from penstock.store.publish import prove_inclusion  # noqa: E402
from penstock.store.sqlite import SqliteBackend  # noqa: E402
from penstock.store.verify import chain, verify  # noqa: E402
from penstock.store.writer import Writer  # noqa: E402
from tests.store.servers import server_in  # noqa: E402

PAGE = HERE.parent / "docs" / "performance-ledger.md"
START, END = "<!-- measured: start -->", "<!-- measured: end -->"
COUNTRIES, YEARS, HOLDERS, PLACES = 150, 4000, 30, 1000
CAP = 10**15
SECONDS = 3
CLIENTS = 8


def legs(dice, hot):
    country = 0 if hot else dice.randrange(COUNTRIES)
    amount = dice.randint(1, 100)
    first = COUNTRIES
    return (
        (country, amount),
        (first + dice.randrange(YEARS), amount),
        (first + YEARS + dice.randrange(HOLDERS), amount),
        (first + YEARS + HOLDERS + dice.randrange(PLACES), amount),
    )


def requests(count, hot, seed=1):
    dice = random.Random(seed)
    return [Reserve(f"client-{n % 50}", f"PO-{seed}-{dice.getrandbits(60)}-{n}", legs(dice, hot), 604_800) for n in range(count)]


def opened(place, folder):
    create(place, "bench.example/ledger", new_key(Path(folder) / f"key{random.getrandbits(60)}"))
    engine = Engine(open_backend(place), lambda: time.time_ns() // 1_000_000, "bench")
    total = COUNTRIES + YEARS + HOLDERS + PLACES
    engine.run([Open("bench", f"o{n}", f"bucket-{n}", CAP, "bench") for n in range(total)])
    return engine


def quantile(times, share):
    return sorted(times)[min(len(times) - 1, int(len(times) * share))]


# ---- ours


def ours(engine, batch, hot, seed):
    """Return reserves a second and the 99th percentile of a batch in milliseconds."""
    todo = requests(max(3000, min(120_000, batch * 600)), hot, seed)
    gc.freeze()  # the requests are the benchmark's; a service holds no hundred thousand of them
    times, done, end = [], 0, time.perf_counter() + SECONDS
    begin = time.perf_counter()
    for first in range(0, len(todo), batch):
        start = time.perf_counter()
        answers = engine.run(todo[first : first + batch])
        times.append(time.perf_counter() - start)
        done += len(answers)
        if time.perf_counter() > end:
            break
    took = time.perf_counter() - begin
    gc.unfreeze()
    assert all(answer.ok for answer in answers)
    return done / took, quantile(times, 0.99) * 1e3


# ---- the ways one would write it first, on the same PostgreSQL


NAIVE = """DROP TABLE IF EXISTS naive_taken; DROP TABLE IF EXISTS naive;
CREATE TABLE naive (id int PRIMARY KEY, cap bigint NOT NULL, used bigint NOT NULL DEFAULT 0) WITH (fillfactor = 50);
CREATE TABLE naive_taken (id text PRIMARY KEY, amount bigint NOT NULL, buckets int[] NOT NULL)"""


def naive_setup(url, cap):
    import psycopg

    with psycopg.connect(url, autocommit=True) as db:
        for statement in NAIVE.split(";"):
            db.execute(statement)
        total = COUNTRIES + YEARS + HOLDERS + PLACES
        db.execute("INSERT INTO naive SELECT n, %s FROM generate_series(0, %s) n", (CAP, total - 1))
        db.execute("UPDATE naive SET cap = %s WHERE id = 0", (cap,))


def naive_client(url, how, hot, seed, results):
    import psycopg

    dice, db = random.Random(seed), psycopg.connect(url)
    if how == "serializable":
        db.isolation_level = psycopg.IsolationLevel.SERIALIZABLE
    lock = " ORDER BY id FOR UPDATE" if how == "locked" else ""
    done = retries = n = 0
    times, end = [], time.perf_counter() + SECONDS
    while time.perf_counter() < end:
        wanted, n = legs(dice, hot), n + 1
        ids, amount = [number for number, _ in wanted], wanted[0][1]
        start = time.perf_counter()
        while True:
            try:
                rows = db.execute(f"SELECT cap - used FROM naive WHERE id = ANY(%s){lock}", (ids,)).fetchall()
                if all(room >= amount for (room,) in rows):
                    db.execute("UPDATE naive SET used = used + %s WHERE id = ANY(%s)", (amount, ids))
                    db.execute("INSERT INTO naive_taken VALUES (%s, %s, %s)", (f"{seed}-{n}", amount, ids))
                    done += 1
                db.commit()
                break
            except (psycopg.errors.SerializationFailure, psycopg.errors.DeadlockDetected):
                db.rollback()
                retries += 1
        times.append(time.perf_counter() - start)
    results.put((done, retries, times))


def naive(url, how, hot, cap=CAP):
    """Return reserves a second, 99th percentile in milliseconds, retries, and by how much the hot cap was exceeded."""
    import psycopg

    naive_setup(url, cap)
    results = mp.Queue()
    clients = [mp.Process(target=naive_client, args=(url, how, hot, seed, results)) for seed in range(CLIENTS)]
    for client in clients:
        client.start()
    found = [results.get() for _ in clients]
    for client in clients:
        client.join()
    with psycopg.connect(url) as db:
        (over,) = db.execute("SELECT used - cap FROM naive WHERE id = 0").fetchone()
    times = [t for _, _, some in found for t in some]
    return sum(f[0] for f in found) / SECONDS, quantile(times, 0.99) * 1e3, sum(f[1] for f in found), over


# ---- the writer at an offered rate


def offered(engine, rate, seconds):
    """Return median and 99th percentile in milliseconds of requests offered at a rate, answered or not."""
    count = int(rate * seconds)
    todo, times, all_done = requests(count, True, 99), [0.0] * count, threading.Event()
    left = [count]
    with Writer(engine) as writer:
        begin = time.perf_counter() + 0.05

        def answered(n, due):
            def note(future):
                times[n] = time.perf_counter() - due
                left[0] -= 1
                if not left[0]:
                    all_done.set()

            return note

        for n, request in enumerate(todo):
            due = begin + n / rate
            pause = due - time.perf_counter()
            if pause > 0:
                time.sleep(pause)
            writer.submit(request).add_done_callback(answered(n, due))
        all_done.wait(60)
    return statistics.median(times) * 1e3, quantile(times, 0.99) * 1e3


def served(place, rate, seconds):
    """Return median and 99th percentile in milliseconds over HTTP, at an offered rate over 32 connections."""
    import asyncio
    import json
    import socket
    import subprocess

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-c", "from penstock.apps.cli.main import main; main()", "ledger", "serve",
               "--ledger", place, "--port", str(port)]  # fmt: skip
    server = subprocess.Popen(command)
    count = int(rate * seconds)
    bodies = [json.dumps(request.document()).encode() for request in requests(count, True, 7)]
    times = [0.0] * count

    async def ask():
        links = []
        while not links:
            try:
                links = [await asyncio.open_connection("127.0.0.1", port) for _ in range(32)]
            except OSError:
                await asyncio.sleep(0.1)
        free = asyncio.Queue()
        for link in links:
            free.put_nowait(link)

        async def one(n, due):
            reader, writer = await free.get()
            head = b"POST /requests HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(bodies[n])
            writer.write(head + bodies[n])
            said = await reader.readuntil(b"\r\n\r\n")
            assert b"200 OK" in said, said
            length = int(said.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            await reader.readexactly(length)
            free.put_nowait((reader, writer))
            times[n] = time.perf_counter() - due

        begin, running = time.perf_counter() + 0.2, []
        for n in range(count):
            due = begin + n / rate
            pause = due - time.perf_counter()
            if pause > 0.0005:
                await asyncio.sleep(pause)
            running.append(asyncio.ensure_future(one(n, due)))
        await asyncio.gather(*running)
        for _, writer in links:
            writer.close()

    try:
        asyncio.run(ask())
    finally:
        server.terminate()
        server.wait()
    return statistics.median(times) * 1e3, quantile(times, 0.99) * 1e3


# ---- the table


def rows(folder, server):
    url = server.get_uri()
    base = {}
    for how, name in (("locked", "row locks (SELECT … FOR UPDATE)"), ("serializable", "SERIALIZABLE with retries")):
        for hot in (True, False):
            rate, p99, retries, _ = naive(url, how, hot)
            base[how, hot] = rate
            yield f"PostgreSQL, {name}, {CLIENTS} clients", hot, rate, p99, f"{retries:,} retries"
    rate, p99, _, over = naive(url, "unlocked", True, cap=40_000)
    yield (
        f"PostgreSQL, read then write without a lock, {CLIENTS} clients",
        True,
        rate,
        p99,
        f"WRONG: {over:,} over a cap of 40,000",
    )
    places = {"SQLite": str(Path(folder) / "bench.db"), "PostgreSQL": url}
    for database, place in places.items():
        engine = opened(place, folder)
        for batch in (10, 100, 1000):
            found = {}
            for hot in (True, False):
                found[hot], p99 = ours(engine, batch, hot, batch + hot)
                times = [found[hot] / base[how, hot] for how in ("locked", "serializable")]
                against = f"{times[0]:.0f}x row locks, {times[1]:.0f}x SERIALIZABLE"
                note = against if hot else f"{against}; hot is {found[True] / found[False]:.2f} of uniform"
                yield f"Penstock on {database}, batches of {batch}", hot, found[hot], p99, note
        reader = open_backend(place, read_only=True)
        bad = [bucket for bucket in reader.buckets() if bucket.used > bucket.cap]
        assert not bad
        yield from offers(engine, database)
        yield from reads(reader, database)
        reader.close()
        engine.close()
    yield from service(places["SQLite"])


def offers(engine, database):
    for rate in (1000, 3000):
        median, p99 = offered(engine, rate, SECONDS)
        yield (
            f"Penstock on {database}, one writer, offered {rate:,} a second",
            True,
            rate,
            p99,
            f"median {median:.1f} ms, in one process",
        )
        engine.usable = False
        engine.recover()


def service(place):
    for rate in (1000, 3000):
        median, p99 = served(place, rate, SECONDS)
        yield f"penstock ledger serve on SQLite, offered {rate:,} a second", True, rate, p99, f"median {median:.1f} ms, over HTTP"


def reads(reader, database):
    size = reader.head().seq
    times = []
    for n in range(200):
        start = time.perf_counter()
        prove_inclusion(reader, n * size // 200)
        times.append(time.perf_counter() - start)
    note = f"median {statistics.median(times) * 1e3:.2f} ms, log of {size:,} events"
    yield f"Inclusion proof, {database}", None, None, quantile(times, 0.99) * 1e3, note
    start = time.perf_counter()
    chain(reader)
    yield f"Hash chain followed, {database}", None, size / (time.perf_counter() - start), None, "events a second"


class Unhurried(SqliteBackend):
    """The same rows, but without syncs, and operations filed a million at a time in the order of their keys."""

    waiting = ()

    def _connect(self):
        db = super()._connect()
        db.execute("PRAGMA synchronous = OFF")
        return db

    def ops(self, ids):
        return {}

    def _insert(self, table, rows):
        if table != "ledger_op":
            super()._insert(table, rows)
            return
        self.waiting = self.waiting or []
        self.waiting += rows
        if len(self.waiting) >= 1_000_000:
            self.file()

    def file(self):
        super()._insert("ledger_op", sorted(self.waiting))
        self.waiting = []


def grown(folder, total):
    """Return the place of a ledger with many events, each made by the engine."""
    place = str(Path(folder) / "long.db")
    opened(place, folder).close()
    backend = Unhurried(place)
    engine = Engine(backend, lambda: time.time_ns() // 1_000_000, "grown")
    while engine.state.seq < total:
        todo = requests(min(100_000, total - engine.state.seq), True, engine.state.seq)
        for first in range(0, len(todo), 1000):
            engine.run(todo[first : first + 1000])
    backend._db.execute("BEGIN")
    backend.file()
    backend._db.execute("COMMIT")
    engine.close()
    return place


def recovery(place):
    start = time.perf_counter()
    engine = Engine(open_backend(place), lambda: time.time_ns() // 1_000_000, "recovered")
    took = time.perf_counter() - start
    size = engine.state.seq
    yield f"Recovery: a writer opens a log of {size:,} events", None, None, took * 1e3, "balances, edge of the tree, token"
    engine.close()
    reader = open_backend(place, read_only=True)
    start = time.perf_counter()
    chain(reader)
    took = time.perf_counter() - start
    yield f"Recovery: the whole chain of {size:,} events followed first", None, size / took, took * 1e3, "events a second"
    reader.close()


def replayed(place):
    reader = open_backend(place, read_only=True)
    start = time.perf_counter()
    done = verify(reader)
    took = time.perf_counter() - start
    assert done.ok, done.faults[:3]
    yield (
        f"penstock ledger verify: {done.events:,} events replayed from zero",
        None,
        done.events / took,
        took * 1e3,
        "events a second",
    )
    reader.close()


def line(what, hot, rate, p99, note):
    load = "" if hot is None else "hot" if hot else "uniform"
    shown = "" if rate is None else f"{rate:,.0f}"
    return f"| {what} | {load} | {shown} | {'' if p99 is None else f'{p99:.1f} ms'} | {note} |"


def machine():
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    size = f"{os.cpu_count()} cores, {memory:.0f} GiB of memory, {platform.machine()}"
    return f"{size}, Python {platform.python_version()}, load {os.getloadavg()[0]:.1f} when it began"


def main():
    lines = [f"Measured on {dt.date.today()}: {machine()}.", "",
             "| what | traffic | a second | 99th percentile | note |", "|---|---|---|---|---|"]  # fmt: skip
    print("\n".join(lines))
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "pg").mkdir()
        with server_in(Path(folder) / "pg", durable=True) as server:
            for row in rows(folder, server):
                lines.append(line(*row))
                print(lines[-1], flush=True)
            place = str(Path(folder) / "bench.db")
            long = recovery(grown(folder, 10_000_000)) if "--long" in sys.argv[1:] else ()
            for row in (*recovery(place), *replayed(place), *long):
                lines.append(line(*row))
                print(lines[-1], flush=True)
    if "--write" in sys.argv[1:]:
        page = PAGE.read_text("utf-8")
        before, after = page.partition(START)[0], page.partition(END)[2]
        PAGE.write_text(f"{before}{START}\n{chr(10).join(lines)}\n{END}{after}", "utf-8")


if __name__ == "__main__":
    main()
