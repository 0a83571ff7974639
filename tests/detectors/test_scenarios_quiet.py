"""What nobody is paged for: rhythm, another mix, late calls, wrong clocks, too few calls, hopeless baselines."""

import numpy as np
import pyarrow as pa
import pytest

from detectors.config import DAY_S, DetectorConfig, Rule
from detectors.engine import Engine
from detectors.metrics import Severity
from detectors.records import FindingKind, State
from tests.detectors.simulated import (
    HOUR_S,
    START,
    arrivals,
    busy,
    load,
    regressions,
    run,
    steady,
    traffic,
    watched,
)


def test_another_application_that_joins_a_model_is_no_slower_model() -> None:
    rng = np.random.default_rng(1)
    chat = steady(rng, 300, 5).table()
    joined = traffic(rng, arrivals(rng, 300, 2, START + 3 * DAY_S), prompt=4_000, output=600)
    told = watched(pa.concat_tables([chat, joined.table(service="ide", route="complete")]))
    assert [one for one in told if one.severity is Severity.PAGE] == []


def test_traffic_that_follows_the_hours_and_rests_on_weekends_is_no_news() -> None:
    rng = np.random.default_rng(2)
    calls = traffic(rng, busy(rng, 400, 21))
    calls.fail(rng, 0.01)
    told = watched(calls.table(), seconds=2 * HOUR_S)
    assert regressions(told) == []


def test_a_gentle_rhythm_of_latency_is_no_news() -> None:
    rng = np.random.default_rng(3)
    calls = traffic(rng, busy(rng, 400, 21))
    calls.seconds *= 0.95 + 0.15 * load(calls.ts)
    told = watched(calls.table(), seconds=2 * HOUR_S)
    assert regressions(told) == []


def test_calls_that_come_half_an_hour_late_change_nothing() -> None:
    rng = np.random.default_rng(4)
    calls = steady(rng, 300, 4)
    arrived = calls.ts + np.where(rng.random(len(calls)) < 0.2, 1_800.0, 1.0)
    table, order = calls.table(), np.argsort(arrived, kind="stable")
    table, arrived = table.take(order), arrived[order]
    engine = Engine(DetectorConfig())
    told = []
    for begin in range(0, len(calls), 100):
        told += engine.process(table.slice(begin, 100), float(arrived[begin : begin + 100][-1]))
    counts = engine.counts()
    assert told == [] and counts.late == 0 and counts.calls == len(calls)


def test_clocks_an_hour_ahead_and_calls_of_yesterday_are_counted_and_left_out() -> None:
    rng = np.random.default_rng(5)
    calls = steady(rng, 300, 3)
    ahead = rng.random(len(calls)) < 0.02
    stale = ~ahead & (rng.random(len(calls)) < 0.02) & calls.after(START + DAY_S)
    stamped = calls.ts + np.where(ahead, HOUR_S, 0.0) - np.where(stale, DAY_S, 0.0)
    table = calls.table(ts=np.round(stamped * 1e6).astype(np.int64))
    engine = Engine(DetectorConfig())
    told = []
    for begin in range(0, len(calls), 100):
        told += engine.process(table.slice(begin, 100), float(calls.ts[begin : begin + 100][-1]))
    counts = engine.counts()
    assert told == []
    # A call whose clock is ahead by an hour may still be early in a unit that spans some minutes.
    assert counts.future == ahead.sum() and counts.late == stale.sum()
    assert counts.calls == len(calls) - ahead.sum() - stale.sum()


def test_where_every_call_fails_nobody_can_tell_a_worse_day() -> None:
    rng = np.random.default_rng(6)
    calls = steady(rng, 300, 3, errors=1.0)
    engine = Engine(DetectorConfig())
    told = run(engine, calls.table())
    assert regressions(told) == []
    assert engine.counts().series_by_state[State.CANNOT_TELL] >= 1
    assert {one.severity for one in told} <= {Severity.NOTICE}


def test_ten_calls_a_day_are_learned_from_for_weeks() -> None:
    rng = np.random.default_rng(7)
    engine = Engine(DetectorConfig())
    half = steady(rng, 10 / 24, 15).table()
    assert run(engine, half, DAY_S) == []
    assert set(engine.counts().series_by_state) == {State.LEARNING}


def test_a_complete_break_is_found_even_at_ten_calls_a_day() -> None:
    rng = np.random.default_rng(8)
    calls = steady(rng, 10 / 24, 34)
    calls.fail(rng, np.where(calls.after(START + 30 * DAY_S), 1.0, 0.0))
    told = watched(calls.table(), seconds=DAY_S / 4)
    pages = [one for one in told if one.severity is Severity.PAGE and one.seq == 1]
    assert FindingKind.OUTAGE in {one.kind for one in pages}
    assert START + 30 * DAY_S < min(one.detected_at.timestamp() for one in pages) < START + 31.5 * DAY_S


@pytest.mark.parametrize("route", ["answer", "other"])
def test_a_rule_that_stops_watching_is_kept(route: str) -> None:
    rng = np.random.default_rng(9)
    calls = steady(rng, 300, 3)
    calls.fail(rng, np.where(calls.after(START + 2 * DAY_S), 0.2, 0.0))
    told = watched(calls.table(), DetectorConfig(rules=(Rule(route=route, metric="error", watch=False),)))
    assert len(regressions(told)) == (0 if route == "answer" else 1)
