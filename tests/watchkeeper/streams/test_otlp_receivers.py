"""Both receivers together: real exporters, many clients, bad clients, and the end."""

import contextlib
import http.client
import logging
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import grpc
import pytest
import trustme
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcExporter
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpExporter
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from tests.watchkeeper.streams.otlp_fakes import (
    PATIENCE_S,
    PROTOBUF,
    FakePipeline,
    FakeSink,
    HttpAnswer,
    Served,
    connection,
    pipeline_on,
    post,
    read_answer,
    serving,
    source_of,
    span_request,
)
from watchkeeper.errors import WatchkeeperError
from watchkeeper.streams.otlp_config import ReceiverConfig
from watchkeeper.streams.otlp_queue import QueueLimits
from watchkeeper.streams.otlp_receivers import OtlpReceivers
from watchkeeper.streams.otlp_sink import STORED
from watchkeeper.streams.source import Encoding, Signal


def real_spans(count: int = 3) -> tuple[ReadableSpan, ...]:
    """Spans as the OpenTelemetry SDK makes them."""
    memory = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(memory))
    for number in range(count):
        with provider.get_tracer("test").start_as_current_span(f"chat {number}") as span:
            span.set_attribute("gen_ai.request.model", "gpt-4o-mini")
    provider.shutdown()
    return memory.get_finished_spans()


@contextmanager
def exporter(kind: str, served: Served, **options: object) -> Iterator[SpanExporter]:
    made: SpanExporter
    if kind == "grpc":
        compression = grpc.Compression.Gzip
        made = GrpcExporter(f"http://127.0.0.1:{served.ports.grpc}", compression=compression, timeout=PATIENCE_S)
    else:
        url = f"http://127.0.0.1:{served.ports.http}/v1/traces"
        made = HttpExporter(url, compression=Compression(kind), timeout=PATIENCE_S)
    try:
        yield made
    finally:
        made.shutdown()


def names(pipeline: FakePipeline) -> list[str]:
    requests = [ExportTraceServiceRequest.FromString(message.body) for message in pipeline.messages]
    return [
        span.name
        for request in requests
        for resource in request.resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]


KINDS = ["none", "gzip", "deflate", "grpc"]


@pytest.mark.parametrize("kind", KINDS)
def test_the_sdks_exporter_gets_its_spans_stored(kind: str) -> None:
    with pipeline_on(source_of()) as pipeline, serving(pipeline.source) as served:
        with exporter(kind, served) as sdk:
            assert sdk.export(real_spans()) is SpanExportResult.SUCCESS
        assert names(pipeline) == ["chat 0", "chat 1", "chat 2"]


