"""Names of the dated tables, so that rule files can import what they mention; the tables are the YAML files."""

from typing import Any

__all__: list[str] = []


def __getattr__(name: str) -> Any:
    """Stand in for any table: rule files are read, never run."""
    if not name.isupper():
        raise AttributeError(name)
    return name
