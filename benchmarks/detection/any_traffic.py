"""Patience in days: as few false alarms at ten calls an hour as at five thousand a second."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from benchmarks.detection.figures import Frequency
from benchmarks.detection.plan import Plan
from benchmarks.detection.report import Result, Table
from benchmarks.detection.seeds import generator
from benchmarks.detection.side_by_side import RateSeries, Series, ValueSeries, false_alarms
from benchmarks.detection.traffic import DAY_S, TRAFFICS, Traffic

LIMIT = 1.0
PATIENCE_DAYS = 30
FIGURE = f"at any traffic at most {LIMIT:.1f} false alarms per {PATIENCE_DAYS} series-days at a patience of as many"
_BLOCKS, _QUICK_BLOCKS = 8_000_000, 20_000
"""Blocks that are simulated for each figure, as whole series."""
_QUICK_DAYS = 1
_MOST_LEARNED = 2_000_000

Make = Callable[[np.random.Generator, int], Series]
CASES: dict[str, Make] = {
    "failures 0.1%, known": lambda random, calls: RateSeries.known(0.001),
    "failures 1%, known": lambda random, calls: RateSeries.known(0.01),
    "failures 0.1%, learned": lambda random, calls: RateSeries.learned(0.001, random, max(50_000, calls)),
    "failures 1%, learned": lambda random, calls: RateSeries.learned(0.01, random, max(10_000, calls)),
    "latency s=0.9, learned": lambda random, calls: ValueSeries.learned(0.9, random, max(10_000, calls // 10)),
}
"""Learned: from a day's calls (latency: a tenth), at least 10,000 or those with 50 failures, at most two millions."""


@dataclass(frozen=True, slots=True)
class Task:
    """One figure."""

    case: str
    traffic: Traffic
    series: int
    days: int
    """Simulated, and at the same time the patience."""
    seed: int


def run(plan: Plan) -> Result:
    """Every case at every traffic."""
    blocks, days = plan.size(_BLOCKS, _QUICK_BLOCKS), plan.size(PATIENCE_DAYS, _QUICK_DAYS)
    tasks = [
        Task(case, traffic, _series(case, traffic.blocks(days), blocks), days, plan.seed)
        for traffic in reversed(TRAFFICS)
        for case in CASES
    ]
    found = dict(zip(tasks, plan.each(_measure, tasks, "any traffic"), strict=True))
    worst = max(tasks, key=lambda task: found[task].value)
    broken = any(plan.exceeds(rate.value, rate.low, LIMIT) for rate in found.values())
    rows = [
        [traffic.name, *(f"{rate} of {rate.runs:,}" for task, rate in found.items() if task.traffic == traffic)]
        for traffic in TRAFFICS
    ]
    title = f"False alarms per series in {days} days at a patience of as many (95 % interval), and the number of series"
    told = f"worst: {found[worst]} ({worst.case}, {worst.traffic.name})"
    return Result("any-traffic", FIGURE, told, not broken, [Table(title, ["traffic", *CASES], rows)])


def _series(case: str, blocks_each: int, blocks: int) -> int:
    """As many as the blocks make; a value's block costs ten times a rate's."""
    dear = 10 if case.startswith("latency") else 1
    return int(np.clip(blocks / dear / blocks_each, 2, 2_000))


def _measure(task: Task) -> Frequency:
    random = generator(task.seed, task.case, task.traffic.name)
    calls = min(_MOST_LEARNED, int(task.traffic.per_second * DAY_S))
    series = [CASES[task.case](random, calls) for _ in range(task.series)]
    counts = false_alarms(series, task.traffic, task.days, np.full(len(series), float(task.days)), random)
    return Frequency.of(counts.tolist(), float(len(series)))
