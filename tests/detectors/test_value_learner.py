"""A value's baselines: learning, frozen at 200 calls, extended while quiet, accepted after two weeks, and kept so."""

from collections.abc import Callable

import numpy as np
import pytest

from detectors.alternatives import UP
from detectors.config import DAY_S
from detectors.metrics import Direction
from detectors.value_learner import ValueLearner
from tests.detectors.learned_values import accepted, begun, calls, lived, started
from tests.detectors.made_blocks import same, stored
from tests.detectors.simulated import HOUR_S, START


def test_it_learns_up_to_200_calls_and_says_nothing_meanwhile() -> None:
    learner = started()
    learner.learn(calls(0.0, 199))
    assert not learner.extend(START + 9 * DAY_S) and learner.pinned is None and learner.known == 199
    sums = learner.judge(calls(2.0), 4)
    assert not sums.evidence.any() and not learner.weights().any() and learner.residuals(calls(0.0)) is None
    learner.learn(calls(0.0, 1, START + 30))
    assert learner.extend(START + 60) and learner.known == 200 and not learner.first
    assert learner.weights()[0].sum() == pytest.approx(1) and not learner.weights()[1].any()


def test_a_frozen_baseline_speaks_for_slower_calls_and_counts_what_it_judged() -> None:
    learner = begun()
    slower, usual = learner.judge(calls(0.7), 4), learner.judge(calls(0.0), 4)
    assert slower.evidence[0].sum(axis=0)[UP].max() > 10 > 1 > usual.evidence[0].sum(axis=0).max()
    assert not slower.evidence[1].any() and slower.calls.tolist() == [[25] * 4, [0] * 4]
    assert (slower.s > usual.s).all() and slower.v.tolist() == [25] * 4
    residuals = learner.residuals(calls(0.7))
    assert residuals is not None and residuals.mean() == pytest.approx(0.7 / 0.3, rel=0.2)


@pytest.mark.parametrize(("direction", "hourly"), [(Direction.UP, True), (Direction.BOTH, True), (Direction.UP, False)])
def test_an_hour_not_seen_yet_may_be_slower_where_only_that_is_watched(direction: Direction, hourly: bool) -> None:
    learner, allowed = begun(direction, hourly), 0.09 if hourly and direction is Direction.UP else 0.0
    assert learner.pinned and learner.pinned.unknown[[0, 3]].tolist() == pytest.approx([0, allowed])
    now, later = (learner.judge(calls(0.3, 100, START + hour * HOUR_S), 4) for hour in (0, 3))
    shifts = [sums.features[0, :, 1].sum() for sums in (now, later)]
    assert shifts[1] / shifts[0] == pytest.approx(0.7 if allowed else 1.0, abs=0.1)
    assert later.s.sum() == pytest.approx(now.s.sum(), rel=0.15)


def test_it_is_extended_when_doubled_or_a_day_old_and_what_is_discarded_is_not_learned() -> None:
    learner = begun()
    for count, waited_s, known in ((199, 200, 200), (1, 300, 400), (10, 300 + DAY_S, 410)):
        before = learner.pinned
        learner.learn(calls(0.0, count, START + waited_s))
        assert learner.extend(START + waited_s) is (known > 200) is (learner.pinned is not before)
        assert learner.known == known
    learner.learn(calls(2.0, 5_000, START + 2 * DAY_S))
    learner.discard()
    assert not learner.extend(START + 9 * DAY_S) and learner.known == 410


def test_after_two_weeks_the_pinned_baseline_stays_and_the_trailing_one_follows_by_half_in_ten_days() -> None:
    assert lived(begun(), range(1, 14)).trailing is None
    learner = accepted()
    assert learner.pinned and learner.weights().sum(axis=1) == pytest.approx([0.5, 0.5])
    usual = learner.pinned.baseline.location[1]
    lived(learner, range(15, 45), 0.4)
    assert learner.trailing and learner.known == 4_400 and learner.pinned.baseline.location[1] == usual
    assert learner.trailing.baseline.location[1] - usual == pytest.approx(0.4 - 0.4 / 8, abs=0.03)
    evidence = learner.judge(calls(0.4), 4).evidence.sum(axis=1)
    assert evidence[0].max() > 10 > 2 > evidence[1].max()


def test_stratum_nought_is_never_known_and_others_once_they_were_learned() -> None:
    learner, new = begun(), started()
    for one in (learner, new):
        one.learn(calls(0.0, 5_000, stratum=0))
        assert not one.extend(START + 9 * DAY_S)
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
    again = ValueLearner.restore(0.05, Direction.UP, learner.strata, True, stored(learner.state()))
    for now in (START + 16 * DAY_S, START + 18 * DAY_S):
        for judged in (calls(0.2), calls(0.3, stratum=2), calls(0.1, stratum=0)):
            assert same(again.judge(judged, 4), learner.judge(judged, 4))
        assert np.array_equal(again.weights(), learner.weights())
        for one in (again, learner):
            one.learn(calls(0.1, 400, now, stratum=2))
            assert one.extend(now)
    assert stored(again.state()) == stored(learner.state())
