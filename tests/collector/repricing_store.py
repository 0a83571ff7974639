"""A small store of calls with both rollups, for tests of repricing."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import numpy as np
import pyarrow as pa

from collector.price_book import PriceBook
from collector.pricing import PriceInput, price
from tests.fixtures.store import call_rows
from watchkeeper.schema import ROLLUP_KEYS
from watchkeeper.storage.client import Store, StoreConfig
from watchkeeper.storage.reconcile import ROLLUPS
from watchkeeper.storage.repricing_sql import COST_COLUMNS

BEGIN = datetime(2026, 11, 18, 22, tzinfo=UTC)
"""The first call; the others follow within 30 hours."""
MODELS = ("gpt-4o", "gpt-4.1-mini", "prod-chat", "unknown")
_tokens = count()


class Crash(Exception):
    """What a test raises in place of a write, to stand for the death of the process."""


class CrashingStore(Store):
    """A store whose process dies before its ``crash_at``-th write; 0: never."""

    def __init__(self, config: StoreConfig) -> None:
        super().__init__(config)
        self.writes: list[str] = []
        self.crash_at = 0
        self.before_write: Callable[[], None] = lambda: None
        self.forget_tokens = False

    def command(self, sql: str, parameters: Mapping[str, Any] | None = None) -> None:
        self._about_to(sql)
        super().command(sql.replace("'reprice:", "'forgotten:") if self.forget_tokens else sql, parameters)

    def insert_arrow(self, table: str, data: pa.Table, token: str) -> None:
        self._about_to(f"INSERT INTO {table}")
        super().insert_arrow(table, data, token)

    def _about_to(self, sql: str) -> None:
        self.before_write()
        self.writes.append(sql)
        if len(self.writes) == self.crash_at:
            raise Crash(sql)


def add_calls(store: Store, size: int, seed: int, book: PriceBook) -> None:
    """Insert ``size`` random calls of :data:`MODELS`, priced with ``book``."""
    random = np.random.default_rng(seed)
    model = random.choice(MODELS, size).tolist()
    start = np.int64(BEGIN.timestamp() * 1e6)
    calls = call_rows(
        size,
        seed,
        ts=pa.array(start + random.integers(0, 30 * 3_600_000_000, size)),
        service=random.choice(["search", "chat", "mail"], size).tolist(),
        request_model=model,
        model=model,
        outcome=random.choice(["ok", "error"], size).tolist(),
        input_tokens=pa.array(random.integers(0, 3_000, size, np.uint32), mask=random.random(size) < 0.05),
        output_tokens=pa.array(random.integers(0, 300, size, np.uint32)),
        gateway_cache_hit=(random.random(size) < 0.05).tolist(),
    )
    # Not through a crashing store's own insert: these are another process's calls.
    Store.insert_arrow(store, "calls", _priced(calls, book), f"test:{next(_tokens)}")


def _priced(calls: pa.Table, book: PriceBook) -> pa.Table:
    names = [name for name in PriceInput.__slots__ if name != "cost_reported"]
    output = price(PriceInput(**{n: calls[n] for n in names}, cost_reported=calls["cost_reported_usd"]), book)
    for name in output.__slots__:
        if name != "unpriced":
            calls = calls.set_column(calls.schema.get_field_index(name), name, getattr(output, name))
    return calls


def disagreements(store: Store) -> list[str]:
    """Rollups whose calls, unpriced calls or costs differ from the raw rows in any bucket of any key."""
    keys = ", ".join(ROLLUP_KEYS)
    return [rollup for rollup, bucket in ROLLUPS.items() if _differs(store, rollup, bucket, keys)]


def _differs(store: Store, rollup: str, bucket: str, keys: str) -> bool:
    raw_costs = ", ".join(f"sum(ifNull({name}, 0))" for name in COST_COLUMNS)
    rolled_costs = ", ".join(f"sum({name})" for name in COST_COLUMNS)
    (row,) = store.query_rows(
        "SELECT count() AS differing FROM ("
        f"SELECT {bucket}(ts) AS bucket, {keys}, (sum(calls), countIf(cost_status = 'unpriced'), {raw_costs}) AS sums "
        f"FROM calls GROUP BY bucket, {keys}) AS raw FULL JOIN ("
        f"SELECT bucket, {keys}, (sum(calls), sum(calls_unpriced), {rolled_costs}) AS sums "
        f"FROM {rollup} GROUP BY bucket, {keys}) AS rolled USING (bucket, {keys}) WHERE raw.sums != rolled.sums"
    )
    return bool(row["differing"])


def day(offset: int) -> datetime:
    """Midnight, ``offset`` days after the day of the first call."""
    return BEGIN.replace(hour=0) + timedelta(days=offset)
