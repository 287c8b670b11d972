"""``penstock lists``: what is in a list of parties, and what changed between two versions."""

from __future__ import annotations

from typing import Any

import click

from penstock.apps.cli.output import put
from penstock.terms.errors import ConflictingFacts

__all__ = ["lists"]

_SHOWN_MAX = 50


@click.group()
def lists() -> None:
    """Read lists of parties: what is in one, what changed between two versions."""


@lists.command("show")
@click.option("--list", "list_path", metavar="LIST", help="A list file (default: the entries that ship).")
@click.option("--form", metavar="FORM", help="plain, csl-csv, csl-json, entity-list, meti or ftm (default: told from the file).")
@click.option("--on", metavar="DATE", help="Only entries that stood on this day.")
@click.option("--json", "as_json", is_flag=True, help="Exactly one JSON document on standard output.")
def show(list_path: str | None, form: str | None, on: str | None, as_json: bool) -> None:
    """Show what a list holds: its date, how many entries, who is on it, and the rows that could not be used."""
    from penstock.apps.cli.list_files import load_list

    loaded = load_list(list_path, on, form)
    document: dict[str, Any] = {
        "list": loaded.title, "data_date": loaded.date, "on": on, "entries": len(loaded.entries),
        "names": sum(bool(e.name) + len(e.aliases) for e in loaded.entries),
        "bare_addresses": sum(not e.name for e in loaded.entries), "rows": [fault.document() for fault in loaded.faults],
    }  # fmt: skip
    if as_json:
        put({**document, "parties": [{"id": e.id, "name": e.name, "countries": e.countries, **e.about} for e in loaded.entries]})
        return
    date = loaded.date or "an unknown date"
    click.echo(f"{loaded.title} of {date}: {document['entries']:,} entries, {document['names']:,} names, "
               f"{document['bare_addresses']:,} bare addresses")  # fmt: skip
    for entry in loaded.entries[:_SHOWN_MAX]:
        cites = "; ".join(entry.about.get("citations", ()))
        click.echo(f"  {entry.id}: {entry.title}" + (f" [{cites}]" if cites else ""))
    if len(loaded.entries) > _SHOWN_MAX:
        click.echo(f"  and {len(loaded.entries) - _SHOWN_MAX:,} more; --json has all of them")
    for fault in loaded.faults[:_SHOWN_MAX]:
        click.echo(f"  - line {fault.line}: {fault.message}")


@lists.command("diff")
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@click.option("--allow-shrink", is_flag=True, help="Accept a new version that is more than 10 percent smaller.")
@click.option("--json", "as_json", is_flag=True, help="Exactly one JSON document on standard output.")
def diff(old: str, new: str, allow_shrink: bool, as_json: bool) -> None:
    """Show what changed between two versions of a list: entries added, removed and changed."""
    from penstock.apps.cli.list_files import load_list
    from penstock.screening.differences import diff_lists

    before, after = load_list(old), load_list(new)
    found = diff_lists(before.entries, after.entries)
    if found.shrunk and not allow_shrink:
        raise ConflictingFacts(
            f"{new} has {len(after.entries):,} entries, more than 10 percent fewer than the {len(before.entries):,} of {old}",
            at="NEW", value=len(after.entries), hint="It may be cut short. If it is right, say --allow-shrink.")  # fmt: skip
    if as_json:
        put({"old": old, "new": new, **found.document()})
        return
    click.echo(f"{len(found.added):,} added, {len(found.removed):,} removed, {len(found.changed):,} changed")
    for sign, entries in (("+", found.added), ("-", found.removed)):
        for entry in entries[:_SHOWN_MAX]:
            click.echo(f"  {sign} {entry.id}: {entry.title}")
    for change in found.changed[:_SHOWN_MAX]:
        click.echo(f"  ~ {change.id}: {change.say()}")
