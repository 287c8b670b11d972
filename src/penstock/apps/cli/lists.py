"""``penstock lists``: what is in a list of parties, its versions over time, and what changed between two of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from penstock.apps.cli.language import t, told
from penstock.apps.cli.options import JSON
from penstock.apps.cli.output import put
from penstock.terms.errors import ConflictingFacts

if TYPE_CHECKING:
    from penstock.screening.holdings import RowFault

__all__ = ["lists"]

_SHOWN_MAX = 50


@click.group()
def lists() -> None:
    """Read and keep lists of parties: what is in one, who was listed on a day, what changed between two versions.

    Where a LIST is asked for, STORE, STORE#NAME and STORE@DATE name versions kept by `penstock lists add`.
    """


@lists.command("show")
@click.option("--list", "list_path", metavar="LIST", help="A list file (default: the entries that ship).")
@click.option(
    "--form", metavar="FORM", help="plain, csl-csv, csl-json, entity-list, ecfr, meti or ftm (default: told from the file)."
)
@click.option("--on", metavar="DATE", help="Only entries that stood on this day.")
@JSON
def show(list_path: str | None, form: str | None, on: str | None, as_json: bool) -> None:
    """Show what a list holds: its date, how many entries, who is on it, and the rows that could not be used."""
    from penstock.apps.cli.list_files import list_title, load_list

    loaded = load_list(list_path, on, form)
    document: dict[str, Any] = {
        "list": loaded.title, "data_date": loaded.date, "on": on, "entries": len(loaded.entries),
        "names": sum(bool(e.name) + len(e.aliases) for e in loaded.entries),
        "bare_addresses": sum(not e.name for e in loaded.entries), "rows": [fault.document() for fault in loaded.faults],
    }  # fmt: skip
    if as_json:
        put({**document, "parties": [{"id": e.id, "name": e.name, "countries": e.countries, **e.about} for e in loaded.entries]})
        return
    numbers = {key: f"{document[key]:,}" for key in ("entries", "names", "bare_addresses")}
    parts = {"list": list_title(loaded.title), "date": loaded.date or t("an unknown date")}
    click.echo(t("{list} of {date}: {entries} entries, {names} names, {bare_addresses} bare addresses", **parts, **numbers))
    for entry in loaded.entries[:_SHOWN_MAX]:
        cites = "; ".join(entry.about.get("citations", ()))
        click.echo(f"  {entry.id}: {entry.title}" + (f" [{cites}]" if cites else ""))
    if len(loaded.entries) > _SHOWN_MAX:
        click.echo("  " + t("and {n} more; --json has all of them", n=f"{len(loaded.entries) - _SHOWN_MAX:,}"))
    _tell_faults(loaded.faults)


def _tell_faults(faults: Sequence[RowFault]) -> None:
    for fault in faults[:_SHOWN_MAX]:
        click.echo("  - " + t("line {line}: {message}", line=fault.line, message=told(fault.message)))


@lists.command("diff")
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@click.option("--allow-shrink", is_flag=True, help="Accept a new version that is more than 10 percent smaller.")
@JSON
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
        put({"old": old, "old_date": before.date, "new": new, "new_date": after.date, **found.document()})
        return
    first, last = (one.date or t("an unknown date") for one in (before, after))
    numbers = {"added": f"{len(found.added):,}", "removed": f"{len(found.removed):,}", "changed": f"{len(found.changed):,}"}
    click.echo(
        t("From {first} to {last}: {added} added, {removed} removed, {changed} changed", first=first, last=last, **numbers)
    )
    for sign, entries in (("+", found.added), ("-", found.removed)):
        for entry in entries[:_SHOWN_MAX]:
            click.echo(f"  {sign} {entry.id}: {entry.title}")
    for change in found.changed[:_SHOWN_MAX]:
        click.echo(f"  ~ {change.id}: {t('; ').join(told(part) for part in change.parts())}")


@lists.command("add")
@click.argument("store", metavar="STORE")
@click.argument("file", metavar="FILE")
@click.option("--name", metavar="NAME", help="What the list is called in the store (default: told from its form).")
@click.option("--form", metavar="FORM", help="The form of the file (default: told from the file).")
@click.option("--as-of", metavar="DATE", help="The day from which this version holds (default: the date of its data).")
@click.option("--allow-shrink", is_flag=True, help="Accept a version that is more than 10 percent smaller than the last.")
@JSON
def add(store: str, file: str, name: str | None, form: str | None, as_of: str | None, allow_shrink: bool, as_json: bool) -> None:
    """Keep a version of a list in a store, which is made where it is not there yet; entries that did not change are kept once."""
    from penstock.apps.cli.list_files import load_list
    from penstock.store.lists import ListStore
    from penstock.terms.dates import parse_date
    from penstock.terms.errors import MissingRequired

    found = load_list(file, form=form)
    day = as_of or found.date
    if day is None:
        raise MissingRequired(f"{file} does not say of which day it is", at="--as-of",
                              hint="Say --as-of DATE, the day from which this version holds.")  # fmt: skip
    kept = ListStore(store).add(
        name or found.called, found, as_of=parse_date(day, "--as-of"), source=file, allow_shrink=allow_shrink
    )
    if as_json:
        put({**kept.document(), "rows": [fault.document() for fault in found.faults]})
        return
    parts = {"list": kept.list, "date": kept.as_of, "entries": f"{kept.entries:,}", "number": kept.number}
    click.echo(t("{list} of {date}: {entries} entries kept as version {number}", **parts))
    _tell_faults(found.faults)


@lists.command("versions")
@click.argument("store", metavar="STORE")
@JSON
def versions(store: str, as_json: bool) -> None:
    """Show the versions kept in a store, by list and day."""
    from penstock.store.lists import ListStore

    kept = ListStore(store).versions()
    if as_json:
        put({"versions": [version.document() for version in kept]})
        return
    for version in kept:
        parts = {"list": version.list, "date": version.as_of, "entries": f"{version.entries:,}", "source": version.source}
        bad = t(", {rows} rows with faults", rows=f"{version.left_out:,}") if version.left_out else ""
        click.echo(f"{version.number:>4}  {t('{list} of {date}: {entries} entries from {source}', **parts)}{bad}")


@lists.command("on")
@click.argument("day", metavar="DATE")
@click.argument("name")
@click.option("--list", "place", required=True, metavar="STORE", help="A store of versions, or STORE#NAME.")
@click.option("--country", default="", metavar="XX", help="The party's country.")
@click.option("--floor", default=0.5, show_default=True, type=click.FloatRange(0, 1), help="Show hits from this score on.")
@JSON
def on(day: str, name: str, place: str, country: str, floor: float, as_json: bool) -> None:
    """Say whether a party was listed on a day, by the versions kept in a store, and from when until when it stood there."""
    from penstock.apps.cli.screening import without_extra

    try:
        from penstock.apps.cli.listed import ask_listed, tell_listed
    except ImportError as error:
        raise without_extra(error) from None

    document = ask_listed(place, day, name, country.upper(), floor)
    put(document) if as_json else tell_listed(document)
