"""``penstock interview`` as people, pipes and programs use it."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from penstock.apps.cli.interview import facts_yaml
from penstock.apps.cli.main import main
from penstock.terms.documents import parse_document, read_facts
from tests.transactions import export, party

ORDER = """
activity: {type: export}
origin: US
destination: MY
item: {chip: h200-sxm, quantity: 1000}
"""
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def order(tmp_path: Path) -> str:
    path = tmp_path / "order.yaml"
    path.write_text(ORDER, "utf-8")
    return str(path)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Return a function that runs the command with lines typed and gives exit code, standard output and standard error."""

    def held(*arguments: str, typed: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        with pytest.raises(SystemExit) as left:
            main(["interview", *arguments])
        said = capsys.readouterr()
        return int(left.value.code or 0), said.out, said.err

    return held


def test_it_asks_and_ends_with_the_determination(run: Run, order: str) -> None:
    code, out, err = run(order, "--on", "2026-06-15", "--stance", "enforced", typed="none\nMY\nMY\n")
    assert code == 0
    assert err.count("Decides: ") == 3
    assert "3. parties.ultimate_consignee.parent_headquarters" in err
    assert "744.11" in err
    assert out.splitlines()[-1].startswith("enforced: no_license_required | path NLR")


def test_a_bad_answer_is_asked_again_with_the_nearest_value(run: Run, order: str) -> None:
    code, out, err = run(order, "--on", "2026-06-15", "--stance", "enforced", typed="none\nMalaysia\n\nMY\n")
    assert code == 0
    assert "'Malaysia' is not an ISO 3166-1 alpha-2 code" in err
    assert "Did you mean MY?" in err
    assert "parties.ultimate_consignee.headquarters [MY]: " in err  # and nothing typed takes it
    assert "path NLR" in out


@pytest.mark.parametrize(("typed", "said"), [("entity_lst\nnone\n", "entity_list"), ("none, \nnone\n", "not allowed")])
def test_members_of_a_list_are_checked_one_by_one(run: Run, order: str, typed: str, said: str) -> None:
    _, _, err = run(order, "--on", "2026-06-15", typed=typed)
    assert said in err
    assert err.count("1. parties") == 1


def test_a_truth_is_read_as_in_a_document(run: Run, tmp_path: Path) -> None:
    # 740.28(d): an end user wholly owned by a government is no private sector end user
    consignee = {key: value for key, value in party("SA").items() if key != "wholly_government_owned"}
    document = export("SA", consignee=consignee, end_use={"types": ["production"], "onward_destinations": ["US"]})
    path = tmp_path / "facts.json"
    path.write_text(json.dumps(document), "utf-8")
    code, out, err = run(str(path), "--on", "2026-06-15", typed="no\n\n")
    assert "true or false is expected" in err
    assert "parties.ultimate_consignee.wholly_government_owned [false]: " in err
    assert code == 0
    assert out.splitlines()[-1].startswith("enforced: authorization_available | path ACM")


def test_a_contradiction_is_refused_when_it_is_answered(run: Run, tmp_path: Path) -> None:
    item = {"kind": "integrated_circuit", "datacenter": True, "performance_density": 6, "quantity": 3, "aggregate_tpp": 14_400}
    path = tmp_path / "facts.json"
    path.write_text(json.dumps(export("CN", item)), "utf-8")
    code, out, err = run(str(path), "--on", "2026-06-15", "--stance", "enforced", typed="4000\n4800\n")
    assert "item.aggregate_tpp is given as 14400, but item.tpp times item.quantity come to 12000" in err
    assert "item.aggregate_tpp would have to be 12000" in err
    assert "[12000]" not in err
    assert err.count("1. item.tpp") == 1
    assert code == 0
    assert "enforced: license_required" in out


def test_unknown_is_an_answer_but_not_to_what_is_done(run: Run) -> None:
    code, out, err = run("--on", "2026-06-15", typed="?\nre-export\nreexport\n?\n?\n")
    assert code == 0
    assert "may be unknown, but not what is to be done" in err
    assert "Did you mean reexport?" in err
    assert "codified: unknown" in out


def test_the_end_of_input_decides_on_what_was_said(run: Run, order: str, tmp_path: Path) -> None:
    saved = tmp_path / "facts.yaml"
    code, out, _ = run(order, "--on", "2026-06-15", "--save", str(saved), typed="none\n")
    assert code == 0
    assert "Would decide it:" in out
    assert read_facts(parse_document(saved.read_text("utf-8"))).values["parties.ultimate_consignee.lists"] == ()


def test_no_answer_to_what_is_done_is_an_error(run: Run) -> None:
    code, out, err = run("--on", "2026-06-15")
    assert (code, out) == (3, "")
    assert "activity.type is not given" in err


def test_an_interrupted_interview_writes_nothing(run: Run, order: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = iter(["none", "MY"])

    def typed() -> str:
        try:
            return next(lines)
        except StopIteration:
            raise KeyboardInterrupt from None

    monkeypatch.setattr("builtins.input", typed)
    saved = tmp_path / "facts.yaml"
    code, out, _ = run(order, "--on", "2026-06-15", "--save", str(saved))
    assert (code, out) == (130, "")
    assert [path.name for path in tmp_path.iterdir()] == ["order.yaml"]


def test_saved_facts_start_the_next_interview_where_this_one_ended(run: Run, order: str, tmp_path: Path) -> None:
    saved = str(tmp_path / "facts.yaml")
    run(order, "--on", "2026-06-15", "--stance", "enforced", "--save", saved, typed="none\nMY\nMY\n")
    code, out, err = run(saved, "--on", "2026-06-15", "--stance", "enforced")
    assert (code, err) == (0, "")
    assert "path NLR" in out


def test_a_file_that_cannot_be_written_is_refused_before_anything_is_asked(run: Run, order: str, tmp_path: Path) -> None:
    code, _, err = run(order, "--on", "2026-06-15", "--save", str(tmp_path / "nowhere" / "facts.yaml"), typed="none\n")
    assert code == 5
    assert "Decides" not in err


def test_json_prints_one_question_and_asks_nothing(run: Run, order: str) -> None:
    code, out, err = run(order, "--on", "2026-06-15", "--json")
    question = json.loads(out)
    assert (code, err) == (0, "")
    assert set(question) == {"id", "question", "type", "enum", "unit", "why", "decides", "open"}
    assert (question["id"], question["type"]) == ("parties.ultimate_consignee.lists", "list<enum>")
    assert question["why"][0]["cite"] == "744.11"


def test_json_leads_through_the_whole_interview(run: Run, tmp_path: Path) -> None:
    """A program keeps nothing but the facts, and what nobody could tell."""
    answers: dict[str, Any] = {"activity.type": "export", "origin.country": "US", "destination.country": "MY",
                               "item.kind": "integrated_circuit", "item.chip": "h200-sxm", "parties.ultimate_consignee.lists": [],
                               "parties.ultimate_consignee.headquarters": "MY",
                               "parties.ultimate_consignee.parent_headquarters": "MY"}  # fmt: skip
    facts: dict[str, Any] = {}
    skipped: list[str] = []
    path = tmp_path / "facts.json"
    for _ in range(30):
        path.write_text(json.dumps(facts), "utf-8")
        skip = [word for name in skipped for word in ("--skip", name)]
        question = json.loads(run(str(path), "--on", "2026-06-15", "--stance", "enforced", "--json", *skip)[1])
        if question["id"] is None:
            break
        if question["id"] in answers:
            facts[question["id"]] = answers[question["id"]]
        else:
            skipped.append(question["id"])
    assert question["enforced"] == {"license_required": False, "outcome": "no_license_required", "path": "NLR",
                                    "review_policy": "not_applicable"}  # fmt: skip
    assert (question["missing_facts"], question["open"]) == ([], 0)


def test_answers_are_used_as_if_they_were_typed(run: Run, order: str, tmp_path: Path) -> None:
    more = tmp_path / "answers.yaml"
    more.write_text("parties: {ultimate_consignee: {lists: [], headquarters: MY, parent_headquarters: MY}}", "utf-8")
    code, out, err = run("--on", "2026-06-15", "--stance", "enforced", "--answers", str(more), order)
    assert (code, err) == (0, "")
    assert "path NLR" in out


def test_a_product_among_the_answers_answers_what_is_asked_about_the_item(run: Run, order: str) -> None:
    code, out, _ = run("--on", "2026-06-15", "--json", "--answers", order)
    assert code == 0
    assert json.loads(out)["id"].startswith("parties.")


@pytest.mark.parametrize(("arguments", "code", "said"), [
    (["--on", "2026-02-30"], 3, "not a day of the calendar"),
    (["--on", "2019-01-01"], 4, "the book begins on"),
    (["--on", "2026-06-15", "--regime", "difusion-as-written"], 4, "Did you mean diffusion-as-written?"),
    (["--on", "2026-06-15", "--skip", "item.quantty"], 3, "Did you mean item.quantity?"),
    (["--on", "2026-06-15", "nowhere.yaml"], 5, "cannot be read"),
    ([], 2, "--on"),
])  # fmt: skip
def test_what_cannot_be_asked_is_an_error(run: Run, arguments: list[str], code: int, said: str) -> None:
    found = run(*arguments)
    assert found[0] == code
    assert said in found[2]


def test_saved_facts_read_back_as_the_same_facts() -> None:
    facts = read_facts({
        "destination": "NO", "item": {"eccn": "4E091", "tpp": 15831.2, "training_operations": 1e26},
        "counters": {"uveu_share_by_country": {"NO": 0.05, "SG": 0.1}},
        "parties": {"end_user": {"name": "12e5", "first_advanced_ic_order_on": "2024-03-01",
                                 "owners": [{"name": "A: b, #c", "share": 0.3333, "lists": ["entity_list"]}]},
                    "purchaser": {"name": "* true\n- no", "lists": []}},
    })  # fmt: skip
    assert read_facts(parse_document(facts_yaml(facts))) == facts
