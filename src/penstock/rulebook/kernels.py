"""Compiled loops for many transactions: they know no law, so that one compilation serves all, kept on disk.

Needs the extra ``fast``; nothing here is imported before it is asked for.
Places are computed as unsigned numbers, which spares the question whether they count from the end.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

import numba
import numpy as np

from penstock.rulebook.arrays import Array
from penstock.rulebook.planes import AND, OR

__all__ = ["BLOCK", "gather", "look", "note", "pick", "run", "scale", "sums"]

F = TypeVar("F")
_I64, _U64 = numba.int64, numba.uint64
_U32S, _U64S, _I32S, _I64S = numba.uint32[::1], numba.uint64[::1], numba.int32[::1], numba.int64[::1]
_LANES = 64  # words of each plane at a time: enough for the loops over them to be wide, few enough for a near cache
BLOCK = 64 * _LANES  # rows at a time
_TERMS = 512  # rows at a time in sums
_HALVES = (
    (32, 0x00000000FFFFFFFF), (16, 0x0000FFFF0000FFFF), (8, 0x00FF00FF00FF00FF),
    (4, 0x0F0F0F0F0F0F0F0F), (2, 0x3333333333333333), (1, 0x5555555555555555),
)  # fmt: skip


def _read(dtype: numba.types.Type, dimensions: int = 1) -> numba.types.Type:
    """Return the type of an array that is only read, which one that may be written is taken for."""
    return numba.types.Array(dtype, dimensions, "C", readonly=True)


def _jit(*types: numba.types.Type, returned: numba.types.Type = numba.void) -> Callable[[F], F]:
    """Compile a function for arguments of some types when this module is loaded, or take it from the disk."""
    return cast(Callable[[F], F], numba.njit(returned(*types), nogil=True, cache=True))


@_jit(_U64S, *[_read(numba.int32)] * 4, *[_read(_U64)] * 4)
def gather(
    words: Array, a: Array, b: Array, c: Array, d: Array, bits_a: Array, bits_b: Array, bits_c: Array, bits_d: Array
) -> None:
    """Add to each row's word the bits that four codes stand for; the first of each table is for the code -1."""
    one = np.int32(1)
    for row in range(len(a)):
        words[row] |= (
            bits_a[np.uint32(a[row] + one)]
            | bits_b[np.uint32(b[row] + one)]
            | bits_c[np.uint32(c[row] + one)]
            | bits_d[np.uint32(d[row] + one)]
        )


@_jit(_I32S, _read(numba.int32), _I64)
def scale(keys: Array, codes: Array, size: int) -> None:
    """Add a column's codes to the keys of combinations, lowest digit first."""
    by, one = np.int32(size), np.int32(1)
    for row in range(len(codes)):
        keys[row] = keys[row] * by + codes[row] + one


@_jit(_I64S, _read(numba.int32), _I64)
def note(row_of: Array, keys: Array, first: int) -> None:
    """Note a row for each key that occurs and has none, of rows from ``first`` on: threads hardly ever write to one place."""
    for row in range(len(keys)):
        key = np.uint32(keys[row])
        if row_of[key] < 0:
            row_of[key] = first + row


@_jit(_I32S, _read(numba.int32), _read(numba.int32), _read(numba.int8), _I32S, numba.int8[::1])
def look(keys: Array, place_of: Array, values: Array, marks: Array, places: Array, marked: Array) -> None:
    """Note the place of each key, put the value there in its stead, and mark a row that has no mark (-1) as the place is."""
    for row in range(len(keys)):
        place = place_of[np.uint32(keys[row])]
        places[row] = place
        keys[row] = values[np.uint32(place)]
        if marked[row] < 0:
            marked[row] = marks[np.uint32(place)]


@_jit(_read(_I64), _read(numba.int32), _I64S)
def pick(values: Array, places: Array, into: Array) -> None:
    """Take the value of each place, -1 being the last."""
    last = len(values) - 1
    for row in range(len(places)):
        place = places[row]
        into[row] = values[np.uint32(place if place >= 0 else last)]


