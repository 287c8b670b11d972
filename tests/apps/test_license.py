"""`penstock license`: cases from the command line, drafts as files, and errors that say what to do."""

from __future__ import annotations

import json
import subprocess
import sys
import xml.etree.ElementTree as ET
import zipfile
from pathlib import Path
from typing import Any

import pytest

from penstock.apps.drafts import write_draft
from penstock.decision import decide
from penstock.licensing.drafting import BLOCKS, draft
from penstock.terms.errors import BadEnum, BadType, ConflictingFacts, FileUnusable, UnknownFact
from tests.fuzz.test_documents import run
from tests.transactions import chips, export, party

FACTS = Path(__file__).parents[2] / "docs" / "examples" / "first_shipment_complete.yaml"


@pytest.fixture
def store(tmp_path: Path) -> str:
    return str(tmp_path / "cases.db")


def told(*arguments: str, store: str, code: int = 0) -> str:
    found, out, err = run(["license", *arguments, "--store", store], "")
    assert found == code, err
    return out + err


def asked(*arguments: str, store: str) -> Any:
    code, out, err = run(["license", *arguments, "--store", store, "--json"], "")
    assert (code, err) == (0, "")
    return json.loads(out)


def opened(store: str, *more: str) -> None:
    told("open", "L-1", str(FACTS), "--on", "2026-01-05", *more, store=store)
    told(
        "event",
        "L-1",
        "referred",
        "--on",
        "2026-01-12",
        "--by",
        "Commerce",
        "--say",
        "agencies=[Defense, Energy, State]",
        store=store,
    )


# ---- cases


def test_a_case_is_opened_with_what_the_law_says_of_its_transaction(store: str) -> None:
    document = asked("open", "L-1", str(FACTS), "--on", "2026-01-05", "--key", "order 7", store=store)
    assert (document["status"], document["version"], document["deemed_approved"]) == ("registered", 1, False)
    assert document["facts"]["codified"]["outcome"] == "authorization_available"
    assert document["facts"]["codified"]["license"]["approvable_tpp"] == 4608000
    assert [one["due"] for one in document["obligations"]] == ["2026-01-14", "2026-04-05"]
    assert "L-1 is pending for the same transaction (748.4(f))" in told(
        "open", "L-2", "--on", "2026-01-06", "--key", "order 7", store=store, code=3
    )


def test_agencies_vote_with_reasons_and_the_case_moves(store: str) -> None:
    opened(store)
    out = told("vote", "L-1", "approve", "--on", "2026-01-20", "--by", "State", "--reasons", "ally", store=store)
    assert "Agencies: Defense pending, Energy pending, State approve." in out
    assert "A vote has reasons" in told("vote", "L-1", "deny", "--on", "2026-01-20", "--by", "Defense", store=store, code=3)
    assert "750.4(e)" in told(
        "vote", "L-1", "deny", "--on", "2026-01-20", "--by", "Defense", "--reasons", "risk", store=store, code=3
    )
    basis = ["--reasons", "risk", "--basis", "50 USC 4813", "742.6(b)"]
    told("vote", "L-1", "deny", "--on", "2026-01-21", "--by", "Defense", *basis, store=store)
    assert asked("show", "L-1", "--on", "2026-02-12", store=store)["status"] == "oc"
    told("event", "L-1", "decided", "--on", "2026-02-12", "--by", "OC", "--say", "decision=approve", store=store)
    appeal = ["--say", "to=ACEP", "--say", "senate_confirmed=true", "--say", "statutory_basis=s", "--say", "regulatory_basis=r"]
    told("event", "L-1", "appealed", "--on", "2026-02-16", "--by", "Defense", *appeal, store=store)
    assert "Votes: State approve." in told(
        "vote", "L-1", "approve", "--on", "2026-02-18", "--by", "State", "--reasons", "x", store=store
    )


