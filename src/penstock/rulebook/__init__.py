"""The engine: rule language, intermediate form, dated law and its backends. It knows no provision by name."""

from penstock.rulebook.book import ACTUAL, Book, Reading
from penstock.rulebook.fold import STANCES, Law, Standing

__all__ = ["ACTUAL", "STANCES", "Book", "Law", "Reading", "Standing"]
