"""Bytes on disk a call, merged, on the embedded engine.

    python -m benchmarks.disk [--calls 300000]

First a day of calls through the real collector; as its requests repeat some hundred calls, times and tokens compress
better than those of real traffic. Then as many rows whose ids, times, tokens and costs are independent of each other:
what to plan with. The size of rollups follows the number of series and minutes, not that of calls.
"""

import argparse
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.insert import FOREVER
from benchmarks.insert import calls as independent_calls
from benchmarks.load import Load
from collector.memory import CallMemory
from collector.pipeline import Parts, Pipeline, Publisher
from collector.price_book import PriceBook
from collector.stage import Stage, StageOptions
from collector.writer import Writer
from watchkeeper.clock import SystemClock
from watchkeeper.storage.client import Store, StoreConfig
from watchkeeper.storage.migrate import Migrator
from watchkeeper.streams.bad_messages import BadMessageGuard
from watchkeeper.streams.kafka_partition import BatchLimits
from watchkeeper.streams.memory import MemorySource
from watchkeeper.streams.source import RawMessage
from watchkeeper.telemetry import Metrics

TABLES = ("calls", "calls_1m", "calls_1h", "calls_1d")
_SPANS = 32
_DAY_NS = 86_400 * 10**9
_REMEMBERED = 100_000
_BATCH = 20_000
_SIZES = """
SELECT table, sum(rows) AS rows, sum(bytes_on_disk) AS bytes FROM system.parts
WHERE active AND database = currentDatabase() AND table IN {tables:Array(String)} GROUP BY table
"""


def messages(calls: int) -> list[RawMessage]:
    """A whole UTC day of export requests of 32 spans each, evenly spread: yesterday's."""
    count = max(1, calls // _SPANS)
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=1)
    start = int(midnight.timestamp()) * 10**9
    load = Load(_SPANS)
    times = [start + number * (_DAY_NS // count) for number in range(count)]
    return [RawMessage(load.request(number, at), number, received_at_us=at // 1_000) for number, at in enumerate(times)]


def ingest(store: Store, taken: list[RawMessage]) -> None:
    """All of them through the collector's path."""
    clock = SystemClock()
    Pipeline(
        Parts(
            source=MemorySource({0: taken}, BatchLimits(max_messages=1_000, linger_s=0.0)),
            stage=Stage(CallMemory(_REMEMBERED), PriceBook.load(None), StageOptions()),
            writer=Writer(store, clock, _REMEMBERED),
            publisher=Publisher(),
            guard=BadMessageGuard(0.5, 500),
            metrics=Metrics(),
            clock=clock,
        )
    ).drain()


def sizes(store: Store) -> dict[str, tuple[int, int]]:
    """Rows and bytes of each table, merged into as few parts as it will ever have."""
    for table in TABLES:
        store.command(f"OPTIMIZE TABLE {table} FINAL")
    found = store.query_rows(_SIZES, {"tables": list(TABLES)})
    return {row["table"]: (row["rows"], row["bytes"]) for row in found}


def insert_independent(store: Store, rows: int) -> None:
    """Batches as a busy collector inserts them."""
    for number in range(max(1, rows // _BATCH)):
        store.insert_arrow("calls", independent_calls(_BATCH, number), f"disk:{number}")


def report(title: str, store: Store) -> None:
    """One line a table."""
    print(title)
    for table, (rows, size) in sorted(sizes(store).items()):
        print(f"  {table:<9} {rows:>9} rows  {size / 2**20:>7.1f} MiB  {size / rows:>6.0f} bytes a row")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=300_000)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        store = Store.open(StoreConfig("chdb", "collected", data_dir=Path(directory) / "data"))
        other = store.beside("independent")
        for database in (store, other):
            Migrator(database, FOREVER).run()
        ingest(store, messages(wanted.calls))
        report("a day through the collector", store)
        insert_independent(other, wanted.calls)
        report("independent values", other)
        other.close()
        store.close()


if __name__ == "__main__":
    main()
