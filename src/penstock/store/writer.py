"""Group commit: any number of threads submit requests, one thread writes them in batches and answers each when it is durable."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, TypeVar

from penstock.ledger.requests import Request
from penstock.store.engine import Answer, Engine
from penstock.terms.errors import Fenced, LedgerUnavailable, PenstockError

__all__ = ["Records", "Writer"]

Records = Sequence[tuple[str, bytes]]
_Item = tuple[Request, Records, "Future[Answer]"]
_T = TypeVar("_T")
_BATCH_MAX = 512
_CLOSED = "The writer is closed"


class Writer:
    """The thread that owns an engine. A batch is whatever has come in while the batch before was written.

    After a failure the requests of the batch get LedgerUnavailable, and the next batch starts by recovering; a writer that
    was replaced stays stopped.
    """

    def __init__(self, engine: Engine, batch_max: int = _BATCH_MAX) -> None:
        self.engine = engine
        self._batch_max = batch_max
        self._queue: queue.SimpleQueue[_Item | Callable[[], None] | None] = queue.SimpleQueue()
        self._closed = False
        self._replaced: Fenced | None = None
        self._thread = threading.Thread(target=self._work, name="ledger writer", daemon=True)
        self._thread.start()

    def submit(self, request: Request, records: Records = ()) -> Future[Answer]:
        """Hand in a request; the future holds its answer once it is on the disk."""
        future: Future[Answer] = Future()
        if self._closed:
            future.set_exception(LedgerUnavailable(_CLOSED))
        else:
            self._queue.put((request, records, future))
            self._if_closed()
        return future

    def ask(self, request: Request, records: Records = (), timeout: float | None = None) -> Answer:
        """Hand in a request and wait for its answer."""
        return self.submit(request, records).result(timeout)

    def event(self, client: str, key: str) -> Mapping[str, Any] | None:
        """Return the event a key was used for first, or None; waits for what was handed in before."""
        return self._call(lambda: self.engine.event_of(client, key))

    def record(self, sha256: str) -> bytes | None:
        """Return a document kept beside the log."""
        return self._call(lambda: self.engine.record(sha256))

    def sweep(self) -> None:
        """Release the reservations whose time has run out."""
        before = -1
        while before != self.engine.state.seq:
            before = self.engine.state.seq
            self._call(lambda: self.engine.run([]))

    def _call(self, read: Callable[[], _T]) -> _T:
        """Run a read in the writer's thread, which owns the connection."""
        future: Future[_T] = Future()

        def run() -> None:
            try:
                if threading.current_thread() is not self._thread:
                    raise LedgerUnavailable(_CLOSED)
                self._ready()
                future.set_result(read())
            except Exception as error:
                future.set_exception(error)

        if self._closed:
            raise LedgerUnavailable(_CLOSED)
        self._queue.put(run)
        self._if_closed()
        return future.result()

    def _if_closed(self) -> None:
        """Turn away what was handed in behind the mark that stopped the thread, which would wait for ever."""
        if not self._closed:
            return
        self._thread.join()
        with suppress(queue.Empty):
            while True:
                item = self._queue.get_nowait()
                if isinstance(item, tuple):
                    item[2].set_exception(LedgerUnavailable(_CLOSED))
                elif item is not None:
                    item()

    def close(self) -> None:
        """Answer what was handed in, then stop and give up the ledger."""
        if not self._closed:
            self._closed = True
            self._queue.put(None)
            self._thread.join()
            self.engine.close()

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    # ---- the thread

    def _work(self) -> None:
        while True:
            items, then = self._collect()
            if items:
                self._answer(items)
            if then is None:
                return
            then()

    def _collect(self) -> tuple[list[_Item], Callable[[], None] | None]:
        """Return what has come in, and what to do after it: nothing more, a read, or (None) to stop."""
        items: list[_Item] = []
        item = self._queue.get()
        while isinstance(item, tuple):
            items.append(item)
            if len(items) >= self._batch_max:
                return items, _go_on
            try:
                item = self._queue.get_nowait()
            except queue.Empty:
                return items, _go_on
        return items, item

    def _answer(self, items: Sequence[_Item]) -> None:
        try:
            answers = self._run(items)
        except PenstockError as error:
            answers = [error] * len(items)
        except Exception as error:  # nothing is known of the batch, and the threads that wait must hear of it
            answers = [LedgerUnavailable(f"The writer failed: {type(error).__name__}: {error}")] * len(items)
        for (_, _, future), answer in zip(items, answers, strict=True):
            if isinstance(answer, Answer):
                future.set_result(answer)
            else:
                future.set_exception(answer)

    def _run(self, items: Sequence[_Item]) -> list[Answer | PenstockError]:
        self._ready()
        try:
            return self.engine.run([request for request, _, _ in items], [pair for _, pairs, _ in items for pair in pairs])
        except Fenced as error:
            self._replaced = error
            raise

    def _ready(self) -> None:
        """Recover after a failure; raise what replaced this writer."""
        if self._replaced is not None:
            raise self._replaced
        if not self.engine.usable:
            self.engine.recover()


def _go_on() -> None:
    """Do nothing after a batch."""
