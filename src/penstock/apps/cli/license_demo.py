"""``penstock license demo``: one whole case, told event by event through the same store and machine as any other."""

from __future__ import annotations

import datetime as dt
from importlib.resources import files
from typing import Any

import click

from penstock.apps.cli import license_text
from penstock.decision import decide
from penstock.decision.library import book
from penstock.licensing import Case, read_event, statute_on
from penstock.licensing.case import shown
from penstock.licensing.history import step_name
from penstock.licensing.lapses import trail
from penstock.store.licensing_engine import open_engine
from penstock.store.licensing_store import LicensingStore
from penstock.terms.yaml12 import load_yaml

__all__ = ["run_demo"]


def run_demo(svg: str | None, until: int, as_json: bool) -> None:
    """Tell the case of ``demo_case.yaml`` in a store in memory, up to a day."""
    script = load_yaml(files("penstock.apps.cli").joinpath("demo_case.yaml").read_text("utf-8"), trusted=True)
    events = [event for event in map(read_event, script["events"]) if event.on <= until]
    store = LicensingStore(
        open_engine(":memory:"),
        law_of=statute_on,
        hash_of=lambda day: book().law(dt.date.fromordinal(day)).hash,
        today=lambda: until,
    )
    last = events[-1].on if events else until
    for event in events:
        if event.kind == "registered":
            case = store.open(script["id"], event, script["facts"])
            _tell_decision(script["facts"], event.on, as_json)
        else:
            now = case if as_json else _tell_lapses(case, event.on)
            case, _ = store.append(script["id"], event)
            if case.status != now.status and not as_json:
                done, where = event.kind.replace("_", " "), step_name(case.status)
                click.echo(f"{shown(event.on)}  {event.by}: {done}" + (f" -> {where}" if where != done else ""))
    if events:
        if not as_json:
            click.echo()
        license_text.tell_case(store, script["id"], last, as_json, history=True, svg=svg)
    store.close()


def _tell_lapses(case: Case, on: int) -> Case:
    """Tell what periods that passed have made of a case by a day, and return it."""
    for later in trail(case, on, statute_on(on)):
        click.echo(f"{shown(later.since)}  the days are over: {step_name(case.status)} -> {step_name(later.status)}")
        case = later
    return case


def _tell_decision(facts: dict[str, Any], on: int, as_json: bool) -> None:
    answer = decide(facts, on=dt.date.fromordinal(on))
    if not as_json:
        for stance in ("codified", "enforced"):
            block = answer.stance(stance).block
            policy = (block["license"] or {}).get("review_policy", "")
            click.echo(f"By the law as {stance}: {block['outcome'].replace('_', ' ')}, {policy.replace('_', ' ')}.")
        click.echo()
