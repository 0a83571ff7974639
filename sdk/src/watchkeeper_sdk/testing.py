"""For the tests of applications: calls kept in memory, fixed times and ids, and assertions on what would be sent.

    from watchkeeper_sdk.testing import watching

    with watching() as calls:
        answer_question("…")
        calls.assert_one(model="gpt-4o-mini", route="answers", format_valid=True)

With pytest the fixture ``watchkeeper_calls`` is such a block around each test. Inside the block the SDK's own
exceptions are not swallowed: a wrong use fails the test.
"""

from __future__ import annotations

import functools
import math
import os
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import Tracer

from watchkeeper_sdk import semconv
from watchkeeper_sdk.clock import use_clock
from watchkeeper_sdk.environment import STRICT
from watchkeeper_sdk.initialising import flush, init, set_aside, shutdown
from watchkeeper_sdk.records import last_record

if TYPE_CHECKING:
    from opentelemetry.context import Context

START_NS = 1_767_225_600_000_000_000
"""2026-01-01T00:00:00Z."""

_ENVIRONMENT = {STRICT: "1", "OTEL_SDK_DISABLED": "false"}
"""Inside the block; test runs often switch telemetry off as a whole."""

_NAMES = {
    "provider": ("gen_ai.provider.name", "gen_ai.system"),
    "request_model": ("gen_ai.request.model",),
    "model": ("gen_ai.response.model", "gen_ai.request.model"),
    "operation": ("gen_ai.operation.name",),
    "response_id": ("gen_ai.response.id",),
    "finish_reasons": ("gen_ai.response.finish_reasons",),
    "input_tokens": ("gen_ai.usage.input_tokens",),
    "output_tokens": ("gen_ai.usage.output_tokens",),
    "cache_read_tokens": ("gen_ai.usage.cache_read.input_tokens",),
    "cache_write_tokens": ("gen_ai.usage.cache_write.input_tokens",),
    "reasoning_tokens": ("gen_ai.usage.reasoning.output_tokens",),
    "ttft_s": ("gen_ai.response.time_to_first_chunk",),
    "error_type": ("error.type",),
    "route": (semconv.ROUTE,),
    "tenant": (semconv.TENANT,),
    "variant": (semconv.VARIANT,),
    "attempt": (semconv.ATTEMPT,),
    "fallback_from": (semconv.FALLBACK_FROM,),
    "prompt_name": (semconv.PROMPT_NAME,),
    "prompt_version": (semconv.PROMPT_VERSION,),
    "format_valid": (semconv.FORMAT_VALID,),
    "format_reason": (semconv.FORMAT_REASON,),
    "refused": (semconv.REFUSED,),
    "user_hash": (semconv.USER_HASH,),
}


class FixedIds(IdGenerator):
    """Trace and span ids 1, 2, 3, …"""

    def __init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """Begin at 1 again."""
        self._traces = self._spans = 0

    def generate_trace_id(self) -> int:
        self._traces += 1
        return self._traces

    def generate_span_id(self) -> int:
        self._spans += 1
        return self._spans


class FixedClock:
    """Time that passes only when :meth:`advance` says so."""

    def __init__(self, start_ns: int = START_NS) -> None:
        self._now_ns = start_ns

    def advance(self, seconds: float) -> None:
        """Let ``seconds`` pass."""
        self._now_ns += round(seconds * 1e9)

    def time_ns(self) -> int:
        return self._now_ns

    def perf_counter_ns(self) -> int:
        return self._now_ns


class MemoryExporter(SpanExporter):
    """Keeps what it is given."""

    def __init__(self) -> None:
        self.spans: list[ReadableSpan] = []

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        self.spans.extend(spans)
        return SpanExportResult.SUCCESS


class _Relay(SpanProcessor):
    """Hands spans to the processor of the block."""

    def __init__(self) -> None:
        self.to: SpanProcessor | None = None

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        if self.to is not None:
            self.to.on_start(span, parent_context)

    def on_end(self, span: ReadableSpan) -> None:
        if self.to is not None:
            self.to.on_end(span)


class _Provider(TracerProvider):
    """One for all blocks: instrumentations stay with the provider that they were switched on for."""

    def __init__(self) -> None:
        self.ids = FixedIds()
        super().__init__(ALWAYS_ON, Resource.get_empty(), shutdown_on_exit=False, id_generator=self.ids)
        self._relay = _Relay()
        super().add_span_processor(self._relay)

    def add_span_processor(self, span_processor: SpanProcessor) -> None:
        """In place of the one of the block before."""
        self._relay.to = span_processor


class _Beside(TracerProvider):
    """An application's own provider, whose spans the blocks see, too. What the application set up looks away."""

    def __init__(self, joined: TracerProvider) -> None:
        self._joined = joined
        self._relay = _Relay()
        joined.add_span_processor(self._relay)

    @property
    def resource(self) -> Resource:
        return self._joined.resource

    def get_tracer(self, *arguments: Any, **named: Any) -> Tracer:
        return self._joined.get_tracer(*arguments, **named)

    def add_span_processor(self, span_processor: SpanProcessor) -> None:
        """In place of the one of the block before."""
        self._relay.to = span_processor


