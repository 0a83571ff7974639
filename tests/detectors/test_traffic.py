"""Traffic stops: found by the clock, alike in a replay, and silent over nights, weekends and batch jobs."""

import json

import numpy as np
import pytest

from detectors.columns import CallColumns
from detectors.group_calls import by_model
from detectors.metrics import Severity
from detectors.records import Regression, State
from detectors.traffic import TrafficStop
from tests.detectors.made_calls import DAY, HOUR, PARENT, START, Floats, arrivals, calls, day_and_night, office, units

WEEKS = 28 * DAY


def clocked(detector: TrafficStop, parts: list[tuple[CallColumns, float]], until: float) -> list[Regression]:
    """Feed ``parts`` and tick once a minute wherever nothing comes."""
    told: list[Regression] = []
    clock = parts[0][1]
    for part, now in [*parts, (None, until)]:
        while clock + 60 < now:
            clock += 60
            told += detector.advance(clock)
        clock = max(clock, now)
        for group in by_model(part) if part is not None else []:
            told += detector.feed(group, now)
    return told


def replayed(parts: list[tuple[CallColumns, float]], until: float) -> list[Regression]:
    """The same without a clock."""
    detector = TrafficStop(PARENT)
    told = [r for part, now in parts for group in by_model(part) for r in detector.feed(group, now)]
    return told + detector.advance(until)


def office_calls(end: float, seed: int = 1) -> Floats:
    return arrivals(np.random.default_rng(seed), START, end, lambda t: 120 * office(t))


def test_a_stop_in_the_middle_of_the_day_pages_and_a_replay_tells_the_same() -> None:
    stop, back = START + WEEKS + 11.3 * HOUR, START + WEEKS + 14 * HOUR
    ts = office_calls(START + WEEKS + DAY)
    parts = list(units(calls(ts[(ts < stop) | (ts >= back)]), 20.0))
    until = START + WEEKS + 20 * HOUR
    opened, closed = clocked(TrafficStop(PARENT), parts, until)
    assert replayed(parts, until) == [opened, closed]
    assert opened.severity is Severity.PAGE and opened.details["began"] == "while calls came as usual"
    assert stop + 240 < opened.detected_at.timestamp() < stop + 1_200
    assert abs(opened.onset.timestamp() - stop) < 120
    assert "no calls since 2025-09-29 11:1" in opened.reason
    assert closed.state is State.CLOSED and abs(closed.at.timestamp() - back) < 60


def test_a_holiday_is_a_notice() -> None:
    ts = office_calls(START + WEEKS + 2 * DAY)
    # Friday's evening to Monday's end: the Monday is one.
    holiday = (ts >= START + WEEKS - 2 * DAY) & (ts < START + WEEKS + DAY)
    parts = list(units(calls(ts[~holiday]), 20.0))
    told = replayed(parts, START + WEEKS + 2 * DAY)
    assert {r.severity for r in told} <= {Severity.NOTICE}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_nights_and_weekends_are_quiet_from_the_first_day_on(seed: int) -> None:
    parts = list(units(calls(office_calls(START + 28 * DAY, seed)), 60.0))
    assert clocked(TrafficStop(PARENT), parts, START + 28 * DAY) == []


@pytest.mark.parametrize("per_hour", [3.0, 30.0, 90.0])
def test_round_the_clock_traffic_of_any_size_is_quiet(per_hour: float) -> None:
    rng = np.random.default_rng(4)
    ts = arrivals(rng, START, START + 28 * DAY, lambda t: per_hour * day_and_night(t))
    assert replayed(list(units(calls(ts), 120.0)), START + 28 * DAY) == []


def test_batch_jobs_are_quiet_even_when_they_are_late() -> None:
    rng = np.random.default_rng(5)
    starts = START + np.arange(28) * DAY + 2 * HOUR + rng.exponential(900, 28)
    ts = np.sort(np.concatenate([start + np.sort(rng.random(2_000)) * 2_400 for start in starts]))
    assert replayed(list(units(calls(ts), 120.0)), START + 28 * DAY) == []


def test_steady_traffic_that_stops_in_its_first_week_is_a_notice() -> None:
    stop = START + 5 * DAY
    ts = arrivals(np.random.default_rng(6), START, stop, lambda t: 600)
    (opened,) = clocked(TrafficStop(PARENT), list(units(calls(ts), 60.0)), stop + 3 * HOUR)
    assert opened.severity is Severity.NOTICE and opened.at.timestamp() < stop + HOUR


def test_one_workload_of_two_is_told_by_itself_and_both_as_the_model() -> None:
    stop = START + WEEKS
    ts = arrivals(np.random.default_rng(7), START, stop + 2 * HOUR, lambda t: 60)
    route = np.where(np.arange(len(ts)) % 2, "chat", "code")
    one = (route == "chat") | (ts < stop)
    (opened,) = replayed(list(units(calls(ts[one], route=route[one]), 240.0)), stop + 2 * HOUR)
    assert opened.series == "shop|code|openai|gpt-x|*"
    both = ts < stop
    (opened,) = clocked(TrafficStop(PARENT), list(units(calls(ts[both], route=route[both]), 240.0)), stop + 2 * HOUR)
    assert opened.series == str(PARENT)


def test_a_workload_taken_out_of_use_is_closed_after_two_weeks() -> None:
    ts = arrivals(np.random.default_rng(8), START, START + WEEKS, lambda t: 30)
    opened, closed = clocked(TrafficStop(PARENT), list(units(calls(ts), 60.0)), START + WEEKS + 20 * DAY)
    assert closed.id == opened.id and "taken out of use" in closed.reason


def test_it_continues_from_its_state_in_the_middle_of_a_silence() -> None:
    stop = START + WEEKS + 11 * HOUR
    ts = office_calls(stop)
    parts = list(units(calls(ts), 60.0))
    detector, again = TrafficStop(PARENT), TrafficStop(PARENT)
    assert clocked(detector, parts, stop + 120) == []
    again.restore(json.loads(json.dumps(detector.state())))
    assert detector.advance(stop + HOUR) == again.advance(stop + HOUR) != []
