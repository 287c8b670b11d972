"""One stance of a determination: every key of the contract's stance block, derived from one evaluation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from attrs import frozen

from penstock.decision.authority import citations, force_of, notices
from penstock.decision.authorizations import authorization_block, debit, duties_of, shown_conditions
from penstock.decision.checklists import checklists
from penstock.decision.classification import PARAGRAPH_RULES, paragraphs_of
from penstock.decision.program import POLICIES, Requirement, Row
from penstock.decision.tables import country_groups_of, diffusion_tier, treated_as
from penstock.rulebook.ir import FALSE, TRUE, UNKNOWN, Node
from penstock.rulebook.missing import missing_below
from penstock.rulebook.parse import RuleVersion
from penstock.terms.numbers import Exact

if TYPE_CHECKING:
    from penstock.decision.determination import Determination

__all__ = ["Stance", "stance_block"]

_TRI: dict[int, Any] = {0: False, 1: "unknown", 3: True}


@frozen(eq=False)
class Stance:
    """The answer of one stance; ``block`` is the contract's document, the properties are its most read keys."""

    name: str
    determination: Determination
    block: Mapping[str, Any]

    @property
    def outcome(self) -> str:
        """Return the outcome."""
        return str(self.block["outcome"])

    @property
    def path(self) -> str:
        """Return the path: NLR, a license exception, LICENSE, NONE or UNKNOWN."""
        return str(self.block["path"])

    @property
    def license_required(self) -> Any:
        """Return True, False or ``unknown``."""
        return self.block["license_required"]

    @property
    def may_proceed(self) -> str:
        """Return clear, with_conditions, hold, stop or unknown."""
        return str(self.block["may_proceed"])


def stance_block(answer: Determination, stance: str) -> dict[str, Any]:
    """Return the stance block of the contract, without ``what_if``."""
    verdict = answer.verdicts[stance]
    held = answer.explanation.value
    anchors = answer.program.anchors
    requirements = list(_requirements(answer, stance))
    flags = _red_flags(answer)
    asks = verdict.license_required is not False
    authorizations = authorization_block(answer) if asks else {"available": [], "undetermined": [], "unavailable": []}
    license, ledger = _license(answer, stance)
    own = _of_path(answer, verdict.path)
    block: dict[str, Any] = {
        "eccn": held(answer.program.lowerer.fact("item.eccn")) or "unknown",
        "paragraphs": _paragraphs(answer),
        "subject_to_ear": _TRI[held(answer.program.lowerer.fact("item.subject_to_ear"))],
        "license_required": verdict.license_required,
        "outcome": verdict.outcome,
        "may_proceed": _may_proceed(verdict.outcome, flags, [*authorizations["available"], {"id": "NLR", **own}], verdict.path),
        "requirements": requirements,
        "prohibitions": list(_prohibitions(answer, stance)),
        "path": verdict.path,
        "authorizations": authorizations,
        "license": license,
        "ledger": ledger if verdict.path == "LICENSE" else debit(answer, verdict.path),
        "charges": _charges(answer) if verdict.license_required is True else [],
        "red_flags": flags,
        "veu_eligibility": {
            "UVEU": _TRI[held(anchors["uveu_eligible"])] if "uveu_eligible" in anchors else None,
            "NVEU": _TRI[held(anchors["nveu_eligible"])] if "nveu_eligible" in anchors else None,
        },
        "missing_facts": _missing(answer, stance),
        "ambiguities": _ambiguities(answer, requirements),
        "destination": _destination(answer),
        "notices": notices(answer),
        "checklists": checklists(answer),
        **own,
    }
    row = _deciding_row(answer, stance) if license else None
    block["citations"] = citations(answer, block, row.id if row else None)
    return block


def _of_path(answer: Determination, path: str) -> dict[str, Any]:
    """Return the conditions and duties of a path that is no authorization; no key where there are none.

    The conditions of a license stand with the license.
    """
    if path not in ("NLR", "LICENSE"):
        return {}
    own = {"conditions": shown_conditions(answer, path) if path == "NLR" else [], "duties": duties_of(answer, path)}
    return {key: entries for key, entries in own.items() if entries}


def _may_proceed(outcome: str, flags: Mapping[str, list[Any]], ways: list[dict[str, Any]], path: str) -> str:
    if outcome in ("prohibited", "license_required"):
        return "stop"
    if outcome == "unknown":
        return "unknown"
    if flags["raised"]:
        return "hold"
    used = [way for way in ways if way["id"] == path]
    return "with_conditions" if used and (used[0].get("conditions") or used[0].get("duties")) else "clear"


def _paragraphs(answer: Determination) -> list[str]:
    held = answer.explanation.value
    lower = answer.program.lowerer
    truth = {name: held(lower.rule(name)) for name in PARAGRAPH_RULES if name in answer.program.law.standings}
    return paragraphs_of(truth, str(held(lower.fact("item.eccn"))))


# ---- requirements and prohibitions


