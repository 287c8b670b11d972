"""A case on a calendar: lines of text for a terminal, or an SVG that needs nothing else."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape

from penstock.licensing.history import Bar

__all__ = ["as_svg", "as_text"]

_LABEL, _CHART = 42, 54
_SIGNS = {"step": "█", "stop": "░", "owed": "─"}
_COLORS = {"step": "#1f5fa8", "stop": "#b8b8b8", "owed": "#c9622b"}
_AHEAD = 45
_ROW, _LEFT, _WIDTH, _TOP = 22, 330, 560, 46


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
        label = bar.label if len(bar.label) <= _LABEL - 3 else bar.label[: _LABEL - 4] + "…"
        out.append(f"  {label:<{_LABEL - 1}}{' ' * start}{drawn}".rstrip())
    return out


def as_svg(bars: Sequence[Bar], on: int, title: str) -> str:
    """Return the chart as one SVG document with a text for every bar.

    >>> as_svg([Bar("registered", 739400, 739409, "step")], 739409, "L-1").startswith("<svg")
    True
    """
    first, last = _span(bars, on)
    scale = _WIDTH / max(last - first, 1)
    height = _TOP + _ROW * len(bars) + 14
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_LEFT + _WIDTH + 20} {height}" role="img" '
        f'font-family="sans-serif" font-size="12">',
        f"<title>{escape(title)}</title>",
        f'<text x="10" y="18" font-weight="bold">{escape(title)}</text>',
        f'<text x="{_LEFT}" y="36">{_date(first)}</text>',
        f'<text x="{_LEFT + _WIDTH}" y="36" text-anchor="end">{_date(last)}</text>',
        *_rows(bars, first, scale),
    ]
    x = _LEFT + (on - first) * scale
    lines.append(f'<line x1="{x:.1f}" y1="{_TOP - 4}" x2="{x:.1f}" y2="{height - 8}" stroke="#333" stroke-dasharray="3 3"/>')
    return "\n".join([*lines, "</svg>", ""])


def _rows(bars: Sequence[Bar], first: int, scale: float) -> Iterator[str]:
    for row, bar in enumerate(bars):
        y = _TOP + _ROW * row
        x = _LEFT + (bar.first - first) * scale
        width = max(min((bar.last - bar.first) * scale, _LEFT + _WIDTH - x), 2)
        words = f"{bar.label}: {_date(bar.first)} to {_date(bar.last)}" + (f" [{bar.cite}]" if bar.cite else "")
        yield f'<text x="10" y="{y + 13}">{escape(_short(bar.label))}</text>'
        yield (
            f'<rect x="{x:.1f}" y="{y + 2}" width="{width:.1f}" height="{_ROW - 8}" fill="{_COLORS[bar.kind]}" rx="2">'
            f"<title>{escape(words)}</title></rect>"
        )


def _short(label: str) -> str:
    return label if len(label) <= 48 else label[:47] + "…"


def _span(bars: Sequence[Bar], on: int) -> tuple[int, int]:
    far = on + _AHEAD  # a license valid for years would squeeze everything else to nothing
    first = min(bar.first for bar in bars)
    return first, max(on, *(min(bar.last, far) for bar in bars)) if bars else on


def _date(day: int) -> str:
    return dt.date.fromordinal(day).isoformat()
