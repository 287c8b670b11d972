"""Provisions that a folder of facts names, each with what in the book stands for it: rules, tables, questions, cases."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from attrs import define, field, frozen

from penstock.decision.coverage import Coverage
from penstock.rulebook import Book
from penstock.rulebook.cited import cited
from penstock.terms.citations import covers
from penstock.terms.yaml12 import line_of

__all__ = ["Named", "Stands", "named_provisions", "stands_for"]

_CITES = ("cite", "citation", "cites")
_TEXTS = ("text", "title", "rule", "idea", "change", "name", "trigger", "policy", "meaning", "event", "about", "note")
_SKIPPED = frozenset({"source", "sources", "meta", "confidence", "note"})
_SECTION = re.compile(r"(?<!\d)(7[3-7]\d)_(\d+)(?:$|_)")
_SUPPLEMENT = re.compile(r"supp(\d+)_part(\d{3})(?:_([a-z]+))?$")
_ENTRY = re.compile(r"(?:^|_)(\d[A-E]\d{3})(?:$|_)")
_LONG = 8
_PARAGRAPH = re.compile(r"(?:\([A-Za-z0-9]+\))+")
_INSIDE = re.compile(
    r"7[3-7]\d\.\d+(?:\([A-Za-z0-9]+\))*|\d[A-E]\d{3}|\d{2} FR \d+|EO \d{5}|GAO B-\d+|RIN \d{4}-[A-Z]{2}\d{2}|H\.R\. \d+|S\. \d+"
)
_WRITTEN = (  # how citations are written in notes, and in the regulations
    (re.compile(r"part (\d{3}) supp\. (\d+)"), r"Supp. No. \2 to part \1"),
    (re.compile(r"\b[Ss]upp\. (?:No\. )?(\d+) to (?:[Pp]art )?(\d{3})"), r"Supp. No. \1 to part \2"),
    (re.compile(r"\b[Ss]upps?\. (?:No\. )?([789]|10)(?! to)\b"), r"Supp. No. \1 to part 748,"),
    (re.compile(r"\bpara (\(?\w+\)?)"), r"para. \1"),
    (re.compile(r"(?<=\d{3}),(?= ?\()|, (?:[Rr]ed [Ff]lags)$"), ""),
)


@frozen
class Named:
    """One provision that a file names: how, where, with which citations, and what it is where it is no rule."""

    file: str
    line: int
    name: str
    text: str
    cites: tuple[str, ...]
    force: str = ""


@define
class Stands:
    """What in the book stands for a named provision; ``within`` are broader citations where nothing closer is found."""

    rules: set[str] = field(factory=set)
    tables: set[str] = field(factory=set)
    other: set[str] = field(factory=set)
    cases: set[str] = field(factory=set)
    within: set[str] = field(factory=set)

    @property
    def found(self) -> bool:
        """Say whether anything stands for it."""
        return self.written or bool(self.other or self.within)

    @property
    def written(self) -> bool:
        """Say whether a rule or a table stands for it, and not only a question, a record or a broader citation."""
        return bool(self.rules or self.tables)


# ---- what a file names


def named_provisions(raw: Any, file: str) -> Iterator[Named]:
    """Yield what a file of facts names: every mapping with an id or a citation, with the citations it inherits from its key.

    >>> [(p.name, p.cites) for p in named_provisions({"rules_740_8": {"NAC": {"cite": "740.8(a)(1)"}, "items": 1}}, "x.yaml")]
    [('rules_740_8', ('740.8',)), ('rules_740_8.NAC', ('740.8(a)(1)',))]
    """
    yield from _below(raw, file, (), ())


def _below(raw: Any, file: str, path: tuple[str, ...], inherited: tuple[str, ...]) -> Iterator[Named]:
    if isinstance(raw, list):
        for item in raw:
            yield from _below(item, file, path, inherited)
    if not isinstance(raw, Mapping):
        return
    by_key = tuple(_cites_of(path[-1])) if path else ()
    own = tuple(_own_cites(raw, by_key or inherited))
    if own or "id" in raw or by_key:
        name = str(raw.get("id") or ".".join(path[-2:]))
        text = next((str(raw[key]) for key in _TEXTS if isinstance(raw.get(key), str)), "")
        yield Named(file, line_of(raw), name, text, own or by_key or inherited, str(raw.get("legal_force", "")))
    for key, value in raw.items():
        if key not in _SKIPPED:
            yield from _below(value, file, (*path, str(key)), own or by_key or inherited)


def _own_cites(raw: Mapping[str, Any], inherited: tuple[str, ...]) -> Iterator[str]:
    for key in _CITES:
        found = raw.get(key, ())
        yield from ([found] if isinstance(found, str) else (str(part) for part in found))
    if isinstance(raw.get("para"), str):
        section = next((cite for cite in inherited), "")
        yield from (section + mark for mark in _PARAGRAPH.findall(raw["para"]))
    if isinstance(raw.get("n"), int):
        yield f"Supp. No. 3 to part 732, red flag {raw['n']}"


def _cites_of(key: str) -> Iterator[str]:
    """Yield the citation that the name of a key spells: ``license_exceptions_740_8``, ``supp2_part748_dd``, ``eccn_3A090``."""
    if found := _SUPPLEMENT.search(key):
        yield f"Supp. No. {found[1]} to part {found[2]}" + (f", para. ({found[3]})" if found[3] else "")
    elif found := _SECTION.search(key):
        yield f"{found[1]}.{found[2]}"
    elif found := _ENTRY.search(key):
        yield found[1]


# ---- what stands for it


def stands_for(named: Named, found: Coverage, book: Book, cases: Iterable[Mapping[str, Any]] = ()) -> Stands:
    """Return what in the book stands for a provision: by its citations, and by its name where the book has one like it."""
    out = Stands()
    parts = [part for cite in named.cites for piece in cite.split(";") for part in _read(piece, found)]
    parts += _INSIDE.findall(f"{named.name} {named.text}") if not named.cites else []
    for entry in found.entries:
        if any(covers(part, entry.cite) for part in parts):
            out.rules |= entry.rules
            out.tables |= entry.tables
            out.other |= entry.others
            out.cases |= entry.cases
        elif any(covers(entry.cite, part) for part in parts):
            out.within.add(entry.cite)
    _by_name(named.name, book, out)
    if out.rules or out.tables or out.other:
        out.within.clear()
    word = re.compile(rf"\b{re.escape(named.name)}\b")
    out.cases |= {str(case["id"]) for case in cases if word.search(str(case.get("source", "")))}
    return out


def _read(text: str, found: Coverage) -> list[str]:
    """Return the citations a piece of text names, also where words follow them."""
    text = text.strip().removeprefix("15 CFR ")
    for pattern, form in _WRITTEN:
        text = pattern.sub(form, text).replace(", ,", ",").replace(",,", ",").strip().rstrip(",")
    whole = found.forms.read(text) or found.forms.read(text.split(" (")[0])
    known = [part.text for part in whole if part.known]
    if known:
        return known
    supplement = re.search(r"Supp\. No\. \d+ to part \d{3}(?:, para\. \(?\w+\)?)?", text)
    return [*([supplement[0]] if supplement else []), *_INSIDE.findall(text)]


def _by_name(name: str, book: Book, out: Stands) -> None:
    wanted = _plain(name)
    if len(wanted) < 2:
        return
    names = [(version.name, id) for id, chain in book.versions.items() for version in chain]
    out.rules |= {id for pair in names for id in pair if _plain(id) == wanted}
    acts = {act.id for act in book.instruments.values() if _alike(wanted, _plain(act.id))}
    points = {reading.name for reading in book.readings.values() if _plain(reading.point) == wanted}
    out.rules |= {id for id in book.versions if _plain(id) == f"point{wanted}"}
    data = {entry.id for entry in cited(book) if entry.kind == "data" and wanted in map(_plain, (entry.id, *entry.also.split()))}
    out.other |= acts | points | data


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.casefold())


def _alike(wanted: str, id: str) -> bool:
    """Say whether two names are the same, or the one is the other with a first name in front."""
    return id == wanted or (len(wanted) > _LONG and (id.endswith(wanted) or wanted.endswith(id)))
