"""The exporter on a real broker: what arrives, who can read it, and what it leaves alone."""

from __future__ import annotations

import gc
import threading
from typing import Any

import kafka as kafka_python
import pytest
import wrapt
from kafka import KafkaProducer
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from tests.collector.otlp import stage
from tests.fixtures.broker import KafkaBench
from tests.sdk.kafka_spans import chat, chats, numbers
from tests.sdk.kafka_topic import Topic, exporter_to, wait_until
from watchkeeper.streams.kafka_message import read_record
from watchkeeper.streams.source import Batch, Signal
from watchkeeper_sdk.kafka import KafkaSpanExporter

pytestmark = pytest.mark.kafka

SUCCESS, FAILURE = SpanExportResult.SUCCESS, SpanExportResult.FAILURE
KAFKA_COORDINATES = {"source", "source_partition", "source_offset"}


def test_traces_arrive_in_the_partition_of_their_key(kafka: KafkaBench) -> None:
    topic = Topic(kafka, partitions=3)
    spans = [chat(trace, 10 * trace + number) for number in (1, 2) for trace in range(1, 9)]
    exporter = exporter_to(kafka, topic.name)
    assert exporter.export(spans) is SUCCESS
    records = topic.read_until(lambda found: len(found) == 8)
    assert {record.key: numbers([record.value]) for record in records} == {
        f"{trace:032x}".encode(): [10 * trace + 1, 10 * trace + 2] for trace in range(1, 9)
    }
    others = KafkaProducer(bootstrap_servers=kafka.broker.bootstrap)
    kafka.closing(others)
    placed = {record.key: others.send(topic.name, b"", key=record.key).get(20).partition for record in records}
    assert {record.key: record.partition for record in records} == placed


@pytest.mark.parametrize("compression", ["lz4", "zstd", "gzip", "snappy", "none"])
def test_every_compression_is_read_back(kafka: KafkaBench, compression: str) -> None:
    topic = Topic(kafka)
    exporter = exporter_to(kafka, topic.name, compression=compression)
    assert exporter.export(chats(50)) is SUCCESS
    assert topic.numbers(set(range(1, 51))) == list(range(1, 51))


def test_the_platform_reads_it_like_that_of_any_other_producer(kafka: KafkaBench) -> None:
    spans = [chat(1, 1), chat(2, 2), chat(1, 3)]
    ours, bare = Topic(kafka), Topic(kafka)
    assert exporter_to(kafka, ours.name).export(spans) is SUCCESS
    kafka.send(bare.name, [encode_spans(trace).SerializeToString() for trace in ([spans[0], spans[2]], [spans[1]])])
    calls = calls_in(ours)
    assert [row["output_tokens"] for row in calls] == [1, 2, 3]
    assert {row["service"] for row in calls} == {"checkout"}
    assert calls == calls_in(bare)


def calls_in(topic: Topic) -> list[dict[str, Any]]:
    """What the collector makes of a topic with two messages, without where and when it came."""
    records = topic.read_until(lambda found: len(found) == 2)
    batch = Batch("otlp_spans", 0, [read_record(record, Signal.TRACES) for record in records], "token")
    rows = stage().read(batch).calls.to_pylist()
    own = [{name: value for name, value in row.items() if name not in KAFKA_COORDINATES} for row in rows]
    return sorted(own, key=lambda row: row["output_tokens"])


def test_a_trace_larger_than_a_message_is_split(kafka: KafkaBench) -> None:
    topic = Topic(kafka)
    exporter = exporter_to(kafka, topic.name, max_message_bytes=3_000)
    spans = [chat(1, number, prompt="x" * (5_000 if number == 7 else 10)) for number in range(1, 21)]
    assert exporter.export(spans) is SUCCESS
    expected = set(range(1, 21)) - {7}
    assert sorted(topic.numbers(expected)) == sorted(expected)
    assert all(len(record.key) + len(record.value) <= 3_000 for record in topic.records) and len(topic.records) > 2
    assert (exporter.dropped_oversize, exporter.dropped_unencodable) == (1, 0)


def test_many_threads_may_export(kafka: KafkaBench) -> None:
    topic = Topic(kafka)
    exporter = exporter_to(kafka, topic.name)
    results: list[SpanExportResult] = []
    threads = [
        threading.Thread(target=lambda first=first: results.append(exporter.export(chats(20, first))))
        for first in range(1, 161, 20)
    ]
    for thread in threads:
        thread.start()
    assert exporter.force_flush(20_000)
    for thread in threads:
        thread.join(20)
    assert results == [SUCCESS] * 8
    assert sorted(topic.numbers(set(range(1, 161)))) == list(range(1, 161))


def test_no_spans_are_success_without_a_connection() -> None:
    exporter = KafkaSpanExporter("127.0.0.1:1")
    assert exporter.export([]) is SUCCESS
    exporter.shutdown()
    exporter.shutdown()
    assert exporter.export([]) is FAILURE
    assert exporter.force_flush(1)


def test_after_shutdown_nothing_is_sent_and_no_thread_is_left(kafka: KafkaBench) -> None:
    exporter = exporter_to(kafka, kafka.topic(), client_id="to-be-shut-down")
    assert exporter.export(chats(1)) is SUCCESS
    assert client_threads("to-be-shut-down") == 1
    exporter.shutdown()
    assert client_threads("to-be-shut-down") == 0
    assert exporter.export(chats(1)) is FAILURE


def test_an_exporter_that_is_only_dropped_leaves_no_thread(kafka: KafkaBench) -> None:
    exporter = KafkaSpanExporter(kafka.broker.bootstrap, topic=kafka.topic(), client_id="dropped")
    assert exporter.export(chats(1)) is SUCCESS
    del exporter
    gc.collect()
    wait_until(lambda: client_threads("dropped") == 0, "end of the client's thread")


def client_threads(client_id: str) -> int:
    return sum(thread.name.startswith(client_id) for thread in threading.enumerate())


def test_an_instrumented_client_does_not_trace_the_tracing(kafka: KafkaBench) -> None:
    """As the instrumentation of kafka-python wraps it: each message that is sent makes a span."""
    topic = Topic(kafka)
    seen = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(exporter_to(kafka, topic.name), schedule_delay_millis=10))
    provider.add_span_processor(BatchSpanProcessor(seen, schedule_delay_millis=10))
    tracer = provider.get_tracer("instrumentation")

    def traced(send: Any, _: object, arguments: Any, named: Any) -> Any:
        with tracer.start_as_current_span("send"):
            return send(*arguments, **named)

    original = KafkaProducer.send
    wrapt.wrap_function_wrapper(kafka_python.KafkaProducer, "send", traced)
    try:
        tracer.start_span("chat").end()
        assert provider.force_flush(20_000)
        topic.read_until(lambda records: bool(records))
        kafka.producer().send(topic.name, b"by the application").get(20)
        assert provider.force_flush(20_000)
    finally:
        KafkaProducer.send = original
        provider.shutdown()
    assert [span.name for span in seen.get_finished_spans()] == ["chat", "send"]


def test_the_private_names_of_the_client_mean_what_we_think(kafka: KafkaBench) -> None:
    exporter = exporter_to(kafka, kafka.topic(), client_id="private")
    assert exporter.export(chats(1)) is SUCCESS
    producer = exporter._slot.take(0)
    assert producer is not None
    client = producer._client
    assert client._cleanup is None  # its handler at exit is gone
    assert client._sender.is_alive() and client._sender.name == "private-network-thread" and not client._closed
    producer.let_go()
    client._sender.join(10)
    assert not client._sender.is_alive() and client._closed
