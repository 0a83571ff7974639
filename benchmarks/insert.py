"""What an insert of calls costs: CPU microseconds a row, all threads, from Arrow to parts on disk.

    python -m benchmarks.insert [--rows 20000] [--batches 12] [--merges 60]

The first table compares ways to insert and what they insert into; the ways take turns in random order, with merges
stopped, and the median counts. The second inserts many batches with merges running, until they rest, and compares the
engine settings of :mod:`watchkeeper.storage.tuning` with the engine's own.
"""

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from watchkeeper.schema import CALLS_SCHEMA
from watchkeeper.storage.client import Store, StoreConfig
from watchkeeper.storage.migrate import Migrator
from watchkeeper.storage.retention import MOST_DAYS, Retention
from watchkeeper.storage.tuning import TUNING

FOREVER = Retention(**dict.fromkeys(Retention.__slots__, MOST_DAYS))
_START_US = 1_780_000_000_000_000
_WORDS = {
    "service": ["checkout", "support", "search"],
    "route": ["summarise", "chat", "extract"],
    "provider": ["openai", "openai", "anthropic"],
    "model": ["gpt-4o-2024-08-06", "gpt-4o-mini-2024-07-18", "claude-sonnet-4"],
    "request_model": ["gpt-4o", "gpt-4o-mini", "claude-sonnet-4"],
    "outcome": ["ok", "refused", "error"],
}
"""81 combinations: a provider and a requested model belong to each model."""


def calls(rows: int, number: int) -> pa.Table:
    """Batch ``number``: calls of a busy fleet within twelve seconds, each batch five seconds after the last."""
    rng = np.random.default_rng(number)
    start = _START_US + number * 5_000_000
    return pa.table([_column(field, rows, start, rng) for field in CALLS_SCHEMA], schema=CALLS_SCHEMA)


def _column(field: pa.Field, rows: int, start: int, rng: np.random.Generator) -> pa.Array:
    kind = field.type
    if pa.types.is_dictionary(kind):
        words = _WORDS.get(field.name, ["word" if field.name in ("environment", "operation") else ""])
        shared = "model" if field.name in ("provider", "request_model") else field.name
        chosen = np.random.default_rng([start, *shared.encode()]).integers(0, len(words), rows)
        return pa.array(np.array(words, object)[chosen], pa.string()).dictionary_encode().cast(kind)
    if pa.types.is_fixed_size_binary(kind) and not pa.types.is_decimal(kind):
        return pa.FixedSizeBinaryArray.from_buffers(kind, rows, [None, pa.py_buffer(rng.bytes(kind.byte_width * rows))])
    if pa.types.is_decimal(kind):
        nano_dollars = np.zeros((rows, 2), np.int64)
        nano_dollars[:, 0] = rng.integers(1_000, 9_000_000, rows)
        return pa.Array.from_buffers(kind, rows, [None, pa.py_buffer(nano_dollars.tobytes())])
    if pa.types.is_map(kind):
        keys = ["gen_ai.request.temperature", "gen_ai.request.max_tokens", "server.port"]
        offsets = pa.array(np.arange(rows + 1, dtype=np.int32) * len(keys))
        return pa.MapArray.from_arrays(offsets, pa.array(keys * rows), pa.array(["0.7", "512", "443"] * rows))
    return _plain(field, rows, start, rng)


def _plain(field: pa.Field, rows: int, start: int, rng: np.random.Generator) -> pa.Array:
    if field.name == "ts":
        return pa.array(np.sort(rng.integers(start, start + 12_000_000, rows))).cast(field.type)
    if field.name in ("duration_us", "ttft_us"):
        return pa.array(rng.lognormal(13.5, 0.6, rows).astype(np.uint64))
    if field.name == "response_id":
        return pa.array([f"chatcmpl-{number:024x}" for number in rng.integers(0, 2**62, rows)])
    if pa.types.is_string(field.type):
        return pa.repeat("", rows)
    if pa.types.is_boolean(field.type):
        return pa.repeat(field.name == "duration_complete", rows)
    if field.name in ("calls", "attempt", "source_partition"):
        return pa.repeat(1, rows).cast(field.type)
    return pa.array(rng.integers(0, 4_000, rows)).cast(field.type)


@dataclass(frozen=True, slots=True)
class Way:
    """One way to insert: how the tables differ from ours, how the batch does, how it goes in."""

    name: str
    tables: Sequence[str] = ()
    batch: Callable[[pa.Table], pa.Table] = lambda table: table


def plain_strings(table: pa.Table) -> pa.Table:
    """``table`` without dictionaries."""
    kinds = [field.type.value_type if pa.types.is_dictionary(field.type) else field.type for field in table.schema]
    names = table.schema.names
    return table.cast(pa.schema(list(zip(names, kinds, strict=True))))


