"""``penstock license capacity``: the capacity model asked about a year, about regimes and about what is published."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import click
from attrs import asdict, frozen

from penstock.apps.cli.language import country, t, told
from penstock.apps.gantt import columns
from penstock.licensing import statute_on
from penstock.licensing.calibration import Prediction, fit, fitted_points, predict
from penstock.licensing.demand import (
    REGIMES,
    Load,
    Range,
    applications_under,
    checked,
    loads_under,
    mix_under,
    published,
    range_of,
)
from penstock.terms.errors import BadNumber
from penstock.terms.numbers import dump_json

__all__ = ["Question", "tell_capacity", "tell_fit", "tell_published"]

_CAUTION = (
    "Ranges, not forecasts: two unknowns fitted on two published means; the orders behind the chip applications are assumed."
)
_Row = tuple[str, ...]


@frozen
class Question:
    """What is asked of the model."""

    regimes: tuple[str, ...]
    applications: int | None
    positions: int | None
    to_oc: float
    to_acep: float
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
        for name, share, most_of in (("--to-oc", self.to_oc, 1.0), ("--to-acep", self.to_acep, self.to_oc)):
            if not 0 < share <= most_of:
                raise BadNumber(f"{name}: {share} is no share of {'all' if most_of == 1 else 'those disputed'}", at=name,
                                value=str(share), hint="Write 0.0126 for 1.26 %.")  # fmt: skip


def tell_capacity(asked: Question, as_json: bool) -> None:
    """Print what a year comes to under each regime, or for one number of applications."""
    asked.check()
    rows = list(_rows(asked))
    if as_json:
        years = [{"what": name, **_plain(found), **_mix(mix)} for name, _, found, mix in rows]
        click.echo(dump_json({"on": dt.date.fromordinal(asked.on), "fitted_on": [asdict(year) for year in published()],
                              "fitted": _fitted(), "caution": _CAUTION, "years": years}))  # fmt: skip
        return
    heads = ("", t("applications"), t("for chips"), t("mean days"), t("to the OC"), t("to the ACEP"), t("backlog"), t("overdue"))
    _table([heads, *((name, _span(found.applications), _span(chips) if chips else "", _middle(found.days_mean),
                      _share(found.to_oc_share), _share(found.to_acep_share), _span(found.backlog), _share(found.overdue_share))
                     for name, chips, found, _ in rows)])  # fmt: skip
    for name, _, _, mix in rows:
        if mix:
            places = t("; ").join(f"{country(code)} {_to(f'{low:,}', f'{high:,}')}" for code, (low, high) in mix.items())
            click.echo(t("{name}, for chips: {places}", name=name, places=places))
    click.echo(told(_CAUTION))


def _rows(asked: Question) -> Iterator[tuple[str, Range | None, Prediction, dict[str, tuple[int, int]]]]:
    base = published()[-1]
    positions = (asked.positions,) if asked.positions else base.positions
    law = statute_on(asked.on)
    if asked.applications is not None:
        load = Load(asked.applications, asked.to_oc, asked.to_acep)
        yield (
            t("{positions} positions", positions=positions[0]),
            None,
            predict([load], positions, law, scale=asked.scale, seed=asked.seed),
            {},
        )
        return
    today = dt.date.fromordinal(asked.on)
    for regime in asked.regimes or REGIMES:
        found = predict(loads_under(regime, today, base), positions, law, scale=asked.scale, seed=asked.seed)
        yield regime, applications_under(regime, today), found, mix_under(regime, today)


# ---- what is published


def tell_published(asked: Question, as_json: bool) -> None:
    """Print every published year beside what the model says of it, those it is fitted on first."""
    asked.check()
    law = statute_on(asked.on)
    rows = []
    for year in (*published(), *checked()):
        load = Load(year.applications, year.to_oc, year.to_acep)
        found = predict([load], sorted(set(year.positions)), law, scale=asked.scale, seed=asked.seed)
        rows.append((year, found.days_mean, year in published()))
    if as_json:
        years = [{**asdict(year), "fitted_on": fitted_on, "predicted_days": _numbers(days),
                  "error_days": _number(days.mid - year.days_mean)} for year, days, fitted_on in rows]  # fmt: skip
        click.echo(dump_json({"fitted": _fitted(), "years": years}))
        return
    heads = ("", t("applications"), t("positions"), t("days published"), t("predicted"), t("error"), "")
    _table([heads, *((year.year, f"{year.applications:,}", _to(*map(str, sorted(set(year.positions)))),
                      f"{year.days_mean:g}", _middle(days), f"{days.mid - year.days_mean:+.0f}",
                      t("fitted") if fitted_on else "") for year, days, fitted_on in rows)])  # fmt: skip
    fitted = _fitted()
    click.echo(t("Fitted: a position finishes {capacity} applications a year at most; an agency takes {days} days on average.",
                 capacity=_words(fitted["capacity"]), days=_words(fitted["depth_days"])))  # fmt: skip


def _fitted() -> dict[str, Any]:
    points = fitted_points()
    return {"capacity": _numbers(range_of(c for c, _ in points)), "depth_days": _numbers(range_of(d for _, d in points)),
            "points": [[str(c), str(d)] for c, d in points]}  # fmt: skip


def tell_fit(asked: Question, as_json: bool) -> None:
    """Fit the two unknowns again and print the points."""
    asked.check()
    first, second = published()
    points = fit(statute_on(asked.on), (first, second), tell=lambda words: click.echo(told(words), err=True))
    if as_json:
        click.echo(dump_json({"points": [[str(c), str(d)] for c, d in points]}))
        return
    for capacity, depth in points:
        click.echo(t("a position finishes {capacity} applications a year at most; an agency takes {days} days on average",
                     capacity=capacity, days=depth))  # fmt: skip


# ---- how numbers are shown


def _plain(found: Prediction) -> dict[str, Any]:
    return {name: _numbers(getattr(found, name)) for name in asdict(found, recurse=False)}


def _mix(mix: dict[str, tuple[int, int]]) -> dict[str, Any]:
    return {"for_chips_by_country": {code: {"low": low, "high": high} for code, (low, high) in mix.items()}} if mix else {}


def _numbers(span: Range) -> dict[str, Any]:
    return {name: _number(value) for name, value in asdict(span).items()}


def _number(value: float) -> int | str:
    return f"{value:.4g}" if value % 1 else int(value)


def _to(low: str, high: str | None = None) -> str:
    return low if high is None else t("{low} to {high}", low=low, high=high)


def _words(span: dict[str, Any]) -> str:
    return f"{span['mid']} ({_to(span['low'], span['high'])})"


def _span(found: Range) -> str:
    low, high = round(found.low), round(found.high)
    return _to(f"{low:,}", f"{high:,}") if low != high else f"{low:,}"


def _middle(found: Range) -> str:
    return f"{found.mid:.0f} ({_to(f'{found.low:.0f}', f'{found.high:.0f}')})"


def _share(found: Range) -> str:
    digits = 1 if found.high >= 0.1 else 2
    return _to(f"{found.low:.{digits}%}", f"{found.high:.{digits}%}")


def _table(rows: list[_Row]) -> None:
    widths = [max(columns(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        blanks = [" " * (width - columns(cell)) for cell, width in zip(row, widths, strict=True)]
        name, *cells = zip(row, blanks, strict=True)
        click.echo("  ".join(["".join(name), *(blank + cell for cell, blank in cells)]).rstrip())
