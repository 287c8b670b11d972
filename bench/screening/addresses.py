"""Addresses alone: listed addresses written otherwise, and other units of the same buildings as false alarms.

``python bench/screening/addresses.py``: street-level addresses of the Entity List, of which every fifth is rewritten (case,
abbreviations, order of its parts, punctuation) and searched for; a false alarm is another unit of a listed building from the
score on at which one in a hundred strangers is taken.
"""

import csv
import random
import re
import time

import protocol

from penstock.screening.addresses import AddressIndex, read_address

LIST = protocol.DATA / "bis_entity_list_2026-07.csv"
SHORT = {"Road": "Rd", "Street": "St", "Avenue": "Ave", "Building": "Bldg", "Centre": "Ctr", "Center": "Ctr",
         "Industrial": "Ind.",
         "Commercial": "Comm", "District": "Dist", "Room": "Rm", "Floor": "Fl",
         "Province": "Prov.", "North": "N", "East": "E"}  # fmt: skip


def street_addresses():
    with LIST.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            for text in re.split(r";\s*and\s+|;\s*|\s\|\|\s", row["addresses"]):
                text = re.sub(r"^(\[[^\]]*\]\s*|and )", "", text.strip())
                if len(text) > 22 and re.search(r"\d", text):
                    yield text


def rewritten(text, dice):
    parts = [part.strip() for part in text.rstrip(".").split(",")]
    for word, short in SHORT.items():
        if dice.random() < 0.5:
            parts = [re.sub(rf"\b{word}\b", short, part) for part in parts]
    if dice.random() < 0.5:
        head = parts[: len(parts) // 2]
        dice.shuffle(head)
        parts = head + parts[len(parts) // 2 :]
    text = dice.choice((", ", " ", ",")).join(parts)
    return dice.choice((str.upper, str.lower, str))(text)


def other_unit(text, dice):
    """Return the same building with another unit and floor, None where the address gives none."""
    pattern = r"(?i)\b(room|rm|unit|flat|suite|office)\.? ?(no\.? ?)?([a-z]?-?\d+[a-z0-9-]*)"
    changed = re.sub(pattern, lambda match: f"{match[1]} {dice.randrange(9000, 9999)}", text)
    return changed if changed != text and read_address(changed).parts != read_address(text).parts else None


def main():
    dice = random.Random(2)
    every = list(dict.fromkeys(street_addresses()))
    index = AddressIndex(enumerate(every))
    asked = every[::5]
    hits, start = [], time.process_time()
    for text in asked:
        found = index.find(rewritten(text, dice), top=5)
        same = read_address(text)
        hits.append(max((m.score for m in found if read_address(m.text)[1:] == same[1:]), default=0.0))
    spent = time.process_time() - start
    alarms = []
    for text in every[1::5]:
        other = other_unit(text, dice)
        if other:
            alarms.append(max((m.score for m in index.find(other, top=1)), default=0.0))
    limit = sorted(alarms, reverse=True)[int(0.01 * len(alarms))]
    recall = sum(score > limit for score in hits) / len(hits)
    print(f"{len(every):,} addresses; {len(asked):,} rewritten; {len(alarms):,} other units of listed buildings")
    print(f"recall at 1 % false alarms {recall:.3f} (score {limit:.3f}); {len(asked) / spent:,.0f} per second of processor time")


if __name__ == "__main__":
    main()
