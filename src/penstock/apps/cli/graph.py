"""``penstock owners GRAPH.csv --listed IDS.txt``: every entity of a graph that listed owners restrict, with its proof."""

from __future__ import annotations

import csv
import datetime as dt
import gc
import json
from collections.abc import Callable, Iterator, Mapping
from contextvars import copy_context
from functools import cached_property, partial
from itertools import islice, pairwise
from json.encoder import encode_basestring as quoted
from pathlib import Path
from threading import Thread
from typing import Any, Generic, TypeVar

import click
import numpy as np
from attrs import frozen

from penstock.apps.cli.language import code, prose, spoken, t, told
from penstock.apps.cli.output import put
from penstock.apps.files import open_text, read_bytes
from penstock.screening.closure import Closure, OwnershipIndex
from penstock.screening.holdings import WHOLE, Holdings, read_holdings
from penstock.screening.ownership import OwnershipLaw
from penstock.screening.plain import read_plain
from penstock.screening.spelled import pick
from penstock.screening.statements import read_statements
from penstock.terms.errors import BadEnum, MissingRequired
from penstock.terms.numbers import dump_json

__all__ = ["GraphAnswer", "ask_graph", "put_graph", "read_graph_file", "tell_graph"]

_SHOWN_MAX = 20
_AT_ONCE = 1 << 16  # entities whose proofs are looked up together
T = TypeVar("T")


class _Meanwhile(Generic[T]):
    """Something worked out beside the rest: reading the law takes as long as reading a million rows."""

    def __init__(self, ask: Callable[[], T]) -> None:
        self._found: list[T] = []
        self._failed: list[BaseException] = []
        self._thread = Thread(target=copy_context().run, args=(self._run, ask))
        self._thread.start()

    def _run(self, ask: Callable[[], T]) -> None:
        try:
            self._found.append(ask())
        except BaseException as error:
            self._failed.append(error)

    def get(self) -> T:
        """Wait for it and return it, or raise what it raised."""
        self._thread.join()
        for error in self._failed:
            raise error
        return self._found[0]


def read_graph_file(graph: str, on: dt.date) -> Holdings:
    """Return the holdings of a CSV file, or of ownership statements in JSON, that stand on a day."""
    if not _is_json(graph):
        found = read_plain(read_bytes(graph), on=on)
        if found is not None:
            return found
    gc.disable()  # a million rows are a million short-lived lists, none of them in a circle
    try:
        with open_text(graph) as file:
            if _is_json(graph):
                return read_statements(file.read(), name=graph, on=on)
            return read_holdings(_rows(csv.reader(file)), on=on)
    finally:
        gc.enable()


def ask_graph(
    graph: str, listed: str | None, on: dt.date, question: tuple[dt.date | None, Mapping[str, Any], str, str]
) -> GraphAnswer:
    """Return who is restricted in a graph of holdings on a day.

    ``question`` chooses the law of that day: the day of knowledge, the readings, the regime and the stance.
    """
    if listed is None:
        raise MissingRequired("A graph in CSV needs the identifiers of its listed owners", at="--listed",
                              hint="Give --listed IDS.txt, one identifier a line.")  # fmt: skip
    asked = _Meanwhile(lambda: _law(on, *question))
    try:
        names = _listed(listed)
        holdings = read_graph_file(graph, on)
    finally:
        law = asked.get()
    index = OwnershipIndex(holdings, limit=int((law.share or 1) * WHOLE))
    return GraphAnswer(on, law, index.close(names), names)


def _law(on: dt.date, known: dt.date | None, switches: Mapping[str, Any], regime: str, stance: str) -> OwnershipLaw:
    from penstock.decision.affiliates import law_of_owners  # takes a while to import, so beside the rest

    law = law_of_owners(on, known, switches, regime, stance)
    reading = law.readings["indirect_ownership"]
    if reading != "cascade":
        raise BadEnum(f"A whole graph is judged by the reading cascade, not {reading}", at="indirect_ownership", value=reading,
                      nearest="cascade", hint="multiplied_share stands beside every restricted entity.")  # fmt: skip
    return law


