"""Lists: every form that is read, rows that cannot be used, what changed between versions, and who stood on a day."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest

from penstock.screening.differences import diff_lists
from penstock.screening.lists import FORMATS, as_of, read_list
from penstock.screening.policies import POLICIES, REQUIREMENTS, policy_of, requirement_of
from penstock.screening.screener import Entry, Screener
from penstock.terms.errors import BadDocument
from tests.fuzz.test_documents import run

DATA = Path(__file__).resolve().parents[3] / "shared/data/screening"
PLAIN = "entry_id,name,aliases,country,addresses\n"


def plain(*rows: str) -> str:
    return PLAIN + "".join(f"{row}\n" for row in rows)


def test_a_plain_list() -> None:
    found = read_list(
        "\ufeff" + plain('7,"Acme, Ltd.",A C M E | Akme,cn,"1 Main St, Anytown | PO Box 9"', "8,,,HK,Flat 4"), name="own"
    )
    assert found.entries[0] == Entry("7", "Acme, Ltd.", ("A C M E", "Akme"), ("CN",), ("1 Main St, Anytown", "PO Box 9"))
    assert (found.entries[1].name, found.entries[1].title, found.faults) == ("", "Flat 4", ())


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("1,,,,", "missing_required"),
        (",Nameless Id,,,", "missing_required"),
        ("1,Acme\ufffd,,,", "bad_encoding"),
        ("1,Acme,,Atlantis,", "bad_country"),
        (f"1,{'x' * 100_000},,,", "long_name"),
    ],
)
def test_a_bad_row_is_reported_and_the_rest_loads(row: str, code: str) -> None:
    found = read_list(plain(row, "2,Borg,,,"), name="own")
    assert [(fault.line, fault.code) for fault in found.faults] == [(2, code)]
    assert found.entries[-1].name == "Borg"


def test_repeated_entries_count_once_and_conflicting_ones_are_both_kept() -> None:
    found = read_list(plain("1,Acme,,,", "1,Acme,,,", "1,Borg,,,"), name="own")
    assert [(entry.id, entry.name) for entry in found.entries] == [("1", "Acme"), ("1#2", "Borg")]
    assert [fault.code for fault in found.faults] == ["duplicate_row", "duplicate_row"]


@pytest.mark.parametrize("text", ["", "\n", "what,ever\n1,2\n", "{", '{"rows": []}', "<html>"])
def test_text_that_is_no_list_is_refused(text: str) -> None:
    with pytest.raises(BadDocument):
        read_list(text, name="own")


def test_an_unknown_form_names_the_known_ones() -> None:
    with pytest.raises(BadDocument) as refused:
        read_list("x", name="own", form="entitylist")
    assert (refused.value.nearest, set(refused.value.allowed)) == ("entity-list", set(FORMATS))


def test_the_screening_list_as_trade_gov_publishes_it() -> None:
    result = {"id": "a1", "name": "Acme", "alt_names": ["Akme"], "source": "Entity List (EL)", "license_policy": "Presumption of denial",
              "addresses": [{"address": "1 Main St", "city": "Anytown", "country": "CN"}], "federal_register_notice": "84 FR 1",
              "start_date": "2019-05-21", "end_date": None}  # fmt: skip
    found = read_list(json.dumps({"results": [result, 7]}), name="csl")
    assert found.entries[0].addresses == ("1 Main St, Anytown, CN",)
    assert found.entries[0].about == {
        "review_policy": "presumption_of_denial",
        "review_policy_text": "Presumption of denial",
        "citations": ["84 FR 1"],
        "since": "2019-05-21",
    }
    assert as_of(found.entries, dt.date(2019, 5, 20)) == ()
    assert [fault.code for fault in found.faults] == ["bad_type"]


def test_entity_list_meti_and_follow_the_money() -> None:
    el = read_list(
        "country,name,aliases,addresses,license_requirement,license_review_policy,citation\nChina,Acme,,,See § 744.3,,1 FR 2\n",
        name="x",
    )
    assert (el.entries[0].countries, el.entries[0].about["license_requirement"]) == (("CN",), "see_section")
    meti = read_list("no,country,name,aliases,concern\n3,CN,Acme,アクメ,M\n", name="x")
    assert (meti.entries[0].id, meti.entries[0].aliases, meti.entries[0].about) == ("METI-3", ("アクメ",), {"concern": "M"})
    row = {
        "id": "q",
        "schema": "Company",
        "properties": {"name": ["Acme"], "alias": ["Akme"], "country": ["cn"], "address": ["1 Main St"]},
    }
    ftm = read_list(json.dumps(row) + "\nnot json\n", name="x")
    assert (ftm.entries[0].aliases, ftm.entries[0].countries, [f.line for f in ftm.faults]) == (("Akme",), ("CN",), [2])


CODIFIED = """<?xml version="1.0" encoding="UTF-8"?>
<ECFR><AMDDATE>Aug. 5, 2026</AMDDATE><DIV5 N="744" TYPE="PART">
<DIV9 N="Supplement No. 4 to Part 744" TYPE="APPENDIX"><HEAD>Supplement No. 4 to Part 744—Entity List</HEAD><P>Text.</P><DIV><DIV class="gpotbl_div"><TABLE>
<THEAD><TR><TH>Country</TH><TH>Entity</TH><TH>License requirement</TH><TH>License review policy</TH><TH>Federal Register citation</TH></TR></THEAD><TBODY>
<TR><TD>CHINA, PEOPLE'S REPUBLIC OF</TD><TD>Acme Chips Co., Ltd., a.k.a., the following two aliases:<br/>—Akme Xinpian; <I>and</I><br/>—Acme Micro Co., Ltd.
<br/>No. 1, First Road, Shanghai, China; and Room 2, Second Road, Beijing, China.</TD><TD>For all items subject to the EAR. (See §§ 734.9(e) and 744.11 of the EAR)</TD>
<TD>Presumption of denial.</TD><TD>88 FR 1, 1/3/23. 90 FR 4622, 1/16/25.</TD></TR>
<TR><TD></TD><TD>Borg Institute, Inc., 5 Third Road, Wuhan, China.</TD><TD>For all items subject to the EAR</TD><TD>Case-by-case</TD><TD>88 FR 2, 1/3/23</TD></TR>
<TR><TD> </TD><TD>[Reserved]</TD><TD/><TD/><TD/></TR>
<TR><TD>HONG KONG</TD><TD>Address 01, Unit 4, 7/F, Example Tower, 33 Example Road, Kowloon</TD><TD>For all items subject to the EAR</TD><TD>Presumption of denial</TD><TD>89 FR 51652, 6/18/24</TD></TR>
</TBODY></TABLE></DIV></DIV></DIV9>
<DIV9 N="Supplement No. 5 to Part 744" TYPE="APPENDIX"><TABLE><TR><TH>Country</TH><TH>Entity</TH></TR><TR><TD>CHINA</TD><TD>No list</TD></TR></TABLE></DIV9>
<DIV9 N="Supplement No. 7 to Part 744" TYPE="APPENDIX"><TABLE><TR><TH>Country</TH><TH>Entity</TH><TH>Federal Register citation</TH></TR>
<TR><TD>RUSSIA</TD><TD>Corp JSC, f.k.a., Korp</TD><TD>85 FR 83799, 12/23/20</TD></TR></TABLE></DIV9></DIV5></ECFR>"""


def test_the_supplements_of_part_744_as_the_ecfr_publishes_them() -> None:
    found = read_list(CODIFIED, name="744.xml")
    acme, borg, bare, corp = found.entries
    assert (found.title, found.date, found.faults, found.called) == (
        "Entity List, Military End-User List",
        "2026-08-05",
        (),
        "part-744",
    )
    assert (acme.name, acme.aliases, acme.countries) == (
        "Acme Chips Co., Ltd.",
        ("Akme Xinpian", "Acme Micro Co., Ltd."),
        ("CN",),
    )
    assert acme.addresses == ("No. 1, First Road, Shanghai, China", "Room 2, Second Road, Beijing, China")
    assert acme.about["citations"] == ["88 FR 1, 1/3/23", "90 FR 4622, 1/16/25"]
    assert (acme.about["license_requirement"], acme.about["review_policy"]) == (
        "all_items_subject_to_the_ear",
        "presumption_of_denial",
    )
    assert (borg.name, borg.countries, borg.addresses) == ("Borg Institute, Inc.", ("CN",), ("5 Third Road, Wuhan, China",))
    assert (bare.name, bare.addresses) == ("", ("Unit 4, 7/F, Example Tower, 33 Example Road, Kowloon",))
    assert (corp.name, corp.aliases, corp.list) == ("Corp JSC", ("Korp",), "Military End-User List")
    again = read_list(
        CODIFIED.replace("<TR><TD></TD><TD>Borg", "<TR><TD></TD><TD>Newcomer</TD></TR><TR><TD></TD><TD>Borg"), name="x"
    )
    assert [entry.id for entry in diff_lists(found.entries, again.entries).added] == [again.entries[1].id]


@pytest.mark.parametrize("text", [CODIFIED[:-200], "<ECFR><DIV9 N='Supplement No. 5 to Part 744'/></ECFR>", "<html><body>"])
def test_xml_that_is_cut_short_or_holds_no_list_is_refused(text: str) -> None:
    with pytest.raises(BadDocument):
        read_list(text, name="744.xml")


def test_the_end_user_list_with_its_printed_columns() -> None:
    text = (
        'No.,"国名、地域名\nCountry or Region","企業名、組織名\nCompany or Organization","別名\nAlso Known As","懸念区分\nType of WMD","通常兵器\nConventional Weapons"\n'
        '1,"中国\nChina","Acme Chips\n阿克梅芯片","・Akme\n・Acme Micro",核 N,\n2,"アフガニスタン\nAfghanistan",Borg,,"生物、化学 B,C",○\n'
    )
    found = read_list(text, name="meti.csv")
    one, two = found.entries
    assert (one.id, one.name, one.aliases, one.countries) == (
        "METI-1",
        "Acme Chips",
        ("阿克梅芯片", "Akme", "Acme Micro"),
        ("CN",),
    )
    assert (two.countries, two.about, found.faults) == (("AF",), {"concern": "生物、化学 B,C", "conventional_weapons": "○"}, ())


def test_what_ships_answers_offline_with_citations() -> None:
    code, out, err = run(["screen", "华为技术有限公司", "--json"], "")
    answer = json.loads(out)
    assert (code, err, answer["data_date"]) == (0, "", "2026-07-09")
    assert (answer["hits"][0]["entry_name"], answer["hits"][0]["citations"]) == ("Huawei Technologies Co., Ltd.", ["84 FR 22963"])
    assert "89 FR 51652" in run(["screen", "--address", "Flat 4, 16/F, Ho King Comm. Ctr, 2-16 Fa Yuen St., Mongkok, HK"], "")[1]


def test_who_stood_on_a_day() -> None:
    entries = [Entry("1", "Acme", about={"since": "2020-01-01", "until": "2021-01-01"}), Entry("2", "Borg")]
    assert [e.id for e in as_of(entries, dt.date(2020, 1, 1))] == ["1", "2"]
    assert [e.id for e in as_of(entries, dt.date(2021, 1, 1))] == ["2"]
    out = run(["screen", "Sophgo", "--on", "2024-12-31", "--json"], "")[1]
    assert not [hit for hit in json.loads(out)["hits"] if hit["score"] > 0.9]


def test_what_changed_and_a_list_that_shrank(tmp_path: Path) -> None:
    old, new = tmp_path / "old.csv", tmp_path / "new.csv"
    old.write_text(plain(*(f"{i},Party {i} of the first part,,," for i in range(10))), "utf-8")
    new.write_text(plain("0,Party 0 of the first part,P0,,", "99,Newcomer,,,"), "utf-8")
    code, out, _ = run(["lists", "diff", str(old), str(new), "--json"], "")
    assert (code, json.loads(out)["error"]["code"]) == (3, "conflicting_facts")
    code, out, _ = run(["lists", "diff", str(old), str(new), "--allow-shrink", "--json"], "")
    found = json.loads(out)
    assert (len(found["removed"]), found["added"][0]["id"], found["changed"][0]["what"]) == (9, "99", "aliases +P0")
    assert diff_lists([Entry("1", "A")], [Entry("1", "A")]).document() == {"added": [], "removed": [], "changed": []}


def test_a_batch(tmp_path: Path) -> None:
    parties, listed, out = tmp_path / "in.csv", tmp_path / "list.csv", tmp_path / "out.csv"
    listed.write_text(
        plain('1,Huawei Technologies,,CN,"Flat 4, 16/F, Ho King Commercial Centre, 2-16 Fa Yuen Street, Hong Kong"'), "utf-8"
    )
    parties.write_bytes(
        'id,name,country,address\na,华为技术,cn,\nb,,,\nc,,,"16/F Ho King Comm Centre Flat 4, 2-16 Fayuen St, HK"\nd,Zebra,,\n'.encode()
    )
    code, _, err = run(["screen", "--batch", str(parties), "--list", str(listed), "--out", str(out), "--top", "5"], "")
    lines = out.read_text("utf-8").splitlines()
    assert (code, lines[0]) == (0, "id,rank,entry_id,entry_name,score,why")
    assert lines[1].startswith("a,1,1,Huawei Technologies,0.99")
    assert lines[2] == "b,,,,,row 3 has no name and no address"
    assert lines[3].startswith("c,1,1,Huawei Technologies,0.")
    assert "4 parties screened" in err
    assert run(["screen", "--batch", str(parties), "--list", str(listed)], "")[0] == 2
    assert run(["screen", "--batch", str(listed), "--list", str(listed), "--out", str(out)], "")[0] == 3
    assert run(["screen", "--batch", str(tmp_path / "no.csv"), "--list", str(listed), "--out", str(out)], "")[0] == 5
    assert out.read_text("utf-8").splitlines() == lines


def test_a_quote_that_never_closes_swallows_no_rows(tmp_path: Path) -> None:
    parties, listed, out = tmp_path / "in.csv", tmp_path / "list.csv", tmp_path / "out.csv"
    listed.write_text(PLAIN + '1,"Huawei,,,\n2,ZTE,,,\n', "utf-8")
    parties.write_text('id,name\na,"Huawei\nb,ZTE\n', "utf-8")
    assert run(["screen", "--batch", str(parties), "--list", str(listed), "--out", str(out)], "")[0] == 0
    assert [line.split(",")[:3] for line in out.read_text("utf-8").splitlines()[1:]] == [["a", "1", "1"], ["b", "1", "2"]]


def test_a_batch_in_another_encoding_clears_nobody_in_silence(tmp_path: Path) -> None:
    parties, out = tmp_path / "in.csv", tmp_path / "out.csv"
    parties.write_bytes("id,name\na,东方红\n".encode("gb18030"))
    assert run(["screen", "--batch", str(parties), "--out", str(out)], "")[0] == 0
    assert "write the file as UTF-8" in out.read_text("utf-8")


def test_a_number_within_a_range_of_numbers() -> None:
    screener = Screener([Entry("1", "", addresses=("Room 803, Sino Centre, 582-592 Nathan Road, Mongkok, Hong Kong",))])
    same, other = (screener.screen("", address=f"Rm 803, Sino Ctr, {n} Nathan Rd, Mong Kok, HK") for n in (582, 700))
    assert same[0].score > 0.9 > 0.8 > (other[0].score if other else 0)
    assert screener.screen("", address="旺角彌敦道582-592號信和中心8樓803室")[0].score > 0.9


def test_lists_show(tmp_path: Path) -> None:
    assert "8 bare addresses" in run(["lists", "show"], "")[1]
    assert json.loads(run(["lists", "show", "--json"], "")[1])["entries"] == 24


@pytest.mark.skipif(not DATA.exists(), reason="the real lists are not here")
def test_the_real_lists_load_whole() -> None:
    csl = read_list((DATA / "csl_2026-07-31_seelpeed.json").read_text("utf-8"), name="csl")
    assert (len(csl.entries), csl.faults, csl.date) == (25_921, (), "2026-07-31")
    said = {
        (e.about.get("license_requirement"), e.about.get("review_policy"))
        for e in csl.entries
        if e.list.startswith("Entity List")
    }
    assert {requirement for requirement, _ in said} <= {*REQUIREMENTS, None}
    assert {policy for _, policy in said} <= {*POLICIES, None}
    raw = read_list((DATA / "watchman_consolidated.csv").read_text("utf-8"), name="raw")
    assert len(raw.entries) >= 12


def test_policies() -> None:
    assert [policy_of(text) for text in ("Policy of denial", "Case-by-case", "", "See § 744.2(d)")] == [
        "policy_of_denial", "case_by_case", "not_stated", "see_section",
    ]  # fmt: skip
    assert requirement_of("All items subject to the EAR, except EAR99") == "named_items"


# ---- addresses

HOME = "Flat/RM 2309, 23/F, Ho King Commercial Centre, 2-16 Fa Yuen Street, Mong Kok, Kowloon, Hong Kong."


@pytest.mark.parametrize(
    ("asked", "same"),
    [
        ("Room 2309, 23rd Floor, Ho King Comm. Ctr., 2-16 Fa Yuen St, Mongkok, HK", True),
        ("HO KING COMMERCIAL CENTRE 23/F UNIT 2309 2-16 FA YUEN STREET", True),
        ("香港九龍旺角花園街2-16號好景商業中心23樓2309室", True),
        ("Room 2310, 23/F, Ho King Commercial Centre, 2-16 Fa Yuen Street, Mong Kok", False),
        ("Room 2309, 23/F, Ho King Commercial Centre, 99 Nathan Road, Mong Kok", False),
    ],
)
def test_addresses(asked: str, same: bool) -> None:
    others = [
        Entry(str(i), "", addresses=(f"Room {i}, {i}/F, Tower {i}, {i} Queen Street, Central, Hong Kong",)) for i in range(1, 40)
    ]
    hits = Screener([Entry("home", "", addresses=(HOME,)), *others]).screen("", address=asked)
    score = max((hit.score for hit in hits if hit.entry.id == "home"), default=0.0)
    assert (score > 0.5) is same, hits
