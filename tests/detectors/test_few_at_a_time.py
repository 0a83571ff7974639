"""Calls that come one at a time are judged as those that come in hundreds."""

import numpy as np
import pytest

from detectors.batch import MetricCalls
from detectors.score_sr import ScoreSR
from detectors.value_evidence import bins_of


def _calls(ts: list[float]) -> MetricCalls:
    nothing = np.zeros(len(ts), np.int64)
    return MetricCalls(np.array(ts), np.zeros(len(ts)), nothing, 1, nothing, 0)


def test_residuals_of_single_calls_are_spread_evenly_over_bins() -> None:
    times = (1_788_134_400 + np.random.default_rng(1).uniform(0, 86_400, 4_000)).tolist()
    alone = np.array([bins_of(np.zeros(1), _calls([ts]).numbers)[0] for ts in times])
    together = bins_of(np.zeros(len(times)), _calls(times).numbers)
    assert alone.mean() == pytest.approx(together.mean(), abs=0.05)
    assert alone.mean() == pytest.approx(bins_of(np.zeros(4_000)).mean(), abs=0.05)


def test_calls_of_one_instant_are_spread_too() -> None:
    bins = bins_of(np.zeros(4_000), _calls([1_788_134_400.0] * 4_000).numbers)
    assert bins.mean() == pytest.approx(bins_of(np.zeros(4_000)).mean(), abs=0.05)


def test_blocks_of_one_call_find_no_later_what_blocks_of_fifty_find() -> None:
    random = np.random.default_rng(5)
    usual = np.exp(0.7 + 0.9 * random.standard_normal(10_000))
    slower = np.exp(0.7 + np.log(1.2) + 0.9 * random.standard_normal(20_000))
    found = []
    for block in (1, 50):
        detector = ScoreSR(patience=1e6, learn=10_000, block=block, cap=np.inf)
        assert detector.update_many(usual) is None
        found.append(detector.update_many(slower))
    alone, blocks = found
    assert alone is not None
    assert blocks is not None
    assert 0.5 * blocks < alone <= blocks
