"""Splink on the protocol: a Fellegi-Sunter model of two comparisons of names, learned from the parties of the other lists alone.

Splink links tables, so all names are asked about at once; only names that share a word that is not common are compared.
"""

from collections import Counter, defaultdict

import protocol

_COMMON = 100  # names of the index with a word, from which on it says too little to bring names together
_SEED = 1
_PAIRS = 2e6
_RAISED = 100.0  # match weights are below zero where two names differ; the figures want scores that are not


def splink(index):
    """Return the function that gives scores and parties of a name."""
    import splink.comparison_library as compare
    from splink import Linker, SettingsCreator, block_on
    from splink.backends.duckdb import DuckDBAPI

    count = Counter(word for name, *_ in index for word in set(protocol.simple(name).split()))
    common = {word for word, times in count.items() if times > _COMMON}
    settings = SettingsCreator(
        link_type="dedupe_only",
        comparisons=[
            compare.JaroWinklerAtThresholds("name", [0.97, 0.92, 0.85, 0.75]),
            compare.ArrayIntersectAtSizes("words", [4, 3, 2, 1]),
        ],
        blocking_rules_to_generate_predictions=[block_on("rare", arrays_to_explode=["rare"])],
    )
    learned = [(name, f"{half}:{party}") for half, (names, *_) in enumerate(protocol.learning()) for name, party, _ in names]
    api = DuckDBAPI()
    linker = Linker(api.register(_table([name for name, _ in learned], common, [party for _, party in learned])), settings)
    linker.training.estimate_u_using_random_sampling(max_pairs=_PAIRS, seed=_SEED)
    linker.training.estimate_m_from_label_column("party")
    found = {}

    def ask(name):
        if not found:
            found.update(_linked(linker, api, index, common))
        scores, parties = found.get(name, ((), ()))
        return scores, parties

    return ask


def _linked(linker, api, index, common):
    """Return scores and parties for every name of the protocol."""
    _, asked, strangers = protocol.held_out()
    names = list(dict.fromkeys(name for name, _ in [*asked, *strangers]))
    left = api.register(_table(names, common))
    right = api.register(_table([name for name, *_ in index], common))
    pairs = linker.inference.predict_between(left, right, link_type="link_only").as_pyarrow_table().to_pydict()
    out = defaultdict(lambda: ([], []))
    for asked_id, listed_id, weight in zip(pairs["unique_id_l"], pairs["unique_id_r"], pairs["match_weight"], strict=True):
        scores, parties = out[names[asked_id]]
        scores.append(weight + _RAISED)
        parties.append(index[listed_id][1])
    return out


def _table(names, common, parties=None):
    import pyarrow as pa

    simple = [protocol.simple(name) for name in names]
    words = [sorted(set(name.split())) for name in simple]
    columns = {
        "unique_id": list(range(len(names))),
        "name": simple,
        "words": words,
        "rare": [[word for word in some if word not in common] for some in words],
    }
    return pa.table(columns if parties is None else columns | {"party": parties})
