"""A small store of calls with both rollups, for tests of repricing."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import clickhouse_connect
import numpy as np
import pyarrow as pa
from clickhouse_connect.driver.client import Client

from collector.price_book import PriceBook
from collector.pricing import PriceInput, price
from watchkeeper.schema import CALLS, CALLS_SCHEMA, ROLLUP_KEYS, Column, clickhouse_columns

MIGRATION = Path(__file__).parents[2] / "watchkeeper" / "storage" / "migrations" / "0010_repricing.sql"
ROLLUPS = {"calls_1m": "toStartOfMinute", "calls_1h": "toStartOfHour"}
BEGIN = datetime(2026, 11, 18, 22, tzinfo=UTC)
"""The first call; the others follow within 30 hours."""
MODELS = ("gpt-4o", "gpt-4.1-mini", "prod-chat", "unknown")


class Crash(Exception):
    """What a test raises in place of a write, to stand for the death of the process."""


@dataclass(slots=True)
class TestStore:
    """The store's client as repricing sees it; ``crash_at`` kills the process before its n-th write."""

    __test__ = False
    client: Client
    crash_at: int = 0
    writes: list[str] = field(default_factory=list)
    before_write: Callable[[], None] = lambda: None
    token_suffix: str = ""

    def execute(self, sql: str, parameters: Mapping[str, Any] | None = None) -> None:
        self._about_to(sql)
        self.client.command(sql, parameters=self._bound(parameters))

    def query(self, sql: str, parameters: Mapping[str, Any] | None = None) -> pa.Table:
        return self.client.query_arrow(sql, parameters=self._bound(parameters))

    def insert(self, table: str, data: pa.Table, token: str) -> None:
        self._about_to(f"INSERT INTO {table}")
        self.client.insert_arrow(table, data, settings={"insert_deduplication_token": token, "async_insert": 0})

    def _bound(self, parameters: Mapping[str, Any] | None) -> dict[str, Any]:
        bound = dict(parameters or {})
        if "token" in bound:
            bound["token"] += self.token_suffix
        return bound

    def _about_to(self, sql: str) -> None:
        self.before_write()
        self.writes.append(sql)
        if len(self.writes) == self.crash_at:
            raise Crash(sql)


def connect(path: str) -> Client:
    """Another client of the engine at ``path``."""
    return clickhouse_connect.get_client(interface="chdb", path=path)


def create(client: Client, database: str) -> None:
    """An empty store with the raw table, both rollups, and repricing's own tables, in use by ``client``."""
    client.command(f"CREATE DATABASE {database} ENGINE = Atomic")
    client.command(f"USE {database}")
    window = "SETTINGS non_replicated_deduplication_window = 1000"
    client.command(
        f"CREATE TABLE calls ({clickhouse_columns()}) ENGINE = MergeTree PARTITION BY toDate(ts) "
        f"ORDER BY (service, model, ts) {window}"
    )
    for rollup, bucket in ROLLUPS.items():
        _create_rollup(client, rollup, bucket, window)
    for statement in MIGRATION.read_text(encoding="utf-8").split(";"):
        if statement.strip():
            client.command(statement)


def _create_rollup(client: Client, rollup: str, bucket: str, window: str) -> None:
    keys = ", ".join(ROLLUP_KEYS)
    types = ", ".join(f"{k} {'Bool' if k == 'gateway_cache_hit' else 'LowCardinality(String)'}" for k in ROLLUP_KEYS)
    client.command(
        f"CREATE TABLE {rollup} (bucket DateTime('UTC'), {types}, calls SimpleAggregateFunction(sum, UInt64), "
        "calls_unpriced SimpleAggregateFunction(sum, UInt64), "
        "cost_usd SimpleAggregateFunction(sum, Decimal(38, 9)), "
        "duration_dd AggregateFunction(quantilesDD(0.01, 0.5), UInt64)) ENGINE = AggregatingMergeTree "
        f"PARTITION BY toYYYYMM(bucket) ORDER BY (bucket, {keys}) {window}"
    )
    client.command(
        f"CREATE MATERIALIZED VIEW {rollup}_mv TO {rollup} AS SELECT {bucket}(ts) AS bucket, {keys}, "
        "count() AS calls, countIf(c.cost_status = 'unpriced') AS calls_unpriced, "
        "sum(ifNull(c.cost_usd, 0)) AS cost_usd, quantilesDDState(0.01, 0.5)(duration_us) AS duration_dd "
        f"FROM calls AS c GROUP BY bucket, {keys}"
    )


