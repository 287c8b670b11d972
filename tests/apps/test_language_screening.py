"""Screening in Chinese: lists, graphs, rings and clearances leave no English sentence, and what programs read stays as it is."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from penstock.apps.cli.language import use
from tests.fuzz.test_documents import run

DOCS = Path(__file__).parents[2] / "docs" / "examples"
HUAWEI = "华为技术有限公司"
ENGLISH = re.compile(
    r"\b(the|of|is|are|be|not|no|and|or|from|until|by|in|on|an|with|has|hold|holds|held|entry|entries|names|parties|line|row|list"
    r"|listed|restricted|unverified|address|officer|phone|payer|found|given|kept|between|together|nearest|evidence|unknown)\b",
    re.IGNORECASE,
)
# Names and words of others: parties, files, streets, facts by their names.
KEPT = re.compile(
    r"Huawei Technologies Co., Ltd\.|Open Group|Unit 3, 7/F, 12 Example Road|(ultimate_consignee|parties)[.\w<>]+|lists(?=：)"
    r"|entry_id|basis_points：|#line-\d+|line-4|until(?=[不：])|owners(?=：)|parent_name(?=：)|No such file or directory|on\.csv|--[a-z-]+"
    r"|Payer Two|允许的值.*|允許的值.*|id,name，.*country,address"
)
FILES = {
    "first.csv": "entry_id,name,aliases,country,addresses\n1,Acme Chips,,CN,9 Quay Road Hongkong\n2,Borg,,XX,\n,Corp,,,\n,,,,\n2,Borg,,XX,\n",
    "second.csv": "entry_id,name,aliases,country,addresses\n2,Borg,Borg Semi,HK,\n2,Dorg,,HK,\n3,Corp,,HK,\n4,Eorg,,HK,\n",
    "ids.txt": f"{HUAWEI}\n",
    "graph.csv": (
        f"owner,owned,basis_points,from,until\n{HUAWEI},A,6000,,\n{HUAWEI},B,,,\nA,C,3000,,\nA,C,3000,,\nB,C,6000,,\n"
        "A,A,10,,\n,A,10,,\nX,,10,,\nX,A,abc,,\nX,A,10,2026-01-01,2025-01-01\nQ,A,9000,,\n"
    ),
    "takers.csv": "id,amount,address,ordered_on\na,many,,\nb,7,,soon\n",
    "sale.yaml": (DOCS / "singapore_buyer.yaml").read_text("utf-8").replace("Merlion Compute Pte Ltd", "C"),
    "near.yaml": (DOCS / "singapore_buyer.yaml").read_text("utf-8").replace("Merlion Compute Pte Ltd", "Inspur Groups Travel"),
}
ON = ("--on", "2026-06-15")
GRAPH = ("owners", "graph.csv", "--listed", "ids.txt", "--on")
CLEAR = ("clearances", "add", "kept.db", HUAWEI, "--entry", "EL-01", "--by", "B", "--why", "W", "--on", "2026-01-01", "--until")
# In this order: some keep what later ones read.
TALKS: list[tuple[int, tuple[str, ...], str]] = [
    (0, ("screen", HUAWEI), "对照"),
    (0, ("screen", "Huawei Tecnologies X"), "未找到"),
    (0, ("screen", "Quite Another Bakery"), "没有评分达到"),
    (0, ("screen", "--list", "first.csv", "--address", "9 Quay Road, Hong Kong"), "地址相同"),
    (0, ("screen", "--batch", str(DOCS / "parties.csv"), "--list", "first.csv", "--out", "hits.csv"), "清单第4行"),
    (0, (*CLEAR, "2027-01-01"), "有效至"),
    (0, ("clearances", "list", "kept.db"), "不是"),
    (0, ("screen", HUAWEI, *ON, "--clearances", "kept.db"), "已放行"),
    (0, ("lists", "show", "--list", "first.csv"), "个条目"),
    (0, ("lists", "add", "store.db", "first.csv", "--name", "own", "--as-of", "2025-01-01"), "保存为第1版"),
    (0, ("lists", "add", "store.db", "second.csv", "--name", "own", "--as-of", "2025-06-01"), "保存为第2版"),
    (0, ("lists", "add", "store.db", "second.csv", "--name", "two", "--as-of", "2025-06-01"), "保存为第3版"),
    (0, ("lists", "versions", "store.db"), "来自"),
    (0, ("lists", "diff", "store.db#own@2025-03-01", "store.db#own@2025-07-01"), "新增"),
    (0, ("lists", "on", "2025-03-01", "Acme Chips", "--list", "store.db"), "起"),
    (0, ("lists", "on", "2025-03-01", "Zed", "--list", "store.db"), "没有以该名称列名"),
    (0, ("screen", "Borg", "--list", "store.db", "--on", "2025-07-01"), "own（2025-06-01）、two（2025-06-01）"),
    (0, (*GRAPH, "2025-10-15"), "受限制"),
    (0, (*GRAPH, "2026-06-15", "--stance", "codified", "--regime", "carnegie-revised-tiers"), "假如该规则生效"),
    (0, ("rings", str(DOCS / "customers.csv"), "--limit", "26900"), "付款人"),
    (0, ("rings", "takers.csv", "--limit", "5"), "不是整数"),
    (0, ("decide", "sale.yaml", *ON, "--screen", "--owners", "graph.csv"), "未知份额"),
    (0, ("decide", "near.yaml", *ON, "--screen", "--owners", "graph.csv"), "请查看"),
    (3, ("screen", "X", "--list", "graph.csv"), "不是清单"),
    (3, ("screen", "--batch", "first.csv", "--out", "hits.csv"), "没有'id'列"),
    (3, ("lists", "diff", "first.csv", "ids.txt"), "不是清单"),
    (3, ("lists", "on", "2020-01-01", "X", "--list", "store.db"), "最早的版本"),
    (3, ("owners", "graph.csv", *ON), "标识"),
    (3, (*CLEAR, "2025-01-01"), "不晚于"),
    (3, ("rings", "first.csv", "--limit", "5"), "客户文件"),
]


@pytest.fixture(autouse=True)
def _a_folder_and_english_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, "utf-8")
    monkeypatch.chdir(tmp_path)
    yield
    use("en", asked=False)


@pytest.mark.parametrize("language", ["zh-Hans", "zh-Hant"])
def test_no_english_sentence_is_left(language: str) -> None:
    for code, arguments, marked in TALKS:
        got, said, err = run([*arguments, "--lang", language])
        assert got == code, (arguments, err)
        if language == "zh-Hans":
            assert marked in said + err, arguments
        for line in _of_screening(arguments[0], said + err):
            assert not ENGLISH.search(KEPT.sub("", line)), (arguments, line)


def _of_screening(verb: str, said: str) -> list[str]:
    """Return the lines to read: of a decision those before the first empty line, which are about the evidence."""
    return (said.partition("\n\n")[0] if verb == "decide" else said).splitlines()


def test_english_is_what_it_was() -> None:
    said = run([*GRAPH, "2026-06-15", "--regime", "carnegie-revised-tiers"])[1].splitlines()
    assert said[0] == (
        "On 2026-06-15, 1 of 5 entities would be restricted if the rule were in force (it is stayed) "
        "[90 FR 47201; 90 FR 50857; regime carnegie-revised-tiers]."
    )
    assert said[1:3] == [f"  A: 60 % held by {HUAWEI} 60 % (listed)", "  ? B: 0 to 100 %, cannot be determined, KYC-29"]
    assert "(it is not_in_force)" in run([*GRAPH, "2025-06-15"])[1]


def test_codes_in_documents_and_files_of_hits_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    english = json.loads(run([*GRAPH, "2025-10-15", "--json"])[1])
    other = json.loads(run([*GRAPH, "2025-10-15", "--json", "--lang", "zh-Hans"])[1])
    assert (other["restricted"], other["undetermined"]) == (english["restricted"], english["undetermined"])
    assert {stake["because"] for row in other["restricted"] for stake in row["proof"]} == {"listed"}
    monkeypatch.setenv("PENSTOCK_LANG", "zh-Hant")
    for arguments in (["screen", HUAWEI], ["lists", "show"], ["rings", str(DOCS / "customers.csv"), "--limit", "26900"]):
        assert run([*arguments, "--json"]) == run([*arguments, "--json", "--lang", "en"])
    written = {}
    for language in ("en", "zh-Hans"):
        run(["screen", "--batch", str(DOCS / "parties.csv"), "--out", f"{language}.csv", "--lang", language])
        written[language] = (Path(os.curdir) / f"{language}.csv").read_text("utf-8")
    assert written["en"] == written["zh-Hans"]
    assert "no entry comes near" in written["en"]
