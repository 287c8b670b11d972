"""Names in any script: how they are read, what they find, and that no entry is ever dropped in silence."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.screening.lists import read_list
from penstock.screening.names.features import FEATURES
from penstock.screening.names.index import Listed, NameIndex, grams
from penstock.screening.names.ranker import ranker
from penstock.screening.names.reading import read_name
from penstock.screening.names.search import Search
from penstock.screening.names.words import han_terms
from penstock.screening.names.writing import cantonese, fold, pinyin, plain
from penstock.screening.screener import Entry, Screener

CSL = Path(__file__).resolve().parents[3] / "shared/data/screening/csl_2026-07-31_seelpeed.json"

PARTIES = [
    "Huawei Technologies Co., Ltd.",
    "China Electronics Technology Group Corporation 54th Research Institute",
    "China Electronics Technology Group Corporation 55th Research Institute",
    "Guangzhou Haige Communication Group Co., Ltd.",
    "Joint Stock Company Almaz-Antey Telecommunications",
    "Shanghai Biren Technology Co., Ltd.",
    "Shenzhen Fudan Microelectronics Co., Ltd.",
    "Semiconductor Manufacturing International Corporation (SMIC)",
    "Guangzhou Ausay Technology Co., Ltd.",
    "Wing Tat Electronics (HK) Limited",
    "Harbin Institute of Technology",
    "Toyota Trading Corporation",
    "National University of Defense Technology",
    "中兴通讯股份有限公司",
    "Cheung Kong Precision Instruments Ltd",
    "Nippon Seimitsu Kikai Kabushiki Kaisha",
    "Shipbuilding State Complex Zvezda",
]


@pytest.fixture(scope="module")
def screener() -> Screener:
    return Screener([Entry(str(i), name) for i, name in enumerate(PARTIES)])


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        pytest.param("华为技术有限公司", 0, id="simplified"),
        pytest.param("華為技術有限公司", 0, id="traditional"),
        pytest.param("HUA WEI TECHNOLOGY", 0, id="syllables apart"),
        pytest.param("Huawei Tech. Company Limited", 0, id="abbreviated"),
        pytest.param("中国电子科技集团公司第五十四研究所", 1, id="an ordinal in characters"),
        pytest.param("CETC 55th Research Institute", 2, id="an acronym and a number"),
        pytest.param("HAIGE GUANGZHOU", 3, id="words in another order"),
        pytest.param("广州海格通信集团股份有限公司", 3, id="a brand and a place"),
        pytest.param("Almaz Antey Telecom", 4, id="a shorter word"),
        pytest.param("ООО Алмаз-Антей Телеком", 4, id="Cyrillic"),
        pytest.param("上海壁仞科技股份有限公司", 5, id="a brand that is no pinyin"),
        pytest.param("SMIC", 7, id="an acronym"),
        pytest.param("广州欧赛科技有限公司", 8, id="a brand read out"),
        pytest.param("永達電子(香港)有限公司", 9, id="Cantonese"),
        pytest.param("哈尔滨工业大学", 10, id="a university by its own English"),
        pytest.param("トヨタ商事株式会社", 11, id="kana"),
        pytest.param("国防科技大学", 12, id="a short form"),
        pytest.param("ZTE Corporation", 13, id="Latin against Chinese"),
        pytest.param("Zhongxing Telecommunication Equipment", 13, id="pinyin against Chinese"),
        pytest.param("Kharbinskii Tekhnologicheskii Institut", 10, id="Russian in Latin letters"),
        pytest.param("Huawei Keji Youxian Gongsi", 0, id="pinyin of words that have English ones"),
        pytest.param("Cheung Kong Precision Instrument", 14, id="Cantonese of a river"),
        pytest.param("長江精密儀器有限公司", 14, id="the same in characters"),
        pytest.param("日本精密機械株式会社", 15, id="Japanese words in Latin letters"),
        pytest.param("SSK Zvezda", 16, id="initials of two words beside a third"),
    ],
)
def test_the_right_entry_comes_first(screener: Screener, asked: str, found: int) -> None:
    hits = screener.screen(asked)
    assert hits[0].entry.id == str(found), [(hit.entry.name, hit.score) for hit in hits[:3]]
    assert hits[0].why


def test_another_party_scores_low(screener: Screener) -> None:
    for stranger in ("Maple Leaf Dental Clinic", "Ningbo Jinhai Fishery", "厦门鼓浪屿酒店", "Sociedade Agrícola do Vale"):
        assert not [hit.entry.name for hit in screener.screen(stranger) if hit.score > 0.5]


def test_the_wrong_number_is_less_likely_than_the_right_one(screener: Screener) -> None:
    scores = {hit.entry.id: hit.score for hit in screener.screen("CETC 54th Research Institute")}
    assert scores["1"] > scores["2"]


def test_a_country_that_differs_makes_an_entry_less_likely() -> None:
    screener = Screener([Entry("cn", "Golden Star Trading Group", countries=("CN",))])
    here, there = (screener.screen("Golden Star Trade", country=country)[0].score for country in ("CN", "BR"))
    assert here > there


def test_marks_of_direction_and_spaces_change_nothing(screener: Screener) -> None:
    plainly = screener.screen("Huawei Technologies")[0]
    assert screener.screen("\u202b Huawei\u200b \tTechnologies\u202c")[0] == plainly


@pytest.mark.parametrize(
    "name", ["", " ", "\u200b", "?!", "()", "有限公司", "Co., Ltd.", "第", "a" * 100_000, "华" * 100_000, "\ud800", "第十百千"]
)
def test_any_name_is_answered(screener: Screener, name: str) -> None:
    assert len(screener.screen(name)) <= len(PARTIES)


@given(st.text(max_size=60))
def test_reading_never_fails_and_always_has_a_unit(name: str) -> None:
    reading = read_name(name)
    assert reading.units
    assert all(unit.words and all(word for word, _ in unit.words) for unit in reading.units)
    assert all(join.start + join.size <= len(reading.units) for join in reading.joins)
    assert fold(fold(name)) == fold(name)


def test_every_rendering_of_the_word_list_is_words() -> None:
    for term in han_terms().values():
        assert plain(term.text) == term.text, term
        assert all(words and all(word.isascii() and word for word in words) for words in term.units), term


def test_sounds() -> None:
    assert pinyin("旅行") == ["lu", "xing"]
    assert "tsang" not in cantonese("永")
    assert len(grams("huawei")) == len(set(grams("huawei").tolist()))


def test_the_weights_are_those_of_the_features() -> None:
    model = ranker()
    assert model.about["evaluated_on"].startswith("held-out aliases of the Entity List")
    assert model.about["figures"]["recall@1"] > 0.6
    assert 0 < model.thresholds["0.05"] < model.thresholds["0.01"] < 1


def test_many_at_once_are_as_one_at_a_time(screener: Screener) -> None:
    parties = [(name, "", "") for name in ("Huawei", "", "华为技术", "54th Research Institute of CETC", "?!", *PARTIES)]
    assert screener.screen_many(parties, top=5) == [screener.screen(name, top=5) for name, _, _ in parties]


def test_the_same_name_on_two_lists_is_no_rival() -> None:
    once, twice = ([Entry(str(i), "Golden Star Trading Group") for i in range(n)] for n in (1, 2))
    one, two = (Screener([*some, Entry("x", "Blue Moon Fishery")]).screen("Golden Star Trading") for some in (once, twice))
    assert two[0].score == two[1].score > 0.7 * one[0].score


def test_a_short_form_in_parentheses_is_part_of_no_name() -> None:
    with_it, without = (read_name(f"Atomic Energy Organization of Iran{end}") for end in (" (AEOI)", ""))
    assert with_it.line == without.line
    assert "aeoi" in {join.word for join in with_it.joins}
    assert Screener([Entry("1", "Atomic Energy Organization of Iran (AEOI)")]).screen("AEOI")[0].score > 0.5


def test_names_within_a_name_are_found() -> None:
    screener = Screener([Entry("1", "Corezing International -AKA- Core Zing Electronics"), Entry("2", "Blue Moon Fishery")])
    assert screener.screen("Core Zing Electronics")[0].score > 0.8


def test_an_empty_list_finds_nothing() -> None:
    assert Screener([]).screen("Huawei", address="Shenzhen") == []
    assert len(Search(NameIndex([])).find(read_name("Huawei")).names) == 0
    assert NameIndex([Listed(0, "Huawei", True)]).names_with("zte").tolist() == []


# ---- nothing is dropped in silence


def disguises(name: str, dice: random.Random) -> dict[str, str]:
    """Return a name as a careless hand writes it."""
    words = name.split()
    mixed = words[:]
    dice.shuffle(mixed)
    return {
        "as it is": name,
        "case": name.swapcase(),
        "spaces": "  ".join(words) + " ",
        "legal form": f"{name} Company Limited",
        "order": " ".join(mixed),
        "one word more": f"{name} Worldwide",
    }


@pytest.mark.skipif(not CSL.exists(), reason="the real lists are not here")
def test_every_entry_is_found_by_its_own_names_however_written() -> None:
    """A sample of the whole Consolidated Screening List, against a tenth of it that holds the sample; bench/screening has all."""
    entries = read_list(CSL.read_text("utf-8"), name="csl").entries[::10]
    screener = Screener(entries)
    dice = random.Random(4)
    lost = []
    for entry in entries[::9]:
        name = dice.choice((entry.name, *entry.aliases))
        for how, asked in disguises(name, dice).items():
            if entry.id not in {hit.entry.id for hit in screener.screen(asked)}:
                lost.append((how, name))
    assert lost == []


BARE = ["PTE OOO", "FGUP", "JSC IM", "S.M.G.", "M.A.T.S.A. S.A. DE C.V.", "DES INTERNATIONAL CO.", "WA'ID COMPANY", "Technology LLC",
        "AB ROSSIYA, OAO", "Al", "JOINT STOCK COMPANY ABR MANAGEMENT"]  # fmt: skip


@pytest.mark.parametrize("name", BARE)
def test_a_name_that_says_little_is_found_however_written(name: str) -> None:
    """Names of legal forms, initials and usual words alone, among others that are nearer by every other word."""
    crowd = [
        f"{kind} Worldwide {rest}" for kind in ("JSC", "OOO", "FGUP", "Nova") for rest in ("Trading", "Oil", "Marine", "Air")
    ]
    screener = Screener([*(Entry(f"other {i}", other) for i, other in enumerate(crowd)), Entry("it", name)])
    words = name.split()
    letters = " ".join("".join(c if c.isalnum() else " " for c in name).split())
    for asked in (name, name.swapcase(), "  ".join(words), f"{name} Company Limited", " ".join(reversed(words)),
                  f"{name} Worldwide", letters):  # fmt: skip
        assert "it" in [hit.entry.id for hit in screener.screen(asked)], asked
    assert screener.screen(letters)[0].entry.id == "it"


def test_names_of_other_legal_forms_alone_are_not_the_same() -> None:
    screener = Screener([Entry("1", "PTE OOO"), Entry("2", "FGUP")])
    assert screener.screen("PTE OOO")[0].score > 0.5
    assert not [hit for hit in screener.screen("PAT") if hit.score > 0.5]


def chances(odds: list[float], entries: list[int], lines: list[int]) -> list[float]:
    """Return the probabilities of the rows of one name, one row after the other."""
    by_line: dict[int, float] = {}
    by_pair: dict[tuple[int, int], float] = {}
    for value, entry, line in zip(odds, entries, lines, strict=True):
        by_line[line] = max(value, by_line.get(line, 0.0))
        by_pair[entry, line] = max(value, by_pair.get((entry, line), 0.0))
    every = 1 + sum(by_line.values())
    out = []
    for value, entry in zip(odds, entries, strict=True):
        own = [(pair, most) for pair, most in by_pair.items() if pair[0] == entry]
        best = max(v for v, e in zip(odds, entries, strict=True) if e == entry)
        out.append(sum(most for _, most in own) / every * value / best)
    return out


_ROW = st.tuples(st.floats(2.0**-30, 2.0**30, width=32), st.integers(0, 3), st.integers(0, 3))


@given(st.lists(st.lists(_ROW, min_size=1, max_size=8), min_size=1, max_size=4))
def test_names_are_weighed_together_as_each_alone(names: list[list[tuple[float, int, int]]]) -> None:
    rows = [row for name in names for row in name]
    odds, entries, lines = (np.array(column) for column in zip(*rows, strict=True))
    features = np.zeros((len(rows), len(FEATURES)), np.float32)
    found = ranker().weigh(odds.astype(np.float32), features, entries, lines, [len(name) for name in names])
    expected = [value for name in names for value in chances(*(list(column) for column in zip(*name, strict=True)))]
    assert found == pytest.approx(expected, rel=1e-6)
