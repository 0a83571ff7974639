"""What HTTP and gRPC have in common: hand a request to the sink and wait for its reply, within bounds."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial

from watchkeeper.errors import WatchkeeperError
from watchkeeper.streams.otlp_endpoints import METRICS_DISCARDED, Endpoint, partial_success, success
from watchkeeper.streams.otlp_failure import Refused, failure_of, malformed, unavailable
from watchkeeper.streams.otlp_sink import Reply, Sink, Validate, Verdict
from watchkeeper.streams.source import Encoding, Signal

_STOPPING = Reply(Verdict.UNAVAILABLE, "the collector is shutting down; send again later")
_TIMED_OUT = Reply(Verdict.UNAVAILABLE, "the data was not stored in time; send again later")
_BROKEN = Reply(Verdict.UNAVAILABLE, "the data could not be handed over; send again later")


@dataclass(frozen=True, slots=True)
class Answered:
    """One answered request, for metrics: ``status`` is the HTTP status or the name of the gRPC code."""

    transport: str
    endpoint: str
    status: str


Observe = Callable[[Answered], None]


class Exchange:
    """Requests in work, answered in time. Lives on one event loop; replies come from any thread."""

    def __init__(self, sink: Sink, validate: Validate | None, timeout_s: float) -> None:
        self._sink = sink
        self._validate = validate
        self._timeout_s = timeout_s
        self._waiting: set[asyncio.Future[Reply]] = set()
        self._stopping = False

    async def export(self, endpoint: Endpoint, encoding: Encoding, body: bytes) -> bytes:
        """Have ``body`` stored and return the answer's bytes. Raises :class:`Refused` where it was not."""
        if endpoint.signal is None:
            return partial_success(endpoint, encoding, 0, METRICS_DISCARDED)
        reply = await self._store(endpoint.signal, encoding, body)
        failure = failure_of(reply)
        if failure is not None:
            raise Refused(failure)
        if reply.verdict is Verdict.PARTIAL:
            return partial_success(endpoint, encoding, reply.rejected, reply.message)
        return success(encoding)

    def check_open(self) -> None:
        """Raises :class:`Refused` once the shutdown has begun."""
        if self._stopping:
            raise Refused(unavailable(_STOPPING.message))

    async def stop(self, deadline_s: float) -> None:
        """Take nothing new; give the requests in work ``deadline_s``, then answer them "send again later"."""
        self._stopping = True
        if self._waiting:
            await asyncio.wait(set(self._waiting), timeout=deadline_s)
        for waiting in tuple(self._waiting):
            _settle(waiting, _STOPPING)

    async def _store(self, signal: Signal, encoding: Encoding, body: bytes) -> Reply:
        self.check_open()
        self._check_wellformed(signal, encoding, body)
        reply = self._submit(signal, encoding, body)
        if reply.done():
            return _read(reply)
        return await self._wait(reply)

    def _check_wellformed(self, signal: Signal, encoding: Encoding, body: bytes) -> None:
        reason = self._validate(signal, encoding, body) if self._validate is not None else None
        if reason is not None:
            raise Refused(malformed(reason))

    def _submit(self, signal: Signal, encoding: Encoding, body: bytes) -> Future[Reply]:
        try:
            return self._sink.submit(signal, encoding, body)
        except WatchkeeperError:
            raise Refused(unavailable(_BROKEN.message)) from None

    async def _wait(self, reply: Future[Reply]) -> Reply:
        loop = asyncio.get_running_loop()
        waiting: asyncio.Future[Reply] = loop.create_future()
        self._waiting.add(waiting)
        timer = loop.call_later(self._timeout_s, _settle, waiting, _TIMED_OUT)
        reply.add_done_callback(partial(_deliver, loop, waiting))
        try:
            return await waiting
        finally:
            timer.cancel()
            self._waiting.discard(waiting)


def _deliver(loop: asyncio.AbstractEventLoop, waiting: asyncio.Future[Reply], reply: Future[Reply]) -> None:
    if not loop.is_closed():  # else the receivers stopped before the store answered, and told the client so
        loop.call_soon_threadsafe(_settle, waiting, _read(reply))


def _settle(waiting: asyncio.Future[Reply], reply: Reply) -> None:
    if not waiting.done():
        waiting.set_result(reply)


def _read(reply: Future[Reply]) -> Reply:
    if reply.cancelled() or reply.exception() is not None:
        return _BROKEN
    return reply.result()
