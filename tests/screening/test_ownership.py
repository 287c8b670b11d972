"""Who is restricted by its owners: 744.11 as of 90 FR 47201, the stay of 90 FR 50857, unknown shares, circles, proofs."""

from __future__ import annotations

import datetime as dt
import io
import itertools
import json
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.apps.cli.kinds import ANSWERS, ask_owners
from penstock.apps.cli.main import main
from penstock.decision.cases import Case, read_cases, run_case
from penstock.screening import Ownership, OwnershipLaw, ownership
from penstock.terms.documents import read_document, read_facts
from penstock.terms.errors import BadDocument, BadEnum, ConflictingFacts

IN_FORCE = dt.date(2025, 10, 20)
HALF = Fraction(1, 2)
OPEN_CASES = Path(__file__).resolve().parents[3] / "shared/contract/cases/open/ownership.yaml"

Edge = tuple[str, str, Any]


def document(*edges: Edge, target: str = "T", listed: str = "L", **about: dict[str, Any]) -> dict[str, Any]:
    """Write a graph down: names that begin with a letter of ``listed`` are on the Entity List, the others screened and clear."""
    names = sorted({target, *(name for edge in edges for name in edge[:2]), *about})
    entities = [{"id": n, "lists": ["entity_list"] if n[0] in listed else [], **about.get(n, {})} for n in names]
    rows = [{"owner": a, "owned": b, "share": share} for a, b, share in edges]
    return {"ownership": {"target": target, "entities": entities, "edges": rows}}


def law(reading: str = "cascade", status: str = "in_force") -> OwnershipLaw:
    return OwnershipLaw(status, HALF, {"indirect_ownership": reading}, flag="KYC-29")


def ask(*edges: Edge, reading: str = "cascade", **about: Any) -> Ownership:
    return ownership(read_facts(document(*edges, **about)), on=IN_FORCE, law=law(reading))


# ---- examples


@pytest.mark.parametrize(
    ("edges", "restricted", "share"),
    [
        pytest.param([("L1", "T", "0.3"), ("L2", "T", "0.2")], True, HALF, id="aggregate of two owners"),
        pytest.param([("L1", "T", "0.3"), ("L2", "T", "0.1999")], False, Fraction("0.4999"), id="just below"),
        pytest.param([("L", "H", "0.5"), ("H", "T", "0.5")], True, HALF, id="a holding at the limit counts in full"),
        pytest.param([("L", "H", "0.4999"), ("H", "T", "1")], False, 0, id="a holding below it counts for nothing"),
        pytest.param([("L", "H", "0.5"), ("H", "T", "0.3"), ("L", "T", "0.2")], True, HALF, id="direct and indirect add up"),
        pytest.param([("A", "T", "0.6"), ("B", "T", "0.4")], False, 0, id="nobody is listed"),
        pytest.param([("L", "T", None)], "unknown", 0, id="unknown share"),
        pytest.param([("L1", "T", "0.5"), ("L2", "T", None)], True, HALF, id="unknown share that adds nothing"),
        pytest.param([("L1", "T", "0.3"), ("L2", "T", None), ("A", "T", "0.6")], False, Fraction("0.3"), id="no room for it"),
        pytest.param([("L", "T", None), ("T", "T", "0.6")], False, 0, id="no room beside its own shares"),
        pytest.param([("A", "T", None)], False, 0, id="unknown share of a clear owner"),
        pytest.param([("L", "T", "0")], False, 0, id="a share of nothing is no holding"),
    ],
)
def test_cascade(edges: list[Edge], restricted: bool | str, share: Fraction) -> None:
    exact = [(a, b, None if s is None else Fraction(s)) for a, b, s in edges]
    answer = ask(*exact)
    assert (answer.restricted, answer.aggregate_share) == (restricted, share)


def test_multiplied_shares_follow_the_chain_and_the_circle() -> None:
    chain = [("L", "H", Fraction(3, 5)), ("H", "T", Fraction(3, 5))]
    assert ask(*chain).restricted is True
    assert ask(*chain, reading="multiply").aggregate_share == Fraction(9, 25)
    circle = [("L", "A", HALF), ("B", "A", HALF), ("A", "B", HALF), ("A", "T", Fraction(1))]
    assert ask(*circle, reading="multiply").aggregate_share == Fraction(2, 3)  # a = 1/2 + b/2, b = a/2
    assert ask(("A", "B", Fraction(1)), ("B", "A", Fraction(1)), ("B", "T", Fraction(1)), reading="multiply").restricted is False


