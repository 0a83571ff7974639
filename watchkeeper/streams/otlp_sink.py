"""Where the OTLP receivers hand requests over: one contract for the embedded queue and for Kafka."""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from watchkeeper.streams.source import Encoding, Signal


class Verdict(StrEnum):
    """What became of a request."""

    STORED = "stored"
    """All of it is safe. Only this and ``PARTIAL`` let a client forget its spans."""
    PARTIAL = "partial"
    """Safe, except ``rejected`` spans that can never be stored."""
    MALFORMED = "malformed"
    """Nothing was stored, and sending the same bytes again cannot help."""
    BUSY = "busy"
    """Nothing was taken: the queue is full. Send again a little later."""
    UNAVAILABLE = "unavailable"
    """Not known to be stored: the store is down, or we are stopping. Send again later."""


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to one request. ``message`` is shown to the client: no secrets, no content."""

    verdict: Verdict
    message: str = ""
    rejected: int = 0


STORED = Reply(Verdict.STORED)


class Sink(Protocol):
    """Takes OTLP requests from the receivers and says when they are safe."""

    def submit(self, signal: Signal, encoding: Encoding, body: bytes) -> Future[Reply]:
        """Take ``body`` (decompressed, otherwise untouched) and return the future of its reply.

        Called on the receivers' event loop, so it must return at once: what cannot be taken now gets a future
        that already holds ``BUSY`` or ``UNAVAILABLE``. The future may be resolved on any thread, with a
        reply or with an exception (which the client sees as ``UNAVAILABLE``). It is never cancelled by the
        receivers: a client that gave up may not send again, so what was taken is stored all the same.
        """
        ...


Validate = Callable[[Signal, Encoding, bytes], str | None]
"""Says why a body is malformed, or None. For sinks whose reply cannot say it (the gateway to Kafka)."""


def answered(reply: Reply) -> Future[Reply]:
    """A future that is done already."""
    future: Future[Reply] = Future()
    future.set_result(reply)
    return future
