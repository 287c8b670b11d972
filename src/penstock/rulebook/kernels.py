"""Compiled loops for logic over bit planes: they know no law, so that one compilation serves all, kept on disk.

Needs the extra ``fast``; nothing here is imported before it is asked for.
"""

from __future__ import annotations

from typing import TypeVar, cast

import numba
import numpy as np

from penstock.rulebook.arrays import Array
from penstock.rulebook.planes import AND, OR

__all__ = ["BLOCK", "gather", "note", "run", "scale", "split"]

F = TypeVar("F")
_LANES = 16  # words of each plane at a time, so that planes stay in the nearest cache
BLOCK = 64 * _LANES  # rows at a time
_HALVES = (
    (32, 0x00000000FFFFFFFF), (16, 0x0000FFFF0000FFFF), (8, 0x00FF00FF00FF00FF),
    (4, 0x0F0F0F0F0F0F0F0F), (2, 0x3333333333333333), (1, 0x5555555555555555),
)  # fmt: skip


def _jit(function: F) -> F:
    """Compile a function when it is first called, or take it from the disk."""
    return cast(F, numba.njit(nogil=True, cache=True)(function))


@_jit
def gather(words: Array, codes: Array, table: Array) -> None:
    """Add to each row's word the bits that its code stands for; the first of the table is for the code -1."""
    for row in range(len(codes)):
        words[row] |= table[np.int64(codes[row]) + 1]


@_jit
def scale(keys: Array, codes: Array, size: int) -> None:
    """Add a column's codes to the keys of combinations, lowest digit first."""
    for row in range(len(codes)):
        keys[row] = keys[row] * size + codes[row] + 1


@_jit
def note(row_of: Array, keys: Array, first: int) -> None:
    """Note a row for each key that occurs, of rows from ``first`` on."""
    for row in range(len(keys)):
        row_of[keys[row]] = first + row


@_jit
def split(words: Array, shift: int, mask: int, out: Array) -> None:
    """Take a few bits of each word."""
    for row in range(len(out)):
        out[row] = (words[row] >> np.uint64(shift)) & np.uint64(mask)


@_jit
def _transpose(block: Array) -> None:
    """Turn 64 words of 64 bits into their columns, in place, for each lane; word ``i`` of a lane is at ``i * _LANES + lane``."""
    for half, mask in _HALVES:
        shift, low = np.uint64(half), np.uint64(mask)
        for first in range(0, 64, 2 * half):
            above = block[first * _LANES : (first + half) * _LANES]
            below = block[(first + half) * _LANES : (first + 2 * half) * _LANES]
            for k in range(half * _LANES):
                a, b = above[k], below[k]
                change = ((a >> shift) ^ b) & low
                below[k] = b ^ change
                above[k] = a ^ (change << shift)


@_jit
def run(words: Array, places: Array, program: Array, registers: int, results: Array, out: Array) -> None:
    """Decide rows, 64 at a time: bits of words to planes, the program over them, planes to bits of words.

    ``words`` and ``out`` hold, for each group of 64 bits, a word per row, rows being a multiple of ``BLOCK``; ``words``
    is used up.  ``places`` and ``results`` name the register of each bit, 0 for none; ``program`` has one row for each
    operation.
    """
    held = np.zeros((registers, _LANES), np.uint64)
    held[1, :] = ~np.uint64(0)
    for start in range(0, words.shape[1], BLOCK):
        for part in range(words.shape[0]):
            block = words[part, start : start + BLOCK]
            _transpose(block)
            for bit in range(64):
                if places[part, bit] > 0:
                    held[places[part, bit]] = block[bit * _LANES : (bit + 1) * _LANES]
        for step in range(program.shape[0]):
            op, left, right, into = program[step, 0], held[program[step, 1]], held[program[step, 2]], held[program[step, 3]]
            if op == AND:
                for lane in range(_LANES):
                    into[lane] = left[lane] & right[lane]
            elif op == OR:
                for lane in range(_LANES):
                    into[lane] = left[lane] | right[lane]
            else:
                for lane in range(_LANES):
                    into[lane] = ~left[lane]
        for part in range(out.shape[0]):
            block = out[part, start : start + BLOCK]
            for bit in range(64):
                block[bit * _LANES : (bit + 1) * _LANES] = held[results[part, bit]]
            _transpose(block)
