"""Determinations as people and machines read them: a change of the law or of the words shows here first.

``pytest --snapshot-update`` writes the files anew; the difference is the memo of what changed.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from penstock.apps.cli.main import cli
from tests.transactions import Document, chips, export, hbm, party

PORTUGAL = export("PT", chips(), party("PT", name="Dados Lda"))
GERMANY = export("DE", chips(), party("DE", parent="CN", name="Rechenzentrum GmbH"))
H200 = export(
    "CN",
    {
        "chip": "h200-sxm",
        "quantity": 1000,
        "commercially_available_in_us": True,
        "designer": {"status": "approved"},
    },
    party("CN", name="Buyer Co"),
    counters={"product_tpp_us": 10_000_000_000, "product_tpp_cn_mo": 1_000_000_000, "licensed_tpp_destination_since_2025": 0},
    documents={
        "dd": {
            "us_supply_sufficient": True,
            "no_foundry_diversion": True,
            "no_restricted_end_use": True,
            "kyc_and_security": True,
            "us_lab_test": True,
        }
    },
)
MALAYSIA = export(
    "MY",
    chips(aggregate_tpp=100_000_000),
    party("MY", name="Data Sdn Bhd"),
    counters={"licensed_tpp_destination_since_2025": 700_000_000, "lpp_tpp_received_this_year": 0},
)
MEMORY = export("CN", hbm(3.4), party("CN", name="Packaging Co"))
ASCEND: Document = {
    "activity": {"type": "dealing", "verb": "finance"},
    "origin": {"country": "CN"},
    "destination": {"country": "BR"},
    "item": {"chip": "Ascend 910C"},
    "parties": {"purchaser": party("BR", name="Banco")},
}
EMIRATES = export(
    "AE",
    chips(),
    party("AE", uae_status="uae_government_agency", kind="government", wholly_government_owned=True, name="Ministry"),
)
UNKNOWN_PARENT = export(
    "MY",
    chips(),
    {"name": "Trader", "country": "MY", "headquarters": "MY", "lists": []},
    counters={"lpp_tpp_received_this_year": 0},
)

TEXTS: dict[str, tuple[Document, str, tuple[str, ...]]] = {
    "portugal_before_the_announcement": (PORTUGAL, "2025-05-12", ()),
    "portugal_after_compliance": (PORTUGAL, "2025-05-15", ()),
    "germany_with_prc_parent": (GERMANY, "2026-06-15", ()),
    "h200_to_china_with_certificates": (H200, "2026-02-01", ()),
    "malaysia_straddles_the_allocation": (MALAYSIA, "2025-06-01", ("--regime", "diffusion-as-written")),
    "hbm_to_china": (MEMORY, "2025-06-01", ()),
    "ascend_910c_financed": (ASCEND, "2025-06-01", ()),
    "uae_ministry": (EMIRATES, "2026-09-01", ()),
    "unknown_parent": (UNKNOWN_PARENT, "2026-06-15", ()),
}
DOCUMENTS = (
    "portugal_after_compliance",
    "h200_to_china_with_certificates",
    "malaysia_straddles_the_allocation",
    "unknown_parent",
)
# Between them: both answers of an unenforced law, a lane with papers, a ledger entry, missing facts.
IN_OTHER_LANGUAGES = (
    "portugal_after_compliance",
    "h200_to_china_with_certificates",
    "malaysia_straddles_the_allocation",
    "unknown_parent",
)
LANGUAGES = ("zh-Hans", "zh-Hant")


class Text(SingleFileSnapshotExtension):
    """One readable file for each determination."""

    _write_mode = WriteMode.TEXT
    file_extension = "txt"


class Json(SingleFileSnapshotExtension):
    """One JSON document for each determination."""

    _write_mode = WriteMode.TEXT
    file_extension = "json"


def run(document: Document, on: str, *options: str) -> str:
    """Return what ``penstock decide`` prints."""
    result = CliRunner().invoke(cli, ["decide", "-", "--on", on, *options], input=json.dumps(document), catch_exceptions=False)
    assert result.exit_code == 0
    return result.output


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_determination_as_text(name: str, snapshot: SnapshotAssertion) -> None:
    document, on, options = TEXTS[name]
    assert run(document, on, *options) == snapshot(extension_class=Text)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", IN_OTHER_LANGUAGES)
def test_determination_in(name: str, language: str, snapshot: SnapshotAssertion) -> None:
    document, on, options = TEXTS[name]
    assert run(document, on, *options, "--lang", language) == snapshot(extension_class=Text)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_determination_as_json(name: str, snapshot: SnapshotAssertion) -> None:
    document, on, options = TEXTS[name]
    answer = json.loads(run(document, on, *options, "--json"))
    # The hash names the whole law, and changes with provisions that have nothing to do with this answer.
    assert len(answer.pop("law_hash")) == 64
    assert json.dumps(answer, indent=1, ensure_ascii=False, sort_keys=True) == snapshot(extension_class=Json)


def test_every_golden_file_belongs_to_a_test() -> None:
    """A file left behind by a renamed determination would look like law and be none."""
    wanted: dict[str, Any] = {f"test_determination_as_text[{name}].txt": None for name in TEXTS}
    wanted |= {f"test_determination_in[{name}-{language}].txt": None for name in IN_OTHER_LANGUAGES for language in LANGUAGES}
    wanted |= {f"test_determination_as_json[{name}].json": None for name in DOCUMENTS}
    found = {file.name for file in (Path(__file__).parent / "__snapshots__").rglob("*") if file.is_file()}
    assert found == set(wanted)
