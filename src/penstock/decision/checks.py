"""Contradictions between facts: refused with the value that would agree, never guessed away."""

from __future__ import annotations

import datetime as dt

from penstock.decision.classification import letters
from penstock.decision.library import book
from penstock.rulebook import Law
from penstock.rulebook.ir import FALSE, TRUE
from penstock.rulebook.values import pattern_memo
from penstock.terms.documents import Facts
from penstock.terms.errors import BadNumber, ConflictingFacts, PenstockError, first_of
from penstock.terms.numbers import plain

__all__ = ["LETTER_TABLES", "check_facts", "letters_law"]

LETTER_TABLES = ("A_ITEMS", "B_ITEMS", "ADVANCED_COMPUTING_ENTRIES")

_CHIP_FACTS = ("item.tpp", "item.throughput", "item.performance_density")


def check_facts(facts: Facts, on: dt.date, law: Law) -> None:
    """Raise the first contradiction between facts, the others attached; return nothing where there is none."""
    values = facts.values
    errors: list[PenstockError] = []
    if values.get("item.die_area_mm2") == 0:
        errors.append(BadNumber("item.die_area_mm2: a die has an area", at="item.die_area_mm2", value=0))
    derived = letters(facts.with_({"item.tpp": None}), on, law)["item.tpp"] if "item.throughput" in values else None
    if derived is not None and values.get("item.tpp", derived) != derived:
        errors.append(_conflict("item.tpp", values["item.tpp"], derived, "the dense rates of item.throughput"))
    tpp = values.get("item.tpp", derived)
    if tpp is not None and "item.quantity" in values and "item.aggregate_tpp" in values:
        total = tpp * values["item.quantity"]
        if values["item.aggregate_tpp"] != total:
            errors.append(_conflict("item.aggregate_tpp", values["item.aggregate_tpp"], total, "item.tpp times item.quantity"))
    if "item.eccn" in values and any(name in values for name in _CHIP_FACTS):
        errors += _eccn_conflict(facts, on, law)
    if errors:
        raise first_of(errors)


def _conflict(name: str, given: object, agrees: object, reason: str) -> ConflictingFacts:
    shown = plain(agrees) if not isinstance(agrees, str) else agrees  # type: ignore[arg-type]
    value = plain(given) if not isinstance(given, str) else given  # type: ignore[arg-type]
    return ConflictingFacts(f"{name} is given as {value}, but {reason} come to {shown}", at=name, value=value, nearest=shown)


def _eccn_conflict(facts: Facts, on: dt.date, law: Law) -> list[PenstockError]:
    """Refuse an asserted class whose letter the chip facts rule out; a class is used as given on any date.

    Before 3A090 had paragraphs, the first text that has them is what the letter is held against.
    """
    lettered = letters_law(law)
    found = letters(facts, max(on, lettered.on), lettered)
    if found["is_processor"] != TRUE:
        return []
    asserted = str(facts.values["item.eccn"])
    a, b = found["meets_3a090_a"], found["meets_3a090_b"]
    letter_a, letter_b, entry = (_asserts(name, asserted, lettered) for name in LETTER_TABLES)
    other = {a, b} == {FALSE} if entry else TRUE in (a, b)  # an entry alone has one of the letters, and leaves open which
    wrong = (letter_a and a == FALSE) or (letter_b and b == FALSE) or (not letter_a and not letter_b and other)
    if not wrong or asserted.startswith(("3A090.c", "4E091")):
        return []
    return [_conflict("item.eccn", asserted, found["classification"] or "unknown", "the chip facts")]


def letters_law(law: Law) -> Law:
    """Return the law whose letters an asserted class is held against: this one, or the first that has them."""
    if "meets_3a090_b" in law.standings:
        return law
    first = book().instruments[book().versions["meets_3a090_b"][0].by].effective
    return book().law(first, None, law.regime, law.switches)


def _asserts(table: str, eccn: str, law: Law) -> bool:
    return pattern_memo(law.members(table))[eccn] == TRUE
