"""What every verb prints the same way: one JSON document on standard output."""

from __future__ import annotations

from typing import Any

import click

__all__ = ["put"]


def put(document: Any) -> None:
    """Print one JSON document."""
    from penstock.terms.numbers import dump_json

    click.echo(dump_json(document))
