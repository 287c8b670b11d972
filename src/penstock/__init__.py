"""Penstock: export control for AI chips as dated, cited, executable law.

The everyday entry points are :func:`decide` and :func:`classify`; both take plain documents and a date.

>>> from penstock import decide
>>> answer = decide({"activity": {"type": "export"}, "origin": "US", "destination": "PT",
...                  "item": {"kind": "integrated_circuit", "eccn": "3A090.b", "datacenter": True},
...                  "consignee": {"country": "PT", "headquarters": "PT", "parent_headquarters": "PT", "lists": []}},
...                 on="2025-06-01")
>>> answer.codified.outcome, answer.enforced.path
('no_license_required', 'NLR')
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from penstock.decision import Determination, Stance, classify, decide
    from penstock.terms.errors import PenstockError

__all__ = ["Determination", "PenstockError", "Stance", "classify", "decide"]


def __getattr__(name: str) -> Any:
    """Import the engine when it is first asked for, so that ``penstock --help`` stays quick."""
    if name not in __all__:
        raise AttributeError(f"module 'penstock' has no attribute {name!r}")
    if name == "PenstockError":
        from penstock.terms.errors import PenstockError

        return PenstockError
    import penstock.decision

    return getattr(penstock.decision, name)
