"""Drafted applications as files: JSON, PDF (reportlab) and XLSX (xlsxwriter), the last two with the extra ``pdf``."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from penstock.apps.files import whole_file
from penstock.licensing.drafting import SIGNED_BY_HAND, Draft
from penstock.terms.errors import BadEnum, FileUnusable
from penstock.terms.numbers import dump_json, exact

__all__ = ["write_draft"]

_HEADS = ("Block", "Name", "Entry", "From")
_EMPTY = "(not known)"
_UNSIGNED = "(for the applicant to sign)"
# what is told of the outlook, and how
_OUTLOOK = {
    "outcome": "Outcome",
    "review_policy": "Review policy",
    "cite": "Paragraph",
    "approvable_tpp": "TPP under that policy",
    "remainder_tpp": "TPP beyond it",
    "remainder_policy": "Policy for TPP beyond it",
    "validity_months": "Months a license is valid",
}
_TITLE = "Draft of an application on form BIS-748P"
_CAUTION = "A draft from stated facts. It is not filed, not signed and not legal advice."
_HELD = {True: "at hand", False: "stated to be missing", None: "not stated"}


def write_draft(made: Draft, path: str) -> None:
    """Write a draft to a file whose ending says the format; FileUnusable where it cannot be, and then nothing is left of it.

    Raises BadEnum for an ending other than json, pdf or xlsx.
    """
    ending = Path(path).suffix.lstrip(".").lower()
    if ending not in _FORMATS:
        raise BadEnum(
            f"A draft is not written as {ending or 'a file without ending'!r}", at="--out", value=path, allowed=tuple(_FORMATS)
        )
    content = _FORMATS[ending](made)
    with whole_file(path) as part:
        part.write_bytes(content)


def _json(made: Draft) -> bytes:
    return (dump_json(made.document()) + "\n").encode()


def _needs(package: str) -> FileUnusable:
    return FileUnusable(f"This needs {package}", at="--out", hint="Install `penstock[pdf]`, or write JSON.")


def _lines(made: Draft) -> list[tuple[str, str, str, str]]:
    empty = dict.fromkeys(SIGNED_BY_HAND, _UNSIGNED)
    return [(block.number, block.name, block.value or (empty.get(block.number, _EMPTY) if block.needed else ""), block.source)
            for block in made.blocks]  # fmt: skip


def _outlook(made: Draft) -> list[tuple[str, str]]:
    """Return what the law says of the application, in words."""
    return [(_OUTLOOK[name], _said(value)) for name, value in made.outlook.items() if value is not None and name in _OUTLOOK]


def _said(value: Any) -> str:
    if isinstance(value, str) and not value.isdigit():
        return value.replace("_", " ")
    try:
        return f"{exact(value):,}"
    except ValueError:
        return str(value)


def _xlsx(made: Draft) -> bytes:
    try:
        import xlsxwriter
    except ImportError:
        raise _needs("xlsxwriter") from None
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"title": _TITLE, "created": dt.datetime(made.on.year, made.on.month, made.on.day)})
    bold, wrap = book.add_format({"bold": True}), book.add_format({"text_wrap": True, "valign": "top"})
    tables: dict[str, tuple[tuple[str, ...], list[tuple[str, ...]]]] = {
        "Application": (_HEADS, [*_lines(made)]),
        "Documents": (("Document", "What", "Cite", "At hand"), [(p.id, p.text, p.cite, _HELD[p.at_hand]) for p in made.papers]),
        "Outlook": (("What", "Value"), [*_outlook(made), *(("note", note) for note in made.notes), ("law", made.law_hash)]),
    }
    for name, (heads, rows) in tables.items():
        sheet = book.add_worksheet(name)
        sheet.set_column(0, 1, 24)
        sheet.set_column(2, 3, 60)
        for column, head in enumerate(heads):
            sheet.write_string(0, column, head, bold)
        for row, values in enumerate(rows, 1):
            for column, value in enumerate(values):
                sheet.write_string(row, column, value, wrap)
        sheet.freeze_panes(1, 0)
    book.close()
    return out.getvalue()


def _pdf(made: Draft) -> bytes:
    try:
        from reportlab.lib.pagesizes import letter
        from reportlab.lib.styles import getSampleStyleSheet
        from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer
    except ImportError:
        raise _needs("reportlab") from None
    styles = getSampleStyleSheet()

    def put(text: str, style: str = "BodyText") -> Any:
        return Paragraph(_any_script(text), styles[style])

    rows = [[put(cell) for cell in _HEADS], *([put(cell) for cell in row] for row in _lines(made))]
    papers = [[put(cell) for cell in ("Document", "Cite", "At hand")],
              *([put(p.text), put(p.cite), put(_HELD[p.at_hand])] for p in made.papers)]  # fmt: skip
    story = [put(_TITLE, "Title"), put(_CAUTION), put(f"Drafted by the law of {made.on}, {made.stance}."), Spacer(1, 8),
             _table(rows, (42, 115, 222, 143)), put("Documents wanted", "Heading2"), _table(papers, (300, 130, 92)),
             put("Outlook", "Heading2"), *(put(f"{name}: {value}") for name, value in _outlook(made)),
             *(put(note) for note in made.notes), put(f"Law: {made.law_hash}")]  # fmt: skip
    out = io.BytesIO()
    SimpleDocTemplate(out, pagesize=letter, title=_TITLE, author="", leftMargin=45, rightMargin=45, topMargin=54, bottomMargin=54,
                      invariant=1).build(story, onFirstPage=_page, onLaterPages=_page)  # fmt: skip
    return out.getvalue()


def _page(canvas: Any, document: Any) -> None:
    """Number a page, so that none is missed."""
    canvas.setFont("Helvetica", 9)
    canvas.drawRightString(document.pagesize[0] - 45, 34, f"{_TITLE}, page {document.page}")


def _table(rows: list[list[Any]], widths: tuple[int, ...]) -> Any:
    from reportlab.lib import colors
    from reportlab.platypus import Table

    style = [("GRID", (0, 0), (-1, -1), 0.4, colors.grey), ("BACKGROUND", (0, 0), (-1, 0), colors.lightgrey),
             ("VALIGN", (0, 0), (-1, -1), "TOP")]  # fmt: skip
    return Table(rows, colWidths=widths, repeatRows=1, style=style)


def _any_script(text: str) -> str:
    """Return text as markup; what the standard fonts lack is set in one that has Chinese."""
    from xml.sax.saxutils import escape

    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont

    font = "STSong-Light"
    if font not in pdfmetrics.getRegisteredFontNames():
        pdfmetrics.registerFont(UnicodeCIDFont(font))
    marked = [escape(sign) if ord(sign) < 0x100 else f'<font name="{font}">{escape(sign)}</font>' for sign in text]
    return "".join(marked).replace("\n", "<br/>").replace(f'</font><font name="{font}">', "")


_FORMATS: Mapping[str, Callable[[Draft], bytes]] = {"json": _json, "pdf": _pdf, "xlsx": _xlsx}
