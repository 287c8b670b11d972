"""Every error Penstock raises, as one tree.

::

    PenstockError
      FactError            the facts or a case file are not usable               exit 3
        UnknownFact        a name that is not in the vocabulary
        BadType            a value of the wrong type
        BadEnum            a value outside the allowed ones
        BadCountry         not an ISO 3166-1 alpha-2 code
        BadDate            not a calendar date
        BadNumber          negative, not finite, out of range
        ConflictingFacts   two facts that cannot both hold
        MissingRequired    activity.type is not given
        UnknownChip        neither in the chip table nor described by raw facts
        BadDocument        not JSON, not YAML, not one object
        EventRefused       an event the procedure does not admit; the case is unchanged
          CaseChanged      somebody else has written to the case in between
        UnknownCase        no case of that name
      LawUnavailable       the law asked for is not in the book                  exit 4
        DateOutOfRange     before the first day the book covers
        UnknownCitation    no provision with that citation on that date
        UnknownRegime      no such regime
        UnknownSwitch      no such reading, or no such value of it
      RuleError            a rule, table or instrument file does not load        exit 3
      FileUnusable         a file cannot be read or written                      exit 5
        LedgerUnavailable  a ledger cannot be opened, read or written now
          WriterPresent    another writer has the ledger
          Fenced           this writer was replaced by another
          StaleCache       the balances a writer remembers are not the ledger's
      InternalError        a fault of ours; says where the report was written    exit 70

What stops the work is raised; what a user should see all of (missing facts, red flags) is a value in the answer.
"""

from __future__ import annotations

from typing import Any, ClassVar

__all__ = [
    "BadCountry",
    "BadDate",
    "BadDocument",
    "BadEnum",
    "BadNumber",
    "BadType",
    "CaseChanged",
    "ConflictingFacts",
    "DateOutOfRange",
    "EventRefused",
    "FactError",
    "Fenced",
    "FileUnusable",
    "InternalError",
    "LawUnavailable",
    "LedgerUnavailable",
    "MissingRequired",
    "PenstockError",
    "RuleError",
    "StaleCache",
    "UnknownCase",
    "UnknownChip",
    "UnknownCitation",
    "UnknownFact",
    "UnknownRegime",
    "UnknownSwitch",
    "WriterPresent",
    "first_of",
]


class PenstockError(Exception):
    """The root: a stable code, the offending value, the nearest valid one and what to do next.

    >>> UnknownFact("item.daatcenter is not a fact", at="item.daatcenter", nearest="item.datacenter").code
    'unknown_fact'
    """

    code: ClassVar[str] = "internal"
    exit_code: ClassVar[int] = 70

    def __init__(
        self,
        message: str,
        *,
        at: str | None = None,
        value: Any = None,
        nearest: Any = None,
        allowed: tuple[Any, ...] = (),
        hint: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.at = at
        self.value = value
        self.nearest = nearest
        self.allowed = allowed
        self.hint = hint
        self.more: tuple[PenstockError, ...] = ()

    def document(self) -> dict[str, Any]:
        """Return the error document of the contract, without keys that have nothing to say.

        >>> BadEnum("no", at="activity.type", value="re-export", nearest="reexport").document()["exit_code"]
        3
        """
        body = self._body()
        if self.more:
            body["more"] = [error._body() for error in self.more]
        return {"error": body, "exit_code": self.exit_code}

    def _body(self) -> dict[str, Any]:
        fields = {
            "code": self.code,
            "message": self.message,
            "at": self.at,
            "value": self.value,
            "nearest": self.nearest,
            "allowed": list(self.allowed) or None,
            "hint": self.hint,
        }
        return {key: value for key, value in fields.items() if value is not None}


class FactError(PenstockError):
    """The facts or the case file cannot be used as given."""

    exit_code = 3
    code = "bad_document"


class UnknownFact(FactError):
    """A name that is not in the vocabulary."""

    code = "unknown_fact"


class BadType(FactError):
    """A value of the wrong type."""

    code = "bad_type"


class BadEnum(FactError):
    """A value outside the allowed ones."""

    code = "bad_enum"


class BadCountry(FactError):
    """Not an ISO 3166-1 alpha-2 code in upper case."""

    code = "bad_country"


class BadDate(FactError):
    """Not a calendar date."""

    code = "bad_date"


class BadNumber(FactError):
    """A number that is negative, not finite or outside its range."""

    code = "bad_number"


class ConflictingFacts(FactError):
    """Two facts that cannot both hold."""

    code = "conflicting_facts"


class MissingRequired(FactError):
    """A fact without which nothing can be asked."""

    code = "missing_required"


class UnknownChip(FactError):
    """A chip that is neither in the chip table nor described by raw facts."""

    code = "unknown_chip"


class BadDocument(FactError):
    """Text that is not one JSON or YAML object."""

    code = "bad_document"


class EventRefused(FactError):
    """An event that the procedure of licensing does not admit: too late, too early, by the wrong agency, or twice."""

    code = "event_refused"


class CaseChanged(EventRefused):
    """A case that somebody else has written to since it was read."""

    code = "case_changed"


class UnknownCase(FactError):
    """A case that no store holds under that name."""

    code = "unknown_case"


class LawUnavailable(PenstockError):
    """The law asked for is not in the book."""

    exit_code = 4


class DateOutOfRange(LawUnavailable):
    """A date before the first day the book covers."""

    code = "date_out_of_range"


class UnknownCitation(LawUnavailable):
    """No provision with that citation on that date."""

    code = "unknown_citation"


class UnknownRegime(LawUnavailable):
    """No regime of that name."""

    code = "unknown_regime"


class UnknownSwitch(LawUnavailable):
    """No reading of that name, or no such value of it."""

    code = "unknown_switch"


class RuleError(PenstockError):
    """A rule, table or instrument file that does not load: file, line and remedy.

    >>> str(RuleError("unknown fact t.item.tpq", file="part774.py", line=12, hint="Did you mean t.item.tpp?"))
    'part774.py:12: unknown fact t.item.tpq. Did you mean t.item.tpp?'
    """

    code = "bad_document"
    exit_code = 3

    def __init__(self, message: str, *, file: str, line: int = 0, hint: str | None = None) -> None:
        place = f"{file}:{line}" if line else file
        super().__init__(f"{place}: {message}" + (f". {hint}" if hint else ""), at=place, hint=hint)
        self.file = file
        self.line = line


class FileUnusable(PenstockError):
    """A file that cannot be read or written."""

    code = "bad_document"
    exit_code = 5


class LedgerUnavailable(FileUnusable):
    """A ledger cannot be opened, read or written now; ask again with the same key to learn what was recorded."""


class WriterPresent(LedgerUnavailable):
    """Another writer has the ledger."""


class Fenced(LedgerUnavailable):
    """This writer was replaced by another: it wrote nothing and must stop."""


class StaleCache(LedgerUnavailable):
    """The balances a writer remembers are not those of the ledger: it wrote nothing and must read again."""


class InternalError(PenstockError):
    """A fault of ours."""


def first_of(errors: list[PenstockError]) -> PenstockError:
    """Return the first error in document order, with the rest attached as ``more``.

    >>> first_of([BadType("a"), BadEnum("b")]).more[0].code
    'bad_enum'
    """
    first, *rest = errors
    first.more = tuple(rest)
    return first
