"""What ``llm_call`` with the Kafka exporter costs over a bare OpenTelemetry span with the same attributes.

``python -m benchmarks.sdk_overhead [--calls 20000] [--rounds 5]``: both in one process and in turn, each call timed by
itself; a real broker takes the calls. The figure is the difference of the medians. The CPU of our own thread, which
encodes and sends beside the application, is told too: it is not on the caller's way, but it is not free.
"""

import argparse
import resource
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import SpanKind

import watchkeeper_sdk
from benchmarks.kafka_topic import BenchTopic
from benchmarks.verdict import Verdict, conclude
from demo.broker import LocalBroker

LIMIT_US = 15.0
_PAUSE_S = 0.000_2
"""Between two calls, not timed: an application does something, too, and our thread gets its turn."""

_ASKED = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": "gpt-4o-mini",
    "watchkeeper.route": "answer-question",
}
_ANSWERED: dict[str, int | str | tuple[str, ...]] = {
    "gen_ai.usage.input_tokens": 512,
    "gen_ai.usage.output_tokens": 128,
    "gen_ai.usage.cache_read.input_tokens": 256,
    "gen_ai.response.model": "gpt-4o-mini-2024-07-18",
    "gen_ai.response.id": "chatcmpl-1234567890",
    "gen_ai.response.finish_reasons": ("stop",),
}
_USAGE = {"input_tokens": 512, "output_tokens": 128, "cache_read_tokens": 256}


def bare_call() -> Callable[[], None]:
    """A span as OpenTelemetry's documentation shows it, with nobody listening."""
    provider = TracerProvider(resource=Resource({"service.name": "bench"}), shutdown_on_exit=False)
    tracer = provider.get_tracer("bench")

    def call() -> None:
        with tracer.start_as_current_span("chat gpt-4o-mini", kind=SpanKind.CLIENT, attributes=_ASKED) as span:
            span.set_attributes(_ANSWERED)

    return call


def watched_call() -> None:
    """The same facts, watched."""
    with watchkeeper_sdk.llm_call("openai", "gpt-4o-mini", route="answer-question") as call:
        call.response(model="gpt-4o-mini-2024-07-18", id="chatcmpl-1234567890", finish_reason="stop", usage=_USAGE)


def medians_us(calls: int) -> tuple[float, float]:
    """Median time of a bare and of a watched call, microseconds; one of each in turn, so that both meet the same."""
    bare, idle = bare_call(), threading.Event()
    taken: tuple[list[int], list[int]] = ([], [])
    pairs = ((bare, taken[0]), (watched_call, taken[1]))
    for number in range(calls):
        for call, times in pairs if number % 2 else reversed(pairs):
            began = time.perf_counter_ns()
            call()
            times.append(time.perf_counter_ns() - began)
        if number % 8 == 0:
            idle.wait(_PAUSE_S)
    return statistics.median(taken[0]) / 1_000, statistics.median(taken[1]) / 1_000


def cpu_s() -> float:
    """Of this process, all threads."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Measure and conclude."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=20_000, help="of each kind, a round")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    differences = []
    with tempfile.TemporaryDirectory() as folder, LocalBroker(Path(folder)) as broker:
        BenchTopic(broker.bootstrap, "otlp_spans", 3).create()
        watchkeeper_sdk.init("bench", kafka=broker.bootstrap, instrument=False, queue_size=50_000)
        for number in range(options.rounds):
            before = cpu_s()
            bare_us, watched_us = medians_us(options.calls)
            watchkeeper_sdk.flush(60)
            both_us = (cpu_s() - before) / options.calls * 1e6
            differences.append(watched_us - bare_us)
            print(
                f"round {number + 1}: bare {bare_us:.1f} µs, watched {watched_us:.1f} µs, difference "
                f"{differences[-1]:.1f} µs; CPU beside the caller, to encode and send: "
                f"{both_us - bare_us - watched_us:.0f} µs a call"
            )
        counts = watchkeeper_sdk.counts()
        watchkeeper_sdk.shutdown(10)
    found = statistics.median(differences)
    whole = counts.sent == options.calls * options.rounds
    conclude(
        Verdict(
            "llm_call with the Kafka exporter over a bare span, median",
            f"< {LIMIT_US:.0f} µs",
            f"{found:.1f} µs (rounds {min(differences):.1f} to {max(differences):.1f}), every call sent: {whole}",
            holds=found < LIMIT_US and whole,
        )
    )


if __name__ == "__main__":
    main()