@pytest.mark.parametrize("kind", ["gzip", "grpc"])
def test_the_sdks_exporter_comes_again_when_the_queue_was_full(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    source = source_of(QueueLimits(max_messages=1))
    in_the_way = source.submit(*_a_message())
    with serving(source) as served, exporter(kind, served) as sdk:
        spans, results = real_spans(1), list[SpanExportResult]()
        client = threading.Thread(target=lambda: results.append(sdk.export(spans)))
        client.start()
        wait_until(lambda: any(answer.status in ("503", "UNAVAILABLE") for answer in served.answered))
        with pipeline_on(source) as pipeline:
            client.join(PATIENCE_S)
            assert results == [SpanExportResult.SUCCESS]
            assert names(pipeline)[-1] == "chat 0"
    assert in_the_way.result(PATIENCE_S) == STORED


@pytest.mark.parametrize("kind", ["gzip", "grpc"])
def test_the_sdks_exporter_gives_up_on_a_token_it_does_not_have(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    with serving(FakeSink(), ReceiverConfig(http_port=0, grpc_port=0, tokens=("token",))) as served:
        with exporter(kind, served) as sdk, caplog.at_level(logging.CRITICAL):
            assert sdk.export(real_spans(1)) is SpanExportResult.FAILURE
        assert len(served.answered) == 1


def test_requests_that_pile_up_during_an_insert_are_the_next_batch() -> None:
    with (
        pipeline_on(source_of(), open_gate=False) as pipeline,
        serving(pipeline.source) as served,
        posting(served, 1) as first,
    ):
        assert pipeline.polled.wait(PATIENCE_S)
        with posting(served, 20) as others:
            wait_until(lambda: pipeline.source.held_messages == 21)
            pipeline.gate.set()
        assert [len(batch.messages) for batch in pipeline.batches] == [1, 20]
    assert [answer.status for answer in first + others] == [200] * 21


def test_nobody_is_answered_before_the_pipeline_acknowledges() -> None:
    with pipeline_on(source_of(), open_gate=False) as pipeline, serving(pipeline.source) as served:
        with posting(served, 3) as answers:
            wait_until(lambda: pipeline.source.held_messages == 3)
            assert answers == []
            pipeline.gate.set()
        assert [answer.status for answer in answers] == [200] * 3


def test_a_client_that_leaves_while_it_waits_does_no_harm() -> None:
    with pipeline_on(source_of(), open_gate=False) as pipeline, serving(pipeline.source) as served:
        with connection(served.ports) as client:
            client.request("POST", "/v1/traces", span_request(), PROTOBUF)
            assert pipeline.polled.wait(PATIENCE_S)
        pipeline.gate.set()
        assert post(served.ports, span_request(), PROTOBUF).status == 200
        assert len(pipeline.messages) == 2


def test_a_client_that_leaves_in_the_middle_of_its_body_does_no_harm() -> None:
    with pipeline_on(source_of()) as pipeline, serving(pipeline.source) as served:
        with half_a_request(served):
            pass
        assert post(served.ports, span_request(), PROTOBUF).status == 200
        assert len(pipeline.messages) == 1


def test_a_slow_client_holds_nobody_up_and_is_cut_off_in_the_end() -> None:
    config = ReceiverConfig(http_port=0, grpc_port=0, receive_timeout_s=1.0)
    with pipeline_on(source_of()) as pipeline, serving(pipeline.source, config) as served:
        silent = socket.create_connection(("127.0.0.1", served.ports.http), PATIENCE_S)
        with silent, half_a_request(served) as slow:
            assert post(served.ports, span_request(), PROTOBUF).status == 200
            assert is_cut(slow)
            assert is_cut(silent)
        assert len(pipeline.messages) == 1


def test_a_connection_that_rests_between_requests_is_not_cut_off() -> None:
    config = ReceiverConfig(http_port=0, grpc_port=0, receive_timeout_s=1.0)
    with (
        pipeline_on(source_of()) as pipeline,
        serving(pipeline.source, config) as served,
        connection(served.ports) as client,
    ):
        for _ in range(2):
            client.request("POST", "/v1/traces", span_request(), PROTOBUF)
            assert read_answer(client).status == 200
            with half_a_request(served) as other:
                assert is_cut(other)  # so much time has passed
        assert client.sock is not None


def test_connections_are_bounded() -> None:
    config = ReceiverConfig(http_port=0, grpc_port=0, max_connections=2)
    with serving(FakeSink(STORED), config) as served:
        with half_a_request(served), half_a_request(served):
            wait_until(lambda: _refused_for_crowding(served))
        wait_until(lambda: post(served.ports, b"", PROTOBUF).status == 200)


@pytest.mark.parametrize("begin", [b"GET /", b"GET / HTTP/1.1\r\nx: "], ids=["address", "header"])
def test_a_head_without_an_end_is_not_kept(begin: bytes) -> None:
    with serving(FakeSink(STORED)) as served, connection(served.ports) as client:
        client.connect()
        assert client.sock is not None
        with contextlib.suppress(ConnectionError):
            client.sock.sendall(begin + b"a" * 16_000_000)
        with contextlib.suppress(ConnectionError):
            assert client.sock.recv(100).startswith(b"HTTP/1.1 431 ")


def test_shutdown_lets_requests_in_work_be_answered() -> None:
    with pipeline_on(source_of(), open_gate=False) as pipeline, serving(pipeline.source) as served:
        with posting(served, 4) as answers:
            wait_until(lambda: pipeline.source.held_messages == 4)
            stopping = threading.Thread(target=served.receivers.stop, args=(PATIENCE_S,))
            stopping.start()
            pipeline.gate.set()
            stopping.join(PATIENCE_S)
        assert [answer.status for answer in answers] == [200] * 4
        assert not served.receivers.is_running


def test_shutdown_tells_those_it_cannot_wait_for_to_come_again() -> None:
    sink = FakeSink()
    with serving(sink) as served:
        with posting(served, 3) as answers:
            for _ in range(3):
                assert sink.arrived.acquire(timeout=PATIENCE_S)
            served.receivers.stop(0.01)
        assert [answer.status for answer in answers] == [503] * 3
        assert all(int(answer.headers["retry-after"]) > 0 for answer in answers)
    for future in sink.futures:
        future.set_result(STORED)  # too late, and nobody minds


def test_shutdown_does_not_wait_for_half_a_request() -> None:
    with serving(FakeSink()) as served, half_a_request(served) as slow:
        served.receivers.stop(0.01)
        assert not served.receivers.is_running
        assert is_cut(slow)


def test_while_shutting_down_an_open_connection_is_told_to_come_again() -> None:
    sink = FakeSink()
    with serving(sink) as served, connection(served.ports) as late, posting(served, 1) as answers:
        late.connect()
        assert sink.arrived.acquire(timeout=PATIENCE_S)
        sink.reply = STORED
        stopping = threading.Thread(target=served.receivers.stop, args=(PATIENCE_S,))
        stopping.start()
        wait_until(lambda: _status(late) == 503)
        sink.futures[0].set_result(STORED)
        stopping.join(PATIENCE_S)
    assert answers[0].status == 200


def test_stopping_twice_or_before_the_start_is_fine() -> None:
    never = OtlpReceivers(ReceiverConfig(http_port=0, grpc_port=0), FakeSink())
    never.stop(0)
    with pytest.raises(WatchkeeperError):
        _ = never.ports
    with serving(FakeSink()) as served:
        running = [served.receivers.is_running]
        served.receivers.stop(0)
        served.receivers.stop(0)
        running.append(served.receivers.is_running)
        assert running == [True, False]
        with pytest.raises(ConnectionError):
            post(served.ports, b"", PROTOBUF)


def test_both_receivers_speak_tls(tmp_path: Path) -> None:
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    cert.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    key.write_bytes(issued.private_key_pem.bytes())
    config = ReceiverConfig(http_port=0, grpc_port=0, tls_cert_file=cert, tls_key_file=key)
    with serving(FakeSink(STORED), config) as served:
        context = ssl.create_default_context(cadata=authority.cert_pem.bytes().decode())
        client = http.client.HTTPSConnection("127.0.0.1", served.ports.http, timeout=PATIENCE_S, context=context)
        client.request("POST", "/v1/traces", span_request(), PROTOBUF)
        assert read_answer(client).status == 200
        client.close()
        credentials = grpc.ssl_channel_credentials(authority.cert_pem.bytes())
        with grpc.secure_channel(f"127.0.0.1:{served.ports.grpc}", credentials) as channel:
            method = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
            call: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(method)
            assert call(b"", timeout=PATIENCE_S) == b""


@contextmanager
def posting(served: Served, count: int) -> Iterator[list[HttpAnswer]]:
    """``count`` clients, each with one request; leaving waits for their answers."""
    answers: list[HttpAnswer] = []
    threads = [
        threading.Thread(target=lambda: answers.append(post(served.ports, span_request(), PROTOBUF)))
        for _ in range(count)
    ]
    for thread in threads:
        thread.start()
    yield answers
    for thread in threads:
        thread.join(PATIENCE_S)


@contextmanager
def half_a_request(served: Served) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", served.ports.http), PATIENCE_S) as raw:
        raw.sendall(
            b"POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-protobuf\r\n"
            b"expect: 100-continue\r\ncontent-length: 1000\r\n\r\n"
        )
        assert raw.recv(100).startswith(b"HTTP/1.1 100")  # the server is reading
        raw.sendall(b"half of it")
        yield raw


def is_cut(client: socket.socket) -> bool:
    """Waits until the server closes the connection without an answer."""
    try:
        return client.recv(1) == b""
    except ConnectionResetError:
        return True


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.005)


def _status(client: http.client.HTTPConnection) -> int:
    client.request("POST", "/v1/traces", span_request(), PROTOBUF)
    return read_answer(client).status


def _refused_for_crowding(served: Served) -> bool:
    try:
        return post(served.ports, b"", PROTOBUF).status == 503
    except ConnectionError:  # the refusal was lost because we were still sending
        return False


def _a_message() -> tuple[Signal, Encoding, bytes]:
    return Signal.TRACES, Encoding.PROTOBUF, span_request()