_beside: weakref.WeakKeyDictionary[TracerProvider, _Beside] = weakref.WeakKeyDictionary()


def _joined(provider: object) -> TracerProvider | None:
    """The same companion each time: a provider keeps its processors."""
    if not isinstance(provider, TracerProvider):
        return None
    if provider not in _beside:
        _beside[provider] = _Beside(provider)
    return _beside[provider]


@functools.lru_cache(maxsize=1)
def _one_provider() -> _Provider:
    return _Provider()


class SentCall:
    """One span as it would be sent; facts by name: ``call.model``, ``call.input_tokens``, ``call.route``, …

    A fact that the span does not tell is null. :data:`FACTS` lists the names.
    """

    def __init__(self, span: ReadableSpan) -> None:
        self.span = span
        self.attributes: Mapping[str, Any] = dict(span.attributes or {})

    def __getattr__(self, name: str) -> Any:
        if name not in _NAMES:
            raise AttributeError(f"no fact {name!r}; there are {', '.join(FACTS)}")
        return next((self.attributes[key] for key in _NAMES[name] if key in self.attributes), None)

    @property
    def duration_s(self) -> float:
        """From start to end, in seconds."""
        return ((self.span.end_time or 0) - (self.span.start_time or 0)) / 1e9

    @property
    def feedback(self) -> list[Mapping[str, Any]]:
        """Attributes of the evaluation events."""
        return [dict(one.attributes or {}) for one in self.span.events if one.name == semconv.EVALUATION_EVENT]

    def __repr__(self) -> str:
        told = ((name, getattr(self, name)) for name in FACTS)
        return f"SentCall({', '.join(f'{name}={value!r}' for name, value in told if value is not None)})"


FACTS = tuple(_NAMES)


class Calls:
    """What was sent so far; reading it sends what still waits."""

    def __init__(self, exporter: MemoryExporter, clock: FixedClock) -> None:
        self._exporter = exporter
        self.clock = clock

    def all(self) -> list[SentCall]:
        """Every span, in the order they ended."""
        flush(5.0)
        return [SentCall(span) for span in self._exporter.spans]

    def __iter__(self) -> Iterator[SentCall]:
        return iter(self.all())

    def __len__(self) -> int:
        return len(self.all())

    def __getitem__(self, position: int) -> SentCall:
        return self.all()[position]

    def clear(self) -> None:
        """Forget what was sent."""
        self.all()
        self._exporter.spans.clear()

    def matching(self, **facts: object) -> list[SentCall]:
        """Calls that have all ``facts``; texts in tuples compare with lists."""
        return [call for call in self.all() if all(_equal(getattr(call, name), fact) for name, fact in facts.items())]

    def assert_one(self, **facts: object) -> SentCall:
        """Exactly one call has ``facts``; gives it. Raises :class:`AssertionError` that lists what there is."""
        found = self.matching(**facts)
        if len(found) != 1:
            asked = ", ".join(f"{name}={fact!r}" for name, fact in facts.items()) or "any"
            there = "\n  ".join(map(repr, self.all())) or "none"
            raise AssertionError(f"{len(found)} calls with {asked}, not 1; there are:\n  {there}")
        return found[0]

    def assert_none(self, **facts: object) -> None:
        """No call has ``facts``."""
        found = self.matching(**facts)
        if found:
            raise AssertionError(f"expected none, found {found!r}")


@contextmanager
def watching(service: str = "test", **arguments: Any) -> Iterator[Calls]:
    """A block whose model calls are kept; ``arguments`` go to :func:`watchkeeper_sdk.init`.

    Instrumentations stay off unless ``instrument`` is given; ids are fixed unless ``tracer_provider`` is. Where the
    application has called ``init`` already, its provider is watched and its own sending pauses meanwhile.
    """
    before = {name: os.environ.get(name) for name in _ENVIRONMENT}
    os.environ.update(_ENVIRONMENT)
    exporter, clock = MemoryExporter(), FixedClock()
    of_application, take_back = set_aside()
    joined = _joined(of_application)
    if "tracer_provider" not in arguments and joined is not None:
        arguments = {"tracer_provider": joined, **arguments}
    elif "tracer_provider" not in arguments:
        provider = _one_provider()
        provider.ids.restart()
        arguments = {"service": service, "tracer_provider": provider, **arguments}
    use_clock(clock)
    last_record.set(None)
    try:
        watch = init(exporter=exporter, **{"instrument": False, **arguments})
        if watch.outbox is not None:  # nothing is sent before it is looked at: verdicts never come too late
            watch.outbox.limits = replace(watch.outbox.limits, settle_s=math.inf)
        yield Calls(exporter, clock)
    finally:
        shutdown(5.0)
        take_back()
        use_clock(None)
        _restore(before)


def _restore(before: Mapping[str, str | None]) -> None:
    for name, value in before.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def _equal(value: Any, fact: object) -> bool:
    if isinstance(fact, (list, tuple)) and isinstance(value, (list, tuple)):
        return list(value) == list(fact)
    return bool(value == fact)
