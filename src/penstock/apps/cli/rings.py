"""``penstock rings``: parties that together exceed a limit while each stays under it, with what ties them."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Any

import click

from penstock.apps.cli.language import code, t, told
from penstock.apps.cli.options import JSON

__all__ = ["rings"]

_COLUMNS = ("id", "amount", "address", "officer", "phone", "payer", "incorporated_on", "ordered_on", "group")
_DATES = ("incorporated_on", "ordered_on")
_SHOWN_MAX = 20


@click.command()
@click.argument("customers", metavar="CUSTOMERS.csv")
@click.option("--limit", required=True, type=click.IntRange(min=1), help="What one party may take, in the unit of the amounts.")
@JSON
def rings(customers: str, limit: int, as_json: bool) -> None:
    """Find parties that split an order: tied by address, officer, phone, payer and dates, together over a limit."""
    from penstock.apps.files import open_text
    from penstock.screening.structuring import find_groups, find_rings
    from penstock.terms.numbers import dump_json

    faults: list[dict[str, Any]] = []
    with open_text(customers) as file:
        some = list(_read(csv.reader(file), faults))
    found = find_rings(some, limit=limit)
    groups = [group for group in find_groups(some, limit=limit) if group.exceeds]
    if as_json:
        shown = [{"name": g.name, "members": g.members, "total": g.total, "limit": g.limit} for g in groups]
        click.echo(
            dump_json({"parties": len(some), "rings": [r.document() for r in found], "groups_over_limit": shown, "rows": faults})
        )
        return
    numbers = {"parties": f"{len(some):,}", "rings": f"{len(found):,}", "groups": f"{len(groups):,}", "limit": f"{limit:,}"}
    click.echo(t("{parties} parties: {rings} rings, {groups} stated groups over {limit}", **numbers))
    for ring in found[:_SHOWN_MAX]:
        members = t(", ").join(ring.members)
        click.echo(f"  {ring.score:.2f}  " + t("{what}: {value}", what=members, value=f"{ring.total:,}"))
        for line in ring.evidence:
            click.echo(f"        {_tie(line)}")
    for group in groups[:_SHOWN_MAX]:
        parts = {"name": group.name, "members": t(", ").join(group.members), "total": f"{group.total:,}"}
        click.echo("  " + t("group {name}: {members}: {total}, counted as one party", **parts))
    for fault in faults[:_SHOWN_MAX]:
        click.echo("  - " + t("line {line}: {message}", line=fault["line"], message=told(fault["message"])))
    click.echo("  " + t("A ring is a reason to look, no finding of guilt."))


def _tie(line: str) -> str:
    """Return a line of evidence in the language spoken: what is shared by its name, or a sentence."""
    tie, _, shared = line.partition(" ")
    return f"{code('tie', tie)} {shared}" if tie in _COLUMNS else told(line)


def _read(rows: Iterator[list[str]], faults: list[dict[str, Any]]) -> Iterator[Any]:
    from penstock.screening.structuring import Customer
    from penstock.terms.dates import parse_date
    from penstock.terms.errors import BadDate, BadDocument

    header = [word.strip().lstrip("\ufeff").casefold() for word in next(rows, [])]
    if not {"id", "amount"} <= set(header):
        raise BadDocument(
            "The file of customers needs the columns id and amount", at="id", value=",".join(header)[:200], allowed=_COLUMNS
        )
    for line, row in enumerate(rows, 2):
        given = {name: value.strip() for name, value in zip(header, row, strict=False) if name in _COLUMNS}
        amount = given.pop("amount", "")
        if not amount.isdecimal() or not given.get("id"):
            faults.append({"line": line, "message": f"no party with a whole amount: {','.join(row)[:80]}"})
            continue
        try:
            days = {name: parse_date(given[name], name) for name in _DATES if given.get(name)}
        except BadDate as error:
            faults.append({"line": line, "message": error.message})
            continue
        words = {name: value for name, value in given.items() if name not in _DATES}
        yield Customer(amount=int(amount), incorporated_on=days.get(_DATES[0]), ordered_on=days.get(_DATES[1]), **words)
