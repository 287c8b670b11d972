"""``--lang`` on the command line: every verb has it, documents follow it and no other, English loads nothing."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from penstock.apps.cli.language import use
from penstock.apps.cli.main import cli
from penstock.terms.languages import LANGUAGES
from tests.fuzz.test_documents import run
from tests.transactions import chips, export, party

BRAZIL = json.dumps(export("BR", chips(), party("BR", name="Dados Lda")))
DOCS = Path(__file__).parents[2] / "docs" / "examples"
ON = ("--on", "2026-06-15")
CHINESE = re.compile(r"[\u4e00-\u9fff]")
# English words that stay: names of facts and provisions, citations, codes and the files and sources of others.
VERBS: list[tuple[list[str], str]] = [
    (["decide", "-", *ON], BRAZIL),
    (["decide", "-", *ON, "--explain"], BRAZIL),
    (["decide", "-", *ON, "--regime", "carnegie-revised-tiers+chip-security"], BRAZIL),
    (["classify", "h20", *ON], ""),
    (["classify", "-", *ON], json.dumps({"item": {"kind": "integrated_circuit", "tpp": 5000}})),
    (["table", "d5_macau", *ON], ""),
    (["law", "show", "740.29(d)", *ON], ""),
    (["law", "show", "90 FR 4544", *ON], ""),
    (["law", "show", "Supp. No. 10 to part 748", *ON], ""),
    (["law", "show", "BIS policy statement 2025-05-13", *ON], ""),
    (["law", "diff", "2025-05-12", "2025-05-13", "--witness"], ""),
    (["law", "witness", "2025-05-12", "2025-05-13"], ""),
    (["law", "coverage"], ""),
    (["owners", str(DOCS / "owners.yaml"), *ON], ""),
    (["clock", str(DOCS / "application.yaml"), *ON], ""),
    (["facts", "item.tpp"], ""),
    (["version"], ""),
    (["cases", "run", str(DOCS / "cases.yaml")], ""),
    (["license", "demo", "--until", "2026-04-01"], ""),
    (["license", "agreement"], ""),
    (["license", "agreement", "allocation-doubling", "--partner", "MY", "--on", "2025-06-01"], ""),
    (["license", "agreement", "battle-act", "--partner", "BR", "--on", "2025-06-01"], ""),
    (["license", "draft", str(DOCS / "h20_to_china.yaml"), *ON], ""),
    (["license", "capacity", "--applications", "40000"], ""),
]
ENGLISH = re.compile(r"\b(the|is|are|not|and|which|must|may)\b")


@pytest.fixture(autouse=True)
def _english_again() -> Iterator[None]:
    yield
    use("en", asked=False)


def leaves(command: click.Command, path: tuple[str, ...] = ()) -> list[tuple[str, click.Command]]:
    if not isinstance(command, click.Group):
        return [(" ".join(path), command)]
    return [(" ".join(path) or "penstock", command)] + [
        leaf for name, inner in command.commands.items() for leaf in leaves(inner, (*path, name))
    ]


@pytest.mark.parametrize(("name", "command"), leaves(cli), ids=[name for name, _ in leaves(cli)])
def test_every_verb_has_the_option(name: str, command: click.Command) -> None:
    assert [option.name for option in command.params].count("lang") == 1


@pytest.mark.parametrize("language", ["zh-Hans", "zh-Hant"])
@pytest.mark.parametrize(("arguments", "text"), VERBS, ids=[" ".join(arguments[:2]) for arguments, _ in VERBS])
def test_every_verb_speaks(arguments: list[str], text: str, language: str) -> None:
    code, said, err = run([*arguments, "--lang", language], text)
    assert (code, err) == (0, "")
    assert CHINESE.search(said)
    for line in said.splitlines():
        assert len(ENGLISH.findall(_plain(line))) < 2, line


def _plain(line: str) -> str:
    """Leave out of a line what is the same in every language: rules, expressions, citations and the sources of others."""
    return "" if re.search(r"规则：|規則：|[✓✗=] .*\b(in|is)\b|来源|來源|that cites|TechPowerUp|Federal Register", line) else line


@pytest.mark.parametrize("language", ["zh-Hans", "zh-Hant"])
def test_cases_and_their_refusals_are_told_in_the_language(language: str, tmp_path: Path) -> None:
    kept = ("--store", str(tmp_path / "cases.db"), "--lang", language)

    def told(*arguments: str, code: int = 0) -> str:
        found, out, err = run(["license", *arguments, *kept], "")
        assert found == code, out + err
        assert CHINESE.search(out + err)
        assert not ENGLISH.search(out + err), out + err
        return out + err

    day = "2026-02-03"
    told("open", "C-1", str(DOCS / "large_order.yaml"), "--on", "2026-02-02")
    told("event", "C-1", "referred", "--on", day, "--by", "Commerce", "--say", "agencies=[State, Defense]")
    refused = told("vote", "C-1", "deny", "--on", day, "--by", "State", "--reasons", "x", code=3)
    assert re.search(r"State[于於]2026-02-03的[“「]提出建[议議][”」]：未[说說]明statutory_basis", refused)
    told("event", "C-1", "recommended", "--on", day, "--by", "Energy", "--say", "recommendation=approve", code=3)
    told("event", "C-1", "issued", "--on", day, "--by", "Commerce", "--say", "license=D1", "--say", "validity_months=12", code=3)
    told("event", "C-1", "refered", "--on", day, "--by", "Commerce", code=3)
    told("lapses", "--on", day, "--within", "90")
    told("queue", "--on", "2026-06-01")
    told("show", "C-1", "--on", "2026-06-01")


@pytest.mark.parametrize("language", ["zh-Hans", "zh-Hant"])
def test_quota_and_what_is_refused_are_told_in_the_language(language: str, tmp_path: Path) -> None:
    ledger = str(tmp_path / "quota.db")

    def told(*arguments: str, code: int = 0, stdin: str = "") -> str:
        found, out, err = run([*arguments, "--ledger", ledger, "--lang", language], stdin)
        assert found == code, out + err
        assert CHINESE.search(out + err)
        assert not ENGLISH.search(out + err), out + err
        return out + err

    told("ledger", "create", "--origin", "example.org/quota", "--signing-key", str(tmp_path / "key.pem"))
    told("ledger", "balance")
    shipping = ("ship", "-", *ON, "--stance", "codified", "--client", "exporter", "--key")
    order = (DOCS / "low_volume.yaml").read_text("utf-8")
    assert "15,831,200" in told(*shipping, "PO-1", stdin=order)
    told(*shipping, "PO-1", stdin=order)
    told(*shipping, "PO-2", stdin=order)
    told("ledger", "void", "--client", "exporter", "--key", "V-1", "--of", "nothing")
    told("ledger", "commit", "--client", "exporter", "--key", "C-1", "--of", "PO-1", "--leg", "nothing=3", code=3)
    told("ledger", "close", "lpp_calendar_year/example data sdn bhd/2026@actual", "--cite", "law", "--client", "x", "--key", "X")
    for verb in (["balance"], ["history"], ["duties", *ON, "--until", "2026-12-31"], ["verify"], ["expire"]):
        told("ledger", *verb)


def test_charts_keep_their_columns_in_chinese() -> None:
    from rich.cells import cell_len

    _, out, _ = run(["license", "demo", "--until", "2026-04-01", "--lang", "zh-Hans"], "")
    rows = [line for line in out.splitlines() if re.search("[█░─]", line)]
    assert len(rows) > 5
    assert all(cell_len(re.split("[█░─]", row)[0]) >= 47 for row in rows)
    registered = next(row for row in rows if "█" in row)
    assert cell_len(registered.split("█")[0]) == 47


def test_codes_numbers_and_names_are_those_of_english() -> None:
    said = {language: run(["decide", "-", *ON, "--lang", language], BRAZIL)[1] for language in LANGUAGES}
    kept = re.compile(r"\d{4}-\d\d-\d\d|\b[\d,]+ TPP|\[[^\]]*\d[^\]]*\]|\b[A-Z]{3,4}\b(?=[：:])|Dados Lda")
    found = [sorted(kept.findall(re.sub(r"\s+", " ", text)), key=str) for text in said.values()]
    for wanted in ("Dados Lda", "2026-06-15"):
        assert all(wanted in one for one in found)
    assert len({tuple(sorted(set(re.findall(r"\[\d{3}\.\d+[^\]]*\]", text)))) for text in map(_joined, said.values())}) == 1


def _joined(text: str) -> str:
    return re.sub(r"\s+", "", text)


@pytest.mark.parametrize("language", ["zh-Hans", "zh-Hant"])
def test_documents_keep_keys_and_codes_and_say_prose_in_the_language(language: str) -> None:
    english = json.loads(run(["decide", "-", *ON, "--json"], BRAZIL)[1])
    other = json.loads(run(["decide", "-", *ON, "--json", "--lang", language], BRAZIL)[1])
    assert other["law_hash"] == english["law_hash"]
    different = list(differences(english, other))
    assert different
    prose = {"text", "title", "question", "assumptions"}
    assert {path[-1] if isinstance(path[-1], str) else path[-2] for path, _ in different} <= prose
    assert all(CHINESE.search(said) for _, said in different)


def differences(one: Any, two: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    if isinstance(one, dict):
        assert one.keys() == two.keys()
        for key in one:
            yield from differences(one[key], two[key], (*path, key))
    elif isinstance(one, list):
        assert len(one) == len(two)
        for index, pair in enumerate(zip(one, two, strict=True)):
            yield from differences(*pair, (*path, index))
    elif one != two:
        yield path, two


def test_the_environment_chooses_for_people_and_never_for_documents(monkeypatch: pytest.MonkeyPatch) -> None:
    english = run(["decide", "-", *ON, "--json"], BRAZIL)[1]
    monkeypatch.setenv("PENSTOCK_LANG", "zh-Hant")
    assert run(["decide", "-", *ON, "--json"], BRAZIL)[1] == english
    assert "成文口徑" in run(["decide", "-", *ON], BRAZIL)[1]
    assert "As codified" in run(["decide", "-", *ON, "--lang", "en"], BRAZIL)[1]


def test_the_option_may_stand_before_the_verb() -> None:
    after = run(["law", "show", "LPP", *ON, "--lang", "zh-Hant"], "")
    assert run(["--lang", "zh-Hant", "law", "show", "LPP", *ON], "") == after
    assert run(["--lang", "zh-Hans", "law", "--lang", "zh-Hant", "show", "LPP", *ON], "") == after


def test_lang_of_the_system_does_not_choose(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    assert "As codified" in run(["decide", "-", *ON], BRAZIL)[1]


def test_an_unknown_language_is_refused_with_the_nearest(monkeypatch: pytest.MonkeyPatch) -> None:
    code, _, err = run(["version", "--lang", "zh-TW"], "")
    assert code == 3
    assert "Did you mean zh-Hant?" in err
    monkeypatch.setenv("PENSTOCK_LANG", "klingon")
    code, _, err = run(["version"], "")
    assert code == 3
    assert "PENSTOCK_LANG: 'klingon' is no language Penstock speaks" in err


def test_errors_and_what_to_do_about_them_are_translated() -> None:
    code, _, err = run(["decide", "-", *ON, "--lang", "zh-Hans"], '{"activity": {"type": "re-export"}}')
    assert (code, err.splitlines()[:2]) == (3, ["penstock: activity.type：不允许're-export'", "  是否指reexport？"])
    code, out, _ = run(["decide", "-", "--on", "2021-01-01", "--lang", "zh-Hant", "--json"], BRAZIL)
    assert (code, json.loads(out)["error"]["message"]) == (4, "on：法律庫自2022-01-01起；2021-01-01不在其內")


@pytest.mark.parametrize(("arguments", "loaded"), [([], False), (["--lang", "en"], False), (["--lang", "zh-Hans"], True)])
def test_english_reads_no_catalog(arguments: list[str], loaded: bool) -> None:
    code = (
        "import sys; from penstock.apps.cli.main import main\n"
        "try: main(['version', *sys.argv[1:]])\n"
        "except SystemExit: print('penstock.terms.languages.catalog' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, encoding="utf-8", check=True)
    assert done.stdout.splitlines()[-1] == str(loaded)


@pytest.mark.parametrize(("language", "said"), [("zh-Hans", "可用条件："), ("zh-Hant", "可用條件：")])
def test_rules_read_in_words_in_the_language_with_facts_and_codes_by_their_names(language: str, said: str) -> None:
    _, out, _ = run(["law", "show", "LPP", *ON, "--lang", language], "")
    assert said in out
    assert "- [740.29(a)] activity.type为export或reexport" in out.replace("為", "为")
    document = json.loads(run(["law", "show", "LPP", *ON, "--json", "--lang", language], "")[1])
    assert "activity.type" in document["provisions"][0]["in_words"][0]


def test_rules_in_words_of_a_document_follow_the_command_line_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    english = run(["law", "show", "LPP", *ON, "--json"], "")[1]
    monkeypatch.setenv("PENSTOCK_LANG", "zh-Hant")
    assert run(["law", "show", "LPP", *ON, "--json"], "")[1] == english
    assert "可用條件：" in run(["law", "show", "LPP", *ON], "")[1]
