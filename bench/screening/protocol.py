"""The protocol: what is searched for in what, and which names were never learned from. Every split is by a hash of the name.

``held_out``: every Entity List party with aliases gives one of them away; it is searched for in all other names of the list.
Parties of the other lists of the Consolidated Screening List that share no name with it are searched for too: each is a false
alarm if anything comes up. ``learning``: the other lists alone, without parties that share a name with the Entity List.
"""

import hashlib
import json
import re
import unicodedata
from collections import defaultdict
from pathlib import Path

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "screening"
CSL = DATA / "csl_2026-07-31_seelpeed.json"
LEGAL_FORMS = """
co company companies ltd limited llc inc incorporated corp corporation plc jsc pjsc ojsc cjsc ao oao zao pao ooo gmbh
ag sa spa bv nv sdn bhd pte pty pvt private kk fze fzco fzc est ltda lda srl sarl sas oy ab as sti sirketi limitada and the of"""
ASIA = {"CN", "HK", "TW", "SG", "MY", "AE"}


def digest(text):
    return hashlib.md5(text.encode()).hexdigest()


def simple(name):
    name = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c)).lower()
    return re.sub(r"[^a-z0-9]+", " ", name).strip()


def core(name):
    """The words of a name without its legal form: two lists that write Co., Ltd. and Company Limited mean one party."""
    words = sorted(word for word in simple(name).split() if word not in LEGAL_FORMS.split())
    return " ".join(words) or simple(name)


def parties():
    """Yield number, list, type, countries and names of every entry."""
    document = json.loads(CSL.read_text("utf-8"))
    lists = document["tables"]["sources"]
    for number, row in enumerate(document["entries"]):
        yield number, lists[row["s"]], row.get("t"), row.get("c") or [], [row["n"], *(a for a in row.get("a", []) if a.strip())]


def is_entity_list(name):
    return name.startswith("Entity List")


def held_out():
    """Return the names to search in, (name, party, is main); the aliases to search for, (alias, party); and the strangers.

    A stranger comes with whether it also shares no name without its legal form.
    """
    listed = [(n, names) for n, source, _, _, names in parties() if is_entity_list(source)]
    owners = defaultdict(set)
    for n, names in listed:
        for name in names:
            owners[simple(name)].add(n)
    index, asked = [], []
    for n, names in listed:
        given = candidates(names, n, owners)[:1]
        asked += [(alias, n) for alias in given]
        index += [(name, n, i == 0) for i, name in enumerate(names) if simple(name) and simple(name) not in map(simple, given)]
    cores = {core(name) for name, *_ in [*index, *asked]}
    return index, asked, [(name, core(name) not in cores) for name in strangers(owners)]


def strangers(owners):
    near, far = [], []
    for _, source, kind, countries, names in parties():
        if is_entity_list(source) or any(simple(name) in owners for name in names) or len(simple(names[0])) < 5:
            continue
        if source.startswith("Specially") and kind == "Entity" and set(countries) & ASIA:
            near.append(names[0])
        elif source.startswith(("Denied", "ITAR")):
            far.append(names[0])
    return sorted(near, key=digest)[:1000] + sorted(far, key=digest)[:500]


def learning():
    """Return two halves of (names to search in, aliases to search for, strangers), Entity List parties only as strangers."""
    listed = {simple(name) for _, source, _, _, names in parties() if is_entity_list(source) for name in names}
    groups, owner = merged(listed)
    owners = defaultdict(set)
    for group, names in groups.items():
        for name in names:
            owners[simple(name)].add(group)
    away = [
        names[0] for _, source, _, _, names in parties() if is_entity_list(source) and not any(core(n) in owner for n in names)
    ]
    halves = []
    for half in (0, 1):
        index, asked = [], []
        for group, names in groups.items():
            if int(digest(str(group)), 16) % 2 == half:
                given = given_away(names, group, owners)
                hidden = {simple(alias) for alias in given}
                asked += [(alias, group) for alias in given]
                index += [(name, group, i == 0) for i, name in enumerate(names) if simple(name) and simple(name) not in hidden]
        halves.append((index, asked, sorted(away, key=digest)[half::2]))
    return halves


def given_away(names, group, owners):
    some = candidates(names, group, owners)
    return some[: 2 if len(some) >= 3 else 1]


def candidates(names, party, owners):
    """Return the aliases of a party that differ from its name and are nobody else's, in the order of their hashes."""
    first = simple(names[0])
    return sorted(
        (a for a in names[1:] if simple(a) != first and len(simple(a)) > 3 and owners[simple(a)] == {party}), key=digest
    )


def merged(listed):
    """Join entries of several lists that share a name without its legal form: they are one party."""
    parent, owner = {}, {}

    def root(n):
        while parent.setdefault(n, n) != n:
            n = parent[n]
        return n

    kept = [(n, names) for n, source, kind, _, names in parties() if not is_entity_list(source) and worth(n, kind)
            and not any(simple(name) in listed for name in names)]  # fmt: skip
    for n, names in kept:
        for name in names:
            word = core(name)
            if word in owner:
                parent[root(n)] = root(owner[word])
            owner.setdefault(word, n)
    groups = defaultdict(list)
    for n, names in kept:
        groups[root(n)] += [name for name in names if name not in groups[root(n)]]
    return groups, owner


def worth(number, kind):
    """Companies and lists that state no type; of people one in twelve, of ships and aircraft none."""
    return kind not in ("Individual", "Vessel", "Aircraft") or (kind == "Individual" and int(digest(f"p{number}"), 16) % 12 == 0)
