"""What it costs to receive OTLP: CPU of the server process for each request and each span.

Starts the receivers in front of the real queue and a pipeline that stores nothing, sends export requests of 512 spans
from many connections in a process of their own, and prints the CPU time that *this* process used meanwhile.

    python benchmarks/receivers.py                     # 32 connections, no time for an insert
    python benchmarks/receivers.py --insert-ms 60      # how batches form while an insert takes 60 ms
    python benchmarks/receivers.py --connections 1 --insert-ms 20
"""

import argparse
import asyncio
import gzip
import json
import random
import secrets
import statistics
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import grpc
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from watchkeeper.clock import SystemClock
from watchkeeper.streams.otlp_config import ReceiverConfig
from watchkeeper.streams.otlp_queue import OtlpSource, QueueLimits
from watchkeeper.streams.otlp_receivers import OtlpReceivers, Ports

SPANS = 512
METHOD = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
SCENARIOS = (("http", "identity"), ("http", "gzip"), ("grpc", "identity"), ("grpc", "gzip"))


def export_request(spans: int) -> bytes:
    """A request of spans with 17 attributes, about 750 bytes a span."""
    rng = random.Random(7)
    request = ExportTraceServiceRequest()
    scope = request.resource_spans.add().scope_spans.add()
    for _ in range(spans):
        span = scope.spans.add(trace_id=rng.randbytes(16), span_id=rng.randbytes(8), name="chat gpt-4o-mini", kind=3)
        span.start_time_unix_nano = 1_780_000_000_000_000_000 + rng.randrange(10**12)
        span.end_time_unix_nano = span.start_time_unix_nano + rng.randrange(10**10)
        for number in range(17):
            attribute = span.attributes.add(key=f"gen_ai.some.attribute.{number:02}")
            attribute.value.string_value = f"value {rng.randrange(10**6)}"
    return request.SerializeToString()


@dataclass
class NullPipeline:
    """Polls and acknowledges; an insert is a sleep."""

    source: OtlpSource
    insert_s: float
    batches: list[int] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        while not self.stopping.is_set():
            for batch in self.source.poll(0.1):
                self.batches.append(len(batch.messages))
                time.sleep(self.insert_s)
                self.source.acknowledge(batch, {})


async def http_client(port: int, encoding: str, requests: int, body: bytes) -> list[float]:
    """One connection, one request in flight; returns the latencies in seconds."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = (
        "POST /v1/traces HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/x-protobuf\r\n"
        f"content-encoding: {encoding}\r\ncontent-length: {len(body)}\r\n\r\n"
    ).encode()
    latencies = []
    for _ in range(requests):
        began = time.perf_counter()
        writer.write(head)
        writer.write(body)
        answer = await reader.readuntil(b"\r\n\r\n")
        if b" 200 " not in answer[:16]:
            raise SystemExit(f"unexpected answer {answer!r}")
        latencies.append(time.perf_counter() - began)
    writer.close()
    return latencies


def grpc_client(port: int, encoding: str, requests: int, body: bytes) -> list[float]:
    """One channel with a connection of its own; returns the latencies in seconds."""
    compression = grpc.Compression.Gzip if encoding == "gzip" else None
    options = [("grpc.use_local_subchannel_pool", 1)]
    latencies = []
    with grpc.insecure_channel(f"127.0.0.1:{port}", options, compression) as channel:
        export: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(METHOD)
        for _ in range(requests):
            began = time.perf_counter()
            export(body)
            latencies.append(time.perf_counter() - began)
    return latencies


async def send(args: argparse.Namespace) -> list[float]:
    """All connections at one time (the client process)."""
    body = export_request(SPANS)
    if args.transport == "http":
        sent = gzip.compress(body, 6) if args.encoding == "gzip" else body
        jobs = [http_client(args.port, args.encoding, args.requests, sent) for _ in range(args.connections)]
        return sum(await asyncio.gather(*jobs), [])
    with ThreadPoolExecutor(args.connections) as pool:
        calls = [
            pool.submit(grpc_client, args.port, args.encoding, args.requests, body) for _ in range(args.connections)
        ]
        return sum((call.result() for call in calls), [])


def run_client(args: argparse.Namespace, port: int, scenario: tuple[str, str], requests: int) -> list[float]:
    """The client in a process of its own, so that its CPU time is not counted."""
    transport, encoding = scenario
    command = [
        sys.executable,
        __file__,
        "--port",
        str(port),
        "--transport",
        transport,
        "--encoding",
        encoding,
    ]
    command += ["--connections", str(args.connections), "--requests", str(requests)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    latencies: list[float] = json.loads(done.stdout)
    return latencies


def measure(args: argparse.Namespace, ports: Ports, pipeline: NullPipeline, scenario: tuple[str, str]) -> None:
    """Warm up, then one line of figures."""
    port = ports.http if scenario[0] == "http" else ports.grpc
    run_client(args, port, scenario, 3)
    pipeline.batches.clear()
    cpu, wall = time.process_time(), time.perf_counter()
    latencies = run_client(args, port, scenario, args.requests)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    count = len(latencies)
    print(
        f"{scenario[0]:4} {scenario[1]:8}  {cpu / count * 1e3:6.3f} ms CPU/request  "
        f"{cpu / count / SPANS * 1e6:6.2f} µs CPU/span  {count * SPANS / wall:9.0f} spans/s  "
        f"latency p50 {statistics.median(latencies) * 1e3:5.0f} ms  "
        f"mean batch {statistics.mean(pipeline.batches) * SPANS:7.0f} spans",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--requests", type=int, default=40, help="requests of each connection")
    parser.add_argument("--insert-ms", type=float, default=0.0, help="how long the pipeline holds a batch")
    parser.add_argument("--port", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--transport", default="http", help=argparse.SUPPRESS)
    parser.add_argument("--encoding", default="identity", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.port is not None:
        print(json.dumps(asyncio.run(send(args))))
        return
    source = OtlpSource(QueueLimits(), SystemClock(), secrets.token_hex(4))
    receivers = OtlpReceivers(ReceiverConfig(http_port=0, grpc_port=0), source)
    pipeline = NullPipeline(source, args.insert_ms / 1e3)
    thread = threading.Thread(target=pipeline.run)
    thread.start()
    ports = receivers.start()
    print(f"{args.connections} connections, requests of {SPANS} spans = {len(export_request(SPANS))} bytes")
    for scenario in SCENARIOS:
        measure(args, ports, pipeline, scenario)
    receivers.stop(5)
    pipeline.stopping.set()
    thread.join()


if __name__ == "__main__":
    main()
