"""Monitors: runs of blocks are the same as single steps, alarms latch until they are over, bursts are capped."""

import numpy as np
import pytest

from detectors.alarms import Blocks, Change, Decided
from detectors.columns import Bools, Floats
from detectors.config import DAY_S
from detectors.monitor import METRIC_COUNT, Monitor
from detectors.records import State
from tests.detectors.made_blocks import CALLS, ERROR, WEIGHTS, blank, errors, stored
from tests.detectors.simulated import START

PATIENCE_S = 30 * DAY_S


def random_blocks(rng: np.random.Generator, count: int, begin: int, drift: float) -> Blocks:
    """Evidence of all metrics under both baselines; a third of them have no calls in a block."""
    blocks = blank(count, begin)
    blocks.evidence[:] = rng.normal(drift, 1.5, blocks.evidence.shape)
    blocks.features[:] = rng.random(blocks.features.shape)
    blocks.calls[:] = CALLS * (rng.random((count, METRIC_COUNT)) < 0.67)
    blocks.phi[:] = 1 + rng.random(METRIC_COUNT)
    if count < 20:
        return blocks
    # Hot three times in a row, so that the cap of the block after them is raised.
    blocks.evidence[0, 3:6, ERROR], blocks.calls[0, 3:7, ERROR], blocks.phi[:, ERROR] = 5.0, CALLS, 2.0
    return blocks


def random_weights(rng: np.random.Generator) -> Floats:
    """Of some of the alternatives, each metric's summing to 1; two metrics rest."""
    drawn = rng.random(WEIGHTS.shape) * (rng.random(WEIGHTS.shape) < 0.5)
    drawn[:, -2:] = 0.0
    weights: Floats = drawn / np.maximum(drawn.sum(axis=(0, 2), keepdims=True), 1e-9)
    return weights


def judged(blocks: Blocks) -> Bools:
    return np.asarray(blocks.calls.sum(axis=0) > 0)


@pytest.mark.parametrize("seed", range(8))
def test_a_run_of_blocks_is_the_same_as_its_steps(seed: int) -> None:
    rng = np.random.default_rng(seed)
    at_once, single, begin, longest = Monitor(10 * PATIENCE_S), Monitor(10 * PATIENCE_S), 0, 0.0
    for count in (1, 32, 7, 12):
        weights, blocks, changes = random_weights(rng), random_blocks(rng, count, begin, -1.5), list[Change]()
        assert at_once._run(blocks, judged(blocks), weights, slice(0, count))
        for b in range(count):
            single._step(blocks, b, judged(blocks)[b], weights, None, changes)
            longest = max(longest, single.streak.max())
        assert not changes
        begin += count
    assert longest >= 3
    one, other = at_once.statistics, single.statistics
    np.testing.assert_allclose(one.statistic, other.statistic, rtol=1e-9)
    np.testing.assert_allclose(one.sums, other.sums, rtol=1e-9)
    np.testing.assert_allclose(one.onset, other.onset, rtol=0, atol=1e-3)
    np.testing.assert_allclose(one.spread, other.spread, rtol=1e-6, atol=1e-3)
    np.testing.assert_allclose(at_once.level, single.level, rtol=1e-9)
    assert np.array_equal(at_once.streak, single.streak) and np.array_equal(at_once.last, single.last)


def test_a_run_that_would_alarm_changes_nothing_and_its_steps_alarm() -> None:
    monitor, blocks = Monitor(PATIENCE_S), errors([1.0] * 5 + [10.0] * 10)
    before = stored(monitor.snapshot())
    assert not monitor._run(blocks, judged(blocks), WEIGHTS, slice(0, 15))
    assert stored(monitor.snapshot()) == before
    assert [change.state for change in monitor.feed(blocks, WEIGHTS)] == [State.OPEN]


def test_an_alarm_is_raised_once_and_only_what_is_over_can_come_back() -> None:
    monitor, story = Monitor(PATIENCE_S), [1.0] * 40 + [10.0] * 40 + [1.0] * 40 + [10.0] * 20
    changes = monitor.feed(errors(story), WEIGHTS)
    changes = [change for change in changes if change.state is not State.RECOVERING]
    assert [change.state for change in changes] == [State.OPEN, State.CLOSED, State.OPEN]
    minutes = [(change.at - START) / 60 for change in changes]
    assert 40 < minutes[0] <= 46 and 80 < minutes[1] <= 90 and 120 < minutes[2] <= 126
    assert changes[0].alarm.onset == pytest.approx(START + 40 * 60, abs=120)
    assert monitor.state(ERROR, able=True, learning=False) is State.OPEN and not monitor.quiet(ERROR)
    monitor.forget(START + 1e6)
    assert monitor.state(ERROR, able=True, learning=False) is State.OK and not monitor.level.any()


def test_a_snapshot_with_an_open_alarm_goes_on_bit_for_bit() -> None:
    whole, before = Monitor(PATIENCE_S), Monitor(PATIENCE_S)
    story = [1.0] * 20 + [10.0] * 20 + [1.0] * 20
    changes = whole.feed(errors(story), WEIGHTS)
    found = before.feed(errors(story[:43]), WEIGHTS)
    after = Monitor.restore(PATIENCE_S, stored(before.snapshot()))
    assert after.open and found + after.feed(errors(story[43:], 43), WEIGHTS) == changes
    assert np.array_equal(after.statistics.statistic, whole.statistics.statistic)


@pytest.mark.parametrize(("phi", "needed"), [(1.0, 3), (3.0, 4)])
def test_a_burst_must_fill_several_blocks_however_bad_it_is(phi: float, needed: int) -> None:
    for burst in range(1, 6):
        blocks = errors([1.0] * 5 + [50.0] * burst + [1.0] * 5)
        blocks.phi[:] = phi
        assert bool(Monitor(PATIENCE_S).feed(blocks, WEIGHTS)) is (burst >= needed)
    scattered = errors(([50.0] * 2 + [0.0] * 20) * 5)
    assert not Monitor(PATIENCE_S).feed(scattered, WEIGHTS)


def test_another_detector_decides_if_calls_went_the_way_that_is_watched() -> None:
    fired = np.zeros((10, METRIC_COUNT), np.bool_)
    fired[6, ERROR] = True
    for bad, wanted, raised in ((3.0, 1.0, True), (0.0, 1.0, False), (0.0, 0.0, True), (3.0, -1.0, False)):
        changes = Monitor(PATIENCE_S).feed(errors([bad] * 10), WEIGHTS, Decided(fired, np.full(METRIC_COUNT, wanted)))
        assert [(c.state, c.at) for c in changes] == [(State.OPEN, START + 7 * 60)] * raised


@pytest.mark.parametrize(("bad", "young", "told"), [(2.2, True, False), (2.2, False, True), (4.0, True, True)])
def test_a_rate_whose_baseline_has_not_seen_a_day_may_be_doubled_by_the_hour_alone(
    bad: float, young: bool, told: bool
) -> None:
    monitor = Monitor(PATIENCE_S)
    monitor.young[ERROR] = young
    changes = monitor.feed(errors([1.0] * 20 + [bad] * 400), WEIGHTS)
    assert bool(changes) is told
