"""Detectors on Kafka: the same transitions as undisturbed, each once, whatever happens in between."""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pytest
from kafka import TopicPartition

from detectors.service import SETTLE_S, DetectorService
from tests.detectors.service_bench import ServiceBench, encoded, work_until
from tests.detectors.standin import StandInEngine
from tests.fixtures.broker import KafkaBench
from tests.fixtures.store import call_rows
from tests.watchkeeper.storage.actions import put_actions
from watchkeeper.errors import DeadLetterLimit, StoreUnavailable, Transient
from watchkeeper.storage.client import Store
from watchkeeper.storage.dead_letters import DeadLetterFilter, list_dead_letters
from watchkeeper.streams.kafka_calls import CallsPublisher
from watchkeeper.streams.kafka_regressions import RegressionsTopic

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse]

Units = list[tuple[pa.Table, float]]
GARBAGE = b"no arrow"


class Killed(BaseException):
    """Stands for ``kill -9``: nobody catches it, nothing after it is done."""


@pytest.fixture
def bench(kafka: KafkaBench, shared_store: Store) -> ServiceBench:
    return ServiceBench(kafka, shared_store)


def units(bench: ServiceBench, count: int, first: int = 0, model: str = "gpt-4o") -> Units:
    """One of 20 calls every 20 s, up to two minutes ago; five minutes of silence before the tenth."""
    newest = bench.clock.now().timestamp() - 120
    made = []
    for number in range(first, first + count):
        at = newest - 20 * (60 - number) - (300 if number < 10 else 0)
        made.append((call_rows(20, seed=number, request_model=model), at))
    return made


def kill(service: DetectorService) -> None:
    """The process is gone: no state is saved, the group hears of it as of any that ends."""
    service._assigned.clear()
    service.close()


def committed(bench: ServiceBench, partition: int = 0) -> int:
    found = bench.kafka.committed(bench.group, bench.calls_topic, partition)
    return found.offset if found is not None else -1


def test_what_people_say_is_obeyed_once_at_the_same_place_through_a_kill(bench: ServiceBench) -> None:
    sent = units(bench, 20, first=10)
    first = int(sent[4][1])
    put_actions(bench.store, first, 1, 41)
    bench.send(encoded(sent[:12]))
    service = bench.service()
    work_until(lambda: bench.rows() == 6, "transitions", service)
    told = bench.table()
    kill(service)
    bench.send(encoded(sent[12:]))
    after = bench.service()
    work_until(lambda: bench.rows() == 10, "transitions after the kill", after)
    after.close()
    # Twenty units are eight transitions, and each action is one more.
    assert bench.table()[:6] == told and [seq for _, seq, _ in bench.table()] == list(range(1, 11))


def test_transitions_are_stored_published_and_counted(bench: ServiceBench) -> None:
    sent = units(bench, 20)
    bench.send(encoded(sent))
    service = bench.service()
    work_until(lambda: bench.rows() == 9, "transitions", service)
    expected = bench.expected(sent)
    assert bench.table() == bench.topic(9) == expected
    assert [told[0] for told in expected].count("traffic_stop-gpt-4o") == 1
    bench.clock.sleep(5)
    service.run_once(0.1)
    service.close()
    assert committed(bench) == 20
    sample = bench.metrics.registry.get_sample_value
    labels = {"kind": "regression", "state": "open"}
    assert sample("watchkeeper_regression_transitions_total", labels) == 8
    assert sample("watchkeeper_detector_calls_total") == 400
    assert sample("watchkeeper_detector_series", {"state": "ok"}) == 1


def test_a_message_that_comes_twice_counts_once(bench: ServiceBench) -> None:
    sent = units(bench, 4)
    bench.send(encoded([*sent, sent[1], sent[3]]))
    service = bench.service()
    work_until(lambda: committed(bench) == 6, "commit", service)
    bench.clock.sleep(5)
    service.run_once(0.1)
    sample = bench.metrics.registry.get_sample_value
    assert sample("watchkeeper_detector_calls_total") == 80
    assert sample("watchkeeper_detector_left_out_calls_total", {"reason": "repeated"}) == 40


