"""``penstock owners GRAPH.csv --listed IDS.txt``: every entity of a graph that listed owners restrict, with its proof."""

from __future__ import annotations

import csv
import datetime as dt
import gc
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from penstock.apps.cli.kinds import law_of_owners
from penstock.apps.files import open_text
from penstock.screening import OwnershipLaw
from penstock.screening.closure import Closure, OwnershipIndex
from penstock.screening.holdings import WHOLE, Holdings, read_holdings
from penstock.screening.statements import holding_rows
from penstock.terms.errors import MissingRequired

__all__ = ["graph_document", "tell_graph"]

_SHOWN_MAX = 20


def graph_document(
    graph: str, listed: str | None, on: dt.date, known: dt.date | None, switches: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Return who is restricted in a graph of holdings on a day, under the law of that day.

    ``restricted`` holds every entity at or above the limit that is on no list itself, with the basis points held in it and the
    fewest holdings that bring it there; ``undetermined`` those that shares not known could bring there.  While the rule is not in
    force both are under ``would_be_restricted`` and ``would_be_undetermined`` instead.
    """
    if listed is None:
        raise MissingRequired("A graph in CSV needs the identifiers of its listed owners", at="--listed",
                              hint="Give --listed IDS.txt, one identifier a line.")  # fmt: skip
    law = law_of_owners(on, known, switches)
    names = _listed(listed)
    gc.disable()  # a million rows are a million short-lived lists, none of them in a circle
    try:
        with open_text(graph) as file:
            rows = holding_rows(file.read(), name=graph) if _is_json(graph) else _rows(csv.reader(file))
            holdings = read_holdings(rows, on=on)
    finally:
        gc.enable()
    limit = int((law.share or 1) * WHOLE)
    index = OwnershipIndex(holdings, limit=limit)
    found = index.close(names)
    multiplied, linked = index.multiplied(names), index.per_link(names)
    in_force = law.status == "in_force"
    prefix = "" if in_force else "would_be_"
    return {
        **_head(on, law, holdings, names, limit),
        "restricted": [],
        "undetermined": [],
        f"{prefix}restricted": [_entity(found, name, multiplied, linked) for name in found.restricted],
        f"{prefix}undetermined": [_open_entity(found, name, law) for name in found.undetermined],
        "overfull": index.overfull,
    }


def _rows(reader: Iterator[list[str]]) -> Iterator[list[str]]:
    """Return the rows of a CSV file; one that the reader refuses is an empty one, which is left out and counted."""
    while True:
        try:
            yield next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield ["", "", "unreadable row"]


def _listed(path: str) -> list[str]:
    with open_text(path) as file:
        names = [line.strip() for line in file]
    return sorted({name for name in names if name and not name.startswith("#")})


def _head(on: dt.date, law: OwnershipLaw, holdings: Holdings, names: list[str], limit: int) -> dict[str, Any]:
    missing = [name for name in names if holdings.number(name) is None]
    return {
        "on": on,
        "rule_status": law.status,
        "certainty": law.certainty,
        "limit_basis_points": limit,
        "citations": [{"cite": cite} for cite in (law.cite, law.stay) if cite],
        "listed": [name for name in names if holdings.number(name) is not None],
        "listed_not_in_graph": missing,
        "counts": {"entities": len(holdings.names), "holdings": len(holdings.owner), "rows_left_out": holdings.left_out,
                   "holdings_of_other_days": holdings.other_days},
        "rows": [fault.document() for fault in holdings.faults],
        "assumptions": ["Only the owners given are judged; the absence of a listed owner is no clearance."],
    }  # fmt: skip


def _entity(found: Closure, name: str, multiplied: Any, linked: Any) -> dict[str, Any]:
    number = found.index.holdings.numbers[name]
    points = int(found.held[number])
    return {
        "id": name,
        "basis_points": points,
        "aggregate_share": points / WHOLE,
        "multiplied_share": round(float(multiplied[number]), 6),
        "per_link": bool(linked[number]),
        "proof": [stake.document() for stake in found.proof(name)],
    }


def _open_entity(found: Closure, name: str, law: OwnershipLaw) -> dict[str, Any]:
    number = found.index.holdings.numbers[name]
    return {
        "id": name,
        "basis_points_least": int(found.held[number]),
        "basis_points_most": int(found.may_held[number]),
        "red_flags": [law.flag] if law.flag else [],
        "proof": [stake.document() for stake in found.proof(name)],
    }


def tell_graph(document: Mapping[str, Any]) -> None:
    """Print the answer: one sentence, the first restricted entities with what carries them, what is open, rows left out."""
    stands = document["rule_status"] == "in_force"
    restricted = document["restricted" if stands else "would_be_restricted"]
    open_ = document["undetermined" if stands else "would_be_undetermined"]
    said = "are restricted" if stands else f"would be restricted if the rule were in force (it is {document['rule_status']})"
    unsure = ", unverified" if document["certainty"] == "unverified" else ""
    cite = "; ".join(row["cite"] for row in document["citations"])
    click.echo(
        f"On {document['on']}, {len(restricted):,} of {document['counts']['entities']:,} entities {said}{unsure} [{cite}]."
    )
    for row in restricted[:_SHOWN_MAX]:
        carried = ", ".join(f"{stake['owner']} {stake['basis_points'] / 100:g} % ({stake['because']})" for stake in row["proof"])
        click.echo(f"  {row['id']}: {row['basis_points'] / 100:g} % held by {carried}")
    if len(restricted) > _SHOWN_MAX:
        click.echo(f"  and {len(restricted) - _SHOWN_MAX:,} more; --json has all of them")
    for row in open_[:_SHOWN_MAX]:
        flags = f", {', '.join(row['red_flags'])}" if row["red_flags"] else ""
        click.echo(f"  ? {row['id']}: {row['basis_points_least'] / 100:g} to {row['basis_points_most'] / 100:g} %, "
                   f"cannot be determined{flags}")  # fmt: skip
    for name in document["overfull"][:_SHOWN_MAX]:
        click.echo(f"  - the known shares in {name} come to more than the whole")
    for fault in document["rows"][:_SHOWN_MAX]:
        click.echo(f"  - line {fault['line']}: {fault['message']}" if fault["line"] else f"  - {fault['message']}")


def _is_json(path: str) -> bool:
    return Path(path).suffix.casefold() in (".json", ".jsonl", ".ndjson")


def is_graph(path: str) -> bool:
    """Say whether a file is a graph in CSV, by its name."""
    return Path(path).suffix.casefold() == ".csv"
