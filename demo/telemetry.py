"""OpenTelemetry as an application sets it up: resource, route, batch processor, exporter, instrumentation."""

from collections.abc import Sequence
from contextvars import ContextVar
from importlib import import_module

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

from demo.applications import Application, Instrumentation
from watchkeeper_sdk import semconv

_EXPORT_EVERY_MS = 500
_FLUSH_MS = 30_000
_INSTRUMENTORS = {
    Instrumentation.OTEL_GENAI: ("opentelemetry.instrumentation.genai.openai", "OpenAIInstrumentor"),
    Instrumentation.OPENINFERENCE: ("openinference.instrumentation.openai", "OpenAIInstrumentor"),
    Instrumentation.OPENLLMETRY: ("opentelemetry.instrumentation.openai", "OpenAIInstrumentor"),
}

current_route: ContextVar[str] = ContextVar("current_route", default="")
"""The workload the running task works for."""


class RouteProcessor(SpanProcessor):
    """Writes :data:`current_route` on every span as it starts.

    On the span itself and not on a parent: the collector reads each span alone, and instrumentations offer
    no way to add an attribute of one's own.
    """

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        route = current_route.get()
        if route:
            span.set_attribute(semconv.ROUTE, route)


class CountingExporter(SpanExporter):
    """Passes on to another exporter and counts what it took and what it lost."""

    def __init__(self, inner: SpanExporter) -> None:
        self._inner = inner
        self.exported = 0
        self.lost = 0

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        result = self._inner.export(spans)
        if result is SpanExportResult.SUCCESS:
            self.exported += len(spans)
        else:
            self.lost += len(spans)
        return result

    def shutdown(self) -> None:
        self._inner.shutdown()

    def force_flush(self, timeout_millis: int = _FLUSH_MS) -> bool:
        return self._inner.force_flush(timeout_millis)


class Telemetry:
    """A tracer provider with one instrumentation switched on; one a process, as instrumentations patch it."""

    def __init__(self, application: Application, exporter: SpanExporter) -> None:
        self._exporter = CountingExporter(exporter)
        self._provider = TracerProvider(resource=_resource(application), shutdown_on_exit=False)
        self._provider.add_span_processor(RouteProcessor())
        batches = BatchSpanProcessor(self._exporter, schedule_delay_millis=_EXPORT_EVERY_MS)
        self._provider.add_span_processor(batches)
        trace.set_tracer_provider(self._provider)
        _instrument(application.instrumentation, self._provider)

    @property
    def exported(self) -> int:
        """Spans that the receiver acknowledged."""
        return self._exporter.exported

    @property
    def lost(self) -> int:
        """Spans that could not be delivered."""
        return self._exporter.lost

    def close(self) -> None:
        """Deliver what is still queued, within 30 s."""
        self._provider.force_flush(_FLUSH_MS)
        self._provider.shutdown()


def _resource(application: Application) -> Resource:
    return Resource.create(
        {
            "service.name": application.name,
            "service.version": application.version,
            "deployment.environment.name": "demo",
        }
    )


def _instrument(instrumentation: Instrumentation, provider: TracerProvider) -> None:
    if instrumentation is Instrumentation.ANTHROPIC_NATIVE:
        return
    module, name = _INSTRUMENTORS[instrumentation]
    getattr(import_module(module), name)().instrument(tracer_provider=provider)
