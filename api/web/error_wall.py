"""The wall that turns problems into pages for whoever looks with a browser; the API's own paths are left alone."""

from collections.abc import Mapping

import orjson
from fastapi import Request
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.web.rendering import Renderer

_OF_THE_API = ("/v1", "/docs", "/openapi.json", "/metrics", "/healthz", "/readyz", "/livez")
_PROBLEM = "application/problem+json"
_REPLACED = ("content-type", "content-length", "content-security-policy", "referrer-policy")


class ErrorWall:
    """Lies around all other walls, so that what they refuse is a page too."""

    def __init__(self, app: ASGIApp, renderer: Renderer) -> None:
        self._app = app
        self._renderer = renderer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not is_for_people(scope):
            await self._app(scope, receive, send)
            return
        answer = _Answer(send)
        await self._app(scope, receive, answer.send)
        if answer.problem is not None:
            kept = {name: value for name, value in answer.headers.items() if name not in _REPLACED}
            document = orjson.loads(bytes(answer.body))
            page = self._renderer.page(Request(scope), "error.html", answer.problem, problem=document)
            page.headers.update(kept)
            await page(scope, receive, send)


def is_for_people(scope: Scope) -> bool:
    """Does a browser ask, and not for what belongs to the API?"""
    wants = Headers(scope=scope).get("accept", "")
    return "text/html" in wants and not scope["path"].startswith(_OF_THE_API)


class _Answer:
    """Lets an answer through, but holds a problem back."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.problem: int | None = None
        """The status of one."""
        self.headers: Mapping[str, str] = {}
        self.body = bytearray()

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = Headers(raw=message["headers"])
            if headers.get("content-type") == _PROBLEM:
                self.problem, self.headers = message["status"], dict(headers)
        if self.problem is None:
            await self._send(message)
        elif message["type"] == "http.response.body":
            self.body += message.get("body", b"")
