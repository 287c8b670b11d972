"""How likely two names are those of one party: small networks whose weights are plain data, evaluated in numpy.

The weights come from ``bench/screening/train.py``; no name of the Entity List was among what they learned from.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from penstock.screening.names.features import FEATURES

__all__ = ["Ranker", "ranker"]

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]

_SAME_TEXT, _SAME_WORDS = 0.85, 0.8
_ODDS_MAX = 30


@frozen(eq=False)
class Ranker:
    """The weights, and the scores above which a stated share of unlisted parties raises a false alarm.

    ``layers`` are pairs of weights (networks, inputs, outputs) and offsets (networks, 1, outputs).
    """

    mean: Floats
    scale: Floats
    layers: tuple[tuple[Floats, Floats], ...]
    thresholds: dict[str, float]
    about: dict[str, Any]

    def score(self, features: Floats, entries: Ints, lines: Ints) -> Floats:
        """Return the probability for each row of features: that its entry is the party asked for, rather than another or none.

        ``entries`` gives the entry of each row and ``lines`` the number of its words: names of other entries in the same words
        are no rivals.  The likeliest name of an entry has the entry's probability, its others less; names in the same words
        have at least a high one.

        >>> one = np.zeros(2, np.int32)
        >>> ranker().score(np.zeros((2, len(FEATURES)), np.float32), one, one).shape
        (2,)
        """
        if not len(features):
            return np.empty(0, np.float32)
        values: Floats = (features - self.mean) * self.scale
        for weights, offset in self.layers[:-1]:
            values = np.maximum(values @ weights + offset, 0)
        weights, offset = self.layers[-1]
        odds = np.exp((values @ weights + offset).reshape(-1, len(features)).mean(0).clip(-_ODDS_MAX, _ODDS_MAX))
        chance = _chances(odds, entries, lines)
        same = np.where(features[:, _LETTERS] > 0, _SAME_TEXT, np.where(features[:, _WORDS] > 0, _SAME_WORDS, 0))
        return np.asarray(np.where(same > 0, np.maximum(chance, same + (0.9 - same) * chance), chance), np.float32)


def _chances(odds: Floats, entries: Ints, lines: Ints) -> Floats:
    """Return probabilities from the odds of each name against no entry at all: those of an entry add up, twins are no rivals."""
    _, line = np.unique(lines, return_inverse=True)
    _, entry = np.unique(entries, return_inverse=True)
    by_line = np.zeros(len(odds))
    np.maximum.at(by_line, line, odds)
    _, first, pair = np.unique(entry * len(odds) + line, return_index=True, return_inverse=True)
    by_pair = np.zeros(len(first))
    np.maximum.at(by_pair, pair, odds)
    by_entry = np.bincount(entry[first], by_pair)
    best = np.zeros(len(by_entry))
    np.maximum.at(best, entry, odds)
    return np.asarray(by_entry[entry] / (1 + by_line.sum()) * (odds / best[entry]), np.float32)


_WORDS, _LETTERS = FEATURES.index("same words"), FEATURES.index("same letters")


@cache
def ranker() -> Ranker:
    """Return the ranker that ships with the package."""
    document = json.loads(files("penstock.screening.names").joinpath("data", "ranker.json").read_text(encoding="utf-8"))
    if tuple(document["features"]) != FEATURES:
        raise AssertionError("ranker.json was trained on other features; run bench/screening/train.py")
    layers = tuple((np.asarray(layer["weights"], np.float32), np.asarray(layer["offset"], np.float32)[:, None, :])
                   for layer in document["layers"])  # fmt: skip
    return Ranker(np.asarray(document["mean"], np.float32), np.asarray(document["scale"], np.float32), layers,
                  document["thresholds"], document["about"])  # fmt: skip
