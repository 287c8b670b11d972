"""The capacity model: it counts what it is given, the fitted points give the published years, and answers are ranges."""

from __future__ import annotations

import datetime as dt
import json
import random

import pytest
from attrs import evolve

from penstock.licensing import statute_on
from penstock.licensing.calibration import (
    REGIMES,
    Year,
    applications_under,
    fit,
    fitted_points,
    orders,
    predict,
    published,
)
from penstock.licensing.capacity import Office, Outcome, simulate
from penstock.terms.errors import BadNumber
from tests.fuzz.test_documents import run

ON = dt.date(2026, 6, 15)
LAW = statute_on(ON.toordinal())
SCALE = 20


def year(office: Office, applications: int = 4000, seed: int = 1, scale: int = 4) -> Outcome:
    return simulate(office, applications, LAW, random.Random(seed), scale=scale)


# ---- the model


def test_every_application_of_the_year_is_counted_and_an_idle_office_decides_them() -> None:
    outcome = year(Office(400, 60, 5), 4000)
    assert outcome.registered == pytest.approx(4000, rel=0.03)
    assert outcome.decided == pytest.approx(4000, rel=0.05)
    assert outcome.overdue_share == 0


def test_the_same_seed_gives_the_same_year_and_another_one_another() -> None:
    office = Office(60, 60, 6)
    assert year(office) == year(office)
    assert year(office) != year(office, seed=2)


def test_more_work_than_an_office_can_do_leaves_a_backlog_that_grows_with_it() -> None:
    backlogs = [year(Office(60, capacity, 6), 4000).backlog for capacity in (100, 50, 25)]
    assert backlogs == sorted(backlogs)
    assert backlogs[-1] > 1000
    assert year(Office(60, 25, 6), 4000).overdue_share > 0.1


def test_deeper_review_takes_longer_and_silence_ends_it_after_thirty_days() -> None:
    means = [year(Office(200, 60, depth)).days_mean for depth in (2, 6, 12, 1000)]
    assert means == sorted(means)
    assert means[-1] < 45  # nobody answers, and nobody has to


def test_disputes_climb_as_often_as_they_are_said_to() -> None:
    outcome = year(evolve(Office(400, 60, 6), to_oc=0.3, to_acep=0.15), 8000)
    assert outcome.to_oc_share == pytest.approx(0.3, abs=0.05)
    assert outcome.to_acep_share == pytest.approx(0.15, abs=0.04)


@pytest.mark.parametrize("office", [Office(0, 60, 6), Office(10, 0, 6), Office(10, 60, 0)])
def test_an_office_that_is_none_is_refused(office: Office) -> None:
    with pytest.raises(BadNumber):
        year(office)


# ---- what is published


def test_the_fitted_points_give_both_published_means() -> None:
    """With another seed than they were fitted with, so within the spread of a single year."""
    assert fitted_points()
    for capacity, depth in fitted_points()[::6]:
        for known in published():
            office = Office(known.positions, capacity, depth, known.to_oc, known.to_acep)
            mean = simulate(office, known.applications, LAW, random.Random(5), scale=SCALE).days_mean
            assert mean == pytest.approx(known.days_mean, abs=4)


def test_points_far_from_the_fitted_ones_do_not() -> None:
    for capacity, depth in ((45.0, 6.0), (90.0, 6.0), (58.0, 20.0)):
        off = [abs(simulate(Office(known.positions, capacity, depth), known.applications, LAW, random.Random(1), scale=SCALE).days_mean
                   - known.days_mean) for known in published()]  # fmt: skip
        assert max(off) > 6


def test_a_fit_finds_what_made_the_years() -> None:
    truth = (60.0, 6.0)
    years = []
    for name, applications, positions in (("one", 2400, 60), ("two", 4600, 70)):
        days = simulate(Office(positions, *truth), applications, LAW, random.Random(1), scale=10).days_mean
        years.append(Year(name, applications, positions, days, "simulated", "high"))
    grid = [(capacity, depth) for capacity in (40.0, 60.0, 80.0) for depth in (3.0, 6.0, 12.0)]
    kept = fit(LAW, years, grid=grid, scale=10)
    assert kept
    assert all(abs(capacity - truth[0]) <= 1 and abs(depth - truth[1]) <= 1 for capacity, depth in kept)
    assert fit(LAW, [evolve(year_, days_mean=1.0) for year_ in years], grid=grid[:2], scale=20) == ()


def test_every_published_figure_says_where_it_is_from() -> None:
    for known in published():
        assert known.source
        assert known.confidence in ("high", "medium", "low")
    for order in orders():
        assert order["low"] < order["high"], order
        assert order["about"]


# ---- regimes and ranges


def test_more_is_licensed_under_a_license_for_everybody() -> None:
    asked = {regime: applications_under(regime, ON) for regime in REGIMES}
    assert asked["actual"].high <= asked["diffusion-as-written"].high < asked["bilateral-deals"].high < asked["us-monopoly"].high
    assert all(found.low < found.high for found in asked.values())


def test_a_prediction_is_a_range_over_points_and_numbers() -> None:
    found = predict([36000, 40000], 585, LAW, scale=40)
    assert (found.applications.low, found.applications.high) == (36000, 40000)
    for name in ("days_mean", "backlog", "days_p90"):
        assert getattr(found, name).low < getattr(found, name).high, name
    assert predict([36000, 40000], 585, LAW, scale=40) == found


def test_capacity_on_the_command_line() -> None:
    asked = ["license", "capacity", "--regime", "us-monopoly", "--scale", "100"]
    code, out, err = run([*asked, "--json"], "")
    document = json.loads(out)
    assert (code, err, [row["what"] for row in document["years"]]) == (0, "", ["us-monopoly"])
    assert document["caution"].startswith("Ranges, not forecasts")
    code, out, _ = run(["license", "capacity", "--applications", "30000", "--positions", "500", "--scale", "100"], "")
    assert (code, "500 positions" in out) == (0, True)
    for wrong in (["--applications", "0"], ["--positions", "-5"], ["--scale", "0"], ["--to-oc", "2"]):
        code, _, err = run(["license", "capacity", *wrong], "")
        assert code == 3, err
    code, _, err = run(["license", "capacity", "--regime", "us-monoply", "--scale", "100"], "")
    assert (code, "us-monopoly" in err) == (4, True)
