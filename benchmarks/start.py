"""Start: ``python -m benchmarks.start [--rounds 5] [--spans 200000]``.

How long ``watchkeeper up`` takes from its command to ``/readyz`` 200, on an empty directory and on a filled one; and
what ``import watchkeeper_sdk`` loads, which applications pay for.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.clients import SPANS
from benchmarks.load import Load
from benchmarks.processes import ROOT, wait_for
from benchmarks.uprun import OtlpConnection, serving_up, starting_up
from benchmarks.verdict import Verdict, conclude

LIMIT_S = 5.0
HEAVY = frozenset(
    {"kafka", "clickhouse_connect", "chdb", "pyarrow", "numpy", "fastapi", "starlette", "uvicorn", "grpc", "pydantic"}
    | {"httpx", "requests", "aiohttp", "watchkeeper", "collector", "api"}
)


def seconds_to_ready(folder: Path) -> float:
    """One start; it is stopped again."""
    began = time.monotonic()
    with starting_up(folder) as up:
        wait_for(up.is_ready, "watchkeeper up ready", 60)
        return time.monotonic() - began


def fill(folder: Path, spans: int) -> None:
    """Put calls of the last ten minutes into the data directory."""
    with serving_up(folder) as up:
        connection = OtlpConnection(up.http)
        for body in Load(SPANS).requests(-(-spans // SPANS), time.time_ns() - 600 * 10**9):
            if connection.post(body) != 200:
                raise RuntimeError("a request was not taken")
        connection.close()


def imported_by_sdk() -> set[str]:
    """Top-level packages that ``import watchkeeper_sdk`` loads, as the interpreter itself reports them."""
    command = [sys.executable, "-X", "importtime", "-c", "import watchkeeper_sdk, watchkeeper_sdk.semconv"]
    said = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60, cwd=ROOT / "sdk").stderr
    names = (line.rpartition("|")[2].strip() for line in said.splitlines() if line.startswith("import time:"))
    return {name.partition(".")[0] for name in names}


def main() -> None:
    """Run and conclude."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--spans", type=int, default=200_000, help="how many calls the filled directory holds")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        empty = [seconds_to_ready(Path(name) / f"empty-{number}") for number in range(options.rounds)]
        fill(Path(name), options.spans)
        filled = [seconds_to_ready(Path(name)) for _ in range(options.rounds)]
    heavy = sorted(imported_by_sdk() & HEAVY)
    medians = statistics.median(empty), statistics.median(filled)
    loads = f"the SDK loads {', '.join(heavy)}" if heavy else "the SDK loads none of them"
    measured = f"{medians[0]:.1f} s empty, {medians[1]:.1f} s with {options.spans} calls (medians); {loads}"
    figure = f"up ready within {LIMIT_S:.0f} s; the SDK loads no Kafka, ClickHouse or web module"
    conclude(Verdict("start", figure, measured, max(medians) < LIMIT_S and not heavy))


if __name__ == "__main__":
    main()
