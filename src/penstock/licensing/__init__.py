"""Applications and their clocks: what is due when, and who decides next (EAR Parts 748 and 750)."""

from penstock.licensing.answer import UNKNOWN, Clock, Due, Term
from penstock.licensing.clock import TERMS, VALIDITY, clock

__all__ = ["TERMS", "UNKNOWN", "VALIDITY", "Clock", "Due", "Term", "clock"]
