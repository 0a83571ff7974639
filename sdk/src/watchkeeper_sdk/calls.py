"""A model call that no instrumentation sees, as one OpenTelemetry span.

OpenTelemetry GenAI semantic conventions, client inference span: name ``{operation} {model}``, kind CLIENT.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, Iterable, Mapping
from contextvars import Token
from types import TracebackType
from typing import Any, TypeVar

from opentelemetry import trace
from opentelemetry.context import Context, attach, detach
from opentelemetry.trace import SpanKind, Status, StatusCode

from watchkeeper_sdk import semconv
from watchkeeper_sdk._safety import guarded
from watchkeeper_sdk.answers import Answer, AnswerStream, read_answer
from watchkeeper_sdk.call_context import checked_variant, current_values
from watchkeeper_sdk.clock import clock
from watchkeeper_sdk.records import Attributes, Value, last_record
from watchkeeper_sdk.sending import is_sending
from watchkeeper_sdk.streams import watch_async_stream, watch_stream
from watchkeeper_sdk.tracing import tracer
from watchkeeper_sdk.usage import usage_attributes

S = TypeVar("S")

_OPERATION = "gen_ai.operation.name"
_PROVIDER = "gen_ai.provider.name"
_MODEL = "gen_ai.request.model"
_FIRST_CHUNK = "gen_ai.response.time_to_first_chunk"


class Call:
    """One call, from entering the block to leaving it, or to the end of its stream where that comes later.

    An exception that leaves the block is recorded by its class and HTTP status, never by its text, and goes on.
    """

    __slots__ = ("_attributes", "_ended", "_name", "_span", "_started_ns", "_streaming", "_token")

    def __init__(self, name: str, attributes: dict[str, Value]) -> None:
        self._name = name
        self._attributes = attributes
        self._span: trace.Span = trace.INVALID_SPAN
        self._token: Token[Context] | None = None
        self._started_ns = 0
        self._streaming = False
        self._ended = False

    def __enter__(self) -> Call:
        self._start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leave(error)

    async def __aenter__(self) -> Call:
        self._start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leave(error)

    @property
    def span(self) -> trace.Span:
        """The OpenTelemetry span, to set attributes of one's own."""
        return self._span

    @guarded
    def response(
        self,
        answer: object = None,
        *,
        model: str | None = None,
        id: str | None = None,
        usage: object = None,
        finish_reason: str | Iterable[str] | None = None,
        ttft_s: float | None = None,
    ) -> None:
        """What came back: the provider's response object (or its dict), or the facts by name; names win.

        ``usage`` is a mapping or object with ``input_tokens``, ``output_tokens`` (or ``prompt_tokens``,
        ``completion_tokens``), ``cache_read_tokens``, ``cache_write_tokens``, ``reasoning_tokens``; ``input_tokens``
        includes what was read from and written to a cache, ``output_tokens`` includes reasoning. ``ttft_s`` is the time
        to the first token in seconds. An answer that is not understood is ignored.
        """
        attributes: dict[str, Value] = {}
        if answer is not None:
            attributes.update(self._read(read_answer(answer)))
        if usage is not None:
            attributes.update(usage_attributes(usage))
        if model:
            attributes["gen_ai.response.model"] = str(model)
        if id:
            attributes["gen_ai.response.id"] = str(id)
        if finish_reason:
            reasons = (finish_reason,) if isinstance(finish_reason, str) else tuple(map(str, finish_reason))
            attributes["gen_ai.response.finish_reasons"] = reasons
        if ttft_s is not None:
            attributes[_FIRST_CHUNK] = float(ttft_s)
        self._set(attributes)

    def stream(self, chunks: S) -> S:
        """The same stream, watched: time to the first token, time between tokens, and the answer it adds up to.

        Takes sync and async iterators, and the stream objects of the providers. The call lasts until the stream ends.
        """
        watched = self._watched(chunks)
        return chunks if watched is None else watched

    def _read(self, answer: Answer | None) -> dict[str, Value]:
        """The answer's attributes, and from it what nobody named at the start."""
        if answer is None:
            return {}
        attributes: dict[str, Value] = dict(answer.attributes())
        for key, value in ((_PROVIDER, answer.provider), (_MODEL, answer.model)):
            if value and key not in self._attributes:
                attributes[key] = value
        return attributes

    def _set(self, attributes: Attributes) -> None:
        if not self._ended:
            self._span.set_attributes(attributes)

    @guarded
    def _start(self) -> None:
        now = clock()
        self._streaming = self._ended = False
        # Without init() nobody else writes the surrounding blocks' values, and the exporter may be all there is.
        self._span = tracer().start_span(
            self._name,
            kind=SpanKind.CLIENT,
            attributes=self._attributes if is_sending() else {**(current_values.get() or {}), **self._attributes},
            record_exception=False,
            set_status_on_exception=False,
            start_time=now.time_ns(),
        )
        self._token = attach(trace.set_span_in_context(self._span))
        self._started_ns = now.perf_counter_ns()
        if not self._span.is_recording():
            last_record.set(None)  # a verdict on this call must not go to the one before

    @guarded
    def _leave(self, error: BaseException | None) -> None:
        token, self._token = self._token, None
        if token is not None:
            detach(token)
        if error is not None or not self._streaming:
            self._end(error)

    @guarded
    def _end(self, error: BaseException | None = None) -> None:
        if self._ended:
            return
        self._ended = True
        try:
            if error is not None and not isinstance(error, GeneratorExit):
                self._span.set_status(Status(StatusCode.ERROR))
                self._span.set_attributes(failure_attributes(error))
        finally:
            self._span.end(clock().time_ns())

    @guarded
    def _watched(self, chunks: Any) -> Any:
        self._streaming = True
        watch = _StreamWatch(self)
        self._set({"gen_ai.request.stream": True})
        if isinstance(chunks, AsyncIterable):
            return watch_async_stream(chunks, watch.chunk, watch.end)
        return watch_stream(chunks, watch.chunk, watch.end)


