"""``penstock ledger serve``: one writer and many readers over HTTP (extra ``serve``).

=======  ==============================  ==============================================================================
POST     ``/requests``                   one request of :mod:`penstock.ledger.requests`; answered once it is durable
POST     ``/ship``                       ``{document, client, key, stance, on}``: decide, take and record
GET      ``/balances``                   every bucket and denominator
GET      ``/events?from=0&limit=100``    the log
GET      ``/proof/{seq}?size=N``         inclusion proof of an event
GET      ``/consistency/{old}?size=N``   consistency proof of a prefix
GET      ``/checkpoint``, ``/tile/…``    the static files of C2SP tlog-tiles, under the newest signed checkpoint
=======  ==============================  ==============================================================================

Errors are the documents of the contract: 409 for a key used twice, 422 for a request that is none, 503 when nothing can be
written now; after a 503 the same key tells what was recorded.
"""

from __future__ import annotations

import asyncio
import gc
import json
from collections import deque
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import Future
from contextlib import suppress
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import Route

from penstock.ledger.requests import parse_request
from penstock.store.backend import Backend
from penstock.store.create import open_backend
from penstock.store.desk import Desk, short_of
from penstock.store.engine import Answer
from penstock.store.history import Books, events
from penstock.store.publish import prove_consistency, prove_inclusion, static_file
from penstock.store.writer import Writer
from penstock.terms.dates import parse_date
from penstock.terms.documents import parse_document
from penstock.terms.errors import (
    BadDocument,
    BadNumber,
    ConflictingFacts,
    LedgerUnavailable,
    MissingRequired,
    PenstockError,
    UnknownFact,
)
from penstock.terms.numbers import dump_json

__all__ = ["application", "run"]

_Scope = MutableMapping[str, Any]
_Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
_Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
_BODY_MAX = 1 << 20
_EVENTS_MAX = 1000
_JSON = b"application/json"


def application(writer: Writer, place: str) -> Callable[[_Scope, _Receive, _Send], Awaitable[None]]:
    """Return the ASGI application of a ledger: its writer, and the place its readers open."""
    service = _Service(writer, place)
    rest = service.routes()

    async def app(scope: _Scope, receive: _Receive, send: _Send) -> None:
        if scope["type"] == "http" and scope["path"] == "/requests" and scope["method"] == "POST":
            await service.request(receive, send)
        else:
            await rest(scope, receive, send)

    return app


def run(writer: Writer, place: str, host: str, port: int) -> None:
    """Serve until the process is told to stop."""
    import uvicorn

    gc.freeze()  # what is loaded by now stays, and need not be looked through again while requests wait
    config = uvicorn.Config(application(writer, place), host=host, port=port, log_level="warning", access_log=False)
    uvicorn.Server(config).run()


def _status(error: PenstockError) -> int:
    if isinstance(error, LedgerUnavailable):
        return 503
    if isinstance(error, ConflictingFacts) and error.at == "key":
        return 409
    return 422


async def _body(receive: _Receive) -> bytes:
    parts, size = [], 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise BadDocument("The request ended before its body did")
        part = message.get("body", b"")
        parts.append(part)
        size += len(part)
        if size > _BODY_MAX:
            raise BadDocument(f"The body has more than {_BODY_MAX} bytes", value=size)
        if not message.get("more_body"):
            return b"".join(parts)


