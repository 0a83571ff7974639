"""The queue between the application and the exporter: bounded, retried, counted, flushed, forked."""

import logging
import multiprocessing
import os
import threading
import time
from collections.abc import Iterator, Sequence

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExportResult

from tests.sdk.spans import Broken, Faulty, Stuck, ended, record
from watchkeeper_sdk import _safety
from watchkeeper_sdk.finishing import Finisher
from watchkeeper_sdk.outbox import Counts, Exporter, Outbox, OutboxLimits
from watchkeeper_sdk.privacy import Privacy
from watchkeeper_sdk.records import CallRecord

QUICK = OutboxLimits(capacity=100, batch=10, every_s=0.01, settle_s=0.0)
PATIENT = OutboxLimits(capacity=100, batch=10, every_s=0.01, settle_s=60.0)


def as_it_is(one: CallRecord) -> ReadableSpan:
    return one.span


@pytest.fixture
def said() -> Iterator[None]:
    """Log lines are limited to one a minute: start afresh."""
    _safety._said_at.clear()
    yield
    _safety._said_at.clear()


def outbox(exporter: Exporter, limits: OutboxLimits = QUICK) -> Outbox:
    return Outbox(exporter, as_it_is, limits, flush_s=10)


def until(holds: object, within_s: float = 10.0) -> None:
    deadline = time.monotonic() + within_s
    while not holds():  # type: ignore[operator]
        assert time.monotonic() < deadline, "in vain"
        threading.Event().wait(0.005)


def test_calls_are_sent_in_order_without_being_asked() -> None:
    exporter = Faulty()
    sending = outbox(exporter)
    for number in range(25):
        sending.put(record(number))
    until(lambda: len(exporter.names) == 25)
    assert exporter.names == [f"call {number}" for number in range(25)]
    assert sending.counts == Counts(0, 25, 0)
    sending.shutdown()
    assert exporter.ended


def test_a_young_call_waits_for_verdicts_unless_flushed() -> None:
    exporter = Faulty()
    sending = outbox(exporter, PATIENT)
    young = record()
    sending.put(young)
    assert young.add({"watchkeeper.format.valid": True})
    assert not exporter.taken.wait(0.1) and not young.sealed
    assert sending.flush(5)
    assert exporter.names == ["call 0"] and not young.add({"late": True})
    sending.shutdown()


def test_a_queue_half_full_does_not_wait() -> None:
    exporter = Faulty()
    sending = outbox(exporter, PATIENT)
    for number in range(60):
        sending.put(record(number))
    until(lambda: len(exporter.names) >= 10)
    sending.shutdown()
    assert len(exporter.names) == 60


@pytest.mark.usefixtures("said")
def test_while_the_receiver_is_away_the_oldest_are_dropped_and_counted(caplog: pytest.LogCaptureFixture) -> None:
    exporter = Faulty(away=True)
    sending = outbox(exporter)
    with caplog.at_level(logging.WARNING, "watchkeeper_sdk"):
        for number in range(250):
            sending.put(record(number))
        until(lambda: exporter.tries >= 2 and sending.counts.queued == 100)
        assert sending.counts == Counts(100, 0, 150)
        until(lambda: any("dropped" in line for line in caplog.messages))
    exporter.away = False
    assert sending.flush(10)
    assert exporter.names == [f"call {number}" for number in range(150, 250)]
    assert sending.counts == Counts(0, 100, 150)
    assert len([line for line in caplog.messages if "dropped" in line]) == 1
    sending.shutdown()


@pytest.mark.usefixtures("said")
def test_an_exporter_that_raises_does_not_end_the_thread_nor_speak(caplog: pytest.LogCaptureFixture) -> None:
    sending = outbox(Broken())
    sending.put(record())
    assert not sending.flush(0.2)
    sending.shutdown(0.1)
    assert sending.counts == Counts(0, 0, 1)
    assert "RuntimeError" in caplog.text and "secret" not in caplog.text


def test_a_call_that_cannot_be_made_ready_keeps_no_other() -> None:
    def finish(one: CallRecord) -> ReadableSpan:
        if one.span.name == "call 1":
            raise ValueError("bad")
        return one.span

    exporter = Faulty()
    sending = Outbox(exporter, finish, QUICK)
    for number in range(3):
        sending.put(record(number))
    assert sending.flush(5)
    assert exporter.names == ["call 0", "call 2"] and sending.counts == Counts(0, 2, 1)
    sending.shutdown()


def test_flush_and_shutdown_keep_their_time_with_a_stuck_exporter() -> None:
    exporter = Stuck()
    sending = outbox(exporter)
    sending.put(record())
    assert exporter.entered.wait(5)
    began = time.monotonic()
    assert not sending.flush(0.1)
    sending.shutdown(0.1)
    assert time.monotonic() - began < 5
    exporter.go_on.set()


def test_after_shutdown_calls_are_dropped_and_counted() -> None:
    sending = outbox(Faulty())
    sending.shutdown()
    sending.shutdown()
    sending.put(record())
    assert sending.counts == Counts(0, 0, 1)


