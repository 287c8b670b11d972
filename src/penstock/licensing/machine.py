"""The case machine: one pure step from a case and an event to the next case and what is owed in it.

The same step runs one real case from a store and a million simulated ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from penstock.licensing import bodies, grants, review
from penstock.licensing.case import Case, Event, Obligation, shown
from penstock.licensing.duties import Statute
from penstock.licensing.events import KINDS, check_event, refuse
from penstock.licensing.lapses import advance
from penstock.licensing.owed import obligations
from penstock.terms.errors import EventRefused

__all__ = ["as_of", "check_day", "next_state", "replay"]

_STEPS: Mapping[str, Callable[[Case, Event, Statute], Case]] = {**review.STEPS, **bodies.STEPS, **grants.STEPS}


def next_state(case: Case | None, event: Event, law: Statute, id: str = "") -> tuple[Case, tuple[Obligation, ...]]:
    """Return the case after an event, and everything that is owed in it then, each with actor, due date and citation.

    ``case`` is None for the event ``registered``, which opens the case called ``id``; ``law`` is that of the day of the event.
    Periods that have passed before the event are taken into account first.
    Raises EventRefused, with the reason and the paragraph, for an event that comes too early, too late, twice or from the
    wrong body; the case handed in is never changed.

    >>> from penstock.licensing.answer import Term
    >>> from penstock.licensing.duties import CASE_TERMS, statute
    >>> law = statute({name: Term(9, "750.4(c)") for name in CASE_TERMS})
    >>> case, owed = next_state(None, Event("registered", 739000, "Applicant"), law, id="L-1")
    >>> case.status, [(o.actor, o.due - 739000, o.duty.cite) for o in owed][0]
    ('registered', ('Commerce', 9, '750.4(c)'))
    """
    if event.kind not in KINDS:
        raise EventRefused(f"No event is called {event.kind!r}", at="event.kind", value=event.kind)
    if case is None:
        opened = _opened(event, id)
        return opened, obligations(opened, law)
    if event.kind == "registered":
        refuse(event, f"the case was registered on {shown(case.registered)}", "748.4(f)")
    if event.on < case.at:
        refuse(event, f"the last event is of {shown(case.at)}; events are told in order", "750.4(a)(1)")
    now = advance(case, event.on, law)
    kind = check_event(case if event.kind == "tick" else now, event)  # the day that closes a case may be noted in it
    if kind.signed and now.four_eyes:
        _check_second(now, event)
    after = _STEPS[event.kind](now, event, law)
    if kind.signed and now.four_eyes:
        after = after._replace(proposal=("", ""))
    after = after._replace(version=case.version + 1, at=event.on)
    return after, obligations(after, law)


def _opened(event: Event, id: str) -> Case:
    if event.kind != "registered":
        refuse(event, "the case has not been registered", "750.4(a)(2)", hint="Register it first.")
    if event.by not in KINDS["registered"].by:
        refuse(event, "an application is registered by its applicant or by Commerce", "750.4(a)(2)")
    return review.register(id, event)


def _check_second(case: Case, event: Event) -> None:
    """Four eyes: a decision is proposed by one officer and taken by another."""
    proposed, officer = case.proposal
    if proposed != event.kind:
        refuse(event, f"no officer has proposed it (proposed: {proposed or 'nothing'})", "practice; no paragraph",
               hint=f"First: proposed, with `event: {event.kind}` and the officer.")  # fmt: skip
    if not event.officer or event.officer == officer:
        refuse(event, f"a second officer takes it, not {officer}", "practice; no paragraph", hint="Add `officer:`.")


def check_day(event: Event, today: int) -> None:
    """Refuse an event of a day that has not come.

    >>> check_day(Event("tick", 739001, "Clock"), 739000)
    Traceback (most recent call last):
    penstock.terms.errors.EventRefused: tick on 2024-04-25 by Clock: today is 2024-04-24 (750.4(a)(1))
    """
    if event.on > today:
        refuse(event, f"today is {shown(today)}", "750.4(a)(1)", nearest_=shown(today))


def as_of(case: Case, on: int, law: Statute) -> tuple[Case, tuple[Obligation, ...]]:
    """Return a case and what is owed in it as of a later day, without an event."""
    now = advance(case, on, law) if on > case.at else case
    return now, obligations(now, law, on)


def replay(id: str, events: Iterable[Event], law_of: Callable[[int], Statute]) -> Case | None:
    """Return the case its events make, each under the law of its day; None without events."""
    case: Case | None = None
    for event in events:
        case, _ = next_state(case, event, law_of(event.on), id)
    return case
