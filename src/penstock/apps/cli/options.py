"""What several commands share: options, and how dates, readings, documents and points of law are read from them."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click

from penstock.terms.errors import FileUnusable, UnknownSwitch

__all__ = ["at_regime", "chosen", "day_of", "document_of", "known_of", "read_instruments", "told_of_stacks", "which_law"]

ACTUAL = "actual"
_FILES = ("*.yaml", "*.yml")
_STACKS = f"{__name__}.stacks"


def read_instruments(path: str) -> Iterator[tuple[str, str]]:
    """Yield the name and text of an instrument file, or of every YAML file in a folder, in the order of their names."""
    folder = Path(path)
    files = sorted(file for pattern in _FILES for file in folder.glob(pattern)) if folder.is_dir() else [folder]
    if not files:
        raise FileUnusable(f"{path} holds no YAML file", value=path, hint="An instrument is one file that ends in .yaml.")
    for file in files:
        try:
            yield str(file), file.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            said = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            raise FileUnusable(f"{file} cannot be read: {said}", value=str(file)) from None


def _use(context: click.Context, _: click.Parameter, paths: tuple[str, ...]) -> None:
    """Use the instruments named on the command line for as long as the command runs."""
    if paths:
        from penstock.decision.library import with_instruments

        context.with_resource(with_instruments([pair for path in paths for pair in read_instruments(path)]))
        _tell_stacks(context)


def told_of_stacks(context: click.Context, _: click.Parameter, value: Any) -> Any:
    """Say on standard error what to know of a regime, or of the regimes of points of law, that stacks designs which clash."""
    named = value if isinstance(value, tuple) else (value,)
    waiting = context.meta.setdefault(_STACKS, {})
    for stack in (text.rpartition("/")[2] for text in named if text):
        if "+" in stack:
            waiting.setdefault(stack, True)
    _tell_stacks(context)
    return value


def _tell_stacks(context: click.Context) -> None:
    """Tell of the stacks named so far, each once; one with a design that is not read yet waits for ``--instrument``."""
    waiting: dict[str, bool] = context.meta.get(_STACKS, {})
    if not any(waiting.values()):
        return
    from penstock.apps.cli.language import say, told
    from penstock.decision.library import book

    known = book()
    for stack in [stack for stack, waits in waiting.items() if waits and {*stack.split("+")} <= {*known.regimes}]:
        waiting[stack] = False
        for clash in known.clashes(stack):
            say(told(clash), err=True)


INSTRUMENT: Callable[[Any], Any] = click.option(
    "--instrument",
    metavar="FILE|FOLDER",
    multiple=True,
    expose_value=False,
    callback=_use,
    help="An instrument of your own, such as a letter of BIS; stays on this machine.",
)
REGIME: Callable[[Any], Any] = click.option(
    "--regime",
    default=ACTUAL,
    show_default=True,
    metavar="NAME",
    callback=told_of_stacks,
    help="A design on top of the actual law; stack with +.",
)
KNOWN: Callable[[Any], Any] = click.option(
    "--known", metavar="DATE", help="Only instruments published or announced up to this date."
)
SWITCH: Callable[[Any], Any] = click.option(
    "--set", "switches", multiple=True, metavar="SWITCH=VALUE", help="Choose a decided reading."
)
JSON: Callable[[Any], Any] = click.option("--json", "as_json", is_flag=True, help="Exactly one JSON document on standard output.")


def which_law(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say by which law a command answers."""
    return KNOWN(REGIME(SWITCH(INSTRUMENT(command))))  # type: ignore[no-any-return]


def day_of(value: str, name: str) -> dt.date:
    """Return the day an option gives."""
    from penstock.terms.dates import parse_date

    return parse_date(value, name)


def known_of(value: str | None) -> dt.date | None:
    """Return the day ``--known`` gives, if it is there."""
    return None if value is None else day_of(value, "--known")


def chosen(switches: tuple[str, ...]) -> dict[str, Any]:
    """Return the readings that ``--set`` chooses, by name.

    >>> chosen(("lpp_5a002=included",))
    {'lpp_5a002': 'included'}
    """
    out: dict[str, Any] = {}
    for pair in switches:
        name, sign, value = pair.partition("=")
        if not sign:
            raise UnknownSwitch(f"{pair!r} is no reading", at="--set", value=pair, hint="Write --set NAME=VALUE.")
        out[name] = value
    return out


def document_of(path: str) -> dict[str, Any]:
    """Return the document in a file, or on standard input where the path is ``-``."""
    from penstock.terms.documents import read_document

    return read_document(path, sys.stdin.read)


def at_regime(point: str, regime: str) -> str:
    """Return a point of law (``DATE[@KNOWN][/REGIME]``) under a regime, where it does not name one itself.

    >>> at_regime("2026-01-01", "use-based"), at_regime("2026-01-01/actual", "use-based"), at_regime("2026-01-01", "actual")
    ('2026-01-01/use-based', '2026-01-01/actual', '2026-01-01')
    """
    return point if "/" in point or regime == ACTUAL else f"{point}/{regime}"
