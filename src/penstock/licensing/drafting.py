"""An application drafted from a determination: the blocks of form BIS-748P that the facts fill, and the papers the case wants.

A block is filled from a stated fact or from the determination, and from nothing else; what is not known stays empty and is
listed.  Supp. No. 1 to part 748 says what each block holds, Supp. No. 2(c)(4) that the aggregate TPP belongs in block 22(j).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

from attrs import frozen

from penstock.decision.chips import chip_table
from penstock.decision.determination import Determination
from penstock.terms.countries import country_name
from penstock.terms.errors import BadType, ConflictingFacts, UnknownFact
from penstock.terms.numbers import plain
from penstock.terms.suggest import nearest

__all__ = ["BLOCKS", "SIGNED_BY_HAND", "Block", "Draft", "Paper", "draft"]

_FORM = "Supp. No. 1 to part 748"
_SPECIAL = "Supp. No. 2 to part 748"
BLOCKS: Mapping[str, str] = {
    "1": "Contact Person", "2": "Telephone", "3": "Facsimile", "4": "Date of Application", "5": "Type of Application",
    "6": "Documents submitted with Application", "7": "Documents on File with Applicant", "9": "Special Purpose",
    "10": "Resubmission Application Control Number", "11": "Replacement License Number", "12": "Items Previously Exported",
    "13": "Import/End-User Certificate", "14": "Applicant", "15": "Other Party Authorized to Receive License", "16": "Purchaser",
    "17": "Intermediate Consignee", "18": "Ultimate Consignee", "19": "End-User", "20": "Original Ultimate Consignee",
    "21": "Specific End-Use", "22(a)": "ECCN", "22(b)": "APP", "22(c)": "Model Number", "22(d)": "CCATS Number",
    "22(e)": "Quantity", "22(f)": "Units", "22(g)": "Unit Price", "22(h)": "Total Price", "22(i)": "Manufacturer",
    "22(j)": "Technical Description", "23": "Total Application Dollar Value", "24": "Additional Information", "25": "Signature",
}  # fmt: skip
_NEEDED = ("1", "2", "4", "5", "14", "16", "18", "19", "21", "22(a)", "22(c)", "22(e)", "22(f)", "22(g)", "22(h)", "22(i)",
           "22(j)", "23", "25")  # fmt: skip
_PARTIES = {"14": "exporter", "16": "purchaser", "17": "intermediate_consignee", "18": "ultimate_consignee", "19": "end_user"}
_TYPES = {"export": "Export", "reexport": "Reexport", "transfer_in_country": "Reexport", "deemed_export": "Export",
          "deemed_reexport": "Reexport"}  # fmt: skip
SIGNED_BY_HAND = ("25",)


@frozen
class Block:
    """One block of the form: its number, its name, what stands in it (None: not known) and where that is from."""

    number: str
    name: str
    value: str | None
    source: str = ""
    needed: bool = False


@frozen
class Paper:
    """A document the case wants, the paragraph that asks for it, and whether it is stated to be at hand (None: not stated)."""

    id: str
    text: str
    cite: str
    at_hand: bool | None
    certainty: str = "verified"


@frozen
class Draft:
    """A drafted application: blocks, papers, what is still open, and the law it was drafted under."""

    on: dt.date
    stance: str
    blocks: tuple[Block, ...]
    papers: tuple[Paper, ...]
    outlook: Mapping[str, Any]
    notes: tuple[str, ...]
    law_hash: str

    def __getitem__(self, number: str) -> str | None:
        """Return what stands in a block."""
        return next(block.value for block in self.blocks if block.number == number)

    @property
    def open(self) -> tuple[Block, ...]:
        """Return the blocks the form needs and nobody has filled."""
        return tuple(block for block in self.blocks if block.needed and block.value is None)

    def document(self) -> dict[str, Any]:
        """Return the draft as one document."""
        return {
            "schema": "penstock.application/1",
            "form": "BIS-748P",
            "cite": _FORM,
            "on": self.on,
            "stance": self.stance,
            "blocks": [
                {"block": b.number, "name": b.name, "value": b.value, "source": b.source, "needed": b.needed} for b in self.blocks
            ],
            "open": [block.number for block in self.open],
            "documents": [
                {"id": p.id, "text": p.text, "cite": p.cite, "at_hand": p.at_hand, "certainty": p.certainty} for p in self.papers
            ],
            "outlook": dict(self.outlook),
            "notes": list(self.notes),
            "law_hash": self.law_hash,
        }


def draft(answer: Determination, stance: str = "codified", particulars: Mapping[str, Any] | None = None) -> Draft:
    """Return the application that a determination leads to, in one stance.

    ``particulars`` holds what a transaction does not say, by block number, such as ``{"1": "…", "22(g)": "…"}``.
    Raises UnknownFact for a block the form does not have, and ConflictingFacts where it would overwrite what the facts say
    or sign the form.

    >>> from penstock.decision import decide
    >>> item = {"kind": "integrated_circuit", "eccn": "3A090.a", "tpp": 15824, "quantity": 100}
    >>> made = draft(decide({"activity": {"type": "export"}, "destination": "BR", "item": item}, on="2026-06-15"))
    >>> made["22(j)"], made["22(e)"], made["22(g)"], made["1"]
    ('Aggregate TPP: 1,582,400 (15,824 each)', '100', None, None)
    """
    given = _checked(particulars or {})
    filled = {number: (value, source) for number, value, source in _from_facts(answer, stance)}
    for number in given:
        if number in filled and number != "22(j)":
            raise ConflictingFacts(f"Block {number} follows from {filled[number][1]}", at=number, value=given[number],
                                   nearest=filled[number][0], hint="Change the fact instead.")  # fmt: skip
    blocks = []
    for number, name in BLOCKS.items():
        value, source = filled.get(number, (None, ""))
        if number in given:
            value, source = f"{given[number]}\n{value}" if value else given[number], "particulars"
        blocks.append(Block(number, name, value, source, number in _NEEDED))
    block = answer.stance(stance).block
    return Draft(answer.on, stance, tuple(blocks), tuple(_papers(answer, block)), _outlook(block), tuple(_notes(answer, block)),
                 answer.program.law.hash)  # fmt: skip


def _checked(particulars: Mapping[str, Any]) -> dict[str, str]:
    for number, value in particulars.items():
        if number not in BLOCKS:
            raise UnknownFact(f"BIS-748P has no block {number!r}", at=number, value=number, nearest=nearest(number, BLOCKS))
        if number in SIGNED_BY_HAND:
            raise ConflictingFacts(f"Block {number} is signed by the applicant", at=number, hint="Leave it out.")
        if not isinstance(value, str) or not value:
            raise BadType(f"Block {number} holds text, not {value!r}", at=number, value=value)
    return dict(particulars)


def _from_facts(answer: Determination, stance: str) -> Iterator[tuple[str, str, str]]:
    values = answer.prepared.facts.values
    kind = values.get("activity.type")
    if kind in _TYPES:
        yield "5", _TYPES[kind], "activity.type"
    for number, role in _PARTIES.items():
        told = _party(values, role)
        if told:
            yield number, told, f"parties.{role}"
    if values.get("end_use.types"):
        yield "21", ", ".join(name.replace("_", " ") for name in sorted(values["end_use.types"])), "end_use.types"
    eccn = answer.stance(stance).block["eccn"]
    if eccn not in ("unknown", "none"):
        yield "22(a)", str(eccn), "determination"
    chip = chip_table().get(values.get("item.chip", ""))
    if chip:
        yield "22(c)", chip.name, "item.chip, by the chip table"
    if values.get("item.quantity") is not None:
        yield "22(e)", str(values["item.quantity"]), "item.quantity"
        yield "22(f)", "number", "item.quantity"
    technical = _technical(answer)
    if technical:
        yield "22(j)", technical, f"determination; {_SPECIAL}(c)(4)"


def _party(values: Mapping[str, Any], role: str) -> str:
    """Return a party as stated: its name, where it is, headquarters and parent; nothing where it has no name."""

    def fact(name: str) -> Any:
        return values.get(f"parties.{role}.{name}")

    if not fact("name"):
        return ""
    parts = [str(fact("name"))]
    for words, name in (("in", "country"), ("headquartered in", "headquarters")):
        if fact(name):
            parts.append(f"{words} {country_name(fact(name))}")
    if fact("parent_name"):
        at = f", headquartered in {country_name(fact('parent_headquarters'))}" if fact("parent_headquarters") else ""
        parts.append(f"ultimate parent {fact('parent_name')}{at}")
    return "; ".join(parts)


def _technical(answer: Determination) -> str:
    """Return the technical description: the aggregate TPP and what it is made of."""
    held = {name: answer.explanation.value(answer.program.lowerer.fact(name)) for name in ("item.aggregate_tpp", "item.tpp")}
    if held["item.aggregate_tpp"] is None:
        return ""
    each = f" ({plain(held['item.tpp']):,} each)" if held["item.tpp"] is not None else ""
    return f"Aggregate TPP: {plain(held['item.aggregate_tpp']):,}{each}"


def _papers(answer: Determination, block: Mapping[str, Any]) -> Iterator[Paper]:
    values = answer.prepared.facts.values
    license = block["license"] or {}
    if license.get("purchase_order_required"):
        yield Paper("purchase_order", "Purchase order or contract; the licensed quantity follows it", f"{_SPECIAL}(c)(3)",
                    values.get("documents.purchase_order"))  # fmt: skip
    if answer.explanation.value(answer.program.lowerer.fact("item.aggregate_tpp")) is not None:
        yield Paper(
            "tpp_calculation", "Letter of explanation with the calculation of the TPP (encouraged)", f"{_SPECIAL}(c)(4)", None
        )
    for condition in license.get("conditions", ()):
        met = {"met": True, "unmet": False}.get(condition.get("status", ""))
        yield Paper(
            condition["id"], condition.get("text") or f"Showing that {condition['id']} is met", condition.get("cite", ""), met
        )
    country = block["destination"]["treated_as"]
    if country == "CN":
        yield Paper(
            "prc_end_user_statement", "PRC End-User Statement, where 748.10 asks for one", "748.10", None, "text not read"
        )
    elif country:
        text = "Statement by Ultimate Consignee and Purchaser, where 748.11 asks for one"
        yield Paper("consignee_statement", text, "748.11", None, "text not read")


def _outlook(block: Mapping[str, Any]) -> dict[str, Any]:
    license = block["license"] or {}
    names = ("review_policy", "cite", "approvable_tpp", "remainder_tpp", "remainder_policy", "validity_months")
    return {
        "outcome": block["outcome"],
        "license_required": block["license_required"],
        **{name: license.get(name) for name in names},
    }


def _notes(answer: Determination, block: Mapping[str, Any]) -> Iterator[str]:
    if block["license_required"] is False:
        yield "No license is required in this stance: BIS returns such an application (750.4(c)(3))."
    elif block["outcome"] == "authorization_available":
        ids = ", ".join(entry["id"] for entry in block["authorizations"]["available"])
        yield f"An authorization is available without a license: {ids}."
    elif block["outcome"] == "unknown":
        yield f"Open: {', '.join(entry['id'] for entry in block['missing_facts'])} would decide whether a license is required."
    if (block["license"] or {}).get("approvable_tpp") is not None:
        yield f"A destination with an allocation takes an application of its own ({_SPECIAL}(c)(4))."
    yield from answer.prepared.assumptions
