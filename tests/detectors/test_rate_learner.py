"""A rate's baselines: learning, frozen at 200 calls, extended while quiet, accepted after two weeks, and kept so."""

from collections.abc import Callable

import numpy as np
import pytest

from detectors.alternatives import ODDS
from detectors.batch import MetricCalls
from detectors.config import DAY_S
from detectors.rate_learner import RateLearner
from tests.detectors.made_blocks import same, stored
from tests.detectors.simulated import START

TOLERANCE = 0.25


def calls(bad: float, count: int = 100, at: float = START, stratum: int = 1, strata: int = 2) -> MetricCalls:
    """So many calls of one block, a share of them ``bad``, evenly spread."""
    values = (np.floor(np.arange(1, count + 1) * bad) > np.floor(np.arange(count) * bad)).astype(float)
    numbers = np.full(count, stratum)
    return MetricCalls(np.linspace(at, at + 50, count), values, numbers, strata, np.zeros(count, np.int64), 0)


def begun(bad: float = 0.05, count: int = 200) -> RateLearner:
    """A learner that was frozen an instant ago."""
    learner = RateLearner(TOLERANCE)
    learner.learn(calls(bad, count))
    assert learner.extend(START + 60)
    return learner


def accepted() -> RateLearner:
    """A learner with two weeks of 300 calls a day, 5 % of them bad."""
    learner = begun(0.05, 300)
    for day in range(1, 15):
        learner.learn(calls(0.05, 300, START + day * DAY_S))
        assert learner.extend(START + day * DAY_S + 60)
        assert (learner.trailing is not None) is (day == 14)
    return learner


def test_it_learns_up_to_200_calls_and_says_nothing_meanwhile() -> None:
    learner = RateLearner(TOLERANCE)
    learner.learn(calls(0.05, 199))
    assert not learner.extend(START + 9 * DAY_S) and learner.pinned is None and not learner.known
    sums = learner.judge(calls(1.0), 1)
    assert not sums.evidence.any() and not learner.weights().any() and learner.residuals(calls(1.0)) is None
    learner.learn(calls(0.0, 1))
    assert learner.extend(START + 60) and learner.known == 200
    assert learner.weights()[0].sum() == pytest.approx(1) and not learner.weights()[1].any()


def test_a_frozen_baseline_speaks_for_more_bad_calls_only_and_counts_what_it_judged() -> None:
    learner = begun()
    worse, usual = learner.judge(calls(0.5), 1), learner.judge(calls(0.05), 1)
    assert worse.evidence[0, 0, : len(ODDS)].max() > 20 > 0 > usual.evidence[0, 0, : len(ODDS)].max()
    assert not worse.evidence[1].any() and worse.calls.tolist() == [[100], [0]]
    assert worse.features[0, 0, :3] == pytest.approx([100, 50, 5], rel=0.1)
    assert usual.s[0] == pytest.approx(0, abs=0.5) and worse.s[0] == pytest.approx(45, abs=0.5)


def test_it_is_extended_when_doubled_or_a_day_old_and_what_is_discarded_is_not_learned() -> None:
    learner = begun()
    learner.learn(calls(0.05, 199, START + 100))
    before = learner.pinned
    assert not learner.extend(START + 200) and learner.pinned is before
    learner.learn(calls(0.05, 1, START + 200))
    assert learner.extend(START + 300) and learner.known == 400 and learner.pinned is not before
    learner.learn(calls(0.05, 10, START + DAY_S))
    assert learner.extend(START + 300 + DAY_S) and learner.known == 410
    learner.learn(calls(1.0, 5_000, START + 2 * DAY_S))
    learner.discard()
    assert not learner.extend(START + 9 * DAY_S) and learner.known == 410


def test_after_two_weeks_the_pinned_baseline_stays_and_the_trailing_one_follows_by_half_in_ten_days() -> None:
    learner = accepted()
    assert learner.pinned and learner.weights().sum(axis=1) == pytest.approx([0.5, 0.5])
    shares = learner.pinned.share.copy()
    for day in range(15, 45):
        learner.learn(calls(0.2, 300, START + day * DAY_S))
        assert learner.extend(START + day * DAY_S + 60)
    assert learner.pinned and learner.trailing and learner.known == 4_500
    assert np.array_equal(learner.pinned.share, shares)
    assert learner.trailing.share[1] == pytest.approx(0.2 - 0.15 / 8, abs=0.02)
    evidence = learner.judge(calls(0.2), 1).evidence
    assert evidence[0].max() > 3 > 0 > evidence[1, 0, : len(ODDS)].max()


def test_stratum_nought_is_never_known_and_others_once_they_were_learned() -> None:
    learner = begun()
    learner.learn(calls(0.05, 5_000, stratum=0))
    assert not learner.extend(START + 100) and not learner.extend(START + 9 * DAY_S)
    new = calls(1.0, stratum=2, strata=3)
    for unknown in (calls(1.0, stratum=0), new):
        sums = learner.judge(unknown, 1)
        assert not sums.evidence.any() and not sums.calls.any()
    learner.learn(calls(0.05, 400, START + 200, stratum=2, strata=3))
    assert learner.extend(START + 300) and learner.pinned
    assert learner.pinned.known.tolist() == [0, 1, 1] and learner.judge(new, 1).evidence.max() > 20


@pytest.mark.parametrize("make", [lambda: RateLearner(TOLERANCE), begun, accepted])
def test_a_state_restores_all_bits(make: Callable[[], RateLearner]) -> None:
    learner = make()
    learner.learn(calls(0.1, 150, START + 14.5 * DAY_S, stratum=2, strata=3))
    learner.learn_blocks(np.array([1.0, -2.0]), np.array([3.0, 4.0]))
    again = RateLearner.restore(TOLERANCE, stored(learner.state()))
    for now in (START + 16 * DAY_S, START + 18 * DAY_S):
        for judged in (calls(0.3, stratum=stratum, strata=3) for stratum in range(3)):
            assert same(again.judge(judged, 1), learner.judge(judged, 1))
        assert np.array_equal(again.weights(), learner.weights())
        for one in (again, learner):
            one.learn(calls(0.1, 400, now, strata=3))
            assert one.extend(now)
    assert stored(again.state()) == stored(learner.state())
