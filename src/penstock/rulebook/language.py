"""The rule-writing face: the words a rule file may use. Rule files are read, never run.

A rule is a function of one transaction ``t`` with a one-sentence docstring and one ``return``.  Its body may use

- facts (``t.item.tpp``), other rules (``a_item(t)``), tables (``LPP_ANNUAL_TPP``), readings (``READING.lpp_5a002``);
- ``and or not``, comparisons, ``in``, ``+ - * /``, ``a if b else c``, set algebra ``| & -`` on sets of places;
- the functions below, and ``any all sum max`` over the rows of a list fact.

No number but 0 and 1 may stand in a rule: a number from a regulation stands once, in a table, with its citation.
Everything here only gives editors and type checkers something to hold on to.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

__all__ = [
    "READING",
    "Party",
    "Row",
    "Rule",
    "Transaction",
    "asserted",
    "authorization",
    "definition",
    "denied",
    "duty",
    "files",
    "flag",
    "given",
    "heading",
    "needs",
    "requirement",
    "review",
    "stated",
    "unless_stated",
    "within",
]


class Rule(Protocol):
    """What a decorated function is to another rule: something that can be asked about a transaction."""

    def __call__(self, t: Any, /, *more: Any) -> Any:
        """Answer for a transaction, a party or a row."""


type_of_decorator = Callable[[Callable[..., Any]], Rule]
Transaction = Any
Party = Any
Row = Any
READING: Any = None


def _read_not_run(*args: Any, **options: Any) -> type_of_decorator:
    def keep(function: Callable[..., Any]) -> Rule:
        return function

    return keep


def definition(
    cite: str, *, by: str, replaces: str = "", widens: str = "", computes: str = "", unit: str = "", shown: str = ""
) -> type_of_decorator:
    """Declare a named term; ``computes`` names the fact it derives when a document does not give it.

    ``shown`` names the heading under which an answer says that the term applies, with its citation and force.
    ``widens`` names a term to which this one adds: either suffices.
    """
    return _read_not_run()


def requirement(
    cite: str,
    *,
    by: str,
    replaces: str = "",
    widens: str = "",
    prohibition: str = "",
    not_pursued: str = "",
    presumption: str = "",
) -> type_of_decorator:
    """Declare a license requirement; the body is its scope.

    ``prohibition="listed"``: also listed among the prohibitions; ``"absolute"``: no license path, the act is prohibited.
    ``not_pursued`` names the definition of what BIS has announced it does not pursue (the enforced stance only).
    ``widens`` names a requirement to whose scope this one adds, as a letter to one party does.
    """
    return _read_not_run()


def authorization(id: str, cite: str, *, by: str, replaces: str = "", draws: str = "") -> type_of_decorator:
    """Declare a license exception or a status held: a list of ``needs``, ``within`` and ``files`` lines."""
    return _read_not_run()


def review(
    cite: str,
    *,
    by: str,
    of: list[str],
    policy: str,
    order: int,
    replaces: str = "",
    draws: str = "",
    whole: bool = False,
) -> type_of_decorator:
    """Declare one row of a review table; of the rows for a requirement the first that matches, by ``order``, decides.

    ``draws`` names the quota the license takes from; ``whole`` says that its room does not limit what is approvable.
    """
    return _read_not_run()


def duty(
    cite: str,
    *,
    by: str,
    of: str | list[str],
    event: str = "shipment",
    deadline_days: int | str | None = None,
    interval_months: str | None = None,
    to: str = "",
    charge_pct: str = "",
    shown_by: str = "",
    replaces: str = "",
) -> type_of_decorator:
    """Declare what the use of an authorization, or of another path (``of``), obliges to, when the body holds.

    Numbers of days and months are names of tables; a leading minus is before the event, 0 is with it.
    ``shown_by`` names the fact that shows it done before the event: until then it is an open condition, never a bar.
    """
    return _read_not_run()


def flag(id: str, cite: str, *, by: str, replaces: str = "") -> type_of_decorator:
    """Declare what raises a red flag by itself; its question stands in the table of red flags."""
    return _read_not_run()


def needs(cite: str, condition: Any, *, otherwise: str, violation: str = "") -> Any:
    """State a condition of eligibility and the reason given when it fails."""


def within(cite: str, bucket: str, *, otherwise: str) -> Any:
    """State that a quota has room for this transaction (balance before + amount <= limit)."""


def files(cite: str, document: Any, *, condition: str, when: Any = True) -> Any:
    """State a paper to have before the event: an open condition, never a bar."""


def stated(fact: Any) -> Any:
    """Say whether a fact is given at all; never unknown."""


def asserted(fact: Any) -> Any:
    """Take the fact as it is given; unknown where it is absent, even where the rules would derive it."""


def denied(fact: Any) -> Any:
    """Say whether a fact is given as false; absent counts as not denied."""


def given(fact: Any, otherwise: Any) -> Any:
    """Take the fact, or the other value where it is absent."""


def unless_stated(condition: Any) -> Any:
    """Treat what is unknown in a condition as false: for conditions that fire only when stated."""


def heading(eccn: Any) -> Any:
    """Take the heading of an ECCN: its first five characters; unknown for ``none``, which names no entry."""
