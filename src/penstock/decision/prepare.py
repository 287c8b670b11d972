"""From canonical facts to what the compiled law reads: chips looked up, implied parties filled in, contradictions refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import frozen

from penstock.terms.documents import Facts
from penstock.terms.vocabulary import vocabulary

__all__ = ["MOVES", "Prepared", "prepare"]

MOVES = ("export", "reexport", "transfer_in_country", "deemed_export", "deemed_reexport")
_JUDGED_ELSEWHERE = {
    "sdn_744_8": "744.8",
    "unverified_list": "744.15 and 740.2(a)(17)",
    "denied_persons": "a denial order (764.3(a)(2))",
}
_CONSIGNEE = "parties.ultimate_consignee."
_END_USER = "parties.end_user."


@frozen(eq=False)
class Prepared:
    """Facts ready to be asked about: values by name, what absent parties come to, and what was assumed."""

    facts: Facts
    values: Mapping[str, Any]
    roles: Mapping[str, int]
    assumptions: tuple[str, ...]
    end_user_implied: bool


def prepare(facts: Facts) -> Prepared:
    """Return the facts with the end user and the roles the contract implies.

    An absent end user is the ultimate consignee; in every export, reexport, transfer and deemed act an ultimate
    consignee exists, and its facts are unknown when they are not given.
    """
    given = {name.split(".", 2)[1] for name in facts.values if name.startswith("parties.")}
    moves = facts.values.get("activity.type") in MOVES
    values = dict(facts.values)
    implied = "end_user" not in given and (moves or "ultimate_consignee" in given)
    assumptions = [
        "Judged: advanced computing and part 744 requirements of the EAR. Not judged: other controls, part 746, other countries."
    ]
    if implied:
        for name, value in facts.values.items():
            if name.startswith(_CONSIGNEE):
                values[_END_USER + name[len(_CONSIGNEE) :]] = value
        assumptions.append("No end user is given: the ultimate consignee is taken to be the end user.")
    assumptions += _other_lists(facts)
    roles: dict[str, int] = {}
    for role in vocabulary().roles:
        present = role in given or (moves and role == "ultimate_consignee") or (implied and role == "end_user")
        roles[role] = 1 if present else 0
        roles["+" + role] = 3 if role in given or (implied and role == "end_user") else 0
    return Prepared(facts, values, roles, tuple(assumptions), implied)


def _other_lists(facts: Facts) -> list[str]:
    """Say of every list hit that no requirement here judges that it still has to be dealt with."""
    out = []
    for name, value in sorted(facts.values.items()):
        for hit in value if name.startswith("parties.") and name.endswith(".lists") else ():
            if hit in _JUDGED_ELSEWHERE:
                out.append(f"{name} has a hit on {hit}: {_JUDGED_ELSEWHERE[hit]} applies and is not judged here.")
    return out
