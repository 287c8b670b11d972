"""Coverage: which paragraphs of the regulations the book writes into rules and tables, and which cases cite them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from attrs import define, field, frozen

from penstock.decision.proofs import citation_forms
from penstock.rulebook import Book
from penstock.rulebook.cited import cited
from penstock.rulebook.parse import KINDS
from penstock.terms.citations import Forms, covers

__all__ = ["Coverage", "Covered", "Missing", "coverage", "missing"]


@define
class Covered:
    """One citation of the book: the CFR part it is in (None: no part), and what rests on it."""

    cite: str
    part: int | None
    rules: set[str] = field(factory=set)
    tables: set[str] = field(factory=set)
    others: set[str] = field(factory=set)
    cells: int = 0
    cases: set[str] = field(factory=set)


@frozen
class Missing:
    """A citation asked for that nothing rests on; ``within`` are broader ones that something rests on."""

    cite: str
    within: tuple[str, ...]


@frozen(eq=False)
class Coverage:
    """Every citation of the book, in order, with the grammar they were read by."""

    forms: Forms
    entries: tuple[Covered, ...]

    @property
    def parts(self) -> dict[int | None, list[Covered]]:
        """Return the citations by CFR part, those of no part last."""
        out: dict[int | None, list[Covered]] = {}
        for entry in sorted(self.entries, key=lambda entry: (entry.part is None, entry.part or 0)):
            out.setdefault(entry.part, []).append(entry)
        return out


def coverage(book: Book, cases: Iterable[Mapping[str, Any]] = ()) -> Coverage:
    """Return the coverage of a book; a case (its ``id`` and ``source``) counts where its source cites the paragraph or below.

    >>> from penstock.decision.library import book
    >>> found = coverage(book(), [{"id": "X1", "source": "740.29(d); a reader's note"}])
    >>> [(entry.cite, sorted(entry.cases)) for entry in found.parts[740] if entry.cite in ("740.29(d)", "740.29(e)")]
    [('740.29(d)', ['X1']), ('740.29(e)', [])]
    """
    forms = citation_forms(book)
    entries: dict[str, Covered] = {}
    for entry in cited(book):
        for part in forms.read(entry.cite):
            found = entries.setdefault(part.text, Covered(part.text, part.part))
            if entry.kind in KINDS or entry.kind == "line":
                found.rules.add(entry.id)
            elif entry.kind == "cell":
                found.tables.add(entry.id)
            else:
                found.others.add(entry.id)
            found.cells += entry.kind == "cell"
    for case in cases:
        for part in forms.read(str(case.get("source", ""))):
            for found in entries.values() if part.known else ():
                if covers(found.cite, part.text):
                    found.cases.add(str(case["id"]))
    return Coverage(forms, tuple(sorted(entries.values(), key=lambda entry: _order(entry.cite))))


def missing(found: Coverage, wanted: Iterable[str]) -> list[Missing]:
    """Return which citations of a list nothing in the book rests on."""
    out = []
    for line in wanted:
        for part in found.forms.read(line):
            if not any(covers(part.text, entry.cite) for entry in found.entries):
                within = tuple(entry.cite for entry in found.entries if covers(entry.cite, part.text))
                out.append(Missing(part.text, within))
    return out


def _order(cite: str) -> list[tuple[int, str]]:
    """Return a key that sorts 740.8 before 740.29."""
    pieces = cite.replace("(", ".").replace(")", "").replace(" ", ".").split(".")
    return [(int(piece), "") if piece.isdigit() else (1 << 30, piece) for piece in pieces]
