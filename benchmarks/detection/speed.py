"""Time per call: the detectors alone, the engine, and a million calls through the command ``backtest``."""

import resource
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import orjson
import pyarrow.parquet as pq
from river.base import DriftDetector

from benchmarks.detection.many_series import ManySeries
from benchmarks.detection.own_rows import Batchwise, Own
from benchmarks.detection.plan import Plan
from benchmarks.detection.rates import bernoulli
from benchmarks.detection.report import Result, Table
from benchmarks.detection.seeds import generator
from benchmarks.detection.values import lognormal
from benchmarks.processes import ROOT, python_module
from detectors.columns import Floats
from detectors.config import DetectorConfig
from detectors.engine import Engine
from detectors.metrics import METRICS
from detectors.rate_sr import RateSR
from detectors.score_sr import ScoreSR

CALL_US, BACKTEST_S = 0.3, 60.0
FIGURE = (
    "0.3 µs a call and rate or value in batches of 5,000; a million calls of 200 series through backtest in 60 s CPU"
)
_BATCH = 5_000
_LEARN = 10_000


class Empty(DriftDetector):
    """What any river detector costs that is fed call by call from Python."""

    def update(self, x: int | float) -> None:
        """Nothing."""
        self._drift_detected = False


def run(plan: Plan) -> Result:
    """All three."""
    rounds = plan.size(40, 8)
    empty = _empty_us(rounds)
    rate = _batch_us(RateSR(learn=_LEARN), bernoulli(0.01), rounds, plan.seed)
    value = _batch_us(ScoreSR(learn=_LEARN), lognormal(0.9), rounds, plan.seed)
    engine = _engine_us(plan)
    calls, series = plan.size(1_000_000, 20_000), plan.size(200, 10)
    seconds, worked = _backtest(ManySeries(calls, series, 10.0, plan.seed))
    rows = [
        ["empty river call", f"{empty:.3f}", ""],
        ["RateSR, batches of 5,000", f"{rate:.3f}", f"{rate / empty:.1f}"],
        ["ScoreSR, batches of 5,000", f"{value:.3f}", f"{value / empty:.1f}"],
        [f"engine, one series, of {len(METRICS)} metrics each", f"{engine:.3f}", f"{engine / empty:.1f}"],
    ]
    told = f"rate {rate:.2f} µs, value {value:.2f} µs; {calls:,} calls of {series} series in {seconds:.1f} s CPU"
    if not worked:
        told += ", but backtest did not end with a report"
    holds = max(rate, value) <= CALL_US and seconds <= BACKTEST_S and worked
    return Result("speed", FIGURE, told, holds, [Table("Time", ["what", "µs per call", "in empty calls"], rows)])


def _best_us(work: Callable[[int], object], rounds: int, calls: int) -> float:
    """Least microseconds per call of ``rounds`` calls of ``work``: what the machine's other work does not touch."""
    times = []
    for number in range(rounds):
        began = time.perf_counter()
        work(number)
        times.append(time.perf_counter() - began)
    return min(times) / calls * 1e6


def _empty_us(rounds: int) -> float:
    detector, values = Empty(), [1.0] * _BATCH

    def feed(_: int) -> None:
        for value in values:
            detector.update(value)
            if detector.drift_detected:
                raise AssertionError("an empty detector alarmed")

    return _best_us(feed, rounds, _BATCH)


def _batch_us(detector: Batchwise, draw: Callable[[np.random.Generator, int], Floats], rounds: int, seed: int) -> float:
    random = generator(seed, "speed")
    detector.update_many(draw(random, _LEARN))
    batches = [draw(random, _BATCH) for _ in range(rounds)]
    watcher = Own(detector)
    return _best_us(lambda number: sum(1 for _ in watcher.alarms(batches[number])), rounds, _BATCH)


def _engine_us(plan: Plan) -> float:
    """Microseconds a call and metric of one series at five calls a second, once its baselines are learned."""
    batches = plan.size(40, 12)
    table = ManySeries(batches * _BATCH, 1, batches * _BATCH / 5 / 86_400, plan.seed).table()
    ends = table["ts"].cast("int64").to_numpy() / 1e6
    engine, times = Engine(DetectorConfig()), []
    for first in range(0, table.num_rows, _BATCH):
        unit = table.slice(first, _BATCH)
        began = time.perf_counter()
        engine.process(unit, float(ends[first + _BATCH - 1]))
        times.append(time.perf_counter() - began)
    return float(np.median(times[len(times) // 2 :])) / _BATCH / len(METRICS) * 1e6


def _backtest(calls: ManySeries) -> tuple[float, bool]:
    """CPU seconds of the command, start and reading included, and whether it printed its report."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "calls.parquet"
        pq.write_table(calls.table(), path)
        command = python_module("watchkeeper.cli", "backtest", "--calls", str(path), "--json")
        before = _children_s()
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=False)
        return _children_s() - before, _is_report(done.stdout)


def _is_report(printed: bytes) -> bool:
    try:
        return "regressions" in orjson.loads(printed)
    except orjson.JSONDecodeError:
        return False


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
