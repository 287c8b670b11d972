"""A deliberately naive ledger: it reads the balance, decides, and writes. The suite must catch it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

__all__ = ["NaiveLedger", "interleave"]


class NaiveLedger:
    """One bucket, checked and then written: two requests that read the same balance are both granted."""

    def __init__(self, cap: int) -> None:
        self.cap = cap
        self.used = 0

    def reserve(self, amount: int) -> Iterator[bool | None]:
        """Yield once between reading and writing, as a database between two statements, and then the answer."""
        seen = self.used
        yield None
        granted = seen + amount <= self.cap
        if granted:
            self.used += amount
        yield granted


def interleave(ledger: NaiveLedger, amounts: Sequence[int], schedule: Sequence[int]) -> list[tuple[int, int, int, bool]]:
    """Run reservations step by step in the order of a schedule; return them as a history."""
    running = [ledger.reserve(amount) for amount in amounts]
    sent: dict[int, int] = {}
    calls = []
    for now, choice in enumerate([*schedule, *(i for i in range(len(amounts)) for _ in (0, 1))]):
        i = choice % len(amounts)
        answer = next(running[i], "over")
        if answer == "over":
            continue
        sent.setdefault(i, now)
        if answer is not None:
            calls.append((sent[i], now, amounts[i], bool(answer)))
    return calls
