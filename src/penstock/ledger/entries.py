"""An event as bytes: the leaf hash of the event before it, a space, and one canonical JSON object.

The leaf hash is that of RFC 6962, SHA-256 over a zero byte and the entry, so that the chain and the Merkle tree rest on the
same hash of the same bytes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

__all__ = ["ENTRY_BYTES_MAX", "ZERO_HASH", "canonical", "encode_entry", "leaf_hash", "parse_entry"]

ZERO_HASH = bytes(32)
ENTRY_BYTES_MAX = 65_535  # an entry bundle of C2SP tlog-tiles gives each entry a length of 16 bits
_HEX = 64


def _encoder() -> Callable[[Any], str]:
    """Return what makes the JSON of an event: the encoder in C that the library makes anew for each document, made once."""
    encoder = json.JSONEncoder(separators=(",", ":"), check_circular=False, allow_nan=False)
    make = getattr(json.encoder, "c_make_encoder", None)
    if make is None:
        return encoder.encode
    parts = make(None, encoder.default, json.encoder.encode_basestring_ascii, None, ":", ",", False, False, False)
    return lambda event: "".join(parts(event, 0))


_encode = _encoder()
_sorted = json.JSONEncoder(separators=(",", ":"), sort_keys=True, allow_nan=False).encode


def canonical(document: Any) -> bytes:
    r"""Return the canonical JSON of a document: ASCII, keys sorted, no spaces.

    >>> canonical({"b": [1, 2], "a": "é"})
    b'{"a":"\\u00e9","b":[1,2]}'
    """
    return _sorted(document).encode("ascii")


def encode_entry(prev: bytes, event: dict[str, Any]) -> bytes:
    """Return the entry of an event; its keys, and those of its request, are in order already."""
    return f"{prev.hex()} {_encode(event)}".encode("ascii")


def leaf_hash(entry: bytes) -> bytes:
    """Return the leaf hash of an entry (RFC 6962, 2.1).

    >>> leaf_hash(b"").hex()[:16]
    '6e340b9cffb37a98'
    """
    return hashlib.sha256(b"\0" + entry).digest()


def parse_entry(entry: bytes) -> tuple[bytes, dict[str, Any]]:
    """Return the hash an entry points back to and its event, lists as tuples; ValueError when it is no entry.

    >>> parse_entry(encode_entry(ZERO_HASH, {"short": [[0, 1, 2]]}))[1]
    {'short': ((0, 1, 2),)}
    """
    if entry[_HEX : _HEX + 1] != b" ":
        raise ValueError("an entry starts with 64 hexadecimal digits and a space")
    event = json.loads(entry[_HEX + 1 :])
    if not isinstance(event, dict):
        raise ValueError("an event is one object")
    return bytes.fromhex(entry[:_HEX].decode("ascii")), _tuples(event)


def _tuples(value: Any) -> Any:
    """Return a document with tuples for lists, as the machine makes its events."""
    if isinstance(value, dict):
        return {key: _tuples(part) for key, part in value.items()}
    return tuple(_tuples(part) for part in value) if isinstance(value, list) else value
