"""``penstock decide`` with evidence: lists and holdings fill in what the transaction does not say about its parties."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import click

from penstock.apps.cli.graph import read_graph_file
from penstock.apps.cli.language import t, told
from penstock.apps.cli.list_files import list_title, load_list
from penstock.decision.affiliates import law_of_owners
from penstock.screening.closure import OwnershipIndex
from penstock.screening.evidence import Evidence
from penstock.screening.holdings import WHOLE
from penstock.screening.screener import Screener

__all__ = ["tell_evidence", "with_evidence"]


def with_evidence(
    document: Mapping[str, Any], on: dt.date, list_path: str | None, owners: str | None
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a transaction with the facts found about its parties, and the evidence for each of them.

    A list that is not named is the one that ships.  What the transaction says itself is never replaced.
    """
    loaded = load_list(list_path, on.isoformat())
    graph = None
    if owners is not None:
        graph = OwnershipIndex(read_graph_file(owners, on), limit=int((law_of_owners(on).share or 1) * WHOLE))
    ask = Evidence(Screener(loaded.entries), graph)
    out = deepcopy(dict(document))
    found: dict[str, Any] = {}
    for role, party in (out.get("parties") or {}).items():
        if isinstance(party, dict):
            about = ask.about(party)
            out["parties"][role] = {**party, **about.facts}
            found[role] = {"findings": [finding.document() for finding in about.findings], "open": list(about.open)}
    evidence = {"list": loaded.title, "data_date": loaded.date, "entries": len(loaded.entries), "parties": found}
    return out, evidence


def tell_evidence(evidence: Mapping[str, Any]) -> None:
    """Print what was found about each party, and what somebody has to look at."""
    parts = {"list": list_title(evidence["list"]), "date": evidence["data_date"] or t("an unknown date")}
    click.echo(t("Evidence: {list} of {date}, {entries} entries", **parts, entries=f"{evidence['entries']:,}"))
    for role, found in evidence["parties"].items():
        for row in found["findings"]:
            value = row["value"] if isinstance(row["value"], str) else ", ".join(
                v["name"] if isinstance(v, dict) else str(v) for v in row["value"]) or t("none")  # fmt: skip
            click.echo("  " + t("{what}: {value}", what=f"{role}.{row['fact']}", value=value))
            click.echo(f"    {told(row['because'])}")
        for text in found["open"]:
            click.echo(f"  ? {role}.{told(text)}")
    click.echo()
