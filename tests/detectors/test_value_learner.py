"""A value's baselines: learning, frozen at 200 calls, extended while quiet, accepted after two weeks, and kept so."""

from collections.abc import Callable

import numpy as np
import pytest

from detectors.alternatives import DOWN, UP
from detectors.batch import BlockSums, MetricCalls
from detectors.config import DAY_S
from detectors.metrics import Direction
from detectors.strata import StrataIndex
from detectors.value_learner import ValueLearner
from tests.detectors.made_blocks import stored
from tests.detectors.simulated import HOUR_S, START

TOLERANCE = 0.05


def started(direction: Direction = Direction.UP, hourly: bool = True) -> ValueLearner:
    """A learner whose series has one stratum so far."""
    return ValueLearner(TOLERANCE, direction, StrataIndex(4, [7]), hourly)


def calls(slower: float, count: int = 100, at: float = START, stratum: int = 1) -> MetricCalls:
    """Calls of four blocks within a few minutes whose logarithms lie ``slower`` above the usual, spread by 0.3."""
    logs = np.random.default_rng(count).normal(slower, 0.3, count)
    numbers = np.full(count, stratum)
    return MetricCalls(
        at + np.arange(count) * 0.1, logs, numbers, max(2, stratum + 1), np.arange(count) * 4 // count, 0
    )


def begun(direction: Direction = Direction.UP, hourly: bool = True) -> ValueLearner:
    """A learner that was frozen at 200 calls an instant ago."""
    learner = started(direction, hourly)
    learner.learn(calls(0.0, 200))
    assert learner.extend(START + 60)
    return learner


def accepted() -> ValueLearner:
    """A learner with two weeks of 300 calls a day."""
    learner = begun()
    for day in range(1, 15):
        learner.learn(calls(0.0, 300, START + day * DAY_S))
        assert learner.extend(START + day * DAY_S + 60)
        assert (learner.trailing is not None) is (day == 14)
    return learner


def same(one: BlockSums, other: BlockSums) -> bool:
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in BlockSums.__slots__)


def test_it_learns_up_to_200_calls_and_says_nothing_meanwhile() -> None:
    learner = started()
    learner.learn(calls(0.0, 199))
    assert not learner.extend(START + 9 * DAY_S) and learner.pinned is None and learner.known == 199
    sums = learner.judge(calls(2.0), 4)
    assert not sums.evidence.any() and not learner.weights().any() and learner.residuals(calls(0.0)) is None
    learner.learn(calls(0.0, 1))
    assert learner.extend(START + 60) and learner.known == 200 and not learner.first
    assert learner.weights()[0].sum() == pytest.approx(1) and not learner.weights()[1].any()


def test_a_frozen_baseline_speaks_for_slower_calls_and_counts_what_it_judged() -> None:
    learner = begun()
    slower, usual = learner.judge(calls(0.7), 4), learner.judge(calls(0.0), 4)
    assert slower.evidence[0][:, UP].max() > 10 > 2 > usual.evidence[0].max()
    assert not slower.evidence[1].any() and slower.calls.tolist() == [[25] * 4, [0] * 4]
    assert (slower.s > usual.s).all() and slower.v.tolist() == [25] * 4
    residuals = learner.residuals(calls(0.7))
    assert residuals is not None and residuals.mean() == pytest.approx(0.7 / 0.3, rel=0.2)


@pytest.mark.parametrize(
    ("direction", "hourly", "allowed"),
    [(Direction.UP, True, 0.09), (Direction.BOTH, True, 0.0), (Direction.UP, False, 0.0)],
)
def test_an_hour_not_seen_yet_may_be_slower_where_only_that_is_watched(
    direction: Direction, hourly: bool, allowed: float
) -> None:
    learner = begun(direction, hourly)
    assert learner.pinned and learner.pinned.unknown[[0, 3]].tolist() == pytest.approx([0, allowed])
    now, later = (learner.judge(calls(0.3, 100, START + hour * HOUR_S), 4) for hour in (0, 3))
    assert (later.evidence[0].sum() < now.evidence[0].sum()) is (allowed > 0)
    assert later.s.sum() == pytest.approx(now.s.sum(), rel=0.05)
    assert learner.weights()[0, DOWN].any() == (direction is Direction.BOTH)


def test_it_is_extended_when_doubled_or_a_day_old_and_what_is_discarded_is_not_learned() -> None:
    learner = begun()
    learner.learn(calls(0.0, 199, START + 100))
    before = learner.pinned
    assert not learner.extend(START + 200) and learner.pinned is before
    learner.learn(calls(0.0, 1, START + 200))
    assert learner.extend(START + 300) and learner.known == 400 and learner.pinned is not before
    learner.learn(calls(0.0, 10, START + DAY_S))
    assert learner.extend(START + 300 + DAY_S) and learner.known == 410
    learner.learn(calls(2.0, 5_000, START + 2 * DAY_S))
    learner.discard()
    assert not learner.extend(START + 9 * DAY_S) and learner.known == 410


def test_after_two_weeks_the_pinned_baseline_stays_and_the_trailing_one_follows_by_half_in_ten_days() -> None:
    learner = accepted()
    assert learner.pinned and learner.weights().sum(axis=1) == pytest.approx([0.5, 0.5])
    usual = learner.pinned.baseline.location[1]
    for day in range(15, 45):
        learner.learn(calls(0.4, 300, START + day * DAY_S))
        assert learner.extend(START + day * DAY_S + 60)
    assert learner.pinned and learner.trailing and learner.known == 4_400
    assert learner.pinned.baseline.location[1] == usual
    assert learner.trailing.baseline.location[1] - usual == pytest.approx(0.4 - 0.4 / 8, abs=0.03)
    evidence = learner.judge(calls(0.4), 4).evidence.sum(axis=1)
    assert evidence[0].max() > 10 > 2 > evidence[1].max()


def test_stratum_nought_is_never_known_and_others_once_they_were_learned() -> None:
    learner = begun()
    learner.learn(calls(0.0, 5_000, stratum=0))
    assert not learner.extend(START + 9 * DAY_S)
    for unknown in (0, 2):
        sums = learner.judge(calls(2.0, stratum=unknown), 4)
        assert not sums.evidence.any() and not sums.calls.any()
    learner.strata.number(np.array([9]))
    learner.learn(calls(1.0, 400, START + 200, stratum=2))
    assert learner.extend(START + 300) and learner.pinned
    assert learner.pinned.baseline.known.tolist() == [0, 1, 1]
    assert learner.judge(calls(2.0, stratum=2), 4).evidence.max() > 10


@pytest.mark.parametrize("make", [started, begun, accepted])
def test_a_state_restores_all_bits(make: Callable[[], ValueLearner]) -> None:
    learner = make()
    learner.strata.number(np.array([9]))
    learner.learn(calls(0.1, 150, START + 14.5 * DAY_S, stratum=2))
    learner.learn_blocks(np.array([1.0, -2.0]), np.array([3.0, 4.0]))
    again = ValueLearner.restore(TOLERANCE, Direction.UP, learner.strata, True, stored(learner.state()))
    for now in (START + 16 * DAY_S, START + 18 * DAY_S):
        for judged in (calls(0.2), calls(0.3, stratum=2), calls(0.1, stratum=0)):
            assert same(again.judge(judged, 4), learner.judge(judged, 4))
        assert np.array_equal(again.weights(), learner.weights())
        for one in (again, learner):
            one.learn(calls(0.1, 400, now, stratum=2))
            assert one.extend(now)
    assert stored(again.state()) == stored(learner.state())
