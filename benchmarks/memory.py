"""Memory of ``watchkeeper up`` while spans pass: ``python -m benchmarks.memory [--spans 2000000]``.

The resident set is read twice a second while a process of its own sends. The peak counts, and the growth for each
further 500,000 spans: of the lowest resident set within each, as a merge's memory comes and goes but a leak stays.
"""

import argparse
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.clients import SPANS
from benchmarks.processes import Measured, python_module
from benchmarks.uprun import serving_up
from benchmarks.verdict import Verdict, conclude

LIMIT_MB = 1_200.0
GROWTH_MB = 32.0
STEP = 500_000
CONNECTIONS = 16
_EVERY_S = 0.5
_LIMIT_S = 900.0


@dataclass(slots=True)
class Profile:
    """Resident sets in MB, step by step."""

    steps: list[list[float]] = field(default_factory=list)
    settled: list[float] = field(default_factory=list)
    """At rest after each step."""

    @property
    def peaks(self) -> list[float]:
        return [max(step) for step in self.steps]

    @property
    def floors(self) -> list[float]:
        """The lowest of each step and of the rest after it."""
        return [min(*step, rest) for step, rest in zip(self.steps[1:], self.settled[1:], strict=True)]

    @property
    def growth(self) -> float:
        """Of the floor, a step, after the first."""
        floors = self.floors
        return (floors[-1] - floors[0]) / (len(floors) - 1) if len(floors) > 1 else 0.0


def _step(measured: Measured, port: int, requests: int, first: int) -> list[float]:
    command = python_module(
        "benchmarks.clients", f"http://127.0.0.1:{port}", str(requests), str(CONNECTIONS), str(first)
    )
    seen, deadline = [measured.resident_mb()], time.monotonic() + _LIMIT_S
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as sender:
        while sender.poll() is None:
            if time.monotonic() > deadline:
                sender.kill()
                raise TimeoutError(f"{requests} requests were not taken within {_LIMIT_S:.0f} s")
            time.sleep(_EVERY_S)
            seen.append(measured.resident_mb())
        sent = int(sender.stdout.read() or 0) if sender.stdout else 0
    if sent != requests * SPANS:
        raise RuntimeError(f"{sent} of {requests * SPANS} spans acknowledged")
    return seen


def profile(folder: Path, spans: int, step: int) -> Profile:
    """Send everything, step by step."""
    found, requests = Profile(), -(-step // SPANS)
    with serving_up(folder) as up:
        print(f"  empty: {up.measured.resident_mb():.0f} MB")
        for number in range(-(-spans // step)):
            found.steps.append(_step(up.measured, up.http, requests, number * requests))
            up.measured.settle(quiet_s=2.0, limit_s=30.0)
            found.settled.append(up.measured.resident_mb())
            passed = (number + 1) * requests * SPANS
            print(f"  {passed} spans: peak {found.peaks[-1]:.0f} MB, at rest {found.settled[-1]:.0f} MB", flush=True)
    return found


def main() -> None:
    """Run and conclude."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--spans", type=int, default=2_000_000)
    parser.add_argument("--step", type=int, default=STEP)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        found = profile(Path(name), options.spans, options.step)
    peak, peaks = max(found.peaks), " ".join(f"{peak:.0f}" for peak in found.peaks)
    measured = f"peaks {peaks} MB; after the first {options.step} spans {found.growth:+.0f} MB for each {options.step}"
    figure = f"under {LIMIT_MB:.0f} MB; no growth (under {GROWTH_MB:.0f} MB) for each {STEP} spans after the first"
    conclude(Verdict("memory", figure, measured, peak < LIMIT_MB and found.growth < GROWTH_MB))


if __name__ == "__main__":
    main()
