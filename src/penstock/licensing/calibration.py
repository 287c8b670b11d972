"""The capacity model against what is published: fitted on two years, asked about others, always as ranges."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from statistics import fmean
from typing import Any

from attrs import frozen

from penstock.decision import decide
from penstock.licensing.capacity import Office, Outcome, simulate
from penstock.licensing.duties import Statute
from penstock.terms.yaml12 import load_yaml

__all__ = [
    "REGIMES",
    "Prediction",
    "Range",
    "Year",
    "applications_under",
    "fit",
    "fitted_points",
    "orders",
    "predict",
    "published",
]

REGIMES = ("actual", "diffusion-as-written", "us-monopoly", "bilateral-deals")
_GRID = tuple((float(capacity), float(depth)) for capacity in range(54, 66) for depth in range(4, 13, 2))
_WAVES = ((1.0, 4.0, 1), (0.5, 1.5, 2))  # step, tolerance in days, years simulated for each point
_SHOWN_POINTS = 4

Point = tuple[float, float]


@frozen
class Year:
    """One published year: applications, funded positions and mean days."""

    year: str
    applications: int
    positions: int
    days_mean: float
    source: str
    confidence: str
    to_oc: float = 0.0126
    to_acep: float = 0.0011


@frozen
class Range:
    """The lowest and the highest value among what the fitted points give."""

    low: float
    high: float


@frozen
class Prediction:
    """What an office would come to in a year, every figure as a range."""

    applications: Range
    days_mean: Range
    days_p90: Range
    backlog: Range
    overdue_share: Range
    to_oc_share: Range


@cache
def _data() -> Mapping[str, Any]:
    raw: Mapping[str, Any] = load_yaml(
        files("penstock.licensing").joinpath("data/capacity.yaml").read_text("utf-8"), trusted=True
    )
    return raw


def published() -> tuple[Year, ...]:
    """Return the two years the model is fitted on.

    >>> [(year.year, year.applications, year.days_mean) for year in published()]
    [('FY2013', 24782, 26), ('FY2023', 37943, 38)]
    """
    return tuple(Year(**{key: _plain(value) for key, value in entry.items()}) for entry in _data()["published"])


def _plain(value: Any) -> Any:
    return value if isinstance(value, (str, int)) else float(value)


def fitted_points() -> tuple[Point, ...]:
    """Return the pairs of capacity and depth of review that give both published means, as shipped."""
    return tuple((float(capacity), float(depth)) for capacity, depth in _data()["fitted"]["points"])


def _mean(year: Year, point: Point, law: Statute, seeds: Iterable[int], scale: int) -> float:
    office = Office(year.positions, point[0], point[1], year.to_oc, year.to_acep)
    return fmean(simulate(office, year.applications, law, random.Random(seed), scale=scale).days_mean for seed in seeds)


def fit(
    law: Statute, years: Iterable[Year], *, grid: Iterable[Point] = _GRID, scale: int = 20, seed: int = 1,
    tell: Callable[[str], None] = lambda _: None,
) -> tuple[Point, ...]:  # fmt: skip
    """Return the points under which the model gives the mean days of every year, in two waves, the second finer and stricter.

    The second wave looks around the points that the first has kept; ``tell`` hears how far it is.  An empty answer says that
    no pair fits.
    """
    wanted = tuple(years)
    points, kept = sorted(set(grid)), []
    for n, (step, tolerance, runs) in enumerate(_WAVES, 1):
        seeds = range(seed, seed + runs)
        kept = [point for point in points
                if all(abs(_mean(year, point, law, seeds, scale) - year.days_mean) <= tolerance for year in wanted)]  # fmt: skip
        tell(f"wave {n}: {len(kept)} of {len(points)} points within {tolerance} days")
        around = [(i * step / 2, j * step / 2) for i in (-1, 0, 1) for j in (-1, 0, 1)]
        points = sorted({(c + more, d + deeper) for c, d in kept for more, deeper in around if d + deeper > 0})
    return tuple(kept)


def predict(
    applications: Iterable[int], positions: int, law: Statute, *, points: Iterable[Point] = (), scale: int = 20, seed: int = 1,
    to_oc: float = 0.0126, to_acep: float = 0.0011,
) -> Prediction:  # fmt: skip
    """Return what an office of so many positions comes to in a year, over every number of applications and fitted point.

    ``points`` are the fitted ones as shipped, unless others are given; four of them, from end to end, are run.
    """
    numbers = tuple(applications)
    chosen = _spread(tuple(points) or fitted_points())
    ran = [simulate(Office(positions, c, d, to_oc, to_acep), number, law, random.Random(seed), scale=scale)
           for number in numbers for c, d in chosen]  # fmt: skip
    return Prediction(Range(min(numbers), max(numbers)), *(_range(ran, name) for name in
                      ("days_mean", "days_p90", "backlog", "overdue_share", "to_oc_share")))  # fmt: skip


def _range(outcomes: list[Outcome], name: str) -> Range:
    values = [float(getattr(outcome, name)) for outcome in outcomes]
    return Range(min(values), max(values))


def _spread(points: tuple[Point, ...]) -> tuple[Point, ...]:
    """Return a few of the points, from the least to the most capacity, both ends included."""
    last = len(points) - 1
    return (
        tuple(dict.fromkeys(sorted(points)[round(i * last / (_SHOWN_POINTS - 1))] for i in range(_SHOWN_POINTS)))
        if points
        else ()
    )


# ---- regimes


def applications_under(regime: str, on: dt.date, stance: str = "enforced") -> Range:
    """Return how many applications the assumed orders of a year lead to under a regime: those the law makes need a license.

    >>> low_to_high = applications_under("us-monopoly", dt.date(2026, 6, 15))
    >>> low_to_high.low < low_to_high.high
    True
    """
    counted = [order for order in _data()["orders"] if _needs_license(order, regime, on, stance)]
    return Range(sum(order["low"] for order in counted), sum(order["high"] for order in counted))


def _needs_license(order: Mapping[str, Any], regime: str, on: dt.date, stance: str) -> bool:
    return decide(_transaction(order), on=on, regime=regime).verdicts[stance].outcome in ("license_required", "unknown")


def _transaction(order: Mapping[str, Any]) -> dict[str, Any]:
    to = order["to"]
    buyer = {"country": to, "headquarters": to, "parent_headquarters": to, "lists": [], "kind": "data_center_operator",
             "wholly_government_owned": False, "uae_status": "none", "owners": []}  # fmt: skip
    return {
        "activity": {"type": "export"},
        "origin": {"country": "US"},
        "destination": {"country": to},
        "item": {"chip": order["chip"], "quantity": order["quantity"], "designer": {"status": "approved"}},
        "parties": {"ultimate_consignee": buyer},
        "end_use": {"types": ["datacenter_operation"]},
        "documents": {"g2g_arrangement": order["agreement"]},
        "counters": {"lpp_tpp_received_this_year": 0, "licensed_tpp_destination_since_2025": 0, "aia_tpp_cumulative": 0},
    }


def orders() -> Iterator[Mapping[str, Any]]:
    """Yield the assumed orders of a year, with their ranges."""
    yield from _data()["orders"]
