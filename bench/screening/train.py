"""Trains the ranker of names and writes its weights as plain data: ``python bench/screening/train.py``. About three minutes.

Learns from parties of the other lists of the Consolidated Screening List, so that every Entity List party is new to it, and
prints how it does on those. Needs numpy alone, beside the package itself.
"""

import itertools
import json
import sys
from pathlib import Path

import numpy as np
import protocol
from measure import figures

from penstock.screening.names.index import Listed, NameIndex
from penstock.screening.names.ranker import Ranker
from penstock.screening.names.reading import read_name
from penstock.screening.names.search import FEATURES, Search

OUT = Path(__file__).resolve().parents[2] / "src/penstock/screening/names/data/ranker.json"
NETWORKS, HIDDEN, EPOCHS, BATCH, RATE, DECAY = 4, (48, 16), 14, 1024, 2e-3, 1e-4
IGNORED = ("chinese",)  # nothing to learn it from: the lists hold no Chinese characters


def compared(index, asked, strangers):
    """Return features, parties and the right party for every name searched for."""
    names = NameIndex([Listed(party, name, main) for name, party, main in index])
    search = Search(names)
    out = []
    for name, party in [*asked, *((stranger, -1) for stranger in strangers)]:
        found = search.find(read_name(name))
        out.append((found.features, names.entry[found.names], party))
    return out


def fit(x, y, seed):
    """Train one network with Adam and return its layers."""
    rng = np.random.default_rng(seed)
    sizes = [x.shape[1], *HIDDEN, 1]
    weights = [rng.normal(0, np.sqrt(2 / a), (a, b)).astype(np.float32) for a, b in itertools.pairwise(sizes)]
    offsets = [np.zeros(b, np.float32) for b in sizes[1:]]
    offsets[-1][:] = np.log(y.mean() / (1 - y.mean()))
    everything = weights + offsets
    first, second = ([np.zeros_like(p) for p in everything] for _ in range(2))
    step = 0
    for epoch in range(EPOCHS):
        rate = RATE * 0.5 * (1 + np.cos(np.pi * epoch / EPOCHS))
        order = rng.permutation(len(x))
        for at in range(0, len(x), BATCH):
            rows = order[at : at + BATCH]
            step += 1
            for i, g in enumerate(gradients(weights, offsets, x[rows], y[rows])):
                first[i] = 0.9 * first[i] + 0.1 * g
                second[i] = 0.999 * second[i] + 0.001 * g * g
                everything[i] -= rate * (first[i] / (1 - 0.9**step)) / (np.sqrt(second[i] / (1 - 0.999**step)) + 1e-8)
    return weights, offsets


def gradients(weights, offsets, x, y):
    values = [x]
    for w, b in zip(weights[:-1], offsets[:-1], strict=True):
        values.append(np.maximum(values[-1] @ w + b, 0))
    chance = 1 / (1 + np.exp(-(values[-1] @ weights[-1] + offsets[-1])[:, 0]))
    back = ((chance - y) / len(y))[:, None].astype(np.float32)
    of_weights, of_offsets = [None] * len(weights), [None] * len(weights)
    for i in range(len(weights) - 1, -1, -1):
        of_weights[i] = values[i].T @ back + DECAY * weights[i]
        of_offsets[i] = back.sum(0)
        if i:
            back = (back @ weights[i].T) * (values[i] > 0)
    return of_weights + of_offsets


def learned(rows):
    """Return the ranker learned from compared names."""
    x = np.vstack([features for features, _, _ in rows if len(features)])
    y = np.concatenate([(parties == party).astype(np.float32) for features, parties, party in rows if len(features)])
    mean, scale = x.mean(0), x.std(0)
    scale = np.where(scale < 1e-4, 0, 1 / np.maximum(scale, 1e-4)).astype(np.float32)
    scale[[FEATURES.index(name) for name in IGNORED]] = 0
    networks = [fit(((x - mean) * scale).astype(np.float32), y, seed) for seed in range(NETWORKS)]
    layers = tuple((np.stack([n[0][i] for n in networks]), np.stack([n[1][i] for n in networks])[:, None, :])
                   for i in range(len(HIDDEN) + 1))  # fmt: skip
    return Ranker(mean, scale, layers, {}, {})


def short(values):
    return json.loads(json.dumps(np.round(np.asarray(values, float), 5).tolist()))


def main():
    rows = [row for half in protocol.learning() for row in compared(*half)]
    model = learned(rows)
    index, asked, strangers = protocol.held_out()
    test = compared(index, asked, [name for name, _ in strangers])
    found = figures([(model.score(f), p, right) for f, p, right in test], [apart for _, apart in strangers])
    print(json.dumps(found, indent=2))
    document = {
        "about": {"learned_from": "Consolidated Screening List of 2026-07-31 without the Entity List", "names": len(rows),
                  "evaluated_on": "held-out aliases of the Entity List of 2026-07-31", "figures": found},
        "features": list(FEATURES),
        "thresholds": {"0.05": found["score at 5 % false alarms"], "0.01": found["score at 1 % false alarms"]},
        "mean": short(model.mean), "scale": short(model.scale),
        "layers": [{"weights": short(w), "offset": short(b[:, 0, :])} for w, b in model.layers],
    }  # fmt: skip
    if "--dry" not in sys.argv[1:]:
        OUT.write_text(json.dumps(document) + "\n", "utf-8")


if __name__ == "__main__":
    main()
