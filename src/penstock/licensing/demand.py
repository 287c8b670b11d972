"""What an office is asked for in a year: published numbers, and the applications the law of a regime makes of assumed orders."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from statistics import median
from typing import Any

from attrs import frozen

from penstock.decision import book, decide
from penstock.terms.yaml12 import load_yaml

__all__ = ["REGIMES", "Load", "Range", "Year", "applications_under", "capacity_data", "checked", "loads_under", "mix_under",
           "orders", "published", "range_of"]  # fmt: skip

REGIMES = ("actual", "diffusion-as-written", "us-monopoly", "bilateral-deals")


@frozen
class Year:
    """One published year: applications, funded positions (the fewest and the most it can have been) and mean days."""

    year: str
    applications: int
    positions: tuple[int, int]
    days_mean: float
    source: str
    confidence: str
    to_oc: float = 0.0126
    to_acep: float = 0.0011


@frozen
class Range:
    """The lowest, the middle and the highest of some values."""

    low: float
    mid: float
    high: float


@frozen
class Load:
    """A year's work: applications, the shares that climb, and the share that is checked for so many days more on average."""

    applications: int
    to_oc: float = 0.0126
    to_acep: float = 0.0011
    sensitive: float = 0.0
    check_days: float = 0.0


def range_of(values: Iterator[float]) -> Range:
    """Return the range of some values, with their median.

    >>> range_of(iter([3.0, 1.0, 2.0]))
    Range(low=1.0, mid=2.0, high=3.0)
    """
    known = list(values)
    return Range(min(known), median(known), max(known))


@cache
def capacity_data() -> Mapping[str, Any]:
    """Return what the model is fitted on and what it assumes (``data/capacity.yaml``)."""
    text = files("penstock.licensing").joinpath("data/capacity.yaml").read_text("utf-8")
    raw: Mapping[str, Any] = load_yaml(text, trusted=True)
    return raw


def _years(part: str) -> tuple[Year, ...]:
    return tuple(Year(**{key: _plain(value) for key, value in entry.items()}) for entry in capacity_data()[part])


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(value)
    return value if isinstance(value, (str, int)) else float(value)


def published() -> tuple[Year, ...]:
    """Return the two years the model is fitted on.

    >>> [(year.year, year.applications, year.days_mean) for year in published()]
    [('FY2013', 24782, 26), ('FY2023', 37943, 38)]
    """
    return _years("published")


def checked() -> tuple[Year, ...]:
    """Return the other published years, on which nothing was fitted."""
    return _years("checked")


# ---- regimes


def orders() -> Iterator[Mapping[str, Any]]:
    """Yield the assumed orders of a year, with their ranges."""
    yield from capacity_data()["orders"]


def _licensed(regime: str, on: dt.date, stance: str) -> Iterator[Mapping[str, Any]]:
    return (order for order in orders() if _needs_license(order, regime, on, stance))


def applications_under(regime: str, on: dt.date, stance: str = "enforced") -> Range:
    """Return how many applications the assumed orders of a year lead to under a regime: those the law makes need a license.

    >>> low_to_high = applications_under("us-monopoly", dt.date(2026, 6, 15))
    >>> low_to_high.low < low_to_high.high
    True
    """
    counted = list(_licensed(regime, on, stance))
    low, high = (sum(order[end] for order in counted) for end in ("low", "high"))
    return Range(low, (low + high) / 2, high)


def mix_under(regime: str, on: dt.date, stance: str = "enforced") -> dict[str, tuple[int, int]]:
    """Return where the applications of a regime come from: lowest and highest number by country."""
    out: dict[str, tuple[int, int]] = {}
    for order in _licensed(regime, on, stance):
        low, high = out.get(order["to"], (0, 0))
        out[order["to"]] = low + order["low"], high + order["high"]
    return out


def loads_under(regime: str, on: dt.date, base: Year) -> tuple[Load, Load]:
    """Return the lightest and the heaviest year of a regime, on top of a published year that has the actual law's in it.

    The heaviest has the applications for Macau and Country Group D:5 disputed and checked as those for China were at most.
    """
    chips, actual = applications_under(regime, on), applications_under("actual", on)
    low, high = round(base.applications + chips.low - actual.low), round(base.applications + chips.high - actual.high)
    barred = book().law(on, regime=regime).members("D5_OR_MACAU")
    sensitive = sum(most for country, (_, most) in mix_under(regime, on).items() if country in barred) / high
    known = capacity_data()["sensitive"]
    to_oc = base.to_oc * (1 - sensitive) + float(known["not_approved_share"]) * sensitive
    return (
        Load(low, base.to_oc, base.to_acep),
        Load(high, to_oc, base.to_acep * to_oc / base.to_oc, sensitive, float(known["extra_days"])),
    )


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
