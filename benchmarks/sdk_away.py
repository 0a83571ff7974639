"""What the application feels while the broker cannot be reached.

``python -m benchmarks.sdk_away [--calls 100000]``: calls at full speed towards a port where nobody listens.
"""

import argparse
import socket
import time

import psutil

import watchkeeper_sdk
from benchmarks.sdk_overhead import watched_call
from benchmarks.verdict import Verdict, conclude

P99_MS = 1.0
GROWTH_MB = 64.0
_WARM_UP = 200


def main() -> None:
    """Make the calls, time each, and conclude."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=100_000)
    calls = parser.parse_args().calls
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # bound and not listening: connections are refused, nobody else takes the port
        watchkeeper_sdk.init("bench", kafka=f"127.0.0.1:{closed.getsockname()[1]}", instrument=False)
        for _ in range(_WARM_UP):
            watched_call()
        process = psutil.Process()
        before = peak = process.memory_info().rss
        taken, failed = [], 0
        for number in range(calls - _WARM_UP):
            began = time.perf_counter_ns()
            try:
                watched_call()
            except Exception as error:  # noqa: BLE001  none may come: they are what is counted
                failed += 1
                print(type(error).__name__)
            taken.append(time.perf_counter_ns() - began)
            if number % 1_000 == 0:
                peak = max(peak, process.memory_info().rss)
        began_end = time.perf_counter()
        waiting = watchkeeper_sdk.counts()
        watchkeeper_sdk.shutdown(1.0)
        ended_s = time.perf_counter() - began_end
    taken.sort()
    p50, p99, worst = (taken[int(len(taken) * share)] / 1e6 for share in (0.5, 0.99, 0.999_99))
    growth = (peak - before) / 2**20
    exact = waiting.sent == 0 and waiting.queued + waiting.dropped == calls
    print(f"p50 {p50:.3f} ms, p99 {p99:.3f} ms, worst {worst:.1f} ms; {waiting}; shutdown took {ended_s:.2f} s")
    conclude(
        Verdict(
            f"{calls:,} calls with the broker away",
            f"no exception, p99 < {P99_MS:.0f} ms, < {GROWTH_MB:.0f} MB, drops exact",
            f"{failed} exceptions, p99 {p99:.3f} ms, {growth:.0f} MB, {waiting.queued:,} waiting + "
            f"{waiting.dropped:,} dropped",
            holds=not failed and p99 < P99_MS and growth < GROWTH_MB and exact,
        )
    )


if __name__ == "__main__":
    main()