def add_calls(client: Client, count: int, seed: int, book: PriceBook) -> None:
    """Insert ``count`` random calls of :data:`MODELS`, priced with ``book``."""
    random = np.random.default_rng(seed)
    model = _words(random.choice(MODELS, count).tolist())
    start = np.int64(BEGIN.timestamp() * 1e6)
    known: dict[str, Any] = {
        "ts": pa.array(start + random.integers(0, 30 * 3_600_000_000, count)).cast(pa.timestamp("us", tz="UTC")),
        "trace_id": pa.array([random.bytes(16) for _ in range(count)], pa.binary(16)),
        "span_id": pa.array([random.bytes(8) for _ in range(count)], pa.binary(8)),
        "parent_span_id": pa.array([bytes(8)] * count, pa.binary(8)),
        "service": _words(random.choice(["search", "chat", "mail"], count).tolist()),
        "provider": _words(["openai"] * count),
        "request_model": model,
        "model": model,
        "outcome": _words(random.choice(["ok", "error"], count).tolist()),
        "input_tokens": pa.array(random.integers(0, 3_000, count, np.uint32), mask=random.random(count) < 0.05),
        "output_tokens": pa.array(random.integers(0, 300, count, np.uint32)),
        "gateway_cache_hit": pa.array(random.random(count) < 0.05),
    }
    columns = {c.name: known.get(c.name) for c in CALLS if c.stored_by_writer}
    columns |= {c.name: _empty(c, count) for c in CALLS if c.name in columns and c.name not in known}
    columns |= _costs(columns, book)
    plain = {name: columns[name] for name in CALLS_SCHEMA.names}
    client.insert_arrow("calls", pa.table({n: _plain(c) for n, c in plain.items()}), settings={"async_insert": 0})


def _costs(columns: Mapping[str, Any], book: PriceBook) -> dict[str, Any]:
    names = [name for name in PriceInput.__slots__ if name != "cost_reported"]
    output = price(PriceInput(**{n: columns[n] for n in names}, cost_reported=columns["cost_reported_usd"]), book)
    return {name: getattr(output, name) for name in output.__slots__ if name != "unpriced"}


def _words(values: Sequence[str]) -> pa.Array:
    return pa.array(values).dictionary_encode()


def _plain(column: pa.Array) -> pa.Array:
    return column.cast(pa.string()) if pa.types.is_dictionary(column.type) else column


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


def disagreements(client: Client) -> list[str]:
    """Rollups whose calls, unpriced calls or costs differ from the raw rows in any bucket of any key."""
    keys = ", ".join(ROLLUP_KEYS)
    return [rollup for rollup, bucket in ROLLUPS.items() if _differs(client, rollup, bucket, keys)]


def _differs(client: Client, rollup: str, bucket: str, keys: str) -> bool:
    raw = (
        f"SELECT {bucket}(ts) AS bucket, {keys}, count() AS n, countIf(cost_status = 'unpriced') AS u, "
        f"sum(ifNull(cost_usd, 0)) AS c FROM calls GROUP BY bucket, {keys}"
    )
    rolled = (
        f"SELECT bucket, {keys}, sum(calls) AS n, sum(calls_unpriced) AS u, sum(cost_usd) AS c "
        f"FROM {rollup} GROUP BY bucket, {keys}"
    )
    one, other = (set(map(tuple, client.query(sql).result_rows)) for sql in (raw, rolled))
    return one != other


def day(offset: int) -> datetime:
    """Midnight, ``offset`` days after the day of the first call."""
    return BEGIN.replace(hour=0) + timedelta(days=offset)
