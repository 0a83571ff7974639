"""Another mix of calls is not another model: three real mix shifts, and a true regression after each."""

import os
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

import numpy as np

from benchmarks.detection.azure_mix import DAYS, REGRESSION_DAY, SHIFT_DAY, START, Scenario, Shift, Traces
from benchmarks.detection.plan import Plan
from benchmarks.detection.report import Result, Table
from benchmarks.detection.traffic import DAY_S
from detectors.config import DetectorConfig
from detectors.engine import Engine
from detectors.metrics import Severity
from detectors.records import FindingKind, Member, Regression

TRACES = "WATCHKEEPER_AZURE_TRACES"
"""Environment variable: the folder with ``code.csv`` and ``conv.csv``."""
BLAMED, FOUND_H = 0.05, 1.5
FIGURE = "a mix shift is blamed on the model in at most 5 % of runs, a true +20% after it found in all within 1.5 h"
_RUNS = 20
"""Of each shift."""
_UNIT_S = 3_600.0
_FLEET = DetectorConfig(fleet_series=2)
"""One model with two routes, declared as that; one false page in seven days, as by default."""
_SLOWER = frozenset({"latency", "time_to_first_token", "time_per_output_token"})


@dataclass(frozen=True, slots=True)
class Story:
    """What one run was told."""

    shift: Shift
    before: int
    """Pages before anything happened."""
    blamed: tuple[str, ...]
    """Metrics in pages between the mix shift and the regression."""
    noticed: bool
    """Was the mix shift told as what it is?"""
    hours: float
    """From the regression to the first page that says the model is slower; infinite: none."""


def folder() -> Path | None:
    """Where the traces are; None where they are not on this machine."""
    named = os.environ.get(TRACES, "")
    return Path(named) if named and Path(named).is_dir() else None


def run(plan: Plan) -> Result:
    """Twenty runs of each shift through the engine, its default settings for a fleet of two series."""
    if folder() is None:
        missing = f"set {TRACES} to the folder of the Azure LLM inference traces (code.csv, conv.csv)"
        return Result("mix-shift", FIGURE, missing, holds=None)
    runs = plan.size(_RUNS, 1)
    scenarios = [Scenario(shift, number, plan.seed) for number in range(runs) for shift in Shift]
    stories = plan.each(tell, scenarios, "mix shifts")
    blamed = float(np.mean([bool(story.blamed) for story in stories]))
    slowest = max(story.hours for story in stories)
    told = f"blamed in {blamed:.0%} of {len(stories)} runs, found within {slowest:.2f} h at the latest"
    holds = blamed <= BLAMED and slowest <= FOUND_H
    return Result("mix-shift", FIGURE, told, holds, [_table(stories)])


def tell(scenario: Scenario) -> Story:
    """Feed one run to the engine."""
    engine, records = Engine(_FLEET), list[Regression]()
    for end, calls in scenario.units(_traces(), _UNIT_S):
        records += engine.process(calls, end)
    pages = [record for record in records if record.severity is Severity.PAGE and record.kind is FindingKind.REGRESSION]
    members = {(member.series_id, member.metric, _day(member)): member for page in pages for member in page.members}
    days = [(day, metric) for _, metric, day in members]
    opened = {page.id: _day(page) for page in pages}
    hours = [24 * (day - REGRESSION_DAY) for day, metric in days if day >= REGRESSION_DAY and metric in _SLOWER]
    return Story(
        shift=scenario.shift,
        before=sum(day < SHIFT_DAY for day in opened.values()),
        blamed=tuple(sorted({metric for day, metric in days if SHIFT_DAY <= day < REGRESSION_DAY})),
        noticed=any(one.kind is FindingKind.MIX_SHIFT and SHIFT_DAY <= _day(one) < REGRESSION_DAY for one in records),
        hours=min(hours, default=np.inf),
    )


def _day(one: Regression | Member) -> float:
    return _day_of(one.detected_at)


def _day_of(moment: datetime) -> float:
    return (moment.timestamp() - START) / DAY_S


@cache
def _traces() -> Traces:
    found = folder()
    if found is None:
        raise FileNotFoundError(f"no traces: set {TRACES} to their folder")
    return Traces.read(found)


def _table(stories: list[Story]) -> Table:
    rows = []
    for shift in Shift:
        own = [story for story in stories if story.shift is shift]
        hours = [story.hours for story in own]
        metrics = Counter(metric for story in own for metric in story.blamed)
        rows.append(
            [
                shift.value,
                str(len(own)),
                f"{np.mean([story.before for story in own]) / SHIFT_DAY * 7:.2f}",
                f"{np.mean([bool(story.blamed) for story in own]):.0%}",
                ", ".join(f"{name} {count}" for name, count in metrics.items()) or "none",
                f"{np.mean([story.noticed for story in own]):.0%}",
                f"{float(np.median(hours)):.2f} h, at most {max(hours):.2f} h",
            ]
        )
    columns = [
        "shift",
        "runs",
        "pages a week before",
        "blamed",
        "metrics blamed",
        "told as mix shift",
        "+20% found after",
    ]
    return Table(f"{DAYS} days, mix shift on day {SHIFT_DAY}, +20% on day {REGRESSION_DAY}", columns, rows)
