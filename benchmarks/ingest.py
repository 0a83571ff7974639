"""CPU per span, OTLP/HTTP in to stored with all rollups, against rotel (which throws its output away).

``python -m benchmarks.ingest [--rounds 3] [--requests 300] [--detectors]``: both are measured in alternation on one
machine with the same requests (512 spans of 17 attributes, 48 connections); the ratio counts, not the microseconds.
Time includes everything until the process rests: for Watchkeeper the inserts, the rollups and the merges that follow.
Detectors are another work than storing, which rotel has no like of: they are off unless they are asked for.
"""

import argparse
import statistics
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import rotel

from benchmarks.clients import SPANS
from benchmarks.processes import Measured, free_port, port_answers, python_module, running, wait_for
from benchmarks.verdict import Verdict, conclude

CONNECTIONS = 48
WARM_UP = 60


def send(port: int, requests: int, first: int) -> int:
    """Send from a process of its own; returns the spans acknowledged."""
    command = python_module(
        "benchmarks.clients", f"http://127.0.0.1:{port}", str(requests), str(CONNECTIONS), str(first)
    )
    return int(subprocess.run(command, check=True, capture_output=True, text=True, timeout=600).stdout)


@contextmanager
def rotel_agent(folder: Path) -> Iterator[tuple[Measured, int]]:
    """rotel: OTLP in, ClickHouse exporter out, into a sink that discards."""
    sink, http, grpc = free_port(), free_port(), free_port()
    agent = str(Path(rotel.__file__).parent / "rotel-agent")
    command = [agent, "start", "--otlp-http-endpoint", f"127.0.0.1:{http}", "--otlp-grpc-endpoint", f"127.0.0.1:{grpc}"]
    command += ["--exporter", "clickhouse", "--clickhouse-exporter-endpoint", f"http://127.0.0.1:{sink}"]
    with running(python_module("benchmarks.discard", str(sink)), folder / "sink.log"):
        wait_for(lambda: port_answers(sink), "the sink")
        with running(command, folder / "rotel.log") as measured:
            wait_for(lambda: port_answers(http), "rotel")
            yield measured, http


@contextmanager
def watchkeeper_up(folder: Path, *, detectors: bool = False) -> Iterator[tuple[Measured, int]]:
    """``watchkeeper up`` on an empty data directory."""
    http, grpc, api = free_port(), free_port(), free_port()
    command = python_module("watchkeeper.cli", "up", "--data-dir", str(folder / "data"), "--otlp-http-port", str(http))
    command += ["--otlp-grpc-port", str(grpc), "--api-port", str(api)]
    with running(command, folder / "watchkeeper.log", WATCHKEEPER_DETECTORS=str(detectors)) as measured:
        wait_for(lambda: port_answers(http), "watchkeeper up")
        yield measured, http


def cpu_per_span_us(measured: Measured, port: int, requests: int, first: int) -> float:
    """CPU microseconds a span over one run of ``requests``."""
    measured.settle()
    before = measured.cpu_seconds()
    spans = send(port, requests, first)
    measured.settle()
    if spans != requests * SPANS:
        raise RuntimeError(f"{spans} of {requests * SPANS} spans acknowledged")
    return (measured.cpu_seconds() - before) / spans * 1e6


def main() -> None:
    """Print the CPU per span of both and the ratio of each round."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--requests", type=int, default=300)
    parser.add_argument("--detectors", action="store_true", help="with the detectors beside, as `up` runs them")
    options = parser.parse_args()
    ratios, cost = [], ""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with (
            rotel_agent(folder) as (peer, peer_port),
            watchkeeper_up(folder, detectors=options.detectors) as (ours, our_port),
        ):
            send(peer_port, WARM_UP, 0)
            send(our_port, WARM_UP, 0)
            for number in range(options.rounds):
                first = WARM_UP + number * options.requests
                theirs = cpu_per_span_us(peer, peer_port, options.requests, first)
                mine = cpu_per_span_us(ours, our_port, options.requests, first)
                ratios.append(mine / theirs)
                cost = f"rotel {theirs:.1f} µs/span, watchkeeper {mine:.1f} µs/span"
                print(f"round {number + 1}: {cost}, ratio {mine / theirs:.2f}")
    ratio = statistics.median(ratios)
    measured = f"{ratio:.2f} (median of {len(ratios)}; last {cost})"
    conclude(Verdict("CPU per span, OTLP/HTTP to stored", "at most 1.2 x rotel", measured, ratio <= 1.2))


if __name__ == "__main__":
    main()
