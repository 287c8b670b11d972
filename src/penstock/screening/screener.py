"""Screens parties against a list: by name in any script, by address alone, with the evidence for every hit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from attrs import field, frozen

from penstock.screening.addresses import AddressIndex
from penstock.screening.names.index import Listed, NameIndex
from penstock.screening.names.ranker import Ranker, ranker
from penstock.screening.names.reading import Reading, Unit, read_name
from penstock.screening.names.search import Candidates, Search
from penstock.screening.names.words import LEGAL

__all__ = ["Entry", "Hit", "Screener"]

_FOUND = 0.5
_NEAR = 0.85
_WORTH, _LEAST = 0.0005, 5  # of what is less likely only the first five come back
_ELSEWHERE, _SAME_COUNTRY = 0.6, 1.3


@frozen
class Entry:
    """One entry of a list: its identifier, names, ISO countries and addresses, and what else the list says.

    An entry without a name is a bare address.
    """

    id: str
    name: str
    aliases: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    list: str = ""
    about: dict[str, Any] = field(factory=dict, hash=False)

    @property
    def title(self) -> str:
        """Return what an entry is shown as: its name, or its first address."""
        return self.name or (self.addresses[0] if self.addresses else self.id)


@frozen
class Hit:
    """An entry a party may be: the name that matched, how likely it is the same party, and why."""

    entry: Entry
    name: str
    score: float
    why: str
    by: str

    def document(self) -> dict[str, Any]:
        """Return the hit as plain data."""
        return {"entry_id": self.entry.id, "entry_name": self.entry.title, "matched": self.name, "by": self.by,
                "score": self.score, "why": self.why, "list": self.entry.list, **self.entry.about}  # fmt: skip


class Screener:
    """A list, ready to be asked.

    >>> party = Entry("1", "Huawei Technologies Co., Ltd.", ("Shenzhen Huawei Technologies",), ("CN",))
    >>> screener = Screener([party, Entry("2", "ZTE Corporation")])
    >>> hit = screener.screen("华为技术有限公司")[0]
    >>> hit.entry.id, hit.score > 0.9, hit.why
    ('1', True, '华为=huawei 技术=technology')
    """

    def __init__(self, entries: Iterable[Entry], *, model: Ranker | None = None) -> None:
        self.entries: Sequence[Entry] = list(entries)
        self.index = NameIndex(
            Listed(i, name, place == 0)
            for i, entry in enumerate(self.entries)
            for place, name in enumerate((entry.name, *entry.aliases))
            if name.strip()
        )
        self.model = model or ranker()
        self.search = Search(self.index)
        self.addresses = AddressIndex((i, address) for i, entry in enumerate(self.entries) for address in entry.addresses)

    def screen(self, name: str, *, country: str = "", address: str = "", top: int = 20) -> list[Hit]:
        """Return the entries a party may be, the likeliest first, at most ``top``; beyond five only such as score 0.0005 or more.

        A country that an entry does not have makes it less likely, never impossible; an address is screened alone too.
        """
        return self.screen_many([(name, country, address)], top=top)[0]

    def screen_many(self, parties: Sequence[tuple[str, str, str]], *, top: int = 20) -> list[list[Hit]]:
        """Return the hits for each party, given as name, country and address; much faster than one at a time."""
        readings = [read_name(name) for name, _, _ in parties if name.strip()]
        found = self.search.find_many(readings)
        ranked = iter(zip(readings, found, self._scores(found), strict=True))
        out = []
        for name, country, address in parties:
            hits = self._by_name(*next(ranked), country, top) if name.strip() else []
            out.append(self._merged(hits + self._by_address(address, top), top) if address.strip() else hits)
        return out

    def _scores(self, found: Sequence[Candidates]) -> list[Any]:
        """Return the scores of the candidates of each name, all weighed together."""
        if not found:
            return []
        counts = [len(some.names) for some in found]
        names, features = (np.concatenate(parts) for parts in zip(*((some.names, some.features) for some in found), strict=True))
        entries, lines = self.index.entry[names], self.index.line_number[names]
        weighed = self.model.weigh(self.model.odds(features), features, entries, lines, counts)
        scores = np.split(weighed, np.cumsum(counts)[:-1])
        for some, score in zip(found, scores, strict=True):
            for name, least in some.least.items():
                place = np.searchsorted(some.names, name)
                score[place] = max(score[place], least)
        return scores

    @staticmethod
    def _merged(hits: Sequence[Hit], top: int) -> list[Hit]:
        """Return the best hit of each entry, the likeliest first."""
        best: dict[str, Hit] = {}
        for hit in hits:
            if hit.entry.id not in best or best[hit.entry.id].score < hit.score:
                best[hit.entry.id] = hit
        return sorted(best.values(), key=lambda hit: (-hit.score, hit.entry.id))[:top]

    def _by_name(self, reading: Reading, found: Candidates, scores: Any, country: str, top: int) -> list[Hit]:
        if not len(found.names):
            return []
        whose = self.index.entry[found.names].tolist()
        if country:
            scores = self._placed(scores, whose, country)
        names, value = found.names.tolist(), scores.tolist()
        units = [(place, unit) for place, unit in enumerate(reading.units) if unit.kind != LEGAL]
        seen: set[int] = set()
        out: list[Hit] = []
        for place in np.argsort(-scores, kind="stable").tolist():
            entry = whose[place]
            if entry in seen:
                continue
            if len(out) >= _LEAST and value[place] < _WORTH:
                break
            seen.add(entry)
            listed = names[place]
            why = _why(units, found.found[:, place].tolist(), self.index.line[listed])
            out.append(Hit(self.entries[entry], self.index.texts[listed], round(value[place], 4), why, "name"))
            if len(out) == top:
                break
        return out

    def _placed(self, scores: Any, entries: Sequence[int], country: str) -> Any:
        """Weigh scores by whether the entry has the party's country; entries without one stay as they are."""
        factor = [
            1.0 if not (has := self.entries[i].countries) else _SAME_COUNTRY if country in has else _ELSEWHERE for i in entries
        ]
        odds = scores / np.maximum(1 - scores, 1e-6) * np.asarray(factor)
        return odds / (1 + odds)

    def _by_address(self, address: str, top: int) -> list[Hit]:
        return [Hit(self.entries[match.owner], match.text, round(match.score, 4), match.why, "address")
                for match in self.addresses.find(address, top=top)]  # fmt: skip


def _why(units: Iterable[tuple[int, Unit]], how: Sequence[float], line: str) -> str:
    """Say which unit of the name was found as which word of the entry's name, and what was not found."""
    words = line.split()
    said: list[str] = []
    missing: list[str] = []
    for place, (text, known, _, _) in units:
        value = how[place]
        if value < _FOUND:
            missing.append(text)
        elif value < _NEAR:
            said.append(f"{text}~{value:.2f}")
        else:
            same = known[0][0]
            if len(known) > 1 and same not in words:
                same = next((word for word, _ in known if word in words), same)
            said.append(text if text == same else f"{text}={same}")
    said = list(dict.fromkeys(said))
    return " ".join(said) + (f" | not found: {' '.join(dict.fromkeys(missing))}" if missing else "")
