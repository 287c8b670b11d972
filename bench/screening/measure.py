"""The figures of the protocol: recall, and recall at a share of false alarms among parties that are on no list searched."""

import numpy as np


def best_parties(scores, parties):
    best = {}
    for party, score in zip(np.asarray(parties).tolist(), np.asarray(scores).tolist(), strict=True):
        best[party] = max(best.get(party, -1.0), score)
    return sorted(best.items(), key=lambda pair: -pair[1])


def figures(rows, apart):
    """Return the figures for rows of (scores, parties, right party or -1); ``apart`` says which strangers share no core name.

    Ties at the top count by chance.
    """
    hits, alarms = [], []
    first = five = 0.0
    for scores, parties, right in rows:
        order = best_parties(scores, parties)
        top = order[0][1] if order else -1.0
        if right < 0:
            alarms.append(top)
            continue
        tied = [party for party, score in order if score == top]
        credit = 1 / len(tied) if right in tied else 0.0
        first += credit
        five += right in [party for party, _ in order[:5]]
        hits.append((top, credit))
    out = {"recall@1": first / len(hits), "recall@5": five / len(hits)}
    for share in (0.05, 0.01):
        for name, some in (("", alarms), (", core names apart", [a for a, keep in zip(alarms, apart, strict=True) if keep])):
            limit = sorted(some, reverse=True)[int(share * len(some))]
            out[f"recall at {share:.0%} false alarms{name}".replace("%", " %")] = sum(c for s, c in hits if s > limit) / len(hits)
            if name:
                out[f"score at {share:.0%} false alarms".replace("%", " %")] = limit
    out["recall at 95 % precision"] = at_precision(hits, alarms, 0.95)
    return {name: round(float(value), 4) for name, value in out.items()}


def at_precision(hits, alarms, least):
    right = wrong = best = 0.0
    for _, credit in sorted([*hits, *((score, 0.0) for score in alarms)], reverse=True):
        right += credit
        wrong += 1 - credit
        best = max(best, right) if right / (right + wrong) >= least else best
    return best / len(hits)
