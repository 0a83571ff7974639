"""What two models did on a route, from stored calls and scores."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from tests.fixtures.score_rows import score_rows
from tests.fixtures.store import FIRST_TS_US, call_rows
from watchkeeper.storage.client import Store
from watchkeeper.storage.model_migrations import Served
from watchkeeper.storage.route_arms import (
    MOST_LATENCIES,
    ArmWindow,
    RouteArm,
    Shadowed,
    baseline_hours,
    newest_call,
    route_arms,
    route_scores,
)

pytestmark = pytest.mark.clickhouse

BEGIN = datetime.fromtimestamp(FIRST_TS_US / 1e6, UTC)
OLD, NEW = Served("openai", "gpt-4o"), Served("anthropic", "claude")
WINDOW = ArmWindow("chat", OLD, NEW, BEGIN, BEGIN + timedelta(minutes=5))
CANDIDATE = {"provider": "anthropic", "request_model": "claude", "model": "claude-1"}


def insert(store: Store, n: int, token: str, **columns: Any) -> pa.Table:
    rows = call_rows(n, seed=len(token), **columns)
    store.insert_arrow("calls", rows, token)
    return rows


def test_each_model_has_its_calls_failures_latencies_formats_and_costs(shared_store: Store) -> None:
    insert(shared_store, 60, "a", duration_us=2_000_000)
    bad = ["error", "timeout", "rate_limited", "cancelled", "format_invalid", "truncated", *["ok"] * 4]
    insert(shared_store, 10, "b", **CANDIDATE, outcome=bad, duration_us=1_000_000, format_valid=[None] * 9 + [False])
    old, new = route_arms(shared_store, WINDOW)
    assert (old.calls, old.errors, old.p95_s, old.format_checked) == (60, 0, 2.0, 0)
    assert old.cost_per_useful_call == pytest.approx(0.0035)
    assert (new.calls, new.errors) == (9, 3)
    assert new.error_rate == pytest.approx(1 / 3)
    assert new.latencies_s is not None and len(new.latencies_s) == 6
    assert (new.format_checked, new.format_broken) == (2, 2)
    assert (new.costed, new.useful) == (9, 4)
    assert new.cost == pytest.approx(9 * 0.0035)


def test_unknown_is_none(shared_store: Store) -> None:
    insert(shared_store, 3, "a", cost_usd=None, outcome="error", duration_complete=False)
    old, new = route_arms(shared_store, WINDOW)
    assert (old.error_rate, old.p95_s, old.cost_per_useful_call, old.format_failures) == (1.0, None, None, None)
    assert (new.error_rate, new.calls) == (None, 0)
    assert newest_call(shared_store, ArmWindow("other", OLD, NEW, BEGIN, WINDOW.end)) is None


def test_shadows_of_the_candidate_count_as_asked_and_of_the_baseline_never(shared_store: Store) -> None:
    insert(shared_store, 4, "a", variant=["shadow", "primary", "primary", ""])
    insert(shared_store, 5, "b", **CANDIDATE, variant=["shadow", "shadow", "shadow", "canary", "primary"])
    for shadowed, calls in ((Shadowed.NO, 2), (Shadowed.ONLY, 3), (Shadowed.ANY, 5)):
        old, new = route_arms(shared_store, ArmWindow("chat", OLD, NEW, BEGIN, WINDOW.end, shadowed))
        assert (old.calls, new.calls) == (3, calls)


def test_a_call_belongs_to_the_model_it_asked_for_before_the_one_that_answered(shared_store: Store) -> None:
    pinned = Served("openai", "gpt-4o-2024-08-06")
    insert(shared_store, 3, "a")
    insert(shared_store, 2, "b", request_model="gpt-4o-2024-08-06")
    insert(shared_store, 1, "c", request_model="an-alias")
    old, new = route_arms(shared_store, ArmWindow("chat", OLD, pinned, BEGIN, WINDOW.end))
    assert (old.calls, new.calls, new.by_request) == (3, 3, 2)


def test_a_window_holds_what_ended_in_it_however_long_it_took(shared_store: Store) -> None:
    began = int((WINDOW.end - timedelta(minutes=15)).timestamp() * 1e6)
    rows = {"ts": pa.array(np.full(3, began)), "outcome": "timeout"}
    insert(shared_store, 3, "a", **CANDIDATE, **rows, duration_us=[600_000_001, 901_000_000, 599_000_000])
    _, new = route_arms(shared_store, WINDOW)
    assert (new.calls, new.errors) == (1, 1)
    assert newest_call(shared_store, WINDOW) == WINDOW.end - timedelta(minutes=5) + timedelta(microseconds=1)


def test_the_baseline_hour_by_hour(shared_store: Store) -> None:
    times = [BEGIN + timedelta(hours=part) for part in (0, 0, 1, 3)]
    insert(shared_store, 4, "a", ts=pa.array(times), outcome=["ok", "error", "ok", "ok"])
    insert(shared_store, 2, "b", **CANDIDATE)
    found = baseline_hours(shared_store, ArmWindow("chat", OLD, NEW, BEGIN, BEGIN + timedelta(hours=5)))
    assert [(arm.calls, arm.errors) for arm in found] == [(2, 1), (1, 0), (1, 0)]


def test_many_latencies_are_sampled(shared_store: Store) -> None:
    rows = insert(shared_store, 6_000, "a")
    arm = route_arms(shared_store, WINDOW)[0]
    assert arm.latencies_s is not None and len(arm.latencies_s) == 5_000
    true = np.quantile(rows["duration_us"].to_numpy() / 1e6, 0.95)
    assert arm.p95_s == pytest.approx(true, rel=0.1)
    assert isinstance(arm, RouteArm)


def scores(store: Store, calls: pa.Table, **columns: Any) -> None:
    store.insert_arrow("scores", score_rows(calls, **columns), columns.get("name", "stars"))


def test_feedback_by_response_or_span_and_by_label(shared_store: Store) -> None:
    old = insert(shared_store, 4, "a")
    new = insert(shared_store, 3, "bb", **CANDIDATE)
    scores(shared_store, old, value=4.0)
    scores(shared_store, new, name="thumbs", label="thumbs_down", response_id=pa.array([""] * 3))
    scores(shared_store, old.slice(0, 2), name="judged", value=1.0, source="judge")
    found = route_scores(shared_store, WINDOW)
    assert sorted(found) == ["stars", "thumbs"]
    (stars, none), (nothing, thumbs) = found["stars"], found["thumbs"]
    assert none is None and nothing is None and stars is not None and thumbs is not None
    assert (stars.count, stars.total, stars.squares, stars.least, stars.most) == (4, 16.0, 64.0, 4.0, 4.0)
    assert (thumbs.count, thumbs.total) == (3, 0.0)
    assert sorted(route_scores(shared_store, WINDOW, "thumbs")) == ["thumbs"]


def test_of_many_latencies_a_sample_is_taken_that_is_the_same_every_time(shared_store: Store) -> None:
    times = np.random.default_rng(3).lognormal(13.5, 0.6, 12_000).astype(np.uint64)
    for part in range(4):
        insert(shared_store, 3_000, "a" * part, duration_us=pa.array(times[3_000 * part :][:3_000]))
    samples = [route_arms(shared_store, WINDOW)[0].latencies_s for _ in range(4)]
    first = samples[0]
    assert first is not None and len(first) == MOST_LATENCIES
    assert np.mean(np.log(first)) == pytest.approx(np.mean(np.log(times / 1e6)), abs=0.03)
    for other in samples[1:]:
        np.testing.assert_array_equal(first, other)
