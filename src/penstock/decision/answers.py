"""The answers of many decisions as arrays of codes, written chunk by chunk by several threads."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import Executor
from typing import Any

import numpy as np
from attrs import field, frozen

from penstock.decision.determination import Determination
from penstock.decision.fact_columns import ERROR_CODES, NO_ERROR
from penstock.decision.program import OUTCOMES, PATHS, POLICIES
from penstock.rulebook import STANCES
from penstock.rulebook.arrays import Array, Codes, Held, Memo, Words

__all__ = [
    "FIELDS",
    "MASK_SHIFT",
    "NOTHING",
    "OUTPUTS",
    "REVIEW_POLICIES",
    "STANCE_BITS",
    "Answers",
    "Decisions",
    "stance_codes",
    "stance_words",
]

REVIEW_POLICIES = ("not_applicable", *POLICIES)
NOTHING = -1
OUTPUTS = (
    *(f"{stance}_{key}" for stance in STANCES for key in ("outcome", "license_required", "path", "review_policy")),
    "eccn", "missing_mask", "fired_mask", "law_hash", "error_code",
)  # fmt: skip
_PER_STANCE = 5
_TRUTHS = np.array([0, 2, 1, 1], np.int8)  # 0 false, 1 true, 2 unknown
_REQUIRED = (False, True, "unknown")
_ECCN, _MISSING, _FIRED, _LAW, _ERROR = OUTPUTS[-5:]
_CODES = "codes"
_PART = 1 << 20  # rows at a time
_BITS = (("outcome", 3), ("license_required", 2), ("path", 4), ("review_policy", 4))
FIELDS = (*((f"{stance}_{key}", bits) for stance in STANCES for key, bits in _BITS), (_MISSING, len(STANCES)))
_PLACES = {name: (sum(bits for _, bits in FIELDS[:i]), bits) for i, (name, bits) in enumerate(FIELDS)}
_STANCE_PLACES = [(key, sum(bits for _, bits in _BITS[:i]), bits) for i, (key, bits) in enumerate(_BITS)]
_SAID = sum((1 << bits) - 1 << shift for key, shift, bits in _STANCE_PLACES if key != "license_required")
STANCE_BITS = sum(bits for _, bits in _BITS)
MASK_SHIFT = 32  # the enforced stance's half of the fired mask


class _Columns(Mapping[str, Array]):
    """The output columns, each made when it is first asked for."""

    def __init__(self, held: dict[str, Array], codes: Array, wrong: Array) -> None:
        self._held = held
        self._codes = codes
        self._wrong = wrong

    def __getitem__(self, name: str) -> Array:
        if name == _LAW and len(self._wrong) and self._held[name].strides == (0,):
            self._held[name] = self._held[name].copy()
            self._held[name][self._wrong] = NOTHING
        if name not in self._held:
            shift, bits = _PLACES[name]
            column = (self._codes >> np.uint32(shift) & np.uint32((1 << bits) - 1)).astype(np.int8)
            column[self._wrong] = 0 if name == _MISSING else NOTHING
            self._held[name] = column.view(np.uint8) if name == _MISSING else column
        return self._held[name]

    def __iter__(self) -> Iterator[str]:
        return iter(OUTPUTS)

    def __len__(self) -> int:
        return len(OUTPUTS)


@frozen(eq=False)
class Decisions:
    """The answers: one array per output column, with -1 where a row is at fault, and what the codes stand for.

    ``license_required`` is 0 false, 1 true, 2 unknown; masks are those of the contract, and 0 where a row is at fault.
    """

    columns: Mapping[str, Array]
    names: Mapping[str, tuple[str, ...]]
    kept: Mapping[str, Array] = field(factory=dict)

    def packed(self) -> list[bytes | memoryview]:
        """Return the answers as bytes, in pieces, from which :meth:`unpacked` makes them again."""
        kept = {name: values[:1] if values.strides == (0,) else values for name, values in self.kept.items()}
        shapes = {name: (values.dtype.str, len(values)) for name, values in kept.items()}
        size = len(self.kept[_ERROR])
        head = json.dumps({"names": {name: self.names[name] for name in (_ECCN, _LAW)}, "parts": shapes, "size": size}).encode()
        return [len(head).to_bytes(8, "little"), head, *(np.ascontiguousarray(values).data for values in kept.values())]

    @classmethod
    def unpacked(cls, data: bytes) -> Decisions:
        """Return packed answers."""
        at = 8 + int.from_bytes(data[:8], "little")
        head = json.loads(data[8:at])
        kept: dict[str, Array] = {}
        for name, (type, size) in head["parts"].items():
            kept[name] = np.frombuffer(data, type, size, at)
            at += kept[name].nbytes
            if size != head["size"]:
                kept[name] = np.broadcast_to(kept[name], head["size"])
        eccns, laws = (tuple(head["names"][name]) for name in (_ECCN, _LAW))
        return _decisions(kept, eccns, laws, _wrong(kept[_ERROR]))

    def texts(self, column: str) -> list[str | None]:
        """Return a coded column as texts, None where it has none."""
        names = (*self.names[column], None)
        return [names[code] for code in self.columns[column].tolist()]


class Answers:
    """The answers while they are being filled, a few bytes per row, and the errors of rows found so far.

    All codes of a row stand in one word, those of ``FIELDS`` from its lowest bit.
    """

    def __init__(self, size: int) -> None:
        self.codes = np.empty(size, np.uint32)
        self.fired = np.empty(size, np.uint64)
        self.eccns = np.empty(size, np.int32)
        self.errors = np.full(size, NO_ERROR, np.int8)
        self._laws: Array | int = 0
        self._words: dict[str, int] = {}
        self._lock = threading.Lock()

    def fault(self, errors: Array | int, rows: Any = slice(None)) -> None:
        """Note errors of rows, where none was found before."""
        now = self.errors[rows]
        self.errors[rows] = np.where(now == NO_ERROR, errors, now)

    def laws(self, places: Array) -> None:
        """Note by which law each row is decided."""
        self._laws = places.astype(np.int32)

    def write(self, rows: Any, held: tuple[Held, ...], memo: Memo) -> None:
        """Write the outputs of a program, and after them the class, for some rows."""
        word: Any = np.uint32(0)
        fired: Any = np.uint64(0)
        for i, stance in enumerate(STANCES):
            outcome, required, path, policy, bits = held[_PER_STANCE * i : _PER_STANCE * (i + 1)]
            open_ = (required == 1) | (outcome == OUTCOMES.index("unknown")) | (path == PATHS.index("UNKNOWN"))
            open_ = open_ | (policy == POLICIES.index("unknown"))
            said = zip(_BITS, (outcome, _TRUTHS[required], path, policy + 1), strict=True)
            word = word | _put(_MISSING, open_) << np.uint32(i)
            for (key, _), codes in said:
                word = word | _put(f"{stance}_{key}", codes)
            fired = fired | np.left_shift(bits, np.uint64(MASK_SHIFT * i), dtype=np.uint64)
        self.codes[rows] = word
        self.fired[rows] = fired
        self.eccns[rows] = self.classes(held[_PER_STANCE * len(STANCES)], memo)

    def write_one(self, row: int, answer: Determination) -> None:
        """Write the answer to one transaction."""
        word = fired = 0
        for i, stance in enumerate(STANCES):
            short = answer.verdicts[stance]
            said = {
                "outcome": OUTCOMES.index(short.outcome),
                "license_required": _REQUIRED.index(short.license_required),
                "path": PATHS.index(short.path),
                "review_policy": REVIEW_POLICIES.index(short.review_policy),
            }
            open_ = "unknown" in (short.outcome, short.license_required, short.review_policy) or short.path == "UNKNOWN"
            word |= int(_put(_MISSING, open_)) << i
            for key, code in said.items():
                word |= int(_put(f"{stance}_{key}", code))
            fired |= short.fired << MASK_SHIFT * i
        self.codes[row] = word
        self.fired[row] = fired
        self.eccns[row] = self._class(answer.explanation.value(answer.program.lowerer.fact("item.eccn")))

    def _class(self, eccn: str | None) -> int:
        with self._lock:
            return self._words.setdefault(eccn or "unknown", len(self._words))

    def classes(self, held: Held, memo: Memo) -> Any:
        """Return the codes of classes."""
        if not isinstance(held, Codes):
            return self._class(held)
        words: Words = held.words
        table = memo.kept(("class", words), lambda: np.array([self._class(word) for word in (*words.values, None)], np.int32))
        return table[held.codes]

    def _cleared(self, start: int) -> Array:
        """Return the rows at fault among some, after taking away what was answered of them."""
        wrong = start + _wrong(self.errors[start : start + _PART])
        if len(wrong):
            self.fired[wrong] = 0
            self.eccns[wrong] = NOTHING
            if isinstance(self._laws, np.ndarray):
                self._laws[wrong] = NOTHING
        return wrong

    def decisions(self, laws: tuple[str, ...], pool: Executor) -> Decisions:
        """Return the answers, with nothing but its error in a row that is at fault; ``laws`` are the hashes of the laws."""
        parts = list(pool.map(self._cleared, range(0, len(self.errors), _PART)))
        wrong = np.concatenate(parts) if parts else np.zeros(0, np.int64)
        laws_ = np.broadcast_to(np.asarray(self._laws, np.int32), len(self.errors))
        kept: dict[str, Array] = {_CODES: self.codes, _FIRED: self.fired, _ECCN: self.eccns, _LAW: laws_, _ERROR: self.errors}
        return _decisions(kept, tuple(self._words), laws, wrong)


def _wrong(errors: Array) -> Array:
    """Return the rows at fault."""
    return np.flatnonzero(errors != NO_ERROR)


def _decisions(kept: dict[str, Array], eccns: tuple[str, ...], laws: tuple[str, ...], wrong: Array) -> Decisions:
    """Return answers from what is kept of them; ``wrong`` are the rows at fault."""
    names: dict[str, tuple[str, ...]] = {_ECCN: eccns, _LAW: laws, _ERROR: ERROR_CODES}
    for stance in STANCES:
        names |= {f"{stance}_outcome": OUTCOMES, f"{stance}_path": PATHS, f"{stance}_review_policy": REVIEW_POLICIES}
    held = {name: values for name, values in kept.items() if name != _CODES}
    return Decisions(_Columns(held, kept[_CODES], wrong), names, kept)


def stance_codes(found: Decisions, stance: str, rows: slice) -> Array:
    """Return, as one number of ``STANCE_BITS`` bits per row, what a stance answers, but for whether a license is required.

    :func:`stance_words` tells what such a number stands for.
    """
    codes: Array = found.kept[_CODES][rows] >> np.uint32(_PLACES[f"{stance}_outcome"][0]) & np.uint32(_SAID)
    return codes


def stance_words(code: int) -> tuple[str, str, str]:
    """Return outcome, path and review policy of a code of :func:`stance_codes`."""
    words = {"outcome": OUTCOMES, "path": PATHS, "review_policy": REVIEW_POLICIES}
    found = {key: code >> shift & (1 << bits) - 1 for key, shift, bits in _STANCE_PLACES}
    outcome, path, policy = (names[found[key]] for key, names in words.items())
    return outcome, path, policy


def _put(name: str, codes: Any) -> Any:
    """Return codes at their place in the word of a row."""
    return np.asarray(codes).astype(np.uint32) << np.uint32(_PLACES[name][0])
