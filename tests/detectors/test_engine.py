"""The engine: bit-identical after a restart at any point, deterministic, counting what it leaves out."""

from datetime import UTC, datetime
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest

from detectors.config import DAY_S, DetectorConfig
from detectors.engine import Engine
from detectors.explain import explain
from detectors.records import Regression
from tests.detectors.simulated import HOUR_S, START, arrivals, busy, regressions, steady, traffic, units
from watchkeeper.errors import ConfigError

CONFIG = DetectorConfig()
Units = list[tuple[pa.Table, float]]


def eventful(seed: int = 1, days: float = 3.0) -> pa.Table:
    """Three routes of two models with every metric, a change, a recovery, another served model and a late route."""
    rng = np.random.default_rng(seed)
    tables = []
    for route, model in (("a", "gpt-x"), ("b", "gpt-x"), ("c", "claude-y")):
        calls = steady(rng, 80, days, errors=0.02)
        bad = calls.after(START + 0.5 * days * DAY_S) & ~calls.after(START + 0.7 * days * DAY_S)
        calls.slower(bad, 1.8)
        calls.fail(rng, np.where(bad, 0.2, 0.02), "refused")
        for outcome in ("timeout", "rate_limited", "truncated", "empty", "cancelled", "format_invalid"):
            calls.fail(rng, 0.01, outcome)
        served = np.where(calls.after(START + 0.8 * days * DAY_S), f"{model}-2026-05-01", f"{model}-2025-01-01")
        tables.append(
            calls.table(
                route=route,
                request_model=model,
                model=served,
                ttft_us=calls.seconds * 3e5,
                cost_usd=calls.prompt * 1e-6 + calls.output * 4e-6,
                cache_read_tokens=np.where(rng.random(len(calls)) < 0.7, 100, 0),
                format_valid=rng.random(len(calls)) < 0.95,
            )
        )
    return pa.concat_tables(tables)


def feed(engine: Engine, some: Units) -> list[Regression]:
    """Units, each followed by a clock tick."""
    told = []
    for unit, at in some:
        told += engine.process(unit, at)
        told += engine.advance(at)
    return told


@pytest.fixture(scope="module")
def whole() -> Units:
    return list(units(eventful(), HOUR_S))


@pytest.fixture(scope="module")
def undisturbed(whole: Units) -> tuple[list[Regression], bytes]:
    engine = Engine(CONFIG)
    return feed(engine, whole), engine.snapshot()


def test_the_eventful_story_has_regressions_that_open_grow_and_close(
    undisturbed: tuple[list[Regression], bytes],
) -> None:
    told = undisturbed[0]
    assert len(regressions(told)) >= 2 and {"open", "closed"} <= {one.state.value for one in told}
    assert {len(one.members) for one in told} > {1}


def test_a_restart_at_any_unit_changes_no_transition_and_no_bit(
    whole: Units, undisturbed: tuple[list[Regression], bytes]
) -> None:
    cuts = [0, 1, 2, 5, 9, 14, 20, 33, 36, 37, 38, 40, 44, 50, 51, 55, 58, 60, 66, 70, len(whole)]
    blob, told = Engine(CONFIG).snapshot(), []
    for begin, end in pairwise(cuts):
        engine = Engine.restore(CONFIG, None, blob)
        assert engine.snapshot() == blob
        told += feed(engine, whole[begin:end])
        blob = engine.snapshot()
    assert told == undisturbed[0]
    assert blob == undisturbed[1]


def test_a_restart_amid_small_units_leaves_open_blocks_whole() -> None:
    rng = np.random.default_rng(2)
    some = list(units(steady(rng, 600, 0.15).table(cost_usd=0.001), 60.0))
    through, cut = Engine(CONFIG), Engine(CONFIG)
    for position, (unit, at) in enumerate(some):
        assert through.process(unit, at) == cut.process(unit, at)
        if position % 7 == 0:
            cut = Engine.restore(CONFIG, None, cut.snapshot())
    assert cut.snapshot() == through.snapshot()


def test_a_restart_with_accepted_and_trailing_baselines_is_bit_identical() -> None:
    rng = np.random.default_rng(3)
    calls = traffic(rng, busy(rng, 40, 20))
    calls.fail(rng, 0.02)
    some = list(units(calls.table(), 12 * HOUR_S))
    engine = Engine(CONFIG)
    feed(engine, some[:-4])
    (watch,) = (watch for group in engine.groups.values() for watch in group.series.values())
    assert all(learner.trailing is not None for learner in watch.learners if learner.known)
    again = Engine.restore(CONFIG, None, engine.snapshot())
    assert feed(again, some[-4:]) == feed(engine, some[-4:])
    assert again.snapshot() == engine.snapshot()


