"""``penstock license demo``: one whole case, told event by event through the same store and machine as any other."""

from __future__ import annotations

import datetime as dt
from importlib.resources import files
from typing import Any

import click

from penstock.apps.cli import license_text
from penstock.apps.cli.language import code, named, t, told
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
    told_events = script["events"] if as_json else _in_words(script["events"])
    events = [event for event in map(read_event, told_events) if event.on <= until]
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
                done, where = named("case_event", event.kind), told(step_name(case.status))
                line = t("{who}: {event}", who=code("actor", event.by), event=done)
                click.echo(f"{shown(event.on)}  {line}" + (f" -> {where}" if where != done else ""))
    if events:
        if not as_json:
            click.echo()
        license_text.tell_case(store, script["id"], last, as_json, history=True, svg=svg)
    store.close()


def _in_words(value: Any, key: str = "") -> Any:
    """Return the events with what is said in them in the language spoken."""
    if isinstance(value, dict):
        return {name: _in_words(part, name) for name, part in value.items()}
    if isinstance(value, list):
        return [_in_words(part, key) for part in value]
    return told(value) if key in ("text", "reasons") else value


def _tell_lapses(case: Case, on: int) -> Case:
    """Tell what periods that passed have made of a case by a day, and return it."""
    for later in trail(case, on, statute_on(on)):
        before, after = (told(step_name(status)) for status in (case.status, later.status))
        click.echo(f"{shown(later.since)}  " + t("the days are over: {before} -> {after}", before=before, after=after))
        case = later
    return case


def _tell_decision(facts: dict[str, Any], on: int, as_json: bool) -> None:
    answer = decide(facts, on=dt.date.fromordinal(on))
    if not as_json:
        for stance in ("codified", "enforced"):
            block = answer.stance(stance).block
            policy = (block["license"] or {}).get("review_policy", "")
            parts = {"stance": code("stance", stance), "outcome": named("outcome", block["outcome"])}
            click.echo(t("By the law as {stance}: {outcome}, {policy}.", **parts, policy=named("review_policy", policy)))
        click.echo()