@_jit(_read(_I64, 2), _read(numba.uint8, 2), _read(_I64, 2), _I64, _I64, _read(_U64), _U64S)
def sums(columns: Array, known: Array, terms: Array, constant: int, word: int, answers: Array, words: Array) -> None:
    """Compare a sum of products with zero, and add to each row's word the bits the answer stands for.

    Each of ``terms`` is a factor, and a place in ``columns`` and another one, or -1.  ``known`` has a row for every
    column: whether the numbers of it are known, or nothing where all are.  ``word`` is -1 for *at most zero*, 0 for *zero*
    and 1 for *at least zero*; ``answers`` is what stands for no, unknown, nothing and yes.
    """
    one, change = np.uint64(1), answers[0] ^ answers[3]
    total = np.empty(_TERMS, np.int64)
    seen = np.empty(_TERMS, np.uint8)
    for start in range(0, len(words), _TERMS):
        size = min(_TERMS, len(words) - start)
        total[:] = constant
        seen[:] = 1
        for term in range(len(terms)):
            factor, first, second = terms[term, 0], terms[term, 1], terms[term, 2]
            left = columns[first, start : start + size]
            if second < 0:
                for row in range(size):
                    total[row] += factor * left[row]
            else:
                right = columns[second, start : start + size]
                for row in range(size):
                    total[row] += factor * left[row] * right[row]
            for place in (first, second):
                if place >= 0 and known[place, 0] != 2:
                    sure = known[place, start : start + size]
                    for row in range(size):
                        seen[row] &= sure[row]
        part = words[start : start + size]
        for row in range(size):
            holds = total[row] <= 0 if word < 0 else total[row] >= 0 if word > 0 else total[row] == 0
            found = answers[0] ^ (change & -np.uint64(holds))
            part[row] |= found ^ ((found ^ answers[1]) & (np.uint64(seen[row]) - one))


@_jit(_U64S, _I64)
def _transpose(block: Array, at: int) -> None:
    """Turn 64 words of 64 bits into their columns, in place, for each lane; word ``i`` of a lane is at ``i * _LANES + lane``."""
    for half, mask in _HALVES:
        shift, low = np.uint64(half), np.uint64(mask)
        for first in range(0, 64, 2 * half):
            above, below = np.uint64(at + first * _LANES), np.uint64(at + (first + half) * _LANES)
            for k in range(half * _LANES):
                a, b = block[above + np.uint64(k)], block[below + np.uint64(k)]
                change = ((a >> shift) ^ b) & low
                block[below + np.uint64(k)] = b ^ change
                block[above + np.uint64(k)] = a ^ (change << shift)


@_jit(_U64S, _read(numba.int32, 2))
def _gates(held: Array, program: Array) -> None:
    """Run the operations of a program over planes of ``_LANES`` words."""
    lanes = np.uint64(_LANES)
    for step in range(program.shape[0]):
        op = program[step, 0]
        left, right, into = (
            np.uint64(program[step, 1]) * lanes,
            np.uint64(program[step, 2]) * lanes,
            np.uint64(program[step, 3]) * lanes,
        )
        if op == AND:
            for lane in range(_LANES):
                held[into + np.uint64(lane)] = held[left + np.uint64(lane)] & held[right + np.uint64(lane)]
        elif op == OR:
            for lane in range(_LANES):
                held[into + np.uint64(lane)] = held[left + np.uint64(lane)] | held[right + np.uint64(lane)]
        else:
            for lane in range(_LANES):
                held[into + np.uint64(lane)] = ~held[left + np.uint64(lane)]


@_jit(_read(_U64, 2), _read(numba.int32, 2), _I64, _read(numba.int32, 2), _I64, _U32S, _U64S, returned=numba.boolean)
def run(words: Array, program: Array, registers: int, results: Array, odd: int, low: Array, high: Array) -> bool:
    """Decide rows, 64 at a time: bits of words to planes, the program over them, planes to bits of two words.

    ``words`` holds, for each 64 inputs, a word per row, rows being a multiple of ``BLOCK``; the bits of the words are
    registers 2 and following.  ``program`` has one row for each operation; ``results`` names the register of each bit of
    ``low``, of at most 32 bits a row, and of ``high``.  Returns whether a row's ``low`` has the bit ``odd``.
    """
    seen = np.uint64(0)
    held = np.zeros(registers * _LANES, np.uint64)
    held[_LANES : 2 * _LANES] = ~np.uint64(0)
    out = np.zeros(64 * _LANES, np.uint64)
    for start in range(0, words.shape[1], BLOCK):
        size = min(BLOCK, len(low) - start)
        for part in range(words.shape[0]):
            at = (2 + 64 * part) * _LANES
            for row in range(BLOCK):
                held[np.uint64(at + row)] = words[part, np.uint64(start + row)]
            _transpose(held, at)
        _gates(held, program)
        for part in range(2):
            for bit in range(64):
                at = results[part, bit] * _LANES
                for lane in range(_LANES):
                    out[np.uint64(bit * _LANES + lane)] = held[np.uint64(at + lane)]
            _transpose(out, 0)
            if part == 0:
                for row in range(size):
                    low[np.uint64(start + row)] = np.uint32(out[np.uint64(row)])
                    seen |= out[np.uint64(row)]
            else:
                for row in range(size):
                    high[np.uint64(start + row)] = out[np.uint64(row)]
    found: bool = (seen & np.uint64(odd)) != 0
    return found
