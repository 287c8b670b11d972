"""Checkpoints, proofs and the static files by which others can check a ledger without asking it (C2SP tlog-tiles)."""

from __future__ import annotations

import base64
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from penstock.ledger.entries import leaf_hash
from penstock.ledger.merkle import TILE_HEIGHT, TILE_WIDTH, consistency_proof, inclusion_proof, tile_path, tree_root
from penstock.ledger.notes import Checkpoint, sign_checkpoint
from penstock.store.backend import Backend
from penstock.store.tiles import tile_reader
from penstock.terms.errors import BadNumber, FileUnusable

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

__all__ = ["bundle", "prove_consistency", "prove_inclusion", "publish", "sign_head", "static_file"]

_PATH = re.compile(r"tile/(?P<level>[0-5]|entries)/(?P<number>(x[0-9]{3}/)*[0-9]{3})(\.p/(?P<width>[0-9]{1,3}))?")


def sign_head(backend: Backend, key: Ed25519PrivateKey) -> str:
    """Sign the tree as it stands, keep the checkpoint and return it."""
    head = backend.head()
    root = tree_root(head.seq, tile_reader(backend, head.seq))
    note = sign_checkpoint(Checkpoint(backend.meta()["origin"], head.seq, root), key)
    backend.put_checkpoint(head.seq, note)
    return note


def _base64(hashes: list[bytes]) -> list[str]:
    return [base64.b64encode(hash).decode() for hash in hashes]


def prove_inclusion(backend: Backend, seq: int, size: int | None = None) -> dict[str, Any]:
    """Return the proof that an event is in the tree of ``size`` entries (default: all there are)."""
    head = backend.head()
    size = head.seq if size is None else size
    if not 0 <= seq < size <= head.seq:
        raise BadNumber(f"There is no event {seq} among the first {size} of {head.seq}", at="seq", value=seq)
    entry, tiles = backend.entry(seq), tile_reader(backend, head.seq)
    return {"index": seq, "size": size, "leaf": base64.b64encode(leaf_hash(entry)).decode(), "entry": entry.decode(),
            "proof": _base64(inclusion_proof(seq, size, tiles)),
            "root": base64.b64encode(tree_root(size, tiles)).decode()}  # fmt: skip


def prove_consistency(backend: Backend, old: int, size: int | None = None) -> dict[str, Any]:
    """Return the proof that the first ``old`` entries are a prefix of the first ``size`` (default: all there are)."""
    head = backend.head()
    size = head.seq if size is None else size
    if not 0 <= old <= size <= head.seq:
        raise BadNumber(f"{old} and {size} are not sizes of a log of {head.seq} entries", at="old", value=old)
    tiles = tile_reader(backend, head.seq)
    return {"old": old, "size": size, "proof": _base64(consistency_proof(old, size, tiles)),
            "old_root": base64.b64encode(tree_root(old, tiles)).decode(),
            "root": base64.b64encode(tree_root(size, tiles)).decode()}  # fmt: skip


# ---- static files


def bundle(backend: Backend, number: int, size: int) -> bytes:
    """Return a bundle of up to 256 entries, each after its length in two bytes."""
    first = number * TILE_WIDTH
    entries = backend.entries(first, min(first + TILE_WIDTH, size))
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def _tiles_of(size: int) -> list[tuple[int, int, int]]:
    """Return level, number and width of every tile of a tree, full ones first of each level."""
    out = []
    level = 0
    while level == 0 or size >> (TILE_HEIGHT * level):
        full, rest = divmod(size >> (TILE_HEIGHT * level), TILE_WIDTH)
        out += [(level, number, TILE_WIDTH) for number in range(full)]
        out += [(level, full, rest)] if rest else []
        level += 1
    return out


def static_file(backend: Backend, path: str, size: int) -> bytes | None:
    """Return what stands under a path of the static files of the tree of ``size`` entries, or None."""
    match = _PATH.fullmatch(path)
    if match is None:
        return None
    level = 0 if match["level"] == "entries" else int(match["level"])
    number = int(match["number"].replace("x", "").replace("/", ""))
    there = min(TILE_WIDTH, (size >> (TILE_HEIGHT * level)) - number * TILE_WIDTH)
    width = int(match["width"]) if match["width"] else TILE_WIDTH
    if not 0 < width <= there or path != tile_path(match["level"], number, width):
        return None
    if match["level"] == "entries":
        return bundle(backend, number, number * TILE_WIDTH + width)
    return b"".join(tile_reader(backend, size)(level, number)[:width])


def publish(backend: Backend, folder: str | Path, note: str) -> int:
    """Write the static files of a checkpoint to a folder, the checkpoint last; return how many files were written."""
    size = int(note.splitlines()[1])
    tiles = tile_reader(backend, size)
    written = 0
    for level, number, width in _tiles_of(size):
        written += _put(Path(folder) / tile_path(level, number, width), b"".join(tiles(level, number)[:width]))
        if level == 0:
            written += _put(Path(folder) / tile_path("entries", number, width), bundle(backend, number, size))
    return written + _put(Path(folder) / "checkpoint", note.encode(), replace=True)


def _put(path: Path, content: bytes, *, replace: bool = False) -> int:
    """Write a file whole or not at all; a file that is there already is one that never changes."""
    if path.exists() and not replace:
        return 0
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(path.name + ".new")
        draft.write_bytes(content)
        os.replace(draft, path)
    except OSError as error:
        raise FileUnusable(f"{path} cannot be written: {error.strerror}", value=str(path)) from None
    return 1
