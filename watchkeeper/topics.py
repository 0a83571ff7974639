"""Kafka topics: who writes them, who reads them, how they are keyed.

``otlp_spans`` carries OTLP ``ExportTraceServiceRequest`` messages, wire-equal to what the OpenTelemetry
Collector's kafka exporter writes, keyed by the lower-case hex trace id so that a trace stays in one partition.
``llm_calls`` carries stored calls as Arrow IPC (see :mod:`watchkeeper.codec`), keyed by provider and requested
model, so that all routes of a model meet in one consumer. ``llm_regressions`` carries every transition of a
regression as JSON, keyed like the calls; ``id`` and ``seq`` in it name a transition for good.
"""

from dataclasses import dataclass

OTLP_SPANS = "otlp_spans"
OTLP_LOGS = "otlp_logs"
LLM_CALLS = "llm_calls"
LLM_REGRESSIONS = "llm_regressions"


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic as ``watchkeeper topics create`` makes it."""

    name: str
    meaning: str
    partitions: int
    retention_hours: int
    max_message_bytes: int = 4 * 1024 * 1024


TOPICS: tuple[Topic, ...] = (
    Topic(OTLP_SPANS, "OTLP trace export requests, one message per exported batch", 12, 72),
    Topic(OTLP_LOGS, "OTLP log export requests with evaluation results", 3, 72),
    Topic(LLM_CALLS, "stored calls in columns (Arrow IPC), for the detectors", 12, 72),
    Topic(LLM_REGRESSIONS, "transitions of regressions and findings (JSON), for alerts", 3, 168),
)
