"""The queue between the receivers' threads and the pipeline's."""

import threading
from concurrent.futures import Future
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.watchkeeper.streams.otlp_fakes import PATIENCE_S, pipeline_on, source_of
from watchkeeper.clock import ManualClock
from watchkeeper.errors import StoreUnavailable
from watchkeeper.streams.otlp_linger import Linger
from watchkeeper.streams.otlp_queue import OtlpSource, QueueLimits
from watchkeeper.streams.otlp_sink import STORED, Reply, Sink, Verdict
from watchkeeper.streams.source import Batch, Encoding, Rejection, Signal, Source

START = datetime(2026, 3, 1, tzinfo=UTC)


def put(source: OtlpSource, body: bytes = b"span") -> Future[Reply]:
    return source.submit(Signal.TRACES, Encoding.PROTOBUF, body)


def take(source: OtlpSource) -> Batch:
    (batch,) = source.poll(PATIENCE_S)
    return batch


def reply(future: Future[Reply]) -> Reply:
    return future.result(timeout=PATIENCE_S)


def test_it_is_a_source_and_a_sink() -> None:
    source: Source = source_of()
    sink: Sink = source_of()
    assert callable(sink.submit)
    assert not source.stops_on_dead_letters


def test_what_piled_up_is_one_batch() -> None:
    source = source_of()
    futures = [put(source, body) for body in (b"a", b"b", b"c")]
    batch = take(source)
    assert [message.body for message in batch.messages] == [b"a", b"b", b"c"]
    assert (batch.source, batch.partition) == ("otlp", 0)
    assert not any(future.done() for future in futures)


def test_a_message_keeps_its_signal_encoding_and_time_of_receipt() -> None:
    source = OtlpSource(QueueLimits(), ManualClock(START), "run")
    source.submit(Signal.LOGS, Encoding.JSON, b"{}")
    (message,) = take(source).messages
    assert (message.signal, message.encoding) == (Signal.LOGS, Encoding.JSON)
    assert message.received_at_us == int(START.timestamp()) * 1_000_000


def test_poll_comes_back_empty_when_nothing_arrives() -> None:
    assert source_of().poll(0.001) == ()


def test_poll_wakes_for_a_request_that_arrives_later() -> None:
    source = source_of()
    timer = threading.Timer(0.01, put, (source,))
    timer.start()
    assert take(source).messages[0].body == b"span"
    timer.join()


def test_batches_keep_to_the_limits_of_messages_and_bytes() -> None:
    source = source_of(QueueLimits(batch_max_messages=2, batch_max_bytes=5))
    for body in (b"12", b"34", b"56", b"789", b"1234567", b"8"):
        put(source, body)
    sizes = [[len(message.body) for message in take(source).messages] for _ in range(4)]
    assert sizes == [[2, 2], [2, 3], [7], [1]]


def test_offsets_run_on_and_tokens_are_unique() -> None:
    source = source_of(QueueLimits(batch_max_messages=2))
    for _ in range(4):
        put(source)
    first, second = take(source), take(source)
    assert [m.offset for b in (first, second) for m in b.messages] == list(
        range(first.first_offset, first.first_offset + 4)
    )
    assert first.token == f"otlp-run-{first.first_offset}-{first.last_offset}"
    assert first.token != second.token


def test_offsets_grow_over_a_restart() -> None:
    earlier = OtlpSource(QueueLimits(), ManualClock(START), "one")
    later = OtlpSource(QueueLimits(), ManualClock(START + timedelta(seconds=1)), "two")
    put(earlier)
    put(later)
    assert take(earlier).last_offset < take(later).first_offset


def test_only_the_first_batch_opens() -> None:
    source = source_of(QueueLimits(batch_max_messages=1))
    put(source)
    put(source)
    assert [take(source).opening, take(source).opening] == [True, False]


@pytest.mark.parametrize("limits", [QueueLimits(max_bytes=10), QueueLimits(max_messages=2)])
def test_a_full_queue_says_so_at_once(limits: QueueLimits) -> None:
    source = source_of(limits)
    assert not put(source, b"12345").done()
    assert not put(source, b"12345").done()
    assert reply(put(source, b"1")).verdict is Verdict.BUSY


def test_what_is_in_work_still_counts_against_the_bound() -> None:
    source = source_of(QueueLimits(max_bytes=10))
    put(source, b"1234567890")
    batch = take(source)
    assert source.held_bytes == 10
    assert reply(put(source)).verdict is Verdict.BUSY
    source.acknowledge(batch, {})
    assert (source.held_bytes, source.held_messages) == (0, 0)
    assert not put(source).done()


