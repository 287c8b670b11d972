"""The tree against the vectors of Certificate Transparency and against the definition."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.ledger.entries import leaf_hash
from penstock.ledger.merkle import (
    TILE_WIDTH,
    Frontier,
    consistency_proof,
    inclusion_proof,
    root_of,
    tile_path,
    tree_root,
    verify_consistency,
    verify_inclusion,
)

# The leaves and roots that the tests of Certificate Transparency implementations share.
LEAVES = [bytes.fromhex(leaf) for leaf in (
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
)]  # fmt: skip
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def defined(leaves: Sequence[bytes]) -> bytes:
    """Return the root by the recursive definition of RFC 6962, 2.1."""
    if len(leaves) <= 1:
        return leaves[0] if leaves else hashlib.sha256(b"").digest()
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    return hashlib.sha256(b"\1" + defined(leaves[:k]) + defined(leaves[k:])).digest()


def tiles_of(leaves: Sequence[bytes]) -> Callable[[int, int], Sequence[bytes]]:
    def tiles(level: int, number: int) -> Sequence[bytes]:
        if level == 0:
            return leaves[number * TILE_WIDTH : (number + 1) * TILE_WIDTH]
        full = len(leaves) // TILE_WIDTH**level
        return [root_of(tiles(level - 1, n)) for n in range(number * TILE_WIDTH, min(full, (number + 1) * TILE_WIDTH))]

    return tiles


def many(count: int) -> list[bytes]:
    return [leaf_hash(str(n).encode()) for n in range(count)]


@pytest.mark.parametrize("size", range(1, 9))
def test_the_known_roots(size: int) -> None:
    assert root_of([leaf_hash(leaf) for leaf in LEAVES[:size]]).hex() == ROOTS[size - 1]


@pytest.mark.parametrize("size", [0, 1, 2, 255, 256, 257, 511, 512, 65_536, 65_793])
def test_edge_tiles_and_definition_give_one_root(size: int) -> None:
    leaves = many(size)
    edge = Frontier()
    full = [(level, number, list(row)) for leaf in leaves for level, number, row in edge.add(leaf)]
    tiles = tiles_of(leaves)
    assert all(row == tiles(level, number) for level, number, row in full)
    assert edge.root() == defined(leaves) == tree_root(size, tiles)
    again = Frontier.read(size, tiles)
    assert (again.root(), again.size) == (edge.root(), size)
    again.add(bytes(32))
    edge.add(bytes(32))
    assert again.root() == edge.root()


@given(st.lists(st.integers(0, 600), max_size=5))
def test_leaves_added_at_once_make_the_same_edge_and_tiles(parts: list[int]) -> None:
    leaves = many(sum(parts))
    one, all_ = Frontier(), Frontier()
    each = [(level, number, list(row)) for leaf in leaves for level, number, row in one.add(leaf)]
    at_once, done = [], 0
    for part in parts:
        at_once += all_.extend(leaves[done : done + part])
        done += part
    assert at_once == each
    assert (all_.size, all_.rows) == (one.size, one.rows)


@given(st.integers(1, 700), st.data())
def test_proofs_hold_and_hold_for_nothing_else(size: int, data: st.DataObject) -> None:
    leaves = many(size)
    tiles, root = tiles_of(leaves), defined(leaves)
    index = data.draw(st.integers(0, size - 1))
    proof = inclusion_proof(index, size, tiles)
    assert verify_inclusion(index, size, leaves[index], proof, root)
    assert not verify_inclusion(index, size, bytes(32), proof, root)
    assert not verify_inclusion(index, size, leaves[index], [*proof, bytes(32)], root)
    assert not verify_inclusion(size, size, leaves[index], proof, root)
    if proof:
        assert not verify_inclusion(index, size, leaves[index], proof[:-1], root)
        assert not verify_inclusion((index + 1) % size, size, leaves[index], proof, root)


@given(st.integers(1, 700), st.data())
def test_a_prefix_is_proved_and_a_rewritten_one_is_not(size: int, data: st.DataObject) -> None:
    leaves = many(size)
    old = data.draw(st.integers(1, size))
    root, old_root = defined(leaves), defined(leaves[:old])
    proof = consistency_proof(old, size, tiles_of(leaves))
    assert verify_consistency(old, size, old_root, root, proof)
    assert not verify_consistency(old, size, bytes(32), root, proof)
    assert not verify_consistency(old, size, old_root, bytes(32), proof)
    if proof:
        assert not verify_consistency(old, size, old_root, root, proof[:-1])
        assert not verify_consistency(old, size, old_root, root, [*proof, bytes(32)])
        assert not verify_consistency(size, old, root, old_root, proof)


def test_an_empty_log_is_a_prefix_of_any() -> None:
    assert verify_consistency(0, 5, b"", b"anything", [])
    assert not verify_consistency(0, 5, b"", b"anything", [bytes(32)])


def test_paths_of_the_static_files() -> None:
    assert tile_path(1, 0, 1) == "tile/1/000.p/1"
    assert tile_path(0, 999) == "tile/0/999"
    assert tile_path(0, 1000) == "tile/0/x001/000"
