"""Learners of one value at each stage of their baseline, and the calls that they learn from."""

import numpy as np

from detectors.batch import MetricCalls
from detectors.config import DAY_S
from detectors.metrics import Direction
from detectors.strata import StrataIndex
from detectors.value_learner import ValueLearner
from tests.detectors.simulated import START


def started(direction: Direction = Direction.UP, hourly: bool = True) -> ValueLearner:
    """A learner whose series has one stratum so far."""
    return ValueLearner(0.05, direction, StrataIndex(4, [7]), hourly)


def calls(slower: float, count: int = 100, at: float = START, stratum: int = 1) -> MetricCalls:
    """Calls of four blocks within a few minutes whose logarithms lie ``slower`` above the usual, spread by 0.3."""
    logs, numbers = np.random.default_rng(count).normal(slower, 0.3, count), np.full(count, stratum)
    ts, block = np.linspace(at, at + 50, count), np.arange(count) * 4 // count
    return MetricCalls(ts, logs, numbers, max(2, stratum + 1), block, int(at - START))


def begun(direction: Direction = Direction.UP, hourly: bool = True) -> ValueLearner:
    """A learner that was frozen at 200 calls an instant ago."""
    learner = started(direction, hourly)
    learner.learn(calls(0.0, 200))
    assert learner.extend(START + 60)
    return learner


def lived(learner: ValueLearner, days: range, slower: float = 0.0) -> ValueLearner:
    """The same, 300 calls a day later on."""
    for day in days:
        learner.learn(calls(slower, 300, START + day * DAY_S))
        assert learner.extend(START + day * DAY_S + 60)
    return learner


def accepted() -> ValueLearner:
    """A learner after two weeks: pinned for good, with a trailing baseline beside it."""
    return lived(begun(), range(1, 15))
