"""The capacity model: it counts what it is given, the fitted points give the published years, and answers are ranges."""

from __future__ import annotations

import datetime as dt
import json
import random

import pytest
from attrs import evolve

from penstock.licensing import statute_on
from penstock.licensing.calibration import fit, fitted_points, predict, staff
from penstock.licensing.capacity import Office, Outcome, simulate
from penstock.licensing.demand import (
    REGIMES,
    Load,
    Year,
    applications_under,
    checked,
    loads_under,
    mix_under,
    orders,
    published,
)
from penstock.terms.errors import BadNumber
from tests.fuzz.test_documents import run

ON = dt.date(2026, 6, 15)
LAW = statute_on(ON.toordinal())


def year(office: Office, applications: int = 4000, seed: int = 1, scale: int = 4) -> Outcome:
    return simulate(office, applications, LAW, random.Random(seed), scale=scale)


# ---- the model


def test_every_application_of_the_year_is_counted_and_an_idle_office_decides_them() -> None:
    outcome = year(Office(400, 60, 5), 4000)
    assert outcome.to_oc_share > outcome.to_acep_share
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


def test_what_is_returned_never_reaches_the_agencies() -> None:
    few, many = (year(evolve(Office(400, 60, 6), returned=share)).days_mean for share in (0.0, 0.9))
    assert many < few / 1.5


def test_another_office_meets_the_same_applications() -> None:
    """The luck of a year does not depend on the office, so that two offices differ by what they are."""
    slow, quick = (year(Office(60, capacity, 6)) for capacity in (80, 160))
    assert slow.registered == quick.registered
    assert slow.to_oc_share == quick.to_oc_share


def test_a_check_takes_days_that_do_not_count() -> None:
    plain, checked_ = (year(evolve(Office(400, 60, 6), sensitive=share, check_days=200.0), 8000) for share in (0.0, 0.3))
    assert checked_.days_mean > plain.days_mean + 20
    assert checked_.overdue_share < 0.15  # those that are still being checked


# ---- what is published


def test_the_fitted_points_give_both_published_means() -> None:
    """With other seeds than they were fitted with, so within the spread of a year."""
    assert len(fitted_points()) >= 5
    for known in published():
        load = Load(known.applications, known.to_oc, known.to_acep)
        days = predict([load], known.positions[:1], LAW, seed=100, scale=20).days_mean
        assert days.low <= known.days_mean <= days.high
        assert days.mid == pytest.approx(known.days_mean, abs=2.5)


def test_a_fit_finds_what_made_the_years() -> None:
    """Capacity and depth are known from two years alone: the difference gives the one, the level the other."""
    truth = (100.0, 6.0)
    years = []
    for name, applications in (("one", 600), ("two", 840)):
        days = simulate(Office(10, *truth), applications, LAW, random.Random(1), scale=1).days_mean
        years.append(Year(name, applications, (10, 10), round(days), "simulated", "high"))
    told: list[str] = []
    ((capacity, depth),) = fit(LAW, (years[0], years[1]), seeds=[1], scale=1, tell=told.append)
    assert len(told) == 1
    assert capacity == pytest.approx(truth[0], rel=0.06)  # the means are rounded to a day
    assert depth == pytest.approx(truth[1], abs=1.5)
    impossible = evolve(years[1], days_mean=400.0)
    assert fit(LAW, (years[0], impossible), seeds=[1], scale=10, tell=told.append) == ()
    assert "left out" in told[-1]


def test_of_the_positions_added_only_a_part_decides() -> None:
    assert [staff(n) for n in (100, 403, 503)] == [100, 403, 443]


def test_every_published_figure_says_where_it_is_from() -> None:
    for known in (*published(), *checked()):
        assert known.positions[0] <= known.positions[1]
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


def test_a_regime_says_where_its_applications_come_from() -> None:
    mix = mix_under("us-monopoly", ON)
    assert set(mix_under("actual", ON)) < set(mix)
    total = applications_under("us-monopoly", ON)
    assert (sum(low for low, _ in mix.values()), sum(high for _, high in mix.values())) == (total.low, total.high)
    light, heavy = loads_under("us-monopoly", ON, published()[-1])
    assert (light.to_oc, light.sensitive) == (0.0126, 0.0)
    assert heavy.applications > light.applications
    assert heavy.to_oc > light.to_oc  # those for China may all be disputed that are not approved
    assert heavy.sensitive == pytest.approx(mix["CN"][1] / heavy.applications)


def test_a_prediction_is_a_range_over_points_and_numbers() -> None:
    loads = [Load(36000), Load(40000)]
    found = predict(loads, [585], LAW, scale=80)
    assert (found.applications.low, found.applications.high) == (36000, 40000)
    for name in ("days_mean", "backlog", "days_p90", "to_oc_share"):
        span = getattr(found, name)
        assert span.low < span.mid < span.high, name
    assert predict(loads, [585], LAW, scale=80) == found
    assert (found.to_oc_share.mid, found.to_acep_share.mid) == (0.0126, 0.0011)
    assert 0.011 < found.to_oc_share.low < 0.0126 < found.to_oc_share.high < 0.014
    fewer = predict(loads, [403], LAW, scale=80)
    assert fewer.days_mean.mid > found.days_mean.mid


def test_capacity_on_the_command_line() -> None:
    asked = ["license", "capacity", "--regime", "us-monopoly", "--scale", "100"]
    code, out, err = run([*asked, "--json"], "")
    document = json.loads(out)
    assert (code, err, [row["what"] for row in document["years"]]) == (0, "", ["us-monopoly"])
    assert document["caution"].startswith("Ranges, not forecasts")
    assert document["years"][0]["for_chips_by_country"]["CN"] == {"low": 50, "high": 500}
    question = ["license", "capacity", "--applications", "30000", "--positions", "500", "--scale", "100"]
    code, out, _ = run(question, "")
    assert (code, "500 positions" in out) == (0, True)
    (asked_year,) = json.loads(run([*question, "--json"], "")[1])["years"]
    for name in ("days_mean", "to_oc_share", "to_acep_share", "backlog", "overdue_share"):
        assert float(asked_year[name]["low"]) <= float(asked_year[name]["mid"]) <= float(asked_year[name]["high"])
    for wrong in (["--applications", "0"], ["--positions", "-5"], ["--scale", "0"], ["--to-oc", "2"], ["--to-acep", "0.5"]):
        code, _, err = run(["license", "capacity", *wrong], "")
        assert code == 3, err
    code, _, err = run(["license", "capacity", "--regime", "us-monoply", "--scale", "100"], "")
    assert (code, "us-monopoly" in err) == (4, True)


def test_the_published_years_stand_beside_what_the_model_says() -> None:
    asked = ["license", "capacity", "--published", "--scale", "200"]
    code, out, err = run([*asked, "--json"], "")
    rows = json.loads(out)["years"]
    assert (code, err, [row["fitted_on"] for row in rows]) == (0, "", [True, True, *[False] * len(checked())])
    for row in rows:
        assert float(row["error_days"]) == pytest.approx(float(row["predicted_days"]["mid"]) - float(row["days_mean"]), abs=0.1)
    code, out, _ = run(asked, "")
    assert (code, "FY2008" in out, "Fitted: a position finishes" in out) == (0, True, True)
