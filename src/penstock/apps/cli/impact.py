"""``penstock law impact``: what a change of law does to an order book, on one screen.

Made for the morning a Federal Register notice appears: which orders move, by which provision, the largest effect first.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from penstock.apps.cli.language import code, count, prose, say, t, told
from penstock.apps.cli.options import INSTRUMENT, JSON, REGIME, at_regime, told_of_stacks
from penstock.apps.files import whole_file
from penstock.terms.errors import FileUnusable, PenstockError, UnknownFact, first_of
from penstock.terms.numbers import dump_json

if TYPE_CHECKING:
    from penstock.decision.causes import Cause, Said
    from penstock.decision.impact import Comparison, Group, Impact, Moved

__all__ = ["impact"]

_ID = "id"
_ROWS = 1 << 20
_GROUPS_SHOWN = 3  # of each stance, so that both fit on one screen
_MOVES_SHOWN = 2
_CAUSES_SHOWN = 2
_ASKS_SHOWN = 2
_ACTS_SHOWN = 3
_KEYS = ("outcome", "path", "review_policy")
_STANCES = ("enforced", "codified")


@click.command()
@click.argument("a", metavar="DATE[@KNOWN][/REGIME]", callback=told_of_stacks)
@click.argument("b", metavar="DATE[@KNOWN][/REGIME]", callback=told_of_stacks)
@click.option("--on-book", "book", required=True, metavar="FILE.parquet", help="Orders: one row each, columns named by facts.")
@click.option("--out", metavar="FILE.parquet", help="Write the rows that move: before, after, and the provisions that do it.")
@click.option("--ignore", multiple=True, metavar="COLUMN", help="A column that is no fact; may be given more than once.")
@REGIME
@INSTRUMENT
@JSON
def impact(a: str, b: str, book: str, out: str | None, ignore: tuple[str, ...], regime: str, as_json: bool) -> None:
    """Show which orders of a book two laws answer differently, and by which provision, the largest effect first."""
    from penstock.decision.impact import Comparison
    from penstock.decision.points import Point

    a, b = at_regime(a, regime), at_regime(b, regime)
    comparison = Comparison(Point.parse(a), Point.parse(b))
    with _changes_file(out) as write:
        for columns, size, ids in _parts(book, ignore):
            write(comparison.add(columns, size, ids))
    found = comparison.impact()
    if as_json:
        click.echo(dump_json(prose({"a": a, "b": b, "book": book, **found.document()})))
    else:
        _tell(found, comparison, a, b, book)


# ---- the order book


def _pyarrow() -> Any:
    try:
        import pyarrow.parquet
    except ImportError:
        raise FileUnusable("Reading Parquet needs pyarrow", hint="pip install 'penstock[bulk]'") from None
    return pyarrow


def _parts(path: str, ignore: tuple[str, ...]) -> Iterator[tuple[list[Any], int, list[Any] | None]]:
    """Yield the columns, the size and the ids of each part of a book; refuse columns that cannot be used before the first."""
    pq = _pyarrow().parquet
    from penstock.decision.arrow import arrow_column

    try:
        with pq.ParquetFile(path) as file:
            names = _facts(file.schema_arrow, ignore)
            for batch in file.iter_batches(_ROWS):
                columns = [arrow_column(name, batch.column(name)) for name in names]
                yield columns, batch.num_rows, batch.column(_ID).to_pylist() if _ID in batch.schema.names else None
    except OSError as error:
        raise FileUnusable(f"{path} cannot be read: {error.strerror or error}", value=path) from None
    except ValueError as error:  # pyarrow's own error for what is no Parquet
        raise FileUnusable(f"{path} is not a Parquet file: {error}", value=path) from None


def _facts(schema: Any, ignore: tuple[str, ...]) -> list[str]:
    """Return the columns that are facts; all that is wrong with the others is raised at once."""
    from penstock.decision.arrow import type_errors
    from penstock.terms.suggest import nearest
    from penstock.terms.vocabulary import vocabulary

    facts = vocabulary().facts
    names = [name for name in schema.names if name != _ID and name not in ignore]
    errors: list[PenstockError] = []
    for name in names:
        if name not in facts:
            hint = f"`penstock facts` lists every name; leave a column out with --ignore {name}."
            errors.append(UnknownFact(f"{name} is not a fact", at=name, nearest=nearest(name, facts), hint=hint))
        else:
            errors += type_errors(name, schema.field(name).type)
    if errors:
        raise first_of(errors)
    return names


# ---- the rows that move


@contextmanager
def _changes_file(path: str | None) -> Iterator[Any]:
    """Give a function that writes rows that move; the file appears whole or not at all."""
    if path is None:
        yield lambda moved: None
        return
    arrow = _pyarrow()
    fields = [("row", arrow.int64()), (_ID, arrow.string()), ("stance", arrow.string())]
    fields += [(f"{key}_{side}", arrow.string()) for key in _KEYS for side in ("before", "after")]
    schema = arrow.schema([*fields, ("provisions", arrow.string())])
    with whole_file(path) as part, arrow.parquet.ParquetWriter(part, schema) as writer:
        yield lambda moved: [writer.write_table(_table(rows, schema, arrow)) for rows in moved]


def _table(moved: Moved, schema: Any, arrow: Any) -> Any:
    said = [[getattr(one, key) for one in side] for key in _KEYS for side in (moved.before, moved.after)]
    stance = [moved.stance] * len(moved.ids)
    columns = [moved.rows, [str(id) for id in moved.ids], stance, *said, moved.provisions]
    return arrow.Table.from_arrays([arrow.array(c, f.type) for c, f in zip(columns, schema, strict=True)], schema=schema)


# ---- one screen


def _tell(found: Impact, comparison: Comparison, a: str, b: str, book: str) -> None:
    from penstock.rulebook.diff import diff_laws

    changes = diff_laws(comparison.a.law(), comparison.b.law())
    parts = {"a": a, "b": b, "changes": count(len(changes), "{n} change of law", "{n} changes of law"), "book": book}
    text = t("From {a} to {b}, {changes}, on {book}: {rows}", **parts, rows=count(found.rows, "{n} row", "{n} rows"))
    if found.faults:
        faults = count(
            found.faults, "{n} row with facts that cannot be used left out", "{n} rows with facts that cannot be used left out"
        )
        text = t("{text}, {more}", text=text, more=faults)
    say(t("{text}.", text=text))
    for act in [change for change in changes if change.kind == "instrument"][:_ACTS_SHOWN]:
        say(f"{'+' if act.what == 'added' else '-'} {act.cite}: {told(act.text)}", 2)
    groups = {stance: [group for group in found.groups if group.stance == stance] for stance in _STANCES}
    for stance in _STANCES:
        same = stance == "codified" and [_apart(g) for g in groups["codified"]] == [_apart(g) for g in groups["enforced"]]
        _stance(stance, found, groups[stance], same=same and bool(groups[stance]))


def _apart(group: Group) -> tuple[Any, ...]:
    """Return what a group says, whatever its stance."""
    return group.causes, group.moves, group.first


def _stance(stance: str, found: Impact, groups: list[Group], *, same: bool) -> None:
    worse, better = (sum(getattr(group, way) for group in groups) for way in ("worse", "better"))
    parts = {"stance": code("stance", stance), "rows": f"{found.moved(stance):,}", "worse": f"{worse:,}", "better": f"{better:,}"}
    click.echo()
    if same:
        say(
            t(
                "As {stance}: {rows} rows move, {worse} for the worse, {better} for the better; the same rows as enforced.",
                **parts,
            )
        )
    else:
        say(t("As {stance}: {rows} rows move, {worse} for the worse, {better} for the better.", **parts))
    for group in () if same else groups[:_GROUPS_SHOWN]:
        _group(group)
    rest = groups[_GROUPS_SHOWN:]
    if rest and not same:
        shown = {"groups": len(rest), "rows": f"{sum(group.rows for group in rest):,}"}
        click.echo("  " + t("and {groups} smaller groups with {rows} rows (--json shows all)", **shown))


def _group(group: Group) -> None:
    more = len(group.causes) - _CAUSES_SHOWN
    causes = [_cause(cause) for cause in group.causes[:_CAUSES_SHOWN]]
    causes += [t("and {n} more", n=more)] if more > 0 else []
    say(f"{group.rows:>9,}  {t('; ').join(causes)}", 0, 11)
    for before, after, rows in group.moves[:_MOVES_SHOWN]:
        number = t("{what}: {value}", what=f"{rows:,}", value="") if len(group.moves) > 1 else ""
        say(f"{number}{_move(before, after)}", 11)
    others = sum(rows for _, _, rows in group.moves[_MOVES_SHOWN:])
    text = t("rows {rows}", rows=", ".join(map(str, group.first)) + (" …" if group.rows > len(group.first) else ""))
    say(t("{text}; {others} otherwise", text=text, others=f"{others:,}") if others else text, 11)


def _cause(cause: Cause) -> str:
    """Return a cause in one line: what became of which provision, and what of it the change of law touched first."""
    if not cause.cite:
        return told(cause.became)
    by = [x.by if x.id == cause.id else f"{x.id}, {x.by}" for x in cause.touched if x.by not in cause.cite]
    text = f"{cause.id} {told(cause.became)} [{'; '.join([cause.cite, *by[:1]])}]"
    asks = ", ".join(cause.asks[:_ASKS_SHOWN])
    return t("{text}, depending on {facts}", text=text, facts=asks) if asks else text


def _move(before: Said, after: Said) -> str:
    """Return a move by what differs: the outcome, the authorization taken, the policy an application meets."""
    reviewed = before.review_policy != after.review_policy and "not_applicable" not in (before.review_policy, after.review_policy)
    return " → ".join(_answer(said, reviewed=reviewed) for said in (before, after))


def _answer(said: Said, *, reviewed: bool) -> str:
    parts = [_plain("outcome", said.outcome)]
    parts += [t("path {path}", path=said.path)] if said.outcome == "authorization_available" else []
    if reviewed or said.outcome == "license_required":
        parts.append(t("review {policy}", policy=_plain("review_policy", said.review_policy)))
    return t(", ").join(parts)


def _plain(kind: str, value: str) -> str:
    return code(kind, value).replace("_", " ")
