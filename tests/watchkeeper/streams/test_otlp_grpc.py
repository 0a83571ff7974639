"""OTLP over gRPC: bytes in, bytes out, and the status codes of the specification."""

from collections.abc import Iterator
from contextlib import contextmanager

import grpc
import pytest
from google.rpc.error_details_pb2 import RetryInfo  # type: ignore[import-untyped]
from google.rpc.status_pb2 import Status  # type: ignore[import-untyped]
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from tests.watchkeeper.streams.otlp_fakes import (
    PATIENCE_S,
    FakePipeline,
    FakeSink,
    Served,
    pipeline_on,
    serving,
    source_of,
    span_request,
)
from watchkeeper.streams.otlp_config import ReceiverConfig
from watchkeeper.streams.otlp_exchange import Answered
from watchkeeper.streams.otlp_sink import Reply, Verdict
from watchkeeper.streams.source import Encoding, Rejection, Signal

TRACES = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
LOGS = "/opentelemetry.proto.collector.logs.v1.LogsService/Export"
METRICS = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export"
Metadata = tuple[tuple[str, str], ...]


@contextmanager
def channel(served: Served, compression: grpc.Compression | None = None) -> Iterator[grpc.Channel]:
    options = [("grpc.use_local_subchannel_pool", 1), ("grpc.max_send_message_length", -1)]
    with grpc.insecure_channel(f"127.0.0.1:{served.ports.grpc}", options, compression) as channel:
        yield channel


def export(
    served: Served,
    body: bytes,
    method: str = TRACES,
    metadata: Metadata = (),
    compression: grpc.Compression | None = None,
) -> bytes:
    with channel(served, compression) as open_channel:
        call: grpc.UnaryUnaryMultiCallable[bytes, bytes] = open_channel.unary_unary(method)
        return call(body, timeout=PATIENCE_S, metadata=metadata)


def failure(served: Served, body: bytes, method: str = TRACES, metadata: Metadata = ()) -> grpc.RpcError:
    with pytest.raises(grpc.RpcError) as raised:
        export(served, body, method, metadata)
    return raised.value


def trailers(error: grpc.RpcError) -> dict[str, bytes]:
    return {item.key: item.value for item in error.trailing_metadata()}


def status_of(error: grpc.RpcError) -> Status:
    return Status.FromString(trailers(error)["grpc-status-details-bin"])


@pytest.fixture(scope="module")
def pipeline() -> Iterator[FakePipeline]:
    with pipeline_on(source_of()) as pipeline:
        yield pipeline


@pytest.fixture(scope="module")
def served(pipeline: FakePipeline) -> Iterator[Served]:
    with serving(pipeline.source, ReceiverConfig(http_port=0, grpc_port=0, max_request_bytes=100_000)) as served:
        yield served


@pytest.fixture(autouse=True)
def _fresh(pipeline: FakePipeline) -> None:
    pipeline.messages.clear()
    pipeline.judge = lambda message: None


@pytest.mark.parametrize("compression", [None, grpc.Compression.Gzip, grpc.Compression.Deflate])
def test_bytes_are_passed_on_untouched(
    served: Served, pipeline: FakePipeline, compression: grpc.Compression | None
) -> None:
    body = span_request(300)
    assert export(served, body, compression=compression) == b""
    (message,) = pipeline.messages
    assert (message.body, message.signal, message.encoding) == (body, Signal.TRACES, Encoding.PROTOBUF)


def test_logs_are_taken_as_logs(served: Served, pipeline: FakePipeline) -> None:
    export(served, b"\x0a\x00", LOGS)
    assert pipeline.messages[0].signal is Signal.LOGS


def test_an_empty_request_succeeds(served: Served) -> None:
    assert export(served, b"") == b""


def test_metrics_are_accepted_with_a_warning_and_go_nowhere(served: Served, pipeline: FakePipeline) -> None:
    response = ExportMetricsServiceResponse.FromString(export(served, b"\x0a\x00", METRICS))
    assert "discarded" in response.partial_success.error_message
    assert pipeline.messages == []


