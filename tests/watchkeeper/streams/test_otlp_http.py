"""OTLP over HTTP: each status as the specification says, with raw requests."""

import gzip
import json
import socket
import zlib
from collections.abc import Callable, Iterator

import pytest
from google.rpc.error_details_pb2 import BadRequest, RetryInfo  # type: ignore[import-untyped]
from google.rpc.status_pb2 import Status  # type: ignore[import-untyped]
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from tests.watchkeeper.streams.otlp_fakes import (
    JSON,
    PATIENCE_S,
    PROTOBUF,
    FakePipeline,
    FakeSink,
    Served,
    connection,
    loopback,
    pipeline_on,
    post,
    read_answer,
    serving,
    source_of,
    span_request,
)
from watchkeeper.streams.otlp_config import ReceiverConfig
from watchkeeper.streams.otlp_exchange import Answered
from watchkeeper.streams.otlp_sink import Reply, Verdict
from watchkeeper.streams.source import Encoding, RawMessage, Rejection, Signal

GZIP = {**PROTOBUF, "content-encoding": "gzip"}


@pytest.fixture(scope="module")
def pipeline() -> Iterator[FakePipeline]:
    with pipeline_on(source_of()) as pipeline:
        yield pipeline


@pytest.fixture(scope="module")
def served(pipeline: FakePipeline) -> Iterator[Served]:
    config = ReceiverConfig(http_port=0, grpc_port=0, max_request_bytes=100_000)
    with serving(pipeline.source, config) as served:
        yield served


@pytest.fixture(autouse=True)
def _fresh(pipeline: FakePipeline) -> None:
    pipeline.messages.clear()
    pipeline.judge = lambda message: None


def only(pipeline: FakePipeline) -> RawMessage:
    (message,) = pipeline.messages
    return message


def test_protobuf_is_passed_on_untouched_and_answered_in_protobuf(served: Served, pipeline: FakePipeline) -> None:
    answer = post(served.ports, span_request(), PROTOBUF)
    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["content-type"] == "application/x-protobuf"
    message = only(pipeline)
    assert (message.body, message.signal, message.encoding) == (
        span_request(),
        Signal.TRACES,
        Encoding.PROTOBUF,
    )


def test_json_is_passed_on_untouched_and_answered_in_json(served: Served, pipeline: FakePipeline) -> None:
    body = b'{"resourceSpans": [ ]}'
    answer = post(served.ports, body, {"content-type": "application/json; charset=utf-8"})
    assert (answer.status, answer.body) == (200, b"{}")
    assert answer.headers["content-type"] == "application/json"
    assert (only(pipeline).body, only(pipeline).encoding) == (body, Encoding.JSON)


def test_logs_are_taken_as_logs(served: Served, pipeline: FakePipeline) -> None:
    assert post(served.ports, b"\x0a\x00", PROTOBUF, "/v1/logs").status == 200
    assert only(pipeline).signal is Signal.LOGS


def test_an_empty_request_succeeds(served: Served) -> None:
    assert post(served.ports, b"", PROTOBUF).status == 200


def test_metrics_are_accepted_with_a_warning_and_go_nowhere(served: Served, pipeline: FakePipeline) -> None:
    answer = post(served.ports, b"whatever" * 1_000, PROTOBUF, "/v1/metrics")
    response = ExportMetricsServiceResponse.FromString(answer.body)
    assert answer.status == 200
    assert response.partial_success.rejected_data_points == 0
    assert "discarded" in response.partial_success.error_message
    assert pipeline.messages == []


@pytest.mark.parametrize(
    ("encoding", "compress"),
    [("gzip", gzip.compress), ("deflate", zlib.compress), ("GZIP", gzip.compress)],
    ids=["gzip", "deflate", "GZIP"],  # told: processes must collect the same names, and compressed bytes hold the time
)
def test_compressed_bodies_arrive_inflated(
    served: Served, pipeline: FakePipeline, encoding: str, compress: Callable[[bytes], bytes]
) -> None:
    body = compress(span_request())
    assert post(served.ports, body, {**PROTOBUF, "content-encoding": encoding}).status == 200
    assert only(pipeline).body == span_request()


def test_a_chunked_body_is_read(served: Served, pipeline: FakePipeline) -> None:
    body = span_request(50)
    with connection(served.ports) as client:
        client.request("POST", "/v1/traces", iter([body[:100], body[100:]]), PROTOBUF, encode_chunked=True)
        assert read_answer(client).status == 200
    assert only(pipeline).body == body


