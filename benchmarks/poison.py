"""Bad input harms nobody else: ``python -m benchmarks.poison [--good 10000] [--bad 1000] [--seed 1]``.

Mutated messages among good ones, over Kafka into ``watchkeeper collector`` and over OTLP/HTTP into ``watchkeeper up``.
Every good span must be stored once; every message that OpenTelemetry's own protobuf decoder refuses must lie in the
dead letters byte for byte with a reason (over HTTP it is answered 400); a mutated message that still decodes is no
bad message. Nothing may crash, and the process must not grow.
"""

import argparse
import random
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from benchmarks.collectors import CollectorSeat, collector, wait_until_stored
from benchmarks.kafka_topic import BenchTopic
from benchmarks.load import Load
from benchmarks.mutations import is_refused, mutated
from benchmarks.processes import Measured, python_module, wait_for
from benchmarks.truth import open_data
from benchmarks.uprun import PROTOBUF, OtlpConnection, serving_up
from benchmarks.verdict import Verdict, conclude
from demo.broker import LocalBroker
from watchkeeper.streams.kafka_message import sniff
from watchkeeper.streams.source import Encoding

SPANS = 4
PARTITIONS = 4
CONNECTIONS = 64
GROWTH_MB = 64.0
_DRAIN_S = 240.0
_KINDS = {Encoding.PROTOBUF: PROTOBUF, Encoding.JSON: "application/json"}


@dataclass(frozen=True, slots=True)
class Mixture:
    """What is sent: a warm-up of good messages, then good and mutated ones in random order."""

    warm_up: Sequence[bytes]
    good: Sequence[bytes]
    bad: Sequence[bytes]
    all: Sequence[bytes]

    @classmethod
    def make(cls, good: int, bad: int, seed: int) -> "Mixture":
        """Ids are unique over all of it."""
        bodies = Load(SPANS, templates=64, seed=seed).requests(2 * good + bad, time.time_ns() - 600 * 10**9)
        warm_up, sound = list(islice(bodies, good)), list(islice(bodies, good))
        poison = list(mutated(bodies, seed))
        mixed = [*sound, *poison]
        random.Random(seed).shuffle(mixed)
        return cls(warm_up, sound, poison, mixed)

    @property
    def good_ids(self) -> set[bytes]:
        """Trace and span id of every good span."""
        return set().union(*(_ids(body) for body in (*self.warm_up, *self.good)))

    @property
    def refused(self) -> Counter[bytes]:
        """What OpenTelemetry's decoder does not take."""
        return Counter(body for body in self.bad if is_refused(body))


def _ids(body: bytes) -> set[bytes]:
    request = ExportTraceServiceRequest.FromString(body)
    scopes = (scope for resource in request.resource_spans for scope in resource.scope_spans)
    return {span.trace_id + span.span_id for scope in scopes for span in scope.spans}


def over_kafka(mixture: Mixture, folder: Path) -> float:
    """Returns by how many MB the collector grew while the mixture passed."""
    with LocalBroker(folder / "broker") as broker:
        topic = BenchTopic(broker.bootstrap, "poison-spans", PARTITIONS)
        topic.create()
        topic.fill(mixture.warm_up)
        seat = CollectorSeat(topic, folder, more=(("BATCH_MAX_MESSAGES", "500"),))
        with collector(seat) as running:
            wait_for(running.is_ready, "the collector ready", 90)
            wait_until_stored(seat, running, _DRAIN_S)
            before = running.measured.resident_mb()
            topic.fill(mixture.all)
            wait_until_stored(seat, running, _DRAIN_S)
            return _stopped(running.measured, before)


def over_http(mixture: Mixture, folder: Path) -> tuple[float, list[str]]:
    """Returns the growth in MB and which answers were wrong."""
    refused, wrong = mixture.refused, list[str]()
    with serving_up(folder) as up:
        _post_all(up.http, mixture.warm_up)
        before = up.measured.resident_mb()
        for body, status in zip(mixture.all, _post_all(up.http, mixture.all), strict=True):
            if (status == 400) != (body in refused) or status not in (200, 400):
                wrong.append(f"{status} for {'a refused' if body in refused else 'a readable'} message")
        return _stopped(up.measured, before), wrong


