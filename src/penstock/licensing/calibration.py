"""The capacity model against what is published: fitted on two years, asked about others, always as ranges."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from statistics import median

from attrs import frozen

from penstock.licensing.capacity import Office, Outcome, simulate
from penstock.licensing.demand import Load, Range, Year, capacity_data, range_of
from penstock.licensing.duties import Statute

__all__ = ["Point", "Prediction", "fit", "fitted_points", "predict", "staff"]

Point = tuple[float, float]
_CAPACITY, _DEPTH = (75.0, 155.0), (0.3, 20.3)  # where the two unknowns are looked for
_ANY_DEPTH = 5.0
_STEPS = 8
_ROUNDED = 0.5  # a published mean of 26 days is anything from 25.5 to 26.5


@frozen
class Prediction:
    """What an office would come to in a year: ranges over the fitted points; shares that climb are those put in, with luck."""

    applications: Range
    days_mean: Range
    days_p90: Range
    backlog: Range
    overdue_share: Range
    to_oc_share: Range
    to_acep_share: Range


def fitted_points() -> tuple[Point, ...]:
    """Return the pairs of capacity and depth of review that give both published means, as shipped: one for each seed."""
    return tuple((float(capacity), float(depth)) for capacity, depth in capacity_data()["fitted"]["points"])


def staff(positions: int) -> float:
    """Return how many positions decide applications, in positions of the first published year.

    Of those added since, only a part did: most went to enforcement and to a new office that licenses nothing.

    >>> staff(403), staff(585)
    (403, 475.8)
    """
    known = capacity_data()["staff"]
    more = positions - known["positions"]
    return positions if more <= 0 else known["positions"] + round(more * float(known["share_of_added"]), 1)


def _run(load: Load, positions: int, point: Point, law: Statute, seed: int, scale: int) -> Outcome:
    office = Office(staff(positions), *point, load.to_oc, load.to_acep, sensitive=load.sensitive, check_days=load.check_days)
    return simulate(office, load.applications, law, random.Random(seed), scale=scale)


def _days(year: Year, point: Point, law: Statute, seed: int, scale: int) -> float:
    load = Load(year.applications, year.to_oc, year.to_acep)
    return _run(load, year.positions[0], point, law, seed, scale).days_mean


def _root(rising: Callable[[float], float], low: float, high: float) -> float:
    """Return where a rising function passes zero, or the end of the interval that is nearest."""
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if rising(middle) > 0:
            high = middle
        else:
            low = middle
    return (low + high) / 2


def fit(
    law: Statute, years: tuple[Year, Year], *, seeds: Iterable[int] = range(1, 9), scale: int = 5,
    tell: Callable[[str], None] = lambda _: None,
) -> tuple[Point, ...]:  # fmt: skip
    """Return one point for each seed: the capacity and the depth under which the model gives the mean days of both years.

    Two equations with two unknowns: the agencies take as long in both years, so the days between the two are the officers' and
    give the capacity, and the days that are left give the depth.  What a seed changes is the luck of the years and, within the
    rounding, what was published; the spread of the points is how well the two are known.  A seed for which the two years are
    more than a day off is left out, and ``tell`` hears of it.
    """
    found = []
    for seed in seeds:
        point, errors = _solve(law, years, seed, scale)
        good = max(map(abs, errors)) <= 2 * _ROUNDED
        off = ", ".join(f"{error:+.1f}" for error in errors)
        tell(f"seed {seed}: {point[0]} applications a year, {point[1]} days; off by {off} days{'' if good else ', left out'}")
        found += [point] if good else []
    return tuple(sorted(found))


def _solve(law: Statute, years: tuple[Year, Year], seed: int, scale: int) -> tuple[Point, list[float]]:
    dice = random.Random(seed)
    wanted = [year.days_mean + dice.uniform(-_ROUNDED, _ROUNDED) for year in years]

    def errors(capacity: float, depth: float) -> list[float]:
        got = (_days(year, (capacity, depth), law, seed, scale) for year in years)
        return [days - want for days, want in zip(got, wanted, strict=True)]

    def too_alike(capacity: float) -> float:
        first, second = errors(capacity, _ANY_DEPTH)
        return first - second

    capacity = round(_root(too_alike, *_CAPACITY), 2)
    depth = round(_root(lambda depth: sum(errors(capacity, depth)), *_DEPTH), 2)
    return (capacity, depth), errors(capacity, depth)


def predict(
    loads: Iterable[Load], positions: Iterable[int], law: Statute, *, points: Iterable[Point] = (), scale: int = 20, seed: int = 1
) -> Prediction:
    """Return what an office of so many positions comes to in a year, over every load, number of positions and fitted point.

    ``points`` are the fitted ones as shipped, unless others are given; each has a year of its own luck.
    """
    known, chosen, offices = tuple(loads), tuple(points) or fitted_points(), tuple(positions)
    ran = [_run(load, office, point, law, seed + n, scale)
           for load in known for office in offices for n, point in enumerate(chosen)]  # fmt: skip
    days, p90, backlog, overdue = (
        range_of(float(getattr(one, name)) for one in ran) for name in ("days_mean", "days_p90", "backlog", "overdue_share")
    )
    numbers = range_of(float(load.applications) for load in known)
    return Prediction(numbers, days, p90, backlog, overdue, _share(known, "to_oc"), _share(known, "to_acep"))


def _share(loads: tuple[Load, ...], name: str) -> Range:
    """Return a share that was put in, with the luck of so many applications: two standard deviations either way."""
    told = [(float(getattr(load, name)), load.applications) for load in loads]
    spread = [(share, 2 * (share * (1 - share) / number) ** 0.5) for share, number in told]
    return Range(max(min(share - more for share, more in spread), 0.0), median(share for share, _ in told),
                 min(max(share + more for share, more in spread), 1.0))  # fmt: skip
