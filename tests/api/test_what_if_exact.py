"""What-if sums are those of the collector's own pricing, call by call, to the nano-dollar."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from api.what_if.prices import Limits, Target, price_table
from collector.price_book import PriceBook
from collector.price_file import PriceFile
from collector.price_list import PriceList
from collector.pricing import PriceInput, price
from tests.fixtures.store import FIRST_TS_US, FOREVER, call_rows
from watchkeeper.storage.call_filter import CallFilter
from watchkeeper.storage.client import Store
from watchkeeper.storage.migrate import Migrator
from watchkeeper.storage.what_if import CacheShare, StoredPriced, TokenRule, combinations, price_stored

pytestmark = pytest.mark.clickhouse

PERIOD = CallFilter(datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC))
OWN = {
    "version": "own",
    "prices": [
        # Prices whose product with a token count falls between two nano-dollars, so that rounding matters.
        {
            "model": "odd",
            "input": 0.0375,
            "cache_read": 0.0033,
            "cache_write": 0.0515,
            "output": 0.1005,
            "until": "2026-06-02",
        },
        {
            "model": "odd",
            "input": 0.0625,
            "output": 0.2005,
            "reasoning": 0.3335,
            "from": "2026-06-02",
            "per_request": 0.00001,
            "above": [{"input_tokens": 500, "input": 0.0735}, {"input_tokens": 2000, "output": 0.7775}],
        },
        {"model": "input-only", "input": 0.1115},
        {"model": "odd", "tier": "batch", "input": 0.0185, "output": 0.0505},
    ],
}
BOOK = PriceBook(PriceList(), PriceFile.parse(OWN, Path("prices.yaml")))
NO_LIMITS = lambda _: Limits()  # noqa: E731
MODELS = ("gpt-4o", "gpt-4o-mini", "claude-sonnet-4-5", "gemini-2.5-pro", "nobody-knows")


def calls(n: int) -> pa.Table:
    """Calls of two weeks with every kind of token, known and unknown, in every state."""
    rng = np.random.default_rng(7)
    model = rng.choice(MODELS, n).tolist()
    provider = [
        {"g": "openai", "c": "anthropic", "n": "vllm"}[name[0]] if name[:3] != "gem" else "gcp.gemini" for name in model
    ]
    tokens = rng.lognormal(7, 2, n).astype(np.int64)
    return call_rows(
        n,
        ts=pa.array(FIRST_TS_US + np.sort(rng.integers(0, 14 * 86_400_000_000, n))),
        provider=provider,
        model=model,
        request_model=model,
        service_tier=rng.choice(["", "default", "batch", "priority"], n).tolist(),
        route=rng.choice(["chat", "search"], n).tolist(),
        input_tokens=_some(rng, tokens),
        output_tokens=_some(rng, rng.integers(0, 2_000, n)),
        cache_read_tokens=_some(rng, tokens // rng.integers(1, 9, n)),
        cache_write_tokens=_some(rng, tokens // rng.integers(4, 99, n)),
        reasoning_tokens=_some(rng, rng.integers(0, 900, n)),
        gateway_cache_hit=(rng.random(n) < 0.02).tolist(),
    )


def _some(rng: np.random.Generator, values: Any) -> list[int | None]:
    return [int(value) if rng.random() > 0.15 else None for value in values]


@pytest.fixture(scope="module")
def stored() -> pa.Table:
    return calls(4_000)


@pytest.fixture(scope="module")
def what_if_store(engine: Store, stored: pa.Table) -> Iterator[Store]:
    """The calls in a database of their own: nothing here changes them."""
    store = engine.beside("what_if_exact")
    Migrator(store, FOREVER).run()
    store.insert_arrow("calls", stored, "a")
    yield store
    store.drop_database()
    store.close()


def priced(table: pa.Table, **columns: Any) -> tuple[list[Decimal | None], list[str]]:
    """The collector's price of each call, with some columns replaced."""
    given = {name: table[name] for name in PriceInput.__slots__ if name in table.column_names}
    for name, value in columns.items():
        given[name] = pa.array([value] * table.num_rows) if isinstance(value, str) else value
    output = price(PriceInput(cost_reported=pa.nulls(table.num_rows, pa.decimal128(18, 9)), **given), BOOK)
    return output.cost_usd.to_pylist(), output.cost_status.cast(pa.string()).to_pylist()


def total(groups: Sequence[StoredPriced]) -> Decimal:
    return sum((group.cost_usd for group in groups), Decimal(0))


@pytest.mark.parametrize(
    "target",
    [
        Target(),
        Target(tier=""),
        Target(tier="batch"),
        Target(provider="", model="odd"),
        Target(provider="", model="odd", tier="batch"),
        Target(provider="", model="input-only", tier=""),
        Target(provider="gcp.gemini", model="gemini-2.5-pro", tier=""),
        Target(provider="anthropic", model="claude-haiku-4-5", tier=""),
        Target(provider="", model="nobody-knows-this-either"),
    ],
    ids=repr,
)
@pytest.mark.parametrize("group_by", [(), ("route", "model")], ids=["whole", "grouped"])
def test_a_scan_is_the_sum_of_calls_priced_singly(
    what_if_store: Store, stored: pa.Table, target: Target, group_by: tuple[str, ...]
) -> None:
    table = price_table(BOOK, combinations(what_if_store, PERIOD), target, NO_LIMITS, None)
    groups = price_stored(what_if_store, PERIOD, table, TokenRule(), group_by)
    replaced = {
        name: value
        for name, value in (
            ("provider", target.provider),
            ("request_model", target.model),
            ("model", target.model),
            ("service_tier", target.tier),
        )
        if value is not None
    }
    costs, statuses = priced(stored, **replaced)
    assert total(groups) == sum((cost for cost in costs if cost is not None), Decimal(0))
    hits = stored["gateway_cache_hit"].to_pylist()
    assert sum(group.calls_priced for group in groups) == sum(
        s == "priced" and not h for s, h in zip(statuses, hits, strict=True)
    )
    assert sum(group.calls_unpriced for group in groups) == statuses.count("unpriced")
    assert sum(group.gateway_hits for group in groups) == sum(hits)
    assert all(g.input_usd + g.cache_read_usd + g.cache_write_usd + g.output_usd == g.cost_usd for g in groups)


