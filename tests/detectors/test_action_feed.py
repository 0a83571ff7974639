"""Actions reach engines in the order they were stored, each once, at the same place after a restart."""

from datetime import UTC, datetime
from unittest.mock import Mock

import pyarrow as pa
import pytest

from detectors import action_feed
from detectors.action_feed import SETTLE_S, ActionFeed
from detectors.followed import Followed
from detectors.records import Regression
from tests.detectors.standin import StandInEngines
from tests.fixtures.store import call_rows
from tests.watchkeeper.storage.actions import put_actions
from watchkeeper.clock import ManualClock
from watchkeeper.errors import StoreUnavailable
from watchkeeper.storage.client import Store
from watchkeeper.storage.regression_actions import actions_between

pytestmark = pytest.mark.clickhouse

ENGINES = StandInEngines(every=50)
FIRST = 1_790_000_000
LAG_S = 15.0


def put(store: Store, *seconds: int) -> None:
    put_actions(store, FIRST, *seconds)


def clock_at(second: float) -> ManualClock:
    return ManualClock(datetime.fromtimestamp(FIRST + second, UTC))


def begun() -> Followed:
    followed = Followed.begin(ENGINES, clock_at(0).now(), 0, with_repeats=False)
    followed.heard = FIRST - 100
    return followed


def unit(second: int) -> tuple[pa.Table, float]:
    return call_rows(20, seed=second), float(FIRST + second)


def test_only_seconds_that_are_settled_are_heard_and_the_rest_later(shared_store: Store) -> None:
    put(shared_store, 0, 5, 5, 7)
    clock, followed = clock_at(6 + SETTLE_S), begun()
    feed = ActionFeed(shared_store, clock)
    feed.fill(followed, FIRST + 1_000.0)
    assert [one.stored - FIRST for one in followed.waiting] == [0, 5, 5] and followed.heard == FIRST + 6
    clock.sleep(2)
    feed.fill(followed, FIRST + 1_000.0)
    assert [one.stored - FIRST for one in followed.waiting] == [0, 5, 5, 7]


def test_the_store_is_asked_once_for_several_engines_and_again_only_for_what_is_new(
    shared_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(shared_store, *range(20))
    asked: list[tuple[int, int]] = []

    def counted(store: Store, begin: int, end: int) -> object:
        asked.append((begin - FIRST, end - FIRST))
        return actions_between(store, begin, end)

    monkeypatch.setattr(action_feed, "actions_between", counted)
    feed = ActionFeed(shared_store, clock_at(60), LAG_S)
    engines = [begun() for _ in range(3)]
    for until in (20.0, 40.0, 44.0):
        for followed in engines:
            feed.fill(followed, FIRST + until)
    assert asked == [(-100, 50)]
    assert all(len(followed.waiting) == 20 for followed in engines)


def test_pages_are_read_on_until_all_is_heard(shared_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    put(shared_store, *range(12))
    monkeypatch.setattr(action_feed, "MOST_READ", 4)
    monkeypatch.setattr(action_feed, "_MOST_KEPT", 5)
    monkeypatch.setattr(action_feed, "actions_between", lambda store, a, b: actions_between(store, a, b, 4))
    followed = begun()
    ActionFeed(shared_store, clock_at(60)).fill(followed, FIRST + 60.0)
    assert [one.stored - FIRST for one in followed.waiting] == list(range(12))


def test_a_store_that_does_not_answer_loses_nothing(shared_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    put(shared_store, 3)
    followed, feed = begun(), ActionFeed(shared_store, clock_at(60))
    with monkeypatch.context() as patch:
        patch.setattr(action_feed, "actions_between", Mock(side_effect=StoreUnavailable("away")))
        with pytest.raises(StoreUnavailable):
            feed.fill(followed, FIRST + 60.0)
    feed.fill(followed, FIRST + 60.0)
    assert len(followed.waiting) == 1


def story(followed: Followed, feed: ActionFeed, seconds: range) -> list[Regression]:
    told = []
    for second in seconds:
        calls, at = unit(second)
        feed.fill(followed, at)
        told += followed.take(calls, at, second + 1)
    return told


@pytest.mark.parametrize("cut", [1, 16, 19, 20, 25])
def test_a_restart_anywhere_takes_each_action_once_at_the_same_place(shared_store: Store, cut: int) -> None:
    put(shared_store, 2, 3, 3, 9)
    whole = begun()
    expected = story(whole, ActionFeed(shared_store, clock_at(100), LAG_S), range(40))
    assert len(expected) == 4 + 40 * 20 // 50
    # Before the restart, the present; after it, all at once.
    first, live = begun(), clock_at(0)
    told, feed = [], ActionFeed(shared_store, live, LAG_S)
    for second in range(cut):
        live.sleep(1)
        told += story(first, feed, range(second, second + 1))
    again = Followed.restore(ENGINES, first.save({}), with_repeats=False)
    told += story(again, ActionFeed(shared_store, clock_at(100), LAG_S), range(cut, 40))
    assert told == expected and not again.waiting
    assert again.save({}) == whole.save({})


def test_in_silence_actions_and_ticks_keep_their_order(shared_store: Store) -> None:
    put(shared_store, 40, 130)
    live, whole = begun(), begun()
    feed = ActionFeed(shared_store, clock_at(1_000))
    told = story(live, feed, range(3))
    for until in range(10, 400, 7):
        feed.fill(live, FIRST + float(until))
        told += live.tick(FIRST + float(until))
    told += story(live, feed, range(500, 501))
    assert told == story(whole, feed, range(3)) + story(whole, feed, range(500, 501))
    assert live.save({}) == whole.save({})
