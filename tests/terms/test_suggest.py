"""The nearest valid name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.terms.suggest import nearest


@pytest.mark.parametrize(
    ("word", "expected"),
    [("re-export", "reexport"), ("ReExport", "reexport"), ("exprot", "export"), ("zzz", None), ("", None), (5, None)],
)
def test_nearest(word: object, expected: str | None) -> None:
    assert nearest(word, ["export", "reexport"]) == expected


def test_an_alias_goes_first() -> None:
    assert nearest("Transfer", ["transferral"], aliases={"transfer": "transfer_in_country"}) == "transfer_in_country"


@given(st.text(max_size=500), st.lists(st.text(max_size=8), max_size=5))
def test_it_offers_a_choice_or_nothing(word: str, choices: list[str]) -> None:
    assert nearest(word, choices) in [*choices, None]
