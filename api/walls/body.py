"""The wall against large bodies, whether their length is announced or comes in pieces."""

from fastapi import Request
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import problem_response


class BodyTooLarge(HTTPException):
    """Raised where the body is read, and answered by :func:`on_too_large`."""

    def __init__(self, limit: int) -> None:
        super().__init__(413, f"a request may have {limit:,} bytes (WATCHKEEPER_API_MAX_BODY_BYTES): send less at once")


class BodyWall:
    """Lets bodies of at most ``max_bytes`` through."""

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self._app = app
        self._max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = dict(scope["headers"]).get(b"content-length", b"")
        if announced.isdigit() and int(announced) > self._max_bytes:
            await too_large(BodyTooLarge(self._max_bytes))(scope, receive, send)
            return
        await self._app(scope, self._counted(receive), send)

    def _counted(self, receive: Receive) -> Receive:
        received = 0

        async def counting() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._max_bytes:
                raise BodyTooLarge(self._max_bytes)
            return message

        return counting


def too_large(error: BodyTooLarge) -> JSONResponse:
    """The problem that says so."""
    return problem_response(413, "Too large", f"{error.detail}.")


async def on_too_large(_: Request, error: Exception) -> JSONResponse:
    """As an exception handler: where the length was not announced, the route has begun to read."""
    return too_large(error if isinstance(error, BodyTooLarge) else BodyTooLarge(0))
