"""Every name of the whole Consolidated Screening List, disguised seven ways: ``python drops.py [STEP [PROCESSES]]``.

An entry is dropped where it is not among the twenty that come back for one of its own names.
"""

import random
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import protocol

from penstock.screening.lists import read_list
from penstock.screening.screener import Screener

TOP = 20
SHOWN = 40


def disguises(name, dice):
    """Return a name as careless hands write it."""
    words = name.split()
    mixed = words[:]
    dice.shuffle(mixed)
    return {"own name": name, "case": name.swapcase(), "spacing": "  ".join(words) + " ", "legal form": f"{name} Company Limited",
            "token order": " ".join(mixed), "one extra token": f"{name} Worldwide", "no punctuation": " ".join(
                "".join(c if c.isalnum() or c.isspace() else " " for c in name).split())}  # fmt: skip


def dropped(place):
    entry = screener.entries[place]
    dice = random.Random(place)
    out = []
    for name in dict.fromkeys((entry.name, *entry.aliases)):
        some = disguises(name, dice)
        for how, hits in zip(some, screener.screen_many([(asked, "", "") for asked in some.values()], top=TOP), strict=True):
            rank = next((r for r, hit in enumerate(hits, 1) if hit.entry is entry), 0)
            out.append((how, rank, name if not rank else ""))
    return out


def main(step=1, processes=2):
    global screener
    screener = Screener(read_list(protocol.CSL.read_text("utf-8"), name="csl").entries)
    start, asked, first, lost = time.time(), Counter(), Counter(), []
    with ProcessPoolExecutor(processes, mp_context=get_context("fork")) as pool:
        for found in pool.map(dropped, range(0, len(screener.entries), step), chunksize=64):
            for how, rank, name in found:
                asked[how] += 1
                first[how] += rank == 1
                lost += [(how, name)] if not rank else []
    spent = time.time() - start
    missed = Counter(how for how, _ in lost)
    print(f"{sum(asked.values()):,} searches in {spent:,.0f} s\n\n| disguise | names | found | first |\n|---|---|---|---|")
    for how, n in asked.items():
        print(f"| {how} | {n:,} | {n - missed[how]:,} | {first[how] / n:.4f} |")
    for how, name in lost[:SHOWN]:
        print(f"dropped ({how}): {name}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
