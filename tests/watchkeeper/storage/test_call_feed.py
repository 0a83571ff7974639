"""Stored calls read back: second by second in the order they were stored, and as a model's history."""

import numpy as np
import pyarrow as pa
import pytest

from tests.fixtures.store import FIRST_TS_US, call_rows
from watchkeeper.schema import CALLS_SCHEMA
from watchkeeper.storage.call_feed import CallFeed, StoredCalls
from watchkeeper.storage.client import Store

pytestmark = pytest.mark.clickhouse

SECOND = 1_790_000_000
FIRST_S = FIRST_TS_US / 1e6


def put(store: Store, second: int, calls: pa.Table) -> None:
    """Insert as if it were that second."""
    stored = pa.array([second] * calls.num_rows, pa.timestamp("s", tz="UTC"))
    store.insert_arrow("calls", calls.append_column("ingested_at", stored), f"{second}-{calls.num_rows}")


def test_seconds_come_whole_in_order_and_in_our_schema(shared_store: Store) -> None:
    first, second = call_rows(7, seed=1), call_rows(5, seed=2)
    put(shared_store, SECOND + 3, second)
    put(shared_store, SECOND, first.take(np.random.default_rng(1).permutation(7)))
    feed = CallFeed(shared_store)
    found = feed.read(SECOND, SECOND + 10)
    assert [(unit.second, unit.calls.num_rows) for unit in found] == [(SECOND, 7), (SECOND + 3, 5)]
    assert found[0].calls.schema.equals(CALLS_SCHEMA)
    assert found[0].calls.to_pylist() == first.to_pylist()
    assert feed.oldest() == SECOND


def test_the_bounds_are_kept(shared_store: Store) -> None:
    for offset in range(4):
        put(shared_store, SECOND + offset, call_rows(10, seed=offset))
    feed = CallFeed(shared_store, max_rows=25)
    assert [unit.second for unit in feed.read(SECOND + 1, SECOND + 3)] == [SECOND + 1, SECOND + 2]
    assert [unit.second for unit in feed.read(SECOND, SECOND + 9)] == [SECOND, SECOND + 1]
    assert [unit.second for unit in CallFeed(shared_store, max_rows=1).read(SECOND, SECOND + 9)] == [SECOND]
    assert feed.read(SECOND + 4, SECOND + 9) == ()


def test_an_empty_store_has_no_oldest_call(shared_store: Store) -> None:
    assert CallFeed(shared_store).oldest() is None


def test_history_is_of_one_model_and_period(shared_store: Store) -> None:
    mine, other = call_rows(100, seed=1), call_rows(100, seed=2, request_model="gpt-5")
    put(shared_store, SECOND, pa.concat_tables([mine, other]))
    found = StoredCalls(shared_store).calls("openai", "gpt-4o", FIRST_S + 0.1, FIRST_S + 0.5)
    assert found.to_pylist() == mine.slice(10, 40).to_pylist()
    some = StoredCalls(shared_store).calls("openai", "gpt-4o", FIRST_S, FIRST_S + 99, ["ts", "outcome"])
    assert some.column_names == ["ts", "outcome"] and some.num_rows == 100
    assert StoredCalls(shared_store).calls("openai", "none", FIRST_S, FIRST_S + 99).schema.equals(CALLS_SCHEMA)


def test_long_history_is_sampled_by_span_id(shared_store: Store) -> None:
    put(shared_store, SECOND, call_rows(1_000, seed=1))
    every = StoredCalls(shared_store).calls("openai", "gpt-4o", FIRST_S, FIRST_S + 99)
    some = StoredCalls(shared_store, max_rows=250).calls("openai", "gpt-4o", FIRST_S, FIRST_S + 99)
    wanted = [row for row in every.to_pylist() if int.from_bytes(row["span_id"][4:], "little") % 4 == 0]
    assert 150 < some.num_rows < 350 and some.to_pylist() == wanted
