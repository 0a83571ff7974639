"""The oracle is Page's CUSUM, and its threshold gives the run length asked for."""

from itertools import islice

import numpy as np
import pytest

from benchmarks.detection import rates, values
from benchmarks.detection.measuring import first_after
from benchmarks.detection.oracle import Cusum, average_run_length, oracle
from benchmarks.detection.seeds import generator
from benchmarks.detection.streams import Change, Stream
from detectors.columns import Floats

RATE, LATENCY = rates.INDEPENDENT["failures 5.0%"], values.INDEPENDENT["latency s=0.9"]
CASES = [(RATE, RATE.change("x3")), (LATENCY, LATENCY.change("+50%"))]


def _as_the_textbook_has_it(increments: Floats, threshold: float) -> list[int]:
    found, statistic = [], 0.0
    for position, increment in enumerate(increments.tolist()):
        statistic = max(0.0, statistic + increment)
        if statistic >= threshold:
            found.append(position)
            statistic = 0.0
    return found


@pytest.mark.parametrize(("stream", "change"), CASES)
def test_alarms_are_those_of_the_recursion(stream: Stream, change: Change) -> None:
    assert change.log_ratio is not None
    calls = stream.draw(generator(1, "recursion"), 150_000)
    expected = _as_the_textbook_has_it(change.log_ratio(calls), 4.0)
    assert len(expected) > 20
    assert list(Cusum(change.log_ratio, 4.0).alarms(calls)) == expected


@pytest.mark.parametrize(("stream", "change"), CASES)
def test_the_threshold_gives_the_run_length_asked_for(stream: Stream, change: Change) -> None:
    wanted, calls = 2_000.0, 2_000_000
    alarms = len(list(oracle(stream, change, wanted, seed=1).alarms(stream.draw(generator(1, "null"), calls))))
    assert calls / alarms == pytest.approx(wanted, rel=0.12)


def test_log_run_length_grows_by_about_one_per_unit_of_threshold() -> None:
    stream, change = CASES[1]
    low, high = (average_run_length(stream, change, threshold, seed=1) for threshold in (8.0, 9.0))
    assert np.log(high / low) == pytest.approx(1.0, abs=0.15)


def test_without_known_laws_there_is_no_oracle() -> None:
    stream = rates.BURSTS["mild error bursts"]
    with pytest.raises(ValueError, match="mild error bursts, x3"):
        oracle(stream, stream.change("x3"), 1e6, seed=1)


def test_alarms_are_computed_only_as_far_as_they_are_asked_for() -> None:
    seen: list[int] = []

    def log_ratio(calls: Floats) -> Floats:
        seen.append(len(calls))
        return calls

    assert list(islice(Cusum(log_ratio, 0.5).alarms(np.ones(10)), 3)) == [0, 1, 2]


def test_the_first_alarm_after_a_change_counts_its_own_call() -> None:
    assert first_after(iter([3, 10, 12]), 10) == 1
    assert first_after(iter([3, 9, 14]), 10) == 5
    assert first_after(iter([3, 9]), 10) == np.inf