@pytest.mark.parametrize(
    ("on", "known", "status", "restricted", "flags"),
    [
        pytest.param("2025-09-28", None, "not_in_force", False, (), id="the day before 90 FR 47201"),
        pytest.param("2025-09-29", None, "in_force", True, ("KYC-29",), id="its first day"),
        pytest.param("2025-11-09", None, "in_force", True, ("KYC-29",), id="the last day before the stay"),
        pytest.param("2025-11-10", None, "stayed", False, ("KYC-29",), id="stayed by 90 FR 50857"),
        pytest.param("2026-11-09", None, "stayed", False, ("KYC-29",), id="the last day of the stay"),
        pytest.param("2026-11-10", None, "in_force", True, ("KYC-29",), id="revived by its own terms"),
        pytest.param("2026-03-01", "2025-10-31", "in_force", True, ("KYC-29",), id="the stay is not yet known"),
    ],
)
def test_dates_of_the_rule(on: str, known: str | None, status: str, restricted: bool, flags: tuple[str, ...]) -> None:
    facts = read_facts(document(("L", "T", Fraction(3, 4))))
    answer = ask_owners(facts, dt.date.fromisoformat(on), dt.date.fromisoformat(known) if known else None)
    assert (answer.law.status, answer.restricted, answer.red_flags) == (status, restricted, flags)
    assert answer.law.certainty == ("unverified" if on > "2026-11-09" else "verified")


def test_a_confirmed_extension_of_the_stay_is_a_reading() -> None:
    facts = read_facts(document(("L", "T", Fraction(3, 4))))
    answer = ask_owners(facts, dt.date(2026, 11, 10), switches={"affiliates_stay_extended": "true"})
    assert (answer.restricted, answer.law.status) == (False, "stayed")
    assert answer.document()["switches"]["affiliates_stay_extended"] is True


def test_us_entities_are_outside_the_rule() -> None:
    holding = ("L", "T", Fraction(1))
    assert ask(holding, T={"us_entity": True}).restricted is False
    assert ask(holding, T={"us_entity": False, "headquarters": "US"}).restricted is True
    seems = ask(holding, T={"headquarters": "US"})  # organized in the US is what counts; that is not said
    assert seems.restricted == "unknown"
    assert seems.missing == (("ownership.entities[1].us_entity", "restricted"),)
    assert ask(("L", "H", Fraction(1)), ("H", "T", Fraction(1)), H={"us_entity": True}).restricted is True


def test_nobody_is_cleared_by_not_being_screened() -> None:
    facts = read_facts({"ownership": {"target": "T", "entities": [{"id": "T", "lists": []}], "edges": [
        {"owner": "X", "owned": "T", "share": HALF}]}})  # fmt: skip
    answer = ownership(facts, on=IN_FORCE, law=law())
    assert (answer.restricted, answer.missing) == ("unknown", (("ownership.entities", "restricted"),))
    small = document(("X", "T", Fraction(2, 5)))
    del small["ownership"]["entities"][1]["lists"]
    held = ownership(read_facts(small), on=IN_FORCE, law=law())
    assert (held.restricted, held.missing) == (False, (("ownership.entities[1].lists", "red_flags"),))
    nothing = {"ownership": {"target": "T", "entities": [{"id": "T", "lists": []}]}}
    assert ownership(read_facts(nothing), on=IN_FORCE, law=law()).missing == (("ownership.edges", "restricted"),)
    assert ownership(read_facts({"ownership": {"edges": []}}), on=IN_FORCE, law=law()).restricted == "unknown"


def test_a_listed_target_is_restricted_by_its_own_entry_on_any_day() -> None:
    facts = read_facts(document(target="L"))
    assert ownership(facts, on=IN_FORCE, law=law(status="stayed")).restricted is True


def test_a_listed_owner_anywhere_above_raises_the_flag() -> None:
    answer = ask(("L", "A", Fraction(1, 100)), ("A", "B", Fraction(1, 100)), ("B", "T", None))
    assert (answer.restricted, answer.red_flags, answer.listed_owners) == (False, ("KYC-29",), ("L",))


def test_what_the_target_owns_does_not_count_toward_it() -> None:
    answer = ask(("L", "T", HALF), ("T", "H", Fraction(1)), ("H", "T", Fraction(2, 5)))
    assert answer.aggregate_share == HALF


def test_proof_names_the_fewest_owners() -> None:
    answer = ask(
        ("L1", "T", Fraction(1, 5)), ("L2", "T", Fraction(1, 10)), ("L3", "H", Fraction(3, 5)), ("H", "T", Fraction(2, 5))
    )
    assert [(h.owner, h.owned) for h in answer.proof] == [("H", "T"), ("L1", "T"), ("L3", "H")]


