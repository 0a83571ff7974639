"""CPU per span of one ``watchkeeper collector``, Kafka to stored, against the OTLP path in the same run.

``python -m benchmarks.kafka_ingest [--rounds 3] [--requests 300]``: both processes store the same warm-up first, so
that no start is counted. Then, in turn, ``up`` gets requests over HTTP, and the collector finds as many in its topic:
it is stopped (SIGSTOP) while they are produced, and goes on when all are there. Broker and producer are not counted;
time includes everything until the process rests, for both.
"""

import argparse
import signal
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

from benchmarks.clients import SPANS
from benchmarks.collectors import Collector, CollectorSeat, collector, wait_until_stored
from benchmarks.ingest import WARM_UP, cpu_per_span_us, send, watchkeeper_up
from benchmarks.kafka_topic import BenchTopic
from benchmarks.load import Load
from benchmarks.processes import wait_for
from benchmarks.verdict import Verdict, conclude
from demo.broker import LocalBroker

PARTITIONS = 4
LIMIT = 1.4
_LIMIT_S = 300.0


def kafka_cpu_per_span_us(seat: CollectorSeat, running: Collector, bodies: Sequence[bytes]) -> float:
    """CPU microseconds a span from the moment all of ``bodies`` are in the topic until they are stored."""
    measured = running.measured
    measured.settle()
    before = measured.cpu_seconds()
    measured.process.send_signal(signal.SIGSTOP)
    try:
        seat.topic.fill(bodies)
    finally:
        measured.process.send_signal(signal.SIGCONT)
    wait_until_stored(seat, running, _LIMIT_S)
    measured.settle()
    return (measured.cpu_seconds() - before) / (len(bodies) * SPANS) * 1e6


@contextmanager
def warm_collector(bootstrap: str, folder: Path, warm_up: Sequence[bytes]) -> Iterator[tuple[CollectorSeat, Collector]]:
    """A collector that has stored ``warm_up``."""
    topic = BenchTopic(bootstrap, "ingest-spans", PARTITIONS)
    topic.create()
    topic.fill(warm_up)
    seat = CollectorSeat(topic, folder)
    with collector(seat) as running:
        wait_for(running.is_ready, "the collector ready", 90)
        wait_until_stored(seat, running, _LIMIT_S)
        yield seat, running


def main() -> None:
    """Measure both in turn and conclude."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--requests", type=int, default=300)
    options = parser.parse_args()
    ratios, cost = list[float](), ""
    bodies = Load(SPANS).requests(WARM_UP + options.rounds * options.requests, time.time_ns() - 600 * 10**9)
    with tempfile.TemporaryDirectory() as name, LocalBroker(Path(name) / "broker") as broker:
        (folder := Path(name) / "kafka").mkdir()
        warm = warm_collector(broker.bootstrap, folder, list(islice(bodies, WARM_UP)))
        with watchkeeper_up(Path(name)) as (up, port), warm as (seat, running):
            send(port, WARM_UP, 0)
            for number in range(options.rounds):
                otlp = cpu_per_span_us(up, port, options.requests, WARM_UP + number * options.requests)
                kafka = kafka_cpu_per_span_us(seat, running, list(islice(bodies, options.requests)))
                ratios.append(kafka / otlp)
                cost = f"OTLP {otlp:.1f} µs/span, Kafka {kafka:.1f} µs/span"
                print(f"  round {number + 1}: {cost}, ratio {ratios[-1]:.2f}", flush=True)
    ratio = statistics.median(ratios)
    measured = f"{ratio:.2f} (median of {len(ratios)}; last {cost})"
    conclude(Verdict("CPU per span, Kafka to stored", f"at most {LIMIT} x OTLP", measured, ratio <= LIMIT))


if __name__ == "__main__":
    main()