def _requirements(answer: Determination, stance: str) -> Iterator[dict[str, Any]]:
    """Yield every requirement whose scope the facts meet or may meet."""
    for requirement in answer.program.requirements:
        scope = answer.explanation.value(requirement.scope)
        if scope != FALSE and requirement.id != "gp10":
            yield _requirement(answer, requirement, stance, scope)


def _requirement(answer: Determination, requirement: Requirement, stance: str, scope: int) -> dict[str, Any]:
    standing = requirement.standing
    version = _part_met(answer, requirement)
    instrument = answer.program.law.instruments[version.by]
    entry = {
        "id": requirement.id,
        "cite": version.cite,
        "text": version.doc,
        "scope_met": _TRI[scope],
        "text_in_cfr": instrument.force != "proposed",
        "compliance_required": standing.compliance_required,
        "enforced": standing.enforced,
        "binding": standing.binds(stance),
        "force": instrument.force,
        "instrument": instrument.cite,
        "because": [version.cite],
    }
    if standing.not_enforced_by:
        entry["not_enforced_by"] = answer.program.law.instruments[standing.not_enforced_by].cite
    return entry


def _part_met(answer: Determination, requirement: Requirement) -> RuleVersion:
    """Return the version of a requirement, or of several that hold side by side the last one that the facts meet."""
    met = [
        part for part, node in answer.program.consequences.parts.get(requirement.id, ()) if answer.explanation.value(node) == TRUE
    ]
    return met[-1] if met else requirement.standing.version


def _prohibitions(answer: Determination, stance: str) -> Iterator[dict[str, Any]]:
    """Yield the requirements met that leave no ordinary way out."""
    for requirement in answer.program.requirements:
        scope = answer.explanation.value(requirement.scope)
        if scope == FALSE or not requirement.standing.version.options.get("prohibition"):
            continue
        let = requirement.not_pursued is not None and answer.explanation.value(requirement.not_pursued) == TRUE
        binding = requirement.standing.binds(stance) and not (let and stance == "enforced")
        entry = _requirement(answer, requirement, stance, scope) | {
            "binding": binding,
            "presumption": requirement.presumption is not None and answer.explanation.value(requirement.presumption) == TRUE,
            "enforcement": "not_pursued" if let else "enforced",
        }
        yield entry


# ---- license and ledger


def _license(answer: Determination, stance: str) -> tuple[dict[str, Any] | None, list[dict[str, Any]]]:
    """Return the license block, filled whenever a license is required, and the debit a license would make."""
    verdict = answer.verdicts[stance]
    if verdict.license_required is not True:
        return None, []
    held = answer.explanation.value
    anchors = answer.program.anchors
    row = _deciding_row(answer, stance)
    approvable, remainder, debits = _approvable(answer, row)
    license: dict[str, Any] = {
        "review_policy": verdict.review_policy,
        "cite": row.version.cite if row else None,
        "approvable_tpp": approvable,
        "remainder_tpp": remainder,
        "remainder_policy": _remainder_policy(answer, stance, row) if remainder else None,
        "validity_months": held(anchors["license_validity"]),
        "purchase_order_required": held(anchors["license_needs_purchase_order"]) == TRUE
        if "license_needs_purchase_order" in anchors
        else False,
        "conditions": [*_conditions(answer, stance), *shown_conditions(answer, "LICENSE")],
    }
    return license, debits


def _rows(answer: Determination, stance: str) -> Iterator[tuple[Requirement, tuple[Row, ...]]]:
    """Yield the review table of each requirement that binds and is met."""
    for requirement in answer.program.requirements:
        if requirement.standing.binds(stance) and answer.explanation.value(requirement.scope) == TRUE:
            yield requirement, answer.program.rows[stance].get(requirement.id, ())


def _deciding_row(answer: Determination, stance: str) -> Row | None:
    """Return the row whose policy is the strictest of those that apply."""
    best: Row | None = None
    for _, rows in _rows(answer, stance):
        for row in rows:
            held = answer.explanation.value(row.node)
            if held == UNKNOWN:
                break
            if held == TRUE:
                if best is None or POLICIES.index(row.policy) > POLICIES.index(best.policy):
                    best = row
                break
    decided = answer.verdicts[stance].review_policy
    return best if best is not None and best.policy == decided else None


def _approvable(answer: Determination, row: Row | None) -> tuple[Exact | None, Exact | None, list[dict[str, Any]]]:
    """Return what of the amount is approvable, the rest, and the debit of the quota the row draws on."""
    bucket = str(row.version.options.get("draws", "")) if row else ""
    if not bucket:
        return None, None, []
    numbers = {part: answer.explanation.value(node) for part, node in answer.program.consequences.buckets[bucket].items()}
    applies = numbers.get("applies", TRUE) == TRUE
    balance, amount, limit = (numbers.get(part) for part in ("balance", "amount", "limit"))
    if amount is None:
        return None, None, []
    whole = row is not None and row.version.options.get("whole", False)
    if not whole and (balance is None or limit is None):
        return None, None, []
    room = amount if whole or limit is None or balance is None else max(0, min(amount, limit - balance))
    debits = [_debit(bucket, numbers, room)] if applies else []
    return room, amount - room, debits


