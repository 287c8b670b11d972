"""What the law of a day says of listed owners: how the Affiliates rule stands, its limit and the red flag (744.11)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from penstock.decision.library import book
from penstock.rulebook import ACTUAL, Law
from penstock.screening.ownership import OwnershipLaw

__all__ = ["law_of_owners"]

_AFFILIATES = "affiliates"
_LISTED_OWNER = "KYC-29"


def law_of_owners(
    on: dt.date, known: dt.date | None = None, switches: Mapping[str, Any] | None = None, regime: str = ACTUAL, stance: str = ""
) -> OwnershipLaw:
    """Return what the law of a day says of listed owners; with a stance, a rule that does not bind in it is not in force.

    >>> law_of_owners(dt.date(2026, 3, 1)).status
    'stayed'
    """
    return _ownership_law(book().law(on, known, regime, switches), on, stance)


def _ownership_law(law: Law, on: dt.date, stance: str) -> OwnershipLaw:
    stays = [id for id in law.active for stay in law.instruments[id].suspends
             if _AFFILIATES in stay.provisions and stay.holds(on, law.switches)]  # fmt: skip
    standing = law.standings.get(_AFFILIATES)
    binds = standing is not None and (not stance or standing.binds(stance))
    status = "in_force" if binds else "stayed" if stays and standing is None else "not_in_force"
    last = law.number("AFFILIATES_STAY_LAST_DAY")
    limit = law.cell("AFFILIATE_SHARE")
    return OwnershipLaw(
        status=status,
        share=law.number("AFFILIATE_SHARE"),
        readings={name: law.switches[name] for name in ("indirect_ownership", "affiliates_stay_extended")},
        flag=_LISTED_OWNER if _LISTED_OWNER in law.standings else "",
        certainty="unverified" if last and on > last else "verified",
        cite=limit.cite if limit else "",
        stay=law.instruments[stays[0]].cite if stays else "",
        regime=law.regime,
        stance=stance,
    )
