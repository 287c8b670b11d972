"""``penstock``: the verbs of the contract on the command line. Imports of the engine happen inside the commands."""

from __future__ import annotations

import datetime as dt
import gc
import io
import os
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Any, NoReturn

import click

from penstock.apps.cli import ledger_read, prove
from penstock.apps.cli.clearances import clearances
from penstock.apps.cli.impact import impact
from penstock.apps.cli.interview import interview
from penstock.apps.cli.language import add_language, count, prose, spoken, t, told, word
from penstock.apps.cli.ledger import ledger, ship
from penstock.apps.cli.license import license
from penstock.apps.cli.lists import lists
from penstock.apps.cli.options import (
    INSTRUMENT,
    JSON,
    REGIME,
    SWITCH,
    at_regime,
    chosen,
    day_of,
    document_of,
    known_of,
    told_of_stacks,
    which_law,
)
from penstock.apps.cli.output import put
from penstock.apps.cli.rings import rings
from penstock.apps.cli.screening import screen, without_extra
from penstock.terms.errors import InternalError, PenstockError

__all__ = ["cli", "main"]

_COLLECTED_AFTER = 100_000


class _Commands(click.Group):
    """The commands; a reader that has read enough, as ``head`` has, ends them, and that is no failure."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0


def _tell_version(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted and not context.resilient_parsing:
        context.invoke(version)
        context.exit()


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_tell_version, help="The same as `penstock version`."
)
def cli() -> None:
    """Export control for AI chips: dated, cited, executable law.

    Exit codes: 0 done, 1 cases failed, 2 usage, 3 facts not usable, 4 law not available, 5 file not usable, 70 internal.
    """


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line and exit with the contract's code; never with a traceback."""
    argv = sys.argv[1:] if arguments is None else arguments
    for library in ("OPENBLAS", "MKL"):  # the only matrices are small: threads of their own for them cost more than they bring
        os.environ.setdefault(f"{library}_NUM_THREADS", "1")
    gc.set_threshold(_COLLECTED_AFTER)  # reading the law makes many objects that stay, which need not be gone through each time
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # what is no character is shown as its escape
    try:
        code = cli.main(argv, prog_name="penstock", standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except PenstockError as error:
        sys.exit(_report(error, "--json" in argv))
    except click.exceptions.Abort:
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception:
        sys.exit(_report(_internal(), "--json" in argv))


def _internal() -> PenstockError:
    with tempfile.NamedTemporaryFile("w", prefix="penstock-", suffix=".txt", delete=False, encoding="utf-8") as file:
        file.write(traceback.format_exc())
    return InternalError("This is a fault of ours, not of your input.", hint=f"Please report it with the file {file.name}")


def _report(error: PenstockError, as_json: bool) -> int:
    from penstock.terms.numbers import dump_json

    if as_json:
        click.echo(dump_json(prose(error.document())))
        return error.exit_code
    click.echo(_plain(f"penstock: {told(error.message)}"), err=True)
    if error.nearest is not None:
        click.echo(_plain("  " + t("Did you mean {nearest}?", nearest=error.nearest)), err=True)
    elif error.allowed:
        click.echo("  " + t("Allowed: {values}", values=", ".join(map(str, error.allowed))), err=True)
    if error.hint and error.hint not in error.message:
        click.echo(f"  {told(error.hint)}", err=True)
    for other in error.more:
        near = t(" (did you mean {nearest}?)", nearest=other.nearest) if other.nearest is not None else ""
        click.echo(_plain("  " + t("also: {message}", message=told(other.message)) + near), err=True)
    return error.exit_code


def _plain(text: str) -> str:
    """Return text that any output can carry: what is no character is written as its escape."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _is_file(name: str) -> bool:
    try:
        return Path(name).exists()
    except (OSError, ValueError):
        return False


def _is_graph(name: str) -> bool:
    return name.casefold().endswith(".csv")


@cli.command()
@click.argument("source", metavar="FILE|-|CHIP")
@click.option("--on", metavar="DATE", help="Date of the law (default: the date of the classification data).")
@which_law
@JSON
def classify(source: str, on: str | None, known: str | None, regime: str, switches: tuple[str, ...], as_json: bool) -> None:
    """Classify an item: facts in a file, on standard input, or the name of a chip."""
    from penstock.apps.cli import text
    from penstock.decision import classify as ask
    from penstock.decision.library import data_dates

    document = document_of(source) if source == "-" or _is_file(source) or source.endswith((".yaml", ".yml", ".json")) else {
        "item": {"chip": source}
    }  # fmt: skip
    day = on or str(data_dates()["ccl"])
    answer = ask(document, on=day, known=known, regime=regime, switches=chosen(switches))
    put(prose({"on": day, **answer})) if as_json else text.classification(answer, day, source)


@cli.command()
@click.argument("file", metavar="FILE|-")
@click.option("--on", required=True, metavar="DATE", help="Date of the act.")
@which_law
@click.option("--stance", type=click.Choice(["codified", "enforced"]), help="Print the answer of one stance only.")
@click.option("--explain", is_flag=True, help="Print the proof: every provision that decides, once.")
@click.option("--screen", "screened", is_flag=True, help="Fill in what lists and holdings say about the parties.")
@click.option("--list", "list_path", metavar="LIST", help="With --screen: a list file (default: the entries that ship).")
@click.option("--owners", metavar="GRAPH.csv", help="With --screen: holdings, owner,owned,basis_points, by the names of parties.")
@click.option("--ledger", "place", metavar="PATH|URL", help="Read the counters from a ledger instead of from the facts.")
@JSON
def decide(
    file: str,
    on: str,
    known: str | None,
    regime: str,
    switches: tuple[str, ...],
    stance: str | None,
    explain: bool,
    screened: bool,
    list_path: str | None,
    owners: str | None,
    place: str | None,
    as_json: bool,
) -> None:
    """Decide a transaction: whether it may proceed, under what authorization, with which duties."""
    from penstock.apps.cli import text
    from penstock.apps.cli.ledger import decide_with_ledger
    from penstock.decision import decide as ask

    facts = document_of(file)
    found: dict[str, Any] | None = None
    if screened or list_path or owners:
        facts, found = _with_evidence(facts, on, list_path, owners, tell=not as_json)
    ask = ask if place is None else decide_with_ledger(place)
    answer = ask(facts, on=on, known=known, regime=regime, switches=chosen(switches))
    if as_json:
        document = answer.document()
        document = document[stance] if stance else document
        put(prose(document if found is None else {**document, "evidence": found}))
    elif explain:
        text.proof(answer, stance)
    else:
        text.determination(answer, stance)


@cli.command()
@click.argument("source", metavar="IN.parquet")
@click.argument("target", metavar="OUT.parquet")
@click.option("--on", required=True, metavar="COL|DATE", help="A date, or the column that holds one per row.")
@which_law
@click.option("--cluster", metavar="ADDRESS|local", help="Decide on a Ray cluster; OUT is then a folder of Parquet files.")
@click.option("--workers", type=click.IntRange(1), default=2, show_default=True, help="Threads, or processes of a local cluster.")
def bulk(
    source: str, target: str, on: str, known: str | None, regime: str, switches: tuple[str, ...],
    cluster: str | None, workers: int,
) -> None:  # fmt: skip
    """Decide every row of a Parquet file: one row in, one row out, same order.

    A run that was cut short goes on when the same command is given again.
    """
    from penstock.apps.parquet import decide_parquet

    question = (on, known_of(known), regime, chosen(switches))
    if cluster is None:
        rows = decide_parquet(source, target, *question, workers=workers)
    else:
        from penstock.apps.cluster import decide_on_cluster

        rows = decide_on_cluster(source, target, *question, address=cluster, workers=workers)
    click.echo(count(rows, "{n} row decided", "{n} rows decided") + t(", written to {file}", file=target), err=True)


@cli.command()
@click.argument("name")
@click.argument("keys", nargs=-1, metavar="[KEY...]")
@click.option("--on", required=True, metavar="DATE", help="Date of the law.")
@which_law
@JSON
def table(
    name: str, keys: tuple[str, ...], on: str, known: str | None, regime: str, switches: tuple[str, ...], as_json: bool
) -> None:
    """Read a dated table: country groups, Supplement 5, allocations, limits."""
    from penstock.apps.cli import text
    from penstock.decision.library import book
    from penstock.decision.tables import read_table

    day = day_of(on, "--on")
    law = book().law(day, known_of(known), regime, chosen(switches))
    answer = read_table(name, keys or None, law, day)
    put(prose(answer)) if as_json else text.table(answer)


@cli.command()
@click.argument("file", metavar="FILE|-")
@click.option("--on", required=True, metavar="DATE", help="The day on which it is asked.")
@which_law
@JSON
def clock(file: str, on: str, known: str | None, regime: str, switches: tuple[str, ...], as_json: bool) -> None:
    """Date an application or a validated end user: what is due when, who decides next, what silence means."""
    from penstock.apps.cli import kinds
    from penstock.terms.documents import read_facts

    day = day_of(on, "--on")
    answer = kinds.ask_clock(read_facts(document_of(file)), day, known_of(known), regime, chosen(switches))
    put(prose(answer.document())) if as_json else kinds.tell_clock(answer)


@cli.command()
@click.argument("file", metavar="FILE|GRAPH.csv|-")
@click.option("--on", required=True, metavar="DATE", help="Date of the law.")
@click.option("--listed", metavar="IDS.txt", help="For a graph in CSV: the identifiers of the listed owners, one a line.")
@which_law
@click.option("--stance", type=click.Choice(["codified", "enforced"]), help="For a graph: the rule as it binds in one stance.")
@JSON
def owners(
    file: str, on: str, listed: str | None, known: str | None, regime: str, switches: tuple[str, ...], stance: str | None,
    as_json: bool,
) -> None:  # fmt: skip
    """Judge the owners of an entity, or every entity of a graph in CSV: whether listed parties restrict it, with the proof."""
    day, seen, readings = day_of(on, "--on"), known_of(known), chosen(switches)
    if listed is not None or _is_graph(file):
        from penstock.apps.cli import graph

        graph.put_graph(graph.ask_graph(file, listed, day, (seen, readings, regime, stance or "")), as_json=as_json)
        return
    from penstock.apps.cli import kinds
    from penstock.terms.documents import read_facts

    answer = kinds.ask_owners(read_facts(document_of(file)), day, seen, regime, readings)
    put(prose(answer.document())) if as_json else kinds.tell_owners(answer)


@cli.command()
@click.argument("name", required=False)
@JSON
def facts(name: str | None, as_json: bool) -> None:
    """Show what a fact is called, its type, unit and what its absence means; all of them without a name."""
    from penstock.apps.cli import text

    text.facts(name, as_json)


@cli.group()
def law() -> None:
    """Read the law itself: a provision on a date, or what changed between two dates."""


prove.register(law)


@law.command("show")
@click.argument("cite")
@click.option("--on", metavar="DATE", help="Date of the law (default: the day the instruments were gathered).")
@which_law
@JSON
def law_show(cite: str, on: str | None, known: str | None, regime: str, switches: tuple[str, ...], as_json: bool) -> None:
    """Show a provision by citation: its text in our words, instruments with dates and force, and how it stands."""
    from penstock.apps.cli import lawtext
    from penstock.decision.library import book, data_dates
    from penstock.decision.lookup import show_law

    day = day_of(on or str(data_dates()["instruments"]), "--on")
    found = show_law(cite, book().law(day, known_of(known), regime, chosen(switches)), day, spoken(in_document=as_json))
    put(prose({"on": day, "provisions": found})) if as_json else lawtext.provisions(found)


@law.command("diff")
@click.argument("a", metavar="DATE[@KNOWN][/REGIME]", callback=told_of_stacks)
@click.argument("b", metavar="DATE[@KNOWN][/REGIME]", callback=told_of_stacks)
@click.option("--witness", is_flag=True, help="Print a transaction the two laws answer differently.")
@REGIME
@SWITCH
@INSTRUMENT
@JSON
def law_diff(a: str, b: str, witness: bool, regime: str, switches: tuple[str, ...], as_json: bool) -> None:
    """Show what changed between two laws: added, removed and changed rules and table cells, with citations."""
    from penstock.apps.cli import text
    from penstock.decision.points import Point
    from penstock.decision.witness import find_witness
    from penstock.rulebook.diff import diff_laws

    a, b = at_regime(a, regime), at_regime(b, regime)
    laws = [Point.parse(point).law(chosen(switches)) for point in (a, b)]
    changes = diff_laws(*laws)
    found = find_witness(*laws) if witness else None
    text.changes(changes, found, a, b, asked=witness, as_json=as_json)


@law.command("sql")
@click.option("--on", required=True, metavar="DATE", help="Date of the acts: every row is decided under the law of this day.")
@which_law
@click.option("--dialect", type=click.Choice(["duckdb", "spark"]), default="duckdb", show_default=True, help="The SQL to write.")
@click.option("--table", default="transactions", show_default=True, metavar="NAME", help="The table of facts to read.")
@click.option("--like", metavar="FILE.parquet", help="Read the columns this file has, as it stores them.")
def law_sql(
    on: str, known: str | None, regime: str, switches: tuple[str, ...], dialect: str, table: str, like: str | None
) -> None:
    """Print the law of a day as one SQL query over a table of facts, to be run where the table is."""
    from penstock.apps.warehouse import parquet_kinds
    from penstock.decision.warehouse import law_sql as write

    if not all(table.split(".")):
        raise click.BadParameter(t("{table} is no name of a table.", table=repr(table)), param_hint="--table")
    day = day_of(on, "--on")
    columns = None if like is None else parquet_kinds(like)
    seen = known_of(known)
    text = write(day, seen, regime, chosen(switches), dialect=dialect, table=table, columns=columns)
    click.echo(text, nl=False)


def _with_evidence(
    facts: dict[str, Any], on: str, list_path: str | None, owners: str | None, *, tell: bool
) -> tuple[dict[str, Any], dict[str, Any]]:
    try:
        from penstock.apps.cli import evidence
    except ImportError as error:
        raise without_extra(error) from None
    day = day_of(on, "--on")
    facts, found = evidence.with_evidence(facts, day, list_path, owners)
    if tell:
        evidence.tell_evidence(found)
    return facts, found


cli.add_command(interview)
cli.add_command(license)
cli.add_command(lists)
cli.add_command(clearances)
cli.add_command(rings)
cli.add_command(screen)
cli.add_command(ledger)
cli.add_command(ship)
ledger_read.register(ledger)
law.add_command(impact)


@cli.group()
def cases() -> None:
    """Run case files: facts with the right answer."""


@cases.command("run")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--kind", help="Only cases of this kind.")
@click.option("--topic", help="Only cases of this topic.")
@INSTRUMENT
@click.option("--min-confidence", type=click.Choice(["low", "medium", "high"]), default="low", show_default=True)
def cases_run(files: tuple[str, ...], kind: str | None, topic: str | None, min_confidence: str) -> int:
    """Run every case; print one line per difference and the counts."""
    from penstock.apps.cli.cases import run_files

    return run_files(files, kind, topic, min_confidence)


@cli.command()
@JSON
def version(as_json: bool) -> None:
    """Print the versions of the package, the document schema, the law and the data behind it."""
    from importlib.metadata import version as installed

    from penstock.decision.determination import SCHEMA
    from penstock.decision.library import book, data_dates

    dates = data_dates()
    law = book().law(dt.date.fromisoformat(str(dates["chips"])))
    document = {"package": installed("penstock"), "schema": SCHEMA, "law_hash": law.hash, "data_dates": dates}
    if as_json:
        put(prose(document))
    else:
        parts = {"package": document["package"], "schema": SCHEMA, "law": law.hash[:12], "day": dates["chips"]}
        click.echo(t("penstock {package}, {schema}, law {law} of {day}", **parts))
        for name, day in dates.items():
            click.echo("  " + t("{what}: {value}", what=word("data", name), value=told(str(day))))


add_language(cli)
