"""Equal runs give all detectors equal calls, in whatever process; quick claims hold."""

import numpy as np
import pytest

from benchmarks.detection import any_traffic, dependence, half_tolerance, tail
from benchmarks.detection.catalogue import STREAMS
from benchmarks.detection.measuring import ORACLE, Cell, delay_cells, measure, null_cells, subject, subjects
from benchmarks.detection.own_rows import OWN, Own
from benchmarks.detection.plan import Plan, measured
from benchmarks.detection.seeds import generator
from benchmarks.detection.side_by_side import RateSeries, ValueSeries, false_alarms
from benchmarks.detection.traffic import TRAFFICS
from detectors.columns import Floats
from detectors.metrics import Kind
from detectors.rate_sr import RateSR

STREAM = STREAMS["failures 5.0%"]


def test_cells_in_two_processes_give_what_one_gives() -> None:
    cells = delay_cells(OWN, STREAM, STREAM.change("x3"), 30, seed=1)
    alone, together = (measured(Plan(processes=n), cells, "test").runs for n in (1, 2))
    assert alone == together
    assert len(alone[OWN, STREAM.name, "x3"]) == 30


def test_every_detector_of_a_kind_finds_a_change_or_says_never() -> None:
    for row in subjects(Kind.RATE):
        delays = measure(Cell(row.name, STREAM.name, "x5", 0, 2, 0, seed=1))
        assert len(delays) == 2 and min(delays) >= 1


def test_the_oracle_is_not_slower_than_what_has_to_learn() -> None:
    change = STREAM.change("x3")
    cells = [*delay_cells(ORACLE, STREAM, change, 60, 1), *delay_cells(OWN, STREAM, change, 60, 1)]
    found = measured(Plan(processes=1), cells, "test")
    assert found.delay(ORACLE, STREAM.name, "x3").median < found.delay(OWN, STREAM.name, "x3").median


def test_false_alarms_count_only_after_the_baseline() -> None:
    row = subject(Kind.RATE, "EDDM")
    cells = null_cells(row, STREAM, 0.02, seed=1)
    counts = measured(Plan(processes=1), cells, "test").runs[row.name, STREAM.name, ""]
    whole = row.prepare(STREAM, 1e6, 1)()
    calls = STREAM.draw(generator(1, STREAM.name, "null", 0), STREAM.baseline + cells[0].calls)
    alarms = np.array(list(whole.alarms(calls)))
    assert counts[0] == (alarms >= STREAM.baseline).sum() > 0
    assert (alarms < STREAM.baseline).any()


def test_testing_goes_on_after_an_alarm_with_the_same_baseline() -> None:
    detector = RateSR(patience=1e6, learn=2_000)
    calls = np.concatenate([STREAM.draw(generator(1, "a"), 4_000), np.ones(2_000)])
    alarms = list(Own(detector).alarms(calls))
    assert len(alarms) > 1 and alarms == sorted(alarms)
    assert alarms == _one_by_one(calls)


def _one_by_one(calls: Floats) -> list[int]:
    detector, found = RateSR(patience=1e6, learn=2_000), []
    for position, bad in enumerate(calls.tolist()):
        detector.update(bool(bad))
        if detector.drift_detected:
            found.append(position)
    return found


def test_series_side_by_side_alarm_at_the_frequency_they_are_designed_for() -> None:
    series = [RateSeries.known(0.01) for _ in range(300)]
    counts = false_alarms(series, TRAFFICS[1], 10.0, np.full(300, 10.0), generator(1, "side"))
    assert 0.2 < counts.mean() <= 1.0


def test_a_baseline_that_is_too_good_alarms_all_the_time() -> None:
    slow = [ValueSeries.learned(0.9, generator(1, "learn"), 10_000)] * 3
    worse = [ValueSeries(one.baseline, np.roll(one.share, 5), one.features) for one in slow]
    counts = [false_alarms(s, TRAFFICS[2], 2.0, np.full(3, 30.0), generator(1, "run")).sum() for s in (slow, worse)]
    assert counts[0] <= 1 and counts[1] > 20


@pytest.mark.parametrize(
    "claim", [any_traffic, dependence, half_tolerance, tail], ids=lambda claim: claim.__name__[21:]
)
def test_quick_claims_hold(claim: object) -> None:
    plan = Plan(seed=1, quick=True, processes=1, null_share=0.002, run_share=0.02)
    result = claim.run(plan)  # type: ignore[attr-defined]
    assert result.holds, result.measured
    assert result.tables[0].rows
