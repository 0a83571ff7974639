"""Processes that export to Kafka and fork or end: ``python -m tests.sdk.kafka_processes SCENARIO BROKERS TOPIC``."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from functools import partial

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExportResult

from tests.sdk.kafka_spans import chats
from watchkeeper_sdk.kafka import KafkaSpanExporter

WORKERS = 3
EACH = 10


def prefork(brokers: str, topic: str) -> None:
    """Export, fork, export in every process; the children end in different ways."""
    exporter = KafkaSpanExporter(brokers, topic=topic)
    must_succeed(exporter, 1)
    connected = exporter._slot._producer
    children = [forked(partial(must_succeed, exporter, first)) for first in firsts(2)]
    children.append(forked(lambda: None))
    ended_well(children)
    must_succeed(exporter, 1 + EACH)
    assert exporter._slot._producer is connected, "the parent's connection was disturbed"


def fork_while_exporting(brokers: str, topic: str) -> None:
    """Fork while another thread is in an export and holds every lock."""
    exporter = KafkaSpanExporter(brokers, topic=topic)
    over = threading.Event()

    def export_all_the_time() -> None:
        while not over.is_set():
            must_succeed(exporter, 1)

    thread = threading.Thread(target=export_all_the_time)
    thread.start()
    try:
        ended_well([forked(partial(in_child, exporter, first)) for first in firsts(2)])
    finally:
        over.set()
        thread.join()


def in_child(exporter: KafkaSpanExporter, first: int) -> None:
    assert exporter.force_flush(0), "the child waits for the parent's exports"
    must_succeed(exporter, first)
    exporter.shutdown()


def exit_at_once(brokers: str, topic: str) -> None:
    """One span in an ordinary set-up, and the end: the connection is first made while the process ends."""
    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(KafkaSpanExporter(brokers, topic=topic, timeout_s=2)))
    provider.get_tracer("at exit").start_span("chat").end()


def exit_without_threads(brokers: str, topic: str) -> None:
    """As on Python 3.12, where no thread can be started while the process ends."""
    start = threading.Thread.start

    def refuse(thread: threading.Thread) -> None:
        if thread.name.endswith("-network-thread"):
            raise RuntimeError("can't create new thread at interpreter shutdown")
        start(thread)

    threading.Thread.start = refuse  # type: ignore[method-assign,assignment]
    exit_at_once(brokers, topic)


def exit_connected(brokers: str, topic: str) -> None:
    """Nobody calls shutdown."""
    must_succeed(KafkaSpanExporter(brokers, topic=topic), 1)


def firsts(begin: int) -> list[int]:
    return [1 + EACH * worker for worker in range(begin, begin + WORKERS)]


def must_succeed(exporter: KafkaSpanExporter, first: int) -> None:
    assert exporter.export(chats(EACH, first)) is SpanExportResult.SUCCESS


def forked(work: Callable[[], None]) -> int:
    child = os.fork()
    if child == 0:
        work()
        sys.exit(0)
    return child


def ended_well(children: list[int]) -> None:
    for child in children:
        _, status = os.waitpid(child, 0)
        assert status == 0, f"a child ended with {status}"


SCENARIOS = {
    one.__name__: one for one in (prefork, fork_while_exporting, exit_at_once, exit_without_threads, exit_connected)
}

if __name__ == "__main__":
    SCENARIOS[sys.argv[1]](sys.argv[2], sys.argv[3])
