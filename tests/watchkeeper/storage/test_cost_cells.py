"""Cells of cost against independent sums over the calls they were read from."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from tests.fixtures.store import FIRST_TS_US, call_rows
from watchkeeper.errors import ConfigError
from watchkeeper.storage import cost_cells
from watchkeeper.storage.call_filter import CallFilter
from watchkeeper.storage.client import Store
from watchkeeper.storage.cost_cells import CostCell, read_cost_cells
from watchkeeper.storage.cost_source import CALLS, HOURS, MINUTES, CostSource, choose_source, kept_since

pytestmark = pytest.mark.clickhouse

BEGIN = datetime(2026, 5, 28, 20, tzinfo=UTC)
ALL = CallFilter(BEGIN, BEGIN + timedelta(hours=4))
SOURCES = {"calls": CALLS, "minutes": MINUTES, "hours": HOURS}
each_source = pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
Row = dict[str, Any]


def mixed_calls(n: int) -> pa.Table:
    """Calls of every kind: priced with caches, unpriced, reported, without usage, gateway hits, completing rows."""
    rng = np.random.default_rng(3)
    kind = rng.choice(["priced", "unpriced", "reported", "no_usage", "hit"], n, p=[0.6, 0.1, 0.1, 0.1, 0.1])
    used = ~np.isin(kind, ["no_usage", "hit"])
    read = rng.integers(0, 400, n)
    parts = rng.integers(1, 9_000_000, (4, n))
    priced = kind == "priced"
    cost = np.where(priced, parts.sum(axis=0), np.where(kind == "reported", parts[0], 0))
    known = [bool(flag) for flag in np.isin(kind, ["priced", "reported", "hit"])]

    def some(values: Any, present: Any) -> list[int | None]:
        return [int(value) if there else None for value, there in zip(values, present, strict=True)]

    return call_rows(
        n,
        # A model a kind: a rollup cannot tell their tokens apart within one bucket of one model.
        model=[f"model-{word}" for word in kind],
        route=rng.choice(["chat", "search"], n).tolist(),
        ts=pa.array(FIRST_TS_US + rng.integers(0, 3 * 3_600_000_000, n)),
        outcome=rng.choice(["ok", "truncated", "error"], n, p=[0.8, 0.1, 0.1]).tolist(),
        gateway_cache_hit=(kind == "hit").tolist(),
        calls=rng.choice([1, 0], n, p=[0.95, 0.05]).tolist(),
        input_tokens=some(rng.integers(400, 4_000, n), used),
        output_tokens=some(rng.integers(1, 900, n), used),
        cache_read_tokens=some(read, used),
        cache_write_tokens=some(rng.integers(0, 50, n), used),
        cost_usd=some(cost, known),
        cost_input_usd=some(parts[0], priced),
        cost_cache_read_usd=some(parts[1], priced),
        cost_cache_write_usd=some(parts[2], priced),
        cost_output_usd=some(parts[3], priced),
        cost_status=["priced" if word == "hit" else str(word) for word in kind],
    )


def summed(rows: list[Row]) -> Row:
    """What one cell must hold, added up in Python."""
    known = [row for row in rows if row["cost_usd"] is not None and not row["gateway_cache_hit"]]

    def total(name: str) -> Any:
        return sum(row[name] or 0 for row in known)

    tokens = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens")
    costs = ("cost_usd", "cost_input_usd", "cost_cache_read_usd", "cost_cache_write_usd", "cost_output_usd")
    return {
        "calls": sum(row["calls"] for row in rows),
        "gateway_hits": sum(row["calls"] for row in rows if row["gateway_cache_hit"]),
        "known_calls": len(known),
        "unpriced_calls": sum(row["cost_status"] == "unpriced" for row in rows),
        **{name: float(total(name)) for name in tokens},
        **{name: Decimal(total(name)) for name in costs},
    }


def by_hand(rows: list[Row], fits: Callable[[Row], bool] = lambda _: True) -> dict[tuple[str, str, bool], Row]:
    groups: dict[tuple[str, str, bool], list[Row]] = {}
    for row in filter(fits, rows):
        groups.setdefault((row["route"], row["model"], row["outcome"] == "ok"), []).append(row)
    return {key: summed(group) for key, group in groups.items()}


def found(cells: list[CostCell]) -> dict[tuple[str, str, bool], Row]:
    return {
        (cell.route, cell.model, cell.useful): {name: getattr(cell, name) for name in list(CostCell.__slots__)[7:]}
        for cell in cells
    }


@each_source
def test_cells_are_what_the_calls_add_up_to(shared_store: Store, source: CostSource) -> None:
    stored = mixed_calls(3_000)
    shared_store.insert_arrow("calls", stored.slice(0, 2_000), "a")
    shared_store.insert_arrow("calls", stored.slice(2_000), "b")
    cells = read_cost_cells(shared_store, ALL, source)
    assert found(cells) == by_hand(stored.to_pylist())


@each_source
def test_a_filter_restricts_the_cells(shared_store: Store, source: CostSource) -> None:
    stored = mixed_calls(600)
    shared_store.insert_arrow("calls", stored, "a")
    cells = read_cost_cells(shared_store, replace(ALL, route=("search",), model=("model-priced",)), source)
    assert found(cells) == by_hand(
        stored.to_pylist(), lambda row: row["route"] == "search" and row["model"] == "model-priced"
    )


def test_tokens_of_a_bucket_with_unpriced_calls_count_in_proportion_and_costs_exactly(shared_store: Store) -> None:
    stored = call_rows(
        4,
        cost_status=["priced", "priced", "priced", "unpriced"],
        cost_usd=[3_500_000] * 3 + [None],
        cost_input_usd=[2_500_000] * 3 + [None],
        cost_output_usd=[1_000_000] * 3 + [None],
        input_tokens=[1_000, 1_000, 1_000, 9_000],
    )
    shared_store.insert_arrow("calls", stored, "a")
    (cell,) = read_cost_cells(shared_store, ALL, HOURS)
    assert (cell.known_calls, cell.unpriced_calls, cell.cost_usd) == (3, 1, Decimal("0.0105"))
    assert (cell.input_tokens, cell.output_tokens) == (9_000, 300)
    (exact,) = read_cost_cells(shared_store, ALL, CALLS)
    assert exact.input_tokens == 3_000


def test_a_count_that_a_repricing_lowered_is_read_as_what_it_is(shared_store: Store) -> None:
    shared_store.insert_arrow("calls", call_rows(5, cost_status="unpriced", cost_usd=None), "a")
    shared_store.command(
        "INSERT INTO calls_1h SELECT * REPLACE (toUInt64(-5) AS calls_unpriced, 0 AS calls, 0 AS calls_with_usage, "
        "0 AS input_tokens, 0 AS output_tokens) FROM calls_1h"
    )
    (cell,) = read_cost_cells(shared_store, ALL, HOURS)
    assert (cell.known_calls, cell.unpriced_calls, cell.input_tokens) == (5, 0, 5_000)


def test_too_many_cells_are_refused(shared_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cost_cells, "MOST_CELLS", 2)
    shared_store.insert_arrow("calls", call_rows(3, route=["a", "b", "c"]), "a")
    with pytest.raises(ConfigError, match="filter on a service"):
        read_cost_cells(shared_store, ALL, HOURS)


DAY = timedelta(days=1)
LONG_AGO = {"calls": BEGIN - 30 * DAY, "calls_1m": BEGIN - 90 * DAY, "calls_1h": BEGIN - 730 * DAY}


@pytest.mark.parametrize(
    ("begin", "length", "chosen", "source"),
    [
        (BEGIN, 7 * DAY, {}, HOURS),
        (BEGIN + timedelta(minutes=7), 7 * DAY, {}, HOURS),
        (BEGIN + timedelta(minutes=7), DAY, {}, MINUTES),
        (BEGIN, DAY, {}, HOURS),
        (BEGIN + timedelta(seconds=7), timedelta(minutes=30), {}, CALLS),
        (BEGIN + timedelta(minutes=7), timedelta(minutes=30), {}, MINUTES),
        (BEGIN - 200 * DAY + timedelta(minutes=7), DAY, {}, HOURS),
        (BEGIN, 7 * DAY, {"tenant": ("acme",)}, CALLS),
    ],
    ids=["whole hours", "a week", "a day", "a day of whole hours", "seconds", "whole minutes", "long ago", "tenant"],
)
def test_the_coarsest_table_that_is_exact_enough_is_read(
    begin: datetime, length: timedelta, chosen: dict[str, Any], source: CostSource
) -> None:
    assert choose_source([CallFilter(begin, begin + length, **chosen)], LONG_AGO) == source


def test_both_ends_of_a_reading_move_back_to_the_begin_of_a_bucket() -> None:
    begin = BEGIN + timedelta(minutes=7, seconds=1)
    reading = HOURS.reading(CallFilter(begin, begin + DAY, route=("chat",)))
    assert (reading.begin, reading.end, reading.route) == (BEGIN, BEGIN + DAY, ("chat",))
    assert CALLS.whole(begin) == begin


def test_tables_are_complete_as_far_back_as_their_retention_goes(shared_store: Store) -> None:
    since = kept_since(shared_store, BEGIN)
    assert {since[table] for table in ("calls", "calls_1m", "calls_1h")} == {BEGIN - timedelta(days=20_000)}
