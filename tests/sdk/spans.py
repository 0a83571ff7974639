"""Ended spans for tests, and exporters that fail in known ways."""

import threading
from collections.abc import Mapping, Sequence
from typing import Any

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from watchkeeper_sdk.records import CallRecord

_RESOURCE = Resource({"service.name": "shop"})
_PROVIDER = TracerProvider(resource=_RESOURCE, shutdown_on_exit=False)

CHAT = {"gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-4o"}


def ended(name: str = "chat gpt-4o", attributes: Mapping[str, Any] = CHAT, scope: str = "test") -> ReadableSpan:
    """A span that has ended."""
    span = _PROVIDER.get_tracer(scope).start_span(name, attributes=dict(attributes))
    span.end()
    assert isinstance(span, ReadableSpan)
    return span


def record(number: int = 0) -> CallRecord:
    """A call that can be told from others by its span's name."""
    return CallRecord(ended(f"call {number}"))


class Faulty(SpanExporter):
    """Refuses while ``away``; keeps the names of what it took."""

    def __init__(self, away: bool = False) -> None:
        self.away = away
        self.names: list[str] = []
        self.tries = 0
        self.ended = False
        self.taken = threading.Event()

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        self.tries += 1
        if self.away:
            return SpanExportResult.FAILURE
        self.names.extend(span.name for span in spans)
        self.taken.set()
        return SpanExportResult.SUCCESS

    def shutdown(self) -> None:
        self.ended = True


class Broken(SpanExporter):
    """Raises."""

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        raise RuntimeError("prompt: the customer's secret")

    def shutdown(self) -> None:
        raise RuntimeError("prompt: the customer's secret")


class Stuck(SpanExporter):
    """Hangs until it is let go."""

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self.entered = threading.Event()

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        self.entered.set()
        self.go_on.wait(20)
        return SpanExportResult.SUCCESS