def test_the_same_units_give_the_same_ids_and_the_same_state() -> None:
    some = list(units(eventful(4, 1.5), HOUR_S))
    one, other = Engine(CONFIG), Engine(CONFIG)
    assert feed(one, some) == feed(other, some) and one.snapshot() == other.snapshot()


def test_numbers_of_transitions_run_from_one_and_times_never_go_back(
    undisturbed: tuple[list[Regression], bytes],
) -> None:
    by_id: dict[str, list[Regression]] = {}
    for one in undisturbed[0]:
        by_id.setdefault(one.id, []).append(one)
    for transitions in by_id.values():
        assert [one.seq for one in transitions] == list(range(1, len(transitions) + 1))
        assert [one.at for one in transitions] == sorted(one.at for one in transitions)
        assert all(one.onset_low <= one.onset <= one.onset_high for one in transitions)


def test_calls_too_old_and_calls_of_the_future_are_counted_and_left_out() -> None:
    rng = np.random.default_rng(5)
    engine = Engine(CONFIG)
    engine.process(traffic(rng, arrivals(rng, 100, 0.5)).table(), START + DAY_S / 2)
    before = engine.counts().calls
    stale = traffic(rng, np.array([START, START + 1.0]))
    ahead = traffic(rng, np.array([START + 0.5 * DAY_S + 301, START + 3 * DAY_S]))
    assert engine.process(pa.concat_tables([stale.table(), ahead.table()]), START + DAY_S / 2) == []
    counts = engine.counts()
    assert (counts.late, counts.future, counts.calls) == (2, 2, before)


def test_late_calls_are_told_by_series_through_a_restart() -> None:
    rng = np.random.default_rng(5)
    engine = Engine(CONFIG)
    engine.process(traffic(rng, arrivals(rng, 100, 0.5)).table(), START + DAY_S / 2)
    stale = traffic(rng, np.array([START, START + 1.0]))
    engine.process(stale.table(), START + DAY_S / 2)
    other = stale.table(service="batch")
    engine.process(other, START + DAY_S / 2 + 60)
    engine = Engine.restore(CONFIG, None, engine.snapshot())
    known = explain(engine, "shop|")
    assert (known.late_calls, known.late_last) == (2, datetime.fromtimestamp(START + DAY_S / 2, UTC))
    with pytest.raises(ConfigError, match="no series matches 'batch'; 2 calls of batch.* came too late to be judged"):
        explain(engine, "batch")
    engine.process(other, START + 2 * DAY_S)
    (late,) = [one for key, one in engine.late_calls.all().items() if key.service == "batch"]
    assert (late.calls, late.last) == (2, START + 2 * DAY_S)


def test_late_calls_are_told_of_so_many_series_and_no_more() -> None:
    rng = np.random.default_rng(5)
    engine = Engine(DetectorConfig(max_series=2))
    engine.process(traffic(rng, np.array([START + DAY_S])).table(), START + DAY_S)
    stale = traffic(rng, np.array([START, START + 1.0]))
    for number in range(4):
        engine.process(stale.table(service=f"s{number}"), START + DAY_S)
    assert len(engine.late_calls.all()) == 2 and engine.counts().late == 8
    engine.process(stale.table(service="later"), START + 3 * DAY_S)
    assert [key.service for key in engine.late_calls.all()] == ["later"]


def test_an_empty_unit_is_nothing() -> None:
    engine = Engine(CONFIG)
    empty = eventful(1, 0.01).slice(0, 0)
    assert engine.process(empty, START) == [] and engine.counts().calls == 0


def test_series_are_bounded_and_evictions_counted() -> None:
    rng = np.random.default_rng(6)
    engine = Engine(DetectorConfig(max_series=5))
    calls = traffic(rng, arrivals(rng, 50, 0.5))
    routes = np.array([f"r{at // 20}" for at in range(len(calls))])
    feed(engine, list(units(calls.table(route=routes), HOUR_S)))
    held = sum(len(group.series) for group in engine.groups.values())
    assert held == 5 and engine.counts().evicted == len(set(routes)) - 5
    assert {key.route for group in engine.groups.values() for key in group.series} == set(routes[-81:])
