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

from penstock.screening.names.features import FEATURES
from penstock.screening.names.index import Listed, NameIndex
from penstock.screening.names.ranker import Ranker
from penstock.screening.names.reading import read_name
from penstock.screening.names.search import Search

OUT = Path(__file__).resolve().parents[2] / "src/penstock/screening/names/data/ranker.json"
NETWORKS, HIDDEN, EPOCHS, BATCH, RATE, DECAY = 4, (48, 16), 18, 64, 2e-3, 1e-3
NONE_AT_FIRST = -3
SAME, COVERED, COVERED_MAX = FEATURES.index("same words"), FEATURES.index("both covered"), 0.95
IGNORED = ("chinese",)  # nothing to learn it from: the lists hold no Chinese characters


def compared(index, asked, strangers):
    """Return features, parties, numbers of the lines, and the right party for every name searched for."""
    names = NameIndex([Listed(party, name, main) for name, party, main in index])
    search = Search(names)
    out = []
    for name, party in [*asked, *((stranger, -1) for stranger in strangers)]:
        found = search.find(read_name(name))
        out.append((found.features, names.entry[found.names], names.line_number[found.names], party))
    return out


def learning():
    """Return what is compared in both halves; the parties of the other half are strangers beside those of the Entity List.

    Strangers in the same words as a listed name are left out: most are that party, listed twice.
    """
    halves = protocol.learning()
    rows = []
    for (index, asked, strangers), (_, others, _) in zip(halves, halves[::-1], strict=True):
        rows.append([row for row in compared(index, asked, [*strangers, *(name for name, _ in others)]) if not is_listed(row)])
    return rows


def is_listed(row):
    features, _, _, party = row
    return party < 0 and len(features) and (features[:, SAME].max() > 0 or features[:, COVERED].max() > COVERED_MAX)


def fit(x, sizes_of, right, seed):
    """Train one network with Adam, a name searched for at a time: the right entry, or none, against all others."""
    rng = np.random.default_rng(seed)
    sizes = [x.shape[1], *HIDDEN, 1]
    weights = [rng.normal(0, np.sqrt(2 / a), (a, b)).astype(np.float32) for a, b in itertools.pairwise(sizes)]
    offsets = [np.zeros(b, np.float32) for b in sizes[1:]]
    offsets[-1][:] = NONE_AT_FIRST
    everything = weights + offsets
    first, second = ([np.zeros_like(p) for p in everything] for _ in range(2))
    starts, step = np.cumsum(sizes_of) - sizes_of, 0
    for epoch in range(EPOCHS):
        rate = RATE * 0.5 * (1 + np.cos(np.pi * epoch / EPOCHS))
        order = rng.permutation(len(sizes_of))
        for at in range(0, len(order), BATCH):
            some = order[at : at + BATCH]
            counts = sizes_of[some]
            cuts = np.cumsum(counts) - counts
            rows = np.repeat(starts[some] - cuts, counts) + np.arange(counts.sum())
            step += 1
            for i, g in enumerate(gradients(weights, offsets, x[rows], right[rows], cuts, counts)):
                first[i] = 0.9 * first[i] + 0.1 * g
                second[i] = 0.999 * second[i] + 0.001 * g * g
                everything[i] -= rate * (first[i] / (1 - 0.9**step)) / (np.sqrt(second[i] / (1 - 0.999**step)) + 1e-8)
    return weights, offsets


def gradients(weights, offsets, x, right, cuts, counts):
    values = [x]
    for w, b in zip(weights[:-1], offsets[:-1], strict=True):
        values.append(np.maximum(values[-1] @ w + b, 0))
    odds = np.exp(np.clip((values[-1] @ weights[-1] + offsets[-1])[:, 0], -30, 30))
    chance = odds / np.repeat(1 + np.add.reduceat(odds, cuts), counts)
    of_right = np.repeat(np.add.reduceat(chance * right, cuts), counts)
    wanted = np.where(of_right > 0, chance * right / np.maximum(of_right, 1e-9), 0)
    back = ((chance - wanted) / len(cuts))[:, None].astype(np.float32)
    of_weights, of_offsets = [None] * len(weights), [None] * len(weights)
    for i in range(len(weights) - 1, -1, -1):
        of_weights[i] = values[i].T @ back + DECAY * weights[i]
        of_offsets[i] = back.sum(0)
        if i:
            back = (back @ weights[i].T) * (values[i] > 0)
    return of_weights + of_offsets


def learned(rows):
    """Return the ranker learned from compared names."""
    rows = [row for row in rows if len(row[0])]
    x = np.vstack([features for features, *_ in rows])
    right = np.concatenate([parties == party for _, parties, _, party in rows]).astype(np.float32)
    counts = np.asarray([len(features) for features, *_ in rows])
    mean, scale = x.mean(0), x.std(0)
    scale = np.where(scale < 1e-4, 0, 1 / np.maximum(scale, 1e-4)).astype(np.float32)
    scale[[FEATURES.index(name) for name in IGNORED]] = 0
    x = ((x - mean) * scale).astype(np.float32)
    networks = [fit(x, counts, right, seed) for seed in range(NETWORKS)]
    layers = tuple((np.stack([n[0][i] for n in networks]), np.stack([n[1][i] for n in networks])[:, None, :])
                   for i in range(len(HIDDEN) + 1))  # fmt: skip
    return Ranker(mean, scale, layers, {}, {})


def judged(model, rows, apart=None):
    apart = apart or [True] * sum(party < 0 for *_, party in rows)
    return figures([(model.score(f, parties, lines), parties, party) for f, parties, lines, party in rows], apart)


def short(values):
    return json.loads(json.dumps(np.round(np.asarray(values, float), 5).tolist()))


def main():
    halves = learning()
    folds = [judged(learned(halves[0]), halves[1]), judged(learned(halves[1]), halves[0])]
    print(json.dumps({"learned from one half, asked of the other": folds}, indent=2))
    rows = [row for half in halves for row in half]
    model = learned(rows)
    index, asked, strangers = protocol.held_out()
    test = compared(index, asked, [name for name, _ in strangers])
    found = judged(model, test, [apart for _, apart in strangers])
    print(json.dumps(found, indent=2))
    document = {
        "about": {"learned_from": "Consolidated Screening List of 2026-07-31 without the Entity List", "names": len(rows),
                  "folds": folds,
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