@pytest.mark.parametrize("snapshot_s", [1e9, 0.0], ids=["nothing was saved", "saved after every batch"])
def test_after_a_kill_the_story_goes_on_and_nothing_is_told_twice(bench: ServiceBench, snapshot_s: float) -> None:
    bench.snapshot_s = snapshot_s
    sent = units(bench, 40)
    bench.send(encoded(sent[:15]))
    first = bench.service()
    work_until(lambda: bench.rows() >= 6, "transitions", first)
    kill(first)
    bench.send(encoded(sent[15:]))
    second = bench.service()
    expected = bench.expected(sent)
    work_until(lambda: bench.rows() >= len(expected), "transitions", second)
    second.close()
    assert bench.table() == bench.topic(len(expected)) == expected
    assert bench.rows() == len(expected)


def test_killed_between_store_and_topic_it_publishes_what_is_missing(
    bench: ServiceBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = units(bench, 12)
    bench.send(encoded(sent))

    def kill_instead(*_: object) -> None:
        raise Killed

    first = bench.service()
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(RegressionsTopic, "publish", kill_instead)
        work_until(lambda: False, "kill", first)
    kill(first)
    assert bench.rows() > 0 and bench.topic(0) == []
    second = bench.service()
    expected = bench.expected(sent)
    work_until(lambda: bench.rows() == len(expected), "transitions", second)
    second.close()
    assert bench.table() == bench.topic(len(expected)) == expected


def test_a_store_that_is_away_is_waited_for(bench: ServiceBench, monkeypatch: pytest.MonkeyPatch) -> None:
    sent = units(bench, 12)
    bench.send(encoded(sent))
    insert, refusals = Store.insert_arrow, [StoreUnavailable("away")] * 3

    def sometimes(self: Store, table: str, *rest: Any) -> None:
        if table == "regressions" and refusals:
            raise refusals.pop()
        insert(self, table, *rest)

    monkeypatch.setattr(Store, "insert_arrow", sometimes)
    service = bench.service()
    expected = bench.expected(sent)
    work_until(lambda: bench.rows() == len(expected), "transitions", service)
    service.close()
    assert not refusals and bench.table() == bench.topic(len(expected)) == expected


def test_a_publish_of_unknown_outcome_is_looked_up_before_it_is_repeated(
    bench: ServiceBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = units(bench, 12)
    bench.send(encoded(sent))
    flush, doubts = CallsPublisher.flush, [Transient("did they take it?")]

    def doubtful(self: Any, timeout_s: float) -> None:
        flush(self, timeout_s)
        if doubts:
            raise doubts.pop()

    monkeypatch.setattr(CallsPublisher, "flush", doubtful)
    service = bench.service()
    expected = bench.expected(sent)
    work_until(lambda: bench.rows() == len(expected), "transitions", service)
    service.close()
    assert not doubts and bench.topic(len(expected)) == expected


def test_an_engine_that_was_interrupted_begins_again_from_its_saved_state(
    bench: ServiceBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.snapshot_s = 0.0
    sent = units(bench, 12)
    bench.send(encoded(sent))
    expected = bench.expected(sent)
    process, faults = StandInEngine.process, [(3, StoreUnavailable("no history")), (8, StoreUnavailable("again"))]

    def interrupted(self: StandInEngine, calls: pa.Table, received_at: float) -> Any:
        found = process(self, calls, received_at)
        if faults and sum(self.calls.values()) // 20 == faults[0][0]:
            raise faults.pop(0)[1]
        return found

    monkeypatch.setattr(StandInEngine, "process", interrupted)
    service = bench.service()
    work_until(lambda: bench.rows() >= len(expected), "transitions", service)
    service.close()
    assert not faults and bench.table() == bench.topic(len(expected)) == expected


def test_silence_is_noticed_once_the_brokers_say_that_nothing_waits(bench: ServiceBench) -> None:
    sent = units(bench, 3)
    bench.send(encoded(sent))
    service = bench.service()
    work_until(lambda: committed(bench) == 3, "commit", service)
    bench.clock.sleep(10)
    work_until(lambda: bench.rows() == 2, "transition of silence", service)
    silence = bench.table()[-1]
    kill(service)
    # Another finds the same when the next message comes, though no tick of its own had the time.
    later = (call_rows(20, seed=77), bench.clock.now().timestamp() + SETTLE_S + 20)
    bench.send(encoded([later]))
    second = bench.service()
    work_until(lambda: committed(bench) == 4, "commit", second)
    second.close()
    assert silence in bench.table() and bench.expected([*sent, later]) == bench.table()


def test_an_unreadable_message_goes_to_the_dead_letters_alone(bench: ServiceBench) -> None:
    sent = units(bench, 6)
    bodies = encoded(sent)
    bench.send([*bodies[:3], (GARBAGE, sent[3][1]), *bodies[3:]])
    service = bench.service()
    expected = bench.expected(sent)
    work_until(lambda: bench.rows() == len(expected) and committed(bench) == 7, "transitions", service)
    service.close()
    assert bench.table() == expected
    (letter,) = list_dead_letters(bench.store, DeadLetterFilter())
    assert (letter.source, letter.offset, letter.signal) == (bench.calls_topic, 3, "calls")
    assert (letter.reason, letter.size) == ("malformed_arrow", len(GARBAGE))


def test_a_topic_of_garbage_stops_the_service_and_saves_nothing_of_it(bench: ServiceBench) -> None:
    sent = units(bench, 2)
    bench.snapshot_s = 0.0
    bench.send([*encoded(sent), *[(GARBAGE, sent[-1][1])] * 9])
    service = bench.service()
    with pytest.raises(DeadLetterLimit, match="6 messages in a row"):
        work_until(lambda: False, "limit", service)
    service.close()
    saved = bench.store.query_rows("SELECT max(position) AS position FROM detector_state")
    assert saved[0]["position"] <= 6
    assert committed(bench) <= 6


@pytest.mark.timeout(400)  # two members take turns in one thread: on a busy machine they join only after some rounds
def test_partitions_move_to_a_second_service_and_each_story_stays_whole(
    kafka: KafkaBench, shared_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The stories lie in the past and come in halves: silence between these is no silence of the stories.
    monkeypatch.setattr("detectors.service.SETTLE_S", 1e6)
    bench = ServiceBench(kafka, shared_store, partitions=2)
    stories = {0: units(bench, 40, model="gpt-4o"), 1: units(bench, 40, model="gpt-5")}
    for partition, story in stories.items():
        bench.send(encoded(story[:20]), partition)
    first = bench.service()
    work_until(lambda: bench.rows() >= 18, "transitions", first)
    second = bench.service()
    work_until(lambda: len(second._assigned) == len(first._assigned) == 1, "rebalance", first, second)
    for partition, story in stories.items():
        bench.send(encoded(story[20:]), partition)
    expected = sorted(told for story in stories.values() for told in bench.expected(story))
    work_until(lambda: bench.rows() >= len(expected), "transitions", first, second)
    first.close()
    second.close()
    assert bench.table() == bench.topic(len(expected)) == expected
    assert bench.rows() == len(expected)


def test_a_topic_that_was_cut_is_read_from_what_is_left(bench: ServiceBench) -> None:
    bench.kafka.needs_complete_broker()
    sent = units(bench, 12)
    bench.send(encoded(sent))
    bench.kafka.admin().delete_records({TopicPartition(bench.calls_topic, 0): 5})
    service = bench.service()
    expected: Sequence[Any] = bench.expected(sent[5:])
    work_until(lambda: bench.rows() == len(expected), "transitions", service)
    service.close()
    assert bench.table() == expected