def test_todays_prices_are_those_of_one_moment(what_if_store: Store, stored: pa.Table) -> None:
    now = datetime(2026, 11, 1, tzinfo=UTC)
    table = price_table(BOOK, combinations(what_if_store, PERIOD), Target("", "odd", ""), NO_LIMITS, now)
    (group,) = price_stored(what_if_store, PERIOD, table, TokenRule())
    moved = pa.array([int(now.timestamp() * 1e6)] * stored.num_rows)
    costs, _ = priced(stored, provider="", request_model="odd", model="odd", service_tier="", ts=moved)
    assert group.cost_usd == sum((cost for cost in costs if cost is not None), Decimal(0))


def test_calls_that_do_not_fit_are_counted_named_and_left_out(what_if_store: Store, stored: pa.Table) -> None:
    limits = Limits(context=3_000, output=1_500)
    table = price_table(BOOK, combinations(what_if_store, PERIOD), Target("", "odd", ""), lambda _: limits, None)
    (group,) = price_stored(what_if_store, PERIOD, table, TokenRule())
    costs, _ = priced(stored, provider="", request_model="odd", model="odd", service_tier="")
    expected, left_out = Decimal(0), set()
    for row, cost in zip(stored.to_pylist(), costs, strict=True):
        input_tokens, output_tokens = row["input_tokens"], row["output_tokens"] or 0
        if row["gateway_cache_hit"] or input_tokens is None:
            continue
        if input_tokens + output_tokens > 3_000 or output_tokens > 1_500:
            left_out.add(row["trace_id"].hex())
        else:
            expected += cost or 0
    assert group.cost_usd == expected
    assert group.calls_too_large == len(left_out) > 100
    assert len(group.too_large_traces) == 5 and set(group.too_large_traces) <= left_out
    assert group.too_large_observed_usd == Decimal("0.0035") * len(left_out)


def test_other_counts_are_priced_as_if_they_had_been_stored(what_if_store: Store, stored: pa.Table) -> None:
    rule = TokenRule(1_300_000, 900_000, CacheShare(600_000, 100_000, 1_024))
    table = price_table(BOOK, combinations(what_if_store, PERIOD), Target("", "odd", ""), NO_LIMITS, None)
    (group,) = price_stored(what_if_store, PERIOD, table, rule)
    input_tokens = _times(stored["input_tokens"], 1_300_000)
    read, write = (
        [None if count is None else count * part // 10 if count >= 1_024 else 0 for count in input_tokens]
        for part in (6, 1)
    )
    columns = {
        "input_tokens": pa.array(input_tokens),
        "cache_read_tokens": pa.array(read),
        "cache_write_tokens": pa.array(write),
        "output_tokens": pa.array(_times(stored["output_tokens"], 900_000)),
        "reasoning_tokens": pa.array(_times(stored["reasoning_tokens"], 900_000)),
    }
    costs, _ = priced(stored, provider="", request_model="odd", model="odd", service_tier="", **columns)
    assert group.cost_usd == sum((cost for cost in costs if cost is not None), Decimal(0))
    assert group.cache_read_tokens == sum(
        count or 0 for count, hit in zip(read, stored["gateway_cache_hit"].to_pylist(), strict=True) if not hit
    )


def _times(column: Any, millionths: int) -> list[int | None]:
    return [None if count is None else (count * millionths + 500_000) // 1_000_000 for count in column.to_pylist()]


def test_like_is_compared_with_like(shared_store: Store) -> None:
    known = call_rows(2, seed=1, model="odd", request_model="odd", provider="vllm")
    nothing: dict[str, Any] = dict.fromkeys(("cost_usd", "cost_input_usd", "cost_output_usd"))
    unpriced = call_rows(
        3, seed=2, model="odd", request_model="odd", provider="vllm", cost_status="unpriced", **nothing
    )
    late = call_rows(1, seed=3, calls=0, model="odd", request_model="odd", provider="vllm")
    for token, rows in (("a", known), ("b", unpriced), ("c", late)):
        shared_store.insert_arrow("calls", rows, token)
    table = price_table(BOOK, combinations(shared_store, PERIOD), Target("", "odd", ""), NO_LIMITS, None)
    (group,) = price_stored(shared_store, PERIOD, table, TokenRule())
    each = Decimal("0.0000375") + Decimal("0.00001005")
    assert (group.calls, group.calls_priced, group.calls_unpriced_now, group.same_calls) == (5, 6, 3, 3)
    assert (group.cost_usd, group.same_usd, group.same_observed_usd) == (6 * each, 3 * each, Decimal("0.0105"))
