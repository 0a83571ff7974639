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

from collector.price_book import PriceBook
from collector.price_file import PriceFile
from collector.price_list import PriceList
from collector.reprice import Repricer
from tests.collector.repricing_store import Crash, CrashingStore, add_calls, day, disagreements
from watchkeeper.choices import CallOrder
from watchkeeper.clock import ManualClock, SystemClock
from watchkeeper.errors import StoreUnavailable
from watchkeeper.storage.call_filter import CallFilter
from watchkeeper.storage.call_search import CallSearch, search_calls
from watchkeeper.storage.client import Store
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
WRITES_OF_A_SLICE = 12
_ids = count()


@pytest.fixture
def store(shared_store: Store) -> Iterator[CrashingStore]:
    opened = CrashingStore(shared_store.config)
    yield opened
    opened.close()


@pytest.fixture
def later(store: CrashingStore) -> Iterator[CrashingStore]:
    """The store as the next process sees it, so late that no insert's token is remembered any more."""
    opened = CrashingStore(store.config)
    opened.forget_tokens = True
    yield opened
    opened.close()


def repricer(store: Store, book: PriceBook = NEW, most_calls: int = 100_000) -> Repricer:
    return Repricer(Repricing(store, SystemClock()), book, lambda: f"id{next(_ids)}", most_calls)


def crash(store: CrashingStore, crash_at: int, period: Period) -> None:
    store.crash_at = crash_at
    with pytest.raises(Crash):
        repricer(store).apply(period)


def costs(store: Store) -> dict[str, Any]:
    rows = store.query_rows("SELECT model, sum(cost_usd) AS cost FROM calls GROUP BY model")
    return {row["model"]: row["cost"] for row in rows}


def test_preview_shows_each_model_and_writes_nothing(store: CrashingStore) -> None:
    add_calls(store, 2_000, 1, OLD)
    before = costs(store)
    changes = {change.model: change for change in repricer(store).preview(ALL)}
    assert store.writes == [] and costs(store) == before
    assert sum(change.calls for change in changes.values()) == 2_000
    assert changes["prod-chat"].newly_priced == changes["prod-chat"].changed > 0
    assert changes["prod-chat"].old_usd == 0 < changes["prod-chat"].new_usd
    assert changes["gpt-4o"].old_usd == before["gpt-4o"] > changes["gpt-4o"].new_usd > 0
    assert changes["gpt-4.1-mini"].changed == changes["unknown"].changed == 0


@pytest.mark.parametrize("most_calls", [100_000, 300])
def test_apply_writes_what_preview_shows_and_a_rerun_changes_nothing(store: CrashingStore, most_calls: int) -> None:
    add_calls(store, 2_000, 1, OLD)
    expected = {change.model: change.new_usd for change in repricer(store).preview(ALL)}
    done: list[datetime] = []
    repricer(store, most_calls=most_calls).apply(ALL, done.append)
    assert disagreements(store) == []
    assert {model: cost or Decimal(0) for model, cost in costs(store).items()} == expected
    assert done == sorted(done) and (len(done) > 3) == (most_calls < 2_000)
    written = len(store.writes)
    repricer(store).apply(ALL)
    assert [sql[:24] for sql in store.writes[written:]] == ["INSERT INTO reprice_runs"] * 2
    assert disagreements(store) == []


def test_parts_and_status_are_rewritten_with_the_total(store: CrashingStore) -> None:
    add_calls(store, 500, 1, OLD)
    repricer(store).apply(ALL)
    (row,) = store.query_rows(
        "SELECT countIf(cost_usd != cost_input_usd + cost_cache_read_usd + cost_cache_write_usd + cost_output_usd) "
        "AS torn, countIf(cost_status = 'priced' AND cost_usd IS NULL) AS costless, "
        "countIf(model = 'prod-chat' AND cost_status = 'unpriced') AS unpriced, "
        "countIf(model = 'gpt-4o' AND price_version = 'new') AS rewritten FROM calls"
    )
    assert row["rewritten"] > 0 and row["torn"] == row["costless"] == row["unpriced"] == 0


