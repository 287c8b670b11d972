"""Exact numbers: every figure is the decimal as written, never a rounded one.

A whole number is an ``int``, anything else a ``Fraction``; no binary float takes part in a legal comparison.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any

__all__ = ["Exact", "dump_json", "exact", "plain"]

Exact = int | Fraction
_DIGITS_MAX = 60
_MARK = "\u0000exact-decimal:"
_MARKED = re.compile(r'"\\u0000exact-decimal:(-?[0-9]+(?:\.[0-9]+)?)"')


def exact(value: str | int | float | Decimal | Fraction) -> Exact:
    """Return the number a text, integer or shortest decimal stands for; ValueError when it is none.

    >>> exact("2.75"), exact("1.0e+27") == 10**27, exact(15832.0)
    (Fraction(11, 4), True, 15832)
    """
    if isinstance(value, Fraction):
        return value.numerator if value.denominator == 1 else value
    if isinstance(value, int):
        if abs(value) >= 10**_DIGITS_MAX:
            raise ValueError(f"a number of more than {_DIGITS_MAX} digits")
        return int(value)
    text = value if isinstance(value, str) else repr(value) if isinstance(value, float) else str(value)
    if len(text) > _DIGITS_MAX:
        raise ValueError(f"{text[:20]}… has more than {_DIGITS_MAX} characters")
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise ValueError(f"{text!r} is not a number") from None
    if not number.is_finite() or abs(number.adjusted()) > _DIGITS_MAX:
        raise ValueError(f"{text!r} is not a usable number")
    whole = Fraction(number)
    return whole.numerator if whole.denominator == 1 else whole


def plain(value: Exact) -> int | Decimal:
    """Return a number for people and documents: exact where it ends, twelve decimals where it does not.

    >>> plain(Fraction(79156, 5)), plain(Fraction(1, 3)), plain(7)
    (Decimal('15831.2'), Decimal('0.333333333333'), 7)
    """
    if isinstance(value, int):
        return value
    rest = value.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    places = 12 if rest != 1 else _places(value.denominator)
    scaled = round(value * 10**places)
    return Decimal(scaled).scaleb(-places).normalize() if rest != 1 else Decimal(scaled).scaleb(-places)


def _places(denominator: int) -> int:
    places = 0
    while 10**places % denominator:
        places += 1
    return places


def dump_json(document: Any, *, indent: int | None = 2) -> str:
    """Return the canonical JSON text: sorted keys, numbers as exact decimals, dates as ISO text.

    >>> dump_json({"tpp": Fraction(79156, 5)}, indent=None)
    '{"tpp": 15831.2}'
    """
    text = json.dumps(document, indent=indent, sort_keys=True, ensure_ascii=False, default=_encode)
    return _MARKED.sub(r"\1", text).encode("utf-8", "backslashreplace").decode("utf-8")


def _encode(value: Any) -> Any:
    if isinstance(value, Fraction):
        value = plain(value)
    if isinstance(value, Decimal):
        return _MARK + format(value, "f")
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if isinstance(value, (set, frozenset, tuple)):
        return sorted(value) if isinstance(value, (set, frozenset)) else list(value)
    raise TypeError(f"{type(value).__name__} has no place in a document")
