"""``GET /v1/costs?include=caching``: what the cache saved, what it could save, and when nobody knows."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from fastapi.testclient import TestClient

from tests.api.costs import costs
from tests.fixtures.store import FIRST_TS_US, call_rows
from watchkeeper.storage.client import Store

pytestmark = pytest.mark.clickhouse


def cached(days: int, hit: list[float], **more: Any) -> pa.Table:
    """200 calls a day of 1,000 input tokens, of which ``hit`` are read from the cache at a tenth of 1 $ a million."""
    n = 200 * days
    share = np.repeat(hit, 200)
    read = (share * 1_000).astype(int)
    ts = FIRST_TS_US - (days - np.repeat(np.arange(days), 200)) * 86_400_000_000 + np.tile(np.arange(200), days)
    fresh, stored = (1_000 - read) * 1_000, read * 100
    return call_rows(
        n,
        ts=pa.array(ts),
        cache_read_tokens=read.tolist(),
        cost_input_usd=fresh.tolist(),
        cost_cache_read_usd=stored.tolist(),
        cost_cache_write_usd=0,
        cost_output_usd=0,
        cost_usd=(fresh + stored).tolist(),
        **more,
    )


def test_the_cache_saved_the_difference_to_uncached_input(shared_store: Store, api: TestClient) -> None:
    shared_store.insert_arrow("calls", cached(3, [0.5, 0.25, 0.0]), "a")
    (row,) = costs(api, include="caching")["rows"]
    # 200 × (500 + 250) tokens, each 0.9 of a millionth of a dollar cheaper.
    assert row["cache_savings_usd"] == "0.135000000"
    # Had every day read half: 200 × (250 + 500) tokens more.
    assert row["cache_could_save_usd"] == "0.135000000"
    assert row["cache_hit_share"] == 0.25
    assert costs(api)["rows"][0]["cache_savings_usd"] is None


def test_what_caching_could_save_is_unknown_where_nobody_cached(shared_store: Store, api: TestClient) -> None:
    shared_store.insert_arrow("calls", cached(2, [0.0, 0.0]), "a")
    shared_store.insert_arrow("calls", cached(2, [0.5, 0.5], model="other"), "b")
    never, always = sorted(costs(api, group_by="model", include="caching")["rows"], key=lambda row: row["cost_usd"])[
        ::-1
    ]
    assert (never["cache_savings_usd"], never["cache_could_save_usd"]) == ("0.000000000", None)
    assert (always["cache_savings_usd"], always["cache_could_save_usd"]) == ("0.180000000", "0.000000000")


def test_cached_tokens_without_a_price_to_compare_with_saved_nobody_knows_what(
    shared_store: Store, api: TestClient
) -> None:
    shared_store.insert_arrow("calls", cached(1, [1.0]), "a")
    assert costs(api, include="caching")["totals"]["cache_savings_usd"] is None