def test_queue_overdue_and_lapses(store: str) -> None:
    opened(store)
    told("event", "L-1", "assigned", "--on", "2026-01-13", "--by", "Energy", "--say", "to_officer=officer 2", store=store)
    assert "Energy (officer 2): recommend" in told("queue", "--on", "2026-02-01", "--agency", "Energy", store=store)
    lapses = told("lapses", "--on", "2026-02-01", "--within", "12", store=store)
    assert " ".join(lapses.split()).count("deemed to have no objection") == 3
    assert told("overdue", "--on", "2026-02-01", store=store) == "Nothing.\n"
    overdue = asked("overdue", "--on", "2026-05-01", store=store)["owed"]
    assert [(row["case"], row["id"], row["due"]) for row in overdue] == [("L-1", "outer_limit", "2026-04-05")]
    assert "agreed since 2026-02-11" in told("sweep", "--on", "2026-05-01", store=store)
    assert "faults: 0" in told("verify", store=store)


def test_the_history_and_the_calendar_are_shown(store: str, tmp_path: Path) -> None:
    opened(store)
    svg = tmp_path / "case.svg"
    out = told("show", "L-1", "--on", "2026-01-20", "--svg", str(svg), store=store)
    assert "2  2026-01-12  Commerce: referred (agencies: Defense, Energy, State)" in out
    assert "█" in out
    assert "┤" in out
    titles = [element.text for element in ET.parse(svg).iter("{http://www.w3.org/2000/svg}title")]
    assert titles[0] == "L-1 on 2026-01-20"
    assert "registered: 2026-01-05 to 2026-01-12" in titles
    assert "cannot be written" in told("show", "L-1", "--svg", str(tmp_path / "no" / "x.svg"), store=store, code=5)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["show", "L-9"], 3, "Did you mean L-1?"),
        (["event", "L-1", "aproved", "--on", "2026-01-20", "--by", "Commerce"], 3, "Did you mean approved?"),
        (["event", "L-1", "approved", "--on", "2026-01-20", "--by", "Commerce"], 3, "750.4(c)(4)"),
        (["event", "L-1", "withdrawn", "--on", "2026-01-11", "--by", "Applicant"], 3, "told in order"),
        (["event", "L-1", "withdrawn", "--on", "2199-01-11", "--by", "Applicant"], 3, "today is"),
        (["event", "L-1", "noted", "--on", "2026-01-20", "--by", "State", "--say", "text"], 3, "--say NAME=VALUE"),
        (
            ["event", "L-1", "noted", "--on", "2026-01-20", "--by", "State", "--say", "text=x", "--expect", "1"],
            3,
            "has had 2 events",
        ),
        (["queue", "--on", "2026-02-30"], 3, "Did you mean 2026-02-28?"),
    ],
)
def test_what_is_wrong_is_one_clear_error(store: str, arguments: list[str], code: int, said: str) -> None:
    opened(store)
    before = asked("show", "L-1", "--on", "2026-01-12", store=store)
    assert said in told(*arguments, store=store, code=code)
    assert asked("show", "L-1", "--on", "2026-01-12", store=store) == before


def test_four_eyes_on_the_command_line(store: str) -> None:
    opened(store, "--four-eyes")
    told("sweep", "--on", "2026-03-01", store=store)
    take = ["event", "L-1", "approved", "--on", "2026-03-02", "--by", "Commerce", "--officer"]
    assert "no officer has proposed it" in told(*take, "A", store=store, code=3)
    told(
        "event",
        "L-1",
        "proposed",
        "--on",
        "2026-03-02",
        "--by",
        "Commerce",
        "--officer",
        "A",
        "--say",
        "event=approved",
        store=store,
    )
    assert "a second officer takes it, not A" in told(*take, "A", store=store, code=3)
    assert "approved since 2026-03-02" in told(*take, "B", store=store)


def test_a_license_is_valid_as_long_as_the_law_says_unless_said_otherwise(store: str) -> None:
    """750.7(g): one year for 742.6(a)(6)(iii)(A) items, as codified."""
    opened(store)
    told("sweep", "--on", "2026-03-01", store=store)
    told("event", "L-1", "approved", "--on", "2026-03-02", "--by", "Commerce", store=store)
    told("event", "L-1", "issued", "--on", "2026-03-02", "--by", "Commerce", "--say", "license=D1", store=store)
    assert asked("show", "L-1", "--on", "2026-03-02", store=store)["valid_until"] == "2027-03-02"
    told("open", "L-2", "--on", "2026-01-05", store=store)
    told("event", "L-2", "approved", "--on", "2026-01-06", "--by", "Commerce", store=store)
    unsaid = told("event", "L-2", "issued", "--on", "2026-01-07", "--by", "Commerce", "--say", "license=D2", store=store, code=3)
    assert "issued says validity_months (750.7)" in unsaid


