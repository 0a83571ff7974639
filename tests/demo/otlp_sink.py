"""A receiver that keeps every span it is sent: the other end of an OTLP exporter."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue


@dataclass(frozen=True)
class SeenSpan:
    """A received span, attributes as Python values."""

    service: str
    name: str
    scope: str
    attributes: dict[str, Any]


class OtlpSink:
    """Spans received so far, and the URL to send them to."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._bodies: list[bytes] = []
        self._lock = threading.Lock()

    def take(self, body: bytes) -> None:
        with self._lock:
            self._bodies.append(body)

    def bodies(self) -> list[bytes]:
        """The export requests, as they came."""
        with self._lock:
            return list(self._bodies)

    def spans(self) -> list[SeenSpan]:
        return [span for body in self.bodies() for span in read_spans(body)]


def read_spans(body: bytes) -> Iterator[SeenSpan]:
    """The spans of one export request."""
    for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
        service = str(_values(resource.resource.attributes)["service.name"])
        for scope in resource.scope_spans:
            for span in scope.spans:
                yield SeenSpan(service, span.name, scope.scope.name, _values(span.attributes))


@contextmanager
def otlp_sink() -> Iterator[OtlpSink]:
    """A sink on a free loopback port."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            sink.take(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    sink = OtlpSink(f"http://127.0.0.1:{server.server_port}/v1/traces")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield sink
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def _values(pairs: Any) -> dict[str, Any]:
    return {pair.key: _value(pair) for pair in pairs}


def _value(pair: KeyValue) -> Any:
    kind = pair.value.WhichOneof("value")
    if kind == "array_value":
        return [item.string_value for item in pair.value.array_value.values]
    return getattr(pair.value, kind) if kind else None
