"""The answer: one frozen value per transaction and law, with both stances, the proof and the document of the contract."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from attrs import frozen

from penstock.decision import library
from penstock.decision.checks import check_facts
from penstock.decision.chips import resolve
from penstock.decision.classification import classify_facts, letters, settle_die_area
from penstock.decision.prepare import Prepared, prepare
from penstock.decision.program import OUTCOMES, PATHS, POLICIES, Program
from penstock.decision.stance import Stance, stance_block
from penstock.rulebook import ACTUAL, STANCES
from penstock.rulebook.designs import caveats
from penstock.rulebook.explain import Explanation
from penstock.terms.dates import parse_date
from penstock.terms.documents import Facts, read_facts
from penstock.terms.errors import MissingRequired

__all__ = ["SCHEMA", "Determination", "Verdict", "classify", "decide", "decide_facts", "verdict"]

SCHEMA = "penstock.determination/1"
_TRI: dict[int, Any] = {0: False, 1: "unknown", 3: True}


@frozen
class Verdict:
    """The short answer of one stance: what bulk decisions, ledgers and simulations need."""

    outcome: str
    license_required: Any
    path: str
    review_policy: str
    fired: int


@frozen(eq=False)
class Determination:
    """The answer to one transaction under one law; everything else is derived from it on demand."""

    program: Program
    prepared: Prepared
    on: dt.date
    known: dt.date | None
    verdicts: Mapping[str, Verdict]
    explanation: Explanation
    notes: tuple[str, ...] = ()

    @cached_property
    def codified(self) -> Stance:
        """Return the answer by the text in the CFR whose compliance date has come."""
        return self.stance("codified")

    @cached_property
    def enforced(self) -> Stance:
        """Return the answer by the part of the text that BIS has not announced it does not enforce."""
        return self.stance("enforced")

    def stance(self, name: str) -> Stance:
        """Return the answer of one stance."""
        return Stance(name, self, stance_block(self, name))

    @property
    def stances_differ(self) -> bool:
        """Say whether the two stances answer differently."""
        first, second = (self.verdicts[name] for name in STANCES)
        return (first.outcome, first.path, first.review_policy) != (second.outcome, second.path, second.review_policy)

    def document(self, *, what_if: bool = True) -> dict[str, Any]:
        """Return the determination document of the contract."""
        from penstock.decision.whatif import what_if as flips

        law = self.program.law
        blocks = {name: dict(self.stance(name).block) for name in STANCES}
        found = flips(self) if what_if else {name: [] for name in STANCES}
        for name in STANCES:
            blocks[name]["what_if"] = found[name]
        return {
            "schema": SCHEMA,
            "on": self.on,
            "known": self.known,
            "regime": law.regime,
            "switches": dict(law.switches),
            "law_hash": law.hash,
            "data_dates": library.data_dates(),
            "assumptions": [*self.prepared.assumptions, *self.notes],
            "stances_differ": self.stances_differ,
            **blocks,
        }


def _verdicts(out: tuple[Any, ...]) -> dict[str, Verdict]:
    found = {}
    for i, name in enumerate(STANCES):
        outcome, required, path, policy, fired = out[5 * i : 5 * i + 5]
        review = POLICIES[policy] if policy >= 0 else "not_applicable"
        found[name] = Verdict(OUTCOMES[outcome], _TRI[required], PATHS[path], review, fired)
    return found


def verdict(program: Program, prepared: Prepared, on: dt.date) -> dict[str, Verdict]:
    """Return the short answer of both stances, without explanation."""
    return _verdicts(program.verdict(prepared.values.get, prepared.roles, on))


def decide_facts(
    facts: Facts,
    on: dt.date,
    known: dt.date | None = None,
    regime: str = ACTUAL,
    switches: Mapping[str, Any] | None = None,
) -> Determination:
    """Return the determination for canonical facts."""
    if "activity.type" not in facts.values:
        raise MissingRequired(
            "activity.type is not given: what is being done?", at="activity.type", hint="penstock facts activity.type"
        )
    law = library.book().law(on, known, regime, switches)
    program = library.program_of(law)
    resolved = settle_die_area(resolve(facts, str(law.switches["integration_level"])), on, law)
    check_facts(resolved.facts, on, law)
    settled, notes = _family_class(resolved.facts, len(resolved.chips) > 1, resolved.notes, on, program)
    prepared = prepare(settled)
    values = program.trace(prepared.values.get, prepared.roles, on)
    explanation = Explanation(law, program.graph, program.place, values)
    out = tuple(explanation.value(node) for node in program.outputs)
    return Determination(program, prepared, on, known, _verdicts(out), explanation, (*notes, *caveats(law)))


def _family_class(
    facts: Facts, family: bool, notes: tuple[str, ...], on: dt.date, program: Program
) -> tuple[Facts, tuple[str, ...]]:
    """Take the class all variants of a chip family share, where the facts they share do not settle it."""
    if not family or "item.eccn" in facts.values or letters(facts, on, program.law)["item.eccn"] is not None:
        return facts, notes
    found = classify_facts(facts, on, program.law).eccn
    if found == "unknown":
        return facts, notes
    return facts.with_({"item.eccn": found}), (*notes, f"All variants are {found}.")


def decide(
    document: Mapping[str, Any],
    *,
    on: dt.date | str,
    known: dt.date | str | None = None,
    regime: str = ACTUAL,
    switches: Mapping[str, Any] | None = None,
) -> Determination:
    """Return the determination for a transaction document under the law of a day.

    ``known`` limits the law to instruments published or announced up to that day; ``regime`` names a design to put on
    top of the actual law; ``switches`` chooses among decided readings.  Raises FactError for facts that cannot be
    used and LawUnavailable for a date, regime or reading the book does not have.

    >>> chips = {"kind": "integrated_circuit", "eccn": "3A090.a", "datacenter": True, "aggregate_tpp": 100_000_000,
    ...          "designer": {"status": "approved"}}
    >>> buyer = {"country": "BR", "headquarters": "BR", "parent_headquarters": "BR", "lists": []}
    >>> answer = decide({"activity": {"type": "export"}, "origin": "US", "destination": "BR", "item": chips, "consignee": buyer,
    ...                  "counters": {"licensed_tpp_destination_since_2025": 0, "lpp_tpp_received_this_year": 0},
    ...                  "end_use": {"types": ["datacenter_operation"]}}, on="2026-04-01")
    >>> answer.codified.outcome, answer.enforced.outcome, answer.stances_differ
    ('license_required', 'no_license_required', True)
    """
    day = parse_date(on, "on")
    return decide_facts(read_facts(document), day, None if known is None else parse_date(known, "known"), regime, switches)


def classify(
    document: Mapping[str, Any], *, on: dt.date | str, known: dt.date | str | None = None, regime: str = ACTUAL,
    switches: Mapping[str, Any] | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Return the classification document for the item of a document, under the law of a day.

    >>> classify({"item": {"chip": "h20"}}, on="2025-05-16")["eccn"]
    'none'
    """
    day = parse_date(on, "on")
    law = library.book().law(day, None if known is None else parse_date(known, "known"), regime, switches)
    facts = read_facts(document)
    resolved = resolve(facts, str(law.switches["integration_level"]))
    check_facts(resolved.facts, day, law)
    return dict(classify_facts(facts, day, law).document)
