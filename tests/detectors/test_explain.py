"""What is told of one series."""

import numpy as np
import pytest

from detectors.backtest import backtest
from detectors.config import DetectorConfig, Rule
from detectors.engine import Engine
from detectors.explain import explain
from detectors.explanations import MetricExplanation, SeriesExplanation, way_to_alarm
from detectors.records import State
from detectors.statuses import statuses
from tests.detectors.made_calls import DAY, START, calls, day_and_night
from watchkeeper.errors import ConfigError

PARENT = "*|*|openai|gpt-x|*"


def two_routes(n: int = 3_000) -> Engine:
    """Three days of two routes; by night ``slow`` is slower."""
    rng = np.random.default_rng(2)
    ts = START + np.sort(rng.random(n)) * 3 * DAY
    route = np.where(rng.random(n) < 0.7, "slow", "b|ar")
    load = np.array([day_and_night(moment) for moment in ts]) ** 0.3
    latency = (2e6 * load * rng.lognormal(0, 0.3, n)).astype(np.int64)
    tokens = rng.choice([100, 3_000], n).tolist()
    config = DetectorConfig(rules=(Rule(metric="timeout", watch=False),))
    table = calls(ts, route=route.tolist(), duration_us=latency, input_tokens=tokens)
    return backtest(Engine(config), [table]).engine


@pytest.fixture(scope="module")
def engine() -> Engine:
    return two_routes()


def metric(found: SeriesExplanation, name: str) -> MetricExplanation:
    return next(one for one in found.metrics if one.status.metric == name)


def test_a_series_is_found_by_text_id_or_unique_part(engine: Engine) -> None:
    found = explain(engine, "SLOW")
    assert explain(engine, found.series) == explain(engine, found.series_id) == found
    assert found.series == "shop|slow|openai|gpt-x|gpt-x-2026-05-01"
    assert explain(engine, "b|ar").series == "shop|b\\|ar|openai|gpt-x|gpt-x-2026-05-01"
    assert explain(engine, "b\\|ar") == explain(engine, "b|ar")


@pytest.mark.parametrize(
    ("text", "said", "parent"),
    [("shop", "2 series match 'shop'", False), ("gpt-x", "3 series match 'gpt-x'", True), ("nil", "no series", True)],
)
def test_what_names_no_single_series_lists_what_there_is(engine: Engine, text: str, said: str, parent: bool) -> None:
    with pytest.raises(ConfigError, match=said) as raised:
        explain(engine, text)
    assert explain(engine, "slow").series_id in str(raised.value)
    assert (f"{PARENT}  (all routes together)" in str(raised.value)) is parent


def test_a_model_over_all_its_routes_is_explained(engine: Engine) -> None:
    parts, whole = (explain(engine, "slow"), explain(engine, "b|ar")), explain(engine, PARENT)
    assert whole.series == PARENT and whole == explain(engine, whole.series_id)
    assert whole.calls == sum(one.calls for one in parts)
    latency = metric(whole, "latency")
    assert latency.status.calls == sum(metric(one, "latency").status.calls for one in parts)
    assert latency.status.state is State.OK and "2 of 2 series" in latency.status.why and not latency.baselines
    assert 0 < latency.status.level < 1 and 0 < latency.way_to_alarm < 0.5
    assert {one.status.metric for one in whole.metrics} == {one.status.metric for one in parts[0].metrics}


def test_a_model_of_one_route_is_no_other_series() -> None:
    one_route = backtest(Engine(DetectorConfig()), [calls((START + np.arange(5) * 60.0).astype(np.float64))]).engine
    assert explain(one_route, "gpt-x").series.startswith("shop|")


def test_an_engine_without_calls_knows_no_series() -> None:
    with pytest.raises(ConfigError, match="no series is known yet"):
        explain(Engine(DetectorConfig()), "slow")


def test_baselines_are_in_plain_units(engine: Engine) -> None:
    latency = metric(explain(engine, "slow"), "latency")
    (baseline,) = latency.baselines
    assert baseline.name == "pinned" and not baseline.accepted and baseline.calls > 500
    assert {one.calls_like for one in baseline.strata} == {
        "prompt 64 to 127 tokens, output 64 to 127 tokens",
        "prompt 2,048 to 4,095 tokens, output 64 to 127 tokens",
    }
    for stratum in baseline.strata:
        assert 0.5 < stratum.usual < 2.5
        assert stratum.usual * (1 + latency.tolerance) < stratum.limit < stratum.usual * 3
    assert baseline.hours["Mon-Fri 03h"] < 0.95 and baseline.hours["Mon-Fri 15h"] > 1.05


def test_rates_tell_shares_and_their_strata(engine: Engine) -> None:
    error, truncation = (metric(explain(engine, "slow"), name) for name in ("error", "truncation"))
    (baseline,) = error.baselines
    assert [one.calls_like for one in baseline.strata] == ["all calls"]
    like = ["prompt 64 to 255 tokens", "prompt 1,024 to 4,095 tokens"]
    assert [one.calls_like for one in truncation.baselines[0].strata] == like
    assert all(0 < one.usual < 0.01 and one.usual < one.limit and one.judged for one in baseline.strata)
    assert 0 <= error.way_to_alarm < 0.5 and error.status.state is State.OK


def test_metrics_that_are_not_watched_or_have_no_calls_are_left_out(engine: Engine) -> None:
    names = {one.status.metric for one in explain(engine, "slow").metrics}
    assert "timeout" not in names and "time_to_first_token" not in names and "latency" in names


def test_the_way_to_an_alarm_is_half_done_where_suspicion_begins() -> None:
    patience = 1e6
    assert way_to_alarm(0.0, patience) == 0 and way_to_alarm(1.0, patience) == 1
    assert way_to_alarm(float(np.sqrt(60 / patience)), patience) == pytest.approx(0.5)


def test_a_rate_that_cannot_get_worse_cannot_tell() -> None:
    table = calls((START + np.arange(600) * 10.0).astype(np.float64), outcome="error")
    found = statuses(backtest(Engine(DetectorConfig()), [table]).engine)
    error = next(one for one in found if one.metric == "error")
    assert error.state is State.CANNOT_TELL and error.needed == 0
    assert "cannot get worse" in error.why


def test_a_value_that_varies_too_much_says_how_many_calls_it_needs() -> None:
    rng = np.random.default_rng(3)
    latency = np.maximum(1, 1e6 * rng.lognormal(0, 3.5, 260)).astype(np.int64)
    table = calls(
        (START + np.arange(260) * 60.0).astype(np.float64), duration_us=latency, output_tokens=None, input_tokens=None
    )
    found = statuses(backtest(Engine(DetectorConfig()), [table]).engine)
    told = next(one for one in found if one.metric == "latency")
    assert told.state is State.CANNOT_TELL and told.needed > 0
    assert f"{told.needed} more calls needed" in told.why
