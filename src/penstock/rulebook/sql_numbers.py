"""Exact numbers in SQL text: whole numbers over a fixed unit, with a bound, so that no operation can overflow or round."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from attrs import evolve, frozen

from penstock.rulebook.sql_dialects import Dialect
from penstock.rulebook.sql_text import Text, join

__all__ = ["Exactly", "Number", "TooLong"]

_NARROW = 1 << 63
_LIMIT = 10**38
_TEST = {">=": ">=", ">": ">", "<=": "<=", "<": "<", "==": "="}


class TooLong(Exception):
    """A number would need more digits than a dialect has, or an operation that it cannot do exactly."""


@frozen
class Number:
    """``num * unit``, divided by ``per`` where there is one; ``peak`` bounds the size of ``num``, ``per_peak`` that of ``per``.

    ``per`` is positive or NULL.
    """

    num: Text
    peak: int
    unit: Fraction = Fraction(1)
    signed: bool = False
    per: Text | None = None
    per_peak: int = 1


@frozen
class Exactly:
    """Arithmetic and comparison of numbers in one dialect."""

    dialect: Dialect

    def of(self, value: Any) -> Number:
        """Return a constant as a number.

        >>> from penstock.rulebook.sql_dialects import DIALECTS
        >>> str(Exactly(DIALECTS["duckdb"]).of(Fraction(148, 25)).num)
        '148'
        """
        if isinstance(value, Number):
            return value
        whole = Fraction(value)
        return Number(Text(str(whole.numerator)), abs(whole.numerator), Fraction(1, whole.denominator), whole < 0)

    def add(self, op: str, a: Number, b: Number) -> Number:
        """Return the sum or the difference."""
        a, b = self._alike(self._plain(a), self._plain(b))
        peak = self._bound(a.peak + b.peak)
        left, right = self._widened(self._typed(a), peak), self._widened(b, peak)
        text = join("({} + {})" if op == "add" else "({} - {})", left, right)
        return Number(text, peak, a.unit, signed=op == "sub" or a.signed or b.signed)

    def multiply(self, a: Number, b: Number) -> Number:
        """Return the product; one by a constant is a matter of units."""
        a, b = self._plain(a), self._plain(b)
        for one, other in ((a, b), (b, a)):
            if _is_literal(one) and int(one.num.text) > 0:
                return evolve(other, unit=other.unit * one.unit * int(one.num.text))
        peak = self._bound(a.peak * b.peak)
        left, right = (self._widened(side, peak) for side in (a, b))
        return Number(join("({} * {})", left, right), peak, a.unit * b.unit, a.signed or b.signed)

    def divide(self, a: Number, b: Number) -> Number:
        """Return the quotient, kept as one; not known where the divisor is 0."""
        a, b = self._plain(a), self._plain(b)
        if b.signed:
            raise TooLong("a division by what may be negative")
        return Number(a.num, a.peak, a.unit / b.unit, a.signed, join("NULLIF({}, 0)", b.num), b.peak)

    def compare(self, op: str, a: Number, b: Number) -> Text:
        """Return the comparison, NULL where a side is not known; both sides are multiplied by what divides the other."""
        a, b = self._crossed(a, b), self._crossed(b, a)
        a, b = self._alike(a, b)
        peak = max(a.peak, b.peak)
        return join("({} " + _TEST[op] + " {})", self._widened(a, peak), self._widened(b, peak))

    def pick(self, choose: Callable[[Text, Text], Text], a: Number, b: Number) -> Number:
        """Return one of two numbers, chosen as ``choose`` writes it for two expressions."""
        a, b = (self._typed(side) for side in self._alike(a, b))
        num = choose(a.num, b.num)
        peak = max(a.peak, b.peak)
        if a.per is None and b.per is None:
            return Number(num, peak, a.unit, a.signed or b.signed)
        per = choose(a.per or Text("1"), b.per or Text("1"))
        return Number(num, peak, a.unit, a.signed or b.signed, per, max(a.per_peak, b.per_peak))

    def _plain(self, a: Number) -> Number:
        if a.per is not None:
            raise TooLong("arithmetic with a quotient")
        return a

    def _crossed(self, a: Number, b: Number) -> Number:
        if b.per is None:
            return evolve(a, per=None)
        peak = self._bound(a.peak * b.per_peak)
        left = self._widened(a, peak)
        return Number(join("({} * {})", left, b.per), peak, a.unit, a.signed)

    def _alike(self, a: Number, b: Number) -> tuple[Number, Number]:
        """Return two numbers in one unit, the largest of which both are whole multiples."""
        x, y = a.unit, b.unit
        unit = Fraction(math.gcd(x.numerator * y.denominator, y.numerator * x.denominator), x.denominator * y.denominator)
        return self._in_unit(a, unit), self._in_unit(b, unit)

    def _in_unit(self, a: Number, unit: Fraction) -> Number:
        factor = int(a.unit / unit)
        if factor == 1:
            return a
        peak = self._bound(a.peak * factor)
        if _is_literal(a):
            return evolve(a, num=Text(str(int(a.num.text) * factor)), peak=peak, unit=unit)
        return evolve(a, num=join("({} * {})", self._widened(a, peak), str(factor)), peak=peak, unit=unit)

    def _typed(self, a: Number) -> Number:
        """Return a constant in a type of its own, so that what is made of it does not overflow a smaller one."""
        if not _is_literal(a):
            return a
        type = "BIGINT" if a.peak < _NARROW else self.dialect.wide
        return evolve(a, num=Text(f"CAST({a.num} AS {type})"))

    def _widened(self, a: Number, peak: int) -> Text:
        """Return the whole number in a type that holds the peak of what is made of it."""
        if peak < _NARROW or a.peak >= _NARROW:
            return a.num
        return join("CAST({} AS " + self.dialect.wide + ")", a.num)

    def _bound(self, peak: int) -> int:
        if peak >= _LIMIT:
            raise TooLong(f"a number of {len(str(peak))} digits")
        return peak


def _is_literal(a: Number) -> bool:
    return a.num.text.lstrip("-").isdigit()