def test_a_large_body_in_many_pieces_is_read(pipeline: FakePipeline) -> None:
    body = span_request(20_000)
    with serving(pipeline.source) as served:
        assert post(served.ports, body, PROTOBUF).status == 200
    assert only(pipeline).body == body


def test_what_the_pipeline_rejects_whole_is_bad_data(served: Served, pipeline: FakePipeline) -> None:
    pipeline.judge = lambda message: Rejection("not_protobuf", "truncated field")
    answer = post(served.ports, b"\xff\xff", PROTOBUF)
    status = Status.FromString(answer.body)
    details = BadRequest()
    assert answer.status == 400
    assert "retry-after" not in answer.headers
    assert status.message == "not_protobuf: truncated field"
    assert status.details[0].Unpack(details)
    assert details.field_violations[0].description == status.message


def test_what_the_pipeline_rejects_in_part_is_a_partial_success(served: Served, pipeline: FakePipeline) -> None:
    pipeline.judge = lambda message: Rejection("no_ids", "spans without ids", spans=3)
    answer = post(served.ports, span_request(5), PROTOBUF)
    partial = ExportTraceServiceResponse.FromString(answer.body).partial_success
    assert (answer.status, partial.rejected_spans) == (200, 3)
    assert partial.error_message == "no_ids: spans without ids"
    as_json = json.loads(post(served.ports, b"{}", JSON).body)
    assert as_json["partialSuccess"]["rejectedSpans"] == "3"
    logs = ExportLogsServiceResponse.FromString(post(served.ports, b"", PROTOBUF, "/v1/logs").body)
    assert logs.partial_success.rejected_log_records == 3


@pytest.mark.parametrize(
    ("status", "headers", "path", "method"),
    [
        (404, PROTOBUF, "/v1/profiles", "POST"),
        (404, PROTOBUF, "/", "GET"),
        (405, PROTOBUF, "/v1/traces", "GET"),
        (415, {"content-type": "text/plain"}, "/v1/traces", "POST"),
        (415, {}, "/v1/traces", "POST"),
        (415, {**PROTOBUF, "content-encoding": "br"}, "/v1/traces", "POST"),
        (400, GZIP, "/v1/traces", "POST"),
    ],
)
def test_what_cannot_be_read_is_refused_for_good(
    served: Served, status: int, headers: dict[str, str], path: str, method: str
) -> None:
    answer = post(served.ports, b"no gzip", headers, path, method)
    assert answer.status == status
    assert "retry-after" not in answer.headers
    if answer.headers["content-type"] == "application/json":
        assert json.loads(answer.body)["message"]
    else:
        assert Status.FromString(answer.body).message


def test_a_wrong_method_names_the_right_one(served: Served) -> None:
    assert post(served.ports, b"", PROTOBUF, method="PUT").headers["allow"] == "POST"


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (bytes(100_001), PROTOBUF),
        (bytes(5_000_000), PROTOBUF),
        (gzip.compress(bytes(200_000_000), 1), GZIP),
        (gzip.compress(bytes(100_001)), GZIP),
    ],
    ids=["a little too large", "much too large", "gzip bomb", "too large only once inflated"],
)
def test_too_large_bodies_are_refused_for_good(served: Served, body: bytes, headers: dict[str, str]) -> None:
    answer = post(served.ports, body, headers)
    assert answer.status == 413
    assert "100000 bytes" in Status.FromString(answer.body).message


def test_a_chunked_body_without_a_length_is_limited_too(served: Served) -> None:
    with connection(served.ports) as client:
        client.request("POST", "/v1/traces", iter([bytes(60_000)] * 3), PROTOBUF, encode_chunked=True)
        assert read_answer(client).status == 413


def test_a_refused_body_does_not_spoil_the_connection(served: Served) -> None:
    with connection(served.ports) as client:
        for body, status in ((bytes(3_000_000), 413), (span_request(), 200)):
            client.request("POST", "/v1/traces", body, PROTOBUF)
            assert read_answer(client).status == status