def _post_all(port: int, bodies: Sequence[bytes]) -> list[int]:
    """The status of each; many connections, as each request waits until it is stored."""
    statuses = [0] * len(bodies)

    def post_each(first: int) -> None:
        connection = OtlpConnection(port)
        for number in range(first, len(bodies), CONNECTIONS):
            statuses[number] = connection.post(bodies[number], _KINDS[sniff(bodies[number])])
        connection.close()

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        list(pool.map(post_each, range(CONNECTIONS)))
    return statuses


def _stopped(measured: Measured, before_mb: float) -> float:
    measured.settle(limit_s=20)
    grown = measured.resident_mb() - before_mb
    measured.stop()
    if measured.process.returncode:
        raise RuntimeError(f"the process ended with {measured.process.returncode}")
    return grown


def missing(mixture: Mixture, data_dir: Path) -> list[str]:
    """What of the mixture the store does not hold as it should."""
    store = open_data(data_dir)
    ids = store.query_arrow("SELECT hex(concat(trace_id, span_id)) AS id, sum(calls) AS n FROM calls GROUP BY id")
    counted = dict(zip(map(bytes.fromhex, ids["id"].to_pylist()), ids["n"].to_pylist(), strict=True))
    letters = store.query_arrow("SELECT hex(body) AS body, reason FROM dead_letters FINAL")
    store.close()
    found = Counter(map(bytes.fromhex, letters["body"].to_pylist()))
    reasons = Counter(letters["reason"].to_pylist())
    print(f"  {len(found)} dead letters: {dict(reasons)}")
    wrong = [id_.hex() for id_ in mixture.good_ids if counted.get(id_) != 1]
    lost, more = mixture.refused - found, found - mixture.refused
    complaints = {
        f"{len(wrong)} good spans not stored once": wrong,
        f"{lost.total()} refused messages not in the dead letters": lost,
        f"{more.total()} readable messages in the dead letters": more,
        "dead letters without a reason": reasons[""],
    }
    return [text for text, complaint in complaints.items() if complaint]


def run_one(path: str, options: argparse.Namespace) -> None:
    """One way in, in a process of its own, as a process opens one data directory only."""
    mixture = Mixture.make(options.good, options.bad, options.seed)
    with tempfile.TemporaryDirectory() as name:
        folder = options.keep or Path(name)
        folder.mkdir(parents=True, exist_ok=True)
        if path == "kafka":
            grown, wrong = over_kafka(mixture, folder), list[str]()
        else:
            grown, wrong = over_http(mixture, folder)
        wrong = [f"{count} x {text}" for text, count in Counter(wrong).items()] + missing(mixture, folder / "data")
    if grown > GROWTH_MB:
        wrong.append("the process grew")
    sent = f"{options.good} good and {options.bad} mutated messages, {mixture.refused.total()} of them refused"
    measured = f"{sent}: {'; '.join(wrong) or 'as claimed'}; grew by {grown:.0f} MB"
    figure = f"good spans stored, bad messages kept with a reason, growth under {GROWTH_MB:.0f} MB"
    conclude(Verdict(f"poison over {path}", figure, measured, not wrong))


def main() -> None:
    """Run both ways in and conclude."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--good", type=int, default=10_000)
    parser.add_argument("--bad", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--path", choices=("kafka", "http"), help="only this one")
    parser.add_argument("--keep", type=Path, help="work in this folder and leave it there")
    options = parser.parse_args()
    if options.path:
        run_one(options.path, options)
    arguments = ["--good", str(options.good), "--bad", str(options.bad), "--seed", str(options.seed)]
    codes = [
        subprocess.run(python_module("benchmarks.poison", *arguments, "--path", path), timeout=1_200).returncode
        for path in ("kafka", "http")
    ]
    raise SystemExit(max(codes))


if __name__ == "__main__":
    main()
