"""The three OTLP services: their HTTP path, gRPC method and answers."""

from collections.abc import Callable
from dataclasses import dataclass

from google.protobuf.json_format import MessageToJson
from google.protobuf.message import Message
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsPartialSuccess,
    ExportLogsServiceResponse,
)
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsPartialSuccess,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTracePartialSuccess,
    ExportTraceServiceResponse,
)

from watchkeeper.streams.source import Encoding, Signal


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One OTLP service. ``signal`` is None where what it carries is accepted and thrown away."""

    name: str
    grpc_method: str
    signal: Signal | None
    partial_success: Callable[[int, str], Message]

    @property
    def path(self) -> str:
        return f"/v1/{self.name}"


def _partial_traces(rejected: int, message: str) -> Message:
    partial = ExportTracePartialSuccess(rejected_spans=rejected, error_message=message)
    return ExportTraceServiceResponse(partial_success=partial)


def _partial_logs(rejected: int, message: str) -> Message:
    partial = ExportLogsPartialSuccess(rejected_log_records=rejected, error_message=message)
    return ExportLogsServiceResponse(partial_success=partial)


def _partial_metrics(rejected: int, message: str) -> Message:
    partial = ExportMetricsPartialSuccess(rejected_data_points=rejected, error_message=message)
    return ExportMetricsServiceResponse(partial_success=partial)


_COLLECTOR = "/opentelemetry.proto.collector"
ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint("traces", f"{_COLLECTOR}.trace.v1.TraceService/Export", Signal.TRACES, _partial_traces),
    Endpoint("logs", f"{_COLLECTOR}.logs.v1.LogsService/Export", Signal.LOGS, _partial_logs),
    Endpoint("metrics", f"{_COLLECTOR}.metrics.v1.MetricsService/Export", None, _partial_metrics),
)

METRICS_DISCARDED = "Watchkeeper stores no metrics: these were accepted and discarded; send traces and logs"


def success(encoding: Encoding) -> bytes:
    """The answer "all of it is stored": a response without any field, the same for all three services."""
    return b"" if encoding is Encoding.PROTOBUF else b"{}"


def partial_success(endpoint: Endpoint, encoding: Encoding, rejected: int, message: str) -> bytes:
    """The answer "stored, but": ``rejected`` items were not, or 0 for a mere warning. Never retried."""
    return written(endpoint.partial_success(rejected, message), encoding)


def written(message: Message, encoding: Encoding) -> bytes:
    """``message`` in the encoding of the request that it answers."""
    if encoding is Encoding.PROTOBUF:
        return message.SerializeToString()
    return MessageToJson(message, indent=None).encode()
