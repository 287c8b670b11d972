"""Signed checkpoints: the form of C2SP, and what is refused."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from penstock.ledger.notes import Checkpoint, open_note, sign_checkpoint, verifier_key
from penstock.terms.errors import BadDocument

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
HEAD = Checkpoint("example.org/ledger", 7, bytes(32))
NOTE, VKEY = sign_checkpoint(HEAD, KEY), verifier_key(HEAD.origin, KEY)

OTHER = verifier_key("x", Ed25519PrivateKey.from_private_bytes(bytes(32)))


def test_a_note_has_the_form_of_c2sp() -> None:
    lines = NOTE.split("\n")
    assert lines[:4] == ["example.org/ledger", "7", base64.b64encode(bytes(32)).decode(), ""]
    assert lines[4].startswith("\N{EM DASH} example.org/ledger ")
    assert len(base64.b64decode(lines[4].split()[2])) == 4 + 64
    assert NOTE.endswith("\n")


def test_a_good_note_opens() -> None:
    assert open_note(NOTE, VKEY) == HEAD
    other = NOTE + "\N{EM DASH} witness.example " + base64.b64encode(bytes(68)).decode() + "\n"
    assert open_note(other, VKEY) == HEAD


@given(st.integers(0, len(NOTE) - 2), st.integers(1, 127))
def test_a_changed_note_does_not(place: int, turn: int) -> None:
    changed = NOTE[:place] + chr(ord(NOTE[place]) ^ turn) + NOTE[place + 1 :]
    try:
        seen = open_note(changed, VKEY)
    except BadDocument:
        return
    assert seen == HEAD


@pytest.mark.parametrize("vkey", ["", "a+b+c", VKEY.replace("example", "exemple"), OTHER])
def test_another_key_does_not_open_it(vkey: str) -> None:
    with pytest.raises(BadDocument):
        open_note(NOTE, vkey)
