"""The last stage of many decisions: bits of every row's values in, answers out, by numpy or by compiled loops.

Both run the same program of gates and give the same answers; the compiled loops need the extra ``fast``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from importlib.util import find_spec
from typing import Any, Protocol

import numpy as np
from attrs import frozen

from penstock.decision.answers import FIELDS, Answers
from penstock.rulebook.arrays import Array
from penstock.rulebook.planes import Gates

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
    """What decides the rows of one batch: the codes of each source and the truth values of each row are handed in."""

    def decide(
        self, codes: Callable[[str], Array], truths: Sequence[Any], rows: Any, size: int, answers: Answers
    ) -> Array: ...  # fmt: skip


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

    def decide(self, codes: Callable[[str], Array], truths: Sequence[Any], rows: Any, size: int, answers: Answers) -> Array:
        given: dict[int, Array] = {}
        for name, tables in self._tables:
            found = codes(name)
            for table, used in tables:
                values = table.take(found)
                given |= {place: _plane(values & np.uint8(1 << bit)) for bit, place in used}
        for i, bits in self._left:
            values = _spread(truths[i], size)
            given |= {place: _plane(bit.take(values)) for bit, place in bits}
        planes = self._wiring.gates.run(given, -(-size // 64))
        return self._write(planes, rows, size, answers)

    def _write(self, planes: list[Array], rows: Any, size: int, answers: Answers) -> Array:
        answers.codes[rows] = _together(enumerate(planes[:_CODE_BITS]), 4, size)
        answers.fired[rows] = _together(zip(self._wiring.shifts, planes[_CODE_BITS + 1 :], strict=True), 8, size)
        return _unpacked(planes[_CODE_BITS], size).view(bool)


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
    def __init__(self, wiring: Wiring, tables: Mapping[str, Sequence[Array]], left: int) -> None:
        self._wiring = wiring
        self._places: list[int] = []
        self._words = [(name, self._word(bits)) for name, bits in _used(wiring, tables)]
        self._left = [(i, self._word([(np.append(bit, False), place) for bit, place in bits])) for i, bits in _left(wiring, left)]
        self._parts = max(1, -(-len(self._places) // 64))
        self._registers = np.zeros((self._parts, 64), np.int32)
        self._registers.reshape(-1)[: len(self._places)] = self._places
        self._results = self._outputs()

    def _word(self, bits: list[tuple[Array, int]]) -> list[tuple[int, Array]]:
        """Return, for each word the bits come to stand in, what it is for each value, the last one first."""
        found: dict[int, Array] = {}
        for bit, place in bits:
            part, shift = divmod(len(self._places), 64)
            found.setdefault(part, np.zeros(len(bit), np.uint64))
            found[part] |= np.roll(bit, 1).astype(np.uint64) << np.uint64(shift)
            self._places.append(place)
        return list(found.items())

    def _outputs(self) -> Array:
        """Return the register of each bit of the two words of an answer: its codes, and the fired mask."""
        results = np.zeros((2, 64), np.int32)
        codes = _CODE_BITS + 1
        results[0, :codes] = self._wiring.gates.outputs[:codes]
        results[1, list(self._wiring.shifts)] = self._wiring.gates.outputs[codes:]
        return results

    def decide(self, codes: Callable[[str], Array], truths: Sequence[Any], rows: Any, size: int, answers: Answers) -> Array:
        from penstock.rulebook import kernels

        words = np.empty((self._parts, -(-size // kernels.BLOCK) * kernels.BLOCK), np.uint64)
        words[:] = self._same(truths)[:, np.newaxis]
        for name, parts in self._words:
            found = codes(name)
            for part, table in parts:
                kernels.gather(words[part], found, table)
        for i, parts in self._left:
            if isinstance(truths[i], np.ndarray):
                for part, table in parts:
                    kernels.gather(words[part], truths[i], table)
        out = np.empty((2, words.shape[1]), np.uint64)
        gates = self._wiring.gates
        kernels.run(words, self._registers, gates.program, gates.registers, self._results, out)
        kernels.split(out[0], 0, (1 << _CODE_BITS) - 1, answers.codes[rows]) if isinstance(rows, slice) else None
        if not isinstance(rows, slice):
            answers.codes[rows] = out[0, :size] & np.uint64((1 << _CODE_BITS) - 1)
        answers.fired[rows] = out[1, :size]
        odd = np.empty(size, np.uint8)
        kernels.split(out[0], _CODE_BITS, 1, odd)
        return odd.view(bool)

    def _same(self, truths: Sequence[Any]) -> Array:
        """Return the bits that all rows share."""
        found = np.zeros(self._parts, np.uint64)
        for i, parts in self._left:
            for part, table in parts if not isinstance(truths[i], np.ndarray) else ():
                found[part] |= table[int(truths[i]) + 1]
        return found
