"""A case on a calendar: lines of text for a terminal, or an SVG that needs nothing else."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape

from penstock.licensing.history import Bar

__all__ = ["as_svg", "as_text", "columns"]

_LABEL, _CHART = 46, 52
_SIGNS = {"step": "█", "stop": "░", "owed": "─"}
_COLORS = {"step": "#1f5fa8", "stop": "#8a8a8a", "owed": "#b4531c"}
_LEGEND = {"step": "step", "stop": "days that do not count", "owed": "owed, with its due date"}
_AHEAD = 45
_ROW, _LEFT, _WIDTH, _TOP = 22, 400, 560, 66
_MONTHS_MAX = 14  # as many names of months fit over the chart


def as_text(bars: Sequence[Bar], on: int) -> list[str]:
    """Return the lines of a chart for a terminal.

    What was is ``█``, days that did not count are ``░``, what is owed is ``─`` up to ``┤``, or ``→`` beyond the chart.

    >>> as_text([Bar("registered", 739400, 739409, "step"), Bar("OC: decide", 739409, 739600, "owed")], 739409)[2][-3:]
    '──→'
    """
    first, last = _span(bars, on)
    scale = _CHART / max(last - first, 1)
    head = f"{_date(first)}{_date(last):>{_CHART - len(_date(first))}}"
    out = [" " * (_LABEL + 1) + head]
    for bar in bars:
        start, end = round((bar.first - first) * scale), round((min(bar.last, last) - first) * scale)
        drawn = _SIGNS[bar.kind] * max(end - start, 1)
        if bar.kind == "owed":
            drawn = drawn[:-1] + ("┤" if bar.last <= last else "→")
        label = _short(_words(bar), _LABEL - 3)
        out.append(f"  {label}{' ' * (_LABEL - 1 - columns(label) + start)}{drawn}".rstrip())
    return out


def columns(text: str) -> int:
    """Return how many columns of a terminal a text takes; a Chinese character takes two.

    >>> columns("OC"), columns("许可证")
    (2, 6)
    """
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def as_svg(bars: Sequence[Bar], on: int, title: str) -> str:
    """Return the chart as one SVG document: months, bars with their days or due dates, the day it is seen from, a legend.

    >>> as_svg([Bar("registered", 739400, 739409, "step")], 739409, "L-1").startswith("<svg")
    True
    """
    first, last = _span(bars, on)
    scale = _WIDTH / max(last - first, 1)
    bottom = _TOP + _ROW * len(bars) + 4
    width, height = _LEFT + _WIDTH + 24, bottom + 40
    x = _LEFT + (on - first) * scale
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" '
        f'font-family="sans-serif" font-size="12" fill="#222">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
        f'<text x="10" y="22" font-size="15" font-weight="bold">{escape(title)}</text>',
        *_months(first, last, scale, bottom),
        *_rows(bars, first, scale),
        f'<line x1="{x:.1f}" y1="{_TOP - 8}" x2="{x:.1f}" y2="{bottom}" stroke="#222" stroke-dasharray="3 3"/>',
        f'<text x="{x:.1f}" y="{bottom + 13}" text-anchor="middle" font-size="11">{_date(on)}</text>',
        *_legend(bottom + 30),
        "</svg>",
        "",
    ])  # fmt: skip


def _months(first: int, last: int, scale: float, bottom: int) -> Iterator[str]:
    """Draw a line at the first of each month, and name as many months as there is room for."""
    starts = [day for day in range(first, last + 1) if dt.date.fromordinal(day).day == 1]
    every = -(-len(starts) // _MONTHS_MAX) or 1
    for day in starts[::every]:
        x = _LEFT + (day - first) * scale
        yield f'<line x1="{x:.1f}" y1="{_TOP - 8}" x2="{x:.1f}" y2="{bottom}" stroke="#ddd"/>'
        yield f'<text x="{x:.1f}" y="{_TOP - 14}" text-anchor="middle" font-size="10">{_date(day)[:7]}</text>'


def _rows(bars: Sequence[Bar], first: int, scale: float) -> Iterator[str]:
    for row, bar in enumerate(bars):
        y = _TOP + _ROW * row
        x = _LEFT + (bar.first - first) * scale
        end = min(x + (bar.last - bar.first) * scale, _LEFT + _WIDTH)
        width = max(end - x, 2)
        words = f"{bar.label}: {_date(bar.first)} to {_date(bar.last)}" + (f" [{bar.cite}]" if bar.cite else "")
        yield f'<text x="10" y="{y + 13}">{escape(_short(bar.label, 58))}</text>'
        yield (
            f'<rect x="{x:.1f}" y="{y + 2}" width="{width:.1f}" height="{_ROW - 8}" fill="{_COLORS[bar.kind]}" rx="2">'
            f"<title>{escape(words)}</title></rect>"
        )
        yield _said(bar, x, x + width, y + 13)


def _said(bar: Bar, start: float, end: float, y: int) -> str:
    """Write the days of a bar, or its due date, in it where there is room, and beside it where there is not."""
    beyond = " →" if end >= _LEFT + _WIDTH else ""
    said = _date(bar.last) + beyond if bar.kind == "owed" else f"{bar.last - bar.first} d"
    if end - start > 90:
        return f'<text x="{end - 6:.1f}" y="{y}" text-anchor="end" font-size="11" fill="#fff">{said}</text>'
    side, anchor = (end + 4, "start") if end + 70 < _LEFT + _WIDTH else (start - 4, "end")
    return f'<text x="{side:.1f}" y="{y}" text-anchor="{anchor}" font-size="11">{said}</text>'


def _legend(y: int) -> Iterator[str]:
    for n, (kind, words) in enumerate(_LEGEND.items()):
        x = _LEFT + 180 * n
        yield f'<rect x="{x}" y="{y - 9}" width="14" height="10" fill="{_COLORS[kind]}" rx="2"/>'
        yield f'<text x="{x + 20}" y="{y}" font-size="11">{words}</text>'


def _words(bar: Bar) -> str:
    return f"{_date(bar.last)} {bar.label}" if bar.kind == "owed" else bar.label


def _short(label: str, most: int) -> str:
    if columns(label) <= most:
        return label
    while columns(label) >= most:
        label = label[:-1]
    return label + "…"


def _span(bars: Sequence[Bar], on: int) -> tuple[int, int]:
    far = on + _AHEAD  # a license valid for years would squeeze everything else to nothing
    first = min(bar.first for bar in bars)
    return first, max(on, *(min(bar.last, far) for bar in bars)) if bars else on


def _date(day: int) -> str:
    return dt.date.fromordinal(day).isoformat()
