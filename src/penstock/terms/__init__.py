"""The vocabulary every other package speaks: facts, places, quantities, dates, citations and errors (EAR Part 772)."""

from penstock.terms.documents import Facts, read_facts
from penstock.terms.errors import PenstockError
from penstock.terms.numbers import Exact, exact, plain
from penstock.terms.vocabulary import FactSpec, Vocabulary, vocabulary

__all__ = ["Exact", "FactSpec", "Facts", "PenstockError", "Vocabulary", "exact", "plain", "read_facts", "vocabulary"]
