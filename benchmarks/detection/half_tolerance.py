"""Changes too small to matter: the user's tolerance is part of the null, so half of it is no change."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.detection.catalogue import STREAMS
from benchmarks.detection.measuring import ARL
from benchmarks.detection.own_rows import e_detector
from benchmarks.detection.plan import Plan
from benchmarks.detection.rates import more_failures
from benchmarks.detection.report import Result, Table
from benchmarks.detection.seeds import generator
from benchmarks.detection.streams import Apply
from benchmarks.detection.values import slower

LIMIT = 0.05
FIGURE = "a change of half the tolerance is reported in at most 5 % of runs of 500,000 calls"
_CALLS, _QUICK_CALLS = 500_000, 100_000
_RUNS = 100
_SHARES = (0.5, 1.0)


@dataclass(frozen=True, slots=True)
class Case:
    """A stream, its metric's default tolerance, and the rate before, where it is a rate."""

    stream: str
    tolerance: float
    rate: float | None = None

    def change(self, share: float) -> Apply:
        """One of ``share`` of the tolerance."""
        factor = 1 + share * self.tolerance
        return slower(factor) if self.rate is None else more_failures(self.rate, factor * self.rate)


CASES = (
    Case("failures 1.0%", 0.25, 0.01),
    Case("failures 5.0%", 0.25, 0.05),
    Case("latency s=0.6", 0.05),
    Case("latency s=0.9", 0.05),
)


def run(plan: Plan) -> Result:
    """Share of runs with an alarm at half the tolerance (claimed), and at all of it (shown)."""
    runs = plan.runs(_RUNS, 3)
    calls = plan.size(_CALLS, _QUICK_CALLS)
    tasks = [(case, share, number, calls, plan.seed) for case in CASES for share in _SHARES for number in range(runs)]
    alarmed = np.array(plan.each(_alarms, tasks, "trivial changes")).reshape(len(CASES), len(_SHARES), runs)
    shares = alarmed.mean(axis=2)
    rows = [
        [case.stream, f"{case.tolerance:.0%}", *(f"{share:.0%}" for share in of_case)]
        for case, of_case in zip(CASES, shares.tolist(), strict=True)
    ]
    columns = ["stream", "tolerance", *(f"change of {share:g} x tolerance: runs with an alarm" for share in _SHARES)]
    worst = float(shares[:, 0].max())
    return Result(
        "half-tolerance", FIGURE, _told(shares[:, 0].tolist(), runs), worst <= LIMIT, [Table("Runs", columns, rows)]
    )


def _told(shares: Sequence[float], runs: int) -> str:
    return f"{', '.join(f'{share:.0%}' for share in shares)} of {runs} runs each"


def _alarms(task: tuple[Case, float, int, int, int]) -> bool:
    """Is there any alarm in the changed calls?"""
    case, share, run, length, seed = task
    stream, random = STREAMS[case.stream], generator(seed, case.stream, "trivial", run)
    calls = stream.draw(random, stream.baseline + length)
    calls[stream.baseline :] = case.change(share)(random, calls[stream.baseline :])
    alarms = e_detector(stream, ARL, tolerance=case.tolerance)().alarms(calls)
    return any(position >= stream.baseline for position in alarms)
