"""What-if, combinations of two facts, and the next question of an interview, over the sample transactions."""

import datetime as dt
import time

from penstock.decision.determination import decide_facts
from penstock.decision.interview import next_question
from penstock.decision.whatif import minimal_flips, what_if
from penstock.decision.witness import sample_transactions
from penstock.terms.documents import Facts, read_facts

DAYS = (dt.date(2024, 6, 1), dt.date(2025, 6, 1), dt.date(2026, 6, 15))
EVERY = 17


def times_ms(calls):
    """Return how long each call takes, in milliseconds, in order of size."""
    out = []
    for call in calls:
        start = time.perf_counter()
        call()
        out.append((time.perf_counter() - start) * 1e3)
    return sorted(out)


def interview(told, on):
    """Hold an interview with somebody who can tell the facts given; return the time of each question."""
    facts, skipped, out = Facts(), set(), []
    while True:
        start = time.perf_counter()
        question = next_question(facts, on, skipped=skipped)
        out.append((time.perf_counter() - start) * 1e3)
        if question is None:
            return out
        value = told.values.get(question.id)
        if value is None:
            skipped.add(question.id)
        else:
            facts = facts.with_({question.id: value})


def rows():
    """Yield (what, median, 99th percentile, '', note) for the table."""
    told = [read_facts(document) for document in sample_transactions()][::EVERY]
    for on in DAYS:
        answers = [decide_facts(facts, on) for facts in told]
        what_if(answers[0]), minimal_flips(answers[0], "codified")  # the laws next to this one are compiled once
        measured = [
            ("all single-fact what-ifs of a determination", times_ms([lambda a=a: what_if(a) for a in answers])),
            ("all minimal flips of up to two facts", times_ms([lambda a=a: minimal_flips(a, "codified") for a in answers])),
        ]
        talks = [interview(facts, on) for facts in told]
        measured.append(("the next question of an interview", sorted(ms for talk in talks for ms in talk)))
        for what, found in measured:
            median, most = found[len(found) // 2], found[int(len(found) * 0.99)]
            yield f"Penstock {on}: {what}", f"{median:.1f} ms", f"{most:.1f} ms", "", f"{len(found)} measured"
        lengths = sorted(len(talk) - 1 for talk in talks)
        yield (
            f"Penstock {on}: questions until settled",
            str(lengths[len(lengths) // 2]),
            str(lengths[-1]),
            "",
            "most in place of the percentile",
        )


if __name__ == "__main__":
    for row in rows():
        print(" | ".join(row))
