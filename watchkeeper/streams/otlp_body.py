"""Reading a request's body from ASGI: bounded in size, for one request and for all together."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

from starlette.types import Receive

from watchkeeper.streams.otlp_failure import Refused, busy, too_large
from watchkeeper.streams.otlp_inflate import Inflater


class ClientGone(Exception):
    """The client closed the connection before its request was complete; nobody waits for an answer."""


class ReceiveBudget:
    """How many bytes of bodies may be on their way in at one time, over all clients."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._held = 0

    @contextmanager
    def account(self) -> "Iterator[Account]":
        """One request's share, given back at the end."""
        account = Account(self)
        try:
            yield account
        finally:
            self._held -= account.held

    def take(self, size: int) -> None:
        """Reserve ``size`` bytes, or raise :class:`Refused`."""
        if self._held + size > self._max_bytes:
            raise Refused(busy("too many large requests are arriving at one time; send again later"))
        self._held += size


class Account:
    """What one request holds of the budget."""

    def __init__(self, budget: ReceiveBudget) -> None:
        self._budget = budget
        self.held = 0

    def take(self, size: int) -> None:
        self._budget.take(size)
        self.held += size


async def read_body(receive: Receive, max_bytes: int, account: Account) -> bytes:
    """The body as it comes. Raises :class:`Refused` above ``max_bytes`` and :class:`ClientGone`."""
    pieces: list[bytes] = []
    room = max_bytes
    async for piece in _pieces(receive):
        room -= len(piece)
        if room < 0:
            raise Refused(too_large(max_bytes))
        account.take(len(piece))
        pieces.append(piece)
    return b"".join(pieces)


async def read_inflated(receive: Receive, inflater: Inflater, account: Account) -> bytes:
    """The decompressed body. Raises as :func:`read_body`, and also where it does not decompress."""
    pieces: list[bytes] = []
    async for compressed in _pieces(receive):
        for step, piece in enumerate(inflater.feed(compressed)):
            account.take(len(piece))
            pieces.append(piece)
            if step:
                await asyncio.sleep(0)  # a bomb must not keep the others waiting
    inflater.finish()
    return b"".join(pieces)


async def _pieces(receive: Receive) -> AsyncIterator[bytes]:
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise ClientGone
        yield message.get("body", b"")
        if not message.get("more_body", False):
            return
