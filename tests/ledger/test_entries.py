"""An entry is the JSON of the standard library, byte for byte, whichever way it is made."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.ledger.entries import ZERO_HASH, encode_entry, parse_entry

values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.text(),
    lambda parts: st.lists(parts).map(tuple) | st.dictionaries(st.text(), parts),
)


@given(st.dictionaries(st.text(), values))
def test_an_entry_is_the_json_of_its_event(event: dict[str, Any]) -> None:
    entry = encode_entry(ZERO_HASH, event)
    assert entry[65:] == json.dumps(event, separators=(",", ":")).encode("ascii")
    assert parse_entry(entry) == (ZERO_HASH, event)


def test_what_json_has_not_is_no_event() -> None:
    with pytest.raises(TypeError, match="bytes"):
        encode_entry(ZERO_HASH, {"a": b"1"})
    with pytest.raises(ValueError, match="Out of range"):
        encode_entry(ZERO_HASH, {"a": float("nan")})