def test_the_period_and_the_model_bound_what_is_touched(store: CrashingStore) -> None:
    add_calls(store, 2_000, 1, OLD)
    repricer(store).apply(Period(day(1), day(2), "gpt-4o"))
    touched = "SELECT DISTINCT toDate(ts) AS day, model FROM calls WHERE price_version = 'new'"
    assert store.query_rows(touched) == [{"day": day(1).date(), "model": "gpt-4o"}]
    assert disagreements(store) == []


@pytest.mark.parametrize(
    ("period", "crash_at"), [*((ONE_DAY, n + 1) for n in range(WRITES_OF_A_SLICE)), (ALL, 14), (ALL, 17), (ALL, 26)]
)
def test_a_crash_before_any_write_is_finished_by_the_next_run(
    store: CrashingStore, later: CrashingStore, period: Period, crash_at: int
) -> None:
    add_calls(store, 300, 1, OLD)
    crash(store, crash_at, period)
    add_calls(store, 100, 2, OLD)
    resumed = repricer(later).resume()
    assert len(resumed) == (crash_at > 1)
    assert disagreements(later) == []
    # What came in between has old prices, and a day that was done is not looked at again.
    repricer(later).apply(period)
    assert disagreements(later) == []
    assert [change.changed for change in repricer(later).preview(period)] == [0] * 4


def test_a_slice_takes_the_writes_that_the_crash_test_counts(store: CrashingStore) -> None:
    add_calls(store, 300, 1, OLD)
    repricer(store).apply(ONE_DAY)
    assert len(store.writes) == WRITES_OF_A_SLICE
    assert repricer(store).resume() == []
    assert store.query_rows("SELECT count() AS left FROM repriced_calls") == [{"left": 0}]


def test_calls_that_arrive_while_it_runs_are_counted_once(store: CrashingStore, later: CrashingStore) -> None:
    add_calls(store, 1_000, 1, OLD)
    stop, seeds = threading.Event(), count(10)

    def arrive() -> None:
        while not stop.is_set():
            add_calls(later, 50, next(seeds), OLD)

    writer = threading.Thread(target=arrive)
    writer.start()
    try:
        repricer(store).apply(ALL)
    finally:
        stop.set()
        writer.join()
    assert next(seeds) > 10
    assert disagreements(store) == []


def test_a_crash_during_arrivals_is_finished_too(store: CrashingStore, later: CrashingStore) -> None:
    add_calls(store, 600, 1, OLD)
    crash(store, 5, ONE_DAY)
    seeds = count(10)
    later.before_write = lambda: add_calls(later, 20, next(seeds), OLD)
    repricer(later).resume()
    assert disagreements(store) == []


def test_rollups_that_fit_neither_state_are_not_touched(store: CrashingStore, later: CrashingStore) -> None:
    add_calls(store, 200, 1, OLD)
    crash(store, 4, ALL)
    later.command("TRUNCATE TABLE calls_1m")
    assert disagreements(later) == ["calls_1m"]
    table = Repricing(later, ManualClock(datetime(2026, 11, 21, tzinfo=UTC)), patience_s=1)
    with pytest.raises(StoreUnavailable, match="calls_1m"):
        Repricer(table, NEW, lambda: f"id{next(_ids)}").resume()


def test_an_empty_period_is_no_work(store: CrashingStore) -> None:
    assert repricer(store).preview(replace(ALL, end=day(0))) == []
    repricer(store).apply(ALL)
    assert disagreements(store) == []


def test_a_search_by_cost_finds_what_was_priced_later(store: CrashingStore) -> None:
    add_calls(store, 60, 1, OLD)
    of_period = CallFilter(day(0), day(3), model=("prod-chat",))
    dear = CallSearch(of_period, min_cost_usd=Decimal("0.000001"), order=CallOrder.COST)
    assert search_calls(store, dear, 100) == []
    repricer(store).apply(ALL)
    found = search_calls(store, dear, 100)
    costs = [row["cost_usd"] for row in search_calls(store, CallSearch(of_period), 100) if row["cost_usd"]]
    assert costs and [row["cost_usd"] for row in found] == sorted(costs, reverse=True)
