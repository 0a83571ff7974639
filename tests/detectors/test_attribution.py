"""Who carries a change: slices, mix, and what changed at the same time."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from detectors.attribution import Attribution, ChangeFacts, attribute
from detectors.history import ArrowHistory
from detectors.kitagawa import kitagawa
from detectors.series import SeriesKey
from tests.detectors.made_calls import DAY, HOUR, PARENT, START, Floats, arrivals, calls, day_and_night

ONSET = START + 2 * DAY
END = ONSET + 3 * HOUR


def traffic(seed: int, begin: float = START, end: float = END, per_hour: float = 300.0) -> Floats:
    return arrivals(np.random.default_rng(seed), begin, end, lambda t: per_hour * day_and_night(t))


def explained(table: pa.Table, metric: str, series: SeriesKey = PARENT) -> Attribution:
    change = ChangeFacts(series, metric, ONSET, ONSET - 600, ONSET + 600, END)
    return attribute(ArrowHistory(table.sort_by("ts")), change)


def slow(seed: int, times: Any, ts: Any, **columns: Any) -> pa.Table:
    rng = np.random.default_rng(seed)
    seconds = rng.lognormal(0.7, 0.6, len(ts)) * times
    return calls(ts, duration_us=(seconds * 1e6).astype(int), **columns)


def test_the_tenant_that_carries_the_errors_is_named() -> None:
    ts = traffic(1)
    rng = np.random.default_rng(1)
    tenant = rng.choice(["acme", "globex", "initech"], len(ts), p=[0.2, 0.5, 0.3])
    rate = np.where((ts >= ONSET) & (tenant == "acme"), 0.3, 0.01)
    found = explained(calls(ts, tenant=tenant, outcome=np.where(rng.random(len(ts)) < rate, "error", "ok")), "error")
    (part,) = found.slices
    assert (part.dimension, part.value) == ("tenant", "acme") and part.share > 0.85
    assert part.before is not None and part.before < 0.03 and part.after is not None and 0.2 < part.after < 0.4
    assert found.co_timed == ()


def test_a_general_change_has_no_slice_and_is_within() -> None:
    ts = traffic(2)
    rng = np.random.default_rng(2)
    words = {name: rng.choice(["a", "b", "c"], len(ts)) for name in ("tenant", "route", "region", "prompt_version")}
    found = explained(slow(2, np.where(ts >= ONSET, 1.5, 1.0), ts, **words), "latency")
    assert found.slices == () and found.mix is not None
    assert found.mix.within == pytest.approx(found.mix.raw, rel=0.2)
    assert found.mix.unit == "s"


def test_longer_prompts_are_mix_and_not_the_model() -> None:
    ts = traffic(3)
    rng = np.random.default_rng(3)
    large = rng.random(len(ts)) < np.where(ts >= ONSET, 0.8, 0.1)
    found = explained(slow(3, np.where(large, 4.0, 1.0), ts, input_tokens=np.where(large, 16_000, 1_000)), "latency")
    assert found.mix is not None and found.mix.mix > 0.85 * found.mix.raw > 1


def test_a_new_served_model_is_slice_and_suspect_at_its_moment() -> None:
    ts = traffic(4)
    rng = np.random.default_rng(4)
    new = (ts >= ONSET) & (rng.random(len(ts)) < 0.6)
    table = slow(4, np.where(new, 3.0, 1.0), ts, model=np.where(new, "gpt-x-2026-08-01", "gpt-x-2026-05-01"))
    found = explained(table, "latency")
    assert [(part.dimension, part.value, part.before) for part in found.slices] == [("model", "gpt-x-2026-08-01", None)]
    (event,) = found.co_timed
    assert (event.what, event.before, event.after) == ("served model", "gpt-x-2026-05-01", "gpt-x-2026-08-01")
    assert abs(event.at.timestamp() - ONSET) < 600


@pytest.mark.parametrize(
    ("column", "what"),
    [
        ("system_fingerprint", "system fingerprint"),
        ("prompt_version", "prompt version"),
        ("service_version", "service version"),
        ("price_version", "price list"),
    ],
)
def test_what_changed_at_the_same_time_is_told_and_what_changed_before_is_not(column: str, what: str) -> None:
    ts = traffic(5)
    times = np.where(ts >= ONSET, 1.5, 1.0)
    (event,) = explained(slow(5, times, ts, **{column: np.where(ts >= ONSET + 120, "v2", "v1")}), "latency").co_timed
    assert (event.what, event.before, event.after) == (what, "v1", "v2")
    earlier = slow(5, times, ts, **{column: np.where(ts >= ONSET - 6 * HOUR, "v2", "v1")})
    assert explained(earlier, "latency").co_timed == ()


def test_a_release_is_told_where_the_alarm_came_before_the_onset_was_narrowed_down() -> None:
    ts = traffic(5, end=ONSET + 1_500)
    table = slow(5, np.where(ts >= ONSET, 1.5, 1.0), ts, service_version=np.where(ts >= ONSET, "v2", "v1"))
    alarm = ONSET + 1_500
    change = ChangeFacts(PARENT, "latency", ONSET, ONSET - 1_500, alarm, alarm)
    (event,) = attribute(ArrowHistory(table.sort_by("ts")), change).co_timed
    assert (event.what, event.before, event.after) == ("service version", "v1", "v2")


def test_rate_limits_at_the_same_time_are_told() -> None:
    ts = traffic(6)
    limited = (np.random.default_rng(6).random(len(ts)) < 0.2) & (ts >= ONSET)
    found = explained(
        slow(6, np.where(ts >= ONSET, 2.0, 1.0), ts, outcome=np.where(limited, "rate_limited", "ok")), "latency"
    )
    assert [event.what for event in found.co_timed] == ["rate limits (429)"]


def test_a_change_of_one_route_looks_at_that_route_only() -> None:
    ts = traffic(7)
    route = np.where(np.arange(len(ts)) % 2, "chat", "code")
    table = slow(7, np.where((ts >= ONSET) & (route == "code"), 2.0, 1.0), ts, route=route)
    assert [part.value for part in explained(table, "latency").slices] == ["code"]
    chat = explained(table, "latency", PARENT._replace(service="shop", route="chat"))
    assert chat.slices == () and chat.mix is not None and abs(chat.mix.raw) < 0.3


def test_without_calls_nothing_is_said() -> None:
    assert explained(calls([START]), "latency") == Attribution()
    assert explained(slow(8, 1.0, traffic(8, ONSET, END)), "latency").mix is None


def test_the_split_sums_and_a_new_stratum_is_mix() -> None:
    before, strata_before = np.array([1.0, 1.0, 3.0, 3.0]), np.array([0, 0, 1, 1])
    after, strata_after = np.array([2.0, 9.0, 9.0, 3.0]), np.array([0, 2, 2, 1])
    split = kitagawa(before, strata_before, after, strata_after)
    assert split.raw == 3.75 and split.mix + split.within == pytest.approx(split.raw)
    assert split.within == pytest.approx(0.25)
