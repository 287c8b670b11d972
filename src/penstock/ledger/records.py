"""What a shipment leaves behind: the facts it was decided on, the answer, what it took, and what it obliges to.

A record is one canonical JSON document.  The log holds its SHA-256 only, so that the log can be published and the papers
need not be.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from attrs import frozen

from penstock.decision import Determination
from penstock.ledger.quota import Debit
from penstock.terms.numbers import dump_json

__all__ = ["Record", "record_of"]

_PARTIES = {
    "exporter": "parties.exporter.name",
    "consignee": "parties.ultimate_consignee.name",
    "parent": "parties.ultimate_consignee.parent_name",
    "consignee_country": "parties.ultimate_consignee.country",
    "destination": "destination.country",
    "activity": "activity.type",
    "chip": "item.chip",
    "quantity": "item.quantity",
}


@frozen
class Record:
    """The bytes of a record, their hash and what they say."""

    sha256: str
    content: bytes
    document: Mapping[str, Any]

    @classmethod
    def read(cls, content: bytes) -> Record:
        """Return the record some bytes hold."""
        return cls(hashlib.sha256(content).hexdigest(), content, json.loads(content))

    @property
    def on(self) -> dt.date:
        """Return the day of the act."""
        return dt.date.fromisoformat(self.document["on"])


def record_of(
    answer: Determination, stance: str, debits: Sequence[Debit], document: Mapping[str, Any], about: Mapping[str, str]
) -> Record:
    """Return the record of a determination: the document asked about, the answer of one stance, the debits and the duties."""
    block = answer.stance(stance).block
    path = block["path"]
    chosen = next((way for way in block["authorizations"]["available"] if way["id"] == path), block)
    values = answer.prepared.values
    body = {
        "facts": document,
        "counters": {name: values[name] for name in sorted(values) if name.startswith("counters.") and values[name] is not None},
        "on": answer.on,
        "known": answer.known,
        "regime": answer.program.law.regime,
        "law_hash": answer.program.law.hash,
        "stance": stance,
        "outcome": block["outcome"],
        "path": path,
        "cite": chosen.get("cite", ""),
        "may_proceed": block["may_proceed"],
        "conditions": [{"id": c["id"], "cite": c["cite"], "status": c["status"]} for c in chosen.get("conditions", ())],
        "duties": list(chosen.get("duties", ())),
        "debits": [[debit.quota.name, debit.amount] for debit in debits],
        "tpp": sum(debit.amount for debit in debits[:1]),
        "parties": {key: values[name] for key, name in _PARTIES.items() if values.get(name) is not None},
        **about,
    }
    return Record.read(dump_json(body, indent=None).encode())
