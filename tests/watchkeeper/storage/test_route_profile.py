"""What the calls of a route tell of what it needs."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pyarrow as pa
import pytest

from tests.fixtures.store import FIRST_TS_US, call_rows
from tests.watchkeeper.storage.test_route_weights import WEIGHTS
from watchkeeper.errors import ConfigError
from watchkeeper.storage import route_profile
from watchkeeper.storage.call_filter import CallFilter
from watchkeeper.storage.client import Store
from watchkeeper.storage.route_profile import current_arm, route_arms
from watchkeeper.storage.route_weights import Target

pytestmark = pytest.mark.clickhouse

BEGIN = datetime.fromtimestamp(FIRST_TS_US // 1_000_000, UTC) - timedelta(days=20)
CHOSEN = CallFilter(BEGIN, BEGIN + timedelta(days=21))
DAY_US = 86_400_000_000


def test_an_arm_counts_what_its_calls_say(shared_store: Store) -> None:
    rows = call_rows(
        4,
        outcome=["ok", "ok", "error", "tool_invalid"],
        finish_reason=["tool_call", "stop", "", ""],
        output_type=["json", "text", "", ""],
        input_tokens=[100, 900, None, 200],
        output_tokens=[10, 50, None, 20],
        cost_usd=[1_000_000_000, 2_000_000_000, None, 500_000_000],
        duration_us=[100_000, 1_000_000, 5, 3_000_000],
        variant=["primary", "primary", "primary", "shadow"],
    )
    shared_store.insert_arrow("calls", rows, "a")
    (arm,) = route_arms(shared_store, CHOSEN)
    assert (arm.route, arm.provider, arm.request_model) == ("chat", "openai", "gpt-4o")
    assert (arm.calls, arm.primary_calls, arm.recent_calls, arm.tried, arm.useful) == (4, 3, 3, 4, 2)
    assert (arm.calls_with_usage, arm.largest_tokens, arm.p999_tokens) == (3, 950, 950)
    assert (arm.calls_with_cost, arm.cost_usd, arm.useful_with_cost) == (2, Decimal(3), 2)
    assert (arm.tool_calls, arm.json_calls, arm.output_types) == (2, 1, ("json", "text"))
    assert (arm.duration.calls, arm.duration.within) == (3, (1, 2, 3))
    assert arm.series == (("shop", "chat", "openai", "gpt-4o", "gpt-4o-2024-08-06"),)


def test_the_model_of_now_is_that_of_the_last_day_with_calls(shared_store: Store) -> None:
    before = call_rows(50, ts=pa.array([FIRST_TS_US - 3 * DAY_US + i for i in range(50)]))
    shared_store.insert_arrow("calls", before, "a")
    shared_store.insert_arrow("calls", call_rows(10, seed=1, request_model="gpt-5"), "b")
    recent = {arm.request_model: (arm.primary_calls, arm.recent_calls) for arm in route_arms(shared_store, CHOSEN)}
    assert recent == {"gpt-4o": (50, 0), "gpt-5": (10, 10)}


def test_with_weights_the_model_of_now_is_their_largest_once_it_is_called(shared_store: Store) -> None:
    shared_store.insert_arrow("calls", call_rows(50), "a")
    shared_store.insert_arrow("calls", call_rows(1, seed=1, request_model="gpt-5"), "b")
    arms = route_arms(shared_store, CHOSEN)
    targets = (Target("openai", "gpt-4o", 30, "primary"), Target("openai", "gpt-5", 70, "primary"))
    never = (Target("openai", "gpt-6", 100, "primary"),)
    found = [current_arm(arms, None), *(current_arm(arms, replace(WEIGHTS, targets=one)) for one in (targets, never))]
    assert [arm and arm.request_model for arm in found] == ["gpt-4o", "gpt-5", "gpt-4o"]


def test_calls_without_tokens_or_times_leave_nothing_known(shared_store: Store) -> None:
    rows = call_rows(2, input_tokens=None, output_tokens=None, cost_usd=None, duration_complete=False)
    shared_store.insert_arrow("calls", rows, "a")
    (arm,) = route_arms(shared_store, CHOSEN)
    assert (arm.p999_tokens, arm.largest_tokens, arm.duration.p95_us, arm.duration.calls) == (None, None, None, 0)
    assert (arm.calls_with_cost, arm.useful_with_cost) == (0, 0)


def test_embeddings_cache_hits_and_other_times_are_left_out(shared_store: Store) -> None:
    shared_store.insert_arrow("calls", call_rows(1, operation="embeddings"), "a")
    shared_store.insert_arrow("calls", call_rows(1, seed=1, gateway_cache_hit=True), "b")
    shared_store.insert_arrow("calls", call_rows(1, seed=2), "c")
    assert [arm.calls for arm in route_arms(shared_store, CHOSEN)] == [1]
    assert route_arms(shared_store, replace(CHOSEN, end=BEGIN + timedelta(days=1))) == []


def test_too_many_arms_are_refused(shared_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(route_profile, "MOST_ARMS", 1)
    shared_store.insert_arrow("calls", call_rows(2, request_model=["a", "b"]), "a")
    with pytest.raises(ConfigError, match="shorter period"):
        route_arms(shared_store, CHOSEN)
