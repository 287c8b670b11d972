"""What one may ask of the ledger: a closed set of requests, each checked before it reaches the log.

Every request carries who asks and a key of the asker's choice: the same key with the same body is answered with the same
event, with another body it is a conflict, and a key whose request was refused stays refused.
Amounts are whole TPP, ``legs`` are pairs of bucket number and amount, sorted by bucket, each bucket once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from attrs import field, frozen

from penstock.terms.dates import parse_date
from penstock.terms.errors import BadEnum, BadNumber, BadType, ConflictingFacts, MissingRequired, UnknownFact
from penstock.terms.suggest import nearest

__all__ = [
    "AMOUNT_MAX",
    "LEGS_MAX",
    "Attest",
    "Carry",
    "Close",
    "Commit",
    "Correct",
    "Expire",
    "Legs",
    "Note",
    "Open",
    "Recap",
    "Request",
    "Reserve",
    "Void",
    "op_id",
    "parse_request",
]

Legs = tuple[tuple[int, int], ...]
AMOUNT_MAX = 2**62
LEGS_MAX = 128
_TEXT_MAX = 400
_HOLD_S_MAX = 10 * 366 * 86_400


def op_id(client: str, key: str) -> bytes:
    """Return the 16 bytes an operation is filed under.

    >>> op_id("acme", "PO-1").hex()
    '59481a44b114e62a9ff36f8a827a252c'
    """
    return hashlib.sha256(f"{client}\0{key}".encode()).digest()[:16]


# ---- checks of single values


def _text(request: Any, attribute: Any, value: Any) -> None:
    if not isinstance(value, str):
        raise BadType(f"{attribute.name}: {value!r} is not a text", at=attribute.name, value=value)
    if len(value) > _TEXT_MAX or "\0" in value:
        raise BadType(f"{attribute.name} has more than {_TEXT_MAX} characters or a NUL", at=attribute.name, value=value[:40])
    try:
        value.encode()
    except UnicodeEncodeError:
        raise BadType(f"{attribute.name} is not Unicode text", at=attribute.name) from None


def _name(request: Any, attribute: Any, value: Any) -> None:
    _text(request, attribute, value)
    if not value:
        raise MissingRequired(f"{attribute.name} is empty", at=attribute.name, value=value)


def _whole(name: str, value: Any, least: int, most: int = AMOUNT_MAX) -> None:
    if isinstance(value, bool) or not isinstance(value, int):
        raise BadType(f"{name}: {value!r} is not a whole number", at=name, value=str(value), hint="TPP in the ledger are whole.")
    if not least <= value <= most:
        near = least if value < least else most
        raise BadNumber(f"{name}: {value} is not between {least} and {most}", at=name, value=value, nearest=near)


def _amount(request: Any, attribute: Any, value: Any) -> None:
    _whole(attribute.name, value, 0)


def _cap(request: Any, attribute: Any, value: Any) -> None:
    if value is not None:
        _whole(attribute.name, value, 0)


def _hold(request: Any, attribute: Any, value: Any) -> None:
    if value is not None:
        _whole(attribute.name, value, 1, _HOLD_S_MAX)


def _share(request: Any, attribute: Any, value: Any) -> None:
    if value is None:
        return
    if not isinstance(value, tuple) or len(value) != 2:
        raise BadType("share is a pair of whole numbers", at="share", value=str(value))
    _whole("share[1]", value[1], 1)
    _whole("share[0]", value[0], 0, value[1])


def _checked_legs(legs: Any, least: int) -> None:
    if not isinstance(legs, tuple) or not 1 <= len(legs) <= LEGS_MAX:
        raise BadType(f"legs: between 1 and {LEGS_MAX} pairs of bucket and amount", at="legs", value=str(legs)[:80])
    before = -1
    for place, leg in enumerate(legs):
        if not isinstance(leg, tuple) or len(leg) != 2:
            raise BadType(f"legs[{place}] is not a pair of bucket and amount", at=f"legs[{place}]", value=str(leg)[:80])
        number, amount = leg
        if type(number) is not int or type(amount) is not int or not (before < number and least <= amount <= AMOUNT_MAX):
            _whole(f"legs[{place}][1]", amount, least)
            _whole(f"legs[{place}][0]", number, before + 1)
        before = number


def _legs(request: Any, attribute: Any, value: Any) -> None:
    _checked_legs(value, 1)


def _new_amounts(request: Any, attribute: Any, value: Any) -> None:
    if value is not None:
        _checked_legs(value, 0)


def _target(request: Any, attribute: Any, value: Any) -> None:
    if not isinstance(value, tuple) or len(value) != 2:
        raise BadType("of is the pair of client and key of the reservation", at="of", value=str(value)[:80])
    for part in value:
        _name(request, attribute, part)


def _day(request: Any, attribute: Any, value: Any) -> None:
    _text(request, attribute, value)
    parse_date(value, attribute.name)


# ---- the requests


@frozen
class Request:
    """What every request carries: who asks and under which key."""

    kind: ClassVar[str] = ""
    client: str = field(validator=_name)
    key: str = field(validator=_name)
    id: bytes = field(init=False, repr=False, eq=False)

    @id.default
    def _id(self) -> bytes:
        return op_id(self.client, self.key)

    def document(self) -> dict[str, Any]:
        """Return the request as it stands in the log, keys in order."""
        raise NotImplementedError


@frozen
class Open(Request):
    """Open a bucket: a cap in whole TPP or none, or a share of an attested denominator, with its authority."""

    kind: ClassVar[str] = "open"
    bucket: str = field(validator=_name)
    cap: int | None = field(validator=_cap)
    cite: str = field(validator=_name)
    share: tuple[int, int] | None = field(default=None, validator=_share)
    basis: str = field(default="", validator=_text)

    def __attrs_post_init__(self) -> None:
        if (self.share is None) != (not self.basis):
            raise MissingRequired("A share needs the name of its denominator, and the other way round", at="basis")

    def document(self) -> dict[str, Any]:
        return {"basis": self.basis, "bucket": self.bucket, "cap": self.cap, "cite": self.cite, "client": self.client,
                "key": self.key, "kind": "open", "share": self.share}  # fmt: skip


@frozen
class Reserve(Request):
    """Reserve in several buckets at once, all or nothing; ``hold_s`` seconds until it lapses, None for no end."""

    kind: ClassVar[str] = "reserve"
    legs: Legs = field(validator=_legs)
    hold_s: int | None = field(default=None, validator=_hold)
    record: str = field(default="", validator=_text)

    def document(self) -> dict[str, Any]:
        return {"client": self.client, "hold_s": self.hold_s, "key": self.key, "kind": "reserve", "legs": self.legs,
                "record": self.record}  # fmt: skip


@frozen
class Commit(Request):
    """Turn a reservation into use; ``legs`` may name smaller amounts, and the rest is released."""

    kind: ClassVar[str] = "commit"
    of: tuple[str, str] = field(validator=_target)
    legs: Legs | None = field(default=None, validator=_new_amounts)
    record: str = field(default="", validator=_text)

    def document(self) -> dict[str, Any]:
        return {"client": self.client, "key": self.key, "kind": "commit", "legs": self.legs, "of": self.of, "record": self.record}


@frozen
class Void(Request):
    """Release a reservation."""

    kind: ClassVar[str] = "void"
    of: tuple[str, str] = field(validator=_target)

    def document(self) -> dict[str, Any]:
        return {"client": self.client, "key": self.key, "kind": "void", "of": self.of}


@frozen
class Expire(Request):
    """Release a reservation whose time has run out by ledger time."""

    kind: ClassVar[str] = "expire"
    of: tuple[str, str] = field(validator=_target)

    def document(self) -> dict[str, Any]:
        return {"client": self.client, "key": self.key, "kind": "expire", "of": self.of}


@frozen
class Recap(Request):
    """Set the cap of a bucket to what its authority now says; below what is used it opens a breach."""

    kind: ClassVar[str] = "recap"
    bucket: int = field(validator=_amount)
    cap: int | None = field(validator=_cap)
    cite: str = field(validator=_name)

    def document(self) -> dict[str, Any]:
        return {
            "bucket": self.bucket,
            "cap": self.cap,
            "cite": self.cite,
            "client": self.client,
            "key": self.key,
            "kind": "recap",
        }


@frozen
class Attest(Request):
    """Attest a denominator: its total on a day, with the hash of the document that says so; share caps follow it."""

    kind: ClassVar[str] = "attest"
    basis: str = field(validator=_name)
    total: int = field(validator=_amount)
    as_of: str = field(validator=_day)
    document_sha256: str = field(validator=_name)

    def document(self) -> dict[str, Any]:
        return {"as_of": self.as_of, "basis": self.basis, "client": self.client, "document_sha256": self.document_sha256,
                "key": self.key, "kind": "attest", "total": self.total}  # fmt: skip


@frozen
class Close(Request):
    """Close a bucket for good, when its year is over or its rule repealed; what is reserved can still be settled."""

    kind: ClassVar[str] = "close"
    bucket: int = field(validator=_amount)
    cite: str = field(validator=_name)

    def document(self) -> dict[str, Any]:
        return {"bucket": self.bucket, "cite": self.cite, "client": self.client, "key": self.key, "kind": "close"}


@frozen
class Carry(Request):
    """Close a bucket and count all that it holds in another, whatever the cap there: what was taken before a regime changed.

    ``source`` and ``bucket`` are bucket numbers, ``cite`` is the authority for it.  A bucket is carried once, and takes nothing
    afterwards; what is carried is an operation of its own, which ``Correct`` restates.
    """

    kind: ClassVar[str] = "carry"
    source: int = field(validator=_amount)
    bucket: int = field(validator=_amount)
    cite: str = field(validator=_name)

    def __attrs_post_init__(self) -> None:
        if self.source == self.bucket:
            raise ConflictingFacts(f"Bucket {self.bucket} cannot be carried into itself", at="bucket", value=self.bucket)

    def document(self) -> dict[str, Any]:
        return {
            "bucket": self.bucket,
            "cite": self.cite,
            "client": self.client,
            "key": self.key,
            "kind": "carry",
            "source": self.source,
        }


@frozen
class Correct(Request):
    """Restate the amounts of something committed: a return, a loss, an error of counting, with the reason."""

    kind: ClassVar[str] = "correct"
    of: tuple[str, str] = field(validator=_target)
    legs: Legs = field(validator=_new_amounts)
    reason: str = field(validator=_name)

    def document(self) -> dict[str, Any]:
        return {
            "client": self.client,
            "key": self.key,
            "kind": "correct",
            "legs": self.legs,
            "of": self.of,
            "reason": self.reason,
        }


@frozen
class Note(Request):
    """Record that something was decided that draws on no quota."""

    kind: ClassVar[str] = "note"
    record: str = field(validator=_name)

    def document(self) -> dict[str, Any]:
        return {"client": self.client, "key": self.key, "kind": "note", "record": self.record}


KINDS: Mapping[str, type[Request]] = {
    kind.kind: kind for kind in (Open, Reserve, Commit, Void, Expire, Recap, Attest, Close, Carry, Correct, Note)
}
_FIELDS: Mapping[str, tuple[str, ...]] = {
    name: tuple(a.name for a in kind.__attrs_attrs__ if a.init) for name, kind in KINDS.items()
}


def parse_request(document: Any) -> Request:
    """Return the request a document states; FactError names what is wrong with it.

    >>> parse_request({"kind": "void", "client": "acme", "key": "v-1", "of": ["acme", "PO-1"]})
    Void(client='acme', key='v-1', of=('acme', 'PO-1'))
    """
    if not isinstance(document, Mapping):
        raise BadType("A request is one object", at="request", value=str(document)[:80])
    kind = document.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        raise BadEnum(f"{kind!r} is no kind of request", at="kind", value=kind, nearest=nearest(str(kind), KINDS),
                      allowed=tuple(KINDS))  # fmt: skip
    values = {str(name): _tuples(value) for name, value in document.items() if name != "kind"}
    for name in values:
        if name not in _FIELDS[kind]:
            raise UnknownFact(f"A {kind} request has no {name!r}", at=name, value=name, nearest=nearest(name, _FIELDS[kind]))
    make: Callable[..., Request] = KINDS[kind]
    try:
        return make(**values)
    except TypeError as error:
        absent = [name for name in _FIELDS[kind] if name not in values]
        raise MissingRequired(f"A {kind} request needs {', '.join(absent)}", at=absent[0] if absent else kind) from error


def _tuples(value: Any) -> Any:
    return tuple(_tuples(part) for part in value) if isinstance(value, (list, tuple)) else value