def test_an_empty_queue_takes_even_a_request_above_its_bound() -> None:
    source = source_of(QueueLimits(max_bytes=10, batch_max_bytes=10))
    assert not put(source, b"x" * 100).done()
    assert len(take(source).messages) == 1


def test_acknowledging_answers_each_request_with_its_own_verdict() -> None:
    source = source_of()
    futures = [put(source) for _ in range(3)]
    whole, part = Rejection("not_protobuf", "wrong wire type"), Rejection("no_ids", "", spans=7)
    source.acknowledge(take(source), {1: whole, 2: part})
    assert [reply(future) for future in futures] == [
        STORED,
        Reply(Verdict.MALFORMED, "not_protobuf: wrong wire type"),
        Reply(Verdict.PARTIAL, "no_ids", rejected=7),
    ]


def test_releasing_asks_the_clients_to_come_again_and_hides_the_cause() -> None:
    source = source_of()
    future = put(source)
    source.release(take(source), StoreUnavailable("user default at db-7 refused"))
    assert reply(future).verdict is Verdict.UNAVAILABLE
    assert "db-7" not in reply(future).message
    assert source.held_bytes == 0


def test_answering_twice_changes_nothing() -> None:
    source = source_of()
    future = put(source)
    batch = take(source)
    source.acknowledge(batch, {})
    source.release(batch, StoreUnavailable("late"))
    assert reply(future) == STORED
    assert (source.held_bytes, source.held_messages) == (0, 0)


def test_a_request_taken_cannot_be_cancelled() -> None:
    assert not put(source_of()).cancel()


def test_closing_stops_intake_and_leaves_what_waits() -> None:
    source = source_of()
    waiting = put(source)
    source.close()
    source.close()
    assert reply(put(source)).verdict is Verdict.UNAVAILABLE
    source.acknowledge(take(source), {})
    assert reply(waiting) == STORED


def test_abandoning_answers_what_waits() -> None:
    source = source_of()
    waiting = put(source)
    source.abandon()
    assert reply(waiting).verdict is Verdict.UNAVAILABLE
    assert source.held_messages == 0
    assert source.poll(0.001) == ()


def test_clients_that_were_just_answered_join_the_next_batch() -> None:
    source = source_of(QueueLimits(linger=Linger(longest_s=PATIENCE_S, quiet_s=PATIENCE_S)))
    for _ in range(3):
        put(source)
    source.acknowledge(take(source), {})
    put(source)
    late = [threading.Timer(0.01 * number, put, (source,)) for number in (1, 2)]
    for timer in late:
        timer.start()
    assert len(take(source).messages) == 3


def test_a_client_that_stays_alone_is_not_held_for_the_others_long() -> None:
    source = source_of(QueueLimits(linger=Linger(longest_s=PATIENCE_S, quiet_s=0.01)))
    for _ in range(3):
        put(source)
    source.acknowledge(take(source), {})
    put(source)
    assert len(take(source).messages) == 1


@pytest.mark.parametrize("ending", ["enough", "closed"])
def test_lingering_ends_when_there_is_enough_or_nobody_can_come(ending: str) -> None:
    linger = Linger(longest_s=PATIENCE_S * 10, quiet_s=PATIENCE_S * 10, enough_bytes=100)
    source = source_of(replace(QueueLimits(), linger=linger))
    for _ in range(5):
        put(source)
    source.acknowledge(take(source), {})
    put(source)
    act = (lambda: put(source, b"x" * 100)) if ending == "enough" else source.close
    timer = threading.Timer(0.01, act)
    timer.start()
    assert len(take(source).messages) == (2 if ending == "enough" else 1)


def test_many_threads_get_each_request_answered_exactly_once() -> None:
    source = source_of(QueueLimits(batch_max_messages=50))
    replies: list[Reply] = []

    def client(name: int) -> None:
        for number in range(50):
            replies.append(reply(put(source, f"{name}-{number}".encode())))

    with pipeline_on(source) as pipeline:
        threads = [threading.Thread(target=client, args=(name,)) for name in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE_S)
    assert replies == [STORED] * 400
    assert len({message.body for message in pipeline.messages}) == 400
    offsets = [message.offset for message in pipeline.messages]
    assert offsets == list(range(offsets[0], offsets[0] + 400))
    assert (source.held_bytes, source.held_messages) == (0, 0)
