"""What the columns of bulk answers say of one row, as `decide` says it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from penstock import PenstockError, decide
from penstock.decision.answers import OUTPUTS
from penstock.rulebook import STANCES

__all__ = ["one_by_one"]


def one_by_one(row: Mapping[str, Any], on: dt.date, **options: Any) -> dict[str, Any]:
    """Return what the bulk columns say of a row, as `decide` says it."""
    try:
        answer = decide(row, on=on, **options)
    except PenstockError as error:
        return dict.fromkeys(OUTPUTS) | {"missing_mask": 0, "fired_mask": 0, "error_code": error.code}
    out: dict[str, Any] = {"missing_mask": 0, "fired_mask": 0, "error_code": None, "law_hash": answer.program.law.hash}
    out["eccn"] = answer.codified.block["eccn"]
    for i, stance in enumerate(STANCES):
        short = answer.verdicts[stance]
        out[f"{stance}_outcome"], out[f"{stance}_path"] = short.outcome, short.path
        out[f"{stance}_review_policy"] = short.review_policy
        out[f"{stance}_license_required"] = {False: 0, True: 1, "unknown": 2}[short.license_required]
        open_ = "unknown" in (short.outcome, short.license_required, short.review_policy) or short.path == "UNKNOWN"
        out["missing_mask"] |= open_ << i
        out["fired_mask"] |= short.fired << 32 * i
    return out
