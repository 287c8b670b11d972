"""Calendar dates: parsing, and the half-open intervals law is valid in."""

from __future__ import annotations

import calendar
import datetime as dt
import re

from penstock.terms.errors import BadDate

__all__ = ["months_later", "parse_date", "period", "quarter"]

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


def months_later(day: dt.date, months: int) -> dt.date:
    """Return the day some months after a day, or the last day of that month where it has no such day.

    >>> months_later(dt.date(2025, 7, 1), 6), months_later(dt.date(2024, 2, 29), 12)
    (datetime.date(2026, 1, 1), datetime.date(2025, 2, 28))
    """
    years, month = divmod(day.month - 1 + months, 12)
    last = calendar.monthrange(day.year + years, month + 1)[1]
    return day.replace(year=day.year + years, month=month + 1, day=min(day.day, last))


def period(day: dt.date, months: int) -> tuple[dt.date, dt.date]:
    """Return the part of so many months of the calendar year that a day lies in: its first day, and the day after its last.

    >>> period(dt.date(2026, 8, 3), 6)
    (datetime.date(2026, 7, 1), datetime.date(2027, 1, 1))
    """
    first = day.replace(month=(day.month - 1) // months * months + 1, day=1)
    return first, months_later(first, months)
