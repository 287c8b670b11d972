"""Facts and law make a determination: classification, decision, what-if, bulk (EAR Parts 732 and 736)."""

from penstock.decision.determination import Determination, Verdict, classify, decide, decide_facts, verdict
from penstock.decision.library import book, program
from penstock.decision.stance import Stance

__all__ = ["Determination", "Stance", "Verdict", "book", "classify", "decide", "decide_facts", "program", "verdict"]
