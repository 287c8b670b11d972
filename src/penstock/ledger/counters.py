"""The counters a decision reads, taken from a ledger instead of from what the applicant states.

They are as complete as the ledger is: a limit counted across all exporters needs the ledger all of them use.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any, Protocol

from penstock.decision.chips import resolve
from penstock.decision.classification import settle_die_area
from penstock.decision.library import book, program_of
from penstock.decision.prepare import prepare
from penstock.decision.tables import treated_as
from penstock.ledger.quota import ALWAYS, country_allocation, quarters_from, share_limits, subject_name
from penstock.ledger.state import Basis, Bucket
from penstock.rulebook import ACTUAL, Law
from penstock.rulebook.scalar import compile_scalar
from penstock.terms.dates import quarter
from penstock.terms.documents import Facts
from penstock.terms.errors import ConflictingFacts, DateOutOfRange
from penstock.terms.numbers import Exact, plain

__all__ = ["Balances", "counters", "with_counters"]

_CONSIGNEE = "parties.ultimate_consignee."


class Balances(Protocol):
    """What a ledger is asked for: a bucket by name and a denominator by name."""

    def bucket(self, name: str) -> Bucket | None:
        """Return a bucket, or None when there is none: nothing has been taken from it."""

    @property
    def bases(self) -> Mapping[str, Basis]:
        """Return the denominators attested."""


def with_counters(
    facts: Facts, balances: Balances, on: dt.date, known: dt.date | None = None, regime: str = ACTUAL,
    switches: Mapping[str, Any] | None = None,
) -> Facts:  # fmt: skip
    """Return facts with the counters of a ledger; ConflictingFacts where the document states another value."""
    law = book().law(on, known, regime, switches)
    read = counters(facts, law, on, balances)
    for name, value in read.items():
        stated = facts.values.get(name)
        if stated is not None and stated != value:
            raise ConflictingFacts(f"{name} is given as {_shown(stated)}, the ledger says {_shown(value)}", at=name,
                                   value=_shown(stated), nearest=_shown(value))  # fmt: skip
    return facts.with_(read)


def _shown(value: Any) -> Any:
    return plain(value) if isinstance(value, (int, Fraction)) else str(value)


def counters(facts: Facts, law: Law, on: dt.date, balances: Balances) -> dict[str, Any]:
    """Return the counters that a ledger knows for the parties, place and product of a transaction.

    >>> from penstock.ledger import State
    >>> counters(Facts({"destination.country": "MY"}), book().law(dt.date(2025, 6, 1)), dt.date(2025, 6, 1), State())
    {'counters.licensed_tpp_destination_since_2025': 0}
    """
    resolved = settle_die_area(resolve(facts, str(law.switches["integration_level"])), on, law).facts
    values, reader = resolved.values, _Reader(balances, law.regime)
    out = _country(values, law, on, reader) | _parties(values, law, on, reader) | _product(values, reader)
    return out | _shares(values, law, reader, lambda: _amount(resolved, law, on))


class _Reader:
    """A ledger read by kind, subject and window under one regime."""

    def __init__(self, balances: Balances, regime: str) -> None:
        self.regime = regime
        self.bases = balances.bases
        self._bucket: Callable[[str], Bucket | None] = balances.bucket

    def bucket(self, kind: str, subject: str, window: str) -> Bucket | None:
        return self._bucket(f"{kind}/{subject}/{window}@{self.regime}")

    def used(self, kind: str, subject: str, window: str) -> int:
        found = self.bucket(kind, subject, window)
        return 0 if found is None else found.used


def _country(values: Mapping[str, Any], law: Law, on: dt.date, ledger: _Reader) -> dict[str, Any]:
    if not values.get("destination.country") or law.cell("COUNTRY_ALLOCATION_TPP") is None:
        return {}
    try:
        quota = country_allocation(law, treated_as(law, values["destination.country"]), on)
    except DateOutOfRange:
        return {}
    bucket = ledger.bucket(quota.kind, quota.subject, quota.window)
    out: dict[str, Any] = {"counters.licensed_tpp_destination_since_2025": 0 if bucket is None else bucket.used}
    if bucket is not None and bucket.cap is not None and quota.cap and bucket.cap > quota.cap:
        out["counters.country_allocation_uplift"] = _plain(Fraction(bucket.cap, quota.cap) - 1)
    return out


def _parties(values: Mapping[str, Any], law: Law, on: dt.date, ledger: _Reader) -> dict[str, Any]:
    name, parent = values.get(_CONSIGNEE + "name"), values.get(_CONSIGNEE + "parent_name")
    place = values.get("destination.country")
    out: dict[str, Any] = {}
    if parent or name:
        used = ledger.used("lpp_calendar_year", subject_name(parent or name or ""), str(on.year))
        out["counters.lpp_tpp_received_this_year"] = used
    if name:
        out["counters.aia_tpp_cumulative"] = ledger.used("aia_cumulative", subject_name(name), ALWAYS)
    if name and place and law.live["NVEU_INSTALLED_BASE_TPP"]:
        now = quarter(quarters_from(law, on)[0])
        out["counters.nveu_installed_tpp"] = ledger.used("nveu_installed_base", f"{subject_name(name)}+{place}", now)
    return out


def _shares(values: Mapping[str, Any], law: Law, ledger: _Reader, ask_amount: Callable[[], Exact | None]) -> dict[str, Any]:
    """Return the shares of a universal validated end user after the transaction, once its denominator is attested."""
    name, place = values.get(_CONSIGNEE + "name"), values.get("destination.country")
    holder = subject_name(name or "")
    basis = ledger.bases.get(f"compute/{holder}")
    if not place or basis is None or not basis.total or "UVEU" not in law.standings:
        return {}
    amount = ask_amount()
    if amount is None:
        return {}
    counted = {kind: subject for kind, _, subject in share_limits(law, holder, place, values.get(_CONSIGNEE + "headquarters"))}

    def share(kind: str, subject: str) -> Fraction:
        return Fraction(ledger.used(kind, subject, ALWAYS) + (amount if kind in counted else 0)) / basis.total

    return {
        "counters.uveu_share_outside_supp5a": _plain(share("uveu_outside_supp5a", holder)),
        "counters.uveu_share_outside_us": _plain(share("uveu_outside_us", holder)),
        "counters.uveu_share_by_country": tuple(
            {"country": place, "share": _plain(share(kind, subject))}
            for kind, subject in counted.items()
            if kind == "uveu_single_country"
        ),
    }


def _plain(value: Fraction) -> int | Fraction:
    return value.numerator if value.denominator == 1 else value


def _amount(facts: Facts, law: Law, on: dt.date) -> Exact | None:
    """Return the TPP of the shipment, given or computed."""
    program = program_of(law)
    node = program.lowerer.fact("item.aggregate_tpp")
    prepared = prepare(facts)
    (amount,) = compile_scalar(program.graph, [node], "amount")(prepared.values.get, prepared.roles, on)
    found: Exact | None = amount
    return found


def _product(values: Mapping[str, Any], ledger: _Reader) -> dict[str, Any]:
    product = subject_name(str(values.get("item.chip", "")))
    basis = ledger.bases.get(f"us_volume/{product}")
    if basis is None:
        return {}
    used = ledger.used("h200_lane", product, ALWAYS)
    return {"counters.product_tpp_us": basis.total, "counters.product_tpp_cn_mo": used}
