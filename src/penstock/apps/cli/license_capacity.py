"""``penstock license capacity``: the capacity model asked about regimes, and fitted again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import click
from attrs import asdict, frozen

from penstock.licensing import statute_on
from penstock.licensing.calibration import (
    REGIMES,
    Prediction,
    Range,
    applications_under,
    fit,
    fitted_points,
    predict,
    published,
)
from penstock.terms.errors import BadNumber
from penstock.terms.numbers import dump_json

__all__ = ["Question", "tell_capacity", "tell_fit"]

_CAUTION = (
    "Ranges, not forecasts: fitted on two published means with two unknowns; the orders behind the chip applications are assumed."
)


@frozen
class Question:
    """What is asked of the model."""

    regimes: tuple[str, ...]
    applications: int | None
    positions: int | None
    to_oc: float
    on: int
    seed: int
    scale: int

    def check(self) -> None:
        """Refuse numbers no office has."""
        limits = {
            "--applications": (self.applications, 10**7),
            "--positions": (self.positions, 10**5),
            "--scale": (self.scale, 1000),
        }
        for name, (value, most) in limits.items():
            if value is not None and not 1 <= value <= most:
                raise BadNumber(
                    f"{name}: {value} is not from 1 to {most}", at=name, value=value, nearest=min(max(value, 1), most)
                )
        if not 0 < self.to_oc <= 1:
            raise BadNumber(
                f"--to-oc: {self.to_oc} is no share", at="--to-oc", value=str(self.to_oc), hint="Write 0.0126 for 1.26 %."
            )


def tell_capacity(asked: Question, as_json: bool) -> None:
    """Print what a year comes to under each regime, or for one number of applications."""
    asked.check()
    rows = list(_rows(asked))
    if as_json:
        click.echo(dump_json({"on": dt.date.fromordinal(asked.on), "fitted_on": [asdict(year) for year in published()],
                              "points": [[str(c), str(d)] for c, d in fitted_points()], "caution": _CAUTION,
                              "years": [{"what": name, **_plain(found)} for name, _, found in rows]}))  # fmt: skip
        return
    heads = ("", "applications", "for chips", "mean days", "backlog", "overdue")
    lines = [(name, _span(found.applications), _span(chips) if chips else "", _span(found.days_mean), _span(found.backlog),
              _share(found.overdue_share)) for name, chips, found in rows]  # fmt: skip
    widths = [max(len(line[column]) for line in (heads, *lines)) for column in range(len(heads))]
    for line in (heads, *lines):
        name, *cells = (cell.rjust(width) for cell, width in zip(line, widths, strict=True))
        click.echo("  ".join([name.strip().ljust(widths[0]), *cells]).rstrip())
    click.echo(_CAUTION)


def _rows(asked: Question) -> Iterator[tuple[str, Range | None, Prediction]]:
    base = published()[-1]
    positions = asked.positions or base.positions
    law = statute_on(asked.on)
    if asked.applications is not None:
        found = predict([asked.applications], positions, law, scale=asked.scale, seed=asked.seed, to_oc=asked.to_oc)
        yield f"{positions} positions", None, found
        return
    today = dt.date.fromordinal(asked.on)
    actual = applications_under("actual", today)
    for regime in asked.regimes or REGIMES:
        chips = applications_under(regime, today)
        # the published year has the chip applications of the actual law in it
        numbers = [round(base.applications + more - less) for more, less in ((chips.low, actual.low), (chips.high, actual.high))]
        yield regime, chips, predict(numbers, positions, law, scale=asked.scale, seed=asked.seed, to_oc=asked.to_oc)


def tell_fit(asked: Question, as_json: bool) -> None:
    """Fit the two unknowns again and print the points."""
    asked.check()
    points = fit(statute_on(asked.on), published(), seed=asked.seed, tell=lambda words: click.echo(words, err=True))
    if as_json:
        click.echo(dump_json({"points": [[str(c), str(d)] for c, d in points]}))
        return
    for capacity, depth in points:
        click.echo(f"a position finishes {capacity} applications a year; an agency takes {depth} days on average")


def _plain(found: Prediction) -> dict[str, Any]:
    return {name: [f"{value:.4g}" if value % 1 else int(value) for value in (span["low"], span["high"])]
            for name, span in asdict(found).items()}  # fmt: skip


def _span(found: Range) -> str:
    low, high = round(found.low), round(found.high)
    return f"{low:,} to {high:,}" if low != high else f"{low:,}"


def _share(found: Range) -> str:
    return f"{found.low:.1%} to {found.high:.1%}"
