"""The language of the command line: ``--lang`` on every verb, and the functions the renderers speak through.

``t`` and ``count`` take the messages of the renderers, ``told`` takes finished English of the engine and the law, ``word``
takes codes.  ``make messages`` gathers the texts of the first two from the calls, so they are literals there.  English is
what stands in the code: nothing is loaded for it.
"""

from __future__ import annotations

import os
import textwrap
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from penstock.terms.languages import Catalog

__all__ = ["add_language", "code", "count", "country", "fill", "named", "prose", "say", "spoken", "t", "told", "use", "word"]

_VARIABLE = "PENSTOCK_LANG"
_WIDTH = 100

_spoken: ContextVar[Catalog | None] = ContextVar("spoken", default=None)
_asked: ContextVar[bool] = ContextVar("asked", default=False)


def use(language: str, *, asked: bool = True) -> None:
    """Speak a language from here on; BadEnum for one that Penstock does not speak.

    ``asked`` says that the command line names it: documents follow the command line, never the environment.
    """
    _asked.set(asked)
    if language == "en":
        _spoken.set(None)
        return
    from penstock.terms.languages import catalog, require_language

    _spoken.set(None)
    require_language(language, "--lang" if asked else _VARIABLE)
    _spoken.set(catalog(language))


def add_language(command: click.Command) -> None:
    """Give ``--lang`` to a command and to every command below it; before a verb it counts for the verb."""
    for inner in command.commands.values() if isinstance(command, click.Group) else ():
        add_language(inner)
    if not any(option.name == "lang" for option in command.params):
        command.params.append(
            click.Option(
                ["--lang"],
                metavar="en|zh-Hans|zh-Hant",
                expose_value=False,
                is_eager=True,
                callback=_choose,
                help=f"Language of the answer (default: {_VARIABLE}, else English).",
            )
        )


def _choose(context: click.Context, _option: click.Parameter, value: str | None) -> None:
    asked = context.meta.get(__name__) if value is None else value
    context.meta[__name__] = asked
    use(os.environ.get(_VARIABLE) or "en" if asked is None else asked, asked=asked is not None)


# ---- speaking


def t(text: str, /, **parts: Any) -> str:
    """Return a message in the language spoken, its places filled."""
    found = _spoken.get()
    if found is None:
        return text.format(**parts) if parts else text
    return found.message(text, **parts)


def count(number: int, one: str, many: str) -> str:
    """Return a message about a number of things, which it calls ``n``."""
    found = _spoken.get()
    if found is None:
        return (one if number == 1 else many).format(n=f"{number:,}")
    return found.count(number, one, many)


def told(text: str) -> str:
    """Return finished English of the engine or the law in the language spoken."""
    found = _spoken.get()
    return text if found is None else found.sentence(text)


def word(kind: str, value: object) -> str:
    """Return a code in words, in the language spoken."""
    from penstock.terms.words import words

    return told(words(kind, value))


def code(kind: str, value: str) -> str:
    """Return a code as it is in English, which documents share, and in words in every other language."""
    return value if _spoken.get() is None else word(kind, value)


def named(kind: str, value: object) -> str:
    """Return a code without its underscores in English, and in words in every other language."""
    return code(kind, str(value)).replace("_", " ")


def country(letters: str) -> str:
    """Return the name of a country in the language spoken."""
    from penstock.terms.countries import country_name

    found = _spoken.get()
    return country_name(letters) if found is None else found.country(letters)


def spoken(*, in_document: bool) -> Catalog | None:
    """Return the catalog of the language spoken, None for English; a document follows the command line alone."""
    return None if in_document and not _asked.get() else _spoken.get()


def prose(document: Any) -> Any:
    """Return a document with its prose in the language the command line asks for; all else stays as it is."""
    found = spoken(in_document=True)
    return document if found is None else found.document(document)


# ---- lines


def fill(text: str, indent: int = 0, hanging: int | None = None) -> str:
    """Return text in lines that fit the screen, wide characters counted as two columns."""
    first, rest = " " * indent, " " * (indent + 2 if hanging is None else hanging)
    if _spoken.get() is None:
        return textwrap.fill(text, _WIDTH, initial_indent=first, subsequent_indent=rest)
    from penstock.terms.languages import wrap

    return wrap(text, _WIDTH, first, rest)


def say(text: str, indent: int = 0, hanging: int | None = None, *, err: bool = False) -> None:
    """Print text in lines that fit the screen."""
    click.echo(fill(text, indent, hanging), err=err)
