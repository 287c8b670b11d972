"""How likely two names are those of one party: small networks whose weights are plain data, evaluated in numpy.

The weights come from ``bench/screening/train.py``; no name of the Entity List was among what they learned from.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from attrs import field, frozen
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
    _joined: tuple[tuple[Floats, Floats], ...] = field(init=False)

    @_joined.default
    def _join(self) -> tuple[tuple[Floats, Floats], ...]:
        """Return the networks as one: side by side, the scale of the features and the mean of the answers in the weights."""
        (first, offset), *rest = self.layers
        scaled = first * self.scale[:, None]
        moved = [o - self.mean @ w for o, w in zip(offset, scaled, strict=True)]
        out = [(np.hstack(list(scaled)), np.hstack(moved)[0])]
        out += [(_diagonal(weights), np.hstack(list(offset))[0]) for weights, offset in rest[:-1]]
        last, offset = self.layers[-1]
        out.append((np.vstack(list(last)) / len(last), offset.mean(0)[0]))
        return tuple((np.ascontiguousarray(w, np.float32), np.asarray(o, np.float32)) for w, o in out)

    def score(self, features: Floats, entries: Ints, lines: Ints) -> Floats:
        """Return the probability for each row of features: that its entry is the party asked for, rather than another or none.

        ``entries`` gives the entry of each row and ``lines`` the number of its words: names of other entries in the same words
        are no rivals.  The likeliest name of an entry has the entry's probability, its others less; names in the same words
        have at least a high one.

        >>> one = np.zeros(2, np.int32)
        >>> ranker().score(np.zeros((2, len(FEATURES)), np.float32), one, one).shape
        (2,)
        """
        return self.weigh(self.odds(features), features, entries, lines, [len(features)])

    def odds(self, features: Floats) -> Floats:
        """Return the odds of each row against no entry at all; rows of many names may be given at once."""
        values: Floats = features
        for weights, offset in self._joined[:-1]:
            values = np.maximum(values @ weights + offset, 0)
        weights, offset = self._joined[-1]
        return np.asarray(np.exp((values @ weights + offset)[:, 0].clip(-_ODDS_MAX, _ODDS_MAX)), np.float32)

    def weigh(self, odds: Floats, features: Floats, entries: Ints, lines: Ints, counts: Sequence[int]) -> Floats:
        """Return the probabilities of the rows of some names from their odds, so many rows each; see ``score``."""
        if not len(odds):
            return np.empty(0, np.float32)
        chance = _chances(odds.astype(np.float64), entries, lines, np.repeat(np.arange(len(counts)), counts))
        same = np.where(features[:, _LETTERS] > 0, _SAME_TEXT, np.where(features[:, _WORDS] > 0, _SAME_WORDS, 0))
        return np.asarray(np.where(same > 0, np.maximum(chance, same + (0.9 - same) * chance), chance), np.float32)


def _diagonal(weights: Floats) -> Floats:
    """Return weights side by side that do not mix."""
    count, inputs, outputs = weights.shape
    out: Floats = np.zeros((count * inputs, count * outputs), np.float32)
    for i, some in enumerate(weights):
        out[i * inputs : (i + 1) * inputs, i * outputs : (i + 1) * outputs] = some
    return out


def _chances(odds: NDArray[np.float64], entries: Ints, lines: Ints, names: NDArray[np.int64]) -> Floats:
    """Return probabilities from the odds of each row against no entry at all: those of an entry add up, twins are no rivals.

    Rows of one name (``names``) compete; sums go in the order in which lines and entries first appear.
    """
    most = names * (int(max(lines.max(), entries.max())) + 1)
    of_entry, entry_first = _groups(most + entries)
    of_line, line_first = _groups(most + lines)
    of_pair, pair_first = _groups(of_entry * len(odds) + of_line)
    every = 1 + np.bincount(names[line_first], _most(odds, of_line, len(line_first)), int(names[-1]) + 1)
    share = np.bincount(of_entry[pair_first], _most(odds, of_pair, len(pair_first)), len(entry_first))
    best = _most(odds, of_entry, len(entry_first))
    return np.asarray(share[of_entry] / every[names] * odds / best[of_entry], np.float32)


def _groups(keys: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Number keys in the order in which they first appear; return the number of each, and where each appears first.

    >>> [part.tolist() for part in _groups(np.array([7, 5, 7, 9]))]
    [[0, 1, 0, 2], [0, 1, 3]]
    """
    _, first, number = np.unique(keys, return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    return rank[number], first[order]


def _most(values: NDArray[np.float64], groups: NDArray[np.int64], count: int) -> NDArray[np.float64]:
    out = np.zeros(count)
    np.maximum.at(out, groups, values)
    return out


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
