"""A pipeline that stores nothing and clients that speak raw HTTP, for the tests of the OTLP receivers."""

import http.client
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from watchkeeper.clock import SystemClock
from watchkeeper.errors import StoreUnavailable
from watchkeeper.streams.otlp_config import ReceiverConfig
from watchkeeper.streams.otlp_exchange import Answered
from watchkeeper.streams.otlp_queue import OtlpSource, QueueLimits
from watchkeeper.streams.otlp_receivers import OtlpReceivers, Ports
from watchkeeper.streams.otlp_sink import Reply, Sink, Validate
from watchkeeper.streams.source import Batch, Encoding, RawMessage, Rejection, Signal

PATIENCE_S = 20
PROTOBUF = {"content-type": "application/x-protobuf"}
JSON = {"content-type": "application/json"}


def span_request(spans: int = 1) -> bytes:
    """A small export request."""
    request = ExportTraceServiceRequest()
    scope = request.resource_spans.add().scope_spans.add()
    for number in range(spans):
        scope.spans.add(name=f"chat {number}", trace_id=b"t" * 16, span_id=number.to_bytes(8, "big"))
    return request.SerializeToString()


@dataclass
class FakePipeline:
    """Polls and acknowledges on its own thread. ``gate`` holds every batch until it is set."""

    source: OtlpSource
    judge: Callable[[RawMessage], Rejection | None] = lambda message: None
    store_is_down: bool = False
    gate: threading.Event = field(default_factory=threading.Event)
    polled: threading.Event = field(default_factory=threading.Event)
    messages: list[RawMessage] = field(default_factory=list)
    batches: list[Batch] = field(default_factory=list)
    _stopping: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        while not self._stopping.is_set():
            for batch in self.source.poll(0.02):
                self._work_on(batch)

    def stop(self) -> None:
        self._stopping.set()
        self.gate.set()

    def _work_on(self, batch: Batch) -> None:
        self.batches.append(batch)
        self.polled.set()
        self.gate.wait(PATIENCE_S)
        if self.store_is_down:
            self.source.release(batch, StoreUnavailable("secret address of the store"))
            return
        self.messages.extend(batch.messages)
        self.source.acknowledge(batch, self._rejections(batch))

    def _rejections(self, batch: Batch) -> Mapping[int, Rejection]:
        judged = {index: self.judge(message) for index, message in enumerate(batch.messages)}
        return {index: rejection for index, rejection in judged.items() if rejection is not None}


def source_of(limits: QueueLimits | None = None) -> OtlpSource:
    return OtlpSource(limits or QueueLimits(), SystemClock(), "run")


@contextmanager
def pipeline_on(source: OtlpSource, *, open_gate: bool = True) -> Iterator[FakePipeline]:
    """A running pipeline; leaving waits for its thread."""
    pipeline = FakePipeline(source)
    if open_gate:
        pipeline.gate.set()
    thread = threading.Thread(target=pipeline.run, name="fake-pipeline")
    thread.start()
    try:
        yield pipeline
    finally:
        pipeline.stop()
        thread.join(PATIENCE_S)


@dataclass
class Served:
    """Running receivers and what they answered."""

    receivers: OtlpReceivers
    ports: Ports
    answered: list[Answered]


@contextmanager
def serving(sink: Sink, config: ReceiverConfig | None = None, validate: Validate | None = None) -> Iterator[Served]:
    """Receivers on free ports in front of ``sink``."""
    answered: list[Answered] = []
    receivers = OtlpReceivers(config or loopback(), sink, validate, answered.append)
    ports = receivers.start()
    try:
        yield Served(receivers, ports, answered)
    finally:
        receivers.stop(0)


def loopback() -> ReceiverConfig:
    return ReceiverConfig(http_port=0, grpc_port=0)


@dataclass
class FakeSink:
    """Answers at once with ``reply``, or keeps the futures for the test to resolve."""

    reply: Reply | None = None
    bodies: list[bytes] = field(default_factory=list)
    futures: list[Future[Reply]] = field(default_factory=list)
    arrived: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    def submit(self, signal: Signal, encoding: Encoding, body: bytes) -> Future[Reply]:
        future: Future[Reply] = Future()
        if self.reply is not None:
            future.set_result(self.reply)
        self.bodies.append(body)
        self.futures.append(future)
        self.arrived.release()
        return future


@dataclass
class HttpAnswer:
    status: int
    headers: dict[str, str]
    body: bytes


@contextmanager
def connection(ports: Ports) -> Iterator[http.client.HTTPConnection]:
    client = http.client.HTTPConnection("127.0.0.1", ports.http, timeout=PATIENCE_S)
    try:
        yield client
    finally:
        client.close()


def post(
    ports: Ports, body: bytes, headers: Mapping[str, str], path: str = "/v1/traces", method: str = "POST"
) -> HttpAnswer:
    """One request on a connection of its own."""
    with connection(ports) as client:
        client.request(method, path, body, dict(headers))
        return read_answer(client)


def read_answer(client: http.client.HTTPConnection) -> HttpAnswer:
    response = client.getresponse()
    headers = {name.lower(): value for name, value in response.getheaders()}
    return HttpAnswer(response.status, headers, response.read())
