"""The Merkle tree over all entries (RFC 6962, RFC 9162) and its tiles (C2SP tlog-tiles): roots and proofs.

A tile holds up to 256 hashes of one level; level 0 are the leaf hashes, and a hash of level L+1 is the root of a full tile of
level L.  Where tiles come from is the caller's business: a function from (level, number) to the hashes there are.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

__all__ = [
    "TILE_HEIGHT",
    "TILE_WIDTH",
    "Frontier",
    "Tiles",
    "consistency_proof",
    "inclusion_proof",
    "root_of",
    "root_of_inclusion",
    "tile_path",
    "tree_root",
    "verify_consistency",
    "verify_inclusion",
]

TILE_HEIGHT = 8
TILE_WIDTH = 1 << TILE_HEIGHT
Tiles = Callable[[int, int], Sequence[bytes]]


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()


def root_of(hashes: Sequence[bytes]) -> bytes:
    """Return the root over hashes of one level (RFC 6962, 2.1); that of none is the hash of nothing.

    >>> root_of([]).hex()[:16]
    'e3b0c44298fc1c14'
    """
    if not hashes:
        return hashlib.sha256(b"").digest()
    row, sha256 = list(hashes), hashlib.sha256
    while len(row) > 1:
        odd = row[-1:] if len(row) % 2 else []
        row = [sha256(b"\1" + left + right).digest() for left, right in zip(row[::2], row[1::2], strict=False)] + odd
    return row[0]


class Frontier:
    """The right edge of a growing tree: the hashes of the last, unfinished tile of every level.

    >>> edge = Frontier()
    >>> tiles = [tile for _ in range(257) for tile in edge.add(bytes(32))]
    >>> [(level, number, len(hashes)) for level, number, hashes in tiles], edge.size
    ([(0, 0, 256)], 257)
    """

    def __init__(self, size: int = 0, rows: Sequence[Sequence[bytes]] = ()) -> None:
        self.size = size
        self.rows = [list(row) for row in rows] or [[]]

    @classmethod
    def read(cls, size: int, tiles: Tiles) -> Frontier:
        """Return the edge of a tree of some size, from its tiles."""
        rows: list[list[bytes]] = []
        count = size
        while True:
            number, width = divmod(count, TILE_WIDTH)
            rows.append(list(tiles(len(rows), number))[:width] if width else [])
            if not number:
                return cls(size, rows)
            count = number

    def copy(self) -> Frontier:
        """Return an edge that grows by itself."""
        return Frontier(self.size, self.rows)

    def add(self, leaf: bytes) -> list[tuple[int, int, list[bytes]]]:
        """Add a leaf hash and return the tiles it fills, each as level, number and hashes."""
        full: list[tuple[int, int, list[bytes]]] = []
        level, hash = 0, leaf
        self.size += 1
        while True:
            if level == len(self.rows):
                self.rows.append([])
            row = self.rows[level]
            row.append(hash)
            if len(row) < TILE_WIDTH:
                return full
            full.append((level, (self.size >> (TILE_HEIGHT * (level + 1))) - 1, row))
            hash = root_of(row)
            self.rows[level] = []
            level += 1

    def extend(self, leaves: Sequence[bytes]) -> list[tuple[int, int, list[bytes]]]:
        """Add leaf hashes and return the tiles they fill: the same as adding each, and quicker.

        >>> edge = Frontier()
        >>> len(edge.extend([bytes(32)] * 600)), edge.size, len(edge.rows[0])
        (2, 600, 88)
        """
        full: list[tuple[int, int, list[bytes]]] = []
        done = 0
        while len(leaves) - done >= (room := TILE_WIDTH - len(self.rows[0])):
            self.rows[0] += leaves[done : done + room - 1]
            self.size += room - 1
            full += self.add(leaves[done + room - 1])
            done += room
        self.rows[0] += leaves[done:]
        self.size += len(leaves) - done
        return full

    def root(self) -> bytes:
        """Return the root of the tree as it stands."""
        if not self.size:
            return root_of([])
        above: bytes | None = None
        for row in self.rows:
            hashes = [*row, above] if above is not None else row
            above = root_of(hashes) if hashes else None
        assert above is not None
        return above


# ---- any node, from tiles


class _Nodes:
    """Hashes of full subtrees of one tree, read from tiles as they are needed."""

    def __init__(self, tiles: Tiles) -> None:
        self._read = tiles
        self._tiles: dict[tuple[int, int], Sequence[bytes]] = {}

    def subtree(self, first: int, size: int) -> bytes:
        """Return the root of the leaves from ``first`` on, any number of them, starting where a subtree of RFC 6962 starts."""
        if size & (size - 1) == 0 and first % size == 0:
            return self._full(first, size)
        left = 1 << (size - 1).bit_length() - 1
        return _node(self.subtree(first, left), self.subtree(first + left, size - left))

    def _full(self, first: int, size: int) -> bytes:
        height = size.bit_length() - 1
        level, inside = divmod(height, TILE_HEIGHT)
        place = first >> (level * TILE_HEIGHT)
        key = (level, place // TILE_WIDTH)
        if key not in self._tiles:
            self._tiles[key] = self._read(*key)
        start = place % TILE_WIDTH
        hashes = self._tiles[key][start : start + (1 << inside)]
        assert len(hashes) == 1 << inside, f"tile {key} is too short"
        return root_of(hashes)


def tree_root(size: int, tiles: Tiles) -> bytes:
    """Return the root of the first ``size`` leaves."""
    return _Nodes(tiles).subtree(0, size) if size else root_of([])


def inclusion_proof(index: int, size: int, tiles: Tiles) -> list[bytes]:
    """Return the proof that leaf ``index`` is in the tree of ``size`` leaves (RFC 9162, 2.1.3.1)."""
    assert 0 <= index < size
    nodes, proof = _Nodes(tiles), []
    first, count = 0, size
    while count > 1:
        left = 1 << (count - 1).bit_length() - 1
        if index - first < left:
            proof.append(nodes.subtree(first + left, count - left))
            count = left
        else:
            proof.append(nodes.subtree(first, left))
            first, count = first + left, count - left
    return proof[::-1]


def consistency_proof(old: int, size: int, tiles: Tiles) -> list[bytes]:
    """Return the proof that the first ``old`` leaves are a prefix of the tree of ``size`` (RFC 9162, 2.1.4.1)."""
    assert 0 <= old <= size
    if old in (0, size):
        return []
    nodes, proof = _Nodes(tiles), []
    first, count, whole = 0, size, True
    while old - first != count:
        left = 1 << (count - 1).bit_length() - 1
        if old - first <= left:
            proof.append(nodes.subtree(first + left, count - left))
            count = left
        else:
            proof.append(nodes.subtree(first, left))
            first, count, whole = first + left, count - left, False
    if not whole:
        proof.append(nodes.subtree(first, count))
    return proof[::-1]


# ---- checking proofs


def root_of_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes]) -> bytes | None:
    """Return the root an inclusion proof leads to, or None when it has the wrong length (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return None
    place, last, hash = index, size - 1, leaf
    for other in proof:
        if last == 0:
            return None
        if place & 1 or place == last:
            hash = _node(other, hash)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            hash = _node(hash, other)
        place, last = place >> 1, last >> 1
    return hash if last == 0 else None


def verify_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> bool:
    """Say whether a proof shows a leaf hash in a tree.

    >>> leaves = [bytes([n]) * 32 for n in range(3)]
    >>> proof = inclusion_proof(1, 3, lambda level, number: leaves)
    >>> verify_inclusion(1, 3, leaves[1], proof, root_of(leaves)), verify_inclusion(0, 3, leaves[1], proof, root_of(leaves))
    (True, False)
    """
    return root_of_inclusion(index, size, leaf, proof) == root


def verify_consistency(old: int, size: int, old_root: bytes, root: bytes, proof: Sequence[bytes]) -> bool:
    """Say whether a proof shows that one tree is a prefix of another (RFC 9162, 2.1.4.2)."""
    if old == size:
        return not proof and old_root == root
    if old == 0:
        return not proof
    if not 0 < old < size or not proof:
        return False
    path = list(proof) if old & (old - 1) else [old_root, *proof]
    place, last = old - 1, size - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    first = second = path[0]
    for other in path[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            first, second = _node(other, first), _node(other, second)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            second = _node(second, other)
        place, last = place >> 1, last >> 1
    return last == 0 and first == old_root and second == root


def tile_path(level: int | str, number: int, width: int = TILE_WIDTH) -> str:
    """Return where a tile stands in the static files of C2SP tlog-tiles; level ``entries`` for bundles of entries.

    >>> tile_path(0, 1234067), tile_path("entries", 0, 17)
    ('tile/0/x001/x234/067', 'tile/entries/000.p/17')
    """
    parts = [f"{number % 1000:03d}"]
    while number >= 1000:
        number //= 1000
        parts.insert(0, f"x{number % 1000:03d}")
    partial = f".p/{width}" if width < TILE_WIDTH else ""
    return f"tile/{level}/{'/'.join(parts)}{partial}"
