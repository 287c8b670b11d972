"""Lists of parties as they are published, read into entries: the Consolidated Screening List, the Entity List, CSV and others.

Every row that cannot be used, or only in part, is reported with its line; the rest loads.
"""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from attrs import evolve, frozen

from penstock.screening.ecfr import codified_date, codified_lists
from penstock.screening.holdings import RowFault
from penstock.screening.policies import policy_of, requirement_of
from penstock.screening.screener import Entry
from penstock.terms.countries import codes, country_name, nearest_country
from penstock.terms.errors import BadDocument
from penstock.terms.suggest import nearest

__all__ = ["FORMATS", "ListFile", "csv_rows", "read_list"]

PLAIN_COLUMNS = ("entry_id", "name", "aliases", "country", "addresses")
_BETWEEN = " | "
_NAME_MAX = 1000
_REPLACED = "\ufffd"
_ISO_TIME = re.compile(r"\d{4}-\d{2}-\d{2}")


@frozen
class ListFile:
    """A list as read: its title, the date of its data, the entries and the rows that were left out or remarked upon.

    ``called`` is what the list is called where versions of it are kept.
    """

    title: str
    date: str | None
    entries: tuple[Entry, ...]
    faults: tuple[RowFault, ...] = ()
    called: str = ""


class _Rows:
    """Collects entries and faults; the same entry twice is one entry, an identifier with other words gets a number of its own."""

    def __init__(self) -> None:
        self.entries: dict[str, Entry] = {}
        self.faults: list[RowFault] = []

    def fault(self, line: int, code: str, message: str, value: str = "") -> None:
        self.faults.append(RowFault(line, code, message, value[:200]))

    def add(self, line: int, entry: Entry) -> None:
        if not entry.name and not entry.addresses:
            self.fault(line, "missing_required", "the row has neither a name nor an address", entry.id)
            return
        if _REPLACED in entry.name or any(_REPLACED in alias for alias in entry.aliases):
            self.fault(
                line,
                "bad_encoding",
                "the name has characters that were not UTF-8; it is loaded as far as it can be read",
                entry.name,
            )
        if len(entry.name) > _NAME_MAX:
            self.fault(line, "long_name", f"the name has {len(entry.name):,} characters; its first 400 are compared", entry.name)
        known = self.entries.get(entry.id)
        if known == entry:
            self.fault(line, "duplicate_row", f"{entry.id} is given twice in the same words; it counts once", entry.id)
            return
        if known is not None:
            number = next(n for n in range(2, len(self.entries) + 3) if f"{entry.id}#{n}" not in self.entries)
            self.fault(
                line, "duplicate_row", f"{entry.id} is given again in other words; it is kept as {entry.id}#{number}", entry.id
            )
            entry = Entry(
                f"{entry.id}#{number}", entry.name, entry.aliases, entry.countries, entry.addresses, entry.list, entry.about
            )
        self.entries[entry.id] = entry

    def file(self, title: str, date: str | None) -> ListFile:
        return ListFile(title, date, tuple(self.entries.values()), tuple(self.faults))


def read_list(text: str, *, name: str, form: str | None = None) -> ListFile:
    r"""Return a list from its text; the form is told from the text where it is not given.

    Raises BadDocument for text in none of the forms, with the nearest columns where it is CSV.

    >>> found = read_list("entry_id,name,aliases,country,addresses\n1,Acme,Ac Me | ACM,CN,\n2,,,,\n", name="own.csv")
    >>> found.entries[0].aliases, [(fault.line, fault.code) for fault in found.faults]
    (('Ac Me', 'ACM'), [(3, 'missing_required')])
    """
    text = text.lstrip("\ufeff")
    if not text.strip():
        raise BadDocument(f"{name} is empty", at=name, hint="Get the list again; an empty list would clear everybody.")
    form = form or _form_of(text, name)
    if form not in FORMATS:
        raise BadDocument(f"{form!r} is no form of list", at="--form", value=form, nearest=nearest(form, list(FORMATS)),
                          allowed=tuple(FORMATS))  # fmt: skip
    return evolve(FORMATS[form](text, name), called=_CALLED.get(form, form))


def _form_of(text: str, name: str) -> str:
    start = text.lstrip()[:1]
    if start in "{[":
        if '"schema"' in text[:2000]:
            return "ftm"
        return "csl-json"
    if start == "<":
        return "ecfr"
    header = [cell.strip().casefold() for cell in next(csv.reader(text.splitlines(keepends=True)), [])]
    for form, needed in (("plain", {"entry_id", "name"}), ("csl-csv", {"source", "name", "alt_names"}),
                         ("entity-list", {"name", "license_requirement"})):  # fmt: skip
        if needed <= set(header):
            return form
    if {"no", "name", "country"} <= set(_meti_columns(header).values()):
        return "meti"
    raise BadDocument(f"{name} is no list: its first line does not name the columns", at=name, value=",".join(header)[:200],
                      nearest=nearest(header[0], PLAIN_COLUMNS) if header else None, allowed=PLAIN_COLUMNS,
                      hint="The first line of a plain list is entry_id,name,aliases,country,addresses.")  # fmt: skip


