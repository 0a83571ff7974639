"""``GET /v1/costs`` against a sum in plain Python: ``python -m benchmarks.cost_truth [--calls 200000]``.

Calls that are cached, tiered, long, batch, reported, unpriced, without usage, retried or completed later go into an
embedded store; then the API is asked by every dimension, in every interval and from every table, and each number of
each group must be that of the sum, to a nano-dollar.
"""

import argparse
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from fastapi.testclient import TestClient

from api.app import ApiParts, create_app
from benchmarks.cost_calls import bill_calls
from benchmarks.cost_questions import FIRST, QUESTIONS, differences
from benchmarks.verdict import Verdict, conclude
from watchkeeper.clock import ManualClock
from watchkeeper.storage.client import Store, StoreConfig
from watchkeeper.storage.migrate import Migrator
from watchkeeper.storage.retention import MOST_DAYS, Retention
from watchkeeper.telemetry import Metrics

_FOREVER = Retention(**dict.fromkeys(Retention.__slots__, MOST_DAYS))
_SHOWN = 5


def main() -> None:
    """Compare in a temporary directory; exit code 1 if a number differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        store = Store.open(StoreConfig("chdb", "truth", data_dir=Path(directory) / "data"))
        Migrator(store, _FOREVER).run()
        found = _compare(store, options.calls, options.seed)
        store.close()
    for line in found[:_SHOWN]:
        print(f"  {line}")
    measured = f"{len(found)} differences in {len(QUESTIONS)} groupings of {options.calls:,} calls"
    conclude(Verdict("costs equal an independent sum over the raw calls", "to 1e-9 USD", measured, not found))


def _compare(store: Store, calls: int, seed: int) -> list[str]:
    table = bill_calls(calls, seed)
    store.insert_arrow("calls", table, "bill")
    rows = table.to_pylist()
    app = create_app(ApiParts(store, Metrics(), ManualClock(FIRST + timedelta(days=60)), checks=dict))
    client = TestClient(app, base_url="http://localhost")
    found = []
    for question in QUESTIONS:
        begun = time.monotonic()
        answer = client.get("/v1/costs", params=question.parameters())
        answer.raise_for_status()
        different = list(differences(question, answer.json(), rows))
        print(f"{question!s:<60}{len(answer.json()['rows']):>8} rows  {time.monotonic() - begun:6.1f} s", flush=True)
        found += different
    return found


if __name__ == "__main__":
    main()
