"""Brokers that are away, restart, refuse: the exporter says so, waits no longer than told, and loses nothing."""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from kafka.errors import KafkaTimeoutError, SaslAuthenticationFailedError, TopicAuthorizationFailedError
from opentelemetry.sdk.trace.export import SpanExportResult

from tests.fixtures.broker import KafkaBench
from tests.sdk.kafka_spans import chat, chats
from tests.sdk.kafka_topic import Topic, exporter_to, wait_until
from watchkeeper_sdk import kafka_failures
from watchkeeper_sdk.kafka import KafkaSpanExporter
from watchkeeper_sdk.kafka_client_logs import Cause
from watchkeeper_sdk.kafka_config import KafkaConfig

pytestmark = pytest.mark.kafka

SUCCESS, FAILURE = SpanExportResult.SUCCESS, SpanExportResult.FAILURE
AWAY_S = 1.0
SLACK_S = 2.0
"""For a machine that is busy with something else."""


@pytest.fixture(autouse=True)
def all_is_said(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr("watchkeeper_sdk._safety._said_at", {})
    caplog.set_level(logging.WARNING)


@contextmanager
def silent_server() -> Iterator[str]:
    """An address that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


def open_sockets() -> int:
    found = 0
    for name in os.listdir("/proc/self/fd"):
        try:
            found += os.readlink(f"/proc/self/fd/{name}").startswith("socket:")
        except FileNotFoundError:  # the directory's own
            continue
    return found


def test_while_brokers_are_away_exports_fail_in_time_and_leave_nothing(caplog: pytest.LogCaptureFixture) -> None:
    began = time.monotonic()
    exporter = KafkaSpanExporter("127.0.0.1:1", timeout_s=AWAY_S, client_id="away")
    assert time.monotonic() - began < SLACK_S / 2
    threads, sockets = threading.active_count(), open_sockets()
    for _ in range(2):
        began = time.monotonic()
        assert exporter.export(chats(3)) is FAILURE
        assert time.monotonic() - began < AWAY_S + SLACK_S
        wait_until(lambda: time.monotonic() >= exporter._slot._not_before, "end of the back-off")
    wait_until(lambda: threading.active_count() <= threads, "end of threads")
    wait_until(lambda: open_sockets() <= sockets, "end of sockets")
    exporter.shutdown()
    assert len(caplog.messages) == 1  # the client library's dozens of errors are not among them
    assert "could not connect: Kafka at 127.0.0.1:1, topic otlp_spans: KafkaConnectionError" in caplog.messages[0]
    assert "ECONNREFUSED" in caplog.messages[0] and "WATCHKEEPER_KAFKA_BOOTSTRAP_SERVERS" in caplog.messages[0]


def test_a_server_that_never_answers_holds_nobody_up() -> None:
    with silent_server() as address:
        exporter = KafkaSpanExporter(address, timeout_s=AWAY_S)
        exporting = threading.Thread(target=exporter.export, args=(chats(1),))
        exporting.start()
        wait_until(lambda: exporter._exporting > 0, "export")
        began = time.monotonic()
        assert not exporter.force_flush(50)
        exporter.shutdown(50)
        assert time.monotonic() - began < SLACK_S
        exporting.join(AWAY_S + SLACK_S)
        assert not exporting.is_alive()


def test_a_broker_that_is_killed_in_between_costs_no_span(kafka: KafkaBench) -> None:
    broker = kafka.needs_restart()
    topic = Topic(kafka)
    exporter = exporter_to(kafka, topic.name, timeout_s=3)
    failed = 0
    goal = 40
    restarted = threading.Thread(target=broker.restart, kwargs={"hard": True})
    for batch in range(goal):
        if batch == goal // 4:
            restarted.start()
        while exporter.export(chats(5, 1 + 5 * batch)) is FAILURE:
            failed += 1
            assert failed < 10_000
            time.sleep(0.02)
        if batch == goal // 2:
            restarted.join(90)
    expected = set(range(1, 1 + 5 * goal))
    assert set(topic.numbers(expected)) == expected


def test_an_outage_fails_exports_in_time_keeps_nothing_and_delays_no_shutdown(
    kafka: KafkaBench, caplog: pytest.LogCaptureFixture
) -> None:
    broker = kafka.needs_restart()
    topic = Topic(kafka)
    exporter = exporter_to(kafka, topic.name, timeout_s=AWAY_S, client_id="outage")
    patient = exporter_to(kafka, topic.name, timeout_s=20)
    assert exporter.export(chats(1)) is SUCCESS and patient.export(chats(1, 2)) is SUCCESS
    broker.kill()
    try:
        began = time.monotonic()
        assert exporter.export([*chats(5, 3), chat(9, 9, prompt="x" * 2_000_000)]) is FAILURE
        assert time.monotonic() - began < AWAY_S + SLACK_S
        assert exporter._slot._producer is None  # and with it what it held
        assert exporter.dropped_oversize == 0  # not yet: it may come again, with the others
        result_after_shutdown(patient)
    finally:
        broker.start()
    wait_until(lambda: exporter.export(chats(5, 3)) is SUCCESS, "success after the outage")
    assert set(topic.numbers(set(range(1, 8)))) == set(range(1, 8))
    assert all(is_ours(record) for record in caplog.records)


def result_after_shutdown(exporter: KafkaSpanExporter) -> None:
    results: list[SpanExportResult] = []
    exporting = threading.Thread(target=lambda: results.append(exporter.export(chats(5, 100))))
    exporting.start()
    wait_until(lambda: exporter._exporting > 0, "export")
    began = time.monotonic()
    exporter.shutdown(200)
    assert time.monotonic() - began < SLACK_S
    exporting.join(SLACK_S + 10)
    assert results == [FAILURE]


def test_an_unknown_topic_is_named_and_used_once_it_is_there(
    kafka: KafkaBench, caplog: pytest.LogCaptureFixture
) -> None:
    kafka.needs_complete_broker()
    name = f"spans-{uuid.uuid4().hex[:12]}"
    exporter = exporter_to(kafka, name, timeout_s=AWAY_S)
    assert exporter.export(chats(1)) is FAILURE
    assert [record.getMessage().partition("topic ")[2] for record in caplog.records] == [
        f"{name}: UnknownTopicOrPartitionError (the brokers do not know the topic: create it, or see "
        "WATCHKEEPER_KAFKA_TOPIC)"
    ]
    topic = Topic(kafka, name=name)
    wait_until(lambda: exporter.export(chats(1)) is SUCCESS, "success once the topic is there")
    assert topic.numbers({1})[0] == 1


def is_ours(record: logging.LogRecord) -> bool:
    return record.name == "watchkeeper_sdk"


def test_messages_the_brokers_find_too_large_are_split_from_then_on(
    kafka: KafkaBench, caplog: pytest.LogCaptureFixture
) -> None:
    kafka.needs_complete_broker()
    topic = Topic(kafka, max_message_bytes=150_000)
    exporter = exporter_to(kafka, topic.name, compression="none")
    large = {number: "x" * (300_000 if number == 5 else 20_000) for number in range(1, 31)}
    spans = [chat(1, number, prompt=text) for number, text in large.items()] + [chat(2, 31)]
    assert exporter.export(spans) is SUCCESS
    expected = set(range(1, 32)) - {5}
    assert sorted(topic.numbers(expected)) == sorted(expected)
    assert exporter.dropped_oversize == 1
    assert any("the brokers refuse messages as large as" in message for message in caplog.messages)
    assert not any("x" * 100 in message for message in caplog.messages)
    before = len(topic.records)
    assert exporter.export([chat(3, number, prompt="x" * 20_000) for number in range(41, 51)]) is SUCCESS
    topic.numbers(set(range(41, 51)))
    assert len(topic.records) - before > 1


def test_a_refusal_of_small_messages_is_for_a_person(kafka: KafkaBench, caplog: pytest.LogCaptureFixture) -> None:
    kafka.needs_complete_broker()
    topic = Topic(kafka, max_message_bytes=500)
    exporter = exporter_to(kafka, topic.name, compression="none")
    assert exporter.export([chat(1, 1, prompt="x" * 1_000)]) is FAILURE
    assert exporter.dropped_oversize == 0
    assert "MessageSizeTooLargeError (raise max.message.bytes of the topic" in caplog.messages[-1]


@pytest.mark.parametrize(
    ("error", "hint"),
    [
        (SaslAuthenticationFailedError("ann: secret"), "WATCHKEEPER_KAFKA_SASL_USERNAME"),
        (TopicAuthorizationFailedError("otlp_spans"), "ACLs Write and Describe"),
        (KafkaTimeoutError(), "SSLError (certificate verify failed; are the brokers up"),
        (ValueError("secret"), "topic otlp_spans: ValueError"),
    ],
)
def test_a_failure_is_one_line_with_the_mend_and_without_its_text(
    error: Exception, hint: str, caplog: pytest.LogCaptureFixture
) -> None:
    config = KafkaConfig.read({}, {})
    for _ in range(3):
        kafka_failures.tell(config, "connect", error, Cause("SSLError", "certificate verify failed"))
    assert len(caplog.messages) == 1
    assert hint in caplog.messages[0] and "secret" not in caplog.messages[0]


def test_an_exception_of_ours_does_not_reach_the_application(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> Any:
        raise ZeroDivisionError

    exporter = KafkaSpanExporter("127.0.0.1:1")
    monkeypatch.setattr(exporter._slot, "take", fail)
    monkeypatch.delenv("WATCHKEEPER_STRICT", raising=False)
    assert exporter.export(chats(1)) is FAILURE
    monkeypatch.setenv("WATCHKEEPER_STRICT", "1")
    with pytest.raises(ZeroDivisionError):
        exporter.export(chats(1))
    exporter.shutdown()
