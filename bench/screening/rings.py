"""Rings of shells among honest parties: how many are found, and how many of those found are rings.

``python bench/screening/rings.py``: 60,000 honest parties and 300 rings, five seeds and three adversaries.  Nothing here comes
from the detector, and it knows nothing of what is here but the columns of a file of customers.

A ring has 3 to 11 shells, each of which takes 60 to 99 percent of the cap and rotates two of the four attributes:
``at random`` draws the two for each shell; ``evenly`` lets the shells take the six pairs in turn, so that some share nothing at
all; ``into the crowd`` does so as well and takes what it rotates in from honest parties, such as the address of an agent.
What a shell keeps is written in its own way.  Half of the shells do not say when they were incorporated or spread it over years.

Honest parties sit at agents' addresses, share accountants and call centers, pay through agents, and some are open groups, the
members of which share everything and say so.
"""

import datetime as dt
import itertools
import random
import statistics
import time

from penstock.screening.structuring import Customer, find_groups, find_rings

CAP = 26_900
HONEST, RINGS, OPEN_GROUPS = 60_000, 300, 300
DAY = dt.date(2026, 1, 1)
FOUR = ("address", "officer", "phone", "payer")
ADVERSARIES = ("at random", "evenly", "into the crowd")
STREETS = ("Nathan Road", "Fa Yuen Street", "Queen's Road Central", "Des Voeux Road West", "Hennessy Road", "Jalan Ampang",
           "Robinson Road", "Al Wasl Road", "Prinsengracht", "Xueyuan Road")  # fmt: skip
FAMILY = (
    "Chan",
    "Wong",
    "Lee",
    "Tan",
    "Lim",
    "Ng",
    "Singh",
    "Ali",
    "Smith",
    "Novak",
    "Zhang",
    "Wang",
    "Kumar",
    "Haddad",
    "Meyer",
)
GIVEN = (
    "Wei",
    "Mei",
    "Jun",
    "Ahmad",
    "Priya",
    "Anna",
    "Peter",
    "Siti",
    "Hao",
    "Omar",
    "Lena",
    "Yan",
    "Raj",
    "Tom",
    "Ivy",
    "Noor",
)


class World:
    def __init__(self, seed):
        self.dice = random.Random(seed)
        self.agents = [self.address(unit=False) for _ in range(150)]
        self.accountants = [self.officer() for _ in range(800)]
        self.centers = [self.phone() for _ in range(150)]
        self.payers = [f"Trade Finance {n} Ltd" for n in range(200)]

    def address(self, unit=True):
        street, number = self.dice.choice(STREETS), self.dice.randrange(1, 900)
        inside = f"Flat {self.dice.randrange(1, 40)}, {self.dice.randrange(1, 45)}/F, " if unit else "Ground Floor, "
        return f"{inside}{number} {street}"

    def officer(self):
        return f"{self.dice.choice(FAMILY)} {self.dice.choice(GIVEN)} {self.dice.choice(GIVEN)} {self.dice.randrange(400)}"

    def phone(self):
        return f"+{self.dice.choice((852, 65, 60, 971, 31))} {self.dice.randrange(10**7, 10**8)}"

    def day(self, first, last):
        return DAY + dt.timedelta(days=self.dice.randrange(first, last))

    def own(self):
        """What nobody else has."""
        return {"address": self.address(), "officer": self.officer(), "phone": self.phone(),
                "payer": f"Account {self.dice.randrange(10**9)}"}  # fmt: skip

    def honest(self, number):
        shown = self.own()
        pools = (("address", self.agents, 0.3), ("officer", self.accountants, 0.2), ("phone", self.centers, 0.1),
                 ("payer", self.payers, 0.15))  # fmt: skip
        for name, shared, part in pools:
            if self.dice.random() < part:
                shown[name] = self.dice.choice(shared)
        amount = min(CAP, int(CAP * self.dice.lognormvariate(-1.0, 0.9)))
        return Customer(f"h{number}", amount, **shown, incorporated_on=self.day(-4000, 0), ordered_on=self.day(0, 365))

    def open_group(self, number):
        shown, half = self.own(), CAP // 2
        return [
            Customer(f"g{number}-{n}", self.dice.randrange(half, CAP), **shown, incorporated_on=self.day(-4000, 0),
                     ordered_on=self.day(0, 365), group=f"Group {number}") for n in range(self.dice.randrange(2, 6))
        ]  # fmt: skip

    def rewritten(self, name, text):
        if name == "phone":
            figures = text.replace(" ", "").replace("+", "")
            return self.dice.choice((text, "+" + figures, "00" + figures, f"+{figures[:-8]}-{figures[-8:-4]}-{figures[-4:]}"))
        if name == "address":
            short = text.replace("Road", "Rd").replace("Street", "St.").replace("Flat", "Unit")
            return self.dice.choice((text, text.upper(), short, short.lower()))
        return self.dice.choice((text, text.upper(), text.lower()))

    def ring(self, number, adversary, crowd):
        size, kept = self.dice.randrange(3, 12), self.own()
        pairs = list(itertools.combinations(FOUR, 2))
        self.dice.shuffle(pairs)
        ordered = self.dice.randrange(0, 270)
        begun = self.dice.randrange(-700, -60)
        shells = []
        for n in range(size):
            pair = self.dice.choice(pairs) if adversary == "at random" else pairs[n % len(pairs)]
            other = self.own()
            shown = {name: self.rewritten(name, text) for name, text in kept.items()}
            for name in pair:
                shown[name] = getattr(self.dice.choice(crowd), name) if adversary == "into the crowd" else other[name]
            since = (None, self.day(-2500, 0), self.day(begun, begun + 60), self.day(begun, begun + 60))[self.dice.randrange(4)]
            shells.append(Customer(f"r{number}-{n}", int(CAP * self.dice.uniform(0.6, 0.99)), **shown, incorporated_on=since,
                                   ordered_on=self.day(ordered, ordered + 90)))  # fmt: skip
        return shells


