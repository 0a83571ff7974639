"""How soon the API answers over 50 million calls: ``python -m benchmarks.api_speed [--calls N] [--requests 400]``.

The rollups of a busy fleet are written into an embedded store (:mod:`.api_rollups`) and served by uvicorn on loopback;
eight clients in another process ask one question after the other without a pause. ``varied``: every question is
another one (other days, other services), so that no remembered answer helps. ``repeated``: a dashboard that eight
people look at.
"""

import argparse
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

from api.app import ApiParts, create_app
from api.server import ApiServer, Listen
from api.walls.access import AccessRates
from api.walls.rate import Rate
from api.walls.stack import Walls
from benchmarks.api_clients import latencies
from benchmarks.api_rollups import CALLS, NOW, SERVICES, fill
from benchmarks.verdict import Verdict
from watchkeeper.clock import SystemClock
from watchkeeper.storage.client import Store, StoreConfig
from watchkeeper.storage.migrate import Migrator
from watchkeeper.storage.retention import MOST_DAYS, Retention
from watchkeeper.telemetry import Metrics

_FOREVER = Retention(**dict.fromkeys(Retention.__slots__, MOST_DAYS))
_CLIENTS = 8
_MOST_P95_S = 0.150
_WARM_UP = 16


@dataclass(frozen=True, slots=True)
class Load:
    """Questions of one kind."""

    name: str
    path: Callable[[random.Random], str]


def _costs(rng: random.Random) -> str:
    """By model by day over 90 days, up to some day; of some services."""
    end = (NOW + timedelta(days=1 - rng.randrange(10))).replace(hour=0, minute=0)
    chosen = rng.sample(SERVICES, rng.randrange(5, 11))
    query = {
        "group_by": "model",
        "interval": "1d",
        "start": (end - timedelta(days=90)).isoformat(),
        "end": end.isoformat(),
        "service": sorted(chosen),
    }
    return f"/v1/costs?{urlencode(query, doseq=True)}"


def _health(rng: random.Random) -> str:
    """Every series of the last hours, of some services."""
    query = {"period": f"{rng.randrange(12, 49)}h", "service": sorted(rng.sample(SERVICES, rng.randrange(5, 11)))}
    return f"/v1/health?{urlencode(query, doseq=True)}"


LOADS = (
    Load("costs, varied", _costs),
    Load("costs, repeated", lambda _: "/v1/costs?group_by=model&interval=1d&period=90d"),
    Load("health, varied", _health),
    Load("health, repeated", lambda _: "/v1/health?period=24h"),
)


class _FleetClock(SystemClock):
    """The machine's clock, moved so that the benchmark begins at the end of the fleet."""

    def __init__(self) -> None:
        self._behind = datetime.now(UTC) - NOW

    def now(self) -> datetime:
        return datetime.now(UTC) - self._behind


def main() -> None:
    """Measure in a temporary directory (or one that is kept); exit code 1 if a claim fails."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=CALLS)
    parser.add_argument("--requests", type=int, default=400, help="of each kind")
    parser.add_argument("--keep", type=Path, help="directory whose fleet is used again, or written")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        store = Store.open(StoreConfig("chdb", "speed", data_dir=options.keep or Path(directory) / "data"))
        verdicts = _measure(store, options.calls, options.requests)
        store.close()
    for verdict in verdicts:
        print(verdict.line(), flush=True)
    sys.exit(0 if all(verdict.holds for verdict in verdicts) else 1)


def _measure(store: Store, calls: int, requests: int) -> list[Verdict]:
    Migrator(store, _FOREVER).run()
    if not _count(store, "calls_1h"):
        fill(store, calls)
    stored, rows = _count(store, "calls_1h"), _count(store, "calls_1h", "count()")
    print(f"{stored:,} calls in {rows:,} rows of calls_1h; {_CLIENTS} clients on {os.cpu_count()} cores", flush=True)
    clock = _FleetClock()
    unlimited = AccessRates(key=Rate(0, 0))
    app = create_app(ApiParts(store, Metrics(), clock, checks=dict, walls=Walls(rates=unlimited)))
    server = ApiServer(app, Listen("127.0.0.1", 0, "--port"), clock)
    url = f"http://127.0.0.1:{server.start()}"
    verdicts = [_of_load(url, load, requests, f"{stored:,} calls") for load in LOADS]
    server.stop()
    return verdicts


def _of_load(url: str, load: Load, requests: int, what: str) -> Verdict:
    rng = random.Random(load.name)
    paths = [load.path(rng) for _ in range(_WARM_UP + requests)]
    latencies(url, paths[:_WARM_UP], _CLIENTS)
    begun = time.process_time()
    found = sorted(latencies(url, paths[_WARM_UP:], _CLIENTS))
    spent = (time.process_time() - begun) / len(found)
    p50, p95 = statistics.median(found), found[int(len(found) * 0.95)]
    measured = f"p50 {p50 * 1e3:.0f} ms, p95 {p95 * 1e3:.0f} ms, slowest {found[-1] * 1e3:.0f} ms of {len(found)}"
    # Tells on a busy machine too what an idle one would show: eight clients wait for the work of eight requests.
    print(f"  {load.name:<20}{measured}; CPU of the server {spent * 1e3:.1f} ms a request", flush=True)
    figure = f"p95 under {_MOST_P95_S * 1e3:.0f} ms with {_CLIENTS} clients"
    return Verdict(f"{load.name}, over {what}", figure, measured, p95 < _MOST_P95_S)


def _count(store: Store, table: str, what: str = "sum(calls)") -> int:
    return int(store.query_rows(f"SELECT {what} AS n FROM {table}")[0]["n"])


if __name__ == "__main__":
    main()
