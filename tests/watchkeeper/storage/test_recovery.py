"""After a kill in the middle of an insert: what is missing is found, what differs is mended."""

from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pytest

from tests.fixtures.store import FIRST_TS_US, call_rows
from tests.watchkeeper.storage.crash_writer import LONG_AGO, batch, recover
from tests.watchkeeper.storage.test_client import counts
from watchkeeper.storage.calls import missing_calls, recent_calls
from watchkeeper.storage.client import Store
from watchkeeper.storage.reconcile import Mended, Reconciler

pytestmark = pytest.mark.clickhouse


def test_nothing_is_missing_of_a_stored_batch(shared_store: Store) -> None:
    shared_store.insert_arrow("calls", batch(1), "t1")
    assert missing_calls(shared_store, batch(1)).num_rows == 0
    assert missing_calls(shared_store, batch(2)).equals(batch(2))
    assert missing_calls(shared_store, call_rows(0)).num_rows == 0


def test_a_completing_row_is_not_the_call_it_completes(shared_store: Store) -> None:
    call = call_rows(1)
    shared_store.insert_arrow("calls", call, "t")
    completing = call.set_column(call.schema.get_field_index("calls"), "calls", pa.array([0], pa.uint8()))
    assert missing_calls(shared_store, pa.concat_tables([call, completing])).equals(completing)


def test_a_day_whose_token_is_known_but_whose_rows_are_not_there_is_stored(shared_store: Store) -> None:
    shared_store.insert_arrow("calls", batch(1), "t1")
    # As a kill leaves it between the engine's note of the token and the rows: a repetition does not help.
    shared_store.command("ALTER TABLE calls DROP PARTITION '2026-05-29'")
    shared_store.command("TRUNCATE TABLE calls_1m")
    shared_store.command("TRUNCATE TABLE calls_1h")
    shared_store.command("TRUNCATE TABLE calls_1d")
    shared_store.insert_arrow("calls", batch(1), "t1")
    assert counts(shared_store)[0] <= 2_000
    recover(shared_store, 1, "again")
    assert counts(shared_store) == [2_000] * 4


@pytest.mark.parametrize("lost", ["calls_1m", "calls_1h", "calls_1d"])
def test_a_rollup_that_lacks_an_insert_is_computed_anew(shared_store: Store, lost: str) -> None:
    shared_store.insert_arrow("calls", batch(1), "t1")
    before = shared_store.query_rows(
        f"SELECT sum(calls) AS c, sum(cost_usd) AS u, sum(duration_us_sum) AS d FROM {lost}"
    )
    shared_store.command(f"TRUNCATE TABLE {lost}")
    assert Reconciler(shared_store).run(LONG_AGO) == [Mended(lost, 2)]
    assert (
        shared_store.query_rows(f"SELECT sum(calls) AS c, sum(cost_usd) AS u, sum(duration_us_sum) AS d FROM {lost}")
        == before
    )
    assert Reconciler(shared_store).run(LONG_AGO) == []


def test_inserts_that_reached_many_thousand_minutes_are_compared_all(shared_store: Store) -> None:
    minutes = 7_000
    ts = FIRST_TS_US + np.arange(minutes) * 60_000_000
    shared_store.insert_arrow("calls", call_rows(minutes, ts=pa.array(ts, pa.timestamp("us", tz="UTC"))), "history")
    shared_store.command("TRUNCATE TABLE calls_1m")
    assert Reconciler(shared_store).run(LONG_AGO) == [Mended("calls_1m", minutes)]
    assert counts(shared_store) == [minutes] * 4


def test_buckets_whose_raw_rows_may_have_expired_are_left_alone(shared_store: Store) -> None:
    shared_store.insert_arrow("calls", batch(1), "t1")
    shared_store.command("TRUNCATE TABLE calls_1h")
    assert Reconciler(shared_store).run(datetime(2026, 5, 29, tzinfo=UTC)) == [Mended("calls_1h", 1)]
    assert counts(shared_store) == [2_000, 2_000, 1_000, 2_000]


def test_an_empty_store_needs_no_mending(shared_store: Store) -> None:
    assert Reconciler(shared_store).run(LONG_AGO) == []


def test_recent_calls_of_the_same_partition_end_before_the_batch(shared_store: Store) -> None:
    shared_store.insert_arrow("calls", call_rows(10, response_id=[f"r{n}" for n in range(10)]), "a")
    shared_store.insert_arrow("calls", call_rows(3, seed=1, source_partition=1, response_id="other"), "b")
    recent = recent_calls(shared_store, "otlp_spans", 0, 4, 100)
    assert sorted(recent.response_id) == ["other"] * 3 + [f"r{n}" for n in range(4)]
    assert recent.trace_id.shape == (7, 16) and recent.span_id.shape == recent.parent_span_id.shape == (7, 8)
    assert recent.start_us.min() == FIRST_TS_US and recent.duration_us.dtype == np.int64
    assert len(recent_calls(shared_store, "otlp_spans", 0, 4, 2).response_id) == 2


def test_recent_ids_are_those_stored(shared_store: Store) -> None:
    rows = call_rows(5)
    shared_store.insert_arrow("calls", rows, "a")
    recent = recent_calls(shared_store, "elsewhere", 0, 0, 100)
    assert {ids.tobytes() for ids in recent.trace_id} == set(rows["trace_id"].to_pylist())
    assert {ids.tobytes() for ids in recent.span_id} == set(rows["span_id"].to_pylist())


def test_an_empty_store_remembers_nothing(shared_store: Store) -> None:
    recent = recent_calls(shared_store, "otlp_spans", 0, 0, 100)
    assert recent.trace_id.shape == (0, 16) and recent.response_id == []
