"""The answers of many decisions as arrays of codes, written chunk by chunk by several threads."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

import numpy as np
from attrs import frozen

from penstock.decision.determination import Determination
from penstock.decision.fact_columns import ERROR_CODES, NO_ERROR
from penstock.decision.program import OUTCOMES, PATHS, POLICIES
from penstock.rulebook import STANCES
from penstock.rulebook.arrays import Array, Codes, Held, Memo, Words

__all__ = ["NOTHING", "OUTPUTS", "REVIEW_POLICIES", "Answers", "Decisions"]

REVIEW_POLICIES = ("not_applicable", *POLICIES)
NOTHING = -1
OUTPUTS = (
    *(f"{stance}_{key}" for stance in STANCES for key in ("outcome", "license_required", "path", "review_policy")),
    "eccn", "missing_mask", "fired_mask", "law_hash", "error_code",
)  # fmt: skip
_PER_STANCE = 5
_TRUTHS = np.array([0, 2, 1, 1], np.int8)  # 0 false, 1 true, 2 unknown
_REQUIRED = (False, True, "unknown")
_TYPES = {"missing_mask": np.uint8, "fired_mask": np.uint64, "eccn": np.int32, "law_hash": np.int32}
_ENFORCED_SHIFT = 32


@frozen(eq=False)
class Decisions:
    """The answers: one array per output column, with -1 where a row is at fault, and what the codes stand for.

    ``license_required`` is 0 false, 1 true, 2 unknown; masks are those of the contract, and 0 where a row is at fault.
    """

    columns: Mapping[str, Array]
    names: Mapping[str, tuple[str, ...]]

    def texts(self, column: str) -> list[str | None]:
        """Return a coded column as texts, None where it has none."""
        names = (*self.names[column], None)
        return [names[code] for code in self.columns[column].tolist()]


class Answers:
    """The arrays of the answers while they are being filled, and the errors of rows found so far."""

    def __init__(self, size: int) -> None:
        self._out = {name: np.full(size, NOTHING, np.int8) for name in OUTPUTS if name not in _TYPES}
        self._out |= {name: np.zeros(size, type) for name, type in _TYPES.items()}
        self._eccns: dict[str, int] = {}
        self._lock = threading.Lock()

    @property
    def errors(self) -> Array:
        """Return the error of each row as a place in ``ERROR_CODES``, or -1."""
        return self._out["error_code"]

    def fault(self, errors: Array | int, rows: Any = slice(None)) -> None:
        """Note errors of rows, where none was found before."""
        now = self.errors[rows]
        self.errors[rows] = np.where(now == NO_ERROR, errors, now)

    def write(self, rows: Any, held: tuple[Held, ...], law: int, memo: Memo) -> None:
        """Write the outputs of a program, and after them the class, for some rows."""
        missing: Any = 0
        fired: Any = np.uint64(0)
        for i, stance in enumerate(STANCES):
            outcome, required, path, policy, bits = held[_PER_STANCE * i : _PER_STANCE * (i + 1)]
            self._stance(stance, rows, outcome, _TRUTHS[required], path, policy + 1)
            open_ = (required == 1) | (outcome == OUTCOMES.index("unknown")) | (path == PATHS.index("UNKNOWN"))
            open_ = open_ | (policy == POLICIES.index("unknown"))
            missing = missing | np.left_shift(open_, np.uint8(i), dtype=np.uint8)
            fired = fired | np.left_shift(bits, np.uint64(_ENFORCED_SHIFT * i), dtype=np.uint64)
        self._out["missing_mask"][rows] = missing
        self._out["fired_mask"][rows] = fired
        self._out["eccn"][rows] = self._classes(held[_PER_STANCE * len(STANCES)], memo)
        self._out["law_hash"][rows] = law

    def write_one(self, row: int, answer: Determination, law: int) -> None:
        """Write the answer to one transaction."""
        missing = fired = 0
        for i, stance in enumerate(STANCES):
            short = answer.verdicts[stance]
            outcome, path, policy = (
                OUTCOMES.index(short.outcome),
                PATHS.index(short.path),
                REVIEW_POLICIES.index(short.review_policy),
            )
            self._stance(stance, row, outcome, _REQUIRED.index(short.license_required), path, policy)
            open_ = "unknown" in (short.outcome, short.license_required, short.review_policy) or short.path == "UNKNOWN"
            missing |= open_ << i
            fired |= short.fired << _ENFORCED_SHIFT * i
        self._out["missing_mask"][row] = missing
        self._out["fired_mask"][row] = fired
        eccn = answer.explanation.value(answer.program.lowerer.fact("item.eccn"))
        self._out["eccn"][row] = self._class(eccn)
        self._out["law_hash"][row] = law

    def _stance(self, stance: str, rows: Any, outcome: Any, required: Any, path: Any, policy: Any) -> None:
        for key, codes in (("outcome", outcome), ("license_required", required), ("path", path), ("review_policy", policy)):
            self._out[f"{stance}_{key}"][rows] = codes

    def _class(self, eccn: str | None) -> int:
        with self._lock:
            return self._eccns.setdefault(eccn or "unknown", len(self._eccns))

    def _classes(self, held: Held, memo: Memo) -> Any:
        if not isinstance(held, Codes):
            return self._class(held)
        words: Words = held.words
        table = memo.kept(("class", words), lambda: np.array([self._class(word) for word in (*words.values, None)], np.int32))
        return table[held.codes]

    def decisions(self, laws: tuple[str, ...]) -> Decisions:
        """Return the answers, with nothing but its error in a row that is at fault; ``laws`` are the hashes of the laws."""
        wrong = np.flatnonzero(self.errors != NO_ERROR)
        for name, column in self._out.items():
            if name != "error_code":
                column[wrong] = 0 if name.endswith("_mask") else NOTHING
        names: dict[str, tuple[str, ...]] = {"eccn": tuple(self._eccns), "law_hash": laws, "error_code": ERROR_CODES}
        for stance in STANCES:
            names |= {f"{stance}_outcome": OUTCOMES, f"{stance}_path": PATHS, f"{stance}_review_policy": REVIEW_POLICIES}
        return Decisions(self._out, names)
