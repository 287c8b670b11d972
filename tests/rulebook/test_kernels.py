"""Compiled loops do what a line of numpy or Python says they do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from penstock.rulebook.planes import Gates, Planes

kernels = pytest.importorskip("penstock.rulebook.kernels")
ROWS = 1_003


def codes_of(draw: Any, values: int) -> Any:
    return draw.integers(-1, values, ROWS).astype(np.int32)


def test_four_codes_add_their_bits() -> None:
    draw = np.random.default_rng(1)
    codes = [codes_of(draw, 5 + i) for i in range(4)]
    tables = [draw.integers(0, 1 << 63, 6 + i).astype(np.uint64) for i in range(4)]
    words = draw.integers(0, 1 << 63, ROWS).astype(np.uint64)
    wanted = words.copy()
    for code, table in zip(codes, tables, strict=True):
        wanted |= table[code + 1]
    codes[0].flags.writeable = False  # as columns of a Parquet file are
    kernels.gather(words, *codes, *tables)
    assert (words == wanted).all()


def test_keys_are_looked_up_and_noted() -> None:
    keys = np.array([0, 1, 2], np.int32)
    kernels.scale(keys, np.array([-1, 0, 4], np.int32), 6)
    assert keys.tolist() == [0, 7, 17]
    row_of = np.full(18, -1, np.int64)
    kernels.note(row_of, keys, 100)
    assert {at: noted for at, noted in enumerate(row_of.tolist()) if noted >= 0} == {0: 100, 7: 101, 17: 102}
    place_of = np.zeros(18, np.int32)
    place_of[[0, 7, 17]] = 0, 1, 2
    places, marked = np.empty(3, np.int32), np.array([-1, 5, -1], np.int8)
    kernels.look(keys, place_of, np.array([40, 41, 42], np.int32), np.array([-1, 8, 9], np.int8), places, marked)
    assert (keys.tolist(), places.tolist(), marked.tolist()) == ([40, 41, 42], [0, 1, 2], [-1, 5, 9])


def test_the_last_value_stands_for_what_is_absent() -> None:
    into = np.empty(3, np.int64)
    kernels.pick(np.array([7, 8, 0]), np.array([1, -1, 0], np.int32), into)
    assert into.tolist() == [8, 0, 7]


@pytest.mark.parametrize("word", [-1, 0, 1])
def test_sums_are_compared_with_zero(word: int) -> None:
    draw = np.random.default_rng(2)
    columns = draw.integers(-30, 30, (3, ROWS))
    known = np.full((3, ROWS), 2, np.uint8)
    known[1] = draw.integers(0, 2, ROWS)
    answers, words = np.array([1, 2, 0, 4], np.uint64), np.full(ROWS, 8, np.uint64)
    terms = np.array([[3, 0, -1], [-2, 1, 2]])
    kernels.sums(columns, known, terms, 11, word, answers, words)
    total = 11 + 3 * columns[0] - 2 * columns[1] * columns[2]
    holds = {-1: total <= 0, 0: total == 0, 1: total >= 0}[word]
    assert words.tolist() == np.where(known[1] == 0, 8 + 2, np.where(holds, 8 + 4, 8 + 1)).tolist()


def random_gates(seed: int, inputs: int) -> tuple[Gates, list[int]]:
    """Return a program, and its inputs."""
    draw = np.random.default_rng(seed)
    planes = Planes()
    given = [planes.new() for _ in range(inputs)]
    made = list(given)
    make: list[Callable[..., Any]] = [planes.both, planes.either, lambda a, b: planes.opposite(a)]
    for _ in range(400):
        made.append(make[draw.integers(3)](*(made[i] for i in draw.integers(0, len(made), 2))))
    return planes.gates(made[-96:]), given


@pytest.mark.parametrize("seed", range(5))
def test_compiled_loops_run_the_same_program(seed: int) -> None:
    gates, inputs = random_gates(seed, 128)
    draw = np.random.default_rng(seed)
    rows = kernels.BLOCK + ROWS
    size = 2 * kernels.BLOCK
    bits = draw.integers(0, 2, (128, size)).astype(np.uint8)
    at = [2 + i for i in range(128)]  # every input has a register, also one that is not used
    moved = np.arange(gates.registers) + 128
    for place, plane in zip(at, inputs, strict=True):
        if plane in gates.inputs:
            moved[gates.inputs[plane]] = place
    moved[:2] = 0, 1
    given = {gates.inputs[p]: np.packbits(bits[i], bitorder="little").view(np.uint64) for i, p in enumerate(inputs)
             if p in gates.inputs}  # fmt: skip
    wanted = [np.unpackbits(plane.view(np.uint8), bitorder="little")[:rows] for plane in gates.run(given, size // 64)]
    words = np.zeros((2, size), np.uint64)
    for i in range(128):
        words[i // 64] |= bits[i].astype(np.uint64) << np.uint64(i % 64)
    results = np.zeros((2, 64), np.int32)
    results[0, :32], results[1] = moved[list(gates.outputs[:32])], moved[list(gates.outputs[32:])]
    program = np.column_stack([gates.program[:, 0], moved[gates.program[:, 1:]]]).astype(np.int32)
    low, high = np.empty(rows, np.uint32), np.empty(rows, np.uint64)
    odd = kernels.run(words, program, gates.registers + 128, results, 1 << 5, low, high)
    for i, expected in enumerate(wanted):
        found = low >> np.uint32(i) if i < 32 else high >> np.uint64(i - 32)
        assert ((found & 1) == expected).all()
    assert odd == wanted[5].any()