def measure(seed, adversary):
    world = World(seed)
    honest = [world.honest(n) for n in range(HONEST)]
    groups = [world.open_group(n) for n in range(OPEN_GROUPS)]
    rings = [world.ring(n, adversary, honest) for n in range(RINGS)]
    everybody = honest + [c for some in (*groups, *rings) for c in some]
    world.dice.shuffle(everybody)
    start = time.process_time()
    found = [set(ring.members) for ring in find_rings(everybody, limit=CAP)]
    seconds = time.process_time() - start
    truth = {n: {c.id for c in shells} for n, shells in enumerate(rings)}
    owner = {id: n for n, ids in truth.items() for id in ids}
    caught, right, inside = set(), 0, []
    for members in found:
        counts = statistics.multimode([owner[m] for m in members if m in owner] or [-1])
        ids = truth.get(counts[0], set())
        if 2 * len(members & ids) > len(members):
            right += 1
            if 2 * len(members & ids) >= len(ids):
                caught.add(counts[0])
                inside.append(len(members & ids) / len(ids))
    accused = sum(any(m.startswith("g") for m in members) for members in found)
    over = {g.name for g in find_groups(everybody, limit=CAP) if g.exceeds}
    wanted = {some[0].group for some in groups if sum(c.amount for c in some) > CAP}
    return (len(caught) / RINGS, right / max(1, len(found)), statistics.fmean(inside or [0]), accused, over == wanted, seconds,
            len(everybody))  # fmt: skip


def main(seeds=range(1, 6)):
    for adversary in ADVERSARIES:
        runs = [measure(seed, adversary) for seed in seeds]
        recall, precision, members, accused, counted, seconds, _ = zip(*runs, strict=True)
        print(f"{adversary}: recall {min(recall):.3f} to {max(recall):.3f}, precision {min(precision):.3f} to "
              f"{max(precision):.3f}, {statistics.fmean(members):.3f} of a ring's shells; rings with a member of an open group: "
              f"{sum(accused)}, groups counted together: {'all' if all(counted) else 'not all'}; "
              f"{statistics.fmean(seconds):.1f} s for {runs[0][-1]:,} parties")  # fmt: skip


if __name__ == "__main__":
    main()
