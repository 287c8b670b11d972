"""Lines of text that may hold wide characters: a Chinese character takes two columns and may end a line."""

from __future__ import annotations

import re
import textwrap

__all__ = ["wrap"]

# A run without wide characters is one word; every wide character stands alone, with the marks that may not begin a line
# after it and those that may not end a line before it.
_OPENING, _CLOSING = "（「『《〈【“‘", "，。、；：！？）」』》〉】”’…"
_WIDE = r"[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]"
_WORD = rf"(?:(?!{_WIDE}|[(\[]{_WIDE})[^\s{_OPENING}{_CLOSING}])+"
_PIECE = re.compile(rf"\s+|[{_OPENING}(\[]*{_WIDE}[{_CLOSING})\]]*|[{_OPENING}]*{_WORD}[{_CLOSING}]*|[{_OPENING}{_CLOSING}]+|\S")


def wrap(text: str, width: int, first: str = "", rest: str = "") -> str:
    """Return text in lines of at most ``width`` columns, the first begun with ``first`` and the others with ``rest``.

    >>> print(wrap("须取得许可证，并在装运前通知BIS。", 12))
    须取得许可
    证，并在装运
    前通知BIS。
    >>> print(wrap("a license is required", 12, rest="  "))
    a license is
      required
    """
    if not re.search(_WIDE, text):
        return textwrap.fill(text, width, initial_indent=first, subsequent_indent=rest)
    from rich.cells import cell_len

    lines, line, used = [], first, cell_len(first)
    empty = True
    for piece in _PIECE.findall(" ".join(text.splitlines())):
        size = cell_len(piece)
        if not empty and used + cell_len(piece.rstrip()) > width:
            lines.append(line.rstrip())
            line, used, empty = rest, cell_len(rest), True
        if empty and lines and piece.isspace():
            continue
        line, used, empty = line + piece, used + size, False
    return "\n".join([*lines, line.rstrip()])
