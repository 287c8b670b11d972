"""Citations: the forms the law is cited in, each part of a citation written out, and which citation covers which."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from attrs import field, frozen

__all__ = ["Citation", "Forms", "covers", "forms_of"]

_MARK = r"\([A-Za-z0-9]+\)"
_MORE = rf"(?:(?:, ?| to | and |-)(?:{_MARK})+)*"
_SECTION = re.compile(rf"(?P<section>(?P<part>\d{{3}})\.\d+)(?P<paragraphs>(?:{_MARK})*{_MORE})(?:, Table \d+)?")
_FURTHER = re.compile(rf"(?P<paragraphs>(?:{_MARK})+{_MORE})")
_SUPPLEMENT = re.compile(
    rf"[Ss]upp\. (?:No\. )?(?P<number>\d+) to (?:part )?(?P<part>\d{{3}})"
    rf"(?P<place>(?:{_MARK})*(?:, (?:paras?\. (?:\d+|{_MARK})(?:, \d+)*|red flag \d+|"
    r"Country Group [A-E]:\d|note (?:to|on) [\w: ]+))?)"
)
_ENTRY = r"\d[A-E]\d{3}(?:\.[a-z0-9]+)*"
_NOTE = r"(?:Technical )?Notes?(?: \d+(?: (?:to|and) \d+)?)?"
_ENTRY_FORM = re.compile(rf"(?:(?P<note>Note \d+) to )?(?P<entry>{_ENTRY})(?P<place>(?: {_NOTE})?(?:, para\. (?:{_MARK})+)?)")
_REGISTER = re.compile(r"\d{2} FR \d+")
_PARTS = re.compile(r"15 CFR parts (?P<part>\d{3})-\d{3}")
_DOCKETS = re.compile(
    r"GAO B-\d+|RIN \d{4}-[A-Z]{2}\d{2}|H\.R\. \d+|S\. \d+|Proclamation \d+|HTSUS \d{4}(?:\.\d\d){1,3}|AES code [A-Z]\d{2}"
)
_REMARK = re.compile(
    r" (?:as of|since) (?P<register>\d{2} FR \d+)|,? (?:as proposed|conforming to)(?:[: ].+)?| as in the (?P<named>.+)"
)
_ROMAN = re.compile(r"[ivx]+$")


@frozen
class Citation:
    """One part of a citation: its text written out, its form, the CFR part it is in, and what else it names."""

    text: str
    form: str
    part: int | None = None
    names: tuple[str, ...] = ()

    @property
    def known(self) -> bool:
        """Say whether the text has one of the forms."""
        return self.form != "unknown"


@frozen
class Forms:
    """The grammar of citations: fixed forms, remarks that may follow, and sources that are cited by a name of their own.

    >>> forms = Forms(entries_part=774, named=("BIS guidance 2025-05-13",))
    >>> [(c.text, c.form) for c in forms.read("740.29(d), (h)(2); 90 FR 4544; BIS guidance 2025-05-13 on diversion")]
    [('740.29(d)', 'section'), ('740.29(h)(2)', 'section'), ('90 FR 4544', 'register'), ('BIS guidance 2025-05-13', 'named')]
    >>> forms.read("see the rule")[0].known
    False
    """

    entries_part: int
    named: tuple[str, ...] = ()
    remarks: frozenset[str] = field(default=frozenset(), converter=frozenset)

    def read(self, text: str) -> list[Citation]:
        """Return the parts of a citation; what has no known form is one part of the form ``unknown``."""
        out: list[Citation] = []
        for part in filter(None, map(str.strip, text.split(";"))):
            out += self._part(part, out)
        return out

    def _part(self, text: str, before: list[Citation]) -> list[Citation]:
        for name in sorted(self.named, key=len, reverse=True):
            if text == name or text.startswith((f"{name} on ", f"{name}, ", f"{name}: ")):
                return [Citation(name, "named")]
        plain, names = self._without_remark(text)
        return list(self._sections(plain, names, before)) or [self._single(plain, names) or Citation(text, "unknown")]

    def _without_remark(self, text: str) -> tuple[str, tuple[str, ...]]:
        for remark in self.remarks:
            text = text.removesuffix(f", {remark}")
        found = _REMARK.search(text)
        if found is None or found.end() != len(text):
            return text, ()
        return text[: found.start()], tuple(name for name in found.groupdict().values() if name)

    def _sections(self, text: str, names: tuple[str, ...], before: list[Citation]) -> Iterator[Citation]:
        found = _SECTION.fullmatch(text)
        further = None if found or not before or before[-1].form != "section" else _FURTHER.fullmatch(text)
        if found:
            yield from _written_out(found["section"], [], found["paragraphs"], int(found["part"]), names)
        elif further:
            section, *marks = re.findall(rf"^[\d.]+|{_MARK}", before[-1].text)
            yield from _written_out(section, marks, ", " + further["paragraphs"], before[-1].part, names)

    def _single(self, text: str, names: tuple[str, ...]) -> Citation | None:
        if found := _SUPPLEMENT.fullmatch(text):
            return Citation(
                f"Supp. No. {found['number']} to part {found['part']}{found['place']}", "supplement", int(found["part"]), names
            )
        if found := _ENTRY_FORM.fullmatch(text):
            note = f" {found['note']}" if found["note"] else ""
            return Citation(f"{found['entry']}{note}{found['place']}", "entry", self.entries_part, names)
        if _REGISTER.fullmatch(text):
            return Citation(text, "register", None, (*names, text))
        if found := _PARTS.fullmatch(text):
            return Citation(text, "parts", int(found["part"]), names)
        return Citation(text, "docket", None, names) if _DOCKETS.fullmatch(text) else None


def _written_out(section: str, marks: list[str], paragraphs: str, part: int | None, names: tuple[str, ...]) -> Iterator[Citation]:
    """Yield each paragraph in full: after (b)(2), what begins with (3) is (b)(3) and what begins with (c) is (c)."""
    for piece in re.split(r", ?| to | and |-", paragraphs):
        fresh = re.findall(_MARK, piece)
        if piece or not paragraphs.startswith(","):
            marks = [*marks[: _level(fresh[0], marks)], *fresh] if fresh and marks else fresh
            yield Citation(section + "".join(marks), "section", part, names)


def _level(mark: str, before: list[str]) -> int:
    """Return how many of the marks before stay in front of a mark: the levels are a, 1, i, A, 1, i."""
    inner = mark[1:-1]
    if inner.isdigit():
        return 4 if len(before) > 4 else 1
    if inner.isupper():
        return 3
    roman = _ROMAN.match(inner) and len(before) > 2
    return (5 if len(before) > 5 else 2) if roman else 0


def covers(wanted: str, cited: str) -> bool:
    """Say whether a citation falls under another: a paragraph under its section, an entry's paragraph under the entry.

    >>> covers("740.29", "740.29(d)"), covers("3A090", "3A090.a.1"), covers("740.2", "740.29"), covers("740.29(d)", "740.29")
    (True, True, False, False)
    """
    return cited == wanted or (cited.startswith(wanted) and cited[len(wanted)] in "(., ")


def forms_of(raw: Mapping[str, Any], instruments: Iterable[str]) -> Forms:
    """Return the grammar that the law's data declares; every instrument may be cited by its own citation."""
    named = {name for cite in instruments for name in (cite, *(part.strip() for part in cite.split(";")))}
    named = {name for name in named if not _REGISTER.fullmatch(name)}
    return Forms(raw["entries_part"], (*sorted(named), *(entry["cite"] for entry in raw["named"])), raw["remarks"])
