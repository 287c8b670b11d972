"""``--regime NAME`` and ``a+b`` in every verb that asks the law."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from penstock.apps.cli.main import cli, main

EXAMPLE = "examples/h200_to_malaysia.yaml"
ON = ("--on", "2026-06-15")
STACK = ("--regime", "us-monopoly+chip-security")
UNKNOWN = ("--regime", "us-monopoly+chip-securty")


@pytest.fixture(scope="module")
def book_of_orders(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("orders") / "orders.parquet"
    names = ["parties.ultimate_consignee." + part for part in ("country", "headquarters", "parent_headquarters")]
    rows = {"activity.type": ["export"], "origin.country": ["US"], "destination.country": ["GB"], "item.eccn": ["3A090.a"],
            "item.datacenter": [True], "item.aggregate_tpp": [100], **{name: ["GB"] for name in names},
            "parties.ultimate_consignee.lists": ["[]"]}  # fmt: skip
    pq.write_table(pa.table(rows), path)
    return str(path)


def run(*arguments: str) -> Any:
    return CliRunner().invoke(cli, arguments, catch_exceptions=False)


def verbs(orders: str, out: str, clock: str) -> dict[str, tuple[str, ...]]:
    return {
        "classify": ("classify", "h100-sxm", *ON),
        "decide": ("decide", EXAMPLE, *ON),
        "bulk": ("bulk", orders, out, *ON),
        "table": ("table", "supp5_part740_a", *ON),
        "clock": ("clock", clock, *ON),
        "owners": ("owners", "docs/examples/owners.yaml", *ON),
        "interview": ("interview", EXAMPLE, *ON, "--json"),
        "law show": ("law", "show", "worldwide_chips", *ON),
        "law diff": ("law", "diff", "2025-05-12", "2025-05-13"),
        "law witness": ("law", "witness", "2026-06-15", "2026-06-15/actual"),
        "law impact": ("law", "impact", "2026-06-15/actual", "2026-06-15", "--on-book", orders),
        "law prove": ("law", "prove", *ON),
    }


@pytest.mark.parametrize("verb", list(verbs("", "", "")))
def test_every_verb_takes_a_stack_and_refuses_an_unknown_one(
    verb: str, book_of_orders: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = verbs(book_of_orders, str(tmp_path / "out.parquet"), "docs/examples/application.yaml")[verb]
    assert run(*arguments, *STACK).exit_code == 0
    with pytest.raises(SystemExit) as left:
        main([*arguments, *UNKNOWN])
    assert left.value.code == 4
    told = capsys.readouterr()
    assert "'chip-securty'" in told.err + told.out
    assert "chip-security" in told.err + told.out


@pytest.mark.parametrize("verb", list(verbs("", "", "")))
@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "both change country_group"), ("zh-Hans", "都改动country_group"), ("zh-Hant", "都改動country_group")],
)
def test_every_verb_says_once_what_clashes_in_a_stack(
    verb: str, language: str, said: str, book_of_orders: str, tmp_path: Path
) -> None:
    arguments = verbs(book_of_orders, str(tmp_path / "out.parquet"), "docs/examples/application.yaml")[verb]
    clashing = run(*arguments, "--regime", "bilateral-deals+use-based+us-monopoly", "--lang", language)
    assert clashing.exit_code == 0
    assert clashing.stderr.count(said) == 1
    assert said not in run(*arguments, *STACK, "--lang", language).stderr


def test_a_point_of_law_and_a_design_of_ones_own_are_told_too(tmp_path: Path) -> None:
    assert "both change country_group" in run("law", "diff", "2026-06-15", "2026-06-15/bilateral-deals+use-based").stderr
    own = tmp_path / "own.yaml"
    own.write_text(
        "{id: own-repeal, title: own, cite: own, kind: design, force: proposed, effective: 2025-05-13, source: own,"
        " confidence: low, repeals: [country_group]}"
    )
    stack = ("--regime", "own-repeal+south-east-asia-patch+bilateral-deals", "--instrument", str(own))
    told = run("table", "d5_macau", *ON, *stack)
    assert told.exit_code == 0
    assert "own-repeal and bilateral-deals both change country_group" in " ".join(told.stderr.split())


def test_the_regime_changes_what_the_verbs_say(book_of_orders: str) -> None:
    shown = run("law", "show", "worldwide_chips", *ON, *STACK).output
    assert "A license is required for processors above a low TPP" in shown
    changes = json.loads(run("law", "diff", "2025-05-12", "2025-05-13", *STACK, "--json").output)["changes"]
    assert "worldwide_chips" in {change["id"] for change in changes}
    impact = json.loads(
        run("law", "impact", "2026-06-15/actual", "2026-06-15", "--on-book", book_of_orders, *STACK, "--json").output
    )
    assert impact["b"] == "2026-06-15/us-monopoly+chip-security"
    told = run("law", "witness", "2026-06-15", "2026-06-15/actual", *STACK).output
    assert "2026-06-15/us-monopoly+chip-security" in told


def test_a_point_that_names_its_regime_keeps_it() -> None:
    changes = json.loads(run("law", "diff", "2026-06-15/actual", "2026-06-15/actual", *STACK, "--json").output)["changes"]
    assert changes == []