async def _reply(send: _Send, status: int, body: bytes) -> None:
    headers = [(b"content-type", _JSON), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class _Mailbox:
    """Answers on their way from the writer's thread to the loop, which is woken once for all that lie there."""

    def __init__(self) -> None:
        self._lying: deque[tuple[asyncio.Future[Answer], Future[Answer]]] = deque()
        self._woken = False

    async def answer(self, future: Future[Answer]) -> Answer:
        """Wait for an answer."""
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[Answer] = loop.create_future()
        future.add_done_callback(lambda done: self._put(loop, waiter, done))
        return await waiter

    def _put(self, loop: asyncio.AbstractEventLoop, waiter: asyncio.Future[Answer], done: Future[Answer]) -> None:
        self._lying.append((waiter, done))
        if not self._woken:
            self._woken = True
            with suppress(RuntimeError):  # the loop is closed, and nobody waits any more
                loop.call_soon_threadsafe(self._deliver)

    def _deliver(self) -> None:
        self._woken = False
        while self._lying:
            waiter, done = self._lying.popleft()
            if not waiter.done():
                error = done.exception()
                waiter.set_exception(error) if error else waiter.set_result(done.result())


class _Service:
    def __init__(self, writer: Writer, place: str) -> None:
        self._mailbox = _Mailbox()
        self._writer = writer
        self._place = place
        self._desk = Desk(writer)

    # ---- the hot path

    async def request(self, receive: _Receive, send: _Send) -> None:
        """Answer one request once it is durable."""
        try:
            body = await _body(receive)
            try:
                document = json.loads(body)
            except ValueError:
                raise BadDocument("The body is no JSON document") from None
            answer = await self._mailbox.answer(self._writer.submit(parse_request(self._named(document))))
            more = b', "repeated": true' if answer.repeated else b""
            await _reply(send, 200, b'{"event": ' + json.dumps(answer.event).encode() + more + self._short(answer) + b"}")
        except PenstockError as error:
            await _reply(send, _status(error), dump_json(error.document()).encode())

    def _short(self, answer: Any) -> bytes:
        if answer.ok or "short" not in answer.event:
            return b""
        return b', "short": ' + json.dumps(short_of(answer, self._writer.engine.state)).encode()

    def _named(self, document: Any) -> Any:
        """Put bucket numbers for the names of buckets in legs."""
        legs = document.get("legs") if isinstance(document, dict) else None
        if isinstance(legs, dict):
            pairs = [(self._desk.bucket(name).number, amount) for name, amount in legs.items()]
            document["legs"] = sorted(pairs)
        for place in ("bucket", "source"):
            bucket = document.get(place) if isinstance(document, dict) else None
            if isinstance(bucket, str) and document.get("kind") != "open":
                document[place] = self._desk.bucket(bucket).number
        return document

    # ---- the rest

    def routes(self) -> Starlette:
        """Return the other endpoints."""
        reads = {"/balances": _balances, "/events": _events, "/proof/{seq}": _proof, "/consistency/{old}": _consistency,
                 "/checkpoint": _checkpoint, "/tile/{path:path}": _tile}  # fmt: skip
        routes = [Route(path, self._read(read)) for path, read in reads.items()]
        return Starlette(routes=[*routes, Route("/ship", self._ship, methods=["POST"])])

    def _read(self, read: Callable[[Backend, HttpRequest], Any]) -> Callable[[HttpRequest], Awaitable[Response]]:
        """Return an endpoint that reads with a connection of its own."""

        def work(request: HttpRequest) -> Response:
            try:
                backend = open_backend(self._place, read_only=True)
                try:
                    found = read(backend, request)
                finally:
                    backend.close()
            except PenstockError as error:
                return _failed(error)
            return found if isinstance(found, Response) else _document(found)

        async def endpoint(request: HttpRequest) -> Response:
            return await run_in_threadpool(work, request)

        return endpoint

    async def _ship(self, request: HttpRequest) -> Response:
        try:
            try:
                text = (await _body(request.receive)).decode()
            except UnicodeDecodeError:
                raise BadDocument("The body is not UTF-8 text") from None
            return await run_in_threadpool(self._shipped, parse_document(text))
        except PenstockError as error:
            return _failed(error)

    def _shipped(self, asked: dict[str, Any]) -> Response:
        needed = ("client", "document", "key", "on", "stance")
        for name in needed:
            if name not in asked:
                raise MissingRequired(f"{name} is not given", at=name)
        for name in asked.keys() - {*needed, "known", "regime", "site", "switches"}:
            raise UnknownFact(f"A shipment has no {name!r}", at=name, value=name)
        site = None if asked.get("site") is None else str(asked["site"])
        known = None if asked.get("known") is None else parse_date(asked["known"], "known")
        done = self._desk.ship(
            asked["document"], str(asked["client"]), str(asked["key"]), str(asked["stance"]), parse_date(asked["on"], "on"),
            known, asked.get("regime", "actual"), asked.get("switches"), site,
        )  # fmt: skip
        stance = None if done.determination is None else done.determination.stance(done.stance)
        return _document({
            "recorded": done.recorded,
            "events": [answer.event for answer in done.answers],
            "short": [entry for answer in done.answers for entry in short_of(answer, self._desk.state)],
            "outcome": stance.outcome if stance else done.record.document["outcome"] if done.record else None,
            "may_proceed": stance.may_proceed if stance else done.record.document["may_proceed"] if done.record else None,
            "record_sha256": done.record.sha256 if done.record else None,
        })  # fmt: skip


def _document(found: Any) -> Response:
    return Response(dump_json(found), media_type="application/json")


def _failed(error: PenstockError) -> Response:
    return Response(dump_json(error.document()), status_code=_status(error), media_type="application/json")


def _number(text: str | None, name: str, otherwise: int | None) -> int | None:
    if text is None:
        return otherwise
    if not (text.isascii() and text.isdecimal()):
        raise BadNumber(f"{name} is a whole number", at=name, value=text)
    return int(text)


def _balances(backend: Backend, request: HttpRequest) -> Any:
    books = Books(backend)
    bases = [{"basis": b.name, "total_tpp": b.total, "as_of": b.as_of} for b in books.bases.values()]
    return {"buckets": [bucket.document() for bucket in books.buckets], "denominators": bases}


def _events(backend: Backend, request: HttpRequest) -> Any:
    first = _number(request.query_params.get("from"), "from", 0) or 0
    limit = min(_number(request.query_params.get("limit"), "limit", 100) or 0, _EVENTS_MAX)
    return list(events(backend, first, min(backend.head().seq, first + limit)))


def _proof(backend: Backend, request: HttpRequest) -> Any:
    seq = _number(request.path_params["seq"], "seq", 0) or 0
    return prove_inclusion(backend, seq, _number(request.query_params.get("size"), "size", None))


def _consistency(backend: Backend, request: HttpRequest) -> Any:
    old = _number(request.path_params["old"], "old", 0) or 0
    return prove_consistency(backend, old, _number(request.query_params.get("size"), "size", None))


def _checkpoint(backend: Backend, request: HttpRequest) -> Response:
    note = backend.checkpoint()
    return Response(note or "", status_code=200 if note else 404, media_type="text/plain")


def _tile(backend: Backend, request: HttpRequest) -> Response:
    note = backend.checkpoint()
    found = None if note is None else static_file(backend, f"tile/{request.path_params['path']}", int(note.splitlines()[1]))
    return Response(found or b"", status_code=404 if found is None else 200, media_type="application/octet-stream")
