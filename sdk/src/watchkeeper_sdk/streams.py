"""Looking on while the application reads a stream, without coming between the two.

What a watching function returns stands for the stream in everything: iteration, ``with``, ``close()``, attributes
and ``isinstance``. What the stream raises reaches the application as it is; what our callbacks raise does not.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any, TypeVar, cast

from watchkeeper_sdk._safety import guarded

S = TypeVar("S")

OnChunk = Callable[[object], None]
OnEnd = Callable[["BaseException | None"], None]


def watch_stream(stream: S, on_chunk: OnChunk, on_end: OnEnd) -> S:
    """``stream``, watched: an iterator, an iterable, or the stream object or stream manager of a provider's client.

    ``on_chunk`` gets every chunk just before the application does. ``on_end`` is called once: with ``None`` when the
    stream is exhausted, closed or dropped, else with the exception it raised. A dropped stream may end inside garbage
    collection, on any thread: ``on_end`` must not wait for a lock that its own thread can hold.
    """
    return _watched(stream, _Watch(on_chunk, on_end))


def watch_async_stream(stream: S, on_chunk: OnChunk, on_end: OnEnd) -> S:
    """As :func:`watch_stream`, for async iterators and the async stream objects of clients.

    A cancelled read ends the stream with its ``CancelledError``.
    """
    return _watched(stream, _Watch(on_chunk, on_end))


class _Watch:
    """The two callbacks: no exception leaves them, and the end comes once."""

    __slots__ = ("_on_chunk", "_on_end")

    def __init__(self, on_chunk: OnChunk, on_end: OnEnd) -> None:
        self._on_chunk = on_chunk
        self._on_end = [on_end]

    @guarded
    def chunk(self, chunk: object) -> None:
        self._on_chunk(chunk)

    @guarded
    def end(self, error: BaseException | None) -> None:
        """Popping is atomic: of two threads that end a stream, one calls."""
        try:
            on_end = self._on_end.pop()
        except IndexError:
            return
        on_end(None if isinstance(error, GeneratorExit) else error)

    @property
    def ended(self) -> bool:
        return not self._on_end


def _watched(stream: S, watch: _Watch) -> S:
    stand_in = _stand_in(stream, watch)
    if stand_in is None:
        watch.end(None)
        return stream
    return cast(S, stand_in)


def _stand_in(stream: object, watch: _Watch) -> object | None:
    """What speaks the protocols ``stream`` speaks, and no others, for frameworks ask for them; ``None``: no stream."""
    kind = type(stream)
    iterates = hasattr(kind, "__iter__") or hasattr(kind, "__next__")
    awaits = hasattr(kind, "__aiter__") or hasattr(kind, "__anext__")
    if isinstance(stream, (str, bytes, dict)):
        return None
    if iterates or awaits:
        return stream if _watch_inside(stream, watch) else _STREAMS[iterates, awaits](stream, watch)
    manager = _MANAGERS.get((hasattr(kind, "__enter__"), hasattr(kind, "__aenter__")))
    return None if manager is None else manager(stream, watch)


def _watch_inside(stream: object, watch: _Watch) -> bool:
    """Watch the events below a stream helper of the OpenAI or Anthropic client; was it one?

    Helpers can be read in many ways (events, ``text_stream``, ``get_final_message()``), all fed from ``_raw_stream``.
    """
    if not hasattr(type(stream), "until_done"):
        return False
    helper = cast(Any, stream)
    try:
        raw = helper._raw_stream
        helper._raw_stream = raw  # may it be set at all?
    except Exception:  # noqa: BLE001  not the helper we know
        return False
    stand_in = WatchedAsyncStream if hasattr(type(raw), "__anext__") else WatchedStream
    helper._raw_stream = stand_in(raw, watch)
    return True


class _StandIn:
    """Delegates what it does not watch. Its own names are long, for the stream's attributes must shine through."""

    def __init__(self, stream: Any, watch: _Watch) -> None:
        self._watchkeeper_stream = stream
        self._watchkeeper_watch = watch
        self._watchkeeper_owns_end = True
        self._watchkeeper_next: Callable[[], Any] | None = None
        self._watchkeeper_anext: Callable[[], Awaitable[Any]] | None = None

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_watchkeeper"):
            raise AttributeError(name)  # not set up yet, as while being copied
        return getattr(self._watchkeeper_stream, name)

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        return cast(type, self._watchkeeper_stream.__class__)

    def __repr__(self) -> str:
        return repr(self._watchkeeper_stream)

    def __del__(self) -> None:
        if self.__dict__.get("_watchkeeper_owns_end"):
            self._watchkeeper_watch.end(None)

    def close(self) -> Any:
        """Close the stream, which ends it; where closing is asynchronous, awaiting the result does."""
        close = _closing(self._watchkeeper_stream, "close", "aclose")
        try:
            result = close()
        except BaseException as error:
            self._watchkeeper_watch.end(error)
            raise
        if inspect.isawaitable(result):
            return self._watchkeeper_await_end(result)
        self._watchkeeper_watch.end(None)
        return result

    async def _watchkeeper_await_end(self, closing: Awaitable[Any]) -> Any:
        try:
            result = await closing
        except BaseException as error:
            self._watchkeeper_watch.end(error)
            raise
        self._watchkeeper_watch.end(None)
        return result

    def _watchkeeper_entered(self, entered: object) -> object:
        """Streams enter as themselves; a stream that a manager gives out is watched in the manager's stead."""
        if entered is self._watchkeeper_stream:
            return self
        stand_in = _stand_in(entered, self._watchkeeper_watch)
        self._watchkeeper_owns_end = stand_in is None
        return entered if stand_in is None else stand_in