def test_what_the_pipeline_rejects_whole_is_an_invalid_argument(served: Served, pipeline: FakePipeline) -> None:
    pipeline.judge = lambda message: Rejection("not_protobuf", "truncated field")
    error = failure(served, b"\xff")
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert status_of(error).message == error.details() == "not_protobuf: truncated field"


def test_what_the_pipeline_rejects_in_part_is_a_partial_success(served: Served, pipeline: FakePipeline) -> None:
    pipeline.judge = lambda message: Rejection("no_ids", "", spans=2)
    partial = ExportTraceServiceResponse.FromString(export(served, b"")).partial_success
    assert (partial.rejected_spans, partial.error_message) == (2, "no_ids")


@pytest.mark.parametrize("verdict", [Verdict.BUSY, Verdict.UNAVAILABLE])
def test_what_may_work_later_is_unavailable_with_retry_info(verdict: Verdict) -> None:
    with serving(FakeSink(Reply(verdict, "come again"))) as served:
        error = failure(served, b"")
    retry_info = RetryInfo()
    assert error.code() is grpc.StatusCode.UNAVAILABLE
    assert status_of(error).details[0].Unpack(retry_info)
    assert retry_info.retry_delay.seconds > 0
    assert RetryInfo.FromString(trailers(error)["google.rpc.retryinfo-bin"]) == retry_info


def test_too_large_messages_are_refused_for_good(served: Served) -> None:
    assert failure(served, bytes(100_001)).code() is grpc.StatusCode.RESOURCE_EXHAUSTED


@pytest.mark.parametrize("compression", [grpc.Compression.Gzip, grpc.Compression.Deflate])
def test_a_bomb_is_refused_for_good(served: Served, compression: grpc.Compression) -> None:
    with pytest.raises(grpc.RpcError) as raised:
        export(served, bytes(50_000_000), compression=compression)
    assert raised.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert "google.rpc.retryinfo-bin" not in trailers(raised.value)


def test_broken_compression_is_an_invalid_argument(served: Served) -> None:
    assert failure(served, b"\x1f\x8b broken").code() is grpc.StatusCode.INVALID_ARGUMENT


def test_an_unknown_method_is_unimplemented(served: Served) -> None:
    assert failure(served, b"", "/some.Service/Export").code() is grpc.StatusCode.UNIMPLEMENTED


@pytest.mark.parametrize("authorization", [None, "Bearer wrong", "Basic token"])
def test_with_tokens_others_are_unauthenticated(authorization: str | None) -> None:
    sink = FakeSink(Reply(Verdict.STORED))
    metadata: Metadata = () if authorization is None else (("authorization", authorization),)
    with serving(sink, ReceiverConfig(http_port=0, grpc_port=0, tokens=("token",))) as served:
        error = failure(served, span_request(), metadata=metadata)
        assert export(served, span_request(), metadata=(("authorization", "Bearer token"),)) == b""
    assert error.code() is grpc.StatusCode.UNAUTHENTICATED
    assert len(sink.bodies) == 1


def test_requests_in_work_are_bounded() -> None:
    sink = FakeSink()
    config = ReceiverConfig(http_port=0, grpc_port=0, max_connections=1)
    with serving(sink, config) as served, channel(served) as one:
        call: grpc.UnaryUnaryMultiCallable[bytes, bytes] = one.unary_unary(TRACES)
        first = call.future(b"first", timeout=PATIENCE_S)
        assert sink.arrived.acquire(timeout=PATIENCE_S)
        with pytest.raises(grpc.RpcError) as raised:
            call(b"second", timeout=PATIENCE_S)
        sink.futures[0].set_result(Reply(Verdict.STORED))
        assert first.result(PATIENCE_S) == b""
    assert raised.value.code() is grpc.StatusCode.UNAVAILABLE
    assert sink.bodies == [b"first"]


def test_every_answer_is_counted(served: Served) -> None:
    served.answered.clear()
    export(served, b"")
    failure(served, b"\x1f\x8b")
    assert served.answered == [
        Answered("grpc", "traces", "OK"),
        Answered("grpc", "traces", "INVALID_ARGUMENT"),
    ]
