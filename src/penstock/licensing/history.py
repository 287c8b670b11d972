"""The history of a case as bars on a calendar: where it lay and for how long, what stopped its clock, what is owed now."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from attrs import frozen

from penstock.licensing.case import Case, Event
from penstock.licensing.duties import Statute
from penstock.licensing.lapses import trail
from penstock.licensing.machine import as_of, next_state

__all__ = ["Bar", "bars", "step_name"]

_NAMES = {
    "oc": "Operating Committee",
    "oc_decided": "appeal to ACEP open",
    "acep": "ACEP",
    "acep_decided": "appeal to Board open",
    "earb": "Review Board",
    "earb_decided": "appeal to President open",
    "erc": "End-User Review Committee",
    "erc_decided": "escalation open",
    "president": "President",
}


@frozen
class Bar:
    """One bar: what it is, its first day and the day after its last, and its kind: ``step``, ``stop`` or ``owed``."""

    label: str
    first: int
    last: int
    kind: str
    cite: str = ""


def bars(events: Iterable[Event], law_of: Callable[[int], Statute], on: int) -> list[Bar]:
    """Return the bars of a case as of a day, steps in order, then the days that did not count, then what is owed.

    >>> from penstock.licensing.current import statute_on
    >>> told = [Event("registered", 739400, "Applicant"), Event("referred", 739405, "Commerce", {"agencies": ["State"]})]
    >>> [(bar.label, bar.last - bar.first) for bar in bars(told, statute_on, 739410) if bar.kind == "step"]
    [('registered', 5), ('referred', 5)]
    """
    case: Case | None = None
    marks: list[tuple[str, int]] = []
    asked: dict[int, str] = {}
    for event in events:
        if event.kind in ("stop_begun", "information_lacking"):
            asked[event.on] = str(event.data.get("reason", "information_request")).replace("_", " ")
        law = law_of(event.on)
        if case is not None:
            marks += [(later.status, later.since) for later in trail(case, event.on, law)]
        case, _ = next_state(case, event, law)
        if not marks or marks[-1][0] != case.status:
            marks.append((case.status, event.on))
    if case is None:
        return []
    law = law_of(on)
    marks += [(later.status, later.since) for later in trail(case, on, law)]
    now, owed = as_of(case, on, law)
    ends = [*(since for _, since in marks[1:]), now.since if now.final else max(on, marks[-1][1])]
    out = [Bar(step_name(status), first, max(first, last), "step") for (status, first), last in zip(marks, ends, strict=True)]
    out += [Bar(f"not counted: {asked.get(first, 'stopped')}", first, last, "stop", "750.4(b)") for first, last in now.stops]
    out += [Bar(f"still open: {reason.replace('_', ' ')}", first, max(on, first), "stop", "750.4(b)")
            for reason, _, first, _ in now.open]  # fmt: skip
    owed = tuple(sorted(owed, key=lambda one: one.due))
    return out + [Bar(f"{one.actor}: {one.text or one.duty.action}", one.since, one.due, "owed", one.duty.cite) for one in owed]


def step_name(status: str) -> str:
    """Return what a status is called: the body a case lies before, or the step it is in.

    >>> step_name("oc_decided"), step_name("referred")
    ('appeal to ACEP open', 'referred')
    """
    return _NAMES.get(status, status.replace("_", " "))