def _debit(bucket: str, numbers: Mapping[str, Any], amount: Exact) -> dict[str, Any]:
    balance = numbers.get("balance")
    return {
        "id": bucket,
        "key": numbers.get("key"),
        "amount_tpp": amount,
        "balance_before_tpp": balance,
        "balance_after_tpp": None if balance is None else balance + amount,
        "limit_tpp": numbers.get("limit"),
    }


def _remainder_policy(answer: Determination, stance: str, row: Row | None) -> str | None:
    """Return the policy the part beyond the quota meets: the last row that draws on the same quota."""
    if row is None:
        return None
    bucket = row.version.options["draws"]
    later = [r for _, rows in _rows(answer, stance) for r in rows if r.version.options.get("draws") == bucket]
    return max(later, key=lambda r: int(r.version.options["order"])).policy


def _conditions(answer: Determination, stance: str) -> Iterator[dict[str, Any]]:
    """Yield the papers that the review rows in question ask for."""
    seen: set[str] = set()
    for _, rows in _rows(answer, stance):
        for row in rows:
            for line in row.lines:
                if line.form == "files" and line.condition not in seen and answer.explanation.value(line.when) == TRUE:  # type: ignore[arg-type]
                    seen.add(line.condition)
                    status = {0: "unmet", 1: "unknown", 3: "met"}[answer.explanation.value(line.node)]
                    yield {"id": line.condition, "cite": line.cite, "status": status, **force_of(answer, row.version.by)}


def _charges(answer: Determination) -> list[dict[str, Any]]:
    out = []
    for id, version, node in answer.program.consequences.duties:
        if version.options.get("charge_pct") and answer.explanation.value(node) == TRUE:
            percent = answer.program.law.number(version.options["charge_pct"])
            entry = {"id": id, "percent": percent, "cite": version.cite, "text": version.doc}
            out.append({**entry, **force_of(answer, version.by)})
    return out


# ---- flags, missing facts, open points


def _red_flags(answer: Determination) -> dict[str, list[dict[str, Any]]]:
    """Return the flags raised, cleared and unanswered; silence clears nothing."""
    out: dict[str, list[dict[str, Any]]] = {"raised": [], "cleared": [], "unanswered": []}
    for id, flag, scope, raised in answer.program.consequences.flags:
        said = answer.prepared.values.get(f"answers.{id}")
        derived = answer.explanation.value(raised) == TRUE
        entry = {"id": id, "question": flag["question"], "cite": flag["cite"], "verification": flag["verification"],
                 **force_of(answer, flag["by"])}  # fmt: skip
        if said == "resolved" or (said == "absent" and not derived):
            out["cleared"].append(entry)
        elif said in ("present", "absent") or derived:
            out["raised"].append(entry)
        elif answer.explanation.value(scope) != FALSE:
            out["unanswered"].append(entry)
    return out


def _missing(answer: Determination, stance: str) -> list[dict[str, Any]]:
    """Return the absent facts on which what is undecided depends, with what each decides."""
    question = answer.program.stances[stance]
    verdict = answer.verdicts[stance]
    asked: list[tuple[str, bool, list[Node]]] = [
        ("license_required", verdict.license_required == "unknown", [question.license_required]),
        ("outcome", verdict.outcome == "unknown", [question.outcome]),
        ("path", verdict.path == "UNKNOWN", [question.path]),
        ("review_policy", verdict.review_policy == "unknown" and verdict.license_required is True, [question.policy]),
    ]
    decides: dict[str, list[str]] = {}
    for name, open_, nodes in asked:
        for node in nodes if open_ else ():
            for fact in missing_below(node, answer.explanation.value):
                named = decides.setdefault(_said_as(answer, fact), [])
                if name not in named:
                    named.append(name)
    return [{"id": fact, "decides": names} for fact, names in decides.items()]


def _said_as(answer: Determination, fact: str) -> str:
    """Name an implied end user's fact as the ultimate consignee's, which is where it would be given."""
    if answer.prepared.end_user_implied and fact.startswith("parties.end_user."):
        return fact.replace("parties.end_user.", "parties.ultimate_consignee.", 1)
    return fact


def _ambiguities(answer: Determination, requirements: list[dict[str, Any]]) -> list[str]:
    """Return the open points that touched the answer."""
    points = [id for id, node in answer.program.consequences.points.items() if answer.explanation.value(node) == TRUE]
    if any(r["text_in_cfr"] and not (r["compliance_required"] and r["enforced"]) for r in requirements):
        points.append("O8")
    return sorted(points, key=lambda point: int(point[1:]))


def _destination(answer: Determination) -> dict[str, Any]:
    law = answer.program.law
    country = answer.prepared.values.get("destination.country")
    if country is None:
        return {"country": None, "treated_as": None, "country_groups": [], "diffusion_tier": None}
    return {
        "country": country,
        "treated_as": treated_as(law, country),
        "country_groups": country_groups_of(law, country),
        "diffusion_tier": diffusion_tier(law, country),
    }
