"""The main path over a real store: every step in its order, and every way it can be broken off."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from tests.collector.otlp import CHAT, SpanSpec, request
from tests.collector.pipeline_bench import SOURCE, Bench, Killed, raising, spans
from tests.watchkeeper.storage.crash_writer import LONG_AGO
from watchkeeper.errors import DeadLetterLimit, PartitionLost, StoreRejected, StoreUnavailable, Transient
from watchkeeper.storage.client import Store
from watchkeeper.storage.reconcile import Reconciler
from watchkeeper.streams.source import RawMessage

pytestmark = pytest.mark.clickhouse

MakeBench = Callable[..., Bench]
AWAY = raising(StoreUnavailable("away"))
GARBAGE = b"\xff\xff no protobuf"


@pytest.fixture
def bench(shared_store: Store) -> Iterator[MakeBench]:
    made: list[Bench] = []

    def make(messages: Sequence[RawMessage], **options: Any) -> Bench:
        made.append(Bench(shared_store.config, {0: messages}, **options))
        return made[-1]

    yield make
    for one in made:
        one.close()


def test_every_step_comes_in_its_order_and_acknowledge_last(bench: MakeBench) -> None:
    at = bench(spans(1, 2, 3))
    at.pipeline.drain()
    steps = ["poll", "begin", "read", "insert calls", "inserted calls", "publish", "acknowledge", "poll"]
    assert at.journal.steps == steps
    assert at.stored_spans() == [1, 2, 3]
    assert at.rolled_up() == (3, 3)
    assert at.source.exhausted


def test_nothing_is_acknowledged_when_the_store_refuses(bench: MakeBench) -> None:
    at = bench(spans(1))
    at.journal.on("insert calls", raising(StoreRejected("no")))
    with pytest.raises(StoreRejected):
        at.pipeline.run()
    assert at.source.acknowledged == []
    assert at.publisher.calls == []
    assert at.source.lag() == {(SOURCE, 0): 1}


def test_while_the_store_is_away_the_same_rows_come_with_the_same_token(bench: MakeBench) -> None:
    at = bench(spans(1, 2))
    at.journal.on("insert calls", AWAY, AWAY)
    at.pipeline.drain()
    (first, token), *others = at.inserts()
    assert len(others) == 2
    assert all(again.equals(first) and same == token for again, same in others)
    assert at.journal.count("keep alive") == 2
    assert at.stored_spans() == [1, 2]
    assert at.value("insert_retries_total") == 2
    assert at.source.exhausted


def test_an_insert_of_unknown_outcome_is_stored_once(bench: MakeBench) -> None:
    at = bench(spans(1, 2))
    at.journal.on("inserted calls", AWAY)
    at.pipeline.drain()
    assert at.stored_spans() == [1, 2]
    assert at.rolled_up() == (2, 2)


def test_a_partition_lost_at_begin_is_given_back_before_anything_is_read(bench: MakeBench) -> None:
    at = bench(spans(1))
    at.journal.on("begin", raising(PartitionLost("gone")))
    at.pipeline.run_once(0)
    assert at.journal.steps == ["poll", "begin", "release"]
    assert at.value("released_batches_total", source=SOURCE) == 1
    at.pipeline.drain()
    assert at.stored_spans() == [1]


def test_a_partition_lost_while_retrying_is_left_to_its_new_owner(bench: MakeBench) -> None:
    at = bench(spans(1, 2))
    at.journal.on("insert calls", AWAY)
    at.journal.on("keep alive", lambda: at.source.lose(0))
    at.pipeline.run_once(0)
    assert at.journal.steps[-2:] == ["keep alive", "release"]
    assert at.stored_spans() == []
    at.pipeline.drain()
    assert at.stored_spans() == [1, 2]
    assert at.source.exhausted


def test_a_partition_lost_at_acknowledge_comes_again_and_adds_nothing(bench: MakeBench) -> None:
    at = bench(spans(1, 2))
    at.journal.on("acknowledge", lambda: at.source.lose(0))
    at.pipeline.run_once(0)
    assert at.source.acknowledged == []
    at.pipeline.drain()
    assert at.stored_spans() == [1, 2]
    assert at.rolled_up() == (2, 2)
    assert at.source.exhausted


@pytest.mark.parametrize("lost", [True, False])
def test_a_batch_given_back_while_publishing_is_published_when_it_comes_again(bench: MakeBench, lost: bool) -> None:
    at = bench(spans(1, 2))
    at.journal.on("publish", raising(PartitionLost("gone")))
    if lost:
        at.journal.on("release", lambda: at.source.lose(0))
    at.pipeline.drain()
    assert [calls.num_rows for calls in at.publisher.calls] == [2]
    assert at.stored_spans() == [1, 2]
    assert at.rolled_up() == (2, 2)


def test_a_source_that_does_not_answer_is_asked_again(bench: MakeBench) -> None:
    at = bench(spans(1))
    at.journal.on("poll", raising(Transient("no broker")))
    # The wait of the round ends early once the pipeline is asked to stop.
    at.pipeline.stop()
    assert at.pipeline.run_once(0)
    assert at.pipeline.run_once(0)
    assert at.source.exhausted


def test_stop_in_the_middle_of_retries_gives_the_batch_back(bench: MakeBench) -> None:
    at = bench(spans(1))
    at.journal.on("insert calls", *[AWAY] * 50)
    at.journal.on("keep alive", at.pipeline.stop)
    at.pipeline.run()
    assert at.journal.steps[-1] == "release"
    assert at.journal.count("insert calls") == 2
    assert at.source.acknowledged == []
    at.journal.faults.clear()
    at.restart()
    at.pipeline.drain()
    assert at.stored_spans() == [1]


def test_bad_messages_go_alone_into_the_dead_letters(bench: MakeBench) -> None:
    good = spans(1, 2)
    at = bench([good[0], RawMessage(GARBAGE, 1, received_at_us=1_795_000_000_000_000), RawMessage(good[1].body, 2)])
    at.pipeline.drain()
    assert at.stored_spans() == [1, 2]
    (letter,) = at.store.query_rows(
        "SELECT source, partition, offset, reason, base64Encode(body) = base64Encode(unhex({body:String})) AS same, "
        "toUnixTimestamp64Micro(received_at) AS received, replayed_at FROM dead_letters",
        {"body": GARBAGE.hex()},
    )
    assert letter == {
        "source": SOURCE,
        "partition": 0,
        "offset": 1,
        "reason": "malformed_protobuf",
        "same": 1,
        "received": 1_795_000_000_000_000,
        "replayed_at": None,
    }
    ((_, rejections),) = at.source.acknowledged
    assert {position: rejection.reason for position, rejection in rejections.items()} == {1: "malformed_protobuf"}


def test_a_bad_message_that_comes_again_is_one_dead_letter(bench: MakeBench) -> None:
    at = bench([RawMessage(GARBAGE, 7)])
    at.journal.on("acknowledge", raising(Killed()))
    with pytest.raises(Killed):
        at.pipeline.run()
    at.restart()
    at.pipeline.drain()
    assert at.store.query_rows("SELECT count() AS n FROM dead_letters FINAL") == [{"n": 1}]


def test_too_much_garbage_stops_before_anything_of_the_batch_is_stored(bench: MakeBench) -> None:
    at = bench([RawMessage(GARBAGE, offset) for offset in range(200)], max_messages=20)
    with pytest.raises(DeadLetterLimit, match="51 messages in a row"):
        at.pipeline.run()
    assert len(at.source.acknowledged) == 2
    assert at.store.query_rows("SELECT count() AS n FROM dead_letters") == [{"n": 40}]


@pytest.mark.parametrize("step", ["insert calls", "inserted calls", "publish", "acknowledge"])
def test_after_a_kill_at_any_step_everything_is_there_once(bench: MakeBench, step: str) -> None:
    at = bench(spans(1, 2, 3))
    at.journal.on(step, raising(Killed()))
    with pytest.raises(Killed):
        at.pipeline.run()
    at.restart()
    at.pipeline.drain()
    assert at.stored_spans() == [1, 2, 3]
    assert at.rolled_up() == (3, 3)
    assert at.source.exhausted


def test_after_a_kill_in_the_middle_of_an_insert_only_what_is_missing_is_added(bench: MakeBench) -> None:
    at = bench(spans(1, 2, 3, 4))

    def half() -> None:
        rows, token = at.inserts()[-1]
        Store.insert_arrow(at.store, "calls", rows.slice(0, 2), token)
        raise Killed

    at.journal.on("insert calls", half)
    with pytest.raises(Killed):
        at.pipeline.run()
    at.restart()
    at.pipeline.drain()
    (_, first_token), (missing, token) = at.inserts()
    # The engine may know the first token of rows it does not have: what is missing needs one of its own.
    assert (missing.num_rows, token != first_token) == (2, True)
    assert at.stored_spans() == [1, 2, 3, 4]
    assert at.rolled_up() == (4, 4)


def test_a_store_that_is_away_at_the_first_batch_is_waited_for(
    bench: MakeBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = bench(spans(1))
    asked: list[str] = []
    query = at.store.query_arrow

    def away_once(sql: str, parameters: Any = None) -> Any:
        asked.append(sql)
        if len(asked) in (1, 3):
            raise StoreUnavailable("away")
        return query(sql, parameters)

    monkeypatch.setattr(at.store, "query_arrow", away_once)
    at.pipeline.drain()
    assert len(asked) == 4
    assert at.stored_spans() == [1]


def test_spans_repeated_after_a_restart_are_recognised(bench: MakeBench) -> None:
    at = bench(spans(1, 2))
    at.pipeline.drain()
    at.restart()
    for message in spans(2, 1, 3, first_offset=2):
        at.source.add(0, message)
    at.pipeline.drain()
    assert at.stored_spans() == [1, 2, 3]
    assert at.rolled_up() == (3, 3)
    assert at.value("skipped_spans_total", reason="repeated_span") == 2


def test_a_child_of_a_call_stored_before_a_restart_is_another_view_of_it(bench: MakeBench) -> None:
    at = bench([RawMessage(request(SpanSpec(1)), 0)])
    at.pipeline.drain()
    at.restart()
    at.source.add(0, RawMessage(request(SpanSpec(2, parent=1, scope="openinference.instrumentation.openai")), 1))
    at.pipeline.drain()
    assert at.stored_spans() == [1]


def test_scores_and_content_are_stored_with_their_calls(bench: MakeBench) -> None:
    event = {"gen_ai.evaluation.name": "helpful", "gen_ai.evaluation.score.value": 0.5, "gen_ai.response.id": "r1"}
    attributes = {**CHAT, "gen_ai.input.messages": "the prompt"}
    spec = SpanSpec(1, attributes=attributes, events=[("gen_ai.evaluation.result", event)])
    at = bench([RawMessage(request(spec), 0)], capture_content=True)
    at.pipeline.drain()
    scores = at.store.query_rows("SELECT name, value, source, response_id, service FROM scores")
    assert scores == [
        {"name": "helpful", "value": 0.5, "source": "evaluation", "response_id": "r1", "service": "checkout"}
    ]
    content = at.store.query_rows("SELECT kind, attribute, text FROM content")
    assert content == [{"kind": "prompt", "attribute": "gen_ai.input.messages", "text": "the prompt"}]
    assert at.value("scores_total") == 1


def test_what_is_to_be_noted_is_noted_after_every_round_not_only_in_idle_ones(bench: MakeBench) -> None:
    at = bench(spans(1, 2, 3), max_messages=1)
    rounds: list[int] = []

    def note() -> None:
        rounds.append(sum(at.source.lag().values()))
        if at.source.exhausted:
            at.pipeline.stop()

    at.pipeline.run(note)
    assert rounds == [2, 1, 0]
    assert Reconciler(at.store).run(LONG_AGO) == []
