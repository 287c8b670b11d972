"""The distinct items of many rows, and which one each row has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from penstock.decision.answers import Answers
from penstock.decision.fact_columns import NO_ERROR, Coding
from penstock.rulebook.arrays import Array
from penstock.rulebook.fixedpoint import rows_of

__all__ = ["ItemIds"]

_KEYS_MAX = 1 << 22


class ItemIds:
    """The distinct items of a batch; the key of a row's item is kept where the class of the item will be answered."""

    def __init__(self, codings: Sequence[Coding], *, fast: bool) -> None:
        self._codings = codings
        self._fast = fast
        sizes = [coding.size for coding in self._codings]
        self._radix = int(np.prod(sizes, dtype=object)) if sizes else 1
        self._row_of = np.full(min(self._radix, _KEYS_MAX), -1, np.int64)
        self._id_of = np.zeros(len(self._row_of), np.int32)

    @property
    def fits(self) -> bool:
        """Say whether there are few enough combinations to keep one place for each."""
        return self._radix <= _KEYS_MAX

    def note(self, rows: Any, answers: Answers) -> None:
        """Note the items of some rows."""
        if not self._codings:
            return
        keys = answers.eccns[rows]
        first, *others = self._codings
        np.add(rows_of(first.codes, rows), np.int32(1), out=keys)
        for coding in others:
            codes = rows_of(coding.codes, rows)
            if self._fast:
                from penstock.rulebook import kernels

                kernels.scale(keys, np.ascontiguousarray(codes, np.int32), coding.size)
            else:
                keys *= np.int32(coding.size)
                keys += codes
                keys += np.int32(1)
        if not isinstance(rows, slice):
            answers.eccns[rows] = keys
            self._row_of[keys] = rows
        elif self._fast:
            from penstock.rulebook import kernels

            kernels.note(self._row_of, keys, rows.start)
        else:
            self._row_of[keys] = np.arange(rows.start, rows.stop)

    def rows(self) -> Array:
        """Return one row for each item noted."""
        if not self._codings:
            return np.zeros(1, np.int64)
        present = np.flatnonzero(self._row_of >= 0)
        self._id_of[present] = np.arange(len(present))
        return self._row_of[present]

    def taken(self, rows: Any, classes: Array, errors: Array, answers: Answers) -> Array:
        """Return the item of each row, and answer its class and its error; to be called once for every row noted."""
        keys = answers.eccns[rows]
        if self._fast and isinstance(rows, slice) and self._codings:
            from penstock.rulebook import kernels

            ids = np.empty(len(keys), np.int32)
            kernels.look(keys, self._id_of, classes, errors, ids, answers.errors[rows])
            return ids
        ids = self._id_of.take(keys) if self._codings else np.zeros(len(keys), np.int32)
        answers.eccns[rows] = classes.take(ids)
        if errors.max() != NO_ERROR:
            answers.fault(errors.take(ids), rows)
        return ids
