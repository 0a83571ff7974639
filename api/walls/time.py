"""The wall against requests that never end and against too many at once."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import problem_response

_READS = ("GET", "HEAD", "OPTIONS")
_RETRY = {"Retry-After": "1"}
_IN_WORK = "in_work"


@dataclass(frozen=True, slots=True)
class TimeLimits:
    """Seconds until an answer must begin, and how many requests may be in work at one time."""

    read_s: float = 30.0
    write_s: float = 600.0
    in_work: int = 256


class TimeWall:
    """Answers 504 where the answer does not begin in time, and 503 where too many requests are in work.

    What is late goes on until its query ends, which the store sees to; its answer goes nowhere. An answer that has
    begun, such as a stream, may take as long as it needs.
    """

    def __init__(self, app: ASGIApp, limits: TimeLimits) -> None:
        self._app = app
        self._limits = limits
        self._in_work: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif len(self._in_work) >= self._limits.in_work:
            detail = f"{self._limits.in_work} requests are in work. Try again in a second."
            await problem_response(503, "Too busy", detail, _RETRY)(scope, receive, send)
        else:
            await self._within_limit(scope, receive, send)

    async def _within_limit(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = _Answer(send)
        task = asyncio.create_task(self._run(scope, receive, answer.send))
        self._in_work.add(task)
        scope.setdefault("state", {})[_IN_WORK] = self._in_work
        task.add_done_callback(self._in_work.discard)
        task.add_done_callback(answer.end)
        seconds = self._limits.read_s if scope["method"] in _READS else self._limits.write_s
        try:
            async with asyncio.timeout(seconds):
                await answer.begun.wait()
        except TimeoutError:
            answer.is_late = True
            await _late(scope["method"], seconds)(scope, receive, send)
            return
        except asyncio.CancelledError:
            task.cancel()
            raise
        await task

    async def _run(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)


@contextmanager
def only_waiting(scope: Scope) -> Iterator[None]:
    """While inside, the request does not count as one in work: it waits, and whoever lets it wait bounds that."""
    in_work, task = scope["state"][_IN_WORK], asyncio.current_task()
    counted = task in in_work
    in_work.discard(task)
    try:
        yield
    finally:
        if counted:
            in_work.add(task)


class _Answer:
    """Watches for the start of an answer."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.begun = asyncio.Event()
        self.is_late = False

    async def send(self, message: Message) -> None:
        if not self.is_late:
            self.begun.set()
            await self._send(message)

    def end(self, task: asyncio.Task[None]) -> None:
        self.begun.set()
        if self.is_late and not task.cancelled():
            # Looked at, so that the loop does not complain: the client has its answer.
            task.exception()


def _late(method: str, seconds: float) -> ASGIApp:
    if method in _READS:
        hint = "Choose a shorter period or a filter."
    else:
        hint = "It may still be under way: look before you send it again."
    return problem_response(504, "Took too long", f"There is no answer after {seconds:g} s. {hint}")
