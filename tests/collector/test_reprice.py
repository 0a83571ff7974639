"""Pricing stored calls again: raw rows and both rollups stay equal, whatever interrupts."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from clickhouse_connect.driver.client import Client

from collector.price_book import PriceBook
from collector.price_file import PriceFile
from collector.price_list import PriceList
from collector.reprice import Repricer
from tests.collector.repricing_store import Crash, TestStore, add_calls, connect, create, day, disagreements
from watchkeeper.clock import ManualClock, SystemClock
from watchkeeper.errors import StoreUnavailable
from watchkeeper.storage.repricing import Period, Repricing

pytestmark = pytest.mark.clickhouse

LIST = PriceList()
OLD = PriceBook(LIST)
NEW = PriceBook(
    LIST,
    PriceFile.parse(
        {
            "version": "new",
            "prices": [{"model": "prod-chat", "input": 2, "output": 4}, {"model": "gpt-4o", "input": 1, "output": 3}],
        },
        Path("prices.yaml"),
    ),
)
ALL = Period(day(0), day(3))
ONE_DAY = Period(day(1), day(2))
WRITES_OF_A_SLICE = 11
_ids = count()


@pytest.fixture
def client(engine_path: str) -> Iterator[Client]:
    database = f"reprice_{next(_ids)}"
    client = connect(engine_path)
    create(client, database)
    yield client
    client.command("USE default")
    client.command(f"DROP DATABASE {database}")


def repricer(store: TestStore, book: PriceBook = NEW, most_calls: int = 100_000) -> Repricer:
    return Repricer(Repricing(store, SystemClock()), book, lambda: f"id{next(_ids)}", most_calls)


def costs(client: Client) -> dict[str, Any]:
    rows = client.query("SELECT model, sum(cost_usd) FROM calls GROUP BY model").result_rows
    return {str(row[0]): row[1] for row in rows}


def test_preview_shows_each_model_and_writes_nothing(client: Client) -> None:
    add_calls(client, 2_000, 1, OLD)
    store, before = TestStore(client), costs(client)
    changes = {change.model: change for change in repricer(store).preview(ALL)}
    assert store.writes == [] and costs(client) == before
    assert sum(change.calls for change in changes.values()) == 2_000
    assert changes["prod-chat"].newly_priced == changes["prod-chat"].changed > 0
    assert changes["prod-chat"].old_usd == 0 < changes["prod-chat"].new_usd
    assert changes["gpt-4o"].old_usd == before["gpt-4o"] > changes["gpt-4o"].new_usd > 0
    assert changes["gpt-4.1-mini"].changed == changes["unknown"].changed == 0


@pytest.mark.parametrize("most_calls", [100_000, 300])
def test_apply_writes_what_preview_shows_and_a_rerun_changes_nothing(client: Client, most_calls: int) -> None:
    add_calls(client, 2_000, 1, OLD)
    store = TestStore(client)
    expected = {change.model: change.new_usd for change in repricer(store).preview(ALL)}
    done: list[datetime] = []
    repricer(store, most_calls=most_calls).apply(ALL, done.append)
    assert disagreements(client) == []
    assert {model: cost or Decimal(0) for model, cost in costs(client).items()} == expected
    assert done == sorted(done) and (len(done) > 3) == (most_calls < 2_000)
    written = len(store.writes)
    repricer(store).apply(ALL)
    assert [sql[:24] for sql in store.writes[written:]] == ["INSERT INTO reprice_runs"] * 2
    assert disagreements(client) == []


def test_parts_and_status_are_rewritten_with_the_total(client: Client) -> None:
    add_calls(client, 500, 1, OLD)
    repricer(TestStore(client)).apply(ALL)
    (row,) = client.query(
        "SELECT countIf(cost_usd != cost_input_usd + cost_cache_read_usd + cost_cache_write_usd + cost_output_usd), "
        "countIf(cost_status = 'priced' AND cost_usd IS NULL), "
        "countIf(model = 'prod-chat' AND cost_status = 'unpriced'), "
        "countIf(model = 'gpt-4o' AND price_version = 'new') > 0 FROM calls"
    ).result_rows
    assert row == (0, 0, 0, True)


def test_the_period_and_the_model_bound_what_is_touched(client: Client) -> None:
    add_calls(client, 2_000, 1, OLD)
    repricer(TestStore(client)).apply(Period(day(1), day(2), "gpt-4o"))
    touched = "SELECT DISTINCT toDate(ts), model FROM calls WHERE price_version = 'new'"
    assert client.query(touched).result_rows == [(day(1).date(), "gpt-4o")]
    assert disagreements(client) == []


@pytest.mark.parametrize(
    ("period", "crash_at"), [*((ONE_DAY, n + 1) for n in range(WRITES_OF_A_SLICE)), (ALL, 14), (ALL, 17), (ALL, 26)]
)
def test_a_crash_before_any_write_is_finished_by_the_next_run(
    client: Client, period: Period, crash_at: int
) -> None:
    add_calls(client, 300, 1, OLD)
    with pytest.raises(Crash):
        repricer(TestStore(client, crash_at)).apply(period)
    add_calls(client, 100, 2, OLD)
    # The next process may come so late that no token is remembered any more.
    later = TestStore(client, token_suffix="-forgotten")
    resumed = repricer(later).resume()
    assert len(resumed) == (crash_at > 1)
    assert disagreements(client) == []
    # What came in between has old prices, and a day that was done is not looked at again.
    repricer(later).apply(period)
    assert disagreements(client) == []
    assert [change.changed for change in repricer(later).preview(period)] == [0] * 4


def test_a_slice_takes_the_writes_that_the_crash_test_counts(client: Client) -> None:
    add_calls(client, 300, 1, OLD)
    store = TestStore(client)
    repricer(store).apply(ONE_DAY)
    assert len(store.writes) == WRITES_OF_A_SLICE
    assert repricer(store).resume() == []
    assert client.query("SELECT count() FROM repriced_calls").result_rows == [(0,)]


def test_calls_that_arrive_while_it_runs_are_counted_once(client: Client, engine_path: str) -> None:
    add_calls(client, 1_000, 1, OLD)
    other = connect(engine_path)
    other.command(f"USE {client.query('SELECT currentDatabase()').result_rows[0][0]}")
    stop, seeds = threading.Event(), count(10)

    def arrive() -> None:
        while not stop.is_set():
            add_calls(other, 50, next(seeds), OLD)

    writer = threading.Thread(target=arrive)
    writer.start()
    try:
        repricer(TestStore(client)).apply(ALL)
    finally:
        stop.set()
        writer.join()
    assert next(seeds) > 10
    assert disagreements(client) == []


def test_a_crash_during_arrivals_is_finished_too(client: Client) -> None:
    add_calls(client, 600, 1, OLD)
    with pytest.raises(Crash):
        repricer(TestStore(client, crash_at=5)).apply(ALL)
    seeds = count(10)
    store = TestStore(client, token_suffix="-x", before_write=lambda: add_calls(client, 20, next(seeds), OLD))
    repricer(store).resume()
    assert disagreements(client) == []


def test_rollups_that_fit_neither_state_are_not_touched(client: Client) -> None:
    add_calls(client, 200, 1, OLD)
    with pytest.raises(Crash):
        repricer(TestStore(client, crash_at=4)).apply(ALL)
    client.command("TRUNCATE TABLE calls_1m")
    client.command("INSERT INTO calls_1m (bucket, cost_usd) VALUES ('2026-11-18 00:00:00', 1)")
    table = Repricing(TestStore(client), ManualClock(datetime(2026, 11, 21, tzinfo=UTC)), patience_s=0)
    with pytest.raises(StoreUnavailable, match="calls_1m"):
        Repricer(table, NEW, lambda: f"id{next(_ids)}").resume()


def test_an_empty_period_is_no_work(client: Client) -> None:
    store = TestStore(client)
    assert repricer(store).preview(replace(ALL, end=day(0))) == []
    repricer(store).apply(ALL)
    assert disagreements(client) == []
