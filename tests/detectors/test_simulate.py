"""Traffic drawn anew, known changes, and what the calibration counts."""

import numpy as np
import pyarrow as pa
import pytest

from detectors.config import DetectorConfig
from detectors.resample import KNOWN_CHANGES, made_up, resampled
from detectors.simulate import calibrate, poisson_interval
from tests.detectors.made_calls import HOUR, START, arrivals, calls


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def seconds(table: pa.Table) -> np.ndarray:
    times: np.ndarray = table["ts"].cast(pa.int64()).to_numpy() / 1e6
    return times


def test_hours_are_drawn_whole_and_from_the_same_hour_of_day() -> None:
    """Calls only at hours divisible by six of three days, each hour marked by its token count."""
    hours = np.arange(0, 72, 6)
    ts = (START + np.repeat(hours, 5) * HOUR + np.tile(np.arange(5) * 60.0, len(hours))).astype(np.float64)
    table = calls(ts, input_tokens=np.repeat(hours + 1, 5))
    found = resampled(table, 240, rng())
    at = ((seconds(found) - START) // HOUR).astype(int)
    marks = found["input_tokens"].to_numpy() - 1
    assert (np.diff(seconds(found)) >= 0).all()
    assert (at % 24 == marks % 24).all() and set(at) == set(range(0, 240, 6))
    assert (np.bincount(at)[::6] == 5).all()
    assert len(set(marks)) == len(hours)


def test_short_traffic_is_drawn_from_any_hour() -> None:
    table = calls(arrivals(rng(), START, START + 5 * HOUR, lambda _: 20.0))
    found = resampled(table, 30, rng())
    assert 300 < found.num_rows < 900
    assert seconds(found)[-1] - seconds(found)[0] > 28 * HOUR


def test_made_up_traffic_has_its_rate_and_errors() -> None:
    found = made_up(100.0, 0.05, 3, 50, rng())
    assert abs(found.num_rows - 15_000) < 500
    failed = np.array(found["outcome"].to_pylist()) == "error"
    assert abs(failed.mean() - 0.05) < 0.01


@pytest.mark.parametrize("change", KNOWN_CHANGES, ids=lambda one: one.name)
def test_known_changes_leave_the_time_before_alone(change: object) -> None:
    table = made_up(200.0, 0.02, 2, 40, rng())
    after = np.arange(table.num_rows) >= table.num_rows // 2
    changed = next(one for one in KNOWN_CHANGES if one is change).apply(table, after, rng())
    half = table.num_rows // 2
    assert changed.schema == table.schema
    assert changed.slice(0, half).equals(table.slice(0, half))
    assert not changed.slice(half).equals(table.slice(half))


def test_three_times_the_errors_are_three_times_the_errors() -> None:
    table = made_up(2_000.0, 0.02, 1, 20, rng())
    changed = KNOWN_CHANGES[0].apply(table, np.ones(table.num_rows, np.bool_), rng())
    failed = np.array(changed["outcome"].to_pylist()) == "error"
    assert failed.mean() == pytest.approx(0.06, rel=0.1)


def test_the_calibration_finds_large_changes_and_counts_time_without_any() -> None:
    """Five runs: one without a change, one with each; three quarters of 48 hours' series-days are unchanged."""
    result = calibrate(DetectorConfig(), lambda chance: made_up(250.0, 0.02, 1, 24, chance), 7, 5)
    assert result.runs == 5
    assert result.false_alarms.series_days == pytest.approx(1 + 4 * 0.6, rel=0.05)
    assert result.false_alarms.alarms == 0 and result.false_alarms.rate[2] > 0
    slower = next(one for one in result.found if one.name == "latency +50%")
    assert slower.series == 1 and slower.share == 1.0
    assert 0 < slower.delays_s[0] < 10 * HOUR and slower.delays_calls[0] > 0


def test_the_same_seed_gives_the_same_runs_and_time_only_ends_them() -> None:
    def traffic(chance: np.random.Generator) -> pa.Table:
        return made_up(60.0, 0.02, 1, 10, chance)

    two = calibrate(DetectorConfig(), traffic, 3, 2)
    assert calibrate(DetectorConfig(), traffic, 3, 2) == two
    assert calibrate(DetectorConfig(), traffic, 3, 9, lambda: False).runs == 1


def test_poisson_intervals() -> None:
    """From tables of the exact interval."""
    assert poisson_interval(0)[0] == 0.0
    assert poisson_interval(0)[1] == pytest.approx(3.689, abs=1e-3)
    low, high = poisson_interval(10)
    assert low == pytest.approx(4.795, abs=1e-3) and high == pytest.approx(18.39, abs=1e-2)