def test_a_case_draws_on_the_ledger_it_is_kept_in(store: str, tmp_path: Path) -> None:
    order = FACTS.parent / "large_order.yaml"
    opening = ["open", "L-1", str(order), "--on", "2025-06-02"]
    made = ["ledger", "create", "--ledger", store, "--origin", "example.org/office", "--signing-key", str(tmp_path / "key")]
    assert run(made, "")[0] == 0
    assert "--stance codified" in told(*opening, "--ledger", store, store=store, code=3)
    other = told(*opening, "--ledger", store, "--stance", "codified", store=str(tmp_path / "other.db"), code=5)
    assert "could not be written together" in other
    assert "Give FILE" in told(
        "open", "L-1", "--on", "2025-06-02", "--ledger", store, "--stance", "codified", store=store, code=3
    )
    assert "Quota as codified: reserved." in told(*opening, "--ledger", store, "--stance", "codified", store=store)
    told("event", "L-1", "approved", "--on", "2025-06-05", "--by", "Commerce", store=store)
    issue = ["event", "L-1", "issued", "--on", "2025-06-05", "--by", "Commerce", "--say", "license=D1"]
    assert "more than the 20000 applied for" in told(*issue, "--say", "quantity=20001", store=store, code=3)
    assert "Quota as codified: committed." in told(*issue, "--say", "quantity=5000", store=store)
    balance = run(["ledger", "balance", "--ledger", store], "")[1]
    assert "committed 79,156,000 + reserved 0 of 790,000,000 TPP" in balance
    assert "faults: 0" in told("verify", store=store)


def test_the_demo_runs_from_application_to_license(tmp_path: Path) -> None:
    svg = tmp_path / "demo.svg"
    code, out, _ = run(["license", "demo", "--svg", str(svg)], "")
    assert code == 0
    assert "license required, presumption of approval" in out
    assert "2025-07-31  the days are over: referred -> Operating Committee" in out
    assert "OC: decided -> appeal to ACEP open" in out
    assert "2025-09-18  Commerce: issued\n" in out
    assert "not counted: government assurances" in out
    drawn = svg.read_text("utf-8")
    assert drawn.startswith("<svg")
    for words in ("2025-07<", "37 d<", "2026-09-18 →<", "days that do not count<"):
        assert words in drawn
    code, out, _ = run(["license", "demo", "--until", "2025-08-25", "--json"], "")
    assert json.loads(out)["status"] == "acep_decided"


def test_the_commands_import_nothing_heavy_for_help() -> None:
    run_ = "import sys; from penstock.apps.cli.main import cli; print(*sys.modules)"
    found = subprocess.run([sys.executable, "-c", run_], capture_output=True, text=True, check=True).stdout.split()
    assert not {"sqlite3", "psycopg", "simpy", "reportlab", "xlsxwriter"} & {name.partition(".")[0] for name in found}


# ---- drafts


def made(**more: Any) -> Any:
    return draft(decide(export("BR", chips(), party("BR")) | more, on="2026-06-15"))


def test_a_draft_fills_what_is_known_and_nothing_else() -> None:
    answer = made()
    assert (answer["5"], answer["22(a)"]) == ("Export", "3A090.a")
    for number in ("1", "2", "3", "4", "16", "22(g)", "22(h)", "22(i)", "23", "25"):
        assert answer[number] is None, number
    assert {block.number for block in answer.open} >= {"1", "4", "16", "23", "25"}
    assert {block.number for block in answer.blocks} == set(BLOCKS)
    for block in answer.blocks:
        assert bool(block.value) == bool(block.source), block


