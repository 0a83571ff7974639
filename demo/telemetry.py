"""Watching as an application sets it up: one line, then the instrumentation that it uses already."""

from importlib import import_module

from opentelemetry import trace

import watchkeeper_sdk
from demo.applications import Application, Instrumentation

_FLUSH_S = 30.0
_INSTRUMENTORS = {
    Instrumentation.OTEL_GENAI: ("opentelemetry.instrumentation.genai.openai", "OpenAIInstrumentor"),
    Instrumentation.OPENINFERENCE: ("openinference.instrumentation.openai", "OpenAIInstrumentor"),
    Instrumentation.OPENLLMETRY: ("opentelemetry.instrumentation.openai", "OpenAIInstrumentor"),
}


class Telemetry:
    """The watch over one application; one a process, as instrumentations patch it.

    The SDK would switch one on by itself. Here each application has its own, to show that they are all understood.
    """

    def __init__(self, application: Application, otlp: str = "", kafka: str = "") -> None:
        self._watch = watchkeeper_sdk.init(
            application.name,
            service_version=application.version,
            environment="demo",
            endpoint=otlp,
            kafka=kafka,
            instrument=False,
            refusal_phrases=True,
        )
        _instrument(application.instrumentation)

    @property
    def exported(self) -> int:
        """Spans that the receiver acknowledged."""
        return self._watch.counts.sent

    @property
    def lost(self) -> int:
        """Spans that could not be delivered."""
        return self._watch.counts.dropped

    def close(self) -> None:
        """Deliver what is still queued, within 30 s."""
        watchkeeper_sdk.shutdown(_FLUSH_S)


def _instrument(instrumentation: Instrumentation) -> None:
    if instrumentation is Instrumentation.ANTHROPIC_NATIVE:
        return
    module, name = _INSTRUMENTORS[instrumentation]
    getattr(import_module(module), name)().instrument(tracer_provider=trace.get_tracer_provider())
