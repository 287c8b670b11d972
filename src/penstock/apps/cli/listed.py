"""``penstock lists on DATE NAME``: who was listed on a day, and from when until when, by the versions kept in a store."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from penstock.apps.cli.language import t, told
from penstock.screening.screener import Screener
from penstock.store.lists import ListStore
from penstock.terms.dates import parse_date

__all__ = ["ask_listed", "tell_listed"]


def ask_listed(place: str, day: str, name: str, country: str, floor: float) -> dict[str, Any]:
    """Return the entries a party may be on the lists that held on a day, each with the spans in which it stood there."""
    path, _, wanted = place.partition("#")
    store, on = ListStore(path), parse_date(day, "DATE")
    held = store.in_force(on, wanted or None)
    hits = []
    for version in held:
        for hit in Screener(store.entries(version)).screen(name, country=country):
            if hit.score >= floor:
                spans = [{"from": first, "until": last} for first, last in store.standing(hit.entry, version.list)]
                hits.append({**hit.document(), "list": version.list, "data_date": version.as_of, "stood": spans})
    return {
        "on": on,
        "name": name,
        "lists": [version.document() for version in held],
        "hits": sorted(hits, key=lambda hit: (-hit["score"], hit["entry_id"])),
        "assumptions": [
            "Absence from a list is no clearance.",
            "What changed between two versions kept is dated by the later one.",
        ],
    }


def tell_listed(document: Mapping[str, Any]) -> None:
    """Print who was listed: the lists with their dates, then the entries with their spans."""
    lists_ = t(", ").join(t("{list} of {day}", list=row["list"], day=row["as_of"]) for row in document["lists"])
    click.echo(t("{name} on {day}, by {lists}:", name=document["name"], day=document["on"], lists=lists_))
    for hit in document["hits"]:
        spans = t(", ").join(_span(span["from"], span["until"]) for span in hit["stood"])
        click.echo(f"  {hit['score']:.3f}  {hit['entry_name']} [{hit['list']} {hit['entry_id']}] {spans}")
        click.echo(f"         {told(hit['why'])}")
    if not document["hits"]:
        click.echo("  " + t("not listed by that name"))
    for line in document["assumptions"]:
        click.echo(f"  {told(line)}")


def _span(first: Any, last: Any) -> str:
    return t("from {first} until {last}", first=first, last=last) if last else t("from {first} on", first=first)
