"""``watchkeeper collector`` and ``watchkeeper gateway`` as processes of their own, on a real broker."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pyarrow as pa
import pytest
from kafka import KafkaConsumer, TopicPartition

from demo.backend import free_ports
from demo.part import Part, part
from tests.collector.otlp import SpanSpec, request
from tests.e2e.exporters import over_grpc, over_http, send_calls
from tests.e2e.load import SPANS, numbered
from tests.e2e.stored import stored
from tests.fixtures.broker import KafkaBench
from tests.fixtures.service import PATIENCE_S, Service, is_ready, wait_until
from watchkeeper.codec import decode_calls
from watchkeeper.schema import CALLS_SCHEMA

pytestmark = [pytest.mark.e2e, pytest.mark.kafka, pytest.mark.clickhouse]

GARBAGE = b"\xff\xff no OTLP"
GROUP = "watchkeeper-collector"
REQUESTS = 60


@dataclass(frozen=True, slots=True)
class Topics:
    """Topics of one test."""

    spans: str
    logs: str
    calls: str

    def settings(self, kafka: KafkaBench) -> dict[str, str]:
        return {
            "WATCHKEEPER_KAFKA_BOOTSTRAP_SERVERS": kafka.broker.bootstrap,
            "WATCHKEEPER_KAFKA_TOPICS": self.spans,
            "WATCHKEEPER_KAFKA_LOG_TOPICS": self.logs,
            "WATCHKEEPER_KAFKA_CALLS_TOPIC": self.calls,
            "WATCHKEEPER_KAFKA_GROUP": f"{GROUP}-{self.spans}",
        }


@pytest.fixture
def topics(kafka: KafkaBench) -> Topics:
    return Topics(kafka.topic(), kafka.topic(), kafka.topic())


@contextmanager
def running(command: str, directory: Path, settings: Mapping[str, str]) -> Iterator[Service]:
    """A collector with the embedded store, or a gateway: started, not yet ready."""
    api, metrics, http, grpc = free_ports(4)
    data = directory / "data"
    ports = {
        "WATCHKEEPER_DATA_DIR": str(data),
        "WATCHKEEPER_API_PORT": str(api),
        "WATCHKEEPER_METRICS_PORT": str(metrics),
        "WATCHKEEPER_OTLP_HTTP_PORT": str(http),
        "WATCHKEEPER_OTLP_GRPC_PORT": str(grpc),
    }
    with part(command, ["watchkeeper.cli", command], directory, 20.0, {**settings, **ports}) as child:
        health = api if command == "collector" else metrics
        yield Service(child, data, f"http://127.0.0.1:{health}", f"http://127.0.0.1:{http}", f"127.0.0.1:{grpc}")


def wait_until_ready(service: Service) -> None:
    wait_until(lambda: is_ready(service.api), service.part, "readiness")


def wait_until_ended(child: Part) -> int:
    return child.process.wait(PATIENCE_S)


def published(kafka: KafkaBench, topic: str, rows: int) -> Sequence[Any]:
    """Messages of a calls topic, once they hold that many calls."""
    consumer = kafka.closing(KafkaConsumer(bootstrap_servers=kafka.broker.bootstrap, auto_offset_reset="earliest"))
    consumer.assign([TopicPartition(topic, 0)])
    found: list[Any] = []
    deadline = time.monotonic() + PATIENCE_S
    while sum(decode_calls(message.value).num_rows for message in found) < rows:
        assert time.monotonic() < deadline, f"{len(found)} messages of {topic} within {PATIENCE_S} s"
        for messages in consumer.poll(timeout_ms=200).values():
            found.extend(messages)
    return found


def test_produced_spans_are_stored_published_and_shown(kafka: KafkaBench, topics: Topics, tmp_path: Path) -> None:
    kafka.send(topics.spans, [numbered(number) for number in range(10)] + [GARBAGE] + [numbered(3)])
    with running("collector", tmp_path, topics.settings(kafka)) as collector:
        wait_until_ready(collector)
        collector.wait_for_calls(10 * SPANS)
        messages = published(kafka, topics.calls, 10 * SPANS)
        calls = pa.concat_tables([decode_calls(message.value) for message in messages])
        assert calls.schema == CALLS_SCHEMA
        assert {message.key for message in messages} == {b"openai/gpt-4o-mini"}
        (row,) = collector.rows()
        assert (row["service"], row["calls"]) == ("load", 10 * SPANS)
        assert row["cost_usd"] == str(sum(calls["cost_usd"].to_pylist()))
        (letter,) = collector.get("/v1/dead-letters")
        assert (letter["source"], letter["offset"], letter["reason"]) == (topics.spans, 10, "malformed_protobuf")
        metrics = httpx.get(f"{collector.api}/metrics", trust_env=False).text
        assert f'watchkeeper_kafka_lag_messages{{partition="0",topic="{topics.spans}"}} 0.0' in metrics
        assert collector.end() == 0
    assert len({(row["trace_id"], row["span_id"]) for row in calls.to_pylist()}) == 10 * SPANS
    found = stored(collector.data_dir)
    assert found.is_once() and set(found.calls) == set(range(10))


def test_a_collector_that_was_killed_goes_on_where_it_was(kafka: KafkaBench, topics: Topics, tmp_path: Path) -> None:
    kafka.needs_complete_broker()
    settings = topics.settings(kafka) | {
        "WATCHKEEPER_BATCH_MAX_MESSAGES": "2",
        "WATCHKEEPER_KAFKA_CALLS_TOPIC": "",
        # A static member takes its partitions back at once, without waiting until the dead one's session ends.
        "WATCHKEEPER_KAFKA_GROUP_INSTANCE_ID": "one",
    }
    kafka.send(topics.spans, [numbered(number) for number in range(REQUESTS)])
    with running("collector", tmp_path, settings) as collector:
        wait_until_ready(collector)
        collector.wait_for_calls(SPANS)
        collector.kill()
    with running("collector", tmp_path, settings) as collector:
        wait_until_ready(collector)
        collector.wait_for_calls(REQUESTS * SPANS)
        assert collector.end() == 0
    found = stored(collector.data_dir)
    assert found.is_once() and set(found.calls) == set(range(REQUESTS))


def test_otlp_through_the_gateway_and_kafka_is_stored(kafka: KafkaBench, topics: Topics, tmp_path: Path) -> None:
    settings = topics.settings(kafka)
    (tmp_path / "gateway").mkdir()
    with running("gateway", tmp_path / "gateway", settings) as gateway, running("collector", tmp_path, settings) as to:
        wait_until_ready(gateway)
        send_calls(over_http(gateway.otlp_http), "web", 7)
        send_calls(over_grpc(gateway.otlp_grpc), "worker", 5)
        headers = {"content-type": "application/x-protobuf"}
        bad = httpx.post(f"{gateway.otlp_http}/v1/traces", content=GARBAGE, headers=headers, trust_env=False)
        assert bad.status_code == 400
        wait_until_ready(to)
        to.wait_for_calls(12)
        assert {row["service"]: row["calls"] for row in to.rows()} == {"web": 7, "worker": 5}
        assert to.get("/v1/dead-letters") == []
        assert (gateway.end(), to.end()) == (0, 0)


def test_a_topic_full_of_garbage_stops_the_collector(kafka: KafkaBench, topics: Topics, tmp_path: Path) -> None:
    limits = {"WATCHKEEPER_DEAD_LETTER_MAX_CONSECUTIVE": "5", "WATCHKEEPER_BATCH_MAX_MESSAGES": "4"}
    good = request(SpanSpec(1))
    kafka.send(topics.spans, [good, good, good, good, *[GARBAGE] * 40])
    settings = {**topics.settings(kafka), **limits}
    with running("collector", tmp_path, settings) as collector:
        assert wait_until_ended(collector.part) == 2
        last = collector.log().splitlines()[-1]
        assert "watchkeeper: the pipeline stopped: 6 messages in a row are unreadable" in last
        assert f"{topics.spans} partition 0 offset 11" in last and "WATCHKEEPER_DEAD_LETTER_MAX_CONSECUTIVE" in last
        assert "Traceback" not in collector.log()
    committed = kafka.committed(settings["WATCHKEEPER_KAFKA_GROUP"], topics.spans)
    assert committed is not None and committed.offset <= 8
