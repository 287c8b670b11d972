"""Signed notes and checkpoints (C2SP signed-note, tlog-checkpoint): a tree head with an Ed25519 signature."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING

from attrs import frozen

from penstock.terms.errors import BadDocument

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

__all__ = ["Checkpoint", "open_note", "sign_checkpoint", "verifier_key"]

_ED25519 = b"\x01"
_DASH = "\N{EM DASH}"


@frozen
class Checkpoint:
    """A tree head: whose log, how many entries, which root."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """Return the text that is signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


def _public_bytes(key: Ed25519PrivateKey) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def _key_id(name: str, public: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + _ED25519 + public).digest()[:4]


def verifier_key(name: str, key: Ed25519PrivateKey) -> str:
    """Return the public key as one line: name, key id and key, joined by plus signs."""
    public = _public_bytes(key)
    return f"{name}+{_key_id(name, public).hex()}+{base64.b64encode(_ED25519 + public).decode()}"


def sign_checkpoint(checkpoint: Checkpoint, key: Ed25519PrivateKey) -> str:
    """Return the signed note of a checkpoint, signed under the name of its origin."""
    name = checkpoint.origin
    signature = _key_id(name, _public_bytes(key)) + key.sign(checkpoint.text.encode())
    return f"{checkpoint.text}\n{_DASH} {name} {base64.b64encode(signature).decode()}\n"


def open_note(note: str, vkey: str) -> Checkpoint:
    """Return the checkpoint of a note that carries a good signature by a key; BadDocument when it does not."""
    name, key_id, public = _read_key(vkey)
    try:
        text, signatures = note.split("\n\n", 1)
        origin, size, root = text.split("\n")
        checkpoint = Checkpoint(origin, int(size), base64.b64decode(root, validate=True))
    except ValueError:
        raise BadDocument("This is no checkpoint", at="checkpoint") from None
    if checkpoint.text != text + "\n":
        raise BadDocument("The checkpoint is not in canonical form", at="checkpoint")
    if not any(_signs(line, name, key_id, public, checkpoint) for line in signatures.splitlines()):
        raise BadDocument(f"The checkpoint carries no good signature by {name}", at="checkpoint", value=vkey)
    return checkpoint


def _read_key(vkey: str) -> tuple[str, bytes, bytes]:
    """Return the name, key id and public key of a verifier key."""
    try:
        name, id, key = vkey.split("+", 2)
        public = base64.b64decode(key, validate=True)
    except ValueError:
        raise BadDocument("A verifier key is a name, a key id and a key, joined by plus signs", at="vkey", value=vkey) from None
    if public[:1] != _ED25519 or id != _key_id(name, public[1:]).hex():
        raise BadDocument("The verifier key does not carry its own key id", at="vkey", value=vkey)
    return name, bytes.fromhex(id), public[1:]


def _signs(line: str, name: str, key_id: bytes, public: bytes, checkpoint: Checkpoint) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    dash, _, signed = line.partition(" ")
    signer, _, signature = signed.rpartition(" ")
    if dash != _DASH or signer != name:
        return False
    try:
        raw = base64.b64decode(signature, validate=True)
        Ed25519PublicKey.from_public_bytes(public).verify(raw[4:], checkpoint.text.encode())
    except (ValueError, InvalidSignature):
        return False
    return raw[:4] == key_id
