"""Tiles of a ledger's Merkle tree: full ones are kept, the unfinished edge is made from the last entries."""

from __future__ import annotations

from collections.abc import Sequence

from penstock.ledger.entries import leaf_hash
from penstock.ledger.merkle import TILE_HEIGHT, TILE_WIDTH, Tiles
from penstock.store.backend import Backend

__all__ = ["split", "tile_reader"]

_HASH = 32


def split(hashes: bytes) -> list[bytes]:
    """Return the hashes of a tile.

    >>> len(split(bytes(64)))
    2
    """
    return [hashes[i : i + _HASH] for i in range(0, len(hashes), _HASH)]


def tile_reader(backend: Backend, size: int) -> Tiles:
    """Return the function that gives the tiles of the tree of the first ``size`` entries."""
    kept: dict[tuple[int, int], Sequence[bytes]] = {}

    def read(level: int, number: int) -> Sequence[bytes]:
        if (level, number) not in kept:
            kept[level, number] = _read(level, number)
        return kept[level, number]

    def _read(level: int, number: int) -> Sequence[bytes]:
        full = backend.tile(level, number)
        if full is not None:
            return split(full)
        first = number * TILE_WIDTH
        if level == 0:
            return [leaf_hash(entry) for entry in backend.entries(first, min(first + TILE_WIDTH, size))]
        end = min(first + TILE_WIDTH, size >> (TILE_HEIGHT * level))
        return backend.tile_roots(level - 1, first, end)

    return read
