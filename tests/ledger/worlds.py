"""What the tests of the ledger share: a small ledger, a model written another way, and requests to try on both."""

from __future__ import annotations

from collections.abc import Iterable

from attrs import define, field
from hypothesis import strategies as st

from penstock.ledger import (
    Attest,
    Carry,
    Close,
    Commit,
    Correct,
    Expire,
    Open,
    Recap,
    Request,
    Reserve,
    State,
    Void,
    apply,
)

CITE = "742.6(b)(10)(iii)(B)(1)"
CAPS = (100, 70, None, 40)
CLIENTS = ("acme", "bolt")


def opened(caps: Iterable[int | None] = CAPS) -> State:
    """Return a ledger with some buckets and one that is 7 percent of a denominator nobody has attested yet."""
    state = State()
    for number, cap in enumerate(caps):
        apply(state, Open("bis", f"open-{number}", f"bucket-{number}", cap, CITE), 0)
    apply(state, Open("bis", "open-share", "share", None, CITE, (7, 100), "group"), 0)
    return state


# ---- the model: one dictionary per idea, sums instead of running balances


@define
class Model:
    """The same ledger, written another way: nothing is kept but the operations, and every balance is a sum over them."""

    caps: dict[int, int | None] = field(factory=dict)
    closed: set[int] = field(factory=set)
    carried: set[int] = field(factory=set)
    shares: dict[int, tuple[str, tuple[int, int]]] = field(factory=dict)
    names: dict[str, int] = field(factory=dict)
    totals: dict[str, tuple[str, int]] = field(factory=dict)
    held: dict[tuple[str, str], dict[int, int]] = field(factory=dict)
    state: dict[tuple[str, str], str] = field(factory=dict)
    until: dict[tuple[str, str], int | None] = field(factory=dict)

    def used(self, number: int) -> int:
        return sum(legs.get(number, 0) for legs in self.held.values())

    def reserved(self, number: int) -> int:
        return sum(legs.get(number, 0) for of, legs in self.held.items() if self.state[of] == "reserved")

    def room(self, number: int) -> int:
        cap = self.caps[number]
        return 2**62 - self.used(number) if cap is None else max(0, cap - self.used(number))

    def grants(self, request: Request, at: int) -> bool:
        """Apply a request and say whether it is granted."""
        return bool(getattr(self, f"_{request.kind}")(request, at))

    def _open(self, request: Open, at: int) -> bool:
        if request.bucket in self.names:
            return False
        number = self.names[request.bucket] = len(self.names)
        self.caps[number] = request.cap
        if request.share:
            self.shares[number] = (request.basis, request.share)
            self.caps[number] = 0 if request.basis not in self.totals else self._cap(number)
        return True

    def _cap(self, number: int) -> int:
        basis, (part, whole) = self.shares[number]
        return int(self.totals[basis][1] * part // whole)

    def _reserve(self, request: Reserve, at: int) -> bool:
        legs = dict(request.legs)
        fits = all(n in self.caps and n not in self.closed and amount <= self.room(n) for n, amount in legs.items())
        key = (request.client, request.key)
        if fits:
            self.held[key], self.state[key] = legs, "reserved"
            self.until[key] = None if request.hold_s is None else at + 1000 * request.hold_s
        return fits

    def _alive(self, of: tuple[str, str]) -> bool:
        return self.state.get(of) == "reserved"

    def _commit(self, request: Commit, at: int) -> bool:
        of = request.of
        until = self.until.get(of)
        if not self._alive(of) or (until is not None and at >= until):
            return False
        new = self.held[of] if request.legs is None else dict(request.legs)
        if any(amount > self.held[of].get(n, 0) for n, amount in new.items()):
            return False
        self.held[of], self.state[of] = dict(new), "committed"
        return True

    def _void(self, request: Void, at: int) -> bool:
        return self._end(request.of, "voided") if self._alive(request.of) else False

    def _expire(self, request: Expire, at: int) -> bool:
        until = self.until.get(request.of)
        return self._end(request.of, "expired") if self._alive(request.of) and until is not None and at >= until else False

    def _end(self, of: tuple[str, str], how: str) -> bool:
        del self.held[of]
        self.state[of] = how
        return True

    def _correct(self, request: Correct, at: int) -> bool:
        if self.state.get(request.of) != "committed":
            return False
        now = self.held[request.of]
        if any(
            n not in self.caps or amount - now.get(n, 0) > self.room(n) for n, amount in request.legs if amount > now.get(n, 0)
        ):
            return False
        if any(n not in self.caps for n, _ in request.legs):
            return False
        now.update(request.legs)
        return True

    def _recap(self, request: Recap, at: int) -> bool:
        if request.bucket not in self.caps or request.bucket in self.shares:
            return False
        self.caps[request.bucket] = request.cap
        return True

    def _attest(self, request: Attest, at: int) -> bool:
        if request.basis in self.totals and request.as_of < self.totals[request.basis][0]:
            return False
        self.totals[request.basis] = (request.as_of, request.total)
        for number, (basis, _) in self.shares.items():
            if basis == request.basis:
                self.caps[number] = self._cap(number)
        return True

    def _close(self, request: Close, at: int) -> bool:
        if request.bucket not in self.caps:
            return False
        self.closed.add(request.bucket)
        return True

    def _carry(self, request: Carry, at: int) -> bool:
        source, bucket = request.source, request.bucket
        if source not in self.caps or bucket not in self.caps or bucket in self.closed or source in self.carried:
            return False
        key = (request.client, request.key)
        self.held[key], self.state[key] = {bucket: self.used(source)}, "committed"
        self.closed.add(source)
        self.carried.add(source)
        return True


def agree(model: Model, state: State) -> None:
    """Assert that the model and the ledger hold the same balances, and that no cap is exceeded without an open breach."""
    for bucket in state.buckets:
        assert bucket.used == model.used(bucket.number)
        assert bucket.reserved == model.reserved(bucket.number)
        assert bucket.cap == model.caps[bucket.number]
        assert bucket.closed == (bucket.number in model.closed)
        assert bucket.carried == (bucket.number in model.carried)
        bucket.check()


def conserved(state: State) -> None:
    """Assert that every balance is the sum of what the operations in hand hold (invariant I2)."""
    for bucket in state.buckets:
        legs = [(op.state.name, dict(op.legs or ()).get(bucket.number, 0)) for op in state.ops.values()]
        assert bucket.reserved == sum(amount for name, amount in legs if name == "RESERVED")
        assert bucket.committed == sum(amount for name, amount in legs if name == "COMMITTED")


# ---- requests to try

KEYS = st.integers(0, 40).map("k{}".format)
NAMES = st.tuples(st.sampled_from(CLIENTS), KEYS)


def _legs(least: int) -> st.SearchStrategy[tuple[tuple[int, int], ...]]:
    pairs = st.dictionaries(st.integers(0, 5), st.integers(least, 60), min_size=1, max_size=4)
    return pairs.map(lambda legs: tuple(sorted(legs.items())))


def requests(buckets: int = 5) -> st.SearchStrategy[Request]:
    """Return requests of every kind, most of them reservations and what becomes of them."""
    amounts, numbers, days = st.integers(0, 120), st.integers(0, buckets), st.sampled_from(["2025-02-01", "2025-08-01"])
    holds = st.none() | st.integers(1, 60)
    reserve = st.builds(lambda n, legs, hold: Reserve(n[0], n[1], legs, hold), NAMES, _legs(1), holds)
    return st.one_of(
        reserve, reserve, reserve,
        st.builds(lambda n, of, legs: Commit(n[0], n[1], of, legs), NAMES, NAMES, st.none() | _legs(0)),
        st.builds(lambda n, of: Void(n[0], n[1], of), NAMES, NAMES),
        st.builds(lambda n, of: Expire(n[0], n[1], of), NAMES, NAMES),
        st.builds(lambda n, of, legs: Correct(n[0], n[1], of, legs, "returned"), NAMES, NAMES, _legs(0)),
        st.builds(lambda n, b, cap: Recap(n[0], n[1], b, cap, CITE), NAMES, numbers, st.none() | amounts),
        st.builds(lambda n, total, day: Attest(n[0], n[1], "group", total, day, "ab" * 32), NAMES, st.integers(0, 2000), days),
        st.builds(lambda n, b: Close(n[0], n[1], b, CITE), NAMES, st.just(3)),
        st.builds(lambda n, b: Carry(n[0], n[1], 3, b, CITE), NAMES, st.integers(0, buckets).filter(lambda b: b != 3)),
        st.builds(lambda n, name, cap: Open(n[0], n[1], name, cap, CITE), NAMES, st.sampled_from(["bucket-1", "new"]), st.none() | amounts),
    )  # fmt: skip


def grown(caps: Iterable[int | None] = CAPS) -> tuple[State, Model]:
    """Return a ledger and its model, both freshly opened."""
    state, model = opened(caps), Model()
    for bucket in state.buckets:
        share = (bucket.basis, bucket.share) if bucket.share else None
        model.names[bucket.name] = bucket.number
        model.caps[bucket.number] = bucket.cap
        if share:
            model.shares[bucket.number] = share
    return state, model
