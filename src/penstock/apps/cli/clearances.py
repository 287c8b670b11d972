"""``penstock clearances``: hits that somebody has looked at and found to be another party."""

from __future__ import annotations

from typing import Any

import click

from penstock.apps.cli.language import t
from penstock.apps.cli.options import JSON

__all__ = ["clearances"]


@click.group()
def clearances() -> None:
    """Keep what was found of hits: not the party, by whom, why and until when."""


@clearances.command("add")
@click.argument("store", metavar="FILE")
@click.argument("name")
@click.option("--entry", required=True, metavar="ID", help="The entry that is not this party.")
@click.option("--by", required=True, metavar="WHO", help="Who looked at it.")
@click.option("--why", required=True, metavar="TEXT", help="What tells the two apart.")
@click.option("--on", required=True, metavar="DATE", help="The day it was looked at.")
@click.option("--until", required=True, metavar="DATE", help="The day from which it no longer holds.")
@click.option("--country", default="", metavar="XX", help="The party's country, as it is screened.")
@click.option("--address", default="", metavar="TEXT", help="The party's address, as it is screened.")
@click.option("--list", "list_path", metavar="LIST", help="A list file (default: the entries that ship).")
def add(store: str, name: str, entry: str, by: str, why: str, on: str, until: str, country: str, address: str,
        list_path: str | None) -> None:  # fmt: skip
    """Clear a hit: this entry is not that party, until either of them changes."""
    from penstock.apps.cli.list_files import load_list
    from penstock.apps.cli.screen import Asked
    from penstock.screening.clearances import clear
    from penstock.screening.screener import Hit
    from penstock.store.clearances import ClearanceStore
    from penstock.terms.dates import parse_date
    from penstock.terms.errors import BadEnum
    from penstock.terms.suggest import nearest

    known = {one.id: one for one in load_list(list_path).entries}
    if entry not in known:
        raise BadEnum(f"No entry {entry!r} on the list", at="--entry", value=entry, nearest=nearest(entry, known),
                      hint="penstock screen shows the identifiers of its hits.")  # fmt: skip
    hit = Hit(known[entry], known[entry].title, 0.0, "", "name")
    party = Asked(name, country.upper(), address).digest
    given = clear(hit, party, by=by, why=why, on=parse_date(on, "--on"), until=parse_date(until, "--until"))
    ClearanceStore(store).add(given)
    parts = {"name": name, "entry_name": known[entry].title, "entry_id": entry, "by": given.by, "until": given.until}
    click.echo(t("{name} is not {entry_name} [{entry_id}], says {by}, until {until}", **parts))


@clearances.command("list")
@click.argument("store", metavar="FILE")
@JSON
def show(store: str, as_json: bool) -> None:
    """List the clearances in a file, the newest first."""
    from penstock.store.clearances import ClearanceStore
    from penstock.terms.numbers import dump_json

    found = ClearanceStore(store).all()
    rows: list[dict[str, Any]] = [
        {"entry_id": c.entry_id, "party": c.party, "by": c.by, "why": c.why, "on": c.on, "until": c.until} for c in found
    ]
    if as_json:
        click.echo(dump_json({"clearances": rows}))
        return
    for row in rows:
        parts = {**row, "party": row["party"][:12]}
        click.echo(t("{on} to {until}  {entry_id} is not {party}: {why} ({by})", **parts))