def csv_rows(lines: Iterable[str]) -> Iterator[tuple[int, list[str]]]:
    r"""Yield the rows of CSV lines with the number of their last line; a quote that is never closed swallows no rows.

    >>> [row for _, row in csv_rows(["1,a\n", '2,"b\n', "3,c\n"])]
    [['1', 'a'], ['2', '"b'], ['3', 'c']]
    """
    taken: list[str] = []

    def kept() -> Iterator[str]:
        for line in lines:
            line = line.replace("\0", "")
            taken.append(line)
            yield line

    reader = csv.reader(kept())
    for row in reader:
        if len(taken) > 1 and sum(line.count('"') for line in taken) % 2:
            first = reader.line_num - len(taken) + 1
            yield from ((first + i, part) for i, part in enumerate(csv.reader(taken, quoting=csv.QUOTE_NONE)))
        else:
            yield reader.line_num, row
        taken.clear()


def _table(text: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the rows of a CSV text with their lines."""
    csv.field_size_limit(1 << 24)
    rows = csv_rows(text.splitlines(keepends=True))
    names = [word.strip().casefold() for word in next(rows, (0, []))[1]]
    for line, row in rows:
        if row:
            cells = {key: value for key, value in zip(names, row, strict=False) if key}
            yield line, {**dict.fromkeys(filter(None, names), ""), **cells}


def _several(text: str, between: str = _BETWEEN) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part.strip() for part in text.split(between.strip()) if part.strip()))


def _countries(text: str, rows: _Rows, line: int) -> tuple[str, ...]:
    out = []
    for word in re.split(r"[|;,]", text):
        word = word.strip()
        if not word:
            continue
        code = word.upper() if word.upper() in codes() else nearest_country(word)
        if code is None or (len(word) > 4 and country_name(code).casefold()[:4] != word.casefold()[:4]):
            rows.fault(line, "bad_country", f"{word!r} is no country; the entry is loaded without it", word)
        else:
            out.append(code)
    return tuple(dict.fromkeys(out))


def _entry(id: str, row: Mapping[str, str], rows: _Rows, line: int, source: str, about: dict[str, Any]) -> Entry:
    countries = _countries(row.get("country", ""), rows, line)
    aliases, addresses = _several(row.get("aliases", "")), _several(row.get("addresses", ""))
    return Entry(id, row.get("name", "").strip(), aliases, countries, addresses, source, about)


def _plain(text: str, name: str) -> ListFile:
    rows = _Rows()
    for line, row in _table(text):
        id = row.get("entry_id", "").strip()
        if not id:
            rows.fault(line, "missing_required", f"the row has no entry_id; it is kept as line-{line}", row.get("name", ""))
            id = f"line-{line}"
        rows.add(line, _entry(id, row, rows, line, "", {}))
    return rows.file(name, None)


def _controls(requirement: str, policy: str, cites: Iterable[str]) -> dict[str, Any]:
    """Return what an entry says of licenses: the canonical values, and the text they come from."""
    out: dict[str, Any] = {}
    if requirement:
        out |= {"license_requirement": requirement_of(requirement), "license_requirement_text": requirement}
    if policy:
        out |= {"review_policy": policy_of(policy), "review_policy_text": policy}
    found = [cite for cite in cites if cite]
    return out | ({"citations": found} if found else {})


def _dates(row: Mapping[str, Any]) -> dict[str, str]:
    """Return from when until when an entry stands, where it says so."""
    given = {"since": str(row.get("start_date") or "")[:10], "until": str(row.get("end_date") or "")[:10]}
    return {name: day for name, day in given.items() if _ISO_TIME.fullmatch(day)}


def _csl_csv(text: str, name: str) -> ListFile:
    """Read the Consolidated Screening List as trade.gov publishes it in CSV; several values are divided by semicolons."""
    rows = _Rows()
    for line, row in _table(text):
        about = _controls(
            row.get("license_requirement", ""), row.get("license_policy", ""), [row.get("federal_register_notice", "")]
        ) | _dates(row)  # fmt: skip
        countries = {*re.findall(r", ([A-Z]{2})(?:;|$)", row.get("addresses", ""))} & codes()
        id = row.get("_id", "").strip() or f"line-{line}"
        addresses = _several(row.get("addresses", ""), ";")
        entry = Entry(id, row["name"].strip(), _several(row.get("alt_names", ""), ";"), tuple(sorted(countries)), addresses,
                      row.get("source", ""), about)  # fmt: skip
        rows.add(line, entry)
    return rows.file("Consolidated Screening List", None)


def _json(text: str, name: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise BadDocument(f"{name} is no JSON: {error}", at=name, hint="The file may be cut short; get it again.") from None


def _csl_json(text: str, name: str) -> ListFile:
    """Read the Consolidated Screening List in JSON: trade.gov's ``results``, or the compact form with ``tables``."""
    document = _json(text, name)
    if isinstance(document, dict) and "tables" in document:
        return _compact(document, name)
    results = document.get("results") if isinstance(document, dict) else document
    if not isinstance(results, list):
        raise BadDocument(f"{name} has no results", at="results", hint="trade.gov's file has one key, results, with a list.")
    rows = _Rows()
    for place, row in enumerate(results, 1):
        if not isinstance(row, dict):
            rows.fault(place, "bad_type", "the result is no object", str(row))
            continue
        addresses = [_joined(a) for a in row.get("addresses") or () if isinstance(a, dict)]
        countries = tuple(
            dict.fromkeys(str(a.get("country")) for a in row.get("addresses") or () if isinstance(a, dict) and a.get("country"))
        )
        about = _controls(str(row.get("license_requirement") or ""), str(row.get("license_policy") or ""),
                          [str(row.get("federal_register_notice") or "")]) | _dates(row)  # fmt: skip
        rows.add(place, Entry(str(row.get("id") or f"result-{place}"), str(row.get("name") or "").strip(),
                              tuple(str(a) for a in row.get("alt_names") or () if str(a).strip()), countries,
                              tuple(a for a in addresses if a), str(row.get("source") or ""), about))  # fmt: skip
    return rows.file("Consolidated Screening List", None)


def _joined(address: Mapping[str, Any]) -> str:
    parts = (address.get(key) for key in ("address", "city", "state", "postal_code", "country"))
    return ", ".join(str(part).strip() for part in parts if part)


def _compact(document: Mapping[str, Any], name: str) -> ListFile:
    tables = document["tables"]
    rows = _Rows()
    for place, row in enumerate(document.get("entries", ()), 1):
        pick = {key: str(tables[table][row[key]]) if key in row else "" for key, table in
                (("s", "sources"), ("lr", "licenceRequirements"), ("lp", "licencePolicies"))}  # fmt: skip
        fr = row.get("fr") or ""
        about = _controls(pick["lr"], pick["lp"], fr if isinstance(fr, list) else [str(fr)])
        rows.add(place, Entry(f"CSL-{place}", str(row.get("n") or "").strip(), tuple(a for a in row.get("a", ()) if a.strip()),
                              tuple(row.get("c") or ()), (), pick["s"], about))  # fmt: skip
    stamp = _ISO_TIME.search(str(document.get("sourceGeneratedAt") or ""))
    return rows.file("Consolidated Screening List", stamp[0] if stamp else None)


def _entity_list(text: str, name: str) -> ListFile:
    """Read Supplement No. 4 to Part 744 in the columns of the eCFR table: country, name, license_requirement and so on."""
    rows = _Rows()
    for line, row in _table(text):
        about = _controls(row.get("license_requirement", ""), row.get("license_review_policy", row.get("license_policy", "")),
                          _several(row.get("federal_register_citation", row.get("citation", "")), ";"))  # fmt: skip
        rows.add(line, _entry(row.get("entry_id", "").strip() or f"EL-{line}", row, rows, line, "Entity List", about))
    return rows.file("Entity List", None)


def _ecfr(text: str, name: str) -> ListFile:
    """Read the supplements of Part 744 that are lists, as the eCFR publishes them in XML."""
    rows = _Rows()
    titles: dict[str, str] = {}
    for found in codified_lists(text, name=name):
        kind = "".join(word[0] for word in re.split(r"\W+", found.list))
        titles[found.list] = kind
        about = _controls(found.requirement, found.policy, found.citations)
        countries = _countries(found.country, rows, found.row)
        # what names an entry over versions is its name and country: rows move whenever one is added
        id = f"{kind}-{hashlib.sha256(f'{found.name or found.addresses}|{found.country}'.encode()).hexdigest()[:12]}"
        rows.add(found.row, Entry(id, found.name, found.aliases, countries, found.addresses, found.list, about))
    return rows.file(", ".join(titles), codified_date(text))


_METI_COLUMNS = (
    ("no", "no"), ("country", "country"), ("国名", "country"), ("company", "name"), ("企業名", "name"), ("name", "name"),
    ("also known", "aliases"), ("別名", "aliases"), ("alias", "aliases"), ("wmd", "concern"), ("懸念", "concern"),
    ("concern", "concern"), ("conventional", "conventional_weapons"), ("通常", "conventional_weapons"),
)  # fmt: skip


def _meti_columns(header: Iterable[str]) -> dict[str, str]:
    """Return what the columns of METI's table are, in English or Japanese: number, country, name, aliases and concerns.

    >>> list(_meti_columns(["No.", "国名、地域名", "Company or Organization", "別名 Also Known As"]).values())
    ['no', 'country', 'name', 'aliases']
    """
    out: dict[str, str] = {}
    for head in (" ".join(word.split()).casefold() for word in header):
        found = next((column for word, column in _METI_COLUMNS if (head.startswith(word) if word == "no" else word in head)), "")
        if found and found not in out.values():
            out[head] = found
    return out


def _meti(text: str, name: str) -> ListFile:
    """Read METI's End User List as a table with the columns it is printed with, in English or Japanese."""
    rows = _Rows()
    for line, given in _table(text):
        columns = _meti_columns(given)
        row = {columns[key]: value for head, value in given.items() if (key := " ".join(head.split())) in columns}
        about = {key: row[key].strip() for key in ("concern", "conventional_weapons") if row.get(key, "").strip()}
        names = tuple(part.strip() for part in row.get("name", "").split("\n") if part.strip())
        also = [part.strip() for part in re.split(r"(?:^|\s)・\s*|\n| \| ", row.get("aliases", ""))]
        aliases = tuple(dict.fromkeys(part for part in (*names[1:], *also) if part))
        country = row.get("country", "").strip().split("\n")[-1]
        entry = Entry(f"METI-{row.get('no', '').strip() or line}", names[0] if names else "", aliases,
                      _countries(country, rows, line), (), "METI End User List", about)  # fmt: skip
        rows.add(line, entry)
    return rows.file("METI End User List", None)


def _ftm(text: str, name: str) -> ListFile:
    """Read FollowTheMoney entities, one JSON object a line or a list of them; what has no name is no party."""
    start = text.lstrip()[:1]
    lines = _json(text, name) if start == "[" else text.splitlines()
    rows = _Rows()
    for place, line in enumerate(lines, 1):
        if isinstance(line, str):
            if not line.strip():
                continue
            try:
                line = json.loads(line)
            except ValueError as error:
                rows.fault(place, "bad_document", f"the line is no JSON: {error}", line)
                continue
        properties = line.get("properties") or {} if isinstance(line, dict) else {}
        names = [str(n) for key in ("name", "alias", "weakAlias", "previousName") for n in properties.get(key) or ()]
        addresses = [str(a) for key in ("address", "full") for a in properties.get(key) or ()]
        if names or addresses:
            countries = tuple(
                c.upper() for key in ("country", "jurisdiction") for c in properties.get(key) or () if c.upper() in codes()
            )
            id, source = str(line.get("id") or f"line-{place}"), ", ".join(line.get("datasets") or ())
            aliases, several = tuple(dict.fromkeys(names[1:])), tuple(dict.fromkeys(countries))
            rows.add(place, Entry(id, names[0] if names else "", aliases, several, tuple(addresses), source))
    return rows.file(name, None)


def _own(text: str, name: str) -> ListFile:
    """Read the form of the entries that ship: JSON with a title, a date and entries in the words of ``Entry``."""
    document = _json(text, name)
    rows = _Rows()
    for place, row in enumerate(document["entries"], 1):
        about = _controls(row.get("license_requirement", ""), row.get("review_policy", ""), row.get("citations", ()))
        about |= {key: row[key] for key in ("since", "until") if key in row}
        aliases, countries, addresses = (tuple(row.get(key, ())) for key in ("aliases", "countries", "addresses"))
        rows.add(place, Entry(row["id"], row.get("name", ""), aliases, countries, addresses, row.get("list", ""), about))
    return rows.file(document["title"], document.get("date"))


FORMATS: Mapping[str, Callable[[str, str], ListFile]] = {
    "plain": _plain, "csl-csv": _csl_csv, "csl-json": _csl_json, "entity-list": _entity_list, "ecfr": _ecfr, "meti": _meti,
    "ftm": _ftm,
    "well-known": _own,
}  # fmt: skip


_CALLED = {"csl-csv": "csl", "csl-json": "csl", "ecfr": "part-744"}


def as_of(entries: Iterable[Entry], on: dt.date) -> tuple[Entry, ...]:
    """Return the entries that stood on a day: those whose ``since`` has come and whose ``until`` has not; undated ones stand.

    >>> old = Entry("1", "Acme", about={"since": "2019-05-21", "until": "2020-01-01"})
    >>> len(as_of([old], dt.date(2019, 5, 21))), len(as_of([old], dt.date(2020, 1, 1)))
    (1, 0)
    """
    day = on.isoformat()
    return tuple(e for e in entries if (e.about.get("since") or "") <= day < (e.about.get("until") or "9999"))