def test_shares_above_the_whole_are_told() -> None:
    assert "The known shares in T come to more than the whole." in ask(("A", "T", Fraction(1)), ("L", "T", Fraction(1, 5))).notes


@pytest.mark.parametrize(
    ("about", "error", "at"),
    [
        ({"item": {"eccn": "EAR99"}}, BadDocument, "ownership"),
        ({"ownership": {"target": "t", "entities": [{"id": "T"}]}}, BadEnum, "ownership.target"),
        ({"ownership": {"target": "T", "entities": [{"id": "T"}, {"id": "T", "lists": []}]}}, ConflictingFacts,
         "ownership.entities[1].id"),
        ({"ownership": {"target": "T", "entities": [{"lists": []}]}}, BadDocument, "ownership.entities[0].id"),
        ({"ownership": {"target": "T", "edges": [{"owner": "L", "share": 1}]}}, BadDocument, "ownership.edges[0].owned"),
    ],
)  # fmt: skip
def test_documents_that_cannot_be_read(about: dict[str, Any], error: type[Exception], at: str) -> None:
    with pytest.raises(error) as raised:
        ownership(read_facts(about), on=IN_FORCE, law=law())
    assert getattr(raised.value, "at", None) == at


def test_a_circle_of_more_than_the_whole_cannot_be_multiplied() -> None:
    edges = [("L", "A", Fraction(1, 10)), ("A", "B", Fraction(1)), ("B", "A", Fraction(1)), ("A", "T", Fraction(1))]
    with pytest.raises(ConflictingFacts):
        ask(*edges, reading="multiply")
    assert ask(*edges).restricted is False


# ---- properties

NAMES = ("L1", "L2", "A", "B", "C", "T")
TENTHS = st.integers(0, 10).map(lambda n: Fraction(n, 10))


@st.composite
def graphs(draw: st.DrawFn, *, unknown: bool = True) -> list[Edge]:
    """Draw who owns whom, circles included, so that no entity is owned beyond the whole."""
    edges: list[Edge] = []
    for owned in NAMES[2:]:
        left = Fraction(1)
        for owner in draw(st.lists(st.sampled_from([n for n in NAMES if n != owned]), max_size=4, unique=True)):
            share = None if unknown and draw(st.integers(0, 3)) == 0 else min(left, draw(TENTHS))
            edges.append((owner, owned, share))
            left -= share or 0
    return edges


def filled(draw: st.DrawFn, edges: list[Edge]) -> list[Edge]:
    """Give every unknown share a value the known ones leave room for."""
    out: list[Edge] = []
    left = {n: 1 - sum(s for _, b, s in edges if b == n and s is not None) for n in NAMES}
    for owner, owned, share in edges:
        value = share if share is not None else left[owned] * draw(TENTHS)
        left[owned] -= value if share is None else 0
        out.append((owner, owned, value))
    return out


@pytest.mark.parametrize("reading", ["cascade", "multiply"])
@given(data=st.data())
def test_an_answer_holds_whatever_the_unknown_shares_are(reading: str, data: st.DataObject) -> None:
    edges = data.draw(graphs())
    answer = ask(*edges, reading=reading)
    known = ask(*data.draw(st.composite(filled)(edges)), reading=reading)
    assert known.restricted in (True, False)
    assert answer.restricted in ("unknown", known.restricted)
    assert answer.aggregate_share is not None
    assert known.aggregate_share is not None
    assert answer.aggregate_share <= known.aggregate_share


def taken(edges: list[Edge], chosen: Mapping[str, Edge]) -> list[Edge]:
    """Give what is left of each entity to the chosen holding in it, and nothing to the others of unknown share."""
    left = {n: 1 - sum(s for _, b, s in edges if b == n and s is not None) for n in NAMES}
    return [(a, b, s if s is not None else left[b] if chosen.get(b) == (a, b, s) else Fraction(0)) for a, b, s in edges]


@pytest.mark.parametrize("reading", ["cascade", "multiply"])
@given(edges=graphs())
def test_an_open_answer_can_be_settled_both_ways(reading: str, edges: list[Edge]) -> None:
    answer = ask(*edges, reading=reading)
    if answer.restricted != "unknown":
        return
    assert any(name.endswith(".share") for name, _ in answer.missing)
    assert ask(*taken(edges, {}), reading=reading).restricted is False
    open_ = [[e for e in edges if e[1] == name and e[2] is None] for name in NAMES]
    ways = ({edge[1]: edge for edge in way} for way in itertools.product(*filter(None, open_)))
    assert any(ask(*taken(edges, way), reading=reading).restricted is True for way in ways)


