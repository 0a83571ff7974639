"""A look at the answers of known clients, inside the process: what an instrumentation leaves out is added.

Above all refusals and broken JSON, which none reports without content, and the time to the first token. The client's
method is wrapped under the instrumentation's own wrapper, so the LLM span is open while the answer passes. What is
learnt goes on that span; the answer itself is not kept. Where the client makes the span itself, it goes on the call
that ended last.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from opentelemetry.trace import Span

from watchkeeper_sdk import semconv
from watchkeeper_sdk._safety import guarded
from watchkeeper_sdk.answers import Answer, AnswerStream, read_answer
from watchkeeper_sdk.clock import clock
from watchkeeper_sdk.format_check import json_check
from watchkeeper_sdk.json_asked import asks_json
from watchkeeper_sdk.outcomes import ExpectingHold, verdict_attributes
from watchkeeper_sdk.records import Value, current_hold, last_record, open_llm_span, write
from watchkeeper_sdk.refusal_phrases import is_worded_refusal
from watchkeeper_sdk.streams import watch_async_stream, watch_stream

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan

CLIENTS: Mapping[str, tuple[tuple[str, tuple[str, ...]], ...]] = {
    "openai.resources.chat.completions.completions": (
        ("Completions", ("create", "parse")),
        ("AsyncCompletions", ("create", "parse")),
    ),
    "openai.resources.responses.responses": (
        ("Responses", ("create", "parse")),
        ("AsyncResponses", ("create", "parse")),
    ),
    "anthropic.resources.messages.messages": (
        ("Messages", ("create", "parse", "stream")),
        ("AsyncMessages", ("create", "parse", "stream")),
    ),
    "anthropic.resources.beta.messages.messages": (
        ("Messages", ("create", "parse", "stream")),
        ("AsyncMessages", ("create", "parse", "stream")),
    ),
    "google.genai.models": (
        ("Models", ("generate_content", "generate_content_stream")),
        ("AsyncModels", ("generate_content", "generate_content_stream")),
    ),
}
"""Module → classes and their methods."""

_PASSES = frozenset(("", "stop", "end_turn", "stop_sequence", "completed"))
_WATCHED = "_watchkeeper_watched"
_ANY_JSON = json_check()

_phrases = False


def watch_answers(refusal_phrases: bool = False) -> None:
    """Wrap the clients' methods: now where a client is imported, else when it is. Twice is harmless.

    Must come before the instrumentations are switched on.
    """
    global _phrases
    _phrases = refusal_phrases
    if refusal_phrases:
        is_worded_refusal("")  # its patterns are compiled at the first use: not on a call's way
    for module in CLIENTS:
        if module in sys.modules:
            _wrap_module(sys.modules[module])
        else:
            _wrap_later(module)


def _wrap_later(module: str) -> None:
    try:
        wrapt = importlib.import_module("wrapt")
    except ImportError:
        return  # every instrumentation brings it along; without one there is no span to write on
    wrapt.register_post_import_hook(_wrap_module, module)


@guarded
def _wrap_module(module: Any) -> None:
    for class_name, methods in CLIENTS[module.__name__]:
        owner = getattr(module, class_name, None)
        for name in methods if owner is not None else ():
            method = getattr(owner, name, None)
            if method is not None and not hasattr(method, _WATCHED):
                setattr(owner, name, _watched(method))


def _watched(method: Callable[..., Any]) -> Callable[..., Any]:
    if inspect.iscoroutinefunction(method):

        @functools.wraps(method)
        async def awaited(*arguments: Any, **named: Any) -> Any:
            return await _awaited(_begin(named), method(*arguments, **named))

        setattr(awaited, _WATCHED, True)
        return awaited

    @functools.wraps(method)
    def called(*arguments: Any, **named: Any) -> Any:
        watch = _begin(named)
        result = method(*arguments, **named)
        # The async methods of the generated clients are plain functions that give a coroutine.
        return _awaited(watch, result) if inspect.iscoroutine(result) else _passed(watch, result)

    setattr(called, _WATCHED, True)
    return called


async def _awaited(watch: _Watch | None, result: Awaitable[Any]) -> Any:
    return _passed(watch, await result)


@guarded
def _begin(named: Mapping[str, Any]) -> _Watch:
    span = open_llm_span()
    if span is not None:
        _tell_request(span, named)
    return _Watch(asks_json(named), span)


def _tell_request(span: Span, named: Mapping[str, Any]) -> None:
    """Some instrumentations say only when all went well what was asked for, or write the served model over it."""
    told = getattr(span, "attributes", None) or {}
    if named.get("stream") is True:
        span.set_attribute("gen_ai.request.stream", True)
    model = named.get("model")
    if isinstance(model, str) and "gen_ai.request.model" not in told:
        span.set_attribute("gen_ai.request.model", model)


def _passed(watch: _Watch | None, result: Any) -> Any:
    """``result`` as the client gave it, or its stream with our eyes on it."""
    if watch is None:
        return result
    watched = _look(watch, result)
    return result if watched is None else watched


@guarded
def _look(watch: _Watch, result: Any) -> Any:
    opens_later = type(result).__name__.endswith("StreamManager")
    if not opens_later:
        watch.returned()
    iterator = getattr(result, "_iterator", None)
    if opens_later or (iterator is not None and not watch.has_span):
        # A span that the client makes below us ends before a watch around the stream, and after one inside.
        around = watch_async_stream if _is_async(result) else watch_stream
        return around(result, watch.add, watch.left)
    if iterator is not None:  # the stream class of the generated clients: same object, watched inside
        watched = _async_chunks if _is_async(result) else _chunks
        result._iterator = watched(watch, iterator)
        return result
    if inspect.isgenerator(result):
        return _chunks(watch, result)
    if inspect.isasyncgen(result):
        return _async_chunks(watch, result)
    watch.saw(read_answer(result))
    return result


def _is_async(stream: object) -> bool:
    return hasattr(stream, "__aiter__") or hasattr(stream, "__aenter__")


def _chunks(watch: _Watch, chunks: Iterator[Any]) -> Iterator[Any]:
    try:
        for chunk in chunks:
            watch.add(chunk)
            yield chunk
        watch.exhausted()
    finally:
        close = getattr(chunks, "close", None)
        if close is not None:
            close()


async def _async_chunks(watch: _Watch, chunks: AsyncIterator[Any]) -> AsyncIterator[Any]:
    try:
        async for chunk in chunks:
            watch.add(chunk)
            yield chunk
        watch.exhausted()
    finally:
        close = getattr(chunks, "aclose", None)
        if close is not None:
            await close()


class _Watch:
    """One call of a client method: what was asked for, and which span or record tells of it."""

    __slots__ = ("_asked_json", "_began_ns", "_first_token_ns", "_returned_ns", "_span", "_stream")

    def __init__(self, asked_json: bool, span: Span | None) -> None:
        self._asked_json = asked_json
        self._span = span
        self._began_ns, self._returned_ns = time.time_ns(), 0
        self._first_token_ns = 0
        self._stream: AnswerStream | None = None

    @property
    def has_span(self) -> bool:
        """Was the call's span open before the client was asked?"""
        return self._span is not None

    def returned(self) -> None:
        """The client gave its answer, or opened a stream of it. A span of its own has begun by now."""
        self._returned_ns = time.time_ns()

    @guarded
    def add(self, chunk: object) -> None:
        if self._stream is None:
            self._stream = AnswerStream()
            self._returned_ns = self._returned_ns or time.time_ns()
        if self._stream.add(chunk) and not self._first_token_ns:
            self._first_token_ns = clock().time_ns()
            if self._span is not None and self._span.is_recording():
                self._span.set_attributes(self._time_to_first_token(self._span))

    @guarded
    def exhausted(self) -> None:
        """The stream came to its end. Of one that was left or broke off the answer is not judged."""
        if self._stream is not None:
            self.saw(self._stream.answer())

    def left(self, error: BaseException | None) -> None:
        """A stream within a manager ended or was left; its finish reason tells which."""
        if error is None:
            self.exhausted()

    @guarded
    def saw(self, answer: Answer | None) -> None:
        """Write on the call what is known now. What the instrumentation says of the same comes later, and wins."""
        if answer is None:
            return
        facts, judged = answer.attributes(), self._judged(answer)
        if self._span is not None and self._span.is_recording():
            write(self._span, {**facts, **judged})
            return
        record = last_record.get()
        if record is not None and self._is_told_by(record.span):
            facts_too = {**facts, **self._time_to_first_token(record.span)}
            told = record.span.attributes or {}
            record.add({key: value for key, value in facts_too.items() if key not in told} | judged)

    def _is_told_by(self, ended: ReadableSpan) -> bool:
        """Is it the call's span, known by its id, or by its start where the client made it below us?"""
        if self._span is None:
            return self._began_ns <= (ended.start_time or 0) <= self._returned_ns
        return ended.context is not None and ended.context.span_id == self._span.get_span_context().span_id

    def _time_to_first_token(self, span: object) -> dict[str, Value]:
        """Counted from the start of ``span``, as its duration is."""
        started_ns = getattr(span, "start_time", None)
        if not self._first_token_ns or not started_ns:
            return {}
        return {semconv.TIME_TO_FIRST_TOKEN: max(0.0, (self._first_token_ns - started_ns) / 1e9)}

    def _judged(self, answer: Answer) -> dict[str, Value]:
        if answer.refused or (_phrases and answer.text and is_worded_refusal(answer.text)):
            return {semconv.REFUSED: True}
        if answer.called_tool or answer.text is None or not _passes(answer.finish_reasons):
            return {}
        hold = current_hold.get()
        if isinstance(hold, ExpectingHold) and hold.check is not None and not hold.released:
            return verdict_attributes(hold.check.check(answer.text))
        return verdict_attributes(_ANY_JSON.check(answer.text)) if self._asked_json else {}


def _passes(finish_reasons: tuple[str, ...]) -> bool:
    """Did the answer end by itself? One that was cut off or refused says nothing of the format."""
    return all(reason.lower() in _PASSES for reason in finish_reasons)
