"""CPU per span of one ``watchkeeper collector``, Kafka to stored, against the OTLP path in the same run.

``python -m benchmarks.kafka_ingest [--rounds 2] [--requests 300]``: everything is produced first; broker and producer
are not counted. A collector starts on a topic with a few messages, rests (what that cost is its start-up), and is
stopped; another starts on a topic with those and the counted ones. ``up`` gets the same requests over HTTP after the
same warm-up. Time includes everything until the process rests.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from benchmarks.clients import SPANS
from benchmarks.collectors import CollectorSeat, collector, wait_until_stored
from benchmarks.ingest import WARM_UP, cpu_per_span_us, send, watchkeeper_up
from benchmarks.kafka_topic import BenchTopic
from benchmarks.load import Load
from benchmarks.processes import wait_for
from benchmarks.verdict import Verdict, conclude
from demo.broker import LocalBroker

PARTITIONS = 4
LIMIT = 1.4
_LIMIT_S = 300.0


def cpu_seconds(bootstrap: str, folder: Path, name: str, requests: int) -> float:
    """CPU that a collector uses from its start until it has stored a topic of ``requests`` and rests."""
    topic = BenchTopic(bootstrap, name, PARTITIONS)
    topic.create()
    topic.fill(Load(SPANS).requests(requests, time.time_ns() - 600 * 10**9))
    (folder / name).mkdir()
    seat = CollectorSeat(topic, folder / name, more=(("KAFKA_GROUP", name),))
    with collector(seat) as running:
        wait_for(running.is_ready, "the collector ready", 90)
        wait_until_stored(seat, running, _LIMIT_S)
        running.measured.settle()
        return running.measured.cpu_seconds()


def main() -> None:
    """Measure both in turn and conclude."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--requests", type=int, default=300)
    options = parser.parse_args()
    ratios, cost = list[float](), ""
    with tempfile.TemporaryDirectory() as name, LocalBroker(Path(name) / "broker") as broker:
        folder = Path(name)
        with watchkeeper_up(folder) as (up, port):
            send(port, WARM_UP, 0)
            for number in range(options.rounds):
                otlp = cpu_per_span_us(up, port, options.requests, WARM_UP + number * options.requests)
                start = cpu_seconds(broker.bootstrap, folder, f"start-{number}", WARM_UP)
                whole = cpu_seconds(broker.bootstrap, folder, f"whole-{number}", WARM_UP + options.requests)
                kafka = (whole - start) / (options.requests * SPANS) * 1e6
                ratios.append(kafka / otlp)
                cost = f"OTLP {otlp:.1f} µs/span, Kafka {kafka:.1f} µs/span"
                print(f"  round {number + 1}: {cost}, start {start:.1f} s, ratio {ratios[-1]:.2f}", flush=True)
    ratio = statistics.median(ratios)
    measured = f"{ratio:.2f} (median of {len(ratios)}; last {cost})"
    conclude(Verdict("CPU per span, Kafka to stored", f"at most {LIMIT} x OTLP", measured, ratio <= LIMIT))


if __name__ == "__main__":
    main()
