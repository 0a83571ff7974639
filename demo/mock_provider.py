"""A small mock of two LLM providers on loopback, which keeps the truth about what it was asked.

It speaks OpenAI (Chat Completions with streams, Responses, Embeddings) under ``/v1`` and Anthropic Messages
under ``/anthropic/v1``. Which answer a request gets depends on the seed and the request (:mod:`demo.draw`).
"""

import asyncio
import hashlib
import json
import socket
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from demo import anthropic_wire, openai_wire
from demo.draw import Api, Ask, Reply, draw
from demo.profiles import PROFILES, Ending, ModelProfile
from demo.truth import Truth

_START_S = 10.0
_STOP_S = 5.0
_CLIENT_CLOSED = 499
_ATTEMPT_HEADER = "x-stainless-retry-count"
"""Both vendors' clients send it: 0 for the first attempt."""


class MockProvider:
    """An ASGI application and its books.

    ``profiles`` maps a model, or ``application/model`` for one application alone, to its behaviour. The
    application is the API key without its ``sk-demo-`` prefix.
    """

    def __init__(self, seed: int, profiles: Mapping[str, ModelProfile] = PROFILES) -> None:
        self.truth = Truth()
        self._seed = seed
        self._profiles = profiles
        self.app = Starlette(
            routes=[
                Route("/v1/chat/completions", self._handler(Api.CHAT), methods=["POST"]),
                Route("/v1/responses", self._handler(Api.RESPONSES), methods=["POST"]),
                Route("/v1/embeddings", self._handler(Api.EMBEDDINGS), methods=["POST"]),
                Route("/anthropic/v1/messages", self._handler(Api.MESSAGES), methods=["POST"]),
            ]
        )

    def _handler(self, api: Api) -> Callable[[Request], Awaitable[Response]]:
        async def handle(request: Request) -> Response:
            return await self._handle(request, api)

        return handle

    async def _handle(self, request: Request, api: Api) -> Response:
        try:
            ask = _read(request, await request.body(), api)
        except ClientDisconnect:
            return Response(status_code=_CLIENT_CLOSED)
        profile = self._profiles.get(f"{ask.application}/{ask.model}") or self._profiles.get(ask.model)
        if profile is None:
            unknown = f"The model `{ask.model}` does not exist"
            return JSONResponse({"error": {"message": unknown}}, status_code=404)
        reply = draw(profile, ask, self._seed)
        self.truth.opened()
        gone = True
        try:
            gone = await _client_left(request, reply.ttft_s if ask.stream else reply.total_s)
        finally:
            self.truth.closed(ask, reply, gone)
        return _respond(profile, ask, reply)


def _respond(profile: ModelProfile, ask: Ask, reply: Reply) -> Response:
    wire = anthropic_wire if ask.api is Api.MESSAGES else openai_wire
    if reply.ending in (Ending.RATE_LIMITED, Ending.SERVER_ERROR):
        limited = reply.ending is Ending.RATE_LIMITED
        headers = {"retry-after": "1", "retry-after-ms": str(profile.retry_after_ms)} if limited else {}
        return JSONResponse(wire.error(reply), status_code=429 if limited else 500, headers=headers)
    headers = {"x-request-id": f"req_{reply.id}", "request-id": f"req_{reply.id}"}
    if ask.stream:
        events = _stream(wire, profile, ask, reply)
        return StreamingResponse(events, media_type="text/event-stream", headers=headers)
    return JSONResponse(wire.answer(profile, ask, reply), headers=headers)


async def _stream(wire: ModuleType, profile: ModelProfile, ask: Ask, reply: Reply) -> AsyncIterator[bytes]:
    events = list(wire.events(profile, ask, reply))
    pause_s = reply.rest_s / len(events)
    for event in events:
        name = b"" if ask.api is Api.CHAT else f"event: {event['type']}\n".encode()
        yield name + b"data: " + orjson.dumps(event) + b"\n\n"
        await asyncio.sleep(pause_s)
    if ask.api is Api.CHAT:
        yield b"data: [DONE]\n\n"


async def _client_left(request: Request, seconds: float) -> bool:
    """Let ``seconds`` pass, or less if the client goes away; did it?"""
    try:
        message = await asyncio.wait_for(request.receive(), seconds)
    except TimeoutError:
        return False
    return bool(message["type"] == "http.disconnect")


def _read(request: Request, raw: bytes, api: Api) -> Ask:
    body = json.loads(raw)
    headers = request.headers
    key = headers.get("x-api-key") or headers.get("authorization", "").removeprefix("Bearer ")
    return Ask(
        api=api,
        application=key.removeprefix("sk-demo-"),
        model=body["model"],
        digest=hashlib.blake2b(raw, digest_size=12).hexdigest(),
        attempt=1 + int(headers.get(_ATTEMPT_HEADER, "0")),
        stream=bool(body.get("stream")),
        include_usage=api is Api.MESSAGES or bool((body.get("stream_options") or {}).get("include_usage")),
        wants_json=_wants_json(body),
        tool=_first_tool(body),
    )


def _wants_json(body: Mapping[str, Any]) -> bool:
    asked: Any = body.get("response_format") or (body.get("output_config") or {}).get("format") or {}
    return asked.get("type") in ("json_object", "json_schema")


def _first_tool(body: Mapping[str, Any]) -> str:
    tools = body.get("tools") or []
    if not tools:
        return ""
    return str(tools[0].get("function", tools[0]).get("name", ""))


@contextmanager
def serving(provider: MockProvider) -> Iterator[str]:
    """Run ``provider`` in a thread on a free loopback port; gives its address, ``http://127.0.0.1:port``.

    Raises :class:`RuntimeError` when it does not start within 10 s.
    """
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        provider.app, log_level="warning", access_log=False, lifespan="off", timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listener],), name="mock-provider", daemon=True)
    thread.start()
    try:
        _wait_until_started(server, thread)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(_STOP_S)
        listener.close()


def _wait_until_started(server: uvicorn.Server, thread: threading.Thread) -> None:
    pause = threading.Event()
    for _ in range(int(_START_S / 0.02)):
        if server.started:
            return
        if not thread.is_alive():
            break
        pause.wait(0.02)
    raise RuntimeError("the mock provider did not start: see the lines above")
