"""License exceptions and statuses of one determination: available, undetermined, unavailable, with reasons, duties and room."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from penstock.decision.authority import force_of
from penstock.decision.program import Authorization
from penstock.rulebook.ir import FALSE, TRUE, Node
from penstock.rulebook.missing import missing_below
from penstock.rulebook.parse import RuleVersion
from penstock.rulebook.scalar import compile_scalar

if TYPE_CHECKING:
    from penstock.decision.determination import Determination

__all__ = ["authorization_block", "debit", "duties_of", "shown_conditions"]

_STATUS = {0: "unmet", 1: "unknown", 3: "met"}


def authorization_block(answer: Determination) -> dict[str, list[dict[str, Any]]]:
    """Return every authorization of the law under available, undetermined or unavailable."""
    out: dict[str, list[dict[str, Any]]] = {"available": [], "undetermined": [], "unavailable": []}
    for authorization in answer.program.authorizations:
        held = answer.explanation.value(authorization.available)
        if held == TRUE:
            out["available"].append(_available(answer, authorization))
        elif held == FALSE:
            out["unavailable"].append(_unavailable(answer, authorization))
        else:
            missing = missing_below(authorization.available, answer.explanation.value)
            out["undetermined"].append({"id": authorization.id, "cite": authorization.version.cite, "missing": missing})
    return out


def _available(answer: Determination, authorization: Authorization) -> dict[str, Any]:
    numbers = _numbers(answer, authorization.bucket)
    headroom, amount = _headroom(numbers), numbers.get("amount")
    papers = [
        {
            "id": line.condition,
            "cite": line.cite,
            "status": _STATUS[answer.explanation.value(line.node)],
            **force_of(answer, authorization.version.by),
        }
        for line in authorization.lines
        if line.form == "files" and (line.when is None or answer.explanation.value(line.when) != FALSE)
    ]
    return {
        "id": authorization.id,
        "cite": authorization.version.cite,
        "text": authorization.version.doc,
        "conditions": [*papers, *shown_conditions(answer, authorization.id)],
        "duties": duties_of(answer, authorization.id),
        "headroom_tpp": headroom,
        "remaining_after_tpp": None if headroom is None or amount is None else headroom - amount,
    }


def _unavailable(answer: Determination, authorization: Authorization) -> dict[str, Any]:
    numbers = _numbers(answer, authorization.bucket)
    headroom, amount = _headroom(numbers), numbers.get("amount")
    failing = [x for x in authorization.lines if x.form != "files" and answer.explanation.value(x.node) == FALSE]
    over = headroom is not None and amount is not None and amount > headroom
    entry: dict[str, Any] = {
        "id": authorization.id,
        "cite": authorization.version.cite,
        "reasons": list(dict.fromkeys(line.otherwise for line in failing)),
        "failing": [{"reason": line.otherwise, "cite": line.cite} for line in failing],
        "headroom_tpp": headroom,
        "excess_tpp": amount - headroom if over else None,
    }
    violations = [code for line in failing if line.violation for code in _violations(answer, line.violation, line.node)]
    if violations:
        entry["violations"] = violations
    return entry


def _violations(answer: Determination, code: str, node: Node) -> list[str]:
    """Return the code of a violation, once for each row of a list that fails by itself."""
    if node.op != "quantified" or node.data[0] != "all":
        return [code]
    name = node.args[0].data
    ask = compile_scalar(answer.program.graph, [node], "violation")
    get = answer.prepared.values.get
    rows = [
        row for row in get(name) or ()
        if ask(lambda fact, row=row: (row,) if fact == name else get(fact), answer.prepared.roles, answer.on)[0] == FALSE  # type: ignore[misc]
    ]  # fmt: skip
    return [f"{code}:{row['country']}" for row in rows]


def shown_conditions(answer: Determination, path: str) -> list[dict[str, Any]]:
    """Return the duties of a path that a fact shows done before the event, as open conditions."""
    return [
        {
            "id": id,
            "cite": version.cite,
            "status": _STATUS[answer.explanation.value(answer.program.consequences.shown[id])],
            **force_of(answer, version.by),
        }
        for id, version, _ in _of_path(answer, path)
        if id in answer.program.consequences.shown
    ]


def duties_of(answer: Determination, path: str) -> list[dict[str, Any]]:
    """Return what the use of a path obliges to, with deadlines as dates' distances from the event."""
    out = []
    for id, version, held in _of_path(answer, path):
        entry = {"id": id, "text": version.doc, "cite": version.cite, "to": version.options.get("to", ""),
                 "event": version.options.get("event", "shipment"), **_deadline(answer, version),
                 **force_of(answer, version.by)}  # fmt: skip
        out.append(entry if held == TRUE else {**entry, "applies": "unknown"})
    return out


def _of_path(answer: Determination, path: str) -> Iterator[tuple[str, RuleVersion, int]]:
    """Yield the duties of a path that apply or may apply; a charge is no duty."""
    for id, version, node in answer.program.consequences.duties:
        of, held = version.options["of"], answer.explanation.value(node)
        if path in ([of] if isinstance(of, str) else of) and held != FALSE and not version.options.get("charge_pct"):
            yield id, version, held


def _deadline(answer: Determination, version: RuleVersion) -> dict[str, Any]:
    return {
        "deadline_days": _table_number(answer, version.options.get("deadline_days")),
        "interval_months": _table_number(answer, version.options.get("interval_months")),
    }


def _table_number(answer: Determination, named: Any) -> Any:
    """Return the number a duty names: a table, with a leading minus for before the event, or 0."""
    if not isinstance(named, str):
        return named
    value = answer.program.law.number(named.lstrip("-"))
    return -value if named.startswith("-") else value


def _numbers(answer: Determination, bucket: str) -> Mapping[str, Any]:
    return {part: answer.explanation.value(node) for part, node in answer.program.consequences.buckets.get(bucket, {}).items()}


def _headroom(numbers: Mapping[str, Any]) -> Any:
    balance, limit = numbers.get("balance"), numbers.get("limit")
    return None if balance is None or limit is None else max(0, limit - balance)


def debit(answer: Determination, path: str) -> list[dict[str, Any]]:
    """Return what the use of an authorization takes from its quota."""
    chosen = next((a for a in answer.program.authorizations if a.id == path), None)
    numbers = _numbers(answer, chosen.bucket) if chosen else {}
    if chosen is None or numbers.get("amount") is None:
        return []
    balance, amount = numbers.get("balance"), numbers["amount"]
    return [{
        "id": chosen.bucket, "key": numbers.get("key"), "amount_tpp": amount, "balance_before_tpp": balance,
        "balance_after_tpp": None if balance is None else balance + amount, "limit_tpp": numbers.get("limit"),
    }]  # fmt: skip
