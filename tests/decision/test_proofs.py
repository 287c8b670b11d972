"""The proofs hold on three days of the law, and each of them fails where it should.

The full run, every law since 2022 and those already written for later, is ``penstock law prove --all``.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Mapping
from functools import cache
from typing import Any

import pytest
from attrs import evolve

from penstock.decision.coverage import coverage, missing
from penstock.decision.dead_rules import Transactions, dead_rules
from penstock.decision.difference import tell_apart
from penstock.decision.inquiry import Inquiry, fully_stated, open_facts, prepared_of, smallest
from penstock.decision.laxity import DeclaredException, headquarters, more_tpp
from penstock.decision.library import book, program
from penstock.decision.program import OUTCOMES, POLICIES, Program
from penstock.decision.proofs import BOOK_PROOFS, LAW_PROOFS, Proof, Session, laws_of, prove_book, prove_law, unused_exceptions
from penstock.rulebook.ir import TRUE
from penstock.rulebook.unknowns import z3

DAYS = (dt.date(2023, 12, 1), dt.date(2025, 6, 1), dt.date(2026, 7, 23))
LANE, EXHAUSTED, ENTRY = "h200_lane", "allocation_exhausted", "entry_decides_end_use"


def session() -> Session:
    return Session.over(book(), lambda: 0.0)


@cache
def proofs_on(day: dt.date) -> Mapping[str, Proof]:
    law, spans = next(pair for pair in laws_of(book()) if any(first <= day < last for first, last in pair[1]))
    return {proof.id: proof for proof in prove_law(law, spans, session())}


def one_day(day: dt.date) -> tuple[tuple[dt.date, dt.date], ...]:
    return ((day, day + dt.timedelta(days=1)),)


# ---- they hold


@pytest.mark.parametrize("day", DAYS, ids=str)
@pytest.mark.parametrize("name", LAW_PROOFS)
def test_every_proof_about_a_law_holds(name: str, day: dt.date) -> None:
    proof = proofs_on(day)[name]
    assert proof.holds, [finding.text for finding in proof.findings if finding.fails]


@pytest.mark.parametrize("name", BOOK_PROOFS)
def test_every_proof_about_the_book_holds(name: str) -> None:
    proof = next(proof for proof in prove_book(book(), session()) if proof.id == name)
    assert proof.holds, [finding.text for finding in proof.findings if finding.fails]


def test_the_laws_of_the_book_follow_each_other_without_a_gap() -> None:
    spans = sorted(span for _, spans in laws_of(book()) for span in spans)
    assert spans[0][0] == book().first_day
    assert all(last == first for (_, last), (first, _) in itertools.pairwise(spans))


# ---- and fail where they should


def treatment_of(law: Program, facts: Mapping[str, Any], day: dt.date) -> tuple[str, str]:
    prepared = prepared_of(facts)
    outcome, _, _, policy, _ = law.verdict(prepared.values.get, prepared.roles, day)[:5]
    return OUTCOMES[outcome], POLICIES[policy]


def example_of(day: dt.date, law: Program, found: Any) -> tuple[tuple[str, str], tuple[str, str]]:
    """Return what the scalar backend answers to both transactions of a counterexample, in the codified stance."""
    facts = found.example["facts"]
    worse = {**facts, **{name: after for name, (_, after) in found.example["changes"].items()}}
    return treatment_of(law, facts, found.example["on"]), treatment_of(law, worse, found.example["on"])


def test_more_tpp_is_laxer_where_the_lane_is_not_declared() -> None:
    day = DAYS[-1]
    found = more_tpp(program(day), one_day(day), [], set())
    assert [finding.text.partition(":")[0] for finding in found] == ["codified", "enforced"]
    before, after = example_of(day, program(day), found[0])
    assert before == ("license_required", "presumption_of_denial")
    assert after[0] == "license_required"
    assert after[1] in ("case_by_case", "unknown")  # unknown where an end use besides may need a license, by the entry
    smaller, larger = found[0].example["changes"]["item.tpp"]
    assert smaller < larger


def test_a_d5_headquarters_is_laxer_where_the_exhausted_allocation_is_not_declared() -> None:
    day = DAYS[-1]
    found = headquarters(program(day), one_day(day), [], set())
    assert [finding.text.partition(":")[0] for finding in found] == ["codified"]
    before, after = example_of(day, program(day), found[0])
    assert before == ("license_required", "policy_of_denial")
    assert after == ("license_required", "presumption_of_denial")


def test_an_exception_excuses_only_where_its_provision_decides() -> None:
    day, used = DAYS[-1], set[str]()
    elsewhere = DeclaredException("more_tpp", "gp10", "laxer", "736.2(b)(10)", "it has nothing to do with it")
    assert more_tpp(program(day), one_day(day), [elsewhere], used)
    assert used == set()
    lane = next(e for e in session().declared if e.provision == LANE)
    (note,) = more_tpp(program(day), one_day(day), [lane], used)
    assert not note.fails
    assert note.text.startswith("except where h200_lane decides: The case-by-case policy ")
    assert used == {LANE}
    wrong_side = evolve(lane, side="stricter")
    assert any(finding.fails for finding in more_tpp(program(day), one_day(day), [wrong_side], set()))


def test_a_declared_exception_that_no_law_needs_fails_a_full_run() -> None:
    kept = session()
    proof = next(proof for proof in prove_book(book(), kept) if proof.id == "declared")
    assert not unused_exceptions(proof, kept).holds
    kept.used |= {LANE, EXHAUSTED, ENTRY}
    assert unused_exceptions(proof, kept).holds


def test_an_exception_for_what_does_not_exist_fails() -> None:
    kept = evolve(session(), declared=(DeclaredException("more_tpp", "no_such_row", "laxer", "742.6", "none"),))
    assert not next(proof for proof in prove_book(book(), kept) if proof.id == "declared").holds


def test_an_answer_that_is_not_decided_is_found() -> None:
    day = DAYS[-1]
    law = program(day)
    open_end = {name: evolve(question, policy=law.graph.const(POLICIES.index("unknown"), question.policy.type))
                for name, question in law.stances.items()}  # fmt: skip
    _, totality = LAW_PROOFS["totality"]
    found = [finding for finding in totality(evolve(law, stances=open_end), one_day(day), session()) if finding.fails]
    assert len(found) == 2
    prepared = prepared_of(found[0].example["facts"])
    assert law.verdict(prepared.values.get, prepared.roles, found[0].example["on"])[1] == TRUE


def test_an_end_use_that_turns_on_the_entry_leaves_the_answer_open_where_it_is_not_declared() -> None:
    day, kept = DAYS[-1], session()
    _, totality = LAW_PROOFS["totality"]
    (note,) = totality(program(day), one_day(day), kept)
    assert not note.fails
    assert (note.provision, kept.used) == (ENTRY, {ENTRY})
    bare = evolve(session(), declared=tuple(e for e in session().declared if e.provision != ENTRY))
    found = [finding for finding in totality(program(day), one_day(day), bare) if finding.fails]
    assert len(found) == 2
    assert {finding.example["facts"].get("item.eccn", "none") for finding in found} == {"none"}


def test_a_review_without_an_end_and_a_shared_place_are_found() -> None:
    day = DAYS[-1]
    law = program(day)
    table = law.rows["codified"]["hbm"]
    cut = evolve(law, rows={**law.rows, "codified": {**law.rows["codified"], "hbm": table[:-1]}})
    _, totality = LAW_PROOFS["totality"]
    found = list(totality(cut, one_day(day), session()))
    assert [finding.provision for finding in found if finding.fails] == ["hbm"]
    twice = evolve(law, rows={**law.rows, "codified": {**law.rows["codified"], "hbm": (*table, *table)}})
    _, overlap = LAW_PROOFS["overlap"]
    assert {finding.provision for finding in overlap(twice, one_day(day), session())} == {table[0].id}


def test_a_dead_rule_is_found_and_proved_dead() -> None:
    day = DAYS[-1]
    law = program(day)
    number = law.lowerer.fact("item.tpp")
    never = law.graph.all_of([law.graph.make("cmp", (number, law.graph.const(bound, number.type)), data=sign)
                              for sign, bound in ((">", 2), ("<", 1))])  # fmt: skip
    (id, version, _), *others = law.consequences.duties
    dead = evolve(law)
    object.__setattr__(dead, "consequences", evolve(law.consequences, duties=((id, version, never), *others)))
    found = [finding for finding in dead_rules(dead, one_day(day), Transactions()) if finding.fails]
    assert [finding.text for finding in found] == [f"{id} can never fire"]


def test_what_fires_fires_on_a_transaction_that_is_kept() -> None:
    day, kept = DAYS[0], Transactions()
    dead_rules(program(day), one_day(day), kept)
    assert kept.kept
    again = Transactions(list(kept.kept))
    dead_rules(program(day), one_day(day), again)
    assert again.kept == kept.kept


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("approval_elsewhere", "allocation_exhausted always goes first"),
        ("supp5a_approval", "denial_d5_or_macau always goes first"),
    ],
)
def test_rows_that_never_decide_come_with_the_reason(row: str, reason: str) -> None:
    found = [finding for finding in proofs_on(DAYS[-1])["dead_rules"].findings if finding.provision == row]
    assert any(reason in finding.text for finding in found)
    assert all(finding.cite for finding in found)


def test_a_citation_of_no_known_form_and_a_missing_instrument_fail() -> None:
    rule = book().versions["hbm"][0]
    for cite, said in (("somewhere in part 742", "has no known form"), ("742.6(a)(6) as of 99 FR 1", "is no instrument")):
        wrong = evolve(book(), versions={**book().versions, "hbm": [evolve(rule, cite=cite)]})
        found = next(proof for proof in prove_book(wrong, session()) if proof.id == "citations").findings
        assert [said in finding.text for finding in found] == [True]


# ---- what tells two laws apart


@pytest.mark.parametrize(
    ("days", "found"),
    [
        (("2025-05-14", "2025-05-15"), "sample"),
        (("2025-09-28", "2025-09-29"), "solver"),
        (("2024-09-29", "2024-09-30"), "equal"),
        (("2026-05-30", "2026-06-01"), "day"),
    ],
)
def test_two_laws_are_told_apart_or_proved_equal(days: tuple[str, str], found: str) -> None:
    first, second = map(dt.date.fromisoformat, days)
    difference = tell_apart(book().law(first), book().law(second), (first, second))
    assert difference.found == found
    if difference.facts:
        before, after = (treatment_of(program(day), difference.facts, day) for day in (first, second))
        assert before != after
        assert before[0] == difference.before["codified"].outcome


def test_a_witness_names_no_fact_that_it_does_not_need() -> None:
    first, second = dt.date(2025, 9, 28), dt.date(2025, 9, 29)
    facts = tell_apart(book().law(first), book().law(second), (first, second)).facts
    assert any(name.endswith(".owners") for name in facts)
    assert len(facts) < 25


# ---- transactions the solver speaks of


@pytest.mark.parametrize("day", DAYS, ids=str)
def test_a_transaction_of_the_solver_is_answered_as_it_says(day: dt.date) -> None:
    law = program(day)
    inquiry = Inquiry.of([law], open_facts(law, exact=True), one_day(day), rows=True)
    encoding = inquiry.encoding(law)
    goals = {requirement.scope: encoding.of(requirement.scope).certain for requirement in law.requirements}
    solver = inquiry.solver()
    for node, goal in goals.items():
        solver.push()
        solver.add(goal)
        assert solver.check() == z3().sat
        values, on = inquiry.document(solver.model())
        solver.pop()
        prepared = prepared_of(values)
        assert law.trace(prepared.values.get, prepared.roles, on)[law.place[node.id]] == TRUE
        assert on == day


def test_a_fully_stated_transaction_has_a_consignee_where_something_moves() -> None:
    day = DAYS[-1]
    inquiry = Inquiry.of([program(day)], fully_stated(program(day)), one_day(day), rows=False)
    inquiry.encoding(program(day)).of(program(day).stances["codified"].license_required)
    solver = inquiry.solver()
    moves = inquiry.unknowns.fact("activity.type", "activity.type").value["export"]
    solver.add(moves, z3().Not(inquiry.unknowns.role("ultimate_consignee")))
    assert solver.check() == z3().unsat


def test_the_smallest_facts_keep_the_act() -> None:
    facts = {"activity.type": "export", "item.tpp": 1, "end_use.types": ("consumer", "production")}
    assert smallest(facts, lambda fewer: True) == {"activity.type": "export"}


# ---- coverage


def test_coverage_counts_rules_cells_and_cases() -> None:
    found = coverage(book(), [{"id": "A", "source": "740.29(d)"}, {"id": "B", "source": "no citation at all"}])
    entry = next(entry for entry in found.entries if entry.cite == "740.29(d)")
    assert entry.part == 740
    assert {"lpp", "lpp_calendar_year_limit"} <= entry.rules
    assert entry.cells >= 1
    assert entry.cases == {"A"}
    assert list(found.parts)[-1] is None


def test_what_is_missing_names_what_it_is_within() -> None:
    gaps = missing(coverage(book()), ["740.29(d)", "740.28(f)", "799.1"])
    assert [(gap.cite, bool(gap.within)) for gap in gaps] == [("740.28(f)", True), ("799.1", False)]
