"""A small store of calls with both rollups, for tests of repricing."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from collector.price_book import PriceBook
from collector.pricing import PriceInput, price
from watchkeeper.schema import CALLS, CALLS_SCHEMA, ROLLUP_KEYS, Column
from watchkeeper.storage.client import Store, StoreConfig
from watchkeeper.storage.repricing_sql import COST_COLUMNS, ROLLUPS

MIGRATIONS = Path(__file__).parents[2] / "watchkeeper" / "storage" / "migrations"
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


def create(store: Store) -> None:
    """The tables that repricing touches, as the migrations make them."""
    store.create_database()
    for name in ("0001_calls", "0002_rollups", "0010_repricing"):
        lines = (MIGRATIONS / f"{name}.sql").read_text(encoding="utf-8").splitlines()
        for statement in "\n".join(line for line in lines if not line.startswith("--")).split(";"):
            if statement.strip():
                store.command(statement)


def add_calls(store: Store, size: int, seed: int, book: PriceBook) -> None:
    """Insert ``size`` random calls of :data:`MODELS`, priced with ``book``."""
    random = np.random.default_rng(seed)
    model = _words(random.choice(MODELS, size).tolist())
    start = np.int64(BEGIN.timestamp() * 1e6)
    known: dict[str, Any] = {
        "calls": pa.array(np.ones(size, np.uint8)),
        "ts": pa.array(start + random.integers(0, 30 * 3_600_000_000, size)).cast(pa.timestamp("us", tz="UTC")),
        "trace_id": pa.array([random.bytes(16) for _ in range(size)], pa.binary(16)),
        "span_id": pa.array([random.bytes(8) for _ in range(size)], pa.binary(8)),
        "parent_span_id": pa.array([bytes(8)] * size, pa.binary(8)),
        "service": _words(random.choice(["search", "chat", "mail"], size).tolist()),
        "provider": _words(["openai"] * size),
        "request_model": model,
        "model": model,
        "outcome": _words(random.choice(["ok", "error"], size).tolist()),
        "input_tokens": pa.array(random.integers(0, 3_000, size, np.uint32), mask=random.random(size) < 0.05),
        "output_tokens": pa.array(random.integers(0, 300, size, np.uint32)),
        "gateway_cache_hit": pa.array(random.random(size) < 0.05),
    }
    columns = {c.name: known.get(c.name) for c in CALLS if c.stored_by_writer}
    columns |= {c.name: _empty(c, size) for c in CALLS if c.name in columns and c.name not in known}
    columns |= _costs(columns, book)
    table = pa.table({name: columns[name] for name in CALLS_SCHEMA.names}, CALLS_SCHEMA)
    # Not through a crashing store's own insert: these are another process's calls.
    Store.insert_arrow(store, "calls", table, f"test:{next(_tokens)}")


def _costs(columns: Mapping[str, Any], book: PriceBook) -> dict[str, Any]:
    names = [name for name in PriceInput.__slots__ if name != "cost_reported"]
    output = price(PriceInput(**{n: columns[n] for n in names}, cost_reported=columns["cost_reported_usd"]), book)
    return {name: getattr(output, name) for name in output.__slots__ if name != "unpriced"}


def _words(values: Sequence[str]) -> pa.Array:
    return pa.array(values).dictionary_encode()


def _empty(column: Column, count: int) -> pa.Array:
    if column.clickhouse.startswith("Nullable"):
        return pa.nulls(count, column.arrow)
    if pa.types.is_dictionary(column.arrow):
        return _words([""] * count)
    if pa.types.is_map(column.arrow):
        return pa.array([[]] * count, column.arrow)
    if pa.types.is_boolean(column.arrow):
        return pa.array([False] * count)
    return pa.array([""] * count) if pa.types.is_string(column.arrow) else pa.array([0] * count).cast(column.arrow)


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
