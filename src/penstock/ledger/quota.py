"""Buckets from law: which quotas a determination draws on, over what time, and how large the rulebook says they are.

Whole TPP: an amount is rounded up and a cap down, so that rounding never lets more through than the law does.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from typing import Any

from attrs import frozen

from penstock.decision import Determination
from penstock.decision.library import book, program_of
from penstock.rulebook import Law
from penstock.rulebook.scalar import compile_scalar
from penstock.rulebook.values import pattern_memo
from penstock.terms.dates import quarter
from penstock.terms.errors import BadEnum, DateOutOfRange, MissingRequired
from penstock.terms.numbers import Exact

__all__ = ["Debit", "Quota", "country_allocation", "debits", "law_quota", "quota_of_name", "quota_under", "subject_name"]

ALWAYS = "always"
_SHARES = {
    "outside_supp5a_25pct": ("uveu_outside_supp5a", "UVEU_OUTSIDE_SUPP5A"),
    "single_country_7pct": ("uveu_single_country", "UVEU_SINGLE_COUNTRY"),
    "outside_us_50pct": ("uveu_outside_us", "UVEU_OUTSIDE_US"),
}
_CONSIGNEE = "parties.ultimate_consignee."


@frozen
class Quota:
    """One bucket as the law makes it: what is counted for whom over what time, under which regime, up to where."""

    kind: str
    subject: str
    window: str
    regime: str
    cap: int | None
    cite: str
    share: tuple[int, int] | None = None
    basis: str = ""

    @property
    def name(self) -> str:
        """Return the name of the bucket.

        >>> Quota("country_allocation", "MY", "2025-2027", "actual", 1, "").name
        'country_allocation/MY/2025-2027@actual'
        """
        return f"{self.kind}/{self.subject}/{self.window}@{self.regime}"


@frozen
class Debit:
    """What a path takes from one bucket, in whole TPP."""

    quota: Quota
    amount: int


def quota_of_name(name: str) -> tuple[str, str, str, str]:
    """Return kind, subject, window and regime of a bucket's name.

    >>> quota_of_name("lpp_calendar_year/example a%2Fs/2026@actual")
    ('lpp_calendar_year', 'example a%2Fs', '2026', 'actual')
    """
    front, _, regime = name.rpartition("@")
    kind, _, rest = front.partition("/")
    subject, _, window = rest.rpartition("/")
    return kind, subject, window, regime


def subject_name(name: str) -> str:
    """Return a party's name as a bucket counts it: one spelling for any case, width and spacing.

    Two names of one party are still two subjects: aliases are resolved before, by screening.

    >>> subject_name("  Example   DATA A/S ")
    'example data a%2Fs'
    """
    plain = " ".join(unicodedata.normalize("NFKC", name).casefold().split())
    return re.sub(r"[%/@+]", lambda sign: f"%{ord(sign[0]):02X}", plain)


def debits(answer: Determination, stance: str) -> tuple[Debit, ...]:
    """Return what the path of a determination takes from each bucket, sorted by name; nothing where it draws on none.

    Raises MissingRequired where a quota is counted for a party or product that is not named.
    """
    block = answer.stance(stance).block
    found: list[Debit] = []
    for entry in block["ledger"]:
        amount = _whole_up(entry["amount_tpp"])
        if amount and not (entry["id"] == "uveu_shares" and not _counts(answer.program.law, block["eccn"])):
            found += (Debit(quota, amount) for quota in _QUOTAS[entry["id"]](answer, entry["key"]))
    return tuple(sorted(found, key=lambda debit: debit.quota.name))


def _counts(law: Law, eccn: str) -> bool:
    """Say whether an item is of the .a level that installed compute is measured in."""
    return bool(pattern_memo(law.members("A_ITEMS"))[eccn])


def _whole_up(value: Exact | None) -> int:
    if value is None:
        raise MissingRequired("The ledger needs the TPP of the shipment", at="item.aggregate_tpp", hint="Give item.quantity.")
    return -(-value.numerator // value.denominator)


def _needed(value: Any, at: str) -> str:
    if not value:
        raise MissingRequired(f"The quota is counted for {at}, which is not given", at=at)
    return subject_name(str(value))


# ---- one function for each quota of the law


def _limit(law: Law, name: str, facts: Mapping[str, Any], on: dt.date) -> int | None:
    """Return the limit the rulebook gives a quota, rounded down; None where it states none or nothing decides it."""
    program = program_of(law)
    node = program.consequences.buckets.get(name, {}).get("limit")
    if node is None:
        return None
    (value,) = compile_scalar(program.graph, [node], name)(facts.get, {}, on)
    return None if value is None else value.numerator // value.denominator


def _cite(law: Law, name: str, part: str = "limit") -> str:
    standing = law.standings.get(f"{name}_{part}")
    return standing.version.cite if standing else ""


def country_allocation(law: Law, country: str, on: dt.date, uplift: Exact = 0) -> Quota:
    """Return the allocation of a destination in the period a day lies in, raised by an agreement's uplift (0 to 1).

    >>> day = dt.date(2025, 6, 1)
    >>> [country_allocation(book().law(day), "MY", day, uplift).cap for uplift in (0, 1)]
    [790000000, 1580000000]
    """
    first, last = law.number("COUNTRY_ALLOCATION_FIRST"), law.number("COUNTRY_ALLOCATION_LAST")
    if first is None or last is None:
        raise DateOutOfRange(f"The regime {law.regime} sets no allocation on {on}", at="on", value=on)
    if not first <= on <= last:
        raise DateOutOfRange(f"No allocation is set for {on}: the text speaks of {first} to {last}", at="on", value=on,
                             nearest=last)  # fmt: skip
    facts = {"destination.country": country, "counters.country_allocation_uplift": uplift}
    cap = _limit(law, "country_allocation", facts, on)
    return Quota("country_allocation", country, f"{first.year}-{last.year}", law.regime, cap, _cite(law, "country_allocation"))


def _country(answer: Determination, key: Any) -> Iterator[Quota]:
    yield country_allocation(answer.program.law, str(key), answer.on)


def _lpp(answer: Determination, key: Any) -> Iterator[Quota]:
    law = answer.program.law
    parent = _needed(key, _CONSIGNEE + "parent_name")
    cap = _limit(law, "lpp_calendar_year", {}, answer.on)
    yield Quota("lpp_calendar_year", parent, str(answer.on.year), law.regime, cap, _cite(law, "lpp_calendar_year"))


def _aia(answer: Determination, key: Any) -> Iterator[Quota]:
    law = answer.program.law
    cite = _cite(law, "aia_cumulative", "balance")
    yield Quota("aia_cumulative", _needed(key, _CONSIGNEE + "name"), ALWAYS, law.regime, None, cite)


def _nveu(answer: Determination, key: Any) -> Iterator[Quota]:
    """Yield the installed base of the quarter and of every later one of the table: what is installed now still is then."""
    holder = _needed(answer.prepared.values.get(_CONSIGNEE + "name"), _CONSIGNEE + "name")
    subject = f"{holder}+{key}"
    for on in quarters_from(answer.program.law, answer.on):
        law = book().law(on, answer.known, answer.program.law.regime, answer.program.law.switches)
        cap = _limit(law, "nveu_installed_base", {"destination.country": key}, on)
        yield Quota("nveu_installed_base", subject, quarter(on), law.regime, cap, _cite(law, "nveu_installed_base"))


def quarters_from(law: Law, on: dt.date) -> tuple[dt.date, ...]:
    """Return the days that stand for the quarter of a day and every later quarter of the table; the last row stays.

    >>> law = book().law(dt.date(2027, 8, 1))
    >>> [quarter(day) for day in quarters_from(law, dt.date(2027, 8, 1))], quarters_from(law, dt.date(2029, 1, 1))
    (['2027Q3', '2027Q4'], (datetime.date(2027, 10, 1),))
    """
    starts = [cell.first for cell in law.live["NVEU_INSTALLED_BASE_TPP"] if cell.first is not None]
    now = [start for start in starts if start <= on][-1:] or starts[:1]
    return tuple(now + [start for start in starts if start > on])


def _uveu(answer: Determination, key: Any) -> Iterator[Quota]:
    """Yield a bucket for each share limit that stands in the status as the regime has it and that this place counts for."""
    law, values = answer.program.law, answer.prepared.values
    holder = _needed(key, _CONSIGNEE + "name")
    place = str(values.get("destination.country"))
    version = law.standings["UVEU"].version
    for kind, table, subject in share_limits(law, holder, place, values.get(_CONSIGNEE + "headquarters")):
        share = Fraction(law.number(table))
        cite = law.cell(table).cite if law.cell(table) else version.cite  # type: ignore[union-attr]
        pair = (share.numerator, share.denominator)
        yield Quota(kind, subject, ALWAYS, law.regime, None, cite, pair, f"compute/{holder}")


def share_limits(law: Law, holder: str, place: str, headquarters: Any) -> Iterator[tuple[str, str, str]]:
    """Yield kind, table and subject of the share limits of a universal validated end user that chips in a place count for."""
    stated = {line.violation for a in program_of(law).authorizations if a.id == "UVEU" for line in a.lines}
    outside = place not in law.members("SUPP5A")
    applies = {
        "outside_supp5a_25pct": outside,
        "single_country_7pct": outside,
        "outside_us_50pct": headquarters == "US" and place != "US",
    }
    for violation, (kind, table) in _SHARES.items():
        if violation in stated and applies[violation]:
            yield kind, table, f"{holder}+{place}" if violation == "single_country_7pct" else holder


def _lane(answer: Determination, key: Any) -> Iterator[Quota]:
    law = answer.program.law
    product = _needed(key, "item.chip")
    share = Fraction(law.number("LANE_US_VOLUME_SHARE"))
    pair = (share.numerator, share.denominator)
    yield Quota("h200_lane", product, ALWAYS, law.regime, None, _cite(law, "h200_lane"), pair, f"us_volume/{product}")


def law_quota(name: str, on: dt.date, known: dt.date | None = None, uplift: Exact = 0) -> Quota | None:
    """Return a bucket as the law of a day makes it, by its name; None for one whose cap no table of the law states.

    >>> law_quota("nveu_installed_base/example+MY/2026Q2@actual", dt.date(2026, 4, 1)).cap
    2690250000
    """
    kind, subject, window, regime = quota_of_name(name)
    law = book().law(on, known, regime)
    if kind == "country_allocation":
        return country_allocation(law, subject, on, uplift)
    if kind not in ("lpp_calendar_year", "nveu_installed_base"):
        return None
    start = _first_day(window)
    cap = _limit(book().law(max(start, on), known, regime), kind, {"destination.country": subject.rpartition("+")[2]}, start)
    return Quota(kind, subject, window, regime, cap, _cite(law, kind))


def quota_under(name: str, on: dt.date, known: dt.date | None = None) -> Quota:
    """Return any bucket as the law of a day makes it, by its name; BadEnum where the regime has no such quota.

    >>> quota_under("aia_cumulative/example/always@diffusion-as-written", dt.date(2025, 6, 1)).cap is None
    True
    """
    kind, subject, window, regime = quota_of_name(name)
    law = book().law(on, known, regime)
    holder, _, place = subject.partition("+")
    shares = {kind: (table, f"compute/{holder}") for kind, table, _ in share_limits(law, holder, place, "US")}
    if law.number("LANE_US_VOLUME_SHARE") is not None:
        shares["h200_lane"] = ("LANE_US_VOLUME_SHARE", f"us_volume/{subject}")
    if kind in shares:
        table, basis = shares[kind]
        share, cell = Fraction(law.number(table)), law.cell(table)
        pair = (share.numerator, share.denominator)
        return Quota(kind, subject, window, regime, None, cell.cite if cell else kind, pair, basis)
    if kind == "aia_cumulative":
        return Quota(kind, subject, window, regime, None, _cite(law, kind, "balance"))
    found = law_quota(name, on, known)
    if found is None or found.cap is None:
        raise BadEnum(f"The regime {regime} has no quota of the kind {kind}", at="bucket", value=name)
    return found


def _first_day(window: str) -> dt.date:
    year, _, part = window.partition("Q")
    return dt.date(int(year), 3 * int(part) - 2 if part else 1, 1)


_QUOTAS: Mapping[str, Callable[[Determination, Any], Iterator[Quota]]] = {
    "country_allocation": _country,
    "lpp_calendar_year": _lpp,
    "aia_cumulative": _aia,
    "nveu_installed_base": _nveu,
    "uveu_shares": _uveu,
    "h200_lane": _lane,
}
