"""Penstock and other matchers on one protocol: ``python bench/screening/run.py [ENGINE...]``; prints one Markdown table.

Engines: penstock, jaro-winkler, token-set, logic-v2 (where nomenklatura is installed; it scores Penstock's own candidates, so
that it is handed the right party whenever that is among them), splink (where it is installed; it is asked all names at once).
Rates are per second of processor time, on one core.
"""

import sys
import time

import numpy as np
import protocol
from fellegi_sunter import splink
from measure import figures
from rapidfuzz import fuzz, process
from rapidfuzz.distance import JaroWinkler

ENGINES = ("penstock", "jaro-winkler", "token-set", "logic-v2", "splink")
SHOWN = ("recall@1", "recall@5", "recall at 5 % false alarms", "recall at 1 % false alarms",
         "recall at 1 % false alarms, core names apart", "recall at 95 % precision")  # fmt: skip


def penstock(index):
    from penstock.screening.names.index import Listed, NameIndex
    from penstock.screening.names.ranker import ranker
    from penstock.screening.names.reading import read_name
    from penstock.screening.names.search import Search

    names = NameIndex([Listed(party, name, main) for name, party, main in index])
    search, model = Search(names), ranker()

    def ask(name):
        found = search.find(read_name(name))
        entries = names.entry[found.names]
        return model.score(found.features, entries, names.line_number[found.names]), entries

    return ask


def scan(index, scorer):
    names = [protocol.simple(name) for name, *_ in index]
    parties = np.asarray([party for _, party, _ in index])

    def ask(name):
        scores = process.cdist([protocol.simple(name)], names, scorer=scorer, dtype=np.float32)[0]
        best = np.argsort(-scores)[:60]
        return scores[best], parties[best]

    return ask


def logic_v2(index):
    from followthemoney import model as schema
    from followthemoney.proxy import EntityProxy
    from nomenklatura.matching import get_algorithm

    engine = get_algorithm("logic-v2")
    settings = engine.default_config()
    names = {}
    for name, party, _ in index:
        names.setdefault(party, []).append(name)

    def proxy(id, some):
        return EntityProxy.from_dict({"id": id, "schema": "Company", "properties": {"name": some}})

    del schema
    listed = {party: proxy(f"e{party}", some) for party, some in names.items()}
    candidates = penstock(index)
    count = iter(range(10**9))

    def ask(name):
        parties = list(dict.fromkeys(candidates(name)[1].tolist()))
        asked = proxy(f"q{next(count)}", [name])
        return [engine.compare(asked, listed[party], settings).score for party in parties], parties

    return ask


MAKE = {
    "penstock": penstock,
    "jaro-winkler": lambda index: scan(index, JaroWinkler.normalized_similarity),
    "token-set": lambda index: scan(index, fuzz.token_set_ratio),
    "logic-v2": logic_v2,
    "splink": splink,
}


def main():
    index, asked, strangers = protocol.held_out()
    print(f"{len(index):,} names, {len(asked):,} aliases searched for, {len(strangers):,} strangers\n")
    print(f"| engine | {' | '.join(SHOWN)} | per second | 99th percentile ms |")
    print("|---" * (len(SHOWN) + 3) + "|")
    for engine in sys.argv[1:] or ENGINES:
        try:
            ask = MAKE[engine](index)
        except ImportError as error:
            print(f"| {engine} | not here: {error.name} |")
            continue
        rows, spent = [], []
        for name, right in [*asked, *((name, -1) for name, _ in strangers)]:
            start = time.process_time()
            scores, parties = ask(name)
            spent.append(time.process_time() - start)
            rows.append((scores, parties, right))
        found = figures(rows, [apart for _, apart in strangers])
        cells = " | ".join(f"{found[name]:.3f}" for name in SHOWN)
        slowest = "all at once" if engine == "splink" else f"{1000 * np.quantile(spent, 0.99):.1f}"
        print(f"| {engine} | {cells} | {len(spent) / sum(spent):,.0f} | {slowest} |", flush=True)


if __name__ == "__main__":
    main()
