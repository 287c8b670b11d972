"""Penstock: export control for AI chips as dated, cited, executable law.

The everyday entry points are :func:`decide` and :func:`classify`; both take plain documents and a date.

>>> import datetime as dt
>>> answer = decide({"activity": {"type": "export"}, "origin": "US", "destination": "PT",
...                  "item": {"kind": "integrated_circuit", "eccn": "3A090.b", "datacenter": True},
...                  "consignee": {"country": "PT", "headquarters": "PT", "parent_headquarters": "PT", "lists": []}},
...                 on=dt.date(2025, 6, 1))
>>> answer.codified.outcome, answer.enforced.path
('no_license_required', 'NLR')
"""

from penstock.decision import Determination, Stance, classify, decide
from penstock.terms.errors import PenstockError

__all__ = ["Determination", "PenstockError", "Stance", "classify", "decide"]
