"""Forked workers that all send through Kafka, after ``init`` in their parent: are all of their calls stored?

``python -m benchmarks.sdk_prefork [--workers 4] [--calls 5000]``: as gunicorn with ``--preload`` or Celery's prefork
pool does it. Every worker makes its calls and ends by itself; nothing is flushed by hand.
"""

import argparse
import multiprocessing
import tempfile
import threading
from pathlib import Path

import watchkeeper_sdk
from benchmarks.collectors import CollectorSeat, collector, wait_until_stored
from benchmarks.kafka_topic import BenchTopic
from benchmarks.processes import wait_for
from benchmarks.truth import open_data
from benchmarks.verdict import Verdict, conclude
from demo.broker import LocalBroker

_LIMIT_S = 300.0
_BREATH_S = 0.002


def work(number: int, calls: int) -> None:
    """One worker's calls, at the pace of an application that does nothing else."""
    breath = threading.Event()
    for position in range(calls):
        with watchkeeper_sdk.llm_call("openai", "gpt-4o-mini", route=f"worker-{number}") as call:
            call.response(model="gpt-4o-mini", id=f"{number}-{position}", usage={"input_tokens": 1, "output_tokens": 1})
        if position % 16 == 0:
            breath.wait(_BREATH_S)


def stored(data_dir: Path) -> dict[str, int]:
    """Calls by route, read when the collector has ended."""
    store = open_data(data_dir)
    rows = store.query_rows("SELECT toString(route) AS route, count() AS n FROM calls GROUP BY route")
    store.close()
    return {row["route"]: row["n"] for row in rows}


def main() -> None:
    """Fork, wait, count, conclude."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--calls", type=int, default=5_000, help="of each worker")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, LocalBroker(Path(folder)) as broker:
        topic = BenchTopic(broker.bootstrap, "otlp_spans", 4)
        topic.create()
        watchkeeper_sdk.init("bench", kafka=broker.bootstrap, instrument=False, queue_size=8_192, flush_s=30)
        work(0, 1)
        forks = multiprocessing.get_context("fork")
        workers = [forks.Process(target=work, args=(number, options.calls)) for number in range(1, options.workers + 1)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join(_LIMIT_S)
        watchkeeper_sdk.shutdown(30)
        seat = CollectorSeat(topic, Path(folder))
        with collector(seat) as running:
            wait_for(running.is_ready, "the collector ready", 90)
            wait_until_stored(seat, running, _LIMIT_S)
            running.measured.stop()
        found = stored(seat.data_dir)
    expected = {f"worker-{number}": options.calls for number in range(1, options.workers + 1)} | {"worker-0": 1}
    total = sum(count for route, count in found.items() if route != "worker-0")
    conclude(
        Verdict(
            f"{options.workers} forked workers × {options.calls:,} calls through Kafka",
            f"{options.workers * options.calls:,} stored",
            f"{total:,} stored, each worker's whole: {found == expected}",
            holds=found == expected,
        )
    )


if __name__ == "__main__":
    main()