def test_the_implied_end_user_is_not_written_into_the_form() -> None:
    answer = draft(decide(json.loads(json.dumps(export("BR", chips(), party("BR")))), on="2026-06-15"))
    assert answer["19"] is None
    assert any("taken to be the end user" in note for note in answer.notes)


def test_block_22_j_holds_the_aggregate_tpp() -> None:
    item = {"chip": "b200", "quantity": 128}
    answer = draft(decide({"activity": {"type": "export"}, "destination": "BR", "item": item}, on="2026-06-15"))
    assert answer["22(j)"] == "Aggregate TPP: 4,608,000 (36,000 each)"
    unknown = draft(decide({"activity": {"type": "export"}, "destination": "BR", "item": {"eccn": "3A090.a"}}, on="2026-06-15"))
    assert unknown["22(j)"] is None


def test_the_papers_are_those_of_the_case() -> None:
    ids = {paper.id: paper for paper in made().papers}
    assert ids["purchase_order"].cite == "Supp. No. 2 to part 748(c)(3)"
    assert ids["purchase_order"].at_hand is None
    assert ids["consignee_statement"].certainty == "text not read"
    lane = export("CN", {"chip": "h200-sxm", "quantity": 100, "commercially_available_in_us": True}, party("CN"))
    papers = [paper.id for paper in draft(decide(lane, on="2026-06-15")).papers]
    assert {"DD-1", "DD-2", "DD-7", "prc_end_user_statement"} <= set(papers)


def test_a_draft_says_when_none_is_needed() -> None:
    answer = draft(decide(export("BR", chips(), party("BR")), on="2026-06-15"), "enforced")
    assert any("750.4(c)(3)" in note for note in answer.notes)


def test_particulars_fill_what_a_transaction_does_not_say() -> None:
    answer = decide(export("BR", chips(), party("BR")), on="2026-06-15")
    assert draft(answer, particulars={"23": "USD 1,000,000"})["23"] == "USD 1,000,000"
    for particulars, error in (({"26": "x"}, UnknownFact), ({"5": "Reexport"}, ConflictingFacts), ({"25": "x"}, ConflictingFacts),
                               ({"1": 5}, BadType)):  # fmt: skip
        with pytest.raises(error):
            draft(answer, particulars=particulars)


def test_drafts_are_written_as_json_pdf_and_xlsx(tmp_path: Path) -> None:
    item = {"chip": "b200", "quantity": 128}
    buyer = {"name": "示例计算有限公司 <A&B>", "country": "BR", "headquarters": "BR"}
    answer = draft(
        decide({"activity": {"type": "export"}, "destination": "BR", "item": item, "consignee": buyer}, on="2026-06-15")
    )
    for ending in ("json", "pdf", "xlsx"):
        write_draft(answer, str(tmp_path / f"one.{ending}"))
        write_draft(answer, str(tmp_path / f"two.{ending}"))
        one, two = ((tmp_path / f"{name}.{ending}").read_bytes() for name in ("one", "two"))
        assert one == two, ending
    assert json.loads((tmp_path / "one.json").read_text("utf-8"))["open"]
    assert (tmp_path / "one.pdf").read_bytes().startswith(b"%PDF")
    with zipfile.ZipFile(tmp_path / "one.xlsx") as book:
        shared = book.read("xl/sharedStrings.xml").decode()
    assert "Aggregate TPP: 4,608,000" in shared
    assert "(for the applicant to sign)" in shared
    assert "license_required" not in shared
    assert "示例计算有限公司" in shared


def test_a_draft_that_cannot_be_written_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(BadEnum):
        write_draft(made(), str(tmp_path / "draft.docx"))
    with pytest.raises(FileUnusable):
        write_draft(made(), str(tmp_path / "no" / "draft.json"))
    code, out, err = run(["license", "draft", str(FACTS), "--on", "2026-06-15", "--out", str(tmp_path / "d.pdf")], "")
    assert (code, out) == (0, ""), err
    assert (tmp_path / "d.pdf").exists()
    code, out, _ = run(["license", "draft", str(FACTS), "--on", "2026-06-15"], "")
    assert "Open: 1 Contact Person" in out
