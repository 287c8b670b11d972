"""Facts and law make a determination: classification, decision, what-if, bulk (EAR Parts 732 and 736)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from penstock.decision.library import book, program

if TYPE_CHECKING:
    from penstock.decision.determination import Determination, Verdict, classify, decide, decide_facts, verdict
    from penstock.decision.stance import Stance

__all__ = ["Determination", "Stance", "Verdict", "book", "classify", "decide", "decide_facts", "program", "verdict"]


def __getattr__(name: str) -> Any:
    """Import what decides when it is first asked for: who only reads the law has no use for it."""
    if name not in __all__:
        raise AttributeError(f"module 'penstock.decision' has no attribute {name!r}")
    import penstock.decision.determination as decides

    return getattr(decides, name)
