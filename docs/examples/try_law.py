"""A copy of the law in a folder of its own: try a change of law there before it is made in the shipped one."""

import datetime as dt
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from penstock.decision import Verdict, verdict
from penstock.decision.prepare import prepare
from penstock.decision.program import Program, build
from penstock.law import FIRST_DAY, ROOT
from penstock.rulebook import ACTUAL, Book
from penstock.terms import read_facts


def copy_law() -> Path:
    """Return a folder with a copy of the shipped law."""
    folder = Path(tempfile.mkdtemp()) / "law"
    shutil.copytree(str(ROOT), folder)
    return folder


def read_law(folder: Path) -> Book:
    """Return the book of a folder; RuleError says what in it does not load."""
    return Book.read(folder, dt.date.fromisoformat(FIRST_DAY))


def compile_law(folder: Path, on: str, regime: str = ACTUAL) -> Program:
    """Return the compiled law of a folder on a day; RuleError also for a rule that does not type-check."""
    book = read_law(folder)
    return build(book.law(dt.date.fromisoformat(on), regime=regime), book.data["data/red_flags.yaml"]["flags"])


def ask(program: Program, document: Mapping[str, Any], on: str) -> dict[str, Verdict]:
    """Return the short answer of both stances to a transaction document."""
    return verdict(program, prepare(read_facts(document)), dt.date.fromisoformat(on))
