"""Calendar dates: parsing, and the half-open intervals law is valid in."""

from __future__ import annotations

import calendar
import datetime as dt
import re

from penstock.terms.errors import BadDate

__all__ = ["parse_date", "quarter"]

_ISO = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")


def parse_date(value: object, at: str) -> dt.date:
    """Return the date a document gives as ISO text; BadDate offers the last day of the month for a day too many.

    >>> parse_date("2025-05-16", "on")
    datetime.date(2025, 5, 16)
    """
    if isinstance(value, dt.datetime):
        value = value.date()
    if isinstance(value, dt.date):
        return value
    match = _ISO.fullmatch(value) if isinstance(value, str) else None
    if match:
        year, month, day = (int(part) for part in match.groups())
        try:
            return dt.date(year, month, day)
        except ValueError:
            last = calendar.monthrange(year, month)[1] if 1 <= month <= 12 and year else 0
            near = f"{year:04d}-{month:02d}-{last:02d}" if last and day > last else None
            raise BadDate(f"{at}: {value!r} is not a day of the calendar", at=at, value=value, nearest=near) from None
    raise BadDate(f"{at}: {value!r} is not a date", at=at, value=value, hint="Write dates as YYYY-MM-DD.")


def quarter(day: dt.date) -> str:
    """Return the calendar quarter of a day.

    >>> quarter(dt.date(2026, 4, 1))
    '2026Q2'
    """
    return f"{day.year}Q{(day.month + 2) // 3}"
