"""A whole fleet's pages in twelve weeks in which nothing happens."""

from dataclasses import dataclass

import numpy as np

from benchmarks.detection.figures import Frequency
from benchmarks.detection.plan import Plan
from benchmarks.detection.report import Result, Table
from benchmarks.detection.seeds import generator
from benchmarks.detection.side_by_side import RateSeries, Series, ValueSeries, false_alarms
from benchmarks.detection.traffic import Traffic

LIMIT = 1.0
FIGURE = "300 series x 8 metrics, 12 weeks at 1,000 calls/h: at most 1 false page a week"
_SERIES, _WEEKS, _WEEK_DAYS = 300, 12, 7.0
_LEARNED = 336_000
"""Calls a baseline holds when it is accepted: two weeks' worth."""
_AT_A_TIME = 100
_TRAFFIC = Traffic("1,000/h", 1_000 / 3_600)

RATES: dict[str, float] = {"failures 0.1%": 0.001, "failures 0.5%": 0.005, "failures 1%": 0.01, "failures 5%": 0.05}
SPREADS: dict[str, float] = {"latency s=0.6": 0.6, "latency s=0.9": 0.9, "latency s=1.2": 1.2, "tokens s=0.9": 0.9}


@dataclass(frozen=True, slots=True)
class Task:
    """One metric of some series."""

    metric: str
    first: int
    series: int
    metrics: int
    """Of the whole fleet, which share the budget."""
    weeks: int
    seed: int


def run(plan: Plan) -> Result:
    """The budget of one false page a week is shared out alike over all metrics of all series."""
    series, weeks = plan.size(_SERIES, 10), plan.size(_WEEKS, 2)
    metrics = [*RATES, *SPREADS]
    tasks = [
        Task(metric, first, min(_AT_A_TIME, series - first), series * len(metrics), weeks, plan.seed)
        for first in range(0, series, _AT_A_TIME)
        for metric in metrics
    ]
    counts = dict(zip(tasks, plan.each(_measure, tasks, "fleet"), strict=True))
    of_metric = {name: [n for task, n in counts.items() if task.metric == name] for name in metrics}
    pages = Frequency.of(list(counts.values()), float(weeks))
    rows = [[name, str(sum(pages))] for name, pages in of_metric.items()]
    title = f"False pages of {series} series in {weeks} weeks, by metric"
    told = f"{pages} pages a week of {series} series, {pages.events} in {weeks} weeks"
    broken = plan.exceeds(pages.value, pages.low, LIMIT)
    return Result("fleet", FIGURE, told, not broken, [Table(title, ["metric", "pages"], rows)])


def _measure(task: Task) -> int:
    random = generator(task.seed, "fleet", task.metric, task.first)
    series = [_learned(task.metric, random) for _ in range(task.series)]
    patience = np.full(len(series), _WEEK_DAYS * task.metrics)
    return int(false_alarms(series, _TRAFFIC, task.weeks * _WEEK_DAYS, patience, random).sum())


def _learned(metric: str, random: np.random.Generator) -> Series:
    if metric in RATES:
        return RateSeries.learned(RATES[metric], random, _LEARNED)
    return ValueSeries.learned(SPREADS[metric], random, _LEARNED)
