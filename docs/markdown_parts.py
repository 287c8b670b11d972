"""Markdown for the pages that are written from the code: table cells, tables, whole pages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

__all__ = ["code", "page", "table", "text"]

_NOTICE = "<!-- Written by docs/generate.py from the code. Change the code, then run the script. -->"


def text(value: Any) -> str:
    """Return a value as the text of one table cell."""
    return str(value).replace("|", "\\|").replace("<", "&lt;").replace("\n", " ").replace("*", "\\*").replace("_", "\\_")


def code(value: Any) -> str:
    """Return a value in code font; nothing for nothing."""
    return f"`{value}`".replace("|", "\\|") if value not in ("", None) else ""


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a table from its titles and rows of cells."""
    lines = ["| " + " | ".join(cells) + " |" for cells in rows]
    titles = list(head)
    return "\n".join(["| " + " | ".join(titles) + " |", "|" + "---|" * len(titles), *lines]) + "\n"


def page(title: str, *parts: str) -> str:
    """Return a page: the notice that it is written by a script, its title, its parts."""
    return "\n\n".join([_NOTICE, f"# {title}", *(part.strip("\n") for part in parts)]) + "\n"
