"""Rings, found in a world made by somebody who hides them: two of four attributes changed, takings well below the limit."""

from __future__ import annotations

import datetime as dt
import random
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from penstock.screening.structuring import Customer, find_groups, find_rings
from tests.fuzz.test_documents import run

LIMIT = 26_900
START = dt.date(2026, 1, 1)


def stranger(dice: random.Random, number: int) -> Customer:
    """An honest party: a common building now and then, an accountant who serves many, no reason to hide."""
    tower = dice.randrange(400)
    return Customer(
        f"p{number}",
        int(LIMIT * min(0.999, dice.lognormvariate(-1.2, 0.9))),
        f"Unit {dice.randrange(1, 30)}, {dice.randrange(1, 40)}/F, Tower {tower}, {tower} Harbour Road, Hong Kong",
        f"officer {dice.randrange(6000)}",
        f"+852 {dice.randrange(10**8):08d}",
        f"bank account {number}",
        START + dt.timedelta(days=dice.randrange(-2000, 0)),
        START + dt.timedelta(days=dice.randrange(365)),
    )


def ring(dice: random.Random, number: int) -> list[Customer]:
    """A ring: the same four attributes, of which each shell changes two; each takes 60 to 99 percent of the limit."""
    size, begun, ordered = dice.randrange(3, 9), dice.randrange(-400, 0), dice.randrange(300)
    own = {"address": f"Room {number}01, 7/F, Shell House, {number} Nathan Road, Hong Kong", "officer": f"nominee {number}",
           "phone": f"+852 9{number:07d}", "payer": f"paying account {number}"}  # fmt: skip
    shells = []
    for k in range(size):
        shown = dict(own)
        for name in dice.sample(sorted(own), 2):
            shown[name] = f"{name} {number} {k} of its own, {dice.randrange(10**8):08d}"
        days = (begun + dice.randrange(60), ordered + dice.randrange(45))
        dates = [START + dt.timedelta(days=day) for day in days]
        shells.append(
            Customer(
                f"r{number}-{k}", int(LIMIT * dice.uniform(0.6, 0.99)), **shown, incorporated_on=dates[0], ordered_on=dates[1]
            )
        )
    return shells


def test_rings_are_found_and_strangers_left_alone() -> None:
    dice = random.Random(11)
    rings = [ring(dice, number) for number in range(1, 61)]
    crowd = [stranger(dice, number) for number in range(8000)]
    everybody = [customer for shells in rings for customer in shells] + crowd
    dice.shuffle(everybody)
    found = find_rings(everybody, limit=LIMIT)
    right = [one for one in found if len({name.split("-")[0] for name in one.members}) == 1 and one.members[0].startswith("r")]
    caught = {one.members[0].split("-")[0] for one in right}
    assert len(caught) >= 0.95 * len(rings)
    assert len(right) >= 0.9 * len(found)
    assert all(one.total > LIMIT and one.evidence for one in found)


def test_an_open_group_is_counted_not_accused() -> None:
    shells = [
        Customer(f"g{i}", 20_000, phone="+852 12345678", payer="one", ordered_on=START, group="Openly One") for i in range(3)
    ]
    assert find_rings(shells, limit=LIMIT) == []
    assert [(group.total, group.exceeds) for group in find_groups(shells, limit=LIMIT)] == [(60_000, True)]


def test_what_many_share_ties_nobody() -> None:
    crowd = [Customer(f"c{i}", 20_000, phone="+852 12345678", payer="agent") for i in range(40)]
    assert find_rings(crowd, limit=LIMIT) == []


def test_an_agent_with_clients_of_all_sizes_ties_nobody() -> None:
    shells = [Customer(f"s{i}", 20_000, phone="+852 12345678", ordered_on=START) for i in range(3)]
    assert len(find_rings(shells, limit=LIMIT)) == 1
    small = [Customer(f"c{i}", 300, phone="+852 1234 5678") for i in range(12)]
    strangers = [Customer(f"x{i}", 300, phone=f"+852 {i:08d}") for i in range(50)]
    assert find_rings([*shells, *small, *strangers], limit=LIMIT) == []


def test_a_group_is_one_party_of_a_ring() -> None:
    shown: dict[str, Any] = {"phone": "+852 12345678", "payer": "one", "ordered_on": START}
    group = [Customer(f"g{i}", 20_000, **shown, group="Openly One") for i in range(2)]
    assert find_rings(group, limit=LIMIT) == []
    (ring,) = find_rings([*group, Customer("outside", 20_000, **shown)], limit=LIMIT)
    assert ring.members == ("g0", "g1", "outside")


def test_two_rings_that_know_one_bystander_are_two() -> None:
    rings = [
        [Customer(f"{name}{i}", 20_000, phone=f"+852 {name * 8}", payer=name, ordered_on=START) for i in range(3)]
        for name in "12"
    ]
    bystander = Customer("b", 20_000, officer="A. Chan", address="Flat 9, 9/F, 9 Nathan Road", ordered_on=START)
    rings[0][0] = evolve(rings[0][0], officer="A. Chan")
    rings[1][0] = evolve(rings[1][0], address="Flat 9, 9/F, 9 Nathan Road")
    found = find_rings([*rings[0], *rings[1], bystander], limit=LIMIT)
    assert len(found) == 2
    assert {"10", "11", "12"} <= {member for ring in found for member in ring.members}
    assert not any({"10", "20"} <= set(ring.members) for ring in found)


def test_together_under_the_limit_is_no_ring() -> None:
    pair = [Customer(f"c{i}", 13_450, phone="+852 12345678", payer="one") for i in range(2)]
    assert find_rings(pair, limit=LIMIT) == []
    assert len(find_rings(pair, limit=LIMIT - 1)) == 1


@pytest.mark.parametrize("amount", ["x", "", "-1"])
def test_rings_on_the_command_line(tmp_path: Path, amount: str) -> None:
    file = tmp_path / "customers.csv"
    lines = [f"s{i},20000,+852 12345678,one,2026-01-0{i + 1}" for i in range(3)]
    file.write_text(
        "id,amount,phone,payer,ordered_on\n" + "\n".join(lines) + f"\nbad,{amount},,,\nworse,1,,,2026-13-01\n", "utf-8"
    )
    code, out, _ = run(["rings", str(file), "--limit", str(LIMIT)], "")
    assert code == 0
    assert "s0, s1, s2: 60,000" in out
    assert "line 5" in out
    assert "line 6" in out
    file.write_text("name\n", "utf-8")
    assert run(["rings", str(file), "--limit", "5"], "")[0] == 3
