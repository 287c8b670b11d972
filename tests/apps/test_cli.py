"""The command line: every verb of the contract, its exit codes, and one JSON document on standard output."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from penstock.decision.library import book
from penstock.terms.vocabulary import vocabulary
from tests.fuzz.test_documents import run
from tests.transactions import chips, export, party

EXAMPLE = Path(__file__).parents[2] / "examples" / "h200_to_malaysia.yaml"
BRAZIL = json.dumps(export("BR", chips(), party("BR")))


def asked(*arguments: str, text: str = "") -> Any:
    code, out, err = run([*arguments, "--json"], text)
    assert (code, err) == (0, "")
    return json.loads(out)


def refused(*arguments: str, text: str = "") -> tuple[str, int]:
    code, out, err = run([*arguments, "--json"], text)
    document = json.loads(out)
    assert err == ""
    assert document["exit_code"] == code
    return document["error"]["code"], code


def test_decide_prints_both_stances_last() -> None:
    """Contract 7: text output ends with one line per stance."""
    code, out, _ = run(["decide", str(EXAMPLE), "--on", "2026-06-15"])
    assert code == 0
    codified, enforced = out.splitlines()[-2:]
    assert codified.startswith("codified: authorization_available | path LPP | ")
    assert enforced.startswith("enforced: no_license_required | path NLR | ")


def test_a_reader_that_has_read_enough_is_no_failure() -> None:
    """Contract 7: 1 means that cases failed; ``penstock … | head`` ends with 0."""
    program = [sys.executable, "-c", "from penstock.apps.cli.main import main; main()"]
    arguments = [*program, "table", "country_group", "--on", "2026-01-01"]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        said = process.stderr.read()
    assert (process.returncode, said) == (0, b"")


def test_decide_as_json() -> None:
    document = asked("decide", "-", "--on", "2025-06-01", text=BRAZIL)
    assert (document["on"], document["known"], document["regime"]) == ("2025-06-01", None, "actual")
    assert document["stances_differ"] is True
    assert asked("decide", "-", "--on", "2025-06-01", "--stance", "codified", text=BRAZIL) == document["codified"]


def test_decide_reads_known_regime_and_readings() -> None:
    before = asked("decide", "-", "--on", "2025-06-01", "--known", "2025-05-12", text=BRAZIL)
    assert (before["known"], before["stances_differ"]) == ("2025-05-12", False)
    written = asked("decide", "-", "--on", "2025-06-01", "--regime", "diffusion-as-written", text=BRAZIL)
    assert (written["regime"], written["enforced"]["outcome"]) == ("diffusion-as-written", "license_required")
    read = asked("decide", "-", "--on", "2025-06-01", "--set", "lpp_5a002=included", text=BRAZIL)
    assert read["switches"]["lpp_5a002"] == "included"
    assert run(["decide", "-", "--on", "2025-06-01", "--set", "lpp_5a002=included"], BRAZIL)[1].count("lpp_5a002=included") == 1


def test_decide_explains() -> None:
    code, out, _ = run(["decide", "-", "--on", "2025-06-01", "--explain"], BRAZIL)
    assert code == 0
    assert "✓ worldwide_a" in out
    assert "[742.6(a)(6)(iii)(A); 90 FR 4544]" in out


@pytest.mark.parametrize(
    ("arguments", "text", "code", "exit_code"),
    [
        (["decide", "-", "--on", "2025-06-01"], "item: {tpq: 1}", "unknown_fact", 3),
        (["decide", "-", "--on", "2025-06-01"], "{}", "missing_required", 3),
        (["decide", "-", "--on", "2025-06-01"], "[1]", "bad_document", 3),
        (["decide", "-", "--on", "2025-02-30"], BRAZIL, "bad_date", 3),
        (["decide", "-", "--on", "2021-06-01"], BRAZIL, "date_out_of_range", 4),
        (["decide", "-", "--on", "2025-06-01", "--known", "x"], BRAZIL, "bad_date", 3),
        (["decide", "-", "--on", "2025-06-01", "--regime", "x"], BRAZIL, "unknown_regime", 4),
        (["decide", "-", "--on", "2025-06-01", "--set", "x=1"], BRAZIL, "unknown_switch", 4),
        (["decide", "-", "--on", "2025-06-01", "--set", "x"], BRAZIL, "unknown_switch", 4),
        (["decide", "no-such.yaml", "--on", "2025-06-01"], "", "bad_document", 5),
        (["classify", "no such chip"], "", "unknown_chip", 3),
        (["classify", "no-such.yaml"], "", "bad_document", 5),
        (["table", "no_such", "--on", "2025-06-01"], "", "bad_enum", 3),
        (["table", "treated_as", "UK", "--on", "2025-06-01"], "", "bad_country", 3),
        (["facts", "item.tpq"], "", "unknown_fact", 3),
        (["law", "show", "740.99", "--on", "2025-06-01"], "", "unknown_citation", 4),
        (["law", "diff", "2025-06-01", "x"], "", "bad_date", 3),
        (["law", "diff", "2025-06-01", "2025-06-02/x"], "", "unknown_regime", 4),
    ],
)
def test_errors_are_documents_with_the_codes_of_the_contract(arguments: list[str], text: str, code: str, exit_code: int) -> None:
    """Contract 7 and 8."""
    assert refused(*arguments, text=text) == (code, exit_code)


def test_errors_are_sentences_without_json() -> None:
    """Contract 8: with --json on stdout, else on stderr."""
    code, out, err = run(["decide", "-", "--on", "2025-06-01"], "activity: {type: re-export}\nitem: {tpq: 1}")
    assert (code, out) == (3, "")
    assert "activity.type: 're-export' is not allowed" in err
    assert "Did you mean reexport?" in err
    assert "also: item.tpq is not a fact (did you mean item.tpp?)" in err


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["frob"],
        ["decide"],
        ["decide", "-"],
        ["decide", "-", "--on"],
        ["decide", "-", "--stance", "x", "--on", "2025-06-01"],
        ["table"],
        ["law"],
        ["cases"],
    ],
)
def test_usage_errors_are_2(arguments: list[str]) -> None:
    """Contract 7."""
    code, out, err = run(arguments)
    assert (code, out) == (2, "")
    assert err.startswith(("Usage: penstock", "Error: "))


def test_classify_a_chip_and_a_file() -> None:
    answer = asked("classify", "h20")
    assert (answer["eccn"], answer["on"]) == ("none", "2026-07-23")
    assert asked("classify", str(EXAMPLE), "--on", "2026-01-15")["tariff_232_band"] == "band_1"
    assert asked("classify", "-", "--on", "2025-06-01", text="item: {kind: hbm, hbm_bandwidth_density: 3}")["eccn"] == "3A090.c"
    code, out, _ = run(["classify", "A100"])
    assert code == 0
    assert out.startswith("A100 on 2026-07-23: ")


def test_table_in_words_and_as_json() -> None:
    assert asked("table", "nveu_installed_base_tpp", "2025Q2", "--on", "2025-06-01")["values"] == {"2025Q2": 949_500_000}
    code, out, _ = run(["table", "d5_macau", "--on", "2026-07-23"])
    assert code == 0
    assert "MO" in out
    assert ": 23" in out


def test_facts_are_listed_and_described() -> None:
    (entry,) = asked("facts", "item.tpp")
    assert (entry["type"], entry["unit"], entry["absent"]) == ("number", "TPP", "computed")
    assert len(asked("facts")) == len(vocabulary().facts)
    assert {entry["name"] for entry in asked("facts", "item.designer")} >= {"item.designer.status", "item.designer.headquarters"}
    assert run(["facts"])[1].count("\n") == len(vocabulary().facts)
    assert "TPP" in run(["facts", "item.tpp"])[1]


def test_law_show_and_diff() -> None:
    found = asked("law", "show", "740.29(d)", "--on", "2025-06-01")["provisions"]
    assert 26_900_000 in {entry.get("value") for entry in found}
    changes = asked("law", "diff", "2025-05-14", "2025-05-15", "--witness")
    assert {"worldwide_a", "weights_4e091"} <= {change["id"] for change in changes["changes"]}
    assert changes["witness"]["stance"] == "codified"
    nothing = asked("law", "diff", "2025-06-01", "2025-06-01@2026-01-01/actual", "--witness")
    assert (nothing["changes"], nothing["witness"]) == ([], None)
    for words in (["law", "show", "740.29(d)", "--on", "2025-06-01"], ["law", "diff", "2025-05-14", "2025-05-15", "--witness"]):
        code, out, err = run(words)
        assert (code, err) == (0, "")
        assert out


def test_diff_between_knowledge_dates_and_regimes() -> None:
    """Contract 7: A, B = DATE[@KNOWN][/REGIME]."""
    known = asked("law", "diff", "2025-06-01@2025-05-12", "2025-06-01")["changes"]
    assert "nonenforcement-2025-05-13" in {change["id"] for change in known}
    regime = asked("law", "diff", "2025-06-01", "2025-06-01/diffusion-as-written")["changes"]
    assert {"diffusion-as-written", "worldwide_a"} <= {change["id"] for change in regime}


def test_version_prints_what_an_auditor_needs() -> None:
    document = asked("version")
    assert set(document) >= {"package", "schema", "law_hash", "data_dates"}
    assert document["law_hash"] == book().law(yaml_day(document["data_dates"]["chips"])).hash
    assert run(["version"])[0] == 0
    assert run(["--version"]) == run(["version"])


def yaml_day(text: str) -> Any:
    import datetime as dt

    return dt.date.fromisoformat(text)


CASES = {
    "format": "penstock-cases/1",
    "cases": [
        {
            "id": "right",
            "kind": "decision",
            "topic": "one",
            "on": "2025-06-01",
            "stance": "enforced",
            "facts": {"activity": {"type": "iaas"}},
            "expect": {"outcome": "no_license_required"},
        },
        {
            "id": "wrong",
            "kind": "classification",
            "topic": "two",
            "on": "2025-06-01",
            "facts": {"item": {"chip": "h20"}},
            "expect": {"eccn": "3A090.a"},
        },
        {
            "id": "asked",
            "kind": "classification",
            "topic": "two",
            "confidence": "low",
            "on": "2025-06-01",
            "facts": {"item": {"chip": "h20"}},
            "expect": {"eccn": "3A090.b"},
        },
    ],
}


def test_cases_run_prints_failures_questions_and_counts() -> None:
    """Contract 5: one line per failure, `ID | path | expected | got`, a low case is a question, and the counts."""
    code, out, _ = run(["cases", "run", "-"], json.dumps(CASES))
    assert code == 1
    assert out.splitlines() == [
        "wrong | eccn | 3A090.a | none",
        "asked | question | eccn | 3A090.b | none",
        "1 passed, 1 failed, 1 questions",
    ]


@pytest.mark.parametrize(
    ("options", "counts", "code"),
    [
        (["--kind", "decision"], "1 passed, 0 failed, 0 questions", 0),
        (["--topic", "two"], "0 passed, 1 failed, 1 questions", 1),
        (["--min-confidence", "medium"], "1 passed, 1 failed, 0 questions", 1),
        (["--kind", "table"], "0 passed, 0 failed, 0 questions", 0),
    ],
)
def test_cases_can_be_chosen(options: list[str], counts: str, code: int) -> None:
    found, out, _ = run(["cases", "run", "-", *options], json.dumps(CASES))
    assert (found, out.splitlines()[-1]) == (code, counts)


def test_the_example_is_a_document_yaml_readers_agree_on() -> None:
    """The example has no key that YAML 1.1 would read otherwise."""
    assert yaml.safe_load(EXAMPLE.read_text("utf-8"))["destination"] == {"country": "MY"}
