"""What facts imply, in columns: the parties of :func:`prepare`, and the item facts :func:`decide_facts` settles.

What an item is (its chip looked up, contradictions refused) depends on its own facts only, and few combinations of
them occur: each is settled once, by :func:`decide_facts` itself.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from penstock.decision.fact_columns import ERROR_CODES, NO_ERROR
from penstock.decision.prepare import MOVES
from penstock.rulebook.arrays import Array, Codes, Held, Memo, column_of, distinct, given_rows, pick_text, take_rows
from penstock.rulebook.combinations import combine, python_value
from penstock.rulebook.fixedpoint import Numbers, Spill, compare, pick_numbers
from penstock.rulebook.ir import TRUE
from penstock.terms.documents import Facts
from penstock.terms.errors import FactError
from penstock.terms.vocabulary import vocabulary

__all__ = ["CONSIGNEE", "END_USER", "OF_THE_TRANSACTION", "Items", "implied_parties"]

CONSIGNEE, END_USER = "parties.ultimate_consignee.", "parties.end_user."
OF_THE_TRANSACTION = ("item.quantity", "item.aggregate_tpp")
_ANY_ACT = vocabulary().facts["activity.type"].enum[0]

Facted = Mapping[str, Held]


def implied_parties(facts: Facted, memo: Memo, spill: Spill) -> tuple[Facted, Mapping[str, Held]]:
    """Return the facts with those of an implied end user, and what the absent facts of each role come to, row by row."""
    given: dict[str, Any] = dict.fromkeys(vocabulary().roles, False)
    for name, held in facts.items():
        if name.startswith("parties."):
            role = name.split(".", 2)[1]
            given[role] = given[role] | given_rows(held)
    moves = _moves(facts.get("activity.type"))
    implied = _not(given["end_user"]) & (moves | given["ultimate_consignee"])
    present = given | {"ultimate_consignee": given["ultimate_consignee"] | moves, "end_user": given["end_user"] | implied}
    known = given | {"end_user": present["end_user"]}
    roles = {role: _truths(rows, 1) for role, rows in present.items()}
    roles |= {"+" + role: _truths(rows, TRUE) for role, rows in known.items()}
    if given["end_user"] is True or implied is False:
        return facts, roles
    fields = {name.removeprefix(prefix) for name in facts for prefix in (CONSIGNEE, END_USER) if name.startswith(prefix)}
    taken = {END_USER + f: (facts.get(END_USER + f), facts.get(CONSIGNEE + f)) for f in fields}
    # a row without an end user and without a consignee holds nothing in either column
    filled = {name: _pick(given["end_user"], own, other, name, memo, spill) for name, (own, other) in taken.items()}
    return {**facts, **filled}, roles


def _moves(held: Held) -> Any:
    if isinstance(held, Codes):
        return held.words.truths("moves", lambda act: TRUE if act in MOVES else 0)[held.codes] == TRUE
    return held in MOVES


def _not(rows: Any) -> Any:
    return not rows if isinstance(rows, bool) else ~rows


def _truths(rows: Any, code: int) -> Held:
    return (code if rows else 0) if isinstance(rows, bool) else rows.view(np.uint8) * np.uint8(code)


def _pick(first: Any, a: Held, b: Held, name: str, memo: Memo, spill: Spill) -> Held:
    """Return the rows of ``a`` where ``first`` holds, else those of ``b``, for a fact of any type."""
    if isinstance(first, bool):
        return a if first else b
    if a is None and b is None:
        return None
    type = vocabulary().facts[name].type
    if type == "bool":
        sides = [1 if side is None else side for side in (a, b)]
        return np.where(first, *sides).astype(np.uint8)
    if type in ("int", "number", "date"):
        return pick_numbers(first, a, b, spill)
    return pick_text(first, a, b, memo)


class Items:
    """The items of one law, settled once per distinct combination of their facts; shared between threads."""

    def __init__(self, settle: Callable[[Facts, dt.date], Mapping[str, Any]], *, by_day: bool) -> None:
        self._settle = settle
        self._by_day = by_day
        self._known: dict[Any, tuple[Mapping[str, Any], int]] = {}

    def __len__(self) -> int:
        return len(self._known)

    def settled(self, facts: Facted, on: Held, live: Array, memo: Memo, spill: Spill) -> tuple[Facted, Array | None]:
        """Return the facts with the items of live rows settled, and the error of each row or -1 (None: no row has one)."""
        _mark_zero_area(facts, spill)
        asked = _in_question(facts) & live
        if not asked.any():
            return facts, None
        rows = np.flatnonzero(asked)
        names = [name for name in facts if name.startswith("item.") and name not in OF_THE_TRANSACTION]
        part = {name: take_rows(facts[name], rows) for name in names} | {"on": take_rows(on, rows)}
        first, places = self._distinct(part, len(rows))
        found = [self._of(part, names, int(row)) for row in first]
        place_of = np.zeros(spill.size, np.int64)
        place_of[rows] = places
        facts = self._spread(facts, part, found, first, (asked, place_of), memo, spill)
        return facts, _errors(found, asked, place_of)

    def _distinct(self, part: Facted, size: int) -> tuple[Array, Array]:
        varying = [held for name, held in part.items() if name != "on" or self._by_day]
        varying = [held for held in varying if isinstance(held, (np.ndarray, Codes, Numbers))]
        if not varying:
            return np.zeros(1, np.int64), np.zeros(size, np.int64)
        keys, radix, _ = combine(varying)
        return distinct(keys, radix)

    def _of(self, part: Facted, names: list[str], row: int) -> tuple[Mapping[str, Any], int]:
        """Return the settled facts of one item, or its facts as they are and the error."""
        types = vocabulary().facts
        given = {name: python_value(part[name], row, types[name].type) for name in names}
        given = {name: value for name, value in given.items() if value is not None}
        on = python_value(part["on"], row, "date")
        key = (tuple(given.items()), on if self._by_day else None)
        if key not in self._known:
            try:
                self._known[key] = self._settle(Facts({**given, "activity.type": _ANY_ACT}), on), NO_ERROR
            except FactError as error:
                self._known[key] = given, ERROR_CODES.index(error.code)
        return self._known[key]

    def _spread(
        self, facts: Facted, part: Facted, found: list[tuple[Mapping[str, Any], int]], first: Array,
        where: tuple[Array, Array], memo: Memo, spill: Spill,
    ) -> Facted:  # fmt: skip
        """Return the facts with what settling changed, row by row."""
        mask, place_of = where
        types = vocabulary().facts
        names = {name for values, _ in found for name in values if name.startswith("item.")} | (set(part) - {"on"})
        changed: dict[str, Held] = {}
        for name in sorted(names):
            values = [settled.get(name) for settled, _ in found]
            before = [python_value(part.get(name), int(row), types[name].type) for row in first]
            if values != before:
                held, lost = column_of(values, types[name].type)
                if lost is not None:
                    spill.mark(mask & lost[place_of])
                changed[name] = _pick(mask, take_rows(held, place_of), facts.get(name), name, memo, spill)
        return {**facts, **changed}


def _in_question(facts: Facted) -> Any:
    """Return the rows whose item has to be settled: it names a chip, or says the same thing twice."""
    chip, rates, eccn, tpp, density = (
        given_rows(facts.get(f"item.{fact}")) for fact in ("chip", "throughput", "eccn", "tpp", "performance_density")
    )
    return chip | rates | (eccn & (tpp | density))


def _mark_zero_area(facts: Facted, spill: Spill) -> None:
    """Mark the rows that give a die without an area."""
    area = facts.get("item.die_area_mm2")
    if isinstance(area, Numbers):
        spill.mark(compare("==", area, 0, spill)[0] & area.given)


def _errors(found: list[tuple[Mapping[str, Any], int]], mask: Array, place_of: Array) -> Array | None:
    codes = np.array([error for _, error in found], np.int8)
    return None if (codes == NO_ERROR).all() else np.where(mask, codes[place_of], np.int8(NO_ERROR))