class _StreamWatch:
    """Times the chunks of one stream and reads what they add up to."""

    __slots__ = ("_answer", "_call", "_count", "_first_ns", "_last_ns")

    def __init__(self, call: Call) -> None:
        self._call = call
        self._answer = AnswerStream()
        self._first_ns = self._last_ns = 0
        self._count = 0

    def chunk(self, chunk: object) -> None:
        """Count it if it carries content."""
        if self._answer.add(chunk):
            self._last_ns = clock().perf_counter_ns()
            self._first_ns = self._first_ns or self._last_ns
            self._count += 1

    def end(self, error: BaseException | None) -> None:
        """The stream is over; so is the call."""
        attributes = self._call._read(self._answer.answer())
        if self._count:
            attributes[_FIRST_CHUNK] = (self._first_ns - self._call._started_ns) / 1e9
            attributes[semconv.STREAM_CHUNKS] = self._count
        if self._count > 1:
            attributes[semconv.TIME_PER_CHUNK] = (self._last_ns - self._first_ns) / (self._count - 1) / 1e9
        self._call._set(attributes)
        self._call._end(error)


def llm_call(
    provider: str,
    model: str,
    operation: str = "chat",
    *,
    route: str | None = None,
    tenant: str | None = None,
    variant: str | None = None,
    attempt: int | None = None,
    fallback_from: str | None = None,
    output_type: str | None = None,
    server_address: str | None = None,
    attributes: Mapping[str, Value] | None = None,
) -> Call:
    """A block that is one call to ``model`` at ``provider``, in OpenTelemetry's words: ``openai``, ``aws.bedrock``, …

    ``operation`` is ``chat``, ``text_completion``, ``generate_content`` or ``embeddings``; ``output_type`` is ``json``
    where JSON was asked for; ``attributes`` are added as they are and must hold no content. Use as ``with`` or
    ``async with``; say what came back with :meth:`Call.response` or :meth:`Call.stream`.
    """
    facts = (
        (_PROVIDER, provider),
        (_MODEL, model),
        (semconv.ROUTE, route),
        (semconv.TENANT, tenant),
        (semconv.VARIANT, None if variant is None else checked_variant(variant)),
        (semconv.ATTEMPT, attempt),
        (semconv.FALLBACK_FROM, fallback_from),
        ("gen_ai.output.type", output_type),
        ("server.address", server_address),
    )
    return _call(operation, model, facts, attributes) or Call("chat", {_OPERATION: "chat"})


@guarded
def _call(operation: str, model: str, facts: Iterable[tuple[str, Value | None]], attributes: Attributes | None) -> Call:
    given: dict[str, Value] = {_OPERATION: operation}
    for key, value in facts:
        if value is not None and value != "":
            given[key] = value
    if attributes:
        given.update(attributes)
    return Call(f"{operation} {model}" if model else operation, given)


def failure_attributes(error: BaseException) -> dict[str, Value]:
    """An error by its class and HTTP status; OpenTelemetry's ``error.type``."""
    kind = type(error)
    plain = kind.__module__ == "builtins" or kind.__name__ == "CancelledError"
    name = kind.__name__ if plain else f"{kind.__module__}.{kind.__qualname__}"
    if isinstance(error, (KeyboardInterrupt, SystemExit)):
        name = "CancelledError"  # the application gave up, which is no fault of the model
    attributes: dict[str, Value] = {"error.type": name}
    status = _http_status(error)
    if status is not None:
        attributes["http.response.status_code"] = status
    return attributes


def _http_status(error: BaseException) -> int | None:
    """``status_code`` of openai, anthropic and httpx, ``code`` of google-genai, ``status`` of aiohttp, botocore's."""
    for value in (
        getattr(error, "status_code", None),
        getattr(getattr(error, "response", None), "status_code", None),
        getattr(error, "code", None),
        getattr(error, "status", None),
        _botocore_status(error),
    ):
        if isinstance(value, int) and 100 <= value <= 599:
            return value
    return None


def _botocore_status(error: BaseException) -> object:
    response = getattr(error, "response", None)
    return response.get("ResponseMetadata", {}).get("HTTPStatusCode") if isinstance(response, dict) else None
