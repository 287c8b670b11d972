"""The content: rules in CFR order, dated tables, instruments and proposed designs. No engine, and nothing runs here.

``ROOT`` is the folder the rulebook reads.  A number from a regulation goes to ``us/ear/tables/``, a new rule to
``us/ear/partNNN.py``, a new instrument to ``instruments/``, a proposed regime to one file in ``designs/``.
"""

from importlib.resources import files

__all__ = ["FIRST_DAY", "ROOT"]

ROOT = files("penstock.law")
FIRST_DAY = "2022-01-01"