@frozen(eq=False)
class GraphAnswer:
    """Who is restricted in a graph: the law of the day, the closure, and the identifiers of the listed owners."""

    on: dt.date
    law: OwnershipLaw
    found: Closure
    names: list[str]

    def document(self) -> dict[str, Any]:
        """Return the answer as plain data.

        ``restricted`` holds every entity at or above the limit that is on no list itself, with the basis points held in it and
        the fewest holdings that bring it there; ``undetermined`` those that shares not known could bring there.  While the rule
        is not in force both are under ``would_be_restricted`` and ``would_be_undetermined`` instead.
        """
        return {**self.head, **{key: [json.loads(row) for row in rows] for key, rows in self.rows().items()}}

    def write(self, out: Callable[[str], Any]) -> None:
        """Write the answer as one JSON document, each entity on a line of its own."""
        rows = self.rows()
        rows |= {key: map(quoted, self.head[key]) for key in ("listed", "listed_not_in_graph", "overfull")}
        text = dump_json(self.head | dict.fromkeys(rows, ()))
        for key in sorted(rows):
            before, mark, text = text.partition(f'\n  "{key}": [')
            out(before + mark)
            between = "\n    "
            for some in _batches(rows[key]):
                out(between + ",\n    ".join(some))
                between = ",\n    "
            text = text if between == "\n    " else "\n  " + text
        out(text)

    def rows(self) -> dict[str, Iterator[str]]:
        """Return the entities as JSON texts, under the names of the lists they belong to."""
        prefix = "" if self.law.status == "in_force" else "would_be_"
        return {f"{prefix}restricted": self._restricted(), f"{prefix}undetermined": self._undetermined()}

    @cached_property
    def head(self) -> dict[str, Any]:
        """Return everything but the entities."""
        holdings, law = self.found.index.holdings, self.law
        known = set(pick(holdings.names, np.flatnonzero(self.found.turn == 0)))
        return {
            "on": self.on,
            "rule_status": law.status,
            "certainty": law.certainty,
            "rule": law.document(),
            "limit_basis_points": self.found.index.limit,
            "citations": [{"cite": cite} for cite in (law.cite, law.stay) if cite],
            "listed": [name for name in self.names if name in known],
            "listed_not_in_graph": [name for name in self.names if name not in known],
            "counts": {"entities": len(holdings.names), "holdings": len(holdings.owner), "rows_left_out": holdings.left_out,
                       "holdings_of_other_days": holdings.other_days},
            "rows": [fault.document() for fault in holdings.faults],
            "restricted": [],
            "undetermined": [],
            "overfull": self.found.index.overfull,
            "assumptions": ["Only the owners given are judged; the absence of a listed owner is no clearance."],
        }  # fmt: skip

    def _restricted(self) -> Iterator[str]:
        found = self.found
        named = found.restricted_numbers
        numbers = np.array([number for _, number in named], np.int64)
        multiplied = [round(part, 6) for part in found.index.multiplied(self.names, numbers)[numbers].tolist()]
        linked = found.index.per_link(self.names)[numbers].tolist()
        for name, points, part, link, proof in zip((quoted(name) for name, _ in named), found.held[numbers].tolist(), multiplied,
                                                   linked, self._proofs(named), strict=True):  # fmt: skip
            yield (
                f'{{"aggregate_share": {points / WHOLE!r}, "basis_points": {points}, "id": {name}, "multiplied_share": {part!r}, '
                f'"per_link": {"true" if link else "false"}, "proof": [{proof}]}}'
            )

    def _undetermined(self) -> Iterator[str]:
        found, flags = self.found, json.dumps([self.law.flag] if self.law.flag else [])
        named = found.undetermined_numbers
        numbers = np.array([number for _, number in named], np.int64)
        for (name, _), least, most, proof in zip(named, found.held[numbers].tolist(), found.may_held[numbers].tolist(),
                                                 self._proofs(named), strict=True):  # fmt: skip
            yield (
                f'{{"basis_points_least": {least}, "basis_points_most": {most}, "id": {quoted(name)}, "proof": [{proof}], '
                f'"red_flags": {flags}}}'
            )

    def _proofs(self, named: list[tuple[str, int]]) -> Iterator[str]:
        """Yield the stakes that carry each of several entities, as JSON texts."""
        found = self.found
        for at in range(0, len(named), _AT_ONCE):
            some = named[at : at + _AT_ONCE]
            place, owner, share = found.proofs([number for _, number in some])
            bounds = np.searchsorted(place, np.arange(len(some) + 1)).tolist()
            owners = pick(found.index.holdings.names, owner.astype(np.int64))
            owned = [quoted(name) for name, _ in some]
            stakes = [
                f'{{"basis_points": {points if points >= 0 else "null"}, "because": "{because}", "owned": {owned[i]}, '
                f'"owner": {quoted(name)}}}'
                for i, points, because, name in zip(place.tolist(), share.tolist(), found.becauses(owner), owners, strict=True)
            ]
            for first, last in pairwise(bounds):
                yield ", ".join(stakes[first:last])


