"""The summary: from the rollups, per service and model."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest

from tests.fixtures.store import FIRST_TS_US, call_rows
from watchkeeper.errors import ConfigError
from watchkeeper.storage.client import Store
from watchkeeper.storage.summary import Latency, SummaryQuery, summarise

pytestmark = pytest.mark.clickhouse

BEGIN = datetime(2026, 5, 28, 20, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_one_row_per_service_and_model(shared_store: Store) -> None:
    shared_store.insert_arrow("calls", call_rows(20, outcome=["ok"] * 15 + ["refused"] * 5), "a")
    shared_store.insert_arrow("calls", call_rows(5, service="mail", cost_usd=None, cost_status="unpriced"), "b")
    shop, mail = summarise(shared_store, SummaryQuery(BEGIN, BEGIN + HOUR))
    assert (shop.service, shop.calls, shop.outcomes) == ("shop", 20, {"ok": 15, "refused": 5})
    assert (shop.input_tokens, shop.output_tokens, shop.cost_usd) == (20_000, 2_000, Decimal("0.07"))
    assert (mail.calls_unpriced, mail.cost_usd, mail.interval) == (5, Decimal(0), None)


@pytest.mark.parametrize("longer", [HOUR, 24 * HOUR])
def test_both_rollups_say_the_same(shared_store: Store, longer: timedelta) -> None:
    shared_store.insert_arrow("calls", call_rows(2_000, ttft_us=300_000), "a")
    (row,) = summarise(shared_store, SummaryQuery(BEGIN, BEGIN + longer))
    exact = np.quantile(call_rows(2_000)["duration_us"].to_numpy(), [0.5, 0.95])
    assert [row.latency.p50_us, row.latency.p95_us] == pytest.approx(exact.tolist(), rel=0.03)
    assert row.ttft.p50_us == pytest.approx(300_000, rel=0.02)


def test_latency_nobody_measured_is_null(shared_store: Store) -> None:
    shared_store.insert_arrow("calls", call_rows(3, duration_complete=False), "a")
    (row,) = summarise(shared_store, SummaryQuery(BEGIN, BEGIN + HOUR))
    assert row.latency == row.ttft == row.us_per_output_token == Latency(None, None, None)


def test_failures_and_cache_hits_do_not_make_a_model_look_fast(shared_store: Store) -> None:
    shared_store.insert_arrow("calls", call_rows(10, duration_us=2_000_000), "a")
    shared_store.insert_arrow("calls", call_rows(50, duration_us=10, outcome="rate_limited"), "b")
    shared_store.insert_arrow("calls", call_rows(50, duration_us=10, gateway_cache_hit=True), "c")
    (row,) = summarise(shared_store, SummaryQuery(BEGIN, BEGIN + HOUR))
    assert row.calls == 110 and row.latency.p50_us == pytest.approx(2_000_000, rel=0.02)


def test_intervals_divide_the_period(shared_store: Store) -> None:
    ts = pa.array(FIRST_TS_US + np.arange(60) * 60_000_000)
    shared_store.insert_arrow("calls", call_rows(60, ts=ts), "a")
    rows = summarise(shared_store, SummaryQuery(BEGIN, BEGIN + 2 * HOUR, interval_s=1800))
    assert [(row.interval, row.calls) for row in rows] == [(BEGIN, 4), (BEGIN + HOUR / 2, 30), (BEGIN + HOUR, 26)]
    hours = summarise(shared_store, SummaryQuery(BEGIN, BEGIN + 2 * HOUR, interval_s=3600))
    assert [row.calls for row in hours] == [34, 26]


def test_the_period_and_the_filters_restrict(shared_store: Store) -> None:
    shared_store.insert_arrow("calls", call_rows(4), "a")
    shared_store.insert_arrow("calls", call_rows(2, model="other"), "b")
    assert summarise(shared_store, SummaryQuery(BEGIN - HOUR, BEGIN)) == []
    assert [row.calls for row in summarise(shared_store, SummaryQuery(BEGIN, BEGIN + HOUR, model="other"))] == [2]
    assert summarise(shared_store, SummaryQuery(BEGIN, BEGIN + HOUR, service="'; DROP TABLE calls")) == []


def test_an_odd_interval_is_refused(shared_store: Store) -> None:
    with pytest.raises(ConfigError, match="whole minutes"):
        summarise(shared_store, SummaryQuery(BEGIN, BEGIN + HOUR, interval_s=90))
