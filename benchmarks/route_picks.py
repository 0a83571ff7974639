"""How many models a second ``watchkeeper_sdk.route()`` picks on one thread, for each way of asking.

``python -m benchmarks.route_picks [--picks 200000] [--rounds 5]``: weights come from an HTTP server in this process;
the best round counts, for others run on the same cores. The claim is on the slowest way.
"""

import argparse
import http.server
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from benchmarks.verdict import Verdict, conclude
from watchkeeper_sdk import configure_routes, route

LEAST_PER_S = 100_000


def _target(model: str, weight: int, variant: str = "primary") -> dict[str, str | int]:
    return {"provider": "openai", "model": model, "weight": weight, "variant": variant}


_SPLIT = [_target("gpt-4o", 95), _target("gpt-4.1-mini", 5, "canary")]
_ROWS = [
    {"route": "split", "targets": _SPLIT, "shadow": [], "fallbacks": [_target("gpt-4.1", 0)]},
    {"route": "shadowed", "targets": _SPLIT, "shadow": [_target("gpt-5-mini", 50, "shadow")], "fallbacks": []},
]


class _Api(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        """The same weights for everybody."""
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps({"rows": _ROWS}).encode())

    def log_message(self, *_: object) -> None:
        """Not between the figures."""


@contextmanager
def _api() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Api) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def _marked(_: int) -> None:
    with route("split", "gpt-4o"):
        pass


WAYS: dict[str, Callable[[int], object]] = {
    "by weight": lambda _: route("split", "gpt-4o"),
    "by key": lambda number: route("split", "gpt-4o", key=number),
    "with a shadow": lambda _: route("shadowed", "gpt-4o"),
    "no weights": lambda _: route("unknown", "gpt-4o"),
    "as a block": _marked,
}


def per_second(way: Callable[[int], object], picks: int, rounds: int) -> float:
    """Of the best round."""
    seconds = []
    for _ in range(rounds):
        began = time.perf_counter()
        for number in range(picks):
            way(number)
        seconds.append(time.perf_counter() - began)
    return picks / min(seconds)


def main() -> None:
    """Measure, print, conclude."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--picks", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    with _api() as url:
        configure_routes(url, first_wait_s=5.0)
        if not route("split").model:
            raise SystemExit("the weights did not arrive")
        rates = {name: per_second(way, given.picks, given.rounds) for name, way in WAYS.items()}
    for name, rate in rates.items():
        print(f"{name:14} {rate:12,.0f} picks/s {1e6 / rate:6.2f} µs")
    slowest = min(rates.values())
    claim = Verdict(
        "route() picks", f"at least {LEAST_PER_S:,}/s", f"{slowest:,.0f}/s in the slowest way", slowest >= LEAST_PER_S
    )
    conclude(claim)


if __name__ == "__main__":
    main()
