"""The gateway's sink: answered when the brokers have it, bounded, keyed by trace."""

import time

import pytest

from tests.fixtures.broker import KafkaBench
from tests.watchkeeper.streams.source_steps import store, take
from watchkeeper.clock import SystemClock
from watchkeeper.errors import Transient
from watchkeeper.streams.kafka_partition import BatchLimits
from watchkeeper.streams.kafka_sink import KafkaSinkConfig, KafkaSpanSink
from watchkeeper.streams.otlp_sink import Verdict
from watchkeeper.streams.source import Encoding, Signal

pytestmark = pytest.mark.kafka


def test_a_request_is_answered_stored_once_the_brokers_have_it(kafka: KafkaBench) -> None:
    topic, logs = kafka.topic(), kafka.topic()
    sink = kafka.closing(KafkaSpanSink(KafkaSinkConfig(kafka.connection, topic, logs), SystemClock()))
    body = b'{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"5B8EFFF798038103D269B633813FC60C"}]}]}]}'
    replies = [
        sink.submit(Signal.TRACES, Encoding.JSON, body),
        sink.submit(Signal.TRACES, Encoding.PROTOBUF, b"\n\x00"),
        sink.submit(Signal.LOGS, Encoding.PROTOBUF, b"\n\x00"),
    ]
    assert [reply.result(20).verdict for reply in replies] == [Verdict.STORED] * 3
    assert sink.waiting_bytes == 0
    source = kafka.source(topic, log_topics=(logs,), limits=BatchLimits(linger_s=0.3))
    found: set[tuple[str, Signal, Encoding, bytes]] = set()
    while len(found) < 3:
        batches = take(source)
        store(source, batches)
        found |= {(batch.source, m.signal, m.encoding, m.body) for batch in batches for m in batch.messages}
    assert found == {
        (topic, Signal.TRACES, Encoding.JSON, body),
        (topic, Signal.TRACES, Encoding.PROTOBUF, b"\n\x00"),
        (logs, Signal.LOGS, Encoding.PROTOBUF, b"\n\x00"),
    }


def test_what_does_not_fit_is_refused_at_once(kafka: KafkaBench) -> None:
    topic = kafka.topic()
    config = KafkaSinkConfig(kafka.connection, topic, topic, queue_max_bytes=1_000, max_message_bytes=200_000)
    sink = kafka.closing(KafkaSpanSink(config, SystemClock()))
    too_large = sink.submit(Signal.TRACES, Encoding.PROTOBUF, b"x" * 200_000)
    waiting = sink.submit(Signal.TRACES, Encoding.PROTOBUF, b"x" * 900)
    busy = sink.submit(Signal.TRACES, Encoding.PROTOBUF, b"x" * 900)
    assert (too_large.result(0).verdict, busy.result(0).verdict) == (Verdict.MALFORMED, Verdict.BUSY)
    assert waiting.result(20).verdict is Verdict.STORED


def test_after_close_nothing_is_taken(kafka: KafkaBench) -> None:
    topic = kafka.topic()
    sink = KafkaSpanSink(KafkaSinkConfig(kafka.connection, topic, topic), SystemClock())
    waiting = sink.submit(Signal.TRACES, Encoding.PROTOBUF, b"\n\x00")
    sink.close()
    sink.close()
    assert waiting.result(0).verdict is Verdict.STORED
    assert sink.submit(Signal.TRACES, Encoding.PROTOBUF, b"\n\x00").result(0).verdict is Verdict.UNAVAILABLE


def test_a_topic_that_does_not_exist_is_named(kafka: KafkaBench, monkeypatch: pytest.MonkeyPatch) -> None:
    kafka.needs_complete_broker()
    monkeypatch.setattr("watchkeeper.streams.kafka_sink._TOPIC_S", 0.3)
    with pytest.raises(Transient, match="nowhere.*topics create"):
        KafkaSpanSink(KafkaSinkConfig(kafka.connection, "nowhere", "nowhere"), SystemClock())


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")  # the client library's, while it is refused
def test_without_brokers_the_client_is_told_to_send_again(kafka: KafkaBench) -> None:
    broker = kafka.needs_restart()
    topic = kafka.topic()
    config = KafkaSinkConfig(kafka.connection, topic, topic, delivery_timeout_s=2.5)
    sink = kafka.closing(KafkaSpanSink(config, SystemClock()))
    assert sink.submit(Signal.TRACES, Encoding.PROTOBUF, b"\n\x00").result(20).verdict is Verdict.STORED
    broker.stop()
    try:
        began = time.monotonic()
        reply = sink.submit(Signal.TRACES, Encoding.PROTOBUF, b"\n\x00")
        assert time.monotonic() - began < 1, "submit must return at once"
        assert reply.result(30).verdict is Verdict.UNAVAILABLE
    finally:
        broker.start()
    assert sink.submit(Signal.TRACES, Encoding.PROTOBUF, b"\n\x00").result(30).verdict in set(Verdict)
