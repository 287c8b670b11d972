"""Applications and their clocks: what is due when, and who decides next (EAR Parts 748 and 750)."""

from penstock.licensing.answer import UNKNOWN, Clock, Due, Term
from penstock.licensing.case import Case, Event, Obligation
from penstock.licensing.clock import TERMS, VALIDITY, clock
from penstock.licensing.current import statute_on, term_of
from penstock.licensing.duties import CASE_TERMS, Duty, Statute, statute
from penstock.licensing.events import event_document, read_event
from penstock.licensing.machine import as_of, check_day, next_state, replay

__all__ = [
    "CASE_TERMS",
    "TERMS",
    "UNKNOWN",
    "VALIDITY",
    "Case",
    "Clock",
    "Due",
    "Duty",
    "Event",
    "Obligation",
    "Statute",
    "Term",
    "as_of",
    "check_day",
    "clock",
    "event_document",
    "next_state",
    "read_event",
    "replay",
    "statute",
    "statute_on",
    "term_of",
]
