"""``penstock screen``: a party, or a file of parties, against a list."""

from __future__ import annotations

import click

from penstock.apps.cli.language import prose, t
from penstock.apps.cli.options import JSON
from penstock.apps.cli.output import put
from penstock.terms.errors import FileUnusable, PenstockError

__all__ = ["screen", "without_extra"]


def without_extra(error: ImportError) -> PenstockError:
    """Return what to say where the packages for names are not installed."""
    return FileUnusable(f"Screening names needs {error.name}", hint="pip install 'penstock[screening]'")


@click.command()
@click.argument("name", required=False)
@click.option("--list", "list_path", metavar="LIST", help="A list file (default: the well-known entries that ship).")
@click.option("--on", metavar="DATE", help="Only entries that stood on this day.")
@click.option("--country", default="", metavar="XX", help="The party's country.")
@click.option("--address", default="", metavar="TEXT", help="The party's address; it is screened alone too.")
@click.option("--batch", metavar="IN.csv", help="Screen every row: columns id,name and perhaps country,address.")
@click.option("--out", metavar="OUT.csv", help="With --batch: where the hits go.")
@click.option("--top", default=20, show_default=True, type=click.IntRange(1, 1000), help="At most so many entries a party.")
@click.option(
    "--floor",
    default=0.2,
    show_default=True,
    type=click.FloatRange(0, 1),
    help="Print hits from this score on; on the Entity List one unlisted party in 20 reaches 0.2, one in 100 reaches 0.56.",
)
@click.option("--workers", type=click.IntRange(1, 64), help="With --batch: how many processes (default: one a core).")
@click.option("--clearances", metavar="FILE", help="Leave out hits that are cleared in this file, and say so.")
@JSON
def screen(
    name: str | None,
    list_path: str | None,
    on: str | None,
    country: str,
    address: str,
    batch: str | None,
    out: str | None,
    top: int,
    floor: float,
    workers: int | None,
    clearances: str | None,
    as_json: bool,
) -> None:
    """Screen a party, or a file of parties, against a list: names in any script, addresses, with the evidence."""
    try:
        from penstock.apps.cli import screen as screening
    except ImportError as error:
        raise without_extra(error) from None
    if batch is not None:
        if out is None:
            raise click.UsageError(t("--batch needs --out OUT.csv"))
        workers = workers or screening.default_workers()
        rows, hits, bad = screening.screen_batch(batch, list_path, out, on=on, top=top, workers=workers)
        click.echo(
            t("{rows} parties screened, {hits} hits, written to {file}", rows=f"{rows:,}", hits=f"{hits:,}", file=out), err=True
        )
        if bad:
            click.echo(t("{rows} rows could not be screened", rows=f"{bad:,}"), err=True)
        return
    if not name and not address:
        raise click.UsageError(t("Name a party, give --address or give --batch IN.csv"))
    asked = screening.Asked(name or "", country.upper(), address)
    document = screening.screen_one(asked, list_path=list_path, on=on, top=top, clearances=clearances)
    put(prose(document)) if as_json else screening.tell_hits(document, floor)