def _closing(stream: object, name: str, otherwise: str) -> Callable[[], Any]:
    found = getattr(stream, name, None)
    if found is None:
        found = getattr(stream, otherwise, None)
    return cast("Callable[[], Any]", found) if callable(found) else lambda: None


class WatchedManager(_StandIn):
    """A context manager that makes its request on entering and gives out the stream."""

    def __enter__(self) -> Any:
        enter = getattr(type(self._watchkeeper_stream), "__enter__", None)
        if enter is None:
            return self
        try:
            entered = enter(self._watchkeeper_stream)
        except BaseException as error:
            self._watchkeeper_watch.end(error)
            raise
        return self._watchkeeper_entered(entered)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> Any:
        leave = getattr(type(self._watchkeeper_stream), "__exit__", None)
        try:
            return self.close() if leave is None else leave(self._watchkeeper_stream, kind, error, trace)
        finally:
            self._watchkeeper_watch.end(None)


class WatchedAsyncManager(_StandIn):
    """As :class:`WatchedManager`, for ``async with``."""

    async def __aenter__(self) -> Any:
        enter = getattr(type(self._watchkeeper_stream), "__aenter__", None)
        if enter is None:
            return self
        try:
            entered = await enter(self._watchkeeper_stream)
        except BaseException as error:
            self._watchkeeper_watch.end(error)
            raise
        return self._watchkeeper_entered(entered)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> Any:
        leave = getattr(type(self._watchkeeper_stream), "__aexit__", None)
        try:
            if leave is None:
                return await self.aclose()
            return await leave(self._watchkeeper_stream, kind, error, trace)
        finally:
            self._watchkeeper_watch.end(None)

    async def aclose(self) -> Any:
        """Close the stream, which ends it."""
        result = _closing(self._watchkeeper_stream, "aclose", "close")()
        if inspect.isawaitable(result):
            return await self._watchkeeper_await_end(result)
        self._watchkeeper_watch.end(None)
        return result


class WatchedStream(WatchedManager):
    """A stream that is read with ``for`` and ``next()``."""

    def __iter__(self) -> Any:
        if self._watchkeeper_watch.ended and not hasattr(type(self._watchkeeper_stream), "__next__"):
            return iter(self._watchkeeper_stream)  # an iterable may be read again; the call is over
        return self

    def __next__(self) -> Any:
        try:
            chunk = (self._watchkeeper_next or self._watchkeeper_begin())()
        except StopIteration:
            self._watchkeeper_watch.end(None)
            raise
        except BaseException as error:
            self._watchkeeper_watch.end(error)
            raise
        self._watchkeeper_watch.chunk(chunk)
        return chunk

    def _watchkeeper_begin(self) -> Callable[[], Any]:
        stream = self._watchkeeper_stream
        begun = stream if hasattr(type(stream), "__next__") else iter(stream)
        self._watchkeeper_next = begun.__next__
        return self._watchkeeper_next


class WatchedAsyncStream(WatchedAsyncManager):
    """A stream that is read with ``async for`` and ``anext()``."""

    def __aiter__(self) -> Any:
        return self

    async def __anext__(self) -> Any:
        try:
            chunk = await (self._watchkeeper_anext or self._watchkeeper_abegin())()
        except StopAsyncIteration:
            self._watchkeeper_watch.end(None)
            raise
        except BaseException as error:
            self._watchkeeper_watch.end(error)
            raise
        self._watchkeeper_watch.chunk(chunk)
        return chunk

    def _watchkeeper_abegin(self) -> Callable[[], Awaitable[Any]]:
        stream = self._watchkeeper_stream
        begun = stream if hasattr(type(stream), "__anext__") else stream.__aiter__()
        self._watchkeeper_anext = begun.__anext__
        return cast("Callable[[], Awaitable[Any]]", self._watchkeeper_anext)


class WatchedDualStream(WatchedStream, WatchedAsyncStream):
    """A stream that can be read either way, as LiteLLM's."""


class WatchedDualManager(WatchedManager, WatchedAsyncManager):
    """A manager for either kind of block."""


_STREAMS = {(True, False): WatchedStream, (False, True): WatchedAsyncStream, (True, True): WatchedDualStream}
_MANAGERS = {(True, False): WatchedManager, (False, True): WatchedAsyncManager, (True, True): WatchedDualManager}
"""By which protocols are spoken: sync, async."""