@pytest.mark.parametrize("reading", ["cascade", "multiply"])
@given(data=st.data())
def test_more_known_share_never_lifts_a_restriction(reading: str, data: st.DataObject) -> None:
    edges = data.draw(graphs())
    before = ask(*edges, reading=reading)
    i = data.draw(st.integers(0, max(0, len(edges) - 1)))
    if before.restricted is not True or not edges:
        return
    owner, owned, share = edges[i]
    room = 1 - sum(s for _, b, s in edges if b == owned and s is not None)
    more = [*edges[:i], (owner, owned, (share or 0) + room), *edges[i + 1 :]]
    assert ask(*more, reading=reading).restricted is True


@given(edges=graphs())
def test_the_proof_suffices_and_nothing_in_it_is_idle(edges: list[Edge]) -> None:
    answer = ask(*edges)
    proof = [(h.owner, h.owned, h.share) for h in answer.proof]
    if answer.restricted is True:
        assert ask(*proof).restricted is True
        assert not any(ask(*proof[:i], *proof[i + 1 :]).restricted is True for i in range(len(proof)))
    elif answer.restricted is False:
        assert sum(share or 0 for _, owned, share in proof if owned == "T") == answer.aggregate_share


@given(edges=graphs(unknown=False))
def test_multiplied_shares_are_the_limit_of_longer_and_longer_chains(edges: list[Edge]) -> None:
    held = {name: 1.0 if name[0] == "L" else 0.0 for name in NAMES}
    for _ in range(800):
        held |= {n: sum(held[a] * float(s) for a, b, s in edges if b == n and a != "T") for n in NAMES[2:]}
    assert float(ask(*edges, reading="multiply").aggregate_share or 0) == pytest.approx(held["T"], abs=1e-6)


def test_long_chains_and_circles_end() -> None:
    ring = [(f"A{i}", f"A{(i + 1) % 3000}", Fraction(1, 2)) for i in range(3000)]
    assert ask(*ring, ("L", "A7", HALF), ("A6", "T", Fraction(1))).restricted is True


# ---- the contract


@pytest.mark.skipif(not OPEN_CASES.exists(), reason="the contract's case files are not in this checkout")
def test_open_cases() -> None:
    cases: list[Case] = read_cases(read_document(OPEN_CASES, str)) if OPEN_CASES.exists() else []
    assert {case.id: run_case(case, ANSWERS) for case in cases} == {case.id: [] for case in cases}


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    with pytest.raises(SystemExit) as ended:
        main(["owners", *arguments])
    return int(ended.value.code or 0), capsys.readouterr().out


@pytest.fixture
def stdin(monkeypatch: pytest.MonkeyPatch) -> Any:
    return lambda document: monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(document)))


def test_owners_in_words_and_as_a_document(capsys: pytest.CaptureFixture[str], stdin: Any) -> None:
    facts = document(("L", "H", 1), ("H", "T", 0.5))
    stdin(facts)
    code, said = run(capsys, "-", "--on", "2026-11-10")
    assert code == 0
    assert said.startswith("On 2026-11-10, T is restricted: listed parties are known to hold 50 % of it")
    assert "L (listed: Entity List) holds 100 % of H" in said
    stdin(facts)
    code, said = run(capsys, "-", "--on", "2026-11-10", "--json", "--set", "indirect_ownership=multiply")
    assert (code, json.loads(said)["aggregate_share"], json.loads(said)["restricted"]) == (0, 0.5, True)


@pytest.mark.parametrize(
    ("document", "code", "at"),
    [
        ({"ownership": {"target": "T", "edges": [{"owner": "L", "owned": "T", "share": 60}]}}, 3, "ownership.edges[0].share"),
        ({"ownership": {"target": "T", "entities": [{"id": "T", "lists": ["entity"]}]}}, 3, "ownership.entities[0].lists[0]"),
        ({"ownership": {"taget": "T"}}, 3, "ownership.taget"),
        ({"item": {"eccn": "EAR99"}}, 3, "ownership"),
    ],
)
def test_bad_input_says_where(document: Any, code: int, at: str, capsys: pytest.CaptureFixture[str], stdin: Any) -> None:
    stdin(document)
    ended, said = run(capsys, "-", "--on", "2026-11-10", "--json")
    assert (ended, json.loads(said)["error"]["at"]) == (code, at)
