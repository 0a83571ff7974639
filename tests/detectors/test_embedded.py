"""The detectors beside an embedded store: every stored second once, in order, through crashes and faults."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from threading import Thread
from typing import Any
from unittest.mock import Mock

import pyarrow as pa
import pytest

from detectors import saving
from detectors.action_feed import ActionFeed
from detectors.embedded import OWNER, SETTLE_S, EmbeddedDetectors, EmbeddedParts
from detectors.followed import Followed
from detectors.reporting import Reporter
from detectors.saving import StateKeeper
from detectors.score_inbox import ScoreInbox
from tests.detectors.standin import StandInEngine, StandInEngines
from tests.fixtures.store import call_rows
from tests.watchkeeper.storage.actions import put_actions
from watchkeeper.clock import ManualClock
from watchkeeper.errors import StoreUnavailable
from watchkeeper.storage.call_feed import CallFeed
from watchkeeper.storage.client import Store
from watchkeeper.storage.regressions import RegressionFilter, latest_regressions, regression_history
from watchkeeper.storage.score_feed import ScoreFeed
from watchkeeper.storage.scores import SCORES_SCHEMA
from watchkeeper.telemetry import Metrics

pytestmark = pytest.mark.clickhouse

ENGINES = StandInEngines(every=50)
FIRST = 1_790_000_000
Told = tuple[str, int, str]


class Bench:
    """A store that grows second by second, and detectors on it that come and go."""

    def __init__(self, store: Store, snapshot_s: float = 1e9) -> None:
        self.store = store
        self.snapshot_s = snapshot_s
        self.clock = ManualClock(datetime.fromtimestamp(FIRST, UTC))
        self.metrics = Metrics()
        self.stored: list[tuple[pa.Table, int]] = []

    def put(self, seconds: range, rows: int = 20) -> None:
        parts = []
        for second in seconds:
            calls = call_rows(rows, seed=second)
            when = pa.array([FIRST + second] * rows, pa.timestamp("s", tz="UTC"))
            parts.append(calls.append_column("ingested_at", when))
            self.stored.append((calls, FIRST + second))
        self.store.insert_arrow("calls", pa.concat_tables(parts), f"{seconds}")

    def at(self, second: float) -> None:
        self.clock.sleep(FIRST + second - self.clock.now().timestamp())

    def detectors(self, max_rows: int = 50) -> EmbeddedDetectors:
        keeper = StateKeeper(self.store, self.clock, ENGINES, OWNER, self.snapshot_s)
        reporter = Reporter(self.store, self.clock, self.metrics)
        feed = CallFeed(self.store, max_rows)
        actions = ActionFeed(self.store, self.clock)
        scores = ScoreInbox(ScoreFeed(self.store), self.clock, self.metrics)
        return EmbeddedDetectors(
            EmbeddedParts(feed, actions, scores, ENGINES, keeper, reporter, self.metrics, self.clock)
        )

    def told(self) -> list[Told]:
        ids = sorted(row.id for row in latest_regressions(self.store, RegressionFilter()))
        return [(row.id, row.seq, row.reason) for one in ids for row in regression_history(self.store, one)]

    def rows(self) -> int:
        return int(self.store.query_rows("SELECT count() AS rows FROM regressions")[0]["rows"])

    def expected(self) -> list[Told]:
        followed = Followed.begin(ENGINES, self.clock.now(), 0, with_repeats=False)
        found = [one for calls, second in self.stored for one in followed.take(calls, float(second), 0)]
        return sorted((one.id, one.seq, one.reason) for one in found)


def work(detectors: EmbeddedDetectors) -> None:
    while detectors.run_once():
        pass


def test_every_second_is_read_once_when_it_is_over(shared_store: Store) -> None:
    bench = Bench(shared_store)
    bench.put(range(0, 9))
    detectors = bench.detectors()
    bench.at(4 + SETTLE_S)
    work(detectors)
    sample = bench.metrics.registry.get_sample_value
    assert sample("watchkeeper_detector_calls_total") == 80
    bench.at(9 + SETTLE_S)
    work(detectors)
    assert sample("watchkeeper_detector_calls_total") == 180
    assert bench.told() == bench.expected() and bench.rows() == 3
    assert sample("watchkeeper_detector_lag_seconds") == 0


@pytest.mark.parametrize("snapshot_s", [1e9, 0.0], ids=["nothing was saved", "saved after every round"])
def test_a_process_that_was_killed_is_continued(shared_store: Store, snapshot_s: float) -> None:
    bench = Bench(shared_store, snapshot_s)
    bench.put(range(0, 10))
    bench.at(8.0 + SETTLE_S)
    first = bench.detectors()
    work(first)
    assert bench.rows() == 3
    bench.put(range(12, 20))
    bench.put(range(400, 405))
    bench.at(500.0 + SETTLE_S)
    work(bench.detectors())
    assert {one[0] for one in bench.expected()} == {"regression-gpt-4o", "traffic_stop-gpt-4o"}
    assert bench.told() == bench.expected() and bench.rows() == len(bench.told())


@pytest.mark.parametrize("snapshot_s", [1e9, 0.0], ids=["nothing was saved", "saved after every round"])
def test_what_people_say_is_obeyed_once_through_a_kill(shared_store: Store, snapshot_s: float) -> None:
    bench = Bench(shared_store, snapshot_s)
    bench.put(range(0, 10))
    put_actions(shared_store, FIRST, 4, 8)
    for until in (5.0, 7.0, 9.0):
        bench.at(until + SETTLE_S)
        work(bench.detectors())
    bench.at(10.0 + SETTLE_S)
    work(bench.detectors())
    # Two hundred calls are four transitions, and each action is one more.
    assert bench.rows() == 6 and [seq for _, seq, _ in bench.told()] == [1, 2, 3, 4, 5, 6]


def test_silence_is_found_the_same_by_the_present_and_by_the_next_call(shared_store: Store) -> None:
    bench = Bench(shared_store, 0.0)
    bench.put(range(0, 3))
    detectors = bench.detectors()
    for second in range(10, 300, 7):
        bench.at(second)
        work(detectors)
    found = bench.told()
    assert found[-1][0] == "traffic_stop-gpt-4o"
    bench.put(range(290, 291))
    assert set(found) <= set(bench.expected())


def put_scores(bench: Bench, second: int, of: pa.Table) -> None:
    rows = [
        {"ts": (FIRST + second) * 1_000_000, "name": "thumbs", "value": 1.0, "label": "", "source": "feedback",
         "response_id": "", "trace_id": trace, "span_id": span, "service": "shop", "explanation_present": False,
         "attributes": []}
        for trace, span in zip(of["trace_id"].to_pylist(), of["span_id"].to_pylist(), strict=True)
    ]  # fmt: skip
    when = pa.array([FIRST + second] * len(rows), pa.timestamp("s", tz="UTC"))
    table = pa.Table.from_pylist(rows, SCORES_SCHEMA).append_column("stored_at", when)
    bench.store.insert_arrow("scores", table, f"scores {second}")


def put_recent(bench: Bench, second: int) -> pa.Table:
    """20 calls of that very time."""
    calls = call_rows(20, seed=second, ts=pa.array([(FIRST + second) * 1_000_000] * 20))
    when = pa.array([FIRST + second] * 20, pa.timestamp("s", tz="UTC"))
    bench.store.insert_arrow("calls", calls.append_column("ingested_at", when), f"recent {second}")
    return calls


@pytest.mark.parametrize("snapshot_s", [1e9, 0.0], ids=["nothing was saved", "saved after every round"])
def test_scores_are_worked_on_once_whatever_happens_in_between(shared_store: Store, snapshot_s: float) -> None:
    bench = Bench(shared_store, snapshot_s)
    early, late = put_recent(bench, 0), put_recent(bench, 30)
    for second, judged in ((3, early), (7, late.slice(0, 5)), (20, early.slice(5, 5)), (44, late)):
        put_scores(bench, second, judged)
    for second in (20, 33, 90):
        bench.at(second + SETTLE_S)
        work(bench.detectors())
    last = Bench(shared_store, 0.0)
    last.at(91 + SETTLE_S)
    work(last.detectors())
    state = StateKeeper(shared_store, last.clock, ENGINES, OWNER).load("calls", 0, with_repeats=False)
    assert state is not None and isinstance(state.engine, StandInEngine)
    assert state.engine.scores == 20 + 5 + 5 + 20


def test_without_calls_there_is_nothing_to_do(shared_store: Store) -> None:
    bench = Bench(shared_store)
    assert not bench.detectors().run_once()
    assert bench.rows() == 0


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (StoreUnavailable("the store is away"), "the store is away"),
        (ValueError("MARKSECRET"), "a defect: ValueError in test_embedded.py, line"),
    ],
)
def test_a_fault_is_told_and_the_work_begins_again_from_what_was_saved(
    shared_store: Store, monkeypatch: pytest.MonkeyPatch, fault: Exception, said: str
) -> None:
    bench = Bench(shared_store, 0.0)
    bench.put(range(0, 20))
    bench.at(20 + SETTLE_S)
    expected, process = bench.expected(), StandInEngine.process
    faults = [fault]

    def interrupted(self: StandInEngine, calls: pa.Table, received_at: float) -> Any:
        found = process(self, calls, received_at)
        if faults and received_at == FIRST + 7:
            raise faults[0]
        return found

    monkeypatch.setattr(StandInEngine, "process", interrupted)
    detectors = bench.detectors()
    thread = Thread(target=detectors.run)
    thread.start()
    until(lambda: detectors.problem().startswith(said))
    assert "MARK" not in detectors.problem()
    faults.clear()
    until(lambda: bench.rows() == len(expected))
    detectors.stop()
    thread.join(20)
    assert not thread.is_alive() and detectors.problem() == ""
    assert bench.told() == expected
    assert bench.metrics.registry.get_sample_value("watchkeeper_detector_failures_total") != 0


def test_a_state_that_cannot_be_read_is_learnt_anew(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(saving, "_log", Mock(error=lambda event, **_: told.append(event)))
    bench = Bench(store, 0.0)
    bench.put(range(0, 10))
    bench.at(10 + SETTLE_S)
    work(bench.detectors())
    assert bench.rows() == 4
    with monkeypatch.context() as patch:
        patch.setattr(StandInEngine, "snapshot", lambda _: b"of another world")
        bench.put(range(12, 13))
        bench.at(13 + SETTLE_S)
        work(bench.detectors())
    bench.put(range(14, 30))
    bench.at(40 + SETTLE_S)
    work(bench.detectors())
    assert [event for event in told if "cannot be read and is learnt anew" in event]
    assert bench.told() == bench.expected() and bench.rows() == len(bench.told())


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