def _batches(rows: Iterator[str]) -> Iterator[list[str]]:
    while some := list(islice(rows, 4096)):
        yield some


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


def put_graph(answer: GraphAnswer, *, as_json: bool) -> None:
    """Print the answer, as one JSON document or for people."""
    if not as_json:
        tell_graph(answer.document())
    elif spoken(in_document=True) is None:
        answer.write(partial(click.echo, nl=False))
        click.echo()
    else:
        put(prose(answer.document()))


def tell_graph(document: Mapping[str, Any]) -> None:
    """Print the answer: one sentence, the first restricted entities with what carries them, what is open, rows left out."""
    stands = document["rule_status"] == "in_force"
    restricted = document["restricted" if stands else "would_be_restricted"]
    open_ = document["undetermined" if stands else "would_be_undetermined"]
    click.echo(_graph_sentence(document, len(restricted)))
    for row in restricted[:_SHOWN_MAX]:
        carried = t(", ").join(_stake(stake) for stake in row["proof"])
        share = f"{row['basis_points'] / 100:g}"
        click.echo("  " + t("{id}: {share} % held by {owners}", id=row["id"], share=share, owners=carried))
    if len(restricted) > _SHOWN_MAX:
        click.echo("  " + t("and {n} more; --json has all of them", n=f"{len(restricted) - _SHOWN_MAX:,}"))
    for row in open_[:_SHOWN_MAX]:
        least, most = (f"{row[key] / 100:g}" for key in ("basis_points_least", "basis_points_most"))
        flags = "".join(t(", {flag}", flag=flag) for flag in row["red_flags"])
        parts = {"id": row["id"], "least": least, "most": most, "flags": flags}
        click.echo("  ? " + t("{id}: {least} to {most} %, cannot be determined{flags}", **parts))
    for name in document["overfull"][:_SHOWN_MAX]:
        click.echo("  - " + t("the known shares in {name} come to more than the whole", name=name))
    for fault in document["rows"][:_SHOWN_MAX]:
        said = told(fault["message"])
        click.echo("  - " + (t("line {line}: {message}", line=fault["line"], message=said) if fault["line"] else said))


def _stake(stake: Mapping[str, Any]) -> str:
    share, because = f"{stake['basis_points'] / 100:g}", code("carried", stake["because"])
    return t("{owner} {share} % ({because})", owner=stake["owner"], share=share, because=because)


def _graph_sentence(document: Mapping[str, Any], restricted: int) -> str:
    rule, counts, status = document["rule"], document["counts"], document["rule_status"]
    cites = ["; ".join(row["cite"] for row in document["citations"])]
    cites += [t("regime {regime}", regime=rule["regime"])] if rule["regime"] != "actual" else []
    cites += [t("as {stance}", stance=code("stance", rule["stance"]))] if "stance" in rule else []
    parts = {"day": document["on"], "some": f"{restricted:,}", "all": f"{counts['entities']:,}", "cites": "; ".join(cites),
             "unverified": t(", unverified") if document["certainty"] == "unverified" else ""}  # fmt: skip
    if status == "in_force":
        return t("On {day}, {some} of {all} entities are restricted{unverified} [{cites}].", **parts)
    return t("On {day}, {some} of {all} entities would be restricted if the rule were in force (it is {status}){unverified} "
             "[{cites}].", **parts, status=code("rule_status", status))  # fmt: skip


def _is_json(path: str) -> bool:
    return Path(path).suffix.casefold() in (".json", ".jsonl", ".ndjson")
