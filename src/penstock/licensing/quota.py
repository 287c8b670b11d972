"""The seam to a quota ledger: what a case does to the quota it draws on, decided here and carried out by a link handed in.

A pending application holds its reservation, a license has committed it, and anything that ends without a license frees it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from penstock.licensing.case import PENDING, Case, Event

__all__ = ["QuotaLink", "effects", "holding"]

_COMMITTED = frozenset({"issued", "suspended", "revoked", "expired", "void"})


class QuotaLink(Protocol):
    """A ledger that takes part in the store's own transaction, so that event and quota are written together or not at all."""

    def reserves(self, facts: Mapping[str, Any]) -> bool:
        """Say whether a case that was opened with ``facts`` holds what it asks for while it is pending."""

    def apply(self, connection: Any, effect: str, case: Case, facts: Mapping[str, Any], event: Event) -> None:
        """Carry out an effect for a case through the connection of the transaction that is open.

        ``reserve`` holds what the case asks for, ``commit`` takes what it holds, ``void`` frees it, and ``take`` takes what
        nothing was held for.

        ``facts`` is what the case was opened with.  An error raised here undoes the event as well.
        """

    def done(self) -> None:
        """Let go of the ledger: the transaction is over, one way or the other."""

    def fault(self, connection: Any, case: Case, facts: Mapping[str, Any]) -> str:
        """Return how what the ledger holds for a case differs from :func:`holding`; nothing where it does not."""


def holding(case: Case | None) -> str:
    """Return what a case holds of its quota: nothing, a reservation, or what was licensed.

    What was licensed stays so after revocation or expiry: unused licensed TPP does not return by itself.

    >>> holding(Case("L-1", "license", "oc", 5, 739000, 738900)), holding(None)
    ('reserved', '')
    """
    if case is None or case.kind != "license":
        return ""
    if case.status in _COMMITTED:
        return "committed"
    return "reserved" if case.status in PENDING else ""


def effects(before: Case | None, after: Case, reserving: bool = True) -> tuple[str, ...]:
    """Return what the step from one case to the next does to the quota; without reserving, only an issue does anything.

    >>> case = Case("L-1", "license", "approved", 5, 739000, 738900)
    >>> effects(None, case), effects(case, case._replace(status="issued")), effects(case, case._replace(status="withdrawn"))
    (('reserve',), ('commit',), ('void',))
    >>> effects(None, case, False), effects(case, case._replace(status="issued"), False)
    ((), ('take',))
    """
    was, now = holding(before), holding(after)
    if was == now:
        return ()
    if not reserving:
        return ("take",) if now == "committed" else ()
    return {"reserved": ("reserve",), "committed": ("commit",), "": ("void",)}[now]
