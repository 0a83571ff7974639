"""Many series: routes of one model, models that have nothing to do with one another, and a fleet that is well."""

import numpy as np
import pyarrow as pa

from detectors.config import DAY_S, DetectorConfig
from detectors.engine import Engine
from detectors.records import Regression
from tests.detectors.simulated import (
    HOUR_S,
    START,
    Floats,
    Traffic,
    arrivals,
    last,
    regressions,
    run,
    steady,
    traffic,
    units,
    watched,
)

CHANGE = START + 3 * DAY_S


def slow_together(rng: np.random.Generator, routes: int, per_hour: float, days: float) -> pa.Table:
    """Routes of one model that all become a quarter slower at once."""
    tables = []
    for number in range(routes):
        calls = steady(rng, per_hour, days)
        calls.slower(calls.after(CHANGE), 1.25)
        tables.append(calls.table(route=f"route-{number}"))
    return pa.concat_tables(tables)


def test_routes_of_one_model_that_are_slow_together_are_one_regression_of_the_model() -> None:
    told = watched(slow_together(np.random.default_rng(1), 12, 40, 4))
    (first,) = regressions(told)
    found = last(told, first)
    assert found.route == "*" and found.service == "*" and found.request_model == "gpt-x"
    assert first.detected_at.timestamp() < CHANGE + 3 * HOUR_S


def test_what_routes_share_is_found_where_each_message_holds_calls_of_a_single_route() -> None:
    begin, change = CHANGE - DAY_S, CHANGE
    rng = np.random.default_rng(2)
    parts = []
    for number in range(6):
        calls = traffic(rng, arrivals(rng, 60, 1.3, begin))
        calls.slower(calls.after(change), 1.3)
        table = calls.table(route=f"route-{number}")
        parts += [(at, number, unit) for unit, at in units(table, 900.0, begin)]
    engine = Engine(DetectorConfig())
    told = [one for at, _, unit in sorted(parts, key=lambda part: part[:2]) for one in engine.process(unit, at)]
    (first,) = regressions(told)
    assert last(told, first).route == "*"
    assert change < first.detected_at.timestamp() < change + 6 * HOUR_S


def test_two_models_that_are_slow_at_the_same_time_are_two_regressions() -> None:
    rng = np.random.default_rng(3)
    tables = []
    for model in ("gpt-x", "claude-y"):
        calls = steady(rng, 300, 3.5)
        calls.slower(calls.after(CHANGE), 1.4)
        tables.append(calls.table(request_model=model, model=model))
    first, second = regressions(watched(pa.concat_tables(tables)))
    assert {first.request_model, second.request_model} == {"gpt-x", "claude-y"} and first.id != second.id


def test_series_beyond_the_limit_push_out_the_one_that_was_silent_longest_and_close_its_regression() -> None:
    rng = np.random.default_rng(4)
    calls = steady(rng, 300, 3)
    calls.fail(rng, np.where(calls.after(START + 2 * DAY_S), 0.3, 0.0))
    engine = Engine(DetectorConfig(max_series=3))
    told = run(engine, calls.table())
    (open_,) = regressions(told)
    assert last(told, open_).closed_at is None
    later = traffic(rng, arrivals(rng, 300, 0.5, START + 3 * DAY_S))
    routes = np.array([f"new-{i % 3}" for i in range(len(later))])
    told += run(engine, later.table(route=routes), begin=START + 3 * DAY_S)
    assert engine.counts().evicted == 1
    end = last(told, open_)
    assert end.closed_at is not None and "no longer watched" in end.reason


def test_a_regression_of_a_route_that_nobody_calls_any_more_closes_after_a_week() -> None:
    rng = np.random.default_rng(5)
    calls = steady(rng, 300, 3)
    calls.fail(rng, np.where(calls.after(START + 2 * DAY_S), 0.3, 0.0))
    engine = Engine(DetectorConfig())
    told = run(engine, calls.table())
    (open_,) = regressions(told)
    assert [one for one in engine.advance(START + 9 * DAY_S) if one.id == open_.id] == []
    (end,) = (one for one in engine.advance(START + 10.1 * DAY_S) if one.id == open_.id)
    assert end.closed_at is not None and "no calls for 7 days" in end.reason


def odd(rng: np.random.Generator, number: int) -> Traffic:
    """A stable series of one of many shapes: heavy tails, constants, integers with ties, bursts of errors."""
    count = int(rng.choice([300, 500, 1_000, 2_000]))
    gaps = rng.exponential(3_600 / float(rng.choice([5, 30, 200, 3_600])), count)
    calls = traffic(rng, START + rng.integers(0, int(7 * DAY_S)) + np.cumsum(gaps), prompt=float(rng.choice([30, 900])))
    base = calls.seconds
    shapes: list[Floats] = [
        base,
        base * (1 + rng.pareto(3, count)),
        base * np.exp(0.3 * rng.standard_t(4, count)),
        np.full(count, 2.0),
        np.ceil(base * 2) / 2,
    ]
    calls.seconds = shapes[number % len(shapes)]
    if number % 7 == 0:
        calls.output = np.full(count, 16.0)
    calls.fail(rng, float(rng.choice([0, 0.001, 0.01, 0.05, 0.3])))
    calls.fail(rng, float(rng.choice([0, 0.002, 0.02, 0.2])), "refused")
    if number % 5 == 0:
        begin = rng.integers(0, count, 1 + count // 500)
        calls.outcome[np.unique((begin[:, None] + np.arange(3)).clip(max=count - 1))] = "timeout"
    return calls


def told_of_stable(rng: np.random.Generator, series: int, at_once: int = 100) -> list[Regression]:
    """What is told of so many stable series, each a model of its own, some at a time."""
    told: list[Regression] = []
    for begin in range(0, series, at_once):
        tables = []
        for number in range(begin, begin + at_once):
            calls, model = odd(rng, number), f"model-{number}"
            valid = rng.random(len(calls)) >= float(rng.choice([0, 0.01, 0.1, 0.5]))
            cost = calls.prompt * 1e-6 + calls.output * 4e-6
            words = {"request_model": model, "model": model}
            tables.append(calls.table(format_valid=valid, cost_usd=cost, ttft_us=calls.seconds * 3e5, **words))
        told += watched(pa.concat_tables(tables), seconds=7 * DAY_S)
    return regressions(told)


def test_stable_series_of_many_shapes_are_not_called_changed() -> None:
    assert told_of_stable(np.random.default_rng(6), 120, at_once=60) == []
