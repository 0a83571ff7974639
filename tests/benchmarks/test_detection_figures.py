"""Intervals are those of the textbook, and ratios pair the runs."""

import numpy as np
import pytest

from benchmarks.detection.figures import Delay, Frequency, Ratio
from benchmarks.detection.report import Result, Table, as_json
from benchmarks.verdict import Verdict


def test_frequencies_have_exact_poisson_intervals() -> None:
    found = Frequency.of([2, 3, 2, 3], exposure=5.0)
    assert (found.value, found.events, found.runs) == (2.0, 10, 4)
    assert (found.low, found.high) == pytest.approx((0.959, 3.678), abs=0.001)


def test_no_event_is_no_proof_of_none() -> None:
    found = Frequency.of([0, 0], exposure=1.0)
    assert (found.value, found.low) == (0.0, 0.0)
    assert found.high == pytest.approx(3.689, abs=0.001)


def test_alarms_that_cluster_in_few_runs_widen_the_interval() -> None:
    even, clustered = Frequency.of([2] * 10, 10.0), Frequency.of([20] + [0] * 9, 10.0)
    assert even.value == clustered.value
    assert clustered.high > 2 * even.high and clustered.low < even.low / 5


def test_a_change_that_is_mostly_missed_has_no_finite_median() -> None:
    found = Delay.of([5.0, np.inf, np.inf, np.inf, 7.0])
    assert (found.median, found.found) == (np.inf, 0.4)
    assert "never" in str(found)


def test_a_median_delay_has_an_interval_of_order_statistics() -> None:
    found = Delay.of([float(n) for n in range(1, 101)])
    assert (found.median, found.low, found.high, found.found) == (50.0, 40.0, 61.0, 1.0)


def test_a_ratio_of_equal_delays_is_one_and_of_doubled_two() -> None:
    delays = np.random.default_rng(1).exponential(100.0, 200).tolist()
    assert str(Ratio.of(delays, delays)) == "1.00 (1.00..1.00)"
    doubled = Ratio.of([2 * delay for delay in delays], delays)
    assert (doubled.value, doubled.low, doubled.high) == pytest.approx((2, 2, 2))


def test_a_ratio_tells_when_the_first_was_not_found() -> None:
    assert str(Ratio.of([np.inf] * 5, [1.0] * 5)) == "not found"


def test_a_result_is_a_verdict_a_table_and_json() -> None:
    result = Result("tail", "at most a third", "0.3", True, [Table("Delays", ["stream", "calls"], [["a", "1"]])])
    assert Verdict.read(result.line()) == Verdict("detection tail", "at most a third", "0.3", True)
    assert "| stream | calls |\n| --- | --- |\n| a | 1 |" in result.markdown()
    told = as_json([result], seed=1, quick=True, seconds=1.23)
    assert told["results"][0]["claim"] == "tail" and told["seconds"] == 1.2
