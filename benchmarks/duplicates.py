"""Counted once: ``python -m benchmarks.duplicates [--spans 50000] [--calls 1000]``.

First the same spans are sent twice over OTLP/HTTP into ``watchkeeper up``, half of them again before a restart and half
after it. Then calls arrive as framework, SDK and gateway report them, each view in a request of its own and in every
order; all views carry the provider's response id.
"""

import argparse
import itertools
import tempfile
import time
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

from benchmarks.layers import LAYERS, LayeredCall, layered_calls, one_request, rounds
from benchmarks.load import Load
from benchmarks.truth import Stored, Sums, expected, open_data, stored
from benchmarks.uprun import OtlpConnection, serving_up
from benchmarks.verdict import Verdict, conclude

SPANS = 512
_VIEWS_A_REQUEST = 40


def _post_all(port: int, bodies: Sequence[bytes]) -> None:
    connection = OtlpConnection(port)
    for body in bodies:
        status = connection.post(body)
        if status != 200:
            raise RuntimeError(f"answered {status}")
    connection.close()


def send_twice(folder: Path, bodies: Sequence[bytes]) -> None:
    """All, the first half again, a restart, the second half again."""
    half = len(bodies) // 2
    with serving_up(folder) as up:
        _post_all(up.http, bodies)
        _post_all(up.http, bodies[:half])
    with serving_up(folder) as up:
        _post_all(up.http, bodies[half:])


def send_layers(folder: Path, calls: Sequence[LayeredCall]) -> None:
    """One round after another; what a round holds lies in separate requests."""
    with serving_up(folder) as up:
        for views in rounds(calls, list(itertools.permutations(LAYERS))):
            chunks = (views[start : start + _VIEWS_A_REQUEST] for start in range(0, len(views), _VIEWS_A_REQUEST))
            _post_all(up.http, [one_request(chunk) for chunk in chunks])


def _difference(found: Stored, wanted: Sums) -> list[str]:
    return [f"{table}: {sums} instead of {wanted}" for table, sums in found.sums.items() if sums != wanted]


def main() -> None:
    """Run both and conclude."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--spans", type=int, default=50_000)
    parser.add_argument("--calls", type=int, default=1_000, help="calls that three layers report")
    options = parser.parse_args()
    load, begin_ns, requests = Load(SPANS), time.time_ns() - 600 * 10**9, -(-options.spans // SPANS)
    bodies = list(load.requests(requests, begin_ns))
    calls = layered_calls(options.calls, begin_ns)
    wanted = expected(bodies, load.totals(requests)) + expected([one_request([("sdk", c.view("sdk")) for c in calls])])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        send_twice(folder, bodies)
        send_layers(folder, calls)
        store = open_data(folder / "data")
        found = stored(store)
        store.close()
    different = _difference(found, wanted)
    counted = found.sums["calls"].calls
    print(f"  {requests * SPANS} spans sent twice, {options.calls} calls seen by {len(LAYERS)} layers: {counted} calls")
    measured = "; ".join(different) or f"{counted} calls, {wanted.cost_usd:.6f} USD: each once"
    assert wanted.cost_usd > Decimal(0)
    conclude(Verdict("duplicates", "counted once", measured, not different))


if __name__ == "__main__":
    main()