def test_many_threads_lose_and_double_nothing() -> None:
    exporter = Faulty()
    sending = outbox(exporter, OutboxLimits(capacity=100_000, batch=64, every_s=0.01, settle_s=0.0))

    def put(first: int) -> None:
        for number in range(first, first + 500):
            sending.put(record(number))

    threads = [threading.Thread(target=put, args=(1_000 * one,)) for one in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sending.flush(20)
    assert len(exporter.names) == len(set(exporter.names)) == 2_000
    sending.shutdown()


def test_a_forked_child_sends_its_own_calls_only() -> None:
    exporter = Faulty()
    sending = outbox(exporter, PATIENT)
    sending.put(record(1))
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        sending.put(record(2))
        sending.flush(5)
        os.write(writer, ",".join(exporter.names).encode())
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reader, 100) == b"call 2"
    assert sending.flush(5) and exporter.names == ["call 1"]
    sending.shutdown()
    os.close(reader)
    os.close(writer)


def _in_child(sending: Outbox, writer: int) -> None:
    exporter = sending._exporter
    assert isinstance(exporter, Faulty)
    taken = exporter.export
    exporter.export = lambda spans: (os.write(writer, b"sent"), taken(spans))[1]  # type: ignore[method-assign]
    sending.put(record(3))


def test_a_child_of_multiprocessing_flushes_at_its_end() -> None:
    sending = outbox(Faulty(), PATIENT)
    reader, writer = os.pipe()
    child = multiprocessing.get_context("fork").Process(target=_in_child, args=(sending, writer))
    child.start()
    child.join(20)
    os.close(writer)
    assert child.exitcode == 0 and os.read(reader, 100) == b"sent"
    os.close(reader)
    sending.shutdown()


def test_what_the_exporter_gave_up_is_dropped_not_sent() -> None:
    class Picky(Faulty):
        dropped = 0

        def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
            self.dropped += 1
            return super().export(spans[1:])

    sending = outbox(Picky())
    for number in range(3):
        sending.put(record(number))
    assert sending.flush(5)
    counts = sending.counts
    assert (counts.queued, counts.sent + counts.dropped) == (0, 3) and counts.dropped >= 1
    sending.shutdown()


class Refusing(Faulty):
    """Takes no batch that holds the call named."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        refused = any(span.name == self._name for span in spans)
        return SpanExportResult.FAILURE if refused else super().export(spans)


def test_a_call_that_is_refused_is_found_and_the_others_are_sent() -> None:
    exporter = Refusing("call 3")
    sending = Outbox(exporter, as_it_is, QUICK, back_off_s=(0.01, 0.02))
    for number in range(20):
        sending.put(record(number))
    assert sending.flush(20)
    assert sorted(exporter.names) == sorted(f"call {number}" for number in range(20) if number != 3)
    assert sending.counts == Counts(0, 19, 1)
    sending.shutdown()


def test_a_flush_waits_for_what_was_there_not_for_what_comes() -> None:
    exporter = Faulty()
    sending = outbox(exporter, PATIENT)
    going = threading.Event()

    def go_on() -> None:
        while not going.is_set():
            sending.put(record(1))
            going.wait(0.000_5)

    thread = threading.Thread(target=go_on)
    thread.start()
    assert all(sending.flush(10) for _ in range(3))
    going.set()
    thread.join()
    sending.shutdown()


def test_a_flush_that_is_not_persistent_ends_with_the_first_refusal() -> None:
    sending = outbox(Faulty(away=True))
    sending.put(record())
    began = time.monotonic()
    assert not sending.flush(30, persistent=False)
    assert time.monotonic() - began < 10
    sending.shutdown(0.1)


def test_while_calls_wait_for_the_receiver_their_content_is_let_go() -> None:
    exporter = Faulty(away=True)
    sending = Outbox(exporter, Finisher(Privacy(), {}, {}), QUICK, back_off_s=(0.01, 0.02))
    waiting = CallRecord(ended(attributes={"gen_ai.input.messages": "x" * 60_000, "gen_ai.operation.name": "chat"}))
    others = [record(number) for number in range(30)]
    for one in (*others, waiting):
        sending.put(one)
    until(lambda: waiting.finished is not None)
    until(lambda: waiting.span is waiting.finished)
    assert "gen_ai.input.messages" not in (waiting.span.attributes or {})
    sending.shutdown(0.1)


@pytest.mark.usefixtures("said")
def test_a_log_handler_that_raises_ends_neither_the_thread_nor_the_caller() -> None:
    class Raising(logging.Filter):
        def filter(self, record: logging.LogRecord) -> bool:
            raise RuntimeError("no logging today")

    exporter, raising = Broken(), Raising()
    _safety.logger.addFilter(raising)
    try:
        sending = Outbox(exporter, as_it_is, QUICK, back_off_s=(0.01, 0.02))
        sending.put(record())
        assert not sending.flush(0.2)
        worker = sending._worker
        assert worker is not None and worker.is_alive()
    finally:
        _safety.logger.removeFilter(raising)
    sending.shutdown(0.1)