_NO_VIEWS = ("DROP VIEW call_minutes_fill",)
_FULL = "min_level_for_full_part_storage = 0"
WAYS = (
    Way("as Watchkeeper does"),
    Way("… without the 1-day rollup", ("DROP VIEW calls_1d_fill",)),
    Way("… without the 1-hour rollup", ("DROP VIEW calls_1h_fill",)),
    Way("… grouped, and no rollup filled", tuple(f"DROP VIEW calls_{length}_fill" for length in ("1m", "1h", "1d"))),
    Way("… without rollups", _NO_VIEWS),
    Way(
        "… without rollups and indexes",
        (
            *_NO_VIEWS,
            *(
                f"ALTER TABLE calls DROP INDEX ix_{name}"
                for name in ("trace_id", "response_id", "conversation_id", "source_offset")
            ),
        ),
    ),
    Way("… without rollups and attributes", _NO_VIEWS, lambda table: table.drop_columns(["attributes"])),
    Way(
        "… nothing but reading Arrow",
        (*_NO_VIEWS, "DROP TABLE calls SYNC", "CREATE TABLE calls AS EMPTY ENGINE = Null"),
    ),
    Way("plain strings for dictionaries", (), plain_strings),
    Way("parts of a dozen files", tuple(f"ALTER TABLE {table} MODIFY SETTING {_FULL}" for table in TUNING)),
)


def compare(engine: Store, rows: int, batches: int) -> None:
    """Print the first table."""
    stores = [_prepared(engine, f"way_{number}", way.tables) for number, way in enumerate(WAYS)]
    engine.command("SYSTEM STOP MERGES")
    spent: list[list[float]] = [[] for _ in WAYS]
    for number in range(batches + 1):
        table, order = calls(rows, number), list(range(len(WAYS)))
        random.Random(number).shuffle(order)
        for index in order:
            spent[index].append(_insert(stores[index], WAYS[index].batch(table), f"{number}") / rows * 1e6)
    engine.command("SYSTEM START MERGES")
    print(f"\nbatches of {rows:,} rows             CPU µs a row: median   least")
    for way, measured in zip(WAYS, spent, strict=True):
        print(f"  {way.name:<44}{statistics.median(measured[1:]):8.2f}{min(measured[1:]):8.2f}")
    for store in stores:
        store.drop_database()


def merging(engine: Store, rows: int, batches: int) -> None:
    """Print the second table."""
    print(f"\n{batches} batches of {rows:,} rows, merges included      CPU µs a row   parts of calls")
    for name, tuned in (("settings of the engine", False), ("settings of watchkeeper.storage.tuning", True)):
        store = _prepared(engine, "tuned" if tuned else "untuned", (), tuned=tuned)
        tables = [calls(rows, number) for number in range(batches)]
        begun = time.process_time()
        for number, table in enumerate(tables):
            _insert(store, table, f"{number}")
        _rest(engine)
        spent = (time.process_time() - begun) / rows / batches * 1e6
        parts = store.query_rows(
            "SELECT count() AS n FROM system.parts WHERE database = currentDatabase() AND table = 'calls' AND active"
        )[0]["n"]
        print(f"  {name:<52}{spent:8.2f}{parts:12}")
        store.drop_database()


def _prepared(engine: Store, database: str, statements: Sequence[str], *, tuned: bool = True) -> Store:
    store = engine.beside(database)
    Migrator(store, FOREVER).run()
    if not tuned:
        for table, settings in TUNING.items():
            store.command(f"ALTER TABLE {table} RESET SETTING {', '.join(settings)}")
    for statement in statements:
        store.command(statement.replace("AS EMPTY", f"({_columns(engine)})"))
    return store


def _columns(engine: Store) -> str:
    found = engine.query_rows("SELECT name, type FROM system.columns WHERE database = 'way_0' AND table = 'calls'")
    return ", ".join(f"{row['name']} {row['type']}" for row in found)


def _insert(store: Store, table: pa.Table, token: str) -> float:
    begun = time.process_time()
    store.insert_arrow("calls", table, token)
    return time.process_time() - begun


def _rest(engine: Store, deadline_s: float = 120.0) -> None:
    quiet, until = 0, time.monotonic() + deadline_s
    while quiet < 5 and time.monotonic() < until:
        busy = engine.query_rows("SELECT count() AS n FROM system.merges")[0]["n"]
        quiet = 0 if busy else quiet + 1
        time.sleep(0.2)


def main() -> None:
    """Measure in a temporary directory."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--batches", type=int, default=12)
    parser.add_argument("--merges", type=int, default=60, help="batches of the second table; 0: leave it out")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        engine = Store.open(StoreConfig("chdb", "default", data_dir=Path(directory) / "data"))
        compare(engine, options.rows, options.batches)
        if options.merges:
            merging(engine, options.rows, options.merges)
        engine.close()


if __name__ == "__main__":
    main()
