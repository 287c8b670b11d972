"""The lists of Part 744 as the eCFR publishes them in XML: Supplements 4 (Entity List), 6 (Unverified) and 7 (MEU), row by row.

Built from the published structure: an appendix is a ``DIV9`` whose ``N`` names the supplement, with a table of ``TR`` and ``TD``;
a country stands in the first row of its entries only; aliases follow ``a.k.a.`` on lines that begin with a dash, then addresses.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from xml.etree import ElementTree

from attrs import frozen

from penstock.terms.errors import BadDocument

__all__ = ["CodifiedEntry", "codified_date", "codified_lists"]

LISTS = {"4": "Entity List", "6": "Unverified List", "7": "Military End-User List"}
_SUPPLEMENT = re.compile(r"Supplement No\.\s*(\d+) to Part 744", re.IGNORECASE)
_COLUMNS = (("country", "country"), ("entity", "entity"), ("listed person", "entity"), ("license requirement", "requirement"),
            ("license review", "policy"), ("federal register", "citations"))  # fmt: skip
_AKA = re.compile(r",?\s*\b(?:a\.?k\.?a\.?|f\.?k\.?a\.?)(?=[\s,:])[\s,]*", re.IGNORECASE)
_FOLLOWING = re.compile(r"^(?:and\s+)?(?:the\s+following\b[^:]*:?)\s*", re.IGNORECASE)
_LEGAL = re.compile(
    r"(?:co|corp|ltd|ltda|limited|inc|incorporated|llc|llp|lp|plc|gmbh|ag|bv|nv|sa|srl|sarl|spa|sl|pte|pvt|pty|sdn|bhd|jsc|cjsc|ojsc|"
    r"pjsc|ooo|oao|fze|fzco|fzc|company|kk|jr|sr|ii|iii|lda|sas|doo|as)\b\.?",
    re.IGNORECASE,
)
_WORDS = frozenset({"company", "limited", "incorporated", "llc"})  # of these, the ones that a full stop does not belong to
_BODY = re.compile(r"\b(?:Institut(?:e|ion)|Academy|Bureau|Factory|Plant|Branch|Department|Laborator(?:y|ies)|Faculty)\b")
_BARE = re.compile(r"Address\s+\d+\b,?\s*", re.IGNORECASE)
_SIGNS = re.compile(r"[.\s]")
_FR = re.compile(r"\d+\s*FR\s*\d+[^.;]*")
_DAY = re.compile(r"([A-Z][a-z]{2})[a-z]*\.?\s+(\d{1,2}),\s+(\d{4})")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@frozen
class CodifiedEntry:
    """One row of a supplement: its number in the table, the list, and what its cells say; without a name it is a bare address."""

    row: int
    list: str
    country: str
    name: str
    aliases: tuple[str, ...]
    addresses: tuple[str, ...]
    requirement: str = ""
    policy: str = ""
    citations: tuple[str, ...] = ()


def codified_lists(text: str, *, name: str) -> Iterator[CodifiedEntry]:
    """Yield the entries of the supplements in an XML text of Part 744, or of one of its appendices.

    Raises BadDocument for text that is no XML, is cut short or holds none of the supplements.

    >>> cells = "<TD>CHINA</TD><TD>Acme Co., Ltd., a.k.a., the following alias:<br/>—Akme.<br/>1 Main St, Anytown.</TD>"
    >>> table = f"<TABLE><TR><TH>Country</TH><TH>Entity</TH></TR><TR>{cells}</TR></TABLE>"
    >>> text = f'<DIV9 N="Supplement No. 7 to Part 744" TYPE="APPENDIX">{table}</DIV9>'
    >>> found, = codified_lists(text, name="x")
    >>> found.list, found.name, found.aliases, found.addresses
    ('Military End-User List', 'Acme Co., Ltd.', ('Akme',), ('1 Main St, Anytown',))
    """
    try:
        root = ElementTree.fromstring(text.strip().encode())
    except ElementTree.ParseError as error:
        raise BadDocument(f"{name} is no whole XML: {error}", at=name,
                          hint="The file may be cut short; get it again from the eCFR.") from None  # fmt: skip
    found = False
    for part in root.iter():
        number = _SUPPLEMENT.search(part.get("N") or "")
        if number and number[1] in LISTS:
            found = True
            yield from _entries(part, LISTS[number[1]])
    if not found:
        raise BadDocument(f"{name} holds no list of Part 744", at=name, allowed=tuple(f"Supplement No. {n}" for n in LISTS),
                          hint="Get Part 744 of Title 15 with its appendices, as XML.")  # fmt: skip


def codified_date(text: str) -> str | None:
    """Return the day up to which a text is amended, where it says so.

    >>> codified_date("<AMDDATE>July 9, 2026</AMDDATE>")
    '2026-07-09'
    """
    match = re.search(r"<AMDDATE>([^<]*)", text)
    day = _DAY.search(match[1]) if match else None
    if day is None or day[1] not in _MONTHS:
        return None
    try:
        return dt.date(int(day[3]), _MONTHS.index(day[1]) + 1, int(day[2])).isoformat()
    except ValueError:
        return None


def _entries(part: ElementTree.Element, title: str) -> Iterator[CodifiedEntry]:
    columns: list[str] = []
    country = ""
    for place, row in enumerate(part.iter("TR"), 1):
        heads = [_words(cell).casefold() for cell in row.findall("TH")]
        if heads:
            columns = [next((column for word, column in _COLUMNS if word in head), "") for head in heads]
            continue
        cells = dict(zip(columns, row.findall("TD"), strict=False))
        said = {column: _words(cell) for column, cell in cells.items()}
        country = said.get("country") or country
        entity = cells.get("entity")
        if entity is None or not said["entity"] or said["entity"].strip("[].").casefold() == "reserved":
            continue
        party, aliases, addresses = _party(_lines(entity))
        cites = tuple(cite.strip(" ,") for cite in _FR.findall(said.get("citations", "")))
        yield CodifiedEntry(place, title, country.split(",")[0].strip(), party, aliases, addresses,
                            said.get("requirement", ""), said.get("policy", ""), cites)  # fmt: skip


def _words(cell: ElementTree.Element) -> str:
    return " ".join(" ".join(cell.itertext()).split())


def _lines(cell: ElementTree.Element) -> list[str]:
    """Return the lines of a cell, as line breaks and paragraphs divide them."""
    parts: list[str] = []

    def walk(part: ElementTree.Element) -> None:
        if part.tag.casefold() in ("br", "p", "fp"):
            parts.append("\n")
        parts.append(" ".join((part.text or "").split("\n")))
        for inner in part:
            walk(inner)
            parts.append(" ".join((inner.tail or "").split("\n")))

    walk(cell)
    lines = (" ".join(line.split()) for line in "".join(parts).split("\n"))
    return [line for line in lines if line]


def _party(lines: list[str]) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """Return the name, the aliases and the addresses that the lines of a cell give."""
    first, *rest = lines
    aliases = [_alias(line) for line in rest if line.startswith(("—", "–"))]
    places = [line for line in rest if not line.startswith(("—", "–")) and not line.rstrip().endswith(("alias:", "aliases:"))]
    head, *known = _AKA.split(first, maxsplit=1)
    if known:
        after = _FOLLOWING.sub("", known[0]).strip()
        if after and not aliases:
            alias, more = _split(after)
            aliases.append(alias)
            places[:0] = [more] if more else []
        name = head.strip(" ,")
    else:
        name, more = _split(head)
        places[:0] = [more] if more else []
    if _BARE.match(name):
        name, places = "", [_BARE.sub("", first), *[line for line in rest if not line.startswith(("—", "–"))]]
    cut = re.split(r";\s*(?:and\s+)?", " ".join(places))
    addresses = (re.sub(r"\s*\(See [^)]*\)\.?$", "", place).strip(" .;") for place in cut)
    return name, tuple(dict.fromkeys(a for a in aliases if a)), tuple(dict.fromkeys(a for a in addresses if a))


def _alias(line: str) -> str:
    text = re.sub(r";?\s*and$", "", line.lstrip("—– ").strip()).rstrip(" ;,")
    last = _SIGNS.sub("", text.rpartition(" ")[2])
    short = (_LEGAL.fullmatch(last) and last.casefold() not in _WORDS) or len(last) <= 1
    return text[:-1] if text.endswith(".") and not short else text


def _split(text: str) -> tuple[str, str]:
    """Return a name and what follows it: a comma before a legal form, or before a body without figures, belongs to the name."""
    parts = text.split(", ")
    size = 1
    while size < len(parts) and _LEGAL.match(_SIGNS.sub("", parts[size].split(" ")[0])):
        size += 1
    if size == 1:
        while size < len(parts) - 1 and _BODY.search(parts[size]) and not re.search(r"\d", parts[size]):
            size += 1
    return ", ".join(parts[:size]).strip(" ,;"), ", ".join(parts[size:]).strip(" ,")
