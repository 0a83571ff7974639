"""Scores on their way from the store into engines: each once, at the same moment again after a crash."""

from datetime import UTC, datetime
from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest

from detectors.followed import Followed
from detectors.score_inbox import SETTLE_S, ScoreInbox, ScoreQueue
from tests.detectors.made_scores import scored
from tests.detectors.standin import StandInEngine, StandInEngines
from tests.fixtures.store import call_rows
from watchkeeper.clock import ManualClock
from watchkeeper.errors import StoreUnavailable
from watchkeeper.storage.score_feed import ScoreBatch, ScoredSecond
from watchkeeper.telemetry import Metrics

FIRST = 1_790_000_010
SLOT = 15
ENGINES = StandInEngines(every=50)


class MadeFeed:
    """Scores of known seconds, a few seconds at each read."""

    def __init__(self, seconds: list[int], step: int = 10_000) -> None:
        self.seconds = seconds
        self.step = step
        self.reads = 0

    def read(self, begin: int, end: int) -> ScoreBatch:
        self.reads += 1
        stop = min(end, begin + self.step)
        found = [
            ScoredSecond(second, scored(np.full(second % 3 + 1, float(second)), 1.0))
            for second in self.seconds
            if begin <= second < stop
        ]
        return ScoreBatch(found, stop, int(begin == self.seconds[0]))


class Bench:
    def __init__(self, feed: Any, lag_s: float = 0.0) -> None:
        self.clock = ManualClock(datetime.fromtimestamp(FIRST, UTC))
        self.metrics = Metrics()
        self.inbox = ScoreInbox(feed, self.clock, self.metrics, lag_s)

    def at(self, second: float) -> float:
        self.clock.sleep(FIRST + second - self.clock.now().timestamp())
        return FIRST + second

    def due(self, queue: ScoreQueue, until: float) -> list[int]:
        return [table["second"][0].as_py() - FIRST for table in queue.due(FIRST + until)]


@pytest.mark.parametrize("step", [1, 7, 10_000])
def test_scores_are_due_when_their_slot_is_over(step: int) -> None:
    bench, queue = Bench(MadeFeed([FIRST + n for n in (1, 14, 15, 29, 44)], step)), ScoreQueue()
    bench.inbox.fill(queue, float(FIRST), bench.at(40 + SETTLE_S) - SETTLE_S)
    assert bench.due(queue, 14) == [] and bench.due(queue, 15) == [1, 14]
    assert bench.due(queue, 29) == [] and bench.due(queue, 31) == [15, 29]
    bench.inbox.fill(queue, float(FIRST), bench.at(59 + SETTLE_S) - SETTLE_S)
    assert bench.due(queue, 45) == [44] and bench.due(queue, 60) == []


def test_of_a_new_engine_nothing_before_its_first_calls_is_asked_for() -> None:
    bench, queue = Bench(MadeFeed([FIRST - 40, FIRST + 1])), ScoreQueue()
    bench.inbox.fill(queue, float(FIRST), bench.at(30 + SETTLE_S))
    assert bench.due(queue, 60) == [1]


def test_with_a_lag_scores_come_later() -> None:
    bench, queue = Bench(MadeFeed([FIRST + 1]), lag_s=60.0), ScoreQueue()
    bench.inbox.fill(queue, FIRST + 60.0, bench.at(74))
    assert bench.due(queue, 74) == []
    bench.inbox.fill(queue, FIRST + 60.0, bench.at(76))
    assert bench.due(queue, 76) == [1]


def test_many_engines_ask_the_store_once() -> None:
    feed = MadeFeed([FIRST + 1, FIRST + 20])
    bench, queues = Bench(feed), [ScoreQueue() for _ in range(5)]
    until = bench.at(40 + SETTLE_S) - SETTLE_S
    for queue in queues:
        bench.inbox.fill(queue, float(FIRST), until)
    assert [bench.due(queue, 45) for queue in queues] == [[1, 20]] * 5 and feed.reads == 1
    assert bench.metrics.registry.get_sample_value(
        "watchkeeper_detector_left_out_scores_total", {"reason": "no_call"}
    ) in (0, 1)


def test_while_the_store_is_away_nothing_is_skipped() -> None:
    feed = Mock(read=Mock(side_effect=[StoreUnavailable("away"), ScoreBatch((), FIRST + 30, 2)]))
    bench, queue = Bench(feed), ScoreQueue()
    until = bench.at(30 + SETTLE_S)
    with pytest.raises(StoreUnavailable):
        bench.inbox.fill(queue, float(FIRST), until)
    assert queue.place == FIRST
    bench.inbox.fill(queue, float(FIRST), until)
    assert queue.place == FIRST + 30
    assert feed.read.call_args_list[0] == feed.read.call_args_list[1]
    sample = bench.metrics.registry.get_sample_value
    assert sample("watchkeeper_detector_left_out_scores_total", {"reason": "no_call"}) == 2


def follow(bench: Bench, followed: Followed, seconds: range) -> None:
    for second in seconds:
        bench.inbox.fill(followed.scores, FIRST + float(seconds[0]), FIRST + float(second))
        if second % 4 == 0:
            followed.take(call_rows(5, seed=second), FIRST + float(second), second + 1)
        else:
            followed.tick(FIRST + float(second))


@pytest.mark.parametrize("killed_at", [17, 45, 90, 131])
def test_a_restart_neither_loses_nor_repeats_a_score(killed_at: int) -> None:
    seconds = [FIRST + n for n in range(1, 200, 3)]
    whole = Bench(MadeFeed(seconds))
    undisturbed = Followed.begin(ENGINES, whole.clock.now(), 0, with_repeats=False)
    whole.at(1_000)
    follow(whole, undisturbed, range(0, 240))

    bench = Bench(MadeFeed(seconds, step=40))
    followed = Followed.begin(ENGINES, bench.clock.now(), 0, with_repeats=False)
    bench.at(1_000)
    follow(bench, followed, range(0, killed_at))
    again = Bench(MadeFeed(seconds))
    again.at(1_000)
    restored = Followed.restore(ENGINES, followed.save({}), with_repeats=False)
    follow(again, restored, range(killed_at, 240))
    assert restored.engine.snapshot() == undisturbed.engine.snapshot()
    assert isinstance(restored.engine, StandInEngine)
    assert restored.engine.scores == sum(second % 3 + 1 for second in seconds)