@pytest.mark.parametrize("verdict", [Verdict.BUSY, Verdict.UNAVAILABLE])
def test_what_may_work_later_is_asked_for_again(verdict: Verdict) -> None:
    with serving(FakeSink(Reply(verdict, "come again"))) as served:
        answer = post(served.ports, span_request(), PROTOBUF)
    status, retry_info = Status.FromString(answer.body), RetryInfo()
    assert answer.status == 503
    assert status.message == "come again"
    assert status.details[0].Unpack(retry_info)
    assert int(answer.headers["retry-after"]) == retry_info.retry_delay.seconds > 0


def test_a_store_that_is_down_keeps_its_secrets(pipeline: FakePipeline) -> None:
    with pipeline_on(source_of()) as broken, serving(broken.source) as served:
        broken.store_is_down = True
        answer = post(served.ports, span_request(), PROTOBUF)
    assert answer.status == 503
    assert b"secret" not in answer.body


def test_a_request_that_is_not_stored_in_time_is_asked_for_again() -> None:
    sink = FakeSink()
    config = ReceiverConfig(http_port=0, grpc_port=0, request_timeout_s=0.05)
    with serving(sink, config) as served:
        answer = post(served.ports, span_request(), PROTOBUF)
        sink.futures[0].set_result(Reply(Verdict.STORED))
        assert answer.status == 503
        assert post(served.ports, b"", PROTOBUF, "/v1/metrics").status == 200


def test_a_sink_that_fails_is_asked_again_later() -> None:
    sink = FakeSink()
    with serving(sink) as served, connection(served.ports) as client:
        client.request("POST", "/v1/traces", span_request(), PROTOBUF)
        assert sink.arrived.acquire(timeout=PATIENCE_S)
        sink.futures[0].set_exception(OSError("broker at 10.0.0.7"))
        answer = read_answer(client)
    assert answer.status == 503
    assert b"10.0.0.7" not in answer.body


def test_a_gateway_says_malformed_before_its_sink_sees_the_bytes() -> None:
    sink = FakeSink(Reply(Verdict.STORED))
    with serving(sink, validate=lambda signal, encoding, body: "no OTLP" if body == b"bad" else None) as served:
        assert post(served.ports, b"bad", PROTOBUF).status == 400
        assert post(served.ports, b"good", PROTOBUF).status == 200
    assert sink.bodies == [b"good"]


TOKENS = ReceiverConfig(http_port=0, grpc_port=0, tokens=("first-token", "second-token"))


@pytest.mark.parametrize(
    ("authorization", "status"),
    [
        (None, 401),
        ("Bearer wrong", 401),
        ("Bearer ", 401),
        ("Basic first-token", 401),
        ("first-token", 401),
        ("Bearer first-token", 200),
        ("bearer second-token", 200),
    ],
)
def test_with_tokens_only_their_bearers_may_send(authorization: str | None, status: int) -> None:
    headers = PROTOBUF if authorization is None else {**PROTOBUF, "authorization": authorization}
    sink = FakeSink(Reply(Verdict.STORED))
    with serving(sink, TOKENS) as served:
        answer = post(served.ports, span_request(), headers)
    assert answer.status == status
    assert len(sink.bodies) == (1 if status == 200 else 0)
    if status == 401:
        assert answer.headers["www-authenticate"] == "Bearer"


def test_bodies_on_their_way_in_are_bounded_all_together() -> None:
    config = ReceiverConfig(http_port=0, grpc_port=0, receiving_max_bytes=50_000)
    with serving(FakeSink(Reply(Verdict.STORED)), config) as served:
        assert post(served.ports, bytes(60_000), PROTOBUF).status == 503
        assert post(served.ports, bytes(40_000), PROTOBUF).status == 200
        assert post(served.ports, bytes(40_000), PROTOBUF).status == 200


def test_every_answer_is_counted(served: Served) -> None:
    served.answered.clear()
    post(served.ports, b"", PROTOBUF)
    post(served.ports, b"", PROTOBUF, "/secret/path")
    assert served.answered == [Answered("http", "traces", "200"), Answered("http", "unknown", "404")]


def test_what_is_no_http_is_turned_away(served: Served) -> None:
    with socket.create_connection(("127.0.0.1", served.ports.http), PATIENCE_S) as raw:
        raw.sendall(b"\x16\x03\x01 this is not HTTP\r\n\r\n")
        assert raw.recv(100).startswith(b"HTTP/1.1 400")


def test_loopback_needs_no_token() -> None:
    assert loopback().tokens == ()
