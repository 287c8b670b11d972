"""The last stage of many decisions: bits of every row's values in, answers out, by numpy or by compiled loops.

Both run the same program of gates and give the same answers; the compiled loops need the extra ``fast``.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from importlib.util import find_spec
from typing import Any, Protocol

import numpy as np
from attrs import frozen

from penstock.decision.answers import FIELDS, Answers
from penstock.rulebook.arrays import Array
from penstock.rulebook.planes import Gates
from penstock.rulebook.sums import Compared

__all__ = ["ROWS", "Runner", "Wiring", "compiled", "runner"]

ROWS = "#rows"  # the source of what is answered row by row: truth values, two bits each
_TRUTHS = np.array([[0, 0], [1, 0], [0, 0], [1, 1]], bool)  # possible and certain, per truth value
_CODE_BITS = sum(bits for _, bits in FIELDS)


@frozen(eq=False)
class Wiring:
    """The logic of all outputs: which plane each bit of a source is, and what the output planes are.

    They are the bits of a row's codes, lowest first, then the rows to be decided otherwise, and then a plane for each of
    ``shifts``, the bits of the fired mask.
    """

    gates: Gates
    inputs: Mapping[tuple[str, int], int]
    shifts: tuple[int, ...]

    def place(self, source: str, bit: int) -> int | None:
        """Return the register of a bit, None where it is not used."""
        return self.gates.inputs.get(self.inputs.get((source, bit), -1))


class Runner(Protocol):
    """What decides the rows of one batch: the codes of each source and what is left for each row are handed in.

    What is left are truth values, one for all rows or one per row, or for compiled loops also sums to compare.  Returned
    are the rows to be decided otherwise, None where there are none.
    """

    def decide(
        self, codes: Callable[[str], Array], left: Sequence[Any], rows: Any, size: int, answers: Answers
    ) -> Array | None: ...  # fmt: skip


def compiled() -> bool:
    """Say whether compiled loops can be had."""
    return find_spec("numba") is not None


def runner(wiring: Wiring, tables: Mapping[str, Sequence[Array]], left: int, *, fast: bool) -> Runner:
    """Return what decides rows; ``tables`` holds, per source, for each bit whether a value has it, the absent one last.

    ``left`` is the number of truth values that are answered row by row.
    """
    return (_Kernels if fast else _Numpy)(wiring, tables, left)


def _used(wiring: Wiring, tables: Mapping[str, Sequence[Array]]) -> Iterator[tuple[str, list[tuple[Array, int]]]]:
    """Yield, per source, the bits that are used and their registers."""
    for name, bits in tables.items():
        found = [(bit, place) for i, bit in enumerate(bits) if (place := wiring.place(name, i)) is not None]
        if found:
            yield name, found


def _left(wiring: Wiring, count: int) -> list[tuple[int, list[tuple[Array, int]]]]:
    """Return the same for truth values answered row by row."""
    found = []
    for i in range(count):
        bits = [(_TRUTHS[:, bit], place) for bit in (0, 1) if (place := wiring.place(ROWS, 2 * i + bit)) is not None]
        if bits:
            found.append((i, bits))
    return found


def _spread(truth: Any, size: int) -> Array:
    return truth if isinstance(truth, np.ndarray) else np.full(size, truth, np.uint8)


# ---- numpy


class _Numpy:
    def __init__(self, wiring: Wiring, tables: Mapping[str, Sequence[Array]], left: int) -> None:
        self._wiring = wiring
        self._tables = [(name, [*_bytes(bits)]) for name, bits in _used(wiring, tables)]
        self._left = _left(wiring, left)

    def decide(
        self, codes: Callable[[str], Array], left: Sequence[Any], rows: Any, size: int, answers: Answers
    ) -> Array | None:  # fmt: skip
        given: dict[int, Array] = {}
        for name, tables in self._tables:
            found = codes(name)
            for table, used in tables:
                values = table.take(found)
                given |= {place: _plane(values & np.uint8(1 << bit)) for bit, place in used}
        for i, bits in self._left:
            values = _spread(left[i], size)
            given |= {place: _plane(bit.take(values)) for bit, place in bits}
        planes = self._wiring.gates.run(given, -(-size // 64))
        return self._write(planes, rows, size, answers)

    def _write(self, planes: list[Array], rows: Any, size: int, answers: Answers) -> Array | None:
        answers.codes[rows] = _together(enumerate(planes[:_CODE_BITS]), 4, size)
        answers.fired[rows] = _together(zip(self._wiring.shifts, planes[_CODE_BITS + 1 :], strict=True), 8, size)
        odd = _unpacked(planes[_CODE_BITS], size).view(bool)
        return odd if odd.any() else None


def _together(planes: Iterable[tuple[int, Array]], width: int, size: int) -> Array:
    """Return one number of some bytes per row from the planes of its bits."""
    bytes_: dict[int, Array] = {}
    for shift, plane in planes:
        bits = _unpacked(plane, size) << np.uint8(shift % 8)
        bytes_[shift // 8] = bytes_[shift // 8] | bits if shift // 8 in bytes_ else bits
    found = np.zeros((size, width), np.uint8)
    for at, column in bytes_.items():
        found[:, at] = column
    return found.view(f"<u{width}")[:, 0]


def _bytes(bits: list[tuple[Array, int]]) -> Iterator[tuple[Array, list[tuple[int, int]]]]:
    """Yield bits per value in bytes, each with its bits' places in it and their registers."""
    for start in range(0, len(bits), 8):
        part = bits[start : start + 8]
        total = np.zeros(len(part[0][0]), np.uint8)
        for i, (bit, _) in enumerate(part):
            total |= bit.astype(np.uint8) << np.uint8(i)
        yield total, [(i, place) for i, (_, place) in enumerate(part)]


