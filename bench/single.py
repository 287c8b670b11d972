"""One decision at a time: the whole shipped rulebook against a twelve-rule slice in other engines, in one process."""

import datetime as dt
import functools
import time

from anchors import ANCHORS, records, reference

from penstock.decision import library
from penstock.decision.determination import decide_facts
from penstock.decision.prepare import prepare
from penstock.decision.program import build
from penstock.decision.witness import sample_transactions
from penstock.rulebook.explain import Explanation
from penstock.rulebook.scalar import compile_scalar
from penstock.terms.documents import read_facts

DAYS = (dt.date(2024, 6, 1), dt.date(2025, 6, 1), dt.date(2026, 6, 15))


def median_us(calls, rounds):
    """Return the median and the 99th percentile of single calls, in microseconds."""
    times = []
    for _ in range(rounds):
        for call in calls:
            start = time.perf_counter_ns()
            call()
            times.append(time.perf_counter_ns() - start)
    times.sort()
    return times[len(times) // 2] / 1e3, times[int(len(times) * 0.99)] / 1e3


def ours(day):
    program = library.program(day)
    facts = [read_facts(document) for document in sample_transactions()]
    ready = [prepare(f) for f in facts]
    law = program.law

    def explained(p):
        values = program.trace(p.values.get, p.roles, day)
        return Explanation(law, program.graph, program.place, values)

    yield "verdict, both stances", median_us([lambda p=p: program.verdict(p.values.get, p.roles, day) for p in ready], 5)
    yield "verdict with the full explanation", median_us([lambda p=p: explained(p) for p in ready], 5)
    yield "decide(): checks, preparation, explanation", median_us([lambda f=f: decide_facts(f, day) for f in facts[:300]], 3)
    some = [decide_facts(f, day) for f in facts[:60]]
    yield "the JSON document without what-if", median_us([lambda d=d: d.document(what_if=False) for d in some], 2)


def anchors(rows):
    for name, make in ANCHORS.items():
        try:
            ask = make()
        except ImportError as error:
            yield name, None, f"not installed ({error.name})"
            continue
        wrong = sum(ask(r) != reference(r) for r in rows)
        times = median_us([functools.partial(ask, r) for r in rows], 1)
        yield name, times, f"{wrong} of {len(rows)} answers differ from the reference"


def question_of(program, stance):
    """Return the nodes a verdict consists of in one stance."""
    asked = program.stances[stance]
    return asked.outcome, asked.license_required, asked.path, asked.policy, asked.fired


def compile_ms(day, compiled):
    """Return how long a law takes from instruments to what of it is compiled, in milliseconds."""
    flags = library.book().data["data/red_flags.yaml"]["flags"]
    times = []
    for _ in range(9):
        library.book()._laws.clear()
        start = time.perf_counter()
        compiled(build(library.book().law(day), flags))
        times.append((time.perf_counter() - start) * 1e3)
    return sorted(times)[len(times) // 2]


def rows():
    """Yield (what, median, 99th percentile, ratio to our verdict, note) for the table."""
    base = None
    for day in DAYS:
        for what, (p50, p99) in ours(day):
            base = p50 if day == DAYS[-1] and base is None else base
            yield f"Penstock {day}: {what}", f"{p50:.1f} µs", f"{p99:.1f} µs", "", ""
    for name, times, note in anchors(records(400)):
        if times:
            yield f"{name}: 12-rule slice", f"{times[0]:.1f} µs", f"{times[1]:.1f} µs", f"{times[0] / base:.1f}x", note
        else:
            yield name, "", "", "", note
    for note, compiled in (
        ("verdict, one stance", lambda law: compile_scalar(law.graph, question_of(law, "enforced"))),
        ("verdict, both stances", lambda law: law.verdict),
        ("explanation, both stances", lambda law: law.trace),
    ):
        took = compile_ms(DAYS[-1], compiled)
        yield f"Penstock {DAYS[-1]}: fold, lower and compile the law of a day", f"{took:.1f} ms", "", "", note


if __name__ == "__main__":
    for row in rows():
        print(" | ".join(row))
