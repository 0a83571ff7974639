"""Metrics over time as charts show them, from calls in a real store."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.fixtures.store import FIRST_TS_US, call_rows
from watchkeeper.storage.alert_facts import CallScope
from watchkeeper.storage.client import Store
from watchkeeper.storage.metric_trace import METRICS, MOST_POINTS, Trace, metric_trace

pytestmark = pytest.mark.clickhouse
BEGIN = datetime.fromtimestamp(FIRST_TS_US / 1e6, UTC).replace(second=0)
HOUR = timedelta(hours=1)


def stored(store: Store, n: int, minute: int, **columns: object) -> None:
    """``n`` calls within one minute, so many minutes after :data:`BEGIN`."""
    first = int((BEGIN + timedelta(minutes=minute)).timestamp()) * 1_000_000
    rows = call_rows(n, minute, ts=[first + number for number in range(n)], **columns)
    store.insert_arrow("calls", rows, f"{minute} {columns}")


def traced(store: Store, metric: str, scope: CallScope | None = None, length: timedelta = HOUR) -> Trace:
    return metric_trace(store, metric, scope or CallScope("openai", "gpt-4o"), (BEGIN, BEGIN + length))


def test_each_metric_says_what_its_name_says(shared_store: Store) -> None:
    common = {"duration_us": 2_000_000, "ttft_us": 500_000, "is_stream": True}
    stored(shared_store, 60, 1, outcome=["error"] * 15 + ["cancelled"] * 20 + ["ok"] * 20 + ["refused"] * 5, **common)
    stored(shared_store, 10, 30, format_valid=[True] * 8 + [False] * 2, **common)
    found = {metric: traced(shared_store, metric).points for metric in METRICS}
    first = {metric: points[0].value for metric, points in found.items()}
    assert first["error"] == first["failure"] == pytest.approx(15 / 40)
    assert first["timeout"] == 0
    assert first["refusal"] == pytest.approx(5 / 25)
    assert found["error"][0].calls == 40
    assert first["latency"] == pytest.approx(2.0, rel=0.05)
    assert first["time_to_first_token"] == pytest.approx(0.5, rel=0.05)
    assert first["time_per_output_token"] == pytest.approx(0.015, rel=0.05)
    assert first["cost"] == pytest.approx(0.0035)
    assert (first["input_tokens"], first["output_tokens"]) == (1000, 100)
    assert found["format_failure"][-1].value == pytest.approx(0.2)


def test_what_says_nothing_of_the_metric_is_not_known_and_never_zero(shared_store: Store) -> None:
    stored(shared_store, 30, 1, outcome="error", input_tokens=None, output_tokens=None, cost_usd=None)
    for metric in ("latency", "time_to_first_token", "refusal", "cost", "output_tokens", "format_failure"):
        assert {point.value for point in traced(shared_store, metric).points} <= {None}, metric
    stored(shared_store, 30, 2, ttft_us=None)
    assert {point.value for point in traced(shared_store, "time_to_first_token").points} == {None}


def test_other_calls_and_cached_answers_are_left_out(shared_store: Store) -> None:
    stored(shared_store, 10, 1)
    stored(shared_store, 10, 2, provider="google")
    stored(shared_store, 10, 3, route="other")
    stored(shared_store, 10, 4, gateway_cache_hit=True)
    assert sum(point.calls for point in traced(shared_store, "error").points) == 20
    one_route = CallScope("openai", "gpt-4o", "shop", "chat")
    assert sum(point.calls for point in traced(shared_store, "error", one_route).points) == 10


@pytest.mark.parametrize("length", [HOUR, 7 * HOUR, 30 * 24 * HOUR], ids=str)
@pytest.mark.parametrize("calls", [10, 6_000])
def test_there_are_never_too_many_points_and_the_less_calls_the_fewer(
    shared_store: Store, length: timedelta, calls: int
) -> None:
    for part in range(10):
        stored(shared_store, calls // 10, 1 + part)
    trace = traced(shared_store, "error", length=length)
    intervals = length / trace.step
    assert intervals <= (MOST_POINTS if calls > 10 else 30)
    assert sum(point.calls for point in trace.points) == calls
