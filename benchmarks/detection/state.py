"""Bytes of state per series, and whether a restored engine goes on bit for bit."""

import zlib
from typing import Any

import orjson
import pyarrow as pa

from benchmarks.detection.many_series import ManySeries
from benchmarks.detection.plan import Plan
from benchmarks.detection.report import Result, Table
from detectors.config import DetectorConfig
from detectors.engine import Engine
from detectors.metrics import RATES, VALUES

RATE_BYTES, VALUE_BYTES = 256, 4_096
FIGURE = "at most 0.25 KB per rate and 4 KB per value series, compressed; a restart continues bit for bit"
_UNIT_S = 6 * 3_600.0


def run(plan: Plan) -> Result:
    """Feed many series, snapshot in the middle, and compare what a restored engine does with the rest."""
    series = plan.size(100, 3)
    units = _units(ManySeries(series * 6_000, series, 10.0, plan.seed).table())
    engine, half = Engine(DetectorConfig()), len(units) // 2
    for end, unit in units[:half]:
        engine.process(unit, end)
    restored = Engine.restore(engine.config, None, engine.snapshot())
    told = [[one.process(unit, end) for end, unit in units[half:]] for one in (engine, restored)]
    blob = engine.snapshot()
    same = told[0] == told[1] and blob == restored.snapshot()
    rate, value, rest = _parts(orjson.loads(zlib.decompress(blob)), series)
    rows = [
        ["one rate", f"{rate:,.0f}"],
        ["one value", f"{value:,.0f}"],
        ["rest of a series: statistics, block, findings", f"{rest:,.0f}"],
        ["snapshot per series, all of it", f"{len(blob) / series:,.0f}"],
    ]
    measured = f"{rate:,.0f} bytes per rate, {value:,.0f} per value; restored engine {'equal' if same else 'DIFFERS'}"
    holds = same and rate <= RATE_BYTES and value <= VALUE_BYTES
    table = Table(f"Bytes of {series} series with 6,000 calls each, compressed", ["part", "bytes"], rows)
    return Result("state", FIGURE, measured, holds, [table])


def _units(calls: pa.Table) -> list[tuple[float, pa.Table]]:
    """Calls by units of six hours, each with its end."""
    seconds = calls["ts"].cast("int64").to_numpy() / 1e6
    numbers = (seconds // _UNIT_S).astype(int)
    cuts = [0, *(numbers[1:] != numbers[:-1]).nonzero()[0] + 1, len(numbers)]
    pairs = zip(cuts[:-1], cuts[1:], strict=True)
    return [((numbers[a] + 1) * _UNIT_S, calls.slice(a, b - a)) for a, b in pairs]


def _parts(state: dict[str, Any], series: int) -> tuple[float, float, float]:
    """Mean compressed bytes of a rate's and a value's baseline, and of what is left of a series."""
    watches = [watch for group in state["groups"] for watch in group["series"]]
    rates = [learner for watch in watches for learner in watch["learners"][: len(RATES)]]
    values = [learner for watch in watches for learner in watch["learners"][len(RATES) :]]
    if len(watches) != series or len(values) != series * len(VALUES):
        raise RuntimeError(f"a snapshot of {series} series holds {len(watches)} with {len(values)} values")
    rest = _bytes(state) - _bytes(rates) - _bytes(values)
    return _bytes(rates) / len(rates), sum(map(_bytes, values)) / len(values), rest / series


def _bytes(part: object) -> int:
    return len(zlib.compress(orjson.dumps(part), 6))
