"""The stand-in as a server in a thread of its own."""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import cast

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from demo import mock_provider
from tests.sdk.provider import anthropic_wire, google_wire, openai_wire, responses_wire
from tests.sdk.provider.request import PAUSE_S, read
from tests.sdk.provider.scenario import Api, Scenario, Seen

_WIRES: dict[Api, ModuleType] = {
    Api.CHAT: openai_wire,
    Api.EMBEDDINGS: openai_wire,
    Api.RESPONSES: responses_wire,
    Api.MESSAGES: anthropic_wire,
    Api.GENERATE: google_wire,
    Api.GOOGLE_EMBEDDINGS: google_wire,
}
_METHODS = {
    "generateContent": Api.GENERATE,
    "streamGenerateContent": Api.GENERATE,
    "embedContent": Api.GOOGLE_EMBEDDINGS,
    "batchEmbedContents": Api.GOOGLE_EMBEDDINGS,
}
_PATIENCE_S = 10.0
_FIRST = 101


@dataclass(frozen=True)
class Provider:
    """Three interfaces under one address, and a record of what was asked."""

    address: str
    seen: list[Seen]
    """Requests in the order of their arrival: an automatic retry is one more."""

    @property
    def openai_url(self) -> str:
        return f"{self.address}/v1"

    @property
    def anthropic_url(self) -> str:
        return f"{self.address}/anthropic"

    @property
    def google_url(self) -> str:
        return f"{self.address}/google"

    def labelled(self, label: str) -> Seen:
        """The last request whose prompt carried ``label``. Raises :class:`LookupError`."""
        for one in reversed(self.seen):
            if one.label == label:
                return one
        raise LookupError(f"no request was labelled {label!r}")


@contextmanager
def serving() -> Iterator[Provider]:
    """A provider on a free loopback port. Raises :class:`RuntimeError` when it does not start within 10 s."""
    script = _Script()
    # The demo's server asks for nothing but the ASGI application.
    with mock_provider.serving(cast(mock_provider.MockProvider, script)) as address:
        yield Provider(address, script.seen)


class _Script:
    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self._numbers = itertools.count(_FIRST)
        self.app = Starlette(
            routes=[
                Route("/v1/chat/completions", self._handler(Api.CHAT), methods=["POST"]),
                Route("/v1/responses", self._handler(Api.RESPONSES), methods=["POST"]),
                Route("/v1/embeddings", self._handler(Api.EMBEDDINGS), methods=["POST"]),
                Route("/anthropic/v1/messages", self._handler(Api.MESSAGES), methods=["POST"]),
                Route("/google/{version}/models/{call}", self._google, methods=["POST"]),
            ]
        )

    def _handler(self, api: Api) -> Callable[[Request], Awaitable[Response]]:
        async def handle(request: Request) -> Response:
            return await self._handle(request, api)

        return handle

    async def _google(self, request: Request) -> Response:
        model, _, method = request.path_params["call"].partition(":")
        return await self._handle(request, _METHODS[method], model, method.startswith("stream"))

    async def _handle(self, request: Request, api: Api, model: str = "", stream: bool = False) -> Response:
        try:
            raw = await request.body()
        except ClientDisconnect:
            return Response(status_code=499)
        seen = read(raw, api, next(self._numbers), model, stream)
        self.seen.append(seen)
        if seen.scenario is Scenario.TIMEOUT:
            await _client_left(request)
            return Response(status_code=504)
        return _respond(seen)


def _respond(seen: Seen) -> Response:
    wire = _WIRES[seen.api]
    headers = {"x-request-id": f"req_{seen.id}", "request-id": f"req_{seen.id}"}
    if _fails(seen):
        status, body = wire.error(seen)
        waits = {"retry-after": "1", "retry-after-ms": "20"} if status == 429 else {}
        return JSONResponse(body, status_code=status, headers=headers | waits)
    if seen.streamed:
        return StreamingResponse(_stream(wire, seen), media_type="text/event-stream", headers=headers)
    return JSONResponse(wire.answer(seen), headers=headers)


def _fails(seen: Seen) -> bool:
    if seen.api is Api.MESSAGES and seen.scenario is Scenario.FILTERED:
        return True
    return seen.scenario in (Scenario.RATE_LIMITED, Scenario.SERVER_ERROR)


async def _stream(wire: ModuleType, seen: Seen) -> AsyncIterator[bytes]:
    for event in wire.events(seen):
        if event is None:
            await asyncio.sleep(PAUSE_S)
            continue
        name = f"event: {event['type']}\n" if "type" in event else ""
        yield f"{name}data: {json.dumps(event)}\n\n".encode()
        await asyncio.sleep(0)
    if seen.api is Api.CHAT:
        yield b"data: [DONE]\n\n"


async def _client_left(request: Request) -> None:
    try:
        await asyncio.wait_for(request.receive(), _PATIENCE_S)
    except TimeoutError:
        return