def _plane(values: Array) -> Array:
    """Return a plane: one bit per row, set where a value is not zero."""
    packed = np.packbits(values, bitorder="little")
    if len(packed) % 8:
        packed = np.pad(packed, (0, -len(packed) % 8))
    found: Array = packed.view(np.uint64)
    return found


def _unpacked(plane: Array, size: int) -> Array:
    return np.unpackbits(plane.view(np.uint8), count=size, bitorder="little")


# ---- compiled loops


class _Kernels:
    """Words of 64 bits, to which each source adds those of a row's value; their registers are the ones after the first two."""

    def __init__(self, wiring: Wiring, tables: Mapping[str, Sequence[Array]], left: int) -> None:
        self._places: list[int] = []
        words = [(name, self._word(bits)) for name, bits in _used(wiring, tables)]
        rest = [(i, self._word([(np.append(bit, False), place) for bit, place in bits])) for i, bits in _left(wiring, left)]
        self._parts = max(1, -(-len(self._places) // 64))
        self._rest = [(i, part, table) for i, parts in rest for part, table in parts]
        self._groups = [
            (part, group)
            for part in range(self._parts)
            for group in _groups([(name, table) for name, parts in words for at, table in parts if at == part])
        ]
        gates = wiring.gates
        moved = np.arange(gates.registers, dtype=np.int32)
        added = 64 * self._parts - len(self._places)
        moved[2:] += added
        moved[self._places] = np.arange(2, 2 + len(self._places))
        moved[2 + len(self._places) :] = np.arange(2 + 64 * self._parts, gates.registers + added)
        self._program = np.ascontiguousarray(np.column_stack([gates.program[:, 0], moved[gates.program[:, 1:]]]), np.int32)
        self._registers = gates.registers + added
        self._results = np.zeros((2, 64), np.int32)
        outputs = moved[list(gates.outputs)]
        self._results[0, : _CODE_BITS + 1] = outputs[: _CODE_BITS + 1]
        self._results[1, list(wiring.shifts)] = outputs[_CODE_BITS + 1 :]
        self._room = threading.local()

    def _word(self, bits: list[tuple[Array, int]]) -> list[tuple[int, Array]]:
        """Return, for each word the bits come to stand in, what it is for each value, the last one first."""
        found: dict[int, Array] = {}
        for bit, place in bits:
            part, shift = divmod(len(self._places), 64)
            found.setdefault(part, np.zeros(len(bit), np.uint64))
            found[part] |= np.roll(bit, 1).astype(np.uint64) << np.uint64(shift)
            self._places.append(place)
        return list(found.items())

    def decide(
        self, codes: Callable[[str], Array], left: Sequence[Any], rows: Any, size: int, answers: Answers
    ) -> Array | None:  # fmt: skip
        from penstock.rulebook import kernels

        words = self._words(left, size)
        for part, group in self._groups:
            found = [np.ascontiguousarray(codes(name), np.int32) for name, _ in group]
            kernels.gather(words[part, :size], *found, *(table for _, table in group))
        for i, part, table in self._rest:
            if isinstance(left[i], Compared):
                one = left[i]
                said = table[[1, one.unknown + 1, 1, 4]]
                kernels.sums(one.columns, one.known, one.terms, one.constant, one.word, said, words[part, :size])
            elif isinstance(left[i], np.ndarray):
                words[part, :size] |= table[1:].take(left[i])
        low, high = answers.codes[rows], answers.fired[rows]
        odd = kernels.run(words, self._program, self._registers, self._results, 1 << _CODE_BITS, low, high)
        which = (low >> np.uint32(_CODE_BITS)).astype(bool) if odd else None
        if odd:
            low &= np.uint32((1 << _CODE_BITS) - 1)
        if not isinstance(rows, slice):
            answers.codes[rows], answers.fired[rows] = low, high
        return which

    def _words(self, left: Sequence[Any], size: int) -> Array:
        """Return a word per row with the bits that all rows share; its array is used again by the same thread."""
        from penstock.rulebook import kernels

        padded = -(-size // kernels.BLOCK) * kernels.BLOCK
        held = getattr(self._room, "words", None)
        if held is None or held.shape[1] != padded:
            held = self._room.words = np.empty((self._parts, padded), np.uint64)
        same = np.zeros(self._parts, np.uint64)
        for i, part, table in self._rest:
            if not isinstance(left[i], (np.ndarray, Compared)):
                same[part] |= table[int(left[i]) + 1]
        held[:] = same[:, np.newaxis]
        return held


def _groups(tables: list[tuple[str, Array]]) -> Iterator[list[tuple[str, Array]]]:
    """Yield sources in fours, the last ones filled up with one that adds nothing."""
    for start in range(0, len(tables), 4):
        group = tables[start : start + 4]
        name, table = group[0]
        yield [*group, *[(name, np.zeros_like(table))] * (4 - len(group))]
