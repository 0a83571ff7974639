"""The engine over calls of the past."""

import numpy as np
import pyarrow as pa
import pytest

from detectors.backtest import MOST_PAIRS, Backtest, backtest, cuts, unit_hours
from detectors.config import DetectorConfig
from detectors.engine import Engine
from detectors.records import FindingKind, State
from tests.detectors.made_calls import HOUR, START, calls


def run(table: pa.Table) -> Backtest:
    return backtest(Engine(DetectorConfig()), [table])


def errors_from(share: float, n: int = 4_000, at: int = 2_500, seed: int = 1) -> pa.Table:
    """Calls every six seconds, 1 % of them errors, from number ``at`` on another share."""
    rng = np.random.default_rng(seed)
    failed = rng.random(n) < np.where(np.arange(n) < at, 0.01, share)
    latency = (2e6 * rng.lognormal(0, 0.5, n)).astype(np.int64)
    outcome = np.where(failed, "error", "ok").tolist()
    return calls((START + np.arange(n) * 6.0).astype(np.float64), outcome=outcome, duration_us=latency)


@pytest.fixture(scope="module")
def regressed() -> Backtest:
    return run(errors_from(0.3))


def test_a_change_is_reported_with_when_and_how_much(regressed: Backtest) -> None:
    (found,) = regressed.regressions
    assert (found.metric, found.direction, found.state) == ("error", "up", State.OPEN)
    change = START + 2_500 * 6.0
    assert abs(found.onset.timestamp() - change) < 900
    assert change < found.detected_at.timestamp() < change + 1_800
    assert found.size is not None and 0.2 < found.size.after < 0.4
    assert regressed.is_regressed() and not regressed.cannot_tell()
    assert "error" in regressed.told_as(found)


def test_quiet_calls_are_quiet() -> None:
    result = run(errors_from(0.01))
    assert not result.transitions and not result.is_regressed() and not result.cannot_tell()
    assert result.calls == result.engine.counts().calls == 4_000


def test_few_calls_cannot_tell_and_say_what_they_need() -> None:
    result = run(errors_from(0.01, n=60))
    assert result.cannot_tell() and not result.is_regressed()
    (error,) = [one for one in result.statuses() if one.metric == "error"]
    assert (error.state, error.calls, error.needed) == (State.LEARNING, 60, 140)
    assert "140 more calls" in error.why


def test_the_result_does_not_depend_on_how_the_calls_come_in_tables(regressed: Backtest) -> None:
    table = errors_from(0.3)
    hourly = [table.slice(first, last - first) for first, last in cuts(table["ts"].cast(pa.int64()).to_numpy())]
    again = backtest(Engine(DetectorConfig()), hourly)
    assert again.transitions == regressed.transitions
    assert again.engine.snapshot() == regressed.engine.snapshot()


def test_the_end_of_the_calls_is_no_stop_of_traffic() -> None:
    result = run(errors_from(0.01, n=3_000))
    assert not result.findings


def test_the_open_block_is_judged_at_the_end() -> None:
    """All calls are in the statistics, not only those of blocks that were full."""
    result = run(errors_from(0.01, n=1_010))
    (group,) = result.engine.groups.values()
    (watch,) = group.series.values()
    assert watch.block.calls == 0


def test_units_are_bounded_in_calls_and_time() -> None:
    times = np.array([0.0, 1.0, HOUR, 2 * HOUR, 2 * HOUR + 1, 23 * HOUR, 24 * HOUR, 72 * HOUR]) * 1e6
    assert list(cuts(times.astype(np.int64), most=10)) == [(0, 2), (2, 5), (5, 6), (6, 7), (7, 8)]
    assert list(cuts(times.astype(np.int64), most=2)) == [(0, 2), (2, 3), (3, 5), (5, 6), (6, 7), (7, 8)]
    assert list(cuts(times.astype(np.int64), most=1_000)) == [(0, 6), (6, 7), (7, 8)]


def test_calls_of_one_moment_cannot_tell_and_say_why() -> None:
    result = run(calls(np.full(3_000, START), duration_us=list(range(1, 3_001))))
    assert "all 3,000 calls have the same time, 2025-09-01 00:00:00 UTC" in result.cannot_tell()
    assert not result.is_regressed()


def test_progress_counts_every_row() -> None:
    told: list[int] = []
    backtest(Engine(DetectorConfig()), [errors_from(0.01, n=1_500)], told.append)
    assert sum(told) == 1_500


def test_no_calls_are_no_result() -> None:
    result = backtest(Engine(DetectorConfig()), [])
    assert result.cannot_tell() and not result.statuses()


def test_an_outage_of_an_hour_among_seventy_calls_an_hour_is_told_within_it() -> None:
    rng = np.random.default_rng(2)
    ts = np.sort(START + rng.random(71 * 24 * 20) * 20 * 24 * HOUR)
    out = START + 15 * 24 * HOUR + 13.25 * HOUR
    failed = (rng.random(len(ts)) < 0.01) | ((ts >= out) & (ts < out + 1.5 * HOUR))
    result = run(calls(ts, outcome=np.where(failed, "error", "ok").tolist()))
    (outage,) = [one for one in result.findings if one.kind is FindingKind.OUTAGE]
    assert out < outage.detected_at.timestamp() < out + HOUR and outage.state is State.CLOSED


def test_a_model_that_is_not_called_for_days_is_a_stop_of_traffic() -> None:
    rng = np.random.default_rng(3)
    ts = np.sort(START + rng.random(71 * 24 * 35) * 35 * 24 * HOUR)
    one = rng.random(len(ts)) < 0.5
    away = START + 28 * 24 * HOUR
    kept = ~(one & (ts >= away) & (ts < away + 72 * HOUR))
    names = np.where(one, "gpt-x", "gpt-y")[kept].tolist()
    result = run(calls(ts[kept], request_model=names, model=names))
    (stop,) = [one for one in result.findings if one.kind is FindingKind.TRAFFIC_STOP]
    assert stop.request_model == "gpt-x" and away < stop.detected_at.timestamp() < away + 12 * HOUR


@pytest.mark.parametrize(("routes", "hours"), [(1, 1), (40, 2), (800, 24)])
def test_units_are_longer_where_many_series_have_few_calls(routes: int, hours: int) -> None:
    days = 30
    each = np.arange(days * 24) * HOUR
    ts = START + np.sort(np.concatenate([each + n for n in range(routes)]))
    names = [f"r{n % routes}" for n in range(len(ts))]
    table = calls(ts, route=names)
    assert unit_hours(table, table["ts"].cast(pa.int64()).to_numpy()) == hours
    assert 40 * days * 24 > MOST_PAIRS
