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

from penstock.screening.names.search import FEATURES

__all__ = ["Ranker", "ranker"]

Floats = NDArray[np.float32]

_SAME_TEXT, _SAME_WORDS = 0.97, 0.93


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

    def score(self, features: Floats) -> Floats:
        """Return the probability for each row of features; names with the same words have at least a high one.

        >>> ranker().score(np.zeros((2, len(FEATURES)), np.float32)).shape
        (2,)
        """
        if not len(features):
            return np.empty(0, np.float32)
        values: Floats = (features - self.mean) * self.scale
        for weights, offset in self.layers[:-1]:
            values = np.maximum(values @ weights + offset, 0)
        weights, offset = self.layers[-1]
        logit = (values @ weights + offset).reshape(-1, len(features)).mean(0)
        chance = 1 / (1 + np.exp(-logit))
        floor = np.where(features[:, _LETTERS] > 0, _SAME_TEXT, np.where(features[:, _WORDS] > 0, _SAME_WORDS, 0))
        return np.asarray(np.where(floor > 0, floor + (1 - floor) * chance, chance * _SAME_WORDS), np.float32)


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
